"""Far-away cells moved near, so that reading costs what a sheet holds and not what its outline spans.

One stray cell in XFD1048576 makes a reader that allocates the used rectangle ask for half a terabyte. Before it reads,
cells far from the others get an address near them; afterwards they are put back where they were. A million formatted empty
rows behind the last filled one unpack to fifty megabytes; those are looked at while they are unpacked, and not kept.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbook_compiler.archive import part, pieces
from workbook_compiler.model.diagnostics import cell_address, column_index, column_letter

ROOMY = 4_000_000
"""Up to this many places a used rectangle is read as it is."""
SPARSE = 8
"""A larger one is folded when it has more than this many places for each filled cell."""
MOST_STRAY_ROWS = 200
"""So many rows at a sheet's end may be strays; more of them are a sheet with gaps."""
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384

_WIDE = re.compile(rb' r="([A-Z]{2,3})\d')
_LAST_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d+)"')
_HEAD = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_CLOSED = re.compile(rb"</(?:\w+:)?sheetData\s*>")
_WHOLE_ROW = re.compile(rb"</(?:\w+:)?row\s*>|<(?:\w+:)?row\s[^<>]*/>|<(?:\w+:)?sheetData\s*>")
_TELLING = (b"v", b"f", b"!", b"?", b"is")
"""Whatever fills a cell is in ``v``, ``f`` or ``is``; a comment, CDATA or instruction could hold anything."""
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
        rows += [()] * (self.rows - len(rows))
        for (row, column), (true_row, true_column) in self.moved.items():
            if row < len(near) and column < len(near[row]):
                line = rows[true_row] = list(rows[true_row])
                line.extend([""] * (true_column + 1 - len(line)))
                line[true_column] = near[row][column]
        return rows


def unpacked(archive: zipfile.ZipFile, path: str, name: str) -> bytes:
    """Return a sheet's XML, without a long end of its rows that says nothing; raises as ``part`` does."""
    return _trimmed(pieces(archive, path, name)) or part(archive, path, name)


def _trimmed(found: Iterator[bytes]) -> bytes | None:
    """The sheet; None when a piece was let go that may not be missing.

    Of each run of pieces that say nothing the first and the last are kept, for they hold the ends of what is beside them.
    """
    kept: list[bytes] = []
    quiet: list[bytes] = []
    let_go = False
    for piece in found:
        if _says_nothing(piece):
            let_go = let_go or len(quiet) > 1
            quiet[1:] = [piece]
        elif let_go:
            return _joined(b"".join((*kept, quiet[0])), quiet[1] + piece, found)
        else:
            kept += (*quiet, piece)
            quiet = []
    return _joined(b"".join((*kept, quiet[0])), quiet[1], found) if let_go else b"".join((*kept, *quiet))


def _says_nothing(xml: bytes) -> bool:
    """Single letters are looked for because that is ten times as fast; of words only the one that has no rare letter."""
    if any(letter in xml for letter in _TELLING[:-1]):
        return False
    return b"i" not in xml or not (b"is" in xml or xml.endswith(b"i"))


def _joined(before: bytes, after: bytes, rest: Iterator[bytes]) -> bytes | None:
    """The sheet up to its last filled row, and from the end of its rows on; None when something is filled in between."""
    last = 0
    for word in _TELLING:
        last = max(last, before.rfind(word, last))
    row, closed = _WHOLE_ROW.search(before, last), _CLOSED.search(after)
    if row is None or closed is None or not _says_nothing(after[: closed.start()]):
        return None
    return b"".join((before[: row.end()], after[closed.start() :], *rest))


def fold(xml: bytes) -> Fold | None:
    """Return the folded sheet, or None when its outline is no larger than what it holds deserves."""
    last = xml.rfind(b"<row ")
    match = _LAST_ROW.match(xml, last) if last >= 0 else None
    height = min(int(match[1]), MAX_ROWS) if match else xml.count(b"row ")
    strays = _strays(xml) if height * 26 > ROOMY else None
    if strays is not None:
        return _folded(xml, *strays)
    return _folded(xml, 0, 0) if _is_sparse(xml, len(xml), height) else None


def _is_sparse(xml: bytes, end: int, height: int) -> bool:
    """Tell whether that many rows, up to ``end``, span far more places than they fill."""
    wide = set(_WIDE.findall(xml, 0, end)) if _WIDE.search(xml, 0, end) else ()
    width = max((column_index(column.decode()) + 1 for column in wide), default=26)
    if height * width <= ROOMY:
        return False
    return height * width > SPARSE * sum(xml.count(mark, 0, end) for mark in (b"<v>", b"<is>", b":v>"))


def _strays(xml: bytes) -> tuple[int, int] | None:
    """Where the few last rows begin that lie far away, and the number of the row before them, for those can stay."""
    found = None
    start, later = xml.rfind(b"</sheetData>"), 0
    for _ in range(MOST_STRAY_ROWS):
        before = xml.rfind(b"<row ", 0, start)
        match = _LAST_ROW.match(xml, before) if before >= 0 else None
        if match is None:
            break
        if later > 2 * int(match[1]) + 1000:
            found = start, int(match[1])
        start, later = before, int(match[1])
    return found if found and not _is_sparse(xml, *found) else None


def _folded(xml: bytes, start: int, near: int) -> Fold:
    """Rewrite the sheet from ``start`` on as rows of its filled cells alone, numbered from the row after ``near``."""
    moved: dict[tuple[int, int], tuple[int, int]] = {}
    lines: dict[int, list[bytes]] = {}
    near_rows: dict[int, int] = {}
    tallest = near
    for match in _FILLED.finditer(xml, start):
        row, column = cell_address((match[3] + match[4]).decode())
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
