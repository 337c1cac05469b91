"""Workbooks read side by side give what one process gives: on threads, on processes, on a real Dask cluster."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import FOURDN
from executor_kinds import KINDS, Murderous, dying, executor_called, processes
from loopback import closed_port
from openpyxl import load_workbook

from workbook_compiler import api, executors
from workbook_compiler.errors import UsageError
from workbook_compiler.executors import workers
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.inputs import inputs
from workbook_compiler.pipeline.spread import spread, unpacked, work

pytestmark = pytest.mark.xdist_group("executors")

SECONDS = 60
SHEETS = 12
TEXTS = ("Vendor", "Enzyme", "Biosource")
"""Sheets that become a TSV file."""
ROWS = 300
KNOWN = ("--portal", "4dn", "--schemas", str(FOURDN / "profiles.json"))


def split(name: str, folder: Path) -> list[Path]:
    """A fixture's workbook as a file for each of its sheets, which refer to each other."""
    titles = load_workbook(FOURDN / name, read_only=True).sheetnames
    return [one_sheet(FOURDN / name, title, folder) for title in titles]


def one_sheet(source: Path, title: str, folder: Path) -> Path:
    book = load_workbook(source)
    if title in TEXTS:
        rows = ("\t".join("" if v is None else str(v) for v in row) for row in book[title].values)
        (folder / f"{title}.tsv").write_text("\n".join(rows), encoding="utf-8")
        return folder / f"{title}.tsv"
    for other in book.sheetnames:
        if other != title:
            del book[other]
    book.save(folder / f"{title}.xlsx")
    return folder / f"{title}.xlsx"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """``filled.xlsx`` and ``broken.xlsx``, taken apart."""
    names = ("filled.xlsx", "broken.xlsx")
    found = {name: split(name, tmp_path_factory.mktemp("books")) for name in names}
    assert {len(paths) for paths in found.values()} == {SHEETS}
    return found


@pytest.fixture
def many(tmp_path: Path) -> list[Path]:
    """So many workbooks that reading them takes a while; a row of each refers to one in the next."""
    for n in range(SHEETS * 3):
        lines = [f"lab:bs{n}_{i}\tlab:bs{n + (i == 0)}_{i + (i > 0)}" for i in range(ROWS)]
        relation = "biosample_relation.biosample"
        (tmp_path / f"{n:03}.tsv").write_text("\n".join([f"aliases\t{relation}", *lines]), encoding="utf-8")
    return sorted(tmp_path.glob("*.tsv"))


def told(result: api.Result, folder: Path) -> dict[str, bytes]:
    """Every file that ``wbc compile`` writes of a result."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in api.write_plan(result, folder)}


@pytest.mark.parametrize("name", ["filled.xlsx", "broken.xlsx"])
@pytest.mark.parametrize("kind", KINDS)
def test_who_reads_the_workbooks_changes_nothing(
    kind: str,
    name: str,
    books: dict[str, list[Path]],
    schema: Schema,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The same findings in the same order, and the same bytes in every file."""
    alone = api.compile(books[name], schema)
    with executor_called(kind, request) as executor:
        spread_out = api.compile(books[name], schema, executor=executor)
    assert len(alone.records) >= SHEETS
    assert alone.ok == (name == "filled.xlsx")
    assert spread_out.diagnostics == alone.diagnostics
    assert spread_out.workbooks == alone.workbooks
    assert [record[:6] for record in spread_out.records] == [record[:6] for record in alone.records]
    assert told(spread_out, tmp_path / "spread") == told(alone, tmp_path / "alone")


def test_what_comes_back_holds_the_callers_own_types(books: dict[str, list[Path]], schema: Schema) -> None:
    """Types and fields compare by identity; a worker's copies would be strangers. The rows as read stay behind."""
    import pickle
    import zlib

    packed_schema = zlib.compress(pickle.dumps(schema))
    for file in inputs(books["filled.xlsx"]):
        [built] = unpacked(work(file.path.read_bytes(), file, packed_schema), schema).sheets
        entity = built.bound.table.entity
        assert entity is schema.types[file.path.stem]
        assert all(
            c.field.property is entity.properties[c.field.path[0]] for c in built.bound.columns if not c.field.path[1:]
        )
        assert built.bound.table.sheet.rows == ()


def test_a_file_that_is_no_workbook_is_a_finding(books: dict[str, list[Path]], schema: Schema, tmp_path: Path) -> None:
    """A worker's trouble with a file is told as always, and the others are read."""
    (tmp_path / "torn.xlsx").write_bytes(b"PK\x03\x04 and nothing else")
    (tmp_path / "torn.tsv").write_bytes(b"\0\0\0")
    paths = [tmp_path / "torn.xlsx", *books["filled.xlsx"], tmp_path / "torn.tsv"]
    with processes() as executor:
        result = api.compile(paths, schema, executor=executor)
    assert [found.location.file for found in result.diagnostics if found.code.id == "FIL01"] == [
        "torn.xlsx",
        "torn.tsv",
    ]
    assert result.diagnostics == api.compile(paths, schema).diagnostics
    assert not result.ok


@pytest.mark.parametrize("kind", ["processes", "cluster"])
def test_a_lost_worker_loses_nothing(kind: str, many: list[Path], schema: Schema, tmp_path: Path) -> None:
    """A worker killed while there is work: its part is done again, and the result is the same."""
    alone = api.compile(many, schema, type_name="Biosample")
    with dying(kind, len(many)) as executor:
        result = api.compile(many, schema, type_name="Biosample", executor=executor)
    assert len(executor.victims) == 1
    assert executor.left > 0
    assert len(result.records) == len(many) * ROWS
    assert result.diagnostics == alone.diagnostics
    assert told(result, tmp_path / "spread") == told(alone, tmp_path / "alone")


def test_a_reader_who_stops_early_leaves_no_work_behind(many: list[Path], schema: Schema) -> None:
    """Whoever takes only the first workbook cancels what hasn't begun."""
    with ThreadPoolExecutor(1) as threads:
        executor = Murderous(threads, lambda: 0, after=-1)
        some = spread(inputs(many[:20], "Biosample"), schema, executor)
        next(some)
        some.close()  # type: ignore[attr-defined]
    assert sum(future.cancelled() for future in executor.under_way) > 0


# ---------------------------------------------------------------- the command line


def wbc(*words: str | Path) -> subprocess.CompletedProcess[str]:
    code = "from workbook_compiler.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_the_command_line_says_the_same_with_jobs_and_with_dask(books: dict[str, list[Path]], cluster: Any) -> None:
    """``--jobs 2`` and ``--dask ADDRESS`` print what a plain check prints, with its exit code."""
    command = ("check", *books["broken.xlsx"], *KNOWN, "--format", "json")
    plain = wbc(*command)
    assert (plain.returncode, plain.stdout.count("\n") > SHEETS) == (1, True)
    for more in (("--jobs", "2"), ("--dask", cluster.scheduler_address)):
        run = wbc(*command, *more)
        assert (run.returncode, run.stdout, run.stderr) == (1, plain.stdout, "")


def test_workbooks_of_no_template_need_the_portal_said(books: dict[str, list[Path]]) -> None:
    """Without ``--portal`` and without a manifest it is wrong usage, with jobs too."""
    run = wbc("check", *books["filled.xlsx"][:2], "--jobs", "2")
    assert run.returncode == 2
    assert "--portal" in run.stderr


def test_a_scheduler_that_does_not_answer_is_exit_code_4(books: dict[str, list[Path]]) -> None:
    """One line that names the address."""
    address = f"tcp://127.0.0.1:{closed_port()}"
    run = wbc("check", *books["filled.xlsx"], *KNOWN, "--dask", address)
    assert (run.returncode, run.stdout) == (4, "")
    assert run.stderr == f"{address}: no Dask scheduler answers there\n"


def test_an_address_that_is_none_is_wrong_usage(books: dict[str, list[Path]]) -> None:
    """The message shows one."""
    run = wbc("check", *books["filled.xlsx"], *KNOWN, "--dask", "nonsense://here")
    assert run.returncode == 2
    assert run.stderr == "nonsense://here is no address of a Dask scheduler; one looks like tcp://host:8786.\n"


def test_without_dask_installed_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lacks the package learns how to get it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"workbook-compiler\[dask\]"), workers(1, "tcp://127.0.0.1:1", 2):
        pass


def test_workers_of_another_version_are_refused(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version might read a cell otherwise; the message names the one that is needed."""
    monkeypatch.setattr(executors, "_own_version", lambda: "99.0")
    with (
        pytest.raises(UsageError, match=r"99\.0, as here"),
        workers(1, cluster.scheduler_address, 2),
    ):
        pass


def test_a_single_workbook_starts_no_process() -> None:
    """``--jobs 8`` for one file is this process."""
    with workers(8, None, 1) as executor:
        assert executor is None
