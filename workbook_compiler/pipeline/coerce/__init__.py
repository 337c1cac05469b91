"""Step 4: one function for each kind of value, put together once for a column and remembered for each distinct cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbook_compiler.model.codes import cells
from workbook_compiler.model.portal import FileType
from workbook_compiler.model.schema import Kind, Property
from workbook_compiler.pipeline.coerce import dates, lists, numbers, structured, text
from workbook_compiler.pipeline.coerce.reading import DELETE, EMPTY, INVISIBLE, SPACES, Reader, Reading, bad, good, note
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


def reader_for(prop: Property, *, json: bool, file_type: FileType, separator: str = ",") -> Reader:
    """Return the function from a cell to its Reading for one column; ``json`` is the column's own mark for JSON cells."""
    if prop.attachment:
        inner = structured.attachment_reader(prop, file_type, _single)
    elif json:
        inner = structured.json_reader(prop, _single)
    elif prop.upload:
        inner = structured.upload_reader(prop)
    elif prop.kind is Kind.LIST:
        item = prop.leaf if prop.items else Property(prop.name, Kind.ANY)
        inner = lists.reader(READERS[item.kind](item), separator)
    else:
        inner = READERS[prop.kind](prop)
    return _guarded(inner)


def _single(prop: Property) -> Reader:
    return READERS[prop.kind](prop)


def _guarded(inner: Reader) -> Reader:
    """What holds for every kind of cell comes first: errors, formulas without result, outer spaces, ``*delete*``."""

    def read(raw: Any) -> Reading:
        if isinstance(raw, CellError):
            return bad(cells.CEL01, value=raw.text)
        if isinstance(raw, NoResult):
            return bad(cells.CEL02)
        if not isinstance(raw, str):
            return inner(raw)
        stripped = raw.strip(SPACES + INVISIBLE)
        if not stripped:
            return EMPTY
        if stripped.upper() in ERROR_TEXTS:
            return bad(cells.CEL01, value=stripped)
        if stripped == "*delete*":
            return good(DELETE)
        reading = inner(stripped)
        if (
            len(stripped) < len(raw)
            and not reading.wrong
            and any(sign in INVISIBLE for sign in raw.replace(stripped, "", 1))
        ):
            return reading.with_findings(note(cells.TXT05, value=stripped))
        return reading

    return read


def read_column(read: Reader, raw: Sequence[Any]) -> list[Reading | None]:
    """Return the Reading of each cell, None for an empty one. Equal cells are read once."""
    known: dict[Any, Reading | None] = {None: None, "": None}
    others: dict[Any, Reading] = {}
    out: list[Reading | None] = []
    for cell in raw:
        if cell is None or cell.__class__ is str:
            if cell not in known:
                reading = read(cell)
                known[cell] = None if reading is EMPTY else reading
            out.append(known[cell])
            continue
        key = (cell.__class__, cell)  # 1, 1.0 and TRUE are equal in Python and different cells
        found = others.get(key)
        if found is None:
            found = others[key] = read(cell)
        out.append(found)
    return out
