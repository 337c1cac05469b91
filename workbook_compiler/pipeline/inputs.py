"""Before step 1: paths -> Inputs, each with all that reading it needs, so that any of them may be read anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook_compiler.errors import UsageError
from workbook_compiler.model.diagnostics import Outcome
from workbook_compiler.pipeline.read import is_text, read, read_bytes
from workbook_compiler.pipeline.read.cells import Workbook


@dataclass(frozen=True, slots=True)
class Input:
    """A file of a submission."""

    path: Path
    name: str
    """What stands for it in every Location."""
    type_name: str | None = None
    """What was said to be the type of a text file's rows."""
    only_text: bool = False
    """It is the only text file: what was said holds whatever its own name says."""
    several: bool = False
    """There are other files in the submission."""


def inputs(books: str | Path | Sequence[str | Path], type_name: str | None = None) -> list[Input]:
    """Return the files of a submission; raises UsageError for one that isn't there or is named twice."""
    paths = [Path(books)] if isinstance(books, str | Path) else [Path(book) for book in books]
    for path in paths:
        if not path.is_file():
            raise UsageError(f"There is no file {path}.")
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("A workbook is named twice.")
    only_text, several = sum(map(is_text, paths)) == 1, len(paths) > 1
    return [Input(path, name, type_name, only_text, several) for path, name in zip(paths, _names(paths), strict=True)]


def opened(file: Input) -> Outcome[Workbook]:
    """Return the workbook in a file of this machine; raises UsageError when it can't be opened."""
    try:
        return _typed(read(file.path, file.name), file)
    except OSError as error:
        raise UsageError(f"{file.path} can't be opened: {error.strerror}.") from error


def parsed(data: bytes, file: Input) -> Outcome[Workbook]:
    """Return the workbook in the bytes of a file; its path isn't looked at."""
    return _typed(read_bytes(data, file.path, file.name), file)


def _typed(outcome: Outcome[Workbook], file: Input) -> Outcome[Workbook]:
    """A text file's workbook with its type said; of several only one whose name doesn't say it."""
    workbook, type_name = outcome.value, file.type_name
    if type_name is None or not workbook.is_text:
        return outcome
    said = {f"sheet:{sheet.name}": type_name for sheet in workbook.sheets} if file.only_text else {}
    return Outcome(replace(workbook, manifest={**said, "otherwise": type_name}), outcome.diagnostics)


def _names(paths: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell the files apart: the bare name where that is enough."""
    names = [_printable(path.name) for path in paths]
    depth = 1
    while len(set(names)) < len(names) and depth < 40:
        depth += 1
        names = [_printable("/".join(path.resolve().parts[-depth:])) for path in paths]
    return names


def _printable(name: str) -> str:
    """A file name whose bytes are no text can't be written into a document as it is."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
