"""A plan and its Requests -> files. What is written is what would be sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from workbook_compiler.errors import UsageError
from workbook_compiler.files import written_whole
from workbook_compiler.model.plan import FORMAT, VERSION, Operation, Plan, Request

BUFFER = 1 << 20


def write(folder: Path, plan: Plan | None, requests: Iterable[Request], told: Mapping[str, str]) -> list[Path]:
    """Write the plan's folder and return its files. Without a plan only what is told is written; an older plan is removed.

    Files that aren't ours stay where they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_older(folder)
    written = []
    if plan is not None:
        written += [*_requests(folder / "requests", requests, len(plan.batches)), _plan(folder / "plan.json", plan)]
    for name, text in told.items():
        with written_whole(folder / name) as beside:
            beside.write_text(text, encoding="utf-8", newline="\n")
        written.append(folder / name)
    return written


def plan_lines(plan: Plan) -> Iterator[bytes]:
    """Yield plan.json, an operation a line: readable in a diff, and never whole in memory."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "portal": plan.portal,
        "workbooks": [{"name": w.name, "sha256": w.sha256} for w in plan.workbooks],
        "schema": {"source": plan.schema_source, "sha256": plan.schema_sha256},
        "summary": dict(plan.summary),
    }
    yield _json(head)[:-1] + b',"batches":['
    for batch in plan.batches:
        yield (b",\n" if batch.index else b"\n") + b'{"index":%d,"operations":[' % batch.index
        for position, operation in enumerate(batch.operations):
            yield (b",\n" if position else b"\n") + _json(document(operation))
        yield b"\n]}"
    yield b"\n]}\n"


def document(operation: Operation) -> dict[str, Any]:
    """Return an operation as the JSON object of the contract; its origins are JSON text already."""
    from orjson import Fragment

    record, body = operation.record, operation.body
    entries = {
        "id": operation.id,
        "action": operation.action,
        "type": record.type,
        "identifier": record.identifier,
        "sheet": record.location.sheet,
        "row": record.location.row,
        "depends_on": list(operation.depends_on),
        "deferred": operation.deferred,
        "body": body,
        "origins": Fragment(operation.origins()),
    }
    files = {name: path for name, path in record.files.items() if name in body}
    return {**entries, "files": files} if files else entries


def _json(value: Any) -> bytes:
    import orjson

    return orjson.dumps(value)


def _plan(path: Path, plan: Plan) -> Path:
    with written_whole(path) as beside, beside.open("wb", buffering=BUFFER) as stream:
        stream.writelines(plan_lines(plan))
    return path


def _remove_older(folder: Path) -> None:
    """Remove the plan of an earlier run and its requests, and nothing that isn't ours."""
    plan, requests = folder / "plan.json", folder / "requests"
    if plan.exists():
        with plan.open("rb") as stream:
            if not stream.read(100).startswith(_json({"format": FORMAT})[:-1]):
                raise UsageError(f"{plan} isn't a plan of ours. Choose another folder.")
        plan.unlink()
    for file in requests.glob("batch-*.jsonl"):
        file.unlink()
    if requests.is_dir() and not any(requests.iterdir()):
        requests.rmdir()


def _requests(folder: Path, requests: Iterable[Request], count: int) -> Iterator[Path]:
    """Write one file of lines for each of ``count`` batches, in sending order by name."""
    folder.mkdir(parents=True, exist_ok=True)
    digits = max(4, len(str(count)))
    for batch, messages in groupby(requests, key=attrgetter("batch")):
        path = folder / f"batch-{batch + 1:0{digits}d}.jsonl"
        with written_whole(path) as beside, beside.open("wb", buffering=BUFFER) as stream:
            stream.writelines(map(_request_line, messages))
        yield path


def _request_line(request: Request) -> bytes:
    return _json({"method": request.method, "path": request.path, "body": request.body}) + b"\n"
