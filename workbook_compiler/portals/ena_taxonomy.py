"""ENA's taxonomy: whether a sample's number is one, may be submitted, and goes with the name beside it.

``/ena/taxonomy/rest/tax-id/9606`` answers ``{"taxId": "9606", "scientificName": "Homo sapiens", "submittable": "true", …}``,
and for a number that is none with 404, or with words that aren't JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbook_compiler.model.codes import fits
from workbook_compiler.model.diagnostics import Code, Diagnostic
from workbook_compiler.model.portal import Lookup
from workbook_compiler.model.records import Record

LONGEST = 500
"""Characters of a name; the longest in the NCBI taxonomy has less than half."""


def _numbers(records: Sequence[Record]) -> list[str]:
    found = (str(record.values.get("taxon_id", "")) for record in records)
    return list(dict.fromkeys(number for number in found if number.isascii() and number.isdecimal()))


def _read(body: Any) -> tuple[str, bool] | None:
    """The scientific name, and whether samples may be of it."""
    name = body.get("scientificName") if isinstance(body, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST:
        return None
    return name, str(body.get("submittable", "true")).lower() != "false"


def _findings(records: Sequence[Record], answers: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for record in records:
        number, typed = str(record.values.get("taxon_id", "")), record.values.get("scientific_name")
        if number not in answers:
            continue
        taxon = _read(answers[number])
        if taxon is None:
            yield _at(record, "taxon_id", fits.FIT06, {})
        elif not taxon[1]:
            yield _at(record, "taxon_id", fits.FIT07, {"name": taxon[0]})
        elif isinstance(typed, str) and typed.strip() != taxon[0]:
            yield _at(record, "scientific_name", fits.FIT08, {"number": number, "name": taxon[0]}, taxon[0])


def _at(record: Record, field: str, code: Code, context: Mapping[str, Any], *suggestions: str) -> Diagnostic:
    at = record.origin.place((field,)) or record.location
    return Diagnostic(code, at, field, str(record.values.get(field, "")), context, suggestions)


TAXONOMY = Lookup(
    server="https://www.ebi.ac.uk",
    path="/ena/taxonomy/rest/tax-id/{}",
    keys=_numbers,
    means_something=lambda body: _read(body) is not None,
    findings=_findings,
)
