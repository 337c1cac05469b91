"""What is registered is held, released or cancelled once, and umbrellas learn of their children when both have accessions."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cases_format import Table
from live.proxy import Fault, Seen, answers, cut_after
from lxml import etree
from test_ena_submit import archive, book_of, samples, sent
from test_ena_submit import ena as ena  # the fixtures
from test_ena_submit import no_waiting as no_waiting
from test_ena_submit import schema as schema
from told import assert_told
from webin import Webin, refuses, submits

from workbook_compiler import api, depositing
from workbook_compiler.model.codes.fits import FIT05
from workbook_compiler.model.codes.portal import POR05, POR09
from workbook_compiler.model.schema import Schema

TITLE, ABOUT = "A title of twenty characters", "What was done with twenty gut samples."


def acting(action: str, **more: str) -> list[Table]:
    """Two samples; the first has the action."""
    [table] = samples(2)
    other = tuple("" for _ in more)
    rows = ((*table.rows[0], action, *more.values()), (*table.rows[1], "", *other))
    return [Table("sample", (*table.headers, "action", *more), rows)]


def run(
    tables: list[Table], folder: Path, schema: Schema, ena: Webin, form: str = "json"
) -> tuple[list[str], list[Any]]:
    """How the rows fared, and the bodies that were sent."""
    before = len(ena.posts)
    done = sent(book_of(folder, tables), schema, ena, form)
    bodies = [json.loads(post.body) if post.kind == "application/json" else post.body for post in ena.posts[before:]]
    return [one.state.value for one in done.posted.outcomes], bodies


def stored(ena: Any, kind: str, alias: str) -> dict[str, Any]:
    """What the archive has of an object."""
    return ena.objects[kind, alias]  # type: ignore[no-any-return]


def nth(number: int) -> Callable[[Seen], bool]:
    """When: at the document of that number from now on."""
    left = count(1)
    return lambda seen: submits(seen) and next(left) == number


def actions(body: Any) -> list[dict[str, str]]:
    return body["submission"]["actions"]  # type: ignore[no-any-return]


# ---------------------------------------------------------------- held, released, cancelled


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("action", ["HOLD", "RELEASE", "CANCEL"])
def test_an_action_is_sent_once_and_without_the_record(
    action: str, form: str, tmp_path: Path, schema: Schema, ena: Webin
) -> None:
    """After ADD the row says what is to be done: that alone is sent, to its accession, in JSON; a second run sends nothing."""
    run(samples(2), tmp_path, schema, ena, form)
    accession = stored(ena, "sample", "s0")["accession"]
    date = {"release_date": "2027-01-01"} if action == "HOLD" else {}
    states, bodies = run(acting(action, **date), tmp_path, schema, ena, form)
    until = {"holdUntilDate": "2027-01-01"} if action == "HOLD" else {}
    assert states == ["updated", "unchanged"]
    assert [list(body) for body in bodies] == [["submission"]]
    assert actions(bodies[0]) == [{"type": action, "target": accession, **until}]
    status = {"HOLD": "PRIVATE", "RELEASE": "PUBLIC", "CANCEL": "CANCELLED"}[action]
    assert stored(ena, "sample", "s0")["status"] == status
    assert stored(ena, "sample", "s1")["status"] == "PRIVATE"
    assert run(acting(action, **date), tmp_path, schema, ena, form) == (["unchanged", "unchanged"], [])


def test_what_is_released_keeps_its_accession_and_can_be_changed(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Once the action is taken out of the row again, or is the ADD it was, the record is sent whole with MODIFY."""
    run(samples(2), tmp_path, schema, ena)
    accession = stored(ena, "sample", "s0")["accession"]
    run(acting("RELEASE"), tmp_path, schema, ena)
    for action in ("", "ADD"):
        states, bodies = run(acting(action), tmp_path, schema, ena)
        assert (states, [actions(body) for body in bodies]) == (["updated", "unchanged"], [[{"type": "MODIFY"}]])
    assert stored(ena, "sample", "s0")["accession"] == accession


def test_the_same_action_is_sent_again_after_another(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Held, held until later, held as before: the archive isn't asked for the answer to the first of them."""
    run(samples(2), tmp_path, schema, ena)
    names = []
    for date in ("2027-01-01", "2027-02-01", "2027-01-01", "2027-02-01"):
        states, [body] = run(acting("HOLD", release_date=date), tmp_path, schema, ena)
        assert states == ["updated", "unchanged"]
        assert stored(ena, "sample", "s0")["holdUntilDate"] == date
        names.append(body["submission"]["alias"])
    assert names[2:] == [f"{name}-2" for name in names[:2]]


def test_the_same_change_is_sent_again_after_another(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """A title that was changed there and back is what the row says now."""
    [table] = samples(2)
    for title in ("One", "Two", "One", "Two", "One"):
        rows = ((table.rows[0][0], title, *table.rows[0][2:]), table.rows[1])
        run([Table("sample", table.headers, rows)], tmp_path, schema, ena)
        assert f"<TITLE>{title}</TITLE>" in stored(ena, "sample", "s0")["xml"]


def test_actions_go_last_together_by_kind(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """After what is added, one document for each kind of action, whatever the rows' order."""
    run(samples(5), tmp_path, schema, ena)
    [table] = samples(6)
    rows = tuple(
        (*row, action)
        for row, action in zip(table.rows, ("CANCEL", "RELEASE", "HOLD", "RELEASE", "CANCEL", ""), strict=True)
    )
    states, bodies = run([Table("sample", (*table.headers, "action"), rows)], tmp_path, schema, ena)
    assert states == ["updated"] * 5 + ["created"]
    found = [[action["type"] for action in actions(body)] for body in bodies]
    assert found == [["ADD"], ["HOLD"], ["RELEASE", "RELEASE"], ["CANCEL", "CANCEL"]]


def test_an_action_whose_answer_is_lost_is_known(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """The archive is asked for the answer; the record isn't lost when the run ends before it."""
    run(samples(2), tmp_path, schema, ena)
    accession = stored(ena, "sample", "s0")["accession"]
    ena.faults[:] = [Fault(submits, cut_after, times=1)]
    assert run(acting("RELEASE"), tmp_path, schema, ena)[0] == ["updated", "unchanged"]
    ena.faults[:] = [Fault(submits, answers(500))]
    assert run(acting("HOLD"), tmp_path, schema, ena)[0] == ["not sent", "unchanged"]
    ena.faults.clear()
    stored(ena, "sample", "s0")["status"] = "PRIVATE"  # what is public can't be held
    states, bodies = run(acting("HOLD"), tmp_path, schema, ena)
    assert states == ["updated", "unchanged"]
    assert actions(bodies[-1]) == [{"type": "HOLD", "target": accession}]


SAYINGS: dict[str, tuple[bool, dict[str, list[str]], str]] = {
    "success, and an error": (True, {"error": ['sample accession "{}" is public.']}, "refused"),
    "no success, and no error": (False, {"info": ["Submission has been committed."]}, "updated"),
    "no success, but it is named": (False, {"info": ['sample accession "{}" is released.']}, "updated"),
    "success, and rolled back": (True, {"info": ["Submission has been rolled back."]}, "refused"),
    "another's error": (True, {"error": ["ERS1."], "info": ['sample accession "{}" is released.']}, "updated"),
    "nothing": (False, {}, "refused"),
}


@pytest.mark.parametrize("case", SAYINGS)
def test_sentences_count_more_than_success(case: str, tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """What the archive says of an action in words decides whether it was done."""
    run(samples(2), tmp_path, schema, ena)
    success, said, state = SAYINGS[case]
    accession = stored(ena, "sample", "s0")["accession"]
    messages = {kind: [line.format(accession) for line in lines] for kind, lines in said.items()}
    body = {"success": success, "messages": messages, "actions": ["RELEASE"]}
    ena.faults[:] = [Fault(submits, answers(200, json.dumps(body).encode()), times=1)]
    assert run(acting("RELEASE"), tmp_path, schema, ena)[0] == [state, "unchanged"]


def test_a_refused_action_is_told_at_its_cell_and_the_others_are_done(
    tmp_path: Path, schema: Schema, ena: Webin
) -> None:
    """A public sample can't be cancelled; its neighbour is, and the next run knows the accession still."""
    run(samples(2), tmp_path, schema, ena)
    run(acting("RELEASE"), tmp_path, schema, ena)
    [table] = acting("CANCEL")
    both = Table("sample", table.headers, (table.rows[0], (*table.rows[1][:-1], "CANCEL")))
    number = stored(ena, "sample", "s0")["accession"]
    ena.faults[:] = [
        Fault(submits, refuses(f'sample accession "{number}": it is public, CANCEL isn\'t possible.'), times=1)
    ]
    done = sent(book_of(tmp_path, [both]), schema, ena)
    assert [one.state.value for one in done.posted.outcomes] == ["refused", "updated"]
    assert [(d.code, str(d.location)) for d in done.diagnostics] == [(POR05, f"sample!{column_of(table, 'action')}5")]
    states, bodies = run([Table("sample", table.headers, table.rows)], tmp_path, schema, ena)
    assert states == ["refused", "updated"]
    assert {"type": "CANCEL", "target": number} in [one for body in bodies for one in body["submission"]["actions"]]


def column_of(table: Table, name: str) -> str:
    return "BCDEFGHIJKL"[table.headers.index(name)]


def test_an_action_on_what_nobody_knows_is_told_before_it_is_sent(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Offline as a warning, for the journal may know it; when sending, or trying, as an error. Nothing is sent about it."""
    tables = acting("RELEASE")
    book = book_of(tmp_path, tables)
    cell = f"sample!{column_of(tables[0], 'action')}5"
    result = api.compile(book, schema)
    assert [(d.code, str(d.location)) for d in result.diagnostics] == [(FIT05, cell)]
    assert_told(result.diagnostics, "FIT05")
    assert result.plan is not None
    with archive(ena) as to:
        one = depositing.settled(result.plan, to, [book])
        assert [(d.code, str(d.location)) for d in depositing.rehearsed(one, to)] == [(POR09, cell)]
        assert "accession" in depositing.rehearsed(one, to)[0].message
    done = sent(book, schema, ena)
    assert [(d.code, str(d.location)) for d in done.diagnostics] == [(POR09, cell)]
    assert set(ena.objects) == {("sample", "s1")}


def test_an_accession_in_the_row_is_enough(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Another workbook registered it; compiled documents have the action too, and a dry run sends none of it."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    run(samples(1), first, schema, ena)
    tables = acting("CANCEL", accession=stored(ena, "sample", "s0")["accession"])
    book = book_of(second, tables)
    result = api.compile(book, schema)
    assert result.plan is not None
    assert result.diagnostics == ()
    before = len(ena.posts)
    with archive(ena) as to:
        assert depositing.rehearsed(depositing.settled(result.plan, to, [book]), to) == []
    assert b"CANCEL" not in b"".join(post.body for post in ena.posts[before:])
    assert run(tables, second, schema, ena)[0] == ["updated", "created"]
    assert stored(ena, "sample", "s0")["status"] == "CANCELLED"
    assert run(tables, second, schema, ena) == (["unchanged", "unchanged"], [])


# ---------------------------------------------------------------- umbrellas


def projects(*children: str, parent: str = "roof", title: str = TITLE, about: str = ABOUT) -> list[Table]:
    headers = ("alias", "title", "description", "umbrella", "parent_project")
    roof = (("roof", title, ABOUT, "TRUE", ""),) if parent == "roof" else ()
    return [Table("project", headers, (*((name, TITLE, about, "", parent) for name in children), *roof))]


def related(ena: Webin, alias: str) -> list[tuple[str, str]]:
    """Which projects a project was last said to be related to."""
    found = etree.fromstring(stored(ena, "project", alias)["xml"]).iterfind("RELATED_PROJECTS/RELATED_PROJECT/*")
    return [(str(one.tag), one.get("accession", "")) for one in found]


def children(ena: Webin, *names: str) -> list[tuple[str, str]]:
    return [("CHILD_PROJECT", stored(ena, "project", name)["accession"]) for name in names]


@pytest.mark.parametrize("form", ["json", "xml"])
def test_an_umbrella_learns_of_its_children_once(form: str, tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """After all of them have accessions it is sent again, whole, with theirs; the next run sends nothing."""
    states, bodies = run(projects("a", "b"), tmp_path, schema, ena, form)
    assert set(states) == {"created", "updated"}
    assert related(ena, "roof") == children(ena, "a", "b")
    assert b"<UMBRELLA_PROJECT" in bodies[-1]
    assert b"<MODIFY" in bodies[-1]
    assert len(bodies) == 2
    states, bodies = run(projects("a", "b"), tmp_path, schema, ena, form)
    assert (set(states), bodies) == ({"unchanged"}, [])


def test_a_further_child_and_a_changed_umbrella(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """All children are named again, for what is replaced as a whole may lose them; a child's own change doesn't matter."""
    run(projects("a"), tmp_path, schema, ena)
    run(projects("a", "b"), tmp_path, schema, ena)
    assert related(ena, "roof") == children(ena, "a", "b")
    run(projects("a", "b", title=TITLE * 2), tmp_path, schema, ena)
    assert related(ena, "roof") == children(ena, "a", "b")
    assert TITLE * 2 in stored(ena, "project", "roof")["xml"]
    run(projects("a", "b"), tmp_path, schema, ena)
    assert related(ena, "roof") == children(ena, "a", "b")
    assert TITLE * 2 not in stored(ena, "project", "roof")["xml"]
    _, bodies = run(projects("a", "b", about=ABOUT * 2), tmp_path, schema, ena)
    assert [[one["alias"] for one in body["projects"]] for body in bodies] == [["a", "b"]]
    assert related(ena, "roof") == children(ena, "a", "b")


def test_a_child_names_an_umbrella_of_another_workbook(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Of it nothing but the accession is known, so it can't be sent again."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    run(projects(), first, schema, ena)
    number = stored(ena, "project", "roof")["accession"]
    run(projects("a", parent=number), second, schema, ena)
    assert related(ena, "a") == [("PARENT_PROJECT", number)]
    assert run(projects("a", parent=number), second, schema, ena)[1] == []


def test_an_umbrella_can_be_a_child_too(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Of another row, or of another workbook's umbrella: each relation says who is above."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    run(projects(), first, schema, ena)
    number = stored(ena, "project", "roof")["accession"]
    headers = ("alias", "title", "description", "umbrella", "parent_project")
    rows = (
        ("leaf", TITLE, ABOUT, "", "branch"),
        ("branch", TITLE, ABOUT, "TRUE", "trunk"),
        ("trunk", TITLE, ABOUT, "TRUE", number),
    )
    tables = [Table("project", headers, rows)]
    run(tables, second, schema, ena)
    assert related(ena, "branch") == children(ena, "leaf")
    assert sorted(related(ena, "trunk")) == [*children(ena, "branch"), ("PARENT_PROJECT", number)]
    assert run(tables, second, schema, ena)[1] == []


def test_a_refused_relation_is_told_at_the_child(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """The child itself is registered, and the next run tries again."""
    tables = projects("a", parent="PRJEB1")
    for _ in range(2):
        done = sent(book_of(tmp_path, tables), schema, ena)
        assert not done.ok
        assert [(d.code, str(d.location)) for d in done.diagnostics] == [
            (POR05, f"project!{column_of(tables[0], 'parent_project')}5")
        ]
        assert "PRJEB1" in done.diagnostics[0].message
    assert set(ena.objects) == {("project", "a")}


def test_one_child_that_is_refused_leaves_the_others(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """The umbrella is sent again without it."""
    run(projects("a", "b", parent=""), tmp_path, schema, ena)
    number = stored(ena, "project", "a")["accession"]
    line = f'In project, alias: "roof", In project reference, accession: "{number}". It can\'t be a child.'
    ena.faults[:] = [Fault(nth(3), refuses(line), times=1)]
    done = sent(book_of(tmp_path, projects("a", "b")), schema, ena)
    assert [str(d.location) for d in done.diagnostics] == ["project!F5"]
    assert related(ena, "roof") == children(ena, "b")


def test_a_lost_answer_about_children_is_found_again(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """The archive is asked for it; nothing is sent twice."""
    ena.faults[:] = [Fault(nth(2), cut_after, times=1)]
    states, _ = run(projects("a"), tmp_path, schema, ena)
    assert set(states) == {"created", "updated"}
    assert run(projects("a"), tmp_path, schema, ena)[1] == []
    assert related(ena, "roof") == children(ena, "a")
