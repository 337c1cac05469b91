"""XlsxWriter's door: a refusal is an error, a text stays a text, and it is one that a workbook can hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet


CELL_LIMIT = 32_767

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What the XML inside a workbook cannot hold."""


def done(answer: object) -> None:
    """Raise when XlsxWriter says by a negative number that it wrote nothing."""
    if isinstance(answer, int) and answer < 0:
        raise RuntimeError(f"the workbook writer refused a cell or a validation (answer {answer})")


def cell_text(text: str, limit: int = CELL_LIMIT) -> str:
    """Return the text as a workbook can hold it: no control characters, cut to ``limit`` as spreadsheets count."""
    clean = _UNPRINTABLE.sub("", text)
    if len(clean) * 2 <= limit or len(clean.encode("utf-16-le")) // 2 <= limit:
        return clean
    return clean.encode("utf-16-le")[: (limit - 1) * 2].decode("utf-16-le", "ignore") + "…"


def put(sheet: Worksheet, row: int, column: int, text: str, style: Format | None = None) -> None:
    """Write a text as it is, never as a formula, a number or a web link."""
    done(sheet.write_string(row, column, cell_text(text), style))
