"""Codes about registering one table of one type: what its rows have to say beside their columns."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Severity

REG01 = Code(
    "REG01",
    "register.no-record",
    Severity.ERROR,
    title="The row doesn't say which record it changes",
    message="This row has no record_id, so it doesn't say which record it changes.",
    hint="Write the record's accession, uuid or alias into the column record_id.",
    why="With --patch every row changes a record that the portal has already.",
    example="A table without a column record_id, registered with --patch.",
)
REG02 = Code(
    "REG02",
    "register.needs-alias",
    Severity.ERROR,
    title="The row has no alias",
    message="This row has no alias. Sent twice, it would be there twice.",
    hint="Give the record a name of your own in aliases, such as my-lab:sample-1. Or say --no-aliases.",
    why="By its alias a record is found again, by you and by the next run.",
    example="A biosample whose cell in aliases is empty.",
)
REG03 = Code(
    "REG03",
    "register.prefix",
    Severity.INFO,
    title="An alias got the lab's name in front",
    message="“{value}” is sent as “{sent}”, with the name of the lab in front.",
    hint="Nothing to do. To choose another name, write it into the cell yourself.",
    why="An alias is known to all labs, so it begins with the name of one.",
    example="sample-1 of a lab that is called my-lab: my-lab:sample-1.",
)
REG04 = Code(
    "REG04",
    "register.not-removable",
    Severity.ERROR,
    title="A value has to stay",
    message="{field} can't be removed: {reason}.",
    hint="Leave it out of -r, or clear the cell.",
    why="The portal would refuse the whole record without it.",
    example="-r lab: every record belongs to a lab.",
)
REG05 = Code(
    "REG05",
    "register.unknown-record",
    Severity.ERROR,
    title="The portal has no such record",
    message="The portal has no record “{value}” that could be changed.",
    hint="Check how it is spelt. To create records, leave out --patch.",
    why="A row that changes nothing would otherwise pass without a word.",
    example="An accession with two letters swapped.",
)
REG06 = Code(
    "REG06",
    "register.not-json",
    Severity.ERROR,
    title="This can't be read as JSON",
    message="This can't be read as JSON: {reason}.",
    hint="Write each record in curly brackets, with its names and values. Put all in one list, or each on a line. Save as UTF-8.",
    why="Half a record would be sent with half its values.",
    example="A line of a .jsonl file whose last bracket is missing.",
)
REG07 = Code(
    "REG07",
    "register.not-a-value",
    Severity.ERROR,
    title="A value in JSON isn't what belongs there",
    message="{field} {reason}.",
    hint="Write the value that is meant.",
    why="To send something near to it would change it without a word.",
    example='"description": {"text": "a gel"} where plain text belongs.',
)
REG08 = Code(
    "REG08",
    "register.empty-value",
    Severity.INFO,
    title="An empty value in JSON sends nothing",
    message="“{value}” says nothing about {field}, so nothing is sent for it.",
    hint="Nothing to do if that is meant. To empty a list of a record, say --patch and -w. To remove a value, write *delete*.",
    why="An empty value and one that was left out look alike to the portal.",
    example='"urls": [] in a new document.',
)
REG09 = Code(
    "REG09",
    "register.same-record",
    Severity.ERROR,
    title="Two rows change one record",
    message="Another row changes the record “{value}” too.",
    hint="Put what both rows say into one row.",
    why="What is sent second would undo what was sent first.",
    example="The same alias in two rows of record_id, or an alias and the accession of one record.",
)
REG10 = Code(
    "REG10",
    "register.needs-patch",
    Severity.ERROR,
    title="A row that names a record would create another",
    message="This row names the record “{value}”, but without --patch it would create a new one.",
    hint="Say --patch to change that record. To create one, clear the cell.",
    why="A forgotten option would put a second record beside the first.",
    example="A table with a column record_id, registered without --patch.",
)
REG11 = Code(
    "REG11",
    "register.quotes",
    Severity.WARNING,
    title="The quotation marks are sent",
    message="The quotation marks are sent with the value, as they stand here.",
    hint="Nothing to do if they belong to the value. If they only hold it together, put them around the whole cell.",
    why="Nothing tells marks that belong to a value from those that a program put around it.",
    example='"Smith, J", Doe in a cell of a .tsv file.',
)
REG12 = Code(
    "REG12",
    "register.which-sheet",
    Severity.ERROR,
    title="Several sheets could be meant",
    message="The workbook has several filled sheets, and one is registered at a time: {titles}.",
    hint="Give the sheet that is meant the name of the type, or save it as a file of its own.",
    why="Rows of the other sheets would be left out without a word.",
    example="A workbook with the sheets batch 1 and batch 2.",
)
REG13 = Code(
    "REG13",
    "register.other-sheet",
    Severity.INFO,
    title="Another sheet isn't registered",
    message="This sheet isn't registered: another one has the name of the type.",
    hint="Nothing to do, or save it as a file of its own and register that.",
    why="One type is registered at a time.",
    example="A sheet notes beside the sheet biosample.",
)
REG14 = Code(
    "REG14",
    "register.no-change",
    Severity.INFO,
    title="A row says nothing about its record",
    message="This row says nothing about “{value}”, so nothing is sent for it.",
    hint="Nothing to do, or fill in what shall be changed.",
    why="A row that was prepared and forgotten looks like this.",
    example="A row with a record_id and no other cell.",
)
REG15 = Code(
    "REG15",
    "register.far-file",
    Severity.ERROR,
    title="A file in a store can't be sent",
    message="“{value}” lies in a store and isn't sent: {reason}.",
    hint="Fetch the file yourself and type its path. Or say --no-upload-file, with md5sum and file_size filled in.",
    why="What a record says of its file is read from the file itself.",
    example="gs://lab-data/reads.fastq.gz in submitted_file_name.",
)
