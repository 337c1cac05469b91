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
    message="The name of a {type} file ends in {endings}; this one is called “{value}”.",
    hint="Correct the type, or rename the file. A file that isn't compressed may have to be compressed first.",
    why="The archive looks at the name to know how to read the file, and refuses what it can't read.",
    example="reads_R1.fastq, which has to be compressed: reads_R1.fastq.gz",
)
FIT03 = Code(
    "FIT03",
    "fit.file-count",
    Severity.ERROR,
    title="The number of files doesn't go with the library",
    message="A {layout} library can't have {count:fastq file}.",
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
    message="“{value}” is for a record that is registered already, but this row has no accession.",
    hint="Fill in accession. It can stay empty if the row was registered from this very workbook.",
    why="The archive knows what to hold, release or cancel by its accession.",
    example="RELEASE in a row whose accession is empty",
)
FIT06 = Code(
    "FIT06",
    "fit.unknown-taxon",
    Severity.ERROR,
    title="No organism has this number",
    message="The taxonomy has no organism {value}.",
    hint="Search for the organism at www.ebi.ac.uk/ena/browser, and type its number.",
    why="Numbers are those of the NCBI taxonomy; the archive refuses any other.",
    example="96006 for human, which is 9606",
)
FIT07 = Code(
    "FIT07",
    "fit.unsubmittable-taxon",
    Severity.ERROR,
    title="Samples can't be of this taxon",
    message="Samples can't be of {value} ({name}).",
    hint="Type the number of the species, or of the kind of metagenome, that the sample is of.",
    why="The archive takes samples of a species or of a metagenome, not of a family or a kingdom.",
    example="2 for bacteria of some kind",
)
FIT08 = Code(
    "FIT08",
    "fit.other-taxon-name",
    Severity.WARNING,
    title="The organism's name isn't that of its number",
    message="“{value}” isn't the name of {number}, which is {name}.",
    hint="Correct the name or the number. A name that is left empty is filled in by the archive.",
    why="One of them is of another organism, or the name is an older one. The archive goes by the number.",
    example="Mus musculus beside 9606",
)
FIT09 = Code(
    "FIT09",
    "fit.linked-twice",
    Severity.ERROR,
    title="Two rows have a link that only one may have",
    message="“{value}” is linked by {first} already, and only one {type} may be linked to it.",
    hint="Correct one of the two, or leave out the row that isn't needed.",
    why="Some records may be linked by one other only, as a person has one date of birth.",
    example="Two rows of demographic for the same case.",
)
