"""Far-away cells moved near, so that reading costs what a sheet holds and not what its outline spans.

One stray cell in XFD1048576 makes a reader that allocates the used rectangle ask for half a terabyte. Before it reads,
cells far from the others get an address near them; afterwards they are put back where they were.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbook_compiler.model.diagnostics import column_letter
from workbook_compiler.pipeline.read.cells import address, column_index

ROOMY = 4_000_000
"""Up to this many places a used rectangle is read as it is."""
SPARSE = 8
"""A larger one is folded when it has more than this many places for each filled cell."""
NEAR_COLUMNS = 256
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384

_WIDE = re.compile(rb' r="([A-Z]{2,3})\d')
_LAST_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d+)"')
_FILLED = re.compile(rb'<((?:\w+:)?)c\s([^>]*?)\br="([A-Z]{1,3})(\d{1,7})"([^>]*[^/>]|)>')
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*>|</(?:\w+:)?row>|<(?:\w+:)?row\s[^>]*/>")


@dataclass(frozen=True, slots=True)
class Fold:
    """A sheet whose cells were moved: ``xml`` is what to read, ``moved`` maps near places to the true ones."""

    xml: bytes
    moved: Mapping[tuple[int, int], tuple[int, int]]
    rows: int

    def restore(self, near: list[list[Any]]) -> list[list[Any]]:
        """Return the rows with every cell at its true place; rows end with their last filled cell."""
        rows: list[list[Any]] = [[] for _ in range(self.rows)]
        for (row, column), (true_row, true_column) in self.moved.items():
            if row < len(near) and column < len(near[row]):
                line = rows[true_row]
                line.extend([""] * (true_column + 1 - len(line)))
                line[true_column] = near[row][column]
        return rows


def fold(xml: bytes) -> Fold | None:
    """Return the folded sheet, or None when its outline is no larger than what it holds deserves."""
    last = xml.rfind(b"<row ")
    match = _LAST_ROW.match(xml, last) if last >= 0 else None
    height = min(int(match[1]), MAX_ROWS) if match else xml.count(b"row ")
    width = (
        max((column_index(c.decode()) + 1 for c in set(_WIDE.findall(xml))), default=26) if _WIDE.search(xml) else 26
    )
    if height * width <= ROOMY:
        return None
    filled = xml.count(b"<v>") + xml.count(b"<is>") + xml.count(b":v>")
    if height * width <= SPARSE * filled:
        return None
    return _folded(xml)


def _folded(xml: bytes) -> Fold:
    """Rewrite the sheet as rows of its filled cells alone, each row as long as it has cells."""
    moved: dict[tuple[int, int], tuple[int, int]] = {}
    lines: dict[int, list[bytes]] = {}
    near_rows: dict[int, int] = {}
    tallest = 0
    for match in _FILLED.finditer(xml):
        row, column = address((match[3] + match[4]).decode())
        if row >= MAX_ROWS or column >= MAX_COLUMNS:
            continue
        end = xml.find(b"</" + match[1] + b"c>", match.end())
        near_row = near_rows.setdefault(row, len(near_rows))
        line = lines.setdefault(near_row, [])
        near = (near_row, len(line))
        moved[near] = (row, column)
        tallest = max(tallest, row + 1)
        place = f'r="{column_letter(near[1])}{near[0] + 1}"'.encode()
        line.append(
            b"<c " + match[2] + place + match[5] + b">" + _without_prefix(xml[match.end() : end], match[1]) + b"</c>"
        )
    body = b"".join(b'<row r="%d">' % (near + 1) + b"".join(cells) + b"</row>" for near, cells in lines.items())
    head = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    return Fold(head + body + b"</sheetData></worksheet>", moved, tallest)


def _without_prefix(inside: bytes, prefix: bytes) -> bytes:
    return inside.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else inside


def rewritten(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Return the workbook's archive with some parts replaced, uncompressed: it is only read once."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy:
        for entry in source.infolist():
            copy.writestr(entry.filename, parts.get(entry.filename) or source.read(entry))
    return target.getvalue()
