"""A compared plan -> the portal: batch after batch, side by side inside one, each message noted before and after.

Nothing is sent twice: where an answer is unclear the portal is asked whether the record is there. What is refused holds
back only what depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from threading import Lock
from typing import NamedTuple

from workbook_compiler.delivery.compare import shown
from workbook_compiler.delivery.journal import REFUSED, TAKEN, Journal, mark
from workbook_compiler.errors import UnclearError, UnreachableError, WorkbookCompilerError
from workbook_compiler.model.baseline import digest
from workbook_compiler.model.plan import Action, Operation, Plan, Request
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Found, Refusal, Send, Service

TRIES = 3
"""So often a message is sent whose record turns out not to be there."""
PATIENCE = 5
"""So many unclear answers one after the other end the run: a portal that fails every row is away."""
BUSY = (429, 503)
"""What is still said after all tries: the portal takes nothing now."""


UNNAMED = (
    "without an alias nothing tells whether it is there. Look on its site; if it isn't there, give the row an alias."
)
"""Why a message isn't sent again though it may not have arrived."""


class State(StrEnum):
    """How an operation fared."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    HELD = "held back"
    UNCLEAR = "unclear"
    UNSENT = "not sent"


DONE = frozenset((State.CREATED, State.UPDATED, State.UNCHANGED))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one operation fared."""

    operation: Operation
    state: State
    uuid: str | None = None
    refusals: tuple[Refusal, ...] = ()
    because: str | None = None
    """Of an operation that is held back: the id of the one it waits for."""
    at: str | None = None
    status: int | None = None
    """The number of the portal's answer; None when it gave none."""


class Applied(NamedTuple):
    """How a plan fared."""

    outcomes: tuple[Outcome, ...]
    """In the plan's order."""
    stopped: WorkbookCompilerError | None = None
    """Why it ended before its end."""


@dataclass(slots=True)
class Door:
    """All that sending needs."""

    service: Service
    send: Send
    schema: Schema
    prepared: Callable[[Request, Operation], Request] = lambda request, _operation: request
    """Puts into a message what isn't in the plan: the content of attachments."""


@dataclass(slots=True)
class _Run:
    door: Door
    journal: Journal
    step: Step
    total: int
    left: frozenset[str]
    done: int = 0
    unclear: int = 0
    """Unclear answers since the last clear one."""
    stopped: WorkbookCompilerError | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def stop(self, why: WorkbookCompilerError) -> None:
        """Send nothing more; the first reason is kept."""
        with self.lock:
            self.stopped = self.stopped or why


def apply(
    plan: Plan,
    door: Door,
    journal: Journal,
    *,
    jobs: int = 4,
    unclear: frozenset[str] = frozenset(),
    left: frozenset[str] = frozenset(),
    step: Step = silent,
) -> Applied:
    """Send a plan and return how each operation fared. When the portal goes away the rest is left unsent.

    ``unclear`` are ids of operations that an earlier run sent without learning how they fared, ``left`` those of records
    that aren't to be created.
    """
    run = _Run(door, journal, step, sum(1 for _ in plan.operations), left)
    with ThreadPoolExecutor(jobs) as workers:
        try:
            for batch in plan.batches:
                waiting = list(_ready(run, batch.operations))
                for outcome in workers.map(lambda op: _one(run, op, op.id in unclear), waiting):
                    run.outcomes[outcome.operation.id] = outcome
        except BaseException:
            workers.shutdown(wait=True, cancel_futures=True)
            raise
    return Applied(tuple(run.outcomes[op.id] for op in plan.operations), run.stopped)


def _ready(run: _Run, operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield the operations that may be sent; the others get their outcome here."""
    for op in operations:
        missing = next((n for n in op.depends_on if _is_missing(run, n)), None)
        if op.action is Action.SKIP:
            run.outcomes[op.id] = Outcome(op, State.UNCHANGED, op.uuid)
        elif run.stopped is not None:
            run.outcomes[op.id] = Outcome(op, State.UNSENT)
        elif missing is not None:
            root = (run.outcomes[missing].because if missing in run.outcomes else None) or missing
            run.outcomes[op.id] = Outcome(op, State.HELD, because=root)
        else:
            yield _placed(op, run.outcomes)
            continue
        _tell(run, op)


def _is_missing(run: _Run, name: str) -> bool:
    return name in run.left or (name in run.outcomes and run.outcomes[name].state not in DONE)


def _placed(op: Operation, outcomes: Mapping[str, Outcome]) -> Operation:
    """A later update goes to where its record was just created."""
    if not op.deferred or op.target is not None:
        return op
    first = outcomes.get(op.record.id)
    return op._replace(target=f"/{first.uuid}/") if first is not None and first.uuid else op


def _tell(run: _Run, op: Operation) -> None:
    with run.lock:
        run.done += 1
        run.step(f"{op.record.type} {op.record.identifier or op.id}", run.done / max(run.total, 1))


def _one(run: _Run, op: Operation, is_unclear: bool) -> Outcome:
    if run.stopped is not None:
        return Outcome(op, State.UNSENT)
    try:
        outcome = _delivered(run, op, is_unclear)
    except UnreachableError as error:
        outcome = Outcome(op, State.UNSENT)
        run.stop(error)
    _watch(run, outcome)
    _tell(run, op)
    return outcome


def _watch(run: _Run, outcome: Outcome) -> None:
    """End a run whose answers stay unclear."""
    run.unclear = run.unclear + 1 if outcome.state is State.UNCLEAR else 0
    if run.unclear >= PATIENCE:
        run.stop(UnreachableError("the portal", f"it gave no clear answer to {PATIENCE} rows in turn"))


def _delivered(run: _Run, op: Operation, is_unclear: bool) -> Outcome:
    """Send a message until it is clear how it fares. Raises UnreachableError when the portal takes no more."""
    request = run.door.service.message(op, run.door.schema)
    try:
        request = run.door.prepared(request, op)
    except WorkbookCompilerError as error:  # a file that went away since it was looked at
        reason = error.reason if isinstance(error, UnreachableError) else "it went away since it was looked at"
        pointer, typed = next(iter(op.record.files.items()))
        return Outcome(op, State.REFUSED, refusals=(Refusal("file", pointer, reason, typed),))
    is_unnamed = op.record.identifier is None and op.target is None
    outcome = _there(run, op) if is_unclear else None
    if outcome is None and is_unclear and is_unnamed:
        return Outcome(op, State.UNCLEAR, refusals=(Refusal("unclear", None, UNNAMED),))
    if outcome is None:
        outcome = _overtaken(run, op)
    stored = run.door.service.storing(request)
    for attempt in range(TRIES):
        if outcome is not None and (outcome.state is not State.UNCLEAR or run.stopped is not None):
            break
        run.journal.sending(op.id, stored.method, stored.path, mark(op.record), _digests(op))
        outcome = _sent(run, op, request, stored, again=attempt > 0)
        if is_unnamed and outcome.state is State.UNCLEAR:  # sent again, it might be there twice
            return replace(outcome, refusals=(Refusal("unclear", None, UNNAMED),))
    assert outcome is not None  # noqa: S101 - it was sent at least once
    return outcome if outcome.state is State.UNCLEAR else _noted(run, outcome)


def _digests(op: Operation) -> dict[str, str]:
    """What the row says of each property that this message settles: a later run can tell what was edited since."""
    said = op.record.values
    whole = (name for name in op.body if name in said and (op.action is not Action.POST or op.body[name] == said[name]))
    return {name: digest(said[name]) for name in whole}


def _noted(run: _Run, outcome: Outcome) -> Outcome:
    state = TAKEN if outcome.state in DONE else REFUSED
    said = "; ".join(refusal.words for refusal in outcome.refusals)
    at = run.journal.answered(outcome.operation.id, state, outcome.status, outcome.uuid, said)
    return replace(outcome, at=at)


def _overtaken(run: _Run, op: Operation) -> Outcome | None:
    """A refusal when somebody changed meanwhile what an update is about: sent, it would undo that without a word."""
    if op.target is None or op.uuid is None or not op.changes:
        return None
    present = run.door.service.values(run.door.send, Found(op.uuid, op.target, ()))
    changed = [change.name for change in op.changes if present.get(change.name) != change.before]
    refusals = tuple(Refusal("changed", (name,), "", shown(present.get(name))) for name in changed)
    return Outcome(op, State.REFUSED, op.uuid, refusals) if refusals else None


def _sent(run: _Run, op: Operation, request: Request, stored: Request, *, again: bool) -> Outcome:
    """Send once. Where the answer is unclear the portal is asked whether the record is there."""
    try:
        answer = run.door.send(stored.method, stored.path, stored.body)
        if answer.status == 401 or answer.status in BUSY:
            reason = "it doesn't accept this key any more" if answer.status == 401 else "it has too much to do just now"
            raise UnreachableError("the portal", reason)
    except UnreachableError as error:  # the message didn't arrive, or was sent back unread
        run.journal.answered(op.id, REFUSED, None, None, error.reason)
        raise
    except UnclearError as unclear:
        return _arrived(run, op, unclear.reason)
    if answer.ok:
        uuid = run.door.service.created(answer) or op.uuid
        state = State.CREATED if op.action is Action.POST else State.UPDATED
        return Outcome(op, state, uuid, status=answer.status)
    if answer.status >= 500:
        return replace(_arrived(run, op, f"it failed ({answer.status})."), status=answer.status)
    refusals = tuple(run.door.service.refusals(answer, request))
    if again and any(refusal.kind == "conflict" for refusal in refusals):  # what was unclear has arrived by now
        there = _there(run, op)
        if there is not None:
            return there
    return Outcome(op, State.REFUSED, refusals=refusals, status=answer.status)


def _arrived(run: _Run, op: Operation, reason: str) -> Outcome:
    """Look whether a message was taken whose answer didn't say; where that can't be told, the run is over."""
    try:
        there = _there(run, op)
    except UnreachableError as error:
        there = None
        run.stop(error)
    return there or Outcome(op, State.UNCLEAR, refusals=(Refusal("unclear", None, reason),))


def _there(run: _Run, op: Operation) -> Outcome | None:
    """Look whether a message whose answer is unclear was taken; None when it wasn't, or when that can't be told."""
    service, send = run.door.service, run.door.send
    if op.action is Action.POST:
        name = op.record.identifier
        found = service.look(send, name, (op.record.type,)) if name is not None else None
        is_ours = found is not None and op.record.type in found.types
        return Outcome(op, State.CREATED, found.uuid) if found is not None and is_ours else None
    place = op.target or op.record.identifier
    found = service.look(send, place, (op.record.type,)) if place else None
    if found is None:
        return None
    values = service.values(send, found) if found.values is None else found.values
    changed = all(values.get(name) == value for name, value in op.body.items()) and not set(op.removes) & set(values)
    return Outcome(op, State.UPDATED, found.uuid) if changed else None
