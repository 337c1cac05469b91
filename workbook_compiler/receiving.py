"""After sending: receipts, in copies of the workbooks and as JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbook_compiler.delivery import journal
from workbook_compiler.delivery.ask import found_by
from workbook_compiler.delivery.receipts import EDITABLE, Receipt, as_json, write_copy
from workbook_compiler.delivery.submit import Outcome, State
from workbook_compiler.errors import WorkbookCompilerError
from workbook_compiler.files import written_whole
from workbook_compiler.model.plan import Operation, Plan
from workbook_compiler.model.records import key_of
from workbook_compiler.submission import Compared, Connection, Submitted


def receipts(one: Compared, done: Submitted, to: Connection, jobs: int = 4) -> list[Receipt]:
    """Return a receipt for each row: what was done, and where the record is now.

    Accessions of new records come from the portal's index, and from the records themselves where it is behind.
    """
    rows = {outcome.operation.record.id: outcome for outcome in done.outcomes if not outcome.operation.deferred}
    new = [outcome for outcome in rows.values() if outcome.state is State.CREATED]
    names = [o.operation.record.identifier for o in new if o.operation.record.identifier]
    found, _ = found_by(to.service, to.send, names, jobs)
    paths = {
        o.operation.record.id: there.path for o in new if (there := found.get(o.operation.record.identifier or ""))
    }
    unseen = [o for o in new if o.operation.record.id not in paths and o.uuid and _has_accession(o.operation, one)]
    with ThreadPoolExecutor(jobs) as workers:
        looked = workers.map(lambda o: _looked(to, str(o.uuid)), unseen)
        paths.update({o.operation.record.id: path for o, path in zip(unseen, looked, strict=True) if path})
    return [_receipt(outcome, to.server, paths, one) for outcome in rows.values()]


def _looked(to: Connection, uuid: str) -> str | None:
    """Where a record lies; None when the portal doesn't say: it was stored all the same."""
    try:
        found = to.service.look(to.send, uuid, ())
    except WorkbookCompilerError:
        return None
    return found.path if found is not None else None


def _has_accession(op: Operation, one: Compared) -> bool:
    return "accession" in one.schema.types[op.record.type].properties


def _receipt(outcome: Outcome, server: str, paths: Mapping[str, str], one: Compared) -> Receipt:
    op, before = outcome.operation, one.remembered.get(outcome.operation.record.id)
    path = op.target or paths.get(op.record.id) or (f"/{outcome.uuid}/" if outcome.uuid else "")
    name, uuid = key_of(path), outcome.uuid or op.uuid or ""
    return Receipt(
        op.record.location,
        op.action,
        uuid,
        accession=name if name != uuid and ":" not in name and _has_accession(op, one) else "",
        status=outcome.state.value,
        link=server + path if path else "",
        time=outcome.at or (before.at if before is not None and outcome.state is State.UNCHANGED else ""),
        id=op.id,
        type=op.record.type,
        identifier=op.record.identifier,
    )


@dataclass(frozen=True, slots=True)
class Written:
    """The receipts that were written, and what couldn't be."""

    files: tuple[Path, ...]
    told: tuple[str, ...] = ()


STEM = ".receipt"


def write_receipts(found: Sequence[Receipt], plan: Plan, books: Sequence[Path], server: str) -> Written:
    """Write a copy of each workbook with its receipts, and one JSON receipt for all beside the first.

    A workbook that can't be changed in place (.ods, .tsv, .csv) has its receipts in the JSON alone. What can't be written is
    told: the records are on the portal all the same. A copy that somebody has edited since is never written over.
    """
    files: list[Path] = []
    told: list[str] = []
    with journal.opened(journal.beside(books[0])) as notes:
        written = notes.notes("receipts")
        for book, source in zip(books, plan.workbooks, strict=True):
            own = [receipt for receipt in found if receipt.location.file == source.name]
            if book.suffix.lower() in EDITABLE and own:
                _attempt(partial(_copy, book, own, written), files, told)
    path = books[0].with_name(f"{books[0].stem.removesuffix(STEM)}{STEM}.json")
    content = as_json(found, portal=plan.portal, server=server, workbooks=plan.workbooks)
    _attempt(partial(_whole, path, content), files, told)
    return Written(tuple(files), tuple(told))


def _attempt(write: Callable[[], Path], files: list[Path], told: list[str]) -> None:
    try:
        files.append(write())
    except (WorkbookCompilerError, OSError) as error:
        why = (
            f"{error.filename or 'A receipt'} can't be written: {error.strerror}."
            if isinstance(error, OSError)
            else error
        )
        told.append(f"{why} The records are on the portal all the same.")


def _free(book: Path, written: Mapping[str, str]) -> Path:
    """Where a workbook's copy goes: in the place of our last one, or beside it when somebody has saved that since."""
    if book.stem.endswith(STEM):
        return book
    number = 1
    while True:
        out = book.with_name(f"{book.stem}{STEM}{f'-{number}' if number > 1 else ''}{book.suffix}")
        if not out.exists() or written.get(out.name) == _sha256(out):
            return out
        number += 1


def _copy(book: Path, own: Sequence[Receipt], written: MutableMapping[str, str]) -> Path:
    out = _free(book, written)
    write_copy(book, own, out)
    written[out.name] = _sha256(out)
    return out


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _whole(path: Path, content: bytes) -> Path:
    with written_whole(path) as beside:
        beside.write_bytes(content)
    return path
