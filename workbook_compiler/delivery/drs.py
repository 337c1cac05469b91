"""The GA4GH Data Repository Service, version 1: ``drs://host/id`` -> a file. https only, but for servers of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote, urlsplit

from workbook_compiler.delivery.addresses import is_loopback, may_lead, without_secrets
from workbook_compiler.delivery.client import Opened, Session, opened
from workbook_compiler.delivery.download import bare
from workbook_compiler.delivery.transfer import Source
from workbook_compiler.errors import RefusedError, UnreachableError, UsageError

OBJECTS = "/ga4gh/drs/v1/objects"
_SUMS = {"md5": "md5", "sha1": "sha1", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512"}
_TYPES = ("https", "http")
"""Ways in that need nothing but the web, the best first; of others the server may still make an address."""
_ID = re.compile(r"[A-Za-z0-9._~%:@!$&'()*+,;=-]+(?:/[A-Za-z0-9._~%:@!$&'()*+,;=-]+)*")


def is_drs(name: str) -> bool:
    """Tell whether a name is a DRS id."""
    return name.strip().lower().startswith("drs:")


def parsed(name: str) -> tuple[str, str]:
    """Return the server and the id, still as the address spells it. Raises UsageError for another form."""
    try:
        parts = urlsplit(name.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    own = parts.path.strip("/")
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    steps = own.lower().replace("%2e", ".").split("/")
    if not host or not plain or not _ID.fullmatch(own) or ".." in steps or "." in steps:
        raise UsageError(f"{without_secrets(name)} isn't a DRS id; one looks like drs://data.example.org/4DNFI1234567.")
    told = f"[{host}]" if ":" in host else host
    address = f"{told}:{port}" if port else told
    return f"{'http' if is_loopback(f'//{address}') else 'https'}://{address}", own


def of_drs(session: Session, own: str) -> Source:
    """Return the file behind an id. Raises RefusedError when there is none, or no way to it over the web."""
    path = f"{OBJECTS}/{own}"
    about = _asked(session, path, own)
    if about.get("contents") and not about.get("access_methods"):
        raise RefusedError(f"{own} is a folder of several files. Download them one by one, by their own ids.")
    ways = _ways(about)
    if not ways:
        raise RefusedError(f"{session.server} names no way to download {own}.")
    size = about.get("size")
    return Source(
        name=bare(str(about.get("name") or "")) or bare(own) or "download",
        open=lambda headers: _opened(session, path, ways, headers),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        sums=dict(_sums(about.get("checksums"))),
    )


def _asked(session: Session, path: str, own: str) -> Mapping[str, Any]:
    answer = session.send("GET", path)
    if answer.status in (401, 403):
        raise UnreachableError(session.server, f"{own} isn't open to you")
    if answer.status == 404:
        raise RefusedError(f"{session.server} has no {own}.")
    if not answer.ok or not isinstance(answer.body, dict):
        raise RefusedError(
            f"{session.server} answered {answer.status} when asked for {own}, and not as a DRS server does."
        )
    return answer.body


def _sums(listed: Any) -> Iterator[tuple[str, str]]:
    """The checksums that can be worked out here; servers write their kinds in several ways."""
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("checksum"), str):
            kind = _SUMS.get(re.sub(r"[-_ ]", "", str(one.get("type")).lower()))
            if kind and re.fullmatch(r"[0-9A-Fa-f]{32,128}", one["checksum"]):
                yield kind, one["checksum"]


# ---------------------------------------------------------------- ways in

Way = Mapping[str, Any]


def _ways(about: Mapping[str, Any]) -> list[Way]:
    """The ways that lead somewhere: those with an address of the web first, then those the server makes one for."""
    listed = about.get("access_methods")
    ways = [way for way in (listed if isinstance(listed, list) else ()) if isinstance(way, dict)]
    direct = [way for way in ways if _address(way.get("access_url")) is not None]
    asked = [way for way in ways if isinstance(way.get("access_id"), str) and way["access_id"]]
    return sorted([*direct, *(way for way in asked if way not in direct)], key=_rank)


def _rank(way: Way) -> tuple[bool, int]:
    kind = str(way.get("type"))
    return _address(way.get("access_url")) is None, _TYPES.index(kind) if kind in _TYPES else len(_TYPES)


def _address(access: Any) -> str | None:
    url = access.get("url") if isinstance(access, dict) else None
    return url if isinstance(url, str) and re.match(r"https?://", url, re.IGNORECASE) else None


def _opened(
    session: Session, path: str, ways: Sequence[Way], headers: Mapping[str, str]
) -> AbstractContextManager[Opened]:
    """The bytes by the first way that has an address. It is asked for each time: such addresses are signed for a while."""
    for way in ways:
        access = way.get("access_url")
        if _address(access) is None:
            access = _asked(session, f"{path}/access/{quote(str(way['access_id']), safe='')}", "the file's address")
        address = _address(access)
        if address is not None and may_lead(session.server, address):
            return opened(address, {**_headers(access), **headers})
    raise RefusedError(f"{session.server} gives no https address to download the file from.")


def _headers(access: Any) -> dict[str, str]:
    """What the server says must be sent along to that address, such as a passport for this one file."""
    listed = access.get("headers") if isinstance(access, dict) else None
    lines = [line for line in (listed if isinstance(listed, list) else ()) if isinstance(line, str)]
    pairs = [line.partition(":") for line in lines if line.isprintable() and line.isascii()]
    return {name.strip(): value.strip() for name, colon, value in pairs if colon and name.strip()}
