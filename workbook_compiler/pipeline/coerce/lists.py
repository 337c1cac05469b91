"""Several values in one cell: commas or line breaks between them, CSV quoting, or a JSON list."""

from __future__ import annotations

import ast
import csv
import io
import json
from typing import Any

from workbook_compiler.model.codes import values
from workbook_compiler.pipeline.coerce.reading import NOTHING, Finding, Reader, Reading, bad, note


def reader(item: Reader, separator: str = ",") -> Reader:
    """Return the reader of a list whose items are read by ``item``.

    A cell that isn't text is a list of one. ``value`` of the Reading is a list; one wrong item makes the whole cell wrong.
    """

    def read(raw: Any) -> Reading:
        if not isinstance(raw, str):
            return _together([item(raw)])
        parts = _split(raw, separator)
        if isinstance(parts, Reading):
            return parts
        findings = _remarks(raw, parts)
        kept = [part for part in parts if part not in ("", None)]
        return _together([_named(item(part), part) for part in kept], *findings)

    return read


def _split(text: str, separator: str) -> list[Any] | Reading:
    """The items as typed, empty ones included; or why the text can't be taken apart."""
    if text.startswith("[") and text.endswith("]"):
        return _bracketed(text)
    if '"' not in text:
        return [part.strip(" \t\u00a0") for line in text.splitlines() for part in line.split(separator)]
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
        return [part.strip(" \t\u00a0") for row in rows for part in row]
    except csv.Error:
        return bad(values.LST03)


def _bracketed(text: str) -> list[Any] | Reading:
    """A JSON list, or Python's way to write one, which older workbooks have."""
    for parse in (json.loads, ast.literal_eval):
        try:
            items = parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(items, list) and all(isinstance(i, str | int | float | bool | None) for i in items):
            return [i.strip() if isinstance(i, str) else i for i in items]
    inner = text[1:-1].strip()
    return bad(values.LST03, *([inner] if inner and not set("[]\"'") & set(inner) else ()))


def _remarks(text: str, parts: list[Any]) -> list[Finding]:
    found = []
    if any(part in ("", None) for part in parts):
        found.append(note(values.LST02, value=text))
    odd = next((part for part in parts if isinstance(part, str) and ";" in part.strip(";")), None)
    if odd is not None:
        found.append(note(values.LST01, value=odd))
    return found


def _named(reading: Reading, part: Any) -> Reading:
    """The reading of one item, with the item instead of the whole cell as what was typed."""
    if not reading.findings:
        return reading
    found = tuple(f if f.value is not None else f._replace(value=str(part)) for f in reading.findings)
    return Reading(reading.value, found, reading.file)


def _together(readings: list[Reading], *remarks: Finding) -> Reading:
    wrong = next((reading for reading in readings if reading.wrong), None)
    if wrong is not None:
        return wrong
    kept = [reading.value for reading in readings if reading.value is not NOTHING]
    found = (*remarks, *(finding for reading in readings for finding in reading.findings))
    return Reading(kept or NOTHING, found)
