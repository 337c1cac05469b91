"""The process of the sandbox's portal: started, waited for, and ended together with its database."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from typing import Any

from workbook_compiler.errors import UnreachableError, UsageError

SERVER = Path(__file__).with_name("portal") / "server.py"
HERE = "the sandbox"
DATABASE = "database"
START_SECONDS = 120
"""It takes three; a machine that is busy with other things takes longer."""
STOP_SECONDS = 30
GONE_SECONDS = 2
"""A process that has removed its file is as good as gone; where nobody collects it, it stays in the list."""


def begin(python: Path, told: dict[str, Any], place: Path, log: Path) -> tuple[Popen[bytes], str]:
    """Start the server, and return it with its address once it answers. ``place`` is a folder for its own things.

    One that doesn't come up is ended. Raises UsageError when it says why, else UnreachableError.
    """
    (place / DATABASE).mkdir()
    ready = place / "ready.json"
    process = _launched(python, {**told, "database": str(place / DATABASE), "ready": str(ready)}, log)
    try:
        return process, _address(process, ready, log)
    except BaseException:
        end(process, place)
        raise


def end(process: Popen[bytes], place: Path) -> None:
    """End the server if it hasn't ended, and its database."""
    postmaster = _postmaster(place / DATABASE)
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _end_database(place / DATABASE, postmaster)
    shutil.rmtree(place / DATABASE, ignore_errors=True)


def _launched(python: Path, told: dict[str, Any], log: Path) -> Popen[bytes]:
    """Start the server's process, which is told everything on its standard input: a command line can be seen by others.

    That input stays open. When it ends the server ends too, so that nothing is left when this process is killed. A session
    of its own keeps a terminal's Ctrl-C from it: we are the ones who end it.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AWS_"))}
    with log.open("wb") as words:
        process = Popen(  # noqa: S603 - our own script
            [str(python), "-B", "-s", "-u", str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=words,
            stderr=words,
            env=environ,
            cwd=told["database"],
            start_new_session=True,
        )
    assert process.stdin is not None  # noqa: S101 - it is a pipe, as asked
    with suppress(BrokenPipeError):  # it ended at once; the log says why
        process.stdin.write(json.dumps(told).encode() + b"\n")
        process.stdin.flush()
    return process


def _address(process: Popen[bytes], ready: Path, log: Path) -> str:
    """Wait until the server has written its address. Raises UnreachableError when it ends before, or takes too long."""
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        ended = process.poll() is not None
        if ready.is_file():
            said = json.loads(ready.read_text("utf-8"))
            if "server" in said:
                return str(said["server"])
            raise UsageError(f"The sandbox can't start. {said['refused']}")
        if ended:
            raise UnreachableError(HERE, f"the portal didn't start; its own words are in {log}")
        time.sleep(0.02)
    raise UnreachableError(HERE, f"the portal isn't up after {START_SECONDS} seconds; its own words are in {log}")


KEPT = "postmaster.pid"
"""PostgreSQL keeps it while it runs; its first line is the process id."""


def _postmaster(database: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int((database / KEPT).read_text("utf-8").splitlines()[0])
    return None


def _end_database(database: Path, number: int | None) -> None:
    """End a PostgreSQL whose server was killed, and wait until it is gone: it writes in its folder to the last."""
    kept = database / KEPT
    with suppress(OSError):
        if number is not None and kept.exists():
            os.kill(number, signal.SIGQUIT)
        limit = time.monotonic() + STOP_SECONDS
        while number is not None and time.monotonic() < limit:
            os.kill(number, 0)  # raises OSError when it is gone
            if not kept.exists():
                limit = min(limit, time.monotonic() + GONE_SECONDS)
            time.sleep(0.02)
