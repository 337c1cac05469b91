"""Dates and times. Only year, month, day is read alike everywhere, so nothing else is taken without asking."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from workbook_compiler.model.codes import values
from workbook_compiler.model.schema import Kind, Property
from workbook_compiler.pipeline.coerce.reading import Reader, Reading, Result, bad, good, is_wrong
from workbook_compiler.pipeline.coerce.shown import shown
from workbook_compiler.pipeline.read.cells import Styled

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s?(Z|[+-]\d{2}:?\d{2})?", re.ASCII | re.I
)
_MOMENT = "year, month, day and time: 2024-03-01 14:30"
_CLOCK = re.compile(r"(?:^|\s)(\d{1,2}):(\d{2})(?::(\d{2}))?$", re.ASCII)
_NUMBERS = re.compile(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{2}|\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/. -]?(\d{1,2})[/. -]?(\d{1,2})", re.ASCII)
_WORDY = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y", "%Y %B %d", "%Y %b %d")
_EPOCHS = (date(1899, 12, 30), date(1904, 1, 1))
"""Day 0 of Excel's two date systems (for days after February 1900)."""
_SERIALS = range(10_000, 80_000)
"""Numbers that are days between 1927 and 2119; others are more likely something else."""


def reader(prop: Property) -> Reader:
    """Return the reader of a date, date-time, or date-or-date-time property."""
    with_date = prop.kind in (Kind.DATE, Kind.DATE_OR_TIME)
    with_time = prop.kind in (Kind.DATE_TIME, Kind.DATE_OR_TIME)

    def read(raw: Any) -> Result:
        result = _read(raw, with_date=with_date, with_time=with_time)
        return result if with_date or not is_wrong(result) else _asking_for_a_moment(result)

    return read


def _read(raw: Any, *, with_date: bool, with_time: bool) -> Result:
    value = raw.number if isinstance(raw, Styled) else raw
    if isinstance(value, datetime):
        return _moment(value, with_date=with_date, with_time=with_time)
    if isinstance(value, date):
        return good(value.isoformat()) if with_date else _needs_time(value)
    if isinstance(value, str):
        return _text(value, with_date=with_date, with_time=with_time)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, with_date=with_date, with_time=with_time)
    return bad(values.DAT01)


def _asking_for_a_moment(result: Reading) -> Reading:
    found = (f._replace(context={"form": _MOMENT, **f.context}) for f in result.findings)
    return result._replace(findings=tuple(found))


def _moment(value: datetime, *, with_date: bool, with_time: bool) -> Result:
    value = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
    if with_time:
        return good(value.isoformat() + "Z")
    return _day_of(value, shown(value)) if with_date else bad(values.DAT01)


def _day_of(value: datetime, typed: str) -> Result:
    day = value.date().isoformat()
    return good(day) if value.time() == time() else bad(values.DAT04, day, value=typed)


def _needs_time(day: date) -> Result:
    return bad(values.DAT05, f"{day.isoformat()}T00:00:00Z")


def _text(text: str, *, with_date: bool, with_time: bool) -> Result:
    match = _DATE_TIME.fullmatch(text)
    if match:
        return _text_moment(match, with_time=with_time)
    if _DATE.fullmatch(text):
        day = _day(text)
        if day is not None:
            return good(text) if with_date else _needs_time(day)
    if re.fullmatch(r"\d{5}(\.\d+)?", text, re.ASCII):
        return _number(float(text), with_date=with_date, with_time=with_time)
    clock = _CLOCK.search(text) if with_time else None
    days = _other_orders(text[: clock.start()].strip() if clock else text)
    moment = f"T{clock[1]:0>2}:{clock[2]}:{clock[3] or '00'}Z" if clock else "" if with_date else "T00:00:00Z"
    readings = [day.isoformat() + moment for day in days]
    trouble = {"trouble": "can be read in more than one way"} if len(readings) > 1 else {}
    return bad(values.DAT02, *readings, **trouble) if readings else bad(values.DAT01)


def _text_moment(match: re.Match[str], *, with_time: bool) -> Result:
    clock, zone = match[2], (match[3] or "Z").upper()
    zone = zone if zone == "Z" or ":" in zone else f"{zone[:3]}:{zone[3:]}"
    clock = clock if clock.count(":") == 2 else f"{clock}:00"
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{clock}").replace(tzinfo=UTC)
        datetime.fromisoformat(f"{match[1]}T{clock}{zone}")
    except ValueError:
        return bad(values.DAT01)
    if with_time:
        return good(f"{match[1]}T{clock}{zone}")
    return _day_of(moment, match[0])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _made(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def _other_orders(text: str) -> list[date]:
    """All days a text may mean: month first, then day first."""
    if match := _YEAR_FIRST.fullmatch(text):
        return _made(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMBERS.fullmatch(text):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        year += 2000 if year < 70 else 1900 if year < 100 else 0
        return _made(year, first, second) + _made(year, second, first)
    words = text.replace(",", " ")
    words = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", " ".join(words.split()))
    for form in _WORDY:
        try:
            return [datetime.strptime(words, form).date()]
        except ValueError:
            continue
    return []


def _number(value: float, *, with_date: bool, with_time: bool) -> Result:
    if int(value) in _SERIALS:
        moments = [datetime.combine(epoch, time()) + timedelta(days=value) for epoch in _EPOCHS]
        if with_time and (not with_date or value != int(value)):
            return bad(values.DAT03, *(f"{moment.isoformat(timespec='seconds')}Z" for moment in moments))
        return bad(values.DAT03, *(moment.date().isoformat() for moment in moments))
    match = _YEAR_FIRST.fullmatch(str(int(value)))
    days = _made(int(match[1]), int(match[2]), int(match[3])) if match and len(str(int(value))) == 8 else []
    return bad(values.DAT03, *(day.isoformat() for day in days)) if days else bad(values.DAT01)
