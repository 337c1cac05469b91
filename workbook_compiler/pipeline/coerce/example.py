"""A pattern is told by an example: the simplest text that fits it."""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined] # the parsed form of a pattern has no public name
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_FRIENDLY = "a1A-_. 0:/"


@lru_cache(maxsize=512)
def example_of(pattern: str) -> str:
    """Return a short text that fits the pattern, or an empty text when none is found easily."""
    try:
        text = _text(parser.parse(pattern))
        return str(text) if re.search(pattern, text) and text else ""
    except (re.error, KeyError, ValueError, OverflowError, RecursionError):
        return ""


def _text(parts: Any) -> str:
    return "".join(_one(kind, value) for kind, value in parts)


def _one(kind: Any, value: Any) -> Any:
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.IN:
        return _member(value)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        low, high, inner = value
        return _text(inner) * min(max(low, 1 if low or high > 1 else 0), 40)
    if kind is op.SUBPATTERN:
        return _text(value[-1])
    if kind is op.BRANCH:
        return _text(value[1][0])
    if kind in (op.ANY, op.NOT_LITERAL):
        return next(sign for sign in _FRIENDLY if kind is op.ANY or ord(sign) != value)
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return ""
    raise KeyError(kind)


def _member(choices: Any) -> str:
    """A sign of a character class, a friendly one when it has any."""
    wanted = {
        op.CATEGORY_DIGIT: "1", op.CATEGORY_WORD: "a", op.CATEGORY_SPACE: " ",
        op.CATEGORY_NOT_DIGIT: "a", op.CATEGORY_NOT_WORD: "-", op.CATEGORY_NOT_SPACE: "a",
    }  # fmt: skip
    negated = choices[0][0] is op.NEGATE
    if negated:
        source = "".join(_class_text(choices[1:]))
        return next(sign for sign in _FRIENDLY if not re.match(f"[{source}]", sign))
    ranges = [(v if k is op.RANGE else (v, v)) for k, v in choices if k in (op.RANGE, op.LITERAL)]
    for sign in _FRIENDLY:
        if any(low <= ord(sign) <= high for low, high in ranges):
            return sign
    return chr(ranges[0][0]) if ranges else wanted[choices[0][1]]


def _class_text(choices: Any) -> list[str]:
    names = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_WORD: r"\w", op.CATEGORY_SPACE: r"\s"}
    parts = []
    for kind, value in choices:
        if kind is op.CATEGORY:
            parts.append(names[value])
        elif kind is op.RANGE:
            parts.append(f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}")
        else:
            parts.append(re.escape(chr(value)))
    return parts
