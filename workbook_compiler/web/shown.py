"""What the page shows, as JSON. Text of a workbook is made safe to read here; the page shows it as text and nothing else."""

from __future__ import annotations

from typing import Any

from workbook_compiler import api
from workbook_compiler.marks import MARKABLE, Offer, markable
from workbook_compiler.model.portal import Portal
from workbook_compiler.reports.words import visible
from workbook_compiler.web import rules as known
from workbook_compiler.web.checking import OFFERS, ROWS_ARE, Copy, Found, PortalWanted, RulesWanted
from workbook_compiler.web.jobs import Fetched, Job
from workbook_compiler.web.names import derived
from workbook_compiler.web.rules import Rules

Shown = dict[str, Any]
NOT_MARKED = f"Notes and mended values can be written into {' and '.join(MARKABLE)} files only, not into this one."


def portal(one: Portal, rules: Rules) -> Shown:
    """Return what can be chosen for a blank workbook of a portal, or that its rules aren't here."""
    here = rules.kept(one)
    said = {"name": one.name, "title": one.title, "part": one.part}
    if not here:
        return {**said, "ready": False, **_wanted(one, (), rules)}
    schema = rules.load(one)
    return {
        **said,
        "ready": True,
        "parts": list(here) if one.part else [],
        "presets": [
            {"name": p.name, "title": p.title, "description": p.description, "sheets": list(p.types)}
            for p in known.presets(one, schema)
        ],
        "types": [{"name": name, "title": title} for name, title in known.types(schema)],
        "usual": list(one.types),
    }


def _wanted(one: Portal, parts: tuple[str, ...], rules: Rules) -> Shown:
    return {
        "words": known.words_without(one),
        "server": known.server(one) if rules.fetchable(one) else "",
        "part": one.part,
        "parts": list(parts),
    }


def job(one: Job, rules: Rules) -> Shown:
    """Return how far a job is, and what came of it."""
    return {
        "id": one.id,
        "state": one.state.value,
        "label": visible(one.label),
        "share": round(one.share, 3),
        "sentence": visible(one.sentence),
        "files": [upload.name for upload in one.uploads],
        "mended": one.mended,
        "outcome": _outcome(one, rules),
    }


def _outcome(one: Job, rules: Rules) -> Shown | None:
    outcome = one.outcome
    if isinstance(outcome, Found):
        return _found(one, outcome)
    if isinstance(outcome, PortalWanted):
        return {"kind": "portal", "portals": [{"name": p.name, "title": p.title} for p in rules.portals()]}
    if isinstance(outcome, RulesWanted):
        portal_ = outcome.portal
        about = {"kind": "rules", "portal": portal_.name, "title": portal_.title}
        return {**about, **_wanted(portal_, outcome.parts, rules)}
    if isinstance(outcome, Fetched):
        return {"kind": "fetched", "told": [visible(sentence) for sentence in outcome.told]}
    return None


def _found(one: Job, found: Found) -> Shown:
    here = f"jobs/{one.id}"
    return {
        "kind": "found",
        "verdict": found.verdict,
        "tone": found.state,
        "outlook": found.outlook,
        "portal": found.portal,
        "report": f"{here}/report.html",
        "workbooks": [
            {
                "name": upload.name,
                "noted": noted,
                "why_not": "" if markable(upload.name) else NOT_MARKED,
                "mended": f"{here}/mended/{number}" if one.mended else "",
            }
            for number, (upload, noted) in enumerate(zip(one.uploads, found.noted, strict=True))
        ],
        "offers": [
            _offer(offer, found, f"{one.uploads[number].name} › " if len(one.uploads) > 1 else "")
            for number, offer in found.offers[:OFFERS]
        ],
        "more_offers": max(0, len(found.offers) - OFFERS),
        "types": list(found.types),
        "rows_are": ROWS_ARE,
        "type": one.asked.type_name or "",
        "plan": {"url": f"{here}/plan.json", "rows": found.rows, "operations": found.operations}
        if found.plan
        else None,
    }


def _offer(offer: Offer, found: Found, file: str) -> Shown:
    sheet, _, cell = offer.place.rpartition("!")
    return {
        "index": offer.index,
        "place": visible(file + offer.place),
        "sheet": visible(file + (sheet or "the sheet’s name")),
        "cell": visible(cell),
        "more": len(offer.cells) - 1,
        "before": visible(offer.before),
        "suggestions": [visible(value) for value in offer.suggestions],
        "accepted": next(
            (n for n, value in enumerate(offer.suggestions) if value == found.accepted.get(offer.index)), None
        ),
        "why": visible(found.diagnostics[offer.index].message),
    }


def copy(one: Job, name: str, made: Copy) -> Shown:
    """Return what there is to say of a mended copy, and where the files are that changed."""
    changed = [
        number for number, (file, own) in enumerate(zip(made.files, one.uploads, strict=True)) if file is not own
    ]
    return {
        "copy": name,
        "count": made.cells,
        "kept": list(made.kept),
        "files": [
            {"name": derived(made.files[number].name, "mended"), "url": f"jobs/{one.id}/copies/{name}/{number}"}
            for number in changed
        ],
    }


def page(rules: Rules) -> Shown:
    """Return what the page's template is filled with."""
    portals = [{"name": one.name, "title": one.title, "ready": rules.ready(one)} for one in rules.portals()]
    first = next((one["name"] for one in portals if one["ready"]), portals[0]["name"])
    return {"portals": portals, "first": first, "fixed": rules.portal is not None, "version": api.tool_version()}
