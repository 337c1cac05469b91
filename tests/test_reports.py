"""What a report tells to a terminal and to a program, and what both share with the page."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from report_samples import BOOK, ELSEWHERE, LISTED, READY, TRIMMED, UNKNOWN, WRONG_LINK, at, nasty_report, report, tell

from workbook_compiler.model.diagnostics import Diagnostic, Location, column_letter
from workbook_compiler.reports.explain import explain
from workbook_compiler.reports.view import sections
from workbook_compiler.reports.words import cells, visible

# JSON lines


def test_json_says_what_the_contract_says() -> None:
    """A line of JSON holds the contract's keys in its order, with the cell as Excel shows it."""
    (line,) = tell("json", report(WRONG_LINK)).splitlines()
    assert json.loads(line) == {
        "code": "REF01",
        "name": "reference.unknown",
        "severity": "error",
        "file": BOOK,
        "sheet": "Biosample",
        "cell": "D7",
        "row": 7,
        "column": "D",
        "field": "biosource",
        "value": "lab:bs9",
        "message": "“lab:bs9” is not in the sheet Biosource.",
        "hint": "Name a row of Biosource.",
        "suggestions": ["lab:bs1"],
        "related": ["Biosource!B5"],
    }
    assert list(json.loads(line))[:4] == ["code", "name", "severity", "file"]


def test_json_leaves_out_what_a_file_has_not() -> None:
    """A file-level finding has no sheet, cell, row, column, field or value."""
    entry = json.loads(tell("json", report(Diagnostic(TRIMMED, Location(BOOK)))))
    assert {"sheet", "cell", "row", "column", "field", "value"}.isdisjoint(entry)


def test_json_names_the_file_of_related_cells_when_there_are_several() -> None:
    """With several workbooks a related cell says in which one it is."""
    entry = json.loads(tell("json", report(WRONG_LINK, workbooks=(BOOK, "second.xlsx"))))
    assert entry["related"] == ["book.xlsx#Biosource!B5"]


def test_json_is_one_line_for_each_finding_whatever_was_typed() -> None:
    """Line separators and half surrogates in a value neither break a line nor stop the report, and come back equal."""
    typed = "a\u2028b\u2029c\x85d\x9be\nf"
    lines = tell("json", report(at(5, value=typed), at(6, value="\udcff"), at(7))).splitlines()
    assert [json.loads(line)["value"] for line in lines] == [typed, "?", "x"]


def test_json_of_nothing_is_nothing() -> None:
    """Without findings the stream is empty."""
    assert tell("json", READY) == ""


# Text


def test_text_tells_place_cause_remedy_and_suggestion() -> None:
    """A finding reads: cell, severity, code, field; what is wrong; what to do; the likely value; the other cells."""
    assert tell("text", report(WRONG_LINK)) == (
        "Biosample  1 error\n"
        "\n"
        "  Biosample!D7  error REF01  biosource\n"
        "    “lab:bs9” is not in the sheet Biosource.\n"
        "    → Name a row of Biosource.\n"
        "    Did you mean: lab:bs1\n"
        "    Also: Biosource!B5\n"
        "\n"
        "Records of type  rows  with errors  ready\n"
        "Biosample           9            2      7\n"
        "\n"
        "1 thing to mend before this can be sent. 1 error.\n"
        "Mend the errors in the workbook, save, and check again.\n"
        "wbc explain REF01 tells more about a code.\n"
    )


def test_text_tells_what_would_be_sent() -> None:
    """When nothing is wrong the text says so, with what is created in which order."""
    told = tell("text", READY)
    assert "Ready: 12 to create in 2 batches\n  1. 4 Biosource\n  2. 8 Biosample\nNothing to mend.\n" in told


def test_text_says_when_the_portal_has_it_all() -> None:
    """A second run, when nothing has changed, is told as nothing to send."""
    told = tell("text", replace(READY, summary={"SKIP": 12}))
    assert "Nothing to send: the portal has all of this already.\n" in told
    assert "Ready" not in told


def test_text_puts_errors_first() -> None:
    """Inside a sheet errors come before warnings before notes, each in reading order."""
    told = tell("text", report(at(5, code=TRIMMED), at(6, code=ELSEWHERE), at(7), at(8, value="y")))
    assert re.findall(r"Biosample!(E\d)", told) == ["E7", "E8", "E6", "E5"]


def test_text_cannot_steer_the_terminal() -> None:
    """No control character, escape or turned reading direction of a workbook reaches the terminal, and no markup."""
    told = tell("text", nasty_report())
    assert {c for c in told if not c.isprintable()} == {"\n"}
    assert "<U+001B>" in told
    assert "[bold]x[/bold]" in told


def test_text_has_colour_only_when_asked() -> None:
    """Colour adds escapes and changes no word."""
    plain, coloured = (tell("text", report(WRONG_LINK), color=color) for color in (False, True))
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_text_stops_after_the_limit() -> None:
    """A long list ends in how many more there are."""
    told = tell("text", report(*(at(row, column=column_letter(row)) for row in range(1, 31))), limit=4)
    assert told.count("error VAL01") == 4
    assert "and 26 more (see the HTML report or --format json)" in told


def test_text_groups_by_file_when_there_are_several() -> None:
    """With several workbooks each group stands under its file's name."""
    other = Diagnostic(LISTED, Location("second.tsv", "second", 2, "A"), "sex", "x")
    told = tell("text", report(at(5), other, workbooks=(BOOK, "second.tsv")))
    assert [line for line in told.splitlines() if line in (BOOK, "second.tsv")] == [BOOK, "second.tsv"]


# Shared by text and page


def test_one_mistake_made_in_many_cells_is_told_once() -> None:
    """What differs in nothing but its row is one entry with all its cells; the counts stay true."""
    found = [at(row, value="Mle" if row % 2 else "F") for row in range(5, 45)]
    (section,) = sections(report(*found), limit=200, related=5)
    assert [(finding.number, finding.places[:9]) for finding in section.findings] == [
        (20, "E5, E7, E"),
        (20, "E6, E8, E"),
    ]
    assert (section.tally, section.left_out) == ("40 errors", 0)


def test_the_cells_of_one_mistake_are_listed_apart_from_others_it_touches() -> None:
    """Related cells of the same column hold the mistake too; a cell elsewhere is only named."""
    related = (Location(BOOK, "Biosample", 8, "D"), Location(BOOK, "Biosample", 9, "D"), *WRONG_LINK.related)
    told = tell("text", report(replace(WRONG_LINK, related=related)))
    assert "    In 3 cells: D7:D9\n    Also: Biosource!B5\n" in told


def test_many_alike_are_folded() -> None:
    """Past twenty of a code in one column three are told and the rest become one line with their ranges and values."""
    found = [at(row, value=f"v{row}") for row in range(5, 45) if row != 20]
    (section,) = sections(report(*found), limit=200, related=5)
    assert len(section.findings) == 4
    assert section.findings[3].message == (
        "The same in 36 more cells of this column: E8:E19, E21:E44."
        " They hold “v8” (1 time), “v9” (1 time), “v10” (1 time) and 33 other values."
    )
    assert (section.tally, section.left_out) == ("39 errors", 0)


def test_twenty_alike_are_not_folded() -> None:
    """Twenty of a code in a column are all told."""
    (section,) = sections(report(*(at(row, value=f"v{row}") for row in range(5, 25))), limit=200, related=5)
    assert len(section.findings) == 20


def test_runs_of_cells_are_written_as_excel_does() -> None:
    """Three or more cells below each other are a range; what isn't shown is counted."""
    places = [Location(BOOK, "Biosource", row, "B") for row in (5, 7, 8, 9, 11)]
    assert cells(places, 2, file=BOOK, sheet="Biosample") == "Biosource!B5, Biosource!B7:B9 and 1 more"
    assert cells(places, 2, file="other.xlsx", sheet="Biosource").startswith("book.xlsx#Biosource!B5")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("a\r\nb", "a↵b"), ("a\u00a0b", "a␣b"), ("\x00", "<U+0000>"), ("a\u202eb", "a<U+202E>b"), ("é 山", "é 山")],
)
def test_what_cannot_be_seen_is_shown(typed: str, shown: str) -> None:
    """Invisible characters become visible ones; letters of any script stay."""
    assert visible(typed) == shown


@pytest.mark.parametrize("name", ["json", "text", "html"])
def test_equal_reports_give_equal_bytes(name: str) -> None:
    """A format adds no time, path or chance of its own."""
    assert tell(name, report(WRONG_LINK, at(9))) == tell(name, report(WRONG_LINK, at(9)))
    assert "/" + "home" not in tell(name, report(WRONG_LINK))


# Explanations


def test_explain_tells_a_code_at_length() -> None:
    """``explain`` tells title, words, remedy, reason and example; the gaps of a message are words."""
    told = explain(UNKNOWN)
    assert told.startswith("REF01  reference.unknown  (error)\n\nNo such record\n")
    assert "It says\n  “<value>” is not in the sheet <target>.\n" in told
    assert all(part in told for part in (UNKNOWN.why, UNKNOWN.example, "Name a row of <target>."))
    assert max(map(len, told.splitlines())) <= 88
