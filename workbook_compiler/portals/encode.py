"""ENCODE and IGVF: snovault portals that have no dry run and remove a property by writing the whole record.

Their schemas tell abstract types apart (``_subtypes``, ``_hierarchy``), and columns stand in the order of the file. Raw schema
files lack those: ENCODE's families are written down here, as its portal served them in 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from functools import partial
from typing import Any

from workbook_compiler.model.portal import Portal
from workbook_compiler.model.schema import EntityType, Schema
from workbook_compiler.portals import encode_server, snovault
from workbook_compiler.portals.mixins import is_raw, resolve
from workbook_compiler.portals.snovault import FOURDN

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
"""Where a word begins in a type's name."""
_MOST_SHOWN = 300
"""Characters of what values mean that a template shows."""
_BY_ENDING = {
    "Series": ("Series", "MatchedSet"),
    "QualityMetric": ("QualityMetric",),
    "Characterization": ("Characterization",),
}
_BY_ENDING |= {"Donor": ("Donor",)}
"""Abstract types of ENCODE whose concrete ones are told by the ends of their names."""
_FILE_SETS = (
    "Annotation BrainMap ComputationalModel CuratedSet Project PublicationData Reference SingleCellUnit UcscBrowserComposite"
).split()
_EXPERIMENTS = "Experiment FunctionalCharacterizationExperiment TransgenicEnhancerExperiment".split()

UPLOADED = "submitted_file_name"
"""The property with the path of the data file that is uploaded beside its record."""
CHECKSUM, SIZE = "md5sum", "file_size"
"""What is worked out from the data file where it is left empty."""

Node = Mapping[str, Any]


def load_schema(documents: Mapping[str, Any], source: str, sha256: str, *, portal: str) -> Schema:
    """Return the Schema of ``/profiles/`` as ENCODE or IGVF serves it, or of raw schema files by stem."""
    whole = {name: _in_order(node) for name, node in told(documents).items()}
    schema = snovault.load_schema(whole, source, sha256, portal=portal)
    return replace(schema, types={name: _with_file(entity) for name, entity in schema.types.items()})


def _with_file(entity: EntityType) -> EntityType:
    """A type whose records have a data file: its path is a column, its size is worked out."""
    path, size = entity.properties.get(UPLOADED), entity.properties.get(SIZE)
    if path is None:
        return entity
    known = {UPLOADED: replace(path, upload=True), **({SIZE: replace(size, measured=True)} if size is not None else {})}
    return replace(entity, properties={**entity.properties, **known}, rules=_without(entity.rules, {CHECKSUM, SIZE}))


def _without(rules: Any, names: Set[str]) -> Any:
    """Rules that don't ask for these properties, which are worked out later; what a rule forbids stays forbidden."""
    if isinstance(rules, list):
        return [_without(one, names) for one in rules]
    if not isinstance(rules, dict):
        return rules
    made = {
        word: value if word in ("not", "enum", "const") else _without(value, names) for word, value in rules.items()
    }
    required = made.get("required")
    if isinstance(required, list):
        kept = [name for name in required if name not in names]
        made |= {"required": kept}
        if not kept:  # draft 4 has no empty list of needed names
            del made["required"]
    return made


def told(documents: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return ``/profiles/``, or raw schema files by stem, as 4DN would serve them: each type says where it belongs.

    Abstract types that have no schema of their own get one, without properties.
    """
    served = resolve(documents) if is_raw(documents) else documents
    nodes = {
        name: node
        for name, node in served.items()
        if isinstance(node, dict) and "properties" in node and not name.startswith(("_", "@"))
    }
    families = _families(served) or _known(nodes)
    parents = _parents(families, nodes)
    abstract = {name: {"properties": {}, "title": name} for name in families if name not in nodes}
    return {
        name: {**_place(name, parents.get(name), node), **({"isAbstract": True} if name in families else {})}
        for name, node in {**abstract, **nodes}.items()
    }


def _place(name: str, parent: str | None, node: Node) -> dict[str, Any]:
    """A schema with its address, whether records are of its type, and the type above; what it says of these itself counts."""
    above = {"rdfs:subClassOf": f"/profiles/{parent}.json"} if parent else {}
    address = node.get("id") or f"/profiles/{_WORD.sub('_', name).lower()}.json"
    return {"$id": address, "isAbstract": False, **above, **node}


def _known(nodes: Mapping[str, Node]) -> dict[str, list[str]]:
    """The families of ENCODE, as far as their abstract type has a file."""
    found = {
        family: [name for name in nodes if name.endswith(ends) and name != family]
        for family, ends in _BY_ENDING.items()
    }
    found["FileSet"] = [name for name in _FILE_SETS if name in nodes]
    found["Dataset"] = [*found["Series"], *found["FileSet"], *(name for name in _EXPERIMENTS if name in nodes)]
    return {family: below for family, below in found.items() if family in nodes and below}


def _families(served: Mapping[str, Any]) -> dict[str, list[str]]:
    """Each abstract type with all types below it: ENCODE tells a list of them, IGVF a tree."""
    told, tree = served.get("_subtypes"), served.get("_hierarchy")
    listed = told.items() if isinstance(told, dict) else ()
    found = {str(name): [str(one) for one in below] for name, below in listed if isinstance(below, list)}
    found.update(_of_tree(tree) if isinstance(tree, dict) else ())
    without = {name: [one for one in below if one != name] for name, below in found.items() if name != "Item"}
    return {name: below for name, below in without.items() if below}


def _of_tree(tree: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, list[str]]]:
    for name, below in tree.items():
        if isinstance(below, dict) and below and depth < snovault.DEEPEST:
            yield str(name), list(_names(below))
            yield from _of_tree(below, depth + 1)


def _names(tree: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    for name, below in tree.items():
        yield str(name)
        if isinstance(below, dict) and depth < snovault.DEEPEST:
            yield from _names(below, depth + 1)


def _parents(families: Mapping[str, Iterable[str]], nodes: Mapping[str, Node]) -> dict[str, str]:
    """For each type the smallest family it belongs to, for each family the smallest one that holds all of it."""
    sets = {name: frozenset(below) & frozenset((*nodes, *families)) for name, below in families.items()}
    concrete = {name: below - families.keys() for name, below in sets.items()}
    parents: dict[str, str] = {}
    for name in (*nodes, *families):
        around = [
            other
            for other, below in sets.items()
            if other != name and (name in below or (name in families and concrete[name] < concrete[other]))
        ]
        if around:
            parents[name] = min(around, key=lambda other: (len(concrete[other]), len(sets[other]), other))
    return parents


def _in_order(node: Node, depth: int = 0) -> dict[str, Any]:
    """A schema whose columns stand in the order of its file, with examples and what values mean as notes."""
    own: dict[str, Any] = {}
    if isinstance(node.get("items"), dict) and depth < snovault.DEEPEST:
        own["items"] = _in_order(node["items"], depth + 1)
    if isinstance(node.get("properties"), dict) and depth < snovault.DEEPEST:
        own["properties"] = {
            name: {"lookup": place, **_with_notes(_in_order(prop, depth + 1))} if isinstance(prop, dict) else prop
            for place, (name, prop) in enumerate(node["properties"].items())
        }
    return {**node, **own}


def _with_notes(prop: Node) -> dict[str, Any]:
    notes = [str(prop.get("comment") or ""), _example(prop), _meanings(prop)]
    said = " ".join(filter(None, notes))
    return {**prop, **({"comment": said} if said else {})}


def _example(prop: Node) -> str:
    """An example that the portal's own people give, for other tools."""
    told = prop.get("submissionExample")
    texts = [text for text in told.values() if isinstance(text, str) and text.strip()] if isinstance(told, dict) else []
    return f"Such as {texts[-1].strip()}." if texts else ""


def _meanings(prop: Node) -> str:
    inside = prop.get("items") if isinstance(prop.get("items"), dict) else prop
    told = inside.get("enum_descriptions") if isinstance(inside, dict) else None
    words = "; ".join(f"{value}: {text}" for value, text in told.items()) if isinstance(told, dict) else ""
    return words if len(words) <= _MOST_SHOWN else f"{words[:_MOST_SHOWN].rpartition(';')[0]} …"


def _portal(name: str, title: str, server: str) -> Portal:
    assert FOURDN.service is not None  # noqa: S101 - it has one
    service = replace(
        FOURDN.service,
        account=encode_server.account,
        message=encode_server.message,
        whole=encode_server.whole,
        awaits_file=encode_server.awaits_file,
        upload_keys=encode_server.upload_keys,
        rehearsal=None,
        vocabularies=(),
    )
    return replace(
        FOURDN,
        name=name,
        title=title,
        server=server,
        schema_path="/profiles/?format=json",
        load_schema=partial(load_schema, portal=name),
        render=partial(snovault.render, message=encode_server.message),
        served=told,
        service=service,
    )


ENCODE = _portal("encode", "ENCODE Portal", "https://www.encodeproject.org")
IGVF = _portal("igvf", "IGVF Data Portal", "https://api.data.igvf.org")
PORTALS = (ENCODE, IGVF)
