"""A comparison and a submission as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from workbook_compiler.delivery import compare
from workbook_compiler.delivery.attachments import Named, named
from workbook_compiler.delivery.paths import is_address, place_of
from workbook_compiler.delivery.submit import Outcome
from workbook_compiler.model.diagnostics import Diagnostic
from workbook_compiler.model.plan import Action
from workbook_compiler.reports.words import visible
from workbook_compiler.submission.comparing import Compared

_WORDS = ((Action.POST, "create"), (Action.PATCH, "update"), (Action.SKIP, "unchanged"))
GO_ON = "Run the same command again: what is done stays done, the rest is sent."


def still_true(one: Compared, before: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return what compiling said and the portal hasn't answered: whether links lead to something, and what can be deleted."""
    held = {op.record.location[:3] for op in one.plan.operations if op.target is not None}
    open_ = (d for d in before if d.code.id != "REF02")
    return tuple(d for d in open_ if d.code.id != "DEL01" or d.location[:3] not in held)


def overview(one: Compared, where: str) -> str:
    """Return what is planned, as text: counts by type, each update's cells before and after, files from elsewhere.

    ``where`` says on which portal, as whom.
    """
    lines = [*_counts(one), *_updates(one), *_from_elsewhere(one)]
    if one.unwanted:
        lines.append(f"{'left out':10} {one.unwanted:,}")
    if one.gone:
        rows = ", ".join(place.replace("!", " row ") for place in one.gone[:3])
        more = f" and {len(one.gone) - 3:,} more" if len(one.gone) > 3 else ""
        lines.append(f"Sent before and not in the workbook any more: {rows}{more}. The portal keeps what was sent.")
    return f"{where}:\n" + "".join(f"{line}\n" for line in lines)


def _counts(one: Compared) -> Iterator[str]:
    """The records by what becomes of them; one that is created and linked up later is created."""
    actions: dict[str, tuple[Action, str]] = {}
    conflicts = {d.location[:3] for d in _conflicts(one)}
    for op in one.plan.operations:
        if op.deferred and op.record.id in actions and actions[op.record.id][0] is not Action.SKIP:
            continue
        actions[op.record.id] = op.action, op.record.type
    told = {record.id: record.location[:3] in conflicts for record in one.records}
    for action, words in _WORDS:
        types = Counter(name for id_, (done, name) in actions.items() if done is action and not told[id_])
        yield from _line(words, types)
    yield from _line("conflict", Counter(actions[id_][1] for id_, wrong in told.items() if wrong))


def _line(words: str, types: Counter[str]) -> Iterator[str]:
    if types:
        kinds = ", ".join(f"{number:,} {name}" for name, number in types.items())
        yield f"{words:10} {types.total():,}: {kinds}"


def _conflicts(one: Compared) -> Iterator[Diagnostic]:
    return (d for d in one.diagnostics if d.code.id == "POR04")


def _updates(one: Compared) -> Iterator[str]:
    conflicts = {(d.location, d.field) for d in _conflicts(one)}
    for op in one.plan.operations:
        for change in op.changes:
            at = compare.place_of(op.record, change.name)
            if (at, change.name) not in conflicts:
                yield f"{at}  {change.name}: {_words(change.before)} → {_words(change.after)}"


def _words(value: Any) -> str:
    """A value as a person reads it; of an attached file its name is enough."""
    is_file = isinstance(value, dict) and "href" in value and "download" in value
    return visible(compare.shown(value["download"] if is_file else value))


def _from_elsewhere(one: Compared) -> Iterator[str]:
    """The files that travel inside records and don't lie below their workbook's folder: somebody else may have typed them."""
    sent = {op.record.id: op.record for op in one.plan.operations if op.action is not Action.SKIP}
    for file in named(sent.values()):
        if file.attached and _is_elsewhere(file, one):
            yield f"{file.location}  a file from elsewhere: {visible(file.typed)}"


def _is_elsewhere(file: Named, one: Compared) -> bool:
    folder = one.folders(file.record)
    return is_address(file.typed) or not place_of(file.typed, folder).resolve().is_relative_to(folder.resolve())


def summary(outcomes: Iterable[Outcome], uploaded: int = 0) -> str:
    """Return how a submission went, as text: how many rows fared how, how many data files went."""
    counts = Counter(one.state.value for one in outcomes if not one.operation.deferred)
    counts["uploaded"] = uploaded
    return "".join(f"{state:10} {number:,}\n" for state, number in counts.items() if number)
