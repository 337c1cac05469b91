"""What the text of any cell means before a column reads it."""

from __future__ import annotations

from typing import Final

SPACES: Final = " \t\r\n\f\v"
INVISIBLE: Final = "\u00a0\u2007\u202f\u200b\ufeff"
"""No-break and zero-width spaces, which come along when text is copied from a page."""
OUTER: Final = SPACES + INVISIBLE
"""What is taken off both ends of every text."""
DELETE_WORD: Final = "*delete*"
"""Asks for the property to be removed."""
ERROR_TEXTS: Final = frozenset(
    "#N/A #REF! #NAME? #VALUE! #DIV/0! #NULL! #NUM! #SPILL! #CALC! #GETTING_DATA #FIELD! #BLOCKED! #UNKNOWN!".split()
)
"""What a cell shows whose formula failed; typed as text it means the same."""


def is_nothing(value: object) -> bool:
    """Tell whether a value is one that no cell can say: an empty cell says nothing."""
    return value is None or value in ("", [], {})


PROBLEMS_HEADING = "Problems found by wbc check"
"""The first words of the sheet that an annotated workbook gets in front; it holds no rows of the person's."""
