"""How a Gen3 commons is spoken to: tokens, projects, what is there, requests of many records. Seen on a real sheepdog 5.2.4.

An answer's HTTP code says little: a dry run that fails has 200, and ``success`` is told of records that aren't stored. So an
answer is read whole, its entities are known by node and name, never by their place, and what is stored is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from workbook_compiler.errors import UnclearError, UnreachableError
from workbook_compiler.model.plan import Request
from workbook_compiler.model.service import Answer, Name, Refusal, Send, Stored, Transaction
from workbook_compiler.nearest import likely
from workbook_compiler.portals.gen3_schema import CODE, NAME, PROJECT_ID

BASE = "/api/v0/submission"
TOKEN = "/user/credentials/cdis/access_token"  # noqa: S105 - a path
AT_ONCE = 80
"""So many records are asked for by their numbers in one address, which stays below 4,000 characters."""
_SHOWN = 60
"""A value of a server's words is shown up to so many characters."""

_NOT_LISTED = re.compile(r"(?P<value>.+?) is not one of \[(?P<listed>.*)\]", re.DOTALL)
_LISTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_EXTRA = re.compile(r"\('([^']+)' (?:was|were) unexpected\)")
_TYPES = re.compile(r"is not of type (?P<types>'[a-z]+'(?:, '[a-z]+')*)")
_KINDS = {
    "'integer'": "a whole number",
    "'number'": "a number",
    "'boolean'": "true or false",
    "'string'": "text",
    "'array'": "a list",
}


def login(send: Send, key_id: str, secret: str) -> str:
    """Return a token for a key. Raises UnreachableError when the commons doesn't take it."""
    answer = send("POST", TOKEN, {"api_key": secret, "key_id": key_id})
    token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        reason = "it doesn't let us in with this key; a new one is made in your profile there"
        raise UnreachableError("the commons", reason if answer.status < 500 else f"it answered {answer.status}")
    return token


def place(project: str) -> str:
    """Return the path of a project; a program's name has no dash."""
    program, _, code = project.partition("-")
    return f"{BASE}/{quote(program, safe='')}/{quote(code, safe='')}"


def projects(send: Send) -> list[str]:
    """Return the projects that the user may see, each as ``program-code``."""
    return [
        f"{program}-{code}" for program in _links(send, "/") for code in _links(send, f"/{quote(program, safe='')}")
    ]


def _links(send: Send, path: str) -> list[str]:
    answer = _let_in(send("GET", BASE + path))
    listed = answer.body.get("links") if isinstance(answer.body, dict) else None
    names = (one.rstrip("/").rpartition("/")[2] for one in listed or () if isinstance(one, str))
    return [name for name in names if name and not name.startswith("_")]


def _let_in(answer: Answer) -> Answer:
    if answer.status in (401, 403):
        raise UnreachableError("the commons", f"it doesn't let us in: {_said(answer) or answer.status}")
    return answer


# ---------------------------------------------------------------- what is there


def present(send: Send, project: str, node: str) -> Mapping[str, str] | None:
    """Return the number of every record of a node by its name, from the query service; None where there is none.

    That service takes one name at a time, so all names are asked for, and nothing else of the records.
    """
    query = f"{{ {node}(project_id: {json.dumps([project])}, first: 0) {{ id {NAME} }} }}"
    try:
        answer = send("POST", f"{BASE}/graphql", {"query": query})
    except UnclearError as error:
        raise UnreachableError("the commons", error.reason) from None
    found = answer.body.get("data") if answer.ok and isinstance(answer.body, dict) else None
    listed = found.get(node) if isinstance(found, dict) else None
    if not isinstance(listed, list) or answer.body.get("errors"):
        return None
    return {
        str(one[NAME]): str(one["id"]) for one in listed if isinstance(one, dict) and one.get(NAME) and one.get("id")
    }


def query(send: Send, text: str) -> Any:
    """Return what the query service answers. Raises UnreachableError in its words when it doesn't."""
    try:
        answer = _let_in(send("POST", f"{BASE}/graphql", {"query": text}))
    except UnclearError as error:
        raise UnreachableError("the commons", error.reason) from None
    body = answer.body if isinstance(answer.body, dict) else {}
    if not answer.ok or body.get("errors"):
        said = body.get("errors") or _said(answer) or answer.status
        words = said if isinstance(said, list) else [said]
        told = (one.get("message", one) if isinstance(one, dict) else one for one in words)
        raise UnreachableError("the commons", f"it doesn't answer the query: {'; '.join(map(str, told))}")
    return body.get("data")


def every(send: Send, project: str, node: str) -> list[Stored]:
    """Return every stored record of a node."""
    return _exported(send, project, {"node_label": node})


def by_number(send: Send, project: str, node: str, numbers: Sequence[str]) -> list[Stored]:
    """Return the stored records with these numbers, all of one node; those that aren't there are left out."""
    found: list[Stored] = []
    for start in range(0, len(numbers), AT_ONCE):
        found += _exported(send, project, {"ids": ",".join(numbers[start : start + AT_ONCE])})
    return [one for one in found if one.type == node]


def _exported(send: Send, project: str, words: Mapping[str, str]) -> list[Stored]:
    answer = _let_in(send("GET", f"{place(project)}/export?{urlencode({**words, 'format': 'json'}, safe=',')}"))
    missing = answer.status in (400, 404) and "ids" in words  # none of them is there
    if not answer.ok and not missing:
        raise UnreachableError("the commons", f"it answered {answer.status} when asked for what it holds{_why(answer)}")
    body = answer.body.get("data") if isinstance(answer.body, dict) else answer.body
    listed = body if isinstance(body, list) and not missing else []
    return [found for one in listed if (found := _stored(one)) is not None]


def _stored(one: Any) -> Stored | None:
    if not isinstance(one, dict):
        return None
    node, name, number = (one.get(key) for key in ("type", NAME, "id"))
    if not (isinstance(node, str) and isinstance(name, str) and isinstance(number, str)):
        return None
    return Stored(node, name, number, one)


def lookup(send: Send, project: str, name: str, nodes: Sequence[str]) -> list[Stored]:
    """Return the records that have this number, or in one of these nodes this name."""
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", name):
        return _exported(send, project, {"ids": name})
    found: list[Stored] = []
    for node in nodes:
        numbers = present(send, project, node)
        if numbers is None:
            found += [one for one in every(send, project, node) if one.name == name]
        elif name in numbers:
            found += by_number(send, project, node, [numbers[name]])
    return found


# ---------------------------------------------------------------- requests


def message(request: Request, project: str) -> Request:
    """Return a request as it is sent in earnest; sent twice it does the same."""
    return request._replace(path=place(project))


def rehearsal(request: Request, project: str) -> Request:
    """Return a request as one that is checked and not stored."""
    return request._replace(path=f"{place(project)}/_dry_run")


def reply(answer: Answer) -> Transaction:
    """Return what an answer says about a request: all is stored, or nothing."""
    body = answer.body if isinstance(answer.body, dict) else {}
    listed = body.get("entities")
    entities = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    numbers: dict[Name, str] = {}
    refusals: dict[Name, list[Refusal]] = {}
    for entity in entities:
        name = _name(entity)
        if isinstance(entity.get("id"), str):
            numbers[name] = entity["id"]
        for error in entity.get("errors") or ():
            if isinstance(error, dict):
                refusals.setdefault(name, []).append(_refusal(error))
    loose = [_transactional(error) for error in body.get("transactional_errors") or () if error != "Nothing to submit"]
    for taken in (taken for _, names in loose for taken in names):
        twice = [name for name in numbers if name[1] == taken]
        for name in twice:
            refusals.setdefault(name, []).append(Refusal("conflict", (NAME,), "", taken))
    said = [words for words, names in loose if not names]
    success = body.get("success") is True and answer.ok
    if not success and not refusals and not said:
        said = [_said(answer) or f"it answered {answer.status}"]
    return Transaction(success, numbers, refusals, tuple(said))


def _name(entity: Mapping[str, Any]) -> Name:
    keys = entity.get("unique_keys") or ()
    names = (one[NAME] for one in keys if isinstance(one, dict) and isinstance(one.get(NAME), str))
    return str(entity.get("type")), next(names, "")


def _transactional(error: Any) -> tuple[str, list[str]]:
    """An error of a whole request: its words, and the names it tells to be taken twice."""
    words = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    is_twice = isinstance(error, dict) and error.get("type") == "NOT_UNIQUE"
    return words, re.findall(r"'([^']*)'\)", words) if is_twice else []


def _refusal(error: Mapping[str, Any]) -> Refusal:
    """One thing that is wrong with a record, in words without walls of values and JSON's names."""
    words, keys = str(error.get("message") or "").strip(), error.get("keys")
    key = next((one for one in keys if isinstance(one, str)), "") if isinstance(keys, list) else ""
    kind = str(error.get("type") or "")
    pointer = (key,) if key else None
    if kind == "INVALID_LINK":
        return Refusal("link" if words.startswith("No link destination") else "value", pointer, _links_told(words))
    if kind == "MISSING_PROPERTY" or words.endswith("is a required property"):
        return Refusal("required", pointer or (words.partition("'")[2].partition("'")[0],), "")
    if kind in ("INVALID_PERMISSIONS", "INVALID_PERMISSION"):
        return Refusal("permission", pointer, words)
    if kind == "NOT_UNIQUE" or words.endswith("already exists in the DB"):
        return Refusal("conflict", (NAME,), "")
    if (unknown := _EXTRA.search(words)) is not None:
        return Refusal("extra", (unknown[1],), "the commons has no such property.", unknown[1])
    if (listed := _NOT_LISTED.fullmatch(words)) is not None:
        return Refusal("value", pointer, *_among(listed["value"], listed["listed"]))
    if (types := _TYPES.search(words)) is not None:
        kinds = [_KINDS[one] for one in types["types"].split(", ") if one in _KINDS]
        return Refusal("value", pointer, f"it has to be {' or '.join(kinds) or 'of another kind'}.")
    return Refusal("value" if pointer else "other", pointer, words)


def _links_told(words: str) -> str:
    if "link has to be" in words:
        return "only one record can be linked here."
    return "" if words.startswith("No link destination") else words


def _among(value: str, listed: str) -> tuple[str, str]:
    """Of a list that may have hundreds of values the nearest, and the value that isn't in it."""
    values = [one or other for one, other in _LISTED.findall(listed)]
    typed = value[1:-1] if value[:1] in "'\"" else value
    near = likely(typed, values)[:3] or values[:3]
    more = len(values) - len(near)
    rest = f", and {more} more" if more > 0 else ""
    return f"it isn't in the list. The list has: {', '.join(near)}{rest}.", typed[:_SHOWN]


def _said(answer: Answer) -> str:
    said = answer.body.get("message") if isinstance(answer.body, dict) else None
    return said.strip() if isinstance(said, str) else ""


def _why(answer: Answer) -> str:
    return f" ({said})" if (said := _said(answer)) else ""


def column(entity_columns: Mapping[str, Any], key: str) -> str:
    """Return the column of what an answer calls ``key``: a link's column has its target's key behind its name."""
    names: Iterator[str] = (name for name in (key, f"{key}.{NAME}", f"{key}.{CODE}") if name in entity_columns)
    return next(names, key)


def project_of(name: str, value: Any) -> str | None:
    """Return the project that a cell tells: whole in ``project_id``, by its code, behind a dash, in a link to it."""
    if not isinstance(value, str):
        return None
    return value if name == PROJECT_ID else f"-{value}" if name.endswith(f".{CODE}") else None
