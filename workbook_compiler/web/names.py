"""File names are a stranger's text: cleaned, told apart, and safe in a header."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import quote

LONGEST = 120
UNNAMED = "workbook"
MADE = (".checked", ".mended", ".report")
"""What stands before the ending of files that are made here."""
TEXTS = (".csv", ".tsv", ".txt")

_FORBIDDEN = frozenset('<>:"|?*')
"""What one system or another refuses in a file's name."""


def clean(name: str) -> str:
    """Return the last part of a name without what steers a terminal, turns the reading direction or can't be a file's."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if c.isprintable() and c not in _FORBIDDEN).strip(" .")
    suffix = PurePosixPath(kept).suffix[:10]
    return kept if len(kept) <= LONGEST else kept[: LONGEST - len(suffix)] + suffix


def distinct(names: Iterable[str]) -> list[str]:
    """Return cleaned names, no two alike: ``book.xlsx``, ``book (2).xlsx``."""
    taken: list[str] = []
    for name in names:
        first = PurePosixPath(clean(name) or UNNAMED)
        number, one = 2, str(first)
        while one.casefold() in (known.casefold() for known in taken):
            one, number = f"{first.stem} ({number}){first.suffix}", number + 1
        taken.append(one)
    return taken


def stem(name: str) -> str:
    """Return a name without its ending, and without what was put before that when the file was made from another."""
    own = PurePosixPath(name).stem
    while own.endswith(MADE):
        own = own.rpartition(".")[0]
    return own or UNNAMED


def derived(name: str, word: str) -> str:
    """Return the name of a file made from another: ``book.xlsx`` and ``mended`` are ``book.mended.xlsx``, however often."""
    return f"{stem(name)}.{word}{PurePosixPath(name).suffix}"


def attachment(name: str) -> str:
    """Return a Content-Disposition that saves a file under its name, whatever letters are in it (RFC 6266)."""
    plain = "".join(c if c.isascii() and c not in '"\\%;' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
