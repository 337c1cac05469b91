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


def shaped(batches: Sequence[Batch], body: Body | None) -> list[Batch]:
    """Return the batches with each operation's body as the portal takes it."""
    if body is None:
        return list(batches)
    return [replace(batch, operations=tuple(_shaped(op, body) for op in batch.operations)) for batch in batches]


def _shaped(op: Operation, body: Body) -> Operation:
    return op._replace(body=body(op.record.type, op.body), origins=Worked(partial(_origins, op, body)))


def _origins(op: Operation, body: Body) -> str:
    """The cells of a body in its new shape: its values are replaced by their places, and shaped the same way."""
    places: dict[str, Any] = {}
    for pointer in leaves(op.body):
        place_value(places, pointer, json_pointer(pointer))
    made, cells = body(op.record.type, places), json.loads(op.origins.text())
    found = {json_pointer(pointer): value_at(made, pointer) for pointer in leaves(made)}
    return json_text({pointer: cells[place] for pointer, place in found.items() if place in cells})
