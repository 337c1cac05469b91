"""What a sentence for the bench must not have: words of those who write schemas or programs, more words than are read at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 25
"""Words of a sentence that is read at once."""
_NAMES = """
    $ref additionalProperties allOf anyOf const dependencies dependentRequired dependentSchemas enum exclusiveMaximum
    exclusiveMinimum linkTo maxItems maxLength minItems minLength oneOf patternProperties uniqueItems PATCH POST PUT None NoneType
    NaN Traceback HTTP URI
"""
_WORDS = """
    array boolean codepoint deserialize dict endpoint enum exception float instance integer invalid jsonschema malformed
    mandatory nullable null object parameter parse parsed parser parsing pattern payload pointer properties property regex
    regexp schema serialize string subschema token traceback tuple unexpected validate validation validator whitespace
"""
SCHEMA_WORDS = re.compile(
    rf"(?<!\w)(?:{'|'.join(map(re.escape, _NAMES.split()))})\b|"
    rf"\b(?i:{'|'.join(_WORDS.split())}|regular expression)(?i:e?s)?\b|[\\^]"
)
"""What nobody at the bench has to know; ``wbc schemas pull`` is a command, and JSON is JSON to those who typed it."""
SINGULAR = re.compile(r"(?<![\d.,:])1 [a-z]+(?<!s)s\b|\b(?:0|[2-9]|\d\d+) (?:row|cell|value|character|file)\b")
ASKS = frozenset(
    "Add Ask Change Check Choose Clear Compare Copy Correct Delete Exchange Export Fetch Fill Format Get Give Keep Leave"
    " Look Make Mend Move Name Nothing Open Put Remove Rename Replace Run Save Say Search Send Separate Shorten Split"
    " Type Unmerge Write".split()
)
"""Words with which a hint begins: what to do, or that there is nothing to do."""
_COMMAND = re.compile(r"wbc schemas \w+|--schemas")
_QUOTED = re.compile(r"“[^”]*”")
_SENTENCES = re.compile(r"(?<=[.!?:])\s|\n")


def faults(text: str, *own: str | None) -> Iterator[str]:
    """Yield what a person would stumble over in a text; ``own`` are values of the user, who may write what they like."""
    for value in own:
        text = text.replace(value, "x") if value else text
    text = _COMMAND.sub("wbc", _QUOTED.sub("x", text))
    if text != text.strip() or not text:
        yield f"spaces around it, or nothing: {text!r}"
    yield from (f"{found[0]}: {text}" for found in SCHEMA_WORDS.finditer(text))
    yield from (f"{found[0]}: {text}" for found in SINGULAR.finditer(text))
    yield from (f"a gap {found[0]}: {text}" for found in re.finditer(r"\{\w*\}|  |\.\.(?!\.)|\?\.| [.,;](?!\w)", text))
    yield from (f"too long: {one}" for one in _SENTENCES.split(text) if len(one.split()) > LONGEST)


def advising(hint: str, *own: str | None) -> Iterator[str]:
    """Yield what a person would stumble over in a hint, which begins with what to do."""
    if hint.split(" ", 1)[0] not in ASKS:
        yield f"it doesn't begin with what to do: {hint}"
    yield from faults(hint, *own)
