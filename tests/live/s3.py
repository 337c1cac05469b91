"""The least an S3 stand-in can be: buckets and objects that are put and got, kept in a dict."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SECONDS = 30


@dataclass
class Store:
    """A stand-in that is up."""

    server: str
    kept: dict[str, bytes] = field(default_factory=dict)
    """Content by ``/bucket/key``; a bucket is there with nothing in it."""


@contextmanager
def storing() -> Iterator[Store]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS

        def do_PUT(self) -> None:
            store.kept[urlsplit(self.path).path] = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.answer(200, b"")

        def do_GET(self) -> None:
            body = store.kept.get(urlsplit(self.path).path)
            self.answer(404 if body is None else 200, body or b"")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep still."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    store = Store(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join(SECONDS)
