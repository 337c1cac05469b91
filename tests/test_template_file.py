"""The blank workbook as a file: the same bytes, whole or not at all, and text that stays text."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from blank_books import ALIASES, DOCUMENTS, TEXT, column_of, load, make, named_values, validation

from workbook_compiler.errors import UsageError
from workbook_compiler.template.checked import done


def test_long_names_are_shortened_and_kept_apart(tmp_path: Path) -> None:
    """Names that spreadsheets refuse are changed so that each stays different; the manifest holds the full ones."""
    stem = "A" * 31
    wanted = [f"{stem}one", f"{stem.capitalize()}two", "History", "A/b:c?", "Tom's", "Read me"]
    schema = load({name: {"properties": {"aliases": ALIASES}} for name in wanted})
    book = openpyxl.load_workbook(make(tmp_path / "t.xlsx", schema, wanted))
    rows = dict(book["_workbook_compiler"].iter_rows(values_only=True))
    sheets = {key.removeprefix("sheet:"): value for key, value in rows.items() if key.startswith("sheet:")}
    short = [stem, "A" + "a" * 28 + "~2", "History~2", "A_b_c_", "Tom's", "Read me~2"]
    assert sheets == dict(zip(short, wanted, strict=True))
    assert all(name in book.sheetnames for name in sheets)


def test_two_writes_give_the_same_bytes(tmp_path: Path) -> None:
    """The same selection gives the same file, byte for byte."""
    schema = load(DOCUMENTS)
    assert make(tmp_path / "a.xlsx", schema).read_bytes() == make(tmp_path / "b.xlsx", schema).read_bytes()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new file cannot be put in place the old one stays as it was, with nothing beside it."""
    path = tmp_path / "t.xlsx"
    path.write_text("old")

    def refuse(_from: Path, _to: Path) -> None:
        raise PermissionError(13, "file is open elsewhere")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UsageError, match=r"t\.xlsx can't be written: file is open elsewhere"):
        make(path, load(DOCUMENTS))
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("t.xlsx", "old")]


def test_a_refusal_of_the_writer_is_an_error() -> None:
    """XlsxWriter reports what it left out by a negative number; that never passes silently."""
    done(0)
    done(None)
    with pytest.raises(RuntimeError, match="refused"):
        done(-2)


HOSTILE = [
    "=1+1",
    "@SUM(A1)",
    "-dT",
    "#N/A",
    'http://x.org/<&">',
    "{=A1}",
    "_x0041_",
    "% Long-range (a.b)",
    "ga:rate-1",
    "été 🧬",
]


def test_text_of_the_schema_stays_text(tmp_path: Path) -> None:
    """Names, descriptions and choices that look like formulas, links or escapes arrive as they are."""
    properties = {text: {**TEXT, "description": text, "comment": text, "enum": HOSTILE} for text in HOSTILE}
    schema = load({"A": {"properties": {"aliases": ALIASES, **properties}, "description": "=2+2"}})
    book = openpyxl.load_workbook(make(tmp_path / "t.xlsx", schema))
    assert {cell.value for cell in book["A"][1][2:]} == {cell.value for cell in book["A"][3][2:]} == set(HOSTILE)
    assert all(cell.data_type == "s" for row in book["A"].iter_rows(max_row=4) for cell in row if cell.value)
    assert named_values(book, validation(book["A"], "% Long-range (a.b)").formula1) == HOSTILE


def test_text_that_no_workbook_can_hold_is_cut_and_cleaned(tmp_path: Path) -> None:
    """Control characters and halves of characters are left out; what is too long for a cell or a prompt is cut."""
    bad = "a\x00\x01\x08\ud800\ufffeb "
    long = {**TEXT, "description": bad + "🧬" * 20_000, "enum": ["x" * 40_000, bad, "", "z"], "comment": "y" * 300}
    document = {"properties": {"aliases": ALIASES, "long" * 100: long, bad: {"type": "integer"}}, "description": bad}
    book = openpyxl.load_workbook(make(tmp_path / "t.xlsx", load({f"T{bad}": document}), [f"T{bad}"]))
    sheet = book["Tab "]
    described = sheet.cell(3, column_of(sheet, "long" * 100)).value
    assert described.startswith("ab 🧬")
    assert len(described.encode("utf-16-le")) // 2 <= 32_767
    rule = validation(sheet, "long" * 100)
    assert [len(value) for value in named_values(book, rule.formula1)] == [32_767, 3, 1]
    for one in sheet.data_validations.dataValidation:
        assert len(one.promptTitle) <= 32
        assert len(one.prompt.encode("utf-16-le")) // 2 <= 255
        assert len(one.errorTitle or "") <= 32
        assert len(one.error or "") <= 225
