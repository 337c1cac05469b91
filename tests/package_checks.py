"""What makes Excel say that a file is damaged, looked for part by part: order, numbers, links, types, names."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from posixpath import dirname, join, normpath
from xml.etree import ElementTree

from rich_books import MAIN

RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
ORDER = {
    "worksheet": """sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges
    scenarios autoFilter sortState dataConsolidate customSheetViews
    mergeCells phoneticPr conditionalFormatting dataValidations hyperlinks
    printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags
    drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts extLst""",
    "workbook": """fileVersion fileSharing workbookPr AlternateContent revisionPtr workbookProtection bookViews sheets
    functionGroups externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes
    webPublishing fileRecoveryPr webPublishObjects extLst""",
    "styleSheet": "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst",
    "comments": "authors commentList extLst",
    "comment": "text",
    "sst": "si",
    "dataValidation": "formula1 formula2",
    "row": "c",
    "c": "f v is",
    "xf": "alignment protection extLst",
    "patternFill": "fgColor bgColor",
}
"""The order in which the children of an element have to stand."""
REPEATED = {"conditionalFormatting", "font", "fill", "si", "c", "AlternateContent"}
COUNTED = (
    "fonts",
    "fills",
    "borders",
    "cellXfs",
    "cellStyles",
    "dxfs",
    "dataValidations",
    "mergeCells",
    "tableParts",
    "numFmts",
)
ONE_OF_A_KIND = ("sharedStrings", "styles", "theme", "comments", "calcChain")
"""Kinds of which a part has one at most."""


def wrong(data: bytes) -> list[str]:
    """Return what is wrong with a workbook's package; an empty list for a sound one."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        inside = {name: archive.read(name) for name in names}
    twice = [f"{name} is there twice" for name, n in Counter(n.casefold() for n in names).items() if n > 1]
    return [*twice, *_unread(inside)] or [
        *_types(inside),
        *_links(inside),
        *(words for name, part in inside.items() if name.endswith(".xml") for words in _elements(name, part)),
        *_sheets(inside),
        *_drawn_notes(inside),
    ]


def _unread(inside: Mapping[str, bytes]) -> Iterator[str]:
    for name, part in inside.items():
        if name.endswith((".xml", ".rels", ".vml")):
            try:
                ElementTree.fromstring(part)
            except ElementTree.ParseError as error:
                yield f"{name} can't be read: {error}"


def _types(inside: Mapping[str, bytes]) -> Iterator[str]:
    """Every part has a type, and each entry names a part that is there, once."""
    root = ElementTree.fromstring(inside["[Content_Types].xml"])
    space = f"{{{PACKAGE}/content-types}}"
    defaults = [one.get("Extension", "").casefold() for one in root.iter(f"{space}Default")]
    entries = [one.get("PartName", "") for one in root.iter(f"{space}Override")]
    yield from (f"{entry} has two types" for entry, n in Counter([*defaults, *entries]).items() if n > 1)
    yield from (f"there is no part {entry}" for entry in entries if entry.lstrip("/") not in inside)
    for name in inside:
        bare = name == "[Content_Types].xml" or name.endswith("/")
        if not bare and f"/{name}" not in entries and name.rpartition(".")[2].casefold() not in defaults:
            yield f"{name} has no type"
        plain = name.startswith(("xl/worksheets/sheet", "xl/comments")) and name.endswith(".xml")
        if plain and f"/{name}" not in entries:
            yield f"{name} has only the type of any XML"


def links(inside: Mapping[str, bytes], name: str) -> dict[str, tuple[str, str]]:
    """Return what a part refers to: id -> kind and target."""
    folder, _, stem = name.rpartition("/")
    rels = join(folder, "_rels", f"{stem}.rels")
    if rels not in inside:
        return {}
    found = {}
    for one in ElementTree.fromstring(inside[rels]):
        target, kind = one.get("Target", ""), one.get("Type", "").rpartition("/")[2]
        outside = one.get("TargetMode") == "External"
        path = target if outside else target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
        assert one.get("Id", "") not in found, f"{rels} has an id twice"
        found[one.get("Id", "")] = ("External" if outside else kind, path)
    return found


def _links(inside: Mapping[str, bytes]) -> Iterator[str]:
    """Every link leads to a part, every id that is used is one, and no part hangs in the air."""
    reached = set()
    for rels in (name for name in inside if name.endswith(".rels")):
        owner = join(dirname(dirname(rels)), rels.rpartition("/")[2].removesuffix(".rels"))
        if owner and owner not in inside:
            yield f"{rels} belongs to nothing"
        found = links(inside, owner)
        reached |= {path for _, path in found.values()}
        yield from (f"{rels}: no part {p}" for kind, p in found.values() if kind != "External" and p not in inside)
        kinds = Counter(kind for kind, _ in found.values())
        yield from (f"{rels} has {kinds[kind]} {kind}" for kind in ONE_OF_A_KIND if kinds[kind] > 1)
    for name, part in inside.items():
        if name.endswith((".xml", ".vml")):
            pattern = rb"\b(?:r:(?:id|embed|link)|o:relid)=[\"']([^\"']+)[\"']"
            used = {one.decode() for one in re.findall(pattern, part)}
            yield from (f"{name} uses {one}, which leads nowhere" for one in used - set(links(inside, name)))
    adrift = {n for n in inside if not n.endswith((".rels", "/")) and n != "[Content_Types].xml"} - reached
    yield from (f"nothing leads to {name}" for name in adrift)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _elements(name: str, part: bytes) -> Iterator[str]:
    """Children stand in their order and no oftener than allowed; counts are what is counted."""
    root = ElementTree.fromstring(part)
    if MAIN not in root.tag:
        return
    for node in root.iter():
        kind = _local(node.tag)
        children = [_local(child.tag) for child in node]
        if kind in ORDER and MAIN in node.tag:
            order = ORDER[kind].split()
            strange = [child for child in children if child not in order and "externalLinks" not in name]
            yield from (f"{name}: {kind} can't hold {child}" for child in strange)
            places = [order.index(child) for child in children if child in order]
            if places != sorted(places):
                yield f"{name}: the order in {kind} is {children}"
            yield from (
                f"{name}: {kind} holds {n} {child}"
                for child, n in Counter(children).items()
                if n > 1 and child not in REPEATED
            )
        if kind in COUNTED and node.get("count") not in (None, str(len(children))):
            yield f"{name}: {kind} says it holds {node.get('count')} and holds {len(children)}"


def _sheets(inside: Mapping[str, bytes]) -> Iterator[str]:
    """Rows and cells count upwards; styles and texts are there; names and numbers of sheets are their own."""
    book = ElementTree.fromstring(inside["xl/workbook.xml"])
    sheets = list(book.iter(f"{{{MAIN}}}sheet"))
    for key in ("sheetId", "name", f"{{{RELATED}}}id"):
        values = [sheet.get(key, "").casefold() for sheet in sheets]
        yield from (f"two sheets have {key} {value}" for value, n in Counter(values).items() if n > 1)
    yield from (f"{s.get('name')} is too long" for s in sheets if len(s.get("name", "").encode("utf-16-le")) > 62)
    views = list(book.iter(f"{{{MAIN}}}workbookView"))
    for view in views:
        yield from (
            f"{key} leads nowhere" for key in ("activeTab", "firstSheet") if int(view.get(key, 0)) >= len(sheets)
        )
    for name in book.iter(f"{{{MAIN}}}definedName"):
        if int(name.get("localSheetId", 0)) >= len(sheets):
            yield f"{name.get('name')} belongs to no sheet"
    styles = ElementTree.fromstring(inside.get("xl/styles.xml", b"<x/>"))
    looks = len(next(styles.iter(f"{{{MAIN}}}cellXfs"), ()))
    texts = len(ElementTree.fromstring(inside.get("xl/sharedStrings.xml", b"<x/>")))
    for path in (p for k, p in links(inside, "xl/workbook.xml").values() if k == "worksheet"):
        yield from (f"{path}: {words}" for words in _grid(ElementTree.fromstring(inside[path]), looks, texts))
        yield from _heads(inside, path)


def _heads(inside: Mapping[str, bytes], path: str) -> Iterator[str]:
    """The heads of a table are what its cells say."""
    found = links(inside, path).values()
    strings = list(ElementTree.fromstring(inside.get("xl/sharedStrings.xml", b"<x/>")))
    cells = {cell.get("r"): cell for cell in ElementTree.fromstring(inside[path]).iter(f"{{{MAIN}}}c")}
    for table in (ElementTree.fromstring(inside[part]) for kind, part in found if kind == "table"):
        first = table.get("ref", "").partition(":")[0]
        column, row = ord(first[0]), first[1:]
        for at, head in enumerate(table.iter(f"{{{MAIN}}}tableColumn"), column):
            cell = cells.get(f"{chr(at)}{row}", ElementTree.Element("c"))
            node = strings[int(cell.findtext(f"{{{MAIN}}}v", "0"))] if cell.get("t") == "s" else cell
            said = "".join(text.text or "" for text in node.iter(f"{{{MAIN}}}t"))
            if said != head.get("name"):
                yield f"{path}: the table calls {chr(at)}{row} {head.get('name')}, the cell says {said}"


def _grid(sheet: ElementTree.Element, looks: int, texts: int) -> Iterator[str]:
    last = 0
    for row in sheet.iter(f"{{{MAIN}}}row"):
        number = int(row.get("r", last + 1))
        if number <= last:
            yield f"row {number} comes after {last}"
        last, before = number, ""
        for cell in row:
            letters = cell.get("r", "").rstrip("0123456789")
            if (len(letters), letters) <= (len(before), before) or cell.get("r") != f"{letters}{number}":
                yield f"cell {cell.get('r')} stands in row {number} after {before}"
            before = letters
            if int(cell.get("s", 0)) >= max(looks, 1):
                yield f"cell {cell.get('r')} has no style {cell.get('s')}"
            if cell.get("t") == "s" and int(cell.findtext(f"{{{MAIN}}}v", "-1")) not in range(texts):
                yield f"cell {cell.get('r')} has no text"
    hyperlinks = [link.get("ref") for link in sheet.iter(f"{{{MAIN}}}hyperlink")]
    yield from (f"two links at {ref}" for ref, n in Counter(hyperlinks).items() if n > 1)


def _drawn_notes(inside: Mapping[str, bytes]) -> Iterator[str]:
    """Every note has its shape and every shape its note; numbers of shapes are unique, authors are there."""
    for name in [n for n in inside if re.fullmatch(r"xl/(work|chart)sheets/[^/]+\.xml", n)]:
        found = links(inside, name).values()
        notes = {ref for kind, path in found if kind == "comments" for ref in _notes(inside[path])}
        shapes = [ref for kind, path in found if kind == "vmlDrawing" for ref in _shapes(inside[path])]
        if sorted(notes) != sorted(shapes):
            yield f"{name}: notes at {sorted(notes)}, drawn at {sorted(shapes)}"
        held = ElementTree.fromstring(inside[name]).find(f"{{{MAIN}}}legacyDrawing")
        if notes and held is None:
            yield f"{name}: its notes aren't drawn"
    for name in [n for n in inside if n.endswith(".vml")]:
        ids = re.findall(rb"<v:shape\s[^>]*?\bid=[\"']([^\"']+)", inside[name])
        yield from (f"{name}: two shapes {one.decode()}" for one, n in Counter(ids).items() if n > 1)


def _notes(part: bytes) -> list[str]:
    root = ElementTree.fromstring(part)
    authors = len(next(root.iter(f"{{{MAIN}}}authors")))
    notes = list(root.iter(f"{{{MAIN}}}comment"))
    assert all(int(note.get("authorId", -1)) in range(authors) for note in notes)
    places = [note.get("ref", "") for note in notes]
    assert len(set(places)) == len(places), f"two notes in a cell: {places}"
    return places


def _shapes(part: bytes) -> list[str]:
    from workbook_compiler.model.diagnostics import column_letter

    space = "{urn:schemas-microsoft-com:office:excel}"
    found = []
    for data in ElementTree.fromstring(part).iter(f"{space}ClientData"):
        if data.get("ObjectType") == "Note":
            row, column = (int(data.findtext(f"{space}{key}", "-1")) for key in ("Row", "Column"))
            found.append(f"{column_letter(column)}{row + 1}")
    return found
