"""Workbooks read side by side on any ``concurrent.futures.Executor``: a file's bytes go out, a small Prepared comes back.

What programs share by identity (types, fields, codes, the marks for no value) travels by its name, so that what comes back
holds the caller's own objects.
"""

from __future__ import annotations

import io
import pickle
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from functools import lru_cache
from typing import Any

from workbook_compiler import resources
from workbook_compiler.executors import in_order
from workbook_compiler.model.codes import CATALOGUE
from workbook_compiler.model.columns import headers
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.coerce.reading import DELETE, NOTHING
from workbook_compiler.pipeline.inputs import Input, opened, parsed
from workbook_compiler.pipeline.prepare import Prepared, lean, prepare, uncollected
from workbook_compiler.pipeline.read import unopened


def spread(files: Sequence[Input], schema: Schema, executor: Executor, step: Step = silent) -> Iterator[Prepared]:
    """Yield what each file says, in the order given; what a lost worker leaves undone is done here."""
    packed_schema = zlib.compress(pickle.dumps(schema))

    def submit(file: Input) -> Future[bytes] | None:
        """The bytes go along: a worker on another machine doesn't see the path."""
        data = unopened(file.path)
        return None if data is None else executor.submit(work, data, file, packed_schema)

    done = in_order(_told(files, step), submit)
    with closing(done):
        for file, answer in done:
            yield _here(file, schema) if answer is None else unpacked(answer, schema)


def _told(files: Sequence[Input], step: Step) -> Iterator[Input]:
    for number, file in enumerate(files):
        step(f"Reading {file.name}", number / len(files))
        yield file


def _here(file: Input, schema: Schema) -> Prepared:
    return lean(prepare(opened(file), schema, resources.portals()[schema.portal], several_files=file.several))


def work(data: bytes, file: Input, packed_schema: bytes) -> bytes:
    """Return the packed Prepared of a file's bytes: what a worker does."""
    schema = _schema(packed_schema)
    portal = resources.portals()[schema.portal]
    with uncollected():
        return packed(prepare(parsed(data, file), schema, portal, several_files=file.several))


@lru_cache(maxsize=2)
def _schema(packed_schema: bytes) -> Schema:
    """The same schema for every file of a run, so that a worker works out headers and readers once."""
    schema: Schema = pickle.loads(zlib.decompress(packed_schema))  # noqa: S301 - from the program that asks for the work
    return schema


def packed(prepared: Prepared) -> bytes:
    """Return a Prepared as bytes, without the rows as read."""
    slim = lean(prepared)
    out = io.BytesIO()
    _Packer(out, slim).dump(slim)
    return zlib.compress(out.getbuffer(), 1)


def unpacked(data: bytes, schema: Schema) -> Prepared:
    """Return a Prepared of this schema's own types."""
    prepared: Prepared = _Unpacker(io.BytesIO(zlib.decompress(data)), schema).load()
    return prepared


Name = tuple[str, ...]
_SHARED: dict[int, Name] = {
    id(NOTHING): ("nothing",),
    id(DELETE): ("delete",),
    **{id(code): ("code", code.id) for code in CATALOGUE.values()},
}


class _Packer(pickle.Pickler):
    """Writes a name for each shared object."""

    def __init__(self, out: io.BytesIO, prepared: Prepared) -> None:
        super().__init__(out, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = dict(_SHARED)
        for built in prepared.sheets:
            entity = built.bound.table.entity
            self._names[id(entity)] = ("type", entity.name)
            for column in built.bound.columns:
                self._names[id(column.field)] = ("field", entity.name, column.field.header())

    def persistent_id(self, obj: Any) -> Name | None:
        return self._names.get(id(obj))


class _Unpacker(pickle.Unpickler):
    """Puts the caller's own objects where their names are."""

    def __init__(self, data: io.BytesIO, schema: Schema) -> None:
        super().__init__(data)
        self._types = schema.types

    def persistent_load(self, pid: Name) -> Any:
        kind, *names = pid
        if kind == "code":
            return CATALOGUE[names[0]]
        if kind == "type":
            return self._types[names[0]]
        if kind == "field":
            return headers(self._types[names[0]]).exact[names[1]]
        return NOTHING if kind == "nothing" else DELETE
