"""A plan -> a portal that takes requests of many records, checked there and not stored.

Nothing is stored meanwhile, so a request holds whatever its rows need and isn't there yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbook_compiler.delivery.transactions import Door, refused
from workbook_compiler.errors import UnclearError, UnreachableError
from workbook_compiler.model.plan import Action, Operation, Plan, Request
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.service import Refusal


def rehearse(plan: Plan, door: Door, step: Step = silent) -> tuple[dict[str, list[Refusal]], tuple[str, ...]]:
    """Let the portal check all rows and store nothing; return what it has against rows by operation, and what against none.

    What a row needs and isn't there yet goes along in its request. Raises UnreachableError.
    """
    documents: dict[str, Mapping[str, Any]] = {}
    order: list[list[Operation]] = []
    by_id = {op.id: op for op in plan.operations}
    for request in door.render(plan, door.schema, ""):
        documents.update(zip(request.operations, request.body, strict=True))
        order.append([by_id[name] for name in request.operations if not by_id[name].deferred])
    found: dict[str, list[Refusal]] = {}
    loose: dict[str, None] = {}
    seen: set[str] = set()
    for number, group in enumerate(reversed(order)):  # those that need most first: what they need is seen with them
        wanted = [op for op in group if op.id not in seen]
        if not wanted:
            continue
        step("Rehearsing", number / len(order))
        rows = list(_with_needed(wanted, by_id, documents))
        seen.update(op.id for op in rows)
        request = Request(number, "PUT", "", [documents[op.id] for op in rows], tuple(op.id for op in rows))
        message = door.service.rehearsal(request, door.project)
        try:
            said = door.service.reply(door.send(message.method, message.path, message.body))
        except UnclearError as unclear:
            raise UnreachableError("the commons", unclear.reason) from None
        found |= _without_links(refused(door, rows, said), rows, documents, by_id)
        loose.update(dict.fromkeys(said.loose))
    return {op.id: found[op.id] for op in plan.operations if op.id in found}, tuple(loose)


def _with_needed(
    wanted: Sequence[Operation], by_id: Mapping[str, Operation], documents: Mapping[str, Any]
) -> Iterator[Operation]:
    """Yield rows and the new ones that they need, each name once: a request takes no two records of one name."""
    names: set[str | None] = set()
    waiting, seen = list(wanted), {op.id for op in wanted}
    while waiting:
        op = waiting.pop(0)
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
    documents: Mapping[str, Any],
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
