"""Receipts: written into a copy of the person's workbook, and as JSON; the copy means the same as the workbook."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import FOURDN
from rich_books import converted, parts, rest_of

from workbook_compiler import api
from workbook_compiler.delivery.receipts import COLUMNS, Receipt, as_json, write_copy
from workbook_compiler.edit import Edit, UneditableError, edited
from workbook_compiler.model.diagnostics import Location
from workbook_compiler.model.plan import Action, Source
from workbook_compiler.model.schema import Schema

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")


def receipts(book: Path, schema: Schema, run: str = "one") -> list[Receipt]:
    """A receipt for each record of a workbook."""
    return [
        Receipt(
            record.location,
            Action.POST,
            f"{run}-{record.number}",
            f"4DN{record.number:05}",
            "in review",
            f"https://portal.example/{record.number}/?a=1&b=2",
            "2024-03-01T10:00:00Z",
            record.id,
            record.type,
            record.identifier,
        )
        for record in api.compile(book, schema).records
    ]


def plain(path: Path) -> Path:
    """A table with its header in row 1 and a private column of the person's own."""
    book = openpyxl.Workbook()
    book.active.title = "Vendor"
    for row in (
        ["aliases", "title", "#status"],
        ["demo-lab:v1", "Cells Ltd", "call them"],
        ["demo-lab:v2", "Vials", None],
    ):
        book.active.append(row)
    book.save(path)
    return path


def house(path: Path) -> Path:
    return Path(shutil.copy(FOURDN / "filled.xlsx", path))


BOOKS = [house, plain]


def meant(path: Path, schema: Schema) -> Any:
    """All of a plan but the bytes of the workbook it was made from."""
    result = api.compile(path, schema)
    assert result.plan is not None, [str(d.location) + d.message for d in result.diagnostics]
    told = [(d.code.id, str(d.location)) for d in result.diagnostics]
    lines = [
        (o.id, o.action, json.dumps(dict(o.body)), o.origins.text()) for b in result.plan.batches for o in b.operations
    ]
    return lines, told


def shown(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))


@pytest.mark.parametrize("make", BOOKS)
def test_a_copy_with_receipts_means_the_same(make: Any, schema: Schema, tmp_path: Path) -> None:
    """The copy compiles to the same operations from the same cells, with the same findings; so does a copy of the copy."""
    book, copy, again = make(tmp_path / "book.xlsx"), tmp_path / "copy" / "book.xlsx", tmp_path / "again" / "book.xlsx"
    write_copy(book, receipts(book, schema), copy)
    write_copy(copy, receipts(copy, schema, "two"), again)
    assert meant(copy, schema) == meant(again, schema) == meant(book, schema)


@pytest.mark.parametrize(("make", "sheet", "first"), [(house, "Vendor", 4), (plain, "Vendor", 1)])
def test_each_row_has_its_receipt_behind_its_last_column(
    make: Any, sheet: str, first: int, schema: Schema, tmp_path: Path
) -> None:
    """The five columns stand side by side behind the last header, each row's receipt in its own row."""
    book, copy = make(tmp_path / "book.xlsx"), tmp_path / "copy.xlsx"
    given = [r for r in receipts(book, schema) if r.location.sheet == sheet]
    write_copy(book, given, copy)
    rows, before = shown(copy, sheet), shown(book, sheet)
    width = max(i for i, text in enumerate(before[0]) if text) + 1
    assert rows[0][width : width + 5] == COLUMNS
    assert [row[width : width + 5] for row in rows[first : first + len(given)]] == [r.shown for r in given]
    assert [row[:width] for row in rows] == [row[:width] for row in before]


def test_a_second_writing_takes_the_place_of_the_first(schema: Schema, tmp_path: Path) -> None:
    """Written again, the same columns hold the new receipts alone; a row without one shows none any more."""
    book, copy = house(tmp_path / "book.xlsx"), tmp_path / "copy.xlsx"
    write_copy(book, receipts(book, schema), copy)
    second = [r for r in receipts(copy, schema, "two") if r.location != Location("copy.xlsx", "Vendor", 5)]
    write_copy(copy, second, copy)
    rows = shown(copy, "Vendor")
    assert [text for text in rows[0] if text in COLUMNS] == list(COLUMNS)
    place = rows[0].index("#uuid")
    assert rows[4][place : place + 5] == (None,) * 5
    assert all(str(row[place]).startswith("two-") for row in rows[5:] if row[1])


def test_a_private_column_of_the_persons_own_is_left_alone(schema: Schema, tmp_path: Path) -> None:
    """A single column that happens to be called #status isn't ours, however often receipts are written."""
    book, copy = plain(tmp_path / "book.xlsx"), tmp_path / "copy.xlsx"
    write_copy(book, receipts(book, schema), copy)
    write_copy(copy, receipts(copy, schema), copy)
    rows = shown(copy, "Vendor")
    assert [row[2] for row in rows] == ["#status", "call them", None]
    assert rows[0][3:] == COLUMNS


def test_receipts_never_cover_what_stands_there(schema: Schema, tmp_path: Path) -> None:
    """Values without a header stay; the receipts go behind them."""
    book = plain(tmp_path / "book.xlsx")
    book.write_bytes(edited(book.read_bytes(), [Edit("Vendor", "F3", "a note")]))
    write_copy(book, receipts(book, schema), tmp_path / "copy.xlsx")
    rows = shown(tmp_path / "copy.xlsx", "Vendor")
    assert rows[2][5] == "a note"
    assert rows[0][6:] == COLUMNS


def test_formats_and_dropdowns_of_the_copy_are_the_workbooks(schema: Schema, tmp_path: Path) -> None:
    """Every part but the sheets with receipts and the styles is the same; of those sheets all but the new cells."""
    book, copy = house(tmp_path / "book.xlsx"), tmp_path / "copy.xlsx"
    given = [r for r in receipts(book, schema) if r.location.sheet == "Vendor"]
    write_copy(book, given, copy)
    old, new = parts(book.read_bytes()), parts(copy.read_bytes())
    changed = {name for name in old if old[name] != new[name]}
    assert len(changed) == 2
    sheet = next(name for name in changed if "worksheets" in name)
    place = shown(copy, "Vendor")[0].index("#uuid")
    cells = {f"{'ABCDEFGHIJKLMNOPQ'[place + c]}{r}" for c in range(5) for r in (1, *(x.location.row for x in given))}
    assert rest_of(new[sheet], cells) == rest_of(old[sheet], set())


@pytest.mark.office
def test_receipts_survive_libreoffice(schema: Schema, tmp_path: Path) -> None:
    """Saved by LibreOffice in between, the columns are found again and written once."""
    book, copy = house(tmp_path / "book.xlsx"), tmp_path / "copy.xlsx"
    write_copy(book, receipts(book, schema), copy)
    office = converted(copy, tmp_path / "office", "xlsx")
    write_copy(office, receipts(office, schema, "two"), office)
    rows = shown(office, "Vendor")
    assert [text for text in rows[0] if text in COLUMNS] == list(COLUMNS)
    assert str(rows[4][rows[0].index("#uuid")]).startswith("two-")


@pytest.mark.parametrize("name", ["book.ods", "book.csv", "book.tsv"])
def test_a_file_that_cannot_hold_receipts_says_where_they_are(name: str, tmp_path: Path) -> None:
    """Text files and .ods have no copy; the words lead to the JSON receipt, and nothing is written."""
    book = tmp_path / name
    book.write_bytes(b"aliases\n")
    with pytest.raises(UneditableError, match="JSON receipt"):
        write_copy(book, [], tmp_path / "out.xlsx")
    assert not (tmp_path / "out.xlsx").exists()


def test_a_receipt_as_json_has_the_promised_keys(schema: Schema) -> None:
    """The document names itself, the portal and the workbooks; a record has its row and what became of it."""
    given = receipts(FOURDN / "filled.xlsx", schema)
    data = as_json(given, portal="4dn", server="https://portal.example", workbooks=[Source("filled.xlsx", "ab")])
    told = json.loads(data)
    assert list(told) == ["format", "version", "portal", "server", "workbooks", "records"]
    assert (told["format"], told["version"]) == ("workbook-compiler/receipt", 1)
    assert told["workbooks"] == [{"name": "filled.xlsx", "sha256": "ab"}]
    keys = "id sheet row type identifier action uuid accession status link time".split()
    assert all(list(record) == keys for record in told["records"])
    assert told["records"][0]["id"] == given[0].id
    assert len(told["records"]) == len(given)


def test_a_receipt_of_several_workbooks_names_them() -> None:
    """Without an id of its own a row is called by its workbook as well, when there are several."""
    one = Receipt(Location("a.xlsx", "Vendor", 5), Action.SKIP)
    books = [Source("a.xlsx", ""), Source("b.xlsx", "")]
    assert json.loads(as_json([one], portal="4dn", server="", workbooks=books))["records"][0]["id"] == "a.xlsx#Vendor!5"


def test_links_and_texts_of_a_receipt_are_only_text(tmp_path: Path) -> None:
    """Whatever a server says stands in the cell as text."""
    book = plain(tmp_path / "book.xlsx")
    evil = Receipt(Location("book.xlsx", "Vendor", 2), Action.POST, "=1+1", "</c>", "a & b", "javascript:x", "1e5")
    write_copy(book, [evil], tmp_path / "copy.xlsx")
    row = openpyxl.load_workbook(io.BytesIO((tmp_path / "copy.xlsx").read_bytes()))["Vendor"][2]
    assert [(cell.value, cell.data_type) for cell in row[3:8]] == [(text, "s") for text in evil.shown]
