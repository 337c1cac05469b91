"""Seeded workbooks to measure with: linked sheets of 20 mixed columns, in our layout and in dcicutils'.

``python benchmarks/workload.py OUT.xlsx --rows 10000`` writes one by hand; the benchmark calls ``write``.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

SHEETS = ("BenchDonor", "BenchSample", "BenchAssay")
MARKS = ("#Field Name:", "#Field Type:", "#Description:", "#Additional Info:")
TISSUES = ("liver", "heart", "lung, left", "lung, right", "brain", "skin")
SEXES = ("female", "male", "unknown", "mixed")
DAY_ONE = date(2020, 1, 1)


def schemas() -> dict[str, Any]:
    """Return the three entity types in the served form of a snovault portal."""
    return {name: _schema(name) for name in SHEETS}


def _schema(name: str) -> dict[str, Any]:
    text = {"type": "string"}
    number = {"type": "number"}
    properties: dict[str, Any] = {
        "aliases": {"type": "array", "uniqueItems": True, "lookup": 1, "items": {
            "type": "string", "uniqueKey": "alias", "pattern": r"^[^\s\\\/]+:[^\s\\\/]+$"}},
        "title": text, "description": text, "lot_number": text, "catalog_number": text, "comment": text,
        "tissue": {"type": "string", "enum": list(TISSUES)}, "sex": {"type": "string", "enum": list(SEXES)},
        "state": {"type": "string", "enum": ["planned", "running", "done"]},
        "count": {"type": "integer", "minimum": 0}, "passage": {"type": "integer"},
        "volume": number, "weight": number, "temperature": number,
        "frozen": {"type": "boolean"}, "checked": {"type": "boolean"},
        "date_obtained": {"type": "string", "format": "date"},
        "keywords": {"type": "array", "items": text},
        "made_from": {"type": "array", "items": {"type": "string", "linkTo": _target(name)}},
        "relation": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "required": ["kind", "record"],
            "properties": {"kind": {"type": "string", "enum": ["derived from", "parent of"]},
                           "record": {"type": "string", "linkTo": name}}}},
    }  # fmt: skip
    return {
        "title": name, "$id": f"/profiles/{_snake(name)}.json", "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object", "required": ["title"], "identifyingProperties": ["uuid", "aliases"], "additionalProperties": False,
        "isAbstract": False, "children": [], "rdfs:subClassOf": "/profiles/Item.json", "properties": properties,
    }  # fmt: skip


def _target(name: str) -> str:
    return SHEETS[max(SHEETS.index(name) - 1, 0)]


def _snake(name: str) -> str:
    return name[0].lower() + "".join(f"_{c.lower()}" if c.isupper() else c for c in name[1:])


def rows(name: str, count: int, rng: random.Random, *, cycles: int = 0, defects: int = 0) -> Iterator[dict[str, Any]]:
    """Yield rows of one type. Links lead to random rows of the sheet before, self links forwards to a later row."""
    circular = set(rng.sample(range(count), min(cycles, count)))
    faulty = set(rng.sample(range(count), min(defects, count)))
    target = _target(name).lower()
    for i in range(count):
        later = min(i + 1 + rng.randrange(50), count - 1)
        made_from = [f"lab:{target}{rng.randrange(count)}" for _ in range(rng.choice((1, 1, 2)))]
        related = later if rng.random() < 0.1 else i
        related = i - 1 if i in circular and i else related
        yield {
            "aliases": f"lab:{name.lower()}{i}",
            "title": f"{name} number {i}",
            "description": f"Taken on day {rng.randrange(400)} in room {rng.randrange(9)}",
            "lot_number": f"LOT-{rng.randrange(500)}",
            "catalog_number": rng.randrange(10**6),
            "comment": None if rng.random() < 0.5 else f"note {rng.randrange(100)}",
            "tissue": "livr" if i in faulty else rng.choice(TISSUES),
            "sex": rng.choice(SEXES),
            "state": rng.choice(("planned", "running", "done")),
            "count": rng.randrange(1000),
            "passage": rng.randrange(30),
            "volume": round(rng.random() * 100, 3),
            "weight": round(rng.random() * 10, 2),
            "temperature": rng.choice((4, 20, 37, -80)),
            "frozen": rng.random() < 0.5,
            "checked": rng.random() < 0.5,
            "date_obtained": DAY_ONE + timedelta(days=rng.randrange(1500)),
            "keywords": [f"k{rng.randrange(50)}" for _ in range(2)],
            "made_from": made_from if name != SHEETS[0] else None,
            "relation.kind": "derived from" if related != i else None,
            "relation.record": f"lab:{name.lower()}{related}" if related != i else None,
        }


def write(path: Path, count: int, *, seed: int = 1, cycles: int = 0, defects: int = 0) -> None:
    """Write a workbook in the house layout: three sheets of ``count`` rows and 21 columns."""
    rng = random.Random(seed)
    with xlsxwriter.Workbook(path, {"constant_memory": False}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name in reversed(SHEETS):
            sheet = book.add_worksheet(name)
            for row, mark in enumerate(MARKS):
                sheet.write_string(row, 0, mark)
            for index, values in enumerate(rows(name, count, rng, cycles=cycles, defects=defects)):
                for column, (header, value) in enumerate(values.items(), 1):
                    if index == 0:
                        sheet.write_string(0, column, header)
                    put(sheet, index + 4, column, value, day)


def put(sheet: Any, row: int, column: int, value: Any, day: Any) -> None:
    """Write one value as the kind of cell it is; a list as its members by comma."""
    if value is None:
        return
    if isinstance(value, list):
        sheet.write_string(row, column, ", ".join(value))
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, day)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, value)


def main() -> None:
    """Write one workbook and its schemas beside it."""
    import json

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("out", type=Path)
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--cycles", type=int, default=0)
    options.add_argument("--defects", type=int, default=0)
    chosen = options.parse_args()
    write(chosen.out, chosen.rows, cycles=chosen.cycles, defects=chosen.defects)
    chosen.out.with_suffix(".schemas.json").write_text(json.dumps(schemas()))


if __name__ == "__main__":
    main()
