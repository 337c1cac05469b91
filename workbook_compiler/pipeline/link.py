"""Step 8: identifiers -> References: which record each link means, its type checked along the class chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbook_compiler.model.codes import links
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.records import Pointer, Record, Reference, key_of
from workbook_compiler.model.schema import EntityType, Kind, Property, Schema
from workbook_compiler.pipeline.strangers import Index, Names, Stranger, Told, cells, explained, outward

if TYPE_CHECKING:
    import networkx

_SHARED = ("aliases", "uuid", "accession")
"""Identifiers that are unique over all types; others are unique within what the schema says."""


@dataclass(frozen=True)
class ReferenceGraph:
    """Who points at whom, by the positions of the records."""

    records: int
    """How many there are."""
    references: Mapping[int, tuple[Reference, ...]]
    """For each record with links, its links."""

    @cached_property
    def needs(self) -> Mapping[int, tuple[int, ...]]:
        """For each record that refers to others of the workbooks, those, in order."""
        found = {
            number: tuple(sorted({ref.record for ref in refs if ref.record is not None}))
            for number, refs in self.references.items()
        }
        return {number: needed for number, needed in found.items() if needed}

    def graph(self, numbers: Iterable[int]) -> networkx.DiGraph[int]:
        """Return these records as nodes and an edge to each of them from each of them that it needs."""
        import networkx

        nodes = set(numbers)
        graph: networkx.DiGraph[int] = networkx.DiGraph()
        graph.add_nodes_from(nodes)
        graph.add_edges_from((n, number) for number in nodes for n in self.needs.get(number, ()) if n in nodes)
        return graph


def link(
    records: Sequence[Record], schema: Schema, taken: frozenset[Location] = frozenset()
) -> tuple[ReferenceGraph, list[Diagnostic]]:
    """Return the reference graph of all records, and what is wrong with identifiers and links.

    ``taken`` are the cells that have an error already: a mistake of several cells is told at another of them.
    """
    index = _index(records, schema)
    said = list(_repeated(index, records, schema))
    resolver = _Resolver(records, schema, index, taken)
    references = {record.number: found for record in records if (found := resolver.resolved(record))}
    said.extend(resolver.findings())
    said.extend(_unnamed(records, schema))
    return ReferenceGraph(len(records), references), said


def _index(records: Sequence[Record], schema: Schema) -> Index:
    index: dict[str, list[tuple[int, Pointer]]] = {}
    firsts: dict[str, Pointer] = {}
    for record in records:
        number, values = record.number, record.values
        for name in schema.types[record.type].identifiers:
            value = values.get(name)
            if value is None:
                continue
            places: Sequence[tuple[Pointer, str]]
            if value.__class__ is list and len(value) == 1:  # nearly every record has one alias: its place is made once
                places = ((firsts.setdefault(name, (name, 0)), str(value[0])),)
            else:
                places = tuple(_named(name, value))
            for pointer, text in places:
                if text in index:
                    index[text].append((number, pointer))
                else:
                    index[text] = [(number, pointer)]
    return index


def _repeated(index: Index, records: Sequence[Record], schema: Schema) -> Iterator[Diagnostic]:
    """Two records of one identifier are told once, with all places."""
    for text, places in index.items():
        if len(places) > 1:
            owners: dict[str, list[tuple[int, Pointer]]] = {}
            for number, pointer in places:
                owners.setdefault(_scope(records[number].type, str(pointer[0]), schema), []).append((number, pointer))
            for same in owners.values():
                if len({number for number, _ in same}) > 1:
                    yield _twice(text, same, records)


def _scope(type_name: str, name: str, schema: Schema) -> str:
    """Within what an identifier is unique."""
    return name if name in _SHARED else schema.types[type_name].properties[name].unique_key or f"{type_name}:{name}"


def _named(name: str, value: Any) -> Iterator[tuple[Pointer, str]]:
    if isinstance(value, list):
        yield from (((name, position), str(item)) for position, item in enumerate(value))
    else:
        yield (name,), str(value)


def _twice(text: str, places: Sequence[tuple[int, Pointer]], records: Sequence[Record]) -> Diagnostic:
    cells = [records[number].origin.locations()[pointer] for number, pointer in places]
    first, second, *others = list(dict.fromkeys(cells))
    name = str(places[0][1][0])
    return Diagnostic(links.IDN01, second, name, text, {"first": _seen_from(second, first)}, related=(first, *others))


def _unnamed(records: Sequence[Record], schema: Schema) -> Iterator[Diagnostic]:
    groups: dict[tuple[str, str | None, str], int] = {}
    for record in records:
        entity = schema.types[record.type]
        is_told = any(entity.properties[name].required for name in entity.identifiers if name in entity.properties)
        if record.identifier is None and not record.misnamed and entity.identifiers and not is_told:
            key = (record.location.file, record.location.sheet, schema.types[record.type].identifiers[0])
            groups[key] = groups.get(key, 0) + 1
    for (file, sheet, name), count in groups.items():
        yield Diagnostic(links.IDN02, Location(file, sheet), name, context={"count": count})


def _links(values: Mapping[str, Any], linking: Iterable[_Linking]) -> list[tuple[Pointer, str, tuple[str, ...]]]:
    """Return ``(place in the body, value, accepted types)`` of every link of a record."""
    found: list[tuple[Pointer, str, tuple[str, ...]]] = []
    for name, prop, pointer, targets in linking:
        value = values.get(name)
        if value is None:
            continue
        kind = value.__class__
        if targets is not None and kind is str and prop.kind is Kind.LINK:
            found.append((pointer, value, targets))
        elif targets is not None and kind is list and set(map(type, value)) == _TEXT:
            found += [((name, place), item, targets) for place, item in enumerate(value)]
        else:
            found.extend(_inside(value, prop, pointer))
    return found


_TEXT = {str}
_Linking = tuple[str, Property, Pointer, tuple[str, ...] | None]
"""A property that holds links, its place, and what it accepts when it is a link or a list of links itself."""


def _linking(entity: EntityType) -> list[_Linking]:
    return [
        (name, prop, (name,), prop.leaf.link.targets if prop.leaf.kind is Kind.LINK and prop.leaf.link else None)
        for name, prop in entity.properties.items()
        if _holds_link(prop)
    ]


def _holds_link(prop: Property) -> bool:
    if prop.kind is Kind.LIST:
        return prop.items is not None and _holds_link(prop.items)
    return prop.kind is Kind.LINK or any(_holds_link(child) for child in prop.properties.values())


def _inside(value: Any, prop: Property, pointer: Pointer) -> Iterator[tuple[Pointer, str, tuple[str, ...]]]:
    if prop.kind is Kind.LINK:
        if prop.link is not None and isinstance(value, str | int) and not isinstance(value, bool):
            yield pointer, str(value), prop.link.targets
    elif prop.kind is Kind.LIST:
        if prop.items is not None and isinstance(value, list):
            for position, item in enumerate(value):
                yield from _inside(item, prop.items, (*pointer, position))
    elif prop.kind is Kind.OBJECT and prop.properties and isinstance(value, dict):
        for name, inner in value.items():
            child = prop.properties.get(name)
            if child is not None:
                yield from _inside(inner, child, (*pointer, name))


class _Resolver:
    """Looks links up, remembers each distinct one, and gathers the wrong ones by what is wrong."""

    def __init__(self, records: Sequence[Record], schema: Schema, index: Index, taken: frozenset[Location]) -> None:
        self._records, self._schema, self._index, self._taken = records, schema, index, set(taken)
        self._misnamed = frozenset(name for record in records for name in record.misnamed)
        self._linking = {name: _linking(schema.types[name]) for name in {record.type for record in records}}
        self._known: dict[tuple[str, ...], dict[str, int | None]] = {}
        self._absent: dict[tuple[str, tuple[str, ...]], list[tuple[Record, Pointer, tuple[str, ...]]]] = {}
        self._several: dict[str, list[tuple[Record, Pointer]]] = {}
        self._misspelt: dict[str, list[tuple[Record, Pointer]]] = {}
        self._named: Counter[int] = Counter()
        self._mistyped: dict[tuple[str, tuple[str, ...]], list[tuple[Record, Pointer]]] = {}

    def resolved(self, record: Record) -> tuple[Reference, ...]:
        found, named = [], self._named
        for pointer, value, targets in _links(record.values, self._linking[record.type]):
            known = self._known.setdefault(targets, {})
            if value in known:
                number = known[value]
            else:
                number = known[value] = self._find(value, targets)
            if number is None:
                self._note_wrong(record, pointer, value, targets)
            else:
                named[number] += 1
            found.append(Reference(pointer, value, targets, number))
        return tuple(found)

    def _note_wrong(self, record: Record, pointer: Pointer, value: str, targets: tuple[str, ...]) -> None:
        if self._schema.paths and _is_refused_form(value):
            self._misspelt.setdefault(value, []).append((record, pointer))
        elif self._schema.paths and self._candidates(value):
            self._mistyped.setdefault((value, targets), []).append((record, pointer))
        elif self._are_several(value, targets):
            self._several.setdefault(value, []).append((record, pointer))
        elif value not in self._misnamed:
            key = (value, () if self._schema.paths else targets)  # where names are paths, each is one record's
            self._absent.setdefault(key, []).append((record, pointer, targets))

    def _are_several(self, value: str, targets: tuple[str, ...]) -> bool:
        """Whether a link to one record names several rows."""
        parts = [part.strip() for part in value.replace(";", ",").split(",")]
        return len(parts) > 1 and all(self._find(part, targets) is not None for part in parts)

    def _candidates(self, value: str) -> Sequence[tuple[int, Pointer]]:
        """The records a value may name: an identifier, or a path that ends in one."""
        if not self._schema.paths:
            return self._index.get(value, ())
        return self._index.get(value) or (() if _is_refused_form(value) else self._index.get(key_of(value), ()))

    def _is_among(self, number: int, targets: Sequence[str]) -> bool:
        return any(self._schema.is_a(self._records[number].type, target) for target in targets)

    def _find(self, value: str, targets: Sequence[str]) -> int | None:
        for number, _ in self._candidates(value):
            if self._is_among(number, targets):
                return number
        return None

    def findings(self) -> Iterator[Diagnostic]:
        """Yield one diagnostic for each wrong value, the other cells that hold it as related."""
        for (value, targets), places in self._mistyped.items():
            number, pointer = self._candidates(value)[0]
            meant = self._records[number].origin.locations()[pointer]
            at, related, name = self._places(places)
            context = {
                "expected": " or ".join(targets),
                "found": self._records[number].type,
                "at": _seen_from(at, meant),
            }
            yield Diagnostic(links.REF04, at, name, value, context, related=(*related, meant))
        for value, places in self._misspelt.items():
            at, related, name = self._places(places)
            path = _as_path(value)
            yield Diagnostic(links.REF08, at, name, value, {}, (path,) if path.strip("/") else (), related)
        for value, places in self._several.items():
            at, related, name = self._places(places)
            yield Diagnostic(links.REF10, at, name, value, *self._several_in(places[0], value), related)
        yield from self._absences()

    def _several_in(self, place: tuple[Record, Pointer], value: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
        """What there is to say of several names in one: where a list may stand, they lack its commas."""
        *_, last = place[1]
        if not isinstance(last, int) or ";" not in value:
            return {}, ()
        return links.SEVERAL_IN_LIST, (", ".join(part.strip() for part in value.split(";")),)

    def _absences(self) -> Iterator[Diagnostic]:
        """What there is to say about links that name no row."""
        if not self._absent:
            return
        strangers = [
            Stranger(
                value, key_of(value) if self._schema.paths else value, [(r, p) for r, p, _ in places], places[0][2]
            )
            for (value, _), places in self._absent.items()
        ]
        names = Names(self._records, self._index, self._named, self._is_among, self._schema.paths)
        said, left = explained(strangers, names) if not self._schema.looked_up else Told([], strangers)
        yield from said
        instead = {found.value: found.suggestions[0] for found in said if found.code is links.IDN03}
        often = {stranger.value: name for stranger, name in outward(left)}
        for stranger in left:
            yield from self._unknown(stranger, names, instead, often.get(stranger.value))

    def _unknown(
        self, stranger: Stranger, names: Names, instead: Mapping[str | None, str], often: str | None
    ) -> Iterator[Diagnostic]:
        """A link that is mistyped itself, or that leads out of the workbook."""
        paths, (value, key, places, targets) = self._schema.paths, stranger
        known = names.of(targets)
        capitals = known.same_but_capitals(key)
        close = [capitals] if capitals else [] if paths and "/" in value else known.close(key, numbers=paths)
        if not close or (capitals is None and self._schema.looked_up):
            yield from self._outside(stranger, (often,) if often else () if paths else tuple(known.close(value)))
            return
        at, related, field = self._places(places)
        number, pointer = next(one for one in self._index[close[0]] if self._is_among(one[0], targets))
        meant = self._records[number].origin.locations()[pointer]
        context = {"nearest": close[0], "nearest_at": _seen_from(at, meant), **({} if paths else _NO_PATHS)}
        code = links.REF03 if capitals else links.REF01
        near = tuple(value.replace(key, instead.get(name, name)) for name in close)
        yield Diagnostic(code, at, field, value, context, near, (*related, meant))

    def _outside(self, stranger: Stranger, near: tuple[str, ...]) -> Iterator[Diagnostic]:
        """A link to what the portal may have, told once for each kind of record that is asked for."""
        absent = self._absent[stranger.value, () if self._schema.paths else stranger.targets]
        for targets in dict.fromkeys(accepted for _, _, accepted in absent):
            alike = [(record, pointer) for record, pointer, accepted in absent if accepted == targets]
            at, related, field = self._places(alike, error=False)
            context = {"targets": tuple(sorted(targets))}
            yield Diagnostic(links.REF02, at, field, stranger.value, context, near, related)

    def _places(
        self, places: Sequence[tuple[Record, Pointer]], *, error: bool = True
    ) -> tuple[Location, tuple[Location, ...], str]:
        """The cells of one mistake, the first that has no error yet in front, and the field's name."""
        found = cells(places)
        first = next((at for at in found if not error or at not in self._taken), found[0])
        if error:
            self._taken.add(first)
        name = ".".join(str(step) for step in places[0][1] if isinstance(step, str))
        return first, tuple(at for at in found if at != first), name


_NO_PATHS = {"advice": "leave it: plan and submit look it up there."}
"""What to do where a link can't be written as a path."""


def _seen_from(at: Location, other: Location) -> str:
    """A place as it is told at another one: with its file when that is another file."""
    return str(other) if other.file == at.file else f"{other} of {other.file}"


def _is_refused_form(value: str) -> bool:
    """A path needs its first slash, and an address is no link."""
    return "/" in value and not value.startswith("/")


def _as_path(value: str) -> str:
    """A link as portals take paths: from the first slash on, without the server."""
    return "/" + value.partition("://")[2].partition("/")[2].lstrip("/") if "://" in value else f"/{value.lstrip('/')}"
