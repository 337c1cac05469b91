"""The least a compiler of workbooks can do: python-calamine reads every sheet, orjson writes its rows as lines of JSON.

``python benchmarks/floor.py BOOK OUT`` writes OUT. No types, no checks, no links, no order, no origins: what is measured
against this is the price of everything a compiler does between reading and writing.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import orjson
from python_calamine import CalamineWorkbook

HEADER_ROWS = 4


def main(book: str, out: str) -> None:
    """Write a line for every data row of every sheet: its cells by header, empty ones left out."""
    gc.disable()
    workbook = CalamineWorkbook.from_path(book)
    with Path(out).open("wb") as stream:
        for name in workbook.sheet_names:
            headers, *rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            bodies = [
                {header: cell for header, cell in zip(headers, row, strict=True) if cell != ""}
                for row in rows[HEADER_ROWS - 1 :]
            ]
            stream.writelines(orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE) for body in bodies)


if __name__ == "__main__":
    main(*sys.argv[1:])
