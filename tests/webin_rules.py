"""The published behaviour of ENA's JSON converter (enasequence/webin-xml 5.1.0), traps and all, and its XSDs.

``convert`` makes of a Webin V2 JSON document what the server makes of it; ``problems`` says what the server then refuses.
Facts: ``facts/ena.md`` and ``data/ena/truth_table.json`` beside the checkout.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

Table = Mapping[str, Any]
Object = Mapping[str, Any]

XSDS = {
    "SUBMISSION_SET": "SRA.submission.xsd",
    "SAMPLE_SET": "SRA.sample.xsd",
    "STUDY_SET": "SRA.study.xsd",
    "EXPERIMENT_SET": "SRA.experiment.xsd",
    "PROJECT_SET": "ENA.project.xsd",
    "RUN_SET": "SRA.run.xsd",
    "ANALYSIS_SET": "SRA.analysis.xsd",
}
ACTIONS = frozenset("ADD MODIFY CANCEL SUPPRESS KILL HOLD RELEASE PROTECT ROLLBACK VALIDATE RECEIPT".split())


class ConverterError(Exception):
    """The converter throws: the whole document is answered with HTTP 500 (or 400), and nothing is told about a row."""


@cache
def key_table(folder: Path) -> Table:
    """The closed key table: class to its keys and whether others are refused or dropped."""
    return json.loads((folder / "truth_table.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@cache
def _xsd(folder: Path, name: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(folder / "xsd" / XSDS[name]))


def problems(xml_set: etree._Element, folder: Path) -> list[str]:
    """What the XSD says against one ``*_SET``; nothing when it is valid."""
    alone = etree.fromstring(etree.tostring(xml_set))
    xsd = _xsd(folder, str(alone.tag))
    return [] if xsd.validate(alone) else [str(found) for found in xsd.error_log]


def sets_of(document: str) -> dict[str, etree._Element]:
    """The sets of a ``<WEBIN>`` document, by their names."""
    root = etree.fromstring(document.encode())
    if root.tag != "WEBIN":
        raise ConverterError(f"root element {root.tag}")
    return {str(child.tag): child for child in root}


def convert(document: Object, table: Table) -> dict[str, etree._Element]:
    """The sets the server's converter makes of a JSON document."""
    known = _read(document, ["o", "WebinSubmission"], table, "")
    if "submission" not in known:
        raise ConverterError("no submission")
    made = {"SUBMISSION_SET": _set("SUBMISSION_SET", [known["submission"]], _submission)}
    for key, name, write in _WRITTEN:
        if known.get(key):
            made[name] = _set(name, known[key], write)
    return made


def _read(value: Any, kind: Any, table: Table, place: str) -> Any:
    """A value as its bean holds it: scalars become text, wrong keys are dropped or refused as its class says."""
    if isinstance(kind, list):
        tag, inner = kind
        if tag == "l":
            if not isinstance(value, list):
                raise ConverterError(f"{place}: not a list")
            return [_read(item, inner, table, place) for item in value]
        if not isinstance(value, Mapping):
            raise ConverterError(f"{place}: not an object")
        bean = table[inner]
        if bean["rejects_unknown_keys"] and (wrong := [key for key in value if key not in bean["keys"]]):
            raise ConverterError(f"{place}: unknown key {wrong[0]}")
        return {
            key: _read(item, bean["keys"][key], table, f"{place}/{key}")
            for key, item in value.items()
            if key in bean["keys"] and item is not None
        }
    if isinstance(value, list | Mapping):
        raise ConverterError(f"{place}: not a text")
    said = str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "enum" and said not in ACTIONS:
        raise ConverterError(f"{place}: {said}")
    if kind == "layout" and said != "single" and said.upper() != "PAIRED":
        raise ConverterError(f"{place}: {said}")  # "SINGLE", of all things
    return said


def _set(name: str, objects: Iterable[Object], write: Callable[[etree._Element, Object], None]) -> etree._Element:
    root = etree.Element(name)
    for given in objects:
        made = etree.SubElement(root, name.removesuffix("_SET"))
        _attribute(made, "alias", given.get("alias") or given.get("refName"))
        _attribute(made, "accession", given.get("accession"))
        _attribute(made, "center_name", given.get("centerName"))
        _identifiers(made, given.get("identifiers", {}))
        write(made, given)
    return root


def _attribute(made: etree._Element, name: str, value: str | None) -> None:
    if value:
        _checked(value)
        made.set(name, value)


def _text(parent: etree._Element, name: str, value: str | None) -> None:
    if value is not None:
        _checked(value)
        etree.SubElement(parent, name).text = value


def _checked(value: str) -> None:
    """As lxml refuses what XML cannot hold, so does the server."""
    try:
        etree.Element("x").text = value
    except ValueError as error:
        raise ConverterError(str(error)) from error


def _identifiers(made: etree._Element, given: Object) -> None:
    if not given:
        return
    inside = etree.SubElement(made, "IDENTIFIERS")
    for accession in given.get("secondaryAccessions", ()):
        _text(inside, "SECONDARY_ID", accession)
    for other in given.get("externalAccessions", ()):
        _text(inside, "EXTERNAL_ID", other.get("id"))
        _attribute(inside[-1], "namespace", other.get("db"))


def _reference(parent: etree._Element, name: str, given: Object | None) -> None:
    if given is not None:
        made = etree.SubElement(parent, name)
        _attribute(made, "accession", given.get("accession"))
        _attribute(made, "refname", given.get("alias"))


def _told(made: etree._Element, given: Object) -> None:
    """Attributes before links: the XSDs want it the other way round (trap 5)."""
    if given.get("attributes"):
        inside = etree.SubElement(made, f"{made.tag}_ATTRIBUTES")
        for attribute in given["attributes"]:
            one = etree.SubElement(inside, f"{made.tag}_ATTRIBUTE")
            for key, name in (("tag", "TAG"), ("value", "VALUE"), ("unit", "UNITS")):
                _text(one, name, attribute.get(key))
    if given.get("links"):
        inside = etree.SubElement(made, f"{made.tag}_LINKS")
        for link in given["links"]:
            one = etree.SubElement(inside, f"{made.tag}_LINK")
            for key, name, parts in _LINKS:
                if key in link:
                    kind = etree.SubElement(one, name)
                    for part in parts:
                        _text(kind, part.upper(), link[key].get(part))


def _submission(made: etree._Element, given: Object) -> None:
    if given.get("title"):
        raise ConverterError("submission/title")
    if given.get("labName"):
        made.set("lab_name", given["labName"])
    inside = etree.SubElement(made, "ACTIONS")
    for action in given.get("actions", ()):
        one = etree.SubElement(etree.SubElement(inside, "ACTION"), action["type"])
        _attribute(one, "target", action.get("target"))
        _attribute(one, "HoldUntilDate", action.get("holdUntilDate"))
    _told(made, given)


def _sample(made: etree._Element, given: Object) -> None:
    """The description comes too early (trap 4), the broker's name nowhere (trap 6)."""
    _text(made, "TITLE", given.get("title"))
    _text(made, "DESCRIPTION", given.get("description"))
    name, organism = etree.SubElement(made, "SAMPLE_NAME"), given.get("organism", {})
    for key, tag in (("taxonId", "TAXON_ID"), ("scientificName", "SCIENTIFIC_NAME"), ("commonName", "COMMON_NAME")):
        _text(name, tag, organism.get(key))
    _told(made, given)


def _study(made: etree._Element, given: Object) -> None:
    inside = etree.SubElement(made, "DESCRIPTOR")
    _text(inside, "STUDY_TITLE", given.get("title"))
    etree.SubElement(inside, "STUDY_TYPE").set("existing_study_type", "Other")
    _text(inside, "STUDY_DESCRIPTION", given.get("description"))
    _told(made, given)


def _experiment(made: etree._Element, given: Object) -> None:
    """A library's protocol and pooling strategy aren't written (trap 6), nor has it a key for the insert size."""
    if not given.get("samples"):
        raise ConverterError("experiment without a sample")
    _text(made, "TITLE", given.get("title"))
    _reference(made, "STUDY_REF", given.get("study"))
    design = etree.SubElement(made, "DESIGN")
    _text(design, "DESIGN_DESCRIPTION", given.get("designDescription"))
    _reference(design, "SAMPLE_DESCRIPTOR", given["samples"][0])
    library, told = etree.SubElement(design, "LIBRARY_DESCRIPTOR"), given.get("libraryDescriptor", {})
    for key in ("Name", "Strategy", "Source", "Selection"):
        _text(library, f"LIBRARY_{key.upper()}", told.get(f"library{key}"))
    if told.get("libraryLayout"):
        etree.SubElement(etree.SubElement(library, "LIBRARY_LAYOUT"), told["libraryLayout"].upper())
    _platform(made, given)
    _told(made, given)


def _platform(made: etree._Element, given: Object) -> None:
    if given.get("instrumentPlatform"):
        inside = etree.SubElement(etree.SubElement(made, "PLATFORM"), given["instrumentPlatform"])
        _text(inside, "INSTRUMENT_MODEL", given.get("instrumentModel"))


def _project(made: etree._Element, given: Object) -> None:
    for key in ("name", "title", "description"):
        _text(made, key.upper(), given.get(key))
    if "sequencingProject" in given:
        inside = etree.SubElement(etree.SubElement(made, "SUBMISSION_PROJECT"), "SEQUENCING_PROJECT")
        for prefix in given["sequencingProject"].get("locusTagPrefixes", ()):
            _text(inside, "LOCUS_TAG_PREFIX", prefix)
    if "adminProject" in given:
        etree.SubElement(made, "UMBRELLA_PROJECT")
    if given.get("relationships"):
        inside = etree.SubElement(made, "RELATED_PROJECTS")
        for related in given["relationships"]:
            one = etree.SubElement(inside, "RELATED_PROJECT")
            for key, name in (("parentProject", "PARENT_PROJECT"), ("childProject", "CHILD_PROJECT")):
                _reference(one, name, related.get(key))
    _told(made, given)


def _run(made: etree._Element, given: Object) -> None:
    _text(made, "TITLE", given.get("title"))
    _reference(made, "EXPERIMENT_REF", given.get("experiment"))
    _platform(made, given)
    if given.get("files"):
        _files(etree.SubElement(made, "DATA_BLOCK"), given["files"])
    _told(made, given)


def _files(parent: etree._Element, files: Iterable[Object]) -> None:
    inside = etree.SubElement(parent, "FILES")
    for file in files:
        one = etree.SubElement(inside, "FILE")
        for key in ("fileName", "fileType", "checksum"):
            _attribute(one, key.lower(), file.get(key))
        _attribute(one, "checksum_method", file.get("checksumMethod"))
        for kind in file.get("readType", ()):
            _text(one, "READ_TYPE", kind)


def _analysis(made: etree._Element, given: Object) -> None:
    """Only the frame: of the types with parts of their own the attributes are lost, others keep them."""
    kind = given.get("analysisType", "")
    if not kind or kind != kind.upper():
        raise ConverterError(f"analysisType {kind!r}")
    _text(made, "TITLE", given.get("title"))
    _text(made, "DESCRIPTION", given.get("description"))
    _reference(made, "STUDY_REF", given.get("study"))
    for key, name in (("samples", "SAMPLE"), ("experiments", "EXPERIMENT"), ("runs", "RUN"), ("analyses", "ANALYSIS")):
        for reference in given.get(key, ()):
            _reference(made, f"{name}_REF", reference)
    etree.SubElement(etree.SubElement(made, "ANALYSIS_TYPE"), kind)
    _files(made, given.get("files", ()))
    _told(made, {**given, "attributes": []} if kind in _LOSING else given)


_LINKS = (("urlLink", "URL_LINK", ("label", "url")), ("xrefLink", "XREF_LINK", ("db", "id")))
_LOSING = frozenset("GENOME_MAP SEQUENCE_VARIATION SEQUENCE_ASSEMBLY SEQUENCE_FLATFILE TRANSCRIPTOME_ASSEMBLY".split())
_WRITTEN: tuple[tuple[str, str, Callable[[etree._Element, Object], None]], ...] = (
    ("samples", "SAMPLE_SET", _sample),
    ("studies", "STUDY_SET", _study),
    ("experiments", "EXPERIMENT_SET", _experiment),
    ("projects", "PROJECT_SET", _project),
    ("runs", "RUN_SET", _run),
    ("analyses", "ANALYSIS_SET", _analysis),
)
