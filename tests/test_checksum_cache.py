"""A data file is read again only when it changed, and nothing that befalls the cache of checksums is an error."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from data_files import LONG_AGO, TEXT, aged, md5, put

from workbook_compiler.delivery import checksum_cache, checksums
from workbook_compiler.delivery.checksums import Checked, Problem, read

MANY = 40


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path, cache: Path) -> None:
    """Other content under the same size and time isn't noticed: the proof that nothing was read."""
    path = put(tmp_path / "a.txt", b"first")
    checksums.checksums([path], cache=cache)
    put(path, b"other")
    assert checksums.checksums([path], cache=cache)[0].md5 == md5(b"first")


@pytest.mark.parametrize(("data", "when"), [(b"other", LONG_AGO + 1), (b"longer", LONG_AGO)])
def test_a_file_that_changed_is_read_again(tmp_path: Path, cache: Path, data: bytes, when: int) -> None:
    """Another time or another size is another content."""
    path = put(tmp_path / "a.txt", b"first")
    checksums.checksums([path], cache=cache)
    path.write_bytes(data)
    aged(path, when)
    for _ in range(2):
        assert checksums.checksums([path], cache=cache) == [Checked(path, len(data), md5(data))]


def test_a_file_of_this_moment_is_not_remembered(tmp_path: Path, cache: Path) -> None:
    """It may change again within the same tick of its clock."""
    path, now = tmp_path / "a.txt", time.time_ns()
    for data in (b"first", b"other"):
        path.write_bytes(data)
        aged(path, now)
        assert checksums.checksums([path], cache=cache)[0].md5 == md5(data)


def test_a_name_that_promises_gzip_is_judged_by_itself(tmp_path: Path, cache: Path) -> None:
    """A link that ends with .gz to a plain file is damaged gzip; the plain file is fine, cache or not."""
    plain, link = put(tmp_path / "plain", TEXT), tmp_path / "link.gz"
    link.symlink_to(plain)
    for _ in range(2):
        assert [one.problem for one in checksums.checksums([link, plain], cache=cache)] == [Problem.DAMAGED, None]


def test_a_name_that_is_no_text_is_remembered(tmp_path: Path, cache: Path) -> None:
    """A file name is bytes."""
    path = put(tmp_path / os.fsdecode(b"\xff\xfe.txt"), TEXT)
    checksums.checksums([path], cache=cache)
    with patch.object(checksums, "read", side_effect=AssertionError("read again")):
        assert checksums.checksums([path], cache=cache)[0].md5 == md5(TEXT)


def test_without_a_cache_that_can_be_had_all_is_read(tmp_path: Path) -> None:
    """A file that is none of ours stays as it is; a path that can't be made, and a folder, are no errors."""
    path, foreign = put(tmp_path / "a.txt", TEXT), put(tmp_path / "foreign.sqlite", b"my notes " * 100)
    for cache in (foreign, foreign / "below", tmp_path, Path("/proc/none/checksums.sqlite")):
        assert checksums.checksums([path], cache=cache)[0].md5 == md5(TEXT)
    assert foreign.read_bytes() == b"my notes " * 100


def test_a_cache_that_cannot_be_written_still_serves(tmp_path: Path, cache: Path) -> None:
    """What is in it is known; what isn't is read, and not kept."""
    old, new = put(tmp_path / "old.txt", TEXT), put(tmp_path / "new.txt", b"new")
    checksums.checksums([old], cache=cache)
    connect = sqlite3.connect

    def read_only(path: Path, **options: object) -> sqlite3.Connection:
        return connect(f"file:{path}?mode=ro", uri=True)

    with patch.object(sqlite3, "connect", read_only), patch.object(checksums, "read", wraps=read) as reading:
        for _ in range(2):
            assert [one.md5 for one in checksums.checksums([old, new], cache=cache)] == [md5(TEXT), md5(b"new")]
    assert {call.args[0] for call in reading.mock_calls} == {new}
    assert len(reading.mock_calls) == 2


def test_a_cache_that_another_holds_is_waited_for_and_then_left(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is there all the same."""
    monkeypatch.setattr(checksum_cache, "SECONDS", 0.1)
    path = put(tmp_path / "a.txt", TEXT)
    checksums.checksums([], cache=cache)
    with closing(sqlite3.connect(cache)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert checksums.checksums([path], cache=cache)[0].md5 == md5(TEXT)


def test_two_processes_share_one_cache(tmp_path: Path, cache: Path) -> None:
    """Both at once from an empty one: no error, and afterwards everything is known."""
    paths = [put(tmp_path / f"{n}.txt", b"%d" % n) for n in range(MANY)]
    code = (
        "import sys; from pathlib import Path; from workbook_compiler.delivery import checksum_cache, checksums;"
        "checksum_cache.TOGETHER = 0; cache, *paths = map(Path, sys.argv[1:]); checksums.checksums(paths, cache=cache)"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, cache, *half]) for half in (paths[::2], paths[1::2])]
    assert [process.wait(60) for process in both] == [0, 0]
    with patch.object(checksums, "read", side_effect=AssertionError("read again")):
        assert [one.md5 for one in checksums.checksums(paths, cache=cache)] == [md5(b"%d" % n) for n in range(MANY)]


def test_the_cache_is_the_users_when_nobody_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder of this program."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    checksums.checksums([])
    assert checksum_cache.default_path().is_file()
    assert checksum_cache.default_path().parent.name == "workbook-compiler"
