"""A real HTTP server on 127.0.0.1 for one test, which answers as the test says and remembers what it was asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECONDS = 30
"""No connection of a test lasts longer."""


@dataclass
class Asked:
    """What came in: paths in order, and the headers of each."""

    address: str
    paths: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


Answering = Callable[[BaseHTTPRequestHandler], None]


def answer(body: bytes = b"", status: int = 200, **headers: str) -> Answering:
    """The same answer to every question; ``_`` in a header's name is ``-``. A Content_Length given here may be a lie."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Length": str(len(body)), **named}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


@contextmanager
def serving(send: Answering) -> Iterator[Asked]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS

        def do_GET(self) -> None:
            asked.paths.append(self.path)
            asked.headers.append(dict(self.headers))
            self.close_connection = True
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked has heard enough
                send(self)

        def log_message(self, *_: object) -> None:
            """Keep still."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    asked = Asked(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(SECONDS)


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
