"""What ENA has against records as a whole: files that don't go with their type, their library or each other, and late dates.

From the archive's documentation and its users' reports: fastq is compressed, a run has two fastq files at most unless their
read types are given, and nothing stays private for more than two years. What is held, released or cancelled is named by its
accession.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from workbook_compiler.model.codes import fits
from workbook_compiler.model.diagnostics import Diagnostic
from workbook_compiler.model.records import Record, key_of
from workbook_compiler.model.schema import Schema
from workbook_compiler.portals.ena_json import ORDERS

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "fastq": (".fastq.gz", ".fq.gz", ".fastq.bz2", ".fq.bz2"),
    "bam": (".bam",),
    "cram": (".cram",),
    "sff": (".sff",),
    "srf": (".srf",),
}
"""How files of a type are called; of others nothing is known."""
MOST_FASTQ = 2
YEARS = 2


def check(records: Sequence[Record], schema: Schema, today: date | None = None) -> Iterator[Diagnostic]:
    """Yield what is wrong with records of a submission; ``today`` is the day it would be sent."""
    layouts = {
        str(record.identifier): str(record.values.get("library_layout", ""))
        for record in records
        if schema.is_a(record.type, "experiment")
    }
    latest = _in_two_years(today or date.today())
    for record in records:
        yield from _names(record)
        if schema.is_a(record.type, "run"):
            yield from _counts(record, layouts.get(key_of(str(record.values.get("experiment", ""))), ""))
        yield from _date(record, latest)
        yield from _action(record)


def _files(record: Record) -> list[tuple[int, Mapping[str, Any]]]:
    listed = record.values.get("files")
    return [(n, one) for n, one in enumerate(listed if isinstance(listed, list) else ()) if isinstance(one, dict)]


def _names(record: Record) -> Iterator[Diagnostic]:
    for number, file in _files(record):
        kind, name = str(file.get("file_type", "")), str(file.get("file_name", ""))
        endings = ENDINGS.get(kind)
        if endings and name and not name.lower().endswith(endings):
            at = record.origin.place(("files", number, "file_name")) or record.location
            context = {"type": kind, "endings": " or ".join(endings[:2])}
            yield Diagnostic(fits.FIT02, at, "files.file_name", name, context)


def _counts(record: Record, layout: str) -> Iterator[Diagnostic]:
    fastq = [(n, file) for n, file in _files(record) if file.get("file_type") == "fastq"]
    told = all(file.get("read_type") for _, file in fastq)
    most = MOST_FASTQ if layout != "SINGLE" else 1
    if len(fastq) <= most or told:
        return
    at = record.origin.place(("files", fastq[most][0], "file_name")) or record.location
    advice = "Say in files.read_type what each file holds." if layout != "SINGLE" else None
    context = {"count": len(fastq), "layout": layout or "PAIRED", **({"advice": advice} if advice else {})}
    yield Diagnostic(fits.FIT03, at, "files.file_name", str(fastq[most][1].get("file_name", "")), context)


def _date(record: Record, latest: date) -> Iterator[Diagnostic]:
    value = str(record.values.get("release_date", ""))
    if value > latest.isoformat():  # dates in this form sort as they follow
        at = record.origin.place(("release_date",)) or record.location
        yield Diagnostic(fits.FIT04, at, "release_date", value, {"latest": latest.isoformat()})


def _action(record: Record) -> Iterator[Diagnostic]:
    """A journal may know the accession, and isn't asked here; who sends tells what nobody knows as an error."""
    value = str(record.values.get("action", ""))
    if value in ORDERS and not record.values.get("accession"):
        at = record.origin.place(("action",)) or record.location
        yield Diagnostic(fits.FIT05, at, "action", value)


def _in_two_years(today: date) -> date:
    try:
        return today.replace(year=today.year + YEARS)
    except ValueError:  # the 29th of February
        return today.replace(year=today.year + YEARS, day=28)
