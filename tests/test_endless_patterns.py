"""Patterns come from strangers: one that would be tried for ever is told from those that end, and isn't tried."""

from __future__ import annotations

import json
import re
import time

import pytest
from conftest import FOURDN
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook_compiler.model.patterns import NEVER, is_affordable, power
from workbook_compiler.pipeline.validate import Checker


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "^(a|a)*$", "^(a*)*$", "^(a*b*)*$", "(x+x+)+y", "^(?=(a+)+$)b", "^(.*a){12}$", "^([a-z]+)*$", "(?:a|b|ab)*c",
     "^(a?){30}a{30}$", "a?" * 30 + "a{30}", r"^(\d+(\.\d+)?)*$", "^(x(a?)?)*$", "(", r"\p{L}"],
)  # fmt: skip
def test_a_pattern_whose_work_doubles_with_every_sign_is_never_tried(pattern: str) -> None:
    """Repeats inside repeats that can share the text out in many ways are left to the portal, like what Python can't read."""
    assert power(pattern) == NEVER


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^\S+(\s\S+)*$", 1), (r"^\d+(\.\d+)*$", 1), (r"^[^\s\\/]+:[^\s\\/]+$", 2), (r"^\d{1,3}(\.\d{1,3}){3}$", 1),
        (r"^(\S+(\s|\S)*\S+|\S)$", 3), ("abc", 2), ("^([A-Z]{2}[0-9]{6})$", 1), ("^(?:a|b|c)$", 1), (r"^(\w+\s)*$", 1),
        (r"^(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?$", 1),
    ],
)  # fmt: skip
def test_a_pattern_that_ends_is_tried(pattern: str, expected: int) -> None:
    """What portals really ask for is checked here, also where a repeat holds a repeat."""
    assert power(pattern) == expected


def test_every_pattern_of_the_fixture_is_tried() -> None:
    """No pattern of 4DN's own is taken for one that doesn't end."""
    written = set(re.findall(r'"pattern": ?("(?:[^"\\]|\\.)*")', (FOURDN / "profiles.json").read_text("utf-8")))
    assert written
    assert all(power(json.loads(pattern)) <= 2 for pattern in written)


def test_a_costly_pattern_is_tried_on_short_texts_only() -> None:
    """A pattern that takes the third power of the length is tried on a title, and left to the portal for an essay."""
    pattern = r"^(\S+(\s|\S)*\S+|\S)$"
    assert is_affordable(pattern, "a" * 300)
    assert not is_affordable(pattern, "a" * 3_000)
    assert not Checker({"pattern": pattern}).accepts("aaa ")
    assert Checker({"pattern": pattern}).accepts("a" * 30_000 + " ")


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(st.text("ab.()|*+?^$[]{}12,\\dws-", max_size=14))
def test_a_pattern_that_is_tried_ends(pattern: str) -> None:
    """Whatever a pattern looks like: when it is tried, it is done in a moment."""
    for text in ("a" * 60, "ab" * 30, "1-" * 30, "a.b"):
        if is_affordable(pattern, text + "!\n!"):
            started = time.process_time()
            re.search(pattern, text + "!\n!")
            assert time.process_time() - started < 1
