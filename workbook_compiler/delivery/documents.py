"""A plan -> an archive that takes documents: one after the other, each whole or not at all, each noted before and after.

Nothing is sent twice: where an answer is lost the archive is asked for it by the document's own name. What an archive has
against a row takes that row and those that need it out; the rest of the document is made anew and sent. Links between
records of one kind need both accessions: they follow when all else is there, as deferred updates.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workbook_compiler.delivery.journal import SENT, TAKEN, Entry, Journal
from workbook_compiler.delivery.replies import PATIENCE, Desk, recovered, replied
from workbook_compiler.delivery.settling import is_order, key_of, said_by
from workbook_compiler.delivery.submit import DONE, Outcome, State
from workbook_compiler.errors import UnreachableError
from workbook_compiler.model.plan import Action, Batch, Operation, Plan, Request
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.service import Documents, Given, Line, Refusal, Reply, Send

ROUNDS = 20
"""So often documents are made anew without the rows that were refused."""
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
    desk: Desk
    step: Step
    families: Mapping[str, str]
    """Entity type to the type an archive's reply calls it."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    loose: dict[str, None] = field(default_factory=dict)


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
    run = _Run(Desk(service, send, journal, pause, patience, unsure), step, families)
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
    desk = Desk(service, send, _NoJournal(), time.sleep, PATIENCE)  # type: ignore[arg-type] # it notes nothing
    run = _Run(desk, silent, families)
    operations = {op.id: op for op in plan.operations}
    for op in plan.operations:
        if (lacking := _lacking(op)) is not None:
            run.outcomes[op.id] = lacking
    for request in render(plan):
        rows = [operations[name] for name in request.operations]
        if any(is_order(op) or op.deferred for op in rows):
            continue  # nobody knows whether an archive only rehearses those
        reply = replied(run.desk, service.rehearsal(request), name="")
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
        with run.desk.journal.together():
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
    if not any(map(is_order, rows)):
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
    if not is_order(op) or op.target:
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
    at = run.desk.journal.answered(key_of(op, run.families), TAKEN, 200, accession)
    run.outcomes[op.id] = Outcome(op, state, accession, at=at)
    run.given[op.id] = given


def _refused(run: _Run, rows: Sequence[Operation], reply: Reply | None) -> bool:
    """Settle the rows an archive has something against; tell whether the others of the document are worth another try."""
    found = _by_row(run, rows, reply.errors if reply is not None else ())
    for op in rows:
        lines = found.get(op.id, [])
        there = next((line.there for line in lines if line.there), "")
        if there and key_of(op, run.families) in run.desk.unsure:
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
        if rows and (rows[0].deferred or is_order(rows[0])):
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
    return (next(iter(op.body)),) if op.deferred else ("action",) if is_order(op) else None


def _refusing(op: Operation, lines: Iterable[Line]) -> Outcome:
    cell = _cell(op)
    found = (Refusal("value", cell, line.words, _at(op)) if cell else _refusal(line) for line in lines)
    return Outcome(op, State.REFUSED, refusals=tuple(found))


def _at(op: Operation) -> str:
    return str(op.record.values.get("action" if is_order(op) else next(iter(op.body))))


def _refusal(line: Line) -> Refusal:
    kind = "conflict" if line.there else "value"
    return Refusal(kind, (line.field,) if line.field else ("alias",) if line.there else None, line.words, line.alias)


# ---------------------------------------------------------------- one document


def _taken(run: _Run, request: Request, rows: Sequence[Operation]) -> Reply | None:
    """Send one document and return the reply; None where it is refused as a whole. Raises UnreachableError."""
    if all(op.action is not Action.POST for op in rows):
        request = _renamed(run, request)
    name = run.desk.service.name_of(request)
    kept = run.desk.journal.notes(name)
    message = run.desk.service.posted(request)
    sent_before = kept.get(SENT) is not None
    bare = any(map(is_order, rows))
    with run.desk.journal.together():
        for op in rows:
            run.desk.journal.sending(key_of(op, run.families), message.method, name, said_by(op), {})
            if op.target:  # what was registered stays so, however this ends
                run.desk.journal.answered(key_of(op, run.families), SENT, None, op.target)
    if sent_before and (reply := recovered(run.desk, name, bare)) is not None:
        return reply
    kept[SENT] = message.path
    reply = replied(run.desk, message, name, frozenset(key_of(op, run.families) for op in rows), bare)
    if reply is not None and not reply.success and any(line.there and line.type == WHOLE for line in reply.errors):
        return recovered(run.desk, name, bare) or reply  # the document itself is known: it was taken, by whichever run
    return reply


def _count(run: _Run, request: Request) -> None:
    """Note that a document was taken, once more."""
    notes = run.desk.journal.notes(run.desk.service.name_of(request))
    notes[TAKEN] = str(int(notes.get(TAKEN, "0")) + 1)


def _renamed(run: _Run, request: Request) -> Request:
    """Return an update that was taken before under another name: the archive would answer for the earlier one.

    Something else was sent in between, as when a record is released, held, and released again.
    """
    from orjson import dumps, loads

    name = run.desk.service.name_of(request)
    times = run.desk.journal.notes(name).get(TAKEN)
    if not name or times is None:
        return request
    old, new = name.encode(), f"{name}-{int(times) + 1}".encode()
    if isinstance(request.body, str):
        return request._replace(body=request.body.encode().replace(old, new, 1).decode())
    return request._replace(body=loads(dumps(request.body).replace(old, new, 1)))
