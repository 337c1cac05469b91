"""How ENCODE's and IGVF's servers are spoken to where they differ from 4DN's: who we are, and removing a property.

From the code of both portals (encoded, igvfd) and of their clients; ``facts`` that were observed are named in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from workbook_compiler.errors import UnreachableError
from workbook_compiler.model.plan import Action, Operation, Request
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Account, Send
from workbook_compiler.portals import snovault_server

EDIT = "frame=edit&datastore=database"
"""What a user may write of a record, from the database; a PUT takes it back as it is."""


def account(send: Send) -> Account:
    """Return who the key belongs to: what the session's page says, or where there is none, ``/me``."""
    answer = send("GET", "/session-properties")
    if answer.status in (401, 403):
        raise UnreachableError(
            "the portal", "it doesn't let us in with this key; a new one is made in your profile there"
        )
    said = answer.body if isinstance(answer.body, dict) else {}
    user = said.get("user")
    if answer.status == 404 or not answer.ok:
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
    return request._replace(body=edited(answer.body, operation))


def edited(stored: Mapping[str, Any], operation: Operation) -> dict[str, Any]:
    """Return what a record will hold."""
    kept = {name: value for name, value in stored.items() if name not in operation.removes and not name.startswith("@")}
    return {**kept, **operation.body}
