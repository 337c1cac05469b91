"""How well mistakes are told: ``python benchmarks/planted.py`` plants 500 of them and counts the problems.

A seeded workbook of 10,000 rows is correct; then mistakes are planted of the kinds people make. One mistake should be one
problem, told where the mistake is, and for a slip of the finger the first suggestion should be what stood there before. The
mistakes are random, and several seeds are measured.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import extras
import lab_book
import table
from planting import plant

from workbook_compiler import api
from workbook_compiler.model.diagnostics import Diagnostic, Severity, column_index
from workbook_compiler.model.schema import Schema

if TYPE_CHECKING:
    from ground import Place, Planted

ROWS, MISTAKES, SEEDS = 10_000, 500, 5
SLIPS = ("link", "link, copied", "identifier", "list value", "list value, copied", "header", "sheet",
         "link, O for 0", "link, separator", "link, from Word", "link, no prefix", "list value, form",
         "header, form")  # fmt: skip
"""Kinds that a person would read through: what was meant is there but for a slip."""


@dataclass(frozen=True)
class Found:
    """What a check told of one workbook's planted mistakes."""

    planted: Sequence[Planted]
    problems: Mapping[int, Sequence[Diagnostic]]
    """For each planted mistake its problems, by its number."""
    others: Sequence[Diagnostic]
    """Problems that belong to none."""

    @property
    def count(self) -> int:
        """How many problems were told."""
        return sum(map(len, self.problems.values())) + len(self.others)

    @property
    def missed(self) -> list[Planted]:
        """The mistakes without a problem."""
        return [one for number, one in enumerate(self.planted) if not self.problems.get(number)]

    def first(self, kinds: Iterable[str]) -> tuple[int, int]:
        """Return how many mistakes of these kinds have their original as the first suggestion, and how many there are."""
        wanted = set(kinds)
        told = [
            (one, self.problems.get(n, ()))
            for n, one in enumerate(self.planted)
            if one.kind in wanted and one.original is not None
        ]
        return sum(any(is_first(one, d) for d in found) for one, found in told), len(told)


def is_first(one: Planted, problem: Diagnostic) -> bool:
    """Tell whether the first suggestion is what stood there before."""
    return problem.suggestions[:1] == (one.original,)


def measured(rows: int, mistakes: int, seed: int, schema: Schema, folder: Path) -> Found:
    """Return what is told of a workbook of so many rows with so many mistakes."""

    def choices(kind: str, name: str) -> list[str]:
        leaf = schema.types[kind].properties[name.partition(".")[0]].leaf
        leaf = leaf.properties[name.partition(".")[2]] if "." in name else leaf
        return [str(choice) for choice in leaf.choices if choice not in leaf.retired]

    pages, path = lab_book.book(rows, seed, choices), folder / f"planted-{seed}.xlsx"
    lab_book.write(pages, path)
    healthy = problems(path, schema)
    assert not [found for found in healthy if found.severity is Severity.ERROR], "the workbook was to be correct"
    planted = plant(pages, mistakes, choices, random.Random(seed))
    lab_book.write(pages, path)
    known = {(found.code.id, found.value) for found in healthy}
    return matched(planted, [d for d in problems(path, schema) if (d.code.id, d.value) not in known])


def problems(path: Path, schema: Schema) -> list[Diagnostic]:
    """Return what a person has to look at: errors and warnings."""
    return [found for found in api.compile(path, schema).diagnostics if found.severity is not Severity.INFO]


def matched(planted: Sequence[Planted], told: Iterable[Diagnostic]) -> Found:
    """Give every problem to the mistake whose cells it names: by its own place, else by a related one."""
    owners = {where: number for number, one in enumerate(planted) for where in one.places}
    sheets = {one.typed: one.original for one in planted if one.kind == "sheet"}
    own: dict[int, list[Diagnostic]] = defaultdict(list)
    others = []
    for problem in told:
        places = [_place(at, sheets) for at in (problem.location, *problem.related)]
        number = next((owners[where] for where in places if where in owners), None)
        if number is None:
            others.append(problem)
        else:
            own[number].append(problem)
    return Found(planted, own, others)


def _place(at: Any, sheets: Mapping[str | None, str | None]) -> Place:
    column = column_index(at.column) + 1 if at.column else 0
    return sheets.get(at.sheet, at.sheet) or "", at.row or 0, column


def figures(found: Sequence[Found]) -> dict[str, Any]:
    """Return the figures of several seeds: mean and worst."""
    counts = [one.count for one in found]
    target = len(found[0].planted)
    shares = [one.first(SLIPS)[0] / max(one.first(SLIPS)[1], 1) for one in found]
    return {
        "planted": target,
        "seeds": len(found),
        "problems": {"mean": sum(counts) / len(counts), "worst": max(counts, key=lambda n: abs(n - target))},
        "missed": {"mean": sum(len(f.missed) for f in found) / len(found), "worst": max(len(f.missed) for f in found)},
        "others": {"mean": sum(len(f.others) for f in found) / len(found), "worst": max(len(f.others) for f in found)},
        "first": {"mean": sum(shares) / len(shares), "worst": min(shares)},
        "kinds": by_kind(found),
    }


def by_kind(found: Sequence[Found]) -> dict[str, dict[str, Any]]:
    """Return for each kind how many were planted, told, missed, and known by their first suggestion, over all seeds."""
    kinds: dict[str, dict[str, Any]] = {}
    for kind in sorted({one.kind for each in found for one in each.planted}):
        mine = [(each, n) for each in found for n, one in enumerate(each.planted) if one.kind == kind]
        right, known = (sum(part) for part in zip(*(each.first([kind]) for each in found), strict=True))
        kinds[kind] = {
            "planted": len(mine),
            "problems": sum(len(each.problems.get(n, ())) for each, n in mine),
            "missed": sum(not each.problems.get(n) for each, n in mine),
            "first": right,
            "known": known,
        }
    return kinds


def bench(rows: int = ROWS, mistakes: int = MISTAKES, seeds: int = SEEDS) -> list[Found]:
    """Return what is told of the mistakes of each seed."""
    schema = api.load_schema("4dn", extras.profiles())
    with tempfile.TemporaryDirectory() as folder:
        return [measured(rows, mistakes, seed, schema, Path(folder)) for seed in range(1, seeds + 1)]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--mistakes", type=int, default=MISTAKES)
    options.add_argument("--seeds", type=int, default=SEEDS)
    options.add_argument("--verbose", action="store_true", help="list what went wrong")
    chosen = options.parse_args()
    found = bench(chosen.rows, chosen.mistakes, chosen.seeds)
    table.show_planted(figures(found))
    for seed, one in enumerate(found, 1) if chosen.verbose else ():
        _tell(seed, one)


def _tell(seed: int, found: Found) -> None:
    """List the mistakes that were missed, told several times or not understood, and problems of no mistake."""
    for planted in found.missed:
        table.say(f"{seed} missed  {planted.kind}: {planted.typed} for {planted.original} {sorted(planted.places)[:3]}")
    for number, planted in enumerate(found.planted):
        told = found.problems.get(number, ())
        if len(told) > 1:
            codes = Counter(problem.code.id for problem in told)
            table.say(f"{seed} several {planted.kind}: {planted.typed} for {planted.original} {dict(codes)}")
        if told and planted.original is not None and not any(is_first(planted, problem) for problem in told):
            first = told[0]
            table.say(
                f"{seed} other   {planted.kind}: {planted.typed or first.value} for {planted.original}: "
                f"{first.code.id} {first.suggestions}"
            )
    for problem in found.others:
        table.say(f"{seed} extra   {problem.code.id} {problem.location}: {problem.message}")


if __name__ == "__main__":
    main()
