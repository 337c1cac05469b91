"""The first sheet of a template: how to fill it in, and what is on the other sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbook_compiler import resources
from workbook_compiler.template.checked import done, put
from workbook_compiler.template.sheets import READ_ME, Sheet
from workbook_compiler.template.styles import REQUIRED, Styles

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

STEPS = (
    "Go through the sheets from left to right: what a row refers to usually stands on an earlier sheet. Sheets and "
    "columns you don't need can stay empty.",
    "Each row from row 5 on is one record. Rows 1 to 4 tell about the columns: the name, the kind of value, what is "
    "meant, and what else to know. Please leave them, and column A, as they are. A row with # in column A is not read.",
    "Fill in every column whose name has a star (*). An empty cell says nothing and is never sent.",
    "Give each row a name of your own in the green column, such as my-lab:sample-1. Other rows refer to it by that "
    "name, and their dropdown shows the names typed so far. What the portal has already is referred to by its "
    "identifier there.",
    "Several values in one cell are separated by commas: red, green. A value that holds a comma goes in quotes: "
    '"red, dark", green.',
    "A column called group.field belongs to a group. For a second member of the group, copy its columns and end their "
    "headers with -1 (group.field-1), for a third with -2.",
    "Write dates as 2024-03-01 and numbers without units. Please don't merge cells.",
    "To remove a value that the portal has stored, write *delete*. Where a cell refuses it, paste it there.",
    "Save the file as .xlsx and check it: wbc check FILE.xlsx. It tells every problem at once, with its cell.",
)
_BLANK = "A blank workbook: fill in the sheets, check it, submit it."
_ABOUT = {"export": "Records of the portal: change what is to change, check it, submit it."}
_SHORT_HASH = 12
_CHARACTERS_PER_LINE = 118


def write_guide(workbook: Workbook, sheets: Sequence[Sheet], facts: Mapping[str, str], styles: Styles) -> None:
    """Write the guide as the workbook's first sheet."""
    guide = workbook.add_worksheet(READ_ME)
    guide.hide_gridlines(2)
    guide.set_tab_color(REQUIRED)
    for column, width in enumerate((4, 32, 74, 12, 12)):
        done(guide.set_column(column, column, width))
    guide.set_row(0, 30)
    guide.fit_to_pages(1, 0)
    portal = resources.portals().get(facts["portal"])
    put(guide, 0, 1, f"Metadata for the {portal.title}" if portal else f"Metadata for {facts['portal']}", styles.title)
    put(guide, 1, 1, _ABOUT.get(facts.get("made", ""), _BLANK), styles.subtitle)
    row = _write_steps(guide, 3, styles)
    row = _write_legend(guide, row + 1, styles)
    row = _write_table(guide, row + 1, sheets, styles)
    _write_facts(guide, row + 1, facts, styles)


def _heading(guide: Worksheet, row: int, text: str, styles: Styles) -> int:
    put(guide, row, 1, text, styles.heading)
    done(guide.write_blank(row, 2, None, styles.heading))
    guide.set_row(row, 20)
    return row + 1


def _write_steps(guide: Worksheet, row: int, styles: Styles) -> int:
    row = _heading(guide, row, "How to fill it in", styles)
    for number, text in enumerate(STEPS, start=1):
        put(guide, row, 0, f"{number}.", styles.number)
        done(guide.merge_range(row, 1, row, 2, text, styles.step))
        guide.set_row(row, 15.5 * -(-len(text) // _CHARACTERS_PER_LINE) + 3)
        row += 1
    return row


def _write_legend(guide: Worksheet, row: int, styles: Styles) -> int:
    row = _heading(guide, row, "What the colours mean", styles)
    legend = (
        ("*required", styles.role(required=True, identifier=False).name, "every row needs a value here"),
        ("name", styles.role(required=False, identifier=True).name, "the row's own name: other rows refer to it"),
        ("optional", styles.role(required=False, identifier=False).name, "fill it in when you can"),
    )
    for text, style, meaning in legend:
        put(guide, row, 1, text, style)
        put(guide, row, 2, meaning, styles.step)
        row += 1
    return row


def _write_table(guide: Worksheet, row: int, sheets: Sequence[Sheet], styles: Styles) -> int:
    row = _heading(guide, row, "What is in it", styles)
    for column, text in enumerate(("Sheet", "What a row is", "Required columns", "Columns in all"), start=1):
        put(guide, row, column, text, styles.table_head)
    guide.set_row(row, 32)
    for sheet in sheets:
        row += 1
        entity, fields = sheet.chosen.entity, sheet.chosen.fields
        done(guide.write_url(row, 1, f"internal:{sheet.quoted}!B5", styles.link, sheet.name))
        about = f"{entity.title}: {entity.description}" if entity.description else entity.title
        put(guide, row, 2, about, styles.table_text)
        guide.set_row(row, 15.5 * min(4, max(1, -(-len(about) // 84))) + 2)
        done(guide.write_number(row, 3, sum(field.required for field in fields), styles.table_count))
        done(guide.write_number(row, 4, len(fields), styles.table_count))
    return row + 1


def _write_facts(guide: Worksheet, row: int, facts: Mapping[str, str], styles: Styles) -> None:
    lines = (
        ("Portal", facts["portal"]),
        ("Preset", facts["preset"].replace(",", ", ") or "none"),
        ("Schema", f"{facts['schema_source']} ({facts['schema_sha256'][:_SHORT_HASH]})"),
        ("Made by", f"workbook_compiler {facts['tool_version']}"),
    )
    for number, (name, value) in enumerate(lines):
        put(guide, row + number, 1, name, styles.fact)
        put(guide, row + number, 2, value, styles.fact)
