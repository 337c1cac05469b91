"""The same submission with the same mistakes, in the dialects of four programs that write workbooks.

``Vendor`` is a plain table, the other sheets have the house layout. Cells are what a person's program stores: texts, numbers,
dates. Around the data is all that must survive: validations, conditional formats, charts, pictures, notes, names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import xlsxwriter
from excel_dialect import by_excel
from openpyxl.chart import LineChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from rich_books import converted, picture
from typed_books import MARKS

from workbook_compiler.model.diagnostics import Diagnostic

Cell = str | int | float | date | None


class Plan(NamedTuple):
    """A sheet's cells from A1 on."""

    rows: tuple[tuple[Cell, ...], ...]

    def cells(self) -> Iterator[tuple[int, int, Cell]]:
        """Yield every filled cell with its zero-based row and column."""
        for row, cells in enumerate(self.rows):
            for column, cell in enumerate(cells):
                if cell is not None:
                    yield row, column, cell


def _house(headers: str, *rows: tuple[Cell, ...]) -> Plan:
    """A sheet in the house layout; each row begins with its cell of column A."""
    names = headers.split()
    blank = tuple(None for _ in names)
    heads: tuple[tuple[Cell, ...], ...] = ((MARKS[0], *names), *((mark, *blank) for mark in MARKS[1:]))
    return Plan((*heads, *rows))


_START = date(2024, 3, 4)
PLANTED: dict[str, Plan] = {
    "Vendor": Plan(
        (
            ("aliases", "title", "description", "url"),
            ("demo-lab:ve_cells", "Demo Cell Bank", "Sends frozen vials", "https://example.org/cells"),
            ("demo-lab:ve_enzymes", None, "Makes enzymes", "https://example.org/enzymes"),
            ("demo-lab/ve_media", "Demo Media & Sons", "東京", "https://example.org/media"),
        )
    ),
    "Biosource": _house(
        "aliases description *biosource_type biosource_vendor SOP_cell_line url",
        (
            *(None, "demo-lab:so_gm12878", "GM12878, as bought", "imortalized cell line", "demo-lab:ve_cels"),
            *("demo-lab:pr_culture", "https://example.org/gm12878"),
        ),
        (
            "mine",
            "demo-lab:so_k562",
            "K562 <frozen>",
            "stem cell",
            "demo-lab:ve_cells",
            "demo-lab:pr_elsewhere",
            "at the back",
        ),
    ),
    "Biosample": _house(
        "aliases description *biosource biosample_protocols cell_culture_details dbxrefs",
        (
            *(None, "demo-lab:bs_rep1", "Culture 1", "demo-lab:so_gm1287"),
            *("demo-lab:pr_crosslinking, demo-lab:pr_cultur", "demo-lab:cc_rep1", "GEO:GSM0000001"),
        ),
        (
            *(None, "demo-lab:bs_rep2", "Culture 2", "demo-lab:so_gm1287", "demo-lab:pr_crosslinking"),
            *("demo-lab:cc_rep2", "GEO:GSM0000002; SRA:SRS0000002"),
        ),
        (None, "demo-lab:bs_rep3", "=Culture 3", None, "demo-lab:pr_crosslinking", "demo-lab:cc_rep3", None),
        (
            None,
            "demo-lab:bs_rep4",
            "Culture 4",
            "demo-lab:so_gm12878",
            "demo-lab:pr_crosslinking",
            "demo-lab:cc_rep4",
            None,
        ),
    ),
    "BiosampleCellCulture": _house(
        "aliases description *culture_start_date culture_duration passage_number follows_sop cell_line_lot_number",
        (None, "demo-lab:cc_rep1", "Culture 1", "03/01/2024", 7, 3, "Yes", date(2024, 9, 2)),
        (None, "demo-lab:cc_rep2", "Culture 2", None, 11, "5,7", "yes", "00042"),
        (None, "demo-lab:cc_rep3", "Culture 3", _START, "eleven", 5.7, "Noo", "00042"),
        (None, "demo-lab:cc_rep4", "Culture 4", _START, 4, 2, "Yes", "00043"),
    ),
    "Protocol": _house(
        "aliases title *protocol_type description",
        (None, "demo-lab:pr_crosslinking", "Crosslinking", "Biosample preparation protocol", "One per cent"),
        (None, "demo-lab:pr_culture", "Culture", "Cell culture protocol", "RPMI 1640, 15 % serum"),
    ),
}
OWN_NOTES = {("Biosource", "D5"): "Ask Maria <again> & again", ("Vendor", "B2"): "mind this one"}
"""Notes of the person's own, the first of them on a wrong cell."""
LISTED = ["Cell culture protocol", "Experimental protocol", "Biosample preparation protocol"]


def planted_by_xlsxwriter(folder: Path, *, macros: bool = False) -> Path:
    """The planted mistakes as XlsxWriter writes them, among all it can write."""
    path = folder / f"written.xls{'m' if macros else 'x'}"
    with xlsxwriter.Workbook(str(path), {"strings_to_urls": False, "strings_to_formulas": False}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for title, plan in PLANTED.items():
            sheet = book.add_worksheet(title)
            for row, column, cell in plan.cells():
                sheet.write(row, column, cell, day if isinstance(cell, date) else None)
        for (title, cell), text in OWN_NOTES.items():
            book.get_worksheet_by_name(title).write_comment(cell, text)
        _decorated(book)
        if macros:
            project = folder / "vbaProject.bin"
            project.write_bytes(bytes(range(256)) * 20)
            book.add_vba_project(str(project))
    return path


def _decorated(book: Any) -> None:
    sheet, red = book.get_worksheet_by_name("Biosource"), book.add_format({"bg_color": "#FFC7CE", "bold": True})
    sheet.data_validation("D5:D99", {"validate": "list", "source": ["stem cell", "primary cell"]})
    sheet.data_validation("E5:E99", {"validate": "list", "source": "=Lists!$A$1:$A$3"})
    sheet.conditional_format("B5:B99", {"type": "data_bar", "data_bar_2010": True})
    sheet.set_column("C:D", 28, book.add_format({"num_format": "@", "bg_color": "#EEDD00"}))
    sheet.insert_image("I2", "point.png", {"image_data": picture()})
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=BiosampleCellCulture!$E$5:$E$8"})
    sheet.insert_chart("I8", chart)
    cultures = book.get_worksheet_by_name("BiosampleCellCulture")
    cultures.conditional_format("F5:F9", {"type": "cell", "criteria": ">", "value": 2, "format": red})
    cultures.write_formula("K5", "=SUM(E5:E8)", red, 22)
    cultures.write("K1", "#sum")
    plain = book.get_worksheet_by_name("Vendor")
    plain.autofilter("A1:D4")
    plain.freeze_panes(1, 1)
    plain.print_area("A1:D4")
    charts = book.add_chartsheet("Curves")
    other = book.add_chart({"type": "column"})
    other.add_series({"values": "=BiosampleCellCulture!$E$5:$E$8"})
    charts.set_chart(other)
    lists = book.add_worksheet("Lists")
    lists.write_column("A1", LISTED)
    lists.hide()
    book.define_name("kinds", "=Lists!$A$1:$A$3")
    book.define_name("Biosource!nearby", "=Biosource!$B$5:$B$6")
    book.get_worksheet_by_name("Biosample").activate()


def planted_by_openpyxl(folder: Path, *, macros: bool = False) -> Path:
    """The planted mistakes as openpyxl saves them; with macros it is a workbook of XlsxWriter that openpyxl saved again."""
    path = folder / f"saved.xls{'m' if macros else 'x'}"
    book = (
        openpyxl.load_workbook(planted_by_xlsxwriter(folder, macros=True), keep_vba=True)
        if macros
        else openpyxl.Workbook()
    )
    if not macros:
        book.remove(book.active)
        _saved_cells(book)
    else:
        book["BiosampleCellCulture"]["K5"] = None
    book.save(path)
    return path


def _saved_cells(book: openpyxl.Workbook) -> None:
    for title, plan in PLANTED.items():
        sheet = book.create_sheet(title)
        for row, column, cell in plan.cells():
            place = sheet.cell(row + 1, column + 1, cell)
            if isinstance(cell, str):
                place.data_type = "s"
    for (title, cell), text in OWN_NOTES.items():
        book[title][cell].comment = Comment(text, "Maria")
    sheet = book["Biosource"]
    rule = DataValidation(type="list", formula1='"stem cell,primary cell"')
    rule.add("D5:D50")
    sheet.add_data_validation(rule)
    sheet.conditional_formatting.add("B5:B9", CellIsRule(operator="equal", formula=["1"], fill=PatternFill("solid")))
    sheet["C5"].fill = PatternFill("solid", fgColor="FFEEDD00")
    sheet["D5"].fill = PatternFill("lightUp", fgColor="FF00DD00")
    chart = LineChart()
    chart.add_data(Reference(book["BiosampleCellCulture"], min_col=5, min_row=5, max_row=8))
    sheet.add_chart(chart, "I8")
    sheet.print_area = "A1:G6"
    lists = book.create_sheet("Lists")
    lists.sheet_state = "hidden"
    for row, text in enumerate(LISTED, 1):
        lists.cell(row, 1, text)
    book.defined_names["kinds"] = DefinedName("kinds", attr_text="Lists!$A$1:$A$3")
    book.active = 2


def planted_by_libreoffice(folder: Path) -> Path:
    """The planted mistakes of XlsxWriter as LibreOffice saves them."""
    return converted(planted_by_xlsxwriter(folder), folder / "office", "xlsx")


def planted_by_excel(folder: Path, *, macros: bool = False) -> Path:
    """The planted mistakes as Excel writes them."""
    return by_excel(folder, {title: plan.rows for title, plan in PLANTED.items()}, macros=macros)


Maker = Callable[[Path], Path]
DIALECTS: dict[str, Maker] = {
    "xlsxwriter": planted_by_xlsxwriter,
    "xlsxwriter_macros": lambda folder: planted_by_xlsxwriter(folder, macros=True),
    "openpyxl": planted_by_openpyxl,
    "openpyxl_macros": lambda folder: planted_by_openpyxl(folder, macros=True),
    "libreoffice": planted_by_libreoffice,
    "excel": planted_by_excel,
    "excel_macros": lambda folder: planted_by_excel(folder, macros=True),
}


def told(found: Sequence[Diagnostic]) -> list[tuple[Any, ...]]:
    """What the diagnostics say, to compare."""
    return [
        (d.code.id, str(d.location), d.field, d.value, d.suggestions, d.message, [*map(str, d.related)]) for d in found
    ]
