"""What will be done, in order: operations, batches, and the messages made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from workbook_compiler.model.baseline import Baseline
from workbook_compiler.model.diagnostics import Diagnostic
from workbook_compiler.model.records import Origins, Record
from workbook_compiler.model.schema import Schema

FORMAT = "workbook-compiler/plan"
DEFERRED = "+links"
"""Ends the id of the update that carries a record's deferred links."""
VERSION = 1
"""1: the first. Keys are only ever added within a version."""


class Action(StrEnum):
    """What an operation asks of the portal."""

    POST = "POST"
    PATCH = "PATCH"
    PUT = "PUT"
    DELETE = "DELETE"
    SKIP = "SKIP"


class Change(NamedTuple):
    """One property that an update changes."""

    name: str
    before: Any
    """What the portal holds; None when it holds nothing."""
    after: Any
    """What it will hold; None when the property is removed."""


class Operation(NamedTuple):
    """One thing to do to one record."""

    id: str
    action: Action
    record: Record
    body: Mapping[str, Any]
    origins: Origins
    """The cell of every value of the body that isn't itself an object or list with content."""
    depends_on: tuple[str, ...] = ()
    """Ids of the operations whose record this one's body refers to."""
    deferred: bool = False
    """A later update that carries the links a reference cycle kept out of the POST."""
    target: str | None = None
    """Where the record lies on the portal, once that is known."""
    uuid: str | None = None
    """What the portal itself calls the record, once that is known."""
    changes: tuple[Change, ...] = ()
    """What an update changes, once the portal has been asked."""
    removes: tuple[str, ...] = ()
    """Properties that an update takes away."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations that may run side by side: none refers to another, or to a later one."""

    index: int
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A workbook the plan was made from."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that will be sent, and in which order."""

    portal: str
    workbooks: tuple[Source, ...]
    schema_source: str
    schema_sha256: str
    batches: tuple[Batch, ...] = ()
    schema: Schema | None = field(default=None, repr=False, compare=False)
    """What the records were checked against."""
    outward: tuple[Diagnostic, ...] = field(default=(), repr=False, compare=False)
    """The links that no row of the workbooks defines: the portal will say whether they lead anywhere."""
    exported: Baseline | None = field(default=None, repr=False, compare=False)
    """What the portal held when the workbooks were exported from it."""

    @property
    def operations(self) -> Iterator[Operation]:
        """Every operation, in order."""
        return (operation for batch in self.batches for operation in batch.operations)

    def each(self, change: Callable[[Operation], Operation | None]) -> Plan:
        """Return the plan with every operation changed, or left out where ``change`` gives None; its batches stay."""
        changed = (tuple(filter(None, map(change, batch.operations))) for batch in self.batches)
        batches = tuple(Batch(b.index, operations) for b, operations in zip(self.batches, changed, strict=True))
        return replace(self, batches=batches)

    @property
    def summary(self) -> Mapping[str, int]:
        """How many operations of each action there are; actions that don't occur are left out."""
        counts = Counter(operation.action for operation in self.operations)
        return {action.value: counts[action] for action in Action if action in counts}


class Request(NamedTuple):
    """One message to the portal, exactly as it would be sent."""

    batch: int
    method: str
    path: str
    body: Any
    """A JSON object, or an XML document as text."""
    operations: tuple[str, ...] = ()
    """Ids of the operations it carries."""
