"""What a person at the bench may count on when things go another way: nothing is lost, doubled or undone without a word."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cases_format
import openpyxl
import pytest
from cases_format import Table
from conftest import FOURDN
from told import assert_told

from live.calls import Calls
from live.proxy import Exchange, Fault, Seen, answers, cut_before, proxied
from live.test_submit import book_of, is_write, linked, planned, sent, through
from live.test_submit_more import described, tissues, vendors
from workbook_compiler import api, exporting, receiving, submission
from workbook_compiler.sandbox import Running

SCHEMA = api.load_schema("4dn", FOURDN / "profiles.json")


@pytest.fixture
def where(fresh: Running) -> submission.Where:
    return submission.Where(keyfile=fresh.keyfile)


def receipted(book: Path, where: submission.Where) -> Path:
    """Send a workbook, and return its copy with the receipts."""
    result = api.compile(book, SCHEMA)
    assert result.plan is not None
    with submission.connection("4dn", where) as to:
        one = submission.compared(result.plan, to, where, [book])
        assert one.ok, [d.message for d in one.diagnostics]
        done = submission.submit(one, to, where)
        return receiving.write_receipts(receiving.receipts(one, done, to), one.plan, one.books, to.server).files[0]


def picture(folder: Path, name: str) -> Table:
    """A row with a picture that lies in a folder."""
    (folder / name).write_bytes(next((FOURDN / "images").glob("*.png")).read_bytes())
    return Table("Image", ("aliases", "attachment"), (("demo-lab:i", name),))


def column(path: Path, sheet: str, header: str) -> list[Any]:
    rows = list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))
    place = rows[0].index(header)
    return [row[place] for row in rows[4:]]


def typed(path: Path, sheet: str, header: str, row: int, value: str) -> Path:
    """The workbook after a person typed into a cell."""
    workbook = openpyxl.load_workbook(path)
    heads = [str(cell.value).lstrip("*") for cell in workbook[sheet][1]]
    workbook[sheet].cell(row, heads.index(header) + 1).value = value
    workbook.save(path)
    return path


# ---------------------------------------------------------------- which record a row is


def test_a_receipt_copy_knows_its_rows_without_names(tmp_path: Path, where: submission.Where, submitter: Calls) -> None:
    """Sent again it is nothing new, and what is edited in it is an update of the same record."""
    copy = receipted(book_of(tmp_path, tissues("a", "b")), where)
    assert planned(copy, where).plan.summary == {"SKIP": 2}
    assert sent(typed(copy, "Biosource", "description", 6, "mine b, edited"), where).ok
    assert described(submitter, "Biosource") == ["mine a", "mine b, edited"]


def test_a_second_run_keeps_what_the_receipt_says(tmp_path: Path, where: submission.Where) -> None:
    """Uuid, accession and time of the first run stand there still."""
    book = book_of(tmp_path, tissues("a"))
    headers = ("#uuid", "#accession", "#link", "#time")
    first = [column(receipted(book, where), "Biosource", header) for header in headers]
    assert all(all(values) for values in first)
    assert [column(receipted(book, where), "Biosource", header) for header in headers] == first


def test_a_receipt_that_somebody_edited_is_not_written_over(tmp_path: Path, where: submission.Where) -> None:
    """The next one lies beside it."""
    book = book_of(tmp_path, vendors("a"))
    first = receipted(book, where)
    typed(first, "Vendor", "description", 5, "my own words")
    second = receipted(book, where)
    assert (first.name, second.name) == (f"{book.stem}.receipt.xlsx", f"{book.stem}.receipt-2.xlsx")
    assert column(first, "Vendor", "description") == ["my own words"]


def test_a_receipt_is_sent_onto_itself(tmp_path: Path, where: submission.Where) -> None:
    """Its receipts are renewed where they stand."""
    copy = receipted(book_of(tmp_path, vendors("a")), where)
    assert receipted(copy, where) == copy


def test_an_exported_row_under_another_name_is_asked_about(
    tmp_path: Path, where: submission.Where, submitter: Calls, owner: dict[str, str]
) -> None:
    """Corrected, it would be a second record; the old name before the new one says that it is the same."""
    submitter.stored("/biosource", {"aliases": ["demo-lab:typo"], "biosource_type": "tissue", **owner})
    with submission.connection("4dn", where) as to:
        made = exporting.export(SCHEMA, to.send, ids=["demo-lab:typo"])
    book = tmp_path / "ours.xlsx"
    book.write_bytes(made.content)
    one = planned(typed(book, "Biosource", "aliases", 5, "demo-lab:right"), where)
    assert [(d.code.id, d.field) for d in one.diagnostics] == [("POR12", "aliases")]
    assert_told(one.diagnostics, "POR12")
    assert sent(typed(book, "Biosource", "aliases", 5, "demo-lab:typo, demo-lab:right"), where).ok
    assert submitter.found("/demo-lab:right")["aliases"] == ["demo-lab:typo", "demo-lab:right"]


def test_a_copied_row_with_a_name_of_its_own_is_a_new_record(tmp_path: Path, where: submission.Where) -> None:
    """Its grey cells were copied along; the row it was copied from still has that record."""
    copy = receipted(book_of(tmp_path, vendors("a")), where)
    workbook = openpyxl.load_workbook(copy)
    sheet = workbook["Vendor"]
    sheet.append([cell.value for cell in sheet[5]])
    workbook.save(copy)
    typed(typed(copy, "Vendor", "aliases", 6, "demo-lab:b"), "Vendor", "title", 6, "Supplier b")
    assert planned(copy, where).plan.summary == {"SKIP": 1, "POST": 1}


# ---------------------------------------------------------------- a broken run


def test_a_row_that_never_left_is_sent_by_the_next_run(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """The key was refused: the portal can't have stored it, with or without a name."""
    book = book_of(tmp_path, tissues("a"))
    with proxied(submitter.server, Fault(lambda seen: seen.method == "POST", answers(401))) as proxy:
        done = sent(book, through(where, proxy))
        assert (done.ok, str(done.stopped)) == (False, "the portal: it doesn't accept this key any more")
    assert sent(book, where).ok
    assert described(submitter, "Biosource") == ["mine a"]


def test_a_portal_that_goes_away_leaves_an_account_of_what_was_done(
    tmp_path: Path, where: submission.Where, submitter: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads don't get through either; what was sent has its receipt, and the rest is counted."""
    monkeypatch.setattr("workbook_compiler.delivery.pacing._backoff", lambda _: 0.0)
    book = book_of(tmp_path, *linked(12))
    away = Fault(lambda seen: seen.number > 12, cut_before)
    with proxied(submitter.server, away) as proxy:
        done = sent(book, through(where, proxy, jobs=1))
    assert done.stopped is not None
    states = {one.state.value for one in done.outcomes}
    assert {"created", "not sent"} <= states
    assert "created" in submission.summary(done.outcomes)
    assert sent(book, where).ok


def test_a_portal_that_is_too_busy_isnt_asked_for_every_row(
    tmp_path: Path, where: submission.Where, submitter: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said so often enough for one."""
    monkeypatch.setattr("workbook_compiler.delivery.pacing._backoff", lambda _: 0.0)
    book = book_of(tmp_path, *linked(30))
    with proxied(submitter.server, Fault(is_write, answers(503))) as proxy:
        done = sent(book, through(where, proxy))
        assert proxy.count("POST") <= 6 * 4
    assert "too much to do" in str(done.stopped)
    assert sent(book, where).ok


def test_a_portal_that_fails_every_row_is_left_alone(
    tmp_path: Path, where: submission.Where, submitter: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five rows in turn are enough to know."""
    book = book_of(tmp_path, *linked(60))
    with proxied(submitter.server, Fault(is_write, answers(500))) as proxy:
        done = sent(book, through(where, proxy))
        assert proxy.count("POST") < 40
    assert "no clear answer to 5 rows" in str(done.stopped)
    assert sent(book, where).ok


def test_an_attachment_that_went_away_holds_back_its_own_row_alone(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """It was there when the files were looked at."""
    book = book_of(tmp_path, picture(tmp_path, "gel.png"), vendors("a"))
    one = planned(book, where)
    (tmp_path / "gel.png").unlink()
    with submission.connection("4dn", where) as to:
        done = submission.submit(one, to, where)
    assert [(d.code.id, str(d.location)) for d in done.diagnostics] == [("FLE08", "Image!C5")]
    assert described(submitter, "Vendor") == ["mine a"]


# ---------------------------------------------------------------- what others did meanwhile


def test_what_somebody_changed_while_a_person_thought_is_not_undone(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """Between the plan and the yes may lie an hour."""
    headers = ("aliases", "title", "tags")
    sent(book_of(tmp_path, Table("Vendor", headers, (("demo-lab:v", "T", "one"),))), where)
    book = book_of(tmp_path, Table("Vendor", headers, (("demo-lab:v", "T", "one, two"),)))
    one = planned(book, where)
    assert submitter.patch("/demo-lab:v", {"tags": ["one", "theirs"]}).status_code == 200
    with submission.connection("4dn", where) as to:
        done = submission.submit(one, to, where)
    assert [(d.code.id, str(d.location)) for d in done.diagnostics] == [("POR04", "Vendor!D5")]
    assert "theirs" in done.diagnostics[0].message
    assert sent(book, where).ok
    assert sorted(submitter.found("/demo-lab:v")["tags"]) == ["one", "theirs", "two"]


def test_what_a_curator_corrected_stays_when_the_workbook_is_sent_again(
    tmp_path: Path, where: submission.Where, submitter: Calls, admin: Calls
) -> None:
    """The cell hasn't been edited since it was sent: nobody here asked for the old words back. An edited one is sent."""
    sent(book_of(tmp_path, vendors("a", "b")), where)
    assert admin.patch("/demo-lab:a", {"description": "corrected"}).status_code == 200
    headers = ("aliases", "title", "description")
    rows = (("demo-lab:a", "Supplier a", "mine a"), ("demo-lab:b", "Supplier b", "mine b, edited"))
    one = planned(book := book_of(tmp_path, Table("Vendor", headers, rows)), where)
    assert one.plan.summary == {"SKIP": 1, "PATCH": 1}
    assert [(d.code.id, str(d.location)) for d in one.diagnostics] == [("POR14", "Vendor!D5")]
    assert_told(one.diagnostics, "POR14")
    assert sent(book, where).ok
    assert [submitter.found(f"/demo-lab:{name}")["description"] for name in "ab"] == ["corrected", "mine b, edited"]


def test_an_exported_workbook_may_be_edited_again_and_again(
    tmp_path: Path, where: submission.Where, submitter: Calls, owner: dict[str, str]
) -> None:
    """What the first edit made of the portal is no change by somebody else."""
    submitter.stored("/vendor", {"title": "T", "aliases": ["demo-lab:v"], "description": "old", **owner})
    with submission.connection("4dn", where) as to:
        made = exporting.export(SCHEMA, to.send, ids=["demo-lab:v"])
    book = tmp_path / "ours.xlsx"
    book.write_bytes(made.content)
    for text in ("first edit", "second edit", "old"):
        assert sent(typed(book, "Vendor", "description", 5, text), where).ok, text
        assert submitter.found("/demo-lab:v")["description"] == text


def test_an_exported_record_keeps_its_required_picture(
    tmp_path: Path, where: submission.Where, submitter: Calls, owner: dict[str, str]
) -> None:
    """An export can't say it; the portal has it, so the row needn't."""
    sent(book_of(tmp_path, picture(tmp_path, "gel.png")), where)
    with submission.connection("4dn", where) as to:
        made = exporting.export(SCHEMA, to.send, ids=["demo-lab:i"])
    book = tmp_path / "ours.xlsx"
    book.write_bytes(made.content)
    assert planned(book, where).plan.summary == {"SKIP": 1}


def test_a_link_is_kept_when_its_update_never_arrived(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """What a broken run didn't send isn't taken for something that a colleague removed."""
    book = book_of(tmp_path, *linked(12))
    with proxied(submitter.server, Fault(lambda seen: seen.method == "PATCH", answers(403))) as proxy:
        assert not sent(book, through(where, proxy)).ok
    assert sent(book, where).ok
    assert submitter.found("/demo-lab:s0?frame=object")["biosample_relation"][0]["relationship_type"] == "derived from"


def test_a_dry_run_finds_names_that_are_taken(
    tmp_path: Path, where: submission.Where, submitter: Calls, owner: dict[str, str]
) -> None:
    """The portal's own dry run lets them pass: names made from titles, and files that are there."""
    md5 = hashlib.md5(b"x", usedforsecurity=False).hexdigest()
    submitter.stored("/vendor", {"title": "Taken by others", **owner})
    submitter.stored("/file_fastq", {"file_format": "fastq", "md5sum": md5, **owner})
    book = book_of(
        tmp_path,
        Table("Vendor", ("aliases", "title"), (("demo-lab:v", "Taken by others"), ("demo-lab:w", "Free"))),
        Table("FileFastq", ("aliases", "file_format", "md5sum"), (("demo-lab:f", "fastq", md5),)),
    )
    one = planned(book, where)
    with submission.connection("4dn", where) as to:
        told = submission.rehearsed(one, to, where)
        done = submission.submit(one, to, where)
    expected = [("POR07", "FileFastq!D5"), ("POR07", "Vendor!C5")]
    assert sorted((d.code.id, str(d.location)) for d in told) == expected
    assert sorted((d.code.id, str(d.location)) for d in done.diagnostics) == expected


# ---------------------------------------------------------------- files


def test_each_workbook_names_files_from_its_own_folder(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """Two labs call their reads the same."""
    books = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "reads.fastq.gz").write_bytes(gzip.compress(name.encode()))
        row = (f"demo-lab:{name}", "fastq", "reads.fastq.gz")
        table = Table("FileFastq", ("aliases", "file_format", "filename"), (row,))
        [book] = cases_format.write([table], folder)
        books.append(book.rename(folder / f"{name}.xlsx"))
    result = api.compile(books, SCHEMA)
    assert result.plan is not None
    with submission.connection("4dn", where) as to:
        one = submission.compared(result.plan, to, where, books)
        assert one.diagnostics == ()
        assert submission.submit(one, to, where).ok
    sums = [
        hashlib.md5((tmp_path / name / "reads.fastq.gz").read_bytes(), usedforsecurity=False).hexdigest()
        for name in ("a", "b")
    ]
    assert [submitter.found(f"/demo-lab:{name}")["md5sum"] for name in ("a", "b")] == sums


def test_the_plan_shows_files_from_elsewhere(tmp_path: Path, where: submission.Where) -> None:
    """Whoever typed the path may not be who sends it."""
    (tmp_path / "book").mkdir()
    png = next((FOURDN / "images").glob("*.png")).read_bytes()
    for path in (tmp_path / "private.png", tmp_path / "book" / "gel.png"):
        path.write_bytes(png)
    headers = ("aliases", "attachment")
    rows = (("demo-lab:i", "../private.png"), ("demo-lab:j", "gel.png"))
    book = book_of(tmp_path / "book", Table("Image", headers, rows))
    one = planned(book, where)
    with submission.connection("4dn", where):
        lines = submission.overview(one, "There").splitlines()
    assert [line for line in lines if "elsewhere" in line] == ["Image!C5  a file from elsewhere: ../private.png"]


# ---------------------------------------------------------------- lab and award


def several(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Exchange], None]:
    """Pass an answer on, changed."""

    def what(exchange: Exchange) -> None:
        stored = exchange.forward()
        body = json.dumps(answer(json.loads(stored.body))).encode()
        exchange.reply(stored.__class__(stored.status, body, stored.headers))

    return what


def test_which_of_several_labs_is_asked_only_where_a_row_leaves_it_out(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """A person chooses; a row that says its lab and award needs nobody."""
    both = several(lambda me: {**me, "submits_for": [*me["submits_for"], {"@id": "/labs/other/"}]})

    def is_me(seen: Seen) -> bool:
        return seen.path == "/me"

    asked: list[str] = []

    def choose(kind: str, known: Any) -> str:
        asked.append(kind)
        return str(known[0])

    headers = ("aliases", "title", "lab", "award")
    whole = Table("Vendor", headers, (("demo-lab:w", "Whole", "/labs/demo-lab/", "/awards/SANDBOX-1/"),))
    with proxied(submitter.server, Fault(is_me, both)) as proxy:
        by_proxy = through(where, proxy, choose=choose)
        assert sent(book_of(tmp_path, whole), by_proxy).ok
        assert asked == []
        assert sent(book_of(tmp_path, vendors("a")), by_proxy).ok
        assert asked == ["lab"]
