"""What a template says about a column: header, type, what else to know, and the prompt and refusal at its cells."""

from __future__ import annotations

from typing import Any

from workbook_compiler.edit.markup import cell_text
from workbook_compiler.model.columns import Field
from workbook_compiler.model.schema import Kind, Property
from workbook_compiler.template.sheets import Reach

TITLE_LIMIT = 32
PROMPT_LIMIT = 255
REFUSAL_LIMIT = 225

_SHOWN_CHOICES = 300
"""Row 4 lists choices up to about this many characters; the dropdown has them all."""

_MOST_COMPANIONS = 4

_TYPE_WORDS = {
    Kind.TEXT: "string",
    Kind.DATE: "string",
    Kind.DATE_TIME: "string",
    Kind.DATE_OR_TIME: "string",
    Kind.ANY: "string",
    Kind.OBJECT: "JSON",
    Kind.LIST: "JSON",
}
_HINTS = {
    Kind.DATE: "A date: 2024-03-01.",
    Kind.DATE_TIME: "A date and time: 2024-03-01 14:30.",
    Kind.DATE_OR_TIME: "A date, 2024-03-01, or a date and time, 2024-03-01 14:30.",
    Kind.BOOLEAN: "TRUE or FALSE.",
    Kind.INTEGER: "A whole number.",
    Kind.NUMBER: "A number.",
}


def header(field: Field) -> str:
    """Return the text of row 1: a star marks a column that every row needs."""
    return f"*{field.header()}" if field.required else field.header()


def type_words(field: Field) -> str:
    """Return the text of row 2, in the words that Submit4DN's workbooks use."""
    listed = field.property.kind is Kind.LIST and not field.json
    words = ("array of " if listed else "") + _single(field)
    return f"array of embedded objects, {words}" if field.list_at is not None and not field.spread else words


def _single(field: Field) -> str:
    leaf = field.property.leaf
    if field.property.attachment or field.property.upload:
        return "string"
    if field.json:
        return "JSON"
    if leaf.link:
        return "Item:" + " or ".join(leaf.link.targets)
    return _TYPE_WORDS.get(leaf.kind, leaf.kind.value)


def description(field: Field) -> str:
    """Return the text of row 3."""
    return " ".join((field.property.description or field.property.title or "-").split())


def information(field: Field, reach: Reach) -> str:
    """Return the text of row 4; ``reach`` says what the column may refer to."""
    prop = field.property
    comments = [prop.comment, prop.leaf.comment if prop.leaf is not prop else ""]
    parts = [
        _needed(field),
        _companions(reach),
        *map(_sentence, comments),
        _how(field, reach),
        _choices(prop),
        _another(field),
    ]
    return " ".join(filter(None, parts)) or "-"


def prompt(field: Field, reach: Reach) -> tuple[str, str]:
    """Return title and text of what a spreadsheet shows beside a selected cell."""
    how = cell_text(" ".join(filter(None, [_needed(field), _companions(reach), _how(field, reach)])), PROMPT_LIMIT)
    about = _sentence(field.property.description or field.property.title)
    room = PROMPT_LIMIT - len(how) - 1
    text = f"{cell_text(about, room)}\n{how}" if how and about and room > 40 else how or cell_text(about, PROMPT_LIMIT)
    return cell_text(header(field), TITLE_LIMIT), cell_text(text or "Text.", PROMPT_LIMIT)


def refusal(field: Field) -> tuple[str, str]:
    """Return title and text of the alert that refuses a value."""
    title, text = _refusal(field.property, cell_text(field.header(), 60))
    return title, cell_text(text, REFUSAL_LIMIT)


def _refusal(prop: Property, name: str) -> tuple[str, str]:
    if prop.choices:
        return "Not in the list", f"Please pick a value of {name} from its list: click the small arrow beside the cell."
    if prop.kind is Kind.BOOLEAN:
        return "TRUE or FALSE", f"Please write TRUE or FALSE for {name}, or pick one from the list."
    if prop.kind is Kind.DATE:
        return "Not a date", f"Please write {name} as year-month-day, such as 2024-03-01, without a time."
    whole = prop.kind is Kind.INTEGER
    number = "a whole number, such as 10" if whole else "a number, such as 5.7"
    note = f" ({_bounds(prop)})" if _bounds(prop) else ""
    title = "Not a whole number" if whole else "Not a number"
    return title, f"Please write {name} as {number}{note}: digits only, no unit, no thousands separator."


def _needed(field: Field) -> str:
    if field.required or not field.needed_in_member or len(field.path) < 2:
        return ""
    return f"Needed when another {field.path[-2]} column is filled in."


def _companions(reach: Reach) -> str:
    names = list(reach.companions)
    if len(names) > _MOST_COMPANIONS:
        names[_MOST_COMPANIONS - 1 :] = [f"{len(names) - _MOST_COMPANIONS + 1} more columns"]
    *most, last = names or [""]
    return f"Needs {', '.join(most)} and {last} as well." if most else last and f"Needs {last} as well."


def _how(field: Field, reach: Reach) -> str:
    prop = field.property
    if prop.attachment or prop.upload:
        return "The path of the file on your computer."
    if field.json:
        return "JSON, such as [1, 2]." if prop.kind is Kind.LIST else 'JSON, such as {"key": "value"}.'
    several = "Several values: separate them with commas." if prop.kind is Kind.LIST else ""
    return " ".join(filter(None, [_value(prop, reach), several]))


def _value(prop: Property, reach: Reach) -> str:
    leaf = prop.leaf
    if leaf.link:
        more = " …" if len(reach.sheets) > 3 else ""
        here = (
            f"A name from the green column of sheet {' or '.join(reach.sheets[:3])}{more}, or an"
            if reach.sheets
            else "An"
        )
        return f"{here} identifier the portal knows{f', such as {reach.example}' if reach.example else ''}."
    bounds = _bounds(leaf)
    hint = _HINTS.get(leaf.kind, "")
    return f"{hint[:-1]}, {bounds}." if bounds and hint else hint


def _bounds(prop: Property) -> str:
    low, high = (None if n is None else f"{n:.15g}" for n in (prop.minimum, prop.maximum))
    if low and high:
        return f"from {low} to {high}"
    return f"{low} or more" if low else f"{high} or less" if high else ""


def _another(field: Field) -> str:
    if field.list_at is None:
        return ""
    top = ".".join(field.path[: field.list_at])
    return f"A second one: copy the {top} columns and end their headers with -1 (a third: -2)."


def _choices(prop: Property) -> str:
    leaf = prop.leaf
    values = [shown(value) for value in leaf.offered]
    if not values:
        return ""
    fitting, length = 0, 0
    while fitting < len(values) and length + len(values[fitting]) <= _SHOWN_CHOICES:
        length += len(values[fitting]) + 3
        fitting += 1
    more = len(values) - fitting
    rest = f" and {more} more, see the list" if more else ""
    return f"{'Choices' if leaf.choices else 'Suggestions'}: {' | '.join(values[:fitting])}{rest}."


def shown(value: Any) -> str:
    """Return a choice as a spreadsheet shows it."""
    return str(value).upper() if isinstance(value, bool) else str(value)


def _sentence(text: str) -> str:
    """Return the text as one line that ends like a sentence, so that another can follow."""
    line = " ".join(text.split())
    return line if not line or line[-1] in ".!?:…" else f"{line}."
