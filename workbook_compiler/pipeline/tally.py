"""After step 8: what a report counts. How the rows of each type fared, and how many links lead from which type to which.

Both are told while there are errors as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from workbook_compiler.model.codes import links
from workbook_compiler.model.diagnostics import Diagnostic, Severity
from workbook_compiler.model.records import Pointer, Record
from workbook_compiler.model.report import LinkCount, LinkEnd, TypeCount
from workbook_compiler.pipeline.link import ReferenceGraph

Kind = tuple[str, str, str, LinkEnd]
"""All that links have in common which are counted together: type, property, type they lead to, end."""


def fared(records: Sequence[Record], diagnostics: Sequence[Diagnostic]) -> tuple[TypeCount, ...]:
    """Return for each type how many rows have an error, and how many are going to be looked up on the portal."""
    wrong = {at[:3] for d in diagnostics if d.severity is Severity.ERROR for at in d.same}
    asked = {at[:3] for d in diagnostics if d.code is links.REF02 for at in (d.location, *d.related)}
    if not wrong and not asked:
        return tuple(TypeCount(name, count, 0) for name, count in Counter(r.type for r in records).items())
    rows = {record.location[:3] for record in records}
    whole = {place[:2] for place in wrong if place not in rows}
    states: dict[str, Counter[str]] = {}
    for record in records:
        place = record.location[:3]
        state = "wrong" if place in wrong or place[:2] in whole else "asked" if place in asked else "ready"
        states.setdefault(record.type, Counter())[state] += 1
    return tuple(TypeCount(name, n.total(), n["wrong"], n["asked"]) for name, n in states.items())


def tally(records: Sequence[Record], graph: ReferenceGraph, said: Sequence[Diagnostic]) -> tuple[LinkCount, ...]:
    """Return the counts of links in the order in which rows first have such a link."""
    types = [record.type for record in records]
    inside = Counter(
        (types[number], pointer, types[record])
        for number, refs in graph.references.items()
        for pointer, _, _, record in refs
        if record is not None
    )
    counts: Counter[Kind] = Counter()
    for (name, pointer, to), number in inside.items():
        counts[name, _via(pointer), to, LinkEnd.HERE] += number
    counts.update(_outside(types, graph, said))
    counts.update(_unfed(records, said))
    return tuple(LinkCount(*kind, number) for kind, number in counts.items())


def _via(pointer: Pointer) -> str:
    return ".".join(step for step in pointer if isinstance(step, str))


def _outside(types: Sequence[str], graph: ReferenceGraph, said: Sequence[Diagnostic]) -> Iterator[Kind]:
    """Links to no row: the portal is asked for those that are told as such, the others are wrong."""
    asked = {(found.value, found.context["targets"]) for found in said if found.code is links.REF02}
    for number, refs in graph.references.items():
        for ref in refs:
            if ref.record is None:
                end = LinkEnd.PORTAL if (ref.value, tuple(sorted(ref.targets))) in asked else LinkEnd.NOWHERE
                yield types[number], _via(ref.pointer), " or ".join(ref.targets), end


def _unfed(records: Sequence[Record], said: Sequence[Diagnostic]) -> Iterator[Kind]:
    """Links that would have become another record's, had there been one (``weave``)."""
    unfed = [found for found in said if found.code is links.REF06]
    types = {record.location[:3]: record.type for record in records} if unfed else {}
    for found in unfed:
        for at in (found.location, *found.related):
            if at[:3] in types:
                yield types[at[:3]], found.field or "", found.context["type"], LinkEnd.NOWHERE
