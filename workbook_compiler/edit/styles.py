"""The looks of a workbook's cells: new ones are added behind those that are there, which keep their numbers."""

from __future__ import annotations

from dataclasses import dataclass

from workbook_compiler.edit.markup import (
    Tag,
    attribute,
    attributes,
    bare,
    element,
    elements,
    opening,
    pattern,
    spliced,
    with_attributes,
)

EMPTY = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_ORDER = "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst".split()
_FIRST = {
    "fonts": '<{p}font><{p}sz val="11"/><{p}name val="Calibri"/></{p}font>',
    "fills": '<{p}fill><{p}patternFill patternType="none"/></{p}fill>'
    '<{p}fill><{p}patternFill patternType="gray125"/></{p}fill>',
    "borders": "<{p}border><{p}left/><{p}right/><{p}top/><{p}bottom/><{p}diagonal/></{p}border>",
    "cellStyleXfs": '<{p}xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>',
    "cellXfs": '<{p}xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',
}
"""What a list of a workbook that has none begins with."""
_FONT_ORDER = "b i strike condense extend outline shadow u vertAlign sz color name family charset scheme".split()
_TEXT = 49
"""The number format under which a spreadsheet leaves alone what is typed."""
_ONE = {"fonts": "font", "fills": "fill", "cellXfs": "xf", "borders": "border", "cellStyleXfs": "xf"}


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks; what is None stays as it is. Colours are six hexadecimal digits."""

    fill: str | None = None
    fill_of: int | None = None
    """The fill of the style with this number, for a cell whose own fill is taken off; any other cell stays as it is."""
    ink: str | None = None
    bold: bool | None = None
    italic: bool | None = None
    text: bool = False
    """Whatever is typed stays text."""
    size: int | None = None
    """Of the letters, in points."""
    underlined: bool = False
    wrapped: bool = False
    """Long text goes on in the next line of the cell, and begins at its top."""


class Styles:
    """The styles of one workbook while looks are added."""

    def __init__(self, text: str) -> None:
        self._text = _with_lists(text)
        self._bare = bare(self._text)
        root = element(self._bare, "styleSheet")
        self._prefix = root.prefix if root else ""
        self._lists: dict[str, Tag] = {}
        self._entries: dict[str, list[str]] = {}
        for name in _FIRST:
            found = element(self._bare, name)
            if found is None:
                raise ValueError("styles that can't be understood")
            self._lists[name] = found
            inside = elements(self._bare, pattern(_ONE[name]), found.inside, found.close)
            self._entries[name] = [self._text[one.start : one.end] for one in inside]
        self._before = {name: len(entries) for name, entries in self._entries.items()}
        self._known: dict[tuple[int, Look], int] = {}

    @property
    def changed(self) -> bool:
        """True when a look was added."""
        return any(len(entries) > self._before[name] for name, entries in self._entries.items())

    def restyled(self, style: int, look: Look) -> int:
        """Return the number of a style like this one, but for the look; a style that is there already serves again."""
        if (style, look) not in self._known:
            self._known[style, look] = self._add("cellXfs", self._format(style, look))
        return self._known[style, look]

    def _format(self, style: int, look: Look) -> str:
        formats = self._entries["cellXfs"]
        old = formats[style] if style < len(formats) else formats[0]
        tag = _outer(old)
        inside, said = tag.attributes, attributes(tag.attributes)
        if look.fill is not None:
            fill = self._add("fills", self._fill(look.fill, int(said.get("fillId") or 0)))
            inside = with_attributes(inside, fillId=fill, applyFill=1)
        if look.fill_of is not None and look.fill_of < len(formats):
            like = attributes(_outer(formats[look.fill_of]).attributes)
            inside = with_attributes(inside, fillId=like.get("fillId") or 0, applyFill=like.get("applyFill"))
        if look.underlined or (look.ink, look.bold, look.italic, look.size) != (None, None, None, None):
            font = self._add("fonts", self._font(look, int(said.get("fontId") or 0)))
            inside = with_attributes(inside, fontId=font, applyFont=1)
        if look.text:
            inside = with_attributes(inside, numFmtId=_TEXT, applyNumberFormat=1)
        if look.wrapped:
            inside, p = with_attributes(inside, applyAlignment=1), tag.prefix
            return f'<{p}xf{inside}><{p}alignment vertical="top" wrapText="1"/></{p}xf>'
        return f"<{tag.prefix}xf{inside}{'/' if tag.empty else ''}>" + old[tag.inside :]

    def _fill(self, color: str, under: int) -> str:
        """A fill; what it covers is kept as the background colour, which nobody sees under a solid one."""
        p = self._prefix
        covered = self._fore(under) or ' indexed="64"'
        inner = f'<{p}fgColor rgb="FF{color}"/><{p}bgColor{covered}/>'
        return f'<{p}fill><{p}patternFill patternType="solid">{inner}</{p}patternFill></{p}fill>'

    def _fore(self, fill: int) -> str:
        """The attributes of a solid fill's colour, empty for any other fill."""
        fills = self._entries["fills"]
        text = fills[fill] if fill < len(fills) else ""
        found = element(text, "patternFill")
        color = element(text, "fgColor")
        solid = found is not None and attribute(found.attributes, "patternType") == "solid"
        return color.attributes.rstrip() if solid and color else ""

    def _font(self, look: Look, under: int) -> str:
        fonts, p = self._entries["fonts"], self._prefix
        old = fonts[under] if under < len(fonts) else fonts[0]
        outer = _outer(old)
        inner = list(elements(old, pattern(*_FONT_ORDER), outer.inside, outer.close))
        parts = {one.name: old[one.start : one.end] for one in inner}
        for name, wanted in (("b", look.bold), ("i", look.italic)):
            if wanted is not None:
                parts.pop(name, None)
                parts.update({name: f"<{p}{name}/>"} if wanted else {})
        if look.size is not None:
            parts["sz"] = f'<{p}sz val="{look.size}"/>'
        if look.underlined:
            parts["u"] = f"<{p}u/>"
        if look.ink is not None:
            parts["color"] = f'<{p}color rgb="FF{look.ink}"/>'
        return f"<{p}font>" + "".join(parts[name] for name in _FONT_ORDER if name in parts) + f"</{p}font>"

    def _add(self, name: str, entry: str) -> int:
        entries = self._entries[name]
        if entry not in entries:
            entries.append(entry)
        return entries.index(entry)

    def uncovered(self, fill: str) -> dict[int, int]:
        """Return for each style with such a fill, laid by ``restyled``, the one that shows what was beneath."""
        found: dict[int, int] = {}
        known: dict[tuple[frozenset[tuple[str, str]], str], int] = {}
        for number, entry in enumerate(list(self._entries["cellXfs"])):
            tag = _outer(entry)
            own = int(attribute(tag.attributes, "fillId") or 0)
            if f'rgb="FF{fill}"' not in self._fore(own):
                continue
            bare_of_it = opening(tag, fillId=self._beneath(own)) + entry[tag.inside :]
            known = known or {_shows(other): n for n, other in reversed(list(enumerate(self._entries["cellXfs"])))}
            found[number] = known.get(_shows(bare_of_it), -1)
            if found[number] < 0:
                found[number] = self._add("cellXfs", bare_of_it)
        return found

    def _beneath(self, fill: int) -> int:
        back = element(self._entries["fills"][fill], "bgColor")
        covered = back.attributes.rstrip() if back else ""
        if not covered or 'indexed="64"' in covered:
            return 0
        fills = self._entries["fills"]
        same = next((n for n in range(len(fills)) if n != fill and self._fore(n).strip() == covered.strip()), None)
        p = self._prefix
        inner = f'<{p}fgColor{covered}/><{p}bgColor indexed="64"/>'
        text = f'<{p}fill><{p}patternFill patternType="solid">{inner}</{p}patternFill></{p}fill>'
        return self._add("fills", text) if same is None else same

    def text(self) -> str:
        """Return the styles with all that was added."""
        pieces = []
        for name, tag in self._lists.items():
            new = self._entries[name][self._before[name] :]
            if new:
                count = with_attributes(tag.attributes, count=len(self._entries[name]))
                pieces.append((tag.start, tag.inside, f"<{tag.prefix}{name}{count}>"))
                pieces.append((tag.close, tag.close, "".join(new)))
        return spliced(self._text, pieces)


def _shows(entry: str) -> tuple[frozenset[tuple[str, str]], str]:
    """What a format shows: that its fill counts needn't be said where there is none."""
    tag = _outer(entry)
    said = {name: value for name, value in attributes(tag.attributes).items() if name != "applyFill"}
    return frozenset(said.items()), entry[tag.inside :]


def _outer(entry: str) -> Tag:
    """The outermost element of an entry."""
    return next(elements(entry, pattern(r"[\w.-]+")))


def _with_lists(text: str) -> str:
    """Return the styles with every list that a look needs, where there was none or an empty one."""
    for name in _FIRST:
        known = bare(text)
        root, found = element(known, "styleSheet"), element(known, name)
        if root is None:
            raise ValueError("styles that can't be understood")
        if found is not None and not found.empty and element(known, _ONE[name], found.inside, found.close):
            continue
        p = root.prefix
        whole = f"<{p}{name}>" + _FIRST[name].format(p=p) + f"</{p}{name}>"
        if found is not None:
            text = text[: found.start] + whole + text[found.end :]
            continue
        later = (element(known, after) for after in _ORDER[_ORDER.index(name) + 1 :])
        at = next((tag.start for tag in later if tag), root.close)
        text = text[:at] + whole + text[at:]
    return text
