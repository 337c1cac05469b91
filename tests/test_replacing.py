"""A wrong word becomes the right one where it stands, and nothing else in the cell changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook_compiler.marks.replacing import replaced
from workbook_compiler.pipeline.coerce.lists import split

CASES = [
    ("femle", "femle", "female", "female"),
    (" femle\u00a0", "femle", "female", "female"),
    ("*descripton", "descripton", "description", "*description"),
    ("a, femle, b", "femle", "female", "a, female, b"),
    ("femle,femle", "femle", "female", "female,female"),
    ("a\n femle \nb", "femle", "female", "a\n female \nb"),
    ('"rack 2, box 7", femle', "femle", "female", '"rack 2, box 7", female'),
    ('"rack 2, box 8", b', "rack 2, box 8", "rack 2, box 7", '"rack 2, box 7", b'),
    ("a, DMEM", "DMEM", "DMEM, high glucose", 'a, "DMEM, high glucose"'),
    ("DMEM", "DMEM", "DMEM, high glucose", "DMEM, high glucose"),
    ("a; femle", "femle", "female", "a; female"),
    ('["a", "femle"]', "femle", "female", '["a", "female"]'),
    ("[not json, femle]", "femle", "female", None),
    ("femles", "femle", "female", None),
    ("my femle, b", "femle", "female", None),
    ("", "femle", "female", None),
    ("a,, b", "b", "c", "a,, c"),
]


@pytest.mark.parametrize(("text", "wrong", "right", "new"), CASES)
def test_the_word_is_found_as_a_whole_or_as_an_item(text: str, wrong: str, right: str, new: str | None) -> None:
    """A cell, a header behind its star, and items between commas, breaks, quotes and brackets; a part of a word never."""
    assert replaced(text, wrong, right) == new


ITEMS = st.lists(
    st.text(st.characters(codec="ascii", exclude_characters='"[]\\', min_codepoint=33), min_size=1), min_size=1
)


@given(ITEMS, st.data())
def test_a_list_keeps_its_other_items(items: list[str], data: st.DataObject) -> None:
    """Of any list only the wrong item is another one afterwards, as the compiler reads it."""
    wrong = data.draw(st.sampled_from(items))
    text = ", ".join(f'"{item}"' if set(",;|") & set(item) else item for item in items)
    new = replaced(text, wrong, "right, one")
    if len(items) == 1:
        assert new in ("right, one", '"right, one"')
        return
    assert new is not None
    assert split(new, ",") == ["right, one" if item == wrong else item for item in items]


@given(st.lists(st.text(), min_size=2), st.data())
def test_a_list_in_brackets_keeps_its_other_items(items: list[str], data: st.DataObject) -> None:
    """The same for a list in square brackets, whatever signs are in it."""
    wrong = data.draw(st.sampled_from(items))
    new = replaced(json.dumps(items), wrong, "right")
    if wrong == wrong.strip():
        assert new is not None
        assert json.loads(new) == ["right" if item == wrong else item for item in items]
