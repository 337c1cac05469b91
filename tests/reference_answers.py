"""Answers found the slow and sure way, to hold the quick ones against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Edge = tuple[Any, Any]


def cheapest_cut(edges: Mapping[Edge, int | None]) -> int | None:
    """Return the least cost of edges whose loss leaves no circle; None when no loss does. An edge of None can't go.

    Puts the nodes into every order there is: what a node refers to has to stand before it, or be cut.
    """
    nodes = sorted({node for edge in edges for node in edge})
    place = {node: number for number, node in enumerate(nodes)}
    out: list[dict[int, int | None]] = [{} for _ in nodes]
    for (source, target), weight in edges.items():
        out[place[source]][place[target]] = weight
    best: dict[int, int] = {0: 0}
    for _ in nodes:
        grown: dict[int, int] = {}
        for before, cost in best.items():
            for node, targets in enumerate(out):
                if before >> node & 1:
                    continue
                lost = [weight for target, weight in targets.items() if not before >> target & 1]
                if None not in lost:
                    after, total = before | 1 << node, cost + sum(lost)
                    grown[after] = min(total, grown.get(after, total))
        best = grown
    return min(best.values(), default=None)


def slips(a: str, b: str) -> int:
    """Return how many letters are added, left out, changed or swapped with their neighbour between two words.

    Optimal string alignment, straight from its recurrence.
    """
    rows = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            ways = [rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1])]
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                ways.append(rows[i - 2][j - 2] + 1)
            rows[i][j] = min(ways)
    return rows[-1][-1]


def sinks_and_sources_cut(nodes: Collection[int], weights: Mapping[Edge, int]) -> int:
    """Return what the heuristic of Eades, Lin and Smyth (1993) would cut, by weight."""
    left = set(nodes)
    into = {n: {s: w for (s, t), w in weights.items() if t == n and s != n} for n in nodes}
    out = {n: {t: w for (s, t), w in weights.items() if s == n and t != n} for n in nodes}
    first: list[int] = []
    last: list[int] = []
    while left:
        sink = next((n for n in sorted(left) if not out[n]), None)
        source = next((n for n in sorted(left) if not into[n]), None)
        if sink is not None:
            node = sink
            last.append(node)
        else:
            node = (
                source
                if source is not None
                else max(sorted(left), key=lambda n: sum(out[n].values()) - sum(into[n].values()))
            )
            first.append(node)
        left.remove(node)
        for other in out.pop(node):
            into[other].pop(node, None)
        for other in into.pop(node):
            out.get(other, {}).pop(node, None)
    position = {node: number for number, node in enumerate([*first, *reversed(last)])}
    return sum(weight for (source, target), weight in weights.items() if position[source] >= position[target])
