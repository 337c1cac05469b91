"""Small codes, findings and reports that the tests of the reports share."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Diagnostic, Location, Severity
from workbook_compiler.model.report import Excerpt, LinkCount, LinkEnd, Report, TypeCount
from workbook_compiler.resources import report_formats

BOOK = "book.xlsx"
NASTY = '"><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}[bold]x[/bold]\u202egnp\x00\x1b[31m\x9b2J\nnext'
UNKNOWN = Code(
    "REF01",
    "reference.unknown",
    Severity.ERROR,
    title="No such record",
    message="“{value}” is not in the sheet {target}.",
    hint="Name a row of {target}.",
    why="A link cell holds the name of another record.",
    example="lab:bs9 → lab:bs1",
)
LISTED = Code(
    "VAL01", "value.listed", Severity.ERROR, "Not in the list", "“{value}” is not listed.", "Choose one.", "Why.", "Ex."
)
ELSEWHERE = Code("REF04", "reference.elsewhere", Severity.WARNING, "Elsewhere", "Not here.", "Nothing.", "Why.", "Ex.")
TRIMMED = Code("TXT09", "text.trimmed", Severity.INFO, "Trimmed", "Trimmed.", "Nothing.", "Why.", "Ex.")

WRONG_LINK = Diagnostic(
    UNKNOWN,
    Location(BOOK, "Biosample", 7, "D"),
    "biosource",
    "lab:bs9",
    {"target": "Biosource"},
    ("lab:bs1",),
    (Location(BOOK, "Biosource", 5, "B"),),
)


def at(row: int, *, code: Code = LISTED, sheet: str = "Biosample", column: str = "E", value: str = "x") -> Diagnostic:
    return Diagnostic(code, Location(BOOK, sheet, row, column), "sex", value)


def report(*diagnostics: Diagnostic, workbooks: tuple[str, ...] = (BOOK,)) -> Report:
    return Report("4dn", "4DN Data Portal", workbooks, "a snapshot", diagnostics, (TypeCount("Biosample", 9, 2),))


READY = Report(
    "4dn",
    "4DN Data Portal",
    (BOOK,),
    "a snapshot",
    (),
    (TypeCount("Biosource", 4, 0), TypeCount("Biosample", 8, 0)),
    {"POST": 12},
    ((("Biosource", 4),), (("Biosample", 8),)),
)


def tell(name: str, told: Report, **options: object) -> str:
    return report_formats()[name].render(told, options)


def nasty_report() -> Report:
    place = Location(NASTY, NASTY, 6, "E")
    finding = Diagnostic(UNKNOWN, place, NASTY, NASTY, {"target": NASTY}, (NASTY,), (Location(NASTY, NASTY, 9, "E"),))
    links = tuple(LinkCount(NASTY, NASTY, NASTY, end, 1) for end in LinkEnd)
    around = Excerpt(("B", "E"), (NASTY, NASTY), ((5, (NASTY, NASTY)), (6, (NASTY, NASTY))))
    types, batches = (TypeCount(NASTY, 1, 1),), (((NASTY, 1),),)
    return Report(
        "4dn", NASTY, (NASTY, BOOK), NASTY, (finding,), types, {}, batches, links=links, around=lambda _: around
    )
