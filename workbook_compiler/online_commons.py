"""``plan``, ``submit`` and ``export`` for a data commons of projects: shown, asked, sent, told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook_compiler.console import MEND, ask, out, progress, refuse_unwritable, say, tell
from workbook_compiler.errors import UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from workbook_compiler.api import Result
    from workbook_compiler.commons import Commons
    from workbook_compiler.exporting import Exported
    from workbook_compiler.model.schema import Schema
    from workbook_compiler.submission import Compared, Submitted

REFUSED = "Mend the rows that were refused, save, and run the same command again: what is done stays done."
PARTIAL = "A request with a wrong row is not stored at all; with --partial its other rows are sent without it."


@dataclass(frozen=True, slots=True)
class Named:
    """What the person named on the command line."""

    keyfile: Path | None
    key: str | None
    server: str | None
    project: str | None = None
    create: bool = True
    update: bool = True
    dry_run: bool = False
    yes: bool = False
    partial: bool = False
    restart: bool = False


def plan(result: Result, books: list[Path], named: Named) -> int:
    """Say what would be created, changed or left; return the exit code. Nothing is sent."""
    with _commons(result.portal.name, named) as to:
        one, _ = _compared(result, books, to, named)
    if not one.ok:
        say(MEND)
    return 0 if one.ok else 1


def submit(result: Result, books: list[Path], named: Named) -> int:
    """Send the compiled records and return the exit code."""
    from workbook_compiler.delivery import journal

    with _commons(result.portal.name, named) as to:
        one, project = _compared(result, books, to, named)
        if not one.ok:
            say(MEND)
            return 1
        if named.dry_run:
            return _rehearsed(result, one, to, project)
        refuse_unwritable(books[0])
        if named.restart:
            ask("Forget what earlier runs have sent? The commons keeps it all the same.", yes=named.yes)
            with journal.opened(journal.beside(books[0])) as notes:
                notes.forget(to.server, project)
            one, project = _compared(result, books, to, named)
        if any(op.action.value != "SKIP" for op in one.plan.operations):
            ask(f"Send this to {project} on {to.server}?", yes=named.yes)
        else:
            say("Nothing to send." if one.unwanted else "Nothing to send: the commons has it all.")
        return _sent(result, one, to, project, named)


def _commons(portal: str, named: Named) -> AbstractContextManager[Commons]:
    from workbook_compiler import api, commons

    return commons.commons(api.portal(portal), server=named.server, keyfile=named.keyfile, entry=named.key)


def _compared(result: Result, books: list[Path], to: Commons, named: Named) -> tuple[Compared, str]:
    from workbook_compiler import commons, submission

    assert result.plan is not None  # noqa: S101 - only what compiled comes here
    for warning in (*to.warnings, *_of_another(result.schema, to)):
        say(warning)
    with progress() as step:
        project = commons.project(to, named.project, result.plan)
        one = commons.compared(result.plan, to, project, books, step)
    one = submission.only(one, create=named.create, update=named.update)
    tell(result, submission.still_true(one, result.diagnostics), one.diagnostics)
    out(submission.overview(one, f"In project {project} on {to.server}"))
    return one, project


def _rehearsed(result: Result, one: Compared, to: Commons, project: str) -> int:
    from workbook_compiler import commons

    with progress() as step:
        said = commons.rehearsed(one, to, project, step)
    tell(result, (), said)
    if not said:
        say("The commons has nothing against it.")
    return 3 if said else 0


def _sent(result: Result, one: Compared, to: Commons, project: str, named: Named) -> int:
    from workbook_compiler import commons, receiving, submission

    try:
        with progress() as step:
            done = commons.submit(one, to, project, partial=named.partial, step=step)
    except KeyboardInterrupt:
        say(f"Interrupted. {submission.GO_ON}")
        return 130
    tell(result, (), done.diagnostics)
    out(submission.summary(done.outcomes))
    written = receiving.write_receipts(commons.receipts(done, one), one.plan, one.books, to.server)
    for told in written.told:
        say(told)
    for path in written.files:
        out(f"{path}\n")
    return _verdict(done, named)


def _verdict(done: Submitted, named: Named) -> int:
    from workbook_compiler.submission import GO_ON

    if done.stopped is not None:
        say(f"{done.stopped}. {GO_ON}")
        return done.stopped.exit_code
    states = {one.state.value for one in done.outcomes}
    if "refused" in states:
        say(REFUSED if named.partial or "held back" not in states else f"{REFUSED} {PARTIAL}")
    elif not done.ok:
        say(GO_ON)
    return 0 if done.ok else 3


def _of_another(schema: Schema, to: Commons) -> Iterator[str]:
    """A sentence when the schemas are those of another commons than the one that is spoken to."""
    from workbook_compiler.delivery.addresses import same_place

    if schema.source.startswith(("http://", "https://")) and not same_place(schema.source, to.server):
        yield (
            f"The rows were checked by the dictionary of {schema.source}, and {to.server} may have another one. Get its own: "
            f"wbc schemas pull --portal {schema.portal} --server {to.server}"
        )


def exported(schema: Schema, types: Sequence[str], names: Sequence[str], search: str | None, named: Named) -> Exported:
    """Return records of a project as a workbook."""
    from workbook_compiler import commons, exporting

    if search is not None:
        raise UsageError("A commons has no searches to export; name records with --id, or types with --type.")
    if not types and not names:
        raise UsageError("Name what to export: a type with --type, or records with --id.")
    with _commons(schema.portal, named) as to:
        project = commons.project(to, named.project)
        return exporting.workbook(schema, commons.exported(to, schema, project, types, names))


def query(text: str, to: Path, portal: str, named: Named) -> None:
    """Write what the query service answers, as JSON, or as CSV where it is one table. ``text`` is a query, or a file with one."""
    from workbook_compiler.files import written_whole

    ending = to.suffix.lower()
    if str(to) != "-" and ending not in (".json", ".csv"):
        raise UsageError(f"The answer to a query is .json or .csv; {to} has another ending.")
    if str(to) != "-" and to.exists():
        raise UsageError(f"{to} is there already. Choose another name, or delete it first.")
    from workbook_compiler import api

    if api.portal(portal).transactions is None:
        raise UsageError(f"{api.portal(portal).title} has no query service; --graphql is for Gen3: add --portal gen3.")
    asked = Path(text).read_text("utf-8") if "{" not in text and Path(text).is_file() else text
    with _commons(portal, named) as connected:
        found = connected.service.query(connected.session.send, asked)
    if str(to) == "-":
        out(_as_json(found))
        return
    with written_whole(to) as beside:
        content = _as_csv(found) if ending == ".csv" else _as_json(found)
        beside.write_text(content, encoding="utf-8", newline="")
    out(f"{to}\n")


def _as_json(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def _as_csv(found: Any) -> str:
    """The only list of an answer as a table; what lies inside a row is written as JSON."""
    import pandas

    lists = [rows for rows in found.values() if isinstance(rows, list)] if isinstance(found, dict) else []
    if len(lists) != 1 or len(found) != 1:
        raise UsageError("The answer holds more than one table, or none. Write it as .json.")
    if not all(isinstance(row, dict) for row in lists[0]):
        raise UsageError("The answer's list holds something else than rows. Write it as .json.")
    rows = [
        {key: json.dumps(one, ensure_ascii=False) if isinstance(one, dict | list) else one for key, one in row.items()}
        for row in lists[0]
    ]
    return str(pandas.DataFrame(rows, dtype=object).to_csv(index=False, lineterminator="\n"))
