"""XML as text: found by its tags, changed in place. Only what is changed is written anew.

Every search runs on ``bare`` text, in which comments, quoted sections and instructions are blanked out: whatever looks
like a tag there is one, at the same place as in the original.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple
from xml.parsers import expat

_HIDDEN = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
_ENCODING = re.compile(rb"""^<\?xml[^>]*?\bencoding\s*=\s*["']([\w.-]+)["']""")
_ATTRIBUTE = re.compile(r"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
INSIDE = r"""((?:[^<>"'/]++|"[^"]*+"|'[^']*+'|/(?!>))*+)"""
"""What stands between a tag's name and its end; a quoted ``>`` ends nothing. Nothing is tried twice, however it ends."""

_ENDS = tuple("> \t\r\n")

CELL_LIMIT = 32_767
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What the XML inside a workbook cannot hold."""
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LIKE_AN_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""Spreadsheets read ``_x000D_`` as the sign with that number."""


def cell_text(text: str, limit: int = CELL_LIMIT) -> str:
    """Return the text as a workbook can hold it: no control characters, cut to ``limit`` as spreadsheets count."""
    clean = _UNPRINTABLE.sub("", text)
    if len(clean) * 2 <= limit or len(clean.encode("utf-16-le")) // 2 <= limit:
        return clean
    return clean.encode("utf-16-le")[: (limit - 1) * 2].decode("utf-16-le", "ignore") + "…"


def escaped(text: str) -> str:
    """Return a person's text as it stands between two tags, the same sign for sign when it is read."""
    text = _LIKE_AN_ESCAPE.sub("_x005F_", cell_text(text))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "_x000D_")


def understood(text: str) -> str:
    """Return a text of a cell as a reader understands it: ``_x000D_`` stands for a sign that XML has no room for."""
    if "_x" not in text:
        return text
    signs = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return signs.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def in_attribute(text: str) -> str:
    """Return a person's text as it stands inside the double quotes of an attribute."""
    return escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


class Document(NamedTuple):
    """A part as text, and how to write it down again: what can't be read in its alphabet stays as it was."""

    text: str
    encoding: str
    mark: bytes

    @property
    def bare(self) -> str:
        """The text with all that is no tag and no value blanked out."""
        return bare(self.text)

    def bytes_of(self, text: str) -> bytes:
        """Return another text as this part would have it."""
        return self.mark + text.encode(self.encoding, _errors(self.encoding))


def read(data: bytes) -> Document:
    """Return a part's text; raises ValueError for an alphabet nobody knows."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return Document(data[len(mark) :].decode(encoding, _errors(encoding)), encoding, mark)
    said = _ENCODING.match(data)
    try:
        encoding = codecs.lookup(said[1].decode()).name if said else "utf-8"
    except LookupError as error:
        raise ValueError("an unknown alphabet") from error
    return Document(data.decode(encoding, _errors(encoding)), encoding, b"")


def _errors(encoding: str) -> str:
    return "surrogateescape" if encoding == "utf-8" else "strict"


def bare(text: str) -> str:
    """Return a text of the same length without comments, quoted sections and instructions."""
    return _HIDDEN.sub(lambda match: " " * len(match[0]), text) if "<!" in text or "<?" in text else text


def refuse_broken(data: bytes) -> None:
    """Raise ValueError for what isn't well-formed XML, or declares entities."""

    def refuse(*_: object) -> None:
        raise ValueError("it declares XML entities")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError("damaged XML") from error


class Tag(NamedTuple):
    """An element: ``text[start:inside]`` is its opening tag, ``text[inside:close]`` what it holds."""

    start: int
    inside: int
    close: int
    """Where its closing tag begins; for an element without content the same as ``inside``."""
    end: int
    prefix: str
    """``x:`` where its name has one."""
    name: str
    attributes: str
    """As written."""

    @property
    def empty(self) -> bool:
        """True when it has no closing tag of its own."""
        return self.inside == self.end


def pattern(*names: str) -> re.Pattern[str]:
    """Return what finds the opening tags of elements with one of these names, whatever their prefix."""
    return re.compile(rf"<((?:[\w.-]+:)?)({'|'.join(names)})(?=[\s/>]){INSIDE}(/?)>")


def elements(text: str, names: re.Pattern[str], start: int = 0, end: int | None = None) -> Iterator[Tag]:
    """Yield the elements of a stretch of bare text, in order; an element inside one of the same name isn't yielded.

    Raises ValueError where a closing tag is missing.
    """
    limit = len(text) if end is None else end
    while match := names.search(text, start, limit):
        prefix, name, attributes, closed = match.groups()
        if closed:
            yield Tag(match.start(), match.end(), match.end(), match.end(), prefix, name, attributes)
            start = match.end()
            continue
        close = _closing(text, f"</{prefix}{name}", match.end(), limit)
        start = text.index(">", close) + 1
        yield Tag(match.start(), match.end(), close, start, prefix, name, attributes)


def _closing(text: str, tag: str, start: int, limit: int) -> int:
    """Where the closing tag begins; ``</c`` begins ``</color>`` too."""
    while (start := text.find(tag, start, limit)) >= 0:
        if text[start + len(tag) : start + len(tag) + 1] in _ENDS:
            return start
        start += len(tag)
    raise ValueError(f"{tag} is missing")


def element(text: str, name: str, start: int = 0, end: int | None = None) -> Tag | None:
    """Return the first element of this name in a stretch of bare text."""
    return next(elements(text, pattern(name), start, end), None)


def attributes(text: str) -> dict[str, str]:
    """Return a tag's attributes, as a reader understands them."""
    return {name: unescape(double or single) for name, double, single in _ATTRIBUTE.findall(text)}


def attribute(text: str, name: str) -> str | None:
    """Return one attribute of a tag, None when it isn't there."""
    return attributes(text).get(name) if name in text else None


def with_attributes(text: str, **values: object) -> str:
    """Return a tag's attributes with some set to another value, or taken away (None); all others as they were written."""
    for name, value in values.items():
        new = "" if value is None else f'{name}="{value}"'
        found = next((match for match in _ATTRIBUTE.finditer(text) if match[1] == name), None)
        if found is None:
            text = f"{text.rstrip()} {new}" if new else text
        else:
            before = text[: found.start()]
            text = (before if new else before.rstrip()) + new + text[found.end() :]
    return text


def opening(tag: Tag, **values: object) -> str:
    """Return an element's opening tag with some attributes set to another value or taken away, as ``with_attributes`` does."""
    return f"<{tag.prefix}{tag.name}{with_attributes(tag.attributes, **values)}{'/' if tag.empty else ''}>"


def spliced(text: str, pieces: list[tuple[int, int, str]]) -> str:
    """Return the text with stretches replaced; they may stand in any order and don't overlap."""
    out: list[str] = []
    at = 0
    for start, end, new in sorted(pieces, key=lambda piece: piece[:2]):
        out += (text[at:start], new)
        at = end
    return "".join((*out, text[at:]))
