"""Codes about files, sheets, headers and rows."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Severity

FIL01 = Code(
    "FIL01",
    "file.unreadable",
    Severity.ERROR,
    title="The file can't be read as a workbook",
    message="The file can't be opened as a workbook: {reason}.",
    hint="Open it in Excel or LibreOffice and save it again as .xlsx.",
    why="A download or copy that was cut off, or a file of another kind with the wrong ending, looks like this.",
    example="A file of 0 bytes called book.xlsx.",
)
FIL02 = Code(
    "FIL02",
    "file.protected",
    Severity.ERROR,
    title="The file has a password or is in an old format",
    message="This is a password-protected workbook or an old .xls file.",
    hint="Open it in Excel, remove the password, and save it as .xlsx.",
    why="Both are stored in a way that hides the sheets.",
    example="book.xls renamed to book.xlsx.",
)
FIL03 = Code(
    "FIL03",
    "file.kind",
    Severity.ERROR,
    title="This kind of file isn't read",
    message="Files {ending} aren't read.",
    hint="Save it as .xlsx, .xlsm, .ods, .csv or .tsv.",
    why="Only these kinds of files hold a table whose cells can be named in a message.",
    example="samples.pdf",
)
FIL04 = Code(
    "FIL04",
    "file.too-large",
    Severity.ERROR,
    title="The file is larger than is safe to open",
    message="The file is too large to open safely: {reason}.",
    hint="Split the workbook, or delete unused rows and columns and save it again.",
    why="A workbook is a compressed archive; a small file can unpack to more than a computer holds.",
    example="A 1 MB file that unpacks to 10 GB.",
)
FIL05 = Code(
    "FIL05",
    "file.encoding",
    Severity.WARNING,
    title="The text file isn't UTF-8",
    message="The file isn't UTF-8 text. It was read as {encoding}; please look at accents, µ and °.",
    hint="Save it as “CSV UTF-8” or work in .xlsx.",
    why="Excel saves CSV in the computer's own alphabet, which can't be told from the file with certainty.",
    example="A CSV with “37 °C” saved by an older Excel.",
)
FIL06 = Code(
    "FIL06",
    "file.empty",
    Severity.ERROR,
    title="Nothing is filled in",
    message="No sheet of this workbook has a filled row.",
    hint="Fill in at least one row below the headers. Rows with # in column A aren't read.",
    why="An empty submission is nearly always the wrong file.",
    example="The blank template itself.",
)
FIL07 = Code(
    "FIL07",
    "file.other-schema",
    Severity.INFO,
    title="The template is for another version of the portal's rules",
    message="The template was made for another version of the {portal} rules than the one used now.",
    hint="Nothing to do while there are no errors. A new template has today's columns and lists.",
    why="Portals change their lists and columns; a workbook remembers the version it was made for.",
    example="A template of last spring.",
)
SHT01 = Code(
    "SHT01",
    "sheet.unknown",
    Severity.ERROR,
    title="The sheet's name isn't a type of this portal",
    message="“{sheet}” isn't a type of this portal, so its rows would be lost.",
    hint="{way}",
    why="A sheet is named after the type of its rows. Names in brackets, or beginning with _ or #, are left alone.",
    example="Biosampel → Biosample",
    usual=(("way", "Rename it to the type it holds. To keep it as your own, put it in brackets: ({sheet})."),),
)
SHT02 = Code(
    "SHT02",
    "sheet.abstract",
    Severity.ERROR,
    title="The sheet's name stands for several types",
    message="“{sheet}” stands for several types, so its rows can't be sent.",
    hint="Rename the sheet to one of: {choices}.",
    why="The portal keeps only records of the special types, for example a Hi-C experiment.",
    example="Experiment → ExperimentHiC",
)
SHT03 = Code(
    "SHT03",
    "sheet.name-spelling",
    Severity.INFO,
    title="The sheet's name was read with other capitals",
    message="The sheet “{sheet}” was read as {type}.",
    hint="Nothing to do.",
    why="Capitals in sheet names don't matter; the portal's own spelling is used.",
    example="biosample is read as Biosample",
)
SHT04 = Code(
    "SHT04",
    "sheet.no-header",
    Severity.ERROR,
    title="The sheet has no header row",
    message="No row with column names was found on this sheet.",
    hint="Put the column names in row 1, or begin with a new template.",
    why="Columns are found by their names, never by their position.",
    example="A sheet that starts with data.",
)
SHT05 = Code(
    "SHT05",
    "sheet.other-layout",
    Severity.ERROR,
    title="The sheet has a layout of another tool",
    message="This looks like a workbook of {layout}, which isn't read.",
    hint="Make a template for this portal and copy the columns over.",
    why="Other tools mark lists, links and required columns in ways that mean something else here.",
    example="An XLSForm with sheets survey and choices.",
)
SHT06 = Code(
    "SHT06",
    "sheet.translated",
    Severity.INFO,
    title="The sheet was read in another tool's layout",
    message="This sheet was read in the layout of {layout}, its rows as {type}.",
    hint="Nothing to do. Empty cells say nothing, and a word such as NA is sent as it stands.",
    why="Columns have other names there; they were taken under the names they have here, each at its place.",
    example="The column study_alias of a table for ena-upload-cli is read as study.",
)
SHT07 = Code(
    "SHT07",
    "sheet.other-checklist",
    Severity.ERROR,
    title="The sheet follows a checklist that isn't at hand",
    message="The samples of this sheet follow the checklist {value}, which isn't among those used now.",
    hint="Get it with: wbc schemas pull --portal ena --checklist {value}. Then name it: --checklist {value}.",
    why="A checklist says what the columns mean and may hold; under another one samples would say something else.",
    example="A Webin spreadsheet that begins with ERC000033, checked with ERC000011.",
)
SHT08 = Code(
    "SHT08",
    "sheet.several-types",
    Severity.ERROR,
    title="A row says that it is of another type than its sheet",
    message="This row says that it is of type {value}, but the sheet was read as rows of {type}.",
    hint="Move the rows of {value} to a sheet or a file of their own.",
    why="Each type has columns of its own; under those of another one values would be lost.",
    example="A table whose column type says sample in some rows and aliquot in others.",
)
SHT09 = Code(
    "SHT09",
    "sheet.header-below",
    Severity.ERROR,
    title="Something stands above the column names",
    message="The column names stand in row {row}, but they belong in the first row.",
    hint="Delete the rows above them. A title can stand on a sheet of your own, such as (notes).",
    why="Columns are found by the names in the first row.",
    example="A sheet whose first row is a title that spans all columns.",
)
SHT10 = Code(
    "SHT10",
    "sheet.hidden",
    Severity.INFO,
    title="A hidden sheet has a type's name and rows",
    message="“{sheet}” is hidden, so {count:row} on it won't be sent.",
    hint="Nothing to do if it is your own. Otherwise make the sheet visible and check again.",
    why="Hidden sheets are left alone: people keep old versions and notes there. Links to their rows lead out of the workbook.",
    example="A sheet Biosource that was hidden to tidy up, while Biosample links to its rows.",
)
HDR01 = Code(
    "HDR01",
    "header.unknown",
    Severity.ERROR,
    title="No such column",
    message="{type} has no column “{value}”.",
    hint="Correct the header. To keep the column for yourself, begin its header with #.",
    why="A column that isn't understood would be lost, so it has to be mended or marked as private.",
    example="biosuorce → biosource",
)
HDR02 = Code(
    "HDR02",
    "header.repeated",
    Severity.ERROR,
    title="Two columns have one name",
    message="The column “{value}” is there more than once.",
    hint="Keep one of them. If both are meant, as members of a list, end the second header with -1.",
    why="Only one of the two could be sent; which one can't be guessed.",
    example="Columns C and F are both called description.",
)
HDR03 = Code(
    "HDR03",
    "header.spelling",
    Severity.INFO,
    title="The header was read with other capitals or spaces",
    message="The header “{value}” was read as “{field}”.",
    hint="Nothing to do.",
    why="Capitals and outer spaces in headers don't matter; the portal's own spelling is used.",
    example="Description is read as description",
)
HDR04 = Code(
    "HDR04",
    "header.empty",
    Severity.WARNING,
    title="Values under an empty header",
    message="This column has values but no header, so they aren't sent.",
    hint="Give the column its name, or clear the values.",
    why="A value without a column name can't be assigned to anything.",
    example="A note typed to the right of the table.",
)
HDR05 = Code(
    "HDR05",
    "header.not-accepted",
    Severity.ERROR,
    title="The portal fills this column in itself",
    message="“{field}” is filled in by the portal, not by you. Here it has {count:filled cell}.",
    hint="Clear the column, or begin its header with # to keep it for yourself.",
    why="Dates of creation, accessions and the like are given by the portal or its staff.",
    example="A filled column date_created.",
)
HDR06 = Code(
    "HDR06",
    "header.error-value",
    Severity.ERROR,
    title="The header is an error value",
    message="The header shows {value} instead of a name.",
    hint="Type the column's name.",
    why="A formula in the header row has failed.",
    example="#REF! → description",
)
HDR07 = Code(
    "HDR07",
    "header.not-carried",
    Severity.WARNING,
    title="A column of another tool has no place here",
    message="The column “{value}” isn't sent: what this portal takes has no place for it.",
    hint="Nothing to do if it may be left out. What matters can go into the description.",
    why="A column of another tool may be its own note, or belong to a kind of record that isn't used any more.",
    example="The column study_type: a project of ENA has none.",
)
HDR08 = Code(
    "HDR08",
    "header.unit",
    Severity.ERROR,
    title="A unit that the field can't have",
    message="“{value}” isn't a unit of {field}. Its units: {units}.",
    hint="Correct the unit, and look at the values below it.",
    why="The values would be sent with a unit that they weren't measured in.",
    example="cm under depth, which is given in m.",
)
ROW01 = Code(
    "ROW01",
    "row.hidden",
    Severity.INFO,
    title="Hidden rows were read too",
    message="{count:hidden or filtered row} of this sheet came along like all others.",
    hint="Delete rows you don't want to send, or put # in their column A.",
    why="A filter hides rows from the eye, not from the file.",
    example="A filter on one biosource is still on.",
)
ROW02 = Code(
    "ROW02",
    "row.left-out",
    Severity.INFO,
    title="Rows that begin with # weren't read",
    message="{count:row} of this table stayed out, because # in front marks a comment.",
    hint="Nothing to do if that is meant. If # belongs to the value, move another column to the front.",
    why="A # in front marks a comment. In a plain table it could also be part of the first value.",
    example="# old samples",
)
ROW03 = Code(
    "ROW03",
    "row.status",
    Severity.ERROR,
    title="The row asks for something that isn't done here",
    message="“{value}” can't be asked for here. A row can ask for ADD, MODIFY, HOLD, RELEASE or CANCEL.",
    hint="Type one of these, or put # in front of the row and do it on the portal's own page.",
    why="The archive has other words too, but they aren't for rows of a table.",
    example="SUPPRESS in the column status.",
)
ROW04 = Code(
    "ROW04",
    "row.exchanged",
    Severity.ERROR,
    title="Two values of a row stand in each other's column",
    message="The values of {first} and {second} seem to be exchanged in this row.",
    hint="Exchange the two cells.",
    why="Each of them is wrong where it stands, and right in the column beside it.",
    example="year in the column age, and 34 in age_units beside it.",
)
ROW05 = Code(
    "ROW05",
    "row.shifted",
    Severity.ERROR,
    title="Values stand in the column beside their own",
    message="The values in {columns}, {rows}, seem to stand one column too far to the {side}.",
    hint="Move these cells one column to the {back}. Fill in again what they were put over.",
    why="It happens when cells are inserted or deleted, or pasted one column off. Each value is right under the next header.",
    example="Ages in the column sex, and sexes in the column behind it, for some rows.",
)
