"""``POST /sandbox-reset``: the database as it was when the portal had just started. For tests; admins only."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPForbidden
from snovault.interfaces import DBSESSION
from snovault.storage import Base
from sqlalchemy import text

KEPT = "kept"
"""The database schema that holds a copy of every table."""


def includeme(config: Any) -> None:
    """Add the view."""
    config.add_route("sandbox-reset", "/sandbox-reset")
    config.add_view(reset, route_name="sandbox-reset", request_method="POST", renderer="json")


def tables() -> list[str]:
    """The names of snovault's tables."""
    return [table.name for table in Base.metadata.sorted_tables]


def keep(app: Any) -> None:
    """Copy every table aside, as it is now."""
    with app.registry[DBSESSION]().get_bind().begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {KEPT}"))
        for name in tables():
            connection.execute(text(f"CREATE TABLE {KEPT}.{name} AS TABLE public.{name}"))


def reset(request: Any) -> dict[str, str]:
    """Put the copies back. Deleting a few rows is quicker than truncating, which makes new files."""
    if "group.admin" not in request.effective_principals:
        raise HTTPForbidden("only for admins")
    with request.registry[DBSESSION]().get_bind().begin() as connection:
        connection.execute(
            text(f"LOCK TABLE {', '.join(tables())} IN SHARE ROW EXCLUSIVE MODE")
        )  # who writes, ends first
        connection.execute(
            text("SET LOCAL session_replication_role = replica")
        )  # tables refer to each other in circles
        for name in tables():
            connection.execute(text(f"DELETE FROM public.{name}"))  # noqa: S608 - our own names
            connection.execute(text(f"INSERT INTO public.{name} SELECT * FROM {KEPT}.{name}"))  # noqa: S608
    return {"status": "success"}
