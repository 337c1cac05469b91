"""A pattern is told by an example that fits it: one of the schema's own, else a believable text made from the pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined] # the parsed form of a pattern has no public name
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_OWNER = "my-lab"
"""What stands in front where a name has several parts."""
_WORDS = ("sample-1", "sample1", "sample", "SAMPLE1", "SAMPLE", "12", "ACGT")
_FIXED = ("abcdefghij", "ABCDEFGHIJ", "1234567890", "ACGT")
"""For a fixed number of signs."""
_DAY = "2024-03-01"
"""A text that has the form of nothing but a date."""
_SIGNS = "a1A-_. 0:/"
_LONGEST = 40

_LEAD = re.compile(
    r"(?:\be\.?g\.?|\bi\.?e\.?|\bfor example|\bexamples?|\bsuch as|\blike|\bwrit(?:e|ten)|\bform of)\W+", re.I
)
_AROUND = "'\"“”‘’`()[]{}<>,;"

_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_WORD: r"\w", op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_NOT_WORD: r"\W", op.CATEGORY_NOT_SPACE: r"\S",
}  # fmt: skip
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_NOWHERE = (op.AT, op.ASSERT, op.ASSERT_NOT)


class Run(NamedTuple):
    """A stretch of signs of one kind, as a pattern asks for it."""

    kind: str
    """A character class."""
    low: int
    high: int

    def takes(self, text: str) -> bool:
        """Tell whether every sign of a text is of this kind."""
        return re.fullmatch(f"{self.kind}*", text) is not None


@lru_cache(maxsize=512)
def example_of(pattern: str) -> str:
    """Return a short text that fits the pattern, or an empty text when none is found easily."""
    try:
        if re.search(pattern, _DAY) and not any(re.search(pattern, word) for word in ("sample-1", "12", "ACGT")):
            return _DAY
        text = _written(list(_pieces(parser.parse(pattern))))
        return text if text and re.search(pattern, text) else ""
    except (re.error, KeyError, ValueError, OverflowError, RecursionError, StopIteration):
        return ""


def example_in(pattern: str, texts: Iterable[str]) -> str:
    """Return the first example in a schema's own words (``e.g. my-lab:bs1``) that fits the pattern, or an empty text."""
    fits = re.compile(pattern)
    for text in texts:
        for lead in _LEAD.finditer(text):
            words = (word.strip(_AROUND + ".:") for word in text[lead.end() :].split()[:6])
            found = next((word for word in words if 0 < len(word) <= _LONGEST and fits.search(word)), "")
            if found:
                return found
    return ""


def _written(pieces: Sequence[str | Run]) -> str:
    """The pieces as one text: of several names in it all but the last are the owner's."""
    names = [i for i, piece in enumerate(pieces) if isinstance(piece, Run) and piece.high > 1 and piece.takes(_OWNER)]
    owners = [i for i in names[:-1] if isinstance(pieces[i + 1], str)]
    return "".join(
        piece if isinstance(piece, str) else _filled(piece, *([_OWNER] if i in owners else []))
        for i, piece in enumerate(pieces)
    )


def _filled(run: Run, *first: str) -> str:
    fixed = run.low == run.high
    words: tuple[str, ...] = _FIXED if fixed else _WORDS
    for word in (*first, *words):
        length = run.low if fixed else min(run.high, max(run.low, len(word)))
        text = (word * (length // len(word) + 1))[:length]
        if run.takes(text):
            return text
    every = _SIGNS + "".join(map(chr, range(32, 0x250)))
    return next(sign for sign in every if run.takes(sign)) * max(run.low, 1)


def _pieces(parts: Any) -> Iterator[str | Run]:
    """What a text that fits consists of: literal signs and runs; parts that may be missing are left out."""
    for kind, value in parts:
        if kind is op.LITERAL:
            yield chr(value)
        elif kind in (op.IN, op.ANY, op.NOT_LITERAL):
            yield Run(_class(kind, value), 1, 1)
        elif kind in _REPEATS:
            yield from _repeated(*value)
        elif kind is op.SUBPATTERN:
            yield from _pieces(value[-1])
        elif kind is op.BRANCH:
            yield from _pieces(value[1][0])
        elif kind not in _NOWHERE:
            raise KeyError(kind)


def _repeated(low: int, high: int, inner: Any) -> Iterator[str | Run]:
    low, high = min(low, _LONGEST), min(high, _LONGEST)
    kind, value = inner[0] if len(inner) == 1 else (None, None)
    if kind in (op.IN, op.ANY, op.NOT_LITERAL):
        if high > 1 or low:
            yield Run(_class(kind, value), low, high)
    else:
        for _ in range(low):
            yield from _pieces(inner)


def _class(kind: Any, value: Any) -> str:
    """A part of a pattern that takes one sign, as a character class."""
    if kind is op.ANY:
        return "."
    if kind in (op.LITERAL, op.NOT_LITERAL):
        return f"[{'^' * (kind is op.NOT_LITERAL)}{re.escape(chr(value))}]"
    return f"[{''.join(_member(inner, what) for inner, what in value)}]"


def _member(kind: Any, value: Any) -> str:
    if kind is op.NEGATE:
        return "^"
    if kind is op.CATEGORY:
        return _CATEGORIES[value]
    if kind is op.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    return re.escape(chr(value))


@lru_cache(maxsize=512)
def _signs(pattern: str) -> tuple[str, str] | None:
    """The class of all signs that a fitting text may hold, and the ones it must hold; None when it can't be told."""
    if not (pattern.lstrip("(").startswith("^") and pattern.rstrip(")").endswith("$")):
        return None
    try:
        parsed = parser.parse(pattern)
        kinds = list(_kinds(parsed))
    except (re.error, KeyError, RecursionError, OverflowError):
        return None
    must = "".join(piece for piece in _certain(parsed) if not piece.isalnum())
    return ("|".join(kinds), must) if kinds and not parsed.state.flags & re.IGNORECASE else None


def _kinds(parts: Any) -> Iterator[str]:
    for kind, value in parts:
        if kind in (op.IN, op.ANY, op.LITERAL, op.NOT_LITERAL):
            yield _class(kind, value)
        elif kind in _REPEATS or kind is op.SUBPATTERN:
            yield from _kinds(value[-1])
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from _kinds(branch)
        elif kind is not op.AT:
            raise KeyError(kind)


def _certain(parts: Any) -> Iterator[str]:
    for kind, value in parts:
        if kind is op.LITERAL:
            yield chr(value)
        elif kind is op.SUBPATTERN or (kind in _REPEATS and value[0]):
            yield from _certain(value[-1])


def wrong_signs(pattern: str, text: str) -> str:
    """Return the signs of a text that no fitting text holds, each once, as far as it can be told."""
    signs = _signs(pattern)
    return "".join(sign for sign in dict.fromkeys(text) if signs and not re.fullmatch(signs[0], sign))


def missing_signs(pattern: str, text: str) -> str:
    """Return the signs that every fitting text holds and this one lacks, letters and digits aside."""
    signs = _signs(pattern)
    return "".join(sign for sign in dict.fromkeys(signs[1] if signs else "") if sign not in text)
