"""A portal's JSON Schema words -> the ones a body can be checked by; nothing that is kept makes a validator raise.

Schemas come from strangers. A word is kept when its value has the shape the word asks for; what isn't kept is left to the
portal. Inside ``not``, ``oneOf`` and their like a condition is kept whole or not at all: with a part left out, ``not`` would
refuse what the portal takes. Of conditions that all have to be kept, those that can be judged stay.
References are never kept, as what they point at isn't among the rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from workbook_compiler.model.patterns import NEVER, power

DEPTH = 40
"""Values and conditions nested deeper than this are nobody's metadata, and the validators call themselves for each level."""
DRAFTS = (
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)
"""The versions of JSON Schema that both validators know."""

_TYPES = frozenset("string number integer boolean array object null".split())
_UNSURE = frozenset(
    "linkTo linkEnum $ref $dynamicRef $recursiveRef patternProperties unevaluatedProperties unevaluatedItems"
    " extends disallow".split()
)
"""Words that change what a condition means and that only the portal can judge."""
_COUNTED = "minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains".split()
_BOUNDS = "minimum maximum".split()
_ONE = frozenset("not if then else items contains propertyNames additionalProperties".split())
_SEVERAL = frozenset("anyOf allOf oneOf prefixItems".split())
_NAMED = frozenset("properties dependentSchemas".split())
_APART = frozenset("comment description required properties allOf anyOf oneOf not".split())
"""Words of which none changes what another one beside it means."""


class _Unsound(Exception):  # noqa: N818 - never leaves this file
    """The value of a word has the wrong shape."""


def number(value: Any) -> float | None:
    """Return a number that a float can hold, None for anything else; JSON as Python reads it has NaN and infinities."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def count(value: Any) -> int | None:
    """Return a whole number from 0 on that a length can have, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def draft(value: Any) -> dict[str, str]:
    """Return ``$schema`` where both validators know what it names."""
    return {"$schema": value} if isinstance(value, str) and value.removesuffix("#") in DRAFTS else {}


def legal(node: Mapping[str, Any], words: Iterable[str]) -> dict[str, Any]:
    """Return those of the words that ``node`` has with a value a validator can take.

    Of the entries of ``dependencies``, ``dependentSchemas`` and ``allOf``, which are rules of their own, the sound ones.
    """
    rules: dict[str, Any] = {}
    for word in words:
        if word in node:
            try:
                value = node[word] if word in _PLAIN else _sound_entries(word, node[word])
                rules[word] = _value(word, value, 0)
            except _Unsound:
                continue
    if "patternProperties" in node:  # without these, more properties would be refused than the portal refuses
        rules.pop("additionalProperties", None)
    return rules


def _sound_entries(word: str, value: Any) -> Any:
    if word in ("dependencies", "dependentSchemas", "dependentRequired") and isinstance(value, dict):
        parts = {key: part if _is_sound(word, {key: part}) else _sound_words(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part is not None and _is_sound(word, {key: part})}
    if word == "allOf" and isinstance(value, list):
        return [part for part in value if _is_sound(word, [part])]
    return value


def _sound_words(part: Any, depth: int = 0) -> dict[str, Any] | None:
    """What is left of a condition without the words in it that only the portal can judge; None when nothing is.

    Only where all words have to be kept, so that leaving some out refuses less: never inside ``not`` or ``oneOf``.
    """
    if not isinstance(part, dict) or not part.keys() <= _APART or depth > DEPTH:
        return None
    left: dict[str, Any] = {}
    for word, value in part.items():
        if _is_sound(word, value):
            left[word] = value
        elif word == "allOf" and isinstance(value, list):
            left[word] = [own for own in (_left(inner, depth) for inner in value) if own is not None]
        elif word == "properties" and isinstance(value, dict):
            own = {name: _left(inner, depth) for name, inner in value.items()}
            left[word] = {name: inner for name, inner in own.items() if inner is not None}
    return left if any(value for word, value in left.items() if word not in ("comment", "description")) else None


def _left(inner: Any, depth: int) -> Any:
    return inner if _is_sound("not", inner) else _sound_words(inner, depth + 1)


def _is_sound(word: str, value: Any) -> bool:
    try:
        _value(word, value, 0)
    except _Unsound:
        return False
    return True


def _value(word: str, value: Any, depth: int) -> Any:
    """The value of a known word with only known words in it; raises _Unsound."""
    if word in _PLAIN:
        if not _PLAIN[word](value):
            raise _Unsound
        return value
    if depth > DEPTH:
        raise _Unsound
    if word in _ONE:
        return _schema(value, depth + 1)
    if word in _SEVERAL and isinstance(value, list) and value:
        return [_schema(part, depth + 1) for part in value]
    if word in _NAMED and isinstance(value, dict):
        return {key: _schema(part, depth + 1) for key, part in value.items()}
    if word == "dependentRequired" and isinstance(value, dict) and all(map(_names, value.values())):
        return value
    if word == "dependencies" and isinstance(value, dict):
        return {key: part if _names(part) else _schema(part, depth + 1) for key, part in value.items()}
    raise _Unsound


def _schema(node: Any, depth: int) -> Any:
    if isinstance(node, bool):
        return node
    if not isinstance(node, dict) or not _UNSURE.isdisjoint(node):
        raise _Unsound
    return {word: _value(word, value, depth) for word, value in node.items() if word in _KNOWN}


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) and value else [value]
    return all(isinstance(name, str) and name in _TYPES for name in names)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_bound(value: Any) -> bool:
    return number(value) is not None


def _is_shallow(value: Any, depth: int = 0) -> bool:
    if not isinstance(value, list | dict):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth < DEPTH and all(_is_shallow(part, depth + 1) for part in inner)


_PLAIN: dict[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "enum": lambda value: isinstance(value, list) and _is_shallow(value),
    "const": _is_shallow,
    "pattern": lambda value: isinstance(value, str) and power(value) < NEVER,
    "multipleOf": lambda value: (number(value) or 0) > 0,
    "uniqueItems": _is_flag,
    "required": _names,
    "comment": lambda value: isinstance(value, str),
    # draft-04 says by true or false whether the bound itself is allowed
    "exclusiveMinimum": lambda value: _is_flag(value) or _is_bound(value),
    "exclusiveMaximum": lambda value: _is_flag(value) or _is_bound(value),
    **dict.fromkeys(_BOUNDS, _is_bound),
    **dict.fromkeys(_COUNTED, lambda value: count(value) is not None),
}
_KNOWN = frozenset(_PLAIN) | _ONE | _SEVERAL | _NAMED | {"dependencies", "dependentRequired"}
