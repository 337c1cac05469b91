"""Suggestions that a person accepted, on the sheet of problems or one by one: carried out, with what is left to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbook_compiler.edit import Book
from workbook_compiler.errors import UsageError
from workbook_compiler.marks.annotating import unmarked
from workbook_compiler.marks.mending import Done, Kept, Wanted, carried_out
from workbook_compiler.marks.problems import Line, problems
from workbook_compiler.marks.spots import MOST_CELLS, Cells, Spot, bounded, spots
from workbook_compiler.model.diagnostics import Diagnostic, Severity
from workbook_compiler.reports.words import SEVERITY_WORDS


@dataclass(frozen=True, slots=True)
class Left:
    """A problem that is still to be mended."""

    place: str
    kind: str
    """``error`` or ``warning``."""
    message: str


@dataclass(frozen=True, slots=True)
class Mended:
    """A workbook after accepted suggestions were carried out, without marks."""

    content: bytes
    done: tuple[Done, ...]
    kept: tuple[Kept, ...]
    """Accepted, and left alone all the same."""
    left: tuple[Left, ...]
    outdated: int = 0
    """So many formulas live on what was mended, and have to be calculated anew."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A finding whose suggestions can be put in its place."""

    index: int
    """Its place among the findings."""
    place: str
    """``Biosample!D7``."""
    before: str
    suggestions: tuple[str, ...]
    cells: tuple[str, ...]
    """Every cell that changes, the first one first."""


def fixed(data: bytes, name: str, *, accept_all: bool = False) -> Mended:
    """Return an annotated workbook with what was accepted on its sheet of problems carried out, and all marks gone.

    ``accept_all`` accepts every suggestion. Raises UsageError for a workbook without that sheet.
    """
    found = problems(Book(data, name))
    if found is None:
        raise UsageError(
            f"{name} has no sheet of problems. This makes one: wbc check {name} --format xlsx -o CHECKED.xlsx"
        )
    every = accept_all or found.accept_all
    chosen = [line.is_accepted(accept_all=every) for line in found.lines]
    wanted = [_wanted(line) for line, yes in zip(found.lines, chosen, strict=True) if yes]
    if sum(len(one.cells) for one in wanted) > MOST_CELLS:
        raise UsageError(
            f"The sheet of problems in {name} has been changed: it speaks of more cells than can be wrong."
        )
    content, done, kept, outdated = carried_out(Book(unmarked(data, name), name), wanted)
    undone = {one.place for one in kept}
    left = [line for line, yes in zip(found.lines, chosen, strict=True) if not yes or line.place in undone]
    worth = {SEVERITY_WORDS[Severity.ERROR], SEVERITY_WORDS[Severity.WARNING]}
    return Mended(
        content,
        tuple(done),
        tuple(kept),
        tuple(Left(one.place, one.kind, one.message) for one in left if one.kind in worth),
        len(outdated),
    )


def _wanted(line: Line) -> Wanted:
    return Wanted(line.place, line.wrong, line.suggested, bounded(line.cells), line.held, line.rename)


def acceptable(data: bytes, name: str, findings: Sequence[Diagnostic]) -> tuple[Offer, ...]:
    """Return the findings about a workbook whose suggestions can be put in their place."""
    found = spots(name, findings, Cells(Book(data, name)))
    return tuple(
        Offer(
            spot.index,
            str(spot.place),
            spot.finding.value or "",
            spot.finding.suggestions,
            tuple(f"{sheet}!{cell}" for sheet, cell in spot.cells),
        )
        for spot in found
        if spot.mendable
    )


def mended(data: bytes, name: str, findings: Sequence[Diagnostic], accepted: Mapping[int, str]) -> Mended:
    """Return a workbook with accepted suggestions carried out: place among the findings -> the value that goes there."""
    clean = unmarked(data, name)
    found = list(spots(name, findings, Cells(Book(clean, name))))
    wanted = [_chosen(spot, accepted[spot.index]) for spot in found if spot.mendable and spot.index in accepted]
    content, done, kept, outdated = carried_out(Book(clean, name), wanted)
    undone = {one.place for one in kept}
    left = [
        spot
        for spot in found
        if spot.finding.severity is not Severity.INFO and (spot.index not in accepted or str(spot.place) in undone)
    ]
    told = (Left(str(s.place), SEVERITY_WORDS[s.finding.severity], s.finding.message) for s in left)
    return Mended(content, tuple(done), tuple(kept), tuple(told), len(outdated))


def _chosen(spot: Spot, value: str) -> Wanted:
    rename = spot.place.sheet or "" if spot.renames else ""
    return Wanted(str(spot.place), spot.finding.value or "", value, spot.cells, spot.held, rename)
