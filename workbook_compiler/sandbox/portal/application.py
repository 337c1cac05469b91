"""The web application: snovault with the types of ``item_types``, a database, and the views a portal adds to snovault."""

from __future__ import annotations

import importlib
from typing import Any

import netaddr
from dcicutils.project_utils import C4ProjectRegistry
from pyramid.config import Configurator
from snovault.app import configure_dbsession, session
from snovault.local_roles import LocalRolesAuthorizationPolicy
from snovault.project_defs import SnovaultProject

POLICY = "snovault.authentication.NamespacedAuthenticationPolicy"
SETTINGS = {
    "create_tables": True,
    "production": True,
    "env.name": "sandbox",
    "collection_datastore": "database",
    "item_datastore": "database",
    "retry.attempts": 3,
    "accession_factory": "snovault.server_defaults.test_accession",
    "snovault.jsonld.terms_namespace": "https://example.org/terms/",
    "snovault.jsonld.terms_prefix": "sandbox",
    "snovault.jsonld.namespaces": {},
    "multiauth.groupfinder": "snovault.authorization.groupfinder",
    "multiauth.policies": "remoteuser accesskey",
    "multiauth.policy.remoteuser.use": POLICY,
    "multiauth.policy.remoteuser.namespace": "remoteuser",
    "multiauth.policy.remoteuser.base": "pyramid.authentication.RemoteUserAuthenticationPolicy",
    "multiauth.policy.accesskey.use": POLICY,
    "multiauth.policy.accesskey.namespace": "accesskey",
    "multiauth.policy.accesskey.base": "snovault.authentication.BasicAuthAuthenticationPolicy",
    "multiauth.policy.accesskey.check": "snovault.authentication.basic_auth_check",
}
OURS = ("item_types", "edit_frame", "profiles", "search", "state", "uploads")
"""Our modules with types and views."""


@C4ProjectRegistry.register("snovault")
class SandboxProject(SnovaultProject):
    """What snovault asks about the portal it runs in; it finds it by the name of an importable package."""

    NAMES = {"NAME": "sandbox", "PYPI_NAME": None}  # noqa: RUF012
    ACCESSION_PREFIX = "TST"


def made(url: str, profiles: bytes, uploads: str | None) -> Any:
    """The application on the database at an address. ``profiles`` is what it serves as its schemas, byte for byte."""
    config = Configurator(settings={**SETTINGS, "sqlalchemy.url": url})
    config.include("pyramid_multiauth")
    config.set_authorization_policy(LocalRolesAuthorizationPolicy())
    for part in (session, configure_dbsession, "snovault", "snovault.types"):
        config.include(part)
    config.commit()  # from here on a view of ours takes the place of one of snovault's
    config.include(importlib.import_module("snovault.root"))  # by name it finds a decorator that is called so too
    config.include("snovault.renderers")
    config.registry["sandbox.profiles"] = profiles
    config.registry["sandbox.uploads"] = uploads
    for name in OURS:
        config.include(name)
    config.registry.settings["snovault.app_version"] = "sandbox"  # /profiles/ asks for it
    config.registry["aws_ipset"] = netaddr.IPSet()
    return config.make_wsgi_app()
