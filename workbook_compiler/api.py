"""Every verb as a function: the only file that knows all wings.

``load_schema`` -> ``template`` / ``compile`` / ``check``. Nothing raises for what a user typed into a workbook; an
exception (``errors.py``) is for a file, a server or a wrong call.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Unpack

from workbook_compiler import resources
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.model.diagnostics import Diagnostic, Location, Outcome, Severity
from workbook_compiler.model.plan import Plan
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.records import Record
from workbook_compiler.model.report import Report, Step, TypeCount, silent
from workbook_compiler.model.schema import Schema

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas

    from workbook_compiler.delivery.fetching import Asking
    from workbook_compiler.delivery.transfer import Received
    from workbook_compiler.pipeline.prepare import Prepared
    from workbook_compiler.pipeline.read.cells import Workbook
    from workbook_compiler.sandbox import Sandbox
    from workbook_compiler.submission import Submitted

Paths = str | Path | Sequence[str | Path]
ReadBook: TypeAlias = "tuple[Workbook, tuple[Diagnostic, ...]]"
"""A workbook, and what is wrong with its file."""


def tool_version() -> str:
    """Return the version of this package."""
    from importlib.metadata import version

    return version("workbook-compiler")


def portal(name: str) -> Portal:
    """Return the portal called ``name``; raises UsageError with the known names."""
    known = resources.portals()
    resources.named("portal", name, known)
    return known[name]


def load_schema(portal_name: str, source: str | Path | None = None, parts: Sequence[str] = ()) -> Schema:
    """Return what a portal accepts; ``parts`` names those wanted of a portal whose schemas come in parts (ENA's checklists).

    ``source`` is a snapshot folder, a folder of schema files, one JSON file ``{TypeName: schema}``, or an address;
    without it the portal's cached snapshot serves, fetched now when there is none. Raises UsageError for a path or a
    document that isn't one, UnreachableError when the portal can't be asked.
    """
    from workbook_compiler.delivery import snapshots

    chosen = portal(portal_name)
    documents, name, sha256 = snapshots.load(chosen, source, parts)
    schema = chosen.load_schema(documents, name, sha256)
    schema = replace(schema, parts=tuple(documents)) if chosen.part else schema
    address = isinstance(source, str) and source.startswith(("http://", "https://"))
    return schema if address else schema.offering(snapshots.vocabularies(chosen, source))


def no_schema() -> Schema:
    """Return a schema that accepts nothing: to tell what is wrong with files that hold no readable sheet."""
    return Schema(next(iter(resources.portals())), {}, "", "")


def pull_schema(
    portal_name: str,
    server: str | None = None,
    folder: Path | None = None,
    vocabularies: Sequence[str] = (),
    *,
    parts: Sequence[str] = (),
    keyfile: str | Path | None = None,
    entry: str | None = None,
    warn: Callable[[str], None] = warnings.warn,
) -> tuple[Path, bool]:
    """Fetch a portal's schemas into a snapshot folder; return the folder and whether anything is new.

    The records of small types come along, for templates to offer them in links: those that the portal's links need most,
    and the types in ``vocabularies``. With a key the schemas are what its user sees, and the user's labs and awards come
    along too. ``keyfile`` and ``entry`` name one; else the usual places are looked at, and without one it is what anybody
    sees. Raises UsageError or UnreachableError for a named key that isn't let in; ``warn`` is told of another.
    """
    from workbook_compiler.delivery import client, snapshots

    chosen = portal(portal_name)
    visit = snapshots.visit(chosen, server, keyfile, entry)
    target, changed = snapshots.pull(chosen, visit, folder, parts)
    for sentence in visit.told:
        warn(sentence)
    if chosen.service is not None:
        with suppress(UnreachableError), client.Session(visit.server, visit.key) as session:
            names = dict.fromkeys((*chosen.service.vocabularies, *vocabularies))
            found = {name: chosen.service.vocabulary(session.send, name) for name in names}
            snapshots.keep_vocabularies(target, found, visit.account.own if visit.account else {})
    return target, changed


def template(
    schema: Schema,
    preset: str | Sequence[str] = (),
    types: Sequence[str] = (),
    *,
    path: str | Path,
    only: str | None = None,
) -> None:
    """Write a blank workbook for presets (names, or paths of preset files) and entity types; ``types=["all"]`` means every one.

    ``only`` leaves out columns: "mandatory" keeps those that are needed, "recommended" also those that are welcome. Raises
    UsageError for an unknown preset or type.
    """
    from workbook_compiler.template import load_preset, select, write

    names = [preset] if isinstance(preset, str) else list(preset)
    known = resources.preset_files(schema.portal)
    presets = []
    for name in names:
        if not name.endswith(".toml"):
            resources.named("preset", name, known)
        presets.append(load_preset(known.get(name, Path(name))))
    wanted = () if presets or types else portal(schema.portal).types
    usual = [name for name in schema.types if any(schema.is_a(name, one) for one in wanted)]
    selection = select(schema, presets=presets, types=[*types, *usual], only=only)
    write(selection, schema, Path(path), tool_version=tool_version(), preset_names=[Path(n).stem for n in names])


def template_bytes(
    schema: Schema, preset: str | Sequence[str] = (), types: Sequence[str] = (), only: str | None = None
) -> bytes:
    """Return the blank workbook that ``template`` writes, as a file's bytes."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        template(schema, preset, types, path=path, only=only)
        return path.read_bytes()


@dataclass(frozen=True, eq=False)
class Result:
    """What a check or compile made of some workbooks."""

    schema: Schema
    portal: Portal
    workbooks: tuple[str, ...]
    records: tuple[Record, ...]
    diagnostics: tuple[Diagnostic, ...]
    """In reading order."""
    plan: Plan | None
    """None while there are errors."""

    @property
    def ok(self) -> bool:
        """True when no finding is an error."""
        return self.plan is not None

    def to_frame(self) -> dict[str, pandas.DataFrame]:
        """Return a DataFrame for each entity type: a row for each record, a column for each top-level property.

        The index is the record's id (``Biosample!5``); values are JSON values, missing ones are NaN.
        """
        import pandas

        types = dict.fromkeys(record.type for record in self.records)
        rows = {name: [r for r in self.records if r.type == name] for name in types}
        return {
            name: pandas.DataFrame([dict(r.values) for r in found], index=[r.id for r in found], dtype=object)
            for name, found in rows.items()
        }

    def report(self) -> Report:
        """Return all that is told about the run, for any report format."""
        return self._report

    @cached_property
    def _report(self) -> Report:
        plan = self.plan
        batches = [[(op.record.type) for op in batch.operations] for batch in plan.batches] if plan else []
        return Report(
            portal=self.portal.name,
            title=self.portal.title,
            workbooks=self.workbooks,
            schema_source=self.schema.source,
            diagnostics=self.diagnostics,
            types=_type_counts(self.records, self.diagnostics),
            summary=plan.summary if plan else {},
            deferred=sum(op.deferred for batch in plan.batches for op in batch.operations) if plan else 0,
            batches=tuple(tuple((name, names.count(name)) for name in dict.fromkeys(names)) for names in batches),
        )


def _is_below(at: Location, first: Location) -> bool:
    return first.row is not None and (*at[:2], at.column) == (*first[:2], first.column) and (at.row or 0) > first.row


def _type_counts(records: Sequence[Record], diagnostics: Sequence[Diagnostic]) -> tuple[TypeCount, ...]:
    wrong_ones = [d for d in diagnostics if d.severity is Severity.ERROR]
    places = [d.location for d in wrong_ones]
    # further cells of one mistake in its column are wrong like the first; one above it is what it is held against
    places += [at for d in wrong_ones for at in d.related if _is_below(at, d.location)]
    if not places:
        return tuple(TypeCount(name, count, 0) for name, count in Counter(r.type for r in records).items())
    wrong = {(at.file, at.sheet, at.row) for at in places}
    rows = {record.location[:3] for record in records}
    whole = {(file, sheet) for file, sheet, row in wrong if (file, sheet, row) not in rows}
    counts: dict[str, list[bool]] = {}
    for record in records:
        at = record.location
        counts.setdefault(record.type, []).append(at[:3] in wrong or at[:2] in whole)
    return tuple(TypeCount(name, len(rows), sum(rows)) for name, rows in counts.items())


def compile(  # noqa: A001 - the verb's name
    books: Paths,
    schema: Schema,
    *,
    type_name: str | None = None,
    executor: Executor | None = None,
    step: Step = silent,
) -> Result:
    """Return what one or more workbooks mean as one submission. Never raises for what a user typed.

    ``type_name`` is the type of the rows of a TSV or CSV file. The workbooks are read side by side on an executor (of
    threads, of processes, of a Dask cluster); the result is the same. Raises UsageError for a path that doesn't exist.
    """
    if executor is None:
        return compile_workbooks(read(books, type_name, step), schema, step)
    from workbook_compiler.pipeline.inputs import inputs
    from workbook_compiler.pipeline.spread import spread

    first = spread(inputs(books, type_name), schema, executor, lambda label, share: step(label, 0.8 * share))
    return _joined(first, schema, lambda label, share: step(label, 0.8 + 0.2 * share))


def read(books: Paths, type_name: str | None = None, step: Step = silent) -> list[ReadBook]:
    """Return each file's workbook, and what is wrong with the file."""
    from workbook_compiler.pipeline.inputs import inputs, opened

    found: list[ReadBook] = []
    for file in (files := inputs(books, type_name)):
        step(f"Reading {file.name}", 0.4 * len(found) / len(files))
        outcome = opened(file)
        found.append((outcome.value, outcome.diagnostics))
    return found


def compile_workbooks(books: Sequence[ReadBook], schema: Schema, step: Step = silent) -> Result:
    """Return what workbooks that were read already mean as one submission."""
    from workbook_compiler.pipeline.prepare import prepare

    chosen, several = portal(schema.portal), len(books) > 1

    def prepared() -> Iterator[Prepared]:
        for number, (workbook, found) in enumerate(books):
            told = partial(_told_within, step, number, len(books))
            yield prepare(Outcome(workbook, found), schema, chosen, several_files=several, step=told)

    return _joined(prepared(), schema, lambda label, share: step(label, 0.4 + 0.6 * share))


def _told_within(step: Step, number: int, count: int, label: str, share: float) -> None:
    step(label, 0.4 + 0.4 * (number + share) / count)


def _joined(prepared: Iterable[Prepared], schema: Schema, step: Step) -> Result:
    from workbook_compiler.pipeline import compile as run

    chosen = portal(schema.portal)
    made = run(prepared, schema, chosen, step)
    return Result(schema, chosen, made.workbooks, made.records, made.diagnostics, made.plan)


check = compile
"""A check is a compile whose plan isn't written."""


def manifest_of(books: Paths) -> Mapping[str, str]:
    """Return what the first file that came from a template of ours says about itself; those behind it aren't read."""
    from workbook_compiler.pipeline.inputs import inputs, opened

    manifests = (opened(file).value.manifest for file in inputs(books))
    return next((found for found in manifests if "portal" in found), {})


def manifest(books: Sequence[ReadBook]) -> Mapping[str, str]:
    """Return what the first of the workbooks that came from a template of ours says about itself, or nothing."""
    return next((workbook.manifest for workbook, _ in books if "portal" in workbook.manifest), {})


def submit(
    plan: Plan,
    key: str | Path | None = None,
    *,
    book: Paths | None = None,
    server: str | None = None,
    lab: str | None = None,
    award: str | None = None,
    project: str | None = None,
    partial: bool = False,
    step: Step = silent,
) -> Submitted:
    """Send a plan to its portal: what isn't there is created, what differs updated, data files are uploaded.

    ``key`` is a key file (else ``~/keypairs.json``). ``book`` is the path of the workbook, or of each in the plan's order, when
    it isn't in the working folder: the journal lies beside it, and files are named from there. ``lab`` and ``award`` are for
    4DN, ``project`` and ``partial`` for Gen3. Nothing is sent when the portal's answers show errors: they are in
    ``diagnostics`` then. Raises UsageError without a key, UnreachableError when
    the portal doesn't let us in.
    """
    from workbook_compiler import commons, submission, uploading

    keyfile = Path(key).expanduser() if key else None
    given = (
        [source.name for source in plan.workbooks] if book is None else [book] if isinstance(book, str | Path) else book
    )
    books = [Path(path) for path in given]
    chosen = portal(plan.portal)
    if chosen.transactions is not None:
        return commons.sent(plan, chosen, keyfile, books, server, project, partial=partial, step=step)
    where = submission.Where(keyfile, None, server, lab, award)
    with submission.connection(plan.portal, where) as to:
        one = submission.compared(plan, to, where, books, step)
        if not one.ok:
            return submission.Submitted((), one.diagnostics)
        done = submission.submit(one, to, where, step)
        files = uploading.uploaded(one, done, to, step) if done.stopped is None else uploading.Uploads()
        return replace(done, failed_files=files.failed)


def write_plan(result: Result, folder: str | Path, form: str = "") -> list[Path]:
    """Write ``plan.json``, ``requests/``, ``report.html`` and ``diagnostics.jsonl``; return the files written.

    ``form`` is how messages are written where a portal takes several forms (ENA: json, xml). Of a workbook with errors
    only the report and the diagnostics are written, and an older plan there is removed.
    """
    from workbook_compiler.delivery import emit

    formats = resources.report_formats()
    report = result.report()
    told = {"report.html": formats["html"].render(report, {}), "diagnostics.jsonl": formats["json"].render(report, {})}
    portal_ = result.portal
    requests = portal_.render(result.plan, result.schema, form or portal_.forms[0]) if result.plan else ()
    return emit.write(Path(folder), result.plan, requests, told, documents=portal_.documents)


def sandbox(
    portal_name: str,
    schemas: str | Path | None = None,
    folder: str | Path | None = None,
    *,
    port: int = 0,
    uploads: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Sandbox:
    """Return a real portal with a portal's item types, which runs on this machine while it is the subject of a ``with``.

    Its key files and log lie in ``folder``. Raises UsageError for a portal that has no sandbox.
    """
    from workbook_compiler.delivery import snapshots
    from workbook_compiler.sandbox import Sandbox

    chosen = portal(portal_name)
    if not chosen.sandbox:
        having = ", ".join(name for name, one in sorted(resources.portals().items()) if one.sandbox)
        raise UsageError(f"There is no sandbox for {portal_name}. Portals that have one: {having}.")
    documents, _, _ = snapshots.load(chosen, schemas)
    return Sandbox(chosen.served(documents), folder, port=port, uploads=uploads, say=say)


def download(
    name: str, path: str | Path | None = None, *, portal_name: str = "4dn", **options: Unpack[Asking]
) -> Received:
    """Fetch a data file by a portal's name for it, an address, or a DRS id, to a file or into a folder."""
    from workbook_compiler.delivery import fetching

    return fetching.download(portal(portal_name), name, path, **options)
