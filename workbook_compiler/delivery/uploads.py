"""A data file -> the store, with the keys a portal gave: in parts, going on where an earlier run broke off, never twice."""

from __future__ import annotations

import hashlib
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook_compiler.delivery.store import Credentials, Renew, Store, StoreError
from workbook_compiler.errors import UsageError, WorkbookCompilerError
from workbook_compiler.executors import in_order

PART = 16 << 20
"""Bytes of a part; larger where a file would have too many."""
MOST_PARTS = 9_000
"""S3 takes 10,000."""
IN_MEMORY = 256 << 20
"""The parts on their way together hold no more than this."""
_GONE = frozenset({"NoSuchUpload", "404", "NoSuchKey", "NotFound"})

State = MutableMapping[str, str]
"""What a journal keeps of unfinished uploads, as texts: ``place`` -> upload id, ``place#3`` -> etag and md5 of the third part."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that is in the store."""

    place: str
    size: int
    already: bool = False
    """It was there before, and wasn't sent again."""


@dataclass(frozen=True, slots=True)
class _File:
    """The file as it was when its upload began."""

    path: Path
    size: int
    stamp: tuple[int, int]
    md5: str
    part: int

    def piece(self, number: int) -> bytes:
        """The bytes of a part; the first is 1."""
        with self.path.open("rb") as stream:
            stream.seek((number - 1) * self.part)
            return stream.read(self.part)


def upload(
    path: Path,
    keys: Credentials,
    md5: str,
    *,
    renew: Renew | None = None,
    state: State | None = None,
    sent: Callable[[int], None] = lambda _bytes: None,
    jobs: int = 4,
) -> Uploaded:
    """Put a file where its portal wants it. ``md5`` is the file's, as the record has it; ``sent`` is told bytes as they go.

    ``renew`` asks for new keys when these run out. ``state`` lets a later call go on; it is emptied when the file is there.
    Raises UsageError for a file that can't be read or changes meanwhile, RefusedError and UnreachableError.
    """
    file = _looked_at(path, md5)
    store = Store(keys, renew, jobs)
    notes: State = {} if state is None else state
    try:
        if _is_there(store, file):
            sent(file.size)
            _forget(store, notes)
            return Uploaded(store.place, file.size, already=True)
        if file.size <= file.part:
            _put(store, file)
            sent(file.size)
        elif not _in_parts(store, file, notes, sent, jobs):  # the store forgot the upload we would have gone on with
            _forget(store, notes)
            _in_parts(store, file, notes, sent, jobs)
    except StoreError as error:
        failure: WorkbookCompilerError = error.told()
    except OSError as error:
        failure = UsageError(f"{path} can't be read: {error.strerror}.")
    else:
        return Uploaded(store.place, file.size)
    raise failure


def _looked_at(path: Path, md5: str) -> _File:
    try:
        found = path.stat()
    except (OSError, ValueError):
        raise UsageError(f"There is no file {path} to upload.") from None
    megabytes = -(-found.st_size // (MOST_PARTS << 20))
    return _File(path, found.st_size, (found.st_size, found.st_mtime_ns), md5.lower(), max(PART, megabytes << 20))


def _changed(file: _File) -> UsageError:
    return UsageError(f"{file.path} changed meanwhile. Run the command again when nothing writes it any more.")


def _refuse_changed(file: _File) -> None:
    found = file.path.stat()
    if (found.st_size, found.st_mtime_ns) != file.stamp:
        raise _changed(file)


def _is_there(store: Store, file: _File) -> bool:
    """Whether the same content is in place. Many portals' keys only write: then nobody knows, and it is sent."""
    try:
        found: Mapping[str, Any] = store.call("head_object")
    except StoreError as error:
        if error.code is None:
            raise
        return False
    marks = (str(found.get("ETag", "")).strip('"'), (found.get("Metadata") or {}).get("md5"))
    return found.get("ContentLength") == file.size and file.md5 in marks


def _put(store: Store, file: _File) -> None:
    data = file.piece(1)
    if _md5(data) != file.md5:
        raise _changed(file)
    store.call("put_object", Body=data, ContentMD5=_encoded(file.md5), Metadata={"md5": file.md5})


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _encoded(md5: str) -> str:
    return b64encode(bytes.fromhex(md5)).decode()


# ---------------------------------------------------------------- in parts


def _in_parts(store: Store, file: _File, state: State, sent: Callable[[int], None], jobs: int) -> bool:
    """Send what is missing and put it together. False when the store knows nothing of the upload that was begun."""
    upload, known = _begun(store, file, state)
    lock = threading.Lock()

    def send(number: int) -> str:
        data = file.piece(number)
        md5 = _md5(data)
        etag = known[number][0] if number in known and known[number][1] == md5 else None
        if etag is None:
            named = {"PartNumber": number, "UploadId": upload, "ContentMD5": _encoded(md5), "Body": data}
            etag = str(store.call("upload_part", **named)["ETag"])
        with lock:
            state[f"{store.place}#{number}"] = f"{etag} {md5}"
            sent(len(data))
        return etag

    numbers = range(1, -(-file.size // file.part) + 1)
    try:
        with ThreadPoolExecutor(max(1, min(jobs, IN_MEMORY // file.part)), "upload") as threads:
            etags = _all(threads, send, numbers)
        _refuse_changed(file)
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in zip(numbers, etags, strict=True)]
        store.call("complete_multipart_upload", UploadId=upload, MultipartUpload={"Parts": parts})
    except StoreError as error:
        if error.code not in _GONE or not known:
            raise
        return False
    _forget(store, state)
    return True


def _all(threads: ThreadPoolExecutor, send: Callable[[int], str], numbers: range) -> list[str]:
    """What each part gave, in their order; after the first that fails no other begins."""
    try:
        return [etag or "" for _, etag in in_order(numbers, lambda number: threads.submit(send, number))]
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        raise


Known = Mapping[int, tuple[str, str]]
"""Parts that are in the store: number -> etag and md5."""


def _begun(store: Store, file: _File, state: State) -> tuple[str, Known]:
    """The upload to go on with and its parts, or a new one."""
    upload, noted = state.get(store.place), dict(_noted(store, state))
    if upload is not None:
        try:
            return upload, {number: _both(etag, noted.get(number)) for number, etag in _listed(store, upload)}
        except StoreError as error:
            if error.code is None:
                raise
            if error.code not in _GONE:  # keys that only write can't list: what we noted must do
                return upload, noted
        _forget(store, state)
    upload = str(store.call("create_multipart_upload", Metadata={"md5": file.md5})["UploadId"])
    state[store.place] = upload
    return upload, {}


def _both(etag: str, noted: tuple[str, str] | None) -> tuple[str, str]:
    """A part's mark and md5. The mark is the md5, unless the store encrypts; then only our note tells."""
    return noted if noted is not None and noted[0] == etag else (etag, etag.strip('"'))


def _listed(store: Store, upload: str) -> Iterator[tuple[int, str]]:
    """The parts the store has, with its marks of them."""
    marker = 0
    for _ in range(MOST_PARTS):
        page = store.call("list_parts", UploadId=upload, PartNumberMarker=marker)
        yield from ((int(part["PartNumber"]), str(part["ETag"])) for part in page.get("Parts", ()))
        if not page.get("IsTruncated"):
            return
        marker = int(page["NextPartNumberMarker"])


def _noted(store: Store, state: State) -> Iterator[tuple[int, tuple[str, str]]]:
    """The parts that an earlier run noted."""
    for number in range(1, MOST_PARTS + 2):
        etag, _, md5 = state.get(f"{store.place}#{number}", "").rpartition(" ")
        if etag:
            yield number, (etag, md5)


def _forget(store: Store, state: State) -> None:
    for number in [number for number, _ in _noted(store, state)]:
        state.pop(f"{store.place}#{number}", None)
    state.pop(store.place, None)
