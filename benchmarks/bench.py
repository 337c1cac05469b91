"""``make bench``: ours against the floor and against the peers, as whole processes; a table, a JSON file and a picture.

Every figure is the median of runs in turn (A B A B) on this machine, now. Nothing asks the network but the making of the
peers' virtual environments, and those are made once.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import data
import extras
import measure
import peers
import picture
import planted
import sending
import table

HERE = Path(__file__).parent
ROOT = HERE.parent
WBC = Path(sys.executable).with_name("wbc")
SIZES = (1_000, 5_000, 10_000, 50_000, 100_000)
QUICK = (1_000, 10_000)
PEER_SIZES = (1_000, 10_000, 50_000)
SLOPE_FROM = 5_000
LIBRARIES = ("workbook-compiler", "python-calamine", "orjson", "jsonschema-rs", "networkx", "xlsxwriter")


def main() -> None:
    """Measure what the options ask for; print the table, write ``.data/results.json`` and the picture."""
    chosen = _options()
    results: dict[str, Any] = {
        "machine": machine(),
        "runs": chosen.runs,
        "sizes": {},
        "exponent": {},
        "peers": {},
        "extras": {},
        "sending": {},
        "planted": {},
    }
    against_floor(min(chosen.sizes), 1)  # so that the bytecode is written
    for size in chosen.sizes:
        results["sizes"][size] = against_floor(size, chosen.runs)
        table.say(table.line(size, results["sizes"][size]))
    for clock in ("wall", "cpu"):
        times = {size: found["ours"][clock] for size, found in results["sizes"].items()}
        results["exponent"][clock] = exponent(times)
    results["steps"] = {"rows": chosen.steps, "shares": steps(chosen.steps)}
    if not chosen.no_peers:
        sizes = [size for size in PEER_SIZES if size in chosen.sizes]
        results["peers"] = peers.measured(sizes, chosen.runs, WBC)
    if not chosen.no_extras:
        results["extras"] = extras.measured(WBC, chosen.runs)
    if not chosen.no_sending:
        results["sending"] = sending.measured(WBC, chosen.runs)
    if not chosen.no_planted:
        results["planted"] = planted.figures(planted.bench())
    (data.DATA / "results.json").write_text(json.dumps(results, indent=1))
    if chosen.sizes == SIZES and results["peers"]:
        (HERE / "time-against-rows.svg").write_text(picture.drawn(results), encoding="utf-8")
    table.show(results)


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", help="rows a sheet")
    options.add_argument(
        "--quick",
        action="store_true",
        help="1,000 and 10,000 rows; the picture is drawn anew only when every size and peer is measured",
    )
    options.add_argument("--runs", type=int, default=3, help="runs of each, in turn")
    options.add_argument("--steps", type=int, default=10_000, help="rows a sheet of the run whose steps are timed")
    options.add_argument("--no-peers", action="store_true", help="ours and the floor only")
    options.add_argument(
        "--no-extras", action="store_true", help="without the awkward workbooks, the template and the page"
    )
    options.add_argument("--no-sending", action="store_true", help="without submitting to a portal on this machine")
    options.add_argument("--no-planted", action="store_true", help="without planting mistakes")
    chosen = options.parse_args()
    chosen.sizes = chosen.sizes or (QUICK if chosen.quick else SIZES)
    return chosen


def against_floor(size: int, runs: int) -> dict[str, Any]:
    """Return what ours and the floor take for one size, and the ratios."""
    book = prepared(f"house:{size}")
    commands = {
        "ours": [WBC, "compile", book, "--portal", "4dn", "--schemas", data.schemas(), "-o", data.DATA / "out"],
        "floor": [sys.executable, HERE / "floor.py", book, data.DATA / "floor.jsonl"],
    }
    found = measure.in_turn(commands, runs)
    ours, floor = found["ours"], found["floor"]
    assert ours.code == 0 == floor.code, "a run failed"
    return {
        "ours": ours.document(),
        "floor": floor.document(),
        "ratio": {"wall": round(ours.wall / floor.wall, 2), "cpu": round(ours.cpu / floor.cpu, 2)},
    }


def prepared(wanted: str) -> Path:
    """Return a workbook of ``data``, written in another process: memory that it takes isn't counted as anyone's."""
    run = measure.run([sys.executable, HERE / "data.py", wanted], cwd=_folder())
    assert run.code == 0, run.said
    return Path(run.said.strip())


def _folder() -> Path:
    data.DATA.mkdir(exist_ok=True)
    return data.DATA


def steps(size: int) -> dict[str, dict[str, float]]:
    """Return each step's wall and processor time in one compile."""
    book, out = prepared(f"house:{size}"), data.DATA / "steps.json"
    compiling = ["compile", book, "--portal", "4dn", "--schemas", data.schemas(), "-o", data.DATA / "out"]
    run = measure.run([sys.executable, HERE / "steps.py", out, *compiling], cwd=_folder())
    assert run.code == 0, run.said
    found: dict[str, dict[str, float]] = json.loads(out.read_text())
    return found


def exponent(times: dict[int, float]) -> float | None:
    """Return the slope of log time against log rows from 5,000 rows on; 1 is linear. None for fewer than two sizes."""
    points = [(math.log(size), math.log(time)) for size, time in times.items() if size >= SLOPE_FROM]
    if len(points) < 2:
        return None
    mean = [sum(axis) / len(points) for axis in zip(*points, strict=True)]
    over = sum((x - mean[0]) * (y - mean[1]) for x, y in points)
    return round(over / sum((x - mean[0]) ** 2 for x, _ in points), 3)


def machine() -> dict[str, Any]:
    """Return what the figures belong to: processor, cores, Python and the versions of the libraries."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
    return {
        "date": date.today().isoformat(),
        "cpu": model,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "commit": _commit(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def _commit() -> str:
    """The commit that is measured, marked when files differ from it; empty outside a checkout."""
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


if __name__ == "__main__":
    main()
