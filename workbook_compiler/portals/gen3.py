"""Gen3, the data commons of many projects: a data dictionary as the schema, and records sent node by node."""

from __future__ import annotations

from workbook_compiler.model.portal import Portal
from workbook_compiler.model.service import Transactions
from workbook_compiler.portals import gen3_server
from workbook_compiler.portals.gen3_checks import check
from workbook_compiler.portals.gen3_layouts import foreign
from workbook_compiler.portals.gen3_records import body, render, required, values_of
from workbook_compiler.portals.gen3_schema import PORTAL, load_schema

GEN3 = Portal(
    name=PORTAL,
    title="Gen3 data commons",
    server="",
    schema_path="/api/v0/submission/_dictionary/_all",
    load_schema=load_schema,
    render=render,
    body=body,
    file_type=lambda _name: None,
    documents=True,
    types=("Item",),
    check=check,
    foreign=foreign,
    keyfile="~/.gen3/credentials.json",
    transactions=Transactions(
        login=gen3_server.login,
        projects=gen3_server.projects,
        project_of=gen3_server.project_of,
        present=gen3_server.present,
        every=gen3_server.every,
        by_number=gen3_server.by_number,
        lookup=gen3_server.lookup,
        values=values_of,
        repeated=required,
        column=gen3_server.column,
        message=gen3_server.message,
        rehearsal=gen3_server.rehearsal,
        reply=gen3_server.reply,
        query=gen3_server.query,
    ),
)
PORTALS = (GEN3,)
