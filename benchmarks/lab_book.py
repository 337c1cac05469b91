"""A healthy workbook as a lab would send it: ten linked types of a 4DN portal, from vendors to sequenced files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

MARKS = ("#Field Name:", "#Field Type:", "#Description:", "#Additional Info:")
FIRST_ROW = 5
LAB = "demo-lab"
CELLS = ("HeLa", "K562", "GM12878", "H1-hESC", "IMR90", "HepG2", "HFFc6", "WTC11", "mESC", "Kc167")
TREATMENTS = ("control", "dexamethasone", "auxin", "heatshock", "starved", "nocodazole", "DRB", "triptolide")
MAKERS = ("Qiagen", "Invitrogen", "Covaris", "Promega", "Lonza", "Zymo", "Roche", "Takara", "Arima", "Coriell")
GENES = ("SEPT2", "SEPT7", "SEPT9", "MARCH1", "MARCH5", "DEC1", "OCT4", "TP53", "CTCF", "RAD21", "MYC", "SOX2", "NANOG")
MACHINES = ("Illumina HiSeq 2500", "Illumina NovaSeq 6000", "Illumina NextSeq 500", "Illumina MiSeq")
SHARES = {"Vendor": 0.01, "Protocol": 0.02, "Enzyme": 0.005, "BioFeature": 0.05, "GenomicRegion": 0.05,
          "IndividualHuman": 0.06, "Biosource": 0.1, "BiosampleCellCulture": 0.15, "Biosample": 0.17,
          "FileFastq": 0.22, "ExperimentHiC": 0.165}  # fmt: skip
"""The types, with their parts of all rows."""

Choices = Callable[[str, str], list[str]]
"""``(type, property) -> the list it takes its values from``."""


@dataclass
class Page:
    """A sheet that may be changed: the header texts with their stars, and the cells below them."""

    name: str
    headers: list[str]
    rows: list[list[Any]]
    merged: list[str] = field(default_factory=list)

    def column(self, header: str) -> int:
        """Return the place of a column, by its name without a star."""
        return [text.removeprefix("*") for text in self.headers].index(header)


@dataclass(frozen=True)
class Failed:
    """A cell that shows an error."""

    text: str


@dataclass(frozen=True)
class Unsaved:
    """A cell with a formula whose result isn't saved."""


@dataclass(frozen=True)
class Formatted:
    """A number with a format."""

    number: float
    format: str


def names(count: int, seed: int) -> dict[str, list[str]]:
    """Return the identifiers of each type: words and numbers, as labs name their things."""
    rng = random.Random(seed)
    size = {kind: max(round(share * count), 6) for kind, share in SHARES.items()}
    size["FileFastq"] += count - sum(size.values())

    def many(kind: str, name: Callable[[int], str]) -> list[str]:
        return [f"{LAB}:{name(i)}" for i in range(1, size[kind] + 1)]

    return {
        "Vendor": many("Vendor", lambda i: f"vendor-{rng.choice(MAKERS)}-{i:03}"),
        "Protocol": many("Protocol", lambda i: f"protocol_{rng.choice(TREATMENTS)}_{rng.choice(CELLS)}_v{i}"),
        "Enzyme": many("Enzyme", lambda i: f"enzyme_{rng.choice(MAKERS)}_{i}"),
        "BioFeature": many("BioFeature", lambda i: f"feature-{rng.choice(GENES)}-{i}"),
        "GenomicRegion": many("GenomicRegion", lambda i: f"region_chr{rng.randrange(1, 23)}_{i:04}"),
        "IndividualHuman": many("IndividualHuman", lambda i: f"donor-{i:04}"),
        "Biosource": many("Biosource", lambda i: f"source_{rng.choice(CELLS)}_{i:04}"),
        "BiosampleCellCulture": many("BiosampleCellCulture", lambda i: f"culture_{rng.choice(CELLS)}_{i:05}"),
        "Biosample": many("Biosample", lambda i: f"bs_{rng.choice(CELLS)}_{rng.choice(TREATMENTS)}_{i}"),
        "FileFastq": many("FileFastq", lambda i: f"fastq_{(i + 1) // 2:05}_R{2 - i % 2}"),
        "ExperimentHiC": many("ExperimentHiC", lambda i: f"hic-{rng.choice(CELLS)}-{rng.choice(TREATMENTS)}-{i:04}"),
    }


def book(count: int, seed: int, choices: Choices) -> list[Page]:
    """Return the sheets of a workbook without a mistake, ``count`` rows together."""
    rng, known = random.Random(seed), names(count, seed)
    pages = []
    for kind, own in known.items():
        rows = list(_ROWS[kind](rng, own, known, choices))
        pages.append(Page(kind, list(rows[0]), [list(row.values()) for row in rows]))
    return pages


Rows = Iterator[dict[str, Any]]


def _day(rng: random.Random, year: int = 2022) -> date:
    return date(year, 1, 1) + timedelta(days=rng.randrange(700))


def _vendors(rng: random.Random, own: list[str], _known: Any, _choices: Choices) -> Rows:
    for i, name in enumerate(own):
        yield {
            "aliases": name,
            "*title": f"{rng.choice(MAKERS)} branch {i + 1}",
            "description": f"Sends {rng.choice(('reagents', 'cells', 'kits'))} on ice",
            "url": f"https://example.org/vendor/{i + 1}",
        }


def _protocols(rng: random.Random, own: list[str], _known: Any, choices: Choices) -> Rows:
    for i, name in enumerate(own):
        yield {
            "aliases": name,
            "*protocol_type": rng.choice(choices("Protocol", "protocol_type")),
            "title": f"Bench protocol {i + 1}",
            "protocol_classification": rng.choice(choices("Protocol", "protocol_classification")),
            "date_approved": _day(rng),
            "description": f"As in notebook {rng.randrange(40)}, page {rng.randrange(200)}",
        }


def _enzymes(rng: random.Random, own: list[str], known: Any, _choices: Choices) -> Rows:
    for i, name in enumerate(own):
        yield {
            "aliases": name,
            "*name": f"Enzyme {i + 1}",
            "*enzyme_source": rng.choice(known["Vendor"]),
            "catalog_number": f"{rng.randrange(100, 20_000):05}",
            "recognition_sequence": "".join(rng.choices("ACGT", k=rng.choice((4, 6)))),
            "site_length": rng.choice((4, 6)),
        }


def _features(_rng: random.Random, own: list[str], _known: Any, _choices: Choices) -> Rows:
    for name in own:
        gene = name.partition("feature-")[2].rpartition("-")[0]
        yield {
            "aliases": name,
            "*feature_type": "/ontology-terms/SO:0000704/",
            "*description": f"The gene {gene} and what lies around it",
            "preferred_label": gene,
            "organism_name": "human",
        }


def _regions(rng: random.Random, own: list[str], _known: Any, choices: Choices) -> Rows:
    for name in own:
        start = rng.randrange(10_000, 90_000_000)
        yield {
            "aliases": name,
            "*genome_assembly": rng.choice(choices("GenomicRegion", "genome_assembly")),
            "chromosome": rng.choice(choices("GenomicRegion", "chromosome")),
            "start_coordinate": start,
            "end_coordinate": start + rng.randrange(1_000, 90_000),
            "location_description": rng.choice(("a promoter", "an enhancer", "a boundary")),
        }


def _people(rng: random.Random, own: list[str], _known: Any, choices: Choices) -> Rows:
    for name in own:
        yield {
            "aliases": name,
            "age": rng.randrange(1, 95),
            "age_units": rng.choice(choices("IndividualHuman", "age_units")),
            "sex": rng.choice(choices("IndividualHuman", "sex")),
            "life_stage": rng.choice(choices("IndividualHuman", "life_stage")),
            "health_status": rng.choice(("healthy", "under treatment", None)),
            "protected_data": rng.random() < 0.3,
        }


def _sources(rng: random.Random, own: list[str], known: Any, choices: Choices) -> Rows:
    for i, name in enumerate(own):
        yield {
            "aliases": name,
            "description": f"From freezer {rng.randrange(1, 9)}, box {rng.randrange(1, 60)}",
            "*biosource_type": rng.choice(choices("Biosource", "biosource_type")),
            "individual": known["IndividualHuman"][i % len(known["IndividualHuman"])],
            "biosource_vendor": rng.choice(known["Vendor"]),
            "SOP_cell_line": rng.choice(known["Protocol"]),
        }


def _cultures(rng: random.Random, own: list[str], known: Any, choices: Choices) -> Rows:
    for name in own:
        start = _day(rng)
        yield {
            "aliases": name,
            "description": f"Plate {rng.randrange(1, 300)} of incubator {rng.choice('ABCD')}",
            "cell_line_lot_number": f"{rng.randrange(100, 99_999):06}",
            "*culture_start_date": start,
            "culture_harvest_date": start + timedelta(days=rng.randrange(2, 30)),
            "culture_duration": rng.randrange(2, 30),
            "passage_number": rng.randrange(1, 40),
            "doubling_number": f"{rng.randrange(1, 6)}-{rng.randrange(6, 12)}",
            "follows_sop": rng.choice(choices("BiosampleCellCulture", "follows_sop")),
            "protocols_additional": ", ".join(rng.sample(known["Protocol"], rng.choice((1, 1, 2)))),
        }


def _samples(rng: random.Random, own: list[str], known: Any, _choices: Choices) -> Rows:
    for i, name in enumerate(own):
        related = rng.random() < 0.3 and i > 0
        yield {
            "aliases": name,
            "description": f"Harvested on day {rng.randrange(1, 60)} from dish {rng.randrange(1, 20)}",
            "*biosource": known["Biosource"][i % len(known["Biosource"])],
            "cell_culture_details": known["BiosampleCellCulture"][i % len(known["BiosampleCellCulture"])],
            "biosample_protocols": ", ".join(rng.sample(known["Protocol"], rng.choice((1, 2)))),
            "biosample_relation.relationship_type": "derived from" if related else None,
            "biosample_relation.biosample": own[rng.randrange(i)] if related else None,
        }


def _reads(rng: random.Random, own: list[str], _known: Any, _choices: Choices) -> Rows:
    for name in own:
        yield {
            "aliases": name,
            "description": f"Lane {rng.randrange(1, 9)} of run {rng.randrange(1, 400)}",
            "*file_format": "/file-formats/fastq/",
            "paired_end": name[-1],
            "read_length": rng.choice((50, 75, 100, 150)),
            "instrument": rng.choice(MACHINES),
        }


def _experiments(rng: random.Random, own: list[str], known: Any, choices: Choices) -> Rows:
    files = known["FileFastq"]
    for i, name in enumerate(own):
        pair = 2 * i % (len(files) - 1)
        yield {
            "aliases": name,
            "*experiment_type": rng.choice(("/experiment-types/in-situ-hi-c/", "/experiment-types/dilution-hi-c/")),
            "*biosample": known["Biosample"][i % len(known["Biosample"])],
            "files": ", ".join(files[pair : pair + 2]),
            "biosample_quantity": rng.choice((1, 2.5, 5, 10)),
            "biosample_quantity_units": rng.choice(choices("ExperimentHiC", "biosample_quantity_units")),
            "protocol": rng.choice(known["Protocol"]),
            "follows_sop": rng.choice(choices("ExperimentHiC", "follows_sop")),
            "crosslinking_method": "1% Formaldehyde",
            "crosslinking_time": rng.choice((5, 10, 15)),
            "crosslinking_temperature": rng.choice((4, 20, 37)),
            "digestion_enzyme": rng.choice(known["Enzyme"]),
            "biotin_removed": rng.choice(choices("ExperimentHiC", "biotin_removed")),
            "fragmentation_method": rng.choice(choices("ExperimentHiC", "fragmentation_method")),
            "average_fragment_size": rng.randrange(200, 900),
            "fragment_size_range": f"{rng.randrange(100, 200)}-{rng.randrange(300, 900)}",
            "pcr_cycles": rng.randrange(4, 18),
            "library_preparation_date": _day(rng, 2023),
        }


_ROWS: dict[str, Callable[[random.Random, list[str], Any, Choices], Rows]] = {
    "Vendor": _vendors, "Protocol": _protocols, "Enzyme": _enzymes, "BioFeature": _features, "GenomicRegion": _regions,
    "IndividualHuman": _people, "Biosource": _sources, "BiosampleCellCulture": _cultures, "Biosample": _samples,
    "FileFastq": _reads, "ExperimentHiC": _experiments,
}  # fmt: skip


def write(pages: list[Page], path: Path) -> None:
    """Write the sheets in the house layout."""
    with xlsxwriter.Workbook(str(path), {"strings_to_urls": False}) as out:
        formats = {code: out.add_format({"num_format": code}) for code in _formats(pages)}
        for page in pages:
            sheet = out.add_worksheet(page.name)
            for row, mark in enumerate(MARKS):
                sheet.write_string(row, 0, mark)
            for column, header in enumerate(page.headers, 1):
                sheet.write_string(0, column, header)
            for area in page.merged:
                sheet.merge_range(area, "")
            for row, cells in enumerate(page.rows, FIRST_ROW - 1):
                for column, value in enumerate(cells, 1):
                    if value is not None:
                        _put(sheet, row, column, value, formats)


def _formats(pages: list[Page]) -> set[str]:
    own = {cell.format for page in pages for row in page.rows for cell in row if isinstance(cell, Formatted)}
    return {"yyyy-mm-dd", "0.00E+00", *own}


def _put(sheet: Any, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats["yyyy-mm-dd"])
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif isinstance(value, Formatted):
        sheet.write_number(row, column, value.number, formats[value.format])
    elif isinstance(value, Failed):
        sheet.write_formula(row, column, "=NA()", None, value.text)
    elif isinstance(value, Unsaved):
        sheet.write_formula(row, column, "=A1", None, "")
    else:
        sheet.write_string(row, column, value)
