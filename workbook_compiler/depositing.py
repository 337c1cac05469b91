"""A compiled plan and an archive that takes documents: what is there by our notes, rehearse, send, receipts."""

from __future__ import annotations

import ntpath
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from workbook_compiler.delivery import attachments, client, documents, ftps, journal, keys, outcomes, replies, settling
from workbook_compiler.delivery.emit import plan_hash
from workbook_compiler.delivery.paths import folders_of, place_of
from workbook_compiler.delivery.receipts import Receipt
from workbook_compiler.delivery.submit import DONE, Outcome
from workbook_compiler.errors import UsageError
from workbook_compiler.model.codes import portal as codes
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.plan import Action, Plan, Request
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.records import Record
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Documents, Send


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that lets us in."""

    portal: Portal
    service: Documents
    send: Send
    server: str
    account: str
    form: str
    area: ftps.Area
    """Where data files go."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """A plan beside what earlier runs have registered."""

    plan: Plan
    schema: Schema
    known: dict[str, journal.Entry]
    books: tuple[Path, ...]
    sums: attachments.Checksums = field(default_factory=dict)
    """What ``completed`` has worked out. The journal goes by rows as typed: a file may go away once it is sent."""


@dataclass(frozen=True, slots=True)
class Deposited:
    """How it went."""

    posted: documents.Posted
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """True when every row is there."""
        done = all(one.state in DONE for one in self.posted.outcomes)
        return done and self.posted.stopped is None


@contextmanager
def archive(
    portal: Portal,
    *,
    server: str | None,
    production: bool,
    form: str | None,
    keyfile: Path | None,
    entry: str | None,
    ask: keys.Ask | None = None,
    area: str | None = None,
) -> Iterator[Archive]:
    """Give a connection to the archive's test service, or with ``production`` to the one that counts.

    ``ask`` asks the person for name and password where none is kept. Raises UsageError without them.
    """
    service = portal.archive
    if service is None:
        raise UsageError(f"{portal.title} can't be submitted to yet.")
    address = (server or (service.production if production else service.test)).rstrip("/")
    key, warnings = keys.load(portal.name, keyfile=keyfile, entry=entry, server=address, ask=ask)
    place = ftps.area_of(area or service.area, key.id, key.secret)
    with client.Session(address, key) as session:
        yield Archive(portal, service, session.send, address, key.id, form or portal.forms[0], place, tuple(warnings))


def settled(plan: Plan, to: Archive, books: Sequence[Path]) -> Settled:
    """Return the plan with what earlier runs from this workbook have registered as left alone, or changed since."""
    if plan.schema is None:
        raise UsageError("This plan doesn't know its schema; compile the workbook again.")
    path = journal.beside(books[0])
    known: dict[str, journal.Entry] = {}
    if path.exists():
        with journal.opened(path) as notes:
            known = dict(notes.known(to.server, to.account))
    one = settling.settled(plan, known, _families(plan.schema))
    return Settled(one, plan.schema, known, tuple(books))


def _families(schema: Schema) -> dict[str, str]:
    return {name: entity.chain[-1] for name, entity in schema.types.items()}


def completed(one: Settled, step: Step = silent) -> tuple[Settled, list[Diagnostic]]:
    """Return the plan with the checksums that rows to be sent leave out, and what is wrong with those files.

    They are read here, so a file that only lies in the upload area needs its checksum in the row.
    """
    lacking = attachments.without_checksum(_with_files(one), one.schema)
    if not lacking:
        return one, []
    records = list({file.record.id: file.record for file in lacking}.values())
    looked = attachments.look(records, one.schema, folders_of(one.plan.workbooks, one.books), step=step)
    places = {file.location for file in lacking}
    return replace(one, sums=looked.value), [_or_its_sum(d) for d in looked.diagnostics if d.location in places]


def _or_its_sum(found: Diagnostic) -> Diagnostic:
    advice = "Or write its checksum beside it, if it is in the upload area already."
    return replace(found, context={**found.context, "advice": advice}) if found.code.id == "FLE01" else found


def _with_files(one: Settled) -> list[Record]:
    """The rows that are to be sent and name files."""
    plan = attachments.with_checksums(one.plan, one.sums)
    sent = (op for op in plan.operations if op.action is not Action.SKIP and not settling.is_order(op))
    return list({op.record.id: op.record for op in sent if op.record.files}.values())


def rehearsed(one: Settled, to: Archive) -> list[Diagnostic]:
    """Return what the archive has against the documents; nothing is stored."""
    render = partial(_rendered, one, to)
    found = documents.rehearse(one.plan, render, to.service, to.send, _families(one.schema))
    return _told(found, one)


def _rendered(one: Settled, to: Archive, plan: Plan) -> Iterator[Request]:
    yield from to.portal.render(attachments.with_checksums(plan, one.sums), one.schema, to.form)


def brought(one: Settled, to: Archive, step: Step = silent) -> list[Diagnostic]:
    """Upload the data files of the rows that are to be sent, and return what is wrong with any; with errors none is uploaded.

    A file that isn't on this computer has to be in the area already. Raises UnreachableError and RefusedError.
    """
    records = _with_files(one)
    folders = folders_of(one.plan.workbooks, one.books)
    files = attachments.data_files(records)
    if not files:
        return []
    looked = attachments.look(records, one.schema, folders, step=step).diagnostics
    absent = {d.location: d for d in looked if d.code.id == "FLE01"}
    here = [(place_of(f.typed, folders(f.record)), ntpath.basename(f.typed)) for f in files if f.location not in absent]
    away = {f.location: ntpath.basename(f.typed) for f in files if f.location in absent}
    there = ftps.present(list(away.values()), to.area) if away else frozenset()
    wrong = [d for d in looked if d.location not in away or away[d.location] not in there]
    if wrong:
        return wrong
    whole, done = sum(path.stat().st_size for path, _ in here) or 1, [0]

    def told(more: int) -> None:
        done[0] += more
        step("Uploading files", min(1.0, done[0] / whole))

    ftps.upload(here, to.area, told)
    return []


def deposit(one: Settled, to: Archive, step: Step = silent, patience: float = replies.PATIENCE) -> Deposited:
    """Send the plan; the journal beside the first workbook knows what is there. Run again, it goes on.

    Raises UsageError when another run sends the same workbook.
    """
    with journal.opened(journal.beside(one.books[0]), alone=True) as notes:
        if dict(notes.known(to.server, to.account)) != one.known:
            raise UsageError("Another run has sent this workbook meanwhile. Run the same command again.")
        notes.begin(plan_hash(one.plan), to.server, to.account)
        found = documents.post(
            one.plan,
            partial(_rendered, one, to),
            to.service,
            to.send,
            notes,
            families=_families(one.schema),
            known=one.known,
            step=step,
            patience=patience,
        )
        if found.stopped is None:
            notes.end()
    return Deposited(found, tuple(_told(found, one)))


def _told(found: documents.Posted, one: Settled) -> list[Diagnostic]:
    book = one.plan.workbooks[0].name
    loose = (Diagnostic(codes.POR15, Location(book), context={"words": words}) for words in found.loose)
    return [*outcomes.findings(found.outcomes), *loose]


def overview(one: Settled, to: Archive) -> str:
    """Return what would be sent, as text."""
    lines = [f"To {to.server} as {to.account}:"]
    words = ((Action.POST, "create"), (Action.PATCH, "change"), (Action.SKIP, "unchanged"))
    for action, word in words:
        types = Counter(op.record.type for op in one.plan.operations if op.action is action and not op.deferred)
        if types:
            kinds = ", ".join(f"{number:,} {name}" for name, number in types.items())
            lines.append(f"{word:10} {types.total():,}: {kinds}")
    return "".join(f"{line}\n" for line in lines)


def receipts(done: Deposited, one: Settled, to: Archive) -> list[Receipt]:
    """Return a receipt for each row: its accession, that of another archive behind it, and until when it is private."""
    return [_receipt(outcome, done, one, to) for outcome in done.posted.outcomes if not outcome.operation.deferred]


def _receipt(outcome: Outcome, done: Deposited, one: Settled, to: Archive) -> Receipt:
    op = outcome.operation
    given = done.posted.given.get(op.id)
    entry = one.known.get(settling.key_of_row(op.record, _families(one.schema)))
    accession = outcome.uuid or ""
    state = " ".join(filter(None, (given.status, f"until {given.until}" if given.until else ""))) if given else ""
    return Receipt(
        op.record.location,
        op.action,
        accession=f"{accession} {given.external}".strip() if given else accession,
        status=f"{outcome.state.value}{f', {state}' if state else ''}",
        link=to.service.page(accession) if accession else "",
        time=outcome.at or (entry.at if entry else ""),
        id=op.id,
        type=op.record.type,
        identifier=op.record.identifier,
    )
