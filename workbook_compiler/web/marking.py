"""What can be written into a person's own workbook: notes at its findings, and the suggestions that were accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from workbook_compiler.edit import Edit, Look, Restyle, UneditableError, edited
from workbook_compiler.model.diagnostics import Diagnostic
from workbook_compiler.web.names import EDITABLE


# A stand-in until `workbook_compiler.marks` is there: then all but `markable` is imported from it.
@dataclass(frozen=True, slots=True)
class Offer:
    """A finding whose suggestion can be accepted."""

    index: int
    place: str
    before: str
    suggestions: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A suggestion that was carried out."""

    place: str
    cells: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A suggestion that was accepted and not carried out."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Mended:
    """A workbook in which suggestions were accepted, and those that could not be."""

    content: bytes
    done: tuple[Done, ...]
    kept: tuple[Kept, ...]


def annotated(data: bytes, name: str, diagnostics: Sequence[Diagnostic], portal: str = "") -> bytes:  # noqa: ARG001
    """Return the workbook with its wrong cells coloured; raises UneditableError."""
    places = [d.location for d in diagnostics if d.location.file == name and d.location.cell and d.location.sheet]
    return edited(data, [Restyle(at.sheet or "", at.cell or "", Look(fill="FBE9E7")) for at in places], name)


def acceptable(data: bytes, name: str, diagnostics: Sequence[Diagnostic]) -> tuple[Offer, ...]:  # noqa: ARG001
    """Return the findings whose suggestion can be put into their cell."""
    return tuple(
        Offer(number, str(d.location), d.value or "", d.suggestions, (str(d.location),))
        for number, d in enumerate(diagnostics)
        if d.suggestions and d.location.cell and d.location.file == name
    )


def mended(data: bytes, name: str, diagnostics: Sequence[Diagnostic], accepted: Mapping[int, str]) -> Mended:
    """Return the workbook with the accepted values; raises UneditableError."""
    places = {number: diagnostics[number].location for number in accepted}
    edits = [Edit(at.sheet or "", at.cell or "", accepted[number]) for number, at in places.items()]
    return Mended(edited(data, edits, name), tuple(Done(str(at), 1) for at in places.values()), ())


def markable(name: str) -> bool:
    """Tell whether files of this kind can be changed in place."""
    return PurePosixPath(name).suffix.lower() in EDITABLE


__all__ = ["Mended", "Offer", "UneditableError", "acceptable", "annotated", "markable", "mended"]
