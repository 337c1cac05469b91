"""What a Gen3 data commons holds, and the tables it reads and writes: TSV and CSV in, exports and templates out."""

from __future__ import annotations

import csv
import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha512
from itertools import count
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

Document = dict[str, Any]

FORMATS = FormatChecker()
DELIMITERS = {"tsv": "\t", "csv": ","}
BETWEEN = {"\t": ",", ",": "#"}
"""What is between two targets of a link in a cell."""


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    """RFC 3339: a day, a time and its zone."""
    form = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
    return not isinstance(value, str) or bool(re.fullmatch(form, value) and datetime.fromisoformat(value.upper()))


class UserError(Exception):
    """The whole request is refused, with nothing but a message."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


# ---------------------------------------------------------------- what is stored


@dataclass(frozen=True)
class Record:
    """A node as it is stored; ``links`` has the ids of its targets by the link's name."""

    id: str
    type: str
    properties: Document
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def submitter_id(self) -> str | None:
        return self.properties.get("submitter_id")

    @property
    def project_id(self) -> str | None:
        return self.properties.get("project_id")


@dataclass
class Store:
    """All nodes, by their ids, and the log of transactions, by their numbers."""

    dictionary: Mapping[str, Any]
    nodes: dict[str, Record] = field(default_factory=dict)
    log: dict[int, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    validators: dict[str, Draft4Validator] = field(default_factory=dict)

    @property
    def types(self) -> list[str]:
        """The names of the dictionary's nodes, without its definitions."""
        return [name for name, one in self.dictionary.items() if not name.startswith("_") and "category" in one]

    def records(self, project_id: str) -> dict[tuple[str, str | None], Record]:
        """What a project holds, by type and submitter_id."""
        return {(one.type, one.submitter_id): one for one in self.nodes.values() if one.project_id == project_id}

    def program(self, name: str) -> Record | None:
        """A program that is registered."""
        return next(
            (one for one in self.nodes.values() if one.type == "program" and one.properties["name"] == name), None
        )

    def project(self, program: str, code: str) -> Record | None:
        """A project that is registered in a program."""
        owner = self.program(program)
        found = (one for one in self.nodes.values() if one.type == "project" and one.properties["code"] == code)
        return next((one for one in found if owner and one.links["programs"] == (owner.id,)), None)

    def validator(self, label: str) -> Draft4Validator:
        """The validator of a type, which looks at the properties last, as the order of the YAML file has it."""
        if label not in self.validators:
            schema = dict(self.dictionary[label])
            schema["properties"] = schema.pop("properties")
            self.validators[label] = Draft4Validator(schema, format_checker=FORMATS)
        return self.validators[label]

    def defaults(self, label: str) -> Document:
        """The system properties of a type that have a default."""
        schema = self.dictionary[label]
        properties = {name: schema["properties"].get(name, {}) for name in schema.get("systemProperties", ())}
        return {name: one["default"] for name, one in properties.items() if "default" in one}

    def unique_keys(self, label: str, document: Mapping[str, Any], project_id: str | None) -> list[Document]:
        """What must be the only one of its type; a value of a wrong type is none."""
        given = {"project_id": project_id, **document}
        keys = [names for names in self.dictionary[label]["uniqueKeys"] if names != ["id"]]
        return [{name: v if isinstance(v := given.get(name), str) else None for name in names} for names in keys]

    def edges(self, label: str) -> dict[str, str]:
        """The links from a type and to it: the type at the other end by the link's name or its backref."""
        there = {link["name"]: link["target_type"] for link in links_of(self.dictionary[label])}
        back = ((name, link) for name in self.types for link in links_of(self.dictionary[name]))
        return {**{link["backref"]: name for name, link in back if link["target_type"] == label}, **there}

    def neighbours(self, record: Record, edge: str) -> list[Record]:
        """The nodes at the other end of a link or a backref."""
        links = {link["name"]: link for link in links_of(self.dictionary[record.type])}
        if edge in links:
            return [self.nodes[target] for target in record.links.get(edge, ())]
        names = {
            (name, link["name"])
            for name in self.types
            for link in links_of(self.dictionary[name])
            if link["backref"] == edge and link["target_type"] == record.type
        }
        return [one for one, link in self.sources(record) if (one.type, link) in names]

    def sources(self, target: Record) -> list[tuple[Record, str]]:
        """What links to a node, each with the link's name, in the order they were stored."""
        return [(one, name) for one in self.nodes.values() for name, ids in one.links.items() if target.id in ids]


def links_of(schema: Mapping[str, Any]) -> list[Document]:
    """The links of a type, out of their groups."""
    found: list[Document] = []
    for link in schema.get("links") or schema.get("subgroup") or ():
        found += links_of(link) if "subgroup" in link else [link]
    return found


# ---------------------------------------------------------------- a table comes in


def documents(text: str, delimiter: str, dictionary: Mapping[str, Any]) -> list[Document]:
    """The documents of a table, its cells cast by what the dictionary says of their columns."""
    rows = csv.DictReader(io.StringIO("\n".join(text.strip().splitlines())), delimiter=delimiter)
    try:
        return [_document(row, BETWEEN[delimiter], dictionary) for row in rows]
    except (AttributeError, csv.Error) as error:  # a row that is longer than the header has a column None
        raise UserError(f"Unable to parse document: {error}") from None


def _document(row: Mapping[str, Any], between: str, dictionary: Mapping[str, Any]) -> Document:
    given = {name: cell for name, cell in row.items() if cell is not None or name is None}
    given = {name.lstrip("*").strip(): cell.strip() for name, cell in given.items()}
    if not (properties := dictionary.get(given.get("type", ""), {}).get("properties")):
        return {name: cell for name, cell in given.items() if cell and "." not in name}
    made: Document = {}
    for column, cell in given.items():
        name, _, key = column.partition(".")
        if not key:
            made[name] = None if cell in ("", "null") else _cast(cell, properties.get(name, {}))
        for n, target in enumerate(cell.split(between) if key and cell else ()):
            targets = made.setdefault(name, [])
            targets += [{}] * (n + 1 - len(targets))
            targets[n] = {**targets[n], key: None if cell == "null" else target.strip()}
    return made


def _cast(cell: str, schema: Mapping[str, Any]) -> Any:
    """A cell as its property's first type has it; what can't be cast stays text."""
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "boolean":
        return {"true": True, "false": False}.get(cell.lower(), cell)
    if kind == "array":
        return [item.strip() for item in cell.split(",")]
    try:
        if kind == "number":
            return int(number) if (number := float(cell)).is_integer() else number
        return int(cell) if kind == "integer" else cell
    except ValueError:
        return cell


# ---------------------------------------------------------------- a table goes out


def columns(dictionary: Mapping[str, Any], label: str, *, with_id: bool) -> list[str]:
    """The header of a template: required ones have a star, a link is told by its target's id and key."""
    schema = dictionary[label]
    links = {link["name"]: link for link in links_of(schema)}
    unique = {name for names in schema["uniqueKeys"] for name in names} - {"type", "id"}
    rest = sorted(set(schema["properties"]) - unique - {"type", "id"})
    ordered = [["type", "id"], sorted(unique), [one for one in rest if one in links]]
    ordered += [
        [one for one in rest if one not in links and (one in schema["required"]) is must] for must in (True, False)
    ]
    found = []
    for name in (one for names in ordered for one in names):
        hidden = name in schema["systemProperties"] and name not in ("id", "project_id")
        star = "*" if name in schema["required"] else ""
        if name in links:
            keys = [names for names in dictionary[links[name]["target_type"]]["uniqueKeys"] if names != ["id"]]
            found += [f"{star}{name}.{key}" for key in [*["id"] * with_id, *keys[0]] if key != "project_id"]
        elif not hidden and (name != "id" or with_id):
            found.append(star + name)
    return [*found, *["urls"] * (schema["category"] == "data_file")]


def template(dictionary: Mapping[str, Any], label: str, form: str) -> str | Document:
    """An empty table with one line that has the type, or a document with everything in it."""
    if label not in dictionary:
        raise UserError(f"Entity type {label} is not in dictionary", 404)
    header = columns(dictionary, label, with_id=False)
    if form == "json":
        filled: Document = {}
        for name, _, key in (column.partition(".") for column in header):
            filled[name] = {**filled.get(name, {}), key: None} if key else label if name == "*type" else None
        return filled
    return table([header, [label, *[""] * (len(header) - 1)]], form)


def table(rows: Iterable[Iterable[Any]], form: str) -> str:
    """Rows as Python's own writer has them, with CRLF."""
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter_of(form)).writerows(rows)
    return written.getvalue()


def delimiter_of(form: str) -> str:
    """What is between two cells."""
    if form not in DELIMITERS:
        raise UserError(f"Format {form} is not supported; supported formats are: csv,tsv,json.")
    return DELIMITERS[form]


def export_type(store: Store, project_id: str, label: str, form: str, with_id: bool) -> tuple[str, str]:
    """The name and the text of a file with all nodes of a type, in the order of their ids; what has no value is left out."""
    if label not in store.types:
        raise UserError(f"dictionary does not have node with type {label}")
    if store.dictionary[label]["category"] == "internal":
        raise UserError("cannot export node with category `internal`")
    header, found = _header(store, label, with_id), store.records(project_id).values()
    records = [_exported(store, one, header) for one in sorted(found, key=lambda one: one.id) if one.type == label]
    if form == "json":
        body = [{name: value for name, value in one.items() if value not in (None, [])} for one in records]
        return f"{label}.json", json.dumps({"data": body})
    delimiter, lines = delimiter_of(form), ["\t".join(header)]  # in a CSV, too
    lines += [delimiter.join(_cells(one, header, delimiter)) for one in records]
    return f"{label}.{form}", "".join(f"{line}\n" for line in lines)


def export_nodes(
    store: Store, project_id: str, ids: list[str], form: str, with_id: bool, children: str | None
) -> tuple[str, str | bytes]:
    """The name and the content of a file with nodes; with ``children`` what links to them comes with them, of that category
    or, when it is empty, of each."""
    found = {one.id: one for one in store.nodes.values() if one.id in ids and one.project_id == project_id}
    if not found:
        raise UserError(f"Unable to find {', '.join(ids)}", 404)
    waiting, seen = list(found.values()) if children is not None else [], set(found)
    while waiting:
        for source in (one for one, _ in store.sources(waiting.pop(0)) if one.id not in seen):
            seen.add(source.id)
            waiting.append(source)
            if not children or store.dictionary[source.type]["category"] == children:
                found[source.id] = source
    headers = {one.type: _header(store, one.type, with_id) for one in found.values()}
    records = [(one.type, _exported(store, one, headers[one.type])) for one in found.values()]
    mixed = f"gdc_export_{sha512(','.join(found).encode()).hexdigest()}"
    name = next(iter(headers)) if len(headers) == 1 else mixed
    if form == "json":
        return f"{name}.json", json.dumps([one for _, one in records], indent=2)
    delimiter, tables = delimiter_of(form), {label: [names] for label, names in headers.items()}
    for label, one in records:
        tables[label].append(_cells(one, headers[label], delimiter))
    if len(tables) == 1:
        return f"{name}.{form}", table(tables[name], form)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as tar:
        for label, rows in tables.items():
            content = table(rows, form).encode()
            part = tarfile.TarInfo(f"{label}.{form}")
            part.size = len(content)
            tar.addfile(part, io.BytesIO(content))
    return f"{name}.tar.gz", written.getvalue()


def _header(store: Store, label: str, with_id: bool) -> list[str]:
    """The columns of an export, links last."""
    names = [name.lstrip("*") for name in columns(store.dictionary, label, with_id=with_id) if name != "urls"]
    return sorted(names, key=lambda name: "." in name)


def _exported(store: Store, record: Record, header: Iterable[str]) -> Document:
    """A record as an export has it: its links as lists of their targets' ids and keys."""
    made: Document = {}
    for name, _, key in (column.partition(".") for column in header):
        targets = [store.nodes[target] for target in record.links.get(name, ())] if key else []
        if not key:
            made[name] = {"id": record.id, "type": record.type}.get(name, record.properties.get(name))
            continue
        known = made.setdefault(name, [{} for _ in targets])
        for n, target in enumerate(targets):
            known[n] |= {"node_id": target.id} if key == "id" else {key: target.properties.get(key)}
    return made


def _cells(document: Mapping[str, Any], header: Iterable[str], delimiter: str) -> list[str]:
    """The line of an exported document."""
    made = []
    for name, _, key in (column.partition(".") for column in header):
        value = document.get(name)
        if key:
            key = "node_id" if key == "id" else key
            made.append(BETWEEN[delimiter].join(str(target[key]) for target in value or ()))
        else:
            made.append("" if value is None else ",".join(map(str, value)) if isinstance(value, list) else str(value))
    return made
