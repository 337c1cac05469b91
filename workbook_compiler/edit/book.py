"""The file around it all: which parts change, what they become, and the file put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import dirname, join
from typing import Any, TypeVar

from workbook_compiler.archive import UnreadableError, opened, rewritten, sheet_parts, workbook_part
from workbook_compiler.edit import calculation, notes, page, peek, sheets, tables
from workbook_compiler.edit.changes import (
    Change,
    Clear,
    Edit,
    Erase,
    Forget,
    Insert,
    Note,
    Remove,
    Rename,
    Restyle,
    Unstyle,
    Width,
)
from workbook_compiler.edit.grid import filled_columns
from workbook_compiler.edit.parts import Parts
from workbook_compiler.edit.sheet import MAX_COLUMNS, MAX_ROWS, Sheet, edited_sheet, styles_at
from workbook_compiler.edit.styles import EMPTY, Styles
from workbook_compiler.errors import UsageError
from workbook_compiler.model.diagnostics import cell_address

_STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"

T = TypeVar("T")


class UneditableError(UsageError):
    """The file can't be changed in place; the words say why."""


def edited(data: bytes, changes: Iterable[Change], name: str = "The workbook") -> bytes:
    """Return an .xlsx or .xlsm workbook with some cells changed; raises UneditableError for what isn't one."""
    return Book(data, name).edited(changes)


class Book:
    """A workbook that is open for reading a few cells and for changing some. ``name`` stands for it in messages."""

    def __init__(self, data: bytes, name: str = "The workbook") -> None:
        self._data, self._name = data, name
        self._archive = self._kept(lambda: opened(data, name))
        listed = self._kept(lambda: sheet_parts(self._archive, name))
        self._sheets = {title: path for title, (path, _) in listed.items()}
        self._read = Parts(self._archive, name)

    def _kept(self, made: Callable[[], T]) -> T:
        """Return what is made of the file; raises UneditableError with the reason for what can't be."""
        try:
            return made()
        except (UnreadableError, ValueError) as error:
            reason = error.diagnostic.message if isinstance(error, UnreadableError) else f"{error}."
            raise UneditableError(f"{self._name} can't be changed in place: {reason}") from error

    @property
    def titles(self) -> tuple[str, ...]:
        """The names of the worksheets."""
        return tuple(self._sheets)

    def _path(self, title: str) -> str:
        if title not in self._sheets:
            raise UneditableError(f"{self._name} has no sheet {title}.")
        return self._sheets[title]

    def texts(self, title: str, rows: int = MAX_ROWS) -> dict[int, dict[int, str]]:
        """Return what the cells of a sheet's first rows say: row as Excel counts -> zero-based column -> text."""
        path = self._path(title)

        def found() -> dict[int, dict[int, str]]:
            cells = peek.cells(self._read.raw(path), rows)
            return {
                number: {c: self._words.get(int(v), "") if isinstance(v, peek.Shared) else v for c, v in row.items()}
                for number, row in cells.items()
            }

        return self._kept(found)

    def written(self, title: str) -> dict[int, set[int]]:
        """Return the cells of a sheet that hold text, and no number or date: row as Excel counts -> zero-based columns."""
        return self._kept(lambda: peek.written(self._read.raw(self._path(title))))

    def needed(self, title: str) -> set[tuple[int, int]]:
        """Return the cells of a sheet whose formula other cells live on, by row as Excel counts and zero-based column."""
        return self._kept(lambda: peek.needed(self._read.raw(self._path(title))))

    def formulas(self, title: str) -> dict[str, str]:
        """Return the cells of a sheet with formulas, ``C7`` -> its text; empty where it is written at another cell."""
        return self._kept(lambda: peek.formulas(self._read.raw(self._path(title))))

    def heads(self, title: str) -> set[tuple[int, int]]:
        """Return the cells (zero-based row, column) of a sheet that head a column of an Excel table."""
        return self._kept(lambda: tables.heads(self._read, self._path(title)))

    def refuses(self, title: str, cell: str, text: str) -> bool:
        """Tell whether a cell heads a column of an Excel table that can't be called so."""
        return self._kept(lambda: tables.refuses(self._read, self._path(title), cell_address(cell), text))

    def styles_at(self, title: str, cells: Iterable[str]) -> dict[str, int]:
        """Return the style numbers of cells of a sheet; an empty cell shows its row's or column's."""
        places = {cell: cell_address(cell) for cell in cells}
        wanted: dict[int, set[int]] = {}
        for row, column in places.values():
            wanted.setdefault(row + 1, set()).add(column)
        found = self._kept(lambda: styles_at(self._read.document(self._path(title)).bare, wanted))
        return {cell: found[row + 1, column] for cell, (row, column) in places.items()}

    @cached_property
    def _words(self) -> Mapping[int, str]:
        """The texts that cells share."""
        path = self._related.get("sharedStrings")
        return peek.strings(self._read.raw(path)) if path else {}

    def filled_columns(self, title: str, beyond: int) -> set[int]:
        """Return the zero-based columns of a sheet behind this one that hold anything."""
        return self._kept(lambda: filled_columns(self._read.document(self._path(title)).bare, beyond))

    def has_fill(self, fill: str) -> bool:
        """Tell whether a cell may have such a fill, laid by ``Restyle``."""
        path = self._related.get("styles")
        return path is not None and self._kept(lambda: bool(Styles(self._read.document(path).text).uncovered(fill)))

    @cached_property
    def _workbook(self) -> str:
        return workbook_part(self._archive, self._name)

    @cached_property
    def _related(self) -> Mapping[str, str]:
        """What the workbook refers to, by the kind of it."""
        return {one.kind: one.path for one in self._read.related(self._workbook)}

    def edited(self, changes: Iterable[Change]) -> bytes:
        """Return the workbook's bytes with these changes; of two changes of a cell the later one holds."""

        def changed() -> bytes:
            parts = Parts(self._archive, self._name)
            self._change(parts, list(changes))
            new, gone = parts.changed, parts.removed
            return rewritten(self._data, new, packed=True, without=gone) if new or gone else self._data

        return self._kept(changed)

    def _change(self, parts: Parts, changes: Sequence[Change]) -> None:
        path = self._related.get("styles")
        styles = Styles(parts.document(path).text if path else EMPTY)
        forgotten: dict[str, list[str]] = {}
        for title, group in _grouped(changes).items():
            sheet = self._path(title)
            if group.unnoted:
                notes.without_notes(parts, sheet)
            wanted = group.sheet(styles)
            if wanted.changes:
                document = parts.document(sheet)
                text, forgotten[title] = edited_sheet(document.text, document.bare, wanted, styles.restyled)
                parts.write(sheet, text)
            if group.texts:
                tables.follow(parts, sheet, group.texts)
            if group.notes:
                notes.with_notes(parts, sheet, group.notes, list(self._sheets).index(title))
        for change in changes:
            self._change_list(parts, change, styles)
        if styles.changed:
            self._write_styles(parts, path, styles.text())
        if any(isinstance(change, Forget) for change in changes):
            sheets.calculated_anew(parts, self._workbook)
        chain = self._related.get("calcChain")
        if chain and any(forgotten.values()):
            numbers = calculation.numbers(self._read.raw(self._workbook))
            parts.write(chain, calculation.without(parts.document(chain), numbers, forgotten))

    def _change_list(self, parts: Parts, change: Change, styles: Styles) -> None:
        """What happens to sheets as a whole."""
        if isinstance(change, Remove):
            sheets.taken_out(parts, self._workbook, change.sheet, change.shown)
        elif isinstance(change, Rename):
            if not sheets.title_fits(change.to) or change.to.casefold() in {t.casefold() for t in self.titles}:
                raise ValueError(f"no sheet can be called “{change.to}” here")
            sheets.renamed(parts, self._workbook, change.sheet, change.to)
        elif isinstance(change, Insert):
            shown = sheets.shown_first(parts, self._workbook)
            strict = parts.is_strict(self._workbook)
            text = page.written(change.page(shown), lambda look: styles.restyled(0, look), strict=strict)
            sheets.added_in_front(parts, self._workbook, change.sheet, text)

    def _write_styles(self, parts: Parts, path: str | None, text: str) -> None:
        if path is None:
            path = join(dirname(self._workbook), "styles.xml")
            parts.write(path, text)
            parts.declare(path, _STYLES_TYPE)
            parts.relate(self._workbook, "styles", path)
        else:
            parts.write(path, text)


@dataclass(slots=True)
class _Group:
    """What happens to one sheet."""

    places: dict[int, dict[int, Any]] = field(default_factory=dict)
    cleared: dict[int, int] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)
    fills: list[str] = field(default_factory=list)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    unnoted: bool = False

    @property
    def texts(self) -> dict[tuple[int, int], str]:
        """What is put into cells (zero-based row, column) as text."""
        edits = {(row - 1, column): one for row, across in self.places.items() for column, one in across.items()}
        return {at: one.value for at, one in edits.items() if isinstance(one, Edit) and isinstance(one.value, str)}

    def sheet(self, styles: Styles) -> Sheet:
        unstyled = {number: plain for fill in self.fills for number, plain in styles.uncovered(fill).items()}
        return Sheet(self.places, self.cleared, unstyled, self.widths)


def _grouped(changes: Iterable[Change]) -> dict[str, _Group]:
    groups: dict[str, _Group] = {}
    for change in changes:
        if isinstance(change, Rename | Remove | Insert):
            continue
        group = groups.setdefault(change.sheet, _Group())
        if isinstance(change, Edit | Restyle | Erase | Forget | Note):
            row, column = cell_address(change.cell)
            if not (0 <= row < MAX_ROWS and column < MAX_COLUMNS):
                raise ValueError(f"there is no cell {change.cell}")
            if isinstance(change, Note):
                group.notes[row, column] = change.text
            else:
                group.places.setdefault(row + 1, {})[column] = change
        elif isinstance(change, Clear):
            group.cleared[change.column] = change.below
        elif isinstance(change, Width):
            group.widths[change.column] = change.characters
        elif isinstance(change, Unstyle):
            group.fills.append(change.fill)
        else:
            group.unnoted = True
    return groups
