"""Cells that hold JSON, cells that hold a file's path, and cells whose own type decides."""

from __future__ import annotations

import json
import mimetypes
import ntpath
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from workbook_compiler.model.codes import texts, values
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.portal import FileType
from workbook_compiler.model.schema import Kind, Property
from workbook_compiler.pipeline.coerce import text
from workbook_compiler.pipeline.coerce.numbers import TooLargeError, can_be_sent, from_json
from workbook_compiler.pipeline.coerce.reading import (
    HALF_SIGN,
    NOTHING,
    Finding,
    Reader,
    Reading,
    Result,
    bad,
    findings_of,
    good,
    is_wrong,
    value_of,
)
from workbook_compiler.pipeline.coerce.shown import shown
from workbook_compiler.pipeline.read.cells import Styled

Readers = Callable[[Property], Reader]
"""Gives the reader of a single value inside a cell of JSON."""

DEEPEST = 100
"""Levels of a structured value; no portal has a dozen, and what writes JSON stops at some two hundred."""
SHOWN = 24
"""Characters of a text that can't be read, from where it goes wrong."""

_READ_INSIDE = (Kind.TEXT, Kind.LINK, Kind.DATE, Kind.DATE_TIME, Kind.DATE_OR_TIME)
MOST_ENDINGS = 6
_CURLY = str.maketrans("“”„‟″‘’", '"""""\'\'')


def json_reader(prop: Property, inner: Readers) -> Reader:
    """Return the reader of a property that takes JSON: an object, or a list of anything (one or several objects)."""
    listed = prop.kind is Kind.LIST

    def read(raw: Any) -> Result:
        if not isinstance(raw, str):
            return bad(values.OBJ01, reason="it is a single value")
        try:
            value = _parsed(raw, several=listed)
        except TooLargeError as error:
            return bad(values.NUM07, value=str(error))
        except (ValueError, RecursionError) as error:
            straight = raw.translate(_CURLY)
            suggestion = [straight] if straight != raw and _is_json(straight, several=listed) else []
            return bad(values.OBJ01, *suggestion, reason=_reason(error, raw))
        if listed and not isinstance(value, list):
            value = [value]
        if not listed and not isinstance(value, dict):
            return bad(values.OBJ01, reason="it doesn't stand in curly brackets { }")
        findings: list[Finding] = []
        settled = _settled(value, prop, inner, findings)
        wrong = [finding for finding in findings if finding.code.severity is Severity.ERROR]
        return Reading(findings=(wrong[0],)) if wrong else good(settled, *findings)

    return read


def _settled(value: Any, prop: Property, inner: Readers, findings: list[Finding]) -> Any:
    """The value with each text inside read as a cell of its kind would be: dates, lists of choices, forms."""
    if isinstance(value, dict):
        known = prop.leaf.properties
        return {k: _settled(v, known[k], inner, findings) if k in known else v for k, v in value.items()}
    if isinstance(value, list):
        item = prop.items or prop
        return [_settled(v, item, inner, findings) for v in value]
    if not isinstance(value, str) or prop.kind not in _READ_INSIDE:
        return value
    result = inner(prop)(value)
    findings += [f if f.value is not None else f._replace(value=value) for f in findings_of(result)]
    return value if value_of(result) is NOTHING else value_of(result)


def _parsed(raw: str, *, several: bool) -> Any:
    try:
        return _sound(from_json(raw, _once), raw)
    except json.JSONDecodeError:
        if not several or raw.startswith("["):
            raise
        return _sound(from_json(f"[{raw}]", _once), raw)


def _sound(value: Any, raw: str) -> Any:
    """The value, when it can be written as JSON again."""
    if _levels_beyond(value, DEEPEST):
        raise RecursionError
    if "\\u" in raw and HALF_SIGN.search(json.dumps(value, ensure_ascii=False)):
        raise ValueError("a character that is written with “\\u” lacks its other half")
    return value


def _levels_beyond(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [i for outer in level for i in _members(outer)]
    return bool(level)


def _members(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _is_json(raw: str, *, several: bool) -> bool:
    try:
        _parsed(raw, several=several)
    except (ValueError, RecursionError):
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"“{twice}” is there twice")
    return dict(pairs)


def _reason(error: Exception, raw: str) -> str:
    if isinstance(error, json.JSONDecodeError):
        place = min(error.pos - (error.doc != raw), len(raw))  # a list gets its brackets before it is read
        rest = " ".join(raw[place:].split())
        return f"it goes wrong at “{_cut(rest)}”" if rest else "it ends too early; a bracket or a quote may be missing"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def any_reader(_prop: Property) -> Reader:
    """Return the reader of a property whose type the schema leaves open: numbers stay numbers, text stays text."""

    def read(raw: Any) -> Result:
        value = raw.number if isinstance(raw, Styled) else raw
        if not can_be_sent(value):
            return bad(values.NUM07)
        if isinstance(value, float) and value.is_integer() and abs(value) < 10**text.MAX_DIGITS:
            return good(int(value))
        if isinstance(value, str | bool | int | float):
            return good(value)
        return good(value.isoformat()) if isinstance(value, date) else text.as_text(raw)

    return read


def attachment_reader(prop: Property, file_type: FileType, inner: Readers) -> Reader:
    """Return the reader of an attached file: its path, or the whole as JSON.

    The value has the portal's shape; ``href`` holds the path as typed until the message is made.
    """
    whole = json_reader(prop, inner)
    allowed = prop.properties["type"].choices if "type" in prop.properties else ()

    def read(raw: Any) -> Result:
        typed = text.as_text(raw)
        path = value_of(typed)
        if is_wrong(typed) or path.startswith("{"):
            return typed if is_wrong(typed) else whole(raw)
        media = file_type(path)
        if media is None or (allowed and media not in allowed):
            return bad(texts.TXT09, advice=_endings(allowed, file_type))
        value = {"download": ntpath.basename(path), "type": media, "href": path}
        return Reading(value, findings_of(typed), file=path)

    return read


def _endings(allowed: Sequence[Any], file_type: FileType) -> str:
    """Which files are taken, told by their endings, the first few of them."""
    endings = [e for media in allowed if (e := mimetypes.guess_extension(str(media))) and file_type(f"x{e}") == media]
    if not endings:
        return "Save it as another kind of file, such as .pdf or .png."
    more = f" (and {len(endings) - MOST_ENDINGS} more)" if len(endings) > MOST_ENDINGS else ""
    return f"Save it as one of these: {', '.join(endings[:MOST_ENDINGS])}{more}."


def upload_reader(prop: Property) -> Reader:
    """Return the reader of a data file's path; the value is the bare name, which is what the portal keeps."""
    check = text.reader(prop)

    def read(raw: Any) -> Result:
        path = shown(raw)
        result = check(ntpath.basename(path) if isinstance(raw, str) else raw)
        return result if is_wrong(result) else Reading(value_of(result), findings_of(result), file=path)

    return read
