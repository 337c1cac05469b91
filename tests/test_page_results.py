"""A result in a real browser: what is ticked, the copies with it, the way back, and a result that is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from browser import visit
from conftest import FOURDN
from marked_books import problem_rows
from served import Page, said_to_be
from tabs import BROKEN, FILLED, opened, saved, values, verdict

from workbook_compiler import api
from workbook_compiler.edit import Edit, edited
from workbook_compiler.marks import annotated
from workbook_compiler.web.jobs import REMEMBERED

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_copy_is_offered_while_it_holds_what_is_ticked(browser: Browser, lab: Page) -> None:
    """Another choice, or another tick, takes the copy's buttons away and says so; the next copy holds all of it."""
    with opened(browser, lab) as tab:
        tab.set_input_files("#files", BROKEN)
        verdict(tab, "^24 things to mend")
        day = tab.get_by_label("What BiosampleCellCulture!E7 becomes")
        dates = day.locator("option").all_inner_texts()
        day.select_option(label=dates[1])
        tab.get_by_role("button", name="Make a copy with 1 suggestion in it").click()
        offered = tab.get_by_role("link", name="Download the mended workbook")
        offered.wait_for()
        for change in (
            lambda: day.select_option(label=dates[0]),
            lambda: tab.get_by_label("Accept for ExperimentHiC!AB7").check(),
        ):
            change()
            tab.get_by_text("You have changed your choices.").wait_for()
            assert offered.count() == 0
            tab.get_by_role("button", name="Make a copy").click()
            offered.wait_for()
        mended = saved(tab, "Download the mended workbook").path()
        assert str(values(mended, "BiosampleCellCulture")[6][4]).startswith(dates[0])
        assert str(values(mended, "ExperimentHiC")[6][27]) == "8"


def test_what_is_ticked_and_the_copy_are_there_after_a_reload(browser: Browser, lab: Page) -> None:
    """A reload, and Back from the mended workbook's result, show the same ticks, choices and copy; another tab has none."""
    with opened(browser, lab) as tab:
        tab.set_input_files("#files", BROKEN)
        verdict(tab, "^24 things to mend")
        day = tab.get_by_label("What BiosampleCellCulture!E7 becomes")
        second = day.locator("option").all_inner_texts()[1]
        day.select_option(label=second)
        tab.reload()
        tab.get_by_role("button", name="Make a copy with 1 suggestion in it").click()
        tab.get_by_role("button", name="Check the mended workbook").click()
        verdict(tab, "^23 things to mend")
        assert tab.locator(".lines input:checked").count() == 0
        tab.go_back()
        verdict(tab, "^24 things to mend")
        assert tab.locator(".lines input:checked").count() == 1
        mended = saved(tab, "Download the mended workbook").path()
        assert str(values(mended, "BiosampleCellCulture")[6][4]).startswith(second)
        other = tab.context.new_page()
        other.goto(tab.url)
        verdict(other, "^24 things to mend")
        assert other.locator(".lines input:checked").count() == 0


def test_what_was_accepted_in_the_workbook_comes_ticked(browser: Browser, lab: Page, tmp_path: Path) -> None:
    """What a workbook brings as accepted is ticked with its value, in one sentence; the person's own ticks go before it."""
    schema = api.load_schema("4dn", FOURDN / "profiles.json")
    marked = annotated(BROKEN.read_bytes(), BROKEN.name, api.compile(BROKEN, schema).diagnostics)
    row = next(row for row in problem_rows(marked) if row["Place"] == "BiosampleCellCulture!E7")
    chosen = [
        Edit("Problems", row["at"]["Suggested value"], "2024-01-03"),
        Edit("Problems", row["at"]["Accept"], "yes"),
    ]
    book = tmp_path / "worked.xlsx"
    book.write_bytes(edited(marked, chosen))
    with opened(browser, lab) as tab:
        tab.set_input_files("#files", book)
        verdict(tab, "^24 things to mend")
        tab.get_by_text("1 suggestion was accepted in the workbook. It is ticked here.").wait_for()
        tab.get_by_role("button", name="Make a copy with 1 suggestion in it").click()
        mended = saved(tab, "Download the mended workbook").path()
        assert str(values(mended, "BiosampleCellCulture")[6][4]).startswith("2024-01-03")
        tab.get_by_label("Accept for BiosampleCellCulture!E7").uncheck()
        tab.reload()
        verdict(tab, "^24 things to mend")
        assert tab.locator(".lines input:checked").count() == 0


def test_nothing_of_another_file_stays_below_a_refusal(browser: Browser, lab: Page, tmp_path: Path) -> None:
    """A file that is refused takes the verdict of the one before away; Back shows that again."""
    other = tmp_path / "other.xlsx"
    other.write_bytes(said_to_be(lab.get("blank?portal=4dn&preset=hi-c").content, "encode"))
    with opened(browser, lab) as tab:
        tab.set_input_files("#files", BROKEN)
        verdict(tab, "^24 things to mend")
        tab.set_input_files("#files", other)
        tab.get_by_role("alert").get_by_text("This workbook is from a template for ENCODE Portal").wait_for()
        assert not tab.locator("#result").is_visible()
        assert "#" not in tab.url
        tab.go_back()
        verdict(tab, "^24 things to mend")
        assert tab.locator("#alert").inner_text() == ""


def test_back_leads_from_result_to_result(browser: Browser, lab: Page) -> None:
    """After the mended workbook was checked, Back shows the result before, and Forward the later one."""
    with opened(browser, lab) as tab:
        tab.set_input_files("#files", BROKEN)
        verdict(tab, "^24 things to mend")
        tab.get_by_label("Accept for BiosampleCellCulture!E7").check()
        tab.get_by_role("button", name="Make a copy with 1 suggestion in it").click()
        tab.get_by_role("button", name="Check the mended workbook").click()
        verdict(tab, "^23 things to mend")
        tab.set_input_files("#files", FILLED)
        verdict(tab, "^Ready to send")
        for words in ("^23 things", "^24 things"):
            tab.go_back()
            verdict(tab, words)
        tab.go_forward()
        verdict(tab, "^23 things")
        tab.evaluate("location.hash = 'check'")
        assert tab.locator("#result").is_visible()


def test_a_result_that_is_forgotten_says_so(browser: Browser, lab: Page) -> None:
    """When many others were checked since, every button of a result says that it is forgotten, and so does a reload."""
    with visit(browser, lab.origin) as one:
        tab = one.page
        tab.goto(lab.address)
        tab.set_input_files("#files", BROKEN)
        verdict(tab, "^24 things to mend")
        for number in range(REMEMBERED):
            lab.check((f"{number}.csv", b"aliases"))
        words = "This result isn't remembered any more. Drop the workbook again."
        tab.get_by_role("button", name="with notes in it").click()
        tab.locator(".files").get_by_text(words).wait_for()
        tab.get_by_label("Accept all").check()
        tab.get_by_role("button", name="Make a copy").click()
        tab.locator("#mended").get_by_text(words).wait_for()
        assert tab.locator("#alert").inner_text() == ""
        tab.get_by_role("link", name="Download the report").click()
        tab.locator("#alert").get_by_text(words).wait_for()
        tab.reload()
        tab.locator("#alert").get_by_text(words).wait_for()
        assert "#" not in tab.url
