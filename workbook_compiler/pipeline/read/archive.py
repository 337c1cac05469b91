"""The zip inside a workbook, opened with limits: a small file can unpack to more than a computer holds."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from workbook_compiler.model.codes import structure
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.pipeline.read.cells import UnreadableError

MAX_UNPACKED = 2 << 30
MAX_PART = 1 << 30
MAX_PARTS = 20_000
SUSPICIOUS = 200 << 20
"""What unpacks to more than this, and to more than ``MAX_RATIO`` times its size, is no honest workbook."""
MAX_RATIO = 150
PIECE = 1 << 19
"""Parts are unpacked in pieces of so many bytes, which stay in the processor's cache while they are looked at."""

_FACTS = struct.Struct("<5H3L2H")
_LISTED = struct.Struct("<3H2L")
_END = struct.Struct("<4s4H2LH")
_ZIP_2, _UTF_8, _ENCRYPTED, _DAY_ONE = 20, 0x800, 0x1, 0x21


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
    if sum(entry.compress_size for entry in entries) > len(data):
        raise unreadable(name, "its parts are said to be longer than the file")
    return archive


def part(archive: zipfile.ZipFile, path: str, name: str, limit: int = MAX_PART) -> bytes:
    """Return one part's bytes; raises UnreadableError when it is missing, damaged or declares entities of its own."""
    return b"".join(pieces(archive, path, name, limit))


def pieces(archive: zipfile.ZipFile, path: str, name: str, limit: int = MAX_PART) -> Iterator[bytes]:
    """Yield one part's bytes, ``PIECE`` at a time; raises as ``part`` does, for damage only when it comes upon it."""
    size = 0
    try:
        with archive.open(path) as stream:
            while piece := stream.read(PIECE):
                if size == 0 and (b"<!DOCTYPE" in piece[:4096] or b"<!ENTITY" in piece[:4096]):
                    raise unreadable(name, "it declares XML entities, which no spreadsheet program writes")
                size += len(piece)
                if size > limit:
                    context = {"reason": "a part of it is too large"}
                    raise UnreadableError(Diagnostic(structure.FIL04, Location(name), context=context))
                yield piece
    except KeyError as error:
        raise unreadable(name, f"its part {path.rsplit('/', 1)[-1]} is missing") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise unreadable(name, "it is damaged or cut off") from error


def rewritten(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Return the archive with some parts replaced, uncompressed as they are read only once; the others stay packed."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        entries = source.infolist()
    written: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for entry in entries:
        new = parts.get(entry.filename)
        packed = _packed(data, entry) if new is None else new
        name = entry.filename.encode()
        facts = _facts(entry, len(name)) if new is None else _stored(new, len(name))
        local = b"PK\3\4" + facts + name
        directory += (b"PK\1\2" + _ZIP_2.to_bytes(2, "little") + facts + _LISTED.pack(0, 0, 0, 0, at), name)
        written += (local, packed)
        at += len(local) + len(packed)
    listed = b"".join(directory)
    end = _END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), len(listed), at, 0)
    return b"".join((*written, listed, end))


def _packed(data: bytes, entry: zipfile.ZipInfo) -> bytes:
    """A part's bytes as they are in the file; its own header alone knows where they begin."""
    lengths = entry.header_offset + 26
    before = sum(int.from_bytes(data[at : at + 2], "little") for at in (lengths, lengths + 2))
    return data[lengths + 4 + before : lengths + 4 + before + entry.compress_size]


def _facts(entry: zipfile.ZipInfo, name: int) -> bytes:
    flags = entry.flag_bits & _ENCRYPTED | _UTF_8
    sizes = entry.CRC, entry.compress_size, entry.file_size
    return _FACTS.pack(_ZIP_2, flags, entry.compress_type, 0, _DAY_ONE, *sizes, name, 0)


def _stored(part: bytes, name: int) -> bytes:
    sizes = zlib.crc32(part), len(part), len(part)
    return _FACTS.pack(_ZIP_2, _UTF_8, zipfile.ZIP_STORED, 0, _DAY_ONE, *sizes, name, 0)


def unreadable(name: str, reason: str) -> UnreadableError:
    """Return the exception for a file that can't be read, with the reason in words."""
    return UnreadableError(Diagnostic(structure.FIL01, Location(name), context={"reason": reason}))
