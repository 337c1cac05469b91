"""A portal that lets us in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbook_compiler import resources
from workbook_compiler.delivery import client, keys
from workbook_compiler.delivery.ask import Choose
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.model.service import Account, Send, Service


@dataclass(frozen=True, slots=True)
class Where:
    """Which portal, as whom, for whom."""

    keyfile: Path | None = None
    entry: str | None = None
    """The entry of the key file."""
    server: str | None = None
    """Another server than the key's."""
    lab: str | None = None
    award: str | None = None
    jobs: int = 4
    """So many messages side by side."""
    choose: Choose | None = None
    environment: Mapping[str, str] | None = None
    """Where a key may stand besides files; the process's own without it."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A portal that lets us in."""

    service: Service
    send: Send
    server: str
    account: Account
    warnings: tuple[str, ...]
    """About the key file."""


@contextmanager
def connection(portal_name: str, where: Where) -> Iterator[Connection]:
    """Give a connection to a portal. Raises UsageError without a key, UnreachableError when it doesn't let us in."""
    portal = resources.portals()[portal_name]
    if portal.service is None:
        raise UsageError(f"{portal.title} can't be submitted to yet.")
    key, warnings = keys.load(
        portal.name,
        keyfile=where.keyfile,
        entry=where.entry,
        server=where.server,
        usual=portal.keyfile,
        environment=os.environ if where.environment is None else where.environment,
    )
    server = (where.server or key.server or portal.server).rstrip("/")
    with client.Session(server, key, jobs=where.jobs) as session:
        try:
            account = portal.service.account(session.send)
        except UnreachableError as error:
            raise UnreachableError(server, error.reason) from None
        yield Connection(portal.service, session.send, server, account, tuple(warnings))
