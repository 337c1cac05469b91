"""``--format html``: one page that wet-lab staff open, filter, sort and print. It refers to nothing outside itself."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbook_compiler.model.diagnostics import Code, Location, Severity
from workbook_compiler.model.report import Report, ReportFormat
from workbook_compiler.reports import view
from workbook_compiler.reports.words import SEVERITY_WORDS, column_number, count, listed, plural, visible
from workbook_compiler.resources import templates

LIMIT = 200
"""Rows of one sheet's table,"""
PAGE_LIMIT = 2_000
"""and of all tables together: a page of 10,000 mistakes must open at once."""
FEWEST = 10
RELATED = 12

_BREAKS = re.compile(r"(?<=[_.-])(?=\w)")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a sheet's table."""

    place: str
    """``D7``, ``column D`` or ``whole sheet``."""
    order: str
    """What the place is sorted by: ``7 4``."""
    severity: str
    field: tuple[str, ...]
    """The field's name in pieces: it may be broken between them."""
    finding: view.Finding
    anchor: str


@dataclass(frozen=True, slots=True)
class Table:
    """What was found in one sheet, or in a file as a whole."""

    anchor: str
    title: str
    file: str
    """Empty when the report is about one workbook."""
    tally: str
    errors: int
    rows: tuple[Row, ...]
    left_out: str


@dataclass(frozen=True, slots=True)
class TypeRow:
    """How a type's rows fared."""

    type: str
    records: str
    with_errors: str
    ready: str


@dataclass(frozen=True, slots=True)
class SeverityCount:
    """One severity of the overview, and a box of the filter."""

    severity: str
    word: str
    number: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code that occurs, for the end of the page."""

    anchor: str
    id: str
    name: str
    title: str
    why: str
    example: str
    found: str


@dataclass(frozen=True, slots=True)
class Page:
    """All the page shows; the template has loops and no decisions of its own."""

    verdict: str
    state: str
    """``mend``, ``look`` or ``ready``: the colour beside the words."""
    next_step: str
    outlook: str
    portal: str
    schema_source: str
    workbooks: tuple[str, ...]
    severities: tuple[SeverityCount, ...]
    types: tuple[TypeRow, ...]
    batches: tuple[str, ...]
    tables: tuple[Table, ...]
    explanations: tuple[Explanation, ...]
    several_files: bool

    @property
    def heading(self) -> str:
        """Return the workbooks' names for the title bar."""
        more = len(self.workbooks) - 2
        return listed([*self.workbooks[:2], f"{more:,} more"]) if more > 0 else listed(self.workbooks)


def render(report: Report, options: Mapping[str, Any]) -> str:  # noqa: ARG001 - every format has both
    """Return the page, styles and script included; equal reports give equal bytes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    folder = templates() / "reports"
    style = (folder / "report.css").read_text("utf-8")
    script = (folder / "report.js").read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        page=page(report),
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=_hash(script),
        wbr=Markup("<wbr>"),
    )


def _hash(text: str) -> str:
    """Return the text's hash as a Content-Security-Policy has it: nothing but this very text may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page(report: Report) -> Page:
    """Return everything the page shows."""
    groups = report.by_sheet()
    several = len({file for file, _, _ in groups} | set(report.workbooks)) > 1
    limit = min(LIMIT, max(FEWEST, PAGE_LIMIT // max(1, len(groups))))
    sections = view.sections(report, limit=limit, related=RELATED)
    numbers = view.counts(report)
    return Page(
        verdict=view.verdict(report),
        state="mend" if not report.ok else "look" if numbers.get(Severity.WARNING) else "ready",
        next_step=view.next_step(report),
        outlook=view.outlook(report),
        portal=visible(report.title or report.portal),
        schema_source=visible(report.schema_source),
        workbooks=tuple(map(visible, report.workbooks)),
        severities=tuple(
            SeverityCount(SEVERITY_WORDS[s], plural(numbers[s], SEVERITY_WORDS[s]), f"{numbers[s]:,}") for s in Severity
        ),
        types=tuple(_type_row(t.type, t.records, t.with_errors) for t in report.types),
        batches=tuple(view.batch_lines(report)),
        tables=tuple(_table(f"sheet-{n}", section, several) for n, section in enumerate(sections, 1)),
        explanations=_explanations(report),
        several_files=several,
    )


def _type_row(name: str, records: int, with_errors: int) -> TypeRow:
    return TypeRow(visible(name), f"{records:,}", f"{with_errors:,}", f"{records - with_errors:,}")


def _table(anchor: str, section: view.Section, several: bool) -> Table:
    return Table(
        anchor=anchor,
        title=section.sheet or "The file as a whole",
        file=section.file if several else "",
        tally=section.tally,
        errors=section.counts.get(Severity.ERROR, 0),
        rows=tuple(_row(finding) for finding in section.findings),
        left_out=f"and {section.left_out:,} more; wbc check --format json lists every one." if section.left_out else "",
    )


def _row(finding: view.Finding) -> Row:
    where = finding.location
    return Row(
        place=_place(where, finding.stands_for),
        order=f"{where.row or 0} {column_number(where.column)}",
        severity=SEVERITY_WORDS[finding.severity],
        field=tuple(_BREAKS.split(finding.field)),
        finding=finding,
        anchor=_anchor(finding.code),
    )


def _place(where: Location, stands_for: int) -> str:
    if stands_for > 1:
        return f"{stands_for:,} cells"
    if where.cell:
        return where.cell
    if where.column:
        return f"column {where.column}"
    if where.row:
        return f"row {where.row}"
    return "whole sheet" if where.sheet else "whole file"


def _anchor(code: Code) -> str:
    return f"code-{code.id}"


def _explanations(report: Report) -> tuple[Explanation, ...]:
    found = Counter(diagnostic.code.id for diagnostic in report.diagnostics)
    codes = {diagnostic.code.id: diagnostic.code for diagnostic in report.diagnostics}
    return tuple(
        Explanation(
            anchor=_anchor(code),
            id=code.id,
            name=code.name,
            title=code.title,
            why=code.why,
            example=code.example,
            found=count(found[key], SEVERITY_WORDS[code.severity]),
        )
        for key, code in sorted(codes.items())
    )


FORMAT = ReportFormat("html", "a page to open, filter and print", ".html", render)
