"""Questions to a public register, each asked once: what it knows is remembered for a month, what it doesn't is asked again."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from workbook_compiler.delivery import client
from workbook_compiler.errors import UnreachableError
from workbook_compiler.files import user_cache, written_whole
from workbook_compiler.model.portal import Lookup
from workbook_compiler.model.report import Step, silent

DAYS = 30
JOBS = 4
SMALL = 10_000
"""Characters of an answer that is remembered."""


def answers(
    lookup: Lookup, keys: Sequence[str], server: str | None = None, cache: Path | None = None, step: Step = silent
) -> Mapping[str, Any]:
    """Return the register's answer for each key; None where it knows nothing. ``server`` is another address of it.

    ``cache`` is the folder of remembered answers. Raises UnreachableError when the register doesn't say.
    """
    address = server or lookup.server
    path = (cache or user_cache() / "lookups") / f"{sha256((address + lookup.path).encode()).hexdigest()[:16]}.json"
    known = _remembered(path)
    new = [key for key in keys if key not in known]
    if new:
        with client.Session(address, jobs=JOBS) as session, ThreadPoolExecutor(JOBS) as threads:
            given: dict[str, Any] = {}
            try:
                for key, body in zip(new, threads.map(lambda key: _asked(session, lookup, key), new), strict=True):
                    given[key] = body if lookup.means_something(body) else None
                    step("Looking up names", len(given) / len(new))
            finally:
                threads.shutdown(cancel_futures=True)
                known |= given
                _remember(path, {key: body for key, body in given.items() if body is not None})
    return {key: known[key] for key in keys}


def _asked(session: client.Session, lookup: Lookup, key: str) -> Any:
    answer = session.send("GET", lookup.path.format(key))
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise UnreachableError(session.server, f"it answered {answer.status}")
    if "html" in answer.headers.get("content-type", ""):  # a network's page to log in at, not a number that is none
        raise UnreachableError(session.server, "it answered with a web page")
    return answer.body


def _remembered(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        oldest = time.time() - DAYS * 86_400
        return {key: body for key, (at, body) in found.items() if at > oldest and body is not None}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _remember(path: Path, new: Mapping[str, Any]) -> None:
    """A help and never a need: what can't be written is asked again. What another run has learnt meanwhile stays."""
    now = time.time()
    kept = {key: (now, body) for key, body in new.items() if len(json.dumps(body)) <= SMALL}
    if not kept:
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(ValueError, RecursionError, OSError):
            before = json.loads(path.read_text(encoding="utf-8"))
            kept = {**before, **kept} if isinstance(before, dict) else kept
        with written_whole(path) as beside:
            beside.write_text(json.dumps(kept), encoding="utf-8")
