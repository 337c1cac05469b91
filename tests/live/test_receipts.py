"""After sending, every row has its receipt, and every data file is where the portal wanted it."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cases_format
import openpyxl
import pytest
from conftest import FOURDN

from live.calls import calling
from workbook_compiler import api, receiving, submission, uploading
from workbook_compiler.sandbox import Running, Sandbox

SCHEMA = api.load_schema("4dn", FOURDN / "profiles.json")


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    shutil.copytree(FOURDN, tmp_path / "book")
    return tmp_path / "book" / "filled.xlsx"


def sent(book: Path, where: submission.Where) -> tuple[submission.Submitted, uploading.Uploads, tuple[Path, ...]]:
    """Do all that ``wbc submit --yes`` does."""
    result = api.compile(book, SCHEMA)
    assert result.plan is not None
    with submission.connection("4dn", where) as to:
        one = submission.compared(result.plan, to, where, [book])
        done = submission.submit(one, to, where)
        files = uploading.uploaded(one, done, to)
        return (
            done,
            files,
            receiving.write_receipts(receiving.receipts(one, done, to), one.plan, one.books, to.server).files,
        )


def test_each_row_has_its_receipt_in_a_copy_that_is_nothing_new(filled: Path, fresh: Running) -> None:
    """Uuid, accession, link and time stand beside the rows; the copy sent again is an empty plan."""
    where = submission.Where(keyfile=fresh.keyfile)
    before = filled.read_bytes()
    _, _, [copy, receipt] = sent(filled, where)
    assert filled.read_bytes() == before
    sheet = openpyxl.load_workbook(copy)["Biosource"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    uuid, link = sheet.cell(5, heads["#uuid"]).value, sheet.cell(5, heads["#link"]).value
    assert sheet.cell(5, heads["#status"]).value == "created"
    with calling(fresh.keyfile) as calls:
        stored = calls.found(f"/{uuid}")
    assert stored["accession"] == sheet.cell(5, heads["#accession"]).value
    assert link == fresh.server + stored["@id"]
    entries = json.loads(receipt.read_text("utf-8"))["records"]
    assert len(entries) == 40
    assert {entry["action"] for entry in entries} == {"POST"}
    plan = api.compile(copy, SCHEMA).plan
    assert plan is not None
    with submission.connection("4dn", where) as to:
        assert submission.compared(plan, to, where).plan.summary.keys() == {"SKIP"}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 stand-in on this machine, of which this process is a client."""
    import boto3
    from moto.s3.models import s3_backends
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")  # the sandbox names its own store
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    yield address
    boto3.DEFAULT_SESSION = None
    server.stop()
    s3_backends.reset()


def every_object(store: str) -> list[tuple[str, bytes]]:
    """What the stand-in keeps: name and content."""
    import boto3

    client = boto3.client("s3", endpoint_url=store)
    return [
        (item["Key"], client.get_object(Bucket=bucket["Name"], Key=item["Key"])["Body"].read())
        for bucket in client.list_buckets()["Buckets"]
        for item in client.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ())
    ]


def test_data_files_are_uploaded_once(portal_python: str, filled: Path, tmp_path: Path, store: str) -> None:
    """Each arrives with the checksum of its record; a second run uploads nothing."""
    del portal_python
    with Sandbox(FOURDN / "profiles.json", tmp_path / "sandbox", uploads=store) as running:
        where = submission.Where(keyfile=running.keyfile)
        done, files, _ = sent(filled, where)
        assert done.ok
        assert (files.sent, files.failed, files.without_place) == (16, (), 0)
        _, again, _ = sent(filled, where)
        assert again.sent == 0
        stored = every_object(store)
    local = [path.read_bytes() for path in sorted((filled.parent / "fastq").iterdir())]
    assert sorted(hashlib.md5(data, usedforsecurity=False).hexdigest() for _, data in stored) == sorted(
        hashlib.md5(data, usedforsecurity=False).hexdigest() for data in local
    )
    assert all(gzip.decompress(data).startswith(b"@") for _, data in stored)


def test_files_that_come_along_are_uploaded_too(portal_python: str, tmp_path: Path, store: str) -> None:
    """Each to the place its own format has; the record keeps its checksum, and a second run sends nothing."""
    del portal_python
    (tmp_path / "reads.fastq.gz").write_bytes(gzip.compress(b"@r\nACGT\n+\nIIII\n"))
    (tmp_path / "reads.bed").write_bytes(b"chr1\t1\t2\n")
    headers = ("aliases", "file_format", "filename", "extra_files.file_format", "extra_files.filename")
    row = ("demo-lab:f1", "fastq", "reads.fastq.gz", "bed", "reads.bed")
    [book] = cases_format.write([cases_format.Table("FileFastq", headers, (row,))], tmp_path)
    with Sandbox(FOURDN / "profiles.json", tmp_path / "sandbox", uploads=store) as running:
        where = submission.Where(keyfile=running.keyfile)
        done, files, _ = sent(book, where)
        assert done.ok, [d.message for d in done.diagnostics]
        assert (files.sent, files.failed, files.without_place) == (2, (), 0)
        assert {name.partition(".")[2]: data for name, data in every_object(store)} == {
            "fastq.gz": (tmp_path / "reads.fastq.gz").read_bytes(),
            "bed.gz": (tmp_path / "reads.bed").read_bytes(),
        }
        with calling(running.keyfile) as calls:
            (extra,) = calls.found("/demo-lab:f1?frame=object")["extra_files"]
        assert extra["md5sum"] == hashlib.md5((tmp_path / "reads.bed").read_bytes(), usedforsecurity=False).hexdigest()
        again, files, _ = sent(book, where)
        assert {outcome.state.value for outcome in again.outcomes} == {"unchanged"}
        assert files.sent == 0


def test_another_file_than_its_record_is_about_stays_here(portal_python: str, tmp_path: Path, store: str) -> None:
    """Its checksum is another; with the new one in the row it is a change like any other, and the file goes."""
    del portal_python
    reads = tmp_path / "reads.fastq.gz"
    reads.write_bytes(gzip.compress(b"first"))
    headers = ("aliases", "file_format", "filename", "md5sum")
    book = cases_format.write(
        [cases_format.Table("FileFastq", headers, (("demo-lab:f1", "fastq", reads.name, ""),))], tmp_path
    )[0]
    with Sandbox(FOURDN / "profiles.json", tmp_path / "sandbox", uploads=store) as running:
        where = submission.Where(keyfile=running.keyfile)
        result = api.compile(book, SCHEMA)
        assert result.plan is not None
        with submission.connection("4dn", where) as to:
            assert submission.submit(submission.compared(result.plan, to, where, [book]), to, where).ok
        reads.write_bytes(gzip.compress(b"second"))
        _, files, _ = sent(book, where)
        assert (files.sent, len(files.failed), every_object(store)) == (0, 1, [])
        assert "reads.fastq.gz (FileFastq!D5) wasn't uploaded. It isn't the file" in files.failed[0]
        new = hashlib.md5(reads.read_bytes(), usedforsecurity=False).hexdigest()
        row = ("demo-lab:f1", "fastq", reads.name, new)
        book = cases_format.write([cases_format.Table("FileFastq", headers, (row,))], tmp_path)[0]
        _, files, _ = sent(book, where)
        assert (files.sent, files.failed) == (1, ())
        assert [data for _, data in every_object(store)] == [reads.read_bytes()]


def test_an_upload_that_broke_off_goes_on_in_the_next_run(
    portal_python: str, tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal knows the parts that arrived by the record's uuid, whichever run asks."""
    from workbook_compiler.delivery import store as stores
    from workbook_compiler.delivery import uploads

    del portal_python
    monkeypatch.setattr(uploads, "PART", 5 << 20)
    reads = tmp_path / "reads.bam"
    reads.write_bytes(random.Random(1).randbytes(12 << 20))  # noqa: S311 - reads, not keys
    headers = ("aliases", "file_format", "filename")
    book = cases_format.write(
        [cases_format.Table("FileFastq", headers, (("demo-lab:f1", "bam", reads.name),))], tmp_path
    )[0]
    sent_parts: list[int] = []
    call = stores.Store.call

    def counted(self: Any, name: str, **named: Any) -> Any:
        if name == "upload_part" and named["PartNumber"] == 3:
            limit = time.monotonic() + 30
            while len(sent_parts) < 2 and time.monotonic() < limit:
                time.sleep(0.01)
            raise KeyboardInterrupt
        answer = call(self, name, **named)
        sent_parts.extend([named["PartNumber"]] if name == "upload_part" else [])
        return answer

    with Sandbox(FOURDN / "profiles.json", tmp_path / "sandbox", uploads=store) as running:
        where = submission.Where(keyfile=running.keyfile)
        with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
            broken.setattr(stores.Store, "call", counted)
            sent(book, where)
        assert len(sent_parts) == 2
        again: list[str] = []
        monkeypatch.setattr(
            stores.Store, "call", lambda self, name, **named: (again.append(name), call(self, name, **named))[1]
        )
        _, files, _ = sent(book, where)
    assert (files.sent, files.failed) == (1, ())
    assert again.count("upload_part") == 1
    assert [data for _, data in every_object(store)] == [reads.read_bytes()]
