"""Only what can't be done twice is tried twice, and the wait before it has an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workbook_compiler.delivery import pacing
from workbook_compiler.delivery.pacing import Failure, wait
from workbook_compiler.model.service import Answer

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def busy(retry_after: str, status: int = 429) -> Answer:
    return Answer(status, None, {"retry-after": retry_after})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        ("100000", pacing.LONGEST_ASKED),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 12:00:30", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("Fri, 01 Jan 2027 12:00:00 GMT", pacing.LONGEST_ASKED),
    ],
)
def test_a_server_that_says_how_long_is_believed_within_reason(text: str, seconds: float) -> None:
    """Seconds or a date, never less than nothing and never more than two minutes."""
    assert wait("POST", busy(text), 0, now=NOW) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", "٣", "9" * 40, "Thu, 99 Jan 99999 12:00:30 GMT"])
def test_a_wait_that_cannot_be_read_is_our_own(text: str) -> None:
    """Nonsense in the header is as if there were none."""
    assert 0.25 <= (wait("POST", busy(text), 0, now=NOW) or 0) <= 0.5


def test_each_wait_is_longer_and_the_last_has_an_end() -> None:
    """Twice as long each time, up to a minute, and then no more tries."""
    waits = [wait("GET", Answer(503, None, {}), attempt) for attempt in range(pacing.TRIES)]
    assert waits[-1] is None
    assert all(2**n / 4 <= (seconds or 0) <= 2**n / 2 for n, seconds in enumerate(waits[:-1]))
    assert pacing._backoff(50) <= pacing.LONGEST


@pytest.mark.parametrize(
    ("method", "outcome", "tries"),
    [
        ("GET", Answer(200, {}, {}), 1),
        ("GET", Answer(404, {}, {}), 1),
        ("GET", Answer(500, {}, {}), 6),
        ("GET", Answer(502, {}, {}), 6),
        ("GET", Answer(504, {}, {}), 6),
        ("POST", Answer(500, {}, {}), 1),
        ("POST", Answer(502, {}, {}), 1),
        ("PATCH", Answer(504, {}, {}), 1),
        ("POST", Answer(409, {}, {}), 1),
        ("POST", Answer(422, {}, {}), 1),
        ("POST", Answer(429, {}, {}), 6),
        ("PUT", Answer(503, {}, {}), 6),
        ("POST", Failure("no connection", sent=False, tries=6), 6),
        ("POST", Failure("broke off", sent=True, tries=6), 1),
        ("GET", Failure("broke off", sent=True, tries=6), 6),
        ("GET", Failure("no answer in time", sent=True, tries=3), 3),
    ],
)
def test_only_what_is_safe_is_tried_again(method: str, outcome: Answer | Failure, tries: int) -> None:
    """A write goes again only when the server has surely done nothing; a question whenever that may help."""
    allowed = [attempt for attempt in range(10) if wait(method, outcome, attempt, now=NOW) is not None]
    assert allowed == list(range(tries - 1))


def test_a_server_that_never_answered_is_given_up_sooner() -> None:
    """A mistyped name is told in seconds."""
    failure = Failure("no connection", sent=False, tries=pacing.TRIES)
    allowed = [attempt for attempt in range(10) if wait("GET", failure, attempt, known=False) is not None]
    assert allowed == list(range(pacing.FIRST_TRIES - 1))


def test_a_date_is_measured_from_now() -> None:
    """Without a moment given, the clock's own."""
    when = datetime.now(UTC) + timedelta(seconds=40)
    seconds = wait("GET", busy(when.strftime("%a, %d %b %Y %H:%M:%S GMT")), 0)
    assert 35 <= (seconds or 0) <= 40
