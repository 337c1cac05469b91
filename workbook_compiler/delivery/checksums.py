"""md5, size and soundness of data files, worked out side by side on any executor; a file that didn't change isn't read again."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from workbook_compiler.delivery.checksum_cache import Key, Memory, Stamp, remembered
from workbook_compiler.executors import in_order
from workbook_compiler.model.report import Step, silent

BLOCK = 1 << 20
"""So many bytes are read at a time, and at most so many of unpacked gzip are in memory."""
SLICE = 1 << 16
"""What follows a gzip member is copied when it ends; small slices keep that cheap where members are many, as in BGZF."""
THREADS = 8
"""More readers at once don't make a disk faster."""
FRESH = 2_000_000_000
"""Nanoseconds: a file changed so shortly ago may change again without its time telling, so its checksum isn't kept."""
MAGIC = b"\x1f\x8b\x08"


class Problem(StrEnum):
    """Why a file can't be sent as it is."""

    MISSING = "missing"
    NOT_A_FILE = "not a file"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    TRUNCATED = "truncated gzip"
    DAMAGED = "damaged gzip"
    CHANGED = "changed while it was read"


@dataclass(frozen=True, slots=True)
class Checked:
    """A data file, looked at."""

    path: Path
    """As it was asked for."""
    size: int | None = None
    """Bytes; None when there is no file to read."""
    md5: str | None = None
    """Of the whole content, 32 hexadecimal digits; None when that couldn't be read to its end in one state."""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a file gave. It travels back from the worker."""

    stamp: Stamp | None = None
    md5: str | None = None
    problem: Problem | None = None


def checksums(
    paths: Sequence[Path], executor: Executor | None = None, cache: Path | None = None, step: Step = silent
) -> list[Checked]:
    """Return what each file is, in the order given; a problem of a file is in its result and never raised.

    Without an executor threads of this process do it. Workers elsewhere must see the files under the same paths; what they see
    otherwise, or leave undone, is done here. ``cache`` is the SQLite file of known checksums, by default in the user's cache.
    """
    began = time.time_ns()
    looked = {path: _looked_at(path) for path in paths}
    keys = {key: path for path, key in looked.items() if isinstance(key, Key)}
    with remembered(cache) as memory:
        readings = dict(_recalled(keys, memory))
        with _reading(executor) as (readers, work):
            unread = {key: path for key, path in keys.items() if key not in readings}
            for key, reading in _read(unread, readers, work, step):
                readings[key] = reading
                if reading.md5 is not None and reading.stamp is not None and reading.stamp[1] < began - FRESH:
                    memory.learn(Key(key.place, key.as_gzip, reading.stamp), reading.md5, reading.problem)
    return [_checked(path, looked[path], readings) for path in paths]


def same_content(checked: Iterable[Checked]) -> list[tuple[Checked, ...]]:
    """Return the groups of two or more with the same md5 and size, first come first; empty files make none."""
    groups: dict[tuple[str, int | None], list[Checked]] = {}
    for one in checked:
        if one.md5 is not None and one.size:
            groups.setdefault((one.md5, one.size), []).append(one)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def read(path: Path, as_gzip: bool, stop: threading.Event | None = None) -> Reading:
    """Return what a file's content is, in one reading: what a worker does. ``as_gzip``: its name promises gzip.

    Once ``stop`` is set it ends soon, with UNREADABLE.
    """
    try:
        with path.open("rb", buffering=0) as stream:
            before = _stamp(os.fstat(stream.fileno()))
            content = _Content(as_gzip)
            content.feed(stream.read(len(MAGIC)))
            block = bytearray(BLOCK)
            while count := stream.readinto(block):
                if stop is not None and stop.is_set():
                    return Reading(problem=Problem.UNREADABLE)
                content.feed(memoryview(block)[:count])
            after = _stamp(os.fstat(stream.fileno()))
    except OSError:
        return Reading(problem=Problem.UNREADABLE)
    if before != after:
        return Reading(after, problem=Problem.CHANGED)
    return Reading(after, content.md5(), content.problem())


# ---------------------------------------------------------------- before and after


def _looked_at(path: Path) -> Key | Problem:
    """What to remember a file by, or why it can't be read. Nothing is opened: reading from a pipe might never end."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return Problem.NOT_A_FILE
        return Key(os.fsencode(path.resolve()), path.suffix.lower() == ".gz", _stamp(found))
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a path with a zero byte is none
        return Problem.MISSING
    except OSError:
        return Problem.UNREADABLE


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_size, found.st_mtime_ns


def _recalled(keys: Iterable[Key], memory: Memory) -> Iterator[tuple[Key, Reading]]:
    for key in keys:
        known = memory.recall(key)
        if known is not None:
            yield key, Reading(key.stamp, known[0], Problem(known[1]) if known[1] else None)


def _checked(path: Path, looked: Key | Problem, readings: Mapping[Key, Reading]) -> Checked:
    if isinstance(looked, Problem):
        return Checked(path, problem=looked)
    reading = readings[looked]
    return Checked(path, reading.stamp[0] if reading.stamp else None, reading.md5, reading.problem)


# ---------------------------------------------------------------- side by side


Work = partial[Reading]


@contextmanager
def _reading(executor: Executor | None) -> Iterator[tuple[Executor, Work]]:
    """Who reads, and the function that does; threads of our own end at once when the block ends early."""
    if executor is not None:
        yield executor, partial(read)
        return
    stop = threading.Event()
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1), "checksums") as threads:
        try:
            yield threads, partial(read, stop=stop)
        finally:
            stop.set()


def _read(files: Mapping[Key, Path], executor: Executor, work: Work, step: Step) -> Iterator[tuple[Key, Reading]]:
    """Each file's reading; one whose worker is lost, or saw another file than we do, is read here."""

    def submit(key: Key) -> Future[Reading]:
        return executor.submit(work, files[key].absolute(), key.as_gzip)

    whole, done = sum(key.stamp[0] for key in files) or 1, 0
    answers = in_order(files, submit)
    with closing(answers):
        for key, answer in answers:
            if answer is None or answer.stamp != key.stamp:
                answer = read(files[key], key.as_gzip)
            yield key, answer
            done += key.stamp[0]
            step(f"Read {files[key].name}", done / whole)


# ---------------------------------------------------------------- one file


class _Content:
    """A file's content, fed piece by piece: md5, and gzip to its end where it is that."""

    def __init__(self, as_gzip: bool) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._gzip = _Gzip() if as_gzip else None
        self._empty = True

    def feed(self, piece: bytes | memoryview) -> None:
        """Take the next piece, the first one at least as long as the mark of gzip unless the file is shorter."""
        if self._empty and piece == MAGIC and self._gzip is None:
            self._gzip = _Gzip()
        self._empty = self._empty and not piece
        self._md5.update(piece)
        if self._gzip is not None:
            self._gzip.feed(piece)

    def md5(self) -> str:
        return self._md5.hexdigest()

    def problem(self) -> Problem | None:
        if self._empty:
            return Problem.EMPTY
        return self._gzip.problem() if self._gzip is not None else None


class _Gzip:
    """Follows gzip data, member after member, and keeps nothing of what it unpacks."""

    def __init__(self) -> None:
        self._damaged = False
        self._empty = True
        """Nothing has come out yet."""
        self._member: zlib._Decompress | None = _member()

    def feed(self, piece: bytes | memoryview) -> None:
        for start in range(0, len(piece), SLICE):
            data = bytes(piece[start : start + SLICE])
            while data and not self._damaged:
                data = self._followed(data)

    def problem(self) -> Problem | None:
        if self._damaged:
            return Problem.DAMAGED
        if self._member is not None:
            return Problem.TRUNCATED
        return Problem.EMPTY if self._empty else None

    def _followed(self, data: bytes) -> bytes:
        """Go on with some data, and return what of it is behind the member it belongs to."""
        if self._member is None:
            data = data.lstrip(b"\0")  # tapes and some tools fill up with zeros
            self._member = _member() if data else None
            return data
        try:
            rest, some = _unpacked(self._member, data)
            self._empty = self._empty and not some
        except zlib.error:
            self._damaged = True
            return b""
        if self._member.eof:
            self._member = None
        return rest


def _member() -> zlib._Decompress:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _unpacked(member: zlib._Decompress, data: bytes) -> tuple[bytes, bool]:
    """Unpack and drop, a block at a time, so that a bomb costs time and no memory.

    Return what is behind the member, and whether anything came out of it.
    """
    some = False
    while data and not member.eof:
        some = bool(member.decompress(data, BLOCK)) or some
        data = member.unconsumed_tail
    return member.unused_data, some
