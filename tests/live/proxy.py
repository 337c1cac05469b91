"""An HTTP proxy on 127.0.0.1 in front of a portal that goes wrong as a test says: the network on a bad day.

``with proxied(portal.server, Fault(3, cut_after)) as proxy:`` — the third request is stored, and its answer lost. A fault is
``when`` (a request's number, counted from 1, or a question about the request) and ``what`` (a function of the exchange:
``answers(503)``, ``cut_before``, ``cut_after``, ``babbles``, ``garbles``, ``drips(0.1)``, ``delays(2)``, ``kills(pid)``).
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

SECONDS = 60
"""Neither side of a connection is waited for longer."""
OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}
"""Headers that belong to one side of the proxy."""


@dataclass(frozen=True)
class Seen:
    """A request that came in. ``path`` has the part after ``?`` too."""

    number: int
    method: str
    path: str


@dataclass(frozen=True)
class Answer:
    """What a portal answers."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    reason: str = ""


@dataclass
class Exchange:
    """One request and what becomes of it; a fault decides."""

    seen: Seen
    body: bytes
    handler: BaseHTTPRequestHandler
    portal: Callable[[str, str, bytes, dict[str, str]], Answer]

    def forward(self) -> Answer:
        """Ask the portal, and return its whole answer: from here on a write is stored."""
        return self.portal(self.seen.method, self.seen.path, self.body, dict(self.handler.headers.items()))

    def reply(self, answer: Answer) -> None:
        """Pass an answer on."""
        self.head(answer)
        self.send(answer.body if self.seen.method != "HEAD" else b"")

    def head(self, answer: Answer) -> None:
        """Pass on the status and the headers of an answer."""
        self.handler.send_response(answer.status, answer.reason or None)
        for name, value in answer.headers:
            self.handler.send_header(name, value)
        if answer.status != 304:
            self.handler.send_header("Content-Length", str(len(answer.body)))
        self.handler.end_headers()

    def send(self, data: bytes) -> None:
        """Send bytes as they are; who asked may have gone."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.handler.wfile.write(data)
            self.handler.wfile.flush()

    def cut(self) -> None:
        """Break the connection off, as a cable that is pulled does (a reset, no orderly end)."""
        self.handler.close_connection = True
        with suppress(OSError):
            self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.handler.connection.shutdown(socket.SHUT_RD)
            self.handler.connection.close()


What = Callable[[Exchange], None]
When = int | Callable[[Seen], bool]


@dataclass
class Fault:
    """What goes wrong, and when: for the request with a number, or for those a question says yes to, ``times`` at most."""

    when: When
    what: What
    times: int | None = None

    def wants(self, seen: Seen) -> bool:
        """Tell whether it is this one's turn, and count it."""
        wanted = seen.number == self.when if isinstance(self.when, int) else self.when(seen)
        if not wanted or self.times == 0:
            return False
        self.times = None if self.times is None else self.times - 1
        return True


# ---------------------------------------------------------------- what can go wrong


def answers(status: int, body: bytes = b'{"status": "error"}', **headers: str) -> What:
    """Answer instead of the portal, which never hears of it; ``_`` in a header's name is ``-``."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return lambda exchange: exchange.reply(Answer(status, body, (("Content-Type", "application/json"), *named)))


def cut_before(exchange: Exchange) -> None:
    """Break off before the portal hears of it."""
    exchange.cut()


def cut_after(exchange: Exchange) -> None:
    """Break off once the portal has stored it: the answer is lost."""
    exchange.forward()
    exchange.cut()


def babbles(exchange: Exchange) -> None:
    """Let the portal store it, and answer with something that isn't HTTP."""
    exchange.forward()
    exchange.send(b"\x16\x03\x01 what is this?\r\n\r\n")
    exchange.handler.close_connection = True


def garbles(exchange: Exchange) -> None:
    """Let the portal store it, and answer with its status and a body that isn't JSON."""
    stored = exchange.forward()
    exchange.reply(Answer(stored.status, b"<html>Bad things happened</html>", (("Content-Type", "text/html"),)))


def drips(seconds: float, size: int = 64) -> What:
    """Pass the answer on in drops of ``size`` bytes, so many seconds between two."""

    def what(exchange: Exchange) -> None:
        answer = exchange.forward()
        exchange.head(answer)
        for start in range(0, len(answer.body), size):
            time.sleep(seconds)
            exchange.send(answer.body[start : start + size])

    return what


def delays(seconds: float) -> What:
    """Wait before the portal is asked."""

    def what(exchange: Exchange) -> None:
        time.sleep(seconds)
        exchange.reply(exchange.forward())

    return what


def kills(pid: Callable[[], int], *, after: bool = False) -> What:
    """Kill a process with SIGKILL before the portal hears of the request, or after it has stored it."""

    def what(exchange: Exchange) -> None:
        if after:
            exchange.forward()
        os.kill(pid(), signal.SIGKILL)
        exchange.cut()

    return what


# ---------------------------------------------------------------- the proxy


@dataclass
class Proxy:
    """A proxy that is up."""

    server: str
    """Its address, without a final slash."""
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, method: str | None = None, path: str = "") -> int:
        """How many requests there were, of this method, whose path holds this text."""
        return sum(method in (None, one.method) and path in one.path for one in self.seen)

    def forget(self) -> None:
        """Count from 1 again; faults stay."""
        with self.lock:
            self.seen.clear()

    def turn(self, method: str, path: str) -> tuple[Seen, Fault | None]:
        """Note a request, and return it with the fault whose turn it is."""
        with self.lock:
            seen = Seen(len(self.seen) + 1, method, path)
            self.seen.append(seen)
            return seen, next((fault for fault in self.faults if fault.wants(seen)), None)


@contextmanager
def proxied(portal: str, *faults: Fault) -> Iterator[Proxy]:
    """Serve in front of a portal until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}", list(faults))
    server.RequestHandlerClass = _handler(proxy, portal)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a broken connection is what it is for
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join(SECONDS)


def _handler(proxy: Proxy, portal: str) -> type[BaseHTTPRequestHandler]:
    """The handler of one connection, which keeps one connection to the portal."""
    host = urlsplit(portal)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = SECONDS

        def setup(self) -> None:
            super().setup()
            self.upstream = HTTPConnection(host.hostname or "", host.port, timeout=SECONDS)

        def finish(self) -> None:
            self.upstream.close()
            super().finish()

        def turn(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            seen, fault = proxy.turn(self.command, self.path)
            exchange = Exchange(seen, body, self, self.ask)
            if fault:
                fault.what(exchange)
            else:
                exchange.reply(exchange.forward())

        def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
            try:
                self.upstream.request(method, path, body or None, _own(headers.items()))
                answer = self.upstream.getresponse()
                return Answer(answer.status, answer.read(), tuple(_own(answer.getheaders()).items()), answer.reason)
            except (OSError, HTTPException):
                self.upstream.close()
                return Answer(502, b'{"status": "error", "title": "Bad Gateway"}')

        def send_response(self, code: int, message: str | None = None) -> None:
            self.send_response_only(code, message)  # Server and Date are the portal's

        def log_message(self, *_: Any) -> None:
            """Keep still."""

    for method in ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.turn)
    return Handler


def _own(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in OF_THE_CONNECTION}
