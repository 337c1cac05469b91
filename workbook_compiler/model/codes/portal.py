"""Codes about what the portal says: found when a workbook is compared with it or sent to it."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Severity

POR01 = Code(
    "POR01",
    "portal.link-nowhere",
    Severity.ERROR,
    title="The linked record isn't on the portal",
    message="“{value}” is neither in this workbook nor on the portal.",
    hint="Check how it is spelt, or add a row for it to the workbook.",
    why="A link can only lead to a record that is there, or that is sent along.",
    example="A biosource that nobody has registered yet.",
)
POR02 = Code(
    "POR02",
    "portal.link-type",
    Severity.ERROR,
    title="The link leads to another kind of record",
    message="{field} takes records of {expected}, but “{value}” is a record of {found} on the portal.",
    hint="Name a record of the type that belongs here.",
    why="An identifier that is right in one column may stand in the wrong one.",
    example="The name of a biosample in the column for biosources.",
    usual=(("found", "another type"), ("expected", "one type")),
)
POR03 = Code(
    "POR03",
    "portal.other-type",
    Severity.ERROR,
    title="The portal knows this identifier as another kind of record",
    message="On the portal “{value}” is a record of {found}, not of {expected}.",
    hint="Give the row an identifier of its own.",
    why="An identifier names one record of the whole portal.",
    example="An alias of a biosource typed for a biosample.",
)
POR04 = Code(
    "POR04",
    "portal.changed-meanwhile",
    Severity.ERROR,
    title="Somebody changed this on the portal meanwhile",
    message="{field} was changed on the portal meanwhile. It now says “{present}”.",
    hint="Export the record again, and make your change in the new workbook.",
    why="Sending it would undo what somebody else did, without a word.",
    example="A description that two people mend on the same day.",
)
POR05 = Code(
    "POR05",
    "portal.refused-value",
    Severity.ERROR,
    title="The portal refuses a value",
    message="The portal doesn't take “{value}” here. It says: {words}",
    hint="Correct the cell and send again. What was accepted isn't sent twice.",
    why="Some rules only the portal knows.",
    example="A number that is outside what the portal allows.",
    usual=(("words", "nothing more."),),
)
POR06 = Code(
    "POR06",
    "portal.needs-value",
    Severity.ERROR,
    title="The portal needs a value that is missing",
    message="The portal wants {field} filled in here.",
    hint="Fill in {field} and send again.",
    why="Some values are needed only together with others, or only for some records.",
    example="A file without its format.",
)
POR07 = Code(
    "POR07",
    "portal.taken",
    Severity.ERROR,
    title="Another record of the portal has this already",
    message="Another record has “{value}” already.",
    hint="Give the row an identifier of its own. If it is the same record, name it as the portal does.",
    why="Names, aliases and files are unique on the portal. A record may be there that you aren't allowed to see.",
    example="An alias that a colleague has used.",
)
POR08 = Code(
    "POR08",
    "portal.not-allowed",
    Severity.ERROR,
    title="The portal doesn't allow this with your key",
    message="The portal doesn't let you do this: {words}",
    hint="Leave out what only the portal's staff may fill in, and check that the row names your own lab.",
    why="A key belongs to a person, who may send for some labs only.",
    example="A record of another lab.",
    usual=(("words", "it gives no reason."),),
)
POR09 = Code(
    "POR09",
    "portal.refused",
    Severity.ERROR,
    title="The portal refuses the record",
    message="The portal refuses this row: {words}",
    hint="Look at the row. If it doesn't show why, send these words to the portal's staff.",
    why="The portal doesn't say which cell it means.",
    example="A rule over several cells that the portal's own program checks.",
    usual=(("words", "it gives no reason."),),
)
POR10 = Code(
    "POR10",
    "portal.held-back",
    Severity.WARNING,
    title="Rows that wait for another one",
    message="{count:row} of this sheet can't be sent yet, because {because} wasn't sent.",
    hint="Mend that row and send again. These follow by themselves.",
    why="A record can only be sent after those it refers to.",
    example="Biosamples of a biosource that the portal refused.",
)
POR11 = Code(
    "POR11",
    "portal.unclear",
    Severity.ERROR,
    title="The portal didn't answer clearly",
    message="The portal gave no clear answer to this row: {words}",
    hint="Run the same command again. It looks first, and sends nothing twice.",
    why="A connection that breaks off doesn't tell whether the record was stored.",
    example="A cable that was pulled out.",
    usual=(("words", "the connection broke off."),),
)
POR12 = Code(
    "POR12",
    "portal.renamed",
    Severity.ERROR,
    title="The row was another record before",
    message="This row is called “{value}”, but the receipt in it belongs to “{present}”.",
    hint="Clear the row's #uuid cell if this is a new record. {advice}",
    why="Under a new name the portal would get a second record. Under the old uuid it would lose the first.",
    example="An exported row whose alias was corrected.",
    usual=(("advice", "If it is the same record, type the old name, a comma, then the new name."),),
)
POR13 = Code(
    "POR13",
    "portal.unnamed-changed",
    Severity.ERROR,
    title="A row without an alias says something else than before",
    message="This row has no alias, and from its place another record was sent before: {uuid}.",
    hint="Give it an alias if it is a new record. If it is the same one, change it in the receipt workbook.",
    why="Only its words tell a row without an alias from others. Once they change, nothing says which record it is.",
    example="A sheet without aliases that is used again for other samples.",
)
POR14 = Code(
    "POR14",
    "portal.theirs-stays",
    Severity.WARNING,
    title="Somebody changed on the portal what wasn't edited here",
    message="{field} is now “{present}” on the portal. That isn't what this row sent or was exported with.",
    hint="Nothing to do if theirs is right: it stays. If yours is right, export the record again and type it there.",
    why="The cell wasn't edited since, so nobody here asked for the old value back.",
    example="A curator corrects a description, and the workbook is sent again for another row.",
)
POR15 = Code(
    "POR15",
    "portal.said",
    Severity.WARNING,
    title="The portal said something that belongs to no row",
    message="The portal also said: {words}",
    hint="Send these words to the portal's staff if it isn't clear what is meant.",
    why="Some answers name no record. They may tell why a whole document wasn't taken.",
    example="Submission has been rolled back.",
)
POR16 = Code(
    "POR16",
    "portal.link-stays",
    Severity.ERROR,
    title="A link can't be moved",
    message="On the portal this row's {field} is “{present}”. An update can't change it to “{value}”.",
    hint="{advice}",
    why="This portal only adds links to a record. One that leads to a single record stays until it is removed.",
    example="A sample that was linked to the wrong participant.",
    usual=(("advice", "Remove it with *delete* and send, then fill in the new one and send again."),),
)
POR17 = Code(
    "POR17",
    "portal.stored-otherwise",
    Severity.WARNING,
    title="The portal has stored something else",
    message="The portal took the row, but its {field} says “{value}” there, which isn't what was sent.",
    hint="Look at the record on the portal. If it isn't what you mean, tell the portal's staff.",
    why="After sending, what is stored is read back and compared with what was sent.",
    example="A time that the portal keeps in another time zone.",
)
POR18 = Code(
    "POR18",
    "portal.other-project",
    Severity.ERROR,
    title="The row belongs to another project",
    message="This row says “{value}”, but the records go to the project {project}.",
    hint="{advice}",
    why="What is sent goes to one project, and a record can't move to another one later.",
    example="projects.code HEART in a workbook that is sent to the project LUNG of DEMO.",
    usual=(("advice", "Correct the cell, or name the project that is meant with --project."),),
)
POR19 = Code(
    "POR19",
    "portal.links-kept",
    Severity.WARNING,
    title="Links that the row doesn't name stay",
    message="On the portal {field} also has {present}, and keeps it: this portal only adds links.",
    hint="Nothing to do if it may stay. To be rid of it, remove the whole list with *delete*, send, and fill in the rest again.",
    why="A name that is taken out of a cell would look as if its link were gone.",
    example="An aliquot that was linked to two samples, and whose cell names one now.",
)
POR20 = Code(
    "POR20",
    "portal.emptied",
    Severity.INFO,
    title="A cell was emptied, and the value stays",
    message="This cell had a value when it was exported, and is empty now. The portal keeps the value.",
    hint="Nothing to do if it may stay. To remove it, type *delete* into the cell.",
    why="An empty cell says nothing, so nothing is removed without being asked for.",
    example="An exported description that was cleared with the delete key.",
)
POR21 = Code(
    "POR21",
    "portal.same-record",
    Severity.ERROR,
    title="Two rows are one record on the portal",
    message="“{value}” is the record that another row stands for too, under another name.",
    hint="Put what both rows say into one row.",
    why="What is sent second would undo what was sent first.",
    example="One row with a sample's alias, and one with its accession.",
)
