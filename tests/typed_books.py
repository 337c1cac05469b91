"""Workbooks in the house layout, of cells as a person types them: numbers, dates and booleans as cells of their type."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

MARKS = ("#Field Name:", "#Field Type:", "#Description:", "#Additional Info:")


def typed_book(sheets: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """``{sheet: [{header: cell}]}`` as a workbook; a column for each header of any row."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        formats = [book.add_format({"num_format": f}) for f in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss")]
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name[:31])
            for row, mark in enumerate(MARKS):
                sheet.write_string(row, 0, mark)
            headers = list(dict.fromkeys(header for cells in rows for header in cells))
            for column, header in enumerate(headers, 1):
                sheet.write_string(0, column, header)
                for row, cells in enumerate(rows, 4):
                    if header in cells:
                        _write(sheet, row, column, cells[header], formats)
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, cell: Any, formats: Sequence[Any]) -> None:
    day, moment = formats
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell)
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell, moment)
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), day)
    else:
        assert sheet.write_string(row, column, cell) == 0
