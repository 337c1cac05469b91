"""``--format text``: the report on a terminal. The verdict comes last, where the eye is when the command ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from workbook_compiler.model.diagnostics import Severity
from workbook_compiler.model.report import Report, ReportFormat
from workbook_compiler.reports import view
from workbook_compiler.reports.words import SEVERITY_WORDS, count, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDTH = 100
LIMIT = 200
"""Findings told in full for one sheet."""
RELATED = 5

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def render(report: Report, options: Mapping[str, Any]) -> str:
    """Return the report as text. Options: ``color``, ``width``, ``limit`` findings a sheet, ``verdict`` False for only these."""
    console, out = _console(options)
    several = len({d.location.file for d in report.diagnostics} | set(report.workbooks)) > 1
    file = None
    for section in view.sections(report, limit=options.get("limit", LIMIT), related=RELATED):
        if several and section.file != file:
            _line(console, (section.file, "bold underline"))
            console.print()
        file = section.file
        _tell_section(console, section)
    if options.get("verdict", True):
        _tell_records(console, report)
        _tell_verdict(console, report)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _console(options: Mapping[str, Any]) -> tuple[Console, StringIO]:
    """Return a console that looks at no environment, so that equal reports give equal text."""
    from rich.console import Console

    out, color = StringIO(), bool(options.get("color", False))
    console = Console(
        file=out,
        force_terminal=color,
        color_system="standard" if color else None,
        width=options.get("width", WIDTH),
        height=25,
        emoji=False,
        highlight=False,
        markup=False,
        legacy_windows=False,
        force_jupyter=False,
        _environ={},
    )
    return console, out


def _line(console: Console, *parts: tuple[str, str], indent: int = 0) -> None:
    """Print pieces of text with their styles as one wrapped paragraph; user text is never markup."""
    from rich.padding import Padding
    from rich.text import Text

    text: Text = Text.assemble(*parts, overflow="fold")
    console.print(Padding(text, (0, 0, 0, indent)))


def _tell_section(console: Console, section: view.Section) -> None:
    name = section.file if section.sheet is None else section.sheet
    _line(console, (name, "bold"), (f"  {section.tally}", "dim"))
    console.print()
    for finding in section.findings:
        _tell(console, finding)
    if section.left_out:
        _line(console, (f"and {section.left_out:,} more (see the HTML report or --format json)", ""), indent=2)
        console.print()


def _tell(console: Console, finding: view.Finding) -> None:
    severity = finding.severity
    head = [
        (visible(str(finding.location)), "bold"),
        (f"  {SEVERITY_WORDS[severity]} {finding.code.id}", _STYLES[severity]),
    ]
    _line(console, *head, (f"  {finding.field}", "dim"), indent=2)
    _line(console, (finding.message, ""), indent=4)
    if finding.hint:
        _line(console, (f"→ {finding.hint}", ""), indent=4)
    if finding.suggestions:
        _line(console, ("Did you mean: ", ""), (_choice(finding.suggestions), "green"), indent=4)
    if finding.places:
        _line(console, (f"In {count(finding.number, 'cell')}: {finding.places}", "dim"), indent=4)
    if finding.related:
        _line(console, (f"Also: {finding.related}", "dim"), indent=4)
    console.print()


def _choice(suggestions: Sequence[str]) -> str:
    """The suggestions in a row; one that holds a comma stands in quotes, so that it is seen where it ends."""
    return ", ".join(f"“{text}”" if "," in text and len(suggestions) > 1 else text for text in suggestions)


def _tell_records(console: Console, report: Report) -> None:
    from rich.table import Table
    from rich.text import Text

    if not report.types:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Records of type")
    asked = any(entry.looked_up for entry in report.types)
    for title in ("rows", "with errors", *(["to look up"] if asked else []), "ready"):
        table.add_column(title, justify="right")
    for entry in report.types:
        numbers = (entry.records, entry.with_errors, *([entry.looked_up] if asked else []), entry.ready)
        table.add_row(Text(visible(entry.type)), *(f"{number:,}" for number in numbers))
    console.print(table)
    console.print()


def _tell_verdict(console: Console, report: Report) -> None:
    tally = view.tally(view.counts(report))
    outlook = view.outlook(report)
    if report.ok:
        ready = outlook and not view.all_there(report)
        _line(console, (f"Ready: {outlook}" if ready else f"{view.verdict(report)}.", "bold green"))
        for number, batch in enumerate(view.batch_lines(report), 1):
            _line(console, (f"{number}. {batch}", ""), indent=2)
        _line(console, (f"{tally}." if tally else "Nothing to mend.", ""))
    else:
        _line(console, (f"{view.verdict(report)}.", "bold red"), (f" {tally}.", ""))
    _line(console, (view.next_step(report), ""))
    if report.diagnostics:
        worst = min(report.diagnostics, key=lambda d: list(Severity).index(d.severity))
        _line(console, (f"wbc explain {worst.code.id} tells more about a code.", "dim"))


FORMAT = ReportFormat("text", "text for a terminal", ".txt", render)
