"""A compiled plan and a data commons of projects: compare, rehearse, send, and its records as rows again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbook_compiler.delivery import compare, emit, journal, keys, outcomes, rehearsals, tokens, transactions
from workbook_compiler.delivery.client import Session
from workbook_compiler.delivery.export import Asked, entity_of
from workbook_compiler.delivery.receipts import Receipt
from workbook_compiler.delivery.submit import Outcome, State
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.model.codes import portal as codes
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.plan import Action, Operation, Plan
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.records import Record
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Found, Stored, Transactions
from workbook_compiler.reports.words import visible
from workbook_compiler.submission import Compared, Submitted
from workbook_compiler.submission.comparing import as_exported, emptied, gone, known_from


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
    if not known:
        raise UsageError(f"You may see no project on {to.server}. Ask its staff for one.")
    listed = ", ".join(map(visible, known))
    if wanted:
        whole = wanted.replace("/", "-", 1)
        found = [name for name in known if name == whole or _fits(name, f"-{wanted}")]
        if len(found) > 1:
            raise UsageError(f"Several programs have a project {wanted}: {listed}. Say which with --project.")
        if not found:
            raise UsageError(f"You may see no project {wanted} on {to.server}. Yours: {listed}.")
        return found[0]
    told = sorted({one for _, _, _, one in _told(to.service, plan)}) if plan is not None else []
    found = [name for name in known if any(_fits(name, one) for one in told)]
    if len(known) == 1 or (len(found) == 1 and len(told) == 1):
        return (found or known)[0]  # a row that names another one is told at its cell
    named = f" The rows name {' and '.join(visible(one.lstrip('-')) for one in told)}." if told else ""
    raise UsageError(f"Say which project, with --project. Yours: {listed}.{named}")


def _fits(name: str, told: str) -> bool:
    """Whether a project is the one that a row names: whole, or behind a dash by its code."""
    return name.partition("-")[2] == told[1:] if told.startswith("-") else name == told


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
    found = _present(to, project_, records, plan, schema, step)
    exported = as_exported(plan, lambda _record, _name, value: value, known, remembered)
    grows = frozenset(name for entity in schema.types.values() for name, p in entity.properties.items() if p.spread)
    against = compare.against(plan, found.held, schema, extends=grows, exported=exported)
    remarks = [
        *_elsewhere(to.service, plan, project_),
        *_other_rows(records, found),
        *_links_that_stay(against.value, schema),
        *_links_left(records, found, schema),
        *_links_to_nothing(plan, found.there),
    ]
    batches = (
        replace(batch, operations=tuple(_whole(op, to, found.held, schema) for op in batch.operations))
        for batch in against.value.batches
    )
    return replace(
        one,
        plan=replace(against.value, batches=tuple(batches)),
        diagnostics=(*against.diagnostics, *remarks, *emptied(plan)),
        gone=gone(records, known, remembered),
        remembered=remembered,
        known=known,
    )


@dataclass(frozen=True, slots=True)
class _Present:
    """What a project holds of what a plan names."""

    held: compare.Snapshot
    """The rows' own records."""
    there: Mapping[tuple[str, str], str]
    """The number of every record of the nodes that matter, by node and name."""


def _present(to: Commons, project_: str, records: Sequence[Record], plan: Plan, schema: Schema, step: Step) -> _Present:
    """What a project holds of these records, and of the nodes that they link to."""
    names: dict[str, dict[str, Record]] = {}
    for record in records:
        names.setdefault(record.type, {})[str(record.identifier)] = record
    ends = [target for told in plan.outward for target in told.context.get("targets", ())]
    held: dict[str, compare.Held] = {}
    there: dict[tuple[str, str], str] = {}
    nodes = list(dict.fromkeys([*names, *ends]))
    for place, node in enumerate(nodes):
        step(f"Looking for {node}", place / len(nodes))
        numbers, stored = _node(to, project_, node, names.get(node, {}))
        there |= {(node, name): number for name, number in numbers.items()}
        for one in stored:
            if one.name in names.get(node, {}):
                found = Found(one.number, f"/{one.number}/", (node,), frozenset((one.name,)))
                values = to.service.values(schema.types[node], one.values)
                held[names[node][one.name].id] = compare.Held(found, values)
    by_number = {number: name for (_, name), number in there.items()}
    renamed = {
        record.id: Found(record.stored, f"/{record.stored}/", (record.type,), frozenset((by_number[record.stored],)))
        for record in records
        if record.id not in held and record.stored is not None and record.stored in by_number
    }
    return _Present(compare.Snapshot(held, renamed=renamed), there)


def _node(
    to: Commons, project_: str, node: str, wanted: Mapping[str, Record]
) -> tuple[Mapping[str, str], Sequence[Stored]]:
    """The numbers of all records of a node, and the stored values of those that are wanted.

    Raises UnreachableError where a record that is there isn't told: it would be taken for a new one.
    """
    send, service = to.session.send, to.service
    numbers = service.present(send, project_, node)
    if numbers is None:
        every = service.every(send, project_, node)
        return {one.name: one.number for one in every}, every
    here = [numbers[name] for name in wanted if name in numbers]
    stored = service.by_number(send, project_, node, here) if here else ()
    if len({one.number for one in stored} & set(here)) < len(here):
        raise UnreachableError("the commons", f"it lists records of {node} and doesn't tell what they hold")
    return numbers, stored


def _other_rows(records: Sequence[Record], found: _Present) -> Iterator[Diagnostic]:
    """Rows whose receipt belongs to another record of the project than the one that has their name."""
    names = {number: name for (_, name), number in found.there.items()}
    for record in records:
        held = found.held.held.get(record.id)
        if held is not None and record.stored in names and record.stored != held.found.uuid:
            yield compare.renamed(record, names[str(record.stored)])


def _links_to_nothing(plan: Plan, there: Mapping[tuple[str, str], str]) -> Iterator[Diagnostic]:
    """Links that neither a row nor a record of the project answers to."""
    for told in plan.outward:
        if not any((target, told.value) in there for target in told.context.get("targets", ())):
            yield Diagnostic(
                codes.POR01, told.location, told.field, told.value, {}, told.suggestions, related=told.related
            )


def _links_left(records: Sequence[Record], found: _Present, schema: Schema) -> Iterator[Diagnostic]:
    """Links that the project has and the row doesn't name any more: they are only ever added."""
    for record in records:
        held = found.held.held.get(record.id)
        for name, value in record.values.items() if held is not None else ():
            stored = held.values.get(name) if held is not None else None
            if schema.types[record.type].properties[name].spread and isinstance(stored, list):
                more = [one for one in stored if one not in value]
                if more:
                    at = compare.place_of(record, name)
                    yield Diagnostic(codes.POR19, at, name, context={"present": compare.shown(more)})


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
                context["advice"] = (
                    "Ask the portal's staff to delete the record: this link is needed, so it can't be removed."
                )
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
        context = {"project": project_}
        if value == project_:
            context["advice"] = f"Type the code alone, without its program: {project_.partition('-')[2]}."
        yield Diagnostic(codes.POR18, first, name, value, context, related=tuple(more[: outcomes.RELATED]))


def _whole(op: Operation, to: Commons, found: compare.Snapshot, schema: Schema) -> Operation:
    """An update with all that has to be said again; what is to go is nothing."""
    held = found.held.get(op.record.id)
    if op.action is not Action.PATCH or held is None:
        return op
    wanted = to.service.repeated(schema.types[op.record.type])
    again = {
        name: held.values[name] for name in wanted if name in held.values
    }  # as it is stored, not as the row has it
    removed = dict.fromkeys(op.removes)
    return op._replace(body={**again, **op.body, **removed})


# ---------------------------------------------------------------- sent


def _door(one: Compared, to: Commons, project_: str) -> transactions.Door:
    return transactions.Door(to.service, to.session.send, to.portal.render, one.schema, project_)


def rehearsed(one: Compared, to: Commons, project_: str, step: Step = silent) -> list[Diagnostic]:
    """Return what the commons has against the rows; nothing is stored."""
    found, loose = rehearsals.rehearse(one.plan, _door(one, to, project_), one.left, step)
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
        notes.left(one.plan.operations, one.known)
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
    nodes = list(schema.types) if list(types) == ["all"] else [entity_of(schema, name).name for name in types]
    send, wanted = to.session.send, list(dict.fromkeys(names))
    if wanted:
        stored = list(to.service.lookup(send, project_, wanted, nodes or list(schema.types)))
    else:
        stored = [one for node in nodes for one in to.service.every(send, project_, node)]
    told = {text for one in stored for text in (one.name, one.number)}
    where = f"{' or '.join(nodes)} " if nodes else "record "
    missing = [
        f"The project {project_} has no {where}{name} that this key may see." for name in wanted if name not in told
    ]
    values: dict[str, list[Mapping[str, Any]]] = {}
    places: dict[tuple[str, str], Found] = {}
    for one in sorted(stored, key=lambda one: one.name):
        if (one.type, one.name) not in places:
            places[one.type, one.name] = Found(one.number, "", (one.type,))
            values.setdefault(one.type, []).append(to.service.values(schema.types[one.type], one.values))
    return Asked(values, places, tuple(missing))
