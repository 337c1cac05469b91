"""The verbs that speak to a portal: ``plan``, ``submit``, ``export``, ``download``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbook_compiler import online_register
from workbook_compiler.console import MEND, ask, compiled, out, progress, refuse_unwritable, say, tell
from workbook_compiler.errors import UsageError
from workbook_compiler.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbook_compiler.api import Result
    from workbook_compiler.delivery.ask import Choose
    from workbook_compiler.exporting import Exported
    from workbook_compiler.submission import Compared, Connection, Where

Books = Annotated[list[Path], typer.Argument(help="Workbooks: .xlsx .xlsm .ods .tsv .csv. Several are one submission.")]
Portal = Annotated[str | None, typer.Option("--portal", "-p", help="The portal; a template of ours knows its own.")]
Schemas = Annotated[str | None, typer.Option("--schemas", help="A snapshot folder, a JSON file, or an address.")]
TypeName = Annotated[str | None, typer.Option("--type", help="The type of the rows of a TSV or CSV file.")]
KeyFile = Annotated[
    Path | None,
    typer.Option("--keyfile", help="Your keys; without it ~/keypairs.json, for Gen3 ~/.gen3/credentials.json."),
]
Entry = Annotated[str | None, typer.Option("--key", help="The entry of the key file; else the one called default.")]
Server = Annotated[str | None, typer.Option("--server", help="Another server than the key's own.")]
Lab = Annotated[str | None, typer.Option("--lab", help="The lab of new records, when you send for several.")]
Award = Annotated[str | None, typer.Option("--award", help="The award of new records, when the lab has several.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, max=32, help="Send so many messages side by side.")]
NoCreate = Annotated[bool, typer.Option("--no-create", help="Leave out what isn't on the portal yet.")]
NoUpdate = Annotated[bool, typer.Option("--no-update", help="Leave out what is on the portal already.")]

Project = Annotated[str | None, typer.Option("--project", help="Gen3: the project, as PROGRAM-CODE.")]
Taxonomy = Annotated[bool, typer.Option("--taxonomy", help="ENA: look the organisms up in its taxonomy.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(plan)
    app.command()(submit)
    app.command()(download)
    app.command()(export)
    app.command(name="register")(online_register.register)


def plan(
    books: Books,
    portal: Portal = None,
    schemas: Schemas = None,
    type_name: TypeName = None,
    keyfile: KeyFile = None,
    key: Entry = None,
    server: Server = None,
    lab: Lab = None,
    award: Award = None,
    jobs: Jobs = 4,
    no_create: NoCreate = False,
    no_update: NoUpdate = False,
    project: Project = None,
) -> None:
    """Compare workbooks with the portal: what would be created, updated (before and after) or left. Nothing is sent."""
    from workbook_compiler import submission

    where = submission.Where(keyfile, key, server, lab, award, jobs, _chooser())
    result = _checked(books, portal, schemas, type_name)
    if result.portal.archive is not None:
        from workbook_compiler import online_archive

        raise typer.Exit(online_archive.plan(result, books, online_archive.Named(keyfile, key, server)))
    if result.portal.transactions is not None:
        from workbook_compiler import online_commons

        meant = online_commons.Named(keyfile, key, server, project, create=not no_create, update=not no_update)
        raise typer.Exit(online_commons.plan(result, books, meant))
    with submission.connection(result.portal.name, where) as to:
        one = _compared(result, books, to, where, create=not no_create, update=not no_update)
    if not one.ok:
        say(MEND)
    raise typer.Exit(0 if one.ok else 1)


def submit(
    books: Books,
    portal: Portal = None,
    schemas: Schemas = None,
    type_name: TypeName = None,
    keyfile: KeyFile = None,
    key: Entry = None,
    server: Server = None,
    lab: Lab = None,
    award: Award = None,
    jobs: Jobs = 4,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Let the portal check everything and store nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking.")] = False,
    no_create: NoCreate = False,
    no_update: NoUpdate = False,
    restart: Annotated[bool, typer.Option("--restart", help="Forget what an earlier, broken run has sent.")] = False,
    production: Annotated[
        bool, typer.Option("--production/--test", help="ENA: the service that counts, or the one to try things with.")
    ] = False,
    form: Annotated[str | None, typer.Option("--format", help="ENA: xml sends all documents as XML.")] = None,
    area: Annotated[str | None, typer.Option("--area", help="ENA: another upload area: ftps://host:port.")] = None,
    no_files: Annotated[bool, typer.Option("--no-files", help="ENA: the data files are in the area already.")] = False,
    taxonomy: Taxonomy = False,
    project: Project = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Gen3: of a request with wrong rows send the others without them.")
    ] = False,
) -> None:
    """Send workbooks to the portal: compare, show, ask, send. Run the same command again to go on after a break."""
    from workbook_compiler import submission

    where = submission.Where(keyfile, key, server, lab, award, jobs, _chooser())
    result = _checked(books, portal, schemas, type_name, taxonomy=taxonomy)
    if result.portal.archive is not None:
        from workbook_compiler import online_archive

        named = online_archive.Named(
            keyfile, key, server, production, form, dry_run, yes, restart, area=area, no_files=no_files
        )
        raise typer.Exit(online_archive.submit(result, books, named))
    if result.portal.transactions is not None:
        from workbook_compiler import online_commons

        wanted = {"create": not no_create, "update": not no_update, "dry_run": dry_run, "yes": yes}
        meant = online_commons.Named(keyfile, key, server, project, partial=partial, restart=restart, **wanted)
        raise typer.Exit(online_commons.submit(result, books, meant))
    with submission.connection(result.portal.name, where) as to:
        if restart:
            ask("Forget what earlier runs have sent? The portal keeps it all the same.", yes=yes)
            submission.forget(books[0], to)
        one = _compared(result, books, to, where, create=not no_create, update=not no_update)
        if not one.ok:
            say(MEND)
            raise typer.Exit(1)
        if dry_run:
            raise typer.Exit(_rehearse(result, one, to, where))
        refuse_unwritable(books[0])
        if any(op.action.value != "SKIP" for op in one.plan.operations):
            ask(f"Send this to {to.server}?", yes=yes)
        else:
            say("Nothing to send." if one.unwanted or one.waiting else "Nothing to send: the portal has it all.")
            if one.waiting:
                ask(f"The data files of {count(len(one.waiting), 'record')} are still to come. Upload them?", yes=yes)
        raise typer.Exit(_send(result, one, to, where))


def _send(result: Result, one: Compared, to: Connection, where: Where) -> int:
    from workbook_compiler import receiving, submission, uploading

    try:
        with progress() as step:
            done = submission.submit(one, to, where, step)
        tell(result, (), done.diagnostics)
        with progress() as step:
            files = uploading.Uploads() if done.stopped else uploading.uploaded(one, done, to, step)
    except KeyboardInterrupt:
        say(f"Interrupted. {submission.GO_ON}")
        raise typer.Exit(130) from None
    for failed in files.failed:
        say(failed)
    if files.without_place:
        say("The portal named no place for data files; they stay where they are.")
    out(submission.summary(done.outcomes, files.sent))
    written = receiving.write_receipts(receiving.receipts(one, done, to, where.jobs), one.plan, one.books, to.server)
    for told in written.told:
        say(told)
    for path in written.files:
        out(f"{path}\n")
    if done.stopped is not None:
        say(f"{done.stopped}. {submission.GO_ON}")
        return done.stopped.exit_code
    if not (done.ok and files.ok):
        say(submission.GO_ON)
    return 0 if done.ok and files.ok else 3


def export(
    to: Annotated[Path, typer.Option("-o", "--out", help="The workbook to write.")],
    types: Annotated[
        list[str] | None, typer.Option("--type", help="All records of this type. May be repeated.")
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="One record: an alias, an accession. May be repeated.")
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", help="What a search on the portal finds: its address.")
    ] = None,
    portal: Annotated[str, typer.Option("--portal", "-p", help="The portal.")] = "4dn",
    schemas: Schemas = None,
    keyfile: KeyFile = None,
    key: Entry = None,
    server: Server = None,
    project: Project = None,
    graphql: Annotated[
        str | None, typer.Option("--graphql", help="Gen3: the answer to this query, as .json or .csv.")
    ] = None,
) -> None:
    """Bring records of the portal into a workbook, to edit and submit as updates."""
    from workbook_compiler import api, exporting, submission

    if graphql is not None:
        from workbook_compiler import online_commons

        if types or ids or search:
            raise UsageError("--graphql asks a question of its own; leave out --type, --id and --search.")
        online_commons.query(graphql, to, portal, online_commons.Named(keyfile, key, server))
        return
    if to.exists():
        raise UsageError(f"{to} is there already. Choose another name, or delete it first.")
    if to.suffix.lower() != ".xlsx":
        raise UsageError(f"An export is an .xlsx workbook; {to} has another ending.")
    schema = api.load_schema(portal, schemas)
    if api.portal(portal).transactions is not None:
        from workbook_compiler import online_commons

        named = online_commons.Named(keyfile, key, server, project)
        made = online_commons.exported(schema, types or (), ids or (), search, named)
        _write_export(made, to)
        return
    with submission.connection(portal, submission.Where(keyfile, key, server)) as connected:
        _refuse_elsewhere(search, connected)
        made = exporting.export(schema, connected.send, types or (), ids=ids or (), search=search)
    _write_export(made, to)


def _write_export(made: Exported, to: Path) -> None:
    from workbook_compiler.files import written_whole

    for told in made.told:
        say(told)
    if not made.count:
        raise UsageError("There is nothing to export.")
    with written_whole(to) as beside:
        beside.write_bytes(made.content)
    out(f"{to}\n")


def _refuse_elsewhere(search: str | None, to: Connection) -> None:
    """Raise UsageError for a search of another server's, as it is copied from a browser: it would be asked here."""
    from workbook_compiler.delivery.addresses import same_place

    address = (search or "").strip()
    if address.lower().startswith(("http://", "https://")) and not same_place(address, to.server):
        raise UsageError(f"{address} is a search of another server than {to.server}. Name that one with --server.")


def download(
    name: Annotated[str, typer.Argument(help="An accession, a uuid, an address, or drs://host/id.")],
    to: Annotated[str | None, typer.Option("-o", "--out", help="A file or folder; - is standard output.")] = None,
    portal: Annotated[str, typer.Option("--portal", "-p", help="The portal of an accession.")] = "4dn",
    keyfile: Annotated[Path | None, typer.Option(help="Your keys; without it ~/keypairs.json.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="The entry of the key file.")] = None,
    server: Annotated[str | None, typer.Option(help="Another server than the key's or the portal's own.")] = None,
) -> None:
    """Fetch a data file and verify its checksum. Run it again to go on after a break."""
    import shutil
    import tempfile

    from workbook_compiler import api

    with progress() as step, tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "file" if to == "-" else to
        received = api.download(
            name, target, portal_name=portal, keyfile=keyfile, entry=key, server=server, step=step, warn=say
        )
        if to == "-":  # only what was verified comes out
            with received.path.open("rb") as stream:
                shutil.copyfileobj(stream, sys.stdout.buffer)
            return
    out(f"{received.path}\n")


def _checked(
    books: list[Path], portal: str | None, schemas: str | None, type_name: str | None, *, taxonomy: bool = False
) -> Result:
    """The compiled workbooks; with errors they are told, and the command ends."""
    result = compiled(books, portal, schemas, type_name, taxonomy=taxonomy, asked=True)
    if not result.ok:
        tell(result, (), result.diagnostics)
        say(MEND)
        raise typer.Exit(1)
    return result


def _compared(
    result: Result, books: list[Path], to: Connection, where: Where, *, create: bool, update: bool
) -> Compared:
    from workbook_compiler import submission

    if result.plan is None:
        raise typer.Exit(1)
    for warning in to.warnings:
        say(warning)
    with progress() as step:
        one = submission.compared(result.plan, to, where, books, step)
    one = submission.only(one, create=create, update=update)
    tell(result, submission.still_true(one, result.diagnostics), one.diagnostics)
    out(submission.overview(one, f"On {to.server} as {to.account.name}"))
    return one


def _rehearse(result: Result, one: Compared, to: Connection, where: Where) -> int:
    from workbook_compiler import submission

    with progress() as step:
        said = submission.rehearsed(one, to, where, step)
    tell(result, (), tuple(said))
    if not said and to.service.rehearsal is None:
        say(
            "Nothing is wrong as far as that can be told without sending: this portal has no dry run. It alone knows what your "
            "key may do, and rules that its schemas don't say."
        )
    elif not said:
        say(
            "The portal has nothing against it. Whether a name belongs to a record you can't see shows only when sending."
        )
    return 3 if said else 0


def _chooser() -> Choose | None:
    """The function that asks which of several labs or awards is meant; None where nobody is there to ask."""

    def choose(kind: str, known: Sequence[str]) -> str:
        for number, path in enumerate(known, 1):
            say(f"  {number}  {path}")
        while True:
            typed = typer.prompt(f"Which {kind} are new records for?", err=True).strip()
            if typed.isdigit() and 1 <= int(typed) <= len(known):
                return known[int(typed) - 1]

    return choose if sys.stdin.isatty() and sys.stderr.isatty() else None
