"""Mistakes as people make them, planted one by one into a healthy workbook, each in cells that no other one has touched."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import typos
from lab_book import FIRST_ROW, LAB, Choices, Failed, Page, Unsaved

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
FOREIGN = {
    "male": ("männlich", "homme", "masculin"), "female": ("weiblich", "femme", "mujer"), "unknown": ("unbekannt", "?"),
    "mixed": ("gemischt", "both"), "day": ("Tag", "jour"), "year": ("Jahr", "année"), "month": ("Monat", "mois"),
    "week": ("Woche", "semaine"), "adult": ("erwachsen", "grown-up"), "child": ("Kind", "enfant"),
    "Yes": ("ja", "oui"), "No": ("nein", "non"),
}  # fmt: skip
OTHER_NAMES = {"sex": "gender", "protocol_type": "kind", "health_status": "disease", "biosource_type": "source kind",
               "individual": "donor", "culture_start_date": "begin", "fragmentation_method": "shearing"}  # fmt: skip


def _item(cell: str, rng: random.Random) -> str:
    return rng.choice(cell.split(", "))


def _is_new(text: str, original: str, ground: Ground) -> bool:
    """A slip that makes another row's name can't be told from that name."""
    return bool(text) and text != original and text not in ground.names and text.casefold() != original.casefold()


def link_once(ground: Ground, change: Callable[[str, random.Random], str] = typos.slip, kind: str = "link") -> Any:
    """A link misspelt in one cell."""
    found = ground.cell(headers=lambda _, header: header in LINKS)
    if found is None:
        return None
    page, i, c = found
    name = _item(page.rows[i][c], ground.rng)
    typed = change(name, ground.rng)
    if not _is_new(typed, name, ground) or name in ground.spoilt or re.search(r"[,;]", typed):
        return None
    items = [typed if item == name else item for item in page.rows[i][c].split(", ")]
    return Planted(kind, frozenset([ground.put(page, i, c, ", ".join(items))]), name, typed)


def link_alike(ground: Ground) -> Any:
    """A link with O for 0 or l for 1."""
    return link_once(ground, typos.look_alike, "link, O for 0")


def link_separator(ground: Ground) -> Any:
    """A link with a space for an underscore."""
    return link_once(ground, typos.other_separator, "link, separator")


def link_word(ground: Ground) -> Any:
    """A link that was in a word processor: a long dash, a no-break space, a point at its end."""
    return link_once(ground, typos.from_word_processor, "link, from Word")


def link_prefix(ground: Ground) -> Any:
    """A link without the lab in front."""
    return link_once(ground, lambda name, _: name.partition(":")[2], "link, no prefix")


def _free(ground: Ground, name: str) -> list[tuple[Page, int, int]]:
    users = [(ground.pages[sheet], i, c) for sheet, i, c in ground.users[name] if (sheet, i) not in ground.rows]
    known = all((sheet, c) not in ground.headers for sheet, _, c in ground.users[name])
    return users if known and len(users) == len(ground.users[name]) else []


def link_many(ground: Ground) -> Any:
    """One misspelling of a link that many rows have: typed once and copied."""
    name = ground.rng.choice(sorted(ground.names))
    users = _free(ground, name)
    if len(users) < 4 or name in ground.spoilt:
        return None
    typed = typos.slip(name, ground.rng)
    if not _is_new(typed, name, ground) or re.search(r"[,;]", typed):
        return None
    ground.spoilt.add(name)
    some = ground.rng.sample(users, ground.rng.randrange(2, max(len(users) // 2, 2) + 1))
    places = [ground.put(p, i, c, p.rows[i][c].replace(name, typed)) for p, i, c in some]
    return Planted("link, copied", frozenset(places), name, typed)


def definition(ground: Ground) -> Any:
    """An identifier misspelt where it is given; all that refer to it are right."""
    found = ground.cell(headers=lambda _, header: header == "aliases")
    if found is None:
        return None
    page, i, c = found
    name = page.rows[i][c]
    typed = typos.slip(name, ground.rng)
    users = _free(ground, name)
    if len(users) < 2 or name in ground.spoilt or not _is_new(typed, name, ground) or re.search(r"[,;]", typed):
        return None
    ground.spoilt.add(name)
    places = [place(p, j, k) for p, j, k in users]
    ground.rows |= {(p.name, j) for p, j, _ in users}
    return Planted("identifier", frozenset([ground.put(page, i, c, typed), *places]), name, typed)


def duplicate(ground: Ground) -> Any:
    """A row with the identifier of the row above: copied, and not changed."""
    found = ground.cell(headers=lambda _, header: header == "aliases")
    if found is None or found[1] == 0:
        return None
    page, i, c = found
    name, above = page.rows[i][c], page.rows[i - 1][c]
    users = _free(ground, name)
    if (page.name, i - 1) in ground.rows or {name, above} & ground.spoilt or len(users) < len(ground.users[name]):
        return None
    ground.spoilt |= {name, above}
    ground.rows |= {(page.name, i - 1), *((p.name, j) for p, j, _ in users)}
    places = [place(page, i - 1, c), *(place(p, j, k) for p, j, k in users)]
    return Planted("identifier twice", frozenset([ground.put(page, i, c, above), *places]), name, above)


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
    rows = _run(ground, page, i, c, ground.rng.randrange(3, 30))
    if " ".join(typed.casefold().split()) in folded or not rows or any(row[c] == typed for row in page.rows):
        return None
    return Planted("list value, copied", frozenset(ground.put(page, j, c, typed) for j in rows), right, typed)


def _run(ground: Ground, page: Page, i: int, c: int, length: int) -> list[int]:
    """Rows below one another that nothing was done to."""
    rows = list(range(i, min(i + length, len(page.rows))))
    free = all((page.name, j) not in ground.rows and page.rows[j][c] is not None for j in rows)
    return rows if free and len(rows) >= 3 else []


def autofill(ground: Ground) -> Any:
    """A word that ends in a number, dragged down: it counts up."""
    page = ground.pages["GenomicRegion"]
    c = page.column("genome_assembly")
    i = ground.rng.randrange(len(page.rows))
    rows = _run(ground, page, i, c, ground.rng.randrange(4, 9))
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


def autofill_link(ground: Ground) -> Any:
    """A link dragged down: it counts up to rows that don't exist."""
    found = ground.cell(headers=lambda _, header: header in ("protocol", "SOP_cell_line"))
    if found is None:
        return None
    page, i, c = found
    rows = _run(ground, page, i, c, ground.rng.randrange(4, 12))
    stem = re.fullmatch(r"(.*?)(\d+)", page.rows[i][c])
    if not rows or stem is None or page.rows[i][c] in ground.spoilt:
        return None
    filled = [f"{stem[1]}{int(stem[2]) + n:0{len(stem[2])}}" for n in range(1, len(rows))]
    if set(filled) & (ground.names | ground.spoilt):
        return None
    ground.spoilt |= set(filled)
    ground.rows.add((page.name, i))
    places = [ground.put(page, j, c, text) for j, text in zip(rows[1:], filled, strict=True)]
    return Planted("counted up, link", frozenset(places), page.rows[i][c], filled[0])


def _typed(kind: str, headers: set[str], change: Callable[[Any, random.Random], Any]) -> Callable[[Ground], Any]:
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


def _grouped(number: Any, _rng: random.Random) -> Any:
    return f"{number:,}" if number >= 1000 else None


def _with_unit(number: Any, rng: random.Random) -> str:
    return f"{number}{rng.choice((' ', ''))}{rng.choice(('mg', 'h', 'min', 'bp', '°C', 'units'))}"


def _other_day(day: date, rng: random.Random) -> Any:
    return rng.choice((f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}", f"{day:%d.%m.%Y}", f"{day.day} {day:%B %Y}"))


def _gene_as_day(gene: Any, _rng: random.Random) -> Any:
    match = re.fullmatch(r"(SEPT|MARCH|DEC|OCT)(\d+)", gene)
    months = {"SEPT": 9, "MARCH": 3, "DEC": 12, "OCT": 10}
    return date(2024, months[match[1]], int(match[2])) if match else None


def _span_as_day(text: Any, _rng: random.Random) -> Any:
    first, _, last = text.partition("-")
    return date(2024, int(first), int(last))


def _without_zeros(text: Any, _rng: random.Random) -> Any:
    return int(text) if text.startswith("0") else None


def _word(number: Any, _rng: random.Random) -> Any:
    return {5: "five", 10: "ten", 4: "four", 6: "six", 15: "fifteen", 20: "twenty"}.get(number)


REQUIRED = {"title", "protocol_type", "name", "enzyme_source", "description", "genome_assembly", "biosource_type",
            "culture_start_date", "biosource", "file_format", "experiment_type", "biosample", "feature_type"}  # fmt: skip


def required(ground: Ground) -> Any:
    """A required cell that was left empty."""
    found = ground.cell(headers=lambda sheet, header: f"*{header}" in ground.pages[sheet].headers)
    if found is None:
        return None
    page, i, c = found
    return Planted("required", frozenset([ground.put(page, i, c, None)]))


def semicolons(ground: Ground) -> Any:
    """A list with semicolons between its values."""
    found = ground.cell(headers=lambda _, header: header in ("protocols_additional", "biosample_protocols", "files"))
    if found is None or ", " not in found[0].rows[found[1]][found[2]]:
        return None
    page, i, c = found
    right = page.rows[i][c]
    if any(item in ground.spoilt for item in right.split(", ")):
        return None
    return Planted("semicolons", frozenset([ground.put(page, i, c, right.replace(", ", "; "))]), right)


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
    rows = _run(ground, page, rng.randrange(len(page.rows)), 0, rng.randrange(3, 30))
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
    rows = _run(ground, page, i, c, 3)
    if not rows:
        return None
    value = page.rows[i][c]
    places = [ground.put(page, j, c, value if j == i else None) for j in rows]
    letter = chr(ord("A") + c + 1)
    page.merged.append(f"{letter}{i + FIRST_ROW}:{letter}{rows[-1] + FIRST_ROW}")
    return Planted("merged", frozenset(places))


def _header(ground: Ground, kind: str, change: Callable[[str], str]) -> Any:
    page = ground.pages[ground.rng.choice(list(ground.pages))]
    c = ground.rng.randrange(len(page.headers))
    star, right = page.headers[c].startswith("*"), page.headers[c].removeprefix("*")
    typed = change(right)
    known = {text.removeprefix("*").casefold() for text in page.headers}
    if not typed or typed.casefold() in known or (page.name, c) in ground.headers or typed.startswith("#"):
        return None
    if len([1 for sheet, _ in ground.headers if sheet == page.name]) >= 3:
        return None
    ground.headers.add((page.name, c))
    page.headers[c] = f"*{typed}" if star else typed
    return Planted(kind, frozenset([(page.name, 1, c + 2)]), right, typed)


def header(ground: Ground) -> Any:
    """A header misspelt."""
    return _header(ground, "header", lambda right: typos.slip(right, ground.rng))


def header_form(ground: Ground) -> Any:
    """A header in another form: spaces or capitals for underscores."""

    def change(right: str) -> str:
        if "_" not in right:
            return ""
        camel = re.sub(r"_(\w)", lambda m: m[1].upper(), right)
        return ground.rng.choice((right.replace("_", " "), camel, right.replace("_", "-"), right.replace("_", "")))

    return _header(ground, "header, form", change)


def header_other(ground: Ground) -> Any:
    """A header under the name that another form gave it."""
    return _header(ground, "header, other name", lambda right: OTHER_NAMES.get(right, ""))


def header_twice(ground: Ground) -> Any:
    """A column copied beside itself, its header along."""
    page = ground.pages[ground.rng.choice(list(ground.pages))]
    c = ground.rng.randrange(1, len(page.headers))
    if (page.name, c) in ground.headers or page.headers[c].removeprefix("*") in OTHER_NAMES.values():
        return None
    at = len(page.headers)
    ground.headers |= {(page.name, c), (page.name, at)}
    page.headers.append(page.headers[c])
    for row in page.rows:
        row.append(row[c] if len(row) == at else None)
    return Planted("header twice", frozenset([(page.name, 1, at + 2), (page.name, 1, c + 2)]))


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


def sheet(ground: Ground) -> Any:
    """A sheet's name misspelt."""
    page = ground.pages[ground.rng.choice(list(ground.pages))]
    typed = typos.slip(page.name, ground.rng)
    if typed.casefold() in {name.casefold() for name in ground.pages} or page.name != page.name.strip():
        return None
    if not re.fullmatch(r"\w+", typed):
        return None
    return Planted("sheet", frozenset([(page.name, 0, 0)]), page.name, typed)


ITEMS = {"protocols_additional", "biosample_protocols", "files"}
KINDS: dict[str, tuple[int, Callable[[Ground], Any]]] = {
    "header other": (2, header_other),
    "shifted": (10, shifted),
    "merged": (4, merged),
    "autofill": (3, autofill),
    "autofill link": (6, autofill_link),
    "list copied": (8, listed_copied),
    "link copied": (20, link_many),
    "identifier": (30, definition),
    "duplicate": (12, duplicate),
    "link": (110, link_once),
    "link alike": (12, link_alike),
    "link separator": (10, link_separator),
    "link word": (10, link_word),
    "link prefix": (6, link_prefix),
    "list": (70, listed),
    "list form": (20, listed_variant),
    "list language": (10, listed_foreign),
    "swapped": (10, swapped),
    "semicolons": (8, semicolons),
    "required": (24, required),
    "1,000": (8, _typed("1,000", {"start_coordinate", "end_coordinate"}, _grouped)),
    "1e3": (4, _typed("1e3", WHOLE, lambda n, _: f"{n / 1000:g}e3" if n % 100 == 0 else None)),
    "5,7": (6, _typed("5,7", {"biosample_quantity"}, lambda n, _: str(n).replace(".", ",") if n % 1 else None)),
    "unit": (14, _typed("unit", WHOLE | NUMBERS, _with_unit)),
    "percent": (4, _typed("percent", {"pcr_cycles", "passage_number"}, lambda n, _: f"{n}%")),
    "word": (4, _typed("number word", WHOLE | NUMBERS, _word)),
    "day": (18, _typed("day, other order", DATES, _other_day)),
    "serial": (4, _typed("day, serial", DATES, lambda day, _: (day - date(1899, 12, 30)).days)),
    "gene": (10, _typed("2-Sep", {"preferred_label"}, _gene_as_day)),
    "span": (6, _typed("span as a day", {"doubling_number"}, _span_as_day)),
    "zeros": (8, _typed("zeros lost", {"catalog_number", "cell_line_lot_number"}, _without_zeros)),
    "digits": (3, _typed("1.23E+16", {"cell_line_lot_number"}, lambda text, _: int(text) * 10**13)),
    "error": (8, _typed("error cell", WHOLE | NUMBERS | LINKS, lambda _, rng: Failed(rng.choice(("#N/A", "#REF!"))))),
    "unsaved": (4, _typed("no result", WHOLE | NUMBERS | LINKS, lambda _value, _rng: Unsaved())),
    "header": (8, header),
    "header form": (4, header_form),
    "header twice": (1, header_twice),
    "protected": (1, protected),
    "sheet": (1, sheet),
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
        found += _several(ground, link_once, 1)
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
