"""Whatever a real portal refuses comes back at the cell that caused it, in words for the bench.

The workbooks are compiled against schemas without their rules, so that the portal is the first to look.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cases_format
import pytest
from cases_format import Table
from conftest import FOURDN
from told import assert_told
from wording import faults

from live.calls import Calls
from workbook_compiler import api, submission
from workbook_compiler.model.schema import Schema
from workbook_compiler.sandbox import Running

RULES = frozenset(
    "pattern enum format required dependentRequired minimum maximum minItems maxItems minLength maxLength uniqueItems permission"
    " readonly suggested_enum linkEnum anyOf".split()
)


def loose(node: Any) -> Any:
    """A schema without its rules, in which every column is the user's."""
    if isinstance(node, list):
        return [loose(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: loose(value) for key, value in node.items() if key not in RULES}
    if "properties" in kept and "identifyingProperties" in kept:
        kept["properties"]["wrong"] = {"type": "string"}
        if "aliases" in kept["properties"]:
            kept["properties"]["aliases"] = node["properties"]["aliases"]
    return kept


@pytest.fixture(scope="module")
def without_rules(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    path = tmp_path_factory.mktemp("loose") / "profiles.json"
    path.write_text(json.dumps(loose(json.loads((FOURDN / "profiles.json").read_text("utf-8")))))
    return api.load_schema("4dn", path)


VENDOR = "aliases title"
SOURCE = "aliases biosource_type"
SAMPLE = "aliases biosource"
CASES = """
not in the list           | Biosource  | biosource_type    | nonsense        | POR05 | it isn't in the list. Nearest:
a form                    | FileFastq  | filename          | a b.fastq.gz    | POR05 | doesn't have the form
no web address            | Vendor     | url               | not a url       | POR05 | isn't a web address
not a date                | Protocol   | date_approved     | soon            | POR05 | none of the ways
twice in a list           | Vendor     | tags              | a, a            | POR05 | twice
an unknown column         | Vendor     | wrong             | x               | POR05 | no such column
a link to nothing         | Biosource  | biosource_vendor  | demo-lab:nobody | POR01 | neither in this workbook nor on the portal
a link in a list          | Biosample  | biosample_protocols | demo-lab:nobody | POR01 | neither in this workbook
a link of another type    | Biosource  | biosource_vendor  | demo-lab:here   | POR02 | takes records of Vendor
a part of an object       | Biosample  | biosample_relation.relationship_type | wrong | POR05 | isn't in the list
what only staff may       | Biosample  | status            | released        | POR08 | only its staff
an accession              | Biosample  | accession         | 4DNBS1234567    | POR08 | only its staff
an alias that is taken    | Vendor     | title             | Taken by others | POR07 | has “taken-by-others” already
what belongs together     | IndividualHuman | age          | n:30            | POR06 | age_units filled in
another lab               | Vendor     | lab               | /labs/none/     | POR01 | neither in this workbook
a wrong uuid              | Vendor     | uuid              | nonsense        | POR05 | valid uuid
"""


SHOWN = {"not in the list", "an alias that is taken", "what belongs together", "what only staff may"}
"""The cases that the files of their codes show."""
PROVED = {"POR01", "POR02", "POR05", "POR06", "POR07", "POR08"}


def test_every_kind_of_refusal_has_a_case() -> None:
    """The table covers each code that a portal's answer can cause."""
    assert {case[4] for case in cases()} == PROVED
    assert len(list(cases())) >= 15


def cases() -> Iterator[tuple[str, ...]]:
    return (tuple(part.strip() for part in line.split(" | ")) for line in CASES.strip().splitlines())


ROWS: dict[str, dict[str, str]] = {
    "Vendor": {"title": "Some supplier"},
    "Biosource": {"biosource_type": "tissue"},
    "Biosample": {"biosource": "demo-lab:here"},
    "FileFastq": {"file_format": "fastq"},
    "Protocol": {"protocol_type": "Experimental protocol"},
    "IndividualHuman": {},
}


@pytest.fixture
def here(submitter: Calls) -> dict[str, str]:
    """What is on the portal already: a biosource, and a vendor whose name is taken."""
    lab = submitter.get("/me").json()["submits_for"][0]["@id"]
    owner = {"lab": lab, "award": submitter.found(lab)["awards"][0]["@id"]}
    submitter.stored("/biosource", {"aliases": ["demo-lab:here"], "biosource_type": "tissue", **owner})
    submitter.stored("/vendor", {"aliases": ["demo-lab:taken"], "title": "Taken by others", **owner})
    return owner


@pytest.mark.parametrize(
    ("sentence", "sheet", "field", "cell", "code", "words"), list(cases()), ids=[c[0] for c in cases()]
)
def test_a_refusal_lands_on_the_cell_that_caused_it(
    sentence: str, sheet: str, field: str, cell: str, code: str, words: str,
    tmp_path: Path, fresh: Running, here: dict[str, str], without_rules: Schema,
) -> None:  # fmt: skip
    """The portal's no is told at the cell, with what to do, and without the words of schemas."""
    row = {"aliases": "demo-lab:new", **ROWS[sheet], field: cell}
    [book] = cases_format.write([Table(sheet, tuple(row), (tuple(row.values()),))], tmp_path)
    result = api.compile(book, without_rules)
    assert result.plan is not None, [d.message for d in result.diagnostics]
    where = submission.Where(keyfile=fresh.keyfile)
    with submission.connection("4dn", where) as to:
        one = submission.compared(result.plan, to, where, [book])
        found = [*one.diagnostics, *submission.submit(one, to, where).diagnostics]
    column = chr(ord("B") + list(row).index(field))
    told = [(d.code.id, str(d.location)) for d in found]
    assert (code, f"{sheet}!{column}5") in told, [(d.code.id, str(d.location), d.message) for d in found]
    if sentence in SHOWN:
        assert_told(found, code)
    messages = [d.message for d in found if (d.code.id, str(d.location)) == (code, f"{sheet}!{column}5")]
    assert words in messages[0]
    for message in messages:
        assert [*faults(message, cell)] == []
        assert not re.search(r"[\[\]{}]", message)


def test_a_missing_value_is_told_at_the_row(tmp_path: Path, fresh: Running, without_rules: Schema) -> None:
    """The cell that should hold it is named when the sheet has one, else the row."""
    [book] = cases_format.write([Table("Vendor", ("aliases", "title"), (("demo-lab:x", ""),))], tmp_path)
    result = api.compile(book, without_rules)
    where = submission.Where(keyfile=fresh.keyfile)
    assert result.plan is not None
    with submission.connection("4dn", where) as to:
        one = submission.compared(result.plan, to, where, [book])
        rehearsed = submission.rehearsed(one, to, where)
        done = submission.submit(one, to, where)
    assert [(d.code.id, str(d.location)) for d in rehearsed] == [("POR06", "Vendor!C5")]
    assert [(d.code.id, str(d.location)) for d in done.diagnostics] == [("POR06", "Vendor!C5")]
