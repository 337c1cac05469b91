"""After all steps: errors of one mistake that several cells show are told once, at the first of them.

The same wrong word in a column was typed once and copied. A word that counts up from the cell above was dragged down. The
same error in cells below one another, such as a formula that failed or a column that was left empty, has one cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from workbook_compiler.model.codes import cells, texts, values
from workbook_compiler.model.diagnostics import Diagnostic, Severity

_WORDS = (texts.ENU01, values.BOO01, texts.TXT07)
"""What is wrong about a word is wrong about it in every row."""
_RUN = 3
"""So many cells below one another with the same error have one cause; fewer may well be a mistake each."""
_COUNTED = re.compile(r"(.*\D)(\d+)", re.DOTALL)


def grouped(said: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the findings, those of one mistake as one; ``related`` names its other cells."""
    alike: dict[Any, list[Diagnostic]] = {}
    for found in said:
        at = found.location
        if found.severity is not Severity.ERROR or at.cell is None or found.related:
            yield found
        else:
            alike.setdefault((at.file, at.sheet, at.column, found.code.id), []).append(found)
    for several in alike.values():
        yield from _of_column(several) if len(several) > 1 else several


def _of_column(said: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The errors of one code in one column."""
    rows = sorted(said, key=lambda found: found.location.row or 0)
    if rows[0].code is texts.ENU01:
        counted, rows = _counted(rows)
        yield from counted
    same: dict[Any, list[Diagnostic]] = {}
    for found in rows:
        same.setdefault((found.field, found.value, found.message, found.suggestions), []).append(found)
    for several in same.values():
        if several[0].code in _WORDS and several[0].value:
            yield _one(several)
            continue
        for run in _below_one_another(several):
            yield from [_one(run)] if len(run) >= _RUN else run


def _one(several: Sequence[Diagnostic]) -> Diagnostic:
    return replace(several[0], related=tuple(found.location for found in several[1:]))


def _below_one_another(said: Sequence[Diagnostic]) -> Iterator[list[Diagnostic]]:
    """The findings in runs of rows without a gap."""
    for _, run in groupby(enumerate(said), key=lambda pair: (pair[1].location.row or 0) - pair[0]):
        yield [found for _, found in run]


def _counted(said: Sequence[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Words that count up from row to row, told as one, with what stood above them; and the others."""
    runs, rest = list[Diagnostic](), list[Diagnostic]()
    run: list[Diagnostic] = []
    for found in [*said, None]:
        if run and (found is None or not _follows(run[-1], found)):
            first = _before(run)
            if first:
                related = tuple(other.location for other in run[1:])
                runs.append(
                    replace(run[0], code=cells.CEL04, context={"first": first}, suggestions=(first,), related=related)
                )
            else:
                rest += run
            run = []
        if found is not None:
            run.append(found)
    return runs, rest


def _follows(above: Diagnostic, found: Diagnostic) -> bool:
    one, other = _COUNTED.fullmatch(above.value or ""), _COUNTED.fullmatch(found.value or "")
    below = found.location.row == (above.location.row or 0) + 1
    return bool(below and one and other and one[1] == other[1] and int(one[2]) + 1 == int(other[2]))


def _before(run: Sequence[Diagnostic]) -> str | None:
    """The word the first of some words counts up from, when it is one that may stand there."""
    match = _COUNTED.fullmatch(run[0].value or "")
    word = f"{match[1]}{int(match[2]) - 1:0{len(match[2])}}" if match else ""
    known = word in run[0].suggestions or word in run[0].context.get("listed", ())
    return word if known and len(run) > 1 else None
