"""Results -> tables in the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

CONSOLE = Console(width=110)


def say(text: str) -> None:
    """Print a line while the measuring goes on."""
    CONSOLE.print(text, markup=False, highlight=False)


def line(size: int, found: dict[str, Any]) -> str:
    """Return one size in one line."""
    ours, floor, ratio = found["ours"], found["floor"], found["ratio"]
    return (
        f"{size:>7,} x 3   ours {ours['wall']:6.2f} s, {ours['cpu']:6.2f} s CPU, {ours['peak_mb']:5.0f} MB   "
        f"floor {floor['wall']:5.2f} s, {floor['cpu']:5.2f} s CPU   ratio {ratio['wall']:.2f}, CPU {ratio['cpu']:.2f}"
    )


def show(results: dict[str, Any]) -> None:
    """Print every table."""
    machine = results["machine"]
    say(f"\n{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, {machine['date']}")
    if results["sizes"]:
        CONSOLE.print(_sizes(results))
    CONSOLE.print(_steps(results["steps"]))
    for name, found in results["peers"].items():
        if "skipped" in found:
            say(f"{name}: not measured, {found['skipped']}\n")
        else:
            CONSOLE.print(_peer(name, found))
    if results["extras"]:
        CONSOLE.print(_extras(results["extras"]))
    if results["sending"]:
        show_sending(results["sending"])
    if results["planted"]:
        show_planted(results["planted"])


def show_sending(found: dict[str, Any]) -> None:
    """Print what submitting takes, or why that isn't known; a comparison that is void says so and has no factor."""
    if "skipped" in found:
        say(f"Submitting: not measured, {found['skipped']}\n")
        return
    CONSOLE.print(_sending(found))
    for what, pair in found["steps"].items():
        if "void" in pair:
            say(f"VOID: {what}: {pair['void']}")


def _table(title: str, *headers: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, header in enumerate(headers):
        table.add_column(header, justify="right" if number else "left")
    return table


def _sizes(results: dict[str, Any]) -> Table:
    power = results["exponent"]
    slope = "" if power["cpu"] is None else f"; time grows with rows to the power {power['wall']}, CPU {power['cpu']}"
    headers = ("rows a sheet", "ours s", "CPU s", "MB", "floor s", "CPU s", "MB", "ratio", "ratio CPU")
    table = _table(f"wbc compile against the floor, 3 sheets of 21 columns{slope}", *headers)
    for size, found in results["sizes"].items():
        figures = [f"{found[who][what]:.{0 if what == 'peak_mb' else 2}f}"
                   for who in ("ours", "floor") for what in ("wall", "cpu", "peak_mb")]  # fmt: skip
        table.add_row(f"{size:,}", *figures, f"{found['ratio']['wall']:.2f}", f"{found['ratio']['cpu']:.2f}")
    return table


def _steps(steps: dict[str, Any]) -> Table:
    table = _table(f"Where the time goes, {steps['rows']:,} rows x 3", "step", "s", "CPU s", "share of CPU")
    whole = sum(found["cpu"] for found in steps["shares"].values())
    for name, found in steps["shares"].items():
        table.add_row(name, f"{found['wall']:.3f}", f"{found['cpu']:.3f}", f"{found['cpu'] / whole:.0%}")
    return table


def _peer(name: str, found: dict[str, Any]) -> Table:
    table = _table(name, "what", "theirs s", "CPU s", "MB", "ours s", "CPU s", "MB", "times faster", "CPU")
    for what, pair in found["runs"].items():
        theirs, ours = pair["theirs"], pair["ours"]
        more = "> " if theirs["stopped"] else ""
        times = (f"{more}{theirs[key] / ours[key]:.1f}" for key in ("wall", "cpu"))
        table.add_row(what, *_figures(theirs, more), *_figures(ours), *times)
    return table


def _figures(run: dict[str, Any], mark: str = "") -> list[str]:
    return [f"{mark}{run[key]:.{0 if key == 'peak_mb' else 2}f}" for key in ("wall", "cpu", "peak_mb")]


def _extras(found: dict[str, Any]) -> Table:
    table = _table("More", "what", "s", "CPU s", "MB", "against its twin", "note")
    for what, run in found.items():
        ratio = f"{run['ratio']:.2f} (CPU {run['ratio_cpu']:.2f})" if "ratio" in run else ""
        figures = [
            f"{run[key]:.{0 if key == 'peak_mb' else 2}f}" if key in run else "" for key in ("wall", "cpu", "peak_mb")
        ]
        table.add_row(what, *figures, ratio, run.get("note", ""))
    return table


def _sending(found: dict[str, Any]) -> Table:
    load = " to ".join(f"{load:.1f}" for load in found["load"])
    sides = ("s", "CPU s", "requests", "writes")
    headers = [f"{who} {side}" if side == "s" else side for who in ("theirs", "ours") for side in sides]
    title = f"Submitting {found['rows']} rows to a portal on this machine, against {found['peer']}; load {load}"
    table = _table(title, "what", *headers, "times faster")
    for what, pair in found["steps"].items():
        figures = [text for who in ("theirs", "ours") for text in _traffic(pair[who])]
        table.add_row(what, *figures, "VOID" if "void" in pair else f"{pair['faster']:.1f}")
    return table


def _traffic(run: dict[str, Any]) -> list[str]:
    mark = "> " if run["stopped"] else ""
    return [f"{mark}{run['wall']:.2f}", f"{run['cpu']:.2f}", f"{run['requests']:,}", f"{run['writes']:,}"]


def show_planted(found: dict[str, Any]) -> None:
    """Print how well planted mistakes are told."""
    first, problems = found["first"], found["problems"]
    title = (
        f"{found['planted']} mistakes planted, {found['seeds']} seeds: {problems['mean']:.1f} problems "
        f"(furthest off {problems['worst']}); the first suggestion is what stood there for {first['mean']:.1%} "
        f"of the slips (worst {first['worst']:.1%})"
    )
    table = _table(title, "kind", "planted", "problems", "missed", "first suggestion right")
    for kind, row in found["kinds"].items():
        right = f"{row['first']} of {row['known']}" if row["known"] else ""
        table.add_row(kind, *(str(row[key]) for key in ("planted", "problems", "missed")), right)
    others = found["others"]
    table.add_row("no mistake there", "", f"{others['mean'] * found['seeds']:.0f}", "", "")
    CONSOLE.print(table)
