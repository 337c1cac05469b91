"""A data file gets into the store once, whole, with the portal's keys, however often it broke off."""

from __future__ import annotations

import hashlib
import os
import random
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from data_files import md5
from loopback import closed_port
from s3_store import BUCKET, Gate, client, s3

from workbook_compiler.delivery import store as stores
from workbook_compiler.delivery import uploads
from workbook_compiler.delivery.store import Credentials, credentials, renewing
from workbook_compiler.delivery.uploads import Uploaded, upload
from workbook_compiler.errors import RefusedError, UnclearError, UnreachableError, UsageError
from workbook_compiler.model.service import Answer
from workbook_compiler.portals.snovault_server import upload_keys

MB = 1 << 20
KEY = "11111111-2222-3333-4444-555555555555/4DNFI1234567.fastq.gz"
PLACE = f"s3://{BUCKET}/{KEY}"
SECRET = "zq7-never-shown"  # noqa: S105 - of nobody
KEYS = Credentials("ASIAOLD", SECRET, "old-token", BUCKET, KEY)
NEW = replace(KEYS, id="ASIANEW", token="new-token")  # noqa: S106

pytestmark = pytest.mark.xdist_group("s3")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """A store on this machine, found as any other program would, and nothing else that AWS programs look at."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setattr(uploads, "PART", 5 * MB)  # the smallest that S3 takes
    with s3() as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.address)
        yield made


def file(path: Path, size: int) -> tuple[Path, str]:
    data = random.Random(size).randbytes(size)  # noqa: S311 - reads, not keys
    path.write_bytes(data)
    return path, md5(data)


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, str]:
    return file(tmp_path / "small.fastq.gz", 1000)


@pytest.fixture
def large(tmp_path: Path) -> tuple[Path, str]:
    return file(tmp_path / "large.fastq.gz", 17 * MB)


def stored(gate: Gate) -> str | None:
    """The md5 of what the store holds."""
    from botocore.exceptions import ClientError

    says, gate.says = gate.says, lambda _what, _token: None
    other = client(gate)
    try:
        with other.get_object(Bucket=BUCKET, Key=KEY)["Body"] as body:
            return md5(body.read())
    except ClientError:
        return None
    finally:
        gate.says = says
        other.close()


def never() -> Credentials:
    raise AssertionError("asked for new keys")


# ---------------------------------------------------------------- once, and whole


def test_a_small_file_goes_in_one_piece(gate: Gate, small: tuple[Path, str]) -> None:
    """With the keys of the portal, to the place the portal names; its bytes are told."""
    told: list[int] = []
    assert upload(small[0], KEYS, small[1], renew=never, sent=told.append) == Uploaded(PLACE, 1000)
    assert stored(gate) == small[1]
    assert gate.asked[:2] == ["Head", "Put"]
    assert told == [1000]


def test_a_large_file_goes_in_parts(gate: Gate, large: tuple[Path, str]) -> None:
    """Side by side, put together in order; nothing is left in the journal."""
    state: dict[str, str] = {}
    told: list[int] = []
    assert upload(large[0], KEYS, large[1], state=state, sent=told.append) == Uploaded(PLACE, 17 * MB)
    assert stored(gate) == large[1]
    assert gate.count("UploadPart") == 4
    assert sorted(told) == [2 * MB, 5 * MB, 5 * MB, 5 * MB]
    assert state == {}


@pytest.mark.parametrize("size", [0, 1, 5 * MB, 5 * MB + 1, 10 * MB])
def test_files_of_every_size_arrive(gate: Gate, tmp_path: Path, size: int) -> None:
    """Empty, one byte, just a part, one byte more."""
    path, own = file(tmp_path / "f", size)
    upload(path, KEYS, own)
    assert stored(gate) == own


def test_the_parts_of_a_very_large_file_are_larger(tmp_path: Path) -> None:
    """S3 takes ten thousand parts at most."""
    path = tmp_path / "huge"
    path.touch()
    os.truncate(path, 1 << 40)
    found = uploads._looked_at(path, "")
    assert -(-found.size // found.part) <= uploads.MOST_PARTS
    assert found.part % MB == 0


def test_what_is_there_is_not_sent_again(gate: Gate, small: tuple[Path, str], large: tuple[Path, str]) -> None:
    """The same content in place, by its mark or by the checksum kept with it; another one is replaced."""
    for path, own in (small, large):
        upload(path, KEYS, own)
        gate.asked.clear()
        told: list[int] = []
        found = upload(path, KEYS, own, sent=told.append)
        assert (found.already, gate.asked, told) == (True, ["Head"], [path.stat().st_size])
    assert upload(small[0], KEYS, small[1]).already is False
    assert stored(gate) == small[1]


def test_keys_that_only_write_are_enough(gate: Gate, small: tuple[Path, str], large: tuple[Path, str]) -> None:
    """Nobody may ask what is there: it is sent."""
    gate.says = lambda what, _: "AccessDenied" if what in ("Head", "ListParts") else None
    for path, own in (small, large):
        assert upload(path, KEYS, own, renew=never).already is False
        assert stored(gate) == own


# ---------------------------------------------------------------- broken off, and gone on with


def broken(gate: Gate, large: tuple[Path, str], after: int = 2) -> dict[str, str]:
    """The journal of an upload whose connection was refused after some parts."""
    state: dict[str, str] = {}
    gate.says = lambda what, _: "AccessDenied" if what.startswith("UploadPart") and int(what[11:]) > after else None
    with pytest.raises(RefusedError, match="AccessDenied"):
        upload(large[0], KEYS, large[1], state=state, jobs=1)
    assert state[PLACE]
    gate.asked.clear()
    gate.says = lambda _what, _token: None
    return state


@pytest.mark.parametrize("kept", ["all", "id"])
def test_what_broke_off_goes_on(gate: Gate, large: tuple[Path, str], kept: str) -> None:
    """Only the missing parts are sent, whether the journal knows the parts or the store tells of them."""
    state = broken(gate, large)
    if kept == "id":
        state = {PLACE: state[PLACE]}
    told: list[int] = []
    assert upload(large[0], KEYS, large[1], state=state, sent=told.append) == Uploaded(PLACE, 17 * MB)
    assert sorted(one for one in gate.asked if "Part " in one) == ["UploadPart 3", "UploadPart 4"]
    assert gate.count("Create") == 0
    assert sum(told) == 17 * MB
    assert stored(gate) == large[1]
    assert state == {}


def test_keys_that_only_write_go_on_by_the_journal(gate: Gate, large: tuple[Path, str]) -> None:
    """Where the store may not tell of its parts, ours are noted."""
    state = broken(gate, large)
    gate.says = lambda what, _: "AccessDenied" if what in ("Head", "ListParts") else None
    upload(large[0], KEYS, large[1], state=state)
    assert sorted(one for one in gate.asked if "Part " in one) == ["UploadPart 3", "UploadPart 4"]
    assert stored(gate) == large[1]


def test_an_interrupt_leaves_what_is_needed_to_go_on(gate: Gate, large: tuple[Path, str]) -> None:
    """Ctrl-C while parts are on their way."""
    state: dict[str, str] = {}

    def interrupt(_bytes: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(large[0], KEYS, large[1], state=state, sent=interrupt, jobs=1)
    assert state[f"{PLACE}#1"]
    gate.asked.clear()
    upload(large[0], KEYS, large[1], state=state)
    assert "UploadPart 1" not in gate.asked
    assert stored(gate) == large[1]


def test_parts_of_another_file_are_sent_again(gate: Gate, large: tuple[Path, str]) -> None:
    """A file that was mended since: the parts that differ go again, and the whole is right."""
    state = broken(gate, large)
    with large[0].open("r+b") as stream:
        stream.write(b"mended")
    own = md5(large[0].read_bytes())
    upload(large[0], KEYS, own, state=state)
    assert sorted(one for one in gate.asked if "Part " in one) == ["UploadPart 1", "UploadPart 3", "UploadPart 4"]
    assert stored(gate) == own


@pytest.mark.parametrize("silent", [False, True])
def test_an_upload_the_store_forgot_begins_anew(gate: Gate, large: tuple[Path, str], silent: bool) -> None:
    """Stores throw unfinished uploads away after some days; keys that only write learn of it late."""
    state = broken(gate, large)
    state[PLACE] = "bm90aGluZw"

    def late(what: str, _token: str) -> str | None:
        if what in ("Head", "ListParts"):
            return "AccessDenied"
        return "NoSuchUpload" if what.startswith("UploadPart") and "Create" not in gate.asked else None

    if silent:
        gate.says = late
    upload(large[0], KEYS, large[1], state=state)
    assert stored(gate) == large[1]
    assert state == {}


def test_a_list_of_parts_on_several_pages_is_read_to_its_end() -> None:
    """The store tells a thousand at a time."""
    pages = {
        0: {"Parts": [{"PartNumber": 1, "ETag": '"a"'}], "IsTruncated": True, "NextPartNumberMarker": 1},
        1: {"Parts": [{"PartNumber": 2, "ETag": '"b"'}], "IsTruncated": False},
    }

    class Paged:
        place = PLACE

        def call(self, _name: str, **named: Any) -> Any:
            return pages[named["PartNumberMarker"]]

    assert dict(uploads._listed(Paged(), "x")) == {1: '"a"', 2: '"b"'}  # type: ignore[arg-type]


def test_a_store_that_encrypts_is_gone_on_with_by_our_notes() -> None:
    """Its marks are no checksums."""
    assert uploads._both('"kms"', ('"kms"', "m")) == ('"kms"', "m")
    assert uploads._both('"new"', ('"old"', "m")) == ('"new"', "new")
    assert uploads._both('"e"', None) == ('"e"', "e")


# ---------------------------------------------------------------- keys that run out


def expired(what: str, token: str) -> str | None:
    """Only the new keys open the place."""
    return "ExpiredToken" if token == "old-token" else None  # noqa: S105


@pytest.mark.parametrize("jobs", [1, 4])
def test_keys_that_run_out_are_renewed_once(gate: Gate, large: tuple[Path, str], jobs: int) -> None:
    """In the middle, for all threads together."""
    asked: list[int] = []

    def renew() -> Credentials:
        asked.append(1)
        return NEW

    gate.says = lambda what, token: expired(what, token) if what.startswith("UploadPart") else None
    upload(large[0], KEYS, large[1], renew=renew, jobs=jobs)
    assert len(asked) == 1
    assert stored(gate) == large[1]


def test_keys_are_renewed_before_they_run_out(gate: Gate, small: tuple[Path, str]) -> None:
    """A part may take minutes."""
    old = replace(KEYS, expires=datetime.now(UTC) + timedelta(minutes=1))
    gate.says = lambda _what, token: None if token == "new-token" else "AccessDenied"  # noqa: S105
    upload(small[0], old, small[1], renew=lambda: NEW)
    assert stored(gate) == small[1]


def test_keys_that_never_open_are_not_renewed_for_ever(gate: Gate, small: tuple[Path, str]) -> None:
    """Three times, then told."""
    asked: list[int] = []
    gate.says = lambda what, _: None if what == "Head" else "ExpiredToken"

    def renew() -> Credentials:
        asked.append(1)
        return replace(KEYS, id=f"ASIA{len(asked)}")

    with pytest.raises(RefusedError, match="ExpiredToken"):
        upload(small[0], KEYS, small[1], renew=renew)
    assert len(asked) == stores.RENEWALS


def test_without_a_way_to_renew_it_is_told(gate: Gate, small: tuple[Path, str]) -> None:
    """And nothing is in the store."""
    gate.says = expired
    with pytest.raises(RefusedError, match=f"{PLACE}: the store doesn't take the file"):
        upload(small[0], KEYS, small[1])
    assert stored(gate) is None


def test_a_file_is_never_sent_to_two_places(gate: Gate, small: tuple[Path, str]) -> None:
    """New keys to another place belong to another file."""
    gate.says = expired
    with pytest.raises(RefusedError, match="moved the file"):
        upload(small[0], KEYS, small[1], renew=lambda: replace(NEW, key="other"))


# ---------------------------------------------------------------- what is wrong


def test_a_store_that_is_not_there_is_told(
    gate: Gate, small: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No connection: exit code 4."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(UnreachableError, match="can't be reached") as caught:
        upload(small[0], KEYS, small[1])
    assert caught.value.exit_code == 4


def test_no_exception_holds_the_keys(gate: Gate, small: tuple[Path, str]) -> None:
    """Neither words nor traceback, nor what it comes from."""
    gate.says = expired
    with pytest.raises(RefusedError) as caught:
        upload(small[0], KEYS, small[1])
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert SECRET not in shown
    assert "old-token" not in shown
    assert caught.value.__context__ is None
    assert SECRET not in repr(KEYS)


def test_a_file_that_changed_is_not_sent(gate: Gate, small: tuple[Path, str], large: tuple[Path, str]) -> None:
    """The record's checksum would be another's; nothing is put together."""
    with pytest.raises(UsageError, match="changed meanwhile"):
        upload(small[0], KEYS, md5(b"other"))

    def touch(_bytes: int) -> None:
        large[0].touch()

    with pytest.raises(UsageError, match="changed meanwhile"):
        upload(large[0], KEYS, large[1], sent=touch)
    assert stored(gate) is None


@pytest.mark.parametrize("name", ["nowhere", "zero\0byte"])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    """Before the store is asked."""
    with pytest.raises(UsageError, match="There is no file"):
        upload(tmp_path / name, KEYS, "")


def test_a_broken_setting_of_aws_is_told(gate: Gate, small: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that isn't there."""
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(UsageError, match="AWS_PROFILE"):
        upload(small[0], KEYS, small[1])


# ---------------------------------------------------------------- what a portal gives

GIVEN = {
    "AccessKeyId": "ASIA",
    "SecretAccessKey": SECRET,
    "SessionToken": "token",
    "Expiration": "2026-01-01T00:00:00+00:00",
    "upload_url": PLACE,
    "key": KEY,
}


def test_the_keys_of_a_portal_are_understood() -> None:
    """As 4DN gives them."""
    found = credentials(GIVEN)
    assert (found.place, found.bucket, found.key) == (PLACE, BUCKET, KEY)
    assert found.expires == datetime(2026, 1, 1, tzinfo=UTC)
    assert credentials({**GIVEN, "Expiration": "2026-01-01T00:00:00"}).expires == found.expires
    assert credentials({**GIVEN, "Expiration": "soon"}).expires is None


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        {**GIVEN, "SecretAccessKey": ""},
        {**GIVEN, "SessionToken": "a\nb"},
        {**GIVEN, "upload_url": "https://evil.example/x"},
        {**GIVEN, "upload_url": "s3://bucket"},
        {**GIVEN, "upload_url": "s3://../x"},
    ],
)
def test_keys_that_are_none_are_told_without_them(given: object) -> None:
    """A portal that can't give any gives an empty object."""
    with pytest.raises(RefusedError, match="no usable keys") as caught:
        credentials(given)
    assert SECRET not in str(caught.value)


def test_new_keys_are_asked_for_at_the_record() -> None:
    """An answer that was lost is asked for again, since to ask twice does no harm."""
    asked: list[tuple[Any, ...]] = []

    def send(*message: Any) -> Answer:
        asked.append(message)
        if len(asked) == 1:
            raise UnclearError("POST", "/f/upload", "broke off")
        return Answer(200, {"@graph": [{"upload_credentials": GIVEN}]}, {})

    assert renewing(lambda: upload_keys(send, "1"))() == credentials(GIVEN)
    assert asked == [("POST", "/1/upload", {})] * 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, {"detail": 'status must be "uploading"'}, {}),
        Answer(500, None, {}),
        Answer(200, {"@graph": []}, {}),
        Answer(200, [], {}),
        Answer(200, {"@graph": [{"upload_credentials": {}}]}, {}),
        Answer(200, {"@graph": [{"upload_credentials": GIVEN, "extra_files_creds": [5, {"file_format": 5}]}]}, {}),
    ],
)
def test_a_portal_that_gives_no_keys_is_told(answer: Answer) -> None:
    """Whatever it says instead."""
    extra = "pairs" if answer.body and "extra_files_creds" in str(answer.body) else None
    with pytest.raises(RefusedError, match="no usable keys"):
        renewing(lambda: upload_keys(lambda *_: answer, "1", extra))()


def test_a_portal_that_never_answers_clearly_is_told() -> None:
    """There is an end to asking."""

    def send(*_: Any) -> Answer:
        raise UnclearError("POST", "/f/upload", "broke off")

    with pytest.raises(UnclearError):
        renewing(lambda: upload_keys(send, "1"))()


def test_checksums_of_parts_are_those_of_their_bytes(large: tuple[Path, str]) -> None:
    """A part is read where it lies."""
    whole = large[0].read_bytes()
    found = uploads._File(large[0], len(whole), (0, 0), "", 5 * MB)
    assert [hashlib.md5(found.piece(n), usedforsecurity=False).hexdigest() for n in (1, 4)] == [
        md5(whole[: 5 * MB]),
        md5(whole[15 * MB :]),
    ]
