"""How a Gen3 commons is spoken to: tokens, projects, what is there, requests of many records. Seen on a real sheepdog 5.2.4.

An answer's HTTP code says little: a dry run that fails has 200, and ``success`` is told of records that aren't stored. So an
answer is read whole, its entities are known by node and name, never by their place, and what is stored is asked for.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from workbook_compiler.errors import RefusedError, UnclearError, UnreachableError
from workbook_compiler.model.plan import Request
from workbook_compiler.model.service import Answer, Name, Refusal, Send, Stored, Transaction
from workbook_compiler.nearest import likely
from workbook_compiler.portals.gen3_schema import CODE, NAME, PROJECT_ID
from workbook_compiler.portals.plain_words import in_plain_words

BASE = "/api/v0/submission"
TOKEN = "/user/credentials/cdis/access_token"  # noqa: S105 - a path
AT_ONCE = 80
"""So many records are asked for by their numbers in one address, which stays below 4,000 characters."""
_LONGEST = 200_000
"""Characters of a server's words that are looked into."""
_SHOWN = 60
"""A value of a server's words is shown up to so many characters."""

_NODE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""What may stand in a query as a node's name."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOT_LISTED = re.compile(r"(?P<value>.+?) is not one of \[(?P<listed>.*)\]", re.DOTALL)
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
    try:
        answer = send("POST", TOKEN, {"api_key": secret, "key_id": key_id})
    except UnclearError as error:
        raise UnreachableError("the commons", f"it gives no token: {error.reason}") from None
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
    programs = _links(_let_in(send("GET", f"{BASE}/")))
    listed = {program: send("GET", f"{BASE}/{quote(program, safe='')}") for program in programs}
    seen = {program: answer for program, answer in listed.items() if answer.status not in (401, 403, 404)}
    return [f"{program}-{code}" for program, answer in seen.items() for code in _links(answer)]


def _links(answer: Answer) -> list[str]:
    """The last parts of the links in an answer. Raises UnreachableError for one that has none."""
    listed = answer.body.get("links") if isinstance(answer.body, dict) else None
    if not answer.ok or not isinstance(listed, list):
        raise UnreachableError("the commons", f"it answered {answer.status} when asked for its projects{_why(answer)}")
    names = (one.rstrip("/").rpartition("/")[2] for one in listed if isinstance(one, str))
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
    if not _NODE.fullmatch(node):
        return None
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
    """Return what the query service answers. Raises RefusedError in its words when it doesn't."""
    try:
        answer = _let_in(send("POST", f"{BASE}/graphql", {"query": text}))
    except UnclearError as error:
        raise UnreachableError("the commons", error.reason) from None
    body = answer.body if isinstance(answer.body, dict) else {}
    if not answer.ok or body.get("errors"):
        said = body.get("errors") or _said(answer) or answer.status
        words = said if isinstance(said, list) else [said]
        told = (one.get("message", one) if isinstance(one, dict) else one for one in words)
        raise RefusedError(f"The commons doesn't answer the query: {'; '.join(map(str, told))}")
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
    """The stored records that an export has. Raises UnreachableError for an answer that is no export."""
    answer = _let_in(send("GET", f"{place(project)}/export?{urlencode({**words, 'format': 'json'}, safe=',')}"))
    if answer.status in (400, 404) and "ids" in words and _said(answer):
        return []  # none of them is there
    body = answer.body.get("data") if isinstance(answer.body, dict) else answer.body
    if not answer.ok or not isinstance(body, list):
        raise UnreachableError("the commons", f"it answered {answer.status} when asked for what it holds{_why(answer)}")
    return [found for one in body if (found := _stored(one)) is not None]


def _stored(one: Any) -> Stored | None:
    """A record of an export; None for one that nobody has named. Raises UnreachableError for what is no record."""
    node, name, number = ((one.get(key) if isinstance(one, dict) else None) for key in ("type", NAME, "id"))
    if not isinstance(node, str) or not isinstance(number, str):
        raise UnreachableError("the commons", "it holds something that is no record")
    return Stored(node, name, number, one) if isinstance(name, str) else None


def lookup(send: Send, project: str, names: Sequence[str], nodes: Sequence[str]) -> list[Stored]:
    """Return the records that in one of these nodes have one of these names, or one of these numbers."""
    numbers = [name for name in names if _UUID.fullmatch(name)]
    found = [one for number in numbers for one in _exported(send, project, {"ids": number}) if one.type in nodes]
    told = {one.number for one in found}
    left = [name for name in names if name not in told]
    for node in nodes if left else ():
        known = present(send, project, node)
        if known is None:
            found += [one for one in every(send, project, node) if one.name in left]
        else:
            found += by_number(send, project, node, [known[name] for name in left if name in known])
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
    entities = [one for one in _list(body.get("entities")) if isinstance(one, dict)]
    numbers: dict[Name, str] = {}
    refusals: dict[Name, list[Refusal]] = {}
    for entity in entities:
        name = _name(entity)
        if isinstance(entity.get("id"), str):
            numbers[name] = entity["id"]
        for error in _list(entity.get("errors")):
            if isinstance(error, dict):
                refusals.setdefault(name, []).append(_refusal(error))
    loose = [_transactional(error) for error in _list(body.get("transactional_errors")) if error != "Nothing to submit"]
    for taken in (taken for _, names in loose for taken in names):
        twice = [name for name in numbers if name[1] == taken]
        for name in twice:
            refusals.setdefault(name, []).append(Refusal("conflict", (NAME,), "", taken))
    said = [words for words, names in loose if not names]
    success = body.get("success") is True and answer.ok
    if not success and not refusals and not said:
        said = [_said(answer) or f"it answered {answer.status}"]
    return Transaction(success, numbers, refusals, tuple(said))


def _list(value: Any) -> list[Any]:
    """What should be a list; a single text stands for a list of it, and anything else for none."""
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _name(entity: Mapping[str, Any]) -> Name:
    keys = _list(entity.get("unique_keys"))
    names = (one[NAME] for one in keys if isinstance(one, dict) and isinstance(one.get(NAME), str))
    return str(entity.get("type")), next(names, "")


def _transactional(error: Any) -> tuple[str, list[str]]:
    """An error of a whole request: its words, and the names it tells to be taken twice."""
    words = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    is_twice = isinstance(error, dict) and error.get("type") == "NOT_UNIQUE"
    keys = _literal(words.partition(", ")[2]) if is_twice else ()
    names = [one[-1] for one in keys if isinstance(one, tuple) and one] if isinstance(keys, tuple) else []
    return words, [name for name in names if isinstance(name, str)]


def _literal(text: str) -> Any:
    """What a text in the form of Python's values says; nothing for another one."""
    try:
        return ast.literal_eval(text) if len(text) < _LONGEST else ()
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()


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
        return Refusal("extra", (unknown[1],), "it knows no such column here.", unknown[1])
    if (listed := _NOT_LISTED.fullmatch(words)) is not None:
        return Refusal("value", pointer, *_among(listed["value"], listed["listed"]))
    if (types := _TYPES.search(words)) is not None:
        kinds = [_KINDS[one] for one in types["types"].split(", ") if one in _KINDS]
        return Refusal("value", pointer, f"it has to be {' or '.join(kinds) or 'of another kind'}.")
    return Refusal("value" if pointer else "other", pointer, in_plain_words(words, None))


def _links_told(words: str) -> str:
    if "link has to be" in words:
        return "only one record can be linked here."
    return "" if words.startswith("No link destination") else words


def _among(value: str, listed: str) -> tuple[str, str]:
    """Of a list that may have hundreds of values the nearest, and the value that isn't in it."""
    found = _literal(f"[{listed}]")
    values = [str(one) for one in found if one is not None] if isinstance(found, list) else []
    typed = value[1:-1] if value[:1] in "'\"" else value
    near = likely(typed, values)[:3] or values[:3]
    more = len(values) - len(near)
    rest = f", and {more} more" if more > 0 else ""
    told = f" The list has: {', '.join(near)}{rest}." if near else ""
    return f"it isn't in the list.{told}", typed[:_SHOWN]


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
