"""``GET /search/``: answered from the database, as a portal's search index answers, but without lagging behind.

``type`` may be abstract. Any other word is a property, ``a.b`` inside objects, lists and across links; several values mean
any of them; ``name!`` means none of them. ``field`` says what is told of each record, ``limit`` (25, or ``all``) of how many.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPBadRequest
from snovault.calculated import ItemNamespace
from snovault.interfaces import CONNECTION, DBSESSION, TYPES
from snovault.storage import Key, Resource

LIMIT = 25
IDENTITY = ("@id", "@type", "uuid", "display_title")
"""What isn't stored among a record's properties."""
NO_CRITERIA = "type field limit from sort format frame datastore".split()


def includeme(config: Any) -> None:
    """Add the view."""
    config.add_route("search", "/search{slash:/?}")
    config.add_view(search, route_name="search", request_method="GET", permission="search")


def search(request: Any) -> dict[str, Any]:
    """The records that fit. None at all is a 404 with an empty ``@graph``."""
    criteria = [
        (key, set(request.params.getall(key))) for key in dict.fromkeys(request.params) if key not in NO_CRITERIA
    ]
    if any(key == "q" for key, _ in criteria):
        raise HTTPBadRequest("The sandbox has no full-text search (q).")
    types = concrete(request)
    found = [
        item
        for item in candidates(request, types, criteria)
        if all(fits(request, item, key, values) for key, values in criteria) and request.has_permission("view", item)
    ]
    if not found:
        request.response.status_code = 404
    return {
        "@id": "/search/" + (f"?{request.query_string}" if request.query_string else ""),
        "@type": ["Search"],
        "title": "Search",
        "notification": "Success" if found else "No results found",
        "total": len(found),
        "@graph": [told(request, item) for item in page(request, found)],
    }


def concrete(request: Any) -> list[Any]:
    """What is known of the types asked for and of all below them."""
    known = request.registry[TYPES]
    asked = request.params.getall("type") or ["Item"]
    wrong = [name for name in asked if name not in known]
    if wrong:
        raise HTTPBadRequest(f"Invalid type: {', '.join(wrong)}")
    return [known[name] for name in dict.fromkeys(below for one in asked for below in known[one].subtypes)]


def page(request: Any, found: list[Any]) -> list[Any]:
    """The part of the records that was asked for."""
    limit, start = request.params.get("limit", str(LIMIT)), request.params.get("from", "0")
    if not start.isdigit() or not (limit.isdigit() or limit in ("all", "")):
        raise HTTPBadRequest("limit is a number or all, from is a number")
    return found[int(start) :][: int(limit) if limit.isdigit() else None]


# ---------------------------------------------------------------- which records fit


def candidates(request: Any, types: list[Any], criteria: list[tuple[str, set[str]]]) -> list[Any]:
    """The records of these types, oldest first; by unique key where there is one, and all that is needed in one query."""
    by_type = {one.item_type: one for one in types}
    query = request.registry[DBSESSION]().query(Resource).filter(Resource.item_type.in_(by_type))
    for key, values in criteria:
        names = unique_names(key, types)
        if names:
            rids = request.registry[DBSESSION]().query(Key.rid).filter(Key.name.in_(names), Key.value.in_(values))
            query = query.filter(Resource.rid.in_(rids))
        elif key == "uuid":
            query = query.filter(Resource.rid.in_([value for value in values if is_uuid(value)]))
    return [
        by_type[model.item_type].factory(request.registry, model) for model in sorted(query, key=lambda one: one.sid)
    ]


def unique_names(key: str, types: list[Any]) -> set[str]:
    """The names under which snovault keeps a property's values as keys; none when it isn't unique in all that have it."""
    if key == "accession":
        return {"accession"}
    having = [one for one in types if key in one.schema["properties"]]
    names = [[name for name, properties in one.schema_keys.items() if key in properties] for one in having]
    return {name for some in names for name in some} if all(names) else set()


def is_uuid(value: str) -> bool:
    """Tell whether a text is a uuid."""
    try:
        return bool(UUID(value))
    except ValueError:
        return False


def fits(request: Any, item: Any, key: str, values: set[str]) -> bool:
    """Tell whether one of a record's values is one of those asked for; a key ends with ``!`` when none may be."""
    wanted = not key.endswith("!")
    path = key.rstrip("!").split(".")
    return wanted == any(
        as_text(value) in values for value in values_at(request, properties_of(request, item, path), path)
    )


def as_text(value: Any) -> str:
    """A value as an address would have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def properties_of(request: Any, item: Any, path: list[str]) -> dict[str, Any]:
    """A record's stored properties, or what it is, wherever the path leads."""
    return identity(request, item) if path[0] in IDENTITY else item.properties


def identity(request: Any, item: Any) -> dict[str, Any]:
    """What is told of every record."""
    return {
        "@id": request.resource_path(item),
        "@type": [item.type_info.name, *item.base_types],
        "uuid": str(item.uuid),
        "display_title": ItemNamespace(item, request)(item.display_title),
    }


def linked(request: Any, value: Any) -> Any:
    """The record a stored value is the uuid of, or None."""
    return request.registry[CONNECTION].get_by_uuid(value) if isinstance(value, str) and is_uuid(value) else None


def values_at(request: Any, value: Any, path: list[str]) -> Iterator[Any]:
    """Every single value at a path."""
    if isinstance(value, list):
        for one in value:
            yield from values_at(request, one, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        if path[0] in value:
            yield from values_at(request, value[path[0]], path[1:])
    else:
        target = linked(request, value)
        if target is not None:
            yield from values_at(request, properties_of(request, target, path), path)


# ---------------------------------------------------------------- what is told of them


def told(request: Any, item: Any) -> dict[str, Any]:
    """What was asked for of a record; all of it when nothing was."""
    fields = request.params.getall("field")
    if not fields:
        return request.embed(request.resource_path(item), "@@object", as_user=True)
    out = {key: value for key, value in identity(request, item).items() if key != "display_title"}
    for path in (field.split(".") for field in fields):
        out = merged(out, part(request, properties_of(request, item, path), path))
    return out


def part(request: Any, value: Any, path: list[str]) -> Any:
    """What lies at a path, inside the lists and objects it lies in. A link that is told itself is told as what it leads to."""
    if isinstance(value, list):
        return [part(request, one, path) for one in value]
    if isinstance(value, dict) and path:
        below = value.get(path[0])
        return {} if below is None else {path[0]: below if path == ["uuid"] else part(request, below, path[1:])}
    target = linked(request, value)
    if target is None:
        return {} if path else value
    return part(request, properties_of(request, target, path), path) if path else identity(request, target)


def merged(one: Any, other: Any) -> Any:
    """Two parts of the same record as one."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{key: merged(one[key], value) if key in one else value for key, value in other.items()}}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [merged(*pair) for pair in zip(one, other)]
    return other
