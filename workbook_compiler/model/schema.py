"""What a portal accepts: entity types, their properties and the links between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a single value is; the coercions are keyed by it."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE_TIME = "date-time"
    DATE_OR_TIME = "date or date-time"
    LINK = "link"
    OBJECT = "object"
    LIST = "list"
    ANY = "any"
    """No type is given, or several: the cell's own type decides."""


class Access(StrEnum):
    """Who may fill a property in."""

    OFFERED = "offered"
    """A template has a column for it."""
    ACCEPTED = "accepted"
    """No template column, but a workbook that has one is understood (4DN ``lab``, ``award``)."""
    REFUSED = "refused"
    """The portal fills it in itself, or lets only its staff do so."""


@dataclass(frozen=True, slots=True)
class Link:
    """The value of the property names another record."""

    targets: tuple[str, ...]
    """Names of the entity types it may point at; a concrete type stands for its subtypes too."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The property isn't part of its own record: its value is added to the record it names.

    4DN's ``replicate_set`` on an experiment adds ``{replicate_exp, bio_rep_no, tec_rep_no}`` to that set.
    """

    type: str
    """The entity type of the record that is fed."""
    property: str
    """Its list property, which gets one member more."""
    member: str | None = None
    """The member's key that holds the feeding record's identifier; None when the member is the identifier itself."""
    companions: tuple[str, ...] = ()
    """Other fed properties of the feeding record that are copied into the member, all of them needed."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Of a list's choices those that go with the value of another property: of all instruments those of a platform."""

    by: str
    """The other property, beside this one."""
    choices: Mapping[str, tuple[str, ...]]
    """For each of its values the choices that fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Property:
    """One property of an entity type, of an embedded object, or the items of a list."""

    name: str
    kind: Kind
    access: Access = Access.OFFERED
    required: bool = False
    title: str = ""
    description: str = ""
    comment: str = ""
    order: float = 0
    """Columns are sorted by it, then by name."""
    choices: tuple[Any, ...] = ()
    """The only values allowed, when there are any."""
    retired: tuple[Any, ...] = ()
    """Choices that are still allowed and no longer offered."""
    suggested: tuple[Any, ...] = ()
    """Usual values; others are allowed."""
    pattern: str | None = None
    format: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    link: Link | None = None
    items: Property | None = None
    """What a list holds."""
    properties: Mapping[str, Property] = field(default_factory=dict)
    """What an embedded object holds; empty for an object of any shape."""
    unique_key: str | None = None
    """Values with the same key identify one record of the portal each."""
    attachment: bool = False
    """The cell holds the path of a file that travels inside the record."""
    upload: bool = False
    """The cell holds the path of a data file that is uploaded beside the record."""
    measured: bool = False
    """The size of the record's data file, worked out where it is left empty."""
    renamed: bool = False
    """The portal gives the data file a name of its own: what it holds isn't what was typed."""
    wait: bool = False
    """The portal's own hint that the value may come in a later update."""
    feed: Feed | None = None
    recommended: bool = False
    """Not needed, and welcome."""
    members: int = 1
    """So many members of a list of objects have columns in a template."""
    alone: bool = False
    """A link that only one record may have to the same target."""
    spread: bool = False
    """The values of a list may also stand in columns of their own: ``x``, ``x-1``, ``x-2``."""
    narrowed: Narrowed | None = None
    """Which of the choices fit what another column of the row says."""
    units: tuple[str, ...] = ()
    """Units of measure its value may have; the first is meant when there is no column for it."""

    @property
    def leaf(self) -> Property:
        """The property of a single value: the items of a list, else itself."""
        return self.items if self.kind is Kind.LIST and self.items else self

    @property
    def offered(self) -> tuple[Any, ...]:
        """What a dropdown offers: the choices of today, else usual values."""
        return tuple(choice for choice in self.choices if choice not in self.retired) or self.suggested


@dataclass(frozen=True, slots=True, eq=False)
class EntityType:
    """A kind of record: what JSON Schema portals call a type or profile, Gen3 a node, ENA an object."""

    name: str
    path: str
    """The last part of the address new records are sent to: ``experiment_hi_c``."""
    title: str
    description: str
    properties: Mapping[str, Property]
    chain: tuple[str, ...]
    """Its own name and those of its ancestors, most special first."""
    children: tuple[str, ...] = ()
    """The concrete types that may stand for it, itself included when it is concrete; in the schema's order."""
    abstract: bool = False
    identifiers: tuple[str, ...] = ()
    """Properties whose value names the record, the preferred one first."""
    rules: Mapping[str, Any] = field(default_factory=dict)
    """The JSON Schema a body is checked against: only what a submitter sends, no link words."""


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """Everything one portal accepts at one moment."""

    portal: str
    types: Mapping[str, EntityType]
    source: str
    """Where it was read from: a file's name or an address."""
    sha256: str
    paths: bool = True
    """A link may be a path of the portal: ``/labs/my-lab/``. Else a slash is a letter like any other."""
    looked_up: bool = False
    """The portal will be asked at once whether links lead to something: one that is nearly a row's name is no mistake yet."""
    parts: tuple[str, ...] = ()
    """Of a portal whose schemas come in parts of which a workbook needs some: the names of those chosen."""

    def is_a(self, name: str, target: str) -> bool:
        """Tell whether records of type ``name`` may stand where ``target`` is asked for."""
        entity = self.types.get(name)
        return entity is not None and (target in entity.chain or target == "Item")

    def concrete(self, target: str) -> tuple[str, ...]:
        """Return the concrete types that may stand for ``target``, in the schema's order."""
        entity = self.types.get(target)
        return entity.children if entity else ()

    def offering(self, terms: Mapping[str, Sequence[tuple[str, Sequence[str]]]]) -> Schema:
        """Return the schema with records of small types suggested where they may be linked to.

        ``terms`` holds for an entity type its records: a name, and the types it is meant for (none for all).
        """
        types = {
            name: replace(
                entity, properties={key: _offering(prop, name, terms) for key, prop in entity.properties.items()}
            )
            for name, entity in self.types.items()
        }
        return replace(self, types=types) if terms else self


def _offering(prop: Property, type_name: str, terms: Mapping[str, Sequence[tuple[str, Sequence[str]]]]) -> Property:
    if prop.items is not None:
        return replace(prop, items=_offering(prop.items, type_name, terms))
    known = [term for target in (prop.link.targets if prop.link else ()) for term in terms.get(target, ())]
    fitting = tuple(name for name, meant_for in known if not meant_for or type_name in meant_for)
    return replace(prop, suggested=fitting) if fitting else prop
