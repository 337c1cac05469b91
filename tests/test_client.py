"""Messages to a server: who we are, what is sent again and what never is, and an end to every wait."""

from __future__ import annotations

import threading
import time
import traceback
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import orjson
import pytest
from loopback import Answering, Asked, answer, as_json, by_path, closed_port, hang_up, in_turn, serving

from workbook_compiler.delivery import pacing, wire
from workbook_compiler.delivery.client import Session, opened
from workbook_compiler.delivery.keys import Key
from workbook_compiler.errors import UnclearError, UnreachableError, UsageError

SECRET = "s3cr3t-never-shown"  # noqa: S105 - of nobody
KEY = Key("AKID", SECRET, "http://127.0.0.1")
WRITES = ("POST", "PATCH", "PUT")


def never(_seconds: float) -> None:
    """A pause that nobody should make."""
    raise AssertionError("waited")


def no_pause(_seconds: float) -> None:
    """Don't wait."""


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    """Half an answer."""
    answer(b'{"half": ', Content_Length="1000")(handler)
    hang_up(handler)


def head_only(handler: BaseHTTPRequestHandler) -> None:
    """Part of the headers of a success."""
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nX-Half: ye")
    hang_up(handler)


# ---------------------------------------------------------------- a message and its answer


def test_a_message_is_json_both_ways_and_says_who_we_are() -> None:
    """The key as basic auth, the body as JSON, and the answer's status, body and headers."""
    with serving(as_json({"@graph": ["µ"]}, 201, X_Total="1")) as portal, Session(portal.address + "/", KEY) as session:
        found = session.send("POST", "/biosource?render=uuid", {"aliases": ["lab:µ"]})
    assert (found.status, found.body, found.ok) == (201, {"@graph": ["µ"]}, True)
    assert found.headers["x-total"] == "1"
    assert (portal.methods, portal.paths) == (["POST"], ["/biosource?render=uuid"])
    assert orjson.loads(portal.bodies[0]) == {"aliases": ["lab:µ"]}
    said = portal.headers[0]
    assert (said["Accept"], said["Content-Type"]) == ("application/json", "application/json")
    assert b64decode(said["Authorization"].removeprefix("Basic ")) == f"AKID:{SECRET}".encode()
    assert session.counts == {"POST": 1}


def test_a_question_has_no_body_and_an_empty_object_is_one() -> None:
    """GET sends nothing; ``{}`` is sent as such."""
    with serving(as_json({})) as portal, Session(portal.address) as session:
        session.send("GET", "/me")
        session.send("POST", "/x/upload", {})
    assert portal.bodies == [b"", b"{}"]
    assert "Content-Type" not in portal.headers[0]


def test_without_a_key_nothing_says_who_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even what a .netrc says, which nobody asked us to use."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(as_json({})) as portal, Session(portal.address) as session:
        session.send("GET", "/me")
    assert "Authorization" not in portal.headers[0]


def test_a_cookie_is_not_kept() -> None:
    """The key says who we are, each time; a session of the server's would be a second opinion."""
    with serving(as_json({}, Set_Cookie="session=1; Path=/")) as portal, Session(portal.address) as session:
        session.send("GET", "/a")
        session.send("GET", "/b")
    assert "Cookie" not in portal.headers[1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_an_answer_of_any_status_is_an_answer(status: int) -> None:
    """What a portal refuses, and that it wouldn't let us in, is for who asked to judge; a write isn't repeated."""
    with serving(as_json({"detail": "no"}, status)) as portal, Session(portal.address, KEY, pause=never) as session:
        found = session.send("POST", "/biosource", {})
    assert (found.status, found.body, found.ok) == (status, {"detail": "no"}, False)
    assert len(portal.paths) == 1


@pytest.mark.parametrize("path", ["@other.example/x", "//other.example/x", "x"])
def test_a_path_cannot_lead_to_another_server(path: str) -> None:
    """What a portal gives as a path stays a path: else its key would go to whom the path names."""
    with serving(as_json({})) as portal, Session(portal.address, KEY) as session:
        session.send("GET", path)
    assert portal.paths == ["/" + path.lstrip("/")]


@pytest.mark.parametrize("server", ["", "nonsense", "ftp://127.0.0.1", "file:///etc", "http://"])
def test_a_server_that_is_none_is_wrong_usage(server: str) -> None:
    """An address is looked at before anything is sent."""
    with pytest.raises(UsageError, match="isn't the address of a server"):
        Session(server, KEY)


def test_connections_are_kept_and_no_more_than_the_jobs() -> None:
    """Forty messages of four threads go over four connections at most."""
    with serving(as_json({}), keep=True) as portal, Session(portal.address, jobs=4) as session:
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda n: session.send("POST", f"/{n}", {"n": n}), range(40)))
        assert session.counts == {"POST": 40}
    assert [found.status for found in answers] == [200] * 40
    assert sorted(portal.paths) == sorted(f"/{n}" for n in range(40))
    assert portal.connections <= 4


def test_each_message_is_told_without_what_it_holds() -> None:
    """A line for each: method, path, outcome and time; neither body nor key."""
    told: list[str] = []
    with serving(as_json({})) as portal, Session(portal.address, KEY, log=told.append) as session:
        session.send("POST", "/biosource", {"note": "private"})
    [line] = told
    assert line.startswith("POST /biosource: 200, ")
    assert "private" not in line
    assert SECRET not in line


# ---------------------------------------------------------------- again, or not


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_a_busy_server_is_asked_again_when_it_says(method: str, status: int) -> None:
    """It has done nothing, so even a write may go again, after the time it names."""
    waited: list[float] = []
    turns = in_turn(as_json({}, status, Retry_After="7"), as_json({}, status, Retry_After="3"), as_json({"n": 1}))
    with serving(turns) as portal, Session(portal.address, pause=waited.append) as session:
        assert session.send(method, "/x", None if method == "GET" else {}).body == {"n": 1}
    assert waited == [7, 3]
    assert session.counts == {method: 3}


def test_a_server_that_stays_busy_has_the_last_word() -> None:
    """After six tries its answer is the answer."""
    with serving(as_json({}, 429)) as portal, Session(portal.address, pause=no_pause) as session:
        assert session.send("POST", "/x", {}).status == 429
    assert len(portal.paths) == pacing.TRIES


@pytest.mark.parametrize("failing", [answer(b"", 500), answer(b"", 502), answer(b"", 504), hang_up, cut_off])
def test_a_question_is_asked_again_when_its_answer_was_lost(failing: Answering) -> None:
    """Asking does nothing twice."""
    turns = in_turn(failing, failing, as_json({"n": 1}))
    with serving(turns) as portal, Session(portal.address, pause=no_pause) as session:
        assert session.send("GET", "/x").body == {"n": 1}
    assert len(portal.paths) == 3


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        (answer(b"", 502), "502"),
        (answer(b"", 504), "504"),
        (hang_up, "broke off before"),
        (cut_off, "broke off in the middle"),
        (answer(b"<html>Saved</html>"), "can't be understood"),
        (answer(b"{", 201), "can't be understood"),
        (head_only, "can't be understood"),
        (answer(b"no gzip", Content_Encoding="gzip"), "can't be understood"),
    ],
)
@pytest.mark.parametrize("method", WRITES)
def test_a_write_whose_answer_was_lost_is_unclear_and_never_repeated(
    method: str, failing: Answering, words: str
) -> None:
    """It may have been carried out: who sent it has to look first."""
    with (
        serving(failing) as portal,
        Session(portal.address, KEY, pause=never) as session,
        pytest.raises(UnclearError, match=words) as caught,
    ):
        session.send(method, "/biosource", {"a": 1})
    assert (caught.value.method, caught.value.path) == (method, "/biosource")
    assert portal.methods == [method]


def test_a_refusal_in_words_is_no_unclear_write() -> None:
    """A page of words with a 403 says that nothing was done."""
    with serving(answer(b"<html>Forbidden</html>", 403)) as portal, Session(portal.address) as session:
        found = session.send("POST", "/x", {})
    assert (found.status, found.body) == (403, None)


@pytest.mark.parametrize("body", [b"<html>", b"", b"{", b"\xff", b"[" * 100_000])
def test_a_question_answered_by_something_else_has_no_body(body: bytes) -> None:
    """Not JSON, no body; the status is there."""
    with serving(answer(body)) as portal, Session(portal.address) as session:
        assert session.send("GET", "/x")[:2] == (200, None)


@pytest.mark.parametrize("silent", [answer(b"", 204), answer(b"", 200), answer(b"null")])
def test_a_write_may_be_answered_with_nothing(silent: Answering) -> None:
    """A server that means to say nothing says so."""
    with serving(silent) as portal, Session(portal.address) as session:
        assert session.send("PATCH", "/x", {}).ok


def test_json_that_only_python_writes_is_read() -> None:
    """NaN and half a surrogate are no JSON, and servers send them."""
    with serving(answer(b'{"a": NaN, "b": "\\ud800"}')) as portal, Session(portal.address) as session:
        assert session.send("POST", "/x", {}).body["b"] == "\ud800"


# ---------------------------------------------------------------- nobody there


@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_a_server_that_is_not_there_is_tried_and_told(method: str) -> None:
    """Nothing was sent, so it is tried again; a server that never answered not for long."""
    waited: list[float] = []
    address = f"http://127.0.0.1:{closed_port()}"
    with (
        Session(address, KEY, pause=waited.append) as session,
        pytest.raises(UnreachableError, match="no connection") as caught,
    ):
        session.send(method, "/x", {})
    assert (caught.value.server, caught.value.exit_code) == (address, 4)
    assert len(waited) == pacing.FIRST_TRIES - 1
    assert session.counts == {}


def test_a_server_that_went_away_is_waited_for() -> None:
    """One that answered before gets the whole six tries."""
    waited: list[float] = []
    with serving(as_json({})) as portal:
        session = Session(portal.address, pause=waited.append)
        session.send("GET", "/x")
    with pytest.raises(UnreachableError):
        session.send("POST", "/x", {})
    assert len(waited) == pacing.TRIES - 1


def test_a_server_that_comes_back_gets_the_message_once() -> None:
    """A refused connection is no message."""
    port = closed_port()
    with ExitStack() as later:
        started: list[Asked] = []

        def start(_seconds: float) -> None:
            started.append(later.enter_context(serving(as_json({"n": 1}), port=port)))

        with Session(f"http://127.0.0.1:{port}", pause=start) as session:
            assert session.send("POST", "/x", {}).body == {"n": 1}
        assert [asked.paths for asked in started] == [["/x"]]
        assert session.counts == {"POST": 1}


# ---------------------------------------------------------------- an end to every wait


def silence(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2)


def dripping_head(handler: BaseHTTPRequestHandler) -> None:
    """A header that never ends, a letter at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def dripping_body(handler: BaseHTTPRequestHandler) -> None:
    """A body that never ends, a letter at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b" ")
        time.sleep(0.05)


def dripping_chunks(handler: BaseHTTPRequestHandler) -> None:
    """A body in chunks of one letter."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b"1\r\n \r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("slow", [dripping_head, dripping_body, dripping_chunks], ids=lambda slow: slow.__name__)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_slow_drip_is_cut(method: str, slow: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that keeps on sending a little is given up when the time for a whole message is over."""
    monkeypatch.setattr(wire, "DEADLINE", 0.3)
    began = time.monotonic()
    expected = UnreachableError if method == "GET" else UnclearError
    with serving(slow) as portal, Session(portal.address, pause=no_pause) as session:
        with pytest.raises(expected, match="no answer in time"):
            session.send(method, "/x", None if method == "GET" else {})
        assert time.monotonic() - began < 3
    assert len(portal.paths) == (pacing.SLOW_TRIES if method == "GET" else 1)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_silence_is_given_up(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for the next byte has an end; a question is asked again, a write is unclear."""
    monkeypatch.setattr(wire, "TIMEOUT", (5, 0.2))
    turns = in_turn(silence, as_json({"n": 1}))
    with serving(turns) as portal, Session(portal.address, pause=no_pause) as session:
        if method == "GET":
            assert session.send("GET", "/x").body == {"n": 1}
        else:
            with pytest.raises(UnclearError, match="no answer in time"):
                session.send("POST", "/x", {})


def test_a_message_after_one_that_was_cut_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was cut isn't used again."""
    monkeypatch.setattr(wire, "DEADLINE", 0.3)
    with serving(in_turn(dripping_body, as_json({"n": 1})), keep=True) as portal, Session(portal.address) as session:
        with pytest.raises(UnclearError):
            session.send("POST", "/x", {})
        assert session.send("POST", "/x", {}).body == {"n": 1}


def test_a_long_message_may_take_longer_than_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow line sends an attachment for longer than a connection may take to open."""
    monkeypatch.setattr(wire, "TIMEOUT", (0.3, 20))
    started = threading.Event()

    reading = BaseHTTPRequestHandler.parse_request

    def parse_later(self: BaseHTTPRequestHandler) -> bool:
        started.set()
        time.sleep(0.8)
        return reading(self)

    monkeypatch.setattr(BaseHTTPRequestHandler, "parse_request", parse_later)
    with serving(as_json({"n": 1})) as portal, Session(portal.address, pause=never) as session:
        assert session.send("POST", "/x", {"href": "x" * (32 << 20)}).body == {"n": 1}
    assert started.is_set()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_far_too_long_is_not_read_to_its_end(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory has an end too."""
    monkeypatch.setattr(wire, "MAX_BYTES", 1 << 20)
    expected = UnreachableError if method == "GET" else UnclearError
    with (
        serving(answer(b" " * (8 << 20))) as portal,
        Session(portal.address, pause=never) as session,
        pytest.raises(expected, match="far too long"),
    ):
        session.send(method, "/x", None if method == "GET" else {})


# ---------------------------------------------------------------- redirects


def test_an_answer_that_only_looks_like_a_redirect_is_an_answer() -> None:
    """4DN's ``/me`` answers 307 with JSON and without a place to go to."""
    with serving(as_json({"email": "a@b.c"}, 307)) as portal, Session(portal.address, KEY) as session:
        assert session.send("GET", "/me")[:2] == (307, {"email": "a@b.c"})
    assert len(portal.paths) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_question_follows_a_redirect_within_its_server(status: int) -> None:
    """An alias leads to the record's own path, with the key."""
    pages = by_path({"/lab:bs1": answer(b"", status, Location="/biosources/1/"), "/biosources/1/": as_json({"n": 1})})
    with serving(pages) as portal, Session(portal.address, KEY) as session:
        assert session.send("GET", "/lab:bs1").body == {"n": 1}
    assert all("Authorization" in headers for headers in portal.headers)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_message_never_goes_to_another_server(method: str) -> None:
    """Neither the key nor the body leaves the server that was named."""
    with (
        serving(as_json({})) as other,
        serving(answer(b"", 307, Location=other.address + "/x")) as portal,
        Session(portal.address, KEY) as session,
        pytest.raises(UnreachableError, match=f"sends us on to {other.address}"),
    ):
        session.send(method, "/x", None if method == "GET" else {})
    assert other.paths == []


@pytest.mark.parametrize("location", ["http://[::1", "http://x:99999/", "//", "file:///etc/passwd", "\x00"])
def test_a_redirect_to_nowhere_is_told(location: str) -> None:
    """A place that is none can't be followed, and nothing else is raised."""
    with (
        serving(answer(b"", 302, Location=location)) as portal,
        Session(portal.address, pause=no_pause) as session,
        pytest.raises(UnreachableError),
    ):
        session.send("GET", "/x")


def test_redirects_in_a_circle_end() -> None:
    """Round and round, and then told."""
    with (
        serving(answer(b"", 302, Location="/x")) as portal,
        Session(portal.address) as session,
        pytest.raises(UnreachableError, match="round in a circle"),
    ):
        session.send("GET", "/x")


# ---------------------------------------------------------------- secrets


def caused(act: Callable[[], object]) -> BaseException:
    """What an act raises."""
    try:
        act()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("failing", [hang_up, cut_off, answer(b"<html>"), None])
def test_no_exception_holds_the_key(failing: Answering | None) -> None:
    """Neither its words, its traceback with all values, nor what it comes from: the library's own errors hold the headers."""
    if failing is None:
        session = Session(f"http://127.0.0.1:{closed_port()}", KEY, pause=no_pause)
        error = caused(lambda: session.send("POST", "/x", {}))
    else:
        with serving(failing) as portal, Session(portal.address, KEY, pause=no_pause) as session:
            error = caused(lambda: session.send("POST", "/x", {}))
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    header = session._auth._header.removeprefix("Basic ")
    assert SECRET not in shown
    assert header not in shown
    assert error.__cause__ is None
    assert error.__context__ is None


# ---------------------------------------------------------------- bytes of any length


def test_bytes_come_as_they_are_kept() -> None:
    """What a server calls packed stays packed: else the file's checksum would be another."""
    with serving(answer(b"\x1f\x8b", Content_Encoding="gzip")) as portal, opened(portal.address + "/f") as found:
        assert (found.status, b"".join(found.pieces)) == (200, b"\x1f\x8b")
    assert portal.headers[0]["Accept-Encoding"] == "identity"


def test_the_key_stays_behind_where_a_file_lies_elsewhere() -> None:
    """A portal sends us on to a store; the store learns nothing of us."""
    with (
        serving(answer(b"data")) as store,
        serving(answer(b"", 307, Location=store.address + "/f?sig=1")) as portal,
        Session(portal.address, KEY) as session,
        session.opened("/f/@@download", {"Range": "bytes=0-"}) as found,
    ):
        assert b"".join(found.pieces) == b"data"
    assert "Authorization" in portal.headers[0]
    assert "Authorization" not in store.headers[0]
    assert (store.paths, store.headers[0]["Range"]) == (["/f?sig=1"], "bytes=0-")


def test_bytes_that_break_off_are_told() -> None:
    """The pieces raise, so that half a file is never taken for a whole one."""
    with (
        serving(answer(b"half", Content_Length="100")) as portal,
        opened(portal.address + "/f?sig=1") as found,
        pytest.raises(UnreachableError, match="broke off") as caught,
    ):
        list(found.pieces)
    assert "sig" not in str(caught.value)


def test_a_file_nobody_serves_is_told() -> None:
    """No connection, no bytes."""
    with pytest.raises(UnreachableError, match="no connection"), opened(f"http://127.0.0.1:{closed_port()}/f"):
        pass
