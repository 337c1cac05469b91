"""A workbook in Excel's own dialect, hand-zipped from the parts in ``excel_parts``; a test brings the rows.

The parts are what Excel writes for a workbook of a person who has used it for years: a table with a slicer, a pivot table,
charts, pictures, notes old and new, a form button, dropdowns to other sheets, an external link, names, printer settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from rich_books import MAIN, picture, zipped

from workbook_compiler.model.diagnostics import column_letter

PARTS = Path(__file__).parent / "excel_parts"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
SHEETS = {"Vendor": 1, "Biosource": 2, "Biosample": 3, "BiosampleCellCulture": 4, "Protocol": 5}
"""Which part holds a sheet."""
TITLES = (*list(SHEETS)[:3], "Curves", *list(SHEETS)[3:], "(pivot)", "Lists", "Secret")
RICH = {
    "Sends frozen vials": '<r><t xml:space="preserve">Sends </t></r><r><rPr><b/><sz val="11"/><color rgb="FFFF0000"/>'
    '<rFont val="Calibri"/><family val="2"/><scheme val="minor"/></rPr><t>frozen vials</t></r>',
    "東京": '<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="3"/>',
}
"""Texts that Excel stores with their looks or their reading."""
LOOKS = {("Biosource", 4, 3): 6, ("Biosource", 4, 2): 2, ("Biosource", 5, 5): 2, ("BiosampleCellCulture", 5, 5): 7}
"""Cells with a style of their own: a gradient, a colour, a pattern."""
SUMS = {4: '<f t="shared" ref="K5:K8" si="0">SUM(E5:F5)</f>', 5: '<f t="shared" si="0"/>', 6: '<f t="shared" si="0"/>'}
"""A private column of formulas behind the cultures; the last row has one of its own."""


def by_excel(folder: Path, rows: Mapping[str, Sequence[Sequence[Any]]], *, macros: bool = False) -> Path:
    """Return a workbook in Excel's own dialect with these rows in its sheets, and if wanted a macro project."""
    path = folder / f"excel.xls{'m' if macros else 'x'}"
    parts: dict[str, bytes | str] = {name: _written(name) for name in _names()}
    strings: dict[str, int] = {}
    for title, number in SHEETS.items():
        name = f"xl/worksheets/sheet{number}.xml"
        data, size = _rows(title, rows.get(title, ()), strings)
        parts[name] = str(parts[name]).replace("@rows@", data).replace("@dimension@", size)
    parts["xl/sharedStrings.xml"] = _strings(strings)
    parts["xl/media/image1.png"] = parts["docProps/thumbnail.png"] = picture().getvalue()
    parts["xl/printerSettings/printerSettings1.bin"] = bytes(range(256)) * 4
    path.write_bytes(zipped({**parts, **(_with_macros(parts) if macros else {})}))
    return path


def _names() -> list[str]:
    """The parts in the order in which Excel writes them: what lists the others first."""
    names = sorted(path.relative_to(PARTS).as_posix() for path in PARTS.rglob("*") if path.is_file())
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", name != "_rels/.rels", name))


def _written(name: str) -> str:
    text = (PARTS / name).read_text("utf-8")
    if name.endswith(".vml"):
        return text.replace("\n", "\r\n")
    return HEAD + "".join(line.strip() for line in text.splitlines())


def _rows(title: str, rows: Sequence[Sequence[Any]], strings: dict[str, int]) -> tuple[str, str]:
    sums = title == "BiosampleCellCulture"
    width = max(map(len, rows), default=1) if not sums else 11
    written = []
    for row, cells in enumerate(rows):
        inside = [_cell(title, row, column, cell, strings) for column, cell in enumerate(cells)]
        inside += [_sum(row, strings)] if sums and (row == 0 or row > 3) else []
        written.append(f'<row r="{row + 1}" spans="1:{width}" x14ac:dyDescent="0.3">{"".join(inside)}</row>')
    return "".join(written), f"A1:{column_letter(width - 1)}{max(len(rows), 1)}"


def _cell(title: str, row: int, column: int, cell: Any, strings: dict[str, int]) -> str:
    look = LOOKS.get((title, row, column), 1 if isinstance(cell, date) else 3 if row == 0 else 0)
    begun = f'<c r="{column_letter(column)}{row + 1}"' + (f' s="{look}"' if look else "")
    if isinstance(cell, str):
        return f'{begun} t="s"><v>{strings.setdefault(cell, len(strings))}</v></c>'
    if isinstance(cell, bool):
        return f'{begun} t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, date):
        return f"{begun}><v>{(cell - date(1899, 12, 30)).days}</v></c>"
    return f"{begun}/>" if cell is None and look else "" if cell is None else f"{begun}><v>{cell}</v></c>"


def _sum(row: int, strings: dict[str, int]) -> str:
    if row == 0:
        return f'<c r="K1" s="3" t="s"><v>{strings.setdefault("#sum", len(strings))}</v></c>'
    formula = SUMS.get(row, f"<f>SUM(E{row + 1}:F{row + 1})</f>")
    return f'<c r="K{row + 1}" s="5">{formula}<v>1</v></c>'


def _strings(strings: Mapping[str, int]) -> str:
    items = "".join(f"<si>{RICH.get(text) or _text(text)}</si>" for text in strings)
    return f'{HEAD}<sst xmlns="{MAIN}" count="{len(strings)}" uniqueCount="{len(strings)}">{items}</sst>'


def _text(text: str) -> str:
    kept = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    return f"<t{kept}>{escape(text)}</t>"


def _with_macros(parts: Mapping[str, bytes | str]) -> dict[str, bytes | str]:
    """The parts that say there are macros, and the macros."""
    types, links = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    entry = '<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    said = str(parts[types]).replace(main, "application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    kind = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    link = f'<Relationship Id="rId19" Type="{kind}" Target="vbaProject.bin"/></Relationships>'
    return {
        types: said.replace("</Types>", entry),
        links: str(parts[links]).replace("</Relationships>", link),
        "xl/vbaProject.bin": bytes(range(256)) * 20,
    }
