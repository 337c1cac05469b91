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
MOST_STRAY_ROWS = 200
"""So many rows at a sheet's end may be strays; more of them are a sheet with gaps."""
WORTH_TRIMMING = 1 << 20
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384

_WIDE = re.compile(rb' r="([A-Z]{2,3})\d')
_LAST_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d+)"')
_HEAD = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_FILLED = re.compile(rb'<((?:\w+:)?)c\s([^>]*?)\br="([A-Z]{1,3})(\d{1,7})"([^>]*[^/>]|)>')


@dataclass(frozen=True, slots=True)
class Fold:
    """A sheet whose cells were moved: ``xml`` is what to read, ``moved`` maps near places to the true ones."""

    xml: bytes
    moved: Mapping[tuple[int, int], tuple[int, int]]
    rows: int
    """How many rows there are in truth."""
    kept: int = 0
    """How many rows, from the first on, are where they were."""

    def restore(self, near: list[list[Any]]) -> list[Any]:
        """Return the rows with every cell at its true place; rows end with their last filled cell, gaps are ``()``."""
        rows: list[Any] = near[: self.kept]
        rows.extend(() for _ in range(self.rows - len(rows)))
        for (row, column), (true_row, true_column) in self.moved.items():
            if row < len(near) and column < len(near[row]):
                line = rows[true_row] = list(rows[true_row])
                line.extend([""] * (true_column + 1 - len(line)))
                line[true_column] = near[row][column]
        return rows


def trimmed(xml: bytes) -> bytes:
    """Return the sheet without the rows behind its last filled cell; a million formatted empty rows say nothing."""
    last = max(xml.rfind(mark) for mark in (b"</v>", b"<v/>", b"</is>", b"</f>"))
    end, close = xml.find(b"</row>", last), xml.find(b"</sheetData>", max(last, 0))
    if last < 0 or end < 0 or close - end < WORTH_TRIMMING:
        return xml
    return xml[: end + len(b"</row>")] + xml[close:]


def fold(xml: bytes) -> Fold | None:
    """Return the folded sheet, or None when its outline is no larger than what it holds deserves."""
    last = xml.rfind(b"<row ")
    match = _LAST_ROW.match(xml, last) if last >= 0 else None
    height = min(int(match[1]), MAX_ROWS) if match else xml.count(b"row ")
    wide = set(_WIDE.findall(xml)) if _WIDE.search(xml) else ()
    width = max((column_index(column.decode()) + 1 for column in wide), default=26)
    if height * width <= ROOMY:
        return None
    filled = xml.count(b"<v>") + xml.count(b"<is>") + xml.count(b":v>")
    if height * width <= SPARSE * filled:
        return None
    return _tail_folded(xml) or _folded(xml, 0, 0)


def _tail_folded(xml: bytes) -> Fold | None:
    """Fold the last few rows alone, when it is they that lie far away: the others needn't be looked at."""
    start = end = xml.find(b"</sheetData>")
    rows = xml.count(b"<row ")
    for left in range(rows - 1, max(rows - MOST_STRAY_ROWS, 0), -1):
        before = xml.rfind(b"<row ", 0, start)
        match = _LAST_ROW.match(xml, before)
        if match is None:
            return None
        if int(match[1]) <= 2 * left + 1000:
            near = int(match[1])
            return _folded(xml, start, near) if start < end and not _far_columns(xml[:start]) else None
        start = before
    return None


def _far_columns(xml: bytes) -> bool:
    return re.search(rb' r="[A-Z]{3}\d', xml) is not None


def _folded(xml: bytes, start: int, near: int) -> Fold:
    """Rewrite the sheet from ``start`` on as rows of its filled cells alone, numbered from the row after ``near``."""
    moved: dict[tuple[int, int], tuple[int, int]] = {}
    lines: dict[int, list[bytes]] = {}
    near_rows: dict[int, int] = {}
    tallest = near
    for match in _FILLED.finditer(xml, start):
        row, column = address((match[3] + match[4]).decode())
        if row >= MAX_ROWS or column >= MAX_COLUMNS:
            continue
        end = xml.find(b"</" + match[1] + b"c>", match.end())
        line = lines.setdefault(near_rows.setdefault(row, near + len(near_rows)), [])
        place = (near_rows[row], len(line))
        moved[place] = (row, column)
        tallest = max(tallest, row + 1)
        at = f'r="{column_letter(place[1])}{place[0] + 1}"'.encode()
        inside = _without_prefix(xml[match.end() : end], match[1])
        line.append(b"<c " + match[2] + at + match[5] + b">" + inside + b"</c>")
    body = b"".join(b'<row r="%d">' % (row + 1) + b"".join(cells) + b"</row>" for row, cells in lines.items())
    close = b"</sheetData></worksheet>"
    return Fold((xml[:start] or _HEAD) + body + close, moved, tallest, near)


def _without_prefix(inside: bytes, prefix: bytes) -> bytes:
    return inside.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else inside


def rewritten(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Return the workbook's archive with some parts replaced, uncompressed: it is only read once."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy:
        for entry in source.infolist():
            copy.writestr(entry.filename, parts.get(entry.filename) or source.read(entry))
    return target.getvalue()
