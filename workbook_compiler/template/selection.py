"""Presets and type names + Schema -> the sheets of a blank workbook: the types, their order, their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbook_compiler.errors import UsageError
from workbook_compiler.model.columns import Field, fields
from workbook_compiler.model.schema import Access, EntityType, Schema
from workbook_compiler.template.presets import Choice, Preset, unknown

MOST_COLUMNS = 16_383
"""What a sheet holds beside the column of marks."""

EVERY_TYPE = "all"
ONLY = ("mandatory", "recommended")
"""What a template may be cut down to."""


@dataclass(frozen=True, slots=True)
class Repeated(Field):
    """A field of a later member of a list of objects, as a column of its own."""

    member: int = 0

    def header(self, member: int = 0) -> str:
        """Return the header with the member's number."""
        return Field.header(self, self.member + member)


@dataclass(frozen=True, slots=True)
class ChosenType:
    """One sheet to be: a type with the fields that get a column, in column order."""

    entity: EntityType
    fields: tuple[Field, ...]
    identifier: Field | None
    """The field whose value other rows refer to this type's rows by; None when no column holds one."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The sheets of a blank workbook; a type stands behind the types it links to."""

    types: tuple[ChosenType, ...]


def select(schema: Schema, *, presets: Sequence[Preset], types: Sequence[str], only: str | None = None) -> Selection:
    """Return the chosen types in topological order, each with its columns: required, identifier, then the others.

    ``only`` is one of ``ONLY``: columns that are neither needed nor, if it says so, recommended are left out. Raises
    UsageError for a type or column that the schema lacks, and when nothing at all is chosen.
    """
    wanted: dict[str, list[Choice]] = {}
    for preset in presets:
        _known(schema, preset.types, f"The preset {preset.name!r} does not fit this schema. ")
        for name, choice in preset.types.items():
            wanted.setdefault(name, []).append(choice)
    named = [name for name in types if name != EVERY_TYPE]
    _known(schema, named, "")
    for name in [*named, *(fillable(schema) if EVERY_TYPE in types else ())]:
        wanted.setdefault(name, []).append(Choice())
    if not wanted:
        raise UsageError("Nothing is chosen: name a preset or a type (--type Biosample, or --type all).")
    if only is not None and only not in ONLY:
        raise UsageError(f"--only is {' or '.join(ONLY)}, not {only}.")
    chosen = {name: _chosen(schema.types[name], choices, only) for name, choices in wanted.items()}
    return Selection(tuple(chosen[name] for name in _ordered(chosen, schema)))


def _known(schema: Schema, names: Iterable[str], lead: str) -> None:
    for name in names:
        entity = schema.types.get(name)
        if entity is None:
            raise UsageError(f"{lead}{unknown('type', name, schema.types)}")
        if entity.abstract:
            raise UsageError(f"{lead}{name} is a group of types. Choose among: {', '.join(entity.children) or 'none'}.")


def fillable(schema: Schema) -> Iterator[str]:
    """Yield the types that a sheet can be made of, in the schema's order."""
    for name, entity in schema.types.items():
        if not entity.abstract and any(field.access is Access.OFFERED for field in fields(entity)):
            yield name


def _chosen(entity: EntityType, choices: Iterable[Choice], only: str | None) -> ChosenType:
    every = tuple(fields(entity))
    picked = {field for choice in choices for field in _picked(entity, every, choice)}
    if only is not None:
        picked = {field for field in picked if _is_wanted(entity, field, recommended=only != ONLY[0])}
    if not picked:
        raise UsageError(f"{entity.name} has no column that can be filled in.")
    if len(picked) > MOST_COLUMNS:
        raise UsageError(
            f"{entity.name} has {len(picked)} columns; a sheet holds {MOST_COLUMNS}. Name some in a preset."
        )
    tops = {field.path[0]: field for field in every if field in picked and len(field.path) == 1}
    identifier = next((tops[name] for name in entity.identifiers if name in tops), None)
    ordered = _in_column_order([field for field in every if field in picked], identifier)
    return ChosenType(entity, _with_members(entity, ordered), identifier)


def group_of(one: Field) -> tuple[str, ...] | None:
    """Return the list of objects that a field lies in; None when it lies in none."""
    return None if one.list_at is None else one.path[: one.list_at]


def repeated(one: Field, member: int) -> Repeated:
    """Return a field as a column of a later member of its list; that member needn't be there."""
    return Repeated(
        one.path, one.property, one.list_at, one.json, one.spread, False, one.needed_in_member, one.access, member
    )


def _with_members(entity: EntityType, columns: Sequence[Field]) -> tuple[Field, ...]:
    """The columns, those of a list's usual later members behind the first one's."""
    out: list[Field] = []
    for place, column in enumerate(columns):
        out.append(column)
        group = group_of(column)
        if group is not None and all(group_of(later) != group for later in columns[place + 1 :]):
            first = [one for one in columns if group_of(one) == group]
            members = entity.properties[group[0]].members if len(group) == 1 else 1
            out += [repeated(one, member) for member in range(1, members) for one in first]
    return tuple(out)


def _is_wanted(entity: EntityType, field: Field, *, recommended: bool) -> bool:
    """Whether a column is needed, alone or as one of several, or welcome, or belongs to one that is: a unit, an object's part."""
    top = entity.properties[field.path[0]]
    needed = field.required or top.required or field.path[0] in entity.identifiers[:1] or top.name in _one_of(entity)
    companions = {name for names in entity.rules.get("dependentRequired", {}).values() for name in names}
    other = entity.properties.get(top.name.removesuffix(" unit")) if top.name in companions else None
    return needed or any(
        one is not None and (one.required or (recommended and one.recommended)) for one in (top, other)
    )


def _one_of(entity: EntityType) -> frozenset[str]:
    """The columns of groups of which one is needed."""
    rules = [entity.rules, *entity.rules.get("allOf", ())]
    ways = (way for rule in rules if isinstance(rule, dict) for way in rule.get("anyOf", ()) if isinstance(way, dict))
    return frozenset(name for way in ways for name in way.get("required", ()))


def _in_column_order(picked: Sequence[Field], identifier: Field | None) -> tuple[Field, ...]:
    """Return the required columns first, then the row's own name; an embedded object moves as a whole."""
    needed = {field.path[0] for field in picked if field.required}
    place = {field.path[0]: number for number, field in reversed(list(enumerate(picked)))}

    def rank(field: Field) -> tuple[bool, bool, int, bool]:
        top = field.path[0]
        return top not in needed, field is not identifier, place[top], not field.required

    return tuple(sorted(picked, key=rank))


def _picked(entity: EntityType, every: Sequence[Field], choice: Choice) -> set[Field]:
    offered = [field for field in every if field.access is Access.OFFERED]
    if choice.columns is None:
        picked = set(offered)
    else:
        picked = {field for header in choice.columns for field in _matching(entity, every, header)}
        picked.update(field for field in offered if field.required)
    for header in choice.leave_out:
        for field in _matching(entity, every, header):
            if field.required:
                raise UsageError(f"{entity.name}: the column {field.header()} is required, it can't be left out.")
            picked.discard(field)
    return picked


def _matching(entity: EntityType, every: Sequence[Field], header: str) -> Sequence[Field]:
    """Return the field with this header, or those inside the embedded object of this name."""
    inside = [f for f in every if f.header().startswith(f"{header}.") and f.access is Access.OFFERED]
    exact = [f for f in every if f.header() == header]
    if not exact:
        raise unknown(f"column of {entity.name} called", header, (f.header() for f in every if _writable(f)))
    if not inside and not any(_writable(f) for f in exact):
        raise UsageError(f"{entity.name}: {header} is filled in by the portal itself, it can't be a column.")
    return inside or [f for f in exact if _writable(f)]


def _writable(field: Field) -> bool:
    return field.access is not Access.REFUSED


def _ordered(chosen: Mapping[str, ChosenType], schema: Schema) -> Iterator[str]:
    """Yield the chosen names, a linked type before the one that links to it.

    Types that link to each other are put in order by their required links alone. What is open then is decided by the
    order in which they were chosen: a preset's author knows the way the work goes.
    """
    every = {name: set(_links(one.fields, chosen, schema)) for name, one in chosen.items()}
    needed = {name: [field for field in one.fields if field.required] for name, one in chosen.items()}
    required = {name: set(_links(needed[name], chosen, schema)) for name in chosen}
    for group in _groups(list(chosen), every):
        yield from (name for part in _groups(group, required) for name in part)


def _links(columns: Iterable[Field], chosen: Mapping[str, ChosenType], schema: Schema) -> Iterator[str]:
    for field in columns:
        for target in link_targets(field):
            yield from (name for name in schema.concrete(target) if name in chosen)


def link_targets(field: Field) -> tuple[str, ...]:
    """Return the types a column links to; none when it takes JSON or is no link."""
    link = field.property.leaf.link
    return link.targets if link and not field.json else ()


def _groups(names: Sequence[str], links: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Yield the strongly connected groups of types, linked ones first; ties and insides in the order of ``names``."""
    import networkx as nx

    place = {name: number for number, name in enumerate(names)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from((target, name) for name in names for target in links[name] if target in place)
    condensed = nx.condensation(graph)
    members = {group: sorted(data["members"], key=place.__getitem__) for group, data in condensed.nodes(data=True)}
    for group in nx.lexicographical_topological_sort(condensed, key=lambda g: place[members[g][0]]):
        yield members[group]
