"""Every kind of mistake in every column of a real dictionary: told at its cell, and the commons' own validators agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gen3_rows import name_of, plain_cell, plain_row, plain_rows
from gen3_witness import (
    Validators,
    dictionary_folder,
    running_validators,  # noqa: F401
    witnesses,  # noqa: F401
)
from openpyxl.utils import get_column_letter
from told import assert_told
from typed_books import typed_book

from workbook_compiler import api
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import Access, EntityType, Kind, Property, Schema
from workbook_compiler.portals.gen3_records import body, render

WRONG = {
    Kind.INTEGER: "five",
    Kind.NUMBER: "about 3",
    Kind.BOOLEAN: "maybe",
    Kind.DATE_TIME: "yesterday",
}
Fault = tuple[str, Any, frozenset[str]]
"""A column, the cell typed there (None for nothing), and the codes one of which has to be told."""


@pytest.fixture(scope="module")
def gen3(gen3_environment: Path) -> Schema:
    return api.load_schema("gen3", dictionary_folder())


def faults(entity: EntityType) -> Iterator[Fault]:
    """Every mistake of one cell that a node's columns allow."""
    for name, prop in entity.properties.items():
        if prop.access is not Access.OFFERED or name == "projects.code":
            continue
        leaf = prop.leaf
        if prop.required:
            yield name, None, frozenset(("REQ01", "IDN02"))
        if leaf.link:
            yield name, f"{leaf.link.targets[0]}x-1", frozenset(("REF01",))
        elif leaf.choices:
            yield name, "no such value", frozenset(("ENU01",))
        elif leaf.pattern:
            yield name, "not a checksum", frozenset(("TXT07",))
        elif leaf.kind in WRONG:
            yield name, WRONG[leaf.kind], frozenset(("NUM01", "NUM02", "NUM03", "BOO01", "DAT01"))
        if leaf.maximum is not None:
            yield name, int(leaf.maximum) + 1, frozenset(("NUM04",))


def compiled(base: dict[str, Any], schema: Schema, folder: Path) -> api.Result:
    path = folder / "book.xlsx"
    path.write_bytes(typed_book(base))
    return api.compile(path, schema)


def cell_of(cells: dict[str, Any], header: str) -> str:
    return f"{get_column_letter(list(cells).index(header) + 2)}5"


def errors(result: api.Result) -> list[tuple[str, str]]:
    return [(d.code.id, str(d.location)) for d in result.diagnostics if d.severity is Severity.ERROR]


def test_every_mistake_is_told_at_its_cell(gen3: Schema, validators: Validators, tmp_path: Path) -> None:
    """One wrong cell in a workbook that is right else is one error, at that cell; the validators refuse that record, too."""
    base = plain_rows(gen3)
    good = {document["type"]: document for document in documents(compiled(base, gen3, tmp_path))}
    seen: set[str] = set()
    count = 0
    for node, entity in gen3.types.items():
        for header, typed, codes in faults(entity):
            cells = {header: plain_cell(entity, entity.properties[header]), **plain_row(entity)}
            cells[header] = typed if typed is not None else ""
            found = errors(compiled({**base, node: [cells]}, gen3, tmp_path))
            at = f"{node}!{cell_of(cells, header)}"
            if header == "submitter_id":
                assert any(code in codes and place.startswith(node) for code, place in found), (node, found)
            else:
                assert [(code in codes, place) for code, place in found] == [(True, at)], (node, header, typed, found)
            count += 1
            seen.update(code for code, _ in found)
            broken = {**good[node], **body(node, {header: [typed] if entity.properties[header].spread else typed})}
            if typed is None:
                broken.pop(header.partition(".")[0])
            said = validators.check([*(d for name, d in good.items() if name != node), broken])
            assert said[-1], (node, header, typed)
    assert count > 300
    assert {"REQ01", "REF01", "ENU01", "TXT07", "NUM04", "BOO01"} <= seen


def documents(result: api.Result) -> list[dict[str, Any]]:
    assert result.plan is not None, errors(result)
    return [document for request in render(result.plan, result.schema) for document in request.body]


def groups(entity: EntityType) -> list[list[str]]:
    return [[way["required"][0] for way in rule["anyOf"]] for rule in entity.rules.get("allOf", ()) if "anyOf" in rule]


def test_a_group_of_links_of_which_none_is_there(gen3: Schema, validators: Validators, tmp_path: Path) -> None:
    """Where one of several links is needed and none is filled in, that is told at the cell of the first."""
    base = plain_rows(gen3)
    nodes = [name for name, entity in gen3.types.items() if groups(entity)]
    assert len(nodes) == 8
    for node in nodes:
        (group,) = groups(gen3.types[node])
        cells = {header: "" if header in group else cell for header, cell in plain_row(gen3.types[node]).items()}
        result = compiled({**base, node: [cells]}, gen3, tmp_path)
        assert errors(result) == [("RUL01", f"{node}!{cell_of(cells, group[0])}")]
        assert all(header in result.diagnostics[-1].message or header in str(result.diagnostics) for header in group)
        made = {document["type"]: document for document in documents(compiled(base, gen3, tmp_path))}
        broken = {key: value for key, value in made[node].items() if f"{key}.submitter_id" not in group}
        assert validators.check([*(d for name, d in made.items() if name != node), broken])[-1]


def test_links_that_exclude_each_other(gen3: Schema, validators: Validators, tmp_path: Path) -> None:
    """Where at most one of several links is allowed, in a group inside a group too, a second one is told at its cell."""
    base, seen = plain_rows(gen3), 0
    for node, entity in gen3.types.items():
        for rule in entity.rules.get("allOf", ()):
            if "not" not in rule:
                continue
            seen += 1
            pair = rule["not"]["required"]
            both = {name: name_of(entity.properties[name].leaf.link.targets[0]) for name in pair}  # type: ignore[union-attr]
            cells = {**plain_row(entity), **both}
            assert errors(compiled({**base, node: [cells]}, gen3, tmp_path)) == [
                ("RUL01", f"{node}!{cell_of(cells, pair[1])}")
            ]
            made = {document["type"]: document for document in documents(compiled(base, gen3, tmp_path))}
            ends = {name: [end] if entity.properties[name].spread else end for name, end in both.items()}
            broken = {**made[node], **body(node, ends)}
            assert validators.check([*(d for name, d in made.items() if name != node), broken])[-1]
    assert seen == 1


def test_a_target_that_takes_one_record_only(gen3: Schema, validators: Validators, tmp_path: Path) -> None:
    """Two rows with a one-to-one link to the same record: told at the second, with the first beside it."""
    base = plain_rows(gen3)
    second = {**base["demographic"][0], "submitter_id": "demographic-2"}
    sheets = {**base, "demographic": [*base["demographic"], second]}
    result = compiled(sheets, gen3, tmp_path)
    column = get_column_letter(list(second).index("cases.submitter_id") + 2)
    assert errors(result) == [("FIT09", f"demographic!{column}6")]
    assert_told(result.diagnostics, "FIT09")
    assert [str(at) for at in result.diagnostics[-1].related] == [f"demographic!{column}5"]
    made = documents(compiled(base, gen3, tmp_path))
    twin = {**next(d for d in made if d["type"] == "demographic"), "submitter_id": "demographic-2"}
    assert any(validators.check([*made, twin]))


def spread_columns(entity: EntityType) -> list[Property]:
    return [prop for prop in entity.properties.values() if prop.spread]


def test_a_link_to_many_in_one_cell_or_in_several(gen3: Schema, validators: Validators, tmp_path: Path) -> None:
    """Several targets stand in one cell with commas, or in columns of their own; a wrong one is told at its own cell."""
    base = plain_rows(gen3)
    samples = [{**base["sample"][0], "submitter_id": f"sample-{n}"} for n in (1, 2, 3)]
    columns = ("samples.submitter_id", "samples.submitter_id-1")
    cells = {**plain_row(gen3.types["aliquot"]), columns[0]: "sample-1, sample-2", columns[1]: "sample-3"}
    sheets = {**base, "sample": samples, "aliquot": [cells]}
    result = compiled(sheets, gen3, tmp_path)
    made = documents(result)
    aliquot = next(d for d in made if d["type"] == "aliquot")
    assert aliquot["samples"] == [{"submitter_id": f"sample-{n}"} for n in (1, 2, 3)]
    assert not any(validators.check(made))
    assert result.plan is not None
    origins = {op.record.type: op.origins.text() for op in result.plan.operations}["aliquot"]
    at = [cell_of(cells, column) for column in columns]
    for place, cell in enumerate((at[0], at[0], at[1])):
        assert f'"/samples/{place}/submitter_id":"aliquot!{cell}"' in origins
    wrong = {**sheets, "aliquot": [{**cells, columns[1]: "sampel-3"}]}
    assert errors(compiled(wrong, gen3, tmp_path)) == [("REF01", f"aliquot!{at[1]}")]
    missing = {**sheets, "aliquot": [{**cells, columns[0]: "", columns[1]: ""}]}
    assert errors(compiled(missing, gen3, tmp_path)) == [("REQ01", f"aliquot!{at[0]}")]
    assert spread_columns(gen3.types["aliquot"])
