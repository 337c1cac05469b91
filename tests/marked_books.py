"""Planted books compiled and annotated, and what any reader finds in them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
from package_checks import links
from planted_books import DIALECTS
from rich_books import parts

from workbook_compiler import api
from workbook_compiler.edit import Edit, edited
from workbook_compiler.marks import annotated
from workbook_compiler.model.diagnostics import Diagnostic, column_letter
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.read import read_bytes

ERROR_FILL, WARNING_FILL = "F9C9C4", "FFE39F"
ERRORS = {
    "Vendor": "B3 A4",
    "Biosource": "D5 E5 G6",
    "Biosample": "D5 D6 E5 D7",
    "BiosampleCellCulture": "D5 H5 D6 F6 E7 F7 G7",
}
WARNINGS = {"Biosample": "G6"}
LOOKED_UP = ("Biosource", "F6")
"""Listed, and not marked: a link that is right as far as one can see here."""
AUTHOR = "wbc"
MARKS = {"▶ mend", "▶ look"}


@dataclass(frozen=True)
class Marked:
    """A workbook as it was and as it came back."""

    name: str
    before: bytes
    after: bytes
    found: tuple[Diagnostic, ...]


def marked(folder: Path, dialect: str, schema: Schema) -> Marked:
    """Return the planted workbook of a dialect with what was found, annotated."""
    return marked_file(DIALECTS[dialect](folder), schema)


def marked_file(path: Path, schema: Schema) -> Marked:
    """Return a workbook with what was found, annotated."""
    data, found = path.read_bytes(), api.compile(path, schema).diagnostics
    return Marked(path.name, data, annotated(data, path.name, found), found)


def compiled(data: bytes, name: str, folder: Path, schema: Schema) -> tuple[Diagnostic, ...]:
    """Return what is found in a workbook of these bytes."""
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / name
    path.write_bytes(data)
    return api.compile(path, schema).diagnostics


class Look(NamedTuple):
    """A cell as a person sees it."""

    value: Any
    fill: str | None
    pattern: str | None
    format: str
    font: str
    note: tuple[str, str] | None
    """Author and text."""


def looks(data: bytes) -> dict[str, dict[str, Look]]:
    """Return every cell that holds or shows anything, by sheet and address; as openpyxl reads it."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: dict(_cells(sheet)) for sheet in book.worksheets}


def _cells(sheet: Any) -> Any:
    for row in sheet.iter_rows():
        for cell in row:
            note = (cell.comment.author, cell.comment.text) if cell.comment else None
            color = getattr(cell.fill, "fgColor", None)
            fill = repr(cell.fill) if color is None else color.rgb if cell.fill.fill_type else None
            look = Look(cell.value, str(fill)[-6:] if fill else None, cell.fill.fill_type, cell.number_format,
                        f"{cell.font.b}{cell.font.sz}{cell.font.color and cell.font.color.rgb}", note)  # fmt: skip
            if look.value is not None or look.fill or look.note:
                yield cell.coordinate, look


def problems(data: bytes) -> str:
    """Return the title of the first sheet, where the problems are."""
    return openpyxl.load_workbook(io.BytesIO(data), read_only=True).sheetnames[0]


def values(data: bytes, name: str) -> dict[str, dict[str, Any]]:
    """Return every filled cell of the visible sheets as our own reader hands it on."""
    sheets = read_bytes(data, Path(name), name).value.sheets
    return {sheet.name: _filled(sheet.rows) for sheet in sheets if not sheet.hidden}


def _filled(rows: Any) -> dict[str, Any]:
    return {
        f"{column_letter(c)}{r}": cell
        for r, row in enumerate(rows, 1)
        for c, cell in enumerate(row)
        if cell is not None and cell != ""
    }


def users(found: Mapping[str, Mapping[str, Any]], data: bytes) -> dict[str, dict[str, Any]]:
    """Those cells without our sheet and without our marks in column A."""
    ours = problems(data)
    return {
        title: {at: cell for at, cell in cells.items() if not (at[0] == "A" and at[1:].isdigit() and cell in MARKS)}
        for title, cells in found.items()
        if title != ours
    }


def wrong_cells(which: Mapping[str, str]) -> set[tuple[str, str]]:
    """Sheet and address of each."""
    return {(title, cell) for title, cells in which.items() for cell in cells.split()}


def problem_rows(data: bytes) -> list[dict[str, Any]]:
    """Return the lines of the sheet of problems by the names of its columns, with the link's target and each cell's address."""
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    head = next(row for row in sheet.iter_rows() if "Accept" in [cell.value for cell in row])
    names = {cell.column: cell.value for cell in head if cell.value}
    found = []
    for row in sheet.iter_rows(min_row=head[0].row + 1):
        told_there = {names[cell.column]: cell.value for cell in row if cell.column in names}
        if told_there["Place"] is None:
            break  # what follows are the counts of each sheet
        if any(value is not None for value in told_there.values()):
            first = row[min(names) - 1]
            target = first.hyperlink.location if first.hyperlink else None
            at = {names[cell.column]: cell.coordinate for cell in row if cell.column in names}
            found.append({**told_there, "target": target, "at": at})
    return found


def accepting(data: bytes, rows: list[dict[str, Any]], word: str = "yes") -> bytes:
    """Return the annotated workbook with a word typed into the Accept cell of these problems."""
    return edited(data, [Edit(problems(data), row["at"]["Accept"], word) for row in rows])


def touched(data: bytes) -> dict[str, str]:
    """Return the parts that annotating may change: path -> what it is."""
    inside = parts(data)
    sheets = {path: kind for kind, path in links(inside, "xl/workbook.xml").values() if kind == "worksheet"}
    found = dict.fromkeys(
        ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml", "xl/styles.xml"), "book"
    )
    for path in sheets:
        folder, _, stem = path.rpartition("/")
        found |= {path: "sheet", f"{folder}/_rels/{stem}.rels": "links"}
        found |= {part: kind for kind, part in links(inside, path).values() if kind in ("comments", "vmlDrawing")}
    return found
