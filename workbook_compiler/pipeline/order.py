"""Step 9: ReferenceGraph -> Plan. Rows are ordered, not sheets; a circle becomes a POST and a later PATCH."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from workbook_compiler.model.codes import cells, links
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.plan import DEFERRED, Action, Batch, Operation
from workbook_compiler.model.records import Pointer, Record, Reference, json_pointer, json_text
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.build import place_value
from workbook_compiler.pipeline.link import ReferenceGraph
from workbook_compiler.pipeline.sheet import leaves
from workbook_compiler.pipeline.validate import Checker, checker


@dataclass(frozen=True, slots=True)
class Cut:
    """What a record's POST leaves out: ``body`` is what is sent first, ``later`` what the update carries."""

    body: Mapping[str, Any]
    later: Mapping[str, Any]
    parts: frozenset[Pointer]
    """The places of the record's body that ``body`` hasn't got."""
    targets: frozenset[int]
    """Positions of the records the POST doesn't refer to any more."""


@dataclass(frozen=True, slots=True)
class Worked:
    """The cells of a part of a record's values (``Origins``)."""

    text: Callable[[], str]


def order(
    records: Sequence[Record], references: ReferenceGraph, schema: Schema
) -> tuple[list[Batch], list[Diagnostic]]:
    """Return the batches: each one topological generation of rows, deferred links last; and circles that can't be cut."""
    said = [
        found
        for record in records
        if record.deletes and record.stored is None
        for found in _nothing_to_delete(record, schema)
    ]
    cuts: dict[int, Cut] = {}
    generations = _generations(references)
    if sum(map(len, generations)) < len(records):
        placed = {number for generation in generations for number in generation}
        left = [number for number in range(len(records)) if number not in placed]
        cuts, circles = _cut(records, references, left, schema)
        if circles:
            return [], [*said, *circles]
        generations = _generations(references, {number: cut.targets for number, cut in cuts.items()})
    batches = [
        Batch(index, tuple(_post(records, n, references, cuts.get(n)) for n in generation))
        for index, generation in enumerate(generations)
    ]
    if cuts:
        later = tuple(_patch(records, n, references.references[n], cut) for n, cut in sorted(cuts.items()))
        batches.append(Batch(len(batches), later))
    return batches, said


def _generations(
    references: ReferenceGraph, without: Mapping[int, frozenset[int]] = MappingProxyType({})
) -> list[list[int]]:
    """Return the records in topological generations; those on a circle, and those that need them, are left out."""
    waiting = [0] * references.records
    needed_by: dict[int, list[int]] = {}
    for number, needed in references.needs.items():
        gone = without.get(number, ())
        for other in needed:
            if other not in gone:
                needed_by.setdefault(other, []).append(number)
                waiting[number] += 1
    generation = [number for number, count in enumerate(waiting) if count == 0]
    generations = []
    while generation:
        generations.append(generation)
        following = []
        for number in generation:
            for other in needed_by.get(number, ()):
                waiting[other] -= 1
                if waiting[other] == 0:
                    following.append(other)
        generation = sorted(following)
    return generations


def _nothing_to_delete(record: Record, schema: Schema) -> Iterator[Diagnostic]:
    """What is to be removed from a record to be created; of what every record needs, that was told already."""
    known = schema.types[record.type].properties
    for name, at in record.deletes.items():
        if name not in known or not known[name].required:
            yield Diagnostic(cells.DEL01, at, name, "*delete*")


def _post(records: Sequence[Record], number: int, references: ReferenceGraph, cut: Cut | None) -> Operation:
    record, needed = records[number], references.needs.get(number, ())
    if cut is None:
        depends_on = tuple([records[n].id for n in needed])
        return Operation(record.id, Action.POST, record, record.values, record.origin, depends_on)
    depends_on = tuple(records[n].id for n in needed if n not in cut.targets)
    return Operation(
        record.id, Action.POST, record, cut.body, Worked(partial(_origins_without, record, cut.parts)), depends_on
    )


def _patch(records: Sequence[Record], number: int, links_of: Iterable[Reference], cut: Cut) -> Operation:
    record = records[number]
    named = {ref.record for ref in links_of if ref.record is not None and ref.pointer[0] in cut.later}
    depends_on = tuple(records[n].id for n in sorted(named | {number}))
    origins = Worked(partial(_origins_of, record, frozenset(cut.later)))
    return Operation(record.id + DEFERRED, Action.PATCH, record, cut.later, origins, depends_on, deferred=True)


def _origins_of(record: Record, names: frozenset[str]) -> str:
    kept = frozenset(json_pointer((name,)) for name in names)
    cells = json.loads(record.origin.text())
    return json_text({pointer: at for pointer, at in cells.items() if "/" + pointer.split("/", 2)[1] in kept})


def _origins_without(record: Record, parts: frozenset[Pointer]) -> str:
    """The cells of a body that lost some parts; list positions behind a lost one have moved up.

    The body's values are replaced by their own places and pruned the same way, so each place tells where it came from.
    """
    places: dict[str, Any] = {}
    for pointer in record.origin.locations():
        place_value(places, pointer, pointer)
    kept, cells = _pruned(places, parts), json.loads(record.origin.text())
    return json_text({json_pointer(pointer): cells[json_pointer(_at(kept, pointer))] for pointer in leaves(kept)})


def _at(value: Any, pointer: Pointer) -> Pointer:
    for step in pointer:
        value = value[step]
    return value  # type: ignore[no-any-return] # the tree's values are places


def _cut(
    records: Sequence[Record], references: ReferenceGraph, left: Iterable[int], schema: Schema
) -> tuple[dict[int, Cut], list[Diagnostic]]:
    """Break every circle with the fewest link values left out, each in a body that keeps the portal's rules."""
    import networkx

    from workbook_compiler.pipeline.cycles import fewest_to_cut

    cuts: dict[int, set[int]] = {}
    said: list[Diagnostic] = []
    graph = references.graph(left)
    for component in networkx.strongly_connected_components(graph):
        inside = graph.subgraph(component)
        if len(component) == 1 and not inside.edges:
            continue
        weights = {
            (target, source): weight
            for target, source in inside.edges
            if (weight := _weight(records[source], references.references[source], {target}, schema))
        }
        found = fewest_to_cut(inside, weights)
        if isinstance(found, list):
            said.append(_circle(records, references, [found[0], *reversed(found[1:])]))
            continue
        for target, source in found:
            cuts.setdefault(source, set()).add(target)
    made: dict[int, Cut] = {}
    for number, targets in cuts.items():
        cut = _without(records[number], references.references[number], targets, schema)
        if cut is None:  # each link could be left out, but not all of them together
            said.append(_circle(records, references, [number, *sorted(targets)]))
        else:
            made[number] = cut
    return made, said


def _weight(record: Record, links_of: Iterable[Reference], targets: set[int], schema: Schema) -> int:
    """How many link values leaving out these targets defers; 0 when the record can't do without them."""
    links_of = tuple(links_of)
    cut = _without(record, links_of, targets, schema)
    return sum(_is_within(ref.pointer, cut.parts) for ref in links_of) if cut else 0


def _without(record: Record, links_of: Iterable[Reference], targets: set[int], schema: Schema) -> Cut | None:
    """The record's body without its links to ``targets``: the smallest part around each that leaves the body valid."""
    links_of = tuple(links_of)
    pointers = [ref.pointer for ref in links_of if ref.record in targets]
    entity = schema.types[record.type]
    if any(pointer[0] in entity.identifiers for pointer in pointers):
        return None
    parts = _smallest_parts(record, pointers, checker(entity))
    if parts is None:
        return None
    gone = {r.record for r in links_of if _is_within(r.pointer, parts)}
    left = {r.record for r in links_of if not _is_within(r.pointer, parts)}
    later = {name: record.values[name] for name in sorted({str(part[0]) for part in parts})}
    return Cut(
        _pruned(record.values, parts), later, frozenset(parts), frozenset(n for n in gone - left if n is not None)
    )


def _smallest_parts(record: Record, pointers: Sequence[Pointer], check: Checker) -> set[Pointer] | None:
    """For each link the smallest part around it the body can do without; if no one can go alone, all of them as deep."""
    known = _broken(check, record.values)

    def is_enough(parts: set[Pointer]) -> bool:
        body = _pruned(record.values, parts)
        return check.accepts(body) or _broken(check, body) <= known

    parts: set[Pointer] = set()
    for pointer in pointers:
        ways = (parts | {_around(pointer, climb)} for climb in range(len(pointer)))
        found = next((way for way in ways if is_enough(way)), None)
        if found is None:
            break
        parts = found
    else:
        return parts
    together = ({_around(pointer, climb) for pointer in pointers} for climb in range(max(map(len, pointers))))
    return next((way for way in together if is_enough(way)), None)


def _is_within(pointer: Pointer, parts: Iterable[Pointer]) -> bool:
    return any(pointer[: len(part)] == part for part in parts)


def _broken(check: Checker, body: Mapping[str, Any]) -> set[str]:
    """What is wrong with a body before anything is left out; told elsewhere, so it must not count here."""
    return set() if check.accepts(body) else {f"{list(p.absolute_path)}{p.message}" for p in check.problems(body)}


def _around(pointer: Pointer, climb: int) -> Pointer:
    """The part ``climb`` steps around a value, never a bare list position's list alone."""
    return pointer[: max(1, len(pointer) - climb)]


def _pruned(value: Any, parts: Iterable[Pointer]) -> Any:
    """The value without these parts; a list that loses its last item goes as well."""
    inner: dict[str | int, list[Pointer]] = {}
    for part in parts:
        inner.setdefault(part[0], []).append(part[1:])
    gone = {step for step, rests in inner.items() if () in rests}
    if isinstance(value, dict):
        kept = {k: _pruned(v, inner[k]) if k in inner else v for k, v in value.items() if k not in gone}
        return {k: v for k, v in kept.items() if k not in inner or v not in ([], {})}
    kept_items = [_pruned(v, inner[k]) if k in inner else v for k, v in enumerate(value) if k not in gone]
    return [v for v in kept_items if v not in ([], {})]


def _circle(records: Sequence[Record], references: ReferenceGraph, loop: Sequence[int]) -> Diagnostic:
    places = list(_places(records, references, loop))
    names = [records[n].identifier or records[n].id for n in loop]
    context = {"loop": " → ".join([*names, names[0]])}
    pointer, at = places[0]
    field = ".".join(str(step) for step in pointer if isinstance(step, str))
    return Diagnostic(links.REF05, at, field, names[1 % len(names)], context, related=tuple(p for _, p in places[1:]))


def _places(
    records: Sequence[Record], references: ReferenceGraph, loop: Sequence[int]
) -> Iterator[tuple[Pointer, Location]]:
    """The cells of the links along a circle."""
    for source, target in zip(loop, [*loop[1:], loop[0]], strict=True):
        ref = next((r for r in references.references[source] if r.record == target), None)
        if ref is not None:
            yield ref.pointer, records[source].origin.locations()[ref.pointer]
