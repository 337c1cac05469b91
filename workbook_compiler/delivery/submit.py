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

from workbook_compiler.delivery.journal import REFUSED, TAKEN, Journal, mark
from workbook_compiler.errors import UnclearError, UnreachableError
from workbook_compiler.model.plan import Action, Operation, Plan, Request
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Refusal, Send, Service

TRIES = 3
"""So often a message is sent whose record turns out not to be there."""


UNNAMED = "the row has no alias to look for it by. See on its site whether it is there; if not, give the row an alias."
"""Why a message isn't sent again though it may not have arrived."""


class State(StrEnum):
    """How an operation fared."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    HELD = "held back"
    UNCLEAR = "unclear"
    LEFT = "left out"


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
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


def apply(
    plan: Plan,
    door: Door,
    journal: Journal,
    *,
    jobs: int = 4,
    unclear: frozenset[str] = frozenset(),
    left: frozenset[str] = frozenset(),
    step: Step = silent,
) -> list[Outcome]:
    """Send a plan and return how each operation fared, in the plan's order.

    ``unclear`` are ids of operations that an earlier run sent without learning how they fared, ``left`` those of records
    that aren't to be created. Raises UnreachableError when the portal can't be reached any more; what was done by then is in
    the journal.
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
    return [run.outcomes[op.id] for op in plan.operations]


def _ready(run: _Run, operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield the operations that may be sent; the others get their outcome here."""
    for op in operations:
        missing = next((n for n in op.depends_on if _is_missing(run, n)), None)
        if op.action is Action.SKIP:
            run.outcomes[op.id] = Outcome(op, State.UNCHANGED, _uuid_of(op))
        elif missing is not None:
            root = (run.outcomes[missing].because if missing in run.outcomes else None) or missing
            run.outcomes[op.id] = Outcome(op, State.HELD, because=root)
        else:
            yield _placed(op, run.outcomes)
            continue
        _tell(run, op)


def _is_missing(run: _Run, name: str) -> bool:
    return name in run.left or (name in run.outcomes and run.outcomes[name].state not in DONE)


def _uuid_of(op: Operation) -> str | None:
    return op.target.strip("/").rpartition("/")[2] if op.target else None


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
    request = run.door.prepared(run.door.service.message(op, run.door.schema), op)
    stored = run.door.service.storing(request)
    is_unnamed = op.record.identifier is None and op.target is None
    outcome = _there(run, op) if is_unclear else None
    reason = UNNAMED if is_unclear and is_unnamed else ""
    for attempt in range(0 if reason else TRIES):
        if outcome is not None:
            break
        run.journal.sending(op.id, stored.method, stored.path, mark(op.record))
        outcome, reason = _sent(run, op, request, stored, again=attempt > 0)
        if outcome is None and is_unnamed:
            reason = UNNAMED
            break  # nothing to ask the portal by: sent again, it might be there twice
    if outcome is None:
        outcome = Outcome(op, State.UNCLEAR, refusals=(Refusal("unclear", None, reason),))
    else:
        state = TAKEN if outcome.state in DONE else REFUSED
        said = "; ".join(refusal.words for refusal in outcome.refusals)
        at = run.journal.answered(op.id, state, None, outcome.uuid, said)
        outcome = replace(outcome, at=at)
    _tell(run, op)
    return outcome


def _sent(run: _Run, op: Operation, request: Request, stored: Request, *, again: bool) -> tuple[Outcome | None, str]:
    """Send once; no outcome and a reason where it is unclear how that went and the record isn't there."""
    try:
        answer = run.door.send(stored.method, stored.path, stored.body)
    except UnclearError as unclear:
        return _there(run, op), unclear.reason
    if answer.ok:
        uuid = run.door.service.created(answer) or _uuid_of(op)
        return Outcome(op, State.CREATED if op.action is Action.POST else State.UPDATED, uuid), ""
    if answer.status == 401:
        raise UnreachableError("the portal", "it doesn't accept this key any more")
    if answer.status >= 500:
        return _there(run, op), f"it failed ({answer.status})."
    refusals = tuple(run.door.service.refusals(answer, request))
    if again and any(refusal.kind == "conflict" for refusal in refusals):  # what was unclear has arrived by now
        there = _there(run, op)
        if there is not None:
            return there, ""
    return Outcome(op, State.REFUSED, refusals=refusals), ""


def _there(run: _Run, op: Operation) -> Outcome | None:
    """Look whether a message whose answer is unclear was taken; None when it wasn't, or when that can't be told."""
    service, send = run.door.service, run.door.send
    if op.action is Action.POST:
        found = (
            service.look(send, op.record.identifier, (op.record.type,)) if op.record.identifier is not None else None
        )
        is_ours = found is not None and op.record.type in found.types
        return Outcome(op, State.CREATED, found.uuid) if found is not None and is_ours else None
    place = op.target or op.record.identifier
    found = service.look(send, place, (op.record.type,)) if place else None
    if found is None:
        return None
    values = service.values(send, found)
    changed = all(values.get(name) == value for name, value in op.body.items()) and not set(op.removes) & set(values)
    return Outcome(op, State.UPDATED, found.uuid) if changed else None
