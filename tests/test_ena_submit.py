"""What a workbook says is registered at an archive once, whatever happens on the way; what it refuses comes back as cells."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cases_format
import openpyxl
import pytest
from cases_format import Table
from conftest import ROOT
from live.proxy import Fault, answers, cut_after, cut_before, garbles, kills
from test_cli import wbc
from test_ena import SUM, tables
from test_ftps import store as store  # the fixture
from told import assert_told
from webin import Webin, points_to, polls, queues, refuses, restarts, submits, webin

from workbook_compiler import api, depositing, receiving
from workbook_compiler.delivery import replies
from workbook_compiler.model.schema import Schema
from workbook_compiler.portals import ena_server
from workbook_compiler.portals.ena import ENA

if TYPE_CHECKING:
    from test_ftps import Store as Store

FIXTURES = ROOT / "fixtures" / "ena"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return api.load_schema("ena", FIXTURES / "ERC000011.json")


@pytest.fixture
def ena(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webin]:
    """An archive nothing is registered at, and this person's name and password for it."""
    with webin(shared_data / "ena") as server:
        monkeypatch.setenv("WBC_KEY", server.user)
        monkeypatch.setenv("WBC_SECRET", server.password)
        monkeypatch.setattr("workbook_compiler.delivery.pacing._backoff", lambda _: 0.0)
        yield server


@contextmanager
def archive(ena: Webin, form: str = "json") -> Iterator[depositing.Archive]:
    with depositing.archive(ENA, server=ena.server, production=False, form=form, keyfile=None, entry=None) as to:
        yield to


def book_of(folder: Path, found: Sequence[Table]) -> Path:
    return Path(cases_format.write(list(found), folder)[0])


def sent(book: Path, schema: Schema, ena: Webin, form: str = "json", patience: float = 5.0) -> depositing.Deposited:
    """Compile and send, as ``wbc submit --yes --no-files`` does."""
    result = api.compile(book, schema)
    assert result.plan is not None, [d.message for d in result.diagnostics]
    with archive(ena, form) as to:
        one = depositing.settled(result.plan, to, [book])
        return depositing.deposit(one, to, patience=patience)


def samples(count: int, **changed: str) -> list[Table]:
    headers = ("alias", "title", "taxon_id", "collection date", "geographic location (country and/or sea)", *changed)
    rows = tuple((f"s{n}", f"Sample {n}", "s:9606", "s:2026", "Belgium", *changed.values()) for n in range(count))
    return [Table("sample", headers, rows)]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue is asked again at once."""
    monkeypatch.setattr(replies, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(replies, "LONGEST_WAIT", 0.05)


# ---------------------------------------------------------------- the way it should be


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_submission_is_registered_and_sent_once(form: str, tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Each object has its accession; a second run sends nothing."""
    book = book_of(tmp_path, tables())
    done = sent(book, schema, ena, form)
    assert done.ok, [d.message for d in done.diagnostics]
    assert set(ena.objects) == {("project", "gut"), ("sample", "stool-1"), ("experiment", "lib-1"), ("run", "run-1")}
    posts = len(ena.posts)
    again = sent(book, schema, ena, form)
    assert {one.state.value for one in again.posted.outcomes} == {"unchanged"}
    assert len(ena.posts) == posts


@pytest.mark.parametrize("older", [False, True])
def test_large_documents_wait_in_the_queue(
    older: bool, tmp_path: Path, schema: Schema, ena: Webin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are asked for until they are done, at the link the archive gives in either form."""
    monkeypatch.setattr(ena_server, "MOST_AT_ONCE", 2)
    ena.slow, ena.older_links = 3, older
    assert sent(book_of(tmp_path, samples(5)), schema, ena).ok
    assert len(ena.objects) == 5
    assert ena.count("GET", "/submit/poll/") >= 3


def test_what_was_edited_is_changed_there(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """One row, as a whole, with the action MODIFY; a new row beside it is added."""
    assert sent(book_of(tmp_path, samples(2)), schema, ena).ok
    book = book_of(tmp_path, samples(3))
    workbook = openpyxl.load_workbook(book)
    workbook["sample"].cell(5, 3).value = "Another title"
    workbook.save(book)
    before = len(ena.posts)
    done = sent(book, schema, ena)
    assert [one.state.value for one in done.posted.outcomes] == ["updated", "unchanged", "created"]
    actions = [json.loads(post.body)["submission"]["actions"][0]["type"] for post in ena.posts[before:]]
    assert sorted(actions) == ["ADD", "MODIFY"]


def test_receipts_stand_beside_the_rows(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Accession, BioSamples' accession, status and release date, in a copy of the workbook and as JSON."""
    book = book_of(tmp_path, tables(project={"release_date": "2027-01-01"}))
    result = api.compile(book, schema)
    assert result.plan is not None
    with archive(ena) as to:
        one = depositing.settled(result.plan, to, [book])
        done = depositing.deposit(one, to)
        copy, told = receiving.write_receipts(depositing.receipts(done, one, to), one.plan, one.books, to.server).files
    row = [str(cell.value) for cell in openpyxl.load_workbook(copy)["sample"][5]]
    assert any(text.startswith("ERS") and " SAMEA" in text for text in row)
    project = [str(cell.value) for cell in openpyxl.load_workbook(copy)["project"][5]]
    assert any(text.startswith("PRJEB") for text in project)
    assert any("until 2027-01-01" in text for text in project)
    assert {entry["type"] for entry in json.loads(told.read_text("utf-8"))["records"]} == {
        "project", "sample", "experiment", "run",
    }  # fmt: skip


def test_a_dry_run_registers_nothing(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """And tells what the archive has against it, at its row."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder in (good, bad):
        folder.mkdir()
    assert sent(book_of(good, samples(1)), schema, ena).ok
    for folder, count, codes in ((bad, 1, ["POR07"]), (bad, 0, [])):
        found = samples(2)[0] if count else Table("sample", samples(1)[0].headers, (("n", *samples(1)[0].rows[0][1:]),))
        book = book_of(folder, [found])
        result = api.compile(book, schema)
        assert result.plan is not None
        with archive(ena) as to:
            told = depositing.rehearsed(depositing.settled(result.plan, to, [book]), to)
        assert sorted({d.code.id for d in told}) == codes
    assert set(ena.objects) == {("sample", "s0")}


# ---------------------------------------------------------------- a bad day

BAD: dict[str, Any] = {
    "no connection": lambda: Fault(submits, cut_before, times=1),
    "a lost answer": lambda: Fault(submits, cut_after, times=1),
    "an answer that is none": lambda: Fault(submits, garbles, times=1),
    "500": lambda: Fault(submits, answers(500), times=1),
    "503": lambda: Fault(submits, answers(503, Retry_After="0"), times=1),
    "408": lambda: Fault(submits, answers(504), times=1),
}


@pytest.mark.parametrize("fault", BAD)
def test_each_object_is_registered_once_whatever_happens(
    fault: str, tmp_path: Path, schema: Schema, ena: Webin
) -> None:
    """In this run, or in the next one of the same command."""
    book = book_of(tmp_path, tables())
    ena.faults[:] = [BAD[fault]()]
    done = sent(book, schema, ena)
    if not done.ok:
        assert done.posted.stopped is not None
        done = sent(book, schema, ena)
    assert done.ok, [d.message for d in done.diagnostics]
    assert len(ena.objects) == 4
    assert all(one.uuid for one in done.posted.outcomes)


def test_a_document_that_the_archive_knows_is_asked_for(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Its answer was lost, so was the one to the question, and then it was sent again; or the notes were deleted."""
    book = book_of(tmp_path, tables())
    ena.faults[:] = [Fault(submits, cut_after, times=1), Fault(submits, cut_before, times=1)]
    done = sent(book, schema, ena)
    assert done.ok, (done.posted.stopped, [d.message for d in done.diagnostics])
    assert len(ena.objects) == 4
    (tmp_path / "book.xlsx.journal").unlink()
    again = sent(book, schema, ena)
    assert again.ok, [d.message for d in again.diagnostics]
    assert [one.uuid for one in again.posted.outcomes] == [one.uuid for one in done.posted.outcomes]
    assert len(ena.objects) == 4


@pytest.mark.parametrize("keeps", [True, False])
def test_an_archive_that_restarts_in_the_middle_of_its_queue_has_all_once(
    keeps: bool, tmp_path: Path, schema: Schema, ena: Webin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waited there is still there, or was lost and is sent again."""
    monkeypatch.setattr(ena_server, "MOST_AT_ONCE", 2)
    ena.slow = 3
    book = book_of(tmp_path, samples(5))
    ena.faults[:] = [Fault(polls, restarts(ena, keeps=keeps), times=1)]
    for _ in range(3):
        done = sent(book, schema, ena)
        if done.ok:
            break
    assert done.ok, (done.posted.stopped, [d.message for d in done.diagnostics])
    assert len(ena.objects) == 5


def test_a_queue_that_takes_too_long_is_gone_on_with(
    tmp_path: Path, schema: Schema, ena: Webin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run asks for the same document; it isn't sent again."""
    monkeypatch.setattr(ena_server, "MOST_AT_ONCE", 2)
    ena.faults[:] = [Fault(polls, answers(202, b""))]
    book = book_of(tmp_path, samples(5))
    done = sent(book, schema, ena, patience=0.2)
    assert "still working" in str(done.posted.stopped)
    ena.faults.clear()
    assert sent(book, schema, ena).ok
    assert len(ena.objects) == 5
    assert ena.count("POST", "/submit/queue") == 1


def test_a_run_that_was_killed_after_sending_knows_it(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """The answer never came to anybody: the archive is asked for it."""
    book = book_of(tmp_path, tables())
    for after in (False, True):
        pid: list[int] = []
        ena.faults[:] = [Fault(submits, kills(lambda pid=pid: pid[0], after=after), times=1)]
        pid.append(started(book, schema, ena))
        assert os.waitstatus_to_exitcode(os.waitpid(pid[0], 0)[1]) == -9
    ena.faults.clear()
    assert sent(book, schema, ena).ok
    assert len(ena.objects) == 4


def started(book: Path, schema: Schema, ena: Webin) -> int:
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = 0 if sent(book, schema, ena).ok else 3
        finally:
            os._exit(code)
    return pid


# ---------------------------------------------------------------- what it refuses


def test_a_refused_row_is_told_and_the_rest_is_registered(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """A document is all or nothing, so it is made anew without the row; what needs the row waits."""
    with_alias = samples(2)
    assert sent(book_of(tmp_path, with_alias), schema, ena).ok
    other = tmp_path / "other"
    other.mkdir()
    book = book_of(other, samples(4))  # another workbook: it doesn't know that s0 and s1 are its own
    done = sent(book, schema, ena)
    assert [one.state.value for one in done.posted.outcomes] == ["refused", "refused", "created", "created"]
    assert [(d.code.id, str(d.location)) for d in done.diagnostics if d.code.id != "POR15"] == [
        ("POR07", "sample!B5"),
        ("POR07", "sample!B6"),
    ]
    assert len(ena.objects) == 4


def test_what_needs_a_refused_row_waits(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """The experiment of a sample that isn't taken, and its run."""
    line = "Sample: stool-1; Attribute: collection date; Reason: must be a date of this world"
    ena.faults[:] = [Fault(submits, refuses(line), times=1)]
    done = sent(book_of(tmp_path, tables()), schema, ena)
    states = {one.operation.record.type: one.state.value for one in done.posted.outcomes}
    assert states == {"project": "created", "sample": "refused", "experiment": "held back", "run": "held back"}
    [told] = [d for d in done.diagnostics if d.code.id == "POR05"]
    assert (str(told.location), "must be a date" in told.message) == ("sample!E5", True)


def test_words_that_belong_to_no_row_are_told_too(tmp_path: Path, schema: Schema, ena: Webin) -> None:
    """Nothing that an archive says is dropped."""
    ena.faults[:] = [Fault(submits, refuses("Failed to validate run xml, error: string value 'BAM'"))]
    done = sent(book_of(tmp_path, samples(1)), schema, ena)
    assert [d.code.id for d in done.diagnostics] == ["POR09", "POR15"]
    assert_told(done.diagnostics, "POR15")
    assert ena.objects == {}


def test_a_poll_link_to_another_server_gets_no_password(
    tmp_path: Path, schema: Schema, ena: Webin, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before anything is asked there."""
    monkeypatch.setattr(ena_server, "MOST_AT_ONCE", 0)
    with webin(shared_data / "ena") as other:
        ena.faults[:] = [Fault(queues, points_to(other.server.rpartition("/ena")[0]))]
        done = sent(book_of(tmp_path, samples(1)), schema, ena)
        assert other.seen == []
    assert "another server" in str(done.posted.stopped)


def test_a_wrong_password_ends_it(tmp_path: Path, schema: Schema, ena: Webin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent, and nothing says it."""
    monkeypatch.setenv("WBC_SECRET", "wrong-secret-9")
    done = sent(book_of(tmp_path, samples(1)), schema, ena)
    assert "doesn't let us in" in str(done.posted.stopped)
    assert "wrong-secret-9" not in str(done.posted.stopped)
    assert b"wrong-secret-9" not in (tmp_path / "book.xlsx.journal").read_bytes()


# ---------------------------------------------------------------- data files


def with_files(folder: Path, *there: str, summed: bool = True) -> Path:
    """A submission whose runs name two files, and those of them that are beside the workbook."""
    sums = {}
    for name in ("R1.fastq.gz", "R2.fastq.gz"):
        data = gzip.compress(name.encode(), mtime=0)
        sums[name] = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if name in there:
            (folder / name).write_bytes(data)
    run = {"files.checksum": "s:" + sums["R1.fastq.gz"], "files.checksum-1": "s:" + sums["R2.fastq.gz"]}
    run = run if summed else dict.fromkeys(run, "")
    return book_of(folder, tables(run=run))


def submitted(folder: Path, ena: Webin, store: Store, tmp_path: Path, *more: str) -> Any:
    """``wbc submit --yes`` with an upload area of this machine, whose certificate is trusted."""
    authority = tmp_path / "authority.pem"
    authority.write_bytes(store.authority)
    area = f"ftps://{store.area.host}:{store.area.port}"
    where = ("--portal", "ena", "--schemas", str(FIXTURES / "ERC000011.json"), "--server", ena.server, "--area", area)
    key = {"WBC_KEY": store.area.user, "WBC_SECRET": store.area.password, "SSL_CERT_FILE": str(authority)}
    return wbc(folder, "submit", "book.xlsx", *where, "--yes", *more, **key)


def test_files_are_in_the_area_before_a_run_names_them(tmp_path: Path, ena: Webin, store: Store) -> None:
    """One lies beside the workbook, the other was brought there before; both are what the row's checksums say."""
    ena.user, ena.password = store.area.user, store.area.password
    folder = tmp_path / "desk"
    folder.mkdir()
    with_files(folder, "R1.fastq.gz").rename(folder / "book.xlsx")
    ran = submitted(folder, ena, store, tmp_path)
    assert (ran.returncode, b"error FLE01" in ran.stderr, ena.posts) == (1, True, []), ran.stderr.decode()
    (store.folder / "R2.fastq.gz").write_bytes(b"brought before")
    ran = submitted(folder, ena, store, tmp_path)
    assert ran.returncode == 0, ran.stderr.decode()
    assert (store.folder / "R1.fastq.gz").read_bytes() == (folder / "R1.fastq.gz").read_bytes()
    assert ("run", "run-1") in ena.objects
    assert store.area.password.encode() not in ran.stdout + ran.stderr


def test_a_file_with_another_checksum_stays_here(tmp_path: Path, ena: Webin, store: Store) -> None:
    """It is told at the checksum's cell, and nothing is sent."""
    ena.user, ena.password = store.area.user, store.area.password
    folder = tmp_path / "desk"
    folder.mkdir()
    with_files(folder, "R1.fastq.gz", "R2.fastq.gz").rename(folder / "book.xlsx")
    (folder / "R2.fastq.gz").write_bytes(gzip.compress(b"another"))
    ran = submitted(folder, ena, store, tmp_path)
    assert (ran.returncode, b"run!I5" in ran.stderr, b"FLE07" in ran.stderr) == (1, True, True), ran.stderr.decode()
    assert (ena.posts, list(store.folder.iterdir())) == ([], [])


@pytest.mark.parametrize("more", [(), ("--no-files",), ("--format", "xml")])
def test_a_checksum_that_the_row_leaves_out_is_worked_out(
    more: tuple[str, ...], tmp_path: Path, ena: Webin, store: Store
) -> None:
    """From the file, which may go away once the run is registered."""
    ena.user, ena.password = store.area.user, store.area.password
    folder = tmp_path / "desk"
    folder.mkdir()
    with_files(folder, "R1.fastq.gz", "R2.fastq.gz", summed=False).rename(folder / "book.xlsx")
    assert submitted(folder, ena, store, tmp_path, "--dry-run", *more).returncode == 0
    before = len(ena.posts)
    ran = submitted(folder, ena, store, tmp_path, *more)
    assert ran.returncode == 0, ran.stderr.decode()
    sent = b"".join(post.body for post in ena.posts[before:])
    for name in ("R1.fastq.gz", "R2.fastq.gz"):
        assert sent.count(hashlib.md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest().encode()) == 1
        (folder / name).unlink()
    before = len(ena.posts)
    again = submitted(folder, ena, store, tmp_path, *more)
    assert (again.returncode, ena.posts[before:]) == (0, []), again.stderr.decode()


def test_a_file_of_the_area_needs_its_checksum_in_the_row(tmp_path: Path, ena: Webin, store: Store) -> None:
    """What isn't here can't be read: it is told at the file's cell, and nothing is sent."""
    ena.user, ena.password = store.area.user, store.area.password
    folder = tmp_path / "desk"
    folder.mkdir()
    with_files(folder, "R1.fastq.gz", summed=False).rename(folder / "book.xlsx")
    (store.folder / "R2.fastq.gz").write_bytes(b"brought before")
    for more in ((), ("--no-files",), ("--dry-run",)):
        ran = submitted(folder, ena, store, tmp_path, *more)
        told = ran.stderr.decode()
        assert (ran.returncode, told.count("FLE01"), "write its checksum" in " ".join(told.split())) == (1, 1, True), (
            told
        )
    assert (ena.posts, [path.name for path in store.folder.iterdir()]) == ([], ["R2.fastq.gz"])


# ---------------------------------------------------------------- the program


def test_the_program_submits_and_says_what_it_did(tmp_path: Path, ena: Webin) -> None:
    """Test service by default, dry run, then in earnest; the second time nothing is sent."""
    book = book_of(tmp_path, tables())
    schemas = str(FIXTURES / "ERC000011.json")
    words = (book.name, "--portal", "ena", "--schemas", schemas, "--server", ena.server, "--no-files")
    key = {"WBC_KEY": ena.user, "WBC_SECRET": ena.password}
    dry = wbc(tmp_path, "submit", *words, "--dry-run", **key)
    assert (dry.returncode, ena.objects) == (0, {}), dry.stderr.decode()
    assert wbc(tmp_path, "submit", *words, **key).returncode == 2  # nobody is there to ask
    ran = wbc(tmp_path, "submit", *words, "--yes", **key)
    assert ran.returncode == 0, ran.stderr.decode()
    assert b"created    4" in ran.stdout
    again = wbc(tmp_path, "submit", *words, "--yes", **key)
    assert (again.returncode, b"unchanged  4" in again.stdout, b"Nothing to send" in again.stderr) == (0, True, True)
    assert ena.password.encode() not in ran.stdout + ran.stderr
    assert SUM[:6] not in ran.stdout.decode()
