"""Did you mean: which known words are nearest to what was typed. The one place that measures likeness."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

_DIGITS = re.compile(r"\d+")


def nearest(value: str, choices: Iterable[str], limit: int = 3) -> list[str]:
    """Return the ``limit`` choices most like ``value``, the likest first; capitals don't count, ties keep their order."""
    from rapidfuzz.distance import OSA

    folded = value.casefold()
    scored = [(OSA.normalized_similarity(folded, choice.casefold()), -i, choice) for i, choice in enumerate(choices)]
    return [choice for _, _, choice in sorted(scored, reverse=True)[:limit]]


def likely(value: str, choices: Iterable[str], limit: int = 3) -> list[str]:
    """Return the choices that may well be meant by ``value``: at least 60 % alike; often none."""
    from rapidfuzz.distance import OSA

    folded = value.casefold()
    return [c for c in nearest(value, choices, limit) if OSA.normalized_similarity(folded, c.casefold()) >= 0.6]


class Identifiers:
    """Defined identifiers, to be asked which of them a mistyped one may mean."""

    def __init__(self, names: Collection[str]) -> None:
        self._by_length: dict[int, list[str]] = {}
        self._folded: dict[str, str] = {}
        for name in names:
            self._by_length.setdefault(len(name), []).append(name)
            self._folded.setdefault(name.casefold(), name)

    def same_but_capitals(self, value: str) -> str | None:
        """Return the identifier that differs from ``value`` in capitals alone."""
        return self._folded.get(value.casefold())

    def close(self, value: str, *, numbers: bool = True) -> list[str]:
        """Return up to three identifiers within a slip of the finger, the nearest first.

        One letter added, left out, changed or two swapped counts one. Short names may differ by one, names from eight
        letters on by two. Names that differ in numbers alone may differ by one: sample-99 isn't a slip for sample-101. Without
        ``numbers`` they aren't a slip at all: sample-2 is another one than sample-1.
        """
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        allowed = 2 if len(value) >= 8 else 1
        pool = [
            n
            for length in range(len(value) - allowed, len(value) + allowed + 1)
            for n in self._by_length.get(length, ())
        ]
        found: Sequence[tuple[str, int, int]] = process.extract(
            value, pool, scorer=OSA.distance, score_cutoff=allowed, limit=10
        )
        skeleton = _DIGITS.sub("0", value)
        likely = [
            (distance, name)
            for name, distance, _ in found
            if (numbers and distance <= 1) or _DIGITS.sub("0", name) != skeleton
        ]
        return [name for _, name in sorted(likely)[:3]]
