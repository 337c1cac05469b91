"""What peregrine, the query service of a Gen3 data commons, answers: a GraphQL schema made of the dictionary."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    graphql_sync,
)

if TYPE_CHECKING:
    from commons_store import Record, Store

SCALARS = {
    "integer": GraphQLInt,
    "number": GraphQLFloat,
    "boolean": GraphQLBoolean,
    "array": GraphQLList(GraphQLString),
}
PAGE = 10
"""How many nodes there are when a query doesn't say; 0 is all of them."""


def ask(store: Store, payload: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The data a query is about, and what is wrong with it."""
    variables = payload.get("variables") or {}
    variables = json.loads(variables) if isinstance(variables, str) else variables
    done = graphql_sync(_schema(store), payload.get("query") or "", variable_values=variables)
    said = [re.sub(" Did you mean .*", "", error.message).replace("'", '"') for error in done.errors or ()]
    return done.data, said


def _schema(store: Store) -> GraphQLSchema:
    types: dict[str, GraphQLObjectType] = {}
    for label in store.types:
        types[label] = GraphQLObjectType(label, _fields(store, label, types))
    root = {name: _nodes(store, name, types, _all(store, name)) for name in store.types}
    return GraphQLSchema(GraphQLObjectType("Root", root))


def _all(store: Store, label: str) -> Callable[[Any], list[Record]]:
    return lambda _: [one for one in store.nodes.values() if one.type == label]


def _fields(store: Store, label: str, types: Mapping[str, GraphQLObjectType]) -> Callable[[], dict[str, GraphQLField]]:
    """The fields of a type: its properties, and the nodes at the other ends of links to it and from it."""

    def fields() -> dict[str, GraphQLField]:
        made = {"id": GraphQLField(GraphQLString, resolve=lambda record, _: record.id)}
        made["type"] = GraphQLField(GraphQLString, resolve=lambda record, _: record.type)
        for name, scalar in _properties(store, label).items():
            made[name] = GraphQLField(scalar, resolve=lambda record, _, name=name: _value(store, record, name))
        for edge, target in store.edges(label).items():
            made[edge] = _nodes(store, target, types, lambda record, edge=edge: store.neighbours(record, edge))
        return made

    return fields


def _properties(store: Store, label: str) -> dict[str, Any]:
    """The type of each property that is no link."""
    made = {"project_id": GraphQLString} if label == "project" else {}
    for name, schema in store.dictionary[label]["properties"].items():
        kinds = schema.get("type")
        if name not in ("id", "type", *store.edges(label)):
            made[name] = SCALARS.get(kinds[0] if isinstance(kinds, list) else kinds, GraphQLString)
    return made


def _value(store: Store, record: Record, name: str) -> Any:
    if (record.type, name) == ("project", "project_id"):
        program = store.neighbours(record, "programs")[0]
        return f"{program.properties['name']}-{record.properties['code']}"
    return record.properties.get(name)


def _nodes(
    store: Store, label: str, types: Mapping[str, GraphQLObjectType], found: Callable[[Any], Iterable[Record]]
) -> GraphQLField:
    """A list of nodes, which may be asked for by the values they have, page by page."""
    arguments = {"first": GraphQLArgument(GraphQLInt, default_value=PAGE), "offset": GraphQLArgument(GraphQLInt)}
    arguments |= {"id": GraphQLArgument(GraphQLString), "ids": GraphQLArgument(GraphQLList(GraphQLString))}
    named = {
        name: one.of_type if isinstance(one, GraphQLList) else one for name, one in _properties(store, label).items()
    }
    arguments |= {name: GraphQLArgument(GraphQLList(scalar)) for name, scalar in named.items()}

    def resolve(parent: Any, _: Any, first: int, offset: int = 0, **wanted: Any) -> list[Record]:
        only = [wanted.pop("id")] if "id" in wanted else wanted.pop("ids", None)
        records = [one for one in found(parent) if only is None or one.id in only]
        for name, values in wanted.items():
            texts = [str(value) for value in values or ()]
            records = [one for one in records if not texts or str(_value(store, one, name)) in texts]
        return records[offset : offset + first if first > 0 else None]

    return GraphQLField(GraphQLList(types[label]), arguments, resolve)
