"""Who refers to whom, and the cells around a mistake: what the page draws is what the workbooks say."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import FOURDN
from report_samples import BOOK, at, report

from workbook_compiler import api
from workbook_compiler.executors import workers
from workbook_compiler.model.diagnostics import Location
from workbook_compiler.model.report import Excerpt, LinkCount, LinkEnd, Report, TypeCount
from workbook_compiler.model.schema import Schema
from workbook_compiler.pipeline.excerpts import Kept, Surroundings, packed
from workbook_compiler.pipeline.read.cells import CellError, Styled
from workbook_compiler.reports.graph import MOST_TYPES, picture
from workbook_compiler.reports.grid import grid
from workbook_compiler.reports.layers import layered, placed
from workbook_compiler.reports.view import sections

HERE, PORTAL, NOWHERE = LinkEnd.HERE, LinkEnd.PORTAL, LinkEnd.NOWHERE


def linked(*links: LinkCount, types: tuple[TypeCount, ...]) -> Report:
    return Report("4dn", "4DN", (BOOK,), "", (), types, links=links)


# ---------------------------------------------------------------- counting


@pytest.fixture(scope="module")
def broken(schema: Schema) -> Report:
    return api.compile(FOURDN / "broken.xlsx", schema).report()


def test_links_are_counted_though_there_are_errors(broken: Report) -> None:
    """By type, property and target: those to rows, those to look up, and those that lead to nothing."""
    assert LinkCount("Biosample", "biosource", "Biosource", HERE, 4) in broken.links
    assert LinkCount("Biosample", "biosample_relation.biosample", "Biosample", HERE, 4) in broken.links
    assert LinkCount("FileFastq", "file_format", "FileFormat", PORTAL, 15) in broken.links
    assert LinkCount("ExperimentHiC", "protocol", "Protocol", NOWHERE, 2) in broken.links


def test_a_set_that_is_nowhere_counts_as_a_link_to_nothing(schema: Schema, tmp_path: Path) -> None:
    """Rows that want to belong to a set which isn't there lead to nothing, each of them."""
    lines = ["aliases\treplicate_set\tbio_rep_no\ttec_rep_no", "lab:a\tlab:gone\t1\t1", "lab:b\tlab:gone\t1\t2"]
    (tmp_path / "ExperimentHiC.tsv").write_text("\n".join(lines), encoding="utf-8")
    told = api.compile(tmp_path / "ExperimentHiC.tsv", schema).report()
    assert LinkCount("ExperimentHiC", "replicate_set", "ExperimentSetReplicate", NOWHERE, 2) in told.links


def test_each_row_is_in_one_state(broken: Report) -> None:
    """A row with an error isn't also looked up, and a mistake of several cells counts for each of their rows."""
    fared = {entry.type: (entry.records, entry.with_errors, entry.looked_up, entry.ready) for entry in broken.types}
    assert fared["FileFastq"] == (16, 1, 15, 0)
    assert fared["Biosample"] == (4, 2, 0, 2)
    assert all(records == mend + asked + ready for records, mend, asked, ready in fared.values())


# ---------------------------------------------------------------- layers and lines


def test_boxes_stand_right_of_all_they_refer_to() -> None:
    """A chain becomes layers in sending order, and what hardly refers to anything stands near who needs it."""
    arcs = [("set", "experiment"), ("experiment", "sample"), ("sample", "source"), ("set", "image")]
    layers = layered(["set", "experiment", "sample", "source", "image"], arcs)
    assert layers == [["source"], ["sample"], ["experiment", "image"], ["set"]]


def test_a_circle_is_cut_and_its_boxes_are_all_placed() -> None:
    """Boxes that need each other, themselves, or a circle stand somewhere, none twice."""
    arcs = [("a", "b"), ("b", "a"), ("a", "a"), ("c", "a"), ("c", "c")]
    layers = layered(["a", "b", "c"], arcs)
    assert layers == [["a"], ["b", "c"]]


def test_no_box_covers_another() -> None:
    """Whatever refers to what, boxes and passing lines of a layer keep apart, and layers too."""
    names = [f"t{n}" for n in range(40)]
    arcs = [(names[n], names[n * k % 40]) for n in range(40) for k in (3, 7, 11)]
    sizes = {name: (100.0 + n, 50.0 + 7 * (n % 5)) for n, name in enumerate(names)}
    places, width, height = placed(layered(names, arcs), arcs, sizes, 60)
    boxes = [(places[name], *sizes[name]) for name in names]
    for n, (one, _, tall) in enumerate(boxes):
        assert 0 <= one.x < width
        assert 0 <= one.y <= height - tall
        for other, _, other_tall in boxes[n + 1 :]:
            apart = one.y + tall <= other.y or other.y + other_tall <= one.y
            assert apart if one.layer == other.layer else abs(one.x - other.x) >= 100


def test_what_leads_out_of_the_workbooks_has_a_box_of_its_own() -> None:
    """The portal and nothing are boxes left of all types; a wrong link is dashed, and says so with a sign."""
    made = picture(
        linked(
            LinkCount("Biosample", "biosource", "Biosource", HERE, 37),
            LinkCount("Biosample", "biosource", "Biosource", NOWHERE, 2),
            LinkCount("Biosource", "cell_line", "OntologyTerm", PORTAL, 1),
            types=(TypeCount("Biosample", 39, 2), TypeCount("Biosource", 4, 0)),
        )
    )
    assert made is not None
    boxes = {box.title: box for box in made.boxes}
    assert sorted(boxes, key=lambda title: boxes[title].x)[2:] == ["Biosource", "Biosample"]
    assert [(port.text, port.number) for port in boxes["Biosample"].ports] == [
        ("biosource", "37"),
        ("✕ biosource", "2"),
    ]
    assert (boxes["Biosample"].note, boxes["Biosample"].to_mend) == ("39 rows", "✕ 2 to mend")
    assert boxes["Already on the portal?"].note == "1 link to look up"
    assert boxes["✕ Nothing there"].note == "2 links to mend"
    assert {line.kind for line in made.lines} == {"here", "portal", "nowhere"}


def test_links_to_the_own_type_and_circles_are_marked() -> None:
    """They are drawn like the others, with a sign before the property."""
    made = picture(
        linked(
            LinkCount("A", "self", "A", HERE, 1),
            LinkCount("A", "there", "B", HERE, 1),
            LinkCount("B", "back", "A", HERE, 1),
            types=(TypeCount("A", 1, 0), TypeCount("B", 1, 0)),
        )
    )
    assert made is not None
    ports = [port.text for box in made.boxes for port in box.ports]
    assert "↻ self" in ports
    assert sum(text.startswith("↻") for text in ports) == 2
    assert len(made.lines) == 3


def test_a_picture_of_very_many_types_shows_those_that_matter() -> None:
    """Past what can be read the types with something to mend and with most links are drawn, and it is said how many aren't."""
    names = [f"Type{n}" for n in range(MOST_TYPES + 20)]
    links = [LinkCount(name, "next", after, HERE, n) for n, (name, after) in enumerate(pairwise(names))]
    made = picture(linked(*links, types=tuple(TypeCount(name, 5, int(name == "Type0")) for name in names)))
    assert made is not None
    assert len(made.boxes) == MOST_TYPES
    assert "Type0" in {box.title for box in made.boxes}
    assert made.left_out == "The picture leaves out 20 types; the table has them."


def test_without_links_there_is_no_picture() -> None:
    """A workbook whose rows refer to nothing has none."""
    assert picture(linked(types=(TypeCount("A", 1, 0),))) is None


# ---------------------------------------------------------------- the cells around a mistake

ROWS = [
    ["#Field Name:", "aliases", "*sex", "day", "count", "share", "note", "end"],
    ["#Field Type:"],
    ["", "lab:a", "male", date(2024, 3, 1), 10.0, Styled(0.5, "0%"), "", "z"],
    ["", "lab:b", "femle", date(2024, 3, 2), CellError("#N/A"), 1.5, None],
    [],
    ["", "lab:c"],
]
SHEET = Kept(ROWS, 0, (2, 3), 1, 1)


def around(row: int | None, column: str | None) -> Excerpt | None:
    return Surroundings({(BOOK, "Biosample"): packed(SHEET)})(Location(BOOK, "Biosample", row, column))


def test_a_cell_stands_among_its_neighbours_as_the_sheet_shows_them() -> None:
    """Two columns at each side, the identifier, the rows above and below; dates, numbers and errors as they are seen."""
    assert around(4, "E") == Excerpt(
        ("B", "C", "D", "E", "F", "G"),
        ("aliases", "*sex", "day", "count", "share", "note"),
        (
            (3, ("lab:a", "male", "2024-03-01", "10", "50%", "")),
            (4, ("lab:b", "femle", "2024-03-02", "#N/A", "1.5", "")),
        ),
    )


def test_the_identifier_comes_along_from_afar() -> None:
    """It stands in front when it isn't a neighbour; a row that is too short has empty cells."""
    found = around(6, "H")
    assert found is not None
    assert found.letters == ("B", "F", "G", "H")
    assert found.lines == ((6, ("lab:c", "", "", "")),)


def test_a_wrong_header_stands_above_the_first_rows() -> None:
    """The header row itself is shown, with the first rows of data and no names above."""
    found = around(1, "C")
    assert found is not None
    assert (found.headers, [number for number, _ in found.lines]) == ((), [1, 3, 4])


def test_a_column_and_a_row_have_an_excerpt_and_a_sheet_has_none() -> None:
    """Of a column the first rows are shown, of a row its first cells."""
    column, row = around(None, "G"), around(3, None)
    assert column is not None
    assert row is not None
    assert [number for number, _ in column.lines] == [3, 4]
    assert row.letters == ("B", "C", "D", "E", "F")
    assert around(None, None) is None
    assert Surroundings({})(Location(BOOK, "Biosample", 4, "E")) is None


def test_every_cell_of_the_mistake_is_marked() -> None:
    """The finding's own cell, and a neighbour that holds the same mistake; long text is cut, invisible signs are shown."""
    texts = (("lab:a", "x" * 99), ("lab\u00a0b", "x"))
    excerpt = Excerpt(("B", "E"), ("aliases", "sex"), tuple(enumerate(texts, 5)))
    (section,) = sections(report(at(5), at(6)), limit=9, related=9)
    made = grid(section.findings[0], excerpt)
    assert made is not None
    assert [(cell.letter, cell.text, cell.kind) for cell in made.heads] == [("B", "aliases", ""), ("E", "sex", "over")]
    assert [(cell.text, cell.kind) for line in made.lines for cell in line.cells] == [
        ("lab:a", ""),
        ("x" * 99, "here"),
        ("lab␣b", ""),
        ("x", "same"),
    ]
    assert made.name == "Biosample, rows 5 to 6"


def test_what_another_process_read_is_shown_alike(schema: Schema) -> None:
    """The cells around every finding are the same, whoever read the workbook."""
    books = [FOURDN / "broken.xlsx", FOURDN / "filled.xlsx"]
    alone = api.compile(books, schema).report()
    with workers(2, None, 2) as executor:
        apart = api.compile(books, schema, executor=executor).report()
    places = [found.location for found in alone.diagnostics]
    assert [apart.around(place) for place in places] == [alone.around(place) for place in places]
    assert sum(alone.around(place) is not None for place in places) > 20
    assert apart == alone
