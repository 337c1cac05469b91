"""How ENCODE's and IGVF's servers are spoken to where they differ from 4DN's: who we are, and removing a property.

From the code of both portals (encoded, igvfd) and of their clients; ``facts`` that were observed are named in the tests.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from workbook_compiler.errors import UnreachableError
from workbook_compiler.model.plan import Action, Operation, Request
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Account, Send
from workbook_compiler.portals import snovault_server

EDIT = "frame=edit&datastore=database"
"""What a user may write of a record, from the database; a PUT takes it back as it is."""
STATE, AWAITED = "upload_status", ("pending", "file not found", "invalidated")
"""IGVF's property that says whether a file is there, and where it says that one may come."""
KEYS = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "session_token": "SessionToken"}
KEYS |= {"expiration": "Expiration"}
"""The names that these portals give to parts of a key, and Amazon's own."""


def account(send: Send) -> Account:
    """Return who the key belongs to: what the session's page says, or where there is none or it doesn't say, ``/me``."""
    answer = send("GET", "/session-properties")
    if answer.status in (401, 403):
        raise UnreachableError(
            "the portal", "it doesn't let us in with this key; a new one is made in your profile there"
        )
    said = answer.body if isinstance(answer.body, dict) else {}
    user = said.get("user")
    if answer.status == 404 or not answer.ok or "details" in said:  # a relative of these portals, a sandbox too
        return snovault_server.account(send)
    if not isinstance(user, dict):
        raise UnreachableError("the portal", "it doesn't know this key; a new one is made in your profile there")
    return snovault_server.owner_of(send, user, admin=said.get("admin") is True)


def message(operation: Operation, schema: Schema, batch: int = 0) -> Request:
    """Return an operation's message; one that removes properties writes the whole record, which ``whole`` puts in."""
    if operation.action is Action.POST or not operation.removes:
        return snovault_server.message(operation, schema, batch)
    path = "/" + quote((operation.target or operation.record.identifier or "").strip("/"), safe="/:@%")
    return Request(batch, Action.PUT.value, path, operation.body, (operation.id,))


def whole(send: Send, operation: Operation, request: Request) -> Request:
    """Return a message that writes a whole record with all that it holds: without what is removed, with what is changed.

    Raises UnreachableError when the record can't be read.
    """
    if request.method != Action.PUT.value:
        return request
    answer = send("GET", f"{request.path.rstrip('/')}/?{EDIT}")
    if not answer.ok or not isinstance(answer.body, dict):
        raise UnreachableError("the portal", f"it answered {answer.status} when asked for {request.path}")
    return request._replace(body=edited(answer.body, operation.removes, request.body))


def awaits_file(values: Mapping[str, Any]) -> bool:
    """Tell whether a file's record has no file yet."""
    return values[STATE] in AWAITED if STATE in values else snovault_server.awaits_file(values)


def upload_keys(send: Send, uuid: str, extra: str | None = None) -> Any:
    """Return new ``upload_credentials`` for a record, under Amazon's names; None: there is a file already, or no store."""
    given = snovault_server.upload_keys(send, uuid, extra)
    return {KEYS.get(name, name): value for name, value in given.items()} if isinstance(given, dict) else given


def edited(stored: Mapping[str, Any], removes: Collection[str], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record will hold."""
    kept = {name: value for name, value in stored.items() if name not in removes and not name.startswith("@")}
    return {**kept, **changes}
