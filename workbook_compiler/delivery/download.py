"""A name -> a file: an accession of a portal, an address, or a DRS id. Public files need no key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from workbook_compiler.delivery.addresses import may_lead, same_place, without_secrets
from workbook_compiler.delivery.client import Opened, Session, opened
from workbook_compiler.delivery.transfer import Source
from workbook_compiler.errors import RefusedError, UnreachableError
from workbook_compiler.model.service import Answer

LONGEST = 1 << 16
"""Bytes of an answer that only says where a file lies."""
_REDIRECTS = (301, 302, 303, 307, 308)
_MD5 = re.compile(r"[0-9A-Fa-f]{32}")


def of_portal(session: Session, name: str) -> Source:
    """Return the file of a record: named by accession, uuid or alias, or by its path on the portal.

    Raises RefusedError when there is no such record, or it has no file.
    """
    record = _record(session, name)
    path, about = _where(record)
    if path is None:
        kind = next(iter(record.get("@type") or ()), "record")
        raise RefusedError(f"{name} is a {kind}, and has no file to download.")
    sums = {"md5": about["md5sum"]} if _is_md5(about.get("md5sum")) else {}
    return Source(
        name=file_name(path) or name,
        open=lambda headers: _redirected(session, path, headers),
        size=about["file_size"] if isinstance(about.get("file_size"), int) else None,
        sums=sums,
        content_md5=about.get("content_md5sum") if _is_md5(about.get("content_md5sum")) else None,
    )


def of_address(address: str) -> Source:
    """Return the file at an address of the web, of which nothing is known."""
    return Source(name=file_name(address) or "download", open=lambda headers: opened(address, headers))


def file_name(path: str) -> str:
    """Return the last part of a path or an address as a file may be called: no folder, nothing hidden, nothing invisible."""
    last = unquote(urlsplit(path).path.rstrip("/").rpartition("/")[2])
    return bare(last)


def bare(name: str) -> str:
    """Return what of a name can be a file's: another server's word must not choose a folder."""
    kept = "".join(sign for sign in re.split(r"[/\\]", name)[-1] if sign.isprintable() and sign not in ':*?"<>|')
    return kept.strip().lstrip(".").strip()[:200]


def _is_md5(value: object) -> bool:
    return isinstance(value, str) and _MD5.fullmatch(value) is not None


# ---------------------------------------------------------------- a record and its file


def _record(session: Session, name: str) -> Mapping[str, Any]:
    path = quote(name.strip().strip("/"), safe=":@/+,=.")
    answer = session.send("GET", f"/{path}/?frame=object")
    if answer.status in (401, 403):
        raise UnreachableError(session.server, _words(answer, name))
    if answer.status == 404:
        raise RefusedError(f"{session.server} has no {name}.")
    if not answer.ok or not isinstance(answer.body, dict):
        raise RefusedError(f"{session.server} answered {answer.status} when asked for {name}.")
    return answer.body


def _words(answer: Answer, name: str) -> str:
    return "it doesn't know this access key" if answer.status == 401 else f"{name} isn't open to you; a key may open it"


def _where(record: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """The path of a record's file and what the record says about it: a data file's, or an attachment's."""
    href = record.get("href")
    if isinstance(href, str) and href.startswith("/"):
        return href, record
    attachment, own = record.get("attachment"), record.get("@id")
    if isinstance(attachment, dict) and isinstance(attachment.get("href"), str) and isinstance(own, str):
        return f"{own.rstrip('/')}/{attachment['href'].lstrip('/')}", attachment
    return None, record


@contextmanager
def _redirected(session: Session, path: str, headers: Mapping[str, str]) -> Iterator[Opened]:
    """The file's bytes, from where the portal says they lie: the place is signed for a while, so it is asked for each time.

    Asked for a piece of a file, the portal would fetch the piece itself; so it is only asked where the file is.
    """
    with session.opened(f"{path}?soft=true", follow=False) as found:
        begin = _begin(found)
        place = _place(found, begin, session.address(path))
        if place is None:
            yield replace(found, pieces=chain([begin], found.pieces))
            return
    if not may_lead(session.server, place):
        raise RefusedError(f"{session.server} sends us to {without_secrets(place)}, which can't be trusted.")
    if same_place(session.server, place):
        with session.opened(_within(place), headers) as found:
            yield found
    else:
        with opened(place, headers) as found:
            yield found


def _begin(found: Opened) -> bytes:
    """The first bytes of an answer in JSON: it may say where the file is, or be the file."""
    data = bytearray()
    if found.status == 200 and found.headers.get("content-type", "").startswith("application/json"):
        for piece in found.pieces:
            data += piece
            if len(data) > LONGEST:
                break
    return bytes(data)


def _place(found: Opened, begin: bytes, asked: str) -> str | None:
    """Where the file lies, from either kind of answer; None when the answer is the file itself, or a refusal."""
    said: Any = None
    if found.status in _REDIRECTS:
        said = found.headers.get("location")
    elif begin:
        with suppress(ValueError, RecursionError):
            body = json.loads(begin)
            said = body.get("location") if isinstance(body, dict) and "SoftRedirect" in str(body.get("@type")) else None
    try:
        return urljoin(asked, said) if isinstance(said, str) else None
    except ValueError:  # an address that is none, which nobody trusts
        return str(said)


def _within(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
