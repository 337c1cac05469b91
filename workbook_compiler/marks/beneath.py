"""What was beneath our marks, kept on the sheet of problems: cells that aren't shown have the looks that marked cells had.

A spreadsheet program that saves the workbook carries the looks of all cells along, whatever number it gives them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workbook_compiler.edit import Book, Put
from workbook_compiler.marks.spots import bounded, runs
from workbook_compiler.model.diagnostics import column_letter

_AREAS = 1_000
"""Areas that one cell names: they take up to 21 signs each, and a cell holds 32,767."""
_MOST = 10_000
"""Cells for looks; a sheet is 16,384 columns wide."""


def kept(book: Book, cells: Iterable[tuple[str, str]]) -> list[Put]:
    """Return the cells that keep the looks which these cells (sheet, cell) have now."""
    by_sheet: dict[str, list[str]] = {}
    for sheet, cell in cells:
        by_sheet.setdefault(sheet, []).append(cell)
    alike: dict[tuple[int, str], list[str]] = {}
    for sheet, wanted in by_sheet.items():
        for cell, style in book.styles_at(sheet, wanted).items():
            alike.setdefault((style, sheet), []).append(cell)
    found = (put for (style, sheet), same in alike.items() for put in _in_cells(style, sheet, same))
    return [put for put, _ in zip(found, range(_MOST), strict=False)]


def _in_cells(style: int, sheet: str, cells: Iterable[str]) -> Iterator[Put]:
    areas = list(runs(cells))
    for at in range(0, len(areas), _AREAS):
        yield Put(json.dumps({sheet: " ".join(areas[at : at + _AREAS])}), style=style)


def looks(book: Book, title: str, said: Mapping[int, Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Return the style numbers that show what was beneath the marks of cells (sheet, cell).

    ``said`` is what cells in the first row of the sheet of problems say, by their zero-based columns.
    """
    styles = book.styles_at(title, (f"{column_letter(column)}1" for column in said))
    found: dict[tuple[str, str], int] = {}
    for column, areas in said.items():
        cells = bounded({sheet: area for sheet, area in areas.items() if sheet in book.titles})
        found.update(dict.fromkeys(cells, styles[f"{column_letter(column)}1"]))
    return found
