"""The fewest links to leave out so that no circle is left: a minimum-weight feedback arc set, exact where that is feasible.

Circles are gathered one at a time: the cheapest set of links that breaks all known circles is worked out, then the next
circle it doesn't break is added, until none is left. Each answer is a lower bound for the whole, so the last one is the best.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import networkx

Edge = tuple[int, int]

EXACT_CIRCLES = 60
"""Beyond so many circles the exact search gives way to a good guess."""
EXACT_STEPS = 20_000


def fewest_to_cut(graph: networkx.DiGraph[int], weights: Mapping[Edge, int]) -> frozenset[Edge] | list[int]:
    """Return the edges to cut, or a circle of nodes none of whose edges can be cut.

    ``weights`` holds what cutting an edge costs; an edge that isn't in it can't be cut.
    """
    fixed = networkx.DiGraph([edge for edge in graph.edges if edge not in weights])
    hopeless = _circle(fixed)
    if hopeless is not None:
        return hopeless
    circles: list[frozenset[Edge]] = []
    cut: frozenset[Edge] = frozenset()
    while (circle := _circle(less(graph, cut))) is not None:
        edges = list(zip(circle, circle[1:] + circle[:1], strict=True))
        circles.append(frozenset(edge for edge in edges if edge in weights))
        if len(circles) > EXACT_CIRCLES:
            return _guess(graph, weights)
        best = _cheapest(circles, weights)
        if best is None:
            return _guess(graph, weights)
        cut = best
    return cut


def less(graph: networkx.DiGraph[int], edges: Iterable[Edge]) -> networkx.DiGraph[int]:
    """The graph without some of its edges, not copied."""
    return cast("networkx.DiGraph[int]", networkx.restricted_view(graph, [], list(edges)))


def _circle(graph: networkx.DiGraph[int]) -> list[int] | None:
    """A shortest circle through the first node that lies on one; short circles give strong bounds."""
    for component in sorted(networkx.strongly_connected_components(graph), key=min):
        start = min(component)
        if graph.has_edge(start, start):
            return [start]
        if len(component) > 1:
            back = [n for n in graph.predecessors(start) if n in component]
            lengths = networkx.single_source_shortest_path(graph.subgraph(component), start)
            return min((list(lengths[n]) for n in sorted(back) if n in lengths), key=len)
        if any(graph.has_edge(n, n) for n in component):
            return [start]
    return None


def _cheapest(circles: Sequence[frozenset[Edge]], weights: Mapping[Edge, int]) -> frozenset[Edge] | None:
    """The cheapest set with an edge of every circle, by branch and bound; None when it takes too long."""
    best: list[tuple[int, frozenset[Edge]]] = []
    steps = 0

    def search(rest: Sequence[frozenset[Edge]], chosen: frozenset[Edge], cost: int) -> bool:
        nonlocal steps
        steps += 1
        if steps > EXACT_STEPS:
            return False
        if best and cost + _bound(rest, weights) >= best[0][0]:
            return True
        if not rest:
            best[:] = [(cost, chosen)]
            return True
        smallest = min(rest, key=lambda circle: (len(circle), sorted(circle)))
        for edge in sorted(smallest, key=lambda e: (weights[e], -sum(e in c for c in rest), e[::-1])):
            if not search([c for c in rest if edge not in c], chosen | {edge}, cost + weights[edge]):
                return False
        return True

    done = search(circles, frozenset(), 0)
    return best[0][1] if done and best else None


def _bound(circles: Iterable[frozenset[Edge]], weights: Mapping[Edge, int]) -> int:
    """A cost that can't be avoided: circles without a common edge each need one of their own."""
    total, used = 0, set[Edge]()
    for circle in circles:
        if not circle & used:
            used |= circle
            total += min(weights[edge] for edge in circle)
    return total


def _guess(graph: networkx.DiGraph[int], weights: Mapping[Edge, int]) -> frozenset[Edge]:
    """A small set, not surely the smallest: add links one by one, the costly ones first, and cut those that close a circle."""
    kept: networkx.DiGraph[int] = networkx.DiGraph()
    kept.add_nodes_from(graph.nodes)
    kept.add_edges_from(edge for edge in graph.edges if edge not in weights)
    position = {node: rank for rank, node in enumerate(networkx.topological_sort(kept))}
    cut: set[Edge] = set()
    for edge in sorted(weights, key=lambda e: (-weights[e], position[e[0]] > position[e[1]], e)):
        source, target = edge
        if source == target or networkx.has_path(kept, target, source):
            cut.add(edge)
        else:
            kept.add_edge(source, target)
    return frozenset(cut)
