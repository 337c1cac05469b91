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

from workbook_compiler.pipeline.coerce.example import example_of


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
        ("^ENCAB[0-9]{3}[A-Z]{3}$", "ENCAB111AAA"),
        (r"^PMID:[0-9]+$|^doi:10\.[0-9]{4}[\d\S\:\.]+$", "PMID:1"),
        (r"^[^\s\\\/]+:[^\s\\\/]+$", "a:a"),
        ("^[ATGC]+$", "A"),
        (r"^(\d+(\.[1-9])?)|(unknown)$", "1"),
        ("^$", ""),
        ("(", ""),
        (r"(?<=x)y\bz", ""),
    ],
)
def test_the_example_is_a_simple_one(pattern: str, example: str) -> None:
    """An example is the simplest text that fits; none is told where none is found, or where the pattern is broken."""
    assert example_of(pattern) == example
