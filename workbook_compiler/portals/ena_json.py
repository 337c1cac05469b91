"""ENA objects: a record's values become the JSON object of Webin V2 that stands for it, with the keys of its closed table.

The server drops a wrong key silently or refuses the whole document, so only the keys named here are ever written.
Facts about the server are enasequence/webin-xml 5.1.0's; where its converter loses or misplaces a property, ``only_xml``
says so, and the same object is written as XML (``ena_xml``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbook_compiler.model.schema import EntityType

PATHS = ("projects", "samples", "experiments", "runs", "analyses")
"""The five kinds of object in referential order: each refers to earlier ones only. Also their keys in a document."""
CHECKLIST = "ENA-CHECKLIST"
"""The attribute that names the checklist of a sample."""
DEFAULT_CHECKLIST = "ERC000011"
"""What the server takes where a sample names no checklist."""

ORDERS = ("HOLD", "RELEASE", "CANCEL")
"""What is done to a registered object without sending it again, in the order it is asked for."""

Entry = dict[str, Any]
"""One object under its Webin V2 keys; some of them can be written as XML only."""

_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold (https://www.w3.org/TR/xml/#charsets); the server makes XML of JSON too."""
_ACCESSION = re.compile(r"[A-Z]{3,5}[A-Z]?\d+", re.ASCII)
_UNIT = " unit"
"""Ends the name of the column that holds a field's unit."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an entity type says about the objects of its records, worked out once for all of them."""

    path: str
    """``projects``, ``samples`` …"""
    checklist: str = ""
    """Accession of the checklist; empty for types without one."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Field to the unit its values have when no column says another."""
    unit_columns: Mapping[str, str] = field(default_factory=dict)
    """Field to the property that holds its unit."""
    no_fields: frozenset[str] = frozenset()
    """Properties of a sample that aren't fields of its checklist."""


def shape(entity: EntityType) -> Shape:
    """Return the shape of a type's objects."""
    if entity.path != "samples":
        return Shape(entity.path)
    properties = entity.properties
    columns = {name: name + _UNIT for name in properties if name + _UNIT in properties}
    units = {name: units[0] for name, prop in properties.items() if (units := prop.units or prop.leaf.units)}
    named = properties[CHECKLIST].choices if CHECKLIST in properties else ()
    return Shape(
        entity.path,
        str(named[0]) if named else "",
        units,
        columns,
        _SAMPLE_OWN | frozenset(columns.values()),
    )


def only_xml(values: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """Return the properties of a record that JSON would lose or misplace: it needs XML when there are any.

    JSON is used for what the converter is known to write in its right place, and for no more. Attributes and links
    together come out in the wrong order; a sample always has an attribute, its checklist.
    """
    if path == "analyses":
        return ("analysis_type",)
    lost = [name for name in _ONLY_XML[path] if filled(values.get(name))]
    if filled(values.get("links")) and (path == "samples" or filled(values.get("attributes"))):
        lost.append("links")
    return tuple(lost)


def entry(values: Mapping[str, Any], form: Shape, aliases: Collection[str]) -> Entry:
    """Return a record's object; ``aliases`` are those of all rows: a link to another value may be an accession."""
    made = _plain(values, _COMMON)
    made.update(_ENTRIES[form.path](values, form, aliases))
    attributes = [*_fields(values, form)] if form.path == "samples" else [*_attributes(values)]
    if attributes:
        made["attributes"] = attributes
    links = [_link(link) for link in values.get("links") or ()]
    if links:
        made["links"] = links
    return made


def filled(value: Any) -> bool:
    """Tell whether there is anything in a value; no and 0 are something."""
    return value is not None and value not in ("", [], {})


def text(value: Any) -> str:
    """Return a value as the text ENA takes, without the characters that XML can't hold."""
    if isinstance(value, str):
        # printable text has none of them, nor a line end; that is nearly all text, and quickly told
        return value if value.isprintable() else _ILLEGAL.sub("", re.sub("\r\n?", "\n", value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _plain(values: Mapping[str, Any], keys: Mapping[str, str]) -> Entry:
    return {key: text(values[name]) for name, key in keys.items() if filled(values.get(name))}


def _reference(value: Any, aliases: Collection[str]) -> Entry:
    """Return who is meant: a row of the workbooks before an accession, for an alias may look like one."""
    value = text(value)
    return {"accession" if value not in aliases and _ACCESSION.fullmatch(value) else "alias": value}


def _references(values: Mapping[str, Any], names: Mapping[str, str], aliases: Collection[str]) -> Entry:
    return {
        key: [_reference(value, aliases) for value in values[name]]
        for name, key in names.items()
        if filled(values.get(name))
    }


def _project(values: Mapping[str, Any], _: Shape, __: Collection[str]) -> Entry:
    prefixes = [text(prefix) for prefix in values.get("locus_tag_prefixes") or ()]
    made = _plain(values, {"name": "name", "description": "description"})
    if values.get("umbrella"):
        return {**made, "adminProject": {}}
    return {**made, "sequencingProject": {"locusTagPrefixes": prefixes} if prefixes else {}}


def _sample(values: Mapping[str, Any], _: Shape, __: Collection[str]) -> Entry:
    names = {"taxon_id": "taxonId", "scientific_name": "scientificName", "common_name": "commonName"}
    return {"organism": _plain(values, names), **_plain(values, {"description": "description"})}


def _experiment(values: Mapping[str, Any], _: Shape, aliases: Collection[str]) -> Entry:
    made: Entry = {}
    if filled(values.get("study")):
        made["study"] = _reference(values["study"], aliases)
    if filled(values.get("sample")):
        made["samples"] = [_reference(values["sample"], aliases)]
    library = _plain(values, _LIBRARY)
    if "libraryLayout" in library:  # "SINGLE" makes the server's converter throw; "single" and any PAIRED don't
        library["libraryLayout"] = library["libraryLayout"].replace("SINGLE", "single")
    return {
        **made,
        "designDescription": text(values.get("design_description") or ""),  # the XSD wants it, empty if need be
        "libraryDescriptor": library,
        **_plain(values, {"platform": "instrumentPlatform", "instrument_model": "instrumentModel"}),
    }


def _run(values: Mapping[str, Any], _: Shape, aliases: Collection[str]) -> Entry:
    made: Entry = {}
    if filled(values.get("experiment")):
        made["experiment"] = _reference(values["experiment"], aliases)
    return {**made, **_files(values)}


def _analysis(values: Mapping[str, Any], _: Shape, aliases: Collection[str]) -> Entry:
    made = _plain(values, {"description": "description"})
    if filled(values.get("study")):
        made["study"] = _reference(values["study"], aliases)
    made.update(_references(values, {"samples": "samples", "experiments": "experiments", "runs": "runs"}, aliases))
    return {**made, **_plain(values, {"analysis_type": "analysisType"}), **_files(values)}


def _files(values: Mapping[str, Any]) -> Entry:
    files = [
        {
            "checksumMethod": "MD5",
            **_plain(file, _FILE),
            **({"readType": [text(kind) for kind in file["read_type"]]} if file.get("read_type") else {}),
        }
        for file in values.get("files") or ()
    ]
    return {"files": files} if files else {}


def _fields(values: Mapping[str, Any], form: Shape) -> Iterator[Entry]:
    """Yield a sample's attributes: the fields of its checklist, further ones, and the checklist itself, once."""
    checklist = form.checklist
    units, columns, no_fields = form.units, form.unit_columns, form.no_fields
    for name, value in values.items():
        if name in no_fields:
            continue
        unit = values.get(columns[name]) if name in columns else None
        unit = unit if filled(unit) else units.get(name)
        for one in value if isinstance(value, list) else (value,):
            if one is not None and one != "":
                yield _attribute(name, one, unit)
    for attribute in _attributes(values):
        if attribute["tag"] != CHECKLIST:
            yield attribute
        else:
            checklist = checklist or attribute.get("value", "")
    named = values.get(CHECKLIST)
    yield _attribute(CHECKLIST, checklist or (named if filled(named) else DEFAULT_CHECKLIST), None)


def _attribute(tag: Any, value: Any, unit: Any) -> Entry:
    made = {"tag": text(tag), "value": text(value)}
    if unit is not None and unit != "":
        made["unit"] = text(unit)  # "units" is refused by the server
    return made


def _attributes(values: Mapping[str, Any]) -> Iterator[Entry]:
    for given in values.get("attributes") or ():
        yield _plain(given, {"tag": "tag", "value": "value", "unit": "unit"})


def _link(link: Mapping[str, Any]) -> Entry:
    if filled(link.get("url")):
        return {"urlLink": {"label": text(link.get("label") or link["url"]), "url": text(link["url"])}}
    return {"xrefLink": _plain(link, {"db": "db", "id": "id"})}


_COMMON = {"alias": "alias", "accession": "accession", "center_name": "centerName", "title": "title"}
_LIBRARY = {
    "library_name": "libraryName",
    "library_strategy": "libraryStrategy",
    "library_source": "librarySource",
    "library_selection": "librarySelection",
    "library_layout": "libraryLayout",
    "library_construction_protocol": "libraryConstructionProtocol",
    "insert_size": "nominalLength",  # ours: the server has no key for it, and XML has NOMINAL_LENGTH
}
_FILE = {
    "file_name": "fileName",
    "file_type": "fileType",
    "checksum_method": "checksumMethod",
    "checksum": "checksum",
}
_SAMPLE_OWN = frozenset(
    (
        *_COMMON,
        *"action release_date taxon_id scientific_name common_name description links attributes".split(),
        CHECKLIST,
    )
)
_ONLY_XML: Mapping[str, tuple[str, ...]] = {
    "projects": ("accession", "center_name", "locus_tag_prefixes"),
    "samples": ("accession", "center_name", "common_name", "description"),
    "experiments": ("accession", "center_name", "library_construction_protocol", "insert_size"),
    "runs": ("accession", "center_name"),
}
"""What JSON isn't trusted with, beside attributes together with links."""
_ENTRIES: Mapping[str, Callable[[Mapping[str, Any], Shape, Collection[str]], Entry]] = {
    "projects": _project,
    "samples": _sample,
    "experiments": _experiment,
    "runs": _run,
    "analyses": _analysis,
}
