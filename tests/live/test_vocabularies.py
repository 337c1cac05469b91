"""A pull from a portal brings the records of small types along, and templates offer them where a link is wanted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import workbook_compiler
from live.calls import Calls
from workbook_compiler import api
from workbook_compiler.errors import UnreachableError
from workbook_compiler.sandbox import Running

PROGRAM = "from workbook_compiler.cli import main; main()"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without keys, on a computer without a keyring."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setitem(sys.modules, "keyring", None)
    for name in ("WBC_KEY", "WBC_SECRET", "WBC_SERVER"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_links_to_small_types_offer_what_the_portal_has(fresh: Running, tmp_path: Path) -> None:
    """File formats and experiment types come by themselves, each to the types it is meant for; vendors on request."""
    api.pull_schema("4dn", fresh.server, tmp_path, ["Vendor"])
    schema = api.load_schema("4dn", tmp_path)
    formats = schema.types["FileFastq"].properties["file_format"].suggested
    assert "fastq" in formats
    assert "pairs" not in formats
    assert schema.types["ExperimentHiC"].properties["experiment_type"].suggested
    assert "sandbox-supplies" in schema.types["Biosource"].properties["biosource_vendor"].suggested
    api.template(schema, types=["FileFastq"], path=tmp_path / "blank.xlsx")
    assert offered(tmp_path / "blank.xlsx", "list_file_format") == list(formats)


def offered(path: Path, name: str) -> list[str]:
    """What a named list of a workbook holds."""
    import openpyxl

    workbook = openpyxl.load_workbook(path)
    sheet, cells = next(iter(workbook.defined_names[name].destinations))
    found = workbook[sheet][cells]
    return [cell.value for (cell,) in found] if isinstance(found, tuple) else [found.value]


def test_without_a_snapshot_nothing_is_offered(fresh: Running) -> None:
    """Schemas from an address come alone."""
    schema = api.load_schema("4dn", f"{fresh.server}/profiles/")
    assert schema.types["FileFastq"].properties["file_format"].suggested == ()


# ---------------------------------------------------------------- with a key


def test_a_users_own_labs_and_awards_are_offered_in_links(fresh: Running, submitter: Calls, tmp_path: Path) -> None:
    """They come with a key, under names that the portal takes as links."""
    folder, _ = api.pull_schema("4dn", None, tmp_path / "snapshot", keyfile=fresh.keyfile)
    schema = api.load_schema("4dn", folder)
    vendor = schema.types["Vendor"].properties
    assert (vendor["lab"].suggested, vendor["award"].suggested) == (("demo-lab",), ("SANDBOX-1",))
    api.template(schema, types=["Lab"], path=tmp_path / "blank.xlsx")
    assert offered(tmp_path / "blank.xlsx", "list_awards") == ["SANDBOX-1"]
    owner = {"lab": vendor["lab"].suggested[0], "award": vendor["award"].suggested[0]}
    assert submitter.stored("/vendor", {"title": "Acme", **owner})["title"] == "Acme"
    assert "fastq" in schema.types["FileFastq"].properties["file_format"].suggested


def test_own_labs_come_before_the_others_and_once(fresh: Running, admin: Calls, tmp_path: Path) -> None:
    """``--with Lab`` brings every lab of the portal behind the user's own."""
    admin.stored("/lab", {"name": "another-lab", "title": "Another lab", "awards": ["SANDBOX-1"]})
    api.pull_schema("4dn", fresh.server, tmp_path, ["Lab"], keyfile=fresh.keyfile)
    schema = api.load_schema("4dn", tmp_path)
    assert schema.types["Vendor"].properties["lab"].suggested == ("demo-lab", "another-lab")


def test_the_key_at_home_is_used_for_its_own_server_alone(fresh: Running, home: Path, tmp_path: Path) -> None:
    """A key that nobody named serves when it is of the server that is asked; else the pull is anybody's."""
    of_sandbox = json.loads(fresh.keyfile.read_text("utf-8"))["default"]
    write_key(home, of_sandbox)
    api.pull_schema("4dn", fresh.server, tmp_path / "mine")
    write_key(home, {**of_sandbox, "server": "https://elsewhere.example.org"})
    api.pull_schema("4dn", fresh.server, tmp_path / "anybodys")
    assert about(tmp_path / "mine").get("user")
    assert "user" not in about(tmp_path / "anybodys")
    assert api.load_schema("4dn", tmp_path / "mine").types["Vendor"].properties["lab"].suggested == ("demo-lab",)
    assert api.load_schema("4dn", tmp_path / "anybodys").types["Vendor"].properties["lab"].suggested == ()


def test_a_named_key_that_is_refused_ends_the_pull(fresh: Running, home: Path, tmp_path: Path) -> None:
    """Nothing is fetched in its stead."""
    wrong = {**json.loads(fresh.keyfile.read_text("utf-8"))["default"], "secret": "no-such-secret"}
    with pytest.raises(UnreachableError, match="doesn't let us in with this key"):
        api.pull_schema("4dn", None, tmp_path / "snapshot", keyfile=write_key(home, wrong))
    assert not (tmp_path / "snapshot").exists()


def test_a_refused_key_that_nobody_named_is_told_and_left_aside(fresh: Running, home: Path, tmp_path: Path) -> None:
    """An outdated key at home keeps nobody from what anybody may see."""
    write_key(home, {**json.loads(fresh.keyfile.read_text("utf-8"))["default"], "secret": "no-such-secret"})
    told: list[str] = []
    _, changed = api.pull_schema("4dn", fresh.server, tmp_path / "snapshot", warn=told.append)
    assert changed
    assert "user" not in about(tmp_path / "snapshot")
    assert len(told) == 1
    assert "Your key wasn't used" in told[0]
    assert "no-such-secret" not in told[0]


def test_the_command_asks_the_keys_own_server_and_tells_no_secret(fresh: Running, tmp_path: Path) -> None:
    """``wbc schemas pull --keyfile FILE --key ENTRY``; neither words nor files hold the key."""
    key = json.loads(fresh.keyfile.read_text("utf-8"))["default"]
    keyfile = tmp_path / "keys.json"
    keyfile.touch(mode=0o600)
    keyfile.write_text(json.dumps({"mine": key}))
    ran = pulled(tmp_path, "--keyfile", "keys.json", "--key", "mine", "-o", "snapshot")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "snapshot\n", "New schemas.\n")
    again = pulled(tmp_path, "--keyfile", "keys.json", "--key", "mine", "-o", "snapshot")
    assert again.stderr == "Nothing has changed.\n"
    assert about(tmp_path / "snapshot")["server"] == fresh.server
    written = "".join(path.read_text("utf-8") for path in (tmp_path / "snapshot").iterdir())
    assert not [part for part in (key["key"], key["secret"]) if part in written + ran.stdout + ran.stderr]
    wrong = pulled(tmp_path, "--keyfile", "keys.json", "--key", "yours", "-o", "other")
    assert wrong.returncode == 2
    assert "no entry “yours”" in wrong.stderr
    assert not (tmp_path / "other").exists()


def pulled(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What ``wbc schemas pull --portal 4dn`` does in a folder."""
    own = {**os.environ, "PYTHONPATH": str(Path(workbook_compiler.__file__).parents[1]), "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", PROGRAM, "schemas", "pull", "--portal", "4dn", *words]
    return subprocess.run(
        command, cwd=folder, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


def write_key(home: Path, parts: dict[str, str]) -> Path:
    """The usual key file of a home folder."""
    path = home / "keypairs.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"default": parts}))
    return path


def about(folder: Path) -> dict[str, str]:
    """What a snapshot says about itself."""
    return dict(json.loads((folder / "snapshot.json").read_text("utf-8")))
