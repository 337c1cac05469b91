"""``wbc download``: what a name means, who asks for it, and where the file goes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, Unpack
from urllib.parse import unquote, urlsplit

from workbook_compiler.delivery import drs, keys
from workbook_compiler.delivery.addresses import refuse_other_than_web, same_place, without_secrets
from workbook_compiler.delivery.client import Session
from workbook_compiler.delivery.download import of_address, of_portal
from workbook_compiler.delivery.keys import Key
from workbook_compiler.delivery.transfer import Received, Source, receive
from workbook_compiler.errors import UsageError
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.report import Step, silent


class Asking(TypedDict, total=False):
    """Who asks, and who is told."""

    keyfile: str | Path | None
    """Without it the usual places are looked at; public files need no key."""
    entry: str | None
    """Of the key file."""
    server: str | None
    """Another server than the key's."""
    step: Step
    warn: Callable[[str], None]
    """Is told what a person should know, in a sentence."""


def download(portal: Portal, name: str, path: str | Path | None, **options: Unpack[Asking]) -> Received:
    """Fetch a file by a portal's name for it, an address, or a DRS id.

    Raises UsageError for a name that is none and for another file in its place, RefusedError when there is no such file or
    what arrives isn't what was promised, UnreachableError when it can't be had.
    """
    if not name.strip():
        raise UsageError("Say which file: an accession, an address, or a DRS id.")
    with _source(portal, name.strip(), options) as source:
        received = receive(source, _target(source, path), options.get("step", silent))
    if received.verified is None:
        options.get("warn", warnings.warn)(f"{received.path} couldn't be checked: no checksum of it is known.")
    return received


def _key(portal_name: str, options: Asking) -> Key | None:
    """The key that was asked for, or one that is there anyway: public files need none."""
    keyfile, entry = options.get("keyfile"), options.get("entry")
    try:
        key, told = keys.load(portal_name, keyfile=keyfile, entry=entry, server=options.get("server"))
    except keys.NoKeyError:
        if keyfile is not None or entry is not None:
            raise
        return None
    for warning in told:
        options.get("warn", warnings.warn)(warning)
    return key


@contextmanager
def _source(portal: Portal, name: str, options: Asking) -> Iterator[Source]:
    if drs.is_drs(name):
        address, own = drs.parsed(name)
        with Session(address) as session:
            yield drs.of_drs(session, own)
        return
    if portal.transactions is not None:
        raise UsageError(f"Files of a {portal.title} are fetched by their DRS id: wbc download drs://HOST/ID.")
    on_the_web = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", name) is not None
    if on_the_web:
        refuse_other_than_web(name)
    key = _key(portal.name, options)
    home = options.get("server") or (key.server if key else portal.server)
    record = _record_of(name) if on_the_web and same_place(home, name) else None
    if on_the_web and record is None:
        yield of_address(name)
        return
    with Session(home, key) as session:
        yield of_portal(session, record or name)


def _record_of(address: str) -> str | None:
    """The record's path in an address of its portal, of the record's page or of its file."""
    found = re.fullmatch(r"/([^@]+?)/?(?:@@download/.*)?", urlsplit(address).path)
    return unquote(found[1]) if found else None


def _target(source: Source, path: str | Path | None) -> Path:
    """Where the file goes: its own name in the working folder or in a folder, or the name that was given."""
    if path is None:
        return Path(source.name)
    target = Path(path).expanduser()
    if target.is_dir() or str(path).endswith(("/", "\\")):
        return target / source.name
    if not target.name:
        raise UsageError(f"{without_secrets(str(path)) or 'An empty text'} can't be a file.")
    return target
