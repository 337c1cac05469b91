"""The command line: one short function for each verb. Results go to stdout, what is said to a person to stderr."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from workbook_compiler.console import compiled as _compiled
from workbook_compiler.console import out as _out
from workbook_compiler.console import say as _say
from workbook_compiler.console import width as _width
from workbook_compiler.console import write as _write
from workbook_compiler.errors import UsageError, WorkbookCompilerError
from workbook_compiler.marking import FORMAT as MARKED
from workbook_compiler.marking import fix, give_back, targets
from workbook_compiler.online import Entry, KeyFile, Taxonomy, register
from workbook_compiler.serving import serve

if TYPE_CHECKING:
    from workbook_compiler.model.report import Report

app = typer.Typer(
    name="wbc",
    help="Excel templates from a data portal's schemas, and filled workbooks back into checked, ordered submissions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
schemas_app = typer.Typer(no_args_is_help=True, help="Fetch a portal's schemas, and see what changed in them.")
app.add_typer(schemas_app, name="schemas")

Portal = Annotated[str | None, typer.Option("--portal", "-p", help="The portal; a template of ours knows its own.")]
Schemas = Annotated[str | None, typer.Option("--schemas", help="A snapshot folder, a JSON file, or an address.")]
Books = Annotated[list[Path], typer.Argument(help="Workbooks: .xlsx .xlsm .ods .tsv .csv. Several are one submission.")]
Checklist = Annotated[
    list[str] | None, typer.Option("--checklist", help="A checklist of ENA: ERC000011. May be repeated.")
]
TypeName = Annotated[str | None, typer.Option("--type", help="The type of the rows of a TSV or CSV file.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Read so many workbooks side by side.")]
Dask = Annotated[
    str | None, typer.Option(help="Read them on a Dask cluster: tcp://host:8786, the scheduler's address.")
]


@app.command()
def portals() -> None:
    """List the portals and the presets of each."""
    from workbook_compiler import resources

    for name, portal in resources.portals().items():
        _out(f"{name}\t{portal.title}\t{' '.join(resources.preset_files(name))}\n")


@schemas_app.command()
def pull(
    portal: Annotated[str, typer.Option("--portal", "-p", help="The portal.")],
    server: Annotated[str | None, typer.Option(help="Another server of this kind than the public one.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The snapshot folder; else the user's cache.")] = None,
    vocabularies: Annotated[
        list[str] | None, typer.Option("--with", help="Offer this type's records in links: Vendor. May be repeated.")
    ] = None,
    keyfile: KeyFile = None,
    key: Entry = None,
    checklist: Checklist = None,
) -> None:
    """Fetch the schemas into a snapshot folder."""
    from workbook_compiler import api

    _refuse_as_folder(out)
    wanted = {"parts": checklist or (), "keyfile": keyfile, "entry": key, "warn": _say}
    folder, changed = api.pull_schema(portal, server, out, vocabularies or (), **wanted)  # type: ignore[arg-type] # options
    _say("New schemas." if changed else "Nothing has changed.")
    _out(f"{folder}\n")


@schemas_app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A snapshot folder, a JSON file, or an address.")],
    new: Annotated[str, typer.Argument(help="Another one.")],
    portal: Annotated[str, typer.Option("--portal", "-p", help="The portal both belong to.")] = "4dn",
) -> None:
    """Say what changed between two snapshots: types, columns, list values, required columns."""
    from workbook_compiler import api
    from workbook_compiler.model.changes import changes

    lines = list(changes(api.load_schema(portal, old), api.load_schema(portal, new)))
    _out("".join(f"{line}\n" for line in lines))
    _say(f"{len(lines)} changes." if lines else "Nothing has changed that a workbook would notice.")


@app.command()
def template(
    presets: Annotated[
        list[str] | None, typer.Argument(help="Presets, by name or as a .toml file of your own.")
    ] = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="A type, or all. May be repeated.")] = None,
    portal: Annotated[str, typer.Option("--portal", "-p", help="The portal.")] = "4dn",
    schemas: Schemas = None,
    checklist: Checklist = None,
    only: Annotated[
        str | None, typer.Option("--only", help="mandatory, or recommended: leave the other columns out.")
    ] = None,
    out: Annotated[str | None, typer.Option("-o", "--out", help="The workbook; - is standard output.")] = None,
) -> None:
    """Write a blank workbook with dropdowns for one kind of experiment."""
    from workbook_compiler import api, blank

    chosen, names = list(types or ()), list(presets or ())
    if not chosen and not names and not api.portal(portal).types:
        raise UsageError("Name a preset (wbc portals lists them) or a type with --type.")
    schema = api.load_schema(portal, schemas, checklist or ())
    stems = [Path(name).stem for name in [*names, *chosen]] or [portal, *schema.parts]
    target = out or "-".join(stems) + ".xlsx"
    if target == "-":
        sys.stdout.buffer.write(api.template_bytes(schema, names, chosen, only))
        return
    if not target.lower().endswith(".xlsx"):
        raise UsageError(f"A template is an .xlsx workbook; {target} has another ending.")
    blank.refuse_filled(Path(target), schema)
    api.template(schema, names, chosen, path=target, only=only)
    _out(f"{target}\n")


@app.command()
def check(
    books: Books,
    portal: Portal = None,
    schemas: Schemas = None,
    type_name: TypeName = None,
    form: Annotated[
        str, typer.Option("--format", help="text, json, html, or xlsx: the workbook itself, marked.")
    ] = "text",
    out: Annotated[str, typer.Option("-o", "--out", help="A file; - is standard output.")] = "-",
    jobs: Jobs = 1,
    dask: Dask = None,
    checklist: Checklist = None,
    taxonomy: Taxonomy = False,
) -> None:
    """Check workbooks without sending anything; every problem at once, at its cell."""
    from workbook_compiler import resources

    formats = resources.report_formats()
    resources.named("format", form, [*formats, MARKED])
    if form != MARKED or len(books) == 1:
        _refuse_as_report(out, books)
    where = targets(books, out) if form == MARKED else {}
    result = _compiled(books, portal, schemas, type_name, jobs, dask, checklist, taxonomy=taxonomy)
    report = result.report()
    if where:
        give_back(result, where)
        _say(_verdict(report))
        raise typer.Exit(0 if result.ok else 1)
    if out == "-":
        options = {"color": sys.stdout.isatty(), "width": _width()} if form == "text" else {}
        _out(formats[form].render(report, options))
    else:
        _write(Path(out), formats[form].render(report, {}))
        _say(_verdict(report))
    raise typer.Exit(0 if result.ok else 1)


@app.command(name="compile")
def compile_(
    books: Books,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for the plan, its requests and the report.")],
    portal: Portal = None,
    schemas: Schemas = None,
    type_name: TypeName = None,
    jobs: Jobs = 1,
    dask: Dask = None,
    checklist: Checklist = None,
    form: Annotated[
        str | None, typer.Option("--format", help="Of the messages, where a portal takes several: xml.")
    ] = None,
    taxonomy: Taxonomy = False,
) -> None:
    """Check workbooks and write the plan: ordered batches, every message as it would be sent, the report."""
    from workbook_compiler import api, resources

    _refuse_as_folder(out)
    result = _compiled(books, portal, schemas, type_name, jobs, dask, checklist, taxonomy=taxonomy)
    resources.named("format of messages", form or result.portal.forms[0], result.portal.forms)
    written = api.write_plan(result, out, form or "")
    text = resources.report_formats()["text"].render(result.report(), {"color": sys.stderr.isatty(), "width": _width()})
    sys.stderr.write(text)
    _out("".join(f"{path}\n" for path in written if path.parent == out))
    raise typer.Exit(0 if result.ok else 1)


@app.command()
def sandbox(
    portal: Annotated[str, typer.Option("--portal", "-p", help="The portal.")] = "4dn",
    schemas: Schemas = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any free one.")] = 0,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The folder for the key files and the log; else one of its own.")
    ] = None,
    uploads: Annotated[
        str | None, typer.Option(help="An S3 stand-in on this machine for data files: http://127.0.0.1:5000.")
    ] = None,
) -> None:
    """Run a real portal on this machine to rehearse a submission against, until Ctrl-C."""
    from workbook_compiler import api
    from workbook_compiler.errors import UnreachableError

    _refuse_as_folder(out)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with api.sandbox(portal, schemas, out, port=port, uploads=uploads, say=_say) as running:
        _out(f"{running.server}\n{running.keyfile}\n")
        _say("Your own portal: its address and the file with your key. Ctrl-C ends it, and it forgets everything.")
        with suppress(KeyboardInterrupt):
            running.process.wait()
            raise UnreachableError(running.server, f"the sandbox ended by itself; its last words are in {running.log}")


@app.command()
def explain(code: Annotated[str, typer.Argument(help="A code such as REF01; all lists every one.")]) -> None:
    """Say what a finding means, why it matters, and how to mend it, with an example."""
    from workbook_compiler.model.codes import CATALOGUE
    from workbook_compiler.nearest import likely
    from workbook_compiler.reports import explain as words

    by_name = {found.name: found for found in CATALOGUE.values()}
    found = CATALOGUE.get(code.upper()) or by_name.get(code.lower())
    if code.lower() == "all":
        _out(words.overview(CATALOGUE.values()))
    elif found is None:
        meant = likely(code.upper(), CATALOGUE)
        ask = f"Did you mean {' or '.join(meant)}? " if meant else ""
        raise UsageError(f"There is no code {code}. {ask}wbc explain all lists every one.")
    else:
        _out(words.explain(found))


def _refuse_as_folder(out: Path | None) -> None:
    """Raise UsageError when this can't be the folder of ``-o``: a folder can't be written to standard output."""
    if out is not None and (str(out) == "-" or (out.exists() and not out.is_dir())):
        raise UsageError(
            f"{'- is standard output' if str(out) == '-' else f'{out} is a file'}; -o takes a folder here."
        )


def _refuse_as_report(out: str, books: Sequence[Path]) -> None:
    """Raise UsageError when a report can't go there: a folder, or one of the workbooks that are checked."""
    if out != "-" and Path(out).is_dir():
        raise UsageError(f"{out or 'An empty name'} is a folder; -o takes a file here.")
    if out != "-" and Path(out).resolve() in [book.resolve() for book in books]:
        raise UsageError(f"{out} is the workbook itself; the report would take its place.")


def _verdict(report: Report) -> str:
    from workbook_compiler.reports import view

    numbers = view.counts(report)
    found = view.tally({severity: n for severity, n in numbers.items() if severity != "info"})
    return f"{found}." if found else "No problems found."


app.command()(fix)
register(app)
app.command()(serve)


def main() -> None:
    """Run the command line and end with the contract's exit codes."""
    gc.disable()  # a command ends before its rubbish matters, and looking for it among millions of cells takes a fifth
    sys.setswitchinterval(0.0002)  # the thread that reads ahead asks for the interpreter in many short turns
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except WorkbookCompilerError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say("Interrupted.")
        sys.exit(130)
    except OSError as error:
        if error.strerror is None:
            raise
        place = error.filename2 or error.filename
        _say(f"{place}: {error.strerror}." if place else f"{error.strerror}.")
        sys.exit(UsageError.exit_code)


def run() -> NoReturn:
    """The console command: ``main``, and then an end at once. Taking millions of cells apart first takes a fifth of a second."""
    code: int | str | None = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else 1 if code else 0)
