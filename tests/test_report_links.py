"""Links on the page lead where they say, whatever is not laid out yet and whatever the filter covers or hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser import DESKTOP, PHONE, visit
from conftest import FOURDN
from report_samples import at, report, tell

from workbook_compiler import api, resources
from workbook_compiler.model.diagnostics import column_letter
from workbook_compiler.model.schema import Schema

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("browser")

SIZES = {"desktop": DESKTOP, "narrow": {"width": 860, "height": 700}, "phone": PHONE}
RESTS = """(id) => {
  const top = document.getElementById(id).getBoundingClientRect().top;
  const filter = document.getElementById("filter").getBoundingClientRect();
  const covered = filter.top <= 0 ? Math.max(0, filter.bottom) : 0;
  window.before = [...(window.before ?? []), top].slice(-12);
  const rests = window.before.length === 12 && window.before.every((one) => one === top);
  return rests && top >= covered && top < innerHeight - 20;
}"""


@pytest.fixture(scope="module")
def pages(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of a page of some findings, and of one of 2,000 whose heights nobody can guess."""
    folder = tmp_path_factory.mktemp("pages")
    many = [
        at(row, sheet=f"S{row % 10}", column=column_letter(row // 10 + 1), value=f"v{row} " + "long " * (row % 40))
        for row in range(2_000)
    ]
    short = api.compile(FOURDN / "broken.xlsx", schema).report()
    told = {"short": resources.report_formats()["html"].render(short, {}), "long": tell("html", report(*many))}
    assert told["long"].count("data-code=") == 2_000
    for name, text in told.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in told}


TARGETS = {"short": ("sheet-3", "sheet-12", "code-REF01", "code-NUM01"), "long": ("sheet-2", "sheet-10", "code-VAL01")}


def lands(page: Page, anchor: str) -> bool:
    """Tell whether a place comes to rest within the window and beneath the filter."""
    from playwright.sync_api import TimeoutError as TookTooLong

    try:
        page.wait_for_function(RESTS, arg=anchor, timeout=15_000)
    except TookTooLong:
        return False
    return True


def follow(page: Page, anchor: str) -> None:
    """Click the first link there."""
    page.evaluate("(id) => { window.before = []; document.querySelector(`a[href='#${id}']`).click(); }", anchor)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", TARGETS)
def test_a_link_lands_in_sight(browser: Browser, pages: dict[str, str], name: str, size: str) -> None:
    """A sheet or a code that is clicked stays within the window and beneath the filter, however the filter wraps."""
    with visit(browser, viewport=SIZES[size]) as here:
        here.page.goto(pages[name])
        for anchor in TARGETS[name]:
            follow(here.page, anchor)
            assert lands(here.page, anchor), anchor


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", TARGETS)
def test_an_address_with_a_place_opens_there(browser: Browser, pages: dict[str, str], name: str, size: str) -> None:
    """The page opened at a sheet shows that sheet."""
    with visit(browser, viewport=SIZES[size]) as here:
        here.page.goto(f"{pages[name]}#{TARGETS[name][1]}")
        assert lands(here.page, TARGETS[name][1])


@pytest.mark.parametrize("name", TARGETS)
def test_without_a_script_links_land_too(browser: Browser, pages: dict[str, str], name: str) -> None:
    """Where nothing corrects a guess, nothing is guessed: every finding is laid out."""
    with visit(browser, java_script_enabled=False) as here:
        here.page.goto(pages[name])
        here.page.locator(f".sheets a[href='#{TARGETS[name][1]}']").click()
        heading = here.page.locator(f"#{TARGETS[name][1]}").bounding_box()
        controls = here.page.locator("#filter").bounding_box()
        assert heading is not None
        assert controls is not None
        assert controls["y"] + controls["height"] <= heading["y"] < DESKTOP["height"]


def test_a_link_to_a_hidden_sheet_shows_it_again(browser: Browser, pages: dict[str, str]) -> None:
    """A link to what the filter hides lifts the filter instead of leading to nothing."""
    with visit(browser) as here:
        here.page.goto(pages["short"])
        here.page.get_by_label("Sheet", exact=True).select_option("Enzyme")
        assert not here.page.locator("#sheet-1").is_visible()
        follow(here.page, "sheet-1")
        assert lands(here.page, "sheet-1")
        assert here.page.locator("#sheet-1").is_visible()
        assert not here.page.locator("[hidden]:is(.finding, .sheet)").count()
