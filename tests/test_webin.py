"""The Webin server of the tests behaves as ENA's documentation, converter and published receipts say (``facts/ena.md``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import requests
from live.proxy import Fault, answers, cut_after, cut_before, drips, garbles
from lxml import etree
from webin import (
    EXISTS,
    HELD_BACK,
    TEST,
    UNTIED,
    Webin,
    in_two_years,
    never_ready,
    points_to,
    polls,
    queues,
    refuses,
    restarts,
    submits,
    webin,
)
from webin_rules import convert, key_table

Document = dict[str, Any]
ADD, MODIFY, VALIDATE = ({"type": name} for name in ("ADD", "MODIFY", "VALIDATE"))
PROJECT = {
    "alias": "gut",
    "title": "A title of twenty characters",
    "description": "What was done with twenty gut samples.",
    "sequencingProject": {},
}
SAMPLE = {"alias": "stool", "title": "Stool", "organism": {"taxonId": 408170}}
EXPERIMENT = {
    "alias": "exp",
    "study": {"alias": "gut"},
    "samples": [{"alias": "stool"}],
    "designDescription": "",
    "libraryDescriptor": {
        "libraryName": "lib",
        "libraryStrategy": "WGS",
        "librarySource": "METAGENOMIC",
        "librarySelection": "RANDOM",
        "libraryLayout": "PAIRED",
    },
    "instrumentPlatform": "ILLUMINA",
    "instrumentModel": "NextSeq 500",
}
FILE = {
    "fileName": "a.fastq.gz",
    "fileType": "fastq",
    "checksumMethod": "MD5",
    "checksum": "9b8932f85caa54e687eba62fca3edce2",
}
RUN = {"alias": "run", "experiment": {"alias": "exp"}, "files": [FILE]}
COHORT = {"projects": [PROJECT], "samples": [SAMPLE], "experiments": [EXPERIMENT], "runs": [RUN]}


@pytest.fixture
def folder(shared_data: Path) -> Path:
    """ENA's own key table and XSDs."""
    return shared_data / "ena"


@pytest.fixture
def ena(folder: Path) -> Iterator[Webin]:
    with webin(folder) as served:
        yield served


@pytest.fixture
def slow(folder: Path) -> Iterator[Webin]:
    """A queued document waits for two polls."""
    with webin(folder, slow=2) as served:
        yield served


def document(*actions: Document, alias: str = "sub-1", **sets: Any) -> Document:
    return {"submission": {"alias": alias, "actions": list(actions or (ADD,))}, **sets}


def call(ena: Webin, method: str, url: str, **options: Any) -> requests.Response:
    return requests.request(method, url, timeout=20, **{"auth": (ena.user, ena.password), **options})


def post(ena: Webin, body: Document, path: str = "submit", **options: Any) -> requests.Response:
    return call(ena, "POST", f"{ena.server}/{path}", json=body, **options)


def receipt(ena: Webin, *actions: Document, **told: Any) -> Document:
    """What the server says of a JSON document."""
    answer = post(ena, document(*actions, **told))
    assert answer.status_code == 200
    return answer.json()


def errors(ena: Webin, *actions: Document, **told: Any) -> list[str]:
    """The error lines of a document that must be refused, and must change nothing."""
    before = deepcopy(ena.objects)
    said = receipt(ena, *actions, **told)
    assert (said["success"], ena.objects) == (False, before)
    return said["messages"]["error"]


def queued(ena: Webin, body: Document) -> str:
    """The poll link of a document."""
    return post(ena, body, "submit/queue").json()["_links"]["poll"]["href"]


def sample(alias: str = "stool", **more: Any) -> Document:
    return {**SAMPLE, "alias": alias, **more}


def act(name: str, target: str = "", until: str = "") -> Document:
    return {"type": name, **({"target": target} if target else {}), **({"holdUntilDate": until} if until else {})}


def as_xml(body: Document, folder: Path) -> bytes:
    root = etree.Element("WEBIN")
    root.extend(convert(body, key_table(folder)).values())
    return etree.tostring(root)


def test_a_cohort_is_registered_and_each_object_gets_its_accession(ena: Webin) -> None:
    """One document holds all types, which name each other by alias; the receipt has the accessions and what goes with them."""
    said = receipt(ena, **COHORT)
    assert (said["success"], said["actions"], "error" in said["messages"]) == (True, ["ADD"], False)
    assert said["messages"]["info"][-1] == TEST
    (project,), (stool,), (exp,), (run,) = (said[name] for name in COHORT)
    assert project["accession"].startswith("PRJEB")
    assert (project["externalAccession"]["id"][:3], project["externalAccession"]["db"]) == ("ERP", "study")
    assert stool["accession"].startswith("ERS")
    assert (stool["externalAccession"]["id"][:5], stool["externalAccession"]["db"]) == ("SAMEA", "biosample")
    assert (exp["accession"][:3], run["accession"][:3], said["submission"]["accession"][:3]) == ("ERX", "ERR", "ERA")
    assert {key: entry["accession"] for key, entry in ena.objects.items()} == {
        ("project", "gut"): project["accession"],
        ("sample", "stool"): stool["accession"],
        ("experiment", "exp"): exp["accession"],
        ("run", "run"): run["accession"],
    }


def test_xml_is_registered_as_json_is(ena: Webin, folder: Path) -> None:
    """The same endpoint takes ``<WEBIN>``, answers it in XML as the receipt's XSD has it, and in JSON when asked to."""
    xml = {"Content-Type": "application/xml"}
    answer = call(ena, "POST", f"{ena.server}/submit", data=as_xml(document(**COHORT), folder), headers=xml)
    root = etree.fromstring(answer.content)
    assert etree.XMLSchema(file=str(folder / "xsd" / "SRA.receipt.xsd")).validate(root)
    assert (root.get("success"), root.find("SAMPLE").get("alias"), root.find("SAMPLE/EXT_ID").get("type")) == (
        "true",
        "stool",
        "biosample",
    )
    body = as_xml(document(alias="sub-2", **COHORT), folder)
    headers = {**xml, "Accept": "application/json"}
    assert call(ena, "POST", f"{ena.server}/submit", data=body, headers=headers).json()["success"] is False


def test_who_does_not_say_the_password_hears_401(ena: Webin) -> None:
    """Every address wants basic authentication."""
    assert post(ena, document(), auth=None).status_code == 401
    assert post(ena, document(), auth=(ena.user, "another")).status_code == 401
    assert call(ena, "GET", f"{ena.server}/submit/poll/ERA1", auth=None).status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{", "application/json", 400),
        (b"<WEBIN>", "application/xml", 400),
        (b"<SET/>", "application/xml", 400),
        (b"<WEBIN><SAMPLE_SET/></WEBIN>", "application/xml", 400),
        (b"{}", "application/json", 500),
        (json.dumps(document(samples=[sample(descr="wrong")])).encode(), "application/json", 500),
        (json.dumps(document({"type": "add"})).encode(), "application/json", 500),
    ],
)
def test_what_cannot_be_read_gets_no_receipt(ena: Webin, body: bytes, kind: str, status: int) -> None:
    """Unknown keys are HTTP 500 without a word about the row; broken documents 400, other formats 415."""
    for path in ("submit", "submit/queue"):
        answer = call(ena, "POST", f"{ena.server}/{path}", data=body, headers={"Content-Type": kind})
        assert answer.status_code == status


def test_a_document_of_more_than_15_mb_is_refused(ena: Webin) -> None:
    """The limit counts bytes, and is the same for the queue."""
    assert ena.most_bytes == 15_000_000
    ena.most_bytes = len(json.dumps(document(samples=[sample()])).encode())
    for path in ("submit", "submit/queue"):
        assert post(ena, document(samples=[sample("longer")]), path).status_code == 413
    assert post(ena, document(samples=[sample()])).status_code == 200


def test_what_the_xsds_refuse_is_http_200_in_three_wordings(ena: Webin) -> None:
    """HTTP 200 is no success: a sample with a description is refused (trap 4), and told in each wording in turn."""
    wrong = [sample(f"s{n}", description="It comes too early") for n in range(3)]
    first, second, third = errors(ena, samples=[*wrong, sample("fine")])
    assert first.startswith('In sample, alias: "s0". Element')
    assert second.startswith('In sample, alias:"s1", accession:"". Element')
    assert third.startswith("Sample: s2; Attribute: DESCRIPTION; Reason: Element")


def test_the_xsds_can_be_told_without_an_alias(ena: Webin) -> None:
    """Live receipts have lines that name no object."""
    ena.wordings = (UNTIED,)
    (line,) = errors(ena, samples=[sample(description="It comes too early")])
    assert line.startswith("Failed to validate sample xml, error: Element")


def test_one_document_is_one_transaction(ena: Webin) -> None:
    """One row that exists already rolls back all others; the receipt has every alias and no accession."""
    old = receipt(ena, samples=[sample("old")])["samples"][0]["accession"]
    said = receipt(ena, alias="sub-2", samples=[sample("new"), sample("old")])
    assert said["success"] is False
    assert said["messages"]["error"] == [f'In sample, alias: "old". {EXISTS.format(old)}']
    assert "Submission has been rolled back." in said["messages"]["info"]
    assert [(line["alias"], "accession" in line) for line in said["samples"]] == [("new", False), ("old", False)]
    assert list(ena.objects) == [("sample", "old")]


def test_an_alias_stands_once_in_a_document(ena: Webin) -> None:
    """Two rows of one alias are refused."""
    (line,) = errors(ena, samples=[sample(), sample()])
    assert line.startswith("The sample alias (stool) found more than once")


def test_modify_puts_the_whole_object_in_the_place_of_the_old(ena: Webin) -> None:
    """By alias or accession; what isn't sent is gone, the accession stays. An unknown one is an error."""
    known = receipt(ena, samples=[sample(attributes=[{"tag": "depth", "value": "1"}])])["samples"][0]["accession"]
    said = receipt(ena, MODIFY, alias="sub-2", samples=[sample(title="Another")])
    assert said["samples"][0]["accession"] == known
    assert "Another" in ena.objects["sample", "stool"]["xml"]
    assert "depth" not in ena.objects["sample", "stool"]["xml"]
    by_accession = {**sample(title="A third"), "alias": "", "accession": known}
    assert receipt(ena, MODIFY, alias="sub-3", samples=[by_accession])["samples"][0]["accession"] == known
    (line,) = errors(ena, MODIFY, alias="sub-4", samples=[sample("unknown")])
    assert line.startswith('In sample, alias: "unknown". ')


def test_objects_need_one_of_add_and_modify(ena: Webin) -> None:
    """An action covers the document, so it has one of them."""
    assert errors(ena, ADD, MODIFY, samples=[sample()])
    assert errors(ena, VALIDATE, samples=[sample()])


def test_a_reference_is_in_the_document_or_in_the_account(ena: Webin) -> None:
    """By alias or accession, also an external one; what isn't there is named in the line."""
    lines = errors(ena, experiments=[EXPERIMENT])
    assert lines == [
        'In experiment, alias: "exp", In study reference, alias: "gut". Failed to find referenced study, alias "gut".',
        'In experiment, alias: "exp", In sample reference, alias: "stool". Failed to find referenced sample, alias "stool".',
    ]
    said = receipt(ena, alias="sub-2", projects=[PROJECT], samples=[SAMPLE])
    told = {
        "study": {"accession": said["projects"][0]["accession"]},
        "samples": [{"accession": said["samples"][0]["externalAccession"]["id"]}],
    }
    assert receipt(ena, alias="sub-3", experiments=[{**EXPERIMENT, **told}])["success"]
    assert ena.objects["experiment", "exp"]["needs"] == [("project", "gut"), ("sample", "stool")]
    wrong = {"study": {"accession": said["samples"][0]["accession"]}}
    (line,) = errors(ena, alias="sub-4", experiments=[{**EXPERIMENT, "alias": "other", **wrong}])
    assert line.endswith(f'Failed to find referenced study, accession "{wrong["study"]["accession"]}".')


def test_validate_stores_nothing(ena: Webin) -> None:
    """With ADD or MODIFY everything is checked, and the receipt has no accession; the submission's alias stays free."""
    said = receipt(ena, ADD, VALIDATE, **COHORT)
    assert (said["success"], said["submission"], ena.objects) == (True, {"alias": "sub-1"}, {})
    assert [line.get("accession") for name in COHORT for line in said[name]] == [None] * 4
    assert errors(ena, ADD, VALIDATE, experiments=[EXPERIMENT])
    receipt(ena, **COHORT)
    assert errors(ena, ADD, VALIDATE, alias="sub-2", samples=[SAMPLE])
    before = deepcopy(ena.objects)
    assert receipt(ena, MODIFY, VALIDATE, alias="sub-3", samples=[sample(title="Another")])["success"]
    assert ena.objects == before


def test_hold_dates_what_has_a_date_of_its_own(ena: Webin) -> None:
    """A date for projects and samples, two years without one; experiments and runs follow their study."""
    last = in_two_years().isoformat()
    said = receipt(ena, ADD, act("HOLD", until=last), **COHORT)
    assert HELD_BACK in said["messages"]["info"]
    assert [said[name][0].get("holdUntilDate") for name in COHORT] == [f"{last}Z", f"{last}Z", None, None]
    receipt(ena, ADD, act("HOLD"), alias="sub-2", samples=[sample("other")])
    assert ena.objects["sample", "other"]["holdUntilDate"] == last


def test_nothing_is_held_for_more_than_two_years(ena: Webin) -> None:
    """A later date refuses the document."""
    late = in_two_years().replace(year=in_two_years().year + 1, day=1).isoformat()
    (line,) = errors(ena, ADD, act("HOLD", until=late), samples=[SAMPLE])
    assert late in line


def test_release_makes_public_with_all_that_follows(ena: Webin) -> None:
    """Of the whole document with ADD, of one object with a target; what is public is neither held nor cancelled."""
    receipt(ena, ADD, act("RELEASE"), samples=[sample("public")])
    assert ena.objects["sample", "public"]["status"] == "PUBLIC"
    project = receipt(ena, alias="sub-2", **COHORT)["projects"][0]["accession"]
    assert receipt(ena, act("RELEASE", project), alias="sub-3")["success"]
    assert [ena.objects[key]["status"] for key in [("project", "gut"), ("experiment", "exp"), ("run", "run")]] == [
        "PUBLIC"
    ] * 3
    assert ena.objects["sample", "stool"]["status"] == "PRIVATE"
    for number, name in enumerate(("HOLD", "CANCEL")):
        (line,) = errors(ena, act(name, project), alias=f"sub-{number + 4}")
        assert line.startswith('In project, alias: "gut". ')


def test_hold_and_cancel_reach_a_target(ena: Webin) -> None:
    """HOLD gives it another date; CANCEL takes the experiments and runs of a study with it. An unknown one is an error."""
    said = receipt(ena, **COHORT)
    project, tomorrow = said["projects"][0]["accession"], in_two_years().replace(day=1).isoformat()
    receipt(ena, act("HOLD", project, tomorrow), alias="sub-2")
    assert ena.objects["project", "gut"]["holdUntilDate"] == tomorrow
    receipt(ena, act("CANCEL", project), alias="sub-3")
    cancelled = [key[0] for key, entry in ena.objects.items() if entry["status"] == "CANCELLED"]
    assert sorted(cancelled) == ["experiment", "project", "run"]
    assert errors(ena, act("CANCEL", "PRJEB1"), alias="sub-4")
    assert errors(ena, act("KILL", project), alias="sub-5")


def test_a_submission_alias_is_used_once_and_gives_the_receipt_again(ena: Webin) -> None:
    """The same document again is refused for its own alias; RECEIPT with that alias says what the first answer said."""
    first = receipt(ena, samples=[SAMPLE])
    (line,) = errors(ena, samples=[SAMPLE])
    assert line == f'In submission, alias: "sub-1". {EXISTS.format(first["submission"]["accession"])}'
    assert receipt(ena, act("RECEIPT", "sub-1"), alias="ask") == first
    assert errors(ena, act("RECEIPT", "sub-9"), alias="ask")


def test_a_refused_document_leaves_its_alias_free(ena: Webin) -> None:
    """Only what was stored uses an alias up."""
    assert errors(ena, experiments=[EXPERIMENT])
    assert receipt(ena, **COHORT)["success"]


def test_the_queue_answers_202_until_the_work_is_done(slow: Webin) -> None:
    """The first answer has an id and a link; polls are empty, then the receipt; its submission has that id."""
    answer = post(slow, document(**COHORT), "submit/queue").json()
    assert answer["submissionAccountId"] == slow.user
    link = answer["_links"]["poll"]["href"]
    assert link == f"{slow.server}/submit/poll/{answer['submissionId']}"
    for _ in range(2):
        waiting = call(slow, "GET", link)
        assert (waiting.status_code, waiting.content, slow.objects) == (202, b"", {})
    done = call(slow, "GET", link)
    assert (done.status_code, done.json()["success"]) == (200, True)
    assert done.json()["submission"]["accession"] == answer["submissionId"]
    assert call(slow, "GET", link, headers={"Accept": "application/xml"}).content.startswith(b"<RECEIPT")
    assert call(slow, "GET", f"{slow.server}/submit/poll/ERA0").status_code == 400


def test_the_queue_is_worked_off_in_order(slow: Webin) -> None:
    """Time passes with posts too: a document nobody asks for is done before a later one."""
    queued(slow, document(projects=[PROJECT], samples=[SAMPLE]))
    link = queued(slow, document(alias="sub-2", experiments=[EXPERIMENT]))
    assert [call(slow, "GET", link).status_code for _ in range(3)] == [202, 202, 200]
    assert call(slow, "GET", link).json()["success"]


def test_poll_links_have_an_older_form(ena: Webin) -> None:
    """A list of links by format."""
    ena.older_links = True
    links = post(ena, document(**COHORT), "submit/queue").json()["links"]
    assert [link["rel"] for link in links] == ["poll-json", "poll-xml"]
    assert call(ena, "GET", links[0]["href"]).json()["success"]
    assert call(ena, "GET", links[1]["href"]).content.startswith(b"<RECEIPT")


@pytest.mark.parametrize(("what", "stored"), [(cut_before, 0), (cut_after, 1)])
def test_an_answer_is_lost_before_or_after_storing(ena: Webin, what: Any, stored: int) -> None:
    """Who asked can't tell which it was; RECEIPT can."""
    ena.faults.append(Fault(submits, what, times=1))
    with pytest.raises(requests.ConnectionError):
        post(ena, document(samples=[SAMPLE]))
    assert (len(ena.objects), len(ena.posts)) == (stored, stored)
    assert receipt(ena, act("RECEIPT", "sub-1"), alias="ask")["success"] is bool(stored)


def test_a_lost_answer_of_the_queue_is_worked_off_all_the_same(slow: Webin) -> None:
    """The document waits without anyone knowing its id, and is done when the queue comes to it."""
    slow.faults.append(Fault(queues, cut_after, times=1))
    with pytest.raises(requests.ConnectionError):
        post(slow, document(samples=[SAMPLE]), "submit/queue")
    asked = [receipt(slow, act("RECEIPT", "sub-1"), alias="ask")["success"] for _ in range(2)]
    assert asked == [False, True]


def test_faults_answer_instead_of_the_server(ena: Webin) -> None:
    """Status codes, garbage, a receipt as given, drops: what the test says."""
    line = 'In run, alias: "run". File "a.fastq.gz" does not exist in the upload area.'
    ena.faults += [
        Fault(1, answers(500)),
        Fault(2, answers(503, Retry_After="1")),
        Fault(3, refuses(line)),
        Fault(4, garbles),
        Fault(5, drips(0.01)),
    ]
    assert [post(ena, document()).status_code for _ in range(2)] == [500, 503]
    refused = receipt(ena, **COHORT)
    assert (refused["success"], refused["messages"]["error"], ena.objects) == (False, [line], {})
    with pytest.raises(requests.JSONDecodeError):
        post(ena, document(**COHORT)).json()
    assert len(ena.objects) == 4
    assert receipt(ena, act("RECEIPT", "sub-1"), alias="ask")["success"]
    assert [post.path for post in ena.posts] == ["/ena/submit/webin-v2/submit"] * 2
    assert ena.count("POST") == 5


def test_a_poll_may_never_be_ready(ena: Webin) -> None:
    """Though the work is done."""
    ena.faults.append(Fault(polls, never_ready))
    link = queued(ena, document(samples=[SAMPLE]))
    assert {call(ena, "GET", link).status_code for _ in range(5)} == {202}
    assert len(ena.objects) == 1


@pytest.mark.parametrize(("keeps", "statuses"), [(True, [202, 202, 200]), (False, [400, 400, 400])])
def test_a_restart_keeps_the_queue_or_loses_it(slow: Webin, keeps: bool, statuses: list[int]) -> None:
    """The connection breaks; afterwards the document is worked off, or nobody knows of it."""
    link = queued(slow, document(samples=[SAMPLE]))
    slow.faults.append(Fault(polls, restarts(slow, keeps=keeps), times=1))
    with pytest.raises(requests.ConnectionError):
        call(slow, "GET", link)
    assert [call(slow, "GET", link).status_code for _ in range(3)] == statuses
    assert len(slow.objects) == keeps


def test_a_poll_link_may_point_elsewhere(ena: Webin) -> None:
    """To a host that must not hear the password."""
    ena.faults.append(Fault(queues, points_to("https://elsewhere.example")))
    assert queued(ena, document(samples=[SAMPLE])).startswith(
        "https://elsewhere.example/ena/submit/webin-v2/submit/poll/ERA"
    )
