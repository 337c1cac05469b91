"""What the compiler makes of a filled workbook is what a portal takes, message by message."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

from conftest import FOURDN

from live.calls import Calls, calling
from workbook_compiler import api
from workbook_compiler.sandbox import Sandbox


def chunk(kind: bytes, data: bytes) -> bytes:
    """A part of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = b"\x89PNG\r\n\x1a\n" + b"".join(
    (
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        chunk(b"IDAT", zlib.compress(b"\0\0\0\0")),
        chunk(b"IEND", b""),
    )
)
PDF = b"%PDF-1.4\n%%EOF\n"
CONTENT = {"image/png": PNG, "application/pdf": PDF}


def filled(body: dict[str, Any], owner: dict[str, str]) -> dict[str, Any]:
    """A body with what only the moment of sending knows: the owner, and the content of its attachment."""
    attached = body.get("attachment")
    if attached:
        content = base64.b64encode(CONTENT[attached["type"]]).decode()
        attached = {"attachment": {**attached, "href": f"data:{attached['type']};base64,{content}"}}
    return {**owner, **body, **(attached or {})}


def test_the_filled_workbook_is_taken_whole(submitter: Calls, owner: dict[str, str], tmp_path: Path) -> None:
    """Every message as it was written; afterwards a record is found by its alias, linked as the workbook says."""
    result = api.compile(FOURDN / "filled.xlsx", api.load_schema("4dn", FOURDN / "profiles.json"))
    api.write_plan(result, tmp_path)
    messages = [
        json.loads(line)
        for file in sorted((tmp_path / "requests").iterdir())
        for line in file.read_bytes().splitlines()
    ]
    assert len(messages) > 40
    for message in messages:
        body = filled(message["body"], owner) if message["method"] == "POST" else message["body"]
        answer = submitter(message["method"], message["path"] + "?render=uuid", json=body)
        assert answer.status_code in (200, 201), (message, answer.text)
    stock = submitter.found("/demo-lab:bs_stock?frame=object")
    assert stock["dbxrefs"] == ["GEO:GSM0000003", "Freezer:rack 2, box 7"]
    (relation,) = submitter.found("/demo-lab:bs_rep1?frame=object")["biosample_relation"]
    assert relation["biosample"] == stock["@id"]


def test_the_portals_own_schemas_can_be_mounted(portal_python: str, shared_data: Path, tmp_path: Path) -> None:
    """All types of the real portal but its own pages: each takes a record, or says what it lacks."""
    source = shared_data / "4dn" / "profiles.json"
    schema = api.load_schema("4dn", source)
    with Sandbox(source, tmp_path) as running, calling(running.keyfile) as submitter:
        unknown = [
            name
            for name, entity in schema.types.items()
            if not entity.abstract
            and submitter.post(f"/{entity.path}?check_only=true", {}).status_code not in (200, 422)
        ]
        assert set(unknown) <= {
            "AccessKey",
            "FilterSet",
            "IngestionSubmission",
            "Page",
            "StaticSection",
            "TrackingItem",
            "User",
        }
        assert submitter.found("/organisms/9606/")["uuid"] == "7745b647-ff15-4ff3-9ced-b897d4e2983c"
