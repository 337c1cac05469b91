"""A path as a person typed it -> where the file lies."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from workbook_compiler.model.plan import Source
from workbook_compiler.model.records import Record

Folders = Callable[[Record], Path]
"""Where the paths that a record's row names begin: the folder of its workbook."""


def folders_of(workbooks: Sequence[Source], books: Sequence[Path]) -> Folders:
    """Return the folder of each record's workbook; ``books`` are the paths of the workbooks, in their order."""
    known = {source.name: path.parent for source, path in zip(workbooks, books, strict=False)}
    return lambda record: known.get(record.location.file, Path())


def is_address(typed: str) -> bool:
    """Tell whether it is an address of the web."""
    return re.match(r"https?://", typed.strip(), re.IGNORECASE) is not None


def place_of(typed: str, folder: Path) -> Path:
    """Return the path that is meant: from the workbook's folder, else from the working folder. It may not be there.

    A backslash is taken for a slash where nothing else is there: people move workbooks from Windows to other machines.
    """
    path = _as_path(typed.strip())
    for wanted in (path, Path(str(path).replace("\\", "/"))):
        for place in (folder / wanted, wanted):
            with suppress(OSError, ValueError):
                if place.exists():
                    return place
    return folder / path


def _as_path(typed: str) -> Path:
    if typed.lower().startswith("file:"):
        with suppress(ValueError):
            parts = urlsplit(typed)
            if parts.netloc in ("", "localhost"):
                return Path(url2pathname(parts.path))
    with suppress(RuntimeError):  # ~ of somebody who isn't here
        return Path(typed).expanduser()
    return Path(typed)
