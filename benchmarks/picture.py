"""Results -> time-against-rows.svg: seconds of processor time against rows on logarithmic axes, ours, the floor and the peers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import Any

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 34, 48
COLORS = {"wbc compile": "#1a5fb4", "the floor": "#77767b", "dcicutils 8.19.1": "#c64600"}
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#333}.line{fill:none;stroke-width:2.5}.grid{stroke:#ccc;stroke-width:1}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#555}}"
)

Points = list[tuple[float, float, bool]]
"""Rows, seconds, and whether the run was ended there."""


def drawn(results: dict[str, Any]) -> str:
    """Return the picture as SVG; dots and an open ring lead to a run that was ended there."""
    curves = dict(_curves(results))
    every = [point for points in curves.values() for point in points]
    scale = _Scale([p[0] for p in every], [p[1] for p in every])
    machine = results["machine"]
    title = f"Seconds of processor time against rows a sheet (three sheets), {machine['cpu']}, {machine['date']}"
    parts = [_text(LEFT, 20, title), *scale.grid()]
    ends: list[float] = []
    for name, points in curves.items():
        parts += _curve(name, points, scale, ends)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">\n'
        f"<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


def _curves(results: dict[str, Any]) -> Iterator[tuple[str, Points]]:
    sizes = results["sizes"].items()
    for name, who in (("wbc compile", "ours"), ("the floor", "floor")):
        yield name, [(int(size), found[who]["cpu"], False) for size, found in sizes]
    for name, found in results["peers"].items():
        runs = [run for run in found.get("runs", {}).values() if "rows" in run]
        if runs:
            yield name, [(run["rows"], run["theirs"]["cpu"], run["theirs"]["stopped"]) for run in runs]


class _Scale:
    """Where rows and seconds lie in the picture: decades, whole ones upwards."""

    def __init__(self, rows: list[float], seconds: list[float]) -> None:
        self.x0, self.x1 = math.log10(min(rows)), math.log10(max(rows))
        self.y0, self.y1 = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))

    def x(self, rows: float) -> float:
        share = (math.log10(rows) - self.x0) / ((self.x1 - self.x0) or 1)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, seconds: float) -> float:
        share = (math.log10(seconds) - self.y0) / ((self.y1 - self.y0) or 1)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def grid(self) -> Iterator[str]:
        for power in range(self.y0, self.y1 + 1):
            y = self.y(10**power)
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
            yield _text(LEFT - 8, y + 4, f"{10**power:g} s", "end")
        for power in range(math.ceil(self.x0), math.floor(self.x1) + 1):
            x = self.x(10**power)
            yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            yield _text(x, HEIGHT - BOTTOM + 20, f"{10**power:,}", "middle")


def _curve(name: str, points: Points, scale: _Scale, ends: list[float]) -> Iterator[str]:
    """The line, its marks, and its name at its end, moved down when another name is there."""
    color = COLORS.get(name, "#613583")
    places = [(scale.x(rows), scale.y(seconds), stopped) for rows, seconds, stopped in points]
    for (x1, y1, _), (x2, y2, ended) in pairwise(places):
        dashes = ' stroke-dasharray="2 6"' if ended else ""
        yield f'<line class="line" stroke="{color}"{dashes} x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
    for x, y, stopped in places:
        yield f'<circle cx="{x}" cy="{y}" r="4" stroke="{color}" stroke-width="2" fill="{"none" if stopped else color}"/>'
    _, seconds, stopped = points[-1]
    y = places[-1][1] + 4
    while any(abs(y - taken) < 16 for taken in ends):
        y += 4
    ends.append(y)
    yield _text(places[-1][0] + 10, y, f"{name}, {'> ' if stopped else ''}{seconds:.3g} s")


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'
