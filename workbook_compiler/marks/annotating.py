"""Marks on a person's own workbook: laid on, and taken off again without a trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from workbook_compiler.edit import Book, Change, Edit, Erase, Insert, Look, Note, Remove, Restyle, Unnote, Unstyle
from workbook_compiler.marks.beneath import kept
from workbook_compiler.marks.problems import TITLE, Problems, page, problems
from workbook_compiler.marks.spots import Cells, Spot, bounded, in_order, spots
from workbook_compiler.model.diagnostics import Diagnostic, Severity, cell_address
from workbook_compiler.reports.words import visible

ERROR_FILL, WARNING_FILL = "F9C9C4", "FFE39F"
"""Colours that nobody else chooses to the last digit: by them our marks are found again."""
_FILLS = {Severity.ERROR: ERROR_FILL, Severity.WARNING: WARNING_FILL}
ROW_MARKS = {Severity.ERROR: "▶ mend", Severity.WARNING: "▶ look"}
"""What stands in column A of a row, where that column is for marks."""
MOST_NOTES = 10_000
"""Notes of one sheet; colours know no limit."""
_HEADS = {Severity.ERROR: "To mend", Severity.WARNING: "To look at"}
_SUGGESTIONS = 3


MARKABLE = (".xlsx", ".xlsm")


def markable(name: str) -> bool:
    """Tell whether a file of this name can be given back marked."""
    return PurePath(name).suffix.lower() in MARKABLE


def annotated(data: bytes, name: str, findings: Sequence[Diagnostic], portal: str = "") -> bytes:
    """Return a workbook with its findings marked; marks of an earlier time are gone. ``name`` is the file's in the findings.

    All that isn't a mark stays as it is, and no value changes. Raises UneditableError for what is no .xlsx or .xlsm workbook.
    """
    book = Book(unmarked(data, name), name)
    cells = Cells(book)
    found = list(spots(name, findings, cells))
    changes = list(_marks(found, cells))
    title = next(t for t in _titles() if t.casefold() not in {known.casefold() for known in book.titles})
    beneath = kept(book, dict.fromkeys((one.sheet, one.cell) for one in changes if isinstance(one, Edit | Restyle)))
    chosen = _accepted(problems(Book(data, name)), found)
    insert = Insert(title, lambda shown: page(title, (name, portal), found, shown, beneath, chosen))
    return book.edited([*changes, insert])


def accepted(data: bytes, name: str, findings: Sequence[Diagnostic]) -> dict[int, str]:
    """Return what was accepted on the sheet of problems of a workbook: place among the findings -> the value that goes there.

    What isn't found any more is left out.
    """
    before = problems(Book(data, name))
    return _accepted(before, list(spots(name, findings, Cells(Book(unmarked(data, name), name))))) if before else {}


def _accepted(before: Problems | None, found: Sequence[Spot]) -> dict[int, str]:
    if before is None:
        return {}
    said = {
        (line.wrong, line.rename, next(iter(bounded(line.cells)), None)): line.suggested
        for line in before.lines
        if line.is_accepted(accept_all=before.accept_all)
    }
    keys = ((spot, _key(spot)) for spot in found if spot.mendable)
    return {spot.index: said[key] for spot, key in keys if key in said}


def _key(spot: Spot) -> tuple[str, str, tuple[str, str] | None]:
    """What a finding is known by when it is looked for again: the wrong word, and the first of its cells as a line names it."""
    rename = (spot.place.sheet or "") if spot.renames else ""
    near = (cell for cell in spot.cells if cell[0] == spot.cells[0][0])
    return spot.finding.value or "", rename, min(near, key=in_order, default=None)


def _titles() -> Iterator[str]:
    yield TITLE
    number = 2
    while True:
        yield f"{TITLE} {number}"
        number += 1


def unmarked(data: bytes, name: str) -> bytes:
    """Return a workbook without marks of ours; one that has none is returned as it is."""
    book = Book(data, name)
    found = problems(book)
    if found is None and not any(book.has_fill(fill) for fill in _FILLS.values()):
        return data
    beneath = {} if found is None else found.beneath
    changes: list[Change] = [] if found is None else [Remove(found.title, found.shown)]
    for title in book.titles:
        if found is None or title != found.title:
            changes += [
                Unnote(title),
                *(Unstyle(title, fill) for fill in _FILLS.values()),
            ]
            changes += _row_marks(book, title, beneath)
    looks = [Restyle(*cell, Look(fill_of=style)) for cell, style in beneath.items()]
    return book.edited([*looks, *changes])


def _row_marks(book: Book, title: str, beneath: Mapping[tuple[str, str], int]) -> Iterator[Change]:
    ours = set(ROW_MARKS.values())
    for row, texts in book.texts(title).items():
        if texts.get(0) in ours:
            style = beneath.get((title, f"A{row}"))
            yield Erase(title, f"A{row}", None if style is None else Look(fill_of=style))


def _marks(found: Sequence[Spot], cells: Cells) -> Iterator[Change]:
    """What is laid on cells and rows, the first cell of a mistake before the others."""
    at: dict[tuple[str, str], list[tuple[Spot, bool]]] = {}
    rows: dict[tuple[str, int], Severity] = {}
    for spot in found:
        if spot.marked:
            for cell in spot.cells:
                at.setdefault(cell, []).append((spot, cell != spot.cells[0]))
            for row in {(sheet, cell_address(cell)[0] + 1) for sheet, cell in spot.cells} | _row_alone(spot, cells):
                rows[row] = min(rows.get(row, spot.finding.severity), spot.finding.severity, key=list(Severity).index)
    notes: dict[str, int] = {}
    for cell, told in sorted(at.items(), key=lambda one: in_order(one[0])):
        yield Restyle(*cell, Look(fill=_FILLS[_worst(told)]))
        notes[cell[0]] = notes.get(cell[0], 0) + 1
        if notes[cell[0]] <= MOST_NOTES:
            yield Note(*cell, "\n\n".join(_note(spot, also=also) for spot, also in told))
    yield from _in_front(rows, at, cells)


def _row_alone(spot: Spot, cells: Cells) -> set[tuple[str, int]]:
    where = spot.place
    alone = where.sheet in cells.titles and where.row is not None and where.column is None
    return {(str(where.sheet), int(where.row or 0))} if alone else set()


def _worst(told: Sequence[tuple[Spot, bool]]) -> Severity:
    return min((spot.finding.severity for spot, _ in told), key=list(Severity).index)


def _note(spot: Spot, *, also: bool) -> str:
    finding = spot.finding
    head, where = f"{_HEADS[finding.severity]} ({finding.code.id})", visible(str(spot.place))
    lines = (
        [f"{head}, one mistake with {where}", f"There: {visible(finding.message)}"]
        if also
        else [head, visible(finding.message)]
    )
    if finding.hint:
        lines.append(f"→ {visible(finding.hint)}")
    if finding.suggestions:
        near = " or ".join(visible(text) for text in finding.suggestions[:_SUGGESTIONS])
        lines.append(f"Did you mean {near}?")
    return "\n".join(lines)


def _in_front(
    rows: Mapping[tuple[str, int], Severity], marked: Mapping[tuple[str, str], object], cells: Cells
) -> Iterator[Change]:
    """A mark in column A of each row, where that column is for marks; what somebody wrote there is coloured and stays."""
    heads = {sheet: cells.header_row(sheet) for sheet in {sheet for sheet, _ in rows}}
    for (sheet, row), severity in rows.items():
        head, cell = heads[sheet], f"A{row}"
        if head is None or row <= head or (sheet, cell) in marked:
            continue
        look = Look(fill=_FILLS[severity])
        there = cells.at(sheet, cell).text
        yield Restyle(sheet, cell, look) if there else Edit(sheet, cell, ROW_MARKS[severity], look, over=True)
