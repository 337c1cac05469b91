"""Gold files: what people see, as text, compared line by line or accepted with ``--accept``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from workbook_compiler import api

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST_DIFF = 400
"""Lines of a difference that are shown."""
SCRUBS = (
    (re.compile(r"<style>.*?</style>", re.DOTALL), "<style>…</style>"),
    (re.compile(r"<script>.*?</script>", re.DOTALL), "<script>…</script>"),
    (re.compile(r"'sha256-[^']*'"), "'sha256-…'"),
    (re.compile(rf"\b{re.escape(api.tool_version())}\b"), "VERSION"),
)
"""What changes without a person seeing it, or is read in its own file."""


def expect(folder: Path, found: Mapping[str, str], *, accept: bool) -> None:
    """Demand that the gold files of a folder are exactly these texts; ``accept`` makes them so."""
    texts = {name: scrubbed(text) for name, text in found.items()}
    gold = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    if accept:
        for name in gold.keys() - texts.keys():
            gold[name].unlink()
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        return
    kept = {name: path.read_text(encoding="utf-8") for name, path in gold.items()}
    lines = [line for name in sorted({*kept, *texts}) for line in _difference(name, kept.get(name), texts.get(name))]
    more = [f"and {len(lines) - LONGEST_DIFF} lines more"] if len(lines) > LONGEST_DIFF else []
    if lines:
        said = ["not as accepted; if this is as it should be: make golden", *lines[:LONGEST_DIFF], *more]
        pytest.fail("\n".join(said), pytrace=False)


def scrubbed(text: str) -> str:
    for pattern, instead in SCRUBS:
        text = pattern.sub(instead, text)
    return text


def _difference(name: str, before: str | None, after: str | None) -> list[str]:
    sides = (before or "").splitlines(), (after or "").splitlines()
    return list(difflib.unified_diff(*sides, f"gold/{name}", f"now/{name}", lineterm=""))


def workbook_text(path: Path) -> str:
    """Return a workbook as lines ``Sheet!A1 | value | validation | note``, with its hidden sheets and defined names."""
    book = openpyxl.load_workbook(path)
    return "".join(f"{line}\n" for line in _workbook(book))


def _workbook(book: Workbook) -> Iterator[str]:
    for name, defined in sorted(book.defined_names.items()):
        yield f"name {name} | {defined.attr_text}"
    for sheet in book:
        yield ""
        still = f", rows and columns before {sheet.freeze_panes} stay in sight" if sheet.freeze_panes else ""
        yield f"sheet {sheet.title}: {sheet.sheet_state}{still}"
        yield from _sheet(book, sheet)


def _sheet(book: Workbook, sheet: Worksheet) -> Iterator[str]:
    """The cells with a text, then what its columns offer, refuse and say."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None or cell.comment:
                note = cell.comment.text if cell.comment else ""
                yield _line(f"{sheet.title}!{cell.coordinate}", cell.value, "", note)
    rules = [(str(area), rule) for rule in sheet.data_validations.dataValidation for area in rule.sqref.ranges]
    for area, rule in sorted(rules, key=lambda pair: range_boundaries(pair[0])):
        yield _line(f"{sheet.title}!{area}", "", _validation(book, rule), _words(rule))


def _line(at: str, value: Any, validation: str, note: str) -> str:
    parts = [at, "" if value is None else str(value), validation, note]
    return " | ".join(part.replace("\n", "⏎") for part in parts).rstrip()


def _validation(book: Workbook, rule: DataValidation) -> str:
    limits = [text for text in (rule.formula1, rule.formula2) if text is not None]
    kind = " ".join(word for word in (rule.type, rule.operator, *limits) if word)
    return f"{kind}{_values(book, rule.formula1)}{'' if rule.showErrorMessage or not rule.type else ', others allowed'}"


def _values(book: Workbook, name: str | None) -> str:
    """What a fixed list offers, with the types of numbers and booleans told by their spelling."""
    if name is None or not name.startswith("list_"):
        return ""
    [(sheet, area)] = book.defined_names[name].destinations
    cells = book[sheet][area]
    rows = cells if isinstance(cells, tuple) else ((cells,),)
    return f" {[cell.value for row in rows for cell in row]}"


def _words(rule: DataValidation) -> str:
    """The prompt at the cell, then what a refused cell is told."""
    said = [(rule.promptTitle, rule.prompt), (rule.errorTitle, rule.error)]
    return " ✗ ".join(f"{title}: {text}" for title, text in said if text)
