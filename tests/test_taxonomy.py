"""Organisms looked up in ENA's taxonomy: what it says comes back at its cell, and what it can't say is no finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import cases_format
import pytest
from cases_format import Table
from conftest import ROOT
from loopback import Answering, answer, as_json, by_path, closed_port, serving
from test_cli import wbc
from told import assert_told

from workbook_compiler import api
from workbook_compiler.errors import UnreachableError, UsageError
from workbook_compiler.looking_up import looked_up
from workbook_compiler.model.schema import Schema

RULES = ROOT / "fixtures" / "ena" / "ERC000011.json"
HUMAN = {"taxId": "9606", "scientificName": "Homo sapiens", "commonName": "human", "submittable": "true"}
BACTERIA = {"taxId": "2", "scientificName": "Bacteria", "submittable": "false"}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return api.load_schema("ena", RULES)


def at(number: object) -> str:
    return f"/ena/taxonomy/rest/tax-id/{number}"


def taxonomy(**more: Answering) -> Answering:
    """ENA's, of two taxa; what it doesn't know it says in words."""
    known: Mapping[str, Answering] = {at(9606): as_json(HUMAN), at(2): as_json(BACTERIA), at(7): answer(b"No results.")}
    return by_path({**known, **{at(number.removeprefix("n")): send for number, send in more.items()}})


def samples(folder: Path, *taxa: tuple[str, str]) -> Path:
    headers = (
        "alias",
        "title",
        "taxon_id",
        "scientific_name",
        "collection date",
        "geographic location (country and/or sea)",
    )
    rows = tuple(
        (f"s{n}", f"Sample {n}", f"s:{taxon}", name, "s:2026", "Belgium") for n, (taxon, name) in enumerate(taxa)
    )
    return Path(cases_format.write([Table("sample", headers, rows)], folder)[0])


def told(result: api.Result) -> list[tuple[str, str]]:
    return [(d.code.id, str(d.location)) for d in result.diagnostics]


def test_what_the_taxonomy_says_is_told_at_its_cell(tmp_path: Path, schema: Schema) -> None:
    """Beside what was found offline, in reading order; each number is asked for once."""
    taxa = [("9606", "Homo sapiens"), ("9606", "Mus musculus"), ("96006", ""), ("human", ""), ("2", ""), ("7", "Ape")]
    result = api.compile(samples(tmp_path, *taxa), schema)
    with serving(taxonomy()) as web:
        found = looked_up(result, web.address, tmp_path)
    assert sorted(web.paths) == sorted(map(at, ("9606", "96006", "2", "7")))
    assert told(found) == [
        ("FIT08", "sample!E6"),
        ("FIT06", "sample!D7"),
        ("TXT07", "sample!D8"),
        ("FIT07", "sample!D9"),
        ("FIT06", "sample!D10"),
    ]
    assert found.diagnostics[0].suggestions == ("Homo sapiens",)
    assert "Bacteria" in found.diagnostics[3].message
    assert found.plan is None
    for code in ("FIT06", "FIT07", "FIT08"):
        assert_told(found.diagnostics, code)


def test_a_name_that_differs_leaves_the_plan(tmp_path: Path, schema: Schema) -> None:
    """A warning: the archive goes by the number. With what is right there is no finding at all."""
    with serving(taxonomy()) as web:
        [other, right] = [
            looked_up(api.compile(samples(tmp_path, ("9606", name)), schema), web.address, tmp_path)
            for name in ("Pan paniscus", "Homo sapiens")
        ]
    assert (told(other), other.ok) == ([("FIT08", "sample!E5")], True)
    assert (told(right), right.ok, len(web.paths)) == ([], True, 1)


def test_only_what_is_known_is_remembered(tmp_path: Path, schema: Schema) -> None:
    """A number that is none today may be one tomorrow; a month later all is asked again."""
    result = api.compile(samples(tmp_path, ("9606", ""), ("96006", "")), schema)
    cache = tmp_path / "cache"
    with serving(taxonomy()) as web:
        for _ in range(2):
            assert told(looked_up(result, web.address, cache)) == [("FIT06", "sample!D6")]
        assert [web.paths.count(at(9606)), web.paths.count(at(96006))] == [1, 2]
        [kept] = cache.iterdir()
        kept.write_text(json.dumps({"9606": [0, HUMAN]}))
        assert told(looked_up(result, web.address, cache)) == [("FIT06", "sample!D6")]
        assert web.paths.count(at(9606)) == 2


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"9606": 1}', '{"9606": [1e99, null]}', "[" * 100_000])
def test_a_cache_that_was_damaged_is_none(damage: str, tmp_path: Path, schema: Schema) -> None:
    """It is a help and never a need."""
    result = api.compile(samples(tmp_path, ("9606", "Homo sapiens")), schema)
    with serving(taxonomy()) as web:
        looked_up(result, web.address, tmp_path / "cache")
        [kept] = (tmp_path / "cache").iterdir()
        kept.write_text(damage)
        assert told(looked_up(result, web.address, tmp_path / "cache")) == []
    assert len(web.paths) == 2


@pytest.mark.parametrize(
    "send",
    [as_json({}, 403), answer(b"<p>Log in</p>", Content_Type="text/html")],
    ids=["a refusal", "a page to log in at"],
)
def test_a_server_that_does_not_say_is_no_finding(send: Answering, tmp_path: Path, schema: Schema) -> None:
    """Nobody's number is called wrong by a server that is out of order; what it has said before that is kept."""
    result = api.compile(samples(tmp_path, ("9606", ""), ("10090", "")), schema)
    with serving(taxonomy(n10090=send)) as web, pytest.raises(UnreachableError):
        looked_up(result, web.address, tmp_path / "cache")
    assert "Homo sapiens" in next((tmp_path / "cache").iterdir()).read_text()


@pytest.mark.parametrize("body", [[], "Homo sapiens", {"scientificName": 3}, {"scientificName": "x" * 9_999}, None])
def test_an_answer_of_another_shape_names_no_organism(body: object, tmp_path: Path, schema: Schema) -> None:
    """Whatever it is."""
    result = api.compile(samples(tmp_path, ("9606", "")), schema)
    with serving(taxonomy(n9606=as_json(body))) as web:
        assert told(looked_up(result, web.address, tmp_path)) == [("FIT06", "sample!D5")]


def test_the_program_looks_up_when_it_is_asked_to(tmp_path: Path) -> None:
    """Not otherwise; a server that can't be reached is said, with its own exit code, beside what is known without it."""
    book = samples(tmp_path, ("96006", ""), ("human", ""))
    words = ("check", book.name, "--portal", "ena", "--schemas", str(RULES))
    with serving(taxonomy()) as web:
        assert b"FIT06" not in wbc(tmp_path, *words, WBC_TAXONOMY=web.address).stdout
        assert web.paths == []
        ran = wbc(tmp_path, *words, "--taxonomy", WBC_TAXONOMY=web.address)
    assert (ran.returncode, b"FIT06" in ran.stdout, b"sample!D5" in ran.stdout) == (1, True, True), ran.stdout.decode()
    away = wbc(tmp_path, *words, "--taxonomy", WBC_TAXONOMY=f"http://127.0.0.1:{closed_port()}")
    assert (away.returncode, b"FIT06" in away.stderr, b"TXT07" in away.stderr) == (4, False, True), away.stderr.decode()


def test_a_portal_without_a_taxonomy_says_so(tmp_path: Path) -> None:
    """An option that does nothing would be worse."""
    schema = api.load_schema("4dn", ROOT / "fixtures" / "4dn" / "profiles.json")
    [book] = cases_format.write([Table("Vendor", ("aliases", "title"), (("my-lab:v", "Vendor"),))], tmp_path)
    with pytest.raises(UsageError, match="no taxonomy"):
        looked_up(api.compile(book, schema), "http://127.0.0.1:1", tmp_path)
