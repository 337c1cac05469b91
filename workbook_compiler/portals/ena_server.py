"""How ENA's Webin REST V2 is spoken to: receipts of every known shape, the queue, dry runs.

HTTP 200 isn't success: a receipt with ``success`` false comes with it. Seen in ENA's documentation and its users' reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from workbook_compiler.model.plan import Request
from workbook_compiler.model.service import Answer, Given, Line, Reply

TEST = "https://wwwdev.ebi.ac.uk/ena/submit/webin-v2"
"""Built anew each night: what is registered there is gone the next day."""
PRODUCTION = "https://www.ebi.ac.uk/ena/submit/webin-v2"
AREA = "ftps://webin2.ebi.ac.uk"
"""Each account's own; files are taken from there when a run names them, and kept for two months until then."""
MOST_AT_ONCE = 500
"""So many records are answered at once; ``submit`` gives up after a minute, the queue after ten."""
LONGEST = 2_000
"""Signs of a line that are looked at."""
MOST_LINES = 5_000

TYPES: Mapping[str, str] = {
    "projects": "project",
    "samples": "sample",
    "experiments": "experiment",
    "runs": "run",
    "analyses": "analysis",
}
_WORD = "project|study|sample|experiment|run|analysis|submission"
_NAMED = (
    re.compile(rf'In (?P<type>{_WORD}), (?:alias|accession): ?"(?P<alias>[^"]*)"', re.IGNORECASE),
    re.compile(rf"(?P<type>{_WORD}): (?P<alias>.+?); (?:Attribute: (?P<field>.+?); )?Reason: ", re.IGNORECASE),
)
"""``In sample, alias: "X". …`` since 2024, without the space before; ``Sample: X; Attribute: Y; Reason: …`` since 2025."""
_THERE = re.compile(r'already exists in the submission account with accession: ?"([A-Z]{2,6}\d+)"')
_ALIAS = re.compile(r'<SUBMISSION alias="(wbc-[^"]*)"')


def name_of(request: Request) -> str:
    """Return the submission alias of a document."""
    if isinstance(request.body, str):
        found = _ALIAS.search(request.body)
        return found[1] if found else ""
    return str(request.body["submission"]["alias"])


def posted(request: Request) -> Request:
    """Return the document as it is sent: small ones are answered at once, others queued."""
    return request._replace(path="submit" if len(request.operations) <= MOST_AT_ONCE else "submit/queue")


def rehearsal(request: Request) -> Request:
    """Return the document with VALIDATE beside its action, under a name of its own: nothing is stored."""
    name = name_of(request)
    trial = f"{name}-trial"
    if isinstance(request.body, str):
        text = request.body.replace(f'alias="{name}"', f'alias="{trial}"', 1)
        return posted(request._replace(body=text.replace("<ACTIONS>", "<ACTIONS><ACTION><VALIDATE /></ACTION>", 1)))
    submission = request.body["submission"]
    changed = {**submission, "alias": trial, "actions": [{"type": "VALIDATE"}, *submission["actions"]]}
    return posted(request._replace(body={**request.body, "submission": changed}))


def again(name: str) -> Request:
    """Return the question for the receipt of an earlier submission, by its alias."""
    return Request(0, "POST", "submit", {"submission": {"actions": [{"type": "RECEIPT", "target": name}]}})


def waiting(answer: Answer) -> str | None:
    """Return where a queued document's receipt is asked for, in either form the server uses."""
    body = answer.body if isinstance(answer.body, dict) else {}
    links = body.get("_links")
    poll = links.get("poll") if isinstance(links, dict) else None
    if isinstance(poll, dict) and isinstance(poll.get("href"), str):
        return str(poll["href"])
    listed = body.get("links")
    for link in listed if isinstance(listed, list) else ():
        named = str(link.get("rel", "")) if isinstance(link, dict) else ""
        if named in ("poll", "poll-json") and isinstance(link.get("href"), str):
            return str(link["href"])
    if isinstance(answer.body, str) and (found := re.search(r'href="([^"]+/poll/[^"]+)"', answer.body[:LONGEST])):
        return found[1]
    return None


def reply(answer: Answer) -> Reply | None:
    """Return what a receipt says; None for an answer that is none."""
    if isinstance(answer.body, str):
        return _of_xml(answer.body)
    body = answer.body if isinstance(answer.body, dict) else {}
    if not isinstance(body.get("success"), bool):
        return None
    messages = body.get("messages")
    said = messages if isinstance(messages, dict) else {}
    return Reply(
        body["success"], dict(_given(body)), _lines(_texts(said.get("error"))), tuple(_texts(said.get("info")))
    )


def page(accession: str) -> str:
    """Return the address of a record in ENA's browser."""
    return f"https://www.ebi.ac.uk/ena/browser/view/{accession}"


def _texts(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return [one for one in found if isinstance(one, str)][:MOST_LINES]


def _given(body: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Given]]:
    for path, name in TYPES.items():
        listed = body.get(path)
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and isinstance(one.get("alias"), str) and isinstance(one.get("accession"), str):
                other = one.get("externalAccession")
                external = other.get("id") if isinstance(other, dict) else None
                until = str(one.get("holdUntilDate") or "")[:10]
                given = Given(one["accession"], str(external or ""), str(one.get("status") or ""), until)
                yield (name, one["alias"]), given


def _lines(texts: list[str]) -> tuple[Line, ...]:
    return tuple(map(_line, texts))


def _line(words: str) -> Line:
    text = words[:LONGEST]
    there = _THERE.search(text)
    found = next((match for pattern in _NAMED if (match := pattern.search(text))), None)
    if found is None:
        return Line(words)
    parts = found.groupdict()
    kind = parts["type"].lower()
    name = "project" if kind == "study" else kind
    return Line(words, name, parts["alias"], parts.get("field") or "", there[1] if there else "")


def _of_xml(text: str) -> Reply | None:
    """The same of a receipt in XML (SRA.receipt.xsd)."""
    if "<!DOCTYPE" in text[:4096] or "<!ENTITY" in text[:4096]:
        return None
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - without a DTD there is nothing to expand
    except ElementTree.ParseError:
        return None
    success = root.get("success")
    if root.tag != "RECEIPT" or success not in ("true", "false"):
        return None
    given = {}
    for name in TYPES.values():
        for one in root.iter(name.upper()):
            if one.get("alias") and one.get("accession"):
                other = one.find("EXT_ID")
                external = other.get("accession", "") if other is not None else ""
                until = one.get("holdUntilDate", "")[:10]
                found = Given(one.get("accession", ""), external, one.get("status", ""), until)
                given[name, one.get("alias", "")] = found
    errors = [one.text or "" for one in root.iter("ERROR")][:MOST_LINES]
    return Reply(success == "true", given, _lines(errors), tuple(one.text or "" for one in root.iter("INFO")))
