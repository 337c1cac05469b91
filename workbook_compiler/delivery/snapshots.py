"""Schema snapshots: a portal's schemas in a folder, with where they came from and their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbook_compiler.delivery import keys
from workbook_compiler.delivery.addresses import refuse_other_than_web, without_secrets
from workbook_compiler.delivery.keys import Key
from workbook_compiler.errors import SchemaError, UnreachableError, UsageError
from workbook_compiler.files import user_cache, written_whole
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.records import NONE
from workbook_compiler.model.service import Account, Service, Term

PROFILES = "profiles.json"
ABOUT = "snapshot.json"
VOCABULARIES = "vocabularies.json"
"""The records of small types, which templates offer where a link is wanted."""
_TEXTS = (".xml", ".yaml", ".yml")
NOT_USED = "Your key wasn't used; the schemas are those that anybody sees."

Loaded = tuple[Mapping[str, Any], str, str]
"""The documents, where they came from (a file's name or an address, never a path), and their SHA-256."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where schemas are asked for, and as whom."""

    server: str
    key: Key | None = None
    account: Account | None = None
    """Whose key it is; None for anybody."""
    told: tuple[str, ...] = ()
    """What the key's owner should know, as sentences."""


def cache(portal: Portal) -> Path:
    """Return the folder in the user's cache where a portal's snapshot lies."""
    return user_cache() / "schemas" / portal.name


def kept(portal: Portal) -> tuple[str, ...]:
    """Return the names of the documents in a portal's cached snapshot; none when there is no snapshot."""
    folder = cache(portal)
    return tuple(_snapshot(folder)[0]) if (folder / PROFILES).is_file() else ()


def load(portal: Portal, source: str | Path | None, parts: Sequence[str] = ()) -> Loaded:
    """Return the documents of a file, a folder, an address, or of the portal's cached snapshot, fetched when missing.

    ``parts`` are the names of those wanted, all without any. Raises UsageError for a path or a part that isn't there,
    SchemaError for what is no JSON.
    """
    if source is None:
        folder = cache(portal)
        have = kept(portal)
        if not have or any(part not in have for part in parts):
            _fetched(portal, folder, parts)
        return _chosen(portal, _snapshot(folder), parts)
    return _chosen(portal, _loaded(portal, source), parts)


def _chosen(portal: Portal, loaded: Loaded, parts: Sequence[str]) -> Loaded:
    """The parts that are wanted, in the order they are wanted in, with a hash of their own."""
    documents, source, _ = loaded
    if not portal.part:
        return loaded
    parts = parts or tuple(documents)
    missing = [part for part in parts if part not in documents]
    if missing:
        raise UsageError(
            f"{source} has no {portal.part} {missing[0]}. It has: {', '.join(sorted(documents)) or 'none'}."
        )
    wanted = {part: documents[part] for part in parts}
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
    return wanted, source, digest


def _loaded(portal: Portal, source: str | Path) -> Loaded:
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return _address(portal, source)
    path = Path(source)
    if path.is_file():
        return _part(path) if portal.part and path.name != PROFILES else _file(path, path.name)
    if not path.is_dir():
        raise UsageError(f"There are no schemas at {path}.")
    return _snapshot(path) if (path / PROFILES).is_file() else _folder(path)


def _fetched(portal: Portal, folder: Path, parts: Sequence[str]) -> None:
    if not portal.server:
        raise UsageError(
            f"Every {portal.title} has schemas of its own. Get them once: wbc schemas pull --portal {portal.name} --server "
            "https://…, or name a folder or a file of them with --schemas."
        )
    try:
        pull(portal, Visit(portal.server), folder, parts)
    except UnreachableError as error:
        more = (
            f"{error.reason}. Its schemas are needed once. With --schemas you name others, such as a sandbox's address; "
            "--portal names another portal"
        )
        raise UnreachableError(error.server, more) from None


def visit(
    portal: Portal, server: str | None = None, keyfile: str | Path | None = None, entry: str | None = None
) -> Visit:
    """Return where to ask, and as whom: with the key that was named, else one that is there for this server, else with none.

    Raises UsageError for a named key that can't be used, UnreachableError when the portal doesn't let it in.
    """
    if portal.transactions is not None:  # its schemas are everybody's; a key only says where they are
        return Visit(server or _server_of_key(portal, keyfile, entry))
    if keyfile is not None or entry is not None:
        if portal.service is None:
            raise UsageError(f"{portal.title} takes no key yet. Leave out --keyfile and --key.")
        key, told = keys.load(portal.name, keyfile=keyfile, entry=entry, server=server)
        return _let_in(Visit(server or key.server, key, told=tuple(told)), portal.service)
    anybody = Visit(server or portal.server)
    refuse_other_than_web(anybody.server)
    if portal.service is None or urlsplit(anybody.server).username is not None:  # the address says who asks
        return anybody
    try:
        key, told = keys.load(portal.name, server=anybody.server)
        return _let_in(replace(anybody, key=key, told=tuple(told)), portal.service)
    except keys.NoKeyError:
        return anybody
    except (UsageError, UnreachableError) as error:
        why = str(error)
        return replace(anybody, told=(f"{NOT_USED} {why[:1].upper()}{why[1:]}",))


def _server_of_key(portal: Portal, keyfile: str | Path | None, entry: str | None) -> str:
    try:
        return keys.load(portal.name, keyfile=keyfile, entry=entry, usual=portal.keyfile)[0].server
    except keys.NoKeyError:
        raise UsageError(f"Every {portal.title} has an address of its own. Name it: --server https://…") from None


def _let_in(asking: Visit, service: Service) -> Visit:
    """The visit with whose key it is. Raises UnreachableError when the portal doesn't let it in."""
    from workbook_compiler.delivery import client

    with client.Session(asking.server, asking.key) as session:
        return replace(asking, account=service.account(session.send))


def pull(portal: Portal, asking: Visit, folder: Path | None, parts: Sequence[str] = ()) -> tuple[Path, bool]:
    """Fetch a portal's schemas into a folder (the cache without one); return it and whether anything is new.

    Of a portal whose schemas come in parts those named are fetched, and join the ones that are there.

    What a user sees is never confirmed as what another one sees, or anybody: the mark of a copy is sent for the same user alone.
    """
    target = folder or cache(portal)
    if portal.part:
        return _pull_parts(portal, asking, target, parts)
    address = asking.server.rstrip("/")
    kept = without_secrets(address)
    user = {"user": asking.account.name} if asking.account else {}
    about = _about(target)
    same = (about.get("server"), about.get("user")) == (kept, user.get("user"))
    etag = about.get("etag") if same and _sha256(target / PROFILES) == about.get("sha256") else None
    from workbook_compiler.delivery import client

    answer = client.fetch(address, portal.schema_path, etag, asking.key)
    if answer.body is None:
        return target, False
    _parsed(answer.body, kept)
    sha256 = hashlib.sha256(answer.body).hexdigest()
    changed = sha256 != _sha256(target / PROFILES)
    with written_whole(target / PROFILES) as beside:
        beside.write_bytes(answer.body)
    said = {"portal": portal.name, "server": kept, **user, "etag": answer.etag, "sha256": sha256}
    with written_whole(target / ABOUT) as beside:
        beside.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    if about and not same:  # what another server has, or another user's labs
        (target / VOCABULARIES).unlink(missing_ok=True)
    return target, changed


def _pull_parts(portal: Portal, asking: Visit, target: Path, parts: Sequence[str]) -> tuple[Path, bool]:
    from workbook_compiler.delivery import client

    if not parts:
        raise UsageError(f"Say which {portal.part}: --{portal.part} NAME. It may be repeated.")
    address = asking.server.rstrip("/")
    kept = dict(_snapshot(target)[0]) if (target / PROFILES).is_file() else {}
    fetched = {}
    for part in dict.fromkeys(parts):
        answer = client.fetch(address, portal.part_path(part), accept="application/xml, application/json")
        fetched[part] = (answer.body or b"").decode("utf-8", "replace")
        portal.load_schema(
            {part: fetched[part]}, part, ""
        )  # raises SchemaError for what isn't one: nothing is kept then
    said = {"portal": portal.name, "server": without_secrets(address)}
    changed = any(kept.get(part) != text for part, text in fetched.items())
    for name, document in ((PROFILES, {**kept, **fetched}), (ABOUT, said)):
        with written_whole(target / name) as beside:
            beside.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return target, changed


def keep_vocabularies(
    folder: Path, found: Mapping[str, Sequence[Term]], own: Mapping[str, Sequence[Term]] = NONE
) -> None:
    """Write the records of small types beside a snapshot's schemas; a user's own come first."""
    both = {name: dict.fromkeys((*own.get(name, ()), *found.get(name, ()))) for name in (*found, *own)}
    listed = {name: [term._asdict() for term in terms] for name, terms in both.items() if terms}
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


def _part(path: Path) -> Loaded:
    """One part alone, called after its file."""
    data = path.read_bytes()
    return {path.stem: _document(path, data)}, path.name, hashlib.sha256(data).hexdigest()


def _document(path: Path, data: bytes) -> Any:
    """A file's JSON, or as text what its portal reads itself."""
    return data.decode("utf-8", "replace") if path.suffix.lower() in _TEXTS else _json(data, path.name)


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
    files = sorted(file for ending in (*_TEXTS, ".json") for file in folder.glob(f"*{ending}"))
    if not files:
        raise SchemaError(f"The folder {folder.name} holds no schema files.")
    digest = hashlib.sha256()
    documents: dict[str, Any] = {}
    for file in files:
        data = file.read_bytes()
        digest.update(file.name.encode() + b"\0" + data + b"\0")
        documents[file.stem] = _document(file, data)
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
