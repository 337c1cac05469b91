"""Step 1: a file -> Workbook, Sheets, rows of cells, at their true addresses.

The first thing done to a stranger's file is to look at its size; nothing is unpacked or parsed before that.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from workbook_compiler.archive import UnreadableError
from workbook_compiler.model.codes import structure
from workbook_compiler.model.diagnostics import Code, Diagnostic, Location, Outcome
from workbook_compiler.pipeline.read import ods, text, xlsx
from workbook_compiler.pipeline.read.cells import Workbook

MAX_BYTES = 1 << 30
"""A larger file isn't opened."""

READERS = {
    ".xlsx": xlsx.read,
    ".xlsm": xlsx.read,
    ".ods": ods.read,
    ".csv": text.read,
    ".tsv": text.read,
    ".txt": text.read,
}

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_text(path: Path) -> bool:
    """Tell whether a file of this name is read as TSV or CSV."""
    return READERS.get(path.suffix.lower()) is text.read


def unopened(path: Path) -> bytes | None:
    """Return the bytes of a file nobody has looked into; None for one that isn't going to be opened or can't be."""
    try:
        return path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError:
        return None


def read(path: Path, name: str) -> Outcome[Workbook]:
    """Return the workbook in a file; one that can't be read is a Workbook without sheets and a finding.

    ``name`` stands for the file in every Location; the only sheet of a text file is named after the file's stem.
    Raises OSError when the file can't be opened.
    """
    if path.stat().st_size > MAX_BYTES:
        return _refused(name, "", structure.FIL04, {"reason": f"it has more than {MAX_BYTES >> 30} GB"})
    return read_bytes(path.read_bytes(), path, name)


def read_bytes(data: bytes, path: Path, name: str) -> Outcome[Workbook]:
    """Return the workbook in a file's bytes; of the path only the last part is looked at."""
    sha256 = hashlib.sha256(data).hexdigest()
    reader = READERS.get(path.suffix.lower())
    if reader is None and not data.startswith(_OLE):
        ending = f"ending in {path.suffix}" if path.suffix else "without an ending in their name"
        return _refused(name, sha256, structure.FIL03, {"ending": ending})
    if reader is None or data.startswith(_OLE):
        return _refused(name, sha256, structure.FIL02, {})
    try:
        return reader(data, name, sha256, path.stem)
    except UnreadableError as unreadable:
        return Outcome(Workbook(name, sha256), (unreadable.diagnostic,))


def _refused(name: str, sha256: str, code: Code, context: dict[str, str]) -> Outcome[Workbook]:
    return Outcome(Workbook(name, sha256), (Diagnostic(code, Location(name), context=context),))
