"""The Python environment the sandbox's portal runs in: its own, made on first use in the user's cache.

The portal's packages pin libraries that nobody wants beside their own (SQLAlchemy 1.4, pyramid 1.10, urllib3 1), so they
never enter the environment this program runs in.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.files import user_cache

PACKAGES = (
    "dcicsnovault==11.36.0",
    "setuptools<81",  # from 81 on it lacks pkg_resources, which pyramid 1.10 needs
    "uptime",  # snovault needs it and doesn't say so
    "pylibmagic; sys_platform == 'darwin' or platform_machine == 'x86_64'",  # the same, where the system hasn't got it
    "waitress",
    "pgserver",
)
OLDEST, NEWEST = (3, 9), (3, 12)
"""The Pythons these packages run on."""
MARKER = "complete"
INDEX = "the package index"
ANSWER_SECONDS = 60

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Packages:
    """What an environment is made of."""

    name: str
    """What its folder's name begins with."""
    words: str
    """What people are told it is, after "the"."""
    takes: str
    """What making it takes, as people are told."""
    lines: tuple[str, ...]
    """The packages, as pip wants them."""
    oldest: tuple[int, int]
    newest: tuple[int, int]
    """The Pythons they run on."""


def portal() -> Packages:
    """Return what the sandbox's portal needs."""
    return Packages("portal", "sandbox's portal", "a minute or two, 350 MB", PACKAGES, OLDEST, NEWEST)


def python(say: Say = lambda _: None, packages: Packages | None = None) -> Path:
    """Return the Python of an environment, the sandbox's unless other packages are given; it is made when it isn't there yet,
    and ``say`` hears that it takes a while.

    Raises UsageError without a Python that the packages run on, UnreachableError when they can't be fetched.
    """
    packages = packages or portal()
    folder = home(packages)
    if not _complete(folder):
        with _alone(folder):
            if not _complete(folder):
                say(f"Making an environment for the {packages.words}: once, {packages.takes}.")
                _make(folder, packages)
    return _inside(folder)


def home(packages: Packages | None = None) -> Path:
    """Return the folder of the environment, which need not be there yet; other packages make it another folder."""
    packages = packages or portal()
    mark = hashlib.sha256("\n".join(packages.lines).encode()).hexdigest()[:8]
    return user_cache() / "sandbox" / f"{packages.name}-{mark}"


def _inside(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _complete(folder: Path) -> bool:
    """Tell whether all of it is there; a Python that was uninstalled since leaves a link to nowhere."""
    return (folder / MARKER).is_file() and _inside(folder).exists()


def _make(folder: Path, packages: Packages) -> None:
    """Make it beside and rename it: an environment runs from another folder too, all but its console scripts."""
    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    log = folder.with_name("pip.log")
    try:
        _run([interpreter(packages), "-m", "venv", beside], log, _no_venv)
        pip: list[str | Path] = [_inside(beside), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        _run([*pip, *packages.lines], log, partial(_no_packages, packages))
        (beside / MARKER).write_text("\n".join(packages.lines) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _run(command: Sequence[str | Path], log: Path, failed: Callable[[Path], Exception]) -> None:
    """Run a step of the making. Its words go to a file: they may name an index, and a password with it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    with log.open("ab") as words:
        done = subprocess.run(  # noqa: S603 - our own command
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=words, stderr=words, env=environment
        )
    if done.returncode != 0:
        raise failed(log)


def _no_venv(log: Path) -> Exception:
    return UsageError(
        f"Python couldn't make an environment (python -m venv); some systems have it in a package of its own, python3-venv. "
        f"Its own words are in {log}."
    )


def _no_packages(packages: Packages, log: Path) -> Exception:
    return UnreachableError(
        INDEX,
        f"pip couldn't fetch the {packages.words}. Is there a network? A proxy or another index is set as for any "
        f"pip install, in pip's own configuration. Its own words are in {log}",
    )


def interpreter(packages: Packages | None = None) -> str:
    """Return a Python the packages run on: the running one, else one on the PATH. Raises UsageError without any."""
    packages = packages or portal()
    if packages.oldest <= sys.version_info[:2] <= packages.newest:
        return sys.executable
    names = (f"python3.{minor}" for minor in range(packages.newest[1], packages.oldest[1] - 1, -1))
    found = next((path for path in map(shutil.which, names) if path and _answers(path)), None)
    if found is None:
        oldest, newest, running = (
            ".".join(map(str, version)) for version in (packages.oldest, packages.newest, sys.version_info[:2])
        )
        raise UsageError(
            f"The {packages.words} runs on Python {oldest} to {newest}, and this is {running}. "
            f"Install one of those beside it (so that python{newest} is a command), and try again."
        )
    return found


def _answers(path: str) -> bool:
    """Tell whether it runs: the command of a version manager is there for versions that aren't."""
    try:
        return subprocess.run([path, "-c", ""], capture_output=True, timeout=ANSWER_SECONDS).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process makes the same environment."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        if os.name != "nt":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)  # let go of when the file is closed, however this process ends
        yield
