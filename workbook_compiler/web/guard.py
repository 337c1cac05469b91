"""Who may ask, and what every answer says: the page is for the person who started it, and for no other page or machine."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbook_compiler.web.mistakes import unexpected

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}
TICKET = "open"
SECONDS = 60
"""An invitation that isn't used by then is void."""


class Guard:
    """Lets through what comes from this machine's own page and knows its token; all else gets 404 and learns nothing."""

    def __init__(self, app: ASGIApp, port: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._app, self._clock = app, clock
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._token = secrets.token_urlsafe(32)
        self._ticket = ""
        self._until = 0.0

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{self._hosts[0]}/{self._token}/"

    def invitation(self) -> str:
        """Return an address that leads to the page once: a browser's command line can be read by others on this machine."""
        self._ticket, self._until = secrets.token_urlsafe(32), self._clock() + SECONDS
        return f"http://{self._hosts[0]}/{TICKET}/{self._ticket}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = False

        async def safe_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = {name.lower() for name, _ in message["headers"]}
                named = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *(one for one in named if one[0].lower() not in own)]
            await send(message)

        try:
            await self._answered(scope, receive, safe_send)
        except Exception as error:
            if not started:  # else it has been told: the application answers, and raises all the same
                await _say(safe_send, 500, unexpected(error))

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope["headers"]
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        path: str = scope["path"]
        first, slash, rest = path.removeprefix("/").partition("/")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            await _say(send, 404, "Not found.")
        elif first == TICKET and self._used(rest):
            await _say(send, 303, "", location=f"/{self._token}/")
        elif not secrets.compare_digest(first.encode("utf-8", "surrogateescape"), self._token.encode()):
            await _say(send, 404, "Not found.")
        elif not slash:
            await _say(send, 307, "", location=f"/{self._token}/")
        elif scope["method"] not in ("GET", "HEAD") and not _is_own(headers, hosts[0]):
            await _say(send, 403, "This was asked by another page, and is refused.")
        else:
            await self._app({**scope, "path": f"/{rest}"}, receive, send)

    def _used(self, ticket: str) -> bool:
        """Tell whether this is the invitation that is open, and close it."""
        valid = bool(self._ticket) and self._clock() < self._until
        valid = valid and secrets.compare_digest(ticket.encode("utf-8", "surrogateescape"), self._ticket.encode())
        if valid:
            self._ticket = ""
        return valid


def _is_own(headers: list[tuple[bytes, bytes]], host: str) -> bool:
    """Tell whether a request that changes something comes from the page itself, as browsers say it."""
    said = {name: value.decode("latin-1") for name, value in headers}
    return said.get(b"origin") == f"http://{host}" and said.get(b"sec-fetch-site", "same-origin") == "same-origin"


async def _say(send: Send, status: int, words: str, *, location: str = "") -> None:
    """Answer with a sentence, or lead elsewhere."""
    body = words.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    more = [(b"location", location.encode())] if location else []
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *more]})
    await send({"type": "http.response.body", "body": body})
