"""A row for each node of a Gen3 dictionary, that links to the others: what any one row needs is there."""

from __future__ import annotations

from typing import Any

from workbook_compiler.model.schema import EntityType, Kind, Property, Schema

CODE = "GOLD"
Cells = dict[str, Any]


def name_of(node: str) -> str:
    """What the only row of a node is called."""
    return f"{node}-1"


def plain_rows(schema: Schema) -> dict[str, list[Cells]]:
    """``{node: [row]}`` with what each node needs and nothing more."""
    return {name: [plain_row(entity)] for name, entity in schema.types.items()}


def plain_row(entity: EntityType) -> Cells:
    """The cells that a node needs: its name, its required columns, and one of each group of links."""
    groups = [
        [way["required"][0] for way in rule["anyOf"]] for rule in entity.rules.get("allOf", ()) if "anyOf" in rule
    ]
    needed = {name for name, prop in entity.properties.items() if prop.required} | {group[0] for group in groups}
    return {name: plain_cell(entity, prop) for name, prop in entity.properties.items() if name in needed}


def plain_cell(entity: EntityType, prop: Property) -> Any:
    """A cell that a property takes."""
    leaf = prop.leaf
    if prop.name == "submitter_id":
        return name_of(entity.name)
    if prop.name == "projects.code":
        return CODE
    if leaf.link:
        return name_of(leaf.link.targets[0])
    if leaf.choices:
        return f'"{leaf.choices[0]}"' if prop.kind is Kind.LIST else leaf.choices[0]
    if leaf.kind in (Kind.INTEGER, Kind.NUMBER):
        return int(leaf.minimum or 1)
    return {Kind.BOOLEAN: True, Kind.DATE_TIME: "2024-03-01T10:00:00Z"}.get(leaf.kind, "a" * 32)
