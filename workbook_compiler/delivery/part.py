"""A file that is arriving: what has come so far, beside the file it will be, and how to ask for the rest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from workbook_compiler.errors import UsageError

BLOCK = 1 << 20


@contextmanager
def spoken(path: Path) -> Iterator[None]:
    """A full disk or a folder nobody may write to is told with its path."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror or error}.") from error


class Part:
    """What has arrived so far, beside the file it will be, with the mark the server gave it."""

    def __init__(self, target: Path, kind: str | None, *, safe: bool) -> None:
        """``kind`` is the checksum to work out; ``safe``: a checksum will tell in the end whether all is of one file."""
        self._target, self._kind, self._safe = target, kind, safe
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")
        self.size = 0
        self._etag = self._remembered()
        self._hash = hashlib.new(self._kind, usedforsecurity=False) if self._kind else None
        self._take_up()

    def asks(self) -> Mapping[str, str]:
        """The headers that ask for the rest; with the mark, the whole comes when the file is another now."""
        if not (self._etag or self._safe):  # nothing would tell whether it is of the same file
            self.start_over()
        if not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", **({"If-Range": self._etag} if self._etag else {})}

    def goes_on(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a piece begins where ours ends."""
        return re.match(rf"bytes {self.size}-\d", headers.get("content-range", "")) is not None

    def remember(self, headers: Mapping[str, str]) -> None:
        """Keep the server's mark of the file, for a later run."""
        self._etag = _strong(headers.get("etag"))
        with spoken(self._note):
            self._note.write_text(json.dumps({"etag": self._etag}), encoding="utf-8")

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Give the file, for the next pieces."""
        with spoken(self.path), self.path.open("ab") as stream:
            yield stream

    def add(self, stream: BinaryIO, piece: bytes) -> None:
        """Add a piece."""
        stream.write(piece)
        self.size += len(piece)
        if self._hash is not None:
            self._hash.update(piece)

    def digest(self) -> str | None:
        """The checksum of all that has arrived."""
        return self._hash.hexdigest() if self._hash is not None else None

    def start_over(self) -> None:
        """Forget what has arrived."""
        self.remove()
        self.size, self._etag = 0, None
        self._hash = hashlib.new(self._kind, usedforsecurity=False) if self._kind else None

    def remove(self) -> None:
        """Leave nothing behind."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give it its name."""
        self.path.touch()  # an empty file has no pieces
        self.path.replace(self._target)
        self._note.unlink(missing_ok=True)

    def _take_up(self) -> None:
        if not self.path.is_file():
            return
        with self.path.open("rb") as stream:
            while block := stream.read(BLOCK):
                self.size += len(block)
                if self._hash is not None:
                    self._hash.update(block)

    def _remembered(self) -> str | None:
        with suppress(OSError, ValueError, RecursionError):
            noted = json.loads(self._note.read_text("utf-8"))
            return _strong(noted.get("etag")) if isinstance(noted, dict) else None
        return None


def _strong(etag: object) -> str | None:
    """A mark that means the same bytes; a weak one, W/"…", means only about the same."""
    return etag if isinstance(etag, str) and re.fullmatch(r'"[\x21-\x7e]{1,200}"', etag) else None
