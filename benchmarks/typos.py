"""Slips of the finger, as people make them: a key beside the right one, a letter too few, too many, or two swapped."""

from __future__ import annotations

import random
import string

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_ALIKE = {"0": "O", "O": "0", "1": "l", "l": "1", "I": "l", "5": "S", "S": "5"}
_SEPARATORS = "_-. "


def beside(sign: str, rng: random.Random) -> str:
    """Return a key next to this one, a capital where it is one; any letter where there is none."""
    for number, row in enumerate(_ROWS):
        place = row.find(sign.lower())
        if place >= 0:
            near = [row[p] for p in (place - 1, place + 1) if 0 <= p < len(row)]
            for other in (number - 1, number + 1):
                near += _ROWS[other][max(place - 1, 0) : place + 1] if 0 <= other < len(_ROWS) else ""
            found = rng.choice(near)
            return found.upper() if sign.isupper() else found
    return rng.choice(string.ascii_lowercase)


def _substituted(text: str, at: int, rng: random.Random) -> str:
    sign = beside(text[at], rng) if rng.random() < 0.7 else rng.choice(string.ascii_lowercase)
    return text[:at] + sign + text[at + 1 :]


def _inserted(text: str, at: int, rng: random.Random) -> str:
    sign = text[at] if rng.random() < 0.4 else beside(text[at], rng)
    return text[:at] + sign + text[at:]


def _deleted(text: str, at: int, _rng: random.Random) -> str:
    return text[:at] + text[at + 1 :]


def _swapped(text: str, at: int, _rng: random.Random) -> str:
    return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]


def slip(text: str, rng: random.Random) -> str:
    """Return the text with one slip; with two, now and then, where it is long."""
    for _ in range(2 if len(text) >= 10 and rng.random() < 0.12 else 1):
        text = rng.choice((_substituted, _inserted, _deleted, _swapped))(text, rng.randrange(len(text)), rng)
    return text.strip()


def look_alike(text: str, rng: random.Random) -> str:
    """Return the text with a letter for a digit that looks like it, or the other way round."""
    places = [i for i, sign in enumerate(text) if sign in _ALIKE]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + _ALIKE[text[at]] + text[at + 1 :]


def other_separator(text: str, rng: random.Random) -> str:
    """Return the text with another separator for one of its own: a space for an underscore."""
    places = [i for i, sign in enumerate(text) if sign in _SEPARATORS and 0 < i < len(text) - 1]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + rng.choice([sign for sign in _SEPARATORS if sign != text[at]]) + text[at + 1 :]


def from_word_processor(text: str, rng: random.Random) -> str:
    """Return the text as it comes back from Word or a web page: a dash, a no-break space, a point at its end, quotes."""
    changed = [text + ".", f"“{text}”", text + ",."[rng.randrange(2)] * 2]
    if "-" in text:
        changed += [text.replace("-", "–", 1)] * 2
    if " " in text:
        changed += [text.replace(" ", "\u00a0", 1)] * 2
    return rng.choice(changed)
