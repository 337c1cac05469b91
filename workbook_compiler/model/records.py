"""What the person wants submitted: records, who they point at, and which cell each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from workbook_compiler.model.diagnostics import Location

Pointer = tuple[str | int, ...]
"""The way to a value inside a body: ``("aliases", 0)``; ``json_pointer`` prints it as RFC 6901 does."""


def json_pointer(path: Pointer) -> str:
    """Return the RFC 6901 text of a path: ``/aliases/0``."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


class Reference(NamedTuple):
    """One link value of a record."""

    pointer: Pointer
    value: str
    targets: tuple[str, ...]
    """Entity types the link accepts."""
    record: int | None
    """Index of the record it means among all records, None when it isn't in the workbooks."""


class Record(NamedTuple):
    """One object to submit: a row of a sheet."""

    index: int
    """Its place among all records of the compile, in the order of files, sheets and rows."""
    type: str
    id: str
    """``Biosource!5``; with several workbooks ``book.xlsx#Biosource!5``."""
    location: Location
    values: Mapping[str, Any]
    """The body as JSON values; shared between records where equal, so never changed in place."""
    identifier: str | None
    origins: Mapping[Pointer, Location]
    """The cell of every value that isn't itself an object or list with content."""
    deletes: tuple[str, ...] = ()
    """Top-level properties whose removal was asked for."""
    files: Mapping[str, str] = {}
    """Property to the path of the file on this machine, as typed."""
