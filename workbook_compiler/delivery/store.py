"""One place in an S3 store, opened with the keys a portal gave for it; new ones are asked for when they run out."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbook_compiler.delivery.addresses import is_loopback
from workbook_compiler.errors import RefusedError, UnclearError, UnreachableError, UsageError

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
RENEWALS = 3
"""Keys that are old when they come are asked for so often."""
EARLY = timedelta(minutes=5)
"""Keys are renewed before they run out: a part may take minutes."""
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys to put one file in one place, for a while."""

    id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    bucket: str
    key: str
    expires: datetime | None = None
    endpoint: str | None = None
    """A store on this machine, which a sandbox names; None for Amazon's, or the one that ``AWS_ENDPOINT_URL`` names."""

    @property
    def place(self) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}"


Renew = Callable[[], Credentials]
"""Ask the portal for new keys to the same place."""


class StoreError(Exception):
    """What the store said no to: ``code`` is its word for why, None when it couldn't be reached."""

    def __init__(self, place: str, code: str | None) -> None:
        super().__init__(code)
        self.place, self.code = place, code

    def told(self) -> RefusedError | UnreachableError:
        """The same for a person."""
        if self.code is None:
            return UnreachableError(self.place, "the store can't be reached")
        return RefusedError(f"{self.place}: the store doesn't take the file ({self.code}).")


def credentials(given: Any, *, here: bool = False) -> Credentials:
    """Return the keys in a portal's ``upload_credentials``. Raises RefusedError for something else, in words without them.

    ``here``: the portal is on this machine, and may name a store on this machine.
    """
    said: Mapping[str, Any] = given if isinstance(given, dict) else {}
    place = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,62})/([^\x00-\x1f]{1,1024})", str(said.get("upload_url")))
    own, secret, token = (str(said.get(name) or "") for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    if place is None or not all(text and text.isprintable() for text in (own, secret, token)):
        raise RefusedError("The portal gave no usable keys to upload the file with.")
    endpoint = said.get("endpoint_url") if here else None
    near = endpoint if isinstance(endpoint, str) and endpoint.startswith("http://") and is_loopback(endpoint) else None
    return Credentials(own, secret, token, place[1], place[2], _moment(said.get("Expiration")), near)


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def renewing(ask: Callable[[], Any], *, here: bool = False) -> Renew:
    """Return the question for new keys to a file; ``ask`` asks the portal for them. To ask twice does no harm."""

    def renewed() -> Credentials:
        for _ in range(RENEWALS):
            try:
                return credentials(ask(), here=here)
            except UnclearError as error:
                unclear = error
        raise unclear

    return renewed


class Store:
    """Calls to S3 about one place. Any thread may call."""

    def __init__(self, first: Credentials, renew: Renew | None, jobs: int) -> None:
        self.place = first.place
        self._now, self._renew, self._jobs = first, renew, jobs
        self._lock = threading.Lock()
        self._client: Any = None

    def call(self, name: str, **named: Any) -> Any:
        """Make a call and return what it gives. Raises StoreError."""
        from botocore.exceptions import BotoCoreError, ClientError

        for attempt in range(RENEWALS + 1):
            client, used = self._opened()
            try:
                return getattr(client, name)(Bucket=used.bucket, Key=used.key, **named)
            except ClientError as error:
                code: str | None = str(error.response.get("Error", {}).get("Code") or "unknown")
            except BotoCoreError:
                code = None
            if code not in EXPIRED or self._renew is None or attempt == RENEWALS:
                break
            self._renewed(used)
        raise StoreError(self.place, code)  # not from the library's error, which may hold the keys

    def _opened(self) -> tuple[Any, Credentials]:
        soon = self._now.expires is not None and self._now.expires - EARLY < datetime.now(UTC)
        if soon and self._renew is not None:
            self._renewed(self._now)
        with self._lock:
            if self._client is None:
                self._client = _client(self._now, self._jobs)
            return self._client, self._now

    def _renewed(self, old: Credentials) -> None:
        """Ask for new keys, once for all threads that found the old ones run out."""
        with self._lock:
            if self._now is not old or self._renew is None:
                return
            new = self._renew()
            if new.place != self.place:
                raise RefusedError(
                    f"The portal moved the file from {self.place} to {new.place} meanwhile. Run the command again."
                )
            self._now, self._client = new, None


def fetched(address: str, folder: Path) -> Path:
    """Fetch ``s3://bucket/key`` into a folder, with the keys that Amazon's own programs would use, else as anybody.

    Raises UsageError for another address, RefusedError or UnreachableError when the store doesn't give it.
    """
    place = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,62})/([^\x00-\x1f]{1,1024})", address)
    name = place[2].rpartition("/")[2] if place else ""
    if place is None or name in ("", ".", "..") or "\\" in name:
        raise UsageError("only s3://bucket/path can be fetched")
    boto3, config = _library()
    from botocore import UNSIGNED
    from botocore.exceptions import BotoCoreError, ClientError

    target = folder / name
    try:
        session = boto3.session.Session()
        asks = {} if session.get_credentials() else {"signature_version": UNSIGNED}
        client = session.client("s3", config=config(connect_timeout=10, read_timeout=SECONDS, **asks))
        client.download_file(place[1], place[2], str(target))
    except ClientError as error:
        raise RefusedError(f"the store says {error.response.get('Error', {}).get('Code') or 'no'}") from None
    except (BotoCoreError, ValueError):
        raise UnreachableError(address, "the store can't be reached") from None
    return target


def _library() -> tuple[Any, Any]:
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise UsageError("Uploading files needs one more package: pip install 'workbook-compiler[upload]'.") from None
    return boto3, Config


def _client(keys: Credentials, jobs: int) -> Any:
    """A client with these keys and no others. ``AWS_ENDPOINT_URL`` names another store than Amazon's, as everywhere."""
    boto3, config = _library()
    from botocore.exceptions import BotoCoreError

    settings = config(
        retries={"mode": "standard", "max_attempts": 5},
        connect_timeout=10,
        read_timeout=SECONDS,
        max_pool_connections=jobs,
        signature_version="s3v4",
        request_checksum_calculation="when_required",  # other stores than Amazon's don't know the newer kinds
        response_checksum_validation="when_required",
    )
    try:
        session = boto3.session.Session(keys.id, keys.secret, keys.token, region_name="us-east-1")
        return session.client("s3", config=settings, endpoint_url=keys.endpoint)
    except (BotoCoreError, ValueError):
        raise UsageError(
            "AWS_PROFILE, AWS_ENDPOINT_URL or ~/.aws/config holds something that can't be understood."
        ) from None
