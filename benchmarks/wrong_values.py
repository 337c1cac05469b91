"""Mistakes in values: words of lists, numbers, days, what a spreadsheet program damages, and values out of place."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import typos
from ground import DATES, LINKS, LISTED, LONG_LISTS, Ground, Planted, place, run_of
from lab_book import FIRST_ROW, Failed, Unsaved

FOREIGN = {
    "male": ("männlich", "homme", "masculin"), "female": ("weiblich", "femme", "mujer"), "unknown": ("unbekannt", "?"),
    "mixed": ("gemischt", "both"), "day": ("Tag", "jour"), "year": ("Jahr", "année"), "month": ("Monat", "mois"),
    "week": ("Woche", "semaine"), "adult": ("erwachsen", "grown-up"), "child": ("Kind", "enfant"),
    "Yes": ("ja", "oui"), "No": ("nein", "non"),
}  # fmt: skip


def listed(ground: Ground, change: Callable[[str, random.Random], str] = typos.slip, kind: str = "list value") -> Any:
    """A word of a list misspelt."""
    found = ground.cell(headers=lambda sheet, header: (sheet, header) in LISTED)
    if found is None:
        return None
    page, i, c = found
    right, typed = page.rows[i][c], change(page.rows[i][c], ground.rng)
    allowed = ground.choices(page.name, page.headers[c].removeprefix("*"))
    folded = {" ".join(word.casefold().split()) for word in allowed}
    if not typed or " ".join(typed.casefold().split()) in folded or len(right) < 3:
        return None
    if any(isinstance(row[c], str) and row[c] == typed for row in page.rows):
        return None
    return Planted(kind, frozenset([ground.put(page, i, c, typed)]), right, typed)


def listed_variant(ground: Ground) -> Any:
    """A word of a list in another form: plural, other separators, a letter that looks alike."""
    changes = (
        typos.other_separator,
        typos.look_alike,
        lambda text, _: f"{text}s",
        lambda text, _: f"{text}.",
        lambda text, _: text.replace(" ", ""),
    )
    return listed(ground, ground.rng.choice(changes), "list value, form")


def listed_foreign(ground: Ground) -> Any:
    """A word of a list in another language."""
    return listed(ground, lambda text, rng: rng.choice(FOREIGN.get(text, ("",))), "list value, language")


def listed_copied(ground: Ground) -> Any:
    """A misspelt word of a list, copied down over some rows."""
    found = ground.cell(headers=lambda sheet, header: (sheet, header) in LONG_LISTS)
    if found is None:
        return None
    page, i, c = found
    right, typed = page.rows[i][c], typos.slip(page.rows[i][c], ground.rng)
    folded = {" ".join(w.casefold().split()) for w in ground.choices(page.name, page.headers[c].removeprefix("*"))}
    rows = run_of(ground, page, i, c, ground.rng.randrange(3, 30))
    if " ".join(typed.casefold().split()) in folded or not rows or any(row[c] == typed for row in page.rows):
        return None
    return Planted("list value, copied", frozenset(ground.put(page, j, c, typed) for j in rows), right, typed)


def autofill(ground: Ground) -> Any:
    """A word that ends in a number, dragged down: it counts up."""
    page = ground.pages["GenomicRegion"]
    c = page.column("genome_assembly")
    i = ground.rng.randrange(len(page.rows))
    rows = run_of(ground, page, i, c, ground.rng.randrange(4, 9))
    allowed = ground.choices(page.name, "genome_assembly")
    stem = re.fullmatch(r"(.*?)(\d+)", page.rows[i][c])
    if not rows or stem is None:
        return None
    filled = [f"{stem[1]}{int(stem[2]) + n}" for n in range(1, len(rows))]
    if set(filled) & set(allowed) or any(row[c] in filled for row in page.rows):
        return None
    ground.rows.add((page.name, i))
    places = [ground.put(page, j, c, text) for j, text in zip(rows[1:], filled, strict=True)]
    return Planted("counted up", frozenset(places), page.rows[i][c], filled[0])


def typed(kind: str, headers: set[str], change: Callable[[Any, random.Random], Any]) -> Callable[[Ground], Any]:
    """Return the planter of one changed cell whose right value is a number, a text or a day."""

    def plant(ground: Ground) -> Any:
        found = ground.cell(headers=lambda _, header: header in headers)
        if found is None:
            return None
        page, i, c = found
        right = page.rows[i][c]
        value = change(right, ground.rng)
        if value is None or value == right:
            return None
        known = (
            right.isoformat() if isinstance(right, date) else f"{right:g}" if isinstance(right, float) else str(right)
        )
        original = None if isinstance(value, Failed | Unsaved) or value == "" else known
        return Planted(kind, frozenset([ground.put(page, i, c, value if value != "" else None)]), original)

    return plant


def grouped(number: Any, _rng: random.Random) -> Any:
    return f"{number:,}" if number >= 1000 else None


def with_unit(number: Any, rng: random.Random) -> str:
    return f"{number}{rng.choice((' ', ''))}{rng.choice(('mg', 'h', 'min', 'bp', '°C', 'units'))}"


def other_day(day: date, rng: random.Random) -> Any:
    return rng.choice((f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}", f"{day:%d.%m.%Y}", f"{day.day} {day:%B %Y}"))


def gene_as_day(gene: Any, _rng: random.Random) -> Any:
    match = re.fullmatch(r"(SEPT|MARCH|DEC|OCT)(\d+)", gene)
    months = {"SEPT": 9, "MARCH": 3, "DEC": 12, "OCT": 10}
    return date(2024, months[match[1]], int(match[2])) if match else None


def span_as_day(text: Any, _rng: random.Random) -> Any:
    first, _, last = text.partition("-")
    return date(2024, int(first), int(last))


def without_zeros(text: Any, _rng: random.Random) -> Any:
    return int(text) if text.startswith("0") else None


def word(number: Any, _rng: random.Random) -> Any:
    return {5: "five", 10: "ten", 4: "four", 6: "six", 15: "fifteen", 20: "twenty"}.get(number)


def required(ground: Ground) -> Any:
    """A required cell that was left empty."""
    found = ground.cell(headers=lambda sheet, header: f"*{header}" in ground.pages[sheet].headers)
    if found is None:
        return None
    page, i, c = found
    return Planted("required", frozenset([ground.put(page, i, c, None)]))


def swapped(ground: Ground) -> Any:
    """The values of two columns side by side, exchanged in one row."""
    pairs = (("IndividualHuman", "age"), ("Biosource", "biosource_type"), ("ExperimentHiC", "biosample_quantity"),
             ("BiosampleCellCulture", "culture_duration"), ("ExperimentHiC", "digestion_enzyme"),
             ("GenomicRegion", "genome_assembly"), ("ExperimentHiC", "fragment_size_range"))  # fmt: skip
    sheet, header = ground.rng.choice(pairs)
    found = ground.cell(sheet, lambda _, name: name == header)
    if found is None:
        return None
    page, i, c = found
    if c > 0 and sheet == "BiosampleCellCulture":
        c -= 1  # harvest date and duration
    first, second = page.rows[i][c], page.rows[i][c + 1]
    if second is None or first is None:
        return None
    return Planted("swapped", frozenset([ground.put(page, i, c, second), ground.put(page, i, c + 1, first)]))


SHIFTED = {"IndividualHuman": 2, "Biosource": 2, "BiosampleCellCulture": 4, "ExperimentHiC": 5, "GenomicRegion": 2}
"""Sheets with columns of several kinds, and how many columns at least are moved."""
TELLING = {header for _, header in LISTED} | DATES | LINKS | {"chromosome", "protected_data"}
"""Columns whose values are wrong beside their own: numbers among numbers and texts could stand anywhere."""


def shifted(ground: Ground) -> Any:
    """Some rows of neighbouring columns moved by one: cells inserted or deleted, or pasted a column too far."""
    rng = ground.rng
    page = ground.pages[rng.choice(list(SHIFTED))]
    width, least = len(page.headers), SHIFTED[page.name]
    rows = run_of(ground, page, rng.randrange(len(page.rows)), 0, rng.randrange(3, 30))
    way = rng.choice(("inserted", "deleted", "pasted right", "pasted left"))
    first = rng.randrange(2, width - least)
    last = width - 1 if way in ("inserted", "deleted") else rng.randrange(first + least - 1, width - 1)
    telling = {page.headers[c].removeprefix("*") for c in range(first, last + 1)} & TELLING
    if not rows or not telling or any((page.name, c) in ground.headers for c in range(width)):
        return None
    places = [place(page, i, c) for i in rows for c in range(first - 1, last + 2)]
    for i in rows:
        old = page.rows[i]
        moved = old[first : last + 1]
        if way in ("inserted", "pasted right"):
            new = [*old[:first], None, *moved, *old[last + 2 :]]
        else:
            new = [*old[: first - 1], *moved, None, *old[last + 1 :]]
        page.rows[i] = new
        ground.rows.add((page.name, i))
    return Planted(f"shifted, {way}", frozenset(places))


def merged(ground: Ground) -> Any:
    """A value merged over several rows."""
    found = ground.cell("Biosource", lambda _, header: header == "biosource_vendor")
    if found is None:
        return None
    page, i, c = found
    rows = run_of(ground, page, i, c, 3)
    if not rows:
        return None
    value = page.rows[i][c]
    places = [ground.put(page, j, c, value if j == i else None) for j in rows]
    letter = chr(ord("A") + c + 1)
    page.merged.append(f"{letter}{i + FIRST_ROW}:{letter}{rows[-1] + FIRST_ROW}")
    return Planted("merged", frozenset(places))


def protected(ground: Ground) -> Any:
    """A column that the portal fills in itself, filled in."""
    page = ground.pages[ground.rng.choice(list(ground.pages))]
    at = len(page.headers)
    if "date_created" in page.headers:
        return None
    ground.headers.add((page.name, at))
    page.headers.append("date_created")
    for row in page.rows:
        row.append("2024-03-01" if len(row) == at and ground.rng.random() < 0.5 else None)
    return Planted("protected", frozenset([(page.name, 1, at + 2)]))
