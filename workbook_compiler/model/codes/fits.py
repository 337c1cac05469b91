"""Codes about values that are right alone and don't go with others: of the row, of another row, of the calendar."""

from __future__ import annotations

from workbook_compiler.model.diagnostics import Code, Severity

FIT01 = Code(
    "FIT01",
    "fit.other-column",
    Severity.ERROR,
    title="The value doesn't go with another column",
    message="“{value}” doesn't go with {other} “{other_value}”.",
    hint="Correct one of the two. {advice}",
    why="Some lists have a part for each value of another column, as instruments have for their maker.",
    example="Illumina MiSeq with the platform PACBIO_SMRT",
    usual=(("advice", "The dropdown shows what fits."),),
)
FIT02 = Code(
    "FIT02",
    "fit.file-name",
    Severity.ERROR,
    title="The file's name doesn't go with its type",
    message="A file of type {type} is called {endings}, and this one is “{value}”.",
    hint="Correct the type, or name the file as it is.",
    why="The archive looks at the name to know how to read the file, and refuses what it can't read.",
    example="reads_R1.fastq, which has to be compressed: reads_R1.fastq.gz",
)
FIT03 = Code(
    "FIT03",
    "fit.file-count",
    Severity.ERROR,
    title="The number of files doesn't go with the library",
    message="{count:file} can't belong to a {layout} library.",
    hint="{advice}",
    why="Single reads come in one file, paired reads in one or two.",
    example="Two fastq files in a run whose experiment says SINGLE",
    usual=(("advice", "Correct library_layout of the experiment, or the files of the run."),),
)
FIT04 = Code(
    "FIT04",
    "fit.release-date",
    Severity.ERROR,
    title="The release date is too far away",
    message="{value} is more than two years away.",
    hint="Type a date up to {latest}; it can be moved again later.",
    why="The archive keeps records private for two years at most.",
    example="2031-01-01",
)
FIT05 = Code(
    "FIT05",
    "fit.action-without-accession",
    Severity.WARNING,
    title="An action on what is registered has no accession",
    message="“{value}” is done to what is registered, and this row has no accession.",
    hint="Fill in accession. Without it the row is sent only by the submission that registered it from this workbook.",
    why="The archive knows what to hold, release or cancel by its accession.",
    example="RELEASE in a row whose accession is empty",
)
