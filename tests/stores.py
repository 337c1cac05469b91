"""Stand-ins for tests: a store that serves a file with ranges, a portal whose records lead there, a DRS server."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from loopback import Answering, answer, as_json, by_path

PATH = "/files-fastq/4DNFI1234567/@@download/4DNFI1234567.fastq.gz"


@dataclass
class Store:
    """A file somewhere, served as S3 serves one."""

    data: bytes
    etag: str = '"one"'
    ranges: bool = True
    """Pieces can be had."""
    breaks: list[int] = field(default_factory=list)
    """After so many bytes of the first answer, of the second and so on, the connection breaks off."""
    asked: list[str | None] = field(default_factory=list)
    """The Range of each question."""

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a GET."""
        asked, mark = handler.headers["Range"], handler.headers["If-Range"]
        self.asked.append(asked)
        begin = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked else 0  # type: ignore[index]
        if not asked or not self.ranges or (mark and mark != self.etag):
            self._send(handler, 200, self.data)
        elif begin >= len(self.data):
            answer(b"", 416, Content_Range=f"bytes */{len(self.data)}")(handler)
        else:
            said = f"bytes {begin}-{len(self.data) - 1}/{len(self.data)}"
            self._send(handler, 206, self.data[begin:], Content_Range=said)

    def _send(self, handler: BaseHTTPRequestHandler, status: int, data: bytes, **headers: str) -> None:
        cut = self.breaks.pop(0) if self.breaks else len(data)
        answer(data[:cut], status, Content_Length=str(len(data)), ETag=self.etag, **headers)(handler)


def fourdn(store: str | None, data: bytes, soft: bool = True, **about: Any) -> Answering:
    """A portal with one file, which lies at the store's address; without one the portal serves it itself."""
    record = {
        "@id": "/files-fastq/4DNFI1234567/",
        "@type": ["FileFastq", "File", "Item"],
        "href": PATH,
        "md5sum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "file_size": len(data),
        **about,
    }
    said = {"@type": ["SoftRedirect"], "location": f"{store}/f?sig=letmein", "expires": "2026-01-01"}
    led = as_json(said) if soft else answer(b"", 307, Location=f"{store}/f?sig=letmein")
    page = as_json({key: value for key, value in record.items() if value is not None})
    return by_path(
        {
            "/4DNFI1234567/": answer(b"", 301, Location="/files-fastq/4DNFI1234567/?frame=object"),
            "/files-fastq/4DNFI1234567/": page,
            PATH: led if store else answer(data),
            "/biosources/1/": as_json({"@id": "/biosources/1/", "@type": ["Biosource", "Item"]}),
        }
    )


def drs_server(own: str, about: Callable[[str], dict[str, Any]], access: dict[str, Any] | None = None) -> Answering:
    """A DRS server with one object, made for the server's own address."""
    base = f"/ga4gh/drs/v1/objects/{own}"

    def send(handler: BaseHTTPRequestHandler) -> None:
        host = f"http://{handler.headers['Host']}"
        pages = {
            base: as_json(about(host)),
            **{f"{base}/access/{key}": as_json(url) for key, url in (access or {}).items()},
        }
        by_path(pages)(handler)

    return send
