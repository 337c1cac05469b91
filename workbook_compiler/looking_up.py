"""After compiling, on request: what a public register says of values that only it can judge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from workbook_compiler.delivery import lookups
from workbook_compiler.errors import UsageError
from workbook_compiler.model.diagnostics import Diagnostic, Severity
from workbook_compiler.model.report import Step, silent

if TYPE_CHECKING:
    from workbook_compiler.api import Result


def looked_up(result: Result, server: str | None = None, cache: Path | None = None, step: Step = silent) -> Result:
    """Return the result with what the portal's register has against its values; with errors it has no plan any more.

    Raises UsageError for a portal without a register, UnreachableError when it doesn't answer.
    """
    lookup = result.portal.lookup
    if lookup is None:
        raise UsageError(f"{result.portal.title} has no taxonomy to look names up in.")
    said = list(lookup.findings(result.records, _answers(result, server, cache, step)))
    wrong = any(found.severity is Severity.ERROR for found in said)
    return replace(result, diagnostics=_merged(result, said), plan=None if wrong else result.plan)


def _answers(result: Result, server: str | None, cache: Path | None, step: Step) -> dict[str, object]:
    assert result.portal.lookup is not None  # noqa: S101 - its caller has asked
    keys = list(result.portal.lookup.keys(result.records))
    return dict(lookups.answers(result.portal.lookup, keys, server, cache, step))


def _merged(result: Result, said: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """All findings in reading order: sheets as their records come, then rows and columns."""
    places = dict.fromkeys(record.location[:2] for record in result.records)
    order = {place: number for number, place in enumerate(places)}

    def key(found: Diagnostic) -> tuple[int, int, int, str]:
        column = found.location.column or ""
        return order.get(found.location[:2], -1), found.location.row or 0, len(column), column

    # what belongs to no sheet of records stays behind what it stood behind
    before = zip(accumulate(map(key, result.diagnostics), max), result.diagnostics, strict=True)
    both = [*before, *((key(found), found) for found in said)]
    return tuple(found for _, found in sorted(both, key=itemgetter(0)))
