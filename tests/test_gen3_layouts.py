"""The tables Gen3's users have already: a commons' own templates and exports, with their links, numbers and suffixes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import GEN3
from told import assert_told

from workbook_compiler import api
from workbook_compiler.model.schema import Schema
from workbook_compiler.portals.gen3_records import render


@pytest.fixture(scope="module")
def gen3() -> Schema:
    return api.load_schema("gen3", GEN3)


def compiled(text: str, schema: Schema, folder: Path, name: str = "table.tsv") -> api.Result:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return api.compile(path, schema)


def found(result: api.Result) -> list[tuple[str, str]]:
    return [(d.code.id, "" if d.location.cell is None else d.location.cell) for d in result.diagnostics]


def sent(result: api.Result) -> list[object]:
    assert result.plan is not None, found(result)
    return [document for request in render(result.plan, result.schema) for document in request.body]


def test_a_template_of_a_commons_filled_in(gen3: Schema, tmp_path: Path) -> None:
    """The file is known by its column type, whatever it is called; stars, project_id and links are understood."""
    text = (
        "*type\tproject_id\t*submitter_id\t*participants.submitter_id\t*tissue\tdays_to_collection\tfrozen\n"
        "sample\tP1-GOLD\ts1\tp1\tskin, forearm\t-10\tTrue\n"
        "sample\t\ts2\tp1\tblood\t\tfalse\n"
    )
    result = compiled(text, gen3, tmp_path)
    assert found(result) == [("SHT06", ""), ("REF02", "D2")]
    assert sent(result) == [
        {
            "type": "sample",
            "submitter_id": "s1",
            "participants": {"submitter_id": "p1"},
            "tissue": "skin, forearm",
            "days_to_collection": -10,
            "frozen": True,
            "project_id": "P1-GOLD",
        },
        {
            "type": "sample",
            "submitter_id": "s2",
            "participants": {"submitter_id": "p1"},
            "tissue": "blood",
            "frozen": False,
        },
    ]


def test_an_export_comes_back(gen3: Schema, tmp_path: Path) -> None:
    """An export has the number of each record and of each target beside its name: the record's own is a receipt."""
    number = "14566215-684d-40f6-845f-6a8bc3a93014"
    text = (
        "type\tid\tproject_id\tsubmitter_id\ttissue\tparticipants.id\tparticipants.submitter_id\n"
        f"sample\t{number}\tP1-GOLD\ts1\tblood\t{number}\tp1\n"
    )
    result = compiled(text, gen3, tmp_path)
    assert found(result) == [("SHT06", ""), ("REF02", "G2")]
    assert result.records[0].stored == number
    assert "id" not in json.dumps(sent(result)[0]).replace("submitter_id", "").replace("project_id", "")


def test_numbered_columns_of_one_link(gen3: Schema, tmp_path: Path) -> None:
    """Targets in several columns with #1, #2 behind, or several in one cell: all of them are links, none is lost."""
    text = "type\tsubmitter_id\tsamples.submitter_id#1\tsamples.submitter_id#2\naliquot\ta1\ts1\ts2\naliquot\ta2\ts1,s2\t\n"
    ends = [{"submitter_id": "s1"}, {"submitter_id": "s2"}]
    assert [document["samples"] for document in sent(compiled(text, gen3, tmp_path))] == [ends, ends]  # type: ignore[index]


def test_a_wrong_target_in_a_numbered_column_is_told_at_its_cell(gen3: Schema, tmp_path: Path) -> None:
    """The second of two numbered columns has a cell of its own."""
    (tmp_path / "sample.tsv").write_text(
        "type\tsubmitter_id\tparticipants.submitter_id\ttissue\nsample\tsample-a\tp1\tblood\n", encoding="utf-8"
    )
    (tmp_path / "aliquot.tsv").write_text(
        "type\tsubmitter_id\tsamples.submitter_id#1\tsamples.submitter_id#2\naliquot\ta1\tsample-a\tsmaple-a\n",
        encoding="utf-8",
    )
    result = api.compile([tmp_path / "sample.tsv", tmp_path / "aliquot.tsv"], gen3)
    assert [str(d.location) for d in result.diagnostics if d.code.id == "REF01"] == ["aliquot!D2"]


def test_rows_of_another_node_are_told(gen3: Schema, tmp_path: Path) -> None:
    """One table holds one node; rows of another one are an error at their cell, told once for each."""
    text = "type\tsubmitter_id\tsamples.submitter_id\naliquot\ta1\ts1\nsample\ts1\t\nsample\ts2\t\n"
    result = compiled(text, gen3, tmp_path)
    assert_told(result.diagnostics, "SHT08")
    (told,) = [d for d in result.diagnostics if d.code.id == "SHT08"]
    assert (told.location.cell, told.value, [at.cell for at in told.related]) == ("A3", "sample", ["A4"])


def test_a_link_by_number_alone_is_told(gen3: Schema, tmp_path: Path) -> None:
    """A target's number without its name can't be checked here: an error at that cell, nothing is left out in silence."""
    text = "type\tsubmitter_id\ttissue\tparticipants.id\nsample\ts1\tblood\t14566215-684d-40f6-845f-6a8bc3a93014\n"
    result = compiled(text, gen3, tmp_path)
    assert ("REF09", "D2") in found(result)
    assert_told(result.diagnostics, "REF09")


def test_words_for_nothing_are_kept(gen3: Schema, tmp_path: Path) -> None:
    """NA, None, N/A and null in a text column are what somebody typed; an empty cell says nothing."""
    words = ["NA", "None", "N/A", "null", "nan", "NULL", ""]
    rows = "".join(f"participant\tp{n}\tst1\tmale\t{word}\n" for n, word in enumerate(words))
    result = compiled(f"type\tsubmitter_id\tstudies.submitter_id\tsex\tremark\n{rows}", gen3, tmp_path)
    assert [document.get("remark") for document in sent(result)] == [*words[:-1], None]  # type: ignore[attr-defined]


def test_words_for_nothing_in_a_number_column_are_told(gen3: Schema, tmp_path: Path) -> None:
    """NA in a column of numbers is neither sent nor dropped."""
    text = "type\tsubmitter_id\tparticipants.submitter_id\tday\nvisit\tv1\tp1\tNA\n"
    assert ("NUM01", "D2") in [(code, cell) for code, cell in found(compiled(text, gen3, tmp_path)) if code != "REF02"]


def test_a_csv_of_a_commons_has_hashes_between_targets(gen3: Schema, tmp_path: Path) -> None:
    """In its CSV several targets stand between #, in its TSV between commas."""
    text = "type,submitter_id,samples.submitter_id\naliquot,a1,s1#s2\naliquot,a2,s3\n"
    made = [document["samples"] for document in sent(compiled(text, gen3, tmp_path, "table.csv"))]  # type: ignore[index]
    assert made == [[{"submitter_id": "s1"}, {"submitter_id": "s2"}], [{"submitter_id": "s3"}]]


def test_a_table_of_an_unknown_node(gen3: Schema, tmp_path: Path) -> None:
    """The word in the column type is what is wrong, not the file's name."""
    result = compiled("type\tsubmitter_id\nsamples\ts1\n", gen3, tmp_path)
    (told,) = [d for d in result.diagnostics if d.code.id == "SHT01"]
    assert (told.location.cell, told.value, told.suggestions[:1]) == ("A2", "samples", ("sample",))


def test_a_header_that_lacks_its_end(gen3: Schema, tmp_path: Path) -> None:
    """A link's name without what its target is called by: the whole header is suggested."""
    result = compiled("submitter_id\tparticipant\ttissue\ns1\tp1\tblood\n", gen3, tmp_path, "sample.tsv")
    (told,) = [d for d in result.diagnostics if d.code.id == "HDR01"]
    assert told.suggestions[0] == "participants.submitter_id"
