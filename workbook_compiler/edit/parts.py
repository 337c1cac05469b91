"""A file's parts while some of them change: their text, what each refers to, and what kind of part each is."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from posixpath import dirname, relpath

from workbook_compiler.archive import Relation, absolute, part, relations_of, unreadable
from workbook_compiler.edit.markup import (
    Document,
    Tag,
    attribute,
    attributes,
    bare,
    element,
    elements,
    pattern,
    read,
    refuse_broken,
    spliced,
)

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/"
STRICT_OFFICE = f"{_STRICT}officeDocument/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "[Content_Types].xml"
_RELATION, _OVERRIDE, _DEFAULT = pattern("Relationship"), pattern("Override"), pattern("Default")


class Parts:
    """The parts of one file. Nothing is written into the file itself: ``changed`` and ``removed`` say what became of it."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive, self._name = archive, name
        self._known = set(archive.namelist())
        self._documents: dict[str, Document] = {}
        self._changed: set[str] = set()
        self.removed: set[str] = set()

    def __contains__(self, path: str) -> bool:
        return path in self._known

    @property
    def paths(self) -> list[str]:
        """The names of the parts that are there now."""
        return sorted(self._known)

    def raw(self, path: str) -> bytes:
        """Return a part's bytes as they are in the file."""
        return part(self._archive, path, self._name)

    def document(self, path: str) -> Document:
        """Return a part as it is now; raises UnreadableError for one that isn't there, ValueError for an unknown alphabet."""
        if path not in self._documents:
            self._documents[path] = read(self.raw(path))
        return self._documents[path]

    def write(self, path: str, text: str) -> None:
        """Give a part another text; one that isn't there yet comes to be."""
        document = self.document(path) if path in self._known else Document("", "utf-8", b"")
        if text != document.text:
            self._documents[path] = document._replace(text=text)
            self._known.add(path)
            self._changed.add(path)
            self.removed.discard(path)

    def remove(self, path: str) -> None:
        """Take a part out, and what it says of its kind; whoever refers to it has to be told (``unrelate``)."""
        if path in self._known:
            self._known.discard(path)
            self._changed.discard(path)
            self._documents.pop(path, None)
            self.removed.add(path)
            self._cut(_TYPES, lambda tag: attributes(tag.attributes).get("PartName") == f"/{path}", _OVERRIDE)

    @property
    def changed(self) -> dict[str, bytes]:
        """The parts that are new or have another text; raises ValueError for one that isn't well-formed any more."""
        found = {path: self._documents[path] for path in self._changed}
        made = {path: document.bytes_of(document.text) for path, document in found.items()}
        for path, data in made.items():
            if not path.endswith(".vml"):  # what Excel writes there isn't always XML
                refuse_broken(data)
        return made

    def free(self, start: str, end: str) -> str:
        """Return the first name of this kind that no part has: ``start1end``, ``start2end``."""
        number = 1
        while (name := f"{start}{number}{end}") in self._known or name in self.removed:
            number += 1
        return name

    def is_strict(self, path: str) -> bool:
        """Tell whether a part is written in the strict form of the format, with other namespaces and the same words."""
        return _STRICT in self.document(path).text

    def related(self, path: str) -> list[Relation]:
        """Return what a part refers to inside the file."""
        links = relations_of(path)
        if links not in self._known:
            return []
        text = self.document(links).bare
        found = []
        for tag in elements(text, _RELATION):
            said = attributes(tag.attributes)
            if said.get("Target") and said.get("TargetMode") != "External":
                kind = said.get("Type", "").rpartition("/")[2]
                found.append(Relation(said.get("Id", ""), kind, absolute(path, said["Target"])))
        return found

    def relate(self, path: str, kind: str, target: str) -> str:
        """Make a part refer to another; return the id under which it does. ``kind`` is the last word of the relation's type."""
        links = relations_of(path)
        if links not in self._known:
            self.write(
                links, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="{_PACKAGE}"/>'
            )
        text = self.document(links).bare
        ids = {attribute(tag.attributes, "Id") for tag in elements(text, _RELATION)}
        number = 1
        while (name := f"wbc{number}") in ids:
            number += 1
        office = STRICT_OFFICE if self.is_strict(path) else OFFICE
        short = relpath(target, dirname(path) or ".")
        self._append(links, "Relationships", "Relationship", f'Id="{name}" Type="{office}/{kind}" Target="{short}"')
        return name

    def unrelate(self, path: str, target: str) -> None:
        """Make a part refer to another no longer; without any reference left its list of them goes too."""
        links = relations_of(path)
        if links in self._known:
            self._cut(
                links, lambda tag: absolute(path, attributes(tag.attributes).get("Target", "")) == target, _RELATION
            )
            if next(elements(self.document(links).bare, _RELATION), None) is None:
                self.remove(links)

    def declare(self, path: str, kind: str) -> None:
        """Say of what kind a new part is: by its ending where that has a kind of its own (``.vml``), else by its name."""
        ending = path.rpartition(".")[2]
        if ending == "xml":
            self._append(_TYPES, "Types", "Override", f'PartName="/{path}" ContentType="{kind}"')
            return
        known = {
            attributes(tag.attributes).get("Extension", "") for tag in elements(self.document(_TYPES).bare, _DEFAULT)
        }
        if ending.lower() not in {one.lower() for one in known}:
            document = self.document(_TYPES)
            root = element(document.bare, "Types")
            if root is not None:
                entry = f'<{root.prefix}Default Extension="{ending}" ContentType="{kind}"/>'
                self.write(_TYPES, document.text[: root.inside] + entry + document.text[root.inside :])

    def _append(self, path: str, outer: str, name: str, inside: str) -> None:
        text = self.document(path).text
        root = element(bare(text), outer)
        if root is None:
            raise unreadable(self._name, f"its part {path.rpartition('/')[2]} is damaged")
        entry = f"<{root.prefix}{name} {inside}/>"
        if root.empty:
            whole = f"<{root.prefix}{outer}{root.attributes}>{entry}</{root.prefix}{outer}>"
            self.write(path, text[: root.start] + whole + text[root.end :])
        else:
            self.write(path, text[: root.close] + entry + text[root.close :])

    def _cut(self, path: str, unwanted: Callable[[Tag], bool], names: re.Pattern[str]) -> None:
        text = self.document(path).text
        pieces = [(tag.start, tag.end, "") for tag in elements(bare(text), names) if unwanted(tag)]
        self.write(path, spliced(text, pieces))
