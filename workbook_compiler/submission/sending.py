"""A compared plan -> its portal, in earnest or as a rehearsal."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from workbook_compiler.delivery import attachments, emit, journal, outcomes
from workbook_compiler.delivery import submit as delivery
from workbook_compiler.errors import UnclearError, UsageError, WorkbookCompilerError
from workbook_compiler.model.diagnostics import Diagnostic
from workbook_compiler.model.plan import Action, Operation
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.service import Refusal
from workbook_compiler.submission.comparing import Compared
from workbook_compiler.submission.connection import Connection, Where


@dataclass(frozen=True, slots=True)
class Submitted:
    """How a submission went."""

    outcomes: tuple[delivery.Outcome, ...]
    diagnostics: tuple[Diagnostic, ...]
    stopped: WorkbookCompilerError | None = None
    """Why it ended before its end; what was done by then is done."""
    failed_files: tuple[str, ...] = ()
    """The data files that didn't get where the portal wants them, a sentence for each."""

    @property
    def ok(self) -> bool:
        """True when every operation was done and no file failed."""
        done = all(one.state in delivery.DONE for one in self.outcomes)
        return done and self.stopped is None and not self.failed_files


def rehearsed(one: Compared, to: Connection, where: Where, step: Step = silent) -> list[Diagnostic]:
    """Return what the portal has against the messages; nothing is stored.

    It doesn't look for names that are taken already, so those are looked for here. Links to new rows it lets pass.
    """
    operations = [op for op in one.plan.operations if op.action is not Action.SKIP and (op.target or not op.deferred)]

    def asked(op: Operation) -> list[Diagnostic]:
        try:
            refusals = _tried(op, one, to)
        except UnclearError as unclear:
            return [outcomes.at_cell(op.record, Refusal("unclear", None, unclear.reason))]
        told = {refusal.pointer for refusal in refusals}
        taken = (refusal for refusal in _taken(op, one, to) if refusal.pointer not in told)
        return [outcomes.at_cell(op.record, refusal) for refusal in (*refusals, *taken)]

    said: list[Diagnostic] = []
    with ThreadPoolExecutor(where.jobs) as workers:
        for number, found in enumerate(workers.map(asked, operations), 1):
            step("Rehearsing", number / len(operations))
            said += found
    return said


def _tried(op: Operation, one: Compared, to: Connection) -> list[Refusal]:
    """What the portal has against a message that it only checks; nothing where it can't do that."""
    if to.service.rehearsal is None:
        return []
    request = attachments.inline(to.service.message(op, one.schema), op.record, one.folders(op.record))
    tried = to.service.rehearsal(to.service.whole(to.send, op, request))
    answer = to.send(tried.method, tried.path, tried.body)
    return [] if answer.ok else list(to.service.refusals(answer, request))


def _taken(op: Operation, one: Compared, to: Connection) -> Iterator[Refusal]:
    """What of a new record another one has already."""
    for pointer, name in to.service.claims(op, one.schema) if op.action is Action.POST else ():
        if to.service.look(to.send, name, (op.record.type,)) is not None:
            yield Refusal("conflict", pointer, "", name.removeprefix("md5:"))


def submit(one: Compared, to: Connection, where: Where, step: Step = silent) -> Submitted:
    """Send the plan and return how it went; the journal beside the first workbook knows it too. Run again, it goes on.

    Raises UsageError when another run sends the same workbook.
    """
    path = one.journal
    if path is None:
        raise UsageError("Without its workbook's path there is no place to note what was sent.")
    with journal.opened(path, alone=True) as notes:
        if notes.known(to.server, to.account.name) != one.known:
            raise UsageError("Another run has sent this workbook since it was compared. Run the same command again.")
        notes.begin(emit.plan_hash(one.original), to.server, to.account.name)
        for record in one.records:  # before another row writes over what is known of its place
            if record.identifier is None and record.id in one.remembered:
                notes.keep(record.id, one.remembered[record.id])
        notes.left(one.plan.operations, one.known)
        door = delivery.Door(
            to.service,
            to.send,
            one.schema,
            lambda request, op: to.service.whole(
                to.send, op, attachments.inline(request, op.record, one.folders(op.record))
            ),
        )
        found = delivery.apply(one.plan, door, notes, jobs=where.jobs, unclear=one.unclear, left=one.left, step=step)
        if found.stopped is None and all(one.state is not delivery.State.UNCLEAR for one in found.outcomes):
            notes.end()
    return Submitted(found.outcomes, tuple(outcomes.findings(found.outcomes)), found.stopped)


def forget(book: Path, to: Connection) -> None:
    """Forget what earlier runs of a workbook sent; the portal keeps it all the same."""
    with journal.opened(journal.beside(book)) as notes:
        notes.forget(to.server, to.account.name)
