"""OpenDocument sheets, read from their XML: what a cell shows is written there, which no typed reader hands on.

TRUE is stored as a number with a boolean's text, an error as a text with ``calcext:value-type="error"``, and ``00123`` as 123.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from workbook_compiler.archive import MAX_PART, opened, part
from workbook_compiler.model.diagnostics import Outcome, column_letter
from workbook_compiler.pipeline.read.cells import MANIFEST, CellError, NoResult, Sheet, Styled, Workbook

MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 1_048_576, 16_384, 50_000_000

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CALCEXT = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_NUMBERS = ("float", "percentage", "currency")


def read(data: bytes, name: str, sha256: str, _stem: str) -> Outcome[Workbook]:
    """Return every visible sheet of an ODS file and the manifest of a template that was saved as one."""
    with opened(data, name) as archive:
        root = _content(archive, name)
    hidden_styles = _hidden_table_styles(root)
    sheets = []
    manifest: dict[str, str] = {}
    for table in root.iter(f"{_TABLE}table"):
        sheet = _sheet(table, hidden=table.get(f"{_TABLE}style-name") in hidden_styles)
        if sheet.name == MANIFEST:
            manifest = {str(row[0]): str(row[1]) for row in sheet.rows if len(row) > 1 and row[0]}
        else:
            sheets.append(sheet)
    return Outcome(Workbook(name, sha256, tuple(sheets), manifest))


def _content(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    content = part(archive, "content.xml", name, MAX_PART)
    return ElementTree.parse(io.BytesIO(content)).getroot()  # noqa: S314 - archive.part refuses documents with a DTD


def _hidden_table_styles(root: ElementTree.Element) -> set[str | None]:
    return {
        style.get(f"{_STYLE}name")
        for style in root.iter(f"{_STYLE}style")
        for properties in style.iter(f"{_STYLE}table-properties")
        if properties.get(f"{_TABLE}display") == "false"
    }


def _sheet(table: ElementTree.Element, *, hidden: bool) -> Sheet:
    rows: list[list[Any]] = []
    hidden_rows: set[int] = set()
    merged: list[str] = []
    cells = empty_rows = 0
    for row in table.iter(f"{_TABLE}table-row"):
        repeat = _repeat(row, "number-rows-repeated")
        values = list(_row(row, len(rows) + empty_rows, merged))
        if not values:
            empty_rows += repeat
            continue
        rows.extend([] for _ in range(min(empty_rows, MAX_ROWS - len(rows))))
        empty_rows = 0
        repeat = min(repeat, MAX_ROWS - len(rows), max(1, (MAX_CELLS - cells) // len(values)))
        cells += repeat * len(values)
        if row.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            hidden_rows.update(range(len(rows) + 1, len(rows) + repeat + 1))
        rows.extend(values for _ in range(repeat))
    return Sheet(table.get(f"{_TABLE}name") or "", rows, hidden, frozenset(hidden_rows), tuple(merged))


def _row(row: ElementTree.Element, index: int, merged: list[str]) -> Iterator[Any]:
    """Yield the row's cells up to its last filled one."""
    pending = column = 0
    for cell in row:
        if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            continue
        repeat = _repeat(cell, "number-columns-repeated")
        wide, high = _repeat(cell, "number-columns-spanned"), _repeat(cell, "number-rows-spanned")
        if wide * high > 1:
            last = f"{column_letter(column + wide - 1)}{index + high}"
            merged.append(f"{column_letter(column)}{index + 1}:{last}")
        value = _value(cell)
        column += repeat
        if value is None:
            pending += repeat
            continue
        yield from (None for _ in range(min(pending, MAX_COLUMNS)))
        pending = 0
        yield from (value for _ in range(min(repeat, MAX_COLUMNS)))


def _repeat(element: ElementTree.Element, name: str) -> int:
    text = element.get(f"{_TABLE}{name}", "1")
    return int(text) if text.isdigit() and len(text) < 9 else 1


def _value(cell: ElementTree.Element) -> Any:
    kind = cell.get(f"{_OFFICE}value-type")
    shown = "\n".join("".join(p.itertext()) for p in cell.findall(f"{_TEXT}p"))
    if cell.get(f"{_CALCEXT}value-type") == "error":
        return CellError(shown or "#N/A")
    if kind is None:
        return NoResult() if cell.get(f"{_TABLE}formula") and not shown else (shown or None)
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true"
    if kind in _NUMBERS:
        return _number(float(cell.get(f"{_OFFICE}value", "nan")), shown, cell.get(f"{_TABLE}formula") or "")
    if kind == "date":
        return _moment(cell.get(f"{_OFFICE}date-value") or "", shown)
    if kind == "time":
        return _duration(cell.get(f"{_OFFICE}time-value") or "", shown)
    return cell.get(f"{_OFFICE}string-value") or _text(cell) or None


def _text(cell: ElementTree.Element) -> str:
    """The typed text: ``text:s`` stands for spaces, ``text:tab`` and ``text:line-break`` for those signs."""
    signs = {f"{_TEXT}s": " ", f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}

    def inside(node: ElementTree.Element) -> str:
        own = signs.get(node.tag, "") * int(node.get(f"{_TEXT}c", "1"))
        return own + (node.text or "") + "".join(inside(child) + (child.tail or "") for child in node)

    return "\n".join(inside(p) for p in cell.findall(f"{_TEXT}p"))


def _number(number: float, shown: str, formula: str) -> Any:
    if shown in ("TRUE", "FALSE") and number in (0, 1) and (formula or shown):
        return shown == "TRUE"
    plain = f"{number:.15g}"
    return number if shown in ("", plain) else Styled(number, "", shown)


def _moment(text: str, shown: str) -> Any:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return shown or text
    has_time = moment.time() != datetime.min.time() or ":" in shown
    return moment.replace(microsecond=0) if has_time else date(moment.year, moment.month, moment.day)


def _duration(text: str, shown: str) -> Any:
    hours, _, rest = text.removeprefix("PT").partition("H")
    minutes, _, seconds = rest.partition("M")
    try:
        return timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds.rstrip("S") or 0))
    except ValueError:
        return shown or text
