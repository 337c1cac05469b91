"""TSV and CSV as people's programs write them: any of three separators, a byte order mark, older alphabets."""

from __future__ import annotations

import csv
import io
import re

from workbook_compiler.archive import UnreadableError
from workbook_compiler.model.codes import structure
from workbook_compiler.model.diagnostics import Diagnostic, Location, Outcome
from workbook_compiler.pipeline.read.cells import Sheet, Workbook

MAX_CELL = 1 << 20
"""Characters of one cell; Excel's own limit is 32,767."""

_SAID = re.compile(r'"?sep=([,;\t|])"?\r?(?:\n|$)', re.IGNORECASE)
"""Excel's own first line of a CSV file that names its separator."""
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_ZIP = b"PK\x03\x04"
_WORKBOOK = re.compile(rb"xl/workbook|opendocument\.spreadsheet")


def read(data: bytes, name: str, sha256: str, sheet_name: str) -> Outcome[Workbook]:
    """Return the one sheet of a text file; every cell is text."""
    text, findings = decoded(data, name)
    csv.field_size_limit(MAX_CELL)
    said = _SAID.match(text)
    separator = said[1] if said else _separator(text, name)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = list(lines)
    except csv.Error as error:
        reason = f"a quotation mark isn't closed properly; look at line {lines.line_num} and above"
        raise _no_text(name, reason) from error
    sheet = Sheet(sheet_name, rows, header_row=1 if said else 0)
    return Outcome(Workbook(name, sha256, (sheet,), is_text=True), findings)


def decoded(data: bytes, name: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """Return a text file's text, and what there is to say of its alphabet; raises UnreadableError for what isn't text."""
    if data.startswith(_ZIP):
        what = "its name says that it is text, but it holds a workbook" if _WORKBOOK.search(data) else "it isn't text"
        raise _no_text(name, what)
    encoding = next((e for mark, e in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if b"\0" in data:
            raise _no_text(name, "it isn't text") from None
        text = data.decode("cp1252", errors="replace")
        return text, (Diagnostic(structure.FIL05, Location(name), context={"encoding": "Windows-1252"}),)
    if "\0" in text:
        raise _no_text(name, "it isn't text")
    return text, ()


def _no_text(name: str, reason: str) -> UnreadableError:
    return UnreadableError(Diagnostic(structure.FIL01, Location(name), context={"reason": reason}))


def _separator(text: str, name: str) -> str:
    """The separator that the first line has most of; Excel writes ``;`` where the comma is the decimal point."""
    first = text.partition("\n")[0]
    preferred = "," if name.lower().endswith(".csv") else "\t"
    return max((preferred, "\t", ",", ";"), key=first.count) if first else preferred
