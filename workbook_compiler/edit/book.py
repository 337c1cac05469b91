"""The file around it all: which parts change, what they become, and the file put together again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import dirname, join, relpath
from typing import Any

from workbook_compiler.archive import (
    UnreadableError,
    opened,
    part,
    relations,
    relations_of,
    rewritten,
    sheet_parts,
    workbook_part,
)
from workbook_compiler.edit import calculation, peek
from workbook_compiler.edit.changes import Change, Clear, Edit, Restyle, Unstyle, Width
from workbook_compiler.edit.grid import filled_columns
from workbook_compiler.edit.markup import Document, element, read, refuse_broken
from workbook_compiler.edit.sheet import MAX_COLUMNS, MAX_ROWS, Sheet, edited_sheet
from workbook_compiler.edit.styles import EMPTY, Styles
from workbook_compiler.errors import UsageError
from workbook_compiler.model.diagnostics import cell_address

_STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"


class UneditableError(UsageError):
    """The file can't be changed in place; the words say why."""


def edited(data: bytes, changes: Iterable[Change], name: str = "The workbook") -> bytes:
    """Return an .xlsx or .xlsm workbook with some cells changed; raises UneditableError for what isn't one."""
    return Book(data, name).edited(changes)


class Book:
    """A workbook that is open for reading a few cells and for changing some. ``name`` stands for it in messages."""

    def __init__(self, data: bytes, name: str = "The workbook") -> None:
        self._data, self._name = data, name
        try:
            self._archive = opened(data, name)
            self._sheets = {title: path for title, (path, _) in sheet_parts(self._archive, name).items()}
        except UnreadableError as error:
            raise self._uneditable(error) from error
        self._documents: dict[str, Document] = {}

    def _uneditable(self, error: Exception) -> UneditableError:
        reason = error.diagnostic.message if isinstance(error, UnreadableError) else f"{error}."
        return UneditableError(f"{self._name} can't be changed in place: {reason}")

    @property
    def titles(self) -> tuple[str, ...]:
        """The names of the worksheets."""
        return tuple(self._sheets)

    def _part(self, path: str) -> Document:
        if path not in self._documents:
            try:
                self._documents[path] = read(part(self._archive, path, self._name))
            except (UnreadableError, ValueError) as error:
                raise self._uneditable(error) from error
        return self._documents[path]

    def _path(self, title: str) -> str:
        if title not in self._sheets:
            raise UneditableError(f"{self._name} has no sheet {title}.")
        return self._sheets[title]

    def _sheet(self, title: str) -> Document:
        return self._part(self._path(title))

    def texts(self, title: str, rows: int) -> dict[int, dict[int, str]]:
        """Return what the cells of a sheet's first rows say: row as Excel counts -> zero-based column -> text."""
        try:
            found = peek.cells(part(self._archive, self._path(title), self._name), rows)
            shared = self._related.get("sharedStrings")
            wanted = {int(cell) for row in found.values() for cell in row.values() if isinstance(cell, peek.Shared)}
            words = peek.strings(part(self._archive, shared, self._name), wanted) if shared and wanted else {}
        except (UnreadableError, ValueError) as error:
            raise self._uneditable(error) from error
        return {
            number: {c: words.get(int(v), "") if isinstance(v, peek.Shared) else v for c, v in row.items()}
            for number, row in found.items()
        }

    def filled_columns(self, title: str, beyond: int) -> set[int]:
        """Return the zero-based columns of a sheet behind this one that hold anything."""
        try:
            return filled_columns(self._sheet(title).bare, beyond)
        except ValueError as error:
            raise self._uneditable(error) from error

    @cached_property
    def _workbook(self) -> str:
        return workbook_part(self._archive, self._name)

    @cached_property
    def _related(self) -> Mapping[str, str]:
        """What the workbook refers to, by the kind of it."""
        return {one.kind: one.path for one in relations(self._archive, self._workbook, self._name)}

    def edited(self, changes: Iterable[Change]) -> bytes:
        """Return the workbook's bytes with these cells changed; of two changes of a cell the later one holds."""
        try:
            parts = dict(self._changed(_grouped(changes)))
            for data in parts.values():
                refuse_broken(data)
        except (UnreadableError, ValueError) as error:
            raise self._uneditable(error) from error
        return rewritten(self._data, parts, packed=True) if parts else self._data

    def _changed(self, groups: Mapping[str, _Group]) -> Iterator[tuple[str, bytes]]:
        path = self._related.get("styles")
        own = self._part(path) if path else None
        styles = Styles(own.text if own else EMPTY)
        forgotten: dict[str, list[str]] = {}
        for title, group in groups.items():
            document = self._sheet(title)
            text, forgotten[title] = edited_sheet(document.text, document.bare, group.sheet(styles), styles.restyled)
            if text != document.text:
                yield self._sheets[title], document.bytes_of(text)
        if styles.changed and own and path:
            yield path, own.bytes_of(styles.text())
        elif styles.changed:
            yield from self._new_styles(styles.text())
        chain = self._related.get("calcChain")
        if chain and any(forgotten.values()):
            yield chain, self._part(chain).bytes_of(self._chain(chain, forgotten))

    def _chain(self, path: str, forgotten: Mapping[str, list[str]]) -> str:
        workbook = part(self._archive, self._workbook, self._name)
        return calculation.without(self._part(path), calculation.numbers(workbook), forgotten)

    def _new_styles(self, text: str) -> Iterator[tuple[str, bytes]]:
        """The parts of a workbook that gets its first styles."""
        path = join(dirname(self._workbook), "styles.xml")
        yield path, text.encode()
        links = relations_of(self._workbook)
        known = self._part(links)
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
        target = relpath(path, dirname(self._workbook) or ".")
        yield (
            links,
            _appended(known, "Relationships", "Relationship", f'Id="wbcStyles" Type="{kind}" Target="{target}"'),
        )
        types = self._part("[Content_Types].xml")
        entry = f'PartName="/{path}" ContentType="{_STYLES_TYPE}"'
        yield "[Content_Types].xml", _appended(types, "Types", "Override", entry)


def _appended(document: Document, outer: str, name: str, inside: str) -> bytes:
    root = element(document.bare, outer)
    if root is None or root.empty:
        raise ValueError(f"{outer} is missing")
    entry = f"<{root.prefix}{name} {inside}/>"
    return document.bytes_of(document.text[: root.close] + entry + document.text[root.close :])


@dataclass(slots=True)
class _Group:
    """What happens to one sheet."""

    places: dict[int, dict[int, Any]] = field(default_factory=dict)
    cleared: dict[int, int] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)
    fills: list[str] = field(default_factory=list)

    def sheet(self, styles: Styles) -> Sheet:
        unstyled = {number: plain for fill in self.fills for number, plain in styles.uncovered(fill).items()}
        return Sheet(self.places, self.cleared, unstyled, self.widths)


def _grouped(changes: Iterable[Change]) -> dict[str, _Group]:
    groups: dict[str, _Group] = {}
    for change in changes:
        group = groups.setdefault(change.sheet, _Group())
        if isinstance(change, Edit | Restyle):
            row, column = cell_address(change.cell)
            if not (0 <= row < MAX_ROWS and column < MAX_COLUMNS):
                raise ValueError(f"there is no cell {change.cell}")
            group.places.setdefault(row + 1, {})[column] = change
        elif isinstance(change, Clear):
            group.cleared[change.column] = change.below
        elif isinstance(change, Width):
            group.widths[change.column] = change.characters
        elif isinstance(change, Unstyle):
            group.fills.append(change.fill)
    return groups
