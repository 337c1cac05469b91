"""What a broken rule means for the person who filled in the row: a place in the body, a code, and its words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from workbook_compiler.model.codes import texts, values
from workbook_compiler.model.diagnostics import Code, count
from workbook_compiler.model.records import Pointer
from workbook_compiler.model.schema import Access, EntityType, Kind, Property
from workbook_compiler.nearest import likely
from workbook_compiler.pipeline.causes.frames import Frame, frame_of
from workbook_compiler.pipeline.causes.judging import Problem, fits_of
from workbook_compiler.pipeline.causes.mending import Act, Ground, Rule, mend, with_bounds
from workbook_compiler.pipeline.causes.saying import dotted, say, with_comment
from workbook_compiler.pipeline.coerce.example import example_of
from workbook_compiler.pipeline.coerce.form import like

Cause = tuple[Pointer, Code, Mapping[str, Any]]


COMBINING = ("anyOf", "oneOf", "not")
"""Words that join rules; which of them a body was meant to keep has to be guessed."""


def causes(problem: Problem, entity: EntityType) -> Iterator[Cause]:
    """Yield what a broken rule means for the person who filled in the row."""
    frame = frame_of(entity.rules, problem)
    if frame.because or problem.validator in COMBINING:
        found = list(_conditional(problem, entity, frame))
        if found:
            yield from found
            return
    for cause in _plain(problem, entity):
        yield with_comment(cause, frame.comment) if frame.because else cause


def _plain(problem: Problem, entity: EntityType) -> Iterator[Cause]:
    """What a broken word means that stands for itself."""
    path: Pointer = tuple(problem.absolute_path)
    rule, value, body = problem.validator, problem.validator_value, problem.instance
    if rule == "required":
        yield from (((*path, name), values.REQ01, {}) for name in value if name not in body)
    elif rule in ("dependentRequired", "dependencies"):
        yield from _dependent(path, value, body)
    elif rule == "additionalProperties":
        known = problem.schema.get("properties", {})
        for name in body:
            if name not in known:
                context = {"value": name, "field": dotted(path) or entity.name, "suggestions": likely(name, known)}
                yield (*path, name), values.OBJ03, context
    elif rule == "type":
        yield path, values.OBJ04, _kinds(value, body)
    elif rule in _BY_RULE:
        code, words = _BY_RULE[rule]
        yield path, code, words(value, body)
    elif rule in COMBINING:
        what = problem.schema.get("comment") or (path and _title(entity, path)) or "some columns don't fit together"
        yield path, values.RUL01, {"reason": str(what)}
    else:
        yield path, values.RUL01, {"reason": _reason(rule), "value": _short(body)}


def _dependent(path: Pointer, value: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Cause]:
    for because, names in value.items():
        if because in body and isinstance(names, list):
            yield from (((*path, name), values.REQ03, {"because": because}) for name in names if name not in body)


def _conditional(problem: Problem, entity: EntityType, frame: Frame) -> Iterator[Cause]:
    """What would have to change for a rule to be kept that joins columns; nothing for a rule about one value alone."""
    path: Pointer = tuple(problem.absolute_path)
    rule, value, body = problem.validator, problem.validator_value, problem.instance
    if rule == "not" and isinstance(value, dict) and set(value) == {"required"} and not frame.because:
        names = value["required"]
        context = {"reason": f"{' and '.join(names)} can't be filled in together", "advice": "Clear one of them."}
        yield (*path, names[-1]), values.RUL01, context
        return
    if rule in COMBINING and not isinstance(body, dict) and not frame.because:
        yield from _of_lists(path, value if rule != "not" else [], body)
        return
    ground = Ground(fits_of(entity), lambda at: _is_hidden(entity, at))
    way = mend(ground, _alone(problem), body, path, frame.because)
    for change in way.changes:
        found = say(change, frame.comment, hidden=change.act is Act.ADD and ground.hidden(change.at))
        if found is not None:
            yield found
        elif change.word in _BY_RULE:
            code, words = _BY_RULE[change.word]
            yield with_comment((change.at, code, words(change.wanted, change.value)), frame.comment)


def _alone(problem: Problem) -> Rule:
    """The broken word as a rule of its own."""
    return with_bounds(problem.schema, problem.validator) if isinstance(problem.schema, Mapping) else problem.schema


def _is_hidden(entity: EntityType, at: Pointer) -> bool:
    prop = entity.properties.get(str(at[0])) if at else None
    return prop is not None and prop.access is Access.REFUSED


def _of_lists(path: Pointer, alternatives: Any, body: Any) -> Iterator[Cause]:
    """A value that is in none of several lists is told as if they were one."""
    listed = [part.get("enum") if isinstance(part, dict) else None for part in alternatives]
    if listed and all(isinstance(part, list) for part in listed):
        yield path, texts.ENU01, _allowed([value for part in listed for value in part or ()], body)


def _title(entity: EntityType, path: Pointer) -> str:
    prop: Property | None = entity.properties.get(str(path[0]))
    return f"the value doesn't fit {prop.title or prop.name}" if prop and prop.kind is not Kind.ANY else ""


def _allowed(value: Sequence[Any], body: Any) -> dict[str, Any]:
    from workbook_compiler.pipeline.coerce.text import not_listed

    finding = not_listed(str(body), [str(v) for v in value if v is not None]).findings[0]
    return {**finding.context, "value": _short(body), "suggestions": finding.suggestions}


def _repeated(body: Sequence[Any]) -> dict[str, Any]:
    """The first value that is there again; lists and objects are too long to be shown."""
    twice = next((item for place, item in enumerate(body) if item in body[:place]), None)
    return {"item": f"“{twice}”"} if isinstance(twice, str | int | float) else {}


def _signs(number: int) -> str:
    return count(number, "character")


def _short(body: Any) -> str | None:
    return str(body) if isinstance(body, str | int | float | bool) else None


_BY_RULE: dict[str, tuple[Code, Callable[[Any, Any], dict[str, Any]]]] = {
    "uniqueItems": (values.LST04, lambda _value, body: _repeated(body)),
    "minItems": (values.LST05, lambda value, body: {"range": f"at least {count(value, 'value')}", "length": len(body)}),
    "maxItems": (values.LST05, lambda value, body: {"range": f"at most {count(value, 'value')}", "length": len(body)}),
    "enum": (texts.ENU01, _allowed),
    "pattern": (texts.TXT07, lambda value, body: {"value": body, "advice": like(example_of(value))}),
    "minimum": (values.NUM04, lambda value, body: {"value": body, "range": f"from {value} on"}),
    "maximum": (values.NUM04, lambda value, body: {"value": body, "range": f"up to {value}"}),
    "exclusiveMinimum": (values.NUM04, lambda value, body: {"value": body, "range": f"above {value}"}),
    "exclusiveMaximum": (values.NUM04, lambda value, body: {"value": body, "range": f"below {value}"}),
    "minLength": (texts.TXT08, lambda value, body: {"range": f"at least {_signs(value)}", "length": len(body)}),
    "maxLength": (texts.TXT08, lambda value, body: {"range": f"at most {_signs(value)}", "length": len(body)}),
}

_KINDS = {
    "string": "text", "array": "a list", "object": "a value in curly brackets", "integer": "whole numbers",
    "number": "numbers", "boolean": "true or false", "null": "nothing",
}  # fmt: skip
_FOUND = {
    str: "text", bool: "neither text nor number", int: "a number", float: "a number", list: "a list",
    dict: "a value in curly brackets",
}  # fmt: skip
_SHOWN = 60


def _kinds(value: Any, body: Any) -> dict[str, Any]:
    """What is asked for and what is there."""
    wanted = " or ".join(_KINDS.get(name, str(name)) for name in (value if isinstance(value, list) else [value]))
    given = f"“{body}”" if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    kind = "a fraction" if isinstance(body, float) and wanted == "whole numbers" else _FOUND.get(type(body), "no value")
    return {"wanted": wanted, "given": given if len(given) <= _SHOWN else f"{given[:_SHOWN]}…", "kind": kind}


def _reason(rule: str) -> str:
    return (
        "the value isn't allowed here together with the others"
        if rule in ("not", "if")
        else "the value isn't allowed here"
    )
