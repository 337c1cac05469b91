"""The network door: questions and messages to a server. Loaded only where there is something to ask; below it is ``wire.py``."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

from workbook_compiler.delivery import wire
from workbook_compiler.delivery.addresses import may_lead, refuse_other_than_web, same_place, without_secrets
from workbook_compiler.delivery.keys import Key
from workbook_compiler.delivery.pacing import SAFE, TRIES, UNCLEAR, Failure, wait
from workbook_compiler.delivery.wire import TROUBLE, Auth, Watch, asked, body_of, failure_of
from workbook_compiler.errors import UnclearError, UnreachableError
from workbook_compiler.model.records import NONE
from workbook_compiler.model.service import Answer

REFUSED = (401, 403)
"""Who asks isn't let in: nothing was done."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a GET. ``body`` is None when the server says that nothing has changed."""

    body: bytes | None
    etag: str | None


def fetch(
    server: str, path: str, etag: str | None = None, key: Key | None = None, accept: str = "application/json"
) -> Fetched:
    """GET a document; ``etag`` is the mark of the copy at hand. Raises UnreachableError for any other answer than it.

    ``accept`` is the kind of document, ``key`` is who asks; without one it is who the address names. Raises UsageError for
    an address that isn't one of the web.
    """
    refuse_other_than_web(server)
    headers = {"Accept": accept, **({"If-None-Match": etag} if etag else {})}
    url, told = server.rstrip("/") + path, without_secrets(server)
    with wire.connections(1) as http, Watch() as watch:
        try:
            answer = asked(http, url, headers, auth=Auth(key) if key else None)
            watch.check()
            if isinstance(answer, str):
                raise UnreachableError(told, answer)
            with answer:
                if etag and answer.status_code == 304:
                    return Fetched(None, etag)
                if answer.status_code != 200:
                    raise UnreachableError(told, f"it answered {answer.status_code} {answer.reason}")
                if (body := body_of(answer)) is None:
                    raise UnreachableError(told, "its answer is far too long")
                watch.check()
                return Fetched(body, answer.headers.get("ETag"))
        except TROUBLE as error:
            failure = failure_of(error, watch)
    raise UnreachableError(told, failure.reason)  # not from the error, which holds the address with its password


class Session:
    """Messages to one server over connections that are kept open. Any thread may send."""

    def __init__(
        self,
        server: str,
        key: Key | None = None,
        jobs: int = 4,
        pause: Callable[[float], None] = time.sleep,
        log: Callable[[str], None] | None = None,
        auth: Auth | None = None,
    ) -> None:
        refuse_other_than_web(server)
        self.server = without_secrets(server).rstrip("/")
        self.counts: Counter[str] = Counter()
        """Messages that left, by method; a second try is a second message."""
        self._auth = auth or Auth(key)
        self._http = wire.connections(jobs)
        self._pause, self._log = pause, log
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Send one message and return its answer, of any status; again and again only where nothing can be done twice.

        Raises UnreachableError when nothing was sent or a question has no answer, UnclearError when the server may have
        done what was asked.
        """
        import orjson

        data = body.encode() if isinstance(body, str) else None if body is None else orjson.dumps(body)
        kind = "application/xml" if isinstance(body, str) else "application/json"
        outcome = self._tried(method, path, data, kind)
        if isinstance(outcome, Answer) and outcome.status in REFUSED and self._auth.renewed():
            outcome = self._tried(method, path, data, kind)
        return self._settled(method, path, outcome)

    def _tried(self, method: str, path: str, data: bytes | None, kind: str) -> Answer | Failure:
        for attempt in range(TRIES):
            outcome = self._attempt(method, path, data, kind)
            seconds = wait(method, outcome, attempt, known=bool(self.counts))
            if seconds is None:
                break
            self._pause(seconds)
        return outcome

    @contextmanager
    def opened(self, path: str, headers: Mapping[str, str] = NONE, *, follow: bool = True) -> Iterator[Opened]:
        """GET bytes of any length, as ``opened`` does; the key goes to this server alone. ``follow``: redirects too."""
        with self._lock:
            self.counts["GET"] += 1
        with opened(self.address(path), headers, self._http, self._auth, leads=may_lead if follow else None) as found:
            yield found

    def address(self, path: str) -> str:
        """Return the address of a path, which can't lead away from the server: ``@other.org`` would make it a user's name.

        A whole address is taken as it is; raises UnreachableError for one of another server, which would get the key.
        """
        if path.startswith(("http://", "https://")):
            if not same_place(self.server, path):
                raise UnreachableError(self.server, f"it sends us on to {without_secrets(path)}, another server")
            return path
        return f"{self.server}/{path.lstrip('/')}"

    def _attempt(self, method: str, path: str, data: bytes | None, kind: str) -> Answer | Failure:
        headers = {"Accept": kind, **({} if data is None else {"Content-Type": kind})}
        began = time.monotonic()
        with Watch() as watch:
            try:
                found = asked(self._http, self.address(path), headers, self._auth, method, data)
                outcome = Failure(found, sent=False) if isinstance(found, str) else _answer(found, method)
                watch.check()
            except TROUBLE as error:
                outcome = failure_of(error, watch)
        self._noted(method, path, outcome, time.monotonic() - began)
        return outcome

    def _noted(self, method: str, path: str, outcome: Answer | Failure, seconds: float) -> None:
        """Count and tell a message."""
        if isinstance(outcome, Answer) or outcome.sent:
            with self._lock:
                self.counts[method] += 1
        if self._log is not None:
            told = outcome.reason if isinstance(outcome, Failure) else outcome.status
            self._log(f"{method} {path}: {told}, {seconds:.2f} s")

    def _settled(self, method: str, path: str, outcome: Answer | Failure) -> Answer:
        if isinstance(outcome, Failure):
            if method in SAFE or not outcome.sent:
                raise UnreachableError(self.server, outcome.reason)
            raise UnclearError(method, path, outcome.reason)
        if method not in SAFE and outcome.status in UNCLEAR:
            raise UnclearError(method, path, f"it answered {outcome.status}")
        return outcome


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer whose bytes come piece by piece, as the server keeps them."""

    status: int
    headers: Mapping[str, str]
    """Names in small letters."""
    pieces: Iterator[bytes]
    """Raises UnreachableError when the connection breaks off."""


@contextmanager
def opened(
    address: str,
    headers: Mapping[str, str] = NONE,
    http: wire.Http | None = None,
    auth: Auth | None = None,
    *,
    leads: wire.Leads | None = may_lead,
) -> Iterator[Opened]:
    """GET bytes of any length. Redirects are followed to https places; ``auth`` goes to the named server alone.

    Raises UnreachableError without an answer, UsageError for an address that isn't one of the web.
    """
    refuse_other_than_web(address)
    told, failure = without_secrets(address), None
    named = {"Accept-Encoding": "identity", **headers}
    with wire.connections(1) if http is None else _kept(http) as used:
        with Watch() as watch:
            try:
                found = asked(used, address, named, auth or Auth(None), leads=leads)
                watch.check()
            except TROUBLE as error:
                failure = failure_of(error, watch)
        if failure is not None:
            raise UnreachableError(told, failure.reason)
        if isinstance(found, str):
            raise UnreachableError(told, found)
        with found:
            yield Opened(found.status_code, _small(found), wire.pieces(found, told))


@contextmanager
def _kept(http: wire.Http) -> Iterator[wire.Http]:
    yield http


def _answer(response: wire.Response, method: str) -> Answer | Failure:
    """The answer with its body read; a write whose success can't be understood is a Failure."""
    with response:
        data = body_of(response)
    if data is None:
        return Failure("its answer is far too long", sent=True)
    body = data.decode("utf-8", "replace") if _is_xml(response) else _json(data)
    if body is None and method not in SAFE and response.ok and not _may_be_silent(response, data):
        return Failure("its answer can't be understood", sent=True)
    return Answer(response.status_code, body, _small(response))


def _is_xml(response: wire.Response) -> bool:
    return "xml" in response.headers.get("Content-Type", "").partition(";")[0].lower()


def _may_be_silent(response: wire.Response, data: bytes) -> bool:
    """Whether the server meant to say nothing. An answer cut off in its headers is empty too, but names no length."""
    return data.strip() == b"null" or (
        not data and (response.status_code == 204 or "Content-Length" in response.headers)
    )


def _json(data: bytes) -> Any:
    """The JSON of an answer; None when it is something else. Python's own reader takes what some servers write, such as NaN."""
    import orjson

    try:
        return orjson.loads(data)
    except ValueError:
        with suppress(ValueError, RecursionError):
            return json.loads(data)
    return None


def _small(response: wire.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
