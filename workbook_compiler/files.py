"""Files are written beside and renamed: a reader never sees half of one. And the one place where the user's cache is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
