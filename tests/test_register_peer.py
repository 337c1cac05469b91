"""The same tables read by eu_register 2.11.0 and by us: where it damages or drops what was typed, and what becomes of it here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from encode_witness import read, witness  # noqa: F401

from workbook_compiler import registering
from workbook_compiler.model.schema import Schema
from workbook_compiler.portals.encode import load_schema

TEXT = {"type": "string"}
PROPERTIES: dict[str, Any] = {
    "aliases": {"type": "array", "items": {**TEXT, "uniqueKey": "alias"}},
    "lab": TEXT,
    "text": TEXT,
    "count": {"type": "integer"},
    "amount": {"type": "number"},
    "flag": {"type": "boolean"},
    "list": {"type": "array", "items": TEXT},
    "numbers": {"type": "array", "items": {"type": "integer"}},
    "object": {"type": "object", "properties": {"a": TEXT}},
    "objects": {"type": "array", "items": {"type": "object", "properties": {"a": TEXT, "b": TEXT}}},
    "either": {"type": ["number", "string"]},
}
CRASH, REFUSED = object(), object()
"""It ends with an exception that names no cell; we tell it at its cell and go on."""


@pytest.fixture(scope="module")
def schema() -> Schema:
    thing = {"$id": "/profiles/thing.json", "type": "object", "properties": PROPERTIES, "additionalProperties": False}
    return load_schema({"Thing": thing}, "test", "", portal="encode")


CASES: list[tuple[str, str, Any, Any]] = [
    # column, cell, what eu_register makes of it, what we make of it
    ("list", "don't", ["dont"], ["don't"]),
    ("list", '"Smith, J", Doe', ["Smith", "J", "Doe"], ["Smith, J", "Doe"]),
    ("list", '["a, b","c"]', ["a", "b", "c"], ["a, b", "c"]),
    ("list", "x]", ["x"], ["x]"]),
    ("list", "a,b", ["a", "b"], ["a", "b"]),
    ("list", "[a,b]", ["a", "b"], ["a", "b"]),
    ("aliases", "lab:it's", ["lab:its"], ["lab:it's"]),
    ("aliases", '"""lab:a,b"""', ["lab:a", "b"], ["lab:a,b"]),  # as a spreadsheet saves "lab:a,b"
    ("count", "10.0", CRASH, 10),
    ("count", "1,000", CRASH, REFUSED),
    ("count", "1_000", 1000, REFUSED),
    ("count", "N/A", CRASH, REFUSED),
    ("amount", "nan", float("nan"), REFUSED),
    ("amount", "inf", float("inf"), REFUSED),
    ("amount", "1.50", 1.5, 1.5),
    ("flag", "yes", CRASH, True),
    ("flag", "1", CRASH, True),
    ("flag", "False", False, False),
    ("numbers", "1, 2.0", CRASH, [1, 2]),
    ("object", '{"a": "x"}', {"a": "x"}, {"a": "x"}),
    ("object", "3", 3, REFUSED),
    ("object", "{a: 1}", CRASH, REFUSED),
    ("objects", '{"a": "x, y"},{"a": "z"}', [{"a": "x, y"}, {"a": "z"}], [{"a": "x, y"}, {"a": "z"}]),
    ("text", "007", "007", "007"),
    ("text", "null", "null", "null"),
]


def table(folder: Path, text: str) -> Path:
    path = folder / "things.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def ours(path: Path, schema: Schema) -> registering.Registration:
    return registering.registration(path, schema, "thing", registering.Wanted(needs_aliases=False))


@pytest.mark.parametrize(("column", "cell", "theirs", "expected"), CASES, ids=[f"{c}: {v}" for c, v, _, _ in CASES])
def test_a_cell_in_both(
    column: str, cell: str, theirs: Any, expected: Any, eu_register: Path, schema: Schema, tmp_path: Path
) -> None:
    """What a cell becomes there and here; where it is refused here, that is told at the cell."""
    path = table(tmp_path, f"text\t{column}\nplain\t{cell}\n" if column != "text" else f"text\n{cell}\n")
    peer = read(path, PROPERTIES)
    if theirs is CRASH:
        assert "error" in peer
    else:
        assert repr(peer["made"][0].get(column)) == repr(theirs)
    made = ours(path, schema)
    if expected is REFUSED:
        wrong = [d for d in made.said if d.severity == "error"]
        assert [(d.location.row, d.location.column) for d in wrong] == [(2, "B")]
    else:
        assert made.ok, [d.message for d in made.said]
        value = made.result.records[0].values[column]
        assert (value, type(value)) == (expected, type(expected))


ROWS = {
    "a cell too many": ("text\tcount\na\t1\tx\nb\t2\n", CRASH, ["a", "b"]),
    "a byte order mark": ("\ufefftext\tcount\na\t1\n", CRASH, ["a"]),
    "a space behind a header": ("text \tcount\na\t1\n", CRASH, ["a"]),
    "quotes of a spreadsheet": ('text\tcount\n"a ""b"" c"\t1\n', ['"a ""b"" c"'], ['a "b" c']),
    "a line break in a cell": ('text\tcount\n"a\nb"\t1\n', ['"a', 'b"'], ["a\nb"]),
    "a short row": ("text\tcount\na\n", ["a"], ["a"]),
    "a repeated column": ("text\ttext\na\tb\n", ["b"], None),
    "a bad row among good ones": ("text\tcount\na\t1\nb\tx\nc\t3\n", CRASH, ["a", "c"]),
    "comments and empty rows": ("text\tcount\n# no\t1\n\na\t1\n", ["a"], ["a"]),
}


@pytest.mark.parametrize(("text", "theirs", "expected"), ROWS.values(), ids=ROWS)
def test_a_table_in_both(
    text: str, theirs: Any, expected: Any, eu_register: Path, schema: Schema, tmp_path: Path
) -> None:
    """Which rows are left of a table there and here; None where all of it is refused because of its header."""
    path = table(tmp_path, text)
    peer = read(path, PROPERTIES)
    if theirs is CRASH:
        assert "error" in peer
    else:
        assert [row.get("text") for row in peer["made"]] == theirs
    made = ours(path, schema)
    if expected is None:
        assert made.result.plan is None
    else:
        assert made.result.plan is not None
        assert [op.body["text"] for op in made.result.plan.operations] == expected


def test_broken_json_is_no_table(eu_register: Path, schema: Schema, tmp_path: Path) -> None:
    """There a JSON file with a slip is read as a table; here it is told to be no JSON, with the line."""
    path = tmp_path / "things.json"
    path.write_text('[{"text": "a"},\n {"text": "b",}]', encoding="utf-8")
    assert "error" in read(path, PROPERTIES)
    (wrong,) = [found for found in ours(path, schema).said if found.code.id == "REG06"]
    assert "line 2" in wrong.message
