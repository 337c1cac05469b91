"""The README's Snakemake rule, run by the real snakemake: each workbook of a folder into a report."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FOURDN, ROOT

SECONDS = 120
KEEPS = " || [ $? -eq 1 ]"
"""The last words of the rule."""


def rule() -> str:
    """The README's workflow."""
    found = re.search(r"^```snakemake\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert found is not None
    assert KEEPS in found[1]
    return found[1]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the schemas, and two workbooks in ``books/``, one of them with errors."""
    (tmp_path / "books").mkdir()
    shutil.copy(FOURDN / "profiles.json", tmp_path)
    for name in ("filled.xlsx", "broken.xlsx"):
        shutil.copy(FOURDN / name, tmp_path / "books")
    return tmp_path


def snakemake(desk: Path, workflow: str) -> subprocess.CompletedProcess[str]:
    (desk / "Snakefile").write_text(workflow, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"PATH": path, "HOME": str(desk), "XDG_CACHE_HOME": str(desk / "cache")}
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--keep-going"],
        cwd=desk,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def reports(desk: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (desk / "reports").glob("*")}


def test_each_workbook_of_a_folder_becomes_a_report(desk: Path) -> None:
    """The workflow ends well, and the report of the workbook with errors is there and tells them."""
    run = snakemake(desk, rule())
    assert run.returncode == 0, run.stderr
    found = reports(desk)
    assert set(found) == {"filled.html", "broken.html"}
    assert "REF01" in found["broken.html"]
    assert "REF01" not in found["filled.html"]


def test_a_workbook_that_changed_is_checked_again(desk: Path) -> None:
    """A second run does nothing; after a change only that workbook's report is made."""
    first = snakemake(desk, rule())
    again = snakemake(desk, rule())
    assert (first.returncode, again.returncode) == (0, 0)
    assert "Nothing to be done" in again.stderr + again.stdout
    before = (desk / "reports" / "filled.html").stat().st_mtime_ns
    shutil.copy(desk / "books" / "filled.xlsx", desk / "books" / "broken.xlsx")
    assert snakemake(desk, rule()).returncode == 0
    assert "REF01" not in reports(desk)["broken.html"]
    assert (desk / "reports" / "filled.html").stat().st_mtime_ns == before


def test_without_its_last_words_the_rule_stops_at_a_workbook_with_errors(desk: Path) -> None:
    """Snakemake removes the report of the failed rule; the other is there."""
    run = snakemake(desk, rule().replace(KEEPS, ""))
    assert run.returncode == 1
    assert set(reports(desk)) == {"filled.html"}


def test_wrong_usage_fails_the_rule_all_the_same(desk: Path) -> None:
    """Only exit code 1 is forgiven: a document that is no schema leaves no report."""
    (desk / "profiles.json").write_text("[]", encoding="utf-8")
    run = snakemake(desk, rule())
    assert run.returncode == 1
    assert not (desk / "reports").exists() or reports(desk) == {}
