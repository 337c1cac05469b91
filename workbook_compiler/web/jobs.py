"""What takes longer than an answer: done in threads, a few at a time, remembered for a while, and then forgotten."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

from workbook_compiler.errors import WorkbookCompilerError
from workbook_compiler.model.report import Step
from workbook_compiler.web.checking import Asked, Copy, Found, PortalWanted, RulesWanted
from workbook_compiler.web.mistakes import unexpected
from workbook_compiler.web.uploads import Upload

AT_ONCE = 2
WAITING = 6
"""So many more may wait for their turn."""
REMEMBERED = 8
COPIES = 4
"""Of one result so many mended copies are remembered: another tab may have chosen otherwise."""
MAX_HELD = 600 << 20
"""Remembered files and results take at most so many bytes, beside the newest."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A portal's rules came in; ``told`` is what the person should know."""

    told: tuple[str, ...] = ()


NOTHING_SAID = Asked()
Outcome = Found | PortalWanted | RulesWanted | Fetched
Work = Callable[[Step], Outcome]


class State(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class BusyError(Exception):
    """There is no room for another job now."""


class _EndedError(Exception):
    """The page ends, and with it what is being done."""


@dataclass(eq=False)
class Job:
    """One piece of work, with the files it is about and what came of it."""

    id: str
    uploads: tuple[Upload, ...]
    asked: Asked
    mended: bool = False
    """The files are ones in which suggestions were accepted."""
    state: State = State.WAITING
    label: str = "Waiting for its turn"
    share: float = 0.0
    sentence: str = ""
    """Why it failed."""
    outcome: Outcome | None = field(default=None, repr=False)
    copies: dict[str, Copy] = field(default_factory=dict, repr=False)
    """Copies with accepted suggestions in them, by what was accepted."""
    noted: dict[int, bytes] = field(default_factory=dict, repr=False)
    """Copies with notes in them, by the place of the file."""

    @property
    def is_over(self) -> bool:
        """Whether it has come to an end."""
        return self.state in (State.DONE, State.FAILED)

    @property
    def size(self) -> int:
        """How many bytes of memory it takes, nearly."""
        files = (*self.uploads, *(file for copy in self.copies.values() for file in copy.files))
        distinct = {
            id(one.data): len(one.data) for one in files
        }  # a file in which nothing changed is the same in each copy
        made = sum(distinct.values()) + sum(map(len, self.noted.values()))
        return made + (self.outcome.size if isinstance(self.outcome, Found) else 0)


class Jobs:
    """The jobs of one page."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="check")
        self._closed = False

    def start(
        self, work: Work, uploads: tuple[Upload, ...] = (), asked: Asked = NOTHING_SAID, *, mended: bool = False
    ) -> Job:
        """Return a new job, which a thread takes up when it is its turn. Raises BusyError when too many wait already."""
        job = Job(secrets.token_urlsafe(12), uploads, asked, mended)
        with self._lock:
            if sum(not one.is_over for one in self._jobs.values()) >= AT_ONCE + WAITING:
                raise BusyError
            self._jobs[job.id] = job
            self._forget()
        self._workers.submit(self._run, job, work)
        return job

    def get(self, name: str) -> Job | None:
        """Return a job by its id; None for one that was forgotten."""
        with self._lock:
            return self._jobs.get(name)

    def keep_copy(self, job: Job, name: str, copy: Copy) -> None:
        """Remember a mended copy of a job's files, and let go of the one that was made longest ago when they are too many."""
        with self._lock:
            latest = {**{known: one for known, one in job.copies.items() if known != name}, name: copy}
            job.copies = dict([*latest.items()][-COPIES:])
            self._forget()

    def keep_noted(self, job: Job, number: int, content: bytes) -> None:
        """Remember the copy of a job's file with notes in it."""
        with self._lock:
            job.noted[number] = content
            self._forget()

    def close(self) -> None:
        """Forget everything; what is being done ends at its next step."""
        with self._lock:
            self._closed = True
            self._jobs.clear()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _forget(self) -> None:
        """Let go of the oldest that are over, until the others are few and small enough."""
        over = [job for job in self._jobs.values() if job.is_over]
        while len(over) > REMEMBERED or (len(over) > 1 and sum(job.size for job in over) > MAX_HELD):
            del self._jobs[over.pop(0).id]

    def _run(self, job: Job, work: Work) -> None:
        def step(label: str, share: float) -> None:
            if self._closed:
                raise _EndedError
            job.label, job.share = label, max(job.share, min(share, 1.0))

        job.state = State.RUNNING
        try:
            job.outcome = work(step)
            ended = State.DONE
        except _EndedError:
            return
        except WorkbookCompilerError as error:
            ended, job.sentence = State.FAILED, str(error)
        except Exception as error:  # the page goes on whatever one workbook does to it
            ended, job.sentence = State.FAILED, unexpected(error)
        with self._lock:
            job.state = ended
            self._forget()
