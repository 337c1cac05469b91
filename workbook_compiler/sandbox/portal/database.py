"""The PostgreSQL of the sandbox: it lives as long as the process, and forgets everything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pgserver
from fasteners import InterProcessLock

HASTY = ("fsync", "synchronous_commit", "full_page_writes")
"""What makes a database survive a power cut; ours needn't."""
ALONE = Path(sys.prefix) / "database.lock"


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL in a folder, and give its address."""
    folder.chmod(0o777)  # as root it runs as another user, who has to get in
    with InterProcessLock(ALONE):  # two that make this user at the same time, on first use, get two with one name
        server = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        server.psql("".join(f"ALTER SYSTEM SET {name} = off;\n" for name in HASTY) + "SELECT pg_reload_conf();")
        yield server.get_uri()
    finally:
        server.cleanup()
