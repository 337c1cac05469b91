"""Codes about texts that don't fit their column: words of a list, forms, lengths, files."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Severity

ENU01 = Code(
    "ENU01",
    "choice.not-in-list",
    Severity.ERROR,
    title="Not one of the allowed values",
    message="“{value}” isn't one of the values {field} allows. {nearest}",
    hint="Choose a value from the column's list.",
    why="The portal knows a fixed list of words for this column.",
    example="Mle → male",
)
ENU02 = Code(
    "ENU02",
    "choice.spelling",
    Severity.INFO,
    title="The list's own spelling is used",
    message="“{value}” is sent as “{sent}”, as the list spells it.",
    hint="Nothing to do.",
    why="Only capitals or spaces differ from the portal's list; the word is the same.",
    example="Male is sent as male",
)
TXT07 = Code(
    "TXT07",
    "text.form",
    Severity.ERROR,
    title="The text doesn't have the form this column asks for",
    message="“{value}” doesn't have the form that {field} asks for{detail}.",
    hint="{advice}",
    why="The portal checks the form of this text: which characters it may hold, and in which order.",
    example="my sample 1 → my-lab:sample1",
    usual=(("detail", ""), ("advice", "Compare it with a row that is right.")),
)
TXT08 = Code(
    "TXT08",
    "text.length",
    Severity.ERROR,
    title="The text is too short or too long",
    message="{field} takes {range}; this text has {length:character}.",
    hint="Shorten or complete the text.",
    why="The portal sets a limit for this column.",
    example="A title of 3 characters where 20 are asked for.",
)
TXT09 = Code(
    "TXT09",
    "text.file-kind",
    Severity.ERROR,
    title="This kind of file isn't taken here",
    message="{field} doesn't take a file of the kind of “{value}”.",
    hint="{advice}",
    why="The portal shows such files in a browser, so it takes only some kinds.",
    example="gel.tif → gel.png",
    usual=(("advice", "Save it as another kind of file, such as .pdf or .png."),),
)
TXT10 = Code(
    "TXT10",
    "text.zeros-lost",
    Severity.WARNING,
    title="Zeros in front may be lost",
    message="The cell holds the number {sent}; the other values of {field} have {length:digit}.",
    hint="Format the cell as Text and type {padded}, if zeros belong in front.",
    why="A spreadsheet program drops the zeros in front of what looks like a number.",
    example="123 among 00124, 00981 and 01733 → 00123",
)
