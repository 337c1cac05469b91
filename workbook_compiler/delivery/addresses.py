"""Addresses of the web as text: what may be shown of one, and whether two lie in one place. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from workbook_compiler.errors import UsageError

_PORTS = {"http": 80, "https": 443}


def without_secrets(address: str) -> str:
    """Return an address as it may be shown and kept: without a name and password, and without what follows ``?``."""
    return re.split("[?#]", re.sub(r"(?<=//)[^/?#]*@", "", address))[0]


def same_place(old: str, new: str) -> bool:
    """Tell whether two addresses are of one server, or of one that moved from http to https; raises ValueError for none."""
    before, after = urlsplit(old), urlsplit(new)
    if (before.scheme, after.scheme, before.port, after.port) == ("http", "https", None, None):
        return before.hostname == after.hostname
    return _place(old) == _place(new)


def _place(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def is_loopback(address: str) -> bool:
    """Tell whether an address is of this machine, which nobody else can listen to."""
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or re.fullmatch(r"127\.\d{1,3}\.\d{1,3}\.\d{1,3}", host) is not None


def may_lead(first: str, place: str) -> bool:
    """Tell whether bytes may be fetched from ``place`` when a person named ``first``; from no address never.

    Only https, or the named server itself; and never from elsewhere to a server of this machine.
    """
    try:
        scheme = urlsplit(place).scheme
        if scheme not in ("http", "https") or not urlsplit(place).hostname:
            return False
        if is_loopback(place):
            return is_loopback(first)
        return scheme == "https" or same_place(first, place)
    except ValueError:
        return False


def refuse_other_than_web(address: str) -> None:
    """Raise UsageError for what isn't the address of a server."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        told = without_secrets(address) or "An empty text"
        raise UsageError(f"{told} isn't the address of a server; one looks like https://data.example.org.")
