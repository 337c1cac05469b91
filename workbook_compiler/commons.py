"""A compiled plan and a data commons of projects: compare, rehearse, send, and its records as rows again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbook_compiler.delivery import compare, emit, journal, keys, outcomes, rehearsals, tokens, transactions
from workbook_compiler.delivery.client import Session
from workbook_compiler.delivery.export import Asked
from workbook_compiler.delivery.receipts import Receipt
from workbook_compiler.delivery.submit import Outcome, State
from workbook_compiler.errors import UsageError
from workbook_compiler.model.codes import portal as codes
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.plan import Action, Operation, Plan
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.records import Record
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Found, Stored, Transactions
from workbook_compiler.submission import Compared, Submitted
from workbook_compiler.submission.comparing import as_exported, gone, known_from


@dataclass(frozen=True, slots=True)
class Commons:
    """A commons that lets us in."""

    portal: Portal
    service: Transactions
    session: Session
    server: str
    warnings: tuple[str, ...] = ()


@contextmanager
def commons(
    portal: Portal, *, server: str | None = None, keyfile: Path | None = None, entry: str | None = None
) -> Iterator[Commons]:
    """Give a connection to a commons: the one whose key it is. Raises UsageError without a key."""
    service = portal.transactions
    if service is None:
        raise UsageError(f"{portal.title} doesn't take requests of many records.")
    key, warnings = keys.load(portal.name, keyfile=keyfile, entry=entry, server=server, usual=portal.keyfile)
    with tokens.session(key.server, key, service.login) as session:
        yield Commons(portal, service, session, key.server, tuple(warnings))


# ---------------------------------------------------------------- which project


def project(to: Commons, wanted: str | None, plan: Plan | None = None) -> str:
    """Return the project that is meant, as ``program-code``: the one named, else the one the rows name, else the only one.

    Raises UsageError where there are several or none, UnreachableError when the commons doesn't let us in.
    """
    known = list(to.service.projects(to.session.send))
    told = {one for _, _, _, one in _told(to.service, plan)} if plan is not None else set()
    meant = [wanted.replace("/", "-", 1)] if wanted else sorted(told)
    found = [name for name in known if not meant or any(_fits(name, one) for one in meant)]
    if len(found) == 1:
        return found[0]
    if wanted and len(found) > 1:
        raise UsageError(f"Several programs have a project {wanted}: {', '.join(found)}. Say which with --project.")
    listed = ", ".join(known) or "none"
    if wanted:
        raise UsageError(f"You may see no project {wanted} on {to.server}. Yours: {listed}. Choose one with --project.")
    if not known:
        raise UsageError(f"You may see no project on {to.server}. Ask its staff for one.")
    raise UsageError(f"Say which project, with --project. Yours: {listed}.")


def _fits(name: str, told: str) -> bool:
    """Whether a project is the one that a person or a row names: whole, or by its code."""
    return name == told or name.endswith(told if told.startswith("-") else f"-{told}")


def _told(service: Transactions, plan: Plan) -> Iterator[tuple[Operation, str, Any, str]]:
    """What rows say of their project: the operation, the column, its value, and the project or the end of its name."""
    for op in plan.operations:
        for name, value in op.record.values.items():
            found = service.project_of(name, value)
            if found is not None and not op.deferred:
                yield op, name, value, found


# ---------------------------------------------------------------- what is there


def compared(plan: Plan, to: Commons, project_: str, books: Sequence[Path] = (), step: Step = silent) -> Compared:
    """Return the plan as what is to be created, updated and left in a project. ``books`` are its workbooks, in its order."""
    one = Compared(plan, plan, (), tuple(books))
    schema, records = one.schema, one.records
    known = known_from(one.journal, to.server, project_)
    remembered = journal.remembered(records, known)
    found = _snapshot(to, project_, records, plan, schema, step)
    exported = as_exported(plan, lambda _record, _name, value: value, known, remembered)
    grows = frozenset(name for entity in schema.types.values() for name, p in entity.properties.items() if p.spread)
    against = compare.against(plan, found, schema, extends=grows, exported=exported)
    stay = list(_links_that_stay(against.value, schema))
    batches = (
        replace(batch, operations=tuple(_whole(op, to, found, schema) for op in batch.operations))
        for batch in against.value.batches
    )
    said = (
        *_elsewhere(to.service, plan, project_),
        *against.diagnostics,
        *stay,
        *compare.links_on_portal(plan.outward, found.links),
    )
    return replace(
        one,
        plan=replace(against.value, batches=tuple(batches)),
        diagnostics=said,
        gone=gone(records, known, remembered),
        remembered=remembered,
        known=known,
    )


def _snapshot(
    to: Commons, project_: str, records: Sequence[Record], plan: Plan, schema: Schema, step: Step
) -> compare.Snapshot:
    """What a project holds of these records, and of what they link to and no row defines."""
    names: dict[str, dict[str, Record]] = {}
    for record in records:
        names.setdefault(record.type, {})[str(record.identifier)] = record
    outward = {told.value: told.context.get("targets", ()) for told in plan.outward if told.value}
    ends = {target for targets in outward.values() for target in targets}
    held: dict[str, compare.Held] = {}
    there: dict[tuple[str, str], str] = {}
    numbered: dict[str, Found] = {}
    nodes = [name for name in schema.types if name in names or name in ends]
    for place, node in enumerate(nodes):
        step(f"Looking for {node}", place / len(nodes))
        numbers, stored = _node(to, project_, node, names.get(node, {}))
        there |= {(node, name): number for name, number in numbers.items()}
        for one in stored:
            found = Found(one.number, f"/{one.number}/", (node,), frozenset((one.name,)))
            numbered[one.number] = found
            if one.name in names.get(node, {}):
                record = names[node][one.name]
                held[record.id] = compare.Held(found, to.service.values(schema.types[node], one.values))
    links = {
        value: next((Found(there[node, value], "", (node,)) for node in targets if (node, value) in there), None)
        for value, targets in outward.items()
    }
    by_number = {number: name for (_, name), number in there.items()}
    renamed = {
        record.id: Found(record.stored, f"/{record.stored}/", (record.type,), frozenset((by_number[record.stored],)))
        for record in records
        if record.id not in held and record.stored is not None and record.stored in by_number
    }
    return compare.Snapshot(held, links, renamed=renamed)


def _node(
    to: Commons, project_: str, node: str, wanted: Mapping[str, Record]
) -> tuple[Mapping[str, str], Sequence[Stored]]:
    """The numbers of all records of a node, and the stored values of those that are wanted."""
    send, service = to.session.send, to.service
    numbers = service.present(send, project_, node)
    if numbers is None:
        every = service.every(send, project_, node)
        return {one.name: one.number for one in every}, every
    here = [numbers[name] for name in wanted if name in numbers]
    return numbers, service.by_number(send, project_, node, here) if here else ()


def _links_that_stay(plan: Plan, schema: Schema) -> Iterator[Diagnostic]:
    """Links that lead to a single record and that an update can't lead to another one."""
    for op in plan.operations:
        properties = schema.types[op.record.type].properties
        for change in op.changes:
            prop = properties[change.name]
            if prop.link is None or change.before is None or change.after is None:
                continue
            context: dict[str, Any] = {"present": compare.shown(change.before)}
            if prop.required:
                context["advice"] = "It is needed, so it can't be removed: the record has to be deleted and made anew."
            at = compare.place_of(op.record, change.name)
            yield Diagnostic(codes.POR16, at, change.name, str(change.after), context)


def _elsewhere(service: Transactions, plan: Plan, project_: str) -> Iterator[Diagnostic]:
    """Rows that name another project, each cell's value once for a sheet."""
    wrong: dict[tuple[str, str | None, str, str], list[Location]] = {}
    for op, name, value, told in _told(service, plan):
        if not _fits(project_, told):
            at = compare.place_of(op.record, name)
            wrong.setdefault((at.file, at.sheet, name, str(value)), []).append(at)
    for (_, _, name, value), (first, *more) in wrong.items():
        yield Diagnostic(
            codes.POR18, first, name, value, {"project": project_}, related=tuple(more[: outcomes.RELATED])
        )


def _whole(op: Operation, to: Commons, found: compare.Snapshot, schema: Schema) -> Operation:
    """An update with all that has to be said again, from the row, else as it is stored; what is to go is nothing."""
    held = found.held.get(op.record.id)
    if op.action is not Action.PATCH or held is None:
        return op
    again = {
        name: op.record.values.get(name, held.values.get(name))
        for name in to.service.repeated(schema.types[op.record.type])
        if name in op.record.values or name in held.values
    }
    removed = dict.fromkeys(op.removes)
    return op._replace(body={**again, **op.body, **removed})


# ---------------------------------------------------------------- sent


def _door(one: Compared, to: Commons, project_: str) -> transactions.Door:
    return transactions.Door(to.service, to.session.send, to.portal.render, one.schema, project_)


def rehearsed(one: Compared, to: Commons, project_: str, step: Step = silent) -> list[Diagnostic]:
    """Return what the commons has against the rows; nothing is stored."""
    found, loose = rehearsals.rehearse(one.plan, _door(one, to, project_), step)
    by_id = {op.id: op for op in one.plan.operations}
    told = [outcomes.at_cell(by_id[name].record, refusal) for name, refusals in found.items() for refusal in refusals]
    return [*told, *_loose(one.plan, loose)]


def submit(one: Compared, to: Commons, project_: str, *, partial: bool = False, step: Step = silent) -> Submitted:
    """Send the plan and return how it went; the journal beside the first workbook knows it too. Run again, it goes on.

    Raises UsageError when another run sends the same workbook.
    """
    if one.journal is None:
        raise UsageError("Without its workbook's path there is no place to note what was sent.")
    with journal.opened(one.journal, alone=True) as notes:
        if notes.known(to.server, project_) != one.known:
            raise UsageError("Another run has sent this workbook since it was compared. Run the same command again.")
        notes.begin(emit.plan_hash(one.original), to.server, project_)
        done = transactions.apply(one.plan, _door(one, to, project_), notes, partial=partial, left=one.left, step=step)
        if done.stopped is None and all(fared.state is not State.UNCLEAR for fared in done.outcomes):
            notes.end()
    said = (*outcomes.findings(done.outcomes), *_loose(one.plan, done.loose))
    return Submitted(done.outcomes, said, done.stopped)


def sent(
    plan: Plan,
    portal: Portal,
    keyfile: Path | None,
    books: Sequence[Path],
    server: str | None = None,
    project_: str | None = None,
    *,
    partial: bool = False,
    step: Step = silent,
) -> Submitted:
    """Compare a plan with its commons and send it, unless something stands in the way."""
    with commons(portal, server=server, keyfile=keyfile) as to:
        meant = project(to, project_, plan)
        one = compared(plan, to, meant, books, step)
        return submit(one, to, meant, partial=partial, step=step) if one.ok else Submitted((), one.diagnostics)


def _loose(plan: Plan, words: Iterable[str]) -> Iterator[Diagnostic]:
    return (Diagnostic(codes.POR15, Location(plan.workbooks[0].name), context={"words": one}) for one in words)


def receipts(done: Submitted, one: Compared) -> list[Receipt]:
    """Return a receipt for each row: what the commons calls its record, and how it fared."""
    return [_receipt(fared, one) for fared in done.outcomes if not fared.operation.deferred]


def _receipt(fared: Outcome, one: Compared) -> Receipt:
    op, before = fared.operation, one.remembered.get(fared.operation.record.id)
    return Receipt(
        op.record.location,
        op.action,
        fared.uuid or op.uuid or "",
        status=fared.state.value,
        time=fared.at or (before.at if before is not None and fared.state is State.UNCHANGED else ""),
        id=op.id,
        type=op.record.type,
        identifier=op.record.identifier,
    )


# ---------------------------------------------------------------- rows again


def exported(to: Commons, schema: Schema, project_: str, types: Sequence[str] = (), names: Sequence[str] = ()) -> Asked:
    """Return the records of some types, or those with these names or numbers (of these types, if any are named)."""
    for name in types:
        if name not in schema.types:
            raise UsageError(f"There is no type {name}. Known: {', '.join(schema.types)}.")
    send, missing = to.session.send, []
    stored = [] if names else [one for node in types for one in to.service.every(send, project_, node)]
    for name in dict.fromkeys(names):
        found = to.service.lookup(send, project_, name, types or list(schema.types))
        stored += found
        missing += [] if found else [f"The project {project_} has no record {name} that this key may see."]
    values: dict[str, list[Mapping[str, Any]]] = {}
    places: dict[tuple[str, str], Found] = {}
    for one in stored:
        if one.type not in schema.types:
            missing.append(f"{one.name} is a {one.type}, which these schemas don't have.")
        elif (one.type, one.name) not in places:
            places[one.type, one.name] = Found(one.number, "", (one.type,))
            values.setdefault(one.type, []).append(to.service.values(schema.types[one.type], one.values))
    return Asked(values, places, tuple(missing))
