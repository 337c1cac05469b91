"""Schema -> blank workbook: what is in it (selection), what its cells offer (dropdowns), the file itself (writer)."""

from workbook_compiler.template.presets import Choice, Preset, load_preset
from workbook_compiler.template.selection import ChosenType, Selection, select
from workbook_compiler.template.writer import write

__all__ = ["Choice", "ChosenType", "Preset", "Selection", "load_preset", "select", "write"]
