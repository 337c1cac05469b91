"""The rows of a registration file, with what registering puts into them: lab, award, the lab's name before an alias."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbook_compiler.model.cells import DELETE_WORD
from workbook_compiler.model.codes import registering
from workbook_compiler.model.columns import HEADER_MARK, SEARCHED_ROWS
from workbook_compiler.model.diagnostics import Diagnostic, Location, column_letter
from workbook_compiler.model.schema import Access, EntityType, Kind, Property
from workbook_compiler.nearest import likely
from workbook_compiler.pipeline.coerce.lists import split
from workbook_compiler.pipeline.read.cells import Workbook
from workbook_compiler.registering.files import RECORD_ID

ALIASES, CHECKSUM = "aliases", "md5sum"
FETCHED = "s3://"
"""Where files are fetched from, to be sent."""
_STORE = re.compile(r"(?!https?:|file:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)
"""How the address of a file in a store begins."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with the rows."""

    patch: bool = False
    """Change records that are there, each named by its ``record_id``."""
    remove: tuple[str, ...] = ()
    """Properties that are taken away from each."""
    overwrite: bool = False
    """Lists are replaced; else they grow."""
    needs_aliases: bool = True
    lab: str | None = None
    award: str | None = None
    uploads: bool = True
    """Data files are sent to where the portal wants them."""


class Table:
    """The rows of a sheet while they are made ready."""

    def __init__(self, workbook: Workbook, entity: EntityType, wanted: Wanted) -> None:
        self._entity, self._wanted = entity, wanted
        self.said: list[Diagnostic] = []
        self.ids: dict[int, tuple[str, Location]] = {}
        """The ``record_id`` of a row, by its number, and its cell."""
        self._sheet = next(iter(workbook.sheets), None)
        self.rows = [list(row) for row in self._sheet.rows] if self._sheet is not None else []
        self._name = workbook.name
        self.header = self._header_row()
        if self._columns().keys() & {RECORD_ID, *entity.properties}:  # else this is no header, which is told
            self._rewritten()
        self.workbook = self._with(workbook, self.rows)

    def without(self, numbers: set[int], more: Sequence[str] = ()) -> Workbook:
        """Return the workbook without some rows, the others where they are; ``more`` are columns that it gets, empty ones."""
        rows = [[] if place + 1 in numbers else row for place, row in enumerate(self.rows)]
        if more:
            rows[self.header] = [*rows[self.header], *more]
        return self._with(self.workbook, rows)

    def _with(self, workbook: Workbook, rows: Sequence[Sequence[Any]]) -> Workbook:
        return workbook if self._sheet is None else replace(workbook, sheets=(replace(self._sheet, rows=rows),))

    def _header_row(self) -> int:
        marks = (
            n for n, row in enumerate(self.rows[:SEARCHED_ROWS]) if row and _text(row[0]).casefold() == HEADER_MARK
        )
        return next(marks, self._sheet.header_row if self._sheet is not None else 0)

    def _data(self) -> Iterator[tuple[int, list[Any]]]:
        for place, row in enumerate(self.rows):
            if place > self.header and any(map(_filled, row)) and not _text(row[0]).startswith("#"):
                yield place, row

    def _at(self, place: int, column: int) -> Location:
        sheet = self._sheet.name if self._sheet is not None else ""
        return Location(self._name, sheet, place + 1, column_letter(column))

    def _columns(self) -> dict[str, int]:
        """Where each property's column is, however its name is capitalised; of two the first."""
        if self.header >= len(self.rows):
            return {}
        names = {name.casefold(): name for name in (*self._entity.properties, RECORD_ID)}
        heads = [_text(cell).removeprefix("*") for cell in self.rows[self.header]]
        return {names.get(head.casefold(), head): column for column, head in reversed(list(enumerate(heads)))}

    def _rewritten(self) -> None:
        columns = self._columns()
        if RECORD_ID in columns:
            self.rows[self.header][columns[RECORD_ID]] = f"#{RECORD_ID}"
        for place, row in self._data():
            self._identified(place, row, columns.get(RECORD_ID))
            for name, prop in self._entity.properties.items():
                column = columns.get(name)
                if column is not None and column < len(row) and _filled(row[column]):
                    self._made_ready(place, row, column, prop, columns)
            self._has_alias(place, row, columns.get(ALIASES))
        self._told_apart()
        if not self._wanted.patch:
            self._filled_in(columns, (("lab", self._wanted.lab), ("award", self._wanted.award)))
        self._filled_in(columns, ((name, DELETE_WORD) for name in self._wanted.remove))

    def _identified(self, place: int, row: list[Any], column: int | None) -> None:
        value = _text(row[column]) if column is not None and column < len(row) else ""
        if self._wanted.patch and not value:
            self.said.append(Diagnostic(registering.REG01, self._at(place, column or 0)))
        elif value and column is not None and not self._wanted.patch:
            self.said.append(Diagnostic(registering.REG10, self._at(place, column), RECORD_ID, value))
        elif value and column is not None:
            self.ids[place + 1] = (value, self._at(place, column))

    def _told_apart(self) -> None:
        """Two rows that change one record: the second would undo the first."""
        first: dict[str, Location] = {}
        for name, at in self.ids.values():
            other = first.setdefault(name, at)
            if other is not at:
                self.said.append(Diagnostic(registering.REG09, at, RECORD_ID, name, related=(other,)))

    def _made_ready(self, place: int, row: list[Any], column: int, prop: Property, columns: Mapping[str, int]) -> None:
        text = _text(row[column])
        if text == DELETE_WORD:
            reason = kept_for(prop.name, self._entity) if self._wanted.patch else None
            if reason:
                self._stays(place, column, prop, reason)
        elif prop.name in self._wanted.remove:
            self._stays(place, column, prop, "this row gives it a value")
        elif prop.attachment:
            row[column] = _path_of(text) or row[column]
        elif prop.name == ALIASES:
            self._named(place, row, column)
        elif prop.kind is Kind.LIST:
            inner = text[1:-1].strip()
            if text.startswith("[") and text.endswith("]") and not set("[]{}\"'") & set(inner):
                row[column] = inner  # brackets are optional
        elif prop.upload and _STORE.match(text):
            checksum = columns.get(CHECKSUM)
            has_checksum = checksum is not None and checksum < len(row) and _filled(row[checksum])
            reason = None
            if self._wanted.uploads and not text.lower().startswith(FETCHED):
                reason = f"only {FETCHED} can be fetched"
            elif not (self._wanted.uploads or has_checksum):
                reason = f"its {CHECKSUM} isn't known"
            if reason:
                at = self._at(place, column)
                self.said.append(Diagnostic(registering.REG15, at, prop.name, text, {"reason": reason}))

    def _stays(self, place: int, column: int, prop: Property, reason: str) -> None:
        at = self._at(place, column)
        self.said.append(Diagnostic(registering.REG04, at, prop.name, context={"reason": reason}))

    def _named(self, place: int, row: list[Any], column: int) -> None:
        """Aliases that have no lab in front get it."""
        prefix, cell = lab_name(self._wanted.lab), _text(row[column])
        inner = cell[1:-1].strip()
        if cell.startswith("[") and cell.endswith("]") and not set("[]{}\"'") & set(inner):
            cell = row[column] = inner
        parts = split(cell, ",")
        if not prefix or not isinstance(parts, list):
            return
        names = [part.strip() for part in parts if isinstance(part, str) and part.strip()]
        if len(names) < len([part for part in parts if part not in (None, "")]) or all(":" in name for name in names):
            return
        sent = [name if ":" in name else f"{prefix}:{name}" for name in names]
        told = {"sent": ", ".join(sent)}
        self.said.append(Diagnostic(registering.REG03, self._at(place, column), ALIASES, cell, told))
        row[column] = json.dumps(sent, ensure_ascii=False)

    def _has_alias(self, place: int, row: list[Any], column: int | None) -> None:
        is_named = column is not None and column < len(row) and _filled(row[column])
        needed = self._wanted.needs_aliases and not self._wanted.patch and ALIASES in self._entity.properties
        if needed and not is_named:
            self.said.append(Diagnostic(registering.REG02, self._at(place, column or 0), ALIASES))

    def _filled_in(self, columns: Mapping[str, int], values: Iterable[tuple[str, str | None]]) -> None:
        """What is said for all rows that don't say it themselves."""
        header = self.rows[self.header]
        for name, value in values:
            prop = self._entity.properties.get(name)
            if not value or prop is None or prop.access is Access.REFUSED:
                continue
            if name not in columns:
                header.append(name)
            column = columns.get(name, len(header) - 1)
            for _, row in list(self._data()):
                row.extend([""] * (column + 1 - len(row)))
                if not _filled(row[column]):
                    row[column] = value


def _path_of(text: str) -> str | None:
    """``{"path": "gel.png"}`` is the path alone; None for anything else."""
    try:
        told = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return told["path"] if isinstance(told, dict) and set(told) == {"path"} and isinstance(told["path"], str) else None


def _text(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell)


def _filled(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or cell.strip() != "")


def lab_name(lab: str | None) -> str:
    """Return a lab's plain name: of ``/labs/my-lab/`` and of ``my-lab`` it is ``my-lab``."""
    return (lab or "").strip("/").rpartition("/")[2]


def kept_for(name: str, entity: EntityType) -> str | None:
    """Return why a property can't be taken away; None where it can."""
    prop = entity.properties.get(name)
    if prop is None:
        near = likely(name, entity.properties)
        return f"{entity.name} has no such column{f'; did you mean {near[0]}' if near else ''}"
    if prop.required:
        return f"every {entity.name} needs it"
    return "it is filled in by the portal" if prop.access is Access.REFUSED else None
