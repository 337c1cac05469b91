"""A plan becomes Webin documents that the server's converter and the published XSDs accept, each after those it needs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from webin_rules import ConverterError, convert, key_table, problems, sets_of

from workbook_compiler.model.diagnostics import Location
from workbook_compiler.model.plan import DEFERRED, Action, Batch, Operation, Plan, Request
from workbook_compiler.model.records import Record
from workbook_compiler.model.schema import EntityType, Kind, Property, Schema
from workbook_compiler.portals.ena_documents import relations, render
from workbook_compiler.portals.ena_json import PATHS, only_xml, text
from workbook_compiler.portals.ena_schema import load_schema

steady = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Values = dict[str, Any]
LINKS = ("study", "sample", "experiment", "samples", "experiments", "runs", "parent_project")


@dataclass(frozen=True)
class Nowhere:
    """The origin of values that stand in no cell."""

    def text(self) -> str:
        return "{}"

    def locations(self) -> dict[Any, Location]:
        return {}

    def place(self, _: Any) -> Location | None:
        return None


def entity(name: str, path: str, *, chain: tuple[str, ...] = (), **properties: Property) -> EntityType:
    return EntityType(name, path, name, "", properties, chain or (name,), identifiers=("alias",))


def checklist(accession: str, *fields: Property) -> dict[str, Property]:
    named = Property("ENA-CHECKLIST", Kind.TEXT, choices=(accession,))
    return {prop.name: prop for prop in (*fields, named)}


FIELDS = (
    Property("depth", Kind.TEXT, units=("m", "cm")),
    Property("depth unit", Kind.TEXT, choices=("m", "cm")),
    Property("geographic location (latitude)", Kind.TEXT, units=("DD",)),
    Property("collection date", Kind.TEXT),
    Property("host disease status", Kind.LIST, items=Property("", Kind.TEXT)),
)
TYPES = (
    entity("project", "projects"),
    entity("sample", "samples", **checklist("ERC000011", *FIELDS)),
    entity("sample_ERC000022", "samples", chain=("sample_ERC000022", "sample"), **checklist("ERC000022")),
    entity("experiment", "experiments"),
    entity("run", "runs"),
    entity("analysis", "analyses"),
)
SCHEMA = Schema("ena", {kind.name: kind for kind in TYPES}, "hand-made", "")


def plan_of(*rows: tuple[str, Values]) -> Plan:
    """One operation for each row: an id, values, and the rows its links name."""
    ids = {values["alias"]: f"{name}!{n}" for n, (name, values) in enumerate(rows)}
    made = []
    for n, (name, values) in enumerate(rows):
        record = Record(n, name, f"{name}!{n}", Location("book.xlsx", name, n), values, values["alias"], Nowhere())
        needed = tuple(ids[alias] for alias in linked(values) if alias in ids)
        made.append(Operation(record.id, Action.POST, record, values, Nowhere(), needed))
    return Plan("ena", (), "", "", (Batch(0, tuple(made)),))


def linked(values: Values) -> list[str]:
    named = (values.get(name, ()) for name in LINKS)
    return [alias for value in named for alias in ([value] if isinstance(value, str) else value)]


def project(alias: str = "gut", **more: Any) -> tuple[str, Values]:
    told = {"title": "A title of twenty characters", "description": "What was done with twenty gut samples."}
    return "project", {"alias": alias, **told, **more}


def sample(alias: str = "stool", *, of: str = "sample", **more: Any) -> tuple[str, Values]:
    return of, {"alias": alias, "title": "Stool", "taxon_id": "408170", **more}


def experiment(alias: str = "exp", *, study: str = "gut", sample: str = "stool", **more: Any) -> tuple[str, Values]:
    library = {"library_strategy": "WGS", "library_source": "METAGENOMIC", "library_selection": "RANDOM"}
    machine = {"platform": "ILLUMINA", "instrument_model": "NextSeq 500", "library_layout": "PAIRED"}
    return "experiment", {"alias": alias, "study": study, "sample": sample, **library, **machine, **more}


def file(name: str = "a.fastq.gz", kind: str = "fastq", **more: Any) -> Values:
    return {"file_name": name, "file_type": kind, "checksum": "9b8932f85caa54e687eba62fca3edce2", **more}


def run(alias: str = "run", *, experiment: str = "exp", **more: Any) -> tuple[str, Values]:
    return "run", {"alias": alias, "experiment": experiment, "files": [file()], **more}


def analysis(alias: str = "vcf", *, study: str = "gut", **more: Any) -> tuple[str, Values]:
    told = {"title": "Variants", "analysis_type": "SEQUENCE_VARIATION", "files": [file("a.vcf.gz", "vcf")]}
    return "analysis", {"alias": alias, "study": study, **told, **more}


COHORT = (project(), sample(), experiment(), run())
WEB = {"label": "Our page", "url": "https://example.org/cohort"}


def documents(*rows: tuple[str, Values], **options: Any) -> list[Request]:
    return list(render(plan_of(*rows), SCHEMA, **options))


def only(*rows: tuple[str, Values], **options: Any) -> Any:
    """The body of the one document the rows give."""
    (request,) = documents(*rows, **options)
    return request.body


def xml_of(row: tuple[str, Values]) -> etree._Element:
    """The one object of the one XML document a row gives."""
    return list(sets_of(only(row)).values())[1][0]


def size_of(request: Request) -> int:
    return len(request.body.encode() if isinstance(request.body, str) else orjson.dumps(request.body))


@pytest.fixture(scope="session")
def ena(shared_data: Path) -> Path:
    """ENA's own key table and XSDs."""
    return shared_data / "ena"


def sets(request: Request, folder: Path) -> Mapping[str, etree._Element]:
    body = request.body
    return sets_of(body) if isinstance(body, str) else convert(body, key_table(folder))


def accepted(requests: Iterable[Request], folder: Path) -> None:
    for request in requests:
        for name, found in sets(request, folder).items():
            assert not problems(found, folder), name


# what a document says


def test_a_cohort_is_one_document(ena: Path) -> None:
    """Project, sample, experiment and run go out together, each naming the others by alias."""
    (request,) = documents(*COHORT)
    assert request[:3] == (1, "POST", "submit")
    assert request.operations == ("project!0", "sample!1", "experiment!2", "run!3")
    assert list(request.body) == ["submission", *PATHS[:4]]
    assert request.body["submission"]["actions"] == [{"type": "ADD"}]
    assert request.body["projects"][0]["sequencingProject"] == {}
    assert request.body["experiments"][0] == {
        "alias": "exp",
        "study": {"alias": "gut"},
        "samples": [{"alias": "stool"}],
        "designDescription": "",
        "libraryDescriptor": {
            "libraryStrategy": "WGS",
            "librarySource": "METAGENOMIC",
            "librarySelection": "RANDOM",
            "libraryLayout": "PAIRED",
        },
        "instrumentPlatform": "ILLUMINA",
        "instrumentModel": "NextSeq 500",
    }
    assert request.body["runs"][0]["files"] == [
        {
            "checksumMethod": "MD5",
            "fileName": "a.fastq.gz",
            "fileType": "fastq",
            "checksum": "9b8932f85caa54e687eba62fca3edce2",
        }
    ]
    accepted([request], ena)


def test_enas_own_example(ena: Path) -> None:
    """The project and the sample of ENA's V2 page: ``links`` where ENA's page has ``project_links``, which is dropped."""
    tags = (
        "investigation type|sequencing method|host body site|human-associated environmental package|"
        "geographic location (country and/or sea)|geographic location (longitude)|environmental medium|"
        "broad-scale environmental context|local environmental context|project name"
    )
    told = {tag: f"our {tag}" for tag in tags.split("|")}
    place = {"collection date": "2010-01-20", "geographic location (latitude)": "50.85"}
    study = project("comparative-analysis", name="Ours", links=[{"db": "PUBMED", "id": "1"}])
    rows = (study, sample("stomach_microbiota", **told, **place))
    (request,) = documents(*rows)
    assert request.body["projects"][0]["links"] == [{"xrefLink": {"db": "PUBMED", "id": "1"}}]
    attributes = request.body["samples"][0]["attributes"]
    assert len(attributes) == 13
    assert {"tag": "geographic location (latitude)", "value": "50.85", "unit": "DD"} in attributes
    assert attributes[-1] == {"tag": "ENA-CHECKLIST", "value": "ERC000011"}
    assert b"project_links" not in orjson.dumps(request.body)
    accepted([request], ena)
    assert sets(request, ena)["PROJECT_SET"].findtext(".//ID") == "1"
    with_attribute = project("comparative-analysis", links=study[1]["links"], attributes=[{"tag": "t", "value": "v"}])
    made = documents(with_attribute, rows[1])
    assert [isinstance(request.body, str) for request in made] == [True, False]
    accepted(made, ena)


@pytest.mark.parametrize(("layout", "written"), [("SINGLE", "single"), ("PAIRED", "PAIRED")])
def test_the_layout_is_written_as_the_converter_takes_it(layout: str, written: str, ena: Path) -> None:
    """``SINGLE`` makes the server's converter throw, ``single`` doesn't; XML has an element of the name."""
    rows = (project(), sample(), experiment(library_layout=layout))
    requests = [*documents(*rows), *documents(*rows, xml=True)]
    accepted(documents(experiment(library_layout=layout, insert_size=350)), ena)
    assert requests[0].body["experiments"][0]["libraryDescriptor"]["libraryLayout"] == written
    assert [sets(request, ena)["EXPERIMENT_SET"].find(".//LIBRARY_LAYOUT")[0].tag for request in requests] == [
        layout,
        layout,
    ]
    accepted(requests, ena)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (sample(), "ERC000011"),
        (sample(of="sample_ERC000022"), "ERC000022"),
        (sample(**{"ENA-CHECKLIST": "ERC000099"}), "ERC000011"),
        (sample(attributes=[{"tag": "ENA-CHECKLIST", "value": "ERC000099"}]), "ERC000011"),
    ],
)
def test_the_checklist_is_always_told_once(row: tuple[str, Values], named: str) -> None:
    """Each sample says which checklist it follows: that of its type, whatever else is said."""
    for body in (only(row)["samples"], only(row, xml=True)):
        if isinstance(body, list):
            told = [a["value"] for a in body[0]["attributes"] if a["tag"] == "ENA-CHECKLIST"]
        else:
            told = sets_of(body)["SAMPLE_SET"].xpath("//SAMPLE_ATTRIBUTE[TAG='ENA-CHECKLIST']/VALUE/text()")
        assert told == [named]


def test_fields_units_and_further_attributes() -> None:
    """A unit column goes before the field's usual unit; a list is a tag repeated; an empty value is no attribute."""
    attributes = [{"tag": "box", "value": "7", "unit": "row"}]
    more = {"host disease status": ["flu", "cold"], "collection date": "", "attributes": attributes}
    deep = only(sample(depth="3", **{"depth unit": "cm"}, **more))["samples"][0]
    assert deep["attributes"] == [
        {"tag": "depth", "value": "3", "unit": "cm"},
        {"tag": "host disease status", "value": "flu"},
        {"tag": "host disease status", "value": "cold"},
        {"tag": "box", "value": "7", "unit": "row"},
        {"tag": "ENA-CHECKLIST", "value": "ERC000011"},
    ]
    assert only(sample(depth="3"))["samples"][0]["attributes"][0]["unit"] == "m"
    alone = only(sample(**{"depth unit": "cm"}))["samples"][0]
    assert [attribute["tag"] for attribute in alone["attributes"]] == ["ENA-CHECKLIST"]


def test_a_link_is_an_alias_or_an_accession() -> None:
    """What looks like an accession is one, unless a row is called that; all else is an alias registered before."""
    rows = [
        experiment("one", study="PRJEB12345", sample="SAMEA1234567"),
        experiment("two", study="ERP1", sample="ERS2"),
        experiment("three", study="my study", sample="ERSx"),
    ]
    made = only(*rows, sample("ERS2"))["experiments"]
    assert [(given["study"], *given["samples"]) for given in made] == [
        ({"accession": "PRJEB12345"}, {"accession": "SAMEA1234567"}),
        ({"accession": "ERP1"}, {"alias": "ERS2"}),
        ({"alias": "my study"}, {"alias": "ERSx"}),
    ]


NEEDS_XML = [
    (sample(description="A long story"), ("description",), "DESCRIPTION", "A long story"),
    (sample(common_name="gut"), ("common_name",), "SAMPLE_NAME/COMMON_NAME", "gut"),
    (sample(links=[WEB]), ("links",), "SAMPLE_LINKS/SAMPLE_LINK/URL_LINK/LABEL", "Our page"),
    (project(links=[WEB], attributes=[{"tag": "t", "value": "v"}]), ("links",), ".//VALUE", "v"),
    (project(locus_tag_prefixes=["ABC"]), ("locus_tag_prefixes",), ".//LOCUS_TAG_PREFIX", "ABC"),
    (
        experiment(library_construction_protocol="Kit"),
        ("library_construction_protocol",),
        ".//DESIGN//*[last()]",
        "Kit",
    ),
    (experiment(insert_size=350), ("insert_size",), ".//PAIRED[@NOMINAL_LENGTH='350']", None),
    (run(center_name="EBI"), ("center_name",), "self::*[@center_name='EBI']", None),
    (run(links=[{"db": "x", "id": "1"}], attributes=[{"tag": "t"}]), ("links",), ".//RUN_LINK/XREF_LINK/DB", "x"),
    (analysis(), ("analysis_type",), "ANALYSIS_TYPE/SEQUENCE_VARIATION", None),
]


@pytest.mark.parametrize(("row", "why", "where", "said"), NEEDS_XML)
def test_what_json_would_lose_is_written_as_xml(
    row: tuple[str, Values], why: tuple[str, ...], where: str, said: str | None, ena: Path
) -> None:
    """Each property that the server's converter loses or misplaces makes its record XML, where it is found again."""
    name, values = row
    assert only_xml(values, SCHEMA.types[name].path) == why
    found = xml_of(row).xpath(where)
    assert found
    assert said in [None, *(one.text for one in found)]
    accepted(documents(row), ena)


def test_the_parts_of_an_analysis_type(ena: Path) -> None:
    """Attributes called as the parts of the type are its parts, in the XSD's order; the others stay attributes."""
    told = {"program": "Flye", "Coverage": "40", "NAME": "asm", "platform": "ONT", "partial": "FALSE", "lab": "ours"}
    again = {"tag": "name", "value": "second"}
    attributes = [{"tag": tag, "value": value} for tag, value in told.items()] + [again]
    found = xml_of(analysis(analysis_type="SEQUENCE_ASSEMBLY", attributes=attributes))
    assert [(part.tag, part.text) for part in found.find("ANALYSIS_TYPE")[0]] == [
        ("NAME", "asm"),
        ("PARTIAL", "false"),
        ("COVERAGE", "40"),
        ("PROGRAM", "Flye"),
        ("PLATFORM", "ONT"),
    ]
    assert found.xpath("ANALYSIS_ATTRIBUTES//TAG/text()") == ["lab", "name"]
    places = [{"tag": "SEQUENCE", "value": "CM000663.2"}, {"tag": "ASSEMBLY", "value": "GCA_000001405.1"}]
    more = {"samples": ["stool", "ERS1"], "experiments": ["exp"], "runs": ["run", "ERR1"], "attributes": places}
    requests = documents(
        *COHORT, analysis(**more), analysis("asm", analysis_type="SEQUENCE_ASSEMBLY", attributes=attributes)
    )
    assert sets(requests[-1], ena)["ANALYSIS_SET"].xpath("//SAMPLE_REF/@*|//RUN_REF/@*") == [
        "stool",
        "ERS1",
        "run",
        "ERR1",
    ]
    accepted(requests, ena)


ODD = "quote \" and ' < > & ]]> emoji 🧬, a no-break\u00a0space, new\nline, tab\t, \u0416 \u4e2d"


def test_odd_texts_survive(ena: Path) -> None:
    """Quotes, angle brackets, ampersands, emoji and no-break spaces arrive as they were typed, in JSON and in XML."""
    attributes = [{"tag": ODD, "value": ODD, "unit": ODD}]
    rows = (project(ODD, title=ODD), sample(ODD[::-1], title=ODD, attributes=attributes))
    for request in (*documents(*rows), *documents(*rows, xml=True)):
        found = sets(request, ena)
        said = found["SAMPLE_SET"].xpath("//SAMPLE/TITLE/text() | //SAMPLE_ATTRIBUTE[1]/*/text()")
        assert said == [ODD] * 4
        assert found["PROJECT_SET"][0].get("alias") == ODD
        accepted([request], ena)


def test_characters_xml_cannot_hold_are_dropped(ena: Path) -> None:
    """Control characters and halves of characters leave a valid document behind."""
    rows = (project(), sample(title="a\x00b\x0bc\ud800d\ufffee\r\nf\rg"))
    for request in (*documents(*rows), *documents(*rows, xml=True)):
        assert sets(request, ena)["SAMPLE_SET"].findtext(".//TITLE") == "abcde\nf\ng"
        accepted([request], ena)


# which documents there are


def kinds(requests: Iterable[Request]) -> list[tuple[bool, list[dict[str, str]], tuple[str, ...]]]:
    return [
        (isinstance(r.body, str), actions_of(r), tuple(name.split("!")[0] for name in r.operations)) for r in requests
    ]


def actions_of(request: Request) -> list[dict[str, str]]:
    if not isinstance(request.body, str):
        return request.body["submission"]["actions"]  # type: ignore[no-any-return]
    actions = [action[0] for action in sets_of(request.body)["SUBMISSION_SET"].iter("ACTION")]
    dates = [{"holdUntilDate": date} if (date := action.get("HoldUntilDate")) else {} for action in actions]
    return [{"type": str(action.tag), **date} for action, date in zip(actions, dates, strict=True)]


ADD, MODIFY = {"type": "ADD"}, {"type": "MODIFY"}


def hold(date: str) -> dict[str, str]:
    return {"type": "HOLD", "holdUntilDate": date}


@pytest.mark.parametrize("xml", [False, True])
def test_release_dates_and_actions_split(xml: bool) -> None:
    """A date and an action hold for a whole document; experiments and runs follow their study and have no date."""
    dated = [
        project(release_date="2027-01-01"),
        sample(release_date="2027-01-01"),
        sample("b", release_date="2027-02-01"),
    ]
    rows = (*dated, experiment(release_date="2027-01-01"), run(), sample("old", action="MODIFY"))
    assert kinds(documents(*rows, xml=xml)) == [
        (xml, [ADD, hold("2027-01-01")], ("project", "sample")),
        (xml, [ADD, hold("2027-02-01")], ("sample",)),
        (xml, [MODIFY], ("sample",)),
        (xml, [ADD], ("experiment", "run")),
    ]


def test_xml_and_json_alternate_only_as_links_need_it() -> None:
    """A described sample needs XML; the experiment made from it waits, and takes all that can wait with it."""
    rows = [project(), sample(), sample("told", description="x"), experiment(), experiment("e2", sample="told"), run()]
    assert kinds(documents(*rows)) == [
        (True, [ADD], ("sample",)),
        (False, [ADD], ("project", "sample", "experiment", "experiment", "run")),
    ]


def test_an_update_replaces_the_whole_object() -> None:
    """A changed row is sent whole with MODIFY; what is unchanged, deleted, or only an umbrella relation isn't sent."""
    plan = plan_of(
        project(parent_project="roof"), sample(), sample("same"), sample("gone"), project("roof", umbrella=True)
    )
    first, second, third, fourth, roof = plan.operations
    changed = (
        first,
        second._replace(action=Action.PATCH, body={"title": "Stool"}),
        third._replace(action=Action.SKIP),
        fourth._replace(action=Action.DELETE),
        roof,
        first._replace(id=first.id + DEFERRED, action=Action.PATCH, deferred=True),
    )
    plan = Plan("ena", (), "", "", (Batch(0, changed),))
    made = list(render(plan, SCHEMA))
    assert kinds(made) == [(False, [ADD], ("project", "project")), (False, [MODIFY], ("sample",))]
    assert made[0].body["projects"][1]["adminProject"] == {}
    assert made[1].body["samples"][0]["organism"] == {"taxonId": "408170"}
    assert "relationships" not in made[0].body["projects"][0]
    assert relations(plan) == [("gut", "roof")]


def test_rows_and_bytes_split() -> None:
    """No document has more rows or bytes than it may; a row that is larger still goes out alone."""
    rows = [project(), *(sample(f"s{n}", title="é" * 50) for n in range(40))]
    assert [len(r.operations) for r in documents(*rows, most_rows=15)] == [15, 15, 11]
    for xml in (False, True):
        made = documents(*rows, xml=xml, most_bytes=3_000)
        assert max(map(size_of, made)) <= 3_000
        assert [len(r.operations) for r in documents(*rows, xml=xml, most_bytes=1)] == [1] * 41
        assert len(made) < 41


def test_a_whole_book_of_every_kind_is_within_its_envelope() -> None:
    """What stands around the objects is never more than is set aside for it."""
    rows = [*COHORT, analysis()]
    dated = [(name, {**values, "release_date": "2027-01-01", "action": "MODIFY"}) for name, values in rows]
    for xml in (False, True):
        for request in (*documents(*rows, xml=xml), *documents(*dated, xml=xml)):
            assert size_of(request) - content_of(request) < 600


def content_of(request: Request) -> int:
    if isinstance(request.body, str):
        return sum(
            len(etree.tostring(one))
            for name, s in sets_of(request.body).items()
            for one in s
            if name != "SUBMISSION_SET"
        )
    return sum(len(orjson.dumps(one)) for path in PATHS for one in request.body.get(path, ()))


def test_the_same_plan_gives_the_same_documents() -> None:
    """Equal plans give equal bytes, and the submission's alias changes with what is submitted and how."""
    aliases = set()
    for rows in (COHORT, (*COHORT[:3], run(title="x")), tuple((n, {**v, "action": "MODIFY"}) for n, v in COHORT)):
        for xml in (False, True):
            (first,), (second,) = documents(*rows, xml=xml), documents(*rows, xml=xml)
            assert first == second
            body = first.body
            aliases.add(sets_of(body)["SUBMISSION_SET"][0].get("alias") if xml else body["submission"]["alias"])
    assert len(aliases) == 6
    assert all(alias.startswith("wbc-") and len(alias) == 24 for alias in aliases)


# with checklists as they are


def every_field(schema: Schema, name: str) -> tuple[tuple[str, Values], int]:
    """A sample with all its own columns filled in, and how many attributes that makes."""
    fixed = sample(name)[1]
    own = {"accession", "center_name", "action", "release_date", "common_name", "scientific_name", "description"}
    left = schema.types[name].properties.keys() - {*fixed, *own, "links", "attributes", "ENA-CHECKLIST"}
    properties = {key: prop for key, prop in schema.types[name].properties.items() if key in left}
    filled = {key: ["a", "b"] if prop.kind is Kind.LIST else "mm" for key, prop in properties.items()}
    lists = sum(prop.kind is Kind.LIST for prop in properties.values())
    units = sum(key.endswith(" unit") and key.removesuffix(" unit") in left for key in left)
    return sample(name, of=name, **filled), len(filled) + lists - units + 1


def test_samples_of_the_fixtures_checklists(ena: Path) -> None:
    """Samples of two checklists share a document; each has its own fields, units and checklist."""
    folder = ROOT / "fixtures" / "ena"
    texts = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("ERC*"))}
    found = {stem: orjson.loads(told) if told.startswith("{") else told for stem, told in texts.items()}
    schema = load_schema(found, "fixtures", "0")
    names = [name for name, kind in schema.types.items() if kind.path == "samples"]
    rows, counts = zip(*(every_field(schema, name) for name in names), strict=True)
    plan = plan_of(project(), *rows, *(experiment(f"x {name}", sample=name) for name in names))
    made = [*render(plan, schema), *render(plan, schema, xml=True)]
    assert [isinstance(request.body, str) for request in made] == [False, True]
    accepted(made, ena)
    for request in made:
        told = sets(request, ena)["SAMPLE_SET"]
        assert [len(one.findall(".//SAMPLE_ATTRIBUTE")) for one in told] == list(counts)
        assert told.xpath("//SAMPLE_ATTRIBUTE[TAG='ENA-CHECKLIST']/VALUE/text()") == ["ERC000011", "ERC000099"]
        assert told.xpath("//SAMPLE_ATTRIBUTE[TAG='depth']/UNITS/text()") == ["mm"]
        assert told.xpath("//SAMPLE_ATTRIBUTE[contains(TAG, 'latitude')]/UNITS/text()") == ["DD"]


def test_samples_of_all_checklists(ena: Path) -> None:
    """A sample with every field of each of ENA's own checklists is accepted, all 48 in one document."""
    found = {path.stem: orjson.loads(path.read_bytes()) for path in sorted((ena / "checklists").glob("*.json"))}
    schema = load_schema(found, "shared", "0")
    names = [name for name, kind in schema.types.items() if kind.path == "samples"]
    rows, counts = zip(*(every_field(schema, name) for name in names), strict=True)
    (request,) = render(plan_of(*rows), schema)
    accepted([request], ena)
    samples = sets(request, ena)["SAMPLE_SET"]
    assert [len(one.findall(".//SAMPLE_ATTRIBUTE")) for one in samples] == list(counts)
    assert samples.xpath("//SAMPLE_ATTRIBUTE[TAG='ENA-CHECKLIST']/VALUE/text()") == list(found)


# whatever the plan


@st.composite
def books(draw: st.DrawFn) -> list[tuple[str, Values]]:
    """Rows of all types in any order, with all that decides about their document."""
    texts = st.text(max_size=8)

    def common(dated: bool) -> Values:
        date = draw(st.sampled_from(["", "", "2027-01-01", "2027-02-01"])) if dated else ""
        return {
            "action": draw(st.sampled_from(["ADD", "ADD", "MODIFY"])),
            **({"release_date": date} if date else {}),
            **({"attributes": [{"tag": "t", "value": draw(texts)}]} if draw(st.booleans()) else {}),
            **({"links": [WEB]} if draw(st.integers(0, 3)) == 0 else {}),
        }

    def some(made: list[tuple[str, Values]]) -> str:
        return str(draw(st.sampled_from([values["alias"] for _, values in made])))

    def aliases(letter: str, least: int) -> Iterator[str]:
        return (f"{letter}{n}" for n in range(draw(st.integers(least, 4))))

    projects = [project(alias, title="t" * 20 + draw(texts), **common(True)) for alias in aliases("p", 1)]
    samples = [sample(alias, title=draw(texts), depth=draw(texts), **common(True)) for alias in aliases("s", 1)]
    reads = [
        experiment(alias, study=some(projects), sample=some(samples), title=draw(texts), **common(False))
        for alias in aliases("x", 0)
    ]
    runs = [run(alias, experiment=some(reads), **common(False)) for alias in aliases("r", 0)] if reads else []
    parts = [
        analysis(
            alias, study=some(projects), samples=[some(samples)], runs=[some(runs)] if runs else [], **common(False)
        )
        for alias in aliases("a", 0)
    ]
    for child in projects[1:]:
        child[1]["parent_project"] = some(projects)
    return draw(st.permutations([*projects, *samples, *reads, *runs, *parts]))


@settings(steady, max_examples=150)
@given(
    rows=books(),
    most_rows=st.sampled_from([1, 3, 1000]),
    most_bytes=st.sampled_from([1_500, 100_000]),
    xml=st.booleans(),
)
def test_every_row_once_and_after_what_it_needs(
    rows: list[tuple[str, Values]], most_rows: int, most_bytes: int, xml: bool
) -> None:
    """Each row is in one document, and what it refers to in the same or an earlier one, within the limits."""
    plan = plan_of(*rows)
    by_id = {op.id: op for op in plan.operations}
    sent: set[str] = set()
    for number, request in enumerate(render(plan, SCHEMA, xml=xml, most_rows=most_rows, most_bytes=most_bytes), 1):
        assert request.batch == number
        assert not sent & set(request.operations)
        sent |= set(request.operations)
        mine = [by_id[name] for name in request.operations]
        for operation in mine:
            linked_rows = [by_id[name] for name in operation.depends_on]
            assert all(one.id in sent for one in linked_rows if one.record.type != operation.record.type)
        assert len({one.record.values["action"] for one in mine}) == 1
        assert len({one.record.values.get("release_date") for one in mine}) == 1
        assert isinstance(request.body, str) == (xml or bool(only_xml(mine[0].record.values, path_of(mine[0]))))
        assert len(mine) <= most_rows
        assert size_of(request) <= most_bytes or len(mine) == 1
    assert sent == set(by_id)


def path_of(operation: Operation) -> str:
    return SCHEMA.types[operation.record.type].path


def waits(plan: Plan) -> dict[Any, set[Any]]:
    """Which kinds of document have to wait for which."""

    def kind(op: Operation) -> Any:
        values = op.record.values
        return values["action"], values.get("release_date"), bool(only_xml(values, path_of(op)))

    by_id = {op.id: op for op in plan.operations}
    found: dict[Any, set[Any]] = {kind(op): set() for op in by_id.values()}
    for op in by_id.values():
        needed = (by_id[name] for name in op.depends_on if by_id[name].record.type != op.record.type)
        found[kind(op)] |= {kind(other) for other in needed} - {kind(op)}
    return found


@settings(steady, max_examples=150)
@given(rows=books())
def test_one_document_for_each_kind_where_links_allow_it(rows: list[tuple[str, Values]]) -> None:
    """Unless kinds wait for each other in a circle, there is one document for each action, date and format."""
    plan = plan_of(*rows)
    kinds_left = waits(plan)
    number = len(kinds_left)
    while free := [kind for kind, needed in kinds_left.items() if not needed & kinds_left.keys()]:
        for kind in free:
            del kinds_left[kind]
    made = len(list(render(plan, SCHEMA)))
    assert made >= number
    assert made == number or kinds_left


@settings(steady, max_examples=60)
@given(rows=books())
def test_whatever_is_sent_is_valid(rows: list[tuple[str, Values]], ena: Path) -> None:
    """The server's converter takes every JSON document, and the XSDs every set; our XML says the same as its own."""
    made = list(render(plan_of(*rows), SCHEMA))
    accepted(made, ena)
    ours = objects(documents(*rows, xml=True), ena)
    theirs = objects((request for request in made if not isinstance(request.body, str)), ena)
    assert theirs.items() <= ours.items()


def objects(requests: Iterable[Request], folder: Path) -> dict[tuple[str, str | None], bytes]:
    """Every object as canonical XML, by its set and alias."""
    every = itertools.chain.from_iterable(sets(request, folder).values() for request in requests)
    return {
        (str(found.tag), one.get("alias")): etree.tostring(etree.fromstring(etree.tostring(one)), method="c14n")
        for found in every
        for one in found
        if found.tag != "SUBMISSION_SET"
    }


@given(value=st.text())
def test_text_is_what_xml_can_hold(value: str) -> None:
    """Any text becomes one that XML takes; text XML takes already stays, but for its line ends."""
    made = text(value)
    assert etree.fromstring(etree.tostring(_held(made))).text in (made, None)
    assert made == value or not value.isprintable()


def _held(value: str) -> etree._Element:
    element = etree.Element("x")
    element.text = value
    return element


@pytest.mark.parametrize(
    ("value", "said"), [(True, "true"), (False, "false"), (3.0, "3"), (0.25, "0.25"), (9606, "9606"), ("1.0", "1.0")]
)
def test_other_values_as_text(value: Any, said: str) -> None:
    """Numbers and yes or no are told the way ENA writes them."""
    assert text(value) == said


# the server's traps, as the tests' own converter has them


TRAPS: list[tuple[str, Values]] = [
    ("samples", {"alias": "a", "organism": {"taxonId": 1}, "attributes": [{"tag": "t", "value": "v", "units": "m"}]}),
    ("samples", {"alias": "a", "organism": {"taxonId": 1}, "sample_description": "x"}),
    ("experiments", {"alias": "a", "study": {"alias": "p"}, "libraryDescriptor": {"libraryLayout": "PAIRED"}}),
    (
        "experiments",
        {"alias": "a", "samples": [{"alias": "s"}], "libraryDescriptor": {"libraryLayout": "SINGLE"}},
    ),
    ("analyses", {"alias": "a", "analysisType": "sequence_variation"}),
]


@pytest.mark.parametrize(("path", "given_object"), TRAPS)
def test_the_converter_throws(path: str, given_object: Values, ena: Path) -> None:
    """``units``, an unknown key of a sample, no sample, SINGLE, and a lower-case analysis type end in an exception."""
    with pytest.raises(ConverterError):
        convert({"submission": {"actions": [ADD]}, path: [given_object]}, key_table(ena))


def test_the_converter_loses_and_misplaces(ena: Path) -> None:
    """``project_links`` vanishes; a sample's description, and attributes beside links, come out where the XSD has no place."""
    described = {"alias": "a", "organism": {"taxonId": 1}, "description": "x"}
    body = only(project(), experiment())
    project_links = {**body["projects"][0], "project_links": [{"xrefLink": {"db": "x", "id": "1"}}]}
    both = {**body["projects"][0], "links": project_links["project_links"], "attributes": [{"tag": "t"}]}
    library = {
        **body["experiments"][0]["libraryDescriptor"],
        "libraryConstructionProtocol": "x",
        "poolingStrategy": "x",
    }
    lost = {
        **body,
        "projects": [project_links],
        "experiments": [{**body["experiments"][0], "libraryDescriptor": library}],
    }
    table = key_table(ena)
    assert objects_equal(convert(lost, table), convert(body, table))
    wrong = convert({**body, "projects": [both], "samples": [described]}, table)
    assert problems(wrong["PROJECT_SET"], ena)
    assert problems(wrong["SAMPLE_SET"], ena)


def objects_equal(one: Mapping[str, etree._Element], other: Mapping[str, etree._Element]) -> bool:
    return {name: etree.tostring(found) for name, found in one.items()} == {
        name: etree.tostring(found) for name, found in other.items()
    }
