"""What the verbs share: compiling for a command, and speaking to a person. Results go to stdout, words to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from workbook_compiler.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from workbook_compiler.api import Result
    from workbook_compiler.model.diagnostics import Diagnostic
    from workbook_compiler.model.report import Step
    from workbook_compiler.model.schema import Schema


def compiled(
    books: Sequence[Path],
    portal: str | None,
    schemas: str | None,
    type_name: str | None,
    jobs: int = 1,
    dask: str | None = None,
    parts: Sequence[str] | None = None,
    *,
    taxonomy: bool = False,
    asked: bool = False,
) -> Result:
    """Return what workbooks mean; the portal and its schemas are the ones that were named, or the workbook's own.

    With ``taxonomy`` the portal's register is asked too; ``asked``: it will be asked whether links lead to something. Raises
    UsageError when no portal is known.
    """
    result = _compiled(books, portal, schemas, type_name, jobs, dask, parts, asked=asked)
    if not taxonomy:
        return result
    from workbook_compiler.looking_up import looked_up

    try:
        with progress() as step:
            return _kept(looked_up(result, os.environ.get("WBC_TAXONOMY"), step=step))
    except UnreachableError:
        tell(result, (), result.diagnostics)  # what is known without it is no less wrong
        raise


def _compiled(
    books: Sequence[Path],
    portal: str | None,
    schemas: str | None,
    type_name: str | None,
    jobs: int,
    dask: str | None,
    parts: Sequence[str] | None,
    *,
    asked: bool,
) -> Result:
    from workbook_compiler import api
    from workbook_compiler.executors import workers

    with progress() as step, workers(jobs, dask, len(books)) as executor:
        said = api.manifest_of(list(books)) if executor else {}
        name = portal or said.get("portal")
        if executor is not None and name is not None:
            schema = _schema(name, schemas, parts or _parts(said, name), asked=asked)
            _known_type(type_name, schema)
            return _kept(api.compile(list(books), schema, type_name=type_name, executor=executor, step=step))
        read = api.read(list(books), type_name, step)
        _load_reports()
        said = api.manifest(read)
        name = portal or said.get("portal")
        if name is None and not any(workbook.sheets for workbook, _ in read):
            return _kept(api.compile_workbooks(read, api.no_schema(), step))
        if name is None:
            raise UsageError("Say which portal with --portal; this workbook isn't from a template of ours.")
        schema = _schema(name, schemas, parts or _parts(said, name), asked=asked)
        _known_type(type_name, schema)
        return _kept(api.compile_workbooks(read, schema, step))


def _schema(name: str, source: str | None, parts: Sequence[str], *, asked: bool) -> Schema:
    """What a portal accepts. Where a link can't be said as a path, one that is nearly a row's name may be right all the same."""
    from workbook_compiler import api

    schema = api.load_schema(name, source, parts)
    return replace(schema, looked_up=asked and not schema.paths)


def _parts(manifest: Mapping[str, str], portal: str) -> list[str]:
    """The parts of a portal's schemas that a workbook was made with."""
    return [part for part in manifest.get("parts", "").split(",") if part and manifest.get("portal") == portal]


_RESULTS: list[Result] = []


def _kept(result: Result) -> Result:
    """Return the result, which lives as long as the process: ``run`` ends that without taking it apart."""
    _RESULTS.append(result)
    return result


def _load_reports() -> None:
    """Load what tells of the result: the first sheet is being read, and there is nothing else to do meanwhile."""
    import jinja2  # noqa: F401
    import rich.console  # noqa: F401

    from workbook_compiler import resources

    resources.report_formats()


def _known_type(name: str | None, schema: Schema) -> None:
    if name is not None and name not in schema.types:
        from workbook_compiler.nearest import nearest

        raise UsageError(f"There is no type {name}. Near: {', '.join(nearest(name, schema.types))}.")


@contextmanager
def progress() -> Iterator[Step]:
    """Give the function a long job tells its steps to: a bar on a terminal, silence elsewhere.

    Beside the bar stand the share that is done, how fast that grows, and the time that it took and will take.
    """
    if not sys.stderr.isatty():
        yield lambda _label, _share: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        TextColumn("{task.description}", markup=False),  # the last, so that a long one moves nothing else
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=1.0, rate="")

        def step(label: str, share: float) -> None:
            progress.update(task, description=label, completed=share)
            progress.update(task, rate=_rate(progress.tasks[0].speed))

        yield step


def _rate(speed: float | None) -> str:
    """Return how fast a job goes on, from the share of it that is done in a second: ``3 %/s``, ``0.5 %/min``."""
    if not speed or speed < 0:
        return ""
    return f"{speed * 100:.0f} %/s" if speed >= 0.01 else f"{speed * 6000:.1f} %/min"


def width() -> int:
    """Return the columns of the terminal, within what can be read."""
    import shutil

    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 140))


def out(text: str) -> None:
    """Write a result."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough; the exit code still tells how it went
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Say something to the person."""
    sys.stderr.write(text + "\n")


def write(path: Path, text: str) -> None:
    """Write a text file, beside and renamed."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, beside and renamed."""
    from workbook_compiler.files import written_whole

    with written_whole(path) as beside:
        beside.write_bytes(data)


MEND = "Nothing was sent. Mend the errors in the workbook, save, and run the same command again."


def tell(result: Result, before: Sequence[Diagnostic], said: Sequence[Diagnostic]) -> None:
    """Say the findings as the text report does."""
    from workbook_compiler import resources

    told = (*before, *said)
    if told:
        report = replace(result.report(), diagnostics=told)
        options = {"color": sys.stderr.isatty(), "width": width(), "verdict": False}
        sys.stderr.write(resources.report_formats()["text"].render(report, options))


def ask(question: str, *, yes: bool) -> None:
    """Go on when the person says yes; without a terminal only --yes says so."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is there to ask; --yes says so beforehand.")
    try:
        answer = typer.confirm(question, err=True)
    except typer.Abort:
        say("\nInterrupted. Nothing was sent.")
        raise typer.Exit(130) from None
    if not answer:
        say("Nothing was sent.")
        raise typer.Exit(0)


def refuse_unwritable(book: Path) -> None:
    """Raise UsageError where nothing can be noted beside the workbook: before the person is asked, not after."""
    if not os.access(book.parent, os.W_OK):
        raise UsageError(
            f"Nothing can be written into {book.parent}, where what is sent is noted. Copy the workbook elsewhere."
        )
