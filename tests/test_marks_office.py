"""Annotated workbooks in LibreOffice: opened, saved again, annotated again, mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked_books import (
    ERROR_FILL,
    ERRORS,
    WARNING_FILL,
    WARNINGS,
    Marked,
    compiled,
    looks,
    marked,
    problems,
    values,
    wrong_cells,
)
from package_checks import wrong
from planted_books import DIALECTS, OWN_NOTES, PLANTED, told
from rich_books import converted
from test_marks_fix import RIGHT, row_at

from workbook_compiler import api
from workbook_compiler.edit import Edit, edited
from workbook_compiler.marks import annotated, fixed, unmarked
from workbook_compiler.model.schema import Schema

pytestmark = [pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning"), pytest.mark.office]
BAD, DOUBTFUL = wrong_cells(ERRORS), wrong_cells(WARNINGS)


class Saved:
    """A marked workbook and what LibreOffice makes of it, and of the one without marks."""

    def __init__(self, book: Marked, folder: Path) -> None:
        self.book, self.folder = book, folder
        path = folder / "marked.xlsx"
        path.write_bytes(book.after)
        self.path = converted(path, folder / "office", "xlsx")
        self.data = self.path.read_bytes()
        before = folder / "before.xlsx"
        before.write_bytes(book.before)
        self.untouched = converted(before, folder / "office", "xlsx").read_bytes()


@pytest.fixture(scope="module", params=[d for d in DIALECTS if "macros" not in d])
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, schema: Schema) -> Saved:
    """The annotated workbook of each dialect as LibreOffice saves it."""
    folder = tmp_path_factory.mktemp("office")
    return Saved(marked(folder, request.param, schema), folder)


def test_libreoffice_keeps_marks_and_data(saved: Saved) -> None:
    """Opened and saved, wrong cells have their colour and their note, own notes stay, and no value is another."""
    seen = looks(saved.data)
    fills = {place: seen[place[0]][place[1]].fill for place in BAD | DOUBTFUL}
    assert fills == {**dict.fromkeys(BAD, ERROR_FILL), **dict.fromkeys(DOUBTFUL, WARNING_FILL)}
    notes = {(t, at) for t, cells in seen.items() for at, look in cells.items() if look.note}
    assert notes >= BAD | DOUBTFUL | set(OWN_NOTES)
    assert problems(saved.data) == "Problems"
    for title, cells in looks(saved.book.before).items():
        for at, look in cells.items() if title in PLANTED else ():
            if isinstance(look.value, str) and not look.value.startswith("="):
                assert seen[title][at].value == look.value


@pytest.mark.parametrize("form", ["pdf", "ods"])
def test_libreoffice_shows_it_in_other_forms(saved: Saved, form: str) -> None:
    """It becomes a PDF and an .ods without complaint; the .ods compiles to the same findings."""
    path = saved.folder / "marked.xlsx"
    made = converted(path, saved.folder / form, form)
    assert made.stat().st_size > 5_000


def test_the_ods_says_the_same(saved: Saved, schema: Schema) -> None:
    """Our marks are no data in an .ods either: the findings are those of the workbook before."""
    plain, marked_one = (
        api.compile(converted(saved.folder / f"{stem}.xlsx", saved.folder / f"{stem}_ods", "ods"), schema).diagnostics
        for stem in ("before", "marked")
    )
    assert [line[:1] + line[2:] for line in told(marked_one)] == [line[:1] + line[2:] for line in told(plain)]


def test_saved_by_libreoffice_it_compiles_and_is_annotated_again(saved: Saved, tmp_path: Path, schema: Schema) -> None:
    """The findings are the same; annotated again, nothing is there twice."""
    name = saved.book.name
    found = compiled(saved.data, name, tmp_path, schema)
    assert told(found) == told(saved.book.found)
    again = annotated(saved.data, name, found)
    assert set(wrong(again)) <= set(wrong(saved.data))
    seen, first = looks(again), looks(saved.book.after)
    for title in ERRORS:
        notes = {at: look.note[1] for at, look in first[title].items() if look.note and look.note[0] == "wbc"}
        assert {at: seen[title][at].note[1] for at in notes} == notes
        fills = {at: look.fill for at, look in first[title].items() if look.fill in (ERROR_FILL, WARNING_FILL)}
        assert {at: look.fill for at, look in seen[title].items() if look.fill in (ERROR_FILL, WARNING_FILL)} == fills
    assert [t for t in seen if t.startswith("Problems")] == ["Problems"]


def test_saved_by_libreoffice_its_marks_come_off(saved: Saved) -> None:
    """Colours, notes and marks of ours go, though LibreOffice has renamed the parts; the person's own notes stay."""
    plain = unmarked(saved.data, saved.book.name)
    assert set(wrong(plain)) <= set(wrong(saved.data))
    assert "Problems" not in looks(plain)
    seen, as_saved = looks(plain), looks(saved.untouched)
    for title in PLANTED:
        filled = {at: look[:4] for at, look in as_saved[title].items() if look.value is not None}
        assert {at: look[:4] for at, look in seen[title].items() if look.value is not None} == filled
        mine = {at for at, look in as_saved[title].items() if look.note}
        assert {at for at, look in seen[title].items() if look.note} == mine
        assert {look.fill for look in seen[title].values()} & {ERROR_FILL, WARNING_FILL} == set()


def test_saved_by_libreoffice_suggestions_are_carried_out(saved: Saved) -> None:
    """A yes typed in LibreOffice counts: one suggestion, then all of them."""
    name = saved.book.name
    row = row_at(saved.data, "Biosource!E5")
    one = fixed(edited(saved.data, [Edit(problems(saved.data), row["at"]["Accept"], "yes")]), name)
    assert values(one.content, name)["Biosource"]["E5"] == "demo-lab:ve_cells"
    assert values(one.content, name)["Biosource"]["D5"] == "imortalized cell line"
    every = fixed(saved.data, name, accept_all=True)
    now = values(every.content, name)
    assert {place: now[place[0]][place[1]] for place in RIGHT} == RIGHT
    assert set(wrong(every.content)) <= set(wrong(saved.data))
