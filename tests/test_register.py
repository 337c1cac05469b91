"""``wbc register`` offline: what its options do to a table, file by file and spelling by spelling. What is sent: live/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import ROOT
from test_cli import wbc as run_wbc
from told import assert_told

from workbook_compiler import api, registering
from workbook_compiler.errors import UsageError
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import Schema
from workbook_compiler.registering import Wanted, entity_of, registration

SCHEMAS = ROOT / "fixtures" / "encode" / "schemas"
PROVEN = {
    "-m": "test_a_mode_is_a_name_a_host_or_an_address",
    "-p": "test_a_profile_in_any_spelling",
    "-i": "test_every_kind_of_file_says_the_same",
    "-d": "test_a_dry_run_shows_what_would_be_sent",
    "--no-aliases": "test_a_row_without_an_alias",
    "--no-upload-file": "live/test_register.py: test_data_files_go_along_or_stay",
    "-w": "live/test_register.py: test_lists_grow_or_are_replaced",
    "--patch": "live/test_register.py: test_records_are_changed_by_any_of_their_names",
    "--rm-patch": "live/test_register.py: test_properties_are_taken_away",
    "-r": "test_what_cannot_be_taken_away",
    "record_id": "test_a_change_needs_its_record",
    "DCC_LAB, DCC_AWARD": "test_lab_and_award_are_filled_in",
    "DCC_API_KEY, DCC_SECRET_KEY": "live/test_register.py: test_the_key_of_the_environment",
    "# columns and rows": "test_comments_are_left_out",
    "arrays": "test_lists_in_cells",
    "objects": "test_objects_in_cells",
    "attachments": "test_an_attachment_is_a_path",
    "one bad row": "test_a_bad_row_is_left_out",
}
"""Each option and promise of eu_register, and the test that proves it."""


@pytest.fixture(scope="module")
def schema() -> Schema:
    return api.load_schema("encode", SCHEMAS)


OWN = Wanted(lab="/labs/demo-lab/", award="U01")
ROW = {
    "aliases": "demo-lab:b1",
    "source": "/sources/acme/",
    "organism": "/organisms/human/",
    "biosample_ontology": "/biosample-types/liver/",
}


def tsv(folder: Path, *rows: dict[str, str], name: str = "biosample.tsv") -> Path:
    headers = list(dict.fromkeys(key for row in rows for key in row))
    lines = ["\t".join(headers), *("\t".join(row.get(header, "") for header in headers) for row in rows)]
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def bodies(made: registering.Registration) -> list[dict[str, Any]]:
    return [dict(op.body) for op in made.result.plan.operations] if made.result.plan is not None else []


def told(made: registering.Registration, severity: Severity = Severity.ERROR) -> list[tuple[str, str | None]]:
    return [(d.code.id, d.location.cell) for d in made.said if d.severity is severity]


def test_each_option_is_proven() -> None:
    """The table above names tests that are there."""
    here = Path(__file__).parent
    live = (here / "live" / "test_register.py").read_text("utf-8")
    own = Path(__file__).read_text("utf-8")
    for name in PROVEN.values():
        file, _, test = name.rpartition(": ")
        assert f"def {test}(" in (live if file else own)


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        ("biosample", "Biosample"),
        ("Biosamples", "Biosample"),
        ("BIOSAMPLE", "Biosample"),
        ("genetic-modification", "GeneticModification"),
        ("genetic_modifications", "GeneticModification"),
        ("GeneticModification", "GeneticModification"),
        ("libraries", "Library"),
        ("biosample type", "BiosampleType"),
    ],
)
def test_a_profile_in_any_spelling(spelt: str, name: str, schema: Schema) -> None:
    """Capitals, dashes, spaces and plurals make no difference; another word is told with the nearest."""
    assert entity_of(schema, spelt).name == name
    with pytest.raises(UsageError, match="biosample"):
        entity_of(schema, "biosmaple")


def test_every_kind_of_file_says_the_same(schema: Schema, tmp_path: Path) -> None:
    """TSV, CSV, a JSON object, a JSON list, JSON lines and a workbook give the same record."""
    row: dict[str, Any] = {**ROW, "passage_number": 3, "treatments": ["demo-lab:t1", "demo-lab:t2"]}
    plain = {key: ",".join(value) if isinstance(value, list) else str(value) for key, value in row.items()}
    paths = [tsv(tmp_path, plain), tmp_path / "b.csv", tmp_path / "b.json", tmp_path / "l.json", tmp_path / "b.jsonl"]
    quoted = ['"' + value + '"' if "," in value else value for value in plain.values()]
    paths[1].write_text(",".join(plain) + "\n" + ",".join(quoted) + "\n", encoding="utf-8")
    paths[2].write_text(json.dumps(row), encoding="utf-8")
    paths[3].write_text(json.dumps([row]), encoding="utf-8")
    paths[4].write_text(json.dumps(row) + "\n\n", encoding="utf-8")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(plain))
    sheet.append([3 if key == "passage_number" else value for key, value in plain.items()])
    book.save(tmp_path / "b.xlsx")
    found = [bodies(registration(path, schema, "biosample", OWN)) for path in [*paths, tmp_path / "b.xlsx"]]
    expected = {**row, "aliases": ["demo-lab:b1"], "lab": "/labs/demo-lab/", "award": "U01"}
    assert found == [[expected]] * 6


def test_lab_and_award_are_filled_in(schema: Schema, tmp_path: Path) -> None:
    """Where a row leaves them out; its own stay, and an update gets none."""
    path = tsv(tmp_path, {**ROW, "lab": ""}, {**ROW, "aliases": "demo-lab:b2", "lab": "/labs/other-lab/"})
    assert [(one["lab"], one["award"]) for one in bodies(registration(path, schema, "biosample", OWN))] == [
        ("/labs/demo-lab/", "U01"),
        ("/labs/other-lab/", "U01"),
    ]
    assert ("REQ02", None) in told(registration(path, schema, "biosample", Wanted()))
    changed = tsv(tmp_path, {"record_id": "demo-lab:b1", "description": "x"}, name="change.tsv")
    assert bodies(registration(changed, schema, "biosample", Wanted(patch=True, lab="x", award="y"))) == [
        {"description": "x"}
    ]


def test_a_row_without_an_alias(schema: Schema, tmp_path: Path) -> None:
    """It is an error at its cell, and none with --no-aliases; the other rows are ready all the same."""
    path = tsv(tmp_path, ROW, {**ROW, "aliases": ""})
    made = registration(path, schema, "biosample", OWN)
    assert told(made) == [("REG02", "A3")]
    assert_told(made.said, "REG02")
    assert len(bodies(made)) == 1
    assert (
        len(bodies(registration(path, schema, "biosample", Wanted(False, (), False, False, OWN.lab, OWN.award)))) == 2
    )


def test_an_alias_without_a_prefix_gets_the_labs(schema: Schema, tmp_path: Path) -> None:
    """It is told what is sent; an alias that has a prefix stays, commas inside quotes too."""
    path = tsv(tmp_path, {**ROW, "aliases": "b1, b2"}, {**ROW, "aliases": '"""demo-lab:a,b"""'})
    made = registration(path, schema, "biosample", OWN)
    assert [one["aliases"] for one in bodies(made)] == [["demo-lab:b1", "demo-lab:b2"], ["demo-lab:a,b"]]
    assert told(made, Severity.INFO) == [("REG03", "A2")]
    assert_told(made.said, "REG03")


def test_a_change_needs_its_record(schema: Schema, tmp_path: Path) -> None:
    """With --patch a row without record_id is an error at its cell; required columns needn't be there."""
    path = tsv(tmp_path, {"record_id": "ENCBS000AAA", "description": "x"}, {"record_id": "", "description": "y"})
    made = registration(path, schema, "biosample", Wanted(patch=True))
    assert told(made) == [("REG01", "A3")]
    assert_told(made.said, "REG01")
    (op,) = made.result.plan.operations if made.result.plan is not None else ()
    assert (op.record.identifier, op.body) == ("ENCBS000AAA", {"description": "x"})


def test_a_change_is_checked(schema: Schema, tmp_path: Path) -> None:
    """A value that isn't in its list is told though nothing else of the record is there."""
    rows = [{"record_id": "a", "preservation_method": "frozen solid"}, {"record_id": "b", "starting_amount": "5"}]
    made = registration(tsv(tmp_path, *rows), schema, "biosample", Wanted(patch=True))
    assert told(made) == [("ENU01", "B2")]
    assert bodies(made) == [{"starting_amount": 5}]


@pytest.mark.parametrize(
    ("name", "reason"), [("lab", "needs it"), ("status", "filled in"), ("nots", "did you mean notes")]
)
def test_what_cannot_be_taken_away(name: str, reason: str, schema: Schema, tmp_path: Path) -> None:
    """A required property, one that the portal fills in, an unknown one: nothing is sent then."""
    path = tsv(tmp_path, {"record_id": "demo-lab:b1"})
    made = registration(path, schema, "biosample", Wanted(patch=True, remove=(name,)))
    assert [(d.code.id, reason in d.message) for d in made.said if d.severity is Severity.ERROR] == [("REG04", True)]
    if name == "lab":
        assert_told(made.said, "REG04")
    assert made.result.plan is None


def test_comments_are_left_out(schema: Schema, tmp_path: Path) -> None:
    """Rows and columns that begin with # are somebody's notes."""
    path = tsv(
        tmp_path,
        {"aliases": "# not this one", **{k: v for k, v in ROW.items() if k != "aliases"}},
        {**ROW, "#note": "x"},
    )
    assert [one["aliases"] for one in bodies(registration(path, schema, "biosample", OWN))] == [["demo-lab:b1"]]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("demo-lab:a,demo-lab:b", ["demo-lab:a", "demo-lab:b"]),
        ("[demo-lab:a,demo-lab:b]", ["demo-lab:a", "demo-lab:b"]),
        ('["demo-lab:a"]', ["demo-lab:a"]),
        ('"""demo-lab:a,b"", demo-lab:c"', ["demo-lab:a,b", "demo-lab:c"]),
        ("demo-lab:it's", ["demo-lab:it's"]),
    ],
)
def test_lists_in_cells(cell: str, expected: list[str], schema: Schema, tmp_path: Path) -> None:
    """Commas, brackets or none, JSON, quotes that keep a comma, and an apostrophe that quotes nothing."""
    path = tsv(tmp_path, {**ROW, "treatments": cell})
    assert bodies(registration(path, schema, "biosample", OWN))[0]["treatments"] == expected


def test_objects_in_cells(schema: Schema, tmp_path: Path) -> None:
    """JSON, one object or several, with brackets or without."""
    tags = next(
        (entity, name)
        for entity in schema.types.values()
        for name, prop in entity.properties.items()
        if prop.kind == "list" and prop.leaf.kind == "object" and prop.access == "offered"
    )
    entity, name = tags
    keys = [
        key for key, prop in entity.properties[name].leaf.properties.items() if prop.kind == "text" and not prop.choices
    ]
    if not keys:
        pytest.fail("the fixture has no list of objects with a plain text")
    one = json.dumps({keys[0]: "x, y"})
    for cell in (f"{one},{one}", f"[{one}, {one}]"):
        path = tmp_path / "t.jsonl"
        path.write_text(json.dumps({"record_id": "demo-lab:x", name: cell}), encoding="utf-8")
        made = registration(path, schema, entity.path, Wanted(patch=True))
        assert bodies(made) == [{name: [{keys[0]: "x, y"}, {keys[0]: "x, y"}]}], [d.message for d in made.said]


@pytest.mark.parametrize("cell", ["gel.png", '{"path": "gel.png"}'])
def test_an_attachment_is_a_path(cell: str, schema: Schema, tmp_path: Path) -> None:
    """As itself or as an object: the file's content is put in when it is sent."""
    row = {"aliases": "demo-lab:d1", "document_type": "data sheet", "attachment": cell}
    made = registration(tsv(tmp_path, row), schema, "document", OWN)
    assert bodies(made)[0]["attachment"] == {"download": "gel.png", "type": "image/png", "href": "gel.png"}


def test_a_bad_row_is_left_out(schema: Schema, tmp_path: Path) -> None:
    """Every problem is told with its row and column, and the good rows are ready."""
    rows = [
        ROW,
        {**ROW, "aliases": "demo-lab:b2", "passage_number": "x", "starting_amount": "3"},
        {**ROW, "aliases": "demo-lab:b3"},
    ]
    made = registration(tsv(tmp_path, *rows), schema, "biosample", OWN)
    assert ("NUM01", "E3") in told(made)
    assert {cell[-1] for _, cell in told(made) if cell} == {"3"}
    assert [one["aliases"] for one in bodies(made)] == [["demo-lab:b1"], ["demo-lab:b3"]]


def test_a_wrong_header_leaves_out_all(schema: Schema, tmp_path: Path) -> None:
    """What a column means isn't known: no row of it is sent without it."""
    made = registration(tsv(tmp_path, {**ROW, "descripton": "x"}), schema, "biosample", OWN)
    assert ("HDR01", "E1") in told(made)
    assert made.result.plan is None


def test_a_dry_run_shows_what_would_be_sent(tmp_path: Path) -> None:
    """Offline, without a key: a line of JSON for each message; 1 when a row is wrong, 0 else."""
    path = tsv(tmp_path, ROW)
    words = ("register", "-p", "biosample", "-i", path.name, "-d", "--schemas", str(SCHEMAS))
    done = run_wbc(tmp_path, *words, DCC_LAB="demo-lab", DCC_AWARD="U01", HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr.decode()
    sent = json.loads(done.stdout)
    assert (sent["method"], sent["path"], sent["body"]["lab"]) == ("POST", "/biosample", "demo-lab")
    tsv(tmp_path, {**ROW, "passage_number": "x"})
    assert run_wbc(tmp_path, *words, DCC_LAB="demo-lab", DCC_AWARD="U01", HOME=str(tmp_path)).returncode == 1


@pytest.mark.parametrize(
    ("portal", "mode", "server"),
    [
        ("encode", "prod", "https://www.encodeproject.org"),
        ("encode", "dev", "https://test.encodedcc.org"),
        ("encode", "demo.encodedcc.org", "https://demo.encodedcc.org"),
        ("encode", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("igvf", "sandbox", "https://api.sandbox.igvf.org"),
        ("igvf", None, None),
    ],
)
def test_a_mode_is_a_name_a_host_or_an_address(portal: str, mode: str | None, server: str | None) -> None:
    """The names that the portals' people use, and whatever else leads to a server."""
    from workbook_compiler import online_register

    assert online_register._server(portal, mode) == server


@pytest.mark.parametrize("words", [("--rm-patch",), ("-r", "notes"), ("--portal", "4dn")])
def test_wrong_usage(words: tuple[str, ...], tmp_path: Path) -> None:
    """--rm-patch and -r belong together, and only ENCODE and IGVF are registered at."""
    path = tsv(tmp_path, ROW)
    done = run_wbc(tmp_path, "register", "-p", "biosample", "-i", path.name, "--schemas", str(SCHEMAS), *words)
    assert done.returncode == 2
