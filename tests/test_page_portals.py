"""The page of ``wbc serve`` and portals: whose rules are here, whom a button asks for others, and what a workbook says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import FOURDN
from loopback import answer, by_path, serving
from served import Page, page, said_to_be

FILLED = (FOURDN / "filled.xlsx").read_bytes()
PROFILES = (FOURDN / "profiles.json").read_bytes()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page for every portal on a machine that has nobody's rules."""
    with page(tmp_path_factory.mktemp("bare")) as one:
        yield one


def test_a_portal_whose_rules_are_not_here_is_told_and_not_asked(bare: Page) -> None:
    """Without its rules a portal says so, names whom it would ask, and a check waits; nothing is fetched."""
    shown = bare.get("portals/4dn").json()
    assert (shown["ready"], shown["server"]) == (False, "data.4dnucleome.org")
    assert shown["words"] == "The rules of 4D Nucleome Data Portal aren't on this machine yet."
    assert "wbc schemas pull --portal gen3" in bare.get("portals/gen3").json()["words"]
    assert "aren&#39;t on this machine yet" in bare.get("blank?portal=4dn&preset=hi-c").text
    job = bare.check(("filled.xlsx", FILLED), portal="4dn")
    assert (job["outcome"]["kind"], job["outcome"]["server"]) == ("rules", "data.4dnucleome.org")


def test_a_workbook_that_does_not_say_its_portal_is_asked_about(bare: Page) -> None:
    """The portal is the person's answer; one that doesn't exist is a sentence."""
    job = bare.check(("filled.xlsx", FILLED))
    assert job["outcome"]["kind"] == "portal"
    assert "gen3" in [one["name"] for one in job["outcome"]["portals"]]
    assert bare.again(job, portal="encode")["outcome"]["portal"] == "encode"
    unknown = bare.again(job, portal="nowhere")
    assert (unknown["state"], "nowhere" in unknown["sentence"]) == ("failed", True)


def test_a_workbook_from_a_template_knows_its_portal(bare: Page, lab: Page) -> None:
    """A template of ours says its portal; on a page that is for another portal that is said, and it isn't checked."""
    blank = lab.get("blank?portal=4dn&preset=hi-c").content
    assert bare.check(("hi-c.xlsx", blank))["outcome"]["portal"] == "4dn"
    gen3 = lab.check(("book.xlsx", said_to_be(blank, "encode")))
    assert gen3["sentence"].startswith("This workbook is from a template for ENCODE Portal")


FETCHING = """
from dataclasses import replace
from workbook_compiler import resources
known = {{name: replace(one, server="{server}") for name, one in resources.portals().items()}}
resources.portals = lambda: known
"""


def test_the_rules_are_fetched_when_the_person_says_so(tmp_path: Path) -> None:
    """The portal's server is asked by the button and not before; then the same workbook is checked without a new upload."""
    with (
        serving(by_path({"/profiles/": answer(PROFILES, Content_Type="application/json")})) as portal,
        page(tmp_path, program=FETCHING.format(server=portal.address)) as one,
    ):
        job = one.check(("filled.xlsx", FILLED), portal="4dn")
        assert job["outcome"]["kind"] == "rules"
        assert one.get("").status_code == 200
        assert portal.paths == []
        fetched = one.ended(one.post("rules", json={"portal": "4dn", "parts": []}))
        assert (fetched["state"], fetched["outcome"]["kind"]) == ("done", "fetched"), fetched
        assert "/profiles/" in portal.paths
        assert one.again(job)["outcome"]["tone"] == "look"
        assert one.get("portals/4dn").json()["ready"]


def test_a_page_for_one_portal_offers_no_other(lab: Page) -> None:
    """``--portal`` with ``--schemas`` fixes both: other portals and other rules are refused in a sentence."""
    assert lab.get("portals/encode").status_code == 400
    assert (
        lab.post("rules", json={"portal": "4dn"}).json()["sentence"]
        == "This portal's rules can't be fetched from here."
    )
    assert 'id="portal" value="4dn"' in lab.get().text
