"""Workbook -> documents for every node of a real dictionary; the commons' own validators are asked what they think of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from gen3_rows import CODE, name_of, plain_row, plain_rows
from gen3_witness import (
    Validators,
    dictionary_folder,
    running_validators,  # noqa: F401
    served_dictionary,
    witnesses,  # noqa: F401
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema_records import rows
from typed_books import typed_book

from workbook_compiler import api
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import EntityType, Kind, Schema
from workbook_compiler.portals.gen3_records import render
from workbook_compiler.portals.gen3_schema import load_schema

EXAMPLES = 8


@pytest.fixture(scope="module")
def gen3(gen3_environment: Path) -> Schema:
    return api.load_schema("gen3", dictionary_folder())


def documents(result: api.Result) -> list[dict[str, Any]]:
    assert result.plan is not None, [(d.code.id, str(d.location), d.message) for d in result.diagnostics]
    return [document for request in render(result.plan, result.schema) for document in request.body]


def compiled(sheets: Any, schema: Schema, folder: Path) -> api.Result:
    path = folder / "book.xlsx"
    path.write_bytes(typed_book(sheets))
    return api.compile(path, schema)


def test_served_and_written_dictionaries_are_one_schema(gen3: Schema) -> None:
    """The YAML files, the dictionary as it is served, with nulls and without, say the same of every column."""
    for nulls in (True, False):
        served = load_schema(served_dictionary(nulls=nulls), "served", "")
        assert set(served.types) == set(gen3.types)
        for name, entity in gen3.types.items():
            other = served.types[name]
            assert entity.rules == other.rules, name
            assert described(entity) == described(other)


def described(entity: EntityType) -> list[tuple[Any, ...]]:
    """What matters of the columns; a server sorts them by name."""
    props = sorted(entity.properties.values(), key=lambda prop: prop.name)
    return [(p.name, p.kind, p.access, p.required, p.choices, p.pattern, p.link, p.spread) for p in props]


def test_a_row_of_every_node_is_taken(gen3: Schema, validators: Validators, tmp_path: Path) -> None:
    """A workbook with what each node needs compiles to documents that the commons' own validators take."""
    assert len(gen3.types) == 25
    made = documents(compiled(plain_rows(gen3), gen3, tmp_path))
    assert len(made) == 25
    assert validators.check(made) == [[]] * 25


def test_a_template_that_is_filled_in_is_taken(gen3: Schema, validators: Validators, tmp_path: Path) -> None:
    """The blank workbook of all nodes has a column for whatever a row needs; filled in, the validators take its documents."""
    blank = tmp_path / "blank.xlsx"
    api.template(gen3, path=blank)
    book = openpyxl.load_workbook(blank)
    for node, (cells,) in plain_rows(gen3).items():
        sheet = book[node]
        places = {str(cell.value).removeprefix("*"): cell.column for cell in sheet[1]}
        for header, typed in cells.items():
            sheet.cell(5, places[header]).value = typed
    book.save(tmp_path / "filled.xlsx")
    made = documents(api.compile(tmp_path / "filled.xlsx", gen3))
    assert len(made) == 25
    assert validators.check(made) == [[]] * 25


NODES = (
    "acknowledgement aligned_reads_index aliquot case clinical_test core_metadata_collection demographic diagnosis experiment "
    "experimental_metadata exposure family_history keyword publication read_group sample slide slide_count slide_image "
    "submitted_aligned_reads submitted_copy_number submitted_methylation submitted_somatic_mutation "
    "submitted_unaligned_reads treatment"
).split()


@pytest.mark.parametrize("node", NODES)
def test_whatever_a_node_takes_is_taken(node: str, gen3: Schema, validators: Validators, tmp_path: Path) -> None:
    """Rows made up from a node's columns compile without an error, and the validators have nothing against the documents."""
    entity, base = gen3.types[node], plain_rows(gen3)

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        _, cells = data.draw(rows(entity))
        made = linked(entity, {**plain_row(entity), **cells})
        result = compiled({**base, node: [made]}, gen3, tmp_path)
        errors = [(d.code.id, str(d.location), d.message) for d in result.diagnostics if d.severity is Severity.ERROR]
        assert errors == [], made
        sent = documents(result)
        assert validators.check(sent) == [[]] * len(sent), made

    check()


def linked(entity: EntityType, cells: dict[str, Any]) -> dict[str, Any]:
    """The row under its node's name, its links to the others' rows, and of links that exclude each other only the first."""
    made = dict(cells)
    for header in list(made):
        prop = entity.properties[header.partition("-")[0]]
        if header != prop.name and prop.leaf.kind is Kind.LINK:
            del made[header]  # a second link of the same name would be the first again
        elif prop.leaf.link:
            made[header] = name_of(prop.leaf.link.targets[0])
    for rule in entity.rules.get("allOf", ()):
        one, other = rule.get("not", {}).get("required", ("", ""))
        if one in made and other in made:
            del made[other]
    made.pop("project_id", None)
    return {
        **made,
        "submitter_id": name_of(entity.name),
        **({"projects.code": CODE} if "projects.code" in made else {}),
    }
