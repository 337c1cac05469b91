"""Gen3's data dictionary -> its nodes, with nothing left to look up: from YAML files, one JSON of them all, or as served.

References are resolved as the loader of the commons does (dictionaryutils 3.5.1): what is referred to joins the object, over
what stands there already. Dictionaries come from strangers: a few lines of YAML can refer to themselves without an end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from workbook_compiler.errors import SchemaError

ENDINGS = (".yaml", ".yml", ".json")
REFERENCE = "$ref"
DEEPEST = 60
MOST_PARTS = 3_000_000
"""So many values a dictionary may have once it is resolved; the largest known one has a tenth of that."""

Node = Mapping[str, Any]


def nodes(documents: Mapping[str, Any], source: str) -> dict[str, Node]:
    """Return each node's schema by its id. ``documents`` are files by name: YAML as text, or JSON values.

    Raises SchemaError for text that is no YAML, a reference that leads nowhere or round in a circle, and without any node.
    """
    files = {_stem(name): _parsed(name, document) for name, document in documents.items()}
    resolver = _Resolver(files)
    found: dict[str, Node] = {}
    for stem, document in files.items():
        if stem.startswith("_") or stem == "metaschema" or not isinstance(document, dict):
            continue
        node = resolver.resolved(document, stem, 0)
        if isinstance(node.get("properties"), dict):
            found[str(node.get("id") or stem)] = node
    if not found:
        raise SchemaError(
            f"{source} holds no dictionary: the YAML files of its nodes are expected, or the JSON of /_dictionary/_all."
        )
    return found


def _stem(name: str) -> str:
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def _parsed(name: str, document: Any) -> Any:
    if not isinstance(document, str):
        return document
    import yaml

    try:
        return yaml.load(document, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f", line {line + 1}" if line is not None else ""
        raise SchemaError(f"{name} isn't YAML{where}.") from None


class _Resolver:
    """Puts in the place of each reference what it leads to."""

    def __init__(self, files: Mapping[str, Any]) -> None:
        self._files, self._left = files, MOST_PARTS

    def resolved(self, value: Any, file: str, depth: int) -> Any:
        """Return a value of a file without references."""
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            raise SchemaError(f"The dictionary's {file} refers round in a circle, or never ends.")
        if isinstance(value, dict):
            return self._object(value, file, depth)
        if isinstance(value, list):
            return [self.resolved(one, file, depth + 1) for one in value]
        return value.isoformat() if isinstance(value, date) else value

    def _object(self, value: Mapping[Any, Any], file: str, depth: int) -> dict[str, Any]:
        made = {str(key): self.resolved(one, file, depth + 1) for key, one in value.items() if not _is_reference(key)}
        for reference in _references(value):
            other, _, way = reference.partition("#")
            meant = _stem(other) or file
            target = self.resolved(self._at(meant, way, reference), meant, depth + 1)
            if not isinstance(target, dict):
                raise SchemaError(f"The dictionary's {file} refers to {reference}, which is no schema.")
            made.update(target)
        return made

    def _at(self, file: str, way: str, reference: str) -> Any:
        place = self._files.get(file)
        for step in way.strip("/").split("/") if way.strip("/") else ():
            name = step.replace("~1", "/").replace("~0", "~")
            place = place.get(name) if isinstance(place, dict) else None
        if place is None:
            raise SchemaError(f"The dictionary refers to {reference}, and there is no such thing in it.")
        return place


def _is_reference(key: Any) -> bool:
    return isinstance(key, str) and key.startswith(REFERENCE)


def _references(value: Mapping[Any, Any]) -> Iterator[str]:
    """The references of an object in their order; some dictionaries give several as a list."""
    for key, one in value.items():
        if _is_reference(key):
            yield from (str(reference) for reference in (one if isinstance(one, list) else [one]))
