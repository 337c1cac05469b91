"""Text, lists of choices, and the form a text must have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from workbook_compiler.model.codes import cells, texts
from workbook_compiler.model.diagnostics import count
from workbook_compiler.model.patterns import is_affordable
from workbook_compiler.model.schema import Kind, Property
from workbook_compiler.nearest import likely, meant
from workbook_compiler.pipeline.coerce.form import example_for, wrong_form
from workbook_compiler.pipeline.coerce.reading import (
    Finding,
    Reader,
    Reading,
    Result,
    also,
    bad,
    findings_of,
    good,
    is_wrong,
    note,
    value_of,
)
from workbook_compiler.pipeline.coerce.shown import plain, shown, zero_padded
from workbook_compiler.pipeline.read.cells import Styled

SHORT_TEXT = 1000
"""Any pattern that is kept at all is quick on a text of so many characters."""
ALL_SHOWN = 5
"""So many words of a list are told where none of them is meant; of a longer one three."""
MAX_DIGITS = 15
"""Excel keeps as many digits of a number and replaces the rest by zeros."""
_TOO_LONG = 10**MAX_DIGITS
_MONTHS = dict(enumerate(["JAN", "FEB", "MARCH", "APR", "MAY", "JUN", "JUL", "AUG", "SEPT", "OCT", "NOV", "DEC"], 1))

FORMS = {
    "email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "name@university.edu"),
    "uri": (r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", "https://www.example.org/page"),
    "uuid": (r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}", "0f1c9a52-7d3e-4b68-9a10-2f6e8c4d7b35"),
    "hex": (r"[0-9A-Fa-f]+", "9a0364b9e99bb480dd25e1f0284c8555"),
    "md5sum": (r"[0-9A-Fa-f]{32}", "9a0364b9e99bb480dd25e1f0284c8555"),
}
"""Named forms that are checked here; all other names (``accession``, ``phone`` …) are left to the portal."""


def reader(prop: Property) -> Reader:
    """Return the reader of a text or link property."""
    check = _choice_check(prop) if prop.choices else _form_check(prop)
    pattern = None if prop.choices else _patterns(prop)[0]

    def read(raw: Any) -> Result:
        if raw.__class__ is str:
            return check(raw)
        if pattern is not None and isinstance(raw, date):
            return bad(cells.TXT01, *_in_form(raw, pattern))
        text = as_text(raw)
        if text.__class__ is str:
            return check(text)
        return text if is_wrong(text) else also(check(value_of(text)), *findings_of(text))

    return read


def keeps(prop: Property) -> Callable[[Sequence[str]], bool]:
    """Return the function that tells of texts without outer spaces whether each is its own value, nothing to be said."""
    if prop.choices:
        return frozenset(choice for choice in prop.choices if isinstance(choice, str)).issuperset
    pattern, named = _patterns(prop)
    low, high = prop.min_length or 0, min(prop.max_length if prop.max_length is not None else SHORT_TEXT, SHORT_TEXT)

    def keeps(texts: Sequence[str]) -> bool:
        if (pattern or named or low or prop.max_length is not None) and texts:
            lengths = set(map(len, texts))
            if min(lengths) < low or max(lengths) > high:
                return False
        return all(map(pattern.search, texts) if pattern else ()) and all(map(named.match, texts) if named else ())

    return keeps


def _patterns(prop: Property) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """The property's own pattern, and that of its named form."""
    form, _ = FORMS.get(prop.format or "", (None, ""))
    named = re.compile(rf"(?:{form})\Z", re.ASCII) if form is not None and prop.kind is Kind.TEXT else None
    return _compiled(prop.pattern) if prop.pattern is not None else None, named


def as_text(raw: Any) -> Result:
    """Return the text a cell shows, or why it isn't the text that was typed."""
    if raw.__class__ is str:
        return raw
    if raw.__class__ is int or raw.__class__ is float:
        return bad(cells.TXT02) if abs(raw) >= _TOO_LONG else plain(raw)
    if isinstance(raw, bool):
        sent = "TRUE" if raw else "FALSE"
        return good(sent, note(cells.TXT04, sent=sent))
    if isinstance(raw, Styled):
        return _styled(raw)
    if isinstance(raw, time | timedelta):
        text = shown(raw)
        return bad(cells.TXT06, text.removeprefix("0").removesuffix(":00"), text)
    return bad(cells.TXT01, *_before_excel(raw))


def _styled(raw: Styled) -> Result:
    if abs(raw.number) >= _TOO_LONG:
        return bad(cells.TXT02)
    if zero_padded(raw.format) and raw.number == int(raw.number) and raw.number >= 0:
        return good(shown(raw))
    if raw.shown is not None and re.fullmatch(r"0\d+", raw.shown) and int(raw.shown) == raw.number:
        return good(raw.shown)
    value, seen = plain(raw.number), shown(raw)
    return good(value) if value == seen else good(value, note(cells.TXT03, shown=seen, value=value))


def _in_form(day: date, pattern: re.Pattern[str]) -> tuple[str, ...]:
    """What may have been typed for a date where texts have a form: what has it, the date itself among them."""
    likely = (day.isoformat()[:10], *_before_excel(day))
    return tuple(text for text in likely if pattern.search(text)) or _before_excel(day)


def _before_excel(day: date) -> tuple[str, ...]:
    """The two texts that Excel most often turns into this date: a gene's name, and two numbers."""
    if isinstance(day, datetime) and day.time() != time():
        return (shown(day),)
    return f"{_MONTHS[day.month]}{day.day}", f"{day.month}-{day.day}"


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _choice_check(prop: Property) -> Callable[[str], Result]:
    listed = {str(choice): choice for choice in prop.choices}
    folded = {_folded(text): text for text in reversed(listed)}
    of_today = [text for text, choice in listed.items() if choice not in prop.retired] or listed

    def check(text: str) -> Result:
        if text in listed:
            return good(listed[text])
        same = folded.get(_folded(text))
        if same is not None:
            return good(listed[same], note(texts.ENU02, value=text, sent=same))
        return not_listed(text, of_today)

    return check


def not_listed(text: str, listed: Collection[str]) -> Reading:
    """Return the reading of a value that a fixed list doesn't hold, with the three nearest if one of them may be meant."""
    known = list(listed)
    close = meant(text, known)
    near = close or likely(text, known)
    shown = near or known[: ALL_SHOWN if len(known) <= ALL_SHOWN else 3]
    more = len(known) - len(shown)
    words = ", ".join(f"“{choice}”" if "," in choice else choice for choice in shown)
    tail = f"{words} (and {more} more)." if more else f"{words}."
    intro = "Allowed" if not more else "Nearest" if near else "It takes"
    return bad(texts.ENU01, *close, value=text, nearest=f"{intro}: {tail}")


def _form_check(prop: Property) -> Callable[[str], Result]:
    pattern, named = _patterns(prop)
    example = example_for(prop) if pattern else FORMS.get(prop.format or "", (None, ""))[1]
    measured = bool(prop.min_length or prop.max_length is not None)

    def check(text: str) -> Result:
        if (pattern and not _fits(pattern, text)) or (named and not named.match(text)):
            return wrong_form(prop, text, example)
        problem = _length_problem(prop, text) if measured else None
        return Reading(findings=(problem,)) if problem else text

    return check if pattern or named or measured else _as_it_is


def _fits(pattern: re.Pattern[str], text: str) -> bool:
    """A long text isn't tried on a pattern that would take minutes over it; the portal will say."""
    tried = len(text) <= SHORT_TEXT or is_affordable(pattern.pattern, text)
    return not tried or pattern.search(text) is not None


def _as_it_is(text: str) -> str:
    return text


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Portals write ECMAScript patterns; one that Python doesn't know is left to the portal."""
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _length_problem(prop: Property, text: str) -> Finding | None:
    low, high = prop.min_length or 0, prop.max_length
    if len(text) >= low and (high is None or len(text) <= high):
        return None
    allowed = (
        f"{low} to {count(high, 'character')}" if high is not None and low
        else f"at most {count(high, 'character')}" if high is not None
        else f"at least {count(low, 'character')}"
    )  # fmt: skip
    return note(texts.TXT08, range=allowed, length=len(text))
