"""Files as they come in: counted while they stream, held in memory, and nothing of them looked into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbook_compiler.model.codes import structure
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.web.names import distinct

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FILE = 50 << 20
MAX_TOGETHER = 100 << 20
MAX_FILES = 50
MAX_FIELD = 1_000
"""Bytes of a form's other fields."""
FILES = "files"
"""The form's field that holds the workbooks."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came, under a name that is safe to show and to save."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """What a form held."""

    uploads: tuple[Upload, ...]
    fields: dict[str, str]


class RefusedFormError(Exception):
    """A form that isn't taken; the words are for the person, ``status`` for the browser."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


def too_large(name: str) -> str:
    """Return what is said of a file over the limit, in the report's words."""
    found = Diagnostic(structure.FIL04, Location(name), context={"reason": f"more than {MAX_FILE >> 20} MB"})
    return f"{name}: {found.message} {found.hint}" if name else f"{found.message} {found.hint}"


TOO_MUCH = f"Together the files are larger than {MAX_TOGETHER >> 20} MB. Check them in smaller groups."
TOO_MANY = f"These are more than {MAX_FILES} files. Check them in smaller groups."
BROKEN = "The files didn't arrive whole. Please choose them again."


async def received(stream: AsyncIterator[bytes], content_type: str) -> Form:
    """Return a form's files and fields. What is over a limit is read to its end and dropped, or the browser wouldn't listen."""
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    kind, options = parse_options_header(content_type.encode("latin-1", "replace"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise RefusedFormError(BROKEN)
    parts = _Parts()
    parser = MultipartParser(options[b"boundary"], parts.callbacks())
    trouble = ""
    async for piece in stream:
        try:
            if not (trouble or parts.refused):
                parser.write(piece)
        except FormParserError:
            trouble = BROKEN
    if parts.refused:
        raise RefusedFormError(parts.refused, 413)
    if trouble or not parts.ended:
        raise RefusedFormError(BROKEN)
    names = distinct(name for name, _ in parts.files)
    uploads = tuple(Upload(name, bytes(data)) for name, (_, data) in zip(names, parts.files, strict=True))
    return Form(uploads, {name: data.decode("utf-8", "replace") for name, data in parts.fields.items()})


class _Parts:
    """The parts of a form while it comes in."""

    def __init__(self) -> None:
        self.files: list[tuple[str, bytearray]] = []
        self.fields: dict[str, bytearray] = {}
        self.refused = ""
        self.ended = False
        self._header, self._value, self._disposition = b"", b"", b""
        self._together = 0
        self._limit = 0
        self._into = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._named,
            "on_header_value": self._valued,
            "on_header_end": self._header_over,
            "on_headers_finished": self._opened,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition = b""

    def _named(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _valued(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_over(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _opened(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, said = parse_options_header(self._disposition)
        name, self._into = said.get(b"name", b"").decode("utf-8", "replace"), bytearray()
        if name == FILES:
            self._limit = MAX_FILE
            self.files.append((said.get(b"filename", b"").decode("utf-8", "replace"), self._into))
        else:
            self._limit = MAX_FIELD
            self.fields[name[:MAX_FIELD]] = self._into
        if len(self.files) > MAX_FILES or len(self.fields) > MAX_FILES:
            self._refuse(TOO_MANY)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self.refused:
            return
        self._together += end - start
        if self._limit < len(self._into) + end - start:
            self._refuse(too_large(distinct([self.files[-1][0]])[0]) if self._limit == MAX_FILE else BROKEN)
        elif self._together > MAX_TOGETHER:
            self._refuse(TOO_MUCH)
        else:
            self._into += data[start:end]

    def _refuse(self, words: str) -> None:
        self.refused = words
        self.files.clear()
        self.fields.clear()
        self._into = bytearray()

    def _end(self) -> None:
        self.ended = True
