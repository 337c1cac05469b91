"""Asking a portal for the records that are to become rows again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbook_compiler.errors import UsageError
from workbook_compiler.model.records import identifier_of
from workbook_compiler.model.schema import EntityType, Schema
from workbook_compiler.model.service import Found, Holdings, Send, Service
from workbook_compiler.nearest import likely


@dataclass(frozen=True, slots=True)
class Asked:
    """Records by their type, each with what its user may send, and what there is to say about those that aren't there."""

    values: Mapping[str, Sequence[Mapping[str, Any]]]
    found: Mapping[tuple[str, str], Found] = field(default_factory=dict)
    """Where each record lies, by its type and what it is called by."""
    missing: tuple[str, ...] = ()
    """As sentences."""


@dataclass(slots=True)
class _Shelf:
    """The records found so far, each once."""

    schema: Schema
    holdings: Holdings
    types: tuple[EntityType, ...]
    values: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    found: dict[tuple[str, str], Found] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def put(self, stored: Mapping[str, Any], name: str) -> None:
        """Keep a record, unless it is there already or of another type than was asked for."""
        type_name = self.holdings.type_of(stored)
        entity = self.schema.types.get(type_name)
        key = str(stored.get("uuid") or stored.get("@id") or name)
        if key in self.seen:
            return
        self.seen.add(key)
        wanted = not self.types or any(self.schema.is_a(type_name, one.name) for one in self.types)
        if entity is None or entity.abstract:
            self.missing.append(f"{name} is a {type_name or 'record without a type'}, which these schemas don't have.")
        elif not wanted:
            self.missing.append(f"{name} is a {type_name}, not a {' or '.join(one.name for one in self.types)}.")
        else:
            own = self.holdings.own(entity, stored)
            self.values.setdefault(type_name, []).append(own)
            called = identifier_of(own, entity.identifiers)
            if called is not None and stored.get("uuid"):
                path = str(stored.get("@id") or "")
                self.found[type_name, called] = Found(str(stored["uuid"]), path, (type_name,))


def export(
    service: Service,
    send: Send,
    schema: Schema,
    *,
    types: Sequence[str] = (),
    ids: Iterable[str] = (),
    search: str | None = None,
) -> Asked:
    """Return the records with these identifiers, those a search finds, or else all of these types that the user may see.

    Raises UsageError for an unknown type and where nothing is named, UnreachableError when the portal can't be asked.
    """
    holdings = service.holdings
    if holdings is None:
        raise UsageError("Records of this portal can't be exported yet.")
    shelf = _Shelf(schema, holdings, tuple(entity_of(schema, name) for name in types))
    names = list(dict.fromkeys(ids))
    for name in names:
        found = service.look(send, name, types)
        if found is None:
            shelf.missing.append(f"The portal has no record {name} that this key may see.")
        else:
            shelf.put(service.values(send, found), name)
    for path in _searches(holdings, search, () if names else types):
        for stored in holdings.listed(send, path):
            shelf.put(stored, str(stored.get("@id") or "A record"))
    return Asked(shelf.values, shelf.found, tuple(shelf.missing))


def _searches(holdings: Holdings, search: str | None, types: Sequence[str]) -> Iterator[str]:
    if search is not None:
        yield holdings.search(search)
    else:
        yield from map(holdings.every, dict.fromkeys(types))


def entity_of(schema: Schema, name: str) -> EntityType:
    """Return the entity type of a name. Raises UsageError with the nearest one for an unknown name."""
    entity = schema.types.get(name)
    if entity is None:
        near = likely(name, schema.types)
        raise UsageError(f"There is no type {name}.{f' Did you mean {near[0]}?' if near else ''}")
    return entity
