"""Who does the work of a run: this process, several of this machine, or a Dask cluster; and what becomes of a lost one's part."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager
from importlib import metadata
from typing import Any, TypeVar

from workbook_compiler.errors import UnreachableError, UsageError

PACKAGE = "workbook-compiler"
SECONDS = 10
"""A scheduler that hasn't answered by then isn't reached."""
IN_FLIGHT = 256
"""At most so many pieces of work wait, with what they hold in memory, for workers that haven't got to them."""

Piece = TypeVar("Piece")
Done = TypeVar("Done")


def in_order(
    pieces: Iterable[Piece], submit: Callable[[Piece], Future[Done] | None]
) -> Generator[tuple[Piece, Done | None], None, None]:
    """Yield each piece of work with what a worker made of it, in the order given.

    None instead is for the caller to do: ``submit`` gave no future, or the worker is lost and the executor has no other. What
    the work itself raises is raised. Whoever closes it early leaves no work behind that hasn't begun.
    """
    waiting: deque[tuple[Piece, Future[Done] | None]] = deque()
    try:
        for piece in pieces:
            waiting.append((piece, _submitted(piece, submit)))
            if len(waiting) >= IN_FLIGHT:
                first, future = waiting.popleft()
                yield first, _settled(future)
        while waiting:
            first, future = waiting.popleft()
            yield first, _settled(future)
    finally:
        for _, future in waiting:
            if future is not None:
                future.cancel()


def _submitted(piece: Piece, submit: Callable[[Piece], Future[Done] | None]) -> Future[Done] | None:
    try:
        return submit(piece)
    except BrokenExecutor:
        return None


def _settled(future: Future[Done] | None) -> Done | None:
    try:
        return None if future is None else future.result()
    except (BrokenExecutor, CancelledError):
        return None


@contextmanager
def workers(jobs: int, dask: str | None, files: int) -> Iterator[Executor | None]:
    """Give the executor that was asked for; None when this process alone does it, as for a single file it does best.

    Raises UsageError when Dask isn't installed or its workers aren't like us, UnreachableError when its scheduler doesn't answer.
    """
    if dask is not None:
        with _cluster(dask) as executor:
            yield executor
    elif jobs > 1 and files > 1:
        with _processes(min(jobs, files)) as executor:
            yield executor
    else:
        yield None


def _processes(number: int) -> Executor:
    """Fresh processes, which an interrupt from the keyboard leaves to this one to end."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    quiet = (signal.SIGINT, signal.SIG_IGN)
    return ProcessPoolExecutor(number, mp_context=get_context("spawn"), initializer=signal.signal, initargs=quiet)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import KilledWorker
    except ImportError as error:
        raise UsageError("--dask needs one more package: pip install 'workbook-compiler[dask]'.") from error
    with _connected(address) as client, client.get_executor(pure=False) as executor:
        _refuse_other_versions(client)
        try:
            yield executor
        except KilledWorker as error:
            raise UnreachableError(address, "several workers died over one file; give them more memory") from error


def _connected(address: str) -> Any:
    from distributed import Client
    from distributed.comm import get_address_host_port

    try:
        get_address_host_port(address)
        return Client(address, timeout=SECONDS, set_as_default=False)
    except ValueError as error:
        raise UsageError(f"{address} is no address of a Dask scheduler; one looks like tcp://host:8786.") from error
    except OSError as error:
        raise UnreachableError(address, "no Dask scheduler answers there") from error


def _own_version() -> str:
    return metadata.version(PACKAGE)


def _refuse_other_versions(client: Any) -> None:
    """Raise UsageError when a worker lacks this package or has another version: it would read workbooks otherwise."""
    here = _own_version()
    there = client.run(metadata.version, PACKAGE, on_error="return")
    if any(found != here for found in there.values()):
        raise UsageError(f"The workers of the cluster need {PACKAGE} {here}, as here; install it there.")
