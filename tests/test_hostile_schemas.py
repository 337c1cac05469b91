"""Schemas come from strangers: one that makes no sense is refused in human words or passed over, never a Python error."""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from blank_books import load, make
from conftest import FOURDN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbook_compiler import api
from workbook_compiler.errors import SchemaError, UsageError
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.validate import Checker, checker
from workbook_compiler.portals import mixins

TEXT = {"type": "string"}
BASE = {"aliases": {"type": "array", "items": TEXT, "uniqueKey": "alias"}, "size": {**TEXT, "enum": ["small", "large"]}}
SECONDS = 10
"""Of the processor, whatever else runs beside; a template and two small sheets take a twentieth of it."""
LONG = "a" * 3_000 + "!"
HUGE = 10**400


def deep(levels: int, word: str = "properties", name: str | None = "x") -> dict[str, Any]:
    """A schema inside a schema, and so on."""
    node: dict[str, Any] = dict(TEXT)
    for _ in range(levels):
        inner = {name: node} if name and word == "properties" else node
        node = {
            "type": "array" if word == "items" else "object",
            word: [inner] if word in ("anyOf", "allOf") else inner,
        }
    return node


WRONG_VALUES: list[Any] = [
    None, True, 5, -1, 0, 0.5, HUGE, -HUGE, float("nan"), float("inf"), "", "x", "submit4dn", [], [5], [None], [[]], [{}],
    ["x", 5], {}, {"q": 5}, {"q": None}, {"q": [5]}, {"q": "x"}, {"q": {}}, {"q": {"type": 5}},
]  # fmt: skip
WORDS = """
    type enum const pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength
    minItems maxItems uniqueItems minProperties maxProperties additionalProperties patternProperties propertyNames
    required properties items prefixItems additionalItems contains dependencies dependentRequired dependentSchemas
    anyOf allOf oneOf not if then else $ref $id $schema $defs id linkTo linkEnum exclude_from permission readonly
    requestMethod identifyingProperties mixinProperties facets columns lookup title description comment suggested_enum
    uniqueKey attachment s3Upload ff_flag default rdfs:subClassOf isAbstract calculatedProperty
""".split()

SNIPPETS: list[dict[str, Any]] = [
    *({"pattern": pattern} for pattern in [
        r"^\p{L}+$", "(", "^(a+)+$", "^(a|a)*$", "^(a*)*$", "(x+x+)+y", r"^(\w+\s?)*$", "^(.*a){12}$", "a?" * 30 + "a{30}",
        "a{1,99999999999999999999}", "(" * 2000 + ")" * 2000, "x" * 100_000, "[[a]", "(?<=a*)b", "^a*a*a*a*$", "(?i)", r"\W",
        "^" + "(a|b)?" * 2000, "(?P<n>a)(?P<n>a)", r"\1", "\x00", "\ud800", "[z-a]", "^([a-z]+)*\\1$",
    ]),
    {"anyOf": [{"$ref": "#/definitions/nowhere"}]}, {"anyOf": [{"$ref": "#"}]}, {"allOf": [{"$ref": "http://[/"}]},
    {"not": {"$ref": 5}}, {"if": {"$dynamicRef": "#x"}, "then": {"required": ["size"]}}, {"anyOf": [{"format": [1]}]},
    {"anyOf": [{"format": "date"}, {"format": {}}]}, {"anyOf": [{"pattern": "("}]}, {"not": {"pattern": r"\p{L}"}},
    {"not": {"pattern": "^(a+)+$"}}, {"oneOf": [{"type": "strnig"}]}, {"anyOf": [{"items": [TEXT]}]},
    {"allOf": [{"required": 5}, {"required": ["size"]}]}, {"dependentSchemas": {"size": {"required": 5}}},
    {"if": True, "then": {"minLength": "x"}}, {"if": {"type": "string"}, "then": False, "else": 5},
    {"anyOf": [{"$id": "http://[", "type": "string"}]}, {"allOf": [{"$schema": 5}]}, {"anyOf": [True, False]},
    {"enum": ["a", "A", " a ", {"a": 1}, [], None, HUGE, float("nan"), "\x00", "\ud800", ""]}, {"enum": ["x" * 40_000]},
    {"enum": ["x" * 1_000_000]}, {"title": "x" * 10_000_000}, {"description": "word " * 2_000_000},
    {"const": deep(300)}, {"enum": [deep(300)]}, {"not": deep(300)}, {"not": deep(300, "not", None)},
    {"anyOf": [deep(300, "anyOf", None)]}, {"allOf": [deep(60, "items", None)]},
    {"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": True, "minimum": 5},
    {"$schema": "http://json-schema.org/draft-03/schema#", "required": True, "disallow": "any"},
    {"$schema": "http://example.org/own", "extends": {"$ref": "#"}}, {"multipleOf": 0}, {"multipleOf": 1e-300},
    {"type": "integer", "multipleOf": 0.01}, {"type": "number", "minimum": HUGE}, {"type": "integer", "maximum": -HUGE},
    {"type": ["string", {"type": "object"}]}, {"type": ["string", "string"]}, {"type": "array", "maxItems": "x"},
    {"type": "array", "items": [TEXT, TEXT]}, {"type": "array", "items": True}, {"type": "object", "properties": [1]},
    {"type": "object", "properties": {"y": 5}, "required": ["y", 5]}, deep(1_000), deep(1_000, "items", None), deep(45),
    {"type": "object", "properties": {"": TEXT, "a.b": TEXT, "a-1": TEXT, "a": TEXT, "A": TEXT, "#n": TEXT, "*n": TEXT}},
    {"type": "object", "properties": {"__proto__": TEXT, "n" * 40_000: TEXT, "\x00": TEXT, "x\ny": TEXT, ".": TEXT}},
]  # fmt: skip

PLACES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "type": lambda node: {"properties": {**BASE, "x": TEXT}, "required": ["size"], **node},
    "property": lambda node: {"properties": {**BASE, "x": {**TEXT, **node}}, "required": ["size"]},
    "nested": lambda node: {"properties": {**BASE, "x": {"type": "object", "properties": {"y": {**TEXT, **node}}}}},
    "items": lambda node: {"properties": {**BASE, "x": {"type": "array", "items": {**TEXT, **node}}}},
}

HEADERS = {"nested": "x.y"}
"""The header of the column that the snippet is about, where it isn't ``x``."""


def assert_survives(documents: Any, folder: Path, header: str = "x", types: Sequence[str] = ("all",)) -> None:
    """Load, write a template, and check a row that fills everything and rows that break rules; SchemaError is an answer."""
    started = time.process_time()
    try:
        schema = load(documents)
    except SchemaError as error:
        assert str(error).count("\n") == 0
        assert len(str(error)) < 500
    else:
        with suppress(UsageError):  # nothing to fill in
            make(folder / "blank.xlsx", schema, types)
        check(
            schema,
            [name for name in documents if name in schema.types and name.isalnum() and len(name) < 50],
            header,
            folder,
        )
    assert time.process_time() - started < SECONDS * max(1, len(documents) / 8)


def check(schema: Schema, types: Sequence[str], header: str, folder: Path) -> None:
    """Check two rows of each type, one that fills its columns and one that breaks what rules it has."""
    rows = [["aliases", "size", header], ["lab:a", "small", "aaa"], ["lab:b", "tiny", LONG]]
    paths = [folder / f"{name}.tsv" for name in types]
    for path in paths:
        path.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")
    if paths:
        api.compile(paths, schema).to_frame()
    for name in types:
        for body in ({"x": LONG}, {"x": [LONG, 1]}, {"x": {"y": LONG}}, {"size": HUGE, "x": HUGE}, {"x": 1.5}, {}):
            agree(checker(schema.types[name]), body)


def agree(rules: Checker, body: Mapping[str, Any]) -> None:
    """Whatever the two validators are asked, they answer, and alike."""
    assert rules.accepts(body) == (next(rules.problems(body), None) is None)


def label(node: Mapping[str, Any]) -> str:
    """A test's name; a schema that is nested too deeply to be written down has its outermost word."""
    try:
        text = repr(node)
    except RecursionError:
        text = f"deep {list(node)}"
    return re.sub(r"[^\x20-\x7e]", "?", text[:60])


# ---------------------------------------------------------------- a schema that makes no sense


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("word", WORDS)
def test_a_word_with_a_value_of_any_shape_is_survived(word: str, place: str, tmp_path: Path) -> None:
    """Every word of a schema may hold anything: a template is written, rows are checked, nothing raises."""
    documents = {f"Thing{i}": PLACES[place]({word: value}) for i, value in enumerate(WRONG_VALUES)}
    assert_survives(documents, tmp_path, HEADERS.get(place, "x"))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("node", SNIPPETS, ids=label)
def test_a_rule_that_makes_no_sense_is_survived(node: Mapping[str, Any], place: str, tmp_path: Path) -> None:
    """Patterns that don't end, references to nowhere, endless depth and length: an answer within seconds."""
    assert_survives({"Thing": PLACES[place](node)}, tmp_path, HEADERS.get(place, "x"))


@pytest.mark.parametrize(
    "documents",
    [
        {"Thing": 5}, {"Thing": []}, {"Thing": None}, {"Thing": {}}, {"Thing": {"properties": 5}}, {},
        {"": {"properties": BASE}}, {"a/b": {"properties": BASE}}, {"[x]": {"properties": BASE}},
        {"History": {"properties": BASE}}, {"T" * 300: {"properties": BASE}}, {"'q'": {"properties": BASE}},
        {"Read me": {"properties": BASE}}, {"Thing": {"properties": BASE}, "THING": {"properties": BASE}},
        {"Thing": {"properties": BASE, "rdfs:subClassOf": "/profiles/Thing.json"}}, {"Thing": {"properties": {}}},
        {"\x00": {"properties": BASE}}, {"Thing": {"properties": BASE, "$id": "/"}}, {"\ud800": {"properties": BASE}},
        {"mixins": 5, "thing": {"properties": BASE}}, {"mixins": {}, "Thing": {"mixinProperties": 5}},
        {"thing": {"properties": {"x": deep(1_000)}}}, {"thing": {"properties": {"x": deep(60)}}},
    ],
    ids=label,
)  # fmt: skip
def test_documents_that_are_no_schemas_are_survived(documents: Any, tmp_path: Path) -> None:
    """Types that aren't objects, and names that no sheet can have, are refused in words or worked around."""
    assert_survives(documents, tmp_path)


def test_references_that_multiply_are_refused(tmp_path: Path) -> None:
    """Two dozen definitions that name the next one twice would be a million properties and more: refused at once."""
    steps = {f"d{i}": {"x": {"$ref": f"#/d{i + 1}"}, "y": {"$ref": f"#/d{i + 1}"}} for i in range(22)}
    with pytest.raises(SchemaError, match=r"^thing\.json refers to other places so often that it is too large"):
        mixins.resolve({"thing": {"properties": {"x": {"$ref": "#/d0"}}, **steps, "d22": TEXT}})
    assert_survives({"thing": {"properties": {"x": {"$ref": "#/d0"}}, **steps, "d22": TEXT}}, tmp_path)


def test_a_file_nested_without_end_is_no_json(tmp_path: Path) -> None:
    """A file of a hundred thousand brackets is refused like any file that isn't JSON."""
    (tmp_path / "deep.json").write_text('{"Thing":' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(SchemaError, match=r"deep\.json isn't JSON"):
        api.load_schema("4dn", tmp_path / "deep.json")


# ---------------------------------------------------------------- what is kept


def test_what_makes_sense_beside_nonsense_is_still_checked() -> None:
    """Only the rule that nobody can follow is left to the portal; its neighbours hold."""
    node = {
        "properties": {"size": {**TEXT, "pattern": r"\p{L}", "maxLength": 5}},
        "allOf": [{"required": 5}, {"required": ["size"]}, {"not": {"$ref": "#/nowhere"}}],
        "dependentRequired": {"size": 5, "lane": ["size"]},
        "not": {"properties": {"size": {"pattern": "("}}},
    }
    rules = load({"Thing": node}).types["Thing"].rules
    assert rules["properties"]["size"] == {"type": "string", "maxLength": 5}
    assert rules["allOf"] == [{"required": ["size"]}]
    assert rules["dependentRequired"] == {"lane": ["size"]}
    assert "not" not in rules


def test_properties_that_a_pattern_allows_are_not_refused() -> None:
    """``additionalProperties: false`` beside ``patternProperties`` allows more names than are listed."""
    node = {"properties": {"size": TEXT}, "patternProperties": {"^x_": TEXT}, "additionalProperties": False}
    assert "additionalProperties" not in load({"Thing": node}).types["Thing"].rules


def test_a_sign_that_is_no_letter_is_meant_as_python_means_it() -> None:
    r"""``\W`` refuses ``é``, a letter, though jsonschema-rs reads it as JavaScript does."""
    assert not Checker({"pattern": r"^\W$"}).accepts("é")
    assert Checker({"pattern": r"^\W$"}).accepts("!")


# ---------------------------------------------------------------- anything anywhere

JSON = st.recursive(
    st.sampled_from(
        [None, True, False, 0, -1, 1.5, HUGE, "", "x", "string", "object", "array", "#", "Biosample", "^(a+)+$"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WORDS, "x"]), inner, max_size=3),
    max_leaves=6,
)
PROFILES = json.loads((FOURDN / "profiles.json").read_text("utf-8"))


def nodes(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a document."""
    for step, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*way, step)
        yield from nodes(part, (*way, step))


def test_the_fixture_with_parts_replaced_by_anything_is_survived(tmp_path: Path) -> None:
    """Whatever stands in whatever place of a real schema, it loads or is refused in words."""
    ways = list(nodes({"Biosample": PROFILES["Biosample"]}))

    @settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(ways), JSON), min_size=1, max_size=6))
    def mutate(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
        documents = {**PROFILES, "Biosample": copy.deepcopy(PROFILES["Biosample"])}
        for way, value in changes:
            parent: Any = documents
            try:
                for step in way[:-1]:
                    parent = parent[step]
                parent[way[-1]] = value
            except (KeyError, IndexError, TypeError):  # an earlier change took the place away
                continue
        assert_survives(documents, tmp_path, "description", ["Biosample"])

    mutate()
