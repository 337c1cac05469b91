"""A plan and its Requests -> files. What is written is what would be sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

from workbook_compiler.errors import UsageError
from workbook_compiler.files import written_whole
from workbook_compiler.model.plan import FORMAT, VERSION, Operation, Plan, Request

BUFFER = 1 << 20
DOCUMENT = "document"


def write(
    folder: Path, plan: Plan | None, requests: Iterable[Request], told: Mapping[str, str], *, documents: bool = False
) -> list[Path]:
    """Write the plan's folder and return its files. Without a plan only what is told is written; an older plan is removed.

    ``documents``: each message is a file of its own, its body as sent. Files that aren't ours stay where they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_older(folder)
    written = []
    if plan is not None:
        files = (
            _DocumentFiles(folder / "requests") if documents else _RequestFiles(folder / "requests", len(plan.batches))
        )
        with files, _opened(folder / "plan.json") as stream:
            stream.writelines(plan_lines(plan, requests, files.add))
        written += [*files.written, folder / "plan.json"]
    for name, text in told.items():
        with written_whole(folder / name) as beside:
            beside.write_text(text, encoding="utf-8", newline="\n")
        written.append(folder / name)
    return written


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with written_whole(path) as beside, beside.open("wb", buffering=BUFFER) as stream:
        yield stream


class _RequestFiles:
    """One file of lines for each batch, in sending order by name."""

    def __init__(self, folder: Path, batches: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._digits = folder, max(4, len(str(batches)))
        self._batch = -1
        self._open = ExitStack()
        self.written: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def add(self, request: Request) -> bytes:
        """Write a message and return its body's JSON."""
        if request.batch != self._batch:
            self._open.close()
            self._batch = request.batch
            self.written.append(self._folder / f"batch-{request.batch + 1:0{self._digits}d}.jsonl")
            self._stream = self._open.enter_context(_opened(self.written[-1]))
        body = _json(request.body)
        self._stream.write(message_line(request, body))
        return body


def message_line(request: Request, body: bytes | None = None) -> bytes:
    """Return a message as a line of JSON; ``body`` is its body's JSON, where that is made already."""
    parts = (_json(request.method), _json(request.path), _json(request.body) if body is None else body)
    return b'{"method":%b,"path":%b,"body":%b}\n' % parts


class _DocumentFiles:
    """One file for each message, in sending order by name."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.written: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open between two messages."""

    def add(self, request: Request) -> bytes:
        """Write a message and return its body's bytes."""
        is_xml = isinstance(request.body, str)
        body = request.body.encode() if isinstance(request.body, str) else _json(request.body)
        number = len(self.written) + 1
        self.written.append(self._folder / f"{DOCUMENT}-{number:04d}.{'xml' if is_xml else 'json'}")
        with written_whole(self.written[-1]) as beside:
            beside.write_bytes(body)
        return body


def plan_lines(
    plan: Plan, requests: Iterable[Request] = (), send: Callable[[Request], bytes] = lambda _request: b""
) -> Iterator[bytes]:
    """Yield plan.json, an operation a line: readable in a diff, and never whole in memory.

    The requests are sent to ``send`` on the way, which returns a body's JSON: one that stands in both is made once.
    """
    waiting = iter(requests)
    request = next(waiting, None)
    yield _head(plan)
    for batch in plan.batches:
        yield (b",\n" if batch.index else b"\n") + b'{"index":%d,"operations":[' % batch.index
        between = b"\n"
        for operation in batch.operations:
            body = None
            if request is not None and request.operations == (operation.id,):
                sent = send(request)
                body = sent if request.body is operation.body else None
                request = next(waiting, None)
            yield between + _json(document(operation, body))
            between = b",\n"
        yield b"\n]}"
    while request is not None:
        send(request)
        request = next(waiting, None)
    yield b"\n]}\n"


def _head(plan: Plan) -> bytes:
    head = {
        "format": FORMAT,
        "version": VERSION,
        "portal": plan.portal,
        "workbooks": [{"name": w.name, "sha256": w.sha256} for w in plan.workbooks],
        "schema": {"source": plan.schema_source, "sha256": plan.schema_sha256},
        "summary": dict(plan.summary),
    }
    return _json(head)[:-1] + b',"batches":['


def document(operation: Operation, body: bytes | None = None) -> dict[str, Any]:
    """Return an operation as the JSON object of the contract; its origins, and its body where given, are JSON text already."""
    from orjson import Fragment

    record = operation.record
    entries = {
        "id": operation.id,
        "action": operation.action,
        "type": record.type,
        "identifier": record.identifier,
        "sheet": record.location.sheet,
        "row": record.location.row,
        "depends_on": operation.depends_on,
        "deferred": operation.deferred,
        "body": operation.body if body is None else Fragment(body),
        "origins": Fragment(operation.origins.text()),
    }
    files = {".".join(map(str, at)): path for at, path in record.files.items() if at[0] in operation.body}
    return {**entries, "files": files} if files else entries


def _json(value: Any) -> bytes:
    import orjson

    return orjson.dumps(value)


def plan_hash(plan: Plan) -> str:
    """Return what tells one plan from another: of the same workbooks and schema it is the same."""
    digest = hashlib.sha256()
    for line in plan_lines(plan):
        digest.update(line)
    return digest.hexdigest()


def _remove_older(folder: Path) -> None:
    """Remove the plan of an earlier run and its requests, and nothing that isn't ours."""
    plan, requests = folder / "plan.json", folder / "requests"
    if plan.exists():
        with plan.open("rb") as stream:
            if not stream.read(100).startswith(_json({"format": FORMAT})[:-1]):
                raise UsageError(f"{plan} isn't a plan of ours. Choose another folder.")
        plan.unlink()
    for file in (
        *requests.glob("batch-*.jsonl"),
        *requests.glob(f"{DOCUMENT}-*.json"),
        *requests.glob(f"{DOCUMENT}-*.xml"),
    ):
        file.unlink()
    if requests.is_dir() and not any(requests.iterdir()):
        requests.rmdir()
