"""What became of one cell: a value, and what there is to say about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from workbook_compiler.model.cells import DELETE_WORD as DELETE_WORD
from workbook_compiler.model.cells import INVISIBLE as INVISIBLE
from workbook_compiler.model.cells import OUTER as OUTER
from workbook_compiler.model.diagnostics import Code, Severity

HALF_SIGN = re.compile("[\ud800-\udfff]")
"""Half of a sign that JSON may write in two halves; alone it is no text and can't be sent."""


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


NOTHING: Final = Nothing()
DELETE: Final = Deletion()


class Reading(NamedTuple):
    """A cell there is something to say about: ``value`` is a JSON value, NOTHING (wrong) or DELETE."""

    value: Any = NOTHING
    findings: tuple[Finding, ...] = ()
    file: str | None = None
    """Path of the file that the cell names, for attachments and data files."""


Result = Any
"""What became of a cell: its JSON value alone (most cells), NOTHING for an empty one, DELETE, or a Reading.

A Reading for each of a million cells would cost more than reading them.
"""

Reader = Callable[[Any], Result]
"""A function from a cell that isn't empty to its Result."""


def bad(code: Code, *suggestions: str, value: str | None = None, **context: Any) -> Reading:
    """Return a reading without a value."""
    return Reading(NOTHING, (Finding(code, context, tuple(dict.fromkeys(suggestions)), value),))


def good(value: Any, *findings: Finding) -> Result:
    """Return a value, and what there is to say about it."""
    return Reading(value, findings) if findings else value


def note(code: Code, value: str | None = None, **context: Any) -> Finding:
    """Return something to say about a value that is kept."""
    return Finding(code, context, (), value)


def value_of(result: Result) -> Any:
    """Return the JSON value, NOTHING or DELETE."""
    return result.value if result.__class__ is Reading else result


def findings_of(result: Result) -> tuple[Finding, ...]:
    """Return what there is to say."""
    return result.findings if result.__class__ is Reading else ()


def is_wrong(result: Result) -> bool:
    """Tell whether an error kept the value out."""
    return any(finding.code.severity is Severity.ERROR for finding in findings_of(result))


def also(result: Result, *findings: Finding) -> Result:
    """Return the result with more to say before it."""
    if not findings:
        return result
    if result.__class__ is Reading:
        return result._replace(findings=(*findings, *result.findings))
    return Reading(result, findings)


def fitting(read: Reader) -> Reader:
    """Return the same reader; of what it suggests it keeps what it would take itself."""

    def kept(finding: Finding) -> Finding:
        return finding._replace(suggestions=tuple(s for s in finding.suggestions if not is_wrong(read(s))))

    def checked(raw: Any) -> Result:
        result = read(raw)
        return result._replace(findings=tuple(map(kept, result.findings))) if result.__class__ is Reading else result

    return checked
