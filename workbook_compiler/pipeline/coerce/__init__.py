"""Step 4: one function for each kind of value, put together once for a column and remembered for each distinct cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from workbook_compiler.model.codes import cells
from workbook_compiler.model.portal import FileType
from workbook_compiler.model.schema import Kind, Property
from workbook_compiler.pipeline.coerce import dates, lists, numbers, structured, text
from workbook_compiler.pipeline.coerce.reading import (
    DELETE,
    DELETE_WORD,
    INVISIBLE,
    NOTHING,
    OUTER,
    Reader,
    Reading,
    Result,
    also,
    bad,
    fitting,
    is_wrong,
    note,
)
from workbook_compiler.pipeline.read.cells import ERROR_TEXTS, CellError, NoResult

READERS: dict[Kind, Callable[[Property], Reader]] = {
    Kind.TEXT: text.reader,
    Kind.LINK: text.reader,
    Kind.NUMBER: numbers.number_reader,
    Kind.INTEGER: numbers.number_reader,
    Kind.BOOLEAN: numbers.boolean_reader,
    Kind.DATE: dates.reader,
    Kind.DATE_TIME: dates.reader,
    Kind.DATE_OR_TIME: dates.reader,
    Kind.ANY: structured.any_reader,
    Kind.OBJECT: lambda prop: structured.json_reader(prop, _single),
}


class ColumnReader(NamedTuple):
    """What is made once for a column."""

    read: Reader
    """Reads one cell."""
    at_once: Callable[[Sequence[str]], Sequence[Any] | None] | None = None
    """Gives the values of many texts that need no guard, or None where one of them needs a closer look."""


def reader_for(prop: Property, *, json: bool, file_type: FileType, separator: str = ",") -> ColumnReader:
    """Return the reader of one column; ``json`` is the column's own mark for JSON cells."""
    at_once: Callable[[Sequence[str]], Sequence[Any] | None] | None = None
    if prop.attachment:
        inner = structured.attachment_reader(prop, file_type, _single)
    elif json:
        inner = structured.json_reader(prop, _single)
    elif prop.upload:
        inner = structured.upload_reader(prop)
    elif prop.kind is Kind.LIST:
        item = _item(prop) if prop.items else Property(prop.name, Kind.ANY)
        listed = frozenset(c for c in item.choices if isinstance(c, str) and separator in c)
        inner = fitting(lists.reader(READERS[item.kind](item), listed, separator))
        if item.kind in _TEXTS and separator == "," and not listed:
            at_once = partial(lists.at_once, text.keeps(item))
    else:
        inner = _single(prop)
        at_once = partial(_kept, text.keeps(prop)) if prop.kind in _TEXTS else None
    return ColumnReader(_guarded(inner), at_once)


_TEXTS = (Kind.TEXT, Kind.LINK)
_WHOLE = (Kind.ANY, Kind.OBJECT)
"""Kinds whose suggestions stand for a part of the cell."""


def _kept(keeps: Callable[[Sequence[str]], bool], texts: Sequence[str]) -> Sequence[str] | None:
    return texts if keeps(texts) else None


def _item(prop: Property) -> Property:
    """What a list holds, described as the list is where the schema says nothing about the single value."""
    item = prop.leaf
    return replace(item, description=item.description or prop.description, comment=item.comment or prop.comment)


def _single(prop: Property) -> Reader:
    read = READERS[prop.kind](prop)
    return fitting(read) if prop.kind not in _WHOLE else read


def _guarded(inner: Reader) -> Reader:
    """What holds for every kind of cell comes first: errors, formulas without result, outer spaces, ``*delete*``."""

    def read(raw: Any) -> Result:
        if raw.__class__ is not str:
            if isinstance(raw, CellError):
                return bad(cells.CEL01, value=raw.text)
            return bad(cells.CEL02) if isinstance(raw, NoResult) else inner(raw)
        stripped = raw.strip(OUTER)
        if not stripped:
            return NOTHING
        if stripped[0] in "#*":
            if stripped.upper() in ERROR_TEXTS:
                return bad(cells.CEL01, value=stripped)
            if stripped.lower() == DELETE_WORD:
                return DELETE
        result = inner(stripped)
        if len(stripped) < len(raw) and not raw.isascii() and _lost_invisible(raw, stripped) and not is_wrong(result):
            return also(result, note(cells.TXT05, value=stripped))
        return result

    return read


def _are_plain(texts: Sequence[str]) -> bool:
    """Tell whether no text needs the guard: nothing to strip, nothing invisible, no error value, no ``*delete*``."""
    together = "".join(texts)
    if not together.isascii() or list(map(str.strip, texts)) != texts:
        return False
    return not ("#" in together or "*" in together) or not any(text[0] in "#*" for text in texts)


def _lost_invisible(raw: str, stripped: str) -> bool:
    return any(sign in INVISIBLE for sign in raw.replace(stripped, "", 1))


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column's cells, read. ``values[i]`` is a JSON value, NOTHING or DELETE."""

    values: list[Any]
    remarks: dict[int, Reading]
    """The cells there is something to say about."""

    def has_value(self, i: int) -> bool:
        """Tell whether row ``i`` has a value here that is sent."""
        value = self.values[i]
        return value is not NOTHING and value is not DELETE

    def rows(self, kept: Sequence[int]) -> ReadColumn:
        """Return the same column with these rows only."""
        remarks = (
            {new: self.remarks[old] for new, old in enumerate(kept) if old in self.remarks} if self.remarks else {}
        )
        return ReadColumn([self.values[i] for i in kept], remarks)

    def without(self, i: int, reading: Reading) -> None:
        """Take row ``i``'s value back, for a reason."""
        self.values[i] = NOTHING
        self.remarks[i] = reading


def read_column(reader: ColumnReader, raw: Sequence[Any]) -> ReadColumn:
    """Return a column's cells, read. Equal cells are read once, so a column of few words costs next to nothing."""
    several_types = len(set(map(type, raw)) & {bool, int, float}) > 1
    # 1, 1.0 and TRUE are equal in Python and different cells: such a column is remembered by type and value
    keys: Sequence[Any] = list(zip(map(type, raw), raw, strict=True)) if several_types else raw
    distinct = dict(zip(keys, raw, strict=True))
    results: dict[Any, Result] = {}
    if reader.at_once is not None and not several_types:
        texts = [cell for cell in distinct if cell.__class__ is str and cell]
        found = reader.at_once(texts) if texts and _are_plain(texts) else None
        if found is not None:
            results = dict(zip(texts, found, strict=True))
    read = reader.read
    for key, cell in distinct.items() if len(results) < len(distinct) else ():
        if key not in results:
            results[key] = NOTHING if cell is None or cell == "" else read(cell)
    values = list(map(results.__getitem__, keys))
    if Reading not in set(map(type, results.values())):
        return ReadColumn(values, {})
    remarks = {i: value for i, value in enumerate(values) if value.__class__ is Reading}
    for i, reading in remarks.items():
        values[i] = reading.value
    return ReadColumn(values, remarks)
