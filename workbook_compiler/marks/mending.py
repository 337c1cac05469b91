"""Accepted suggestions put into the cells they are for, and into nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from workbook_compiler.edit import Book, Change, Edit, Forget, Look, Rename, dependents
from workbook_compiler.edit.sheets import title_fits
from workbook_compiler.marks.replacing import replaced
from workbook_compiler.marks.spots import Cells, Seen

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,14})?")
"""What a spreadsheet program keeps as it is typed."""
_AS_TEXT = Look(text=True)
"""A cell that held a number or a date stays text from now on, also when somebody goes into it again."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One suggestion that was accepted."""

    place: str
    """As it is said to a person: ``Biosample!D7``."""
    wrong: str
    right: str
    cells: tuple[tuple[str, str], ...]
    """Sheet and cell."""
    held: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What cells that are replaced as a whole held when the suggestion was made."""
    rename: str = ""
    """The sheet that is called ``right`` from now on."""


@dataclass(frozen=True, slots=True)
class Done:
    """A suggestion that was carried out."""

    place: str
    before: str
    after: str
    cells: int
    """In so many cells."""
    changed_since: int = 0
    """So many others held something else by now, and were left alone."""
    formulas: int = 0
    """So many of the cells held a formula, which is gone."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A suggestion that was accepted and not carried out: what is there was left alone."""

    place: str
    reason: str


class Mending:
    """The changes that accepted suggestions make of a workbook without marks."""

    def __init__(self, book: Book) -> None:
        self._cells = Cells(book)
        self._texts: dict[tuple[str, str], str] = {}
        self._reshaped: set[tuple[str, str]] = set()
        self._numbers: set[tuple[str, str]] = set()
        self._renamed: dict[str, str] = {}

    def carry_out(self, wanted: Wanted) -> Done | Kept:
        """Return what became of one suggestion."""
        if wanted.rename:
            return self._rename(wanted)
        if not wanted.right.strip():
            return Kept(wanted.place, "no value stands under Suggested value")
        there = [at for at in wanted.cells if at[0] in self._cells.titles]
        free = [at for at in there if not self._cells.is_needed(*at)]
        changed = [at for at in free if self._put(wanted, *at)]
        if changed:
            sheet, cell = changed[0]
            formulas = sum(cell in self._cells.formulas(sheet) for sheet, cell in changed)
            left = len(wanted.cells) - len(changed)
            return Done(f"{sheet}!{cell}", wanted.wrong, wanted.right, len(changed), left, formulas)
        if any(self._cells.refuses(*at, wanted.right) for at in free):
            return Kept(
                wanted.place, "it heads a column of a table that formulas use; change it in your spreadsheet program"
            )
        if len(free) < len(there):
            return Kept(wanted.place, "other cells live on the formula there; mend it by hand")
        return Kept(
            wanted.place, "something else is there now: the cell was changed, or rows, columns or sheets were moved"
        )

    def _rename(self, wanted: Wanted) -> Done | Kept:
        taken = {title.casefold() for title in (*self._cells.titles, *self._renamed.values())}
        if wanted.rename not in self._cells.titles:
            return Kept(wanted.place, "the sheet has another name by now")
        if not title_fits(wanted.right):
            return Kept(wanted.place, "no sheet can have that name; rename it by hand")
        if wanted.right.casefold() in taken:
            return Kept(wanted.place, f"there is a sheet {wanted.right} already; bring the rows together by hand")
        self._renamed[wanted.rename] = wanted.right
        return Done(wanted.place, wanted.rename, wanted.right, 1)

    def _put(self, wanted: Wanted, sheet: str, cell: str) -> bool:
        at = sheet, cell
        seen = Seen(self._texts[at], is_text=True) if at in self._texts else self._cells.at(sheet, cell)
        if at in wanted.held:
            new = wanted.right if _same(seen, wanted.held[at]) else None
        else:
            new = replaced(seen.text, wanted.wrong, wanted.right) if seen.is_text else None
        if new is None or new == seen.text or self._cells.refuses(sheet, cell, new):
            return False
        self._texts[at] = new
        if not seen.is_text and not (_is_number(new) and _same(seen, wanted.wrong)):
            self._reshaped.add(at)
        elif not seen.is_text:
            self._numbers.add(at)
        return True

    def changes(self) -> Iterator[Change]:
        """Yield what changes in the workbook. A plain number stays one; what lives on a changed cell is calculated anew."""
        for (sheet, cell), text in self._texts.items():
            look = _AS_TEXT if (sheet, cell) in self._reshaped else None
            value = (float(text) if "." in text else int(text)) if (sheet, cell) in self._numbers else text
            yield Edit(sheet, cell, value, look, over=True)
        for sheet, cell in sorted(self.outdated):
            yield Forget(sheet, cell)
        for old, new in self._renamed.items():
            yield Rename(old, new)

    @cached_property
    def outdated(self) -> set[tuple[str, str]]:
        """The cells (sheet, cell) whose saved results are no longer true."""
        if not self._texts:
            return set()
        formulas = {(t, c): text for t in self._cells.titles for c, text in self._cells.formulas(t).items()}
        return dependents(formulas, set(self._texts))


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _same(seen: Seen, then: str) -> bool:
    """Tell whether a cell holds what it held. Programs write one number in different ways: 45537 and 45537.0."""
    if seen.is_text or seen.text == "":
        return seen.text == then
    try:
        return float(seen.text) == float(then)
    except ValueError:
        return seen.text == then


def carried_out(
    book: Book, wanted: Iterable[Wanted]
) -> tuple[bytes, Sequence[Done], Sequence[Kept], Collection[tuple[str, str]]]:
    """Return the workbook's bytes with these suggestions carried out, those that were, and those that couldn't be.

    The last are the cells (sheet, cell) with formulas that have to be calculated anew.
    """
    mending = Mending(book)
    outcomes = [mending.carry_out(one) for one in wanted]
    content = book.edited(mending.changes())
    done = [one for one in outcomes if isinstance(one, Done)]
    return content, done, [one for one in outcomes if isinstance(one, Kept)], mending.outdated
