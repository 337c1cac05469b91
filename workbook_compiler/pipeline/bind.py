"""Step 3: header row + entity type -> Columns. Columns are found by their names, never by their position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import Any

from workbook_compiler.model.codes import cells, structure
from workbook_compiler.model.columns import Column, Headers, headers
from workbook_compiler.model.diagnostics import Diagnostic, Location, column_letter
from workbook_compiler.model.schema import Access
from workbook_compiler.pipeline.coerce.reading import INVISIBLE
from workbook_compiler.pipeline.coerce.reading import OUTER as SPACES
from workbook_compiler.pipeline.guessing import guess
from workbook_compiler.pipeline.layouts import Table
from workbook_compiler.pipeline.read.cells import ERROR_TEXTS, CellError, NoResult

Place = tuple[tuple[str, ...], int]
"""A column's field and member number."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A table whose headers are understood."""

    table: Table
    columns: tuple[Column, ...]
    misread: frozenset[str] = frozenset()
    """Headers that weren't understood: a required column missed may be among them."""
    guessed: frozenset[int] = frozenset()
    """Positions of columns whose header was told as wrong, and which are read as what it must mean."""

    moved: Mapping[tuple[int, int], int] = attribute(default_factory=dict)
    """Cells whose value stands in another column, by zero-based row and column: that column."""

    def at(self, row: int, column: int) -> Location:
        """Return the place of a cell by zero-based row and column."""
        column = self.moved.get((row, column), column) if self.moved else column
        return Location(self.table.file, self.table.sheet.name, row + 1, column_letter(column))

    def raw(self, row: int, column: int) -> Any:
        """Return what stands at such a place."""
        return self.table.sheet.rows[row][self.moved.get((row, column), column) if self.moved else column]

    def cells(self, column: int) -> Sequence[Any]:
        """Return a column's cells in the data rows, None where a row is too short."""
        columns = self.table.columns
        return columns[column] if column < len(columns) else [None] * len(self.table.rows)


def bind(table: Table) -> tuple[Bound, list[Diagnostic]]:
    """Return the table's columns, and what is wrong with its headers."""
    known = headers(table.entity)
    row = table.sheet.rows[table.header_row]
    bound = Bound(table, ())
    said: list[Diagnostic] = []
    columns: dict[Place, Column] = {}
    unknown: dict[int, str] = {}
    repeated: list[Diagnostic] = []
    misread: set[str] = set()
    said.extend(_without_header(bound, row))
    for index in range(table.first_column, len(row)):
        text = _text(row[index])
        at = bound.at(table.header_row, index)
        if text is None:
            said.append(Diagnostic(structure.HDR06, at, value=_failed(row[index])))
            misread.add("")
        elif text and not _is_private(text, known):
            column, remarks = _column(text, index, known, at, str(row[index]))
            said.extend(remarks)
            if column is None:
                unknown[index] = text
            elif (place := (column.field.path, column.member)) in columns:
                first = bound.at(table.header_row, columns[place].index)
                repeated.append(Diagnostic(structure.HDR02, at, value=text, related=(first,)))
            else:
                columns[place] = column
    guessed = _guessed(bound, unknown, columns, known, said)
    said.extend(_repeated(repeated, _needed(table, columns), misread))
    found = tuple(sorted(columns.values(), key=lambda column: column.index))
    bound = Bound(table, found, frozenset(misread | set(unknown.values())), guessed)
    said.extend(d for column in bound.columns if column.field.access is Access.REFUSED for d in _refused(bound, column))
    said.extend(_marks(bound))
    said.extend(_left_out(bound))
    return replace(bound, columns=tuple(c for c in found if c.field.access is not Access.REFUSED)), said


def _needed(table: Table, columns: Mapping[Place, Column]) -> list[str]:
    """What every record needs and no column holds."""
    present = {column.field.path[0] for column in columns.values()}
    return [name for name in table.entity.rules.get("required", ()) if name not in present]


def _guessed(
    bound: Bound, unknown: Mapping[int, str], columns: dict[Place, Column], known: Headers, said: list[Diagnostic]
) -> frozenset[int]:
    """Tell every unknown header with what it may mean, and add the columns of those that must mean something."""
    table, guessed = bound.table, set[int]()
    for index, text in unknown.items():
        taken = {column.field.header(column.member) for column in columns.values()}
        found = guess(text, bound.cells(index), known, taken, _needed(table, columns))
        at, context = bound.at(table.header_row, index), {"type": table.entity.name}
        said.append(Diagnostic(structure.HDR01, at, value=text, context=context, suggestions=found.suggestions))
        if found.meant is not None:
            columns[found.meant.path, found.member] = Column(index, text, found.meant, found.member)
            guessed.add(index)
    return frozenset(guessed)


def _repeated(said: Sequence[Diagnostic], needed: Sequence[str], misread: set[str]) -> Sequence[Diagnostic]:
    """A header that is there twice is likely the only one that is missing."""
    if len(said) != 1 or len(needed) != 1:
        return said
    misread.add(needed[0])
    return [replace(said[0], suggestions=tuple(needed))]


def _text(cell: Any) -> str | None:
    """The header's text without its star; None for an error cell."""
    if isinstance(cell, CellError | NoResult):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = "" if cell is None else str(cell).strip(SPACES)
    return None if text.upper() in ERROR_TEXTS else text.removeprefix("*").strip(SPACES)


def _failed(cell: Any) -> str:
    return "a formula without a result" if isinstance(cell, NoResult) else getattr(cell, "text", str(cell).strip())


def _is_private(text: str, known: Headers) -> bool:
    """A ``#`` in front keeps a column for the user, unless the portal itself has a property of that name."""
    return text.startswith("#") and text not in known.exact


def _column(text: str, index: int, known: Headers, at: Location, raw: str) -> tuple[Column | None, list[Diagnostic]]:
    found = known.find(text)
    if found is None:
        return None, []
    field, member, exactly = found
    column = Column(index, text, field, member)
    if exactly and not set(INVISIBLE) & {*raw[:1], *raw[-1:]}:
        return column, []
    return column, [Diagnostic(structure.HDR03, at, value=text, field=field.header(member))]


def _is_filled(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or cell.strip(SPACES) != "")


def _filled_places(bound: Bound, column: int) -> list[Location]:
    cells_ = zip(bound.table.rows, bound.cells(column), strict=True)
    return [bound.at(row, column) for row, cell in cells_ if _is_filled(cell)]


def _without_header(bound: Bound, header: Sequence[Any]) -> Iterator[Diagnostic]:
    """Columns with values but no header: inside the table, or to its right, however far."""
    table = bound.table
    inside = [c for c in range(table.first_column, len(header)) if _text(header[c]) == ""]
    found: dict[int, list[Location]] = {}
    for row, cells_ in zip(table.rows, table.data, strict=True):
        for column in (*inside, *range(len(header), len(cells_))):
            if column < len(cells_) and _is_filled(cells_[column]):
                found.setdefault(column, []).append(bound.at(row, column))
    for column, filled in sorted(found.items()):
        yield Diagnostic(structure.HDR04, bound.at(table.header_row, column), related=tuple(filled))


def _refused(bound: Bound, column: Column) -> Sequence[Diagnostic]:
    filled = _filled_places(bound, column.index)
    if not filled:
        return []
    at = bound.at(bound.table.header_row, column.index)
    name = column.field.header(column.member)
    return [Diagnostic(structure.HDR05, at, name, None, {"count": len(filled)}, related=tuple(filled))]


def _left_out(bound: Bound) -> Sequence[Diagnostic]:
    """Rows of a plain table that begin with #: there the first column is a column of values like any other."""
    table = bound.table
    if table.first_column > 0 or not table.rows:
        return []
    kept, rows = set(table.rows), table.sheet.rows
    places = [
        bound.at(row, 0)
        for row in range(table.rows[0], len(rows))
        if row not in kept and any(map(_is_filled, rows[row]))
    ]
    context = {"count": len(places)}
    return [Diagnostic(structure.ROW02, places[0], context=context, related=tuple(places[1:]))] if places else []


def _marks(bound: Bound) -> Sequence[Diagnostic]:
    """Error cells in the column for marks; in a plain table column A is a column like any other."""
    if bound.table.first_column == 0:
        return []
    marks = zip(bound.table.rows, bound.cells(0), strict=True)
    texts = [(row, m.text if isinstance(m, CellError) else m) for row, m in marks]
    wrong = [(row, m.strip()) for row, m in texts if isinstance(m, str) and m.strip().upper() in ERROR_TEXTS]
    return [Diagnostic(cells.CEL01, bound.at(row, 0), value=text) for row, text in wrong]
