"""Filled workbook -> plan, offline: the table of contents. Each step is a function from value to value plus diagnostics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workbook_compiler.model.baseline import baseline
from workbook_compiler.model.codes import links, structure, values
from workbook_compiler.model.diagnostics import Diagnostic, Location, Severity
from workbook_compiler.model.plan import Plan, Source
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.records import Record
from workbook_compiler.model.report import LinkCount, Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.excerpts import Kept
from workbook_compiler.pipeline.prepare import Prepared, uncollected
from workbook_compiler.pipeline.read.cells import Workbook


@dataclass(frozen=True, slots=True)
class Compilation:
    """What a compile made: every record, every finding in reading order, and the plan when nothing is wrong."""

    workbooks: tuple[str, ...]
    """Their names."""
    records: tuple[Record, ...]
    diagnostics: tuple[Diagnostic, ...]
    plan: Plan | None
    links: tuple[LinkCount, ...]
    kept: Mapping[tuple[str, str], Kept]
    """By file and title, the sheets as the person sees them."""


def compile(  # noqa: A001 - what it does
    prepared: Iterable[Prepared], schema: Schema, portal: Portal, step: Step = silent
) -> Compilation:
    """Return what workbooks that were each prepared (``prepare``) mean as one submission to the portal."""
    with uncollected():
        return _joined(prepared, schema, portal, step)


def _joined(found: Iterable[Prepared], schema: Schema, portal: Portal, step: Step) -> Compilation:
    # loaded before the first workbook is asked for: its first sheet is read meanwhile
    from workbook_compiler.pipeline.build import records
    from workbook_compiler.pipeline.fits import misfits
    from workbook_compiler.pipeline.grouping import grouped
    from workbook_compiler.pipeline.link import link
    from workbook_compiler.pipeline.order import order
    from workbook_compiler.pipeline.shape import shaped
    from workbook_compiler.pipeline.tally import tally
    from workbook_compiler.pipeline.validate import validate
    from workbook_compiler.pipeline.weave import weave

    prepared = list(found)
    workbooks = [one.workbook for one in prepared]
    of_files = [found for one in prepared for found in one.of_file]
    said = [found for one in prepared for found in one.said]
    sheets = [built for one in prepared for built in one.sheets]
    exported = baseline({key: text for workbook in workbooks for key, text in workbook.manifest.items()})
    rows = records(sheets)
    woven, remarks = weave(rows, schema)
    said += remarks
    start = 0
    for built in sheets:
        step(f"Checking {built.bound.table.sheet.name}", 0.8)
        end = start + len(built.rows)
        said += validate(built, woven[start:end], exported)
        said += misfits(built.bound.table.entity, woven[start:end])
        start = end
    said += portal.check(woven, schema)
    step("Following links", 0.9)
    graph, remarks = link(woven, schema, frozenset(d.location for d in said if d.severity is Severity.ERROR))
    said += remarks
    batches, remarks = order(woven, graph, schema)
    said += remarks
    if not woven and not any(d.severity is Severity.ERROR for d in said):
        said += [Diagnostic(structure.FIL06, Location(workbook.name)) for workbook in workbooks if workbook.sheets]
    outward = tuple(d for d in said if d.code is links.REF02)
    sources = tuple(Source(w.name, w.sha256) for w in workbooks)
    sent = tuple(shaped(batches, portal.body))
    plan = Plan(portal.name, sources, schema.source, schema.sha256, sent, schema, outward, exported)
    ok = not any(d.severity is Severity.ERROR for d in (*of_files, *said))
    told = _in_reading_order([*of_files, *grouped(_first_causes(said))], workbooks)
    kept = {(one.workbook.name, title): sheet for one in prepared for title, sheet in one.kept.items()}
    names = tuple(w.name for w in workbooks)
    return Compilation(names, tuple(woven), told, plan if ok else None, tally(woven, graph, said), kept)


def _first_causes(said: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Leave out every error of a cell that an earlier step has told one of: one cause is enough to look there.

    What other rows call a row with a wrong name is kept beside that error.
    """
    told: dict[Location, int] = {}
    kept: list[Diagnostic] = []
    for found in said:
        wrong = found.severity is Severity.ERROR and found.location.cell is not None
        if not (wrong and found.location in told):
            kept.append(found)
            if wrong:
                told[found.location] = len(kept) - 1
        elif found.code is links.IDN03:
            first = kept[told[found.location]]
            near = tuple(dict.fromkeys((*found.suggestions, *first.suggestions)))
            places = tuple(dict.fromkeys((*first.related, *found.related)))
            kept[told[found.location]] = replace(first, suggestions=near, related=places)
    split = {found.location for found in kept if found.code is links.REF10}
    return (found for found in kept if not (found.code is values.LST01 and found.location in split))


def _in_reading_order(said: Iterable[Diagnostic], workbooks: Sequence[Workbook]) -> tuple[Diagnostic, ...]:
    """Return the findings by file, sheet, row and column; what belongs to a whole file or sheet comes first."""
    files: Mapping[str, int] = {w.name: i for i, w in enumerate(workbooks)}
    sheets = {(w.name, title): i for w in workbooks for i, title in enumerate(w.titles, 1)}

    def key(found: Diagnostic) -> tuple[int, int, int, int, str, str]:
        at = found.location
        column = at.column or ""
        sheet = sheets.get((at.file, at.sheet or ""), 0)
        return files.get(at.file, 0), sheet, at.row or 0, len(column), column, found.code.id

    return tuple(sorted(said, key=key))
