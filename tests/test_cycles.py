"""The links left out of circles are the fewest there are where that can be found out, and few elsewhere."""

from __future__ import annotations

import random

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_answers import Edge, cheapest_cut, sinks_and_sources_cut

from workbook_compiler.pipeline.cycles import fewest_to_cut, less

steady = settings(derandomize=True, database=None, deadline=None)
NODES = st.integers(0, 6)
EDGES = st.dictionaries(st.tuples(NODES, NODES), st.integers(1, 4) | st.integers(1, 2) | st.none(), max_size=24)
"""Graphs of up to seven nodes, an edge to itself among them; an edge of None can't be cut."""


def graph_of(edges: dict[Edge, int | None]) -> networkx.DiGraph:
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(7))
    graph.add_edges_from(edges)
    return graph


def costs(edges: dict[Edge, int | None]) -> dict[Edge, int]:
    return {edge: weight for edge, weight in edges.items() if weight is not None}


@settings(steady, max_examples=600)
@given(EDGES)
def test_a_small_graph_loses_the_least_it_can(edges: dict[Edge, int | None]) -> None:
    """On seven nodes the cut edges weigh as much as those of the best of all orders, and no circle is left."""
    found = fewest_to_cut(graph_of(edges), costs(edges))
    best = cheapest_cut(edges)
    assert isinstance(found, list) == (best is None)
    if not isinstance(found, list):
        assert networkx.is_directed_acyclic_graph(less(graph_of(edges), found))
        assert sum(costs(edges)[edge] for edge in found) == best


@settings(steady, max_examples=200)
@given(st.dictionaries(st.tuples(NODES, NODES), st.none() | st.none() | st.integers(1, 4), min_size=5, max_size=24))
def test_a_circle_that_cannot_be_cut_is_shown(edges: dict[Edge, int | None]) -> None:
    """Where edges that can't be cut close a circle, such a circle comes back, its nodes in order and each once."""
    found = fewest_to_cut(graph_of(edges), costs(edges))
    fixed = graph_of({edge: None for edge, weight in edges.items() if weight is None})
    assert isinstance(found, list) == (not networkx.is_directed_acyclic_graph(fixed))
    if isinstance(found, list):
        assert len(set(found)) == len(found)
        assert all(fixed.has_edge(*edge) for edge in zip(found, [*found[1:], found[0]], strict=True))


@settings(steady, max_examples=60)
@given(EDGES)
def test_the_same_graph_loses_the_same_edges(edges: dict[Edge, int | None]) -> None:
    """In which order a graph was put together doesn't matter."""
    backwards = dict(reversed(edges.items()))
    turned = networkx.DiGraph()
    turned.add_nodes_from(reversed(range(7)))
    turned.add_edges_from(backwards)
    assert fewest_to_cut(graph_of(edges), costs(edges)) == fewest_to_cut(turned, costs(backwards))


@pytest.mark.parametrize(
    ("nodes", "edges", "heaviest"),
    [(20, 130, 1), (60, 240, 3), (100, 300, 1), (100, 2_000, 3), (300, 900, 1), (300, 4_500, 1), (600, 2_400, 2)],
    ids=str,
)
def test_a_large_tangle_loses_few(nodes: int, edges: int, heaviest: int) -> None:
    """A graph too tangled for the best answer loses all its circles, for at most half again a known heuristic's cost."""
    chance = random.Random(nodes)  # noqa: S311 - the same graph each time is what is wanted
    ring = list(range(nodes))
    chance.shuffle(ring)
    wanted = set(zip(ring, ring[1:] + ring[:1], strict=True))
    while len(wanted) < edges:
        source, target = chance.sample(range(nodes), 2)
        wanted.add((source, target))
    weights = {edge: chance.randint(1, heaviest) for edge in sorted(wanted)}
    graph = networkx.DiGraph(list(weights))
    found = fewest_to_cut(graph, weights)
    assert networkx.is_directed_acyclic_graph(less(graph, found))
    assert sum(weights[edge] for edge in found) <= 1.5 * sinks_and_sources_cut(range(nodes), weights)


def test_a_long_ring_loses_one_edge() -> None:
    """A single circle of two thousand nodes loses its one cheap edge."""
    weights = {(n, (n + 1) % 2_000): 1 if n == 1_234 else 2 for n in range(2_000)}
    assert fewest_to_cut(networkx.DiGraph(list(weights)), weights) == {(1_234, 1_235)}
