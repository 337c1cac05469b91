"""A real portal on this machine to rehearse a submission against: item types from a snapshot, an empty database, two keys.

``environment`` makes the Python it runs in, ``process`` starts and ends it, ``keys`` writes its key files, ``portal/`` is
what runs there.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from workbook_compiler.errors import SchemaError, UnreachableError, UsageError
from workbook_compiler.sandbox import environment, keys, process
from workbook_compiler.sandbox.environment import Say

RESET = "/sandbox-reset"
"""An admin who sends ``{}`` there makes the portal forget everything since it started."""
Schemas = str | Path | Mapping[str, Any]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Running:
    """A portal that serves until ``stop`` is called, or until the process that started it ends."""

    server: str
    """Its address, without a final slash."""
    keyfile: Path
    """The key of a submitter, in the form of ``~/keypairs.json``."""
    admin_keyfile: Path
    log: Path
    """A line for each request, and what went wrong."""
    process: Popen[bytes] = field(repr=False)
    place: Path = field(repr=False)
    """The portal's own folder, with its database: as root PostgreSQL runs as another user, and its socket needs a short path."""

    def stop(self) -> None:
        """End the portal and its database, and remove what it leaves, all but the log. A second call does nothing.

        A log in its own folder goes too, unless the portal died: then it tells why.
        """
        process.end(self.process, self.place)
        if self.log.parent != self.place or self.process.returncode == 0:
            shutil.rmtree(self.place, ignore_errors=True)
        for path in (self.keyfile, self.admin_keyfile):
            path.unlink(missing_ok=True)


class Sandbox:
    """``with Sandbox("profiles.json", folder) as running:`` a portal that is stopped when the block ends."""

    def __init__(self, schemas: Schemas, folder: str | Path | None = None, **options: Any) -> None:
        self._arguments, self._options = (schemas, folder), options
        self._running: Running | None = None

    def __enter__(self) -> Running:
        self._running = start(*self._arguments, **self._options)
        return self._running

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.stop()


def start(
    schemas: Schemas,
    folder: str | Path | None = None,
    *,
    port: int = 0,
    uploads: str | None = None,
    say: Say = lambda _: None,
) -> Running:
    """Start a portal on 127.0.0.1 that knows the item types of a portal's ``/profiles/``, given as a file or as it reads.

    The key files and the log are written to ``folder``, else to one that goes when the portal ends. ``port`` 0 is any free
    one. ``uploads`` is the address of an S3 stand-in on this machine; without one no data file can be sent. Raises
    UsageError for schemas, a folder or an address that won't do, UnreachableError when the portal doesn't come up.
    """
    body = _served(schemas)
    _refuse_other_than_loopback(uploads)
    if folder is not None:
        keys.refuse_others(Path(folder))
    python = environment.python(say)
    place = Path(tempfile.mkdtemp(prefix="wbc-sandbox-"))
    try:
        (place / "profiles.json").write_bytes(body)
        return _started(python, place, Path(folder or place), {"port": port, "uploads": uploads})
    except UnreachableError:
        raise  # its log may lie there
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _started(python: Path, place: Path, folder: Path, options: dict[str, Any]) -> Running:
    folder.mkdir(parents=True, exist_ok=True)
    submitter, admin = keys.fresh(), keys.fresh()
    keyfile, admin_keyfile = keys.files(folder)
    log = folder / "sandbox.log"
    told = {**options, "schemas": str(place / "profiles.json"), "keys": {"admin": admin, "submitter": submitter}}
    started, server = process.begin(python, told, place, log)
    running = Running(server, keyfile, admin_keyfile, log, started, place)
    try:
        keys.write(keyfile, submitter, server)
        keys.write(admin_keyfile, admin, server)
    except BaseException:
        running.stop()
        raise
    return running


def _served(schemas: Schemas) -> bytes:
    """Return schemas as a portal serves them. Raises SchemaError for others; the raw files they are made from say too little."""
    if not isinstance(schemas, Mapping) and not Path(schemas).is_file():
        raise UsageError(f"There are no schemas at {schemas}.")
    body = json.dumps(schemas).encode() if isinstance(schemas, Mapping) else Path(schemas).read_bytes()
    try:
        served = json.loads(body)
        whole = all("isAbstract" in one and "properties" in one for name, one in served.items() if name != "Item")
    except (ValueError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise SchemaError("The sandbox needs schemas as a portal serves them; wbc schemas pull fetches some.")
    return body


def _refuse_other_than_loopback(uploads: str | None) -> None:
    parts = urlsplit(uploads or "http://127.0.0.1")
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise UsageError("The sandbox uploads to this machine only; an address looks like http://127.0.0.1:5000.")
