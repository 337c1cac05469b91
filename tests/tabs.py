"""The page of ``wbc serve`` in a tab of a browser, and what a person does there."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from browser import Visit, visit
from conftest import FOURDN
from openpyxl import load_workbook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Download
    from playwright.sync_api import Page as Tab
    from served import Page

BROKEN, FILLED = FOURDN / "broken.xlsx", FOURDN / "filled.xlsx"
DROP = """
([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dragged = new DataTransfer();
  dragged.items.add(new File([bytes], name));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.getElementById("drop").dispatchEvent(
      new DragEvent(kind, { dataTransfer: dragged, bubbles: true, cancelable: true }));
  }
}
"""


@contextmanager
def opened(browser: Browser, served: Page, **how: Any) -> Iterator[Tab]:
    """The page in a tab; at the end nothing else was asked for, and the browser had nothing to complain of."""
    with visit(browser, served.origin, **how) as one:
        complaints = listening(one)
        one.page.goto(served.address)
        one.page.locator("#choices input").first.wait_for()
        yield one.page
        assert (one.refused, complaints) == ([], [])


def listening(one: Visit) -> list[str]:
    """What the browser complains of from now on: a breach of the policy, a script's mistake, a dialog that a script opened."""
    complaints: list[str] = []

    def dialog(shown: Any) -> None:
        complaints.append(f"dialog: {shown.message}")
        shown.dismiss()

    one.page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    one.page.on("pageerror", lambda error: complaints.append(str(error)))
    one.page.on("dialog", dialog)
    return complaints


def drop(tab: Tab, path: Path) -> None:
    tab.evaluate(DROP, [path.name, base64.b64encode(path.read_bytes()).decode()])


def verdict(tab: Tab, words: str) -> None:
    """Wait for a result with these words."""
    tab.locator("#result-title", has_text=re.compile(words)).wait_for()


def saved(tab: Tab, name: str) -> Download:
    with tab.expect_download() as waiting:
        tab.get_by_role("link", name=name).or_(tab.get_by_role("button", name=name)).first.click()
    return waiting.value


def values(book: Path | str, sheet: str) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(Path(book).read_bytes()))[sheet].iter_rows(values_only=True))
