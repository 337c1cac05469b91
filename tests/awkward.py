"""Workbooks part by part, for what no library writes: raw OOXML and OpenDocument packages."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DATE_STYLE = 1
"""The style that ``STYLES`` gives a date; 0 is General."""

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts><font/></fonts><fills><fill/></fills><borders><border/></borders>'
    '<cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    "</styleSheet>"
)


def text(at: str, value: str) -> str:
    """Return a cell with a text of its own."""
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def row(number: int, *cells: str) -> str:
    """Return a row of cells."""
    return f'<row r="{number}">{"".join(cells)}</row>'


def texts(number: int, *values: str) -> str:
    """Return a row of texts from column A."""
    return row(number, *(text(f"{'ABCDEFGH'[at]}{number}", value) for at, value in enumerate(values)))


def sheet(*rows: str) -> str:
    """Return a sheet's part."""
    return f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'


def xlsx(path: Path, sheets: Mapping[str, str], *, more: Mapping[str, str] | None = None, settings: str = "") -> Path:
    """Write a package of these sheets; ``more`` adds or replaces parts, ``settings`` goes before the list of sheets."""
    names = [f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, 1)]
    relations = [_relation(n, "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
    relations.append(_relation(len(sheets) + 1, "styles", "styles.xml"))
    if more and "xl/sharedStrings.xml" in more:
        relations.append(_relation(len(sheets) + 2, "sharedStrings", "sharedStrings.xml"))
    types = [
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_CONTENT}.worksheet+xml"/>'
        for n in range(1, len(sheets) + 1)
    ]
    parts = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        f'relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{_CONTENT}.sheet.main+xml"/>'
        f"{''.join(types)}</Types>",
        "_rels/.rels": _relations([_relation(1, "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{LINKS}">{settings}<sheets>{"".join(names)}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": _relations(relations),
        "xl/styles.xml": STYLES,
        **{f"xl/worksheets/sheet{n}.xml": part for n, part in enumerate(sheets.values(), 1)},
        **(more or {}),
    }
    return package(path, parts)


def package(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    """Write a zip of these parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def strict(part: str) -> str:
    """Return a part as Excel's "Strict Open XML" spells it."""
    return part.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main").replace(
        LINKS, "http://purl.oclc.org/ooxml/officeDocument/relationships"
    )


def parts_of(data: bytes) -> dict[str, bytes]:
    """Return every part of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def claiming(data: bytes, size: int) -> bytes:
    """Return a zip whose directory says that its first entry unpacks to ``size`` bytes."""
    entry = data.index(b"PK\x01\x02")
    return data[: entry + 24] + struct.pack("<I", size) + data[entry + 28 :]


def ods(path: Path, tables: Mapping[str, str]) -> Path:
    """Write an OpenDocument spreadsheet whose tables hold these rows."""
    names = {"office": "office", "table": "table", "text": "text", "style": "style"}
    spaces = " ".join(f'xmlns:{k}="urn:oasis:names:tc:opendocument:xmlns:{v}:1.0"' for k, v in names.items())
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    body = "".join(f'<table:table table:name="{name}">{rows}</table:table>' for name, rows in tables.items())
    content = f"{HEAD}<office:document-content {spaces} {calc}><office:body><office:spreadsheet>{body}"
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": f"{content}</office:spreadsheet></office:body></office:document-content>",
    }
    return package(path, parts)


def ods_row(*cells: str) -> str:
    """Return a row; a cell without markup is a text."""
    return f"<table:table-row>{''.join(c if c.startswith('<') else ods_cell(c) for c in cells)}</table:table-row>"


def ods_cell(shown: str, attributes: str = 'office:value-type="string"') -> str:
    """Return a cell that shows this text."""
    return f"<table:table-cell {attributes}><text:p>{escape(shown)}</text:p></table:table-cell>"


_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{LINKS}/{kind}" Target="{target}"/>'


def _relations(relations: list[str]) -> str:
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{"".join(relations)}</Relationships>'
