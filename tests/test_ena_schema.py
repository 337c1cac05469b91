"""ENA's checklists and what becomes of them: a sample's columns, and the rules that a row is checked against."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields as parts
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook_compiler.errors import SchemaError
from workbook_compiler.model.codes import texts, values
from workbook_compiler.model.columns import headers
from workbook_compiler.model.schema import Access, EntityType, Kind, Property, Schema
from workbook_compiler.pipeline.causes import causes
from workbook_compiler.pipeline.validate import Checker, checker
from workbook_compiler.portals import ena_values
from workbook_compiler.portals.ena_checklists import Checklist, ChecklistField, FieldKind, GroupRule, checklists, whole
from workbook_compiler.portals.ena_schema import CHECKLIST, load_schema, unit_column

ENA = ROOT / "fixtures" / "ena"
DEFAULT = json.loads((ENA / "ERC000011.json").read_text("utf-8"))
BENCH = (ENA / "ERC000099.xml").read_text("utf-8")
ADDED = {"alias", "title", "taxon_id", "scientific_name", "common_name", "sample_description"}
"""What ELIXIR adds to each checklist."""


@pytest.fixture(scope="module")
def ena() -> Schema:
    """The schema of the two checklists of the fixtures."""
    return load_schema({"ERC000011": DEFAULT, "ERC000099": BENCH}, "fixtures", "0")


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Mapping[str, Any]:
    """The 48 checklists of ENA, in ELIXIR's form."""
    return {p.stem: json.loads(p.read_text("utf-8")) for p in sorted((shared_data / "ena/checklists").glob("*.json"))}


def one(document: Any, key: str = "ERC000099") -> Checklist:
    """The only checklist of a document."""
    (checklist,) = checklists({key: document}).values()
    return checklist


def field(**words: Any) -> ChecklistField:
    """The only field of an ELIXIR document."""
    return one({"sample": {"fields": [{"name": "x", **words}]}}).fields[0]


def elixir(checklist: Checklist) -> dict[str, Any]:
    """A checklist in ELIXIR's form, which says nothing of lengths, several values and groups."""
    kinds = {FieldKind.CHOICE: "TEXT_CHOICE_FIELD"}
    need = {(True, False): "mandatory", (False, True): "recommended", (False, False): "optional"}
    nodes = [
        {
            "name": f.name, "cardinality": need[f.mandatory, f.recommended], "description": f.description,
            "units": list(f.units), "regex": f.pattern or "", "cv": list(f.choices),
            "field_type": kinds.get(f.kind, f"{f.kind.name}_FIELD"),
        }
        for f in checklist.fields
    ]  # fmt: skip
    return {"sample": {"description": checklist.description, "fields": nodes}}


def xml(checklist: Checklist) -> str:
    """A checklist as ENA's XML."""
    nodes = []
    for f in checklist.fields:
        units = "".join(f"<UNIT>{escape(unit)}</UNIT>" for unit in f.units)
        choices = "".join(f"<TEXT_VALUE><VALUE>{escape(value)}</VALUE></TEXT_VALUE>" for value in f.choices)
        low, high = (
            f"<{tag}>{n}</{tag}>" if n else ""
            for tag, n in (("MIN_LENGTH", f.min_length), ("MAX_LENGTH", f.max_length))
        )
        inside = f"{low}{high}<REGEX_VALUE>{escape(f.pattern or '')}</REGEX_VALUE>{choices}"
        tag = "TEXT_CHOICE_FIELD" if f.kind is FieldKind.CHOICE else f"{f.kind.name}_FIELD"
        need = "mandatory" if f.mandatory else "recommended" if f.recommended else "optional"
        nodes.append(
            f"<FIELD><LABEL>{escape(f.name)}</LABEL><NAME>shown</NAME><DESCRIPTION>{escape(f.description)}</DESCRIPTION>"
            f"<UNITS>{units}</UNITS><FIELD_TYPE><{tag}>{inside}</{tag}></FIELD_TYPE><MANDATORY>{need}</MANDATORY>"
            f"<MULTIPLICITY>{'multiple' if f.multiple else 'single'}</MULTIPLICITY></FIELD>"
        )
    group = f"<FIELD_GROUP><NAME>all</NAME>{''.join(nodes)}</FIELD_GROUP>"
    return f'<CHECKLIST accession="{checklist.accession}"><DESCRIPTOR>{group}</DESCRIPTOR></CHECKLIST>'


def biosamples(checklist: Checklist) -> dict[str, Any]:
    """A checklist as a JSON Schema of BioSamples, which knows texts and choices only, and recommends nothing."""
    nodes = {}
    for f in checklist.fields:
        words = {"enum": list(f.choices), "pattern": f.pattern, "minLength": f.min_length, "maxLength": f.max_length}
        inside: dict[str, Any] = {"text": {"type": "string", **{k: v for k, v in words.items() if v}}}
        if f.units:
            inside["unit"] = {"enum": list(f.units)}
        node = {"type": "array", "description": f.description, "items": {"type": "object", "properties": inside}}
        nodes[f.name] = node if f.multiple else {**node, "maxItems": 1}
    needed = [f.name for f in checklist.fields if f.mandatory]
    return {"title": "T", "properties": {"characteristics": {"properties": nodes, "required": needed}}}


def sample(entity: EntityType, **more: Any) -> dict[str, Any]:
    """A body of a sample with the least it needs."""
    least = {
        "alias": "s1", "taxon_id": "9606", "collection date": "2026-01-20", "geographic location (country and/or sea)": "Belgium",
    }  # fmt: skip
    groups = {"soil type": "loam", "host-free": "yes"} if "soil type" in entity.properties else {}
    return {**least, **groups, **more}


def told(entity: EntityType, body: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """What a person is told about a body: where and which code."""
    return [
        (pointer, code) for problem in Checker(entity.rules).problems(body) for pointer, code, _ in causes(problem, entity)
    ]  # fmt: skip


# Reading checklists


def test_all_real_checklists_load_with_every_field(real: Mapping[str, Any]) -> None:
    """48 checklists hold 3,774 columns with the six of ELIXIR's each, and 3,486 fields of ENA without them."""
    every = [field for checklist in checklists(real).values() for field in checklist.fields]
    added = sum(node["name"] in ADDED for document in real.values() for node in document["sample"]["fields"])
    assert len(real) == 48
    assert added == 48 * 6 == 3774 - 3486
    assert len(every) == 3486
    assert sum(field.mandatory for field in every) == 422 == 566 - 48 * 3
    assert sum(field.recommended for field in every) == 233
    assert sum(not field.mandatory and not field.recommended for field in every) == 2831 == 2975 - 48 * 3
    assert sum(field.pattern is not None for field in every) == 1043
    assert max(len(field.choices) for field in every) == 294
    assert {field.kind for field in every} == {FieldKind.TEXT, FieldKind.CHOICE}


def test_real_names_and_values_stay_as_they_are(real: Mapping[str, Any]) -> None:
    """Case, slashes, parentheses and the order of values are the published ones; only empty texts and repeats go."""
    for accession, checklist in checklists(real).items():
        nodes = [node for node in real[accession]["sample"]["fields"] if node["name"] not in ADDED]
        assert [f.name for f in checklist.fields] == [node["name"] for node in nodes]
        assert [f.choices for f in checklist.fields] == [tuple(dict.fromkeys(node["cv"])) for node in nodes]
        assert [f.units for f in checklist.fields] == [(node["units"],) if node["units"] else () for node in nodes]


def test_xml_and_json_of_one_checklist_give_equal_fields() -> None:
    """The form a checklist is published in makes no difference to what it holds."""
    read = one(DEFAULT, "ERC000011")
    assert one(xml(read)).fields == read.fields
    assert one(json.dumps(DEFAULT), "ERC000011") == read  # as the text it was fetched as
    bench = one(BENCH)
    assert one(xml(bench)).fields == bench.fields
    less = [replace(f, multiple=False, min_length=None, max_length=None) for f in bench.fields]
    assert list(one(elixir(bench)).fields) == less


def test_biosamples_schema_gives_equal_fields() -> None:
    """A JSON Schema says the same but for what is recommended and the kinds beside texts and lists."""
    bench = one(BENCH)
    kinds = {f.name: FieldKind.CHOICE if f.choices else FieldKind.TEXT for f in bench.fields}
    less = [replace(f, recommended=False, kind=kinds[f.name]) for f in bench.fields]
    assert list(one(biosamples(bench)).fields) == less


def test_real_checklists_read_the_same_in_every_form(real: Mapping[str, Any]) -> None:
    """All 48, written as XML and as JSON Schema, are read back as they were."""
    for checklist in checklists(real).values():
        assert one(xml(checklist)).fields == checklist.fields
        theirs = one(biosamples(checklist), checklist.accession).fields
        assert [replace(f, recommended=False, kind=FieldKind.TEXT) for f in checklist.fields] == [
            replace(f, kind=FieldKind.TEXT) for f in theirs
        ]


def test_xml_is_read_whole() -> None:
    """Units, several values, lengths, kinds and groups are those of the XML; synonyms and conditions are left out."""
    bench = one(BENCH)
    found = {f.name: f for f in bench.fields}
    assert (bench.accession, bench.title, bench.description) == (
        "ERC000099", "Bench checklist", "Every shape that a field can have.",
    )  # fmt: skip
    depth = found["depth"]
    assert (depth.units, depth.min_length, depth.max_length, depth.recommended) == (("m", "mm"), 1, 10, True)
    assert found["geographic location (country and/or sea)"].choices == (
        "Belgium", "France", "North Sea", "not collected",
    )  # fmt: skip
    assert [f.name for f in bench.fields if f.multiple] == ["sample material processing"]
    assert {f.kind for f in bench.fields} == set(FieldKind)
    assert [group.rule for group in bench.groups] == [
        GroupRule.ANY, GroupRule.SOME, GroupRule.ONE, GroupRule.AT_MOST_ONE, GroupRule.ANY,
    ]  # fmt: skip
    assert bench.groups[1].fields == ("soil type", "water body")


def test_a_set_holds_several_checklists_and_versions_are_kept() -> None:
    """A CHECKLIST_SET is read in its order; a version stands behind the accession."""
    a, b = (xml(replace(one(BENCH), accession=name)) for name in ("ERC000022:1.2", "ERC000012"))
    found = checklists({"all": f"<CHECKLIST_SET>{a}{b}</CHECKLIST_SET>"})
    assert [(name, checklist.version) for name, checklist in found.items()] == [("ERC000022", "1.2"), ("ERC000012", "")]


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("[0-9]+", "^(?:[0-9]+)$"), ("^[0-9]+$", "^[0-9]+$"), ("^(a|b)$", "^(a|b)$"), ("^a|b$", "^(?:^a|b$)$"),
        ("(^a$)|(^b$)", "^(?:(^a$)|(^b$))$"), (r"^a\$", r"^(?:^a\$)$"), ("^[a|$]$", "^[a|$]$"), (r"^a\|b$", r"^a\|b$"),
        ("(", None), (r"\p{L}+", None), ("(a+)+", None), ("", None), (" ", None),
    ],
)  # fmt: skip
def test_a_pattern_means_the_whole_value(pattern: str, kept: str | None) -> None:
    """ENA compares whole values; a pattern Python can't or shouldn't try is left to ENA."""
    assert whole(pattern) == kept


def test_a_real_age_is_the_whole_value(real: Mapping[str, Any]) -> None:
    """The one published pattern whose ends belong to its first and last way only takes no number inside other words."""
    (age,) = [f for f in checklists(real)["ERC000051"].fields if f.name == "patient age at collection of tumor"]
    assert [text for text in ("150", "7", "not provided", "about 7 years") if re.search(age.pattern or "x", text)] == [
        "150", "7", "not provided",
    ]  # fmt: skip


# Documents from strangers

_XML_FIELD = "<FIELD><LABEL>x</LABEL>{}</FIELD>"
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa">]><CHECKLIST_SET>&a;</CHECKLIST_SET>'


def _wrapped(field: str) -> str:
    group = f"<FIELD_GROUP>{field}</FIELD_GROUP>"
    return f'<CHECKLIST accession="ERC000001"><DESCRIPTOR>{group}</DESCRIPTOR></CHECKLIST>'


@pytest.mark.parametrize(
    "document",
    [
        None, 5, [], {}, "", "x", "<", "<a/>", "<CHECKLIST_SET/>", "{", "[" * 100_000, BOMB, "<CHECKLIST/>", "<\ud800/>",
        "<!DOCTYPE CHECKLIST SYSTEM 'file:///etc/passwd'><CHECKLIST/>", "<a>" * 100_000, "<a>&b;</a>", "<" + " " * 11_000_000,
        _wrapped(""), _wrapped("<FIELD/>"), _wrapped(_XML_FIELD.format("<MANDATORY>must</MANDATORY>")),
        _wrapped(_XML_FIELD.format("<MULTIPLICITY>2</MULTIPLICITY>")),
        _wrapped(_XML_FIELD.format("<FIELD_TYPE><B/></FIELD_TYPE>")),
        _wrapped(_XML_FIELD.format("<FIELD_TYPE><TEXT_FIELD><MIN_LENGTH>-1</MIN_LENGTH></TEXT_FIELD></FIELD_TYPE>")),
        {"sample": {"fields": {}}}, {"sample": {"fields": []}}, {"sample": {"fields": [5]}}, {"sample": {"fields": [{}]}},
        *({"sample": {"fields": [{"name": "x", word: value}]}} for word, value in [
            ("name", ""), ("name", "\x00"), ("name", "n" * 256), ("name", None), ("cardinality", "must"), ("cardinality", 5),
            ("units", 5), ("units", [5]), ("units", {}), ("regex", []), ("cv", [None]), ("cv", ["v"] * 10_001), ("cv", {"a": 1}),
            ("field_type", "B"), ("field_type", {}), ("description", 5),
        ]),
        {"sample": {"fields": [{"name": f"f{n}"} for n in range(2_001)]}},
        {"sample": {"fields": [{"name": "x"}], "description": 5}},
        *({"properties": {"characteristics": node}} for node in [
            {}, {"properties": []}, {"properties": {}}, {"properties": {"x": 5}}, {"properties": {"x": {"items": 5}}},
            {"properties": {"x": {"items": {"properties": {"text": 5}}}}}, {"properties": {"x": {}}, "required": {}},
            {"properties": {"x": {"items": {"properties": {"text": {"enum": [5]}}}}}},
            {"properties": {"x": {"items": {"properties": {"text": {"minLength": 0.5}}}}}},
            {"properties": {"x": {"items": {"properties": {"text": {"maxLength": 10**400}}}}}},
            {"properties": {"x": {"items": {"properties": {"unit": {"enum": 5}}}}}},
        ]),
    ],
    ids=lambda document: json.dumps(document)[:60],
)  # fmt: skip
def test_a_document_of_the_wrong_shape_is_refused_in_words(document: Any) -> None:
    """Whatever isn't a checklist is a SchemaError with one plain sentence."""
    with pytest.raises(SchemaError, match=r"^\S[^\n]{10,250}\.$"):
        checklists({"ERC000001": document})


def test_a_document_type_is_never_read() -> None:
    """An entity, which could read files or fill the memory, isn't even defined."""
    with pytest.raises(SchemaError, match="DOCTYPE"):
        checklists({"ERC000001": BOMB})


def test_a_checklist_without_an_accession_and_one_that_comes_twice_are_refused() -> None:
    """The accession is what ENA is told: it can't be guessed, and means one checklist."""
    with pytest.raises(SchemaError, match="my list names no sample checklist"):
        checklists({"my list": DEFAULT})
    with pytest.raises(SchemaError, match="ERC000011 comes twice"):
        checklists({"ERC000011": DEFAULT, "ERC000011-copy": DEFAULT})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["array", BENCH]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from("""sample fields name cardinality units regex cv field_type description properties characteristics
            items required text unit enum pattern maxItems type $id title version x""".split()) | st.text(max_size=5),
        inner, max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip
SHAPED = st.one_of(
    JSON.map(lambda node: {"sample": {"fields": [node]}}),
    JSON.map(lambda node: {"sample": {"fields": [{"name": "x", **(node if isinstance(node, dict) else {"cv": node})}]}}),
    JSON.map(lambda node: {"properties": {"characteristics": {"properties": {"x": node}}}}),
    JSON.map(lambda node: {"properties": {"characteristics": {"properties": {"x": {"items": {"properties": node}}}}}}),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["ERC000011", "ERC000012", "x"]), JSON | SHAPED, max_size=3) | JSON)
def test_arbitrary_json_is_read_or_refused(documents: Any) -> None:
    """Nothing but a SchemaError comes out of any JSON, and what is read can be checked by."""
    with suppress(SchemaError):
        for entity in load_schema(documents, "x", "0").types.values():
            checker(entity).accepts({"x": "a"})


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_spoilt_xml_is_read_or_refused(data: st.DataObject) -> None:
    """Nothing but a SchemaError comes out of a checklist with a piece replaced."""
    start = data.draw(st.integers(0, len(BENCH)))
    piece = data.draw(st.text(max_size=5) | st.sampled_from(["<FIELD>", "</FIELD>", "<UNIT/>", "&lt;", "&#0;", "]]>"]))
    with suppress(SchemaError):
        checklists({"ERC000099": BENCH[:start] + piece + BENCH[start + data.draw(st.integers(0, 40)) :]})


# The schema


def test_the_types_and_their_order(ena: Schema) -> None:
    """Records are sent projects first; a further checklist is a sample too."""
    assert [(e.name, e.path, e.chain) for e in ena.types.values()] == [
        ("project", "projects", ("project",)), ("sample", "samples", ("sample",)),
        ("sample_ERC000099", "samples", ("sample_ERC000099", "sample")), ("experiment", "experiments", ("experiment",)),
        ("run", "runs", ("run",)), ("analysis", "analyses", ("analysis",)),
    ]  # fmt: skip
    assert ena.portal == "ena"
    assert ena.concrete("sample") == ("sample", "sample_ERC000099")
    assert ena.is_a("sample_ERC000099", "sample")
    assert {e.identifiers for e in ena.types.values()} == {("alias", "accession")}


def test_an_alias_is_unique_for_all_kinds_of_sample(ena: Schema) -> None:
    """ENA keeps aliases by object, whatever checklist it follows."""
    keys = {name: entity.properties["alias"].unique_key for name, entity in ena.types.items()}
    assert (keys["project"], keys["sample"], keys["sample_ERC000099"]) == (
        "project:alias",
        "sample:alias",
        "sample:alias",
    )
    assert ena.types["run"].properties["accession"].unique_key == "run:accession"


def test_columns_come_in_the_order_of_the_checklist(ena: Schema) -> None:
    """A sample's own columns first, then the checklist's as published, each unit beside its field, then what is seldom used."""
    entity = ena.types["sample_ERC000099"]
    names = [prop.name for prop in sorted(entity.properties.values(), key=lambda prop: prop.order)]
    own = ["alias", "title", "taxon_id", "scientific_name", "common_name", "description"]
    last = ["links", "attributes", CHECKLIST, "accession", "center_name", "action", "release_date"]
    listed = [f.name for f in one(BENCH).fields]
    listed.insert(listed.index("depth") + 1, "depth unit")
    assert names == [*own, *listed, *last]


def test_a_field_is_a_column_with_its_rules(ena: Schema) -> None:
    """Mandatory, recommended, choices, patterns, lengths and units of a field are those of its column."""
    props = ena.types["sample_ERC000099"].properties
    depth = props["depth"]
    assert (depth.kind, depth.required, depth.recommended, depth.comment) == (Kind.TEXT, False, True, "Recommended.")
    assert (depth.min_length, depth.max_length, depth.units) == (1, 10, ("m", "mm"))
    assert depth.pattern == r"^(?:[+-]?[0-9]+(\.[0-9]+)?)$"
    assert props["collection date"].required
    assert "not collected" in props["geographic location (country and/or sea)"].choices
    assert "not collected" not in props["host-free"].choices
    several = props["sample material processing"]
    assert (several.kind, several.leaf.kind) == (Kind.LIST, Kind.TEXT)


def test_a_unit_has_a_column_where_there_are_several(ena: Schema) -> None:
    """A single unit needs no column; of several one is chosen, and has to be when there is a value."""
    entity = ena.types["sample_ERC000099"]
    unit = entity.properties[unit_column("depth")]
    assert (unit.choices, unit.required) == (("m", "mm"), False)
    assert entity.properties["geographic location (latitude)"].units == ("DD",)
    assert unit_column("geographic location (latitude)") not in entity.properties
    assert told(entity, sample(entity, depth="3")) == [(("depth unit",), values.REQ03)]
    assert told(entity, sample(entity, depth="3", **{"depth unit": "mm"})) == []
    assert told(entity, sample(entity)) == []


def test_the_checklist_is_written_by_itself(ena: Schema) -> None:
    """No column asks for the checklist; its property says which it is."""
    for name, accession in (("sample", "ERC000011"), ("sample_ERC000099", "ERC000099")):
        prop = ena.types[name].properties[CHECKLIST]
        assert (prop.choices, prop.access) == ((accession,), Access.REFUSED)
        assert CHECKLIST not in ena.types[name].rules["properties"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"soil type": None}, [("soil type",)]),
        ({"host-free": None}, [("host scientific name",)]),
        ({"host scientific name": "Bos taurus"}, [("host-free",)]),
        ({"host body site": "gut", "host body product": "milk"}, [("host body product",)]),
        ({"water body": "lake", "host body site": "gut"}, []),
    ],
)
def test_a_group_says_how_many_of_its_fields_are_filled_in(
    ena: Schema, more: Mapping[str, Any], expected: list[Any]
) -> None:
    """At least one, exactly one, at most one: each is told at a field of the group."""
    entity = ena.types["sample_ERC000099"]
    body = {key: value for key, value in sample(entity, **more).items() if value is not None}
    assert told(entity, body) == [(pointer, values.RUL01) for pointer in expected]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"collection date": "yesterday"}, (("collection date",), texts.TXT07)),
        ({"collection date": "2026-01-20 or so"}, (("collection date",), texts.TXT07)),
        ({"geographic location (country and/or sea)": "Atlantis"}, (("geographic location (country and/or sea)",), texts.ENU01)),
        ({"taxon_id": "human"}, (("taxon_id",), texts.TXT07)),
        ({"Sex": "male"}, (("Sex",), values.OBJ03)),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_at_its_column(ena: Schema, more: Mapping[str, Any], expected: Any) -> None:
    """The rules of a sample are those of its columns, and nothing else is sent."""
    assert told(ena.types["sample"], sample(ena.types["sample"], **more)) == [expected]


def test_a_projects_title_has_a_length(ena: Schema) -> None:
    """Titles have 20 to 250 signs, descriptions 20 to 4000."""
    body = {"alias": "p", "title": "Gut", "description": "x" * 4001}
    assert set(told(ena.types["project"], body)) == {(("title",), texts.TXT08), (("description",), texts.TXT08)}


def test_what_a_run_needs(ena: Schema) -> None:
    """A run names its experiment and its files, each with a type the live service takes."""
    run = ena.types["run"]
    file = {"file_name": "a.fastq.gz", "file_type": "fastq", "checksum": "0" * 32, "read_type": ["single"]}
    assert told(run, {"alias": "r", "experiment": "e", "files": [file]}) == []
    wrong = {"file_name": "a.sra", "file_type": "sra", "checksum": "ABC"}
    assert set(told(run, {"alias": "r", "files": [wrong]})) == {
        (("experiment",), values.REQ01), (("files", 0, "file_type"), texts.ENU01), (("files", 0, "checksum"), texts.TXT07),
    }  # fmt: skip
    assert run.properties["files"].leaf.properties["file_name"].upload


def test_links_lead_from_type_to_type(ena: Schema) -> None:
    """A run names an experiment, that a project and a sample; an analysis may name them all."""
    links = {
        (name, key): prop.leaf.link.targets
        for name, entity in ena.types.items()
        for key, prop in entity.properties.items()
        if prop.leaf.link
    }
    assert links == {
        ("project", "parent_project"): ("project",), ("experiment", "study"): ("project",),
        ("experiment", "sample"): ("sample",), ("run", "experiment"): ("experiment",), ("analysis", "study"): ("project",),
        ("analysis", "samples"): ("sample",), ("analysis", "experiments"): ("experiment",), ("analysis", "runs"): ("run",),
    }  # fmt: skip


def test_an_instrument_goes_with_its_platform(ena: Schema) -> None:
    """The list holds every model once; which of them fit depends on the platform."""
    model = ena.types["experiment"].properties["instrument_model"]
    assert len(model.choices) == len(set(model.choices))
    assert model.narrowed is not None
    assert (model.narrowed.by, model.narrowed.choices) == ("platform", ena_values.INSTRUMENTS)


def test_rules_and_columns_agree(ena: Schema) -> None:
    """What a column needs or limits, the rules do as well: one can't be changed without the other."""

    def compare(prop: Property, rules: Mapping[str, Any]) -> None:
        said = tuple(rules.get("enum", ())), rules.get("pattern"), rules.get("minLength"), rules.get("maxLength")
        assert (prop.choices, prop.pattern, prop.min_length, prop.max_length) == said, prop.name
        inner = {key: p for key, p in prop.properties.items() if p.access is not Access.REFUSED}
        assert set(inner) == set(rules.get("properties", ()))
        assert {key for key, p in inner.items() if p.required} == set(rules.get("required", ()))
        assert ("additionalProperties" in rules) == bool(inner)
        for key, part in inner.items():
            compare(part, rules["properties"][key])
        if prop.items:
            compare(prop.items, rules["items"])

    for entity in ena.types.values():
        compare(Property(entity.name, Kind.OBJECT, properties=entity.properties), entity.rules)
        assert "linkTo" not in json.dumps(entity.rules)
        assert all(prop.description for prop in entity.properties.values())


def test_every_real_field_is_a_column_that_can_be_checked(real: Mapping[str, Any]) -> None:
    """In all 48 checklists each field has a header that is found again, and every pattern and list is among the rules."""
    schema = load_schema(real, "real", "0")
    assert len(schema.types) == 4 + 48
    for name, checklist in zip(schema.concrete("sample"), checklists(real).values(), strict=True):
        entity = schema.types[name]
        for f in checklist.fields:
            found = headers(entity).find(f.name)
            assert found is not None
            assert found[0].path == (f.name,)
            assert found[2]
            rules = entity.rules["properties"][f.name]
            assert (rules.get("pattern"), tuple(rules.get("enum", ()))) == (f.pattern, f.choices)
        assert [n for n in entity.rules["required"] if n not in ("alias", "taxon_id")] == sorted(
            f.name for f in checklist.fields if f.mandatory
        )
        assert not checker(entity).accepts({"alias": "s"})


def test_a_field_named_like_a_samples_own_column_is_that_column() -> None:
    """A checklist can't give a sample two titles."""
    document = {
        "sample": {"fields": [{"name": "center_name"}, {"name": "depth", "units": ["m", "mm"]}, {"name": "depth unit"}]}
    }
    entity = load_schema({"ERC000001": document}, "x", "0").types["sample"]
    assert entity.properties["center_name"].access is Access.ACCEPTED
    assert entity.properties["depth unit"].choices == ()


def test_one_file_serves_as_well_as_a_folder() -> None:
    """The accession of a lone checklist is in its file's name."""
    assert load_schema(DEFAULT, "ERC000011.json", "0").types["sample"].title == "Sample (ERC000011)"


@pytest.mark.parametrize("documents", [{}, {"x": {"type": "object"}}, [], None])
def test_without_a_checklist_the_way_to_one_is_told(documents: Any) -> None:
    """Nothing becomes a schema without a checklist."""
    with pytest.raises(SchemaError) as refused:
        load_schema(documents, "x", "0")
    if documents == {}:
        assert "wbc schemas pull --portal ena --checklist ERC000011" in str(refused.value)


# The lists


def test_the_lists_are_those_of_the_xsds(shared_data: Path) -> None:
    """Every list is the published one, except run file types, of which the live service takes eight, and actions."""
    published = json.loads((shared_data / "ena" / "enums.json").read_text("utf-8"))
    assert list(ena_values.LIBRARY_STRATEGIES) == published["libraryStrategy"]
    assert list(ena_values.LIBRARY_SOURCES) == published["librarySource"]
    assert list(ena_values.LIBRARY_SELECTIONS) == published["librarySelection"]
    assert {name: list(models) for name, models in ena_values.INSTRUMENTS.items()} == published["platform"]
    assert list(ena_values.READ_TYPES) == published["readType"]
    assert list(ena_values.CHECKSUM_METHODS) == published["runChecksumMethod"]
    assert list(ena_values.ANALYSIS_TYPES) == published["analysisType"]
    assert list(ena_values.ANALYSIS_FILE_TYPES) == published["analysisFileType"]
    assert set(ena_values.RUN_FILE_TYPES) < set(published["runFileType"])
    assert set(ena_values.ACTIONS) < set(published["action"])


def test_the_fixture_keeps_enas_own_rules(shared_data: Path) -> None:
    """ERC000099.xml is what ENA.checklist.xsd allows."""
    etree = pytest.importorskip("lxml.etree")
    schema = etree.XMLSchema(etree.parse(str(shared_data / "ena" / "xsd" / "ENA.checklist.xsd")))
    schema.assertValid(etree.parse(str(ENA / "ERC000099.xml")))


def test_fields_start_empty() -> None:
    """What a document leaves out is empty, optional and free."""
    assert {part.name: getattr(field(), part.name) for part in parts(ChecklistField)} == {
        "name": "x", "description": "", "mandatory": False, "recommended": False, "units": (), "pattern": None, "choices": (),
        "multiple": False, "min_length": None, "max_length": None, "kind": FieldKind.TEXT,
    }  # fmt: skip
