"""Step 7b: values that are right alone and don't go with another column of their row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbook_compiler.model.codes import fits
from workbook_compiler.model.diagnostics import Diagnostic
from workbook_compiler.model.records import Record
from workbook_compiler.model.schema import EntityType
from workbook_compiler.nearest import meant


def misfits(entity: EntityType, records: Sequence[Record]) -> Iterator[Diagnostic]:
    """Yield an error for each value that isn't among those its other column allows (``Property.narrowed``)."""
    narrowed = [(prop, prop.narrowed) for prop in entity.properties.values() if prop.narrowed is not None]
    for prop, rule in narrowed:
        for record in records:
            value, other = record.values.get(prop.name), record.values.get(rule.by)
            fitting = rule.choices.get(other) if isinstance(other, str) else None
            if value is not None and fitting is not None and value not in fitting:
                near = tuple(meant(str(value), list(fitting)))
                at = record.origin.place((prop.name,)) or record.location
                context = {"other": rule.by, "other_value": other}
                yield Diagnostic(fits.FIT01, at, prop.name, str(value), context, near)
