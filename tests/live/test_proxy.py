"""The proxy goes wrong exactly where a test says, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from live.calls import Calls, calling
from live.proxy import (
    Fault,
    Proxy,
    answers,
    babbles,
    cut_after,
    cut_before,
    delays,
    drips,
    garbles,
    kills,
    proxied,
)
from workbook_compiler.sandbox import Running

VENDOR = {"title": "Acme", "lab": "/labs/demo-lab/", "award": "SANDBOX-1", "aliases": ["demo-lab:acme"]}
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture
def proxy(fresh: Running) -> Iterator[Proxy]:
    """A proxy in front of the portal; a test adds its faults."""
    with proxied(fresh.server) as up:
        yield up


@pytest.fixture
def calls(fresh: Running, proxy: Proxy) -> Iterator[Calls]:
    """A submitter's session through the proxy."""
    with calling(fresh.keyfile, proxy.server) as submitter:
        yield submitter


def stored(portal: Running) -> bool:
    """Whether the portal has the record, asked past the proxy."""
    with calling(portal.keyfile) as direct:
        return direct.get("/demo-lab:acme").status_code == 301


def test_without_a_fault_nothing_is_changed(fresh: Running, proxy: Proxy, calls: Calls) -> None:
    """Status, body, redirect and mark are the portal's; requests are counted as they came."""
    assert calls.post("/vendor?render=uuid", VENDOR).status_code == 201
    moved = calls.get("/demo-lab:acme")
    assert (moved.status_code, moved.headers["Location"].startswith(proxy.server)) == (301, True)
    assert calls.found("/demo-lab:acme")["title"] == "Acme"
    with calling(fresh.keyfile) as direct:
        assert calls.get("/profiles/").content == direct.get("/profiles/").content
    assert [(seen.number, seen.method) for seen in proxy.seen] == [(1, "POST"), *((n, "GET") for n in range(2, 6))]
    assert (proxy.count(), proxy.count("POST"), proxy.count("GET", "acme")) == (5, 1, 3)
    proxy.forget()
    assert proxy.count() == 0


def test_a_connection_is_kept(proxy: Proxy, calls: Calls) -> None:
    """Many requests go through one connection, also after an answer without a body and an unread fault."""
    proxy.faults.append(Fault(2, answers(503)))
    connections = set()
    for _ in range(4):
        with calls.session.get(f"{proxy.server}/profiles/Vendor.json", stream=True) as answer:
            connections.add(answer.raw._original_response.fp.raw._sock.getsockname()[1])
            assert answer.content
    assert len(connections) == 1


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_answer_instead_of_the_portals(fresh: Running, proxy: Proxy, calls: Calls, status: int) -> None:
    """The portal hears nothing of that request; the next one is as ever."""
    proxy.faults.append(Fault(1, answers(status, Retry_After="7")))
    answer = calls.post("/vendor", VENDOR)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")
    assert not stored(fresh)
    assert calls.post("/vendor", VENDOR).status_code == 201


def test_a_cut_before_the_portal_hears_of_it(fresh: Running, proxy: Proxy, calls: Calls) -> None:
    """Nothing is stored, and no answer comes."""
    proxy.faults.append(Fault(1, cut_before))
    with pytest.raises(BROKEN):
        calls.post("/vendor", VENDOR)
    assert not stored(fresh)
    assert proxy.count("POST") == 1


@pytest.mark.parametrize("what", [cut_after, babbles])
def test_an_answer_that_is_lost_after_all_was_stored(fresh: Running, proxy: Proxy, calls: Calls, what: object) -> None:
    """The record is there, though who asked can't know; asking again is a conflict."""
    proxy.faults.append(Fault(1, what))  # type: ignore[arg-type]
    with pytest.raises(BROKEN):
        calls.post("/vendor", VENDOR)
    assert stored(fresh)
    assert calls.post("/vendor", VENDOR).status_code == 409


def test_an_answer_that_is_not_json(fresh: Running, proxy: Proxy, calls: Calls) -> None:
    """The status says that it was stored, the body says nothing."""
    proxy.faults.append(Fault(1, garbles))
    answer = calls.post("/vendor", VENDOR)
    assert answer.status_code == 201
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    assert stored(fresh)


def test_an_answer_that_drips(proxy: Proxy, calls: Calls) -> None:
    """It is whole in the end."""
    proxy.faults.append(Fault(1, drips(0.02, size=100)))
    begun = time.monotonic()
    answer = calls.post("/vendor", VENDOR)
    assert answer.json()["status"] == "success"
    assert time.monotonic() - begun > 0.02 * (len(answer.content) // 100)


def test_an_answer_that_comes_late(fresh: Running, proxy: Proxy, calls: Calls) -> None:
    """Who doesn't wait so long has still asked: the portal stores it later."""
    proxy.faults.append(Fault(1, delays(0.5)))
    with pytest.raises(requests.Timeout):
        calls.session.post(f"{proxy.server}/vendor", json=VENDOR, timeout=0.1)
    assert not stored(fresh)
    limit = time.monotonic() + 10
    while not stored(fresh):
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.mark.parametrize("after", [False, True])
def test_somebody_is_killed_before_or_after_a_request(fresh: Running, proxy: Proxy, after: bool) -> None:
    """The one who asks dies at once; whether the portal has stored its record is what the test chose."""
    script = (
        "import sys, json, urllib.request as web\n"
        "ask = web.Request(sys.argv[1] + '/vendor', sys.argv[3].encode(), method='POST')\n"
        "ask.add_header('Content-Type', 'application/json'); ask.add_header('Accept', 'application/json')\n"
        "key = json.load(open(sys.argv[2]))['default']\n"
        'import base64; word = base64.b64encode(f\'{key["key"]}:{key["secret"]}\'.encode()).decode()\n'
        "ask.add_header('Authorization', 'Basic ' + word); web.urlopen(ask)"
    )
    command = [sys.executable, "-c", script, proxy.server, str(fresh.keyfile), json.dumps(VENDOR)]
    running: list[subprocess.Popen[bytes]] = []
    proxy.faults.append(Fault(1, kills(lambda: running[0].pid, after=after)))
    running.append(subprocess.Popen(command))
    assert running[0].wait(30) == -9
    assert stored(fresh) == after


def test_a_fault_by_a_question_and_for_a_while(proxy: Proxy, calls: Calls) -> None:
    """It strikes the requests it is meant for, as often as it may."""
    proxy.faults.append(Fault(lambda seen: seen.method == "POST", answers(503), times=2))
    assert calls.get("/profiles/Vendor.json").status_code == 200
    assert [calls.post("/vendor", VENDOR).status_code for _ in range(3)] == [503, 503, 201]


def test_requests_side_by_side_have_numbers_of_their_own(fresh: Running, proxy: Proxy) -> None:
    """Each number is given once, and a fault strikes one request."""
    proxy.faults.append(Fault(5, answers(500)))

    def ask(_: int) -> int:
        with calling(fresh.keyfile, proxy.server) as calls:
            return calls.get("/labs/demo-lab/").status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(ask, range(12)))
    assert sorted(statuses) == [200] * 11 + [500]
    assert [seen.number for seen in proxy.seen] == list(range(1, 13))


def test_a_portal_that_is_not_there_is_a_bad_gateway() -> None:
    """The proxy itself doesn't fall."""
    with proxied("http://127.0.0.1:1") as proxy, calling(None, proxy.server) as calls:
        assert calls.get("/me").status_code == 502
