"""What a portal's checker says of a value -> what a person at the bench says. Portals check with Python's jsonschema, or a fork.

A sentence comes from outside and may hold a value of any length: no pattern here tries a text over and over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbook_compiler.nearest import nearest

_TOGETHER = "what is filled in here doesn't go together."
_PLAIN = (
    (re.compile(r" does not match '"), "it doesn't have the form that is wanted here."),
    (re.compile(r" is not a '(?:uri|url)'$"), "it isn't a web address."),
    (re.compile(r" is not a '([\w-]+)'$"), "it isn't a valid {0}."),
    (re.compile(r" has non-unique elements$"), "something stands in it twice."),
    (re.compile(r" is too short$| should be non-empty$| is too few"), "it is too short."),
    (re.compile(r" is too long$|^Expected at most "), "it is too long."),
    (re.compile(r" is expected to be empty$|^False schema does not allow "), "nothing can be filled in here."),
    (re.compile(r" is less than or equal to the minimum of (.+)$"), "it has to be more than {0}."),
    (re.compile(r" is greater than or equal to the maximum of (.+)$"), "it has to be less than {0}."),
    (re.compile(r" is (?:less than|not greater than or equal to) the minimum of (.+)$"), "it is less than {0}."),
    (re.compile(r" is (?:greater than|not less than or equal to) the maximum of (.+)$"), "it is more than {0}."),
    (re.compile(r" is not a multiple of (.+)$"), "it has to be a multiple of {0}."),
    (re.compile(r"^'?(.{1,80}?)'? was expected$"), "it has to be “{0}”."),
    (re.compile(r" is not of type '(?:number|integer)'"), "a number is wanted."),
    (re.compile(r" is not of type 'string'"), "a text is wanted."),
    (re.compile(r" is not of type 'boolean'"), "yes or no is wanted."),
    (re.compile(r" is not of type 'array'"), "a list is wanted."),
    (re.compile(r" is not of type "), "something of another kind is wanted."),
    (re.compile(r" does not have enough properties$"), "a part of it is missing."),
    (re.compile(r" has too many properties$"), "it has too many parts."),
    (re.compile(r" is not valid under any of the given schemas$"), "it fits none of the ways this can be filled in."),
    (re.compile(r" is valid under each of | should not be valid under | is not allowed for "), _TOGETHER),
    (re.compile(r" items? (?:matching|match) the given schema"), _TOGETHER),
)
"""What a checker says, and what that means."""
_CHOICES = " is not one of ["
_CHOICE = re.compile(r"""(['"])((?:\\.|(?!\1).)*+)(?:\1|\Z)|([^\s,'"\[\]]+)""", re.DOTALL)
"""A text as Python writes it, or anything else between two commas."""


def in_plain_words(words: str, value: str | None) -> str:
    """Return a checker's words as a person at the bench says them; words that aren't known stay as they are."""
    _, known, choices = words.partition(_CHOICES)
    if known and choices.endswith("]"):
        return f"it isn't in the list.{_near(value or '', _listed(choices))}"
    for pattern, plain in _PLAIN:
        if (found := pattern.search(words)) is not None:
            return plain.format(*found.groups())
    return words


def _listed(text: str) -> list[str]:
    return [quoted or bare for _, quoted, bare in _CHOICE.findall(text) if bare != "None"]


def _near(value: str, choices: Sequence[str]) -> str:
    close = nearest(value, choices)
    more = len(choices) - len(close)
    return f" Nearest: {', '.join(close)}{f' (and {more} more)' if more else ''}." if close else ""
