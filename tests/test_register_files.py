"""``wbc register``: no file loses or changes a value without a word, whatever it is written with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from test_cli import wbc as run_wbc
from test_register import OWN, ROW, SCHEMAS, bodies, told, tsv
from test_register import schema as schema
from told import assert_told

from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import Schema
from workbook_compiler.registering import Registration, Wanted, registration

ISSUED = {"document_type": "data sheet"}
PATCH = Wanted(patch=True)


def written(folder: Path, data: str | bytes, name: str = "document.jsonl") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    return path


def of_json(folder: Path, schema: Schema, *lines: str, wanted: Wanted = OWN) -> Registration:
    return registration(written(folder, "".join(f"{line}\n" for line in lines)), schema, "document", wanted)


def document(name: str, **more: Any) -> str:
    return json.dumps({"aliases": [f"demo-lab:{name}"], **ISSUED, **more})


GOOD = document("good")


def sent(made: Registration) -> list[str]:
    """The names of the rows that would be sent."""
    return [one["aliases"][0].removeprefix("demo-lab:") for one in bodies(made)]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"aliases": ["demo-lab:x"], "document_type"', "REG06"),
        ('["demo-lab:x"]', "REG06"),
        ("9" * 5000, "REG06"),
        (document("x", description={"a": 1}), "REG07"),
        (document("x", description=["a", "b"]), "REG07"),
        ('{"aliases": ["demo-lab:x"], "document_type": "data sheet", "document_type": "other"}', "REG07"),
        ('{"aliases": ["demo-lab:x"], "document_type": "data sheet", "description": "x\\ud800y"}', "REG07"),
        (document("x", description="a\0b"), "REG07"),
        (document("x", urls=["a\x07b"]), "REG07"),
        (document("x", record_id="demo-lab:x"), "REG10"),
    ],
)
def test_a_line_that_cant_be_meant_is_told_and_left_out(line: str, code: str, schema: Schema, tmp_path: Path) -> None:
    """The line before it and the one behind it are ready."""
    made = of_json(tmp_path, schema, document("first"), line, document("last"))
    assert [(d.code.id, d.location.row) for d in made.said if d.severity is Severity.ERROR][:1] == [(code, 3)]
    assert sent(made) == ["first", "last"]


def test_a_line_that_cant_be_meant_is_told_in_words(schema: Schema, tmp_path: Path) -> None:
    """What is wrong with it, for whoever can write JSON."""
    lines = (
        '{"aliases": ["demo-lab:x"], "document_type"',
        document("y", description={"a": 1}),
        document("z", record_id="d:z"),
    )
    made = of_json(tmp_path, schema, *lines)
    for code in ("REG06", "REG07", "REG10"):
        assert_told(made.said, code)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ('{"description": "café"}'.encode("latin-1"), "document.json"),
        (b'{"description": ', "document.json"),
        (b"9" * 5000, "document.json"),
        (b"", "document.json"),
        (b"[" * 100_000, "document.json"),
    ],
)
def test_a_whole_file_that_cant_be_read_is_one_error(data: bytes, name: str, schema: Schema, tmp_path: Path) -> None:
    """It has no row, and nothing is sent."""
    made = registration(written(tmp_path, data, name), schema, "document", OWN)
    assert "REG06" in [d.code.id for d in made.said]
    assert bodies(made) == []


def test_json_in_two_alphabets_says_the_same(schema: Schema, tmp_path: Path) -> None:
    """UTF-16 too is an alphabet of JSON."""
    text = json.dumps(json.loads(document("d1", description="café")), ensure_ascii=False)
    found = [
        bodies(registration(written(tmp_path, text.encode(alphabet), "document.json"), schema, "document", OWN))
        for alphabet in ("utf-8", "utf-8-sig", "utf-16")
    ]
    assert found[0][0]["description"] == "café"
    assert found == [found[0]] * 3


def test_a_value_that_begins_with_a_hash_is_no_comment(schema: Schema, tmp_path: Path) -> None:
    """JSON has no marked rows."""
    made = of_json(tmp_path, schema, json.dumps({"description": "#1 of the batch", **json.loads(GOOD)}))
    assert [one["description"] for one in bodies(made)] == ["#1 of the batch"]


@pytest.mark.parametrize(
    ("value", "kept"), [("1.0", "1.0"), ("12345678901234567", "12345678901234567"), ("1e3", "1e3")]
)
def test_a_number_where_text_belongs_stays_as_it_was_written(
    value: str, kept: str, schema: Schema, tmp_path: Path
) -> None:
    """``1.0`` isn't ``1``, and no digit is lost."""
    made = of_json(tmp_path, schema, GOOD[:-1] + f', "description": {value}' + "}")
    assert [one.get("description") for one in bodies(made)] == [kept]


def test_an_empty_list_is_told_or_empties(schema: Schema, tmp_path: Path) -> None:
    """In a new record it says nothing; with --patch and -w it takes the list away."""
    made = of_json(tmp_path, schema, document("d1", urls=[], description=None))
    assert told(made, Severity.INFO)[:2] == [("REG08", None)] * 2
    assert_told(made.said, "REG08")
    assert ["urls" in one for one in bodies(made)] == [False]
    line = json.dumps({"record_id": "demo-lab:d1", "urls": []})
    emptied = of_json(tmp_path, schema, line, wanted=Wanted(patch=True, overwrite=True))
    (op,) = emptied.result.plan.operations if emptied.result.plan is not None else ()
    assert list(op.record.deletes) == ["urls"]


def test_only_a_line_break_ends_a_line(schema: Schema, tmp_path: Path) -> None:
    """What some programs take for one stays inside its value, in both kinds of file."""
    inside = "a\u2028b\x85c"
    line = json.dumps(json.loads(document("d1", description=inside)), ensure_ascii=False)
    made = of_json(tmp_path, schema, line)
    assert [one["description"] for one in bodies(made)] == [inside]
    rows = f'aliases\tdocument_type\tdescription\ndemo-lab:d1\tdata sheet\t"a" b\ndemo-lab:d2\tdata sheet\t{inside}\n'
    table = registration(written(tmp_path, rows, "document.tsv"), schema, "document", OWN)
    assert [one["description"] for one in bodies(table)] == ['"a" b', inside]


def test_a_stray_quote_changes_no_other_cell(schema: Schema, tmp_path: Path) -> None:
    """A cell that a spreadsheet quoted is read as it meant it; the stray one is told, and goes as it stands."""
    text = 'aliases\tdocument_type\tdescription\ndemo-lab:d1\tdata sheet\t"raw" text\ndemo-lab:d2\tdata sheet\t"5"" pipette"\n'
    made = registration(written(tmp_path, text, "document.tsv"), schema, "document", OWN)
    assert [one["description"] for one in bodies(made)] == ['"raw" text', '5" pipette']
    assert told(made, Severity.WARNING)[:1] == [("REG11", "C2")]
    assert_told(made.said, "REG11")


@pytest.mark.parametrize("data", [b"aliases\tdescription\nd1\ta\0b\n", b'aliases\tdescription\nd1\t"a"b\0\n'])
def test_what_is_no_text_is_refused(data: bytes, schema: Schema, tmp_path: Path) -> None:
    """However its quotes stand."""
    made = registration(written(tmp_path, data, "document.tsv"), schema, "document", OWN)
    assert ("FIL01", None) in told(made)
    assert bodies(made) == []


def test_an_older_alphabet_is_told_with_stray_quotes_too(schema: Schema, tmp_path: Path) -> None:
    """Its letters are read as a spreadsheet would have written them."""
    text = 'aliases\tdocument_type\tdescription\ndemo-lab:d1\tdata sheet\t"a" café\n'.encode("cp1252")
    made = registration(written(tmp_path, text, "document.tsv"), schema, "document", OWN)
    assert [one["description"] for one in bodies(made)] == ['"a" café']
    assert "FIL05" in [d.code.id for d in made.said]


@pytest.mark.parametrize(
    ("names", "code"), [(("batch 1", "batch 2"), "REG12"), (("document", "notes"), "REG13"), (("batch 1",), None)]
)
def test_other_sheets_are_told(names: tuple[str, ...], code: str | None, schema: Schema, tmp_path: Path) -> None:
    """Nothing is sent where several could be meant; one that has the type's name is meant."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in names:
        sheet = book.create_sheet(name)
        sheet.append(["aliases", "document_type"])
        sheet.append([f"demo-lab:{name[:3]}", "data sheet"])
    book.save(tmp_path / "book.xlsx")
    made = registration(tmp_path / "book.xlsx", schema, "document", OWN)
    assert [d.code.id for d in made.said if d.code.id in ("REG12", "REG13")] == ([code] if code else [])
    if code:
        assert_told(made.said, code)
    assert len(bodies(made)) == (0 if code == "REG12" else 1)


def test_two_rows_of_one_record_are_both_left_out(schema: Schema, tmp_path: Path) -> None:
    """What is sent second would undo the first."""
    rows = [{"record_id": name, "description": name} for name in ("demo-lab:d1", "demo-lab:d2", "demo-lab:d1")]
    made = registration(tsv(tmp_path, *rows), schema, "document", PATCH)
    assert told(made) == [("REG09", "A4")]
    assert_told(made.said, "REG09")
    assert [one["description"] for one in bodies(made)] == ["demo-lab:d2"]


def test_a_row_that_changes_nothing_is_told(schema: Schema, tmp_path: Path) -> None:
    """It is no error."""
    rows = [{"record_id": "demo-lab:d1", "description": ""}, {"record_id": "demo-lab:d2", "description": "x"}]
    made = registration(tsv(tmp_path, *rows), schema, "document", PATCH)
    assert (told(made), told(made, Severity.INFO)) == ([], [("REG14", "A2")])
    assert_told(made.said, "REG14")


def test_two_new_rows_of_one_alias_are_both_left_out(schema: Schema, tmp_path: Path) -> None:
    """Nobody knows which of the two was meant."""
    rows = [document("d1", description="a"), document("d1", description="b"), GOOD]
    assert sent(of_json(tmp_path, schema, *rows)) == ["good"]


def test_many_bad_rows_leave_the_good_ones_ready(schema: Schema, tmp_path: Path) -> None:
    """A needed column that isn't there is told once for all rows that need it, and costs no more for many."""
    good = [{**ROW, "aliases": f"demo-lab:g{n}", "post_treatment_time": ""} for n in range(20)]
    bad = [{**ROW, "aliases": f"demo-lab:b{n}", "post_treatment_time": "3"} for n in range(1500)]
    made = registration(tsv(tmp_path, *good, *bad), schema, "biosample", OWN)
    assert sent(made) == [f"g{n}" for n in range(20)]
    assert {(code, cell) for code, cell in told(made)} == {("REQ03", None)}


def test_capitals_in_headers_mean_the_same(schema: Schema, tmp_path: Path) -> None:
    """Of aliases, of lab, and of record_id."""
    path = written(tmp_path, "Aliases\tDocument_Type\tLab\nd1\tdata sheet\t\n", "document.tsv")
    made = registration(path, schema, "document", OWN)
    assert told(made) == []
    assert bodies(made)[0]["lab"] == "/labs/demo-lab/"
    change = written(tmp_path, "Record_ID\tDescription\ndemo-lab:d1\t\n", "change.tsv")
    removed = registration(change, schema, "document", Wanted(patch=True, remove=("description",)))
    assert told(removed) == []


@pytest.mark.parametrize("cell", ['["d1"]', "d1", "[d1]", '"d1"'])
def test_the_prefix_comes_before_every_alias(cell: str, schema: Schema, tmp_path: Path) -> None:
    """However the list is written."""
    text = json.dumps({"aliases": cell if not cell.startswith('["') else ["d1"], **ISSUED})
    made = of_json(tmp_path, schema, text)
    assert bodies(made)[0]["aliases"] == ["demo-lab:d1"]


def test_prefixes_are_put_before_those_that_lack_one(schema: Schema, tmp_path: Path) -> None:
    """A comma inside quotes ends no alias."""
    made = of_json(tmp_path, schema, json.dumps({"aliases": 'b1, other-lab:b2, "x,y"', **ISSUED}))
    assert bodies(made)[0]["aliases"] == ["demo-lab:b1", "other-lab:b2", "demo-lab:x,y"]


def test_a_title_above_the_header_is_one_error(schema: Schema, tmp_path: Path) -> None:
    """It isn't told again at every row and column."""
    text = "Our documents\t\naliases\tdocument_type\nd1\tdata sheet\nd2\tdata sheet\n"
    made = registration(written(tmp_path, text, "document.tsv"), schema, "document", OWN)
    assert told(made)[:1] == [("SHT09", None)]
    assert {code for code, _ in told(made)} <= {"SHT09", "FIL06"}
    assert made.result.plan is None


def test_a_needed_value_cant_be_deleted_in_a_cell_either(schema: Schema, tmp_path: Path) -> None:
    """As with -r."""
    made = registration(tsv(tmp_path, {"record_id": "demo-lab:d1", "lab": "*delete*"}), schema, "document", PATCH)
    assert told(made) == [("REG04", "B2")]


def test_what_is_taken_away_cant_be_given_a_value(schema: Schema, tmp_path: Path) -> None:
    """Which of the two is meant nobody knows; a row without a value is ready."""
    rows = [{"record_id": "demo-lab:d1", "description": "new"}, {"record_id": "demo-lab:d2", "description": ""}]
    made = registration(tsv(tmp_path, *rows), schema, "document", Wanted(patch=True, remove=("description",)))
    assert told(made) == [("REG04", "B2")]
    assert made.result.plan is not None
    assert [op.record.identifier for op in made.result.plan.operations] == ["demo-lab:d2"]


@pytest.mark.parametrize(
    ("scheme", "md5sum", "uploads", "wrong"),
    [
        ("s3", "", True, False),
        ("s3", "0" * 32, False, False),
        ("s3", "", False, True),
        ("gs", "", True, True),
        ("gs", "0" * 32, False, False),
    ],
)
def test_a_file_in_a_store(
    scheme: str, md5sum: str, uploads: bool, wrong: bool, schema: Schema, tmp_path: Path
) -> None:
    """One on s3:// is fetched to be sent; without sending it, its checksum has to be known."""
    row = {"record_id": "demo-lab:f1", "submitted_file_name": f"{scheme}://lab/x.fastq.gz", "md5sum": md5sum}
    path = tsv(tmp_path, row)
    made = registration(path, schema, "file", Wanted(patch=True, uploads=uploads))
    assert told(made) == ([("REG15", "B2")] if wrong else [])
    if (scheme, md5sum) == ("gs", ""):
        assert_told(made.said, "REG15")


def test_a_dry_run_of_a_change_shows_the_change(tmp_path: Path) -> None:
    """A PATCH of the record that is named, and a PUT where something is taken away."""
    path = tsv(tmp_path, {"record_id": "demo-lab:b1", "description": "x"})
    words = ("register", "-p", "biosample", "-i", path.name, "-d", "--schemas", str(SCHEMAS))
    changed = json.loads(run_wbc(tmp_path, *words, "--patch", HOME=str(tmp_path)).stdout)
    assert (changed["method"], changed["path"], changed["body"]) == ("PATCH", "/demo-lab:b1", {"description": "x"})
    removed = run_wbc(tmp_path, *words, "--rm-patch", "-r", "passage_number", HOME=str(tmp_path))
    assert json.loads(removed.stdout)["method"] == "PUT"
    assert b"stays" in removed.stderr


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (("--rm-patch", "-r", " , "), {}),
        (("-m", "stagin"), {}),
        ((), {"DCC_API_KEY": "a", "DCC_SECRET_KEY": "b"}),
        (("-m", "http://127.0.0.1:9"), {"DCC_API_KEY": "a"}),
    ],
)
def test_nothing_goes_anywhere_by_accident(words: tuple[str, ...], more: dict[str, str], tmp_path: Path) -> None:
    """A forgotten mode isn't production, and half a key isn't completed from elsewhere."""
    path = tsv(tmp_path, ROW)
    named = ("register", "-p", "biosample", "-i", path.name, "--schemas", str(SCHEMAS), *words)
    around = {"DCC_LAB": "demo-lab", "DCC_AWARD": "U01", "WBC_SECRET": "of another portal", "HOME": str(tmp_path)}
    done = run_wbc(tmp_path, *named, **around, **more)
    assert done.returncode == 2, done.stderr.decode()
