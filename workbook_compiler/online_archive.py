"""``plan`` and ``submit`` for an archive that takes documents: shown, asked, sent, told."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from workbook_compiler.console import MEND, ask, out, progress, refuse_unwritable, say, tell

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from workbook_compiler.api import Result
    from workbook_compiler.depositing import Archive, Settled


@dataclass(frozen=True, slots=True)
class Named:
    """What the person named on the command line."""

    keyfile: Path | None
    key: str | None
    server: str | None
    production: bool = False
    form: str | None = None
    dry_run: bool = False
    yes: bool = False
    restart: bool = False
    area: str | None = None
    no_files: bool = False


def plan(result: Result, books: list[Path], named: Named) -> int:
    """Say what would be sent, by what earlier runs have registered; the archive isn't asked."""
    from workbook_compiler import depositing

    assert result.plan is not None  # noqa: S101 - only what compiled comes here
    with _archive(result, named) as to:
        tell(result, result.diagnostics, ())
        out(depositing.overview(depositing.settled(result.plan, to, books), to))
    return 0


def _archive(result: Result, named: Named) -> AbstractContextManager[Archive]:
    from workbook_compiler import depositing, resources

    resources.named("format of documents", named.form or result.portal.forms[0], result.portal.forms)
    return depositing.archive(
        result.portal,
        server=named.server,
        production=named.production,
        form=named.form,
        keyfile=named.keyfile,
        entry=named.key,
        ask=_asked if sys.stdin.isatty() else None,
        area=named.area,
    )


def submit(result: Result, books: list[Path], named: Named) -> int:
    """Send the compiled documents and return the exit code."""
    from workbook_compiler import depositing
    from workbook_compiler.delivery import journal

    assert result.plan is not None  # noqa: S101 - only what compiled comes here
    with _archive(result, named) as to:
        for warning in to.warnings:
            say(warning)
        refuse_unwritable(books[0])
        if named.restart:
            ask("Forget what earlier runs have sent? The archive keeps it all the same.", yes=named.yes)
            with journal.opened(journal.beside(books[0])) as notes:
                notes.forget(to.server, to.account)
        with progress() as step:
            one, wrong = depositing.completed(depositing.settled(result.plan, to, books), step)
        tell(result, result.diagnostics, wrong)
        out(depositing.overview(one, to))
        if wrong:
            say(MEND)
            return 1
        return _rehearsed(result, one, to) if named.dry_run else _sent(result, one, to, named)


def _rehearsed(result: Result, one: Settled, to: Archive) -> int:
    from workbook_compiler import depositing

    said = depositing.rehearsed(one, to)
    tell(result, (), said)
    if not said:
        say("The archive has nothing against it.")
    return 3 if said else 0


def _sent(result: Result, one: Settled, to: Archive, named: Named) -> int:
    from workbook_compiler import depositing, receiving
    from workbook_compiler.submission import GO_ON, summary

    if any(op.action.value != "SKIP" for op in one.plan.operations):
        ask(f"Send this to {to.server}?", yes=named.yes)
    else:
        say("Nothing to send: all of it is registered.")
    try:
        with progress() as step:
            wrong = [] if named.no_files else depositing.brought(one, to, step)
        if wrong:
            tell(result, (), wrong)
            say(MEND)
            return 1
        with progress() as step:
            done = depositing.deposit(one, to, step)
    except KeyboardInterrupt:
        say(f"Interrupted. {GO_ON}")
        return 130
    tell(result, (), done.diagnostics)
    out(summary(done.posted.outcomes))
    written = receiving.write_receipts(depositing.receipts(done, one, to), one.plan, one.books, to.server)
    for told in written.told:
        say(told)
    for path in written.files:
        out(f"{path}\n")
    if done.posted.stopped is not None:
        say(f"{done.posted.stopped}. {GO_ON}")
        return done.posted.stopped.exit_code
    if not done.ok:
        say(GO_ON)
    return 0 if done.ok else 3


def _asked() -> tuple[str, str]:
    """The name and the password of an account, as a person types them; the password isn't shown."""
    name = typer.prompt("Webin account", err=True)
    return name, typer.prompt("Password", err=True, hide_input=True)
