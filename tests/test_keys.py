"""Whose key is used, and that a secret is never shown."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from pprint import pformat
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from workbook_compiler.delivery.keys import Key, load
from workbook_compiler.errors import UsageError

SECRET = "zq7-never-shown-9xk"  # noqa: S105 - of nobody
SERVER = "https://portal.example.org"
PARTS = {"key": "AKID", "secret": SECRET, "server": SERVER + "/"}
ENVIRONMENT = {"WBC_KEY": "ENVID", "WBC_SECRET": SECRET, "WBC_SERVER": SERVER}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without keys, on a computer without a keyring."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "keyring", None)
    return tmp_path


def write(path: Path, document: Any, mode: int = 0o600) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    path.chmod(mode)
    return path


def got(**named: Any) -> Key:
    """The key alone, without a warning."""
    key, warnings = load("4dn", **{"environment": {}, **named})
    assert warnings == []
    return key


# ---------------------------------------------------------------- whose key


def test_the_usual_file_serves_when_nothing_is_said(home: Path) -> None:
    """``default`` of ~/keypairs.json, with or without a slash at the end of its server."""
    write(home / "keypairs.json", {"default": PARTS, "other": {**PARTS, "key": "OTHER"}})
    assert got() == Key("AKID", SECRET, SERVER)


def test_a_file_for_several_portals_has_an_entry_for_each(home: Path) -> None:
    """The portal's own entry goes before the default."""
    write(home / "keypairs.json", {"default": PARTS, "4dn": {**PARTS, "key": "OWN"}})
    assert got().id == "OWN"
    assert load("igvf", environment={})[0].id == "AKID"


def test_a_named_file_goes_before_all_else(home: Path) -> None:
    """The environment and the usual file aren't looked at; ``~`` is the home folder."""
    write(home / "keypairs.json", {"default": PARTS})
    write(home / "mine.json", {"default": {**PARTS, "key": "MINE"}})
    assert got(keyfile="~/mine.json", environment=ENVIRONMENT).id == "MINE"


def test_an_entry_is_chosen_by_name(home: Path) -> None:
    """Of the named file, or of the usual one."""
    write(home / "keypairs.json", {"default": PARTS, "staging": {**PARTS, "key": "STAGING"}})
    assert got(entry="staging", environment=ENVIRONMENT).id == "STAGING"
    assert got(keyfile=home / "keypairs.json", entry="staging").id == "STAGING"


def test_the_environment_goes_before_the_usual_file(home: Path) -> None:
    """For clusters and continuous integration."""
    write(home / "keypairs.json", {"default": PARTS})
    assert got(environment=ENVIRONMENT) == Key("ENVID", SECRET, SERVER)


def test_a_named_server_chooses_the_entry_that_is_for_it(home: Path) -> None:
    """Several servers of one portal, one file."""
    staging = {"key": "STAGING", "secret": SECRET, "server": "https://staging.example.org/"}
    write(home / "keypairs.json", {"default": PARTS, "b": staging})
    assert got(server="https://staging.example.org").id == "STAGING"
    assert got(server=SERVER).id == "AKID"


def test_a_key_never_goes_to_a_server_it_is_not_for(home: Path) -> None:
    """A mistyped --server doesn't learn the secret of another."""
    write(home / "keypairs.json", {"default": PARTS})
    for server in ("https://portal.example.org.evil.example", "http://portal.example.org", "https://other.example"):
        with pytest.raises(UsageError, match=f"is for {SERVER}, not for {server}"):
            load("4dn", server=server, environment={})
        with pytest.raises(UsageError, match="The environment is for"):
            load("4dn", server=server, environment=ENVIRONMENT)


def test_a_key_without_a_server_is_for_the_named_one(home: Path) -> None:
    """Without either there is nowhere to send it."""
    write(home / "keypairs.json", {"default": {"key": "AKID", "secret": SECRET}})
    assert got(server=SERVER + "/") == Key("AKID", SECRET, SERVER)
    with pytest.raises(UsageError, match="has no server"):
        load("4dn", environment={})


def test_one_key_without_a_name_is_the_default(home: Path) -> None:
    """A file that holds a single key as it was copied."""
    write(home / "keypairs.json", PARTS)
    assert got().id == "AKID"


def held(passwords: Mapping[tuple[str, str], str], broken: bool = False) -> tuple[ModuleType, ModuleType]:
    """A stand-in for the keyring package."""
    errors = ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]

    def get_password(service: str, name: str) -> str | None:
        if broken:
            raise errors.KeyringError
        return passwords.get((service, name))

    keyring = ModuleType("keyring")
    keyring.get_password = get_password  # type: ignore[attr-defined]
    return keyring, errors


def test_the_keyring_serves_when_there_is_no_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under workbook-compiler/<portal>, part by part; a file goes before it."""
    service = "workbook-compiler/4dn"
    keyring, errors = held({(service, "key"): "RING", (service, "secret"): SECRET, (service, "server"): SERVER})
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert got() == Key("RING", SECRET, SERVER)
    with pytest.raises(UsageError, match="no access key"):
        load("igvf", environment={})
    write(home / "keypairs.json", {"default": PARTS})
    assert got().id == "AKID"


def test_a_keyring_that_stays_locked_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a desktop has the package and no keyring."""
    keyring, errors = held({}, broken=True)
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    with pytest.raises(UsageError, match="no access key"):
        load("4dn", environment={})


# ---------------------------------------------------------------- what its owner should know


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o601])
def test_a_file_that_others_can_read_is_told(home: Path, mode: int) -> None:
    """And how to close it."""
    path = write(home / "keypairs.json", {"default": PARTS}, mode)
    _, [warning] = load("4dn", environment={})
    assert f"chmod 600 {path}" in warning


def test_a_key_that_travels_unprotected_is_told() -> None:
    """Plain http is for servers of this machine."""
    _, [warning] = load("4dn", environment={**ENVIRONMENT, "WBC_SERVER": "http://portal.example.org"})
    assert "unprotected" in warning
    assert load("4dn", environment={**ENVIRONMENT, "WBC_SERVER": "http://127.0.0.1:6543"})[1] == []


# ---------------------------------------------------------------- what is wrong

BROKEN = {
    "nothing": "",
    "half": '{"default": {"key": "AKID", "secret": "' + SECRET,
    "a list": json.dumps([PARTS]),
    "a text": json.dumps(SECRET),
    "deep": "[" * 100_000,
    "an entry of text": json.dumps({"default": SECRET}),
    "an entry of a list": json.dumps({"default": [SECRET]}),
    "no entries": "{}",
    "other entries": json.dumps({"main": PARTS}),
    "no secret": json.dumps({"default": {"key": "AKID", "server": SERVER, "pass": SECRET}}),
    "an empty secret": json.dumps({"default": {**PARTS, "key": SECRET, "secret": ""}}),
    "a number": json.dumps({"default": {**PARTS, "key": 5}}),
    "line breaks": json.dumps({"default": {**PARTS, "key": f"a\r\nX: {SECRET}"}}),
    "a colon": json.dumps({"default": {**PARTS, "key": f"a:{SECRET}"}}),
    "no address": json.dumps({"default": {**PARTS, "server": "portal"}}),
    "a file address": json.dumps({"default": {**PARTS, "server": "file:///etc"}}),
    "a password": json.dumps({"default": {**PARTS, "server": f"ftp://me:{SECRET}@a.org/"}}),
    "other bytes": "\ud800",
    "long": " " * (2 << 20),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_file_is_told_without_a_word_of_it(home: Path, name: str) -> None:
    """It ends with exit code 2; neither the words nor the traceback hold what the file holds."""
    path = home / "keypairs.json"
    path.write_text(BROKEN[name], encoding="utf-8", errors="surrogatepass")
    error = raised(lambda: load("4dn", environment={}))
    assert error.exit_code == 2
    shown = "".join(traceback.format_exception(error))
    assert SECRET not in shown
    assert error.__context__ is None
    assert all(len(sentence.split()) <= 25 for sentence in str(error).split(". "))


def raised(act: Callable[[], object]) -> UsageError:
    """What an act raises."""
    with pytest.raises(UsageError) as caught:
        act()
    return caught.value


@pytest.mark.parametrize("missing", ["nowhere.json", "."])
def test_a_named_file_that_is_not_there_is_told(home: Path, missing: str) -> None:
    """With its path, and what one looks like."""
    with pytest.raises(UsageError, match=r"There is no key file .*It looks like"):
        load("4dn", keyfile=home / missing, environment={})


def test_a_missing_entry_is_told_with_those_there_are(home: Path) -> None:
    """Names of entries are no secrets; a text in an entry's place may be one."""
    write(home / "keypairs.json", {"default": PARTS, "b": PARTS, SECRET: "c"})
    with pytest.raises(UsageError, match=r"no entry “a”\. It has: b, default\. Choose one with --key"):
        load("4dn", entry="a", environment={})


@pytest.mark.parametrize("left", list(ENVIRONMENT))
def test_half_a_key_in_the_environment_is_told(left: str) -> None:
    """Not taken for none: another key would be used than was meant."""
    with pytest.raises(UsageError) as caught:
        load("4dn", environment={left: ENVIRONMENT[left]})
    assert SECRET not in str(caught.value)
    assert left in str(caught.value)


def test_without_any_key_one_is_told_where_to_get_it() -> None:
    """The portal's website, the usual file, the option."""
    with pytest.raises(UsageError, match=r"website.*keypairs.json.*--keyfile"):
        load("4dn", environment={})


# ---------------------------------------------------------------- secrets


def test_a_key_never_shows_its_secret() -> None:
    """Neither as text nor in a debugger's or a log's words, nor inside another value."""
    key = Key("AKID", SECRET, SERVER)
    for shown in (
        repr(key),
        str(key),
        f"{key}",
        f"{key!r}",
        repr([key]),
        repr(SimpleNamespace(key=key)),
        pformat(key),
    ):
        assert SECRET not in shown
        assert "AKID" in shown
