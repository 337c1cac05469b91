"""Step 10, for portals that take values in another shape than their columns have: bodies, and where each value came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from workbook_compiler.model.plan import Batch, Operation
from workbook_compiler.model.records import json_pointer, json_text, value_at
from workbook_compiler.pipeline.build import place_value
from workbook_compiler.pipeline.order import Worked
from workbook_compiler.pipeline.sheet import leaves

Body = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
Ways = Mapping[str, str]
"""The place of a value in the new shape, and the one that it has in the old."""


def shaped(batches: Sequence[Batch], body: Body | None) -> list[Batch]:
    """Return the batches with each operation's body as the portal takes it."""
    if body is None:
        return list(batches)
    known: dict[tuple[Any, ...], Ways] = {}
    return [replace(batch, operations=tuple(_shaped(op, body, known) for op in batch.operations)) for batch in batches]


def _shaped(op: Operation, body: Body, known: dict[tuple[Any, ...], Ways]) -> Operation:
    return op._replace(body=body(op.record.type, op.body), origins=Worked(partial(_origins, op, body, known)))


def _origins(op: Operation, body: Body, known: dict[tuple[Any, ...], Ways]) -> str:
    """The cells of a body in its new shape. Rows that fill in the same places are shaped the same way."""
    filled = (op.record.type, *((name, len(one) if isinstance(one, list) else -1) for name, one in op.body.items()))
    is_flat = not any(isinstance(inner, dict | list) for one in op.body.values() for inner in _inside(one))
    ways = known.get(filled) if is_flat else None
    if ways is None:
        ways = _ways(op, body)
        if is_flat:
            known[filled] = ways
    cells = json.loads(op.origins.text())
    return json_text({new: cells[old] for new, old in ways.items() if old in cells})


def _inside(value: Any) -> Sequence[Any]:
    """The parts of a list; of an object itself, which has a shape of its own."""
    return value if isinstance(value, list) else [value]


def _ways(op: Operation, body: Body) -> Ways:
    """The values of a body are replaced by their places, and shaped the same way."""
    places: dict[str, Any] = {}
    for pointer in leaves(op.body):
        place_value(places, pointer, json_pointer(pointer))
    made = body(op.record.type, places)
    return {json_pointer(pointer): str(value_at(made, pointer)) for pointer in leaves(made)}
