"""What a few cells at a sheet's top say, without reading the rest of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from xml.etree import ElementTree

from workbook_compiler.model.diagnostics import cell_address


class Shared(int):
    """The cell's text stands in the workbook's list of texts, at this place."""


def cells(xml: bytes, last: int) -> dict[int, dict[int, str | Shared]]:
    """Return the cells that aren't empty up to a row: row as Excel counts -> zero-based column -> text."""
    found: dict[int, dict[int, str | Shared]] = {}
    number = 0
    try:
        for _, node in ElementTree.iterparse(io.BytesIO(xml)):  # noqa: S314 - archive.part refuses documents with a DTD
            if _name(node) == "row":
                number = int(node.get("r") or number + 1)
                if number <= last:
                    found[number] = _row(node)
                node.clear()
                if number >= last:
                    break
    except ElementTree.ParseError as error:
        raise ValueError("its inside is damaged") from error
    return found


def _row(row: ElementTree.Element) -> dict[int, str | Shared]:
    found: dict[int, str | Shared] = {}
    column = -1
    for cell in row:
        if _name(cell) == "c":
            column = cell_address(cell.get("r", ""))[1] if cell.get("r") else column + 1
            text = _text(cell)
            if text != "":
                found[column] = text
    return found


def _text(cell: ElementTree.Element) -> str | Shared:
    inner = {_name(child): child for child in cell}
    if "is" in inner:
        return _words(inner["is"])
    value = (inner["v"].text or "") if "v" in inner else ""
    return Shared(value) if cell.get("t") == "s" and value.isdigit() else value


def _words(node: ElementTree.Element) -> str:
    """A text in one or several pieces; reading aids above the letters aren't part of it."""
    if _name(node) == "rPh":
        return ""
    return (node.text or "") if _name(node) == "t" else "".join(map(_words, node))


def _name(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def written(xml: bytes) -> dict[int, set[int]]:
    """Return the cells that hold text: row as Excel counts -> zero-based columns."""
    found: dict[int, set[int]] = {}
    number = 0
    try:
        for _, node in ElementTree.iterparse(io.BytesIO(xml)):  # noqa: S314 - archive.part refuses documents with a DTD
            if _name(node) == "row":
                number = int(node.get("r") or number + 1)
                found[number] = set(_of_text(node))
                node.clear()
    except ElementTree.ParseError as error:
        raise ValueError("its inside is damaged") from error
    return found


def _of_text(row: ElementTree.Element) -> Iterator[int]:
    column = -1
    for cell in row:
        if _name(cell) == "c":
            column = cell_address(cell.get("r", ""))[1] if cell.get("r") else column + 1
            if cell.get("t") in ("s", "inlineStr", "str"):
                yield column


def strings(xml: bytes) -> dict[int, str]:
    """Return the texts of the workbook's list by their places."""
    found: dict[int, str] = {}
    try:
        for _, node in ElementTree.iterparse(io.BytesIO(xml)):  # noqa: S314 - archive.part refuses documents with a DTD
            if _name(node) == "si":
                found[len(found)] = _words(node)
                node.clear()
    except ElementTree.ParseError as error:
        raise ValueError("its inside is damaged") from error
    return found
