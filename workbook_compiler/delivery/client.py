"""The network door: the only file that opens a connection."""

from __future__ import annotations

from dataclasses import dataclass

from workbook_compiler.errors import UnreachableError

TIMEOUT = (10, 120)
"""Seconds to connect, and to wait between two bytes."""
MAX_BYTES = 256 << 20
"""A longer answer to a question for schemas isn't read."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a GET. ``body`` is None when the server says that nothing has changed."""

    body: bytes | None
    etag: str | None


def fetch(server: str, path: str, etag: str | None = None) -> Fetched:
    """GET a document as JSON; ``etag`` is the mark of the copy at hand. Raises UnreachableError for any other answer than it."""
    import requests

    headers = {"Accept": "application/json", **({"If-None-Match": etag} if etag else {})}
    url = server.rstrip("/") + path
    try:
        with requests.get(url, headers=headers, timeout=TIMEOUT, stream=True) as answer:
            if answer.status_code == 304:
                return Fetched(None, etag)
            if answer.status_code != 200:
                raise UnreachableError(server, f"it answered {answer.status_code} {answer.reason}")
            body = bytearray()
            for chunk in answer.iter_content(1 << 20):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise UnreachableError(server, "its answer is far too long")
            return Fetched(bytes(body), answer.headers.get("ETag"))
    except requests.RequestException as error:
        raise UnreachableError(server, _words(error)) from error


def _words(error: Exception) -> str:
    """The kind of failure without the address and the library's inner words."""
    import requests

    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate can't be trusted"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return "the address or its answer can't be understood"
