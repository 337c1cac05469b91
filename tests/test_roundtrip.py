"""What a person types for a record compiles back to that record, for every type of the schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import FOURDN, ROOT
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schema_records import rows
from typed_books import typed_book

from workbook_compiler import api
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import EntityType, Schema

REAL = ROOT.parent / "shared" / "data" / "4dn" / "profiles.json"


def workbook(name: str, cells: Mapping[str, Any]) -> bytes:
    """One sheet in the house layout with one row."""
    return typed_book({name: [cells]})


def concrete(path: Path) -> list[tuple[Schema, EntityType]]:
    schema = api.load_schema("4dn", path)
    return [(schema, entity) for entity in schema.types.values() if not entity.abstract]


def expect_round_trip(schema: Schema, entity: EntityType, folder: Path, examples: int) -> None:
    """Records made up for the type come back equal, without an error."""

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        body, cells = data.draw(rows(entity))
        assume(cells and Draft202012Validator(entity.rules).is_valid(body))
        path = folder / f"{entity.name}.xlsx"
        path.write_bytes(workbook(entity.name, cells))
        result = api.compile(path, schema)
        wrong = [
            d for d in result.diagnostics if d.severity is Severity.ERROR and d.code.id != "FIT04"
        ]  # any day is made up
        errors = [(d.code.id, str(d.location), d.message) for d in wrong]
        assert errors == [], cells
        assert [json.dumps(r.values, sort_keys=True) for r in result.records] == [json.dumps(body, sort_keys=True)], (
            cells
        )

    check()


@pytest.mark.parametrize(("schema", "entity"), concrete(FOURDN / "profiles.json"), ids=lambda v: getattr(v, "name", ""))
def test_round_trip_of_the_fixture(schema: Schema, entity: EntityType, tmp_path: Path) -> None:
    """Every type of our own schema set: what was typed comes back as it was meant."""
    expect_round_trip(schema, entity, tmp_path, 25)


@pytest.mark.skipif(not REAL.is_file(), reason="no shared/data beside the checkout: real schemas are not part of it")
@pytest.mark.parametrize(
    ("schema", "entity"), concrete(REAL) if REAL.is_file() else (), ids=lambda v: getattr(v, "name", "")
)
def test_round_trip_of_the_portal(schema: Schema, entity: EntityType, tmp_path: Path) -> None:
    """Every type that 4DN's portal serves: what was typed comes back as it was meant."""
    expect_round_trip(schema, entity, tmp_path, 12)
