"""Mistakes in names: links, identifiers, headers and sheets."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import typos
from ground import LINKS, Ground, Planted, place, run_of, untouched

OTHER_NAMES = {"sex": "gender", "protocol_type": "kind", "health_status": "disease", "biosource_type": "source kind",
               "individual": "donor", "culture_start_date": "begin", "fragmentation_method": "shearing"}  # fmt: skip


def _item(cell: str, rng: random.Random) -> str:
    return rng.choice(cell.split(", "))


def _is_new(text: str, original: str, ground: Ground) -> bool:
    """A slip that makes another row's name can't be told from that name, nor one slip from the same made elsewhere."""
    is_new = bool(text) and text not in ground.names | ground.typed and text.casefold() != original.casefold()
    ground.typed.add(text)
    return is_new


def link_once(ground: Ground, change: Callable[[str, random.Random], str] = typos.slip, kind: str = "link") -> Any:
    """A link misspelt in one cell."""
    found = ground.cell(headers=lambda _, header: header in LINKS)
    if found is None:
        return None
    page, i, c = found
    name = _item(page.rows[i][c], ground.rng)
    typed = change(name, ground.rng)
    if not _is_new(typed, name, ground) or name in ground.spoilt or re.search(r"[,;]", typed):
        return None
    items = [typed if item == name else item for item in page.rows[i][c].split(", ")]
    return Planted(kind, frozenset([ground.put(page, i, c, ", ".join(items))]), name, typed)


def link_alike(ground: Ground) -> Any:
    """A link with O for 0 or l for 1."""
    return link_once(ground, typos.look_alike, "link, O for 0")


def link_separator(ground: Ground) -> Any:
    """A link with a space for an underscore."""
    return link_once(ground, typos.other_separator, "link, separator")


def link_word(ground: Ground) -> Any:
    """A link that was in a word processor: a long dash, a no-break space, a point at its end."""
    return link_once(ground, typos.from_word_processor, "link, from Word")


def link_prefix(ground: Ground) -> Any:
    """A link without the lab in front."""
    return link_once(ground, lambda name, _: name.partition(":")[2], "link, no prefix")


def link_many(ground: Ground) -> Any:
    """One misspelling of a link that many rows have: typed once and copied."""
    name = ground.rng.choice(sorted(ground.names))
    users = untouched(ground, name)
    if len(users) < 4 or name in ground.spoilt:
        return None
    typed = typos.slip(name, ground.rng)
    if not _is_new(typed, name, ground) or re.search(r"[,;]", typed):
        return None
    ground.spoilt.add(name)
    some = ground.rng.sample(users, ground.rng.randrange(2, max(len(users) // 2, 2) + 1))
    places = [
        ground.put(p, i, c, ", ".join(typed if item == name else item for item in p.rows[i][c].split(", ")))
        for p, i, c in some
    ]
    return Planted("link, copied", frozenset(places), name, typed)


def definition(ground: Ground) -> Any:
    """An identifier misspelt where it is given; all that refer to it are right."""
    found = ground.cell(headers=lambda _, header: header == "aliases")
    if found is None:
        return None
    page, i, c = found
    name = page.rows[i][c]
    typed = typos.slip(name, ground.rng)
    users = untouched(ground, name)
    if len(users) < 2 or name in ground.spoilt or not _is_new(typed, name, ground) or re.search(r"[,;]", typed):
        return None
    ground.spoilt.add(name)
    places = [place(p, j, k) for p, j, k in users]
    ground.rows |= {(p.name, j) for p, j, _ in users}
    return Planted("identifier", frozenset([ground.put(page, i, c, typed), *places]), name, typed)


def duplicate(ground: Ground) -> Any:
    """A row with the identifier of the row above: copied, and not changed."""
    found = ground.cell(headers=lambda _, header: header == "aliases")
    if found is None or found[1] == 0:
        return None
    page, i, c = found
    name, above = page.rows[i][c], page.rows[i - 1][c]
    users = untouched(ground, name)
    if (page.name, i - 1) in ground.rows or {name, above} & ground.spoilt or len(users) < len(ground.users[name]):
        return None
    ground.spoilt |= {name, above}
    ground.rows |= {(page.name, i - 1), *((p.name, j) for p, j, _ in users)}
    places = [place(page, i - 1, c), *(place(p, j, k) for p, j, k in users)]
    return Planted("identifier twice", frozenset([ground.put(page, i, c, above), *places]), name, above)


def autofill_link(ground: Ground) -> Any:
    """A link dragged down: it counts up to rows that don't exist."""
    found = ground.cell(headers=lambda _, header: header in ("protocol", "SOP_cell_line"))
    if found is None:
        return None
    page, i, c = found
    rows = run_of(ground, page, i, c, ground.rng.randrange(4, 12))
    stem = re.fullmatch(r"(.*?)(\d+)", page.rows[i][c])
    if not rows or stem is None or page.rows[i][c] in ground.spoilt:
        return None
    filled = [f"{stem[1]}{int(stem[2]) + n:0{len(stem[2])}}" for n in range(1, len(rows))]
    if set(filled) & (ground.names | ground.spoilt):
        return None
    ground.spoilt |= set(filled)
    ground.rows.add((page.name, i))
    places = [ground.put(page, j, c, text) for j, text in zip(rows[1:], filled, strict=True)]
    return Planted("counted up, link", frozenset(places), page.rows[i][c], filled[0])


def semicolons(ground: Ground) -> Any:
    """A list with semicolons between its values."""
    found = ground.cell(headers=lambda _, header: header in ("protocols_additional", "biosample_protocols", "files"))
    if found is None or ", " not in found[0].rows[found[1]][found[2]]:
        return None
    page, i, c = found
    right = page.rows[i][c]
    if any(item in ground.spoilt for item in right.split(", ")):
        return None
    return Planted("semicolons", frozenset([ground.put(page, i, c, right.replace(", ", "; "))]), right)


def _header(ground: Ground, kind: str, change: Callable[[str], str]) -> Any:
    page = ground.pages[ground.rng.choice(list(ground.pages))]
    c = ground.rng.randrange(len(page.headers))
    star, right = page.headers[c].startswith("*"), page.headers[c].removeprefix("*")
    typed = change(right)
    known = {text.removeprefix("*").casefold() for text in page.headers}
    if not typed or typed.casefold() in known or (page.name, c) in ground.headers or typed.startswith("#"):
        return None
    if len([1 for sheet, _ in ground.headers if sheet == page.name]) >= 3:
        return None
    ground.headers.add((page.name, c))
    page.headers[c] = f"*{typed}" if star else typed
    return Planted(kind, frozenset([(page.name, 1, c + 2)]), right, typed)


def header(ground: Ground) -> Any:
    """A header misspelt."""
    return _header(ground, "header", lambda right: typos.slip(right, ground.rng))


def header_form(ground: Ground) -> Any:
    """A header in another form: spaces or capitals for underscores."""

    def change(right: str) -> str:
        if "_" not in right:
            return ""
        camel = re.sub(r"_(\w)", lambda m: m[1].upper(), right)
        return ground.rng.choice((right.replace("_", " "), camel, right.replace("_", "-"), right.replace("_", "")))

    return _header(ground, "header, form", change)


def header_other(ground: Ground) -> Any:
    """A header under the name that another form gave it."""
    return _header(ground, "header, other name", lambda right: OTHER_NAMES.get(right, ""))


def header_twice(ground: Ground) -> Any:
    """A column copied beside itself, its header along."""
    page = ground.pages[ground.rng.choice(list(ground.pages))]
    c = ground.rng.randrange(1, len(page.headers))
    if (page.name, c) in ground.headers or page.headers[c].removeprefix("*") in OTHER_NAMES.values():
        return None
    at = len(page.headers)
    ground.headers |= {(page.name, c), (page.name, at)}
    page.headers.append(page.headers[c])
    for row in page.rows:
        row.append(row[c] if len(row) == at else None)
    return Planted("header twice", frozenset([(page.name, 1, at + 2), (page.name, 1, c + 2)]))


def sheet(ground: Ground) -> Any:
    """A sheet's name misspelt."""
    page = ground.pages[ground.rng.choice(list(ground.pages))]
    typed = typos.slip(page.name, ground.rng)
    if typed.casefold() in {name.casefold() for name in ground.pages} or page.name != page.name.strip():
        return None
    if not re.fullmatch(r"\w+", typed):
        return None
    return Planted("sheet", frozenset([(page.name, 0, 0)]), page.name, typed)
