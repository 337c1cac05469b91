"""What a reader hands on: workbooks, sheets, and cell values with all that the file says about them.

A cell is None or ``""`` (empty), str, int, float, bool, date, datetime, time, timedelta, or one of the three below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbook_compiler.model.diagnostics import Diagnostic

MANIFEST = "_workbook_compiler"
"""The hidden sheet that a template of ours carries."""

ERROR_TEXTS = frozenset(
    "#N/A #REF! #NAME? #VALUE! #DIV/0! #NULL! #NUM! #SPILL! #CALC! #GETTING_DATA #FIELD! #BLOCKED! #UNKNOWN!".split()
)


@dataclass(frozen=True, slots=True)
class CellError:
    """The cell shows an error; ``text`` is what it shows: ``#N/A``."""

    text: str


@dataclass(frozen=True, slots=True)
class NoResult:
    """The cell has a formula whose result isn't saved."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A number that its format shows as something else."""

    number: float
    format: str
    """The number format's code, ``00000``; empty when only ``shown`` is known."""
    shown: str | None = None
    """What the cell shows, where the file itself says so (ODS)."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: ``rows[0]`` is Excel's row 1 and ``rows[0][0]`` its cell A1. Rows may be of different length."""

    name: str
    rows: Sequence[Sequence[Any]]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    """Numbers of the rows that aren't shown, as Excel counts."""
    merged: tuple[str, ...] = ()
    """Merged areas: ``B5:B8``."""
    header_row: int = 0
    """Zero-based place of a plain header row."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """One file as read. ``name`` is how its places are told apart from those of the other files."""

    name: str
    sha256: str
    sheets: Sequence[Sheet] = ()
    """They may be read when asked for, and raise UnreadableError then."""
    manifest: Mapping[str, str] = field(default_factory=dict)
    """What our template wrote into its hidden sheet; empty for a workbook that isn't ours."""
    is_text: bool = False
    """TSV or CSV: one sheet, named after the file, every cell text."""

    @property
    def titles(self) -> tuple[str, ...]:
        """The names of the sheets; none is read for that."""
        known: tuple[str, ...] | None = getattr(self.sheets, "titles", None)
        return tuple(sheet.name for sheet in self.sheets) if known is None else known


class UnreadableError(Exception):
    """A file that cannot be read as a workbook; ``diagnostic`` says why. It stays inside this package."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.code.id)
        self.diagnostic = diagnostic


_ADDRESS = re.compile(r"([A-Z]+)(\d+)")


def column_index(letters: str) -> int:
    """Return the zero-based index of column letters: ``A`` is 0, ``AA`` is 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def address(text: str) -> tuple[int, int]:
    """Return the zero-based (row, column) of a cell address such as ``C7``."""
    match = _ADDRESS.fullmatch(text.replace("$", ""))
    if match is None:
        raise ValueError(text)
    return int(match[2]) - 1, column_index(match[1])
