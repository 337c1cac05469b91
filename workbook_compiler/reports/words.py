"""Small words shared by the formats: counts, places, and text from a workbook made safe to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from workbook_compiler.model.diagnostics import Location, Severity, count, plural

__all__ = ["ACTION_WORDS", "SEVERITY_WORDS", "cells", "column_number", "count", "listed", "plural", "visible"]

LONGEST = 400
"""Characters shown of one text; what a cell of 32,767 characters holds isn't read in a report."""

SEVERITY_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
ACTION_WORDS = {
    "POST": "to create",
    "PATCH": "to update",
    "PUT": "to replace",
    "DELETE": "to delete",
    "SKIP": "unchanged",
}

_PICTURES = {"\n": "↵", "\r": "↵", "\t": "⇥"}


def visible(text: str, longest: int = LONGEST) -> str:
    """Return the text with everything invisible shown: a line break as ``↵``, U+00A0 as ``␣``, an escape as ``<U+001B>``.

    What comes out can neither steer a terminal nor turn the reading direction, and stays on one line.
    """
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return text if text.isprintable() else "".join(map(_shown, text.replace("\r\n", "\n")))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if unicodedata.category(character) == "Zs":
        return "␣"
    return _PICTURES.get(character) or f"<U+{ord(character):04X}>"


def listed(parts: Iterable[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    *most, last = list(parts) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def column_number(letters: str | None) -> int:
    """Return 1 for ``A``, 27 for ``AA``, 0 for none: what columns are sorted by."""
    number = 0
    for letter in letters or "":
        number = number * 26 + ord(letter) - 64
    return number


def cells(places: Sequence[Location], shown: int, *, file: str, sheet: str | None) -> str:
    """Return ``Biosource!B5, Biosource!C7:C19 and 40 more``: runs in a column as Excel writes them.

    ``file`` and ``sheet`` are those of the reader's place, and are left out of the addresses.
    """
    runs = _runs(places)
    texts = [_address(run, file, sheet) for run in runs[:shown]]
    left = sum(len(run) for run in runs[shown:])
    return ", ".join(texts) + (f" and {left:,} more" if left else "")


def _runs(places: Sequence[Location]) -> list[list[Location]]:
    runs: list[list[Location]] = []
    for place in places:
        if runs and _follows(runs[-1][-1], place):
            runs[-1].append(place)
        else:
            runs.append([place])
    return [part for run in runs for part in ([run] if len(run) > 2 else [[place] for place in run])]


def _follows(last: Location, place: Location) -> bool:
    same = (last.file, last.sheet, last.column) == (place.file, place.sheet, place.column)
    return bool(same and place.cell and last.row and place.row == last.row + 1)


def _address(run: Sequence[Location], file: str, sheet: str | None) -> str:
    first = run[0]
    text = first.cell if first.cell and (first.file, first.sheet) == (file, sheet) else str(first)
    if first.file != file and first.sheet:
        text = f"{first.file}#{text}"
    return visible(f"{text}:{run[-1].cell}" if len(run) > 1 else text)
