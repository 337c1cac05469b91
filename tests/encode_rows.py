"""Rows for types whose rules join columns: a small search that keeps all rules of a type, or all but one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import jsonschema_rs
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schema_records import _closed_up, _needed, _put, cell, quoted, rows, typeable

from workbook_compiler.model.columns import Field, fields
from workbook_compiler.model.schema import Access, EntityType, Kind

STEPS = 6000
"""So often a search changes something before it gives up."""
JOINING = ("anyOf", "oneOf", "not", "allOf", "if")
ENTRIES = ("dependencies", "dependentRequired", "dependentSchemas")


class Typed(NamedTuple):
    """A property's value and the cells a person would type for it."""

    value: Any
    cells: Mapping[str, Any]


Row = dict[str, Typed]
"""A record property by property."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule of a type that a row keeps or breaks."""

    label: str
    rule: Mapping[str, Any]
    holds: Callable[[Any], bool]
    names: tuple[str, ...]
    """Columns the rule speaks of."""


def body_of(row: Row) -> dict[str, Any]:
    return {name: typed.value for name, typed in row.items()}


def cells_of(row: Row) -> dict[str, Any]:
    return {header: one for typed in row.values() for header, one in typed.cells.items()}


def clause(entity: EntityType, label: str, rule: Mapping[str, Any]) -> Clause:
    own = {"$schema": entity.rules["$schema"]} if "$schema" in entity.rules else {}
    drafted = {**own, **legal_required(rule)}
    named = tuple(dict.fromkeys(n for n in mentioned(rule) if n in entity.properties))
    return Clause(label, rule, jsonschema_rs.validator_for(drafted, validate_formats=False).is_valid, named)


def legal_required(rule: Any) -> Any:
    """The rule without an empty ``required``, which draft-04 doesn't allow."""
    if isinstance(rule, list):
        return [legal_required(part) for part in rule]
    if not isinstance(rule, dict):
        return rule
    return {word: legal_required(part) for word, part in rule.items() if not (word == "required" and part == [])}


@lru_cache(maxsize=200)
def clauses(entity: EntityType) -> tuple[Clause, ...]:
    """Every rule of a type that joins columns, and what is required."""
    rules = entity.rules
    found = [(f"{w}.{key}", {w: {key: part}}) for w in ENTRIES for key, part in rules.get(w, {}).items()]
    found += [(word, {word: rules[word]}) for word in ("required", *JOINING) if word in rules]
    return tuple(clause(entity, label, rule) for label, rule in found)


def mentioned(rule: Any) -> Iterator[str]:
    """Names of columns in a rule, those that ask for something first."""
    if isinstance(rule, Mapping):
        for word, part in rule.items():
            if word == "required":
                yield from part
            elif word in ("properties", *ENTRIES):
                yield from part
                for inner in part.values():
                    yield from inner if isinstance(inner, list) else mentioned(inner)
            elif word not in ("enum", "const"):
                yield from mentioned(part)
    elif isinstance(rule, list):
        for inner in rule:
            yield from mentioned(inner)


def constants(rule: Any) -> Iterator[tuple[str, str, Any]]:
    """(column, word, value) for each value or form that a rule names for a column or for the members of its list."""
    if isinstance(rule, Mapping):
        for name, part in rule.get("properties", {}).items():
            for inner in (part, part.get("items"), part.get("not")) if isinstance(part, Mapping) else ():
                for word in ("enum", "const", "pattern") if isinstance(inner, Mapping) else ():
                    if word in inner:
                        yield from ((name, word, v) for v in (inner[word] if word == "enum" else [inner[word]]))
        for part in rule.values():
            yield from constants(part)
    elif isinstance(rule, list):
        for inner in rule:
            yield from constants(inner)


def known(entity: EntityType) -> list[Field]:
    """The columns a person may fill in, without those of which there are parts."""
    sent = [f for f in fields(entity) if f.access is not Access.REFUSED and f.property.feed is None]
    return [f for f in sent if not any(o.path[: len(f.path)] == f.path != o.path for o in sent)]


@lru_cache(maxsize=4000)
def pool(entity: EntityType, name: str) -> tuple[Typed, ...]:
    """Some values for a property; each is right by itself."""
    return tuple(typed for typed in drawn(entity, name) if _alone(entity, name)(typed.value))


def fill_pools(entity: EntityType) -> None:
    """Make up values for every property that a rule speaks of, before anything else is drawn."""
    for one in clauses(entity):
        for name in one.names:
            pool(entity, name)


@lru_cache(maxsize=4000)
def _alone(entity: EntityType, name: str) -> Callable[[Any], bool]:
    own = {"$schema": entity.rules["$schema"]} if "$schema" in entity.rules else {}
    return jsonschema_rs.validator_for({**own, **entity.rules["properties"][name]}, validate_formats=False).is_valid


@lru_cache(maxsize=4000)
def drawn(entity: EntityType, name: str) -> tuple[Typed, ...]:
    """Values for a property, right or wrong; none for one that a person may not fill in."""
    own = [f for f in known(entity) if f.path[0] == name]
    inside = any(word in str(entity.rules["properties"].get(name)) for word in ENTRIES)
    rounds = 60 if inside else 24 if len(own) > 1 else 8
    return (*said(entity, own), *made(entity, own, rounds)) if own else ()


def made(entity: EntityType, own: Sequence[Field], rounds: int) -> list[Typed]:
    """Values made up for a property; nothing is drawn for long at once, or hypothesis would throw it away."""
    found: list[Typed] = []

    @settings(
        max_examples=rounds, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def fill(data: st.DataObject) -> None:
        found.append(example(entity, own, data))

    fill()
    return [typed for typed in found if typed.cells]


def said(entity: EntityType, own: Sequence[Field]) -> Iterator[Typed]:
    """Values that the rules name for a column that stands alone."""
    if len(own) != 1 or own[0].list_at is not None or own[0].json:
        return
    header, prop = own[0].header(0), own[0].property
    for name, word, value in dict.fromkeys((n, w, v) for one in clauses(entity) for n, w, v in constants(one.rule)):
        if name == own[0].path[0]:
            for one in of_form(value) if word == "pattern" else [value]:
                yield Typed([one], {header: quoted([one])}) if prop.kind is Kind.LIST else Typed(one, {header: one})


@lru_cache(maxsize=100)
def of_form(pattern: str) -> tuple[str, ...]:
    """Some texts of a form."""
    found: list[str] = []

    @settings(max_examples=4, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(st.from_regex(pattern, alphabet=st.characters(max_codepoint=126)))
    def fill(text: str) -> None:
        found.append(text)

    fill()
    return tuple(text for text in found if typeable(text) and "\n" not in text)


def example(entity: EntityType, own: Sequence[Field], data: Any) -> Typed:
    """One value made up for a property, with one to five members where it is a list of objects."""
    members = data.draw(st.sampled_from([1, 2, 4, 5])) if own[0].list_at is not None else 1
    body: dict[str, Any] = {}
    cells: dict[str, Any] = {}
    for field in own:
        for member in range(members):
            if _needed(field, entity) or data.draw(st.booleans()):
                value, typed = data.draw(cell(field, entity.rules))
                cells[field.header(member)] = typed
                _put(body, field, member, value)
    return Typed(copy.deepcopy(_closed_up(body)).get(own[0].path[0]), cells)


def search(
    entity: EntityType, rng: Random, start: Row | None = None, broken: Clause | None = None, more: Sequence[Clause] = ()
) -> tuple[Row, int] | None:
    """A row that keeps every rule but ``broken``, and how many rules it breaks besides; the best one that was found.

    None when ``broken`` was never broken, or without it when some rule stayed broken.
    """
    rules = [*(c for c in clauses(entity) if broken is None or c.label != broken.label), *more]
    named = [name for one in rules for name in one.names if pool(entity, name)]
    row = dict(start or {}) or {name: pool(entity, name)[0] for name in named[:1]}
    best: tuple[Row, int] | None = None
    for _ in range(STEPS):
        body = body_of(row)
        wrong = [c for c in rules if not c.holds(body)]
        kept = broken is not None and broken.holds(body)
        if not kept and (best is None or len(wrong) < best[1]):
            best = dict(row), len(wrong)
        if not wrong and not kept:
            break
        one = rng.choice([*wrong, broken] if kept and broken else wrong)
        names = [n for n in one.names if pool(entity, n)]
        if not names:
            break
        name = rng.choice(names)
        new = {**row, name: rng.choice(pool(entity, name))}
        if name in row and rng.random() < 0.35:
            del new[name]
        after = body_of(new)
        cost = sum(not c.holds(after) for c in rules) + (broken is not None and broken.holds(after))
        if cost <= len(wrong) + kept or rng.random() < 0.15:
            row = new
    return best if best is not None and (broken is not None or best[1] == 0) else None


def slim(entity: EntityType, row: Row, broken: Clause | None = None, besides: int = 0) -> Row:
    """The row without properties that it can do without."""
    rules = [c for c in clauses(entity) if broken is None or c.label != broken.label]
    for name in list(row):
        if len(row) == 1:
            break
        less = {n: typed for n, typed in row.items() if n != name}
        body = body_of(less)
        if sum(not c.holds(body) for c in rules) <= besides and (broken is None or not broken.holds(body)):
            row = less
    return row


@st.composite
def whole_rows(draw: Any, entity: EntityType) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Draw ``(body, {header: cell})`` as ``rows`` does, mended where the type's rules ask for it; None where that fails."""
    body, cells = draw(rows(entity))
    keeps = all(c.holds(body) for c in clauses(entity)) and all(_alone(entity, n)(v) for n, v in body.items())
    if keeps:
        return body, cells
    row = {
        name: Typed(value, {h: c for h, c in cells.items() if h.partition(".")[0] == name})
        for name, value in body.items()
        if _alone(entity, name)(value)
    }
    found = search(entity, Random(draw(st.integers(0, 2**20))), row)  # noqa: S311 - nothing secret
    return (body_of(found[0]), cells_of(found[0])) if found else None
