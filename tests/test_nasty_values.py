"""Every kind of cell under every header: whatever is typed, a compile tells it and never fails."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from cases_format import Table, unescape, write
from conftest import FOURDN

from workbook_compiler import api
from workbook_compiler.model.columns import fields
from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.schema import EntityType, Schema

NASTY = r"""
n:0 | n:-0.0 | n:1.5 | n:-3 | n:1e300 | n:1e-300 | n:0.30000000000000004 | n:12345678901234567 | n:5 @0% | n:7 @000
n:3 @0.00 | n:45352 @yyyy-mm-dd | n:0 @yyyy-mm-dd | n:-1 @yyyy-mm-dd | n:60 @yyyy-mm-dd | n:3000000 @yyyy-mm-dd
n:1.25 @[h]:mm | n:0.5 @hh:mm | b:TRUE | b:FALSE | d:2024-03-01 | dt:2024-03-01 10:00:00 | dt:9999-12-31 23:59:59
t:14:30:00 | e:#N/A | f:A1 | f:A1 = x | f:A1 = 5 | x | , | ,, | ; | "a | a" | "a, b", c | [ | [1, 2] | ["a", {"b": 1}]
{} | {"a": | {"model": 5} | null | NaN | Infinity | -inf | true | 1,000 | 1.000,5 | 1_000 | 1e400 | 0x10 | ٣ | ５ | ½
99999999999999999999 | 5 % | -5 | +5 | .5 | 5. | --5 | 2024-02-30 | 2024-3-1 | 0000-00-00 | 2024-03-01T25:00
2024-03-01T10:00:00+99:00 | 03/01/2024 | 31/31/2024 | 20240301 | 2024-W09-5 | *delete* | # | #N/A | #REF! | =A1 | @x
'x | {{x}} | {0} | %s | {field} | a\nb | a\tb | \u00a0 | \u00a0x\u00a0 | \u200b | \u0000x | 🧬 | demo-lab:a
demo-lab:A | demo-lab:a/b | :a | a: | /labs/x/ | // | http:// | http://[ | mailto: | ../../x | C:\\x | x@ | @x.y
"""
VALUES = [value for line in NASTY.strip().split("\n") for value in line.split(" | ")]


def everything(entity: EntityType) -> Table:
    """Return a sheet with every column of a type, in which each row holds one value under every header."""
    columns = [field.header(member) for field in fields(entity) for member in ((0, 2) if field.list_at else (0,))]
    rows = tuple((unescape(value),) * len(columns) for value in VALUES)
    return Table(entity.name, tuple(columns), rows)


def concrete() -> list[str]:
    """Return the names of the types that have records."""
    types = api.load_schema("4dn", FOURDN / "profiles.json").types.values()
    return [entity.name for entity in types if not entity.abstract]


@pytest.mark.parametrize("name", concrete())
def test_any_value_under_any_header_is_told(name: str, tmp_path: Path, schema: Schema) -> None:
    """Nothing that is typed ends in a traceback; every finding has its words; a cell has one error at most."""
    result = api.compile(write([everything(schema.types[name])], tmp_path), schema)
    assert all(d.message and d.hint for d in result.diagnostics)
    errors = Counter(str(d.location) for d in result.diagnostics if d.severity is Severity.ERROR and d.location.cell)
    assert {
        at: [d.code.id for d in result.diagnostics if str(d.location) == at] for at, n in errors.items() if n > 1
    } == {}
