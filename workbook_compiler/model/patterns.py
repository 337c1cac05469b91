"""What a text pattern may cost: Python's ``re`` goes back and tries again, for some patterns longer than anyone waits.

Schemas come from strangers and cells are long, so each pattern is looked at once. Its places for a sign make a graph
(which sign may follow which). When two ways through it read the same signs and come back to where they parted, every
further sign doubles the work: such a pattern is never tried. When they only part, each parting costs one power more.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined] # the parsed form of a pattern has no public name
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST = 20_000
"""Signs of a pattern that is still looked at; the longest one published lists a few hundred names."""
_PLACES = 600
"""Places for a sign, in a pattern whose repeats are worth following."""
_PARTINGS = 14
"""Places where a way parts for once: each may double the work."""
_LOOKS = 20_000
"""Steps of following two or three ways at a time, until a pattern counts as one that is never tried."""
_STEPS = 10**8
"""About a second or two of trying."""
NEVER = 99
"""The power of a pattern that is never tried."""
_SAMPLE = "".join(map(chr, range(128))) + "\u00a0é１α😀"
"""Signs that stand for all others."""

_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_WORD: r"\w", op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_NOT_WORD: r"\W", op.CATEGORY_NOT_SPACE: r"\S",
}  # fmt: skip

Ends = tuple[bool, list[int], list[int]]
"""Whether a part may be empty, the places it may begin with and those it may end with."""


@lru_cache(maxsize=2048)
def power(pattern: str) -> int:
    """Return the power of the text's length that a search may take; NEVER for a pattern that ``re`` can't or shouldn't try."""
    if len(pattern) > LONGEST:
        return NEVER
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error"
            )  # a pattern that a later Python will read differently is the portal's to judge
            re.compile(pattern)
            anchored = pattern.startswith("^")
            inside = 1 if _is_simple(pattern) else _Graph(pattern, parser.parse(pattern)).power()
            return min(inside + (not anchored), NEVER)
    except (re.error, Warning, OverflowError, ValueError, RecursionError, KeyError):
        return NEVER


def _is_simple(pattern: str) -> bool:
    """Tell whether a pattern has too few repeats and choices for its ways to part and meet again."""
    repeats, choices = len(re.findall(r"[*+{]", pattern)), len(re.findall(r"\(|(?<!\()\?", pattern))
    return choices < 3 if repeats == 0 else repeats + choices < 2 and "|" not in pattern


def is_affordable(pattern: str, text: str) -> bool:
    """Tell whether a pattern can be tried on a text in about a second."""
    return power(pattern) < NEVER and len(text) ** power(pattern) <= _STEPS


class _Graph:
    """The places for a sign in a pattern, and which may follow which."""

    def __init__(self, pattern: str, parts: Any) -> None:
        self.folded = re.search(r"\(\?[a-z]*i", pattern) is not None
        self.signs: list[frozenset[str]] = []
        self.follow: list[Counter[int]] = []
        """How many ways there are from a place to the next one."""
        self.classes: dict[str, frozenset[str]] = {}
        self.looks = 0
        self.rounds = 0
        """How many repeats the part being added stands in."""
        self.aside = 0
        """The highest power of a part that only looks ahead or back."""
        self.sample = _SAMPLE + "".join(set(re.findall(r"[^\x00-\x7f]", pattern)))
        self.sequence(parts)

    def power(self) -> int:
        """Return the power of the text's length that reading from one place takes."""
        parting = [place for place in range(len(self.signs)) if self._parts(place)]
        if any(self._doubles(place) for place in parting):
            return NEVER
        rings = [place for place in range(len(self.signs)) if self._comes_back(place)] if parting else []
        if len(set(parting).difference(rings)) > _PARTINGS:
            return NEVER
        onward = {p: [q for q in rings if p != q and self._slides(p, q)] for p in rings if p in parting}
        return max(self.aside, 1 + _longest(onward))

    def sequence(self, parts: Any) -> Ends:
        """Add parts that follow one another; return their ends."""
        empty, first, last = True, [], []  # type: bool, list[int], list[int]
        for kind, value in parts:
            none, begins, ends = self.part(kind, value)
            self._join(last, begins)
            first = first + begins if empty else first
            last = last + ends if none else ends
            empty = empty and none
        return empty, first, last

    def part(self, kind: Any, value: Any) -> Ends:
        """Add one part; return its ends."""
        if kind in _REPEATS:
            return self._repeat(*value)
        if kind is op.SUBPATTERN:
            return self.sequence(value[-1])
        if kind is op.ATOMIC_GROUP:
            return self.sequence(value)
        if kind is op.BRANCH:
            return self._either(value[1])
        if kind is op.GROUPREF_EXISTS:
            return self._either([way or [] for way in value[1:]])
        if kind in (op.ASSERT, op.ASSERT_NOT):
            inner = _Graph("", value[1])
            self.aside = max(self.aside, inner.power())
        if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            return True, [], []
        place = self._place(kind, value)
        if kind is op.GROUPREF:  # as long as what the group held
            self._join([place], [place])
        return kind is op.GROUPREF, [place], [place]

    def _repeat(self, low: int, high: int, inner: Any) -> Ends:
        narrowest, widest = inner.getwidth()
        self.rounds += high > 1
        none, first, last = self.sequence(inner)
        if none and low != 1 and self.rounds > (low == 0 and high > 1):  # it may be empty in two ways, again and again
            self.aside = NEVER
        self.rounds -= high > 1
        if high > 1 and not (low == high and narrowest == widest):
            self._join(last, first)
        return none or low == 0, first, last

    def _either(self, ways: Any) -> Ends:
        ends = [self.sequence(way) for way in ways]
        if self.rounds and sum(none for none, _, _ in ends) > 1:
            self.aside = NEVER
        return any(w[0] for w in ends), [p for w in ends for p in w[1]], [p for w in ends for p in w[2]]

    def _join(self, before: list[int], after: list[int]) -> None:
        for place in before:
            self.follow[place].update(after)

    def _place(self, kind: Any, value: Any) -> int:
        if len(self.signs) == _PLACES:
            raise OverflowError
        key = f"{kind}{value}"
        if key not in self.classes:
            held = {sign for sign in self.sample if _holds(kind, value, sign)}
            if kind is op.LITERAL:
                held.add(chr(value))
            self.classes[key] = (
                frozenset(f for s in held for f in (s, s.swapcase())) if self.folded else frozenset(held)
            )
        self.signs.append(self.classes[key])
        self.follow.append(Counter())
        return len(self.signs) - 1

    def _parts(self, place: int) -> bool:
        """Whether one sign may lead from here to two places, or to one in two ways."""
        seen: set[str] = set()
        for after, ways in self.follow[place].items():
            if ways > 1 or not seen.isdisjoint(self.signs[after]):
                return True
            seen |= self.signs[after]
        return False

    def _doubles(self, place: int) -> bool:
        """Whether two ways part here and meet here again, having read the same signs."""
        starts = [(a, b) for a, b in self._together((place, place)) if a != b or self.follow[place][a] > 1]
        return any(self._reaches(start, (place, place)) for start in starts)

    def _comes_back(self, place: int) -> bool:
        return any(self._reaches((after,), (place,)) for after in self.follow[place])

    def _slides(self, p: int, q: int) -> bool:
        """Whether signs that lead from ``p`` back to it also lead to ``q``, and from there back: they can be split anywhere."""
        return any(self._reaches(start, (p, q, q)) for start in self._together((p, p, q)))

    def _reaches(self, start: tuple[int, ...], goal: tuple[int, ...]) -> bool:
        seen, waiting = {start}, [start]
        while waiting:
            here = waiting.pop()
            if here == goal:
                return True
            fresh = [after for after in self._together(here) if after not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        return False

    def _together(self, places: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """The places that all ways reach by the same next sign."""

        def onward(at: int, chosen: tuple[int, ...], common: frozenset[str] | None) -> Iterator[tuple[int, ...]]:
            if at == len(places):
                yield chosen
                return
            self.looks += len(self.follow[places[at]])
            if self.looks > _LOOKS:
                raise OverflowError
            for after in self.follow[places[at]]:
                shared = self.signs[after] if common is None else common & self.signs[after]
                if shared:
                    yield from onward(at + 1, (*chosen, after), shared)

        return onward(0, (), None)


def _longest(onward: dict[int, list[int]]) -> int:
    """The most steps from place to place; a chain longer than any pattern needs counts as one that is never tried."""
    length, ends = 0, set(onward)
    while ends and length < NEVER:
        ends = {after for place in ends for after in onward.get(place, ())}
        length += bool(ends)
    return length


def _holds(kind: Any, value: Any, sign: str) -> bool:
    if kind is op.LITERAL:
        return bool(ord(sign) == value)
    if kind is op.NOT_LITERAL:
        return bool(ord(sign) != value)
    if kind is op.RANGE:
        return bool(value[0] <= ord(sign) <= value[1])
    if kind is op.CATEGORY:
        return re.match(_CATEGORIES[value], sign) is not None
    if kind is op.IN:
        negated = value[0][0] is op.NEGATE
        return negated != any(_holds(k, v, sign) for k, v in value[negated:])
    return kind is op.GROUPREF or sign != "\n"
