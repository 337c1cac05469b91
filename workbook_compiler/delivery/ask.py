"""What the portal holds of all that a plan names: asked for with as few messages as it allows, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

from workbook_compiler.delivery.compare import Held, Snapshot, schema_name
from workbook_compiler.errors import UsageError
from workbook_compiler.model.records import Record
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.service import Account, Found, Send, Service

Choose = Callable[[str, Sequence[str]], str]
"""``choose("lab", paths)``: ask the person which one."""


def snapshot(
    service: Service,
    send: Send,
    records: Iterable[Record],
    links: Mapping[str, Sequence[str]],
    *,
    known: Mapping[str, str] | None = None,
    jobs: int = 4,
    step: Step = silent,
    strictly: bool = False,
) -> Snapshot:
    """Return what the portal holds of these records, and what these link values mean there: each with the types it may name.

    ``known`` are the uuids of records (by id) that an earlier run has sent, empty where it didn't learn one: an index may
    not show them yet. Who has an identifier is looked for by it, for another row may stand in its place. ``strictly``: by
    nothing else; what else the row calls it is to be changed. Raises UnreachableError.
    """
    rows = list(records)
    names = {
        record.id: [record.identifier] if strictly else names_of(record)
        for record in rows
        if record.identifier is not None
    }
    step("Looking for what is there", 0.1)
    outward = {name: types for name, types in links.items() if name}
    found, alone = found_by(service, send, [*(name for given in names.values() for name in given), *outward], jobs)
    here = {
        id_: found[alias] for id_, given in names.items() if (alias := next(filter(found.__contains__, given), None))
    }
    with ThreadPoolExecutor(jobs) as workers:
        missed = [
            (record, name)
            for record in rows
            if record.id not in here
            for name in _left(record, names.get(record.id, ()), alone, known or {})
        ]
        looked = workers.map(lambda pair: service.look(send, pair[1], (pair[0].type,)), missed)
        for (record, _), one in zip(missed, looked, strict=True):
            if one is not None:
                here.setdefault(record.id, one)
        renamed = _renamed(service, send, rows, here, workers)
        step("Reading what is there", 0.3)
        values = workers.map(lambda one: service.values(send, one) if one.values is None else one.values, here.values())
        held = {id_: Held(one, stored) for (id_, one), stored in zip(here.items(), values, strict=True)}
        step("Following links", 0.7)
        unseen = [name for name in outward if name not in found]  # the index may not show a record of a minute ago
        meant: dict[str, Found | None] = {name: found[name] for name in outward if name in found}
        meant.update(
            zip(unseen, workers.map(lambda name: service.look(send, name, outward[name]), unseen), strict=True)
        )
    return Snapshot(held, meant, renamed=renamed)


def found_by(
    service: Service, send: Send, names: Iterable[str], jobs: int
) -> tuple[Mapping[str, Found], frozenset[str]]:
    """Return the records that an index knows by these identifiers, and those that it can't be asked for; side by side."""
    wanted = list(dict.fromkeys(names))
    parts = [wanted[start : start + service.at_once] for start in range(0, len(wanted), service.at_once)]
    found: dict[str, Found] = {}
    alone: set[str] = set()
    with ThreadPoolExecutor(jobs) as workers:
        for known, others in workers.map(lambda part: service.find(send, part), parts):
            found.update(known)
            alone.update(others)
    return found, frozenset(alone)


def _renamed(
    service: Service, send: Send, rows: Sequence[Record], here: Mapping[str, Found], workers: Executor
) -> Mapping[str, Found]:
    """Records that aren't there under their name, but under the uuid beside their row, which no other row has."""
    taken = {one.uuid for one in here.values()}
    lost = [row for row in rows if row.identifier and row.stored and row.id not in here and row.stored not in taken]
    looked = workers.map(lambda row: service.look(send, str(row.stored), ()), lost)
    return {row.id: one for row, one in zip(lost, looked, strict=True) if one is not None}


def _left(record: Record, names: Sequence[str], alone: frozenset[str], known: Mapping[str, str]) -> Sequence[str]:
    """The names by which a record is still to be looked for, one by one."""
    if record.identifier is None and (name := record.stored or known.get(record.id)):
        return [name]
    if record.identifier is not None and record.id in known:
        return [record.identifier]
    return [name for name in names if name in alone]


def names_of(record: Record) -> list[str]:
    """Return what a record may be known by: its identifier, and the others of the same list."""
    held = record.values.get(schema_name(record))
    others = held if isinstance(held, list) else []
    return list(dict.fromkeys([*([record.identifier] if record.identifier else []), *map(str, others)]))


def owner(account: Account, lab: str | None, award: str | None, choose: Choose | None = None) -> tuple[str, str] | None:
    """Return the lab and the award that new records get; None where the portal knows of none.

    ``choose`` asks the person where there is a choice. Raises UsageError without it, or where the lab isn't one of the user's.
    """
    labs = list(account.owners)
    if lab is None and not labs:
        return None
    chosen = _chosen("lab", lab, labs, choose, strict=not account.admin)
    awards = list(account.owners.get(chosen, ()))
    return chosen, _chosen("award", award, awards, choose, strict=False)


def _chosen(kind: str, wanted: str | None, known: list[str], choose: Choose | None, *, strict: bool) -> str:
    if wanted is not None:
        meant = [path for path in known if wanted.strip("/") in (path.strip("/"), path.strip("/").rpartition("/")[2])]
        if meant or not strict:
            return meant[0] if meant else wanted
        raise UsageError(f"{wanted} isn't a {kind} you may send for. Yours: {', '.join(known) or 'none'}.")
    if len(known) == 1:
        return known[0]
    if not known:
        raise UsageError(f"The portal names no {kind} for your lab. Say which with --{kind}.")
    if choose is not None:
        return choose(kind, known)
    raise UsageError(f"You have several {kind}s. Say which with --{kind}: {', '.join(known)}.")
