"""Where the rows and cells of a sheet are in its text. Rows and cells may leave out their numbers, and count on then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from workbook_compiler.edit.markup import Tag, attribute, element, elements, pattern
from workbook_compiler.model.diagnostics import cell_address, column_index, column_letter

_ROW, _CELL = pattern("row"), pattern("c")
_PLAIN = re.compile(r' r="([A-Z]{1,3}\d+)"')
_PLAIN_CELL = re.compile(r'<c r="([A-Z]{1,3})\d+"')


class Row(NamedTuple):
    """A row of a sheet, by its number as Excel counts."""

    number: int
    tag: Tag


class Cell(NamedTuple):
    """A cell, by its zero-based column."""

    column: int
    tag: Tag

    @property
    def holds_nothing(self) -> bool:
        """True when there is nothing between its tags."""
        return self.tag.close == self.tag.inside


def data_of(bare: str) -> Tag:
    """Return the element that holds the rows; raises ValueError when there is none."""
    found = element(bare, "sheetData")
    if found is None:
        raise ValueError("a sheet without rows")
    return found


def rows(bare: str, data: Tag) -> Iterator[Row]:
    """Yield the rows in the order in which they are written."""
    number = 0
    for tag in elements(bare, _ROW, data.inside, data.close):
        said = attribute(tag.attributes, "r")
        number = int(said) if said else number + 1
        yield Row(number, tag)


def cells(bare: str, row: Row, first: int = 0) -> Iterator[Cell]:
    """Yield the cells of a row in the order in which they are written.

    Those before the column ``first`` are passed over where that column's cell can be found at a glance.
    """
    column, whole = -1, row.tag
    named = f'<{whole.prefix}c r="{column_letter(first)}{row.number}"'
    at = bare.find(named, whole.inside, whole.close) if first else -1
    for tag in elements(bare, _CELL, max(at, whole.inside), whole.close):
        plain = _PLAIN.match(tag.attributes)
        said = plain[1] if plain else attribute(tag.attributes, "r")
        column = cell_address(said)[1] if said else column + 1
        yield Cell(column, tag)


def last_column(bare: str, row: Row) -> int | None:
    """Return the column of a row's last cell where that can be told at a glance, else None."""
    at = bare.rfind("<c ", row.tag.inside, row.tag.close)
    found = _PLAIN_CELL.match(bare, at) if at >= 0 else None
    return column_index(found[1]) if found else None


def filled_columns(bare: str, beyond: int) -> set[int]:
    """Return the columns behind this one that hold anything in any row."""
    found: set[int] = set()
    for row in rows(bare, data_of(bare)):
        last = last_column(bare, row)
        if last is None or last > beyond:
            found.update(cell.column for cell in cells(bare, row) if cell.column > beyond and not cell.holds_nothing)
    return found
