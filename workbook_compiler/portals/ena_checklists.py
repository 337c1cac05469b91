"""ENA checklists -> plain values: which fields a kind of sample has, read from the three forms they are published in.

The forms are ENA's own XML (ENA.checklist.xsd), the JSON Schemas of BioSamples, and the JSON of
ELIXIR-Belgium/ENA-metadata-templates, which knows no field groups, no lengths, and of several units only one. Documents come
from strangers: what has the wrong shape is a SchemaError. Names and values stay as they are, as ENA compares sign for sign.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from workbook_compiler.errors import SchemaError
from workbook_compiler.model.patterns import NEVER, power
from workbook_compiler.portals.legal import count

LONGEST_DOCUMENT = 10_000_000
"""Signs of a checklist that is still read; the longest one published has a few hundred thousand."""
MOST_FIELDS = 2_000
MOST_CHOICES = 10_000
LONGEST_NAME = 255
_DEPTH = 40
_ACCESSION = re.compile(r"(ERC\d{6,9})(?::([\w.]{1,20}))?", re.ASCII)
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no header of a workbook can hold."""
_ELIXIR_COLUMNS = frozenset("alias title taxon_id scientific_name common_name sample_description".split())
"""What ELIXIR's files add to each checklist: columns of every sample, no fields of the checklist."""


class FieldKind(StrEnum):
    """What ENA says a value is; each is sent as text."""

    TEXT = "text"
    TEXT_AREA = "text area"
    CHOICE = "choice"
    DATE = "date"
    TAXON = "taxon"
    ONTOLOGY = "ontology"


class GroupRule(StrEnum):
    """How many fields of a group have to be filled in, in the words of ENA.checklist.xsd."""

    ANY = "Any number or none of the fields"
    ONE = "One of the fields"
    SOME = "At least one of the fields"
    AT_MOST_ONE = "One or none of the fields"


@dataclass(frozen=True, slots=True)
class ChecklistField:
    """One field of a checklist."""

    name: str
    """As it is sent: case, slashes and parentheses count."""
    description: str = ""
    mandatory: bool = False
    recommended: bool = False
    units: tuple[str, ...] = ()
    pattern: str | None = None
    """The whole value has to fit it; None where there is none, or none that Python can try."""
    choices: tuple[str, ...] = ()
    multiple: bool = False
    """Whether it may have several values."""
    min_length: int | None = None
    max_length: int | None = None
    kind: FieldKind = FieldKind.TEXT


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that are filled in together, or instead of one another."""

    rule: GroupRule
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """What one kind of sample has to say about itself."""

    accession: str
    version: str
    """Empty when the document tells none."""
    title: str
    description: str
    fields: tuple[ChecklistField, ...]
    groups: tuple[Group, ...] = ()
    """Empty in a form that has none, where all fields are free."""


def checklists(documents: Mapping[str, Any]) -> dict[str, Checklist]:
    """Return the checklists of ``{accession or file stem: document}`` by accession, in the order of the documents.

    Raises SchemaError for a document that is none of the three forms, and for an accession that comes twice.
    """
    if not isinstance(documents, Mapping):
        raise SchemaError("A checklist is expected for each name, as in a folder of checklist files.")
    found: dict[str, Checklist] = {}
    for key, document in documents.items():
        for checklist in _read(str(key), document):
            if checklist.accession in found:
                raise SchemaError(f"Checklist {checklist.accession} comes twice. Please keep one of the two.")
            found[checklist.accession] = checklist
    return found


def is_checklist(document: Any) -> bool:
    """Tell whether a JSON document is a single checklist, not a mapping of several."""
    return _is_elixir(document) or _is_biosamples(document)


def _read(key: str, document: Any) -> Iterator[Checklist]:
    if isinstance(document, str):
        if len(document) > LONGEST_DOCUMENT:
            raise SchemaError(f"{_shown(key)} is too long for a checklist.")
        text = document.lstrip("\ufeff \t\r\n")
        if text.startswith("<"):
            yield from _of_xml(key, text)
            return
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SchemaError(f"{_shown(key)} is neither XML nor JSON.") from error
    if _is_elixir(document):
        yield _of_elixir(key, document["sample"])
    elif _is_biosamples(document):
        yield _of_biosamples(key, document)
    else:
        raise SchemaError(f"{_shown(key)} isn't a checklist of ENA: neither its XML nor one of its JSON forms.")


def _is_elixir(document: Any) -> bool:
    sample = document.get("sample") if isinstance(document, Mapping) else None
    return isinstance(sample, Mapping) and "fields" in sample


def _of_elixir(key: str, sample: Mapping[str, Any]) -> Checklist:
    accession, version = _accession(key)
    where = f"Checklist {accession}"
    nodes = sample["fields"]
    if not isinstance(nodes, list):
        raise SchemaError(f"{where}: its fields aren't a list.")
    fields = (_elixir_field(where, node) for node in nodes)
    own = _all(where, (field for field in fields if field.name not in _ELIXIR_COLUMNS))
    return Checklist(accession, version, "", _text(sample.get("description"), where), own)


def _elixir_field(where: str, node: Any) -> ChecklistField:
    if not isinstance(node, Mapping):
        raise SchemaError(f"{where}: one of its fields isn't an object.")
    name = _name(node.get("name"), where)
    where = f"{where}, field {name}"
    mandatory, recommended = _need(_text(node.get("cardinality"), where), where)
    return ChecklistField(
        name,
        _text(node.get("description"), where).strip(),
        mandatory,
        recommended,
        _texts(node.get("units"), where),
        whole(_text(node.get("regex"), where)),
        _texts(node.get("cv"), where),
        kind=_kind(_text(node.get("field_type"), where), where),
    )


def _is_biosamples(document: Any) -> bool:
    properties = document.get("properties") if isinstance(document, Mapping) else None
    return isinstance(properties, Mapping) and isinstance(properties.get("characteristics"), Mapping)


def _of_biosamples(key: str, document: Mapping[str, Any]) -> Checklist:
    accession, version = _accession(key, document.get("$id"), document.get("title"))
    where = f"Checklist {accession}"
    characteristics = document["properties"]["characteristics"]
    nodes = characteristics.get("properties")
    if not isinstance(nodes, Mapping):
        raise SchemaError(f"{where}: its characteristics have no properties.")
    mandatory = frozenset(_texts(characteristics.get("required"), where))
    return Checklist(
        accession,
        version or _text(document.get("version"), where),
        _text(document.get("title"), where),
        _text(document.get("description"), where),
        _all(where, (_biosamples_field(where, name, node, mandatory) for name, node in nodes.items())),
    )


def _biosamples_field(where: str, name: Any, node: Any, mandatory: frozenset[str]) -> ChecklistField:
    name = _name(name, where)
    where = f"{where}, field {name}"
    value = _below(node, where, "items", "properties", "text")
    choices = _texts(value.get("enum"), where)
    return ChecklistField(
        name,
        _text(node.get("description"), where).strip(),
        name in mandatory,
        False,
        _texts(_below(node, where, "items", "properties", "unit").get("enum"), where),
        whole(_text(value.get("pattern"), where)),
        choices,
        node.get("type") == "array" and node.get("maxItems") != 1,
        _length(value.get("minLength"), where),
        _length(value.get("maxLength"), where),
        FieldKind.CHOICE if choices else FieldKind.TEXT,
    )


def _below(node: Any, where: str, *names: str) -> Mapping[str, Any]:
    """The object some names lead to; an empty one when there is none."""
    found: Any = node
    for name in ("", *names):
        found = found.get(name, {}) if name else found
        if not isinstance(found, Mapping):
            raise SchemaError(f"{where}: {name or 'it'} isn't an object.")
    return dict(found)


class _Tree(ElementTree.TreeBuilder):
    """Builds the tree without namespaces; a document type, which could define entities, and endless depth are refused."""

    depth = 0

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Raise SchemaError."""
        raise SchemaError("A checklist has a document type (DOCTYPE), which ENA's checklists don't have.")

    def start(self, tag: Any, attributes: Any) -> Element:
        """Open an element."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise SchemaError("A checklist is nested deeper than ENA's checklists are.")
        return super().start(tag.rpartition("}")[2], attributes)

    def end(self, tag: Any) -> Element:
        """Close it."""
        self.depth -= 1
        return super().end(tag.rpartition("}")[2])


def _of_xml(key: str, text: str) -> Iterator[Checklist]:
    parser = ElementTree.XMLParser(target=_Tree())  # noqa: S314 - _Tree refuses what could define entities
    try:
        parser.feed(text)
        root = parser.close()
    except (ElementTree.ParseError, ValueError) as error:
        raise SchemaError(f"{_shown(key)} isn't XML that can be read.") from error
    found = [root] if root.tag == "CHECKLIST" else root.findall("CHECKLIST") if root.tag == "CHECKLIST_SET" else []
    if not found:
        raise SchemaError(f"{_shown(key)} is XML, but no checklist.")
    yield from (_xml_checklist(key, node) for node in found)


def _xml_checklist(key: str, node: Element) -> Checklist:
    accession, version = _accession(node.get("accession") or key)
    where = f"Checklist {accession}"
    groups = []
    fields: list[ChecklistField] = []
    for part in node.findall("DESCRIPTOR/FIELD_GROUP"):
        members = [_xml_field(where, field) for field in part.findall("FIELD")]
        said = part.get("restrictionType", "")
        rule = GroupRule(said) if said in list(GroupRule) else GroupRule.ANY  # an unknown rule is left to ENA
        groups.append(Group(rule, tuple(dict.fromkeys(field.name for field in members))))
        fields.extend(members)
    title, description = _inside(node, "DESCRIPTOR/NAME"), _inside(node, "DESCRIPTOR/DESCRIPTION")
    return Checklist(accession, version, title, description, _all(where, fields), tuple(groups))


def _xml_field(where: str, node: Element) -> ChecklistField:
    # ENA.checklist.xsd: LABEL is what a field is referenced by, NAME what is shown
    name = _name(_inside(node, "LABEL") or _inside(node, "NAME"), where)
    where = f"{where}, field {name}"
    mandatory, recommended = _need(_inside(node, "MANDATORY"), where)
    type_ = node.find("FIELD_TYPE/*")
    type_ = Element("TEXT_FIELD") if type_ is None else type_
    multiplicity = _inside(node, "MULTIPLICITY")
    if multiplicity not in ("", "single", "multiple"):
        raise SchemaError(f"{where}: its multiplicity is neither single nor multiple.")
    return ChecklistField(
        name,
        _inside(node, "DESCRIPTION"),
        mandatory,
        recommended,
        _texts(_listed(node, "UNITS/UNIT"), where),
        whole(_inside(type_, "REGEX_VALUE")),
        _texts(_listed(type_, "TEXT_VALUE/VALUE"), where),
        multiplicity == "multiple",
        _length(_inside(type_, "MIN_LENGTH") or None, where),
        _length(_inside(type_, "MAX_LENGTH") or None, where),
        _kind(type_.tag, where),
    )


def _inside(node: Element, path: str) -> str:
    """The text of an element below, without the blanks around it; empty when there is none."""
    return (node.findtext(path) or "").strip()


def _listed(node: Element, path: str) -> list[str]:
    """The texts of some elements as they are, as one published value begins with a blank (ERC000031); indented ones bare."""
    texts = (value.text or "" for value in node.findall(path))
    return [text.strip() if "\n" in text else text for text in texts]


def whole(pattern: str) -> str | None:
    """Return a pattern that the whole value has to fit, as ENA means it; None for one that Python can't or shouldn't try."""
    if not pattern.strip() or power(pattern) == NEVER:
        return None
    anchored = pattern if _is_anchored(pattern) else f"^(?:{pattern})$"
    return anchored if power(anchored) < NEVER else None


def _is_anchored(pattern: str) -> bool:
    """Whether a pattern says itself that the whole value is meant: ``^a|b$`` doesn't, as each way has one end only."""
    bare = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "_", pattern, flags=re.DOTALL)
    depth = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            return False
    return bare.startswith("^") and bare.endswith("$")


def _accession(*texts: Any) -> tuple[str, str]:
    """The accession in the first text that has one, and its version."""
    for text in texts:
        found = _ACCESSION.search(text) if isinstance(text, str) else None
        if found:
            return found[1], found[2] or ""
    raise SchemaError(f"{_shown(texts[0])} names no sample checklist: its accession is expected, such as ERC000011.")


def _all(where: str, fields: Iterable[ChecklistField]) -> tuple[ChecklistField, ...]:
    """The fields, each name once."""
    found: dict[str, ChecklistField] = {}
    for field in fields:
        found.setdefault(field.name, field)
        if len(found) > MOST_FIELDS:
            raise SchemaError(f"{where} has more than {MOST_FIELDS} fields.")
    if not found:
        raise SchemaError(f"{where} has no fields.")
    return tuple(found.values())


def _need(cardinality: str, where: str) -> tuple[bool, bool]:
    """Whether a field is mandatory, and whether it is recommended."""
    if cardinality not in ("mandatory", "recommended", "optional", ""):
        raise SchemaError(f"{where}: it is neither mandatory nor recommended nor optional.")
    return cardinality == "mandatory", cardinality == "recommended"


def _kind(tag: str, where: str) -> FieldKind:
    word = tag.removesuffix("_FIELD").lower().replace("_", " ").replace("text choice", "choice") or "text"
    if word not in list(FieldKind):
        raise SchemaError(f"{where}: its type {_shown(tag)} isn't known.")
    return FieldKind(word)


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME or _UNWRITABLE.search(value):
        raise SchemaError(f"{where}: one of its fields has no name that a column could have.")
    return value


def _text(value: Any, where: str) -> str:
    """A text; an empty one for none."""
    if value is not None and not isinstance(value, str):
        raise SchemaError(f"{where}: a text is expected where something else stands.")
    return value or ""


def _texts(value: Any, where: str) -> tuple[str, ...]:
    """Texts, each once and none of them empty; one text alone counts as a list."""
    several = value if isinstance(value, list) else [_text(value, where)]
    if len(several) > MOST_CHOICES:
        raise SchemaError(f"{where}: a list has more than {MOST_CHOICES} values.")
    if not all(isinstance(text, str) for text in several):
        raise SchemaError(f"{where}: a list holds something else than texts.")
    return tuple(dict.fromkeys(text for text in several if text.strip()))


def _length(value: Any, where: str) -> int | None:
    """A number of signs; in XML it is written in digits."""
    length = count(int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value)
    if length is None and value is not None:
        raise SchemaError(f"{where}: a length is expected where something else stands.")
    return length


def _shown(text: Any) -> str:
    """A text from a stranger as part of a sentence."""
    clean = " ".join(_UNWRITABLE.sub(" ", str(text)).split())
    return clean if len(clean) <= 60 else f"{clean[:60]}…"
