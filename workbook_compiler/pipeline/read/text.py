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
        raise UnreadableError(Diagnostic(structure.FIL01, Location(name), context={"reason": reason})) from error
    sheet = Sheet(sheet_name, rows, header_row=1 if said else 0)
    return Outcome(Workbook(name, sha256, (sheet,), is_text=True), findings)


def decoded(data: bytes, name: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """Return a text file's text, and what there is to say of its alphabet; raises UnreadableError for what isn't text."""
    encoding = next((e for mark, e in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        return text, (Diagnostic(structure.FIL05, Location(name), context={"encoding": "Windows-1252"}),)
    if "\0" in text:
        raise UnreadableError(Diagnostic(structure.FIL01, Location(name), context={"reason": "it isn't text"}))
    return text, ()


def _separator(text: str, name: str) -> str:
    """The separator that the first line has most of; Excel writes ``;`` where the comma is the decimal point."""
    first = text.partition("\n")[0]
    preferred = "," if name.lower().endswith(".csv") else "\t"
    return max((preferred, "\t", ",", ";"), key=first.count) if first else preferred
