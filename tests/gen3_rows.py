"""A row for each node of a Gen3 dictionary, that links to the others: what any one row needs is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbook_compiler.model.schema import EntityType, Kind, Property, Schema
from workbook_compiler.portals.gen3_dictionary import nodes

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


def served(folder: Path) -> dict[str, Any]:
    """A dictionary's files as a commons serves them: references resolved, null allowed in what isn't needed."""
    found = nodes({file.stem: file.read_text("utf-8") for file in folder.glob("*.yaml")}, folder.name)
    made = json.loads(json.dumps(found))
    for node in made.values():
        needed = {
            *node.get("required", ()),
            *(link["name"] for link in node["links"] if link.get("required") and "name" in link),
        }
        for name, prop in node["properties"].items():
            words = [word for word in ("type", "enum", "anyOf", "oneOf") if word in prop]
            if name in needed or not words:
                continue
            listed = prop[words[0]] if isinstance(prop[words[0]], list) else [prop[words[0]]]
            prop[words[0]] = [
                *listed,
                {"type": "null"} if words[0].endswith("Of") else "null" if words[0] == "type" else None,
            ]
    return {"_definitions": {}, "_terms": {}, "_settings": {}, **made}
