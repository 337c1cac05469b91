"""A wrong word in a cell's text becomes the right one; all else in the text stays as it was typed."""

from __future__ import annotations

import json
import re

from workbook_compiler.model.cells import OUTER

_ITEM = {mark: re.compile(rf'"(?:[^"]|"")*"|[^{mark}\n\r"]+') for mark in ",;|"}
"""What stands between two marks: a quoted text, or anything without a mark."""
_NEEDS_QUOTES = re.compile(r'[,;|\n\r"]')


def replaced(text: str, wrong: str, right: str) -> str | None:
    """Return a cell's text with ``right`` for ``wrong``: as a whole, behind a header's star, or as items of a list.

    None where ``wrong`` isn't in it as such: the cell says something else by now, or the value was pieced together.
    """
    core, wanted = text.strip(OUTER), wrong.strip(OUTER)
    if core == wanted:
        return right
    if core.startswith("*") and core[1:].strip(OUTER) == wanted:
        return f"*{right}"
    if core.startswith("["):
        return _in_brackets(core, wanted, right)
    return next((new for mark in _ITEM if (new := _in_list(text, wanted, right, mark)) is not None), None)


def _in_brackets(text: str, wrong: str, right: str) -> str | None:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list) or wrong not in [item for item in items if isinstance(item, str)]:
        return None
    return json.dumps([right if item == wrong else item for item in items], ensure_ascii=False)


def _in_list(text: str, wrong: str, right: str, mark: str) -> str | None:
    quoted = '"' + right.replace('"', '""') + '"' if _NEEDS_QUOTES.search(right) else right
    found = False

    def other(match: re.Match[str]) -> str:
        nonlocal found
        item = match[0]
        core = item.strip(OUTER)
        bare = core[1:-1].replace('""', '"') if core.startswith('"') and core.endswith('"') and len(core) > 1 else core
        if bare.strip(OUTER) != wrong:
            return item
        found = True
        at = item.index(core)
        return item[:at] + quoted + item[at + len(core) :]

    new = _ITEM[mark].sub(other, text)
    return new if found else None
