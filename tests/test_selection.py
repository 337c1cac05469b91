"""Which types and columns go into a blank workbook, and in which order."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from workbook_compiler import resources
from workbook_compiler.errors import UsageError
from workbook_compiler.model.schema import Schema
from workbook_compiler.portals.snovault import FOURDN
from workbook_compiler.template import Choice, Preset, Selection, load_preset, select

TEXT = {"type": "string"}
ALIASES = {"type": "array", "items": TEXT, "uniqueKey": "alias", "lookup": 1}


def link(target: str) -> dict[str, Any]:
    return {"type": "string", "linkTo": target}


def schema_of(types: Mapping[str, Mapping[str, Any]]) -> Schema:
    """A schema in which every type has aliases; keys beside ``properties`` are the type's own."""
    documents = {
        name: {
            "$id": f"/profiles/{name.lower()}.json",
            **{key: value for key, value in node.items() if key != "properties"},
            "properties": {"aliases": ALIASES, **node.get("properties", {})},
        }
        for name, node in types.items()
    }
    return FOURDN.load_schema(documents, "test", "0" * 64)


LAB = schema_of(
    {
        "Library": {
            "properties": {
                "sample": link("Sample"),
                "note": {**TEXT, "lookup": 5},
                "kit": {**TEXT, "lookup": 50},
                "machine": {
                    "type": "object",
                    "required": ["model"],
                    "lookup": 20,
                    "properties": {"lane": {**TEXT, "lookup": 21}, "model": {**TEXT, "lookup": 22}},
                },
                "lab": {**link("Lab"), "exclude_from": ["submit4dn"]},
                "md5": {**TEXT, "permission": "import_items"},
            },
            "required": ["kit", "machine"],
        },
        "Sample": {"properties": {"donor": link("Donor"), "parent": link("Sample")}},
        "Donor": {"isAbstract": True},
        "Mouse": {"rdfs:subClassOf": "/profiles/Donor.json"},
        "Human": {"rdfs:subClassOf": "/profiles/Donor.json"},
        "Lab": {"properties": {"aliases": {**ALIASES, "permission": "import_items"}}},
    }
)


def names(selection: Selection) -> list[str]:
    return [one.entity.name for one in selection.types]


def headers(selection: Selection, type_name: str = "Library") -> list[str]:
    chosen = next(one for one in selection.types if one.entity.name == type_name)
    return [field.header() for field in chosen.fields]


def preset(types: Mapping[str, Choice]) -> Preset:
    return Preset("mine", "Mine", "", types)


def test_a_linked_type_comes_first() -> None:
    """A type stands behind every type it links to; an abstract target stands for its chosen concrete types."""
    chosen = names(select(LAB, presets=[], types=["Library", "Human", "Sample", "Mouse"]))
    assert chosen == ["Human", "Mouse", "Sample", "Library"]


def test_the_order_of_choice_decides_what_links_leave_open() -> None:
    """Types without links between them stand as they were chosen."""
    assert names(select(LAB, presets=[], types=["Mouse", "Human"])) == ["Mouse", "Human"]
    assert names(select(LAB, presets=[], types=["Human", "Mouse"])) == ["Human", "Mouse"]


def test_a_cycle_is_opened_at_its_optional_link() -> None:
    """Two types that link to each other stand in the order of the required link."""
    circle = schema_of(
        {
            "A": {"properties": {"b": link("B")}, "required": ["b"]},
            "B": {"properties": {"a": link("A")}},
        }
    )
    assert names(select(circle, presets=[], types=["A", "B"])) == ["B", "A"]


def test_columns_begin_with_the_required_ones_then_the_name() -> None:
    """What is required comes first with its whole object, then the row's own name, then the portal's order."""
    chosen = headers(select(LAB, presets=[], types=["Library"]))
    assert chosen == ["machine.model", "machine.lane", "kit", "aliases", "note", "sample"]


def test_all_means_every_type_that_can_be_filled_in() -> None:
    """``all`` leaves out abstract types and types the portal fills in itself."""
    assert sorted(names(select(LAB, presets=[], types=["all"]))) == ["Human", "Library", "Mouse", "Sample"]


def test_a_preset_narrows_the_columns_but_keeps_the_required() -> None:
    """``columns`` are those named and the required ones; an object's name stands for its fields."""
    chosen = select(LAB, presets=[preset({"Library": Choice(("note",))})], types=[])
    assert headers(chosen) == ["machine.model", "kit", "note"]
    chosen = select(LAB, presets=[preset({"Library": Choice(("machine",))})], types=[])
    assert headers(chosen) == ["machine.model", "machine.lane", "kit"]


def test_a_preset_leaves_columns_out() -> None:
    """``leave_out`` takes columns away, and two presets together give what either wants."""
    without = preset({"Library": Choice(leave_out=("note", "sample"))})
    assert headers(select(LAB, presets=[without], types=[])) == ["machine.model", "machine.lane", "kit", "aliases"]
    assert "note" in headers(select(LAB, presets=[without, preset({"Library": Choice(("note",))})], types=[]))


def test_a_preset_may_ask_for_a_column_that_is_not_offered() -> None:
    """A column the portal accepts but doesn't offer appears when it is named."""
    assert "lab" in headers(select(LAB, presets=[preset({"Library": Choice(("lab",))})], types=[]))


@pytest.mark.parametrize(
    ("presets", "types", "said"),
    [
        ([], [], "Nothing is chosen"),
        ([], ["Sampel"], "There is no type Sampel. Did you mean Sample?"),
        ([], ["Donor"], "Donor is a group of types. Choose among: Mouse, Human."),
        ([], ["Lab"], "Lab has no column that can be filled in"),
        (
            [preset({"Samples": Choice()})],
            [],
            "preset 'mine' does not fit this schema. There is no type Samples",
        ),
        ([preset({"Library": Choice(("nota",))})], [], "no column of Library called nota. Did you mean note?"),
        ([preset({"Library": Choice(("md5",))})], [], "md5 is filled in by the portal itself"),
        ([preset({"Library": Choice(leave_out=("kit",))})], [], "kit is required, it can't be left out"),
    ],
)
def test_a_wrong_choice_is_told(presets: list[Preset], types: list[str], said: str) -> None:
    """What cannot be chosen is a UsageError that names it and what may be meant."""
    with pytest.raises(UsageError) as error:
        select(LAB, presets=presets, types=types)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("title = ", "is not valid TOML"),
        ("title = 'x'", "at least one table for a type"),
        ("types = ['A']", "at least one table for a type"),
        ("[types.A]\ncolums = ['a']", "There is no setting colums. Did you mean columns?"),
        ("[types.A]\ncolumns = 'a'", "columns is a list of column names"),
        ("[types]\nA = 1", "[types.A]: a table is expected"),
        ("tilte = 'x'\n[types.A]", "There is no setting tilte. Did you mean title?"),
        ("title = 1\n[types.A]", "title is a text in quotes"),
    ],
)
def test_a_mistake_in_a_preset_file_is_told(tmp_path: Path, content: str, said: str) -> None:
    """A preset file with a mistake is a UsageError that names the file, the place and what is expected."""
    file = tmp_path / "mine.toml"
    file.write_text(content)
    with pytest.raises(UsageError) as error:
        load_preset(file)
    assert said in str(error.value)
    assert "mine.toml" in str(error.value)


def test_a_missing_preset_file_is_told(tmp_path: Path) -> None:
    """A preset file that isn't there is a UsageError."""
    with pytest.raises(UsageError, match="can't be opened"):
        load_preset(tmp_path / "none.toml")


def test_a_preset_file_is_read(tmp_path: Path) -> None:
    """A preset takes its name from its file; a star before a header, as sheets show it, is no part of the name."""
    file = tmp_path / "short.toml"
    file.write_text(
        'title = "Short"\n[types.Library]\ncolumns = ["*kit", "note"]\n[types.Sample]\nleave_out = ["donor"]\n'
    )
    expected = {"Library": Choice(("kit", "note")), "Sample": Choice(None, ("donor",))}
    assert load_preset(file) == Preset("short", "Short", "", expected)


def test_the_presets_of_4dn_fit_its_schema() -> None:
    """Each of the nine presets has a title, a description, and types that the portal's real schema knows."""
    files = resources.preset_files("4dn")
    assert sorted(files) == sorted("hi-c chip-seq repli-seq atac-seq damid chia-pet capture-c fish spt".split())
    presets = {name: load_preset(file) for name, file in files.items()}
    assert all(one.title and one.description for one in presets.values())
    served = resources.PACKAGE.parent.parent / "shared" / "data" / "4dn" / "profiles.json"
    if not served.exists():
        pytest.skip("no shared/data beside the checkout: the portal's real schemas are not part of it")
    schema = FOURDN.load_schema(json.loads(served.read_bytes()), "profiles.json", "0" * 64)
    for one in presets.values():
        order = names(select(schema, presets=[one], types=[]))
        assert order.index("Biosource") < order.index("Biosample") < order.index("ExperimentSetReplicate")
        assert order[-2].startswith("Experiment")


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    """Importing the template wing loads neither networkx nor XlsxWriter, so that ``wbc --help`` stays fast."""
    program = "import sys, workbook_compiler.template as t; print({'networkx', 'xlsxwriter'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
