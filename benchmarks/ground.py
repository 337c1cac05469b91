"""A workbook into which mistakes are planted: what of it is taken, what kind of column is which."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab_book import FIRST_ROW, LAB, Choices, Page

Place = tuple[str, int, int]
"""Sheet, row and column as a spreadsheet program counts them, from 1; row 0 is the sheet itself."""


@dataclass(frozen=True)
class Planted:
    """One mistake: where it may be told, and what stood there before when that can be known."""

    kind: str
    places: frozenset[Place]
    original: str | None = None
    typed: str | None = None


class Ground:
    """A workbook with mistakes, and what of it is taken."""

    def __init__(self, pages: list[Page], choices: Choices, rng: random.Random) -> None:
        self.pages = {page.name: page for page in pages}
        self.choices, self.rng = choices, rng
        self.rows: set[tuple[str, int]] = set()
        self.headers: set[tuple[str, int]] = set()
        self.names: set[str] = {row[0] for page in pages for row in page.rows}
        self.users: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
        self.spoilt: set[str] = set()
        self.typed: set[str] = set()
        for page in pages:
            for i, row in enumerate(page.rows):
                for c, cell in enumerate(row[1:], 1):
                    if isinstance(cell, str) and cell.startswith(f"{LAB}:"):
                        for item in cell.split(", "):
                            self.users[item].append((page.name, i, c))

    def cell(self, kind: str | None = None, headers: Callable[[str, str], bool] = lambda *_: True) -> Any:
        """Return ``(page, i, c)`` of a filled cell in a row nothing was done to yet."""
        for _ in range(2_000):
            page = self.pages[kind or self.rng.choice(list(self.pages))]
            c, i = self.rng.randrange(len(page.headers)), self.rng.randrange(len(page.rows))
            free = (page.name, i) not in self.rows and (page.name, c) not in self.headers
            if free and page.rows[i][c] is not None and headers(page.name, page.headers[c].removeprefix("*")):
                return page, i, c
        return None

    def put(self, page: Page, i: int, c: int, value: Any) -> Place:
        """Change a cell and return its place."""
        page.rows[i][c] = value
        self.rows.add((page.name, i))
        return place(page, i, c)


def place(page: Page, i: int, c: int) -> Place:
    """Return where a cell stands."""
    return page.name, i + FIRST_ROW, c + 2


LISTED = {
    ("Protocol", "protocol_type"), ("Protocol", "protocol_classification"), ("GenomicRegion", "genome_assembly"),
    ("IndividualHuman", "age_units"), ("IndividualHuman", "sex"), ("IndividualHuman", "life_stage"),
    ("Biosource", "biosource_type"), ("ExperimentHiC", "biosample_quantity_units"),
    ("ExperimentHiC", "fragmentation_method"), ("Biosample", "biosample_relation.relationship_type"),
    ("BiosampleCellCulture", "follows_sop"), ("ExperimentHiC", "biotin_removed"),
}  # fmt: skip
LONG_LISTS = {c for c in LISTED if c[1] not in ("follows_sop", "biotin_removed", "biosample_quantity_units")}
WHOLE = {"passage_number", "site_length", "start_coordinate", "end_coordinate", "read_length", "average_fragment_size",
         "pcr_cycles"}  # fmt: skip
NUMBERS = {"age", "culture_duration", "biosample_quantity", "crosslinking_time", "crosslinking_temperature"}
DATES = {"date_approved", "culture_start_date", "culture_harvest_date", "library_preparation_date"}
LINKS = {"enzyme_source", "individual", "biosource_vendor", "SOP_cell_line", "protocols_additional", "biosource",
         "cell_culture_details", "biosample_protocols", "biosample_relation.biosample", "biosample", "files", "protocol",
         "digestion_enzyme"}  # fmt: skip


def untouched(ground: Ground, name: str) -> list[tuple[Page, int, int]]:
    users = [(ground.pages[sheet], i, c) for sheet, i, c in ground.users[name] if (sheet, i) not in ground.rows]
    known = all((sheet, c) not in ground.headers for sheet, _, c in ground.users[name])
    return users if known and len(users) == len(ground.users[name]) else []


def run_of(ground: Ground, page: Page, i: int, c: int, length: int) -> list[int]:
    """Rows below one another that nothing was done to."""
    rows = list(range(i, min(i + length, len(page.rows))))
    free = all((page.name, j) not in ground.rows and page.rows[j][c] is not None for j in rows)
    return rows if free and len(rows) >= 3 else []
