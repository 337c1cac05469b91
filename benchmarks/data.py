"""The seeded workbooks and tables that are measured, written once each into ``benchmarks/.data/``, which git leaves alone."""

from __future__ import annotations

import json
import random
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import ena_tables
import workload
import xlsxwriter

DATA = Path(__file__).parent / ".data"
LAST_ROW = 1 << 20
EXTENT_END = "XFD1048576"


def schemas() -> Path:
    """Return the file with the schemas of the seeded workbooks."""
    DATA.mkdir(exist_ok=True)
    path = DATA / "schemas.json"
    path.write_text(json.dumps(workload.schemas()))
    return path


def _once(name: str, write: Callable[[Path], None]) -> Path:
    """The file of that name, written now when it isn't there or the generator has changed since."""
    DATA.mkdir(exist_ok=True)
    path = DATA / name
    newest = max(Path(source).stat().st_mtime for source in (workload.__file__, ena_tables.__file__, __file__))
    if not path.exists() or path.stat().st_mtime < newest:
        beside = path.with_name(f"begun-{name}")
        write(beside)
        beside.replace(path)
    return path


def book(count: int, *, defects: int = 0) -> Path:
    """Return a workbook of three sheets of ``count`` rows in the house layout."""
    suffix = f"-{defects}-wrong" if defects else ""
    return _once(f"rows-{count}{suffix}.xlsx", lambda path: workload.write(path, count, defects=defects))


def smaht_book(count: int) -> Path:
    """Return the same rows in the layout dcicutils reads: headers in row 1, lists by ``|``, sheets in the order of the links."""
    return _once(f"rows-{count}-smaht.xlsx", lambda path: _write_smaht(path, count))


def _write_smaht(path: Path, count: int) -> None:
    rng = random.Random(1)
    with xlsxwriter.Workbook(path) as out:
        day = out.add_format({"num_format": "yyyy-mm-dd"})
        made = {name: list(workload.rows(name, count, rng)) for name in reversed(workload.SHEETS)}
        for name in workload.SHEETS:
            sheet = out.add_worksheet(name)
            sheet.write_row(0, 0, list(made[name][0]))
            for number, values in enumerate(made[name], 1):
                for column, value in enumerate(values.values()):
                    workload.put(sheet, number, column, "|".join(value) if isinstance(value, list) else value, day)


def formatted_book(count: int) -> Path:
    """Return the same workbook whose every sheet goes on with formatted empty rows to the very last row."""

    def sheet(xml: bytes) -> bytes:
        used = xml.rindex(b"</row>") + len(b"</row>")
        number = xml.count(b"<row ") + 1
        empty = b"".join(b'<row r="%d" s="1" customFormat="1"/>' % row for row in range(number, LAST_ROW + 1))
        return xml[:used] + empty + xml[used:]

    return _once(f"rows-{count}-formatted.xlsx", lambda path: _edited(book(count), path, sheet))


def stray_book(count: int) -> Path:
    """Return the same workbook with one cell in the last row and the last column of every sheet."""

    def sheet(xml: bytes) -> bytes:
        used = xml.rindex(b"</row>") + len(b"</row>")
        cell = f'<row r="{LAST_ROW}"><c r="{EXTENT_END}" t="inlineStr"><is><t>stray</t></is></c></row>'.encode()
        return xml[:used] + cell + xml[used:]

    return _once(f"rows-{count}-stray.xlsx", lambda path: _edited(book(count), path, sheet))


def _edited(source: Path, target: Path, edit: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            data = old.read(part)
            new.writestr(part, edit(data) if part.startswith("xl/worksheets/sheet") else data)


def ena_table(name: str, count: int) -> Path:
    """Return one of the four tables that ena-upload-cli reads, with ``count`` rows."""
    return _once(f"rows-{count}-ena-{name}.tsv", lambda path: ena_tables.write(path, name, count))


def main() -> None:
    """Write the files named on the command line, ``kind:rows``: in a process of its own, so that the memory is given back."""
    kinds = {"house": book, "smaht": smaht_book, "formatted": formatted_book, "stray": stray_book,
             "wrong": lambda count: book(count, defects=count // 3 + 1),
             **{name: partial(ena_table, name) for name in ena_tables.TABLES}}  # fmt: skip
    for wanted in sys.argv[1:]:
        kind, count = wanted.split(":")
        print(kinds[kind](int(count)))


if __name__ == "__main__":
    main()
