"""A workbook with its mistakes marked, in every dialect: our marks are where they belong, and nothing else is different."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from marked_books import (
    AUTHOR,
    ERROR_FILL,
    ERRORS,
    LOOKED_UP,
    MARKS,
    WARNING_FILL,
    WARNINGS,
    Marked,
    compiled,
    looks,
    marked,
    problem_rows,
    problems,
    touched,
    users,
    values,
    wrong_cells,
)
from package_checks import links, wrong
from planted_books import DIALECTS, OWN_NOTES, told
from rich_books import MAIN, parts

from workbook_compiler.edit import Remove, edited
from workbook_compiler.marks import annotated, unmarked
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import Schema

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
BAD, DOUBTFUL = wrong_cells(ERRORS), wrong_cells(WARNINGS)


@pytest.fixture(
    scope="module", params=[pytest.param(d, marks=pytest.mark.office) if d == "libreoffice" else d for d in DIALECTS]
)
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, schema: Schema) -> Marked:
    """The planted workbook of each dialect, as it was and annotated."""
    return marked(tmp_path_factory.mktemp("book"), request.param, schema)


def test_the_planted_mistakes_are_found(book: Marked) -> None:
    """The tests below look at real findings: errors, warnings and remarks, with suggestions and without."""
    assert wrong(book.before) == []
    at = {(d.location.sheet, d.location.cell): d.severity for d in book.found}
    again = {("Biosample", "D6")}
    assert {place for place, severity in at.items() if severity is Severity.ERROR} == BAD - again
    assert {place for place, severity in at.items() if severity is Severity.WARNING} == DOUBTFUL | {LOOKED_UP}
    assert {bool(d.suggestions) for d in book.found if d.severity is Severity.ERROR} == {True, False}


def test_every_other_part_is_the_same_to_the_byte(book: Marked) -> None:
    """Only marked sheets, their notes, the styles and the lists of parts and sheets differ; nothing is gone."""
    old, new = parts(book.before), parts(book.after)
    may = touched(book.before)
    assert {name for name in old if old[name] != new.get(name)} <= set(may)
    clean = {path for path, kind in may.items() if kind == "sheet"} - marked_parts(old)
    assert {path for path in clean if active_aside(old[path]) != active_aside(new[path])} == set()
    kinds = sorted({re.sub(r"\d+", "", name) for name in set(new) - set(old)})
    assert all(re.search(r"comment|\.vml$|notes|sheet[^/]*\.xml(\.rels)?$", kind, re.IGNORECASE) for kind in kinds), (
        kinds
    )


def marked_parts(inside: dict[str, bytes]) -> set[str]:
    """The parts of the sheets with wrong cells."""
    targets = links(inside, "xl/workbook.xml")
    sheets = ElementTree.fromstring(inside["xl/workbook.xml"]).iter(f"{{{MAIN}}}sheet")
    ids = {s.get("name"): next(v for k, v in s.attrib.items() if k.endswith("}id")) for s in sheets}
    return {targets[ids[title]][1] for title in ERRORS}


def active_aside(sheet: bytes) -> bytes:
    """A sheet without the word that its tab is chosen."""
    return re.sub(rb' tabSelected="(1|0|true|false)"', b"", sheet)


def test_the_package_is_sound(book: Marked) -> None:
    """Elements stand in the order Excel asks for, links lead somewhere, counts are right, every part has its type."""
    assert wrong(book.after) == []


def test_the_rest_of_a_marked_sheet_is_as_it_was(book: Marked) -> None:
    """Widths, validations, conditional formats, links, drawings and extensions of a marked sheet stay, word for word."""
    old, new = parts(book.before), parts(book.after)
    for path in marked_parts(old):
        assert outside_rows(new[path]) == outside_rows(old[path])


def outside_rows(sheet: bytes) -> list[Any]:
    """What a sheet holds beside its rows and the shapes of its notes, part by part."""
    root = ElementTree.fromstring(active_aside(sheet))
    skipped = ("}sheetData", "}dimension", "}legacyDrawing")
    return [root.attrib, *(ElementTree.tostring(node) for node in root if not node.tag.endswith(skipped))]


def test_no_cell_of_the_person_has_another_value(book: Marked) -> None:
    """Our reader finds in every cell what it found before; column A holds our marks where it was empty."""
    before, after = values(book.before, book.name), values(book.after, book.name)
    assert users(after, book.after) == before
    marks = {(t, at) for t, cells in after.items() for at, v in cells.items() if v in MARKS}
    rows = {(title, cell.strip("ABCDEFGH")) for title, cell in BAD | DOUBTFUL if title != "Vendor"}
    assert marks == {(title, f"A{row}") for title, row in rows} - {("Biosource", "A6")}


def test_wrong_cells_are_filled_and_no_others(book: Marked) -> None:
    """Errors are red, warnings yellow; every other cell has the fill, format and font it had."""
    before, after = looks(book.before), looks(book.after)
    filled = {(t, at): look.fill for t, cells in after.items() for at, look in cells.items() if t in before}
    assert {place for place, fill in filled.items() if fill == ERROR_FILL and place[1][0] != "A"} | {
        ("Vendor", "A4")
    } == BAD
    assert {place for place, fill in filled.items() if fill == WARNING_FILL and place[1][0] != "A"} == DOUBTFUL
    assert filled["Vendor", "A4"] == ERROR_FILL
    for title, cells in before.items():
        for at, look in cells.items():
            now = after[title][at]
            assert (now.format, now.font) == (look.format, look.font)
            if (title, at) not in BAD | DOUBTFUL and at[0] != "A":
                assert (now.fill, now.pattern) == (look.fill, look.pattern)


def test_wrong_cells_have_a_note_and_own_notes_stay(book: Marked) -> None:
    """Every wrong cell has a note that says what is wrong, unless the person has written one there, which stays."""
    before, after = looks(book.before), looks(book.after)
    mine = {(t, at): look.note for t, cells in before.items() for at, look in cells.items() if look.note}
    now = {(t, at): look.note for t, cells in after.items() for at, look in cells.items() if look.note and t in before}
    assert set(OWN_NOTES) <= set(mine)
    assert {place: note for place, note in now.items() if place in mine} == mine
    ours = {place: note for place, note in now.items() if place not in mine}
    assert {place for place in ours if place[1][0] != "A" or place == ("Vendor", "A4")} == (BAD | DOUBTFUL) - set(mine)
    assert {author for author, _ in ours.values()} == {AUTHOR}
    for d in book.found:
        place = (d.location.sheet, d.location.cell)
        if place in ours:
            assert d.message in ours[place][1]


def test_the_first_sheet_lists_every_problem(book: Marked) -> None:
    """The sheet of problems is first, visible and chosen; each row leads to its cell and offers the best suggestion."""
    opened = openpyxl.load_workbook(io.BytesIO(book.after))
    old = openpyxl.load_workbook(io.BytesIO(book.before))
    assert opened.sheetnames[1:] == old.sheetnames
    assert opened.active.title == problems(book.after) == "Problems"
    assert opened.active.sheet_state == "visible"
    assert [s.title for s in opened.worksheets if s.sheet_view.tabSelected] == ["Problems"]
    rows = problem_rows(book.after)
    shown = {row["target"].replace("'", "").replace("$", ""): row for row in rows if row["target"]}
    for d in book.found:
        if d.severity is not Severity.INFO:
            row = shown[str(d.location)]
            assert d.message in row["What is wrong"]
            assert d.code.id in "".join(str(value) for value in row.values())
            assert row["Suggested value"] == (d.suggestions[0] if d.suggestions else None)


def test_accept_offers_yes_where_there_is_a_suggestion(book: Marked) -> None:
    """The boxes for accepting have a dropdown, and are empty."""
    sheet = openpyxl.load_workbook(io.BytesIO(book.after)).worksheets[0]
    rules = [rule for rule in sheet.data_validations.dataValidation if "yes" in (rule.formula1 or "")]
    covered = {
        str(cell) for rule in rules for area in rule.sqref.ranges for row in area.rows for cell in named(area, row)
    }
    rows = problem_rows(book.after)
    assert {row["at"]["Accept"] for row in rows if row["Suggested value"] is not None} <= covered
    assert {row["Accept"] for row in rows if row["Suggested value"] is not None} == {None}


def named(area: Any, row: Any) -> list[str]:
    return [f"{openpyxl.utils.get_column_letter(column)}{number}" for number, column in row]


def test_names_and_printed_areas_follow_their_sheets(book: Marked) -> None:
    """Names that belong to one sheet still belong to it, though a sheet has come before it."""
    assert local_names(book.after, 1) == local_names(book.before, 0)


def local_names(data: bytes, shift: int) -> list[tuple[Any, ...]]:
    root = ElementTree.fromstring(parts(data)["xl/workbook.xml"])
    names = [(n.attrib, n.text) for n in root.iter(f"{{{MAIN}}}definedName")]
    return [
        (
            *sorted(a.items() - {("localSheetId", a.get("localSheetId"))}),
            text,
            int(a.get("localSheetId", shift)) - shift,
        )
        for a, text in names
        if not (a["name"].startswith("_wbc") or "Problems" in (text or ""))
    ]


def test_the_annotated_workbook_says_the_same(book: Marked, tmp_path: Path, schema: Schema) -> None:
    """Compiled again, the annotated workbook has the very findings of the original: our marks are no data."""
    assert told(compiled(book.after, book.name, tmp_path, schema)) == told(book.found)


def test_annotating_again_replaces_the_marks(book: Marked, tmp_path: Path, schema: Schema) -> None:
    """An annotated workbook that is annotated again has the same parts, nothing twice; a third time changes nothing at all."""
    again = annotated(book.after, book.name, compiled(book.after, book.name, tmp_path, schema))
    once, twice, thrice = parts(book.after), parts(again), parts(annotated(again, book.name, book.found))
    assert sorted(twice) == sorted(once)
    assert looks(again) == looks(book.after)
    assert twice == thrice


def test_annotating_with_fewer_findings_takes_the_other_marks_off(book: Marked) -> None:
    """A cell that has been mended since loses its colour and its note, and what was beneath shows again."""
    few = [d for d in book.found if d.location.sheet == "Vendor"]
    again = annotated(book.after, book.name, few)
    assert wrong(again) == []
    before, after = looks(book.before), looks(again)
    for title in ("Biosource", "Biosample", "BiosampleCellCulture"):
        assert after[title] == before[title]
    assert after["Vendor"]["B3"].fill == ERROR_FILL


def test_unmarked_is_the_workbook_as_it_was(book: Marked) -> None:
    """Our marks taken off, every cell, fill and note, every sheet and name is what it was, and the package is sound."""
    plain = unmarked(book.after, book.name)
    assert wrong(plain) == []
    assert looks(plain) == looks(book.before)
    assert values(plain, book.name) == values(book.before, book.name)
    assert local_names(plain, 0) == local_names(book.before, 0)
    old, new = parts(book.before), parts(plain)
    assert sorted(new) == sorted(old)
    assert {name for name in old if old[name] != new[name]} <= set(touched(book.before))
    for path in marked_parts(old):
        assert outside_rows(new[path]) == outside_rows(old[path])


def test_without_the_sheet_of_problems_the_marks_come_off_too(book: Marked) -> None:
    """Somebody has deleted our sheet: colours, notes and marks are still known as ours; colours beneath them are back."""
    plain = unmarked(edited(book.after, [Remove("Problems")]), book.name)
    assert wrong(plain) == []
    before, after = looks(book.before), looks(plain)
    patterned = {
        (title, at)
        for title, cells in before.items()
        for at, look in cells.items()
        if look.pattern not in (None, "solid")
    }
    for title, cells in before.items():
        assert set(after[title]) == set(cells)
        assert {(title, at) for at, look in cells.items() if after[title][at] != look} <= patterned


def test_nothing_to_take_off_is_the_file_itself(book: Marked) -> None:
    """A workbook without marks of ours comes back byte for byte."""
    assert unmarked(book.before, book.name) == book.before
