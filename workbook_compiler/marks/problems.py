"""The sheet of problems in an annotated workbook: written for a person to act on, read back for what was accepted.

Each line holds all it takes to carry it out, in columns that aren't shown: lines may be sorted, filtered and deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbook_compiler.edit import Book, Choice, Look, Page, Put, place
from workbook_compiler.edit.page import LIST_LIMIT
from workbook_compiler.marks.beneath import looks
from workbook_compiler.marks.spots import Spot, runs
from workbook_compiler.model.cells import PROBLEMS_HEADING
from workbook_compiler.model.diagnostics import Severity, column_letter
from workbook_compiler.reports.words import SEVERITY_WORDS, cells, count, visible

TITLE = "Problems"
YES = "yes"
_NO = frozenset({"no", "n", "false", "0", "nein", "non"})
_SAID = frozenset({YES, "y", "x", "true", "1", "ok", "accept", "accepted", "ja", "oui", "si", "sí"})
"""What counts as a yes, however a spreadsheet program or a person writes it."""
MOST = 20_000
"""Lines of the sheet; more is more than a person reads."""
_CHOICES = 1_000
"""Lines whose other suggestions are offered as a list."""
_SHOWN_CELLS = 8
_CHUNK = 30_000
"""Signs of one cell; a cell holds 32,767."""

HEADERS = ("Place", "Now", "Suggested value", "Accept", "What is wrong", "What to do", "Column", "Kind", "Code")
"""What a person decides by comes first, so that it is in sight together."""
_PLACE, _SUGGESTED, _ACCEPT, _MESSAGE, _KIND, _DATA = 0, 2, 3, 4, 7, len(HEADERS)
_WIDTHS = (30, 24, 26, 10, 54, 46, 24, 10, 9)

_HEAD = Look(bold=True, size=15)
_TEXT, _SOFT = Look(), Look(ink="56606B")
_COLUMN = Look(fill="26323F", ink="FFFFFF", bold=True)
_CELL, _LINK = Look(wrapped=True), Look(ink="0B57D0", underlined=True, wrapped=True)
_TYPED = Look(wrapped=True, text=True)
_OPEN = Look(fill="E3F1E7", wrapped=True, text=True)
_KINDS = {
    Severity.ERROR: Look(ink="9C2019", bold=True, wrapped=True),
    Severity.WARNING: Look(ink="734600", bold=True, wrapped=True),
    Severity.INFO: Look(ink="1D4B86", wrapped=True),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One problem as the sheet says it by now."""

    place: str
    message: str
    suggested: str
    answer: bool | None
    """What stands under Accept: yes, no, or nothing yet."""
    kind: str
    wrong: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)
    """Areas of cells by their sheet."""
    held: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What cells (sheet, cell) that are replaced as a whole held when they were marked."""
    rename: str = ""
    """A sheet that gets another name."""
    mendable: bool = False

    def is_accepted(self, *, accept_all: bool = False) -> bool:
        """Tell whether the suggestion is to be carried out; a no stands against accepting all."""
        return self.mendable and (self.answer is True or (accept_all and self.answer is None and self.suggested != ""))


@dataclass(frozen=True, slots=True)
class Problems:
    """The sheet of problems of an annotated workbook."""

    title: str
    shown: str
    """The sheet that was shown first before."""
    lines: tuple[Line, ...]
    accept_all: bool = False
    beneath: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Sheet and cell -> the number of the style that shows what was beneath the mark."""


# ---------------------------------------------------------------- written


def page(
    title: str,
    about: tuple[str, str],
    found: Sequence[Spot],
    shown: str,
    beneath: Sequence[Put],
    chosen: Mapping[int, str],
) -> Page:
    """Return the sheet: how many problems there are, what to do with it, a line for each, errors first, and counts by sheet.

    ``about`` names the file and the portal, ``shown`` the sheet that was shown first until now; ``beneath`` keeps the looks of
    marked cells; ``chosen`` are the values that were accepted before.
    """
    ranks = list(Severity)
    lines = sorted(found, key=lambda spot: ranks.index(spot.finding.severity))
    rows: list[list[Put | None]] = [*_top(*about, found, len(lines) - MOST), []]
    rows[0] = [*rows[0], *[None] * (_DATA - 1), Put(json.dumps({"shown": shown})), *beneath]
    accept_all = next(n for n, row in enumerate(rows, 1) if row and row[0] and row[0].value == _ACCEPT_ALL)
    rows.append([Put(text, _COLUMN) for text in HEADERS])
    head = len(rows)
    rows += [_line(spot, chosen) for spot in lines[:MOST]]
    widest = max((len(row) for row in rows), default=0)
    last = f"{column_letter(max(widest, _DATA + 1) - 1)}{max(len(rows), head + 1)}"
    open_lines = [n for n, spot in enumerate(lines[:MOST], head + 1) if spot.mendable]
    accepted = tuple(runs(f"{column_letter(_ACCEPT)}{n}" for n in open_lines))
    choices = [Choice((f"B{accept_all}",), (YES,)), Choice(accepted, (YES, "no"))] if open_lines else []
    choices += [one for n in open_lines if (one := _others(lines[n - head - 1], n))][:_CHOICES]
    rows += _counts(found)
    widths = [*_WIDTHS, *[0.0] * max(1, widest - _DATA)]
    return Page(title, rows, widths, choices, head, f"A{head}:{last}" if lines else "")


_ACCEPT_ALL = "Accept every suggestion"


def _top(name: str, portal: str, found: Sequence[Spot], left_out: int) -> Iterator[list[Put | None]]:
    total = {s: sum(spot.finding.severity is s for spot in found) for s in Severity}
    said = _tally(total) or "nothing to mend"
    about = f", checked for {visible(portal)}" if portal else ""
    yield [Put(PROBLEMS_HEADING, _HEAD)]
    yield [Put(f"{visible(name)}{about}: {said}.")]
    yield [Put(_HOW)]
    yield [Put(_THEN)]
    if left_out > 0:
        yield [Put(f"{left_out:,} more aren't listed here; wbc check --format json lists every one.", _SOFT)]
    yield [Put(_ACCEPT_ALL, Look(bold=True)), Put("", _OPEN)]


_HOW = (
    "A click on a place leads to the cell. Mend it there, or choose yes under Accept to take the value beside it. "
    "You may write another value over it."
)
_THEN = "Then save. wbc fix THIS-FILE -o MENDED.xlsx puts the accepted values in; or drop this file on the page again."


def _counts(found: Sequence[Spot]) -> Iterator[list[Put | None]]:
    by_sheet: dict[str, dict[Severity, int]] = {}
    for spot in found:
        numbers = by_sheet.setdefault(spot.place.sheet or "", dict.fromkeys(Severity, 0))
        numbers[spot.finding.severity] += 1
    if by_sheet:
        yield []
        yield [Put("Sheet", Look(bold=True)), Put("Found there", Look(bold=True))]
    for sheet, numbers in by_sheet.items():
        link = place(sheet, "A1") if sheet else ""
        look = Look(ink="0B57D0", underlined=True) if link else _TEXT
        yield [Put(visible(sheet) or "The file as a whole", look, link), Put(_tally(numbers))]


def _tally(numbers: Mapping[Severity, int]) -> str:
    return ", ".join(count(n, SEVERITY_WORDS[s]) for s, n in numbers.items() if n)


def _line(spot: Spot, chosen: Mapping[int, str]) -> list[Put | None]:
    finding, at = spot.finding, spot.place
    where = visible(str(at)) if at.sheet else "the file"
    others = [other for other in finding.related if other != at]
    also = f"\nAlso: {cells(others, _SHOWN_CELLS, file=at.file, sheet=at.sheet)}" if others else ""
    link = place(at.sheet, at.cell or (f"{at.column}1" if at.column else f"A{at.row or 1}")) if at.sheet else ""
    suggested = chosen.get(spot.index, finding.suggestions[0] if finding.suggestions else "")
    formula = "\nThe cell holds a formula; an accepted value takes its place." if spot.calculated else ""
    shown = [
        Put(where, _LINK if link else _CELL, link),
        Put(finding.value or "", _TYPED),
        Put(suggested, _OPEN if spot.mendable else _TYPED),
        Put(YES if spot.index in chosen else "", _OPEN if spot.mendable else _CELL),
        Put(visible(finding.message) + also, _CELL),
        Put(visible(finding.hint) + formula, _CELL),
        Put(visible(finding.field or ""), _CELL),
        Put(SEVERITY_WORDS[finding.severity], _KINDS[finding.severity]),
        Put(finding.code.id, _CELL),
    ]
    return [*shown, *_in_pieces(_data(spot))]


def _in_pieces(text: str) -> Iterator[Put]:
    """A long text in as many cells as it takes."""
    for at in range(0, len(text), _CHUNK):
        yield Put(text[at : at + _CHUNK])


def _data(spot: Spot) -> str:
    """What it takes to carry a line out, as text: sheets, cells and values may hold any sign."""
    if not spot.mendable:
        return "{}"
    by_sheet: dict[str, list[str]] = {}
    for sheet, cell in spot.cells:
        by_sheet.setdefault(sheet, []).append(cell)
    held: dict[str, dict[str, str]] = {}
    for (sheet, cell), text in spot.held.items():
        held.setdefault(sheet, {})[cell] = text
    said: dict[str, Any] = {
        "wrong": spot.finding.value or "",
        "cells": {s: " ".join(runs(c)) for s, c in by_sheet.items()},
    }
    if held:
        said["held"] = held
    if spot.renames:
        said["rename"] = spot.place.sheet
    return json.dumps(said, separators=(",", ":"))


def _others(spot: Spot, row: int) -> Choice | None:
    """The other suggestions as a list, where a list can hold them."""
    values = spot.finding.suggestions
    fits = len(values) > 1 and len(",".join(values)) <= LIST_LIMIT and not any(set(',"\n\r\t') & set(v) for v in values)
    return Choice((f"{column_letter(_SUGGESTED)}{row}",), values, only=False) if fits else None


# ---------------------------------------------------------------- read back


def problems(book: Book) -> Problems | None:
    """Return what the sheet of problems says by now; None for a workbook that has none of ours."""
    title = next((t for t in book.titles if book.texts(t, 1).get(1, {}).get(0) == PROBLEMS_HEADING), None)
    if title is None:
        return None
    texts = book.texts(title)
    about = {column: _loaded(text) for column, text in texts.get(1, {}).items() if column >= _DATA}
    accept_all = any(_says_yes(row.get(1, "")) for row in texts.values() if row.get(0, "").strip() == _ACCEPT_ALL)
    rows = [row for number, row in texts.items() if number > 1 and row.get(_DATA, "").startswith("{")]
    shown = str(about.pop(_DATA, {}).get("shown", ""))
    beneath = looks(
        book, title, {c: {s: a for s, a in said.items() if isinstance(a, str)} for c, said in about.items()}
    )
    return Problems(title, shown, tuple(map(_read, rows)), accept_all, beneath)


def _says_yes(text: str) -> bool:
    return text.strip().casefold() in _SAID


def _loaded(text: str) -> dict[str, Any]:
    """The hidden data of a line; nothing where somebody has changed it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _read(row: Mapping[int, str]) -> Line:
    said = _loaded("".join(text for column, text in sorted(row.items()) if column >= _DATA))
    areas, held, answer = said.get("cells"), said.get("held"), row.get(_ACCEPT, "")
    known = held.items() if isinstance(held, dict) else ()
    return Line(
        place=row.get(_PLACE, ""),
        message=row.get(_MESSAGE, "").partition("\n")[0],
        suggested=row.get(_SUGGESTED, ""),
        answer=True if _says_yes(answer) else False if answer.strip().casefold() in _NO else None,
        kind=row.get(_KIND, ""),
        wrong=str(said.get("wrong", "")),
        cells={str(s): str(a) for s, a in areas.items()} if isinstance(areas, dict) else {},
        held={(s, str(c)): str(text) for s, cells_ in known if isinstance(cells_, dict) for c, text in cells_.items()},
        rename=str(said.get("rename", "")),
        mendable="cells" in said,
    )
