"""The network door: the only file that opens a connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from workbook_compiler.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from requests import Response

TIMEOUT = (10, 120)
"""Seconds to connect, and to wait between two bytes."""
MAX_REDIRECTS = 5
MAX_BYTES = 256 << 20
"""A longer answer to a question for schemas isn't read."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a GET. ``body`` is None when the server says that nothing has changed."""

    body: bytes | None
    etag: str | None


def fetch(server: str, path: str, etag: str | None = None) -> Fetched:
    """GET a document as JSON; ``etag`` is the mark of the copy at hand. Raises UnreachableError for any other answer than it.

    Raises UsageError for an address that isn't one of the web.
    """
    import requests

    _refuse_other_than_web(server)
    headers = {"Accept": "application/json", **({"If-None-Match": etag} if etag else {})}
    url, told = server.rstrip("/") + path, without_secrets(server)
    try:
        with _asked(url, headers, told) as answer:
            if etag and answer.status_code == 304:
                return Fetched(None, etag)
            if answer.status_code != 200:
                raise UnreachableError(told, f"it answered {answer.status_code} {answer.reason}")
            body = bytearray()
            for chunk in answer.iter_content(1 << 20):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise UnreachableError(told, "its answer is far too long")
            return Fetched(bytes(body), answer.headers.get("ETag"))
    except (requests.RequestException, ValueError) as error:  # a redirect to no address at all is a ValueError
        raise UnreachableError(told, _words(error)) from error


def _asked(url: str, headers: Mapping[str, str], told: str) -> Response:
    """The answer to a GET. A redirect is followed within the host, or from http to https; elsewhere it is told."""
    import requests

    with requests.Session() as session:
        for _ in range(MAX_REDIRECTS + 1):
            answer = session.get(url, headers=headers, timeout=TIMEOUT, stream=True, allow_redirects=False)
            if not answer.is_redirect:
                return answer
            answer.close()
            target = urljoin(url, answer.headers["Location"])
            if not _same_place(url, target):
                raise UnreachableError(
                    told, f"it sends us on to {without_secrets(target)}; name that address if you trust it"
                )
            url = target
    raise UnreachableError(told, "it sends us round in a circle")


def _same_place(old: str, new: str) -> bool:
    before, after = urlsplit(old), urlsplit(new)
    if (before.scheme, after.scheme, before.port, after.port) == ("http", "https", None, None):
        return before.hostname == after.hostname
    return (before.scheme, before.hostname, before.port) == (after.scheme, after.hostname, after.port)


def without_secrets(address: str) -> str:
    """Return an address as it may be shown and kept: without a name and password, and without what follows ``?``."""
    return re.split("[?#]", re.sub(r"(?<=//)[^/?#]*@", "", address))[0]


def _refuse_other_than_web(address: str) -> None:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        told = without_secrets(address) or "An empty text"
        raise UsageError(f"{told} isn't the address of a server; one looks like https://data.example.org.")


def _words(error: Exception) -> str:
    """The kind of failure without the address and the library's inner words."""
    import requests

    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate can't be trusted"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off in the middle of its answer"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return "the address or its answer can't be understood"
