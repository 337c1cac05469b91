"""What a portal must not lose or get twice: rows without names, rows that move, sets that grow, answers that don't come."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases_format import Table
from conftest import FOURDN
from told import assert_told

from live.calls import Calls
from live.proxy import Fault, answers, cut_after, proxied
from live.test_submit import book_of, planned, sent, through
from workbook_compiler import api, submission
from workbook_compiler.delivery import journal
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.sandbox import Running

SCHEMA = api.load_schema("4dn", FOURDN / "profiles.json")


@pytest.fixture
def where(fresh: Running) -> submission.Where:
    return submission.Where(keyfile=fresh.keyfile)


def is_post(seen: object) -> bool:
    return getattr(seen, "method", "") == "POST"


def described(calls: Calls, type_name: str) -> list[str]:
    """The descriptions of all records of a type, those the portal began with left out."""
    there = calls.get(f"/search/?type={type_name}&limit=all").json()["@graph"]
    return sorted(item["description"] for item in there if str(item.get("description", "")).startswith("mine"))


def actions(book: Path, where: submission.Where) -> set[str]:
    return {op.action.value for op in planned(book, where).plan.operations}


def tissues(*words: str) -> Table:
    return Table("Biosource", ("biosource_type", "description"), tuple(("tissue", f"mine {word}") for word in words))


def test_a_row_without_a_name_whose_answer_was_lost_isnt_sent_again(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """There is nothing to look for it by: sent again, it would be there twice."""
    book = book_of(tmp_path, tissues("a"))
    with proxied(submitter.server, Fault(is_post, cut_after, times=1)) as proxy:
        assert not sent(book, through(where, proxy)).ok
        again = sent(book, through(where, proxy))
    assert [d.code.id for d in again.diagnostics] == ["POR11"]
    assert_told(again.diagnostics, "POR11")
    assert "alias" in again.diagnostics[0].message
    assert described(submitter, "Biosource") == ["mine a"]


def test_rows_without_names_move_and_stay_themselves(tmp_path: Path, where: submission.Where, submitter: Calls) -> None:
    """A new row above them overwrites none of them, and none is created again, however often it is sent."""
    assert sent(book_of(tmp_path, tissues("a", "b")), where).ok
    book = book_of(tmp_path, tissues("new", "a", "b"))
    assert sent(book, where).ok
    assert described(submitter, "Biosource") == ["mine a", "mine b", "mine new"]
    assert actions(book, where) == {"SKIP"}
    shorter = book_of(tmp_path, tissues("a", "b"))
    assert actions(shorter, where) == {"SKIP"}


def test_a_row_without_a_name_that_says_something_else_is_asked_about(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """The same record edited, or another one in its place? The first would be lost if the second was meant, or the reverse."""
    assert sent(book_of(tmp_path, tissues("a", "b")), where).ok
    one = planned(book_of(tmp_path, tissues("a", "c")), where)
    assert [(d.code.id, d.location.row) for d in one.diagnostics] == [("POR13", 6)]
    assert_told(one.diagnostics, "POR13")
    assert described(submitter, "Biosource") == ["mine a", "mine b"]


def vendors(*names: str) -> Table:
    rows = tuple((f"demo-lab:{name}", f"Supplier {name}", f"mine {name}") for name in names)
    return Table("Vendor", ("aliases", "title", "description"), rows)


def test_another_row_in_a_sent_rows_place_is_another_record(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """The journal knows records by their names: what was sent from a place isn't overwritten by what stands there now."""
    assert sent(book_of(tmp_path, vendors("a")), where).ok
    assert sent(book_of(tmp_path, vendors("b")), where).ok
    assert described(submitter, "Vendor") == ["mine a", "mine b"]
    assert submitter.found("/demo-lab:a")["title"] == "Supplier a"


def test_a_question_that_fails_isnt_an_answer(tmp_path: Path, where: submission.Where, submitter: Calls) -> None:
    """A key that is refused meanwhile doesn't mean that a linked record isn't there."""
    headers = ("aliases", "biosource_type", "biosource_vendor")
    book = book_of(tmp_path, Table("Biosource", headers, (("demo-lab:b", "tissue", "demo-lab:v"),)))
    lost = Fault(lambda seen: seen.path.startswith("/demo-lab:v"), answers(401))
    with proxied(submitter.server, lost) as proxy, pytest.raises(UnreachableError):
        planned(book, through(where, proxy))


def test_a_record_is_known_by_any_of_its_aliases(tmp_path: Path, where: submission.Where, submitter: Calls) -> None:
    """A new alias may stand before the old one; that makes no other record of it."""
    assert sent(book_of(tmp_path, vendors("old")), where).ok
    row = ("demo-lab:new, demo-lab:old", "Supplier old", "mine old")
    (tmp_path / "other").mkdir()
    assert sent(book_of(tmp_path / "other", Table("Vendor", ("aliases", "title", "description"), (row,))), where).ok
    assert described(submitter, "Vendor") == ["mine old"]
    assert submitter.found("/demo-lab:new")["uuid"] == submitter.found("/demo-lab:old")["uuid"]


def test_two_runs_at_once_send_once(tmp_path: Path, where: submission.Where, submitter: Calls) -> None:
    """Both have compared before either sends: the second is told so, and rows without names aren't there twice."""
    book = book_of(tmp_path, tissues("a"))
    first = planned(book, where)
    assert sent(book, where).ok
    with submission.connection("4dn", where) as to, pytest.raises(UsageError, match="again"):
        submission.submit(first, to, where)
    assert described(submitter, "Biosource") == ["mine a"]


def test_a_workbook_that_is_being_sent_isnt_sent_by_another(
    tmp_path: Path, where: submission.Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal belongs to one run as long as it sends."""
    monkeypatch.setattr(journal, "PATIENCE", 0.1)
    book = book_of(tmp_path, tissues("a"))
    with journal.opened(journal.beside(book), alone=True), pytest.raises(UsageError, match="Another run"):
        sent(book, where)
    assert sent(book, where).ok


def test_what_refers_to_a_row_that_isnt_wanted_waits(tmp_path: Path, where: submission.Where, submitter: Calls) -> None:
    """With ``--no-create`` a link to a new row can't be sent; that isn't a mistake of its cell."""
    headers = ("aliases", "biosource_type", "biosource_vendor")
    sent(book_of(tmp_path, Table("Biosource", headers[:2], (("demo-lab:b", "tissue"),))), where)
    book = book_of(tmp_path, Table("Biosource", headers, (("demo-lab:b", "tissue", "demo-lab:v"),)), vendors("v"))
    one = submission.only(planned(book, where), create=False, update=True)
    with submission.connection("4dn", where) as to:
        done = submission.submit(one, to, where)
    assert [d.code.id for d in done.diagnostics] == ["POR10"]
    assert "biosource_vendor" not in submitter.found("/demo-lab:b")


def test_a_delete_that_is_done_isnt_told_as_left_out(tmp_path: Path, where: submission.Where) -> None:
    """Compiling can't know that the portal holds the record; comparing can."""
    headers = ("aliases", "title", "description")
    sent(book_of(tmp_path, Table("Vendor", headers, (("demo-lab:v", "T", "mine"),))), where)
    book = book_of(
        tmp_path, Table("Vendor", headers, (("demo-lab:v", "T", "*delete*"), ("demo-lab:w", "W", "*delete*")))
    )
    before = api.compile(book, SCHEMA).diagnostics
    left = submission.still_true(planned(book, where), before)
    assert [(d.code.id, str(d.location)) for d in left] == [("DEL01", "Vendor!D6")]


def test_a_link_may_name_a_record_as_its_type_does(
    tmp_path: Path, where: submission.Where, submitter: Calls, owner: dict[str, str]
) -> None:
    """``fastq`` is the name of a file format, as dropdowns offer it; sent again it is the same link."""
    submitter.stored("/vendor", {"title": "Cells Ltd", **owner})
    tables = [
        Table(
            "FileFastq", ("aliases", "file_format"), (("demo-lab:f", "fastq"), ("demo-lab:g", "/file-formats/fastq/"))
        ),
        Table("Biosource", ("aliases", "biosource_type", "biosource_vendor"), (("demo-lab:b", "tissue", "cells-ltd"),)),
    ]
    book = book_of(tmp_path, *tables)
    assert sent(book, where).ok
    assert submitter.found("/demo-lab:f?frame=object")["file_format"] == "/file-formats/fastq/"
    assert planned(book, where).plan.summary == {"SKIP": 3}
    wrong = book_of(tmp_path, Table("FileFastq", ("aliases", "file_format"), (("demo-lab:f", "fastqq"),)))
    assert [(d.code.id, str(d.location)) for d in planned(wrong, where).diagnostics] == [("POR01", "FileFastq!C5")]


def test_a_row_may_be_known_by_what_its_type_calls_it(
    tmp_path: Path, where: submission.Where, submitter: Calls, owner: dict[str, str]
) -> None:
    """A vendor without an alias is found by its name, and updated."""
    submitter.stored("/vendor", {"title": "Cells Ltd", "name": "cells-ltd", **owner})
    book = book_of(tmp_path, Table("Vendor", ("name", "title", "description"), (("cells-ltd", "Cells Ltd", "ours"),)))
    assert planned(book, where).plan.summary == {"PATCH": 1}
    assert sent(book, where).ok
    assert submitter.found("/vendors/cells-ltd/?frame=object")["description"] == "ours"
