"""What many tests need: the fixture's schema, and where other people's data lies when there is any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import told
from browser import chromium
from executor_kinds import local_cluster

from workbook_compiler.model.schema import Schema

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
FOURDN = ROOT / "fixtures" / "4dn"
GEN3 = ROOT / "fixtures" / "gen3" / "dictionary"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--accept``: what is seen now becomes the gold, and what the files of ``tests/cases`` show."""
    parser.addoption("--accept", action="store_true", help="rewrite tests/golden and tests/cases with what is seen now")


def pytest_configure(config: pytest.Config) -> None:
    """Tell whoever compares findings with what the files show whether they are to be rewritten."""
    told.accepting = bool(config.getoption("--accept"))


@pytest.fixture(scope="session")
def schema() -> Schema:
    """The 4DN schema set of the fixtures."""
    from workbook_compiler import api

    return api.load_schema("4dn", FOURDN / "profiles.json")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Dask cluster of this machine."""
    with local_cluster() as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; ``browser.visit`` opens its pages."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real portals' schemas, which belong to others and aren't part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no shared/data beside the checkout: real portals' schemas are not part of it")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where checksums are kept; nothing is there yet."""
    return tmp_path / "cache" / "checksums.sqlite"
