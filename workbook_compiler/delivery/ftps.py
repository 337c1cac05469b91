"""Data files -> an upload area over FTPS, going on where an earlier run broke off; the only file that imports ftplib.

An area is flat for us: a file lies there under its bare name, which is what records name it by. Nothing but sizes can be asked
there, so a file of the right size is taken for the one that was sent.
"""

from __future__ import annotations

import ftplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbook_compiler.errors import RefusedError, UnreachableError, UsageError

BLOCK = 1 << 18
SECONDS = 60
TRIES = 3
TROUBLE = (OSError, EOFError, ftplib.error_temp, ftplib.error_proto)


@dataclass(frozen=True, slots=True)
class Area:
    """Where files go, and who brings them."""

    host: str
    port: int
    user: str
    password: str

    def __repr__(self) -> str:
        """Say where and who, and never the password."""
        return f"Area({self.host}:{self.port} as {self.user})"


class _Ftps(ftplib.FTP_TLS):
    """FTP over TLS whose data connections go on with the session of the first: servers refuse others as somebody else's."""

    def ntransfercmd(self, cmd: str, rest: Any = None) -> tuple[Any, int | None]:
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - TLS is what this class is for
        if self._prot_p:  # type: ignore[attr-defined] # ftplib's own mark that data is to be protected
            session = self.sock.session  # type: ignore[union-attr] # a TLS socket
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=session)
        return conn, size


def upload(
    files: Sequence[tuple[Path, str]],
    area: Area,
    sent: Callable[[int], None] = lambda _bytes: None,
    context: ssl.SSLContext | None = None,
) -> list[str]:
    """Put files into an area under their names; return the names of those that weren't there before.

    ``sent`` is told bytes as they go, those that were there already too. Raises UnreachableError when the area can't be
    reached or goes away again and again, RefusedError when it lets us not in or takes a file not.
    """
    new = []
    for path, name in files:
        for attempt in range(TRIES):
            try:
                with _opened(area, context) as ftp:
                    new += [name] if _put(ftp, path, name, sent if attempt == 0 else _quiet) else []
                break
            except TROUBLE as error:
                if attempt + 1 == TRIES:
                    raise UnreachableError(
                        area.host, f"the upload of {name} broke off ({type(error).__name__})"
                    ) from None
    return new


def present(names: Sequence[str], area: Area, context: ssl.SSLContext | None = None) -> frozenset[str]:
    """Return which of these names an area has. Raises as ``upload`` does."""
    try:
        with _opened(area, context) as ftp:
            return frozenset(name for name in names if _size(ftp, name) is not None)
    except TROUBLE as error:
        raise UnreachableError(area.host, f"no connection ({type(error).__name__})") from None


def area_of(address: str, user: str, password: str) -> Area:
    """Return the area at ``ftps://host:port`` or ``host``. Raises UsageError for another address."""
    parts = urlsplit(address if "://" in address else f"ftps://{address}")
    try:
        host, port = parts.hostname, parts.port or ftplib.FTP_PORT
    except ValueError:
        host, port = None, 0
    if parts.scheme != "ftps" or not host or parts.path.strip("/"):
        raise UsageError(f"{address} isn't an upload area; one looks like ftps://webin2.ebi.ac.uk.")
    return Area(host, port, user, password)


def _quiet(_bytes: int) -> None:
    """Bytes of a second try were told before."""


@contextmanager
def _opened(area: Area, context: ssl.SSLContext | None) -> Iterator[_Ftps]:
    ftp = _Ftps(context=context or ssl.create_default_context(), timeout=SECONDS)
    try:
        ftp.connect(area.host, area.port)
        try:
            ftp.login(area.user, area.password)
        except ftplib.error_perm:
            raise RefusedError(f"{area.host} doesn't let us in with this name and password.") from None
        ftp.prot_p()
        ftp.voidcmd("TYPE I")
        yield ftp
        with suppress(*TROUBLE):
            ftp.quit()
    finally:
        ftp.close()


def _put(ftp: _Ftps, path: Path, name: str, sent: Callable[[int], None]) -> bool:
    """Send what of a file isn't there yet; tell whether anything was."""
    size, there = path.stat().st_size, _size(ftp, name)
    if there == size:
        sent(size)
        return False
    begin = there if there is not None and there < size else 0
    sent(begin)
    try:
        with path.open("rb") as stream:
            stream.seek(begin)
            ftp.storbinary(f"STOR {name}", stream, BLOCK, lambda block: sent(len(block)), rest=begin or None)
    except ftplib.error_perm as error:
        raise RefusedError(f"{ftp.host} doesn't take the file {name}: {str(error)[:200]}") from None
    return True


def _size(ftp: _Ftps, name: str) -> int | None:
    try:
        return ftp.size(name)
    except ftplib.error_perm:  # it isn't there
        return None
