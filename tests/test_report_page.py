"""The page wet-lab staff open: whole in itself, safe, readable, small."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

from report_samples import ELSEWHERE, NASTY, READY, TRIMMED, WRONG_LINK, at, nasty_report, report, tell

from workbook_compiler.model.diagnostics import column_letter
from workbook_compiler.model.report import Excerpt, TypeCount
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


def findings(reader: Reader) -> list[dict[str, str | None]]:
    """The attributes of each finding."""
    return [a for a in reader.of("li") if "data-code" in a]


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
    assert not [a for _, a in reader.tags if {"src", "xlink:href", "srcset", "action", "data"} & a.keys()]
    assert not reader.of("link")
    assert "url(" not in reader.inside["style"]


def test_page_can_be_read_without_eyes_or_mouse() -> None:
    """The page has a language, landmarks, and a name for each input and table; all that is chosen by is a plain control."""
    reader = Reader(tell("html", report(WRONG_LINK)))
    ids = {attributes.get("id") for _, attributes in reader.tags}
    assert reader.of("html") == [{"lang": "en"}]
    assert {"header", "main", "nav", "footer"} <= {tag for tag, _ in reader.tags}
    assert all(a["aria-labelledby"] in ids for _, a in reader.tags if "aria-labelledby" in a)
    controls = len(reader.of("input")) + len(reader.of("select"))
    assert controls == len(reader.of("label")) == 7
    assert [a["type"] for a in reader.of("button")] == ["reset"]


def test_page_says_the_severity_in_words() -> None:
    """Each line names its severity; the colour only helps."""
    reader = Reader(tell("html", report(at(5), at(6, code=ELSEWHERE), at(7, code=TRIMMED))))
    assert [a["data-severity"] for a in findings(reader)] == ["error", "warning", "note"]
    assert re.findall(r"E\d (error|warning|note)", reader.words) == ["error", "warning", "note"]


def test_each_finding_can_be_named() -> None:
    """The findings are numbered through the page, and each says its code."""
    reader = Reader(tell("html", report(WRONG_LINK, at(5), at(6, sheet="Biosource"))))
    assert [(a["id"], a["data-code"]) for a in findings(reader)] == [
        ("finding-1", "REF01"),
        ("finding-2", "VAL01"),
        ("finding-3", "VAL01"),
    ]


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
    """A page of 10,000 mistakes in many columns is cut, keeps true counts and stays under 3 MB, neighbours included."""
    found = [
        at(row, sheet=f"S{row % 30}", column=column_letter(row % 900), value=f"v{row}") for row in range(1, 10_001)
    ]
    cells = tuple(f"somewhat longer {n}" for n in range(6))
    around = Excerpt(tuple("ABCDEF"), cells, ((1, cells), (2, cells), (3, cells)))
    page = tell("html", replace(report(*found), around=lambda _: around))
    assert len(page.encode()) < 3_000_000
    assert "10,000 things to mend" in page
    assert page.count("data-code=") == 30 * 66
    assert page.count('class="grid"') == 1_000
    assert "and 268 more; wbc check --format json lists every one." in page


def test_overview_parts_the_rows_by_what_is_to_be_done() -> None:
    """Each type's rows are ready, to mend or to look up, and what looking up means is said where there is any."""
    page = tell("html", replace(READY, types=(TypeCount("Biosample", 1_009, 2, 3),)))
    assert re.findall(r'<td class="number[^"]*">([^<]*)</td>', page) == ["1,009", "2", "3", "1,004"]
    assert "To look up: the row names a record" in page
    assert "To look up: the row" not in tell("html", READY)


def test_one_mistake_of_many_cells_is_one_entry() -> None:
    """It stands once, with all its cells."""
    reader = Reader(tell("html", report(*(at(row) for row in range(5, 42)))))
    assert len(findings(reader)) == 1
    assert "E5 and 36 more" in reader.words
    assert "In 37 cells: E5:E41" in reader.words
