"""The zip inside a workbook, opened with limits: a small file can unpack to more than a computer holds."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from posixpath import join, normpath
from typing import NamedTuple
from xml.etree import ElementTree

from workbook_compiler.model.codes import structure
from workbook_compiler.model.diagnostics import Diagnostic, Location

MAX_UNPACKED = 2 << 30
MAX_PART = 1 << 30
MAX_PARTS = 20_000
SUSPICIOUS = 200 << 20
"""What unpacks to more than this, and to more than ``MAX_RATIO`` times its size, is no honest workbook."""
MAX_RATIO = 150
PIECE = 1 << 19
"""Parts are unpacked in pieces of so many bytes, which stay in the processor's cache while they are looked at."""

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
"""The two names under which the words of a workbook go."""

_FACTS = struct.Struct("<5H3L2H")
_LISTED = struct.Struct("<3H2L")
_END = struct.Struct("<4s4H2LH")
_ZIP_2, _UTF_8, _ENCRYPTED, _DAY_ONE = 20, 0x800, 0x1, 0x21


class UnreadableError(Exception):
    """A file that cannot be read as a workbook; ``diagnostic`` says why. Nobody outside sees it raised."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.code.id)
        self.diagnostic = diagnostic


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
                    raise unreadable(name, "it holds instructions that no spreadsheet program writes")
                size += len(piece)
                if size > limit:
                    context = {"reason": "a part of it is too large"}
                    raise UnreadableError(Diagnostic(structure.FIL04, Location(name), context=context))
                yield piece
    except KeyError as error:
        raise unreadable(name, f"it isn't a workbook, or a part of it is missing ({path})") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise unreadable(name, "it is damaged or cut off") from error


def rewritten(data: bytes, parts: Mapping[str, bytes], *, packed: bool = False, without: Collection[str] = ()) -> bytes:
    """Return the archive with some parts replaced or left out, and new ones at its end; all others stay packed as they are.

    Parts given are stored as they are, which is quickest for a file that is read once, or ``packed`` for one that is kept.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        entries = [entry for entry in source.infolist() if entry.filename not in without]
    known = {entry.filename for entry in entries}
    pieces: list[tuple[bytes, bytes, bytes]] = []
    for entry in entries:
        new, name = parts.get(entry.filename), entry.filename.encode()
        pieces.append(
            (name, _facts(entry, len(name)), _packed(data, entry)) if new is None else _new(name, new, packed)
        )
    pieces += [_new(name.encode(), new, packed) for name, new in parts.items() if name not in known]
    written: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for name, facts, body in pieces:
        local = b"PK\3\4" + facts + name
        directory += (b"PK\1\2" + _ZIP_2.to_bytes(2, "little") + facts + _LISTED.pack(0, 0, 0, 0, at), name)
        written += (local, body)
        at += len(local) + len(body)
    listed = b"".join(directory)
    end = _END.pack(b"PK\5\6", 0, 0, len(pieces), len(pieces), len(listed), at, 0)
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


def _new(name: bytes, part: bytes, packed: bool) -> tuple[bytes, bytes, bytes]:
    body, method = part, zipfile.ZIP_STORED
    if packed:
        squeezed = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        body, method = squeezed.compress(part) + squeezed.flush(), zipfile.ZIP_DEFLATED
    sizes = zlib.crc32(part), len(body), len(part)
    return name, _FACTS.pack(_ZIP_2, _UTF_8, method, 0, _DAY_ONE, *sizes, len(name), 0), body


def unreadable(name: str, reason: str) -> UnreadableError:
    """Return the exception for a file that can't be read, with the reason in words."""
    return UnreadableError(Diagnostic(structure.FIL01, Location(name), context={"reason": reason}))


def parsed(xml: bytes, name: str) -> ElementTree.Element:
    """Return a part's root; raises UnreadableError for what is no XML. ``part`` has refused documents with a DTD."""
    try:
        return ElementTree.fromstring(xml)  # noqa: S314 - part() refuses documents with a DTD
    except ElementTree.ParseError as error:
        raise unreadable(name, "its inside is damaged") from error


class Relation(NamedTuple):
    """One part that another refers to."""

    id: str
    kind: str
    """The last word of its type: ``worksheet``."""
    path: str


def relations(archive: zipfile.ZipFile, path: str, name: str) -> list[Relation]:
    """Return what a part refers to; the part ``""`` is the whole file."""
    root = parsed(part(archive, relations_of(path), name), name)
    return [
        Relation(one.get("Id", ""), one.get("Type", "").rpartition("/")[2], absolute(path, one.get("Target", "")))
        for one in root
        if one.get("Target") and one.get("TargetMode") != "External"
    ]


def relations_of(path: str) -> str:
    """Return the part that holds what a part refers to."""
    folder, _, stem = path.rpartition("/")
    return join(folder, "_rels", f"{stem}.rels")


def absolute(path: str, target: str) -> str:
    """Return the part that another one means by a target."""
    return target.lstrip("/") if target.startswith("/") else normpath(join(path.rpartition("/")[0], target))


def workbook_part(archive: zipfile.ZipFile, name: str) -> str:
    """Return the path of the part that lists the sheets."""
    offices = [one.path for one in relations(archive, "", name) if one.kind == "officeDocument"]
    if not offices:
        raise unreadable(name, "it holds no workbook")
    return normpath(offices[0])


def sheet_parts(archive: zipfile.ZipFile, name: str) -> dict[str, tuple[str, bool]]:
    """Return ``{sheet name: (part, hidden)}`` of the worksheets, in the workbook's order; chart sheets hold no cells."""
    workbook = workbook_part(archive, name)
    targets = {one.id: one.path for one in relations(archive, workbook, name) if one.kind == "worksheet"}
    sheets: dict[str, tuple[str, bool]] = {}
    for sheet in parsed(part(archive, workbook, name), name).iter():
        if sheet.tag in (f"{MAIN}sheet", f"{STRICT}sheet"):
            path = targets.get(next((v for k, v in sheet.attrib.items() if k.endswith("}id")), ""))
            if path:
                sheets[sheet.get("name", "")] = (path, sheet.get("state", "visible") != "visible")
    return sheets
