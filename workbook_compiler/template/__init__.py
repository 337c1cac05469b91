"""Schema -> blank workbook: what is in it (selection), what its cells offer (dropdowns), the file itself (writer).

The names below are loaded when first used: whoever compiles a workbook need not wait for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbook_compiler.template.presets import Choice, Preset, load_preset
    from workbook_compiler.template.records import Filled, Problem, filled
    from workbook_compiler.template.selection import ChosenType, Selection, fillable, select
    from workbook_compiler.template.writer import write

__all__ = [
    "Choice",
    "ChosenType",
    "Filled",
    "Preset",
    "Problem",
    "Selection",
    "fillable",
    "filled",
    "load_preset",
    "select",
    "write",
]

_HOMES = {
    "Choice": "presets",
    "Filled": "records",
    "filled": "records",
    "Problem": "records",
    "Preset": "presets",
    "load_preset": "presets",
    "ChosenType": "selection",
    "Selection": "selection",
    "fillable": "selection",
    "select": "selection",
    "write": "writer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
