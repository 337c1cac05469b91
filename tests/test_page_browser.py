"""The page in a real browser that reaches nothing but the page: the student's whole way, and whether everybody can go it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import DESKTOP, PHONE, axe_violations, visit
from openpyxl import Workbook
from served import FIXED, Page, page
from tabs import BROKEN, FILLED, drop, listening, opened, saved, values, verdict

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

LOOKS: dict[str, dict[str, Any]] = {
    "desktop, light": {"viewport": DESKTOP, "color_scheme": "light"},
    "desktop, dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone, light": {"viewport": PHONE, "color_scheme": "light"},
    "phone, dark": {"viewport": PHONE, "color_scheme": "dark", "reduced_motion": "reduce"},
}
NASTY = "<img src=x onerror=alert(1)>{{7*7}}"


def test_the_whole_way_from_a_blank_workbook_to_a_mended_one(browser: Browser, lab: Page) -> None:
    """Blank workbook, dropped workbook, report, notes, suggestions, mended workbook, checked again; no other place is asked."""
    with opened(browser, lab) as tab:
        tab.get_by_label("Hi-C Genome-wide").check()
        blank = saved(tab, "Download the blank workbook")
        assert blank.suggested_filename == "hi-c.xlsx"
        assert values(blank.path(), "ExperimentHiC")[0][0] == "#Field Name:"

        drop(tab, BROKEN)
        verdict(tab, "^24 things to mend")
        assert "24 things to mend" in tab.get_by_role("status").first.inner_text()
        assert tab.evaluate("document.activeElement.id") == "result-title"
        report = tab.frame_locator("iframe")
        assert "24 things to mend" in report.locator("h1").inner_text()
        report.locator("#filter-text").fill("pr_in_situ_hci")
        assert re.match(r"1 of \d+ ", report.locator("#filter-count").inner_text())

        notes = saved(tab, "Download your workbook with notes in it")
        assert notes.suggested_filename == "broken.checked.xlsx"
        assert [row[1:] for row in values(notes.path(), "Enzyme")] == [row[1:] for row in values(BROKEN, "Enzyme")]
        assert saved(tab, "Download the report").suggested_filename == "broken.report.html"

        before = tab.locator(".lines tbody tr").count()
        tab.get_by_label("What BiosampleCellCulture!E7 becomes").select_option(label="2024-01-03")
        assert tab.get_by_label("Accept for BiosampleCellCulture!E7").is_checked()
        tab.get_by_role("button", name="Make a copy with 1 suggestion in it").click()
        tab.get_by_text("1 cell mended in a copy.").wait_for()
        mended = saved(tab, "Download the mended workbook")
        assert mended.suggested_filename == "broken.mended.xlsx"
        assert str(values(mended.path(), "BiosampleCellCulture")[6][4]).startswith("2024-01-03")

        tab.get_by_role("button", name="Check the mended workbook").click()
        verdict(tab, "^23 things to mend")
        tab.get_by_text("download the mended workbook, mend the rest in it").wait_for()
        assert tab.locator(".lines tbody tr").count() == before - 1
        tab.get_by_label("Accept all").check()
        tab.get_by_role("button", name=f"Make a copy with {before - 1} suggestions in it").click()
        tab.get_by_role("button", name="Check the mended workbook").click()
        verdict(tab, r"^(1\d|\d) things? to mend")


def test_a_clean_workbook_shows_the_plan(browser: Browser, lab: Page) -> None:
    """Without errors every operation is a line of the table, plan.json can be saved, and no suggestions are shown."""
    with opened(browser, lab) as tab:
        tab.set_input_files("#files", FILLED)
        verdict(tab, "^Ready to send, with 3 warnings")
        plan = tab.get_by_role("region", name="The plan, record by record")
        assert plan.get_by_role("columnheader").all_inner_texts() == [
            "Batch",
            "What",
            "Type",
            "Identifier",
            "Row",
            "Waits for",
        ]
        assert plan.locator("tbody tr").count() == 50
        assert "to link up" in plan.locator("tbody tr").last.inner_text()
        assert saved(tab, "Download plan.json").suggested_filename == "plan.json"
        assert tab.get_by_role("heading", name="Suggestions").count() == 0


def test_the_report_opens_in_a_tab_of_its_own(browser: Browser, lab: Page) -> None:
    """The report stands alone, filters and sorts there, and can't reach the page it came from."""
    with opened(browser, lab) as tab:
        tab.set_input_files("#files", BROKEN)
        verdict(tab, "things to mend")
        with tab.context.expect_page() as waiting:
            tab.get_by_role("link", name="Open in a new tab").click()
        report = waiting.value
        report.locator("#filter-text").fill("femle")
        assert re.match(r"1 of \d+ ", report.locator("#filter-count").inner_text())
        assert report.evaluate("[window.opener, window.origin]") == [None, "null"]


def test_the_page_needs_no_mouse(browser: Browser, lab: Page) -> None:
    """With the keyboard alone: the skip link, choosing a file, ticking a suggestion, making the copy, checking it again."""
    with opened(browser, lab) as tab:
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip"
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.id") == "files"
        with tab.expect_file_chooser() as waiting:
            tab.keyboard.press("Space")
        waiting.value.set_files(BROKEN)
        verdict(tab, "^24 things to mend")
        reach(tab, "all")
        tab.keyboard.press("Space")
        reach(tab, "button", "Make a copy")
        tab.keyboard.press("Enter")
        tab.get_by_role("button", name="Check the mended workbook").wait_for()
        reach(tab, "button", "Check the mended")
        tab.keyboard.press("Enter")
        verdict(tab, r"^(1\d|\d) things? to mend")


def reach(tab: Tab, what: str, words: str = "") -> None:
    """Press Tab until something has the focus; it can be seen to have it."""
    for _ in range(80):
        tab.keyboard.press("Tab")
        here = tab.evaluate("(({id, tagName, textContent}) => [id, tagName, textContent])(document.activeElement)")
        if here[0] == what or (here[1].lower() == what and words in here[2]):
            assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"no way to {what} {words}")


def nasty_book(folder: Path) -> Path:
    """A workbook whose sheet, header, link and value are markup."""
    made = Workbook()
    made.worksheets[0].title = "Enzyme"
    made.worksheets[0].append(["aliases", "name", NASTY, "enzyme_source"])
    made.worksheets[0].append(["demo-lab:e1", NASTY, "x", "demo-lab:v<b>2</b>"])
    made.create_sheet("Vendor").append(["aliases", "title"])
    made["Vendor"].append(["demo-lab:v<b>1</b>", NASTY])
    made.create_sheet("<b>Vendorr<b>").append(["aliases"])
    made.save(folder / "&lt;b&gt;nasty.xlsx")
    return folder / "&lt;b&gt;nasty.xlsx"


def test_text_of_a_workbook_never_becomes_a_part_of_the_page(browser: Browser, lab: Page, tmp_path: Path) -> None:
    """Markup in cells, headers, sheet names and the file's name is shown letter by letter; nothing of it runs."""
    with opened(browser, lab) as tab:
        drop(tab, nasty_book(tmp_path))
        verdict(tab, "to mend")
        assert "&lt;b&gt;nasty.xlsx" in tab.locator("#result .about").inner_text()
        assert tab.locator("#result").locator("img, script, b b").count() == 0
        report = tab.frame_locator("iframe")
        report.get_by_text("<img src=x").first.wait_for()
        assert report.locator("img").count() == 0
        assert tab.get_by_text("49").count() == 0


def test_two_tabs_do_not_disturb_each_other(browser: Browser, lab: Page) -> None:
    """Two tabs check different workbooks at once; each shows its own, and shows it again after a reload."""
    with opened(browser, lab) as one, opened(browser, lab) as other:
        one.set_input_files("#files", BROKEN)
        other.set_input_files("#files", FILLED)
        verdict(one, "^24 things to mend")
        verdict(other, "^Ready to send")
        for tab, words in ((one, "^24 things"), (other, "^Ready")):
            tab.reload()
            verdict(tab, words)


def test_a_file_that_is_too_large_is_told_before_it_is_read(browser: Browser, lab: Page, tmp_path: Path) -> None:
    """The page says so at once, as an alert, with the file's name, and goes on with the next file."""
    huge = tmp_path / "huge.xlsx"
    with huge.open("wb") as stream:
        stream.truncate((50 << 20) + 1)
    with opened(browser, lab) as tab:
        tab.set_input_files("#files", huge)
        tab.get_by_role("alert").get_by_text("huge.xlsx: The file is too large to open safely").wait_for()
        tab.set_input_files("#files", FILLED)
        verdict(tab, "^Ready to send")
        assert tab.get_by_role("alert").all_inner_texts() == [""]


THINKING = """
import time
from pathlib import Path
from workbook_compiler.web import checking
real = checking.checked
def checked(uploads, asked, rules, step):
    while not Path("go").exists():
        step("Thinking about it", 0.5)
        time.sleep(0.02)
    return real(uploads, asked, rules, step)
checking.checked = checked
"""


def test_progress_is_told_and_an_end_of_the_program_too(browser: Browser, tmp_path: Path) -> None:
    """While a workbook is checked its step is said beside a bar; when the program has ended, the page says how to start it."""
    with (
        page(tmp_path, *FIXED, program=THINKING) as served,
        visit(browser, served.origin, bypass_csp=True, reduced_motion="reduce") as one,
    ):
        tab = one.page
        tab.goto(served.address)
        tab.set_input_files("#files", FILLED)
        tab.get_by_label("Thinking about it").wait_for()
        assert tab.locator("progress").evaluate("bar => bar.value") == 0.5
        assert axe_violations(tab) == []
        (tmp_path / "go").touch()
        verdict(tab, "^Ready to send")
        assert not tab.get_by_role("progressbar").is_visible()
        served.end()
        tab.set_input_files("#files", FILLED)
        tab.get_by_role("alert").get_by_text("Start it again with: wbc serve").wait_for()


def test_a_machine_without_rules_offers_to_fetch_them_and_does_not(browser: Browser, tmp_path: Path) -> None:
    """The page says what is missing and whom a button would ask; until it is pressed the browser and the program ask nobody."""
    with page(tmp_path) as served, visit(browser, served.origin, bypass_csp=True) as one:
        complaints = listening(one)
        tab = one.page
        tab.goto(served.address)
        tab.get_by_label("Portal").select_option("encode")
        fetch = "Fetch the portal’s rules (this asks www.encodeproject.org)"
        tab.get_by_role("button", name=fetch).wait_for()
        assert tab.get_by_role("button", name="Download the blank workbook").count() == 0
        tab.set_input_files("#files", FILLED)
        tab.get_by_role("heading", name="Which portal is this workbook for?").wait_for()
        assert axe_violations(tab) == []
        tab.get_by_label("Portal of this workbook").select_option("igvf")
        tab.get_by_role("button", name="Check it for this portal").click()
        tab.get_by_role("heading", name="One thing is missing").wait_for()
        tab.get_by_role("button", name="this asks api.data.igvf.org").wait_for()
        assert axe_violations(tab) == []
        tab.get_by_label("Portal").select_option("ena")
        tab.get_by_label("Name of the checklist").wait_for()
        assert axe_violations(tab) == []
        assert (one.refused, complaints, list((tmp_path / "cache").iterdir())) == ([], [], [])


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_each_state(browser: Browser, lab: Page, look: str, tmp_path: Path) -> None:
    """Axe finds nothing wrong with any state of the page, light and dark, on a desk and on a phone; nothing sticks out."""
    wrong: dict[str, list[str]] = {}
    with visit(browser, lab.origin, bypass_csp=True, **LOOKS[look]) as one:
        tab = one.page
        tab.goto(lab.address)
        tab.locator("#choices input").first.wait_for()

        def judge(state: str) -> None:
            wrong[state] = axe_violations(tab)
            width = tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            wrong[state] += [f"{width[0]} wide in {width[1]}"] if width[0] > width[1] else []

        judge("beginning")
        tab.get_by_text("Or choose the sheets one by one").click()
        tab.get_by_label("Show only those with").fill("bio")
        tab.get_by_role("button", name="Download the blank workbook").click()
        tab.get_by_role("alert").get_by_text("Nothing is chosen yet").wait_for()
        judge("nothing chosen")
        tab.set_input_files("#files", BROKEN)
        verdict(tab, "^24 things")
        judge("errors")
        tab.get_by_label("Accept all").check()
        judge("all accepted")
        tab.get_by_role("button", name="Make a copy").click()
        tab.get_by_role("button", name="Check the mended workbook").wait_for()
        judge("mended")
        tab.get_by_role("button", name="Check the mended workbook").click()
        verdict(tab, r"^(1\d|\d) things?")
        judge("checked again")
        tab.set_input_files("#files", FILLED)
        verdict(tab, "^Ready to send")
        judge("clean")
        text = tmp_path / "things.csv"
        text.write_text("aliases,title\ndemo-lab:v1,Cells\n")
        tab.set_input_files("#files", [BROKEN, text])
        tab.get_by_text("can be written into .xlsx and .xlsm files only").wait_for()
        judge("several files, one of them text")
        assert one.refused == []
    assert {state: found for state, found in wrong.items() if found} == {}


def test_an_address_where_nothing_is_says_so(browser: Browser, lab: Page) -> None:
    """What isn't there, or isn't remembered, is a page in the same look with one sentence; axe finds nothing wrong with it."""
    with visit(browser, lab.origin, bypass_csp=True) as one:
        for path, words in (
            ("nothing", "There is nothing at this address."),
            ("jobs/x/plan.json", "Drop the workbook again"),
        ):
            one.page.goto(lab.address + path)
            one.page.get_by_role("alert").get_by_text(words).wait_for()
            assert one.page.evaluate("getComputedStyle(document.body).maxWidth") == "1344px"
            assert axe_violations(one.page) == []
        assert one.refused == []
