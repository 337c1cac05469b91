"""ENA objects as XML: what ``ena_json`` made becomes elements in the order the published XSDs want (SRA 1.5, ENA.project).

Everything JSON carries can be written here too, and what the server's converter loses: sample descriptions, links beside
attributes, library protocols, insert sizes, the parts of an analysis type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

Object = Mapping[str, Any]

SETS: Mapping[str, str] = {
    "projects": "PROJECT_SET",
    "samples": "SAMPLE_SET",
    "experiments": "EXPERIMENT_SET",
    "runs": "RUN_SET",
    "analyses": "ANALYSIS_SET",
}
"""In the order of ENA's own example."""


def encode(path: str, entry: Object) -> bytes:
    """Return one object as the UTF-8 bytes of its element."""
    return _written(element(path, entry))


def element(path: str, entry: Object) -> Element:
    """Return one object as its element."""
    made = Element(SETS[path].removesuffix("_SET"), _given(entry, _NAMES))
    _ELEMENTS[path](made, entry)
    return made


def document(alias: str, actions: Iterable[Mapping[str, str]], sets: Mapping[str, Iterable[bytes]]) -> str:
    """Return a whole ``<WEBIN>`` document of encoded objects; sets without any don't appear."""
    parts = [b"<?xml version='1.0' encoding='UTF-8'?>\n<WEBIN>", _written(_submission(alias, actions))]
    for path, name in SETS.items():
        if objects := b"".join(sets.get(path, ())):
            parts.append(b"<%b>%b</%b>" % (name.encode(), objects, name.encode()))
    return b"".join([*parts, b"</WEBIN>"]).decode()


def _submission(alias: str, actions: Iterable[Mapping[str, str]]) -> Element:
    root = Element("SUBMISSION_SET")
    inside = SubElement(SubElement(root, "SUBMISSION", {"alias": alias}), "ACTIONS")
    for action in actions:
        SubElement(SubElement(inside, "ACTION"), action["type"], _given(action, {"holdUntilDate": "HoldUntilDate"}))
    return root


def _written(made: Element) -> bytes:
    return tostring(made, encoding="unicode").encode()


def _given(entry: Object, names: Mapping[str, str]) -> dict[str, str]:
    return {name: entry[key] for key, name in names.items() if key in entry}


def _texts(parent: Element, entry: Object, names: Mapping[str, str]) -> None:
    for key, name in names.items():
        if key in entry:
            SubElement(parent, name).text = entry[key]


def _reference(parent: Element, name: str, reference: Object | None) -> None:
    if reference:
        SubElement(parent, name, _given(reference, {"alias": "refname", "accession": "accession"}))


def _told(parent: Element, entry: Object, attributes: Iterable[Object] = ()) -> None:
    """Add links, then attributes: the other way round, as the server writes JSON, the XSDs refuse it."""
    if links := entry.get("links"):
        inside = SubElement(parent, f"{parent.tag}_LINKS")
        for link in links:
            made = SubElement(inside, f"{parent.tag}_LINK")
            if "urlLink" in link:
                _texts(SubElement(made, "URL_LINK"), link["urlLink"], {"label": "LABEL", "url": "URL"})
            else:
                _texts(SubElement(made, "XREF_LINK"), link["xrefLink"], {"db": "DB", "id": "ID"})
    if attributes := list(attributes):
        inside = SubElement(parent, f"{parent.tag}_ATTRIBUTES")
        for attribute in attributes:
            _texts(SubElement(inside, f"{parent.tag}_ATTRIBUTE"), attribute, _ATTRIBUTE)


def _project(made: Element, entry: Object) -> None:
    _texts(made, entry, {"name": "NAME", "title": "TITLE", "description": "DESCRIPTION"})
    if "adminProject" in entry:
        SubElement(made, "UMBRELLA_PROJECT")
    else:
        inside = SubElement(SubElement(made, "SUBMISSION_PROJECT"), "SEQUENCING_PROJECT")
        for prefix in entry["sequencingProject"].get("locusTagPrefixes", ()):
            SubElement(inside, "LOCUS_TAG_PREFIX").text = prefix
    if related := entry.get("relationships"):
        inside = SubElement(made, "RELATED_PROJECTS")
        for one in related:
            for key, other in one.items():
                SubElement(SubElement(inside, "RELATED_PROJECT"), _RELATIONS[key], _given(other, _NAMES))
    _told(made, entry, entry.get("attributes", ()))


def _sample(made: Element, entry: Object) -> None:
    _texts(made, entry, {"title": "TITLE"})
    _texts(SubElement(made, "SAMPLE_NAME"), entry["organism"], _ORGANISM)
    _texts(made, entry, {"description": "DESCRIPTION"})
    _told(made, entry, entry.get("attributes", ()))


def _experiment(made: Element, entry: Object) -> None:
    _texts(made, entry, {"title": "TITLE"})
    _reference(made, "STUDY_REF", entry.get("study"))
    design = SubElement(made, "DESIGN")
    _texts(design, entry, {"designDescription": "DESIGN_DESCRIPTION"})
    for sample in entry.get("samples", ()):
        _reference(design, "SAMPLE_DESCRIPTOR", sample)
    library, given = SubElement(design, "LIBRARY_DESCRIPTOR"), entry["libraryDescriptor"]
    _texts(library, given, _LIBRARY)
    if layout := given.get("libraryLayout", "").upper():
        size = _given(given, {"nominalLength": "NOMINAL_LENGTH"}) if layout == "PAIRED" else {}
        SubElement(SubElement(library, "LIBRARY_LAYOUT"), layout, size)
    _texts(library, given, {"libraryConstructionProtocol": "LIBRARY_CONSTRUCTION_PROTOCOL"})
    if platform := entry.get("instrumentPlatform"):
        inside = SubElement(SubElement(made, "PLATFORM"), platform)
        _texts(inside, entry, {"instrumentModel": "INSTRUMENT_MODEL"})
    _told(made, entry, entry.get("attributes", ()))


def _run(made: Element, entry: Object) -> None:
    _texts(made, entry, {"title": "TITLE"})
    _reference(made, "EXPERIMENT_REF", entry.get("experiment"))
    if files := entry.get("files"):
        _files(SubElement(made, "DATA_BLOCK"), files)
    _told(made, entry, entry.get("attributes", ()))


def _analysis(made: Element, entry: Object) -> None:
    _texts(made, entry, {"title": "TITLE", "description": "DESCRIPTION"})
    _reference(made, "STUDY_REF", entry.get("study"))
    for key, name in {"samples": "SAMPLE_REF", "experiments": "EXPERIMENT_REF", "runs": "RUN_REF"}.items():
        for reference in entry.get(key, ()):
            _reference(made, name, reference)
    kind, attributes = entry.get("analysisType", ""), list(entry.get("attributes", ()))
    if kind:
        inside = SubElement(SubElement(made, "ANALYSIS_TYPE"), kind)
        for name in PARTS.get(kind, ()):
            attributes = _part(inside, name, kind, attributes)
    if files := entry.get("files"):
        _files(made, files)
    _told(made, entry, attributes)


def _part(parent: Element, name: str, kind: str, attributes: list[Object]) -> list[Object]:
    """Add a part of the analysis type from the attributes that bear its name; return the attributes that are left."""
    mine = [n for n, given in enumerate(attributes) if _tag(given) == name and "value" in given]
    if name not in _REPEATED and (name, kind) != ("ASSEMBLY", "ASSEMBLY_GRAPH"):
        mine = mine[:1]
    for n in mine:
        made, value = SubElement(parent, name), attributes[n]["value"]
        if name == "ASSEMBLY":
            SubElement(made, "STANDARD", {"accession": value})
        elif name == "SEQUENCE":
            made.set("accession", value)
        else:
            made.text = value.lower() if name in _YES_OR_NO else value
    return [given for n, given in enumerate(attributes) if n not in mine]


def _tag(attribute: Object) -> str:
    return str(attribute.get("tag", "")).strip().upper().replace(" ", "_")


def _files(parent: Element, files: Iterable[Object]) -> None:
    inside = SubElement(parent, "FILES")
    for file in files:
        made = SubElement(inside, "FILE", _given(file, _FILE))
        for kind in file.get("readType", ()):
            SubElement(made, "READ_TYPE").text = kind


_NAMES = {"alias": "alias", "centerName": "center_name", "accession": "accession"}
_RELATIONS = {"parentProject": "PARENT_PROJECT", "childProject": "CHILD_PROJECT"}
_ATTRIBUTE = {"tag": "TAG", "value": "VALUE", "unit": "UNITS"}
_ORGANISM = {"taxonId": "TAXON_ID", "scientificName": "SCIENTIFIC_NAME", "commonName": "COMMON_NAME"}
_LIBRARY = {
    "libraryName": "LIBRARY_NAME",
    "libraryStrategy": "LIBRARY_STRATEGY",
    "librarySource": "LIBRARY_SOURCE",
    "librarySelection": "LIBRARY_SELECTION",
}
_FILE = {
    "fileName": "filename",
    "fileType": "filetype",
    "checksumMethod": "checksum_method",
    "checksum": "checksum",
}
_REPEATED = ("SEQUENCE", "EXPERIMENT_TYPE")
_YES_OR_NO = ("PARTIAL", "TPA", "IMPUTATION")
_PLACES = ("ASSEMBLY", "SEQUENCE")
_AUTHORS = ("AUTHORS", "ADDRESS")
PARTS: Mapping[str, tuple[str, ...]] = {
    "REFERENCE_ALIGNMENT": _PLACES,
    "SEQUENCE_VARIATION": (*_PLACES, "EXPERIMENT_TYPE", "PROGRAM", "PLATFORM", "IMPUTATION"),
    "SEQUENCE_ASSEMBLY": (
        *("NAME", "TYPE", "PARTIAL", "COVERAGE", "PROGRAM", "PLATFORM", "MIN_GAP_LENGTH", "MOL_TYPE", "TPA"),
        *_AUTHORS,
    ),
    "SEQUENCE_FLATFILE": _AUTHORS,
    "SEQUENCE_ANNOTATION": _PLACES,
    "PROCESSED_READS": _PLACES,
    "GENOME_MAP": ("PROGRAM", "PLATFORM", "DESCRIPTION"),
    "ASSEMBLY_GRAPH": ("ASSEMBLY",),
    "TRANSCRIPTOME_ASSEMBLY": ("NAME", "PROGRAM", "PLATFORM", "TPA", *_AUTHORS, "TYPE"),
    "TAXONOMIC_REFERENCE_SET": ("NAME", "TAXONOMY_SYSTEM", "TAXONOMY_SYSTEM_VERSION"),
    "ASSEMBLY_ANNOTATION": _PLACES,
}
"""Analysis type to the parts SRA.analysis.xsd gives it, in its order; attributes of these names become parts."""
_ELEMENTS: Mapping[str, Callable[[Element, Object], None]] = {
    "projects": _project,
    "samples": _sample,
    "experiments": _experiment,
    "runs": _run,
    "analyses": _analysis,
}
