"""Data files reach an upload area whole, over TLS on both connections, and go on where they broke off."""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

from workbook_compiler.delivery import ftps
from workbook_compiler.delivery.ftps import Area, upload
from workbook_compiler.errors import RefusedError, UnreachableError

SECRET = "never-shown-7"  # noqa: S105 - of nobody


@dataclass
class Store:
    """An FTPS server that is up."""

    area: Area
    folder: Path
    context: ssl.SSLContext
    handler: Any
    commands: list[str]
    authority: bytes
    """Who vouches for its certificate, as PEM."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A real FTPS server on this machine, whose certificate a client of the test trusts; data must be protected too."""
    folder = tmp_path / "area"
    folder.mkdir()
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "cert.pem"))
    commands: list[str] = []
    users = DummyAuthorizer()
    users.add_user("Webin-1", SECRET, str(folder), perm="elradfmwMT")

    class Handler(TLS_FTPHandler):
        authorizer = users
        certfile = str(tmp_path / "cert.pem")
        tls_control_required = True
        tls_data_required = True

        def pre_process_command(self, line: str, cmd: str, arg: str) -> Any:
            commands.append(f"{cmd} {arg}".strip() if cmd != "PASS" else cmd)
            return super().pre_process_command(line, cmd, arg)

    server = ThreadedFTPServer(("127.0.0.1", 0), Handler)
    done = threading.Event()

    def serve() -> None:
        # Its sockets are closed by the thread that waits on them: closed by another, waiting fails now and then.
        while not done.is_set():
            server.serve_forever(timeout=0.05, blocking=False, handle_exit=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    host, port = server.address
    yield Store(Area(host, port, "Webin-1", SECRET), folder, context, Handler, commands, authority.cert_pem.bytes())
    done.set()
    thread.join(10)


def reads(folder: Path, name: str, size: int) -> tuple[Path, str]:
    path = folder / name
    path.write_bytes(random.Random(size).randbytes(size))  # noqa: S311 - reads, not keys
    return path, name


def test_files_arrive_whole_and_once(store: Store, tmp_path: Path) -> None:
    """Under their bare names; what is there already isn't sent again."""
    files = [reads(tmp_path, "R1.fastq.gz", 700_000), reads(tmp_path, "R2.fastq.gz", 10)]
    told: list[int] = []
    assert upload(files, store.area, told.append, store.context) == ["R1.fastq.gz", "R2.fastq.gz"]
    assert sum(told) == 700_010
    assert all((store.folder / name).read_bytes() == path.read_bytes() for path, name in files)
    assert upload(files, store.area, context=store.context) == []
    assert sum(command.startswith("STOR") for command in store.commands) == 2


def test_what_broke_off_goes_on(store: Store, tmp_path: Path) -> None:
    """Only the rest is sent."""
    path, name = reads(tmp_path, "R1.fastq.gz", 500_000)
    (store.folder / name).write_bytes(path.read_bytes()[:300_000])
    upload([(path, name)], store.area, context=store.context)
    assert "REST 300000" in store.commands
    assert (store.folder / name).read_bytes() == path.read_bytes()


def test_a_connection_that_breaks_is_made_again(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And goes on from where it broke; each byte is told once."""
    path, name = reads(tmp_path, "R1.fastq.gz", 900_000)
    real, calls = ftps._Ftps.storbinary, []

    def breaking(self: Any, cmd: str, stream: Any, block: int, told: Any, rest: Any = None) -> Any:
        calls.append(rest)
        if len(calls) == 1:
            stream.seek(0)
            real(self, cmd, Part(stream, 400_000), block, None)
            raise ConnectionResetError
        return real(self, cmd, stream, block, told, rest=rest)

    monkeypatch.setattr(ftps._Ftps, "storbinary", breaking)
    upload([(path, name)], store.area, context=store.context)
    assert calls == [None, 400_000]
    assert (store.folder / name).read_bytes() == path.read_bytes()


class Part:
    """The first bytes of a file."""

    def __init__(self, stream: Any, size: int) -> None:
        self.stream, self.left = stream, size

    def read(self, count: int) -> bytes:
        data: bytes = self.stream.read(min(count, self.left))
        self.left -= len(data)
        return data


def test_a_wrong_password_is_told_without_it(store: Store, tmp_path: Path) -> None:
    wrong = Area(store.area.host, store.area.port, "Webin-1", "wrong-secret")
    with pytest.raises(RefusedError, match="doesn't let us in") as caught:
        upload([reads(tmp_path, "a.bam", 5)], wrong, context=store.context)
    assert "wrong-secret" not in str(caught.value) + repr(wrong)


def test_a_server_nobody_vouches_for_gets_no_password(store: Store, tmp_path: Path) -> None:
    """Its certificate can't be trusted: nothing is said to it."""
    with pytest.raises(UnreachableError):
        upload([reads(tmp_path, "a.bam", 5)], store.area)
    assert not any(command.startswith(("USER", "PASS")) for command in store.commands)


def test_an_area_that_is_full_or_closed_is_told(store: Store, tmp_path: Path) -> None:
    store.handler.authorizer.user_table["Webin-1"]["perm"] = "elr"
    with pytest.raises(RefusedError, match=r"doesn't take the file a\.bam"):
        upload([reads(tmp_path, "a.bam", 5)], store.area, context=store.context)
