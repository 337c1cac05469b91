"""One table of one type -> records to create or change, as ENCODE's and IGVF's registration programs read it.

TSV, CSV, JSON, JSON lines or a workbook; names as the portal has them; lab and award from who registers; a bad row doesn't stop
the others. What the documentation of eu_register and iu_register promises is done; where a row says something that isn't sent
as it stands, that is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook_compiler import api
from workbook_compiler.errors import UsageError, WorkbookCompilerError
from workbook_compiler.model.codes import cells, links, registering, structure, values
from workbook_compiler.model.diagnostics import Diagnostic, Location, Severity
from workbook_compiler.model.plan import Action, Operation, Plan
from workbook_compiler.model.records import Record
from workbook_compiler.model.schema import EntityType, Kind, Schema
from workbook_compiler.nearest import likely
from workbook_compiler.registering.files import RECORD_ID, folded, opened
from workbook_compiler.registering.table import CHECKSUM, FETCHED, Table, Wanted, kept_for, lab_name

__all__ = [
    "Registration",
    "Wanted",
    "as_shown",
    "brought",
    "entity_of",
    "growing",
    "lab_name",
    "registration",
    "unknown",
]

PASSES = 20
"""So often rows are left out because those they refer to are."""
_ABSENT = (values.REQ02.id, values.REQ03.id)
"""What is told of a whole sheet, though it is wrong for some rows alone."""
_JOINING = "required anyOf allOf oneOf not if then else dependentRequired dependentSchemas dependencies".split()


@dataclass(frozen=True, slots=True)
class Registration:
    """A table, compiled: what is right of it, and what is wrong with the rest."""

    result: api.Result
    """Of the rows that are right; its plan is None when nothing can be sent."""
    said: tuple[Diagnostic, ...]
    """What there is to say of the whole table."""
    entity: EntityType
    places: Mapping[int, Location]
    """The cells that name a record, by the number of their row."""

    @property
    def ok(self) -> bool:
        """True when no row is wrong."""
        return not any(found.severity is Severity.ERROR for found in self.said)


def entity_of(schema: Schema, profile: str) -> EntityType:
    """Return the type that a person calls so: ``biosample``, ``Biosamples``, ``genetic-modification``.

    Raises UsageError with the nearest for an unknown one.
    """
    wanted = folded(profile)
    concrete = [entity for entity in schema.types.values() if not entity.abstract]
    for entity in concrete:
        names = {folded(entity.name), folded(entity.path)}
        if wanted in names or any(wanted in (f"{name}s", f"{name}es", f"{name[:-1]}ies") for name in names):
            return entity
    near = likely(profile, [entity.path for entity in concrete])
    raise UsageError(f"There is no profile {profile}.{f' Did you mean {near[0]}?' if near else ''}")


def registration(path: Path, schema: Schema, profile: str, wanted: Wanted) -> Registration:
    """Return what a table means. Rows that are wrong are told and left out; a wrong header leaves out all.

    Raises UsageError for a file that isn't there or a profile that is unknown.
    """
    entity = entity_of(schema, profile)
    loose = _for_updates(schema, entity) if wanted.patch else schema
    file = opened(path, entity, clears=wanted.patch and wanted.overwrite)
    table = Table(file.value, entity, wanted)
    result = api.compile_workbooks([(table.workbook, ())], loose)
    said = [*file.diagnostics, *table.said, *_not_removable(wanted.remove, entity, path.name)]
    ours = (links.IDN02, cells.DEL01, *((structure.FIL06,) if table.ids or said else ()))
    said += [
        one for one in result.diagnostics if one.code is not links.REF02 and not (wanted.patch and one.code in ours)
    ]
    result, wrong = _right_rows(table, loose, said, result)
    plan = _meant(result.plan, table, wanted) if result.plan is not None and wrong is not None else None
    if wanted.patch and wrong is not None:
        said += _without_effect(table, plan, wrong)
    return Registration(
        replace(result, plan=plan), tuple(said), entity, {row: at for row, (_, at) in table.ids.items()}
    )


def _right_rows(
    table: Table, schema: Schema, said: Sequence[Diagnostic], result: api.Result
) -> tuple[api.Result, set[int] | None]:
    """The table compiled without what is wrong, and the rows that are; None where the whole table is."""
    wrong = _rows(said, table.header)
    absent = [one.field for one in said if one.code.id in _ABSENT and one.location.row is None and one.field]
    if wrong is not None and absent:  # with a column for it each row says by itself that it lacks something
        tried = api.compile_workbooks([(table.without(wrong, list(dict.fromkeys(absent))), ())], schema)
        lacking = _rows(tried.diagnostics, table.header)
        wrong = None if lacking is None else wrong | lacking
    left: set[int] = set()
    for _ in range(PASSES):
        if wrong is None or not table.rows or wrong <= left:
            return result, None if wrong is None else left
        left |= wrong
        result = api.compile_workbooks([(table.without(left), ())], schema)
        wrong = _rows(result.diagnostics, table.header)
    return result, left if wrong is not None and wrong <= left else None


def _rows(said: Sequence[Diagnostic], header: int) -> set[int] | None:
    """The rows that are wrong, by their numbers; None where the whole table is. A lacking column is wrong for some rows."""
    found: set[int] = set()
    for one in said:
        if one.severity is Severity.ERROR:
            alone = one.location.row is not None and one.code not in (links.IDN01, registering.REG09)
            rows = {at.row for at in (one.location, *(() if alone else one.related)) if at.row is not None}
            if not rows or any(row <= header + 1 for row in rows):
                return None
            found |= rows
    return found


def _for_updates(schema: Schema, entity: EntityType) -> Schema:
    """The schema by which a part of a record is right: what is needed, and what goes with what, the portal has already."""
    rules = {word: value for word, value in entity.rules.items() if word not in _JOINING}
    properties = {name: replace(prop, required=False) for name, prop in entity.properties.items()}
    loose = replace(entity, rules=rules, properties=properties)
    return replace(schema, types={**schema.types, entity.name: loose})


def _not_removable(names: Sequence[str], entity: EntityType, file: str) -> Iterator[Diagnostic]:
    for name in names:
        if reason := kept_for(name, entity):
            yield Diagnostic(registering.REG04, Location(file), name, context={"reason": reason})


def _without_effect(table: Table, plan: Plan | None, wrong: set[int]) -> Iterator[Diagnostic]:
    """Rows that name a record and say nothing of it."""
    used = {op.record.location.row for op in plan.operations} if plan is not None else set()
    for row, (name, at) in table.ids.items():
        if row not in used and row not in wrong:
            yield Diagnostic(registering.REG14, at, RECORD_ID, name)


# ---------------------------------------------------------------- what is meant


def _meant(plan: Plan, table: Table, wanted: Wanted) -> Plan:
    """The plan whose records are the ones that rows name, without the files that stay where they are."""

    def named(op: Operation) -> Operation:
        record = op.record if wanted.uploads else _without_file(op.record)
        if not wanted.patch:
            return op._replace(record=record)
        name, _ = table.ids.get(record.location.row or 0, (None, None))
        return op._replace(record=record._replace(identifier=name, stored=None))

    return plan.each(named)


def _without_file(record: Record) -> Record:
    """A record whose file needn't be looked at: its checksum is known."""
    if CHECKSUM not in record.values:
        return record
    attached = {at: path for at, path in record.files.items() if isinstance(record.values.get(str(at[0])), dict)}
    return record._replace(files=attached)


def brought(plan: Plan, fetch: Callable[[str], Path]) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """Return the plan with files of a store brought here by ``fetch``; rows whose file can't be are told and left out."""
    said: list[Diagnostic] = []

    def here(op: Operation) -> Operation | None:
        files = dict(op.record.files)
        for pointer, typed in files.items():
            if typed.lower().startswith(FETCHED):
                try:
                    files[pointer] = str(fetch(typed))
                except WorkbookCompilerError as error:
                    at = op.record.origin.place(pointer) or op.record.location
                    context = {"reason": getattr(error, "reason", None) or str(error)}
                    said.append(Diagnostic(registering.REG15, at, str(pointer[0]), typed, context))
                    return None
        return op._replace(record=op.record._replace(files=files))

    return plan.each(here), tuple(said)


def as_shown(plan: Plan, wanted: Wanted) -> Plan:
    """Return the plan of a table whose rows change records, as if all of them were there."""

    def changed(op: Operation) -> Operation:
        return op._replace(action=Action.PATCH, target=op.record.identifier, removes=tuple(op.record.deletes))

    return plan.each(changed) if wanted.patch else plan


def growing(entity: EntityType, wanted: Wanted) -> frozenset[str]:
    """Return the lists to which values are added, what is there staying."""
    lists = (name for name, prop in entity.properties.items() if prop.kind is Kind.LIST)
    return frozenset() if wanted.overwrite else frozenset(lists)


def unknown(plan: Plan, wanted: Wanted, places: Mapping[int, Location]) -> Iterator[Diagnostic]:
    """Yield what a table wants changed and the portal doesn't have; ``plan`` has been compared."""
    for op in plan.operations if wanted.patch else ():
        name, at = op.record.identifier, places.get(op.record.location.row or 0, op.record.location)
        if op.target is None:
            prefix = lab_name(wanted.lab)
            near = (f"{prefix}:{name}",) if prefix and name and ":" not in name else ()
            yield Diagnostic(registering.REG05, at, RECORD_ID, name, suggestions=near)
