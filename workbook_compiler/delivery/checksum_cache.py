"""Checksums known from earlier runs, in one SQLite file: a help and never a need, so nothing that befalls it is an error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbook_compiler.files import user_cache

if TYPE_CHECKING:
    import sqlite3

SECONDS = 5.0
"""So long another process may hold the file before it is left alone."""
TOGETHER = 1.0
"""What is learnt within a second is written at once: each writing waits for the disk."""
TABLE = """
CREATE TABLE IF NOT EXISTS checked_1 (
    place BLOB, as_gzip INTEGER, size INTEGER, mtime_ns INTEGER, md5 TEXT, problem TEXT, PRIMARY KEY (place, as_gzip)
) WITHOUT ROWID"""
"""Its name gets a new number when files are judged otherwise, so that no old verdict is believed."""
SELECT = "SELECT md5, problem FROM checked_1 WHERE place = ? AND as_gzip = ? AND size = ? AND mtime_ns = ?"
INSERT = "INSERT OR REPLACE INTO checked_1 VALUES (?, ?, ?, ?, ?, ?)"

Stamp = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds: the same stamp, the same content."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a checksum belongs to."""

    place: bytes
    """The resolved path, as bytes: a file name need not be text."""
    as_gzip: bool
    """Its name promises gzip, so that its content was judged as that."""
    stamp: Stamp


Known = tuple[str, str | None]
"""An md5, and what is wrong with the file."""


def default_path() -> Path:
    """Return where the cache is when nobody says."""
    return user_cache() / "checksums.sqlite"


class Memory:
    """The open cache, or nothing where it can't be had. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = _opened(path)
        self._learnt: list[tuple[bytes, bool, int, int, str, str | None]] = []
        self._written = 0.0

    def recall(self, key: Key) -> Known | None:
        """Return what is known of a file that didn't change, else None."""
        found = self._tried(lambda db: db.execute(SELECT, (key.place, key.as_gzip, *key.stamp)).fetchone())
        return (str(found[0]), found[1]) if found else None

    def learn(self, key: Key, md5: str, problem: str | None) -> None:
        """Remember a file's checksum instead of what was known of that file."""
        self._learnt.append((key.place, key.as_gzip, *key.stamp, md5, problem))
        if time.monotonic() - self._written > TOGETHER:
            self.write()

    def write(self) -> None:
        """Write what was learnt since the last time."""
        rows, self._learnt = self._learnt, []
        self._written = time.monotonic()
        if rows:
            self._tried(lambda db: _inserted(db, rows))

    def close(self) -> None:
        """Write the rest and let go of the file."""
        self.write()
        self._tried(lambda db: db.close())

    def _tried(self, ask: Callable[[sqlite3.Connection], tuple[str, str | None] | None]) -> Known | None:
        """What the cache answers; None without one, and after its first failure there is none."""
        if self._connection is None:
            return None
        import sqlite3

        try:
            return ask(self._connection)
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
            return None


@contextmanager
def remembered(path: Path | None) -> Iterator[Memory]:
    """Give the cache at a path, without one the user's own; what was learnt is kept however the block ends."""
    memory = Memory(path or default_path())
    try:
        yield memory
    finally:
        memory.close()


def _opened(path: Path) -> sqlite3.Connection | None:
    """The journal is SQLite's plain one: the quicker kind fails where a home folder is shared by several machines."""
    try:
        import sqlite3
    except ImportError:  # a Python built without it
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=SECONDS, isolation_level="IMMEDIATE")
    except (OSError, sqlite3.Error):
        return None
    try:
        connection.execute(TABLE)
    except sqlite3.Error:  # not one of ours, or nobody may write it
        connection.close()
        return None
    return connection


def _inserted(db: sqlite3.Connection, rows: list[tuple[bytes, bool, int, int, str, str | None]]) -> None:
    with db:
        db.executemany(INSERT, rows)
