"""A mistake among its neighbours: letters and names above, numbers at the left, the wrong cell marked, as in the sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbook_compiler.model.diagnostics import Location
from workbook_compiler.model.report import Excerpt
from workbook_compiler.reports.view import Finding
from workbook_compiler.reports.words import column_number, visible

LONGEST = 40
"""Characters shown of a neighbour; the wrong cell itself is shown up to a few more."""
LONGEST_HERE = 120
NEAR = 1
"""Columns further away than this are left out where the page is narrow."""

Around = Callable[[Location], Excerpt | None]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the grid, or what stands above or beside its cells."""

    text: str
    kind: str
    """``here`` for the mistake, ``same`` for one more of it, ``over`` for the head above it, ``far`` for what a narrow page
    leaves out, or nothing."""
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the grid."""

    number: Cell
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """What is shown beneath a finding."""

    name: str
    """``Biosample, rows 5 to 7``."""
    heads: tuple[Cell, ...]
    lines: tuple[Line, ...]


def grid(finding: Finding, excerpt: Excerpt | None) -> Grid | None:
    """Return the cells around a finding with the wrong ones marked; None when nothing of its sheet is known."""
    if excerpt is None or not (excerpt.lines or excerpt.headers):
        return None
    at = finding.location
    names = excerpt.headers or [""] * len(excerpt.letters)
    numbers = [number for number, _ in excerpt.lines]
    rows = f"rows {numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"row {numbers[0]}" if numbers else "headers"
    return Grid(
        name=f"{visible(at.sheet or '')}, {rows}",
        heads=tuple(
            Cell(visible(name, LONGEST), _kind(finding, None, letter, excerpt), letter)
            for letter, name in zip(excerpt.letters, names, strict=True)
        ),
        lines=tuple(
            Line(
                Cell(str(number), "here" if at.column is None and at.row == number else ""),
                tuple(
                    _cell(text, _kind(finding, number, letter, excerpt))
                    for letter, text in zip(excerpt.letters, texts, strict=True)
                ),
            )
            for number, texts in excerpt.lines
        ),
    )


def _cell(text: str, kind: str) -> Cell:
    return Cell(visible(text, LONGEST_HERE if kind == "here" else LONGEST), kind)


def _kind(finding: Finding, row: int | None, letter: str, excerpt: Excerpt) -> str:
    at = finding.location
    if (row, letter) == (at.row, at.column):
        return "here"
    if row is None and letter == at.column:
        return "over"
    if row and at._replace(row=row, column=letter) in finding.cells:
        return "same"
    far = abs(column_number(letter) - column_number(at.column)) > NEAR if at.column else letter in excerpt.letters[3:]
    return "far" if far and letter != excerpt.letters[0] else ""
