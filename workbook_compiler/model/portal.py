"""What a portal says about itself, as one value: the only thing the wings know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.plan import Plan, Request
from workbook_compiler.model.records import Record
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Documents, Service, Transactions

FileType = Callable[[str], str | None]
"""The media type of a file by its name; None when the portal would refuse it."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A sheet in another tool's layout: where its rows are, and what its columns are called here. Columns count from 0."""

    type: str = ""
    """The entity type of its rows; empty for a layout that is known and not read."""
    header_row: int = 0
    first_row: int = 1
    headers: Mapping[int, str] = attribute(default_factory=dict)
    """Columns that have another name here."""
    beside: Mapping[int, tuple[str, str]] = attribute(default_factory=dict)
    """What a column's filled cells say by standing there: the header that would say it, and the value."""
    words: Mapping[int, Mapping[str, str]] = attribute(default_factory=dict)
    """Columns whose words, in small letters, have another spelling here."""
    joined: str = ""
    """The list of objects that each of several rows of one identifier has a member of; empty where a row is a record."""
    said: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Lookup:
    """A public register that can be asked about values: a taxonomy."""

    server: str
    path: str
    """Where it answers about a key, which takes the place of ``{}``."""
    keys: Callable[[Sequence[Record]], Iterable[str]]
    """The keys that records name, each once and safe in a path."""
    means_something: Callable[[Any], bool]
    """Whether a JSON answer is one about the key."""
    findings: Callable[[Sequence[Record], Mapping[str, Any]], Iterable[Diagnostic]]
    """What is wrong with the records by the answers, None where it knows nothing of a key."""


@dataclass(frozen=True, slots=True)
class Portal:
    """All that differs between portals. Variation is in these small functions, not in subclasses."""

    name: str
    """The word of ``--portal``."""
    title: str
    server: str
    """The production address, without a final slash."""
    schema_path: str
    """Where the server serves its schemas."""
    load_schema: Callable[[Mapping[str, Any], str, str], Schema]
    """``(documents, source, sha256) -> Schema``; ``documents`` is ``{name: JSON}`` as served or as read from a folder."""
    render: Callable[[Plan, Schema, str], Iterable[Request]]
    """``(plan, schema, form)`` -> the messages a plan becomes, in sending order."""
    file_type: FileType
    """The media type a file in a record is declared with, by its name; None when the portal would refuse it."""
    service: Service | None = None
    """How records are sent one at a time; None where that isn't how, or not yet."""
    archive: Documents | None = None
    """How documents are sent; None where that isn't how, or not yet."""
    transactions: Transactions | None = None
    """How requests of many records are sent, each whole or not at all; None where that isn't how."""
    keyfile: str = "~/keypairs.json"
    """Where its users keep their keys."""
    sandbox: bool = False
    """Whether a portal of this kind can be run on the user's own machine."""
    served: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda documents: documents
    """Its schemas' documents as such a portal serves them: every type says whether it is abstract, and which one is above."""
    forms: tuple[str, ...] = ("json",)
    """The forms its messages can have, the usual one first."""
    body: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] | None = None
    """``(type, values)`` -> what of them is sent, where a sheet's columns don't say it as the portal takes it."""
    documents: bool = False
    """Whether it takes documents of many records: each message is a file of its own then."""
    part: str = ""
    """What its schemas' parts are called where a workbook needs only some of them: checklist."""
    part_path: Callable[[str], str] = lambda name: f"/{name}"
    """Where the server serves a part, by its name."""
    types: tuple[str, ...] = ()
    """The types of a template when nobody says which."""
    check: Callable[[Sequence[Record], Schema], Iterable[Diagnostic]] = lambda _records, _schema: ()
    """What its rules have against records as a whole, beyond what a schema can say."""
    lookup: Lookup | None = None
    """What can be looked up on request."""
    foreign: Callable[[str, Sequence[Sequence[Any]], Location, Schema], Foreign | None] = lambda *_: None
    """``(name, rows, place, schema)`` of a sheet -> how it is read, when another tool of this portal's users laid it out."""
