"""The quick checker never takes a body that the exact one refuses, nor refuses one that it takes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import FOURDN, ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, validators
from schema_records import ATTACHED, rows

from workbook_compiler import api
from workbook_compiler.model.columns import fields
from workbook_compiler.model.schema import Access, EntityType
from workbook_compiler.pipeline.validate import checker

REAL = ROOT.parent / "shared" / "data"
JUNK: list[Any] = [
    None, True, False, 0, -1, 1, 1.0, 0.1, 5.7, 10**20, -(10**400), 1e300, 2**63, "", " ", "a", "a\n", "0", "１", "é", "\u0000",
    "2024-03-01", "lab:a", "x" * 300, "😀" * 3, [], ["a", "a"], ["a", "b"], [1, 1.0], [0, False], [[]], [{}], [None], {},
    {"a": 1}, {"relationship_type": "derived from"}, [{"relationship_type": "derived from"}] * 2,
]  # fmt: skip


def types(path: Path) -> list[EntityType]:
    return [
        entity for entity in api.load_schema("4dn", path).types.values() if not entity.abstract and is_fillable(entity)
    ]


def is_fillable(entity: EntityType) -> bool:
    """Tell whether a person may send anything of this type, and files that the tests know how to name."""
    sent = [field for field in fields(entity) if field.access is not Access.REFUSED]
    media = [
        f.property.properties["type"].choices for f in sent if f.property.attachment and "type" in f.property.properties
    ]
    return bool(sent) and all(not allowed or set(allowed) & set(ATTACHED.values()) for allowed in media)


def places(value: Any, pointer: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a body, its own included."""
    yield pointer
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inner:
        yield from places(part, (*pointer, step))


def spoilt(draw: Callable[..., Any], body: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A body with a value replaced, taken away, repeated, or put under another name."""
    body = copy.deepcopy(body)
    pointer = draw(st.sampled_from([p for p in places(body) if p] or [("aliases",)]))
    where = draw(st.sampled_from(["replace", "remove", "repeat", "add", "add inside"]))
    parent: Any = body
    for step in pointer[:-1]:
        parent = parent[step]
    if where == "replace":
        parent[pointer[-1]] = draw(st.sampled_from(JUNK))
    elif where == "remove" and pointer[-1] in (parent if isinstance(parent, dict) else range(len(parent))):
        del parent[pointer[-1]]
    elif where == "repeat" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[pointer[-1]]))
    else:
        inside = parent if where == "add inside" and isinstance(parent, dict) else body
        inside[draw(st.sampled_from([*names, "no such property"]))] = draw(st.sampled_from(JUNK))
    return body


def expect_agreement(entity: EntityType, examples: int) -> None:
    exact = validators.validator_for(entity.rules, default=Draft202012Validator)(entity.rules)
    names = sorted(entity.properties)

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        body, _ = data.draw(rows(entity))
        for _ in range(data.draw(st.integers(0, 3))):
            body = spoilt(data.draw, body, names)
            accepted = next(exact.iter_errors(body), None) is None
            assert checker(entity).accepts(body) == accepted, json.dumps(body, default=str)[:2000]

    check()


@pytest.mark.parametrize("entity", types(FOURDN / "profiles.json"), ids=lambda entity: entity.name)
def test_both_checkers_agree_on_the_fixture(entity: EntityType) -> None:
    """Bodies of every type of our own, whole or spoilt, are taken by the quick checker exactly when jsonschema takes them."""
    expect_agreement(entity, 30)


@pytest.mark.skipif(not REAL.is_dir(), reason="no shared/data beside the checkout: real schemas are not part of it")
@pytest.mark.parametrize("source", ["4dn/profiles.json", "encode/schemas"])
def test_both_checkers_agree_on_real_portals(source: str) -> None:
    """The same for every type of 4DN and ENCODE."""
    for entity in types(REAL / source):
        expect_agreement(entity, 5)
