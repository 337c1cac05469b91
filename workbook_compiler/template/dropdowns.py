"""Choices, booleans and links -> hidden lists, defined names and the validations at the cells.

Every list lives on a hidden sheet and is reached by a defined name: a list written into the validation itself is
limited to 255 characters and split at each comma. Formulas keep to functions that Excel 2016 and LibreOffice 7 share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbook_compiler.model.columns import Field
from workbook_compiler.model.schema import Kind, Property
from workbook_compiler.template.checked import done, put
from workbook_compiler.template.selection import link_targets
from workbook_compiler.template.sheets import FIRST_COLUMN, HEADER_ROWS, LAST_ROW, LINKS, LISTS, Reach, Sheet
from workbook_compiler.template.words import prompt, refusal

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

LONGEST_LIST = 32_767
"""The most entries a spreadsheet offers."""
UNION_ROWS = 1_000
"""The most entries offered from several sheets together."""
HUGE = 1e300
"""Numbers stay below it in a spreadsheet."""
UNION_SHEETS = 40
"""A link to more sheets than this offers nothing: the formulas would cost more than they give."""

_LAST_TEXT = 'MATCH(REPT("z",99),{})'
"""The place of the last text in a column, gaps or not: a search for what stands behind every word."""
_CHECKED = (Kind.INTEGER, Kind.NUMBER, Kind.DATE)

Values = tuple[tuple[str, Any], ...]
"""The values of a list with their types' names, because ``1 == True``."""


@dataclass(frozen=True, slots=True)
class Dropdowns:
    """The named lists of one workbook."""

    values: Mapping[Values, str]
    """Fixed values to the name of their list."""
    rows: Mapping[tuple[str, ...], str]
    """Sheets to the name of the list of what their rows are called."""

    def source(self, field: Field, reach: Reach) -> str | None:
        """Return the name of the list a column offers; None when it offers none."""
        return self.rows.get(reach.sheets) or self.values.get(_values(field))


def dropdowns(sheets: Sequence[Sheet]) -> Dropdowns:
    """Return every list the sheets' columns offer, each once, with a name of its own."""
    values: dict[Values, str] = {}
    rows: dict[tuple[str, ...], str] = {}
    taken: set[str] = set()
    for sheet in sheets:
        for field, reach in sheet.columns:
            offered = _values(field)
            if offered and offered not in values:
                kind = "boolean" if field.property.leaf.kind is Kind.BOOLEAN else field.property.name
                values[offered] = _name(f"list_{kind}", taken)
            if reach.sheets and reach.sheets not in rows and len(reach.sheets) <= UNION_SHEETS:
                kind = reach.sheets[0] if len(reach.sheets) == 1 else "_or_".join(link_targets(field))
                rows[reach.sheets] = _name(f"ids_{kind}", taken)
    return Dropdowns(values, rows)


def _values(field: Field) -> Values:
    leaf = field.property.leaf
    if field.json:
        return ()
    if leaf.kind is Kind.BOOLEAN and not leaf.choices:
        return (("bool", True), ("bool", False))
    offered = [value for value in leaf.offered if value != ""][:LONGEST_LIST]
    if field.property.kind is Kind.LIST:
        offered = [_quoted(value) if isinstance(value, str) else value for value in offered]
    return tuple((type(value).__name__, value) for value in offered)


def _quoted(value: str) -> str:
    """Return a value as it has to stand in a cell of several: in quotes when it would be taken apart else."""
    apart = "," in value or "\n" in value or value.startswith(('"', "["))
    return '"' + value.replace('"', '""') + '"' if apart else value


def _name(wish: str, taken: set[str]) -> str:
    stem = re.sub(r"\W", "_", wish, flags=re.ASCII)[:60]
    name, number = stem, 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}_{number}"
    taken.add(name.casefold())
    return name


def write_lists(workbook: Workbook, sheets: Sequence[Sheet], offered: Dropdowns) -> None:
    """Write the hidden sheets of values and their defined names."""
    if offered.values:
        lists = workbook.add_worksheet(LISTS)
        lists.hide()
        for column, (values, name) in enumerate(offered.values.items()):
            _write_list(lists, column, name, values)
            cells = _range(LISTS, column, 1, len(values))
            done(workbook.define_name(name, f"={cells}"))
        _write_narrowed(workbook, lists, sheets, offered)
    if offered.rows:
        _write_links(workbook, {sheet.name: sheet for sheet in sheets}, offered.rows)


def _write_narrowed(workbook: Workbook, lists: Worksheet, sheets: Sequence[Sheet], offered: Dropdowns) -> None:
    """Write for each list that another column narrows two columns side by side: a value of that one, and a choice that fits."""
    found = {
        offered.values[_values(field)]: field.property.narrowed.choices
        for sheet in sheets
        for field, _ in sheet.columns
        if field.property.narrowed is not None and _values(field) in offered.values
    }
    for place, (name, choices) in enumerate(found.items()):
        pairs = [(value, choice) for value, fitting in choices.items() for choice in fitting]
        for side, stem in enumerate(("by", "fit")):
            column = len(offered.values) + 2 * place + side
            put(lists, 0, column, f"{stem}_{name}")
            for row, pair in enumerate(pairs, start=1):
                put(lists, row, column, pair[side])
            done(workbook.define_name(f"{stem}_{name}", f"={_range(LISTS, column, 1, len(pairs))}"))


def _write_list(lists: Worksheet, column: int, name: str, values: Values) -> None:
    put(lists, 0, column, name)
    for row, (_, value) in enumerate(values, start=1):
        if isinstance(value, bool):
            done(lists.write_boolean(row, column, value))
        elif isinstance(value, int | float) and abs(value) < HUGE:
            done(lists.write_number(row, column, value))
        else:
            put(lists, row, column, str(value))


def _write_links(workbook: Workbook, sheets: Mapping[str, Sheet], rows: Mapping[tuple[str, ...], str]) -> None:
    column = 0
    links: Worksheet | None = None
    for names, list_name in rows.items():
        cells = [str(sheets[name].identifiers) for name in names]
        if len(cells) == 1:
            done(workbook.define_name(list_name, f"={_filled(cells[0])}"))
            continue
        if links is None:
            links = workbook.add_worksheet(LINKS)
            links.hide()
        entries = _write_union(links, column, list_name, cells)
        done(workbook.define_name(list_name, f"={entries}"))
        column += 2


def _filled(cells: str) -> str:
    """Return the formula of a column's cells down to the last one with text, at least one cell."""
    first = cells.split(":")[0]
    return f"{first}:INDEX({cells},IFERROR({_LAST_TEXT.format(cells)},1))"


def _write_union(links: Worksheet, column: int, name: str, parts: Sequence[str]) -> str:
    """Write several sheets' names one below the other, as formulas; return the cells to offer.

    The right column holds the entries. The left one holds the row there in which each sheet's entries begin, and last
    the row behind them all.
    """
    from xlsxwriter.utility import xl_rowcol_to_cell

    put(links, 0, column, "begins in row")
    put(links, 0, column + 1, name)
    done(links.write_number(1, column, 2))
    for row, part in enumerate(parts, start=1):
        above = xl_rowcol_to_cell(row, column)
        done(links.write_formula(row + 1, column, f"={above}+IFERROR({_LAST_TEXT.format(part)},0)", None, 2))
    starts = _range(LINKS, column, 1, len(parts))
    behind = _range(LINKS, column, len(parts) + 1, 1)
    place = f"INDEX(CHOOSE(MATCH(ROW(),{starts}),{','.join(parts)}),ROW()-LOOKUP(ROW(),{starts})+1)"
    # The prefix is how a file writes IFNA; a formula that has one is spared XlsxWriter's search for forty newer
    # functions, which would take longer than all the rest of the workbook.
    entry = f'=_xlfn.IFNA({place}&"","")'
    for row in range(1, UNION_ROWS + 1):
        done(links.write_formula(row, column + 1, entry, None, ""))
    entries = _range(LINKS, column + 1, 1, UNION_ROWS)
    return f"{entries.split(':')[0]}:INDEX({entries},MIN({UNION_ROWS},MAX(1,{behind}-2)))"


def _range(sheet: str, column: int, first: int, count: int) -> str:
    from xlsxwriter.utility import xl_range_abs

    return f"{sheet}!{xl_range_abs(first, column, first + count - 1, column)}"


def write_validations(worksheet: Worksheet, sheet: Sheet, offered: Dropdowns) -> None:
    """Give every column of a sheet its prompt and its dropdown or check, down to the last row."""
    places = {field.path: column for column, (field, _) in enumerate(sheet.columns, FIRST_COLUMN)}
    for column, (field, reach) in enumerate(sheet.columns, FIRST_COLUMN):
        options = validation(field, reach, _narrowed(field, places, offered) or offered.source(field, reach))
        done(worksheet.data_validation(HEADER_ROWS, column, LAST_ROW, column, options))


def _narrowed(field: Field, places: Mapping[tuple[str, ...], int], offered: Dropdowns) -> str | None:
    """The part of a list that fits what another column of the row says, all of it while that is empty; None for others."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    name = offered.values.get(_values(field))
    other = places.get((*field.path[:-1], field.property.narrowed.by)) if field.property.narrowed else None
    if name is None or other is None:
        return None
    cell = xl_rowcol_to_cell(HEADER_ROWS, other, col_abs=True)
    first = f"MATCH({cell},by_{name},0)"
    return f'IF({cell}="",{name},INDEX(fit_{name},{first}):INDEX(fit_{name},{first}+COUNTIF(by_{name},{cell})-1))'


def validation(field: Field, reach: Reach, source: str | None) -> dict[str, Any]:
    """Return what XlsxWriter needs to know about one column's cells.

    A single value with a fixed list refuses anything else; a list of values, a link and a suggestion only offer,
    because their cells may hold more than one entry of the dropdown.
    """
    title, text = prompt(field, reach)
    options: dict[str, Any] = {"input_title": title, "input_message": text, **_condition(field.property, source)}
    if options["validate"] != "any" and options.get("show_error", True):
        options["error_title"], options["error_message"] = refusal(field)
    return options


def _condition(prop: Property, source: str | None) -> dict[str, Any]:
    if source:
        fixed = bool(prop.choices) or prop.kind is Kind.BOOLEAN
        return {"validate": "list", "source": f"={source}", "show_error": fixed and prop.kind is not Kind.LIST}
    if prop.kind is Kind.DATE:
        return {"validate": "date", "criteria": ">=", "value": "=DATE(1900,1,1)"}
    if prop.kind in _CHECKED:
        return {"validate": "integer" if prop.kind is Kind.INTEGER else "decimal", **_bounds(prop)}
    return {"validate": "any"}


def _bounds(prop: Property) -> dict[str, Any]:
    low = -HUGE if prop.minimum is None else prop.minimum
    high = HUGE if prop.maximum is None else prop.maximum
    return {"criteria": "between", "minimum": f"{low:.15G}", "maximum": f"{high:.15G}"}
