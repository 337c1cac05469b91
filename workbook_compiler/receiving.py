"""After sending: data files go to where the portal wants them, and receipts into copies of the workbooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbook_compiler.delivery import journal
from workbook_compiler.delivery.attachments import data_files
from workbook_compiler.delivery.checksums import checksums
from workbook_compiler.delivery.paths import place_of
from workbook_compiler.delivery.receipts import Receipt, as_json, write_copy
from workbook_compiler.delivery.store import credentials, renewing
from workbook_compiler.delivery.submit import DONE, Outcome, State
from workbook_compiler.delivery.uploads import upload
from workbook_compiler.edit import UneditableError
from workbook_compiler.errors import WorkbookCompilerError
from workbook_compiler.files import written_whole
from workbook_compiler.model.plan import Plan
from workbook_compiler.model.records import key_of
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


def uploaded(one: Compared, done: Submitted, to: Connection, book: Path, step: Step = silent) -> Uploads:
    """Upload the data files of records that are new or still without theirs. What broke off goes on in the next run."""
    uuids = {outcome.operation.record.id: outcome.uuid for outcome in done.outcomes if outcome.state in DONE}
    new = {outcome.operation.record.id for outcome in done.outcomes if outcome.state is State.CREATED}
    records = list({op.record.id: op.record for op in one.plan.operations}.values())
    wanted = [r for r in records if uuids.get(r.id) and (r.id in new or r.id in one.waiting)]
    files = data_files(wanted)
    places = [place_of(file.typed, book.parent) for file in files]
    found = checksums(places) if files else []
    counts = {"sent": 0, "already": 0, "without_place": 0}
    failed: list[str] = []
    with journal.opened(journal.beside(book)) as notes:
        for number, (file, path, known) in enumerate(zip(files, places, found, strict=True), 1):
            step(f"Uploading {file.typed}", number / len(files))
            uuid = str(uuids[file.record.id])
            if known.md5 is None:
                failed.append(f"{file.typed} can't be read.")
                continue
            try:
                how = _one(to, uuid, file.format, path, known.md5, notes.notes(uuid))
            except WorkbookCompilerError as error:
                failed.append(str(error))
            else:
                counts[how] += 1
    return Uploads(**counts, failed=tuple(failed))


def _one(to: Connection, uuid: str, extra: str | None, path: Path, md5: str, notes: journal.Notes) -> str:
    ask = partial(to.service.upload_keys, to.send, uuid, extra)
    given = ask()
    if given is None:
        return "without_place"
    found = upload(path, credentials(given), md5, renew=renewing(ask), state=notes)
    return "already" if found.already else "sent"


def receipts(done: Submitted, to: Connection) -> list[Receipt]:
    """Return a receipt for each row: what was done, and where the record is now."""
    rows = {outcome.operation.record.id: outcome for outcome in done.outcomes if not outcome.operation.deferred}
    named = [o.operation.record for o in rows.values() if o.state is State.CREATED and o.operation.record.identifier]
    found, _ = to.service.find(to.send, [str(record.identifier) for record in named])
    paths = {record.id: there.path for record in named if (there := found.get(str(record.identifier)))}
    return [_receipt(outcome, to.server, paths) for outcome in rows.values()]


def _receipt(outcome: Outcome, server: str, paths: dict[str, str]) -> Receipt:
    op = outcome.operation
    path = op.target or paths.get(op.record.id) or (f"/{outcome.uuid}/" if outcome.uuid else "")
    name, uuid = key_of(path), outcome.uuid or ""
    return Receipt(
        op.record.location,
        op.action,
        uuid,
        accession=name if name != uuid and ":" not in name else "",
        status=outcome.state.value,
        link=server + path if path else "",
        time=outcome.at or "",
        id=op.id,
        type=op.record.type,
        identifier=op.record.identifier,
    )


def write_receipts(found: Sequence[Receipt], plan: Plan, to: Connection, books: Sequence[Path]) -> list[Path]:
    """Write a copy of each workbook with its receipts, and one JSON receipt for all beside the first; return the files.

    A workbook that can't be changed in place (.ods, .tsv, .csv) has its receipts in the JSON alone.
    """
    written = []
    for book, source in zip(books, plan.workbooks, strict=True):
        out = book.with_name(f"{book.stem}.receipt{book.suffix}")
        try:
            write_copy(book, [receipt for receipt in found if receipt.location.file == source.name], out)
        except UneditableError:
            continue
        written.append(out)
    path = books[0].with_name(f"{books[0].stem}.receipt.json")
    with written_whole(path) as beside:
        beside.write_bytes(as_json(found, portal=plan.portal, server=to.server, workbooks=plan.workbooks))
    return [*written, path]
