"""What was sent and what was answered, in SQLite beside the workbook, so that a broken run goes on where it ended.

A message is noted before it leaves and again when it is answered. What was noted as sent and never as answered is unclear:
before it is sent again, the portal is asked. Bodies aren't kept, and no key ever gets here.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import Any, NamedTuple

from workbook_compiler.errors import UsageError
from workbook_compiler.model.baseline import digest
from workbook_compiler.model.plan import Action, Operation
from workbook_compiler.model.records import Record, json_text

SUFFIX = ".journal"
_TABLES = """
create table if not exists run (
  number integer primary key, plan text not null, server text not null, account text not null,
  begun text not null, ended text);
create table if not exists message (
  run integer not null references run, operation text not null, method text not null, path text not null,
  sha256 text not null, state text not null, status integer, uuid text, said text, at text not null,
  digests text not null default '{}', primary key (run, operation));
create table if not exists note (name text primary key, value text not null);
"""
VERSION = 2
"""2: digests of what was sent. 1 was never released."""

PATIENCE = 5
"""Seconds to wait for another run that has the file."""
SENT, TAKEN, REFUSED = "sent", "taken", "refused"
"""States of a message: on its way, accepted, not accepted."""


_RECEIPTS = re.compile(r"(.+)\.receipt(?:-\d+)?(\.\w+)")
LEFT = "SKIP"
"""The method of what was found as it is, and never sent."""
NO_DIGESTS: Mapping[str, str] = MappingProxyType({})


class Entry(NamedTuple):
    """What is known of an operation's last message."""

    state: str
    method: str
    uuid: str | None
    at: str
    sha256: str = ""
    """Of what the row said."""
    digests: Mapping[str, str] = NO_DIGESTS
    """Property to the digest of what the row said there when it was sent last; of accepted messages alone."""


class Run(NamedTuple):
    """One run of a plan."""

    number: int
    plan: str
    ended: bool


class Journal:
    """The journal of a workbook; safe for threads. Each note is on the disk before the next step relies on it."""

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self.path, self._lock = path, RLock()
        # who sends keeps the file locked until the end, and no write-ahead log: those fail on network folders
        mode = f"pragma locking_mode = {'exclusive' if alone else 'normal'}; pragma journal_mode = delete;"
        try:
            self._db = sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
            if not self._is_ours():
                raise sqlite3.DatabaseError("other tables")
            self._db.executescript(f"{mode} pragma synchronous = normal; {_TABLES} pragma user_version = {VERSION};")
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise UsageError(
                    f"Another run is sending this workbook; {path} is its journal. Wait for its end."
                ) from error
            if not path.exists():
                raise UsageError(
                    f"Nothing can be written into {path.parent}, where what is sent is noted. Copy the workbook elsewhere."
                ) from error
            raise UsageError(f"{path} isn't a journal of ours, or can't be written. Move it away.") from error
        self._run = 0

    def _is_ours(self) -> bool:
        """Whether the file is empty, or a journal of this version."""
        names = {name for (name,) in self._db.execute("select name from sqlite_master where type = 'table'")}
        (version,) = self._db.execute("pragma user_version").fetchone()
        return not names or ({"run", "message"} <= names and version == VERSION)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def last(self, server: str, account: str) -> Run | None:
        """Return the last run against this server as this user."""
        sql = "select number, plan, ended is not null from run where server = ? and account = ? order by number desc limit 1"
        with self._lock:
            row = self._db.execute(sql, (server, account)).fetchone()
        return Run(row[0], row[1], bool(row[2])) if row else None

    def begin(self, plan: str, server: str, account: str) -> None:
        """Begin a run, or go on with the last one when it is of the same plan and hasn't ended."""
        last = self.last(server, account)
        if last is not None and last.plan == plan and not last.ended:
            self._run = last.number
            return
        with self._lock, closing(self._db.cursor()) as cursor:
            values = (plan, server, account, _now())
            cursor.execute("insert into run (plan, server, account, begun) values (?, ?, ?, ?)", values)
            self._run = cursor.lastrowid or 0

    def end(self) -> None:
        """Note that a run came to its end: nothing of it is unclear."""
        self._write("update run set ended = ? where number = ?", _now(), self._run)

    def known(self, server: str, account: str) -> Mapping[str, Entry]:
        """Return the last message of each operation, of all runs against this server as this user."""
        sql = """select operation, state, method, uuid, at, sha256, digests from message join run on run = number
                 where server = ? and account = ? order by number"""
        with self._lock:
            rows = self._db.execute(sql, (server, account)).fetchall()
        found: dict[str, Entry] = {}
        for operation, state, method, uuid, at, sha256, digests in rows:
            new = Entry(state, method, uuid, at, sha256, json.loads(digests) if state == TAKEN else NO_DIGESTS)
            found[operation] = _joined(found[operation], new) if operation in found else new
        return found

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write all notes of a block at once: thousands one by one take seconds. None is on the disk before its end."""
        with self._lock, self._db:
            self._db.execute("begin")
            yield

    def sending(self, operation: str, method: str, path: str, sha256: str, digests: Mapping[str, str]) -> None:
        """Note that a message is about to leave."""
        sql = """insert or replace into message (run, operation, method, path, sha256, state, at, digests)
                 values (?, ?, ?, ?, ?, ?, ?, ?)"""
        self._write(sql, self._run, operation, method, path, sha256, SENT, _now(), json_text(digests))

    def keep(self, operation: str, entry: Entry) -> None:
        """Note what is known of an operation, from an earlier run or from a reply about many."""
        sql = """insert or replace into message (run, operation, method, path, sha256, state, uuid, at, digests)
                 values (?, ?, ?, '', ?, ?, ?, ?, ?)"""
        known = json_text(dict(entry.digests))
        self._write(sql, self._run, operation, entry.method, entry.sha256, entry.state, entry.uuid, entry.at, known)

    def left(self, operations: Iterable[Operation], known: Mapping[str, Entry]) -> None:
        """Note the rows that are on the portal as they say: a later run can tell what was edited since."""
        listed = list(operations)
        written = {op.record.id for op in listed if op.action is not Action.SKIP}
        with self.together():
            for op in listed:
                if op.target is not None and op.record.id not in written:
                    digests = {name: digest(value) for name, value in op.record.values.items()}
                    before = known.get(op.id, Entry(TAKEN, LEFT, op.uuid, _now()))
                    self.keep(op.id, Entry(TAKEN, before.method, op.uuid, before.at, mark(op.record), digests))

    def answered(self, operation: str, state: str, status: int | None, uuid: str | None, said: str = "") -> str:
        """Note how a message fared, and return when."""
        at = _now()
        sql = "update message set state = ?, status = ?, uuid = ?, said = ?, at = ? where run = ? and operation = ?"
        self._write(sql, state, status, uuid, said[:2000], at, self._run, operation)
        return at

    def notes(self, name: str) -> Notes:
        """Return texts that are kept under a name: of an upload that isn't finished."""
        return Notes(self._db, self._lock, name)

    def forget(self, server: str, account: str) -> None:
        """Forget all runs against this server as this user."""
        with self._lock, self._db:
            mine = "select number from run where server = ? and account = ?"
            self._db.execute(f"delete from message where run in ({mine})", (server, account))  # noqa: S608 - our own text
            self._db.execute("delete from run where server = ? and account = ?", (server, account))

    def _write(self, sql: str, *values: object) -> None:
        try:
            with self._lock:
                self._db.execute(sql, values)
        except sqlite3.OperationalError as error:
            raise UsageError(
                f"{self.path} can't be written ({error}). Run the same command again when it can."
            ) from error


class Notes(MutableMapping[str, str]):
    """Texts by name in a journal, each on the disk once it is set."""

    def __init__(self, db: sqlite3.Connection, lock: Any, name: str) -> None:
        self._db, self._lock, self._begin = db, lock, f"{name}\n"

    def __getitem__(self, key: str) -> str:
        with self._lock:
            row = self._db.execute("select value from note where name = ?", (self._begin + key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return str(row[0])

    def __setitem__(self, key: str, value: str) -> None:
        with self._lock:
            self._db.execute("insert or replace into note values (?, ?)", (self._begin + key, value))

    def __delitem__(self, key: str) -> None:
        with self._lock:
            gone = self._db.execute("delete from note where name = ?", (self._begin + key,)).rowcount
        if not gone:
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            names = [str(name) for (name,) in self._db.execute("select name from note")]
        return (name.removeprefix(self._begin) for name in names if name.startswith(self._begin))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@contextmanager
def opened(path: Path, *, alone: bool = False) -> Iterator[Journal]:
    """Give the journal in a file, made when there is none, and close it; ``alone`` keeps every other run out."""
    journal = Journal(path, alone=alone)
    try:
        yield journal
    finally:
        journal.close()


def beside(book: Path) -> Path:
    """Return where the journal of a workbook lies. A copy with receipts goes on with that of its workbook."""
    own = book.with_name(book.name + SUFFIX)
    copy = _RECEIPTS.fullmatch(book.name)
    other = book.with_name(f"{copy[1]}{copy[2]}{SUFFIX}") if copy else own
    return other if other.exists() and not own.exists() else own


def _joined(before: Entry, new: Entry) -> Entry:
    """What is known of a place after one message more; where another row stands there now, what was known before is gone."""
    if before.sha256 != new.sha256 and (not new.uuid or new.uuid != before.uuid):
        return new
    return new._replace(uuid=new.uuid or before.uuid, digests={**before.digests, **new.digests})


def mark(record: Record) -> str:
    """Return what tells what one row says from what another says, wherever it stands."""
    return hashlib.sha256(json_text([record.type, record.values]).encode()).hexdigest()


def remembered(records: Sequence[Record], known: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return what earlier runs knew of these records, by their ids now.

    Rows move, so one without an identifier is known by what it says, wherever it stands.
    """
    found = {record.id: known[record.id] for record in records if record.identifier is not None and record.id in known}
    said: dict[str, list[str]] = {}
    for place, entry in known.items():
        said.setdefault(entry.sha256, []).append(place)
    unnamed = [record for record in records if record.identifier is None]
    marks = {record.id: mark(record) for record in unnamed}
    taken: set[str] = set()
    ways: tuple[Callable[[str], Sequence[str]], ...] = (
        lambda id_: [id_] if id_ in known and known[id_].sha256 == marks[id_] else [],
        lambda id_: said.get(marks[id_], []),
    )
    for way in ways:
        for record in unnamed:
            places = () if record.id in found else way(record.id)
            free = next((place for place in places if (known[place].uuid or place) not in taken), None)
            if free is not None:
                found[record.id] = known[free]
                taken.add(known[free].uuid or free)
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
