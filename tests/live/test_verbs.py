"""``wbc plan`` and ``wbc submit`` as a person types them, against a real portal."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest
from conftest import FOURDN

import workbook_compiler
from live.calls import Calls, keyed
from live.proxy import Fault, cut_before, delays, proxied
from live.test_submit import is_write
from workbook_compiler.sandbox import Running

PROGRAM = "from workbook_compiler.cli import main; main()"


class Desk:
    """A folder with the fixture's workbook, its files and schemas, and a key."""

    def __init__(self, folder: Path, running: Running) -> None:
        self.folder, self.keyfile = folder, running.keyfile
        self.secret = json.loads(running.keyfile.read_text("utf-8"))["default"]["secret"]

    def __call__(self, verb: str, *words: str, key: bool = True) -> subprocess.CompletedProcess[str]:
        running = self.started(verb, *(["--keyfile", str(self.keyfile)] if key else []), *words)
        out, said = running.communicate(timeout=120)
        assert self.secret not in out + said
        assert "Traceback" not in said, said
        return subprocess.CompletedProcess(running.args, running.returncode, out, said)

    def started(self, verb: str, *words: str) -> subprocess.Popen[str]:
        """The command on its way; nobody is there to answer a question."""
        home = {**os.environ, "HOME": str(self.folder), "PYTHONPATH": str(Path(workbook_compiler.__file__).parents[1])}
        named = ["filled.xlsx", "--portal", "4dn", "--schemas", "profiles.json", *words]
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, verb, *named],
            cwd=self.folder,
            env=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def edit(self, sheet: str, header: str, row: int, value: str) -> None:
        """Type into a cell, as a person does."""
        workbook = openpyxl.load_workbook(self.folder / "filled.xlsx")
        column = next(cell.column for cell in workbook[sheet][1] if str(cell.value).lstrip("*") == header)
        workbook[sheet].cell(row, column).value = value
        workbook.save(self.folder / "filled.xlsx")


@pytest.fixture
def desk(tmp_path: Path, fresh: Running) -> Desk:
    shutil.copytree(FOURDN, tmp_path / "desk")
    return Desk(tmp_path / "desk", fresh)


def test_a_plan_shows_what_would_happen_and_sends_nothing(desk: Desk, submitter: Calls) -> None:
    ran = desk("plan")
    assert (ran.returncode, "create     40: " in ran.stdout) == (0, True)
    assert submitter.get("/demo-lab:ve_cells").status_code == 404


def test_a_submission_is_sent_once_and_edited_by_the_cell(desk: Desk, submitter: Calls) -> None:
    """Created, then unchanged, then one cell before and after."""
    ran = desk("submit", "--yes")
    assert (ran.returncode, "created    40" in ran.stdout) == (0, True), ran.stderr
    again = desk("submit", "--yes")
    assert (again.returncode, "Nothing to send" in again.stderr) == (0, True)
    desk.edit("Vendor", "description", 5, "Sends vials on dry ice")
    changed = desk("plan")
    assert "Vendor!D5  description: Sends frozen vials → Sends vials on dry ice" in changed.stdout
    assert "updated    1" in desk("submit", "--yes").stdout
    assert submitter.found("/demo-lab:ve_cells")["description"] == "Sends vials on dry ice"


def test_without_a_terminal_nobody_says_yes(desk: Desk, submitter: Calls) -> None:
    ran = desk("submit")
    assert (ran.returncode, "--yes" in ran.stderr) == (2, True)
    assert submitter.get("/demo-lab:ve_cells").status_code == 404


def test_a_dry_run_stores_nothing_and_tells_at_the_cell(desk: Desk, submitter: Calls) -> None:
    ran = desk("submit", "--dry-run")
    assert (ran.returncode, "nothing against it" in ran.stderr) == (0, True)
    assert submitter.get("/demo-lab:ve_cells").status_code == 404


def test_a_link_that_the_portal_hasnt_stops_before_anything_is_sent(desk: Desk, submitter: Calls) -> None:
    desk.edit("Biosource", "biosource_vendor", 5, "other-lab:vendor-of-nobody")
    ran = desk("submit", "--yes")
    assert (ran.returncode, "error POR01" in ran.stderr) == (1, True), ran.stderr
    assert submitter.get("/demo-lab:ve_cells").status_code == 404


def test_only_new_rows_or_only_changes_can_be_sent(desk: Desk, submitter: Calls) -> None:
    assert "Nothing to send" in desk("submit", "--yes", "--no-create").stderr
    assert desk("submit", "--yes", "--no-update").returncode == 0
    desk.edit("Vendor", "description", 5, "Another text")
    assert "Nothing to send" in desk("submit", "--yes", "--no-update").stderr
    assert submitter.found("/demo-lab:ve_cells")["description"] == "Sends frozen vials"


def test_a_broken_run_says_how_to_go_on_and_goes_on(desk: Desk, submitter: Calls) -> None:
    """Exit code 3 or 4 with words; the same command finishes what was begun."""
    away = Fault(lambda seen: seen.method == "POST" and seen.number > 15, cut_before)
    with proxied(submitter.server, away) as proxy:
        key = keyed(desk.keyfile, proxy.server)
        ran = desk("submit", "--yes", "--jobs", "1", "--server", proxy.server, "--keyfile", str(key), key=False)
    assert ran.returncode in (3, 4)
    assert "same command again" in (ran.stdout + ran.stderr).lower()
    ran = desk("submit", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "Nothing to send" in desk("submit", "--yes").stderr


def test_a_restart_forgets_the_notes_and_keeps_the_portal(desk: Desk) -> None:
    desk("submit", "--yes")
    assert (desk.folder / "filled.xlsx.journal").exists()
    ran = desk("submit", "--restart", "--yes")
    assert (ran.returncode, "Nothing to send" in ran.stderr) == (0, True)


def test_a_missing_or_wrong_key_is_said_so(desk: Desk) -> None:
    assert desk("plan", key=False).returncode == 2
    wrong = json.loads(desk.keyfile.read_text("utf-8"))
    wrong["default"]["secret"] = "not-the-secret"  # noqa: S105
    (desk.folder / "wrong.json").write_text(json.dumps(wrong))
    ran = desk("plan", "--keyfile", "wrong.json", key=False)
    assert (ran.returncode, "key" in ran.stderr) == (4, True)
    assert "not-the-secret" not in ran.stderr


def test_no_secret_gets_into_the_journal(desk: Desk) -> None:
    desk("submit", "--yes")
    assert desk.secret.encode() not in (desk.folder / "filled.xlsx.journal").read_bytes()


def test_python_sends_too(desk: Desk, submitter: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the README says it."""
    monkeypatch.chdir(desk.folder)
    schema = workbook_compiler.load_schema("4dn", "profiles.json")
    result = workbook_compiler.compile("filled.xlsx", schema)
    done = workbook_compiler.submit(result.plan, key=desk.keyfile)
    assert done.ok
    assert {outcome.state.value for outcome in done.outcomes} == {"created", "updated"}
    assert submitter.found("/demo-lab:ve_cells")["title"] == "Demo Cell Bank"


def test_an_interrupt_says_how_to_go_on(desk: Desk, submitter: Calls) -> None:
    """Ctrl-C in the middle of sending ends with 130 and a sentence; the same command sends the rest."""
    with proxied(submitter.server, Fault(is_write, delays(0.2))) as proxy:
        key = keyed(desk.keyfile, proxy.server)
        running = desk.started("submit", "--yes", "--keyfile", str(key))
        limit = time.monotonic() + 60
        while proxy.count("POST") < 6 and time.monotonic() < limit:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
        sent = proxy.count("POST")
    assert (running.returncode, "Interrupted. Run the same command again" in said) == (130, True), said
    assert sent < 40
    assert desk("submit", "--yes").returncode == 0
    assert "unchanged  40" in desk("submit", "--yes").stdout
