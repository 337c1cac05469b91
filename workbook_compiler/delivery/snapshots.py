"""Schema snapshots: a portal's schemas in a folder, with where they came from and their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbook_compiler.delivery.addresses import without_secrets
from workbook_compiler.errors import SchemaError, UsageError
from workbook_compiler.files import user_cache, written_whole
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.service import Term

PROFILES = "profiles.json"
ABOUT = "snapshot.json"
VOCABULARIES = "vocabularies.json"
"""The records of small types, which templates offer where a link is wanted."""

Loaded = tuple[Mapping[str, Any], str, str]
"""The documents, where they came from (a file's name or an address, never a path), and their SHA-256."""


def cache(portal: Portal) -> Path:
    """Return the folder in the user's cache where a portal's snapshot lies."""
    return user_cache() / "schemas" / portal.name


def load(portal: Portal, source: str | Path | None) -> Loaded:
    """Return the documents of a file, a folder, an address, or of the portal's cached snapshot, fetched when missing.

    Raises UsageError for a path that isn't there, SchemaError for what is no JSON.
    """
    if source is None:
        folder = cache(portal)
        if not (folder / PROFILES).is_file():
            pull(portal, None, folder)
        return _snapshot(folder)
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return _address(portal, source)
    path = Path(source)
    if path.is_file():
        return _file(path, path.name)
    if not path.is_dir():
        raise UsageError(f"There are no schemas at {path}.")
    return _snapshot(path) if (path / PROFILES).is_file() else _folder(path)


def pull(portal: Portal, server: str | None, folder: Path | None) -> tuple[Path, bool]:
    """Fetch a portal's schemas into a folder (the cache without one); return it and whether anything is new."""
    target = folder or cache(portal)
    address = (server or portal.server).rstrip("/")
    kept = without_secrets(address)
    about = _about(target)
    known = about.get("server") == kept and _sha256(target / PROFILES) == about.get("sha256")
    etag = about.get("etag") if known else None
    from workbook_compiler.delivery import client

    answer = client.fetch(address, portal.schema_path, etag)
    if answer.body is None:
        return target, False
    _parsed(answer.body, kept)
    sha256 = hashlib.sha256(answer.body).hexdigest()
    changed = sha256 != _sha256(target / PROFILES)
    with written_whole(target / PROFILES) as beside:
        beside.write_bytes(answer.body)
    said = {"portal": portal.name, "server": kept, "etag": answer.etag, "sha256": sha256}
    with written_whole(target / ABOUT) as beside:
        beside.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return target, changed


def keep_vocabularies(folder: Path, found: Mapping[str, Sequence[Term]]) -> None:
    """Write the records of small types beside a snapshot's schemas."""
    listed = {name: [term._asdict() for term in terms] for name, terms in found.items() if terms}
    if not listed:  # a portal without a search; what was kept before may still serve
        return
    with written_whole(folder / VOCABULARIES) as beside:
        beside.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def vocabularies(portal: Portal, source: str | Path | None) -> Mapping[str, Sequence[Term]]:
    """Return the records of small types that were kept with a snapshot; none for a file or an address."""
    folder = cache(portal) if source is None else Path(source)
    try:
        listed = json.loads((folder / VOCABULARIES).read_text("utf-8"))
        return {
            str(name): [Term(str(term["name"]), tuple(map(str, term["meant_for"]))) for term in terms]
            for name, terms in listed.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # none there, or not ours
        return {}


def _sha256(path: Path) -> str | None:
    """The hash of a file, None when there is none: a snapshot that somebody edited isn't the portal's any more."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def _snapshot(folder: Path) -> Loaded:
    return _file(folder / PROFILES, str(_about(folder).get("server") or PROFILES))


def _file(path: Path, source: str) -> Loaded:
    data = path.read_bytes()
    return _parsed(data, source), source, hashlib.sha256(data).hexdigest()


def _address(portal: Portal, url: str) -> Loaded:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"{without_secrets(url)} isn't an address.") from error
    from workbook_compiler.delivery import client

    server = f"{parts.scheme}://{parts.netloc}"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    answer = client.fetch(server, path if parts.path.strip("/") else portal.schema_path)
    body = answer.body or b""
    source = without_secrets(url)
    return _parsed(body, source), source, hashlib.sha256(body).hexdigest()


def _folder(folder: Path) -> Loaded:
    """A folder of schema files, one for each type (raw files with their mixins, or served ones)."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise SchemaError(f"The folder {folder.name} holds no schema files.")
    digest = hashlib.sha256()
    documents: dict[str, Any] = {}
    for file in files:
        data = file.read_bytes()
        digest.update(file.name.encode() + b"\0" + data + b"\0")
        documents[file.stem] = _json(data, file.name)
    return documents, folder.name, digest.hexdigest()


def _parsed(data: bytes, source: str) -> Mapping[str, Any]:
    document = _json(data, source)
    if not isinstance(document, dict):
        raise SchemaError(f"{source} holds no schemas: an object with one schema for each type name is expected.")
    return document


def _json(data: bytes, source: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"{source} isn't JSON.") from error
