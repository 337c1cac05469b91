"""A plan sends every record once, nothing before what it refers to, and tells of every value which cell it came from."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cases_format
import openpyxl
import pytest
from cases_format import Table
from conftest import FOURDN
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tangles import Item, fewest_deferred, tables, tangles

from workbook_compiler import api
from workbook_compiler.delivery.emit import plan_lines
from workbook_compiler.model.diagnostics import Severity

steady = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


SCHEMA = api.load_schema("4dn", FOURDN / "profiles.json")


def compiled(sheets: list[Table], folder: Path) -> api.Result:
    result = api.compile(cases_format.write(sheets, folder), SCHEMA)
    assert [d.message for d in result.diagnostics if d.severity is Severity.ERROR] == []
    return result


def plan_of(result: api.Result) -> dict[str, Any]:
    return json.loads(b"".join(plan_lines(result.plan)))


def leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that isn't itself an object or list with content, and its JSON pointer."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inner or not value:
        yield pointer, value
    for step, part in inner:
        yield from leaves(part, f"{pointer}/{step}")


def named(body: Mapping[str, Any], owner: str) -> set[str]:
    """The texts of a body that may name another record."""
    texts = [value for pointer, value in leaves(body) if not pointer.startswith("/aliases/")]
    return {text for text in texts if isinstance(text, str)} - ({owner} if owner not in texts else set())


@settings(steady, max_examples=100)
@given(items=tangles())
def test_nothing_goes_before_what_it_refers_to(items: list[Item], tmp_path: Path) -> None:
    """Every record is posted once, every name in a body belongs to a record of an earlier batch, and depends_on says which."""
    assume(items)
    plan = plan_of(compiled(tables(items), tmp_path))
    batch_of: dict[str, int] = {}
    ids: dict[str, str] = {}
    for batch in plan["batches"]:
        for operation in batch["operations"]:
            needed = named(operation["body"], operation["identifier"]) & {item.alias for item in items}
            assert needed <= ids.keys()
            wanted = {ids[alias] for alias in needed} | (
                {ids[operation["identifier"]]} if operation["deferred"] else set()
            )
            assert (len(operation["depends_on"]), set(operation["depends_on"])) == (len(wanted), wanted)
            earlier = [batch_of[other] for other in operation["depends_on"]]
            assert operation["deferred"] or batch["index"] == max(earlier, default=-1) + 1
            assert operation["action"] == ("PATCH" if operation["deferred"] else "POST")
        for operation in batch["operations"]:
            batch_of[operation["id"]] = batch["index"]
            if operation["action"] == "POST":
                assert operation["identifier"] not in ids
                ids[operation["identifier"]] = operation["id"]
    assert ids.keys() == {item.alias for item in items}
    assert plan["summary"] == Counter(op["action"] for batch in plan["batches"] for op in batch["operations"])


@settings(steady, max_examples=100)
@given(items=tangles())
def test_post_and_update_together_say_what_the_row_says(items: list[Item], tmp_path: Path) -> None:
    """A record's POST with its later update over it is the record; the links kept back are as few as can be."""
    assume(items)
    result = compiled(tables(items), tmp_path)
    sent: dict[str, dict[str, Any]] = {}
    for operation in operations(plan_of(result)):
        body = sent.setdefault(operation["identifier"], {})
        assert operation["deferred"] == bool(body)
        sent[operation["identifier"]] = {**body, **operation["body"]}
    assert sent == {record.identifier: record.values for record in result.records}
    assert deferred(result, items) == fewest_deferred(items)


def operations(plan: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for batch in plan["batches"]:
        yield from batch["operations"]


def deferred(result: api.Result, items: list[Item]) -> int:
    """How many link values the POSTs lack."""
    known = {item.alias for item in items}
    meant = Counter(value for item in items for targets in item.links.values() for value in targets if value in known)
    posted = [op["body"] for op in operations(plan_of(result)) if not op["deferred"]]
    texts = (value for body in posted for pointer, value in leaves(body) if not pointer.startswith("/aliases/"))
    return meant.total() - sum(value in known for value in texts if isinstance(value, str))


@settings(steady, max_examples=80)
@given(items=tangles(most=2))
def test_origins_lead_back_to_the_cells(items: list[Item], tmp_path: Path) -> None:
    """Every value of every body is found in the cell it is said to come from, also where list members have moved up."""
    assume(items)
    result = compiled(tables(items), tmp_path)
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    for operation in operations(plan_of(result)):
        body = dict(leaves(operation["body"]))
        assert operation["origins"].keys() == body.keys()
        for pointer, place in operation["origins"].items():
            sheet, _, at = place.partition("!")
            assert sheet == operation["sheet"]
            assert int(re.sub(r"\D", "", at)) == operation["row"]
            assert str(body[pointer]) in str(book[sheet][at].value).split(", ")


@settings(steady, max_examples=50)
@given(orders=tangles().flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_the_order_of_sheets_and_rows_does_not_matter(orders: tuple[list[Item], list[Item]], tmp_path: Path) -> None:
    """Shuffled sheets and rows say the same records, defer as many links, and without circles give the same batches."""
    items = orders[0]
    assume(items)
    one, other = (compiled(tables(order), tmp_path) for order in orders)
    assert {r.identifier: r.values for r in one.records} == {r.identifier: r.values for r in other.records}
    assert deferred(one, items) == deferred(other, items)
    if not deferred(one, items):
        assert bodies(one) == bodies(other)


def bodies(result: api.Result) -> list[list[str]]:
    batches = plan_of(result)["batches"]
    return [sorted(json.dumps(op["body"], sort_keys=True) for op in batch["operations"]) for batch in batches]


@settings(steady, max_examples=50)
@given(
    kits=st.lists(st.integers(-1, 4), min_size=1, max_size=5),
    plates=st.lists(st.integers(-1, 4), min_size=1, max_size=5),
)
def test_a_circle_of_required_links_is_an_error(kits: list[int], plates: list[int], tmp_path: Path) -> None:
    """Kits and plates that need each other give one error for each circle, which names its cells; without a circle none."""
    link = {f"lab:k{n}": f"lab:p{p}" if -1 < p < len(plates) else "/outside/" for n, p in enumerate(kits)}
    link |= {f"lab:p{n}": f"lab:k{k}" if -1 < k < len(kits) else "/outside/" for n, k in enumerate(plates)}
    cells = {f"lab:k{n}": f"AdapterKit!C{n + 5}" for n in range(len(kits))}
    cells |= {f"lab:p{n}": f"AdapterPlate!C{n + 5}" for n in range(len(plates))}
    rows = {letter: tuple((name, to) for name, to in link.items() if name[4] == letter) for letter in "kp"}
    sheets = [
        Table("AdapterKit", ("aliases", "plate"), rows["k"]),
        Table("AdapterPlate", ("aliases", "kit"), rows["p"]),
    ]
    result = api.compile(cases_format.write(sheets, tmp_path), SCHEMA)
    errors = [d for d in result.diagnostics if d.severity is Severity.ERROR]
    assert {d.code.id for d in errors} <= {"REF05"}
    shown = [frozenset(map(str, (d.location, *d.related))) for d in errors]
    assert sorted(map(sorted, shown)) == sorted(sorted(cells[name] for name in circle) for circle in circles(link))
    assert result.ok == (not errors)
    for error in errors:
        loop = error.context["loop"].split(" → ")
        assert loop[0] == loop[-1]
        assert [link[name] for name in loop[:-1]] == loop[1:]


def circles(link: Mapping[str, str]) -> set[frozenset[str]]:
    """Every circle one gets into by following the links."""
    found = set()
    for start in link:
        path = [start]
        while path[-1] in link and link[path[-1]] not in path:
            path.append(link[path[-1]])
        if link.get(path[-1]) == start:
            found.add(frozenset(path))
    return found


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The filled fixture, and a second workbook of files each of which is related to its three neighbours."""
    aliases = [f"lab:ring{n}" for n in range(12)]
    headers = ["aliases", "file_format"]
    headers += [
        f"related_files.{name}{ending}" for ending in ("", "-1", "-2") for name in ("relationship_type", "file")
    ]
    rows = []
    for n, alias in enumerate(aliases):
        near = [text for step in (1, 2, 11) for text in ("grouped with", aliases[(n + step) % 12])]
        rows.append((alias, "/file-formats/fastq/", *near))
    folder = tmp_path_factory.mktemp("books")
    return [
        FOURDN / "filled.xlsx",
        *cases_format.write([Table("FileFastq", tuple(headers), tuple(rows))], folder, "ring"),
    ]


@pytest.mark.parametrize("seed", ["0", "1", "77"])
def test_the_same_workbooks_give_the_same_bytes(seed: str, books: list[Path], tmp_path: Path) -> None:
    """However Python hashes its words, each file of a compile has the same bytes, from the command and from Python."""
    here, there = tmp_path / "here", tmp_path / "there"
    api.write_plan(api.compile(books, SCHEMA), here)
    words = [
        "compile",
        *map(str, books),
        "--portal",
        "4dn",
        "--schemas",
        str(FOURDN / "profiles.json"),
        "-o",
        str(there),
    ]
    command = [sys.executable, "-c", "from workbook_compiler.cli import main; main()", *words]
    done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert contents(here) == contents(there)
    assert b'"deferred":true' in contents(here)["plan.json"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
