"""What a message says that a cell shows is what the cell shows."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import cases_format
import pytest
import xlsxwriter

from workbook_compiler.pipeline.coerce.shown import formatted

TABLE = Path(__file__).with_name("number_formats.md")
ROWS = next(cases_format.tables(TABLE.read_text(encoding="utf-8"))).rows


@pytest.mark.parametrize(("number", "code", "shown", "told"), ROWS)
def test_a_number_is_told_as_it_is_shown(number: str, code: str, shown: str, told: str) -> None:
    """A number with a format is told as the spreadsheet shows it, or plainly where the format is a rare one."""
    assert formatted(float(number), code) == (told or shown)


@pytest.mark.office
def test_libreoffice_shows_what_the_table_says(tmp_path: Path) -> None:
    """LibreOffice shows each number of the table as the table says."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    with xlsxwriter.Workbook(str(tmp_path / "formats.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.set_column(0, 0, 60)
        for row, (number, code, *_) in enumerate(ROWS):
            sheet.write_number(row, 0, float(number), book.add_format({"num_format": code}))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    # The filter's options: comma, double quote, UTF-8, from the first line; cells are written as shown.
    asked = ["--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", str(tmp_path)]
    command = [office, profile, *asked, str(tmp_path / "formats.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    with (tmp_path / "formats.csv").open(encoding="utf-8", newline="") as stream:
        found = [row[0].strip() for row in csv.reader(stream)]
    assert [(*row[:2], text) for row, text in zip(ROWS, found, strict=True)] == [row[:3] for row in ROWS]
