"""What can be done to a workbook, as values. A cell is named as Excel names it: ``C7``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from workbook_compiler.edit.page import Page
from workbook_compiler.edit.styles import Look


@dataclass(frozen=True, slots=True)
class Edit:
    """Put a value into a cell. Text stays text, whatever it looks like."""

    sheet: str
    cell: str
    value: str | int | float | bool
    look: Look | None = None
    """A look of its own; without one the cell keeps the look it has, or gets that of its row or column."""
    over: bool = False
    """The look is laid over the one it has."""


@dataclass(frozen=True, slots=True)
class Restyle:
    """Change how a cell looks; its value, its number format and all that the look doesn't name stay."""

    sheet: str
    cell: str
    look: Look


@dataclass(frozen=True, slots=True)
class Unstyle:
    """Take a fill that ``Restyle`` laid over cells of a sheet off again, and show what was beneath."""

    sheet: str
    fill: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Empty a column's cells below a row (as Excel counts it); their looks stay."""

    sheet: str
    column: int
    """Zero-based."""
    below: int


@dataclass(frozen=True, slots=True)
class Erase:
    """Empty one cell; its look stays, but for what ``look`` names."""

    sheet: str
    cell: str
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """Forget the result that is saved with a formula; it is calculated anew when the workbook is opened."""

    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class Note:
    """Put a note of ours at a cell; one that has a note of the person's own keeps that."""

    sheet: str
    cell: str
    text: str


@dataclass(frozen=True, slots=True)
class Unnote:
    """Take all notes of ours off a sheet."""

    sheet: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a sheet another name, wherever the workbook speaks of it."""

    sheet: str
    to: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a sheet out; the one called ``shown`` is shown first then."""

    sheet: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Insert:
    """Put a new sheet in front of all others. Its page is made when it is known which sheet was shown first until then."""

    sheet: str
    page: Callable[[str], Page]


@dataclass(frozen=True, slots=True)
class Width:
    """Set the width of a column, in characters."""

    sheet: str
    column: int
    """Zero-based."""
    characters: float


Change: TypeAlias = Edit | Restyle | Erase | Forget | Unstyle | Clear | Width | Note | Unnote | Rename | Remove | Insert
