"""Data files to make checksums of."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

LONG_AGO = 1_600_000_000_000_000_000
TEXT = b"@read\nACGTTGCA\n+\nFFFFFFFF\n" * 5_000


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def aged(path: Path, when: int = LONG_AGO) -> Path:
    """The file, last changed so long ago that its checksum is kept."""
    os.utime(path, ns=(when, when))
    return path


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return aged(path)
