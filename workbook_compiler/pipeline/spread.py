"""Workbooks read side by side on any ``concurrent.futures.Executor``: a file's bytes go out, a small Prepared comes back.

What programs share by identity (types, fields, codes, the marks for no value) travels by its name, so that what comes back
holds the caller's own objects.
"""

from __future__ import annotations

import io
import pickle
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from functools import lru_cache
from typing import Any

from workbook_compiler import resources
from workbook_compiler.model.codes import CATALOGUE
from workbook_compiler.model.columns import headers
from workbook_compiler.model.report import Step, silent
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.coerce.reading import DELETE, NOTHING
from workbook_compiler.pipeline.inputs import Input, opened, parsed
from workbook_compiler.pipeline.prepare import Prepared, lean, prepare, uncollected
from workbook_compiler.pipeline.read import unopened

IN_FLIGHT = 256
"""At most so many files are held in memory for workers that haven't got to them."""

Job = tuple[Input, "Future[bytes] | None"]
"""A file, and who works on it; None when it is to be done here."""


def spread(files: Sequence[Input], schema: Schema, executor: Executor, step: Step = silent) -> Iterator[Prepared]:
    """Yield what each file says, in the order given; what a lost worker leaves undone is done here."""
    packed_schema = zlib.compress(pickle.dumps(schema))
    jobs: deque[Job] = deque()
    try:
        for number, file in enumerate(files):
            step(f"Reading {file.name}", number / len(files))
            jobs.append((file, _submitted(file, packed_schema, executor)))
            if len(jobs) >= IN_FLIGHT:
                yield _finished(jobs.popleft(), schema)
        while jobs:
            yield _finished(jobs.popleft(), schema)
    finally:
        for _, future in jobs:
            if future is not None:
                future.cancel()


def _submitted(file: Input, packed_schema: bytes, executor: Executor) -> Future[bytes] | None:
    """The bytes go along: a worker on another machine doesn't see the path."""
    data = unopened(file.path)
    try:
        return None if data is None else executor.submit(work, data, file, packed_schema)
    except BrokenExecutor:
        return None


def _finished(job: Job, schema: Schema) -> Prepared:
    file, future = job
    if future is not None:
        try:
            return unpacked(future.result(), schema)
        except (BrokenExecutor, CancelledError):  # its worker is gone, and the executor has no other for it
            pass
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
