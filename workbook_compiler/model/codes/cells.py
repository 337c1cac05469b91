"""Codes about what a spreadsheet program did to a cell."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Severity

CEL01 = Code(
    "CEL01",
    "cell.error-value",
    Severity.ERROR,
    title="The cell shows an error",
    message="The cell shows {value} instead of a value.",
    hint="Mend the formula, or type the value. Leave the cell empty if there is none.",
    why="Excel writes such a word where a formula fails. Typed by hand it means the same.",
    example="#N/A → an empty cell",
)
CEL02 = Code(
    "CEL02",
    "cell.no-saved-result",
    Severity.ERROR,
    title="The formula has no saved result",
    message="The cell holds a formula whose result isn't saved in the file.",
    hint="Open the workbook in Excel or LibreOffice, save it, and check again.",
    why="A program that writes workbooks can leave out the results; only a spreadsheet program works them out.",
    example="A workbook written by a script and never opened.",
)
CEL03 = Code(
    "CEL03",
    "cell.merged",
    Severity.ERROR,
    title="Merged cells",
    message="The cells {value} are merged, so only the first of them has a value.",
    hint="Unmerge them (Home, Merge & Center) and fill in each cell.",
    why="A merged area keeps one value; for the other rows or columns it is lost.",
    example="One biosource merged over four rows.",
)
CEL04 = Code(
    "CEL04",
    "cell.counted-up",
    Severity.ERROR,
    title="A cell was dragged down and counts up",
    message="“{value}” and what follows below it count up from “{first}”; {field} allows none of them.",
    hint="Copy “{first}” into each cell if it is meant for all of them, or hold Ctrl while dragging.",
    why="A spreadsheet program adds one to a number at the end of a text when a cell is dragged down.",
    example="GRCh38, GRCh39, GRCh40 below one another, where only GRCh38 is in the list.",
)
TXT01 = Code(
    "TXT01",
    "text.became-date",
    Severity.ERROR,
    title="Excel turned the text into a date",
    message="Excel has turned what was typed into the date {value}. What it was can't be read back.",
    hint="Format the cell as Text, then type the value again.",
    why="Excel reads SEPT2, MARCH1 or 2-3 as dates.",
    example="2-Sep → SEPT2",
)
TXT02 = Code(
    "TXT02",
    "text.digits-lost",
    Severity.ERROR,
    title="Excel has lost digits",
    message="Excel keeps 15 digits of a number, so the end of {value} is lost.",
    hint="Format the cell as Text, then type or paste the value again.",
    why="Identifiers made of digits, or like 2310009E13, are read as numbers.",
    example="12345678901234567 shown as 1.23457E+16",
)
TXT03 = Code(
    "TXT03",
    "text.shown-differently",
    Severity.WARNING,
    title="The number is shown differently from what is sent",
    message="The cell shows {shown}, but {value} is sent.",
    hint="Nothing to do if that is meant. Otherwise format the cell as Text and type {shown}.",
    why="A number format changes what is shown, not what is stored.",
    example="1.50 is stored as 1.5",
)
TXT04 = Code(
    "TXT04",
    "text.became-boolean",
    Severity.INFO,
    title="Excel made TRUE or FALSE of the text",
    message="The cell holds Excel's own {value}, which is sent as the text {sent}.",
    hint="Nothing to do if that is meant. Otherwise format the cell as Text and type it.",
    why="Excel makes its own TRUE and FALSE of these words, however they are typed.",
    example="true is shown as TRUE",
)
TXT05 = Code(
    "TXT05",
    "text.no-break-space",
    Severity.INFO,
    title="No-break spaces were removed",
    message="No-break spaces around “{value}” were removed.",
    hint="Nothing to do.",
    why="They look like any other space. Text copied from a web page or from Word often brings them along.",
    example="A space that looks like any other.",
)
TXT06 = Code(
    "TXT06",
    "text.became-time",
    Severity.ERROR,
    title="Excel turned the text into a time",
    message="Excel has turned what was typed into the time {value}.",
    hint="Format the cell as Text, then type the value again.",
    why="Excel reads 1:1 or 12:30 as times.",
    example="1:1 is stored as 01:01",
)
DEL01 = Code(
    "DEL01",
    "delete.new-record",
    Severity.WARNING,
    title="Nothing to delete in a new record",
    message="*delete* was left out: this record is to be created, so there is no {field} to remove.",
    hint="Clear the cell.",
    why="*delete* removes a value from a record that the portal holds already.",
    example="*delete* in a row with a new alias.",
)
DEL02 = Code(
    "DEL02",
    "delete.needed",
    Severity.ERROR,
    title="A value that is needed can't be removed",
    message="Every record needs {field}, so it can't be removed.",
    hint="Type the value that is right, or clear the cell to leave it as it is.",
    why="The portal refuses a record without it.",
    example="*delete* in a column whose header has a star.",
)
DEL03 = Code(
    "DEL03",
    "delete.beside-values",
    Severity.ERROR,
    title="A list is to be removed and filled in at once",
    message="*delete* removes all of {field}, but other cells of the row fill it in.",
    hint="Clear the one or the other. To replace a list, remove it, send, and then fill in the new one.",
    why="One update can't do both, so one of the two would be lost.",
    example="*delete* in samples.submitter_id beside a name in samples.submitter_id-1.",
)
