"""A sheet's text with some cells changed; rows and cells that aren't there yet are put where they belong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from workbook_compiler.edit.changes import Edit, Erase, Forget, Restyle
from workbook_compiler.edit.grid import Cell, Row, cells, data_of, last_column, rows
from workbook_compiler.edit.markup import Tag, attribute, attributes, element, escaped, spliced, with_attributes
from workbook_compiler.edit.styles import Look
from workbook_compiler.edit.widths import Columns, described, style_of, with_widths
from workbook_compiler.model.diagnostics import cell_address, column_letter

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
CellChange: TypeAlias = Edit | Restyle | Erase | Forget
Places = Mapping[int, Mapping[int, CellChange]]
"""Row as Excel counts, zero-based column -> what happens to the cell there."""
Restyled = Callable[[int, Look], int]
"""The number of a style that looks like the one with the given number, but for the look."""

_SHARED = re.compile(r'\b(?:t\s*=\s*["\'](?:shared|array|dataTable)["\'])')


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that happens to one sheet."""

    places: Places
    cleared: Mapping[int, int] = field(default_factory=dict)
    """Column -> the row below which it is emptied."""
    unstyled: Mapping[int, int] = field(default_factory=dict)
    """Style number -> the one that takes its place."""
    widths: Mapping[int, float] = field(default_factory=dict)
    """Column -> its width in characters."""

    @property
    def changes(self) -> bool:
        """True when there is anything to change."""
        return bool(self.places or self.cleared or self.unstyled or self.widths)


class _Writer:
    """The pieces of a sheet that are written anew."""

    def __init__(self, text: str, bare: str, sheet: Sheet, restyled: Restyled) -> None:
        self.text, self.bare, self.sheet, self.restyled = text, bare, sheet, restyled
        self.data = data_of(bare)
        self.columns = described(bare[: self.data.start])
        self.pieces: list[tuple[int, int, str]] = []
        self.forgotten: list[str] = []
        """Cells that held a formula and don't any more."""

    def write(self) -> str:
        """Return the sheet's new text."""
        data = self.data
        waiting = sorted(self.sheet.places)
        last = data.inside
        fresh: list[tuple[int, str]] = []
        for row in rows(self.bare, data):
            while waiting and waiting[0] < row.number:
                fresh.append(
                    (last if last > data.inside else row.tag.start, self._new_row(waiting.pop(0), data.prefix))
                )
            if waiting and waiting[0] == row.number:
                waiting.pop(0)
            self._change(row)
            last = row.tag.end
        fresh += [(last, self._new_row(number, data.prefix)) for number in waiting]
        self._insert(data, fresh)
        self._extend_outline()
        self.pieces += with_widths(self.bare, self.data, self.columns, self.sheet.widths)
        return spliced(self.text, self.pieces)

    def _insert(self, data: Tag, fresh: Sequence[tuple[int, str]]) -> None:
        if data.empty and fresh:
            whole = "".join(text for _, text in fresh)
            self.pieces.append(
                (data.start, data.end, f"<{data.prefix}sheetData{data.attributes}>{whole}</{data.prefix}sheetData>")
            )
            return
        together: dict[int, str] = {}
        for at, text in fresh:
            together[at] = together.get(at, "") + text
        self.pieces += [(at, at, text) for at, text in together.items()]

    def _new_row(self, number: int, prefix: str) -> str:
        places = self.sheet.places[number]
        inner = "".join(self._new_cell(prefix, number, column, places[column], None) for column in sorted(places))
        return f'<{prefix}row r="{number}">{inner}</{prefix}row>'

    def _change(self, row: Row) -> None:
        places = self.sheet.places.get(row.number, {})
        emptied = {
            column for column, below in self.sheet.cleared.items() if row.number > below and column not in places
        }
        if not (places or emptied or self.sheet.unstyled) or (row.tag.empty and not places):
            return
        tag, last = row.tag, last_column(self.bare, row)
        if tag.empty or (places and last is not None and last < min(places) and not (self.sheet.unstyled or emptied)):
            added = "".join(self._new_cell(tag.prefix, row.number, c, places[c], tag) for c in sorted(places))
            self._open(tag, places, added if tag.empty else None)
            if not tag.empty:
                self.pieces.append((tag.close, tag.close, added))
        else:
            self._change_cells(row, places, emptied)
            self._open(tag, places, None)

    def _open(self, tag: Tag, places: Mapping[int, CellChange], inner: str | None) -> None:
        """Write the row's own tag: its hint at the columns it spans must hold. One without cells is given its ``inner`` ones."""
        inside, name = tag.attributes, f"{tag.prefix}row"
        spans = attribute(inside, "spans") if places else None
        if spans is not None:
            ends = [int(end) for span in spans.split() for end in span.split(":")]
            inside = with_attributes(inside, spans=f"{min([*ends, min(places) + 1])}:{max([*ends, max(places) + 1])}")
        if inner is not None:
            self.pieces.append((tag.start, tag.end, f"<{name}{inside}>{inner}</{name}>"))
        elif inside != tag.attributes:
            self.pieces.append((tag.start, tag.inside, f"<{name}{inside}>"))

    def _change_cells(self, row: Row, places: Mapping[int, CellChange], emptied: set[int]) -> None:
        waiting = sorted(places)
        end = row.tag.inside
        first = 0 if self.sheet.unstyled else min([*places, *emptied])
        for cell in cells(self.bare, row, first):
            before = "".join(self._take(waiting, row, cell.column))
            if before:
                self.pieces.append((cell.tag.start, cell.tag.start, before))
            if waiting and waiting[0] == cell.column:
                self._replace(row, cell, places[waiting.pop(0)])
            elif cell.column in emptied:
                self._empty(row, cell)
            elif self.sheet.unstyled:
                self._unstyle(cell)
            end = cell.tag.end
        rest = "".join(self._take(waiting, row, MAX_COLUMNS))
        if rest:
            self.pieces.append((end, end, rest))

    def _take(self, waiting: list[int], row: Row, before: int) -> Iterator[str]:
        places = self.sheet.places[row.number] if waiting else {}
        while waiting and waiting[0] < before:
            column = waiting.pop(0)
            yield self._new_cell(row.tag.prefix, row.number, column, places[column], row.tag)

    def _new_cell(self, prefix: str, number: int, column: int, change: CellChange, row: Tag | None) -> str:
        if isinstance(change, Forget) or (isinstance(change, Restyle | Erase) and _takes_off(change.look)):
            return ""
        name = f"{column_letter(column)}{number}"
        style = self._style(change, style_around(self.columns, row, column))
        return _cell(prefix, f' r="{name}"' + (f' s="{style}"' if style else ""), change)

    def _style(self, change: CellChange, before: int) -> int:
        if isinstance(change, Forget) or change.look is None:
            return before
        return self.restyled(before if not isinstance(change, Edit) or change.over else 0, change.look)

    def _replace(self, row: Row, cell: Cell, change: CellChange) -> None:
        tag = cell.tag
        if isinstance(change, Forget):
            self._without_result(tag)
            return
        before = self.sheet.unstyled.get(own := int(attribute(tag.attributes, "s") or 0), own)
        stays = own not in self.sheet.unstyled and _takes_off(change.look)
        style = own if stays else self._style(change, before)
        if isinstance(change, Restyle):
            self._retag(tag, style)
            return
        self._forget(row, cell)
        name = f"{column_letter(cell.column)}{row.number}"
        kept = with_attributes(tag.attributes, r=name, s=style or None, t=None, cm=None, vm=None)
        self.pieces.append((tag.start, tag.end, _cell(tag.prefix, kept, change)))

    def _without_result(self, tag: Tag) -> None:
        formula = element(self.bare, "f", tag.inside, tag.close)
        if formula is not None:
            inside = with_attributes(tag.attributes, t=None)
            whole = self.text[formula.start : formula.end]
            self.pieces.append((tag.start, tag.end, f"<{tag.prefix}c{inside}>{whole}</{tag.prefix}c>"))

    def _retag(self, tag: Tag, style: int) -> None:
        inside = with_attributes(tag.attributes, s=style or None)
        if inside != tag.attributes:
            closed = "/" if tag.empty else ""
            self.pieces.append((tag.start, tag.inside, f"<{tag.prefix}{tag.name}{inside}{closed}>"))

    def _unstyle(self, cell: Cell) -> None:
        style = int(attribute(cell.tag.attributes, "s") or 0)
        if style in self.sheet.unstyled:
            self._retag(cell.tag, self.sheet.unstyled[style])

    def _empty(self, row: Row, cell: Cell) -> None:
        """An emptied cell stays as one without content: cells behind it may count on from it."""
        tag = cell.tag
        self._forget(row, cell)
        inside = with_attributes(tag.attributes, t=None, cm=None, vm=None)
        self.pieces.append((tag.start, tag.end, f"<{tag.prefix}c{inside}/>"))

    def _forget(self, row: Row, cell: Cell) -> None:
        """Note a formula that goes; raises ValueError for one that other cells live on."""
        formula = element(self.bare, "f", cell.tag.inside, cell.tag.close)
        if formula is None:
            return
        name = f"{column_letter(cell.column)}{row.number}"
        if _SHARED.search(formula.attributes) and attribute(formula.attributes, "ref") not in (None, name):
            raise ValueError(f"{name} holds a formula that other cells share")
        self.forgotten.append(name)

    def _extend_outline(self) -> None:
        """The sheet's hint at the area it uses; it stands before the rows."""
        found = element(self.bare, "dimension", 0, self.data.start)
        said = attribute(found.attributes, "ref") if found else None
        if found is None or not said or not self.sheet.places:
            return
        first, _, last = said.partition(":")
        (top, left), (bottom, right) = cell_address(first), cell_address(last or first)
        numbers, columns = list(self.sheet.places), [c for places in self.sheet.places.values() for c in places]
        top, bottom = min(top, min(numbers) - 1), max(bottom, max(numbers) - 1)
        left, right = min(left, *columns), max(right, *columns)
        new = f"{column_letter(left)}{top + 1}:{column_letter(right)}{bottom + 1}"
        inside = with_attributes(found.attributes, ref=new)
        closed = "/" if found.empty else ""
        self.pieces.append((found.start, found.inside, f"<{found.prefix}dimension{inside}{closed}>"))


def _takes_off(look: Look | None) -> bool:
    return look is not None and look.fill_of is not None


def style_around(columns: Sequence[Columns], row: Tag | None, column: int) -> int:
    """Return the style an empty cell shows: its row's, else its column's."""
    own = attributes(row.attributes) if row is not None else {}
    if own.get("customFormat") in ("1", "true"):
        return int(own.get("s") or 0)
    return style_of(columns, column)


def styles_at(bare: str, wanted: Mapping[int, Iterable[int]]) -> dict[tuple[int, int], int]:
    """Return the style numbers of cells, there or not: (row as Excel counts, zero-based column) -> style."""
    data = data_of(bare)
    columns = described(bare[: data.start])
    found = {(number, column): style_of(columns, column) for number, across in wanted.items() for column in across}
    for row in rows(bare, data):
        across = set(wanted.get(row.number, ()))
        found.update({(row.number, column): style_around(columns, row.tag, column) for column in across})
        for cell in cells(bare, row, min(across)) if across else ():
            if cell.column in across:
                found[row.number, cell.column] = int(attribute(cell.tag.attributes, "s") or 0)
    return found


def _cell(prefix: str, inside: str, change: CellChange) -> str:
    """A cell's text from its attributes and what is put into it."""
    name = f"{prefix}c"
    if not isinstance(change, Edit):
        return f"<{name}{inside}/>"
    value = change.value
    if isinstance(value, str):
        text = f'<{prefix}t xml:space="preserve">{escaped(value)}</{prefix}t>'
        return f'<{name}{inside} t="inlineStr"><{prefix}is>{text}</{prefix}is></{name}>'
    kind = ' t="b"' if isinstance(value, bool) else ""
    shown = int(value) if isinstance(value, bool) else repr(value)
    return f"<{name}{inside}{kind}><{prefix}v>{shown}</{prefix}v></{name}>"


def edited_sheet(text: str, bare: str, sheet: Sheet, restyled: Restyled) -> tuple[str, list[str]]:
    """Return a sheet's new text, and the cells whose formula went; raises ValueError for what can't be changed."""
    writer = _Writer(text, bare, sheet, restyled)
    return writer.write(), writer.forgotten
