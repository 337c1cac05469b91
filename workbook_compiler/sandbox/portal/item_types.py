"""The item types of a snapshot, declared to snovault as a portal's own code declares its types.

A served schema says nearly all of it: properties, links, unique keys, who may write what. What it doesn't say is guessed
here: which unique key names a record in an address, and what its collection is called.
"""

from __future__ import annotations

import re
import types
from typing import Any

from pyramid.security import Allow, Everyone
from snovault import abstract_collection, collection, load_schema
from snovault.attachment import ItemWithAttachment
from snovault.types.base import AbstractCollection, Collection, set_namekey_from_title
from snovault.types.base import Item as SnovaultItem
from snovault.types.user import User

OWN = "Item User AccessKey FilterSet IngestionSubmission TrackingItem Page StaticSection UserContent".split()
"""Types that snovault brings along, or that belong to a portal's pages."""
LEFT_OUT = (
    "@type rdfs:seeAlso rdfs:subClassOf children isAbstract mixinProperties mixinFacets mixinColumns facets columns"
).split()
"""What a portal adds when it serves a schema, and what would be looked for in files of its own."""
UNUSUAL, LISTED = "$+!*,()'", re.compile(r"\[[^]^][^]]*]")
"""Characters that a name seldom has, and a list of those that it may have."""
FIRST_KEYS = ("accession", "taxon_id")
"""Unique keys that name a record in its address though others come before them."""
LAB = {"type": "string", "linkTo": "Lab"}
OF_THE_USER = {"submits_for": {"type": "array", "items": LAB}, "lab": LAB}
"""What a portal's users have and snovault's have not, in case their own schema isn't among the others."""
MAY_CHANGE = [(Allow, Everyone, "view"), (Allow, "group.submitter", "edit"), (Allow, "group.admin", ["view", "edit"])]
MAY_ADD = [(Allow, "group.submitter", ["add", "create"])]


@abstract_collection(name="items", properties={"title": "Items"})
class Item(SnovaultItem):
    """The base of all: everybody may see a record, submitters may change it, whatever its status."""

    # these two find records by alias; those of the class above don't
    AbstractCollection, Collection = AbstractCollection, Collection
    item_type, STATUS_ACL = "item", {}
    __acl__ = MAY_CHANGE


def mount(profiles: dict[str, Any]) -> None:
    """Declare a type for each schema of a portal's ``/profiles/``, parents first."""
    done: dict[str, type] = {"Item": Item}
    todo = {name: one for name, one in profiles.items() if name not in OWN and not name.startswith("Testing")}
    while todo:
        ready = [name for name, one in todo.items() if parent(one) not in todo]
        if not ready:
            raise ValueError(f"{', '.join(todo)} are each other's parents")
        for name in ready:
            one = todo.pop(name)
            done[name] = declared(name, one, done.get(parent(one), Item))
    enrich_user(profiles.get("User", {}), done)


def parent(served: dict[str, Any]) -> str:
    """The name of the type above."""
    return served.get("rdfs:subClassOf", "/profiles/Item.json").split("/")[-1][: -len(".json")]


def kind(served: dict[str, Any]) -> str:
    """The type's other name, ``experiment_hi_c``, which is the address new records are sent to."""
    return served["$id"].split("/")[-1][: -len(".json")]


def declared(name: str, served: dict[str, Any], base: type) -> type:
    """Declare one type. It becomes a name of this module too: snovault looks for what it was told here."""
    properties = {key: stored(one) for key, one in served["properties"].items() if not calculated(one)}
    schema = current({key: value for key, value in served.items() if key not in LEFT_OUT})
    body = {
        "__module__": __name__,
        "item_type": kind(served),
        "schema": load_schema({"properties": properties, **schema}),  # first, so that defaults count as filled in
        "base_types": ([name] if served["isAbstract"] else []) + chain(base),
    }
    options: dict[str, Any] = {"name": collection_name(kind(served), base), "properties": {"title": name}}
    key = name_key(properties)
    if key:
        body["name_key"] = key
        options["unique_key"] = unique_key(key, properties, kind(served))
    body["ALLOWED_PATH_CHARACTERS"] = [*base.ALLOWED_PATH_CHARACTERS, *in_aliases(properties)]
    attached = any(one.get("attachment") for one in properties.values())
    bases = (ItemWithAttachment, base) if attached and not issubclass(base, ItemWithAttachment) else (base,)
    cls = types.new_class(name, bases, exec_body=lambda space: space.update(body))
    if key and key.endswith("name") and "title" in properties and key not in served.get("required", ()):
        cls._update = naming(cls, key)
    if not served["isAbstract"]:
        options["acl"] = MAY_ADD
        if "md5sum" in properties and name != "FileProcessed":
            cls.unique_keys = with_checksum(cls)
    globals()[name] = cls
    return (abstract_collection if served["isAbstract"] else collection)(**options)(cls)


def stored(declared: dict[str, Any]) -> dict[str, Any]:
    """A property as it is kept: snovault notes at an attachment where its content lies, which ENCODE notes elsewhere."""
    if not declared.get("attachment"):
        return declared
    return {**declared, "properties": {"blob_id": {"type": "string"}, **declared.get("properties", {})}}


def in_aliases(properties: dict[str, Any]) -> str:
    """The unusual characters that the pattern of a type's aliases names: ENCODE takes some that 4DN doesn't."""
    pattern = properties.get("aliases", {}).get("items", {}).get("pattern", "")
    return "".join(sign for sign in UNUSUAL if any(sign in listed for listed in LISTED.findall(pattern)))


def calculated(declared: dict[str, Any]) -> bool:
    """Tell whether the portal works a property out itself; nothing here does."""
    return declared.get("calculatedProperty") is True or declared.get("notSubmittable") is True


def current(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without its properties, with the word ``dependencies`` of older drafts as today's two words for it."""
    rest = {key: value for key, value in schema.items() if key not in ("properties", "dependencies")}
    for key, rule in schema.get("dependencies", {}).items():
        word = "dependentRequired" if isinstance(rule, list) else "dependentSchemas"
        rest[word] = {**rest.get(word, {}), key: rule}
    return rest


def chain(base: type) -> list[str]:
    """The names of a type and of all above it."""
    return base.base_types if base.__name__ in base.base_types else [base.__name__, *base.base_types]


def collection_name(item_type: str, base: type) -> str:
    """The first word of a record's address: ``biosamples``, ``experiments-hi-c`` below an abstract ``Experiment``."""
    above, plain = base.item_type, item_type.replace("_", "-")
    if base is not Item and base.__name__ in base.base_types and item_type.startswith(above + "_"):
        return above.replace("_", "-") + "s" + plain[len(above) :]
    return plain + "s"


def name_key(properties: dict[str, Any]) -> str | None:
    """The property that names a record in its address."""
    unique = [key for key, one in properties.items() if "uniqueKey" in one]
    first = [key for key in FIRST_KEYS if key in unique or (key == "accession" and key in properties)]
    return next(iter([*first, *unique]), None)


def unique_key(key: str, properties: dict[str, Any], item_type: str) -> str:
    """What snovault calls that property in its table of keys."""
    given = properties[key].get("uniqueKey", key)
    return given if given is not True else f"{item_type}:{key}"


def naming(cls: type, key: str) -> Any:
    """A record without a name of its own gets one made from its title, as on the portal."""

    def _update(self: Any, properties: dict[str, Any], sheets: Any = None) -> None:
        named = {**properties, key: properties.get(key) or set_namekey_from_title(properties)}
        super(cls, self)._update(named, sheets)

    return _update


def with_checksum(cls: type) -> Any:
    """No two files have the same content, unless a workflow has made them."""

    def unique_keys(self: Any, properties: dict[str, Any]) -> Any:
        keys = super(cls, self).unique_keys(properties)
        if "md5sum" in properties:
            keys.setdefault("alias", []).append(f"md5:{properties['md5sum']}")
        return keys

    return unique_keys


def enrich_user(served: dict[str, Any], done: dict[str, type]) -> None:
    """Give snovault's users the labs they submit for, and let each see so much of himself."""
    for key, usual in OF_THE_USER.items() if "Lab" in done else ():
        User.schema["properties"][key] = served.get("properties", {}).get(key, usual)
    seen = (Allow, "role.owner", ["view", "view_details"])
    User.STATUS_ACL = {status: [seen, *acl] for status, acl in User.STATUS_ACL.items()}


def includeme(config: Any) -> None:
    """Register the types; ``mount`` has declared them by now."""
    config.scan(__name__)
