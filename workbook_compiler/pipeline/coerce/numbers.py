"""Numbers, whole numbers, and yes or no."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any, NoReturn

from workbook_compiler.model.codes import values
from workbook_compiler.model.diagnostics import Code
from workbook_compiler.model.schema import Kind, Property
from workbook_compiler.pipeline.coerce.reading import Reader, Result, bad, good, is_wrong, note, value_of
from workbook_compiler.pipeline.coerce.shown import plain, shown
from workbook_compiler.pipeline.coerce.text import MAX_DIGITS, not_listed
from workbook_compiler.pipeline.read.cells import Styled

_WHOLE = re.compile(r"[+-]?\d+(?:\.0+)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s?%", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([, '_\u202f])\d{3}(?:\1\d{3})*(?:\.\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_POINTS = re.compile(r"[+-]?\d{1,3}\.\d{3}(?:,\d+)?|[+-]?\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?", re.ASCII)
_COMMA_PERCENT = re.compile(r"([+-]?\d+,\d+)\s?%", re.ASCII)
_WITH_UNIT = re.compile(r"[~<>≈=]*\s*([+-]?\d+(?:\.\d+)?)\s*[^\d\s.,][^\d]*", re.ASCII)
_WORDS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
        " seventeen eighteen nineteen twenty".split()
    )
}
SMALLEST, LARGEST = -(2**63), 2**64 - 1
"""Whole numbers that fit in 64 bits: JSON is written with no others, and few programs read more."""
MOST_SIGNS = 400
"""No number that can be sent has as many, and Python won't turn thousands of digits into one."""
TRUE_WORDS = frozenset(("true", "t", "yes", "y", "1"))
FALSE_WORDS = frozenset(("false", "f", "no", "n", "0"))


def number_reader(prop: Property) -> Reader:
    """Return the reader of a number or whole-number property."""
    whole = prop.kind is Kind.INTEGER
    free = not prop.choices and prop.minimum is None and prop.maximum is None

    def read(raw: Any) -> Result:
        result = (_whole if whole else _number)(raw)
        checked = result if free or is_wrong(result) else _in_range(prop, result)
        return checked if is_wrong(checked) or can_be_sent(value_of(checked)) else bad(values.NUM07)

    return read


def can_be_sent(value: Any) -> bool:
    """Tell whether a value can stand in a message: of whole numbers and fractions, one that isn't too large."""
    if isinstance(value, int):
        return SMALLEST <= value <= LARGEST
    return not isinstance(value, float) or math.isfinite(value)


class TooLargeError(ValueError):
    """JSON holds a number that can't be sent; the argument is its text."""


def from_json(text: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Return the value that JSON text stands for; ``pairs`` makes its objects.

    Raises TooLargeError for a number that can't be sent on, ValueError for any other text that isn't JSON. Python itself takes
    all numbers, reads 1e999 as infinite, and knows words for what is no number.
    """
    return json.loads(text, parse_int=_inside, parse_float=_inside, parse_constant=_refuse, object_pairs_hook=pairs)


def _inside(text: str) -> float:
    value = (int if text.lstrip("-").isdecimal() else float)(text) if len(text) < MOST_SIGNS else math.inf
    if not can_be_sent(value):
        raise TooLargeError(text)
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"“{word}” is no number")


def boolean_reader(_prop: Property) -> Reader:
    """Return the reader of a yes-or-no property: TRUE, yes, T, 1 and their opposites."""

    def read(raw: Any) -> Result:
        if isinstance(raw, bool):
            return good(raw)
        text = shown(raw.number if isinstance(raw, Styled) else raw).casefold()
        if text in TRUE_WORDS or text in FALSE_WORDS:
            return good(text in TRUE_WORDS)
        return bad(values.BOO01, value=shown(raw))

    return read


def _whole(raw: Any) -> Result:
    number = raw.number if isinstance(raw, Styled) else raw
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, int) and not isinstance(number, bool):
        lost = isinstance(raw, Styled | float) and abs(number) >= 10**MAX_DIGITS
        seen = shown(raw)
        said = [note(values.NUM03, shown=seen, value=str(number))] if seen.endswith("%") else []
        return good(number, *said, *([note(values.NUM05, value=str(number))] if lost else []))
    if isinstance(number, float) and math.isfinite(number):
        seen = shown(raw)
        if seen.endswith("%"):
            return bad(values.NUM01, seen.rstrip("% "))
        return bad(values.NUM01, *_around(number))
    if isinstance(number, str) and _WHOLE.fullmatch(number) and not _POINTS.fullmatch(number):
        return _without_zeros(number)
    return _refused(values.NUM01, number, whole=True)


def _without_zeros(text: str) -> Result:
    if len(text) >= MOST_SIGNS:
        return bad(values.NUM07)
    value = int(text.partition(".")[0])
    padded = text.lstrip("+-").startswith("0") and value != 0
    return good(value, note(values.NUM06, value=text, sent=str(value))) if padded else good(value)


def _number(raw: Any) -> Result:
    if isinstance(raw, Styled):
        value = _tidy(raw.number)
        seen = shown(raw)
        return good(value, note(values.NUM03, shown=seen, value=str(value))) if seen.endswith("%") else good(value)
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return _refused(values.NUM02, raw, whole=False)
    if not isinstance(raw, str):
        return good(_tidy(raw)) if raw == raw else bad(values.NUM02)  # what is no number differs from itself
    percent = _PERCENT.fullmatch(raw)
    if percent:
        value = _tidy(float(percent[1]) / 100)
        return good(value, note(values.NUM03, shown=raw, value=str(value)))
    if _WHOLE.fullmatch(raw):
        return _without_zeros(raw)
    if _DECIMAL.fullmatch(raw):
        return good(_tidy(float(raw)))
    return _refused(values.NUM02, raw, whole=False)


def _tidy(number: float) -> float:
    """Whole numbers are written without a point, as they were typed."""
    return int(number) if abs(number) < 10**MAX_DIGITS and number == int(number) else number


def _refused(code: Code, raw: Any, *, whole: bool) -> Result:
    if isinstance(raw, bool):
        return bad(code, "1" if raw else "0")
    return bad(code, *_likely(shown(raw), whole=whole))


def _likely(text: str, *, whole: bool) -> list[str]:
    """The numbers that were probably meant: ``1,000``, ``5,7``, ``1e3``, ``five``, ``12 min``, full-width digits.

    ``1.000`` is a thousand in one country and one in another; ``5.7`` where whole numbers are asked for is 6 or 5.
    """
    text = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    if text.casefold() in _WORDS:
        return [_WORDS[text.casefold()]]
    if _POINTS.fullmatch(text):
        whole_part, _, decimals = text.partition(",")
        thousands = whole_part.replace(".", "")
        return [f"{thousands}.{decimals}"] if decimals else [thousands, str(int(float(text)))]
    candidate = None
    if _GROUPED.fullmatch(text):
        candidate = re.sub(r"[, '_]", "", text)
    elif _DECIMAL_COMMA.fullmatch(text):
        candidate = text.replace(",", ".")
    elif _DECIMAL.fullmatch(text.replace("_", "")):
        candidate = text.replace("_", "")
    elif match := _COMMA_PERCENT.fullmatch(text):
        candidate = str(float(match[1].replace(",", ".")) / 100)
    elif match := _WITH_UNIT.fullmatch(text):
        candidate = match[1] if not whole or float(match[1]).is_integer() else None  # 1.2 GB isn't a number near 1
    if candidate is None or not math.isfinite(float(candidate)):
        return []
    number = float(candidate)
    if whole and not number.is_integer():
        return _around(number)
    return [plain(number)]


def _around(number: float) -> list[str]:
    """The whole numbers on both sides, the nearer one first."""
    return [str(n) for n in sorted((math.floor(number), math.ceil(number)), key=lambda n: abs(n - number))]


def _in_range(prop: Property, result: Result) -> Result:
    value = value_of(result)
    if prop.choices and value not in prop.choices:
        return not_listed(str(value), {str(choice): choice for choice in prop.choices})
    low, high = prop.minimum, prop.maximum
    if (low is None or value >= low) and (high is None or value <= high):
        return result
    words = f"from {low:g} to {high:g}" if low is not None and high is not None else ""
    words = words or (f"from {low:g} on" if low is not None else f"up to {high:g}")
    return bad(values.NUM04, range=words)
