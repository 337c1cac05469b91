"""A whole new sheet, as a value and as the text of its part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from workbook_compiler.edit.markup import escaped, in_attribute
from workbook_compiler.edit.styles import Look
from workbook_compiler.model.diagnostics import column_letter

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
MOST_LINKS = 65_000
"""A sheet holds 65,530 links; more, and Excel repairs the file."""
_LINE, _MOST_LINES = 15, 20
"""A line's height in points; a row of a sheet is at most 409 points high."""
LIST_LIMIT = 255
"""Signs of a list that stands in the sheet itself."""


@dataclass(frozen=True, slots=True)
class Put:
    """What a cell of a new sheet shows."""

    value: str | int
    look: Look = field(default_factory=Look)
    link: str = ""
    """A place in the workbook where a click leads: ``'My sheet'!D7``."""
    style: int | None = None
    """The number of a style of the workbook, in place of a look."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Cells that offer a list."""

    cells: tuple[str, ...]
    values: tuple[str, ...]
    """None of them with a comma or a quotation mark, all together at most ``LIST_LIMIT`` signs."""
    only: bool = True
    """Nothing else may be typed."""


@dataclass(frozen=True, slots=True)
class Page:
    """A new sheet."""

    title: str
    rows: Sequence[Sequence[Put | None]]
    widths: Sequence[float]
    """In letters; 0 hides the column."""
    choices: Sequence[Choice] = ()
    frozen: int = 0
    """So many rows stay in sight."""
    filtered: str = ""
    """The area with buttons to sort and filter: ``A6:I40``."""


def place(sheet: str, cell: str) -> str:
    """Return how a link names a cell of a sheet."""
    quoted = sheet.replace("'", "''")
    return f"'{quoted}'!{cell}"


def written(page: Page, styled: Callable[[Look], int], *, strict: bool = False) -> str:
    """Return the text of the sheet's part."""
    links = [(f"{column_letter(c)}{r}", put) for r, c, put in _puts(page) if put.link][:MOST_LINKS]
    inner = [
        f'<sheetPr><tabColor rgb="FFB3261E"/><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews>{_view(page)}</sheetViews>',
        '<sheetFormatPr defaultRowHeight="15"/>',
        f"<cols>{''.join(_columns(page.widths))}</cols>",
        f"<sheetData>{''.join(_rows(page, styled))}</sheetData>",
        f'<autoFilter ref="{page.filtered}"/>' if page.filtered else "",
        _validations(page.choices),
        f"<hyperlinks>{''.join(_link(cell, put) for cell, put in links)}</hyperlinks>" if links else "",
        '<pageMargins left="0.5" right="0.5" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>',
        '<pageSetup orientation="landscape" fitToHeight="0"/>',
    ]
    root = f'<worksheet xmlns="{_STRICT if strict else _MAIN}">'
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{root}{"".join(inner)}</worksheet>'


def _puts(page: Page) -> Iterator[tuple[int, int, Put]]:
    for number, row in enumerate(page.rows, 1):
        for column, put in enumerate(row):
            if put is not None:
                yield number, column, put


def _view(page: Page) -> str:
    pane = ""
    if page.frozen:
        first = f"A{page.frozen + 1}"
        pane = f'<pane ySplit="{page.frozen}" topLeftCell="{first}" activePane="bottomLeft" state="frozen"/>'
        pane += f'<selection pane="bottomLeft" activeCell="{first}" sqref="{first}"/>'
    return f'<sheetView showGridLines="0" tabSelected="1" workbookViewId="0">{pane}</sheetView>'


def _columns(widths: Sequence[float]) -> Iterator[str]:
    for number, width in enumerate(widths, 1):
        hidden = "" if width else ' hidden="1"'
        yield f'<col min="{number}" max="{number}" width="{width or 9:g}"{hidden} customWidth="1"/>'


def _rows(page: Page, styled: Callable[[Look], int]) -> Iterator[str]:
    looks: dict[Look, int] = {}
    for number, row in enumerate(page.rows, 1):
        cells = []
        for column, put in enumerate(row):
            if put is not None:
                if put.style is None and put.look not in looks:
                    looks[put.look] = styled(put.look)
                style = looks[put.look] if put.style is None else put.style
                cells.append(_cell(f"{column_letter(column)}{number}", put.value, style))
        yield f'<row r="{number}"{_height(row, page.widths)}>{"".join(cells)}</row>'


def _height(row: Sequence[Put | None], widths: Sequence[float]) -> str:
    """The height of a row whose text goes on in further lines: not every program finds it by itself."""
    large = max((put.look.size for put in row if put and put.look.size), default=0)
    if large:
        return f' ht="{large * 4 / 3 + 2:g}" customHeight="1"'
    pairs = zip(row, widths, strict=False)
    lines = max(
        (_lines(str(put.value), width) for put, width in pairs if put and put.look.wrapped and width), default=1
    )
    return f' ht="{min(lines, _MOST_LINES) * _LINE + 2:g}" customHeight="1"' if lines > 1 else ""


def _lines(text: str, width: float) -> int:
    return sum(1 + max(0, len(line) - 1) // max(1, int(width)) for line in text.split("\n"))


def _cell(name: str, value: str | int, style: int) -> str:
    if isinstance(value, int):
        return f'<c r="{name}" s="{style}"><v>{value}</v></c>'
    if not value:
        return f'<c r="{name}" s="{style}"/>'
    return f'<c r="{name}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escaped(value)}</t></is></c>'


def _validations(choices: Sequence[Choice]) -> str:
    if not choices:
        return ""
    rules = "".join(
        f'<dataValidation type="list" allowBlank="1"{" showErrorMessage=" + _YES if choice.only else ""}'
        f' sqref="{" ".join(choice.cells)}"><formula1>{escaped(_QUOTE + ",".join(choice.values) + _QUOTE)}</formula1>'
        "</dataValidation>"
        for choice in choices
    )
    return f'<dataValidations count="{len(choices)}">{rules}</dataValidations>'


_QUOTE, _YES = '"', '"1"'


def _link(cell: str, put: Put) -> str:
    return f'<hyperlink ref="{cell}" location="{in_attribute(put.link)}" display="{in_attribute(str(put.value))}"/>'
