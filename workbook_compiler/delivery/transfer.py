"""Bytes of the web -> a file: beside first and renamed when they are right, and going on where an earlier try broke off."""

from __future__ import annotations

import gzip
import hashlib
import re
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbook_compiler.delivery import pacing
from workbook_compiler.delivery.part import BLOCK, Part
from workbook_compiler.errors import RefusedError, UnreachableError, UsageError
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.service import Answer

if TYPE_CHECKING:
    from workbook_compiler.delivery.client import Opened

MOST_TRIES = 200
"""A connection that breaks off gives a little each time; there is an end to that too."""
STRENGTH = ("sha512", "sha384", "sha256", "sha1", "md5")
"""Checksums that can be worked out, the strongest first."""

Open = Callable[[Mapping[str, str]], "AbstractContextManager[Opened]"]
"""``open(headers)``: ask for the bytes, with these headers. It may raise UnreachableError."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file somewhere, and what is known of it."""

    name: str
    """As the other side calls it; not to be trusted as a path."""
    open: Open
    size: int | None = None
    sums: Mapping[str, str] = field(default_factory=dict)
    """Checksums of the bytes, by the names of ``STRENGTH``."""
    content_md5: str | None = None
    """Of what a .gz file unpacks to."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that arrived."""

    path: Path
    size: int
    verified: str | None
    """The kind of checksum that was right; None when none was known."""


def receive(source: Source, path: Path, step: Step = silent, pause: Callable[[float], None] = time.sleep) -> Received:
    """Fetch a file. What broke off is kept as ``.part`` and gone on with, now or by the next call.

    A file that is there already and right is left alone. Raises UsageError for one that is there and another,
    RefusedError for bytes that aren't what was promised, UnreachableError when they can't be had.
    """
    if path.exists():
        return _there(source, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = kind_of_sum(source)
    part = Part(path, kind, safe=bool(kind or source.content_md5))
    resumed = part.size > 0
    _fetched(source, part, step, pause)
    if resumed and not _is_right(source, part.path, part.digest()):  # it may have been part of another file
        part.start_over()
        _fetched(source, part, step, pause)
    if not _is_right(source, part.path, part.digest()):
        part.remove()
        raise RefusedError(f"{source.name} isn't what was promised: its size or checksum differs. Nothing was kept.")
    part.finish()
    return Received(path, path.stat().st_size, _verified_by(source))


def kind_of_sum(source: Source) -> str | None:
    """Return the strongest checksum that is known of a file."""
    return next((name for name in STRENGTH if name in source.sums), None)


def _verified_by(source: Source) -> str | None:
    return kind_of_sum(source) or ("md5" if source.content_md5 else None)


def _there(source: Source, path: Path) -> Received:
    if path.is_file() and _verified_by(source) and _is_right(source, path, _digest_of(path, kind_of_sum(source))):
        return Received(path, path.stat().st_size, _verified_by(source))
    raise UsageError(f"{path} is there already and isn't this file. Choose another name with -o, or delete it first.")


def _is_right(source: Source, path: Path, digest: str | None) -> bool:
    """Whether size and checksum are as promised, as far as anything was."""
    if source.size is not None and path.stat().st_size != source.size:
        return False
    if kind := kind_of_sum(source):
        return digest == source.sums[kind].lower()
    return source.content_md5 is None or _content_md5(path) == source.content_md5.lower()


def _digest_of(path: Path, kind: str | None) -> str | None:
    if kind is None:
        return None
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest()


def _content_md5(path: Path) -> str | None:
    """The md5 of what a gzip file unpacks to; of another file that of its bytes."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
    except (OSError, EOFError, zlib.error):
        return None
    return digest.hexdigest()


# ---------------------------------------------------------------- one try after the other


def _fetched(source: Source, part: Part, step: Step, pause: Callable[[float], None]) -> None:
    """Ask again and again until all is there; a try that brought something isn't one that failed."""
    failed, outcome = 0, None
    for _ in range(MOST_TRIES):
        before = part.size
        outcome = _tried(source, part, step)
        if outcome is None:
            return
        failed = 0 if part.size > before else failed
        seconds = pacing.wait("GET", outcome, failed)
        if seconds is None:
            break
        failed += 1
        pause(seconds)
    if isinstance(outcome, pacing.Failure):
        raise UnreachableError(source.name, outcome.reason)
    status = outcome.status if outcome else 0
    words = {401: "it isn't open to you", 403: "it isn't open to you", 404: "there is no such file"}
    raise RefusedError(f"{source.name}: {words.get(status, f'the server answered {status}')}.")


def _tried(source: Source, part: Part, step: Step) -> Answer | pacing.Failure | None:
    """Ask once for what is missing; None when all is there."""
    try:
        with source.open(part.asks()) as found:
            return _taken(source, part, found, step)
    except UnreachableError as error:
        return pacing.Failure(error.reason, sent=True, tries=pacing.TRIES)


def _taken(source: Source, part: Part, found: Opened, step: Step) -> Answer | pacing.Failure | None:
    if found.status == 416 and part.size and part.size == _total(found.headers):
        return None
    if found.status == 416 or (found.status == 206 and not part.goes_on(found.headers)):
        part.start_over()
        return pacing.Failure("it sends another piece than was asked for", sent=True, tries=pacing.SLOW_TRIES)
    if found.status not in (200, 206):
        return Answer(found.status, None, found.headers)
    if found.status == 200 and part.size:  # the file is another now, or pieces aren't to be had
        part.start_over()
    part.remember(found.headers)
    length = found.headers.get("content-length", "")
    whole = source.size or (part.size + int(length) if re.fullmatch(r"\d{1,18}", length) else None)
    with part.opened() as stream:
        for piece in found.pieces:
            part.add(stream, piece)
            step(f"Fetching {source.name}", min(1.0, part.size / whole) if whole else 0.0)
            if source.size is not None and part.size > source.size:  # it needn't fill the disk to be wrong
                break
    return None


def _total(headers: Mapping[str, str]) -> int | None:
    found = re.search(r"/(\d{1,18})$", headers.get("content-range", ""))
    return int(found[1]) if found else None
