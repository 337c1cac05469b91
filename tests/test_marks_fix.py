"""Accepted suggestions carried out in an annotated workbook: those cells change and no other, and our marks go."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from marked_books import Marked, accepting, compiled, looks, marked, marked_file, problem_rows, problems, values
from package_checks import wrong
from planted_books import DIALECTS, planted_by_excel, told
from rich_books import parts, zipped

from workbook_compiler.edit import Edit, edited
from workbook_compiler.marks import acceptable, annotated, fixed, unmarked
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.read.cells import NoResult

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")

RIGHT = {
    ("Biosource", "D5"): "immortalized cell line",
    ("Biosource", "E5"): "demo-lab:ve_cells",
    ("Biosample", "D5"): "demo-lab:so_gm12878",
    ("Biosample", "D6"): "demo-lab:so_gm12878",
    ("Biosample", "E5"): "demo-lab:pr_crosslinking, demo-lab:pr_culture",
    ("BiosampleCellCulture", "D5"): "2024-03-01",
    ("BiosampleCellCulture", "H5"): "SEPT2",
    ("BiosampleCellCulture", "F6"): "6",
    ("BiosampleCellCulture", "E7"): "11",
    ("BiosampleCellCulture", "F7"): 6,
    ("BiosampleCellCulture", "G7"): "No",
}
"""What each suggestion makes of its cells."""
SUMS = {("BiosampleCellCulture", cell) for cell in ("K5", "K6", "K7")}
"""Formulas that live on some of them."""


@pytest.fixture(
    scope="module", params=[pytest.param(d, marks=pytest.mark.office) if d == "libreoffice" else d for d in DIALECTS]
)
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, schema: Schema) -> Marked:
    """The planted workbook of each dialect, as it was and annotated."""
    return marked(tmp_path_factory.mktemp("book"), request.param, schema)


def changed(before: bytes, after: bytes, name: str) -> dict[tuple[str, str], Any]:
    """The cells that hold something else now, and what."""
    old, new = values(before, name), values(after, name)
    assert list(new) == list(old)
    places = {(title, cell) for title in old for cell in {*old[title], *new[title]}}
    return {
        (title, cell): new[title].get(cell) for title, cell in places if old[title].get(cell) != new[title].get(cell)
    }


def typed(cells: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """The cells that aren't formulas; of those the sums of the changed rows have lost their results, and no others."""
    calculated = {at for at, value in cells.items() if isinstance(value, NoResult)}
    assert calculated <= SUMS
    return {at: value for at, value in cells.items() if at not in calculated}


def place_of(row: dict[str, Any]) -> str:
    return str(row["Place"]).partition("\n")[0]


def row_at(data: bytes, place: str) -> dict[str, Any]:
    """The row of the sheet of problems about a place."""
    return next(row for row in problem_rows(data) if place_of(row) == place)


def test_accept_all_leaves_what_has_no_suggestion(book: Marked, tmp_path: Path, schema: Schema) -> None:
    """All suggestions carried out, only findings without one are left, and they are told."""
    mended = fixed(book.after, book.name, accept_all=True)
    left = compiled(mended.content, book.name, tmp_path, schema)
    assert acceptable(mended.content, book.name, left) == ()
    assert told(left) == told([d for d in book.found if not d.suggestions])
    assert mended.kept == ()
    assert len(mended.done) == len(acceptable(book.before, book.name, book.found)) == 10


def test_accept_all_changes_those_cells_and_no_other(book: Marked) -> None:
    """Values differ in the cells of the suggestions alone; an item of a list changes and its neighbours stay."""
    mended = fixed(book.after, book.name, accept_all=True).content
    assert typed(changed(book.before, mended, book.name)) == RIGHT
    assert wrong(mended) == []
    old, new = looks(book.before), looks(mended)
    assert list(new) == list(old)
    for title, cells in old.items():
        for at, look in cells.items():
            if (title, at) not in RIGHT:
                assert new[title][at] == look
            else:
                assert new[title][at][1:3] == look[1:3]
                assert new[title][at].note == look.note


def test_a_number_that_becomes_a_text_stays_one(book: Marked) -> None:
    """Excel's date is text again, in a cell that keeps it: opened once more it doesn't turn back into a date."""
    mended = looks(fixed(book.after, book.name, accept_all=True).content)
    assert mended["BiosampleCellCulture"]["H5"][:1] == ("SEPT2",)
    assert mended["BiosampleCellCulture"]["H5"].format == "@"


def test_only_what_was_accepted_is_done(book: Marked, tmp_path: Path, schema: Schema) -> None:
    """One box says yes: one suggestion is carried out, in each of its cells; the other findings are as before."""
    chosen = accepting(book.after, [row_at(book.after, "Biosample!D5")])
    mended = fixed(chosen, book.name)
    assert changed(book.before, mended.content, book.name) == {
        ("Biosample", c): "demo-lab:so_gm12878" for c in ("D5", "D6")
    }
    assert [(one.place, one.after, one.cells) for one in mended.done] == [("Biosample!D5", "demo-lab:so_gm12878", 2)]
    left = compiled(mended.content, book.name, tmp_path, schema)
    assert told(left) == told([d for d in book.found if str(d.location) != "Biosample!D5"])


def test_nothing_accepted_only_takes_the_marks_off(book: Marked) -> None:
    """Without a yes the workbook is the one without marks."""
    mended = fixed(book.after, book.name)
    assert (mended.done, mended.kept) == ((), ())
    assert mended.content == unmarked(book.after, book.name)
    assert changed(book.before, mended.content, book.name) == {}


@pytest.mark.parametrize("word", ["no", "", "No!", "nein", "0", "not yes", "?"])
def test_anything_but_a_yes_is_none(word: str, tmp_path: Path, schema: Schema) -> None:
    """Another word in the box accepts nothing."""
    book = marked(tmp_path, "excel", schema)
    chosen = accepting(book.after, [row_at(book.after, "Biosource!D5")], word)
    assert fixed(chosen, book.name).done == ()


def test_a_value_of_ones_own_is_taken(book: Marked) -> None:
    """Another text under Suggested value is what goes into the cell, and it stays text."""
    row = row_at(book.after, "Biosource!D5")
    mine = edited(accepting(book.after, [row]), [Edit(problems(book.after), row["at"]["Suggested value"], "=1+1")])
    assert changed(book.before, fixed(mine, book.name).content, book.name) == {("Biosource", "D5"): "=1+1"}


def test_a_cell_mended_by_hand_is_left_alone(book: Marked) -> None:
    """A cell that says something else by now keeps that, and the person is told."""
    by_hand = edited(book.after, [Edit("Biosource", "D5", "stem cell"), Edit("BiosampleCellCulture", "F7", 6)])
    mended = fixed(by_hand, book.name, accept_all=True)
    now = values(mended.content, book.name)
    assert (now["Biosource"]["D5"], now["BiosampleCellCulture"]["F7"]) == ("stem cell", 6)
    assert {one.place for one in mended.kept} == {"Biosource!D5", "BiosampleCellCulture!F7"}
    assert all(one.reason for one in mended.kept)
    assert now["Biosource"]["E5"] == "demo-lab:ve_cells"


def test_of_several_cells_only_those_that_still_say_it_change(book: Marked) -> None:
    """One of the two cells with the misspelt link was mended by hand: only the other one changes."""
    by_hand = edited(book.after, [Edit("Biosample", "D5", "demo-lab:so_k562")])
    mended = fixed(by_hand, book.name, accept_all=True)
    now = values(mended.content, book.name)["Biosample"]
    assert (now["D5"], now["D6"]) == ("demo-lab:so_k562", "demo-lab:so_gm12878")


def test_what_is_left_is_told(book: Marked) -> None:
    """What couldn't be mended by a suggestion is listed with its place."""
    mended = fixed(book.after, book.name, accept_all=True)
    places = {one.place for one in mended.left}
    assert {"Vendor!B3", "Vendor!A4", "Biosource!G6", "Biosample!D7", "BiosampleCellCulture!D6"} <= places
    assert not places & {f"{title}!{cell}" for title, cell in RIGHT}


def test_fixing_twice_changes_nothing_more(book: Marked, tmp_path: Path, schema: Schema) -> None:
    """A mended workbook that is annotated and mended again has the same cells."""
    once = fixed(book.after, book.name, accept_all=True).content
    again = annotated(once, book.name, compiled(once, book.name, tmp_path, schema))
    mended = fixed(again, book.name, accept_all=True)
    assert (mended.done, changed(once, mended.content, book.name)) == ((), {})


# ---------------------------------------------------------------- formulas


def with_formula(folder: Path, formula: str) -> Path:
    """Excel's dialect with a formula whose result is the misspelt word, and Excel's list of formulas naming it."""
    path = planted_by_excel(folder)
    inside = parts(path.read_bytes())
    sheet = inside["xl/worksheets/sheet2.xml"].decode()
    cell = re.search(r'<c r="D5" s="6" t="s"><v>\d+</v></c>', sheet)
    assert cell
    new = f'<c r="D5" s="6" t="str">{formula}<v>imortalized cell line</v></c>'
    chain = inside["xl/calcChain.xml"].replace(b"</calcChain>", b'<c r="D5" i="4"/></calcChain>')
    path.write_bytes(
        zipped({**inside, "xl/worksheets/sheet2.xml": sheet.replace(cell[0], new), "xl/calcChain.xml": chain})
    )
    return path


def test_a_formula_gives_way_to_what_was_accepted(tmp_path: Path, schema: Schema) -> None:
    """A formula of its own is replaced, and forgotten in Excel's list; the other formulas stay."""
    book = marked_file(with_formula(tmp_path, '<f>"imortalized"&amp;" cell line"</f>'), schema)
    assert parts(book.after)["xl/calcChain.xml"] == parts(book.before)["xl/calcChain.xml"]
    assert b"</f><v>imortalized" in parts(book.after)["xl/worksheets/sheet2.xml"]
    mended = fixed(book.after, book.name, accept_all=True)
    assert values(mended.content, book.name)["Biosource"]["D5"] == "immortalized cell line"
    chain = parts(mended.content)["xl/calcChain.xml"]
    assert b"D5" not in chain
    assert chain.count(b"<c ") == parts(book.before)["xl/calcChain.xml"].count(b"<c ") - 1
    assert wrong(mended.content) == []


@pytest.mark.parametrize("formula", ['<f t="shared" ref="D5:D6" si="3">A5</f>', '<f t="array" ref="D5:D6">A5:A6</f>'])
def test_a_formula_that_others_need_is_left_alone_and_told(formula: str, tmp_path: Path, schema: Schema) -> None:
    """Other cells live on this formula: its suggestion is kept back with the reason, and all others are carried out."""
    book = marked_file(with_formula(tmp_path, formula), schema)
    mended = fixed(book.after, book.name, accept_all=True)
    assert [one.place for one in mended.kept] == ["Biosource!D5"]
    assert typed(changed(book.before, mended.content, book.name)) == {
        k: v for k, v in RIGHT.items() if k != ("Biosource", "D5")
    }


# ---------------------------------------------------------------- heads of tables


def with_head(folder: Path, head: str, formula: str = "") -> Path:
    """Excel's dialect with another word at the head of the table's second column, in the cell and in the table."""
    path = planted_by_excel(folder)
    inside = parts(path.read_bytes())
    table, cultures = "xl/tables/table1.xml", "xl/worksheets/sheet4.xml"
    sheet = inside["xl/worksheets/sheet1.xml"].decode()
    cell = re.search(r'<c r="B1" s="3" t="s"><v>\d+</v></c>', sheet)
    assert cell
    new = f'<c r="B1" s="3" t="inlineStr"><is><t>{head}</t></is></c>'
    inside["xl/worksheets/sheet1.xml"] = sheet.replace(cell[0], new).encode()
    inside[table] = inside[table].replace(b'name="title"', f'name="{head}"'.encode())
    if formula:
        sum_of_one = b"<f>SUM(E8:F8)</f>"
        assert sum_of_one in inside[cultures]
        inside[cultures] = inside[cultures].replace(sum_of_one, f"<f>{formula}</f>".encode())
    path.write_bytes(zipped(inside))
    return path


def test_the_head_of_a_table_follows(tmp_path: Path, schema: Schema) -> None:
    """A misspelt header is the head of an Excel table: mended in the cell, it is mended in the table, or Excel repairs."""
    book = marked_file(with_head(tmp_path, "titel"), schema)
    mended = fixed(book.after, book.name, accept_all=True)
    assert values(mended.content, book.name)["Vendor"]["B1"] == "title"
    assert b'name="title"' in parts(mended.content)["xl/tables/table1.xml"]
    assert b"titel" not in parts(mended.content)["xl/tables/table1.xml"]
    assert wrong(mended.content) == []


def test_a_head_that_formulas_use_is_left_alone_and_told(tmp_path: Path, schema: Schema) -> None:
    """Formulas call the column by its name: it is kept back with the reason, and all others are carried out."""
    book = marked_file(with_head(tmp_path, "titel", "ROWS(Vendors[titel])"), schema)
    mended = fixed(book.after, book.name, accept_all=True)
    assert [one.place for one in mended.kept] == ["Vendor!B1"]
    assert values(mended.content, book.name)["Vendor"]["B1"] == "titel"
    assert values(mended.content, book.name)["Biosource"]["D5"] == "immortalized cell line"
