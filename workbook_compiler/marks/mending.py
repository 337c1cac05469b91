"""Accepted suggestions put into the cells they are for, and into nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workbook_compiler.edit import Book, Change, Edit, Look, Rename
from workbook_compiler.edit.sheets import title_fits
from workbook_compiler.marks.replacing import replaced
from workbook_compiler.marks.spots import Cells, Seen

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
    numbers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What cells that hold no text held when the suggestion was made."""
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
        self._renamed: dict[str, str] = {}

    def carry_out(self, wanted: Wanted) -> Done | Kept:
        """Return what became of one suggestion."""
        if wanted.rename:
            return self._rename(wanted)
        if not wanted.right:
            return Kept(wanted.place, "no value stands under Suggested value")
        free = [at for at in wanted.cells if at[0] in self._cells.titles and not self._cells.is_needed(*at)]
        changed = sum(self._put(wanted, sheet, cell) for sheet, cell in free)
        if not changed and any(self._cells.refuses(*at, wanted.right) for at in free):
            return Kept(
                wanted.place, "it heads a column of a table that formulas use; change it in your spreadsheet program"
            )
        if not changed and len(free) < sum(sheet in self._cells.titles for sheet, _ in wanted.cells):
            return Kept(wanted.place, "other cells live on the formula there; mend it by hand")
        if not changed:
            return Kept(wanted.place, "the cell has been changed since it was checked")
        return Done(wanted.place, wanted.wrong, wanted.right, changed, len(wanted.cells) - changed)

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
        if seen.is_text:
            new = replaced(seen.text, wanted.wrong, wanted.right)
            if new is None:
                return False
        elif not _same_number(seen.text, wanted.numbers.get(at)):
            return False
        else:
            new = wanted.right
            self._reshaped.add(at)
        if self._cells.refuses(sheet, cell, new):
            return False
        self._texts[at] = new
        return True

    def changes(self) -> Iterator[Change]:
        """Yield what changes in the workbook."""
        for (sheet, cell), text in self._texts.items():
            yield Edit(sheet, cell, text, _AS_TEXT if (sheet, cell) in self._reshaped else None, over=True)
        for old, new in self._renamed.items():
            yield Rename(old, new)


def _same_number(now: str, then: str | None) -> bool:
    """Programs write one number in different ways: 45537 and 45537.0."""
    if then is None or now == "":
        return False
    try:
        return float(now) == float(then)
    except ValueError:
        return now == then


def carried_out(book: Book, wanted: Iterable[Wanted]) -> tuple[bytes, Sequence[Done], Sequence[Kept]]:
    """Return the workbook's bytes with these suggestions carried out, those that were, and those that couldn't be."""
    mending = Mending(book)
    outcomes = [mending.carry_out(one) for one in wanted]
    content = book.edited(mending.changes())
    return (
        content,
        [one for one in outcomes if isinstance(one, Done)],
        [one for one in outcomes if isinstance(one, Kept)],
    )
