"""What a few cells at a sheet's top say, without reading the rest of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from xml.etree import ElementTree

from workbook_compiler.edit.markup import understood
from workbook_compiler.model.diagnostics import cell_address, column_letter


class Shared(int):
    """The cell's text stands in the workbook's list of texts, at this place."""


def cells(xml: bytes, last: int) -> dict[int, dict[int, str | Shared]]:
    """Return the cells that aren't empty up to a row: row as Excel counts -> zero-based column -> text."""
    found: dict[int, dict[int, str | Shared]] = {}
    for number, row in _rows(xml):
        if number <= last:
            found[number] = _row(row)
        if number >= last:
            break
    return found


def _rows(xml: bytes) -> Iterator[tuple[int, ElementTree.Element]]:
    """Each row with its number, let go of when the next one is asked for."""
    number = 0
    try:
        for _, node in ElementTree.iterparse(io.BytesIO(xml)):  # noqa: S314 - archive.part refuses documents with a DTD
            if _name(node) == "row":
                number = int(node.get("r") or number + 1)
                yield number, node
                node.clear()
    except ElementTree.ParseError as error:
        raise ValueError("its inside is damaged") from error


def _cells(row: ElementTree.Element) -> Iterator[tuple[int, ElementTree.Element]]:
    """Each cell with its zero-based column."""
    column = -1
    for cell in row:
        if _name(cell) == "c":
            column = cell_address(cell.get("r", ""))[1] if cell.get("r") else column + 1
            yield column, cell


def _row(row: ElementTree.Element) -> dict[int, str | Shared]:
    texts = {column: _text(cell) for column, cell in _cells(row)}
    return {column: text for column, text in texts.items() if text != ""}


def _text(cell: ElementTree.Element) -> str | Shared:
    inner = {_name(child): child for child in cell}
    if "is" in inner:
        return _words(inner["is"])
    value = (inner["v"].text or "") if "v" in inner else ""
    if cell.get("t") == "s" and value.isdigit():
        return Shared(value)
    return understood(value) if cell.get("t") == "str" else value


def _words(node: ElementTree.Element) -> str:
    """A text in one or several pieces; reading aids above the letters aren't part of it."""
    if _name(node) == "rPh":
        return ""
    return understood(node.text or "") if _name(node) == "t" else "".join(map(_words, node))


def _name(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def written(xml: bytes) -> dict[int, set[int]]:
    """Return the cells that hold text: row as Excel counts -> zero-based columns."""
    return {
        number: {column for column, cell in _cells(row) if cell.get("t") in ("s", "inlineStr", "str")}
        for number, row in _rows(xml)
    }


def formulas(xml: bytes) -> dict[str, str]:
    """Return the cells with formulas, ``C7`` -> its text; empty where another cell calculates it as well."""
    found: dict[str, str] = {}
    shared: dict[str, tuple[str, str]] = {}
    for number, row in _rows(xml):
        for column, cell in _cells(row):
            for formula in cell:
                if _name(formula) == "f":
                    name, text, group = f"{column_letter(column)}{number}", formula.text or "", formula.get("si", "")
                    if formula.get("t") == "shared" and text:
                        shared[group] = name, text
                    elif formula.get("t") == "shared" and group in shared:
                        text = _moved(*shared[group], name)
                    found[name] = text
    return found


def _moved(origin: str, text: str, cell: str) -> str:
    """A formula as it reads at another cell that shares it."""
    from openpyxl.formula.translate import Translator

    return str(Translator(f"={text}", origin=origin).translate_formula(cell)).removeprefix("=")


def needed(xml: bytes) -> set[tuple[int, int]]:
    """Return the cells whose formula other cells live on: row as Excel counts and zero-based column."""
    return {
        (number, column)
        for number, row in _rows(xml)
        for column, cell in _cells(row)
        for formula in cell
        if _name(formula) == "f" and formula.get("ref") not in (None, f"{column_letter(column)}{number}")
    }


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
