"""The words of findings: a person at the bench understands them, and they come out whole."""

from __future__ import annotations

import re
from pathlib import Path

import cases_format
import pytest
import wording
from conftest import FOURDN
from test_cases import CASES

from workbook_compiler import api, resources
from workbook_compiler.model.codes import CATALOGUE
from workbook_compiler.model.diagnostics import Code, Diagnostic, Location
from workbook_compiler.model.schema import Schema
from workbook_compiler.reports.explain import blanks


@pytest.mark.parametrize("code", CATALOGUE.values(), ids=list(CATALOGUE))
def test_the_catalogue_speaks_the_language_of_the_bench(code: Code) -> None:
    """No text holds a word that only those who write schemas know, no sentence is too long, and a hint says what to do."""
    message, hint = blanks(code.message, code.usual), blanks(code.hint, code.usual)
    assert [fault for text in (code.title, message, code.why, code.example) for fault in wording.faults(text)] == []
    assert [*(wording.faults(hint) if hint.startswith("<") else wording.advising(hint))] == []
    assert all(text.endswith((".", "!", "?", ">")) for text in (message, hint, code.why))


@pytest.mark.parametrize("code", CATALOGUE.values(), ids=list(CATALOGUE))
def test_json_is_named_only_where_somebody_typed_it(code: Code) -> None:
    """Whoever fills in cells needn't know what JSON is; whoever registers a file of it, or a cell of it, does."""
    told = " ".join((code.title, code.message, code.hint, code.why))
    assert "JSON" not in told or code.id in ("OBJ01", "REG06", "REG07", "REG08")


FORBIDDEN = """
oneOf|anyOf|$ref|additionalProperties|dependentRequired|an instance|a regex|a regular expression|a boolean|null|None|an array
arrays|properties|this property|the pattern|its payload|whitespace|a JSON pointer|a string|an object|parsed|Traceback|a POST
HTTP 500|[^a-z]+
"""


@pytest.mark.parametrize("words", FORBIDDEN.strip().replace("\n", "|").split("|"))
def test_a_word_of_schemas_or_programs_is_noticed(words: str) -> None:
    """What the tests of this project forbid is what they find, wherever it stands; quoted it is the user's."""
    assert [*wording.faults(f"The portal wants {words} here.")] != []
    assert [*wording.faults(f"The portal wants “{words}” here.")] == []


@pytest.mark.parametrize(("number", "words"), [(1, "1 row "), (2, "2 rows "), (1200, "1,200 rows ")])
def test_counts_agree_with_their_words(number: int, words: str) -> None:
    """One row is no rows."""
    found = Diagnostic(CATALOGUE["IDN02"], Location("book.xlsx", "Vendor"), "aliases", context={"count": number})
    assert found.message.startswith(words)


def test_every_finding_of_the_cases_comes_out_whole(tmp_path: Path, schema: Schema) -> None:
    """Whatever the awkward workbooks cause has a message and a hint without gaps, schema words, long sentences or odd plurals."""
    found = [d for name in ("broken", "filled") for d in api.compile(FOURDN / f"{name}.xlsx", schema).diagnostics]
    for number, (_, case) in enumerate(CASES):
        folder = tmp_path / str(number)
        folder.mkdir()
        found += api.compile(cases_format.write(case.sheets, folder), schema).diagnostics
    faults: list[str] = []
    for diagnostic in found:
        faults += (
            *wording.faults(diagnostic.message, diagnostic.value),
            *wording.advising(diagnostic.hint, diagnostic.value),
        )
    assert faults == []


WORDS = [
    ("Vendor", "aliases", "v1", "TXT07", "a colon is missing", "Write it like this: demo-lab:bs1."),
    ("Vendor", "aliases", "demo-lab:v 1", "TXT07", "a space can't stand here", "Write it like this: demo-lab:v_1."),
    ("FileFastq", "filename", "my file.fastq.gz", "TXT07", "a space can't", "Write it like this: my_file.fastq.gz."),
    ("BenchMeasurement", "name", "Has Capitals", "TXT07", "a capital letter or a space can't", "like this: has-capitals."),
    ("Enzyme", "recognition_sequence", "GATZ", "TXT07", "“Z” can't stand here", "Write it like this: ACGT. The bases"),
    ("Image", "attachment", "gel.tif", "TXT09", "of the kind of “gel.tif”", "one of these: .png, .jpg, .gif."),
    ("BenchMeasurement", "extra", "{gain: 1}", "OBJ01", "it goes wrong at “gain: 1}”", "straight double quotes"),
    ("BenchMeasurement", "spikes", '{"name": "a"', "OBJ01", "it ends too early", "straight double quotes"),
    ("BenchMeasurement", "spikes", '{"name": "a", "lanes": ["x"]}', "OBJ04", "spikes.lanes takes whole numbers; “x” is text", ""),
    ("BenchMeasurement", "machine", '{"serial": "7"}', "OBJ05", "The value in this cell lacks “model”.", "Add it"),
    ("BenchMeasurement", "machine", '{"model": "X", "serail": "7"}', "OBJ03", "machine has no part called “serail”.", ""),
    ("BenchMeasurement", "finished_at", "soon", "DAT01", "isn't a date", "time: 2024-03-01 14:30."),
    ("BenchMeasurement", "measured_on", "soon", "DAT01", "isn't a date", "day: 2024-03-01."),
    ("BenchMeasurement", "measured_on", "13/01/2024", "DAT02", "in another order than year, month, day", ""),
    ("BenchMeasurement", "measured_on", "03/01/2024", "DAT02", "can be read in more than one way", ""),
    ("BenchMeasurement", "medium", "DMEM", "ENU01", "“DMEM, high glucose”", ""),
    ("BenchMeasurement", "lot", "1", "TXT08", "lot takes 2 to 12 characters; this text has 1 character.", ""),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "column", "value", "code", "message", "hint"), WORDS)
def test_a_person_can_act_on_it(
    sheet: str, column: str, value: str, code: str, message: str, hint: str, tmp_path: Path, schema: Schema
) -> None:
    """What is wrong is named, and what to write instead."""
    path = tmp_path / f"{sheet}.csv"
    quoted = value.replace('"', '""')
    path.write_text(f'{column}\n"{quoted}"\n', encoding="utf-8")
    found = next(d for d in api.compile(path, schema).diagnostics if d.code.id == code)
    assert message in found.message
    assert hint in found.hint


def test_a_text_file_of_an_unknown_type_is_told_how_to_say_it(tmp_path: Path, schema: Schema) -> None:
    """A file has no sheet to rename: its own name or an option says the type."""
    (tmp_path / "vendros.csv").write_text("aliases\na:b\n", encoding="utf-8")
    [found] = [d for d in api.compile(tmp_path / "vendros.csv", schema).diagnostics if d.code.id == "SHT01"]
    assert "--type Vendor" in found.hint
    assert "brackets" not in found.hint


def test_a_suggestion_that_holds_a_comma_is_seen_where_it_ends(tmp_path: Path, schema: Schema) -> None:
    """Several suggestions stand in a row, those with a comma in quotes; in their own field they are as they are typed."""
    (tmp_path / "BenchMeasurement.csv").write_text("medium\nDMEM\n", encoding="utf-8")
    report = api.compile(tmp_path / "BenchMeasurement.csv", schema).report()
    text = resources.report_formats()["text"].render(report, {"width": 200})
    [line] = [line.strip() for line in text.splitlines() if "“DMEM" in line and "Did you mean" in line]
    assert {"“DMEM, low glucose”", "“DMEM, high glucose”"} < set(re.split(r": |(?<=”), ", line))
