"""Tokens that last for minutes: asked for with a key, kept in memory alone, renewed before they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workbook_compiler.delivery import client, wire
from workbook_compiler.delivery.keys import Key, claims
from workbook_compiler.model.service import Send

EARLY = 300.0
"""So many seconds before its end a token is no longer used."""

LONGEST = 10.0 * 365 * 86400
"""A token that says it lasts longer says nothing."""

Login = Callable[[Send, str, str], str]
"""``(send, key id, secret)`` -> a token; raises UnreachableError when the key isn't accepted."""


class Tokens:
    """The token of a key, one for all threads."""

    def __init__(self, ask: Callable[[], str], now: Callable[[], float] = time.time) -> None:
        self._ask, self._now = ask, now
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def __call__(self, refused: str = "") -> str:
        """Return a token that is good for a while, and not one that the server refused."""
        with self._lock:
            moment = self._now()
            if moment >= self._until - EARLY or self._token == refused:
                self._token = self._ask()
                said = claims(self._token).get("exp")
                is_moment = isinstance(said, int | float) and 0 < said < moment + LONGEST
                self._until = float(said) if is_moment and said is not None else moment + 2 * EARLY
            return self._token


@contextmanager
def session(server: str, key: Key, login: Login, jobs: int = 4) -> Iterator[client.Session]:
    """Give messages to a server under the tokens of a key. The key itself goes only to where tokens are asked for."""
    with client.Session(server, None, jobs=1) as door:
        tokens = Tokens(lambda: login(door.send, key.id, key.secret))
        with client.Session(server, None, jobs=jobs, auth=wire.Bearer(tokens)) as opened:
            yield opened
