"""Further figures: awkward workbooks against their clean twins, the command line alone, a template, a page of findings."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import data
import measure

HERE = Path(__file__).parent
ROOT = HERE.parent
ROWS = 10_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BARE = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
        "--no-first-run")  # fmt: skip
AWKWARD = {"formatted": "formatted empty rows to 1,048,576", "stray": f"a stray cell at {data.EXTENT_END}"}


def profiles() -> Path:
    """Return the portal's own 4DN schemas where a checkout has them beside it, else the small set of the fixtures."""
    real = ROOT.parent / "shared" / "data" / "4dn" / "profiles.json"
    return real if real.exists() else ROOT / "fixtures" / "4dn" / "profiles.json"


def measured(wbc: Path, runs: int) -> dict[str, Any]:
    """Return every further figure by what it is."""
    return {**_awkward(wbc, runs), **_start(wbc, runs), **_template(wbc, runs), **_page(wbc)}


def _compiled(wbc: Path, kind: str) -> measure.Command:
    made = measure.run([sys.executable, HERE / "data.py", f"{kind}:{ROWS}"], cwd=data.DATA)
    assert made.code == 0, made.said
    return [wbc, "compile", made.said.strip(), "--portal", "4dn", "--schemas", data.schemas(), "-o", data.DATA / "out"]


def _awkward(wbc: Path, runs: int) -> dict[str, Any]:
    commands = {kind: _compiled(wbc, kind) for kind in ("house", *AWKWARD)}
    found = measure.in_turn(commands, runs, cwd=data.DATA)
    clean = found.pop("house")
    return {
        f"compile, {ROWS:,} x 3": clean.document(),
        **{
            f"compile, {AWKWARD[kind]}": {**run.document(), **_ratio(run, clean), **_last(run)}
            for kind, run in found.items()
        },
    }


def _ratio(run: measure.Run, twin: measure.Run) -> dict[str, float]:
    return {"ratio": round(run.wall / twin.wall, 2), "ratio_cpu": round(run.cpu / twin.cpu, 2)}


def _last(run: measure.Run) -> Mapping[str, str]:
    return {} if run.code == 0 else {"note": f"exit code {run.code}"}


def _start(wbc: Path, runs: int) -> dict[str, Any]:
    found = measure.in_turn({"help": [wbc, "--help"], "python": [sys.executable, "-c", ""]}, max(runs, 5))
    note = {"note": f"Python alone {found['python'].wall:.2f} s"}
    return {"wbc --help": {**found["help"].document(), **note}}


def _template(wbc: Path, runs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "all.xlsx"
        command = [wbc, "template", "--portal", "4dn", "--schemas", profiles(), "--type", "all", "-o", out]
        found = []
        for _ in range(runs):
            out.unlink(missing_ok=True)
            found.append(measure.run(command, cwd=Path(folder)))
        run = measure.median(found)
        assert run.code == 0, run.said
        return {"wbc template --type all": {**run.document(), "note": f"{out.stat().st_size / 1e6:.2f} MB"}}


def _page(wbc: Path) -> dict[str, Any]:
    """The HTML report of 10,000 wrong rows: its size, and how long a browser needs to show it."""
    page = data.DATA / "errors.html"
    made = measure.run([*_wrong(wbc), "--format", "html", "-o", page], cwd=data.DATA)
    size = f"{page.stat().st_size / 1e6:.2f} MB, alike ones folded; {made.said.strip().splitlines()[-1]}"
    figures: dict[str, Any] = {"check to HTML, 10,000 errors": {**made.document(), "note": size}}
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return {**figures, "the page in a browser": {"note": "not measured: no Chromium here"}}
    return {**figures, "the page in a browser": _shown(browser, page)}


def _wrong(wbc: Path) -> list[str | Path]:
    made = measure.run([sys.executable, HERE / "data.py", f"wrong:{ROWS}"], cwd=data.DATA)
    assert made.code == 0, made.said
    return [wbc, "compile", made.said.strip(), "--portal", "4dn", "--schemas", data.schemas(), "-o", data.DATA / "out"]


def _shown(browser: str, page: Path) -> dict[str, Any]:
    """What a headless browser takes to load the page, against an empty one: whole processes, so the difference is the page."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder)
        empty = profile / "empty.html"
        empty.write_text("<!doctype html><title>empty</title>")
        base = [browser, *BARE, f"--user-data-dir={profile / 'p'}", "--dump-dom"]
        begin = time.perf_counter()
        measure.run([*base, empty.as_uri()], limit=120, cwd=profile)
        first = time.perf_counter() - begin
        found = measure.in_turn(
            {"page": [*base, page.as_uri()], "empty": [*base, empty.as_uri()]}, 3, limit=120, cwd=profile
        )
    page_run, empty_run = found["page"], found["empty"]
    note = f"{page_run.wall - empty_run.wall:.2f} s more than an empty page ({empty_run.wall:.2f} s; first start {first:.1f} s)"
    return {**page_run.document(), **_last(page_run), "note": note}
