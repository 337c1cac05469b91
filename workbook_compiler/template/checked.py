"""XlsxWriter's door: a refusal is an error, a text stays a text, and it is one that a workbook can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook_compiler.edit.markup import cell_text

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet


def done(answer: object) -> None:
    """Raise when XlsxWriter says by a negative number that it wrote nothing."""
    if isinstance(answer, int) and answer < 0:
        raise RuntimeError(f"the workbook writer refused a cell or a validation (answer {answer})")


def put(sheet: Worksheet, row: int, column: int, text: str, style: Format | None = None) -> None:
    """Write a text as it is, never as a formula, a number or a web link."""
    done(sheet.write_string(row, column, cell_text(text), style))
