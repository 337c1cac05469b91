"""A refusal without a place is told at its row, with the portal's own words."""

from __future__ import annotations

from pathlib import Path

import cases_format
import pytest
from cases_format import Table
from conftest import FOURDN
from told import assert_told

from workbook_compiler import api
from workbook_compiler.delivery.outcomes import at_cell
from workbook_compiler.model.records import Record
from workbook_compiler.model.service import Refusal

SCHEMA = api.load_schema("4dn", FOURDN / "profiles.json")


@pytest.mark.parametrize(
    ("refusal", "code", "place", "words"),
    [
        (Refusal("other", None, "Something odd happened"), "POR09", "Vendor!5:5", "this row: Something odd happened."),
        (Refusal("other", None, ""), "POR09", "Vendor!5:5", "it gives no reason."),
        (Refusal("value", ("nowhere",), "It is wrong"), "POR09", "Vendor!5:5", "It is wrong."),
        (Refusal("value", ("title",), "it is too long.", "Demo"), "POR05", "Vendor!C5", "it is too long."),
        (Refusal("unclear", None, "the connection broke off."), "POR11", "Vendor!5:5", "the connection broke off."),
    ],
)
def test_a_refusal_is_told_where_it_can_be_mended(
    refusal: Refusal, code: str, place: str, words: str, tmp_path: Path
) -> None:
    """At the cell when the portal says which, else at the row."""
    found = at_cell(vendor(tmp_path), refusal)
    assert (found.code.id, str(found.location)) == (code, place)
    assert words in found.message


def test_a_refusal_without_a_place_is_told_in_the_portals_words(tmp_path: Path) -> None:
    """They are all there is, and whom to send them to."""
    assert_told([at_cell(vendor(tmp_path), Refusal("other", None, "Something odd happened"))], "POR09")


def vendor(folder: Path) -> Record:
    """A row as a record."""
    table = Table("Vendor", ("aliases", "title"), (("demo-lab:v1", "Demo"),))
    [record] = api.compile(cases_format.write([table], folder), SCHEMA).records
    return record
