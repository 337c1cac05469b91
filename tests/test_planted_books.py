"""The planted workbooks themselves: sound in every dialect, and the same mistakes in each."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from excel_dialect import TITLES
from package_checks import wrong
from planted_books import DIALECTS, planted_by_excel, planted_by_xlsxwriter, told
from rich_books import converted, parts, zipped

from workbook_compiler import api
from workbook_compiler.model.schema import Schema

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")


@pytest.mark.office
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_says_the_same(dialect: str, tmp_path: Path, schema: Schema) -> None:
    """Whichever program wrote it, the package is sound and the findings are those of the others."""
    path = DIALECTS[dialect](tmp_path)
    assert wrong(path.read_bytes()) == []
    found = api.compile(path, schema).diagnostics
    (tmp_path / "first").mkdir()
    first = api.compile(planted_by_xlsxwriter(tmp_path / "first"), schema).diagnostics
    assert [line[:1] + line[2:] for line in told(found)] == [line[:1] + line[2:] for line in told(first)]
    assert len(found) == 18


@pytest.mark.office
def test_libreoffice_opens_the_dialect_of_excel(tmp_path: Path) -> None:
    """LibreOffice opens the hand-zipped workbook with its sheets, charts, notes and dropdowns."""
    path = converted(planted_by_excel(tmp_path), tmp_path / "office", "xlsx")
    book = openpyxl.load_workbook(path)
    assert tuple(book.sheetnames) == TITLES
    assert book["Biosource"]["C6"].comment is not None
    assert len(book["Biosource"]._charts) == 1
    assert {str(rule.sqref) for rule in book["Biosource"].data_validations.dataValidation} >= {"D5:D99"}


FAULTS = {
    "a link to nothing": ("xl/worksheets/_rels/sheet3.xml.rels", b'Id="rId1"', b'Id="rId9"'),
    "a note without its shape": ("xl/drawings/vmlDrawing1.vml", b"<x:Row>4</x:Row>", b"<x:Row>6</x:Row>"),
    "two sheets of one number": ("xl/workbook.xml", b'sheetId="4"', b'sheetId="3"'),
    "a part without its type": (
        "[Content_Types].xml",
        b'PartName="/xl/comments1.xml"',
        b'PartName="/xl/comments7.xml"',
    ),
    "a wrong order": ("xl/worksheets/sheet3.xml", b"<hyperlinks>", b'<drawing r:id="rId1"/><hyperlinks>'),
    "a wrong count": ("xl/styles.xml", b'<fills count="6">', b'<fills count="7">'),
    "a style that isn't there": ("xl/worksheets/sheet1.xml", b'<c r="A1" s="3"', b'<c r="A1" s="8"'),
    "cells out of order": ("xl/worksheets/sheet1.xml", b'<c r="B1"', b'<c r="E1"'),
    "a tab that isn't there": ("xl/workbook.xml", b'activeTab="2"', b'activeTab="9"'),
    "no XML": ("xl/styles.xml", b"</styleSheet>", b"</styleShe>"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_package_is_seen(fault: str, tmp_path: Path) -> None:
    """The check for soundness, on which other tests rely, sees each kind of fault."""
    inside = parts(planted_by_excel(tmp_path).read_bytes())
    name, old, new = FAULTS[fault]
    assert old in inside[name]
    assert wrong(zipped({**inside, name: inside[name].replace(old, new)})) != []
