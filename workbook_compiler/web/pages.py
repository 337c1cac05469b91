"""What is answered to each address of the page; who may ask was settled by ``guard``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workbook_compiler import api, resources
from workbook_compiler.errors import UsageError, WorkbookCompilerError
from workbook_compiler.model.report import Step
from workbook_compiler.web import checking, shown, uploads
from workbook_compiler.web.checking import Asked, Copy, Found
from workbook_compiler.web.jobs import BusyError, Fetched, Job, Jobs, Outcome
from workbook_compiler.web.mistakes import unexpected
from workbook_compiler.web.names import attachment, derived, stem
from workbook_compiler.web.rules import Rules
from workbook_compiler.web.uploads import RefusedFormError, Upload

FILES = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "result.js": "text/javascript",
    "tools.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
"""The page's own files, beside its templates."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSM = "application/vnd.ms-excel.sheet.macroEnabled.12"
MAX_ASKED = 1 << 20
"""Bytes of a question in JSON."""
MAX_SAID = 100
FORGOTTEN = "This result isn't remembered any more. Drop the workbook again."
COPY_FORGOTTEN = "This copy isn't remembered any more. Make it once more."
BUSY = "Other workbooks are being checked, and more wait already. Please try again in a moment."
NOTHING = "No file arrived. Please choose a workbook."

APART = "frame-ancestors 'self'; sandbox allow-scripts allow-modals allow-downloads"
"""A report may run its own script and be printed, and is otherwise a stranger to this page."""
_OWN_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')


class Pages:
    """The answers of one page."""

    def __init__(self, rules: Rules, jobs: Jobs) -> None:
        self._rules, self._jobs = rules, jobs
        folder = resources.templates() / "page"
        loader = FileSystemLoader(folder)
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._files = {name: (folder / name).read_bytes() for name in FILES}

    def app(self) -> Starlette:
        """Return all of it as an application."""
        get = {
            "/": self._index,
            "/portals/{name}": self._portal,
            "/blank": self._blank,
            "/jobs/{job}": self._job,
            "/jobs/{job}/report.html": self._report,
            "/jobs/{job}/annotated/{number:int}": self._annotated,
            "/jobs/{job}/mended/{number:int}": self._mended_file,
            "/jobs/{job}/copies/{copy}/{number:int}": self._copied_file,
            "/jobs/{job}/plan.json": self._plan,
            "/{file}": self._file,
        }
        post = {
            "/check": self._check,
            "/rules": self._fetch,
            "/jobs/{job}/mend": self._mend,
            "/jobs/{job}/notes": self._note,
            "/jobs/{job}/again": self._again,
        }
        routes = [Route(path, answer, methods=["POST"]) for path, answer in post.items()]
        routes += [Route(path, answer, methods=["GET"]) for path, answer in get.items()]
        # mypy: Starlette's handlers take any exception
        handlers: Mapping[Any, Any] = {
            HTTPException: self._refused,
            RefusedFormError: _form_refused,
            WorkbookCompilerError: _wrong,
            BusyError: _busy,
            ClientDisconnect: _gone,
            Exception: _broken,
        }
        return Starlette(routes=routes, exception_handlers=handlers)

    # ------------------------------------------------------------ pages and files

    async def _index(self, _: Request) -> Response:
        limits = {"file": uploads.MAX_FILE, "together": uploads.MAX_TOGETHER}
        words = {"too_large": uploads.too_large(""), "too_much": uploads.TOO_MUCH}
        return self._html(
            "page.html.j2", 200, page=await run_in_threadpool(shown.page, self._rules), limits=limits, words=words
        )

    async def _file(self, request: Request) -> Response:
        name = request.path_params["file"]
        if name not in FILES:
            raise HTTPException(404)
        return Response(self._files[name], media_type=FILES[name])

    def _html(self, template: str, status: int, **values: Any) -> Response:
        text = self._templates.get_template(template).render(**values)
        return Response(text, status, media_type="text/html")

    def _message(self, request: Request, status: int, words: str) -> Response:
        up = "../" * (request.url.path.count("/") - 1)
        return self._html("message.html.j2", status, words=words, up=up)

    async def _refused(self, request: Request, error: HTTPException) -> Response:
        words = "There is nothing at this address." if error.status_code == 404 else error.detail
        if request.method == "POST":  # asked by the page's script, which shows the sentence in its place
            return JSONResponse({"sentence": words}, error.status_code)
        return self._message(request, error.status_code, words)

    async def _blank(self, request: Request) -> Response:
        try:
            name, content = await run_in_threadpool(self._blank_workbook, request)
        except WorkbookCompilerError as error:
            return self._message(request, 400, str(error))
        return _saved(name, content, XLSX)

    def _blank_workbook(self, request: Request) -> tuple[str, bytes]:
        asked = request.query_params
        portal = self._rules.named(asked.get("portal", ""))
        presets, types, parts = (asked.getlist(name) for name in ("preset", "type", "part"))
        for preset in presets:
            resources.named("preset", preset, resources.preset_files(portal.name))
        if not (presets or types or portal.types):
            raise UsageError("Nothing is chosen. Choose a kind of experiment, or the sheets one by one.")
        schema = self._rules.load(portal, parts)
        content = api.template_bytes(schema, presets, types, asked.get("only") or None)
        return f"{'-'.join([*presets, *types][:6] or [portal.name, *parts[:3]])}.xlsx", content

    async def _portal(self, request: Request) -> Response:
        portal = self._rules.named(request.path_params["name"])
        return JSONResponse(await run_in_threadpool(shown.portal, portal, self._rules))

    # ------------------------------------------------------------ jobs

    async def _check(self, request: Request) -> Response:
        form = await uploads.received(request.stream(), request.headers.get("content-type", ""))
        if not form.uploads:
            raise RefusedFormError(NOTHING)
        return self._started(form.uploads, _asked(form.fields))

    async def _again(self, request: Request) -> Response:
        job = self._known(request)
        asked = await _json(request)
        copy = _copy(job, str(asked["copy"])) if asked.get("copy") else None
        said = _asked(asked)
        again = Asked(said.portal or job.asked.portal, said.type_name or job.asked.type_name)
        return self._started(copy.files if copy else job.uploads, again, mended=copy is not None or job.mended)

    def _started(self, files: tuple[Upload, ...], asked: Asked, *, mended: bool = False) -> Response:
        work = partial(checking.checked, files, asked, self._rules)
        return JSONResponse({"job": self._jobs.start(work, files, asked, mended=mended).id}, 202)

    async def _fetch(self, request: Request) -> Response:
        asked = await _json(request)
        portal = self._rules.named(str(asked.get("portal", "")))
        parts = tuple(str(part) for part in asked.get("parts") or () if str(part).strip())
        if not self._rules.fetchable(portal):
            raise UsageError("This portal's rules can't be fetched from here.")

        def work(step: Step) -> Outcome:
            step(f"Asking {portal.server}", 0.1)
            told: list[str] = []
            api.pull_schema(portal.name, parts=parts, warn=told.append)
            return Fetched(tuple(told))

        return JSONResponse({"job": self._jobs.start(work).id}, 202)

    def _known(self, request: Request) -> Job:
        job = self._jobs.get(request.path_params["job"])
        if job is None:
            raise HTTPException(410, FORGOTTEN)
        return job

    def _found(self, request: Request) -> tuple[Job, Found]:
        job = self._known(request)
        if not isinstance(job.outcome, Found):
            raise HTTPException(404)
        return job, job.outcome

    async def _job(self, request: Request) -> Response:
        job = self._jobs.get(request.path_params["job"])
        if job is None:
            return JSONResponse({"sentence": FORGOTTEN}, 410)
        return JSONResponse(shown.job(job, self._rules))

    async def _report(self, request: Request) -> Response:
        """The report of ``wbc check --format html``, in a world of its own: its policy, and no way to this page."""
        job, found = self._found(request)
        if "save" in request.query_params:
            return _saved(f"{stem(job.uploads[0].name)}.report.html", found.report, "text/html")
        own = _OWN_POLICY.search(found.report[:4000].decode("utf-8", "replace"))
        policy = own[1] if own else "default-src 'none'"
        headers = {"Content-Security-Policy": f"{policy}; {APART}"}
        return Response(found.report, headers=headers, media_type="text/html")

    async def _note(self, request: Request) -> Response:
        """Make the copy with notes, which takes its time where there are very many, and say where it is."""
        job, found = self._found(request)
        number = (await _json(request)).get("number")
        if not isinstance(number, int) or number not in range(len(found.noted)) or not found.noted[number]:
            raise UsageError("This file can't be given back with notes in it.")
        if number not in job.noted:
            content = await run_in_threadpool(checking.annotated, found, job.uploads[number])
            self._jobs.keep_noted(job, number, content)
        return JSONResponse({"url": f"jobs/{job.id}/annotated/{number}"})

    async def _annotated(self, request: Request) -> Response:
        job, number = self._known(request), request.path_params["number"]
        if number not in job.noted:
            raise HTTPException(404)
        return _workbook(derived(job.uploads[number].name, "checked"), job.noted[number])

    async def _mended_file(self, request: Request) -> Response:
        job = self._known(request)
        return _mended(job.uploads if job.mended else (), request.path_params["number"])

    async def _copied_file(self, request: Request) -> Response:
        copy = _copy(self._known(request), request.path_params["copy"])
        return _mended(copy.files, request.path_params["number"])

    async def _plan(self, request: Request) -> Response:
        _, found = self._found(request)
        if not found.plan:
            raise HTTPException(404)
        return _saved("plan.json", found.plan, "application/json")

    async def _mend(self, request: Request) -> Response:
        job, found = self._found(request)
        asked = await _json(request)
        accepted = _accepted(asked.get("accepted"), found)
        name = hashlib.sha256(repr(sorted(accepted.items())).encode()).hexdigest()[:16]
        copy = job.copies.get(name)
        if copy is None:
            copy = await run_in_threadpool(checking.mended, found, job.uploads, accepted)
        self._jobs.keep_copy(job, name, copy)
        return JSONResponse(shown.copy(job, name, copy))


def _saved(name: str, content: bytes, media_type: str) -> Response:
    return Response(content, headers={"Content-Disposition": attachment(name)}, media_type=media_type)


def _copy(job: Job, name: str) -> Copy:
    if name not in job.copies:
        raise HTTPException(410, COPY_FORGOTTEN)
    return job.copies[name]


def _mended(files: Sequence[Upload], number: int) -> Response:
    if number >= len(files):
        raise HTTPException(404)
    return _workbook(derived(files[number].name, "mended"), files[number].data)


def _workbook(name: str, content: bytes) -> Response:
    return _saved(name, content, XLSM if name.lower().endswith(".xlsm") else XLSX)


async def _json(request: Request) -> Mapping[str, Any]:
    """What was asked; raises RefusedFormError for what is no question of the page's."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_ASKED:
            raise RefusedFormError("That is too much at once.", 413)
    try:
        asked = json.loads(bytes(body))
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise RefusedFormError("That can't be understood. Please load the page again.")
    return asked


def _asked(said: Mapping[str, Any]) -> Asked:
    portal, type_name = (str(said.get(name) or "")[:MAX_SAID] or None for name in ("portal", "type"))
    return Asked(portal, type_name)


def _accepted(said: Any, found: Found) -> dict[int, str]:
    """The value for each accepted suggestion, of what the page said: ``{"3": 0}`` is finding 3, its first suggestion."""
    suggested = {offer.index: offer.suggestions for _, offer in found.offers}
    try:
        accepted = {int(index): suggested[int(index)][choice] for index, choice in said.items()}
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        raise UsageError("That was not suggested. Please load the page again.") from None
    if not accepted:
        raise UsageError("Nothing is ticked. Tick the suggestions that are right.")
    return accepted


async def _form_refused(_: Request, error: RefusedFormError) -> Response:
    return JSONResponse({"sentence": str(error)}, error.status)


async def _wrong(_: Request, error: WorkbookCompilerError) -> Response:
    return JSONResponse({"sentence": str(error)}, 400)


async def _busy(_: Request, __: BusyError) -> Response:
    return JSONResponse({"sentence": BUSY}, 503)


async def _gone(_: Request, __: ClientDisconnect) -> Response:
    return Response(status_code=400)


async def _broken(_: Request, error: Exception) -> Response:
    return JSONResponse({"sentence": unexpected(error)}, 500)
