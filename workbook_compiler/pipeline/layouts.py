"""Step 2: which type a sheet holds, and where its header and its data rows are.

Two layouts for every portal: the house layout (Submit4DN's: column A is for marks, four header rows that begin with ``#``),
and a plain table whose first row is the header. A sheet with the house's rows but without its column A is understood as well.
Layouts of other tools are the portal's to know (``Portal.foreign``): columns get our names here, and stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress, islice, zip_longest
from typing import Any

from workbook_compiler.model.cells import PROBLEMS_HEADING
from workbook_compiler.model.codes import structure
from workbook_compiler.model.columns import HEADER_MARK, SEARCHED_ROWS
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.portal import Foreign
from workbook_compiler.model.schema import EntityType, Schema
from workbook_compiler.nearest import likely, surely
from workbook_compiler.pipeline.read.cells import ERROR_TEXTS, Sheet, Workbook

OWN_SHEETS = ("read me",)
"""Visible sheets of our templates that hold no rows."""

_TYPE_WORDS = re.compile(
    r"(string|number|integer|boolean|json|array of .+|item:.+|embedded .+|date.*|object)", re.IGNORECASE
)
_FOREIGN = {"XLSForm": {"survey", "choices", "settings"}, "SEEK": {"sample type metadata", "controlled vocabularies"}}
MAX_SHEET_NAME = 31


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet as header and data rows of one entity type."""

    file: str
    sheet: Sheet
    entity: EntityType
    header_row: int
    """Zero-based."""
    first_column: int
    rows: tuple[int, ...]
    """Zero-based indexes of the rows that aren't comments; empty ones are still among them."""
    data: tuple[Sequence[Any], ...]
    """Those rows."""
    columns: tuple[Sequence[Any], ...]
    """The same by the column, as far as there are headers; None where a row is too short."""
    foreign: Foreign | None = None
    """Its layout, when that is another tool's."""


ReadAs = Callable[[str, Sequence[Sequence[Any]], Location, Schema], Foreign | None]


def tables(
    workbook: Workbook, schema: Schema, read_as: ReadAs = lambda *_: None
) -> Iterator[tuple[Table | None, list[Diagnostic]]]:
    """Yield the tables of a workbook in sheet order, each with what is to be said; sheets that are the user's own are left out.

    A sheet isn't looked at before it is its turn.
    """
    foreign = _foreign(workbook)
    if foreign:
        yield None, [Diagnostic(structure.SHT05, Location(workbook.name), context={"layout": foreign})]
        return
    for sheet in workbook.sheets:
        if sheet.hidden or is_private(sheet.name) or _is_ours(sheet) or _is_blank(sheet):
            yield None, _left_out(sheet, workbook, schema)
            continue
        at, name = Location(workbook.name, sheet.name), workbook.manifest.get(f"sheet:{sheet.name}", sheet.name)
        other = read_as(name, sheet.rows, at, schema) if "portal" not in workbook.manifest else None
        if other is not None:
            yield _translated(workbook.name, sheet, other, schema), [*other.said]
            continue
        entity, said = _entity(sheet, workbook, schema)
        below = _header_below(sheet, entity) if entity is not None else None
        if below is not None:  # to read the rows by their title would be one mistake told at every cell
            yield None, [*said, Diagnostic(structure.SHT09, at, context={"row": below + 1})]
            continue
        table = _table(workbook.name, sheet, entity) if entity is not None else None
        if entity is not None and table is None:
            said.append(Diagnostic(structure.SHT04, at))
        yield table, said


def _left_out(sheet: Sheet, workbook: Workbook, schema: Schema) -> list[Diagnostic]:
    """A remark on a hidden sheet that has a type's name, when it has rows: they may be missed."""
    entity = schema.types.get(workbook.manifest.get(f"sheet:{sheet.name}", sheet.name)) if sheet.hidden else None
    table = _table(workbook.name, sheet, entity) if entity is not None else None
    count = sum(any(map(_filled, row[table.first_column :])) for row in table.data) if table is not None else 0
    at = Location(workbook.name, sheet.name)
    return [Diagnostic(structure.SHT10, at, context={"count": count})] if count else []


def _translated(file: str, sheet: Sheet, other: Foreign, schema: Schema) -> Table | None:
    """A sheet of another tool with our names in its header and our words in its cells, each where it was."""
    if not other.type:
        return None
    rows = list(sheet.rows)
    rows[other.header_row] = [other.headers.get(n, cell) for n, cell in enumerate(rows[other.header_row])]
    for index in range(other.first_row, len(rows)) if other.words else ():
        rows[index] = [_word(cell, other.words.get(n)) for n, cell in enumerate(rows[index])]
    entity = schema.types[other.type]
    table = _with_data(file, replace(sheet, rows=rows), entity, other.header_row, 0, other.first_row)
    return replace(table, foreign=other)


def _word(cell: Any, words: Mapping[str, str] | None) -> Any:
    return words.get(cell.strip().casefold(), cell) if words and isinstance(cell, str) else cell


def is_private(name: str) -> bool:
    """Tell whether a sheet's name marks it as the user's own: ``_x``, ``#x`` or ``(x)``."""
    return name.startswith(("_", "#")) or (name.startswith("(") and name.endswith(")"))


def _foreign(workbook: Workbook) -> str | None:
    names = {title.casefold() for title in workbook.titles}
    return next((tool for tool, marks in _FOREIGN.items() if marks <= names), None)


def _is_ours(sheet: Sheet) -> bool:
    """The guide of a template, or the problems of an annotated workbook."""
    first = next(iter(sheet.rows), ())
    return sheet.name.casefold() in OWN_SHEETS or (len(first) > 0 and first[0] == PROBLEMS_HEADING)


def _is_blank(sheet: Sheet) -> bool:
    return not any(_filled(cell) for row in sheet.rows for cell in row)


def _filled(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or cell.strip() != "")


def _entity(sheet: Sheet, workbook: Workbook, schema: Schema) -> tuple[EntityType | None, list[Diagnostic]]:
    name, at = sheet.name, Location(workbook.name, sheet.name)
    entity = schema.types.get(workbook.manifest.get(f"sheet:{name}", name)) or _shortened(name, schema.types)
    remarks = []
    if entity is None:
        entity = _otherwise_spelt(name, schema.types) or schema.types.get(workbook.manifest.get("otherwise", ""))
        if entity is None:
            return _misspelt(sheet, workbook, schema)
        if "otherwise" not in workbook.manifest:
            remarks.append(Diagnostic(structure.SHT03, at, value=name, context={"type": entity.name}))
    if entity.abstract:
        choices = schema.concrete(entity.name)
        shown = ", ".join(choices[:3]) + (f" (and {len(choices) - 3} more)" if len(choices) > 3 else "")
        return None, [Diagnostic(structure.SHT02, at, value=name, context={"choices": shown}, suggestions=choices[:3])]
    return entity, remarks


def _misspelt(sheet: Sheet, workbook: Workbook, schema: Schema) -> tuple[EntityType | None, list[Diagnostic]]:
    """A sheet whose name is no type's; one that must mean a type is read as that type's, so that its rows are known."""
    concrete = {name: entity for name, entity in schema.types.items() if not entity.abstract}
    sure = surely(sheet.name, concrete) if len(sheet.name) < MAX_SHEET_NAME else None
    titles = {title.casefold() for title in workbook.titles}
    near = [*([sure] if sure else ()), *(name for name in likely(sheet.name, concrete) if name != sure)]
    if not near:
        near = _by_headers(sheet, concrete)
    context = {"way": _way(near)} if workbook.is_text else {}
    said = Diagnostic(structure.SHT01, Location(workbook.name, sheet.name), None, sheet.name, context, tuple(near[:3]))
    is_it = (
        sure is not None and sure.casefold() not in titles and sure in _by_headers(sheet, {sure: concrete[sure]}, 0.5)
    )
    return concrete[sure] if is_it and sure else None, [said]


def _by_headers(sheet: Sheet, types: Mapping[str, EntityType], share: float = 0.75) -> list[str]:
    """The one type that has properties for nearly all headers of a sheet."""
    marked = _marked_header(sheet.rows)
    header = sheet.rows[sheet.header_row if marked is None else marked : (marked or sheet.header_row) + 1]
    heads = {cell.strip().lstrip("*").partition(".")[0].casefold() for row in header for cell in row[marked is not None :]
             if isinstance(cell, str) and _filled(cell)}  # fmt: skip
    fitting = {name: len(heads & {own.casefold() for own in entity.properties}) for name, entity in types.items()}
    best = max(fitting.values(), default=0)
    found = [name for name, count in fitting.items() if count == best]
    return found if len(found) == 1 and best >= 2 and best >= share * len(heads) else []


def _way(near: Sequence[str]) -> str:
    """How the type of a text file is said."""
    name = near[0] if near else "TYPE"
    return f"Add --type {name} to the command, or name the file after its type: {name}.tsv."


def _shortened(name: str, types: Mapping[str, EntityType]) -> EntityType | None:
    """The only type that begins as a sheet's name of full length does."""
    if len(name) != MAX_SHEET_NAME:
        return None
    folded = name.casefold()
    longer = [entity for type_name, entity in types.items() if type_name.casefold().startswith(folded)]
    return longer[0] if len(longer) == 1 else None


def _otherwise_spelt(name: str, types: Mapping[str, EntityType]) -> EntityType | None:
    folded = name.strip().casefold()
    return next((e for e in types.values() if folded in (e.name.casefold(), e.path.casefold())), None)


def _table(file: str, sheet: Sheet, entity: EntityType) -> Table | None:
    marked = _marked_header(sheet.rows)
    if marked is not None:
        return _with_data(file, sheet, entity, marked, 1, marked + 1)
    header = sheet.header_row
    if len(sheet.rows) <= header or not any(_filled(cell) for cell in sheet.rows[header]):
        return None
    first = header + (4 if _has_type_words(sheet.rows[header + 1 : header + 2]) else 1)
    return _with_data(file, sheet, entity, header, 0, first)


def _header_below(sheet: Sheet, entity: EntityType) -> int | None:
    """The row that names properties where the first row names none: a title stands above the header."""
    first = sheet.rows[sheet.header_row : sheet.header_row + 1]
    if not first or _marked_header(sheet.rows) is not None or _named(first[0], entity):
        return None
    later = range(sheet.header_row + 1, min(len(sheet.rows), SEARCHED_ROWS))
    return next((index for index in later if len(_named(sheet.rows[index], entity)) > 1), None)


def _named(row: Sequence[Any], entity: EntityType) -> set[str]:
    """The properties that a header row names, however they are capitalised."""
    heads = {cell.strip().lstrip("*").partition(".")[0].casefold() for cell in row if isinstance(cell, str)}
    return {name for name in entity.properties if name.casefold() in heads}


def _with_data(file: str, sheet: Sheet, entity: EntityType, header: int, column: int, first: int) -> Table:
    rows = tuple(_data_rows(sheet.rows, first))
    data = tuple([sheet.rows[index] for index in rows])
    width = len(sheet.rows[header])
    near = data if max(map(len, data), default=0) <= width else [row[:width] for row in data]
    return Table(file, sheet, entity, header, column, rows, data, tuple(zip_longest(*near)))


def _marked_header(rows: Sequence[Sequence[Any]]) -> int | None:
    for index, row in enumerate(rows[:SEARCHED_ROWS]):
        if row and isinstance(row[0], str) and row[0].strip().casefold() == HEADER_MARK:
            return index
    return None


def _has_type_words(rows: Sequence[Sequence[Any]]) -> bool:
    """A house sheet whose column A was deleted still says ``string`` and ``Item:…`` in its second row."""
    words = [cell for row in rows for cell in row if _filled(cell)]
    return len(words) > 1 and all(isinstance(word, str) and _TYPE_WORDS.fullmatch(word.strip()) for word in words)


def _data_rows(rows: Sequence[Sequence[Any]], first: int) -> Iterator[int]:
    for index in compress(range(first, len(rows)), islice(rows, first, None)):
        row = rows[index]
        if not (isinstance(row[0], str) and _is_comment(row[0].strip())):
            yield index


def _is_comment(text: str) -> bool:
    """A ``#`` in front marks a comment; ``#N/A`` is an error value and marks nothing."""
    return text.startswith("#") and text.upper() not in ERROR_TEXTS
