"""A workbook reaches a portal of ENCODE's kind whole and once, and says at a cell what that portal refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cases_format
import pytest
from cases_format import Table
from conftest import ROOT

from live.calls import Calls
from live.encode_portal import SCHEMAS
from live.encode_portal import encode as encode
from live.encode_portal import encode_fresh as encode_fresh
from live.encode_portal import encode_portal as encode_portal
from live.encode_portal import where as where
from live.proxy import proxied
from live.test_submit import at, book_of, through
from live.test_verbs import PROGRAM
from workbook_compiler import api, submission
from workbook_compiler.model.diagnostics import Diagnostic
from workbook_compiler.sandbox import Running

SCHEMA = api.load_schema("encode", SCHEMAS)
FIXTURE = ROOT / "fixtures" / "encode"
TABLES = list(cases_format.tables((FIXTURE / "filled.md").read_text("utf-8")))
LIVER = "demo-lab:liver (left, upper)"


def written(folder: Path, **edits: tuple[str, str]) -> Path:
    """The fixture's workbook beside the file it names; ``Sheet=(header, value)`` edits that sheet's first row."""
    (folder / "growth-protocol.txt").write_bytes((FIXTURE / "growth-protocol.txt").read_bytes())
    return book_of(folder, *(with_cell(one, *edits[one.name]) if one.name in edits else one for one in TABLES))


def with_cell(table: Table, header: str, value: str) -> Table:
    """The table with another value in its first row; a header it lacks is added."""
    headers = table.headers if header in table.headers else (*table.headers, header)
    rows = [[*row, *[""] * (len(headers) - len(row))] for row in table.rows]
    rows[0][headers.index(header)] = value
    return replace(table, headers=headers, rows=tuple(map(tuple, rows)))


def compared(book: Path, to: submission.Connection, where: submission.Where) -> submission.Compared:
    result = api.compile(book, SCHEMA)
    assert result.plan is not None, [d.message for d in result.diagnostics]
    return submission.compared(result.plan, to, where, [book])


def sent(book: Path, where: submission.Where) -> submission.Submitted:
    """Compile, compare and send, as ``wbc submit --yes`` does."""
    with submission.connection("encode", where) as to:
        one = compared(book, to, where)
        assert one.ok, [d.message for d in one.diagnostics]
        return submission.submit(one, to, where)


def delivered(book: Path, where: submission.Where) -> None:
    """Send, and expect that all goes well."""
    done = sent(book, where)
    assert done.ok, [(str(d.location), d.message) for d in done.diagnostics]


def plan_of(book: Path, where: submission.Where) -> submission.Compared:
    with submission.connection("encode", where) as to:
        return compared(book, to, where)


def writes(calls: Calls, book: Path, where: submission.Where) -> list[tuple[str, str]]:
    """What a submission writes, in its order."""
    with proxied(calls.server) as proxy:
        delivered(book, through(where, proxy))
        return [(seen.method, seen.path.partition("?")[0]) for seen in proxy.seen if seen.method not in ("GET", "HEAD")]


def held(calls: Calls, name: str) -> Mapping[str, Any]:
    """What the portal holds of a record, links as paths."""
    return calls.found(f"/{name}?frame=object&datastore=database")


def own(calls: Calls, name: str) -> dict[str, Any]:
    """What a PUT of a record would hold."""
    return calls.found(f"/{name}?frame=edit&datastore=database")


# ---------------------------------------------------------------- new records


def test_a_workbook_of_nine_types_arrives_in_order(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """What is linked to comes first, and every value is there as it was typed."""
    book = written(tmp_path)
    posts = writes(encode, book, replace(where, jobs=1))
    assert {method for method, _ in posts} == {"POST"}
    order = [path.strip("/") for _, path in posts]
    assert len(order) == 14
    for before, after in (
        ("source", "biosample"),
        ("biosample", "library"),
        ("library", "replicate"),
        ("replicate", "file"),
    ):
        assert max(i for i, name in enumerate(order) if name == before) < order.index(after)
    for record in api.compile(book, SCHEMA).records:
        stored = held(encode, str(record.identifier))
        links = SCHEMA.types[record.type].properties
        for name, value in record.values.items():
            if links[name].leaf.link is None and not links[name].attachment:
                assert stored[name] == value, (record.id, name)


def test_links_lead_where_they_were_meant_to(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """By an alias with a comma, by a natural key, to an abstract type, and to another row of the same sheet."""
    delivered(written(tmp_path), where)
    liver = held(encode, LIVER)
    assert liver["organism"] == "/organisms/human/"
    assert liver["lab"] == "/labs/demo-lab/"
    assert liver["donor"] == held(encode, "demo-lab:donor-1")["@id"]
    assert liver["treatments"] == [held(encode, name)["@id"] for name in ("demo-lab:dex", "demo-lab:cold")]
    assert held(encode, "demo-lab:lib-1")["biosample"] == liver["@id"]
    assert held(encode, "demo-lab:reads-1")["dataset"] == held(encode, "demo-lab:chip-1")["@id"]
    assert held(encode, "demo-lab:reads-2")["paired_with"] == held(encode, "demo-lab:reads-1")["@id"]
    assert held(encode, "demo-lab:donor-1")["organism"] == "/organisms/human/"


def test_an_attachment_travels_inside_its_record(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """The document holds the file's name and kind, and its content can be had."""
    delivered(written(tmp_path), where)
    document = held(encode, "demo-lab:growth")
    attachment = document["attachment"]
    assert (attachment["download"], attachment["type"]) == ("growth-protocol.txt", "text/plain")
    content = encode.get(f"{document['@id']}{attachment['href']}").content
    assert content == (FIXTURE / "growth-protocol.txt").read_bytes()


def test_a_second_run_writes_nothing(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """What is there already isn't sent again, without the journal either."""
    book = written(tmp_path)
    delivered(book, where)
    assert writes(encode, book, where) == []
    elsewhere = tmp_path / "again"
    elsewhere.mkdir()
    assert plan_of(written(elsewhere), where).plan.summary == {"SKIP": 14}


# ---------------------------------------------------------------- changes


def test_one_edited_cell_is_one_patch_of_that_property(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """Everything else stays as it is."""
    delivered(written(tmp_path), where)
    before = own(encode, LIVER)
    book = written(tmp_path, Biosample=("starting_amount", "n:0.75"))
    [change] = [change for op in plan_of(book, where).plan.operations for change in op.changes]
    assert (change.name, change.before, change.after) == ("starting_amount", 0.5, 0.75)
    assert writes(encode, book, where) == [("PATCH", held(encode, LIVER)["@id"].rstrip("/"))]
    assert own(encode, LIVER) == {**before, "starting_amount": 0.75}
    assert plan_of(book, where).plan.summary.keys() == {"SKIP"}


def test_a_removed_property_is_a_put_that_keeps_the_rest(
    tmp_path: Path, where: submission.Where, encode: Calls
) -> None:
    """ENCODE has no ``delete_fields``: the whole record is read as it may be edited, and written without the property."""
    delivered(written(tmp_path), where)
    before = own(encode, LIVER)
    book = written(tmp_path, Biosample=("date_obtained", "*delete*"))
    assert writes(encode, book, where) == [("PUT", held(encode, LIVER)["@id"].rstrip("/"))]
    after = own(encode, LIVER)
    assert before.pop("date_obtained") == "2026-03-02"
    assert after == before
    assert after["aliases"] == [LIVER, "demo-lab:L1"]
    assert held(encode, LIVER)["uuid"]
    assert writes(encode, book, where) == []


def test_removed_and_edited_at_once_is_one_put(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """One message removes a property and writes another one."""
    delivered(written(tmp_path), where)
    before = own(encode, LIVER)
    tables = [with_cell(one, "starting_amount", "n:3") if one.name == "Biosample" else one for one in TABLES]
    tables = [with_cell(one, "date_obtained", "*delete*") if one.name == "Biosample" else one for one in tables]
    book = book_of(tmp_path, *tables)
    assert [method for method, _ in writes(encode, book, where)] == ["PUT"]
    del before["date_obtained"]
    assert own(encode, LIVER) == {**before, "starting_amount": 3}


def test_another_alias_is_added(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """Aliases grow; those that a row doesn't say stay."""
    delivered(written(tmp_path), where)
    book = written(tmp_path, Treatment=("aliases", '"demo-lab:dex", "demo-lab:dexamethasone, 100 nM"'))
    assert [method for method, _ in writes(encode, book, where)] == ["PATCH"]
    assert held(encode, "demo-lab:dex")["aliases"] == ["demo-lab:dex", "demo-lab:dexamethasone, 100 nM"]
    book = written(tmp_path)
    assert writes(encode, book, where) == []
    assert len(held(encode, "demo-lab:dex")["aliases"]) == 2


def test_another_list_is_replaced(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """Any other list is what its cell says."""
    delivered(written(tmp_path), where)
    book = written(tmp_path, Biosample=("treatments", "demo-lab:cold"))
    assert [method for method, _ in writes(encode, book, where)] == ["PATCH"]
    assert held(encode, LIVER)["treatments"] == [held(encode, "demo-lab:cold")["@id"]]


# ---------------------------------------------------------------- what doesn't go well


def test_a_dry_run_sends_nothing(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """Such a portal checks nothing beforehand; names that are taken are looked for all the same."""
    encode.stored("/source", {"name": "liver-shop", "title": "Another shop of that name"})
    with proxied(encode.server) as proxy:
        by_proxy = through(where, proxy)
        with submission.connection("encode", by_proxy) as to:
            one = compared(written(tmp_path), to, by_proxy)
            [taken] = submission.rehearsed(one, to, by_proxy)
        assert {seen.method for seen in proxy.seen} <= {"GET", "HEAD"}
    assert (taken.code.id, str(taken.location)) == ("POR07", "Source!D5")
    assert encode.get("/demo-lab:dex").status_code == 404


def test_the_command_says_that_there_is_no_dry_run(tmp_path: Path, encode_fresh: Running, encode: Calls) -> None:
    """What can be told without sending is told, and what can't."""
    options = ["--portal", "encode", "--schemas", str(SCHEMAS), "--keyfile", str(encode_fresh.keyfile)]
    command = [sys.executable, "-c", PROGRAM, "submit", str(written(tmp_path)), "--dry-run", *options]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "this portal has no dry run" in " ".join((ran.stdout + ran.stderr).split())
    assert encode.get("/demo-lab:dex").status_code == 404


def test_a_taken_name_comes_back_at_its_cell(tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """A unique value that another record has is a conflict, and what depends on the row waits."""
    encode.stored("/source", {"name": "liver-shop", "title": "Another shop of that name"})
    done = sent(written(tmp_path), where)
    assert not done.ok
    assert ("POR07", "Source!D5") in at(done.diagnostics)
    assert any(code == "POR10" and place.startswith("Biosample") for code, place in at(done.diagnostics))
    assert encode.get("/demo-lab:dex").status_code == 301


def test_an_alias_of_another_type_comes_back_at_its_cell(
    tmp_path: Path, where: submission.Where, encode: Calls
) -> None:
    """A row whose alias names a record of another type is told before anything is sent."""
    encode.stored("/source", {"name": "cold", "title": "Cold", "aliases": ["demo-lab:cold"]})
    found: tuple[Diagnostic, ...] = plan_of(written(tmp_path), where).diagnostics
    assert [str(d.location) for d in found if d.severity.value == "error"] == ["Treatment!B6"]


def test_a_rule_that_only_the_portal_can_judge_comes_back_at_its_row(
    tmp_path: Path, where: submission.Where, encode: Calls
) -> None:
    """A person has no sex of an animal: whether the organism is a person, no file says."""
    done = sent(written(tmp_path, Biosample=("model_organism_sex", "female")), where)
    assert {place.partition(":")[0] for code, place in at(done.diagnostics) if code != "POR10"} == {"Biosample!5"}
    assert encode.get("/demo-lab:liver-2").status_code == 301


def test_a_link_to_something_else_is_told_at_its_cell(tmp_path: Path, where: submission.Where) -> None:
    """A record of another type than the link wants is an error before anything is sent."""
    found = plan_of(written(tmp_path, Library=("biosample", "encode:K562")), where).diagnostics
    assert [str(d.location) for d in found if d.severity.value == "error"] == ["Library!C5"]


def test_a_missing_record_is_told_before_anything_is_sent(tmp_path: Path, where: submission.Where) -> None:
    """A link to nothing is an error at its cell."""
    found = plan_of(written(tmp_path, Experiment=("biosample_ontology", "encode:kidney")), where).diagnostics
    assert [str(d.location) for d in found if d.severity.value == "error"] == ["Experiment!D5"]


def test_the_portal_s_schemas_are_read_as_the_files_are(encode_portal: Running) -> None:
    """What a sandbox serves is the schema set it was made of."""
    served = api.load_schema("encode", encode_portal.server)
    assert {name: repr(one) for name, one in served.types.items()} == {n: repr(one) for n, one in SCHEMA.types.items()}


@pytest.mark.parametrize("name", ["demo-lab:donor-1", "demo-lab:growth", "demo-lab:reads-2"])
def test_an_edited_frame_is_taken_back(name: str, tmp_path: Path, where: submission.Where, encode: Calls) -> None:
    """What ``frame=edit`` gives, a PUT takes, and nothing changes."""
    delivered(written(tmp_path), where)
    before = own(encode, name)
    answer = encode("PUT", f"/{held(encode, name)['uuid']}", json=before)
    assert answer.status_code == 200, answer.text
    assert own(encode, name) == before
