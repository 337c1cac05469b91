"""Files that rows name are looked at before anything is sent, and attachments travel inside their message."""

from __future__ import annotations

import gzip
import os
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

import cases_format
import pytest
from cases_format import Table
from data_files import TEXT, md5, put
from loopback import answer, closed_port, serving
from told import assert_told

from workbook_compiler import api
from workbook_compiler.delivery import attachments
from workbook_compiler.delivery.attachments import inline
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.model.diagnostics import Diagnostic, Outcome
from workbook_compiler.model.records import Record
from workbook_compiler.model.schema import Schema

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
READS = gzip.compress(TEXT, mtime=0)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checksums are kept in the test's own folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a workbook's files."""
    made = tmp_path / "submission"
    (made / "figures").mkdir(parents=True)
    put(made / "gel.png", PNG)
    put(made / "figures" / "gel two.png", PNG + b"2")
    put(made / "R1.fastq.gz", READS)
    put(made / "R2.fastq.gz", gzip.compress(TEXT * 2, mtime=0))
    return made


def records(folder: Path, schema: Schema, sheet: str, headers: Sequence[str], *rows: Sequence[str]) -> list[Record]:
    """The records of one sheet."""
    names = [f"demo-lab:r{number}" for number in range(len(rows))]
    table = Table(sheet, ("aliases", *headers), tuple((name, *row) for name, row in zip(names, rows, strict=True)))
    return list(api.compile(cases_format.write([table], folder), schema).records)


def images(folder: Path, schema: Schema, *paths: str) -> list[Record]:
    return records(folder, schema, "Image", ["attachment"], *[[path] for path in paths])


def reads(folder: Path, schema: Schema, *paths: str) -> list[Record]:
    return records(folder, schema, "FileFastq", ["filename"], *[[path] for path in paths])


def look(made: Sequence[Record], schema: Schema, folder: Path) -> Outcome[attachments.Checksums]:
    """What the files of these records give, all named from one folder."""
    return attachments.look(made, schema, lambda _: folder)


def check(made: Sequence[Record], schema: Schema, folder: Path) -> list[Diagnostic]:
    return list(look(made, schema, folder).diagnostics)


def told(found: Sequence[Diagnostic]) -> list[tuple[str, str]]:
    return [(diagnostic.code.id, str(diagnostic.location)) for diagnostic in found]


# ---------------------------------------------------------------- inside a message


def sent(record: Record, folder: Path, schema: Schema) -> dict[str, object]:
    """The body of a record's message."""
    from workbook_compiler.model.plan import Request

    return dict(inline(Request(0, "POST", "/image", record.values, (record.id,)), record, folder).body)


def test_an_attachment_travels_inside_its_message(folder: Path, schema: Schema) -> None:
    """Name, kind and content, in the shape the portal wants; the record stays as it was."""
    [record] = images(folder, schema, "figures/gel two.png")
    body = sent(record, folder, schema)["attachment"]
    assert isinstance(body, dict)
    assert (body["download"], body["type"]) == ("gel two.png", "image/png")
    begin, _, data = body["href"].partition(",")
    assert begin == "data:image/png;base64"
    assert b64decode(data) == PNG + b"2"
    assert record.values["attachment"]["href"] == "figures/gel two.png"


def test_a_path_is_understood_as_people_write_it(folder: Path, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the workbook's folder, from where one is, from home, whole, as an address, and with Windows' slashes."""
    monkeypatch.setenv("HOME", str(folder / "figures"))
    monkeypatch.chdir(folder / "figures")
    whole = folder / "figures" / "gel two.png"
    paths = ["figures/gel two.png", "gel two.png", "~/gel two.png", str(whole), whole.as_uri(), "figures\\gel two.png"]
    made = images(folder, schema, *paths)
    assert [record.files[("attachment",)] for record in made] == paths
    assert check(made, schema, folder) == []
    wanted = {str(sent(record, folder, schema)["attachment"]["href"]) for record in made}  # type: ignore[index]
    assert len(wanted) == 1


def test_an_attachment_on_the_web_is_fetched(folder: Path, schema: Schema) -> None:
    """An address in the cell, the file's content in the message."""
    with serving(answer(PNG)) as web:
        [record] = images(folder, schema, f"{web.address}/a/gel.png")
        assert check([record], schema, folder) == []
        body = sent(record, folder, schema)["attachment"]
    assert isinstance(body, dict)
    assert b64decode(body["href"].partition(",")[2]) == PNG
    assert body["download"] == "gel.png"


def test_a_data_file_does_not_travel_inside(folder: Path, schema: Schema) -> None:
    """Its record has the bare name."""
    [record] = reads(folder, schema, "R1.fastq.gz")
    assert sent(record, folder, schema) == record.values


def test_a_file_that_went_away_is_told(folder: Path, schema: Schema) -> None:
    """Between the look and the message anything may happen."""
    [record] = images(folder, schema, "gel.png")
    (folder / "gel.png").unlink()
    with pytest.raises(UsageError, match=r"gel\.png can't be read any more"):
        sent(record, folder, schema)


def test_a_file_that_grew_is_not_sent(folder: Path, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not more than a message takes, from a disk or the web."""
    monkeypatch.setattr(attachments, "LARGEST", 1 << 20)
    [record] = images(folder, schema, "gel.png")
    put(folder / "gel.png", PNG + bytes(1 << 20))
    with pytest.raises(UsageError, match="larger than 1 MB"):
        sent(record, folder, schema)
    with serving(answer(PNG + bytes(8 << 20))) as web:
        [record] = images(folder, schema, f"{web.address}/gel.png")
        assert told(check([record], schema, folder)) == [("FLE06", "Image!C5")]
        with pytest.raises(UsageError, match="larger than 1 MB"):
            sent(record, folder, schema)


# ---------------------------------------------------------------- before anything is sent


def test_files_that_are_as_they_should_be_are_no_finding(folder: Path, schema: Schema) -> None:
    """Nothing to tell."""
    assert check([*images(folder, schema, "gel.png"), *reads(folder, schema, "R1.fastq.gz")], schema, folder) == []


def test_fle01_a_file_that_is_not_there_is_told_at_its_cell(folder: Path, schema: Schema) -> None:
    """FLE01, for attachments and data files; a data file on the web isn't on this computer either."""
    made = [*images(folder, schema, "gle.png"), *reads(folder, schema, "R3.fastq.gz", "https://a.example/R1.fastq.gz")]
    found = check(made, schema, folder)
    assert told(found) == [("FLE01", "Image!C5"), ("FLE01", "FileFastq!C5"), ("FLE01", "FileFastq!C6")]
    assert "“gle.png”" in found[0].message
    assert "Download it first" in found[2].hint
    assert_told(found, "FLE01")


@pytest.mark.parametrize("typed", ["file://server/share/gel.png", "~nobody-here/gel.png"])
def test_fle01_a_path_that_cannot_be_is_not_there(folder: Path, schema: Schema, typed: str) -> None:
    """FLE01 and never a traceback."""
    assert told(check(images(folder, schema, typed), schema, folder)) == [("FLE01", "Image!C5")]


def test_fle02_an_empty_file_is_told(folder: Path, schema: Schema) -> None:
    """FLE02."""
    put(folder / "R1.fastq.gz", b"")
    put(folder / "gel.png", b"")
    made = [*images(folder, schema, "gel.png"), *reads(folder, schema, "R1.fastq.gz")]
    found = check(made, schema, folder)
    assert told(found) == [("FLE02", "Image!C5"), ("FLE02", "FileFastq!C5")]
    assert_told(found, "FLE02")
    with serving(answer(b"")) as web:
        assert told(check(images(folder, schema, f"{web.address}/gel.png"), schema, folder)) == [("FLE02", "Image!C5")]


def test_fle03_a_file_that_was_cut_off_or_damaged_is_told(folder: Path, schema: Schema) -> None:
    """FLE03 says which of both."""
    put(folder / "R1.fastq.gz", READS[:-9])
    put(folder / "R2.fastq.gz", TEXT)
    found = check(reads(folder, schema, "R1.fastq.gz", "R2.fastq.gz"), schema, folder)
    assert told(found) == [("FLE03", "FileFastq!C5"), ("FLE03", "FileFastq!C6")]
    assert ["its end is missing" in found[0].message, "damaged" in found[1].message] == [True, True]
    assert_told(found, "FLE03")


def test_fle04_one_content_in_two_rows_is_told_at_the_second(folder: Path, schema: Schema) -> None:
    """FLE04 once, with the cells of the others; a picture may stand in many rows."""
    put(folder / "copy.fastq.gz", READS)
    made = reads(folder, schema, "R1.fastq.gz", "R2.fastq.gz", "copy.fastq.gz", "R1.fastq.gz")
    [found] = check(made, schema, folder)
    assert told([found]) == [("FLE04", "FileFastq!C7")]
    assert [str(place) for place in found.related] == ["FileFastq!C5", "FileFastq!C8"]
    assert "FileFastq!C5 and 1 more" in found.message
    assert_told([found], "FLE04")
    assert check(images(folder, schema, "gel.png", "gel.png"), schema, folder) == []


def test_fle05_a_picture_that_is_none_is_told(folder: Path, schema: Schema) -> None:
    """FLE05, on the disk and on the web."""
    put(folder / "gel.png", b"II*\0" + bytes(64))
    [found] = check(images(folder, schema, "gel.png"), schema, folder)
    assert told([found]) == [("FLE05", "Image!C5")]
    assert_told([found], "FLE05")
    with serving(answer(b"<html>Log in</html>")) as web:
        assert told(check(images(folder, schema, f"{web.address}/gel.png"), schema, folder)) == [("FLE05", "Image!C5")]


def test_fle06_an_attachment_that_is_too_large_is_told(
    folder: Path, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLE06; a data file may be as large as it likes."""
    monkeypatch.setattr(attachments, "LARGEST", 1 << 20)
    put(folder / "gel.png", PNG + bytes(1 << 20))
    put(folder / "big.txt", bytes(2 << 20))
    made = [*images(folder, schema, "gel.png"), *reads(folder, schema, "big.txt")]
    [found] = check(made, schema, folder)
    assert told([found]) == [("FLE06", "Image!C5")]
    assert_told([found], "FLE06")


def test_fle07_a_checksum_that_is_not_the_files_is_told(folder: Path, schema: Schema) -> None:
    """FLE07 at the checksum's cell, with the right one as suggestion; capitals don't matter."""
    made = records(
        folder,
        schema,
        "FileFastq",
        ["filename", "md5sum"],
        ["R1.fastq.gz", md5(READS).upper()],
        ["R2.fastq.gz", md5(READS)],
    )
    [found] = check(made, schema, folder)
    assert told([found]) == [("FLE07", "FileFastq!D6")]
    assert found.suggestions == (md5((folder / "R2.fastq.gz").read_bytes()),)
    assert_told([found], "FLE07")


def test_fle08_what_cannot_be_read_is_told(folder: Path, schema: Schema) -> None:
    """FLE08 for a folder, a pipe, and a web page that isn't there."""
    os.mkfifo(folder / "pipe.png")
    (folder / "gels.png").mkdir()
    both = check(images(folder, schema, "gels.png", "pipe.png"), schema, folder)
    assert told(both) == [("FLE08", "Image!C5"), ("FLE08", "Image!C6")]
    assert_told(both, "FLE08")
    [found] = check(images(folder, schema, "x" * 5000 + ".png"), schema, folder)
    assert found.code.id == "FLE08"
    with serving(answer(b"", 404)) as web:
        [found] = check(images(folder, schema, f"{web.address}/gel.png"), schema, folder)
    assert (found.code.id, "404" in found.message) == ("FLE08", True)
    [found] = check(images(folder, schema, f"http://127.0.0.1:{closed_port()}/gel.png"), schema, folder)
    assert (found.code.id, "no connection" in found.message) == ("FLE08", True)


def test_an_address_in_many_rows_is_fetched_once(folder: Path, schema: Schema) -> None:
    """A logo in a thousand rows is one message."""
    with serving(answer(PNG)) as web:
        assert check(images(folder, schema, *[f"{web.address}/gel.png"] * 5), schema, folder) == []
    assert len(web.paths) == 1


def test_findings_come_in_the_order_of_the_rows(folder: Path, schema: Schema) -> None:
    """Whatever is wrong with them."""
    put(folder / "R2.fastq.gz", b"")
    made = reads(folder, schema, "R1.fastq.gz", "R2.fastq.gz", "R1.fastq.gz", "R3.fastq.gz")
    assert told(check(made, schema, folder)) == [
        ("FLE02", "FileFastq!C6"),
        ("FLE04", "FileFastq!C7"),
        ("FLE01", "FileFastq!C8"),
    ]


def test_the_files_that_come_along_are_looked_at_too(folder: Path, schema: Schema) -> None:
    """A member of extra_files names one, in a cell of JSON."""
    cell = '[{"file_format": "/file-formats/pairs/", "filename": "nowhere.pairs.gz"}]'
    made = records(folder, schema, "FileFastq", ["extra_files"], [cell])
    assert told(check(made, schema, folder)) == [("FLE01", "FileFastq!C5")]


def test_the_path_of_a_file_that_comes_along_has_a_column(folder: Path, schema: Schema) -> None:
    """Only its bare name is sent; its checksum is worked out, and goes to its own member of the list."""
    headers = ["extra_files.file_format", "extra_files.filename", "extra_files.file_format-1", "extra_files.filename-1"]
    [record] = records(folder, schema, "FileFastq", headers, ["bed", "R1.fastq.gz", "pairs", "R2.fastq.gz"])
    members = record.values["extra_files"]
    assert [(one["file_format"], one["filename"]) for one in members] == [
        ("bed", "R1.fastq.gz"),
        ("pairs", "R2.fastq.gz"),
    ]
    sums = [md5((folder / name).read_bytes()) for name in ("R1.fastq.gz", "R2.fastq.gz")]
    wanted = {("extra_files", place, "md5sum"): one for place, one in enumerate(sums)}
    assert look([record], schema, folder).value == {record.number: wanted}


def test_a_path_in_json_isnt_sent(folder: Path, schema: Schema) -> None:
    """The portal hears the bare name."""
    cell = '[{"file_format": "pairs", "filename": "some/where/R1.fastq.gz"}]'
    [record] = records(folder, schema, "FileFastq", ["extra_files"], [cell])
    assert sent(record, folder, schema)["extra_files"] == [{"file_format": "pairs", "filename": "R1.fastq.gz"}]


@pytest.mark.parametrize("value", [5, [5], [{"filename": 5}], [{}], {"filename": "x"}])
def test_extra_files_of_another_shape_name_nothing(folder: Path, schema: Schema, value: object) -> None:
    """The portal says what is wrong with them."""
    [record] = reads(folder, schema, "R1.fastq.gz")
    assert check([record._replace(values={**record.values, "extra_files": value})], schema, folder) == []


# ---------------------------------------------------------------- checksums that rows leave out


def test_a_checksum_that_the_row_leaves_out_is_worked_out(folder: Path, schema: Schema) -> None:
    """For data files whose type keeps one; not for attachments, nor where the row has it."""
    own = md5((folder / "R2.fastq.gz").read_bytes())
    made = records(
        folder,
        schema,
        "FileFastq",
        ["filename", "md5sum"],
        ["R1.fastq.gz", ""],
        ["R2.fastq.gz", own],
        ["nowhere.gz", ""],
    )
    found = look(made, schema, folder)
    assert found.value == {made[0].number: {("md5sum",): md5(READS)}}
    assert told(found.diagnostics) == [("FLE01", "FileFastq!C7")]
    assert look(images(folder, schema, "gel.png"), schema, folder).value == {}


def test_a_page_that_asks_to_log_in_is_not_the_attachment(folder: Path, schema: Schema) -> None:
    """An answer other than the file is no file."""
    with serving(answer(b"", 403)) as web:
        [record] = images(folder, schema, web.address.replace("//", "//me:letmein@") + "/gel.png")
        with pytest.raises(UnreachableError, match="403") as caught:
            sent(record, folder, schema)
    assert "letmein" not in str(caught.value)
