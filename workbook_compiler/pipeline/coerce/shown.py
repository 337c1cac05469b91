"""What a spreadsheet program shows for a cell: the text a person believes to have typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from workbook_compiler.pipeline.read.cells import CellError, NoResult, Styled

_TOKENS = re.compile(r'"([^"]*)"|\\(.)|\[[^\]]*\]|_.|\*.|([#0?.,%]+(?:E[+-]0+)?)|(.)', re.IGNORECASE | re.DOTALL)
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.', re.DOTALL)
_RARE = re.compile(r"general|\?/\?|\[[<>=]|[0#?],+(?![0#?,])", re.IGNORECASE)
"""Fractions, conditions, and a comma that divides by a thousand."""
_PLACES = frozenset("#0?")


def plain(number: float) -> str:
    """Return a number's digits as Excel keeps them: 15 significant ones, no exponent, no trailing ``.0``."""
    if abs(number) < 1e15 and number == int(number):
        return str(int(number))
    text = format(Decimal(f"{number or 0:.15g}"), "f")  # no minus before zero
    return text.rstrip("0").rstrip(".") if "." in text else text


def zero_padded(code: str) -> bool:
    """Tell whether a number format does nothing but add zeros in front: ``00000``."""
    return re.fullmatch(r"0{2,}", code) is not None


def shown(value: Any) -> str:
    """Return what a cell shows, as far as its type and number format tell."""
    if isinstance(value, Styled):
        return value.shown or formatted(value.number, value.format)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return plain(value) if abs(value) < 1e15 else f"{value:.5E}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("seconds")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return value.text if isinstance(value, CellError) else "" if isinstance(value, NoResult) else str(value)


def formatted(number: float, code: str) -> str:
    """Return a number as its format shows it: digits, decimals, thousands, per cent, exponent and literal text.

    Fractions, conditions and other rare codes come out as the plain number: the text is for a message, never for a value.
    """
    if _RARE.search(_LITERAL.sub("", code)):
        return plain(number)
    sections = code.split(";")
    negative = number < 0 and len(sections) > 1 and sections[1] != ""
    section = sections[1] if negative else sections[2] if number == 0 and len(sections) > 2 else sections[0]
    magnitude, out = abs(number), "-" if number < 0 and not negative else ""
    masks = [match[3] for match in _TOKENS.finditer(section) if match[3] and set(match[3]) & _PLACES]
    if len(masks) < 2:
        texts = [_digits(magnitude, mask, percent="%" in _LITERAL.sub("", section)) for mask in masks]
    elif all(set(mask) <= _PLACES for mask in masks):
        texts = _spread(magnitude, masks)
    else:
        return plain(number)
    for match in _TOKENS.finditer(section):
        own = match[3] and set(match[3]) & _PLACES
        out += texts.pop(0) if own else match[1] or match[2] or match[3] or match[4] or ""
    return out.strip() or plain(number)


def _spread(number: float, masks: Sequence[str]) -> list[str]:
    """Digits over several groups, filled from the right: ``000-0000``."""
    rounded = Decimal(repr(number)).to_integral_value(ROUND_HALF_UP)
    digits = format(rounded, "f").zfill(sum(mask.count("0") for mask in masks))
    groups: list[str] = []
    for mask in reversed(masks[1:]):
        groups.insert(0, digits[-len(mask) :])
        digits = digits[: -len(mask)]
    return [digits, *groups]


def _digits(number: float, mask: str, *, percent: bool) -> str:
    exponent = re.search(r"E[+-]0+", mask, re.IGNORECASE)
    decimals = len(re.findall(r"[0#?]", (mask[: exponent.start()] if exponent else mask).partition(".")[2]))
    if exponent:
        return f"{number:.{decimals}E}"
    value = Decimal(repr(number)) * (100 if percent else 1)
    value = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) if abs(value) < Decimal("1e20") else value
    whole, _, rest = format(value, ",f" if "," in mask else "f").partition(".")
    wanted = mask.partition(".")[0].count("0")
    rest = rest if "0" in mask.partition(".")[2] else rest.rstrip("0")
    return whole.zfill(wanted) + (f".{rest}" if rest else "") + ("%" if "%" in mask else "")
