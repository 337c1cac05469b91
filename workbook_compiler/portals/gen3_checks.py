"""What a commons has against records as a whole: targets that take one record only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbook_compiler.model.codes import fits
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.records import Record
from workbook_compiler.model.schema import Schema


def check(records: Sequence[Record], schema: Schema) -> Iterator[Diagnostic]:
    """Yield what is wrong with links that only one record may have to the same target (``one_to_one``, ``one_to_many``)."""
    alone = {
        (name, column): prop
        for name, entity in schema.types.items()
        for column, prop in entity.properties.items()
        if prop.leaf.link is not None and prop.alone
    }
    ends: dict[tuple[str, str, str], list[Location]] = {}
    for record in records:
        for column, value in record.values.items():
            if (record.type, column) in alone:
                for place, one in enumerate(value if isinstance(value, list) else [value]):
                    at = record.origin.place((column, place) if isinstance(value, list) else (column,))
                    ends.setdefault((record.type, column, str(one)), []).append(at or record.location)
    for (name, column, value), (first, *more) in ends.items():
        places = [at for at in more if at != first]
        if places:
            context = {"type": name, "first": str(first)}
            yield Diagnostic(fits.FIT09, places[0], column, value, context, related=(first, *places[1:]))
