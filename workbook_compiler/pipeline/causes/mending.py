"""A rule and a value that breaks it -> the fewest changes by which the value would keep it, and what asks for each.

Of several ways to keep a rule the lightest is taken: an empty cell to fill in before a cell to clear, that before a value to
change, and the cell that asks for it all last. Alternatives that only ask for cells to fill in are told together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

from workbook_compiler.model.records import Pointer
from workbook_compiler.pipeline.causes.judging import Fits

Rule = Any
"""A JSON Schema, or true or false."""

_TELLING = ("enum", "const", "pattern")
"""Words that say which value a condition asks for."""
_JOINING = frozenset("properties items required allOf anyOf oneOf not if then else".split()) | frozenset(
    "dependencies dependentRequired dependentSchemas comment title description additionalProperties".split()
)
"""Words that are taken apart, or say nothing; what isn't among them is asked of the value itself."""


class Act(Enum):
    """What would have to be done at a place; the number is how much that asks of a person."""

    ADD = 2
    CLEAR = 3
    CHANGE = 4
    AVOID = 5
    """The value is one of those that don't fit; any other would do."""


_BOUNDS = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_BOUNDS |= {flag: bound for bound, flag in _BOUNDS.items()}

_OWN = 3
"""Added to what a change weighs at the place that asks for it: a person who filled that in meant it."""
_HIDDEN = 20
"""Added for a place that isn't the person's to fill in."""
_UNKNOWN = 1000
"""What a way weighs that isn't understood."""


class Condition(NamedTuple):
    """What asks for a change: something that is filled in, or that has a certain value."""

    at: Pointer
    value: Any = None
    """The value it has, where that matters."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do at one place."""

    at: Pointer
    act: Act
    because: tuple[Condition, ...] = ()
    word: str = ""
    """The word of the rule that the value there breaks."""
    wanted: Any = None
    """What that word asks for."""
    value: Any = None
    """What stands there."""
    options: tuple[tuple[str, ...], ...] = ()
    """Names beside each other of which one set has to be filled in, when there is a choice."""


@dataclass(frozen=True, slots=True)
class Way:
    """The changes by which a rule would be kept."""

    changes: tuple[Change, ...] = ()
    weight: int = 0
    held: int = 0
    """Conditions about values that hold already: how surely this way is the one that was meant."""

    def __add__(self, other: Way) -> Way:
        return Way(self.changes + other.changes, self.weight + other.weight, self.held + other.held)


@dataclass(frozen=True, slots=True)
class Ground:
    """What is the same for all parts of a rule."""

    fits: Fits
    hidden: Callable[[Pointer], bool]
    """Tells whether a place isn't the person's to fill in."""

    def way(self, change: Change) -> Way:
        """Return a change with its weight."""
        own = _OWN if any(change.at == condition.at for condition in change.because) else 0
        return Way((change,), change.act.value + own + (_HIDDEN if self.hidden(change.at) else 0))


def mend(ground: Ground, rule: Rule, value: Any, at: Pointer = (), because: tuple[Condition, ...] = ()) -> Way:
    """Return the lightest way to make ``value`` keep a rule; nothing to do when it does."""
    if not isinstance(rule, Mapping):
        return Way() if rule else ground.way(Change(at, Act.CLEAR, because, value=value))
    told = tuple(_conditions(ground, rule, value, at))
    if ground.fits(rule, value):
        return Way(held=len(told))
    because = _joined(because, told)
    parts = [_MENDERS[word](ground, rule, value, at, because) for word in rule if word in _MENDERS]
    own = [word for word in rule if word not in _JOINING and not ground.fits(with_bounds(rule, word), value)]
    parts += [ground.way(Change(at, Act.CHANGE, because, word, rule[word], value)) for word in own]
    whole = sum(parts, Way(held=len(told)))
    return whole if whole.changes else replace(whole, weight=_UNKNOWN)


def spoil(ground: Ground, rule: Rule, value: Any, at: Pointer = (), because: tuple[Condition, ...] = ()) -> Way | None:
    """Return the lightest way to make ``value`` break a rule that it keeps; None when there is none."""
    if not isinstance(rule, Mapping):
        return None if rule else Way()
    if not ground.fits(rule, value):
        return Way()
    found = [way for word in rule for way in _spoilt(ground, rule, word, value, at, because)]
    return min(found, key=_order) if found else None


def _order(way: Way) -> tuple[int, int]:
    return way.weight, -way.held


def _joined(one: tuple[Condition, ...], other: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Both, those about a value in the place of those that something is filled in."""
    told = {condition.at: condition for condition in one} | {condition.at: condition for condition in other}
    return tuple(told.values())


def _conditions(ground: Ground, rule: Mapping[str, Any], value: Any, at: Pointer) -> Iterator[Condition]:
    """Values beside each other that are as the rule names them."""
    parts = rule.get("properties")
    for name, part in parts.items() if isinstance(parts, Mapping) and isinstance(value, Mapping) else ():
        telling = isinstance(part, Mapping) and any(word in part for word in _TELLING)
        if name in value and telling and ground.fits(part, value[name]):
            yield Condition((*at, name), value[name])


def with_bounds(rule: Mapping[str, Any], word: str) -> dict[str, Any]:
    """Return one word as a rule of its own; draft-04's flags about a bound mean nothing without the bound."""
    other = _BOUNDS.get(word, word)
    flagged = other in rule and (isinstance(rule[word], bool) or isinstance(rule[other], bool))
    return {word: rule[word], other: rule[other]} if flagged else {word: rule[word]}


# Keeping a rule, word by word


def _required(ground: Ground, rule: Rule, value: Any, at: Pointer, because: tuple[Condition, ...]) -> Way:
    missing = [name for name in rule["required"] if isinstance(value, Mapping) and name not in value]
    return sum((ground.way(Change((*at, name), Act.ADD, because)) for name in missing), Way())


def _properties(ground: Ground, rule: Rule, value: Any, at: Pointer, because: tuple[Condition, ...]) -> Way:
    parts = rule["properties"].items() if isinstance(value, Mapping) else ()
    return sum((mend(ground, part, value[name], (*at, name), because) for name, part in parts if name in value), Way())


def _items(ground: Ground, rule: Rule, value: Any, at: Pointer, because: tuple[Condition, ...]) -> Way:
    items = value if isinstance(value, list) and not isinstance(rule["items"], list) else []
    return sum((mend(ground, rule["items"], item, (*at, i), because) for i, item in enumerate(items)), Way())


def _all(ground: Ground, rule: Rule, value: Any, at: Pointer, because: tuple[Condition, ...]) -> Way:
    return sum((mend(ground, part, value, at, because) for part in rule["allOf"]), Way())


def _any(ground: Ground, rule: Rule, value: Any, at: Pointer, because: tuple[Condition, ...]) -> Way:
    if any(ground.fits(part, value) for part in rule["anyOf"]):
        return Way()
    return _best([mend(ground, part, value, at, because) for part in rule["anyOf"]])


def _one(ground: Ground, rule: Rule, value: Any, at: Pointer, because: tuple[Condition, ...]) -> Way:
    kept = [part for part in rule["oneOf"] if ground.fits(part, value)]
    if len(kept) == 1:
        return Way()
    if not kept:
        return _best([mend(ground, part, value, at, because) for part in rule["oneOf"]])
    ways = [_only(ground, i, kept, value, at, because) for i in range(len(kept))]
    return min((way for way in ways if way is not None), key=_order, default=Way())


def _only(
    ground: Ground, kept: int, parts: list[Rule], value: Any, at: Pointer, because: tuple[Condition, ...]
) -> Way | None:
    """How all but one of several alternatives would be broken."""
    names = parts[kept].get("required", ()) if isinstance(parts[kept], Mapping) else ()
    beside = tuple(Condition((*at, name)) for name in names)
    told = tuple(_conditions(ground, parts[kept], value, at)) if isinstance(parts[kept], Mapping) else ()
    reasons = _joined(_joined(because, beside), told)
    ways = [spoil(ground, part, value, at, reasons) for i, part in enumerate(parts) if i != kept]
    found = [way for way in ways if way is not None]
    return sum(found, Way()) if len(found) == len(ways) else None


def _not(ground: Ground, rule: Rule, value: Any, at: Pointer, because: tuple[Condition, ...]) -> Way:
    return spoil(ground, rule["not"], value, at, because) or Way()


def _if(ground: Ground, rule: Rule, value: Any, at: Pointer, because: tuple[Condition, ...]) -> Way:
    holds = ground.fits(rule["if"], value)
    told = tuple(_conditions(ground, rule["if"], value, at)) if holds and isinstance(rule["if"], Mapping) else ()
    return mend(ground, rule.get("then" if holds else "else", True), value, at, _joined(because, told))


def _dependent(ground: Ground, rule: Rule, value: Any, at: Pointer, because: tuple[Condition, ...]) -> Way:
    """What each part of ``dependencies`` asks for whose name is filled in."""
    whole = Way()
    for name, part in rule.items() if isinstance(value, Mapping) else ():
        if name in value:
            asked = {"required": part} if isinstance(part, list) else part
            whole += mend(ground, asked, value, at, _joined(because, (Condition((*at, name)),)))
    return whole


_MENDERS: dict[str, Callable[[Ground, Rule, Any, Pointer, tuple[Condition, ...]], Way]] = {
    "required": _required,
    "properties": _properties,
    "items": _items,
    "allOf": _all,
    "anyOf": _any,
    "oneOf": _one,
    "not": _not,
    "if": _if,
    "dependencies": lambda ground, rule, *rest: _dependent(ground, rule["dependencies"], *rest),
    "dependentRequired": lambda ground, rule, *rest: _dependent(ground, rule["dependentRequired"], *rest),
    "dependentSchemas": lambda ground, rule, *rest: _dependent(ground, rule["dependentSchemas"], *rest),
}


def _best(ways: list[Way]) -> Way:
    """The lightest of several ways; with a choice of cells to fill in, or of values for one cell, all of them."""
    best = min(ways, key=_order)
    filling = [way for way in ways if way.weight < _HIDDEN and all(change.act is Act.ADD for change in way.changes)]
    if best in filling and len(filling) > 1:
        return _choice([way for way in filling if way.held == best.held], best)
    alike = [way.changes[0] for way in ways if _order(way) == _order(best) and len(way.changes) == 1]
    same = [c for c in alike if c.at == best.changes[0].at and c.act is Act.CHANGE and c.word in ("enum", "const")]
    if len(same) > 1 and best.changes[0] in same:
        values = [v for c in same for v in (c.wanted if c.word == "enum" else [c.wanted])]
        return replace(best, changes=(replace(same[0], word="enum", wanted=values),))
    return best


def _choice(ways: list[Way], best: Way) -> Way:
    sets = [tuple(dict.fromkeys(change.at for change in way.changes if not change.options)) for way in ways]
    common = [at for at in sets[0] if all(at in other for other in sets)]
    rest = [tuple(at for at in one if at not in common) for one in sets]
    reasons = {change.at: change.because for way in ways for change in way.changes}
    changes = tuple(Change(at, Act.ADD, reasons[at]) for at in common)
    if all(rest):
        options = tuple(dict.fromkeys(tuple(str(at[-1]) for at in one) for one in rest))
        shared = tuple(c for c in reasons[rest[0][0]] if all(c in reasons[one[0]] for one in rest))
        choice = Change(rest[0][0], Act.ADD, shared, options=options if len(options) > 1 else ())
        changes = (*changes, choice)
    return replace(best, changes=changes)


# Breaking a rule, word by word


def _spoilt(
    ground: Ground, rule: Mapping[str, Any], word: str, value: Any, at: Pointer, because: tuple[Condition, ...]
) -> Iterator[Way]:
    """Each way to break one word of a rule."""
    part = rule[word]
    if word in ("required", "properties"):
        yield from _spoilt_names(ground, rule, word, value, at, because) if isinstance(value, Mapping) else ()
    elif word == "items" and isinstance(value, list) and not isinstance(part, list):
        yield from (way for i, item in enumerate(value) for way in _ways(spoil(ground, part, item, (*at, i), because)))
    elif word == "allOf":
        yield from (way for inner in part for way in _ways(spoil(ground, inner, value, at, because)))
    elif word in ("anyOf", "oneOf"):
        ways = [spoil(ground, inner, value, at, because) for inner in part]
        found = [way for way in ways if way is not None]
        if len(found) == len(ways):
            yield sum(found, Way())
    elif word == "not":
        yield mend(ground, part, value, at, because)
    elif word not in _JOINING:
        yield ground.way(Change(at, Act.AVOID, because, word, part, value))


def _spoilt_names(
    ground: Ground,
    rule: Mapping[str, Any],
    word: str,
    value: Mapping[str, Any],
    at: Pointer,
    because: tuple[Condition, ...],
) -> Iterator[Way]:
    """Each way to break what a rule says about names beside each other."""
    beside = _joined(because, tuple(_conditions(ground, rule, value, at)))
    for name in rule[word]:
        place = (*at, name)
        if word == "required":
            others = tuple(Condition((*at, other)) for other in rule[word] if other != name)
            reasons = _without(_joined(others, beside), place, because)
            yield ground.way(Change(place, Act.CLEAR, reasons, value=value.get(name)))
        elif name in value:
            yield from _ways(spoil(ground, rule[word][name], value[name], place, _without(beside, place, because)))
        elif rule[word][name] not in (True, {}):
            yield ground.way(Change(place, Act.ADD, _without(beside, place, because)))


def _without(conditions: tuple[Condition, ...], at: Pointer, because: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Conditions but for those a place sets itself; what asked for it all stays, so that its weight is known."""
    return tuple(c for c in conditions if c.at != at or c in because)


def _ways(way: Way | None) -> Iterator[Way]:
    if way is not None:
        yield way
