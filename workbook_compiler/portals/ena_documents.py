"""Plan -> Webin documents, in sending order: one for each action, date and format where links and size allow it.

An action and a release date hold for a whole document, and a document is one transaction: all of it is registered, or
nothing. JSON goes where it can carry the record, XML (``<WEBIN>``) where not. What is only held, released or cancelled goes
last. Umbrella projects can only be named by accession: their relations are a second pass.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, NamedTuple

from workbook_compiler.model.plan import Action, Operation, Plan, Request
from workbook_compiler.model.schema import Schema
from workbook_compiler.portals import ena_json, ena_xml
from workbook_compiler.portals.ena_json import ORDERS, PATHS, Entry, Shape

MOST_BYTES = 15_000_000
"""The documented limit of ``submit``; the queue's isn't told."""
MOST_ROWS = 5_000
_ENVELOPE = 600
"""No document has more bytes beside its objects: the submission block and the names of five sets."""
_SENT = (Action.POST, Action.PATCH, Action.PUT)


class Kind(NamedTuple):
    """What all objects of a document have in common."""

    action: str
    """``ADD`` or ``MODIFY``."""
    date: str
    """Release date; empty when none is given."""
    xml: bool

    @property
    def actions(self) -> list[dict[str, str]]:
        """The actions of the submission block."""
        hold = [{"type": "HOLD", "holdUntilDate": self.date}] if self.date else []
        return [{"type": self.action}, *hold]


@dataclass(frozen=True, slots=True)
class Row:
    """One operation on its way into a document."""

    operation: Operation
    shape: Shape
    kind: Kind


class Piece(NamedTuple):
    """A row's object, and the bytes it takes."""

    row: Row
    entry: Entry
    data: bytes


def render(
    plan: Plan, schema: Schema, *, xml: bool = False, most_bytes: int = MOST_BYTES, most_rows: int = MOST_ROWS
) -> Iterator[Request]:
    """Yield the documents of a plan in sending order: JSON objects, and ``<WEBIN>`` texts (all objects with ``xml``).

    A single row larger than ``most_bytes`` still gets a document. Equal plans give equal bytes.
    """
    aliases = frozenset(ena_json.text(found) for op in plan.operations if (found := op.record.values.get("alias")))
    number = 0
    for group in _grouped(_rows(plan, schema, xml)):
        for part in _split(group, aliases, most_bytes - _ENVELOPE, most_rows):
            number += 1
            yield _request(number, part)
    for request in (*_ordered(plan, schema, most_rows), *_related(plan, schema, aliases)):
        number += 1
        yield request._replace(batch=number)


def _ordered(plan: Plan, schema: Schema, most_rows: int) -> Iterator[Request]:
    """Yield the documents that hold, release or cancel what is registered; a row without an accession is in none."""
    found: dict[str, list[tuple[Operation, dict[str, str]]]] = {name: [] for name in ORDERS}
    wanted = [op for op in _sent(plan) if op.record.values.get("action") in ORDERS]
    for operation in sorted(wanted, key=lambda op: PATHS.index(schema.types[op.record.type].path)):
        values = operation.record.values
        name, target = values["action"], operation.target or values.get("accession")
        if target:
            date = {"holdUntilDate": values["release_date"]} if name == "HOLD" and values.get("release_date") else {}
            found[name].append((operation, {"type": name, "target": target, **date}))
    found["CANCEL"].reverse()  # a study takes its experiments along: they go before it
    for rows in found.values():
        for start in range(0, len(rows), most_rows):
            part = rows[start : start + most_rows]
            actions = [action for _, action in part]
            body = {"submission": {"alias": _alias(actions, {}), "actions": actions}}
            yield Request(0, "POST", "submit", body, tuple(operation.id for operation, _ in part))


def _related(plan: Plan, schema: Schema, aliases: Collection[str]) -> Iterator[Request]:
    """Yield a document for each umbrella whose children's accessions are known by now, with all of its children here.

    An umbrella of which only the accession is known can't be sent whole: there the child names it.
    """
    links = [op for op in plan.operations if op.deferred and op.target]
    rows = {op.id: op for op in plan.operations}
    for name in dict.fromkeys(op.depends_on[-1] for op in links if op.action is Action.PATCH):
        mine = [op for op in links if op.depends_on[-1] == name]
        pending = tuple(op.id for op in mine if op.action is Action.PATCH)
        row = Row(rows[name], ena_json.shape(schema.types[rows[name].record.type]), Kind("MODIFY", "", xml=True))
        entry = ena_json.entry(rows[name].record.values, row.shape, aliases)
        entry["relationships"] = [
            {"childProject": {"accession": op.target}}
            if op.depends_on[0] != name
            else {"parentProject": {"accession": op.body["parent_project"]}}
            for op in mine
        ]
        piece = Piece(row, entry, ena_xml.encode(row.shape.path, entry))
        yield _request(0, [piece])._replace(operations=pending)


def relations(plan: Plan) -> list[tuple[str, str]]:
    """Return which project belongs to which umbrella: the child's alias, and the parent's alias or accession."""
    named = (op.record.values for op in _sent(plan) if op.record.type == "project")
    return [(values["alias"], values["parent_project"]) for values in named if values.get("parent_project")]


def _sent(plan: Plan) -> Iterator[Operation]:
    """Yield the operations that are part of a document; deferred ones hold umbrella relations, or nothing new."""
    return (op for op in plan.operations if op.action in _SENT and not op.deferred)


def _rows(plan: Plan, schema: Schema, xml: bool) -> list[Row]:
    """Return the rows in referential order."""
    shapes: dict[str, Shape] = {}
    rows = []
    for operation in _sent(plan):
        name, values = operation.record.type, operation.record.values
        if values.get("action") in ORDERS:
            continue
        if name not in shapes:
            shapes[name] = ena_json.shape(schema.types[name])
        path = shapes[name].path
        # what is registered already stays ADD in its row
        action = (values.get("action") or "ADD") if operation.action is Action.POST else "MODIFY"
        # the rest is released with its study
        date = (values.get("release_date") or "") if path in ("projects", "samples") else ""
        kind = Kind(action, date, xml or bool(ena_json.only_xml(values, path)))
        rows.append(Row(operation, shapes[name], kind))
    return sorted(rows, key=lambda row: PATHS.index(row.shape.path))


def _grouped(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield rows of one kind, each group after what it needs: as long a group as can be, whole kinds first."""
    needs = _needs(rows)
    needed_by = _needed_by(needs)
    waiting = [len(needed) for needed in needs]
    # how many links to rows of other kinds that aren't sent yet hold a kind up
    outside = Counter(
        row.kind for row, needed in zip(rows, needs, strict=True) for n in needed if rows[n].kind != row.kind
    )
    ready: dict[Kind, list[int]] = {}
    for n, needed in enumerate(needs):
        if not needed:
            ready.setdefault(rows[n].kind, []).append(n)
    queue: list[tuple[bool, int, Kind]] = []
    touched = list(ready)
    while touched or queue:
        for kind in touched:
            heappush(queue, (outside[kind] > 0, ready[kind][0], kind))
        kind = heappop(queue)[2]
        group = ready.pop(kind, [])  # empty when an earlier entry of the queue took them
        freed: dict[Kind, None] = {}
        for n in group:  # grows: a row lets those that need it follow
            for other in needed_by[n]:
                its_kind = rows[other].kind
                waiting[other] -= 1
                if its_kind != kind:
                    outside[its_kind] -= 1
                    freed[its_kind] = None
                if not waiting[other]:
                    (group if its_kind == kind else ready.setdefault(its_kind, [])).append(other)
        touched = [kind for kind in freed if kind in ready]
        if group:
            yield [rows[n] for n in sorted(group)]


def _needed_by(needs: Sequence[Collection[int]]) -> list[list[int]]:
    needed_by: list[list[int]] = [[] for _ in needs]
    for n, needed in enumerate(needs):
        for other in needed:
            needed_by[other].append(n)
    return needed_by


def _needs(rows: Sequence[Row]) -> list[set[int]]:
    """Return for each row the rows it refers to; those of its own type are umbrella projects, and come later."""
    place = {row.operation.id: n for n, row in enumerate(rows)}
    return [
        {
            other
            for name in row.operation.depends_on
            if (other := place.get(name)) is not None and rows[other].shape.path != row.shape.path
        }
        for row in rows
    ]


def _split(rows: Iterable[Row], aliases: Collection[str], room: int, most_rows: int) -> Iterator[list[Piece]]:
    """Yield the rows' objects in parts of so many bytes and rows; rows are in referential order, so parts are too."""
    part: list[Piece] = []
    size = 0
    for row in rows:
        piece = _piece(row, aliases)
        if part and (len(part) >= most_rows or size + len(piece.data) + 1 > room):
            yield part
            part, size = [], 0
        part.append(piece)
        size += len(piece.data) + 1  # the comma
    if part:
        yield part


def _piece(row: Row, aliases: Collection[str]) -> Piece:
    from orjson import dumps

    entry = ena_json.entry(row.operation.record.values, row.shape, aliases)
    return Piece(row, entry, ena_xml.encode(row.shape.path, entry) if row.kind.xml else dumps(entry))


def _request(number: int, part: Sequence[Piece]) -> Request:
    kind = part[0].row.kind
    sets = {path: found for path in PATHS if (found := [piece for piece in part if piece.row.shape.path == path])}
    alias = _alias(kind.actions, sets)
    body: Any
    if kind.xml:
        body = ena_xml.document(alias, kind.actions, {p: [piece.data for piece in sets[p]] for p in sets})
    else:
        objects = {path: [piece.entry for piece in found] for path, found in sets.items()}
        body = {"submission": {"alias": alias, "actions": kind.actions}, **objects}
    return Request(number, "POST", "submit", body, tuple(piece.row.operation.id for piece in part))


def _alias(actions: Sequence[Mapping[str, str]], sets: Mapping[str, Sequence[Piece]]) -> str:
    """Return the submission's alias: the same for the same document, so that a lost receipt can be asked for by it."""
    digest = hashlib.sha256(repr(actions).encode())
    for path, pieces in sets.items():
        digest.update(f"\n{path}\n".encode())
        for piece in pieces:
            digest.update(piece.data + b"\n")
    return f"wbc-{digest.hexdigest()[:20]}"
