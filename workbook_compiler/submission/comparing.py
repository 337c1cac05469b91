"""A plan beside what its portal holds: what is to be created, updated and left, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbook_compiler.delivery import ask, attachments, compare, journal
from workbook_compiler.delivery.paths import Folders, folders_of
from workbook_compiler.errors import UsageError
from workbook_compiler.model.baseline import Baseline, digest
from workbook_compiler.model.codes import portal as codes
from workbook_compiler.model.diagnostics import Diagnostic, Severity
from workbook_compiler.model.plan import DEFERRED, Action, Operation, Plan
from workbook_compiler.model.records import Record, key_of, with_value
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Service
from workbook_compiler.submission.connection import Connection, Where


@dataclass(frozen=True, slots=True)
class Compared:
    """A plan beside what the portal holds."""

    original: Plan
    """As compiled."""
    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    books: tuple[Path, ...] = ()
    """Where the workbooks lie, in the plan's order. The journal lies beside the first."""
    unclear: frozenset[str] = frozenset()
    """Operations that an earlier run sent without learning how they fared."""
    waiting: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Records (by id) that are there without the data file their row names; and what the portal holds of them."""
    gone: tuple[str, ...] = ()
    """Rows, as they were called, that earlier runs sent and that aren't in the workbook any more."""
    remembered: Mapping[str, journal.Entry] = field(default_factory=dict)
    """What earlier runs knew of the records, by their ids now."""
    known: Mapping[str, journal.Entry] = field(default_factory=dict)
    """What the journal knew when the portal was asked."""
    left: frozenset[str] = frozenset()
    """New records that aren't wanted; what refers to them waits."""
    unwanted: int = 0
    """How many records are left out because they would be created, or updated."""

    @property
    def ok(self) -> bool:
        """True when nothing stands in the way."""
        return not any(d.severity is Severity.ERROR for d in self.diagnostics)

    @property
    def schema(self) -> Schema:
        """What the records were checked against. Raises UsageError for a plan that doesn't know."""
        return _schema(self.original)

    @property
    def folders(self) -> Folders:
        """Where the paths that a record's row names begin."""
        return folders_of(self.original.workbooks, self.books)

    @property
    def records(self) -> list[Record]:
        """Every record once, in the plan's order."""
        return _records(self.plan)

    @property
    def journal(self) -> Path | None:
        """Where what was sent is noted; None without a workbook."""
        return journal.beside(self.books[0]) if self.books else None


def compared(
    plan: Plan,
    to: Connection,
    where: Where,
    books: Sequence[Path] = (),
    step: Step = silent,
    *,
    insists: bool = False,
) -> Compared:
    """Return the plan as what is to be created, updated and left. ``books`` are its workbooks, in its order.

    ``insists``: a row is meant as it stands, for the record that its identifier names and no other; though it said the same
    before and somebody has changed the record since.
    """
    one = Compared(plan, plan, (), tuple(books))
    schema, records = one.schema, one.records
    known = known_from(one.journal, to.server, to.account.name)
    remembered = journal.remembered(records, known)
    found = ask.snapshot(
        to.service,
        to.send,
        records,
        _wanted(plan.outward),
        known={name: entry.uuid or "" for name, entry in remembered.items()},
        jobs=where.jobs,
        step=step,
        strictly=insists,
    )
    found = replace(
        found,
        defaults=_defaults(plan, found, schema, to, where),
        contents=attachments.contents(records, one.folders),
    )
    exported = compare.NOT_EXPORTED if insists else as_exported(plan, _own(to.service, schema), known, remembered)
    against = compare.against(plan, found, schema, extends=to.service.extends, exported=exported)
    planned, wrong = _with_checksums(against.value, schema, one.folders, step)
    links = compare.links_on_portal(plan.outward, found.links)
    same = compare.one_and_the_same(records, found)
    said = (*_reused(records, known, remembered), *same, *against.diagnostics, *wrong, *links, *emptied(plan))
    with_files = {file.record.id for file in attachments.data_files(records)}
    return replace(
        one,
        plan=planned,
        diagnostics=said,
        unclear=frozenset(name for name, entry in remembered.items() if entry.state == journal.SENT),
        waiting={
            name: held.values
            for name, held in found.held.items()
            if name in with_files and to.service.awaits_file(held.values)
        },
        gone=gone(records, known, remembered),
        remembered=remembered,
        known=known,
    )


def _wanted(outward: Iterable[Diagnostic]) -> dict[str, tuple[str, ...]]:
    """Each name that no row has, with every type that some link to it accepts."""
    found: dict[str, tuple[str, ...]] = {}
    for told in outward:
        if told.value:
            found[told.value] = tuple(dict.fromkeys((*found.get(told.value, ()), *told.context.get("targets", ()))))
    return found


def only(one: Compared, *, create: bool, update: bool) -> Compared:
    """Return the same without what isn't wanted: new records, or updates."""

    def wanted(op: Operation) -> bool:
        return op.action is Action.SKIP or (create if op.target is None else update)

    out = [op for op in one.plan.operations if not wanted(op)]
    left = frozenset(op.id for op in out if op.target is None)
    unwanted = len({op.record.id for op in out})
    return replace(one, plan=one.plan.each(lambda op: op if wanted(op) else None), left=left, unwanted=unwanted)


def without(one: Compared, said: Iterable[Diagnostic]) -> tuple[Compared, bool]:
    """Return the same without the rows that have an error, and whether there are any; what refers to them waits."""
    wrong = {found.location[:3] for found in said if found.severity is Severity.ERROR}
    gone = frozenset(op.id for op in one.plan.operations if op.record.location[:3] in wrong)
    kept = one.plan.each(lambda op: None if op.id in gone else op)
    return replace(one, plan=kept, left=one.left | gone), bool(gone)


def _schema(plan: Plan) -> Schema:
    if plan.schema is None:
        raise UsageError("This plan doesn't know its schema; compile the workbook again.")
    return plan.schema


def _records(plan: Plan) -> list[Record]:
    return list({op.record.id: op.record for op in plan.operations}.values())


def known_from(path: Path | None, server: str, account: str) -> dict[str, journal.Entry]:
    """Return what the journal in a file knows of a server and an account; nothing without a file."""
    if path is None or not path.exists():
        return {}
    with journal.opened(path) as notes:
        return dict(notes.known(server, account))


def gone(
    records: Iterable[Record], known: Mapping[str, journal.Entry], remembered: Mapping[str, journal.Entry]
) -> tuple[str, ...]:
    """Return the places whose record was taken, that no row stands for any more."""
    here = {record.id for record in records} | {record.id + DEFERRED for record in records}
    uuids = {entry.uuid for entry in remembered.values()}
    return tuple(
        place
        for place, entry in known.items()
        if entry.state == journal.TAKEN
        and entry.method != journal.LEFT
        and place not in here
        and not place.endswith(DEFERRED)
        and entry.uuid not in uuids
    )


def _reused(
    records: Iterable[Record], known: Mapping[str, journal.Entry], remembered: Mapping[str, journal.Entry]
) -> Iterator[Diagnostic]:
    """An error for each row without a name that stands where another one was sent from: edited, or new? Nothing tells."""
    taken = {entry.uuid for entry in remembered.values() if entry.uuid}
    for record in records:
        entry = known.get(record.id)
        is_new = record.identifier is None and record.stored is None and record.id not in remembered
        if is_new and entry is not None and entry.state != journal.REFUSED and entry.uuid not in taken:
            yield Diagnostic(codes.POR13, record.location, context={"uuid": entry.uuid or "its uuid isn't known"})


def _defaults(plan: Plan, found: compare.Snapshot, schema: Schema, to: Connection, where: Where) -> Mapping[str, str]:
    """What new records are filled in with, where any of them leaves it out."""
    names = to.service.defaults("", "")
    new = [op.record for op in plan.operations if op.record.id not in found.held]
    silent_ones = (
        record
        for record in new
        if any(name in schema.types[record.type].properties and name not in record.values for name in names)
    )
    if next(silent_ones, None) is None:
        return {}
    owner = ask.owner(to.account, where.lab, where.award, where.choose)
    _refuse_unknown(where, to)
    return to.service.defaults(*owner) if owner is not None else {}


def _refuse_unknown(where: Where, to: Connection) -> None:
    """Raise UsageError for a lab or an award of the command line that the portal doesn't have."""
    for kind, name in (("lab", where.lab), ("award", where.award)):
        own = {key_of(path) for paths in (to.account.owners, *to.account.owners.values()) for path in paths}
        if name and key_of(name) not in own and to.service.look(to.send, name, (kind.title(),)) is None:
            raise UsageError(f"The portal has no {kind} {name}. Correct --{kind}.")


Own = Callable[[Record, str, Any], Any]
"""``(record, property, stored value)`` -> the value as its user would send it."""


def _own(service: Service, schema: Schema) -> Own:
    holdings = service.holdings

    def own(record: Record, name: str, value: Any) -> Any:
        return value if holdings is None else holdings.own(schema.types[record.type], {name: value}).get(name)

    return own


def as_exported(
    plan: Plan, own: Own, known: Mapping[str, journal.Entry], remembered: Mapping[str, journal.Entry]
) -> compare.Exported:
    """Return what the workbook remembers of its export, and the journal of what was sent since: who changed what."""
    before = plan.exported or Baseline({})

    def sent(record: Record) -> Mapping[str, str]:
        later = known.get(record.id + DEFERRED) if record.id in remembered else None
        return {**remembered.get(record.id, NOTHING).digests, **(later or NOTHING).digests}

    def still(record: Record, name: str, value: Any) -> bool:
        present = own(record, name, value) if value is not None else value
        as_exported = before.still(record.type, record.identifier or "", name, present)
        return as_exported is not False or sent(record).get(name) == digest(present)

    def unedited(record: Record, name: str, value: Any) -> bool:
        last = sent(record).get(name)
        return last == digest(value) or (
            last is None and before.still(record.type, record.identifier or "", name, value) is True
        )

    return compare.Exported(still, unedited)


def emptied(plan: Plan) -> Iterator[Diagnostic]:
    """Yield what is empty now and had a value when the workbook was exported: it stays on the portal."""
    there = plan.exported.records if plan.exported is not None else {}
    for record in _records(plan):
        for name in there.get((record.type, record.identifier or ""), ()):
            at = record.origin.place((name,))
            if at is not None and name not in record.values and name not in record.deletes:
                yield Diagnostic(codes.POR20, at, name)


NOTHING = journal.Entry("", "", None, "")


def _with_checksums(plan: Plan, schema: Schema, folders: Folders, step: Step) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The plan with the checksums that rows leave out, and what is wrong with the files of what will be sent."""
    written = [op for op in plan.operations if any(f.pointer[0] in op.body for f in attachments.named([op.record]))]
    if not written:
        return plan, ()
    looked = attachments.look([op.record for op in written], schema, folders, step=step)

    def filled(op: Operation) -> Operation:
        body = op.body
        for at, md5 in looked.value.get(op.record.number, {}).items() if op.action is Action.POST else ():
            body = with_value(body, at, md5) if len(at) == 1 or at[0] in body else body
        return op._replace(body=body)

    return plan.each(filled), looked.diagnostics
