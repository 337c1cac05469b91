"""Submitting: ``wbc submit`` and Submit4DN send the same workbook, each to a portal of its own that has just started.

The portal is the sandbox, on this machine; a proxy in front of it counts the requests. What each portal holds afterwards is
read back and compared with the workbook: where it isn't the same, the comparison is void. A portal on this machine has no
way to go and renders small records, so there is a run with a distance too: the proxy holds each request back a little.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import measure
import peers
import xlsxwriter

from workbook_compiler.errors import WorkbookCompilerError
from workbook_compiler.sandbox import Running, Sandbox

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # the proxy that counts is the one the tests break connections with

from live.calls import calling  # noqa: E402
from live.proxy import Fault, Proxy, delays, proxied  # noqa: E402

SCHEMAS = ROOT / "fixtures" / "4dn" / "profiles.json"
ROWS = 200
"""Of each type."""
LIMIT = 600.0
"""One run of one of the two; Submit4DN takes a minute or two for new rows, and longer when it sends them again."""
DISTANCE = 0.05
"""Seconds: a portal on another continent takes longer, and an encrypted connection several times that to be made."""
NEW, AGAIN, FAR = "new", "again", "far"
STEPS = {NEW: "new", AGAIN: "the same again", FAR: f"new, {DISTANCE * 1000:.0f} ms away"}
HEADERS: dict[str, dict[str, str]] = {
    "Vendor": {"aliases": "array of strings", "title": "string", "description": "string"},
    "Biosource": {
        "aliases": "array of strings",
        "description": "string",
        "biosource_type": "string",
        "biosource_vendor": "Item:Vendor",
    },
    "Biosample": {"aliases": "array of strings", "description": "string", "biosource": "array of Item:Biosource"},
}
"""Each sheet's columns and what Submit4DN reads in row 2: their types."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One run: the process, what the portal was asked, and what speaks against it, if anything does."""

    run: measure.Run
    requests: int
    writes: int
    wrong: str

    def document(self) -> dict[str, Any]:
        """Return the figures as a JSON object."""
        told = {"requests": self.requests, "writes": self.writes, "per_row": round(self.requests / len(records()), 3)}
        return {**self.run.document(), **told, **({"wrong": self.wrong} if self.wrong else {})}


def records() -> dict[str, dict[str, Any]]:
    """Return what the workbook says by alias: each biosource is linked to a vendor, each biosample to a biosource."""
    found: dict[str, dict[str, Any]] = {}
    for i in range(ROWS):
        vendor, source, sample = (f"demo-lab:{name}{i}" for name in ("vendor", "source", "sample"))
        near = (i * 7 + 3) % ROWS
        found[vendor] = {"type": "Vendor", "title": f"Supplier {i}", "description": f"Found in catalogue {i % 9}"}
        found[source] = {"type": "Biosource", "description": f"Taken in room {i % 7}", "biosource_type": "tissue",
                         "biosource_vendor": f"demo-lab:vendor{near}"}  # fmt: skip
        found[sample] = {"type": "Biosample", "description": f"Tube {i}", "biosource": [f"demo-lab:source{near}"]}
    return {alias: {**values, "aliases": [alias]} for alias, values in found.items()}


def write(path: Path) -> Path:
    """Write the workbook in the layout both read, sheets in Submit4DN's order, and return it."""
    with xlsxwriter.Workbook(path) as book:
        for name, columns in HEADERS.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["#Field Name:", *columns])
            sheet.write_row(1, 0, ["#Field Type:", *columns.values()])
            ours = [values for values in records().values() if values["type"] == name]
            for row, values in enumerate(ours, 2):
                cells = [values[column] for column in columns]
                sheet.write_row(row, 1, [", ".join(cell) if isinstance(cell, list) else cell for cell in cells])
    return path


def measured(wbc: Path, runs: int) -> dict[str, Any]:
    """Return both side by side, or why they weren't measured."""
    python, why = peers.environment(peers.SUBMIT4DN)
    if python is None:
        return {"skipped": f"{peers.SUBMIT4DN} {why}"}
    found: dict[str, list[dict[str, Sent]]] = {"theirs": [], "ours": []}
    before = os.getloadavg()[0]
    try:
        for _ in range(runs):
            for who, program in (("theirs", python.with_name("import_data")), ("ours", wbc)):
                if who == "theirs" and found[who] and found[who][-1][FAR].run.wall > peers.LONG:
                    continue
                found[who].append({**_one(who, program), **_one(who, program, DISTANCE)})
    except (WorkbookCompilerError, OSError) as error:  # no sandbox, or it went away: the other figures are kept
        return {"skipped": str(error)}
    told = {what: _side_by_side(found, step) for step, what in STEPS.items()}
    load = [round(load, 2) for load in (before, os.getloadavg()[0])]
    return {"rows": len(records()), "peer": peers.SUBMIT4DN, "load": load, "steps": told}


def _one(who: str, program: Path, distance: float = 0) -> dict[str, Sent]:
    """Send to a portal that has just started, and the same again when it is near; it is stopped whatever happens."""
    far = [Fault(lambda _: True, delays(distance))] if distance else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        book = write(folder / "book.xlsx")
        with Sandbox(SCHEMAS, folder / "portal") as portal, proxied(portal.server, *far) as proxy:
            keyfile = _through(portal, proxy, folder)
            commands = _theirs(program, book, keyfile) if who == "theirs" else _ours(program, book, keyfile)
            if far:
                return {FAR: _sent(commands[NEW], folder, portal, proxy)}
            return {step: _sent(command, folder, portal, proxy) for step, command in commands.items()}


def _through(portal: Running, proxy: Proxy, folder: Path) -> Path:
    """The submitter's key file in a home folder of its own, with the proxy's address: nobody finds another one there."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    keyfile = home / "keypairs.json"
    shutil.copy2(portal.keyfile, keyfile)  # with its mode: nobody else may read it
    keyfile.write_text(keyfile.read_text("utf-8").replace(portal.server, proxy.server), encoding="utf-8")
    return keyfile


def _ours(wbc: Path, book: Path, keyfile: Path) -> dict[str, measure.Command]:
    command = [wbc, "submit", book, "--yes", "--portal", "4dn", "--schemas", SCHEMAS, "--keyfile", keyfile]
    return {NEW: command, AGAIN: command}


def _theirs(program: Path, book: Path, keyfile: Path) -> dict[str, measure.Command]:
    """Its own command line; ``--remote`` is what keeps it from asking a person, ``--patchall`` what makes it update."""
    command = [program, book, "--keyfile", keyfile, "--remote", "--update"]
    return {NEW: command, AGAIN: [*command, "--patchall"]}


def _sent(command: measure.Command, folder: Path, portal: Running, proxy: Proxy) -> Sent:
    """Run one command, and see what the portal was asked and what it holds."""
    proxy.forget()
    loopback = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "HOME": str(folder / "home")}
    ran = measure.run(command, limit=LIMIT, cwd=folder, environment={**measure.offline(), **loopback})
    writes = sum(seen.method not in ("GET", "HEAD") for seen in proxy.seen)
    return Sent(ran, proxy.count(), writes, _wrong(ran, portal))


def _wrong(ran: measure.Run, portal: Running) -> str:
    """What speaks against a run: it was stopped, it failed, or the portal doesn't hold what the workbook says."""
    if ran.stopped:
        return f"stopped after {LIMIT:.0f} seconds"
    if ran.code:
        return f"exit code {ran.code}: {(ran.said.strip().splitlines() or [''])[-1][:200]}"
    wanted, there = records(), dict(_held(portal))
    if there == wanted:
        return ""
    same = sum(there.get(alias) == values for alias, values in wanted.items())
    return f"the portal holds {same} of {len(wanted)} records as the workbook says, and {len(there)} altogether"


def _held(portal: Running) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give what came to the portal: each record by its alias, with what the workbook has columns for and aliases for links."""
    names: dict[str, str] = {}
    with calling(portal.keyfile) as calls:
        for type_name, columns in HEADERS.items():
            items = calls.get(f"/search/?type={type_name}&limit=all").json()["@graph"]
            for item in (one for one in items if one.get("aliases")):  # what the portal began with has none
                names[item["@id"]] = item["aliases"][0]
                yield item["aliases"][0], {"type": type_name, **{key: _named(item.get(key), names) for key in columns}}


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def _side_by_side(found: Mapping[str, list[dict[str, Sent]]], step: str) -> dict[str, Any]:
    """The medians of both, and how many times faster ours is; no such figure when something is wrong."""
    sides = {who: _median([one[step] for one in all_of_them]) for who, all_of_them in found.items()}
    told: dict[str, Any] = {who: one.document() for who, one in sides.items()}
    void = [f"{who}: {one.wrong}" for who, one in sides.items() if one.wrong]
    if void:
        return {**told, "void": "; ".join(void)}
    return {**told, "faster": round(sides["theirs"].run.wall / sides["ours"].run.wall, 2)}


def _median(sent: list[Sent]) -> Sent:
    """The median of the times, the most requests, and the first thing that is wrong with any run."""
    return Sent(
        measure.median([one.run for one in sent]),
        max(one.requests for one in sent),
        max(one.writes for one in sent),
        next((one.wrong for one in sent if one.wrong), ""),
    )
