"""Findings at the cells of one workbook: which cells each is about, and which of them a suggestion can mend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from workbook_compiler.edit import Book
from workbook_compiler.marks.replacing import replaced
from workbook_compiler.model.codes import cells as cell_codes
from workbook_compiler.model.codes import links
from workbook_compiler.model.columns import HEADER_MARK, SEARCHED_ROWS
from workbook_compiler.model.diagnostics import Diagnostic, Location, Severity, cell_address, column_index

MOST_CELLS = 3_000_000
"""Cells of all suggestions together; more can't be wrong."""


_COUNTED = (links.REF11, cell_codes.CEL04)
"""Mistakes whose other cells hold other words: each counts up from the one above."""


class Seen(NamedTuple):
    """What a cell holds: text, or a number as the file writes it (dates and true or false are numbers too)."""

    text: str
    is_text: bool


class Cells:
    """The cells of an open workbook, each sheet read once."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._texts: dict[str, dict[int, dict[int, str]]] = {}
        self._written: dict[str, dict[int, set[int]]] = {}
        self._needed: dict[str, set[tuple[int, int]]] = {}
        self._heads: dict[str, set[tuple[int, int]]] = {}
        self._formulas: dict[str, Mapping[str, str]] = {}

    @property
    def titles(self) -> tuple[str, ...]:
        """The names of the worksheets."""
        return self._book.titles

    def at(self, sheet: str, cell: str) -> Seen:
        """Return what a cell holds."""
        if sheet not in self._texts:
            self._texts[sheet], self._written[sheet] = self._book.texts(sheet), self._book.written(sheet)
        row, column = cell_address(cell)
        text = self._texts[sheet].get(row + 1, {}).get(column, "")
        return Seen(text, column in self._written[sheet].get(row + 1, ()))

    def refuses(self, sheet: str, cell: str, text: str) -> bool:
        """Tell whether a cell heads a column of an Excel table that can't be called so."""
        if sheet not in self._heads:
            self._heads[sheet] = self._book.heads(sheet)
        return cell_address(cell) in self._heads[sheet] and self._book.refuses(sheet, cell, text)

    def formulas(self, sheet: str) -> Mapping[str, str]:
        """Return the cells of a sheet with formulas."""
        if sheet not in self._formulas:
            self._formulas[sheet] = self._book.formulas(sheet)
        return self._formulas[sheet]

    def is_needed(self, sheet: str, cell: str) -> bool:
        """Tell whether a cell's formula is one that other cells live on."""
        if sheet not in self._needed:
            self._needed[sheet] = self._book.needed(sheet)
        row, column = cell_address(cell)
        return (row + 1, column) in self._needed[sheet]

    def header_row(self, sheet: str) -> int | None:
        """Return the row of the headers where column A is for marks; None where it holds values."""
        top = self._book.texts(sheet, SEARCHED_ROWS)
        return next((n for n, row in top.items() if row.get(0, "").strip().casefold() == HEADER_MARK), None)


@dataclass(frozen=True, slots=True)
class Spot:
    """One finding at its cells."""

    index: int
    """Its place among all findings."""
    finding: Diagnostic
    cells: tuple[tuple[str, str], ...]
    """Sheet and cell of every place that is wrong, the first one first."""
    held: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What is there, of cells (sheet, cell) that a suggestion replaces as a whole: numbers, dates, words that count up."""
    renames: bool = False
    """The suggestion is another name for the sheet."""
    mendable: bool = False
    """Its suggestions can be put in its place."""
    calculated: bool = False
    """The first cell holds a formula, whose place a suggestion takes."""

    @property
    def marked(self) -> bool:
        """True when its cells are wrong. One that is only going to be looked up on the portal is as it should be."""
        found = self.finding
        return found.severity is not Severity.INFO and (found.code is not links.REF02 or bool(found.suggestions))

    @property
    def place(self) -> Location:
        """Return the first place."""
        return self.finding.location


def spots(name: str, findings: Sequence[Diagnostic], cells: Cells) -> Iterator[Spot]:
    """Yield each finding about this file with its cells. Cells it refers to count where they hold the same mistake."""
    for index, finding in enumerate(findings):
        if finding.location.file == name:
            yield _spot(index, finding, cells)


def _spot(index: int, finding: Diagnostic, cells: Cells) -> Spot:
    at, wrong = finding.location, finding.value or ""
    spot = Spot(index, finding, ())
    if at.sheet not in cells.titles:
        return spot
    if at.cell is None:
        named = at.row is None and at.column is None and finding.value == at.sheet
        return replace(spot, renames=named and bool(finding.suggestions), mendable=named and bool(finding.suggestions))
    first, here = cells.at(at.sheet, at.cell), (at.sheet, at.cell)
    held = {here: first.text} if not first.is_text and first.text else {}
    if finding.code in _COUNTED:
        held |= {one: cells.at(*one).text for one in (here, *_of_file(finding.related, at.file, cells))}
        same = list(held)
    else:
        # the last cell that such a link names is the row that is meant
        related = finding.related[:-1] if finding.code is links.REF04 else finding.related
        same = [here, *_alike(related, at.file, wrong, cells)]
    mendable = bool(finding.suggestions) and (
        bool(held) or replaced(first.text, wrong, finding.suggestions[0]) is not None
    )
    calculated = mendable and at.cell in cells.formulas(at.sheet)
    return Spot(index, finding, tuple(dict.fromkeys(same)), held, mendable=mendable, calculated=calculated)


def _of_file(places: Iterable[Location], file: str, cells: Cells) -> Iterator[tuple[str, str]]:
    for at in places:
        if at.file == file and at.cell and at.sheet in cells.titles:
            yield at.sheet, at.cell


def _alike(places: Iterable[Location], file: str, wrong: str, cells: Cells) -> Iterator[tuple[str, str]]:
    for one in _of_file(places, file, cells):
        seen = cells.at(*one)
        if wrong and seen.is_text and replaced(seen.text, wrong, "") is not None:
            yield one


def in_order(cell: tuple[str, str]) -> tuple[str, int, int]:
    """Return what cells are sorted by: sheet, column, row."""
    row, column = cell_address(cell[1])
    return cell[0], column, row


def runs(cells: Iterable[str]) -> Iterator[str]:
    """Yield cells of one sheet as areas: those below each other as ``D7:D12``."""
    column, first, last = "", 0, 0
    for cell in sorted(cells, key=lambda one: (column_index(one.rstrip("0123456789")), cell_address(one)[0])):
        letters, row = cell.rstrip("0123456789"), cell_address(cell)[0] + 1
        if letters == column and row == last + 1:
            last = row
            continue
        if column:
            yield f"{column}{first}" + (f":{column}{last}" if last > first else "")
        column, first, last = letters, row, row
    if column:
        yield f"{column}{first}" + (f":{column}{last}" if last > first else "")


def bounded(areas: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the cells (sheet, cell) of areas by their sheet; areas that no sheet has are nobody's.

    They are a stranger's text by the time they come back: of more than ``MOST_CELLS`` one more is returned.
    """
    found = ((sheet, cell) for sheet, area in areas.items() for cell in unrolled(area))
    try:
        return tuple(islice(found, MOST_CELLS + 1))
    except ValueError:
        return ()


def unrolled(areas: str) -> Iterator[str]:
    """Yield the cells of areas as ``runs`` writes them, with spaces between."""
    for area in areas.split():
        first, _, last = area.partition(":")
        column = first.rstrip("0123456789")
        for row in range(cell_address(first)[0], cell_address(last or first)[0] + 1):
            yield f"{column}{row + 1}"
