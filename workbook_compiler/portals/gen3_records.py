"""Gen3's records: a row's values -> the JSON a commons takes, and back; rows -> requests whose records find their parents.

A request is all or nothing, and inside one the order makes no difference (sheepdog 5.2.4): a record's parents are in the same
request or an earlier one. TSV would lose types, commas and empty cells, so it is never sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from workbook_compiler.model.plan import Action, Operation, Plan, Request
from workbook_compiler.model.schema import EntityType, Schema
from workbook_compiler.portals.gen3_schema import CODE, NAME

AT_ONCE = 500
"""So many records go into a request: a server needs 10 ms for each."""


def body(type_name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a commons takes them: with the node's name, and links as objects. What is one already stays as it is."""
    made: dict[str, Any] = {"type": type_name}
    for name, value in values.items():
        link, _, key = name.rpartition(".")
        if not link or key not in (NAME, CODE):
            made[name] = value
        elif isinstance(value, list):
            made[link] = [{key: one} for one in value]
        else:
            made[link] = None if value is None else {key: value}
    return made


def values_of(entity: EntityType, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored record, as an export has it, as values of its columns; without what nobody fills in.

    An export tells a link as a list of ``{node_id, submitter_id}``, and the project as ``project_id`` alone.
    """
    made: dict[str, Any] = {}
    for name, prop in entity.properties.items():
        link, _, key = name.rpartition(".")
        is_link = bool(link) and key in (NAME, CODE)
        value = stored.get(link if is_link else name)
        if is_link:
            ends = value if isinstance(value, list) else [value]
            names = [one[key] for one in ends if isinstance(one, dict) and isinstance(one.get(key), str)]
            value = (names if prop.spread else names[0]) if names else None
            if value is None and key == CODE:
                value = str(stored.get("project_id") or "").partition("-")[2] or None
        if value is not None:
            made[name] = value
    return made


@lru_cache(maxsize=256)
def required(entity: EntityType) -> list[str]:
    """Return the columns that every message about a record has to repeat: its name, what is needed, and its links."""
    return [
        name for name, prop in entity.properties.items() if prop.required or name.endswith((f".{NAME}", f".{CODE}"))
    ]


def document(operation: Operation, schema: Schema) -> dict[str, Any]:
    """Return what is sent of an operation. The later message about a new record says again what the first one has said.

    The first one hasn't the links that the later one brings.
    """
    record = operation.record
    own = body(record.type, operation.body)
    if not operation.deferred or operation.target is not None:
        return own
    repeated = {name: record.values[name] for name in required(schema.types[record.type]) if name in record.values}
    return {**body(record.type, repeated), **own}


def render(plan: Plan, schema: Schema, _form: str = "json") -> Iterator[Request]:
    """Yield the requests of a plan: JSON arrays of records, whose parents are in the same request or an earlier one."""
    for number, operations in enumerate(requests(plan.operations)):
        documents = [document(operation, schema) for operation in operations]
        yield Request(number, "PUT", "", documents, tuple(operation.id for operation in operations))


def requests(operations: Iterable[Operation], at_once: int = AT_ONCE) -> Iterator[Sequence[Operation]]:
    """Yield the operations of each request, in sending order. Those of one node go together, parents first.

    Nodes that refer to each other in a circle share requests. What is left alone isn't sent.
    """
    wanted = [operation for operation in operations if operation.action is not Action.SKIP]
    later = [operation for operation in wanted if operation.deferred]
    for group in _groups([operation for operation in wanted if not operation.deferred]):
        yield from _parts(group, at_once)
    yield from _parts(later, at_once)


def _parts(group: Sequence[Operation], at_once: int) -> Iterator[Sequence[Operation]]:
    """Split rows into requests; in one of them no two records may have the same name, of whatever node they are."""
    part: list[Operation] = []
    names: set[str | None] = set()
    for operation in group:
        if len(part) == at_once or operation.record.identifier in names:
            yield part
            part, names = [], set()
        part.append(operation)
        names.add(operation.record.identifier)
    if part:
        yield part


def _groups(operations: Sequence[Operation]) -> Iterator[Sequence[Operation]]:
    """The rows of each node in the order of the plan; nodes in link order, as far as these rows' links ask for one."""
    import networkx

    node_of = {operation.id: operation.record.type for operation in operations}
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    rows: dict[str, list[Operation]] = {}
    for operation in operations:
        rows.setdefault(operation.record.type, []).append(operation)
        graph.add_node(operation.record.type)
        needed = {node_of[name] for name in operation.depends_on if name in node_of}
        graph.add_edges_from((other, operation.record.type) for other in needed)
    first = {name: place for place, name in enumerate(rows)}
    circles = networkx.condensation(graph)
    members: dict[int, set[str]] = {number: told["members"] for number, told in circles.nodes(data=True)}
    by_place = {number: min(first[name] for name in members[number]) for number in circles}
    order = {id(operation): place for place, operation in enumerate(operations)}
    for number in networkx.lexicographical_topological_sort(circles, key=by_place.__getitem__):
        group = [operation for name in members[number] for operation in rows[name]]
        yield sorted(group, key=lambda operation: order[id(operation)]) if len(members[number]) > 1 else group
