"""A pattern is told by an example that fits it, to people and to both checkers of the rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from conftest import FOURDN

from workbook_compiler.pipeline.coerce.example import example_in, example_of, missing_signs, wrong_signs


def patterns(node: Any) -> Iterator[str]:
    """Every pattern anywhere in a schema."""
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from patterns(inner)


def expect_an_example(pattern: str) -> None:
    example = example_of(pattern)
    assert example, pattern
    assert example.isprintable()
    assert len(example) <= 80
    assert re.search(pattern, example)
    try:
        checker = jsonschema_rs.validator_for({"pattern": pattern})
    except jsonschema_rs.ValidationError:  # a pattern that Python alone understands
        return
    assert checker.is_valid(example)


def test_every_pattern_of_the_fixture_has_an_example() -> None:
    """Each pattern of our own schema set is told by a short text that fits it."""
    found = set(patterns(json.loads((FOURDN / "profiles.json").read_bytes())))
    assert found
    for pattern in sorted(found):
        expect_an_example(pattern)


def test_every_pattern_of_real_portals_has_an_example(shared_data: Path) -> None:
    """Each pattern in the schemas of 4DN and ENCODE is told by a short text that fits it."""
    files = [shared_data / "4dn" / "profiles.json", *sorted((shared_data / "encode" / "schemas").glob("*.json"))]
    found = {pattern for file in files for pattern in patterns(json.loads(file.read_bytes()))}
    assert len(found) > 90
    for pattern in sorted(found):
        expect_an_example(pattern)


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        ("^ENCAB[0-9]{3}[A-Z]{3}$", "ENCAB123ABC"),
        (r"^PMID:[0-9]+$|^doi:10\.[0-9]{4}[\d\S\:\.]+$", "PMID:12"),
        (r"^[^\s\\\/]+:[^\s\\\/]+$", "my-lab:sample-1"),
        ("^[ATGC]+$", "ACGT"),
        (r"^(\d+(\.[1-9])?)|(unknown)$", "12"),
        ("^$", ""),
        ("(", ""),
        (r"(?<=x)y\bz", ""),
    ],
)
def test_the_example_is_a_believable_one(pattern: str, example: str) -> None:
    """An example is a believable text that fits; none is told where none is found, or where the pattern is broken."""
    assert example_of(pattern) == example


ALIAS = r"^[^\s\\\/]+:[^\s\\\/]+$"


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("Lab specific ID (e.g. dcic_lab:my_biosample1).", "dcic_lab:my_biosample1"),
        ("No spaces, for example “demo-lab:bs1”.", "demo-lab:bs1"),
        ("Such as this: a/b, or lab:c.", "lab:c"),
        ("lab:c is no example without a word that says so", ""),
        ("e.g. none", ""),
    ],
)
def test_an_example_of_the_schema_is_preferred(text: str, example: str) -> None:
    """What a description gives as an example is found when it fits the pattern."""
    assert example_in(ALIAS, ["", text]) == example


@pytest.mark.parametrize(
    ("pattern", "text", "wrong", "missing"),
    [
        (ALIAS, "lab 1/b", " /", ":"),
        (ALIAS, "lab", "", ":"),
        (r"^[\w+=,.@-]*$", "my file (1).gz", " ()", ""),
        ("^PMID:[0-9]+$|^doi:.+$", "#", "", ""),
        ("[a-z]+", "A", "", ""),
        (r"^(?!x)[a-z]+$", "A", "", ""),
        ("^[a-z$", "A", "", ""),
    ],
)
def test_wrong_and_missing_signs_are_told_when_it_is_sure(pattern: str, text: str, wrong: str, missing: str) -> None:
    """A sign is called wrong when no text that fits can hold it, and missing when each of them does."""
    assert (wrong_signs(pattern, text), missing_signs(pattern, text)) == (wrong, missing)
