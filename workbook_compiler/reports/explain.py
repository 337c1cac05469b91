"""One code of the catalogue, told at length: ``wbc explain CODE``."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from string import Formatter

from workbook_compiler.model.diagnostics import Code
from workbook_compiler.reports.words import SEVERITY_WORDS

WIDTH = 88

_ONE_GAP = re.compile("<[^<>]*>")


def explain(code: Code) -> str:
    """Return what a code means, why it matters, how it is mended, and an example, as plain text."""
    parts = [
        f"{code.id}  {code.name}  ({SEVERITY_WORDS[code.severity]})",
        _wrapped(code.title),
        _part("It says", blanks(code.message, code.usual)),
        _part("What to do", blanks(code.hint, code.usual)),
        _part("Why", code.why),
        _part("Example", code.example),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def overview(codes: Iterable[Code]) -> str:
    """Return a line for each code: its id, how much it matters, and its title."""
    return "".join(f"{code.id}  {SEVERITY_WORDS[code.severity]:7}  {code.title}\n" for code in codes)


def blanks(template: str, usual: Iterable[tuple[str, str]] = ()) -> str:
    """Return a message template with its gaps as words: ``{value}`` becomes ``<value>``, ``{count:row}`` ``<count> rows``."""
    filled = {name: blanks(text) for name, text in usual}
    return "".join(
        text + (filled.get(name, f"<{name.replace('_', ' ')}>") if name else "") + (f" {word}s" if word else "")
        for text, name, word, _ in Formatter().parse(template)
    )


def _part(title: str, text: str) -> str:
    told = text and not _ONE_GAP.fullmatch(text)
    return f"{title}\n{textwrap.indent(_wrapped(text, WIDTH - 2), '  ')}" if told else ""


def _wrapped(text: str, width: int = WIDTH) -> str:
    """Return the text in short lines; line breaks of its own are kept, for examples are laid out by hand."""
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) if line else ""
        for line in text.splitlines()
    )
