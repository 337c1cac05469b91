"""What the person wants submitted: records, who they point at, and which cell each value came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from workbook_compiler.model.diagnostics import Location

NONE: Mapping[str, Any] = MappingProxyType({})
Pointer = tuple[str | int, ...]
"""The way to a value inside a body: ``("aliases", 0)``; ``json_pointer`` prints it as RFC 6901 does."""
NO_FILES: Mapping[Pointer, str] = MappingProxyType({})


def json_pointer(path: Pointer) -> str:
    """Return the RFC 6901 text of a path: ``/aliases/0``."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def json_text(value: Any) -> str:
    """Return a value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def value_at(value: Any, path: Pointer) -> Any:
    """Return what lies at a place inside a JSON value; None where there is no such place."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def with_value(value: Any, path: Pointer, new: Any) -> Any:
    """Return a JSON value with another one at a place; the objects and lists on the way are there already."""
    if not path:
        return new
    step, *rest = path
    inner = with_value(value.get(step) if isinstance(value, dict) else value[step], tuple(rest), new)
    if isinstance(value, dict):
        return {**value, step: inner}
    return [*value[:step], inner, *value[int(step) + 1 :]]


def key_of(link: str) -> str:
    """Return the identifier in a link: of a path such as ``/biosources/lab:bs1/`` its last part."""
    return link.rstrip("/").rpartition("/")[2]


def identifier_of(body: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """Return what a record is called by: the first value of the first of these properties that has one."""
    for name in names:
        value = body.get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str | int) and value != "":
            return str(value)
    return None


class Reference(NamedTuple):
    """One link value of a record."""

    pointer: Pointer
    value: str
    targets: tuple[str, ...]
    """Entity types the link accepts."""
    record: int | None
    """Position of the record it means among all records, None when it isn't in the workbooks."""


class Origins(Protocol):
    """The cells of some values, worked out when asked for."""

    def text(self) -> str:
        """Return JSON text: pointer to ``Biosource!B5``, with several workbooks ``book.xlsx#Biosource!B5``."""
        ...


class Origin(Origins, Protocol):
    """Where a record's values came from; ``text`` tells it of every value that isn't itself an object or list with content."""

    def locations(self) -> dict[Pointer, Location]:
        """Return the cell of each of those values."""
        ...

    def place(self, pointer: Pointer) -> Location | None:
        """Return the cell that holds or should hold a place of the body; None when its sheet has no column for it."""
        ...


class Record(NamedTuple):
    """One object to submit: a row of a sheet. A named tuple, because there is one for every row."""

    number: int
    """Its position among all records of the compile, in the order of files, sheets and rows."""
    type: str
    id: str
    """``Biosource!5``; with several workbooks ``book.xlsx#Biosource!5``."""
    location: Location
    values: Mapping[str, Any]
    """The body as JSON values; parts are shared between records where equal, so nothing is changed in place."""
    identifier: str | None
    origin: Origin
    misnamed: frozenset[str] = frozenset()
    """What was typed where an identifier should be and isn't one; links to it aren't told a second time."""
    deletes: Mapping[str, Location] = NONE
    """Headers of the properties whose removal was asked for (``a.b-1``), and where."""
    stored: str | None = None
    """The uuid that an earlier receipt or an export wrote beside the row."""
    files: Mapping[Pointer, str] = NO_FILES
    """Place in the body to the path of the file that is named there, as typed."""
