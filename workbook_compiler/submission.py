"""A compiled plan and a portal: compare, rehearse, send. What ``wbc plan`` and ``wbc submit`` are made of.

Each step takes what the one before gave. Only ``submit`` writes to the portal.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbook_compiler import resources
from workbook_compiler.delivery import ask, attachments, client, compare, emit, journal, keys, outcomes
from workbook_compiler.delivery import submit as sending
from workbook_compiler.errors import UnclearError, UsageError
from workbook_compiler.model.diagnostics import Diagnostic, Severity
from workbook_compiler.model.plan import DEFERRED, Action, Batch, Operation, Plan
from workbook_compiler.model.records import Record, with_value
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Account, Refusal, Send, Service
from workbook_compiler.reports.words import count, visible


@dataclass(frozen=True, slots=True)
class Where:
    """Which portal, as whom, for whom."""

    keyfile: Path | None = None
    entry: str | None = None
    """The entry of the key file."""
    server: str | None = None
    """Another server than the key's."""
    lab: str | None = None
    award: str | None = None
    jobs: int = 4
    """So many messages side by side."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A portal that lets us in."""

    service: Service
    send: Send
    server: str
    account: Account
    warnings: tuple[str, ...]
    """About the key file."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A plan beside what the portal holds."""

    original: Plan
    """As compiled."""
    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    unclear: frozenset[str] = frozenset()
    """Operations that an earlier run sent without learning how they fared."""
    waiting: frozenset[str] = frozenset()
    """Records (by id) that are there without their data file."""
    kept: int = 0
    """How many records were sent by earlier runs, of another state of the workbook; 0 when it is the same."""
    unnamed: Mapping[str, journal.Entry] = field(default_factory=dict)
    """What earlier runs knew of the records that have no identifier."""
    known: Mapping[str, journal.Entry] = field(default_factory=dict)
    """What the journal knew when the portal was asked."""
    left: frozenset[str] = frozenset()
    """New records that aren't wanted; what refers to them waits."""

    @property
    def ok(self) -> bool:
        """True when nothing stands in the way."""
        return not any(d.severity is Severity.ERROR for d in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Submitted:
    """How a submission went."""

    outcomes: tuple[sending.Outcome, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """True when every operation was done or left out on purpose."""
        return all(one.state in sending.DONE or one.state is sending.State.LEFT for one in self.outcomes)


@contextmanager
def connection(portal_name: str, where: Where) -> Iterator[Connection]:
    """Give a connection to a portal. Raises UsageError without a key, UnreachableError when it doesn't let us in."""
    portal = resources.portals()[portal_name]
    if portal.service is None:
        raise UsageError(f"{portal.title} can't be submitted to yet.")
    key, warnings = keys.load(portal.name, keyfile=where.keyfile, entry=where.entry, server=where.server)
    server = (where.server or key.server or portal.server).rstrip("/")
    with client.Session(server, key, jobs=where.jobs) as session:
        account = portal.service.account(session.send)
        yield Connection(portal.service, session.send, server, account, tuple(warnings))


def plan_hash(plan: Plan) -> str:
    """Return what tells one plan from another: of the same workbooks and schema it is the same."""
    digest = hashlib.sha256()
    for line in emit.plan_lines(plan):
        digest.update(line)
    return digest.hexdigest()


def compared(
    plan: Plan,
    to: Connection,
    where: Where,
    book: Path | None = None,
    step: Step = silent,
) -> Compared:
    """Return the plan as what is to be created, updated and left. ``book`` is the workbook its journal lies beside."""
    schema = _schema(plan)
    records = list({op.record.id: op.record for op in plan.operations}.values())
    path = journal.beside(book) if book else None
    last, known = _known(path, to) if path is not None and path.exists() else (None, {})
    remembered = journal.remembered(records, known)
    uuids = {name: entry.uuid or "" for name, entry in remembered.items()}
    links = {told.value: tuple(told.context.get("targets", ())) for told in plan.outward if told.value}
    found = ask.snapshot(to.service, to.send, records, links, known=uuids, jobs=where.jobs, step=step)
    owner = ask.owner(to.account, where.lab, where.award) if _any_new(plan, found) else None
    defaults = to.service.defaults(*owner) if owner is not None else {}
    folder = book.parent if book else Path()
    found = replace(found, defaults=defaults, contents=attachments.contents(records, folder))
    exported = _as_exported(plan, to.service, schema)
    against = compare.against(plan, found, schema, extends=to.service.extends, exported=exported)
    planned, wrong = _with_checksums(against.value, schema, folder, step)
    said = (*against.diagnostics, *wrong, *compare.links_on_portal(plan.outward, found.links))
    unclear = frozenset(name for name, entry in remembered.items() if entry.state == journal.SENT)
    taken = {name.removesuffix(DEFERRED) for name, entry in known.items() if entry.state == journal.TAKEN}
    done = len(taken) if last is not None and last.plan != plan_hash(plan) else 0
    waiting = frozenset(name for name, held in found.held.items() if to.service.awaits_file(held.values))
    unnamed = {r.id: remembered[r.id] for r in records if r.identifier is None and r.id in remembered}
    return Compared(plan, planned, said, unclear, waiting, done, unnamed, known)


def _as_exported(plan: Plan, service: Service, schema: Schema) -> compare.Exported:
    """Tell whether what the portal holds is what it held when the workbook was exported; of other rows always yes."""
    before, holdings = plan.exported, service.holdings

    def still(record: Record, name: str, value: Any) -> bool:
        if before is None or holdings is None or record.identifier is None:
            return True
        present = holdings.own(schema.types[record.type], {name: value}).get(name) if value is not None else None
        return before.still(record.type, record.identifier, name, present) is not False

    return still


def _with_checksums(plan: Plan, schema: Schema, folder: Path, step: Step) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The plan with the checksums that rows leave out, and what is wrong with the files of what will be sent."""
    written = [op for op in plan.operations if any(f.pointer[0] in op.body for f in attachments.named([op.record]))]
    if not written:
        return plan, ()
    looked = attachments.look([op.record for op in written], schema, folder, step=step)

    def filled(op: Operation) -> Operation:
        body = op.body
        for at, md5 in looked.value.get(op.record.number, {}).items() if op.action is Action.POST else ():
            body = with_value(body, at, md5) if len(at) == 1 or at[0] in body else body
        return op._replace(body=body)

    batches = tuple(replace(batch, operations=tuple(map(filled, batch.operations))) for batch in plan.batches)
    return replace(plan, batches=batches), looked.diagnostics


def _schema(plan: Plan) -> Schema:
    if plan.schema is None:
        raise UsageError("This plan doesn't know its schema; compile the workbook again.")
    return plan.schema


def _any_new(plan: Plan, found: compare.Snapshot) -> bool:
    return any(op.record.id not in found.held for op in plan.operations)


def _known(path: Path, to: Connection) -> tuple[journal.Run | None, dict[str, journal.Entry]]:
    with journal.opened(path) as notes:
        return notes.last(to.server, to.account.name), dict(notes.known(to.server, to.account.name))


def only(one: Compared, *, create: bool, update: bool) -> Compared:
    """Return the same without what isn't wanted: new records, or updates."""

    def wanted(op: Operation) -> bool:
        return op.action is Action.SKIP or (create if op.target is None else update)

    batches = [Batch(batch.index, tuple(filter(wanted, batch.operations))) for batch in one.plan.batches]
    left = frozenset(op.id for op in one.plan.operations if op.target is None and not wanted(op))
    return replace(one, plan=replace(one.plan, batches=tuple(batches)), left=left)


def rehearsed(
    one: Compared, to: Connection, where: Where, book: Path | None = None, step: Step = silent
) -> list[Diagnostic]:
    """Return what the portal has against the messages; nothing is stored. Conflicts and links it doesn't look for here."""
    schema = _schema(one.plan)
    folder = book.parent if book else Path()
    operations = [op for op in one.plan.operations if op.action is not Action.SKIP and (op.target or not op.deferred)]

    def asked(op: Operation) -> list[Diagnostic]:
        request = attachments.inline(to.service.message(op, schema), op.record, folder)
        tried = to.service.rehearsal(request)
        try:
            answer = to.send(tried.method, tried.path, tried.body)
        except UnclearError as unclear:
            return [outcomes.at_cell(op.record, Refusal("unclear", None, unclear.reason))]
        if answer.ok:
            return []
        return [outcomes.at_cell(op.record, refusal) for refusal in to.service.refusals(answer, request)]

    said: list[Diagnostic] = []
    with ThreadPoolExecutor(where.jobs) as workers:
        for number, found in enumerate(workers.map(asked, operations), 1):
            step("Rehearsing", number / len(operations))
            said += found
    return said


def submit(one: Compared, to: Connection, where: Where, book: Path, step: Step = silent) -> Submitted:
    """Send the plan and return how it went; the journal beside ``book`` knows it too. Run again, it goes on."""
    folder = book.parent
    with journal.opened(journal.beside(book), alone=True) as notes:
        if notes.known(to.server, to.account.name) != one.known:
            raise UsageError("Another run has sent this workbook since it was compared. Run the same command again.")
        notes.begin(plan_hash(one.original), to.server, to.account.name)
        for id_, entry in one.unnamed.items():  # before another row writes over what is known of its place
            notes.moved(id_, entry)
        door = sending.Door(
            to.service, to.send, _schema(one.plan), lambda request, op: attachments.inline(request, op.record, folder)
        )
        found = sending.apply(one.plan, door, notes, jobs=where.jobs, unclear=one.unclear, left=one.left, step=step)
        if all(outcome.state is not sending.State.UNCLEAR for outcome in found):
            notes.end()
    return Submitted(tuple(found), tuple(outcomes.findings(found)))


def forget(book: Path, to: Connection) -> None:
    """Forget what earlier runs sent; the portal keeps it all the same."""
    with journal.opened(journal.beside(book)) as notes:
        notes.forget(to.server, to.account.name)


def in_order(said: Iterable[Diagnostic], before: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return what compiling said and what the portal said, without the questions that the portal has answered."""
    answered = {(d.location, d.field) for d in said}
    return (*(d for d in before if d.code.id != "REF02" or (d.location, d.field) in answered), *said)


def still_true(one: Compared, before: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return what compiling said without *delete* being left out, for rows that the portal turned out to hold."""
    held = {op.record.location[:3] for op in one.plan.operations if op.target is not None}
    return tuple(d for d in before if d.code.id != "DEL01" or d.location[:3] not in held)


def overview(one: Compared, to: Connection) -> str:
    """Return what is planned, as text: counts by type, and each update's cells before and after."""
    lines = []
    for action, words in ((Action.POST, "create"), (Action.PATCH, "update"), (Action.SKIP, "unchanged")):
        records = {
            op.record.id: op.record.type for op in one.plan.operations if op.action is action and not op.deferred
        }
        types = Counter(records.values())
        if records:
            lines.append(
                f"{words:10} {len(records):,}: {', '.join(f'{number:,} {name}' for name, number in types.items())}"
            )
    for op in one.plan.operations:
        for change in op.changes:
            at = compare.place_of(op.record, change.name)
            lines.append(
                f"{at}  {change.name}: {visible(compare.shown(change.before))} → {visible(compare.shown(change.after))}"
            )
    if one.kept:
        lines.append(
            f"The workbook has changed since it was sent last. {count(one.kept, 'record')} of then stay as sent."
        )
    return f"On {to.server} as {to.account.name}:\n" + "".join(f"{line}\n" for line in lines)


def summary(done: Submitted) -> str:
    """Return how a submission went, as text."""
    counts = Counter(one.state.value for one in done.outcomes if not one.operation.deferred)
    lines = [f"{state:10} {number:,}\n" for state, number in counts.items()]
    if not done.ok:
        lines.append("Run the same command again: what is done stays done, the rest is sent.\n")
    return "".join(lines)
