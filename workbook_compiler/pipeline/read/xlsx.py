"""xlsx and xlsm: values from calamine, and a second look at the XML for what it doesn't hand on.

calamine gives an empty text for error cells and for formulas without a saved result, no number formats, and a plain date
for a date-time at midnight. It allocates the whole used rectangle, so far-away cells are moved near before it reads (far.py).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape
from threading import Lock
from typing import Any, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from workbook_compiler.archive import opened, parsed, part, rewritten, sheet_parts, unreadable
from workbook_compiler.model.diagnostics import Outcome, cell_address
from workbook_compiler.pipeline.read import far
from workbook_compiler.pipeline.read.ahead import Ahead
from workbook_compiler.pipeline.read.cells import MANIFEST, CellError, Later, NoResult, Sheet, Styled, Workbook

_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    22: "m/d/yy h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 48: "##0.0E+0",
}  # fmt: skip
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')

_CELL = rb"<(?:\w+:)?c\s([^>]*)"
_ERROR = re.compile(_CELL + rb'\bt="e"([^>]*)>.*?<(?:\w+:)?v>([^<]*)<', re.DOTALL)
_NO_RESULT = re.compile(
    _CELL + rb">\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]+)"')
_HIDDEN = re.compile(rb'<(?:\w+:)?row\s(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')
_OLD_ERRORS = frozenset((b"#DIV/0!", b"#N/A", b"#NAME?", b"#NULL!", b"#NUM!", b"#REF!", b"#VALUE!", b"#GETTING_DATA"))
_AT = re.compile(rb'\br="([A-Z]+\d+)"')


@dataclass(frozen=True, slots=True)
class Formats:
    """The cell styles that change what a number says."""

    shown: Mapping[int, str]
    """Style number to number format, for formats that show a number differently from General."""
    timed: frozenset[int]
    """Style numbers whose format shows a time of day with the date."""


def read(data: bytes, name: str, sha256: str, _stem: str) -> Outcome[Workbook]:
    """Return every sheet, read when it is asked for; the rows of hidden ones, which are the user's own, not even then."""
    archive = opened(data, name)
    paths = sheet_parts(archive, name)
    file = _File(data, name, archive, {title: path for title, (path, _) in paths.items()}, _formats(archive, name))
    hidden = {title for title, (_, is_hidden) in paths.items() if is_hidden}
    manifest = _manifest(file.finish(MANIFEST, file.begin(MANIFEST))) if MANIFEST in paths else {}
    titles = [title for title in paths if title != MANIFEST]

    def begin(title: str) -> _Begun | None:
        return None if title in hidden else file.begin(title)

    def finish(title: str, begun: _Begun | None) -> Sheet:
        if begun is not None:
            return file.finish(title, begun)
        return Sheet(title, Later(lambda: file.finish(title, file.begin(title)).rows), hidden=True)

    return Outcome(Workbook(name, sha256, Ahead(titles, begin, finish), manifest))


class _Begun(NamedTuple):
    """A sheet that calamine has read."""

    xml: bytes
    fold: far.Fold | None
    cells: Any


class _File:
    """A workbook's archive, and calamine's own view of it."""

    def __init__(
        self, data: bytes, name: str, archive: zipfile.ZipFile, parts: Mapping[str, str], formats: Formats
    ) -> None:
        self._data, self._name, self._archive, self._parts, self._formats = data, name, archive, parts, formats
        self._book: Any = None
        self._turn = Lock()

    def begin(self, title: str) -> _Begun:
        """Unpack a sheet, look for what calamine stumbles over, and let it read; raises UnreadableError."""
        path = self._parts[title]
        xml = far.unpacked(self._archive, path, self._name)
        fold = far.fold(xml)
        changed = _known_errors(fold.xml if fold else xml)
        try:
            if changed is not xml or len(xml) < self._archive.getinfo(path).file_size:
                book = _calamine(rewritten(self._data, {path: changed}), self._name)
                return _Begun(xml, fold, book.get_sheet_by_name(title))
            with self._turn:
                self._book = self._book or _calamine(self._data, self._name)
                return _Begun(xml, fold, self._book.get_sheet_by_name(title))
        except CalamineError as error:
            raise unreadable(self._name, "its inside is damaged") from error

    def finish(self, title: str, begun: _Begun) -> Sheet:
        """Return the sheet with its cells as they are in truth."""
        xml, fold, cells = begun
        rows = cells.to_python(skip_empty_area=False)
        if fold is not None:
            rows = fold.restore(rows)
        for row, column, value in _second_look(xml, self._formats, rows):
            line = rows[row] = rows[row] or []  # rows that a fold left empty are one shared ()
            line.extend([""] * (column + 1 - len(line)))
            line[column] = value
        hidden = frozenset(int(number) for number in _HIDDEN.findall(xml)) if b"hidden=" in xml else frozenset()
        merged = tuple(area.decode() for area in _MERGED.findall(xml)) if b"mergeCell" in xml else ()
        return Sheet(title, rows, False, hidden, merged)


def _has_errors(xml: bytes) -> bool:
    """Tell whether a cell may be of the type for errors; each of those has a ``#`` in its text."""
    return b"#" in xml and b't="e"' in xml


def _known_errors(xml: bytes) -> bytes:
    """The sheet with error values of newer programs (``#SPILL!``) as ``#N/A``: calamine refuses what it doesn't know."""
    if not _has_errors(xml) or {m[3] for m in _ERROR.finditer(xml)} <= _OLD_ERRORS:
        return xml
    return _ERROR.sub(lambda m: m[0] if m[3] in _OLD_ERRORS else m[0].removesuffix(m[3] + b"<") + b"#N/A<", xml)


def _calamine(data: bytes, name: str) -> Any:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (CalamineError, OSError, ValueError) as error:
        raise unreadable(name, "it is damaged or isn't a workbook") from error


def _manifest(sheet: Sheet) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in sheet.rows if len(row) > 1 and row[0] != ""}


def _formats(archive: zipfile.ZipFile, name: str) -> Formats:
    if "xl/styles.xml" not in archive.namelist():
        return Formats({}, frozenset())
    root = parsed(part(archive, "xl/styles.xml", name), name)
    own = dict(_BUILT_IN)
    for node in root.iter():
        if node.tag.endswith("}numFmt") and node.get("numFmtId", "").isdigit():
            own[int(node.get("numFmtId", "0"))] = node.get("formatCode", "")
    cell_formats = next((node for node in root if node.tag.endswith("}cellXfs")), ())
    codes = {index: own.get(int(xf.get("numFmtId") or 0), "") for index, xf in enumerate(cell_formats)}
    plain = {index: _LITERAL.sub("", code).lower() for index, code in codes.items()}
    dated = {index for index, code in plain.items() if re.search(r"[ymdhs]", code) and "general" not in code}
    shown = {i: code for i, code in codes.items() if i not in dated and plain[i] not in ("", "general", "@")}
    return Formats(shown, frozenset(i for i in dated if "h" in plain[i] or "s" in plain[i]))


def _second_look(xml: bytes, formats: Formats, rows: list[list[Any]]) -> Iterator[tuple[int, int, Any]]:
    """Yield ``(row, column, value)`` of the cells calamine reads differently from what they show; extends ``rows``."""
    found: list[tuple[tuple[int, int], Any]] = []
    if _has_errors(xml):
        found += [
            (_place(m[1] + m[2]), CellError(unescape(m[3].decode("utf-8", "replace")))) for m in _ERROR.finditer(xml)
        ]
    start, end = xml.find(b"<sheetData"), xml.rfind(b"sheetData>")  # with a prefix the first isn't found
    if xml.find(b"f", max(start, 0), end) >= 0:  # a single letter is found ten times as fast as <f
        found += [(_place(m[1]), NoResult()) for m in _NO_RESULT.finditer(xml) if b't="str"' not in m[1]]
    found += _styled(xml, formats, rows)
    for (row, column), value in found:
        if row >= 0:
            rows.extend([] for _ in range(row + 1 - len(rows)))
            yield row, column, value


def _styled(xml: bytes, formats: Formats, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[tuple[int, int], Any]]:
    used = {*formats.shown, *formats.timed}
    if not used:
        return
    styles = b"|".join(str(index).encode() for index in sorted(used, reverse=True))
    for match in re.finditer(_CELL + rb'\bs="(' + styles + rb')"([^>/]*)>', xml):
        row, column = _place(match[1] + match[3])
        value = rows[row][column] if 0 <= row < len(rows) and column < len(rows[row]) else None
        style = int(match[2])
        if style in formats.timed and type(value) is date:
            yield (row, column), datetime(value.year, value.month, value.day)
        elif style in formats.shown and isinstance(value, int | float) and not isinstance(value, bool):
            yield (row, column), Styled(value, formats.shown[style])


def _place(attributes: bytes) -> tuple[int, int]:
    match = _AT.search(attributes)
    return cell_address(match[1].decode()) if match else (-1, -1)
