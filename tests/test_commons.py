"""The commons of the tests' own answers what a real sheepdog 5.2.4 was recorded to answer, and keeps its rules."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from commons import BASE, Commons, commits, commons, expires, exports, uploads
from live.proxy import Fault, answers, cut_after, cut_before

UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OWN = ["33333333-3333-4333-8333-001795197872", "e691a409-b7cf-59c8-8354-14b86bcea78a"]
"""The ids that are no chance: the submitter's own, and the program's, which is made of its name."""
PROJECT = {"type": "project", "code": "GOLD", "name": "GOLD", "dbgap_accession_number": "GOLD"}
Call = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def served_dictionary() -> Mapping[str, Any]:
    """The dictionary that was recorded with, as a commons serves it."""
    from gen3_witness import served_dictionary as served

    return served()


@pytest.fixture(scope="module")
def recorded(shared_data: Path) -> list[dict[str, Any]]:
    """The exchanges with a real sheepdog, in their order."""
    lines = (shared_data / "gen3" / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def gen3(served_dictionary: Mapping[str, Any]) -> Iterator[Commons]:
    """A commons with the program P1, the project GOLD and an experiment in it."""
    with commons(served_dictionary) as server:
        _ask(server, "PUT", "/", {"type": "program", "name": "P1", "dbgap_accession_number": "P1"})
        _ask(server, "PUT", "/P1", PROJECT)
        _ask(server, "PUT", "/P1/GOLD", {"type": "experiment", "submitter_id": "e1", "projects": {"code": "GOLD"}})
        yield server


def _ask(server: Commons, method: str, path: str, body: Any = None, token: str | None = None) -> requests.Response:
    known = {"Authorization": f"bearer {server.token() if token is None else token}"}
    return requests.request(method, server.url + BASE + path, json=body, headers=known, timeout=30)


@pytest.fixture
def call(gen3: Commons) -> Call:
    return lambda *told, **more: _ask(gen3, *told, **more)


def case(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "case", "submitter_id": name, "experiments": {"submitter_id": "e1"}, **more}


def sample(name: str, of: str = "c1", **more: Any) -> dict[str, Any]:
    return {"type": "sample", "submitter_id": name, "cases": {"submitter_id": of}, **more}


def aliquot(name: str, *of: str) -> dict[str, Any]:
    return {"type": "aliquot", "submitter_id": name, "samples": [{"submitter_id": one} for one in of]}


def file(label: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A file of a type, without links: the first value where there is a choice."""
    made = {"type": label, "submitter_id": "f1", "file_name": "a", "file_size": 1, "md5sum": "0" * 32}
    chosen = ("data_category", "data_type", "data_format", "experimental_strategy")
    return made | {name: properties[name].get("enum", ["x"])[0] for name in chosen if name in properties}


def told(answer: requests.Response) -> list[tuple[str, list[str], str]]:
    """What an answer says of its entities' errors: type, keys and message."""
    errors = [one for entity in answer.json()["entities"] for one in entity["errors"]]
    return [(one["type"], one["keys"], one["message"]) for one in errors]


# ---------------------------------------------------------------- what was recorded


class Names:
    """Names for the ids of one side, so that two sides can be told to say the same."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}
        self.first: int | None = None

    def scrubbed(self, body: Any) -> Any:
        """A body with names for its ids, its transaction counted from the first, and exported rows in an order without ids."""
        if isinstance(body, str):
            header, *rows = body.splitlines(keepends=True)
            body = [header, *sorted(rows, key=lambda row: UUID.sub("", row))]
        elif "data" in body:
            body = {"data": sorted(body["data"], key=lambda one: one["submitter_id"])}
        elif "transaction_id" in body:
            self.first = self.first if self.first is not None else body["transaction_id"]
            body = {**body, "transaction_id": body["transaction_id"] - self.first}
        return json.loads(UUID.sub(self._name, json.dumps(body, sort_keys=True)))

    def _name(self, found: re.Match[str]) -> str:
        return self.ids.setdefault(found[0], f"uuid {len(self.ids) + 1}")

    def translated(self, text: str, other: Names) -> str:
        """A text of this side with the ids of the other."""
        theirs = {name: one for one, name in other.ids.items()}
        return UUID.sub(lambda found: theirs[self.ids[found[0]]], text)


def test_recorded_exchanges(recorded: list[dict[str, Any]], served_dictionary: Mapping[str, Any]) -> None:
    """Each recorded request, one after the other, is answered as it was: status, headers and body."""
    was, now, different = Names(), Names(), []
    with commons(served_dictionary) as server:
        _ask(server, "PUT", "/", recorded[0]["body"])
        for one in recorded:
            answer = _again(server, {**one, "path": was.translated(one["path"], now)})
            wanted = [one["status"], one["ctype"], one["disposition"], was.scrubbed(one["response"])]
            content = now.scrubbed(answer.text if isinstance(one["response"], str) else answer.json())
            headers = [answer.headers.get(name) for name in ("Content-Type", "Content-Disposition")]
            found = [answer.status_code, *headers, content]
            different += [] if found == wanted else [(one["name"], wanted, found)]
    assert different == []
    assert len(recorded) == 44
    assert sorted(was.ids.keys() & now.ids.keys()) == OWN


def _again(server: Commons, one: Mapping[str, Any]) -> requests.Response:
    """Send what was sent."""
    body = one["raw"] if one["body"] is None else json.dumps(one["body"])
    headers = {"Content-Type": one["content_type"]} if one["content_type"] else {}
    if one["name"] != "no token":
        headers["Authorization"] = f"bearer {server.token()}"
    return requests.request(one["method"], server.url + BASE + one["path"], data=body, headers=headers, timeout=30)


def test_credentials(gen3: Commons, tmp_path: Path) -> None:
    """A key of a credentials file tells where the commons is, and is changed for a token at either address; another key isn't."""
    key = json.loads(gen3.credentials(tmp_path / "credentials.json").read_text(encoding="utf-8"))
    assert _claims(key["api_key"])["iss"] == f"{gen3.url}/user"
    for service in ("cdis", "api"):
        answer = requests.post(f"{gen3.url}/user/credentials/{service}/access_token", json=key, timeout=30)
        token = answer.json()["access_token"]
        assert 1790 < _claims(token)["exp"] - time.time() <= 1800
        assert _ask(gen3, "GET", "/", token=token).json() == {"links": ["/v0/submission/P1"]}
    wrong = {"api_key": key["api_key"] + "x"}
    assert requests.post(f"{gen3.url}/user/credentials/cdis/access_token", json=wrong, timeout=30).status_code == 401


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def test_token_missing_ended_renewed(gen3: Commons, call: Call) -> None:
    """Without a token, or with one that has ended, the answer is 401; with a new one it isn't."""
    said = {"message": "Authentication Error: Didn't receive JWT correctly"}
    old = gen3.token()
    assert call("GET", "/P1", token=old).json() == {"links": ["/v0/submission/P1/GOLD"]}
    gen3.expire()
    refused = [call("GET", "/P1", token=one) for one in ("", old)]
    assert [(one.status_code, one.json()) for one in refused] == [(401, said)] * 2
    assert call("GET", "/P1").status_code == 200
    assert requests.get(f"{gen3.url}{BASE}/_dictionary/case", timeout=30).json()["id"] == "case", "no token is needed"
    gen3.lifetime = -1
    assert call("GET", "/P1").status_code == 401, "it ends by itself"


# ---------------------------------------------------------------- what goes wrong on the way


def test_faults(gen3: Commons, call: Call) -> None:
    """An upload whose answer is lost is stored, one that is cut off before isn't; a token can end at the wrong moment."""
    gen3.forget()
    gen3.faults += [Fault(uploads, cut_after, times=1), Fault(uploads, cut_before, times=1)]
    gen3.faults += [Fault(uploads, expires(gen3), times=1), Fault(exports, answers(503))]
    for name in ("c1", "c2"):
        with pytest.raises(requests.ConnectionError):
            call("PUT", "/P1/GOLD", case(name))
    assert call("PUT", "/P1/GOLD", case("c3")).status_code == 401
    assert call("GET", "/P1/GOLD/export?node_label=case").status_code == 503
    assert {("case", "c1")} == gen3.store.records("P1-GOLD").keys() - {("experiment", "e1")}
    assert [(one.method, one.path.removeprefix(BASE)) for one in gen3.seen][:3] == [("PUT", "/P1/GOLD")] * 3
    assert [json.loads(one.body)["submitter_id"] for one in gen3.heard if uploads(one)][-2:] == ["c1", "c3"]


def test_dry_run_then_commit(gen3: Commons, call: Call) -> None:
    """A dry run stores nothing; it is committed once, and not when it was closed or refused."""
    tried = [call("PUT", "/P1/GOLD/_dry_run", one).json() for one in (case("c1"), case("c2"), sample("s1", "nobody"))]
    assert [one["success"] for one in tried] == [True, True, False]
    assert ("case", "c1") not in gen3.store.records("P1-GOLD")
    first, second, third = (f"/P1/GOLD/transactions/{one['transaction_id']}" for one in tried)
    done = call("PUT", f"{first}/commit")
    assert (done.status_code, done.json()["created_entity_count"]) == (200, 1)
    assert ("case", "c1") in gen3.store.records("P1-GOLD")
    closed = {"code": 200, "message": "Closed transaction.", "transaction_id": tried[1]["transaction_id"]}
    assert call("PUT", f"{second}/close").json() == closed
    refused = [call("PUT", f"{one}/commit") for one in (first, second, third, "/P1/GOLD/transactions/999")]
    assert [one.status_code for one in refused] == [400, 400, 400, 404]
    assert "committed already by" in refused[0].json()["message"]
    assert gen3.count("PUT", "/commit") == sum(commits(one) for one in gen3.seen) == 5


# ---------------------------------------------------------------- links


def test_self_link_in_one_request(served_dictionary: Mapping[str, Any]) -> None:
    """Nodes that link to their own type may come in one request, the child first."""
    link = {"name": "parents", "backref": "children", "label": "part_of", "target_type": "case", "required": False}
    kind = served_dictionary["case"]
    properties = {**kind["properties"], "parents": kind["properties"]["experiments"]}
    own = {**kind, "links": [*kind["links"], {**link, "multiplicity": "many_to_one"}], "properties": properties}
    with commons({**served_dictionary, "case": own}) as server:
        _ask(server, "PUT", "/", {"type": "program", "name": "P1"})
        _ask(server, "PUT", "/P1", PROJECT)
        told = [case("c2", parents={"submitter_id": "c1"}), case("c1")]
        told.append({"type": "experiment", "submitter_id": "e1", "projects": [{"code": "GOLD"}]})
        assert _ask(server, "POST", "/P1/GOLD", told).status_code == 201
        records = server.store.records("P1-GOLD")
        assert records["case", "c2"].links["parents"] == (records["case", "c1"].id,)


def test_many_to_many_links_only_grow(gen3: Commons, call: Call) -> None:
    """A PUT with other targets adds them."""
    call("PUT", "/P1/GOLD", [case("c1"), sample("s1"), sample("s2"), aliquot("a1", "s1")])
    assert call("PUT", "/P1/GOLD", aliquot("a1", "s2")).json()["updated_entity_count"] == 1
    records = gen3.store.records("P1-GOLD")
    assert records["aliquot", "a1"].links["samples"] == (records["sample", "s1"].id, records["sample", "s2"].id)


def test_null_takes_a_link_away(gen3: Commons, call: Call, served_dictionary: Mapping[str, Any]) -> None:
    """``null`` for an optional link removes it, and not saying it keeps it; a many_to_one can't be moved."""
    other = {"type": "core_metadata_collection", "submitter_id": "x", "projects": {"code": "GOLD"}}
    links = {"core_metadata_collections": {"submitter_id": "x"}, "experiments": {"submitter_id": "e1"}}
    made = file("experimental_metadata", served_dictionary["experimental_metadata"]["properties"])
    assert told(call("PUT", "/P1/GOLD", [other, {**made, **links}])) == []
    assert told(call("PUT", "/P1/GOLD", {**made, "experiments": None})) == []
    assert gen3.store.records("P1-GOLD")["experimental_metadata", "f1"].links.keys() == {"core_metadata_collections"}
    call("PUT", "/P1/GOLD", [case("c1"), case("c2"), sample("s1")])
    moved = told(call("PUT", "/P1/GOLD", sample("s1", "c2")))
    assert moved == [("INVALID_LINK", ["cases"], "'cases' link has to be many_to_one")]


def test_groups_of_links(call: Call, served_dictionary: Mapping[str, Any]) -> None:
    """Of an exclusive group one link at most is taken, also where it is inside another; a required one needs one."""
    group = {"type": "read_group", "submitter_id": "r1", "aliquots": {"submitter_id": "a1"}}
    call("PUT", "/P1/GOLD", [case("c1"), sample("s1"), aliquot("a1", "s1"), group])
    made = file("submitted_copy_number", served_dictionary["submitted_copy_number"]["properties"])
    both = {"aliquots": {"submitter_id": "a1"}, "read_groups": {"submitter_id": "r1"}}
    said = "Links to ['aliquots', 'read_groups'] are exclusive.  More than one was provided."
    assert told(call("PUT", "/P1/GOLD", {**made, **both})) == [("INVALID_LINK", ["aliquots", "read_groups"], said)]
    said = "Entity is missing a required link to core_metadata_collections or aliquots, read_groups"
    keys = ["core_metadata_collections", "aliquots, read_groups"]
    assert told(call("PUT", "/P1/GOLD", made)) == [("INVALID_LINK", keys, said)]
    assert told(call("PUT", "/P1/GOLD", {**made, "aliquots": both["aliquots"]})) == []


def test_one_to_one(call: Call) -> None:
    """A target that is taken isn't linked to once more."""
    people = [{"type": "demographic", "submitter_id": one, "cases": {"submitter_id": "c1"}} for one in ("d1", "d2")]
    assert call("PUT", "/P1/GOLD", [case("c1"), people[0]]).json()["success"]
    said = "'cases' link has to be one_to_one, target node case already has demographics"
    assert told(call("PUT", "/P1/GOLD", people[1])) == [("INVALID_LINK", ["cases"], said)]


def test_a_link_without_a_key_means_all(call: Call) -> None:
    """A key that the server doesn't know leaves nothing to look by: it finds all nodes of the type."""
    call("PUT", "/P1/GOLD", [case("c1"), case("c2")])
    wrong = {**sample("s1"), "cases": {"submitter_id#1": "c1"}}
    said = "More than one link destination found for cases"
    assert told(call("PUT", "/P1/GOLD", wrong)) == [("INVALID_LINK", ["cases"], said)]


def test_required_in_every_put(call: Call) -> None:
    """A PUT of a node that is there says all that is required again, and never null."""
    call("PUT", "/P1/GOLD", [case("c1"), sample("s1")])
    missing = told(call("PUT", "/P1/GOLD", {"type": "sample", "submitter_id": "s1"}))
    assert missing == [("MISSING_PROPERTY", ["cases"], "'cases' is a required property")]
    [(kind, keys, said)] = told(call("PUT", "/P1/GOLD", {**sample("s1"), "cases": None}))
    assert (kind, keys) == ("INVALID_VALUE", ["cases"])
    assert said.startswith("None is not valid under any of the given schemas: None is not of type")


def test_values_are_kept_or_removed(gen3: Commons, call: Call) -> None:
    """What a PUT doesn't say stays, what it says is null goes; an empty cell is null, at the end of the last line it isn't."""
    call("PUT", "/P1/GOLD", [case("c1"), sample("s1", days_to_collection=3, is_ffpe=True, sample_type_id="01")])
    values = ("days_to_collection", "is_ffpe", "sample_type_id")

    def now() -> list[Any]:
        return [gen3.store.records("P1-GOLD")["sample", "s1"].properties.get(name) for name in values]

    call("PUT", "/P1/GOLD", sample("s1", days_to_collection=None))
    assert now() == [None, True, "01"]
    header = "*type\t*submitter_id\tcases.submitter_id\tdays_to_collection\tis_ffpe\tsample_type_id\n"
    known = {"Authorization": f"bearer {gen3.token()}", "Content-Type": "text/tsv"}
    for cells, after in (("7\t\t", [7, True, "01"]), ("7\t\t02", [7, None, "02"])):
        body = f"{header}sample\ts1\tc1\t{cells}\n"
        requests.put(f"{gen3.url}{BASE}/P1/GOLD", data=body, headers=known, timeout=30).raise_for_status()
        assert now() == after


def test_project_id_is_the_projects(call: Call) -> None:
    """A document may say the project it is in, and no other."""
    assert call("PUT", "/P1/GOLD", case("c1", project_id="P1-GOLD")).json()["success"]
    [(kind, keys, _)] = told(call("PUT", "/P1/GOLD", case("c2", project_id="P1-OTHER")))
    assert (kind, keys) == ("INVALID_PERMISSIONS", ["project_id"])


def test_two_types_with_one_submitter_id(call: Call) -> None:
    """In one request a submitter_id is taken once, whatever the type; in two it may be."""
    both = call("PUT", "/P1/GOLD", [case("x"), sample("x", "x")])
    assert [one["type"] for one in both.json()["transactional_errors"]] == ["NOT_UNIQUE"]
    assert [call("PUT", "/P1/GOLD", one).status_code for one in (case("x"), sample("x", "x"))] == [200, 200]


def test_false_success(gen3: Commons, call: Call) -> None:
    """Who sends the id of another node is told of success, and nothing of the request is stored."""
    taken = call("PUT", "/P1/GOLD", case("c1")).json()["entities"][0]["id"]
    assert call("PUT", "/P1/GOLD", [case("c2", id=taken), case("c3")]).json()["created_entity_count"] == 2
    assert gen3.store.records("P1-GOLD").keys() == {("experiment", "e1"), ("case", "c1")}


def test_delete(gen3: Commons, call: Call) -> None:
    """What others need stays, and the first that needs it is told with what needs that; together they go."""
    call("PUT", "/P1/GOLD", [case("c1"), sample("s1"), aliquot("a1", "s1")])
    records = gen3.store.records("P1-GOLD")
    ids = [records[key].id for key in (("case", "c1"), ("sample", "s1"), ("aliquot", "a1"))]
    refused = call("DELETE", f"/P1/GOLD/entities/{ids[0]}")
    assert (refused.status_code, refused.json()["dependent_ids"]) == (400, f"{ids[1]},{ids[2]}")
    tried = call("DELETE", f"/P1/GOLD/entities/_dry_run/{','.join(ids)}")
    assert tried.json()["message"] == "Dry run successful. Would have deleted 3 entities"
    assert call("GET", f"/P1/GOLD/entities/{ids[0]}").json()["entities"][0]["properties"]["submitter_id"] == "c1"
    done = call("DELETE", f"/P1/GOLD/entities/{','.join(ids)}")
    assert (done.status_code, done.json()["deleted_entity_count"]) == (200, 3)
    assert gen3.store.records("P1-GOLD").keys() == {("experiment", "e1")}
    assert told(call("DELETE", f"/P1/GOLD/entities/{ids[0]}")) == [("NOT_FOUND", ["id"], "Entity not found.")]


def test_states(gen3: Commons, call: Call) -> None:
    """A project is released once, after it was submitted, which it can be from its review."""
    call("PUT", "/P1/GOLD", case("c1"))
    ways = "submit release review submit release release open".split()
    steps = [call("PUT", f"/P1/GOLD/{one}") for one in ways]
    assert [one.status_code for one in steps] == [400, 400, 200, 200, 200, 400, 400]
    assert steps[3].json()["submitted_entity_count"] == 1
    assert gen3.store.records("P1-GOLD")["case", "c1"].properties["state"] == "submitted"


def test_export_by_ids(gen3: Commons, call: Call) -> None:
    """By their ids nodes come as a list, and with their children as those of each type."""
    call("PUT", "/P1/GOLD", [case("c1"), sample("s1"), sample("s2"), aliquot("a1", "s1", "s2")])
    records = gen3.store.records("P1-GOLD")
    one = call("GET", f"/P1/GOLD/export?ids={records['aliquot', 'a1'].id}&format=json")
    [row] = one.json()
    assert sorted(link["submitter_id"] for link in row["samples"]) == ["s1", "s2"]
    assert one.headers["Content-Disposition"] == "attachment; filename=aliquot.json"
    all_ = call("GET", f"/P1/GOLD/export?ids={records['case', 'c1'].id}&format=json&with_children=true")
    assert [row["type"] for row in all_.json()] == ["case", "sample", "sample", "aliquot"]
    packed = call("GET", f"/P1/GOLD/export?ids={records['case', 'c1'].id}&with_children=true")
    assert packed.headers["Content-Disposition"].endswith(".tar.gz")
    table = call("GET", "/P1/GOLD/export?node_label=aliquot&format=csv").text
    assert re.search("[s12#]{5}$", table.rstrip("\n"))


# ---------------------------------------------------------------- queries


def query(call: Call, text: str, **variables: Any) -> tuple[int, Any]:
    answer = call("POST", "/graphql", {"query": text, "variables": variables})
    return answer.status_code, answer.json()


def test_query_with_pages(gen3: Commons, call: Call) -> None:
    """Ten nodes come unless the query says how many; 0 is all. Values may be many, literals or variables."""
    names = [f"s{n:02}" for n in range(12)]
    call("PUT", "/P1/GOLD", [case("c1"), *(sample(name, days_to_collection=n) for n, name in enumerate(names))])
    asked = "query($p: [String], $n: Int) { a: sample(project_id: $p) { id } b: sample(first: 0) { submitter_id }"
    asked += " c: sample(offset: 9, first: $n, project_id: $p) { submitter_id days_to_collection type } "
    asked += ' case(submitter_id: ["c1", "c2"], project_id: "P1-GOLD") { samples(first: 0) { cases { id } } } }'
    status, answer = query(call, asked, p=["P1-GOLD"], n=2)
    data = answer["data"]
    assert (status, len(data["a"]), [one["submitter_id"] for one in data["b"]]) == (200, 10, names)
    assert data["c"] == [{"submitter_id": f"s{n:02}", "days_to_collection": n, "type": "sample"} for n in (9, 10)]
    assert data["case"] == [{"samples": [{"cases": [{"id": gen3.store.records("P1-GOLD")["case", "c1"].id}]}] * 12}]


def test_query_refused(gen3: Commons, call: Call, served_dictionary: Mapping[str, Any]) -> None:
    """A field that isn't there is told, a token is needed, and a commons may have no such service."""
    said = {"data": None, "errors": ['Cannot query field "x" on type "sample".']}
    assert query(call, "{ sample { x } }") == (400, said)
    assert call("POST", "/graphql", {"query": "{ sample { id } }"}, token="").status_code == 403
    with commons(served_dictionary, graphql=False) as server:
        assert _ask(server, "POST", "/graphql", {"query": "{ sample { id } }"}).status_code == 404
