"""What the portal held when records were exported: a later submit can tell what changed there from what changed here.

A workbook's manifest holds it as ``exported:<Type>:<identifier>`` -> JSON of property -> short hash of its value; what is
too long for one cell goes on under ``exported+1:…``, ``exported+2:…``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbook_compiler.model.cells import is_nothing

DIGITS = 12
PER_CELL = 500
"""So many properties are told in one cell; with their hashes they stay below what a cell holds."""

_KEY = re.compile(r"exported(?:\+\d+)?:([^:]+):(.*)", re.DOTALL)


def digest(value: Any) -> str:
    """Return the short hash of a JSON value; the order of an object's keys makes no difference."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def entries(type_name: str, identifier: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a manifest says of one exported record; an empty value is the same as none."""
    hashes = [(name, digest(value)) for name, value in values.items() if not is_nothing(value)]
    for number, start in enumerate(range(0, max(len(hashes), 1), PER_CELL)):
        more = f"+{number}" if number else ""
        yield f"exported{more}:{type_name}:{identifier}", json.dumps(dict(hashes[start : start + PER_CELL]))


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a workbook says the portal held when it was exported."""

    records: Mapping[tuple[str, str], Mapping[str, str]]
    """``(type, identifier)`` -> property -> hash."""

    def still(self, type_name: str, identifier: str, name: str, value: Any) -> bool | None:
        """Tell whether what the portal holds now is what it held then; None for a record that wasn't exported.

        ``value`` is None for a property that the portal doesn't hold.
        """
        hashes = self.records.get((type_name, identifier))
        if hashes is None:
            return None
        return hashes.get(name) is None if is_nothing(value) else hashes.get(name) == digest(value)


def baseline(manifest: Mapping[str, str]) -> Baseline:
    """Return what a workbook's manifest says about an export; an entry that somebody damaged is left out."""
    records: dict[tuple[str, str], dict[str, str]] = {}
    for key, text in manifest.items():
        match = _KEY.fullmatch(key)
        try:
            hashes = json.loads(text) if match else None
        except ValueError:
            continue
        if match and isinstance(hashes, dict):
            records.setdefault((match[1], match[2]), {}).update((str(k), str(v)) for k, v in hashes.items())
    return Baseline(records)
