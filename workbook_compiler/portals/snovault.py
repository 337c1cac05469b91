"""The snovault family: portals that serve ``/profiles/`` and take one record at a time (4DN; the code is ENCODE's ancestor)."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from workbook_compiler.errors import SchemaError
from workbook_compiler.model.plan import Operation, Plan, Request
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.schema import Access, EntityType, Feed, Kind, Link, Property, Schema
from workbook_compiler.model.service import Holdings, Service
from workbook_compiler.portals import snovault_export, snovault_server
from workbook_compiler.portals.json_schema import property_of, rules_of
from workbook_compiler.portals.legal import draft
from workbook_compiler.portals.mixins import is_raw, resolve
from workbook_compiler.portals.snovault_refusals import refusals
from workbook_compiler.portals.snovault_server import message

DEEPEST = 40
"""A family of types nested deeper than this is nobody's."""
_PREFERRED = ("aliases", "accession", "uuid")


def submittable(node: Mapping[str, Any]) -> Access:
    """Tell who may fill a property in, from the marks a snovault portal puts on it.

    ``readonly`` and ``permission`` are served as the asking user sees them. ``exclude_from: submit4dn`` leaves a column
    out of templates though the portal takes the value; a data file's ``filename`` is the exception that has one.
    A ``linkEnum`` fixes the value and has a default, so no column is offered for it.
    """
    calculated = node.get("calculatedProperty") is True or node.get("notSubmittable") is True
    guarded = node.get("permission") in ("import_items", "import-items", "admin_only") or node.get("readonly") is True
    if calculated or guarded or node.get("requestMethod") == []:
        return Access.REFUSED
    left_out = node.get("exclude_from")
    excluded = isinstance(left_out, str | list) and "submit4dn" in left_out
    if (excluded and node.get("s3Upload") is not True) or "linkEnum" in node:
        return Access.ACCEPTED
    return Access.OFFERED


def load_schema(documents: Mapping[str, Any], source: str, sha256: str, *, portal: str = "4dn") -> Schema:
    """Return the Schema of ``{TypeName: JSON Schema}`` as served, or of raw schema files by stem.

    Raises SchemaError when the documents hold no type at all.
    """
    served = resolve(documents) if is_raw(documents) else documents
    nodes = {
        name: node
        for name, node in served.items()
        if isinstance(node, dict) and "properties" in node and not name.startswith(("_", "@", "Testing"))
    }
    if not nodes:
        raise SchemaError(f"{source} holds no schema: a file with one JSON Schema for each type name is expected")
    parents = {name: _parent(node) for name, node in nodes.items()}
    chains = {name: _chain(name, parents) for name in nodes}
    abstract = {name for name, node in nodes.items() if node.get("isAbstract") is True or name == "Item"}
    types = {
        name: _entity(name, node, chains[name], _concrete(name, chains, abstract), name in abstract)
        for name, node in nodes.items()
    }
    return Schema(portal, types, source, sha256)


def _parent(node: Mapping[str, Any]) -> str | None:
    above = node.get("rdfs:subClassOf")
    return above.rsplit("/", 1)[-1].removesuffix(".json") if isinstance(above, str) else None


def _chain(name: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    chain = [name]
    while (above := parents.get(chain[-1])) and above not in chain:
        chain.append(above)
    return tuple(chain)


def _concrete(name: str, chains: Mapping[str, tuple[str, ...]], abstract: set[str]) -> tuple[str, ...]:
    return tuple(other for other, chain in chains.items() if name in chain and other not in abstract)


def _entity(
    name: str, node: Mapping[str, Any], chain: tuple[str, ...], children: tuple[str, ...], abstract: bool
) -> EntityType:
    whole = property_of(name, {**node, "type": "object"}, submittable, required=True)
    properties = {
        key: replace(prop, unique_key=prop.unique_key or f"{name}:{key}") if prop.unique_key == "" else prop
        for key, prop in whole.properties.items()
    }
    address = str(node.get("$id") or node.get("id") or name)
    rules = {
        **draft(node.get("$schema")),
        **rules_of(node, replace(whole, properties=properties)),
    }
    return EntityType(
        name=name,
        path=address.rstrip("/").rsplit("/", 1)[-1].removesuffix(".json"),
        title=whole.title or name,
        description=whole.description,
        properties=properties,
        chain=chain,
        children=children,
        abstract=abstract,
        identifiers=_identifiers(node, properties),
        rules=rules,
    )


def _identifiers(node: Mapping[str, Any], properties: Mapping[str, Property]) -> tuple[str, ...]:
    """Aliases first, then what the schema marks as unique; its ``identifyingProperties`` only where nothing else is marked.

    ``identifyingProperties`` also names search fields that may repeat (a term's ``preferred_name``).
    """
    own = [key for key, prop in properties.items() if prop.unique_key and key not in _PREFERRED]
    listed = node.get("identifyingProperties")
    if not own and isinstance(listed, list):
        own = [key for key in listed if isinstance(key, str) and key in properties and key not in _PREFERRED]
    return tuple(key for key in (*_PREFERRED, *own) if key in properties)


def render(
    plan: Plan, schema: Schema, _form: str = "json", *, message: Callable[[Operation, Schema, int], Request] = message
) -> Iterator[Request]:
    """Yield one request for each operation: POST to the type's collection, PATCH to the record's identifier."""
    for batch in plan.batches:
        for operation in batch.operations:
            yield message(operation, schema, batch.index)


def file_type(name: str) -> str | None:
    """Return the media type of an attachment by its file name."""
    media, packed = mimetypes.guess_type(name)
    return f"application/{packed}" if packed else media


def _fourdn(documents: Mapping[str, Any], source: str, sha256: str) -> Schema:
    schema = load_schema(documents, source, sha256)
    types = {
        name: replace(entity, properties=_with_paths(_with_sets(entity, schema)))
        for name, entity in schema.types.items()
    }
    return replace(schema, types=types)


def _with_paths(properties: Mapping[str, Property]) -> Mapping[str, Property]:
    """Add the column for the path of a file that comes along with another: the portal names it, so no schema has one."""
    whole = properties.get("extra_files")
    if whole is None or "file_format" not in whole.leaf.properties or whole.items is None:
        return properties
    path = Property(
        "filename",
        Kind.TEXT,
        order=whole.leaf.properties["file_format"].order + 1,
        upload=True,
        renamed=True,
        title="Extra file",
        description="The file that comes along with this one.",
    )
    item = replace(whole.items, properties={**whole.leaf.properties, path.name: path})
    return {**properties, "extra_files": replace(whole, items=item)}


def _with_sets(entity: EntityType, schema: Schema) -> Mapping[str, Property]:
    """Add the columns 4DN labs know on experiment sheets: they fill in the experiment sets."""
    if "Experiment" not in entity.chain:
        return entity.properties
    replicates = Feed("ExperimentSetReplicate", "replicate_exps", "replicate_exp", ("bio_rep_no", "tec_rep_no"))
    sets = Feed("ExperimentSet", "experiments_in_set")
    return {**entity.properties, **_replicate_columns(replicates, schema), **_set_columns(sets, schema)}


def _fed(feed: Feed, schema: Schema) -> Property | None:
    entity = schema.types.get(feed.type)
    return entity.properties.get(feed.property) if entity else None


def _replicate_columns(feed: Feed, schema: Schema) -> Mapping[str, Property]:
    fed = _fed(feed, schema)
    if fed is None:
        return {}
    link = Link((feed.type,))
    columns = [
        Property(
            "replicate_set",
            Kind.LINK,
            link=link,
            feed=feed,
            order=_SETS,
            title="Replicate set",
            description="The replicate set this experiment belongs to. Fill in both replicate numbers as well.",
        ),
        Property(
            "bio_rep_no",
            Kind.INTEGER,
            feed=feed,
            order=_SETS + 1,
            minimum=1,
            title="Biological replicate",
            description="Number of the biological replicate within the replicate set: 1, 2, 3.",
        ),
        Property(
            "tec_rep_no",
            Kind.INTEGER,
            feed=feed,
            order=_SETS + 2,
            minimum=1,
            title="Technical replicate",
            description="Number of the technical replicate within its biological replicate: 1, 2, 3.",
        ),
    ]
    return {column.name: column for column in columns}


def _set_columns(feed: Feed, schema: Schema) -> Mapping[str, Property]:
    if _fed(feed, schema) is None:
        return {}
    item = Property("experiment_set", Kind.LINK, link=Link((feed.type,)))
    column = Property(
        "experiment_set",
        Kind.LIST,
        items=item,
        feed=feed,
        order=_SETS + 3,
        title="Experiment set",
        description="Other sets this experiment belongs to, if any.",
    )
    return {column.name: column}


_SETS = 900
"""Set columns come behind an experiment's own."""

FOURDN = Portal(
    name="4dn",
    title="4D Nucleome Data Portal",
    server="https://data.4dnucleome.org",
    schema_path="/profiles/",
    load_schema=_fourdn,
    render=render,
    file_type=file_type,
    service=Service(
        account=snovault_server.account,
        defaults=snovault_server.defaults,
        find=snovault_server.find,
        look=snovault_server.look,
        values=snovault_server.values,
        message=message,
        rehearsal=snovault_server.rehearsal,
        storing=snovault_server.storing,
        created=snovault_server.created,
        refusals=refusals,
        claims=snovault_server.claims,
        extends=frozenset(("aliases", "tags")),
        at_once=snovault_server.AT_ONCE,
        vocabulary=snovault_server.vocabulary,
        vocabularies=("ExperimentType", "FileFormat"),
        awaits_file=snovault_server.awaits_file,
        upload_keys=snovault_server.upload_keys,
        holdings=Holdings(
            snovault_export.every,
            snovault_export.search,
            snovault_export.listed,
            snovault_export.type_of,
            snovault_export.own,
        ),
    ),
    sandbox=True,
)
PORTALS = (FOURDN,)
