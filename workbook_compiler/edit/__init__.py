"""A person's own workbook with some cells changed: everything else in the file stays as it is, byte for byte.

No library saves a stranger's workbook without losing something of it, so the parts inside the file are changed as text:
``zipped`` opens and closes the file, ``grid`` finds rows and cells, ``sheet`` changes them, ``widths`` their columns,
``styles`` adds looks, ``calculation`` forgets formulas that went, ``peek`` reads a few cells, ``markup`` is the XML beneath.
"""

from workbook_compiler.edit.book import Book, UneditableError, edited
from workbook_compiler.edit.changes import Change, Clear, Edit, Restyle, Unstyle, Width
from workbook_compiler.edit.styles import Look

__all__ = ["Book", "Change", "Clear", "Edit", "Look", "Restyle", "UneditableError", "Unstyle", "Width", "edited"]
