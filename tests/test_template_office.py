"""Blank workbooks in LibreOffice: dropdowns survive it, and links offer what was typed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from blank_books import DOCUMENTS, load, make, named_values

from workbook_compiler.model.schema import Schema

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet


@pytest.fixture(scope="session")
def portal() -> Schema:
    """The schemas of the real 4DN portal, which belong to others and aren't part of the project."""
    file = Path(__file__).resolve().parents[2] / "shared" / "data" / "4dn" / "profiles.json"
    if not file.exists():
        pytest.skip("no shared/data beside the checkout: the portal's real schemas are not part of it")
    return load(json.loads(file.read_bytes()))


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
