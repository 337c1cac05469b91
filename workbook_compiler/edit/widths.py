"""The columns of a sheet as its text describes them: their widths, and the style their empty cells show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from workbook_compiler.edit.markup import Tag, attribute, attributes, element, elements, pattern, with_attributes

_COLUMN = pattern("col")
_USUAL = 8.43
"""The width in letters of a column that isn't described."""


class Columns(NamedTuple):
    """Neighbouring columns that are described together, one-based as they are written."""

    first: int
    last: int
    attributes: str
    text: str
    """As written."""


def described(head: str) -> tuple[Columns, ...]:
    """Return what a sheet says of its columns, from its text before the rows."""
    found = element(head, "cols")
    if found is None:
        return ()
    return tuple(
        Columns(
            int(attribute(tag.attributes, "min") or 0),
            int(attribute(tag.attributes, "max") or 0),
            tag.attributes,
            head[tag.start : tag.end],
        )
        for tag in elements(head, _COLUMN, found.inside, found.close)
    )


def style_of(columns: Sequence[Columns], column: int) -> int:
    """Return the style number of a column's empty cells."""
    found = next((known for known in columns if known.first <= column + 1 <= known.last), None)
    return int(attribute(found.attributes, "style") or 0) if found else 0


def pixels(columns: Sequence[Columns], column: int) -> int:
    """Return about how wide a column is on the screen."""
    found = next((known for known in columns if known.first <= column + 1 <= known.last), None)
    said = attributes(found.attributes) if found else {}
    return 0 if said.get("hidden") in ("1", "true") else int(float(said.get("width") or _USUAL) * 7 + 5)


def with_widths(
    bare: str, data: Tag, columns: Sequence[Columns], widths: Mapping[int, float]
) -> Iterator[tuple[int, int, str]]:
    """Yield the piece of a sheet's text that gives some columns another width; what was described together is taken apart."""
    if not widths:
        return
    found = element(bare, "cols", 0, data.start)
    prefix = found.prefix if found else data.prefix
    wanted = {column + 1: width for column, width in widths.items()}
    pieces = [piece for known in columns for piece in _apart(known, wanted, prefix)]
    pieces += [(c, _column(prefix, c, width, style_of(columns, c - 1))) for c, width in wanted.items()]
    inner = "".join(piece for _, piece in sorted(pieces, key=lambda pair: pair[0]))
    start, end = (found.start, found.end) if found else (data.start, data.start)
    yield start, end, f"<{prefix}cols>{inner}</{prefix}cols>"


def _column(prefix: str, column: int, width: float, style: int) -> str:
    styled = f' style="{style}"' if style else ""
    return f'<{prefix}col min="{column}" max="{column}" width="{width:g}"{styled} customWidth="1"/>'


def _apart(known: Columns, wanted: Mapping[int, float], prefix: str) -> Iterator[tuple[int, str]]:
    """What stays of columns that were described together when some of them go their own way."""
    cut = sorted(column for column in wanted if known.first <= column <= known.last)
    if not cut:
        yield known.first, known.text
        return
    for first, last in zip([known.first, *(c + 1 for c in cut)], [*(c - 1 for c in cut), known.last], strict=True):
        if first <= last:
            inside = with_attributes(known.attributes, min=first, max=last)
            yield first, f"<{prefix}col{inside}/>"
