"""Every awkward workbook of ``tests/cases`` gives exactly the findings and records that its file says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cases_format
import pytest
from cases_format import Case

from workbook_compiler import api
from workbook_compiler.model.codes import CATALOGUE
from workbook_compiler.model.diagnostics import Location, column_index
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.coerce import lists
from workbook_compiler.pipeline.coerce.reading import OUTER
from workbook_compiler.pipeline.read import read

FOLDER = Path(__file__).parent / "cases"
FILES = sorted(FOLDER.glob("*.md"))
CASES = [(file.stem, case) for file in FILES for case in cases_format.cases(file.read_text(encoding="utf-8"))]

NOT_A_TABLE = {
    "FIL01": "a file no table can be read from: test_awkward_files.py",
    "FIL02": "an old or locked file: test_awkward_files.py",
    "FIL03": "a file with another ending: test_awkward_files.py",
    "FIL04": "a file that unpacks to too much: test_awkward_files.py",
    "FIL05": "a text file in an older alphabet: test_awkward_files.py",
    "POR01": "a link that the portal doesn't know either: test_compare.py",
    "POR02": "a link to another kind of record there: test_compare.py",
    "POR03": "an identifier of another kind of record there: test_compare.py",
    "POR04": "a value that changed on the portal: test_compare.py",
    "POR05": "a value the portal refuses: live/test_refusals.py",
    "POR06": "a value the portal misses: live/test_refusals.py",
    "POR07": "a name that is taken there: live/test_refusals.py",
    "POR08": "what only its staff may do: live/test_refusals.py",
    "POR09": "a row it refuses as a whole: test_outcomes.py",
    "POR10": "rows that wait for a refused one: live/test_submit.py",
    "POR11": "no clear answer: live/test_submit.py",
    "POR12": "a row that was another record before: live/test_care.py",
    "POR15": "words of an archive about no row: test_ena_submit.py",
    "POR14": "what a curator corrected: live/test_care.py",
    "POR13": "a row without a name that says something else now: live/test_submit_more.py",
    "SHT06": "a sheet in another tool's layout: test_ena_layouts.py",
    "SHT07": "a sheet of another checklist: test_ena_layouts.py",
    "HDR07": "a column of another tool: test_ena_layouts.py",
    "HDR08": "a unit in another tool's sheet: test_ena_layouts.py",
    "ROW03": "a status in another tool's sheet: test_ena_layouts.py",
    "POR21": "two rows of one record: test_compare.py",
    "REG01": "a change of no record: test_register.py",
    "REG02": "a row without an alias: test_register.py",
    "REG03": "an alias with the lab in front: test_register.py",
    "REG04": "a property that has to stay: test_register.py",
    "REG05": "a record the portal hasn't got: live/test_register.py",
    "REG06": "JSON that can't be read: test_register_files.py",
    "REG07": "a value that isn't what belongs there: test_register_files.py",
    "REG08": "an empty value in JSON: test_register_files.py",
    "REG09": "two rows of one record: test_register_files.py",
    "REG10": "a record named without --patch: test_register_files.py",
    "REG11": "quotation marks that go along: test_register_files.py",
    "REG12": "several sheets that could be meant: test_register_files.py",
    "REG13": "a sheet that is left out: test_register_files.py",
    "REG14": "a row that changes nothing: test_register_files.py",
    "REG15": "a file in a store: test_register_files.py",
    "FIT01": "an instrument of another platform: test_ena.py",
    "FIT02": "a file whose name doesn't go with its type: test_ena.py",
    "FIT03": "two files of a single-read library: test_ena.py",
    "FIT04": "a release date in the far future: test_ena.py",
    "FIT05": "an action without an accession: test_ena_actions.py",
    "FIT06": "a number that is no organism: test_taxonomy.py",
    "FIT07": "a taxon that samples can't be of: test_taxonomy.py",
    "FIT08": "the name of another organism: test_taxonomy.py",
    "FLE01": "a file beside the workbook that isn't there: test_attachments.py",
    "FLE02": "an empty file beside the workbook: test_attachments.py",
    "FLE03": "a file that was cut off: test_attachments.py",
    "FLE04": "one content in two files: test_attachments.py",
    "FLE05": "a picture that is none: test_attachments.py",
    "FLE06": "a file too large to attach: test_attachments.py",
    "FLE07": "a checksum of another file: test_attachments.py",
    "FLE08": "a file that can't be read: test_attachments.py",
    "FIT09": "a link that only one row may have: test_gen3_faults.py",
    "POR16": "a link of a record that can't be moved: test_gen3_submit.py",
    "POR17": "a commons that stores something else: test_gen3_submit.py",
    "POR18": "a row of another project: test_gen3_submit.py",
    "DEL03": "a list that is removed and filled in: test_gen3_schema.py",
    "POR19": "links that a row doesn't name any more: test_gen3_submit.py",
    "POR20": "a cell that was emptied since its export: test_gen3_export.py",
    "SHT08": "a table of rows of several nodes: test_gen3_layouts.py",
    "REF09": "a link by a number that a commons gave: test_gen3_layouts.py",
}
"""Codes that no table can cause, with where they are proved."""


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case.sentence}" for file, case in CASES])
def test_a_workbook_gives_exactly_what_its_case_says(file: str, case: Case, tmp_path: Path, schema: Schema) -> None:
    """A workbook gives the findings its case expects, no more and no fewer, and the records it expects."""
    result = api.compile(cases_format.write(case.sheets, tmp_path), schema)
    found = sorted((d.code.id, place(d.location)) for d in result.diagnostics)
    assert found == sorted((row["code"], row["cell"]) for row in case.expect)
    for row in case.expect:
        near = [d for d in result.diagnostics if (d.code.id, place(d.location)) == (row["code"], row["cell"])]
        agree(row.get("suggestions", ""), [d.suggestions for d in near])
        agree(row.get("related", ""), [map(place, d.related) for d in near])
    assert (result.plan is None) == any(CATALOGUE[row["code"]].severity == "error" for row in case.expect)
    if case.records is not None:
        assert [as_json(record.values) for record in result.records] == [as_json(values) for values in case.records]


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case.sentence}" for file, case in CASES])
def test_a_suggestion_can_stand_where_the_wrong_value_stands(
    file: str, case: Case, tmp_path: Path, schema: Schema
) -> None:
    """What a suggestion is to replace is the text of its cell or one item of it, so that it can be put in its place."""
    paths = cases_format.write(case.sheets, tmp_path)
    books = {path.name: {sheet.name: sheet.rows for sheet in read(path, path.name).value.sheets} for path in paths}
    for found in api.compile(paths, schema).diagnostics:
        if found.suggestions:
            at, value = found.location, found.value
            assert value is not None, found
            cell = (
                at.sheet
                if at.row is None
                else books[at.file][at.sheet or ""][at.row - 1][column_index(at.column or "")]
            )
            assert not isinstance(cell, str) or value in parts_of(cell), found


def parts_of(cell: str) -> set[str]:
    """Return what of a cell may be replaced: the whole without its outer spaces and star, its items, texts inside JSON."""
    whole = cell.strip(OUTER)
    items = lists.split(whole, ",")
    listed = [str(item).strip(OUTER) for item in items] if isinstance(items, list) else []
    inside = re.findall(r'"([^"]*)"', whole) if whole[:1] in ("{", "[") else []
    return {whole, whole.removeprefix("*").strip(OUTER), *listed, *inside}


def agree(expected: str, found: list[Iterable[str]]) -> None:
    """Demand that one finding has the values the table names: `` · `` stands between them, ``-`` for none, ``…`` for more."""
    wanted = [] if expected == "-" else expected.split(" · ")
    if wanted[-1:] == ["…"]:
        assert wanted[:-1] in [list(values)[: len(wanted) - 1] for values in found]
    elif expected:
        assert wanted in [list(values) for values in found]


def as_json(values: Mapping[str, Any]) -> str:
    """Return a body as text in which 1, 1.0 and true differ."""
    return json.dumps(values, sort_keys=True)


def place(location: Location) -> str:
    """Return a place as the tables write it: ``Biosample!C5``, ``Biosample``, or ``file``."""
    return "file" if location.sheet is None else str(location)


def test_every_code_of_the_catalogue_is_proved() -> None:
    """Every code has a file of its own whose cases expect it."""
    proved = {row["code"] for file, case in CASES for row in case.expect if row["code"].lower() == file}
    assert set(CATALOGUE) - set(NOT_A_TABLE) == proved


def test_a_code_that_no_table_can_cause_has_no_table() -> None:
    """An exemption that is no longer needed has to go."""
    assert not {code.lower() for code in NOT_A_TABLE} & {file.stem for file in FILES}
    assert set(NOT_A_TABLE) <= set(CATALOGUE)


@pytest.mark.parametrize("code", list(NOT_A_TABLE))
def test_a_code_that_no_table_can_cause_is_proved_where_it_says(code: str) -> None:
    """The test file that an exemption names expects the code by its id."""
    name = NOT_A_TABLE[code].rpartition(": ")[2]
    assert f'"{code}"' in (Path(__file__).parent / name).read_text(encoding="utf-8")
