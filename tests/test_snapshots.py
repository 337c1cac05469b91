"""Schemas come from a server, a folder or a file; what is fetched is kept with where it came from, and nothing secret."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from base64 import b64decode
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from conftest import FOURDN
from loopback import Asked, answer, as_json, closed_port, serving

from workbook_compiler import api
from workbook_compiler.delivery import client, snapshots, wire
from workbook_compiler.errors import SchemaError, UnreachableError, UsageError
from workbook_compiler.model.changes import changes
from workbook_compiler.model.schema import Kind
from workbook_compiler.portals import mixins
from workbook_compiler.portals.snovault import FOURDN as PORTAL

PROFILES = (FOURDN / "profiles.json").read_bytes()
TEXT = {"type": "string"}


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without keys, on a computer without a keyring."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.setitem(sys.modules, "keyring", None)
    for name in ("WBC_KEY", "WBC_SECRET", "WBC_SERVER"):
        monkeypatch.delenv(name, raising=False)
    return folder


def remembering(handler: BaseHTTPRequestHandler) -> None:
    """Answer as a portal does that gives its schemas a mark, and says 304 to who has them."""
    if handler.headers["If-None-Match"] == '"v1"':
        answer(b"", 304)(handler)
    else:
        answer(PROFILES, ETag='"v1"')(handler)


# ---------------------------------------------------------------- pull


def asked(portal: Asked) -> list[Mapping[str, str]]:
    """The headers of each question for schemas; a pull asks for the records of small types as well."""
    return [headers for path, headers in zip(portal.paths, portal.headers, strict=True) if "/search/" not in path]


def test_a_pull_writes_the_schemas_byte_for_byte_with_where_they_came_from(tmp_path: Path) -> None:
    """The snapshot holds the answer as it came, its server, its mark and its hash, and loads as the portal's schema."""
    with serving(remembering) as portal:
        assert api.pull_schema("4dn", portal.address + "/", tmp_path / "new" / "folder") == (
            tmp_path / "new" / "folder",
            True,
        )
    folder = tmp_path / "new" / "folder"
    assert [path for path in portal.paths if "/search/" not in path] == ["/profiles/"]
    assert portal.headers[0]["Accept"] == "application/json"
    assert sorted(path.name for path in folder.iterdir()) == ["profiles.json", "snapshot.json"]
    assert (folder / "profiles.json").read_bytes() == PROFILES
    sha256 = hashlib.sha256(PROFILES).hexdigest()
    assert json.loads((folder / "snapshot.json").read_text()) == {
        "portal": "4dn",
        "server": portal.address,
        "etag": '"v1"',
        "sha256": sha256,
    }
    schema = api.load_schema("4dn", folder)
    assert (schema.source, schema.sha256) == (portal.address, sha256)


def test_a_second_pull_asks_only_whether_anything_is_new(tmp_path: Path) -> None:
    """The mark of the copy at hand is sent, a 304 leaves the folder as it is, and the answer is that nothing changed."""
    with serving(remembering) as portal:
        api.pull_schema("4dn", portal.address, tmp_path)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        assert api.pull_schema("4dn", portal.address, tmp_path) == (tmp_path, False)
    assert [headers.get("If-None-Match") for headers in asked(portal)] == [None, '"v1"']
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_server_without_marks_is_asked_for_the_whole_and_compared_by_content(tmp_path: Path) -> None:
    """Without an ETag the same answer twice is no change, another answer is one."""
    with serving(answer(PROFILES)) as portal:
        assert api.pull_schema("4dn", portal.address, tmp_path)[1]
        assert not api.pull_schema("4dn", portal.address, tmp_path)[1]
    assert all("If-None-Match" not in headers for headers in portal.headers)
    with serving(answer(PROFILES + b"\n")) as portal:
        assert api.pull_schema("4dn", portal.address, tmp_path)[1]


def test_a_snapshot_somebody_edited_is_fetched_again(tmp_path: Path) -> None:
    """A copy that isn't what the portal sent is never confirmed by the portal's 304."""
    with serving(remembering) as portal:
        api.pull_schema("4dn", portal.address, tmp_path)
        (tmp_path / "profiles.json").write_text('{"Vendor": {"properties": {}}}')
        assert api.pull_schema("4dn", portal.address, tmp_path)[1]
    assert (tmp_path / "profiles.json").read_bytes() == PROFILES


def test_a_snapshot_of_another_server_is_fetched_again(tmp_path: Path) -> None:
    """One server's mark says nothing about another server's schemas."""
    with serving(remembering) as first:
        api.pull_schema("4dn", first.address, tmp_path)
    with serving(remembering) as second:
        api.pull_schema("4dn", second.address, tmp_path)
    assert second.headers[0].get("If-None-Match") is None


def test_a_damaged_note_beside_the_schemas_is_no_obstacle(tmp_path: Path) -> None:
    """A snapshot.json that can't be read counts as none."""
    (tmp_path / "snapshot.json").write_text("[half")
    with serving(remembering) as portal:
        assert api.pull_schema("4dn", portal.address, tmp_path)[1]
    assert json.loads((tmp_path / "snapshot.json").read_text())["etag"] == '"v1"'


def test_nothing_has_changed_without_a_copy_is_no_answer(tmp_path: Path) -> None:
    """A 304 to who has no copy leaves no empty snapshot behind; it is an answer that can't be used."""
    with serving(answer(b"", 304)) as portal, pytest.raises(UnreachableError, match="304"):
        api.pull_schema("4dn", portal.address, tmp_path)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- secrets


def test_a_password_in_the_address_is_used_and_kept_nowhere(tmp_path: Path) -> None:
    """Name and password go to the server, and neither into the snapshot nor into the schema's source."""
    with serving(remembering) as portal:
        secret = portal.address.replace("//", "//someone:hunter2@")
        api.pull_schema("4dn", secret, tmp_path)
        again = api.pull_schema("4dn", secret, tmp_path)
    assert portal.headers[0]["Authorization"].startswith("Basic ")
    assert not again[1]
    assert asked(portal)[1]["If-None-Match"] == '"v1"'
    assert all(b"hunter2" not in path.read_bytes() for path in tmp_path.iterdir())
    assert api.load_schema("4dn", tmp_path).source == portal.address


def test_schemas_from_an_address_are_named_without_its_secrets() -> None:
    """The source that plan and report show has neither a password nor a token."""
    with serving(remembering) as portal:
        address = portal.address.replace("//", "//someone:hunter2@")
        schema = api.load_schema("4dn", f"{address}/profiles/?token=letmein")
    assert schema.source == f"{portal.address}/profiles/"
    assert portal.paths == ["/profiles/?token=letmein"]


def test_a_failure_is_told_without_the_secrets_of_the_address() -> None:
    """The message for a person names the server and no password."""
    with pytest.raises(UnreachableError) as caught:
        api.load_schema("4dn", f"http://someone:hunter2@127.0.0.1:{closed_port()}/profiles/?token=letmein")
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "letmein" not in str(caught.value)


# ---------------------------------------------------------------- as a user

SECRET = "zq7-never-shown-9xk"  # noqa: S105 - of nobody
OF_ADA = b'{"Vendor": {"properties": {"title": {"type": "string"}}}}'
OF_BOB = b'{"Vendor": {"properties": {"title": {"type": "string", "readonly": true}}}}'


def who(handler: BaseHTTPRequestHandler) -> str:
    """The id of the key that came along; empty for anybody."""
    kind, _, coded = (handler.headers["Authorization"] or "").partition(" ")
    return b64decode(coded).decode().partition(":")[0] if kind == "Basic" else ""


def careless(handler: BaseHTTPRequestHandler) -> None:
    """Answer as a portal whose schemas depend on who asks, and whose mark doesn't: the worst case for a copy at hand."""
    path, user = handler.path.partition("?")[0], who(handler)
    if path == "/me":
        as_json({"@id": f"/users/{user}/", "email": f"{user}@lab.org"})(handler)
    elif path == "/profiles/" and handler.headers["If-None-Match"] == '"v1"':
        answer(b"", 304)(handler)
    elif path == "/profiles/":
        answer({"ada": OF_ADA, "bob": OF_BOB}.get(user, PROFILES), ETag='"v1"')(handler)
    else:
        as_json({"@graph": []}, 404)(handler)


def keyfile_of(folder: Path, name: str, server: str) -> Path:
    """A key file with a user's key."""
    path = folder / f"{name}.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"default": {"key": name, "secret": SECRET, "server": server}}))
    return path


def test_a_copy_of_one_user_is_never_confirmed_for_another(home: Path, tmp_path: Path) -> None:
    """The mark of a copy is sent for the same user alone; anybody's copy and each user's are fetched anew in turn."""
    held = []
    with serving(careless) as portal:
        for name in (None, "ada", "ada", "bob", None, None):
            keyfile = keyfile_of(home, name, portal.address) if name else None
            changed = api.pull_schema("4dn", portal.address, tmp_path, keyfile=keyfile)[1]
            held.append((name, changed, (tmp_path / "profiles.json").read_bytes()))
    assert held == [
        (None, True, PROFILES),
        ("ada", True, OF_ADA),
        ("ada", False, OF_ADA),
        ("bob", True, OF_BOB),
        (None, True, PROFILES),
        (None, False, PROFILES),
    ]
    schemas = [h for path, h in zip(portal.paths, portal.headers, strict=True) if path == "/profiles/"]
    assert ["If-None-Match" in headers for headers in schemas] == [False, False, True, False, False, True]


def test_a_users_snapshot_says_whose_it_is_and_holds_no_key(home: Path, tmp_path: Path) -> None:
    """snapshot.json names the user as the portal does, and no file holds the key."""
    with serving(careless) as portal:
        api.pull_schema("4dn", None, tmp_path, keyfile=keyfile_of(home, "ada", portal.address))
    assert json.loads((tmp_path / "snapshot.json").read_text()) == {
        "portal": "4dn",
        "server": portal.address,
        "user": "ada@lab.org",
        "etag": '"v1"',
        "sha256": hashlib.sha256(OF_ADA).hexdigest(),
    }
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.iterdir())
    assert {headers["Authorization"] for headers in portal.headers} == {portal.headers[0]["Authorization"]}


def test_what_was_kept_for_one_user_is_not_offered_to_another(home: Path, tmp_path: Path) -> None:
    """Labs of an earlier user, or of another server, go when the schemas are somebody else's; else they stay."""
    kept = tmp_path / snapshots.VOCABULARIES
    with serving(careless) as portal:
        ada = keyfile_of(home, "ada", portal.address)
        api.pull_schema("4dn", portal.address, tmp_path, keyfile=ada)
        snapshots.keep_vocabularies(tmp_path, {}, {"Lab": [snapshots.Term("lab-of-ada")]})
        api.pull_schema("4dn", portal.address, tmp_path, keyfile=ada)
        assert "lab-of-ada" in kept.read_text()
        api.pull_schema("4dn", portal.address, tmp_path)
    assert not kept.exists()


def test_a_key_of_another_server_is_never_sent(home: Path, tmp_path: Path) -> None:
    """Found by itself it is passed over without a word; named it is a mistake, and the portal isn't asked at all."""
    keyfile_of(home, "keypairs", "https://elsewhere.example.org")
    with serving(careless) as portal:
        assert api.pull_schema("4dn", portal.address, tmp_path)[1]
        asked_before = len(portal.paths)
        with pytest.raises(UsageError, match=r"is for https://elsewhere\.example\.org, not for"):
            api.pull_schema("4dn", portal.address, tmp_path, keyfile=home / "keypairs.json")
    assert len(portal.paths) == asked_before
    assert not [headers for headers in portal.headers if "Authorization" in headers]


def test_a_key_stays_behind_when_the_server_sends_us_on(home: Path, tmp_path: Path) -> None:
    """A portal that moved to another host doesn't pass the key there."""
    with serving(careless) as elsewhere:
        other = elsewhere.address.replace("127.0.0.1", "localhost") + "/profiles/"

        def moved(handler: BaseHTTPRequestHandler) -> None:
            (answer(b"", 302, Location=other) if handler.path == "/profiles/" else careless)(handler)

        with serving(moved) as portal, pytest.raises(UnreachableError, match="localhost"):
            api.pull_schema("4dn", None, tmp_path, keyfile=keyfile_of(home, "ada", portal.address))
    assert elsewhere.paths == []


def test_a_key_that_cannot_be_used_is_told_only_where_nobody_named_it(home: Path, tmp_path: Path) -> None:
    """A broken key file at home leaves the pull anybody's and says why; the same file named is a mistake."""
    (home / "keypairs.json").write_text(f'{{"default": {{"key": "ada", "secret": "{SECRET}"')
    told: list[str] = []
    with serving(careless) as portal:
        assert api.pull_schema("4dn", portal.address, tmp_path, warn=told.append)[1]
        with pytest.raises(UsageError, match="can't be understood"):
            api.pull_schema("4dn", portal.address, tmp_path, keyfile=home / "keypairs.json")
    assert [sentence.startswith(snapshots.NOT_USED) for sentence in told] == [True]
    assert SECRET not in told[0]
    assert not [headers for headers in portal.headers if "Authorization" in headers]


def test_an_address_with_a_name_and_password_says_who_asks(home: Path, tmp_path: Path) -> None:
    """The key at home doesn't take the place of the user that the address names."""
    with serving(careless) as portal:
        keyfile_of(home, "keypairs", portal.address)
        api.pull_schema("4dn", portal.address.replace("//", "//bob:hunter2@"), tmp_path)
    assert (tmp_path / "profiles.json").read_bytes() == OF_BOB
    assert "/me" not in portal.paths


def test_a_portal_without_a_service_takes_no_key(home: Path) -> None:
    """No key is looked for there, not even a broken one; one that is named is told to be left out."""
    from dataclasses import replace

    (home / "keypairs.json").write_text("{")
    silent = replace(PORTAL, service=None)
    assert snapshots.visit(silent, "http://127.0.0.1:9") == snapshots.Visit("http://127.0.0.1:9")
    with pytest.raises(UsageError, match="Leave out --keyfile and --key"):
        snapshots.visit(silent, keyfile=home / "keypairs.json")


# ---------------------------------------------------------------- answers that are none


@pytest.mark.parametrize(
    ("status", "words"), [(500, "500"), (503, "503"), (404, "404"), (401, "401"), (403, "403"), (204, "204")]
)
def test_an_answer_without_schemas_is_told_with_its_status(status: int, words: str, tmp_path: Path) -> None:
    """A server that fails or won't let us in is a portal that could not be reached, and nothing is written."""
    sends = answer(b"" if status == 204 else b"sorry", status)
    with serving(sends) as portal, pytest.raises(UnreachableError, match=words) as caught:
        api.pull_schema("4dn", portal.address, tmp_path)
    assert caught.value.exit_code == 4
    assert caught.value.server == portal.address
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_breaks_off_leaves_the_old_snapshot_whole(tmp_path: Path) -> None:
    """Half an answer is no answer: the copy at hand stays as it was."""
    with serving(answer(PROFILES)) as portal:
        api.pull_schema("4dn", portal.address, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    half = answer(PROFILES[:1000], Content_Length=str(len(PROFILES)))
    with serving(half) as portal, pytest.raises(UnreachableError, match="broke off"):
        api.pull_schema("4dn", portal.address, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_server_that_hangs_up_at_once_is_not_reached(tmp_path: Path) -> None:
    """A connection closed before any answer is a portal that could not be reached."""
    with serving(lambda handler: handler.connection.close()) as portal, pytest.raises(UnreachableError):
        api.pull_schema("4dn", portal.address, tmp_path)


def test_a_server_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait between two bytes has an end."""
    import threading

    monkeypatch.setattr(wire, "TIMEOUT", (5, 0.2))
    done = threading.Event()
    with serving(lambda _: done.wait(20)) as portal:
        with pytest.raises(UnreachableError, match="no answer in time"):
            api.pull_schema("4dn", portal.address, tmp_path)
        done.set()


def test_an_answer_far_too_long_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small compressed answer that unpacks to more than any schemas hold is given up on the way."""
    monkeypatch.setattr(wire, "MAX_BYTES", 4 << 20)
    packed = gzip.compress(b" " * (64 << 20))
    assert len(packed) < 1 << 20
    with serving(answer(packed, Content_Encoding="gzip")) as portal, pytest.raises(UnreachableError, match="too long"):
        api.pull_schema("4dn", portal.address, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"", b"\xff\xfe", b'{"Vendor": ', b"[" * 100_000])
def test_an_answer_that_is_no_json_is_told_as_such(body: bytes, tmp_path: Path) -> None:
    """A page of words in place of schemas is a SchemaError that names the server, and nothing is written."""
    with serving(answer(body)) as portal, pytest.raises(SchemaError, match=f"{portal.address} isn't JSON"):
        api.pull_schema("4dn", portal.address, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_is_no_object_of_schemas_is_told_as_such(tmp_path: Path) -> None:
    """JSON of another shape is a SchemaError."""
    with serving(answer(b"[1, 2]")) as portal, pytest.raises(SchemaError, match="one schema for each type"):
        api.pull_schema("4dn", portal.address, tmp_path)


@pytest.mark.parametrize("address", ["nonsense", "ftp://127.0.0.1", "file:///etc", "http://", "http://[::1", ""])
def test_an_address_that_is_none_is_wrong_usage(address: str) -> None:
    """What isn't an address of the web isn't asked; that is a mistake of the caller, not of the portal."""
    with pytest.raises(UsageError, match="isn't the address of a server"):
        client.fetch(address, "/profiles/")


# ---------------------------------------------------------------- redirects


def test_a_redirect_within_the_server_is_followed(tmp_path: Path) -> None:
    """A server may send us on to another page of its own."""

    def moved(handler: BaseHTTPRequestHandler) -> None:
        (answer(PROFILES) if handler.path == "/new/" else answer(b"", 301, Location="/new/"))(handler)

    with serving(moved) as portal:
        api.pull_schema("4dn", portal.address, tmp_path)
    assert portal.paths[:2] == ["/profiles/", "/new/"]


def test_a_redirect_to_another_host_is_not_followed(tmp_path: Path) -> None:
    """Schemas come from the server that was named; where it would send us is said instead."""
    with serving(answer(PROFILES)) as elsewhere:
        other = elsewhere.address.replace("127.0.0.1", "localhost") + "/profiles/"
        with serving(answer(b"", 302, Location=other)) as portal, pytest.raises(UnreachableError, match="localhost"):
            api.pull_schema("4dn", portal.address, tmp_path)
    assert elsewhere.paths == []


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:application/json,{}", "http://[::1/", "http://x:99999/"]
)
def test_a_redirect_out_of_the_web_is_not_followed(target: str, tmp_path: Path) -> None:
    """A server can't make us read a file of this machine."""
    with serving(answer(b"", 302, Location=target)) as portal, pytest.raises(UnreachableError):
        api.pull_schema("4dn", portal.address, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_redirects_in_a_circle_end(tmp_path: Path) -> None:
    """A server that sends us round and round is given up."""
    with serving(answer(b"", 302, Location="/profiles/")) as portal, pytest.raises(UnreachableError):
        api.pull_schema("4dn", portal.address, tmp_path)
    assert len(portal.paths) < 50


# ---------------------------------------------------------------- folders, files, addresses, the cache


def test_the_cached_snapshot_serves_without_a_source_and_is_fetched_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a source the cache serves; when there is none it is fetched, and then the portal isn't asked again."""
    from dataclasses import replace

    from workbook_compiler.delivery import snapshots

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with serving(remembering) as server:
        portal = replace(PORTAL, server=server.address)
        first, second = snapshots.load(portal, None), snapshots.load(portal, None)
    assert first == second
    assert server.paths == ["/profiles/"]


def test_an_address_without_a_path_means_the_portals_own() -> None:
    """``--schemas https://host`` asks for the page the portal serves its schemas at."""
    with serving(answer(PROFILES)) as portal:
        assert "Biosample" in api.load_schema("4dn", portal.address).types
    assert [path for path in portal.paths if "/search/" not in path] == ["/profiles/"]


def test_a_source_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    """A path to nothing, and an empty folder, are told by name."""
    with pytest.raises(UsageError, match="no schemas at"):
        api.load_schema("4dn", tmp_path / "nowhere")
    with pytest.raises(SchemaError, match="holds no schema files"):
        api.load_schema("4dn", tmp_path)


def test_the_source_of_a_file_or_folder_is_its_name_never_its_path(tmp_path: Path) -> None:
    """Equal schemas in different folders give equal plans: no path of this machine is kept."""
    (tmp_path / "raw").mkdir()
    write(tmp_path / "raw", vendor={"properties": {"title": TEXT}})
    assert api.load_schema("4dn", FOURDN / "profiles.json").source == "profiles.json"
    assert api.load_schema("4dn", tmp_path / "raw").source == "raw"


# ---------------------------------------------------------------- raw schemas with mixins


def write(folder: Path, **documents: Any) -> Path:
    """Write a folder of raw schema files."""
    for stem, document in documents.items():
        (folder / f"{stem}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


MIXINS = {
    "basic": {"title": {**TEXT, "description": "from basic"}, "status": {**TEXT, "default": "draft"}},
    "named": {
        "title": {**TEXT, "description": "from named", "minLength": 2},
        "aliases": {"type": "array", "items": TEXT},
    },
}
SAMPLE: dict[str, Any] = {
    "$id": "/profiles/tissue_sample.json",
    "mixinProperties": [{"$ref": "mixins.json#/basic"}, {"$ref": "mixins.json#/named"}],
    "required": ["title"],
    "properties": {
        "title": {"description": "from the type itself"},
        "dose": {"$merge": "shared.json#/amount", "minimum": 5},
        "both": {"$merge": ["shared.json#/amount", "shared.json#/text"]},
        "own": {"$ref": "#/definitions/inner"},
        "vendor": {**TEXT, "linkTo": "Vendor"},
    },
    "definitions": {"inner": {"type": "boolean"}},
}
SHARED = {"amount": {"type": "number", "minimum": 0, "title": "Amount"}, "text": {"type": "string", "maxLength": 9}}


def test_a_folder_of_raw_schemas_loads_with_mixins_and_references_resolved(tmp_path: Path) -> None:
    """mixinProperties, $merge of one and of several, and $ref give the properties a portal would serve."""
    write(tmp_path, mixins=MIXINS, shared=SHARED, tissue_sample=SAMPLE, vendor={"properties": {"title": TEXT}})
    schema = api.load_schema("4dn", tmp_path)
    assert set(schema.types) == {"TissueSample", "Vendor"}
    entity = schema.types["TissueSample"]
    kinds = {name: prop.kind for name, prop in entity.properties.items()}
    assert kinds == {
        "aliases": Kind.LIST,
        "title": Kind.TEXT,
        "status": Kind.TEXT,
        "dose": Kind.NUMBER,
        "both": Kind.TEXT,
        "own": Kind.BOOLEAN,
        "vendor": Kind.LINK,
    }
    assert entity.path == "tissue_sample"
    assert entity.properties["title"].required


def test_a_property_is_told_by_the_type_first_then_by_the_last_mixin(tmp_path: Path) -> None:
    """The type's own keyword wins, then the mixin named last; what one leaves out another adds."""
    files = {"mixins": MIXINS, "shared": SHARED, "tissue_sample": SAMPLE}
    served = mixins.resolve(files)["TissueSample"]["properties"]
    assert served["title"] == {"type": "string", "description": "from the type itself", "minLength": 2}
    bare = {**SAMPLE, "properties": {}}
    assert mixins.resolve({**files, "tissue_sample": bare})["TissueSample"]["properties"]["title"]["description"] == (
        "from named"
    )


def test_a_merge_adds_its_targets_in_order_and_the_own_words_last() -> None:
    """A later target overrides an earlier one, and the place that merges overrides both."""
    served = mixins.resolve({"shared": SHARED, "a": SAMPLE | {"mixinProperties": []}})["A"]["properties"]
    assert served["dose"] == {"type": "number", "minimum": 5, "title": "Amount"}
    assert served["both"] == {"type": "string", "minimum": 0, "title": "Amount", "maxLength": 9}
    assert served["own"] == {"type": "boolean"}


def test_raw_schemas_are_left_as_they_were() -> None:
    """Resolving makes new values; the documents it was given don't change."""
    files = {"mixins": MIXINS, "shared": SHARED, "tissue_sample": SAMPLE}
    before = json.dumps(files)
    mixins.resolve(files)
    assert json.dumps(files) == before


@pytest.mark.parametrize(
    "files",
    [
        {"a": {"properties": {"x": {"$ref": "#/properties/x"}}}},
        {
            "a": {"properties": {"x": {"$merge": "b.json#/y"}}},
            "b": {"y": {"$merge": ["c.json#/z"]}},
            "c": {"z": {"$merge": "b.json#/y"}},
        },
        {"a": {"properties": {"x": {"type": "object", "properties": {"again": {"$ref": "#/properties/x"}}}}}},
        {"mixins": {"m": {"x": {"$merge": "mixins.json#/m/x"}}}, "a": {"mixinProperties": [{"$ref": "mixins.json#/m"}]}},
    ],
    ids=["itself", "through two files", "inside itself", "in a mixin"],
)  # fmt: skip
def test_a_reference_in_a_circle_is_told_and_never_hangs(files: Mapping[str, Any], tmp_path: Path) -> None:
    """A circle of references is a SchemaError that names a file of it."""
    with pytest.raises(SchemaError, match=r"a\.json refers to itself in a circle"):
        api.load_schema("4dn", write(tmp_path, **files))


@pytest.mark.parametrize(
    "document",
    [
        {"properties": {"x": {"$ref": "nowhere.json#/y"}}},
        {"properties": {"x": {"$merge": "a.json#/definitions/y"}}},
        {"properties": {"x": {"$merge": ["a.json#/properties/x/type"]}}},
        {"mixinProperties": [{"$ref": "mixins.json#/gone"}], "properties": {}},
    ],
)
def test_a_reference_to_nothing_is_told_with_file_and_target(document: Mapping[str, Any], tmp_path: Path) -> None:
    """A reference that leads nowhere is a SchemaError that names the file."""
    with pytest.raises(SchemaError, match=r"^a\.json refers to .* which isn't there$"):
        api.load_schema("4dn", write(tmp_path, a=document))


@pytest.mark.parametrize(
    "document",
    [
        {"properties": []},
        {"properties": {"x": None}},
        {"properties": {"x": "text"}},
        {"mixinProperties": {"$ref": "x"}, "properties": {}},
        {"mixinProperties": ["mixins.json#/basic"], "properties": {}},
        {"mixinProperties": None, "properties": None},
        {"properties": {"x": {"$merge": 7}}},
        {"properties": {"x": {"$merge": [7]}}},
        {"mixinProperties": [{"$ref": 7}], "properties": {}},
        {"mixinProperties": [{"ref": "misspelt"}], "properties": {}},
    ],
)
def test_a_raw_schema_of_the_wrong_shape_never_ends_in_a_python_error(document: Any, tmp_path: Path) -> None:
    """What can't be understood is a SchemaError; what can be passed over is."""
    write(tmp_path, mixins=MIXINS, a=document, vendor={"properties": {"title": TEXT}})
    try:
        schema = api.load_schema("4dn", tmp_path)
    except SchemaError as error:
        assert "a.json" in str(error)
    else:
        assert "Vendor" in schema.types


def test_the_raw_schemas_of_encode_load(shared_data: Path) -> None:
    """ENCODE's own schema folder gives every type with its mixed-in properties, and no reference is left over."""
    folder = shared_data / "encode" / "schemas"
    if not any(folder.glob("*.json")):
        pytest.skip("no raw schemas of ENCODE there")
    files = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}
    schema = api.load_schema("4dn", folder)
    raw = {mixins.type_name(s) for s, d in files.items() if "mixinProperties" in d and not s.startswith("testing")}
    assert len(raw) > 50
    assert raw <= set(schema.types)
    assert {"aliases", "lab", "award", "organism"} <= set(schema.types["Biosample"].properties)
    served = mixins.resolve(files)
    assert '"$merge"' not in json.dumps(served)
    for name in raw:
        for mixin in files_of(files, name).get("mixinProperties", []):
            file, _, pointer = mixin["$ref"].partition("#/")
            wanted: Any = files[file.removesuffix(".json")]
            for part in pointer.split("/"):
                wanted = wanted[part]
            assert set(wanted) <= set(served[name]["properties"]), name


def files_of(files: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The raw document of a type."""
    return next(document for stem, document in files.items() if mixins.type_name(stem) == name)


# ---------------------------------------------------------------- diff


def told(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What ``wbc schemas diff`` prints for two documents."""
    return list(changes(PORTAL.load_schema(old, "old", ""), PORTAL.load_schema(new, "new", "")))


def thing(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"Thing": {"properties": properties, "required": list(required)}}


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (thing(a=TEXT), thing(a=TEXT), []),
        (thing(a=TEXT), {**thing(a=TEXT), "Other": {"properties": {"b": TEXT}}}, ["+ type Other"]),
        ({**thing(a=TEXT), "Other": {"properties": {"b": TEXT}}}, thing(a=TEXT), ["- type Other"]),
        (thing(a=TEXT), thing(a=TEXT, b=TEXT), ["+ column Thing.b"]),
        (thing(a=TEXT, b=TEXT), thing(a=TEXT), ["- column Thing.b"]),
        (thing(a=TEXT), thing(("a",), a=TEXT), ["~ Thing.a: now required"]),
        (thing(("a",), a=TEXT), thing(a=TEXT), ["~ Thing.a: no longer required"]),
        (thing(a=TEXT), thing(a={"type": "integer"}), ["~ Thing.a: text became integer"]),
        (
            thing(a={**TEXT, "enum": ["x", "y"]}),
            thing(a={**TEXT, "enum": ["y", "z"]}),
            ["~ Thing.a: allows 'z'", "~ Thing.a: no longer allows 'x'"],
        ),
        (thing(a={**TEXT, "pattern": "^a"}), thing(a={**TEXT, "pattern": "^b"}), ["~ Thing.a: the form of the text changed"]),
        (
            thing(a={**TEXT, "linkTo": "Lab"}),
            thing(a={**TEXT, "linkTo": ["Lab", "Award"]}),
            ["~ Thing.a: links to Lab or Award instead of Lab"],
        ),
        (
            thing(a={"type": "object", "properties": {"b": TEXT}}),
            thing(a={"type": "object", "properties": {"b": TEXT, "c": TEXT}}),
            ["+ column Thing.a.c"],
        ),
        (thing(a=TEXT, b=TEXT), thing(a=TEXT, b={**TEXT, "readonly": True}), ["- column Thing.b"]),
        (thing(a=TEXT), thing(a={**TEXT, "description": "Other words."}), []),
    ],
)  # fmt: skip
def test_a_difference_is_told_in_a_line(old: Mapping[str, Any], new: Mapping[str, Any], lines: list[str]) -> None:
    """Types, columns, list values and rules that came, went or changed are a line each; other words are none."""
    assert told(old, new) == lines
