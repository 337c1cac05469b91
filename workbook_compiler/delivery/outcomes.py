"""How sending went -> findings at cells: what the portal refused, what waits, what is unclear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbook_compiler.delivery.submit import Outcome, State
from workbook_compiler.model.codes import files
from workbook_compiler.model.codes import portal as codes
from workbook_compiler.model.diagnostics import Code, Diagnostic, Location
from workbook_compiler.model.records import Pointer, Record, value_at
from workbook_compiler.model.service import Refusal

CODES: dict[str, Code] = {
    "value": codes.POR05,
    "extra": codes.POR05,
    "required": codes.POR06,
    "link": codes.POR01,
    "link-type": codes.POR02,
    "conflict": codes.POR07,
    "permission": codes.POR08,
    "missing": codes.POR09,
    "other": codes.POR09,
    "unclear": codes.POR11,
    "changed": codes.POR04,
    "otherwise": codes.POR17,
    "file": files.FLE08,
}
RELATED = 20


def findings(outcomes: Sequence[Outcome]) -> list[Diagnostic]:
    """Return what is to be told of a run: each refusal at its cell, rows that wait once for each sheet and cause."""
    said = [at_cell(outcome.operation.record, refusal) for outcome in outcomes for refusal in outcome.refusals]
    return [*said, *_waiting(outcomes)]


def at_cell(record: Record, refusal: Refusal) -> Diagnostic:
    """Return one refusal at the cell that caused it, or at the row when the portal doesn't say and the body doesn't show."""
    code, pointer = CODES[refusal.kind], refusal.pointer
    at = _place(record, pointer) if pointer else None
    if at is None and pointer and refusal.kind == "required" and refusal.value:
        at = record.origin.place((*pointer[:-1], refusal.value))  # there is no column for it: the one that asks for it
    name = ".".join(str(step) for step in pointer or () if isinstance(step, str)) or record.type
    if at is None and code is codes.POR05:
        code = codes.POR09
    words = refusal.words.strip()
    words = words if not words or words.endswith((".", "!", "?")) else f"{words}."
    context = {"words": words} if words else {}
    value = refusal.value
    if refusal.kind == "link-type":
        context, value = {"expected": value} if value else {}, _typed(record, pointer)
    elif refusal.kind == "changed":
        context, value = {"present": value or "nothing"}, None
    elif refusal.kind == "file":
        context = {"reason": refusal.words}
    return Diagnostic(code, at or record.location, name, value or record.identifier or record.id, context)


def _place(record: Record, pointer: Pointer) -> Location | None:
    """The cell of a place, or of the nearest part around it that has one."""
    around = (record.origin.place(pointer[:length]) for length in range(len(pointer), 0, -1))
    return next((place for place in around if place), None)


def _typed(record: Record, pointer: Pointer | None) -> str | None:
    """What the row says at a place of the body; a portal tells of its own uuid instead."""
    found = value_at(record.values, pointer or ())
    return str(found) if isinstance(found, str | int) else None


def _waiting(outcomes: Sequence[Outcome]) -> Iterator[Diagnostic]:
    groups: dict[tuple[str, str | None, str], list[Location]] = {}
    for outcome in outcomes:
        if outcome.state is State.HELD and outcome.because is not None:
            at = outcome.operation.record.location
            groups.setdefault((at.file, at.sheet, outcome.because), []).append(at)
    for (file, sheet, because), rows in groups.items():
        context = {"count": len(rows), "because": because.replace("!", " row ")}
        yield Diagnostic(codes.POR10, Location(file, sheet), context=context, related=tuple(rows[:RELATED]))
