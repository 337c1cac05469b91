"""``wbc check --format xlsx`` and ``wbc fix``: a person's own workbook back with the wrong cells marked, and mended."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbook_compiler.console import out as results
from workbook_compiler.console import say, tell, write_bytes
from workbook_compiler.errors import UsageError
from workbook_compiler.reports.words import count, visible

if TYPE_CHECKING:
    from workbook_compiler.api import Result
    from workbook_compiler.marks import Mended

FORMAT = "xlsx"
STEM = ".checked"
_SHOWN = 60
_LISTED = 40


def targets(books: Sequence[Path], out: str) -> Mapping[Path, Path | None]:
    """Return where each workbook's marked copy goes, None for standard output; of several the folder of ``-o``.

    Raises UsageError for what can't be given back marked, and for an ``-o`` that doesn't fit.
    """
    from workbook_compiler.marks import MARKABLE, markable

    odd = next((book for book in books if not markable(book.name)), None)
    if odd is not None:
        raise UsageError(
            f"{odd} can't be given back with its cells marked: that goes for {' and '.join(MARKABLE)}. Try --format html."
        )
    if len(books) > 1:
        if out == "-" or Path(out).is_file():
            raise UsageError("Several workbooks are given back marked into a folder: -o FOLDER.")
        return {book: Path(out) / f"{book.stem}{STEM}{book.suffix}" for book in books}
    if out == "-":
        if sys.stdout.isatty():
            raise UsageError(f"Say where the marked workbook goes: -o {books[0].stem}{STEM}{books[0].suffix}")
        return {books[0]: None}
    if Path(out).suffix.lower() != books[0].suffix.lower():
        raise UsageError(f"The marked copy of {books[0].name} ends in {books[0].suffix} too; {out} doesn't.")
    return {books[0]: Path(out)}


def give_back(result: Result, where: Mapping[Path, Path | None]) -> None:
    """Write a marked copy of each workbook; one that can't be opened is told in words."""
    from workbook_compiler import api
    from workbook_compiler.edit import UneditableError

    for (book, target), name in zip(where.items(), result.workbooks, strict=True):
        try:
            content = api.annotated(result, book.read_bytes(), name)
        except UneditableError as error:
            tell(result, (), result.diagnostics)
            say(str(error))
            continue
        if target is None:
            sys.stdout.buffer.write(content)
        else:
            write_bytes(target, content)
            say(f"Marked: {target}")


def fix(
    book: Annotated[Path, typer.Argument(help="A workbook that wbc check --format xlsx has marked.")],
    out: Annotated[str, typer.Option("-o", "--out", help="The mended workbook; - is standard output.")],
    every: Annotated[bool, typer.Option("--all", help="Accept every suggestion.")] = False,
) -> None:
    """Put the accepted suggestions of a marked workbook into its cells, take the marks off, and say what is left."""
    from workbook_compiler import api

    if not book.is_file():
        raise UsageError(f"There is no file {book}.")
    if out != "-" and (Path(out).is_dir() or Path(out).resolve() == book.resolve()):
        raise UsageError(
            f"{out} is {'a folder' if Path(out).is_dir() else 'the marked workbook itself'}; -o takes another file."
        )
    made = api.fixed(book.read_bytes(), book.name, accept_all=every)
    for line in _told(made):
        say(line)
    if out == "-":
        sys.stdout.buffer.write(made.content)
    else:
        write_bytes(Path(out), made.content)
        results(f"{out}\n")


def _told(made: Mended) -> Iterator[str]:
    for one in made.done[:_LISTED]:
        more = f" (in {one.cells:,} cells)" if one.cells > 1 else ""
        yield f"{visible(one.place)}: “{visible(one.before, _SHOWN)}” is “{visible(one.after, _SHOWN)}” now{more}."
        if one.changed_since:
            yield f"  {count(one.changed_since, 'other cell')} of this mistake held something else by now, and was left alone."
    if len(made.done) > _LISTED:
        yield f"and {len(made.done) - _LISTED:,} more."
    for kept in made.kept:
        yield f"{visible(kept.place)}: left alone, because {kept.reason}."
    if not made.done and not made.kept:
        yield "No suggestion was accepted, so no value has changed. The marks are gone."
    if made.left:
        numbers = {
            kind: sum(one.kind == kind for one in made.left) for kind in dict.fromkeys(one.kind for one in made.left)
        }
        yield f"Left to look at: {', '.join(count(n, kind) for kind, n in numbers.items())}."
        for left in made.left[:_LISTED]:
            yield f"  {visible(left.place)}  {left.kind}  {visible(left.message)}"
        if len(made.left) > _LISTED:
            yield f"  and {len(made.left) - _LISTED:,} more."
    yield "Check it again: wbc check"
