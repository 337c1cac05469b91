"""``wbc serve`` as a program of its own, and somebody who asks it as a browser would."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from conftest import FOURDN
from openpyxl import load_workbook

WBC = Path(sys.executable).with_name("wbc")
SECONDS = 60
FIXED = ("--portal", "4dn", "--schemas", str(FOURDN / "profiles.json"))
AS_WBC = "from workbook_compiler.cli import run; run()"

Files = Sequence[tuple[str, bytes]]


@dataclass
class Page:
    """A running page, and questions to it."""

    address: str
    process: subprocess.Popen[str]
    said: Path
    """The file with what the program says on standard error."""
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def origin(self) -> str:
        """Where it is, without the token."""
        return "/".join(self.address.split("/")[:3])

    @property
    def token(self) -> str:
        """The secret part of its address."""
        return self.address.split("/")[3]

    def get(self, path: str = "", **how: Any) -> requests.Response:
        """Ask as the page itself does."""
        return self.session.get(self.address + path, timeout=SECONDS, **how)

    def post(self, path: str, **how: Any) -> requests.Response:
        """Ask for something to be done, as the page itself does."""
        headers = {"Origin": self.origin, **how.pop("headers", {})}
        return self.session.post(self.address + path, headers=headers, timeout=SECONDS, **how)

    def send(self, files: Files, **fields: str) -> requests.Response:
        """Hand in files to be checked."""
        return self.post("check", files=[("files", (name, data)) for name, data in files], data=fields)

    def ended(self, answer: requests.Response) -> dict[str, Any]:
        """Follow a job to its end."""
        assert answer.status_code == 202, answer.text
        for _ in range(SECONDS * 20):
            job = self.get(f"jobs/{answer.json()['job']}").json()
            if job["state"] in ("done", "failed"):
                return dict(job)
            time.sleep(0.05)
        raise AssertionError(f"still {job['state']}: {job['label']}")

    def check(self, *files: tuple[str, bytes], **fields: str) -> dict[str, Any]:
        """Check files and return the job when it is over."""
        return self.ended(self.send(files, **fields))

    def again(self, job: Mapping[str, Any], **said: Any) -> dict[str, Any]:
        """Check a job's files once more."""
        return self.ended(self.post(f"jobs/{job['id']}/again", json=said))

    def words(self) -> str:
        """What the program has said so far."""
        return self.said.read_text("utf-8")

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """End the program and return its exit code."""
        self.process.send_signal(how)
        return self.process.wait(SECONDS)


@contextmanager
def page(folder: Path, *options: str, program: str = "", **environment: str) -> Iterator[Page]:
    """Serve until the block ends. The program's home, cache and place for temporary files are in ``folder``.

    ``program`` is Python that runs first, in the same process.
    """
    places = {name: folder / name for name in ("home", "cache", "tmp")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    own = {"HOME": "home", "XDG_CACHE_HOME": "cache", "TMPDIR": "tmp"}
    surroundings = {**os.environ, **{name: str(places[place]) for name, place in own.items()}, **environment}
    command = [sys.executable, "-c", f"{program}\n{AS_WBC}"] if program else [str(WBC)]
    opening = () if environment.get("BROWSER") else ("--no-open",)
    said = folder / "said"
    with said.open("w") as stderr:
        process = subprocess.Popen(
            [*command, "serve", *opening, "--port", "0", *options],
            cwd=folder,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{43}/", address), said.read_text("utf-8")
        one = Page(address, process, said)
        with one.session:
            yield one
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(SECONDS)
        process.stdout.close()


def said_to_be(blank: bytes, portal: str) -> bytes:
    """A template whose manifest says another portal."""
    made, kept = load_workbook(io.BytesIO(blank)), io.BytesIO()
    for row in made["_workbook_compiler"].iter_rows():
        for cell in row:
            cell.value = portal if cell.value == "4dn" else cell.value
    made.save(kept)
    return kept.getvalue()
