"""Step 7: whole bodies against the portal's rules; a broken rule is told at the cell that can mend it.

jsonschema-rs says yes or no to every row; only a refused row is looked at by jsonschema, the authority, for where and why.
A cell that has an error already carries no second one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jsonschema_rs

from workbook_compiler.model.baseline import Baseline
from workbook_compiler.model.codes import cells, values
from workbook_compiler.model.diagnostics import Code, Diagnostic, Location
from workbook_compiler.model.records import Pointer, Record
from workbook_compiler.model.schema import EntityType
from workbook_compiler.nearest import likely
from workbook_compiler.pipeline.causes import causes
from workbook_compiler.pipeline.causes.judging import Problem, exact
from workbook_compiler.pipeline.causes.saying import dotted
from workbook_compiler.pipeline.sheet import Built

Rules = Mapping[str, Any]


_ASCII_ONLY = re.compile(r"\\\\[WDB]|\[\^[^\]]*\\\\[wd]")
"""Signs that are no letter or no digit, as JSON writes them: jsonschema-rs would take an ``é`` for one, as JavaScript does."""


class Checker:
    """The rules of one entity type, ready to be asked."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._fast = _fast(rules)
        self._exact: Any = None

    def accepts(self, body: Mapping[str, Any]) -> bool:
        """Tell whether a body keeps all rules."""
        if self._fast is not None:
            try:
                if self._fast(body):
                    return True
            except ValueError:  # a value jsonschema-rs can't take, such as an integer of 400 digits
                pass
        return next(self.problems(body), None) is None

    def problems(self, body: Mapping[str, Any]) -> Iterator[Problem]:
        """Yield what is wrong with a body, in the order of the rules."""
        if self._exact is None:
            self._exact = exact(self.rules)
        yield from self._exact.iter_errors(body)


def _fast(rules: Rules) -> Callable[[Any], bool] | None:
    if _ASCII_ONLY.search(json.dumps(rules)):
        return None
    try:
        return jsonschema_rs.validator_for(dict(rules), validate_formats=False).is_valid
    except (ValueError, jsonschema_rs.ValidationError):  # a pattern or keyword it can't take: jsonschema judges alone
        return None


@lru_cache(maxsize=256)
def checker(entity: EntityType) -> Checker:
    """Return the checker of an entity type, made once."""
    return Checker(entity.rules)


def validate(built: Built, records: Sequence[Record], exported: Baseline | None = None) -> list[Diagnostic]:
    """Return what is wrong with the bodies of one sheet; ``records[i]`` is the record of row ``built.rows[i]``.

    A row that was exported needn't say what is required: the portal has it.
    """
    entity = built.bound.table.entity
    there = exported.records if exported is not None else {}
    is_new = [(record.type, record.identifier) not in there for record in records]
    absent = _absent(built) if any(is_new) else []
    missing = Missing(built)
    new_rows = (row for row, new in zip(built.rows, is_new, strict=False) if new)
    rows = [built.bound.at(row, built.bound.table.first_column) for row in new_rows]
    for name in absent:
        missing.told[name, values.REQ02] = {}, rows
    rules = entity.rules
    if absent:
        rules = {**rules, "required": [name for name in rules.get("required", ()) if name not in absent]}
    check = Checker(rules) if absent else checker(entity)
    said = [found for record in records if record.deletes for found in _needed(record, entity)]
    for i, record in enumerate(records):
        if not check.accepts(record.values):
            said.extend(_row(built, i, record, check, missing, is_new=is_new[i]))
    return [*missing.diagnostics(), *said]


def _needed(record: Record, entity: EntityType) -> Iterator[Diagnostic]:
    """Values that are to be removed though every record needs them, or though other cells fill them in."""
    for name, at in record.deletes.items():
        prop = entity.properties.get(name)
        if prop is not None and prop.spread and name in record.values:
            yield Diagnostic(cells.DEL03, at, name, "*delete*")
        elif prop is not None and prop.required:
            yield Diagnostic(cells.DEL02, at, name, "*delete*")


class Missing:
    """Columns that a sheet lacks, told once for the sheet; a header that may be one of them misspelt is told already."""

    def __init__(self, built: Built) -> None:
        self.built = built
        self.told: dict[tuple[str, Code], tuple[Mapping[str, Any], list[Location]]] = {}

    def add(self, name: str, code: Code, context: Mapping[str, Any], at: Location) -> None:
        """Note that a row lacks the column ``name``."""
        self.told.setdefault((name, code), (context, []))[1].append(at)

    def diagnostics(self) -> Iterator[Diagnostic]:
        """Yield one diagnostic for each missing column, with the rows that lack it."""
        table = self.built.bound.table
        at = Location(table.file, table.sheet.name)
        names = [name for name, _ in self.told]
        misspelt = {
            near for header in self.built.bound.misread for near in (likely(header, names) if header else names)
        }
        for (name, code), (context, places) in self.told.items():
            if name not in misspelt:
                context = {"type": table.entity.name, **context}
                yield Diagnostic(code, at, name, context=context, related=tuple(places))


def _absent(built: Built) -> list[str]:
    """Required top-level properties without any column."""
    present = {column.field.path[0] for column in built.bound.columns}
    return [name for name in built.bound.table.entity.rules.get("required", ()) if name not in present]


def _row(
    built: Built, i: int, record: Record, check: Checker, missing: Missing, *, is_new: bool
) -> Iterator[Diagnostic]:
    """What is wrong with one row; what a cell of a merged area lacks has been told."""
    origins = record.origin.locations()
    reasons: set[str] = set()
    for problem in check.problems(record.values):
        for pointer, code, context in causes(problem, built.bound.table.entity):
            if context.get("reason") in reasons:  # two columns that exclude each other are told once
                continue
            reasons |= {context["reason"]} if "reason" in context else set()
            if code is values.REQ01 and len(pointer) == 1 and not is_new:
                continue
            own = record.origin.place(pointer)
            at = own or _nearest_origin(origins, pointer)
            name = dotted(pointer) or built.bound.table.entity.name
            if code is values.REQ01 and at is not None and record.origin.place(pointer[:-1]) == at:
                code, name, context = values.OBJ05, dotted(pointer[:-1]), {"part": pointer[-1]}
            if code is values.REQ01 and own is None and at is not None and at.sheet == record.location.sheet:
                missing.add(_header(pointer), values.REQ02, {"type": f"filled {dotted(pointer[:-1])}"}, at)
            elif at is None and code is values.REQ01:
                missing.add(name, values.REQ02, {}, built.bound.at(built.rows[i], built.bound.table.first_column))
            elif at is None and code.id == values.REQ03.id:
                because = record.origin.place(
                    (*pointer[:-1], str(context["because"]).rpartition(".")[2])
                ) or _first_cell(built, i)
                missing.add(name, values.REQ03, context, because)
            elif at is None or not _is_covered(built, i, at):
                yield _diagnostic(code, at or _first_cell(built, i), name, context)


def _header(pointer: Pointer) -> str:
    """The header of the column a value would stand in: the second member of a list of objects has ``-1``."""
    member = next((step for step in pointer if isinstance(step, int)), 0)
    return f"{dotted(pointer)}-{member}" if member else dotted(pointer)


def _first_cell(built: Built, i: int) -> Location:
    first = built.bound.columns[0].index if built.bound.columns else built.bound.table.first_column
    return built.bound.at(built.rows[i], first)


def _nearest_origin(origins: Mapping[Pointer, Location], pointer: Pointer) -> Location | None:
    """The cell of a value beside or below a place that came from another sheet."""
    for length in range(len(pointer), 0, -1):
        at = next((at for own, at in origins.items() if own[:length] == pointer[:length]), None)
        if at is not None:
            return at
    return None


def _is_covered(built: Built, i: int, at: Location) -> bool:
    return any(row == built.rows[i] and str(built.bound.at(row, column)) == str(at) for row, column in built.covered)


def _diagnostic(code: Code, at: Location, name: str, context: Mapping[str, Any]) -> Diagnostic:
    typed = context.get("value")
    suggestions = tuple(context.get("suggestions", ()))
    rest = {key: value for key, value in context.items() if key not in ("value", "suggestions")}
    return Diagnostic(code, at, name, typed if typed is None else str(typed), rest, suggestions)
