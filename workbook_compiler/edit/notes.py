"""Notes at cells. Each has two parts: its words in one, its place and look in another that is shared with buttons and the like.

A note of ours is known by its author, or by its last line where a program has forgotten the author. What anybody else
wrote stays: a cell with a note of their own gets none of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from posixpath import dirname, join

from workbook_compiler.edit.markup import (
    Tag,
    attribute,
    attributes,
    bare,
    cell_text,
    element,
    elements,
    escaped,
    opening,
    pattern,
    spliced,
    understood,
)
from workbook_compiler.edit.parts import OFFICE, STRICT_OFFICE, Parts
from workbook_compiler.edit.widths import Columns, described, pixels
from workbook_compiler.model.diagnostics import cell_address, column_letter

AUTHOR = "wbc"
NOBODY = "-"
"""Whoever wrote words of their own into a note of ours."""
SIGNATURE = "— wbc check"
"""The last line of each note of ours."""
MOST = 2_000
"""Signs of one note; a note is a small yellow box."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_COMMENTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_COMMENT, _AUTHOR, _TEXT, _SHAPE = pattern("comment"), pattern("author"), pattern("t"), pattern("shape")
_ANY = pattern(r"[\w.-]+")
_BEFORE = (
    "sheetCalcPr sheetProtection protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells "
    "phoneticPr conditionalFormatting dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks "
    "colBreaks customProperties cellWatches ignoredErrors smartTags drawing"
).split()
"""What stands between a sheet's rows and its reference to the drawing of its notes."""

_EMPTY_COMMENTS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<comments xmlns="{_MAIN}"><authors></authors><commentList></commentList></comments>'
)
_EMPTY_DRAWING = "<xml></xml>"
_PREFIXES = {
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "x": "urn:schemas-microsoft-com:office:excel",
}
_SHAPE_KIND = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_BLOCK = 1024
_FIRST_BLOCK = 901
"""Shapes are numbered in blocks of 1,024; ours begin far behind those a program would have given out."""
_LAST_COLUMN = 16_383
_WIDE, _LETTERS, _LINE = 300, 44, 17
"""A note's width in pixels, the letters of a line in it, and a line's height."""
_ROW = 20


def with_notes(parts: Parts, sheet: str, notes: Mapping[tuple[int, int], str], number: int) -> None:
    """Put notes at cells (zero-based row, column) of the sheet in this part, which is the ``number``th of the workbook."""
    path = next((one.path for one in parts.related(sheet) if one.kind == "comments"), None)
    taken = {cell for cell, _ in _said(parts.document(path).text)} if path else set()
    wanted = {at: f"{cell_text(text, MOST)}\n{SIGNATURE}" for at, text in sorted(notes.items()) if at not in taken}
    if not wanted:
        return
    if path is None:
        path = parts.free(join(dirname(dirname(sheet)), "wbcComments"), ".xml")
        parts.write(path, _EMPTY_COMMENTS.replace(_MAIN, _STRICT) if parts.is_strict(sheet) else _EMPTY_COMMENTS)
        parts.declare(path, _COMMENTS)
        parts.relate(sheet, "comments", path)
    parts.write(path, _with_words(parts.document(path).text, wanted))
    drawing = _drawing(parts, sheet) or _new_drawing(parts, sheet)
    columns = described(parts.document(sheet).bare)
    parts.write(drawing, _with_shapes(parts.document(drawing).text, wanted, columns, number))


def without_notes(parts: Parts, sheet: str) -> None:
    """Take our notes off a sheet; parts that hold nothing any more go too."""
    path = next((one.path for one in parts.related(sheet) if one.kind == "comments"), None)
    if path is None:
        return
    text = parts.document(path).text
    ours = dict(_ours(text))
    if not ours:
        return
    added = {at: words for at, tag in ours.items() if (words := _added(text, tag))}
    text = spliced(text, [(tag.start, tag.end, "") for tag in ours.values()])
    text = _without_author(text)
    text = _with_words(text, added, NOBODY) if added else text
    parts.write(path, text)
    if next(_said(text), None) is None:
        parts.remove(path)
        parts.unrelate(sheet, path)
    drawing = _drawing(parts, sheet)
    if drawing is not None:
        left = _without_shapes(parts.document(drawing).text, set(ours) - set(added))
        parts.write(drawing, left)
        if next(elements(bare(left), _SHAPE), None) is None:
            parts.remove(drawing)
            parts.unrelate(sheet, drawing)
            _forget_drawing(parts, sheet)


# ---------------------------------------------------------------- the words


def _said(text: str) -> Iterator[tuple[tuple[int, int], Tag]]:
    """The notes of a part by their cells."""
    for tag in elements(bare(text), _COMMENT):
        yield cell_address((attribute(tag.attributes, "ref") or "").partition(":")[0]), tag


def _authors(text: str) -> list[str]:
    known = bare(text)
    found = element(known, "authors")
    inside = elements(known, _AUTHOR, found.inside, found.close) if found else ()
    return [known[tag.inside : tag.close] for tag in inside]


def _ours(text: str) -> Iterator[tuple[tuple[int, int], Tag]]:
    known = bare(text)
    numbers = {str(number) for number, name in enumerate(_authors(text)) if name == AUTHOR}
    for at, tag in _said(text):
        words = "".join(text[t.inside : t.close] for t in elements(known, _TEXT, tag.inside, tag.close))
        if (attribute(tag.attributes, "authorId") or "0") in numbers or SIGNATURE in words:
            yield at, tag


def _added(text: str, tag: Tag) -> str:
    """What somebody wrote beneath our words in a note of ours."""
    known = bare(text)
    pieces = (text[t.inside : t.close] for t in elements(known, _TEXT, tag.inside, tag.close))
    return understood(unescape("".join(pieces))).partition(SIGNATURE)[2].strip()


def _with_words(text: str, notes: Mapping[tuple[int, int], str], author: str = AUTHOR) -> str:
    known, authors = bare(text), _authors(text)
    people, listed = element(known, "authors"), element(known, "commentList")
    if people is None or listed is None:
        raise ValueError("notes that can't be understood")
    number = authors.index(author) if author in authors else len(authors)
    p = listed.prefix
    entries = "".join(_words(p, _name(at), number, words) for at, words in notes.items())
    pieces = [_filled(listed, "commentList", entries)]
    if number == len(authors):
        pieces.append(_filled(people, "authors", f"<{p}author>{author}</{p}author>"))
    return spliced(text, pieces)


def _filled(tag: Tag, name: str, inner: str) -> tuple[int, int, str]:
    """The piece that puts something at the end of an element."""
    if tag.empty:
        return tag.start, tag.end, f"<{tag.prefix}{name}>{inner}</{tag.prefix}{name}>"
    return tag.close, tag.close, inner


def _words(p: str, cell: str, author: int, words: str) -> str:
    head, _, rest = words.partition("\n")
    runs = [(f"<{p}b/>", head), *([("", f"\n{rest}")] if rest else [])]
    inner = "".join(
        f'<{p}r><{p}rPr>{bold}<{p}sz val="9"/><{p}rFont val="Tahoma"/></{p}rPr>'
        f'<{p}t xml:space="preserve">{escaped(piece)}</{p}t></{p}r>'
        for bold, piece in runs
    )
    return f'<{p}comment ref="{cell}" authorId="{author}"><{p}text>{inner}</{p}text></{p}comment>'


def _without_author(text: str) -> str:
    """Our name goes from the list only where it is the last: the others are called by their places in it."""
    known = bare(text)
    found = element(known, "authors")
    names = list(elements(known, _AUTHOR, found.inside, found.close)) if found else []
    if names and text[names[-1].inside : names[-1].close] == AUTHOR:
        text = text[: names[-1].start] + text[names[-1].end :]
    return text


def _name(at: tuple[int, int]) -> str:
    return f"{column_letter(at[1])}{at[0] + 1}"


# ---------------------------------------------------------------- the places


def _drawing(parts: Parts, sheet: str) -> str | None:
    """The part with the shapes of a sheet's notes."""
    found = element(parts.document(sheet).bare, "legacyDrawing")
    if found is None:
        return None
    said = next((value for name, value in attributes(found.attributes).items() if name.endswith(":id")), None)
    return next((one.path for one in parts.related(sheet) if one.id == said and one.path in parts), None)


def _new_drawing(parts: Parts, sheet: str) -> str:
    path = parts.free(join(dirname(dirname(sheet)), "drawings/wbcNotes"), ".vml")
    parts.write(path, _EMPTY_DRAWING)
    parts.declare(path, _DRAWING)
    name = parts.relate(sheet, "vmlDrawing", path)
    _forget_drawing(parts, sheet)
    document = parts.document(sheet)
    at, prefix = _place(document.bare)
    office = STRICT_OFFICE if parts.is_strict(sheet) else OFFICE
    entry = f'<{prefix}legacyDrawing xmlns:r="{office}" r:id="{name}"/>'
    parts.write(sheet, document.text[:at] + entry + document.text[at:])
    return path


def _place(bare_sheet: str) -> tuple[int, str]:
    """Where the reference to the shapes belongs in a sheet, and how its elements are prefixed."""
    data, root = element(bare_sheet, "sheetData"), element(bare_sheet, "worksheet")
    if data is None or root is None:
        raise ValueError("a sheet without rows")
    at = data.end
    for tag in elements(bare_sheet, _ANY, data.end, root.close):
        if tag.name in _BEFORE:
            at = tag.end
    return at, data.prefix


def _forget_drawing(parts: Parts, sheet: str) -> None:
    document = parts.document(sheet)
    found = element(document.bare, "legacyDrawing")
    if found is not None:
        parts.write(sheet, document.text[: found.start] + document.text[found.end :])


def _with_shapes(text: str, notes: Mapping[tuple[int, int], str], columns: Sequence[Columns], number: int) -> str:
    known = bare(text)
    root, layout = element(known, "xml"), element(known, "idmap")
    if root is None or root.empty:
        raise ValueError("notes that can't be understood")
    blocks = range(_FIRST_BLOCK + 64 * number, _FIRST_BLOCK + 64 * number + len(notes) // _BLOCK + 1)
    pieces: list[tuple[int, int, str]] = []
    if layout is not None:
        data = ",".join([attribute(layout.attributes, "data") or "1", *map(str, blocks)])
        pieces.append((layout.start, layout.inside, opening(layout, data=data)))
    kind = "" if 'id="_x0000_t202"' in known else _SHAPE_KIND
    first = blocks[0] * _BLOCK + 1
    shapes = (_shape(first + n, at, words, columns) for n, (at, words) in enumerate(notes.items()))
    missing = "".join(f' xmlns:{p}="{name}"' for p, name in _PREFIXES.items() if f"xmlns:{p}=" not in root.attributes)
    pieces.append((root.inside - 1, root.inside - 1, missing))
    pieces.append((root.close, root.close, f"{kind}{''.join(shapes)}"))
    return spliced(text, pieces)


def _shape(number: int, at: tuple[int, int], words: str, columns: Sequence[Columns]) -> str:
    row, column = at
    lines = sum(1 + len(line) // _LETTERS for line in words.split("\n"))
    tall = lines * _LINE + 12
    right, across = _reach(columns, column + 1, 15 + _WIDE)
    bottom, down = divmod(tall, _ROW)
    top = max(row - 1, 0)
    anchor = f"{column + 1}, 15, {top}, 10, {right}, {across}, {top + bottom}, {min(down + 10, _ROW - 1)}"
    return (
        f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" fillcolor="#fff8d9" strokecolor="#8a6d1a" o:insetmode="auto" '
        f"style='position:absolute;margin-left:60pt;margin-top:2pt;width:{_WIDE * 3 // 4}pt;height:{tall * 3 // 4}pt;"
        'z-index:1;visibility:hidden\'><v:fill color2="#fff8d9"/><v:path o:connecttype="none"/>'
        "<v:textbox style='mso-direction-alt:auto'><div style='text-align:left'></div></v:textbox>"
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column>"
        "</x:ClientData></v:shape>"
    )


def _reach(columns: Sequence[Columns], column: int, wide: int) -> tuple[int, int]:
    """The column in which a stretch of pixels that begins at the left of another ends, and how far inside it."""
    while wide >= (step := pixels(columns, column)) and column < _LAST_COLUMN:
        wide -= step
        column += 1
    return column, wide


def _without_shapes(text: str, cells: set[tuple[int, int]]) -> str:
    known = bare(text)
    pieces = []
    for tag in elements(known, _SHAPE):
        row, column = (element(known, name, tag.inside, tag.close) for name in ("Row", "Column"))
        if row is None or column is None:
            continue
        at = known[row.inside : row.close].strip(), known[column.inside : column.close].strip()
        if all(number.isdigit() for number in at) and (int(at[0]), int(at[1])) in cells:
            pieces.append((tag.start, tag.end, ""))
    layout = element(known, "idmap")
    if layout is not None:
        blocks = (attribute(layout.attributes, "data") or "").split(",")
        kept = [block for block in blocks if not (block.isdigit() and int(block) >= _FIRST_BLOCK)]
        if len(kept) < len(blocks):
            pieces.append((layout.start, layout.inside, opening(layout, data=",".join(kept) or None)))
    return spliced(text, pieces)
