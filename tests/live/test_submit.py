"""A workbook reaches a real portal whole and once, whatever happens on the way; every refusal comes back as a cell."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import cases_format
import openpyxl
import pytest
from cases_format import Table
from conftest import FOURDN
from told import assert_told

from live.calls import Calls, calling, keyed
from live.proxy import Fault, Proxy, Seen, answers, babbles, cut_after, cut_before, drips, garbles, kills, proxied
from workbook_compiler import api, sandbox, submission
from workbook_compiler.delivery import journal
from workbook_compiler.errors import UnreachableError
from workbook_compiler.model.diagnostics import Diagnostic
from workbook_compiler.sandbox import Running

SCHEMA = api.load_schema("4dn", FOURDN / "profiles.json")
ROWS = int(os.environ.get("WBC_ROWS", "30"))
"""Rows of the workbook that is broken off at every message; ``WBC_ROWS=200`` takes some minutes."""
EVERY = int(os.environ.get("WBC_EVERY", "7"))
"""Every so manieth request of a run is its last; with ``WBC_ROWS=200 WBC_EVERY=1`` it takes half an hour."""

OURS = (
    "uuid",
    "@id",
    "@type",
    "accession",
    "date_created",
    "last_modified",
    "submitted_by",
    "schema_version",
    "status",
    "display_title",
)


def linked(rows: int) -> list[Table]:
    """Three sheets in a wrong order, each row linked to one of another sheet, with a circle at the end."""
    third = max(rows // 3, 2)
    samples = [(f"demo-lab:s{i}", f"demo-lab:b{i % third}", f"sample {i}", "", "") for i in range(rows - 2 * third)]
    samples[0] = (*samples[0][:3], "derived from", "demo-lab:s1")
    samples[1] = (*samples[1][:3], "derived from", "demo-lab:s0")
    headers = (
        "aliases",
        "biosource",
        "description",
        "biosample_relation.relationship_type",
        "biosample_relation.biosample",
    )
    return [
        Table("Biosample", headers, tuple(samples)),
        Table("Biosource", ("aliases", "biosource_type", "biosource_vendor"),
              tuple((f"demo-lab:b{i}", "tissue", f"demo-lab:v{i}") for i in range(third))),
        Table("Vendor", ("aliases", "title"), tuple((f"demo-lab:v{i}", f"Supplier {i}") for i in range(third))),
    ]  # fmt: skip


def through(where: submission.Where, proxy: Proxy, **more: Any) -> submission.Where:
    """The same by way of a proxy."""
    assert where.keyfile is not None
    return replace(where, keyfile=keyed(where.keyfile, proxy.server), server=proxy.server, **more)


def book_of(folder: Path, *tables: Table) -> Path:
    found = cases_format.write(list(tables), folder)
    return Path(found[0] if isinstance(found, list) else found)


def sent(book: Path, where: submission.Where) -> submission.Submitted:
    """Compile, compare and send, as ``wbc submit --yes`` does."""
    result = api.compile(book, SCHEMA)
    assert result.plan is not None, [d.message for d in result.diagnostics]
    with submission.connection("4dn", where) as to:
        one = submission.compared(result.plan, to, where, [book])
        assert one.ok, [d.message for d in one.diagnostics]
        return submission.submit(one, to, where)


def planned(book: Path, where: submission.Where) -> submission.Compared:
    result = api.compile(book, SCHEMA)
    assert result.plan is not None
    with submission.connection("4dn", where) as to:
        return submission.compared(result.plan, to, where, [book])


def writes(calls: Calls, book: Path, where: submission.Where) -> list[tuple[str, str]]:
    """Send through a proxy that does nothing wrong, and return what was written."""
    with proxied(calls.server) as proxy:
        sent(book, through(where, proxy))
        return [(seen.method, seen.path) for seen in proxy.seen if seen.method not in ("GET", "HEAD")]


def state(calls: Calls, book: Path) -> dict[str, Any]:
    """Everything a workbook says, as the portal holds it, with aliases for links; each record is there once."""
    result = api.compile(book, SCHEMA)
    paths: dict[str, str] = {}
    held: dict[str, Mapping[str, Any]] = {}
    for record in result.records:
        item = calls.found(f"/{record.identifier}?frame=object")
        paths[item["@id"]] = str(record.identifier)
        held[str(record.identifier)] = {key: value for key, value in item.items() if key not in OURS}
    for type_name in {record.type for record in result.records}:
        there = calls.get(f"/search/?type={type_name}&limit=all").json()["@graph"]
        every = [item for item in there if item.get("aliases")]  # what the portal began with has none
        assert len(every) == sum(record.type == type_name for record in result.records)
    return {name: _renamed(values, paths) for name, values in held.items()}


def _renamed(value: Any, paths: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(inner, paths) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, paths) for inner in value]
    return paths.get(value, value) if isinstance(value, str) else value


@pytest.fixture
def where(fresh: Running) -> submission.Where:
    return submission.Where(keyfile=fresh.keyfile)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A copy of the fixture's workbook beside the files it names."""
    shutil.copytree(FOURDN, tmp_path / "book")
    return tmp_path / "book" / "filled.xlsx"


def test_the_filled_workbook_arrives_whole(filled: Path, where: submission.Where, submitter: Calls) -> None:
    """Every record is there with the values that were typed, circles included."""
    done = sent(filled, where)
    assert done.ok, [d.message for d in done.diagnostics]
    result = api.compile(filled, SCHEMA)
    held = state(submitter, filled)
    for record in result.records:
        for name, value in record.values.items():
            assert name in held[str(record.identifier)], (record.id, name)
            if isinstance(value, str | int | float) and not isinstance(value, bool) and not str(value).startswith("/"):
                assert (
                    str(held[str(record.identifier)][name]).strip("/").endswith(str(value))
                    or name in LINKS[record.type]
                )
    assert planned(filled, where).plan.summary == {"SKIP": sum(1 for _ in result.plan.operations)}  # type: ignore[union-attr]


LINKS = {name: {key for key, prop in e.properties.items() if prop.link} for name, e in SCHEMA.types.items()}


def test_a_second_run_writes_nothing(filled: Path, where: submission.Where, submitter: Calls) -> None:
    """What is there already isn't sent again."""
    sent(filled, where)
    assert writes(submitter, filled, where) == []


def test_one_edited_cell_is_one_patch_of_that_property(filled: Path, where: submission.Where, submitter: Calls) -> None:
    """Everything else stays as it is."""
    sent(filled, where)
    workbook = openpyxl.load_workbook(filled)
    sheet = workbook["Biosource"]
    column = next(cell.column for cell in sheet[1] if cell.value == "description")
    sheet.cell(5, column).value = "Edited by hand"
    workbook.save(filled)
    [change] = [change for op in planned(filled, where).plan.operations for change in op.changes]
    assert (change.name, change.after) == ("description", "Edited by hand")
    [(method, path)] = writes(submitter, filled, where)
    assert (method, "check_only" in path) == ("PATCH", False)
    assert planned(filled, where).plan.summary.keys() == {"SKIP"}


def test_new_rows_take_one_message_each(tmp_path: Path, where: submission.Where, submitter: Calls) -> None:
    """Looking for what is there takes a few searches for all rows together."""
    book = book_of(tmp_path, *linked(120))
    with proxied(submitter.server) as proxy:
        assert sent(book, through(where, proxy)).ok
        assert len(proxy.seen) <= 1.05 * 122 + 10


def is_write(seen: Seen) -> bool:
    return seen.method in ("POST", "PATCH", "PUT")


class Nth:
    """Yes to the n-th write alone."""

    def __init__(self, number: int) -> None:
        self.number, self.count = number, 0

    def __call__(self, seen: Seen) -> bool:
        self.count += is_write(seen)
        return is_write(seen) and self.count == self.number


FAULTS: dict[str, Callable[[], Any]] = {
    "500": lambda: answers(500),
    "503, and when to come back": lambda: answers(503, Retry_After="1"),
    "429": lambda: answers(429, Retry_After="1"),
    "a connection cut before the portal heard of it": lambda: cut_before,
    "a connection cut after the portal has stored": lambda: cut_after,
    "an answer that is no HTTP": lambda: babbles,
    "an answer that is no JSON": lambda: garbles,
    "a slow drip": lambda: drips(0.01),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_day_of_the_network_changes_nothing(
    fault: str, tmp_path: Path, where: submission.Where, submitter: Calls, fresh: Running
) -> None:
    """Whatever goes wrong once, the portal ends up as after an undisturbed run: nothing lost, nothing twice."""
    book = book_of(tmp_path, *linked(12))
    with proxied(submitter.server, Fault(Nth(3), FAULTS[fault]()), Fault(Nth(9), FAULTS[fault]())) as proxy:
        done = sent(book, through(where, proxy))
        if not done.ok:  # it said so, and the same command again goes on
            assert any(d.code.id == "POR11" for d in done.diagnostics)
            done = sent(book, through(where, proxy))
    assert done.ok, [d.message for d in done.diagnostics]
    held = state(submitter, book)
    assert len(held) == 12
    assert held["demo-lab:s0"]["biosample_relation"][0]["biosample"] == "demo-lab:s1"


def test_a_portal_that_stays_away_is_said_so_and_gone_on_with(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """When nothing gets through any more the command ends; later it goes on where it ended."""
    book = book_of(tmp_path, *linked(12))
    away = Fault(lambda seen: is_write(seen) and seen.number > 12, cut_before)
    with proxied(submitter.server, away) as proxy, suppress(UnreachableError):
        assert not sent(book, through(where, proxy)).ok
    assert sent(book, where).ok
    assert len(state(submitter, book)) == 12
    assert writes(submitter, book, where) == []


def started(book: Path, where: submission.Where) -> int:
    """Send in a process of its own, which a fault may kill; return its number."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = 0 if sent(book, where).ok else 3
        finally:
            os._exit(code)
    return pid


def test_killed_before_and_after_every_message_it_goes_on(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """The process dies before each write and after each; in the end everything is there, once."""
    book = book_of(tmp_path, *linked(ROWS))
    running: list[int] = []
    killed = 0
    with proxied(submitter.server) as proxy:
        by_proxy = through(where, proxy, jobs=1)
        for after in (False, True) * (ROWS + 5):
            proxy.faults[:] = [Fault(Nth(1), kills(lambda: running[-1], after=after))]
            running.append(started(book, by_proxy))
            code = os.waitstatus_to_exitcode(os.waitpid(running[-1], 0)[1])
            if code == 0:
                break
            assert code == -9
            killed += 1
        assert code == 0
    assert killed >= 2 * ROWS - 1
    assert len(state(submitter, book)) == ROWS
    assert writes(submitter, book, where) == []
    assert integrity(journal.beside(book)) == "ok"


def reset(running: Running) -> None:
    with calling(running.admin_keyfile) as admin:
        assert admin.post(sandbox.RESET, {}).status_code == 200


def test_killed_at_any_request_of_a_run_it_ends_as_if_nothing_had_happened(
    tmp_path: Path, where: submission.Where, submitter: Calls, fresh: Running
) -> None:
    """Reads and writes alike, with others on their way at the same time: one run is killed, the next one ends it."""
    book = book_of(tmp_path, *linked(ROWS))
    with proxied(submitter.server) as proxy:
        by_proxy = through(where, proxy)
        assert sent(book, by_proxy).ok
        undisturbed, requests = state(submitter, book), len(proxy.seen)
        for number in range(1, requests + 1, EVERY):
            for after in (False, True):
                reset(fresh)
                journal.beside(book).unlink()
                pid: list[int] = []
                proxy.forget()
                proxy.faults[:] = [Fault(number, kills(lambda pid=pid: pid[0], after=after))]
                pid.append(started(book, by_proxy))
                assert os.waitstatus_to_exitcode(os.waitpid(pid[0], 0)[1]) == -9
                proxy.faults.clear()
                assert sent(book, by_proxy).ok, (number, after)
                assert state(submitter, book) == undisturbed, (number, after)
    assert writes(submitter, book, where) == []


def integrity(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        return str(connection.execute("pragma integrity_check").fetchone()[0])


def at(found: tuple[Diagnostic, ...]) -> list[tuple[str, str]]:
    return [(d.code.id, str(d.location)) for d in found]


def test_what_depends_on_a_refused_row_waits_and_the_rest_goes_on(
    tmp_path: Path, where: submission.Where, submitter: Calls
) -> None:
    """A refused vendor holds back its biosource and that one's samples, and nothing else."""
    book = book_of(tmp_path, *linked(12))
    submitter.stored("/vendor", {"title": "Supplier 1", "name": "supplier-1", **owner_of(submitter)})
    done = sent(book, where)
    assert at(done.diagnostics)[0] == ("POR07", "Vendor!C6")
    assert ("POR10", "Biosource") in at(done.diagnostics)
    assert_told(done.diagnostics, "POR10")
    states = {one.operation.record.identifier: one.state.value for one in done.outcomes if not one.operation.deferred}
    assert (states["demo-lab:v0"], states["demo-lab:v1"], states["demo-lab:b1"]) == ("created", "refused", "held back")
    assert states["demo-lab:b0"] == "created"


def owner_of(calls: Calls) -> dict[str, str]:
    lab = calls.get("/me").json()["submits_for"][0]["@id"]
    return {"lab": lab, "award": calls.found(lab)["awards"][0]["@id"]}
