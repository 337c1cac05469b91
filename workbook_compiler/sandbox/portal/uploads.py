"""Data files: the credentials a portal gives to who may upload one, and the way to download it.

Only with the address of an S3 stand-in on this machine. The keys are made up: a stand-in takes any.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import item_types
from botocore.config import Config
from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPTemporaryRedirect
from snovault.interfaces import CONNECTION
from snovault.schema_utils import schema_validator

BUCKET = "sandbox-files"
WAITING = ("uploading", "to be uploaded by workflow", "upload failed", "pending")
RECORD = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A format that is a record of its own; for ENCODE and IGVF it is a word."""
NAMES = ("filename", "submitted_file_name")
"""Where 4DN has a file's name, and where ENCODE and IGVF have it."""
OTHER_NAMES = {"AccessKeyId": "access_key", "SecretAccessKey": "secret_key", "SessionToken": "session_token"}
OTHER_NAMES |= {"Expiration": "expiration"}
"""What ENCODE and IGVF call the parts of a key."""
LIFE = timedelta(hours=36)
ADDRESS = "sandbox.uploads"


def includeme(config: Any) -> None:
    """Add credentials and views to the files of a portal that has a place to send them to."""
    file = vars(item_types).get("File")
    address = config.registry[ADDRESS]
    if file is None or address is None:
        return
    client(address).create_bucket(Bucket=BUCKET)
    file._update = updating(file)
    told = {"context": file, "condition": waiting, "schema": {"type": "object"}}
    config.add_calculated_property(upload_credentials, "upload_credentials", **told)
    config.add_calculated_property(extra_files_creds, "extra_files_creds", **{**told, "schema": {"type": "array"}})
    config.add_calculated_property(href, "href", context=file, schema={"type": "string"})
    config.add_view(show, name="upload", context=file, request_method="GET", permission="edit")
    anything = [schema_validator({"type": "object"})]
    config.add_view(renew, name="upload", context=file, request_method="POST", permission="edit", validators=anything)
    seen = {"request_method": "GET", "permission": "view", "subpath_segments": [0, 1]}
    config.add_view(download, name="download", context=file, **seen)


def client(address: str) -> Any:
    """A client of the S3 stand-in."""
    return boto3.client(
        "s3", endpoint_url=address, config=Config(s3={"addressing_style": "path"}, signature_version="s3v4")
    )


# ---------------------------------------------------------------- what is kept of a file


def updating(file: type) -> Any:
    """A file that waits for its content gets credentials whenever it is stored, and one set more for each extra file."""

    def _update(self: Any, properties: dict[str, Any], sheets: Any = None) -> None:
        if state(properties) in WAITING:
            sheets = {**(sheets or {}), **places(self, properties)}
        super(file, self)._update(properties, sheets)

    return _update


def places(item: Any, properties: dict[str, Any]) -> dict[str, Any]:
    """Where a file and its extra files go, by the name of the sheet snovault keeps it on."""
    extras = {f"external{one['file_format']}": one["file_format"] for one in properties.get("extra_files", ())}
    wanted = {"external": properties.get("file_format"), **extras}
    return {sheet: place(item, properties, file_format) for sheet, file_format in wanted.items()}


def place(item: Any, properties: dict[str, Any], file_format: str | None) -> dict[str, Any]:
    """The bucket and key of a file's content, with keys that open it once the file has a name."""
    key = f"{item.uuid}/{content_name(item, properties, file_format)}"
    named = any(properties.get(name) for name in NAMES)
    keys = credentials(key, item.registry[ADDRESS]) if named else {}
    if NAMES[1] in item.type_info.schema["properties"]:
        keys = {OTHER_NAMES.get(name, name): value for name, value in keys.items()}
    return {"service": "s3", "bucket": BUCKET, "key": key, "upload_credentials": keys}


def state(properties: dict[str, Any]) -> Any:
    """What a record says of its content: in a property of its own, or in its status."""
    return properties.get("upload_status", properties.get("status"))


def content_name(item: Any, properties: dict[str, Any], file_format: str | None) -> str:
    """A file's name on the portal: its accession, and the ending its format stands for."""
    stem = properties.get("accession") or str(item.uuid)
    known = item.registry[CONNECTION].get_by_uuid(file_format) if RECORD.fullmatch(file_format or "") else None
    ending = known.properties.get("standard_file_extension") if known else file_format
    return f"{stem}.{ending}" if ending else stem


def credentials(key: str, address: str) -> dict[str, str]:
    """Keys for one upload, in the form of Amazon's federation tokens."""
    return {
        "AccessKeyId": "ASIA" + secrets.token_hex(8).upper(),
        "SecretAccessKey": secrets.token_urlsafe(30),
        "SessionToken": secrets.token_urlsafe(90),
        "Expiration": (datetime.now(timezone.utc) + LIFE).isoformat(timespec="seconds"),
        "upload_url": f"s3://{BUCKET}/{key}",
        "key": key,
        "endpoint_url": address,  # not Amazon's own: nothing of a rehearsal leaves this machine
    }


# ---------------------------------------------------------------- what is told of it


def waiting(request: Any, context: Any) -> bool:
    """Tell whether credentials are shown: to who may edit a file that has no content yet."""
    return state(context.properties) in WAITING and bool(request.has_permission("edit", context))


def upload_credentials(context: Any) -> Any:
    """The present credentials; None when the file was never waiting."""
    return context.propsheets.get("external", {}).get("upload_credentials")


def extra_files_creds(context: Any) -> list[dict[str, Any]]:
    """The extra files, each with its credentials."""
    extras = [
        (one, context.propsheets.get(f"external{one['file_format']}"))
        for one in context.properties.get("extra_files", ())
    ]
    return [{**one, "upload_credentials": kept["upload_credentials"]} for one, kept in extras if kept]


def href(context: Any, request: Any) -> str:
    """Where the content is downloaded from."""
    name = content_name(context, context.properties, context.properties.get("file_format"))
    return f"{request.resource_path(context)}@@download/{name}"


def show(context: Any, request: Any) -> dict[str, Any]:
    """The present credentials."""
    told = {"upload_credentials": upload_credentials(context), "extra_files_creds": extra_files_creds(context)}
    return {"@graph": [{"@id": request.resource_path(context), **told}]}


def renew(context: Any, request: Any) -> dict[str, Any]:
    """New credentials, for a file that still waits."""
    if state(context.properties) not in WAITING:
        raise HTTPForbidden('status must be "uploading" to issue new credentials')
    again = {"upload_status": "pending"} if "upload_status" in context.properties else {"status": "uploading"}
    context.update({**context.properties, **again})
    rendered = request.embed(f"/{context.uuid}", "@@object", as_user=True)
    return {"status": "success", "@type": ["result"], "@graph": [rendered]}


def download(context: Any, request: Any) -> Any:
    """A redirect to the content, or with ``soft=true`` where it would lead."""
    formats = [
        context.properties.get("file_format"),
        *(one["file_format"] for one in context.properties.get("extra_files", ())),
    ]
    names = [content_name(context, context.properties, one) for one in formats]
    asked = request.subpath[0] if request.subpath else names[0]
    if asked not in names:
        raise HTTPNotFound(asked)
    location = signed(request.registry[ADDRESS], f"{context.uuid}/{asked}", asked)
    if request.params.get("soft") == "true":
        expires = (datetime.now(timezone.utc) + LIFE).isoformat(timespec="seconds")
        return {"@type": ["SoftRedirect"], "location": location, "expires": expires}
    raise HTTPTemporaryRedirect(location=location)


def signed(address: str, key: str, name: str) -> str:
    """An address that opens one file for a while."""
    wanted = {"Bucket": BUCKET, "Key": key, "ResponseContentDisposition": f"attachment; filename={name}"}
    life = int(LIFE.total_seconds())
    return client(address).generate_presigned_url("get_object", Params=wanted, ExpiresIn=life)
