"""A plan and what earlier runs have registered at an archive: rows that are there are left alone, changed ones are updates.

Pure. Links between records of one kind come last, for an archive takes them by accession alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from workbook_compiler.delivery.journal import TAKEN, Entry, mark
from workbook_compiler.model.plan import DEFERRED, Action, Batch, Operation, Plan
from workbook_compiler.model.records import Record
from workbook_compiler.model.schema import Schema

ORDERS = frozenset(("HOLD", "RELEASE", "CANCEL"))
"""Words of a row's ``action`` that send no record and are done to the registered one."""


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
    names = {one: _own_kind(schema, one, families) for one in {op.record.type for op in plan.operations}}
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
        if not value or is_order(op):
            continue
        other = rows.get((families.get(op.record.type), str(value)))
        needed = (op.id,) if other is None else (op.id, other.id)
        body = {name: value if other is None else other.target}
        link = Operation(op.id + DEFERRED, Action.PATCH, op.record, body, op.origins, needed, deferred=True)
        entry = known.get(key_of(link, families))
        said = entry is not None and entry.state == TAKEN and entry.sha256 == said_by(link)
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


def is_order(op: Operation) -> bool:
    """Tell whether an operation sends no record and does something to the registered one."""
    return not op.deferred and op.record.values.get("action") in ORDERS


def key_of(op: Operation, families: Mapping[str, str]) -> str:
    """Return what the journal knows an operation by."""
    return key_of_row(op.record, families) + (DEFERRED if op.deferred else "")


def said_by(op: Operation) -> str:
    """Return what tells what an operation says from what it said before."""
    return mark(op.record._replace(values=op.body) if op.deferred else op.record)
