"""In step 5: what a spreadsheet program made of a text, undone by what the other cells of its column look like.

A date may have been SEPT2 or 2-3, a number may have lost the zeros in front of it: the column's other values tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from workbook_compiler.model.codes import cells, texts
from workbook_compiler.model.schema import Kind, Property
from workbook_compiler.pipeline.coerce import ReadColumn
from workbook_compiler.pipeline.coerce.reading import Finding, Reader, Reading, also, is_wrong
from workbook_compiler.pipeline.coerce.shown import plain
from workbook_compiler.pipeline.read.cells import Styled

_MONTHS = (
    ("JAN", "JANUARY"), ("FEB", "FEBRUARY"), ("MARCH", "MAR"), ("APR", "APRIL"), ("MAY",), ("JUN", "JUNE"), ("JUL", "JULY"),
    ("AUG", "AUGUST"), ("SEPT", "SEP", "SEPTEMBER"), ("OCT", "OCTOBER"), ("NOV", "NOVEMBER"), ("DEC", "DECEMBER"),
)  # fmt: skip
_EXPONENT = re.compile(r"\d+E\d+", re.IGNORECASE)
_ENOUGH = 5
"""So many texts of one form at least show what a column holds."""
_USUAL = 0.05
"""A form that so many texts of a column have is one that was typed."""
_NUMBERS = {int, float}


def undone(prop: Property, raw: Sequence[Any], read: ReadColumn, reader: Reader) -> None:
    """Add to what is said of a text column's cells what was likely typed there, where its other cells tell.

    What the column's own ``reader`` wouldn't take isn't added.
    """
    leaf = prop.leaf
    if leaf.kind not in (Kind.TEXT, Kind.LINK) or not (read.remarks or _NUMBERS & set(map(type, raw))):
        return
    typed = Counter(cell for cell in raw if isinstance(cell, str) and cell)
    for i, reading in read.remarks.items():
        if any(finding.code in (cells.TXT01, cells.TXT02) for finding in reading.findings):
            found = _likely(raw[i], typed, [str(choice) for choice in leaf.choices])
            likely = [text for text in found if not is_wrong(reader(text))]
            read.remarks[i] = reading._replace(findings=tuple(_with(f, likely) for f in reading.findings))
    width = _width(typed) if prop.kind in (Kind.TEXT, Kind.LINK) and not leaf.choices else None
    if width is not None:
        _without_zeros(raw, read, width)


def _with(finding: Finding, likely: Sequence[str]) -> Finding:
    return (
        finding._replace(suggestions=tuple(dict.fromkeys((*likely, *finding.suggestions)))[:3]) if likely else finding
    )


def _likely(raw: Any, typed: Counter[str], choices: Sequence[str]) -> list[str]:
    """What was typed, as the column's other values look like it; the likest first."""
    known = [*typed, *choices]
    folded = {text.casefold(): text for text in reversed(known)}
    forms = Counter(_form(text) for text in typed.elements())
    total = sum(forms.values())
    scored = []
    for place, text in enumerate(dict.fromkeys(_before(raw))):
        same = folded.get(text.casefold())
        share = forms[_form(text)] / total if total else 0
        if same is not None or (share >= _USUAL and not choices):
            scored.append((same is None, -share, place, same or text))
    return [text for *_, text in sorted(scored)]


def _form(text: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "a", text))


def _before(raw: Any) -> Iterator[str]:
    """The texts that a spreadsheet program turns into this date or number."""
    number = raw.number if isinstance(raw, Styled) else raw
    if isinstance(number, date) and (not isinstance(number, datetime) or number.time() == time()):
        month, day = number.month, number.day
        for name in _MONTHS[month - 1]:
            yield from (f"{name}{day}", f"{name}-{day}")
        for sign in "-/.":
            yield from (f"{month}{sign}{day}", f"{day}{sign}{month}")
        yield from (f"{month}-{number.year % 100}", f"{number.isoformat()[:10]}")
    elif isinstance(number, int | float) and not isinstance(number, bool) and number == number // 1:
        digits = plain(number)
        bare = digits.rstrip("0")
        if _EXPONENT.fullmatch(f"{bare}E{len(digits) - len(bare)}"):
            yield f"{bare}E{len(digits) - len(bare)}"


def _width(typed: Counter[str]) -> int | None:
    """How many digits all texts of a column have, some with zeros in front."""
    widths = Counter(len(text) for text in typed.elements() if text.isdecimal())
    (width, count), *_ = widths.most_common(1) or [(0, 0)]
    padded = any(text.startswith("0") and text.isdecimal() for text in typed)
    return width if padded and count >= max(_ENOUGH, 0.9 * typed.total()) else None


def _without_zeros(raw: Sequence[Any], read: ReadColumn, width: int) -> None:
    numbers = {i: str(int(cell)) for i, cell in enumerate(raw)
               if type(cell) in _NUMBERS and 0 <= cell < 10**width and cell == int(cell)}  # fmt: skip
    if 2 * len(numbers) > len(raw):
        return
    for i, digits in numbers.items():
        if len(digits) < width and not is_wrong(read.remarks.get(i)):
            padded = digits.zfill(width)
            said = Finding(texts.TXT10, {"length": width, "sent": digits, "padded": padded}, (padded,), digits)
            result = also(read.remarks.get(i, read.values[i]), said)
            read.remarks[i] = result if result.__class__ is Reading else Reading(result)
