"""What was meant by a mistyped name is found as a search through all names would find it."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference_answers import slips

from workbook_compiler.nearest import Identifiers, folded, likely, likeness, meant, nearest, surely

steady = settings(derandomize=True, database=None, deadline=None, max_examples=400)
NAMES = st.text("ab1", max_size=4) | st.tuples(
    st.sampled_from(["lab:bs", "lab:bsx-"]), st.text("ab12", max_size=5)
).map("".join)
POOL = st.lists(NAMES, unique=True, max_size=40)


@steady
@given(NAMES, POOL)
def test_close_names_are_those_within_a_slip(typed: str, names: list[str]) -> None:
    """Names one slip away come back, or such as differ in separators alone; where there are none, those two slips away."""
    distances = {name: slips(typed, name) for name in names}
    skeleton = re.sub(r"\d+", "0", typed)
    alike = {n for n in names if folded(typed) and folded(typed) in (folded(n), folded(n.partition(":")[2]))}
    near = {n for n, d in distances.items() if d <= 1} | alike
    if not near and len(typed) >= 8:
        near = {n for n, d in distances.items() if d <= 2 and re.sub(r"\d+", "0", n) != skeleton}
    found = Identifiers(names).close(typed)
    assert set(found) <= near
    assert len(found) == len(set(found)) == min(3, len(near))


@steady
@given(NAMES, POOL)
def test_without_numbers_another_number_is_another_name(typed: str, names: list[str]) -> None:
    """No name comes back that differs in its numbers alone."""
    skeleton = re.sub(r"\d+", "0", typed)
    found = Identifiers(names).close(typed, numbers=False)
    alike = {n for n in names if folded(typed) in (folded(n), folded(n.partition(":")[2]))}
    assert not [name for name in found if re.sub(r"\d+", "0", name) == skeleton and name not in alike]


@steady
@given(NAMES, POOL)
@example("A", ["b", "a"])
def test_the_likest_come_first(typed: str, names: list[str]) -> None:
    """The nearest are in the order of their likeness, equally near ones in their own; the likely ones are 60 % alike."""
    found = nearest(typed, names)
    degrees = [likeness(typed, name) for name in found]
    assert len(found) == len(set(found)) == min(3, len(names))
    assert degrees == sorted(degrees, reverse=True)
    assert all(names.index(a) < names.index(b) for a, b in pairwise(found) if likeness(typed, a) == likeness(typed, b))
    assert likely(typed, names) == [name for name in found if likeness(typed, name) >= 0.6]


@pytest.mark.parametrize(
    ("typed", "meant", "others"),
    [
        ("femlae", "female", ("male", "mixed")),
        ("Male", "male", ("female", "mixed")),
        ("years", "year", ("ear", "day")),
        ("primary_cell", "primary cell", ("primary cell line", "stem cell")),
        ("stemcell", "stem cell", ("stem cell derived cell line", "primary cell")),
        ("GRCh3B", "GRCh38", ("GRCm38", "GRCh37")),
        ("GRCh88", "GRCh38", ("GRCm38", "galGal5")),
        ("NovaSeq 6000", "Illumina NovaSeq 6000", ("NextSeq 500", "Illumina MiSeq")),
        ("biosuorce", "biosource", ("biosample", "bioSource_type")),
        ("crosslinking time", "crosslinking_time", ("crosslinking_temperature", "crosslinking_method")),
        ("crosslinkingTime", "crosslinking_time", ("crosslinking_temperature", "digestion_time")),
        ("µg", "μg", ("mg", "g")),
        ("naïve", "naive", ("native", "nave")),
        ("H1 hESC", "H1-hESC", ("H9-hESC", "hESC")),
    ],
)
def test_what_people_mistype_is_known(typed: str, meant: str, others: tuple[str, ...]) -> None:
    """What was meant comes first, whatever stands beside it in the list."""
    assert nearest(typed, [*others, meant])[0] == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lab:sample-O1", "lab:sample-01"),
        ("lab:samp1e-01", "lab:sample-01"),
        ("lab:sample_01", "lab:sample-01"),
        ("“lab:sample-01”", "lab:sample-01"),
        ("lab:sample–01.", "lab:sample-01"),
        ("sample-01", "lab:sample-01"),
        ("lab:smaple-01", "lab:sample-01"),
        ("lab:ssample-01", "lab:sample-01"),
    ],
)
def test_identifiers_that_people_mistype_are_known(typed: str, meant: str) -> None:
    """The identifier that was meant comes before others that differ in their number."""
    names = [meant, "lab:sample-02", "lab:sample-11", "lab:sample-10", "lab:simple-01"]
    assert Identifiers(names).close(typed)[0] == meant


PLACES = [
    "USA",
    "France",
    "South Korea",
    "Germany",
    "United Kingdom",
    "not applicable",
    "not provided",
    "restricted access",
]
MACHINES = [
    "BGISEQ-500",
    "Illumina HiSeq 2500",
    "Illumina MiSeq",
    "Illumina NovaSeq 6000",
    "Illumina HiSeq X",
    "MinION",
]


@pytest.mark.parametrize(
    ("typed", "wanted", "choices"),
    [
        ("HiSeq2500", "Illumina HiSeq 2500", MACHINES),
        ("miseq", "Illumina MiSeq", MACHINES),
        ("MinION Mk1B", "MinION", MACHINES),
        ("United States", "USA", PLACES),
        ("United States of America", "USA", ["Ukraine", *PLACES[:5]]),
        ("UK", "United Kingdom", PLACES),
        ("Germany: Garmisch-Partenkirchen", "Germany", PLACES),
        ("Korea", "South Korea", PLACES),
        ("Germ", "Germany", PLACES),
        ("Mle", "male", ["female", "male", "mixed"]),
        ("f", "female", ["female", "male", "mixed"]),
    ],
)
def test_what_may_be_meant_comes_with_its_neighbours(typed: str, wanted: str, choices: list[str]) -> None:
    """A slip, a part, the whole around a part, initials and a beginning are known, and three are offered."""
    found = meant(typed, choices)
    assert (found[0], len(found)) == (wanted, 3)


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("England", PLACES),
        ("provided", ["not provided", "restricted access"]),
        ("no tumour", ["tumour", "blood"]),
        ("m", ["female", "male", "mixed"]),
        ("no", ["normal", "tumour"]),
        ("none", ["MNase", "DNase", "other"]),
        ("cDNA", ["GENOMIC", "VIRAL RNA", "OTHER"]),
        ("Illumina", MACHINES),
        ("", PLACES),
        ("?", []),
    ],
)
def test_what_nothing_is_like_means_nothing(typed: str, choices: list[str]) -> None:
    """Nothing is offered for a word with nothing in common, for the opposite, or for what would mean many."""
    assert meant(typed, choices) == []


def test_of_equal_ones_the_liked_one_comes_first() -> None:
    """Two names that are a slip away are told apart by which is liked more."""
    assert Identifiers(["lab:s12", "lab:s13"], {"lab:s13": 2.0}).close("lab:s1")[0] == "lab:s13"


def test_only_what_stands_alone_is_sure() -> None:
    """A choice is sure when it is much alike and no other one nearly as much."""
    assert surely("biosuorce", ["biosource", "biosample"]) == "biosource"
    assert surely("sampl1", ["sample1", "sampla1"]) is None
    assert surely("comment", ["biosource", "biosample"]) is None


@steady
@given(st.text("aAbBß", max_size=3), st.lists(st.text("aAbBß", max_size=3), unique=True, max_size=20))
def test_capitals_alone_are_told_apart(typed: str, names: list[str]) -> None:
    """A name that differs in capitals alone is found, the first of several."""
    same = [name for name in names if name.casefold() == typed.casefold()]
    assert Identifiers(names).same_but_capitals(typed) == (same[0] if same else None)


@pytest.mark.parametrize("length", [301, 32_767, 1_000_000])
def test_texts_that_are_no_names_are_compared_with_nothing(length: int) -> None:
    """A text of a page's length is like nothing, in a list and among names; what is short is found beside it."""
    long = "x" * length
    assert likely(long, [long + "y", "female"]) == []
    assert likely("femle", [long, "female"]) == ["female"]
    names = Identifiers([long, "my-lab:source1"])
    assert names.close(long + "y") == []
    assert names.close("my-lab:sorce1") == ["my-lab:source1"]
