"""The values ENA takes, as facts: each list holds what the published XSDs list, spelt as there (upper and lower case count).

Taken from SRA.common.xsd, SRA.experiment.xsd, SRA.run.xsd and SRA.analysis.xsd as of webin-xml 5.1.0 (2026-07-13).
"""

from __future__ import annotations

LIBRARY_STRATEGIES = (
    "WGS", "WGA", "WXS", "RNA-Seq", "ssRNA-seq", "snRNA-seq", "miRNA-Seq", "ncRNA-Seq", "FL-cDNA", "EST", "Hi-C",
    "ATAC-seq", "WCS", "RAD-Seq", "CLONE", "POOLCLONE", "AMPLICON", "CLONEEND", "FINISHING", "ChIP-Seq", "MNase-Seq",
    "DNase-Hypersensitivity", "Bisulfite-Seq", "CTS", "MRE-Seq", "MeDIP-Seq", "MBD-Seq", "Tn-Seq", "VALIDATION",
    "FAIRE-seq", "SELEX", "RIP-Seq", "ChIA-PET", "Synthetic-Long-Read", "Targeted-Capture",
    "Tethered Chromatin Conformation Capture", "NOMe-Seq", "ChM-Seq", "GBS", "Ribo-Seq", "OTHER",
)  # fmt: skip
"""What was sequenced: ``RNA-Seq``, but ``ATAC-seq``."""
LIBRARY_SOURCES = (
    "GENOMIC", "GENOMIC SINGLE CELL", "TRANSCRIPTOMIC", "TRANSCRIPTOMIC SINGLE CELL", "METAGENOMIC",
    "METATRANSCRIPTOMIC", "SYNTHETIC", "VIRAL RNA", "OTHER",
)  # fmt: skip
"""What the material was."""
LIBRARY_SELECTIONS = (
    "RANDOM", "PCR", "RANDOM PCR", "RT-PCR", "HMPR", "MF", "repeat fractionation", "size fractionation", "MSLL",
    "cDNA", "cDNA_randomPriming", "cDNA_oligo_dT", "PolyA", "Oligo-dT", "Inverse rRNA", "Inverse rRNA selection",
    "ChIP", "ChIP-Seq", "MNase", "DNase", "Hybrid Selection", "Reduced Representation", "Restriction Digest",
    "5-methylcytidine antibody", "MBD2 protein methyl-CpG binding domain", "CAGE", "RACE", "MDA",
    "padlock probes capture method", "other", "unspecified",
)  # fmt: skip
"""How the material was picked; here ``other`` is in small letters."""
LIBRARY_LAYOUTS = ("SINGLE", "PAIRED")
INSTRUMENTS = {
    "LS454": (
        "454 GS", "454 GS 20", "454 GS FLX", "454 GS FLX+", "454 GS FLX Titanium", "454 GS Junior", "unspecified",
    ),
    "ILLUMINA": (
        "HiSeq X Five", "HiSeq X Ten", "Illumina Genome Analyzer", "Illumina Genome Analyzer II",
        "Illumina Genome Analyzer IIx", "Illumina HiScanSQ", "Illumina HiSeq 1000", "Illumina HiSeq 1500",
        "Illumina HiSeq 2000", "Illumina HiSeq 2500", "Illumina HiSeq 3000", "Illumina HiSeq 4000",
        "Illumina HiSeq X", "Illumina iSeq 100", "Illumina MiSeq", "Illumina MiniSeq", "Illumina NovaSeq X",
        "Illumina NovaSeq X Plus", "Illumina NovaSeq 6000", "NextSeq 500", "NextSeq 550", "NextSeq 1000",
        "NextSeq 2000", "unspecified",
    ),
    "HELICOS": ("Helicos HeliScope", "unspecified"),
    "ABI_SOLID": (
        "AB SOLiD System", "AB SOLiD System 2.0", "AB SOLiD System 3.0", "AB SOLiD 3 Plus System",
        "AB SOLiD 4 System", "AB SOLiD 4hq System", "AB SOLiD PI System", "AB 5500 Genetic Analyzer",
        "AB 5500xl Genetic Analyzer", "AB 5500xl-W Genetic Analysis System", "unspecified",
    ),
    "COMPLETE_GENOMICS": ("Complete Genomics", "unspecified"),
    "BGISEQ": ("BGISEQ-50", "BGISEQ-500", "MGISEQ-2000RS"),
    "OXFORD_NANOPORE": ("MinION", "GridION", "PromethION", "unspecified"),
    "PACBIO_SMRT": (
        "Onso", "PacBio RS", "PacBio RS II", "Revio", "Sequel", "Sequel II", "Sequel IIe", "Vega", "unspecified",
    ),
    "ION_TORRENT": (
        "Ion Torrent PGM", "Ion Torrent Proton", "Ion Torrent S5", "Ion Torrent S5 XL", "Ion Torrent Genexus",
        "Ion GeneStudio S5", "Ion GeneStudio S5 Prime", "Ion GeneStudio S5 Plus", "unspecified",
    ),
    "CAPILLARY": (
        "AB 3730xL Genetic Analyzer", "AB 3730 Genetic Analyzer", "AB 3500xL Genetic Analyzer",
        "AB 3500 Genetic Analyzer", "AB 3130xL Genetic Analyzer", "AB 3130 Genetic Analyzer",
        "AB 310 Genetic Analyzer", "unspecified",
    ),
    "DNBSEQ": (
        "DNBSEQ-T7", "DNBSEQ-G400", "DNBSEQ-G800", "DNBSEQ-G50", "DNBSEQ-G400 FAST", "DNBSEQ-T10x4RS", "unspecified",
    ),
    "ELEMENT": ("Element AVITI", "unspecified"),
    "AVITI": ("AVITI 24", "unspecified"),
    "ULTIMA": ("UG 100", "UG 200", "unspecified"),
    "VELA_DIAGNOSTICS": ("Sentosa SQ301", "unspecified"),
    "GENAPSYS": ("GENIUS", "Genapsys Sequencer", "GS111", "unspecified"),
    "GENEMIND": ("GenoCare 1600", "GenoLab M", "FASTASeq 300", "unspecified"),
    "TAPESTRI": ("Tapestri", "unspecified"),
}  # fmt: skip
"""For each platform its instrument models."""
PLATFORMS = tuple(INSTRUMENTS)
INSTRUMENT_MODELS = tuple(dict.fromkeys(model for models in INSTRUMENTS.values() for model in models))
"""Every model of all platforms, once."""
RUN_FILE_TYPES = (
    "fastq", "bam", "cram", "sff", "srf", "PacBio_HDF5", "OxfordNanopore_native", "CompleteGenomics_native",
)  # fmt: skip
"""Of the XSD's types those the live service takes (usegalaxy-eu/ena-upload-cli#30)."""
READ_TYPES = (
    "single", "paired", "cell_barcode", "umi_barcode", "feature_barcode", "sample_barcode", "spatial_barcode",
)  # fmt: skip
"""What the reads of one file of a run are."""
CHECKSUM_METHODS = ("MD5", "SHA-256")
ANALYSIS_TYPES = (
    "REFERENCE_ALIGNMENT", "SEQUENCE_VARIATION", "SEQUENCE_ASSEMBLY", "SEQUENCE_FLATFILE", "SEQUENCE_ANNOTATION",
    "REFERENCE_SEQUENCE", "SAMPLE_PHENOTYPE", "PROCESSED_READS", "GENOME_MAP", "AMR_ANTIBIOGRAM", "PATHOGEN_ANALYSIS",
    "COVID19_CONSENSUS", "COVID19_FILTERED_VCF", "PHYLOGENY_ANALYSIS", "ASSEMBLY_GRAPH", "TRANSCRIPTOME_ASSEMBLY",
    "TAXONOMIC_REFERENCE_SET", "ASSEMBLY_ANNOTATION", "SEQUENCE_CONSENSUS", "FILTERED_VARIATION",
    "TARGETED_SEQUENCE_SET", "ENVIRONMENTAL_SEQUENCE_SET",
)  # fmt: skip
ANALYSIS_FILE_TYPES = (
    "tab", "tsv", "bam", "bai", "cram", "crai", "vcf", "vcf_aggregate", "bcf", "tabix", "wig", "bed", "gff", "gff3",
    "gfa", "fasta", "fastq", "flatfile", "chromosome_list", "sample_list", "readme_file", "phenotype_file",
    "BioNano_native", "Kallisto_native", "unlocalised_list", "info", "manifest", "csi", "bcf_aggregate", "sample_tsv",
    "tax_tsv", "other",
)  # fmt: skip
ACTIONS = ("ADD", "MODIFY")
"""What a row can ask for; the other actions belong to a submission."""
