"""A real portal for the tests of this folder: started once for each worker, as new for each test.

``portal`` is the running sandbox, whatever earlier tests have left in it; ``fresh`` is the same one, reset; ``submitter`` and
``admin`` are sessions with the fresh one. ``owner`` is what most records need besides their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from conftest import FOURDN

from live.calls import Calls, calling
from workbook_compiler import sandbox
from workbook_compiler.errors import WorkbookCompilerError
from workbook_compiler.sandbox import Running, Sandbox, environment


@pytest.fixture(scope="session")
def portal_python() -> str:
    """The Python a sandbox runs in; tests are skipped where it can't be made, but never in CI."""
    try:
        return str(environment.python())
    except WorkbookCompilerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no sandbox here: {error}")


@pytest.fixture(scope="session")
def portal(portal_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A portal with the item types of the fixture's schemas."""
    with Sandbox(FOURDN / "profiles.json", tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def fresh(portal: Running) -> Running:
    """The portal as it was when it had just started."""
    with calling(portal.admin_keyfile) as admin:
        answer = admin.post(sandbox.RESET, {})
        assert answer.status_code == 200, answer.text
    return portal


@pytest.fixture
def submitter(fresh: Running) -> Iterator[Calls]:
    """A submitter's session with the fresh portal."""
    with calling(fresh.keyfile) as calls:
        yield calls


@pytest.fixture
def admin(fresh: Running) -> Iterator[Calls]:
    """An admin's session with the fresh portal."""
    with calling(fresh.admin_keyfile) as calls:
        yield calls


@pytest.fixture
def owner(submitter: Calls) -> dict[str, str]:
    """The lab and the award that a submitter's records belong to."""
    lab = submitter.get("/me").json()["submits_for"][0]["@id"]
    return {"lab": lab, "award": submitter.found(lab)["awards"][0]["@id"]}
