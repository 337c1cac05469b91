"""Between steps 2 and 3: what a header that no column has was meant to be, by its letters, else by the values below it.

A guess that is sure lets the column be read as if its header were right: its mistake is told once, at the header, and
neither as missing values nor as links to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from workbook_compiler.model.columns import Field, Headers
from workbook_compiler.model.schema import Access, Kind
from workbook_compiler.nearest import LIKELY, scored, surely
from workbook_compiler.pipeline.coerce import reader_for
from workbook_compiler.pipeline.coerce.reading import is_wrong
from workbook_compiler.pipeline.coerce.shown import shown

_MEMBER = re.compile(r"(.+?)(-\d{1,4})", re.DOTALL)
_LINK = re.compile(r"/\S+|[^\s/:]+:\S+")
_TRIED = 200
"""So many values of a column are looked at."""
_FEW = 3
"""Fewer values say nothing about their column."""


class Guess(NamedTuple):
    """What a header may mean."""

    suggestions: tuple[str, ...]
    meant: Field | None = None
    """The field it must mean, if that is sure."""
    member: int = 0


def guess(text: str, cells: Sequence[Any], known: Headers, taken: Collection[str], needed: Collection[str]) -> Guess:
    """Return what an unknown header may mean; ``taken`` are headers that other columns have, ``needed`` those that must be."""
    stem, end = text, ""
    match = _MEMBER.fullmatch(text)
    if match and any(known.exact[name].list_at is not None for _, name in scored(match[1], known.exact, 1)):
        stem, end = match[1], match[2]
    free = [name for name in known.exact if name + end not in taken]
    sure = surely(stem, free)
    near = list(dict.fromkeys([*([sure] if sure else ()), *_begun(stem, known), *_likely(stem, free, known)]))
    if sure is None and not end:
        sure = _by_values(cells, {name: known.exact[name] for name in free}, needed, near)
        near = list(dict.fromkeys([*([sure] if sure else ()), *near]))
    suggestions = tuple(f"{name}{end}" for name in near[:3])
    return Guess(suggestions, known.exact[sure] if sure else None, int(end[1:] or 0) if end else 0)


def _begun(text: str, known: Headers) -> list[str]:
    """The parts of an object that was named as a whole, when they are few."""
    low = text.casefold()
    begins = [name for name in known.exact if name.casefold().startswith((f"{low}.", f"{low}s."))]
    return begins[:3] if len(begins) < 4 else []


def _likely(text: str, free: Iterable[str], known: Headers) -> list[str]:
    """The likely headers; one that another column has is a little less so."""
    unused = set(free)
    found = [(alike - (0 if name in unused else 0.05), name) for alike, name in scored(text, known.exact, 4)]
    return [name for alike, name in sorted(found, key=lambda pair: -pair[0]) if alike >= LIKELY]


def _by_values(
    cells: Sequence[Any], free: Mapping[str, Field], needed: Collection[str], near: Sequence[str]
) -> str | None:
    """The one column without a header that all these values fit: a needed one, a likely one, or one with a list."""
    filled = list(islice((c for c in cells if c is not None and c != ""), _TRIED))
    if len(filled) < _FEW and not (filled and needed):
        return None
    wanted = [name for name in free if name in needed or name in near or free[name].property.leaf.choices]
    fitting = [name for name in wanted if _fits(free[name], filled, name in needed, name in near)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(field: Field, values: Sequence[Any], is_needed: bool, is_near: bool) -> bool:
    """Whether a column tells its values from others, and takes nearly all of these; most, where its name is near."""
    prop = field.property
    if field.access is not Access.OFFERED or field.json or prop.attachment or prop.upload:
        return False
    leaf = prop.leaf
    if leaf.kind is Kind.LINK:
        return (is_needed or is_near) and _most((bool(_LINK.fullmatch(shown(value))) for value in values), is_near)
    if (leaf.kind is Kind.TEXT and not (leaf.choices or leaf.pattern)) or leaf.kind in (Kind.ANY, Kind.OBJECT):
        return False
    read = lru_cache(maxsize=None)(reader_for(prop, json=False, file_type=lambda _: None).read)
    return _most((not is_wrong(read(value)) for value in values), is_near)


def _most(fits: Iterable[bool], is_near: bool) -> bool:
    found = list(fits)
    return sum(found) >= (0.5 if is_near else 0.8) * len(found)
