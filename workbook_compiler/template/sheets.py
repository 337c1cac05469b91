"""Selection -> where everything goes: the name of each sheet and the place of its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbook_compiler.edit.markup import cell_text
from workbook_compiler.model.columns import Field
from workbook_compiler.model.diagnostics import column_letter
from workbook_compiler.model.schema import EntityType, Schema
from workbook_compiler.template.selection import ChosenType, Selection, link_targets

READ_ME = "Read me"
LISTS = "_lists"
LINKS = "_links"
MANIFEST = "_workbook_compiler"

HEADER_ROWS = 4
"""Rows 1-4 tell about the columns; zero-based, data starts in this row."""
LAST_ROW = 1_048_575
"""The last row of a sheet, zero-based."""
FIRST_COLUMN = 1
"""Column A is for marks."""

_LONGEST_NAME = 31
_TAKEN = ("history", READ_ME.casefold(), LISTS, LINKS, MANIFEST)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a column has to do with others: what its links may refer to, and what has to be filled in with it."""

    sheets: tuple[str, ...] = ()
    """The sheets of this workbook with rows of the right type."""
    example: str = ""
    """What a record of the portal may be called by: ``the FileFormat's file_format``."""
    companions: tuple[str, ...] = ()
    """The headers of the columns that have to be filled in with it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet for the records of one type."""

    name: str
    chosen: ChosenType
    reaches: tuple[Reach, ...]
    """For each column what it may refer to."""

    @property
    def columns(self) -> tuple[tuple[Field, Reach], ...]:
        """The fields in column order, each with what it may refer to."""
        return tuple(zip(self.chosen.fields, self.reaches, strict=True))

    @property
    def quoted(self) -> str:
        """The name as a formula writes it."""
        return "'" + self.name.replace("'", "''") + "'"

    @property
    def identifiers(self) -> str | None:
        """The cells that hold the rows' own names, as a formula writes them; None when no column does."""
        if self.chosen.identifier is None:
            return None
        letter = column_letter(FIRST_COLUMN + self.chosen.fields.index(self.chosen.identifier))
        return f"{self.quoted}!${letter}${HEADER_ROWS + 1}:${letter}${LAST_ROW + 1}"


def lay_out(selection: Selection, schema: Schema) -> tuple[Sheet, ...]:
    """Return the sheets of the selection, in its order."""
    names = dict(_names(selection))
    usable = {one.entity.name for one in selection.types if one.identifier is not None}
    order = {name: number for number, name in enumerate(names)}

    def reach(field: Field, entity: EntityType) -> Reach:
        types = {name for target in link_targets(field) for name in schema.concrete(target) if name in usable}
        sheets = tuple(names[name] for name in sorted(types, key=order.__getitem__))
        return Reach(sheets, _example(field, schema), tuple(_companions(field, entity.rules)))

    return tuple(
        Sheet(names[one.entity.name], one, tuple(reach(field, one.entity) for field in one.fields))
        for one in selection.types
    )


def _companions(field: Field, rules: Mapping[str, Any]) -> Iterator[str]:
    """Yield the headers of the columns without which the portal doesn't take this one."""
    for step in field.path[:-1]:
        rules = rules.get("properties", {}).get(step, {})
        rules = rules.get("items", rules)
    for rule in ("dependentRequired", "dependencies"):
        names = rules.get(rule, {}).get(field.path[-1], ())
        if isinstance(names, list):
            yield from (".".join((*field.path[:-1], name)) for name in names)


def _example(field: Field, schema: Schema) -> str:
    """Return the identifier a person is likeliest to have: an accession, else the type's only key of its own."""
    target = schema.types.get(next(iter(link_targets(field)), ""))
    if target is None:
        return ""
    own = [name for name in target.identifiers if name not in ("aliases", "accession", "uuid")]
    likely = ["accession"] if "accession" in target.identifiers else own if len(own) == 1 else []
    return f"the {target.name}'s {likely[0]}" if likely else ""


def _names(selection: Selection) -> Iterator[tuple[str, str]]:
    """Yield ``(type, sheet name)``: the name as far as a spreadsheet takes it, each different without regard to case."""
    taken = set(_TAKEN)
    for one in selection.types:
        full = re.sub(r"[\[\]:*?/\\\t\r\n]", "_", cell_text(one.entity.name)).strip("'") or "_"
        name, number = full[:_LONGEST_NAME].strip("'"), 1
        while name.casefold() in taken:
            number += 1
            name = f"{full[: _LONGEST_NAME - len(str(number)) - 1]}~{number}"
        taken.add(name.casefold())
        yield one.entity.name, name
