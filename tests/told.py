"""Findings as they are told to the person who has to mend them: each code's file in ``tests/cases`` shows one, kept true.

The block beneath a file's title is what the text report prints. What changes from run to run has a fixed word in it.
``pytest --accept`` writes what is told now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import wording

from workbook_compiler import resources
from workbook_compiler.model.codes import CATALOGUE
from workbook_compiler.model.diagnostics import Diagnostic
from workbook_compiler.model.report import Report

FOLDER = Path(__file__).parent / "cases"
BLOCK = re.compile(r"\A(# [^\n]+\n)(?:\n```text\n(.*?)```\n)?", re.DOTALL)
"""A file's title, and the finding beneath it."""
SCRUBS = (
    (re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"), "UUID"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), r"\1:PORT"),
    (re.compile(r"/\S*/pytest-of-[^/\s]+/\S*?/(?=[^/\s]+(?:[\s”]|$))"), "/data/"),
)
"""What is another in every run."""
accepting = False
"""Whether what is told now becomes what the files show."""


def assert_told(found: Iterable[Diagnostic] | str, code: str) -> None:
    """Demand that the first finding of a code is told as its file shows, in words for the bench.

    ``found`` are findings, or the text that another process printed.
    """
    if isinstance(found, str):
        text = _printed(found, code)
    else:
        one = next(diagnostic for diagnostic in found if diagnostic.code.id == code)
        assert [*wording.faults(one.message, *_own(one)), *wording.advising(one.hint, *_own(one))] == []
        text = shown(one)
    path = FOLDER / f"{code.lower()}.md"
    if accepting:
        _accept(path, code, text)
    elif in_file(path) != text:
        said = f"{path.name} shows\n{in_file(path)}\nand it is told\n{text}\nIf that is right: --accept"
        pytest.fail(said, pytrace=False)


def in_file(path: Path) -> str | None:
    """Return the finding that a code's file shows; None where it shows none."""
    return BLOCK.match(path.read_text(encoding="utf-8"))[2] if path.exists() else None


def shown(one: Diagnostic) -> str:
    """Return a finding as the text report prints it, a line for its sheet left out."""
    report = Report("", "", (), "", (_scrubbed(one),))
    text = resources.report_formats()["text"].render(report, {"verdict": False})
    return text.split("\n", 2)[2].rstrip("\n") + "\n"


def _printed(text: str, code: str) -> str:
    """The first finding of a code in a printed report."""
    found = re.search(rf"^  \S.*  \w+ {code}\b.*\n(?:    .*\n)+", text, re.MULTILINE)
    assert found is not None, text
    return str(_fixed(found[0]))


def _accept(path: Path, code: str, text: str) -> None:
    before = path.read_text(encoding="utf-8") if path.exists() else f"# {code} {CATALOGUE[code].name}\n"
    after = BLOCK.sub(lambda found: f"{found[1]}\n```text\n{text}```\n", before, count=1)
    path.write_text(after, encoding="utf-8", newline="\n")


def _scrubbed(one: Diagnostic) -> Diagnostic:
    """The same finding with fixed words for what changes; lines break where the fixed words end."""
    return replace(
        one,
        location=one.location._replace(file=_fixed(one.location.file)),
        value=_fixed(one.value),
        context={name: _fixed(value) for name, value in one.context.items()},
        suggestions=tuple(map(_fixed, one.suggestions)),
    )


def _fixed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for pattern, instead in SCRUBS:
        value = pattern.sub(instead, value)
    return value


def _own(one: Diagnostic) -> list[str]:
    """What the user or the portal wrote: their words are theirs."""
    theirs = (one.value, *one.suggestions, *(one.context.get(name) for name in ("shown", "present", "words")))
    return [text for text in theirs if isinstance(text, str) and text]
