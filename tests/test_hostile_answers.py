"""A server's answers come from outside: any JSON in them is taken, and what isn't understood is like what isn't there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook_compiler.errors import UnreachableError
from workbook_compiler.model.plan import Request
from workbook_compiler.model.records import Pointer, with_value
from workbook_compiler.model.service import Account, Answer, Found, Refusal, Send, Term
from workbook_compiler.portals import snovault_server as server
from workbook_compiler.portals.plain_words import in_plain_words
from workbook_compiler.portals.snovault_refusals import as_name, refusals

SECONDS = 0.1
"""Of the processor, for one answer."""
LONG = 100_000
STATUSES = st.sampled_from([200, 201, 307, 400, 401, 403, 404, 409, 422, 429, 500])

BODY: Mapping[str, Any] = {
    "aliases": ["demo-lab:a"], "title": "Demo Supplies", "": {"": 1}, "parts": [{"name": "x", "a.b": [1, 2]}],
}  # fmt: skip
REQUEST = Request(0, "POST", "/vendor", BODY)

WORDS = st.sampled_from([
    "'title' is a required property", "'url' is a dependency of 'title'", "'x' not found", "Unable to resolve link: /A/x",
    "'x' is not of type 'Vendor'", "5 is not of type 'string'", "'x' is not one of ['a', 5, None]", "'x' is not a 'date'",
    "Additional properties are not allowed ('wrong' was unexpected)", "Keys conflict: [('alias', 'demo-lab:a')]",
    "'x' is not one of [{[]: 1}]", "' is not one of [", "{0} is less than the minimum of {1}", "'", "('", "Schema: ", ".",
    "Schema: parts.0.a.b.1", "Schema: parts.²", "Schema: parts.99999999999999999999", "Schema: aliases.-1", "/", "//", "%",
    f"Schema: parts.{'9' * 5_000}", "/labs/x/", "Vendor", "demo-lab:a", "http://[",
])  # fmt: skip
NAMES = st.sampled_from(
    "@id @type @graph uuid aliases errors name description detail title submits_for groups awards email status file_format"
    " valid_item_types upload_credentials extra_files_creds".split()
)
SINGLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS
ANYTHING = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=5),
    max_leaves=16,
)

RECORD = {
    "@id": "/vendors/5/",
    "uuid": "5",
    "@type": ["Vendor", "Item"],
    "aliases": ["demo-lab:a"],
    "status": "current",
}
USER = {"@id": "/users/1/", "email": "a@b.org", "submits_for": ["/labs/x/", {"@id": "/labs/y/"}], "groups": ["admin"]}
LAB = {"@id": "/labs/x/", "awards": ["/awards/1/", {"@id": "/awards/2/"}]}
FORMATS = {"@graph": [{"@id": "/file-formats/fastq/", "valid_item_types": ["FileFastq"]}]}
KEYS = {"@graph": [{"upload_credentials": {}, "extra_files_creds": [{"file_format": "/file-formats/bai/"}]}]}
REFUSALS: list[Any] = [
    {
        "errors": [{"location": "body", "name": "Schema: aliases.0", "description": "'x' is too long"}],
        "description": "No",
    },
    {"errors": [{"name": ["parts", 0, "name"], "description": "'x' is a required property"}]},
    {"detail": "Keys conflict: [('alias', 'demo-lab:a'), ('name', \"o'neill\")]"},
]


def places(value: Any, at: Pointer = ()) -> Iterator[Pointer]:
    """Every place inside a JSON value, the whole first."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield from places(inner, (*at, step))


def almost(shape: Any) -> st.SearchStrategy[Any]:
    """A well-shaped answer, one part of which is something else."""
    return st.builds(with_value, st.just(shape), st.sampled_from(list(places(shape))), ANYTHING)


WRONG: list[Any] = [None, True, 5, 1.5, "", "x", [], [5], [None], [[]], [{}], {}, {"x": 5}, {"@id": 5}, {"@id": []}]


def spoilt(shape: Any) -> Iterator[Any]:
    """Every answer that differs from a good one in one part."""
    return (with_value(shape, at, wrong) for at in places(shape) for wrong in WRONG)


def answers_like(*shapes: Any) -> st.SearchStrategy[tuple[Answer, ...]]:
    """Answers that come one after the other, each as it should be, or nearly."""
    bodies = (almost(shape) | st.just(shape) for shape in shapes)
    return st.tuples(*(st.builds(Answer, st.just(200) | STATUSES, body, st.just({})) for body in bodies))


def is_found(found: Found | None) -> bool:
    return found is None or (
        all(isinstance(text, str) for text in (found.uuid, found.path, *found.types, *found.names)) and found.path != ""
    )


def is_account(account: Account) -> bool:
    paths = [path for lab, awards in account.owners.items() for path in (lab, *awards)]
    return all(isinstance(text, str) and text for text in (account.name, *paths)) and isinstance(account.admin, bool)


def are_refusals(found: list[Refusal]) -> bool:
    return bool(found) and all(
        type(refusal.words) is str
        and (refusal.value is None or type(refusal.value) is str)
        and {type(step) for step in refusal.pointer or ()} <= {str, int}
        for refusal in found
    )


def is_term(term: Term) -> bool:
    return all(isinstance(text, str) for text in (term.name, *term.meant_for))


FOUND = Found("5", "/vendors/5/", ())
CALLS: dict[str, tuple[Callable[[Send], Any], Callable[[Any], bool], tuple[Any, ...]]] = {
    "account": (server.account, is_account, (USER, LAB, LAB)),
    "find": (
        lambda send: server.find(send, ["demo-lab:a", "demo-lab:b", "5"])[0],
        lambda found: set(found) <= {"demo-lab:a", "demo-lab:b"} and all(map(is_found, found.values())),
        ({"@graph": [RECORD]},),
    ),
    "look": (lambda send: server.look(send, "demo-lab:a", ("Vendor",)), is_found, (RECORD, RECORD)),
    "values": (lambda send: server.values(send, FOUND), lambda found: isinstance(found, dict), (RECORD,)),
    "vocabulary": (lambda send: server.vocabulary(send, "Format"), lambda terms: all(map(is_term, terms)), (FORMATS,)),
    "created": (
        lambda send: server.created(send("POST", "/vendor")),
        lambda found: found is None or (isinstance(found, str) and found != ""),
        ({"@graph": [RECORD, "/vendors/5/"]},),
    ),
    "awaits_file": (
        lambda send: server.awaits_file(server.values(send, FOUND)),
        lambda found: isinstance(found, bool),
        (RECORD,),
    ),
    "upload_keys": (lambda send: server.upload_keys(send, "5"), lambda _: True, (KEYS,)),
    "upload_keys of an extra file": (lambda send: server.upload_keys(send, "5", "bai"), lambda _: True, (KEYS, RECORD)),
}
"""What is asked of a server, what every answer has to become, and what good answers look like."""


@pytest.mark.parametrize("name", list(CALLS))
@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_any_answer_is_taken(name: str, data: st.DataObject) -> None:
    """Whatever a server says becomes what was asked for, or UnreachableError."""
    ask, holds, shapes = CALLS[name]
    coming = cycle(data.draw(answers_like(*shapes)))
    with suppress(UnreachableError):
        assert holds(ask(lambda *_: next(coming)))


@pytest.mark.parametrize("name", list(CALLS))
def test_any_part_of_an_answer_may_be_missing_or_wrong(name: str) -> None:
    """Each part of a good answer is replaced by each kind of wrong one."""
    ask, holds, shapes = CALLS[name]
    good = [Answer(200, shape, {}) for shape in shapes]
    for number, shape in enumerate(shapes):
        for body in spoilt(shape):
            coming = cycle([*good[:number], Answer(200, body, {}), *good[number + 1 :]])
            with suppress(UnreachableError):
                assert holds(ask(lambda *_, coming=coming: next(coming)))


@pytest.mark.parametrize("status", [409, 422])
def test_any_part_of_a_refusal_may_be_missing_or_wrong(status: int) -> None:
    """Each part of a good refusal is replaced by each kind of wrong one."""
    for body in (body for shape in REFUSALS for body in spoilt(shape)):
        assert are_refusals(refused(status, body))


@settings(deadline=None, max_examples=400)
@given(answer=st.sampled_from(REFUSALS).flatmap(lambda shape: st.builds(Answer, STATUSES, almost(shape), st.just({}))))
def test_any_refusal_is_taken(answer: Answer) -> None:
    """Whatever a server has against a message is one refusal at least, each with words and a place or none."""
    assert are_refusals(refusals(answer, REQUEST))


@settings(deadline=None)
@given(words=WORDS | st.text(), more=WORDS | st.text())
def test_any_words_are_taken(words: str, more: str) -> None:
    """Whatever the server's checker says has words for the bench, and any title has a name."""
    assert isinstance(in_plain_words(words + more, more), str)
    assert isinstance(as_name(words + more), str)


# ---------------------------------------------------------------- what becomes of some of it


def refused(status: int, body: Any) -> list[Refusal]:
    return refusals(Answer(status, body, {}), REQUEST)


def said(description: str, name: Any = "Schema: ") -> Refusal:
    [refusal] = refused(422, {"errors": [{"name": name, "description": description}]})
    return refusal


@pytest.mark.parametrize(
    "body", [None, 5, [], {"errors": 5}, {"errors": {}}, {"errors": [5, None, []]}, {"detail": [1]}]
)
def test_an_answer_without_errors_is_its_status(body: Any) -> None:
    """What isn't understood says no more than the status."""
    assert refused(422, body) == [Refusal("other", None, "it answered 422 without a reason.")]


@pytest.mark.parametrize("me", [{}, {"@id": None}, {"@id": 5}, {"@id": ""}, {"email": "a@b.org"}, [], 5, None])
def test_an_account_without_its_path_is_none(me: Any) -> None:
    """A key that the portal doesn't know gets an answer, too."""
    with pytest.raises(UnreachableError):
        server.account(lambda *_: Answer(200, me, {}))


def test_an_account_may_submit_for_what_is_understood() -> None:
    """Labs and groups that are no lists are none, and a name that is no text is the account's path."""
    me = {"@id": "/users/1/", "email": 5, "submits_for": 5, "groups": "administrators"}
    found = server.account(lambda *_: Answer(200, me, {}))
    assert (found.name, found.admin, found.owners) == ("/users/1/", False, {})


@pytest.mark.parametrize(
    ("given", "types"), [("Vendor", ("Vendor",)), (["Vendor", 5], ("Vendor",)), (5, ()), ({"a": 1}, ())]
)
def test_a_single_class_is_a_class(given: Any, types: tuple[str, ...]) -> None:
    """A record's class may stand without its list; what is no name is no class."""
    found = server.look(lambda *_: Answer(200, {**RECORD, "@type": given}, {}), "demo-lab:a")
    assert found is not None
    assert found.types == types


def test_a_place_beyond_any_list_is_a_name() -> None:
    """Digits that are no place in a list stay as they are."""
    assert said("x", "Schema: parts.²").pointer == ("parts", "²")
    assert said("x", f"Schema: parts.{'9' * 5_000}").pointer == ("parts", "9" * 5_000)
    assert said("x", ["parts", True, 0, {}]).pointer == ("parts", 0)


@pytest.mark.parametrize("value", ["o'neill", 'say "x"', "a, b", "(x)"])
def test_a_conflict_names_any_value(value: str) -> None:
    """A key and its value are told as Python writes them, in one kind of quotes or the other."""
    [refusal] = refused(409, {"detail": f"Keys conflict: {[('vendor:name', value)]!r}"})
    assert refusal.value == value


def test_choices_may_hold_commas_and_quotes() -> None:
    """A list of choices is read as Python writes it."""
    words = in_plain_words("'x' is not one of " + repr(["a, b", "it's", 5]), "it's")
    assert words == "it isn't in the list. Nearest: it's, a, b, 5."


# ---------------------------------------------------------------- long ones

PIECES = [
    "'", "''", '"', "('", '("', "('a','", "('a',", "('\\'", "'\\'", "\\", "[", "{", "{[]:", "1,", "-", "( ", ".", "/", "\n",
    "' is a required property", "' is a dependency of '", "' is not of type '", "' is not of type 'x", "' is not of type 'x',",
    " is not one of [", " is not one of ['", " is less than the minimum of 5\n", " is not a 'a", "' not found",
    "Unable to resolve link: /", "Additional properties ('", "9", "0.",
]  # fmt: skip


def quickest(ask: Callable[[], object]) -> float:
    """Processor seconds of the quickest of three: this process may be clearing away what other tests have left."""
    found = []
    for _ in range(3):
        start = time.process_time()
        ask()
        found.append(time.process_time() - start)
    return min(found)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(("first", "last"), [("", ""), ("Additional properties ", "\n"), ("'x' is not one of [", "]")])
def test_long_words_are_answered_at_once(piece: str, first: str, last: str) -> None:
    """However the words repeat themselves, nobody waits for what they mean."""
    text = first + (piece * LONG)[:LONG] + last

    def ask() -> None:
        refused(422, {"errors": [{"name": f"Schema: {text}", "description": text}]})
        refused(409, {"detail": text})

    assert quickest(ask) < 2 * SECONDS


def test_very_many_errors_are_answered_at_once() -> None:
    """An answer may hold any number of them."""
    errors = [{"name": "Schema: title", "description": f"'{n}' not found"} for n in range(LONG)]
    assert refused(422, {"errors": errors})
    assert quickest(lambda: refused(422, {"errors": errors})) < SECONDS


def test_long_words_are_understood_by_their_end() -> None:
    """What is wrong with a long value stands behind it."""
    assert said(f"'{'x' * LONG}' is too long", "Schema: title").words == "it is too long."
