"""What a person types for a record compiles back to that record, for every type of the schemas."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from conftest import FOURDN, ROOT
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schema_records import rows

from workbook_compiler import api
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import EntityType, Schema

REAL = ROOT.parent / "shared" / "data" / "4dn" / "profiles.json"
MARKS = ("#Field Name:", "#Field Type:", "#Description:", "#Additional Info:")


def workbook(name: str, cells: Mapping[str, Any]) -> bytes:
    """One sheet in the house layout with one row."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        day, moment = (book.add_format({"num_format": f}) for f in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
        sheet = book.add_worksheet(name[:31])
        for row, mark in enumerate(MARKS):
            sheet.write_string(row, 0, mark)
        for column, (header, cell) in enumerate(cells.items(), 1):
            sheet.write_string(0, column, header)
            if isinstance(cell, bool):
                sheet.write_boolean(4, column, cell)
            elif isinstance(cell, int | float):
                sheet.write_number(4, column, cell)
            elif isinstance(cell, datetime):
                sheet.write_datetime(4, column, cell, moment)
            elif isinstance(cell, date):
                sheet.write_datetime(4, column, datetime(cell.year, cell.month, cell.day), day)
            else:
                assert sheet.write_string(4, column, cell) == 0
    return out.getvalue()


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
