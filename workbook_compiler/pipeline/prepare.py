"""Steps 2 to 5 for one workbook, which needs no other: what they leave, small and ready to be joined with the others."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from workbook_compiler.archive import UnreadableError
from workbook_compiler.model.codes import structure
from workbook_compiler.model.diagnostics import Diagnostic, Location, Outcome, column_letter
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.bind import bind
from workbook_compiler.pipeline.build import build
from workbook_compiler.pipeline.coerce import ReadColumn
from workbook_compiler.pipeline.excerpts import Kept, kept, packed
from workbook_compiler.pipeline.gather import Continued, gather
from workbook_compiler.pipeline.layouts import tables
from workbook_compiler.pipeline.read.cells import Sheet, Workbook
from workbook_compiler.pipeline.sheet import Built


@dataclass(frozen=True, slots=True)
class Prepared:
    """A workbook whose cells are read."""

    workbook: Workbook
    of_file: tuple[Diagnostic, ...]
    """What is wrong with the file itself."""
    said: tuple[Diagnostic, ...]
    """What is wrong with its sheets, headers and cells."""
    sheets: tuple[Built, ...]
    kept: Mapping[str, Kept] = field(default_factory=dict)
    """By title, the cells of these sheets as the person sees them."""


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: a compile makes millions of objects that all stay, and each search for rubbish
    among them would look at every one (a third of the whole time at 30,000 records)."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def prepare(
    read: Outcome[Workbook], schema: Schema, portal: Portal, *, several_files: bool = False, step: Step = silent
) -> Prepared:
    """Return what a workbook that was read says, as far as that can be told without the others."""
    workbook = read.value
    said = [*_other_version(workbook, schema, portal)]
    sheets: list[Built] = []
    try:
        for table, remarks in tables(workbook, schema, portal.foreign):
            said += remarks
            if table is not None:
                step(f"Reading {table.sheet.name}", len(sheets) / len(workbook.sheets))
                bound, of_headers = bind(table)
                built, remarks = build(bound, portal.file_type, several_files=several_files)
                said += _without_moved(of_headers, built)
                settled, remarks = gather(built, remarks)
                said += remarks
                sheets.append(settled)
    except UnreadableError as unreadable:
        return Prepared(replace(workbook, sheets=()), (*read.diagnostics, unreadable.diagnostic), (), ())
    return Prepared(workbook, read.diagnostics, tuple(said), tuple(sheets), kept(workbook, sheets) if sheets else {})


def _without_moved(said: list[Diagnostic], built: Built) -> list[Diagnostic]:
    """What is told of the headers; values without a header that belong to the column beside them have been told."""
    if not built.bound.moved:
        return said
    file, sheet = built.bound.table.file, built.bound.table.sheet.name
    moved = {Location(file, sheet, row + 1, column_letter(i)) for (row, _), i in built.bound.moved.items()}
    left = [(d, tuple(at for at in d.related if at not in moved)) for d in said]
    return [
        d if d.code is not structure.HDR04 else replace(d, related=related)
        for d, related in left
        if d.code is not structure.HDR04 or related
    ]


def lean(prepared: Prepared) -> Prepared:
    """Return the same without what later steps don't look at: remarks that have been told, and the rows as read, which
    are packed for the report."""
    names = tuple(Sheet(title, ()) for title in prepared.workbook.titles)
    sheets = tuple(map(_lean_sheet, prepared.sheets))
    rows = {title: packed(sheet) for title, sheet in prepared.kept.items()}
    return replace(prepared, workbook=replace(prepared.workbook, sheets=names), sheets=sheets, kept=rows)


def _lean_sheet(built: Built) -> Built:
    table = built.bound.table
    bare = replace(table, sheet=Sheet(table.sheet.name, ()), rows=(), data=(), columns=())
    read = (
        ReadColumn(column.values, {i: reading for i, reading in column.remarks.items() if reading.file is not None})
        for column in built.read
    )
    slim = replace(built, bound=replace(built.bound, table=bare), read=tuple(read))
    if isinstance(slim, Continued) and slim.more is not None:
        return replace(slim, more=_lean_sheet(slim.more))
    return slim


def _other_version(workbook: Workbook, schema: Schema, portal: Portal) -> list[Diagnostic]:
    made_for = workbook.manifest.get("schema_sha256")
    if made_for in (None, "", schema.sha256):
        return []
    return [Diagnostic(structure.FIL07, Location(workbook.name), context={"portal": portal.title})]
