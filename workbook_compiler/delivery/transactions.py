"""A plan -> a portal that takes requests of many records, each whole or not at all.

What it says is not believed: after each request the stored records are read back. Sent twice a request does the same, so one
whose answer is lost is looked for, and sent again if nothing of it is there. What is refused is told at its cell; with
``partial`` the other rows of its request are sent without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbook_compiler.delivery.compare import shown
from workbook_compiler.delivery.journal import REFUSED, TAKEN, Journal, mark
from workbook_compiler.delivery.submit import DONE, Outcome, State
from workbook_compiler.errors import UnclearError, UnreachableError, WorkbookCompilerError
from workbook_compiler.model.baseline import digest
from workbook_compiler.model.plan import Action, Operation, Plan, Request
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Answer, Refusal, Send, Stored, Transaction, Transactions

TRIES = 3
"""So often a request is sent of which nothing turns out to be there."""
PAUSE = 2.0
"""Seconds before the second try, twice as many before the third: who failed may still be at it."""
TOO_LARGE = 413
TOO_LARGE_ALONE = "it takes no request that is as large as this row."
REPLACED = "the record was deleted meanwhile, and a new one holds what this update says. Send the workbook again."
SILENT = "it didn't take the rows, and says nothing about them."
NOT_THERE = "it said that it took the row, and it isn't there."

Render = Callable[[Plan, Schema, str], Iterable[Request]]


@dataclass(frozen=True, slots=True)
class Door:
    """All that sending needs."""

    service: Transactions
    send: Send
    render: Render
    schema: Schema
    project: str


@dataclass(frozen=True, slots=True)
class Applied:
    """How a plan fared."""

    outcomes: tuple[Outcome, ...]
    """In the plan's order."""
    loose: tuple[str, ...] = ()
    """What the portal said that belongs to no row."""
    stopped: WorkbookCompilerError | None = None
    """Why it ended before its end."""


@dataclass(slots=True)
class _Run:
    door: Door
    journal: Journal
    step: Step
    partial: bool
    pause: Callable[[float], None]
    total: int
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    loose: dict[str, None] = field(default_factory=dict)
    closed: bool = False
    """The portal takes nothing more, and has said why."""


class _TooLargeError(Exception):
    """A server before the portal takes no request of this size; nothing was done."""


Rows = Sequence[tuple[Operation, Mapping[str, Any]]]
"""Operations with what is sent of each."""


def apply(
    plan: Plan,
    door: Door,
    journal: Journal,
    *,
    partial: bool = False,
    left: frozenset[str] = frozenset(),
    step: Step = silent,
    pause: Callable[[float], None] = time.sleep,
) -> Applied:
    """Send a plan and return how each operation fared. When the portal goes away the rest is left unsent.

    ``partial``: of a request with wrong rows the others are sent without them. ``left`` are records that aren't to be created.
    """
    operations = list(plan.operations)
    run = _Run(door, journal, step, partial, pause, sum(op.action is not Action.SKIP for op in operations))
    for op in operations:
        if op.action is Action.SKIP:
            run.outcomes[op.id] = Outcome(op, State.UNCHANGED, op.uuid)
    stopped = None
    by_id = {op.id: op for op in operations}
    try:
        for request in door.render(plan, door.schema, ""):
            if run.closed:
                break
            rows = [(by_id[name], document) for name, document in zip(request.operations, request.body, strict=True)]
            _request(run, request, list(_ready(run, rows, left)))
    except UnreachableError as error:
        stopped = error
    rest = {op.id: Outcome(op, State.UNSENT) for op in operations if op.id not in run.outcomes}
    found = {**rest, **run.outcomes}
    return Applied(tuple(found[op.id] for op in operations), tuple(run.loose), stopped)


def _ready(run: _Run, rows: Rows, left: frozenset[str]) -> Iterator[tuple[Operation, Mapping[str, Any]]]:
    """Yield the rows that may be sent; the others wait, and so do those that need them in the same request."""
    for op, document in rows:
        missing = next((name for name in op.depends_on if name in left or _failed(run, name)), None)
        if missing is None:
            yield op, document
        else:
            root = (run.outcomes[missing].because if missing in run.outcomes else None) or missing
            run.outcomes[op.id] = Outcome(op, State.HELD, because=root)


def _failed(run: _Run, name: str) -> bool:
    return name in run.outcomes and run.outcomes[name].state not in DONE


def _request(run: _Run, request: Request, rows: Rows) -> None:
    """Send one request until it is clear how its rows fare; with ``partial`` again without those that are refused."""
    while rows and not run.closed:
        run.step(f"{len(rows):,} {rows[0][0].record.type}", len(run.outcomes) / max(run.total, 1))
        made = request._replace(body=[document for _, document in rows], operations=tuple(op.id for op, _ in rows))
        try:
            said = _delivered(run, run.door.service.message(made, run.door.project), rows)
        except _TooLargeError:
            if len(rows) == 1:
                _refuse(run, rows[0][0], [Refusal("other", None, TOO_LARGE_ALONE)])
                return
            half = len(rows) // 2
            _request(run, request, rows[:half])
            rows = list(_ready(run, rows[half:], frozenset()))
            continue
        if said is None:
            return
        rows = list(_after_refusal(run, rows, said))


def _delivered(run: _Run, message: Request, rows: Rows) -> Transaction | None:
    """Send a request and settle its rows when it was taken; return what the portal says when it wasn't.

    Raises UnreachableError when it takes no more.
    """
    with run.journal.together():
        for op, _ in rows:
            run.journal.sending(op.id, message.method, message.path, mark(op.record), _digests(run, op))
    reason, said = "", None
    for attempt in range(TRIES):
        if attempt:
            run.pause(PAUSE * attempt)
        answer, reason = _answer(run, message, rows)
        said = run.door.service.reply(answer) if answer is not None and answer.status < 500 else None
        if said is not None and not said.success and not attempt:
            return said
        stored = _read_back(run, rows, said)
        if all(_is_there(run, op, stored) for op, _ in rows):
            _settled(run, rows, stored)
            return None
        if said is not None and not said.success:  # what was unclear before is refused now
            return said
    words = NOT_THERE if said is not None else reason
    state = State.REFUSED if said is not None else State.UNCLEAR
    with run.journal.together():
        for op, _ in rows:
            kind = "other" if said is not None else "unclear"
            run.outcomes[op.id] = Outcome(op, state, refusals=(Refusal(kind, None, words),))
            if said is not None:
                run.journal.answered(op.id, REFUSED, None, None, words)
    return None


def _answer(run: _Run, message: Request, rows: Rows) -> tuple[Answer | None, str]:
    """The answer, or None and why there is no clear one."""
    try:
        answer = run.door.send(message.method, message.path, message.body)
    except UnclearError as unclear:
        return None, unclear.reason
    except UnreachableError as error:  # it didn't arrive
        _forget(run, rows, error.reason)
        raise
    if answer.status == TOO_LARGE:
        raise _TooLargeError
    if answer.status in (401, 403, 404, 429, 503):
        words = run.door.service.reply(answer).loose
        _forget(run, rows, words[0] if words else "")
        raise UnreachableError("the commons", words[0] if words else f"it answered {answer.status}")
    return answer, f"it failed ({answer.status})."


def _forget(run: _Run, rows: Rows, why: str) -> None:
    with run.journal.together():
        for op, _ in rows:
            run.journal.answered(op.id, REFUSED, None, None, why)


# ---------------------------------------------------------------- what is stored


def _wanted(run: _Run, op: Operation) -> Mapping[str, Any]:
    """The columns that an operation settles, and what shall be stored there."""
    if op.target is not None:
        return {change.name: change.after for change in op.changes}
    return run.door.service.values(run.door.schema.types[op.record.type], op.body)


def _digests(run: _Run, op: Operation) -> dict[str, str]:
    """What the row says of each column that this message settles: a later run can tell what was edited since."""
    said = op.record.values
    whole = (name for name, value in _wanted(run, op).items() if op.target is not None or said.get(name) == value)
    return {name: digest(said[name]) for name in whole if name in said}


def _read_back(run: _Run, rows: Rows, said: Transaction | None) -> Mapping[tuple[str, str], Stored]:
    """The rows' records as they are stored now. Where that can't be told, neither can how the rows fare."""
    try:
        return _stored(run, rows, said)
    except UnreachableError as error:
        for op, _ in rows:
            run.outcomes[op.id] = Outcome(op, State.UNCLEAR, refusals=(Refusal("unclear", None, error.reason),))
        raise


def _stored(run: _Run, rows: Rows, said: Transaction | None) -> Mapping[tuple[str, str], Stored]:
    """The rows' records as they are stored now."""
    numbers = dict(said.numbers) if said is not None else {}
    numbers |= {(op.record.type, str(op.record.identifier)): op.uuid for op, _ in rows if op.uuid}
    service, send, project = run.door.service, run.door.send, run.door.project
    found: dict[tuple[str, str], Stored] = {}
    for node in dict.fromkeys(op.record.type for op, _ in rows):
        names = {str(op.record.identifier) for op, _ in rows if op.record.type == node}
        known = [numbers[node, name] for name in names if (node, name) in numbers]
        listed = {one.name: one for one in service.by_number(send, project, node, known)} if known else {}
        if names - listed.keys():  # it doesn't say what it calls them, or calls them something else
            present = service.present(send, project, node)
            others = service.every(send, project, node) if present is None else ()
            if present is not None and (there := [n for name, n in present.items() if name in names - listed.keys()]):
                others = service.by_number(send, project, node, there)
            listed |= {one.name: one for one in others}
        found |= {(one.type, one.name): one for one in listed.values()}
    return found


def _is_there(run: _Run, op: Operation, stored: Mapping[tuple[str, str], Stored]) -> bool:
    """Whether a message was taken: a new record is there, its later links too, or something of what an update changes."""
    one = stored.get((op.record.type, str(op.record.identifier)))
    if one is None:
        return False
    values = run.door.service.values(run.door.schema.types[op.record.type], one.values)
    if op.target is None:
        return not op.deferred or not _differing(run, op, values)
    return not op.changes or any(values.get(change.name) != change.before for change in op.changes)


def _differing(run: _Run, op: Operation, values: Mapping[str, Any]) -> list[str]:
    """The columns that were sent and are stored as something else; of links others may be there as well."""
    properties = run.door.schema.types[op.record.type].properties

    def agree(name: str, sent: Any) -> bool:
        stored = values.get(name)
        if properties[name].spread and isinstance(sent, list) and isinstance(stored, list):
            return all(one in stored for one in sent)
        return bool(sent == stored)

    return [name for name, sent in _wanted(run, op).items() if not agree(name, sent)]


def _settled(run: _Run, rows: Rows, stored: Mapping[tuple[str, str], Stored]) -> None:
    with run.journal.together():
        for op, _ in rows:
            one = stored[op.record.type, str(op.record.identifier)]
            values = run.door.service.values(run.door.schema.types[op.record.type], one.values)
            told = [Refusal("otherwise", (name,), "", shown(values.get(name))) for name in _differing(run, op, values)]
            if op.uuid is not None and op.uuid != one.number:
                told.append(Refusal("other", None, REPLACED))
            state = State.CREATED if op.action is Action.POST else State.UPDATED
            at = run.journal.answered(op.id, TAKEN, 200, one.number)
            run.outcomes[op.id] = Outcome(op, state, one.number, tuple(told), at=at, status=200)


# ---------------------------------------------------------------- what is refused


def _after_refusal(run: _Run, rows: Rows, said: Transaction) -> Iterator[tuple[Operation, Mapping[str, Any]]]:
    """Settle the rows that are refused and yield those that are worth another try without them."""
    wrong, loose = refused(run.door, [op for op, _ in rows], said)
    run.loose.update(dict.fromkeys(loose))
    if not wrong:
        _forget(run, rows, "; ".join(loose))
        run.closed = True
        return
    with run.journal.together():
        for op, _ in rows:
            if op.id in wrong:
                _refuse(run, op, wrong[op.id])
            else:
                run.journal.answered(op.id, REFUSED, 400, None, "")
    others = [(op, document) for op, document in rows if op.id not in wrong]
    if run.partial:
        yield from _ready(run, others, frozenset())
        return
    for op, _ in others:
        run.outcomes[op.id] = Outcome(op, State.HELD, because=next(iter(wrong)))


def _refuse(run: _Run, op: Operation, refusals: Sequence[Refusal]) -> None:
    words = "; ".join(one.words or one.kind for one in refusals)
    run.journal.answered(op.id, REFUSED, 400, None, words)
    run.outcomes[op.id] = Outcome(op, State.REFUSED, refusals=tuple(refusals), status=400)


def refused(
    door: Door, rows: Sequence[Operation], said: Transaction
) -> tuple[dict[str, list[Refusal]], tuple[str, ...]]:
    """Return what the portal has against rows, by their operation's id, at their columns; and what belongs to none.

    A link to a row that is refused itself leads nowhere for that reason alone: it isn't told. Something is always told of a
    request that wasn't taken.
    """
    by_name = {(op.record.type, str(op.record.identifier)): op for op in rows}
    found: dict[str, list[Refusal]] = {}
    loose = dict.fromkeys(said.loose)
    for name, refusals in said.refusals.items():
        op = by_name.get(name)
        if op is not None:
            found.setdefault(op.id, []).extend(_at_column(door, op, refusal) for refusal in refusals)
        else:
            loose.update((f"{name[0]} {name[1]}: {one.words or one.kind}", None) for one in refusals)
    if not said.success and not found and not loose:
        loose[SILENT] = None
    own = {id_ for id_, refusals in found.items() if any(one.kind != "link" for one in refusals)}
    needs = {op.id: set(op.depends_on) for op in rows}
    following = {id_ for id_ in found if id_ not in own and needs[id_] & found.keys()}
    kept = {id_: refusals for id_, refusals in found.items() if id_ not in following}
    return kept or found, tuple(loose)


def _at_column(door: Door, op: Operation, refusal: Refusal) -> Refusal:
    """A refusal at the column that says what it is about, with what the row says there."""
    if refusal.pointer is None:
        return refusal
    name = door.service.column(door.schema.types[op.record.type].properties, str(refusal.pointer[0]))
    value = op.record.values.get(name)
    typed = refusal.value or (None if value is None else shown(value))
    return Refusal(refusal.kind, (name,), refusal.words, typed)
