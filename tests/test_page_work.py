"""The page of ``wbc serve`` at work: the files it takes and gives, which are those of the other verbs, and what it asks."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from conftest import FOURDN
from openpyxl import Workbook, load_workbook
from served import FIXED, SECONDS, WBC, Page

from workbook_compiler.web.jobs import COPIES

BROKEN = (FOURDN / "broken.xlsx").read_bytes()
FILLED = (FOURDN / "filled.xlsx").read_bytes()
VENDOR = b"aliases,title\ndemo-lab:v1,Cells Ltd\n"


def book(rows: list[list[Any]], sheet: str = "Vendor") -> bytes:
    """A workbook with one plain table."""
    made, kept = Workbook(), io.BytesIO()
    made.worksheets[0].title = sheet
    for row in rows:
        made.worksheets[0].append(row)
    made.save(kept)
    return kept.getvalue()


def rows_of(content: bytes, sheet: str) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True))


# ---------------------------------------------------------------- what it gives


def test_a_blank_workbook_is_the_one_that_wbc_template_writes(lab: Page, tmp_path: Path) -> None:
    """The downloaded template has the same sheets and cells as the verb's, under the preset's name."""
    target = tmp_path / "blank.xlsx"
    subprocess.run([WBC, "template", "hi-c", *FIXED, "-o", target], capture_output=True, timeout=SECONDS, check=True)
    said = lab.get("blank?portal=4dn&preset=hi-c&only=")
    assert said.headers["Content-Disposition"] == "attachment; filename=\"hi-c.xlsx\"; filename*=UTF-8''hi-c.xlsx"
    ours, theirs = load_workbook(io.BytesIO(said.content)), load_workbook(target)
    assert ours.sheetnames == theirs.sheetnames
    for sheet in ours:
        assert list(sheet.values) == list(theirs[sheet.title].values)


@pytest.mark.parametrize(
    "asked", ["preset={path}", "preset=..%2F..%2Fena%2Fx.toml", "type=Nothing", "", "preset=hi-c&only=x"]
)
def test_a_blank_workbook_of_nothing_known_is_refused_in_words(lab: Page, tmp_path: Path, asked: str) -> None:
    """A preset is one by name, never a file of this machine; what doesn't exist is said on a page with one sentence."""
    own = tmp_path / "own.toml"
    own.write_text('title = "secret words"\n[types.Vendor]\n')
    said = lab.get("blank?portal=4dn&" + asked.format(path=own))
    assert said.status_code == 400
    assert 'role="alert"' in said.text
    assert "secret words" not in said.text


def test_the_report_is_the_very_one_of_wbc_check(lab: Page, tmp_path: Path) -> None:
    """The bytes of the report are those of ``wbc check --format html``, shown and saved."""
    shutil.copy(FOURDN / "broken.xlsx", tmp_path)
    command = [WBC, "check", "broken.xlsx", *FIXED, "--format", "html"]
    verb = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=SECONDS, check=False)
    job = lab.check(("broken.xlsx", BROKEN))
    assert lab.get(job["outcome"]["report"]).content == verb.stdout
    saved = lab.get(job["outcome"]["report"] + "?save")
    assert saved.content == verb.stdout
    assert 'filename="broken.report.html"' in saved.headers["Content-Disposition"]


def test_the_plan_is_the_very_one_of_wbc_compile(lab: Page, tmp_path: Path) -> None:
    """plan.json has the bytes that ``wbc compile`` writes, and the table tells each operation and what it waits for."""
    shutil.copy(FOURDN / "filled.xlsx", tmp_path)
    command = [WBC, "compile", "filled.xlsx", *FIXED, "-o", "out"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=SECONDS, check=True)
    plan = lab.check(("filled.xlsx", FILLED))["outcome"]["plan"]
    assert lab.get(plan["url"]).content == (tmp_path / "out" / "plan.json").read_bytes()
    assert (plan["operations"], len(plan["rows"])) == (50, 50)
    names = {row[3]: row[0] for row in reversed(plan["rows"])}
    waiting = [row for row in plan["rows"] if row[5]]
    assert waiting
    for batch, _, _, _, _, waits in waiting:
        assert all(names[name] < batch for name in waits.split(" and ")[0].split(", "))


def test_suggestions_are_accepted_in_a_copy_that_is_checked_again(lab: Page) -> None:
    """What was accepted, with the choice made, stands in the copy; checked again it has fewer errors; the upload is as it was."""
    job = lab.check(("broken.xlsx", BROKEN))
    offers = {offer["place"]: offer for offer in job["outcome"]["offers"]}
    cycles, date = offers["ExperimentHiC!AB7"], offers["BiosampleCellCulture!E7"]
    assert (cycles["cell"], cycles["before"], cycles["suggestions"]) == ("AB7", "eight", ["8"])
    assert "a whole number" in cycles["why"]
    made = lab.post(
        f"jobs/{job['id']}/mend", json={"accepted": {str(cycles["index"]): 0, str(date["index"]): 1}}
    ).json()
    assert (made["count"], [file["name"] for file in made["files"]]) == (2, ["broken.mended.xlsx"])
    mended = lab.get(made["files"][0]["url"])
    assert 'filename="broken.mended.xlsx"' in mended.headers["Content-Disposition"]
    assert str(rows_of(mended.content, "ExperimentHiC")[6][27]) == "8"
    assert str(rows_of(mended.content, "BiosampleCellCulture")[6][4]).startswith(date["suggestions"][1])
    again = lab.again(job, copy=made["copy"])
    assert again["mended"]
    left = {offer["place"] for offer in again["outcome"]["offers"]}
    assert left == offers.keys() - {"ExperimentHiC!AB7", "BiosampleCellCulture!E7"}
    assert lab.get(again["outcome"]["workbooks"][0]["mended"]).content == mended.content
    assert lab.again(job)["outcome"]["verdict"] == job["outcome"]["verdict"]


def test_each_choice_has_a_copy_of_its_own(lab: Page) -> None:
    """Two choices for one cell are two copies; neither changes the other; the oldest go first, and that is said."""
    job = lab.check(("broken.xlsx", BROKEN))
    date = next(offer for offer in job["outcome"]["offers"] if offer["place"] == "BiosampleCellCulture!E7")

    def made(*more: int, choice: int = 0) -> dict[str, Any]:
        others = [offer["index"] for offer in job["outcome"]["offers"] if offer is not date]
        accepted = {str(date["index"]): choice, **{str(others[one]): 0 for one in more}}
        return dict(lab.post(f"jobs/{job['id']}/mend", json={"accepted": accepted}).json())

    first, second = made(choice=0), made(choice=1)
    for copy, value in ((first, date["suggestions"][0]), (second, date["suggestions"][1])):
        cells = rows_of(lab.get(copy["files"][0]["url"]).content, "BiosampleCellCulture")
        assert str(cells[6][4]).startswith(value)
    assert made(choice=0) == first
    for number in range(COPIES - 1):
        made(number)
    assert lab.get(first["files"][0]["url"]).status_code == 200
    gone = lab.get(second["files"][0]["url"])
    assert (gone.status_code, "Make it once more." in gone.text) == (410, True)
    assert "Make it once more." in lab.post(f"jobs/{job['id']}/again", json={"copy": second["copy"]}).json()["sentence"]


@pytest.mark.parametrize("accepted", [{"1": 9}, {"1": "=cmd()"}, {"0": 0}, {"x": 0}, {"1": None}, {}, [], None, "1"])
def test_only_what_was_suggested_can_be_accepted(lab: Page, accepted: Any) -> None:
    """A choice that wasn't on offer is refused in a sentence, and nothing is mended."""
    job = lab.check(("broken.xlsx", BROKEN))
    said = lab.post(f"jobs/{job['id']}/mend", json={"accepted": accepted})
    assert said.status_code == 400
    assert said.json()["sentence"]
    assert "copy" not in said.json()


def test_the_notes_are_in_a_copy_of_ones_own_workbook(lab: Page) -> None:
    """The annotated workbook holds every value of the upload, under the upload's name."""
    job = lab.check(("broken.xlsx", BROKEN))
    assert job["outcome"]["workbooks"][0]["noted"]
    said = lab.get(lab.post(f"jobs/{job['id']}/notes", json={"number": 0}).json()["url"])
    assert 'filename="broken.checked.xlsx"' in said.headers["Content-Disposition"]
    assert said.content != BROKEN
    before = load_workbook(io.BytesIO(BROKEN))
    for sheet in before.sheetnames:
        cells = [row[1:] for row in rows_of(said.content, sheet)]
        assert cells == [row[1:] for row in before[sheet].iter_rows(values_only=True)]


@pytest.mark.parametrize("number", [1, -1, "0", None, [0]])
def test_notes_are_for_files_that_are_there(lab: Page, number: Any) -> None:
    """A file that wasn't handed in has no copy, and that is a sentence."""
    job = lab.check(("broken.xlsx", BROKEN))
    said = lab.post(f"jobs/{job['id']}/notes", json={"number": number})
    assert (said.status_code, said.json()["sentence"]) == (400, "This file can't be given back with notes in it.")


def test_several_files_are_one_submission(lab: Page) -> None:
    """A link from one file into another holds; two files of one name are told apart; each has its own findings and copies."""
    enzyme = b"aliases,name,enzyme_source\ndemo-lab:e1,MboI,demo-lab:v1\n"
    job = lab.check(("Vendor.csv", VENDOR), ("Enzyme.csv", enzyme))
    assert job["outcome"]["tone"] == "ready"
    assert [row[3:6] for row in job["outcome"]["plan"]["rows"]][-1] == [
        "demo-lab:e1",
        "Enzyme.csv#Enzyme!2",
        "demo-lab:v1",
    ]
    twice = lab.check(("broken.xlsx", BROKEN), ("broken.xlsx", BROKEN))
    assert twice["files"] == ["broken.xlsx", "broken (2).xlsx"]
    assert {offer["place"].split(" › ")[0] for offer in twice["outcome"]["offers"]} <= set(twice["files"])


@pytest.mark.parametrize("name", ["Vendor.csv", "Vendor.tsv"])
def test_a_text_file_is_checked_and_cannot_be_marked(lab: Page, name: str) -> None:
    """A .csv or .tsv has a report, and in place of copies the reason why there are none."""
    data = VENDOR.replace(b",", b"\t") if name.endswith("tsv") else VENDOR
    job = lab.check((name, data))
    (one,) = job["outcome"]["workbooks"]
    assert job["outcome"]["tone"] == "ready"
    assert (one["noted"], job["outcome"]["offers"]) == (False, [])
    assert "can be written into .xlsx and .xlsm files only" in one["why_not"]


def test_the_person_can_say_what_the_rows_of_a_text_file_are(lab: Page) -> None:
    """A file whose name says nothing is told, with the way to say it on the page; with the type chosen there it is read."""
    for name, way in (("Vendorr.csv", "choose Vendor at “"), ("my list.csv", "choose their type at “")):
        job = lab.check((name, VENDOR))
        assert job["outcome"]["tone"] == "mend"
        report = lab.get(job["outcome"]["report"]).text
        assert f"On the page, {way}{job['outcome']['rows_are']}”" in report
        assert "--type" not in report
    assert "Vendor" in job["outcome"]["types"]
    assert lab.again(job, type="Vendor")["outcome"]["tone"] == "ready"
    unknown = lab.again(job, type="Nothing")
    assert (unknown["state"], "Nothing" in unknown["sentence"]) == ("failed", True)


# ---------------------------------------------------------------- what it takes


def packed(parts: dict[str, bytes]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return kept.getvalue()


WRONG_FILES = {
    "not a workbook": ("book.xlsx", b"nothing of the kind", "be opened as a workbook:"),
    "empty": ("book.xlsx", b"", "it is empty"),
    "cut off": ("book.xlsx", BROKEN[:9000], "be opened as a workbook:"),
    "password or old": ("book.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password-protected workbook"),
    "another kind": ("book.pdf", b"%PDF-1.7", "Files ending in .pdf aren"),
    "a bomb": (
        "book.xlsx",
        packed({"[Content_Types].xml": b"", "xl/bomb.xml": bytes(250 << 20)}),
        "too large to open safely",
    ),
}


@pytest.mark.parametrize("kind", WRONG_FILES)
def test_a_file_that_cannot_be_read_is_told_in_the_reports_words(lab: Page, kind: str) -> None:
    """A wrong file is a finding in the report; no copy of it is offered, there is no trace of the program's inside."""
    name, data, words = WRONG_FILES[kind]
    job = lab.check((name, data))
    assert (job["state"], job["outcome"]["tone"]) == ("done", "mend")
    report = lab.get(job["outcome"]["report"]).text
    assert words in report
    assert not job["outcome"]["workbooks"][0]["noted"]
    assert "Traceback" not in report
    assert lab.check(("filled.xlsx", FILLED))["outcome"]["plan"]


def test_a_file_over_the_limit_is_refused_while_it_comes_in(lab: Page) -> None:
    """One byte over 50 MB is refused in the report's words, with the file's name; 50 MB itself is taken."""
    said = lab.send([("huge.xlsx", bytes((50 << 20) + 1))])
    assert said.status_code == 413
    assert said.json()["sentence"].startswith("huge.xlsx: The file is too large to open safely: more than 50 MB.")
    assert lab.check(("large.xlsx", bytes(50 << 20)))["outcome"]["tone"] == "mend"


def test_files_that_are_too_large_together_are_refused(lab: Page) -> None:
    """Three files of 40 MB are more than 100 MB together."""
    said = lab.send([(f"{number}.xlsx", bytes(40 << 20)) for number in range(3)])
    assert (said.status_code, "larger than 100 MB" in said.json()["sentence"]) == (413, True)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=files; filename=a.xlsx\r\n\r\ncut",
        ),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data; boundary=x", b"--x\r\nno colon here\r\n\r\n--x--"),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=portal\r\n\r\n4dn\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=files\r\n" + b"A: b\r\n" * 99 + b"\r\n",
        ),
        ("application/json", b"{}"),
        ("", b""),
    ],
)
def test_a_broken_form_is_a_sentence(lab: Page, kind: str, body: bytes) -> None:
    """What is no form, or one that was cut off, is refused in words."""
    said = lab.post("check", data=body, headers={"Content-Type": kind})
    assert said.status_code == 400
    assert said.json()["sentence"].endswith(".")


@pytest.mark.parametrize("body", [b"", b"[]", b"nope", b"[" * 100_000, b'"' + b"x" * (2 << 20) + b'"', b"\xff"])
def test_a_broken_question_is_a_sentence(lab: Page, body: bytes) -> None:
    """JSON that isn't what the page sends is refused in words, however deep or long."""
    said = lab.post("rules", data=body)
    assert said.status_code in (400, 413)
    assert said.json()["sentence"].endswith(".")


NAMES = {
    "../../etc/passwd.xlsx": "passwd.xlsx",
    "C:\\Users\\me\\book.xlsx": "book.xlsx",
    'a"b;c.xlsx': "ab;c.xlsx",
    "<img src=x onerror=alert(1)>.xlsx": "img src=x onerror=alert(1).xlsx",
    "Proben für Zürich 🧬 样本.xlsx": "Proben für Zürich 🧬 样本.xlsx",
    "evil\u202excod.xlsx": "evilxcod.xlsx",
    "...": "workbook",
    "{{7+7}}.xlsx": "{{7+7}}.xlsx",
    "long" * 60 + ".xlsx": ("long" * 60)[:115] + ".xlsx",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_nasty_file_name_is_only_a_name(lab: Page, name: str) -> None:
    """A name is cut to its last part and cleaned; saving says it in a header that a browser reads back as the same name."""
    disposition = f'form-data; name="files"; filename="{name}"'.replace('a"b', "a%22b").encode()
    disposition = disposition.replace(b"%22", b'\\"')
    body = b"--x\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + BROKEN + b"\r\n--x--\r\n"
    answered = lab.post("check", data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    job = lab.ended(answered)
    assert job["files"] == [NAMES[name]]
    saved = lab.get(job["outcome"]["report"] + "?save").headers["Content-Disposition"]
    match = re.fullmatch(r"attachment; filename=\"([ -~]*)\"; filename\*=UTF-8''([\w.%~-]+)", saved, re.ASCII)
    assert match is not None
    assert unquote(match[2]).endswith(".report.html")
    assert not set('"\\/\r\n') & set(match[1])


def test_text_of_a_cell_is_only_text(lab: Page) -> None:
    """Markup, template words and formulas typed into cells arrive as JSON text and as words of the report."""
    nasty = "<img src=x onerror=alert(1)>{{7*7}}</script>"
    job = lab.check(("book.xlsx", book([["aliases", "title", nasty], [nasty, f'=HYPERLINK("{nasty}")', "x"]])))
    raw = lab.get(f"jobs/{job['id']}")
    assert raw.headers["Content-Type"] == "application/json"
    report = lab.get(job["outcome"]["report"]).text
    assert "<img" not in report
    assert "{{7*7}}" in report


def test_answers_are_json_that_any_browser_reads(lab: Page) -> None:
    """A job is JSON without gaps of the program in it: every key that the page's script reads is there."""
    job = lab.check(("broken.xlsx", BROKEN))
    assert job.keys() == {"id", "state", "label", "share", "sentence", "files", "mended", "outcome"}
    script = (Path(__file__).parent.parent / "templates" / "page" / "result.js").read_text("utf-8")
    asked = set(re.findall(r"\bfound\.(\w+)", script))
    assert asked <= json.loads(json.dumps(job["outcome"])).keys()
