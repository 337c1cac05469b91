"""Mistakes planted in a healthy workbook are told one by one, and a slip's first suggestion is what stood there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import ROOT

from workbook_compiler.model.schema import Schema

sys.path.append(str(ROOT / "benchmarks"))

import planted

ROWS, MISTAKES, SEEDS = 1_000, 50, range(101, 107)


@pytest.fixture(scope="module")
def found(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> list[planted.Found]:
    """What is told of a small workbook for each seed; that it has no error before is a part of it."""
    folder: Path = tmp_path_factory.mktemp("planted")
    return [planted.measured(ROWS, MISTAKES, seed, schema, folder) for seed in SEEDS]


def test_fifty_mistakes_are_fifty_problems(found: list[planted.Found]) -> None:
    """As many problems are told as mistakes were planted, two more or fewer at most."""
    assert [len(one.planted) for one in found] == [MISTAKES] * len(SEEDS)
    assert all(abs(one.count - MISTAKES) <= 2 for one in found), [one.count for one in found]


def test_no_mistake_is_missed_and_none_is_made_up(found: list[planted.Found]) -> None:
    """Every mistake has its problem where it was made, and no problem is told where there is no mistake."""
    assert [one.missed for one in found] == [[]] * len(SEEDS)
    assert [one.others for one in found] == [[]] * len(SEEDS)


def test_the_first_suggestion_is_what_was_meant(found: list[planted.Found]) -> None:
    """For 85 of 100 slips of the finger the first suggestion is what stood there before."""
    right, known = (sum(part) for part in zip(*(one.first(planted.SLIPS) for one in found), strict=True))
    assert known > 100
    assert right >= 0.85 * known, (right, known)
