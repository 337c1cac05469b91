"""Records of a portal -> a workbook, ready to be edited and submitted. It is read back, so that nothing changes its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook_compiler import api
from workbook_compiler.delivery.receipts import Receipt, receipted
from workbook_compiler.errors import UsageError
from workbook_compiler.model.diagnostics import Location
from workbook_compiler.model.plan import Action
from workbook_compiler.model.records import identifier_of, key_of
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Found, Send

if TYPE_CHECKING:
    from workbook_compiler.delivery.export import Asked
    from workbook_compiler.template import Filled


@dataclass(frozen=True)
class Exported:
    """Records of a portal as a workbook."""

    content: bytes
    """The workbook's bytes; none when there are no records."""
    count: int
    """How many records it holds."""
    told: tuple[str, ...]
    """What is missing from it and why, as sentences."""


def export(
    schema: Schema, send: Send, types: Sequence[str] = (), *, ids: Iterable[str] = (), search: str | None = None
) -> Exported:
    """Return records of a portal as a workbook to edit and submit: those named, those a search finds, or all of some types.

    ``send`` asks the portal (``model/service.py``). Raises UsageError for a type that the schema lacks, UnreachableError when the
    portal can't be asked.
    """
    from workbook_compiler.delivery import export as asking

    service = api.portal(schema.portal).service
    if service is None:
        raise UsageError("Records of this portal can't be exported yet.")
    return workbook(schema, asking.export(service, send, schema, types=types, ids=ids, search=search))


def workbook(schema: Schema, asked: Asked) -> Exported:
    """Return records that a portal was asked for as a workbook."""
    if not asked.values:
        return Exported(b"", 0, asked.missing)
    made = filled(schema, asked.values)
    content = receipted(made.content, list(_rows(made, schema, asked.found)))
    return Exported(content, len(made.rows), (*asked.missing, *map(str, made.problems)))


def _rows(made: Filled, schema: Schema, found: Mapping[tuple[str, str], Found]) -> Iterator[Receipt]:
    """Which record of the portal each row is, for the grey columns behind it."""
    for (type_name, row), said in made.rows.items():
        entity = schema.types[type_name]
        one = found.get((type_name, identifier_of(said, entity.identifiers) or ""))
        if one is not None:
            name = key_of(one.path)
            accession = name if "accession" in entity.properties and name != one.uuid else ""
            at = Location("", made.sheets[type_name], row)
            yield Receipt(at, Action.SKIP, one.uuid, accession, status="exported", link=one.path)


def filled(schema: Schema, values: Mapping[str, Sequence[Mapping[str, Any]]]) -> Filled:
    """Return a workbook with these records, ``{type: [values]}``; what would be read as something else is left out, and told."""
    from workbook_compiler.template import Problem
    from workbook_compiler.template import filled as written

    made = written(schema, values, tool_version=api.tool_version())
    changed = _read_otherwise(made, schema)
    if not changed:
        return made
    again = written(schema, values, tool_version=api.tool_version(), without=changed)
    more = (Problem(*place, "a cell with it would be read as something else") for place in sorted(changed))
    return replace(again, problems=(*again.problems, *more))


def _read_otherwise(made: Filled, schema: Schema) -> set[tuple[str, str, str]]:
    """The properties whose cells, once read, say something else than they were written for."""
    from workbook_compiler.pipeline.read import read_bytes

    outcome = read_bytes(made.content, Path("export.xlsx"), "export.xlsx")
    records = api.compile_workbooks([(outcome.value, outcome.diagnostics)], schema).records
    found = {(record.type, record.location.row): record.values for record in records}
    left_out = {(one.type, one.identifier, one.property) for one in made.problems}
    return {
        (type_name, identifier, name)
        for (type_name, row), said in made.rows.items()
        for identifier in [identifier_of(said, schema.types[type_name].identifiers) or ""]
        for name, value in said.items()
        if found.get((type_name, row), {}).get(name) != value and (type_name, identifier, name) not in left_out
    }
