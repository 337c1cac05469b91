"""What changed between two schemas of one portal, in the words of someone whose workbook must go on working."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workbook_compiler.model.columns import Field, fields
from workbook_compiler.model.schema import Access, EntityType, Schema

_JOINING = "anyOf allOf oneOf not if then else dependentRequired dependentSchemas dependencies".split()
"""The words of rules that join several columns."""


def changes(old: Schema, new: Schema) -> Iterator[str]:
    """Yield a line for each type, column, list value or rule that came, went or changed; columns as their headers."""
    yield from (f"+ type {name}" for name in new.types if name not in old.types)
    yield from (f"- type {name}" for name in old.types if name not in new.types)
    for name, entity in new.types.items():
        if name in old.types and not entity.abstract:
            yield from _columns(name, _offered(old.types[name]), _offered(entity))
            if any(old.types[name].rules.get(word) != entity.rules.get(word) for word in _JOINING):
                yield f"~ {name}: which columns are needed, or can't stand, together"


def _offered(entity: EntityType) -> dict[str, Field]:
    return {field.header(): field for field in fields(entity) if field.access is not Access.REFUSED}


def _columns(name: str, old: Mapping[str, Field], new: Mapping[str, Field]) -> Iterator[str]:
    yield from (f"+ column {name}.{header}" for header in new if header not in old)
    yield from (f"- column {name}.{header}" for header in old if header not in new)
    for header, field in new.items():
        if header in old:
            yield from (f"~ {name}.{header}: {what}" for what in _field(old[header], field))


def _field(old: Field, new: Field) -> Iterator[str]:
    if old.required != new.required:
        yield "now required" if new.required else "no longer required"
    before, after = old.property.leaf, new.property.leaf
    if (old.property.kind, before.kind) != (new.property.kind, after.kind):
        yield f"{before.kind.value} became {after.kind.value}"
    yield from (f"allows {value!r}" for value in after.choices if value not in before.choices)
    yield from (f"no longer allows {value!r}" for value in before.choices if value not in after.choices)
    if before.pattern != after.pattern:
        yield "the form of the text changed"
    if before.link and after.link and before.link.targets != after.link.targets:
        yield f"links to {' or '.join(after.link.targets)} instead of {' or '.join(before.link.targets)}"
