"""A real HTTP server on 127.0.0.1 for one test, which answers as the test says and remembers what it was asked."""

from __future__ import annotations

import json
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
    methods: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0


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


def as_json(value: object, status: int = 200, **headers: str) -> Answering:
    """The same JSON to every question."""
    return answer(json.dumps(value).encode(), status, Content_Type="application/json", **headers)


def in_turn(*answers: Answering) -> Answering:
    """The first answer to the first question, and so on; the last one goes on."""
    waiting = list(answers)

    def send(handler: BaseHTTPRequestHandler) -> None:
        (waiting.pop(0) if len(waiting) > 1 else waiting[0])(handler)

    return send


def by_path(answers: Mapping[str, Answering]) -> Answering:
    """An answer for each path, its question mark and what follows aside; 404 for any other."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        answers.get(handler.path.partition("?")[0], as_json({"title": "Not Found"}, 404))(handler)

    return send


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(send: Answering, *, keep: bool = False, port: int = 0) -> Iterator[Asked]:
    """Serve until the block ends. ``keep``: a connection stays open for the next question. ``port`` 0 is any free one."""

    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS
        protocol_version = "HTTP/1.1" if keep else "HTTP/1.0"

        def setup(self) -> None:
            asked.connections += 1
            super().setup()

        def do_GET(self) -> None:
            asked.paths.append(self.path)
            asked.headers.append(dict(self.headers))
            asked.methods.append(self.command)
            asked.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.close_connection = not keep
            with suppress(OSError):  # who asked has heard enough
                send(self)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the library asks for these names

        def log_message(self, *_: object) -> None:
            """Keep still."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
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
