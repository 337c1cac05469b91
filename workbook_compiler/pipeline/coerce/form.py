"""The form a text must have, told to a person: which signs are wrong, and an example."""

from __future__ import annotations

import re

from workbook_compiler.model.codes import texts
from workbook_compiler.model.schema import Property
from workbook_compiler.pipeline.coerce.example import example_in, example_of, missing_signs, wrong_signs
from workbook_compiler.pipeline.coerce.reading import Reading, bad

LONGEST_ADVICE = 25
"""Words of a sentence that is still read at the bench."""

_SIGN_NAMES = {
    " ": "a space", ":": "a colon", "/": "a slash", "\\": "a backslash", ",": "a comma", ";": "a semicolon", ".": "a point",
    "-": "a hyphen", "_": "an underscore", "(": "a bracket", ")": "a bracket", "\n": "a line break", "\t": "a tab",
    "\u00a0": "a no-break space",
}  # fmt: skip
_STANDS_FOR_A_WRONG_SIGN = ("_", "-")
_ASIDE = re.compile(r"\s*\((?:e\.?g|i\.?e|for example|such as)\b[^()]*\)", re.IGNORECASE)
_FIRST_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


def wrong_form(prop: Property, text: str, example: str) -> Reading:
    """Return the reading of a text that doesn't have the form of its property; ``example`` is one that has it."""
    pattern = prop.pattern or ""
    wrong, missing = wrong_signs(pattern, text), missing_signs(pattern, text)
    if wrong:
        detail = f": {_named(wrong, pattern)} can't stand here"
        example = _mended(pattern, text, wrong) or example
    else:
        detail = f": {_named(missing, pattern)} is missing" if missing else ""
    return bad(texts.TXT07, value=text, detail=detail, advice=advice(prop, example))


def example_for(prop: Property) -> str:
    """Return a text that has the form of a property: the schema's own example, else one made up."""
    pattern = prop.pattern or ""
    return example_in(pattern, (prop.comment, prop.description)) or example_of(pattern)


def advice(prop: Property, example: str) -> str:
    """Return what to write, and what the column is for when that is said in a short sentence."""
    about = first_sentence(prop.description)
    return f"{like(example)} {about}".rstrip()


def like(example: str) -> str:
    """Return how something is written: like the example, or like other rows where there is none."""
    end = "" if example.endswith(".") else "."
    return f"Write it like this: {example}{end}" if example else "Compare it with a row that is right."


def first_sentence(text: str) -> str:
    """Return the first sentence of a description without its examples; empty when it is too long to be advice."""
    line = " ".join(_ASIDE.sub("", text).split())
    match = _FIRST_SENTENCE.match(line)
    sentence = match[1] if match else line and f"{line}."
    return sentence if len(sentence.split()) <= LONGEST_ADVICE else ""


def _named(signs: str, pattern: str) -> str:
    """The signs in words, the first three of them: ``a space or “#”``."""
    *most, last = list(dict.fromkeys(_name(sign, pattern) for sign in signs))[:3]
    return f"{', '.join(most)} or {last}" if most else last


def _name(sign: str, pattern: str) -> str:
    if sign.isupper() and not wrong_signs(pattern, sign.lower()):
        return "a capital letter"
    return _SIGN_NAMES.get(sign, f"“{sign}”")


def _mended(pattern: str, text: str, wrong: str) -> str:
    """The text with something harmless for its wrong signs, when that has the right form; letters aren't replaced."""
    for instead in _STANDS_FOR_A_WRONG_SIGN:
        lower = "".join(sign.lower() if sign in wrong else sign for sign in text)
        mended = "".join(instead if sign in wrong and not sign.isalnum() else sign for sign in lower)
        if re.search(pattern, mended):
            return mended
    return ""
