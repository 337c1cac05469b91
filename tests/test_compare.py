"""A plan beside what a portal holds: create, update or leave; nothing changes that no cell asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cases_format
import pytest
from cases_format import Table
from conftest import FOURDN
from told import assert_told

from workbook_compiler import api
from workbook_compiler.delivery.compare import Exported, Held, Snapshot, against, links_on_portal, one_and_the_same
from workbook_compiler.model.diagnostics import Outcome
from workbook_compiler.model.plan import Action, Operation, Plan
from workbook_compiler.model.service import Found

SCHEMA = api.load_schema("4dn", FOURDN / "profiles.json")
EXTENDS = frozenset(("aliases", "tags"))
UUID = "11111111-2222-4333-8444-555555555555"
CHAINS = {name: (*entity.chain, "Item") for name, entity in SCHEMA.types.items()}


def plan_of(folder: Path, *tables: Table) -> Plan:
    result = api.compile(cases_format.write(list(tables), folder), SCHEMA)
    assert result.plan is not None, [d.message for d in result.diagnostics]
    return result.plan


def found(type_name: str, *names: str, uuid: str = UUID) -> Found:
    return Found(uuid, f"/{type_name.lower()}s/{uuid}/", CHAINS[type_name], frozenset(names))


def compared(plan: Plan, held: dict[str, Held], **more: Any) -> Outcome[Plan]:
    return against(plan, Snapshot(held, **more), SCHEMA, extends=EXTENDS)


def only(outcome: Outcome[Plan]) -> Operation:
    [operation] = outcome.value.operations
    return operation


def vendor(*cells: str, headers: tuple[str, ...] = ("aliases", "title", "description")) -> Table:
    return Table("Vendor", headers, (cells,))


STORED = {"aliases": ["demo-lab:v1"], "title": "Demo Supplies", "description": "old", "status": "current"}


def test_a_row_the_portal_doesnt_hold_is_created(tmp_path: Path) -> None:
    """It gets the lab and the award, for its type has them and its row is silent."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "Demo Supplies", "new"))
    created = only(compared(plan, {}, defaults={"lab": "/labs/a/", "award": "/awards/b/"}))
    assert created.action is Action.POST
    assert created.body == {
        "aliases": ["demo-lab:v1"], "title": "Demo Supplies", "description": "new", "lab": "/labs/a/", "award": "/awards/b/",
    }  # fmt: skip


def test_a_lab_that_was_typed_stays(tmp_path: Path) -> None:
    """What a cell says goes before what is filled in."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "D", "/labs/own/", headers=("aliases", "title", "lab")))
    created = only(compared(plan, {}, defaults={"lab": "/labs/a/", "award": "/awards/b/"}))
    assert (created.body["lab"], created.body["award"]) == ("/labs/own/", "/awards/b/")


def test_one_changed_cell_is_one_property(tmp_path: Path) -> None:
    """Only what differs is sent, with what was there before."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "Demo Supplies", "new"))
    updated = only(compared(plan, {"Vendor!5": Held(found("Vendor", "demo-lab:v1"), STORED)}))
    assert (updated.action, updated.body) == (Action.PATCH, {"description": "new"})
    assert [tuple(change) for change in updated.changes] == [("description", "old", "new")]
    assert updated.target == f"/vendors/{UUID}/"


@pytest.mark.parametrize("description", ["old", ""])
def test_what_is_there_already_isnt_sent(tmp_path: Path, description: str) -> None:
    """An equal cell and an empty one change nothing."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "Demo Supplies", description))
    left = only(compared(plan, {"Vendor!5": Held(found("Vendor", "demo-lab:v1"), STORED)}))
    assert (left.action, left.body, left.changes) == (Action.SKIP, {}, ())


def test_aliases_and_tags_grow(tmp_path: Path) -> None:
    """What the portal has stays, in its order."""
    plan = plan_of(
        tmp_path, vendor("demo-lab:v1, demo-lab:v2", "Demo Supplies", "b, a", headers=("aliases", "title", "tags"))
    )
    stored = {**STORED, "aliases": ["demo-lab:v0", "demo-lab:v1"], "tags": ["a"]}
    updated = only(compared(plan, {"Vendor!5": Held(found("Vendor", "demo-lab:v1"), stored)}))
    assert updated.body == {"aliases": ["demo-lab:v0", "demo-lab:v1", "demo-lab:v2"], "tags": ["a", "b"]}


def test_delete_removes_what_is_there(tmp_path: Path) -> None:
    """``*delete*`` takes a property away, and asks for nothing where there is none."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "Demo Supplies", "*delete*"))
    held = Held(found("Vendor", "demo-lab:v1"), STORED)
    gone = only(compared(plan, {"Vendor!5": held}))
    assert (gone.action, gone.removes, gone.body) == (Action.PATCH, ("description",), {})
    bare = Held(held.found, {key: value for key, value in STORED.items() if key != "description"})
    assert only(compared(plan, {"Vendor!5": bare})).action is Action.SKIP


BIOSOURCE = Table(
    "Biosource", ("aliases", "biosource_type", "biosource_vendor"), (("demo-lab:bs1", "tissue", "demo-lab:v1"),)
)


@pytest.mark.parametrize("stored", [f"/vendors/{UUID}/", UUID, "/vendors/demo-supplies/"])
def test_two_ways_to_name_a_record_are_equal(tmp_path: Path, stored: str) -> None:
    """The portal's path, its uuid and the workbook's alias mean the same vendor."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "Demo Supplies", "old"), BIOSOURCE)
    supplier = found("Vendor", "demo-lab:v1", "demo-supplies")
    source = found("Biosource", "demo-lab:bs1", uuid=UUID.replace("1", "9"))
    values = {"aliases": ["demo-lab:bs1"], "biosource_type": "tissue", "biosource_vendor": stored}
    outcome = compared(plan, {"Vendor!5": Held(supplier, STORED), "Biosource!5": Held(source, values)})
    assert [op.action for op in outcome.value.operations] == [Action.SKIP, Action.SKIP]


def test_another_link_is_a_change(tmp_path: Path) -> None:
    """A link that leads elsewhere is sent as typed."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "Demo Supplies", "old"), BIOSOURCE)
    source = found("Biosource", "demo-lab:bs1", uuid=UUID.replace("1", "9"))
    values = {"aliases": ["demo-lab:bs1"], "biosource_type": "tissue", "biosource_vendor": "/vendors/other/"}
    outcome = compared(
        plan, {"Vendor!5": Held(found("Vendor", "demo-lab:v1"), STORED), "Biosource!5": Held(source, values)}
    )
    assert [dict(op.body) for op in outcome.value.operations] == [{}, {"biosource_vendor": "demo-lab:v1"}]


def test_an_identifier_of_another_type_is_an_error_at_its_cell(tmp_path: Path) -> None:
    """An alias names one record of the whole portal."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "Demo Supplies", "new"))
    outcome = compared(plan, {"Vendor!5": Held(found("Biosource", "demo-lab:v1"), STORED)})
    assert [(d.code.id, str(d.location)) for d in outcome.diagnostics] == [("POR03", "Vendor!B5")]
    assert_told(outcome.diagnostics, "POR03")


def test_a_circle_that_is_there_already_is_left(tmp_path: Path) -> None:
    """Records that name each other aren't taken apart once they exist."""
    headers = ("aliases", "biosource", "biosample_relation.relationship_type", "biosample_relation.biosample")
    rows = (
        ("demo-lab:a", "/biosources/x/", "derived from", "demo-lab:b"),
        ("demo-lab:b", "/biosources/x/", "derived from", "demo-lab:a"),
    )
    plan = plan_of(tmp_path, Table("Biosample", headers, rows))
    first, second = found("Biosample", "demo-lab:a"), found("Biosample", "demo-lab:b", uuid=UUID.replace("1", "9"))

    def stored(alias: str, other: Found) -> dict[str, Any]:
        relation = [{"relationship_type": "derived from", "biosample": other.path}]
        return {"aliases": [alias], "biosource": ["/biosources/x/"], "biosample_relation": relation}

    held = {
        "Biosample!5": Held(first, stored("demo-lab:a", second)),
        "Biosample!6": Held(second, stored("demo-lab:b", first)),
    }
    assert {op.action for op in plan.operations} == {Action.POST, Action.PATCH}
    assert {op.action for op in compared(plan, held).value.operations} == {Action.SKIP}


def test_a_value_that_changed_since_its_export_is_a_conflict(tmp_path: Path) -> None:
    """What somebody else did isn't undone without a word."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "Demo Supplies", "mine"))
    held = {"Vendor!5": Held(found("Vendor", "demo-lab:v1"), {**STORED, "description": "theirs"})}
    memory = Exported(lambda _r, _n, value: value == "old", lambda _r, _n, _value: False)
    outcome = against(plan, Snapshot(held), SCHEMA, extends=EXTENDS, exported=memory)
    assert [(d.code.id, str(d.location)) for d in outcome.diagnostics] == [("POR04", "Vendor!D5")]
    assert_told(outcome.diagnostics, "POR04")


def test_what_nobody_edited_is_left_as_somebody_else_made_it(tmp_path: Path) -> None:
    """A row may hold what was exported weeks ago; that is no wish to have it back."""
    plan = plan_of(tmp_path, vendor("demo-lab:v1", "Demo Supplies", "as exported"))
    held = {"Vendor!5": Held(found("Vendor", "demo-lab:v1"), {**STORED, "description": "theirs"})}
    memory = Exported(lambda *_: False, lambda _r, _n, value: value == "as exported")
    outcome = against(plan, Snapshot(held), SCHEMA, extends=EXTENDS, exported=memory)
    assert [op.action for op in outcome.value.operations] == [Action.SKIP]
    assert [(d.code.id, str(d.location)) for d in outcome.diagnostics] == [("POR14", "Vendor!D5")]


def test_links_that_lead_nowhere_or_elsewhere_on_the_portal_are_errors(tmp_path: Path) -> None:
    """A link that no row defines is settled by what the portal says."""
    plan = plan_of(tmp_path, BIOSOURCE)
    [asked] = plan.outward
    assert asked.value == "demo-lab:v1"
    nowhere = list(links_on_portal(plan.outward, {"demo-lab:v1": None}))
    assert [d.code.id for d in nowhere] == ["POR01"]
    assert_told(nowhere, "POR01")
    [wrong] = links_on_portal(plan.outward, {"demo-lab:v1": found("Biosource", "demo-lab:v1")})
    assert (wrong.code.id, str(wrong.location)) == ("POR02", "Biosource!D5")
    assert_told([wrong], "POR02")
    assert list(links_on_portal(plan.outward, {"demo-lab:v1": found("Vendor", "demo-lab:v1")})) == []


def test_two_rows_of_one_record_are_told_at_both(tmp_path: Path) -> None:
    """By its alias and by its accession: the second update would undo the first."""
    rows = Table("Vendor", ("aliases", "title"), (("demo-lab:v1", "a"), ("demo-lab:v2", "b"), ("demo-lab:v3", "c")))
    plan = plan_of(tmp_path, rows)
    records = [op.record for op in plan.operations]
    same, other = found("Vendor", "demo-lab:v1", "demo-lab:v2"), found("Vendor", "demo-lab:v3", uuid=UUID[::-1])
    held = {record.id: Held(one, {}) for record, one in zip(records, (same, same, other), strict=True)}
    said = list(one_and_the_same(records, Snapshot(held)))
    assert [(d.code.id, str(d.location)) for d in said] == [("POR21", "Vendor!B5"), ("POR21", "Vendor!B6")]
    assert [str(at) for d in said for at in d.related] == ["Vendor!B6", "Vendor!B5"]
    assert_told(said, "POR21")


def test_one_name_in_two_columns_has_to_fit_both(tmp_path: Path) -> None:
    """Where the same name stands for a vendor and for a biosource, one of the two is wrong."""
    sample = Table("Biosample", ("aliases", "biosource"), (("demo-lab:b1", "demo-lab:v1"),))
    plan = plan_of(tmp_path, BIOSOURCE, sample)
    said = links_on_portal(plan.outward, {"demo-lab:v1": found("Vendor", "demo-lab:v1")})
    assert [(d.code.id, str(d.location)) for d in said] == [("POR02", "Biosample!C5")]


LANES = ("aliases", "file_format", *(f"flowcell_details.{part}" for part in ("machine", "lane", "machine-1", "lane-1")))
CELLS = [{"machine": "A", "lane": "1", "flowcell": "X"}, {"machine": "B", "lane": "2", "flowcell": "Y"}]


@pytest.mark.parametrize(
    ("cells", "after"),
    [
        (("A", "1", "B", "2"), None),
        (("A", "1", "B", "9"), [CELLS[0], {**CELLS[1], "lane": "9"}]),
        (("B", "2", "A", "1"), [CELLS[1], CELLS[0]]),
        (("A", "1", "B", "*delete*"), [CELLS[0], {"machine": "B", "flowcell": "Y"}]),
        (("A", "*delete*", "B", "2"), [{"machine": "A", "flowcell": "X"}, CELLS[1]]),
        (("*delete*", "*delete*", "B", "2"), [CELLS[1]]),
        (("", "", "", "*delete*"), [CELLS[0], {"machine": "B", "flowcell": "Y"}]),
    ],
    ids=["equal", "edited", "in another order", "a part deleted", "a part of the first", "a member deleted", "alone"],
)
def test_members_of_a_list_keep_what_no_column_names(tmp_path: Path, cells: tuple[str, ...], after: Any) -> None:
    """A part of one is changed or taken away by itself; the flowcell, which has no column, stays with its lane."""
    plan = plan_of(tmp_path, Table("FileFastq", LANES, (("demo-lab:f", "/file_formats/fastq/", *cells),)))
    stored = {"aliases": ["demo-lab:f"], "file_format": "/file_formats/fastq/", "flowcell_details": CELLS}
    updated = only(compared(plan, {"FileFastq!5": Held(found("FileFastq", "demo-lab:f"), stored)}))
    assert dict(updated.body) == ({} if after is None else {"flowcell_details": after})


def test_deleting_every_part_of_every_member_removes_the_list(tmp_path: Path) -> None:
    """An empty list, or a list of nothing, isn't what was asked for."""
    cells = ("demo-lab:f", "/file_formats/fastq/", *["*delete*"] * 4)
    plan = plan_of(tmp_path, Table("FileFastq", LANES, (cells,)))
    bare = [{"machine": "A", "lane": "1"}, {"machine": "B", "lane": "2"}]
    stored = {"aliases": ["demo-lab:f"], "file_format": "/file_formats/fastq/", "flowcell_details": bare}
    updated = only(compared(plan, {"FileFastq!5": Held(found("FileFastq", "demo-lab:f"), stored)}))
    assert (dict(updated.body), updated.removes) == ({}, ("flowcell_details",))


SETS = (
    Table("ExperimentHiC",
          ("aliases", "biosample", "experiment_type", "replicate_set", "bio_rep_no", "tec_rep_no", "experiment_set"),
          (("demo-lab:e", "/biosamples/x/", "/experiment_types/y/", "demo-lab:r", "n:2", "n:1", "demo-lab:s"),)),
    Table("ExperimentSetReplicate", ("aliases", "description"), (("demo-lab:r", "old"),)),
    Table("ExperimentSet", ("aliases", "description"), (("demo-lab:s", "old"),)),
)  # fmt: skip
THEIRS = {"replicate_exp": "/experiments-hi-c/theirs/", "bio_rep_no": 1, "tec_rep_no": 1}


def with_sets(folder: Path, replicates: list[Any], members: list[str], known: Held | None = None) -> dict[str, Any]:
    """What is sent for two sets that the portal holds with these members."""
    third = Held(found("ExperimentSet", "demo-lab:s", uuid=UUID.replace("1", "3")),
                 {"aliases": ["demo-lab:s"], "description": "old", "experiments_in_set": members})  # fmt: skip
    second = Held(found("ExperimentSetReplicate", "demo-lab:r", uuid=UUID.replace("1", "2")),
                  {"aliases": ["demo-lab:r"], "description": "old", "replicate_exps": replicates})  # fmt: skip
    held = {"ExperimentSet!5": third, "ExperimentSetReplicate!5": second}
    held |= {"ExperimentHiC!5": known} if known else {}
    operations = compared(plan_of(folder, *SETS), held).value.operations
    return {name: value for op in operations if op.record.type != "ExperimentHiC" for name, value in op.body.items()}


def test_a_set_that_gets_another_experiment_keeps_those_it_has(tmp_path: Path) -> None:
    """The other members may be in other workbooks: a row puts itself in and nobody out."""
    assert with_sets(tmp_path, [THEIRS], ["/experiments-hi-c/theirs/"]) == {
        "replicate_exps": [THEIRS, {"replicate_exp": "demo-lab:e", "bio_rep_no": 2, "tec_rep_no": 1}],
        "experiments_in_set": ["/experiments-hi-c/theirs/", "demo-lab:e"],
    }


def test_an_experiment_that_is_in_a_set_already_gets_its_new_numbers(tmp_path: Path) -> None:
    """It is known by its link, and isn't in the set twice."""
    known = Held(found("ExperimentHiC", "demo-lab:e"), {"aliases": ["demo-lab:e"]})
    mine = {"replicate_exp": known.found.path, "bio_rep_no": 1, "tec_rep_no": 2}
    body = with_sets(tmp_path, [THEIRS, mine], ["/experiments-hi-c/theirs/", known.found.path], known)
    assert body == {"replicate_exps": [THEIRS, {**mine, "bio_rep_no": 2, "tec_rep_no": 1}]}
