"""Data files in the sandbox: keys to send them with, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from conftest import FOURDN

from live.calls import Calls, calling
from live.s3 import Store, storing
from workbook_compiler.errors import UsageError
from workbook_compiler.sandbox import Running, Sandbox, start

SECONDS = 30
FILE = {"lab": "/labs/demo-lab/", "award": "SANDBOX-1", "file_format": "fastq", "filename": "reads.fastq.gz"}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """An S3 stand-in."""
    with storing() as up:
        yield up


@pytest.fixture(scope="module")
def uploading(portal_python: str, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """A submitter's session with a portal that has a place for data files."""
    folder = tmp_path_factory.mktemp("uploading")
    with (
        Sandbox(FOURDN / "profiles.json", folder, uploads=store.server) as running,
        calling(running.keyfile) as submitter,
    ):
        yield submitter


def content(answer: Any) -> requests.Response:
    """What a download redirects to."""
    assert answer.status_code == 307, answer.text
    return requests.get(answer.headers["Location"], timeout=SECONDS)


def test_a_file_that_waits_for_its_content_comes_with_keys(uploading: Calls) -> None:
    """In the form of Amazon's tokens, with the place to send it to."""
    made = uploading.stored("/file_fastq", FILE)
    keys = made["upload_credentials"]
    assert set(keys) == {
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
        "upload_url",
        "key",
        "endpoint_url",
    }
    assert keys["key"] == f"{made['uuid']}/{made['accession']}.fastq.gz"
    assert keys["upload_url"] == f"s3://sandbox-files/{keys['key']}"


def test_the_present_keys_and_new_ones(uploading: Calls) -> None:
    """GET shows those there are, POST makes others for the same place."""
    made = uploading.stored("/file_fastq", FILE)
    path = f"/{made['uuid']}/upload"
    (shown,) = uploading.get(path).json()["@graph"]
    assert shown["upload_credentials"] == made["upload_credentials"]
    (renewed,) = uploading.post(path, {}).json()["@graph"]
    old, new = made["upload_credentials"], renewed["upload_credentials"]
    assert (new["key"], new["SessionToken"] == old["SessionToken"]) == (old["key"], False)
    assert uploading.get(path).json()["@graph"][0]["upload_credentials"] == new


def test_a_file_without_a_name_gets_its_keys_with_the_name(uploading: Calls) -> None:
    """As long as there is nothing to send there is nothing to open."""
    made = uploading.stored("/file_fastq", {key: value for key, value in FILE.items() if key != "filename"})
    assert made["upload_credentials"] == {}
    (named,) = uploading.patch(made["@id"], {"filename": FILE["filename"]}).json()["@graph"]
    assert named["upload_credentials"]["SessionToken"]


def test_nobody_else_sees_the_keys(uploading: Calls) -> None:
    """Who may not edit the file may see the rest of it."""
    made = uploading.stored("/file_fastq", FILE)
    with calling(None, uploading.server) as nobody:
        assert "upload_credentials" not in nobody.found(made["@id"])
        assert nobody.get(f"/{made['uuid']}/upload").status_code == 403


def test_what_was_sent_can_be_downloaded(uploading: Calls, store: Store) -> None:
    """A redirect to the stand-in, or where it would lead."""
    made = uploading.stored("/file_fastq", FILE)
    requests.put(f"{store.server}/sandbox-files/{made['upload_credentials']['key']}", b"ACGT", timeout=SECONDS)
    for path in (f"{made['@id']}@@download", made["href"]):
        assert content(uploading.get(path)).content == b"ACGT"
    soft = uploading.get(f"{made['@id']}@@download?soft=true").json()
    assert soft["@type"] == ["SoftRedirect"]
    assert requests.get(soft["location"], timeout=SECONDS).content == b"ACGT"
    assert uploading.get(f"{made['@id']}@@download/other.txt").status_code == 404


def test_an_extra_file_has_keys_of_its_own(uploading: Calls) -> None:
    """It lies beside the file, with the ending of its own format."""
    made = uploading.stored("/file_fastq", {**FILE, "extra_files": [{"file_format": "bed"}]})
    (extra,) = made["extra_files_creds"]
    assert extra["upload_credentials"]["key"] == f"{made['uuid']}/{made['accession']}.bed.gz"


def test_without_a_stand_in_there_are_no_keys(submitter: Calls) -> None:
    """The record is stored all the same."""
    made = submitter.stored("/file_fastq", FILE)
    assert "upload_credentials" not in made
    assert submitter.get(f"/{made['uuid']}/upload").status_code == 404


@pytest.mark.parametrize("address", ["https://storage.example.org", "http://10.0.0.1:5000", "127.0.0.1:5000"])
def test_files_go_to_this_machine_only(portal: Running, tmp_path: Any, address: str) -> None:
    """Any other address is refused before anything starts."""
    with pytest.raises(UsageError, match="this machine only"):
        start(FOURDN / "profiles.json", tmp_path, uploads=address)


def test_a_stand_in_that_is_not_there_is_told(portal_python: str, tmp_path: Any) -> None:
    """Not when the first file is sent, but at the start."""
    with pytest.raises(UsageError, match="No S3 stand-in answers"):
        start(FOURDN / "profiles.json", tmp_path, uploads="http://127.0.0.1:1")
