"""ENA's Schema: the sample's columns come from checklists, those of the other objects from what Webin V2 takes.

Each type is written as a JSON Schema with a few marks of ours, such as ``needed`` and ``access``. The keys are those of
Webin V2 documents and of the XSDs for what only XML carries; limits are those of ENA's manual.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from workbook_compiler.errors import SchemaError
from workbook_compiler.model.schema import Access, EntityType, Narrowed, Property, Schema
from workbook_compiler.portals import ena_values as values
from workbook_compiler.portals.ena_checklists import (
    Checklist,
    ChecklistField,
    Group,
    GroupRule,
    checklists,
    is_checklist,
)
from workbook_compiler.portals.ena_json import ORDERS
from workbook_compiler.portals.json_schema import MOST_ALTERNATIVES, not_together, one_needed, property_of, rules_of

CHECKLIST = "ENA-CHECKLIST"
"""The attribute that tells ENA which checklist a sample follows; without it ERC000011 applies."""
_DRAFT = "https://json-schema.org/draft/2020-12/schema"

Node = Mapping[str, Any]


def load_schema(documents: Mapping[str, Any], source: str, sha256: str) -> Schema:
    """Return the Schema of ``{accession or file stem: checklist}``, or of one checklist whose accession is in ``source``.

    The first checklist is the type ``sample``; each further one is a type of its own that may stand for it. Raises
    SchemaError for documents that are no checklists, and without any.
    """
    known = list(checklists({source: documents} if is_checklist(documents) else documents).values())
    if not known:
        raise SchemaError(
            "ENA's samples follow a checklist, and none is there. Get one first, such as the default one: "
            "wbc schemas pull --portal ena --checklist ERC000011"
        )
    names = ("sample", *(f"sample_{checklist.accession}" for checklist in known[1:]))
    samples = [_sample(name, checklist) for name, checklist in zip(names, known, strict=True)]
    samples[0] = replace(samples[0], children=names)
    types = (_entity("project", **_PROJECT), *samples, *(_entity(name, **parts) for name, parts in _READS.items()))
    return Schema("ena", {entity.name: entity for entity in types}, source, sha256)


def unit_column(field: str) -> str:
    """Return the name of the column that says in which unit a field's values are."""
    return f"{field} unit"


def _access(node: Node) -> Access:
    return Access(node.get("access", Access.OFFERED))


def _entity(
    name: str, title: str, about: str, own: Mapping[str, Node], chain: tuple[str, ...] = (), rules: Node | None = None
) -> EntityType:
    """An entity type whose columns are ``own`` between those that all types have."""
    family = chain[-1] if chain else name
    node = {**_object(about, _common(family, own)), **(rules or {})}
    prop = property_of(name, node, _access, required=True)
    properties = {key: _finished(node["properties"][key], child) for key, child in prop.properties.items()}
    return EntityType(
        name=name,
        path="analyses" if family == "analysis" else f"{family}s",
        title=title,
        description=about,
        properties=properties,
        chain=chain or (name,),
        children=(name,),
        identifiers=("alias", "accession"),
        rules={"$schema": _DRAFT, **rules_of(node, prop)},
    )


def _finished(node: Node, prop: Property) -> Property:
    """The property with what no JSON Schema says."""
    units, recommended = tuple(node.get("units", ())), bool(node.get("recommended"))
    narrowed, members = node.get("narrowed"), node.get("members", 1)
    return replace(prop, units=units, recommended=recommended, narrowed=narrowed, members=members)


def _sample(name: str, checklist: Checklist) -> EntityType:
    about = f"One sample, described by ENA's checklist {checklist.accession}"
    taken = {**_SAMPLE, **_common("sample", _SAMPLE), CHECKLIST: {}}
    fields = [field for field in checklist.fields if field.name not in taken]
    names = frozenset(taken) | {field.name for field in fields}
    measured = {f.name: unit_column(f.name) for f in fields if len(f.units) > 1 and unit_column(f.name) not in names}
    columns: dict[str, Node] = {}
    for field in fields:
        columns[field.name] = _field(field)
        if field.name in measured:
            about_unit = f"The unit that {field.name} is given in."
            columns[measured[field.name]] = _text(about_unit, enum=list(field.units))
    told = _text("The checklist the sample follows; it is written by itself.", enum=[checklist.accession])
    own = {**_SAMPLE, **columns, **_MORE, CHECKLIST: {**told, "access": Access.REFUSED}}
    present = frozenset(field.name for field in fields)
    rules = {
        "dependentRequired": {field: [unit] for field, unit in measured.items()},
        "allOf": [rule for group in checklist.groups for rule in _group_rules(group, present)],
    }
    chain = ("sample",) if name == "sample" else (name, "sample")
    title = f"Sample ({checklist.title or checklist.accession})"
    return _entity(name, title, f"{about}: {checklist.title}." if checklist.title else f"{about}.", own, chain, rules)


def _field(field: ChecklistField) -> Node:
    """A field of a checklist as JSON Schema; missing-value terms are taken only where its own list or pattern has them."""
    words = {
        "enum": list(field.choices) or None,
        "pattern": field.pattern,
        "minLength": field.min_length,
        "maxLength": field.max_length,
    }
    single = {"type": "string", **{word: value for word, value in words.items() if value is not None}}
    marks = {
        "description": field.description,
        "needed": field.mandatory,
        "recommended": field.recommended,
        "comment": "Recommended." if field.recommended else "",
        "units": field.units,
    }
    return {**({"type": "array", "items": single} if field.multiple else single), **marks}


def _group_rules(group: Group, present: frozenset[str]) -> Iterator[Node]:
    """How many fields of a group are filled in, in words that ``pipeline/causes`` can tell at a cell."""
    names = [name for name in group.fields if name in present]
    if names and group.rule in (GroupRule.SOME, GroupRule.ONE):
        yield one_needed(names)
    if len(names) <= MOST_ALTERNATIVES and group.rule in (GroupRule.ONE, GroupRule.AT_MOST_ONE):
        yield from (not_together(*pair) for pair in combinations(names, 2))


def _text(about: str, **words: Any) -> dict[str, Any]:
    return {"type": "string", "description": about, **words}


def _needed(about: str, **words: Any) -> dict[str, Any]:
    return _text(about, needed=True, **words)


def _accepted(about: str, **words: Any) -> dict[str, Any]:
    return _text(about, access=Access.ACCEPTED, **words)


def _list(about: str, items: Node, **words: Any) -> dict[str, Any]:
    return {"type": "array", "description": about, "items": items, **words}


def _object(about: str, properties: Mapping[str, Node]) -> dict[str, Any]:
    """An object with nothing but these properties, in this order."""
    return {
        "type": "object",
        "description": about,
        "properties": {name: {**node, "lookup": place} for place, (name, node) in enumerate(properties.items())},
        "required": [name for name, node in properties.items() if node.get("needed")],
        "additionalProperties": False,
    }


def _common(family: str, own: Mapping[str, Node]) -> dict[str, Node]:
    """The columns of a type: its own name for the record, ``own``, and what ENA or a broker gives."""
    about = f"Your own name for this {family}; the other sheets refer to it by this name. No two may have the same."
    dates = {"release_date": _DATE[family]} if family in _DATE else {}
    return {
        "alias": _needed(about, comment=f"Such as gut-{family}-1.", uniqueKey=f"{family}:alias"),
        **own,
        "accession": _accepted(
            "The number ENA gave it, if it is registered already.",
            pattern=r"^[A-Z]+\d+$",
            uniqueKey=f"{family}:accession",
            comment="Such as ERS1234567.",
        ),
        "center_name": _accepted("The institute you submit for. Only brokers fill it in."),
        "action": _accepted(
            "ADD registers a new record; MODIFY replaces one that is registered. HOLD keeps a registered one private until "
            "its release_date, RELEASE makes it public, CANCEL withdraws one that is still private.",
            enum=[*values.ACTIONS, *ORDERS],
        ),
        **dates,
    }


_DATE = {
    "project": _text("The day everybody may see it, two years from now at the latest.", format="date"),
    "sample": _accepted("The day everybody may see it, two years from now at the latest.", format="date"),
}
_MORE: dict[str, Node] = {
    "links": _list(
        "Where more is known about it: a record of another database, or a web page.",
        _object(
            "",
            {
                "db": _text("The other database.", comment="Such as PUBMED. Fill in id as well."),
                "id": _text("The record's number there."),
                "label": _text("What a web page is called.", comment="Fill in url as well."),
                "url": _text("The web page's address.", comment="Such as https://example.org/cohort."),
            },
        ),
        access=Access.ACCEPTED,
    ),
    "attributes": _list(
        "What you want to say and no other column is meant for.",
        _object(
            "",
            {
                "tag": _needed("What is said, in a few words.", comment="Such as storage box."),
                "value": _text("The value."),
                "unit": _text("Its unit of measure, if it has one."),
            },
        ),
        access=Access.ACCEPTED,
    ),
}
_SAMPLE: dict[str, Node] = {
    "title": _text("A short line that tells this sample from the others.", comment="Such as Stool of donor 1, day 0."),
    "taxon_id": _needed(
        "The organism's number in the NCBI taxonomy; a metagenome has one too.",
        pattern=r"^[0-9]+$",
        comment="Such as 9606 for human, 408170 for human gut metagenome.",
    ),
    "scientific_name": _text(
        "The organism's scientific name that goes with the number.", comment="Such as Homo sapiens."
    ),
    "common_name": _accepted("The organism's everyday name.", comment="Such as human."),
    "description": _accepted("Anything else about the sample, in sentences."),
}
_PROJECT: dict[str, Any] = {
    "title": "Project",
    "about": "A study: what the samples and reads were made for. It gets the number that papers cite.",
    "own": {
        "title": _needed(
            "The study's title as the public will read it.",
            minLength=20,
            maxLength=250,
            comment="Such as Gut microbiome of 40 adults before and after fasting.",
        ),
        "description": _needed("What was done and why, as in an abstract.", minLength=20, maxLength=4000),
        "name": _text("A short name for the study.", comment="Such as Fasting gut."),
        "umbrella": {
            "type": "boolean",
            "description": "TRUE for a project that only holds other projects together.",
            "access": Access.ACCEPTED,
        },
        "locus_tag_prefixes": _list(
            "Prefixes for the names of genes, to be reserved for annotated genomes.",
            {"type": "string"},
            access=Access.ACCEPTED,
        ),
        "parent_project": _accepted("The umbrella project it belongs to.", linkTo="project"),
        **_MORE,
    },
}
_FILE_NAME = _needed(
    "The data file, as it is called on your computer.", s3Upload=True, comment="Such as stool1_R1.fastq.gz."
)
_CHECKSUM = _text(
    "The file's MD5 sum: 32 digits and letters from a to f, which md5sum prints.",
    pattern="^[0-9a-f]{32}$",
    comment="Leave it empty, and it is worked out from the file when you submit.",
)
_READS: dict[str, dict[str, Any]] = {
    "experiment": {
        "title": "Experiment",
        "about": "A library made from one sample, and the instrument it was sequenced on.",
        "own": {
            "title": _text(
                "A short line that tells this library from the others.", comment="Such as RNA-Seq of liver 1."
            ),
            "study": _needed("The project it belongs to.", linkTo="project"),
            "sample": _needed("The sample the library was made from.", linkTo="sample"),
            "design_description": _text("What the library was made for, and how."),
            "library_name": _text("What the library is called in your lab.", comment="Such as lib-2026-014."),
            "library_strategy": _needed("What kind of sequencing it is.", enum=list(values.LIBRARY_STRATEGIES)),
            "library_source": _needed("What kind of material was sequenced.", enum=list(values.LIBRARY_SOURCES)),
            "library_selection": _needed("How that material was picked out.", enum=list(values.LIBRARY_SELECTIONS)),
            "library_layout": _needed(
                "PAIRED when fragments were read from both ends.", enum=list(values.LIBRARY_LAYOUTS)
            ),
            "insert_size": {
                "type": "integer",
                "minimum": 0,
                "description": "The length of the fragments between the adapters, in bases.",
                "comment": "Such as 350.",
                "access": Access.ACCEPTED,
            },
            "library_construction_protocol": _accepted("How the library was made: kit, steps, changes."),
            "platform": _needed("The maker or technique of the instrument.", enum=list(values.PLATFORMS)),
            "instrument_model": _needed(
                "The instrument; it has to be one of the platform.",
                enum=list(values.INSTRUMENT_MODELS),
                narrowed=Narrowed("platform", values.INSTRUMENTS),
            ),
            **_MORE,
        },
    },
    "run": {
        "title": "Run",
        "about": "The data files that came out of sequencing one library.",
        "own": {
            "title": _text("A short line about the run, if it needs one."),
            "experiment": _needed("The experiment, that is the library, it was read from.", linkTo="experiment"),
            "files": _list(
                "The run's data files.",
                _object(
                    "",
                    {
                        "file_name": _FILE_NAME,
                        "file_type": _needed("What kind of file it is.", enum=list(values.RUN_FILE_TYPES)),
                        "checksum": _CHECKSUM,
                        "checksum_method": _accepted("How the sum was worked out.", enum=list(values.CHECKSUM_METHODS)),
                        "read_type": _list(
                            "What the file's reads are; needed where a run has more than two fastq files.",
                            {"type": "string", "enum": list(values.READ_TYPES)},
                            access=Access.ACCEPTED,
                        ),
                    },
                ),
                needed=True,
                members=2,  # paired reads come in two files
            ),
            "attributes": _MORE["attributes"],
            "links": _MORE["links"],
        },
    },
    "analysis": {
        "title": "Analysis",
        "about": "What was worked out from reads: alignments, variants, assemblies.",
        "own": {
            "title": _needed("A short line that says what was worked out.", comment="Such as Variants of donor 1."),
            "description": _text("How it was worked out: programs, versions, settings."),
            "study": _needed("The project it belongs to.", linkTo="project"),
            "samples": _list("The samples it is about.", {"type": "string", "linkTo": "sample"}),
            "experiments": _list("The experiments it is about.", {"type": "string", "linkTo": "experiment"}),
            "runs": _list("The runs whose reads were used.", {"type": "string", "linkTo": "run"}),
            "analysis_type": _needed("What kind of result it is.", enum=list(values.ANALYSIS_TYPES)),
            "files": _list(
                "The result's files.",
                _object(
                    "",
                    {
                        "file_name": {**_FILE_NAME, "comment": "Such as donor1.vcf.gz."},
                        "file_type": _needed("What kind of file it is.", enum=list(values.ANALYSIS_FILE_TYPES)),
                        "checksum": _CHECKSUM,
                    },
                ),
                needed=True,
            ),
            "attributes": _MORE["attributes"],
            "links": _MORE["links"],
        },
    },
}
