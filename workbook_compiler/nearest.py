"""Did you mean: which known words are nearest to what was typed. The one place that measures likeness."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice

_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W_]+")
_ALIKE = str.maketrans({"o": "0", "l": "1", "i": "1", "|": "1"})
_LOOK_ALIKE = ({"B", "8"}, {"S", "5"}, {"Z", "2"}, {"G", "6"})
"""Signs that look alike, and too often both mean something for being taken as the same."""
_SEPARATORS = frozenset(" _-.:/\u00a0\u2010\u2011\u2012\u2013\u2014")
_KEYS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_PLACES = {sign: (row, place) for row, keys in enumerate(_KEYS) for place, sign in enumerate(keys)}

LIKELY = 0.6
"""What is so much alike may well be meant."""
SURE = 0.75
"""What is so much alike, and nothing else is, is meant."""
_PARTLY = 0.65
"""How much two texts are alike at least when one is a part of the other, word for word."""
_SHARE = 0.4
"""So much of a text a part has to be for standing for the whole."""
_SHORTEST_PART = 3
_FEW = 10
"""In a list that is so short one letter may stand for a word."""
_OPPOSITES = frozenset(("no", "non", "not", "none", "without"))
"""Words that turn what they stand beside into something else."""
_LINKING = frozenset(("of", "the", "and"))
"""Words that have no part in initials."""
LONGEST = 300
"""Signs of texts that are compared; what is longer is no name that somebody mistyped."""
_RERANKED = 12
"""So many of the best by plain edits are looked at closely."""
_MOST_COMPARED = 8_000_000
"""Comparisons for names two slips away that a second allows; beyond them one slip has to do."""


@lru_cache(maxsize=65_536)
def folded(text: str) -> str:
    """Return what is left of a text without capitals, accents, separators and quotes, O and 0, l and 1 being the same."""
    plain = text if text.isascii() else unicodedata.normalize("NFKD", text)
    return "".join(filter(str.isalnum, plain.casefold())).translate(_ALIKE)


def cost(typed: str, meant: str) -> float:
    """Return how much went wrong between what was meant and what was typed: about one for each slip of the finger.

    Likely slips cost less: a separator for another one, capitals, O for 0, a letter typed twice, two swapped, a key beside
    the right one. A digit for another digit costs more, since that may well be another name.
    """
    from rapidfuzz.distance import OSA, Levenshtein

    if typed == meant:
        return 0.0
    operations = Levenshtein.editops(typed, meant)
    single = sum(_slip(op.tag, typed, op.src_pos, meant, op.dest_pos) for op in operations)
    swapped = OSA.distance(typed, meant)
    return min(single, 0.85 * swapped) if swapped < len(operations) else single


def _slip(tag: str, typed: str, at: int, meant: str, there: int) -> float:
    if tag == "replace":
        return _replaced(typed[at], meant[there])
    text, place = (typed, at) if tag == "delete" else (meant, there)
    sign, around = text[place], (*text[max(place - 1, 0) : place], *text[place + 1 : place + 2])
    if sign in _SEPARATORS or not sign.isalnum():
        return 0.6
    if sign in around:
        return 0.7
    if tag == "delete" and any(_are_neighbours(sign.casefold(), other.casefold()) for other in around):
        return 0.8
    return 1.1 if sign.isdigit() else 0.95


def _replaced(typed: str, meant: str) -> float:
    if typed.casefold() == meant.casefold():
        return 0.2
    if folded(typed) == folded(meant):  # accents and signs that look alike; two separators fold to nothing
        return 0.4
    if {typed.upper(), meant.upper()} in _LOOK_ALIKE:
        return 0.4
    if typed.isdigit() and meant.isdigit():
        return 1.2
    return 0.85 if _are_neighbours(typed.casefold(), meant.casefold()) else 1.0


def _are_neighbours(one: str, other: str) -> bool:
    first, second = _PLACES.get(one), _PLACES.get(other)
    if first is None or second is None:
        return False
    return abs(first[0] - second[0]) <= 1 and abs(first[1] - second[1]) <= 1


def likeness(value: str, choice: str) -> float:
    """Return how much a choice is like what was typed: 1 for the same, 0 for nothing in common."""
    if value == choice:
        return 1.0
    low, other = value.casefold(), choice.casefold()
    key, known = folded(value), folded(choice)
    alike = 1 - cost(low, other) / max(len(low), len(other), 1)
    if key and key == known:
        return max(alike, 0.97)
    if key and known and {key, known} in ({key, f"{key}s"}, {known, f"{known}s"}):
        return max(alike, 0.93)
    if (turned := set(_words(low)) ^ set(_words(other))) and turned <= _OPPOSITES:
        return 0.0
    return max(alike, _as_part(low, other), _as_initials(low, choice))


def _as_part(low: str, other: str) -> float:
    """How much texts are alike of which one holds the words of the other: USA: Boston, HiSeq2500 and Illumina HiSeq 2500."""
    words, wanted = _words(low), _words(other)
    typed, known = set(words), set(wanted)
    if not words or not wanted or (typed ^ known) & _OPPOSITES:
        return 0.0
    if len(low) >= _SHORTEST_PART and (typed < known or _holds(wanted, folded(low))):
        return _PARTLY + 0.2 * len(low) / len(other)
    if len(other) >= _SHORTEST_PART and _holds(words, folded(other)):
        aside = low.startswith(other) and low[len(other) :].lstrip()[:1] in (":", ",", ";", "(")
        share = len(other) / len(low)
        return _PARTLY + 0.08 * share if aside or share >= _SHARE else 0.0
    return 0.0


@lru_cache(maxsize=65_536)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORDS.findall(text.casefold()))


def _holds(words: Sequence[str], key: str) -> bool:
    """Tell whether some of these words, one after the other, are the folded text ``key``."""
    parts = [folded(word) for word in words]
    return any(
        "".join(parts[first:last]) == key for first in range(len(parts)) for last in range(first + 1, len(parts) + 1)
    )


def _as_initials(low: str, choice: str) -> float:
    """How much a text is like its initials, of which the last may be left out: United Kingdom and UK, United States and USA."""
    words, wanted = _words(low), _words(choice)
    if len(words) > 1 and len(wanted) == 1 and choice.isupper():
        initials = "".join(word[0] for word in words if word not in _LINKING)
        return 0.75 if initials == wanted[0] else _PARTLY if wanted[0][:-1] == initials else 0.0
    if len(wanted) > 1 and len(words) == 1 and len(low) > 1:
        return _PARTLY if low == "".join(word[0] for word in wanted if word not in _LINKING) else 0.0
    return 0.0


def scored(value: str, choices: Iterable[str], limit: int = 3) -> list[tuple[float, str]]:
    """Return the ``limit`` choices most like ``value`` with their likeness, the likest first; ties keep their order."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    known = list(choices)
    if len(value) > LONGEST:
        return [(0.0, choice) for choice in known[:limit]]
    # what is too long to be compared keeps its place and is like nothing
    short = [len(choice) <= LONGEST for choice in known]
    low = [choice.casefold() if fits else "" for choice, fits in zip(known, short, strict=True)]
    best = [i for _, _, i in process.extract(value.casefold(), low, scorer=OSA.normalized_similarity, limit=_RERANKED)]
    if len(known) > len(best):
        typed = value.casefold()
        compared = (i for i, fits in enumerate(short) if fits)
        rest = (i for i in compared if _may_be_part(typed, low[i]) or _as_initials(typed, known[i]))
        best += [i for i in islice(rest, 2 * _RERANKED) if i not in best]
    found = sorted((-likeness(value, known[i]) if short[i] else 0.0, i) for i in best)
    return [(-alike, known[i]) for alike, i in found[:limit]]


def _may_be_part(typed: str, low: str) -> bool:
    """Tell at little cost of most texts that they have nothing of each other."""
    key, known = folded(typed), folded(low)
    if not key or not known:
        return False
    return key in known or (len(known) >= _SHORTEST_PART and known in key) or all(word in low for word in _words(typed))


def nearest(value: str, choices: Iterable[str], limit: int = 3) -> list[str]:
    """Return the ``limit`` choices most like ``value``, the likest first; capitals don't count, ties keep their order."""
    return [choice for _, choice in scored(value, choices, limit)]


def likely(value: str, choices: Iterable[str], limit: int = 3) -> list[str]:
    """Return the choices that may well be meant by ``value``: at least 60 % alike; often none."""
    return [choice for alike, choice in scored(value, choices, limit) if alike >= LIKELY]


def meant(value: str, choices: Sequence[str], limit: int = 3) -> list[str]:
    """Return the ``limit`` choices nearest to ``value`` when the first of them may well be meant by it, else none.

    A choice is also meant by the letters that it alone begins with; none is by words that stand in more than ``limit``.
    """
    low = value.casefold()
    longer = (choice.casefold() for choice in choices if len(value) < len(choice) <= LONGEST)
    holding = (choice for choice in longer if _may_be_part(low, choice) and _as_part(low, choice))
    if len(list(islice(holding, limit + 1))) > limit:
        return []
    best = scored(value, choices, limit)
    near = [choice for _, choice in best]
    if best and best[0][0] >= LIKELY:
        return near
    begun = _begun(value, choices)
    return [begun, *(choice for choice in near if choice != begun)][:limit] if begun else []


def _begun(value: str, choices: Sequence[str]) -> str | None:
    """The only choice that begins with these letters: three at least, or one in a short list."""
    low = value.casefold()
    if low in _OPPOSITES or not (len(low) >= _SHORTEST_PART or (len(low) == 1 and len(choices) <= _FEW)):
        return None
    found = [choice for choice in choices if choice.casefold().startswith(low)]
    return found[0] if len(found) == 1 else None


def surely(value: str, choices: Iterable[str]) -> str | None:
    """Return the one choice that must be meant by ``value``: much like it, as no other is."""
    best = scored(value, choices, 2)
    if not best or best[0][0] < SURE:
        return None
    return best[0][1] if len(best) == 1 or best[0][0] - best[1][0] >= 0.04 else None


class Identifiers:
    """Defined identifiers, to be asked which of them a mistyped one may mean."""

    def __init__(self, names: Collection[str], liked: Mapping[str, float] | None = None) -> None:
        self._names, self._liked = names, liked or {}
        self._folded: dict[str, str] = {}
        for name in names:
            self._folded.setdefault(name.casefold(), name)
        self._keys: dict[str, list[str]] | None = None
        self._shorter: dict[str, list[str]] = {}
        self._skeletons: dict[str, list[str]] = {}
        self._near: dict[str, list[str]] = {}
        self._compared = 0
        self._answers: dict[tuple[str, bool], list[str]] = {}

    def same_but_capitals(self, value: str) -> str | None:
        """Return the identifier that differs from ``value`` in capitals alone."""
        return self._folded.get(value.casefold())

    def close(self, value: str, *, numbers: bool = True, limit: int = 3) -> list[str]:
        """Return up to three identifiers within a slip of the finger, the likest first.

        One letter added, left out, changed or two swapped counts one. Short names may differ by one, names from eight letters
        on by two where none differs by one; other separators, look-alikes and a missing ``lab:`` in front count nothing. Names
        that differ in numbers alone may differ by one: sample-99 isn't a slip for sample-101. Without ``numbers`` they aren't
        a slip at all: sample-2 is another one than sample-1. Of equally near ones those that are liked more come first.
        """
        if (value, numbers) not in self._answers:
            self._answers[value, numbers] = self._ranked(value, numbers=numbers)[:_RERANKED]
        return self._answers[value, numbers][:limit]

    def _ranked(self, value: str, *, numbers: bool) -> list[str]:
        if self._keys is None:
            self._keys = self._prepared()
        key = folded(value)
        alike = self._keys.get(key, []) if key else []
        if len(value) > LONGEST:
            return sorted(alike)
        near = {name: cost(value, name) for name in self._one_slip(value, numbers=numbers)}
        near |= {name: min(cost(value, name), 0.5) for name in alike}
        if not near and len(value) >= 8:
            near = {name: cost(value, name) for name in self._two_slips(value)}
        return sorted(near, key=lambda name: (round(near[name], 2), -self._liked.get(name, 0), name))

    def _prepared(self) -> dict[str, list[str]]:
        keys: dict[str, list[str]] = {}
        for name in self._names:
            keys.setdefault(folded(name), []).append(name)
            if len(name) > LONGEST:
                continue
            prefix, colon, own = name.partition(":")
            if colon and prefix:
                keys.setdefault(folded(own), []).append(name)
            for shorter in _without_one(name):
                self._shorter.setdefault(shorter, []).append(name)
            self._skeletons.setdefault(_skeleton(name), []).append(name)
        return keys

    def _one_slip(self, value: str, *, numbers: bool) -> list[str]:
        """The names one slip away: without one of their letters both are the same, or one is the other."""
        from rapidfuzz.distance import OSA

        near = {name for shorter in _without_one(value) for name in self._shorter.get(shorter, ())}
        skeleton = _skeleton(value)
        return [n for n in near if OSA.distance(value, n) <= 1 and (numbers or _skeleton(n) != skeleton)]

    def _two_slips(self, value: str) -> list[str]:
        """The names two slips away that differ in more than their numbers."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        skeleton = _skeleton(value)
        if skeleton not in self._near and self._compared < _MOST_COMPARED:
            self._compared += len(self._skeletons)
            found = process.extract(skeleton, list(self._skeletons), scorer=OSA.distance, score_cutoff=4, limit=None)
            self._near[skeleton] = [name for name, _, _ in found if name != skeleton]
        pool = [name for near in self._near.get(skeleton, ()) for name in self._skeletons[near]]
        if self._compared > _MOST_COMPARED:
            return []
        self._compared += len(pool)
        scores: Sequence[tuple[str, int, int]] = process.extract(
            value, pool, scorer=OSA.distance, score_cutoff=2, limit=10
        )
        return [name for name, _, _ in scores]


def _without_one(text: str) -> set[str]:
    """The text, and all that is left of it without one of its letters."""
    return {text, *(text[:i] + text[i + 1 :] for i in range(len(text)))}


def _skeleton(text: str) -> str:
    """A name's form: its numbers don't count."""
    return _DIGITS.sub("0", text)
