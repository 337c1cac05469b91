"""Records of a commons as rows again, on the command line and in Python; and answers of its query service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from commons import Commons, commons
from gen3_witness import (
    dictionary_folder,
    served_dictionary,
    witnesses,  # noqa: F401
)
from test_cli import wbc as run_wbc
from test_gen3_submit import PROJECT, chain, registered
from told import assert_told
from typed_books import typed_book

import workbook_compiler
from workbook_compiler import api
from workbook_compiler.model.schema import Schema


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def wbc(*words: str, cwd: Path) -> Done:
    """Run the program in a folder that is its user's home."""
    done = run_wbc(cwd, *words, HOME=str(cwd))
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


NODES = ("experiment", "case", "sample", "aliquot")


@pytest.fixture(scope="module")
def schema(gen3_environment: Path) -> Schema:
    return api.load_schema("gen3", dictionary_folder())


@pytest.fixture
def gen3(gen3_environment: Path, tmp_path: Path) -> Iterator[Commons]:
    """A commons with an empty project, its dictionary pulled; the key lies where its users keep it."""
    with commons(served_dictionary()) as server:
        (tmp_path / ".gen3").mkdir()
        server.credentials(tmp_path / ".gen3" / "credentials.json").chmod(0o600)
        assert wbc("schemas", "pull", "--portal", "gen3", cwd=tmp_path).code == 0
        yield registered(server)


@pytest.fixture
def filled(gen3: Commons, schema: Schema, tmp_path: Path) -> Path:
    """A workbook that is in the commons."""
    sheets = chain(schema, 3, NODES)
    sheets["sample"][0] |= {"days_to_collection": 0, "longest_dimension": "NA", "is_ffpe": False}
    book = tmp_path / "filled.xlsx"
    book.write_bytes(typed_book(sheets))
    done = wbc("submit", "filled.xlsx", "--portal", "gen3", "--yes", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "created    12" in done.out
    return book


def test_an_export_is_edited_and_goes_back(filled: Path, gen3: Commons, tmp_path: Path) -> None:
    """By node: every value, link and zero is there; unedited it sends nothing, edited one change."""
    assert (
        wbc("export", "--portal", "gen3", "--type", "sample", "--type", "case", "-o", "ours.xlsx", cwd=tmp_path).code
        == 0
    )
    again = wbc("submit", "ours.xlsx", "--yes", cwd=tmp_path)
    assert (again.code, "unchanged  6" in again.out) == (0, True)
    book = openpyxl.load_workbook(tmp_path / "ours.xlsx")
    sheet = book["sample"]
    header = {str(cell.value).lstrip("*"): cell.column for cell in sheet[1]}
    row = next(n for n in range(5, 8) if sheet.cell(n, header["longest_dimension"]).value == "NA")
    assert sheet.cell(row, header["days_to_collection"]).value == 0
    assert sheet.cell(row, header["is_ffpe"]).value is False
    sheet.cell(row, header["days_to_collection"]).value = 3
    book.save(tmp_path / "edited.xlsx")
    planned = wbc("plan", "edited.xlsx", cwd=tmp_path)
    assert "days_to_collection: 0 → 3" in planned.out
    assert wbc("submit", "edited.xlsx", "--yes", cwd=tmp_path).code == 0
    name = str(sheet.cell(row, header["submitter_id"]).value)
    assert gen3.store.records(PROJECT)["sample", name].properties["days_to_collection"] == 3


def test_a_cell_that_was_emptied_is_told(filled: Path, tmp_path: Path) -> None:
    """Nothing is removed by an empty cell, and a note says how it would be."""
    assert wbc("export", "--portal", "gen3", "--type", "sample", "-o", "ours.xlsx", cwd=tmp_path).code == 0
    book = openpyxl.load_workbook(tmp_path / "ours.xlsx")
    sheet = book["sample"]
    column = next(cell.column for cell in sheet[1] if cell.value == "longest_dimension")
    row = next(n for n in range(5, 8) if sheet.cell(n, column).value == "NA")
    sheet.cell(row, column).value = None
    book.save(tmp_path / "ours.xlsx")
    planned = wbc("plan", "ours.xlsx", cwd=tmp_path)
    assert planned.code == 0
    assert_told(planned.err, "POR20")
    sheet.cell(row, column).value = "*delete*"
    book.save(tmp_path / "ours.xlsx")
    checked = wbc("check", "ours.xlsx", cwd=tmp_path)
    assert "DEL01" not in checked.out
    assert "longest_dimension: NA → nothing" in wbc("plan", "ours.xlsx", cwd=tmp_path).out


def test_what_somebody_else_changed_meanwhile_is_a_conflict(filled: Path, gen3: Commons, tmp_path: Path) -> None:
    """A value that was edited here and there since the export isn't overwritten; one that was edited there alone stays."""
    assert wbc("export", "--portal", "gen3", "--type", "sample", "-o", "ours.xlsx", cwd=tmp_path).code == 0
    book = openpyxl.load_workbook(tmp_path / "ours.xlsx")
    sheet = book["sample"]
    header = {str(cell.value).lstrip("*"): cell.column for cell in sheet[1]}
    row = next(n for n in range(5, 8) if sheet.cell(n, header["longest_dimension"]).value == "NA")
    sheet.cell(row, header["longest_dimension"]).value = "mine"
    book.save(tmp_path / "ours.xlsx")
    record = gen3.store.records(PROJECT)["sample", str(sheet.cell(row, header["submitter_id"]).value)]
    record.properties.update({"longest_dimension": "theirs", "days_to_collection": 9})
    planned = wbc("plan", "ours.xlsx", cwd=tmp_path)
    assert planned.code == 1
    assert "POR04" in planned.err
    assert "POR14" in planned.err


def test_some_records_by_name_and_number(filled: Path, gen3: Commons, tmp_path: Path) -> None:
    """By what the lab calls them, or by what the commons does; one that isn't there is told."""
    number = gen3.store.records(PROJECT)["aliquot", "aliquot-2"].id
    ids = ("--id", "sample-1", "--id", number, "--id", "nope")
    done = wbc("export", "--portal", "gen3", *ids, "-o", "some.xlsx", cwd=tmp_path)
    assert done.code == 0
    assert "nope" in done.err
    book = openpyxl.load_workbook(tmp_path / "some.xlsx", read_only=True)
    found = {
        name: [row[1] for row in book[name].iter_rows(min_row=5, values_only=True)] for name in ("sample", "aliquot")
    }
    assert found == {"sample": ["sample-1"], "aliquot": ["aliquot-2"]}


def test_a_query_as_json_and_as_csv(filled: Path, tmp_path: Path) -> None:
    """The answer as it is; as CSV where it is one table, with what lies inside a row as JSON; NA stays NA."""
    query = "{ sample(first: 0) { submitter_id longest_dimension days_to_collection cases { submitter_id } } }"
    export = ("export", "--portal", "gen3", "--graphql")
    assert wbc(*export, query, "-o", "found.json", cwd=tmp_path).code == 0
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))["sample"]
    assert {one["longest_dimension"] for one in found} == {"NA", None}
    (tmp_path / "query.graphql").write_text(query, encoding="utf-8")
    assert wbc(*export, "query.graphql", "-o", "found.csv", cwd=tmp_path).code == 0
    header, *lines = (tmp_path / "found.csv").read_text("utf-8").splitlines()
    assert header == "submitter_id,longest_dimension,days_to_collection,cases"
    assert any(line.startswith("sample-") and ",NA,0," in line for line in lines)
    assert wbc(*export, query, "-o", "found.csv", cwd=tmp_path).code == 2  # it is there already
    assert wbc(*export, "{ nosuch { id } }", "-o", "wrong.json", cwd=tmp_path).code == 3
    assert wbc(*export, "{ sample { id } case { id } }", "-o", "two.csv", cwd=tmp_path).code == 2
    assert json.loads(wbc(*export, "{ sample { id } }", "-o", "-", cwd=tmp_path).out)["sample"]


def test_the_same_in_python(gen3: Commons, schema: Schema, tmp_path: Path) -> None:
    """``submit`` sends a plan to the commons of a key; a dry run and a second one store nothing more."""
    book = tmp_path / "book.xlsx"
    book.write_bytes(typed_book(chain(schema, 2, NODES)))
    plan = workbook_compiler.compile(book, schema).plan
    assert plan is not None
    key = tmp_path / ".gen3" / "credentials.json"
    done = workbook_compiler.submit(plan, key=key, book=book, project=PROJECT)
    assert done.ok
    assert {one.state.value for one in done.outcomes} == {"created"}
    again = workbook_compiler.submit(plan, key=key, book=book)
    assert {one.state.value for one in again.outcomes} == {"unchanged"}


def test_receipts_tell_what_the_commons_calls_each_record(filled: Path, gen3: Commons, tmp_path: Path) -> None:
    """The copy beside the workbook has the numbers behind the rows, and sent again it is nothing new."""
    book = openpyxl.load_workbook(tmp_path / "filled.receipt.xlsx")
    sheet = book["case"]
    header = {str(cell.value): cell.column for cell in sheet[1]}
    numbers = {sheet.cell(n, 2).value: sheet.cell(n, header["#uuid"]).value for n in range(5, 8)}
    assert numbers == {
        name: record.id for (node, name), record in gen3.store.records(PROJECT).items() if node == "case"
    }
    done = wbc("submit", "filled.receipt.xlsx", "--portal", "gen3", "--yes", cwd=tmp_path)
    assert "unchanged  12" in done.out


def test_a_renamed_row_is_asked_about(filled: Path, gen3: Commons, tmp_path: Path) -> None:
    """A row whose number belongs to a record of another name isn't sent as a second one."""
    book = openpyxl.load_workbook(tmp_path / "filled.receipt.xlsx")
    book["aliquot"].cell(5, 2).value = "another-name"
    book.save(tmp_path / "renamed.xlsx")
    planned = wbc("plan", "renamed.xlsx", "--portal", "gen3", cwd=tmp_path)
    assert (planned.code, "POR12" in planned.err) == (1, True)


def test_a_file_is_asked_for_by_its_drs_id(tmp_path: Path) -> None:
    """A commons keeps files elsewhere: by its own number alone a file isn't found, and the way that works is told."""
    done = wbc("download", "14566215-684d-40f6-845f-6a8bc3a93014", "--portal", "gen3", cwd=tmp_path)
    assert (done.code, "drs://" in done.err) == (2, True)
