"""A data file arrives whole or not at all, goes on where it broke off, and our key stays with the portal."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from data_files import TEXT, md5
from loopback import Answering, Asked, answer, as_json, by_path, closed_port, in_turn, serving
from stores import PATH, Store, drs_server, fourdn

from workbook_compiler import api
from workbook_compiler.delivery import drs, pacing, transfer
from workbook_compiler.delivery.client import opened
from workbook_compiler.delivery.download import bare, file_name
from workbook_compiler.delivery.transfer import Received, Source, receive
from workbook_compiler.errors import RefusedError, UnreachableError, UsageError

DATA = gzip.compress(TEXT * 20, 1, mtime=0)
NAME = "4DNFI1234567.fastq.gz"
SECRET = "zq7-never-shown"  # noqa: S105 - of nobody


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys, an empty working folder, and no waiting."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("WBC_KEY", "WBC_SECRET", "WBC_SERVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(pacing, "LONGEST", 0.001)


def keyfile(tmp_path: Path, server: str) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"default": {"key": "AKID", "secret": SECRET, "server": server}}))
    path.chmod(0o600)
    return path


def here() -> dict[str, bytes]:
    """What lies in the working folder."""
    return {path.name: path.read_bytes() for path in sorted(Path().iterdir())}


def of(store: Asked, data: bytes, **known: Any) -> Source:
    """A file of a store, with its checksum unless told otherwise."""
    known = {"sums": {"md5": md5(data)}, **known}
    return Source("f.gz", lambda headers: opened(store.address + "/f", headers), **known)


# ---------------------------------------------------------------- by accession


@pytest.mark.parametrize("soft", [True, False])
def test_a_file_comes_by_its_accession_and_the_key_stays_with_the_portal(tmp_path: Path, soft: bool) -> None:
    """Its own name, its bytes, verified; the store it lies in learns nothing of us."""
    with serving(Store(DATA)) as store, serving(fourdn(store.address, DATA, soft)) as portal:
        found = api.download("4DNFI1234567", keyfile=keyfile(tmp_path, portal.address))
    assert found == Received(Path(NAME), len(DATA), "md5")
    assert here() == {NAME: DATA}
    sent = [headers.get("Authorization", "").removeprefix("Basic ") for headers in portal.headers]
    assert {b64decode(one).decode() for one in sent} == {f"AKID:{SECRET}"}
    assert store.paths == ["/f?sig=letmein"]
    assert "Authorization" not in store.headers[0]
    assert all("Range" not in headers for headers in portal.headers)


@pytest.mark.parametrize("name", ["/files-fastq/4DNFI1234567/", "files-fastq/4DNFI1234567", " 4DNFI1234567 "])
def test_a_public_file_needs_no_key(name: str) -> None:
    """A path on the portal is a name too."""
    with serving(Store(DATA)) as store, serving(fourdn(store.address, DATA)) as portal:
        assert api.download(name, server=portal.address).verified == "md5"
    assert all("Authorization" not in headers for headers in portal.headers)


@pytest.mark.parametrize("path", ["/files-fastq/4DNFI1234567/", PATH, "/4DNFI1234567"])
def test_an_address_of_the_portal_is_its_record(tmp_path: Path, path: str) -> None:
    """Copied from the browser: with the key, and verified as by the accession."""
    with serving(Store(DATA)) as store, serving(fourdn(store.address, DATA)) as portal:
        found = api.download(portal.address + path, keyfile=keyfile(tmp_path, portal.address))
    assert (found.path.name, found.verified) == (NAME, "md5")


def test_a_portal_that_serves_its_files_itself_is_understood() -> None:
    """No store, no redirect."""
    with serving(fourdn(None, DATA)) as portal:
        assert api.download("4DNFI1234567", server=portal.address).verified == "md5"


def test_a_file_in_json_is_not_taken_for_the_way_to_one() -> None:
    """A data file may be JSON, long or short."""
    for data in (b'{"a": 1}', json.dumps(["x"] * 50_000).encode()):
        pages = {"/f/": as_json({"href": "/f/@@download/a.json", "md5sum": md5(data)})}
        pages["/f/@@download/a.json"] = answer(data, Content_Type="application/json")
        with serving(by_path(pages)) as portal:
            assert api.download("f", server=portal.address).path.read_bytes() == data
        Path("a.json").unlink()


def test_an_attachment_is_a_file_too() -> None:
    """Of an image or a protocol."""
    image = {"@id": "/images/1/", "attachment": {"href": "@@download/attachment/gel.png", "md5sum": md5(b"gel")}}
    pages = by_path({"/images/1/": as_json(image), "/images/1/@@download/attachment/gel.png": answer(b"gel")})
    with serving(pages) as portal:
        assert api.download("images/1", server=portal.address) == Received(Path("gel.png"), 3, "md5")


def test_the_content_is_verified_where_only_its_checksum_is_known() -> None:
    """content_md5sum is of what a .gz file unpacks to."""
    about = {"md5sum": None, "content_md5sum": md5(TEXT * 20)}
    with serving(Store(DATA)) as store, serving(fourdn(store.address, DATA, **about)) as portal:
        assert api.download("4DNFI1234567", server=portal.address).verified == "md5"
    with (
        serving(Store(DATA[:-20])) as store,
        serving(fourdn(store.address, DATA[:-20], **about)) as portal,
        pytest.raises(RefusedError, match="isn't what was promised"),
    ):
        api.download("4DNFI1234567", "other.gz", server=portal.address)


def test_a_file_without_a_checksum_is_told() -> None:
    """It can't be verified, and that is said."""
    said: list[str] = []
    about = {"md5sum": None, "content_md5sum": 5, "file_size": "many"}
    with serving(Store(DATA)) as store, serving(fourdn(store.address, DATA, **about)) as portal:
        assert api.download("4DNFI1234567", server=portal.address, warn=said.append).verified is None
    assert said == [f"{NAME} couldn't be checked: no checksum of it is known."]


@pytest.mark.parametrize(
    ("name", "words"), [("nowhere", "has no nowhere"), ("biosources/1", "biosources/1 is a Biosource, and has no file")]
)
def test_what_has_no_file_is_told(name: str, words: str) -> None:
    """No such record, or one of another type."""
    with serving(fourdn("", DATA)) as portal, pytest.raises(RefusedError, match=words) as caught:
        api.download(name, server=portal.address)
    assert caught.value.exit_code == 3
    assert here() == {}


@pytest.mark.parametrize(("status", "words"), [(401, "doesn't know this access key"), (403, "a key may open it")])
def test_a_file_that_is_not_open_is_told(status: int, words: str) -> None:
    """Who asks isn't let in: exit code 4."""
    with serving(as_json({}, status)) as portal, pytest.raises(UnreachableError, match=words) as caught:
        api.download("4DNFI1234567", server=portal.address)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("body", [b"[]", b"<html>", b"null"])
def test_a_record_that_is_none_is_told(body: bytes) -> None:
    """A portal that answers something else."""
    with serving(answer(body)) as portal, pytest.raises(RefusedError, match="answered 200"):
        api.download("4DNFI1234567", server=portal.address)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "http://192.0.2.1/f", "http://[::1", "ftp://127.0.0.1/f"])
def test_a_portal_cannot_send_us_anywhere(place: str) -> None:
    """Only to https, or to this machine from this machine."""
    pages = {"/f/": as_json({"href": "/f/@@download/a"})}
    pages["/f/@@download/a"] = as_json({"@type": ["SoftRedirect"], "location": place})
    with serving(by_path(pages)) as portal, pytest.raises((RefusedError, UnreachableError)):
        api.download("f", server=portal.address)
    assert here() == {}


def test_a_named_key_must_be_there_and_for_this_server(tmp_path: Path) -> None:
    """A key that was asked for is never left out silently, nor sent elsewhere."""
    with serving(fourdn("", DATA)) as portal:
        with pytest.raises(UsageError, match="is for https://portal"):
            api.download("f", keyfile=keyfile(tmp_path, "https://portal.example"), server=portal.address)
        with pytest.raises(UsageError, match="no entry"):
            api.download("f", keyfile=keyfile(tmp_path, portal.address), entry="other")
    assert portal.paths == []


# ---------------------------------------------------------------- broken off, and gone on with


def test_what_broke_off_goes_on_where_it_ended() -> None:
    """Each try asks for the rest only, by the mark the server gave."""
    served = Store(DATA, breaks=[1000, 500])
    with serving(served) as store:
        assert receive(of(store, DATA), Path("f.gz"), pause=lambda _: None).verified == "md5"
    assert served.asked == [None, "bytes=1000-", "bytes=1500-"]
    assert store.headers[1]["If-Range"] == '"one"'
    assert here() == {"f.gz": DATA}


@pytest.mark.parametrize("sums", [{}, {"md5": md5(DATA)}])
def test_another_run_goes_on_too(sums: dict[str, str]) -> None:
    """What arrived lies beside as .part until the whole is there."""
    with serving(Store(DATA, breaks=[1000] + [0] * 50)) as store, pytest.raises(UnreachableError, match="broke off"):
        receive(of(store, DATA, sums=sums), Path("f.gz"), pause=lambda _: None)
    assert here()["f.gz.part"] == DATA[:1000]
    assert "f.gz" not in here()
    served = Store(DATA)
    with serving(served) as store:
        receive(of(store, DATA, sums=sums), Path("f.gz"))
    assert served.asked == ["bytes=1000-"]
    assert here() == {"f.gz": DATA}


def test_a_server_without_pieces_begins_anew() -> None:
    """It sends the whole, and what was there isn't in it twice."""
    with serving(Store(DATA, ranges=False, breaks=[1000])) as store:
        receive(of(store, DATA), Path("f.gz"), pause=lambda _: None)
    assert here() == {"f.gz": DATA}


@pytest.mark.parametrize("sums", [{}, {"md5": md5(DATA)}])
def test_a_file_that_changed_meanwhile_begins_anew(sums: dict[str, str]) -> None:
    """Its mark is another: the server sends the whole."""
    Path("f.gz.part").write_bytes(b"of the old file")
    Path("f.gz.part.json").write_text('{"etag": "\\"old\\""}')
    with serving(Store(DATA)) as store:
        receive(of(store, DATA, sums=sums), Path("f.gz"))
    assert here() == {"f.gz": DATA}


@pytest.mark.parametrize("note", [None, "", "[half", '{"etag": 5}', '{"etag": "a\\r\\nX: y"}', "5"])
def test_a_part_of_another_file_is_found_out(note: str | None) -> None:
    """Without a mark the checksum tells in the end; without either nothing is taken up."""
    for sums in ({}, {"md5": md5(DATA)}):
        Path("f.gz.part").write_bytes(b"of another file")
        if note is not None:
            Path("f.gz.part.json").write_text(note)
        with serving(Store(DATA, etag='W/"weak"')) as store:
            receive(of(store, DATA, sums=sums), Path("f.gz"))
        assert here() == {"f.gz": DATA}
        Path("f.gz").unlink()


def test_a_part_that_is_whole_is_finished_without_a_byte_more() -> None:
    """A run that ended just before the end: the server says there is no more."""
    Path("f.gz.part").write_bytes(DATA)
    served = Store(DATA)
    with serving(served) as store:
        assert receive(of(store, DATA), Path("f.gz")).verified == "md5"
    assert len(served.asked) == 1
    assert here() == {"f.gz": DATA}


def test_a_part_longer_than_the_file_begins_anew() -> None:
    """The server has nothing behind its end."""
    Path("f.gz.part").write_bytes(DATA + b"more")
    with serving(Store(DATA)) as store:
        receive(of(store, DATA), Path("f.gz"), pause=lambda _: None)
    assert here() == {"f.gz": DATA}


def test_another_piece_than_was_asked_for_is_not_taken() -> None:
    """A server that sends the wrong piece is asked for the whole."""
    wrong = answer(DATA[:5], 206, Content_Range=f"bytes 0-4/{len(DATA)}")
    Path("f.gz.part").write_bytes(DATA[:1000])
    with serving(in_turn(wrong, Store(DATA))) as store:
        receive(of(store, DATA), Path("f.gz"), pause=lambda _: None)
    assert here() == {"f.gz": DATA}


def test_an_empty_file_is_a_file() -> None:
    """Of no bytes."""
    with serving(Store(b"")) as store:
        assert receive(of(store, b""), Path("f.gz")) == Received(Path("f.gz"), 0, "md5")
    assert here() == {"f.gz": b""}


# ---------------------------------------------------------------- wrong, or not to be had


def test_wrong_bytes_are_not_kept() -> None:
    """A checksum or size that differs leaves nothing behind."""
    for known in ({"sums": {"md5": md5(b"other")}}, {"sums": {}, "size": 5}, {"sums": {"sha256": "0" * 64}}):
        with serving(Store(DATA)) as store, pytest.raises(RefusedError, match="isn't what was promised") as caught:
            receive(of(store, DATA, **known), Path("f.gz"))
        assert caught.value.exit_code == 3
        assert here() == {}


def test_a_file_that_never_ends_does_not_fill_the_disk() -> None:
    """More than was promised isn't read to its end."""
    sent: list[int] = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            sent.append(handler.wfile.write(bytes(1 << 20)))

    with serving(endless) as store, pytest.raises(RefusedError, match="isn't what was promised"):
        receive(of(store, DATA, size=len(DATA)), Path("f.gz"))
    assert len(sent) < 100
    assert here() == {}


def test_the_strongest_checksum_decides() -> None:
    """An md5 that was copied wrongly doesn't matter where there is a sha-256."""
    sums = {"md5": "0" * 32, "sha256": hashlib.sha256(DATA).hexdigest().upper()}
    with serving(Store(DATA)) as store:
        assert receive(of(store, DATA, sums=sums), Path("f.gz")).verified == "sha256"


@pytest.mark.parametrize(("status", "words"), [(403, "isn't open"), (404, "no such file"), (410, "answered 410")])
def test_a_store_that_refuses_is_told(status: int, words: str) -> None:
    """And not asked again."""
    with serving(answer(b"<Error/>", status)) as store, pytest.raises(RefusedError, match=words):
        receive(of(store, DATA), Path("f.gz"))
    assert len(store.paths) == 1
    assert here() == {}


def test_a_busy_store_is_asked_again() -> None:
    """503 and its like pass."""
    with serving(in_turn(answer(b"", 503), answer(b"", 500), Store(DATA))) as store:
        receive(of(store, DATA), Path("f.gz"), pause=lambda _: None)
    assert here() == {"f.gz": DATA}


def test_a_store_that_gives_a_byte_at_a_time_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it breaks off, there is a last time."""
    monkeypatch.setattr(transfer, "MOST_TRIES", 5)
    with serving(Store(DATA, breaks=[1] * 50)) as store, pytest.raises(UnreachableError, match="broke off"):
        receive(of(store, DATA), Path("f.gz"), pause=lambda _: None)
    assert here()["f.gz.part"] == DATA[:5]


def test_a_store_that_is_not_there_is_told() -> None:
    """Without the address' secrets."""
    address = f"http://127.0.0.1:{closed_port()}/f?sig=letmein"
    with pytest.raises(UnreachableError, match="no connection") as caught:
        api.download(address)
    assert "letmein" not in str(caught.value)


def test_a_file_that_is_there_and_right_is_left_alone() -> None:
    """Nothing is fetched twice; another file of that name isn't overwritten."""
    Path("f.gz").write_bytes(DATA)
    with serving(Store(DATA)) as store:
        assert receive(of(store, DATA), Path("f.gz")).verified == "md5"
        for known in ({"sums": {"md5": md5(b"other")}}, {"sums": {}}):
            with pytest.raises(UsageError, match="is there already"):
                receive(of(store, DATA, **known), Path("f.gz"))
    assert store.paths == []


def test_a_folder_nobody_may_write_to_is_told() -> None:
    """With its path."""
    Path("f.gz.part").mkdir()
    with serving(Store(DATA)) as store, pytest.raises(UsageError, match=r"f\.gz\.part can't be written"):
        receive(of(store, DATA), Path("f.gz"))


def test_a_long_file_tells_how_far_it_is() -> None:
    """By its bytes, what was there before among them."""
    Path("f.gz.part").write_bytes(DATA[: len(DATA) // 2])
    told: list[float] = []
    with serving(Store(DATA)) as store:
        receive(of(store, DATA, size=len(DATA)), Path("f.gz"), lambda _, share: told.append(share))
    assert told[0] >= 0.5
    assert told[-1] == 1


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/f/@@download/a.txt", "a.txt"),
        ("https://h/a%20b.txt?sig=1#x", "a b.txt"),
        ("/f/..%2f..%2fetc%2fpasswd", "passwd"),
        ("/f/%2e%2e", ""),
        ("/f/.bashrc", "bashrc"),
        ("/f/..\\..\\x.exe", "x.exe"),
        ("/f/a%00b%0a\u202ec", "abc"),
        ("/f/CON:", "CON"),
        ("/f/" + "x" * 999, "x" * 200),
    ],
)
def test_a_server_cannot_choose_a_folder(path: str, name: str) -> None:
    """What it calls a file is a bare, visible name."""
    assert file_name(path) == name


def test_bare_names_stay() -> None:
    """Usual names aren't changed."""
    assert bare("4DNFI123_R1.fastq.gz") == "4DNFI123_R1.fastq.gz"


@pytest.mark.parametrize("out", ["sub/", "made", "given.gz"])
def test_a_file_goes_where_it_is_told(out: str) -> None:
    """Into a folder under its own name, or under the name that is given."""
    Path("made").mkdir()
    with serving(Store(DATA)) as store, serving(fourdn(store.address, DATA)) as portal:
        found = api.download("4DNFI1234567", out, server=portal.address)
    assert found.path == {"sub/": Path("sub", NAME), "made": Path("made", NAME)}.get(out, Path(out))
    assert found.path.read_bytes() == DATA


@pytest.mark.parametrize("name", ["", "  ", "ftp://h/x", "file:///etc/passwd", "s3://bucket/x"])
def test_a_name_that_is_none_is_wrong_usage(name: str) -> None:
    """Nothing is asked."""
    with pytest.raises(UsageError):
        api.download(name, server="http://127.0.0.1:1")


# ---------------------------------------------------------------- DRS


def of_object(**more: Any) -> dict[str, Any]:
    sums = [{"type": "sha-256", "checksum": hashlib.sha256(DATA).hexdigest()}, {"type": "md5", "checksum": md5(DATA)}]
    return {"id": "dg.1/abc", "name": "reads.fastq.gz", "size": len(DATA), "checksums": sums, **more}


def drs_id(server: Asked, own: str = "abc") -> str:
    return f"drs://{server.address.removeprefix('http://')}/{own}"


def test_a_drs_id_leads_to_its_bytes() -> None:
    """By an address in the object itself, verified by its strongest checksum."""
    with serving(Store(DATA)) as store:
        ways = [
            {"type": "s3", "access_url": {"url": "s3://b/k"}},
            {"type": "https", "access_url": {"url": store.address}},
        ]
        with serving(drs_server("abc", lambda _: of_object(access_methods=ways))) as server:
            found = api.download(drs_id(server))
    assert found == Received(Path("reads.fastq.gz"), len(DATA), "sha256")
    assert server.paths == ["/ga4gh/drs/v1/objects/abc"]
    assert here() == {"reads.fastq.gz": DATA}


def test_a_drs_server_may_make_an_address_for_the_occasion() -> None:
    """By an access id, with the headers that belong to that address and to no other; asked for anew after a break."""
    with serving(Store(DATA, breaks=[100])) as store:
        url = {"url": store.address + "/k?sig=1", "headers": ["Authorization: Bearer of-this-file", "broken", 5]}
        ways = [{"type": "s3", "access_id": "us east/1"}]
        with serving(drs_server("abc", lambda _: of_object(access_methods=ways), {"us%20east%2F1": url})) as server:
            assert api.download(drs_id(server)).verified == "sha256"
    assert [path for path in server.paths if "access" in path] == ["/ga4gh/drs/v1/objects/abc/access/us%20east%2F1"] * 2
    assert {headers["Authorization"] for headers in store.headers} == {"Bearer of-this-file"}
    assert store.headers[1]["Range"] == "bytes=100-"
    assert all("Authorization" not in headers for headers in server.headers)


def test_a_drs_address_that_leads_on_takes_no_headers_along() -> None:
    """What belongs to one address isn't told to the next."""
    with serving(Store(DATA)) as store, serving(answer(b"", 302, Location=store.address + "/k")) as middle:
        ways = [{"type": "https", "access_url": {"url": middle.address, "headers": ["X-Token: t"]}}]
        with serving(drs_server("abc", lambda _: of_object(access_methods=ways))) as server:
            api.download(drs_id(server))
    assert middle.headers[0]["X-Token"] == "t"
    assert "X-Token" not in store.headers[0]


def test_our_key_is_not_for_drs_servers(tmp_path: Path) -> None:
    """Whoever's name it is under."""
    with serving(Store(DATA)) as store:
        ways = [{"type": "https", "access_url": {"url": store.address}}]
        with serving(drs_server("abc", lambda _: of_object(access_methods=ways))) as server:
            api.download(drs_id(server), keyfile=keyfile(tmp_path, server.address))
    assert all("Authorization" not in headers for headers in [*server.headers, *store.headers])


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"contents": [{"name": "a"}]}, "folder of several files"),
        ({}, "no way to download"),
        ({"access_methods": "x"}, "no way to download"),
        ({"access_methods": [5, {}, {"type": "s3", "access_url": {"url": "s3://b/k"}}]}, "no way to download"),
        ({"access_methods": [{"type": "https", "access_url": {"url": "http://192.0.2.1/f"}}]}, "no https address"),
        ({"access_methods": [{"type": "https", "access_url": {"url": "http://[::1"}}]}, "no https address"),
        ({"access_methods": [{"type": "gs", "access_id": "nowhere"}]}, "has no the file's address"),
    ],
)
def test_an_object_without_a_way_in_is_told(about: dict[str, Any], words: str) -> None:
    """A bundle, or ways that need more than the web."""
    with serving(drs_server("abc", lambda _: of_object(**about))) as server, pytest.raises(RefusedError, match=words):
        api.download(drs_id(server))
    assert here() == {}


@pytest.mark.parametrize("body", [b"[]", b"<html>", b'"x"'])
def test_what_is_no_drs_server_is_told(body: bytes) -> None:
    """Some other answer."""
    with serving(answer(body)) as server, pytest.raises(RefusedError, match="not as a DRS server does"):
        api.download(drs_id(server))


def test_strange_sums_and_sizes_are_none() -> None:
    """Kinds nobody knows, and texts that are no checksums, verify nothing."""
    strange = [{"type": "etag", "checksum": "x"}, {"type": "md5", "checksum": "../x"}, {"type": "md5"}, 5]
    said: list[str] = []
    with serving(Store(DATA)) as store:
        about = of_object(
            checksums=strange, size=True, name="../../x", access_methods=[{"access_url": {"url": store.address}}]
        )
        with serving(drs_server("abc", lambda _: about)) as server:
            assert api.download(drs_id(server), warn=said.append) == Received(Path("x"), len(DATA), None)
    assert len(said) == 1


@pytest.mark.parametrize(
    ("name", "server", "own"),
    [
        ("drs://data.example.org/4DNFI1", "https://data.example.org", "4DNFI1"),
        ("DRS://Data.example.org:8443/dg.1%2Fabc", "https://data.example.org:8443", "dg.1%2Fabc"),
        ("drs://data.example.org/dg.1/abc", "https://data.example.org", "dg.1/abc"),
        ("drs://localhost:80/x", "http://localhost:80", "x"),
        ("drs://127.0.0.1.example.org/x", "https://127.0.0.1.example.org", "x"),
    ],
)
def test_a_drs_id_names_its_server(name: str, server: str, own: str) -> None:
    """By https; by http only on this machine."""
    assert drs.parsed(name) == (server, own)


@pytest.mark.parametrize(
    "name",
    ["drs://", "drs://h", "drs:dg.1:abc", "drs://h/../x", "drs://h/%2E%2e/x", "drs://h/x?y", "drs://h/x#y", "drs://u:p@h/x", "drs://[::1/x"],
)  # fmt: skip
def test_a_drs_id_that_is_none_is_wrong_usage(name: str) -> None:
    """Nothing is asked."""
    with pytest.raises(UsageError, match="isn't a DRS id"):
        api.download(name)


# ---------------------------------------------------------------- on the command line


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run ``wbc download`` in the working folder."""
    command = [sys.executable, "-c", "from workbook_compiler.cli import run; run()", "download", *words]
    return subprocess.run(command, capture_output=True, timeout=60, env={**os.environ, **environment}, check=False)


def test_the_command_tells_where_the_file_is() -> None:
    """Results to standard output, words to the person; and with -o - the file itself."""
    with serving(Store(DATA)) as store, serving(fourdn(store.address, DATA)) as portal:
        found = run("4DNFI1234567", "--server", portal.address)
        piped = run("4DNFI1234567", "--server", portal.address, "-o", "-")
    assert (found.returncode, found.stdout.decode(), found.stderr) == (0, f"{NAME}\n", b"")
    assert (piped.returncode, piped.stdout) == (0, DATA)
    assert here() == {NAME: DATA}


def failing(server: str, name: str) -> list[str]:
    return [name, "--server", server]


@pytest.mark.parametrize(
    ("sends", "name", "code"),
    [(fourdn("", DATA), "nowhere", 3), (as_json({}, 401), "4DNFI1", 4), (answer(b""), "drs://h/..", 2)],
)
def test_the_command_ends_with_the_contracts_codes(sends: Answering, name: str, code: int) -> None:
    """2 wrong usage, 3 refused, 4 not let in; a sentence and no traceback, nothing on standard output."""
    with serving(sends) as portal:
        done = run(*failing(portal.address, name))
    assert (done.returncode, done.stdout) == (code, b"")
    assert b"Traceback" not in done.stderr
    assert re.fullmatch(r"[^\n]+\n", done.stderr.decode())
