"""What messages travel through: the only file that imports requests. Connections with an end to waiting, and why one failed."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, MaxRetryError, ProtocolError, ReadTimeoutError

from workbook_compiler.delivery.addresses import same_place, without_secrets
from workbook_compiler.delivery.keys import Key
from workbook_compiler.delivery.pacing import SAFE, SLOW_TRIES, TRIES, Failure
from workbook_compiler.errors import UnreachableError

TIMEOUT = (10, 60)
"""Seconds to connect, and to wait between two bytes."""
DEADLINE = 300.0
"""Seconds for a message and its answer in all: one byte a minute is no answer."""
MAX_REDIRECTS = 5
MAX_BYTES = 256 << 20
"""A longer answer isn't read, except by who asks for a file."""
BLOCK = 1 << 18
_MOVED = (301, 307, 308)
_HARMLESS = ("Accept", "Accept-Encoding", "Range", "If-Range")
Leads = Callable[[str, str], bool]
"""Whether a message to the first address may go on to the second."""
TROUBLE = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError)
"""What the libraries raise; a redirect to no address at all is a ValueError."""

Http = requests.Session
Response = requests.Response


def asked(
    http: Http,
    url: str,
    headers: Mapping[str, str],
    auth: AuthBase | None,
    method: str = "GET",
    data: bytes | None = None,
    *,
    leads: Leads | None = same_place,
) -> Response | str:
    """The answer, its body not yet read, or why there is none. Only a question follows a redirect.

    ``leads``: where one may lead, by default within the server; None follows none. Elsewhere neither ``auth`` goes along nor
    a header that could tell who asks.
    """
    place = url
    for _ in range(MAX_REDIRECTS + 1):
        answer = http.request(
            method,
            place,
            data=data,
            headers=dict(headers) if same_place(url, place) else {k: v for k, v in headers.items() if k in _HARMLESS},
            auth=auth if same_place(url, place) else Auth(None),
            timeout=TIMEOUT,
            stream=True,
            allow_redirects=False,
        )
        if leads is None or not answer.is_redirect or (method not in SAFE and answer.status_code not in _MOVED):
            return answer
        answer.close()
        target = urljoin(place, answer.headers["Location"])
        if method not in SAFE or not leads(url, target):
            return f"it sends us on to {without_secrets(target)}; name that address if you trust it"
        place = target
    return "it sends us round in a circle"


def body_of(response: Response) -> bytes | None:
    """The whole body, None when it is too long."""
    body = bytearray()
    for chunk in response.iter_content(BLOCK):
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)


def pieces(answer: Response, told: str) -> Iterator[bytes]:
    """The bytes as stored: what a server calls packed stays packed, or its checksum would be another."""
    try:
        yield from answer.raw.stream(BLOCK, decode_content=False)
        return
    except TROUBLE as error:
        failure = failure_of(error, Watch())
    raise UnreachableError(told, failure.reason)


def failure_of(error: Exception, watch: Watch) -> Failure:
    """What kind of failure it is, without the address and the library's inner words."""
    first = error.args[0] if error.args else None
    reason = first.reason if isinstance(first, MaxRetryError) else first
    sent = watch.began and not isinstance(error, requests.exceptions.ProxyError)
    slow = isinstance(error, requests.Timeout | TimeoutError | ReadTimeoutError) or isinstance(reason, ReadTimeoutError)
    if slow or watch.cut:
        return Failure("no answer in time", sent, SLOW_TRIES)
    if isinstance(error, requests.exceptions.SSLError) and not watch.began:
        return Failure("its certificate can't be trusted", sent)
    if isinstance(error, requests.exceptions.ChunkedEncodingError | ProtocolError | HTTPException):
        return Failure("the connection broke off in the middle of its answer", sent, TRIES)
    if isinstance(error, requests.ConnectionError):
        return Failure("the connection broke off before its answer" if sent else "no connection", sent, TRIES)
    return Failure("the address or its answer can't be understood", sent)


# ---------------------------------------------------------------- what it goes through


class Auth(AuthBase):
    """A key as a header. Without one there is nothing, not even what a .netrc would say."""

    def __init__(self, key: Key | None) -> None:
        self._header = "" if key is None else "Basic " + b64encode(f"{key.id}:{key.secret}".encode()).decode()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the header on a message."""
        if self._header:
            request.headers["Authorization"] = self._header
        return request

    def renewed(self) -> bool:
        """Tell whether there is something new to try after the server refused it: a key stays what it is."""
        return False


class Bearer(Auth):
    """A token that lasts for minutes, as a header; ``token(refused)`` gives one that is good, and another than a refused one."""

    def __init__(self, token: Callable[[str], str]) -> None:
        super().__init__(None)
        self._token = token
        self._last = threading.local()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on a message."""
        self._last.token = self._token("")
        request.headers["Authorization"] = f"bearer {self._last.token}"
        return request

    def renewed(self) -> bool:
        """Ask for another token than the one of this thread's last message, which the server didn't take."""
        self._token(self._last.token)
        return True


class Watch:
    """Cuts the connection this thread speaks over when one message takes too long in all."""

    def __init__(self) -> None:
        self.began = False
        """Bytes of the message are on their way."""
        self.cut = False
        self._socket: socket.socket | None = None
        self._outer: Watch | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(DEADLINE, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._outer, _HERE.watch = _HERE.watch, self  # a token may be asked for in the middle of another message
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        _HERE.watch = self._outer
        self._timer.cancel()
        with self._lock:
            self._socket = None  # from now on another message may use it

    def over(self, used: socket.socket) -> None:
        """Be told which connection the message goes over."""
        with self._lock:
            self._socket = used
        self.check()
        self.began = True

    def check(self) -> None:
        """Raise TimeoutError when the connection was cut: the end of its bytes can look like the end of an answer."""
        if self.cut:
            raise TimeoutError

    def _end(self) -> None:
        self.cut = True
        with self._lock, suppress(OSError):
            if self._socket is not None:  # SSL's own shutdown isn't safe while another thread reads
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Here(threading.local):
    watch: Watch | None = None


_HERE = _Here()


class _Noted:
    """A connection that says when it is used, and may take longer to send a long body than to connect."""

    def send(self: Any, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(TIMEOUT[1])
        if _HERE.watch is not None:
            _HERE.watch.over(self.sock)
        super().send(data)  # type: ignore[misc]


class _Http(_Noted, HTTPConnection):
    pass


class _Https(_Noted, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager


def connections(jobs: int) -> Http:
    """Connections to keep, so many side by side. Cookies are left: the key says who we are, each time."""
    made = Http()
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Adapter(pool_connections=4, pool_maxsize=jobs + 1))
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return made
