"""How a portal is spoken to: messages, answers, and what a portal says about itself and what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workbook_compiler.model.plan import Operation, Request
from workbook_compiler.model.records import Pointer
from workbook_compiler.model.schema import EntityType, Schema


class Answer(NamedTuple):
    """A server's reply. ``body`` is its JSON, or its XML as text; None when it sent neither."""

    status: int
    body: Any
    headers: Mapping[str, str]
    """Names in small letters."""

    @property
    def ok(self) -> bool:
        """True when the server did what was asked."""
        return 200 <= self.status < 300


Send = Callable[..., Answer]
"""``send(method, path, body=None)``: one message, one Answer of any status. Raises UnreachableError when there is none."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record the portal holds."""

    uuid: str
    path: str
    """``/biosources/4DNSR…/``: where it lies."""
    types: tuple[str, ...]
    """Its class chain, the most special first."""
    names: frozenset[str] = frozenset()
    """The identifiers it answers to, as far as they are known."""
    values: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    """Its stored properties, where the answer that told of it held them."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing a portal has against a message."""

    kind: str
    """``value``, ``required``, ``extra``, ``link`` (leads nowhere), ``link-type``, ``conflict``, ``permission``,
    ``missing`` (no such record), ``unclear``, ``changed`` (by somebody else), ``file`` (can't be read), ``otherwise`` (stored as
    something else) or ``other``."""
    pointer: Pointer | None
    """Where in the body, None when the portal doesn't say."""
    words: str
    """The portal's own words, without its inner names where that can be done."""
    value: str | None = None
    """What was sent there, as the portal names it."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are on the portal."""

    name: str
    """The user's address or name."""
    admin: bool
    owners: Mapping[str, tuple[str, ...]]
    """For each lab that the user may submit for its awards; paths on the portal. Empty where the portal knows neither."""
    own: Mapping[str, Sequence[Term]] = field(default_factory=dict)
    """The same labs and awards by their entity types, as links name them: templates offer them."""


class Term(NamedTuple):
    """A record of a small, well-known type, as a link names it."""

    name: str
    meant_for: tuple[str, ...] = ()
    """The entity types it is meant for; empty for all."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a portal holds, for whoever wants it as rows."""

    every: Callable[[str], str]
    """Where all records of a type are searched for: a path."""
    search: Callable[[str], str]
    """The path of a search as a person typed or copied it; raises UsageError for what isn't one."""
    listed: Callable[[Send, str], list[Mapping[str, Any]]]
    """The stored records that a search finds."""
    type_of: Callable[[Mapping[str, Any]], str]
    """The entity type of a stored record."""
    own: Callable[[EntityType, Mapping[str, Any]], dict[str, Any]]
    """The properties of a stored record that its user may send, as they would be sent."""


@dataclass(frozen=True, slots=True)
class Service:
    """The small functions a portal that takes one record at a time is made of; none keeps anything."""

    account: Callable[[Send], Account]
    defaults: Callable[[str, str], Mapping[str, str]]
    """``(lab, award)`` -> the properties a new record gets where its type has them and its row is silent."""
    find: Callable[[Send, Iterable[str]], tuple[Mapping[str, Found], Sequence[str]]]
    """Identifiers -> those of them that an index knows, in one message for many; and those it can't be asked for."""
    look: Callable[[Send, str, Sequence[str]], Found | None]
    """What one link value or identifier names, read from the database itself and not from an index.

    A name that only its type makes unique (a file format's) is looked for in these entity types.
    """
    values: Callable[[Send, Found], Mapping[str, Any]]
    """The stored properties of a record; links are paths or identifiers."""
    message: Callable[[Operation, Schema], Request]
    """The message an operation becomes."""
    rehearsal: Callable[[Request], Request] | None
    """The same message as one that is checked and not stored; None where the portal has nothing of the kind."""
    storing: Callable[[Request], Request]
    """The same message as it is sent in earnest."""
    created: Callable[[Answer], str | None]
    """The identifier the portal gave, from the answer to a message that was taken."""
    refusals: Callable[[Answer, Request], list[Refusal]]
    """What the portal has against a message, from its answer."""
    claims: Callable[[Operation, Schema], Iterable[tuple[Pointer, str]]]
    """What a new record wants to be called alone: places in its body, and names to look for."""
    extends: frozenset[str]
    """Lists that grow: what is there stays when a row names other members."""
    whole: Callable[[Send, Operation, Request], Request] = lambda _send, _operation, request: request
    """Puts into a message what it has to hold and isn't known before: the rest of a record that is written as a whole."""
    at_once: int = 60
    """So many identifiers are looked for with one message."""
    vocabulary: Callable[[Send, str], list[Term]] = lambda _send, _type_name: []
    """The records of a small type, that templates offer where a link is wanted."""
    vocabularies: tuple[str, ...] = ()
    """The types whose records templates offer without being asked."""
    awaits_file: Callable[[Mapping[str, Any]], bool] = lambda _values: False
    """Tells of a stored record's properties whether its data file is still to come."""
    upload_keys: Callable[[Send, str, str | None], Any] = lambda _send, _uuid, _extra: None
    """What the portal gives for uploading a record's data file, or the file of a format that comes along with it.

    As it comes; None when it gives nothing.
    """
    holdings: Holdings | None = None
    """How its records are made rows again; None where they can't be yet."""


Name = tuple[str, str]
"""An entity type, and what one of its records is called."""


class Stored(NamedTuple):
    """A record that a portal holds, as it tells it."""

    type: str
    name: str
    number: str
    """What the portal itself calls it."""
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a portal says about a request of many records: all of it is stored, or nothing."""

    success: bool
    numbers: Mapping[Name, str]
    """What it calls each record itself."""
    refusals: Mapping[Name, Sequence[Refusal]]
    loose: tuple[str, ...] = ()
    """What belongs to no record, in its words."""


@dataclass(frozen=True, slots=True)
class Transactions:
    """The small functions of a portal that takes requests of many records of one project; none keeps anything."""

    login: Callable[[Send, str, str], str]
    """``(send, key id, secret)`` -> a token that lasts for minutes."""
    projects: Callable[[Send], Sequence[str]]
    """The projects that the user may see."""
    project_of: Callable[[str, Any], str | None]
    """``(column, value)`` -> the project, or the end of its name, that a row says it belongs to."""
    present: Callable[[Send, str, str], Mapping[str, str] | None]
    """``(send, project, type)`` -> number by name of every record; None where only the records themselves can be asked for."""
    every: Callable[[Send, str, str], Sequence[Stored]]
    """``(send, project, type)`` -> every record."""
    by_number: Callable[[Send, str, str, Sequence[str]], Sequence[Stored]]
    """``(send, project, type, numbers)`` -> those records that are there."""
    lookup: Callable[[Send, str, Sequence[str], Sequence[str]], Sequence[Stored]]
    """``(send, project, names or numbers, types)`` -> the records of these types that have them."""
    values: Callable[[EntityType, Mapping[str, Any]], Mapping[str, Any]]
    """A stored record as values of its columns."""
    repeated: Callable[[EntityType], Sequence[str]]
    """The columns that every message about a record has to hold."""
    column: Callable[[Mapping[str, Any], str], str]
    """``(columns, key)`` -> the column of what an answer calls so."""
    message: Callable[[Request, str], Request]
    """``(request, project)`` -> the message as it is sent in earnest. Sent twice it does the same."""
    rehearsal: Callable[[Request, str], Request]
    """The same as one that is checked and not stored."""
    reply: Callable[[Answer], Transaction]
    query: Callable[[Send, str], Any]
    """What a query service answers."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an archive gave a record of a document."""

    accession: str
    external: str = ""
    """Its name in another archive: a sample's in BioSamples."""
    status: str = ""
    until: str = ""
    """The day it becomes public."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of an archive's reply about a document."""

    words: str
    type: str = ""
    """The entity type it is about; empty when it doesn't say."""
    alias: str = ""
    field: str = ""
    there: str = ""
    """The accession of the record that has this alias already."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An archive's reply about a document: it was taken whole, or not at all."""

    success: bool
    given: Mapping[tuple[str, str], Given]
    """``(entity type, alias)`` -> what the record got."""
    errors: tuple[Line, ...] = ()
    infos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Documents:
    """The small functions of a portal that takes documents of many records, as one transaction each; none keeps anything."""

    test: str
    """The address of the service to try things with."""
    production: str
    area: str
    """Where data files are uploaded to."""
    name_of: Callable[[Request], str]
    """The name a document has of its own: the same for the same content."""
    posted: Callable[[Request], Request]
    """The message as it is sent: to the queue when it is large."""
    rehearsal: Callable[[Request], Request]
    """The same as one that is checked and not stored."""
    again: Callable[[str], Request]
    """The question for the reply to an earlier document, by its name."""
    reply: Callable[[Answer], Reply | None]
    """What an answer says; None when it is no reply."""
    waiting: Callable[[Answer], str | None]
    """Where a queued document's reply is to be asked for; None when it isn't queued."""
    page: Callable[[str], str] = lambda _accession: ""
    """The public page of a record."""
