"""The look of a template: every cell format, made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

REQUIRED = "#1F4E79"
REQUIRED_TINT = "#EEF4FA"
NAMING = "#2F6B4F"
OPTIONAL = "#DDE3EA"
INK = "#222B35"
SMALL_INK = "#56606B"
MARK = "#F1F1EC"
LINE = "#C3CAD2"


@dataclass(frozen=True, slots=True)
class Role:
    """The formats of one column's header rows."""

    name: Format
    type: Format
    text: Format


class Styles:
    """The formats of one workbook."""

    def __init__(self, workbook: Workbook) -> None:
        add = workbook.add_format
        self._add = add
        self._roles = {
            "required": self._role(REQUIRED, "#FFFFFF", bold=True),
            "naming": self._role(NAMING, "#FFFFFF", bold=True),
            "optional": self._role(OPTIONAL, INK, bold=False),
        }
        small = {"font_size": 9, "font_color": SMALL_INK, "valign": "top"}
        self.mark = add({**small, "bg_color": MARK, "italic": True, "border": 1, "border_color": LINE})
        self.marks = add({"bg_color": MARK, "font_color": SMALL_INK, "num_format": "@"})
        self.title = add({"bold": True, "font_size": 20, "font_color": REQUIRED})
        self.subtitle = add({"font_size": 11, "font_color": SMALL_INK})
        self.heading = add({"bold": True, "font_size": 13, "font_color": REQUIRED, "bottom": 2})
        self.number = add({"bold": True, "font_color": REQUIRED, "valign": "top", "align": "right", "indent": 1})
        self.step = add({"text_wrap": True, "valign": "top", "font_color": INK})
        self.table_head = add({"bold": True, "bg_color": OPTIONAL, "text_wrap": True, "valign": "top"})
        row = {"bottom": 1, "bottom_color": LINE, "valign": "top"}
        self.link = add({**row, "font_color": "#0B5CAD", "underline": 1})
        self.table_text = add({**row, "text_wrap": True, "font_color": INK})
        self.table_count = add({**row, "align": "center", "font_color": INK})
        self.fact = add({**small, "font_size": 10})
        self.data = cache(self._data)

    def role(self, *, required: bool, identifier: bool) -> Role:
        """Return the header formats of a column."""
        return self._roles["naming" if identifier else "required" if required else "optional"]

    def _role(self, background: str, ink: str, *, bold: bool) -> Role:
        edge: dict[str, Any] = {"border": 1, "border_color": LINE, "valign": "top", "num_format": "@"}
        small = {**edge, "font_size": 9, "font_color": SMALL_INK}
        return Role(
            self._add({**edge, "bold": bold, "bg_color": background, "font_color": ink, "valign": "vcenter"}),
            self._add({**small, "italic": True}),
            self._add({**small, "text_wrap": True}),
        )

    def _data(self, number_format: str, tinted: bool) -> Format:
        tint = {"bg_color": REQUIRED_TINT} if tinted else {}
        return self._add({"num_format": number_format, **tint})
