"""A sheet whose cells are read: the way from a place in a body to its cell, and back. Gaps in lists of objects close up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, NamedTuple

from workbook_compiler.model.columns import Column
from workbook_compiler.model.diagnostics import Location, column_letter
from workbook_compiler.model.records import Pointer, json_pointer, json_text
from workbook_compiler.model.schema import Kind
from workbook_compiler.pipeline.bind import Bound
from workbook_compiler.pipeline.coerce import ReadColumn

Members = Mapping[tuple[str, ...], list[int]]
"""For each list of objects the member numbers that a row fills in, in order: one for each value of a cell with several."""


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
    stored: Mapping[int, str] = attribute(default_factory=dict)
    """For rows with a receipt, the portal's uuid of their record."""

    @property
    def pairs(self) -> list[tuple[Column, ReadColumn]]:
        """Each column with its cells."""
        return list(zip(self.bound.columns, self.read, strict=True))

    def members(self, i: int) -> Members:
        """Return the member numbers that row ``i`` fills in, for each list of objects."""
        return members_of(self.pairs, i)

    def pointers(self, i: int) -> Iterator[tuple[Pointer, Column, Any]]:
        """Yield each filled column of row ``i``: the place of its value in the body, the column, the value."""
        return pointers_of(self.pairs, i)


def members_of(pairs: Iterable[tuple[Column, ReadColumn]], i: int) -> Members:
    """Return the member numbers that row ``i`` fills in, for each list of objects in these columns."""
    found: dict[tuple[str, ...], dict[int, int]] = {}
    for column, read in pairs:
        at = column.field.list_at
        if at is not None and read.has_value(i):
            width = len(read.values[i]) if column.field.spread else 1
            found.setdefault(column.field.path[:at], {})[column.member] = width
    return {
        path: [number for number in sorted(widths) for _ in range(widths[number])] for path, widths in found.items()
    }


def pointers_of(pairs: Sequence[tuple[Column, ReadColumn]], i: int) -> Iterator[tuple[Pointer, Column, Any]]:
    """Yield each of these columns that row ``i`` fills in: the place of its value in the body, the column, the value."""
    members = members_of(pairs, i)
    for column, read in pairs:
        if read.has_value(i):
            yield from ((at, column, value) for at, value in _placed(column, members, read.values[i]))


def _placed(column: Column, members: Members, value: Any) -> Iterator[tuple[Pointer, Any]]:
    """A cell's value at its place in the body; several values of a list that is spread over columns each at its own."""
    first, at = pointer_of(column, members), column.field.list_at
    if not column.field.spread or at is None:
        yield first, value
        return
    for number, one in enumerate(value, int(first[at])):
        yield (*first[:at], number, *first[at + 1 :]), one


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


_ROW = "\0"
"""Stands for the row's number in a text that is made once for all rows; JSON has no such sign."""


_SEVERAL = (Kind.LIST, Kind.OBJECT, Kind.ANY)


def _is_single(column: Column) -> bool:
    """Tell whether every value of a column is one without parts."""
    prop = column.field.property
    return prop.kind not in _SEVERAL and not (prop.attachment or column.field.json)


def _is_list(column: Column) -> bool:
    """Tell whether every value of a column is a list of values without parts."""
    prop = column.field.property
    return prop.kind is Kind.LIST and prop.leaf.kind not in _SEVERAL and not column.field.json


MOST_SHAPES = 2_000
"""So many kinds of rows are remembered for a sheet."""


class Cells:
    """Where the values of a sheet's rows came from, as JSON: pieces made once for each column, joined once for each row."""

    def __init__(self, built: Built) -> None:
        self.built = built
        self._sheet = f"{built.prefix}{built.bound.table.sheet.name}!"
        self._columns: dict[str, list[tuple[Column, ReadColumn]]] = {}
        for column, read in zip(built.bound.columns, built.read, strict=True):
            self._columns.setdefault(column.field.path[0], []).append((column, read))
        self._single = {
            name: self._piece((name,), columns[0][0])
            for name, columns in self._columns.items()
            if len(columns) == 1 and columns[0][0].field.path == (name,) and _is_single(columns[0][0])
        }
        self._lists = [
            name
            for name, columns in self._columns.items()
            if name not in self._single and len(columns) == 1 and _is_list(columns[0][0])
        ]
        self._varied = frozenset(self._columns) - self._single.keys() - frozenset(self._lists)
        self._known: dict[tuple[str | int, ...], list[str]] = {}

    def text(self, body: Mapping[str, Any], i: int) -> str:
        """Return ``{pointer: cell}`` of row ``i`` as JSON text; rows that fill in the same places differ in their number only."""
        row = str(self.built.rows[i] + 1)
        shape: tuple[str | int, ...] = (*body, *[len(body[name]) for name in self._lists if name in body])
        known = self._known.get(shape)
        if known is not None:
            return row.join(known)
        single = self._single.get
        text = "{" + ",".join([single(name) or self._inside(name, body[name], i) for name in body]) + "}"
        pieces = text.split(_ROW)
        if len(self._known) < MOST_SHAPES and self._varied.isdisjoint(body):
            self._known[shape] = pieces
        return row.join(pieces)

    def _inside(self, name: str, value: Any, i: int) -> str:
        """The cells of a property that is a list or an object."""
        columns = self._columns[name]
        if name in self._lists:
            return ",".join(self._piece((name, position), columns[0][0]) for position in range(len(value)))
        members = self.built.members(i)
        return ",".join(
            self._piece(pointer + inner, column)
            for column, read in columns
            if read.has_value(i)
            for pointer, value in _placed(column, members, read.values[i])
            for inner in leaves(value)
        )

    def _piece(self, pointer: Pointer, column: Column) -> str:
        cell = json_text(self._sheet + column_letter(column.index))
        return f'{json_text(json_pointer(pointer))}:{cell[:-1]}{_ROW}"'


class RowOrigin(NamedTuple):
    """Where the values of one row came from (an ``Origin``)."""

    cells: Cells
    i: int
    body: Mapping[str, Any]
    """What the row's cells made."""

    def text(self) -> str:
        """Return JSON pointer to cell, as JSON text."""
        return self.cells.text(self.body, self.i)

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
            depth = _reach(column, members, pointer)
            if depth and (best is None or depth > best[0]):
                best = depth, column
        return built.bound.at(built.rows[self.i], best[1].index) if best else None


def _reach(column: Column, members: Members, pointer: Pointer) -> int:
    """How many steps of a place lead to a column's cell; 0 when it lies elsewhere."""
    own, at = pointer_of(column, members), column.field.list_at
    if not column.field.spread or at is None:
        return len(own) if pointer[: len(own)] == own else 0
    if pointer[:at] != own[:at] or len(pointer) == at:  # a list that is missing belongs into its first column
        return at if pointer == own[:at] and column.member == 0 else 0
    numbers, rank = members.get(column.field.path[:at], []), pointer[at]
    return at + 1 if isinstance(rank, int) and numbers[rank : rank + 1] == [column.member] else 0
