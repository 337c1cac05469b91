"""A plan against what the portal holds: create, update or leave, and what stands in the way.

Pure: what the portal holds comes as a Snapshot. A cell that says nothing changes nothing; lists that grow keep what is
there; an object keeps the parts that no column names.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from workbook_compiler.model.codes import portal as codes
from workbook_compiler.model.diagnostics import Diagnostic, Location, Outcome
from workbook_compiler.model.plan import Action, Batch, Change, Operation, Plan
from workbook_compiler.model.records import Record, key_of
from workbook_compiler.model.schema import Access, EntityType, Kind, Property, Schema
from workbook_compiler.model.service import Found

ABSENT = object()
"""Stands for a property the portal holds nothing for."""


class Exported(NamedTuple):
    """What a workbook remembers of its export; both are asked of ``(record, property, value)``."""

    still: Callable[[Record, str, Any], bool]
    """Whether the portal's present value is the one that was exported; True where nothing was."""
    unedited: Callable[[Record, str, Any], bool]
    """Whether the row's value is the one that was exported."""


NOT_EXPORTED = Exported(lambda _record, _name, _value: True, lambda _record, _name, _value: False)


class Held(NamedTuple):
    """A record of the workbook that the portal holds already."""

    found: Found
    values: Mapping[str, Any]
    """Its stored properties."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the portal holds of all that a plan names."""

    held: Mapping[str, Held] = field(default_factory=dict)
    """By the record's id."""
    links: Mapping[str, Found | None] = field(default_factory=dict)
    """What the link values mean that no row defines; None for nothing."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """What new records are filled in with."""
    renamed: Mapping[str, Found] = field(default_factory=dict)
    """By the id of a record that isn't there under its name: the one its row was sent as before."""
    contents: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """MD5 of the files that travel inside records, by the record's id and the property."""


def against(
    plan: Plan,
    snapshot: Snapshot,
    schema: Schema,
    *,
    extends: frozenset[str] = frozenset(),
    exported: Exported = NOT_EXPORTED,
) -> Outcome[Plan]:
    """Return the plan with every operation as one to create, to update or to leave; and what stands in the way."""
    deferred = {op.record.id for batch in plan.batches for op in batch.operations if op.deferred}
    comparer = _Comparer(snapshot, schema, extends, exported)
    said: list[Diagnostic] = []
    batches = []
    for batch in plan.batches:
        operations = []
        for op in batch.operations:
            held = snapshot.held.get(op.record.id)
            if held is None and (other := snapshot.renamed.get(op.record.id)) is not None:
                operations.append(op)
                present = ", ".join(sorted(other.names)) or key_of(other.path)
                said += [renamed(op.record, present)] if not op.deferred else []
            elif held is None:
                operations.append(_filled_in(op, schema.types[op.record.type], snapshot.defaults))
            elif op.record.type not in held.found.types:
                operations.append(op)
                said.append(_other_type(op, held))
            elif op.record.id in deferred and not op.deferred:  # the later update compares the whole record
                operations.append(op._replace(action=Action.SKIP, target=held.found.path, uuid=held.found.uuid))
            else:
                updated = comparer.update(op, held)
                operations.append(updated)
                said.extend(_conflicts(updated, held, exported))
        batches.append(Batch(batch.index, tuple(operations)))
    return Outcome(replace(plan, batches=tuple(batches)), (*said, *comparer.left))


def links_on_portal(unknown: Iterable[Diagnostic], links: Mapping[str, Found | None]) -> Iterator[Diagnostic]:
    """Yield an error for each link that wasn't in the workbook and leads nowhere, or elsewhere, on the portal."""
    for told in unknown:
        found, value = links.get(told.value or ""), told.value or ""
        targets = tuple(told.context.get("targets", ()))
        if found is None:
            yield Diagnostic(codes.POR01, told.location, told.field, value, related=told.related)
        elif targets and "Item" not in targets and not set(found.types) & set(targets):
            context = {"found": found.types[0] if found.types else "another type", "expected": " or ".join(targets)}
            yield Diagnostic(codes.POR02, told.location, told.field, value, context, related=told.related)


def _filled_in(op: Operation, entity: EntityType, defaults: Mapping[str, str]) -> Operation:
    if op.action is not Action.POST:
        return op
    more = {
        name: value
        for name, value in defaults.items()
        if name not in op.body and name in entity.properties and entity.properties[name].access is not Access.REFUSED
    }
    return op._replace(body={**op.body, **more}) if more else op


def one_and_the_same(records: Iterable[Record], snapshot: Snapshot) -> Iterator[Diagnostic]:
    """Yield an error for each row whose record on the portal is another row's too."""
    rows: dict[str, list[Record]] = {}
    for record in records:
        if (held := snapshot.held.get(record.id)) is not None:
            rows.setdefault(held.found.uuid, []).append(record)
    for same in rows.values():
        places = [place_of(record, schema_name(record)) for record in same] if len(same) > 1 else []
        for record, at in zip(same, places, strict=False):
            others = tuple(other for other in places if other is not at)
            yield Diagnostic(codes.POR21, at, schema_name(record), record.identifier, related=others)


def renamed(record: Record, present: str) -> Diagnostic:
    """Return that a row has another name than the record it belongs to by its receipt."""
    name = schema_name(record)
    grows = isinstance(record.values.get(name), list)
    context = {
        "present": present,
        **({} if grows else {"advice": "If it is the same record, type its old name again: it can't be changed."}),
    }
    return Diagnostic(codes.POR12, place_of(record, name), name, record.identifier, context)


def _other_type(op: Operation, held: Held) -> Diagnostic:
    record = op.record
    name = schema_name(record)
    at = record.origin.place((name, 0)) or record.origin.place((name,)) or record.location
    context = {"found": held.found.types[0] if held.found.types else "another type", "expected": record.type}
    return Diagnostic(codes.POR03, at, name, record.identifier, context)


def schema_name(record: Record) -> str:
    """The property that holds a record's identifier."""
    for name, value in record.values.items():
        first = value[0] if isinstance(value, list) and value else value
        if str(first) == record.identifier:
            return name
    return "aliases"


def _conflicts(op: Operation, held: Held, exported: Exported) -> Iterator[Diagnostic]:
    names = {change.name for change in op.changes} | set(op.removes)
    for name in sorted(names):
        if not exported.still(op.record, name, held.values.get(name)):
            yield Diagnostic(
                codes.POR04, place_of(op.record, name), name, context={"present": shown(held.values.get(name))}
            )


def _theirs(record: Record, name: str, stored: Any) -> Diagnostic:
    present = "nothing" if stored is ABSENT else shown(stored)
    return Diagnostic(codes.POR14, place_of(record, name), name, context={"present": present})


def shown(value: Any) -> str:
    """Return a stored value as a person reads it."""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(inner)}" for key, inner in value.items())
    return "nothing" if value is None else str(value)


class _Comparer:
    """Compares stored values with those of rows; two ways to name one record are equal."""

    def __init__(self, snapshot: Snapshot, schema: Schema, extends: frozenset[str], exported: Exported) -> None:
        self._schema, self._extends, self._exported = schema, extends, exported
        self._contents = snapshot.contents
        self.left: list[Diagnostic] = []
        """What nobody edited here, and somebody on the portal: it stays as it is there."""
        self._named: dict[str, Found] = {name: found for name, found in snapshot.links.items() if found is not None}
        for held in snapshot.held.values():
            self._named.update(dict.fromkeys(held.found.names, held.found))

    def update(self, op: Operation, held: Held) -> Operation:
        """Return the operation as an update of what differs, or as one to leave."""
        entity = self._schema.types[op.record.type]
        changes: dict[str, Change] = {}
        for name, value in op.record.values.items():
            stored = held.values.get(name, ABSENT)
            if entity.properties[name].attachment:
                same = _same_file(stored, value, self._contents.get((op.record.id, name)))
                after = stored if same else value
            else:
                after = self._after(entity.properties[name], stored, value, grows=_is_fed(op.record, name, value))
            if (
                after is not stored
                and not entity.properties[name].attachment
                and self._exported.unedited(op.record, name, value)
            ):
                self.left.append(_theirs(op.record, name, stored))
            elif after is not stored:
                changes[name] = Change(name, None if stored is ABSENT else stored, after)
        removes = self._removed(op.record, held, changes)
        action = Action.PATCH if changes or removes else Action.SKIP
        body = {name: change.after for name, change in changes.items()}
        gone = [Change(name, held.values[name], None) for name in removes]
        return op._replace(
            action=action,
            body=body,
            target=held.found.path,
            uuid=held.found.uuid,
            changes=(*changes.values(), *gone),
            removes=removes,
        )

    def _removed(self, record: Record, held: Held, changes: dict[str, Change]) -> tuple[str, ...]:
        """The properties to take away; a part of an object, or of a list's member, is taken out of what is stored."""
        removes = []
        own = self._schema.types[record.type].properties
        for header in record.deletes:
            name, _, inner = (header, "", "") if header in own else header.partition(".")
            stored = held.values.get(name)
            if not inner and stored is not None:
                removes.append(name)
            elif isinstance(stored, dict | list):
                before = changes[name].after if name in changes else stored
                after = _without(before, _way(record, header, before))
                if after != before:
                    changes[name] = Change(name, stored, after)
        parts = {header.partition(".")[0] for header in record.deletes if header not in own}.intersection(changes)
        for name in sorted(name for name in parts if isinstance(changes[name].after, list)):
            kept = [member for member in changes[name].after if member != {}]
            changes[name] = changes[name]._replace(after=kept)
            if not kept:  # every part of every member was to go
                del changes[name]
                removes.append(name)
        return tuple(removes)

    def _after(self, prop: Property, stored: Any, value: Any, *, grows: bool = False) -> Any:
        """What the portal shall hold; ``stored`` itself where nothing changes."""
        if prop.name in self._extends and isinstance(stored, list) and isinstance(value, list):
            more = [item for item in value if not any(self._same(prop.leaf, one, item) for one in stored)]
            return [*stored, *more] if more else stored
        if isinstance(stored, list) and isinstance(value, list) and (grows or prop.leaf.kind is Kind.OBJECT):
            members = self._grown(prop.leaf, stored, value) if grows else self._members(prop.leaf, stored, value)
            same = len(members) == len(stored) and all(map(operator.is_, members, stored))
            return stored if same else members
        if isinstance(value, dict) and isinstance(stored, dict):
            merged = {**stored, **{k: self._after(_child(prop, k), stored.get(k, ABSENT), v) for k, v in value.items()}}
            return stored if all(merged[key] is stored.get(key, ABSENT) for key in merged) else merged
        return stored if self._same(prop, stored, value) else value

    def _members(self, item: Property, stored: list[Any], value: list[Any]) -> list[Any]:
        """Objects of a list keep the parts that no column names: those that didn't change, wherever they stand now."""
        free = list(stored)
        members: list[Any] = []
        for typed in value:
            there = next((one for one in free if self._same(item, one, typed)), ABSENT)
            members.append(there)
            if there is not ABSENT:
                del free[next(place for place, one in enumerate(free) if one is there)]
        for place, typed in enumerate(value):
            if members[place] is ABSENT:
                is_edited = len(value) == len(stored) and any(stored[place] is one for one in free)
                members[place] = self._after(item, stored[place], typed) if is_edited else typed
        return members

    def _grown(self, item: Property, stored: list[Any], value: list[Any]) -> list[Any]:
        """A list that other rows put their record in: the portal's other members stay."""
        members = list(stored)
        for typed in value:
            place = next((n for n, one in enumerate(members) if self._same(item, *_named_by(item, one, typed))), None)
            if place is None:
                members.append(typed)
            else:
                members[place] = self._after(item, members[place], typed)
        return members

    def _same(self, prop: Property, stored: Any, value: Any) -> bool:
        if isinstance(value, list) and isinstance(stored, list):
            item = prop.leaf
            return len(value) == len(stored) and all(map(self._same, [item] * len(value), stored, value))
        if isinstance(value, dict) and isinstance(stored, dict):
            return all(self._same(_child(prop, key), stored.get(key, ABSENT), inner) for key, inner in value.items())
        if prop.kind is Kind.LINK and isinstance(stored, str):
            return self._same_record(stored, str(value))
        if prop.renamed and isinstance(stored, str):
            return True
        if isinstance(value, bool) or isinstance(stored, bool):
            return value is stored
        if isinstance(value, str) and isinstance(stored, str):
            return value == stored.strip()
        return bool(stored == value)

    def _same_record(self, stored: str, typed: str) -> bool:
        if not self._schema.paths:
            return stored == typed
        if "/" not in typed and typed == key_of(stored):  # what it is called among its like
            return True
        found = self._named.get(typed) or self._named.get(key_of(typed))
        if found is None:
            return stored.strip("/") == typed.strip("/")
        return key_of(stored) in {found.uuid, key_of(found.path), *found.names}


def _is_fed(record: Record, name: str, value: Any) -> bool:
    """Whether a list has members from rows of other sheets: of an experiment set, its experiments."""
    if not isinstance(value, list):
        return False
    cells = (
        record.origin.place((name, place)) or _inner_place(record, name, place, value[place])
        for place in range(len(value))
    )
    return any(at is not None and at[:2] != record.location[:2] for at in cells)


def _inner_place(record: Record, name: str, place: int, member: Any) -> Location | None:
    inside = member if isinstance(member, dict) else ()
    return next((at for key in inside if (at := record.origin.place((name, place, key)))), None)


def _named_by(item: Property, stored: Any, typed: Any) -> tuple[Any, Any]:
    """What tells members of a list apart: their links, where they are objects with links."""
    if not isinstance(stored, dict) or not isinstance(typed, dict):
        return stored, typed
    names = [key for key in typed if _child(item, key).kind is Kind.LINK] or list(typed)
    return {key: stored.get(key) for key in names}, {key: typed[key] for key in names}


def _child(prop: Property, name: str) -> Property:
    return prop.leaf.properties.get(name) or Property(name, Kind.ANY)


def _same_file(stored: Any, value: Any, md5: str | None) -> bool:
    """An attachment is the stored one when its name is, and its content where both are known."""
    if not isinstance(stored, dict) or not isinstance(value, dict) or stored.get("download") != value.get("download"):
        return False
    return md5 is None or stored.get("md5sum") in (None, md5)


def _way(record: Record, header: str, present: Any) -> list[str | int]:
    """The way to what ``*delete*`` asks to remove: ``a.b-1`` is in the second member, unless members have moved up."""
    name, _, inner = header.partition(".")
    stem, _, number = inner.rpartition("-")
    way, place = (stem.split("."), int(number)) if stem and number.isdigit() else (inner.split("."), 0)
    if not isinstance(present, list):
        return [*inner.split(".")]
    if name in record.values:
        cell = record.deletes[header]
        found = (n for n in range(len(present)) if record.origin.place((name, n, *way)) == cell)
        return [next(found, len(present)), *way]  # a member with nothing but *delete* has no place any more
    return [place, *way]


def _without(value: Any, way: Sequence[str | int]) -> Any:
    step, *rest = way
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], _without(value[step], rest), *value[step + 1 :]]
    if not isinstance(value, dict) or step not in value:
        return value
    if not rest:
        return {key: inner for key, inner in value.items() if key != step}
    return {**value, str(step): _without(value[str(step)], rest)}


def place_of(record: Record, name: str) -> Location:
    """Return the cell of a property of a record, or the row."""
    return record.origin.place((name,)) or record.location
