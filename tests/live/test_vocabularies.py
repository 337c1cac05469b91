"""A pull from a portal brings the records of small types along, and templates offer them where a link is wanted."""

from __future__ import annotations

from pathlib import Path

from workbook_compiler import api
from workbook_compiler.sandbox import Running


def test_links_to_small_types_offer_what_the_portal_has(fresh: Running, tmp_path: Path) -> None:
    """File formats and experiment types come by themselves, each to the types it is meant for; vendors on request."""
    api.pull_schema("4dn", fresh.server, tmp_path, ["Vendor"])
    schema = api.load_schema("4dn", tmp_path)
    formats = schema.types["FileFastq"].properties["file_format"].suggested
    assert "fastq" in formats
    assert "pairs" not in formats
    assert schema.types["ExperimentHiC"].properties["experiment_type"].suggested
    assert "sandbox-supplies" in schema.types["Biosource"].properties["biosource_vendor"].suggested
    api.template(schema, types=["FileFastq"], path=tmp_path / "blank.xlsx")
    assert offered(tmp_path / "blank.xlsx", "list_file_format") == list(formats)


def offered(path: Path, name: str) -> list[str]:
    """What a named list of a workbook holds."""
    import openpyxl

    workbook = openpyxl.load_workbook(path)
    sheet, cells = next(iter(workbook.defined_names[name].destinations))
    found = workbook[sheet][cells]
    return [cell.value for (cell,) in found] if isinstance(found, tuple) else [found.value]


def test_without_a_snapshot_nothing_is_offered(fresh: Running) -> None:
    """Schemas from an address come alone."""
    schema = api.load_schema("4dn", f"{fresh.server}/profiles/")
    assert schema.types["FileFastq"].properties["file_format"].suggested == ()
