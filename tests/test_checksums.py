"""Data files are read once for md5 and soundness, with the same result on any executor."""

from __future__ import annotations

import gzip
import os
import tempfile
import time
import tracemalloc
from pathlib import Path
from unittest.mock import patch

import pytest
from data_files import LONG_AGO, TEXT, md5, put
from executor_kinds import KINDS, dying, executor_called
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook_compiler.delivery import checksums
from workbook_compiler.delivery.checksums import Checked, Problem, Reading, read, same_content

pytestmark = pytest.mark.xdist_group("executors")

MANY = 40


@pytest.fixture
def files(tmp_path: Path) -> dict[Path, Checked]:
    """Files of every sort, and what each is."""
    folder = tmp_path / "data"
    folder.mkdir()
    whole, several = gzip.compress(TEXT), gzip.compress(TEXT[:999]) + gzip.compress(b"") + gzip.compress(TEXT)
    contents: dict[str, tuple[bytes, Problem | None]] = {
        "plain.txt": (TEXT, None),
        "whole.fastq.gz": (whole, None),
        "copy.fq.GZ": (whole, None),
        "several.fastq.gz": (several, None),
        "padded.gz": (several + bytes(70_000), None),
        "padded between.gz": (whole + bytes(512) + whole, None),
        "unnamed": (whole, None),
        "cut.fastq.gz": (whole[:-1], Problem.TRUNCATED),
        "cut in the middle.gz": (several[: len(several) // 2], Problem.TRUNCATED),
        "cut in the header.gz": (whole[:2], Problem.TRUNCATED),
        "cut in the second.gz": (whole + whole[:5], Problem.TRUNCATED),
        "cut and unnamed.bam": (whole[:-9], Problem.TRUNCATED),
        "flipped.gz": (whole[:-8] + bytes(4) + whole[-4:], Problem.DAMAGED),
        "no gzip.gz": (TEXT, Problem.DAMAGED),
        "zeros.gz": (bytes(100), Problem.DAMAGED),
        "and more.gz": (whole + b"more", Problem.DAMAGED),
        "empty.txt": (b"", Problem.EMPTY),
        "empty.gz": (b"", Problem.EMPTY),
    }
    found = {
        put(folder / name, data): Checked(folder / name, len(data), md5(data), problem)
        for name, (data, problem) in contents.items()
    }
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "link.gz").symlink_to("whole.fastq.gz")
    none = {
        folder: Problem.NOT_A_FILE,
        folder / "pipe": Problem.NOT_A_FILE,
        folder / "not there.gz": Problem.MISSING,
        folder / "plain.txt" / "below": Problem.MISSING,
        folder / "zero\0byte": Problem.MISSING,
        folder / "loop": Problem.UNREADABLE,
    }
    found |= {path: Checked(path, problem=problem) for path, problem in none.items()}
    return found | {folder / "link.gz": Checked(folder / "link.gz", len(whole), md5(whole))}


@pytest.mark.parametrize("kind", ["alone", *KINDS])
def test_every_file_is_told_as_it_is(
    kind: str, files: dict[Path, Checked], cache: Path, request: pytest.FixtureRequest
) -> None:
    """md5, size and problem of each, in the order given, on every executor; and the same from the cache."""
    paths = [*files, *list(files)[:3]]
    if kind == "alone":
        found = checksums.checksums(paths, cache=cache)
    else:
        with executor_called(kind, request) as executor:
            found = checksums.checksums(paths, executor, cache)
    assert found == [files[path] for path in paths]
    with patch.object(checksums, "read", side_effect=AssertionError("read again")):
        assert checksums.checksums(paths, cache=cache) == found


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here that even root can't read")
def test_a_file_that_cannot_be_read_is_unreadable(cache: Path) -> None:
    """An error of the system while reading is a problem of that file."""
    [found] = checksums.checksums([Path("/proc/self/mem")], cache=cache)
    assert found == Checked(Path("/proc/self/mem"), problem=Problem.UNREADABLE)


@settings(deadline=None, max_examples=60)
@given(
    data=st.binary(max_size=400), zipped=st.booleans(), cut=st.integers(0, 30), block=st.integers(1, 64), part=st.data()
)
def test_the_pieces_of_reading_change_nothing(
    data: bytes, zipped: bool, cut: int, block: int, part: st.DataObject
) -> None:
    """Wherever the blocks end, md5 is that of the whole content, and gzip is sound exactly when gzip says so."""
    content = gzip.compress(data) * 2 if zipped else data
    content = content[: len(content) - cut]
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder) / "data", content)
        with (
            patch.object(checksums, "BLOCK", block),
            patch.object(checksums, "SLICE", part.draw(st.integers(1, block))),
        ):
            reading = read(path, as_gzip=zipped)
    assert reading.md5 == md5(content)
    assert reading.stamp == (len(content), LONG_AGO)
    if zipped:
        # a cut may fall between the two members, or nothing may be left
        whole = len(content) in (len(gzip.compress(data)), 2 * len(gzip.compress(data)))
        sound = None if data else Problem.EMPTY
        assert reading.problem == (sound if whole else Problem.TRUNCATED if content else Problem.EMPTY)


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    """Gzip of 200 MB of zeros is followed to its end in a few MB."""
    bomb = put(tmp_path / "bomb.gz", gzip.compress(bytes(200 << 20), 9))
    tracemalloc.start()
    try:
        assert read(bomb, as_gzip=True).problem is None
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


# ---------------------------------------------------------------- workers


@pytest.mark.parametrize("kind", ["processes", "cluster"])
def test_a_lost_worker_loses_nothing(kind: str, tmp_path: Path, cache: Path) -> None:
    """A worker killed while there is work: its files are read again, and every md5 is right."""
    paths = [tmp_path / f"{n}.bin" for n in range(MANY)]
    for n, path in enumerate(paths):
        path.write_bytes(b"%d" % n)
        os.truncate(path, 16 << 20)
    with dying(kind, MANY) as executor:
        found = checksums.checksums(paths, executor, cache)
    assert len(executor.victims) == 1
    assert executor.left > 0
    assert found == [Checked(path, 16 << 20, read(path, as_gzip=False).md5) for path in paths]


def test_what_a_worker_sees_otherwise_is_read_here(tmp_path: Path, cache: Path) -> None:
    """A worker without the file, or with another one under its path, doesn't decide."""
    path = put(tmp_path / "a.txt", TEXT)
    for elsewhere in (Reading(problem=Problem.UNREADABLE), Reading((5, LONG_AGO), md5(b"other"))):
        with patch.object(checksums, "read", side_effect=[elsewhere, read(path, as_gzip=False)]):
            [found] = checksums.checksums([path], cache=cache.with_name(str(elsewhere.md5)))
        assert found == Checked(path, len(TEXT), md5(TEXT))


def test_a_file_that_grows_while_it_is_read_has_no_checksum(tmp_path: Path, cache: Path) -> None:
    """Its md5 would be of no state it ever was in; it isn't remembered."""
    path = put(tmp_path / "a.txt", TEXT)
    feed = checksums._Content.feed

    def growing(self: checksums._Content, piece: bytes) -> None:
        if len(piece) == len(checksums.MAGIC):  # the first of each reading
            with path.open("ab") as stream:
                stream.write(b"x")
        feed(self, piece)

    with patch.object(checksums._Content, "feed", growing):
        [found] = checksums.checksums([path], cache=cache)
    assert (found.md5, found.problem) == (None, Problem.CHANGED)
    assert checksums.checksums([path], cache=cache)[0].md5 == md5(path.read_bytes())


def test_an_interrupt_does_not_wait_for_long_files_and_keeps_what_is_known(tmp_path: Path, cache: Path) -> None:
    """Files that would take minutes are left alone within seconds; the one that was done is in the cache."""
    small, *large = (tmp_path / f"{n}.bin" for n in range(12))
    put(small, TEXT)
    for path in large:
        path.touch()
        os.truncate(path, 1 << 36)

    def interrupt(_label: str, _share: float) -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        checksums.checksums([small, *large], cache=cache, step=interrupt)
    assert time.monotonic() - began < 10
    with patch.object(checksums, "read", side_effect=AssertionError("read again")):
        assert checksums.checksums([small], cache=cache)[0].md5 == md5(TEXT)


def test_a_long_job_tells_how_far_it_is(tmp_path: Path, cache: Path) -> None:
    """By the bytes that are done; each file once."""
    paths = [put(tmp_path / "a", b"1"), put(tmp_path / "b", b"222")]
    told: list[tuple[str, float]] = []
    checksums.checksums([*paths, paths[0]], cache=cache, step=lambda label, share: told.append((label, share)))
    assert told == [("Read a", 0.25), ("Read b", 1.0)]


def test_files_of_the_same_content_are_grouped(tmp_path: Path, cache: Path) -> None:
    """Same md5, same group; single files, empty ones and ones without md5 are in none."""
    contents = {"a": b"one", "b": b"two", "c": b"one", "d": b"three", "e": b"two", "f": b"", "g": b""}
    paths = [put(tmp_path / name, data) for name, data in contents.items()]
    found = checksums.checksums([*paths, tmp_path / "h", tmp_path / "i"], cache=cache)
    names = [[one.path.name for one in group] for group in same_content(found)]
    assert names == [["a", "c"], ["b", "e"]]
