"""Small schemas, the blank workbooks made of them, and what one wants to ask of such a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl.utils import range_boundaries

from workbook_compiler.model.schema import Schema
from workbook_compiler.portals.snovault import FOURDN
from workbook_compiler.template import select, write

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

TEXT = {"type": "string"}
ALIASES = {"type": "array", "items": TEXT, "uniqueKey": "alias", "lookup": 1}
MANY = [f"a rather long choice, number {n}" for n in range(40)]


def link(target: str) -> dict[str, Any]:
    return {"type": "string", "linkTo": target}


def listed(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


SAMPLE = {
    "long": {**TEXT, "enum": MANY, "description": "What it is.", "comment": "Ask first"},
    "size": {**TEXT, "enum": ["small", "large"]},
    "size_again": {**TEXT, "enum": ["small", "large"]},
    "lane": {"type": "integer", "enum": [1, 2]},
    "frozen": {"type": "boolean"},
    "buffer": {**TEXT, "suggested_enum": ["PBS", "TE"]},
    "marks": listed({**TEXT, "enum": ["red", "green"]}),
    "additives": listed({**TEXT, "enum": ["salt", "serum, heated", '5" dish, "old"']}),
    "additive": {**TEXT, "enum": ["salt", "serum, heated"]},
    "dose": {"type": "number"},
    "dose_units": {**TEXT, "enum": ["mg"]},
    "source": link("Source"),
    "sources": listed(link("Source")),
    "donor": link("Donor"),
    "site": link("Site"),
    "count": {"type": "integer", "minimum": 1, "maximum": 6},
    "amount": {"type": "number"},
    "day": {**TEXT, "format": "date"},
    "moment": {**TEXT, "format": "date-time"},
    "when": {**TEXT, "anyOf": [{"format": "date"}, {"format": "date-time"}]},
    "note": TEXT,
    "picture": {"type": "object", "attachment": True, "properties": {"href": TEXT}},
    "free": {"type": "object"},
    "relation": listed(
        {"type": "object", "required": ["kind"], "properties": {"kind": TEXT, "sample": link("Sample")}}
    ),
}
DOCUMENTS: dict[str, Any] = {
    "Sample": {
        "properties": {"aliases": ALIASES, **SAMPLE},
        "required": ["size"],
        "title": "A sample",
        "dependentRequired": {
            "dose": ["dose_units", "buffer"],
            "dose_units": ["dose"],
            "amount": ["count", "day", "frozen", "lane", "when", "free"],
        },
    },
    "Source": {"properties": {"aliases": ALIASES}},
    "Donor": {"properties": {}, "isAbstract": True},
    "Human": {"properties": {"aliases": ALIASES}, "rdfs:subClassOf": "/profiles/Donor.json"},
    "Mouse": {"properties": {"name": {**TEXT, "uniqueKey": True}}, "rdfs:subClassOf": "/profiles/Donor.json"},
    "Site": {"properties": {"aliases": ALIASES, "code": {**TEXT, "uniqueKey": "site:code"}}},
}


def load(documents: Mapping[str, Any]) -> Schema:
    return FOURDN.load_schema(documents, "test.json", "f" * 64)


def make(path: Path, schema: Schema, types: Sequence[str] = ("all",), presets: Sequence[str] = ()) -> Path:
    write(select(schema, presets=[], types=types), schema, path, tool_version="1.2", preset_names=presets)
    return path


def column_of(sheet: Worksheet, header: str) -> int:
    return next(cell.column for cell in sheet[1] if str(cell.value).removeprefix("*") == header)


def validation(sheet: Worksheet, header: str) -> DataValidation:
    """The validation at the cells of a column."""
    column = column_of(sheet, header)
    return next(v for v in sheet.data_validations.dataValidation if range_boundaries(str(v.sqref))[0] == column)


def named_values(book: Workbook, name: str) -> list[Any]:
    """The values in the cells a defined name means."""
    sheet, cells = book.defined_names[name].attr_text.split("!")
    left, top, _, bottom = range_boundaries(cells.replace("$", ""))
    return [book[sheet.strip("'")].cell(row, left).value for row in range(top, bottom + 1)]
