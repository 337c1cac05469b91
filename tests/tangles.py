"""Records that refer to each other in every way the fixture's types allow, as the tables a person would fill in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import networkx
from cases_format import Table
from hypothesis import strategies as st
from reference_answers import Edge, cheapest_cut

SLOTS = 4
"""How many members of a list of objects a sheet has columns for."""


@dataclass(frozen=True)
class Way:
    """One property that links records."""

    type: str
    property: str
    target: str
    """A type, or ``*`` for any."""
    most: int = 3
    outside: str | None = None
    """What a required link says when there is nothing in the workbook to link to."""
    relation: tuple[str, str] | None = None
    """The link's name and the relationship type in each member of a list of objects."""

    def __repr__(self) -> str:
        return self.property


WAYS = (
    Way("ExperimentHiC", "biosample", "Biosample", most=1, outside="/biosamples/4DNBSXXXXXXX/"),
    Way("ExperimentHiC", "experiment_relation", "ExperimentHiC", relation=("experiment", "controlled by")),
    Way("ExperimentHiC", "files", "FileFastq"),
    Way("BenchMeasurement", "replaces", "BenchMeasurement", most=1),
    Way("BenchMeasurement", "subject", "*", most=1),
    Way("Publication", "exp_sets_prod_in_pub", "ExperimentSet"),
    Way("ExperimentSet", "experiments_in_set", "ExperimentHiC"),
    Way("Biosample", "biosample_relation", "Biosample", relation=("biosample", "derived from")),
    Way("Biosample", "references", "Publication"),
    Way("FileFastq", "related_files", "FileFastq", relation=("file", "paired with")),
)
FIXED = {
    "ExperimentHiC": ("experiment_type", "/experiment-types/in-situ-hi-c/"),
    "BenchMeasurement": ("measured_on", "2024-03-01"),
    "Publication": ("ID", "PMID:1234{}"),
    "ExperimentSet": ("description", "set {}"),
    "Biosample": ("biosource", "/biosources/4DNSRXXXXXXX/"),
    "FileFastq": ("file_format", "/file-formats/fastq/"),
}
"""What each type needs besides: a column and its text."""


@dataclass(frozen=True)
class Item:
    """One record: what it is called and whom it names."""

    type: str
    alias: str
    links: Mapping[Way, tuple[str, ...]]
    slots: Mapping[Way, tuple[int, ...]]
    """The member columns its relations stand in; a gap closes up."""

    def __repr__(self) -> str:
        links = {way: targets for way, targets in self.links.items() if targets}
        return f"{self.alias} {links}"


@st.composite
def tangles(draw: Any, most: int = 3) -> list[Item]:
    """Draw up to ``most`` records of each type, of samples one more, linked at will, to themselves as well."""
    counts = {name: draw(st.integers(0, most + (name == "Biosample"))) for name in FIXED}
    names = {name: [f"lab:{name.lower()}-{n}" for n in range(count)] for name, count in counts.items()}
    everyone = [alias for aliases in names.values() for alias in aliases]
    return [
        Item(name, alias, *_links(draw, [w for w in WAYS if w.type == name], names | {"*": everyone}))
        for name, aliases in names.items()
        for alias in aliases
    ]


def _links(draw: Any, ways: list[Way], names: Mapping[str, list[str]]) -> tuple[dict[Way, Any], dict[Way, Any]]:
    links: dict[Way, tuple[str, ...]] = {}
    slots: dict[Way, tuple[int, ...]] = {}
    for way in ways:
        pool = names[way.target]
        needed = way.outside is not None
        some = st.lists(st.sampled_from(pool), unique=True, min_size=int(needed), max_size=way.most) if pool else None
        links[way] = tuple(draw(some)) if some is not None else (way.outside,) if way.outside else ()
        if way.relation:
            free = st.lists(st.integers(0, SLOTS - 1), unique=True, min_size=len(links[way]), max_size=len(links[way]))
            slots[way] = tuple(sorted(draw(free)))
    return links, slots


def tables(items: list[Item]) -> list[Table]:
    """The sheets that say these records."""
    return [
        _table(name, [item for item in items if item.type == name]) for name in dict.fromkeys(i.type for i in items)
    ]


def _table(name: str, items: list[Item]) -> Table:
    rows = [dict(_cells(item)) for item in items]
    headers = tuple(dict.fromkeys(header for row in rows for header in row))
    return Table(name, headers, tuple(tuple(row[header] for header in headers) for row in rows))


def _cells(item: Item) -> Iterator[tuple[str, str]]:
    yield "aliases", item.alias
    header, text = FIXED[item.type]
    yield header, text.format(item.alias[-1])
    for way, targets in item.links.items():
        if way.relation is None:
            yield way.property, ", ".join(targets)
            continue
        at = dict(zip(item.slots[way], targets, strict=True))
        for slot in range(SLOTS):
            ending = f"-{slot}" if slot else ""
            yield f"{way.property}.relationship_type{ending}", way.relation[1] if slot in at else ""
            yield f"{way.property}.{way.relation[0]}{ending}", at.get(slot, "")


def fewest_deferred(items: list[Item]) -> int | None:
    """Return how many link values have to come later, found by trying every order; None when no order will do."""
    known = {item.alias for item in items}
    edges: dict[Edge, int | None] = {}
    for item in items:
        for way, targets in item.links.items():
            for target in set(targets) & known:
                edge = (item.alias, target)
                weight = edges.get(edge, 0)
                edges[edge] = None if way.outside or weight is None else weight + 1
    total = 0
    for group in networkx.strongly_connected_components(networkx.DiGraph(list(edges))):
        cost = cheapest_cut({edge: weight for edge, weight in edges.items() if set(edge) <= group})
        if cost is None:
            return None
        total += cost
    return total
