"""What explains many wrong cells at once never speaks of a workbook that is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import FOURDN
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schema_records import rows
from test_roundtrip import concrete
from typed_books import typed_book

from workbook_compiler import api
from workbook_compiler.model.codes import cells, links, structure, texts
from workbook_compiler.model.schema import EntityType, Schema

GUESSED = {structure.ROW04, structure.ROW05, cells.CEL04, links.IDN03, links.REF11, texts.TXT10}


@pytest.mark.parametrize(("schema", "entity"), concrete(FOURDN / "profiles.json"), ids=lambda v: getattr(v, "name", ""))
def test_rows_that_are_right_are_neither_shifted_nor_misnamed(
    schema: Schema, entity: EntityType, tmp_path: Path
) -> None:
    """Several made-up records of any type give none of the findings that are guessed from many cells."""

    @settings(max_examples=12, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(rows(entity), min_size=3, max_size=7))
    def check(drawn: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        assume(all(typed and Draft202012Validator(entity.rules).is_valid(body) for body, typed in drawn))
        path = tmp_path / f"{entity.name}.xlsx"
        path.write_bytes(typed_book({entity.name: [typed for _, typed in drawn]}))
        assert not [found for found in api.compile(path, schema).diagnostics if found.code in GUESSED]

    check()


def test_a_wrong_value_in_each_row_is_no_shift(schema: Schema, tmp_path: Path) -> None:
    """A word that fits no column of its row is told for itself, however many rows have one."""
    people = [
        {"aliases": f"demo-lab:h{n}", "age": 30 + n, "age_units": f"yaer{n}", "sex": "female", "life_stage": "adult"}
        for n in range(9)
    ]
    (path := tmp_path / "book.xlsx").write_bytes(typed_book({"IndividualHuman": people}))
    assert {found.code.id for found in api.compile(path, schema).diagnostics} == {"ENU01"}


def test_each_of_many_cells_of_one_mistake_is_named(schema: Schema, tmp_path: Path) -> None:
    """All 37 links to a row whose name is mistyped are named with it, and none is told by itself."""
    samples = [{"aliases": f"demo-lab:bs{n}", "biosource": "demo-lab:source1"} for n in range(37)]
    sources = [{"aliases": "demo-lab:sorce1", "biosource_type": "tissue"}]
    (path := tmp_path / "book.xlsx").write_bytes(typed_book({"Biosample": samples, "Biosource": sources}))
    (found,) = api.compile(path, schema).diagnostics
    assert (found.code.id, str(found.location)) == ("IDN03", "Biosource!B5")
    assert [str(at) for at in found.related] == [f"Biosample!C{row}" for row in range(5, 42)]
    assert "37 rows refer" in found.message


def test_rows_without_a_needed_column_are_all_named(schema: Schema, tmp_path: Path) -> None:
    """A required column that isn't there names every row that lacks it."""
    rows_ = [{"aliases": f"demo-lab:v{n}", "description": "sends vials"} for n in range(45)]
    (path := tmp_path / "book.xlsx").write_bytes(typed_book({"Vendor": rows_}))
    (found,) = api.compile(path, schema).diagnostics
    assert (found.code.id, len(found.related)) == ("REQ02", 45)
