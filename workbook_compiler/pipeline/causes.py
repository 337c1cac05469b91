"""What a broken rule means for the person who filled in the row: a place in the body, a code, and its words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from workbook_compiler.model.codes import texts, values
from workbook_compiler.model.diagnostics import Code, count
from workbook_compiler.model.records import Pointer
from workbook_compiler.model.schema import EntityType, Kind, Property
from workbook_compiler.nearest import likely
from workbook_compiler.pipeline.coerce.example import example_of

Problem = Any
"""A ``jsonschema.ValidationError``; the library is imported when the first row is refused."""

Cause = tuple[Pointer, Code, Mapping[str, Any]]


def dotted(pointer: Pointer) -> str:
    """Return the names on the way to a place: ``spikes.lanes``."""
    return ".".join(str(step) for step in pointer if isinstance(step, str))


def causes(problem: Problem, entity: EntityType) -> Iterator[Cause]:
    """Yield what a broken rule means for the person who filled in the row."""
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
    elif rule == "not" and isinstance(value, dict) and set(value) == {"required"}:
        names = value["required"]
        context = {"reason": f"{' and '.join(names)} can't be filled in together", "advice": "Clear one of them."}
        yield (*path, names[-1]), values.RUL01, context
    elif problem.context and rule in ("anyOf", "oneOf"):
        yield _combination(path, problem, entity)
    else:
        yield path, values.RUL01, {"reason": _reason(rule), "value": _short(body)}


def _dependent(path: Pointer, value: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Cause]:
    for because, names in value.items():
        if because in body and isinstance(names, list):
            yield from (((*path, name), values.REQ03, {"because": because}) for name in names if name not in body)


def _combination(path: Pointer, problem: Problem, entity: EntityType) -> Cause:
    """Of several ways to keep a rule, name the fields of which one set is needed."""
    sets = [c.validator_value for c in problem.context if c.validator == "required"]
    if sets and len(sets) == len(problem.context):
        options = " or ".join(" with ".join(names) for names in sets)
        context = {"reason": f"one of these has to be filled in: {options}", "advice": "Fill in one of them."}
        return (*path, sets[0][0]), values.RUL01, context
    what = problem.schema.get("comment") or (path and _title(entity, path)) or "some columns don't fit together"
    return path, values.RUL01, {"reason": str(what)}


def _title(entity: EntityType, path: Pointer) -> str:
    prop: Property | None = entity.properties.get(str(path[0]))
    return f"the value doesn't fit {prop.title or prop.name}" if prop and prop.kind is not Kind.ANY else ""


def _allowed(value: Sequence[Any], body: Any) -> dict[str, Any]:
    from workbook_compiler.pipeline.coerce.text import not_listed

    finding = not_listed(str(body), [str(v) for v in value]).findings[0]
    return {**finding.context, "value": _short(body), "suggestions": finding.suggestions}


def _advice(pattern: str) -> str:
    example = example_of(pattern)
    return f"Write it like this: {example}." if example else "Compare it with a row that is right."


def _signs(number: int) -> str:
    return count(number, "character")


def _short(body: Any) -> str | None:
    return str(body) if isinstance(body, str | int | float | bool) else None


_BY_RULE: dict[str, tuple[Code, Callable[[Any, Any], dict[str, Any]]]] = {
    "uniqueItems": (values.LST04, lambda _value, _body: {}),
    "minItems": (values.LST05, lambda value, body: {"range": f"at least {count(value, 'value')}", "length": len(body)}),
    "maxItems": (values.LST05, lambda value, body: {"range": f"at most {count(value, 'value')}", "length": len(body)}),
    "enum": (texts.ENU01, _allowed),
    "pattern": (texts.TXT07, lambda value, body: {"value": body, "advice": _advice(value)}),
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
