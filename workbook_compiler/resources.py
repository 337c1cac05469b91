"""Finds what ships with us: portals, report formats, presets and the pages' templates."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from workbook_compiler.errors import UsageError
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.report import ReportFormat

PACKAGE = Path(__file__).parent


@cache
def portals() -> dict[str, Portal]:
    """Return every portal by the word of ``--portal``: each module of ``portals/`` that has ``PORTALS``."""
    import workbook_compiler.portals as package

    found: dict[str, Portal] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for portal in getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "PORTALS", ()):
            if portal.name in found:
                raise RuntimeError(f"two portals are called {portal.name}")
            found[portal.name] = portal
    return dict(sorted(found.items()))


@cache
def report_formats() -> dict[str, ReportFormat]:
    """Return every report format by the word of ``--format``: each module of ``reports/`` that has ``FORMAT``."""
    import workbook_compiler.reports as package

    modules = (importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__))
    return {module.FORMAT.name: module.FORMAT for module in modules if hasattr(module, "FORMAT")}


def templates() -> Path:
    """Return the folder ``templates/``: inside the package once installed, beside it in a checkout."""
    inside = PACKAGE / "templates"
    return inside if inside.is_dir() else PACKAGE.parent / "templates"


def preset_files(portal: str) -> dict[str, Path]:
    """Return a portal's preset files by preset name."""
    return {file.stem: file for file in sorted((templates() / "workbooks" / portal).glob("*.toml"))}


def named(kind: str, name: str, known: Iterable[str]) -> None:
    """Raise UsageError with the known names when ``name`` isn't one of them."""
    if name not in known:
        raise UsageError(f"There is no {kind} called “{name}”. Known: {', '.join(known) or 'none'}.")
