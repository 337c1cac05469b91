"""The first records of an empty portal: two users with their keys, and what workbooks take for granted (``seed.json``)."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import state
import webtest
from snovault.authentication import CRYPT_CONTEXT

SEED = Path(__file__).with_name("seed.json")
FREE_TAXONS = itertools.count(10_000_001)
"""Beyond the taxon identifiers there are, for organisms a schema knows by uuid alone."""


def sow(app: Any, profiles: dict[str, Any], keys: dict[str, dict[str, str]]) -> None:
    """Store the first records, types and properties that these schemas don't have left out, and keep the state for resets."""
    seed = json.loads(SEED.read_text("utf-8"))
    portal = webtest.TestApp(app, {"HTTP_ACCEPT": "application/json", "REMOTE_USER": "TEST"})  # an admin
    posted: dict[str, str] = {}
    for row in [*seed["records"], *organisms(profiles, seed["organisms"])]:
        served = profiles.get(row["type"])
        if served is not None and not served["isAbstract"]:
            uuid = post(portal, served["$id"][len("/profiles/") : -len(".json")], fitted(row["body"], served, posted))
            posted.setdefault(row["type"], uuid)
    for who, key in keys.items():
        add_user(portal, app, who, key, posted.get("Lab"))
    state.keep(app)


def fitted(body: dict[str, Any], served: dict[str, Any], posted: dict[str, str]) -> dict[str, Any]:
    """A record with what its type has a place for; lab and award are the first ones stored."""
    ours = {"lab": posted.get("Lab"), "award": posted.get("Award")}
    wanted = {**{key: value for key, value in ours.items() if key in served.get("required", ())}, **body}
    return {
        key: allowed(value, served["properties"][key]) for key, value in wanted.items() if key in served["properties"]
    }


def allowed(value: Any, declared: dict[str, Any]) -> Any:
    """A value, or the first one that its property has a list of where it isn't among them: portals differ in their projects."""
    listed = declared.get("enum")
    return listed[0] if listed and value not in listed else value


def post(portal: Any, item_type: str, body: dict[str, Any]) -> str:
    """Store a record, and return its uuid."""
    return portal.post_json(f"/{item_type}", body, status=201).json["@graph"][0]["uuid"]


def add_user(portal: Any, app: Any, who: str, key: dict[str, str], lab: str | None) -> None:
    """Store a user with a key. A submitter submits for the lab; an admin for any."""
    user = {"email": f"{who}@example.org", "first_name": "Sandbox", "last_name": who.capitalize(), "groups": [who]}
    if lab:
        user["submits_for"] = [lab]
    secret = app.registry[CRYPT_CONTEXT].hash(key["secret"])
    owner = post(portal, "user", user)
    post(portal, "access-keys", {"user": owner, "access_key_id": key["key"], "secret_access_key_hash": secret})


def organisms(profiles: dict[str, Any], known: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The organisms the schemas name by uuid, and the known ones they don't. ``IndividualMouse`` may link to mice only."""
    rows = {row["uuid"]: row for row in known}
    for name, uuid in named_organisms(profiles):
        if uuid not in rows:
            same = next((row for row in known if name.lower().endswith(row["name"]) and row["uuid"] in rows), None)
            if same:
                del rows[same["uuid"]]
            rows[uuid] = {**(same or unknown()), "uuid": uuid}
    return [{"type": "Organism", "body": row} for row in rows.values()]


def named_organisms(profiles: dict[str, Any]) -> list[tuple[str, str]]:
    """Each type whose organism is one of a few uuids, with each of these."""
    return [
        (name, uuid)
        for name, served in profiles.items()
        for one in served.get("properties", {}).values()
        if one.get("linkTo") == "Organism"
        for uuid in one.get("linkEnum", ())
    ]


def unknown() -> dict[str, str]:
    """An organism of which nothing is known."""
    taxon = next(FREE_TAXONS)
    return {"name": f"organism-{taxon}", "scientific_name": "Not known", "taxon_id": str(taxon)}
