"""Files that no table can say: raw, damaged, hostile, of another kind, or several at once. None may end in a traceback."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import awkward
import pytest
import xlsxwriter
from awkward import DATE_STYLE, row, sheet, text, texts, xlsx
from cases_format import Table, tables, write
from conftest import FOURDN
from test_cases import place
from told import assert_told

from workbook_compiler import api
from workbook_compiler.errors import UsageError
from workbook_compiler.model.records import Pointer
from workbook_compiler.model.schema import Schema

VENDORS = sheet(texts(1, "aliases", "title"), texts(2, "demo-lab:v1", "Demo Cells"))
VENDOR = {"aliases": ["demo-lab:v1"], "title": "Demo Cells"}


def found(result: api.Result) -> list[tuple[str, str]]:
    """Return ``(code, place)`` of every finding, in the order they are told."""
    return [(d.code.id, place(d.location)) for d in result.diagnostics]


def bodies(result: api.Result) -> list[dict[str, object]]:
    """Return every record's body."""
    return [dict(record.values) for record in result.records]


# What the parts of a workbook can say


def test_a_workbook_written_by_hand_compiles(tmp_path: Path, schema: Schema) -> None:
    """The smallest package that is a workbook compiles, so the tests below fail for their own reason."""
    result = api.compile(xlsx(tmp_path / "book.xlsx", {"Vendor": VENDORS}), schema)
    assert (found(result), bodies(result)) == ([], [VENDOR])


def test_dates_of_an_old_mac_count_from_1904(tmp_path: Path, schema: Schema) -> None:
    """The same day has another serial number in a 1904 workbook."""
    page = sheet(
        texts(1, "aliases", "measured_on"),
        row(2, text("A2", "demo-lab:m1"), f'<c r="B2" s="{DATE_STYLE}"><v>43890</v></c>'),
    )
    path = xlsx(tmp_path / "book.xlsx", {"BenchMeasurement": page}, settings='<workbookPr date1904="1"/>')
    result = api.compile(path, schema)
    assert (found(result), bodies(result)[0]["measured_on"]) == ([], "2024-03-01")


def test_an_iso_date_cell_is_its_date(tmp_path: Path, schema: Schema) -> None:
    """A cell of type ``d`` holds the date as text."""
    page = sheet(
        texts(1, "aliases", "measured_on"), row(2, text("A2", "demo-lab:m1"), '<c r="B2" t="d"><v>2024-03-01</v></c>')
    )
    result = api.compile(xlsx(tmp_path / "book.xlsx", {"BenchMeasurement": page}), schema)
    assert (found(result), bodies(result)[0]["measured_on"]) == ([], "2024-03-01")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('<c r="B2"><f>A2</f></c>', "CEL02"),
        ('<c r="B2"><f>A2</f><v/></c>', "CEL02"),
        ('<c r="B2" t="e"><v>#N/A</v></c>', "CEL01"),
        ('<c r="B2" t="e"><f>NA()</f><v>#SPILL!</v></c>', "CEL01"),
        ('<c r="B2" t="str"><f>IF(TRUE,"")</f><v></v></c>', "REQ01"),
        ('<c r="B2" s="1"/>', "REQ01"),
    ],
    ids=["a formula", "a formula with an empty result part", "an error", "a new error", "an empty text", "a style"],
)
def test_a_required_cell_without_a_value_is_an_error(cell: str, code: str, tmp_path: Path, schema: Schema) -> None:
    """A formula without result, an error cell, a formula that gives nothing and a mere style are told apart."""
    page = sheet(texts(1, "aliases", "title"), row(2, text("A2", "demo-lab:v1"), cell))
    result = api.compile(xlsx(tmp_path / "book.xlsx", {"Vendor": page}), schema)
    assert found(result) == [(code, "Vendor!B2")]


def test_rich_text_is_its_letters(tmp_path: Path, schema: Schema) -> None:
    """Runs of a formatted text are joined, and reading aids are left out."""
    strings = (
        f'<sst xmlns="{awkward.MAIN}"><si><r><t xml:space="preserve">Demo </t></r><r><rPr><b/></rPr><t>Cells</t></r>'
        '<rPh sb="0" eb="1"><t>aid</t></rPh></si></sst>'
    )
    page = sheet(texts(1, "aliases", "title"), row(2, text("A2", "demo-lab:v1"), '<c r="B2" t="s"><v>0</v></c>'))
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": page}, more={"xl/sharedStrings.xml": strings})
    assert bodies(api.compile(path, schema)) == [VENDOR]


def test_cells_without_addresses_stand_side_by_side(tmp_path: Path, schema: Schema) -> None:
    """Some programs leave out the addresses of rows and cells."""
    page = VENDORS
    for address in ("A1", "B1", "A2", "B2", "1", "2"):
        page = page.replace(f' r="{address}"', "")
    assert ' r="' not in page
    assert bodies(api.compile(xlsx(tmp_path / "book.xlsx", {"Vendor": page}), schema)) == [VENDOR]


def test_a_strict_workbook_compiles(tmp_path: Path, schema: Schema) -> None:
    """Excel's "Strict Open XML" spells the same parts with other namespaces; errors are seen there too."""
    page = sheet(texts(1, "aliases", "title"), row(2, text("A2", "demo-lab:v1"), '<c r="B2" t="e"><v>#N/A</v></c>'))
    parts = awkward.parts_of(xlsx(tmp_path / "book.xlsx", {"Vendor": page}).read_bytes())
    path = awkward.package(tmp_path / "strict.xlsx", {k: awkward.strict(v.decode()) for k, v in parts.items()})
    assert found(api.compile(path, schema)) == [("CEL01", "Vendor!B2")]


def test_a_million_formatted_empty_rows_are_nothing(tmp_path: Path, schema: Schema) -> None:
    """A format on whole columns makes a sheet long, not full."""
    empty = "".join(f'<row r="{n}"><c r="B{n}" s="1"/></row>' for n in range(3, 1_048_577))
    page = VENDORS.replace("</sheetData>", empty + "</sheetData>")
    result = api.compile(xlsx(tmp_path / "book.xlsx", {"Vendor": page}), schema)
    assert (found(result), bodies(result)) == ([], [VENDOR])


@pytest.mark.parametrize(
    ("cell", "codes"),
    [('<c r="XFD1048576" s="1"/>', []), (text("XFD1048576", "oops"), ["HDR04"])],
    ids=["a style", "a value"],
)
def test_a_stray_cell_in_the_last_corner_costs_nothing(
    cell: str, codes: list[str], tmp_path: Path, schema: Schema
) -> None:
    """A cell in XFD1048576 doesn't make 17 billion cells in memory; a value there has no header, which is told."""
    page = VENDORS.replace("</sheetData>", row(1_048_576, cell) + "</sheetData>")
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": page})
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))\n"
        "from workbook_compiler import api; schema = api.load_schema('4dn', sys.argv[2])\n"
        "print(*(d.code.id for d in api.compile(sys.argv[1], schema).diagnostics))"
    )
    arguments = [sys.executable, "-c", script, str(path), str(FOURDN / "profiles.json")]
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout.split()) == (0, codes), ran.stderr


def test_a_chart_sheet_is_no_sheet_of_rows(tmp_path: Path, schema: Schema) -> None:
    """A sheet that is a chart has no cells, whatever its name."""
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("Vendor")
        page.write_row(0, 0, ["aliases", "title"])
        page.write_row(1, 0, ["demo-lab:v1", "Demo Cells"])
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Vendor!$B$2:$B$2"})
        book.add_chartsheet("Chart1").set_chart(chart)
    result = api.compile(path, schema)
    assert (found(result), bodies(result)) == ([], [VENDOR])


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_template_remembers_where_it_comes_from(state: str, tmp_path: Path, schema: Schema) -> None:
    """The sheet of a template's own facts is found by its name, however it is hidden, and is no sheet of rows."""
    facts = sheet(texts(1, "portal", "4dn"), texts(2, "schema_sha256", schema.sha256))
    sheets = {"Vendor": VENDORS, "_workbook_compiler": facts}
    path = xlsx(tmp_path / "book.xlsx", sheets)
    parts = {k: v.decode() for k, v in awkward.parts_of(path.read_bytes()).items()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace('sheetId="2"', f'sheetId="2" state="{state}"')
    result = api.compile(awkward.package(path, parts), schema)
    assert (found(result), bodies(result)) == ([], [VENDOR])


def test_a_workbook_with_macros_compiles(tmp_path: Path, schema: Schema) -> None:
    """An .xlsm is a workbook; its macros are nobody's business."""
    path = xlsx(tmp_path / "book.xlsm", {"Vendor": VENDORS}, more={"xl/vbaProject.bin": "not run"})
    assert bodies(api.compile(path, schema)) == [VENDOR]


def test_hidden_columns_are_read(tmp_path: Path, schema: Schema) -> None:
    """What is hidden from the eye is in the file all the same."""
    page = VENDORS.replace("<sheetData>", '<cols><col min="2" max="2" width="9" hidden="1"/></cols><sheetData>')
    assert bodies(api.compile(xlsx(tmp_path / "book.xlsx", {"Vendor": page}), schema)) == [VENDOR]


def test_a_type_too_long_for_a_sheet_is_found_by_its_beginning(tmp_path: Path) -> None:
    """Excel allows 31 letters; the only type that begins so is taken, and of two neither."""
    types = json.loads((FOURDN / "profiles.json").read_text(encoding="utf-8"))
    name = "VendorWithAnExceedinglyLongTypeName"
    path = xlsx(tmp_path / "book.xlsx", {name[:31]: VENDORS})
    outcomes = []
    for more in (name, name + "Too"):
        types[more] = types["Vendor"]
        (tmp_path / "profiles.json").write_text(json.dumps(types), encoding="utf-8")
        result = api.compile(path, api.load_schema("4dn", tmp_path / "profiles.json"))
        outcomes.append(([record.type for record in result.records], found(result)))
    assert outcomes == [([name], []), ([], [("SHT01", name[:31])])]


# Files that can't be read


ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("empty.xlsx", b"", "FIL01"),
        ("text.xlsx", b"aliases\ttitle\n", "FIL01"),
        ("stub.xlsx", ZIP, "FIL01"),
        ("page.xlsx", b"<html><body>Please sign in</body></html>", "FIL01"),
        ("locked.xlsx", OLE, "FIL02"),
        ("old.xls", OLE, "FIL02"),
        ("paper.pdf", b"%PDF-1.7", "FIL03"),
        ("empty.ods", b"", "FIL01"),
        ("Vendor.csv", ZIP + bytes(range(256)), "FIL01"),
        ("Vendor.csv", OLE, "FIL02"),
        ("Vendor.tsv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "FIL01"),
        ("Vendor.tsv", b"\xff\xfea\0\0\xd8", "FIL01"),
    ],
)
def test_a_file_that_is_no_workbook_is_one_finding(
    name: str, data: bytes, code: str, tmp_path: Path, schema: Schema
) -> None:
    """A file of another kind is told once, for the whole file."""
    path = tmp_path / name
    path.write_bytes(data)
    result = api.compile(path, schema)
    assert (found(result), result.ok, result.plan) == ([(code, "file")], False, None)


@pytest.mark.parametrize(("name", "data", "code"), [("old.xls", OLE, "FIL02"), ("paper.pdf", b"%PDF-1.7", "FIL03")])
def test_a_file_of_another_kind_is_told_in_words(
    name: str, data: bytes, code: str, tmp_path: Path, schema: Schema
) -> None:
    """What it is, and as what to save it."""
    (tmp_path / name).write_bytes(data)
    assert_told(api.compile(tmp_path / name, schema).diagnostics, code)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_one_finding(kept: float, tmp_path: Path, schema: Schema) -> None:
    """A download that stopped early is told once, for the whole file."""
    data = (FOURDN / "filled.xlsx").read_bytes()
    path = tmp_path / "book.xlsx"
    path.write_bytes(data[: int(len(data) * kept)])
    assert found(api.compile(path, schema)) == [("FIL01", "file")]


def test_a_zip_of_something_else_is_one_finding(tmp_path: Path, schema: Schema) -> None:
    """A zip isn't a workbook by being a zip."""
    path = awkward.package(tmp_path / "book.xlsx", {"readme.txt": "hello"})
    result = api.compile(path, schema)
    assert found(result) == [("FIL01", "file")]
    assert_told(result.diagnostics, "FIL01")


def test_a_workbook_that_is_called_a_text_file_is_one_finding(tmp_path: Path, schema: Schema) -> None:
    """It is told what it is, once; its bytes aren't read as columns."""
    path = tmp_path / "Vendor.csv"
    path.write_bytes((FOURDN / "filled.xlsx").read_bytes())
    (only,) = api.compile(path, schema).diagnostics
    said = "The file can't be opened as a workbook: its name says that it is text, but it holds a workbook."
    assert (only.code.id, only.message) == ("FIL01", said)


def test_a_file_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path, schema: Schema) -> None:
    """A part that says it unpacks to four gigabytes isn't unpacked to see."""
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": VENDORS})
    path.write_bytes(awkward.claiming(path.read_bytes(), 0xFFFF_FFF0))
    result = api.compile(path, schema)
    assert found(result) == [("FIL04", "file")]
    assert_told(result.diagnostics, "FIL04")


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
def test_a_document_type_is_refused(part: str, tmp_path: Path, schema: Schema) -> None:
    """XML entities can fill a computer's memory or read its files; no spreadsheet program writes them."""
    strings = f'<sst xmlns="{awkward.MAIN}"><si><t>Demo Cells</t></si></sst>'
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": VENDORS}, more={"xl/sharedStrings.xml": awkward.HEAD + strings})
    parts = {k: v.decode() for k, v in awkward.parts_of(path.read_bytes()).items()}
    entity = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    parts[part] = parts[part].replace(awkward.HEAD, awkward.HEAD + entity).replace("Demo Cells", "&b; Cells")
    assert found(api.compile(awkward.package(path, parts), schema)) == [("FIL01", "file")]


def test_missing_texts_are_not_empty_cells(tmp_path: Path, schema: Schema) -> None:
    """A workbook whose table of texts is lost is an error, never a workbook of empty cells."""
    page = sheet(texts(1, "aliases", "title"), row(2, text("A2", "demo-lab:v1"), '<c r="B2" t="s"><v>0</v></c>'))
    result = api.compile(xlsx(tmp_path / "book.xlsx", {"Vendor": page}), schema)
    assert (found(result), result.plan) == ([("FIL01", "file")], None)


@pytest.mark.parametrize("seed", range(40))
def test_damage_never_ends_in_a_traceback(seed: int, tmp_path: Path, schema: Schema) -> None:
    """A workbook with a damaged part gives findings or records, never an exception."""
    chance = random.Random(seed)  # noqa: S311 - the same damage each time
    parts = awkward.parts_of((FOURDN / "filled.xlsx").read_bytes())
    name = chance.choice(sorted(parts))
    data = bytearray(parts[name])
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data))
        data[at : at + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 4))
    path = awkward.package(tmp_path / "book.xlsx", {**parts, name: bytes(data)})
    assert api.compile(path, schema) is not None


# OpenDocument


def test_an_opendocument_cell_is_what_it_shows(tmp_path: Path, schema: Schema) -> None:
    """TRUE, an error and 00123 are kept apart from the bare numbers they are stored as."""
    cell = awkward.ods_cell
    rows = [
        awkward.ods_row("aliases", "culture_start_date", "cell_line_lot_number", "passage_number", "description"),
        awkward.ods_row(
            "demo-lab:cc1",
            cell("01/03/24", 'office:value-type="date" office:date-value="2024-03-01"'),
            cell("00123", 'office:value-type="float" office:value="123"'),
            cell("0", 'office:value-type="float" office:value="0"'),
            cell("#N/A", 'office:value-type="string" calcext:value-type="error" office:string-value=""'),
        ),
    ]
    flags = [
        awkward.ods_row("aliases", "protected_data"),
        awkward.ods_row(
            "demo-lab:h1", cell("FALSE", 'table:formula="of:=FALSE()" office:value-type="float" office:value="0"')
        ),
        awkward.ods_row("demo-lab:h2", cell("TRUE", 'office:value-type="boolean" office:boolean-value="true"')),
    ]
    tables = {"BiosampleCellCulture": "".join(rows), "IndividualHuman": "".join(flags)}
    result = api.compile(awkward.ods(tmp_path / "book.ods", tables), schema)
    assert found(result) == [("CEL01", "BiosampleCellCulture!E2")]
    assert bodies(result) == [
        {
            "aliases": ["demo-lab:cc1"],
            "culture_start_date": "2024-03-01",
            "cell_line_lot_number": "00123",
            "passage_number": 0,
        },
        {"aliases": ["demo-lab:h1"], "protected_data": False},
        {"aliases": ["demo-lab:h2"], "protected_data": True},
    ]


def test_repeated_columns_and_rows_of_opendocument_keep_their_places(tmp_path: Path, schema: Schema) -> None:
    """Equal neighbours are stored once; the places after them count all the same."""
    gap = '<table:table-cell table:number-columns-repeated="3"/>'
    blank = '<table:table-row table:number-rows-repeated="{}"><table:table-cell table:number-columns-repeated="1024"/>'
    blank += "</table:table-row>"
    head = awkward.ods_row("aliases", gap, "title")
    rows = head + blank.format(7) + awkward.ods_row("demo-lab:v1") + blank.format(1_048_567)
    result = api.compile(awkward.ods(tmp_path / "book.ods", {"Vendor": rows}), schema)
    assert found(result) == [("REQ01", "Vendor!E9")]


# Text files


@pytest.mark.parametrize(
    ("name", "data", "codes"),
    [
        ("Vendor.csv", b"aliases,title\ndemo-lab:v1,Demo Cells\n", []),
        ("Vendor.csv", b"aliases;title\r\ndemo-lab:v1;Demo Cells\r\n", []),
        ("Vendor.csv", b"\xef\xbb\xbfaliases,title\r\ndemo-lab:v1,Demo Cells", []),
        ("Vendor.csv", "\ufeffaliases\ttitle\r\ndemo-lab:v1\tDemo Cells\r\n".encode("utf-16-le"), []),
        ("Vendor.tsv", b"aliases\ttitle\n\n\ndemo-lab:v1\tDemo Cells\n\n", []),
        ("Vendor.tsv", b'aliases\ttitle\n"demo-lab:v1"\t"Demo Cells"\n', []),
        ("Vendor.tsv", b"#Field Name:\taliases\t*title\n\tdemo-lab:v1\tDemo Cells\n#\tx\ty\n", []),
    ],
    ids=["commas", "semicolons", "byte order mark", "UTF-16", "blank lines", "quotes", "house marks"],
)
def test_a_text_file_is_read_as_programs_write_it(
    name: str, data: bytes, codes: list[str], tmp_path: Path, schema: Schema
) -> None:
    """Separators, line ends, quotes and alphabets of the usual programs make no difference."""
    path = tmp_path / name
    path.write_bytes(data)
    result = api.compile(path, schema)
    assert ([code for code, _ in found(result)], bodies(result)) == (codes, [VENDOR])


def test_an_older_alphabet_is_read_and_told(tmp_path: Path, schema: Schema) -> None:
    """A file that isn't UTF-8 is read as Windows writes it, with a warning."""
    path = tmp_path / "Vendor.csv"
    path.write_bytes("aliases,title\ndemo-lab:v1,Café 37 °C\n".encode("latin-1"))
    result = api.compile(path, schema)
    assert (found(result), bodies(result)[0]["title"]) == ([("FIL05", "file")], "Café 37 °C")
    assert_told(result.diagnostics, "FIL05")


def test_a_quoted_line_break_stays_in_its_cell(tmp_path: Path, schema: Schema) -> None:
    """A quoted cell may hold tabs, quotes and line breaks; the rows after it keep counting as rows of the table."""
    path = tmp_path / "Vendor.tsv"
    path.write_text('aliases\ttitle\tdescription\ndemo-lab:v1\tDemo Cells\t"one\ntwo\t""three"""\n', encoding="utf-8")
    result = api.compile(path, schema)
    assert bodies(result) == [{**VENDOR, "description": 'one\ntwo\t"three"'}]


# Nothing at all, and several at once


def test_a_workbook_without_rows_is_an_error(tmp_path: Path, schema: Schema) -> None:
    """An empty sheet, no header and headers alone are all an empty submission."""
    for name, page in (("none", sheet()), ("header", sheet(texts(1, "aliases", "title")))):
        path = xlsx(tmp_path / f"{name}.xlsx", {"Vendor": page})
        assert found(api.compile(path, schema)) == [("FIL06", "file")], name


def two_books(folder: Path, vendor: str, source: str) -> list[Path]:
    """Write two workbooks: a vendor, and a biosource bought from ``demo-lab:v1``."""
    headers = ("aliases", "biosource_type", "biosource_vendor")
    first = write([Table("Vendor", ("aliases", "title"), ((vendor, "Demo Cells"),))], folder, "first")
    second = write([Table("Biosource", headers, ((source, "tissue", "demo-lab:v1"),))], folder, "second")
    return [*second, *first]


def test_two_workbooks_are_one_submission(tmp_path: Path, schema: Schema) -> None:
    """A row of one workbook may name a row of another, and every id says which file it is in."""
    result = api.compile(two_books(tmp_path, "demo-lab:v1", "demo-lab:so1"), schema)
    assert found(result) == []
    operations = [(b.index, o.id, o.depends_on) for b in result.plan.batches for o in b.operations]
    assert operations == [(0, "first.xlsx#Vendor!5", ()), (1, "second.xlsx#Biosource!5", ("first.xlsx#Vendor!5",))]


def test_an_alias_in_two_workbooks_is_an_error_that_names_both(tmp_path: Path, schema: Schema) -> None:
    """The same alias in two files is the same alias."""
    result = api.compile(two_books(tmp_path, "demo-lab:v1", "demo-lab:v1"), schema)
    repeated = [d for d in result.diagnostics if d.code.id == "IDN01"]
    places = [(d.location.file, str(d.location), [(r.file, str(r)) for r in d.related]) for d in repeated]
    assert places == [("first.xlsx", "Vendor!B5", [("second.xlsx", "Biosource!B5")])]


def test_two_workbooks_of_one_name_are_told_apart(tmp_path: Path, schema: Schema) -> None:
    """Two folders may hold a book.xlsx each; their rows have ids of their own."""
    paths = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        page = VENDORS.replace("demo-lab:v1", f"demo-lab:{folder}")
        paths.append(xlsx(tmp_path / folder / "book.xlsx", {"Vendor": page}))
    result = api.compile(paths, schema)
    assert (found(result), len({record.id for record in result.records})) == ([], 2)


def test_a_file_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path, schema: Schema) -> None:
    """Every file is looked at, so one run tells everything."""
    (tmp_path / "bad.xlsx").write_bytes(b"")
    page = sheet(texts(1, "aliases", "title"), texts(2, "demo-lab:v1", ""))
    result = api.compile([tmp_path / "bad.xlsx", xlsx(tmp_path / "good.xlsx", {"Vendor": page})], schema)
    assert found(result) == [("FIL01", "file"), ("REQ01", "Vendor!B2")]


def test_a_workbook_given_twice_is_refused(tmp_path: Path, schema: Schema) -> None:
    """The same file twice is a slip of the hand, and is said so."""
    path = xlsx(tmp_path / "book.xlsx", {"Vendor": VENDORS})
    with pytest.raises(UsageError, match="twice"):
        api.compile([path, path], schema)


def test_the_house_layout_and_a_plain_table_say_the_same(tmp_path: Path, schema: Schema) -> None:
    """Four header rows and column A, or one header row: the records are equal."""
    table = Table("Vendor", ("aliases", "*title"), (("demo-lab:v1", "Demo Cells"), ("demo-lab:v2", "n:0")))
    plain = Table(table.name, table.headers, table.rows, ("plain",))
    results = [api.compile(write([t], tmp_path, stem), schema) for t, stem in ((table, "house"), (plain, "plain"))]
    assert bodies(results[0]) == bodies(results[1]) == [VENDOR, {"aliases": ["demo-lab:v2"], "title": "0"}]


# The submission of the fixtures


def test_a_believable_submission_has_nothing_but_links_to_the_portal(schema: Schema) -> None:
    """The filled workbook compiles: what it names and doesn't hold is looked up on the portal."""
    result = api.compile(FOURDN / "filled.xlsx", schema)
    assert {code for code, _ in found(result)} == {"REF02"}
    assert result.ok


def test_it_compiles_with_the_real_portals_schema_too(shared_data: Path) -> None:
    """The fixture's schema set is a true part of 4DN's: the same workbook gives the same with all of it."""
    real = api.load_schema("4dn", shared_data / "4dn" / "profiles.json")
    assert {code for code, _ in found(api.compile(FOURDN / "filled.xlsx", real))} == {"REF02"}


def test_its_relation_circles_are_updated_afterwards(schema: Schema) -> None:
    """Paired files and related samples name each other, so their relations are sent when all are there."""
    plan = api.compile(FOURDN / "filled.xlsx", schema).plan
    deferred = {o.id.removesuffix("+links") for batch in plan.batches for o in batch.operations if o.deferred}
    files = {name for name in deferred if name.startswith("FileFastq!")}
    assert len(files) == 8, "one of each pair"
    assert deferred - files in ({"Biosample!8"}, {"Biosample!5", "Biosample!6"}), (
        "the stock, or what was derived from it"
    )


def test_every_value_knows_its_cell(schema: Schema) -> None:
    """Each single value of each record has an origin, and each origin a value."""
    for record in api.compile(FOURDN / "filled.xlsx", schema).records:
        origins = record.origin.locations()
        assert set(leaves(record.values)) == set(origins), record.id
        assert all(at.cell for at in origins.values()), record.id


def leaves(value: object, path: Pointer = ()) -> Iterator[Pointer]:
    """Yield the way to each value that is no object and no list."""
    steps = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if steps is None:
        yield path
    else:
        for step, inner in steps:
            yield from leaves(inner, (*path, step))


def test_no_operation_refers_to_one_of_its_own_batch_or_a_later_one(schema: Schema) -> None:
    """A batch may be sent side by side."""
    plan = api.compile(FOURDN / "filled.xlsx", schema).plan
    sent: set[str] = set()
    for batch in plan.batches:
        for operation in batch.operations:
            assert set(operation.depends_on) <= sent, operation.id
        sent |= {operation.id for operation in batch.operations}


def test_the_mistakes_people_make_are_found_where_they_are(schema: Schema) -> None:
    """Each mistake planted in the broken workbook is one finding at its place, and nothing else is found."""
    planted = next(tables((FOURDN / "broken.md").read_text(encoding="utf-8")))
    expected = [row[planted.headers.index("found as")] for row in planted.rows]
    result = api.compile(FOURDN / "broken.xlsx", schema)
    assert sorted(f"{c} {at}" for c, at in found(result) if c != "REF02") == sorted(filter(None, expected))


def test_the_fixtures_are_made_by_their_script(tmp_path: Path) -> None:
    """``make.py`` writes both workbooks byte for byte as they lie there."""
    tests = Path(__file__).parent
    shutil.copytree(FOURDN, tmp_path / "fixtures" / "4dn", ignore=shutil.ignore_patterns("*.xlsx"))
    shutil.copytree(tests, tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__", "golden", "live"))
    subprocess.run([sys.executable, str(tmp_path / "fixtures" / "4dn" / "make.py")], check=True)
    for name in ("filled.xlsx", "broken.xlsx"):
        assert (tmp_path / "fixtures" / "4dn" / name).read_bytes() == (FOURDN / name).read_bytes(), name
