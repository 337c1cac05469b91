"""What a person types for a record of any ENCODE type compiles back to that record, whatever its rules ask for."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import pytest
from encode_rows import fill_pools, whole_rows
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from test_rules import is_fillable
from typed_books import typed_book

from workbook_compiler import api
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import EntityType, Schema

PARTS = 8
"""The types are tested in so many portions."""
FEWEST = 2
"""So many rows of each type that may be sent have to come out of the search."""
EXAMPLES = 3


@lru_cache(maxsize=1)
def encode(folder: Path) -> Schema:
    return api.load_schema("encode", folder / "encode" / "schemas")


def expect_round_trip(schema: Schema, entity: EntityType, folder: Path) -> int:
    """Records made up for the type come back equal, without an error; returns how many."""
    done = 0
    fill_pools(entity)  # before anything is drawn from them

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        nonlocal done
        drawn = data.draw(whole_rows(entity))
        assume(drawn is not None and drawn[1])
        assert drawn is not None
        body, cells = drawn
        path = folder / f"{entity.name}.xlsx"
        path.write_bytes(typed_book({entity.name: [cells]}))
        result = api.compile(path, schema)
        wrong = [
            d for d in result.diagnostics if d.severity is Severity.ERROR and d.code.id != "FIT04"
        ]  # any day is made up
        assert [(d.code.id, str(d.location), d.message) for d in wrong] == [], cells
        assert [json.dumps(r.values, sort_keys=True) for r in result.records] == [json.dumps(body, sort_keys=True)]
        done += 1

    check()
    return done


@pytest.mark.parametrize("part", range(PARTS))
def test_round_trip_of_encode(shared_data: Path, part: int, tmp_path: Path) -> None:
    """Every concrete type of ENCODE's schema files: what was typed comes back as it was meant."""
    schema = encode(shared_data)
    concrete = sorted(name for name, entity in schema.types.items() if not entity.abstract and is_fillable(entity))
    assert len(concrete) == 119  # of 120; one is filled in by the portal's staff alone
    made = {name: expect_round_trip(schema, schema.types[name], tmp_path) for name in concrete[part::PARTS]}
    assert [name for name, rows in made.items() if rows < FEWEST] == []
