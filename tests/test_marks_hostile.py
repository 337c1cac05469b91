"""Marks in workbooks that are out of the way: hostile texts, odd names, other alphabets, ten thousand mistakes."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import openpyxl
import pytest
import xlsxwriter
from marked_books import compiled, looks, marked_file, problem_rows, problems, values
from package_checks import wrong
from planted_books import planted_by_excel, told
from rich_books import converted, parts, small, zipped
from test_edit import AWKWARD, worksheet
from typed_books import typed_book

from workbook_compiler.edit import Edit, edited
from workbook_compiler.errors import UsageError
from workbook_compiler.marks import annotated, fixed, unmarked
from workbook_compiler.model.codes import texts as codes
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.schema import Schema

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
NAME = "book.xlsx"
STRANGE = {
    "formula": "=1+1",
    "plus": "+1",
    "minus": "-2+3",
    "at": "@SUM(A1)",
    "command": "=cmd|' /C calc'!A0",
    "tab": "\t=1+1",
    "end": "]]>",
    "markup": "<b>&amp;</t></is></c>",
    "escape": "a_x000D_b",
    "letter": "_x0041_",
    "turned": "\u202eright to left\u202c אבג",
    "controls": "a\0b\x1f\ufffec",
    "half": "a\ud800b",
    "lines": "a\r\nb\nc",
    "quotes": 'say "yes", or "no"',
    "gaps": "{0} %s {value}",
    "beyond": "𝔘🧬",
    "longest": "x" * 32_767,
    "longer": "y" * 40_000,
}


def finding(value: str, suggestions: Sequence[str] = (), sheet: str = "Vendor", cell: str = "B2") -> Diagnostic:
    """A finding at a cell, of the kind that quotes what stands there."""
    at = Location(NAME, sheet, int(cell[1:]), cell[0])
    context = {
        "allowed": "",
        "near": "",
        "nearest": "",
        "choices": "",
        "more": "",
        "reason": value,
        "count": 1,
        "values": "",
    }
    return Diagnostic(codes.TXT07, at, field="title", value=value, context=context, suggestions=tuple(suggestions))


def plain(text: str) -> bytes:
    """A workbook that holds a text at B2."""
    return edited(small(worksheet("<sheetData/>")), [Edit("Vendor", "B2", text)])


def formulas(data: bytes) -> list[str]:
    """The parts of sheets in which there is a formula."""
    return [n for n, part in parts(data).items() if "sheets/" in n and re.search(rb"<(?:\w+:)?f[ >/]", part)]


@pytest.mark.parametrize("kind", STRANGE)
def test_no_text_becomes_a_formula_or_markup(kind: str) -> None:
    """Whatever a cell, a suggestion or a message says is text in the sheet of problems, in the note and in the mended cell."""
    text = STRANGE[kind]
    data = plain(text)
    held = values(data, NAME)["Vendor"]["B2"]
    after = annotated(data, NAME, [finding(held, [text + "!"])])
    assert wrong(after) == []
    assert formulas(after) == []
    assert users_value(after) == held
    sheet = openpyxl.load_workbook(io.BytesIO(after)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    mended = fixed(after, NAME, accept_all=True)
    assert formulas(mended.content) == []
    assert wrong(mended.content) == []
    if len(text) < 32_767:
        assert values(mended.content, NAME)["Vendor"]["B2"] == f"{held}!"
    assert values(unmarked(after, NAME), NAME) == values(data, NAME)


def users_value(data: bytes) -> object:
    return values(data, NAME)["Vendor"]["B2"]


@pytest.mark.parametrize(
    "title",
    [
        "a'b",
        "it's!",
        "x & <y>",
        '"quoted"',
        "Zürich 東京",
        "two words",
        "1st",
        "R1C1",
        "=1+1",
        "🧬" * 15,
        "x" * 31,
        "A1",
    ],
)
def test_links_lead_to_sheets_of_any_name(title: str) -> None:
    """The link to a cell names its sheet as Excel does: in single quotes, those inside doubled."""
    data = edited(
        small(worksheet("<sheetData/>"), name=quoteattr(title, {'"': "&quot;"})[1:-1]), [Edit(title, "B2", "x")]
    )
    after = annotated(data, NAME, [finding("x", ["y"], sheet=title)])
    assert wrong(after) == []
    doubled = title.replace("'", "''")
    assert [row["target"] for row in problem_rows(after)] == [f"'{doubled}'!B2"]
    assert looks(after)[title]["B2"].fill == "F9C9C4"
    assert values(fixed(after, NAME, accept_all=True).content, NAME)[title]["B2"] == "y"


@pytest.mark.parametrize("title", ["Problems", "problems", "PROBLEMS"])
def test_an_own_sheet_of_that_name_stays(title: str) -> None:
    """A person's sheet called Problems is theirs: ours has another name, and goes alone."""
    data = edited(small(worksheet("<sheetData/>"), name=title), [Edit(title, "B2", "x")])
    after = annotated(data, NAME, [finding("x", ["y"], sheet=title)])
    assert wrong(after) == []
    names = openpyxl.load_workbook(io.BytesIO(after)).sheetnames
    assert names[1:] == [title]
    assert names[0].casefold() != title.casefold()
    assert openpyxl.load_workbook(io.BytesIO(unmarked(after, NAME))).sheetnames == [title]


@pytest.mark.parametrize("kind", AWKWARD)
def test_a_sheet_may_be_written_in_any_way(kind: str) -> None:
    """Marks are put where they belong and taken off again, whatever the sheet leaves out, quotes, prefixes or hides."""
    inner, prefix, _ = AWKWARD[kind]
    data = small(worksheet(inner, prefix))
    after = annotated(data, NAME, [finding("2", ["3"], cell="B1"), finding("", cell="D9")])
    found = openpyxl.load_workbook(io.BytesIO(after))["Vendor"]
    assert (found["B1"].comment is None, found["D9"].comment is None) == (False, False)
    assert (found["B1"].fill.fgColor.rgb, found["D9"].fill.fgColor.rgb) == ("FFF9C9C4", "FFF9C9C4")
    assert values(unmarked(after, NAME), NAME) == values(data, NAME)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_parts_keep_their_alphabet(encoding: str) -> None:
    """A sheet, a list of sheets or notes in another alphabet are written back in it."""
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    inside = parts(plain("é"))
    declared = f'<?xml version="1.0" encoding="{name}"?>'.encode()
    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        text = re.sub(r"<\?xml[^>]*\?>", "", inside[part].decode())
        inside[part] = (declared.decode() + text).encode(encoding)
    data = zipped(inside)
    after = annotated(data, NAME, [finding("é", ["ü"])])
    assert wrong(after) == []
    assert looks(fixed(after, NAME, accept_all=True).content)["Vendor"]["B2"].value == "ü"


def test_strict_workbooks_are_marked_too() -> None:
    """The strict form of the format has other namespaces and the same words."""
    swaps = (
        ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"),
        ("http://schemas.openxmlformats.org/officeDocument/2006", "http://purl.oclc.org/ooxml/officeDocument"),
    )
    inside = {}
    for name, part in parts(plain("x")).items():
        text = part.decode()
        for old, new in swaps:
            text = text.replace(old, new)
        inside[name] = text.encode()
    after = annotated(zipped(inside), NAME, [finding("x", ["y"])])
    for part in (
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/_rels/sheet1.xml.rels",
    ):
        assert b"schemas.openxmlformats.org/officeDocument/2006" not in parts(after)[part]
        assert b"schemas.openxmlformats.org/spreadsheetml" not in parts(after)[part]
    assert values(fixed(after, NAME, accept_all=True).content, NAME)["Vendor"]["B2"] == "y"


def test_shapes_that_are_no_xml_stay(tmp_path: Path, schema: Schema) -> None:
    """Old Excel wrote shapes that no XML reader takes: they are left as they are, and our notes come beside them."""
    path = planted_by_excel(tmp_path)
    inside = parts(path.read_bytes())
    name = "xl/drawings/vmlDrawing1.vml"
    inside[name] = inside[name].replace(b">Sort<", b">Sort<br>now<")
    path.write_bytes(zipped(inside))
    book = marked_file(path, schema)
    assert b">Sort<br>now<" in parts(book.after)[name]
    assert b"<x:Row>4</x:Row>" in parts(book.after)[name]
    assert parts(unmarked(book.after, book.name))[name] == inside[name]


def test_a_chart_sheet_that_was_shown_is_shown_again(tmp_path: Path, schema: Schema) -> None:
    """The chosen tab was a chart: only the sheet of problems is chosen then, and afterwards the chart again."""
    path = tmp_path / NAME
    with xlsxwriter.Workbook(str(path)) as made:
        page = made.add_worksheet("Vendor")
        page.write_row(0, 0, ["aliases", "title"])
        page.write_row(1, 0, ["demo-lab/v1", "Cells"])
        sheet, chart = made.add_chartsheet("Curve"), made.add_chart({"type": "line"})
        chart.add_series({"values": "=Vendor!$C$2:$C$3"})
        sheet.set_chart(chart)
        sheet.activate()
    book = marked_file(path, schema)
    assert wrong(book.after) == []
    assert chosen(book.after) == ["Problems"]
    plain_again = unmarked(book.after, NAME)
    assert chosen(plain_again) == chosen(book.before) == ["Curve"]


def chosen(data: bytes) -> list[str]:
    """The sheet that the workbook shows, and any others whose tab is chosen."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheets = book.worksheets + book.chartsheets
    views = [(s, getattr(s, "sheet_view", None) or s.sheetViews.sheetView[0]) for s in sheets]
    tabs = {s.title for s, view in views if view.tabSelected}
    return [book.active.title, *sorted(tabs - {book.active.title})]


def test_a_comment_of_someone_called_like_us_stays(tmp_path: Path) -> None:
    """Notes at cells without a finding stay whoever wrote them; a first hidden sheet is no obstacle."""
    path = tmp_path / NAME
    with xlsxwriter.Workbook(str(path)) as made:
        first = made.add_worksheet("Lists")
        page = made.add_worksheet("Vendor")
        page.write_row(0, 0, ["aliases", "title"])
        page.write_row(1, 0, ["demo-lab:v1", "x"])
        page.write_comment("A1", "mine", {"author": "wbc team"})
        page.activate()
        page.set_first_sheet()
        first.hide()
    data = path.read_bytes()
    after = annotated(data, NAME, [finding("x", ["y"])])
    assert wrong(after) == []
    assert looks(after)["Vendor"]["A1"].note == looks(data)["Vendor"]["A1"].note
    assert looks(unmarked(after, NAME)) == looks(data)


def test_findings_without_a_cell_are_listed(tmp_path: Path, schema: Schema) -> None:
    """A misspelt sheet, a misspelt header and a missing column are problems too; what can be accepted is mended."""
    path = tmp_path / NAME
    rows = [{"aliases": "demo-lab:v1", "titel": "Cells"}]
    path.write_bytes(
        typed_book({"Vendr": rows, "Protocol": [{"aliases": "demo-lab:p1", "protocol_typ": "Authentication document"}]})
    )
    book = marked_file(path, schema)
    assert wrong(book.after) == []
    assert len(problem_rows(book.after)) == len(book.found) > 1
    assert told(compiled(book.after, NAME, tmp_path / "again", schema)) == told(book.found)
    mended = fixed(book.after, NAME, accept_all=True)
    assert "Vendor" in openpyxl.load_workbook(io.BytesIO(mended.content)).sheetnames
    left = compiled(mended.content, NAME, tmp_path / "mended", schema)
    again = fixed(annotated(mended.content, NAME, left), NAME, accept_all=True)
    assert {d.code.id for d in compiled(again.content, NAME, tmp_path / "twice", schema) if d.suggestions} == set()


def test_a_sheet_of_problems_that_was_tampered_with_does_no_harm() -> None:
    """What the hidden cells of the sheet say is a stranger's text: nonsense is passed over, huge areas aren't walked through."""
    after = annotated(plain("x"), NAME, [finding("x", ["y"])])
    title = problems(after)
    row = problem_rows(after)[0]["at"]["Accept"].lstrip("ABCDEFGHI")
    for said in (
        "{",
        "[]",
        "{}",
        "null",
        json.dumps({"wrong": "x", "cells": {"Vendor": "B1:B99999999999"}}),
        json.dumps({"wrong": "x", "cells": {"Vendor": "B2:A1 $ ? ZZZZ9 B0"}}),
        json.dumps({"wrong": "x", "cells": {"Nowhere": "B2"}}),
        json.dumps({"wrong": ["x"], "cells": ["B2"], "numbers": {"Vendor": []}}),
        json.dumps({"wrong": "x", "cells": {title: "A1"}}),
        "[" * 30_000,
    ):
        try:
            mended = fixed(edited(after, [Edit(title, f"J{row}", said)]), NAME, accept_all=True)
        except UsageError as error:
            assert str(error)
        else:
            assert values(mended.content, NAME)["Vendor"]["B2"] in ("x", "y")


def test_what_was_never_annotated_cannot_be_fixed() -> None:
    """Without a sheet of problems there is nothing to accept, which is said in words."""
    with pytest.raises(UsageError, match=r"Problems|annotated|check"):
        fixed(plain("x"), NAME)


@pytest.mark.office
def test_ten_thousand_wrong_cells(tmp_path: Path, schema: Schema) -> None:
    """So many mistakes make a workbook of sound size that LibreOffice opens, with each of its cells marked."""
    path = tmp_path / NAME
    rows = [{"aliases": f"demo-lab:v{n}", "url": f"no address {n}", "title": "a"} for n in range(10_000)]
    path.write_bytes(typed_book({"Vendor": rows}))
    book = marked_file(path, schema)
    assert len(book.found) == 10_000
    assert wrong(book.after) == []
    assert len(book.after) < len(book.before) + 3_000_000
    seen = looks(book.after)["Vendor"]
    assert sum(look.fill == "F9C9C4" and at[0] == "C" for at, look in seen.items()) == 10_000
    marked_path = tmp_path / "marked.xlsx"
    marked_path.write_bytes(book.after)
    shown = converted(marked_path, tmp_path / "csv", "csv").read_text("cp1252")
    assert shown.count("no address") >= 10_000
    assert values(unmarked(book.after, NAME), NAME) == values(book.before, NAME)
