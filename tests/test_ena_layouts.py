"""Tables that ENA's users have already are read as they are: ELIXIR's workbooks and files, and Webin's sample spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from conftest import ROOT
from told import assert_told

from workbook_compiler import api
from workbook_compiler.model.schema import Schema

FIXTURES = ROOT / "fixtures" / "ena"
SUMS = [f"{n:032x}" for n in range(9)]
COUNTRY = "geographic location (country and/or sea)"

Rows = Sequence[Sequence[str]]

STUDY = (
    ("alias", "status", "accession", "title", "study_type", "new_study_type", "study_abstract", "pubmed_id"),
    ("gut", "add", "update_by_ENA", "Gut microbiomes of twelve donors", "Metagenomics", "",
     "Stool samples, taken in 2026.", "123"),
)  # fmt: skip
SAMPLE = (
    ("alias", "title", "taxon_id", "sample_description", "collection date", COUNTRY, "sample_attribute[lot]",
     "sample_attribute[storage box]"),
    ("s1", "Stool 1", "408170", "As it came.", "2026-01-20", "Belgium", "L1", "B7"),
    ("s2", "Stool 2", "408170", "", "2026-01-21", "France", "", "B8"),
)  # fmt: skip
EXPERIMENT = (
    ("alias", "title", "study_alias", "sample_alias", "library_strategy", "library_source", "library_selection",
     "library_layout", "platform", "instrument_model"),
    ("lib", "Library 1", "gut", "s1", "WGS", "METAGENOMIC", "RANDOM", "PAIRED", "ILLUMINA", "Illumina MiSeq"),
)  # fmt: skip
RUN = (
    ("alias", "experiment_alias", "file_name", "file_type", "file_checksum", "read_type"),
    ("r1", "lib", "a_R1.fastq.gz", "fastq", SUMS[1], "paired"),
    ("r2", "lib", "b.fastq.gz", "fastq", SUMS[2], "single"),
    ("r1", "lib", "a_R2.fastq.gz", "fastq", SUMS[3], "paired"),
    ("r1", "", "a_I1.fastq.gz", "fastq", SUMS[4], "umi_barcode,cell_barcode"),
)
TABLES = {"study": STUDY, "sample": SAMPLE, "experiment": EXPERIMENT, "run": RUN}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return api.load_schema("ena", FIXTURES / "ERC000011.json")


@pytest.fixture(scope="module")
def units() -> Schema:
    return api.load_schema("ena", FIXTURES / "ERC000099.xml")


def text(folder: Path, name: str, rows: Rows, separator: str = "\t") -> Path:
    path = folder / name
    path.write_text("".join(separator.join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def texts(folder: Path) -> list[Path]:
    return [text(folder, f"{name}.tsv", rows) for name, rows in TABLES.items()]


def advice(rows: Rows) -> tuple[str, ...]:
    words = ("(Mandatory) What it is.", "(Optional) More.", "(Recommended) And more.")
    return tuple(words[n % 3] for n in range(len(rows[0])))


def book(folder: Path, prefix: str = "") -> Path:
    """ELIXIR's workbook: advice in row 2, hidden sheets of lists."""
    path = folder / "metadata_template_ERC000011.xlsx"
    with xlsxwriter.Workbook(str(path)) as out:
        for name, rows in TABLES.items():
            sheet = out.add_worksheet(prefix + name)
            for n, row in enumerate((rows[0], advice(rows), *rows[1:])):
                for column, cell in enumerate(row):
                    if cell:
                        sheet.write_string(n, column, cell)
            listed = out.add_worksheet(f"cv_{name}")
            listed.write_string(0, 0, "a word of a list")
            listed.hide()
    return path


def told(result: api.Result, *without: str) -> list[tuple[str, str]]:
    return [(d.code.id, str(d.location)) for d in result.diagnostics if d.code.id not in ("SHT06", *without)]


def bodies(result: api.Result, type_name: str) -> list[dict[str, Any]]:
    return [dict(record.values) for record in result.records if record.type == type_name]


# ---------------------------------------------------------------- ELIXIR's tables


@pytest.mark.parametrize("kind", ["tsv", "xlsx", "xlsx with ENA_ in front"])
def test_the_four_tables_compile_as_one_submission(kind: str, tmp_path: Path, schema: Schema) -> None:
    """As files or as a workbook: every column under our name, a run's files together, what has no place told once."""
    files = texts(tmp_path) if kind == "tsv" else [book(tmp_path, "ENA_" if "ENA_" in kind else "")]
    result = api.compile(files, schema)
    sheet = "ENA_study" if "ENA_" in kind else "study"
    assert told(result) == [("HDR07", f"{sheet}!E1"), ("HDR07", f"{sheet}!H1")]
    assert bodies(result, "project") == [
        {
            "alias": "gut",
            "action": "ADD",
            "title": "Gut microbiomes of twelve donors",
            "description": "Stool samples, taken in 2026.",
        }
    ]
    first, second = bodies(result, "sample")
    assert first["attributes"] == [{"tag": "lot", "value": "L1"}, {"tag": "storage box", "value": "B7"}]
    assert second["attributes"] == [{"tag": "storage box", "value": "B8"}]
    assert (first["description"], first["taxon_id"], first[COUNTRY]) == ("As it came.", "408170", "Belgium")
    assert [(e["study"], e["sample"]) for e in bodies(result, "experiment")] == [("gut", "s1")]
    names = [[(f["file_name"], f["checksum"], f["read_type"]) for f in run["files"]] for run in bodies(result, "run")]
    assert names == [
        [("a_R1.fastq.gz", SUMS[1], ["paired"]), ("a_R2.fastq.gz", SUMS[3], ["paired"]),
         ("a_I1.fastq.gz", SUMS[4], ["umi_barcode", "cell_barcode"])],
        [("b.fastq.gz", SUMS[2], ["single"])],
    ]  # fmt: skip


def test_every_value_keeps_its_own_cell(tmp_path: Path, schema: Schema) -> None:
    """In the plan a file of a later row is at that row, and an attribute's name at the cell that has its value."""
    result = api.compile(texts(tmp_path), schema)
    api.write_plan(result, tmp_path / "out")
    plan = json.loads((tmp_path / "out" / "plan.json").read_text(encoding="utf-8"))
    origins = {op["body"]["alias"]: op["origins"] for batch in plan["batches"] for op in batch["operations"]}
    files = {pointer: cell for pointer, cell in origins["r1"].items() if "file_name" in pointer}
    assert files == {
        f"/files/{n}/file_name": f"run.tsv#run!{cell}" for n, cell in enumerate(("C2", "C4", "C5"))
    }  # fmt: skip
    assert origins["r1"]["/files/2/read_type/1"] == "run.tsv#run!F5"
    assert origins["r1"]["/experiment"] == "run.tsv#run!B2"
    assert origins["s2"]["/attributes/0/tag"] == origins["s2"]["/attributes/0/value"] == "sample.tsv#sample!H3"
    for record in result.records:
        written = {f"{at.file}#{at}" for at in record.origin.locations().values()}
        assert written == set(origins[record.values["alias"]].values())


def test_a_file_is_recognised_by_its_columns_alone(tmp_path: Path, schema: Schema) -> None:
    """Its name may say anything."""
    files = [text(tmp_path, f"templates_of_{name}.tsv", rows) for name, rows in TABLES.items()]
    result = api.compile(files, schema)
    assert [code for code, _ in told(result)] == ["HDR07", "HDR07"]
    assert [record.type for record in result.records] == ["project", "sample", "sample", "experiment", "run", "run"]


def test_other_workers_give_the_same(tmp_path: Path, schema: Schema) -> None:
    """Further rows of a run come back from another process as they are."""
    files = texts(tmp_path)
    with ProcessPoolExecutor(2) as executor:
        there = api.compile(files, schema, executor=executor)
    here = api.compile(files, schema)
    assert there.diagnostics == here.diagnostics
    assert [(r.id, r.values, r.origin.text()) for r in there.records] == [
        (r.id, r.values, r.origin.text()) for r in here.records
    ]


RUNS: list[tuple[str, Rows, list[tuple[str, str]]]] = [
    ("no file type in a later row", (("r1", "lib", "c.fastq.gz", "", SUMS[5], "paired"),), [("REQ01", "run!D6")]),
    ("a wrong checksum there", (("r1", "lib", "c.fastq.gz", "fastq", "abc", "paired"),), [("TXT07", "run!E6")]),
    ("a file type that isn't one", (("r1", "lib", "c.fastq.gz", "fasq", SUMS[5], "paired"),), [("ENU01", "run!D6")]),
    ("a name that doesn't go with it", (("r1", "lib", "c.fastq", "fastq", SUMS[5], "paired"),), [("FIT02", "run!C6")]),
    ("another experiment", (("r1", "lib2", "c.fastq.gz", "fastq", SUMS[5], "paired"),), [("IDN01", "run!A6")]),
    ("a row that is there twice", (RUN[1],), [("IDN01", "run!A6")]),
    ("nothing but the alias", (("r1", "", "", "", "", ""),), [("IDN01", "run!A6")]),
]


@pytest.mark.parametrize(("sentence", "more", "expected"), RUNS, ids=[case[0] for case in RUNS])
def test_what_is_wrong_in_a_later_row_of_a_run_is_told_there(
    sentence: str, more: Rows, expected: list[tuple[str, str]], tmp_path: Path, schema: Schema
) -> None:
    """At the cell of the user's own file."""
    files = [text(tmp_path, f"{name}.tsv", rows) for name, rows in {**TABLES, "run": (*RUN, *more)}.items()]
    found = told(api.compile(files, schema), "HDR07", "REQ02", "REF02", "REF01")
    assert found[:1] == expected
    assert all(cell.startswith("run!") and cell.endswith("6") for _, cell in found)


def test_a_status_that_is_not_carried_out_is_told(tmp_path: Path, schema: Schema) -> None:
    """At its cell, and once."""
    rows = [
        STUDY[0],
        *((f"gut{n}", word, *STUDY[1][2:]) for n, word in enumerate(("Modify", "cancel", "suppress", ""))),
    ]
    result = api.compile(text(tmp_path, "study.tsv", rows), schema)
    assert told(result, "HDR07", "FIT05") == [("ROW03", "study!B4")]
    for code in ("SHT06", "HDR07", "ROW03"):
        assert_told(result.diagnostics, code)
    assert [body.get("action") for body in bodies(result, "project")] == ["MODIFY", "CANCEL", None, None]


def test_a_plain_table_with_our_names_stays_one(tmp_path: Path, schema: Schema) -> None:
    """No layout is seen where no mark of it is."""
    rows = (("alias", "taxon_id", "collection date", COUNTRY), ("s1", "9606", "2026-01-20", "Belgium"))
    assert api.compile(text(tmp_path, "sample.tsv", rows), schema).diagnostics == ()


# ---------------------------------------------------------------- Webin's spreadsheets


HEAD = ("tax_id", "scientific_name", "sample_alias", "sample_title", "sample_description", "collection date", COUNTRY,
        "depth", "soil type", "host-free")  # fmt: skip
UNITS = ("#units", "", "", "", "", "", "", "mm", "", "")
DATA = ("408170", "human gut metagenome", "s1", "Stool 1", "As it came.", "2026-01-20", "Belgium", "12", "clay", "yes")
NEW = (("Checklist", "ERC000099:1.2", "Demo checklist"), HEAD, UNITS, DATA)
OLD = (("#checklist_accession", "ERC000099"), ("#unique_name_prefix",), HEAD, ("#template", *HEAD[1:]), UNITS, DATA)


@pytest.mark.parametrize("rows", [NEW, OLD], ids=["today's", "the older one"])
@pytest.mark.parametrize(("ending", "separator"), [("tsv", "\t"), ("csv", ","), ("txt", "\t")])
def test_a_sample_spreadsheet_compiles(rows: Rows, ending: str, separator: str, tmp_path: Path, units: Schema) -> None:
    """Whatever it is called: names are translated and the line of units is kept."""
    result = api.compile(text(tmp_path, f"Checklist_ENA-demo.{ending}", rows, separator), units)
    assert told(result) == []
    [sample] = bodies(result, "sample")
    assert (sample["alias"], sample["taxon_id"], sample["title"]) == ("s1", "408170", "Stool 1")
    assert (sample["depth"], sample["depth unit"]) == ("12", "mm")
    assert result.records[0].location.row == len(rows)


def test_a_unit_the_field_cannot_have_is_told_at_its_cell(tmp_path: Path, units: Schema) -> None:
    """Else the values would be sent in another unit."""
    rows = (*NEW[:2], (*UNITS[:7], "cm", "", ""), DATA)
    result = api.compile(text(tmp_path, "samples.tsv", rows), units)
    assert told(result) == [("HDR08", "samples!H3")]
    assert_told(result.diagnostics, "HDR08")
    assert result.plan is None


def test_a_sample_of_another_checklist_is_told(tmp_path: Path, schema: Schema) -> None:
    """With the command that gets the checklist."""
    for rows, name in ((NEW, "samples.tsv"), (SAMPLE, "sample_ERC000099.tsv")):
        result = api.compile(text(tmp_path, name, rows), schema)
        assert told(result) == [("SHT07", Path(name).stem)]
        assert "--checklist ERC000099" in result.diagnostics[0].hint
    assert_told(result.diagnostics, "SHT07")


def test_several_checklists_each_take_their_own_sheets(tmp_path: Path) -> None:
    """A spreadsheet's first line says which."""
    (tmp_path / "ERC000011.json").write_bytes((FIXTURES / "ERC000011.json").read_bytes())
    (tmp_path / "ERC000099.xml").write_bytes((FIXTURES / "ERC000099.xml").read_bytes())
    both = api.load_schema("ena", tmp_path, ("ERC000011", "ERC000099"))
    result = api.compile(text(tmp_path, "samples.tsv", NEW), both)
    assert [record.type for record in result.records] == ["sample_ERC000099"]
    assert told(result) == []


def test_a_spreadsheet_of_reads_is_known_and_not_read(tmp_path: Path, schema: Schema) -> None:
    """Said in words, not by an unknown sheet."""
    rows = (
        ("FileType", "fastq", "Read submission file type"),
        ("sample", "study", "instrument_model", "forward_file_name"),
        ("ERS1", "PRJEB1", "MinION", "a.fastq.gz"),
    )
    result = api.compile(text(tmp_path, "reads.tsv", rows), schema)
    assert told(result) == [("SHT05", "reads")]
    assert "Webin reads" in result.diagnostics[0].message
