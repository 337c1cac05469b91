"""``GET /profiles/``: the schemas as they were given, calculated properties and all, whoever asks."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED


def includeme(config: Any) -> None:
    """Take the place of snovault's own views, whose schemas lack what this portal doesn't calculate."""
    options = {"request_method": "GET", "permission": NO_PERMISSION_REQUIRED}
    config.add_view(all_types, route_name="schemas", **options)
    config.add_view(one_type, route_name="schema", **options)


def all_types(request: Any) -> Response:
    """Every type; 304 to who has them already."""
    return conditional(request, request.registry["sandbox.profiles"])


def one_type(request: Any) -> Response:
    """One type by either of its names: ``ExperimentHiC``, ``experiment_hi_c``."""
    asked = request.matchdict["type_name"]
    for name, served in json.loads(request.registry["sandbox.profiles"]).items():
        if asked == name or served.get("$id") == f"/profiles/{asked}.json":
            return conditional(request, json.dumps(served).encode())
    raise HTTPNotFound(asked)


def conditional(request: Any, body: bytes) -> Response:
    """A JSON body with a mark that says when it has changed."""
    return Response(
        body,
        content_type="application/json",
        charset="utf-8",
        etag=hashlib.sha256(body).hexdigest()[:16],
        conditional_response=True,
        request=request,
    )
