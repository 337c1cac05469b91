"""After step 5: sheets as they were read, kept so that a report can show the cells around a mistake."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbook_compiler.model.diagnostics import Location, column_index, column_letter
from workbook_compiler.model.report import Excerpt
from workbook_compiler.pipeline.coerce.shown import shown
from workbook_compiler.pipeline.read.cells import Workbook
from workbook_compiler.pipeline.sheet import Built

BESIDE = 2
"""So many columns are shown at each side of a cell,"""
BELOW = 2
"""and so many rows of data below a header."""

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A sheet's cells, and what of its layout one must know to show some of them."""

    rows: Rows | bytes
    """As read, or packed."""
    header: int
    """Zero-based place of the header row."""
    data: tuple[int, ...]
    """Zero-based places of the first rows that say something."""
    first_column: int
    named: int | None
    """The column of what the rows are called by."""


def kept(workbook: Workbook, sheets: Sequence[Built]) -> dict[str, Kept]:
    """Return the sheets of some tables by their titles; nothing is read or copied for that."""
    wanted = {built.bound.table.sheet.name: built for built in sheets}
    # a table of another tool's layout has our words in its cells; what is shown is what the person sees
    return {sheet.name: _kept(sheet.rows, wanted[sheet.name]) for sheet in workbook.sheets if sheet.name in wanted}


def _kept(rows: Rows, built: Built) -> Kept:
    table = built.bound.table
    names = {column.field.path[0]: column.index for column in reversed(built.bound.columns)}
    named = next((names[name] for name in table.entity.identifiers if name in names), None)
    return Kept(rows, table.header_row, built.rows[:BELOW], table.first_column, named)


def packed(sheet: Kept) -> Kept:
    """Return the same with its rows as few bytes, opened only when a report asks for a cell."""
    return replace(sheet, rows=zlib.compress(pickle.dumps(sheet.rows, pickle.HIGHEST_PROTOCOL), 1))


def opened(sheet: Kept) -> Kept:
    """Return the same with its rows as read."""
    if not isinstance(sheet.rows, bytes):
        return sheet
    return replace(sheet, rows=pickle.loads(zlib.decompress(sheet.rows)))  # noqa: S301 - packed by this program


class Surroundings:
    """The cells around any place of some sheets, which are known by file and title."""

    def __init__(self, sheets: Mapping[tuple[str, str], Kept]) -> None:
        self._sheets = sheets
        self._opened: dict[tuple[str, str], Kept] = {}

    def __call__(self, at: Location) -> Excerpt | None:
        """Return the cell's neighbours in its row, and the rows above and below; None where there is nothing to show."""
        place = (at.file, at.sheet or "")
        if place not in self._sheets or (at.row is None and at.column is None):
            return None
        if place not in self._opened:
            self._opened[place] = opened(self._sheets[place])
        return excerpt(self._opened[place], at)


def excerpt(sheet: Kept, at: Location) -> Excerpt:
    """Return the cells around a place of a sheet; of a header or a whole column the first rows of data."""
    rows: Any = sheet.rows
    lines = [n for n in _lines(sheet, at) if 0 <= n < len(rows)]
    columns = _columns(sheet, at, len(rows[sheet.header]))
    return Excerpt(
        letters=tuple(map(column_letter, columns)),
        headers=() if sheet.header in lines else _texts(rows[sheet.header], columns),
        lines=tuple((n + 1, _texts(rows[n], columns)) for n in lines),
    )


def _lines(sheet: Kept, at: Location) -> list[int]:
    if at.row is None:
        return list(sheet.data)
    row, rows = at.row - 1, sheet.rows
    if row == sheet.header:
        return [row, *sheet.data]
    first = sheet.data[0] if sheet.data else row
    near = [n for n in (row - 1, row + 1) if first <= n < len(rows) and _says_something(rows[n])]
    return sorted([row, *near])


def _says_something(row: Any) -> bool:
    return any(cell is not None and cell != "" for cell in row)


def _columns(sheet: Kept, at: Location, width: int) -> list[int]:
    here = column_index(at.column) if at.column else sheet.first_column + BESIDE
    first, last = max(min(here, sheet.first_column), here - BESIDE), min(max(width - 1, here), here + BESIDE)
    named = [] if sheet.named is None or first <= sheet.named <= last else [sheet.named]
    return sorted([*named, *range(first, last + 1)])


def _texts(row: Sequence[Any], columns: Sequence[int]) -> tuple[str, ...]:
    return tuple("" if n >= len(row) or row[n] is None else shown(row[n]) for n in columns)
