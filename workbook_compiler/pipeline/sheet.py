"""A sheet whose cells are read: the way from a place in a body to its cell, and back. Gaps in lists of objects close up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, NamedTuple

from workbook_compiler.model.columns import Column
from workbook_compiler.model.diagnostics import Location, column_letter
from workbook_compiler.model.records import Pointer, json_pointer
from workbook_compiler.pipeline.bind import Bound
from workbook_compiler.pipeline.coerce import ReadColumn
from workbook_compiler.pipeline.coerce.reading import DELETE, NOTHING

Members = Mapping[tuple[str, ...], list[int]]
"""For each list of objects the member numbers that a row fills in, in order."""


@dataclass(frozen=True, slots=True)
class Built:
    """A table's cells, read. ``read[c]`` belongs to ``bound.columns[c]``, its ``values[i]`` to row ``rows[i]``."""

    bound: Bound
    rows: tuple[int, ...]
    """Zero-based indexes of the rows that say something."""
    read: tuple[ReadColumn, ...]
    covered: frozenset[tuple[int, int]] = frozenset()
    """Cells (row, column) that lie in a merged area, which has been told."""
    prefix: str = ""
    """``book.xlsx#`` when there are several workbooks."""
    misnamed: Mapping[int, frozenset[str]] = attribute(default_factory=dict)
    """For rows whose identifier cell is wrong, what it says."""

    def members(self, i: int) -> Members:
        """Return the member numbers that row ``i`` fills in, for each list of objects."""
        found: dict[tuple[str, ...], set[int]] = {}
        for column, read in zip(self.bound.columns, self.read, strict=True):
            at = column.field.list_at
            if at is not None and read.has_value(i):
                found.setdefault(column.field.path[:at], set()).add(column.member)
        return {path: sorted(numbers) for path, numbers in found.items()}

    def pointers(self, i: int) -> Iterator[tuple[Pointer, Column, Any]]:
        """Yield each filled column of row ``i``: the place of its value in the body, the column, the value."""
        members = self.members(i)
        for column, read in zip(self.bound.columns, self.read, strict=True):
            if read.has_value(i):
                yield pointer_of(column, members), column, read.values[i]


def pointer_of(column: Column, members: Members) -> Pointer:
    """Return the place a column's value has in a body whose lists have these members."""
    path, at = column.field.path, column.field.list_at
    if at is None:
        return path
    numbers = members.get(path[:at], [])
    rank = numbers.index(column.member) if column.member in numbers else len(numbers)
    return (*path[:at], rank, *path[at:])


def leaves(value: Any) -> Iterator[Pointer]:
    """Yield the path of every value inside a JSON value that is no object or list with content."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from ((key, *rest) for rest in leaves(inner))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from ((index, *rest) for rest in leaves(inner))
    else:
        yield ()


ITEMS = 16
"""Pointers to so many items of a list are made in advance."""
_SINGLE = frozenset((str, int, float, bool))


class Cells:
    """Where the values of a sheet's rows came from, as text: made once for each column, asked once for each record."""

    def __init__(self, built: Built) -> None:
        self.built = built
        sheet = f"{built.prefix}{built.bound.table.sheet.name}!"
        self._plain = [
            (
                read.values,
                pointer,
                [] if column.field.json else [f"{pointer}/{k}" for k in range(ITEMS)],
                sheet + column_letter(column.index),
            )
            for column, read in zip(built.bound.columns, built.read, strict=True)
            if column.field.list_at is None
            for pointer in (json_pointer(column.field.path),)
        ]
        self._listed = frozenset(
            i
            for column, read in zip(built.bound.columns, built.read, strict=True)
            if column.field.list_at is not None
            for i in range(len(built.rows))
            if read.has_value(i)
        )
        self._sheet = sheet

    def texts(self, i: int) -> dict[str, str]:
        """Return JSON pointer to cell for row ``i``."""
        row = str(self.built.rows[i] + 1)
        found: dict[str, str] = {}
        for values, pointer, items, column in self._plain:
            value = values[i]
            kind = value.__class__
            if kind is str or kind in _SINGLE:
                found[pointer] = column + row
            elif kind is list and len(value) <= len(items):
                cell = column + row
                for item in items[: len(value)]:
                    found[item] = cell
            elif value is not NOTHING and value is not DELETE:
                cell = column + row
                found.update((pointer + json_pointer(inner), cell) for inner in leaves(value))
        if i in self._listed:
            for pointer_, column_, value in self.built.pointers(i):
                if column_.field.list_at is not None:
                    cell = self._sheet + column_letter(column_.index) + row
                    found.update((json_pointer(pointer_ + inner), cell) for inner in leaves(value))
        return found


class RowOrigin(NamedTuple):
    """Where the values of one row came from (an ``Origin``)."""

    cells: Cells
    i: int

    def texts(self) -> dict[str, str]:
        """Return JSON pointer to cell."""
        return self.cells.texts(self.i)

    def locations(self) -> dict[Pointer, Location]:
        """Return place to cell."""
        built, found = self.cells.built, dict[Pointer, Location]()
        for pointer, column, value in built.pointers(self.i):
            at = built.bound.at(built.rows[self.i], column.index)
            found.update((pointer + inner, at) for inner in leaves(value))
        return found

    def place(self, pointer: Pointer) -> Location | None:
        """Return the cell of a place; one inside a cell of JSON or a list is that cell's."""
        built = self.cells.built
        members = built.members(self.i)
        best: tuple[int, Column] | None = None
        for column in built.bound.columns:
            own = pointer_of(column, members)
            if pointer[: len(own)] == own and (best is None or len(own) > best[0]):
                best = len(own), column
        return built.bound.at(built.rows[self.i], best[1].index) if best else None
