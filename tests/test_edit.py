"""A workbook changed in place: what was asked for is there, and nothing else is different."""

from __future__ import annotations

import io
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import openpyxl
import pytest
from excel_dialect import by_excel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from rich_books import MAIN, ROWS, by_libreoffice, by_openpyxl, by_xlsxwriter, converted, parts, rest_of, small, zipped

from workbook_compiler.edit import Book, Clear, Edit, Look, Restyle, UneditableError, Unstyle, Width, edited
from workbook_compiler.model.diagnostics import column_letter
from workbook_compiler.pipeline.read import read_bytes

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")

GREY = Look(fill="DDDDDD", ink="444444", bold=True, text=True)
ROSE = Look(fill="FFC7CE")
CHANGES = [
    Edit("Vendor", "D1", "#note", GREY),
    Edit("Vendor", "D2", " =1+1 & <b>\n", GREY),
    Edit("Vendor", "H7", 12.5),
    Edit("Vendor", "A9", True),
    Edit("Vendor", "B2", "Another"),
    Restyle("Vendor", "C3", ROSE),
    Restyle("Vendor", "B40", ROSE),
    Width("Vendor", 3, 33),
]
TOUCHED = {change.cell for change in CHANGES if isinstance(change, Edit | Restyle)}
MAKERS: list[Any] = [
    by_xlsxwriter,
    pytest.param(lambda folder: by_xlsxwriter(folder, macros=True), id="with_macros"),
    by_openpyxl,
    pytest.param(lambda folder: by_excel(folder, {"Vendor": ROWS}), id="by_excel"),
    pytest.param(by_libreoffice, marks=pytest.mark.office),
]


def sheet_of(data: bytes, name: str = "xl/worksheets/sheet1.xml") -> bytes:
    return parts(data)[name]


def look_of(cell: Any) -> tuple[Any, ...]:
    return cell.value, cell.number_format, repr(cell.font), cell.fill.fill_type, repr(cell.fill.fgColor)


@pytest.mark.parametrize("make", MAKERS)
def test_only_what_was_asked_for_is_different(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """Whoever made it: every part but the sheet, the styles and a table whose head was written over is the same to the byte."""
    before = make(tmp_path).read_bytes()
    after = edited(before, CHANGES)
    old, new = parts(before), parts(after)
    assert list(old) == list(new)
    tables = {name for name in old if name.startswith("xl/tables/")}
    assert {n for n in old if old[n] != new[n]} == {"xl/worksheets/sheet1.xml", "xl/styles.xml", *tables}
    assert rest_of(sheet_of(after), TOUCHED) == rest_of(sheet_of(before), TOUCHED)


@pytest.mark.parametrize("make", MAKERS)
def test_every_reader_finds_the_new_values(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """openpyxl, calamine and our own reader read each new value where it was put, and texts as they were given."""
    path = make(tmp_path)
    after = edited(path.read_bytes(), CHANGES)
    book = openpyxl.load_workbook(io.BytesIO(after))
    found = [book["Vendor"][cell].value for cell in ("D1", "D2", "H7", "A9", "B2")]
    assert found == ["#note", " =1+1 & <b>\n", 12.5, True, "Another"]
    assert book["Vendor"]["D2"].data_type == "s"
    rows = next(s for s in read_bytes(after, path, path.name).value.sheets if s.name == "Vendor").rows
    assert [rows[0][3], rows[1][3], rows[6][7], rows[8][0], rows[1][1]] == found
    assert rows[2][:2] == ["demo-lab:v2", "Vials & Co"]


@pytest.mark.parametrize("make", MAKERS)
def test_a_new_look_keeps_the_cells_own_format(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """A coloured cell keeps value, number format and font; an empty one keeps the format of its column."""
    path = make(tmp_path)
    before, after = openpyxl.load_workbook(path), openpyxl.load_workbook(io.BytesIO(edited(path.read_bytes(), CHANGES)))
    old, new = before["Vendor"]["C3"], after["Vendor"]["C3"]
    assert look_of(new)[:3] == look_of(old)[:3]
    assert new.fill.fgColor.rgb == "FFFFC7CE"
    head = after["Vendor"]["D1"]
    assert (head.fill.fgColor.rgb, head.font.bold, head.font.color.rgb, head.number_format) == (
        *("FFDDDDDD", True, "FF444444", "@"),
    )
    assert after["Vendor"]["B40"].fill.fgColor.rgb == "FFFFC7CE"
    if make is by_xlsxwriter:
        assert after["Vendor"]["B40"].number_format == "@"
    assert after["Vendor"].column_dimensions["D"].width == 33


@pytest.mark.office
@pytest.mark.parametrize("make", [by_xlsxwriter, by_openpyxl])
def test_libreoffice_opens_what_was_changed(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """LibreOffice opens the changed workbook and shows the new texts beside the old."""
    path = make(tmp_path)
    path.write_bytes(edited(path.read_bytes(), CHANGES))
    shown = converted(path, tmp_path / "csv", "csv").read_text("utf-8")
    assert "#note" in shown
    assert "demo-lab:v1,Another" in shown
    assert '" =1+1 & <b>' in shown
    assert converted(path, tmp_path / "pdf", "pdf").stat().st_size > 1000


@pytest.mark.parametrize("make", MAKERS[:3])
def test_a_fill_that_is_taken_off_leaves_what_was_beneath(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """Marks of an earlier run are removed: colours of the person's own, and cells without any, are as they were."""
    path = make(tmp_path)
    marks = [Restyle("Vendor", cell, ROSE) for cell in ("A1", "B2", "C2", "C3")]
    again = edited(edited(path.read_bytes(), marks), [Unstyle("Vendor", "FFC7CE")])
    before, after = openpyxl.load_workbook(path)["Vendor"], openpyxl.load_workbook(io.BytesIO(again))["Vendor"]
    for cell in ("A1", "B2", "C2", "C3"):
        assert look_of(after[cell]) == look_of(before[cell])


def test_the_same_changes_again_change_nothing(tmp_path: Path) -> None:
    """Looks that are there already serve again: a second run gives the same parts."""
    once = edited(by_xlsxwriter(tmp_path).read_bytes(), CHANGES[:5])
    assert parts(edited(once, CHANGES[:5])) == parts(once)


def test_no_change_is_the_file_itself(tmp_path: Path) -> None:
    """Without a change the bytes are the same."""
    data = by_xlsxwriter(tmp_path).read_bytes()
    assert edited(data, []) == data


# ---------------------------------------------------------------- sheets as others write them

AWKWARD = {
    "rows without numbers": ("<sheetData><row><c><v>1</v></c><c><v>2</v></c></row><row/></sheetData>", "", {}),
    "no rows": ("<sheetData/>", "", {}),
    "prefixed": (
        '<x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c><x:c r="B1"><x:v>2</x:v></x:c></x:row></x:sheetData>',
        *("x:", {}),
    ),
    "single quotes and ends inside quotes": (
        "<sheetData><row r='1' foo='a>b'><c r='A1' ><v>1</v></c><c r = 'B1'><v>2</v></c></row></sheetData>",
        *("", {}),
    ),
    "comments and quoted sections": (
        '<!-- <sheetData><row r="1"> --><sheetData><!-- <row r="9"/> --><row r="1"><c r="A1"><v>1</v></c>'
        '<c r="B1"><v>2</v></c><c r="C1" t="inlineStr"><is><t><![CDATA[</c></row><c r="D1">]]></t></is></c></row></sheetData>',
        *("", {"C1": '</c></row><c r="D1">'}),
    ),
    "tags that begin alike": (
        '<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c><c r="C1" t="inlineStr"><is><r><rPr>'
        '<color rgb="FF000000"></color></rPr><t>red</t></r></is></c></row></sheetData>',
        *("", {"C1": "red"}),
    ),
}


def worksheet(inner: str, prefix: str = "", namespace: str = MAIN) -> str:
    declared = f'xmlns:{prefix[:-1]}="{namespace}"' if prefix else f'xmlns="{namespace}"'
    return f'<?xml version="1.0"?><{prefix}worksheet {declared}>{inner}</{prefix}worksheet>'


@pytest.mark.parametrize("kind", AWKWARD)
def test_a_sheet_may_be_written_in_any_way(kind: str) -> None:
    """Cells are put where they belong, whatever is left out, quoted, prefixed or hidden in comments."""
    inner, prefix, more = AWKWARD[kind]
    changes = [Edit("Vendor", "B1", "new"), Edit("Vendor", "D1", "last"), Edit("Vendor", "B3", 5)]
    after = edited(small(worksheet(inner, prefix)), changes)
    expected = {"A1": "1", "B1": "new", "D1": "last", "B3": "5", **more}
    if kind == "no rows":
        del expected["A1"]
    assert told(after) == expected


def told(data: bytes, title: str = "Vendor") -> dict[str, str]:
    """What the cells of a sheet say, by address."""
    texts = Book(data).texts(title, 10_000)
    return {f"{column_letter(c)}{n}": text for n, row in texts.items() for c, text in row.items()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_sheet_keeps_its_alphabet(encoding: str) -> None:
    """A sheet in another alphabet than UTF-8 is written back in it."""
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    text = f'<?xml version="1.0" encoding="{name}"?>' + worksheet(
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>é</t></is></c></row></sheetData>'
    ).removeprefix('<?xml version="1.0"?>')
    data = zipped({**parts(small("")), "xl/worksheets/sheet1.xml": text.encode(encoding)})
    after = edited(data, [Edit("Vendor", "B1", "ü")])
    assert told(after) == {"A1": "é", "B1": "ü"}
    assert sheet_of(after).decode(encoding).startswith("<?xml")


def test_strict_workbooks_are_changed_too() -> None:
    """The strict form of the format has other namespaces and the same words."""
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    data = small(worksheet("<sheetData/>", namespace=strict))
    inside = {n: p.replace(MAIN.encode(), strict.encode()) for n, p in parts(data).items()}
    assert told(edited(zipped(inside), [Edit("Vendor", "A1", "x")])) == {"A1": "x"}


def test_a_workbook_without_styles_gets_some() -> None:
    """The first look of a workbook that had none brings the part, and says so in the two places that list parts."""
    after = edited(small(worksheet("<sheetData/>")), [Edit("Vendor", "A1", "x", GREY)])
    cell = openpyxl.load_workbook(io.BytesIO(after))["Vendor"]["A1"]
    assert (cell.value, cell.fill.fgColor.rgb) == ("x", "FFDDDDDD")


def test_looks_for_conditions_and_the_order_of_styles_stay(tmp_path: Path) -> None:
    """Styles that are there keep their numbers and their words; counts are right."""
    before = by_xlsxwriter(tmp_path).read_bytes()
    old, new = (parts(data)["xl/styles.xml"].decode() for data in (before, edited(before, CHANGES)))
    assert old[old.index("<dxfs") :] == new[new.index("<dxfs") :]
    for name in ("fonts", "fills", "cellXfs"):
        nodes = [ElementTree.fromstring(t).find(f"{{{MAIN}}}{name}") for t in (old, new)]
        texts = [[ElementTree.tostring(child) for child in node] for node in nodes if node is not None]
        assert texts[1][: len(texts[0])] == texts[0]
        assert nodes[1] is not None
        assert nodes[1].get("count") == str(len(texts[1]))


@pytest.mark.parametrize("name", ["a'b", "x & <y>", '"quoted"', "Zürich 東京", "=1+1", "{0}", "%s"])
def test_a_sheet_may_have_any_name(name: str) -> None:
    """Names are found as they are written, and nothing in them is taken for more than a name."""
    quoted = quoteattr(name, {'"': "&quot;"})[1:-1]
    after = edited(small(worksheet("<sheetData/>"), name=quoted), [Edit(name, "A1", "x")])
    assert told(after, name) == {"A1": "x"}


@pytest.mark.parametrize(
    "text",
    [
        "=HYPERLINK(1)",
        "</t></is></c>",
        "]]>",
        "&amp;",
        "_x0041_",
        "a_x000D_b",
        "  two  ",
        "a\tb\nc",
        "a\r\nb",
        "𝔘 ü",
        "007",
        "1e5",
    ],
)
def test_a_text_is_read_as_it_was_given(text: str) -> None:
    """No text turns into markup, a formula, a number or another sign."""
    after = edited(small(worksheet("<sheetData/>")), [Edit("Vendor", "A1", text)])
    assert CalamineWorkbook.from_filelike(io.BytesIO(after)).get_sheet_by_name("Vendor").to_python() == [[text]]


def test_signs_that_no_workbook_can_hold_are_left_out() -> None:
    """Control characters and half characters go; a text that is too long is cut and shows it."""
    after = edited(
        small(worksheet("<sheetData/>")),
        [Edit("Vendor", "A1", "a\0b\x1f\ud800\uffff"), Edit("Vendor", "A2", "x" * 40_000)],
    )
    cells = told(after)
    assert cells["A1"] == "ab"
    assert len(cells["A2"]) == 32_767
    assert cells["A2"].endswith("…")


# ---------------------------------------------------------------- columns, outlines, formulas


def test_columns_described_together_are_taken_apart() -> None:
    """A column inside a described range gets its own width and keeps the range's style; its neighbours stay."""
    cols = '<cols><col min="1" max="5" width="9" style="0" hidden="1"/><col min="7" max="16384" width="4"/></cols>'
    after = sheet_of(edited(small(worksheet(f"{cols}<sheetData/>")), [Width("Vendor", 2, 30), Width("Vendor", 5, 31)]))
    found = [c.attrib for c in ElementTree.fromstring(after).iter(f"{{{MAIN}}}col")]
    spans = [(int(c["min"]), int(c["max"]), c["width"], c.get("hidden")) for c in found]
    assert spans == [(1, 2, "9", "1"), (3, 3, "30", None), (4, 5, "9", "1"), (6, 6, "31", None), (7, 16384, "4", None)]


def test_hints_at_the_outline_are_extended() -> None:
    """The used area and the columns a row spans hold what was added."""
    inner = '<dimension ref="A1"/><sheetData><row r="1" spans="1:1"><c r="A1"><v>1</v></c></row></sheetData>'
    after = sheet_of(edited(small(worksheet(inner)), [Edit("Vendor", "C1", "x"), Edit("Vendor", "B7", "y")])).decode()
    assert '<dimension ref="A1:C7"/>' in after
    assert 'spans="1:3"' in after


FORMULAS = (
    '<sheetData><row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f t="shared" ref="B1:B2" si="0">A1</f><v>2</v></c>'
    '</row><row r="2"><c r="B2"><f t="shared" si="0"/><v>2</v></c></row></sheetData>'
)


def with_chain() -> bytes:
    data = small(worksheet(FORMULAS))
    inside = parts(data)
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain"
    link = b'<Relationship Id="r9" Type="' + kind + b'" Target="calcChain.xml"/></Relationships>'
    links = inside["xl/_rels/workbook.xml.rels"].replace(b"</Relationships>", link)
    chain = f'<calcChain xmlns="{MAIN}"><c r="A1" i="1"/><c r="B1"/><c r="B2"/></calcChain>'
    return zipped({**inside, "xl/_rels/workbook.xml.rels": links, "xl/calcChain.xml": chain})


def test_a_formula_that_is_written_over_is_forgotten() -> None:
    """Excel's list of formulas loses the cell, and the entry behind it says its sheet now; else the list isn't touched."""
    chain = parts(edited(with_chain(), [Edit("Vendor", "A1", 3)]))["xl/calcChain.xml"].decode()
    assert chain == f'<calcChain xmlns="{MAIN}"><c r="B1" i="1"/><c r="B2"/></calcChain>'
    assert (
        parts(edited(with_chain(), [Edit("Vendor", "C1", 3)]))["xl/calcChain.xml"]
        == parts(with_chain())["xl/calcChain.xml"]
    )


def test_a_formula_that_others_share_is_not_written_over() -> None:
    """A cell whose formula other cells live on is refused by its name, before anything is written."""
    with pytest.raises(UneditableError, match="B1 holds a formula"):
        edited(with_chain(), [Edit("Vendor", "B1", 3)])
    assert told(edited(with_chain(), [Edit("Vendor", "B2", 3)]))["B2"] == "3"


def test_a_cleared_column_is_empty_below_its_row() -> None:
    """Only the named column is emptied, only below the row, and cells without numbers stay where they are."""
    inner = "<sheetData>" + "<row><c><v>1</v></c><c><v>2</v></c><c><v>3</v></c></row>" * 3 + "</sheetData>"
    assert told(edited(small(worksheet(inner)), [Clear("Vendor", 1, 1), Edit("Vendor", "B3", "new")])) == {
        **{f"{c}{n}": v for n in (1, 2, 3) for c, v in (("A", "1"), ("C", "3"))},
        "B1": "2",
        "B3": "new",
    }


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "data",
    [b"", b"a,b\n1,2\n", zipped({"content.xml": "<x/>", "mimetype": "application/vnd.oasis.opendocument.spreadsheet"})],
    ids=["empty", "text", "ods"],
)
def test_another_kind_of_file_is_refused_in_words(data: bytes) -> None:
    """What isn't an Excel workbook is refused with the file's name."""
    with pytest.raises(UneditableError, match=r"^book\.x can't be changed in place: "):
        edited(data, CHANGES, "book.x")


@pytest.mark.parametrize(
    "sheet",
    ["<worksheet><sheetData><row>", worksheet("<sheetData><row><c></row></sheetData>"), "<worksheet/>", "no xml"],
)
def test_a_damaged_sheet_is_refused(sheet: str) -> None:
    """A sheet that isn't well-formed is never written on."""
    with pytest.raises(UneditableError):
        edited(small(sheet), [Edit("Vendor", "A1", "x")])


def test_a_file_that_unpacks_to_too_much_is_refused() -> None:
    """The limits hold before anything is parsed."""
    with pytest.raises(UneditableError, match="unpacks"):
        edited(zipped({**parts(small("")), "xl/media/big.bin": b"\0" * (210 << 20)}), CHANGES)


def test_a_sheet_with_entities_of_its_own_is_refused() -> None:
    """A document type is refused wherever it stands."""
    bomb = '<?xml version="1.0"?>' + " " * 5000 + '<!DOCTYPE x [<!ENTITY a "b">]>' + worksheet("<sheetData/>")[21:]
    with pytest.raises(UneditableError):
        edited(small(bomb), [Edit("Vendor", "A1", "x")])


@pytest.mark.parametrize("cell", ["A0", "XFE1", "A1048577", "1A", ""])
def test_a_cell_that_no_sheet_has_is_refused(cell: str) -> None:
    """An address outside of a sheet is refused."""
    with pytest.raises(UneditableError):
        edited(small(worksheet("<sheetData/>")), [Edit("Vendor", cell, "x")])


def test_an_unknown_sheet_is_refused() -> None:
    """A sheet that isn't there is named."""
    with pytest.raises(UneditableError, match="no sheet Nobody"):
        edited(small(worksheet("<sheetData/>")), [Edit("Nobody", "A1", "x")])


# ---------------------------------------------------------------- any sheet, any changes

PLACES = st.tuples(st.integers(1, 6), st.integers(0, 5))
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=8
)


@st.composite
def sheets(draw: Any) -> tuple[str, dict[str, str]]:
    """A sheet's text, and what its cells say; numbers of rows and cells are left out where they may be."""
    cells = draw(st.dictionaries(PLACES, st.integers(0, 99), max_size=12))
    prefix, text, before = draw(st.sampled_from(["", "x:"])), "", 0
    for row in sorted({row for row, _ in cells}):
        named = f' r="{row}"' if row != before + 1 or draw(st.booleans()) else ""
        inner, at = "", -1
        for column in sorted(c for r, c in cells if r == row):
            address = f' r="{column_letter(column)}{row}"' if column != at + 1 or draw(st.booleans()) else ""
            inner += f"<{prefix}c{address}><{prefix}v>{cells[row, column]}</{prefix}v></{prefix}c>"
            at = column
        text += f"<{prefix}row{named}>{inner}</{prefix}row>" + draw(st.sampled_from(["", "\n", "<!-- <row/> -->"]))
        before = row
    whole = worksheet(f"<{prefix}sheetData>{text}</{prefix}sheetData>", prefix)
    return whole, {f"{column_letter(c)}{r}": str(v) for (r, c), v in cells.items()}


@settings(max_examples=200, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    sheets(),
    st.dictionaries(PLACES, TEXTS | st.integers(-99, 99), max_size=8),
    st.dictionaries(PLACES, st.just(ROSE), max_size=3),
)
def test_any_sheet_takes_any_changes(
    sheet: tuple[str, dict[str, str]], values: dict[tuple[int, int], Any], looks: dict[tuple[int, int], Look]
) -> None:
    """New values stand where they were put, all others where they were, for us and for calamine."""
    text, before = sheet
    named = {f"{column_letter(c)}{r}": value for (r, c), value in values.items()}
    looked = [
        Restyle("Vendor", f"{column_letter(c)}{r}", look) for (r, c), look in looks.items() if (r, c) not in values
    ]
    after = edited(small(text), [*looked, *(Edit("Vendor", cell, value) for cell, value in named.items())])
    expected = {**before, **{cell: str(value) for cell, value in named.items()}}
    assert told(after) == expected
    rows = (
        CalamineWorkbook.from_filelike(io.BytesIO(after)).get_sheet_by_name("Vendor").to_python(skip_empty_area=False)
    )
    shown = {
        f"{string.ascii_uppercase[c]}{r}": str(int(v) if isinstance(v, float) else v)
        for r, row in enumerate(rows, 1)
        for c, v in enumerate(row)
        if v != ""
    }
    assert shown == expected
