"""What people see of the fixture's template, plan and reports stays as it was accepted (``make golden``)."""

from __future__ import annotations

from pathlib import Path

import golden
import pytest
from conftest import FOURDN

from workbook_compiler import api, resources
from workbook_compiler.model.schema import Schema

GOLD = Path(__file__).parent / "golden" / "4dn"


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """What is seen now becomes the gold."""
    return bool(request.config.getoption("--accept"))


def test_template_is_as_accepted(schema: Schema, tmp_path: Path, accept: bool) -> None:
    """The blank Hi-C workbook holds the accepted texts, dropdowns, prompts, refusals, names and hidden sheets."""
    api.template(schema, "hi-c", path=tmp_path / "blank.xlsx")
    found = {"hi-c.txt": golden.workbook_text(tmp_path / "blank.xlsx")}
    golden.expect(GOLD / "template", found, accept=accept)


@pytest.mark.parametrize("name", ["filled", "broken"])
def test_compiled_workbook_is_as_accepted(schema: Schema, name: str, tmp_path: Path, accept: bool) -> None:
    """A workbook compiles to the accepted plan, messages, page, findings and text for the terminal."""
    result = api.compile(FOURDN / f"{name}.xlsx", schema)
    written = api.write_plan(result, tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix(): path.read_text(encoding="utf-8") for path in written}
    found["report.txt"] = resources.report_formats()["text"].render(result.report(), {})
    assert ("plan.json" in found) == (name == "filled")
    golden.expect(GOLD / name, found, accept=accept)
