"""The workbook's list of sheets: one is put in front, taken out, or called otherwise, and whoever refers to it follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from posixpath import dirname, join

from workbook_compiler.archive import relations_of
from workbook_compiler.edit.markup import (
    attribute,
    attributes,
    bare,
    element,
    elements,
    escaped,
    in_attribute,
    opening,
    pattern,
    spliced,
)
from workbook_compiler.edit.parts import Parts

_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_SHEET, _VIEW, _BOOK_VIEW, _NAME = (
    pattern("sheet"),
    pattern("sheetView"),
    pattern("workbookView"),
    pattern("definedName"),
)
_REFERRING = pattern("f", "formula", "formula1", "formula2", "definedName")
_LINK, _SOURCE = pattern("hyperlink"), pattern("worksheetSource")
_TOKEN = re.compile(r"""("(?:[^"]|"")*")|'((?:[^']|'')+)'!|(?<![\w.\]'])([^\W\d][\w.]*)!""")
"""In a formula: a text, a sheet's name in quotes, a sheet's name without."""
_PLAIN = re.compile(r"[^\W\d][\w.]*")
MAX_NAME = 31


def title_fits(title: str) -> bool:
    """Tell whether a sheet can have this name: at most 31 signs, no brackets, ``:*?/`` or backslash, no ``'`` at an end."""
    return bool(title.strip()) and len(title) <= MAX_NAME and not re.search(r"[][:*?/\\]|^'|'$|[\x00-\x1f]", title)


def shown_first(parts: Parts, workbook: str) -> str:
    """Return the title of the sheet that is shown when the workbook is opened."""
    known = parts.document(workbook).bare
    view = element(known, "workbookView")
    shown = int(attribute(view.attributes, "activeTab") or 0) if view else 0
    titles = [attributes(tag.attributes).get("name", "") for tag in elements(known, _SHEET)]
    return titles[shown] if shown < len(titles) else ""


def added_in_front(parts: Parts, workbook: str, title: str, text: str) -> None:
    """Put a new sheet before all others and show it first."""
    path = parts.free(join(dirname(workbook), "worksheets/wbcSheet"), ".xml")
    parts.write(path, text)
    parts.declare(path, _SHEET_TYPE)
    relation = parts.relate(workbook, "worksheet", path)
    document = parts.document(workbook)
    listed = element(document.bare, "sheets")
    sheets = list(elements(document.bare, _SHEET, listed.inside, listed.close)) if listed else []
    if listed is None or not sheets:
        raise ValueError("a workbook without sheets")
    said = [attributes(tag.attributes) for tag in sheets]
    number = max(int(one.get("sheetId") or 0) for one in said) + 1
    link = next((name for name in said[0] if name.endswith(":id")), "r:id")
    declared = f"xmlns:{link.partition(':')[0]}"  # openpyxl says it at each sheet anew
    space = f' {declared}="{said[0][declared]}"' if declared in said[0] else ""
    entry = f'<{sheets[0].prefix}sheet{space} name="{in_attribute(title)}" sheetId="{number}" {link}="{relation}"/>'
    pieces = [(listed.inside, listed.inside, entry), *_names_moved(document.bare, lambda local: local + 1)]
    pieces += _views(document.bare, activeTab=None, firstSheet=None)
    parts.write(workbook, spliced(document.text, pieces))
    for one in said:
        _select(parts, _path(parts, workbook, one), selected=False)


def taken_out(parts: Parts, workbook: str, title: str, shown: str) -> None:
    """Take a sheet out of the workbook; the one called ``shown`` is shown first then."""
    document = parts.document(workbook)
    listed = element(document.bare, "sheets")
    sheets = list(elements(document.bare, _SHEET, listed.inside, listed.close)) if listed else []
    said = [attributes(tag.attributes) for tag in sheets]
    at = next((n for n, one in enumerate(said) if one.get("name") == title), None)
    if at is None or len(sheets) < 2:
        return
    pieces = [(sheets[at].start, sheets[at].end, "")]
    pieces += _names_moved(document.bare, lambda local: None if local == at else local - (local > at))
    left = said[:at] + said[at + 1 :]
    first = next((n for n, one in enumerate(left) if one.get("name") == shown), 0)
    pieces += _views(document.bare, activeTab=first or None, firstSheet=None)
    parts.write(workbook, spliced(document.text, pieces))
    path = _path(parts, workbook, said[at])
    if path is not None:
        parts.unrelate(workbook, path)
        parts.remove(path)
        parts.remove(relations_of(path))
    _select(parts, _path(parts, workbook, left[first]), selected=True)


def renamed(parts: Parts, workbook: str, old: str, new: str) -> None:
    """Call a sheet otherwise, in the list and wherever the workbook's parts refer to it."""
    document = parts.document(workbook)
    pieces = [
        (tag.start, tag.inside, opening(tag, name=in_attribute(new)))
        for tag in elements(document.bare, _SHEET)
        if attributes(tag.attributes).get("name") == old
    ]
    parts.write(workbook, spliced(document.text, pieces))
    for path in [path for path in parts.paths if path.endswith(".xml") and path.startswith(f"{dirname(workbook)}/")]:
        if path != f"{dirname(workbook)}/sharedStrings.xml":
            text = parts.document(path).text
            parts.write(path, spliced(text, list(_followed(bare(text), old, new))))


def calculated_anew(parts: Parts, workbook: str) -> None:
    """Let a spreadsheet program calculate all formulas when it opens the workbook."""
    document = parts.document(workbook)
    known = element(document.bare, "calcPr")
    if known is not None:
        piece = (known.start, known.inside, opening(known, fullCalcOnLoad=1))
    else:
        before = [
            element(document.bare, name) for name in ("sheets", "functionGroups", "externalReferences", "definedNames")
        ]
        last = max((tag for tag in before if tag is not None), key=lambda tag: tag.end)
        piece = (last.end, last.end, f'<{last.prefix}calcPr fullCalcOnLoad="1"/>')
    parts.write(workbook, spliced(document.text, [piece]))


def _path(parts: Parts, workbook: str, said: dict[str, str]) -> str | None:
    """The part of a sheet of the list."""
    named = next((value for name, value in said.items() if name.endswith(":id")), None)
    return next((one.path for one in parts.related(workbook) if one.id == named and one.path in parts), None)


def _select(parts: Parts, path: str | None, *, selected: bool) -> None:
    """Let a sheet be the chosen one or not: of two that are chosen, both get what is typed into one."""
    if path is None:
        return
    document = parts.document(path)
    head = document.bare.partition("<sheetData")[0]
    pieces = [
        (tag.start, tag.inside, opening(tag, tabSelected=1 if selected else None))
        for tag in elements(head, _VIEW)
        if (attribute(tag.attributes, "tabSelected") in ("1", "true")) != selected
    ]
    parts.write(path, spliced(document.text, pieces))


def _views(known: str, **values: object) -> Iterator[tuple[int, int, str]]:
    for tag in elements(known, _BOOK_VIEW):
        yield tag.start, tag.inside, opening(tag, **values)


def _names_moved(known: str, moved: Callable[[int], int | None]) -> Iterator[tuple[int, int, str]]:
    """Names that belong to one sheet call it by its place; None takes them out."""
    for tag in elements(known, _NAME):
        local = attribute(tag.attributes, "localSheetId")
        if local is None or not local.isdigit():
            continue
        place = moved(int(local))
        if place is None:
            yield tag.start, tag.end, ""
        else:
            yield tag.start, tag.inside, opening(tag, localSheetId=place)


def _followed(known: str, old: str, new: str) -> Iterator[tuple[int, int, str]]:
    for tag in elements(known, _REFERRING):
        before = unescape(known[tag.inside : tag.close])
        if (after := _in_formula(before, old, new)) != before:
            yield tag.inside, tag.close, escaped(after)
    for tag in elements(known, _LINK):
        place = attributes(tag.attributes).get("location", "")
        if (after := _in_formula(place, old, new)) != place:
            yield tag.start, tag.inside, opening(tag, location=in_attribute(after))
    for tag in elements(known, _SOURCE):
        if attributes(tag.attributes).get("sheet") == old:
            yield tag.start, tag.inside, opening(tag, sheet=in_attribute(new))


def _in_formula(text: str, old: str, new: str) -> str:
    if "!" not in text:
        return text
    quoted = new if _PLAIN.fullmatch(new) else "'" + new.replace("'", "''") + "'"

    def other(match: re.Match[str]) -> str:
        name = match[3] or (match[2] or "").replace("''", "'")
        return f"{quoted}!" if name and name.casefold() == old.casefold() else match[0]

    return _TOKEN.sub(other, text)
