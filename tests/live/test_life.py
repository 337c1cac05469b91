"""How a sandbox begins and ends: its keys, its neighbours, and nothing left behind, however it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import FOURDN

from live.calls import calling
from workbook_compiler import api
from workbook_compiler.errors import SchemaError, UsageError
from workbook_compiler.sandbox import Running, Sandbox, environment, start

PROFILES = FOURDN / "profiles.json"
SECONDS = 60


def processes(place: Path) -> list[str]:
    """The living processes that were started with a folder: the server is told it, the database lies in it."""
    shown = subprocess.run(["ps", "-eww", "-o", "pid,stat,args"], capture_output=True, text=True, check=True).stdout
    lines = [line for line in shown.splitlines() if str(place) in line]
    return [line for line in lines if not line.split()[1].startswith("Z")]


def wait_until_gone(place: Path) -> None:
    """Wait for the end of every process of a sandbox, and for its folder to go."""
    limit = time.monotonic() + SECONDS
    while processes(place) or place.exists():
        assert time.monotonic() < limit, processes(place)
        time.sleep(0.05)


def test_the_key_files_are_for_their_owner_alone(portal: Running) -> None:
    """Mode 0600, one entry called default, and the two differ."""
    entries = []
    for path in (portal.keyfile, portal.admin_keyfile):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        document = json.loads(path.read_text("utf-8"))
        assert list(document) == ["default"]
        assert set(document["default"]) == {"key", "secret", "server"}
        assert document["default"]["server"] == portal.server
        entries.append(document["default"]["secret"])
    assert entries[0] != entries[1]


def test_no_secret_is_told(portal: Running) -> None:
    """Neither to the log, nor to who lists processes, nor to who prints what is running."""
    secrets = [
        json.loads(path.read_text("utf-8"))["default"]["secret"] for path in (portal.keyfile, portal.admin_keyfile)
    ]
    shown = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    for told in (portal.log.read_text("utf-8"), shown, repr(portal)):
        assert not any(secret in told for secret in secrets)


def test_a_stop_leaves_nothing_but_the_log(portal_python: str, tmp_path: Path) -> None:
    """No server, no PostgreSQL, no folder, no keys. Two run side by side, and neither knows the other's records."""
    with Sandbox(PROFILES, tmp_path / "one") as one, Sandbox(PROFILES, tmp_path / "two") as two:
        assert one.server != two.server
        with calling(one.keyfile) as here, calling(two.keyfile) as there:
            here.stored("/vendor", {"title": "Acme", "lab": "/labs/demo-lab/", "award": "SANDBOX-1"})
            assert there.get("/vendors/acme/").status_code == 404
            assert there.session.get(f"{one.server}/me", allow_redirects=False).status_code == 401
        places = [one.place, two.place]
        assert all(processes(place) for place in places)
    assert not any(processes(place) or place.exists() for place in places)
    assert [path.name for path in sorted(tmp_path.rglob("*")) if path.is_file()] == ["sandbox.log"] * 2
    one.stop()  # a second time


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_server_leaves_no_database(portal_python: str, tmp_path: Path, how: signal.Signals) -> None:
    """Killed at once it can't end its PostgreSQL; then stop does."""
    running = start(PROFILES, tmp_path)
    os.kill(running.process.pid, how)
    running.process.wait(SECONDS)
    running.stop()
    assert processes(running.place) == []
    assert not running.place.exists()


def test_the_log_of_a_portal_that_died_is_kept(portal_python: str) -> None:
    """A sandbox without a folder of its user's own takes everything with it, but not what tells why it died."""
    running = start(PROFILES)
    running.process.kill()
    running.stop()
    assert [path.name for path in running.place.iterdir() if path.suffix == ".log"] == ["sandbox.log"]
    assert not running.keyfile.exists()
    shutil.rmtree(running.place)
    with Sandbox(PROFILES) as other:
        assert other.log.exists()
    assert not other.place.exists()


def test_a_sandbox_ends_with_who_started_it(portal_python: str, tmp_path: Path) -> None:
    """When the process that started it is killed, nobody is left to stop it: it stops by itself."""
    script = (
        "import sys, time; from workbook_compiler.sandbox import start\n"
        "print(start(sys.argv[1], sys.argv[2]).place, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(PROFILES), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        place = Path(starter.stdout.readline().strip())
        assert processes(place)
        starter.kill()
    wait_until_gone(place)


# ---------------------------------------------------------------- refusals


def test_keys_of_something_else_are_not_written_over(portal_python: str, tmp_path: Path) -> None:
    """A folder that holds a real portal's keys is refused."""
    real = tmp_path / "keypairs.json"
    real.write_text('{"default": {"key": "A", "secret": "b", "server": "https://data.example.org"}}', encoding="utf-8")
    before = real.read_bytes()
    with pytest.raises(UsageError, match="other keys"):
        start(PROFILES, tmp_path)
    assert real.read_bytes() == before


def test_a_port_that_is_taken_is_told(portal_python: str, tmp_path: Path) -> None:
    """In a sentence, and nothing is left."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="can't be had"):
            start(PROFILES, tmp_path, port=taken.getsockname()[1])


@pytest.mark.parametrize("served", [[], {"Vendor": {"properties": {}}}, "no schemas"])
def test_schemas_that_are_not_served_ones_are_refused(tmp_path: Path, served: Any) -> None:
    """The raw files of a portal, or anything else."""
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps(served), encoding="utf-8")
    with pytest.raises(SchemaError, match="as a portal serves them"):
        start(path, tmp_path)


def test_a_python_that_is_too_new_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it; one beside it on the PATH would do."""
    monkeypatch.setattr(environment.sys, "version_info", (3, 14, 0))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match=r"3\.9 to 3\.12, and this is 3\.14"):
        environment.interpreter()


def test_packages_that_cannot_be_fetched_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With where pip's words are, and nothing half made is left."""
    monkeypatch.setattr(environment, "user_cache", lambda: tmp_path)
    monkeypatch.setattr(environment, "PACKAGES", ("workbook-compiler-has-no-such-package==0",))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(environment.UnreachableError, match="pip couldn't fetch"):
        environment.python()
    assert sorted(path.name for path in (tmp_path / "sandbox").iterdir() if path.suffix != ".lock") == ["pip.log"]


def test_a_portal_without_a_sandbox_says_who_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words name those that do."""
    from dataclasses import replace

    from workbook_compiler import resources

    known = resources.portals()
    monkeypatch.setattr(
        resources, "portals", lambda: {**known, "other": replace(known["4dn"], name="other", sandbox=False)}
    )
    with pytest.raises(UsageError, match=r"Portals that have one: .*4dn"):
        api.sandbox("other", PROFILES)


# ---------------------------------------------------------------- the verb


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_verb_serves_until_it_is_stopped(portal_python: str, tmp_path: Path, how: signal.Signals) -> None:
    """Its standard output is the address and the key file; both work; Ctrl-C is a good end."""
    wbc = str(Path(sys.executable).with_name("wbc"))
    command = [wbc, "sandbox", "--portal", "4dn", "--schemas", str(PROFILES), "-o", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as verb:
        assert verb.stdout is not None
        server, keyfile = verb.stdout.readline().strip(), Path(verb.stdout.readline().strip())
        assert keyfile == tmp_path / "keypairs.json"
        with calling(keyfile) as submitter:
            assert submitter.server == server
            assert submitter.get("/me").status_code == 307
        verb.send_signal(how)
        rest, words = verb.communicate(timeout=SECONDS)
    assert (verb.returncode, rest) == (0, "")
    assert "Ctrl-C" in words
    assert not keyfile.exists()
