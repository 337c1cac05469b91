"""Receipts: what the portal made of each row, as a copy of the person's own workbook and as JSON.

In the copy five grey columns stand behind the last one. Their headers begin with ``#``, so they are no values: the copy
compiles to the same plan, and ``#uuid`` says which record a row without an identifier is. Written again onto such a copy,
new receipts take the place of the old ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbook_compiler.edit import Book, Change, Clear, Edit, Look, UneditableError, Width
from workbook_compiler.errors import UsageError
from workbook_compiler.files import written_whole
from workbook_compiler.model.columns import HEADER_MARK, SEARCHED_ROWS, UUID_MARK
from workbook_compiler.model.diagnostics import Location, column_letter
from workbook_compiler.model.plan import Action, Source

FORMAT = "workbook-compiler/receipt"
VERSION = 1

COLUMNS = (UUID_MARK, "#accession", "#status", "#link", "#time")
_WIDTHS = (38, 16, 14, 48, 22)
_KNOWN_BY = 3
"""So many of the headers side by side are ours; a single ``#status`` may be the person's own."""
_HEAD = Look(fill="D0D4D9", ink="3A434D", bold=True, text=True)
_GREY = Look(fill="EEEFF1", ink="56606B", text=True)
EDITABLE = (".xlsx", ".xlsm", ".xltx", ".xltm")
_LAST_COLUMN = 16_383


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one row."""

    location: Location
    """File, sheet and row."""
    action: Action
    uuid: str = ""
    accession: str = ""
    status: str = ""
    """How the row fared: created, updated, unchanged, refused …"""
    link: str = ""
    """The record's page."""
    time: str = ""
    """When the portal took it: ``2024-03-01T10:00:00Z``."""
    id: str = ""
    """The operation's: ``Biosample!5``."""
    type: str = ""
    identifier: str | None = None

    @property
    def shown(self) -> tuple[str, ...]:
        """What the columns of the copy say."""
        return self.uuid, self.accession, self.status, self.link, self.time


def as_json(receipts: Sequence[Receipt], *, portal: str, server: str, workbooks: Sequence[Source]) -> bytes:
    """Return the receipts as one JSON document, for programs; rows come in the order given."""
    import orjson

    document = {
        "format": FORMAT,
        "version": VERSION,
        "portal": portal,
        "server": server,
        "workbooks": [asdict(one) for one in workbooks],
        "records": [_entry(one, several=len(workbooks) > 1) for one in receipts],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _entry(receipt: Receipt, *, several: bool) -> dict[str, Any]:
    at = receipt.location
    prefix = f"{at.file}#" if several else ""
    return {
        "id": receipt.id or f"{prefix}{at.sheet}!{at.row}",
        "sheet": at.sheet,
        "row": at.row,
        "type": receipt.type,
        "identifier": receipt.identifier,
        "action": receipt.action.value,
        "uuid": receipt.uuid or None,
        "accession": receipt.accession or None,
        "status": receipt.status or None,
        "link": receipt.link or None,
        "time": receipt.time or None,
    }


def write_copy(book: Path, receipts: Sequence[Receipt], out: Path) -> None:
    """Write a copy of one workbook with its receipts beside its rows; these are all receipts of this workbook.

    Raises UneditableError for a file that is no .xlsx or .xlsm workbook, UsageError where the copy can't be written.
    """
    if book.suffix.lower() not in EDITABLE:
        raise UneditableError(
            f"{book.name} can't hold receipts: they go into .xlsx and .xlsm workbooks. The JSON receipt has them all."
        )
    content = receipted(book.read_bytes(), receipts, book.name)
    try:
        with written_whole(out) as beside:
            beside.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{out} can't be written: {error.strerror}.") from error


def receipted(data: bytes, receipts: Sequence[Receipt], name: str = "The workbook") -> bytes:
    """Return a workbook's bytes with its receipts; those of an earlier copy are gone."""
    book = Book(data, name)
    by_sheet: dict[str, dict[int, Receipt]] = {}
    for receipt in receipts:
        if receipt.location.sheet is not None and receipt.location.row is not None:
            by_sheet.setdefault(receipt.location.sheet, {})[receipt.location.row] = receipt
    return book.edited([change for title in book.titles for change in _changes(book, title, by_sheet.get(title, {}))])


def _changes(book: Book, title: str, receipts: Mapping[int, Receipt]) -> Iterator[Change]:
    texts = book.texts(title, SEARCHED_ROWS)
    head = _header_row(texts)
    headers = texts.get(head, {})
    columns = _ours(headers)
    for column in columns.values():
        yield Clear(title, column, head)
    if not receipts:
        return
    columns = {**columns, **_new_columns(book, title, headers, columns)}
    for name, width in zip(COLUMNS, _WIDTHS, strict=True):
        letter = column_letter(columns[name])
        yield Edit(title, f"{letter}{head}", name, _HEAD)
        if name not in _ours(headers):
            yield Width(title, columns[name], width)
    for row, receipt in receipts.items():
        for name, text in zip(COLUMNS, receipt.shown, strict=True):
            if text:
                yield Edit(title, f"{column_letter(columns[name])}{row}", text, _GREY)


def _header_row(texts: Mapping[int, Mapping[int, str]]) -> int:
    """The row of the headers, as Excel counts: the one that says so in column A, else the first."""
    return next((n for n, row in texts.items() if row.get(0, "").strip().casefold() == HEADER_MARK), 1)


def _ours(headers: Mapping[int, str]) -> dict[str, int]:
    """The columns of earlier receipts: headers of ours side by side, and what else of ours stands behind them."""
    named = {column: text for column, text in headers.items() if text in COLUMNS}
    for start in sorted(column for column, text in named.items() if text == COLUMNS[0]):
        run = [start]
        while run[-1] + 1 in named:
            run.append(run[-1] + 1)
        if len({named[column] for column in run}) >= _KNOWN_BY:
            return {named[column]: column for column in sorted(named, reverse=True) if column >= start}
    return {}


def _new_columns(book: Book, title: str, headers: Mapping[int, str], known: Mapping[str, int]) -> dict[str, int]:
    """Free columns side by side behind the last header, for the headers that aren't there yet."""
    missing = [name for name in COLUMNS if name not in known]
    if not missing:
        return {}
    last = max(headers, default=-1)
    filled = book.filled_columns(title, last)
    first = last + 1
    while any(column in filled for column in range(first, first + len(missing))):
        first += 1
    if first + len(missing) > _LAST_COLUMN + 1:
        raise UneditableError(f"The sheet {title} has no room for receipts behind its last column.")
    return {name: first + place for place, name in enumerate(missing)}
