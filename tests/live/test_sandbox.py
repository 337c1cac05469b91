"""The sandbox's portal answers as the public one does: statuses, links, dry runs, searches, schemas."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import FOURDN

from live.calls import Calls, calling
from workbook_compiler import api
from workbook_compiler.sandbox import RESET, Running

PROFILES = json.loads((FOURDN / "profiles.json").read_text("utf-8"))
VENDOR = {"title": "Acme & Co", "aliases": ["demo-lab:acme"]}
BIOSOURCE = {"biosource_type": "tissue", "aliases": ["demo-lab:so"]}
HUMAN = PROFILES["IndividualHuman"]["properties"]["organism"]["default"]


def complaints(answer: Any) -> list[tuple[Any, str]]:
    """What a 422 complains of, as pairs of name and description."""
    assert answer.status_code == 422, answer.text
    return [(error["name"], error["description"]) for error in answer.json()["errors"]]


# ---------------------------------------------------------------- who am I


def test_me_is_a_307_with_a_body_and_no_location(submitter: Calls) -> None:
    """The body tells who one is and which labs one submits for."""
    answer = submitter.get("/me")
    assert answer.status_code == 307
    assert "Location" not in answer.headers
    me = answer.json()
    assert (me["email"], me["groups"]) == ("submitter@example.org", ["submitter"])
    assert [lab["@id"] for lab in me["submits_for"]] == ["/labs/demo-lab/"]
    assert me["@id"].startswith("/users/")


def test_the_lab_tells_its_awards(submitter: Calls, owner: dict[str, str]) -> None:
    """What a compiler fills in by itself is found from /me on."""
    assert owner == {"lab": "/labs/demo-lab/", "award": "/awards/SANDBOX-1/"}


@pytest.mark.parametrize("key", [("A", "b"), None])
def test_a_wrong_key_is_401_and_none_is_403(portal: Running, key: tuple[str, str] | None) -> None:
    """Without a key one is nobody, with a wrong one one is refused."""
    with calling(None, portal.server) as nobody:
        nobody.session.auth = key
        assert nobody.get("/me").status_code == (401 if key else 403)


def test_a_lab_one_does_not_submit_for_is_refused(submitter: Calls, admin: Calls, owner: dict[str, str]) -> None:
    """A record can't be given to another's lab."""
    other = admin.stored("/lab", {"name": "other-lab", "title": "Other lab"})
    answer = submitter.post("/vendor", {**VENDOR, **owner, "lab": other["@id"]})
    assert any("is not in user submits_for" in words for _, words in complaints(answer))


# ---------------------------------------------------------------- records


def test_a_record_is_stored_and_found_by_its_alias(submitter: Calls, owner: dict[str, str]) -> None:
    """201, then a redirect from the alias to the record's own address, which is made from its title."""
    made = submitter.stored("/vendor", {**VENDOR, **owner})
    assert made["@id"] == "/vendors/acme-n-co/"
    answer = submitter.get("/demo-lab:acme")
    assert answer.status_code == 301
    assert "/vendors/acme-n-co/" in answer.headers["Location"]
    assert submitter.found("/demo-lab:acme")["uuid"] == made["uuid"]


def test_the_cheap_existence_test(submitter: Calls, owner: dict[str, str]) -> None:
    """``@@validation-errors`` tells whether an alias is there."""
    assert submitter.get("/demo-lab:acme/@@validation-errors").status_code == 404
    submitter.stored("/vendor", {**VENDOR, **owner})
    assert submitter.get("/demo-lab:acme/@@validation-errors").json()["@id"] == "/vendors/acme-n-co/"


def test_render_uuid_answers_with_the_uuid_alone(submitter: Calls, owner: dict[str, str]) -> None:
    """The graph holds an address and no record."""
    (made,) = submitter.post("/vendor?render=uuid", {**VENDOR, **owner}).json()["@graph"]
    assert submitter.found("/demo-lab:acme")["uuid"] == made.strip("/")


def test_a_patch_changes_and_delete_fields_removes(submitter: Calls, owner: dict[str, str]) -> None:
    """A property that isn't named stays; a deleted one is gone."""
    submitter.stored("/vendor", {**VENDOR, **owner, "description": "glass"})
    assert submitter.patch("/demo-lab:acme", {"url": "https://example.org"}).status_code == 200
    answer = submitter.patch("/demo-lab:acme?delete_fields=description", {})
    assert answer.status_code == 200
    record = submitter.found("/demo-lab:acme?frame=object")
    assert record["url"] == "https://example.org"
    assert "description" not in record


def test_a_taken_alias_is_a_conflict(submitter: Calls, owner: dict[str, str]) -> None:
    """409, and the detail names the keys."""
    submitter.stored("/vendor", {**VENDOR, **owner})
    answer = submitter.post("/vendor", {**VENDOR, **owner})
    assert answer.status_code == 409
    assert "('alias', 'demo-lab:acme')" in answer.json()["detail"]


def test_the_same_content_twice_is_a_conflict(submitter: Calls, owner: dict[str, str]) -> None:
    """A file's checksum is a key among the aliases."""
    file = {**owner, "file_format": "fastq", "md5sum": "0" * 32}
    submitter.stored("/file_fastq", file)
    assert f"('alias', 'md5:{'0' * 32}')" in submitter.post("/file_fastq", file).json()["detail"]


def test_what_is_not_json_is_400(submitter: Calls) -> None:
    """A broken body is told from an invalid record."""
    answer = submitter("POST", "/vendor", data="{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/experiment", "/nothing"])
def test_an_abstract_or_unknown_type_takes_no_records(submitter: Calls, path: str) -> None:
    """404 for both."""
    assert submitter.post(path, {}).status_code == 404


def test_what_only_admins_may_set_is_refused(submitter: Calls, owner: dict[str, str]) -> None:
    """A submitter may not say the status."""
    answer = submitter.post("/vendor", {**VENDOR, **owner, "status": "released"})
    assert ("Schema: status", "permission 'import_items' required") in complaints(answer)


def test_an_incomplete_record_is_422_even_for_nobody(portal: Running) -> None:
    """The schema is looked at before the permission."""
    with calling(None, portal.server) as nobody:
        answer = nobody.post("/vendor", {})
    assert ("Schema: ", "'title' is a required property") in complaints(answer)


def test_an_attachment_is_looked_into(submitter: Calls, owner: dict[str, str]) -> None:
    """Its content travels in the record, and must be what its name says."""
    image = {"download": "gel.png", "type": "image/png", "href": "images/gel.png"}
    answer = submitter.post("/image", {**owner, "attachment": image})
    assert (["attachment", "href"], "Expected data URI.") in complaints(answer)
    answer = submitter.post("/image", {**owner, "attachment": {**image, "href": "data:image/png;base64,bm90IGEgcG5n"}})
    assert any("Incorrect file type" in words for _, words in complaints(answer))


# ---------------------------------------------------------------- links


def test_a_link_to_nothing_is_told_twice(submitter: Calls, owner: dict[str, str]) -> None:
    """Once without a path and once with it."""
    answer = submitter.post("/biosample", {**owner, "biosource": ["demo-lab:none"]})
    assert complaints(answer) == [
        ("Schema: ", "Unable to resolve link: /Biosource/demo-lab:none"),
        ("Schema: biosource.0", "'demo-lab:none' not found"),
    ]


def test_a_link_to_another_type_names_the_uuid(submitter: Calls, owner: dict[str, str]) -> None:
    """What the body says has been resolved by then."""
    vendor = submitter.stored("/vendor", {**VENDOR, **owner})
    answer = submitter.post("/biosample", {**owner, "biosource": ["demo-lab:acme"]})
    assert ("Schema: biosource.0", f"{vendor['uuid']!r} is not of type 'Biosource'") in complaints(answer)


def test_a_link_may_be_abstract_and_a_child_of_a_concrete_type_counts(submitter: Calls, owner: dict[str, str]) -> None:
    """``@type`` is the class chain."""
    human = submitter.stored("/individual_human", {**owner, "aliases": ["demo-lab:in"]})
    assert human["@type"] == ["IndividualHuman", "Individual", "Item"]
    assert human["organism"] == "/organisms/9606/"
    source = submitter.stored("/biosource", {**BIOSOURCE, **owner, "individual": "demo-lab:in"})
    assert source["individual"] == human["@id"]
    made = submitter.stored("/experiment_set_replicate", {**owner, "description": "x"})
    assert made["@type"] == ["ExperimentSetReplicate", "ExperimentSet", "Item"]


@pytest.mark.parametrize(
    "link", ["in-situ-hi-c", "/experiment-types/in-situ-hi-c/", "/experiment_type/in-situ-hi-c", "uuid"]
)
def test_a_link_by_natural_key_path_or_uuid(submitter: Calls, owner: dict[str, str], link: str) -> None:
    """All of them lead to the same record."""
    uuid = submitter.found("/experiment-types/in-situ-hi-c/")["uuid"]
    body = {**owner, "experiment_type": uuid if link == "uuid" else link, "biosample": "demo-lab:none"}
    assert not any("experiment_type" in str(name) for name, _ in complaints(submitter.post("/experiment_hi_c", body)))


# ---------------------------------------------------------------- dry runs


def test_a_dry_run_stores_nothing_and_sees_no_conflict(submitter: Calls, owner: dict[str, str]) -> None:
    """``check_only`` says success even for an alias that is taken."""
    for _ in range(2):
        answer = submitter.post("/vendor?check_only=true", {**VENDOR, **owner})
        assert (answer.status_code, answer.json()["status"]) == (200, "success")
        assert "@graph" not in answer.json()
    assert submitter.get("/demo-lab:acme").status_code == 404
    submitter.stored("/vendor", {**VENDOR, **owner})
    assert submitter.post("/vendor?check_only=true", {**VENDOR, **owner}).status_code == 200


def test_a_dry_run_can_leave_links_out(submitter: Calls, owner: dict[str, str]) -> None:
    """``skip_links`` lets a link to a record to come pass, and nothing else."""
    body = {**owner, "biosource": ["demo-lab:to-come"]}
    assert submitter.post("/biosample?check_only=true", body).status_code == 422
    assert submitter.post("/biosample?check_only=true&skip_links=true", body).status_code == 200
    answer = submitter.post("/biosample?check_only=true&skip_links=true", {**body, "dbxrefs": "x"})
    assert complaints(answer)
    assert submitter.post("/biosample?skip_links=true", body).status_code == 400


# ---------------------------------------------------------------- search


def test_many_aliases_are_looked_up_in_one_search(submitter: Calls, owner: dict[str, str]) -> None:
    """Those that are there are told with the fields asked for."""
    uuids = {}
    for number in range(3):
        vendor = {**owner, "title": f"Vendor {number}", "aliases": [f"demo-lab:v{number}"]}
        uuids[f"demo-lab:v{number}"] = submitter.stored("/vendor", vendor)["uuid"]
    aliases = "&".join(f"aliases=demo-lab:v{number}" for number in (0, 2, 9))
    answer = submitter.get(f"/search/?type=Vendor&{aliases}&field=aliases&field=uuid&field=@id&limit=all")
    assert answer.status_code == 200
    assert [(hit["aliases"], hit["uuid"], hit["@id"], hit["@type"][0]) for hit in answer.json()["@graph"]] == [
        ([alias], uuids[alias], f"/vendors/vendor-{alias[-1]}/", "Vendor") for alias in ("demo-lab:v0", "demo-lab:v2")
    ]


def test_a_search_without_a_hit_is_404_with_an_empty_graph(submitter: Calls) -> None:
    """So says the public portal too."""
    answer = submitter.get("/search/?type=Vendor&aliases=demo-lab:none")
    assert (answer.status_code, answer.json()["@graph"]) == (404, [])


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("type=FileFormat&valid_item_types=FileFastq", ["fastq"]),
        ("type=Item&file_format=fastq", ["fastq"]),
        ("type=FileFormat&file_format!=fastq&standard_file_extension=fasta.gz", ["fasta"]),
        ("type=FileFormat&file_format=fastq&file_format=fasta&limit=1", ["fastq"]),
        ("type=FileFormat&file_format=fastq&file_format=fasta&from=1", ["fasta"]),
        ("type=FileFormat&lab.awards.name=SANDBOX-1&valid_item_types=FileFastq", ["fastq"]),
        ("type=FileFormat&@id=/file-formats/fastq/", ["fastq"]),
    ],
)
def test_a_search_by_property(submitter: Calls, query: str, keys: list[str]) -> None:
    """Lists, several values, negation, links and types above are understood."""
    graph = submitter.get(f"/search/?{query}&field=file_format").json()["@graph"]
    assert [hit["file_format"] for hit in graph] == keys


def test_a_search_tells_nested_fields_and_abstract_types(submitter: Calls, owner: dict[str, str]) -> None:
    """A field across a link is told inside it; a type stands for those below it."""
    made = submitter.stored("/individual_human", {**owner, "sex": "female"})
    query = f"type=Individual&accession={made['accession']}&field=organism.name&field=lab.title&field=sex"
    (hit,) = submitter.get(f"/search/?{query}").json()["@graph"]
    assert hit["@type"][0] == "IndividualHuman"
    assert (hit["organism"], hit["lab"], hit["sex"]) == ({"name": "human"}, {"title": "Demo lab"}, "female")


@pytest.mark.parametrize("query", ["type=Nothing", "type=Vendor&limit=few", "q=hello"])
def test_a_search_that_makes_no_sense_is_400(submitter: Calls, query: str) -> None:
    """It isn't taken for another one."""
    assert submitter.get(f"/search/?{query}").status_code == 400


def test_a_search_shows_nobody_the_users(portal: Running) -> None:
    """What one may not see isn't found."""
    with calling(None, portal.server) as nobody:
        assert nobody.get("/search/?type=User&field=email").json()["@graph"] == []


# ---------------------------------------------------------------- schemas


def test_the_schemas_are_served_as_they_were_given(portal: Running, submitter: Calls) -> None:
    """Byte for byte, with a mark; one by either name."""
    answer = submitter.get("/profiles/")
    assert answer.content == (FOURDN / "profiles.json").read_bytes()
    again = submitter.get("/profiles/", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ExperimentHiC", "experiment_hi_c"):
        assert submitter.get(f"/profiles/{name}.json").json() == PROFILES["ExperimentHiC"]
    assert submitter.get("/profiles/Nothing.json").status_code == 404


def test_the_schemas_can_be_pulled(portal: Running, tmp_path: Any) -> None:
    """``wbc schemas pull --server`` makes a snapshot of them, and sees that nothing has changed since."""
    folder, changed = api.pull_schema("4dn", portal.server, tmp_path / "snapshot")
    assert changed
    assert (folder / "profiles.json").read_bytes() == (FOURDN / "profiles.json").read_bytes()
    assert api.pull_schema("4dn", portal.server, folder) == (folder, False)


# ---------------------------------------------------------------- the state


def test_a_reset_forgets_and_only_an_admin_may(submitter: Calls, admin: Calls, owner: dict[str, str]) -> None:
    """The records that workbooks take for granted stay."""
    submitter.stored("/vendor", {**VENDOR, **owner})
    assert submitter.post(RESET, {}).status_code == 403
    assert submitter.get("/demo-lab:acme").status_code == 301
    assert admin.post(RESET, {}).status_code == 200
    assert submitter.get("/demo-lab:acme").status_code == 404
    assert submitter.found("/organisms/9606/")["uuid"] == HUMAN
    assert submitter.stored("/vendor", {**VENDOR, **owner})["title"] == VENDOR["title"]
