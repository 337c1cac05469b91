"""``wbc check --format xlsx`` and ``wbc fix`` as they are typed."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from conftest import FOURDN
from rich_books import parts
from test_cli import wbc

from workbook_compiler import api
from workbook_compiler.marks import accepted

PORTAL = ("--portal", "4dn", "--schemas", str(FOURDN / "profiles.json"))


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a workbook full of mistakes."""
    shutil.copy(FOURDN / "broken.xlsx", tmp_path / "broken.xlsx")
    return tmp_path


def marked(desk: Path, *more: str) -> subprocess.CompletedProcess[bytes]:
    return wbc(desk, "check", "broken.xlsx", *PORTAL, "--format", "xlsx", *(more or ("-o", "broken.checked.xlsx")))


def line(book: openpyxl.Workbook, place: str) -> dict[str, Any]:
    """The cells of a problem's line by the headers above them."""
    rows = list(book["Problems"].iter_rows())
    [head] = [row for row in rows if row[0].value == "Place"]
    [found] = [row for row in rows if row[0].value == place]
    return {str(above.value): cell for above, cell in zip(head, found, strict=True) if above.value}


def test_the_marked_copy_is_written_and_the_workbook_left_alone(desk: Path) -> None:
    """The copy has our sheet in front; the workbook itself is the same to the byte; the exit code is the check's."""
    before = (desk / "broken.xlsx").read_bytes()
    ran = marked(desk)
    assert (ran.returncode, ran.stdout) == (1, b""), ran.stderr.decode()
    assert "Marked: broken.checked.xlsx\n24 errors" in ran.stderr.decode()
    assert (desk / "broken.xlsx").read_bytes() == before
    assert openpyxl.load_workbook(desk / "broken.checked.xlsx").sheetnames[0] == "Problems"
    assert sorted(path.name for path in desk.glob("*.*")) == [".cache", "broken.checked.xlsx", "broken.xlsx"]


def test_what_was_accepted_is_put_in_and_the_rest_is_told(desk: Path) -> None:
    """One yes changes one mistake's cells, says so, and lists what is left."""
    marked(desk)
    book = openpyxl.load_workbook(desk / "broken.checked.xlsx")
    line(book, "IndividualHuman!E5")["Accept"].value = "yes"
    book.save(desk / "accepted.xlsx")
    ran = wbc(desk, "fix", "accepted.xlsx", "-o", "mended.xlsx")
    assert (ran.returncode, ran.stdout) == (0, b"mended.xlsx\n"), ran.stderr.decode()
    told = ran.stderr.decode()
    assert told.startswith("IndividualHuman!E5: “femle” is “female” now.\nLeft to look at: 23 errors")
    mended = openpyxl.load_workbook(desk / "mended.xlsx")
    assert mended["IndividualHuman"]["E5"].value == "female"
    assert "Problems" not in mended.sheetnames


def test_a_cell_that_was_changed_by_hand_is_left_alone_and_told(desk: Path) -> None:
    """Of a mistake in two cells one was mended otherwise: the other is mended, and both are said."""
    marked(desk)
    book = openpyxl.load_workbook(desk / "broken.checked.xlsx")
    line(book, "ExperimentHiC!I6")["Accept"].value = "yes"
    book["ExperimentHiC"]["I7"].value = "demo-lab:other"
    book.save(desk / "accepted.xlsx")
    told = wbc(desk, "fix", "accepted.xlsx", "-o", "mended.xlsx").stderr.decode()
    assert "“demo-lab:pr_in_situ_hic” now.\n  1 other cell of this mistake held something else by now" in told
    sheet = openpyxl.load_workbook(desk / "mended.xlsx")["ExperimentHiC"]
    assert (sheet["I6"].value, sheet["I7"].value) == ("demo-lab:pr_in_situ_hic", "demo-lab:other")


def test_a_value_of_ones_own_is_taken_too(desk: Path) -> None:
    """What is written over the suggestion counts."""
    marked(desk)
    book = openpyxl.load_workbook(desk / "broken.checked.xlsx")
    row = line(book, "IndividualHuman!E5")
    row["Suggested value"].value, row["Accept"].value = "unknown", "Yes"
    book.save(desk / "accepted.xlsx")
    assert wbc(desk, "fix", "accepted.xlsx", "-o", "mended.xlsx").returncode == 0
    assert openpyxl.load_workbook(desk / "mended.xlsx")["IndividualHuman"]["E5"].value == "unknown"


def test_all_suggestions_accepted_leave_only_what_has_none(desk: Path) -> None:
    """Accept all, check again: no finding is left that has a suggestion."""
    marked(desk)
    assert wbc(desk, "fix", "broken.checked.xlsx", "--all", "-o", "mended.xlsx").returncode == 0
    again = wbc(desk, "check", "mended.xlsx", *PORTAL, "--format", "json")
    assert b'"suggestions":[]' in again.stdout
    assert b'"suggestions":["' not in again.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fix", "broken.xlsx", "-o", "out.xlsx"), "broken.xlsx has no sheet of problems."),
        (("fix", "gone.xlsx", "-o", "out.xlsx"), "There is no file gone.xlsx."),
        (("fix", "broken.xlsx", "-o", "broken.xlsx"), "is the marked workbook itself"),
        (("check", "broken.xlsx", *PORTAL, "--format", "xlsx", "-o", "broken.xlsx"), "is the workbook itself"),
        (("check", "broken.xlsx", *PORTAL, "--format", "xlsx", "-o", "out.html"), "ends in .xlsx too"),
        (("check", "rows.csv", *PORTAL, "--format", "xlsx", "-o", "out.xlsx"), "goes for .xlsx and .xlsm"),
        (("check", "broken.xlsx", "other.xlsx", *PORTAL, "--format", "xlsx"), "into a folder: -o FOLDER"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(desk: Path, words: tuple[str, ...], said: str) -> None:
    """A wrong call ends with 2 and writes nothing."""
    shutil.copy(desk / "broken.xlsx", desk / "other.xlsx")
    (desk / "rows.csv").write_text("aliases\n", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in desk.iterdir()}
    ran = wbc(desk, *words)
    assert ran.returncode == 2
    assert said in ran.stderr.decode()
    assert {path.name: path.read_bytes() for path in desk.iterdir()} == before


def test_several_workbooks_are_marked_into_a_folder(desk: Path) -> None:
    """Each has the findings about its own cells."""
    shutil.copy(FOURDN / "filled.xlsx", desk / "filled.xlsx")
    ran = wbc(desk, "check", "broken.xlsx", "filled.xlsx", *PORTAL, "--format", "xlsx", "-o", "marked")
    assert ran.returncode == 1, ran.stderr.decode()
    assert sorted(path.name for path in (desk / "marked").iterdir()) == ["broken.checked.xlsx", "filled.checked.xlsx"]
    found = openpyxl.load_workbook(desk / "marked" / "filled.checked.xlsx")["Problems"]
    assert str(found["A2"].value).startswith("filled.xlsx, checked for 4D Nucleome Data Portal:")


def test_a_marked_copy_goes_to_standard_output(desk: Path) -> None:
    """As any other result it may be piped."""
    ran = marked(desk, "-o", "-")
    assert ran.stdout.startswith(b"PK")


def test_a_file_that_is_no_workbook_is_told_as_by_any_check(desk: Path) -> None:
    """Its finding is said in words, and there is nothing to mark."""
    (desk / "broken.xlsx").write_bytes(b"no workbook")
    ran = marked(desk)
    assert ran.returncode == 1
    assert "FIL01" in ran.stderr.decode()
    assert not (desk / "broken.checked.xlsx").exists()


def test_two_workbooks_of_one_name_have_a_copy_each(desk: Path) -> None:
    """The second one's copy has a number."""
    (desk / "sub").mkdir()
    shutil.copy(FOURDN / "filled.xlsx", desk / "sub" / "broken.xlsx")
    ran = wbc(desk, "check", "broken.xlsx", "sub/broken.xlsx", *PORTAL, "--format", "xlsx", "-o", "marked")
    assert ran.returncode == 1, ran.stderr.decode()
    assert sorted(path.name for path in (desk / "marked").iterdir()) == ["broken-2.checked.xlsx", "broken.checked.xlsx"]


def test_what_somebody_worked_in_is_never_replaced(desk: Path) -> None:
    """A marked or mended copy is replaced while it is as it was written; once it was saved anew, the command refuses."""
    assert (marked(desk).returncode, marked(desk).returncode) == (1, 1)
    fixing = ("fix", "broken.checked.xlsx", "--all", "-o", "mended.xlsx")
    assert (wbc(desk, *fixing).returncode, wbc(desk, *fixing).returncode) == (0, 0)
    for name in ("broken.checked.xlsx", "mended.xlsx"):
        book = openpyxl.load_workbook(desk / name)
        book["Vendor"]["B9"] = "my own work"
        book.save(desk / name)
    for ran in (marked(desk), wbc(desk, *fixing)):
        assert ran.returncode == 2
        assert "somebody may have worked in it" in ran.stderr.decode()
    assert openpyxl.load_workbook(desk / "mended.xlsx")["Vendor"]["B9"].value == "my own work"


def test_a_yes_outlives_the_next_check(desk: Path) -> None:
    """A marked workbook that is checked again still has what was accepted in it, value and all."""
    marked(desk)
    book = openpyxl.load_workbook(desk / "broken.checked.xlsx")
    row = line(book, "IndividualHuman!E5")
    row["Suggested value"].value, row["Accept"].value = "unknown", "yes"
    book.save(desk / "worked.xlsx")
    again = wbc(desk, "check", "worked.xlsx", *PORTAL, "--format", "xlsx", "-o", "again.xlsx")
    assert again.returncode == 1, again.stderr.decode()
    found = line(openpyxl.load_workbook(desk / "again.xlsx"), "IndividualHuman!E5")
    assert (found["Suggested value"].value, found["Accept"].value) == ("unknown", "yes")
    data = (desk / "worked.xlsx").read_bytes()
    findings = api.compile(desk / "worked.xlsx", api.load_schema("4dn", FOURDN / "profiles.json")).diagnostics
    assert [(str(findings[n].location), value) for n, value in accepted(data, "worked.xlsx", findings).items()] == [
        ("IndividualHuman!E5", "unknown")
    ]


def test_a_no_stands_against_accepting_all(desk: Path) -> None:
    """What was refused by name isn't taken with all the others."""
    marked(desk)
    book = openpyxl.load_workbook(desk / "broken.checked.xlsx")
    line(book, "IndividualHuman!E5")["Accept"].value = "no"
    book["Problems"]["B5"].value = "yes"
    book.save(desk / "worked.xlsx")
    told = wbc(desk, "fix", "worked.xlsx", "-o", "mended.xlsx").stderr.decode()
    assert "Enzyme!F5" in told.partition("Left")[0]
    assert "IndividualHuman!E5" not in told.partition("Left")[0]


def lab(desk: Path, cells: dict[str, str | int | float], formulas: dict[str, tuple[str, object]] | None = None) -> Path:
    """A workbook with a sheet of cultures; formulas have a result."""
    path = desk / "lab.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("BiosampleCellCulture")
        for n, head in enumerate(("aliases", "description", "culture_start_date", "passage_number", "#twice", "#far")):
            sheet.write(0, n, head)
        for cell, value in cells.items():
            sheet.write(cell, value)
        for cell, (formula, result) in (formulas or {}).items():
            sheet.write_formula(cell, formula, None, result)
    return path


CULTURE = {"A2": "demo-lab:c1", "C2": "2024-03-01", "D2": "five", "A3": "demo-lab:c2", "C3": "2024-03-01", "D3": 5.7}


def mended_lab(
    desk: Path, cells: dict[str, str | int | float], formulas: dict[str, tuple[str, object]]
) -> tuple[str, bytes]:
    """The workbook marked, all accepted: what was said, and the file."""
    lab(desk, cells, formulas)
    checked = wbc(desk, "check", "lab.xlsx", *PORTAL, "--format", "xlsx", "-o", "lab.checked.xlsx")
    assert checked.returncode == 1, checked.stderr.decode()
    ran = wbc(desk, "fix", "lab.checked.xlsx", "--all", "-o", "lab.mended.xlsx")
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stderr.decode(), (desk / "lab.mended.xlsx").read_bytes()


def test_results_of_yesterday_are_not_taken_for_todays(desk: Path) -> None:
    """A formula that lives on a mended cell, in one step or two, loses its result, and that is said; another one keeps it."""
    formulas = {"E2": ("=D3*2", 11.4), "B2": ('="Passage "&E2', "Passage 11.4"), "F2": ("=LEN(A2)", 11)}
    told, data = mended_lab(desk, CULTURE, formulas)
    assert "2 formulas elsewhere may use what was mended" in told
    sheet = parts(data)["xl/worksheets/sheet1.xml"].decode()
    assert "<f>D3*2</f></c>" in sheet
    assert '<f>"Passage "&amp;E2</f></c>' in sheet
    assert "<f>LEN(A2)</f><v>11</v>" in sheet
    assert 'fullCalcOnLoad="1"' in parts(data)["xl/workbook.xml"].decode()
    again = wbc(desk, "check", "lab.mended.xlsx", *PORTAL, "--format", "json")
    assert b'"code":"CEL02"' in again.stdout


def test_a_number_stays_a_number_and_a_formula_that_goes_is_said(desk: Path) -> None:
    """What was a number is one afterwards; where a formula stood, its loss is told."""
    told, data = mended_lab(desk, {k: v for k, v in CULTURE.items() if k != "D2"}, {"D2": ("=2.5+ROW()*2", 6.5)})
    assert "1 formula there is gone" in told
    sheet = openpyxl.load_workbook(io.BytesIO(data))["BiosampleCellCulture"]
    assert isinstance(sheet["D3"].value, int)


def test_words_added_to_a_note_of_ours_stay(desk: Path) -> None:
    """Taking the marks off leaves what somebody wrote beneath our words."""
    lab(desk, CULTURE)
    wbc(desk, "check", "lab.xlsx", *PORTAL, "--format", "xlsx", "-o", "lab.checked.xlsx")
    book = openpyxl.load_workbook(desk / "lab.checked.xlsx")
    note = book["BiosampleCellCulture"]["D2"].comment
    note.text += "\nAsk Maria & Bo"
    book.save(desk / "worked.xlsx")
    assert wbc(desk, "fix", "worked.xlsx", "-o", "mended.xlsx").returncode == 0
    sheet = openpyxl.load_workbook(desk / "mended.xlsx")["BiosampleCellCulture"]
    assert [(cell.coordinate, cell.comment.text) for row in sheet for cell in row if cell.comment] == [
        ("D2", "Ask Maria & Bo")
    ]


def test_a_column_that_counts_up_is_mended_as_a_whole(desk: Path) -> None:
    """Cells that were dragged down all get the word that was meant."""
    with xlsxwriter.Workbook(str(desk / "lab.xlsx")) as book:
        sheet = book.add_worksheet("Biosample")
        sheet.write_row("A1", ["aliases", "biosource"])
        for n in range(5):
            sheet.write_row(1 + n, 0, [f"demo-lab:b{n + 11}", f"demo-lab:so{n + 1}"])
        sheet = book.add_worksheet("Biosource")
        sheet.write_row("A1", ["aliases", "biosource_type"])
        sheet.write_row("A2", ["demo-lab:so1", "tissue"])
    wbc(desk, "check", "lab.xlsx", *PORTAL, "--format", "xlsx", "-o", "lab.checked.xlsx")
    told = wbc(desk, "fix", "lab.checked.xlsx", "--all", "-o", "mended.xlsx").stderr.decode()
    assert "(in 4 cells)" in told
    assert wbc(desk, "check", "mended.xlsx", *PORTAL).returncode == 0
