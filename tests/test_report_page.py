"""The page wet-lab staff open: whole in itself, safe, readable, small."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_samples import ELSEWHERE, NASTY, READY, TRIMMED, WRONG_LINK, at, nasty_report, report, tell

from workbook_compiler.model.diagnostics import column_letter
from workbook_compiler.reports.words import visible


class Reader(HTMLParser):
    """The elements, attributes and words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, str] = {"script": "", "style": ""}
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag = self.lasttag
        if tag in self.inside and self.cdata_elem == tag:
            self.inside[tag] += data
        else:
            self.words += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_page_never_runs_user_text() -> None:
    """Script, handlers and template words typed into a workbook come out as the words they are."""
    page = tell("html", nasty_report())
    reader = Reader(page)
    assert not reader.of("img")
    assert len(reader.of("script")) == 1
    assert not [
        name for _, attributes in reader.tags for name in attributes if name.startswith("on") or name == "style"
    ]
    assert visible(NASTY) in reader.words
    assert "{{7*7}}" in page
    assert {c for c in page if not c.isprintable()} == {"\n"}


def test_page_lets_only_its_own_script_and_style_run() -> None:
    """The Content-Security-Policy allows nothing but the very script and style of the page, by their hashes."""
    reader = Reader(tell("html", report(WRONG_LINK)))
    (policy,) = (a["content"] for a in reader.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(reader.inside[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_page_refers_to_nothing_outside_itself() -> None:
    """Every link leads to a place on the page that exists; nothing is loaded."""
    reader = Reader(tell("html", report(WRONG_LINK, at(5))))
    ids = {f"#{attributes['id']}" for _, attributes in reader.tags if "id" in attributes}
    assert {a["href"] for a in reader.of("a")} <= ids
    assert not [a for _, a in reader.tags if {"src", "srcset", "action", "data"} & a.keys()]
    assert not reader.of("link")
    assert "url(" not in reader.inside["style"]


def test_page_can_be_read_without_eyes_or_mouse() -> None:
    """The page has a language, landmarks, a name for each input and table, and buttons to sort by."""
    reader = Reader(tell("html", report(WRONG_LINK)))
    ids = {attributes.get("id") for _, attributes in reader.tags}
    assert reader.of("html") == [{"lang": "en"}]
    assert {"header", "main", "nav", "footer"} <= {tag for tag, _ in reader.tags}
    assert all(a["aria-labelledby"] in ids for _, a in reader.tags if "aria-labelledby" in a)
    assert "filter-text" in [a.get("for") for a in reader.of("label")]
    assert len(reader.of("button")) == 6


def test_page_says_the_severity_in_words() -> None:
    """Each line names its severity; the colour only helps."""
    reader = Reader(tell("html", report(at(5), at(6, code=ELSEWHERE), at(7, code=TRIMMED))))
    lines = [attributes.get("data-severity") for attributes in reader.of("tr")]
    assert [line for line in lines if line] == ["error", "warning", "note"]
    assert re.findall(r"E\d (error|warning|note)", reader.words) == ["error", "warning", "note"]


def test_page_explains_each_code_once() -> None:
    """A code that occurs twice is explained once, with how often it was found."""
    reader = Reader(tell("html", report(at(5), at(6), WRONG_LINK)))
    assert [a["id"] for a in reader.of("h3") if a.get("id", "").startswith("code-")] == ["code-REF01", "code-VAL01"]
    assert "value.listed, 2 errors" in reader.words


def test_page_without_findings_says_so() -> None:
    """The empty state is in words, and the verdict is that it can be sent."""
    words = Reader(tell("html", READY)).words
    assert "Nothing to mend" in words
    assert "Ready to send" in words
    assert "12 to create in 2 batches" in words


def test_page_of_ten_thousand_mistakes_stays_small() -> None:
    """A page of 10,000 mistakes in many columns is cut, keeps true counts and stays far under 5 MB."""
    found = [at(row, sheet=f"S{row % 3}", column=column_letter(row % 900)) for row in range(1, 10_001)]
    page = tell("html", report(*found))
    assert len(page.encode()) < 1_500_000
    assert "10,000 things to mend" in page
    assert page.count("data-severity=") == 600
    assert "and 3,134 more; wbc check --format json lists every one." in page


SORT_AND_FILTER = """
document.querySelector(".findings th.cell button").click();
document.title = Array.from(document.querySelectorAll("tbody td.cell b"), (e) => e.textContent).join(" ");
document.querySelector("input[value=note]").click();
document.title += " | " + document.getElementById("filter-count").textContent;
"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_page_sorts_and_filters_in_a_browser(tmp_path: Path) -> None:
    """In a browser that obeys the policy, a click on Cell sorts by row and a box hides its severity."""
    page = tell("html", report(at(5, code=TRIMMED), at(12, code=ELSEWHERE), at(7), at(100)))
    digest = base64.b64encode(hashlib.sha256(SORT_AND_FILTER.encode()).digest()).decode()
    page = page.replace("script-src ", f"script-src 'sha256-{digest}' ")
    (tmp_path / "page.html").write_text(page.replace("</body>", f"<script>{SORT_AND_FILTER}</script></body>"), "utf-8")
    quiet = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    quiet += " --disable-component-update --disable-sync"
    done = subprocess.run(
        ["chromium", *quiet.split(), f"--user-data-dir={tmp_path}", "--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "<title>E5 E7 E12 E100 | 3 of 4 lines shown</title>" in done.stdout
