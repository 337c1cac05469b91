"""Codes about values that don't fit their column."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Severity

NUM01 = Code(
    "NUM01",
    "number.not-whole",
    Severity.ERROR,
    title="Not a whole number",
    message="{field} takes a whole number; “{value}” isn't one.",
    hint="Type digits only, without commas, units or words. Without a value leave the cell empty.",
    why="The portal refuses fractions here, and anything but digits.",
    example="1,000 → 1000",
)
NUM02 = Code(
    "NUM02",
    "number.not-a-number",
    Severity.ERROR,
    title="Not a number",
    message="{field} takes a number; “{value}” isn't one.",
    hint="Type the number alone, with a point for decimals and without its unit. Without a value leave the cell empty.",
    why="Commas, units and words can't be told from mistakes.",
    example="5,7 → 5.7",
)
NUM03 = Code(
    "NUM03",
    "number.percent",
    Severity.INFO,
    title="Per cent is sent as a fraction",
    message="The cell shows {shown}; {value} is sent.",
    hint="Nothing to do if that is meant. If the portal wants per cent, type the number without the % sign.",
    why="Excel stores 50 % as 0.5.",
    example="50 % is sent as 0.5",
)
NUM04 = Code(
    "NUM04",
    "number.out-of-range",
    Severity.ERROR,
    title="The number is too small or too large",
    message="{field} takes numbers {range}; “{value}” is outside.",
    hint="Correct the number. Look at the unit in the column's description.",
    why="The portal sets limits for this column.",
    example="-3 where 0 is the smallest",
)
NUM05 = Code(
    "NUM05",
    "number.digits-lost",
    Severity.WARNING,
    title="Excel may have lost digits",
    message="Excel keeps 15 digits of a number, so the end of {value} may be wrong.",
    hint="Look the number up and compare.",
    why="Excel replaces the 16th digit and all later ones by zero.",
    example="12345678901234567 is stored as 12345678901234500",
)
NUM06 = Code(
    "NUM06",
    "number.leading-zeros",
    Severity.INFO,
    title="Zeros in front were dropped",
    message="“{value}” is sent as the number {sent}.",
    hint="Nothing to do.",
    why="This column holds numbers, and numbers have no zeros in front.",
    example="007 is sent as 7",
)
NUM07 = Code(
    "NUM07",
    "number.too-large",
    Severity.ERROR,
    title="The number has too many digits",
    message="“{value}” is too large a number to be sent.",
    hint="Correct the number. If its digits are a name or a code, it belongs in a column for text.",
    why="Whole numbers of more than 19 digits come out changed, or not at all, where they are received.",
    example="99999999999999999999",
)
DAT01 = Code(
    "DAT01",
    "date.not-a-date",
    Severity.ERROR,
    title="Not a date",
    message="“{value}” isn't a date.",
    hint="Type {form}.",
    why="This is the one way to write a date that all countries read alike.",
    example="spring 2024 → 2024-03-01",
    usual=(("form", "year, month and day: 2024-03-01"),),
)
DAT02 = Code(
    "DAT02",
    "date.other-order",
    Severity.ERROR,
    title="The date is written in another order",
    message="“{value}” {trouble}.",
    hint="Type {form}.",
    why="03/01/2024 is 1 March in one country and 3 January in another.",
    example="03/01/2024 → 2024-03-01 or 2024-01-03",
    usual=(
        ("form", "year, month and day: 2024-03-01"),
        ("trouble", "is a date in another order than year, month, day"),
    ),
)
DAT03 = Code(
    "DAT03",
    "date.serial-number",
    Severity.ERROR,
    title="The date became a number",
    message="The number {value} may be a date that lost its format.",
    hint="Type {form}.",
    why="Excel stores dates as days since 1900, some old files since 1904.",
    example="45352 → 2024-03-01",
    usual=(("form", "year, month and day: 2024-03-01"),),
)
DAT04 = Code(
    "DAT04",
    "date.has-time",
    Severity.ERROR,
    title="A date with a time",
    message="{field} takes a date without a time; “{value}” has one.",
    hint="Type the date alone: 2024-03-01.",
    why="Cutting the time off could lose something you meant.",
    example="2024-03-01 10:00 → 2024-03-01",
)
DAT05 = Code(
    "DAT05",
    "date.needs-time",
    Severity.ERROR,
    title="The time is missing",
    message="{field} takes a date and a time; “{value}” has no time.",
    hint="Type both: 2024-03-01T10:00:00Z. Z stands for universal time (UTC).",
    why="The portal asks for the moment, not for the day.",
    example="2024-03-01 → 2024-03-01T10:00:00Z",
)
BOO01 = Code(
    "BOO01",
    "boolean.unclear",
    Severity.ERROR,
    title="Neither yes nor no",
    message="{field} takes TRUE or FALSE; “{value}” is neither.",
    hint="Choose TRUE or FALSE from the list.",
    why="Yes, y, T and 1, or no, n, F and 0, are understood as well.",
    example="maybe → TRUE",
)
LST01 = Code(
    "LST01",
    "list.semicolon",
    Severity.WARNING,
    title="A semicolon doesn't separate values",
    message="“{value}” was read as one value. Values are separated by commas, not by semicolons.",
    hint="Replace the semicolons by commas if several values are meant.",
    why="Names and descriptions may hold semicolons, so they aren't taken as separators.",
    example="heart; liver → heart, liver",
)
LST02 = Code(
    "LST02",
    "list.empty-item",
    Severity.INFO,
    title="An empty value in a list was left out",
    message="“{value}” has a comma with nothing beside it; the empty value was left out.",
    hint="Nothing to do.",
    why="Nothing between two commas says nothing.",
    example="a,,b is read as a and b",
)
LST03 = Code(
    "LST03",
    "list.unreadable",
    Severity.ERROR,
    title="The list can't be read",
    message="“{value}” has brackets or quotes that can't be read as a list.",
    hint='Separate values with commas: a, b. Put a value that holds a comma in straight double quotes: "a, b", c.',
    why="Taking it apart by guessing could damage a value.",
    example="[a, b → a, b",
)
LST04 = Code(
    "LST04",
    "list.repeated-item",
    Severity.ERROR,
    title="A value is there twice",
    message="{field} has {item} twice.",
    hint="Leave one of them out.",
    why="The portal takes each value once in this column.",
    example="a, b, a → a, b",
    usual=(("item", "the same value"),),
)
LST05 = Code(
    "LST05",
    "list.length",
    Severity.ERROR,
    title="Too few or too many values",
    message="{field} takes {range}; here it has {length:value}.",
    hint="Add the missing values or leave some out.",
    why="The portal sets how many values this column takes.",
    example="One coordinate where two are asked for.",
)
LST06 = Code(
    "LST06",
    "list.member-gap",
    Severity.INFO,
    title="A missing member number was closed up",
    message="{field} has a member number {member} but none before it, so it was moved up.",
    hint="Nothing to do.",
    why="Members of a list stand side by side; an empty one isn't sent.",
    example="Only the columns relation.kind and relation.kind-2 are filled.",
)
OBJ01 = Code(
    "OBJ01",
    "object.unreadable",
    Severity.ERROR,
    title="The structured value can't be read",
    message="{field} takes a structured value (JSON); this text can't be read as one: {reason}.",
    hint='Put names and text in straight double quotes: {{"name": "value"}}.',
    why="Some values have a shape that no column can say.",
    example='{a: 1} → {"a": 1}',
)
OBJ02 = Code(
    "OBJ02",
    "object.given-twice",
    Severity.ERROR,
    title="One thing is filled in twice",
    message="{field} is filled in here as a whole and in its own columns as well.",
    hint="Clear the one or the other.",
    why="Which of the two is meant can't be guessed.",
    example="Both relation and relation.kind are filled.",
)
OBJ03 = Code(
    "OBJ03",
    "object.unknown-name",
    Severity.ERROR,
    title="A name inside the structured value isn't known",
    message="{field} has no part called “{value}”.",
    hint="Correct the name or leave it out.",
    why="The portal refuses parts it doesn't know.",
    example='{"lenght": 3} → {"length": 3}',
)
OBJ04 = Code(
    "OBJ04",
    "object.wrong-kind",
    Severity.ERROR,
    title="A part of the structured value is of another kind",
    message="{field} takes {wanted}; {given} is {kind}.",
    hint="Correct this part. Text goes in double quotes; numbers, true and false go without.",
    why="The portal tells numbers from text, even where they look alike.",
    example='{"length": "3"} → {"length": 3}',
)
OBJ05 = Code(
    "OBJ05",
    "object.part-missing",
    Severity.ERROR,
    title="The structured value lacks a part",
    message="The value in this cell lacks “{part}”.",
    hint="Add it to what is there.",
    why="The portal doesn't take the value without this part.",
    example='{"serial": "7"} → {"model": "X", "serial": "7"}',
)
REQ01 = Code(
    "REQ01",
    "required.missing",
    Severity.ERROR,
    title="A required cell is empty",
    message="{field} is required and empty.",
    hint="Fill in the cell.",
    why="The portal doesn't take a record without it. Required columns begin with *.",
    example="A Biosample without its biosource.",
)
REQ02 = Code(
    "REQ02",
    "required.no-column",
    Severity.ERROR,
    title="A required column isn't there",
    message="The sheet has no column “{field}”, which every {type} needs.",
    hint="Add a column with this header and fill it in for every row.",
    why="The portal doesn't take a record without it.",
    example="A Biosample sheet without biosource.",
)
REQ03 = Code(
    "REQ03",
    "required.goes-with",
    Severity.ERROR,
    title="A value that another one needs is missing",
    message="{field} is needed because {because} is filled in.",
    hint="Fill in {field}, or clear {because}.",
    why="The two only make sense together, for example an amount and its unit.",
    example="A crosslinking_time without crosslinking_method.",
)
RUL01 = Code(
    "RUL01",
    "rule.broken",
    Severity.ERROR,
    title="The row breaks a rule of the portal",
    message="This breaks a rule of the portal: {reason}.",
    hint="{advice}",
    why="Some rules join several columns.",
    example="A value that is only allowed with another one.",
    usual=(
        ("advice", "Compare the row with the descriptions of its columns. Ask your data wrangler if it isn't clear."),
    ),
)
