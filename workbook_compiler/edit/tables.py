"""The heads of Excel's tables. Each stands in its cell and in the table's own part; where they differ, Excel repairs the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import dirname
from typing import NamedTuple

from workbook_compiler.edit.markup import (
    Tag,
    attributes,
    cell_text,
    element,
    elements,
    in_attribute,
    opening,
    pattern,
    spliced,
)
from workbook_compiler.edit.parts import Parts
from workbook_compiler.model.diagnostics import cell_address

_COLUMN = pattern("tableColumn")
_SPECIAL = str.maketrans({sign: f"'{sign}" for sign in "[]#'"})
"""How a formula writes these signs of a column's name."""


class _Table(NamedTuple):
    path: str
    row: int
    """Zero-based, of its heads."""
    first: int
    columns: tuple[Tag, ...]

    def column(self, at: tuple[int, int]) -> Tag | None:
        """The column that a cell (zero-based row, column) heads."""
        place = at[1] - self.first
        return self.columns[place] if at[0] == self.row and 0 <= place < len(self.columns) else None


def _tables(parts: Parts, sheet: str) -> Iterator[_Table]:
    for one in parts.related(sheet):
        root = element(parts.document(one.path).bare, "table") if one.kind == "table" and one.path in parts else None
        said = attributes(root.attributes) if root else {}
        if root is not None and said.get("headerRowCount") != "0" and said.get("ref"):
            row, first = cell_address(said["ref"].partition(":")[0])
            known = parts.document(one.path).bare
            yield _Table(one.path, row, first, tuple(elements(known, _COLUMN, root.inside, root.close)))


def follow(parts: Parts, sheet: str, texts: Mapping[tuple[int, int], str]) -> None:
    """Give columns of the tables of a sheet the texts that were put into their heads (zero-based row, column)."""
    for table in list(_tables(parts, sheet)):
        found = [(tag, text) for at, text in texts.items() if (tag := table.column(at)) is not None]
        pieces = [(tag.start, tag.inside, opening(tag, name=in_attribute(cell_text(text)))) for tag, text in found]
        parts.write(table.path, spliced(parts.document(table.path).text, pieces))


def heads(parts: Parts, sheet: str) -> set[tuple[int, int]]:
    """Return the cells (zero-based row, column) of a sheet that head a column of a table."""
    return {(table.row, table.first + n) for table in _tables(parts, sheet) for n in range(len(table.columns))}


def refuses(parts: Parts, sheet: str, at: tuple[int, int], text: str) -> bool:
    """Tell whether a cell heads a column of a table that can't have this name: another has it, or formulas use the old one."""
    for table in _tables(parts, sheet):
        tag = table.column(at)
        if tag is not None:
            names = [attributes(other.attributes).get("name", "").casefold() for other in table.columns if other != tag]
            old = attributes(tag.attributes).get("name", "").translate(_SPECIAL)
            return text.strip().casefold() in ("", *names) or _is_used(parts, sheet, in_attribute(f"[{old}]"))
    return False


def _is_used(parts: Parts, sheet: str, name: str) -> bool:
    folder = dirname(dirname(sheet))
    inside = [path for path in parts.paths if path.startswith(f"{folder}/") and path.endswith(".xml")]
    return any(name in parts.document(path).bare for path in inside if not path.endswith("sharedStrings.xml"))
