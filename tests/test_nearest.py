"""What was meant by a mistyped name is found as a search through all names would find it."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference_answers import slips

from workbook_compiler.nearest import Identifiers, likely, nearest

steady = settings(derandomize=True, database=None, deadline=None, max_examples=400)
NAMES = st.text("ab1", max_size=4) | st.tuples(
    st.sampled_from(["lab:bs", "lab:bsx-"]), st.text("ab12", max_size=5)
).map("".join)
POOL = st.lists(NAMES, unique=True, max_size=40)


@steady
@given(NAMES, POOL)
def test_close_names_are_those_within_a_slip(typed: str, names: list[str]) -> None:
    """Up to three names come back, the nearest that differ by a slip; numbers differ by one letter at most."""
    far = 2 if len(typed) >= 8 else 1
    distances = {name: slips(typed, name) for name in names}
    skeleton = re.sub(r"\d+", "0", typed)
    fit = [n for n, d in distances.items() if d <= far and (d <= 1 or re.sub(r"\d+", "0", n) != skeleton)]
    found = Identifiers(names).close(typed)
    assert set(found) <= set(fit)
    assert len(set(found)) == len(found)
    assert [distances[name] for name in found] == sorted(distances[name] for name in fit)[:3]


@steady
@given(NAMES, POOL)
@example("A", ["b", "a"])
def test_nearest_orders_all_names(typed: str, names: list[str]) -> None:
    """The nearest three have the fewest slips for their length; equally near ones keep their order."""

    def likeness(name: str) -> float:
        longest = max(len(typed), len(name))
        return 1 - slips(typed.casefold(), name.casefold()) / longest if longest else 1

    ordered = sorted(names, key=lambda name: -likeness(name))
    assert nearest(typed, names) == ordered[:3]
    assert likely(typed, names) == [name for name in ordered[:3] if likeness(name) >= 0.6]


@steady
@given(st.text("aAbBß", max_size=3), st.lists(st.text("aAbBß", max_size=3), unique=True, max_size=20))
def test_capitals_alone_are_told_apart(typed: str, names: list[str]) -> None:
    """A name that differs in capitals alone is found, the first of several."""
    same = [name for name in names if name.casefold() == typed.casefold()]
    assert Identifiers(names).same_but_capitals(typed) == (same[0] if same else None)
