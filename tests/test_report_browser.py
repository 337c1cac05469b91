"""The page in a real browser: nobody is shut out, its controls work, and nothing leaves it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import DESKTOP, PHONE, axe_violations, visit
from conftest import FOURDN
from report_samples import ELSEWHERE, TRIMMED, at, nasty_report, report, tell

from workbook_compiler import api, resources
from workbook_compiler.model.schema import Schema

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def pages(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of pages about the fixtures' workbooks, nasty text, and a few findings of all severities."""
    folder = tmp_path_factory.mktemp("pages")
    mixed = report(at(5, code=TRIMMED), at(12, code=ELSEWHERE), at(7), at(100, value="y", column="B"))
    told = {"nasty": tell("html", nasty_report()), "mixed": tell("html", mixed)}
    for name in ("broken", "filled"):
        result = api.compile(FOURDN / f"{name}.xlsx", schema)
        told[name] = resources.report_formats()["html"].render(result.report(), {})
    for name, text in told.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in told}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["broken", "filled", "nasty"])
def test_axe_finds_nothing_wrong(
    browser: Browser, pages: dict[str, str], name: str, scheme: Any, size: dict[str, int]
) -> None:
    """Contrast, names, headings, order, tables: no rule of WCAG AA is broken, with everything unfolded."""
    with visit(browser, bypass_csp=True, color_scheme=scheme, viewport=size) as here:
        here.page.goto(pages[name])
        here.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert axe_violations(here.page) == []
        assert here.refused == []


@pytest.mark.parametrize("name", ["broken", "filled", "nasty"])
def test_a_phone_shows_the_page_without_moving_it_sideways(browser: Browser, pages: dict[str, str], name: str) -> None:
    """Only the picture scrolls, inside its own box."""
    with visit(browser, viewport=PHONE) as here:
        here.page.goto(pages[name])
        here.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert here.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


LINES = """(cell) => {
  const range = document.createRange(), lines = [];
  const texts = Array.from(cell.childNodes).filter((one) => one.nodeType === Node.TEXT_NODE);
  for (const text of texts) for (let at = 0; at < text.length; at++) {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const { top } = range.getBoundingClientRect();
    if (lines.at(-1)?.top === top) lines.at(-1).words += text.data[at];
    else lines.push({ top, words: text.data[at] });
  }
  return lines.map((line) => line.words);
}"""


def test_names_break_between_their_words(browser: Browser, pages: dict[str, str]) -> None:
    """On a phone a type's name goes on beneath where a word of it begins, never within a word, and numbers stay whole."""
    with visit(browser, viewport=PHONE) as here:
        here.page.goto(pages["broken"])
        table = here.page.locator(".card .plain tbody")
        names = [cell.evaluate(LINES) for cell in table.locator("th").all()]
        assert ["BiosampleCell", "Culture"] in names
        assert all(line[0].isupper() for lines in names for line in lines)
        assert all(len(cell.evaluate(LINES)) == 1 for cell in table.locator("td").all())


def test_findings_are_sorted_and_filtered(browser: Browser, pages: dict[str, str]) -> None:
    """Order, words, sheet, kind and severity choose what is shown; how much that is is said; all comes back."""
    with visit(browser) as here:
        page = here.page
        page.goto(pages["mixed"])
        assert shown(page) == ["E7", "B100", "E12", "E5"]
        page.get_by_label("Order").select_option("by row")
        assert shown(page) == ["E5", "E7", "E12", "B100"]
        page.get_by_label("Order").select_option("by column")
        page.get_by_label("note (1)").uncheck()
        assert (shown(page), said(page)) == (["E7", "B100", "E12"], "3 of 4 findings shown")
        page.get_by_label("Kind").select_option("VAL01 Not in the list")
        page.get_by_label("Search").fill("b100")
        assert (shown(page), said(page)) == (["B100"], "1 of 4 findings shown")
        page.get_by_label("Search").fill("nowhere to be found")
        assert shown(page) == []
        assert page.get_by_text("Nothing fits this filter.").is_visible()
        page.get_by_role("button", name="Show all").click()
        page.wait_for_function("document.getElementById('filter-count').textContent.startsWith('4 of')")
        assert shown(page) == ["E7", "B100", "E12", "E5"]


def shown(page: Page) -> list[str]:
    """The places of the findings that are seen, in their order."""
    return [one.inner_text() for one in page.locator(".finding h4 b").all() if one.is_visible()]


def said(page: Page) -> str:
    """What is announced about the filter."""
    return page.get_by_role("status").filter(has_text="findings").inner_text()


def test_the_filter_by_sheet_leaves_one(browser: Browser, pages: dict[str, str]) -> None:
    """The other sheets' headings go with their findings."""
    with visit(browser) as here:
        here.page.goto(pages["broken"])
        here.page.get_by_label("Sheet", exact=True).select_option("Enzyme")
        seen = [one.inner_text().split()[0] for one in here.page.locator(".sheet h3").all() if one.is_visible()]
        assert seen == ["Enzyme"]
        assert said(here.page) == "2 of 29 findings shown"


def test_without_a_script_the_page_is_whole(browser: Browser, pages: dict[str, str]) -> None:
    """All findings are shown, the severities still filter, and no control stands there that would do nothing."""
    with visit(browser, java_script_enabled=False) as here:
        here.page.goto(pages["mixed"])
        assert shown(here.page) == ["E7", "B100", "E12", "E5"]
        here.page.locator("#show-error").uncheck()
        assert shown(here.page) == ["E12", "E5"]
        assert not here.page.get_by_label("Order").is_visible()
        assert here.page.get_by_role("button", name="Copy").count() == 0


def test_a_suggestion_is_copied(browser: Browser, pages: dict[str, str]) -> None:
    """One key copies the suggestion letter by letter and says so; one that is shown otherwise than it is has no button."""
    with visit(browser, permissions=["clipboard-read", "clipboard-write"]) as here:
        here.page.goto(pages["broken"])
        here.page.get_by_role("button", name="Copy demo-lab:pr_in_situ_hic").press("Enter")
        here.page.get_by_text("Copied: demo-lab:pr_in_situ_hic").wait_for()
        assert here.page.evaluate("navigator.clipboard.readText()") == "demo-lab:pr_in_situ_hic"
        here.page.goto(pages["nasty"])
        assert here.page.get_by_role("button", name="Copy").count() == 0


def test_the_wrong_cell_is_marked_among_its_neighbours(browser: Browser, pages: dict[str, str]) -> None:
    """Beneath a finding stand letters, names, row numbers and cells, and one cell is said to be the one."""
    with visit(browser) as here:
        here.page.goto(pages["broken"])
        grid = here.page.get_by_role("table", name="BiosampleCellCulture, rows 5 to 7").first
        heads = grid.get_by_role("columnheader").all_text_contents()
        assert [" ".join(head.split()) for head in heads][:2] == ["B aliases", "C description"]
        assert grid.get_by_role("rowheader").all_text_contents() == ["5", "6", "7"]
        assert grid.locator("td.here").all_text_contents() == ["This cell: 1.23457E+16"]


def test_the_picture_has_words_for_those_who_do_not_see_it(browser: Browser, pages: dict[str, str]) -> None:
    """The picture has a name, and a table tells the same links with their numbers."""
    with visit(browser) as here:
        here.page.goto(pages["broken"])
        assert here.page.get_by_role("img", name="Who refers to whom").is_visible()
        here.page.get_by_text("The same as a table").click()
        rows = [" ".join(row.split()) for row in here.page.locator(".links tbody tr").all_inner_texts()]
        assert "Biosample biosource Biosource 4" in rows
        assert "ExperimentHiC protocol Protocol ✕ nothing there 2" in rows


def test_nothing_leaves_the_page_and_no_text_runs(browser: Browser, pages: dict[str, str]) -> None:
    """A browser that obeys the policy asks for nothing, reports no breach of it, and opens no dialog."""
    with visit(browser) as here:
        heard: list[str] = []
        here.page.on("console", lambda message: heard.append(message.text))
        here.page.on("pageerror", lambda error: heard.append(str(error)))
        here.page.on("dialog", lambda dialog: heard.append(dialog.message))
        for address in pages.values():
            here.page.goto(address)
            here.page.locator("#filter-text").fill("demo")
        assert (heard, here.refused) == ([], [])


def test_the_page_prints_on_paper(browser: Browser, pages: dict[str, str], tmp_path: Path) -> None:
    """It becomes A4 pages on which picture and cells fit, with every finding and without the controls."""
    with visit(browser) as here:
        here.page.goto(pages["broken"])
        paper = here.page.pdf(prefer_css_page_size=True)
        assert paper.startswith(b"%PDF-")
        here.page.emulate_media(media="print")
        here.page.set_viewport_size({"width": 688, "height": 1000})  # the width between A4's margins
        assert here.page.evaluate("document.documentElement.scrollWidth") <= 688
        wide = "(one) => one.getBoundingClientRect().right > 688"
        assert not here.page.evaluate(f"Array.from(document.querySelectorAll('svg, .grid')).some({wide})")
        assert len(shown(here.page)) == 29
        assert not here.page.locator("#filter").is_visible()


def test_a_page_of_many_sheets_and_files_names_them(browser: Browser, tmp_path: Path) -> None:
    """With several workbooks each sheet's heading and choice says of which it is."""
    several = replace(report(at(5)), workbooks=("book.xlsx", "other.xlsx"))
    (tmp_path / "page.html").write_text(tell("html", several), encoding="utf-8")
    with visit(browser) as here:
        here.page.goto((tmp_path / "page.html").as_uri())
        assert here.page.locator("#filter-sheet option").all_text_contents() == ["every sheet", "book.xlsx › Biosample"]


def test_the_picture_is_printed_beneath_its_heading(browser: Browser, pages: dict[str, str], tmp_path: Path) -> None:
    """On paper heading, sentence and picture keep together on one page."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("needs pdftotext")
    with visit(browser) as here:
        here.page.goto(pages["broken"])
        here.page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    told = subprocess.run([program, tmp_path / "page.pdf", "-"], capture_output=True, check=True, text=True).stdout
    (paper,) = [text for text in told.split("\f") if "Who refers to whom" in text]
    assert "how many links" in paper
