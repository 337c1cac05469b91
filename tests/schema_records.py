"""Records made up from a schema, and the cells a person would type for them: the round trip's two ends."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from workbook_compiler.model.columns import Field, fields
from workbook_compiler.model.schema import Access, EntityType, Kind, Property

Typed = tuple[Any, Any]
"""A JSON value, and a cell that says it."""

SPACES = " \t\r\n\f\v\u00a0\u2007\u202f\u200b\ufeff\x1c\x1d\x1e\x1f\x85"
TEXT = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\ufffe\uffff")
NAMED = {
    "email": st.just("ada@lab.example"),
    "uri": st.sampled_from(["https://example.org/a,b", "ftp://example.org/x?y=1"]),
    "uuid": st.uuids().map(str),
    "hex": st.text("0123456789abcdef", min_size=1),
    "md5sum": st.text("0123456789abcdef", min_size=32, max_size=32),
}
ATTACHED = {
    "gel.png": "image/png",
    "notes.txt": "text/plain",
    "protocol.pdf": "application/pdf",
    "peaks.json": "application/json",
    "counts.tsv": "text/tab-separated-values",
    "pairs.tsv.gz": "application/gzip",
}


def typeable(text: str) -> bool:
    """Tell whether a text stays as it is in a cell: outer spaces go, and some words mean something else."""
    return (
        bool(text.strip(SPACES))
        and text == text.strip(SPACES)
        and text != "*delete*"
        and not text.startswith(("#", "{", "["))
    )


def texts(prop: Property) -> st.SearchStrategy[str]:
    """Text that a property takes."""
    if prop.choices:
        return st.sampled_from([c for c in prop.choices if isinstance(c, str)])
    if prop.kind is Kind.LINK:
        return st.uuids().map(str) | st.uuids().map(lambda u: f"/things/{u}/")
    if prop.pattern is not None:
        try:
            found = st.from_regex(re.compile(prop.pattern), alphabet=TEXT)
        except re.error:
            found = st.text(TEXT)
        return found.filter(lambda t: typeable(t) and "\n" not in t and re.search(prop.pattern or "", t) is not None)
    if prop.format in NAMED:
        return NAMED[prop.format]
    low = max(prop.min_length or 0, 1)
    return st.text(TEXT, min_size=low, max_size=max(low, prop.max_length or 20)).filter(typeable)


def numbers(prop: Property) -> st.SearchStrategy[Any]:
    """Numbers that a property takes, zero among them; no more digits than Excel keeps."""
    if prop.choices:
        return st.sampled_from(prop.choices)
    low = -(10**6) if prop.minimum is None else int(prop.minimum)
    high = 10**6 if prop.maximum is None else int(prop.maximum)
    whole = st.integers(low, high)
    if prop.kind is Kind.INTEGER:
        return whole
    halves = (
        st.floats(low, high, allow_nan=False)
        .map(lambda f: round(f, 4))
        .filter(lambda f: f != int(f) and low <= f <= high)
    )
    return whole | halves


def scalar(prop: Property) -> st.SearchStrategy[Typed]:
    """One value and a cell for it; numbers, dates and booleans as cells of their type and as text."""
    if prop.kind in (Kind.NUMBER, Kind.INTEGER):
        return numbers(prop).flatmap(lambda n: st.sampled_from([(n, n), (n, repr(n))]))
    if prop.kind is Kind.BOOLEAN:
        return st.sampled_from([(True, True), (False, False), (True, "yes"), (False, "no"), (False, 0), (True, "TRUE")])
    if prop.kind in (Kind.DATE, Kind.DATE_OR_TIME):
        days = st.dates(date(1900, 3, 1), date(2100, 1, 1))
        return days.flatmap(lambda d: st.sampled_from([(d.isoformat(), d), (d.isoformat(), d.isoformat())]))
    if prop.kind is Kind.DATE_TIME:
        moments = st.integers(10**6, 4 * 10**9).map(lambda s: datetime(1970, 1, 1) + timedelta(seconds=s))
        return moments.flatmap(
            lambda m: st.sampled_from([(f"{m.isoformat()}Z", m), (f"{m.isoformat()}Z", m.isoformat(" "))])
        )
    if prop.kind is Kind.ANY:
        return st.text(TEXT, min_size=1, max_size=9).filter(typeable).map(lambda t: (t, t))
    return texts(prop).map(lambda t: (t, t))


def listed(prop: Property, rules: Mapping[str, Any]) -> st.SearchStrategy[Typed]:
    """A list and one cell that holds it, with CSV quoting or as a JSON list."""
    item = prop.items or Property("", Kind.TEXT)
    low, high = max(rules.get("minItems", 1), 1), rules.get("maxItems", 3)
    values = st.lists(
        scalar(item).map(lambda pair: pair[0]), min_size=low, max_size=max(low, high), unique_by=json.dumps
    )
    return values.flatmap(lambda v: st.sampled_from([(v, quoted(v)), (v, json.dumps(v, ensure_ascii=False))]))


def quoted(values: list[Any]) -> str:
    """Values as one line of CSV; quotes only where needed."""
    out = io.StringIO()
    words = ["TRUE" if v is True else "FALSE" if v is False else str(v) for v in values]
    csv.writer(out, lineterminator="").writerow(words)
    text = out.getvalue()
    return text if text.count("\n") == 0 and '"' not in "".join(words) else json.dumps(values, ensure_ascii=False)


def free(prop: Property, rules: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """A JSON value of a shape that no header says."""
    if prop.kind is Kind.LIST and prop.items:
        low = rules.get("minItems", 1)
        inner = free(prop.items, rules.get("items", {}))
        return st.lists(inner, min_size=max(low, 1), max_size=max(low, rules.get("maxItems", 2)), unique_by=json.dumps)
    if prop.kind is Kind.OBJECT and prop.properties:
        inside = rules.get("properties", {})
        sent = {k: p for k, p in prop.properties.items() if p.access is not Access.REFUSED}
        needed = {k: free(p, inside.get(k, {})) for k, p in sent.items() if k in rules.get("required", ())}
        optional = {k: free(p, inside.get(k, {})) for k, p in sent.items() if k not in needed}
        return st.fixed_dictionaries(needed, optional=dict(list(optional.items())[:4])).filter(bool)
    if prop.kind is Kind.OBJECT:
        numbers = st.integers(-(2**63), 2**64 - 1)  # no message holds others: NUM07
        return st.dictionaries(st.text("abc", min_size=1), numbers | st.booleans() | st.text("xy, "), min_size=1)
    return scalar(prop).map(lambda pair: pair[0])


def rules_at(rules: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    """The rules of a property deep inside a type's."""
    for name in path:
        while "items" in rules and "properties" not in rules:
            rules = rules["items"]
        rules = rules.get("properties", {}).get(name, {})
    return rules


def cell(field: Field, rules: Mapping[str, Any]) -> st.SearchStrategy[Typed]:
    """A value for one column and the cell that says it."""
    own = rules_at(rules, field.path)
    if field.property.attachment:
        allowed = field.property.properties["type"].choices if "type" in field.property.properties else ()
        names = [name for name, media in ATTACHED.items() if not allowed or media in allowed]
        return st.sampled_from(names).map(
            lambda n: ({"download": n, "type": ATTACHED[n], "href": f"a b/{n}"}, f"a b/{n}")
        )
    if field.property.upload:
        return st.just(("reads_R1.fastq.gz", "/data/run 1/reads_R1.fastq.gz"))
    if field.json:
        return free(field.property, own).map(lambda v: (v, json.dumps(v, ensure_ascii=False)))
    return listed(field.property, own) if field.property.kind is Kind.LIST else scalar(field.property)


@st.composite
def rows(draw: Any, entity: EntityType) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw ``(body, {header: cell})``: every required column, some others, up to two members of each list of objects."""
    known = [f for f in fields(entity) if f.access is not Access.REFUSED and f.property.feed is None]
    leaves = [f for f in known if not any(o.path[: len(f.path)] == f.path != o.path for o in known)]
    chosen = _chosen(draw, entity, leaves)
    body: dict[str, Any] = {}
    cells: dict[str, Any] = {}
    for field in leaves:
        if field.path[0] not in chosen:
            continue
        for member in range(chosen[field.path[0]] if field.list_at is not None else 1):
            if not (_needed(field, entity) or draw(st.booleans())):
                continue
            value, typed = draw(cell(field, entity.rules))
            cells[field.header(member)] = typed
            _put(body, field, member, value)
    return _closed_up(body), cells


def _closed_up(value: Any) -> Any:
    """Members of which nothing was filled in aren't sent."""
    if isinstance(value, dict):
        return {key: _closed_up(inner) for key, inner in value.items()}
    return [_closed_up(inner) for inner in value if inner != {}] if isinstance(value, list) else value


def _chosen(draw: Any, entity: EntityType, leaves: list[Field]) -> dict[str, int]:
    """The top-level properties to fill in and how many members; what depends on another one comes with it."""
    names = list(dict.fromkeys(f.path[0] for f in leaves))
    wanted = {n for n in names if n in entity.rules.get("required", ())}
    wanted |= set(draw(st.lists(st.sampled_from(names), max_size=8)))
    dependent = entity.rules.get("dependentRequired", {})
    for _ in names:
        wanted |= {other for name in wanted for other in dependent.get(name, ())}
    return {name: draw(st.integers(1, 2)) for name in names if name in wanted}


def _needed(field: Field, entity: EntityType) -> bool:
    """The first column of a chosen property is filled in, and with it all that its objects need."""
    if len(field.path) == 1:
        return True
    rules: Mapping[str, Any] = entity.rules
    for depth in range(1, len(field.path)):
        rules = rules_at(entity.rules, field.path[:depth])
        inside = rules.get("items", rules)
        if inside.get("required") and field.path[depth] in inside["required"]:
            return True
    return next(f.path for f in fields(entity) if f.path[:1] == field.path[:1]) == field.path


def _put(body: dict[str, Any], field: Field, member: int, value: Any) -> None:
    node: Any = body
    for depth, name in enumerate(field.path[:-1], 1):
        if depth == field.list_at:
            members = node.setdefault(name, [])
            members.extend({} for _ in range(member + 1 - len(members)))
            node = members[member]
        else:
            node = node.setdefault(name, {})
    if field.spread:
        node.setdefault(field.path[-1], []).extend(value)
    else:
        node[field.path[-1]] = value
