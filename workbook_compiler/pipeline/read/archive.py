"""The zip inside a workbook, opened with limits: a small file can unpack to more than a computer holds."""

from __future__ import annotations

import io
import zipfile
import zlib

from workbook_compiler.model.codes import structure
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.pipeline.read.cells import UnreadableError

MAX_UNPACKED = 2 << 30
MAX_PART = 1 << 30
MAX_PARTS = 20_000
SUSPICIOUS = 200 << 20
"""What unpacks to more than this, and to more than ``MAX_RATIO`` times its size, is no honest workbook."""
MAX_RATIO = 150


def opened(data: bytes, name: str) -> zipfile.ZipFile:
    """Return the archive; raises UnreadableError for what is no zip, is cut off, or says it unpacks to more than the limits."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        reason = "it is empty" if not data else "it is damaged or isn't a workbook"
        raise unreadable(name, reason) from error
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    too_large = unpacked > MAX_UNPACKED or any(e.file_size > MAX_PART for e in entries)
    if too_large or len(entries) > MAX_PARTS or unpacked > max(SUSPICIOUS, MAX_RATIO * len(data)):
        reason = f"it unpacks to {unpacked >> 20:,} MB in {len(entries):,} parts"
        raise UnreadableError(Diagnostic(structure.FIL04, Location(name), context={"reason": reason}))
    return archive


def part(archive: zipfile.ZipFile, path: str, name: str, limit: int = MAX_PART) -> bytes:
    """Return one part's bytes; raises UnreadableError when it is missing, damaged or declares entities of its own."""
    try:
        with archive.open(path) as stream:
            data = stream.read(limit + 1)
    except KeyError as error:
        raise unreadable(name, f"its part {path.rsplit('/', 1)[-1]} is missing") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise unreadable(name, "it is damaged or cut off") from error
    if len(data) > limit:
        raise UnreadableError(
            Diagnostic(structure.FIL04, Location(name), context={"reason": "a part of it is too large"})
        )
    if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data[:4096]:
        raise unreadable(name, "it declares XML entities, which no spreadsheet program writes")
    return data


def unreadable(name: str, reason: str) -> UnreadableError:
    """Return the exception for a file that can't be read, with the reason in words."""
    return UnreadableError(Diagnostic(structure.FIL01, Location(name), context={"reason": reason}))
