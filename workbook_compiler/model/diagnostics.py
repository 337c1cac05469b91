"""Where something is, and what is wrong there: the values every step hands on to the report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


def plural(number: int, word: str) -> str:
    """Return the word as it stands after the number."""
    return word if number == 1 else f"{word}es" if word.endswith("ch") else f"{word}s"


def count(number: int, word: str) -> str:
    """Return ``1 error``, ``2 errors``, ``1,200 errors``."""
    return f"{number:,} {plural(number, word)}"


class Counted(int):
    """A number in a message's context: ``{count:row}`` in the message says ``1 row`` or ``2 rows``."""

    def __format__(self, word: str) -> str:
        return count(int(self), word) if word else str(int(self))


SHOWN_CHARACTERS = 120
"""A typed value is quoted in a message up to this many characters."""


class Severity(StrEnum):
    """How much a finding matters: only an error stops a submission."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


def column_letter(index: int) -> str:
    """Return the spreadsheet letter of a zero-based column index: 0 is ``A``, 26 is ``AA``."""
    letters = ""
    index += 1
    while index:
        index, remainder = divmod(index - 1, 26)
        letters = chr(65 + remainder) + letters
    return letters


def column_index(letters: str) -> int:
    """Return the zero-based index of column letters: ``A`` is 0, ``AA`` is 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


_ADDRESS = re.compile(r"([A-Z]+)(\d+)")


def cell_address(text: str) -> tuple[int, int]:
    """Return the zero-based (row, column) of a cell address such as ``C7``."""
    match = _ADDRESS.fullmatch(text.replace("$", ""))
    if match is None:
        raise ValueError(text)
    return int(match[2]) - 1, column_index(match[1])


class Location(NamedTuple):
    """A place in a workbook; what it doesn't have is None. ``row`` counts from 1, as Excel shows it."""

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None

    @property
    def cell(self) -> str | None:
        """The cell's address inside its sheet, ``C7``, or None for a sheet, a row or a file."""
        return f"{self.column}{self.row}" if self.column and self.row else None

    def __str__(self) -> str:
        if self.sheet is None:
            return self.file
        if self.cell:
            return f"{self.sheet}!{self.cell}"
        if self.column:
            return f"{self.sheet}!{self.column}:{self.column}"
        return f"{self.sheet}!{self.row}:{self.row}" if self.row else self.sheet


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding, as the catalogue knows it; ``message`` and ``hint`` are ``str.format`` templates."""

    id: str
    """Three letters for the step, two digits: ``REF01``."""
    name: str
    """The readable name: ``reference.unknown``."""
    severity: Severity
    title: str
    message: str
    hint: str
    why: str
    """What lies behind it, for ``wbc explain``."""
    example: str
    """A wrong cell and the mended one, for ``wbc explain``."""
    usual: tuple[tuple[str, str], ...] = ()
    """What stands in a gap of message or hint when the finding itself doesn't say."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake, at its cell. Text is made late, from the code and the context."""

    code: Code
    location: Location
    field: str | None = None
    value: str | None = None
    context: Mapping[str, Any] = attribute(default_factory=dict)
    suggestions: tuple[str, ...] = ()
    related: tuple[Location, ...] = ()

    @property
    def severity(self) -> Severity:
        """The severity of its code."""
        return self.code.severity

    @property
    def same(self) -> tuple[Location, ...]:
        """Every cell of one column that holds this mistake, its own in front."""
        here = self.location
        if not self.related or here.cell is None:
            return (here,)
        return (here, *(at for at in self.related if at[:2] == here[:2] and at.column == here.column))

    def _fill(self, template: str) -> str:
        shown = self.value or ""
        if len(shown) > SHOWN_CHARACTERS:
            shown = shown[: SHOWN_CHARACTERS - 1] + "…"
        names = {"field": self.field, "value": shown, "sheet": self.location.sheet, "file": self.location.file}
        counted = {key: Counted(number) for key, number in self.context.items() if type(number) is int}
        known = {**names, **self.context, **counted}
        usual = {name: text.format_map(known) for name, text in self.code.usual}
        return template.format_map({**usual, **known})

    @property
    def message(self) -> str:
        """What is wrong, in one or two sentences."""
        return self._fill(self.code.message)

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self._fill(self.code.hint)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a step made, and what it found while making it."""

    value: T
    diagnostics: tuple[Diagnostic, ...] = ()
