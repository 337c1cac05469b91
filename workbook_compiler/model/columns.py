"""The header grammar: a template writes it, the compiler reads it.

``a.b`` is a field of an embedded object, ``a.b-1`` the same field of the second member of a list of objects
(``a.b`` and ``a.b-0`` are the first). A list of links may be spread over columns in the same way: ``a``, ``a-1``. A shape no
header can say (a list of objects inside a list of objects, a free object, a list of lists) is one column that takes JSON. The
layout is Submit4DN's, so its workbooks read the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from workbook_compiler.model.schema import Access, EntityType, Kind, Property

DEPTH = 12
"""Objects nested deeper than this take JSON: a guard against schemas that contain themselves."""

HEADER_MARK = "#field name:"
"""Column A of the header row in the house layout, in small letters."""
UUID_MARK = "#uuid"
"""The private column in which a receipt or an export says which record of the portal a row is."""
SEARCHED_ROWS = 30
"""The header row is looked for in so many rows; a sheet without the mark has it at its top."""

_MEMBER = re.compile(r"(.+)-(\d{1,4})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Field:
    """One place in a body that a header can name, before a member number is chosen."""

    path: tuple[str, ...]
    """Property names from the top of the body; the list of objects in between has no step of its own."""
    property: Property
    list_at: int | None = None
    """How many steps of ``path`` lead to the list of objects the field lies in; None when it lies in none."""
    json: bool = False
    """The cell takes JSON."""
    spread: bool = False
    """The cell takes several members of the list that ``list_at`` tells of."""
    required: bool = False
    """Needed in every row: it and everything around it is required."""
    needed_in_member: bool = False
    """Needed when its list member or embedded object is filled in at all."""
    access: Access = Access.OFFERED

    def header(self, member: int = 0) -> str:
        """Return the header text for the list member with this number (0 is the first)."""
        return ".".join(self.path) + (f"-{member}" if member else "")


@dataclass(frozen=True, slots=True)
class Column:
    """One header of a sheet, understood."""

    index: int
    """Zero-based position in the sheet."""
    header: str
    field: Field
    member: int = 0


def fields(entity: EntityType) -> Iterator[Field]:
    """Yield every field a header can name, in column order.

    An embedded object comes twice: its leaves, each a column, and last the whole as one column of JSON, which templates
    leave out.
    """
    for prop in sorted(entity.properties.values(), key=lambda p: (p.order, p.name)):
        yield from _below(prop, (prop.name,), None, prop.access, required=prop.required, needed=False)


def _below(
    prop: Property, path: tuple[str, ...], list_at: int | None, access: Access, *, required: bool, needed: bool
) -> Iterator[Field]:
    structured = prop.leaf.kind is Kind.OBJECT and prop.leaf.properties and not prop.attachment
    listed = prop.kind is Kind.LIST
    if not structured or len(path) >= DEPTH or (listed and list_at is not None):
        json = prop.leaf.kind in (Kind.OBJECT, Kind.LIST) and not prop.attachment
        spread = prop.spread and list_at is None
        yield Field(path, prop, len(path) if spread else list_at, json, spread, required, needed, access)
        return
    inside = len(path) if listed else list_at
    for child in sorted(prop.leaf.properties.values(), key=lambda p: (p.order, p.name)):
        narrowed = max(access, child.access, key=list(Access).index)
        yield from _below(
            child,
            (*path, child.name),
            inside,
            narrowed,
            required=required and child.required,
            needed=child.required,
        )
    whole = max(access, Access.ACCEPTED, key=list(Access).index)
    yield Field(path, prop, list_at, True, False, required, needed, whole)


class Headers:
    """The fields of one entity type by their header text."""

    def __init__(self, entity: EntityType) -> None:
        self.exact: dict[str, Field] = {}
        for field in fields(entity):
            known = self.exact.get(field.header())
            if known is None or len(field.path) < len(known.path):
                self.exact[field.header()] = field
        self.folded: Mapping[str, str] = {text.casefold(): text for text in reversed(self.exact)}

    def find(self, text: str) -> tuple[Field, int, bool] | None:
        """Return the field, its member number and whether upper and lower case agree; None for an unknown header.

        A property name that itself ends in ``-1`` wins over a member number: the longest match is tried first.
        """
        match = _MEMBER.fullmatch(text)
        tries = [(text, 0)] + ([(match[1], int(match[2]))] if match else [])
        for exactly in (True, False):
            for stem, member in tries:
                name = stem if exactly else self.folded.get(stem.casefold(), "")
                field = self.exact.get(name)
                if field is not None and (stem is text or field.list_at is not None):
                    return field, member, exactly
        return None


@lru_cache(maxsize=256)
def headers(entity: EntityType) -> Headers:
    """Return the headers of an entity type, made once."""
    return Headers(entity)
