"""Step 6: columns that belong to another record. An experiment's ``replicate_set`` becomes a member of that set.

The columns a lab knows sit where the person thinks of them; the portal wants them on the set. Here they change hands.
So do the members of a list that stand in rows of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from workbook_compiler.model.codes import links, values
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.records import Origin, Pointer, Record, json_pointer, json_text, key_of
from workbook_compiler.model.schema import EntityType, Feed, Property, Schema
from workbook_compiler.nearest import Identifiers
from workbook_compiler.pipeline.gather import joined

Addition = tuple[Any, dict[Pointer, Location]]
"""A member for the fed list, and the cells of its values by their path inside it."""


def weave(records: Sequence[Record], schema: Schema) -> tuple[list[Record], list[Diagnostic]]:
    """Return the records with fed values moved to the records they name, and what kept values from moving."""
    records = joined(records)
    feeding = {name: fed for name, entity in schema.types.items() if (fed := _fed_properties(entity))}
    if not any(record.type in feeding for record in records):
        return list(records), []
    by_name = _by_identifier(records, schema)
    misnamed = frozenset(name for record in records for name in record.misnamed)
    said: list[Diagnostic] = []
    unknown: dict[tuple[str, str], list[tuple[Location, str]]] = {}
    additions: dict[int, dict[str, list[Addition]]] = {}
    kept: list[Record] = []
    for record in records:
        fed = feeding.get(record.type, {})
        own = {key: value for key, value in record.values.items() if key not in fed}
        if len(own) == len(record.values):
            kept.append(record)
            continue
        origins = record.origin.locations()
        said.extend(_without_set(record, fed, origins))
        for name, prop in fed.items():
            if prop.link or prop.leaf.link:
                for position, target in enumerate(_targets(record.values.get(name))):
                    at = origins.get((name, position)) or origins[(name,)]
                    member, remarks = _member(record, prop, at, origins)
                    said.extend(remarks)
                    fed_record = _find(target, prop, by_name, schema)
                    if fed_record is None:
                        unknown.setdefault((name, target), []).append((at, prop.feed.type if prop.feed else ""))
                    elif member is not None and prop.feed:
                        additions.setdefault(fed_record, {}).setdefault(prop.feed.property, []).append(member)
        kept.append(record._replace(values=own, origin=Woven(record.origin, frozenset(fed))))
    for (name, target), places in unknown.items():
        if target not in misnamed:
            said.append(_unknown(name, target, places, by_name, schema))
    return [_added(record, additions.get(record.number)) for record in kept], said


def _unknown(
    name: str, target: str, places: Sequence[tuple[Location, str]], by_name: Mapping[str, list[Record]], schema: Schema
) -> Diagnostic:
    wanted = places[0][1]
    names = Identifiers([n for n, owners in by_name.items() if any(schema.is_a(r.type, wanted) for r in owners)])
    capitals = names.same_but_capitals(target)
    near = (capitals,) if capitals else tuple(names.close(target))
    related = tuple(at for at, _ in places[1:])
    return Diagnostic(links.REF06, places[0][0], name, target, {"type": wanted}, near, related)


def _fed_properties(entity: EntityType) -> dict[str, Property]:
    return {name: prop for name, prop in entity.properties.items() if prop.feed is not None}


def _by_identifier(records: Sequence[Record], schema: Schema) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        for name in schema.types[record.type].identifiers:
            for value in _targets(record.values.get(name)):
                found.setdefault(value, []).append(record)
    return found


def _targets(value: Any) -> list[str]:
    return [] if value is None else [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _find(target: str, prop: Property, by_name: Mapping[str, list[Record]], schema: Schema) -> int | None:
    wanted = prop.feed.type if prop.feed else ""
    named = by_name.get(target) or by_name.get(key_of(target), [])
    return next((record.number for record in named if schema.is_a(record.type, wanted)), None)


def _member(
    record: Record, prop: Property, at: Location, origins: Mapping[Pointer, Location]
) -> tuple[Addition | None, list[Diagnostic]]:
    """What the record adds to the list it feeds, or why it can't."""
    feed: Feed | None = prop.feed
    if feed is None or record.identifier is None:
        return None, [Diagnostic(links.REF07, at, prop.name)]
    if feed.member is None:
        return (record.identifier, {(): at}), []
    missing = [name for name in feed.companions if name not in record.values]
    if missing:
        return None, [_missing(record, name, prop.name, at) for name in missing]
    member = {feed.member: record.identifier, **{name: record.values[name] for name in feed.companions}}
    return (member, {(feed.member,): at, **{(name,): origins[(name,)] for name in feed.companions}}), []


def _missing(record: Record, name: str, because: str, at: Location) -> Diagnostic:
    return Diagnostic(
        values.REQ03, record.origin.place((name,)) or at, name, context={"because": because}, related=(at,)
    )


def _without_set(
    record: Record, fed: Mapping[str, Property], origins: Mapping[Pointer, Location]
) -> Iterator[Diagnostic]:
    """A replicate number says nothing without the set it counts in."""
    for name, prop in fed.items():
        for companion in prop.feed.companions if prop.feed and prop.link else ():
            if companion in record.values and name not in record.values:
                yield _missing(record, name, companion, origins[(companion,)])
                break


@dataclass(frozen=True, slots=True)
class Woven:
    """Where the values of a record came from that gave some away or got some (an ``Origin``)."""

    origin: Origin
    without: frozenset[str] = frozenset()
    more: Mapping[Pointer, Location] = attribute(default_factory=dict)
    several_files: bool = False

    def locations(self) -> dict[Pointer, Location]:
        """Return place to cell."""
        own = {pointer: at for pointer, at in self.origin.locations().items() if pointer[0] not in self.without}
        return {**own, **self.more}

    def text(self) -> str:
        """Return JSON pointer to cell, as JSON text."""
        gone = tuple(json_pointer((name,)) for name in self.without)
        cells = json.loads(self.origin.text())
        own = {p: at for p, at in cells.items() if "/" + p.split("/", 2)[1] not in gone}
        more = {json_pointer(p): f"{at.file}#{at}" if self.several_files else str(at) for p, at in self.more.items()}
        return json_text({**own, **more})

    def place(self, pointer: Pointer) -> Location | None:
        """Return the cell of a place."""
        return self.more.get(pointer) or self.origin.place(pointer)


def _several(record: Record) -> bool:
    """Tell whether the record's id names its workbook, as its cells must then too."""
    return record.id.startswith(f"{record.location.file}#")


def _added(record: Record, additions: Mapping[str, list[Addition]] | None) -> Record:
    if not additions:
        return record
    body = dict(record.values)
    extra: dict[Pointer, Location] = {}
    for name, members in additions.items():
        present = list(body.get(name) or [])
        for rank, (_, places) in enumerate(members, len(present)):
            extra.update({(name, rank, *inner): at for inner, at in places.items()})
        body[name] = present + [value for value, _ in members]
    return record._replace(values=body, origin=Woven(record.origin, more=extra, several_files=_several(record)))
