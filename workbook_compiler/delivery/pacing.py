"""Whether a message may be sent once more, and how long to wait before: only what can't be done twice is tried twice. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from workbook_compiler.model.service import Answer

SAFE = frozenset({"GET", "HEAD"})
"""Asking twice does nothing twice."""
BUSY = frozenset({429, 503})
"""The server says that it has done nothing and may do it later."""
BROKEN = frozenset({500, 502, 504})
"""The server, or one before it, failed; what has been done isn't said."""
UNCLEAR = frozenset({502, 504})
"""One before the server lost it; the server itself may have done what was asked."""
TRIES = 6
SLOW_TRIES = 3
"""Who lets us wait for minutes isn't asked for an hour."""
FIRST_TRIES = 3
"""A server that never answered may not be there at all: a wrong name is told in seconds."""
LONGEST = 60.0
"""Seconds of our own waiting between two tries."""
LONGEST_ASKED = 120.0
"""Seconds that a server may ask us to wait."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message has no answer."""

    reason: str
    sent: bool
    """The server may have it."""
    tries: int = 1
    """So often it is worth trying in all."""


def wait(
    method: str, outcome: Answer | Failure, attempt: int, *, known: bool = True, now: datetime | None = None
) -> float | None:
    """Return the seconds to wait before the next try; None when there should be none. The first attempt is 0.

    ``known``: the server has been reached before.
    """
    tries = _tries(method, outcome)
    if not known:  # who never answered and took a minute for it is no portal
        slow = isinstance(outcome, Failure) and outcome.sent and outcome.tries == SLOW_TRIES
        tries = 1 if slow else min(tries, FIRST_TRIES)
    if attempt + 1 >= tries:
        return None
    asked = _asked(outcome.headers, now or datetime.now(UTC)) if isinstance(outcome, Answer) else None
    return _backoff(attempt) if asked is None else min(asked, LONGEST_ASKED)


def _tries(method: str, outcome: Answer | Failure) -> int:
    if isinstance(outcome, Failure):
        return outcome.tries if method in SAFE or not outcome.sent else 1
    again = outcome.status in BUSY or (method in SAFE and outcome.status in BROKEN)
    return TRIES if again else 1


def _backoff(attempt: int) -> float:
    """Twice as long each time, and not all workers at the same moment."""
    longest: float = min(LONGEST, 0.5 * 2**attempt)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - nobody gains by guessing it


def _asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds of a ``Retry-After``, a number or a date; None when there is none that can be read."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds())
