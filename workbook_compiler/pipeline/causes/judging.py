"""Whether a value keeps a rule, as ``jsonschema`` has it: the authority, asked only about rows that were refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from workbook_compiler.model.patterns import is_affordable
from workbook_compiler.model.schema import EntityType

Problem = Any
"""A ``jsonschema.ValidationError``; the library is imported when the first row is refused."""
Fits = Callable[[Any, Any], bool]
"""Tells whether a value keeps a rule: ``fits(rule, value)``."""


def exact(rules: Mapping[str, Any]) -> Any:
    """Return the validator of ``jsonschema``; it tries no pattern on a text so long that nobody would wait for the answer."""
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(validator: Any, value: str, text: Any, _schema: Any) -> Iterator[Problem]:
        if validator.is_type(text, "string") and is_affordable(value, text) and not re.search(value, text):
            yield ValidationError(f"{text!r} does not match {value!r}")

    def multiple_of(validator: Any, value: Any, number: Any, schema: Any) -> Iterator[Problem]:
        with suppress(OverflowError):  # a number of hundreds of digits, which no portal could divide either
            yield from known.VALIDATORS["multipleOf"](validator, value, number, schema)

    known = validators.validator_for(rules, default=Draft202012Validator)
    extended = validators.extend(known, {"pattern": pattern, "multipleOf": multiple_of})  # type: ignore[no-untyped-call]
    return extended(rules)


@lru_cache(maxsize=256)
def fits_of(entity: EntityType) -> Fits:
    """Return the judge of single rules of an entity type."""
    whole = exact(entity.rules)
    return lambda rule, value: bool(whole.evolve(schema=rule).is_valid(value))
