"""A plan -> a portal that takes requests of many records, checked there and not stored.

Nothing is stored meanwhile, so a request holds whatever its rows need and isn't there yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbook_compiler.delivery.transactions import TOO_LARGE, Door, refused
from workbook_compiler.errors import UnclearError, UnreachableError
from workbook_compiler.model.plan import Action, Operation, Plan, Request
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.service import Refusal

MOST = 1_000
"""So many rows go into a request at the most: a portal needs 10 ms for each, and is waited for a minute."""

Documents = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class _Trial:
    door: Door
    by_id: Mapping[str, Operation]
    documents: Documents
    """What is sent of each operation."""
    found: dict[str, list[Refusal]] = field(default_factory=dict)
    loose: dict[str, None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


def rehearse(
    plan: Plan, door: Door, left: frozenset[str] = frozenset(), step: Step = silent
) -> tuple[dict[str, list[Refusal]], tuple[str, ...]]:
    """Let the portal check all rows and store nothing; return what it has against rows by operation, and what against none.

    What a row needs and isn't there yet goes along in its request. ``left`` are records that aren't to be created: what needs
    them isn't sent either. Raises UnreachableError.
    """
    by_id = {op.id: op for op in plan.operations}
    documents: dict[str, Mapping[str, Any]] = {}
    order: list[list[Operation]] = []
    for request in door.render(plan, door.schema, ""):
        documents.update(zip(request.operations, request.body, strict=True))
        order.append([by_id[name] for name in request.operations if by_id[name].target or not by_id[name].deferred])
    trial = _Trial(door, by_id, documents)
    waiting = _waiting(plan.operations, left)
    for number, group in enumerate(reversed(order)):  # those that need most first: what they need is seen with them
        step("Rehearsing", number / len(order))
        _try(trial, [op for op in group if op.id not in trial.seen and op.id not in waiting])
    return {op.id: trial.found[op.id] for op in plan.operations if op.id in trial.found}, tuple(trial.loose)


def _waiting(operations: Iterable[Operation], left: frozenset[str]) -> frozenset[str]:
    """The operations that need what isn't to be created, or one that does; they stand behind it."""
    waiting = set(left)
    for op in operations:
        if any(name in waiting for name in op.depends_on):
            waiting.add(op.id)
    return frozenset(waiting)


def _try(trial: _Trial, wanted: Sequence[Operation]) -> None:
    """Rehearse rows with what they need; in halves where a server takes no request of the size."""
    if not wanted:
        return
    rows = list(_with_needed(wanted, trial.by_id, trial.documents))
    names = tuple(op.id for op in rows)
    request = Request(0, "PUT", "", [trial.documents[name] for name in names], names)
    message = trial.door.service.rehearsal(request, trial.door.project)
    try:
        answer = trial.door.send(message.method, message.path, message.body)
    except UnclearError as unclear:
        raise UnreachableError("the commons", unclear.reason) from None
    if answer.status == TOO_LARGE and len(wanted) > 1:
        _try(trial, wanted[: len(wanted) // 2])
        _try(trial, [op for op in wanted[len(wanted) // 2 :] if op.id not in trial.seen])
        return
    found, loose = refused(trial.door, rows, trial.door.service.reply(answer))
    trial.seen.update(names)
    trial.found |= _without_links(found, rows, trial.documents, trial.by_id)
    trial.loose.update(dict.fromkeys(loose if not found else ()))


def _with_needed(
    wanted: Sequence[Operation], by_id: Mapping[str, Operation], documents: Documents
) -> Iterator[Operation]:
    """Yield rows and the new ones that they need, each name once: a request takes no two records of one name."""
    names: set[str | None] = set()
    waiting, seen = deque(wanted), {op.id for op in wanted}
    while waiting and len(names) < MOST:
        op = waiting.popleft()
        if op.record.identifier in names:
            continue
        names.add(op.record.identifier)
        yield op
        for name in op.depends_on:
            if name in documents and name not in seen and by_id[name].action is Action.POST:
                seen.add(name)
                waiting.append(by_id[name])


def _without_links(
    found: Mapping[str, list[Refusal]],
    rows: Sequence[Operation],
    documents: Documents,
    by_id: Mapping[str, Operation],
) -> dict[str, list[Refusal]]:
    """The same without links to new rows that weren't in the request: they will be there when it counts."""
    here = {op.id for op in rows}
    kept = {}
    for id_, refusals in found.items():
        absent = any(name in documents and name not in here for name in by_id[id_].depends_on)
        told = [one for one in refusals if not (absent and one.kind == "link")]
        if told:
            kept[id_] = told
    return kept
