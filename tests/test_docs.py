"""The README is true: it names everything there is, and what it prints is what happens.

Its ``console`` and ``python`` blocks run one after the other in one folder that holds ``filled.xlsx``, ``broken.xlsx`` and
``profiles.json``; a ``toml`` block whose first line is ``# name.toml`` lies there as that file. In a ``console`` block a line
after ``$ `` is a command, ``$ echo $?`` tells the exit code of the one before (0 without it), and the other lines are what
it prints; ``…`` alone on a line stands for lines left out. ``sh`` blocks need a network or a fresh machine: they are
parsed, not run.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from conftest import FOURDN, ROOT

from workbook_compiler import resources
from workbook_compiler.cli import app
from workbook_compiler.model.codes import CATALOGUE
from workbook_compiler.model.columns import headers
from workbook_compiler.model.schema import Schema
from workbook_compiler.reports.explain import explain

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [(match[1], match[2]) for match in re.finditer(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)]
PACKAGE = ROOT / "workbook_compiler"
LEFT_OUT = "…"
SECONDS = 60


def verbs() -> Iterator[str]:
    """Every verb of the command line as it is typed: ``check``, ``schemas pull``."""
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inside = getattr(command, "commands", None)
        yield from (f"{name} {sub}" for sub in inside) if inside else (name,)


def commands() -> Iterator[str]:
    """Every ``wbc …`` that a block of the README shows as something to type."""
    for kind, text in BLOCKS:
        for line in text.splitlines():
            typed = line.removeprefix("$ ") if kind == "console" else line
            if kind in ("console", "sh") and typed.startswith("wbc ") and (kind == "sh" or line.startswith("$ ")):
                yield typed


def table_codes(title: str) -> set[str]:
    """The first column of the table under a headline."""
    section = README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


# ---------------------------------------------------------------- everything there is, is named


@pytest.mark.parametrize("verb", list(verbs()))
def test_every_verb_is_in_the_readme(verb: str) -> None:
    """Each verb of the program is shown with its command."""
    assert re.search(rf"\bwbc {verb}\b", README)


@pytest.mark.parametrize("name", list(resources.portals()))
def test_every_portal_is_in_the_readme(name: str) -> None:
    """Each word that --portal takes is named."""
    assert re.search(rf"(`|--portal ){name}\b", README)


@pytest.mark.parametrize("name", list(resources.report_formats()))
def test_every_report_format_is_in_the_readme(name: str) -> None:
    """Each word that --format takes is shown."""
    assert f"--format {name}" in README


def test_the_exit_codes_of_the_readme_are_the_contracts() -> None:
    """The README lists 0, 1, 2, 3, 4 and 130 and no other."""
    assert table_codes("Exit codes") == {"0", "1", "2", "3", "4", "130"}


def test_the_readme_shows_no_command_that_does_not_exist() -> None:
    """Every command and option the README shows is one the program takes; the network is not asked."""
    command = typer.main.get_command(app)
    seen = list(commands())
    assert len(seen) >= 10
    for line in seen:
        words = shlex.split(line, comments=True)[1:]
        context = command.make_context("wbc", list(words))
        while hasattr(context.command, "commands"):
            rest = [*context._protected_args, *context.args]
            name, found, rest = context.command.resolve_command(context, rest)
            context = found.make_context(name, rest, parent=context)


@pytest.mark.parametrize("mention", sorted(set(re.findall(r"`wbc ([a-z]+(?: [a-z]+)?)", README))))
def test_a_verb_in_running_text_exists(mention: str) -> None:
    """A ``wbc verb`` named between code blocks is a verb of the program."""
    known = set(verbs())
    assert mention in known or mention.split()[0] in known


def test_the_links_of_the_readme_lead_somewhere() -> None:
    """A link to a file names one that is there, a link to a headline one of this page."""
    headlines = {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in README.splitlines()}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.removeprefix("#") in headlines if target.startswith("#") else (ROOT / target).is_file(), target


# ---------------------------------------------------------------- explain


@pytest.mark.parametrize("code", list(CATALOGUE))
def test_every_code_can_be_explained(code: str) -> None:
    """Each code tells its title, what to do, why, and an example, and leaves no gap of the template open."""
    words = explain(CATALOGUE[code])
    assert words.startswith(f"{code}  {CATALOGUE[code].name}  (")
    assert CATALOGUE[code].title.split()[0] in words
    assert all(f"\n{part}\n" in words for part in ("Why", "Example"))
    assert not re.search(r"\{\w*\}", words)


def test_explain_all_lists_every_code() -> None:
    """``wbc explain all`` has a line for each code of the catalogue, in its order."""
    run = subprocess.run([wbc(), "explain", "all"], capture_output=True, text=True, timeout=SECONDS, check=True)
    assert [line.split()[0] for line in run.stdout.splitlines()] == list(CATALOGUE)


# ---------------------------------------------------------------- what it prints is what happens


def wbc() -> str:
    """The console script beside the running Python."""
    return str(Path(sys.executable).with_name("wbc"))


def test_the_commands_of_the_readme_run_and_print_what_it_says(tmp_path: Path) -> None:
    """Every block that is marked runnable runs, ends with the exit code the README gives, and prints what it shows."""
    for name in ("filled.xlsx", "broken.xlsx", "profiles.json"):
        shutil.copy(FOURDN / name, tmp_path)
    told = 0
    for kind, text in BLOCKS:
        if kind == "console":
            told += run_console(text, tmp_path)
        elif kind == "python":
            run_python(text, tmp_path)
        elif kind == "toml" and (name := re.match(r"# (\S+\.toml)\n", text)):
            (tmp_path / name[1]).write_text(text, encoding="utf-8")
    assert told >= 8


def run_console(text: str, folder: Path) -> int:
    """Run the commands of a block and compare; return how many there were."""
    steps = [step.splitlines() for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]
    steps = [*steps, ["true"]]
    code = 0
    for line, *printed in steps:
        if line == "echo $?":
            assert printed == [str(code)], f"{printed} after exit code {code}"
            code = 0
            continue
        assert code == 0, f"the command before `{line}` ended with {code}, and the README doesn't say so"
        run = run_shell(line, folder)
        code = run.returncode
        assert_shown(printed, run.stdout.splitlines(), line)
    return len(steps) - 1


def run_shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line as a person's shell would, both of its streams in one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "100", "XDG_CACHE_HOME": str(folder / "cache")}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


def assert_shown(shown: list[str], printed: list[str], line: str) -> None:
    """Demand the shown lines in order, without a gap but where ``…`` stands."""
    at, gap = 0, False
    for wanted in shown:
        if wanted == LEFT_OUT:
            gap = True
            continue
        rest = printed[at:]
        assert wanted in rest, f"`{line}` doesn't print: {wanted}"
        assert gap or rest[0] == wanted, f"`{line}` prints `{rest[0]}` before `{wanted}`"
        at, gap = at + rest.index(wanted) + 1, False
    assert gap or at == len(printed), f"`{line}` prints more: {printed[at:]}"


def run_python(text: str, folder: Path) -> None:
    """Run a block as a script."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", text], cwd=folder, capture_output=True, text=True, timeout=SECONDS
    )
    assert run.returncode == 0, run.stderr


def test_the_sheet_of_the_readme_has_columns_a_template_has(schema: Schema) -> None:
    """Every header of the pictured sheet is one of the type's, with its star when it is required."""
    picture = next(text for kind, text in BLOCKS if kind == "" and "#Field Name:" in text)
    line = next(line for line in picture.splitlines() if "#Field Name:" in line)
    for header in line.split("#Field Name:")[1].split():
        found = headers(schema.types["Biosample"]).find(header.removeprefix("*"))
        assert found is not None, header
        assert found[0].required == header.startswith("*"), header


# ---------------------------------------------------------------- the house


def pictured() -> list[Path]:
    """The folders and modules of the README's picture of the house, as paths."""
    picture = next(text for kind, text in BLOCKS if kind == "" and text.startswith("workbook_compiler/"))
    found: list[Path] = []
    above: list[Path] = []
    for line in picture.splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        above = [*above[:depth], (above[depth - 1] if depth else Path()) / name]
        found.append(above[-1])
    return found


def test_the_picture_of_the_house_names_only_what_exists() -> None:
    """Every folder and file of the picture is there."""
    assert [path for path in pictured() if not (ROOT / path).exists()] == []


def test_the_picture_of_the_house_leaves_nothing_out() -> None:
    """Every package folder and every module of the top level is in the picture."""
    packages = {path.parent.relative_to(ROOT) for path in PACKAGE.rglob("__init__.py")}
    modules = {path.relative_to(ROOT) for path in PACKAGE.glob("*.py") if path.name != "__init__.py"}
    assert (packages | modules) - set(pictured()) == set()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/]+(?:\.py|\.md|\.toml))`", README))))
def test_a_file_named_in_the_readme_exists(name: str) -> None:
    """A module, case file or setting the README speaks of is in the checkout or the package."""
    assert any((base / name).is_file() for base in (ROOT, PACKAGE)), name
