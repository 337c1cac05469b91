"""What a spreadsheet program shows for a cell: the text a person believes to have typed."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from workbook_compiler.pipeline.read.cells import CellError, NoResult, Styled

_TOKENS = re.compile(r'"([^"]*)"|\\(.)|\[[^\]]*\]|_.|\*.|([#0?.,%]+(?:E[+-]0+)?)|(.)', re.IGNORECASE | re.DOTALL)


def plain(number: float) -> str:
    """Return a number's digits as Excel keeps them: 15 significant ones, no exponent, no trailing ``.0``."""
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
    sections = code.split(";")
    negative = number < 0 and len(sections) > 1 and sections[1] != ""
    section = sections[1] if negative else sections[0]
    if "?/?" in section or "general" in section.lower():
        return plain(number)
    magnitude, out = abs(number), "-" if number < 0 and not negative else ""
    for match in _TOKENS.finditer(section):
        if match[3] is not None:
            out += _digits(magnitude, match[3], section)
        else:
            out += match[1] or match[2] or match[4] or ""
    return out.strip() or plain(number)


def _digits(number: float, mask: str, section: str) -> str:
    if not set(mask) & set("#0?"):
        return mask if mask != "%" else "%"
    exponent = re.search(r"E[+-]0+", mask, re.IGNORECASE)
    decimals = len(re.findall(r"[0#?]", (mask[: exponent.start()] if exponent else mask).partition(".")[2]))
    if exponent:
        return f"{number:.{decimals}E}"
    value = Decimal(repr(number)) * (100 if "%" in section else 1)
    value = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) if abs(value) < Decimal("1e20") else value
    whole, _, rest = format(value, ",f" if "," in mask else "f").partition(".")
    wanted = mask.partition(".")[0].count("0")
    rest = rest if "0" in mask.partition(".")[2] else rest.rstrip("0")
    return whole.zfill(wanted) + (f".{rest}" if rest else "") + ("%" if "%" in mask else "")
