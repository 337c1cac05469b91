"""A Webin REST V2 of the tests' own on 127.0.0.1, which registers what ENA would register and words its answers as ENA does.

``with webin(shared_data / "ena", slow=2) as ena:`` — a queued document is worked off at the third poll. What goes wrong is put
into ``ena.faults`` in the words of ``live.proxy``: ``Fault(submits, cut_after, times=1)`` stores, and the answer is lost;
``cut_before``, ``answers(503)``, ``garbles``, ``drips(0.1)``; and in those below: ``refuses("…")``, ``never_ready``,
``restarts(ena)``, ``points_to("http://elsewhere")``. Facts: ``facts/ena.md`` beside the checkout.
Not here: multipart, the reports, reading objects back, rules of checklists, taxonomy.
"""

from __future__ import annotations

import json
import re
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, cycle
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from live.proxy import SECONDS, Answer, Exchange, Proxy, Seen, What, _handler, answers
from lxml import etree
from webin_rules import XSDS, ConverterError, convert, key_table, problems, sets_of

Key = tuple[str, str]  # type and alias
Receipt = Entry = dict[str, Any]
Sets = Mapping[str, etree._Element]

BASE = "/ena/submit/webin-v2"
HELD_BACK = "All objects in this submission are set to private status (HOLD)."
TEST = "This submission is a TEST submission and will be discarded within 24 hours"
OF_2024, OF_2022 = 'In {kind}, alias: "{alias}". {said}', 'In {kind}, alias:"{alias}", accession:"". {said}'
OF_2025 = "{Kind}: {alias}; Attribute: {element}; Reason: {said}"
UNTIED = "Failed to validate {kind} xml, error: {said}"  # so do live receipts tell what the XSDs refuse
PATHS = {"analysis": "analyses", "experiment": "experiments", "run": "runs"}
PATHS |= {"sample": "samples", "study": "studies", "project": "projects"}  # in the order of SRA.receipt.xsd
NUMBERS = {"experiment": ("ERX", "", ""), "run": ("ERR", "", ""), "analysis": ("ERZ", "", "")}
NUMBERS |= {"sample": ("ERS", "SAMEA", "biosample"), "study": ("ERP", "PRJEB", "Project")}
NUMBERS |= {"project": ("PRJEB", "ERP", "study")}  # an accession, the external one, and the external one's database
HELD = ("project", "study", "sample")  # what has a release date of its own; the rest follows its study
REFERENCE = re.compile("(STUDY|SAMPLE|EXPERIMENT|RUN|ANALYSIS)_(REF|DESCRIPTOR)|(PARENT|CHILD)_PROJECT|.*MEMBER")
DONE = {"HOLD": "PRIVATE", "RELEASE": "PUBLIC", "CANCEL": "CANCELLED"}
KNOWN = ("ADD", "MODIFY", "VALIDATE", *DONE)
EXISTS = 'The object being added already exists in the submission account with accession: "{}".'


def in_two_years() -> date:
    """The last day something may be held until."""
    now = datetime.now(UTC).date()
    return now.replace(year=now.year + 2, day=28 if (now.month, now.day) == (2, 29) else now.day)


def asks(pattern: str) -> Callable[[Seen], bool]:
    """When: at each request whose path ends so."""
    return lambda seen: bool(re.search(pattern, seen.path.removeprefix(BASE)))


submits, queues, polls = asks("^/submit$"), asks("^/submit/queue$"), asks("^/submit/poll/")
never_ready = answers(202, b"")


def refuses(*lines: str, success: bool = False) -> What:
    """Answer with a receipt of these error lines, and do nothing."""
    return answers(200, json.dumps({"success": success, "messages": {"error": lines}, "actions": ["ADD"]}).encode())


def restarts(ena: Webin, *, keeps: bool = True) -> What:
    """Go down before the request is heard, and come up; what waited in the queue is still there or is lost."""

    def what(exchange: Exchange) -> None:
        with ena.lock:
            ena.jobs = {name: job for name, job in ena.jobs.items() if keeps or job.receipt}
        exchange.cut()

    return what


def points_to(server: str) -> What:
    """Queue a document, and give a poll link to another server."""

    def what(exchange: Exchange) -> None:
        heard = exchange.forward()
        exchange.reply(Answer(heard.status, re.sub(rb"http://127\.0\.0\.1:\d+", server.encode(), heard.body)))

    return what


class Post(NamedTuple):
    """A document that was heard, whatever became of it; ``seen`` has the requests that were not, too."""

    path: str
    kind: str  # its Content-Type
    body: bytes


@dataclass
class Job:
    """A document, and its receipt once it is worked off."""

    id: str
    sets: Sets
    waits: int
    receipt: Receipt | None = None


@dataclass
class Webin(Proxy):
    """A server that is up. ``server`` is its base address without a final slash, ``faults`` what goes wrong."""

    folder: Path = Path()
    slow: int = 0  # how many polls a queued document waits; a POST of whatever document is time that passes, too
    user: str = "Webin-12345"
    password: str = "not-a-secret"  # noqa: S105 - a test's own
    objects: dict[Key, Entry] = field(default_factory=dict)
    """accession, external, status, holdUntilDate, xml, and needs: the keys it refers to."""
    receipts: dict[str, Receipt] = field(default_factory=dict)  # of what was stored, by the submission's alias
    posts: list[Post] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    older_links: bool = False  # name the poll links as the documentation of 2022 does
    most_bytes: int = 15_000_000
    wordings: tuple[str, ...] = (OF_2024, OF_2022, OF_2025)  # of what the XSDs refuse: a line takes the next
    numbers: Iterator[int] = field(default_factory=lambda: count(9_000_001))

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        told = {name.lower(): value for name, value in headers.items()}
        asked, kind, accept = urlsplit(path), told.get("content-type", ""), told.get("accept", "*/*")
        name = asked.path.removeprefix(BASE)
        with self.lock:
            if told.get("authorization") != "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode():
                return _problem(401)
            if method == "POST" and name in ("/submit", "/submit/queue"):
                self.posts.append(Post(asked.path, kind, body))
                return self.post(name, body, kind.partition(";")[0], accept)
            if method == "GET" and name.startswith("/submit/poll/"):
                return self.poll(name.rpartition("/")[2], asked.query if "*" in accept else accept)
            return _problem(404)

    def post(self, name: str, body: bytes, kind: str, accept: str) -> Answer:
        self.work_off(passed=1)
        if kind not in _READ or len(body) > self.most_bytes:
            return _problem(413 if kind in _READ else 415)
        try:
            sets = _READ[kind](body, self.folder)
        except (ConverterError, ValueError, etree.XMLSyntaxError) as error:
            return _problem(500 if isinstance(error, ConverterError) and kind == "application/json" else 400)
        if not {"SUBMISSION_SET"} <= sets.keys() <= XSDS.keys():
            return _problem(400)
        job = Job(f"ERA{next(self.numbers)}", sets, self.slow)
        if name == "/submit":
            return _as_asked(register(self, job), kind if "*" in accept else accept)
        self.jobs[job.id] = job
        self.work_off()
        href = f"{self.server}/submit/poll/{job.id}"
        older = [{"rel": f"poll-{form}", "href": f"{href}?mediaType={form}"} for form in ("json", "xml")]
        links = {"links": older} if self.older_links else {"_links": {"poll": {"href": href}}}
        return Answer(200, json.dumps({"submissionId": job.id, "submissionAccountId": self.user, **links}).encode())

    def poll(self, name: str, accept: str) -> Answer:
        if not (job := self.jobs.get(name)):
            return _problem(400)
        self.work_off()
        job.waits -= 1
        return _as_asked(job.receipt, accept) if job.receipt else Answer(202)

    def work_off(self, passed: int = 0) -> None:
        """Work off what has waited long enough, and what came before it."""
        waiting = [job for job in self.jobs.values() if not job.receipt]
        for job in waiting:
            job.waits -= passed
        due = max((n for n, job in enumerate(waiting, 1) if job.waits <= 0), default=0)
        for job in waiting[:due]:
            job.receipt = register(self, job)


@contextmanager
def webin(folder_of_ena_data: Path, *, slow: int = 0) -> Iterator[Webin]:
    """Serve until the block ends; nothing is registered yet."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    ena = Webin(f"http://127.0.0.1:{server.server_port}{BASE}", folder=folder_of_ena_data, slow=slow)

    class Handler(_handler(ena, ena.server)):  # type: ignore[misc]  # asks us, not a portal behind us
        def ask(self, *told: Any) -> Answer:
            return ena.answer(*told)

    server.RequestHandlerClass = Handler
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a broken connection is what it is for
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield ena
    finally:
        server.shutdown()
        server.server_close()
        thread.join(SECONDS)


def _problem(status: int) -> Answer:
    return Answer(status, json.dumps({"timestamp": _now(), "status": status}).encode())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_READ: dict[str, Callable[[bytes, Path], Sets]] = {
    "application/json": lambda body, folder: convert(json.loads(body), key_table(folder)),
    "application/xml": lambda body, _: sets_of(body.decode()),
}


def _as_asked(receipt: Receipt, accept: str) -> Answer:
    if "xml" not in accept:
        return Answer(200, json.dumps(receipt).encode())
    return Answer(200, etree.tostring(xml_receipt(receipt)), (("Content-Type", "application/xml"),))


@dataclass
class Attempt:
    """What a document would make of the account's objects."""

    ena: Webin
    sets: Sets
    alias: str
    actions: list[tuple[str, str, str]]  # name, target and date
    state: dict[Key, Entry]
    known: dict[str, Key]  # by accession
    touched: dict[Key, etree._Element] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def refuse(self, key: Key, said: str) -> None:
        self.errors.append(OF_2024.format(kind=key[0], alias=key[1], said=said))


def register(ena: Webin, job: Job) -> Receipt:
    """Store all objects of a document or none, and return the receipt."""
    submission = next(job.sets["SUBMISSION_SET"].iterchildren("*"), etree.Element("SUBMISSION"))
    told = submission.iterfind("ACTIONS/ACTION/*")
    actions = [(str(one.tag), one.get("target", ""), one.get("HoldUntilDate", "")) for one in told]
    state = {key: dict(entry) for key, entry in ena.objects.items()}
    known = {name: key for key, entry in state.items() for name in (entry["accession"], entry["external"]) if name}
    new = Attempt(ena, job.sets, submission.get("alias") or f"SUBMISSION-{_now()}", actions, state, known)
    asked = next((target or new.alias for name, target, _ in actions if name == "RECEIPT"), None)
    if asked in ena.receipts:
        return ena.receipts[asked]
    new.errors += [] if asked is None else [f'Failed to find submission, alias "{asked}".']
    for steps in ((_valid,), (_known,), (_put, _refer, _act, _follow)):
        for step in () if new.errors else steps:
            step(new)
    stored = not new.errors and "VALIDATE" not in [name for name, *_ in actions]
    receipt = _receipt(new, job.id if stored else "")
    if stored:
        ena.objects.update(new.state)
        ena.receipts[new.alias] = receipt
    return receipt


def _objects(sets: Sets) -> list[tuple[str, etree._Element]]:
    return [(name.removesuffix("_SET").lower(), one) for name, found in sets.items() for one in found.iterchildren("*")]


def _valid(new: Attempt) -> None:
    """The XSDs, object by object where they find something; the wordings take turns."""
    wordings = cycle(new.ena.wordings)
    for name, objects in new.sets.items():
        found, kind = problems(objects, new.ena.folder), name.removesuffix("_SET").lower()
        for one in objects.iterchildren("*") if found else ():
            alone = etree.Element(name)
            alone.append(deepcopy(one))
            for problem in problems(alone, new.ena.folder):
                place = {"Kind": kind.title(), "alias": one.get("alias", ""), "element": [*problem.split("'"), ""][1]}
                new.errors.append(next(wordings).format(kind=kind, said=problem.partition(": ")[2], **place))
        if found and not new.errors:
            new.errors += [UNTIED.format(kind=kind, said=problem) for problem in found]


def _known(new: Attempt) -> None:
    """Actions, and the submission's alias: the server looks no further when it has it already."""
    new.errors += [f"Action {name} is not allowed." for name, *_ in new.actions if name not in KNOWN]
    if receipt := new.ena.receipts.get(new.alias):
        new.refuse(("submission", new.alias), EXISTS.format(receipt["submission"]["accession"]))


def _put(new: Attempt) -> None:
    """Add objects, or put whole objects in the place of others."""
    wanted = {name for name, *_ in new.actions} & {"ADD", "MODIFY"}
    given = [(kind, one) for kind, one in _objects(new.sets) if kind != "submission"]
    if given and len(wanted) != 1:
        new.errors.append("Objects need one of the actions ADD and MODIFY.")
    twice = Counter((kind, one.get("alias")) for kind, one in given)
    said = "The {} alias ({}) found more than once but {} alias must be unique."
    new.errors += [said.format(*key, key[0]) for key, times in twice.items() if times > 1 and key[1]]
    for kind, one in given:
        key = new.known.get(one.get("accession", ""), (kind, one.get("alias", "")))
        old = new.state.get(key) if key not in new.touched else None
        if not key[1]:
            new.refuse(key, "Missing alias.")
        elif wanted == {"MODIFY"} and not old:
            new.refuse(key, "The object being modified does not exist in the submission account.")
        elif wanted == {"ADD"} and old:
            new.refuse(key, EXISTS.format(old["accession"]))
        (own, other, _), number = NUMBERS[kind], next(new.ena.numbers)
        made = {"accession": f"{own}{number}", "external": other and f"{other}{number}", "status": "PRIVATE"}
        made["holdUntilDate"] = in_two_years().isoformat() if kind in HELD else ""
        new.state[key] = {**(old or made), "xml": etree.tostring(one, encoding="unicode")}
        new.touched[key] = one


def _refer(new: Attempt) -> None:
    for key, one in new.touched.items():
        parts = [part for part in one.iter("*") if REFERENCE.fullmatch(part.tag)]
        new.state[key]["needs"] = [other for part in parts if (other := _found(new, key, part))]


def _found(new: Attempt, key: Key, reference: etree._Element) -> Key | None:
    kind = next((kind for kind in PATHS if kind.upper() in reference.tag), "sample")
    kinds = ("project", "study") if kind == "study" else (kind,)
    accession, alias = reference.get("accession"), reference.get("refname")
    if not accession and not alias:
        return None
    for other in [new.known.get(accession)] if accession else [(kind, alias) for kind in kinds]:
        if other in new.state and other[0] in kinds:
            return other
    by, name = ("accession", accession) if accession else ("alias", alias)
    said = f'In {kind} reference, {by}: "{name}". Failed to find referenced {kind}, {by} "{name}".'
    new.errors.append(f'In {key[0]}, alias: "{key[1]}", {said}')
    return None


def _act(new: Attempt) -> None:
    """HOLD, RELEASE or CANCEL all objects of the document, or a target."""
    for name, target, until in new.actions:
        named = new.known.get(target) or next((key for key in new.state if key[1] == target), None)
        if target and not named:
            new.errors.append(f'Failed to find object to {name.lower()}, "{target}".')
        if until and date.fromisoformat(until[:10]) > in_two_years():
            new.errors.append(f"The hold date {until} is more than two years in the future.")
        for key in () if name not in DONE else new.touched if not target else [named] if named else ():
            entry = new.state[key]
            if name != "RELEASE" and entry["status"] == "PUBLIC":
                new.refuse(key, f"The object is public: {name} is not possible.")
            entry["status"] = DONE[name]
            if name != "CANCEL" and key[0] in HELD:
                entry["holdUntilDate"] = (until[:10] or in_two_years().isoformat()) if name == "HOLD" else ""


def _follow(new: Attempt) -> None:
    """Experiments and analyses have the status of their study, runs that of their experiment."""
    for kind in ("experiment", "analysis", "run"):
        for entry in (entry for key, entry in new.state.items() if key[0] == kind):
            leading = [other for other in entry["needs"] if other[0] in ("project", "study", "experiment")]
            if leading and entry["status"] != "CANCELLED":
                entry["status"] = new.state[leading[0]]["status"]


def _receipt(new: Attempt, accession: str) -> Receipt:
    """What the server says of a document; without an accession nothing was stored."""
    made: Receipt = {"success": not new.errors, "receiptDate": _now()}
    unread = [(kind, one.get("alias", "")) for kind, one in _objects(new.sets) if kind in PATHS]
    for kind, alias in new.touched or unread:
        entry = new.state.get((kind, alias), {"status": "PRIVATE"})
        line = {"alias": alias, "accession": entry["accession"] if accession else "", "status": entry["status"]}
        line["holdUntilDate"] = f"{until}Z" if (until := entry.get("holdUntilDate")) else ""
        if accession and entry["external"]:
            line["externalAccession"] = {"id": entry["external"], "db": NUMBERS[kind][2]}
        made.setdefault(PATHS[kind], []).append({name: value for name, value in line.items() if value})
    made["submission"] = {"alias": new.alias, **({"accession": accession} if accession else {})}
    held = [HELD_BACK] if ("HOLD", "") in [action[:2] for action in new.actions] else []
    ended = "Submission has been rolled back." if new.errors else "Submission has been committed."
    info = [*held, *([ended] if new.errors or accession else []), TEST]
    made["messages"] = {**({"error": new.errors} if new.errors else {}), "info": info}
    made["actions"] = [name for name, *_ in new.actions]
    return made


def xml_receipt(receipt: Receipt) -> etree._Element:
    """The same receipt as SRA.receipt.xsd has it."""
    root = etree.Element("RECEIPT", receiptDate=receipt["receiptDate"], success=json.dumps(receipt["success"]))
    root.set("submissionFile", "submission.xml")
    objects = [(kind, entry) for kind, path in PATHS.items() for entry in receipt.get(path, ())]
    for kind, entry in [*objects, ("submission", receipt["submission"])]:
        other = entry.get("externalAccession")
        made = etree.SubElement(root, kind.upper(), {name: entry[name] for name in entry if entry[name] != other})
        if other:
            etree.SubElement(made, "EXT_ID", accession=other["id"], type=other["db"])
    messages = etree.SubElement(root, "MESSAGES")
    for level in ("error", "info"):
        for line in receipt["messages"].get(level, ()):
            etree.SubElement(messages, level.upper()).text = line
    for action in receipt["actions"]:
        etree.SubElement(root, "ACTIONS").text = action
    return root
