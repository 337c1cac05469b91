"""A real S3 interface on the loopback address: moto's, behind a gate that remembers what was asked and may say no."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

BUCKET = "portal-files"
Says = Callable[[str, str], str | None]
"""``(what is asked, session token)`` -> the S3 code to refuse it with, None to let it pass."""


@dataclass
class Gate:
    """What came in: ``UploadPart 3`` and the like."""

    inner: Any
    says: Says = lambda _what, _token: None
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Be a WSGI application."""
        what = _what(environ)
        code = self.says(what, environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""))
        self.asked.append(what if code is None else f"{what}: {code}")
        if code is None:
            return self.inner(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        start_response(
            "400 Bad Request" if "Expired" in code else "403 Forbidden", [("Content-Length", str(len(body)))]
        )
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def count(self, begin: str) -> int:
        return sum(one.startswith(begin) for one in self.asked)


def _what(environ: dict[str, Any]) -> str:
    query, method = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True), environ["REQUEST_METHOD"]
    if "partNumber" in query:
        return f"UploadPart {query['partNumber'][0]}"
    if "uploads" in query:
        return "Create"
    if "uploadId" in query:
        return {"GET": "ListParts", "POST": "Complete", "DELETE": "Abort"}[method]
    return {"HEAD": "Head", "PUT": "Put", "GET": "Get"}.get(method, method)


def client(gate: Gate) -> Any:
    """Somebody else's client, with other keys: the store takes any."""
    import boto3

    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client("s3", "us-east-1", endpoint_url=gate.address, **keys)


@contextmanager
def s3() -> Iterator[Gate]:
    """Serve an empty bucket until the block ends."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.s3.models import s3_backends
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # an older server never says 100 Continue, for which a client waits a second

        def log(self, *_: Any) -> None:
            """Keep still."""

    gate = Gate(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, gate, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    gate.address = f"http://127.0.0.1:{server.server_port}"
    made = client(gate)
    try:
        made.create_bucket(Bucket=BUCKET)
        gate.asked.clear()
        yield gate
    finally:
        made.close()
        server.shutdown()
        server.server_close()
        thread.join(30)
        s3_backends.reset()
