"""A value -> the cell that says it: the opposite of what the compiler does with a cell, kind for kind."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeAlias

from workbook_compiler.edit.markup import CELL_LIMIT, cell_text
from workbook_compiler.model.cells import DELETE_WORD, ERROR_TEXTS, OUTER
from workbook_compiler.model.columns import Field
from workbook_compiler.model.schema import Kind, Property

Cell: TypeAlias = str | int | float | bool | date

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST_DAY = date(1900, 3, 1)
"""Excel counts a 29 February 1900 that never was; a day before March is told as text."""
_EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number; what has more is told as text."""
_CSV_SPECIAL = frozenset('"[]' + "“”„‟")


class UnholdableError(ValueError):
    """No cell can say the value; the words tell why."""


def cell_of(field: Field, value: Any) -> Cell:
    """Return the cell that says a value in a field's column; raises UnholdableError."""
    prop = field.property
    if field.json or prop.attachment:
        return _json(value)
    if prop.kind is Kind.LIST:
        return _list(prop, value)
    return _WRITERS[prop.kind](prop, value)


def _json(value: Any) -> str:
    if not isinstance(value, dict | list):
        raise UnholdableError("it isn't of the form that its column takes")
    return _held(json.dumps(value, ensure_ascii=False))


def _held(text: str) -> str:
    """The text, when a cell can hold all of it."""
    if cell_text(text) == text:
        return text
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if length > CELL_LIMIT:
        raise UnholdableError(f"it has {length:,} characters, a cell holds {CELL_LIMIT:,}")
    raise UnholdableError("it holds control characters, which no workbook can")


def _text(prop: Property, value: Any) -> str:
    if prop.choices and not isinstance(value, str) and value in prop.choices:
        value = str(value)
    if not isinstance(value, str):
        raise UnholdableError("it isn't text")
    if not value:
        raise UnholdableError("it is an empty text, and an empty cell says nothing")
    if value.strip(OUTER) != value:
        raise UnholdableError("it begins or ends with a space, which is taken off when cells are read")
    if value.upper() in ERROR_TEXTS or value.lower() == DELETE_WORD:
        raise UnholdableError(f"{value} means something else in a cell")
    return _held(value)


def _number(_prop: Property, value: Any) -> Cell:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnholdableError("it isn't a number")
    whole = isinstance(value, int) or (value.is_integer() and abs(value) < _EXACT)
    if whole:
        return int(value) if abs(value) < _EXACT else str(value)
    return value if float(f"{value:.15g}") == value and abs(value) < _EXACT else repr(value)


def _boolean(_prop: Property, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnholdableError("it is neither true nor false")
    return value


def _date(prop: Property, value: Any) -> Cell:
    text = _text(prop, value)
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    return day if day is not None and day >= _FIRST_DAY else text


def _any(prop: Property, value: Any) -> Cell:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        number = _number(prop, value)
        if isinstance(number, str):
            raise UnholdableError("a spreadsheet doesn't keep that many digits")
        return number
    return _text(prop, value)


def _list(prop: Property, value: Any) -> str:
    """Several values in one cell: commas between them, quotes where a value holds one, JSON where quotes aren't enough."""
    if not isinstance(value, list):
        raise UnholdableError("it isn't a list")
    item = prop.leaf
    if item is prop or item.kind in (Kind.ANY, Kind.OBJECT, Kind.LIST):
        texts = [_any(item, one) for one in value]
        plain = all(isinstance(one, str) for one in value)
    else:
        texts = [_WRITERS[item.kind](item, one) for one in value]
        plain = True
    words = [_word(one) for one in texts]
    joined = ", ".join(f'"{word}"' if "," in word else word for word in words)
    alone = len(words) == 1 and words[0].lower() != DELETE_WORD
    if plain and not any(map(_needs_json, words)) and (alone or joined not in item.choices):
        return _held(joined)
    return _json(value)


def _word(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return cell.isoformat() if isinstance(cell, date) else cell if isinstance(cell, str) else repr(cell)


def _needs_json(word: str) -> bool:
    return bool(_CSV_SPECIAL.intersection(word)) or len(word.splitlines()) != 1 or word[0] in "#*{"


_WRITERS: dict[Kind, Callable[[Property, Any], Cell]] = {
    Kind.TEXT: _text,
    Kind.LINK: _text,
    Kind.NUMBER: _number,
    Kind.INTEGER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.DATE_TIME: _text,
    Kind.DATE_OR_TIME: _date,
    Kind.ANY: _any,
}

Row: TypeAlias = dict[tuple[Field, int], Cell]
"""The cells of a record, by field and member number."""

MOST_MEMBERS = 20
"""A longer list of objects is told as JSON: nobody scrolls past so many groups of columns."""


def cells_of(known: Sequence[Field], value: Any) -> Row:
    """Return the cells that say a property's value; ``known`` are the fields of the property. Raises UnholdableError.

    An embedded object goes into its own columns; one that has more than those can say goes into one cell of JSON.
    """
    whole = known[-1]
    if len(known) == 1:
        return {(whole, 0): cell_of(whole, value)}
    try:
        leaves = {field.path: field for field in known[:-1] if field.path != whole.path}
        return {(field, member): cell_of(field, part) for field, member, part in _parts(leaves, whole.path, value)}
    except UnholdableError:
        return {(whole, 0): cell_of(whole, value)}


def _parts(
    leaves: dict[tuple[str, ...], Field], path: tuple[str, ...], value: Any, member: int = 0, *, inside: bool = False
) -> Sequence[tuple[Field, int, Any]]:
    """The fields that a value fills in, each with its member number and its part of the value."""
    if path in leaves:
        return [(leaves[path], member, value)]
    listed = {field.list_at for other, field in leaves.items() if other[: len(path)] == path} == {len(path)}
    if listed and not inside:
        if not isinstance(value, list) or not 0 < len(value) <= MOST_MEMBERS:
            raise UnholdableError("its list is longer than columns can say")
        members = enumerate(value)
        return [part for number, one in members for part in _parts(leaves, path, one, number, inside=True)]
    if not isinstance(value, dict) or not value or not any(other[: len(path)] == path for other in leaves):
        raise UnholdableError("it has parts that no column says")
    return [part for key, one in value.items() for part in _parts(leaves, (*path, key), one, member, inside=inside)]
