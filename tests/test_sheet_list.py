"""Sheets put in front, taken out and renamed: whoever speaks of them follows."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from rich_books import by_libreoffice, by_openpyxl, by_xlsxwriter, parts

from workbook_compiler.edit import Insert, Look, Page, Put, Remove, Rename, UneditableError, edited
from workbook_compiler.edit.sheets import title_fits

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")

FRONT = Insert("Front", lambda shown: Page("Front", [[Put(f"before: {shown}", Look(bold=True))]], [20]))


def linked(folder: Path) -> bytes:
    """Two sheets that speak of each other in every way a sheet can."""
    path = folder / "linked.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        first, second = book.add_worksheet("My 'old' sheet"), book.add_worksheet("Other")
        third = book.add_worksheet("My")
        first.write_column("A1", [1, 2, 3])
        second.write_formula("A1", "=SUM('My ''old'' sheet'!A1:A3)&\"'My ''old'' sheet'!A1\"", None, 6)
        second.write_formula("A2", "=My!A1+[1]My!A1+'My'!A2+AMy!A1", None, 0)
        second.data_validation("B1:B9", {"validate": "list", "source": "='My ''old'' sheet'!$A$1:$A$3"})
        second.conditional_format("C1", {"type": "formula", "criteria": "='My ''old'' sheet'!$A$1>1"})
        second.write_url("D1", "internal:'My ''old'' sheet'!A1")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "='My ''old'' sheet'!$A$1:$A$3"})
        second.insert_chart("F1", chart)
        third.print_area("A1:B2")
        book.define_name("numbers", "='My ''old'' sheet'!$A$1:$A$3")
        second.activate()
    return path.read_bytes()


def test_a_renamed_sheet_is_called_so_everywhere(tmp_path: Path) -> None:
    """Formulas, names, dropdowns, colour rules, links and charts say the new name; texts and other sheets keep theirs."""
    before = linked(tmp_path)
    inside = parts(edited(before, [Rename("My 'old' sheet", "Biosample")]))
    told = b"\n".join(inside.values()).decode("utf-8", "replace")
    assert '<sheet name="Biosample"' in told
    assert "SUM(Biosample!A1:A3)" in told
    assert "Biosample!$A$1:$A$3" in inside["xl/charts/chart1.xml"].decode()
    assert 'location="Biosample!A1"' in told
    assert ">Biosample!$A$1:$A$3</definedName>" in told
    assert "<formula1>Biosample!$A$1:$A$3</formula1>" in told
    assert "<formula>Biosample!$A$1&gt;1</formula>" in told
    assert "&amp;\"'My ''old'' sheet'!A1\"" in told
    assert "My!A1+[1]My!A1+'My'!A2+AMy!A1" in told


def test_a_plain_name_is_found_without_its_quotes(tmp_path: Path) -> None:
    """Only the sheet of that very name: not one that ends like it, and not one of another file."""
    told = parts(edited(linked(tmp_path), [Rename("My", "Two words")]))["xl/worksheets/sheet2.xml"].decode()
    assert "<f>'Two words'!A1+[1]My!A1+'Two words'!A2+AMy!A1</f>" in told


@pytest.mark.parametrize("name", ["", " ", "a" * 32, "a/b", "a:b", "[a]", "'a", "a'", "a\nb", "Other", "OTHER"])
def test_a_name_that_no_sheet_can_have_is_refused(name: str, tmp_path: Path) -> None:
    """The file isn't changed into one that Excel would repair."""
    with pytest.raises(UneditableError):
        edited(linked(tmp_path), [Rename("My", name)])
    assert title_fits(name) is (name.casefold() == "other")


@pytest.mark.parametrize("make", [by_xlsxwriter, by_openpyxl, pytest.param(by_libreoffice, marks=pytest.mark.office)])
def test_a_sheet_in_front_moves_what_is_told_by_its_place(make: object, tmp_path: Path) -> None:
    """It is shown first and alone; names of single sheets, and all other parts, are as they were once it is out again."""
    before = make(tmp_path).read_bytes() if callable(make) else b""
    after = edited(before, [FRONT])
    old, new = openpyxl.load_workbook(io.BytesIO(before)), openpyxl.load_workbook(io.BytesIO(after))
    assert new.sheetnames == ["Front", *old.sheetnames]
    assert [sheet.title for sheet in new if sheet.sheet_view.tabSelected] == ["Front"]
    assert new.active.title == "Front"
    assert new["Front"]["A1"].value == f"before: {old.active.title}"
    for title in old.sheetnames:
        assert new[title].print_area == old[title].print_area
        assert list(new[title].defined_names) == list(old[title].defined_names)
    again = edited(after, [Remove("Front", old.active.title)])
    assert besides_the_choice(again) == besides_the_choice(before)


def besides_the_choice(data: bytes) -> dict[str, str]:
    """All parts but those that only grow, without what says which sheet is shown."""
    shown = re.compile(r' (?:activeTab|firstSheet|tabSelected)="\w+"')
    inside = {n: p.decode("utf-8", "replace") for n, p in parts(data).items()}
    return {n: shown.sub("", p) for n, p in inside.items() if n not in ("xl/styles.xml", "[Content_Types].xml")}


def test_the_sheet_that_was_shown_is_shown_again(tmp_path: Path) -> None:
    """A workbook that was left at its second sheet is opened there when ours is out."""
    again = edited(edited(linked(tmp_path), [FRONT]), [Remove("Front", "Other")])
    assert openpyxl.load_workbook(io.BytesIO(again)).active.title == "Other"


def test_the_only_sheet_is_not_taken_out(tmp_path: Path) -> None:
    """A workbook has at least one."""
    with xlsxwriter.Workbook(str(tmp_path / "one.xlsx")) as book:
        book.add_worksheet("Front")
    data = (tmp_path / "one.xlsx").read_bytes()
    assert edited(data, [Remove("Front")]) == data
