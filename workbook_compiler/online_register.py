"""``wbc register``: one table of one type, with the options that users of eu_register and iu_register know."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbook_compiler.console import out, progress, refuse_unwritable, say, tell
from workbook_compiler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbook_compiler.model.diagnostics import Diagnostic
    from workbook_compiler.model.plan import Plan
    from workbook_compiler.registering import Registration, Wanted
    from workbook_compiler.submission import Connection, Submitted, Where

MODES: Mapping[str, Mapping[str, str]] = {
    "encode": {"prod": "https://www.encodeproject.org", "dev": "https://test.encodedcc.org"},
    "igvf": {
        "prod": "https://api.data.igvf.org",
        "sandbox": "https://api.sandbox.igvf.org",
        "staging": "https://api.staging.igvf.org",
    },
}
"""The servers that the portals' people have names for."""
PREFIXES = {"encode": "DCC", "igvf": "IGVF"}
"""How the variables begin that the portals' own programs read."""


def register(
    profile: Annotated[
        str,
        typer.Option("--profile", "--profile_id", "-p", help="The type: biosample, Biosamples, genetic-modification."),
    ],
    infile: Annotated[Path, typer.Option("--infile", "-i", help="The table: .tsv .csv .json .jsonl .xlsx.")],
    mode: Annotated[
        str | None, typer.Option("--dcc-mode", "-m", help="prod, dev, a host or an address; else DCC_MODE, IGVF_MODE.")
    ] = None,
    portal: Annotated[str, typer.Option("--portal", help="encode or igvf.")] = "encode",
    schemas: Annotated[
        str | None, typer.Option("--schemas", help="A snapshot folder, a JSON file, or an address.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-d", help="Check, and show what would be sent; offline.")
    ] = False,
    no_aliases: Annotated[bool, typer.Option("--no-aliases", help="Rows needn't have an alias.")] = False,
    no_upload_file: Annotated[bool, typer.Option("--no-upload-file", help="Leave data files where they are.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite-array-values", "-w", help="Replace lists; else values are added to them.")
    ] = False,
    patch: Annotated[bool, typer.Option("--patch", help="Change records; the column record_id names each.")] = False,
    rm_patch: Annotated[bool, typer.Option("--rm-patch", help="Like --patch, and take away what -r names.")] = False,
    remove: Annotated[str | None, typer.Option("-r", "--remove-property", help="Properties to take away: a,b.")] = None,
    keyfile: Annotated[
        Path | None, typer.Option("--keyfile", help="Your keys; else DCC_API_KEY and DCC_SECRET_KEY.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="The entry of the key file.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=32, help="Send so many messages side by side.")] = 4,
) -> None:
    """Register one table of one type at ENCODE or IGVF: create its records, change them, or take properties away."""
    from workbook_compiler import api, registering, submission

    prefix = PREFIXES.get(portal)
    if prefix is None:
        raise UsageError(f"{portal} has no tables to register. Portals that have: {', '.join(PREFIXES)}.")
    if rm_patch != (remove is not None):
        raise UsageError("--rm-patch and -r belong together: -r says which properties are taken away.")
    names = tuple(dict.fromkeys(name.strip() for name in (remove or "").split(",") if name.strip()))
    if rm_patch and not names:
        raise UsageError("-r names no property. Say which are taken away: -r submitter_comment,lot_id.")
    owner = {part: os.environ.get(f"{prefix}_{part.upper()}") for part in ("lab", "award")}
    wanted = registering.Wanted(
        patch or rm_patch, names, overwrite, not no_aliases, owner["lab"], owner["award"], not no_upload_file
    )
    made = registering.registration(infile, api.load_schema(portal, schemas), profile, wanted)
    tell(made.result, (), made.said)
    if dry_run:
        raise typer.Exit(_shown(made, wanted))
    if made.result.plan is None:
        say(
            "Nothing is to be sent."
            if made.ok
            else "Nothing was sent. Mend what is told above, and run the same command again."
        )
        raise typer.Exit(0 if made.ok else 1)
    refuse_unwritable(infile)
    server = _server(portal, mode or os.environ.get(f"{prefix}_MODE"))
    where = submission.Where(
        keyfile, key, server, owner["lab"], owner["award"], jobs, environment=_environment(prefix, server, portal)
    )
    with submission.connection(portal, where) as to, _brought(made, wanted) as (plan, missing):
        tell(made.result, (), missing)
        grows = replace(to.service, extends=registering.growing(made.entity, wanted))
        code = _registered(made, plan, replace(to, service=grows), where, infile, wanted)
    raise typer.Exit(code or (0 if made.ok and not missing else 1))


@contextmanager
def _brought(made: Registration, wanted: Wanted) -> Iterator[tuple[Plan, tuple[Diagnostic, ...]]]:
    """The plan, with files of a store in a private folder until all is sent."""
    from workbook_compiler import registering
    from workbook_compiler.delivery import store

    assert made.result.plan is not None  # noqa: S101 - only what compiled comes here
    if not wanted.uploads:
        yield made.result.plan, ()
        return
    with tempfile.TemporaryDirectory(prefix="wbc-") as folder:

        def fetch(address: str) -> Path:
            say(f"Fetching {address}")
            return store.fetched(address, Path(tempfile.mkdtemp(dir=folder)))

        yield registering.brought(made.result.plan, fetch)


def _server(portal: str, mode: str | None) -> str | None:
    """The address of a mode: of a name that is known, else a host or an address itself."""
    if not mode:
        return None
    known = MODES[portal].get(mode)
    if known is None and not set(".:") & set(mode):
        raise UsageError(f"There is no mode {mode}. It is {', '.join(MODES[portal])}, or a host or an address.")
    return known or (mode if "://" in mode else f"https://{mode}")


def _environment(prefix: str, server: str | None, portal: str) -> Mapping[str, str]:
    """The variables that hold a key, under the names that all portals share. Without a mode nothing goes to the public portal."""
    named = {"WBC_KEY": f"{prefix}_API_KEY", "WBC_SECRET": f"{prefix}_SECRET_KEY"}
    found = {ours: os.environ[theirs] for ours, theirs in named.items() if os.environ.get(theirs)}
    if not found:
        return os.environ
    if len(found) < len(named):
        raise UsageError(f"{' and '.join(named.values())} belong together, and one of them isn't set.")
    if server is None:
        raise UsageError(f"Say where to register: -m {', -m '.join(MODES[portal])}, or a host or an address.")
    return {**os.environ, "WBC_SERVER": server, **found}


def _shown(made: Registration, wanted: Wanted) -> int:
    """Write the messages as they would be sent, and say what only the portal can tell."""
    from workbook_compiler import registering
    from workbook_compiler.delivery.emit import message_line
    from workbook_compiler.reports.words import count as counted

    result = made.result
    plan = result.plan
    shown = registering.as_shown(plan, wanted) if plan is not None else None
    for request in result.portal.render(shown, result.schema, "") if shown is not None else ():
        out(message_line(request).decode())
    count = sum(1 for _ in plan.operations) if plan is not None else 0
    if shown is not None and any(op.removes for op in shown.operations):
        say("A PUT writes the whole record: what it holds beside this is read from the portal first, and stays.")
    say(
        f"Ready: {counted(count, 'row')}. Only the portal can tell whether names are taken, links lead to something, and what "
        "your key may do."
    )
    return 0 if made.ok else 1


def _registered(made: Registration, plan: Plan, to: Connection, where: Where, path: Path, wanted: Wanted) -> int:
    """Compare, send, upload and tell; return 3 or 4 where the portal has something against it."""
    from workbook_compiler import receiving, registering, submission, uploading

    for warning in to.warnings:
        say(warning)
    with progress() as step:
        one = submission.compared(plan, to, where, [path], step, insists=wanted.patch)
    said = (*one.diagnostics, *registering.unknown(one.plan, wanted, made.places))
    one, left_out = submission.without(one, said)
    tell(made.result, (), said)
    out(submission.overview(one, f"On {to.server} as {to.account.name}"))
    try:
        with progress() as step:
            done = submission.submit(one, to, where, step)
        tell(made.result, (), done.diagnostics)
        with progress() as step:
            stays = done.stopped or not wanted.uploads
            sent = uploading.Uploads() if stays else uploading.uploaded(one, done, to, step)
    except KeyboardInterrupt:
        say(f"Interrupted. {submission.GO_ON}")
        return 130
    for failed in sent.failed:
        say(failed)
    out(submission.summary(done.outcomes, sent.sent))
    written = receiving.write_receipts(receiving.receipts(one, done, to, where.jobs), one.plan, one.books, to.server)
    for told in written.told:
        say(told)
    for written_path in written.files:
        out(f"{written_path}\n")
    return _verdict(done, ok=sent.ok and not left_out)


def _verdict(done: Submitted, *, ok: bool) -> int:
    from workbook_compiler.submission import GO_ON

    if done.stopped is not None:
        say(f"{done.stopped}. {GO_ON}")
        return done.stopped.exit_code
    return 0 if done.ok and ok else 3
