"""What became of one cell: a value, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from workbook_compiler.model.diagnostics import Code, Severity


class Finding(NamedTuple):
    """What there is to say about a cell, before it is known which cell it is."""

    code: Code
    context: Mapping[str, Any]
    suggestions: tuple[str, ...] = ()
    value: str | None = None
    """What was typed, where it isn't the whole cell."""


class Nothing:
    """Stands for no value: None is a value in JSON."""

    def __repr__(self) -> str:
        return "NOTHING"


class Deletion:
    """Stands for ``*delete*``."""


SPACES: Final = " \t\r\n\f\v"
INVISIBLE: Final = "\u00a0\u2007\u202f\u200b\ufeff"
"""No-break and zero-width spaces, which come along when text is copied from a page."""

NOTHING: Final = Nothing()
DELETE: Final = Deletion()


@dataclass(frozen=True, slots=True)
class Reading:
    """One cell, read: ``value`` is a JSON value, NOTHING (empty or wrong) or DELETE."""

    value: Any = NOTHING
    findings: tuple[Finding, ...] = ()
    file: str | None = None
    """Path of the file that the cell names, for attachments and data files."""

    @property
    def wrong(self) -> bool:
        """True when an error kept the value out."""
        return any(finding.code.severity is Severity.ERROR for finding in self.findings)

    def with_findings(self, *findings: Finding) -> Reading:
        """Return the same reading with more to say."""
        return Reading(self.value, (*findings, *self.findings), self.file) if findings else self


Reader = Callable[[Any], Reading]
"""A function from a cell that isn't empty to its Reading."""

EMPTY: Final = Reading()


def bad(code: Code, *suggestions: str, value: str | None = None, **context: Any) -> Reading:
    """Return a reading without a value."""
    return Reading(NOTHING, (Finding(code, context, tuple(dict.fromkeys(suggestions)), value),))


def good(value: Any, *findings: Finding) -> Reading:
    """Return a reading with a value."""
    return Reading(value, findings)


def note(code: Code, value: str | None = None, **context: Any) -> Finding:
    """Return something to say about a value that is kept."""
    return Finding(code, context, (), value)
