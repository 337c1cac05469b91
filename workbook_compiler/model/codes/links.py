"""Codes about identifiers and the links between rows."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Severity

IDN01 = Code(
    "IDN01",
    "identifier.repeated",
    Severity.ERROR,
    title="Two rows have one identifier",
    message="“{value}” names two rows: this one and {first}.",
    hint="Give each row an identifier of its own, or delete the row that is there twice.",
    why="The second row would overwrite the first. Copying a row or dragging a cell down often leads to this.",
    example="Two rows with the alias my-lab:sample1.",
)
IDN02 = Code(
    "IDN02",
    "identifier.missing",
    Severity.WARNING,
    title="Rows without an identifier",
    message="{count:row} of this sheet can't be recognised when sent again: {field} is empty there.",
    hint="Give each row a name of your own in {field}, such as my-lab:sample1.",
    why="By its identifier a record is found again, linked to, and not created twice.",
    example="An empty aliases cell.",
)
IDN03 = Code(
    "IDN03",
    "identifier.misspelt",
    Severity.ERROR,
    title="Other rows call this row by another name",
    message="{rows:row} {refer} to “{meant}”, which no row is called; this one is called “{value}”.",
    hint="Correct the name here if this row is meant. Otherwise correct the links to it.",
    why="A slip in the name of one row breaks every link to it, so it is told once, where it happened.",
    example="A Biosource called my-lab:sorce1, to which 37 rows refer as my-lab:source1.",
    usual=(("refer", "refer"),),
)
REF01 = Code(
    "REF01",
    "reference.unknown",
    Severity.ERROR,
    title="No row has this identifier, but one has nearly the same",
    message="No row is called “{value}”, but {nearest_at} is called “{nearest}”.",
    hint="Correct the cell if that row is meant. If a record of the portal is meant, {advice}",
    why="A letter too many or too few leads to a link to nothing.",
    example="my-lab:sampel1 → my-lab:sample1",
    usual=(("advice", "write its path there, with slashes."),),
)
REF02 = Code(
    "REF02",
    "reference.not-here",
    Severity.WARNING,
    title="The linked record isn't in this workbook",
    message="“{value}” isn't in this workbook. It will be looked up on the portal.",
    hint="Nothing to do if the portal has it.",
    why="Without the portal only rows of the workbook are known.",
    example="/labs/my-lab/",
)
REF03 = Code(
    "REF03",
    "reference.capitals",
    Severity.ERROR,
    title="The identifier has other capitals",
    message="No row is called “{value}”, but {nearest_at} is called “{nearest}”.",
    hint="Write it with the same capitals.",
    why="For the portal, identifiers with other capitals are other identifiers.",
    example="My-Lab:S1 → my-lab:s1",
)
REF04 = Code(
    "REF04",
    "reference.wrong-type",
    Severity.ERROR,
    title="The link leads to the wrong kind of record",
    message="{field} takes rows of {expected}, but “{value}” is a row of {found} ({at}).",
    hint="Name a row of the right sheet.",
    why="The portal checks what kind of record a link leads to.",
    example="A biosource in the column biosample.",
)
REF05 = Code(
    "REF05",
    "reference.circle",
    Severity.ERROR,
    title="The rows need each other in a circle",
    message="These records need each other, so none can be sent first: {loop}.",
    hint="Clear one of these links.",
    why="A record can only be created after those that it can't do without.",
    example="A needs B, and B needs A.",
)
REF06 = Code(
    "REF06",
    "reference.set-not-here",
    Severity.ERROR,
    title="The set isn't in this workbook",
    message="{field} names “{value}”, which has no row on the sheet {type}.",
    hint="Add a row for it there, even if the portal has it already.",
    why="The set is what is sent; this column only says what belongs to it.",
    example="replicate_set my-lab:set1 without a row my-lab:set1.",
)
REF07 = Code(
    "REF07",
    "reference.no-own-identifier",
    Severity.ERROR,
    title="The row needs an identifier",
    message="{field} is filled in, but the row has no identifier the set could name.",
    hint="Give the row a name of your own in aliases.",
    why="The set refers to this row by its identifier.",
    example="A replicate_set in a row with empty aliases.",
)
REF08 = Code(
    "REF08",
    "reference.form",
    Severity.ERROR,
    title="The link isn't written as the portal takes it",
    message="“{value}” can't be sent: a link is an identifier, or a path that begins with a slash.",
    hint="Write the identifier alone, or the path from its first slash on, without the server's address.",
    why="The portal refuses addresses and paths without a slash in front.",
    example="https://portal.org/labs/my-lab/ → /labs/my-lab/",
)
REF09 = Code(
    "REF09",
    "reference.by-number",
    Severity.ERROR,
    title="The link is given by a number alone",
    message="{field} holds a number that the portal gave, but {column} is empty beside it.",
    hint="Fill in {column} with the name that the lab gave the record, and leave {field} as it is.",
    why="By its number alone nobody can tell whether it is the record that is meant.",
    example="cases.id filled in, and cases.submitter_id empty.",
)
REF10 = Code(
    "REF10",
    "reference.several",
    Severity.ERROR,
    title="A link to one record names several",
    message="{one}, but “{value}” names several rows.",
    hint="{advice}",
    why="The portal takes one record here; a second one would be lost, or the row refused.",
    example="case-1, case-2 in a column that takes one case.",
    usual=(
        ("one", "{field} takes one record"),
        ("advice", "Name one of them. If the row belongs to all of them, split it into several rows."),
    ),
)
SEVERAL_IN_LIST = {"one": "Values are separated by commas", "advice": "Replace the semicolons by commas."}
"""What REF10 says where a list of links is meant."""
REF11 = Code(
    "REF11",
    "reference.counted-up",
    Severity.ERROR,
    title="A link was dragged down and counts up",
    message="“{value}” and what follows below it count up from “{first}”; no rows have these names.",
    hint="Copy “{first}” into each cell if it is meant for all of them, or hold Ctrl while dragging.",
    why="A spreadsheet program adds one to a number at the end of a text when a cell is dragged down.",
    example="my-lab:protocol1, my-lab:protocol2, my-lab:protocol3 below one another, and only the first is a row.",
)
