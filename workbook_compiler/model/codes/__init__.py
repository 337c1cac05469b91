"""The catalogue: every kind of finding, with its words.

An id is three letters for the subject and two digits. Messages are for the person at the bench: where, what, then what
to do. Fields of a message are filled in when it is told (``Diagnostic.message``).
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from workbook_compiler.model.codes import cells, files, fits, links, portal, registering, structure, texts, values
from workbook_compiler.model.diagnostics import Code


def _codes(module: ModuleType) -> Iterator[Code]:
    return (value for value in vars(module).values() if isinstance(value, Code))


_MODULES = (structure, cells, values, texts, fits, links, registering, files, portal)
CATALOGUE: dict[str, Code] = {code.id: code for module in _MODULES for code in _codes(module)}
"""Every code by its id, in the order a workbook is read."""
