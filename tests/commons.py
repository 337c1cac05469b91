"""A Gen3 data commons of the tests' own on 127.0.0.1, which answers as fence, sheepdog 5.2.4 and peregrine do behind one host.

``with commons(served_dictionary()) as gen3:`` — there is no program yet. ``gen3.credentials(path)`` writes what a portal lets
people download; ``gen3.store.records("P1-GOLD")`` is what a project holds. What goes wrong is put into ``gen3.faults`` in the
words of ``live.proxy``: ``Fault(uploads, cut_after, times=1)`` stores, and the answer is lost; ``cut_before``, ``answers(503)``,
``garbles``, ``drips(0.1)``; and ``expires(gen3)``. Facts: ``facts/gen3.md`` beside the checkout.
Not here: who may do what (403), the index of files, uploads of XML, all templates at once, deleting projects and programs.
"""

from __future__ import annotations

import json
import re
import threading
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

from commons_acts import ACTS, begin, close, commit, register_program, register_project
from commons_store import Store, UserError, documents, export_nodes, export_type, links_of, template
from live.proxy import SECONDS, Answer, Exchange, Proxy, Seen, What, _handler

BASE, INSIDE = "/api/v0/submission", "/v0/submission"
"""Where the submission service is, and what it believes its own address to be."""
FORMS = {"text/csv": ",", "text/tab-separated-values": "\t", "text/tsv": "\t"}
UNKNOWN_KEY = "Authentication Error: Didn't receive JWT correctly"
BINARY = "application/octet-stream"


def asks(methods: str, pattern: str) -> Callable[[Seen | Heard], bool]:
    """When: at each request with such a method whose path, without what follows ``?``, ends so."""
    return lambda seen: bool(
        re.fullmatch(methods, seen.method) and re.search(f"{pattern}/?$", seen.path.partition("?")[0])
    )


uploads = asks("POST|PUT", f"^{BASE}/[^/]+/[^/]+")
tries = asks("POST|PUT", f"^{BASE}/[^/]+/[^/]+/_dry_run")
commits = asks("PUT", "/transactions/[0-9]+/commit")
exports = asks("GET", "/export")
queries = asks("POST", f"^{BASE}/graphql")
logs_in = asks("POST", "/access_token")


def expires(gen3: Commons) -> What:
    """Let the tokens end before the request is heard."""

    def what(exchange: Exchange) -> None:
        gen3.expire()
        exchange.reply(exchange.forward())

    return what


class Heard(NamedTuple):
    """A request that came through to the commons; ``seen`` has those that didn't, too."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def parts(self) -> list[str]:
        path = urlsplit(self.path).path.removeprefix(BASE)
        return [unquote(part) for part in path.split("/") if part]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query))

    @property
    def inside(self) -> str:
        """The path as the service sees it."""
        return INSIDE + urlsplit(self.path).path.removeprefix(BASE)


@dataclass
class Commons(Proxy):
    """A commons that is up. ``faults`` is what goes wrong, ``seen`` what was asked, ``heard`` what came through."""

    store: Store = field(default_factory=lambda: Store({}))
    graphql: bool = True
    lifetime: float = 1800
    heard: list[Heard] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    tokens: dict[str, float] = field(default_factory=dict)
    """The tokens that were issued, and when each ends."""

    @property
    def url(self) -> str:
        """The address of the host, without a final slash."""
        return self.server

    def credentials(self, path: Path) -> Path:
        """Write a credentials file with a new key."""
        name = str(uuid4())
        key = _jwt(iss=f"{self.url}/user", jti=name, exp=int(time.time()) + 30 * 86400, pur="api_key")
        self.keys.add(key)
        path.write_text(json.dumps({"api_key": key, "key_id": name}), encoding="utf-8")
        return path

    def token(self) -> str:
        """A new token."""
        ends = time.time() + self.lifetime
        made = _jwt(iss=f"{self.url}/user", jti=str(uuid4()), exp=int(ends), pur="access")
        self.tokens[made] = ends
        return made

    def expire(self) -> None:
        """No token that was issued so far is good any longer."""
        self.tokens.clear()

    def known(self, asked: Heard) -> bool:
        """Whether a request has a token that is good."""
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and self.tokens.get(token, 0) > time.time()

    def let_in(self, asked: Heard) -> None:
        if not self.known(asked):
            raise UserError(UNKNOWN_KEY, 401)

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        asked = Heard(method, path, body, {name.lower(): value for name, value in headers.items()})
        with self.lock:
            self.heard.append(asked)
            try:
                return self.route(asked)
            except UserError as error:
                return _json({"message": str(error)}, error.status)

    def route(self, asked: Heard) -> Answer:
        match asked.method, asked.parts:
            case "POST", ["user", "credentials", "cdis" | "api", "access_token"]:
                return self.log_in(asked)
            case "GET", ["_dictionary", *names]:
                return self.schema(names)
            case "GET", ["template", label]:
                return self.template(label, asked.query.get("format", "tsv"))
            case "POST", ["graphql"] if self.graphql:
                return self.query(asked)
            case _, ["graphql" | "user", *_]:
                raise UserError("Not Found", 404)
            case _, [program, code, *rest]:
                return self.of_project(asked, program, code, rest)
            case _, [*program]:
                return self.of_program(asked, *program)
        raise UserError("Not Found", 404)

    def log_in(self, asked: Heard) -> Answer:
        if self.given(asked).get("api_key") not in self.keys:
            raise UserError("Not authenticated", 401)
        return _json({"access_token": self.token()})

    def schema(self, names: Sequence[str]) -> Answer:
        """The dictionary, an entry of it, or links to the entries."""
        everything = {**self.store.dictionary, "_all": self.store.dictionary}
        if not names:
            return _json({"links": [f"{INSIDE}/_dictionary/{name}" for name in [*self.store.types, "_all"]]})
        if names[0] not in everything:
            raise UserError(f"Entry {names[0]} not in dictionary", 404)
        return _json(everything[names[0]])

    def template(self, label: str, form: str) -> Answer:
        made = template(self.store.dictionary, label, form)
        return _file(
            made if isinstance(made, str) else json.dumps(made, indent=2), f"submission_{label}_template.{form}"
        )

    def of_program(self, asked: Heard, program: str = "") -> Answer:
        """Links to programs or projects, or one more of them."""
        if program and not self.store.program(program):
            raise UserError(f"program {program} not found", 404)
        self.let_in(asked)
        nodes = self.store.nodes.values()
        if asked.method == "GET":
            programs = [one.properties["name"] for one in nodes if one.type == "program"]
            codes = [one.properties["code"] for one in nodes if one.type == "project"]
            names = (
                [f"{program}/{code}" for code in codes if self.store.project(program, code)] if program else programs
            )
            return _json({"links": [f"{INSIDE}/{name}" for name in names]})
        given = self.given(asked)
        if program:
            return _json(register_project(self.store, program, given, asked.inside))
        return _json(register_program(self.store, given))

    def of_project(self, asked: Heard, program: str, code: str, rest: list[str]) -> Answer:
        if rest != ["export"]:
            for found, name in ((self.store.program(program), program), (self.store.project(program, code), code)):
                if not found:
                    raise UserError(f"{'Program' if name is program else 'Project'} {name} not found", 404)
        self.let_in(asked)
        match asked.method, rest:
            case "GET", ["_dictionary", *names]:
                return self.schema(names)
            case "GET", ["template", label]:
                return self.template(label, asked.query.get("format", "tsv"))
            case "GET", ["export"]:
                return self.export(asked, f"{program}-{code}")
            case "GET", ["entities", ids]:
                return self.entities(ids.split(","))
            case "PUT", ["transactions", number, "commit"] if number.isdigit():
                return _report(commit(self.store, program, code, int(number), asked.inside))
            case "PUT", ["transactions", number, "close"] if number.isdigit():
                return _report(close(self.store, program, code, int(number)))
        return self.transact(asked, program, code, rest)

    def transact(self, asked: Heard, program: str, code: str, rest: list[str]) -> Answer:
        dry, what, given = "_dry_run" in rest, [part for part in rest if part != "_dry_run"], []
        match asked.method, what:
            case "POST" | "PUT", [] | ["bulk"]:
                role, given = ("create" if asked.method == "POST" else "update"), self.given(asked)
            case "DELETE", ["entities", ids]:
                role, given = "delete", ids.split(",")
            case "PUT", [("review" | "open" | "submit" | "release") as role]:
                pass
            case _:
                raise UserError("Not Found", 404)
        documents = given if isinstance(given, list) else [given]
        transaction = begin(self.store, program, code, role, asked.inside, dry_run=dry, given=documents)
        if what == ["bulk"] or asked.query.get("async") == "true":  # broken in this version, both
            del self.store.log[transaction.number]
            raise UserError("internal server error", 500)
        return _report(ACTS[role](transaction))

    def given(self, asked: Heard) -> Any:
        """The documents of a body: a table if the Content-Type is one of three, to the letter, and JSON if not."""
        delimiter = FORMS.get(asked.headers.get("content-type", "").lower())
        if delimiter:
            return documents(asked.body.decode(), delimiter, self.store.dictionary)
        try:
            parsed = json.loads(asked.body.decode(), object_pairs_hook=_once)
        except ValueError as error:
            raise UserError(f"Unable to parse json: {error}") from None
        if not isinstance(parsed, dict | list):
            raise UserError(f"JSON parsed from request is an invalid type: {type(parsed).__name__}")
        return parsed

    def entities(self, ids: list[str]) -> Answer:
        """Nodes with all their properties, those without a value too."""
        if missing := [one for one in ids if one not in self.store.nodes]:
            raise UserError(f"Not found: {', '.join(missing)}")
        made = []
        for record in (self.store.nodes[one] for one in ids):
            schema = self.store.dictionary[record.type]
            links = {link["name"] for link in links_of(schema)}
            values = {name: record.properties.get(name) for name in schema["properties"] if name not in links}
            for name, targets in record.links.items():
                found = (self.store.nodes[target] for target in targets)
                values[name] = [{"id": one.id, "submitter_id": one.submitter_id} for one in found]
            program, _, code = (record.project_id or "").partition("-")
            values |= {"id": record.id, "type": record.type}
            made.append({"program": program or None, "project": code or None, "properties": values})
        return _json({"entities": made})

    def export(self, asked: Heard, project_id: str) -> Answer:
        query = asked.query
        form, with_id = query.get("format") or "tsv", query.get("without_id", "false").lower() != "true"
        if query.get("ids"):
            children = query.get("category", "") if query.get("with_children") else None
            name, body = export_nodes(self.store, project_id, query["ids"].split(","), form, with_id, children)
        elif query.get("node_label"):
            name, body = export_type(self.store, project_id, query["node_label"], form, with_id)
        else:
            raise UserError("expected either `ids` or `node_label` parameter")
        return _file(body, name, "application/json" if form == "json" else BINARY)

    def query(self, asked: Heard) -> Answer:
        """Peregrine's answer."""
        from commons_graph import ask  # only who asks it needs graphql-core

        if not self.known(asked):
            return _json({"data": {}, "errors": ["Unauthorized query."]}, 403)
        data, errors = ask(self.store, self.given(asked))
        return _json({"data": data, "errors": errors} if errors else {"data": data}, 400 if errors else 200)


@contextmanager
def commons(dictionary: Mapping[str, Any], graphql: bool = True, *, lifetime: float = 1800) -> Iterator[Commons]:
    """Serve until the block ends, by the dictionary as it is served: refs resolved, nulls added. A token lives ``lifetime``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    address = f"http://127.0.0.1:{server.server_port}"
    gen3 = Commons(address, store=Store(dictionary), graphql=graphql, lifetime=lifetime)

    class Handler(_handler(gen3, gen3.server)):  # type: ignore[misc]  # asks us, not a portal behind us
        def ask(self, *told: Any) -> Answer:
            return gen3.answer(*told)

    server.RequestHandlerClass = Handler
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a broken connection is what it is for
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield gen3
    finally:
        server.shutdown()
        server.server_close()
        thread.join(SECONDS)


def _json(body: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode())


def _report(told: Mapping[str, Any]) -> Answer:
    return _json(told, told["code"])


def _file(body: str | bytes, name: str, kind: str = BINARY) -> Answer:
    headers = (("Content-Type", kind), ("Content-Disposition", f"attachment; filename={name}"))
    return Answer(200, body.encode() if isinstance(body, str) else body, headers)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, if each of its keys stands there once."""
    if twice := [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]:
        raise ValueError(f"The document contains duplicate keys: {','.join(twice)}")
    return dict(pairs)


def _jwt(**claims: Any) -> str:
    """An unsigned token."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims))
    return ".".join([*(urlsafe_b64encode(part).decode().rstrip("=") for part in parts), ""])
