"""Step 5: Columns + rows -> Records. Whole columns are read first, then each row's body is put together once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, repeat
from typing import Any

from workbook_compiler.model.codes import cells, structure, values
from workbook_compiler.model.columns import UUID_MARK, Column
from workbook_compiler.model.diagnostics import Diagnostic, Location, cell_address
from workbook_compiler.model.portal import FileType
from workbook_compiler.model.records import NO_FILES, NONE, Pointer, Record, identifier_of
from workbook_compiler.pipeline.bind import Bound
from workbook_compiler.pipeline.coerce import ColumnReader, ReadColumn, read_column, reader_for
from workbook_compiler.pipeline.coerce.reading import DELETE, NOTHING, Finding, Reading, is_wrong
from workbook_compiler.pipeline.coerce.shown import shown
from workbook_compiler.pipeline.damage import undone
from workbook_compiler.pipeline.sheet import Built, Cells, RowOrigin, pointer_of, pointers_of
from workbook_compiler.pipeline.shifts import displaced


def build(bound: Bound, file_type: FileType, *, several_files: bool = False) -> tuple[Built, list[Diagnostic]]:
    """Read every cell of a table and return what became of them, row by row that says something."""
    covered, said = _merged(bound)
    readers = [reader_for(c.field.property, json=c.field.json, file_type=file_type) for c in bound.columns]
    read = [read_column(reader, bound.cells(c.index)) for reader, c in zip(readers, bound.columns, strict=True)]
    bound, readers, read = _well_guessed(bound, readers, read)
    elsewhere = displaced(bound, readers, read)
    if elsewhere.found:
        said += elsewhere.said
        bound, read, emptied = _put_right(bound, readers, read, elsewhere.found)
        covered |= emptied
    for column, cells_, reader in zip(bound.columns, read, readers, strict=True):
        undone(column.field.property, bound.cells(column.index), cells_, reader.read)
    kept = _filled_rows(len(bound.table.rows), read)
    if len(kept) < len(bound.table.rows):
        read = [column.rows(kept) for column in read]
    prefix = f"{bound.table.file}#" if several_files else ""
    built = Built(bound, tuple(bound.table.rows[i] for i in kept), tuple(read), covered, prefix)
    said.extend(_told(built))
    said.extend(_twice(built))
    said.extend(_gaps(built))
    said.extend(_hidden(built))
    return replace(built, misnamed=_misnamed(built), stored=dict(_stored(built))), said


def _well_guessed(
    bound: Bound, readers: list[ColumnReader], read: list[ReadColumn]
) -> tuple[Bound, list[ColumnReader], list[ReadColumn]]:
    """The columns without those that were guessed and hold what they can't hold."""
    wrong = {
        column.index
        for column, cells_ in zip(bound.columns, read, strict=True)
        if column.index in bound.guessed and cells_.remarks and _is_mostly_wrong(cells_)
    }
    if not wrong:
        return bound, readers, read
    kept = [n for n, column in enumerate(bound.columns) if column.index not in wrong]
    right = replace(bound, columns=tuple(bound.columns[n] for n in kept))
    return right, [readers[n] for n in kept], [read[n] for n in kept]


def _put_right(
    bound: Bound,
    readers: Sequence[ColumnReader],
    read: Sequence[ReadColumn],
    found: Mapping[tuple[int, int], int | None],
) -> tuple[Bound, list[ReadColumn], frozenset[tuple[int, int]]]:
    """The columns with values that stood beside them; and the cells that are empty through no fault of their own."""
    table, places = bound.table, {place for _, place in found}
    columns = list(read)
    for place in places:
        cells_ = list(bound.cells(bound.columns[place].index))
        for (i, own), index in found.items():
            if own == place:
                row = table.data[i]
                cells_[i] = row[index] if index is not None and index < len(row) else None
        columns[place] = read_column(readers[place], cells_)
    own_cells = {(table.rows[i], bound.columns[place].index): index for (i, place), index in found.items()}
    moved = {cell: index for cell, index in own_cells.items() if index is not None}
    emptied = {
        (table.rows[i], own_cells.get((table.rows[i], bound.columns[place].index)) or bound.columns[place].index)
        for i, place in found
        if columns[place].values[i] is NOTHING and i not in columns[place].remarks
    }
    return replace(bound, moved=moved), columns, frozenset(emptied)


def _is_mostly_wrong(read: ReadColumn) -> bool:
    wrong = sum(map(is_wrong, read.remarks.values()))
    return wrong > sum(value is not NOTHING for value in read.values)


def _filled_rows(count: int, columns: Sequence[ReadColumn]) -> list[int]:
    """The rows with anything in any column; the first full column settles it for all."""
    empty = set(range(count))
    for column in columns:
        if not empty:
            break
        empty = {i for i in empty if column.values[i] is NOTHING and i not in column.remarks}
    return [i for i in range(count) if i not in empty] if empty else list(range(count))


def _told(built: Built) -> Iterator[Diagnostic]:
    """Give every finding its cell."""
    for column, read in zip(built.bound.columns, built.read, strict=True):
        name = ".".join(column.field.path)
        for i, reading in read.remarks.items():
            row = built.rows[i]
            raw = built.bound.raw(row, column.index)
            at = built.bound.at(row, column.index)
            yield from (_diagnostic(finding, at, name, raw) for finding in reading.findings)


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
        (top, left), (bottom, right) = cell_address(first), cell_address(last or first)
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
            filled = [c for c in inside if built.read[c].has_value(i)]
            if filled and built.read[w].has_value(i):
                built.read[w].without(i, Reading(NOTHING, (Finding(values.OBJ02, {}),)))
                at = built.bound.at(built.rows[i], whole.index)
                related = tuple(built.bound.at(built.rows[i], columns[c].index) for c in filled)
                yield Diagnostic(values.OBJ02, at, ".".join(whole.field.path), related=related)


def _gaps(built: Built) -> Iterator[Diagnostic]:
    """Rows that fill in a later member of a list without an earlier one."""
    if not any(column.member for column in built.bound.columns):
        return
    for i, row in enumerate(built.rows):
        for path, numbers in built.members(i).items():
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


NO_NAMES: frozenset[str] = frozenset()


def records(sheets: Sequence[Built]) -> list[Record]:
    """Return the records of all sheets, in the order of files, sheets and rows."""
    made: list[Record] = []
    for built in sheets:
        table = built.bound.table
        name = f"{built.prefix}{table.sheet.name}!"
        deletes, files = _deletes(built), _files(built)
        origins = Cells(built)
        file, sheet, type_name, identifiers = table.file, table.sheet.name, table.entity.name, table.entity.identifiers
        for i, (row, body) in enumerate(zip(built.rows, _bodies(built), strict=True)):
            made.append(
                Record(
                    len(made),
                    type_name,
                    f"{name}{row + 1}",
                    Location(file, sheet, row + 1),
                    body,
                    identifier_of(body, identifiers),
                    RowOrigin(origins, i, body),
                    built.misnamed.get(i, NO_NAMES),
                    deletes.get(i, NONE),
                    built.stored.get(i),
                    files.get(i, NO_FILES),
                )
            )
    return made


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _stored(built: Built) -> Iterator[tuple[int, str]]:
    """What receipts of an earlier run say beside the rows: which record of the portal each one is."""
    table = built.bound.table
    header = table.sheet.rows[table.header_row]
    column = next((index for index, text in enumerate(header) if text == UUID_MARK), None)
    for i, row in enumerate(built.rows) if column is not None else ():
        cells_ = table.sheet.rows[row]
        text = cells_[column] if column is not None and column < len(cells_) else None
        if isinstance(text, str) and _UUID.fullmatch(text.strip()):
            yield i, text.strip().lower()


def _misnamed(built: Built) -> dict[int, frozenset[str]]:
    """For rows whose identifier cell is wrong, what it says."""
    found: dict[int, frozenset[str]] = {}
    for column, read in zip(built.bound.columns, built.read, strict=True):
        if column.field.path[0] not in built.bound.table.entity.identifiers:
            continue
        for i, reading in read.remarks.items():
            if is_wrong(reading):
                typed = shown(built.bound.raw(built.rows[i], column.index))
                words = {typed.strip(), *(word.strip() for word in typed.split(","))}
                found[i] = found.get(i, frozenset()) | words
    return found


def _deletes(built: Built) -> dict[int, dict[str, Location]]:
    found: dict[int, dict[str, Location]] = {}
    for column, read in zip(built.bound.columns, built.read, strict=True):
        for i in [i for i, value in enumerate(read.values) if value is DELETE] if DELETE in read.values else ():
            header = column.field.header(0 if column.field.spread else column.member)
            found.setdefault(i, {})[header] = built.bound.at(built.rows[i], column.index)
    return found


def _files(built: Built) -> dict[int, dict[Pointer, str]]:
    found: dict[int, dict[Pointer, str]] = {}
    for column, read in zip(built.bound.columns, built.read, strict=True):
        for i, reading in read.remarks.items():
            if reading.file is not None:
                found.setdefault(i, {})[pointer_of(column, built.members(i))] = reading.file
    return found


def _bodies(built: Built) -> list[dict[str, Any]]:
    """Each row's body. Columns go in by the column, but for members of lists, whose place depends on the row's others."""
    paths = Counter(column.field.path for column in built.bound.columns if column.field.spread)
    plain = [(column.field.path[0], _kept(read)) for column, read in built.pairs if _is_plain(column, paths)]
    names = [name for name, _ in plain]
    rows = zip(*(values for _, values in plain), strict=True) if plain else repeat((), len(built.rows))
    bodies = [{k: v for k, v in zip(names, row, strict=True) if v is not NOTHING} for row in rows]
    listed: list[tuple[Column, ReadColumn]] = []
    for column, read in built.pairs:
        *way, name = column.field.path
        if _is_plain(column, paths):
            continue
        if column.field.list_at is not None:
            listed.append((column, read))
        else:
            for body, value in zip(bodies, _kept(read), strict=True):
                if value is not NOTHING:
                    for part in way:
                        body = body.setdefault(part, {})
                    body[name] = value
    for i in sorted({i for _, read in listed for i, value in enumerate(_kept(read)) if value is not NOTHING}):
        for pointer, _, value in pointers_of(listed, i):
            place_value(bodies[i], pointer, value)
    return bodies


def _is_plain(column: Column, spread: Mapping[tuple[str, ...], int]) -> bool:
    """Whether a column's values are all of a property's: neither inside it, nor spread over more columns."""
    return len(column.field.path) == 1 and spread.get(column.field.path, 1) == 1


def _kept(read: ReadColumn) -> list[Any]:
    """A column's values, NOTHING where ``*delete*`` stands."""
    if DELETE not in read.values:
        return read.values
    return [NOTHING if value is DELETE else value for value in read.values]


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
