"""Codes about the files that rows name: attachments, and data files to upload."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Severity

FLE01 = Code(
    "FLE01",
    "data-file.missing",
    Severity.ERROR,
    title="The file isn't there",
    message="There is no file “{value}”, neither beside the workbook nor in the folder you work in.",
    hint="Correct the path, or put the file there. {advice}",
    why="A path is read from the workbook's folder, then from the folder the command is typed in. ~ is your home folder.",
    example="data/reads_R1.fastq.gz, while the file is called reads_1.fastq.gz",
    usual=(("advice", "Drag the file onto a terminal to see its whole path."),),
)
FLE02 = Code(
    "FLE02",
    "data-file.empty",
    Severity.ERROR,
    title="The file is empty",
    message="The file “{value}” holds nothing.",
    hint="Copy it again, or name another file.",
    why="A copy that failed or a full disk leaves files of 0 bytes behind.",
    example="reads_R1.fastq.gz of 0 bytes",
)
FLE03 = Code(
    "FLE03",
    "data-file.damaged",
    Severity.ERROR,
    title="The compressed file is cut off or damaged",
    message="The file “{value}” can't be unpacked: {reason}.",
    hint="Copy or download it again. gzip -t tells whether a .gz file is whole.",
    why="A transfer that broke off leaves a file that looks right and can't be used by anybody.",
    example="reads_R1.fastq.gz, half of which arrived",
)
FLE04 = Code(
    "FLE04",
    "data-file.twice",
    Severity.ERROR,
    title="The same file is named in several rows",
    message="The file “{value}” has the same content as the file of {rows}.",
    hint="Name another file in one of the rows, or keep only one of them.",
    why="The portal keeps each content once. Often the first read was named where the second belongs.",
    example="reads_R1.fastq.gz in the rows of both reads",
)
FLE05 = Code(
    "FLE05",
    "data-file.other-kind",
    Severity.ERROR,
    title="The file is of another kind than its name says",
    message="The name of “{value}” ends in {expected}, but the file holds something else.",
    hint="Open it and save it as the kind that its name says.",
    why="The portal looks into a file and refuses one whose content doesn't match its name.",
    example="gel.png, which is a .tif that was renamed",
)
FLE06 = Code(
    "FLE06",
    "data-file.too-large",
    Severity.ERROR,
    title="The file is too large to travel inside a record",
    message="The file “{value}” is larger than {limit}, too large to be attached.",
    hint="Save a smaller picture or document. Large data belongs in a row of its own.",
    why="An attached file is part of its record, which portals keep small.",
    example="A scan of 900 MB",
)
FLE07 = Code(
    "FLE07",
    "data-file.other-checksum",
    Severity.ERROR,
    title="The checksum in the row isn't that of the file",
    message="The row's checksum isn't that of “{path}”, which has {actual}.",
    hint="Clear the cell if this is the right file: it will be filled in. Otherwise copy the file again.",
    why="A checksum that differs means another file, or one that was changed on its way.",
    example="The checksum of reads_R2 in the row of reads_R1",
)
FLE08 = Code(
    "FLE08",
    "data-file.unreadable",
    Severity.ERROR,
    title="The file can't be read",
    message="The file “{value}” can't be read: {reason}.",
    hint="Make sure that it is a file you may open, and that nothing is still writing it.",
    why="A folder, a file of somebody else, or one that is still being copied can't be sent.",
    example="The path of a folder",
)
