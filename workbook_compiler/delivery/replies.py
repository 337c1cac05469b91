"""A document and an archive's reply to it: waited for, asked for again when it got lost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from workbook_compiler.delivery.journal import Journal
from workbook_compiler.errors import UnclearError, UnreachableError
from workbook_compiler.model.plan import Request
from workbook_compiler.model.service import Answer, Documents, Reply, Send

PATIENCE = 900.0
"""Seconds to wait for a queued document; a later run goes on waiting."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
TRIES = 3
POLL = "poll"


@dataclass(slots=True)
class Desk:
    """Who hands documents in, and what he keeps in mind."""

    service: Documents
    send: Send
    journal: Journal
    pause: Callable[[float], None]
    patience: float
    unsure: set[str] = field(default_factory=set)
    """Rows (by key) that were sent without learning how they fared, by an earlier run or this one."""


def replied(
    desk: Desk, message: Request, name: str, keys: Collection[str] = frozenset(), bare: bool = False
) -> Reply | None:
    """Send a document until the archive has said how it fares, and return that; None where it was refused without a reply.

    Without a ``name`` nothing is asked again by it. Raises UnreachableError.
    """
    for _ in range(TRIES):
        try:
            answer = desk.send(message.method, message.path, message.body)
        except UnclearError as unclear:
            reason = unclear.reason
        else:
            _let_in(answer)
            if (place := desk.service.waiting(answer)) is not None:
                if name:
                    desk.journal.notes(name)[POLL] = place
                return _polled(desk, place)
            reply = desk.service.reply(answer)
            if reply is not None or 400 <= answer.status < 500:
                return reply
            reason = f"it answered {answer.status} and nothing that can be understood"
        desk.unsure.update(keys)
        reply = recovered(desk, name, bare) if name else None
        if reply is not None:
            return reply
    raise UnreachableError("the archive", f"it gave no clear answer: {reason}")


def _let_in(answer: Answer) -> None:
    if answer.status in (401, 403):
        raise UnreachableError("the archive", "it doesn't let us in with this name and password")
    if answer.status in (429, 503):
        raise UnreachableError("the archive", "it has too much to do just now")


def recovered(desk: Desk, name: str, bare: bool = False) -> Reply | None:
    """Return the reply to a document whose answer was lost; None when the archive doesn't know the document.

    The reply to a ``bare`` one, that only has actions, names no records.
    """
    place = desk.journal.notes(name).get(POLL)
    if place is not None and (reply := _polled(desk, place)) is not None:
        return reply
    question = desk.service.again(name)
    try:
        answer = desk.send(question.method, question.path, question.body)
    except UnclearError:
        return None
    _let_in(answer)
    reply = desk.service.reply(answer)
    return reply if reply is not None and reply.success and (reply.given or bare) else None


def _polled(desk: Desk, place: str) -> Reply | None:
    """Ask for the reply to a queued document until it is there. Raises UnreachableError when that takes too long."""
    for seconds in _waits(desk.patience):
        answer = desk.send("GET", place)
        _let_in(answer)
        reply = desk.service.reply(answer) if answer.status == 200 else None
        if reply is not None:
            return reply
        if 400 <= answer.status < 500:  # it knows nothing of the document any more
            return None
        desk.pause(seconds)
    raise UnreachableError("the archive", "it is still working on the document; its queue may be long")


def _waits(patience: float) -> Iterator[float]:
    """Seconds to wait between two questions, longer each time, together no more than there is patience."""
    waited, wait = 0.0, FIRST_WAIT
    while waited < patience:
        yield wait
        waited, wait = waited + wait, min(LONGEST_WAIT, wait * 1.5)
