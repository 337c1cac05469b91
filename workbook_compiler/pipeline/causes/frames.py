"""The way from a type's rules down to a broken word: what led there, and what the schema's authors say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbook_compiler.model.records import Pointer
from workbook_compiler.pipeline.causes.judging import Problem
from workbook_compiler.pipeline.causes.mending import Condition


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds a broken word."""

    because: tuple[Condition, ...] = ()
    """What has to be filled in, or how, for the rule to count."""
    comment: str = ""
    """The sentence that the nearest condition around has for people."""


def frame_of(rules: Mapping[str, Any], problem: Problem) -> Frame:
    """Return what surrounds the word that a body breaks."""
    steps, place = list(problem.absolute_schema_path), list(problem.absolute_path)
    if problem.validator is not None:  # "false" as a schema has no word of its own
        steps.pop()
    node: Any = rules
    at: Pointer = ()
    because: dict[Pointer, Condition] = {}
    comment, inside = "", False
    while steps and isinstance(node, Mapping):
        word = steps.pop(0)
        if word in ("then", "else"):  # the condition stands beside what it leads to
            asked = _asked(node.get("if"), at) if word == "then" else []
            because |= {condition.at: condition for condition in asked}
            node, inside = node.get(word), True
        elif word in ("dependencies", "dependentSchemas"):
            name = steps.pop(0)
            because[(*at, name)] = Condition((*at, name))
            node, inside = node[word].get(name), True
        elif word in ("properties", "patternProperties"):
            node, at = node[word].get(steps.pop(0)), (*at, *place[:1])
            place = place[1:]
        elif word in ("items", "prefixItems", "additionalProperties", "contains"):
            node, at, place = node.get(word), (*at, *place[:1]), place[1:]
            node = node[int(steps.pop(0))] if isinstance(node, list) else node
        else:
            node = node.get(word)
            inside = inside or word in ("allOf", "anyOf", "oneOf", "not")
            node = node[int(steps.pop(0))] if isinstance(node, list) else node
        if inside and isinstance(node, Mapping) and isinstance(node.get("comment"), str):
            comment = node["comment"]
    return Frame(tuple(because.values()), comment)


def _asked(rule: Any, at: Pointer) -> list[Condition]:
    """What an ``if`` asks for, as far as it names columns: one value, or that something is filled in."""
    parts = rule.get("properties") if isinstance(rule, Mapping) else None
    named: dict[str, Any] = dict.fromkeys(rule.get("required", ()) if isinstance(rule, Mapping) else ())
    for name, part in parts.items() if isinstance(parts, Mapping) else ():
        listed = part.get("enum") if isinstance(part, Mapping) else None
        only = listed[0] if isinstance(listed, list) and len(listed) == 1 else None
        named[name] = part.get("const", only) if isinstance(part, Mapping) else None
    return [Condition((*at, name), value) for name, value in named.items()]
