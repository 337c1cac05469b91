"""JSON Schema -> Property: the part of schema loading that every portal shares.

Unknown keywords are ignored, misspelt ones too: both exist in published schemas. Link words (``linkTo``, ``linkEnum``)
mean nothing to a JSON Schema validator, so a rule that uses them is left out of the rules a body is checked against:
inside ``not`` or ``oneOf`` it would always or never match. ``legal.py`` keeps only words that a validator can take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbook_compiler.model.patterns import power
from workbook_compiler.model.schema import Access, Kind, Link, Property
from workbook_compiler.portals.legal import DEPTH, count, legal, number

MOST_ALTERNATIVES = 30
"""Columns of a group of which each two exclude each other; of a larger group the portal itself has to say so."""
UNORDERED = 500.0
"""The column order of a property whose schema gives none."""

AccessRule = Callable[[Mapping[str, Any]], Access]
"""Who may fill in a property, told from its own JSON Schema."""

_PLAIN = {"string": Kind.TEXT, "number": Kind.NUMBER, "integer": Kind.INTEGER, "boolean": Kind.BOOLEAN}
_RESERVED = frozenset({"permission", "permissions"})
"""What a list says whose values only the portal's staff may use."""
_FORMATS = {"date": Kind.DATE, "date-time": Kind.DATE_TIME}
_TRIED_ON_CELLS = 2
"""The power of a text's length that its pattern may cost where a cell is read; a costlier one is tried on shorter texts."""
_KEPT = (
    "type enum const pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength"
    " minItems maxItems uniqueItems minProperties maxProperties additionalProperties dependentRequired required"
    " anyOf allOf oneOf not if then else dependentSchemas dependencies"
).split()


def one_needed(names: Sequence[str]) -> dict[str, Any]:
    """Return the rule that at least one of these is filled in, in words that ``pipeline/causes`` can tell at a cell."""
    return {"anyOf": [{"required": [name]} for name in names]}


def not_together(one: str, other: str) -> dict[str, Any]:
    """Return the rule that these aren't both filled in."""
    return {"not": {"required": [one, other]}}


def link_targets(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the types a property links to; several for a list, or for an ``anyOf`` made of links alone."""
    target = node.get("linkTo")
    if isinstance(target, str):
        return (target,)
    if isinstance(target, list):
        return tuple(str(name) for name in target)
    choices = node.get("anyOf") or node.get("oneOf")
    if isinstance(choices, list) and choices and all(isinstance(c, dict) and "linkTo" in c for c in choices):
        return tuple(name for choice in choices for name in link_targets(choice))
    return ()


def kind_of(node: Mapping[str, Any]) -> Kind:
    """Tell what a single value of this JSON Schema is."""
    if link_targets(node):
        return Kind.LINK
    types = node.get("type")
    names = [t for t in (types if isinstance(types, list) else [types]) if t not in (None, "null")]
    if len(names) > 1:
        return Kind.ANY
    name = names[0] if names else None
    if name == "array" or (name is None and "items" in node):
        return Kind.LIST
    if name == "object" or (name is None and "properties" in node):
        return Kind.OBJECT
    if name == "string":
        return _text_kind(node)
    if name is None and node.get("enum"):
        return Kind.TEXT
    return _PLAIN.get(str(name), Kind.ANY)


def _text_kind(node: Mapping[str, Any]) -> Kind:
    choices = node.get("anyOf")
    if isinstance(choices, list):
        formats = {str(c.get("format")) for c in choices if isinstance(c, dict)}
        if formats == {"date", "date-time"}:
            return Kind.DATE_OR_TIME
        if len(formats) == 1:
            return _FORMATS.get(formats.pop(), Kind.TEXT)
    return _FORMATS.get(str(node.get("format")), Kind.TEXT)


def property_of(name: str, node: Any, access_rule: AccessRule, *, required: bool = False, depth: int = 0) -> Property:
    """Return the property a JSON Schema node describes; a node of the wrong shape accepts anything."""
    node = node if isinstance(node, dict) else {}
    kind, access = kind_of(node), access_rule(node)
    items = None
    if kind is Kind.LIST:
        inside = node.get("items") if depth < DEPTH else None
        items = property_of(name, inside, access_rule, depth=depth + 1)
        access = max(access, items.access, key=list(Access).index)
    needed = required_names(node)
    children = node.get("properties") if kind is Kind.OBJECT and depth < DEPTH else None
    targets, lists = link_targets(node), _lists(node)
    return Property(
        name=name,
        kind=kind,
        access=access,
        required=required and access is Access.OFFERED,
        title=_text(node, "title"),
        description=_text(node, "description"),
        comment=_text(node, "comment"),
        order=_order(node),
        choices=tuple(choice for one in lists for choice in _choices(one, "enum")),
        retired=tuple(choice for one in lists if _RESERVED & one.keys() for choice in _choices(one, "enum")),
        suggested=_choices(node, "suggested_enum"),
        pattern=_pattern(node),
        format=node.get("format") if isinstance(node.get("format"), str) else None,
        minimum=number(node.get("minimum")),
        maximum=number(node.get("maximum")),
        min_length=count(node.get("minLength")),
        max_length=count(node.get("maxLength")),
        link=Link(targets) if targets else None,
        items=items,
        properties={
            str(child): property_of(str(child), sub, access_rule, required=child in needed, depth=depth + 1)
            for child, sub in (children if isinstance(children, dict) else {}).items()
        },
        unique_key=_unique_key(node, items),
        attachment=node.get("attachment") is True,
        upload=node.get("s3Upload") is True,
        wait=node.get("ff_flag") == "second round",
    )


def required_names(node: Mapping[str, Any]) -> frozenset[str]:
    """Return the names under ``required``, and those that every one of several alternatives has there.

    ENCODE's File needs one of two sets, which share most names. Draft-03's boolean and other shapes count as none.
    """
    names = node.get("required")
    found = frozenset(str(name) for name in names) if isinstance(names, list) else frozenset[str]()
    for word in ("anyOf", "oneOf"):
        branches = node.get(word)
        if isinstance(branches, list) and branches and all(isinstance(one, dict) for one in branches):
            found |= frozenset.intersection(*(required_names({"required": one.get("required")}) for one in branches))
    return found


def rules_of(node: Any, prop: Property) -> dict[str, Any]:
    """Return the JSON Schema a submitted value is checked against: checkable words only, nothing the portal fills in."""
    if not isinstance(node, dict):
        return {}
    rules = legal(node, _KEPT)
    if prop.items is not None:
        rules["items"] = rules_of(node.get("items"), prop.items)
    if prop.properties:
        sent = {k: p for k, p in prop.properties.items() if p.access is not Access.REFUSED}
        rules["properties"] = {k: rules_of(node["properties"][k], p) for k, p in sent.items()}
        rules["required"] = sorted(k for k, p in sent.items() if p.required)
        _keep_dependencies_of(rules, frozenset(k for k, p in sent.items() if p.access is Access.OFFERED))
    return {key: value for key, value in rules.items() if value not in ([], {}) or key == "properties"}


def _keep_dependencies_of(rules: dict[str, Any], names: frozenset[str]) -> None:
    dependent = rules.get("dependentRequired")
    if isinstance(dependent, dict):
        rules["dependentRequired"] = {k: [n for n in v if n in names] for k, v in dependent.items()}


def _text(node: Mapping[str, Any], key: str) -> str:
    value = node.get(key)
    return value.strip() if isinstance(value, str) else ""


def _pattern(node: Mapping[str, Any]) -> str | None:
    pattern = node.get("pattern")
    return pattern if isinstance(pattern, str) and power(pattern) <= _TRIED_ON_CELLS else None


def _order(node: Mapping[str, Any], depth: int = 0) -> float:
    """The portal's column order; an object stands where its first field stands, and what has none comes in the middle."""
    own = number(node.get("lookup"))
    if own is not None or depth > DEPTH:
        return UNORDERED if own is None else own
    inside = node.get("items") if isinstance(node.get("items"), dict) else node
    children = inside.get("properties") if isinstance(inside, dict) else None
    found = children.values() if isinstance(children, dict) else ()
    return min((_order(c, depth + 1) for c in found if isinstance(c, dict)), default=UNORDERED)


def _lists(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Where a value is listed: here, or in one of several lists; ENCODE has one for today and one of the past."""
    branches = node.get("oneOf") or node.get("anyOf")
    if "enum" in node or not isinstance(branches, list):
        return [node]
    return branches if all(isinstance(one, dict) and isinstance(one.get("enum"), list) for one in branches) else [node]


def _choices(node: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    value = node.get(key)
    return tuple(v for v in value if isinstance(v, str | int | float | bool)) if isinstance(value, list) else ()


def _unique_key(node: Mapping[str, Any], items: Property | None) -> str | None:
    key = node.get("uniqueKey")
    if key:
        return key if isinstance(key, str) else ""
    return items.unique_key if items else None
