"""The peers, each in a virtual environment of its own in the user's cache, against ours on the same data."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import data
import ena_tables
import extras
import measure
from platformdirs import user_cache_dir

HERE = Path(__file__).parent
LIMIT = 180.0
PATIENCE = 600.0
"""For a peer that 50,000 rows keep longer than LIMIT: run to its end, so that there is a ratio."""
FEW = 10  # rows of the other tables: with one of each ena-upload-cli fails
LONG = 30.0
"""A peer that takes longer is run once."""
DCICUTILS, SUBMIT4DN, ENA = "dcicutils 8.19.1", "Submit4DN 5.0.1", "ena-upload-cli 0.11"
PACKAGES = {DCICUTILS: "dcicutils==8.19.1", SUBMIT4DN: "submit4dn==5.0.1", ENA: "ena-upload-cli==0.11.0"}


def measured(sizes: Sequence[int], runs: int, wbc: Path) -> dict[str, Any]:
    """Return each peer's runs beside ours, or why there are none."""
    found: dict[str, Any] = {}
    for name, measuring in ((DCICUTILS, lambda python: _dcicutils(python, sizes, runs, wbc)),
                            (SUBMIT4DN, lambda python: _submit4dn(python, runs, wbc)),
                            (ENA, lambda python: _ena(python, sizes, runs, wbc))):  # fmt: skip
        python, why = environment(name)
        found[name] = {"runs": measuring(python)} if python else {"skipped": why}
    return found


def environment(name: str) -> tuple[Path | None, str]:
    """Return the Python of the peer's environment, made when it isn't there yet, or why it can't be had."""
    folder = Path(user_cache_dir("workbook-compiler")) / "bench" / name.replace(" ", "-")
    python, done = folder / "bin" / "python", folder / "installed"
    if done.exists():
        return python, ""
    steps = ([sys.executable, "-m", "venv", "--clear", folder],
             [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGES[name]])  # fmt: skip
    for step in steps:
        try:
            ran = subprocess.run(step, capture_output=True, text=True, timeout=600, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, f"can't be installed: {error}"
        if ran.returncode:
            return None, f"can't be installed: {(ran.stderr.strip().splitlines() or ['pip failed'])[-1][:200]}"
    done.touch()
    return python, ""


def _dcicutils(python: Path, sizes: Sequence[int], runs: int, wbc: Path) -> dict[str, Any]:
    """Reading and validating by StructuredDataSet against our check, which also orders and plans."""
    found = {}
    for size in sizes:
        made = measure.run([sys.executable, HERE / "data.py", f"house:{size}", f"smaht:{size}"], cwd=data.DATA)
        assert made.code == 0, made.said
        house, smaht = made.said.split()
        theirs = [python, HERE / "peer_dcicutils.py", smaht, data.schemas()]
        ours = [wbc, "compile", house, "--portal", "4dn", "--schemas", data.schemas(), "-o", data.DATA / "out"]
        pair = _pair(theirs, ours, runs, PATIENCE)
        found[f"{size:,} rows x 3"] = {**pair, "rows": size}
        if pair["theirs"]["stopped"]:
            break
    return found


def _submit4dn(python: Path, runs: int, wbc: Path) -> dict[str, Any]:
    """The blank workbook of every type both know."""
    script, profiles, out = HERE / "peer_submit4dn.py", extras.profiles(), data.DATA / "submit4dn.xlsx"
    listed = measure.run([python, script, profiles, "-"], cwd=data.DATA)
    assert listed.code == 0, listed.said
    known = set(json.loads(profiles.read_text()))
    types = [name for name in json.loads(listed.said.strip().splitlines()[-1]) if name in known]
    options = [part for name in types for part in ("--type", name)]
    blank = data.DATA / "blank.xlsx"
    blank.unlink(missing_ok=True)
    ours = [wbc, "template", "--portal", "4dn", "--schemas", profiles, *options, "-o", blank]
    return {f"template of {len(types)} types": _pair([python, script, profiles, out, *types], ours, runs)}


def _ena(python: Path, sizes: Sequence[int], runs: int, wbc: Path) -> dict[str, Any]:
    """Four linked tables to XML, ours checked and split into documents, and samples of ten attributes nearly alone.

    Without "rows", as the picture is of three sheets.
    """
    rules = HERE.parent / "fixtures" / "ena" / f"{ena_tables.CHECKLIST}.json"
    found = {}
    kinds = [(size, kind) for size in sizes for kind in ("sample", "plain-sample")]
    for size, kind in kinds:
        others, what = (size, "rows x 4") if kind == "sample" else (FEW, "samples of 10 attributes")
        wanted = [f"study:{others}", f"{kind}:{size}", f"experiment:{others}", f"run:{others}"]
        made = measure.run([sys.executable, HERE / "data.py", *wanted], cwd=data.DATA)
        assert made.code == 0, made.said
        tables = [_as_ena_asks(Path(path)) for path in made.said.split()]
        theirs = [python, HERE / "peer_ena.py", ena_tables.CHECKLIST, *tables]
        ours = [wbc, "compile", *tables, "--portal", "ena", "--schemas", rules, "-o", data.DATA / "out"]
        found[f"{size:,} {what}"] = pair = _pair(theirs, ours, runs, PATIENCE)
        if pair["theirs"]["stopped"]:
            break
    return found


def _as_ena_asks(table: Path) -> Path:
    """Return the table with titles as long as ENA wants them and places of the checklist; the peer looks at neither."""
    asked = table.with_name(f"asked-{table.name}")
    text = table.read_text(encoding="utf-8").replace("Study number", "What was seen in study number")
    asked.write_text(text.replace("\tAustria\t", "\tFrance\t").replace("\tChad\t", "\tViet Nam\t"), encoding="utf-8")
    return asked


def _pair(theirs: measure.Command, ours: measure.Command, runs: int, limit: float = LIMIT) -> dict[str, Any]:
    """Both in turn; a peer that takes long is run once."""
    found: dict[str, list[measure.Run]] = {"theirs": [], "ours": []}
    for _ in range(runs):
        for who, command in (("theirs", theirs), ("ours", ours)):
            if who == "theirs" and found[who] and found[who][-1].wall > LONG:
                continue
            ran = measure.run(command, limit=limit, cwd=data.DATA)
            assert ran.code == 0 or ran.stopped, ran.said
            found[who].append(ran)
    told = {"said": found["theirs"][-1].said.strip().splitlines()[-1:]}
    return {who: measure.median(ran).document() for who, ran in found.items()} | told
