"""Every awkward workbook of ``tests/cases`` gives exactly the findings and records that its file says."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import cases_format
import pytest
from cases_format import Case
from told import FOLDER, assert_told, in_file

from workbook_compiler import api
from workbook_compiler.model.codes import CATALOGUE
from workbook_compiler.model.diagnostics import Diagnostic, Location, column_index
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.coerce import lists
from workbook_compiler.pipeline.coerce.reading import OUTER
from workbook_compiler.pipeline.read import read

FILES = sorted(FOLDER.glob("*.md"))
CASES = [(file.stem, case) for file in FILES for case in cases_format.cases(file.read_text(encoding="utf-8"))]

PROVED = {
    file.stem.upper(): found[1]
    for file in FILES
    if (found := re.search(r"Proved by `([\w/]+\.py)`\.", file.read_text("utf-8")))
}
"""Codes that no table can cause, with the tests that prove them: their files say so."""


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


def test_every_code_of_the_catalogue_has_a_file() -> None:
    """It is called after the code, and says in its title which one that is."""
    titles = {file.stem.upper(): file.read_text("utf-8").partition("\n")[0] for file in FILES}
    assert {code: titles.get(code) for code in CATALOGUE} == {c.id: f"# {c.id} {c.name}" for c in CATALOGUE.values()}


def test_every_code_of_the_catalogue_is_proved() -> None:
    """A code's file has cases that expect it, or names the test that proves what no table can cause; not both."""
    by_table = {code for code, _ in FIRST}
    assert not by_table & set(PROVED)
    assert set(CATALOGUE) == by_table | set(PROVED)


FIRST = [
    (code, case)
    for code, files in groupby(CASES, lambda pair: pair[0].upper())
    if (case := next((case for _, case in files if any(row["code"] == code for row in case.expect)), None))
]
"""Each code that a table can cause, with the first case that expects it."""


@pytest.mark.parametrize(("code", "case"), FIRST, ids=[code for code, _ in FIRST])
def test_a_code_is_told_as_its_file_shows(code: str, case: Case, tmp_path: Path, schema: Schema) -> None:
    """A person sees what the file shows beneath its title: the first finding of the first case."""
    found = api.compile(cases_format.write(case.sheets, tmp_path), schema).diagnostics
    first = next(row["cell"] for row in case.expect if row["code"] == code)
    assert_told([one for one in found if place(one.location) == first], code)


def test_a_finding_in_other_words_than_its_file_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One letter is enough."""
    monkeypatch.setattr("told.accepting", False)
    at = Location("book.xlsx", "IndividualHuman", 5, "C")
    found = Diagnostic(CATALOGUE["BOO01"], at, "protected_data", "maybe")
    assert_told([found], "BOO01")
    with pytest.raises(pytest.fail.Exception, match="“maybee” is neither"):
        assert_told([replace(found, value="maybee")], "BOO01")


@pytest.mark.parametrize(("code", "name"), PROVED.items(), ids=list(PROVED))
def test_a_code_that_no_table_can_cause_is_told_where_it_is_proved(code: str, name: str) -> None:
    """The test file that a code's file names compares what it got with what the file shows."""
    tree = ast.parse((Path(__file__).parent / name).read_text(encoding="utf-8"))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "assert_told"
    ]
    literal = {call.args[1].value for call in calls if isinstance(call.args[1], ast.Constant)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert code in literal or (code in texts and any(isinstance(call.args[1], ast.Name) for call in calls))
    assert in_file(FOLDER / f"{code.lower()}.md") is not None
