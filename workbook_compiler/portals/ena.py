"""ENA, the European Nucleotide Archive: checklists as schemas, and documents of many records (Webin REST V2)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from workbook_compiler.model.plan import Plan, Request
from workbook_compiler.model.portal import Portal
from workbook_compiler.model.schema import Schema
from workbook_compiler.model.service import Documents
from workbook_compiler.portals import ena_documents, ena_server
from workbook_compiler.portals.ena_checks import check
from workbook_compiler.portals.ena_layouts import foreign
from workbook_compiler.portals.ena_schema import load_schema
from workbook_compiler.portals.ena_taxonomy import TAXONOMY


def render(plan: Plan, schema: Schema, form: str) -> Iterator[Request]:
    """Yield the documents a plan becomes; JSON carries most records, XML all of them."""
    return ena_documents.render(plan, schema, xml=form == "xml")


def checklist_path(name: str) -> str:
    """Return where ENA's browser serves a checklist as XML."""
    return f"/ena/browser/api/xml/{quote(name, safe=':')}?download=true"


ENA = Portal(
    name="ena",
    title="European Nucleotide Archive",
    server="https://www.ebi.ac.uk",
    schema_path="",
    load_schema=load_schema,
    render=render,
    file_type=lambda _name: None,
    forms=("json", "xml"),
    documents=True,
    part="checklist",
    part_path=checklist_path,
    types=("project", "sample", "experiment", "run"),
    check=check,
    foreign=foreign,
    lookup=TAXONOMY,
    archive=Documents(
        test=ena_server.TEST,
        production=ena_server.PRODUCTION,
        area=ena_server.AREA,
        name_of=ena_server.name_of,
        posted=ena_server.posted,
        rehearsal=ena_server.rehearsal,
        again=ena_server.again,
        reply=ena_server.reply,
        waiting=ena_server.waiting,
        page=ena_server.page,
    ),
)
PORTALS = (ENA,)
