"""A plan -> an archive that takes documents: one after the other, each whole or not at all, each noted before and after.

Nothing is sent twice: where an answer is lost the archive is asked for it by the document's own name. What an archive has
against a row takes that row and those that need it out; the rest of the document is made anew and sent. Links between
records of one kind need both accessions: they follow when all else is there, as deferred updates.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workbook_compiler.delivery.journal import SENT, TAKEN, Entry, Journal, mark
from workbook_compiler.delivery.submit import DONE, Outcome, State
from workbook_compiler.errors import UnclearError, UnreachableError
from workbook_compiler.model.plan import DEFERRED, Action, Batch, Operation, Plan, Request
from workbook_compiler.model.records import Record
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Answer, Documents, Given, Line, Refusal, Reply, Send

ROUNDS = 20
"""So often documents are made anew without the rows that were refused."""
PATIENCE = 900.0
"""Seconds to wait for a queued document; a later run goes on waiting."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
TRIES = 3
POLL = "poll"
ORDERS = frozenset(("HOLD", "RELEASE", "CANCEL"))
"""Words of a row's ``action`` that send no record and are done to the registered one."""
WHOLE = "submission"
"""The type of a reply's line that is about the document itself."""

Render = Callable[[Plan], Iterable[Request]]


@dataclass(frozen=True, slots=True)
class Posted:
    """How the rows of a plan fared."""

    outcomes: tuple[Outcome, ...]
    given: Mapping[str, Given]
    """What the archive gave a row, by the operation's id."""
    loose: tuple[str, ...] = ()
    """What the archive said that belongs to no row."""
    stopped: UnreachableError | None = None


@dataclass(slots=True)
class _Run:
    service: Documents
    send: Send
    journal: Journal
    step: Step
    pause: Callable[[float], None]
    patience: float
    families: Mapping[str, str]
    """Entity type to the type an archive's reply calls it."""
    unsure: set[str]
    """Rows (by key) that were sent without learning how they fared, by an earlier run or this one."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    loose: dict[str, None] = field(default_factory=dict)


def key_of_row(record: Record, families: Mapping[str, str]) -> str:
    """Return what the journal knows a row by: an archive knows it by its type and alias, wherever it stands."""
    return f"{families.get(record.type, record.type)} {record.identifier}"


def settled(plan: Plan, known: Mapping[str, Entry], families: Mapping[str, str]) -> Plan:
    """Return the plan with rows that are there as left alone, those that changed since as updates, and links last."""

    def action(op: Operation) -> Operation:
        entry, wanted = known.get(key_of_row(op.record, families)), op.record.values.get("action")
        if entry is not None and (entry.state == TAKEN or entry.uuid) and op.record.identifier is not None:
            same = entry.state == TAKEN and entry.sha256 == mark(op.record)
            op = op._replace(action=Action.SKIP if same else Action.PATCH, target=entry.uuid)
        elif wanted == "MODIFY" or wanted in ORDERS:
            op = op._replace(action=Action.PATCH)
        if wanted in ORDERS:  # needs nothing but what it is done to
            op = op._replace(target=op.record.values.get("accession") or op.target, depends_on=())
        return op

    batches = [replace(batch, operations=tuple(map(action, batch.operations))) for batch in plan.batches]
    links = tuple(_links(replace(plan, batches=tuple(batches)), known, families))
    if links:
        ids = {op.id for op in links}
        batches = [Batch(b.index, tuple(op for op in b.operations if op.id not in ids)) for b in batches]
        batches.append(Batch(len(batches), links))
    return replace(plan, batches=tuple(batches))


def _links(plan: Plan, known: Mapping[str, Entry], families: Mapping[str, str]) -> Iterator[Operation]:
    """Yield an update for each link to a record of one's own kind; it depends on the row, and the row it names if any."""
    schema = plan.schema
    if schema is None:
        return
    names = {op.record.type: _own_kind(schema, op.record.type, families) for op in plan.operations}
    ops = [op for op in plan.operations if names[op.record.type] and not op.deferred]
    rows = {
        (families.get(op.record.type), str(value)): op
        for op in ops
        for name in reversed(schema.types[op.record.type].identifiers)
        if (value := op.record.values.get(name))
    }
    for op in ops:
        name = names[op.record.type]
        value = op.record.values.get(name)
        if not value or _is_order(op):
            continue
        other = rows.get((families.get(op.record.type), str(value)))
        needed = (op.id,) if other is None else (op.id, other.id)
        body = {name: value if other is None else other.target}
        link = Operation(op.id + DEFERRED, Action.PATCH, op.record, body, op.origins, needed, deferred=True)
        entry = known.get(_key(link, families))
        said = entry is not None and entry.state == TAKEN and entry.sha256 == _said(link)
        # what is sent whole may lose its links
        if said and (other or op).action is Action.SKIP:
            link = link._replace(action=Action.SKIP, target=op.target)
        yield link


def _own_kind(schema: Schema, type_name: str, families: Mapping[str, str]) -> str:
    """The property that links a record to one of its own kind; empty when there is none."""
    family = families.get(type_name)
    for name, prop in schema.types[type_name].properties.items():
        if prop.link is not None and any(families.get(target) == family for target in prop.link.targets):
            return name
    return ""


def _is_order(op: Operation) -> bool:
    return not op.deferred and op.record.values.get("action") in ORDERS


def _key(op: Operation, families: Mapping[str, str]) -> str:
    return key_of_row(op.record, families) + (DEFERRED if op.deferred else "")


def _said(op: Operation) -> str:
    return mark(op.record._replace(values=op.body) if op.deferred else op.record)


def post(
    plan: Plan,
    render: Render,
    service: Documents,
    send: Send,
    journal: Journal,
    *,
    families: Mapping[str, str],
    known: Mapping[str, Entry],
    step: Step = silent,
    pause: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE,
) -> Posted:
    """Send a settled plan and return how its rows fared, in the plan's order. When the archive goes away the rest waits."""
    unsure = {key for key, entry in known.items() if entry.state == SENT}
    run = _Run(service, send, journal, step, pause, patience, families, unsure)
    for op in plan.operations:
        if op.action is Action.SKIP:
            run.outcomes[op.id] = Outcome(op, State.UNCHANGED, op.target)
        elif (lacking := _lacking(op)) is not None:
            run.outcomes[op.id] = lacking
    stopped = None
    try:
        _sent(run, plan, render)
        _sent(run, _linked(run, plan), render)
    except UnreachableError as error:
        stopped = error
    rest = {op.id: Outcome(op, State.UNSENT) for op in plan.operations if op.id not in run.outcomes}
    found = {**rest, **run.outcomes}
    return Posted(tuple(found[op.id] for op in plan.operations), run.given, tuple(run.loose), stopped)


def rehearse(plan: Plan, render: Render, service: Documents, send: Send, families: Mapping[str, str]) -> Posted:
    """Let the archive check the documents and store nothing; return what it has against rows."""
    run = _Run(service, send, _NoJournal(), silent, time.sleep, PATIENCE, families, set())  # type: ignore[arg-type]
    operations = {op.id: op for op in plan.operations}
    for op in plan.operations:
        if (lacking := _lacking(op)) is not None:
            run.outcomes[op.id] = lacking
    for request in render(plan):
        rows = [operations[name] for name in request.operations]
        if any(_is_order(op) or op.deferred for op in rows):
            continue  # nobody knows whether an archive only rehearses those
        reply = _replied(run, service.rehearsal(request), name="")
        for name, lines in _by_row(run, rows, reply.errors if reply else ()).items():
            run.outcomes[name] = _refusing(operations[name], lines)
    return Posted(tuple(run.outcomes.values()), {}, tuple(run.loose))


class _NoJournal:
    """Nothing of a rehearsal is noted."""

    def notes(self, _name: str) -> dict[str, str]:
        return {}


# ---------------------------------------------------------------- one document after the other


def _sent(run: _Run, plan: Plan, render: Render) -> None:
    for _ in range(ROUNDS):
        if not _round(run, plan, render):
            break


def _round(run: _Run, plan: Plan, render: Render) -> bool:
    """Send what is left, until a document isn't taken; tell whether there is more to try without its refused rows."""
    operations = {op.id: op for op in plan.operations}
    _hold_back(run, operations)
    for request in render(_left(run, plan)):
        rows = [operations[name] for name in request.operations]
        run.step(f"{len(rows):,} rows to the archive", len(run.outcomes) / max(len(operations), 1))
        reply = _taken(run, request, rows)
        done = _carried_out(rows, reply) if reply is not None else ()
        with run.journal.together():
            for op in done:
                _note(run, op, reply.given.get(_name(run, op), Given("")) if reply else Given(""))
            if done:
                _count(run, request)
        if len(done) < len(rows):
            return _refused(run, [op for op in rows if op.id not in run.outcomes], reply)
    return False


def _carried_out(rows: Sequence[Operation], reply: Reply) -> Sequence[Operation]:
    """The rows of a document that were taken: all or none.

    Of actions on what is registered an archive's ``success`` says little: there its sentences count, also for some rows.
    """
    if not any(map(_is_order, rows)):
        return rows if reply.success else ()
    told = " ".join(reply.infos)
    if "rolled back" in told:
        return ()
    if not reply.errors and (reply.success or "committed" in told):
        return rows
    wrong = " ".join(line.words for line in reply.errors)
    return [op for op in rows if _is_named(op, told) and not _is_named(op, wrong)]


def _is_named(op: Operation, words: str) -> bool:
    return bool(op.target and re.search(rf"\b{re.escape(op.target)}\b", words))


def _lacking(op: Operation) -> Outcome | None:
    """How a row fares whose action is for something registered, where nobody knows what: nothing is sent about it."""
    if not _is_order(op) or op.target:
        return None
    words = "nobody knows the accession of what this is done to: neither the row, nor an earlier run. Fill it in."
    return Outcome(op, State.REFUSED, refusals=(Refusal("missing", ("action",), words),))


def _linked(run: _Run, plan: Plan) -> Plan:
    """The plan with both accessions in each link whose rows are there; others wait."""

    def link(op: Operation) -> Operation:
        if not op.deferred or op.id in run.outcomes:
            return op
        found = [run.outcomes.get(name) for name in op.depends_on]
        if not all(one is not None and one.state in DONE and one.uuid for one in found):
            run.outcomes[op.id] = Outcome(op, State.HELD)
            return op
        ends = [one.uuid for one in found if one is not None]
        body = {name: ends[1] if len(ends) > 1 else value for name, value in op.body.items()}
        return op._replace(target=ends[0], body=body)

    return replace(plan, batches=tuple(Batch(b.index, tuple(map(link, b.operations))) for b in plan.batches))


def _left(run: _Run, plan: Plan) -> Plan:
    """The plan with only what still has to be sent as more than a name that others refer to."""

    def action(op: Operation) -> Operation:
        outcome = run.outcomes.get(op.id)
        if outcome is None:
            return op
        return op._replace(action=Action.SKIP, target=op.target if outcome.state in DONE else None)

    return replace(plan, batches=tuple(Batch(b.index, tuple(map(action, b.operations))) for b in plan.batches))


def _hold_back(run: _Run, operations: Mapping[str, Operation]) -> None:
    """Rows that need one that isn't there wait for it; they stand behind it in the plan."""
    for op in operations.values():
        if op.deferred:
            continue
        wrong = next((n for n in op.depends_on if n in run.outcomes and run.outcomes[n].state not in DONE), None)
        if wrong is not None and op.id not in run.outcomes:
            run.outcomes[op.id] = Outcome(op, State.HELD, because=run.outcomes[wrong].because or wrong)


def _note(run: _Run, op: Operation, given: Given) -> None:
    """Note that a row is there."""
    state = State.CREATED if op.action is Action.POST else State.UPDATED
    accession = given.accession or op.target
    at = run.journal.answered(_key(op, run.families), TAKEN, 200, accession)
    run.outcomes[op.id] = Outcome(op, state, accession, at=at)
    run.given[op.id] = given


def _refused(run: _Run, rows: Sequence[Operation], reply: Reply | None) -> bool:
    """Settle the rows an archive has something against; tell whether the others of the document are worth another try."""
    found = _by_row(run, rows, reply.errors if reply is not None else ())
    for op in rows:
        lines = found.get(op.id, [])
        there = next((line.there for line in lines if line.there), "")
        if there and _key(op, run.families) in run.unsure:
            _note(run, op, Given(there))  # it was sent before, and the answer got lost
        elif lines:
            run.outcomes[op.id] = _refusing(op, lines)
    if found:
        return True
    for op in rows:  # nothing tells the rows apart: none of them is sent again
        words = "the archive didn't take the document that this row was part of."
        run.outcomes[op.id] = Outcome(op, State.REFUSED, refusals=(Refusal("other", _cell(op), words),))
    return True


def _by_row(run: _Run, rows: Sequence[Operation], lines: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines of a reply by the row they are about; what is about none is kept apart."""
    names = {_name(run, op): op.id for op in rows}
    found: dict[str, list[Line]] = {}
    for line in lines:
        row = names.get((line.type, line.alias))
        if rows and (rows[0].deferred or _is_order(rows[0])):
            about = [op for op in rows if _is_named(op, line.words)] or (rows if rows[0].deferred else ())
            for op in about:
                found.setdefault(op.id, []).append(line)
            if about:
                continue
        if row is None:
            run.loose[line.words] = None
        else:
            found.setdefault(row, []).append(line)
    return found


def _name(run: _Run, op: Operation) -> tuple[str, str]:
    return run.families.get(op.record.type, op.record.type), str(op.record.identifier)


def _cell(op: Operation) -> tuple[str] | None:
    """The one property a message is about, where it isn't about the whole row."""
    return (next(iter(op.body)),) if op.deferred else ("action",) if _is_order(op) else None


def _refusing(op: Operation, lines: Iterable[Line]) -> Outcome:
    cell = _cell(op)
    found = (Refusal("value", cell, line.words, _at(op)) if cell else _refusal(line) for line in lines)
    return Outcome(op, State.REFUSED, refusals=tuple(found))


def _at(op: Operation) -> str:
    return str(op.record.values.get("action" if _is_order(op) else next(iter(op.body))))


def _refusal(line: Line) -> Refusal:
    kind = "conflict" if line.there else "value"
    return Refusal(kind, (line.field,) if line.field else ("alias",) if line.there else None, line.words, line.alias)


# ---------------------------------------------------------------- one document


def _taken(run: _Run, request: Request, rows: Sequence[Operation]) -> Reply | None:
    """Send one document and return the reply; None where it is refused as a whole. Raises UnreachableError."""
    if all(op.action is not Action.POST for op in rows):
        request = _renamed(run, request)
    name = run.service.name_of(request)
    kept = run.journal.notes(name)
    message = run.service.posted(request)
    sent_before = kept.get(SENT) is not None
    bare = any(map(_is_order, rows))
    with run.journal.together():
        for op in rows:
            run.journal.sending(_key(op, run.families), message.method, name, _said(op), {})
            if op.target:  # what was registered stays so, however this ends
                run.journal.answered(_key(op, run.families), SENT, None, op.target)
    if sent_before and (reply := _recovered(run, name, bare)) is not None:
        return reply
    kept[SENT] = message.path
    reply = _replied(run, message, name, frozenset(_key(op, run.families) for op in rows), bare)
    if reply is not None and not reply.success and any(line.there and line.type == WHOLE for line in reply.errors):
        return _recovered(run, name, bare) or reply  # the document itself is known: it was taken, by whichever run
    return reply


def _count(run: _Run, request: Request) -> None:
    """Note that a document was taken, once more."""
    notes = run.journal.notes(run.service.name_of(request))
    notes[TAKEN] = str(int(notes.get(TAKEN, "0")) + 1)


def _renamed(run: _Run, request: Request) -> Request:
    """Return an update that was taken before under another name: the archive would answer for the earlier one.

    Something else was sent in between, as when a record is released, held, and released again.
    """
    from orjson import dumps, loads

    name = run.service.name_of(request)
    times = run.journal.notes(name).get(TAKEN)
    if not name or times is None:
        return request
    old, new = name.encode(), f"{name}-{int(times) + 1}".encode()
    if isinstance(request.body, str):
        return request._replace(body=request.body.encode().replace(old, new, 1).decode())
    return request._replace(body=loads(dumps(request.body).replace(old, new, 1)))


def _replied(
    run: _Run, message: Request, name: str, keys: Collection[str] = frozenset(), bare: bool = False
) -> Reply | None:
    """Send until the archive has said how the document fares."""
    for _ in range(TRIES):
        try:
            answer = run.send(message.method, message.path, message.body)
        except UnclearError as unclear:
            reason = unclear.reason
        else:
            _let_in(answer)
            if (place := run.service.waiting(answer)) is not None:
                if name:
                    run.journal.notes(name)[POLL] = place
                return _polled(run, place)
            reply = run.service.reply(answer)
            if reply is not None or 400 <= answer.status < 500:
                return reply
            reason = f"it answered {answer.status} and nothing that can be understood"
        run.unsure.update(keys)
        reply = _recovered(run, name, bare) if name else None
        if reply is not None:
            return reply
    raise UnreachableError("the archive", f"it gave no clear answer: {reason}")


def _let_in(answer: Answer) -> None:
    if answer.status in (401, 403):
        raise UnreachableError("the archive", "it doesn't let us in with this name and password")
    if answer.status in (429, 503):
        raise UnreachableError("the archive", "it has too much to do just now")


def _recovered(run: _Run, name: str, bare: bool = False) -> Reply | None:
    """The reply to a document whose answer was lost; None when the archive doesn't know the document.

    The reply to a ``bare`` one, that only has actions, names no records.
    """
    place = run.journal.notes(name).get(POLL)
    if place is not None and (reply := _polled(run, place)) is not None:
        return reply
    question = run.service.again(name)
    try:
        answer = run.send(question.method, question.path, question.body)
    except UnclearError:
        return None
    _let_in(answer)
    reply = run.service.reply(answer)
    return reply if reply is not None and reply.success and (reply.given or bare) else None


def _polled(run: _Run, place: str) -> Reply | None:
    """Ask for the reply to a queued document until it is there. Raises UnreachableError when that takes too long."""
    for seconds in _waits(run.patience):
        answer = run.send("GET", place)
        _let_in(answer)
        reply = run.service.reply(answer) if answer.status == 200 else None
        if reply is not None:
            return reply
        if 400 <= answer.status < 500:  # it knows nothing of the document any more
            return None
        run.pause(seconds)
    raise UnreachableError("the archive", "it is still working on the document; its queue may be long")


def _waits(patience: float) -> Iterator[float]:
    """Seconds to wait between two questions, longer each time, together no more than there is patience."""
    waited, wait = 0.0, FIRST_WAIT
    while waited < patience:
        yield wait
        waited, wait = waited + wait, min(LONGEST_WAIT, wait * 1.5)
