"""Data dictionaries as schemas: every shape that their files have, and what strangers may put into them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import GEN3
from told import assert_told
from typed_books import typed_book

from workbook_compiler import api
from workbook_compiler.errors import SchemaError
from workbook_compiler.model.changes import changes
from workbook_compiler.model.plan import Plan
from workbook_compiler.model.schema import Access, Kind, Schema
from workbook_compiler.portals.gen3_records import AT_ONCE, body, render, values_of
from workbook_compiler.portals.gen3_schema import load_schema


@pytest.fixture(scope="module")
def gen3() -> Schema:
    return api.load_schema("gen3", GEN3)


NODE = {"id": "sample", "links": [], "required": ["submitter_id"], "properties": {"submitter_id": {"type": "string"}}}


def with_property(prop: dict[str, Any], **more: Any) -> Schema:
    node = {**NODE, "properties": {**NODE["properties"], "x": prop}, **more}  # type: ignore[dict-item]
    return load_schema({"sample": node}, "test", "")


def test_nodes_that_nobody_fills_in_are_left_out(gen3: Schema) -> None:
    """Program and project belong to the commons' staff; the other nodes each have a sheet."""
    assert len(gen3.types) == 12
    assert not {"program", "project", "root"} & set(gen3.types)


def test_lists_of_references_and_terms(gen3: Schema) -> None:
    """A list of references joins the object one after the other, and a description may stand with a term."""
    columns = gen3.types["sequencing_file"].properties
    assert columns["md5sum"].pattern == "^[0-9a-f]{32}$"
    assert columns["file_size"].description == "How many bytes the file has."
    assert columns["created_datetime"].access is Access.REFUSED
    assert gen3.types["sample"].properties["tissue"].description == "Where in the body it was taken."


def test_a_value_that_is_out_of_use_is_accepted_and_not_offered(gen3: Schema) -> None:
    """What ``deprecated_enum`` lists isn't in the dropdown; a record that has it stays right."""
    design = gen3.types["study"].properties["design"]
    assert "Cross-sectional" in design.choices
    assert design.offered == ("Case-control", "Cohort", "Cohort, nested", "Trial")


@pytest.mark.parametrize(
    ("prop", "kind", "choices"),
    [
        ({"type": ["integer", "null"]}, Kind.INTEGER, ()),
        ({"oneOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}, Kind.DATE_TIME, ()),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, Kind.NUMBER, ()),
        ({"enum": ["a", "b", None]}, Kind.TEXT, ("a", "b")),
        ({"oneOf": [{"enum": ["a"]}, {"enum": ["b", "a"]}, {"type": "null"}]}, Kind.TEXT, ("a", "b")),
        ({"enumDef": {"a": {}, "b": {}}}, Kind.TEXT, ("a", "b")),
        ({"type": "array", "items": {"type": "string"}}, Kind.LIST, ()),
        ({"type": ["string", "number", "null"]}, Kind.ANY, ()),
        ({"linkTo": "case", "type": "string"}, Kind.TEXT, ()),  # a word of another family of portals
    ],
)
def test_what_a_property_is(prop: dict[str, Any], kind: Kind, choices: tuple[str, ...]) -> None:
    """The null that serving adds says nothing about a property."""
    found = with_property(prop).types["sample"].properties["x"]
    assert (found.kind, found.choices) == (kind, choices)


def test_a_name_longer_than_a_sheets_is_known_again(gen3: Schema, tmp_path: Path) -> None:
    """A node's name of 35 letters is cut in the sheet's name; the workbook and the reader know the whole one."""
    book = tmp_path / "book.xlsx"
    node = "longitudinal_questionnaire_response"
    book.write_bytes(typed_book({node: [{"submitter_id": "q1", "visits.submitter_id": "v1", "question": "Well?"}]}))
    result = api.compile(book, gen3)
    assert [record.type for record in result.records] == [node]
    assert "longitudinal_questionnaire_resp" in str(result.records[0].location)


def test_links_are_objects_in_what_is_sent_and_columns_in_what_is_read() -> None:
    """A link becomes an object, several a list; what is one already stays; an export's links come back as columns."""
    values = {"submitter_id": "a", "samples.submitter_id": ["s1", "s2"], "projects.code": "GOLD", "gone": None}
    made = body("aliquot", values)
    assert made == {
        "type": "aliquot",
        "submitter_id": "a",
        "samples": [{"submitter_id": "s1"}, {"submitter_id": "s2"}],
        "projects": {"code": "GOLD"},
        "gone": None,
    }
    assert body("aliquot", made) == made


def test_a_stored_record_is_a_row_again(gen3: Schema) -> None:
    """Links of an export stand as lists of ends; the project is told by project_id."""
    stored = {
        "id": "u1",
        "type": "study",
        "submitter_id": "st1",
        "project_id": "P1-GOLD",
        "title": "T",
        "design": None,
        "state": "validated",
    }
    found = values_of(gen3.types["study"], stored)
    assert {name: found[name] for name in ("submitter_id", "title", "projects.code")} == {
        "submitter_id": "st1",
        "title": "T",
        "projects.code": "GOLD",
    }
    assert "design" not in found
    ends = {"type": "aliquot", "submitter_id": "a", "samples": [{"node_id": "u", "submitter_id": "s1"}]}
    assert values_of(gen3.types["aliquot"], ends)["samples.submitter_id"] == ["s1"]


HOSTILE = {
    "no YAML": {"sample": "a: [b"},
    "a tab": {"sample": "\ta: b"},
    "an object of Python": {"sample": "!!python/object/apply:os.system [ls]"},
    "nothing": {},
    "no nodes": {"_definitions": {"x": {}}},
    "a list": {"sample": [1, 2]},
    "a reference to nowhere": {"sample": {**NODE, "properties": {"x": {"$ref": "_definitions.yaml#/x"}}}},
    "a reference to itself": {"sample": {**NODE, "properties": {"$ref": "#/properties"}}},
    "two that refer to each other": {
        "_definitions": {"a": {"b": {"$ref": "#/c"}}, "c": {"d": {"$ref": "#/a"}}},
        "sample": {**NODE, "properties": {"x": {"$ref": "_definitions.yaml#/a"}}},
    },
    "a reference to a text": {
        "_definitions": {"x": "text"},
        "sample": {"properties": {"$ref": "_definitions.yaml#/x"}},
    },
    "a million laughs": {
        "_definitions": {
            f"l{n}": {f"a{k}": {"$ref": f"#/l{n + 1}"} for k in range(10)} if n < 9 else {"x": {}} for n in range(10)
        },
        "sample": {**NODE, "properties": {"$ref": "_definitions.yaml#/l0"}},
    },
}


@pytest.mark.parametrize("documents", HOSTILE.values(), ids=HOSTILE)
def test_a_dictionary_that_is_none_is_told(documents: dict[str, Any]) -> None:
    """Whatever is handed in as a dictionary ends with a sentence, soon, and runs nothing."""
    with pytest.raises(SchemaError):
        load_schema(documents, "test", "")


def test_odd_values_do_no_harm() -> None:
    """Words with values of the wrong shape are left out; the node can be filled in all the same."""
    odd = {"type": 5, "enum": "abc", "pattern": "(", "minimum": "1", "items": 3, "description": ["x"], "term": 7}
    schema = with_property(odd, links=[1, {"subgroup": [None]}, {"name": 3}], systemProperties=None, required=None)
    assert set(schema.types["sample"].properties) >= {"submitter_id", "x"}


def plan_of(sheets: Any, schema: Schema, folder: Path) -> Plan:
    book = folder / "book.xlsx"
    book.write_bytes(typed_book(sheets))
    plan = api.compile(book, schema).plan
    assert plan is not None
    return plan


def test_requests_hold_500_rows_whose_parents_went_before(gen3: Schema, tmp_path: Path) -> None:
    """Rows of one node go together, at most 500 at a time; a link to their own node leads back, or stays in the request."""
    visits = [
        {
            "submitter_id": f"v{n}",
            "participants.submitter_id": "p",
            "day": n,
            "previous_visits.submitter_id": f"v{n - 1}",
        }
        for n in range(1199, 0, -1)
    ]
    visits.append({"submitter_id": "v0", "participants.submitter_id": "p", "day": 0})
    sheets = {
        "visit": visits,
        "participant": [{"submitter_id": "p", "studies.submitter_id": "st", "sex": "male"}],
        "study": [{"submitter_id": "st", "projects.code": "GOLD", "title": "T"}],
    }
    requests = list(render(plan_of(sheets, gen3, tmp_path), gen3))
    assert [(len(r.body), {d["type"] for d in r.body}) for r in requests] == [
        (1, {"study"}),
        (1, {"participant"}),
        (AT_ONCE, {"visit"}),
        (AT_ONCE, {"visit"}),
        (200, {"visit"}),
    ]
    there: set[str] = set()
    for request in requests:
        there |= {d["submitter_id"] for d in request.body}
        assert {d["previous_visits"]["submitter_id"] for d in request.body if "previous_visits" in d} <= there


def test_compiled_files_are_the_requests(gen3: Schema, tmp_path: Path) -> None:
    """``requests/`` holds a JSON array for each request; plan.json has the same bodies, and each value's cell."""
    book = tmp_path / "book.xlsx"
    book.write_bytes(typed_book({"study": [{"submitter_id": "st", "projects.code": "GOLD", "title": "T"}]}))
    api.write_plan(api.compile(book, gen3), tmp_path / "out")
    (request,) = (tmp_path / "out" / "requests").iterdir()
    expected = '{"type":"study","submitter_id":"st","projects":{"code":"GOLD"},"title":"T"}'
    assert (request.name, request.read_text("utf-8")) == ("document-0001.json", f"[{expected}]")
    plan = (tmp_path / "out" / "plan.json").read_text("utf-8")
    assert f'"body":{expected}' in plan
    assert '"/projects/code":"study!C5"' in plan


def links(typed: str, schema: Schema, folder: Path, *known: str) -> list[tuple[str, tuple[str, ...]]]:
    """What is said of a sample's link to a participant, where these participants have rows."""
    rows = [{"submitter_id": name, "studies.submitter_id": "st", "sex": "male"} for name in known]
    sample = {"submitter_id": "s", "participants.submitter_id": typed, "tissue": "blood"}
    book = folder / "book.xlsx"
    book.write_bytes(typed_book({"participant": rows, "sample": [sample]}))
    said = api.compile(book, schema).diagnostics
    return [(d.code.id, d.suggestions) for d in said if d.location.sheet == "sample"]


def test_another_number_is_another_record(gen3: Schema, tmp_path: Path) -> None:
    """P-0008 beside P-0009 may well be in the project already: it is looked up there, and the near one is named."""
    assert links("P-0008", gen3, tmp_path, "P-0009") == [("REF02", ("P-0009",))]
    assert links("P-009", gen3, tmp_path, "Q-0009") == [("REF02", ())]
    assert links("PP-0009", gen3, tmp_path, "P-0009") == [("REF01", ("P-0009",))]
    assert links("p-0009", gen3, tmp_path, "P-0009") == [("REF03", ("P-0009",))]


def test_a_name_may_have_a_slash(gen3: Schema, tmp_path: Path) -> None:
    """Names are no paths: a/b is found as a/b, isn't b, and is looked up where no row has it."""
    assert links("a/b", gen3, tmp_path, "a/b") == []
    assert links("site 4/b", gen3, tmp_path, "b") == [("REF02", ())]


def test_two_nodes_may_have_the_same_name(gen3: Schema, tmp_path: Path) -> None:
    """A name is unique within its node: a link finds the row of the node that it leads to."""
    sheets = {
        "study": [{"submitter_id": "x", "projects.code": "GOLD", "title": "T"}],
        "participant": [{"submitter_id": "x", "studies.submitter_id": "x", "sex": "male"}],
        "visit": [{"submitter_id": "x", "participants.submitter_id": "x", "day": 1}],
    }
    plan = plan_of(sheets, gen3, tmp_path)
    assert [op.depends_on for op in plan.operations] == [(), ("study!5",), ("participant!5",)]
    twice = {**sheets, "study": [*sheets["study"], *sheets["study"]]}
    (tmp_path / "twice.xlsx").write_bytes(typed_book(twice))
    result = api.compile(tmp_path / "twice.xlsx", gen3)
    assert [(d.code.id, str(d.location)) for d in result.diagnostics] == [("IDN01", "study!B6")]


def test_a_link_to_one_record_that_names_two(gen3: Schema, tmp_path: Path) -> None:
    """Names of two rows in a column that takes one: told at the cell, with commas or semicolons between them."""
    assert links("p1, p2", gen3, tmp_path, "p1", "p2") == [("REF10", ())]
    assert links("p1;p2", gen3, tmp_path, "p1", "p2") == [("REF10", ())]
    assert links("p1, x", gen3, tmp_path, "p1", "p2") == [("REF02", ())]


def test_a_list_is_not_removed_and_filled_in_at_once(gen3: Schema, tmp_path: Path) -> None:
    """*delete* beside a name, in whichever column, is an error at its cell; alone it is nothing to remove yet."""
    first, second = "samples.submitter_id", "samples.submitter_id-1"
    for cells in ({first: "*delete*", second: "s2"}, {first: "s2", second: "*delete*"}):
        book = tmp_path / "book.xlsx"
        book.write_bytes(typed_book({"aliquot": [{"submitter_id": "a", **cells}]}))
        at = "C5" if cells[first] == "*delete*" else "D5"
        found = api.compile(book, gen3).diagnostics
        assert [(d.code.id, d.location.cell) for d in found if d.code.id[:3] == "DEL"] == [("DEL03", at)]
    assert_told(found, "DEL03")


def test_a_name_of_another_nodes_row_is_looked_up(gen3: Schema, tmp_path: Path) -> None:
    """A visit named like its participant, whom the project has already: names are a node's own."""
    sheets = {"visit": [{"submitter_id": "y", "participants.submitter_id": "y", "day": 1}]}
    (tmp_path / "book.xlsx").write_bytes(typed_book(sheets))
    assert [d.code.id for d in api.compile(tmp_path / "book.xlsx", gen3).diagnostics] == ["REF02"]


def test_a_template_of_what_is_needed_can_be_filled_in(gen3: Schema, tmp_path: Path) -> None:
    """Of links of which one is needed all have their columns, though none alone is needed."""
    api.template(gen3, path=tmp_path / "needed.xlsx", only="mandatory")
    book = openpyxl.load_workbook(tmp_path / "needed.xlsx")
    headers = [cell.value for cell in book["sequencing_file"][1]]
    assert {"sequencing_runs.submitter_id", "aliquots.submitter_id", "studies.submitter_id"} <= set(headers)
    assert "diagnoses.submitter_id" not in [cell.value for cell in book["sample"][1]]


def test_a_changed_group_of_links_is_a_change() -> None:
    """``schemas diff`` tells that links may no longer stand together."""
    link = {"target_type": "case", "multiplicity": "many_to_one", "required": False}
    group = {"subgroup": [{**link, "name": "a"}, {**link, "name": "b"}], "required": False, "exclusive": False}
    old = with_property({"type": "string"}, links=[group])
    new = with_property({"type": "string"}, links=[{**group, "exclusive": True}])
    assert list(changes(old, old)) == []
    assert list(changes(old, new)) == ["~ sample: which columns are needed, or can't stand, together"]
