"""The blank workbook as a file: what its cells say, offer and refuse."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from workbook_compiler.errors import UsageError
from workbook_compiler.model.schema import Schema
from workbook_compiler.portals.snovault import FOURDN
from workbook_compiler.template import select, write
from workbook_compiler.template.checked import done

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

LAST_ROW = 1_048_576
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
    "Sample": {"properties": {"aliases": ALIASES, **SAMPLE}, "required": ["size"], "title": "A sample"},
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


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """The template of Sample, Source, Human and Mouse; there is no sheet for Site."""
    path = tmp_path_factory.mktemp("template") / "blank.xlsx"
    types = ("Sample", "Source", "Human", "Mouse")
    return openpyxl.load_workbook(make(path, load(DOCUMENTS), types, ("one", "two")))


@pytest.fixture(scope="session")
def portal() -> Schema:
    """The schemas of the real 4DN portal, which belong to others and aren't part of the project."""
    file = Path(__file__).resolve().parents[2] / "shared" / "data" / "4dn" / "profiles.json"
    if not file.exists():
        pytest.skip("no shared/data beside the checkout: the portal's real schemas are not part of it")
    return load(json.loads(file.read_bytes()))


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


def offered(book: Workbook, header: str) -> list[Any]:
    """The fixed values that the dropdown of a column of Sample offers."""
    return named_values(book, validation(book["Sample"], header).formula1)


def information(book: Workbook, header: str) -> list[Any]:
    sheet = book["Sample"]
    return [sheet.cell(row, column_of(sheet, header)).value for row in (1, 2, 3, 4)]


def test_sheets_stand_in_linking_order(book: Workbook) -> None:
    """The guide comes first, then each type behind the types it links to; helper sheets are hidden."""
    shown = [sheet.title for sheet in book if sheet.sheet_state == "visible"]
    assert shown == ["Read me", "Source", "Human", "Mouse", "Sample"]
    assert [sheet.title for sheet in book if sheet.sheet_state == "hidden"] == ["_lists", "_links"]
    assert book["_workbook_compiler"].sheet_state == "veryHidden"


def test_the_house_layout(book: Workbook) -> None:
    """Column A carries the four marks, the row's own name follows, required columns have a star and come next."""
    sheet = book["Sample"]
    marks = ["#Field Name:", "#Field Type:", "#Description:", "#Additional Info:"]
    assert [sheet.cell(row, 1).value for row in (1, 2, 3, 4)] == marks
    assert [sheet.cell(1, column).value for column in (2, 3)] == ["aliases", "*size"]
    assert sheet.cell(1, 3).font.bold
    assert not sheet.cell(1, column_of(sheet, "note")).font.bold
    assert sheet.freeze_panes == "C5"
    assert sheet.max_row == 4


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("note", "string"),
        ("day", "string"),
        ("frozen", "boolean"),
        ("count", "integer"),
        ("amount", "number"),
        ("source", "Item:Source"),
        ("sources", "array of Item:Source"),
        ("marks", "array of string"),
        ("relation.kind", "array of embedded objects, string"),
        ("relation.sample", "array of embedded objects, Item:Sample"),
        ("free", "JSON"),
        ("picture", "string"),
    ],
)
def test_types_are_told_in_submit4dn_words(book: Workbook, header: str, words: str) -> None:
    """Row 2 says the kind of value in the words the portal's own workbooks use."""
    assert information(book, header)[1] == words


def test_rows_three_and_four_tell_what_is_meant(book: Workbook) -> None:
    """Row 3 is the description; row 4 the comment and the first choices, with the number that isn't shown."""
    _, _, described, more = information(book, "long")
    assert described == "What it is."
    assert more.startswith("Ask first. Choices: a rather long choice, number 0 | a rather")
    assert more.endswith(" and 31 more, see the list.")
    assert information(book, "note")[3] == "-"


def test_a_list_of_objects_tells_how_to_add_a_member(book: Workbook) -> None:
    """A field of a list of objects says when it is needed, and how a second member is written."""
    more = information(book, "relation.kind")[3]
    assert "Needed when another relation column is filled in." in more
    assert "copy the relation columns and end their headers with -1" in more


@pytest.mark.parametrize(
    ("header", "values", "refuses"),
    [
        ("long", MANY, True),
        ("size", ["small", "large"], True),
        ("lane", [1, 2], True),
        ("frozen", [True, False], True),
        ("buffer", ["PBS", "TE"], False),
        ("marks", ["red", "green"], False),
    ],
)
def test_a_dropdown_offers_its_values(book: Workbook, header: str, values: list[Any], refuses: bool) -> None:
    """Long lists, values with commas, numbers and booleans are offered whole; only a single fixed choice refuses others."""
    rule = validation(book["Sample"], header)
    assert (rule.type, rule.showErrorMessage, rule.showInputMessage) == ("list", refuses, True)
    offered_values = offered(book, header)
    assert [(type(value), value) for value in offered_values] == [(type(value), value) for value in values]
    assert bool(rule.error) == refuses


def test_equal_lists_are_kept_once(book: Workbook) -> None:
    """Two columns with the same choices share one list."""
    assert validation(book["Sample"], "size").formula1 == validation(book["Sample"], "size_again").formula1


def test_a_link_offers_what_the_other_sheet_names(book: Workbook) -> None:
    """A link's dropdown is the first column of the sheet it points at, down to the last name typed there; it refuses nothing."""
    for header in ("source", "sources"):
        rule = validation(book["Sample"], header)
        assert (rule.type, rule.formula1, rule.showErrorMessage) == ("list", "ids_Source", False)
    reach = book.defined_names["ids_Source"].attr_text
    assert reach.startswith(f"'Source'!$B$5:INDEX('Source'!$B$5:$B${LAST_ROW},")
    assert "A name from the first column of sheet Source" in information(book, "source")[3]


def test_a_link_to_a_group_of_types_offers_all_their_sheets(book: Workbook) -> None:
    """A link to an abstract type offers the names on the sheets of its concrete types, one below the other."""
    assert validation(book["Sample"], "donor").formula1 == "ids_Donor"
    assert book.defined_names["ids_Donor"].attr_text.startswith("_links!$B$2:INDEX(_links!$B$2:$B$1001,")
    entry = book["_links"]["B2"].value
    assert f"'Human'!$B$5:$B${LAST_ROW},'Mouse'!$B$5:$B${LAST_ROW}" in entry


def test_a_link_without_a_sheet_only_explains(book: Workbook) -> None:
    """A link to a type that has no sheet here offers nothing; it tells what to write, and by which key records are known."""
    rule = validation(book["Sample"], "site")
    assert rule.type in (None, "none")
    assert rule.prompt == "An identifier the portal knows, such as the Site's code."


def test_a_link_to_too_many_sheets_offers_nothing(tmp_path: Path) -> None:
    """A link to any of many types has no dropdown, because its formulas would outweigh the workbook."""
    many = {f"T{n}": {"properties": {"aliases": ALIASES}, "rdfs:subClassOf": "/profiles/Any.json"} for n in range(41)}
    user = {
        "User": {"properties": {"any": link("Any"), "aliases": ALIASES}},
        "Any": {"properties": {}, "isAbstract": True},
    }
    all_of_them = openpyxl.load_workbook(make(tmp_path / "a.xlsx", load({**many, **user})))
    assert validation(all_of_them["User"], "any").type in (None, "none")
    fewer = openpyxl.load_workbook(make(tmp_path / "b.xlsx", load({**many, **user}), [*list(many)[:40], "User"]))
    assert validation(fewer["User"], "any").formula1 == "ids_Any"


@pytest.mark.parametrize(
    ("header", "kind", "limits"),
    [
        ("count", "whole", ("1", "6")),
        ("amount", "decimal", ("-1E+300", "1E+300")),
        ("day", "date", ("DATE(1900,1,1)", None)),
    ],
)
def test_numbers_and_dates_are_checked(book: Workbook, header: str, kind: str, limits: tuple[Any, Any]) -> None:
    """Numbers keep the schema's limits, dates are dates, and the refusal is a sentence with an example."""
    rule = validation(book["Sample"], header)
    assert (rule.type, rule.formula1, rule.formula2, rule.showErrorMessage) == (kind, *limits, True)
    assert rule.error.startswith(f"Please write {header} as ")


@pytest.mark.parametrize(
    ("header", "number_format"),
    [
        ("aliases", "@"),
        ("note", "@"),
        ("size", "@"),
        ("source", "@"),
        ("sources", "@"),
        ("free", "@"),
        ("lane", "General"),
        ("count", "General"),
        ("amount", "General"),
        ("frozen", "General"),
        ("day", "yyyy-mm-dd"),
        ("when", "yyyy-mm-dd"),
        ("moment", "yyyy-mm-dd hh:mm"),
    ],
)
def test_cells_keep_what_is_typed(book: Workbook, header: str, number_format: str) -> None:
    """Text, link and list columns are formatted as Text, so that SEPT2, 1-2 and 00123 stay; dates show the year first."""
    sheet = book["Sample"]
    column = column_of(sheet, header)
    dimension = next(d for d in sheet.column_dimensions.values() if d.min <= column <= d.max)
    assert dimension.number_format == number_format


def test_every_column_has_a_prompt_down_to_the_last_row(book: Workbook) -> None:
    """Each column, free text too, has one validation with a prompt, from row 5 to the last row of the sheet."""
    for name in ("Sample", "Source", "Human", "Mouse"):
        sheet = book[name]
        reach = [range_boundaries(str(v.sqref)) for v in sheet.data_validations.dataValidation]
        assert sorted(reach) == [(c, 5, c, LAST_ROW) for c in range(1, sheet.max_column + 1)]
        assert all(v.prompt and v.promptTitle for v in sheet.data_validations.dataValidation)


def test_a_filter_leaves_the_header_rows_alone(book: Workbook) -> None:
    """Filtering and sorting start below row 4."""
    assert book["Source"].auto_filter.ref == f"A4:B{LAST_ROW}"


def test_the_manifest_says_where_the_workbook_comes_from(book: Workbook) -> None:
    """The hidden sheet holds portal, presets, schema, tool version, layout and the type of every sheet."""
    rows = dict(book["_workbook_compiler"].iter_rows(values_only=True))
    assert rows == {
        "portal": "4dn",
        "preset": "one,two",
        "schema_source": "test.json",
        "schema_sha256": "f" * 64,
        "tool_version": "1.2",
        "layout": "house",
        **{f"sheet:{name}": name for name in ("Source", "Human", "Mouse", "Sample")},
    }


def test_the_guide_leads_to_every_sheet(book: Workbook) -> None:
    """The first sheet explains the marks, counts the columns and links to each sheet."""
    guide = book["Read me"]
    assert book.active is guide
    targets = [cell.hyperlink.location for row in guide for cell in row if cell.hyperlink]
    assert targets == ["'Source'!B5", "'Human'!B5", "'Mouse'!B5", "'Sample'!B5"]
    rows = [[cell.value for cell in row[1:]] for row in guide]
    assert ["Sample", "A sample", 1, len(SAMPLE) + 2] in rows
    text = " ".join(str(value) for row in rows for value in row)
    for word in ("star (*)", "*delete*", "-1", "2024-03-01", "merge", "wbc check", "one, two", "f" * 12):
        assert word in text


def test_long_names_are_shortened_and_kept_apart(tmp_path: Path) -> None:
    """Names that spreadsheets refuse are changed so that each stays different; the manifest holds the full ones."""
    stem = "A" * 31
    wanted = [f"{stem}one", f"{stem.capitalize()}two", "History", "A/b:c?", "Tom's", "Read me"]
    schema = load({name: {"properties": {"aliases": ALIASES}} for name in wanted})
    book = openpyxl.load_workbook(make(tmp_path / "t.xlsx", schema, wanted))
    rows = dict(book["_workbook_compiler"].iter_rows(values_only=True))
    sheets = {key.removeprefix("sheet:"): value for key, value in rows.items() if key.startswith("sheet:")}
    short = [stem, "A" + "a" * 28 + "~2", "History~2", "A_b_c_", "Tom's", "Read me~2"]
    assert sheets == dict(zip(short, wanted, strict=True))
    assert all(name in book.sheetnames for name in sheets)


def test_two_writes_give_the_same_bytes(tmp_path: Path) -> None:
    """The same selection gives the same file, byte for byte."""
    schema = load(DOCUMENTS)
    assert make(tmp_path / "a.xlsx", schema).read_bytes() == make(tmp_path / "b.xlsx", schema).read_bytes()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new file cannot be put in place the old one stays as it was, with nothing beside it."""
    path = tmp_path / "t.xlsx"
    path.write_text("old")

    def refuse(_from: Path, _to: Path) -> None:
        raise PermissionError(13, "file is open elsewhere")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UsageError, match=r"t\.xlsx cannot be written: file is open elsewhere"):
        make(path, load(DOCUMENTS))
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("t.xlsx", "old")]


def test_a_refusal_of_the_writer_is_an_error() -> None:
    """XlsxWriter reports what it left out by a negative number; that never passes silently."""
    done(0)
    done(None)
    with pytest.raises(RuntimeError, match="refused"):
        done(-2)


HOSTILE = [
    "=1+1",
    "@SUM(A1)",
    "-dT",
    "#N/A",
    'http://x.org/<&">',
    "{=A1}",
    "_x0041_",
    "% Long-range (a.b)",
    "ga:rate-1",
    "été 🧬",
]


def test_text_of_the_schema_stays_text(tmp_path: Path) -> None:
    """Names, descriptions and choices that look like formulas, links or escapes arrive as they are."""
    properties = {text: {**TEXT, "description": text, "comment": text, "enum": HOSTILE} for text in HOSTILE}
    schema = load({"A": {"properties": {"aliases": ALIASES, **properties}, "description": "=2+2"}})
    book = openpyxl.load_workbook(make(tmp_path / "t.xlsx", schema))
    assert {cell.value for cell in book["A"][1][2:]} == {cell.value for cell in book["A"][3][2:]} == set(HOSTILE)
    assert all(cell.data_type == "s" for row in book["A"].iter_rows(max_row=4) for cell in row if cell.value)
    assert named_values(book, validation(book["A"], "% Long-range (a.b)").formula1) == HOSTILE


def test_text_that_no_workbook_can_hold_is_cut_and_cleaned(tmp_path: Path) -> None:
    """Control characters and halves of characters are left out; what is too long for a cell or a prompt is cut."""
    bad = "a\x00\x01\x08\ud800\ufffeb "
    long = {**TEXT, "description": bad + "🧬" * 20_000, "enum": ["x" * 40_000, bad, "", "z"], "comment": "y" * 300}
    document = {"properties": {"aliases": ALIASES, "long" * 100: long, bad: {"type": "integer"}}, "description": bad}
    book = openpyxl.load_workbook(make(tmp_path / "t.xlsx", load({f"T{bad}": document}), [f"T{bad}"]))
    sheet = book["Tab "]
    described = sheet.cell(3, column_of(sheet, "long" * 100)).value
    assert described.startswith("ab 🧬")
    assert len(described.encode("utf-16-le")) // 2 <= 32_767
    rule = validation(sheet, "long" * 100)
    assert [len(value) for value in named_values(book, rule.formula1)] == [32_767, 3, 1]
    for one in sheet.data_validations.dataValidation:
        assert len(one.promptTitle) <= 32
        assert len(one.prompt.encode("utf-16-le")) // 2 <= 255
        assert len(one.errorTitle or "") <= 32
        assert len(one.error or "") <= 225


def resaved(path: Path, folder: Path) -> Workbook:
    """The workbook as LibreOffice saves it, with its formulas calculated."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    profile = (folder / "profile").as_uri()
    options = [
        f"-env:UserInstallation={profile}",
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(folder / "again"),
    ]
    subprocess.run([office, *options, str(path)], check=True, capture_output=True, timeout=240)
    return openpyxl.load_workbook(folder / "again" / path.name, data_only=True)


def told(sheet: Worksheet) -> Mapping[int, tuple[Any, ...]]:
    """For each column what its cells offer, refuse and say, if that holds for a thousand rows at least.

    LibreOffice ends a validation a thousand rows below the last used one when it saves, and moves it on with the rows.
    """
    rules = {}
    for rule in sheet.data_validations.dataValidation:
        used = {None: 0, "none": 0, "list": 1, "date": 1}.get(rule.type, 2)
        limits = [str(formula).upper() for formula in (rule.formula1, rule.formula2)[:used]]
        for cells in rule.sqref.ranges:
            if cells.min_row == 5 and cells.max_row >= 1004:
                column = (
                    rule.type or "none",
                    *limits,
                    rule.showErrorMessage,
                    rule.error,
                    rule.promptTitle,
                    rule.prompt,
                )
                rules.update(dict.fromkeys(range(cells.min_col, cells.max_col + 1), column))
    return rules


@pytest.mark.office
def test_libreoffice_keeps_every_dropdown(tmp_path: Path, portal: Schema) -> None:
    """All types of the real portal go through LibreOffice: every sheet keeps its dropdowns, every list its values."""
    path = make(tmp_path / "all.xlsx", portal)
    before, after = openpyxl.load_workbook(path), resaved(path, tmp_path)
    rules = {sheet.title: told(sheet) for sheet in before}
    assert {sheet.title: told(sheet) for sheet in after} == rules
    assert sum(rule[0] == "list" for sheet in rules.values() for rule in sheet.values()) > 450
    lists = [name for name in before.defined_names if name.startswith("list_")]
    assert len(lists) > 50
    assert {n: named_values(after, n) for n in lists} == {n: named_values(before, n) for n in lists}
    assert set(before.defined_names) <= set(after.defined_names)


def fill(book: Workbook, rows: Mapping[str, Mapping[int, str]]) -> None:
    for sheet, cells in rows.items():
        for row, text in cells.items():
            book[sheet].cell(row, 2).value = text


def probe(book: Workbook, names: Sequence[str], depth: int) -> None:
    """Add a sheet whose formulas ask what a dropdown offers: its length, then its entries."""
    sheet = book.create_sheet("(probe)")
    for column, name in enumerate(names, start=1):
        sheet.cell(1, column).value = f"=ROWS({name})"
        for row in range(1, depth + 1):
            sheet.cell(row + 1, column).value = f'=IF(ROWS({name})<{row},"",INDEX({name},{row},1)&"")'


@pytest.mark.office
@pytest.mark.parametrize(
    ("rows", "source", "donor"),
    [
        ({}, [""], [""]),
        (
            {"Source": {5: "l:a", 6: "l:b"}, "Human": {5: "l:h1", 7: "l:h2"}, "Mouse": {5: "m1", 6: "m2"}},
            ["l:a", "l:b"],
            ["l:h1", "", "l:h2", "m1", "m2"],
        ),
        ({"Source": {5: "l:a", 9: "l:b"}, "Mouse": {6: "m2"}}, ["l:a", "", "", "", "l:b"], ["", "m2"]),
    ],
    ids=["blank", "filled", "with gaps"],
)
def test_links_offer_the_names_typed_so_far(
    tmp_path: Path, rows: Mapping[str, Mapping[int, str]], source: list[str], donor: list[str]
) -> None:
    """A link's dropdown grows with the rows of its sheets and ends at the last one, gaps or not; sheets follow each other."""
    path = make(tmp_path / "t.xlsx", load(DOCUMENTS), ("Sample", "Source", "Human", "Mouse"))
    book = openpyxl.load_workbook(path)
    fill(book, rows)
    probe(book, ["ids_Source", "ids_Donor"], 7)
    book.save(path)
    answer = resaved(path, tmp_path)["(probe)"]
    found = [[cell.value or "" for cell in column] for column in answer.iter_cols(max_row=8)]
    assert [column[0] for column in found] == [len(source), len(donor)]
    assert [column[1 : 1 + column[0]] for column in found] == [source, donor]
