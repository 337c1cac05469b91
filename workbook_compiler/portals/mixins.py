"""Raw snovault schema folders -> schemas as a portal serves them: mixins, ``$merge`` and ``$ref`` resolved.

The rule of all snovault portals: mixins are applied in reverse order and the first to set a keyword wins; the type's own
properties then override keyword by keyword. ``$merge`` (a reference or a list of them) is an update with the resolved target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from workbook_compiler.errors import SchemaError

T = TypeVar("T")

DEPTH = 50
"""References nested deeper than this are a circle."""
PARTS = 100_000
"""Parts of one type's schema with all references followed; a page of references to references could ask for millions."""


@dataclass(slots=True)
class _Unfolding:
    """One type's schema while its references are followed."""

    stem: str
    files: Mapping[str, Any]
    parts: int = 0

    def count(self, depth: int) -> None:
        """Raise SchemaError for a schema that has no end, or none that anyone would wait for."""
        self.parts += 1
        if depth > DEPTH:
            raise SchemaError(
                f"{self.stem}.json refers to itself in a circle, or is nested too deeply to be a type's schema"
            )
        if self.parts > PARTS:
            raise SchemaError(f"{self.stem}.json refers to other places so often that it is too large to be read")


def resolve(files: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{TypeName: schema}`` from ``{file stem: JSON}``; a stem ``genetic_modification`` is ``GeneticModification``.

    Raises SchemaError for a reference that leads nowhere or in a circle.
    """
    return {
        type_name(stem): _with_mixins(stem, document, files)
        for stem, document in files.items()
        if isinstance(document, dict) and stem not in ("mixins", "namespaces") and _is_type(document)
    }


def is_raw(files: Mapping[str, Any]) -> bool:
    """Tell whether these documents are raw schema files rather than a portal's served answer."""
    return "mixins" in files or any(
        stem[:1].islower() and isinstance(document, dict) and _is_type(document) for stem, document in files.items()
    )


def type_name(stem: str) -> str:
    """Return the type a schema file is named after."""
    return "".join(part[:1].upper() + part[1:] for part in stem.replace("-", "_").split("_"))


def _is_type(document: Mapping[str, Any]) -> bool:
    return "properties" in document or "mixinProperties" in document


def _with_mixins(stem: str, document: Mapping[str, Any], files: Mapping[str, Any]) -> dict[str, Any]:
    whole = _Unfolding(stem, files)
    document = _merged(document, whole, 0)
    mixed: dict[str, dict[str, Any]] = {}
    for mixin in reversed(_typed(document, "mixinProperties", list, stem)):
        target = _target(mixin.get("$ref"), whole) if isinstance(mixin, dict) else {}
        for name, keywords in _merged(target, whole, 0).items():
            known = mixed.setdefault(name, {})
            for key, value in keywords.items() if isinstance(keywords, dict) else ():
                known.setdefault(key, value)
    for name, keywords in _typed(document, "properties", dict, stem).items():
        mixed[name] = {**mixed.get(name, {}), **(keywords if isinstance(keywords, dict) else {})}
    address = document.get("$id") or document.get("id") or f"/profiles/{stem}.json"
    return {**document, "$id": address, "properties": mixed}


def _merged(node: Any, whole: _Unfolding, depth: int) -> Any:
    whole.count(depth)
    if isinstance(node, list):
        return [_merged(item, whole, depth + 1) for item in node]
    if not isinstance(node, dict):
        return node
    node = dict(node)
    references = node.pop("$merge", [])
    reference = node.pop("$ref", None) if isinstance(node.get("$ref"), str) and _resolvable(node["$ref"]) else None
    result: dict[str, Any] = {}
    targets = references if isinstance(references, list) else [references]
    for target in [*targets, *([reference] if reference else [])]:
        result.update(_merged(_target(target, whole), whole, depth + 1))
    own = {key: value if key == "mixinProperties" else _merged(value, whole, depth + 1) for key, value in node.items()}
    return {**result, **own}


def _resolvable(reference: str) -> bool:
    return ".json" in reference or reference.startswith("#/")


def _typed(document: Mapping[str, Any], key: str, kind: type[T], stem: str) -> T:
    value = document.get(key) or kind()
    if not isinstance(value, kind):
        raise SchemaError(f"{stem}.json has {key} of a form that can't be understood")
    return value


def _target(reference: object, whole: _Unfolding) -> Any:
    stem = whole.stem
    if not isinstance(reference, str):
        raise SchemaError(f"{stem}.json has a reference that isn't a text")
    file, _, pointer = reference.partition("#")
    node: Any = whole.files.get(file.rsplit("/", 1)[-1].removesuffix(".json") if file else stem)
    for part in filter(None, pointer.split("/")):
        node = node.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        raise SchemaError(f"{stem}.json refers to {reference}, which isn't there")
    return node
