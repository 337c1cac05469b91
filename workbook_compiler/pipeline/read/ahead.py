"""Sheets that are read when they are asked for, ahead of the caller in threads: calamine lets go of the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from workbook_compiler.pipeline.read.cells import Sheet

AHEAD = 2
"""So many sheets are read before they are asked for; more would only take memory."""


class Ahead(Sequence[Sheet]):
    """The sheets of a workbook in order.

    ``begin`` does for a sheet's title what can be done in a thread, ``finish`` makes the Sheet of its result in the
    caller. Whatever they raise, asking for the sheet raises.
    """

    def __init__(self, titles: Sequence[str], begin: Callable[[str], Any], finish: Callable[[str, Any], Sheet]) -> None:
        self.titles = tuple(titles)
        self._begin, self._finish = begin, finish
        self._threads = ThreadPoolExecutor(AHEAD)
        self._begun: dict[int, Future[Any]] = {}
        self._done: dict[int, Sheet] = {}
        self._start(0)

    def _start(self, first: int) -> None:
        for place in range(first, min(first + AHEAD, len(self.titles))):
            if place not in self._begun and place not in self._done:
                self._begun[place] = self._threads.submit(self._begin, self.titles[place])

    def __len__(self) -> int:
        return len(self.titles)

    def __getitem__(self, place: Any) -> Any:
        if place not in self._done:
            title = self.titles[place]
            self._start(place)
            found = self._begun[place].result()
            self._start(place + 1)
            self._done[place] = self._finish(title, found)
            del self._begun[place]
        return self._done[place]
