"""The page of ``wbc serve`` towards strangers, crowds and its own end: whom it answers, and what it forgets."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import FOURDN
from served import FIXED, SECONDS, WBC, Page, page

from workbook_compiler.web.jobs import AT_ONCE, REMEMBERED, WAITING

BROKEN = (FOURDN / "broken.xlsx").read_bytes()
FILLED = (FOURDN / "filled.xlsx").read_bytes()
PROFILES = (FOURDN / "profiles.json").read_bytes()
VENDOR = b"aliases,title\ndemo-lab:v1,Cells Ltd\n"


# ---------------------------------------------------------------- who may ask


def test_its_address_is_the_one_line_on_standard_output_and_nowhere_else(tmp_path: Path) -> None:
    """Standard output is the address; what is said to the person doesn't hold the token, nor does a log of what is asked."""
    with page(tmp_path, *FIXED) as one:
        assert one.get().status_code == 200
        assert requests.get(f"{one.origin}/wrong/", timeout=SECONDS).status_code == 404
        assert one.end() == 0
        assert one.process.stdout is not None
        assert one.process.stdout.read() == ""
        assert one.token not in one.words()
        assert len(one.words().splitlines()) == 2


def test_only_this_machine_is_listened_to(lab: Page) -> None:
    """Nothing listens at the same port of another address of this machine."""
    port = int(lab.origin.rpartition(":")[2])
    with socket.socket() as probe:
        probe.settimeout(SECONDS)
        with pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.2", port))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/favicon.ico",
        "/page.css",
        "/open/",
        "/open/x",
        "/{short}/",
        "/{long}/",
        "/{other}/",
        "/x/{token}/",
        "//{token}/",
    ],
)
def test_without_the_token_there_is_nothing(lab: Page, path: str) -> None:
    """Every address without the very token is 404, with the same words."""
    token = lab.token
    names = {
        "token": token,
        "short": token[:-1],
        "long": token + "x",
        "other": token[:-1] + ("a" if token[-1] != "a" else "b"),
    }
    said = requests.get(lab.origin + path.format(**names), timeout=SECONDS, allow_redirects=False)
    assert (said.status_code, said.text) == (404, "Not found.")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_a_name_that_somebody_else_gave_this_machine_is_not_answered(lab: Page, host: str) -> None:
    """With another Host than this machine's own the right token is 404 too: a page elsewhere can point its name here."""
    said = lab.get(headers={"Host": host.format(port=lab.origin.rpartition(":")[2])})
    assert said.status_code in (400, 404)
    assert "Get a blank workbook" not in said.text


def test_it_answers_to_both_names_of_this_machine(lab: Page) -> None:
    """As localhost it is the same page, and its own requests are its own."""
    named = {"Host": lab.origin.removeprefix("http://").replace("127.0.0.1", "localhost")}
    assert lab.get(headers=named).status_code == 200
    own = {**named, "Origin": f"http://{named['Host']}", "Sec-Fetch-Site": "same-origin"}
    assert lab.post("check", headers=own, files=[("files", ("filled.xlsx", FILLED))]).status_code == 202
    assert lab.post("check", headers={**own, "Origin": lab.origin}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_page_can_have_nothing_done(lab: Page, headers: dict[str, Any]) -> None:
    """A POST that doesn't come from the page itself is refused, and nothing is checked."""
    said = lab.post("check", headers=headers, files=[("files", ("filled.xlsx", FILLED))])
    assert said.status_code == 403
    assert "job" not in said.text


def test_every_answer_keeps_strangers_out(lab: Page) -> None:
    """Page, files, JSON, downloads, the report and refusals all carry the headers; only the report has a policy of its own."""
    job = lab.check(("filled.xlsx", FILLED))
    here = f"jobs/{job['id']}"
    assert lab.post(f"{here}/notes", json={"number": 0}).status_code == 200
    paths = [
        "",
        "page.css",
        "page.js",
        "portals/4dn",
        "blank?portal=4dn&preset=hi-c",
        "blank?portal=4dn",
        "nothing",
        here,
    ]
    answers = [
        lab.get(path) for path in (*paths, f"{here}/plan.json", f"{here}/annotated/0", f"{here}/annotated/9", "jobs/x")
    ]
    answers += [
        requests.get(lab.origin, timeout=SECONDS),
        lab.post("check", headers={"Origin": "null"}),
        lab.post("check"),
    ]
    for said in (*answers, lab.get(f"{here}/report.html")):
        expected = {
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        assert expected.items() <= said.headers.items(), said.url
        assert "server" not in said.headers
        policy = said.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; "), said.url
        assert "base-uri 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy
        assert said.text.find("Traceback") < 0
    for said in answers:
        assert "form-action 'self'" in said.headers["Content-Security-Policy"]


def test_the_report_is_a_stranger_to_the_page(lab: Page) -> None:
    """The report runs in an origin of its own, with nothing but its own script and style, which are named by their hashes."""
    job = lab.check(("broken.xlsx", BROKEN))
    policy = lab.get(job["outcome"]["report"]).headers["Content-Security-Policy"]
    assert re.search(r"script-src 'sha256-[^']+';", policy)
    assert re.search(r"; sandbox (?!.*allow-same-origin)", policy)


def test_the_browser_is_sent_to_an_address_that_serves_once(tmp_path: Path) -> None:
    """What stands on the browser's command line, for all to read, doesn't hold the token and serves once."""
    browser = tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened.part && mv {tmp_path}/opened.part {tmp_path}/opened\n'
    )
    browser.chmod(0o755)
    with page(tmp_path, *FIXED, BROWSER=f"{browser} %s") as one:
        opened = tmp_path / "opened"
        for _ in range(SECONDS * 20):
            if opened.exists():
                break
            time.sleep(0.05)
        invitation = opened.read_text()
        assert one.token not in invitation
        first, second = (requests.get(invitation, timeout=SECONDS, allow_redirects=False) for _ in range(2))
        assert (first.status_code, first.headers["Location"]) == (303, f"/{one.token}/")
        assert second.status_code == 404


# ---------------------------------------------------------------- many at once, and the end


def test_several_are_checked_side_by_side(lab: Page) -> None:
    """Workbooks handed in at once each get their own result, and the page answers all the while."""
    with ThreadPoolExecutor(AT_ONCE + WAITING) as people:
        jobs = [people.submit(lab.check, (f"{n}.xlsx", BROKEN if n % 2 else FILLED)) for n in range(AT_ONCE + WAITING)]
        assert lab.get().status_code == 200
        done = [job.result() for job in jobs]
    assert [job["outcome"]["tone"] for job in done] == ["look", "mend"] * (len(done) // 2)
    assert [job["files"] for job in done] == [[f"{n}.xlsx"] for n in range(len(done))]


SLOW = """
import time
from workbook_compiler.web import checking
real = checking.checked
def checked(uploads, asked, rules, step):
    while uploads[0].name == "slow.xlsx":
        step("Thinking", 0.5)
        time.sleep(0.02)
    if uploads[0].name == "boom.xlsx":
        raise KeyError("secret words of a cell")
    return real(uploads, asked, rules, step)
checking.checked = checked
"""


def test_too_many_at_once_are_asked_to_wait(tmp_path: Path) -> None:
    """Beyond the few that run and wait another one is refused in a sentence; the page ends all the same when it is told to."""
    with page(tmp_path, *FIXED, program=SLOW) as one:
        jobs = [one.send([("slow.xlsx", FILLED)]) for _ in range(AT_ONCE + WAITING)]
        refused = one.send([("filled.xlsx", FILLED)])
        assert (refused.status_code, "try again in a moment" in refused.json()["sentence"]) == (503, True)
        for _ in range(SECONDS * 20):
            first = one.get(f"jobs/{jobs[0].json()['job']}").json()
            if first["label"] == "Thinking":
                break
            time.sleep(0.05)
        assert (first["state"], first["label"], first["share"]) == ("running", "Thinking", 0.5)
        assert one.end() == 0


def test_a_mistake_of_the_program_is_one_sentence_and_the_page_goes_on(tmp_path: Path) -> None:
    """The person reads a sentence, the terminal says where it happened, neither shows a stack or anybody's words."""
    with page(tmp_path, *FIXED, program=SLOW) as one:
        job = one.check(("boom.xlsx", FILLED))
        assert job["state"] == "failed"
        assert job["sentence"].startswith("This went wrong because of a mistake in the program.")
        assert one.check(("filled.xlsx", FILLED))["outcome"]["tone"] == "look"
        one.end()
        assert "A mistake of this program: KeyError in" in one.words()
        assert "Traceback" not in one.words()
        assert "secret words" not in one.words()


def test_the_last_few_results_are_remembered_and_no_more(lab: Page) -> None:
    """After eight more checks a result is forgotten: its report, its files and its plan are gone, and that is said."""
    first = lab.check(("broken.xlsx", BROKEN))
    assert lab.post(f"jobs/{first['id']}/notes", json={"number": 0}).status_code == 200
    assert lab.get(f"jobs/{first['id']}/annotated/0").status_code == 200
    later = [lab.check(("Vendor.csv", VENDOR)) for _ in range(REMEMBERED)]
    gone = lab.get(f"jobs/{first['id']}")
    assert (gone.status_code, "Drop the workbook again" in gone.json()["sentence"]) == (410, True)
    assert "Drop the workbook again" in lab.get(first["outcome"]["report"]).text
    assert lab.get(f"jobs/{first['id']}/annotated/0").status_code == 410
    for asked in ("notes", "mend", "again"):
        said = lab.post(f"jobs/{first['id']}/{asked}", json={"number": 0, "accepted": {"0": 0}})
        assert (said.status_code, said.json()) == (410, gone.json())
    assert all(lab.get(job["outcome"]["report"]).status_code == 200 for job in later)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_written_and_nothing_stays(tmp_path: Path, how: signal.Signals) -> None:
    """Uploads, reports and mended copies are never files: not while it runs, and not after Ctrl-C or an end from outside."""
    with page(tmp_path, *FIXED) as one:
        job = one.check(("broken.xlsx", BROKEN))
        index = str(job["outcome"]["offers"][0]["index"])
        assert one.post(f"jobs/{job['id']}/mend", json={"accepted": {index: 0}}).status_code == 200
        assert one.send([("big.xlsx", bytes(20 << 20))]).status_code == 202
        assert one.get("blank?portal=4dn&preset=hi-c").status_code == 200
        assert list((tmp_path / "tmp").iterdir()) == []
        assert one.end(how) == 0
        assert one.words().endswith("The page is closed, and what it held is forgotten.\n")
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"home", "cache", "tmp", "said"}


# ---------------------------------------------------------------- the verb


def refused(folder: Path, *options: str, program: str = "") -> str:
    """Demand that the verb ends at once for wrong usage; return its words."""
    command = [sys.executable, "-c", program] if program else [str(WBC)]
    done = subprocess.run(
        [*command, "serve", "--no-open", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_wrong_options_are_said_before_anything_is_served(tmp_path: Path) -> None:
    """An unknown portal, schemas of no portal, an address as schemas, schemas that aren't there, a port that is taken."""
    assert "There is no portal called “nowhere”" in refused(tmp_path, "--portal", "nowhere")
    assert "Say which portal" in refused(tmp_path, "--schemas", str(FOURDN / "profiles.json"))
    assert "wbc schemas pull --portal 4dn" in refused(tmp_path, "--portal", "4dn", "--schemas", "https://example.org/")
    assert "There are no schemas at nothing.json" in refused(tmp_path, "--portal", "4dn", "--schemas", "nothing.json")
    assert "No such option" in refused(tmp_path, "--host", "::")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"Port {port} can't be used" in refused(tmp_path, "--port", port)


@pytest.mark.parametrize("package", ["uvicorn", "starlette", "python_multipart"])
def test_missing_packages_are_one_sentence(tmp_path: Path, package: str) -> None:
    """Without the packages of the page the verb says how to get them."""
    program = f"import sys; sys.modules[{package!r}] = None\nfrom workbook_compiler.cli import run; run()"
    assert (
        refused(tmp_path, program=program)
        == "The page needs a few more packages: pip install 'workbook-compiler[page]'."
    )
