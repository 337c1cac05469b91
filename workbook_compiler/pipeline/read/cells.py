"""What a reader hands on: workbooks, sheets, and cell values with all that the file says about them.

A cell is None or ``""`` (empty), str, int, float, bool, date, datetime, time, timedelta, or one of the three below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbook_compiler.archive import UnreadableError
from workbook_compiler.model.cells import ERROR_TEXTS as ERROR_TEXTS

MANIFEST = "_workbook_compiler"
"""The hidden sheet that a template of ours carries."""


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


class Later(Sequence[Sequence[Any]]):
    """Rows that are read only when somebody asks for them; none where they can't be."""

    def __init__(self, load: Callable[[], Sequence[Sequence[Any]]]) -> None:
        self._load = load
        self._rows: Sequence[Sequence[Any]] | None = None

    def _read(self) -> Sequence[Sequence[Any]]:
        if self._rows is None:
            try:
                self._rows = self._load()
            except UnreadableError:
                self._rows = ()
        return self._rows

    def __len__(self) -> int:
        return len(self._read())

    def __getitem__(self, place: Any) -> Any:
        return self._read()[place]


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
    """They may be read when asked for, and raise UnreadableError (``archive.py``) then."""
    manifest: Mapping[str, str] = field(default_factory=dict)
    """What our template wrote into its hidden sheet; empty for a workbook that isn't ours."""
    is_text: bool = False
    """TSV or CSV: one sheet, named after the file, every cell text."""

    @property
    def titles(self) -> tuple[str, ...]:
        """The names of the sheets; none is read for that."""
        known: tuple[str, ...] | None = getattr(self.sheets, "titles", None)
        return tuple(sheet.name for sheet in self.sheets) if known is None else known
