"""Which formulas live on cells that change: their saved results are of yesterday, and nobody may take them for today's.

What can't be told from a formula's words (names, parts of tables, addresses that are made up) counts as living on them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from workbook_compiler.model.diagnostics import cell_address, column_index

Place = tuple[str, str]
"""Sheet and cell."""
_Area = tuple[str, int, int, int, int]
"""Sheet, first and last row, first and last column."""

_TEXT = re.compile(r'"(?:[^"]|"")*"')
_REFERENCE = re.compile(
    r"""(?:'((?:[^']|'')+)'!|([\w.]+)!)?
        (?:\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?
          |\$?([A-Z]{1,3}):\$?([A-Z]{1,3})
          |\$?(\d+):\$?(\d+))(?![\w(.])""",
    re.VERBOSE,
)
_MADE_UP = re.compile(r"\b(?:INDIRECT|OFFSET)\s*\(|\[|\b(?!TRUE\b|FALSE\b)[^\W\d]\w*\b(?!\s*[(!])", re.IGNORECASE)
_LAST_ROW = 1_048_576


def dependents(formulas: Mapping[Place, str], changed: Collection[Place]) -> set[Place]:
    """Return the formulas whose results may be others once these cells have changed, in one step or in several.

    A formula that isn't known is an empty text.
    """
    needs = {place: list(_areas(text, place[0])) if _is_plain(text) else None for place, text in formulas.items()}
    found: set[Place] = set()
    fresh = set(changed)
    while fresh:
        by_sheet: dict[str, list[tuple[int, int]]] = {}
        for sheet, cell in fresh:
            by_sheet.setdefault(sheet.casefold(), []).append(cell_address(cell))
        fresh = {
            place
            for place, areas in needs.items()
            if place not in found and (areas is None or any(_holds(area, by_sheet) for area in areas))
        }
        found |= fresh
    return found - set(changed)


def _is_plain(formula: str) -> bool:
    """Tell whether a formula says all it lives on by address."""
    rest = _REFERENCE.sub(" ", _TEXT.sub(" ", formula))
    return formula != "" and not _MADE_UP.search(rest)


def _areas(formula: str, here: str) -> Iterator[_Area]:
    for found in _REFERENCE.finditer(_TEXT.sub(" ", formula)):
        quoted, plain, left, top, right, bottom, first, last, upper, lower = found.groups()
        sheet = (quoted.replace("''", "'") if quoted else plain or here).casefold()
        if left:
            rows, columns = (int(top), int(bottom or top)), (left, right or left)
        elif first:
            rows, columns = (1, _LAST_ROW), (first, last)
        else:
            rows, columns = (int(upper), int(lower)), ("A", "XFD")
        ends = sorted(map(column_index, columns))
        yield sheet, min(rows) - 1, max(rows) - 1, ends[0], ends[1]


def _holds(area: _Area, cells: Mapping[str, Collection[tuple[int, int]]]) -> bool:
    sheet, top, bottom, left, right = area
    return any(top <= row <= bottom and left <= column <= right for row, column in cells.get(sheet, ()))
