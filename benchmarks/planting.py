"""Mistakes as people make them, planted one by one into a healthy workbook, each in cells that no other one has touched."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from typing import Any

import wrong_names as names
import wrong_values as values
from ground import DATES, LINKS, NUMBERS, WHOLE, Ground, Planted
from lab_book import Choices, Failed, Page, Unsaved

KINDS: dict[str, tuple[int, Callable[[Ground], Any]]] = {
    "header other": (2, names.header_other),
    "shifted": (10, values.shifted),
    "merged": (4, values.merged),
    "autofill": (3, values.autofill),
    "autofill link": (6, names.autofill_link),
    "list copied": (8, values.listed_copied),
    "link copied": (20, names.link_many),
    "identifier": (30, names.definition),
    "duplicate": (12, names.duplicate),
    "link": (110, names.link_once),
    "link alike": (12, names.link_alike),
    "link separator": (10, names.link_separator),
    "link word": (10, names.link_word),
    "link prefix": (6, names.link_prefix),
    "list": (70, values.listed),
    "list form": (20, values.listed_variant),
    "list language": (10, values.listed_foreign),
    "swapped": (10, values.swapped),
    "semicolons": (8, names.semicolons),
    "required": (24, values.required),
    "1,000": (8, values.typed("1,000", {"start_coordinate", "end_coordinate"}, values.grouped)),
    "1e3": (4, values.typed("1e3", WHOLE, lambda n, _: f"{n / 1000:g}e3" if n % 100 == 0 else None)),
    "5,7": (6, values.typed("5,7", {"biosample_quantity"}, lambda n, _: str(n).replace(".", ",") if n % 1 else None)),
    "unit": (14, values.typed("unit", WHOLE | NUMBERS, values.with_unit)),
    "percent": (4, values.typed("percent", {"pcr_cycles", "passage_number"}, lambda n, _: f"{n}%")),
    "word": (4, values.typed("number word", WHOLE | NUMBERS, values.word)),
    "day": (18, values.typed("day, other order", DATES, values.other_day)),
    "serial": (4, values.typed("day, serial", DATES, lambda day, _: (day - date(1899, 12, 30)).days)),
    "gene": (10, values.typed("2-Sep", {"preferred_label"}, values.gene_as_day)),
    "span": (6, values.typed("span as a day", {"doubling_number"}, values.span_as_day)),
    "zeros": (8, values.typed("zeros lost", {"catalog_number", "cell_line_lot_number"}, values.without_zeros)),
    "digits": (3, values.typed("1.23E+16", {"cell_line_lot_number"}, lambda text, _: int(text) * 10**13)),
    "error": (
        8,
        values.typed("error cell", WHOLE | NUMBERS | LINKS, lambda _, rng: Failed(rng.choice(("#N/A", "#REF!")))),
    ),
    "unsaved": (4, values.typed("no result", WHOLE | NUMBERS | LINKS, lambda _value, _rng: Unsaved())),
    "header": (8, names.header),
    "header form": (4, names.header_form),
    "header twice": (1, names.header_twice),
    "protected": (1, values.protected),
    "sheet": (1, names.sheet),
}
"""How many of each kind are planted among 500, and how; those that need many free rows come first.
What stands below a header that nobody can know isn't read before it is mended: nothing is planted there."""


def plant(pages: list[Page], count: int, choices: Choices, rng: random.Random) -> list[Planted]:
    """Plant exactly ``count`` mistakes and return what they are; the pages are changed in place."""
    ground, found = Ground(pages, choices, rng), list[Planted]()
    whole = sum(weight for weight, _ in KINDS.values())
    left = 0.0
    for weight, planter in KINDS.values():
        left += weight * count / whole
        wanted = int(left + 1e-9)
        left -= wanted
        found += _several(ground, planter, wanted)
    while len(found) < count:
        found += _several(ground, names.link_once, 1)
    for name in [planted for planted in found if planted.kind == "sheet"]:
        ground.pages[name.original or ""].name = name.typed or ""
    return found[:count]


def _several(ground: Ground, planter: Callable[[Ground], Any], wanted: int) -> list[Planted]:
    found: list[Planted] = []
    for _ in range(wanted * 300):
        if len(found) == wanted:
            break
        planted = planter(ground)
        found += [planted] if planted is not None else []
    return found
