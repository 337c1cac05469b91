"""Whole processes, measured: wall time, processor time and the largest memory of each, medians of runs in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CLOSED = "http://127.0.0.1:9"
"""Where proxies point to: nobody listens there, so whoever asks the network is refused at once."""

Command = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took; of several runs the median of each figure."""

    wall: float
    cpu: float
    peak_mb: float
    code: int
    """The exit code; of several runs the first that isn't 0."""
    stopped: bool = False
    """It was ended because it took longer than it may."""
    said: str = ""
    """The end of what it printed, when its exit code isn't 0 or ``keep`` was asked for."""

    def document(self) -> dict[str, Any]:
        """Return the figures as a JSON object."""
        return {name: round(v, 4) if isinstance(v, float) else v for name, v in asdict(self).items() if name != "said"}


def offline() -> dict[str, str]:
    """Return this process's environment as a user has it: no settings of Python, every way to the network closed, no keys."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("proxy")
        and not name.startswith("PYTHON")
        and not any(part in name.upper() for part in ("KEY", "SECRET", "TOKEN"))
    }
    return {**kept, "HTTP_PROXY": CLOSED, "HTTPS_PROXY": CLOSED, "http_proxy": CLOSED, "https_proxy": CLOSED}


def run(
    command: Command, *, limit: float = 600, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Run:
    """Run a process to its end, or end it after ``limit`` seconds, and return what it took."""
    log = Path(os.devnull) if cwd is None else cwd / "bench.log"
    with log.open("w+b") as stream:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=environment or offline(),
        )
        timer = threading.Timer(limit, process.kill)
        timer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C: nothing goes on behind our back
            process.kill()
            raise
        finally:
            timer.cancel()  # its thread would keep us for the rest of the limit
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        said = b""
        if cwd is not None:
            stream.seek(0)
            said = stream.read()[-20_000:]
    peak = used.ru_maxrss / 1024
    stopped = wall >= limit
    return Run(wall, used.ru_utime + used.ru_stime, peak, process.returncode, stopped, said.decode("utf-8", "replace"))


def in_turn(commands: Mapping[str, Command], times: int, **how: Any) -> dict[str, Run]:
    """Run several commands in turn, A B A B, and return the median of each."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(run(command, **how))
    return {name: median(found) for name, found in runs.items()}


def median(runs: Sequence[Run]) -> Run:
    """Return the median of each figure."""
    return Run(
        statistics.median(r.wall for r in runs),
        statistics.median(r.cpu for r in runs),
        statistics.median(r.peak_mb for r in runs),
        next((r.code for r in runs if r.code), 0),
        any(r.stopped for r in runs),
        runs[-1].said,
    )
