"""Two witnesses that know nothing of this project, in one Python environment of their own: a Gen3 commons' own validators, and
the ``gen3`` SDK. Both come from the package index; the environment is made on first use, as the sandbox's is.

``served_dictionary()`` is a whole dictionary as a commons serves it, ``with Validators() as validators:`` asks what a commons
would say of documents, and ``sdk(code)`` runs a piece of Python that may import ``gen3``. Facts: ``facts/gen3.md`` beside the
checkout. A test module imports ``witnesses`` and ``running_validators``, which are the fixtures ``gen3_environment``, for a test
that is skipped where the environment can't be made, and ``validators``, which skips too.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple

import pytest

from workbook_compiler.errors import WorkbookCompilerError
from workbook_compiler.files import written_whole
from workbook_compiler.sandbox import environment

WITNESSES = environment.Packages(
    name="gen3",
    words="Gen3 witness",
    takes="a minute, 270 MB",
    lines=(
        "gen3==4.28.5",
        "gen3dictionary==2.0.4",
        "gen3datamodel==3.2.7",
        "dictionaryutils==3.5.1",
        "psqlgraph==3.1.1",
        "SQLAlchemy==1.4.54",  # psqlgraph stops before 2
        "jsonschema==4.23.0",  # whose words the validators' are
        "rfc3339-validator==0.1.4",  # without it no date-time is refused
        "pandas==3.1.1",  # reads the SDK's files
    ),
    oldest=(3, 11),
    newest=(3, 13),
)
SECONDS = 60

DICTIONARY = """
import json, sys
from gdcdictionary import gdcdictionary as dictionary

entries = {path.removesuffix(".yaml"): resolver.source for path, resolver in dictionary.resolvers.items()}
nulls = sys.argv[1] == "nulls"
served = entries | dictionary.schema if nulls else dictionary.schema | entries
json.dump(served, sys.stdout, sort_keys=True)  # as Flask does
"""


def _python() -> Path:
    return environment.python(packages=WITNESSES)


def _alone(home: str) -> dict[str, str]:
    """The variables a witness sees: none that tells of a proxy or of somebody's commons."""
    wanted = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "TEMP")
    return {name: os.environ[name] for name in wanted if name in os.environ} | {"HOME": home, "USERPROFILE": home}


def _run(code: str, *arguments: str, seconds: float = SECONDS) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(
            [_python(), "-I", "-X", "utf8", "-c", code, *arguments],
            cwd=home,
            env=_alone(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )


# ---------------------------------------------------------------- the dictionary


def served_dictionary(*, nulls: bool = True) -> dict[str, Any]:
    """The dictionary of gen3dictionary 2.0.4, every reference in a node resolved, its keys sorted: 30 nodes, ``_definitions``,
    ``_terms``, ``_settings`` and ``metaschema``.

    With ``nulls`` an optional property may be null, as the validators see it; without, it is what sheepdog's code answers at
    ``/_dictionary/_all``, where the sources, which have no nulls added, come over the nodes that have.
    """
    said = "nulls" if nulls else "plain"
    python, mark = _python(), hashlib.sha256(DICTIONARY.encode()).hexdigest()[:8]
    kept = environment.home(WITNESSES) / f"dictionary-{said}-{mark}.json"
    if not kept.is_file():
        done = _run(DICTIONARY, said)
        assert done.returncode == 0, f"{python}: {done.stderr}"
        with written_whole(kept) as path:
            path.write_text(done.stdout, encoding="utf-8")
    served: dict[str, Any] = json.loads(kept.read_bytes())
    return served


def dictionary_folder() -> Path:
    """The folder with the YAML files of gen3dictionary 2.0.4: one of each node that isn't the loader's, and ``_*.yaml``."""
    done = _run("import gdcdictionary; print(gdcdictionary.SCHEMA_DIR)")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


# ---------------------------------------------------------------- the validators


class Complaint(NamedTuple):
    """What a validator says, and the properties it names."""

    message: str
    keys: list[str]


VALIDATORS = '''
import json, logging, os, sys, uuid

answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # whatever else is printed is no answer
import psqlgraph
from dictionaryutils import dictionary
from gdcdictionary import gdcdictionary

dictionary.init(gdcdictionary)
from gen3datamodel import models, validators  # the dictionary has to be there before

logging.disable(logging.CRITICAL)
JSON, GRAPH = validators.GDCJSONValidator(), validators.GDCGraphValidator()
HANDLES = ("id", "submitter_id", "code", "name")


class Entity:
    def __init__(self, doc):
        self.doc, self.errors, self.node = doc, [], None

    def record_error(self, message, keys=None, **more):
        self.errors.append((message, list(keys or [])))


def new(label):
    return psqlgraph.Node.get_subclass(label)(str(uuid.uuid4()))


def instantiate(entity):
    """The node of a document, if the JSON validator has nothing to say."""
    kind = entity.doc.get("type") if isinstance(entity.doc, dict) else None
    if not isinstance(kind, str):  # what the validator can't look up
        return entity.record_error("'type' is a required property", ["type"])
    JSON.record_errors([entity])  # one by one: it stops at the first unknown type
    if not entity.errors:
        entity.node = new(kind)
        for name, value in entity.doc.items():
            if name in entity.node.__pg_properties__:
                try:
                    entity.node.props[name] = value
                except Exception as error:
                    entity.record_error(str(error), [name])


def handles(label, doc):
    return [(label, name, doc[name]) for name in HANDLES if isinstance(doc.get(name), str)]


def link(entity, nodes):
    """Tie a node to the targets its document names; a project is there when it is named."""
    for name, to in entity.node._pg_links.items():
        label, targets = to["dst_type"].label, entity.doc.get(name) or []
        for target in [targets] if isinstance(targets, dict) else targets:
            wanted = handles(label, target)
            if label == "project" and "code" in target and not any(handle in nodes for handle in wanted):
                nodes.update(dict.fromkeys(wanted, new("project")))
            found = next((nodes[handle] for handle in wanted if handle in nodes), None)
            if found is None:
                entity.record_error("No link destination found for " + name, [name])
            else:
                getattr(entity.node, name).append(found)


def check(docs):
    entities, nodes = [Entity(doc) for doc in docs], {}
    for entity in entities:
        instantiate(entity)
    whole = [entity for entity in entities if entity.node]
    for entity in whole:
        nodes.update(dict.fromkeys(handles(entity.doc["type"], entity.doc), entity.node))
    for entity in whole:
        link(entity, nodes)
    GRAPH.record_errors(None, [entity for entity in whole if not entity.errors])
    return [entity.errors for entity in entities]


for line in sys.stdin.buffer:
    print(json.dumps(check(json.loads(line))), file=answers, flush=True)
'''


class Validators:
    """A commons' own validators, in a process of their own while the block lasts."""

    def __enter__(self) -> Validators:
        python = _python()
        self._home = tempfile.TemporaryDirectory()
        self._said: IO[bytes] = (Path(self._home.name) / "said").open("w+b")
        self._process = subprocess.Popen(
            [python, "-I", "-X", "utf8", "-c", VALIDATORS],
            cwd=self._home.name,
            env=_alone(self._home.name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()
        self._home.cleanup()

    def check(self, documents: Sequence[Mapping[str, Any]]) -> list[list[Complaint]]:
        """What they say of each document, in order; nothing of a good one. A project is there when a link names its code;
        else a document links to others of the list only, and to those only that the JSON validator took.

        A commons looks for doubles, owners and states besides: not these two.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watch = threading.Timer(SECONDS, self._process.kill)
        watch.start()
        try:
            with suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(list(documents)).encode() + b"\n")
                self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        assert line, f"the validators ended: {self._last_words()}"
        return [[Complaint(*complaint) for complaint in complaints] for complaints in json.loads(line)]

    def _last_words(self) -> str:
        self._process.wait(SECONDS)
        self._said.seek(0)
        return self._said.read().decode("utf-8", "replace")


# ---------------------------------------------------------------- the SDK

GUARD = """
import sys

def _guard(event, arguments, own=("", "localhost", "127.0.0.1", "::1")):
    if event in ("socket.connect", "socket.sendto"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else ""
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in own:
        raise RuntimeError(f"Only this machine may be reached, not {host}")

sys.addaudithook(_guard)
"""


def sdk(code: str, *arguments: str, seconds: float = SECONDS) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python that may import ``gen3``, its arguments in ``sys.argv[1:]``: in an empty folder that is its home,
    with no proxy and no commons in its variables. It reaches this machine only; for anything else it gets a RuntimeError.
    """
    return _run(f"{GUARD}\n{code}", *arguments, seconds=seconds)


# ---------------------------------------------------------------- fixtures


@pytest.fixture(scope="session", name="gen3_environment")
def witnesses() -> Path:
    """The Python of the environment; tests are skipped where it can't be made, but never in CI."""
    try:
        return _python()
    except WorkbookCompilerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Gen3 witness here: {error}")


@pytest.fixture(scope="session", name="validators")
def running_validators(gen3_environment: Path) -> Iterator[Validators]:
    """A commons' own validators."""
    with Validators() as validators:
        yield validators
