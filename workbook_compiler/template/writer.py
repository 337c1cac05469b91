"""Selection -> the .xlsx file: a guide, one sheet for each type, the hidden lists and the manifest.

The same selection gives the same bytes, and the file appears whole or not at all.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from workbook_compiler.errors import UsageError
from workbook_compiler.files import written_whole
from workbook_compiler.model.columns import Field
from workbook_compiler.model.schema import Kind, Schema
from workbook_compiler.template.checked import done, put
from workbook_compiler.template.dropdowns import Dropdowns, dropdowns, write_lists, write_validations
from workbook_compiler.template.guide import write_guide
from workbook_compiler.template.selection import ChosenType, Selection
from workbook_compiler.template.sheets import FIRST_COLUMN, HEADER_ROWS, LAST_ROW, MANIFEST, Sheet, lay_out
from workbook_compiler.template.styles import Styles
from workbook_compiler.template.values import Cell
from workbook_compiler.template.words import description, header, information, type_words

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

Filling: TypeAlias = Sequence[Mapping[int, Cell]]
"""Rows to be filled in: the place of a column among the fields -> its cell."""
NO_ROWS: Mapping[str, Filling] = MappingProxyType({})

MARKS = ("#Field Name:", "#Field Type:", "#Description:", "#Additional Info:")
"""Column A of the rows that tell about the columns, the same as in Submit4DN's workbooks."""

_MARKS_WIDTH = 16
_LINE = 12.5
MOST_FROZEN = 3
"""More frozen columns would leave a laptop no room to type in."""
"""Height of one line of small print."""


def write(selection: Selection, schema: Schema, path: Path, *, tool_version: str, preset_names: Sequence[str]) -> None:
    """Write the blank workbook of a selection to ``path``, in one move.

    Raises UsageError when the file can't be written there.
    """
    made = content(lay_out(selection, schema), facts_of(schema, preset_names, tool_version))
    try:
        with written_whole(path) as beside:
            beside.write_bytes(made)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.") from error


def facts_of(schema: Schema, preset_names: Sequence[str], tool_version: str) -> dict[str, str]:
    """Return what a workbook says about itself."""
    return {
        "portal": schema.portal,
        "preset": ",".join(preset_names),
        "schema_source": schema.source,
        "schema_sha256": schema.sha256,
        "tool_version": tool_version,
        "layout": "house",
        **({"parts": ",".join(schema.parts)} if schema.parts else {}),
    }


def content(sheets: Sequence[Sheet], facts: Mapping[str, str], rows: Mapping[str, Filling] = NO_ROWS) -> bytes:
    """Return the bytes of a workbook with these sheets; ``rows`` are filled in, by the name of their type."""
    from xlsxwriter import Workbook

    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workbook = Workbook(buffer, {"in_memory": True})
        # A fixed date keeps the bytes the same from one run to the next.
        workbook.set_properties({"title": "Blank workbook", "created": datetime(2000, 1, 1)})
        styles = Styles(workbook)
        offered = dropdowns(sheets)
        write_guide(workbook, sheets, facts, styles)
        for sheet in sheets:
            worksheet = _write_sheet(workbook, sheet, offered, styles)
            _write_rows(worksheet, sheet, rows.get(sheet.chosen.entity.name, ()), styles)
        write_lists(workbook, sheets, offered)
        _write_manifest(workbook, sheets, facts)
        workbook.close()
    return buffer.getvalue()


def _write_sheet(workbook: Workbook, sheet: Sheet, offered: Dropdowns, styles: Styles) -> Worksheet:
    worksheet = workbook.add_worksheet(sheet.name)
    _write_marks(worksheet, styles)
    for column, (field, reach) in enumerate(sheet.columns, FIRST_COLUMN):
        named = field is sheet.chosen.identifier
        role = styles.role(required=field.required, identifier=named)
        put(worksheet, 0, column, header(field), role.name)
        put(worksheet, 1, column, type_words(field), role.type)
        put(worksheet, 2, column, description(field), role.text)
        put(worksheet, 3, column, information(field, reach), role.text)
        data = styles.data(number_format(field), field.required)
        done(worksheet.set_column(column, column, _width(field), data))
    _set_heights(worksheet, sheet)
    write_validations(worksheet, sheet, offered)
    # Row 4 stands as the filter's header, so that filtering and sorting leave the rows above alone.
    last = FIRST_COLUMN + len(sheet.chosen.fields) - 1
    done(worksheet.autofilter(HEADER_ROWS - 1, 0, LAST_ROW, last))
    worksheet.freeze_panes(HEADER_ROWS, FIRST_COLUMN + _frozen(sheet.chosen))
    worksheet.set_selection(HEADER_ROWS, FIRST_COLUMN, HEADER_ROWS, FIRST_COLUMN)
    worksheet.set_landscape()
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(0, HEADER_ROWS - 1)
    return worksheet


def _write_rows(worksheet: Worksheet, sheet: Sheet, rows: Filling, styles: Styles) -> None:
    """Write the rows; a cell needs its column's format again, or the spreadsheet shows it in its own."""
    looks = [styles.data(number_format(field), field.required) for field, _ in sheet.columns]
    for row, cells in enumerate(rows, start=HEADER_ROWS):
        for place, cell in cells.items():
            _write_cell(worksheet, row, FIRST_COLUMN + place, cell, looks[place])


def _write_cell(worksheet: Worksheet, row: int, column: int, cell: Cell, look: Format) -> None:
    if isinstance(cell, bool):
        done(worksheet.write_boolean(row, column, cell, look))
    elif isinstance(cell, int | float):
        done(worksheet.write_number(row, column, cell, look))
    elif isinstance(cell, date):
        done(worksheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), look))
    else:
        put(worksheet, row, column, cell, look)


def _write_marks(worksheet: Worksheet, styles: Styles) -> None:
    done(worksheet.set_column(0, 0, _MARKS_WIDTH, styles.marks))
    for row, text in enumerate(MARKS):
        put(worksheet, row, 0, text, styles.mark)
    options = {
        "validate": "any",
        "input_title": "Column for marks",
        "input_message": "Leave it empty. A row with # here is not read.",
    }
    done(worksheet.data_validation(HEADER_ROWS, 0, LAST_ROW, 0, options))


def _frozen(chosen: ChosenType) -> int:
    """How many columns stay in sight: up to the row's own name, when it stands near enough."""
    place = chosen.fields.index(chosen.identifier) + 1 if chosen.identifier else 0
    return place if place <= MOST_FROZEN else 0


def _set_heights(worksheet: Worksheet, sheet: Sheet) -> None:
    """Make rows 3 and 4 as high as their texts ask for, within reason: the prompt at the cell tells it again."""
    fields = sheet.chosen.fields
    infos = [information(field, reach) for field, reach in sheet.columns]
    worksheet.set_row(0, 21)
    worksheet.set_row(2, _height(fields, [description(field) for field in fields], 5))
    worksheet.set_row(3, _height(fields, infos, 7))


def _height(fields: Sequence[Field], texts: Sequence[str], most: int) -> float:
    lines = (-(-len(text) // int(_width(field) * 1.2)) for field, text in zip(fields, texts, strict=True))
    return _LINE * min(most, max(lines)) + 4


def _width(field: Field) -> float:
    widest = max(len(header(field)) * 1.15 + 3, len(type_words(field)) * 0.85 + 2, 20)
    return min(widest, 42)


def number_format(field: Field) -> str:
    """Return the number format of a column's cells: Text wherever a spreadsheet would change what is typed."""
    prop = field.property
    kind = Kind.TEXT if field.json or prop.kind is Kind.LIST else prop.kind
    if prop.choices and all(isinstance(value, int | float) for value in prop.choices):
        kind = Kind.NUMBER
    return _FORMATS.get(kind, "@")


_FORMATS = {
    Kind.NUMBER: "General",
    Kind.INTEGER: "General",
    Kind.BOOLEAN: "General",
    Kind.DATE: "yyyy-mm-dd",
    Kind.DATE_OR_TIME: "yyyy-mm-dd",
    Kind.DATE_TIME: "yyyy-mm-dd hh:mm",
    Kind.ANY: "General",
}


def _write_manifest(workbook: Workbook, sheets: Sequence[Sheet], facts: Mapping[str, str]) -> None:
    manifest = workbook.add_worksheet(MANIFEST)
    manifest.very_hidden()
    entries = [*facts.items(), *((f"sheet:{sheet.name}", sheet.chosen.entity.name) for sheet in sheets)]
    for row, (key, value) in enumerate(entries):
        put(manifest, row, 0, key)
        put(manifest, row, 1, value)
