"""Asking a portal as somebody: a kept connection, a key, JSON, and no redirect followed unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

SECONDS = 30


class Calls:
    """One person's session with a portal. ``server`` may be a proxy's address instead of the key file's."""

    def __init__(self, session: requests.Session, server: str) -> None:
        self.session, self.server = session, server

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask, and return the answer as it came."""
        return self.session.request(method, self.server + path, allow_redirects=False, timeout=SECONDS, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        return self("POST", path, json=body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> requests.Response:
        return self("PATCH", path, json=body, **options)

    def found(self, path: str) -> dict[str, Any]:
        """The record at an address, through the redirect to its own; it has to be there."""
        answer = self.session.get(self.server + path, timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def stored(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The record that was made of a body; it has to be accepted."""
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["@graph"][0])


@contextmanager
def calling(keyfile: Path | None, server: str | None = None) -> Iterator[Calls]:
    """Open a session with the key of a key file, or with none."""
    key = json.loads(keyfile.read_text("utf-8"))["default"] if keyfile else {}
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Accept"] = "application/json"
        session.auth = (key["key"], key["secret"]) if key else None
        yield Calls(session, server or key["server"])


def keyed(keyfile: Path, server: str) -> Path:
    """A copy of a key file for another server: a key is sent to its own server alone, and a proxy is another one."""
    entries = {name: {**parts, "server": server} for name, parts in json.loads(keyfile.read_text("utf-8")).items()}
    copy = keyfile.with_name(f"{keyfile.stem}-{server.rpartition(':')[2]}.json")
    copy.touch(mode=0o600)
    copy.write_text(json.dumps(entries))
    return copy
