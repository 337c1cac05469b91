"""Which portals can be checked against on this machine. The network is asked only when the person says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workbook_compiler import api, resources
from workbook_compiler.delivery import snapshots
from workbook_compiler.errors import UsageError
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.schema import Schema
from workbook_compiler.template import Preset, fillable, load_preset


@dataclass(frozen=True, slots=True)
class Rules:
    """The portals of one page: all of them, or the one it was started for, with its own schemas where they were named."""

    portal: str | None = None
    source: Path | None = None

    def portals(self) -> list[Portal]:
        """Return the portals that the page offers."""
        known = resources.portals()
        return [known[self.portal]] if self.portal else list(known.values())

    def named(self, name: str) -> Portal:
        """Return one of them; raises UsageError for another."""
        resources.named("portal on this page", name, [one.name for one in self.portals()])
        return api.portal(name)

    def kept(self, portal: Portal) -> tuple[str, ...]:
        """Return the names of a portal's schemas on this machine, of its parts where it has some; none when there are none."""
        if self.source is None:
            return snapshots.kept(portal)
        return tuple(snapshots.load(portal, self.source)[0])

    def ready(self, portal: Portal, parts: Sequence[str] = ()) -> bool:
        """Tell whether a portal's schemas, or these parts of them, are on this machine."""
        kept = self.kept(portal)
        return bool(kept) and all(part in kept for part in parts)

    def load(self, portal: Portal, parts: Sequence[str] = ()) -> Schema:
        """Return what a portal accepts, from this machine alone; raises UsageError when it isn't there."""
        if not self.ready(portal, parts):
            raise UsageError(f"The rules of {portal.title} aren't on this machine yet.")
        return api.load_schema(portal.name, self.source, parts)

    def fetchable(self, portal: Portal) -> bool:
        """Tell whether the portal's own server can be asked for them."""
        return self.source is None and bool(portal.server)


def server(portal: Portal) -> str:
    """Return the name of a portal's server."""
    return urlsplit(portal.server).hostname or ""


def presets(portal: Portal, schema: Schema) -> list[Preset]:
    """Return the presets whose types the schema has."""
    known = [load_preset(path) for path in resources.preset_files(portal.name).values()]
    return [one for one in known if one.types.keys() <= schema.types.keys()]


def types(schema: Schema) -> list[tuple[str, str]]:
    """Return the name and the title of each type that a sheet can be made of."""
    return sorted((name, schema.types[name].title) for name in fillable(schema))


def words_without(portal: Portal) -> str:
    """Return what is said where a portal's rules are needed and aren't there."""
    said = f"The rules of {portal.title} aren't on this machine yet."
    if portal.server:
        return said
    return (
        f"{said} Every one of these portals has its own. Get them once with: "
        f"wbc schemas pull --portal {portal.name} --server https://…"
    )
