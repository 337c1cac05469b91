"""Sheets that go on long after their last filled cell: nothing filled is ever lost, and what says nothing isn't kept."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
from pathlib import Path
from typing import IO, cast
from xml.etree import ElementTree

import awkward
import pytest
from awkward import row, sheet, text, xlsx
from test_awkward_files import VENDOR, VENDORS, bodies, found

from workbook_compiler import api, archive
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.read import far

PART = "xl/worksheets/sheet1.xml"
END = 60_000
"""So many rows are several pieces long, whichever their form."""
SELF_CLOSED = '<row r="{n}" s="1" customFormat="1"/>'
BLANKS = '<row r="{n}" spans="1:2"><c r="A{n}" s="1"/><c r="B{n}" s="1"/></row>'
MERGED = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
SECOND = {"aliases": ["demo-lab:v2"], "title": "Last Cells"}


def tail(form: str, first: int = 3, last: int = END) -> str:
    """Return many rows of that form."""
    return "".join(form.format(n=n) for n in range(first, last + 1))


def lengthened(page: str, rows: str, after: str = "") -> str:
    """Return the sheet with more rows, and something behind the last of them."""
    close = re.search("</(?:x:)?sheetData>", page)
    assert close is not None
    return page[: close.start()] + rows + close[0] + after + page[close.end() :]


def read(path: Path) -> bytes:
    """Return what is kept of the only sheet."""
    with archive.opened(path.read_bytes(), "book.xlsx") as opened:
        return far.unpacked(opened, PART, "book.xlsx")


def prefixed(page: str) -> str:
    """Return the sheet with every element spelt with a prefix."""
    return re.sub(r"<(/?)(?=\w)", r"<\1x:", page).replace("xmlns=", "xmlns:x=")


@pytest.mark.parametrize(
    "form",
    [
        SELF_CLOSED,
        BLANKS,
        '<row r="{n}" s="1" ht="15.75" customHeight="1" hidden="1"/>',
        '<row r="{n}"><c r="A{n}" t="inlineStr"></c></row>\n',
        '<row><c s="1"/><c s="1"/><c s="1"/><c s="1"/></row>',
    ],
    ids=["self-closed", "styled blanks", "hidden", "no content", "no addresses"],
)
@pytest.mark.parametrize("spelt", [str, prefixed], ids=["plain", "prefixed"])
@pytest.mark.parametrize("after", ["", f'{MERGED}<pageMargins left="0.7"/>'], ids=["nothing", "merged cells"])
def test_an_empty_end_is_not_kept(form: str, spelt: type[str], after: str, tmp_path: Path, schema: Schema) -> None:
    """Whatever the empty rows look like, the sheet says the same without them, and what is behind them is still seen."""
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": spelt(lengthened(VENDORS, tail(form), after))})
    result = api.compile(path, schema)
    expected = [("CEL03", "Vendor!A2")] if after else []
    assert (found(result), bodies(result), len(read(path)) < 2000) == (expected, [VENDOR], True)


@pytest.mark.parametrize(
    "cells",
    [
        [text(f"A{END + 1}", "demo-lab:v2"), text(f"B{END + 1}", "Last Cells")],
        [
            f'<c r="A{END + 1}" t="str"><v>demo-lab:v2</v></c>',
            f'<c r="B{END + 1}" t="str"><f>"Last "&amp;"Cells"</f><v>Last Cells</v></c>',
        ],
    ],
    ids=["texts", "formulas"],
)
@pytest.mark.parametrize("form", [SELF_CLOSED, BLANKS])
@pytest.mark.parametrize("more", ["", tail(BLANKS, END + 2, 2 * END)], ids=["the last row", "a gap"])
@pytest.mark.parametrize("spelt", [str, prefixed], ids=["plain", "prefixed"])
def test_a_row_behind_many_empty_ones_is_read(
    cells: list[str], form: str, more: str, spelt: type[str], tmp_path: Path, schema: Schema
) -> None:
    """Sixty thousand empty rows don't end a sheet when a filled one follows."""
    page = spelt(lengthened(VENDORS, tail(form) + row(END + 1, *cells) + more))
    result = api.compile(xlsx(tmp_path / "book.xlsx", {"Vendor": page}), schema)
    assert (found(result), bodies(result)) == ([], [VENDOR, SECOND])


@pytest.mark.parametrize("hiding", ["<!-- </sheetData> -->", "<?hm </sheetData>?>"], ids=["comment", "instruction"])
def test_an_end_that_is_none_is_not_believed(hiding: str, tmp_path: Path, schema: Schema) -> None:
    """Words in a comment end no sheet."""
    filled = row(END + 1, text(f"A{END + 1}", "demo-lab:v2"), text(f"B{END + 1}", "Last Cells"))
    page = lengthened(VENDORS, tail(SELF_CLOSED) + hiding + filled)
    result = api.compile(xlsx(tmp_path / "book.xlsx", {"Vendor": page}), schema)
    assert bodies(result) == [VENDOR, SECOND]


def test_a_sheet_of_nothing_but_formatted_rows_is_empty(tmp_path: Path, schema: Schema) -> None:
    """Without any filled cell there is nothing to keep but the sheet itself."""
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": VENDORS, "Notes": sheet(tail(SELF_CLOSED, 1))})
    assert bodies(api.compile(path, schema)) == [VENDOR]


def _cells(xml: bytes) -> list[tuple[str | None, str]]:
    """Every filled cell and every merged area."""
    nodes = ElementTree.fromstring(xml).iter()
    said = [(node.get("r") or node.get("ref"), "".join(node.itertext())) for node in nodes if node.tag[-1] in "cl"]
    return [(place, words) for place, words in said if words or (place and ":" in place)]


@pytest.mark.parametrize("seed", range(60))
def test_nothing_filled_is_lost_wherever_a_piece_ends(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sheets of random gaps, unpacked in pieces of a few letters, hold the same cells as before."""
    chance = random.Random(seed)  # noqa: S311 - the same sheets each time
    rows, number = [], 0
    for _ in range(chance.randint(0, 4)):
        gap = chance.choice((0, 1, 5, 40))
        form = chance.choice((SELF_CLOSED, BLANKS, '<row r="{n}" outlineLevel="1" hidden="1"/>', "<row/>"))
        rows += [tail(form, number + 1, number + gap)]
        number += gap + 1
        at = f"{chance.choice('ABC')}{number}"
        cell = chance.choice((text(at, "is"), f'<c r="{at}"><f>A1</f></c>', f'<c r="{at}"><v>1</v></c>', ""))
        rows += [row(number, cell)]
    rows += [tail(chance.choice((SELF_CLOSED, BLANKS)), number + 1, number + chance.choice((0, 30)))]
    page = lengthened(sheet(*rows), "", chance.choice(("", MERGED)))
    page = prefixed(page.removeprefix(awkward.HEAD)) if chance.random() < 0.3 else page
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": page})
    for size in (1, 2, 3, 7, 16, 50, 200):
        monkeypatch.setattr(archive, "PIECE", size)
        assert _cells(read(path)) == _cells(page.encode()), size


def test_damage_in_an_empty_end_is_told(tmp_path: Path, schema: Schema) -> None:
    """What isn't kept is checked all the same."""
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": lengthened(VENDORS, tail(SELF_CLOSED))})
    data = path.read_bytes()
    with zipfile.ZipFile(path) as opened:
        checksum = struct.pack("<L", opened.getinfo(PART).CRC)
    assert data.count(checksum) == 2
    path.write_bytes(data.replace(checksum, bytes(4)))
    assert found(api.compile(path, schema)) == [("FIL01", "file")]


# The archive that is written anew


def test_a_part_nobody_reads_may_be_damaged(tmp_path: Path, schema: Schema) -> None:
    """A broken picture is no reason to refuse the cells beside it."""
    page = lengthened(VENDORS, tail(SELF_CLOSED))
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": page}, more={"xl/media/cat.png": "miaow" * 9})
    data = path.read_bytes()
    at = data.index(b"xl/media/cat.png") + len("xl/media/cat.png")
    path.write_bytes(data[:at] + b"\xff\xff" + data[at + 2 :])
    result = api.compile(path, schema)
    assert (found(result), bodies(result)) == ([], [VENDOR])


def test_parts_written_as_a_stream_are_copied(tmp_path: Path, schema: Schema) -> None:
    """Programs that write to a pipe put a part's sizes behind it."""

    class Pipe:
        def __init__(self) -> None:
            self.said = b""

        def write(self, more: bytes) -> int:
            self.said += more
            return len(more)

        def flush(self) -> None:
            pass

    pipe = Pipe()
    page = lengthened(VENDORS, tail(SELF_CLOSED))
    parts = awkward.parts_of(xlsx(tmp_path / "book.xlsx", {"Vendor": page}).read_bytes())
    with zipfile.ZipFile(cast("IO[bytes]", pipe), "w", zipfile.ZIP_DEFLATED) as written:
        for name, part in parts.items():
            written.writestr(name, part)
    path = tmp_path / "piped.xlsx"
    path.write_bytes(pipe.said)
    assert bodies(api.compile(path, schema)) == [VENDOR]


def test_the_new_archive_holds_the_same(tmp_path: Path) -> None:
    """Replaced parts are new, the others as they were, whatever their names."""
    path = awkward.package(tmp_path / "any.zip", {"a.xml": "a" * 99, "blå/ø.xml": "b", "c.xml": "", "d.xml": "d"})
    again = archive.rewritten(path.read_bytes(), {"c.xml": b"new", "d.xml": b""})
    with zipfile.ZipFile(io.BytesIO(again)) as opened:
        assert opened.testzip() is None
    assert awkward.parts_of(again) == {"a.xml": b"a" * 99, "blå/ø.xml": b"b", "c.xml": b"new", "d.xml": b""}


def test_parts_that_are_said_to_be_longer_than_the_file_are_refused(tmp_path: Path, schema: Schema) -> None:
    """Twenty thousand entries that share the same bytes could be copied twenty thousand times."""
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": VENDORS})
    data = path.read_bytes()
    entry = data.index(b"PK\x01\x02")
    path.write_bytes(data[: entry + 20] + struct.pack("<I", len(data)) + data[entry + 24 :])
    assert found(api.compile(path, schema)) == [("FIL01", "file")]


# Cells far away


def test_strays_at_a_sheets_end_stay_where_they_are(tmp_path: Path, schema: Schema) -> None:
    """Rows near and far keep their numbers, and a value under no header is told at its true place."""
    far_row = row(900_000, text("A900000", "demo-lab:v2"), text("B900000", "Last Cells"))
    page = lengthened(VENDORS, far_row + row(1_048_576, text("XFD1048576", "oops")))
    result = api.compile(xlsx(tmp_path / "book.xlsx", {"Vendor": page}), schema)
    assert found(result) == [("HDR04", "Vendor!XFD1")]
    assert bodies(result) == [VENDOR, SECOND]
    assert [record.location.row for record in result.records] == [2, 900_000]


def test_many_wide_rows_before_a_stray_are_folded_too(tmp_path: Path) -> None:
    """One stray doesn't hide that the rows before it span far more than they hold."""
    wide = row(1, text("A1", "aliases"), text("ZZ1", "title"))
    rows = "".join(row(n, f'<c r="A{n}"><v>1</v></c>') for n in range(2, 10_000))
    folded = far.fold(sheet(wide, rows, row(1_048_576, text("A1048576", "stray"))).encode())
    assert folded is not None
    assert (folded.kept, folded.rows, len(folded.moved)) == (0, 1_048_576, 10_001)
