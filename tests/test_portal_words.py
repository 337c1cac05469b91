"""What a portal's checker says in the words of schemas reaches the bench in words of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import wording
from conftest import FOURDN
from jsonschema import Draft202012Validator

from workbook_compiler import api
from workbook_compiler.delivery.outcomes import at_cell
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.plan import Request
from workbook_compiler.model.records import Record
from workbook_compiler.model.service import Answer, Refusal
from workbook_compiler.portals.gen3_server import reply
from workbook_compiler.portals.snovault_refusals import refusals

BROKEN: list[tuple[dict[str, Any], Any]] = [
    ({"pattern": r"^\S+$"}, "a b"),
    ({"format": "date"}, "soon"),
    ({"format": "uuid"}, "mine"),
    ({"uniqueItems": True}, ["a", "a"]),
    ({"minLength": 3}, "a"),
    ({"minLength": 1}, ""),
    ({"maxLength": 3}, "a long text"),
    ({"minItems": 1}, []),
    ({"minItems": 3}, ["a"]),
    ({"maxItems": 1}, ["a", "b"]),
    ({"maxItems": 0}, ["a"]),
    ({"minProperties": 2}, {"a": 1}),
    ({"maxProperties": 1}, {"a": 1, "b": 2}),
    ({"minimum": 3}, 1),
    ({"maximum": 3}, 5),
    ({"exclusiveMinimum": 3}, 3),
    ({"exclusiveMaximum": 3}, 3),
    ({"multipleOf": 2}, 3),
    ({"const": "fixed"}, "other"),
    ({"enum": ["heart", "liver", None]}, "haert"),
    ({"type": "integer"}, "5"),
    ({"type": "string"}, 5),
    ({"type": "boolean"}, "maybe"),
    ({"type": "array"}, "a"),
    ({"type": "object"}, "a"),
    ({"type": "null"}, "a"),
    ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, "a"),
    ({"oneOf": [{"type": "string"}, {"minLength": 1}]}, "a"),
    ({"not": {"type": "string"}}, "a"),
    ({"contains": {"type": "integer"}}, ["a"]),
    ({"contains": {"type": "string"}, "maxContains": 1}, ["a", "b"]),
    ({"contains": {"type": "string"}, "minContains": 3}, ["a", "b"]),
    ({"prefixItems": [{}], "items": False}, ["a", "b"]),
]
OLDER = [
    "1 is not greater than or equal to the minimum of 3",
    "5 is not less than or equal to the maximum of 3",
    "{'a': 1} is not allowed for {'required': ['a']}",
    "{'a': 1} is not valid under any of the given schemas",
]
"""What forks of the checker say that portals still run."""


def said() -> Iterator[str]:
    for rule, value in BROKEN:
        found = list(Draft202012Validator(rule, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(value))
        assert len(found) == 1, rule
        yield found[0].message
    yield from OLDER


def of_snovault(words: str) -> list[Refusal]:
    body = {"errors": [{"location": "body", "name": "Schema: title", "description": words}]}
    return refusals(Answer(422, body, {}), Request(0, "POST", "/vendor", {"title": "what was typed"}))


def of_gen3(words: str) -> list[Refusal]:
    error = {"keys": ["title"], "message": words, "type": "INVALID_VALUE"}
    entity = {"type": "vendor", "id": None, "unique_keys": [{"submitter_id": "v1"}], "errors": [error]}
    return list(reply(Answer(400, {"success": False, "entities": [entity]}, {})).refusals["vendor", "v1"])


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Record:
    path = tmp_path_factory.mktemp("row") / "Vendor.csv"
    path.write_text("aliases,title\ndemo-lab:v1,what was typed\n", encoding="utf-8")
    [record] = api.compile(path, api.load_schema("4dn", FOURDN / "profiles.json")).records
    return record


@pytest.mark.parametrize("words", list(said()))
def test_a_checkers_sentence_reaches_the_bench_in_other_words(words: str, vendor: Record) -> None:
    """Whichever rule is broken, of either family of portals: at its cell, without a word of schemas."""
    told: list[Diagnostic] = [at_cell(vendor, refusal) for refusal in (*of_snovault(words), *of_gen3(words))]
    assert [(d.code.id, d.location) for d in told] == [("POR05", Location("Vendor.csv", "Vendor", 2, "B"))] * 2
    for diagnostic in told:
        assert words not in diagnostic.message
        assert [*wording.faults(diagnostic.message)] == []
        assert [*wording.advising(diagnostic.hint)] == []
