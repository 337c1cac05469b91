"""Nobody's work in a commons is undone, nothing is taken for done that isn't, and odd answers are no records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commons import commons, exports, logs_in, tries, uploads
from conftest import GEN3
from gen3_rows import CODE, served
from live.proxy import Fault, answers, cut_after, cut_before
from test_gen3_submit import PROJECT, Run, nth_upload, quick, registered, states, success_of_nothing, told  # noqa: F401

from workbook_compiler import api, submission
from workbook_compiler import commons as sending
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.model.schema import Schema
from workbook_compiler.portals.gen3 import GEN3 as PORTAL

Cells = dict[str, Any]
STUDY: Cells = {"submitter_id": "st", "projects.code": CODE, "title": "T"}
PERSON: Cells = {"submitter_id": "p1", "studies.submitter_id": "st", "sex": "male", "year_of_birth": 1950}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return api.load_schema("gen3", GEN3)


@pytest.fixture(params=[True, False], ids=["graphql", "export"])
def run(request: pytest.FixtureRequest, schema: Schema, tmp_path: Path, quick: None) -> Iterator[Run]:  # noqa: F811
    """A commons run by the fixture's dictionary, with a study."""
    with commons(served(GEN3), graphql=request.param) as server:
        made = Run(registered(server), schema, tmp_path)
        assert made.sent(made.book({"study": [STUDY]}, "study.xlsx")).ok
        server.heard.clear()
        yield made


def record(run: Run, node: str, name: str) -> Any:
    return run.server.store.records(PROJECT)[node, name]


def puts(run: Run) -> list[dict[str, Any]]:
    return [document for one in run.server.heard if uploads(one) for document in json.loads(one.body)]


# ---------------------------------------------------------------- what others did


def test_an_update_leaves_alone_what_somebody_else_changed(run: Run) -> None:
    """A required value has to be said again in each message: it is said as it is stored, not as the row has it."""
    assert run.sent(run.book({"site": [{"submitter_id": "a", "studies.submitter_id": "st"}]}, "site.xlsx")).ok
    assert run.sent(run.book({"participant": [{**PERSON, "sites.submitter_id": "a"}]})).ok
    person = record(run, "participant", "p1")
    person.properties["sex"] = "female"
    person.links["sites"] = ()
    done = run.sent(run.book({"participant": [{**PERSON, "sites.submitter_id": "a", "year_of_birth": 1951}]}))
    assert states(done) == {"updated": 1}
    person = record(run, "participant", "p1")
    assert (person.properties["sex"], person.properties["year_of_birth"], person.links.get("sites", ())) == (
        "female",
        1951,
        (),
    )


def test_a_row_that_was_found_equal_is_remembered(run: Run) -> None:
    """Sent from another workbook, and changed there since: the row that nobody edited doesn't take it back."""
    book = run.book({"participant": [PERSON]}, "mine.xlsx")
    assert run.sent(run.book({"participant": [PERSON]}, "theirs.xlsx")).ok
    assert states(run.sent(book)) == {"unchanged": 1}
    record(run, "participant", "p1").properties["sex"] = "female"
    one = run.compared(book)
    assert told(one.diagnostics) == [("POR14", "participant!D5")]
    assert [op.action.value for op in one.plan.operations] == ["SKIP"]


def test_a_row_under_another_records_name_is_asked_about(run: Run) -> None:
    """A receipt of p9 beside a row that is called p1 now: it would write p9's values over p1."""
    people = [PERSON, {**PERSON, "submitter_id": "p9", "year_of_birth": 1999}]
    assert run.sent(run.book({"participant": people})).ok
    row = {**people[1], "submitter_id": "p1", "#uuid": record(run, "participant", "p9").id}
    assert ("POR12", "participant!B5") in told(run.compared(run.book({"participant": [row]}, "ours.xlsx")).diagnostics)


def test_links_that_are_taken_out_of_a_cell_are_told(run: Run) -> None:
    """The commons keeps them, and a warning says so at the cell."""
    site = {"submitter_id": "a", "studies.submitter_id": "st, st2"}
    studies = [STUDY, {**STUDY, "submitter_id": "st2"}]
    assert run.sent(run.book({"study": studies, "site": [site]})).ok
    one = run.compared(run.book({"study": studies, "site": [{**site, "studies.submitter_id": "st"}]}))
    assert told(one.diagnostics) == [("POR19", "site!C5")]


# ---------------------------------------------------------------- what isn't there


@pytest.mark.parametrize("what", [cut_before, answers(500), success_of_nothing(1)], ids=["cut", "500", "false success"])
def test_a_list_that_became_shorter_is_stored_so(what: Any, run: Run) -> None:
    """Not taken for done because the old list has all of the new one."""
    assert run.sent(run.book({"participant": [{**PERSON, "languages": "de, fr"}]})).ok
    run.server.faults.append(Fault(nth_upload(1), what, times=1))
    assert states(run.sent(run.book({"participant": [{**PERSON, "languages": "de"}]}))) == {"updated": 1}
    assert record(run, "participant", "p1").properties["languages"] == ["de"]


ODD = {
    "a page": (200, b"<html>sign in</html>"),
    "null": (200, b"null"),
    "an object": (200, b"{}"),
    "no ids": (200, b'[{"submitter_id": "p1"}]'),
    "500": (500, b"{}"),
    "404 of a proxy": (404, b"<html>not here</html>"),
}


@pytest.mark.parametrize(("status", "body"), ODD.values(), ids=ODD)
def test_an_odd_answer_is_no_empty_commons(status: int, body: bytes, run: Run) -> None:
    """A record that is there isn't created because its export can't be read."""
    assert run.sent(run.book({"participant": [PERSON]})).ok
    run.server.faults.append(Fault(exports, answers(status, body)))
    with pytest.raises(UnreachableError):
        run.compared(run.book({"participant": [PERSON]}, "other.xlsx"))


def test_an_export_of_nothing_where_records_are_listed(schema: Schema, tmp_path: Path, quick: None) -> None:  # noqa: F811
    """The query service names a record and the export has none: the two don't agree, and nothing is planned on it."""
    with commons(served(GEN3)) as server:
        run = Run(registered(server), schema, tmp_path)
        assert run.sent(run.book({"study": [STUDY]})).ok
        server.faults.append(Fault(exports, answers(200, b"[]")))
        with pytest.raises(UnreachableError, match="study"):
            run.compared(run.book({"study": [STUDY]}, "other.xlsx"))


@pytest.mark.parametrize("what", [answers(503), answers(200, b"<html>")], ids=["503", "a page"])
def test_what_can_not_be_read_back_is_unclear(what: Any, run: Run) -> None:
    """The row was taken: it is neither told as refused nor as not sent, and the next run finds it."""
    book = run.book({"participant": [PERSON]})
    run.server.faults.append(Fault(lambda seen: bool(exports(seen)) and ("participant", "p1") in run.stored(), what))
    done = run.sent(book)
    assert (states(done), done.stopped is None) == ({"unclear": 1}, False)
    assert {d.code.id for d in done.diagnostics} == {"POR11"}
    run.server.faults.clear()
    assert states(run.sent(book)) == {"unchanged": 1}
    assert len(run.stored()) == 2


def test_a_value_that_the_server_rewrites_is_stored_otherwise(run: Run) -> None:
    """The only change comes out as something else: it is there, once, and told."""

    def rewrites(exchange: Any) -> None:
        exchange.body = exchange.body.replace(b"1951", b"1952")
        exchange.reply(exchange.forward())

    assert run.sent(run.book({"participant": [PERSON]})).ok
    run.server.faults.append(Fault(uploads, rewrites))
    run.server.heard.clear()
    done = run.sent(run.book({"participant": [{**PERSON, "year_of_birth": 1951}]}))
    assert (states(done), told(done.diagnostics)) == ({"updated": 1}, [("POR17", "participant!E5")])
    assert len(puts(run)) == 1


# ---------------------------------------------------------------- circles


def visits(count: int, *pairs: tuple[int, int]) -> list[Cells]:
    rows = [{"submitter_id": f"v{n}", "participants.submitter_id": "p1", "day": n} for n in range(count)]
    for one, other in pairs:
        rows[one]["previous_visits.submitter_id"] = f"v{other}"
        rows[other]["previous_visits.submitter_id"] = f"v{one}"
    return rows


def test_a_circle_that_spans_requests_is_closed_later(run: Run) -> None:
    """Of 600 visits an early and a late one refer to each other: both are created, then linked; a dry run goes through."""
    book = run.book({"participant": [PERSON], "visit": visits(600, (3, 590))})
    assert run.rehearsed(book) == []
    assert states(run.sent(book)) == {"created": 601, "updated": 1}
    ends = {name: record(run, "visit", name).links["previous_visits"] for name in ("v3", "v590")}
    assert ends == {"v3": (record(run, "visit", "v590").id,), "v590": (record(run, "visit", "v3").id,)}
    assert set(states(run.sent(book))) == {"unchanged"}


@pytest.mark.parametrize("what", [cut_before, cut_after], ids=["before", "after"])
def test_a_later_link_whose_answer_is_lost_is_there(what: Any, run: Run) -> None:
    """Whether it arrived is told by the link itself, not by its record."""
    book = run.book({"participant": [PERSON], "visit": visits(2, (0, 1))})
    run.server.faults.append(Fault(nth_upload(3), what, times=1))
    assert run.sent(book).ok
    assert all(record(run, "visit", name).links["previous_visits"] for name in ("v0", "v1"))


def test_a_change_of_a_record_in_a_circle_is_rehearsed(run: Run) -> None:
    """Its update is a later one, and is tried all the same."""
    book = run.book({"participant": [PERSON], "visit": visits(2, (0, 1))})
    assert run.sent(book).ok
    rows = visits(2, (0, 1))
    rows[0]["day"] = 99
    run.server.heard.clear()
    assert run.rehearsed(run.book({"participant": [PERSON], "visit": rows})) == []
    (asked,) = [one for one in run.server.heard if tries(one)]
    assert [document["day"] for document in json.loads(asked.body)] == [99]


# ---------------------------------------------------------------- dry runs


@pytest.mark.parametrize(
    "said",
    [
        {"success": False, "entities": []},
        {"success": False, "entities": [{"type": "x", "errors": [{"message": "no"}]}]},
        {"success": False, "entities": [{"type": "participant", "unique_keys": 5, "errors": 5}]},
        {"success": False, "entities": 5, "transactional_errors": 5},
        {"success": False, "transactional_errors": "all wrong"},
        [],
    ],
)
def test_a_dry_run_that_fails_always_says_something(said: Any, run: Run) -> None:
    """Whatever the answer looks like: what can't be told at a row is told of the file."""
    run.server.faults.append(Fault(tries, answers(200, json.dumps(said).encode())))
    found = run.rehearsed(run.book({"participant": [PERSON]}))
    assert [d.code.id for d in found] == ["POR15"]
    run.server.faults[:] = [Fault(uploads, answers(200, json.dumps(said).encode()))]
    done = run.sent(run.book({"participant": [PERSON]}, "other.xlsx"))
    assert [d.code.id for d in done.diagnostics] == ["POR15"]
    assert states(done) == {"not sent": 1}


def test_a_dry_run_without_new_records(run: Run) -> None:
    """What needs a record that isn't to be created isn't tried: nothing is told of it."""
    assert run.sent(run.book({"participant": [PERSON]})).ok
    sheets = {
        "site": [{"submitter_id": "a", "studies.submitter_id": "st"}],
        "participant": [{**PERSON, "sites.submitter_id": "a"}],
    }
    one = submission.only(run.compared(run.book(sheets)), create=False, update=True)
    with sending.commons(PORTAL, keyfile=run.key) as to:
        assert sending.rehearsed(one, to, PROJECT) == []


def test_dry_runs_stay_small(run: Run) -> None:
    """Rows go along with what they need, and no request has more than a thousand."""
    people = [{**PERSON, "submitter_id": f"p{n}"} for n in range(900)]
    days = [{"submitter_id": f"v{n}", "participants.submitter_id": f"p{n}", "day": 1} for n in range(900)]
    assert run.rehearsed(run.book({"participant": people, "visit": days})) == []
    sizes = [len(json.loads(one.body)) for one in run.server.heard if tries(one)]
    assert (sum(sizes), max(sizes)) == (1800, 1000)


# ---------------------------------------------------------------- the way there


def test_a_project_is_known_by_its_whole_code(run: Run) -> None:
    """GOLD isn't NOT-GOLD; a whole name as a code is told with what belongs there."""
    one = run.compared(run.book({"study": [{**STUDY, "projects.code": PROJECT}]}, "whole.xlsx"))
    assert told(one.diagnostics)[0] == ("POR18", "study!C5")
    assert "GOLD." in one.diagnostics[0].hint
    one = run.compared(run.book({"study": [{**STUDY, "projects.code": "OLD"}]}, "end.xlsx"))
    assert told(one.diagnostics)[0] == ("POR18", "study!C5")
    run.project = "OLD"
    with pytest.raises(UsageError, match="OLD"):
        run.compared(run.book({"study": [STUDY]}))


def test_a_token_service_that_fails_in_the_middle(run: Run) -> None:
    """What was stored is told; the rest waits for the next run."""
    run.server.faults.append(Fault(logs_in, answers(502)))
    with pytest.raises(UnreachableError):
        run.compared(run.book({"participant": [PERSON]}))
    run.server.faults.clear()
    sheets = {"participant": [PERSON], "visit": visits(1)}
    one = run.compared(run.book(sheets))

    def ends(exchange: Any) -> None:
        run.server.expire()
        run.server.faults.append(Fault(logs_in, answers(502)))
        exchange.reply(exchange.forward())

    run.server.faults.append(Fault(nth_upload(2), ends, times=1))
    with sending.commons(PORTAL, keyfile=run.key) as to:
        done = sending.submit(one, to, PROJECT)
    assert (states(done), done.stopped is None) == ({"created": 1, "not sent": 1}, False)


def test_an_answer_that_is_lost_beside_a_new_token(schema: Schema, tmp_path: Path, quick: None) -> None:  # noqa: F811
    """A token is fetched in the middle of a message: it is known all the same that the message has left."""
    with commons(served(GEN3), lifetime=200) as server:
        run = Run(registered(server), schema, tmp_path)
        server.faults.append(Fault(nth_upload(1), cut_after, times=1))
        assert states(run.sent(run.book({"study": [STUDY]}))) == {"created": 1}
        assert len([one for one in server.heard if uploads(one)]) == 1


def test_a_row_that_is_too_large_alone(run: Run) -> None:
    """A server before the commons takes no request of its size: that row is told, the others are sent."""

    def too_large(exchange: Any) -> None:
        exchange.reply(answer_413 if b"p2" in exchange.body else exchange.forward())

    from live.proxy import Answer

    answer_413 = Answer(413, b"<html>", (("Content-Type", "text/html"),))
    run.server.faults.append(Fault(uploads, too_large))
    people = [{**PERSON, "submitter_id": f"p{n}"} for n in range(5)]
    done = run.sent(run.book({"participant": people}))
    assert states(done) == {"created": 4, "refused": 1}
    assert [(d.code.id, d.location.row) for d in done.diagnostics] == [("POR09", 7)]


def test_a_program_that_is_closed_to_us(run: Run) -> None:
    """One that we may not look into hides its own projects only."""
    from commons_acts import register_program

    register_program(run.server.store, {"type": "program", "name": "SECRET", "dbgap_accession_number": "S"})
    run.server.faults.append(Fault(lambda seen: seen.path.endswith("/submission/SECRET"), answers(403)))
    assert run.compared(run.book({"participant": [PERSON]})).ok
    run.server.faults.append(Fault(lambda seen: seen.path.endswith("/submission/P1"), answers(200, b'{"links": 5}')))
    with pytest.raises(UnreachableError, match="projects"):
        run.compared(run.book({"participant": [PERSON]}))
