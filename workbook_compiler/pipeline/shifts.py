"""Before step 5: values that stand in the column beside their own, told once for all of them and read as if they stood right.

Cells that were inserted or deleted, or a block that was pasted one column off, make every value of some rows wrong. They are
recognised by what fits: the values are wrong under their header, and right under the one beside it. Two values of one row
that were exchanged are recognised alike. A sheet without a wrong value isn't looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from workbook_compiler.model.codes import structure
from workbook_compiler.model.columns import Column
from workbook_compiler.model.diagnostics import Diagnostic, Location, column_letter
from workbook_compiler.model.schema import Kind
from workbook_compiler.pipeline.bind import Bound
from workbook_compiler.pipeline.coerce import ColumnReader, ReadColumn
from workbook_compiler.pipeline.coerce.reading import is_wrong
from workbook_compiler.pipeline.read.cells import CellError, NoResult, Styled

LEAST_ROWS = 3
"""Fewer rows have to tell of their shift each by themselves."""
_TELLING = 1.5
"""What a row has to show to be looked at: a value that is wrong where it stands and right beside it counts one."""
_ALONE = 3.0
"""What one row has to show that stands alone, or several together."""
_GAP = 12
"""Rows of one mistake that don't tell by themselves may lie between those that do."""
_WEAK = 0.25
"""What it says that a column for any text takes a value."""
_COMMON = 0.1
"""A kind of value that so many cells of a column have is usual there."""
_SAMPLE = 2_000
_FIRST_CELLS = 500
_MOST = 0.6
"""A kind of name that so many links of a column have at least is the column's own."""
_IDENTIFIER = re.compile(r"[^\s/:]+:([A-Za-z]*)\S*")


class Move(NamedTuple):
    """Some rows whose values of some columns stand ``step`` columns to the right of their own; by position in the table."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    step: int


class Displaced(NamedTuple):
    """Where values stand that don't stand in their own column: ``(row, own column) -> column``, None for one that is lost."""

    found: Mapping[tuple[int, int], int | None]
    said: list[Diagnostic]


def displaced(bound: Bound, readers: Sequence[ColumnReader], read: Sequence[ReadColumn]) -> Displaced:
    """Return the values of a table that stand in another column than their own, and what is to be told about them."""
    wrong: dict[int, set[int]] = {}
    for place, column in enumerate(read):
        for i, reading in column.remarks.items():
            if is_wrong(reading):
                wrong.setdefault(i, set()).add(place)
    fits = _Fits(bound, readers)
    beside = {i for i, places in wrong.items() if any(fits.beside(i, place) for place in places)}
    rows = sorted(beside | set(_strange(fits)) | _spilled(bound))
    if not rows:
        return Displaced({}, [])
    moves = [move for step in (1, -1) for move in _moves(rows, step, fits)]
    found: dict[tuple[int, int], int | None] = {}
    said = []
    for move in sorted(moves, key=lambda move: -len(move.rows) * len(move.columns)):
        if not any((i, place) in found for i in move.rows for place in range(len(bound.columns))):
            found |= {(i, place): None for i in move.rows for place in _emptied(move, fits)}
            found |= {(i, p): bound.columns[p].index + move.step for i in move.rows for p in move.columns}
            said.append(_shifted(bound, move))
    told = {i for i, _ in found}
    for i in rows:
        pair = next(fits.exchanged(i), None) if i not in told else None
        if pair is not None:
            first, second = bound.columns[pair[0]], bound.columns[pair[1]]
            found |= {(i, pair[0]): second.index, (i, pair[1]): first.index}
            said.append(_exchanged(bound, i, first, second))
    return Displaced(found, said)


def _emptied(move: Move, fits: _Fits) -> Iterator[int]:
    """The column at the end of a move whose own value is gone: one of the others stands there."""
    place = move.columns[-1] + 1 if move.step > 0 else move.columns[0] - 1
    if 0 <= place < len(fits.bound.columns):
        yield place


@dataclass(frozen=True)
class _Fits:
    """Which values fit which columns: by the column's rules, or by what its other cells hold where it takes any text."""

    bound: Bound
    readers: Sequence[ColumnReader]

    @cached_property
    def _known(self) -> dict[tuple[int, type, Any], bool | None]:
        return {}

    @cached_property
    def _usual(self) -> list[Mapping[str, float]]:
        return [_shares(self.bound.cells(column.index)[:_SAMPLE]) for column in self.bound.columns]

    @cached_property
    def _is_full(self) -> list[bool]:
        columns = [self.bound.cells(column.index)[:_SAMPLE] for column in self.bound.columns]
        return [sum(cell is None or cell == "" for cell in cells) <= len(cells) / 3 for cells in columns]

    def raw(self, i: int, index: int) -> Any:
        """The cell of a row at a position of the sheet; there may be cells to the right of the last header."""
        row = self.bound.table.data[i]
        return row[index] if self.bound.table.first_column <= index < len(row) else None

    def fit(self, place: int, raw: Any) -> bool | None:
        """Tell whether a value fits a column; None for an empty cell and where that can't be told."""
        if raw is None or raw == "" or isinstance(raw, CellError | NoResult):
            return None
        key = place, type(raw), raw
        if key not in self._known:
            self._known[key] = self._fit(place, raw)
        return self._known[key]

    def _fit(self, place: int, raw: Any) -> bool | None:
        if is_wrong(self.readers[place].read(raw)):
            return False
        if _is_strict(self.bound.columns[place]):
            return True
        fine, coarse = _kinds(raw)
        own = self._share(place, fine, coarse)
        near = [p for p in (place - 1, place + 1) if 0 <= p < len(self.readers) and self._may_hold(p, raw)]
        beside = max((self._share(p, fine, coarse) for p in near), default=0)
        return own >= _COMMON and 2 * own >= beside if self._usual[place] else None

    def _may_hold(self, place: int, raw: Any) -> bool:
        return not _is_strict(self.bound.columns[place]) or not is_wrong(self.readers[place].read(raw))

    def _share(self, place: int, fine: str, coarse: str) -> float:
        """How usual a kind of value is in a column; of names that differ throughout, that they are names."""
        usual = self._usual[place]
        varied = max((share for kind, share in usual.items() if kind.startswith(f"{coarse}:")), default=0) < _COMMON
        return max(usual.get(fine, 0), usual.get(coarse, 0) if varied else 0)

    def own(self, i: int, place: int) -> bool | None:
        """Tell whether a cell fits its own column."""
        return self.fit(place, self.raw(i, self.bound.columns[place].index))

    def other(self, i: int, place: int, step: int) -> bool | None:
        """Tell whether the cell beside it fits a column."""
        return self.fit(place, self.raw(i, self.bound.columns[place].index + step))

    def beside(self, i: int, place: int) -> bool:
        """Tell whether a column whose cell is wrong has its value beside it, or the cell belongs to a column beside it."""
        raw = self.raw(i, self.bound.columns[place].index)
        near = [p for p in (place - 1, place + 1) if 0 <= p < len(self.readers)]
        return any(self.other(i, place, step) for step in (1, -1)) or any(self.fit(p, raw) for p in near)

    def score(self, i: int, place: int, step: int) -> float:
        """What speaks for it that a column's value stands ``step`` beside it in this row: it fits, and not where it is."""
        raw = self.raw(i, self.bound.columns[place].index + step)
        fits, own = self.fit(place, raw), self.own(i, place)
        if fits is False:
            return -2
        if fits is None:
            return -0.5 if own else 0
        there = place + step
        is_wrong_there = not 0 <= there < len(self.readers) or self.fit(there, raw) is False
        telling = self._tells(place, raw) if is_wrong_there else 0
        return telling + (0.5 if own is None and self._is_full[place] else 0)

    def _tells(self, place: int, raw: Any) -> float:
        """How much it says that a value fits a column: little where nearly any text would."""
        if _is_strict(self.bound.columns[place]) or not isinstance(raw, str) or self._texts[place][raw] > 1:
            return 1
        return 1 if self._usual[place].get(_kinds(raw)[0], 0) >= _COMMON and _kinds(raw)[1] == "name" else _WEAK

    @cached_property
    def _texts(self) -> list[Counter[Any]]:
        columns = [self.bound.cells(column.index) for column in self.bound.columns]
        return [Counter(cell for cell in cells if isinstance(cell, str)) for cells in columns]

    def scores(self, i: int, step: int) -> list[float]:
        """Return the same for every column."""
        return [self.score(i, place, step) for place in range(len(self.readers))]

    def exchanged(self, i: int) -> Iterator[tuple[int, int]]:
        """Yield neighbouring columns each of whose values is wrong in its own and right in the other one."""
        for place, (one, other) in enumerate(pairwise(self.bound.columns)):
            are_wrong = self.own(i, place) is False and self.own(i, place + 1) is False
            if other.index == one.index + 1 and are_wrong and self.other(i, place, 1) and self.other(i, place + 1, -1):
                yield place, place + 1


def _spilled(bound: Bound) -> set[int]:
    """Rows with a value behind the last header."""
    header = bound.table.sheet.rows[bound.table.header_row]
    end = bound.columns[-1].index + 1 if bound.columns else len(header)
    if end < len(header) and header[end] not in (None, ""):
        return set()
    return {i for i, row in enumerate(bound.table.data) if len(row) > end and row[end] not in (None, "")}


def _strange(fits: _Fits) -> Iterator[int]:
    """Rows with a link that looks like all those of the column beside it, and unlike nearly all of its own."""
    for one, other in pairwise(fits.bound.columns):
        if not (_is_link(one) and _is_link(other) and other.index == one.index + 1 and _targets(one) - _targets(other)):
            continue
        kinds = [_dominant(fits.bound.cells(column.index)) for column in (one, other)]
        if None in kinds or kinds[0] == kinds[1]:
            continue
        for column, kind in ((one, kinds[1]), (other, kinds[0])):
            cells = fits.bound.cells(column.index)
            strange = {cell for cell in set(cells) if isinstance(cell, str) and cell and _kinds(cell)[0] == kind}
            yield from (i for i, cell in enumerate(cells) if strange and cell in strange)


def _is_link(column: Column) -> bool:
    return column.field.property.leaf.kind is Kind.LINK


def _targets(column: Column) -> set[str]:
    link = column.field.property.leaf.link
    return set(link.targets) if link else set()


def _dominant(cells: Sequence[Any]) -> str | None:
    """The kind of name that nearly all links of a column have."""
    shares = _shares(cells[:_FIRST_CELLS])
    return next((kind for kind, share in shares.items() if share >= _MOST and kind.startswith("name:")), None)


def _is_strict(column: Column) -> bool:
    """Whether a column's rules tell its values from others."""
    leaf = column.field.property.leaf
    return bool(leaf.choices or leaf.kind not in (Kind.TEXT, Kind.LINK, Kind.ANY, Kind.OBJECT))


def _kinds(raw: Any) -> tuple[str, str]:
    """What kind of value a cell holds, finely and coarsely."""
    if isinstance(raw, bool) or not isinstance(raw, str):
        kind = "number" if isinstance(raw, int | float | Styled) and not isinstance(raw, bool) else type(raw).__name__
        return kind, kind
    text = raw.partition(",")[0].strip()
    if match := _IDENTIFIER.fullmatch(text):
        return f"name:{match[1].casefold()}", "name"
    if text.startswith("/") or "://" in text:
        return "path", "path"
    if any(sign.isspace() for sign in text):
        return "prose", "prose"
    digits, letters = any(map(str.isdigit, text)), any(map(str.isalpha, text))
    kind = "code" if digits and letters else "word" if letters else "digits"
    return kind, kind


def _shares(cells: Iterable[Any]) -> Mapping[str, float]:
    """The part of a column's cells that each kind of value has."""
    filled = [_kinds(cell) for cell in cells if cell is not None and cell != ""]
    counts = Counter(kind for fine, coarse in filled for kind in {fine, coarse})
    return {kind: number / len(filled) for kind, number in counts.items()}


def _moves(rows: Sequence[int], step: int, fits: _Fits) -> Iterator[Move]:
    """The runs of rows whose values stand one column off in the same direction, each with its columns."""
    telling = {i: scores for i in rows if _best(scores := fits.scores(i, step), fits)[2] >= _TELLING}
    run: list[int] = []
    done = -1
    for i in [*telling, None]:
        if run and (i is None or i > run[-1] + _GAP or not _alike(telling[run[-1]], telling[i], fits)):
            for move in _in_run(run, telling, step, fits):
                if move.rows[0] > done:
                    yield move
                    done = move.rows[-1]
            run = []
        if i is not None:
            run.append(i)


def _alike(one: Sequence[float], other: Sequence[float], fits: _Fits) -> bool:
    """Whether two rows tell of one shift: some of the same columns, and neither speaks against what the other tells."""
    (first, last, _), (begin, end, _) = _best(one, fits), _best(other, fits)
    return first < end and begin < last and _agrees(other[first:last]) and _agrees(one[begin:end])


def _in_run(run: Sequence[int], telling: Mapping[int, list[float]], step: int, fits: _Fits) -> Iterator[Move]:
    """The moves in rows close together, some of which tell that they are shifted: those between and beside them as well."""
    first, last, _ = _best([sum(column) for column in zip(*(telling[i] for i in run), strict=True)], fits)
    if last - first < 1:
        return
    part: list[int] = []
    for i in range(_end(run[0], -1, first, last, step, fits), _end(run[-1], 1, first, last, step, fits) + 1):
        if _agrees([fits.score(i, place, step) for place in range(first, last)]):
            part.append(i)
        else:
            yield from _told(part, first, last, telling, step)
            part = []
    yield from _told(part, first, last, telling, step)


def _told(rows: Sequence[int], first: int, last: int, telling: Mapping[int, list[float]], step: int) -> Iterator[Move]:
    """The move of these rows, if they tell enough of it."""
    evidence = [sum(telling[i][first:last]) for i in rows if i in telling]
    needed = _ALONE if len(rows) >= LEAST_ROWS and len(evidence) > 1 else _ALONE * len(rows)
    if evidence and sum(evidence) >= needed:
        yield Move(tuple(rows), tuple(range(first, last)), step)


def _agrees(scores: Sequence[float]) -> bool:
    """Whether a row may be one of a run: nothing speaks against it but a mistake of its own, beside two that speak for it."""
    against = sum(score < -1 for score in scores)
    return not against or (against == 1 and sum(score >= 1 for score in scores) >= 2)


def _end(i: int, way: int, first: int, last: int, step: int, fits: _Fits) -> int:
    """The last row in one direction of which some value stands beside its own column, and none speaks against it."""
    while 0 <= i + way < len(fits.bound.table.rows):
        scores = [fits.score(i + way, place, step) for place in range(first, last)]
        if not _agrees(scores) or max(scores) < 0.5:
            break
        i += way
    return i


def _best(scores: Sequence[float], fits: _Fits) -> tuple[int, int, float]:
    """The columns side by side with the highest sum: the first, the one behind the last, and the sum."""
    best, begin, total = (0, 0, 0.0), 0, 0.0
    for place, score in enumerate(scores):
        columns = fits.bound.columns
        if total <= 0 or columns[place].index != columns[place - 1].index + 1:
            begin, total = place, 0.0
        total += score
        if total > best[2]:
            best = begin, place + 1, total
    return best


def _shifted(bound: Bound, move: Move) -> Diagnostic:
    indexes = [bound.columns[place].index + move.step for place in move.columns]
    rows = [bound.table.rows[i] for i in move.rows]
    at, *more = (_cell(bound, row, index) for row in rows for index in indexes)
    first, last = column_letter(indexes[0]), column_letter(indexes[-1])
    context = {
        "columns": f"columns {first} to {last}" if first != last else f"column {first}",
        "rows": f"rows {rows[0] + 1} to {rows[-1] + 1}" if len(rows) > 1 else f"row {rows[0] + 1}",
        "side": "right" if move.step > 0 else "left",
        "back": "left" if move.step > 0 else "right",
    }
    return Diagnostic(structure.ROW05, at, context=context, related=tuple(more))


def _exchanged(bound: Bound, i: int, first: Column, second: Column) -> Diagnostic:
    row = bound.table.rows[i]
    context = {"first": first.field.header(first.member), "second": second.field.header(second.member)}
    related = (_cell(bound, row, second.index),)
    return Diagnostic(structure.ROW04, _cell(bound, row, first.index), context["first"], None, context, (), related)


def _cell(bound: Bound, row: int, index: int) -> Location:
    return Location(bound.table.file, bound.table.sheet.name, row + 1, column_letter(index))
