"""Records -> a workbook that says them, in the layout of a template: ready to be edited and sent as updates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workbook_compiler.model.baseline import entries
from workbook_compiler.model.cells import is_nothing
from workbook_compiler.model.columns import Field, fields
from workbook_compiler.model.records import identifier_of
from workbook_compiler.model.schema import Access, EntityType, Schema
from workbook_compiler.template.selection import MOST_COLUMNS, ChosenType, Selection, group_of, repeated, select
from workbook_compiler.template.sheets import HEADER_ROWS, LAST_ROW, lay_out
from workbook_compiler.template.values import Row, UnholdableError, cells_of
from workbook_compiler.template.writer import Filling, content, facts_of


@dataclass(frozen=True, slots=True)
class Problem:
    """A value, or a whole record, that the workbook can't say; it is left out, so nothing of it is sent."""

    type: str
    identifier: str | None
    property: str | None
    reason: str

    def __str__(self) -> str:
        named = f"{self.type} {self.identifier or 'without a name'}"
        return f"{named}: {self.property} is left out: {self.reason}." if self.property else f"{named}: {self.reason}."


@dataclass(frozen=True, slots=True)
class Filled:
    """A workbook with records in it, and what it can't say of them."""

    content: bytes
    rows: Mapping[tuple[str, int], Mapping[str, Any]]
    """``(type, row as Excel counts)`` -> the values the row says."""
    sheets: Mapping[str, str]
    """Type to the name of its sheet."""
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Sheet:
    """The rows of one type on the way."""

    entity: EntityType
    rows: list[Row] = field(default_factory=list)
    said: list[Mapping[str, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def filled(
    schema: Schema,
    values: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    tool_version: str,
    without: Collection[tuple[str, str, str]] = (),
) -> Filled:
    """Return a workbook with a sheet for each type and a row for each record.

    Columns are those of a template and those of every other submittable property that a record has. ``without`` names
    ``(type, identifier, property)`` whose cell stays empty. Raises UsageError for a type that the schema lacks.
    """
    selection = select(schema, presets=[], types=list(values))
    problems: list[Problem] = []
    made = {one.entity.name: _sheet(one.entity, values[one.entity.name], without, problems) for one in selection.types}
    chosen = tuple(_with_columns(one, made[one.entity.name].rows) for one in selection.types)
    sheets = lay_out(Selection(chosen), schema)
    fillings = {one.entity.name: _filling(one, made[one.entity.name]) for one in chosen}
    facts = {**facts_of(schema, (), tool_version), "made": "export"}
    for sheet in made.values():
        facts.update(_baseline(sheet))
    rows = {
        (name, HEADER_ROWS + place): said
        for name, sheet in made.items()
        for place, said in enumerate(sheet.said, start=1)
    }
    names = {sheet.chosen.entity.name: sheet.name for sheet in sheets}
    return Filled(content(sheets, facts, fillings), rows, names, tuple(problems))


def _baseline(sheet: _Sheet) -> Iterator[tuple[str, str]]:
    for name, said in zip(sheet.names, sheet.said, strict=True):
        yield from entries(sheet.entity.name, name, said)


def _sheet(
    entity: EntityType,
    records: Iterable[Mapping[str, Any]],
    without: Collection[tuple[str, str, str]],
    problems: list[Problem],
) -> _Sheet:
    sheet = _Sheet(entity)
    known: dict[str, list[Field]] = {}
    for one in fields(entity):
        if one.access is not Access.REFUSED and one.property.feed is None:
            known.setdefault(one.path[0], []).append(one)
    for record in records:
        said = {name: value for name, value in record.items() if name in known and not is_nothing(value)}
        name = identifier_of(said, entity.identifiers)
        if name is None:
            problems.append(Problem(entity.name, _any_name(record), None, _NAMELESS))
            continue
        row: Row = {}
        for property_name in [n for n in said if (entity.name, name, n) not in without]:
            try:
                row.update(cells_of(known[property_name], said[property_name]))
            except UnholdableError as error:
                problems.append(Problem(entity.name, name, property_name, str(error)))
        if len(sheet.rows) >= LAST_ROW - HEADER_ROWS:
            problems.append(Problem(entity.name, name, None, "left out, for the sheet is full"))
            continue
        sheet.rows.append(row)
        sheet.said.append(said)
        sheet.names.append(name)
    return sheet


_NAMELESS = "left out, for it has nothing that a row could call it by, such as an alias; give it one on the portal"


def _any_name(record: Mapping[str, Any]) -> str | None:
    return next((str(record[key]) for key in ("accession", "@id", "uuid") if record.get(key)), None)


def _with_columns(chosen: ChosenType, rows: Sequence[Row]) -> ChosenType:
    """The type with a column for everything that its rows say; later members stand behind the first one's columns."""
    used = dict.fromkeys(place for row in rows for place in row)
    every = [one for one in fields(chosen.entity) if (one, 0) in used and one not in chosen.fields]
    columns = [*chosen.fields, *every]
    out: list[Field] = []
    for place, column in enumerate(columns):
        out.append(column)
        group = group_of(column)
        if group is not None and all(group_of(later) != group for later in columns[place + 1 :]):
            there = {(one.path, one.json, getattr(one, "member", 0)) for one in columns}
            members = [
                (member, one)
                for one, member in used
                if member and group_of(one) == group and (one.path, one.json, member) not in there
            ]
            order = {one: number for number, one in enumerate(fields(chosen.entity))}
            out += [repeated(one, member) for member, one in sorted(members, key=lambda m: (m[0], order[m[1]]))]
    grouped = {group_of(column) for column in columns}
    lost = [(one, member) for one, member in used if member and group_of(one) not in grouped]
    return replace(chosen, fields=tuple([*out, *(repeated(one, member) for one, member in lost)][:MOST_COLUMNS]))


def _filling(chosen: ChosenType, sheet: _Sheet) -> Filling:
    """The rows by the place of their columns."""
    places = {(one.path, one.json, getattr(one, "member", 0)): place for place, one in enumerate(chosen.fields)}
    return [{places[one.path, one.json, member]: cell for (one, member), cell in row.items()} for row in sheet.rows]
