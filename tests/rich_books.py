"""Workbooks with all that a library would lose when it saves them, and what is inside them part by part."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ROWS = [["aliases", "title", "amount"], ["demo-lab:v1", "Cells Ltd", 1.5], ["demo-lab:v2", "Vials & Co", 2]]


def picture() -> io.BytesIO:
    """A PNG of one grey point."""
    chunks = ((b"IHDR", struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\x80")), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + body)


def by_xlsxwriter(folder: Path, *, macros: bool = False) -> Path:
    """Validations, conditional formats, a chart, a picture, comments, rich text, a name and, if wanted, a macro project."""
    path = folder / f"written.xls{'m' if macros else 'x'}"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Vendor")
        text, red = book.add_format({"num_format": "@"}), book.add_format({"bg_color": "#FFC7CE"})
        bold = book.add_format({"bold": True})
        for number, row in enumerate(ROWS):
            sheet.write_row(number, 0, row, bold if number == 0 else None)
        sheet.set_column("A:C", 20, text)
        sheet.write_rich_string("B4", "plain ", bold, "bold", " <end>")
        sheet.write_formula("C4", "=SUM(C2:C3)", None, 3.5)
        sheet.data_validation("B2:B99", {"validate": "list", "source": ["Cells Ltd", "Vials & Co"]})
        sheet.data_validation("C2:C99", {"validate": "list", "source": "=Other!$A$1:$A$3"})
        sheet.conditional_format("C2:C99", {"type": "cell", "criteria": ">", "value": 1, "format": red})
        sheet.conditional_format("A2:A99", {"type": "data_bar", "data_bar_2010": True})
        sheet.write_comment("A2", "mind this one")
        sheet.insert_image("F2", "point.png", {"image_data": picture()})
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Vendor!$C$2:$C$3"})
        sheet.insert_chart("F8", chart)
        sheet.autofilter("A1:C3")
        sheet.freeze_panes(1, 1)
        other = book.add_worksheet("Other")
        other.write_column("A1", ["x", "y", "z"])
        other.hide()
        book.define_name("kinds", "=Other!$A$1:$A$3")
        if macros:
            project = folder / "vbaProject.bin"
            project.write_bytes(bytes(range(256)) * 20)
            book.add_vba_project(str(project))
    return path


def by_openpyxl(folder: Path) -> Path:
    """The same kind of things as openpyxl writes them: no spans, texts and formats in its own way."""
    path = folder / "saved.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Vendor"
    for row in ROWS:
        sheet.append(row)
    rule = DataValidation(type="list", formula1='"a,b"')
    rule.add("B2:B50")
    sheet.add_data_validation(rule)
    sheet.conditional_formatting.add("C2:C9", CellIsRule(operator="lessThan", formula=["1"], fill=PatternFill("solid")))
    sheet["A3"].comment = Comment("a note", "me")
    sheet["C3"].number_format = "0.00%"
    sheet["C3"].fill = PatternFill("solid", fgColor="FFEEDD00")
    book.save(path)
    return path


def by_libreoffice(folder: Path) -> Path:
    """The workbook of XlsxWriter as LibreOffice saves it."""
    return converted(by_xlsxwriter(folder), folder / "office", "xlsx")


def converted(path: Path, folder: Path, form: str) -> Path:
    """Return a file as LibreOffice opens it and saves it in another form."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    profile = (folder / "profile").as_uri()
    options = [f"-env:UserInstallation={profile}", "--headless", "--convert-to", form, "--outdir", str(folder)]
    subprocess.run([office, *options, str(path)], check=True, capture_output=True, timeout=240)
    made = folder / f"{path.stem}.{form.partition(':')[0]}"
    assert made.is_file()
    return made


def parts(data: bytes) -> dict[str, bytes]:
    """What is in the file, by the name of the part."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(inside: Mapping[str, bytes | str]) -> bytes:
    """A file made of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in inside.items():
            archive.writestr(name, part)
    return out.getvalue()


def small(sheet: str, *, styles: str | None = None, name: str = "Vendor", **more: str) -> bytes:
    """The least that makes a workbook, around the text of one sheet."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{kind}"><sheets><sheet name="{name}" sheetId="1" r:id="r1"/></sheets></workbook>'
    styled = f'<Relationship Id="r2" Type="{kind}/styles" Target="styles.xml"/>' if styles else ""
    types = 'xmlns="http://schemas.openxmlformats.org/package/2006/content-types"'
    office = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    inside = {
        "[Content_Types].xml": f'<Types {types}><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{office}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{office}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships {links}><Relationship Id="r1" Type="{kind}/officeDocument" Target="/xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": f'<Relationships {links}><Relationship Id="r1" Type="{kind}/worksheet"'
        f' Target="/xl/worksheets/sheet1.xml"/>{styled}</Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    return zipped({**inside, **({"xl/styles.xml": styles} if styles else {}), **more})


def rest_of(sheet: bytes, cells: set[str]) -> Any:
    """A sheet without some of its cells and without what only hints at its outline: as values to compare."""
    root = ElementTree.fromstring(sheet)
    for node in list(root):
        if node.tag.endswith(("}dimension", "}cols")):
            root.remove(node)
    for row in root.iter(f"{{{MAIN}}}row"):
        row.attrib.pop("spans", None)
        for cell in list(row):
            if cell.get("r") in cells:
                row.remove(cell)
    for data in root.iter(f"{{{MAIN}}}sheetData"):
        for row in [row for row in data if len(row) == 0 and set(row.attrib) == {"r"}]:
            data.remove(row)
    return ElementTree.tostring(root)
