"""What a Gen3 data commons (sheepdog 5.2.4) makes of submitted documents, and the words it answers with.

A ``Transaction`` works on a copy of a store's nodes, which the store keeps when nothing is wrong; ``upload`` creates or updates.
Facts: ``facts/gen3.md`` beside the checkout. What was not recorded follows sheepdog's own code, and its validators'.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from commons_store import Document, Record, Store, links_of

Report = dict[str, Any]
Index = Mapping[Any, list[Record]]

IS_UUID = re.compile("[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}")
NAMED = re.compile("'([a-zA-Z_-]+)' is a required property")
"""Where ``keys`` tell what is missing: not when its name has a digit."""
OF_THE_SERVER = ("type", "id", "created_datetime", "updated_datetime")
WOULD = "Transaction would have been successful. User selected dry run option, transaction aborted, no data written to database."


@dataclass
class Entity:
    """One document of a transaction and what became of it."""

    document: Document
    type: str | None = None
    id: str | None = None
    action: str | None = None
    record: Record | None = None
    unique: list[Document] = field(default_factory=list)
    errors: list[Report] = field(default_factory=list)
    warnings: list[Report] = field(default_factory=list)

    def refuse(self, message: str, keys: list[str] | None = None, kind: str = "ERROR", **more: Any) -> None:
        self.errors.append({"message": message, "keys": keys or [], "type": kind, **more})

    def report(self) -> Report:
        told = {"valid": not self.errors, "action": self.action, "type": self.type, "id": self.id}
        return {**told, "errors": self.errors, "warnings": self.warnings, "unique_keys": self.unique}


@dataclass
class Transaction:
    """What is done to a project in one request; ``nodes`` is what the store will hold after it."""

    store: Store
    program: str
    code: str
    role: str
    dry_run: bool = False
    given: list[Any] = field(default_factory=list)
    number: int = 0
    nodes: dict[str, Record] = field(default_factory=dict)
    entities: list[Entity] = field(default_factory=list)
    errors: list[Any] = field(default_factory=list)
    closed: bool = False
    committed_by: int | None = None

    def __post_init__(self) -> None:
        self.number = next(self.store.numbers)
        self.nodes = dict(self.store.nodes)
        self.store.log[self.number] = self

    @property
    def project_id(self) -> str:
        return f"{self.program}-{self.code}"

    @property
    def valid(self) -> list[Entity]:
        return [one for one in self.entities if not one.errors]

    @property
    def success(self) -> bool:
        return not self.errors and len(self.valid) == len(self.entities)

    def finish(self, status: int, message: str, **more: Any) -> Report:
        """Keep what was made when all is well and it is no dry run, and tell what there is to tell."""
        if self.success and not self.dry_run:
            self.store.nodes = self.nodes
        told = {"transaction_id": self.number, "success": self.success, "code": status, "message": message}
        told |= {"entities": [one.report() for one in self.entities], "transactional_errors": self.errors}
        told |= {"entity_error_count": len(self.entities) - len(self.valid)}
        return {**told, "transactional_error_count": len(self.errors), **more}

    def find(self, label: str, node_id: Any, unique: list[Document], index: Mapping[Any, list[Record]]) -> list[Record]:
        """Look nodes up as sheepdog does: without an id and with an incomplete key it finds all of the type."""
        found = [one] if (one := self.nodes.get(node_id)) and one.type == label else []
        if all(all(keys.values()) for keys in unique):
            keyed = index.get((label, str(unique)), [])
            return keyed if node_id is None else [one for one in found if one in keyed]
        return found if node_id is not None else [one for one in self.nodes.values() if one.type == label]

    def index(self) -> dict[tuple[str, str], list[Record]]:
        """The nodes by their type and unique keys."""
        made: dict[tuple[str, str], list[Record]] = {}
        for one in self.nodes.values():
            made.setdefault((one.type, str(self.store.unique_keys(one.type, one.properties, None))), []).append(one)
        return made


def upload(transaction: Transaction) -> Report:
    """Create or update nodes: parsed, validated, made, put in and linked; nothing is stored unless all of it is right."""
    transaction.entities = [one for given in deepcopy(transaction.given) if (one := _parsed(transaction, given))]
    _validate(transaction)
    index = transaction.index()
    for entity in transaction.valid:
        _make(transaction, entity, index)
    if _put_in(transaction, index):
        _link(transaction)
    if not transaction.entities:
        transaction.errors.append("Nothing to submit")
    for entity in transaction.entities:
        _specify(transaction.store, entity)
    done = Counter(one.action for one in transaction.entities if transaction.success)
    good = 201 if transaction.role == "create" else 200
    status = 200 if transaction.dry_run else good if transaction.success else 400
    counts = {"created_entity_count": done["create"], "updated_entity_count": done["update"]}
    return transaction.finish(status, _outcome(transaction), **counts)


def _outcome(transaction: Transaction) -> str:
    if transaction.success:
        return WOULD if transaction.dry_run else "Transaction successful."
    wrong = len(transaction.entities) - len(transaction.valid)
    parts = [f"{wrong} invalid {'entities' if wrong > 1 else 'entity'}"] if wrong else []
    parts += [f"{len(transaction.errors)} transactional error(s)"] if transaction.errors else []
    return f"Transaction aborted due to {' and '.join(parts)}."


def _parsed(transaction: Transaction, given: Any) -> Entity | None:
    """The entity of a document; none without a known type, which is told without a place."""
    if not isinstance(given, dict):
        entity = Entity({})
        entity.refuse(f"Entity document must be an object, not a {type(given).__name__}", kind="INVALID_VALUE")
        return entity
    document = {name.lstrip("*"): value for name, value in given.items()}
    label, store = document.get("type"), transaction.store
    if not isinstance(label, str) or label not in store.types:
        said = f'Unable to parse entity. Details: [400] - Node type "{label}" not found in dictionary'
        transaction.errors.append({"message": said})
        return None
    entity = Entity(document, label, unique=store.unique_keys(label, document, transaction.project_id))
    if str(store.dictionary[label].get("category")).endswith("_file"):
        document.pop("urls", None)  # goes to the index of files
    if "project_id" not in store.dictionary[label]["properties"]:
        said = f"{label} is not an entity that can be upload via the project endpoint."
        entity.refuse(said, ["id"], "INVALID_TYPE")
        return entity
    entity.id = document.get("id")
    if transaction.role == "create" and entity.id and not IS_UUID.fullmatch(str(entity.id)):
        entity.refuse("Cannot create entity with custom id that is not a UUID.", ["id"], "INVALID_VALUE")
    return entity


def _validate(transaction: Transaction) -> None:
    """What the JSON schema says; after a document that is no object it looks no further."""
    for entity in transaction.entities:
        if not entity.type:
            entity.refuse("'type' is a required property", ["type"])
            return
        for error in transaction.store.validator(entity.type).iter_errors(entity.document):
            keys = [".".join(str(part) for part in error.path)] if error.path else []
            named = NAMED.match(error.message)
            more = " and ".join(one.message for one in error.context or ())
            entity.refuse(f"{error.message}: {more}" if more else error.message, keys or ([named[1]] if named else []))


def _make(transaction: Transaction, entity: Entity, index: Index) -> None:
    """The record of an entity: a new one, or one that is there with what the document says."""
    label, new = str(entity.type), transaction.role == "create"
    found = [] if new and not entity.id else transaction.find(label, entity.id, entity.unique, index)
    if new and found:
        said = "Cannot create entity that already exists. Try updating entity (PUT instead of POST)"
        return entity.refuse(said, ["id"], "NOT_UNIQUE")
    if len(found) > 1:
        return entity.refuse(f"{len(found)} entities found with {entity.unique}", None, "NOT_UNIQUE")
    old = found[0] if found else Record(entity.id or str(uuid4()), label, {})
    entity.action, entity.id = "update" if found else "create", old.id
    _ignore(entity, old, transaction.store.defaults(label))
    properties = _properties(transaction, entity, old)
    entity.record = replace(old, properties={name: one for name, one in properties.items() if one is not None})
    entity.unique = transaction.store.unique_keys(label, entity.record.properties, None)
    return None


def _ignore(entity: Entity, old: Record, defaults: Document) -> None:
    """System properties of a node that is there stay what they are, with a warning."""
    for name in defaults if entity.action == "update" else ():
        value = entity.document.get(name)
        if value and value != old.properties.get(name):
            said = f"Property '{name}' ({value}) is a system property and will be ignored."
            entity.warnings.append({"message": said, "keys": [name], "type": "INVALID_PROPERTY"})
        entity.document[name] = old.properties.get(name)


def _properties(transaction: Transaction, entity: Entity, old: Record) -> Document:
    """The values of a node; an empty system property gets its default, whatever was given."""
    schema, now = transaction.store.dictionary[old.type], datetime.now(UTC).isoformat()
    defaults, values = transaction.store.defaults(old.type), dict(old.properties)
    values = {"created_datetime": now, **values, "updated_datetime": now, "project_id": transaction.project_id}
    links = {link["name"] for link in links_of(schema)}
    for name, value in {**defaults, **entity.document}.items():
        if name in links or name in OF_THE_SERVER:
            continue
        if name not in schema.get("systemProperties", ()):
            values[name] = value
        elif values.get(name) is None:
            values[name] = defaults.get(name)
        elif values[name] != value:
            said = f"Key '{name}' is a system property and cannot be updated from '{values[name]}' to '{value}'"
            entity.refuse(said, [name], "INVALID_PERMISSIONS")
    return values


def _put_in(transaction: Transaction, index: Index) -> bool:
    """Put the records in, and tell whether links come next: not when a key or an id is taken."""
    seen: set[Any] = set()
    for entity in transaction.valid:
        keys = tuple(tuple(one.values()) for one in entity.unique)  # not the type: it is the same key for two types
        if keys in seen:
            transaction.errors.append({"message": f"Entity is not unique, {keys}", "type": "NOT_UNIQUE"})
        seen.add(keys)
    if len(seen) < len(transaction.valid):
        return False
    new = [one for one in transaction.valid if one.action == "create"]
    if len({one.id for one in new} - transaction.nodes.keys()) < len(new):
        return False  # the database refuses an id that it has; sheepdog tells of success, and has stored nothing
    for entity in new:
        if index.get((entity.type, str(entity.unique))):
            keys = entity.unique[0]
            entity.refuse(f"{entity.type} with {keys} already exists in the DB", list(keys))
    if any(one.errors for one in new):
        return False
    transaction.nodes.update({str(one.id): one.record for one in transaction.valid if one.record})
    return True


def _link(transaction: Transaction) -> None:
    """Add the targets that are told to those that are there; ``null`` takes all of a name away."""
    index = transaction.index()
    for entity in transaction.valid:
        assert entity.record
        links = dict(entity.record.links)
        for link in links_of(transaction.store.dictionary[entity.record.type]):
            name = link["name"]
            told = entity.document.get(name, [])
            kept = links.pop(name, ())
            targets = dict.fromkeys(kept if told is not None else ())
            for one in [told] if isinstance(told, dict) else told or ():
                targets |= dict.fromkeys(_targets(transaction, entity, link, one, index))
            links |= {name: tuple(targets)} if targets else {}
        entity.record = replace(entity.record, links=links)
        transaction.nodes[entity.record.id] = entity.record
    taken = Counter(
        (one.type, name, target)
        for one in transaction.nodes.values()
        for name, ids in one.links.items()
        for target in ids
    )
    for entity in transaction.valid:
        check_links(transaction, entity, taken)


def _targets(transaction: Transaction, entity: Entity, link: Document, told: Document, index: Index) -> list[str]:
    """The nodes that one reference means."""
    name, label, node_id = link["name"], link["target_type"], told.get("id")
    unique = transaction.store.unique_keys(label, told, transaction.project_id)
    found = transaction.find(label, node_id, unique, index)
    for target in found if label == "project" else ():
        if (code := target.properties["code"]) != transaction.code:
            said = f"Cannot link entity to project {code} under {transaction.code} endpoint"
            entity.refuse(said, None, "INVALID_PERMISSIONS")
    if len(found) > 1:
        entity.refuse(f"More than one link destination found for {name}", [name], "INVALID_LINK")
        return []
    if not found:
        by = f", id='{node_id}'" if node_id else ""
        said = f"No link destination found for {name}{by}, unique_keys='{unique}'"
        entity.refuse(said, [name], "INVALID_LINK")
    for target in found:
        if target.project_id not in (None, transaction.project_id):
            said = f"Relationship to {label} {target.id} in project {target.project_id} not allowed"
            entity.refuse(said, None, "INVALID_LINK")
    return [target.id for target in found]


def check_links(transaction: Transaction, entity: Entity, taken: Mapping[Any, int]) -> None:
    """What links are missing, too many or exclusive; ``taken`` counts a target's links of a type and a name."""
    assert entity.record
    for link in transaction.store.dictionary[entity.record.type].get("links") or ():
        if "name" in link:
            _check_link(transaction, entity, link, taken)
        else:
            _check_group(transaction, entity, link, taken)


def _check_group(
    transaction: Transaction, entity: Entity, group: Document, taken: Mapping[Any, int]
) -> tuple[str, int]:
    check = {True: _check_group, False: _check_link}
    parts = [check["subgroup" in one](transaction, entity, one, taken) for one in group["subgroup"]]
    names, given = [name for name, _ in parts], [name for name, number in parts if number]
    if group.get("required") and not given:
        told = ", ".join([*names[:-2], " or ".join(names[-2:])])
        entity.refuse(f"Entity is missing a required link to {told}", names)
    if group.get("exclusive") and len(given) > 1:
        entity.refuse(f"Links to {names} are exclusive.  More than one was provided.", names)
    return ", ".join(names), sum(number for _, number in parts)


def _check_link(transaction: Transaction, entity: Entity, link: Document, taken: Mapping[Any, int]) -> tuple[str, int]:
    assert entity.record
    name, many, record = link["name"], link["multiplicity"], entity.record
    targets = record.links.get(name, ())
    if link.get("required") and not targets:
        entity.refuse(f"Entity is missing required link to {name}", [name])
    if len(targets) > 1 and many in ("many_to_one", "one_to_one"):
        entity.refuse(f"'{name}' link has to be {many}", [name])
    for target in targets if many in ("one_to_many", "one_to_one") else ():
        if taken[record.type, name, target] > 1:
            end = f"target node {link['target_type']} already has {link['backref']}"
            entity.refuse(f"'{name}' link has to be {many}, {end}", [name])
    return name, len(targets)


def _specify(store: Store, entity: Entity) -> None:
    """Give errors their type by the words they have."""
    for error in entity.errors:
        if error["type"] != "ERROR":
            continue
        if "is not of type" in error["message"]:
            error["type"] = "INVALID_VALUE"
        elif "is a required property" in error["message"]:
            error["type"] = "MISSING_PROPERTY"
        elif entity.type and error["keys"] and error["keys"][0] in store.edges(entity.type):
            error["type"] = "INVALID_LINK"
