"""Gen3's Schema: a node is an entity type, its links are columns such as ``cases.submitter_id``.

What a node's links ask for is said as rules over those columns, so that it is told at their cells: a group of links of which
one is needed, or at most one allowed; groups nest. From the format of data dictionaries and what sheepdog 5.2.4 does with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from workbook_compiler.model.schema import Access, EntityType, Kind, Property, Schema
from workbook_compiler.portals import gen3_dictionary
from workbook_compiler.portals.gen3_dictionary import Node
from workbook_compiler.portals.json_schema import MOST_ALTERNATIVES, not_together, one_needed, property_of, rules_of

PORTAL = "gen3"
NAME = "submitter_id"
PROJECT = "project"
CODE = "code"
"""What a project is called by; every other record by its ``submitter_id``."""
PROJECT_ID = "project_id"
"""A record's program and project, with a dash between them; it may be sent where it says what is true."""
_CODE_ALONE = "The code of the project alone, without its program: of the project DEMO-LUNG it is LUNG."
_OWN_NAME = "Your own name for it: links on other sheets name it so, and no two rows of this sheet may have the same."
_ABOUT_PROJECT = "The program and the project that the record is in, with a dash between them."
NOT_FILLED_IN = frozenset(("program", PROJECT, "root", "data_release"))
"""Nodes that the commons' own staff keeps."""
_DRAFT = "http://json-schema.org/draft-04/schema#"
_KEPT = (
    "pattern format minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength minItems maxItems uniqueItems"
)


@dataclass(frozen=True, slots=True)
class NodeLink:
    """A link of a node."""

    name: str
    target: str
    to_many: bool
    alone: bool
    """Only one record may have a link of this name to the same target."""
    required: bool

    @property
    def column(self) -> str:
        """The header of its column."""
        return f"{self.name}.{CODE if self.target == PROJECT else NAME}"


@dataclass(frozen=True, slots=True)
class Group:
    """Links that depend on each other; a member of a group may be a group."""

    members: tuple[NodeLink | Group, ...]
    required: bool
    exclusive: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The headers of its links, and of those in groups inside it."""
        return tuple(link.column for link in flat(self.members))


def flat(links: Sequence[NodeLink | Group]) -> Iterator[NodeLink]:
    """Yield every link, those in groups too."""
    for link in links:
        if isinstance(link, Group):
            yield from flat(link.members)
        else:
            yield link


def load_schema(documents: Mapping[str, Any], source: str, sha256: str) -> Schema:
    """Return the Schema of a data dictionary: its YAML files, one JSON of them, or what ``/_dictionary/_all`` serves.

    Raises SchemaError for anything else.
    """
    nodes = gen3_dictionary.nodes(documents, source)
    filled_in = {
        name: node
        for name, node in nodes.items()
        if name not in NOT_FILLED_IN and node.get("submittable") is not False and "links" in node
    }
    types = {name: _entity(name, node) for name, node in filled_in.items()}
    return Schema(PORTAL, types, source, sha256, paths=False)


def _entity(name: str, node: Node) -> EntityType:
    links = tuple(_links(node.get("links")))
    schema = _as_json_schema(name, node, links)
    whole = property_of(name, schema, lambda one: Access(one.get("access", Access.OFFERED)), required=True)
    alone = {link.column for link in flat(links) if link.alone and link.target != PROJECT}
    properties = {
        key: replace(_finished(schema["properties"][key], prop), alone=key in alone)
        for key, prop in whole.properties.items()
    }
    return EntityType(
        name=name,
        path=name,
        title=whole.title or name,
        description=whole.description,
        properties=properties,
        chain=(name,),
        children=(name,),
        identifiers=(NAME,),
        rules={"$schema": _DRAFT, **rules_of(schema, replace(whole, properties=properties))},
    )


def _finished(node: Node, prop: Property) -> Property:
    """The property with what no JSON Schema says."""
    items = _finished(node["items"], prop.items) if prop.items and "items" in node else prop.items
    is_links = prop.kind is Kind.LIST and prop.leaf.kind is Kind.LINK
    return replace(prop, items=items, spread=is_links, retired=tuple(node.get("retired", ())))


# ---------------------------------------------------------------- links


def _links(listed: Any) -> Iterator[NodeLink | Group]:
    for link in listed if isinstance(listed, list) else ():
        if not isinstance(link, dict):
            continue
        if isinstance(link.get("subgroup"), list):
            members = tuple(_links(link["subgroup"]))
            yield Group(members, link.get("required") is True, link.get("exclusive") is True)
        elif isinstance(link.get("name"), str):
            many = str(link.get("multiplicity", "many_to_many"))
            target = str(link.get("target_type", ""))
            to_many = many.endswith("_to_many") and target != PROJECT
            yield NodeLink(link["name"], target, to_many, many.startswith("one_to_"), link.get("required") is True)


def _link_column(link: NodeLink, node: Node, note: str) -> dict[str, Any]:
    about = {"description": _about(node) or f"The {link.target} it belongs to.", "comment": note}
    if link.target == PROJECT:
        return {"type": "string", **about, "comment": _CODE_ALONE}
    single = {"type": "string", "linkTo": link.target}
    return {"type": "array", "items": single, **about} if link.to_many else {**single, **about}


def _notes(links: Sequence[NodeLink | Group]) -> Iterator[tuple[str, str]]:
    """What a template says at the links of a group; the outermost group that asks for something says it."""
    for group in links:
        if isinstance(group, Group):
            yield from _notes(group.members)
            words = "At least one of these is needed" if group.required else ""
            words = "One of these is needed, and no more" if group.required and group.exclusive else words
            words = words or ("Only one of these may be filled in" if group.exclusive else "")
            yield from ((column, f"{words}: {', '.join(group.columns)}.") for column in group.columns if words)


def _group_rules(links: Sequence[NodeLink | Group]) -> Iterator[Node]:
    for group in links:
        if not isinstance(group, Group):
            continue
        if group.required and group.columns:
            yield one_needed(group.columns)
        pairs = [
            (one, other)
            for a, b in combinations(group.members, 2)
            for one in _columns(a)
            for other in _columns(b)
            if one != other
        ]
        if group.exclusive and len(pairs) <= MOST_ALTERNATIVES**2 // 2:
            yield from (not_together(one, other) for one, other in pairs)
        yield from _group_rules(group.members)


def _columns(link: NodeLink | Group) -> tuple[str, ...]:
    return link.columns if isinstance(link, Group) else (link.column,)


# ---------------------------------------------------------------- properties


def _as_json_schema(name: str, node: Node, links: Sequence[NodeLink | Group]) -> dict[str, Any]:
    """A node in the words that all portals' schemas are read by: its name, its links, what is needed, the rest."""
    own = {str(key): one for key, one in node["properties"].items() if isinstance(one, dict)}
    single = {link.name: link for link in flat(links)}
    required = set(map(str, _values(node.get("required"))))
    needed = {link.column for link in single.values() if link.required or link.name in required} | {NAME}
    system = {"type", "id", *map(str, _values(node.get("systemProperties")))} - {PROJECT_ID}
    columns = {
        NAME: {**_plain(own.get(NAME, {})), "type": "string", "uniqueKey": f"{name}:{NAME}", "comment": _OWN_NAME}
    }
    notes = dict(_notes(links))
    columns |= {
        link.column: _link_column(link, own.get(link.name, {}), notes.get(link.column, "")) for link in single.values()
    }
    rest = {key: _plain(one) for key, one in own.items() if key not in {NAME, PROJECT_ID, *single}}
    columns |= {key: one for key, one in rest.items() if key in required and key not in system}
    columns |= {key: one for key, one in rest.items() if key not in required and key not in system}
    columns |= {PROJECT_ID: {"type": "string", "description": _ABOUT_PROJECT, "access": Access.ACCEPTED}}
    columns |= {key: {**one, "access": Access.REFUSED} for key, one in rest.items() if key in system}
    needed |= {key for key in required if key in rest and key not in system}
    return {
        "type": "object",
        "title": node.get("title"),
        "description": _about(node),
        "properties": {key: {**one, "lookup": place} for place, (key, one) in enumerate(columns.items())},
        "required": sorted(needed),
        "additionalProperties": False,
        "allOf": list(_group_rules(links)),
    }


def _plain(node: Node) -> dict[str, Any]:
    """A property without the ``null`` that serving adds to it, and without what only a commons' own tools know."""
    ways = node.get("oneOf") or node.get("anyOf")
    ways = (
        [way for way in ways if isinstance(way, dict) and way.get("type") != "null"] if isinstance(ways, list) else []
    )
    if len(ways) == 1:
        return _plain({**{key: one for key, one in node.items() if key not in ("oneOf", "anyOf")}, **ways[0]})
    made = {key: node[key] for key in _KEPT.split() if key in node}
    made["description"] = _about(node)
    if ways and all(set(way) == {"enum"} for way in ways):
        return {**made, "enum": list(dict.fromkeys(value for way in ways for value in _values(way["enum"])))}
    if ways:
        return {**made, "anyOf": [_plain(way) for way in ways]}
    kinds = node.get("type")
    kinds = [one for one in (kinds if isinstance(kinds, list) else [kinds]) if one not in (None, "null")]
    if kinds:
        made["type"] = kinds[0] if len(kinds) == 1 else kinds
    values = _values(node.get("enum")) or _values(
        list(node["enumDef"]) if isinstance(node.get("enumDef"), dict) else ()
    )
    if values:
        made |= {"enum": values, "retired": tuple(_values(node.get("deprecated_enum")))}
    if isinstance(node.get("items"), dict):
        made["items"] = _plain(node["items"])
    return made


def _values(listed: Any) -> list[Any]:
    return [one for one in listed if one is not None] if isinstance(listed, list) else []


def _about(node: Node) -> str:
    """What a node or property is about: its own words, or those of the term it stands for."""
    term = node.get("term")
    terms = [node, *(term if isinstance(term, list) else [term])]
    texts = (one.get("description") for one in terms if isinstance(one, dict))
    return next((" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip()), "")
