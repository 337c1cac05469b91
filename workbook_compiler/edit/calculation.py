"""The list of cells with formulas that Excel keeps: an entry for a cell without one makes it say the file is damaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbook_compiler.edit.markup import (
    Document,
    attributes,
    bare,
    element,
    elements,
    pattern,
    spliced,
    with_attributes,
)

_CELL, _SHEET = pattern("c"), pattern("sheet")


def numbers(workbook: bytes) -> dict[str, str]:
    """Return the number by which the list calls each sheet."""
    text = bare(workbook.decode("utf-8", "replace"))
    said = [attributes(tag.attributes) for tag in elements(text, _SHEET)]
    return {one["name"]: one["sheetId"] for one in said if "name" in one and "sheetId" in one}


def without(chain: Document, known: Mapping[str, str], forgotten: Mapping[str, Sequence[str]]) -> str:
    """Return the list without some cells. An entry that names no sheet is of the same one as the entry before it."""
    gone = {(known.get(title, ""), cell) for title, cells in forgotten.items() for cell in cells}
    root = element(chain.bare, "calcChain")
    pieces, sheet, skipped = [], "", False
    for tag in elements(chain.bare, _CELL, root.inside, root.close) if root else ():
        said = attributes(tag.attributes)
        sheet = said.get("i", sheet)
        if (sheet, said.get("r", "")) in gone:
            pieces.append((tag.start, tag.end, ""))
            skipped = True
        elif skipped:
            inside = with_attributes(tag.attributes, i=sheet)
            pieces.append((tag.start, tag.inside, f"<{tag.prefix}c{inside}{'/' if tag.empty else ''}>"))
            skipped = False
    return spliced(chain.text, pieces)
