"""The tables that Gen3's users have already: the templates a commons serves, and its exports, as TSV or in a workbook.

Each column keeps its place and gets our name. There an empty cell removes a value; here it says nothing, and that is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbook_compiler.model.codes import links, structure
from workbook_compiler.model.columns import UUID_MARK
from workbook_compiler.model.diagnostics import Diagnostic, Location, column_letter
from workbook_compiler.model.portal import Foreign
from workbook_compiler.model.schema import Schema
from workbook_compiler.nearest import likely
from workbook_compiler.portals.gen3_schema import CODE, NAME

Row = Sequence[Any]

LAYOUT = "Gen3's own tables"
_NUMBERED = re.compile(r"(.+\.(?:submitter_id|code))#(\d+)")


def foreign(_name: str, rows: Sequence[Row], at: Location, schema: Schema) -> Foreign | None:
    """Return how a sheet that names its node in a column ``type`` is read; None for any other sheet."""
    heads = [_text(cell).removeprefix("*") for cell in rows[0]] if rows else []
    if "type" not in heads or NAME not in heads:
        return None
    column = heads.index("type")
    typed = [(n, _text(row[column])) for n, row in enumerate(rows[1:], 1) if column < len(row) and _text(row[column])]
    node = next((name for _, name in typed if name in schema.types), "")
    if not node:
        return _unknown(typed, column, at, schema) if typed else None
    said = (
        Diagnostic(structure.SHT06, at, context={"layout": LAYOUT, "type": node}),
        *_other_nodes(typed, node, column, at),
        *_by_number(heads, rows, at),
    )
    headers = dict(_headers(heads))
    return Foreign(node, 0, 1, headers, words=dict(_targets(rows, headers, at)), said=said)


def _unknown(typed: Sequence[tuple[int, str]], column: int, at: Location, schema: Schema) -> Foreign:
    """A table of a node that the dictionary doesn't have: its own word for it is what has to be mended."""
    row, name = typed[0]
    place = Location(at.file, at.sheet, row + 1, column_letter(column))
    near = tuple(likely(name, schema.types))
    context = {"way": "The column type says what the rows are."}
    return Foreign(said=(Diagnostic(structure.SHT01, place, value=name, context=context, suggestions=near),))


def _targets(rows: Sequence[Row], headers: Mapping[int, str], at: Location) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The cells of a commons' CSV that name several targets, with # between them, and as they are written here."""
    for index, head in headers.items() if at.file.lower().endswith(".csv") else ():
        if not head.startswith("#"):
            cells = (_text(row[index]) for row in rows[1:] if index < len(row))
            several = {cell.casefold(): ", ".join(map(_quoted, cell.split("#"))) for cell in cells if "#" in cell}
            if several:
                yield index, several


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"') else name


def _text(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _headers(heads: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The columns with another name here: a record's number is a receipt's, several columns of one link are its members."""
    members: dict[str, int] = {}
    for index, head in enumerate(heads):
        numbered = _NUMBERED.fullmatch(head)
        if numbered or head.endswith((f".{NAME}", f".{CODE}")):
            link = numbered[1] if numbered else head
            place = members[link] = members.get(link, -1) + 1
            yield index, f"{link}-{place}" if place else link
        elif head == "id":
            yield index, UUID_MARK
        elif head == "type" or head.endswith(".id"):
            yield index, f"#{head}"


def _other_nodes(typed: Sequence[tuple[int, str]], node: str, column: int, at: Location) -> Iterator[Diagnostic]:
    """Rows of another node than the first one: a sheet holds one."""
    others: dict[str, list[Location]] = {}
    for row, name in typed:
        if name != node:
            others.setdefault(name, []).append(Location(at.file, at.sheet, row + 1, column_letter(column)))
    for name, (first, *more) in others.items():
        yield Diagnostic(structure.SHT08, first, value=name, context={"type": node}, related=tuple(more))


def _by_number(heads: Sequence[str], rows: Sequence[Row], at: Location) -> Iterator[Diagnostic]:
    """Links that are told by the target's number alone: nothing is known of it here, so it can't be checked or sent."""
    named: Mapping[str, int] = {head: index for index, head in enumerate(heads)}
    for index, head in enumerate(heads):
        if not head.endswith(".id"):
            continue
        link = head.removesuffix(".id")
        beside = next((named[name] for name in (f"{link}.{NAME}", f"{link}.{CODE}") if name in named), None)
        for row, cells in enumerate(rows[1:], 1):
            number = _text(cells[index]) if index < len(cells) else ""
            if number and (beside is None or beside >= len(cells) or not _text(cells[beside])):
                place = Location(at.file, at.sheet, row + 1, column_letter(index))
                yield Diagnostic(links.REF09, place, head, number, {"column": f"{link}.{NAME}"})
