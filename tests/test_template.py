"""The cells of a blank workbook: what they say, offer and refuse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from blank_books import ALIASES, DOCUMENTS, MANY, SAMPLE, column_of, link, load, make, named_values, validation
from openpyxl.utils import range_boundaries

from workbook_compiler import api

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

LAST_ROW = 1_048_576


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """The template of Sample, Source, Human and Mouse; there is no sheet for Site."""
    path = tmp_path_factory.mktemp("template") / "blank.xlsx"
    types = ("Sample", "Source", "Human", "Mouse")
    return openpyxl.load_workbook(make(path, load(DOCUMENTS), types, ("one", "two")))


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
    """Column A carries the four marks, required columns have a star and come first, the row's own name follows."""
    sheet = book["Sample"]
    marks = ["#Field Name:", "#Field Type:", "#Description:", "#Additional Info:"]
    assert [sheet.cell(row, 1).value for row in (1, 2, 3, 4)] == marks
    assert [sheet.cell(1, column).value for column in (2, 3)] == ["*size", "aliases"]
    assert sheet.cell(1, 2).font.bold
    assert not sheet.cell(1, column_of(sheet, "note")).font.bold
    assert sheet.freeze_panes == "D5"
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


def test_a_list_column_offers_a_value_with_a_comma_in_quotes(book: Workbook, tmp_path: Path) -> None:
    """What the dropdown of a list column offers is read as that one value; a single value is offered as it is."""
    assert offered(book, "additive") == ["salt", "serum, heated"]
    assert offered(book, "additives") == ["salt", '"serum, heated"', '"5"" dish, ""old"""']
    path = tmp_path / "Sample.xlsx"
    filled = openpyxl.Workbook()
    filled.active.title = "Sample"
    for row in (["size", "additives"], *(["small", value] for value in offered(book, "additives"))):
        filled.active.append(row)
    filled.save(path)
    rows = api.compile(path, load(DOCUMENTS)).records
    assert [row.values["additives"] for row in rows] == [["salt"], ["serum, heated"], ['5" dish, "old"']]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("dose", "Needs dose_units and buffer as well."),
        ("dose_units", "Needs dose as well."),
        ("amount", "Needs count, day, frozen and 3 more columns as well."),
    ],
)
def test_a_column_tells_which_others_it_needs(book: Workbook, header: str, words: str) -> None:
    """Row 4 and the prompt at the cell name the columns that have to be filled in with it."""
    assert words in information(book, header)[3]
    assert words in validation(book["Sample"], header).prompt
    assert "Needs" not in information(book, "buffer")[3]


def test_sheets_print_on_pages_as_wide_as_they_are(book: Workbook) -> None:
    """Each sheet prints across one page, its four header rows on each; the guide fits the width of its page."""
    for name in ("Read me", "Sample", "Source"):
        page = book[name]
        assert (page.sheet_properties.pageSetUpPr.fitToPage, page.page_setup.fitToHeight) == (True, 0)
    assert book["Sample"].page_setup.orientation == "landscape"
    assert book["Sample"].print_title_rows == "$1:$4"


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
    assert "A name from the green column of sheet Source" in information(book, "source")[3]


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
