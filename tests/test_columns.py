"""Every header that a template writes is understood again, for every type there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import FOURDN

from workbook_compiler import api
from workbook_compiler.model.columns import fields, headers
from workbook_compiler.model.schema import Access, EntityType


def expect_headers_bind(entity: EntityType) -> int:
    """Every offered column of a type, every member of its lists, is found by its header; return how many there are."""
    offered = [field for field in fields(entity) if field.access is Access.OFFERED]
    known = headers(entity)
    for field in offered:
        for member in range(12) if field.list_at is not None else (0,):
            assert known.find(field.header(member)) == (field, member, True)
        if field.list_at is not None:
            assert known.find(f"{field.header()}-0") == (field, 0, True)
        upper = known.find(field.header().upper())
        assert upper is not None
        assert upper[0].header().casefold() == field.header().casefold()
    return len(offered)


def test_headers_of_the_fixture_bind() -> None:
    """Each header of our own types leads back to its field and member."""
    assert sum(map(expect_headers_bind, api.load_schema("4dn", FOURDN / "profiles.json").types.values())) > 300


@pytest.mark.parametrize(
    ("source", "types", "columns"), [("4dn/profiles.json", 100, 2_000), ("encode/schemas", 120, 1_500)]
)
def test_headers_of_real_portals_bind(shared_data: Path, source: str, types: int, columns: int) -> None:
    """Each header of every type of 4DN and ENCODE, served or raw with mixins, leads back to its field and member."""
    schema = api.load_schema("4dn", shared_data / source)
    assert len(schema.types) >= types
    assert sum(map(expect_headers_bind, schema.types.values())) > columns
