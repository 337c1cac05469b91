"""Records of a portal as a workbook: it compiles back to them, and says what the portal held."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import FOURDN
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schema_records import rows
from test_roundtrip import concrete

from workbook_compiler import api, exporting
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.model.baseline import baseline, digest, entries
from workbook_compiler.model.schema import EntityType, Schema
from workbook_compiler.model.service import Answer
from workbook_compiler.pipeline.read import read_bytes
from workbook_compiler.portals import snovault_export


def compiled(content: bytes, schema: Schema) -> api.Result:
    outcome = read_bytes(content, Path("out.xlsx"), "out.xlsx")
    return api.compile_workbooks([(outcome.value, outcome.diagnostics)], schema)


def bodies(content: bytes, schema: Schema) -> list[str]:
    return [json.dumps(record.values, sort_keys=True) for record in compiled(content, schema).records]


def one(schema: Schema, type_name: str, **values: Any) -> tuple[Any, tuple[str, ...]]:
    """What comes back of one record, and what was told."""
    made = exporting.filled(schema, {type_name: [{"aliases": ["lab:x"], **values}]})
    found = compiled(made.content, schema).records
    assert len(found) == 1
    assert found[0].values.pop("aliases") == ["lab:x"]
    return dict(found[0].values), tuple(map(str, made.problems))


# ---------------------------------------------------------------- there and back


def expect_there_and_back(schema: Schema, entity: EntityType, examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(rows(entity), min_size=1, max_size=3))
    def check(drawn: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        made = [body for body, _ in drawn]
        assume(all(Draft202012Validator(entity.rules).is_valid(body) for body in made))
        named = [{**body, "aliases": [f"lab:{n}", f"lab:ä,{n}"][: n + 1]} for n, body in enumerate(made)]
        assume("aliases" in entity.properties)
        exported = exporting.filled(schema, {entity.name: named})
        assert list(map(str, exported.problems)) == []
        assert bodies(exported.content, schema) == [json.dumps(body, sort_keys=True) for body in named]

    check()


def with_aliases(found: Sequence[tuple[Schema, EntityType]]) -> list[tuple[Schema, EntityType]]:
    return [(schema, entity) for schema, entity in found if "aliases" in entity.properties]


@pytest.mark.parametrize(
    ("schema", "entity"), with_aliases(concrete(FOURDN / "profiles.json")), ids=lambda v: getattr(v, "name", "")
)
def test_records_of_the_fixture_come_back_as_they_were(schema: Schema, entity: EntityType) -> None:
    """Every type of our own schema set: what is written compiles to equal bodies, and nothing is left out."""
    expect_there_and_back(schema, entity, 3)


TEXTS = [
    *("007", "1e5", "2-3", "SEPT2", "=1+1", "+x", "@y", "TRUE", "2024-03-01", "#hash", "a, b", '"q"', "[x]", "{x}"),
    *("line\nbreak", "_x0041_", "http://x.y", "<b>&amp;", "ends with \\", "'quoted", "1,000", "½ µl", "“curly”, yes"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_looks_like_something_else_stays_text(text: str, schema: Schema) -> None:
    """Alone in a cell or one of several, a text comes back sign for sign."""
    assert one(schema, "Vendor", title=text) == ({"title": text}, ())
    assert one(schema, "Biosource", dbxrefs=[text, "GEO:1"])[0].get("dbxrefs", [text, "GEO:1"]) == [text, "GEO:1"]


@pytest.mark.parametrize(
    "text", [" outer", "*delete*", "*DELETE*", "#N/A", "a\x07b", "x" * 32_768, "\u00a0x"], ids=lambda t: repr(t[:9])
)
def test_what_no_cell_can_say_is_left_out_and_told(text: str, schema: Schema) -> None:
    """A value that would come back changed isn't written: the record keeps it, and a sentence says so."""
    values, told = one(schema, "Vendor", title="Cells", description=text)
    assert values == {"title": "Cells"}
    assert len(told) == 1
    assert told[0].startswith("Vendor lab:x: description is left out: ")


def test_a_type_may_have_numbers_of_every_length(schema: Schema) -> None:
    """Numbers with more digits than a spreadsheet keeps come back whole."""
    numbers = {"total": 12345678901234567890, "share": 0.1 + 0.2, "small": 1e-300, "whole": 5, "zero": 0, "half": -0.5}
    document = {
        "Thing": {"properties": {"aliases": schema_of("aliases"), **{n: {"type": "number"} for n in numbers}}},
    }
    loaded = api.portal("4dn").load_schema(document, "x.json", "0" * 64)
    assert one(loaded, "Thing", **numbers) == (numbers, ())


def schema_of(_name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "uniqueKey": "alias"}


SHAPES = {
    "aliases": schema_of("aliases"),
    "parts": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"kind": {"type": "string"}, "sizes": {"type": "array", "items": {"type": "integer"}}},
        },
    },
    "frame": {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "boolean"}}}}},
    "free": {"type": "object"},
    "anything": {},
    "days": {"type": "array", "items": {"type": "string", "format": "date"}},
    "grid": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    "fixed": {"type": "string", "readonly": True},
}


@pytest.mark.parametrize(
    "values",
    [
        {"parts": [{"kind": "x", "sizes": [1, 2]}, {"kind": "y"}]},
        {"parts": [{"kind": str(n)} for n in range(25)]},
        {"parts": [{"kind": "x"}, {}]},
        {"parts": [{"kind": "x", "unknown": 1}]},
        {"parts": [{"kind": " x"}]},
        {"frame": {"a": {"b": False}}},
        {"frame": {"a": {}}},
        {"free": {"x": [1, {"y": None}]}},
        {"anything": "007"},
        {"anything": 7},
        {"anything": True},
        {"days": ["2024-03-01", "1850-01-01"]},
        {"grid": [[1, 2], [0.5]]},
    ],
    ids=str,
)
def test_every_shape_comes_back(values: dict[str, Any]) -> None:
    """Objects go into their columns, or into one cell of JSON where columns can't say them."""
    loaded = api.portal("4dn").load_schema({"Thing": {"properties": SHAPES}}, "x.json", "0" * 64)
    assert one(loaded, "Thing", **values) == (values, ())


def test_a_shape_that_no_cell_takes_is_told() -> None:
    """A list where a cell can only say one value is left out and told."""
    loaded = api.portal("4dn").load_schema({"Thing": {"properties": SHAPES}}, "x.json", "0" * 64)
    values, told = one(loaded, "Thing", anything=[1, 2], free={"x": "y" * 40_000})
    assert values == {}
    assert [line.split(" is left out")[0] for line in told] == ["Thing lab:x: anything", "Thing lab:x: free"]


def test_a_record_without_a_name_is_left_out(schema: Schema) -> None:
    """A row that no identifier names would be created anew: the record is left out and told with what the portal calls it."""
    made = exporting.filled(
        schema, {"Vendor": [{"description": "no name", "accession": "4DNX"}, {"aliases": ["lab:v"], "title": "T"}]}
    )
    assert [str(problem).split(":")[0] for problem in made.problems] == ["Vendor 4DNX"]
    assert len(compiled(made.content, schema).records) == 1


def test_an_exported_workbook_is_a_template_with_rows(schema: Schema) -> None:
    """Its sheets have the template's columns, dropdowns and manifest, and a column for each other property that occurs."""
    values = {"aliases": ["lab:v"], "title": "T", "lab": "/labs/my-lab/", "award": "/awards/my-award/"}
    made = exporting.filled(schema, {"Vendor": [values]})
    sheets = [
        openpyxl.load_workbook(io.BytesIO(data))["Vendor"]
        for data in (made.content, api.template_bytes(schema, types=["Vendor"]))
    ]
    heads = [[cell.value for cell in sheet[1] if cell.value] for sheet in sheets]
    assert heads[0] == [*heads[1], "award", "lab"]
    assert len(sheets[0].data_validations.dataValidation) >= len(sheets[1].data_validations.dataValidation)
    result = compiled(made.content, schema)
    assert result.ok
    assert result.records[0].values == values


def test_the_same_records_give_the_same_bytes(schema: Schema) -> None:
    """An export is as reproducible as a template."""
    values = {"Vendor": [{"aliases": ["lab:v"], "title": "T"}]}
    assert exporting.filled(schema, values).content == exporting.filled(schema, values).content


# ---------------------------------------------------------------- what the portal held


def test_the_workbook_remembers_what_the_portal_held(schema: Schema) -> None:
    """The manifest tells for each property whether the portal's present value is the exported one."""
    values = {"aliases": ["lab:v"], "title": "T", "lab": "/labs/my-lab/"}
    manifest = read_bytes(exporting.filled(schema, {"Vendor": [values]}).content, Path("x.xlsx"), "x").value.manifest
    held = baseline(manifest)
    assert [held.still("Vendor", "lab:v", name, value) for name, value in values.items()] == [True] * 3
    assert held.still("Vendor", "lab:v", "title", "Other") is False
    assert held.still("Vendor", "lab:v", "title", None) is False
    assert held.still("Vendor", "lab:v", "url", None) is True
    assert held.still("Vendor", "lab:v", "url", "http://new") is False
    assert held.still("Vendor", "lab:other", "title", "T") is None
    assert held.still("Enzyme", "lab:v", "title", "T") is None


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=9)


@settings(max_examples=20, deadline=None, database=None, derandomize=True)
@given(NAMES, st.dictionaries(NAMES, st.integers() | NAMES | st.lists(NAMES), max_size=5))
def test_a_baseline_comes_back(identifier: str, values: Mapping[str, Any]) -> None:
    """Whatever a record and its properties are called, each value is known again and another isn't."""
    held = baseline(dict(entries("Thing", identifier, values)))
    for name, value in values.items():
        assert held.still("Thing", identifier, name, value) is True
        assert held.still("Thing", identifier, name, [value, "more"]) is False


def test_a_long_baseline_goes_on_in_more_cells() -> None:
    """A record with more properties than a cell can tell has several entries, each short enough."""
    values = {f"property_number_{n}": n for n in range(2_000)}
    told = dict(entries("Thing", "lab:x", values))
    assert len(told) == 4
    assert max(map(len, told.values())) < 32_767
    held = baseline(told)
    assert all(held.still("Thing", "lab:x", name, value) for name, value in values.items())


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"'])
def test_a_damaged_baseline_is_no_baseline(text: str) -> None:
    """An entry that isn't what we wrote says nothing, and nothing is raised."""
    assert baseline({"exported:Thing:x": text, "exported:": text, "portal": "4dn"}).still("Thing", "x", "a", 1) is None


def test_the_order_of_keys_makes_no_difference() -> None:
    """Portals may send an object's keys in any order; the order of a list is part of it."""
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest([1, 2]) != digest([2, 1])


# ---------------------------------------------------------------- asking a portal

STORED = {
    "@id": "/vendors/cells-ltd/",
    "@type": ["Vendor", "Item"],
    "uuid": "6a6eaa12-0000-4000-8000-000000000001",
    "aliases": ["lab:v"],
    "title": "Cells Ltd",
    "lab": {"@id": "/labs/my-lab/", "display_title": "My lab"},
    "award": "/awards/my-award/",
    "status": "released",
    "display_title": "Cells Ltd",
    "description": "",
    "date_created": "2024-01-01T00:00:00+00:00",
}
OWN = {"aliases": ["lab:v"], "title": "Cells Ltd", "lab": "/labs/my-lab/", "award": "/awards/my-award/"}


class FakePortal:
    """A portal with two records, that remembers what it was asked."""

    def __init__(self, *records: Mapping[str, Any], status: int = 200) -> None:
        self.records, self.status = records or (STORED,), status
        self.asked: list[tuple[str, str]] = []

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:  # noqa: ARG002
        self.asked.append((method, path))
        if path.startswith("/search/"):
            found = [r for r in self.records if f"type={r['@type'][0]}" in path]
            return (
                Answer(200 if found else 404, {"@graph": found}, {})
                if self.status == 200
                else Answer(self.status, None, {})
            )
        name = path.partition("?")[0].strip("/")
        named = [r for r in self.records if name in (r["@id"].strip("/"), r["uuid"], *r["aliases"])]
        return Answer(200, named[0], {}) if named else Answer(404, {}, {})


def test_all_records_of_a_type_are_asked_for_in_one_search(schema: Schema) -> None:
    """One search gives every record; the workbook holds what its user may send, links as paths, and nothing else."""
    fake = FakePortal()
    made = exporting.export(schema, fake, ["Vendor"])
    assert fake.asked == [("GET", "/search/?type=Vendor&limit=all&frame=object")]
    assert (made.count, made.told) == (1, ())
    assert compiled(made.content, schema).records[0].values == OWN


def test_single_records_are_read_from_the_database(schema: Schema) -> None:
    """Records are found by alias, uuid or path, each is exported once, and writes nothing."""
    fake = FakePortal()
    made = exporting.export(schema, fake, ids=["lab:v", STORED["uuid"], "/vendors/cells-ltd/"])
    assert made.count == 1
    assert {method for method, _ in fake.asked} == {"GET"}
    assert all("datastore=database" in path for _, path in fake.asked)


def test_a_record_that_is_not_there_is_told_and_the_others_come(schema: Schema) -> None:
    """An identifier that the portal doesn't know, or of another type, is a sentence with its name."""
    other = {**STORED, "@type": ["Enzyme", "Item"], "@id": "/e/1/", "uuid": "u2", "aliases": ["lab:e"]}
    made = exporting.export(schema, FakePortal(STORED, other), ["Vendor"], ids=["lab:nobody", "lab:e", "lab:v"])
    assert made.count == 1
    assert made.told == (
        "The portal has no record lab:nobody that this key may see.",
        "lab:e is a Enzyme, not a Vendor.",
    )


def test_no_hit_is_no_workbook(schema: Schema) -> None:
    """A search without a hit answers 404; that is no failure, there is just nothing to write."""
    assert exporting.export(schema, FakePortal(), ["Enzyme"]) == exporting.Exported(b"", 0, ())


def test_a_search_that_fails_is_no_empty_result(schema: Schema) -> None:
    """An answer without a list is a failure."""
    with pytest.raises(UnreachableError):
        exporting.export(schema, FakePortal(status=502), ["Vendor"])


def test_an_unknown_type_is_refused_before_anything_is_asked(schema: Schema) -> None:
    """A misspelt type is wrong usage, with the nearest."""
    fake = FakePortal()
    with pytest.raises(UsageError, match="Did you mean Vendor"):
        exporting.export(schema, fake, ["Vendr"])
    assert fake.asked == []


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("/search/?type=Biosample&tags=a b", "/search/?type=Biosample&tags=a+b&limit=all&frame=object"),
        ("?type=Vendor", "/search/?type=Vendor&limit=all&frame=object"),
        (
            "https://data.x.org/browse/?type=File&limit=25&from=25&sort=-date",
            "/search/?type=File&limit=all&frame=object",
        ),
        ("/search/?type!=Item&type=Vendor", "/search/?type%21=Item&type=Vendor&limit=all&frame=object"),
    ],
)
def test_a_search_may_be_copied_from_the_portals_pages(typed: str, path: str) -> None:
    """The filters stay; how many, where from and in which form is ours to say."""
    assert snovault_export.search(typed) == path


@pytest.mark.parametrize("typed", ["", "/search/", "hello", "?tags=x", "type=Vendor", "http://[", "?type="])
def test_what_is_no_search_is_refused(typed: str) -> None:
    """A text without a type would ask for everything the portal has."""
    with pytest.raises(UsageError):
        snovault_export.search(typed)


def test_what_the_user_may_not_send_is_left_out(schema: Schema) -> None:
    """Calculated, read-only and protected properties, files and attachments aren't the user's, inside objects neither."""
    entity = (
        api.portal("4dn")
        .load_schema(
            {
                "Thing": {
                    "properties": {
                        "kept": {"type": "string"},
                        "counted": {"type": "string", "calculatedProperty": True},
                        "fixed": {"type": "string", "readonly": True},
                        "staff": {"type": "string", "permission": "import_items"},
                        "filename": {"type": "string", "s3Upload": True},
                        "attachment": {
                            "type": "object",
                            "attachment": True,
                            "properties": {"href": {"type": "string"}},
                        },
                        "inner": {
                            "type": "object",
                            "properties": {
                                "a": {"type": "string"},
                                "b": {"type": "string", "calculatedProperty": True},
                            },
                        },
                        "links": {"type": "array", "items": {"type": "string", "linkTo": "Thing"}},
                    }
                }
            },
            "x.json",
            "",
        )
        .types["Thing"]
    )
    stored = dict.fromkeys(entity.properties, "x")
    stored |= {
        "inner": {"a": "x", "b": "y"},
        "links": ["/t/1/", {"@id": "/t/2/"}],
        "unknown": "x",
        "attachment": {"href": "x"},
    }
    assert snovault_export.own(entity, stored) == {"kept": "x", "inner": {"a": "x"}, "links": ["/t/1/", "/t/2/"]}
