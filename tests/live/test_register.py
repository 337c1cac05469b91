"""``wbc register`` at a real snovault portal whose types carry ENCODE's keywords: what each option does to the records."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from s3_store import BUCKET, client, s3
from test_cli import wbc as run_wbc
from test_register import tsv
from told import assert_told

from live.calls import Calls, calling
from workbook_compiler import api, sandbox
from workbook_compiler.sandbox import Running

SCHEMAS = ROOT / "fixtures" / "encode" / "schemas"


@pytest.fixture(scope="module")
def started(portal_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A portal with the item types of the fixture's raw schema files."""
    with api.sandbox("encode", SCHEMAS, tmp_path_factory.mktemp("encode")) as running:
        yield running


class Registered:
    """A fresh portal, and a folder whose tables are registered there."""

    def __init__(self, running: Running, folder: Path, calls: Calls) -> None:
        self.running, self.folder, self.calls = running, folder, calls
        self.key = json.loads(running.keyfile.read_text("utf-8"))["default"]
        lab = calls.get("/me").json()["submits_for"][0]["@id"]
        self.own = {"DCC_LAB": lab, "DCC_AWARD": calls.found(lab)["awards"][0]["@id"]}

    def __call__(self, profile: str, path: Path, *words: str, code: int = 0, **more: str) -> str:
        """Register a table; return what is said. It ends with ``code``."""
        keys = {"DCC_API_KEY": self.key["key"], "DCC_SECRET_KEY": self.key["secret"], "HOME": str(self.folder)}
        named = ("register", "-m", self.running.server, "-p", profile, "-i", path.name, "--schemas", str(SCHEMAS))
        done = run_wbc(self.folder, *named, *words, **{**keys, **self.own, **more})
        said = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == code, said
        return said

    def found(self, name: str) -> dict[str, Any]:
        return self.calls.found(f"/{name}?frame=object&datastore=database")

    def writes(self) -> int:
        """How many records were written so far, from the portal's own log."""
        return sum("POST" in line or "PATCH" in line for line in self.running.log.read_text("utf-8").splitlines())


@pytest.fixture
def register(started: Running, tmp_path: Path) -> Iterator[Registered]:
    with calling(started.admin_keyfile) as admin:
        assert admin.post(sandbox.RESET, {}).status_code == 200
    with calling(started.keyfile) as calls:
        yield Registered(started, tmp_path, calls)


READS = {
    "submitted_file_name": "reads.fastq.gz",
    "file_format": "fastq",
    "output_type": "filtered reads",
    "platform": "encode:hiseq-4000",
    "read_length": "4",
    "run_type": "single-ended",
}


def prepared(admin: Calls) -> str:
    """An experiment for reads to belong to."""
    lab = admin.get("/labs/demo-lab/?frame=object").json()
    own = {"lab": lab["@id"], "award": lab["awards"][0]}
    experiment = {"assay_term_name": "ATAC-seq", "biosample_ontology": "encode:liver", "aliases": ["demo-lab:e1"]}
    return str(admin.stored("/experiment", {**experiment, **own})["accession"])


def documents(folder: Path, *names: str, **more: str) -> Path:
    rows = [{"aliases": f"demo-lab:{name}", "document_type": "data sheet", **more} for name in names]
    return tsv(folder, *rows, name="document.tsv")


def test_the_key_of_the_environment(register: Registered) -> None:
    """Records are created with the lab and the award of the environment; a second run writes nothing."""
    path = documents(register.folder, "d1", "d2")
    assert "created    2" in register("document", path)
    one = register.found("demo-lab:d1")
    assert (one["document_type"], one["lab"]) == ("data sheet", register.own["DCC_LAB"])
    assert "unchanged  2" in register("documents", path)


def test_one_bad_row_does_not_stop_the_others(register: Registered) -> None:
    """A row that is wrong here and one that the portal refuses: both told, the rest is there."""
    rows = [{"aliases": f"demo-lab:d{n}", "document_type": "data sheet"} for n in range(4)]
    rows[1]["document_type"] = "novel"
    rows[2]["lab"] = "/labs/no-such-lab/"
    said = register("document", tsv(register.folder, *rows, name="document.tsv"), code=3)
    assert "ENU01" in said
    assert "POR01" in said
    assert register.found("demo-lab:d0")["uuid"] != register.found("demo-lab:d3")["uuid"]
    assert register.calls.get("/demo-lab:d1").status_code == 404


def test_records_are_changed_by_any_of_their_names(register: Registered) -> None:
    """By alias, uuid: only what the row says is changed. An unknown record is an error, and the others are changed."""
    register("document", documents(register.folder, "d1", "d2", description="old"))
    uuid = register.found("demo-lab:d2")["uuid"]
    rows = [
        {"record_id": name, "description": f"new {n}"} for n, name in enumerate(("demo-lab:d1", uuid, "demo-lab:nope"))
    ]
    said = register("document", tsv(register.folder, *rows, name="changes.tsv"), "--patch", code=3)
    assert_told(said, "REG05")
    assert [register.found(f"demo-lab:{name}")["description"] for name in ("d1", "d2")] == ["new 0", "new 1"]
    assert register.found("demo-lab:d1")["document_type"] == "data sheet"


def test_lists_grow_or_are_replaced(register: Registered) -> None:
    """Without -w values are added behind the others, each once and in order; with it the list is what the row says."""
    register("document", documents(register.folder, "d1", urls="https://b.org/,https://a.org/"))
    change = {"record_id": "demo-lab:d1", "urls": "https://c.org/,https://a.org/"}
    path = tsv(register.folder, change, name="changes.tsv")
    register("document", path, "--patch")
    assert register.found("demo-lab:d1")["urls"] == ["https://b.org/", "https://a.org/", "https://c.org/"]
    register("document", path, "--patch", "-w")
    assert register.found("demo-lab:d1")["urls"] == ["https://c.org/", "https://a.org/"]


def test_properties_are_taken_away(register: Registered) -> None:
    """Of each record that a row names, with a change beside it or without; everything else stays."""
    register("document", documents(register.folder, "d1", "d2", description="old", urls="https://a.org/"))
    before = register.found("demo-lab:d1")
    rows = [{"record_id": "demo-lab:d1", "description": ""}, {"record_id": "demo-lab:d2", "description": "new"}]
    path = tsv(register.folder, *rows, name="changes.tsv")
    register("document", path, "--rm-patch", "-r", "urls, urls")
    one, two = register.found("demo-lab:d1"), register.found("demo-lab:d2")
    assert "urls" not in one
    assert "urls" not in two
    assert (one["description"], two["description"]) == ("old", "new")
    same = ("aliases", "document_type", "lab", "award", "uuid", "status", "date_created")
    assert {name: one.get(name) for name in same} == {name: before.get(name) for name in same}
    only = tsv(register.folder, {"record_id": "demo-lab:d2"}, name="only.tsv")
    register("document", only, "--rm-patch", "-r", "description")
    assert "description" not in register.found("demo-lab:d2")


def test_attachments_travel(register: Registered) -> None:
    """A path, or an object with a path: the file is in the record."""
    content = b"%PDF-1.4 a sheet"
    (register.folder / "sheet.pdf").write_bytes(content)
    for name, cell in (("d1", "sheet.pdf"), ("d2", '{"path": "sheet.pdf"}')):
        register("document", documents(register.folder, name, attachment=cell))
        found = register.found(f"demo-lab:{name}")["attachment"]
        assert (found["download"], found["md5sum"]) == (
            "sheet.pdf",
            hashlib.md5(content, usedforsecurity=False).hexdigest(),
        )


def test_data_files_go_along_or_stay(register: Registered) -> None:
    """The checksum and the size are worked out; with --no-upload-file the file itself stays where it is."""
    content = gzip.compress(b"@read\nACGT\n+\nIIII\n", mtime=0)
    (register.folder / "reads.fastq.gz").write_bytes(content)
    with calling(register.running.admin_keyfile) as admin:
        dataset = prepared(admin)
    row = {**READS, "aliases": "demo-lab:f1", "dataset": dataset}
    register("file", tsv(register.folder, row, name="file.tsv"), "--no-upload-file")
    found = register.found("demo-lab:f1")
    assert found["md5sum"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert (found["file_size"], found["submitted_file_name"]) == (len(content), "reads.fastq.gz")


def test_a_record_is_changed_once_and_only_itself(register: Registered) -> None:
    """Two rows that turn out to be one record change nothing; neither does an unknown name beside a known alias."""
    register("document", documents(register.folder, "d1", "d2"))
    uuid = register.found("demo-lab:d1")["uuid"]
    both = [{"record_id": "demo-lab:d1", "description": "a"}, {"record_id": uuid, "description": "b"}]
    assert "POR21" in register("document", tsv(register.folder, *both, name="both.tsv"), "--patch", code=3)
    typo = {"record_id": "demo-lab:TYPO", "aliases": "demo-lab:d2", "description": "wrong record"}
    assert "REG05" in register("document", tsv(register.folder, typo, name="typo.tsv"), "--patch", code=3)
    bare = tsv(register.folder, {"record_id": "d2", "description": "x"}, name="bare.tsv")
    assert "Did you mean: demo-lab:d2" in register("document", bare, "--patch", code=3).replace("labs/", "")
    assert ["description" in register.found(f"demo-lab:{name}") for name in ("d1", "d2")] == [False, False]


def test_links_grow_once(register: Registered) -> None:
    """A record that is named by its alias is the one that is there already under its path."""
    register("document", documents(register.folder, "d1", "d2"))
    with calling(register.running.admin_keyfile) as admin:
        dataset = prepared(admin)
    change = {"record_id": dataset, "documents": "demo-lab:d1"}
    path = tsv(register.folder, change, name="more.tsv")
    assert "updated    1" in register("experiment", path, "--patch")
    assert "unchanged  1" in register("experiment", path, "--patch")
    path = tsv(register.folder, {**change, "documents": "demo-lab:d1, demo-lab:d2"}, name="both.tsv")
    register("experiment", path, "--patch")
    assert len(register.found(dataset)["documents"]) == 2


def test_an_attachment_is_put_while_something_is_taken_away(register: Registered) -> None:
    """The whole record is written with the file inside."""
    register("document", documents(register.folder, "d1", description="old"))
    (register.folder / "notes.txt").write_text("said\n", encoding="utf-8")
    path = tsv(register.folder, {"record_id": "demo-lab:d1", "attachment": "notes.txt"}, name="put.tsv")
    register("document", path, "--rm-patch", "-r", "description")
    found = register.found("demo-lab:d1")
    assert ("description" in found, found["attachment"]["download"]) == (False, "notes.txt")


def test_a_file_in_a_store_is_registered_without_it(register: Registered) -> None:
    """Its checksum is known, and nothing of it is looked at."""
    with calling(register.running.admin_keyfile) as admin:
        dataset = prepared(admin)
    row = {**READS, "aliases": "demo-lab:f1", "dataset": dataset, "md5sum": "0" * 32, "file_size": "17"}
    row["submitted_file_name"] = "s3://lab/reads.fastq.gz"
    path = tsv(register.folder, row, name="file.tsv")
    register("file", path, "--no-upload-file")
    assert register.found("demo-lab:f1")["md5sum"] == "0" * 32


def test_a_file_is_brought_from_a_store(portal_python: str, tmp_path: Path) -> None:
    """Its checksum is worked out on the way; one that isn't there leaves out its row alone."""
    content = gzip.compress(b"@read\nACGT\n+\nIIII\n", mtime=0)
    with s3() as gate, api.sandbox("encode", SCHEMAS, tmp_path / "up", uploads=gate.address) as running:
        client(gate).put_object(Bucket=BUCKET, Key="run 1/reads.fastq.gz", Body=content)
        with calling(running.admin_keyfile) as admin:
            dataset = prepared(admin)
        with calling(running.keyfile) as calls:
            register = Registered(running, tmp_path, calls)
            rows = [
                {**READS, "aliases": f"demo-lab:{n}", "dataset": dataset, "submitted_file_name": f"s3://{BUCKET}/{key}"}
                for n, key in enumerate(["run 1/reads.fastq.gz", "none.fastq.gz"])
            ]
            keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": gate.address}
            said = register("file", tsv(tmp_path, *rows, name="file.tsv"), code=1, **keys)
            found = register.found("demo-lab:0")
            sent = client(gate).get_object(Bucket="sandbox-files", Key=found["upload_credentials"]["key"])
    assert (found["md5sum"], sent["Body"].read()) == (hashlib.md5(content, usedforsecurity=False).hexdigest(), content)
    assert said.count("REG15") == 1
    assert "none.fastq.gz" in said
    assert "created    1" in said


def test_a_data_file_arrives_in_the_store_once(portal_python: str, tmp_path: Path) -> None:
    """With keys in ENCODE's words; a second run uploads nothing."""
    content = gzip.compress(b"@read\nACGT\n+\nIIII\n", mtime=0)
    (tmp_path / "reads.fastq.gz").write_bytes(content)
    with s3() as gate, api.sandbox("encode", SCHEMAS, tmp_path / "up", uploads=gate.address) as running:
        with calling(running.admin_keyfile) as admin:
            dataset = prepared(admin)
        with calling(running.keyfile) as calls:
            register = Registered(running, tmp_path, calls)
            table = tsv(tmp_path, {**READS, "aliases": "demo-lab:f1", "dataset": dataset}, name="file.tsv")
            assert "uploaded" in register("file", table)
            found = register.found("demo-lab:f1")
            assert found["upload_credentials"].keys() >= {"access_key", "secret_key", "session_token", "expiration"}
            keys = found["upload_credentials"]
            assert client(gate).get_object(Bucket="sandbox-files", Key=keys["key"])["Body"].read() == content
            again = register("file", table)
    assert "uploaded" not in again
    assert gate.count("Put") == 2  # the bucket, and the file


def test_a_row_that_was_killed_goes_on(register: Registered) -> None:
    """The journal lies beside the table, and the receipt says what became of each row."""
    path = documents(register.folder, "d1", "d2")
    register("document", path)
    assert (register.folder / "document.tsv.journal").exists()
    receipt = json.loads((register.folder / "document.receipt.json").read_text("utf-8"))
    assert [one["status"] for one in receipt["records"]] == ["created", "created"]
    assert "unchanged  2" in register("document", documents(register.folder, "d1", "d2"))
