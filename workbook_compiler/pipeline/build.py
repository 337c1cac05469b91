"""Step 5: Columns + rows -> Records. Whole columns are read first, then each row's body is put together once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from workbook_compiler.model.codes import cells, structure, values
from workbook_compiler.model.columns import Column
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.portal import FileType
from workbook_compiler.model.records import Pointer, Record
from workbook_compiler.pipeline.bind import Bound
from workbook_compiler.pipeline.coerce import read_column, reader_for
from workbook_compiler.pipeline.coerce.reading import DELETE, NOTHING, Finding, Reading
from workbook_compiler.pipeline.coerce.shown import shown
from workbook_compiler.pipeline.read.cells import address


@dataclass(frozen=True, slots=True)
class Built:
    """A sheet's cells, read. ``readings[c][i]`` belongs to column ``bound.columns[c]`` and row ``rows[i]``."""

    bound: Bound
    rows: tuple[int, ...]
    """Zero-based indexes of the rows that say something."""
    readings: tuple[list[Reading | None], ...]
    covered: frozenset[tuple[int, int]] = frozenset()
    """Cells (row, column) that lie in a merged area, which has been told."""

    def placed(self, i: int) -> Iterator[tuple[int, Column, Pointer]]:
        """Yield the filled columns of row ``i`` with the place of their value in the body; gaps in lists close up."""
        members = self._members(i)
        for c, column in enumerate(self.bound.columns):
            reading = self.readings[c][i]
            if reading is not None and reading.value is not NOTHING and reading.value is not DELETE:
                yield c, column, _pointer(column, members)

    def _members(self, i: int) -> dict[tuple[str, ...], list[int]]:
        """The member numbers that row ``i`` fills in, for each list of objects."""
        found: dict[tuple[str, ...], set[int]] = {}
        for c, column in enumerate(self.bound.columns):
            at, reading = column.field.list_at, self.readings[c][i]
            if at is not None and _has_value(reading):
                found.setdefault(column.field.path[:at], set()).add(column.member)
        return {path: sorted(numbers) for path, numbers in found.items()}

    def origins(self, i: int) -> dict[Pointer, Location]:
        """Return the cell of every value of row ``i``'s body that is no object or list with content."""
        row = self.rows[i]
        found: dict[Pointer, Location] = {}
        for c, column, pointer in self.placed(i):
            at = self.bound.at(row, column.index)
            for inner in leaves(self.readings[c][i].value):  # type: ignore[union-attr] # placed() yields read cells only
                found[pointer + inner] = at
        return found

    def place(self, i: int, pointer: Pointer) -> Location | None:
        """Return the cell that holds or should hold a place of row ``i``'s body.

        A place inside a cell of JSON or a list is that cell's. None when the sheet has no column for it.
        """
        members = self._members(i)
        best: tuple[int, Column] | None = None
        for column in self.bound.columns:
            own = _pointer(column, members)
            if pointer[: len(own)] == own and (best is None or len(own) > best[0]):
                best = len(own), column
        return self.bound.at(self.rows[i], best[1].index) if best else None


def _pointer(column: Column, members: Mapping[tuple[str, ...], list[int]]) -> Pointer:
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


def build(bound: Bound, file_type: FileType) -> tuple[Built, list[Diagnostic]]:
    """Read every cell of a table and return what became of them, row by row that says something."""
    covered, said = _merged(bound)
    readings = []
    for column in bound.columns:
        read = reader_for(column.field.property, json=column.field.json, file_type=file_type)
        readings.append(read_column(read, bound.cells(column.index)))
    kept = (
        [i for i, row in enumerate(zip(*readings, strict=True)) if any(r is not None for r in row)] if readings else []
    )
    if len(kept) < len(bound.table.rows):
        readings = [[column[i] for i in kept] for column in readings]
    built = Built(bound, tuple(bound.table.rows[i] for i in kept), tuple(readings), covered)
    said.extend(_told(built))
    said.extend(_twice(built))
    said.extend(_gaps(built))
    said.extend(_hidden(built))
    return built, said


def _told(built: Built) -> Iterator[Diagnostic]:
    """Give every finding its cell."""
    for column, readings in zip(built.bound.columns, built.readings, strict=True):
        if not any(reading is not None and reading.findings for reading in readings):
            continue
        name = ".".join(column.field.path)
        for row, reading in zip(built.rows, readings, strict=True):
            for finding in reading.findings if reading is not None else ():
                at = built.bound.at(row, column.index)
                raw = built.bound.table.sheet.rows[row][column.index]
                yield _diagnostic(finding, at, name, raw)


def _diagnostic(finding: Finding, at: Location, name: str, raw: Any) -> Diagnostic:
    typed = finding.value if finding.value is not None else shown(raw)
    return Diagnostic(finding.code, at, name, typed, finding.context, finding.suggestions)


def _merged(bound: Bound) -> tuple[frozenset[tuple[int, int]], list[Diagnostic]]:
    """Merged areas over data cells; the covered cells are empty through no fault of their own."""
    data, columns = frozenset(bound.table.rows), frozenset(column.index for column in bound.columns)
    covered: set[tuple[int, int]] = set()
    said = []
    for area in bound.table.sheet.merged:
        first, _, last = area.partition(":")
        (top, left), (bottom, right) = address(first), address(last or first)
        bottom = min(bottom, len(bound.table.sheet.rows) - 1 if top < len(bound.table.sheet.rows) else top)
        places = {
            (row, column)
            for column in columns
            if left <= column <= right
            for row in range(top, bottom + 1)
            if row in data
        }
        rows = bound.table.sheet.rows
        if any(_says_something(rows, row, column) for row, column in places):
            covered |= places
            said.append(Diagnostic(cells.CEL03, bound.at(top, left), value=area))
    return frozenset(covered), said


def _says_something(rows: Sequence[Sequence[Any]], row: int, column: int) -> bool:
    cell = rows[row][column] if row < len(rows) and column < len(rows[row]) else None
    return cell is not None and (not isinstance(cell, str) or cell.strip() != "")


def _twice(built: Built) -> Iterator[Diagnostic]:
    """Cells that give an object as a whole where its own columns are filled as well; the whole is left out."""
    columns = built.bound.columns
    for w, whole in enumerate(columns):
        inside = [
            c for c, other in enumerate(columns)
            if c != w and other.field.path[: len(whole.field.path)] == whole.field.path != other.field.path
        ]  # fmt: skip
        for i in range(len(built.rows)) if inside else ():
            filled = [c for c in inside if _has_value(built.readings[c][i])]
            if filled and _has_value(built.readings[w][i]):
                finding = Finding(values.OBJ02, {})
                built.readings[w][i] = Reading(NOTHING, (finding,))
                at = built.bound.at(built.rows[i], whole.index)
                related = tuple(built.bound.at(built.rows[i], columns[c].index) for c in filled)
                yield Diagnostic(finding.code, at, ".".join(whole.field.path), related=related)


def _has_value(reading: Reading | None) -> bool:
    return reading is not None and reading.value is not NOTHING and reading.value is not DELETE


def _gaps(built: Built) -> Iterator[Diagnostic]:
    """Rows that fill in a later member of a list without an earlier one."""
    if not any(column.member for column in built.bound.columns):
        return
    for i, row in enumerate(built.rows):
        for path, numbers in built._members(i).items():
            if numbers and numbers[-1] >= len(numbers):
                moved = next(number for rank, number in enumerate(numbers) if number != rank)
                column = next(c for c in built.bound.columns if c.member == moved and c.field.path[: len(path)] == path)
                context = {"member": moved + 1}
                at = built.bound.at(row, column.index)
                yield Diagnostic(values.LST06, at, ".".join(path), column.header, context)


def _hidden(built: Built) -> Iterator[Diagnostic]:
    table = built.bound.table
    count = sum(row + 1 in table.sheet.hidden_rows for row in built.rows) if table.sheet.hidden_rows else 0
    if count:
        yield Diagnostic(structure.ROW01, Location(table.file, table.sheet.name), context={"count": count})


def records(sheets: Sequence[Built], *, several_files: bool) -> list[Record]:
    """Return the records of all sheets, in the order of files, sheets and rows."""
    made: list[Record] = []
    for built in sheets:
        table = built.bound.table
        prefix = f"{table.file}#{table.sheet.name}" if several_files else table.sheet.name
        bodies, files = _bodies(built)
        deletes = _deletes(built)
        misnamed = _misnamed(built)
        for i, (row, body) in enumerate(zip(built.rows, bodies, strict=True)):
            made.append(
                Record(
                    number=len(made),
                    type=table.entity.name,
                    id=f"{prefix}!{row + 1}",
                    location=Location(table.file, table.sheet.name, row + 1),
                    values=body,
                    identifier=_identifier(body, table.entity.identifiers),
                    origins=partial(built.origins, i),
                    place=partial(built.place, i),
                    misnamed=misnamed.get(i, frozenset()),
                    deletes=deletes.get(i, {}),
                    files=files.get(i, {}),
                )
            )
    return made


def _identifier(body: Mapping[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        value = body.get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str | int) and value != "":
            return str(value)
    return None


def _misnamed(built: Built) -> dict[int, frozenset[str]]:
    """For rows whose identifier cell is wrong, what it says."""
    found: dict[int, frozenset[str]] = {}
    for column, readings in zip(built.bound.columns, built.readings, strict=True):
        if column.field.path[0] not in built.bound.table.entity.identifiers:
            continue
        for i, reading in enumerate(readings):
            if reading is not None and reading.wrong:
                typed = shown(built.bound.table.sheet.rows[built.rows[i]][column.index])
                words = {typed.strip(), *(word.strip() for word in typed.split(","))}
                found[i] = found.get(i, frozenset()) | words
    return found


def _deletes(built: Built) -> dict[int, dict[str, Location]]:
    found: dict[int, dict[str, Location]] = {}
    for column, readings in zip(built.bound.columns, built.readings, strict=True):
        for i, reading in enumerate(readings):
            if reading is not None and reading.value is DELETE:
                found.setdefault(i, {})[column.field.path[0]] = built.bound.at(built.rows[i], column.index)
    return found


def _bodies(built: Built) -> tuple[list[dict[str, Any]], dict[int, dict[str, str]]]:
    """Each row's body, and the files its cells name. Plain columns go in by the column, nested ones by the row."""
    bodies: list[dict[str, Any]] = [{} for _ in built.rows]
    files: dict[int, dict[str, str]] = {}
    nested = False
    for column, readings in zip(built.bound.columns, built.readings, strict=True):
        if len(column.field.path) > 1:
            nested = True
            continue
        name = column.field.path[0]
        for i, (body, reading) in enumerate(zip(bodies, readings, strict=True)):
            if reading is not None and (value := reading.value) is not NOTHING and value is not DELETE:
                body[name] = value
                if reading.file is not None:
                    files.setdefault(i, {})[name] = reading.file
    if nested:
        for i, body in enumerate(bodies):
            for c, column, pointer in built.placed(i):
                if len(column.field.path) > 1:
                    place_value(body, pointer, built.readings[c][i].value)  # type: ignore[union-attr] # as in origins()
    return bodies, files


def place_value(body: dict[str, Any], pointer: Pointer, value: Any) -> None:
    """Put a value into a body of this run's own, making the objects and lists on the way."""
    node: Any = body
    for step, following in pairwise(pointer):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            node.extend({} for _ in range(step + 1 - len(node)))
            node = node[step]
        else:
            node = node.setdefault(step, empty)
    if isinstance(pointer[-1], int):
        node.extend(None for _ in range(pointer[-1] + 1 - len(node)))
    node[pointer[-1]] = value
