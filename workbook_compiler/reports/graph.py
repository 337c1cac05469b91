"""Who refers to whom, as a picture: types as boxes from left to right in sending order, lines from each property to its target.

Only measures and words come out of here; the page's template draws them, so that no word can become markup.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workbook_compiler.model.report import LinkCount, LinkEnd, Report
from workbook_compiler.reports.layers import Item, Place, layered, placed
from workbook_compiler.reports.words import count, visible

MOST_TYPES = 48
"""So many types are drawn; what a picture of more would show isn't seen."""
MOST_PORTS = 8
LONGEST = 34

_TITLE, _WORD = 8.6, 6.9
"""How wide a letter is at most, on average, in a box's first line and in the others."""
_LINE, _HEAD, _PAD, _GAP = 20, 50, 12, 60
_MARGIN = 16
_NARROWEST = 120


@dataclass(frozen=True, slots=True)
class Port:
    """One property of a type, where a line begins."""

    text: str
    number: str
    kind: str
    """``here``, ``portal``, ``nowhere`` or ``more``: the colour beside the words."""
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A type, or one of the two places outside the workbooks."""

    title: str
    note: str
    to_mend: str
    """``✕ 2 to mend``, or nothing."""
    kind: str
    """``type``, ``portal`` or ``nowhere``."""
    x: float
    y: float
    width: float
    height: float
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its arrow's head, as SVG writes paths."""

    path: str
    head: str
    """Nothing, when another line goes on from here."""
    kind: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    told: str
    """What the picture shows, in a sentence for those who don't see it."""
    left_out: str


@dataclass(frozen=True, slots=True)
class _Node:
    """A box before it has its place."""

    kind: str
    title: str
    note: str
    to_mend: str = ""
    ports: Mapping[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    """By (property, target): its kind and how many links."""

    @property
    def shown(self) -> list[tuple[tuple[str, str], tuple[str, int]]]:
        return list(self.ports.items())[: MOST_PORTS if len(self.ports) > MOST_PORTS + 1 else None]

    @property
    def height(self) -> float:
        lines = len(self.shown) + (len(self.shown) < len(self.ports))
        return _HEAD + lines * _LINE + (8 if lines else 0)

    @property
    def width(self) -> float:
        ports = [_wide(visible(via, LONGEST)) + 3 + len(f"{n:,}") for (via, _), (_, n) in self.shown]
        note = _wide(self.note) + _wide(self.to_mend) + 2
        return max(_NARROWEST, _wide(self.title) * _TITLE, max([note, *ports]) * _WORD) + 2 * _PAD


def picture(report: Report) -> Picture | None:
    """Return the picture of a report's links; None when no row refers to anything."""
    if not report.links:
        return None
    chosen = _chosen(report)
    nodes = _nodes(report, [link for link in report.links if link.type in chosen and _target(link) in chosen], chosen)
    arcs = [(name, target) for name, node in nodes.items() for (_, target), _ in node.shown]
    outside = [name for name in (PORTAL, NOWHERE) if name in nodes]
    layers = layered([name for name in nodes if name not in outside], arcs, outside)
    places, width, height = placed(layers, arcs, {n: (node.width, node.height) for n, node in nodes.items()}, _GAP)
    boxes = tuple(_box(name, nodes[name], places) for name in nodes)
    more = len(report.types) - len([name for name in nodes if name not in outside])
    return Picture(
        width=round(width + 2 * _MARGIN),
        height=round(height + 2 * _MARGIN),
        boxes=boxes,
        lines=tuple(_lines(nodes, places)),
        told=f"{count(len(boxes) - len(outside), 'type')} in sending order from left to right, with an arrow from each"
        " property to what it names. The table after the picture lists every link.",
        left_out=f"The picture leaves out {count(more, 'type')}; the table has them." if more > 0 else "",
    )


PORTAL, NOWHERE = "\0portal", "\0nowhere"
"""Stand for the two boxes that are no types; no sheet can be called so."""


def _target(link: LinkCount) -> str:
    return {LinkEnd.HERE: link.to, LinkEnd.PORTAL: PORTAL, LinkEnd.NOWHERE: NOWHERE}[link.end]


def _chosen(report: Report) -> set[str]:
    """The names that are drawn: of too many types those with something to mend and those with most links."""
    weight = {entry.type: 0 for entry in report.types}
    for link in report.links:
        for name in {link.type, link.to} & weight.keys():
            weight[name] += link.number
    mend = {entry.type for entry in report.types if entry.with_errors}
    ranked = sorted(weight, key=lambda name: (name not in mend, -weight[name]))
    return {*ranked[:MOST_TYPES], PORTAL, NOWHERE}


def _nodes(report: Report, links: Sequence[LinkCount], chosen: set[str]) -> dict[str, _Node]:
    ports: dict[str, dict[tuple[str, str], tuple[str, int]]] = {}
    for link in links:
        own, key = ports.setdefault(link.type, {}), (link.via, _target(link))
        own[key] = link.end.value, own.get(key, ("", 0))[1] + link.number
    nodes = {
        entry.type: _Node(
            "type",
            visible(entry.type, LONGEST),
            count(entry.records, "row"),
            f"✕ {entry.with_errors:,} to mend" if entry.with_errors else "",
            ports.get(entry.type, {}),
        )
        for entry in report.types
        if entry.type in chosen
    }
    totals = {end: sum(link.number for link in links if link.end is end) for end in LinkEnd}
    if asked := totals[LinkEnd.PORTAL]:
        nodes[PORTAL] = _Node("portal", "Already on the portal?", f"{count(asked, 'link')} to look up")
    if lost := totals[LinkEnd.NOWHERE]:
        nodes[NOWHERE] = _Node("nowhere", "✕ Nothing there", f"{count(lost, 'link')} to mend")
    return nodes


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _box(name: str, node: _Node, places: Mapping[Item, Place]) -> Box:
    at = places[name]
    x, y = at.x + _MARGIN, at.y + _MARGIN
    ports = [
        Port(_mark(kind, places[to].layer >= at.layer) + visible(via, LONGEST), f"{number:,}", kind, y + _port_y(n))
        for n, ((via, to), (kind, number)) in enumerate(node.shown)
    ]
    if more := len(node.ports) - len(ports):
        ports.append(Port(f"and {more} more", "", "more", y + _port_y(len(ports))))
    return Box(node.title, node.note, node.to_mend, node.kind, x, y, at.width, node.height, tuple(ports))


def _mark(kind: str, is_round: bool) -> str:
    """The sign before a property that leads to nothing, or to its own type or round in a circle."""
    return "✕ " if kind == LinkEnd.NOWHERE else "↻ " if is_round else ""


def _port_y(number: int) -> float:
    return _HEAD + number * _LINE + _LINE / 2


def _lines(nodes: Mapping[str, _Node], places: Mapping[Item, Place]) -> Iterator[Line]:
    """All lines; those to the same box are one from where they first pass another box on their way."""
    joined: dict[Item, Line] = {}
    for name, node in nodes.items():
        own = places[name]
        for n, ((_, target), (kind, _)) in enumerate(node.shown):
            end, begin = places[target], (own.x, own.y + _port_y(n))
            if end.layer == own.layer:  # a type that refers to itself, or to its neighbour above or below
                yield _line([begin, (end.x, end.y + _HEAD / 2)], kind, bulge=True)
                continue
            forward = end.layer < own.layer
            begin = begin if forward else (own.x + own.width, begin[1])
            between = range(own.layer - 1, end.layer, -1) if forward else range(own.layer + 1, end.layer)
            ways = [_passing(places[target, layer], forward) for layer in between]
            tip = (end.x + end.width if forward else end.x, end.y + _HEAD / 2)
            yield _line([begin, ways[0][0] if ways else tip], kind, ends=not ways)
            for layer, way, after in zip(between, ways, [*(w[0] for w in ways[1:]), tip], strict=False):
                joined[target, layer] = _line([*way, after], kind, ends=after == tip)
    yield from joined.values()


def _passing(way: Place, forward: bool) -> tuple[tuple[float, float], tuple[float, float]]:
    sides = (way.x + way.width, way.y), (way.x, way.y)
    return sides if forward else sides[::-1]


def _line(points: Sequence[tuple[float, float]], kind: str, *, bulge: bool = False, ends: bool = True) -> Line:
    """A smooth line through some points; with a bulge it leaves to the left and comes back from there."""
    (x, y), *rest = [(x + _MARGIN, y + _MARGIN) for x, y in points]
    tip_x, tip_y = rest[-1]
    sign = 1 if bulge or tip_x > x else -1
    if ends:
        rest[-1] = tip_x - 7 * sign, tip_y
    path = f"M{x:.0f} {y:.0f}"
    for to_x, to_y in rest:
        middle = (x + to_x) / 2
        bend, back = (x - 26, to_x - 20) if bulge else (middle, middle)
        path += f"C{bend:.0f} {y:.0f} {back:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
        x, y = to_x, to_y
    return Line(path, f"M{tip_x:.0f} {tip_y:.0f}l{-8 * sign} -4v8z" if ends else "", kind)
