"""``--format html``: one page that wet-lab staff open, filter, sort and print. It refers to nothing outside itself."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbook_compiler.model.diagnostics import Code, Location, Severity
from workbook_compiler.model.report import LinkCount, LinkEnd, Report, ReportFormat, TypeCount
from workbook_compiler.reports import view
from workbook_compiler.reports.graph import Picture, picture
from workbook_compiler.reports.grid import Around, Grid, grid
from workbook_compiler.reports.words import SEVERITY_WORDS, column_number, count, listed, plural, visible
from workbook_compiler.resources import templates

LIMIT = 200
"""Findings of one sheet,"""
PAGE_LIMIT = 2_000
"""and of all sheets together: a page of 10,000 mistakes must open at once."""
LONG = 300
"""A page of more findings lays out only those in sight."""
GRIDS = 1_000
"""So many findings are shown among their neighbours."""
FEWEST = 10
RELATED = 12

_BREAKS = re.compile(r"(?<=[_.-])(?=\w)|(?<=[a-z])(?=[A-Z])")
"""Where a name may be broken: ``cell_|line``, ``Experiment|HiC``."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One mistake."""

    number: int
    """Counted through the page."""
    place: str
    """``D7``, ``D7 and 36 more``, ``column D`` or ``whole sheet``."""
    order: str
    """What the place is sorted by: ``7 4``."""
    severity: str
    finding: view.Finding
    anchor: str
    grid: Grid | None


@dataclass(frozen=True, slots=True)
class Table:
    """What was found in one sheet, or in a file as a whole."""

    anchor: str
    title: str
    file: str
    """Empty when the report is about one workbook."""
    tally: str
    entries: tuple[Entry, ...]
    left_out: str


@dataclass(frozen=True, slots=True)
class TypeRow:
    """How a type's rows fared."""

    type: str
    records: str
    with_errors: str
    looked_up: str
    ready: str


@dataclass(frozen=True, slots=True)
class SeverityCount:
    """One severity of the overview, and a box of the filter."""

    severity: str
    word: str
    number: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One kind of links, as the table beside the picture tells it."""

    type: str
    via: str
    to: str
    end: str
    number: str
    kind: str


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
    asks: bool
    """Some rows name records that the portal is going to be asked for."""
    picture: Picture | None
    links: tuple[LinkRow, ...]
    batches: tuple[str, ...]
    tables: tuple[Table, ...]
    explanations: tuple[Explanation, ...]
    several_files: bool

    @property
    def heading(self) -> str:
        """Return the workbooks' names for the title bar."""
        more = len(self.workbooks) - 2
        return listed([*self.workbooks[:2], f"{more:,} more"]) if more > 0 else listed(self.workbooks)

    @property
    def long(self) -> bool:
        """Tell whether there is too much to lay it all out at once."""
        return sum(len(table.entries) for table in self.tables) > LONG


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
    environment.filters["breakable"] = lambda name: Markup("<wbr>").join(_BREAKS.split(name))
    return environment.get_template("report.html.j2").render(
        page=page(report),
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=_hash(script),
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
    counter = itertools.count(1)
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
        types=tuple(map(_type_row, report.types)),
        asks=any(entry.looked_up for entry in report.types),
        picture=picture(report),
        links=tuple(map(_link_row, report.links)),
        batches=tuple(view.batch_lines(report)),
        tables=tuple(
            _table(f"sheet-{n}", section, several, counter, report.around) for n, section in enumerate(sections, 1)
        ),
        explanations=_explanations(report),
        several_files=several,
    )


def _type_row(entry: TypeCount) -> TypeRow:
    numbers = (entry.records, entry.with_errors, entry.looked_up, entry.ready)
    return TypeRow(visible(entry.type), *(f"{number:,}" for number in numbers))


_ENDS = {
    LinkEnd.HERE: "",
    LinkEnd.PORTAL: "to look up on the portal",
    LinkEnd.NOWHERE: "✕ nothing there",
}


def _link_row(link: LinkCount) -> LinkRow:
    end = "↻ rows of its own type" if link.end is LinkEnd.HERE and link.type == link.to else _ENDS[link.end]
    return LinkRow(visible(link.type), visible(link.via), visible(link.to), end, f"{link.number:,}", link.end.value)


def _table(anchor: str, section: view.Section, several: bool, counter: Iterator[int], around: Around) -> Table:
    return Table(
        anchor=anchor,
        title=section.sheet or "The file as a whole",
        file=section.file if several else "",
        tally=section.tally,
        entries=tuple(_entry(next(counter), finding, around) for finding in section.findings),
        left_out=f"and {section.left_out:,} more; wbc check --format json lists every one." if section.left_out else "",
    )


def _entry(number: int, finding: view.Finding, around: Around) -> Entry:
    where = finding.location
    return Entry(
        number=number,
        place=_place(where, finding.number),
        order=f"{where.row or 0} {column_number(where.column)}",
        severity=SEVERITY_WORDS[finding.severity],
        finding=finding,
        anchor=_anchor(finding.code),
        grid=grid(finding, around(where)) if number <= GRIDS else None,
    )


def _place(where: Location, number: int) -> str:
    if where.cell:
        return f"{where.cell} and {number - 1:,} more" if number > 1 else where.cell
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
