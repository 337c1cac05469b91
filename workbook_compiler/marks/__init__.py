"""A person's own workbook back with the wrong cells marked, and what they accept of it put into the cells.

``annotated`` adds a colour and a note to each wrong cell, a mark in front of its row, and a sheet of all problems;
``fixed`` carries out what was accepted there and takes all marks off; ``mended`` does the same without a detour.
"""

from workbook_compiler.marks.annotating import (
    ERROR_FILL,
    MARKABLE,
    WARNING_FILL,
    accepted,
    annotated,
    markable,
    unmarked,
)
from workbook_compiler.marks.fixing import Left, Mended, Offer, acceptable, fixed, mended
from workbook_compiler.marks.mending import Done, Kept

__all__ = [
    "ERROR_FILL",
    "MARKABLE",
    "WARNING_FILL",
    "Done",
    "Kept",
    "Left",
    "Mended",
    "Offer",
    "acceptable",
    "accepted",
    "annotated",
    "fixed",
    "markable",
    "mended",
    "unmarked",
]
