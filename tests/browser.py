"""A real browser for the tests of pages: headless Chromium that reaches one place and nothing else, and axe's judgement."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

QUIET = [
    *"--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split(),
    *"--disable-component-update --disable-sync".split(),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Visit:
    """A page of the browser, and what it asked for that it may not reach."""

    page: Page
    refused: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser; where there is none the test is skipped."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(browser: Browser, origin: str = "file://", **how: Any) -> Iterator[Visit]:
    """Give a page that reaches what begins with ``origin`` and nothing else.

    ``how`` is what Playwright's ``new_context`` takes: ``viewport``, ``color_scheme``, ``java_script_enabled``;
    ``bypass_csp=True`` lets axe run on a page that forbids strangers' scripts.
    """
    context = browser.new_context(**{"viewport": DESKTOP, **how})
    refused: list[str] = []

    def door(route: Route) -> None:
        address = route.request.url
        if address.startswith((origin, "data:", "blob:")):
            route.continue_()
        else:
            refused.append(address)
            route.abort()

    context.route("**/*", door)
    try:
        yield Visit(context.new_page(), refused)
    finally:
        context.close()


def axe_violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with the page as it is now: ``rule: element``, the first few of each."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['target'][0]} {_reason(node)}" for rule in found for node in rule["nodes"][:5]]


def _reason(node: dict[str, Any]) -> str:
    return str(node.get("failureSummary", "")).replace("\n", " ")[:200]
