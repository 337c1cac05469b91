"""Records come out of the portal into a workbook, and go back as updates of what was edited alone."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from conftest import FOURDN

from live.calls import Calls
from live.test_submit import planned, sent, writes
from workbook_compiler import api, exporting, submission
from workbook_compiler.sandbox import Running

SCHEMA = api.load_schema("4dn", FOURDN / "profiles.json")


@pytest.fixture
def exported(fresh: Running, submitter: Calls, tmp_path: Path) -> Path:
    """Two biosources of the portal in a workbook."""
    lab = submitter.get("/me").json()["submits_for"][0]["@id"]
    owner = {"lab": lab, "award": submitter.found(lab)["awards"][0]["@id"]}
    for number in (1, 2):
        body = {"aliases": [f"demo-lab:e{number}"], "biosource_type": "tissue", "description": f"number {number}"}
        submitter.stored("/biosource", {**body, **owner})
    with submission.connection("4dn", submission.Where(keyfile=fresh.keyfile)) as to:
        made = exporting.export(SCHEMA, to.send, ["Biosource"])
    assert (made.count, made.told) == (2, ())
    path = tmp_path / "exported.xlsx"
    path.write_bytes(made.content)
    return path


def edited(path: Path, text: str) -> Path:
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["Biosource"]
    heads = {str(cell.value).lstrip("*"): cell.column for cell in sheet[1]}
    row = next(r for r in range(5, 8) if sheet.cell(r, heads["aliases"]).value == "demo-lab:e1")
    sheet.cell(row, heads["description"]).value = text
    workbook.save(path)
    return path


def test_an_exported_workbook_is_nothing_new(exported: Path, fresh: Running, submitter: Calls) -> None:
    assert writes(submitter, exported, submission.Where(keyfile=fresh.keyfile)) == []


def test_what_was_edited_is_sent_alone(exported: Path, fresh: Running, submitter: Calls) -> None:
    where = submission.Where(keyfile=fresh.keyfile)
    [(method, _)] = writes(submitter, edited(exported, "mine"), where)
    assert method == "PATCH"
    assert submitter.found("/demo-lab:e1")["description"] == "mine"
    assert submitter.found("/demo-lab:e2")["description"] == "number 2"


def test_what_somebody_else_changed_meanwhile_is_a_conflict(exported: Path, fresh: Running, submitter: Calls) -> None:
    """The edited cell is told, and theirs stays."""
    answer = submitter.patch("/demo-lab:e1", {"description": "theirs"})
    assert answer.status_code == 200
    where = submission.Where(keyfile=fresh.keyfile)
    one = planned(edited(exported, "mine"), where)
    assert [(d.code.id, d.field) for d in one.diagnostics] == [("POR04", "description")]
    assert "theirs" in one.diagnostics[0].message
    with pytest.raises(AssertionError):
        sent(exported, where)
    assert submitter.found("/demo-lab:e1")["description"] == "theirs"
