"""The witnesses of the Gen3 tests are there, and tell a good document from a bad one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gen3_witness import (
    Validators,
    dictionary_folder,
    running_validators,  # noqa: F401 - the fixture validators
    sdk,
    served_dictionary,
    witnesses,  # noqa: F401 - the fixture gen3_environment
)

EXPERIMENT: dict[str, Any] = {"type": "experiment", "submitter_id": "e1", "projects": {"code": "GOLD"}}
CASE: dict[str, Any] = {"type": "case", "submitter_id": "c1", "experiments": {"submitter_id": "e1"}}
SAMPLE: dict[str, Any] = {
    "type": "sample",
    "submitter_id": "s1",
    "cases": [{"submitter_id": "c1"}],
    "composition": "Buffy Coat",
}
ALIQUOT: dict[str, Any] = {"type": "aliquot", "submitter_id": "a1", "samples": {"submitter_id": "s1"}}
READ_GROUP: dict[str, Any] = {"type": "read_group", "submitter_id": "r1", "aliquots": {"submitter_id": "a1"}}
PARENTS: list[dict[str, Any]] = [EXPERIMENT, CASE, SAMPLE, ALIQUOT, READ_GROUP]
METHYLATION: dict[str, Any] = {
    "type": "submitted_methylation",
    "submitter_id": "m1",
    "file_name": "m1.idat",
    "file_size": 1,
    "md5sum": "d41d8cd98f00b204e9800998ecf8427e",
    "data_category": "Methylation Data",
    "data_type": "Methylation Intensity Values",
    "data_format": "IDAT",
}
COPY_NUMBER: dict[str, Any] = {
    **METHYLATION,
    "type": "submitted_copy_number",
    "data_category": "Copy Number Variation",
    "data_type": "Copy Number Estimate",
    "data_format": "TXT",
    "experimental_strategy": "Genotyping Array",
}


def said(validators: Validators, document: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """What the validators say of a document whose parents are good."""
    *parents, complaints = validators.check([*PARENTS, document])
    assert parents == [[]] * len(PARENTS)
    return list(complaints)


def test_good_documents_are_taken(validators: Validators) -> None:
    """With a project that is there because it is named, in any order, and with an optional property that is null."""
    file = {**METHYLATION, "aliquots": {"submitter_id": "a1"}}
    assert validators.check([file, *reversed(PARENTS)]) == [[]] * 6
    assert said(validators, {**SAMPLE, "submitter_id": "s2", "composition": None}) == []


def test_a_value_that_is_not_of_the_list_is_refused(validators: Validators) -> None:
    """By the JSON validator, which tells the list, and none at its end."""
    [(message, keys)] = said(validators, {**SAMPLE, "submitter_id": "s2", "composition": "Buffy coat"})
    assert message.startswith("'Buffy coat' is not one of [") and message.endswith(", None]")
    assert keys == ["composition"]


def test_a_required_link_that_is_missing_is_refused(validators: Validators) -> None:
    """By the JSON validator where the property is required, else by the graph validator."""
    case = {"type": "case", "submitter_id": "c2"}
    assert said(validators, case) == [("'experiments' is a required property", ["experiments"])]
    treatment = {"type": "treatment", "submitter_id": "t1"}
    assert said(validators, treatment) == [("Entity is missing required link to diagnoses", ["diagnoses"])]


def test_a_link_to_nowhere_is_refused(validators: Validators) -> None:
    """Also to a document of the list that isn't good itself."""
    nowhere = ("No link destination found for cases", ["cases"])
    assert said(validators, {**SAMPLE, "cases": {"submitter_id": "c9"}, "submitter_id": "s2"}) == [nowhere]
    [bad, sample] = validators.check([{**CASE, "disease_type": 7}, SAMPLE])
    assert bad and sample == [nowhere]


def test_two_targets_of_a_link_to_one_are_refused(validators: Validators) -> None:
    """By the graph validator."""
    case = {**CASE, "submitter_id": "c2", "experiments": [{"submitter_id": "e1"}, {"submitter_id": "e2"}]}
    *_, complaints = validators.check([EXPERIMENT, {**EXPERIMENT, "submitter_id": "e2"}, case])
    assert complaints == [("'experiments' link has to be many_to_one", ["experiments"])]


def test_a_required_group_of_links_that_is_empty_is_refused(validators: Validators) -> None:
    """By the graph validator, which names all its links."""
    links = ["core_metadata_collections", "aliquots"]
    assert said(validators, METHYLATION) == [(f"Entity is missing a required link to {' or '.join(links)}", links)]


def test_an_exclusive_group_that_is_filled_twice_is_refused(validators: Validators) -> None:
    """Though it stands in another group; either link is fine."""
    aliquot, read_group = {"aliquots": {"submitter_id": "a1"}}, {"read_groups": {"submitter_id": "r1"}}
    assert said(validators, COPY_NUMBER | aliquot) == said(validators, COPY_NUMBER | read_group) == []
    [(message, keys)] = said(validators, COPY_NUMBER | aliquot | read_group)
    assert message.endswith("are exclusive.  More than one was provided.")
    assert keys == ["aliquots", "read_groups"]


@pytest.mark.parametrize("document", [{"type": "nothing"}, {"type": 7}, {"submitter_id": "x"}])
def test_a_document_of_no_known_type_does_not_hide_the_next(validators: Validators, document: dict[str, Any]) -> None:
    """Each document has its own complaints."""
    [[(_, keys)], [(message, _)]] = validators.check([document, {"type": "case", "submitter_id": "c2"}])
    assert (keys, message) == (["type"], "'experiments' is a required property")


def test_the_dictionary_has_all_nodes_and_nulls_where_optional(gen3_environment: Path) -> None:
    """The two nodes of the loader are among them, and the files tell the others."""
    served = served_dictionary()
    nodes = {name for name, entry in served.items() if "links" in entry}
    assert len(nodes) == 30
    assert set(served) - nodes == {"_definitions", "_terms", "_settings", "metaschema"}
    files = {path.stem for path in dictionary_folder().glob("[!_]*.yaml")}
    assert nodes - files == {"root", "data_release"} and files <= nodes
    properties = served["sample"]["properties"]
    assert properties["composition"]["enum"][-1] is None
    assert properties["cases"] == served_dictionary(nulls=False)["sample"]["properties"]["cases"]  # required


def test_without_nulls_only_those_of_the_sources_are_there(gen3_environment: Path) -> None:
    """Everything else is the same."""
    served = served_dictionary(nulls=False)
    assert None not in served["sample"]["properties"]["composition"]["enum"]
    assert set(served) == set(served_dictionary())


def test_the_sdk_runs_in_its_environment(gen3_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a home of its own, and it sees none of our variables."""
    monkeypatch.setenv("GEN3_API_KEY", "mine")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    code = """
        import importlib.metadata, os, sys
        from gen3.submission import Gen3Submission
        print(importlib.metadata.version("gen3"), sys.argv[1:])
        print(sorted(name for name in os.environ if "proxy" in name.lower() or "GEN3" in name), os.listdir())
    """
    done = sdk("if True:" + code, "a b")
    assert (done.stdout.splitlines(), done.returncode) == (["4.28.5 ['a b']", "[] []"], 0), done.stderr


def test_the_sdk_reaches_this_machine_only(gen3_environment: Path) -> None:
    """Whatever it is asked for."""
    done = sdk("import requests; requests.get('http://192.0.2.1/')")
    assert done.returncode == 1
    assert done.stderr.endswith("RuntimeError: Only this machine may be reached, not 192.0.2.1\n")
