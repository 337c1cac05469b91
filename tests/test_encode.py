"""ENCODE and IGVF: raw and served schemas, families of types, columns, notes, presets, and portals nobody has heard of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cases_format
import openpyxl
import pytest
from cases_format import Table
from conftest import ROOT

from workbook_compiler import api, resources
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import Access, Schema
from workbook_compiler.pipeline import coerce
from workbook_compiler.portals import encode
from workbook_compiler.template import Selection, load_preset, select

ENCODE = ROOT / "fixtures" / "encode"
IGVF = ROOT / "fixtures" / "igvf" / "profiles.json"
LONG = "ScAtacLibraryComplexityQualityMetric"
PRESETS = {
    "biosample": ["Document", "Source", "HumanDonor", "Treatment", "Biosample"],
    "experiment": ["Document", "Library", "Experiment", "Replicate", "File"],
    "genetic-modification": ["Document", "Source", "Treatment", "GeneticModification"],
}


@pytest.fixture(scope="module")
def raw() -> Schema:
    """ENCODE's fixture, from raw files."""
    return api.load_schema("encode", ENCODE / "schemas")


@pytest.fixture(scope="module")
def served() -> Schema:
    """IGVF's fixture, as its portal would serve it."""
    return api.load_schema("igvf", IGVF)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Schema:
    """ENCODE's own schema files."""
    return api.load_schema("encode", shared_data / "encode" / "schemas")


def documents() -> dict[str, Any]:
    """The raw files of ENCODE's fixture by stem."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in (ENCODE / "schemas").glob("*.json")}


def chains(schema: Schema) -> dict[str, tuple[str, ...]]:
    """Each type that has another one above it, with all above it."""
    return {name: one.chain[1:] for name, one in schema.types.items() if one.chain[1:]}


def abstract(schema: Schema) -> list[str]:
    return sorted(name for name, one in schema.types.items() if one.abstract)


def headers(schema: Schema, type_name: str, folder: Path) -> list[str]:
    """Row 1 of a type's sheet in a blank workbook, without the column of marks."""
    api.template(schema, types=[type_name], path=folder / "blank.xlsx")
    page = openpyxl.load_workbook(folder / "blank.xlsx").worksheets[1]
    return [str(cell.value) for cell in page[1][1:]]


def note(schema: Schema, type_name: str, header: str, folder: Path) -> str:
    """What rows 3 and 4 say below a header."""
    api.template(schema, types=[type_name], path=folder / "blank.xlsx")
    page = openpyxl.load_workbook(folder / "blank.xlsx")[type_name]
    column = next(cell.column for cell in page[1] if str(cell.value).lstrip("*") == header)
    return f"{page.cell(3, column).value} {page.cell(4, column).value}"


# ---------------------------------------------------------------- families


def test_raw_files_are_put_into_their_families(raw: Schema) -> None:
    """Raw files don't say which types are abstract: ENCODE's are known. A family may have a single member."""
    assert chains(raw) == {"HumanDonor": ("Donor",), "Experiment": ("Dataset",), LONG: ("QualityMetric",)}
    assert abstract(raw) == ["Dataset", "Donor", "QualityMetric"]


def test_a_link_to_a_dataset_takes_an_experiment(raw: Schema) -> None:
    """A link to an abstract type takes what is below it, and one to several types each of them."""
    assert raw.concrete("Dataset") == ("Experiment",)
    replicate = raw.types["Replicate"].properties["experiment"].link
    assert replicate is not None
    assert replicate.targets == ("Experiment", "SingleCellUnit")


def test_the_real_files_have_120_types_and_6_families(real: Schema) -> None:
    """ENCODE's own files fall into the families that its portal told of in 2024."""
    assert abstract(real) == ["Characterization", "Dataset", "Donor", "FileSet", "QualityMetric", "Series"]
    assert len(real.types) - 6 == 120
    assert real.types["AggregateSeries"].chain == ("AggregateSeries", "Series", "Dataset")
    assert real.types["Annotation"].chain == ("Annotation", "FileSet", "Dataset")
    assert real.types["MouseDonor"].chain == ("MouseDonor", "Donor")
    assert "Experiment" in real.concrete("Dataset")


def test_encode_s_served_families(raw: Schema) -> None:
    """``_subtypes`` lists what is below each abstract type; those that have no schema are made up."""
    nodes = {key: node for key, node in encode.told(documents()).items() if key in ("HumanDonor", "Lab", "Experiment")}
    plain = {
        name: {key: one for key, one in node.items() if key in ("$id", "properties")} for name, node in nodes.items()
    }
    told = {**plain, "_subtypes": {"Donor": ["HumanDonor"], "Item": ["HumanDonor", "Lab"]}, "@type": ["JSONSchemas"]}
    schema = encode.ENCODE.load_schema(told, "served", "0" * 64)
    assert chains(schema) == {"HumanDonor": ("Donor",)}
    assert abstract(schema) == ["Donor"]


def test_igvf_s_hierarchy(served: Schema) -> None:
    """IGVF tells a tree, in which a type may be the only one below another."""
    assert abstract(served) == ["Biosample", "Donor", "File", "FileSet", "OntologyTerm", "Sample"]
    assert served.types["Tissue"].chain == ("Tissue", "Biosample", "Sample")
    assert served.types["MeasurementSet"].chain == ("MeasurementSet", "FileSet")
    assert served.concrete("Sample") == ("Tissue",)


def test_told_again_they_stay_as_they_are() -> None:
    """Schemas that say where they belong, as a sandbox serves them, are read as the same schemas."""
    once = encode.told(documents())
    assert encode.told(once) == once
    assert {name: one["isAbstract"] for name, one in once.items() if one["isAbstract"]}.keys() == {
        "Dataset",
        "Donor",
        "QualityMetric",
    }
    first = encode.ENCODE.load_schema(documents(), "x", "0" * 64)
    assert repr(encode.ENCODE.load_schema(once, "x", "0" * 64)) == repr(first)


# ---------------------------------------------------------------- what may be filled in, and where it stands


def test_what_a_submitter_may_fill_in(raw: Schema, served: Schema) -> None:
    """Guarded, calculated and never sent properties are refused; a property with one possible value isn't offered."""
    access = {name: prop.access for name, prop in raw.types["Biosample"].properties.items()}
    refused = {name for name, one in access.items() if one is Access.REFUSED}
    assert refused == set(
        "uuid accession status schema_version date_created submitted_by notes applied_modifications".split()
    )
    assert raw.types["HumanDonor"].properties["organism"].access is Access.ACCEPTED
    file = served.types["SequenceFile"].properties
    assert {file[name].access for name in ("status", "file_size", "upload_status", "summary", "@id")} == {
        Access.REFUSED
    }
    assert file["file_set"].access is Access.OFFERED


def test_columns_stand_in_the_order_of_the_file(raw: Schema, tmp_path: Path) -> None:
    """What is needed comes first and the name next; the rest as the file has it, inside objects too."""
    found = headers(raw, "GeneticModification", tmp_path)
    site = [name for name in found if name.startswith("modified_site_by_coordinates")]
    assert [name.rpartition(".")[2] for name in site] == ["assembly", "chromosome", "start", "end"]
    own = [
        "*category",
        "*purpose",
        "description",
        "zygosity",
        site[0],
        "introduced_tags.name",
        "introduced_tags.location",
    ]
    assert [name for name in found if name in own] == own
    assert headers(raw, "Replicate", tmp_path)[:4] == [
        "*biological_replicate_number",
        "*technical_replicate_number",
        "*experiment",
        "aliases",
    ]


def test_examples_and_meanings_are_notes(served: Schema, tmp_path: Path) -> None:
    """What the portal's own people give as an example, and what they say values mean, stands below the header."""
    assert "Such as 2026-03-02." in note(served, "Tissue", "date_obtained", tmp_path)
    assert "flash-freezing: at once, in liquid nitrogen" in note(served, "Tissue", "preservation_method", tmp_path)
    assert "10x multiome: RNA" in note(served, "MeasurementSet", "preferred_assay_titles", tmp_path)


def test_a_list_in_two_parts_offers_the_one_of_today(real: Schema) -> None:
    """ENCODE keeps words of the past beside those of today, for its staff alone."""
    form = real.types["File"].properties["file_format"]
    assert form.choices[:2] == ("bam", "bed")
    assert "bam" in form.offered
    assert "2bit" in form.choices
    assert "2bit" not in form.offered
    assert real.types["Library"].properties["strand_specificity"].offered == ("forward", "reverse", "unstranded")


def test_what_every_alternative_needs_is_needed(real: Schema) -> None:
    """A file has a checksum or none; everything else it needs, it needs both ways."""
    needed = {name for name, prop in real.types["File"].properties.items() if prop.required}
    assert needed == {"dataset", "file_format", "output_type", "award", "lab"}


def test_a_word_of_the_past_is_no_suggestion(real: Schema) -> None:
    """It could only be sent by ENCODE's staff."""
    prop = real.types["File"].properties["file_format"]
    reader = coerce.reader_for(prop, json=False, file_type=lambda _: None)
    said = coerce.read_column(reader, ["fastqq"])
    assert "csfasta" in prop.choices
    assert "csfasta" not in str(said.remarks)
    assert "fastq" in str(said.remarks)


def test_a_long_name_fits_a_sheet(raw: Schema, tmp_path: Path) -> None:
    """Excel allows 31 characters; the workbook knows the whole name, and a filled row is of that type."""
    path = tmp_path / "blank.xlsx"
    api.template(raw, types=[LONG], path=path)
    book = openpyxl.load_workbook(path)
    page = book.worksheets[1]
    assert len(page.title) <= 31 < len(LONG)
    row = {
        "aliases": "demo-lab:m",
        "quality_metric_of": "demo-lab:f",
        "lab": "demo-lab",
        "award": "A1",
        "PBC2": "Infinity",
    }
    for cell in page[1]:
        if str(cell.value).lstrip("*") in row:
            page.cell(5, cell.column).value = row[str(cell.value).lstrip("*")]
    book.save(path)
    [record] = api.compile(path, raw).records
    assert (record.type, record.values["PBC2"]) == (LONG, "Infinity")


# ---------------------------------------------------------------- presets


def chosen(name: str, schema: Schema) -> Selection:
    files = resources.preset_files(schema.portal)
    return select(schema, presets=[load_preset(files[name])], types=[])


@pytest.mark.parametrize("name", PRESETS)
def test_the_presets_of_encode_fit_its_schemas(name: str, raw: Schema, real: Schema) -> None:
    """Each has a title and a description, and its sheets in an order in which they can be filled in."""
    preset = load_preset(resources.preset_files("encode")[name])
    assert preset.title
    assert preset.description
    for schema in (raw, real):
        assert [one.entity.name for one in chosen(name, schema).types] == PRESETS[name]
    assert sorted(resources.preset_files("encode")) == sorted(PRESETS)


def test_presets_leave_out_what_few_need(real: Schema) -> None:
    """A sheet for human samples has no columns for flies, and no type more than forty columns."""
    for name in PRESETS:
        for one in chosen(name, real).types:
            found = [field.header() for field in one.fields]
            assert len(found) <= 40, one.entity.name
            assert not any("fly_" in header or "worm_" in header for header in found)


def test_the_preset_of_igvf_fits_its_schemas(served: Schema) -> None:
    """From the protocol to the reads."""
    types = [one.entity.name for one in chosen("measurement-set", served).types]
    assert types == ["Document", "HumanDonor", "Tissue", "MeasurementSet", "SequenceFile"]


# ---------------------------------------------------------------- workbooks


def filled(folder: Path, **instead: str) -> Path:
    """The fixture's workbook beside the file it names, with some words for others."""
    text = (ENCODE / "filled.md").read_text("utf-8")
    for word, other in instead.items():
        text = text.replace(word.replace("_", "-"), other)
    (folder / "growth-protocol.txt").write_bytes((ENCODE / "growth-protocol.txt").read_bytes())
    [book] = cases_format.write(list(cases_format.tables(text)), folder)
    return book


def errors(found: Any) -> list[tuple[str, str, str]]:
    return [(d.code.id, str(d.location), d.message) for d in found.diagnostics if d.severity is Severity.ERROR]


def order(found: Any) -> Iterator[str]:
    for operation in found.plan.operations:
        if not operation.deferred:
            yield operation.record.type


def test_the_filled_workbook_compiles(raw: Schema, tmp_path: Path) -> None:
    """Nine linked types in a wrong order, aliases with commas, rules that only the portal can judge: no error."""
    found = api.compile(filled(tmp_path), raw)
    assert errors(found) == []
    types = list(order(found))
    assert len(types) == 14
    for before, after in (
        ("Source", "Biosample"),
        ("Biosample", "Library"),
        ("Library", "Replicate"),
        ("Replicate", "File"),
    ):
        assert max(i for i, name in enumerate(types) if name == before) < types.index(after)
    bodies = {record.identifier: record.values for record in found.records}
    assert bodies["demo-lab:liver (left, upper)"]["aliases"] == ["demo-lab:liver (left, upper)", "demo-lab:L1"]
    assert bodies["demo-lab:reads-2"]["paired_end"] == "2"
    assert bodies["demo-lab:lib-1"]["biosample"] == "demo-lab:liver (left, upper)"


def test_the_filled_workbook_compiles_with_the_real_schemas(real: Schema, tmp_path: Path) -> None:
    """So it does with ENCODE's own files, once its aliases begin with a lab that ENCODE knows."""
    found = api.compile(filled(tmp_path, demo_lab="michael-snyder"), real)
    assert errors(found) == []
    assert len(list(order(found))) == 14


BAD = {
    "an alias of no lab": ("Source", "aliases", "nobody:x"),
    "an amount without its unit": ("Treatment", "amount_units", ""),
    "two ways to tell a size": ("Library", "average_fragment_size", "n:300"),
    "a second end without its first": ("File", "paired_with", ""),
    "a value that isn't listed": ("Experiment", "assay_term_name", "ChIPseq"),
    "a rule with a comment": ("Biosample", "pooled_from", "demo-lab:liver-2"),
}


@pytest.mark.parametrize("why", BAD)
def test_a_mistake_is_told_at_its_row(why: str, raw: Schema, tmp_path: Path) -> None:
    """Each kind of rule that ENCODE writes is checked here already."""
    sheet, header, value = BAD[why]
    tables = [edited(table, header, value) if table.name == sheet else table for table in both()]
    [book] = cases_format.write(tables, tmp_path)
    (tmp_path / "growth-protocol.txt").write_text("x")
    found = errors(api.compile(book, raw))
    assert found, why
    assert all(place.startswith(f"{sheet}!") and place.endswith("5") for _, place, _ in found), found


def both() -> list[Table]:
    return list(cases_format.tables((ENCODE / "filled.md").read_text("utf-8")))


def edited(table: Table, header: str, value: str) -> Table:
    """The table with another value in its first row; a header it lacks is added."""
    names = table.headers if header in table.headers else (*table.headers, header)
    rows = [[*row, *[""] * (len(names) - len(row))] for row in table.rows]
    rows[0][names.index(header)] = value
    return Table(table.name, names, tuple(map(tuple, rows)), table.options)


# ---------------------------------------------------------------- a portal nobody has heard of


def test_schemas_the_project_has_never_seen_need_no_code(tmp_path: Path) -> None:
    """Any file of schemas in this form makes templates and compiles workbooks, under the name of its family's first portal."""
    schema = api.load_schema("4dn", IGVF)
    found = headers(schema, "Tissue", tmp_path)
    assert {"*sample_terms", "*sources", "preservation_method"} <= set(found)
    assert "status" not in found
    donor = Table(
        "HumanDonor", ("aliases", "lab", "award", "taxa"), (("demo-lab:d", "demo-lab", "A-1", "Homo sapiens"),)
    )
    names = (
        "aliases",
        "lab",
        "award",
        "sources",
        "donors",
        "sample_terms",
        "lower_bound_age",
        "upper_bound_age",
        "age_units",
    )
    row = ("demo-lab:t", "demo-lab", "A-1", "shop", "demo-lab:d", "UBERON:0002107", "n:1", "n:2", "day")
    [book] = cases_format.write([Table("Tissue", names, (row,)), donor], tmp_path)
    good = api.compile(book, schema)
    assert errors(good) == []
    assert list(order(good)) == ["HumanDonor", "Tissue"]
    wrong = edited(edited(donor, "taxa", "Mus musculus"), "sex", "F")
    [book] = cases_format.write([edited(Table("Tissue", names, (row,)), "age_units", ""), wrong], tmp_path)
    assert {place for _, place, _ in errors(api.compile(book, schema))} >= {"HumanDonor!E5", "HumanDonor!F5"}


def test_conditions_of_a_new_draft_are_checked(served: Schema, tmp_path: Path) -> None:
    """``if`` with ``then``, ``dependentSchemas`` and ``const``, as IGVF writes them."""
    names = (
        "aliases",
        "lab",
        "award",
        "sources",
        "donors",
        "sample_terms",
        "embryonic",
        "lower_bound_age",
        "upper_bound_age",
    )
    row = ("demo-lab:t", "demo-lab", "A-1", "shop", "demo-lab:d", "UBERON:0002107", "b:TRUE", "n:1", "n:2")

    def told(**more: str) -> list[str]:
        table = Table("Tissue", (*names, *more), ((*row, *more.values()),))
        [book] = cases_format.write([table], tmp_path)
        return [message for _, _, message in errors(api.compile(book, served))]

    assert told(age_units="day") == []
    assert told(age_units="year")
    assert told()
    assert told(age_units="day", pmi="n:3")
