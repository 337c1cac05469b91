"""What a snovault portal holds, for whoever wants it as rows: where to search, and which of a record's keys are the user's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.model.cells import is_nothing
from workbook_compiler.model.schema import Access, EntityType, Kind, Property
from workbook_compiler.model.service import Send

_WHOLE = {"limit": "all", "frame": "object"}
"""Every record, with plain values: links are paths."""


def every(type_name: str) -> str:
    """Return the path of the search for all records of a type that the user may see."""
    return f"/search/?{urlencode({'type': type_name, **_WHOLE})}"


def search(typed: str) -> str:
    """Return the path of a search as a person copies it from the portal's pages, whole or in part.

    Raises UsageError for what isn't one: without a type it would ask for everything.
    """
    try:
        parts = urlsplit(typed.strip())
    except ValueError as error:
        raise UsageError(f"{typed} isn't a search.") from error
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True)]
    if not any(key.rstrip("!") == "type" and value for key, value in query):
        raise UsageError(f"{typed} isn't a search; one looks like /search/?type=Biosample&tags=ours.")
    kept = [(key, value) for key, value in query if key not in (*_WHOLE, "from", "field", "format", "sort")]
    return f"/search/?{urlencode([*kept, *_WHOLE.items()])}"


def listed(send: Send, path: str) -> list[Mapping[str, Any]]:
    """Return the records that a search finds. No hit is a 404 with an empty list; raises UnreachableError without a list."""
    answer = send("GET", path)
    graph = answer.body.get("@graph") if isinstance(answer.body, dict) else None
    if not isinstance(graph, list) or not (answer.ok or answer.status == 404):
        raise UnreachableError("the portal", f"it answered {answer.status} when it was searched")
    return [one for one in graph if isinstance(one, dict)]


def type_of(stored: Mapping[str, Any]) -> str:
    """Return the most special type of a stored record."""
    types = stored.get("@type")
    return str(types[0]) if isinstance(types, list) and types else ""


def own(entity: EntityType, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a stored record its user may send: nothing calculated, protected or read-only.

    Files are left out as well: naming one asks for an upload, and the record keeps the one it has.
    """
    return _own(entity.properties, {name: value for name, value in stored.items() if name in entity.properties})


def _own(known: Mapping[str, Property], stored: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in stored.items():
        prop = known.get(name)
        if prop is None:
            found[name] = value
        elif not (prop.access is Access.REFUSED or prop.upload or prop.attachment or prop.feed or is_nothing(value)):
            inner = _value(prop, value)
            if not is_nothing(inner):
                found[name] = inner
    return found


def _value(prop: Property, value: Any) -> Any:
    if prop.kind is Kind.LIST and prop.items and isinstance(value, list):
        return [_value(prop.items, one) for one in value]
    if prop.kind is Kind.LINK and isinstance(value, dict):
        return value.get("@id")
    if prop.kind is Kind.OBJECT and prop.properties and isinstance(value, dict):
        return _own(prop.properties, value)
    return value
