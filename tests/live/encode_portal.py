"""A portal with ENCODE's item types for the tests of this folder: started once for each worker, as new for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import ROOT

from live.calls import Calls, calling
from workbook_compiler import api, sandbox, submission
from workbook_compiler.sandbox import Running

SCHEMAS = ROOT / "fixtures" / "encode" / "schemas"


@pytest.fixture(scope="session")
def encode_portal(portal_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A portal with the item types of the fixture's raw files."""
    with api.sandbox("encode", SCHEMAS, tmp_path_factory.mktemp("encode")) as running:
        yield running


@pytest.fixture
def encode_fresh(encode_portal: Running) -> Running:
    """The portal as it was when it had just started."""
    with calling(encode_portal.admin_keyfile) as admin:
        assert admin.post(sandbox.RESET, {}).status_code == 200
    return encode_portal


@pytest.fixture
def encode(encode_fresh: Running) -> Iterator[Calls]:
    """A submitter's session with the fresh portal."""
    with calling(encode_fresh.keyfile) as calls:
        yield calls


@pytest.fixture
def where(encode_fresh: Running) -> submission.Where:
    """The fresh portal, as its submitter."""
    return submission.Where(keyfile=encode_fresh.keyfile)
