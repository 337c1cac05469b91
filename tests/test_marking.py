"""``wbc check --format xlsx`` and ``wbc fix`` as they are typed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import FOURDN
from test_cli import wbc

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
    assert sorted(path.name for path in desk.iterdir()) == ["broken.checked.xlsx", "broken.xlsx"]


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
