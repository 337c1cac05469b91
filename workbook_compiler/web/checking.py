"""The work behind the page: uploads -> what was found and all that can be made of it, as ``wbc check`` finds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from workbook_compiler import api, marks, resources
from workbook_compiler.delivery.emit import plan_lines
from workbook_compiler.edit import UneditableError
from workbook_compiler.errors import UsageError
from workbook_compiler.model.codes import structure
from workbook_compiler.model.diagnostics import Diagnostic, Severity
from workbook_compiler.model.plan import DEFERRED, Plan
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.report import Report, Step
from workbook_compiler.reports import view
from workbook_compiler.reports.words import ACTION_WORDS, visible
from workbook_compiler.web.mistakes import unexpected
from workbook_compiler.web.names import TEXTS
from workbook_compiler.web.rules import Rules
from workbook_compiler.web.uploads import Upload

ROWS = 500
"""So many operations of a plan are shown; all of them are in plan.json."""
OFFERS = 500
"""So many suggestions are shown; the rest after these are mended."""
WAITS = 3
ROWS_ARE = "The rows of a text file are"
"""The words before the choice of a type."""
_READ, _CHECKED, _TOLD = 0.3, 0.85, 0.95
"""The shares of the whole after which the files are read, checked, and the report is written."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person has said beside the files."""

    portal: str | None = None
    type_name: str | None = None


@dataclass(frozen=True, slots=True)
class PortalWanted:
    """Nobody said which portal the workbook is for."""


@dataclass(frozen=True, slots=True)
class RulesWanted:
    """The portal is known, and its rules aren't on this machine."""

    portal: Portal
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found, and the files that can be taken away."""

    verdict: str
    state: str
    """``mend``, ``look`` or ``ready``."""
    outlook: str
    portal: str
    report: bytes = field(repr=False)
    diagnostics: tuple[Diagnostic, ...] = field(repr=False)
    noted: tuple[bool, ...]
    """For each upload, whether a copy of it can have notes in it."""
    offers: tuple[tuple[int, marks.Offer], ...]
    """The place of the upload, and what can be accepted in it."""
    accepted: Mapping[int, str] = field(default_factory=dict, repr=False)
    """What was accepted in the workbooks themselves: place among the findings -> the value."""
    types: tuple[str, ...] = ()
    """What the rows of a text file can be; empty without one."""
    plan: bytes = field(default=b"", repr=False)
    rows: tuple[tuple[Any, ...], ...] = ()
    operations: int = 0

    @property
    def size(self) -> int:
        """How many bytes of memory it takes, nearly."""
        return len(self.report) + len(self.plan)


@dataclass(frozen=True, slots=True)
class Copy:
    """All files of a check, some of them with accepted values in them."""

    files: tuple[Upload, ...] = field(repr=False)
    cells: int
    """So many cells have changed."""
    kept: tuple[str, ...]
    """A line for each value that could not be put in its place."""


def checked(uploads: Sequence[Upload], asked: Asked, rules: Rules, step: Step) -> Found | PortalWanted | RulesWanted:
    """Return what was found, or what is needed first. Raises UsageError for a workbook of another portal than the page's."""
    read = _read(uploads, asked.type_name, step)
    said = api.manifest(read)
    if not any(workbook.sheets for workbook, _ in read):
        return _found(api.compile_workbooks(read, api.no_schema()), uploads, step)
    name = rules.portal or asked.portal or said.get("portal")
    if name is None:
        return PortalWanted()
    portal = rules.named(name)
    _refuse_another(said, portal)
    parts = tuple(part for part in said.get("parts", "").split(",") if part and said.get("portal") == name)
    if not rules.ready(portal, parts):
        return RulesWanted(portal, parts)
    schema = rules.load(portal, parts)
    if asked.type_name is not None:
        resources.named("type", asked.type_name, schema.types)
    result = api.compile_workbooks(
        read, schema, lambda label, share: step(label, _READ + (_CHECKED - _READ) * (share - 0.4) / 0.6)
    )
    return _found(replace(result, diagnostics=tuple(map(_on_the_page, result.diagnostics))), uploads, step)


def _on_the_page(finding: Diagnostic) -> Diagnostic:
    """The finding that a text file's rows are of no known type, with the way to say their type here, where no command is."""
    here = finding.location
    if finding.code is not structure.SHT01 or here.cell is not None or not is_text(here.file):
        return finding
    name = next(iter(finding.suggestions), "")
    choice = f"choose {name}" if name else "choose their type"
    way = f"On the page, {choice} at “{ROWS_ARE}”, or name the file after its type: {name or 'TYPE'}.tsv."
    return replace(finding, context={**finding.context, "way": way})


def _read(uploads: Sequence[Upload], type_name: str | None, step: Step) -> list[api.ReadBook]:
    from workbook_compiler.pipeline.inputs import Input, parsed

    texts = sum(is_text(one.name) for one in uploads)
    found: list[api.ReadBook] = []
    for number, one in enumerate(uploads):
        step(f"Reading {visible(one.name)}", _READ * number / len(uploads))
        file = Input(Path(one.name), one.name, type_name, only_text=texts == 1, several=len(uploads) > 1)
        outcome = parsed(one.data, file)
        found.append((outcome.value, outcome.diagnostics))
    return found


def is_text(name: str) -> bool:
    """Tell whether a file of this name is read as TSV or CSV."""
    return PurePosixPath(name).suffix.lower() in TEXTS


def _refuse_another(manifest: Mapping[str, str], portal: Portal) -> None:
    made_for = manifest.get("portal", portal.name)
    if made_for != portal.name:
        title = resources.portals()[made_for].title if made_for in resources.portals() else visible(made_for)
        raise UsageError(f"This workbook is from a template for {title}, and it was to be checked for {portal.title}.")


def _found(result: api.Result, uploads: Sequence[Upload], step: Step) -> Found:
    report = result.report()
    step("Writing the report", _CHECKED)
    page = resources.report_formats()["html"].render(report, {}).encode()
    step("Looking what can be mended", _TOLD)
    plan, found = result.plan, result.diagnostics
    offered = [(one, _offers(one, found)) for one in uploads]
    return Found(
        verdict=view.verdict(report),
        state=_state(report),
        outlook=view.outlook(report),
        portal=visible(report.title or report.portal) if result.schema.types else "",
        report=page,
        diagnostics=found,
        noted=tuple(own is not None and any(d.location.file == one.name for d in found) for one, own in offered),
        offers=tuple((number, offer) for number, (_, own) in enumerate(offered) for offer in own or ()),
        accepted=dict(pair for one, own in offered if own for pair in accepted_in(one, found).items()),
        types=tuple(sorted(result.schema.types)) if any(is_text(one.name) for one in uploads) else (),
        plan=b"".join(plan_lines(plan)) if plan else b"",
        rows=tuple(_rows(plan)) if plan else (),
        operations=sum(1 for _ in plan.operations) if plan else 0,
    )


def _state(report: Report) -> str:
    return "mend" if not report.ok else "look" if report.count(Severity.WARNING) else "ready"


def _offers(upload: Upload, diagnostics: Sequence[Diagnostic]) -> Sequence[marks.Offer] | None:
    """What can be accepted in a file, None where nothing can be written into it.

    Of very many findings it is the first ones, because the rest can wait until they are mended.
    """
    if not marks.markable(upload.name):
        return None
    suggesting = (n for n, one in enumerate(diagnostics) if one.suggestions and one.location.file == upload.name)
    last = next(islice(suggesting, OFFERS, None), len(diagnostics))
    try:
        return marks.acceptable(upload.data, upload.name, diagnostics[:last])
    except UneditableError:
        return None
    except Exception as error:  # the report is worth showing all the same
        unexpected(error)
        return ()


def accepted_in(upload: Upload, diagnostics: Sequence[Diagnostic]) -> Mapping[int, str]:
    """What was accepted on the sheet of problems of a workbook with notes: place among the findings -> the value."""
    try:
        return marks.accepted(upload.data, upload.name, diagnostics)
    except UneditableError:
        return {}


def _rows(plan: Plan) -> list[tuple[Any, ...]]:
    """The lines of the plan's table: batch, action, type, identifier, row, and what it waits for."""
    names = {op.id: op.record.identifier or op.id for op in plan.operations}
    rows: list[tuple[Any, ...]] = []
    for batch in plan.batches:
        for op in batch.operations:
            if len(rows) == ROWS:
                return rows
            waits = [visible(names.get(one, one)) for one in op.depends_on[:WAITS]]
            more = len(op.depends_on) - len(waits)
            word = "to link up" if op.deferred else ACTION_WORDS[op.action.value]
            place = op.id.removesuffix(DEFERRED)
            shown = (word, visible(op.record.type), visible(op.record.identifier or ""), visible(place))
            rows.append((batch.index + 1, *shown, ", ".join(waits) + (f" and {more:,} more" if more else "")))
    return rows


def annotated(found: Found, upload: Upload) -> bytes:
    """Return a copy of a file with notes at its findings; raises UneditableError, in words, where that can't be done."""
    return marks.annotated(upload.data, upload.name, found.diagnostics, found.portal)


def mended(found: Found, uploads: Sequence[Upload], accepted: Mapping[int, str]) -> Copy:
    """Return a copy of the files with the accepted values.

    Raises UsageError for a value that was not suggested, or a file that can't be changed.
    """
    offered = {offer.index: (number, offer) for number, offer in found.offers}
    for index, value in accepted.items():
        if index not in offered or value not in offered[index][1].suggestions:
            raise UsageError("That was not suggested. Please load the page again.")
    files, cells, kept = list(uploads), 0, []
    for number, file in enumerate(uploads):
        wanted = {index: value for index, value in accepted.items() if offered[index][0] == number}
        if wanted:
            made = marks.mended(file.data, file.name, found.diagnostics[: max(wanted) + 1], wanted)
            files[number] = Upload(file.name, made.content)
            cells += sum(one.cells for one in made.done)
            kept += [visible(f"{one.place}: left alone, because {one.reason}.") for one in made.kept]
    return Copy(tuple(files), cells, tuple(kept))
