r"""Markdown -> workbooks: the tables of ``tests/cases/*.md`` and ``fixtures/*/*.md`` as the files a person would send.

A cell is its text; a prefix says what else it is: ``n:5.7`` a number, ``n:123 @00000`` a number with its format,
``b:TRUE``, ``d:2024-03-01``, ``dt:2024-03-01 10:00:00``, ``t:14:30:00``, ``e:#N/A`` an error, ``f:A1&"x" = ax`` a
formula with its saved result, ``f:A1`` one without, ``s:n:5`` the text after ``s:``. ``\n``, ``\t``, ``\s`` (a space),
``\u00a0`` and ``\|`` are escapes.

A sheet has the house layout: names in row 1, data from row 5, fields from column B; a column headed ``#`` is column A.
``(plain)`` after its name asks for one header row and fields from column A, ``(tsv)`` for a text file of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

MARKS = ("#Field Name:", "#Field Type:", "#Description:", "#Additional Info:")
WRITTEN = datetime(2024, 1, 1)
"""Stands in every file as the day it was made, so that the bytes never change."""

Heads = Callable[[str, str], Sequence[str]]
"""``(sheet, header) -> texts of rows 1-4``."""


@dataclass(frozen=True)
class Table:
    """One sheet as a table, or what is expected of it."""

    name: str
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    options: tuple[str, ...] = ()
    code: str = ""
    """The text of a fenced block."""

    def option(self, word: str) -> str | None:
        """Return what follows ``word`` in the options: ``B5:C5`` of ``(merged B5:C5)``; None when it isn't there."""
        found = [o.removeprefix(word).strip() for o in self.options if o == word or o.startswith(word + " ")]
        return found[0] if found else None


@dataclass(frozen=True)
class Case:
    """One sentence that is proved, the sheets that prove it and what must come of them."""

    sentence: str
    sheets: tuple[Table, ...]
    expect: tuple[dict[str, str], ...]
    records: list[dict[str, Any]] | None


def cases(text: str) -> Iterator[Case]:
    """Yield the cases of one file."""
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        sentence, _, body = part.partition("\n")
        found = list(tables(body))
        expect = next(t for t in found if t.name == "expect")
        records = next((json.loads(t.code) for t in found if t.name == "records"), None)
        yield Case(
            sentence.strip(),
            tuple(t for t in found if t.name not in ("expect", "records")),
            tuple(dict(zip(expect.headers, row, strict=True)) for row in expect.rows),
            records,
        )


def tables(text: str) -> Iterator[Table]:
    """Yield every ``### Name (option)`` with the table or fenced block below it."""
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        name, options = re.fullmatch(r"(.+?)((?: \([^()]*\))*)", heading.strip()).groups()
        fence = re.search(r"```\w*\n(.*?)```", body, re.DOTALL)
        lines = [_cells(line) for line in body.splitlines() if line.startswith("|")]
        headers, rows = (lines[0], lines[2:]) if lines else ((), ())
        wide = [row for row in rows if len(row) != len(headers)]
        assert not wide, f"{name}: not {len(headers)} cells: {wide}"
        yield Table(name, headers, tuple(rows), tuple(re.findall(r"\(([^()]*)\)", options)), fence[1] if fence else "")


def _cells(line: str) -> tuple[str, ...]:
    inner = re.split(r"(?<!\\)\|", line.strip())[1:-1]
    return tuple(unescape(cell.strip()) for cell in inner)


def unescape(text: str) -> str:
    signs = {r"\n": "\n", r"\t": "\t", r"\|": "|", r"\s": " "}
    return re.sub(r"\\u[0-9a-f]{4}|\\[nt|s]", lambda m: signs.get(m[0]) or chr(int(m[0][2:], 16)), text)


def write(sheets: Sequence[Table], folder: Path, stem: str = "book", heads: Heads | None = None) -> list[Path]:
    """Write the sheets as one workbook, and those marked ``(tsv)`` as files of their own; return the paths."""
    paths = [_write_text(sheet, folder) for sheet in sheets if "tsv" in sheet.options]
    rest = [sheet for sheet in sheets if "tsv" not in sheet.options]
    return [*([_write_book(rest, folder / f"{stem}.xlsx", heads)] if rest else []), *paths]


def _write_text(sheet: Table, folder: Path) -> Path:
    path = folder / f"{sheet.name}.tsv"
    lines = ["\t".join(row) + "\n" for row in (sheet.headers, *sheet.rows)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _write_book(sheets: Sequence[Table], path: Path, heads: Heads | None) -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_urls": False}) as book:
        book.set_properties({"created": WRITTEN})
        formats = _Formats(book)
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            if sheet.option("hidden") == "":
                page.hide()
            for row in (sheet.option("hidden rows") or "").split():
                page.set_row(int(row) - 1, options={"hidden": True})
            _write_cells(page, sheet, formats, heads)
            if area := sheet.option("merged"):
                _merge(page, sheet, area, formats)
    return path


class _Formats:
    """Number formats of a workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[str, Any] = {}

    def __getitem__(self, code: str) -> Any:
        if code not in self._made:
            self._made[code] = self._book.add_format({"num_format": code})
        return self._made[code]


def _write_cells(page: Any, sheet: Table, formats: _Formats, heads: Heads | None) -> None:
    house = "plain" not in sheet.options
    if house:
        for row, mark in enumerate(MARKS):
            page.write_string(row, 0, mark)
    columns = _columns(sheet, house)
    for header, column in zip(sheet.headers, columns, strict=True):
        if column or not house:
            for row, text in enumerate(heads(sheet.name, header) if heads else [header]):
                write_cell(page, row, column, text, formats)
    for number, row in enumerate(sheet.rows, start=len(MARKS) if house else 1):
        for column, text in zip(columns, row, strict=True):
            write_cell(page, number, column, text, formats)


def _columns(sheet: Table, house: bool) -> list[int]:
    if not house:
        return list(range(len(sheet.headers)))
    first = 0 if sheet.headers[:1] == ("#",) else 1
    return list(range(first, first + len(sheet.headers)))


def _merge(page: Any, sheet: Table, area: str, formats: _Formats) -> None:
    page.merge_range(area, "")
    letter, row = re.match(r"([A-Z])(\d+)", area).groups()
    column = ord(letter) - ord("A")
    text = sheet.rows[int(row) - 5][_columns(sheet, True).index(column)]
    write_cell(page, int(row) - 1, column, text, formats)


def write_cell(page: Any, row: int, column: int, text: str, formats: _Formats) -> None:
    """Write one cell from its notation; an empty text writes nothing."""
    prefix, colon, rest = text.partition(":")
    if not text:
        return
    if colon and prefix in _WRITERS:
        _WRITERS[prefix](page, row, column, rest, formats)
    else:
        page.write_string(row, column, text)


def _number(page: Any, row: int, column: int, text: str, formats: _Formats) -> None:
    number, _, code = text.partition(" @")
    page.write_number(row, column, float(number), formats[code] if code else None)


def _formula(page: Any, row: int, column: int, text: str, formats: _Formats) -> None:
    formula, _, result = text.partition(" = ")
    number = re.fullmatch(r"-?\d+(\.\d+)?", result)
    page.write_formula(row, column, "=" + formula, None, float(result) if number else result)


def _moment(kind: type, code: str) -> Callable[..., None]:
    def write_moment(page: Any, row: int, column: int, text: str, formats: _Formats) -> None:
        page.write_datetime(row, column, kind.fromisoformat(text), formats[code])

    return write_moment


def _plain(method: str, value: Callable[[str], tuple[Any, ...]]) -> Callable[..., None]:
    def write_plain(page: Any, row: int, column: int, text: str, _formats: _Formats) -> None:
        getattr(page, method)(row, column, *value(text))

    return write_plain


_WRITERS: dict[str, Callable[..., None]] = {
    "s": _plain("write_string", lambda text: (text,)),
    "b": _plain("write_boolean", lambda text: (text == "TRUE",)),
    "e": _plain("write_formula", lambda text: ("=NA()", None, text)),
    "n": _number,
    "f": _formula,
    "d": _moment(date, "yyyy-mm-dd"),
    "dt": _moment(datetime, "yyyy-mm-dd hh:mm:ss"),
    "t": _moment(time, "hh:mm:ss"),
}
