"""A report as people read it: sections of findings, worst first, repeated ones folded, long lists cut.

Text of a workbook is made safe here, once; what a format gets from this module it may show as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbook_compiler.model.diagnostics import Code, Diagnostic, Location, Severity
from workbook_compiler.model.report import Report
from workbook_compiler.reports.words import ACTION_WORDS, SEVERITY_WORDS, cells, count, listed, visible

FOLD_FROM = 20
"""A code found more often than this in one column is folded,"""
FOLD_SHOWS = 3
"""after this many of its findings are told in full."""
FOLD_RANGES = 12
SUGGESTIONS = 3

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a report: a mistake, or the many alike that were folded into one line."""

    location: Location
    code: Code
    field: str
    message: str
    hint: str
    suggestions: tuple[str, ...]
    related: str
    """Other cells that the mistake touches, as text; empty when there are none."""
    places: str = ""
    """Every cell that holds this very mistake, as text; empty when it is one."""
    cells: frozenset[Location] = frozenset()
    """Those cells."""
    exact: bool = True
    """The suggestions are shown letter by letter, so that they can be copied."""

    @property
    def number(self) -> int:
        """How many cells hold this very mistake."""
        return max(1, len(self.cells))

    @property
    def severity(self) -> Severity:
        """The severity of its code."""
        return self.code.severity


@dataclass(frozen=True, slots=True)
class Section:
    """What was found in one sheet, or in a file as a whole."""

    file: str
    sheet: str | None
    findings: tuple[Finding, ...]
    counts: Mapping[Severity, int]
    """True numbers, whatever was folded or left out."""
    left_out: int

    @property
    def tally(self) -> str:
        """Return ``2 errors, 1 note``."""
        return tally(self.counts)


def sections(report: Report, *, limit: int, related: int) -> tuple[Section, ...]:
    """Return the findings sheet by sheet: at most ``limit`` lines each, ``related`` other cells to a line."""
    return tuple(_section(file, sheet, found, limit, related) for file, sheet, found in report.by_sheet())


def _section(file: str, sheet: str | None, found: Sequence[Diagnostic], limit: int, related: int) -> Section:
    shown = _folded(_alike(found))[:limit]
    return Section(
        file=visible(file),
        sheet=None if sheet is None else visible(sheet),
        findings=tuple(_fold(group) if len(group) > 1 else _finding(group[0], related) for group in shown),
        counts=Counter(diagnostic.severity for diagnostic in found),
        left_out=len(found) - sum(len(alike) for group in shown for alike in group),
    )


Alike = list[Diagnostic]
"""Findings that say the same of several cells of a column: one mistake, made more than once."""


def _alike(found: Sequence[Diagnostic]) -> list[Alike]:
    """Return the findings worst first, each with those that differ in nothing but their row."""
    groups: list[Alike] = []
    known: dict[object, Alike] = {}
    for diagnostic in sorted(found, key=lambda d: _RANK[d.severity]):
        at = diagnostic.location
        key = (diagnostic.code.id, at.column, diagnostic.field, diagnostic.value, diagnostic.suggestions)
        same = known.get(key)
        if at.cell and same is not None and same[0].context == diagnostic.context:
            same.append(diagnostic)
        else:
            groups.append([diagnostic])
            known.setdefault(key, groups[-1])
    return groups


def _folded(groups: Sequence[Alike]) -> list[list[Alike]]:
    """Return each mistake by itself; of one kind past the first few in a column the rest is one group."""
    many = Counter(_kind(group[0]) for group in groups)
    folded: list[list[Alike]] = []
    folds: dict[tuple[str, str | None], list[Alike]] = {}
    seen: Counter[tuple[str, str | None]] = Counter()
    for group in groups:
        kind = _kind(group[0])
        seen[kind] += 1
        if kind[1] is None or many[kind] <= FOLD_FROM or seen[kind] <= FOLD_SHOWS:
            folded.append([group])
        elif kind in folds:
            folds[kind].append(group)
        else:
            folded.append(folds.setdefault(kind, [group]))
    return folded


def _kind(diagnostic: Diagnostic) -> tuple[str, str | None]:
    return diagnostic.code.id, diagnostic.location.column


def _finding(alike: Alike, related: int) -> Finding:
    first = alike[0]
    here = first.location
    places = sorted({at for one in alike for at in one.same}, key=lambda at: at.row or 0)
    touched = [at for at in first.related if at not in places] if len(alike) == 1 else []
    suggestions = first.suggestions[:SUGGESTIONS]
    shown = tuple(map(visible, suggestions))
    return Finding(
        location=here,
        code=first.code,
        field=visible(first.field or ""),
        message=visible(first.message),
        hint=visible(first.hint),
        suggestions=shown,
        related=cells(touched, related, file=here.file, sheet=here.sheet),
        places=cells(places, FOLD_RANGES, file=here.file, sheet=here.sheet) if len(places) > 1 else "",
        cells=frozenset(places),
        exact=shown == suggestions,
    )


def _fold(groups: Sequence[Alike]) -> Finding:
    every = [diagnostic for alike in groups for diagnostic in alike]
    places = sorted({at for one in every for at in one.same}, key=lambda at: at.row or 0)
    first = every[0]
    where = cells(places, FOLD_RANGES, file=first.location.file, sheet=first.location.sheet)
    values = Counter(d.value for d in every if d.value)
    typed = [f"“{visible(value, 60)}” ({count(times, 'time')})" for value, times in values.most_common(SUGGESTIONS)]
    if len(values) > SUGGESTIONS:
        typed.append(f"{len(values) - SUGGESTIONS:,} other values")
    return Finding(
        location=first.location,
        code=first.code,
        field=visible(first.field or ""),
        message=f"The same in {count(len(places), 'more cell')} of this column: {where}."
        + (f" They hold {listed(typed)}." if typed else ""),
        hint="",
        suggestions=(),
        related="",
        cells=frozenset(places),
    )


def counts(report: Report) -> Mapping[Severity, int]:
    """Return how many findings there are of each severity."""
    return Counter(diagnostic.severity for diagnostic in report.diagnostics)


def tally(numbers: Mapping[Severity, int]) -> str:
    """Return ``2 errors, 1 warning, 3 notes``; a severity that doesn't occur is left out."""
    return ", ".join(count(numbers[s], SEVERITY_WORDS[s]) for s in Severity if numbers.get(s))


def verdict(report: Report) -> str:
    """Return the one sentence a reader came for."""
    errors, warnings = report.count(Severity.ERROR), report.count(Severity.WARNING)
    if errors:
        return f"{count(errors, 'thing')} to mend before this can be sent"
    if all_there(report):
        return "Nothing to send: the portal has all of this already"
    return f"Ready to send, with {count(warnings, 'warning')} to look at" if warnings else "Ready to send"


def all_there(report: Report) -> bool:
    """Tell whether every record is on the portal already, unchanged."""
    return set(report.summary) == {"SKIP"}


def outlook(report: Report) -> str:
    """Return ``12 to create and 3 unchanged in 4 batches``; empty when nothing is planned."""
    counts = {**report.summary, "PATCH": report.summary.get("PATCH", 0) - report.deferred}
    actions = [f"{n:,} {ACTION_WORDS.get(action, action)}" for action, n in counts.items() if n]
    if report.deferred:
        actions.append(f"{count(report.deferred, 'record')} to link up afterwards")
    batches = f" in {count(len(report.batches), 'batch')}" if report.batches else ""
    return f"{listed(actions)}{batches}" if actions else ""


def next_step(report: Report) -> str:
    """Return what to do now, in a sentence."""
    if not report.ok:
        which = "the workbook" if len(report.workbooks) == 1 else "the workbooks"
        return f"Mend the errors in {which}, save, and check again."
    if all_there(report):
        return "There is nothing left to do."
    if report.count(Severity.WARNING):
        return "Look at the warnings. If all is as you meant it, wbc compile writes what will be sent."
    return "Nothing stands in the way: wbc compile writes what will be sent."


BATCHES = 30
"""So many batches are listed; a chain of rows that refer to each other can make hundreds."""


def batch_lines(report: Report) -> list[str]:
    """Return one line for each batch in sending order: ``4 Biosource, 2 Protocol``."""
    lines = [", ".join(f"{number:,} {visible(name)}" for name, number in batch) for batch in report.batches[:BATCHES]]
    more = len(report.batches) - len(lines)
    return [*lines, f"and {count(more, 'batch')} more"] if more else lines
