"""Who we are to a portal: an access key from a file, the environment or the system's keyring. A secret is never shown."""

from __future__ import annotations

import json
import os
import stat
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbook_compiler.delivery.addresses import is_loopback, refuse_other_than_web, same_place, without_secrets
from workbook_compiler.errors import UsageError

DEFAULT = "~/keypairs.json"
"""Where 4DN labs keep their keys."""
MOST = 1 << 20
"""A longer file is something else."""
SHAPE = '{"default": {"key": "…", "secret": "…", "server": "https://…"}}'
SIGNED_SHAPE = '{"api_key": "…", "key_id": "…"}, as your profile page on the commons gives it'
VARIABLES = {"key": "WBC_KEY", "secret": "WBC_SECRET", "server": "WBC_SERVER"}  # names, no secrets
_PARTS = ("key", "secret")
_SIGNED = ("key_id", "api_key")
"""The parts of a key that names its own server: what a Gen3 commons gives as ``credentials.json``."""


@dataclass(frozen=True, slots=True)
class Key:
    """An access key of a portal."""

    id: str
    secret: str = field(repr=False)
    server: str
    """The portal's address, without a final slash."""


class NoKeyError(UsageError):
    """There is no key, or none for the server that was named."""


Ask = Callable[[], tuple[str, str]]
"""Asks a person for name and secret."""
Found = tuple[Key, list[str]]
"""A key, and what its owner should know, as sentences."""


def load(
    portal_name: str,
    *,
    keyfile: str | Path | None = None,
    entry: str | None = None,
    server: str | None = None,
    environment: Mapping[str, str] = os.environ,
    ask: Ask | None = None,
    usual: str = DEFAULT,
) -> Found:
    """Return the key for a portal: of the file or entry that was named, else the environment, the usual file, the keyring.

    ``server`` is the address a person named: a key of another server is refused. ``usual`` is where the portal's users keep
    their keys. Raises NoKeyError without one, UsageError
    for a file that is wrong, in words that hold nothing of a file but the names of its entries.
    """
    shape = SHAPE if usual == DEFAULT else SIGNED_SHAPE
    if keyfile is not None or entry is not None:
        path = Path(keyfile or usual).expanduser()
        return _of_file(path, entry, portal_name, server, shape)
    if any(environment.get(name) for name in VARIABLES.values()):
        return _of_environment(environment, server)
    path = Path(usual).expanduser()
    kept = None if path.exists() else _of_keyring(portal_name, server)
    if kept is None and not path.exists():
        if ask is not None and server is not None:
            name, secret = ask()
            return _key({"key": name, "secret": secret}, "What was typed", server)
        raise NoKeyError(
            f"There is no access key. Make one on the portal's website and save it as {usual}"
            f": {shape}. Or name a file with --keyfile."
        )
    return kept or _of_file(path, None, portal_name, server, shape)


# ---------------------------------------------------------------- a file


def _of_file(path: Path, entry: str | None, portal_name: str, server: str | None, shape: str) -> Found:
    entries = _entries(path, shape)
    name = entry or _meant(entries, portal_name, server)
    if name not in entries:
        known = sorted(other for other, parts in entries.items() if isinstance(parts, dict))
        there = f"It has: {', '.join(known)}." if known else "It has none."
        advice = "Choose one with --key." if known else f"It looks like {shape}."
        raise UsageError(f"{path} has no entry “{name}”. {there} {advice}")
    parts = entries[name]
    if not isinstance(parts, dict):
        raise UsageError(f"The entry “{name}” of {path} has another form than {shape}.")
    key, warnings = _key(parts, f"The entry “{name}” of {path}", server)
    return key, [*_open_to_others(path), *warnings]


def _meant(entries: Mapping[str, Any], portal_name: str, server: str | None) -> str:
    """The entry that is meant when nobody says: of the named server, else of the portal, else the default."""
    own = [name for name, parts in entries.items() if server and isinstance(parts, dict) and _is_for(parts, server)]
    return next((name for name in (*own, portal_name) if name in entries), "default")


def _is_for(parts: Mapping[str, Any], server: str) -> bool:
    try:
        return same_place(str(parts.get("server")), server)
    except ValueError:
        return False


def _entries(path: Path, shape: str) -> dict[str, Any]:
    """The entries of a key file. What is wrong with it is told without a word of it: any of them may be a secret."""
    if not path.is_file():
        raise UsageError(f"There is no key file {path}. It looks like {shape}.")
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST + 1)
    except OSError as error:
        raise UsageError(f"The key file {path} can't be read: {error.strerror}.") from None
    entries = _parsed(data) if len(data) <= MOST else None
    if not isinstance(entries, dict):
        raise UsageError(f"The key file {path} can't be understood. It looks like {shape}.")
    if set(_SIGNED) <= set(entries):
        return {"default": _signed(entries)}
    # a file with one key and no name around it is what the portal's page offers to copy
    return {"default": entries} if set(_PARTS) <= set(entries) else entries


def _signed(parts: Mapping[str, Any]) -> dict[str, Any]:
    """A key whose secret is a signed text that says which server it is for."""
    name, secret = (parts[part] for part in _SIGNED)
    return {"key": name, "secret": secret, "server": parts.get("server") or issuer(secret)}


def issuer(token: Any) -> str | None:
    """Return the address of who signed a JWT (RFC 7519), without the path of its user service; None for another text."""
    said = claims(token).get("iss")
    return said.rstrip("/").removesuffix("/user") if isinstance(said, str) and said else None


def claims(token: Any) -> Mapping[str, Any]:
    """Return what a JWT says, which nobody verifies here; nothing for another text."""
    parts = token.split(".") if isinstance(token, str) else []
    try:
        said = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _open_to_others(path: Path) -> list[str]:
    if os.name != "posix" or not stat.S_IMODE(path.stat().st_mode) & 0o077:
        return []
    return [f"Other users of this computer can read {path}. Close it with: chmod 600 {path}"]


# ---------------------------------------------------------------- elsewhere


def _of_environment(environment: Mapping[str, str], server: str | None) -> Found:
    parts = {part: environment[name] for part, name in VARIABLES.items() if environment.get(name)}
    missing = [VARIABLES[part] for part in _PARTS if part not in parts]
    if missing:
        given = ", ".join(VARIABLES[part] for part in parts)
        raise UsageError(f"{given} is set and {' and '.join(missing)} isn't. A key needs both WBC_KEY and WBC_SECRET.")
    parts.setdefault("server", issuer(parts["secret"]) or "")
    return _key(parts, "The environment", server)


def _of_keyring(portal_name: str, server: str | None) -> Found | None:
    """The keyring holds the parts one by one, under the names that a key file gives them."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    service = f"workbook-compiler/{portal_name}"
    try:
        held = {part: keyring.get_password(service, part) for part in VARIABLES}
    except (KeyringError, OSError, RuntimeError):  # a computer without one, or one that stays locked
        return None
    parts = {part: text for part, text in held.items() if text}
    return _key(parts, f"The keyring's {service}", server) if parts else None


# ---------------------------------------------------------------- a key


def _key(parts: Mapping[str, Any], place: str, server: str | None) -> Found:
    whole = {"server": server, **{part: text for part, text in parts.items() if text}}
    missing = [part for part in VARIABLES if not whole.get(part)]
    if missing:
        raise UsageError(f"{place} has no {' and no '.join(missing)}.")
    texts = [whole[part] for part in VARIABLES]
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise UsageError(f"{place} holds something else than plain text.")
    name, secret, address = (str(text).strip() for text in texts)
    if ":" in name:
        raise UsageError(f"{place} has a colon in its key, which no key has. Key and secret may have changed places.")
    refuse_other_than_web(address)
    told = without_secrets(address).rstrip("/")
    if server is not None and not _is_for(whole, server):
        raise NoKeyError(f"{place} is for {told}, not for {without_secrets(server)}. Choose another with --key.")
    return Key(name, secret, told), _in_the_open(told)


def _in_the_open(server: str) -> list[str]:
    if not server.startswith("http:") or is_loopback(server):
        return []
    return [f"{server} begins with http, so your key travels unprotected. Use https if the server knows it."]
