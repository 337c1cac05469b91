"""The sandbox's keys: made anew at each start, and written where nobody else may read them."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from workbook_compiler.errors import UsageError
from workbook_compiler.files import written_whole

NAMES = ("keypairs.json", "admin-keypairs.json")
HERE = "http://127.0.0.1:"


def fresh() -> dict[str, str]:
    """Return a key that nobody can guess."""
    return {"key": secrets.token_hex(4).upper(), "secret": secrets.token_hex(16)}


def files(folder: Path) -> tuple[Path, Path]:
    """Return the paths of the submitter's and the admin's key file."""
    return folder / NAMES[0], folder / NAMES[1]


def refuse_others(folder: Path) -> None:
    """Raise UsageError where there are other keys already: ``~`` is a folder too."""
    for path in files(folder):
        if path.exists() and not _is_ours(path):
            raise UsageError(f"{path} holds other keys than a sandbox's. Choose another folder.")


def write(path: Path, key: dict[str, str], server: str) -> None:
    """Write a key file that nobody else may read, not even for a moment."""
    with written_whole(path) as beside:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump({"default": {**key, "server": server}}, out, indent=2)
            out.write("\n")


def _is_ours(path: Path) -> bool:
    """Tell whether a key file is what an earlier sandbox has left."""
    try:
        entries = json.loads(path.read_text("utf-8"))
        return list(entries) == ["default"] and str(entries["default"]["server"]).startswith(HERE)
    except (OSError, ValueError, KeyError, TypeError):
        return False
