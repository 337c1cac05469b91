"""All that is told about one run; every report format is a function of this value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workbook_compiler.model.diagnostics import Diagnostic, Location, Severity

Step = Callable[[str, float], None]
"""What a long job tells as it goes: what it is at, and which share of the whole is done (0 to 1)."""


def silent(_label: str, _share: float) -> None:
    """Be told and say nothing."""


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How a type's rows fared."""

    type: str
    records: int
    with_errors: int
    looked_up: int = 0
    """Rows without an error that name a record which the portal is going to be asked for."""

    @property
    def ready(self) -> int:
        """How many rows need nothing more."""
        return self.records - self.with_errors - self.looked_up


class LinkEnd(StrEnum):
    """Where links lead to."""

    HERE = "here"
    """To a row of the workbooks."""
    PORTAL = "portal"
    """To a record that isn't in the workbooks, so the portal is going to be asked for it."""
    NOWHERE = "nowhere"
    """To nothing: what was typed is wrong."""


@dataclass(frozen=True, slots=True)
class LinkCount:
    """How many links of one type's rows lead to the same type by the same property."""

    type: str
    via: str
    """The property: ``biosample_relation.biosample``."""
    to: str
    """The type of the rows they lead to, or what they may lead to when that isn't a row of the workbooks."""
    end: LinkEnd
    number: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A few cells around a place, as its sheet shows them."""

    letters: tuple[str, ...]
    headers: tuple[str, ...]
    """What stands above each column; none when the header row is itself among the lines."""
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    """The rows: the number at the left, and the text of each cell."""


def nothing_around(_at: Location) -> Excerpt | None:
    """Return no excerpt: of a place in a workbook that nobody has read."""
    return None


@dataclass(frozen=True, slots=True)
class Report:
    """What a check or compile found. It holds no time and no path, so equal runs give equal reports."""

    portal: str
    title: str
    """The portal's name for people."""
    workbooks: tuple[str, ...]
    schema_source: str
    diagnostics: tuple[Diagnostic, ...]
    """In reading order: file, sheet, row, column; what belongs to a whole sheet or file comes before its cells."""
    types: tuple[TypeCount, ...] = ()
    summary: Mapping[str, int] = field(default_factory=dict)
    """Operations by action; empty while there are errors."""
    batches: tuple[tuple[tuple[str, int], ...], ...] = ()
    """For each batch the number of operations of each type."""
    deferred: int = 0
    """How many of the updates only bring the links that a circle kept out of a new record."""
    links: tuple[LinkCount, ...] = ()
    """Who refers to whom, told while there are errors as well."""
    around: Callable[[Location], Excerpt | None] = field(default=nothing_around, compare=False)
    """The cells around a place, worked out when asked for; None of a place that isn't in a table."""

    @property
    def ok(self) -> bool:
        """True when nothing stands in the way of a submission."""
        return not any(d.severity is Severity.ERROR for d in self.diagnostics)

    def count(self, severity: Severity) -> int:
        """Return how many findings are of this severity."""
        return sum(d.severity is severity for d in self.diagnostics)

    def by_sheet(self) -> Sequence[tuple[str, str | None, Sequence[Diagnostic]]]:
        """Return ``(file, sheet or None, findings)`` in reading order."""
        groups: dict[tuple[str, str | None], list[Diagnostic]] = {}
        for diagnostic in self.diagnostics:
            groups.setdefault((diagnostic.location.file, diagnostic.location.sheet), []).append(diagnostic)
        return [(file, sheet, found) for (file, sheet), found in groups.items()]


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """One way to tell a report."""

    name: str
    """The word of ``--format``."""
    title: str
    suffix: str
    render: Callable[[Report, Mapping[str, Any]], str]
    """``(report, options) -> text``."""


def document(diagnostic: Diagnostic, *, several_files: bool = False) -> dict[str, Any]:
    """Return one diagnostic as the JSON object of the contract; keys that say nothing are left out."""
    location = diagnostic.location
    entries = {
        "code": diagnostic.code.id,
        "name": diagnostic.code.name,
        "severity": diagnostic.severity.value,
        "file": location.file,
        "sheet": location.sheet,
        "cell": location.cell,
        "row": location.row,
        "column": location.column,
        "field": diagnostic.field,
        "value": diagnostic.value,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "suggestions": list(diagnostic.suggestions),
        "related": [f"{r.file}#{r}" if several_files and r.sheet else str(r) for r in diagnostic.related],
    }
    return {key: value for key, value in entries.items() if value is not None}
