"""Step 3: header row + entity type -> Columns. Columns are found by their names, never by their position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbook_compiler.model.codes import cells, structure
from workbook_compiler.model.columns import Column, Headers, headers
from workbook_compiler.model.diagnostics import Diagnostic, Location, column_letter
from workbook_compiler.model.schema import Access
from workbook_compiler.nearest import likely
from workbook_compiler.pipeline.coerce.reading import INVISIBLE
from workbook_compiler.pipeline.coerce.reading import OUTER as SPACES
from workbook_compiler.pipeline.layouts import Table
from workbook_compiler.pipeline.read.cells import ERROR_TEXTS, CellError, NoResult

RELATED = 20
"""At most so many cells of one mistake are listed."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A table whose headers are understood."""

    table: Table
    columns: tuple[Column, ...]
    misread: frozenset[str] = frozenset()
    """Headers that weren't understood: a required column missed may be among them."""

    def at(self, row: int, column: int) -> Location:
        """Return the place of a cell by zero-based row and column."""
        return Location(self.table.file, self.table.sheet.name, row + 1, column_letter(column))

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
    columns: dict[tuple[tuple[str, ...], int], Column] = {}
    misread: set[str] = set()
    said.extend(_without_header(bound, row))
    for index in range(table.first_column, len(row)):
        text = _text(row[index])
        at = bound.at(table.header_row, index)
        if text is None:
            said.append(Diagnostic(structure.HDR06, at, value=_failed(row[index])))
            misread.add("")
        elif text and not _is_private(text, known):
            column, remarks = _column(text, index, known, at, table, str(row[index]))
            said.extend(remarks)
            if column is None:
                misread.add(text)
            elif (place := (column.field.path, column.member)) in columns:
                first = bound.at(table.header_row, columns[place].index)
                said.append(Diagnostic(structure.HDR02, at, value=text, related=(first,)))
            else:
                columns[place] = column
    bound = Bound(table, tuple(columns.values()), frozenset(misread))
    accepted = [c for c in bound.columns if c.field.access is not Access.REFUSED]
    refused = [c for c in bound.columns if c.field.access is Access.REFUSED]
    said.extend(d for column in refused for d in _refused(bound, column))
    said.extend(_marks(bound))
    said.extend(_left_out(bound))
    return Bound(table, tuple(accepted), frozenset(misread)), said


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


def _column(
    text: str, index: int, known: Headers, at: Location, table: Table, raw: str
) -> tuple[Column | None, list[Diagnostic]]:
    found = known.find(text)
    if found is None:
        folded = text.casefold()
        begins = [name for name in known.exact if name.casefold().startswith((f"{folded}.", f"{folded}s."))]
        near = [*begins[:3], *likely(text, known.exact)][:3] if len(begins) < 4 else likely(text, known.exact)
        context = {"type": table.entity.name}
        return None, [Diagnostic(structure.HDR01, at, value=text, context=context, suggestions=tuple(near))]
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
        yield Diagnostic(structure.HDR04, bound.at(table.header_row, column), related=tuple(filled[:RELATED]))


def _refused(bound: Bound, column: Column) -> Sequence[Diagnostic]:
    filled = _filled_places(bound, column.index)
    if not filled:
        return []
    at = bound.at(bound.table.header_row, column.index)
    name = column.field.header(column.member)
    return [Diagnostic(structure.HDR05, at, name, None, {"count": len(filled)}, related=tuple(filled[:RELATED]))]


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
    return [Diagnostic(structure.ROW02, places[0], context=context, related=tuple(places[1:RELATED]))] if places else []


def _marks(bound: Bound) -> Sequence[Diagnostic]:
    """Error cells in the column for marks; in a plain table column A is a column like any other."""
    if bound.table.first_column == 0:
        return []
    marks = zip(bound.table.rows, bound.cells(0), strict=True)
    texts = [(row, m.text if isinstance(m, CellError) else m) for row, m in marks]
    wrong = [(row, m.strip()) for row, m in texts if isinstance(m, str) and m.strip().upper() in ERROR_TEXTS]
    return [Diagnostic(cells.CEL01, bound.at(row, 0), value=text) for row, text in wrong]
