"""Several values in one cell: commas or line breaks between them, CSV quoting, or a JSON list."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

from workbook_compiler.model.codes import cells, values
from workbook_compiler.pipeline.coerce.form import like
from workbook_compiler.pipeline.coerce.numbers import TooLargeError, can_be_sent, from_json
from workbook_compiler.pipeline.coerce.reading import (
    HALF_SIGN,
    INVISIBLE,
    NOTHING,
    OUTER,
    Finding,
    Reader,
    Reading,
    Result,
    bad,
    findings_of,
    good,
    is_wrong,
    note,
    value_of,
)
from workbook_compiler.pipeline.coerce.shown import plain, shown
from workbook_compiler.pipeline.read.cells import ERROR_TEXTS, Styled

_UNUSUAL = re.compile(r"""["\[;#\n\r]|[^\x00-\x7f]|,\s*(?:,|$)|^\s*,""")
"""What needs a closer look; most lists have nothing of it, and take a short way."""
_CURLY = re.compile('(?:^|,)\\s*[“„‟][^“”„‟"]*,[^“”„‟"]*[“”]\\s*(?:$|,)')
"""A value with a comma in the quotes of a word processor, which quote nothing here."""

_COMMAS = ": values are separated by commas"


def reader(item: Reader, listed: frozenset[str], separator: str = ",") -> Reader:
    """Return the reader of a list whose items are read by ``item``; ``listed`` are values that hold a separator themselves.

    A cell that isn't text is a list of one. ``value`` of the Reading is a list; one wrong item makes the whole cell wrong.
    """

    def read(raw: Any) -> Result:
        result = listing(raw)
        if separator == "," and isinstance(raw, str) and ";" in raw and is_wrong(result):
            return _with_commas(raw, result, listing)
        return result

    def listing(raw: Any) -> Result:
        if not isinstance(raw, str):
            return _together([item(raw)], _grouped(raw, separator))
        if raw in listed:
            return [raw]
        if separator == "," and not _UNUSUAL.search(raw):
            results = [item(part.strip()) for part in raw.split(",")]
            if Reading not in map(type, results):
                return results
        parts = split(raw, separator)
        if isinstance(parts, Reading):
            return parts
        findings = _remarks(raw, parts)
        kept = [part.strip(OUTER) if part.__class__ is str else part for part in parts]
        if "" in kept or None in kept:
            kept = [part for part in kept if part not in ("", None)]
        if "#" in raw:
            failed = next((part for part in kept if isinstance(part, str) and part.upper() in ERROR_TEXTS), None)
            if failed is not None:
                return bad(cells.CEL01, value=failed)
        return _together([_named(item(part), part) for part in kept], findings)

    return read


def at_once(keeps: Callable[[Sequence[str]], bool], texts: Sequence[str]) -> list[list[str]] | None:
    """Return the lists in many cells whose items are their own values, or None where one needs a closer look."""
    if any(map(_UNUSUAL.search, texts)):
        return None
    found = [[part.strip() for part in text.split(",")] if "," in text else [text] for text in texts]
    return found if keeps([item for items in found for item in items]) else None


def _grouped(raw: Any, separator: str) -> list[Finding]:
    """A number shown as 1,234 may be two values that a spreadsheet program took for one."""
    seen = shown(raw) if isinstance(raw, Styled) else ""
    return [note(cells.TXT03, shown=seen, value=plain(raw.number))] if separator in seen else []


def split(text: str, separator: str) -> list[Any] | Reading:
    """Return the items as typed, empty ones included; or why the text can't be taken apart."""
    if text.startswith("[") and text.endswith("]"):
        return _bracketed(text)
    if text.startswith("[") and "]" not in text:
        return bad(values.LST03)
    if _CURLY.search(text):
        return bad(values.LST03, re.sub("[“”„‟]", '"', text))
    if '"' not in text:
        return [part for line in text.splitlines() for part in line.split(separator)]
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
        return [part for row in rows for part in row]
    except csv.Error:
        return bad(values.LST03)


def _bracketed(text: str) -> list[Any] | Reading:
    """A JSON list, or Python's way to write one, which older workbooks have."""
    for parse in (from_json, ast.literal_eval):
        try:
            items = parse(text)
        except TooLargeError as error:
            return bad(values.NUM07, value=str(error))
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(items, list) and all(map(_is_item, items)):
            return items
    inner = text[1:-1].strip()
    return bad(values.LST03, *([inner] if inner and not set("[]\"'") & set(inner) else ()))


def _is_item(value: Any) -> bool:
    """Tell whether a value may be one of several in a cell: no structure, and nothing that can't be sent."""
    if isinstance(value, str):
        return value.isascii() or not HALF_SIGN.search(value)
    return value is None or (isinstance(value, int | float) and can_be_sent(value))


def _remarks(text: str, parts: list[Any]) -> list[Finding]:
    found = []
    if any(part is None or (part.__class__ is str and not part.strip(OUTER)) for part in parts):
        found.append(note(values.LST02, value=text))
    if not text.isascii():
        inner = next((p for p in parts if isinstance(p, str) and set(INVISIBLE) & {*p[:1], *p[-1:]}), None)
        if inner is not None:
            found.append(note(cells.TXT05, value=inner.strip(OUTER)))
    if ";" in text:
        odd = next((part for part in parts if isinstance(part, str) and ";" in part.strip(";")), None)
        if odd is not None:
            found.append(note(values.LST01, value=odd))
    return found


def _with_commas(text: str, result: Reading, read: Reader) -> Reading:
    """The reading of a list that is wrong; one that is right with commas for its semicolons is told so."""
    mended = ", ".join(part for part in map(str.strip, re.split("[,;]", text)) if part)
    if set('"[') & set(text) or is_wrong(read(mended)):
        return result
    told = {"detail": _COMMAS, "advice": like(mended), "nearest": f"{_COMMAS.strip(': ').capitalize()}."}
    said = (f._replace(context={**f.context, **told}, suggestions=(mended,), value=text) for f in result.findings)
    return result._replace(findings=tuple(said))


def _named(result: Result, part: Any) -> Result:
    """The result of one item, with the item instead of the whole cell as what was typed."""
    if result.__class__ is not Reading:
        return result
    found = tuple(f if f.value is not None else f._replace(value=str(part)) for f in result.findings)
    return result._replace(findings=found)


def _together(results: list[Result], remarks: Sequence[Finding]) -> Result:
    """The items as one list; one wrong item makes the whole cell wrong."""
    if not any(result.__class__ is Reading for result in results):
        return good(results or NOTHING, *remarks)
    wrong = next((result for result in results if is_wrong(result)), None)
    if wrong is not None:
        return wrong
    kept = [value for result in results if (value := value_of(result)) is not NOTHING]
    return good(kept or NOTHING, *remarks, *(finding for result in results for finding in findings_of(result)))
