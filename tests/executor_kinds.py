"""Every kind of executor that tests hand work to, and one that kills a worker meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workbook_compiler.executors import workers

if TYPE_CHECKING:
    import pytest

KINDS = ("threads", "processes", "cluster")


def processes() -> ProcessPoolExecutor:
    """Two fresh processes."""
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@contextmanager
def local_cluster() -> Iterator[Any]:
    """A scheduler and two worker processes on 127.0.0.1."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        protocol="tcp",
        dashboard_address="127.0.0.1:0",  # any free port, for None is a fixed one
        silence_logs="CRITICAL",
    ) as made:
        yield made


@contextmanager
def executor_called(kind: str, request: pytest.FixtureRequest) -> Iterator[Executor | None]:
    """One of KINDS; the cluster is the fixture of that name."""
    if kind == "threads":
        with ThreadPoolExecutor(3) as threads:
            yield threads
    elif kind == "processes":
        with processes() as several:
            yield several
    else:
        with workers(1, request.getfixturevalue("cluster").scheduler_address, 2) as executor:
            yield executor


def slowly(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Work that is still under way when the worker is ended, however busy the machine is."""
    time.sleep(1)
    return fn(*args, **kwargs)


class Murderous(Executor):
    """Hands work on, and once ``after`` pieces are handed on, ends one of those who do it as soon as the first is done."""

    def __init__(self, inner: Executor, pid: Callable[[], int], after: int) -> None:
        self.inner, self.pid, self.after = inner, pid, after
        self.victims: list[int] = []
        self.under_way: list[Future[Any]] = []
        self.left = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        last = len(self.under_way) == self.after - 1
        future = self.inner.submit(*((slowly, fn) if last else (fn,)), *args, **kwargs)
        self.under_way.append(future)
        if len(self.under_way) == self.after:
            self.under_way[0].add_done_callback(self._kill)
        return future

    def _kill(self, _: Future[Any]) -> None:
        self.left = sum(not future.done() for future in self.under_way)
        self.victims.append(self.pid())
        os.kill(self.victims[0], signal.SIGKILL)


@contextmanager
def dying(kind: str, after: int) -> Iterator[Murderous]:
    """Processes or a cluster of which one is killed."""
    if kind == "processes":
        with processes() as inner:
            yield Murderous(
                inner, lambda: next(iter(inner._processes)), after
            )  # a cluster's processes are children too
    else:
        with local_cluster() as made, workers(1, made.scheduler_address, 2) as executor:
            assert executor is not None
            yield Murderous(executor, lambda: made.workers[0].pid, after)
