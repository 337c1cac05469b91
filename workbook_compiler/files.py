"""Files are written beside and renamed: a reader never sees half of one. And the one place where the user's cache is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def user_cache() -> Path:
    """Return this program's folder in the user's cache, which need not be there yet."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("workbook-compiler"))


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to, and rename it when the block ends well; else remove it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def replaceable(path: Path) -> bool:
    """Tell whether a workbook may be written here: nothing is there, or what ``remember`` saw there last, untouched.

    Somebody may have worked in it since, or it may be another file altogether.
    """
    if not path.exists() or path.stat().st_size == 0:
        return True
    known = _memory(path)
    return known.is_file() and known.read_text("utf-8") == _digest(path)


def remember(path: Path) -> None:
    """Note what was written here, so that a later run may replace it. Without a cache nothing is noted."""
    with suppress(OSError):
        known = _memory(path)
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(_digest(path), encoding="utf-8")


def _memory(path: Path) -> Path:
    return user_cache() / "written" / hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
