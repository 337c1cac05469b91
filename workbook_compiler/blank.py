"""Where a blank workbook is to be written: never over somebody's rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbook_compiler import api
from workbook_compiler.errors import UsageError
from workbook_compiler.model.schema import Schema

if TYPE_CHECKING:
    from workbook_compiler.pipeline.read.cells import Workbook


def refuse_filled(path: Path, schema: Schema) -> None:
    """Raise UsageError when something else than a blank workbook of ours lies where one is to be written."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    books = api.read(path)
    if api.compile_workbooks(books, schema).records:
        raise UsageError(f"{path} has filled rows. Choose another name, or delete it first.")
    if any(not workbook.manifest or _is_filled(workbook) for workbook, _ in books):
        raise UsageError(f"{path} isn't a blank template. Choose another name, or delete it first.")


def _is_filled(workbook: Workbook) -> bool:
    """Tell whether a template holds more than header rows, whatever its sheets and columns are called."""
    from workbook_compiler.archive import UnreadableError
    from workbook_compiler.pipeline.layouts import OWN_SHEETS
    from workbook_compiler.template.writer import MARKS

    try:
        sheets = [s for s in workbook.sheets if s.name.casefold() not in OWN_SHEETS and not s.hidden]
    except UnreadableError:
        return True
    rows = [row for sheet in sheets for row in sheet.rows if row and row[0] not in MARKS]
    return any(cell is not None and str(cell).strip() for row in rows for cell in row)
