"""The program itself, as people and scripts run it: exit codes, what goes to which stream, and the bytes it writes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from conftest import FOURDN
from loopback import answer, closed_port, serving
from openpyxl import Workbook, load_workbook

from workbook_compiler import resources
from workbook_compiler.model.codes import CATALOGUE

SECONDS = 60
WBC = Path(sys.executable).with_name("wbc")
KNOWN = ("--portal", "4dn", "--schemas", "profiles.json")
NOBODY = ("--portal", "4dn", "--server", "http://127.0.0.1:9")
HEAVY = ("pandas", "numpy", "openpyxl", "networkx", "jsonschema", "jsonschema_rs", "requests", "xlsxwriter", "jinja2")

DIAGNOSTIC_KEYS = [
    *("code", "name", "severity", "file", "sheet", "cell", "row", "column", "field", "value", "message", "hint"),
    *("suggestions", "related"),
]
PLAN_KEYS = ["format", "version", "portal", "workbooks", "schema", "summary", "batches"]
OPERATION_KEYS = [
    *("id", "action", "type", "identifier", "sheet", "row", "depends_on", "deferred", "body", "origins"),
]
"""In the contract's order. ``files`` follows where a record declares data files."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the fixture's workbooks and schemas, that tests read and don't change."""
    return furnished(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def own_desk(tmp_path: Path) -> Path:
    """The same, for a test that changes it."""
    return furnished(tmp_path)


def furnished(folder: Path) -> Path:
    for name in ("filled.xlsx", "broken.xlsx", "profiles.json"):
        shutil.copy(FOURDN / name, folder)
    return folder


Run = subprocess.CompletedProcess[bytes]


def environment(**more: str) -> dict[str, str]:
    """The surroundings without what would lead a test to a proxy, a cache of the user or colours."""
    kept = {
        k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k not in ("COLUMNS", "FORCE_COLOR")
    }
    return {**kept, "NO_PROXY": "*", "TERM": "dumb", **more}


def wbc(folder: Path, *words: str, **more: str) -> Run:
    """Run the program in a folder."""
    cache = {"XDG_CACHE_HOME": str(folder / ".cache")}
    return subprocess.run(
        [WBC, *words], cwd=folder, env=environment(**cache, **more), capture_output=True, timeout=SECONDS, check=False
    )


def refused(run: Run) -> str:
    """Demand a refusal for wrong usage, with nothing on standard output; return what is said."""
    words = run.stderr.decode()
    assert run.returncode == 2, words
    assert run.stdout == b""
    assert "Traceback" not in words
    assert words.strip()
    return " ".join(words.split())


def lines(run: Run) -> list[dict[str, Any]]:
    """Standard output as JSON lines."""
    return [json.loads(line) for line in run.stdout.decode().splitlines()]


def book(path: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> Path:
    """Write a workbook of plain tables."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    made.save(path)
    return path


VENDOR = [["aliases", "title"], ["demo-lab:v1", "Cells Ltd"]]
ENZYME = [["aliases", "name", "enzyme_source"], ["demo-lab:e1", "MboI", "demo-lab:v1"]]


# ---------------------------------------------------------------- exit codes and streams


def test_a_workbook_without_errors_ends_with_0(desk: Path) -> None:
    """Warnings don't stand in the way; the report is on standard output and nothing on standard error."""
    run = wbc(desk, "check", "filled.xlsx", *KNOWN)
    assert (run.returncode, run.stderr) == (0, b"")
    assert "Ready: 40 to create" in run.stdout.decode()
    assert b"\x1b" not in run.stdout


def test_a_workbook_with_errors_ends_with_1(desk: Path) -> None:
    """The findings are on standard output, each with its place."""
    run = wbc(desk, "check", "broken.xlsx", *KNOWN)
    assert (run.returncode, run.stderr) == (1, b"")
    assert "ExperimentHiC!I6  error REF01" in run.stdout.decode()


@pytest.mark.parametrize("name", ["notes.docx", "damaged.xlsx", "old.xls"])
def test_a_file_that_is_no_workbook_is_one_finding_and_ends_with_1(name: str, own_desk: Path) -> None:
    """A file that is there and can't be read is told about as a mistake of the file."""
    (own_desk / name).write_bytes(b"PK\x03\x04 no workbook")
    run = wbc(own_desk, "check", name, *KNOWN, "--format", "json")
    assert run.returncode == 1
    (found,) = lines(run)
    assert found["code"].startswith("FIL")
    assert found["file"] == name
    assert not {"sheet", "cell", "row", "column"} & set(found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "nowhere.xlsx", *KNOWN], "There is no file nowhere.xlsx"),
        (["check", ".", *KNOWN], "There is no file ."),
        (
            ["check", "filled.xlsx", "--portal", "4dm", "--schemas", "profiles.json"],
            "no portal called “4dm”. Known: 4dn, ena",
        ),
        (["check", "filled.xlsx", "--portal", "4dn", "--schemas", "nowhere"], "no schemas at nowhere"),
        (["check", "filled.xlsx", "--portal", "4dn", "--schemas", "filled.xlsx"], "filled.xlsx isn't JSON"),
        (["check", "filled.xlsx", *KNOWN, "--format", "pdf"], "no format called “pdf”. Known: html, json, text"),
        (["check", "filled.xlsx", *KNOWN, "--type", "Bisource"], "no type Bisource. Near: Biosource"),
        (["check", "filled.xlsx", *KNOWN, "--formt", "json"], "No such option: --formt"),
        (["check", "filled.xlsx", *KNOWN, "-o", "."], ". is a folder; -o takes a file"),
        (["check", "filled.xlsx", *KNOWN, "-o", ""], "-o takes a file"),
        (["check", "filled.xlsx", *KNOWN, "-o", "profiles.json/report.txt"], "profiles.json"),
        (["check", "filled.xlsx", "./filled.xlsx", *KNOWN], "named twice"),
        (["check"], "Missing argument"),
        (["check", "filled.xlsx"], "Say which portal with --portal"),
        (["compile", "filled.xlsx", *KNOWN], "Missing option '-o'"),
        (["compile", "filled.xlsx", *KNOWN, "-o", "profiles.json"], "profiles.json is a file; -o takes a folder"),
        (["compile", "filled.xlsx", *KNOWN, "-o", "-"], "standard output; -o takes a folder"),
        (["compile", "filled.xlsx", *KNOWN, "-o", "profiles.json/x"], "profiles.json"),
        (["template", "hi-d", *KNOWN], "no preset called “hi-d”. Known: "),
        (["template", "mine.toml", *KNOWN], "mine.toml can't be opened"),
        (["template", "--type", "Biosampel", *KNOWN], "There is no type Biosampel. Did you mean Biosample"),
        (["template", "--type", "File", *KNOWN], "File is a group of types"),
        (["template", *KNOWN], "Name a preset"),
        (["template", "hi-c", *KNOWN, "-o", "blank.csv"], "blank.csv has another ending"),
        (["template", "hi-c", *KNOWN, "-o", "blank.xlsm"], "blank.xlsm has another ending"),
        (["template", "hi-c", *KNOWN, "-o", "profiles.json/blank.xlsx"], "profiles.json"),
        (["schemas", "diff", "profiles.json", "nowhere"], "no schemas at nowhere"),
        (["schemas", "pull"], "Missing option '--portal'"),
        (["schemas", "pull", *NOBODY, "-o", "-"], "standard output; -o takes a folder"),
        (["schemas", "pull", *NOBODY, "-o", "profiles.json"], "profiles.json is a file; -o takes a folder"),
        (["schemas", "pull", "--portal", "4dn", "--server", "nonsense"], "nonsense isn't the address of a server"),
        (["explain", "REF001"], "no code REF001. Did you mean REF01"),
        (["explain", "nonsense"], "no code nonsense. wbc explain all lists every one"),
        (["chekc"], "No such command 'chekc'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_ends_with_2_and_says_what_is_there(words: list[str], said: str, desk: Path) -> None:
    """An option, path, type, preset, portal or code that isn't there: exit 2, a helpful line, nothing written or printed."""
    before = sorted(path.name for path in desk.iterdir())
    run = wbc(desk, *words, COLUMNS="200")
    assert said in refused(run)
    assert sorted(path.name for path in desk.iterdir()) == before


def test_a_report_never_takes_the_place_of_the_workbook(own_desk: Path) -> None:
    """``-o`` with the name of a checked workbook is refused, however the name is spelt."""
    before = (own_desk / "filled.xlsx").read_bytes()
    run = wbc(own_desk, "check", "filled.xlsx", *KNOWN, "-o", f"../{own_desk.name}/filled.xlsx")
    assert "is the workbook itself" in refused(run)
    assert (own_desk / "filled.xlsx").read_bytes() == before


def test_a_portal_that_cannot_be_reached_ends_with_4(tmp_path: Path) -> None:
    """Nobody listens there: exit 4, the server is named, nothing is printed or left behind."""
    server = f"http://127.0.0.1:{closed_port()}"
    run = wbc(tmp_path, "schemas", "pull", "--portal", "4dn", "--server", server, "-o", "snapshot")
    assert (run.returncode, run.stdout) == (4, b"")
    assert run.stderr.decode() == f"{server}: no connection\n"
    assert not (tmp_path / "snapshot").exists()


def test_a_portal_that_will_not_let_us_in_ends_with_4(tmp_path: Path) -> None:
    """A 403 ends with 4 and says so."""
    with serving(answer(b"no", 403)) as portal:
        run = wbc(tmp_path, "schemas", "pull", "--portal", "4dn", "--server", portal.address, "-o", "snapshot")
    assert (run.returncode, run.stdout) == (4, b"")
    assert "403" in run.stderr.decode()


def test_a_portal_that_serves_no_schemas_ends_with_2(tmp_path: Path) -> None:
    """A server that answers with a page of words isn't one of this kind."""
    with serving(answer(b"<html>Hello</html>")) as portal:
        run = wbc(tmp_path, "schemas", "pull", "--portal", "4dn", "--server", portal.address, "-o", "snapshot")
    assert "isn't JSON" in refused(run)


def test_an_interrupted_command_ends_with_130(tmp_path: Path) -> None:
    """Ctrl-C while waiting for a server that never answers ends with 130, without a traceback, leaving nothing behind."""
    asked, done = threading.Event(), threading.Event()

    def never(_: object) -> None:
        asked.set()
        done.wait(SECONDS)

    with serving(never) as portal:
        words = [WBC, "schemas", "pull", "--portal", "4dn", "--server", portal.address, "-o", "snapshot"]
        process = subprocess.Popen(
            words, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            assert asked.wait(SECONDS)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
            done.set()
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_reader_who_has_seen_enough_is_no_mistake(desk: Path) -> None:
    """``wbc check … | head -1`` ends as the check does, without a word about the pipe."""
    code = "import sys; from workbook_compiler.cli import main; sys.argv = ['wbc', *sys.argv[1:]]; main()"
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-c", code, "check", "filled.xlsx", *KNOWN]
    run = subprocess.run(
        words, cwd=desk, env=environment(), stdout=write, stderr=subprocess.PIPE, timeout=SECONDS, check=False
    )
    os.close(write)
    assert (run.returncode, run.stderr) == (0, b"")


# ---------------------------------------------------------------- check


def test_a_report_in_a_file_leaves_standard_output_free(own_desk: Path) -> None:
    """With ``-o`` the report is in the file, and how it went is said to the person."""
    run = wbc(own_desk, "check", "broken.xlsx", *KNOWN, "--format", "html", "-o", "new/report.html")
    assert (run.returncode, run.stdout) == (1, b"")
    assert " errors, " in run.stderr.decode()
    assert (own_desk / "new" / "report.html").read_text("utf-8").lower().startswith("<!doctype html>")
    assert [path.name for path in (own_desk / "new").iterdir()] == ["report.html"]


@pytest.mark.parametrize("name", list(resources.report_formats()))
def test_every_format_goes_to_standard_output_as_to_a_file(name: str, own_desk: Path) -> None:
    """``-o -`` and no ``-o`` print what ``-o FILE`` writes, and two runs write the same bytes."""
    words = ["check", "broken.xlsx", *KNOWN, "--format", name]
    printed = [wbc(own_desk, *words).stdout, wbc(own_desk, *words, "-o", "-").stdout]
    wbc(own_desk, *words, "-o", "report")
    assert printed == [(own_desk / "report").read_bytes()] * 2
    assert not (own_desk / "-").exists()


def test_json_is_one_object_a_line_with_the_contracts_keys(desk: Path) -> None:
    """Each finding has the keys of the contract in its order; what it doesn't have is left out, lists are always there."""
    run = wbc(desk, "check", "broken.xlsx", *KNOWN, "--format", "json")
    found = lines(run)
    assert run.returncode == 1
    assert len(found) > 20
    for one in found:
        assert list(one) == [key for key in DIAGNOSTIC_KEYS if key in one]
        assert {"code", "name", "severity", "file", "message", "hint", "suggestions", "related"} <= set(one)
        assert (one["code"], one["name"]) == (one["code"], CATALOGUE[one["code"]].name)
        assert one["severity"] in ("error", "warning", "info")
        assert None not in one.values()
        assert ("cell" in one) == ("row" in one and "column" in one)
        if "cell" in one:
            assert one["cell"] == f"{one['column']}{one['row']}"
    assert {list(one)[-1] for one in found} == {"related"}
    whole = next(one for one in found if one["code"] == "REF01")
    assert list(whole) == DIAGNOSTIC_KEYS
    assert (whole["file"], whole["sheet"], whole["cell"]) == ("broken.xlsx", "ExperimentHiC", "I6")
    assert whole["suggestions"] == ["demo-lab:pr_in_situ_hic"]
    assert whole["related"] == ["ExperimentHiC!I7", "Protocol!B5"]


def test_nothing_to_say_is_no_line_at_all(own_desk: Path) -> None:
    """``--format json`` of a workbook without findings prints nothing."""
    book(own_desk / "fine.xlsx", {"Vendor": VENDOR})
    run = wbc(own_desk, "check", "fine.xlsx", *KNOWN, "--format", "json")
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_a_template_of_ours_knows_its_portal(own_desk: Path) -> None:
    """A workbook made by ``wbc template`` needs no --portal."""
    assert wbc(own_desk, "template", "--type", "Vendor", *KNOWN, "-o", "vendors.xlsx").returncode == 0
    made = load_workbook(own_desk / "vendors.xlsx")
    for header in made["Vendor"][1]:
        typed = {"aliases": "demo-lab:v1", "*title": "Cells Ltd"}.get(header.value)
        made["Vendor"].cell(5, header.column, typed)
    made.save(own_desk / "vendors.xlsx")
    run = wbc(own_desk, "check", "vendors.xlsx", "--schemas", "profiles.json", "--format", "json")
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


@pytest.mark.parametrize(("name", "words"), [("Vendor.tsv", []), ("sellers.tsv", ["--type", "Vendor"])])
def test_a_text_file_holds_one_type_named_by_its_stem_or_by_type(name: str, words: list[str], own_desk: Path) -> None:
    """A TSV is read as the type of --type, else of its own name."""
    (own_desk / name).write_text("aliases\ttitle\ndemo-lab:v1\tCells Ltd\n")
    run = wbc(own_desk, "compile", name, *KNOWN, *words, "-o", "out")
    assert run.returncode == 0, run.stderr.decode()
    (operation,) = operations(own_desk / "out")
    assert (operation["type"], operation["row"]) == ("Vendor", 2)
    assert operation["body"] == {"aliases": ["demo-lab:v1"], "title": "Cells Ltd"}


def test_a_text_file_of_an_unknown_type_is_a_finding(own_desk: Path) -> None:
    """Without --type the stem has to be a type; else the nearest is offered."""
    (own_desk / "Vendr.csv").write_text("aliases,title\ndemo-lab:v1,Cells Ltd\n")
    run = wbc(own_desk, "check", "Vendr.csv", *KNOWN, "--format", "json")
    assert run.returncode == 1
    (found,) = lines(run)
    assert (found["code"], found["sheet"], found["suggestions"]) == ("SHT01", "Vendr", ["Vendor"])


# ---------------------------------------------------------------- template


def test_a_template_on_standard_output_is_the_workbook(desk: Path) -> None:
    """``-o -`` prints the bytes that a file would hold, and writes none."""
    run = wbc(desk, "template", "hi-c", *KNOWN, "-o", "-")
    assert (run.returncode, run.stderr) == (0, b"")
    assert "Biosample" in load_workbook(BytesIO(run.stdout)).sheetnames
    assert run.stdout == wbc(desk, "template", "hi-c", *KNOWN, "-o", "-").stdout


def test_a_template_is_named_after_what_is_in_it(own_desk: Path) -> None:
    """Without ``-o`` the file is named after presets and types, and its name is the result."""
    run = wbc(own_desk, "template", "hi-c", "--type", "Vendor", *KNOWN)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"hi-c-Vendor.xlsx\n", b"")
    assert (own_desk / "hi-c-Vendor.xlsx").is_file()


def test_a_blank_template_may_be_written_again(own_desk: Path) -> None:
    """A template nobody has filled in is replaced, also by another one."""
    assert wbc(own_desk, "template", "hi-c", *KNOWN, "-o", "blank.xlsx").returncode == 0
    assert wbc(own_desk, "template", "--type", "Vendor", *KNOWN, "-o", "blank.xlsx").returncode == 0
    assert "Vendor" in load_workbook(own_desk / "blank.xlsx").sheetnames


def test_a_template_never_overwrites_a_filled_workbook(own_desk: Path) -> None:
    """A workbook with rows stays as it is."""
    before = (own_desk / "filled.xlsx").read_bytes()
    assert "filled.xlsx has filled rows" in refused(wbc(own_desk, "template", "hi-c", *KNOWN, "-o", "filled.xlsx"))
    assert (own_desk / "filled.xlsx").read_bytes() == before


@pytest.mark.parametrize(
    ("sheet", "cell", "value"),
    [
        ("Vendor", "C9", 0),
        ("Vendor", "A5", "# ask Kim"),
        ("Vendor", "H5", "a note"),
        ("My notes", "A1", "cold room"),
        ("_x", "B2", 7),
    ],
)
def test_a_template_with_anything_written_into_it_is_never_overwritten(
    sheet: str, cell: str, value: Any, own_desk: Path
) -> None:
    """A remark, a private column, a sheet of one's own: whatever a person added keeps the file where it is."""
    wbc(own_desk, "template", "--type", "Vendor", *KNOWN, "-o", "mine.xlsx")
    made = load_workbook(own_desk / "mine.xlsx")
    if sheet not in made.sheetnames:
        made.create_sheet(sheet)
    made[sheet][cell] = value
    made.save(own_desk / "mine.xlsx")
    before = (own_desk / "mine.xlsx").read_bytes()
    refused(wbc(own_desk, "template", "--type", "Vendor", *KNOWN, "-o", "mine.xlsx"))
    assert (own_desk / "mine.xlsx").read_bytes() == before


@pytest.mark.parametrize("content", ["another workbook", "rows of an unknown type", "no workbook"])
def test_a_template_never_overwrites_what_is_no_template_of_ours(content: str, own_desk: Path) -> None:
    """A file that can't be understood isn't blank: somebody's workbook, or no workbook at all."""
    path = own_desk / "mine.xlsx"
    if content == "no workbook":
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 with a password")
    else:
        book(path, {"Budget" if content == "another workbook" else "Stock": VENDOR})
    before = path.read_bytes()
    assert "mine.xlsx isn't a blank template" in refused(wbc(own_desk, "template", "hi-c", *KNOWN, "-o", "mine.xlsx"))
    assert path.read_bytes() == before


# ---------------------------------------------------------------- compile


def plan(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "plan.json").read_bytes())
    return document


def operations(folder: Path) -> list[dict[str, Any]]:
    return [operation for batch in plan(folder)["batches"] for operation in batch["operations"]]


@pytest.fixture(scope="module")
def compiled(desk: Path) -> Path:
    """The fixture's workbook, compiled once."""
    run = wbc(desk, "compile", "filled.xlsx", *KNOWN, "-o", "submission")
    assert run.returncode == 0
    assert run.stdout.decode().split() == [f"submission/{n}" for n in ("plan.json", "report.html", "diagnostics.jsonl")]
    assert "Ready: 40 to create" in run.stderr.decode()
    return desk / "submission"


def test_the_plan_has_the_contracts_keys_in_its_order(compiled: Path, desk: Path) -> None:
    """plan.json is as the contract shows it, down to each operation."""
    document = plan(compiled)
    assert list(document) == PLAN_KEYS
    assert (document["format"], document["version"], document["portal"]) == ("workbook-compiler/plan", 1, "4dn")
    assert document["workbooks"] == [{"name": "filled.xlsx", "sha256": sha256(desk / "filled.xlsx")}]
    assert document["schema"] == {"source": "profiles.json", "sha256": sha256(desk / "profiles.json")}
    assert [list(batch) for batch in document["batches"]] == [["index", "operations"]] * len(document["batches"])
    assert [batch["index"] for batch in document["batches"]] == list(range(len(document["batches"])))
    for operation in operations(compiled):
        assert list(operation)[:10] == OPERATION_KEYS
        assert list(operation)[10:] in ([], ["files"])
    counts: dict[str, int] = {}
    for operation in operations(compiled):
        counts[operation["action"]] = counts.get(operation["action"], 0) + 1
    assert document["summary"] == counts


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_nothing_in_a_batch_depends_on_the_same_batch_or_a_later_one(compiled: Path) -> None:
    """Operations of a batch may run side by side, and each finds what it refers to."""
    done: set[str] = set()
    for batch in plan(compiled)["batches"]:
        assert all(set(operation["depends_on"]) <= done for operation in batch["operations"])
        done |= {operation["id"] for operation in batch["operations"]}
    assert len(done) == len(operations(compiled))


def test_every_value_of_a_body_leads_back_to_its_cell(compiled: Path, desk: Path) -> None:
    """``origins`` maps a pointer for each value to a cell of the workbook that holds something."""
    filled = load_workbook(desk / "filled.xlsx", data_only=True)
    for operation in operations(compiled):
        assert set(operation["origins"]) == set(pointers(operation["body"]))
        for place in operation["origins"].values():
            sheet, cell = place.split("!")
            assert filled[sheet][cell].value is not None


def pointers(value: Any, at: str = "") -> list[str]:
    """The JSON pointer of every value that isn't an object or list with content."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [pointer for key, item in inside for pointer in pointers(item, f"{at}/{escaped(str(key))}")]
    return found or [at]


def escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def test_equal_input_in_another_folder_gives_equal_bytes(compiled: Path, tmp_path: Path) -> None:
    """Neither folder, nor time, nor the order of a hash is in what compile writes."""
    place = tmp_path / "quite" / "another" / "place"
    place.mkdir(parents=True)
    other = furnished(place)
    assert wbc(other, "compile", "filled.xlsx", *KNOWN, "-o", "elsewhere", PYTHONHASHSEED="7").returncode == 0
    assert contents(other / "elsewhere") == contents(compiled)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_requests_sort_by_name_in_sending_order(compiled: Path) -> None:
    """The files of ``requests/``, sorted by name, hold a message for each operation of the plan, in its order."""
    files = sorted((compiled / "requests").iterdir())
    sent = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    assert [list(message) for message in sent] == [["method", "path", "body"]] * len(sent)
    expected = [(operation["action"], operation["body"]) for operation in operations(compiled)]
    assert [(message["method"], message["body"]) for message in sent] == expected
    assert len(files) == len(plan(compiled)["batches"])


def test_requests_sort_in_sending_order_beyond_nine_batches(own_desk: Path) -> None:
    """With twelve records in a chain the tenth file still comes behind the ninth."""
    chain = [["aliases", "biosource", "biosample_relation.relationship_type", "biosample_relation.biosample"]]
    for number in range(12):
        relation = ["derived from", f"demo-lab:b{number + 1}"] if number < 11 else []
        chain.append([f"demo-lab:b{number}", "demo-lab:s", *relation])
    book(
        own_desk / "chain.xlsx",
        {"Biosample": chain, "Biosource": [["aliases", "biosource_type"], ["demo-lab:s", "tissue"]]},
    )
    assert wbc(own_desk, "compile", "chain.xlsx", *KNOWN, "-o", "out").returncode == 0
    files = sorted((own_desk / "out" / "requests").iterdir())
    sent = [json.loads(line)["body"]["aliases"][0] for file in files for line in file.read_text().splitlines()]
    assert len(files) == 13
    assert sent == ["demo-lab:s", *(f"demo-lab:b{n}" for n in reversed(range(12)))]


def test_several_workbooks_are_one_submission(own_desk: Path) -> None:
    """Links cross files, and an id names its file: ``book.xlsx#Sheet!5``."""
    book(own_desk / "a.xlsx", {"Enzyme": ENZYME})
    book(own_desk / "b.xlsx", {"Vendor": VENDOR})
    assert wbc(own_desk, "compile", "a.xlsx", "b.xlsx", *KNOWN, "-o", "out").returncode == 0
    vendor, enzyme = operations(own_desk / "out")
    assert (vendor["id"], enzyme["id"]) == ("b.xlsx#Vendor!2", "a.xlsx#Enzyme!2")
    assert enzyme["depends_on"] == ["b.xlsx#Vendor!2"]
    assert vendor["origins"]["/title"] == "b.xlsx#Vendor!B2"
    assert [source["name"] for source in plan(own_desk / "out")["workbooks"]] == ["a.xlsx", "b.xlsx"]


def test_two_files_of_one_name_are_told_apart(own_desk: Path) -> None:
    """Files of the same name in two folders are named with as much of their path as it takes."""
    for folder, sheet in (("one", {"Enzyme": ENZYME}), ("two", {"Vendor": VENDOR})):
        (own_desk / folder).mkdir()
        book(own_desk / folder / "book.xlsx", sheet)
    assert wbc(own_desk, "compile", "one/book.xlsx", "two/book.xlsx", *KNOWN, "-o", "out").returncode == 0
    assert [operation["id"] for operation in operations(own_desk / "out")] == [
        "two/book.xlsx#Vendor!2",
        "one/book.xlsx#Enzyme!2",
    ]


def test_while_there_are_errors_there_is_no_plan(own_desk: Path) -> None:
    """Only report and findings are written, an older plan there goes, and the exit code is 1."""
    assert wbc(own_desk, "compile", "filled.xlsx", *KNOWN, "-o", "out").returncode == 0
    run = wbc(own_desk, "compile", "broken.xlsx", *KNOWN, "-o", "out")
    assert run.returncode == 1
    assert run.stdout.decode().split() == ["out/report.html", "out/diagnostics.jsonl"]
    assert sorted(path.name for path in (own_desk / "out").iterdir()) == ["diagnostics.jsonl", "report.html"]
    checked = wbc(own_desk, "check", "broken.xlsx", *KNOWN, "--format", "json")
    assert (own_desk / "out" / "diagnostics.jsonl").read_bytes() == checked.stdout


def test_a_plan_with_fewer_batches_leaves_none_of_the_older_requests(own_desk: Path) -> None:
    """What was written for another workbook isn't sent with this one."""
    wbc(own_desk, "compile", "filled.xlsx", *KNOWN, "-o", "out")
    book(own_desk / "small.xlsx", {"Vendor": VENDOR})
    wbc(own_desk, "compile", "small.xlsx", *KNOWN, "-o", "out")
    assert [path.name for path in (own_desk / "out" / "requests").iterdir()] == ["batch-0001.jsonl"]


@pytest.mark.parametrize("name", ["filled.xlsx", "broken.xlsx"])
def test_compile_deletes_no_file_that_is_not_its_own(name: str, own_desk: Path) -> None:
    """A folder called requests that somebody keeps there for something else stays."""
    (own_desk / "requests" / "inner").mkdir(parents=True)
    (own_desk / "requests" / "letter.txt").write_text("mine")
    (own_desk / "requests" / "inner" / "x").write_text("mine too")
    wbc(own_desk, "compile", name, *KNOWN, "-o", ".")
    assert (own_desk / "requests" / "letter.txt").read_text() == "mine"
    assert (own_desk / "requests" / "inner" / "x").read_text() == "mine too"


# ---------------------------------------------------------------- schemas, portals, explain, help


def test_schemas_pull_prints_the_folder_and_says_whether_anything_is_new(tmp_path: Path) -> None:
    """The folder is the result; the words go to standard error. The second time nothing has changed."""

    def send(handler: Any) -> None:
        mark = handler.headers["If-None-Match"]
        (answer(b"", 304) if mark == '"a"' else answer((FOURDN / "profiles.json").read_bytes(), ETag='"a"'))(handler)

    with serving(send) as portal:
        words = ["schemas", "pull", "--portal", "4dn", "--server", portal.address, "-o", "snapshot"]
        runs = [wbc(tmp_path, *words), wbc(tmp_path, *words)]
    assert [(r.returncode, r.stdout) for r in runs] == [(0, b"snapshot\n")] * 2
    assert [r.stderr for r in runs] == [b"New schemas.\n", b"Nothing has changed.\n"]


def test_a_pulled_snapshot_in_the_cache_serves_without_schemas(own_desk: Path) -> None:
    """Without -o the snapshot goes to the user's cache, and without --schemas it is what serves."""
    with serving(answer((FOURDN / "profiles.json").read_bytes())) as portal:
        run = wbc(own_desk, "schemas", "pull", "--portal", "4dn", "--server", portal.address)
    assert run.returncode == 0
    assert (Path(run.stdout.decode().strip()) / "profiles.json").is_file()
    assert wbc(own_desk, "check", "filled.xlsx", "--portal", "4dn").returncode == 0


def test_schemas_diff_prints_a_line_for_each_change(own_desk: Path) -> None:
    """The lines are the result, how many there are is said to the person."""
    document = json.loads((own_desk / "profiles.json").read_bytes())
    document["Vendor"]["properties"]["colour"] = {"type": "string"}
    del document["Publication"]
    (own_desk / "new.json").write_text(json.dumps(document))
    run = wbc(own_desk, "schemas", "diff", "profiles.json", "new.json", "--portal", "4dn")
    assert run.returncode == 0
    assert run.stdout.decode().splitlines() == ["- type Publication", "+ column Vendor.colour"]
    assert run.stderr.decode().startswith("2 ")
    same = wbc(own_desk, "schemas", "diff", "profiles.json", "profiles.json")
    assert (same.returncode, same.stdout) == (0, b"")
    assert same.stderr


def test_portals_lists_each_with_its_presets(desk: Path) -> None:
    """A line for each portal: its name, its title, its presets."""
    run = wbc(desk, "portals")
    rows = [line.split("\t") for line in run.stdout.decode().splitlines()]
    assert run.returncode == 0
    assert [row[0] for row in rows] == sorted(resources.portals())
    assert {row[0]: row[2].split() for row in rows} == {n: list(resources.preset_files(n)) for n in resources.portals()}


@pytest.mark.parametrize("word", ["REF01", "ref01", "reference.unknown"])
def test_explain_takes_a_code_or_its_name(word: str, desk: Path) -> None:
    """Capitals don't count, and the readable name serves as well."""
    run = wbc(desk, "explain", word)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.decode().startswith("REF01  reference.unknown  (error)\n")


def test_both_names_are_the_same_program() -> None:
    """``workbook-compiler`` does what ``wbc`` does."""
    one, other = (
        subprocess.run([WBC.with_name(name), "explain", "all"], capture_output=True, timeout=SECONDS, check=True).stdout
        for name in ("wbc", "workbook-compiler")
    )
    assert one == other != b""


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["schemas", "pull", "-h"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    """Help comes at once: the big libraries are imported where they are used."""
    code = f"""
import sys
from workbook_compiler.cli import main
sys.argv = ["wbc", *{words!r}]
try:
    main()
except SystemExit as end:
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
    raise
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (run.returncode, run.stderr) == (0, "[]\n")
    assert "Usage: wbc" in run.stdout


def test_no_words_at_all_show_the_help() -> None:
    """Whoever types ``wbc`` alone learns what there is."""
    run = subprocess.run([WBC], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert all(verb in run.stdout + run.stderr for verb in ("template", "check", "compile", "explain", "schemas"))
    assert run.returncode in (0, 2)
