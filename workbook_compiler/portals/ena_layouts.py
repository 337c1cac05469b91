"""The tables ENA's users have already: ELIXIR's workbooks, which ena-upload-cli reads, and the sample spreadsheets of Webin.

Each column keeps its place and gets our name; what has no place here is told once for a column, never left out in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbook_compiler.model.codes import structure
from workbook_compiler.model.diagnostics import Diagnostic, Location, column_letter
from workbook_compiler.model.portal import Foreign
from workbook_compiler.model.schema import EntityType, Schema
from workbook_compiler.portals.ena_schema import CHECKLIST, unit_column

Row = Sequence[Any]

ELIXIR, WEBIN = "ELIXIR's ENA tables (ena-upload-cli)", "Webin's sample spreadsheets"

TYPES = {"study": "project", "sample": "sample", "experiment": "experiment", "run": "run"}
"""What ELIXIR's tables hold."""
_NAME = re.compile(r"(?:ENA_)?(study|sample|experiment|run)(?:_(ERC\d{6}))?", re.IGNORECASE)
_ADVICE = re.compile(r"\((mandatory|recommended|optional)\)", re.IGNORECASE)
_ERC = re.compile(r"ERC\d{6}", re.IGNORECASE)
_MARKS: Mapping[str, frozenset[str]] = {
    "study": frozenset("study_abstract study_type new_study_type center_project_name".split()),
    "sample": frozenset(("sample_description", "status")),
    "experiment": frozenset(("study_alias", "sample_alias")),
    "run": frozenset(("experiment_alias", "file_name", "file_format", "file_checksum")),
}
"""Columns of each table that the house layout has under other names: with ``alias``, one of them tells the layout."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "study": {"study_abstract": "description", "status": "action"},
    "sample": {"sample_description": "description", "status": "action"},
    "experiment": {"study_alias": "study", "sample_alias": "sample", "status": "action"},
    "run": {
        "experiment_alias": "experiment",
        "file_name": "files.file_name",
        "file_format": "files.file_type",
        "file_type": "files.file_type",
        "file_checksum": "files.checksum",
        "read_type": "files.read_type",
        "status": "action",
    },
    "webin": {
        "tax_id": "taxon_id",
        "sample_alias": "alias",
        "sample_title": "title",
        "sample_description": "description",
    },
}
"""Columns under our names, for each table; others have the same name here."""
_BOOKKEEPING = {"submission_date", "submission_id"}
UNCARRIED: Mapping[str, frozenset[str]] = {
    "study": frozenset({"study_type", "new_study_type", "center_project_name", "pubmed_id", *_BOOKKEEPING}),
    "sample": frozenset(_BOOKKEEPING),
    "experiment": frozenset(_BOOKKEEPING),
    "run": frozenset({"read_label", *_BOOKKEEPING}),
    "webin": frozenset(),
}
"""Columns that have no place in what is sent."""
_OWN = re.compile(r"sample_attribute\[(.+)\]", re.IGNORECASE)
_STATUS = {word.casefold(): word for word in ("ADD", "MODIFY", "HOLD", "RELEASE", "CANCEL")}
_TO_BE_FILLED = {"update_by_ena": ""}
"""Stands in ena-upload-cli's examples where ENA's number will be."""


def foreign(name: str, rows: Sequence[Row], at: Location, schema: Schema) -> Foreign | None:
    """Return how a sheet of one of these layouts is read; None for any other sheet."""
    first = [_text(cell) for cell in rows[0][:2]] if rows else []
    mark = first[0].casefold() if first else ""
    if mark == "filetype" and len(first) > 1:
        return Foreign(said=(Diagnostic(structure.SHT05, at, context={"layout": "Webin reads"}),))
    if mark in ("checklist", "#checklist_accession") and _ERC.match(first[-1]):
        return _webin(rows, at, schema, first[-1][:9].upper())
    return _elixir(name, rows, at, schema)


def _text(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _elixir(name: str, rows: Sequence[Row], at: Location, schema: Schema) -> Foreign | None:
    heads = [_text(cell).casefold() for cell in rows[0]] if rows else []
    table, accession = _table(name, heads)
    advised = len(rows) > 1 and any(_ADVICE.match(_text(cell)) for cell in rows[1])
    if not table or "alias" not in heads or not (advised or _is_marked(table, heads)):
        return None
    type_name = _type(TYPES[table], accession, schema)
    if type_name is None:
        return _without_checklist(at, accession)
    first = 2 if advised else 1
    words = {n: word for n, head in enumerate(heads) for word in _words(head)}
    own = [(n, found[1]) for n, cell in enumerate(rows[0]) if (found := _OWN.fullmatch(_text(cell)))]
    headers = {**_headers(table, heads), **{n: _member("attributes.value", k) for k, (n, _) in enumerate(own)}}
    beside = {n: (_member("attributes.tag", k), tag) for k, (n, tag) in enumerate(own)}
    told = [
        Diagnostic(structure.SHT06, at, context={"layout": ELIXIR, "type": type_name}),
        *_uncarried(table, rows, first, at),
        *_statuses(rows, first, [n for n, head in enumerate(heads) if head == "status"], at),
    ]
    return Foreign(type_name, 0, first, headers, beside, words, "files" if table == "run" else "", tuple(told))


def _table(name: str, heads: Sequence[str]) -> tuple[str, str]:
    """Which table it is, and the checklist in its name: by the name, or by the columns of a file with a name of its own."""
    named = _NAME.fullmatch(name.strip())
    if named:
        return named[1].casefold(), (named[2] or "").upper()
    present = set(heads)
    by_columns = (table for table in ("experiment", "run", "study") if len(_MARKS[table] & present) > 1)
    is_sample = "sample_description" in present and {"taxon_id", "scientific_name"} & present
    return next(by_columns, "sample" if is_sample else ""), ""


def _is_marked(table: str, heads: Sequence[str]) -> bool:
    return bool(_MARKS[table] & set(heads)) or any(map(_OWN.fullmatch, heads)) or table == "study"


def _type(name: str, accession: str, schema: Schema) -> str | None:
    """The type of a table; of samples the one whose checklist is named."""
    if name != "sample" or not accession:
        return name
    return next((one for one in schema.concrete("sample") if accession in _checklists(schema.types[one])), None)


def _checklists(sample: EntityType) -> Sequence[Any]:
    return sample.properties[CHECKLIST].choices if CHECKLIST in sample.properties else ()


def _without_checklist(at: Location, accession: str) -> Foreign:
    return Foreign(said=(Diagnostic(structure.SHT07, at, value=accession),))


def _member(header: str, number: int) -> str:
    return f"{header}-{number}" if number else header


def _headers(table: str, heads: Sequence[str]) -> dict[int, str]:
    """Our names of the columns, a private one for what isn't carried over."""
    names, uncarried = NAMES[table], UNCARRIED[table]
    ours = {n: names[head] for n, head in enumerate(heads) if head in names}
    return {**ours, **{n: f"#{head}" for n, head in enumerate(heads) if head in uncarried}}


def _words(head: str) -> Iterator[Mapping[str, str]]:
    if head == "status":
        yield _STATUS
    elif head == "accession":
        yield _TO_BE_FILLED


def _filled(rows: Sequence[Row], first: int, column: int) -> Iterator[tuple[int, str]]:
    """Yield the rows that are no comments and have something in a column."""
    for n in range(first, len(rows)):
        row = rows[n]
        word = str(row[column]).strip() if column < len(row) and row[column] is not None else ""
        if word and not _text(row[0]).startswith("#"):
            yield n, word


def _cell(at: Location, row: int, column: int) -> Location:
    return at._replace(row=row + 1, column=column_letter(column))


def _uncarried(table: str, rows: Sequence[Row], first: int, at: Location) -> Iterator[Diagnostic]:
    for n, cell in enumerate(rows[0]):
        name = _text(cell)
        filled = [row for row, _ in _filled(rows, first, n)] if name.casefold() in UNCARRIED[table] else []
        if filled:
            related = tuple(_cell(at, row, n) for row in filled)
            yield Diagnostic(structure.HDR07, _cell(at, 0, n), value=name, related=related)


def _statuses(rows: Sequence[Row], first: int, columns: Sequence[int], at: Location) -> Iterator[Diagnostic]:
    for n in columns:
        for row, word in _filled(rows, first, n):
            if word.casefold() not in _STATUS:
                yield Diagnostic(structure.ROW03, _cell(at, row, n), "action", word)


def _webin(rows: Sequence[Row], at: Location, schema: Schema, accession: str) -> Foreign:
    """Webin's samples: the checklist, names, units, then a row for each sample; older files have lines with # between."""
    type_name = _type("sample", accession, schema)
    if type_name is None:
        return _without_checklist(at, accession)
    header = next((n for n, row in enumerate(rows) if n and row and (text := _text(row[0])) and text[0] != "#"), None)
    if header is None:
        return Foreign(said=(Diagnostic(structure.SHT04, at),))
    heads = [_text(cell) for cell in rows[header]]
    headers = _headers("webin", [head.casefold() for head in heads])
    units = next((n for n in range(header + 1, len(rows)) if rows[n] and _text(rows[n][0]).casefold() == "#units"), 0)
    names = [headers.get(n, head) for n, head in enumerate(heads)]
    beside, told = _units(names, rows[units] if units else (), _cell(at, units, 0), schema.types[type_name])
    read = Diagnostic(structure.SHT06, at, context={"layout": WEBIN, "type": type_name})
    return Foreign(type_name, header, header + 1, headers, beside, said=(read, *told))


def _units(
    names: Sequence[str], line: Row, at: Location, sample: EntityType
) -> tuple[dict[int, tuple[str, str]], list[Diagnostic]]:
    """What the line of units says: the unit of each field that may have several; a unit that a field can't have is told."""
    beside: dict[int, tuple[str, str]] = {}
    told = []
    for n, (name, cell) in enumerate(zip(names, line, strict=False)):
        unit, prop = _text(cell), sample.properties.get(name)
        if prop is None or not unit or unit.startswith("#"):
            continue
        possible = prop.units or prop.leaf.units
        if unit not in possible:
            context = {"units": ", ".join(possible) or "none"}
            place = at._replace(column=column_letter(n))
            told.append(Diagnostic(structure.HDR08, place, name, unit, context, possible[:3]))
        if possible and unit_column(name) in sample.properties:
            # a wrong one stops the submission already; rows that lack it then would be the same mistake once more
            beside[n] = unit_column(name), unit if unit in possible else possible[0]
    return beside, told
