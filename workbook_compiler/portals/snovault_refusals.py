"""What a snovault server has against a message: its errors, each with its place in the body.

A path comes dotted after ``Schema: ``, or as a list; what is missing or too much stands in the words alone. A link that
leads nowhere comes twice, once without and once with its place: that is one mistake.

An answer comes from outside: what isn't understood is like what isn't there, and no pattern here tries a text over and over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from workbook_compiler.model.plan import Request
from workbook_compiler.model.records import Pointer, value_at
from workbook_compiler.model.service import Answer, Refusal
from workbook_compiler.portals.plain_words import in_plain_words

_PREFIX = "Schema: "
LONGEST = 10_000
"""Characters of the server's words that are looked at, half of them from the end: a long value may stand between."""
MOST_ERRORS = 200
"""Errors of one answer that are looked at; a record has hardly as many values."""
_QUOTED = r"'(.*?)'"
_FIRST_QUOTED = r"[^']*+" + _QUOTED
"""Where the first quote opens. Trying each quote of a text in turn would take as many times as long as it has quotes."""
_NOWHERE = re.compile(r"Unable to resolve link: (?:/[^/]*/)?(.*)", re.DOTALL)
_NOT_FOUND = re.compile(_QUOTED + r" not found$", re.DOTALL)
_WRONG_TYPE = re.compile(_FIRST_QUOTED + r" is not of type (?:'(\w+)')(?!,)", re.DOTALL)
_REQUIRED = re.compile(_FIRST_QUOTED + r" is a required property", re.DOTALL)
_DEPENDS = re.compile(_FIRST_QUOTED + r" is a dependency of " + _QUOTED, re.DOTALL)
_TOO_MUCH = re.compile(r"\(" + _QUOTED)
_KEY = re.compile(r"""\(\s*u?(['"])((?:\\.|(?!\1).)*+)\1\s*,\s*u?(['"])((?:\\.|(?!\3).)*+)\3\s*\)""", re.DOTALL)
"""Two texts in brackets, as Python writes them."""
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_JSON_TYPES = frozenset("string number integer boolean array object null".split())


def refusals(answer: Answer, request: Request) -> list[Refusal]:
    """Return what an answer has against a message, each mistake once; at least one for an answer that isn't a success."""
    said = answer.body if isinstance(answer.body, dict) else {}
    detail = _text(said.get("detail")) or _text(said.get("description")) or _text(said.get("title"))
    if answer.status == 409:
        return list(_conflicts(detail, request.body)) or [Refusal("conflict", None, detail)]
    if answer.status in (401, 403):
        return [Refusal("permission", None, detail)]
    if answer.status == 404:
        return [Refusal("missing", None, detail)]
    errors = said.get("errors")
    listed = errors[:MOST_ERRORS] if isinstance(errors, list) else []
    found = [_refusal(error, request.body) for error in listed if isinstance(error, dict)]
    return _without_pairs(found) or [Refusal("other", None, detail or f"it answered {answer.status} without a reason.")]


def _text(value: Any) -> str:
    """The server's words, without the middle where they are long; empty for what is no text."""
    if not isinstance(value, str):
        return ""
    return value if len(value) <= LONGEST else f"{value[: LONGEST // 2]}…{value[-LONGEST // 2 :]}"


def _conflicts(detail: str, body: Mapping[str, Any]) -> Iterator[Refusal]:
    for _, key, _, value in _KEY.findall(detail):
        own = value.removeprefix("md5:")
        pointer = _pointer_of(body, own) or (("aliases",) if key == "alias" else None)
        yield Refusal("conflict", pointer, detail, own)


def _refusal(error: Mapping[str, Any], body: Mapping[str, Any]) -> Refusal:
    words, place = _text(error.get("description")), _place(error.get("name"), body)
    nowhere, absent = _NOWHERE.match(words), _NOT_FOUND.match(words)
    if nowhere or absent:
        value = (nowhere or absent)[1]  # type: ignore[index] # one of them is a match
        return Refusal("link", place or _pointer_of(body, value), words, value)
    if (depends := _DEPENDS.match(words)) is not None:
        return Refusal("required", (*place, depends[1]), words, depends[2])
    if (required := _REQUIRED.match(words)) is not None:
        return Refusal("required", (*place, required[1]), words)
    wrong = _WRONG_TYPE.match(words)
    if wrong is not None and wrong[2] not in _JSON_TYPES:
        return Refusal("link-type", place or None, words, wrong[2])
    if words.startswith("Additional properties") and (extra := _TOO_MUCH.search(words)) is not None:
        return Refusal("extra", (*place, extra[1]), "it knows no such column here.", _text_at(body, (*place, extra[1])))
    if ("permission" in words.lower() and "required" in words.lower()) or "not allowed to" in words.lower():
        return Refusal("permission", place or None, "only its staff may fill this in.", _text_at(body, place))
    value = _text_at(body, place)
    return Refusal("value", place or _pointer_of(body, _first_quoted(words)), in_plain_words(words, value), value)


def _place(name: Any, body: Mapping[str, Any]) -> Pointer:
    """A path as the server writes it; a name that holds a dot itself is found in the body."""
    if isinstance(name, list):
        steps = (step for step in name if isinstance(step, str | int) and not isinstance(step, bool))
        return tuple(step for step in steps if step not in (_PREFIX, "body"))
    text = _text(name).removeprefix(_PREFIX).strip()
    return _steps(text, body) if text else ()


def _steps(text: str, node: Any) -> Pointer:
    if not text:
        return ()
    if isinstance(node, list):
        head, _, rest = text.partition(".")
        place = _step(head)
        if isinstance(place, int):
            return (place, *_steps(rest, node[place] if place < len(node) else None))
    if isinstance(node, Mapping):
        for name in sorted(node, key=len, reverse=True):
            if text == name or text.startswith(f"{name}."):
                return (name, *_steps(text[len(name) + 1 :], node[name]))
    return tuple(map(_step, text.split(".")))


def _step(text: str) -> str | int:
    """A name, or a place in a list: a number that a list can have so many members of."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text


def _pointer_of(node: Any, value: str | None) -> Pointer | None:
    """Where a value stands in the body."""
    if value is None:
        return None
    inside = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for step, inner in inside:
        if isinstance(inner, str) and value in (inner, inner.rstrip("/").rpartition("/")[2], as_name(inner)):
            return (step,)
        rest = _pointer_of(inner, value)
        if rest is not None:
            return (step, *rest)
    return None


def as_name(title: str) -> str:
    """A title as the portal makes a name of it: a vendor's."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _text_at(node: Any, pointer: Pointer) -> str | None:
    value = value_at(node, pointer)
    return None if value is None or isinstance(value, dict | list) else str(value)


def _first_quoted(words: str) -> str | None:
    found = re.match(_QUOTED, words)
    return found[1] if found and not _UUID.fullmatch(found[1]) else None


def _without_pairs(found: list[Refusal]) -> list[Refusal]:
    """One refusal for each place and kind; of a link told twice the one with the more precise place."""
    kept: dict[tuple[str, Any], Refusal] = {}
    for refusal in found:
        key = ("link", refusal.value) if refusal.kind == "link" else (refusal.kind, refusal.pointer or refusal.words)
        before = kept.get(key)
        if before is None or len(refusal.pointer or ()) > len(before.pointer or ()):
            kept[key] = refusal
    return list(kept.values())
