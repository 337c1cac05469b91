"""After sending: data files go to where the portal wants them, once, and only those that their records are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from workbook_compiler.delivery import journal
from workbook_compiler.delivery.addresses import is_loopback
from workbook_compiler.delivery.attachments import CHECKSUM, EXTRA, FORMAT, Named, data_files
from workbook_compiler.delivery.checksums import Checked, checksums
from workbook_compiler.delivery.paths import place_of
from workbook_compiler.delivery.store import credentials, renewing
from workbook_compiler.delivery.submit import DONE, Outcome, State
from workbook_compiler.delivery.uploads import upload
from workbook_compiler.errors import UsageError, WorkbookCompilerError
from workbook_compiler.model.records import key_of, value_at
from workbook_compiler.model.report import Step, silent
from workbook_compiler.submission import Compared, Connection, Submitted


@dataclass(frozen=True, slots=True)
class Uploads:
    """How uploading went."""

    sent: int = 0
    already: int = 0
    without_place: int = 0
    """Files for which the portal named no place."""
    failed: tuple[str, ...] = ()
    """What went wrong, a sentence for each file."""

    @property
    def ok(self) -> bool:
        """True when nothing failed."""
        return not self.failed


def uploaded(one: Compared, done: Submitted, to: Connection, step: Step = silent) -> Uploads:
    """Upload the data files of records that are new or still without theirs. What broke off goes on in the next run.

    A file that isn't the one whose checksum its record has stays where it is, and is told.
    """
    first = (outcome for outcome in done.outcomes if not outcome.operation.deferred)
    there = {outcome.operation.record.id: outcome for outcome in first if outcome.state in DONE}
    new = {name for name, outcome in there.items() if outcome.state is State.CREATED}
    files = data_files(r for r in one.records if r.id in there and (r.id in new or r.id in one.waiting))
    if not files or one.journal is None:
        return Uploads()
    places = [place_of(file.typed, one.folders(file.record)) for file in files]
    found = checksums(places)
    sizes = [known.size or 0 for known in found]
    counts = {"sent": 0, "already": 0, "without_place": 0}
    failed: list[str] = []
    with journal.opened(one.journal, alone=True) as notes:
        for number, (file, path, known) in enumerate(zip(files, places, found, strict=True)):
            outcome = there[file.record.id]
            meter = _Meter(step, f"Uploading {file.typed}", sum(sizes[:number]), sum(sizes))
            try:
                how = _one(to, file, outcome.uuid or "", path, _right(file, known, outcome, one), notes, meter)
            except WorkbookCompilerError as error:
                failed.append(f"{file.typed} ({file.location}) wasn't uploaded. {error}")
            else:
                counts[how] += 1
    return Uploads(**counts, failed=tuple(failed))


@dataclass(slots=True)
class _Meter:
    """Tells how far all files are, byte by byte."""

    step: Step
    label: str
    sent: int
    all: int

    def __call__(self, more: int) -> None:
        """Count bytes that went."""
        self.sent += more
        self.step(self.label, min(1.0, self.sent / max(self.all, 1)))


def _right(file: Named, known: Checked, outcome: Outcome, one: Compared) -> str:
    """The file's md5. Raises UsageError where it can't be read, or isn't the file that its record is about."""
    if known.md5 is None:
        raise UsageError("It can't be read.")
    record = file.record
    held = {**one.waiting.get(record.id, {}), **outcome.operation.body}
    promised = value_at(_member(held, file), (CHECKSUM,))
    if isinstance(promised, str) and promised.lower() != known.md5:
        raise UsageError(
            f"It isn't the file its record was made for: its checksum is {known.md5}, and the portal knows {promised}. "
            f"Bring that file back, or type the new checksum into the {CHECKSUM} column."
        )
    return known.md5


def _member(held: Mapping[str, Any], file: Named) -> Any:
    """What is said of a file: in its record, or in the record's list of what comes along, by its format."""
    if file.format is None:
        return held
    listed = held.get(EXTRA)
    members = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return next((one for one in members if key_of(str(one.get(FORMAT))) == key_of(file.format)), {})


def _one(
    to: Connection, file: Named, uuid: str, path: Path, md5: str, notes: journal.Journal, meter: Callable[[int], None]
) -> str:
    ask = partial(to.service.upload_keys, to.send, uuid, file.format)
    given = ask()
    if given is None:
        return "without_place"
    here = is_loopback(to.server)
    keys = credentials(given, here=here)
    found = upload(path, keys, md5, renew=renewing(ask, here=here), state=notes.notes(uuid), sent=meter)
    return "already" if found.already else "sent"
