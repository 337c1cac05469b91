"""ENA from checklist to document: a template, filled in as its rules say, compiles; what breaks a rule is told at its cell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import cases_format
import pytest
from cases_format import Table
from conftest import ROOT
from loopback import answer, serving
from test_cli import refused, wbc
from test_roundtrip import expect_round_trip
from told import assert_told

from workbook_compiler import api
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import EntityType, Kind, Property, Schema
from workbook_compiler.pipeline.coerce.example import example_of
from workbook_compiler.portals.ena_checks import check

FIXTURES = ROOT / "fixtures" / "ena"
REAL = ROOT.parent / "shared" / "data" / "ena" / "checklists"
CHECKLISTS = sorted(REAL.glob("*.json")) if REAL.is_dir() else []
real = pytest.mark.parametrize("path", CHECKLISTS, ids=lambda path: path.stem)


def sample_of(path: Path) -> tuple[Schema, EntityType]:
    schema = api.load_schema("ena", path)
    return schema, schema.types["sample"]


# ---------------------------------------------------------------- all checklists


@real
def test_what_a_checklist_asks_for_compiles(path: Path, tmp_path: Path) -> None:
    """Rows made up from the rules of each of ENA's checklists come back as they were typed, without an error."""
    schema, sample = sample_of(path)
    expect_round_trip(schema, sample, tmp_path, 2)


@real
def test_every_choice_form_and_unit_is_told_at_its_cell(path: Path, tmp_path: Path) -> None:
    """One row for each rule of a checklist that breaks it alone; each is told there, and nothing else is."""
    schema, sample = sample_of(path)
    base = dict(required(sample))
    broken = {name: wrong for name, prop in sample.properties.items() if (wrong := wrong_value(prop)) is not None}
    headers = list(dict.fromkeys(["alias", *base, *broken]))
    rows = [
        {**base, "alias": f"s{n}", name: wrong, **unit_of(sample, name)}
        for n, (name, wrong) in enumerate(broken.items())
    ]
    headers += [name for row in rows for name in row if name not in headers]
    headers = list(dict.fromkeys(headers))
    table = Table("sample", tuple(headers), tuple(tuple(row.get(h, "") for h in headers) for row in rows))
    [book] = cases_format.write([table], tmp_path)
    found = [d for d in api.compile(book, schema).diagnostics if d.severity is Severity.ERROR]
    told = sorted({(d.location.row, d.field) for d in found}, key=str)
    assert told == sorted(((5 + n, name) for n, name in enumerate(broken)), key=str)


def required(sample: EntityType) -> Iterator[tuple[str, str]]:
    """A right value for each column that every row needs, and its unit."""
    for name, prop in sample.properties.items():
        if prop.required and name != "alias":
            yield name, right_value(prop)
            yield from unit_of(sample, name).items()


def right_value(prop: Property) -> str:
    leaf = prop.leaf
    if leaf.choices:
        return "s:" + str(leaf.choices[0])
    return "s:" + (example_of(leaf.pattern) if leaf.pattern else "some text that is long enough to be one")


def wrong_value(prop: Property) -> str | None:
    """A value that breaks the column's own rule; None for one that has none, or that nobody fills in."""
    leaf = prop.leaf
    if leaf.kind is not Kind.TEXT or prop.name in ("ENA-CHECKLIST", "accession", "action", "alias"):
        return None
    if leaf.choices:
        return "s:nothing of the list §"
    if leaf.pattern and not re.search(leaf.pattern, "§ wrong §"):
        return "s:§ wrong §"
    return None


def unit_of(sample: EntityType, name: str) -> dict[str, str]:
    unit = sample.properties.get(f"{name} unit")
    return {unit.name: "s:" + str(unit.choices[0])} if unit is not None else {}


# ---------------------------------------------------------------- what goes together

SUM = "0123456789abcdef0123456789abcdef"
READS = ("fastq", "s:" + SUM)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return api.load_schema("ena", FIXTURES / "ERC000011.json")


def tables(**changed: Mapping[str, str]) -> list[Table]:
    """A submission of one row of each kind; ``changed`` says what is different in a sheet."""
    sheets: dict[str, dict[str, str]] = {
        "run": {
            "alias": "run-1",
            "experiment": "lib-1",
            "files.file_name": "R1.fastq.gz",
            "files.file_type": "fastq",
            "files.checksum": "s:" + SUM,
            "files.file_name-1": "R2.fastq.gz",
            "files.file_type-1": "fastq",
            "files.checksum-1": "s:" + SUM[::-1],
        },
        "experiment": {
            "alias": "lib-1",
            "study": "gut",
            "sample": "stool-1",
            "library_strategy": "WGS",
            "library_source": "METAGENOMIC",
            "library_selection": "RANDOM",
            "library_layout": "PAIRED",
            "platform": "ILLUMINA",
            "instrument_model": "Illumina NovaSeq 6000",
        },
        "sample": {
            "alias": "stool-1",
            "title": "Stool of donor 1",
            "taxon_id": "s:408170",
            "collection date": "s:2026-01-20",
            "geographic location (country and/or sea)": "Belgium",
        },
        "project": {
            "alias": "gut",
            "title": "Gut microbiomes of twelve donors",
            "description": "Shotgun sequencing of stool samples that were taken in 2026.",
        },
    }
    rows = {name: {**row, **changed.get(name, {})} for name, row in sheets.items()}
    return [Table(name, tuple(row), (tuple(row.values()),)) for name, row in rows.items()]


def compiled(folder: Path, schema: Schema, **changed: Mapping[str, str]) -> api.Result:
    return api.compile(cases_format.write(tables(**changed), folder), schema)


def errors(result: api.Result) -> list[tuple[str, str, str | None]]:
    return [(d.code.id, d.location.sheet or "", d.field) for d in result.diagnostics if d.severity is Severity.ERROR]


def test_the_sheets_of_a_submission_compile_in_any_order(tmp_path: Path, schema: Schema) -> None:
    """References are settled; nothing is wrong."""
    result = compiled(tmp_path, schema)
    assert errors(result) == [], [d.message for d in result.diagnostics]
    assert {r.type for r in result.records} == {"project", "sample", "experiment", "run"}


def test_an_alias_is_unique_among_its_like_alone(tmp_path: Path, schema: Schema) -> None:
    """A sample and a project may have one name, two samples not."""
    shared = compiled(tmp_path, schema, sample={"alias": "gut"}, experiment={"sample": "gut"})
    assert errors(shared) == [], [d.message for d in shared.diagnostics]
    assert shared.plan is not None
    [experiment] = [op for op in shared.plan.operations if op.record.type == "experiment"]
    assert sorted(experiment.depends_on) == ["project!5", "sample!5"]
    twice = Table("sample", ("alias", "taxon_id"), (("a", "s:9606"), ("a", "s:9606")))
    (tmp_path / "twice").mkdir()
    found = api.compile(cases_format.write([twice], tmp_path / "twice"), schema).diagnostics
    assert [d.code.id for d in found if d.field == "alias"] == ["IDN01"]


CASES: list[tuple[str, str, str, str, str]] = [
    ("an instrument of another platform", "experiment", "instrument_model", "MinION", "FIT01"),
    ("fastq that isn't compressed", "run", "files.file_name", "R1.fastq", "FIT02"),
    ("a date in a hundred years", "project", "release_date", "2126-01-01", "FIT04"),
    ("a title that is too short", "project", "title", "Gut", "TXT08"),
    ("a checksum that is none", "run", "files.checksum", "s:abc", "TXT07"),
    ("a taxon in wide digits", "sample", "taxon_id", "s:９６０６", "TXT07"),
    ("a taxon in words", "sample", "taxon_id", "human", "TXT07"),
    ("a country that isn't one", "sample", "geographic location (country and/or sea)", "Belgum", "ENU01"),
    ("a platform nobody has", "experiment", "platform", "ILUMINA", "ENU01"),
    ("a sample that isn't there", "experiment", "sample", "stool-2", "REF01"),
    ("no file type", "run", "files.file_type", "", "REQ01"),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "sheet", "field", "cell", "code"), CASES, ids=[case[0] for case in CASES])
def test_what_does_not_fit_is_told_at_its_cell(
    sentence: str, sheet: str, field: str, cell: str, code: str, tmp_path: Path, schema: Schema
) -> None:
    """Before anything is sent, and alone."""
    assert errors(compiled(tmp_path, schema, **{sheet: {field: cell}})) == [(code, sheet, field)]


def test_what_does_not_fit_is_told_in_words(tmp_path: Path, schema: Schema) -> None:
    """What it doesn't fit, and which of the two to correct."""
    both = {"experiment": {"instrument_model": "MinION"}, "run": {"files.file_name": "R1.fastq"}}
    found = compiled(tmp_path, schema, **both).diagnostics
    assert_told(found, "FIT01")
    assert_told(found, "FIT02")


def test_two_files_of_single_reads_are_told_at_the_second(tmp_path: Path, schema: Schema) -> None:
    """The layout stands in another sheet than the files."""
    result = compiled(tmp_path, schema, experiment={"library_layout": "SINGLE"})
    assert [(d.code.id, str(d.location)) for d in result.diagnostics] == [("FIT03", "run!G5")]
    assert_told(result.diagnostics, "FIT03")


def test_two_years_are_counted_from_the_day_of_sending(tmp_path: Path, schema: Schema) -> None:
    """The last day that is taken, and the first that isn't."""
    today = date(2028, 2, 29)
    for days, codes in ((0, []), (1, ["FIT04"])):
        day = (date(2030, 2, 28) + timedelta(days)).isoformat()
        records = compiled(tmp_path, schema, project={"release_date": day}).records
        assert [d.code.id for d in check(records, schema, today)] == codes
    assert_told(check(records, schema, today), "FIT04")


# ---------------------------------------------------------------- the program


def test_from_a_checklist_of_the_archive_to_documents(tmp_path: Path) -> None:
    """Pulled as XML from a server, made a template, filled in, checked and compiled; the workbook knows its checklist."""
    xml = (FIXTURES / "ERC000099.xml").read_bytes()
    with serving(answer(xml)) as archive:
        where = ("--portal", "ena", "--server", archive.address, "-o", "kept")
        done(tmp_path, "schemas", "pull", "--checklist", "ERC000099", *where)
        assert archive.paths[0].startswith("/ena/browser/api/xml/ERC000099")
    done(tmp_path, "template", "--portal", "ena", "--schemas", "kept", "-o", "book.xlsx")
    fill(tmp_path / "book.xlsx", api.load_schema("ena", tmp_path / "kept").types["sample"])
    done(tmp_path, "check", "book.xlsx", "--schemas", "kept")
    done(tmp_path, "compile", "book.xlsx", "--schemas", "kept", "-o", "out")
    [document] = sorted((tmp_path / "out" / "requests").iterdir())
    assert document.name == "document-0001.json"
    tags = {one["tag"]: one.get("value") for one in json.loads(document.read_bytes())["samples"][0]["attributes"]}
    assert tags["ENA-CHECKLIST"] == "ERC000099"
    done(tmp_path, "compile", "book.xlsx", "--schemas", "kept", "-o", "out", "--format", "xml")
    assert [file.name for file in (tmp_path / "out" / "requests").iterdir()] == ["document-0001.xml"]


def done(folder: Path, *words: str) -> None:
    ran = wbc(folder, *words)
    assert ran.returncode == 0, ran.stderr.decode()


def test_without_a_checklist_it_is_asked_for(tmp_path: Path) -> None:
    """In words that say how."""
    assert "--checklist" in refused(wbc(tmp_path, "schemas", "pull", "--portal", "ena", "-o", "kept"))
    named = ("template", "--portal", "ena", "--schemas", str(FIXTURES), "--checklist", "ERC000098")
    assert "ERC000099" in refused(wbc(tmp_path, *named))


def fill(book: Path, sample: EntityType) -> None:
    """Type one sample into a template."""
    import openpyxl

    workbook = openpyxl.load_workbook(book)
    sheet = workbook["sample"]
    heads = {str(cell.value).lstrip("*"): cell.column for cell in sheet[1]}
    grouped = {"soil type": "clay", "host-free": "yes"}  # of each of these groups one has to be filled in
    values = {"alias": "s1", **grouped, **{name: value.removeprefix("s:") for name, value in required(sample)}}
    for name, value in values.items():
        sheet.cell(5, heads[name]).value = value
    workbook.save(book)


def test_only_what_is_mandatory_can_be_offered(tmp_path: Path, schema: Schema) -> None:
    """The other columns are left out; recommended ones stay when they are asked for."""
    import openpyxl

    found = {}
    for only in (None, "recommended", "mandatory"):
        api.template(schema, path=tmp_path / "blank.xlsx", only=only)
        found[only] = {str(cell.value) for cell in openpyxl.load_workbook(tmp_path / "blank.xlsx")["sample"][1]}
    needed = {f"*{name}" for name, prop in schema.types["sample"].properties.items() if prop.required}
    welcome = {name for name, prop in schema.types["sample"].properties.items() if prop.recommended}
    assert needed <= found["mandatory"] < found["recommended"] < found[None]
    assert welcome <= found["recommended"]
    assert not welcome & found["mandatory"]


def test_a_dropdown_offers_the_instruments_of_the_platform(tmp_path: Path, schema: Schema) -> None:
    """And all of them while there is no platform; the lists beside it hold every pair once."""
    import openpyxl

    api.template(schema, path=tmp_path / "blank.xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "blank.xlsx")
    sheet = workbook["experiment"]
    heads = {str(cell.value).lstrip("*"): cell.column_letter for cell in sheet[1]}
    [rule] = [
        r for r in sheet.data_validations.dataValidation if str(r.sqref).startswith(f"{heads['instrument_model']}5")
    ]
    assert rule.formula1.startswith(
        f'IF(${heads["platform"]}5="",list_instrument_model,INDEX(fit_list_instrument_model,'
    )
    assert len(rule.formula1) <= 255
    sides = []
    for name in ("by_list_instrument_model", "fit_list_instrument_model"):
        [(where, cells)] = workbook.defined_names[name].destinations
        sides.append([cell.value for (cell,) in workbook[where][cells]])
    narrowed = schema.types["experiment"].properties["instrument_model"].narrowed
    assert narrowed is not None
    assert list(zip(*sides, strict=True)) == [(p, m) for p, models in narrowed.choices.items() for m in models]


def test_a_date_that_excel_made_is_suggested_as_the_checklist_wants_it(tmp_path: Path, schema: Schema) -> None:
    """Not as the gene that it may be elsewhere; and a date typed otherwise is shown one."""
    [typed] = compiled(tmp_path, schema, sample={"collection date": "d:2026-03-01"}).diagnostics
    assert (typed.code.id, typed.suggestions) == ("TXT01", ("2026-03-01",))
    (tmp_path / "other").mkdir()
    [other] = compiled(tmp_path / "other", schema, sample={"collection date": "1.3.2026"}).diagnostics
    assert "2024-03-01" in other.hint


def test_a_template_is_of_today_whichever_way_its_checklist_was_named(tmp_path: Path) -> None:
    """A file, or one of a folder: the workbook compiles without a word about versions."""
    api.template(api.load_schema("ena", FIXTURES / "ERC000011.json"), path=tmp_path / "book.xlsx")
    for source in (FIXTURES / "ERC000011.json", FIXTURES):
        found = api.compile(tmp_path / "book.xlsx", api.load_schema("ena", source, ["ERC000011"])).diagnostics
        assert "FIL07" not in {d.code.id for d in found}
