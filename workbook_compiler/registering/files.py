"""A registration file -> one sheet: TSV and CSV as they were saved, JSON as objects, a workbook's own sheet.

What a file says that can't be sent as it stands is told here: once the values are cells, nobody sees it any more.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbook_compiler.archive import UnreadableError
from workbook_compiler.errors import UsageError
from workbook_compiler.model.cells import DELETE_WORD
from workbook_compiler.model.codes import registering, structure
from workbook_compiler.model.diagnostics import Diagnostic, Location, Outcome, column_letter
from workbook_compiler.model.schema import EntityType, Kind, Property
from workbook_compiler.pipeline.read import read
from workbook_compiler.pipeline.read.cells import Sheet, Workbook
from workbook_compiler.pipeline.read.text import decoded

RECORD_ID = "record_id"
JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
_LINES = re.compile(r"\r\n|\r|\n")
"""Where a line ends; what Python also takes for an end, such as U+2028, may stand inside a value."""
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DEEPEST = 50
_CUT = "a bracket, a quote or a comma may be missing"
_EXACT = 10**15
"""From here on a number has more digits than a spreadsheet keeps; as text it keeps them."""


def opened(path: Path, entity: EntityType, *, clears: bool = False) -> Outcome[Workbook]:
    """Return a registration file as a workbook with one sheet, whose rows are of this type, and what is wrong with it.

    ``clears``: an empty list in JSON empties the portal's. Raises UsageError for a file that isn't there.
    """
    if not path.is_file():
        raise UsageError(f"There is no file {path}.")
    if path.suffix.lower() in JSON_ENDINGS:
        return _Json(path, entity, clears=clears).read()
    outcome = read(path, path.name)
    if path.suffix.lower() in (".tsv", ".txt") and any(found.code is structure.FIL01 for found in outcome.diagnostics):
        return _of_plain_text(path, entity) or outcome
    workbook = outcome.value
    shown = [sheet for sheet in workbook.sheets if not sheet.hidden and any(map(any, sheet.rows))]
    names = {folded(entity.name), folded(entity.path)}
    own = [sheet for sheet in shown if folded(sheet.name) in names] if not workbook.is_text else shown
    said = list(outcome.diagnostics)
    if len(own or shown) > 1:
        titles = ", ".join(sheet.name for sheet in own or shown)
        said.append(Diagnostic(registering.REG12, Location(path.name), context={"titles": titles}))
    else:
        left = (sheet for sheet in shown if own and sheet not in own)
        said += [Diagnostic(registering.REG13, Location(path.name, sheet.name)) for sheet in left]
    return Outcome(_with_sheet(workbook, (own or shown)[:1] or list(workbook.sheets)[:1], entity), tuple(said))


def _with_sheet(workbook: Workbook, sheets: Sequence[Sheet], entity: EntityType) -> Workbook:
    manifest = {f"sheet:{sheet.name}": entity.name for sheet in sheets}
    return Workbook(workbook.name, workbook.sha256, tuple(sheets), manifest, is_text=workbook.is_text)


def folded(name: str) -> str:
    """Return a name without what people spell differently."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _of_plain_text(path: Path, entity: EntityType) -> Outcome[Workbook] | None:
    """A table whose quotes belong to its cells: ``"Smith, J", Doe`` in a cell was never saved by a spreadsheet.

    A cell that a spreadsheet quoted whole is read as it meant it; any other with quotes is told. None for what isn't text.
    """
    data = path.read_bytes()
    try:
        text, found = decoded(data, path.name)
    except UnreadableError:
        return None
    said = list(found)
    rows = [line.split("\t") for line in _LINES.split(text)]
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if '"' not in cell:
                continue
            if re.fullmatch(r'"(?:[^"]|"")*"', cell):
                row[column] = cell[1:-1].replace('""', '"')
            else:
                at = Location(path.name, path.stem, number, column_letter(column))
                said.append(Diagnostic(registering.REG11, at, value=cell))
    return Outcome(_one_sheet(path, data, rows, entity), tuple(said))


def _one_sheet(path: Path, data: bytes, rows: Sequence[Sequence[Any]], entity: EntityType) -> Workbook:
    sheet = Sheet(path.stem, list(rows))
    whole = Workbook(path.name, hashlib.sha256(data).hexdigest(), (sheet,), {}, is_text=True)
    return _with_sheet(whole, [sheet], entity)


class _Written(float):
    """A number with a point or an exponent, which knows how it was written: text keeps that."""

    text = ""


def _written(text: str) -> _Written:
    made = _Written(text)
    made.text = text
    return made


class _Object(dict[str, Any]):
    """A JSON object that knows the names it had more than once: nobody can tell which value was meant."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    names = [name for name, _ in pairs]
    made.twice = tuple(name for name in made if names.count(name) > 1) if len(made) < len(names) else ()
    return made


class _Json:
    """JSON objects as rows: a list, one object, or one on each line; what is no plain value stays JSON."""

    def __init__(self, path: Path, entity: EntityType, *, clears: bool) -> None:
        self._path, self._entity, self._clears = path, entity, clears
        self._said: list[Diagnostic] = []

    def read(self) -> Outcome[Workbook]:
        """Return its objects as rows. A line or an object that is wrong is told, and its row is empty."""
        data = self._path.read_bytes()
        documents = self._documents(data)
        headers = ["", *dict.fromkeys(str(key) for one in documents for key in one)]  # the first may hold marks
        rows: list[Sequence[Any]] = [headers]
        for number, one in enumerate(documents, 2):
            rows.append(["", *(self._cell(number, name, one) for name in headers[1:])])
        return Outcome(_one_sheet(self._path, data, rows, self._entity), tuple(self._said))

    def _documents(self, data: bytes) -> list[Mapping[str, Any]]:
        """The objects in their order; on a line that is none stands an empty one."""
        try:
            text = data.decode(json.detect_encoding(data))
        except UnicodeDecodeError:
            return self._unreadable("it isn't UTF-8")
        if self._path.suffix.lower() != ".json":
            return [self._line(number, line) for number, line in enumerate(_LINES.split(text), 2)]
        try:
            whole = _parsed(text)
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            return self._unreadable(f"{_CUT}{f'; look at line {line}' if line else ''}")
        listed = whole if isinstance(whole, list) else [whole]
        return [self._own(number, one) for number, one in enumerate(listed, 2)]

    def _unreadable(self, reason: str) -> list[Mapping[str, Any]]:
        self._said.append(Diagnostic(registering.REG06, Location(self._path.name), context={"reason": reason}))
        return []

    def _at(self, number: int) -> Location:
        return Location(self._path.name, self._path.stem, number)

    def _line(self, number: int, line: str) -> Mapping[str, Any]:
        if not line.strip():
            return {}
        try:
            found = _parsed(line)
        except (ValueError, RecursionError):
            return self._not_json(number, _CUT)
        return self._own(number, found)

    def _own(self, number: int, found: Any) -> Mapping[str, Any]:
        if isinstance(found, dict):
            return found
        return self._not_json(number, "it is something else than names with values")

    def _not_json(self, number: int, reason: str) -> Mapping[str, Any]:
        self._said.append(Diagnostic(registering.REG06, self._at(number), context={"reason": reason}))
        return {}

    def _cell(self, number: int, name: str, one: Mapping[str, Any]) -> Any:
        if name not in one:
            return None
        value, prop = one[name], self._entity.properties.get(name)
        if reason := next(_wrong(name, one, prop), None):
            self._said.append(Diagnostic(registering.REG07, self._at(number), name, context={"reason": reason}))
            return None
        if value is None or value in ([], {}):
            if value == [] and self._clears:
                return DELETE_WORD
            self._said.append(Diagnostic(registering.REG08, self._at(number), name, json.dumps(value)))
            return None
        if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False)
        is_text = prop is None or prop.kind is Kind.TEXT
        if isinstance(value, _Written):
            return value.text if is_text else float(value)
        if isinstance(value, int) and not isinstance(value, bool) and (is_text or abs(value) >= _EXACT):
            return str(value)
        return value


def _parsed(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_object, parse_float=_written)


def _wrong(name: str, one: Mapping[str, Any], prop: Property | None) -> Iterator[str]:
    """Why a value can't be sent as it stands."""
    value = one[name]
    if name in getattr(one, "twice", ()):
        yield "is there twice, and only one of the two can be meant"
    single = name == RECORD_ID or (prop is not None and prop.kind is Kind.TEXT and not (prop.attachment or prop.upload))
    if single and isinstance(value, dict | list):
        yield f"takes one value, and this is {'a list' if isinstance(value, list) else 'names with values'}"
    if name == RECORD_ID and not isinstance(value, str | dict | list):
        yield "takes a name, and this is none"
    yield from _inside(value, 0)


def _inside(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        yield "is nested too deeply"
    elif isinstance(value, dict):
        if twice := getattr(value, "twice", ()):
            yield f"has {twice[0]} twice, and only one of the two can be meant"
        for key, inner in value.items():
            yield from _inside(key, depth + 1)
            yield from _inside(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner, depth + 1)
    elif isinstance(value, str) and _UNSENDABLE.search(value):
        yield "holds a sign that is no text"
