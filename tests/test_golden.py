"""What people see of the fixtures' templates, plans and reports stays as it was accepted (``make golden``)."""

from __future__ import annotations

from pathlib import Path

import cases_format
import golden
import pytest
from conftest import FOURDN, GEN3

from workbook_compiler import api, resources
from workbook_compiler.model.schema import Schema

GOLD = Path(__file__).parent / "golden"


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """What is seen now becomes the gold."""
    return bool(request.config.getoption("--accept"))


def test_template_is_as_accepted(schema: Schema, tmp_path: Path, accept: bool) -> None:
    """The blank Hi-C workbook holds the accepted texts, dropdowns, prompts, refusals, names and hidden sheets."""
    api.template(schema, "hi-c", path=tmp_path / "blank.xlsx")
    found = {"hi-c.txt": golden.workbook_text(tmp_path / "blank.xlsx")}
    golden.expect(GOLD / "4dn" / "template", found, accept=accept)


def test_template_of_a_dictionary_is_as_accepted(tmp_path: Path, accept: bool) -> None:
    """The blank workbook of a data dictionary has a sheet for each node, in link order."""
    api.template(api.load_schema("gen3", GEN3), path=tmp_path / "blank.xlsx")
    found = {"all.txt": golden.workbook_text(tmp_path / "blank.xlsx")}
    golden.expect(GOLD / "gen3" / "template", found, accept=accept)


@pytest.mark.parametrize("name", ["filled", "broken"])
def test_compiled_workbook_is_as_accepted(schema: Schema, name: str, tmp_path: Path, accept: bool) -> None:
    """A workbook compiles to the accepted plan, messages, page, findings and text for the terminal."""
    expect_compiled(FOURDN / f"{name}.xlsx", schema, GOLD / "4dn" / name, tmp_path, accept=accept)


@pytest.mark.parametrize("name", ["filled", "broken"])
def test_compiled_records_of_a_commons_are_as_accepted(name: str, tmp_path: Path, accept: bool) -> None:
    """Records of a data commons compile to the accepted requests, and mistakes to the accepted sentences."""
    sheets = list(cases_format.tables((GEN3.parent / f"{name}.md").read_text(encoding="utf-8")))
    (book,) = cases_format.write(sheets, tmp_path, name)
    expect_compiled(book, api.load_schema("gen3", GEN3), GOLD / "gen3" / name, tmp_path, accept=accept)


def expect_compiled(book: Path | str, schema: Schema, gold: Path, folder: Path, *, accept: bool) -> None:
    result = api.compile(book, schema)
    written = api.write_plan(result, folder / "out")
    found = {path.relative_to(folder / "out").as_posix(): path.read_text(encoding="utf-8") for path in written}
    found["report.txt"] = resources.report_formats()["text"].render(result.report(), {})
    assert ("plan.json" in found) == (gold.name == "filled")
    golden.expect(gold, found, accept=accept)
