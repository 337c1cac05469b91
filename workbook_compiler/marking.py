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
from workbook_compiler.files import remember, replaceable
from workbook_compiler.model.diagnostics import Severity
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
        return {book: _free(path) for book, path in _in_folder(books, Path(out))}
    if out == "-":
        if sys.stdout.isatty():
            raise UsageError(f"Say where the marked workbook goes: -o {books[0].stem}{STEM}{books[0].suffix}")
        return {books[0]: None}
    if Path(out).suffix.lower() != books[0].suffix.lower():
        raise UsageError(f"The marked copy of {books[0].name} ends in {books[0].suffix} too; {out} doesn't.")
    return {books[0]: _free(Path(out))}


def _in_folder(books: Sequence[Path], folder: Path) -> Iterator[tuple[Path, Path]]:
    """Each workbook with its copy's place; of two that are called alike the second has a number."""
    taken: set[str] = set()
    for book in books:
        names = (
            f"{book.stem}{number}{STEM}{book.suffix}" for number in ("", *(f"-{n}" for n in range(2, len(books) + 1)))
        )
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        yield book, folder / name


def _free(path: Path) -> Path:
    """Return the path; raises UsageError where somebody's work would be lost."""
    if not path.is_dir() and not replaceable(path):
        raise UsageError(
            f"{path} is there already, and isn't what was written there last: somebody may have worked in it. "
            "Name another file with -o, or remove it."
        )
    return path


def _write(path: Path, content: bytes) -> None:
    try:
        write_bytes(path, content)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.") from error
    remember(path)


def give_back(result: Result, where: Mapping[Path, Path | None]) -> None:
    """Write a marked copy of each workbook; one that can't be opened is told in words."""
    from workbook_compiler import api
    from workbook_compiler.edit import UneditableError

    unread = [
        found for found in result.diagnostics if found.location.sheet is None and found.severity is Severity.ERROR
    ]
    if unread:
        tell(result, (), unread)
    for (book, target), name in zip(where.items(), result.workbooks, strict=True):
        if any(found.location.file == name for found in unread):
            say(f"{book} isn't given back marked.")
            continue
        try:
            content = api.annotated(result, book.read_bytes(), name)
        except UneditableError as error:
            say(str(error))
            continue
        if target is None:
            sys.stdout.buffer.write(content)
        else:
            _write(target, content)
            say(f"Marked: {target}")


def fix(
    book: Annotated[Path, typer.Argument(help="A workbook that wbc check --format xlsx has marked.")],
    out: Annotated[str, typer.Option("-o", "--out", help="The mended workbook; - is standard output.")],
    every: Annotated[bool, typer.Option("--all", help="Accept every suggestion.")] = False,
) -> None:
    """Put the accepted suggestions of a marked workbook into its cells, take the marks off, and say what is left."""
    from workbook_compiler import api
    from workbook_compiler.marks import MARKABLE, markable

    if not book.is_file():
        raise UsageError(f"There is no file {book}.")
    if not markable(book.name):
        raise UsageError(f"{book} isn't a marked workbook: those are {' and '.join(MARKABLE)} files.")
    if out != "-" and (Path(out).is_dir() or Path(out).resolve() == book.resolve()):
        raise UsageError(
            f"{out} is {'a folder' if Path(out).is_dir() else 'the marked workbook itself'}; -o takes another file."
        )
    if out != "-" and Path(out).suffix.lower() != book.suffix.lower():
        raise UsageError(f"The mended copy of {book.name} ends in {book.suffix} too; {out} doesn't.")
    if out != "-":
        _free(Path(out))
    made = api.fixed(book.read_bytes(), book.name, accept_all=every)
    if out == "-":
        sys.stdout.buffer.write(made.content)
    else:
        _write(Path(out), made.content)
    for line in _told(made, out):
        say(line)
    if out != "-":
        results(f"{out}\n")


def _told(made: Mended, out: str) -> Iterator[str]:
    for one in made.done[:_LISTED]:
        more = f" (in {one.cells:,} cells)" if one.cells > 1 else ""
        yield f"{visible(one.place)}: “{visible(one.before, _SHOWN)}” is “{visible(one.after, _SHOWN)}” now{more}."
        if one.formulas:
            yield f"  {count(one.formulas, 'formula')} there {'is' if one.formulas == 1 else 'are'} gone."
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
    if made.outdated:
        yield (
            f"{count(made.outdated, 'formula')} elsewhere may use what was mended. "
            "Open the mended workbook in your spreadsheet program and save it, so that they are calculated anew."
        )
    yield f"Check it again: wbc check {out if out != '-' else 'MENDED.xlsx'}"
