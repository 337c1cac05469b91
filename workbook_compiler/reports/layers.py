"""Where the boxes of a picture stand: in layers, so that lines lead from right to left and cross as little as is easily had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Item = str | tuple[str, int]
"""A box, or the place in a layer where all lines to one box pass that come from behind it: ``(to, layer)``."""
Arc = tuple[str, str]
SWEEPS = 6
BETWEEN = 18
"""Between two boxes of a layer."""
PASSAGE = 12
"""The height of a passing line."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands; of a passing line ``y`` is the line's own height."""

    layer: int
    x: float
    y: float
    width: float
    height: float


def layered(names: Sequence[str], arcs: Sequence[Arc], first: Sequence[str] = ()) -> list[list[str]]:
    """Return the boxes in layers: each further right than all it refers to, but for circles, which are cut where it is cheapest.

    ``first`` are boxes with a layer of their own, before all others.
    """
    targets = {name: {to for source, to in arcs if source == name and to != name} & set(names) for name in names}
    level: dict[str, int] = {}
    while len(level) < len(names):
        waiting = [name for name in names if name not in level]
        free = [name for name in waiting if targets[name] <= level.keys()]
        for name in free or [min(waiting, key=lambda name: len(targets[name] - level.keys()))]:
            level[name] = 1 + max((level[to] for to in targets[name] if to in level), default=-1)
    for name in sorted(names, key=lambda name: -level[name]):  # who names little stands near who needs it
        needing = [level[source] for source in names if name in targets[source] and level[source] > level[name]]
        if len(needing) > len({to for source, to in arcs if source == name}):
            level[name] = min(needing) - 1
    layers = [[name for name in names if level[name] == n] for n in range(max(level.values(), default=-1) + 1)]
    return [list(first), *layers] if first else layers


def placed(
    layers: Sequence[Sequence[str]], arcs: Sequence[Arc], sizes: Mapping[str, tuple[float, float]], gap: float
) -> tuple[dict[Item, Place], float, float]:
    """Return the place of each box and passing line, and the width and height of all."""
    rows, beside = _with_passages(layers, arcs)
    _unravel(rows, beside)
    height = {item: PASSAGE if isinstance(item, tuple) else sizes[item][1] for row in rows for item in row}
    tops = _tops(rows, beside, height)
    found: dict[Item, Place] = {}
    x = 0.0
    for n, row in enumerate(rows):
        width = max((sizes[item][0] for item in row if isinstance(item, str)), default=0)
        for item in row:
            passage = isinstance(item, tuple)
            found[item] = Place(n, x, tops[item] + (PASSAGE / 2 if passage else 0), width, height[item])
        x += width + gap
    return found, x - gap, max(tops[item] + height[item] for item in tops)


def _with_passages(
    layers: Sequence[Sequence[str]], arcs: Sequence[Arc]
) -> tuple[list[list[Item]], dict[Item, list[Item]]]:
    """The layers with the places where lines pass, and what each item is joined to."""
    rows: list[list[Item]] = [list(layer) for layer in layers]
    level = {name: n for n, layer in enumerate(layers) for name in layer}
    beside: dict[Item, list[Item]] = {item: [] for row in rows for item in row}
    for source, to in dict.fromkeys(arcs):
        low, high = sorted((level[source], level[to]))
        between: list[Item] = [(to, n) for n in range(low + 1, high)]
        for n, item in enumerate(between, low + 1):
            if item not in beside:
                rows[n].append(item)
                beside[item] = []
        way = [source, *between, to] if level[source] < level[to] else [to, *between, source]
        for one, other in pairwise(way):
            if low < high and other not in beside[one]:
                beside[one].append(other)
                beside[other].append(one)
    return rows, beside


def _unravel(rows: list[list[Item]], beside: Mapping[Item, Sequence[Item]]) -> None:
    """Order each layer by where its items' neighbours stand in the layer before, then in the one after, and again."""
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for n in range(1, len(rows)) if forth else range(len(rows) - 2, -1, -1):
            other = rows[n - 1 if forth else n + 1]
            rank = {item: place / max(1, len(other) - 1) for place, item in enumerate(other)}
            own = {item: place / max(1, len(rows[n]) - 1) for place, item in enumerate(rows[n])}
            wish = {item: _mean([rank[i] for i in beside[item] if i in rank], own[item]) for item in rows[n]}
            rows[n].sort(key=wish.__getitem__)


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _tops(
    rows: Sequence[Sequence[Item]], beside: Mapping[Item, Sequence[Item]], height: Mapping[Item, float]
) -> dict[Item, float]:
    """The upper edge of each item, near the middle of what it is joined to; the uppermost at 0."""
    tops: dict[Item, float] = {}
    for row in rows:
        y = 0.0
        for item in row:
            tops[item] = y
            y += height[item] + BETWEEN
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            wanted = [
                _mean([tops[i] + height[i] / 2 for i in beside[item]], tops[item] + height[item] / 2) - height[item] / 2
                for item in row
            ]
            y, moved = float("-inf"), list[float]()
            for item, wish in zip(row, wanted, strict=True):
                y = max(y, wish)
                moved.append(y)
                y += height[item] + BETWEEN
            shift = _mean([wish - top for wish, top in zip(wanted, moved, strict=True)], 0.0)
            tops.update({item: top + shift for item, top in zip(row, moved, strict=True)})
    least = min(tops.values(), default=0.0)
    return {item: top - least for item, top in tops.items()}
