"""How a snovault server is spoken to: 4DN's, and its sisters'. What is said here was seen on real servers.

A record is written with ``render=uuid``: the answer then holds its identifier alone, and comes six times as fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote, urlencode

from workbook_compiler.errors import UnreachableError
from workbook_compiler.model.plan import Action, Operation, Request
from workbook_compiler.model.records import Pointer, key_of
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Account, Answer, Found, Send, Term
from workbook_compiler.portals.snovault_refusals import as_name

AT_ONCE = 60
"""So many aliases are asked for in one search: an address stays well below the 8,000 characters servers take."""
FRESH = "frame=object&datastore=database"
"""Plain stored values, from the database: the index lags behind writes."""


def account(send: Send) -> Account:
    """Return who the key belongs to. ``/me`` answers 307 with a body and without a place to go to: the body is the answer."""
    answer = send("GET", "/me")
    me = answer.body if isinstance(answer.body, dict) else {}
    if answer.status in (401, 403):
        raise UnreachableError(
            "the portal", "it doesn't let us in with this key; a new one is made in your profile there"
        )
    if not _path(me):
        raise UnreachableError(
            "the portal", f"it answered {answer.status} and not who you are. Is this the address of a portal?"
        )
    return owner_of(send, me, admin="admin" in _items(me, "groups"))


def owner_of(send: Send, user: Mapping[str, Any], *, admin: bool) -> Account:
    """Return a user's record as an account, with the labs it may submit for and their awards."""
    name = next(_texts([user.get("email"), user.get("@id"), user.get("uuid")]), "unknown")
    owners = {lab: _awards(send, lab) for lab in _paths(user, "submits_for")}
    return Account(name, admin, owners, _own(owners))


def _own(owners: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[Term]]:
    """A user's labs and awards, each once, by the last part of its path: the natural key, which links take."""
    awards = dict.fromkeys(award for several in owners.values() for award in several)
    by_type = {"Lab": owners, "Award": awards}
    return {name: tuple(Term(unquote(key_of(path))) for path in paths) for name, paths in by_type.items()}


def _awards(send: Send, lab: str) -> tuple[str, ...]:
    return tuple(_paths(send("GET", lab).body, "awards"))


def _items(body: Any, name: str) -> list[Any]:
    """The members of a list in an answer; none for what is no list."""
    found = body.get(name) if isinstance(body, dict) else None
    return found if isinstance(found, list) else []


def _texts(values: Iterable[Any]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str) and value)


def _paths(body: Any, name: str) -> Iterator[str]:
    return _texts(map(_path, _items(body, name)))


def _path(link: Any) -> str | None:
    """A link as its path, embedded or not."""
    path = link.get("@id") if isinstance(link, dict) else link
    return path if isinstance(path, str) else None


def defaults(lab: str, award: str) -> Mapping[str, str]:
    """Return what a new record is filled in with."""
    return {"lab": lab, "award": award}


def find(send: Send, wanted: Iterable[str]) -> tuple[Mapping[str, Found], Sequence[str]]:
    """Return the records whose aliases a search finds, ``AT_ONCE`` at most; and the identifiers not looked for that way."""
    found: dict[str, Found] = {}
    names = list(dict.fromkeys(wanted))
    alone = [name for name in names if not _is_alias(name)]
    some = [name for name in names if _is_alias(name)]
    if some:
        query = [("type", "Item"), *(("aliases", name) for name in some)]
        query += [("field", "aliases"), ("field", "uuid"), ("limit", "all")]
        answer = send("GET", f"/search/?{urlencode(query)}")
        graph = answer.body.get("@graph") if isinstance(answer.body, dict) else None
        if isinstance(graph, list):  # no hit is a 404 with an empty list
            found.update(_by_name(graph, some))
        else:  # a portal without a search
            alone += some
    return found, alone


def _is_alias(name: str) -> bool:
    return ":" in name and "/" not in name


def _by_name(graph: Iterable[Any], wanted: Sequence[str]) -> Iterator[tuple[str, Found]]:
    asked = frozenset(wanted)
    for item in graph:
        one = _found(item)
        if one is not None:
            yield from ((name, one) for name in one.names & asked)


def _found(item: Any) -> Found | None:
    """A stored record as the server describes it; its path holds its identifier when it doesn't say its uuid."""
    path = _path(item) if isinstance(item, dict) else None
    if not path:
        return None
    uuid = next(_texts([item.get("uuid"), path.strip("/").rpartition("/")[2]]), path)
    types = _items(item, "@type") or [item.get("@type")]  # a single class may stand without its list
    return Found(uuid, path, tuple(_texts(types)), frozenset(_texts(_items(item, "aliases"))))


def look(send: Send, value: str, types: Sequence[str] = ()) -> Found | None:
    """Return what a link value names: an identifier, or a path. Raises UnreachableError when the portal doesn't say.

    A natural key (``fastq``, ``9606``) is found below its type alone: ``/FileFormat/fastq``. Other identifiers are found there
    too, whatever they name.
    """
    below = [] if value.startswith("/") else [f"/{name}/{value}" for name in types if name != "Item"]
    for place in (*below, value):
        answer = send("GET", f"{_place(place)}?{FRESH}")
        if answer.status == 401 or answer.status == 429 or answer.status >= 500:  # that isn't "there is none"
            raise UnreachableError("the portal", f"it answered {answer.status} when asked for {value}")
        if answer.ok:
            found = _found(answer.body)
            return replace(found, values=answer.body) if found is not None else None
    return None


def _place(value: str) -> str:
    """The path of an identifier; one that is a path already stays one. A colon needs no escape, and servers differ over it."""
    path = value if value.startswith("/") else f"/{value}"
    return quote(path.rstrip("/") or "/", safe="/:@%") + "/"  # a path from the server has its escapes already


def values(send: Send, found: Found) -> Mapping[str, Any]:
    """Return the stored properties of a record; raises UnreachableError when it can't be read."""
    answer = send("GET", f"{_place(found.path)}?{FRESH}")
    if not answer.ok or not isinstance(answer.body, dict):
        raise UnreachableError("the portal", f"it answered {answer.status} when asked for {found.path}")
    return answer.body


def message(operation: Operation, schema: Schema, batch: int = 0) -> Request:
    """Return an operation's message: POST to the type's collection, PATCH to where the record lies."""
    record = operation.record
    if operation.action is Action.POST:
        path = "/" + schema.types[record.type].path
    else:
        path = "/" + quote((operation.target or record.identifier or "").strip("/"), safe="/:@%")
        if operation.removes:
            path += "?" + urlencode({"delete_fields": ",".join(operation.removes)}, safe=",")
    return Request(batch, operation.action.value, path, operation.body, (operation.id,))


def claims(operation: Operation, schema: Schema) -> Iterator[tuple[Pointer, str]]:
    """Yield what a new record wants to be called alone: its aliases, unique values, name and the checksum of its file.

    A dry run doesn't look whether another record has them. A name that is left out is made from the title.
    """
    properties, body = schema.types[operation.record.type].properties, operation.body
    for name, value in body.items():
        prop = properties.get(name)
        if prop is None or not (prop.unique_key or prop.leaf.unique_key):
            continue
        for place, one in enumerate(value if isinstance(value, list) else [value]):
            yield ((name, place) if isinstance(value, list) else (name,)), str(one)
    if "md5sum" in body:  # the server makes an alias of it
        yield ("md5sum",), f"md5:{body['md5sum']}"
    if "name" in properties and properties["name"].unique_key and "name" not in body and "title" in body:
        yield ("title",), as_name(str(body["title"]))


def _asking(request: Request, query: str) -> Request:
    return request._replace(path=request.path + ("&" if "?" in request.path else "?") + query)


def rehearsal(request: Request) -> Request:
    """Return the message as one that is checked and not stored; links to records that aren't there yet pass."""
    return _asking(request, "check_only=true&skip_links=true")


def storing(request: Request) -> Request:
    """Return the message as it is sent in earnest."""
    return _asking(request, "render=uuid")


def created(answer: Answer) -> str | None:
    """Return the uuid in the answer to a message that was taken."""
    first = next(iter(_items(answer.body, "@graph")), None)
    told = _texts([first.get("uuid"), first.get("@id")] if isinstance(first, dict) else [first])
    return next(told, "").strip("/").rpartition("/")[2] or None


def vocabulary(send: Send, type_name: str) -> list[Term]:
    """Return the records of a small type that links may name; empty where the portal has none or no search.

    Some say which types they are meant for, 4DN's file formats and experiment types.
    """
    query = [("type", type_name), ("field", "valid_item_types"), ("limit", "all")]
    answer = send("GET", f"/search/?{urlencode(query)}")
    items = [item for item in _items(answer.body, "@graph") if isinstance(item, dict) and _path(item)]
    terms = (Term(unquote(key_of(item["@id"])), tuple(_texts(_items(item, "valid_item_types")))) for item in items)
    return sorted(terms, key=lambda term: term.name.casefold())


def awaits_file(values: Mapping[str, Any]) -> bool:
    """Tell whether a file's record has no file yet."""
    return values.get("status") in ("uploading", "upload failed")


def upload_keys(send: Send, uuid: str, extra: str | None = None) -> Any:
    """Return new ``upload_credentials`` for a record, or None: there is a file already, or no store.

    ``extra`` is the format of one of its ``extra_files``, as a link names it.
    """
    answer = send("POST", f"/{uuid}/upload", {})
    first = next(iter(_items(answer.body, "@graph")), None) if answer.ok else None
    given = first if isinstance(first, dict) else {}
    if extra is None:
        return given.get("upload_credentials")
    meant = look(send, extra, ("FileFormat",))
    names = {key_of(extra), *((meant.uuid, key_of(meant.path)) if meant else ())}
    listed = [one for one in _items(given, "extra_files_creds") if isinstance(one, dict)]
    formats = ((key_of(_path(one.get("file_format")) or ""), one) for one in listed)
    return next((one.get("upload_credentials") for name, one in formats if name in names), None)
