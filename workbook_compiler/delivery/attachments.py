"""Files that rows name: looked at before anything is sent, and those that travel inside a record put into its message."""

from __future__ import annotations

import ntpath
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook_compiler.delivery.checksums import Checked, Problem, checksums, same_content
from workbook_compiler.delivery.paths import Folders, is_address, place_of
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.model.codes import files as codes
from workbook_compiler.model.diagnostics import Code, Diagnostic, Location, Outcome
from workbook_compiler.model.plan import Operation, Plan, Request
from workbook_compiler.model.records import Pointer, Record, value_at, with_value
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Access, Schema

LARGEST = 50 << 20
"""Bytes of an attached file: it travels inside its record's message."""
CHECKSUM = "md5sum"
SIZE = "file_size"
CHECKSUMS = (CHECKSUM, "checksum")
"""What the property beside a file's name is called that holds its md5."""
EXTRA, FORMAT, NAME = "extra_files", "file_format", "filename"
"""A list of files that come along with a file, each of another format. In a cell of JSON its ``filename`` is a path."""
SIGNATURES: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "application/pdf": (b"%PDF-",),
    "application/zip": (b"PK\x03\x04", b"PK\x05\x06"),
}
"""How files of a media type begin; of others nothing is known."""
_REASONS = {
    Problem.NOT_A_FILE: "it isn't a file",
    Problem.UNREADABLE: "you may not open it",
    Problem.CHANGED: "it changed while it was read",
    Problem.TRUNCATED: "its end is missing",
    Problem.DAMAGED: "it is damaged",
}
_CODES = {Problem.MISSING: codes.FLE01, Problem.EMPTY: codes.FLE02, Problem.TRUNCATED: codes.FLE03}
_CODES |= {Problem.DAMAGED: codes.FLE03}


@dataclass(frozen=True, slots=True)
class Named:
    """A file that a row names."""

    record: Record
    pointer: Pointer
    """Where in the record."""
    typed: str
    attached: str | None
    """The media type it is declared with when it travels inside the record; None for a data file."""

    @property
    def location(self) -> Location:
        """The cell."""
        return self.record.origin.place(self.pointer) or self.record.location

    def wrong(self, code: Code, **context: Any) -> Diagnostic:
        """What is wrong with the file."""
        return Diagnostic(code, self.location, str(self.pointer[0]), self.typed, context)

    @property
    def format(self) -> str | None:
        """The format that tells a file that comes along from the others; None for the record's own file."""
        if self.pointer[0] != EXTRA:
            return None
        members = self.record.values[EXTRA]
        return str(members[self.pointer[1]].get(FORMAT, ""))


Checksums = Mapping[int, Mapping[Pointer, str | int]]
"""A record's number -> place of a checksum or a size in its body -> md5 or bytes."""


def named(records: Iterable[Record]) -> Iterator[Named]:
    """Yield every file that the records name, in their order."""
    for record in records:
        for pointer, typed in record.files.items():
            value = record.values.get(str(pointer[0])) if len(pointer) == 1 else None
            yield Named(record, pointer, typed, str(value.get("type")) if isinstance(value, dict) else None)
        if EXTRA in record.values:
            yield from _in_json(record, record.values[EXTRA])


def _in_json(record: Record, members: Any) -> Iterator[Named]:
    for number, member in enumerate(members if isinstance(members, list) else ()):
        pointer = (EXTRA, number, NAME)
        if isinstance(member, dict) and isinstance(member.get(NAME), str) and pointer not in record.files:
            yield Named(record, pointer, member[NAME], None)


def data_files(records: Iterable[Record]) -> list[Named]:
    """Return every file that is uploaded beside its record."""
    return [file for file in named(records) if file.attached is None]


def look(
    records: Sequence[Record],
    schema: Schema,
    folders: Folders,
    executor: Executor | None = None,
    cache: Path | None = None,
    step: Step = silent,
) -> Outcome[Checksums]:
    """Read every file that the records name; return the checksums that rows leave out, and what is wrong.

    ``folders`` is where relative paths begin. An attachment on the web is fetched, and fetched again when it is sent.
    """
    files = list(named(records))
    here = [file for file in files if not (is_address(file.typed) and file.attached)]
    places = [place_of(file.typed, folders(file.record)) for file in here]
    looked = list(zip(here, checksums(places, executor, cache, step), strict=True))
    found = [*_each(looked), *_on_the_web(files)]
    sums = list(_sums(looked, schema))
    found += [*_twice(looked, schema), *_others(sums)]
    ordered = sorted(found, key=lambda pair: pair[0])
    return Outcome(_missing([*sums, *_sizes(looked, schema)]), tuple(diagnostic for _, diagnostic in ordered))


# ---------------------------------------------------------------- what is wrong

Looked = Sequence[tuple[Named, Checked]]
Told = tuple[int, Diagnostic]
"""The number of the record it belongs to, and what is wrong."""


def _each(looked: Looked) -> Iterator[Told]:
    for file, checked in looked:
        diagnostic = _of(file, checked)
        if diagnostic is not None:
            yield file.record.number, diagnostic


def _of(file: Named, checked: Checked) -> Diagnostic | None:
    if is_address(file.typed):
        return file.wrong(codes.FLE01, advice="Download it first: data files are sent from your computer.")
    if checked.problem is not None:
        code = _CODES.get(checked.problem, codes.FLE08)
        reason = _REASONS.get(checked.problem)
        return file.wrong(code, **({"reason": reason} if reason else {}))
    if file.attached is None:
        return None
    if (checked.size or 0) > LARGEST:
        return _too_large(file)
    try:
        with checked.path.open("rb") as stream:
            return _other_kind(file, stream.read(16))
    except OSError:
        return file.wrong(codes.FLE08, reason=_REASONS[Problem.UNREADABLE])


def _too_large(file: Named) -> Diagnostic:
    return file.wrong(codes.FLE06, limit=f"{LARGEST >> 20} MB")


def _other_kind(file: Named, begin: bytes) -> Diagnostic | None:
    known = SIGNATURES.get(file.attached or "")
    if not known or begin.startswith(known):
        return None
    return file.wrong(codes.FLE05, expected="." + file.typed.rpartition(".")[2])


def _on_the_web(files: Iterable[Named]) -> Iterator[Told]:
    """Attachments that a row names by an address, each fetched once."""
    addresses: dict[str, Callable[[Named], Diagnostic | None]] = {}
    for file in files:
        if file.attached and is_address(file.typed):
            if file.typed not in addresses:
                addresses[file.typed] = _verdict(file.typed)
            diagnostic = addresses[file.typed](file)
            if diagnostic is not None:
                yield file.record.number, diagnostic


def _verdict(address: str) -> Callable[[Named], Diagnostic | None]:
    try:
        data = fetched(address)
    except (UnreachableError, UsageError) as error:
        reason = error.reason if isinstance(error, UnreachableError) else "the address can't be understood"
        return lambda file: file.wrong(codes.FLE08, reason=reason)
    if len(data) > LARGEST:
        return _too_large
    if not data:
        return lambda file: file.wrong(codes.FLE02)
    return lambda file: _other_kind(file, data[:16])


def _sums(looked: Looked, schema: Schema) -> Iterator[tuple[Named, Pointer, str]]:
    """Each data file whose record keeps a checksum: where, and the file's md5."""
    for file, checked in looked:
        at = _checksum_at(file, schema)
        if checked.md5 is not None and checked.problem is None and at is not None:
            yield file, at, checked.md5


def _sizes(looked: Looked, schema: Schema) -> Iterator[tuple[Named, Pointer, int]]:
    """Each data file whose record keeps its size: where, and how many bytes it has."""
    for file, checked in looked:
        entity = schema.types.get(file.record.type)
        kept = entity.properties.get(SIZE) if entity is not None and file.attached is None else None
        is_own = len(file.pointer) == 1 and kept is not None and kept.measured
        if is_own and checked.size is not None and checked.problem is None:
            yield file, (SIZE,), checked.size


def _checksum_at(file: Named, schema: Schema) -> Pointer | None:
    """Where a data file's checksum stands in its record: beside its name; None when the record keeps none."""
    entity = schema.types.get(file.record.type)
    whole = entity.properties.get(str(file.pointer[0])) if entity is not None and file.attached is None else None
    if entity is None or whole is None:
        return None
    beside = entity.properties if len(file.pointer) == 1 else whole.leaf.properties
    kept = next((name for name in CHECKSUMS if name in beside and beside[name].access is not Access.REFUSED), None)
    return (*file.pointer[:-1], kept) if kept is not None else None


def _twice(looked: Looked, schema: Schema) -> Iterator[Told]:
    """One content in several rows, told at the second of them. A portal that keeps checksums takes each only once."""
    kept = {
        id(checked): file
        for file, checked in looked
        if checked.problem is None and len(_checksum_at(file, schema) or ("", "")) == 1
    }
    for group in same_content(checked for _, checked in looked if id(checked) in kept):
        first, second, *more = (kept[id(checked)] for checked in group)
        others = (first.location, *(file.location for file in more))
        rows = f"{first.location}{f' and {len(more)} more' if more else ''}"
        found = second.wrong(codes.FLE04, rows=rows)
        yield (
            second.record.number,
            Diagnostic(found.code, found.location, found.field, found.value, found.context, (), others),
        )


def _others(sums: Iterable[tuple[Named, Pointer, str]]) -> Iterator[Told]:
    """Rows whose own checksum is another than the file's."""
    for file, at, md5 in sums:
        typed = value_at(file.record.values, at)
        if isinstance(typed, str) and typed.lower() != md5:
            place, field = file.record.origin.place(at) or file.record.location, ".".join(map(str, at))
            context = {"path": file.typed, "actual": md5}
            yield file.record.number, Diagnostic(codes.FLE07, place, field, typed, context, (md5,))


def _missing(sums: Iterable[tuple[Named, Pointer, str | int]]) -> Checksums:
    found: dict[int, dict[Pointer, str | int]] = {}
    for file, at, md5 in sums:
        if value_at(file.record.values, at) is None:
            found.setdefault(file.record.number, {})[at] = md5
    return found


def without_checksum(records: Iterable[Record], schema: Schema) -> list[Named]:
    """Return the data files whose record keeps a checksum and has none."""
    places = ((file, _checksum_at(file, schema)) for file in data_files(records))
    return [file for file, at in places if at is not None and value_at(file.record.values, at) is None]


def with_checksums(plan: Plan, sums: Checksums) -> Plan:
    """Return the plan whose records have these checksums too."""

    def completed(op: Operation) -> Operation:
        values = op.record.values
        for at, md5 in sums.get(op.record.number, {}).items():
            values = with_value(values, at, md5)
        return op if values is op.record.values else op._replace(record=op.record._replace(values=values))

    return plan.each(completed) if sums else plan


def contents(records: Iterable[Record], folders: Folders) -> Mapping[tuple[str, str], str]:
    """Return the md5 of the files that travel inside records, by record id and property; those that aren't here are left out."""
    files = [file for file in named(records) if file.attached and not is_address(file.typed)]
    places = [place_of(file.typed, folders(file.record)) for file in files]
    looked = zip(files, checksums(places), strict=True) if files else ()
    return {(file.record.id, str(file.pointer[0])): found.md5 for file, found in looked if found.md5 is not None}


# ---------------------------------------------------------------- inside a message


def inline(request: Request, record: Record, folder: Path) -> Request:
    """Return a message with the content of the files that travel inside it, as the portal wants them.

    Raises UsageError for a file that went away since it was looked at.
    """
    body = dict(request.body)
    for (name, *_), typed in record.files.items():
        value = body.get(str(name))
        if isinstance(value, dict) and value.get("href") == typed:
            data = b64encode(content(typed, folder)).decode()
            body[str(name)] = {**value, "href": f"data:{value.get('type')};base64,{data}"}
    for file in named([record]):
        if file.format is not None and value_at(body, file.pointer) == file.typed:  # a path, in a cell of JSON
            body = with_value(body, file.pointer, ntpath.basename(file.typed))
    return request._replace(body=body)


def content(typed: str, folder: Path) -> bytes:
    """Return the bytes of an attached file. Raises UsageError when it can't be had, or is too large."""
    if is_address(typed):
        data = fetched(typed)
    else:
        try:
            with place_of(typed, folder).open("rb") as stream:
                data = stream.read(LARGEST + 1)
        except (OSError, ValueError):
            raise UsageError(f"The file {typed} can't be read any more.") from None
    if len(data) > LARGEST:
        raise UsageError(f"The file {typed} is larger than {LARGEST >> 20} MB, too large to be attached.")
    return data


def fetched(address: str) -> bytes:
    """Return the bytes at an address of the web, no more than one too many. Raises UnreachableError for any other answer."""
    from workbook_compiler.delivery.addresses import without_secrets
    from workbook_compiler.delivery.client import opened

    data = bytearray()
    with opened(address) as found:
        if found.status != 200:
            raise UnreachableError(without_secrets(address), f"it answered {found.status}")
        for piece in found.pieces:
            data += piece
            if len(data) > LARGEST:
                break
    return bytes(data[: LARGEST + 1])
