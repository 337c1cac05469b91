"""Seeded tables as ena-upload-cli reads them: study, sample, experiment and run, linked by alias, checklist ERC000011.

Every column that would make the peer ask the network is filled in: taxon and its name, and the files' checksums.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

CHECKLIST = "ERC000011"
DAY_ONE = date(2020, 1, 1)
TAXA = ((9606, "Homo sapiens"), (10090, "Mus musculus"), (7227, "Drosophila melanogaster"))
LIBRARIES = (("WGS", "GENOMIC", "RANDOM"), ("RNA-Seq", "TRANSCRIPTOMIC", "cDNA"))

Row = dict[str, object]


def _study(i: int, rng: random.Random, _count: int) -> Row:
    return {
        "alias": f"study{i}",
        "title": f"Study number {i}",
        "study_type": rng.choice(("Whole Genome Sequencing", "Transcriptome Analysis")),
        "study_abstract": f"What was found in room {rng.randrange(9)} on day {rng.randrange(400)}",
        "center_project_name": f"project {rng.randrange(50)}",
        "pubmed_id": rng.randrange(10**7, 10**8) if rng.random() < 0.5 else None,
    }


def _sample(i: int, rng: random.Random, _count: int) -> Row:
    taxon, name = rng.choice(TAXA)
    return {
        "alias": f"sample{i}",
        "title": f"Sample number {i}",
        "taxon_id": taxon,
        "scientific_name": name,
        "sample_description": f"Taken on day {rng.randrange(400)} in room {rng.randrange(9)}",
        "collection date": DAY_ONE + timedelta(days=rng.randrange(1500)),
        "geographic location (country and/or sea)": rng.choice(("Austria", "Belgium", "Chad")),
        "sex": rng.choice(("female", "male", None)),
        "tissue_type": rng.choice(("liver", "heart", "lung, left", "skin")),
        "cell_type": None if rng.random() < 0.5 else f"type {rng.randrange(30)}",
        "dev_stage": rng.choice(("adult", "larva", None)),
        "isolation_source": f"room {rng.randrange(9)}",
        "collected_by": f"collector {rng.randrange(12)}",
        "strain": None if rng.random() < 0.5 else f"line {rng.randrange(40)}",
        "sample_attribute[lot]": f"LOT-{rng.randrange(500)}",
    }


def _plain_sample(i: int, rng: random.Random, count: int) -> Row:
    """Ten attributes and no description, which would need XML."""
    return {**_sample(i, rng, count), "sample_description": None}


def _experiment(i: int, rng: random.Random, count: int) -> Row:
    strategy, source, selection = rng.choice(LIBRARIES)
    paired = rng.random() < 0.5
    return {
        "alias": f"experiment{i}",
        "title": f"Experiment number {i}",
        "study_alias": f"study{rng.randrange(count)}",
        "sample_alias": f"sample{rng.randrange(count)}",
        "design_description": f"Plan {rng.randrange(100)}",
        "library_name": f"library {i}",
        "library_strategy": strategy,
        "library_source": source,
        "library_selection": selection,
        "library_layout": "PAIRED" if paired else "SINGLE",
        "insert_size": rng.randrange(200, 600) if paired else None,
        "library_construction_protocol": f"protocol {rng.randrange(20)}",
        "platform": "ILLUMINA",
        "instrument_model": rng.choice(("Illumina MiSeq", "Illumina NovaSeq 6000", "NextSeq 500")),
    }


def _run(i: int, rng: random.Random, count: int) -> Row:
    return {
        "alias": f"run{i}",
        "experiment_alias": f"experiment{rng.randrange(count)}",
        "file_name": f"reads{i}.fastq.gz",
        "file_type": "fastq",
        "file_checksum": f"{rng.getrandbits(128):032x}",
    }


TABLES: dict[str, Callable[[int, random.Random, int], Row]] = {
    "study": _study,
    "sample": _sample,
    "plain-sample": _plain_sample,
    "experiment": _experiment,
    "run": _run,
}


def write(path: Path, name: str, count: int) -> None:
    """Write one of the kinds of ``TABLES`` as TSV with ``count`` rows; every alias it names is in the table of the same count."""
    rng = random.Random(name)
    made = [TABLES[name](i, rng, count) for i in range(count)]
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.DictWriter(stream, list(made[0]), delimiter="\t", lineterminator="\n")
        out.writeheader()
        out.writerows(made)
