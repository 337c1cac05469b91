"""What a workbook says is in the commons once, whatever happens on the way; what it refuses comes back at its cell."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commons import Commons, commons, expires, exports, queries, tries, uploads
from gen3_rows import CODE, plain_row
from gen3_witness import (
    dictionary_folder,
    sdk,
    served_dictionary,
    witnesses,  # noqa: F401
)
from live.proxy import Fault, answers, cut_after, cut_before, garbles, kills
from told import assert_told
from typed_books import typed_book

from workbook_compiler import api
from workbook_compiler import commons as sending
from workbook_compiler.delivery import transactions
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.model.schema import Schema
from workbook_compiler.portals.gen3 import GEN3
from workbook_compiler.submission import Compared, Submitted

PROJECT = f"P1-{CODE}"
Sheets = Mapping[str, Sequence[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def schema(gen3_environment: Path) -> Schema:
    return api.load_schema("gen3", dictionary_folder())


@pytest.fixture(params=[True, False], ids=["graphql", "export"])
def gen3(request: pytest.FixtureRequest, gen3_environment: Path, quick: None) -> Iterator[Commons]:
    """A commons with an empty project, with a query service and without."""
    with commons(served_dictionary(), graphql=request.param) as server:
        yield registered(server)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr("workbook_compiler.delivery.pacing._backoff", lambda _: 0.0)
    monkeypatch.setattr(transactions, "PAUSE", 0.0)


@pytest.fixture
def one_kind(gen3_environment: Path, quick: None) -> Iterator[Commons]:
    with commons(served_dictionary()) as server:
        yield registered(server)


def registered(server: Commons) -> Commons:
    from commons_acts import register_program, register_project

    register_program(server.store, {"type": "program", "name": "P1", "dbgap_accession_number": "P1"})
    project = {"type": "project", "code": CODE, "name": CODE, "dbgap_accession_number": CODE}
    register_project(server.store, "P1", project, "/")
    return server


class Run:
    """What ``wbc plan`` and ``wbc submit --yes`` do, in this process."""

    def __init__(self, server: Commons, schema: Schema, folder: Path, project: str | None = None) -> None:
        self.server, self.schema, self.folder, self.project = server, schema, folder, project
        self.key = server.credentials(folder / "credentials.json")

    def book(self, sheets: Sheets, name: str = "book.xlsx") -> Path:
        path = self.folder / name
        path.write_bytes(typed_book(sheets))
        return path

    def compared(self, book: Path) -> Compared:
        result = api.compile(book, self.schema)
        assert result.plan is not None, [(str(d.location), d.message) for d in result.diagnostics]
        with sending.commons(GEN3, keyfile=self.key) as to:
            return sending.compared(result.plan, to, sending.project(to, self.project, result.plan), [book])

    def sent(self, book: Path, **options: Any) -> Submitted:
        one = self.compared(book)
        assert one.ok, [(str(d.location), d.message) for d in one.diagnostics]
        with sending.commons(GEN3, keyfile=self.key) as to:
            return sending.submit(one, to, PROJECT, **options)

    def rehearsed(self, book: Path) -> list[Any]:
        one = self.compared(book)
        with sending.commons(GEN3, keyfile=self.key) as to:
            return sending.rehearsed(one, to, PROJECT)

    def stored(self) -> dict[tuple[str, str | None], dict[str, Any]]:
        found = self.server.store.records(PROJECT)
        return {
            name: dict(record.properties) for name, record in found.items() if name[0] not in ("project", "program")
        }


@pytest.fixture
def run(gen3: Commons, schema: Schema, tmp_path: Path) -> Run:
    return Run(gen3, schema, tmp_path)


@pytest.fixture
def run_once(one_kind: Commons, schema: Schema, tmp_path: Path) -> Run:
    return Run(one_kind, schema, tmp_path)


def states(done: Submitted) -> dict[str, int]:
    found = [one.state.value for one in done.outcomes]
    return {state: found.count(state) for state in dict.fromkeys(found)}


def told(said: Sequence[Any]) -> list[tuple[str, str]]:
    return [(d.code.id, str(d.location)) for d in said]


CHAIN = (
    "experiment case demographic diagnosis treatment exposure family_history sample aliquot read_group slide"
    " submitted_unaligned_reads"
).split()


def chain(schema: Schema, count: int, nodes: Sequence[str] = CHAIN) -> dict[str, list[dict[str, Any]]]:
    """``count`` rows of each node, row after row linked to the rows of the nodes before; sheets and rows in any order."""
    sheets: dict[str, list[dict[str, Any]]] = {}
    for node in nodes:
        plain = plain_row(schema.types[node])
        rows = []
        for n in range(count):
            cells = {name: f"{cell.rpartition('-')[0]}-{n}" if is_name(name) else cell for name, cell in plain.items()}
            rows.append(cells)
        random.Random(node).shuffle(rows)  # noqa: S311 - any order
        sheets[node] = rows
    return dict(reversed(sheets.items()))


def is_name(header: str) -> bool:
    return header == "submitter_id" or header.endswith(".submitter_id")


# ---------------------------------------------------------------- the way it should be


def test_twelve_nodes_of_two_hundred_rows_go_in_link_order(run: Run, schema: Schema) -> None:
    """Sheets stand in the wrong order and rows in any; every record finds its parents, and a second run sends nothing."""
    book = run.book(chain(schema, 200))
    done = run.sent(book)
    assert states(done) == {"created": 2400}
    assert len(run.stored()) == 2400
    puts = [asked for asked in run.server.heard if asked.method == "PUT"]
    assert len(puts) == 12
    places = [{document["type"] for document in json.loads(asked.body)} for asked in puts]
    order = [node for nodes in places for node in nodes]
    assert order.index("experiment") < order.index("case") < order.index("sample") < order.index("aliquot")
    run.server.heard.clear()
    assert states(run.sent(book)) == {"unchanged": 2400}
    assert not [asked for asked in run.server.heard if asked.method == "PUT"]


def test_what_was_edited_is_changed_and_the_rest_is_kept(run: Run, schema: Schema) -> None:
    """An empty cell says nothing, *delete* removes, other cells are sent; what no column names stays."""
    sheets = chain(schema, 2, CHAIN[:8])
    sheets["sample"][0] |= {"longest_dimension": "3 cm", "days_to_collection": 5, "is_ffpe": True}
    book = run.book(sheets)
    assert run.sent(book).ok
    name = sheets["sample"][0]["submitter_id"]
    del sheets["sample"][0]["is_ffpe"]
    sheets["sample"][0] |= {"longest_dimension": "*delete*", "days_to_collection": 7}
    book = run.book(sheets)
    one = run.compared(book)
    changes = {c.name: (c.before, c.after) for op in one.plan.operations for c in op.changes}
    assert changes == {"days_to_collection": (5, 7), "longest_dimension": ("3 cm", None)}
    run.server.heard.clear()
    assert states(run.sent(book)) == {"unchanged": 15, "updated": 1}
    kept = run.stored()["sample", name]
    assert (kept.get("longest_dimension"), kept["days_to_collection"], kept["is_ffpe"]) == (None, 7, True)
    (asked,) = [asked for asked in run.server.heard if asked.method == "PUT"]
    (document,) = json.loads(asked.body)
    assert document["longest_dimension"] is None
    assert "is_ffpe" not in document
    assert "id" not in document


def test_words_for_nothing_are_values(run: Run, schema: Schema) -> None:
    """NA, None, N/A and null arrive as they were typed; an empty cell sends nothing and removes nothing."""
    words = ["NA", "None", "N/A", "null", "nan", ""]
    sheets = chain(schema, len(words), ("experiment", "case"))
    for row, word in zip(sheets["case"], words, strict=True):
        row["disease_type"] = word
    book = run.book(sheets)
    assert run.sent(book).ok
    kept = {name[1]: values.get("disease_type") for name, values in run.stored().items() if name[0] == "case"}
    assert kept == {row["submitter_id"]: row["disease_type"] or None for row in sheets["case"]}
    for row in sheets["case"]:
        row["disease_type"] = ""
    assert set(states(run.sent(run.book(sheets)))) == {"unchanged"}
    assert kept == {name[1]: v.get("disease_type") for name, v in run.stored().items() if name[0] == "case"}


def test_links_grow_and_a_single_one_stays(run: Run, schema: Schema) -> None:
    """A link to many gets one more; a link to one can't be moved, and that is told at its cell before anything is sent."""
    sheets = chain(schema, 2, ("experiment", "case", "sample", "aliquot"))
    assert run.sent(run.book(sheets)).ok
    aliquot = sheets["aliquot"][0]
    (own,) = [aliquot["samples.submitter_id"]]
    other = next(s["submitter_id"] for s in sheets["sample"] if s["submitter_id"] != own)
    aliquot["samples.submitter_id"] = other
    assert states(run.sent(run.book(sheets))) == {"unchanged": 7, "updated": 1}
    links = run.server.store.records(PROJECT)["aliquot", aliquot["submitter_id"]].links["samples"]
    assert len(links) == 2
    sample = sheets["sample"][0]
    sample["cases.submitter_id"] = next(
        c["submitter_id"] for c in sheets["case"] if c["submitter_id"] != sample["cases.submitter_id"]
    )
    found = run.compared(run.book(sheets)).diagnostics
    assert sorted(told(found)) == [("POR16", "sample!C5"), ("POR19", "aliquot!C5")]
    assert_told(found, "POR16")
    assert_told(found, "POR19")


def test_links_to_what_the_project_has(run: Run, schema: Schema) -> None:
    """Rows may link to records that are there already; one that is nowhere is told at its cell."""
    assert run.sent(run.book(chain(schema, 1, ("experiment", "case")))).ok
    rows = [{"submitter_id": f"s{n}", "cases.submitter_id": f"case-{n}"} for n in (0, 7)]
    one = run.compared(run.book({"sample": rows}, "samples.xlsx"))
    assert told(one.diagnostics) == [("POR01", "sample!C6")]
    assert states(run.sent(run.book({"sample": rows[:1]}, "one.xlsx"))) == {"created": 1}


def test_the_project_is_the_one_that_is_meant(run_once: Run, schema: Schema) -> None:
    """Rows of another project than the one that was named are told; a project that isn't there is wrong usage."""
    from commons_acts import register_project

    project = {"type": "project", "code": "OTHER", "name": "O", "dbgap_accession_number": "O"}
    register_project(run_once.server.store, "P1", project, "/")
    book = run_once.book(chain(schema, 1, ("experiment",)))
    assert run_once.compared(book).ok
    run_once.project = "OTHER"
    found = run_once.compared(book).diagnostics
    assert told(found) == [("POR18", "experiment!C5")]
    assert_told(found, "POR18")
    run_once.project = "NOPE"
    with pytest.raises(UsageError, match="P1-GOLD, P1-OTHER"):
        run_once.compared(book)
    run_once.project = None
    rows = [{"submitter_id": "s", "cases.submitter_id": "c"}]
    with pytest.raises(UsageError, match="--project"):
        run_once.compared(run_once.book({"sample": rows}))


# ---------------------------------------------------------------- what it refuses


def with_a_wrong_row(run: Run, schema: Schema) -> Path:
    """Three demographics, of which one is for a case that has one already: only the commons knows."""
    first = chain(schema, 3, ("experiment", "case"))
    assert run.sent(run.book(first, "first.xlsx")).ok
    taken = {**plain_row(schema.types["demographic"]), "submitter_id": "old", "cases.submitter_id": "case-1"}
    assert run.sent(run.book({"demographic": [taken]}, "old.xlsx")).ok
    rows = [{**taken, "submitter_id": f"new-{n}", "cases.submitter_id": f"case-{n}"} for n in range(3)]
    return run.book({"demographic": rows}, "new.xlsx")


def test_a_dry_run_tells_what_the_commons_has_against_it(run: Run, schema: Schema) -> None:
    """It answers 200 all the same; the wrong row is told at its cell, and nothing is stored."""
    book = with_a_wrong_row(run, schema)
    before = run.stored()
    assert told(run.rehearsed(book)) == [("POR05", "demographic!C6")]
    assert run.stored() == before
    good = run.book(chain(schema, 2, [*CHAIN[:2], *CHAIN[3:]]), "good.xlsx")
    assert run.rehearsed(good) == []
    assert run.stored() == before


def test_a_wrong_row_holds_back_its_request(run: Run, schema: Schema) -> None:
    """All or nothing: the wrong row is told at its cell, the others wait for it and are told once."""
    book = with_a_wrong_row(run, schema)
    done = run.sent(book)
    assert states(done) == {"held back": 2, "refused": 1}
    assert told(done.diagnostics) == [("POR05", "demographic!C6"), ("POR10", "demographic")]
    assert ("demographic", "new-0") not in run.stored()


def test_partial_sends_the_others(run: Run, schema: Schema) -> None:
    """With --partial the good rows of the request are there, and the next run sends only what is left."""
    book = with_a_wrong_row(run, schema)
    done = run.sent(book, partial=True)
    assert states(done) == {"created": 2, "refused": 1}
    assert told(done.diagnostics) == [("POR05", "demographic!C6")]
    assert {("demographic", "new-0"), ("demographic", "new-2")} <= set(run.stored())
    again = run.sent(book, partial=True)
    assert states(again) == {"unchanged": 2, "refused": 1}


def test_rows_that_need_a_refused_one_wait(run: Run, schema: Schema) -> None:
    """What links to a refused record isn't sent, and isn't told as wrong itself."""
    wrong = {"entities": [], "success": False, "code": 400, "message": "", "transactional_errors": []}
    wrong["entities"] = [
        {
            "type": "case",
            "id": None,
            "valid": False,
            "unique_keys": [{"project_id": PROJECT, "submitter_id": "case-1"}],
            "errors": [{"keys": ["disease_type"], "message": "no such disease", "type": "ERROR"}],
        }
    ]
    sheets = chain(schema, 3, ("experiment", "case", "sample"))
    run.server.faults.append(Fault(second_upload(), answers(400, json.dumps(wrong).encode()), times=1))
    done = run.sent(run.book(sheets), partial=True)
    assert states(done) == {"created": 7, "held back": 1, "refused": 1}


def second_upload() -> Any:
    seen = [0]

    def wants(asked: Any) -> bool:
        seen[0] += uploads(asked)
        return bool(uploads(asked)) and seen[0] == 2

    return wants


def test_walls_of_values_are_told_in_a_sentence(run_once: Run) -> None:
    """Of a list that isn't met the nearest values are told, not hundreds."""
    from workbook_compiler.model.service import Answer
    from workbook_compiler.portals.gen3_server import reply

    listed = ", ".join(f"'Value {n}'" for n in range(282))
    error = {"keys": ["composition"], "message": f"'Valeu 7' is not one of [{listed}, None]", "type": "ERROR"}
    entity = {"type": "sample", "id": None, "unique_keys": [{"submitter_id": "x"}], "errors": [error]}
    said = reply(Answer(400, {"success": False, "entities": [entity]}, {}))
    (refusal,) = said.refusals["sample", "x"]
    assert refusal.value == "Valeu 7"
    assert "Value 7" in refusal.words
    assert len(refusal.words) < 150
    assert "None" not in refusal.words


def test_a_closed_project_takes_nothing(run: Run, schema: Schema) -> None:
    """Why is told once, for no row; the rows are not sent."""
    project = run.server.store.project("P1", CODE)
    assert project is not None
    closed = json.dumps({"message": "Project is in state 'review', which prevents /v0/submission/P1/GOLD."}).encode()
    run.server.faults.append(Fault(uploads, answers(400, closed)))
    done = run.sent(run.book(chain(schema, 2, ("experiment", "case"))))
    assert states(done) == {"not sent": 4}
    assert told(done.diagnostics) == [("POR15", "file")] or [d.code.id for d in done.diagnostics] == ["POR15"]


# ---------------------------------------------------------------- what goes wrong


def success_of_nothing(count: int) -> Any:
    said = {"success": True, "code": 200, "entities": [], "created_entity_count": count, "transactional_errors": []}
    return answers(200, json.dumps(said).encode())


def test_a_success_that_stored_nothing_is_found_out(run: Run, schema: Schema) -> None:
    """It is sent once more; when it still isn't there, each row is told and the run doesn't end well."""
    sheets = chain(schema, 2, ("experiment",))
    run.server.faults.append(Fault(uploads, success_of_nothing(2), times=1))
    assert states(run.sent(run.book(sheets))) == {"created": 2}
    run.server.faults[:] = [Fault(uploads, success_of_nothing(2))]
    more = [{**row, "submitter_id": f"x{n}"} for n, row in enumerate(sheets["experiment"])]
    done = run.sent(run.book({"experiment": more}, "more.xlsx"))
    assert states(done) == {"refused": 2}
    assert {d.code.id for d in done.diagnostics} == {"POR09"}
    assert not done.ok


def test_what_is_stored_as_something_else_is_told(run_once: Run, schema: Schema) -> None:
    """The record is there and one of its values isn't what was sent: a warning at that cell, with what is there."""

    def altered(exchange: Any) -> None:
        answer = exchange.forward()
        exchange.reply(replace(answer, body=answer.body.replace(b'"flu"', b'"influenza"')))

    sheets = chain(schema, 2, ("experiment", "case"))
    sheets["case"][1]["disease_type"] = "flu"
    run_once.server.faults.append(Fault(exports, altered))
    done = run_once.sent(run_once.book(sheets))
    assert states(done) == {"created": 4}
    assert [(d.code.id, str(d.location), d.value) for d in done.diagnostics] == [("POR17", "case!D6", "influenza")]
    assert_told(done.diagnostics, "POR17")


@pytest.mark.parametrize(
    "what",
    [cut_before, cut_after, garbles, answers(500), answers(502), answers(504), answers(503), answers(429)],
    ids=["cut before", "cut after", "garbage", "500", "502", "504", "503", "429"],
)
def test_an_answer_that_is_lost_is_looked_for(what: Any, run: Run, schema: Schema) -> None:
    """Whether it was stored or not: in the end each record is there once, with its values."""
    for number in (1, 2, 3):
        run.server.faults.append(Fault(nth_upload(number), what, times=1))
    sheets = chain(schema, 3, CHAIN[:8])
    done = run.sent(run.book(sheets))
    assert states(done) == {"created": 24}
    assert len(run.stored()) == 24
    assert all(
        numbers(run)[one.operation.record.type, one.operation.record.identifier] == one.uuid for one in done.outcomes
    )


def numbers(run: Run) -> dict[tuple[str, str | None], str]:
    return {name: record.id for name, record in run.server.store.records(PROJECT).items()}


def nth_upload(number: int) -> Any:
    seen = [0]

    def wants(asked: Any) -> bool:
        seen[0] += uploads(asked)
        return bool(uploads(asked)) and seen[0] == number

    return wants


def test_a_commons_that_goes_away_leaves_the_rest_for_later(run: Run, schema: Schema) -> None:
    """What was sent stays sent; the next run does the rest."""
    book = run.book(chain(schema, 2, CHAIN[:8]))
    run.server.faults.append(Fault(nth_upload(4), answers(503)))
    run.server.faults.append(Fault(lambda seen: bool(uploads(seen)) and len(run.stored()) >= 6, answers(503)))
    done = run.sent(book)
    assert done.stopped is not None
    assert states(done)["created"] == 6
    run.server.faults.clear()
    assert states(run.sent(book)) == {"unchanged": 6, "created": 10}


def test_a_token_that_ends_is_renewed(run: Run, schema: Schema) -> None:
    """In the middle of a run as well: what wasn't let in is sent again, once, with a new one."""
    run.server.faults.append(Fault(nth_upload(2), expires(run.server), times=1))
    run.server.faults.append(Fault(exports, expires(run.server), times=1))
    assert states(run.sent(run.book(chain(schema, 2, CHAIN[:8])))) == {"created": 16}
    assert run.server.count("POST", "/access_token") > 2


def test_a_token_is_asked_for_again_before_it_ends(gen3_environment: Path, schema: Schema, tmp_path: Path) -> None:
    """One that would end within five minutes isn't used any more."""
    with commons(served_dictionary(), lifetime=200) as server:
        run = Run(registered(server), schema, tmp_path)
        assert run.sent(run.book(chain(schema, 1, ("experiment", "case")))).ok
        assert server.count("POST", "/access_token") > 5
        assert not [one for one in server.heard if one.method == "PUT" and not one.headers.get("authorization")]


def test_a_key_that_isnt_taken(run_once: Run, schema: Schema) -> None:
    """It is told, without a word of the key."""
    run_once.server.keys.clear()
    with pytest.raises(UnreachableError) as caught:
        run_once.compared(run_once.book(chain(schema, 1, ("experiment",))))
    key = json.loads(run_once.key.read_text("utf-8"))["api_key"]
    assert "key" in str(caught.value)
    assert key[:20] not in str(caught.value)


def test_killed_before_and_after_every_request(run_once: Run, schema: Schema) -> None:
    """Killed with -9 at each request in turn, and started again: nothing is lost and nothing is there twice."""
    book = run_once.book(chain(schema, 2, ("experiment", "case", "sample", "aliquot")))
    place, runs = 0, 0
    for place in range(1, 40):
        after = place % 2 == 0
        pid: list[int] = []
        number = (place + 1) // 2 + len(run_once.server.seen)
        run_once.server.faults[:] = [Fault(number, kills(lambda pid=pid: pid[0], after=after), times=1)]
        pid.append(started(run_once, book))
        if os.waitstatus_to_exitcode(os.waitpid(pid[0], 0)[1]) == 0:
            break
        runs += 1
        expected = numbers(run_once)
        assert all(len({record for name, record in expected.items() if name == one}) == 1 for one in expected)
    run_once.server.faults.clear()
    assert runs > 8
    assert set(states(run_once.sent(book))) == {"unchanged"}
    assert len(run_once.stored()) == 8


def started(run: Run, book: Path) -> int:
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = 0 if run.sent(book).ok else 3
        finally:
            os._exit(code)
    return pid


# ---------------------------------------------------------------- the SDK as a witness

SDK = """
import json, sys
from gen3.auth import Gen3Auth
from gen3.submission import Gen3Submission
auth = Gen3Auth(refresh_file=sys.argv[1])
submission = Gen3Submission(auth)
"""


def asked(run: Run, code: str, *arguments: str) -> Any:
    done = sdk(SDK + code, str(run.key), *arguments)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_the_sdk_sees_what_was_sent(run_once: Run, schema: Schema) -> None:
    """An independent client exports our records with their values and links, and has nothing to add to them."""
    sheets = chain(schema, 3, ("experiment", "case", "sample", "aliquot"))
    assert run_once.sent(run_once.book(sheets)).ok
    code = f"print(json.dumps(submission.export_node('P1', '{CODE}', 'aliquot', 'json')))"
    listed = asked(run_once, code)["data"]
    found = {one["submitter_id"]: [end["submitter_id"] for end in one["samples"]] for one in listed}
    assert found == {row["submitter_id"]: [row["samples.submitter_id"]] for row in sheets["aliquot"]}


def test_what_the_sdk_sent_is_known(run_once: Run, schema: Schema) -> None:
    """Records that an independent client has put in are left alone where they are equal, and updated where they aren't."""
    documents = [
        {"type": "experiment", "submitter_id": "e1", "projects": {"code": CODE}},
        {"type": "case", "submitter_id": "c1", "experiments": {"submitter_id": "e1"}, "disease_type": "flu"},
    ]
    code = f"print(json.dumps([submission.submit_record('P1', '{CODE}', one) for one in json.loads(sys.argv[2])][-1]))"
    assert asked(run_once, code, json.dumps(documents))["success"] is True
    rows = [{"submitter_id": "c1", "experiments.submitter_id": "e1", "disease_type": "cold"}]
    sheets = {"experiment": [{"submitter_id": "e1", "projects.code": CODE}], "case": rows}
    one = run_once.compared(run_once.book(sheets))
    assert {op.id: op.action.value for op in one.plan.operations} == {"experiment!5": "SKIP", "case!5": "PATCH"}
    assert run_once.sent(run_once.book(sheets)).ok
    assert run_once.stored()["case", "c1"]["disease_type"] == "cold"


def test_the_sdks_own_tables_lose_what_ours_keep(run_once: Run, schema: Schema) -> None:
    """The same table sent by the SDK loses NA and None; read by us it keeps every value."""
    assert run_once.sent(run_once.book(chain(schema, 1, ("experiment",)))).ok
    words = ["NA", "None", "N/A", "null", "flu"]
    rows = "".join(f"case\tc{n}\texperiment-0\t{word}\n" for n, word in enumerate(words))
    table = run_once.folder / "case.tsv"
    table.write_text(f"type\tsubmitter_id\texperiments.submitter_id\tdisease_type\n{rows}", encoding="utf-8")
    assert run_once.sent(table).ok
    ours = [run_once.stored()["case", f"c{n}"].get("disease_type") for n in range(len(words))]
    code = f"submission.submit_file('{PROJECT}', sys.argv[2]); print('[]')"
    asked(run_once, code, str(table))
    theirs = [run_once.stored()["case", f"c{n}"].get("disease_type") for n in range(len(words))]
    assert ours == words
    assert theirs != words


def test_the_sdk_meets_the_same_commons_on_a_bad_day(run_once: Run, schema: Schema) -> None:
    """An independent client creates and updates, and is refused what we are refused; a token that was ended ends its run."""
    assert run_once.sent(run_once.book(chain(schema, 1, ("experiment",)))).ok
    code = """
import requests
case = {"type": "case", "submitter_id": "c1", "experiments": {"submitter_id": "experiment-0"}}
said = []
for more in ({}, {"disease_type": "flu"}, {"experiments": {"submitter_id": "nope"}}, {"nosuch": 1}, {}):
    try:
        said.append(submission.submit_record("P1", "GOLD", {**case, **more})["success"])
    except requests.exceptions.HTTPError as error:
        said.append(error.response.status_code)
print(json.dumps(said))
"""
    run_once.server.faults.append(Fault(nth_upload(5), expires(run_once.server), times=1))
    assert asked(run_once, code) == [True, True, 400, 400, 401]
    assert run_once.stored()["case", "c1"]["disease_type"] == "flu"


def test_dry_runs_and_queries_store_nothing(run_once: Run, schema: Schema) -> None:
    """A plan asks and a rehearsal tries: neither puts anything in."""
    run_once.rehearsed(run_once.book(chain(schema, 2)))
    assert run_once.stored() == {}
    assert [one for one in run_once.server.heard if queries(one) or tries(one)]
    assert not [one for one in run_once.server.heard if uploads(one)]
