"""A person's own workbook with some cells changed: everything else in the file stays as it is, byte for byte.

No library saves a stranger's workbook without losing something of it, so the parts inside the file are changed as text:
``parts`` holds what is inside the file, ``grid`` finds rows and cells, ``sheet`` changes them, ``widths`` their columns,
``styles`` adds looks, ``tables`` follows the heads of tables, ``notes`` puts words at cells, ``page`` is a new sheet,
``sheets`` the list of them, ``calculation`` forgets formulas that went, ``dependents`` finds those that live on cells,
``peek`` reads a few cells, ``markup`` is XML.
"""

from workbook_compiler.edit.book import Book, UneditableError, edited
from workbook_compiler.edit.changes import (
    Change,
    Clear,
    Edit,
    Erase,
    Forget,
    Insert,
    Note,
    Remove,
    Rename,
    Restyle,
    Unnote,
    Unstyle,
    Width,
)
from workbook_compiler.edit.dependents import dependents
from workbook_compiler.edit.page import Choice, Page, Put, place
from workbook_compiler.edit.styles import Look

__all__ = [
    "Book",
    "Change",
    "Choice",
    "Clear",
    "Edit",
    "Erase",
    "Forget",
    "Insert",
    "Look",
    "Note",
    "Page",
    "Put",
    "Remove",
    "Rename",
    "Restyle",
    "UneditableError",
    "Unnote",
    "Unstyle",
    "Width",
    "dependents",
    "edited",
    "place",
]
