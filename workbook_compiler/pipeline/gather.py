"""After step 5, for sheets of other tools: what a cell says by where it stands, and rows that go on with a record.

In the tables of ena-upload-cli each file of a run has a row. The first row of a run becomes the record; ``gather`` sets the
others aside, ``joined`` gives the record their files, and every value keeps the cell it came from.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, NamedTuple

from workbook_compiler.model.codes import values
from workbook_compiler.model.columns import Column, headers
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.records import Origin, Pointer, Record, json_text
from workbook_compiler.pipeline.build import records as records_of
from workbook_compiler.pipeline.coerce import ReadColumn
from workbook_compiler.pipeline.coerce.reading import NOTHING
from workbook_compiler.pipeline.sheet import Built, RowOrigin


@dataclass(frozen=True, slots=True)
class Continued(Built):
    """A sheet some of whose records go on in further rows; ``rows`` are those they begin with."""

    name: str = ""
    """The list of objects that the further rows have members of."""
    more: Built | None = None
    """The further rows."""
    goes_on: tuple[int, ...] = ()
    """For each of them, the position in ``rows`` of the one it goes on with."""


def gather(built: Built, said: list[Diagnostic]) -> tuple[Built, list[Diagnostic]]:
    """Return a sheet with all that its layout says, and what there is to say about it still."""
    foreign = built.bound.table.foreign
    if foreign is None:
        return built, said
    if foreign.beside:
        built = _with_beside(built)
        said = [found for found in said if found.code is not values.LST06]  # whose members are numbered here
    return (_continued(built, foreign.joined) if foreign.joined else built), said


def _with_beside(built: Built) -> Built:
    """The sheet with a column more for each that says something by standing where it stands."""
    table = built.bound.table
    beside = table.foreign.beside if table.foreign else {}
    columns, read = list(built.bound.columns), list(built.read)
    for column, cells in built.pairs:
        found = headers(table.entity).find(beside[column.index][0]) if column.index in beside else None
        if found is not None:
            value = beside[column.index][1]
            columns.append(Column(column.index, column.header, found[0], found[1]))
            read.append(ReadColumn([value if cells.has_value(i) else NOTHING for i in range(len(built.rows))], {}))
    return replace(built, bound=replace(built.bound, columns=tuple(columns)), read=tuple(read))


def _continued(built: Built, name: str) -> Built:
    """The sheet with the rows set aside that name a record again and add nothing but members of a list."""
    names = built.bound.table.entity.identifiers[:1]
    named = next((read.values for column, read in built.pairs if column.field.path == names), [])
    if len(set(named)) == len(named):
        return built
    own = [read.values for column, read in built.pairs if column.field.path[0] != name]
    members = [read.values for column, read in built.pairs if column.field.path[0] == name]
    first: dict[Any, int] = {}
    seen: set[tuple[Any, str]] = set()
    kept, set_aside, goes_on = list[int](), list[int](), list[int]()
    for i, identifier in enumerate(named):
        member = [column[i] for column in members]
        begin = first.setdefault(identifier, i) if isinstance(identifier, str) else i
        same = (identifier, repr(member))
        agrees = all(column[i] is NOTHING or column[i] == column[begin] for column in own)
        if begin < i and agrees and same not in seen and any(value is not NOTHING for value in member):
            set_aside.append(i)
            goes_on.append(begin)
        else:
            kept.append(i)
        seen.add(same)
    place = {i: position for position, i in enumerate(kept)}
    some, more = _only(built, kept), _only(built, set_aside)
    return Continued(
        some.bound,
        some.rows,
        some.read,
        some.covered,
        some.prefix,
        some.misnamed,
        some.stored,
        name,
        more,
        tuple(place[i] for i in goes_on),
    )


def _only(built: Built, kept: Sequence[int]) -> Built:
    return replace(
        built,
        rows=tuple(built.rows[i] for i in kept),
        read=tuple(read.rows(kept) for read in built.read),
        misnamed={new: built.misnamed[old] for new, old in enumerate(kept) if old in built.misnamed},
        stored={new: built.stored[old] for new, old in enumerate(kept) if old in built.stored},
    )


def joined(records: Sequence[Record]) -> Sequence[Record]:
    """Return the records, each with the members that stand in further rows of its sheet."""
    sheets = [r.origin.cells for r in records if isinstance(r.origin, RowOrigin) and r.origin.i == 0]  # once for each
    further: dict[tuple[int, int], list[Record]] = {}
    for cells in sheets:
        built = cells.built
        if isinstance(built, Continued) and built.more is not None:
            for begin, record in zip(built.goes_on, records_of([built.more]), strict=True):
                further.setdefault((id(cells), begin), []).append(record)
    return list(_whole(records, further)) if further else records


def _whole(records: Sequence[Record], further: dict[tuple[int, int], list[Record]]) -> Iterator[Record]:
    for record in records:
        origin = record.origin
        more = further.get((id(origin.cells), origin.i)) if isinstance(origin, RowOrigin) else None
        built = origin.cells.built if isinstance(origin, RowOrigin) else None
        yield _with(record, more, built.name) if more and isinstance(built, Continued) else record


def _with(record: Record, more: Sequence[Record], name: str) -> Record:
    """The record with the members that further rows have."""
    rows = (record, *more)
    members = [row.values.get(name, []) for row in rows]
    firsts = tuple(accumulate(map(len, members), initial=0))[:-1]
    files = {_moved(p, name, n): path for row, n in zip(rows, firsts, strict=True) for p, path in row.files.items()}
    return record._replace(
        values={**record.values, name: [member for part in members for member in part]},
        origin=Rows(tuple(row.origin for row in rows), firsts, name),
        deletes={header: at for row in reversed(rows) for header, at in row.deletes.items()},
        files=files,
    )


def _moved(pointer: Pointer, name: str, by: int) -> Pointer:
    if len(pointer) > 1 and pointer[0] == name and isinstance(pointer[1], int):
        return (name, pointer[1] + by, *pointer[2:])
    return pointer


class Rows(NamedTuple):
    """Where the values of a record came from that stands in several rows (an ``Origin``)."""

    origins: tuple[Origin, ...]
    firsts: tuple[int, ...]
    """The place in the list of each row's first member."""
    name: str

    def locations(self) -> dict[Pointer, Location]:
        """Return place to cell."""
        found = dict[Pointer, Location]()
        for number, origin in enumerate(self.origins):
            own = origin.locations().items()
            by = self.firsts[number]
            found.update((_moved(p, self.name, by), at) for p, at in own if number == 0 or p[0] == self.name)
        return found

    def text(self) -> str:
        """Return JSON pointer to cell, as JSON text."""
        found = dict[str, str]()
        for number, origin in enumerate(self.origins):
            for pointer, at in json.loads(origin.text()).items():
                _, head, *rest = pointer.split("/")
                if head == self.name:
                    found["/".join(("", head, str(int(rest[0]) + self.firsts[number]), *rest[1:]))] = at
                elif number == 0:
                    found[pointer] = at
        return json_text(found)

    def place(self, pointer: Pointer) -> Location | None:
        """Return the cell of a place."""
        number = 0
        if len(pointer) > 1 and pointer[0] == self.name and isinstance(pointer[1], int):
            number = bisect_right(self.firsts, pointer[1]) - 1
        return self.origins[number].place(_moved(pointer, self.name, -self.firsts[number]))
