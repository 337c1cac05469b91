"""Each rule of ENCODE that joins columns has a row that keeps it and one that breaks it, told at a cell it speaks of."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from encode_rows import Clause, Row, cells_of, clause, clauses, drawn, known, mentioned, search, slim
from typed_books import typed_book

from workbook_compiler import api
from workbook_compiler.model.diagnostics import Diagnostic, Severity
from workbook_compiler.model.schema import Access, EntityType, Schema
from workbook_compiler.pipeline.causes.saying import LONGEST_SENTENCE, told
from workbook_compiler.portals.mixins import resolve

PARTS = 6
TRIES = 8
"""So many searches are made for a row before it counts as impossible."""
LONGEST = 32
"""Words of a sentence, the names and values in it not spared."""
COUNTS = (189, 12, 150, 39)
"""Rules kept, left to the portal; of the kept ones of concrete types those a person can keep or break, and the others."""
FEWEST_TAKEN, FEWEST_REFUSED = 9, 6
ODD = {
    "FunctionalCharacterizationExperiment dependencies.target_expression_range_minimum": "only broken",
    "FunctionalCharacterizationExperiment dependencies.target_expression_range_maximum": "only broken",
    "FunctionalCharacterizationExperiment dependencies.target_expression_percentile": "only broken",
    "GeneticModification dependencies.reagents": "no cell breaks it",
    "Pipeline dependencies.assay_term_names": "no cell breaks it",
}
"""The first three ask for a column that only the portal's staff fill in, the others for what each filled cell has."""
FORBIDDEN = re.compile(
    r"oneOf|anyOf|allOf|\$ref|\bnot valid under\b|\binstance\b|\bregex\b|\bschema\b|\bdependenc|required property|\bNone\b|[{}]",
)
"""Words of JSON Schema, or of its validators, that say nothing to a person at the bench."""
SIMPLE = {"required", "comment"}
"""Words of the rules that ask for nothing more than that something is filled in as well."""
MOST_ERRORS = 6


@lru_cache(maxsize=1)
def encode(folder: Path) -> Schema:
    return api.load_schema("encode", folder / "encode" / "schemas")


@lru_cache(maxsize=1)
def published(folder: Path) -> Mapping[str, Any]:
    files = (folder / "encode" / "schemas").glob("*.json")
    return resolve({path.stem: json.loads(path.read_text("utf-8")) for path in files})


def errors(schema: Schema, entity: EntityType, row: Row, folder: Path) -> list[Diagnostic]:
    path = folder / "row.xlsx"
    empty = dict.fromkeys((f.header(0) for f in known(entity) if f.list_at is None and f.path[0] not in row), "")
    path.write_bytes(typed_book({entity.name: [{**cells_of(row), **empty}]}))
    found = api.compile(path, schema).diagnostics
    return [d for d in found if d.severity is Severity.ERROR and d.code.id != "FIT04"]


def entries(schema: Schema) -> list[tuple[EntityType, Clause]]:
    """Every rule that joins columns and is kept, type by type."""
    concrete = [entity for entity in schema.types.values() if not entity.abstract and known(entity)]
    return [(entity, one) for entity in concrete for one in clauses(entity) if one.label != "required"]


def is_within_reach(entity: EntityType, one: Clause) -> bool:
    """Tell whether a person may fill in what the rule is about."""
    key = one.label.partition(".")[2]
    prop = entity.properties.get(key) if key else None
    return prop is None or prop.access is not Access.REFUSED


def best(entity: EntityType, seed: int, **wanted: Any) -> tuple[Row, int] | None:
    """The best row of a few searches."""
    found: tuple[Row, int] | None = None
    for number in range(seed, seed + TRIES):
        if found is not None and found[1] == 0:
            break
        made = search(entity, Random(number), **wanted)  # noqa: S311 - nothing secret
        found = min((one for one in (found, made) if one is not None), key=lambda one: one[1], default=None)
    return found


def columns_of(found: Diagnostic) -> str:
    """The column at the top of the one an error is about."""
    return (found.field or "").partition(".")[0].partition("-")[0]


def expect_told(one: Clause, entity: EntityType, said: list[Diagnostic], key: str) -> None:
    """Each error is at a cell of a column the rule speaks of, in words for people, with the comment where it is short."""
    label = f"{entity.name} {one.label}"
    assert 0 < len(said) <= MOST_ERRORS, (label, [d.message for d in said])
    comment = (
        one.rule["dependencies"][key].get("comment", "")
        if key and isinstance(one.rule["dependencies"][key], dict)
        else ""
    )
    for d in said:
        text = f"{d.message} {d.hint}"
        assert d.location.cell is not None, label
        assert columns_of(d) in {*one.names, *mentioned(one.rule)}, label
        assert not FORBIDDEN.search(text), (label, text)
        assert d.field is not None
        assert d.field.rpartition(".")[2] in text, (label, text)
        assert all(len(sentence.split()) <= LONGEST for sentence in re.split(r"(?<=[.;:])\s", d.message)), text
        names = [n for n in one.names if n in d.message]
        assert not comment or not told(comment, names) or any(part in d.message for part in short(comment)), (
            label,
            text,
        )


def short(comment: str) -> list[str]:
    """The sentences of a comment as far as they tell it from others."""
    sentences = (part.strip(" .") for part in re.split(r"(?<=[.!?])\s+|;\s+", " ".join(comment.split())))
    return [part[1:] for part in sentences if part and len(part.split()) <= LONGEST_SENTENCE]


def kept_and_broken(schema: Schema, part: int, folder: Path) -> Iterator[tuple[str, str]]:
    """For each rule of a portion of the types what could be proved of it."""
    for entity, one in entries(schema):
        if sum(map(ord, entity.name)) % PARTS != part:
            continue
        key = one.label.partition(".")[2]
        label = f"{entity.name} {one.label}"
        if not is_within_reach(entity, one):
            yield label, "only the portal's staff may fill in what it is about"
            continue
        there = [clause(entity, "there", {"required": [key]})] if key else []
        good = best(entity, 10, more=there)
        if good is not None:
            assert [d.message for d in errors(schema, entity, good[0], folder)] == [], label
        bad = best(entity, 50, broken=one)
        if bad is None:
            yield label, "no cell breaks it"
            continue
        expect_told(one, entity, errors(schema, entity, slim(entity, bad[0], one, bad[1]), folder), key)
        yield label, "kept and broken" if good is not None else "only broken"


@pytest.mark.parametrize("part", range(PARTS))
def test_each_rule_is_kept_by_one_row_and_told_of_another(shared_data: Path, part: int, tmp_path: Path) -> None:
    """The row that keeps a rule has no error; the one that breaks it has some at cells the rule speaks of."""
    told_of = dict(kept_and_broken(encode(shared_data), part, tmp_path))
    odd = {label: what for label, what in told_of.items() if what in ("only broken", "no cell breaks it")}
    assert {label: what for label, what in ODD.items() if label in told_of} == odd


def test_how_many_rules_there_are(shared_data: Path) -> None:
    """Every rule of the files is kept, but for those that only the portal can judge."""
    schema, files = encode(shared_data), published(shared_data)
    raw = [(name, key, rule) for name, node in files.items() for key, rule in node.get("dependencies", {}).items()]
    assert len(raw) == 201
    assert sum(isinstance(rule, dict) and bool(rule.keys() - SIMPLE) for _, _, rule in raw) == 165
    kept = [one for one in raw if one[1] in schema.types[one[0]].rules.get("dependencies", {})]
    dropped = [one for one in raw if one not in kept]
    assert all("linkEnum" in json.dumps(rule) for _, _, rule in dropped)
    found = Counter(is_within_reach(entity, one) for entity, one in entries(schema) if "." in one.label)
    assert (len(kept), len(dropped), found[True], found[False]) == COUNTS


def test_rules_that_only_the_portal_can_judge_give_no_error(shared_data: Path, tmp_path: Path) -> None:
    """Rows that a plain validator would take or refuse by such a rule are both without error."""
    schema, files = encode(shared_data), published(shared_data)
    tried = Counter[bool]()
    for name, node in files.items():
        entity = schema.types[name]
        if entity.abstract or not known(entity):
            continue
        for key, rule in node.get("dependencies", {}).items():
            if key in entity.rules.get("dependencies", {}):
                continue
            plain = clause(entity, f"plain {key}", {"dependencies": {key: rule}})
            there = clause(entity, "there", {"required": [key]})
            for takes, more in ((True, [plain, there]), (False, [there, turned(plain)])):
                found = best(entity, 20, more=more)
                if found is not None:
                    assert [d.message for d in errors(schema, entity, found[0], tmp_path)] == [], (name, key, takes)
                    tried[takes] += 1
    assert tried[True] >= FEWEST_TAKEN and tried[False] >= FEWEST_REFUSED, tried


def turned(one: Clause) -> Clause:
    return replace(one, holds=lambda body: not one.holds(body))


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Biosample", "expressed_genes"),
        ("FunctionalCharacterizationExperiment", "examined_loci"),
        ("BiosampleCharacterization", "review"),
        ("GeneticModificationCharacterization", "review"),
    ],
)
def test_rules_inside_a_structured_value_are_told_at_its_cells(
    shared_data: Path, name: str, column: str, tmp_path: Path
) -> None:
    """What belongs together inside one member of a list is told at that member's cells."""
    schema = encode(shared_data)
    entity = schema.types[name]
    own = clause(entity, column, {"properties": {column: entity.rules["properties"][column]}})
    wrong = [typed for typed in drawn(entity, column) if not own.holds({column: typed.value})]
    base = best(entity, 1)
    assert base is not None
    assert wrong
    rest = {key: typed for key, typed in base[0].items() if key != column}
    for typed in wrong[:5]:
        said = [d for d in errors(schema, entity, {**rest, column: typed}, tmp_path) if columns_of(d) == column]
        assert said
        assert not any(FORBIDDEN.search(d.message) for d in said), [d.message for d in said]
        assert all(d.location.sheet == name[:31] for d in said)


LINKED = {"linkTo": "Organism", "linkEnum": ["7745b647-ff15-4ff3-9ced-b897d4e2983c"]}
RELEASED = {"enum": ["released", "revoked"]}
WITH_DATE = {"required": ["date"], "properties": {"status": RELEASED}}


def thing(rules: Mapping[str, Any], draft: str, folder: Path) -> Schema:
    """A type with a status, a date and an organism, and a rule."""
    texts = {name: {"type": "string"} for name in ("name", "status", "date", "organism")}
    path = folder / "profiles.json"
    path.write_text(json.dumps({"Thing": {"$schema": draft, "type": "object", "properties": texts, **rules}}))
    return api.load_schema("encode", path)


def told_of(rules: Mapping[str, Any], draft: str, cells: Mapping[str, str], folder: Path) -> list[tuple[str, str, str]]:
    schema = thing(rules, draft, folder)
    path = folder / "row.xlsx"
    path.write_bytes(typed_book({"Thing": [dict.fromkeys(("name", "status", "date", "organism"), "") | cells]}))
    found = api.compile(path, schema).diagnostics
    return [(d.code.id, d.location.cell or "", d.message) for d in found if d.severity is Severity.ERROR]


OLD, NEW = "http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema"
AS_VALUE = "date is needed because status is “released”."
AS_FILLED = "date is needed because status is filled in."


@pytest.mark.parametrize(
    ("draft", "rules", "message"),
    [
        (OLD, {"dependencies": {"status": ["date"]}}, AS_FILLED),
        (OLD, {"dependencies": {"status": {"required": ["date"]}}}, AS_FILLED),
        (NEW, {"dependentRequired": {"status": ["date"]}}, AS_FILLED),
        (NEW, {"dependentSchemas": {"status": {"required": ["date"]}}}, AS_FILLED),
        (NEW, {"if": {"required": ["status"]}, "then": {"required": ["date"]}}, AS_FILLED),
        (NEW, {"if": {"properties": {"status": {"const": "released"}}}, "then": {"required": ["date"]}}, AS_VALUE),
        (OLD, {"dependencies": {"status": {"oneOf": [WITH_DATE, {"not": {"properties": {"status": RELEASED}}}]}}}, AS_VALUE),
        (OLD, {"oneOf": [WITH_DATE, {"not": {"properties": {"status": RELEASED}}}]}, AS_VALUE),
        (OLD, {"anyOf": [WITH_DATE, {"not": {"properties": {"status": RELEASED}}}]}, AS_VALUE),
        (OLD, {"allOf": [{"dependencies": {"status": ["date"]}}]}, AS_FILLED),
    ],
)  # fmt: skip
def test_one_condition_in_all_its_forms_is_told_alike(
    draft: str, rules: Mapping[str, Any], message: str, tmp_path: Path
) -> None:
    """However a schema writes it: the empty cell, and the column that asks for it."""
    assert told_of(rules, draft, {"name": "a", "status": "released"}, tmp_path) == [("REQ03", "D5", message)]
    assert told_of(rules, draft, {"name": "a", "status": "released", "date": "2024-03-01"}, tmp_path) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"not": {"properties": {"organism": LINKED}}},
        {"oneOf": [{"properties": {"organism": LINKED}}, {"required": ["date"]}, {"required": ["name"]}]},
        {"properties": {"organism": LINKED}},
        {"allOf": [{"not": {"properties": {"organism": LINKED}}}, {"oneOf": [{"properties": {"organism": LINKED}}]}]},
        {"properties": {"organism": {"not": LINKED}}},
        {"anyOf": [{"not": {"properties": {"organism": LINKED}}}]},
        {"not": {"not": {"not": {"properties": {"organism": LINKED}}}}},
        {"allOf": [{"not": {"allOf": [{"required": ["name"]}, {"properties": {"organism": LINKED}}]}}]},
    ],
)
def test_a_rule_about_what_is_linked_gives_no_error(rule: Mapping[str, Any], tmp_path: Path) -> None:
    """Only the portal knows what a link leads to."""
    for cells in ({"name": "a", "organism": "b"}, {"name": "a", "organism": LINKED["linkEnum"][0], "date": "c"}):
        assert told_of({"dependencies": {"name": rule}}, OLD, cells, tmp_path) == []


def test_what_stands_beside_a_rule_about_links_still_counts(tmp_path: Path) -> None:
    """Of several things that all have to hold, those that can be judged are."""
    rule = {
        "comment": "A name needs a date.",
        "allOf": [{"not": {"properties": {"organism": LINKED}}}, {"required": ["date"]}],
    }
    expected = "date is needed because name is filled in. A name needs a date."
    assert told_of({"dependencies": {"name": rule}}, OLD, {"name": "a"}, tmp_path) == [("REQ03", "D5", expected)]
