"""A change that a rule asks for -> a code and the words for it, with the comment that the schema's authors wrote beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from workbook_compiler.model.codes import values
from workbook_compiler.model.diagnostics import Code, count
from workbook_compiler.model.records import Pointer
from workbook_compiler.pipeline.causes.mending import Act, Change, Condition

Words = tuple[Pointer, Code, Mapping[str, Any]]

LONGEST_SENTENCE = 25
"""Words of a sentence that is still read; a comment's longer ones are left out."""
_SHOWN = 40
"""Characters of a value that are quoted in a reason."""
_MOST_VALUES = 3
"""So many values are told one by one."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+|;\s+")

GOES_WITH = replace(
    values.REQ03,
    message="{field} is needed because {because} {state}.",
    hint="Fill in {field}, or {instead} {because}.",
    usual=(("state", "is filled in"), ("instead", "clear")),
)
"""A value that another one needs, where it matters which value that is."""


def dotted(pointer: Pointer) -> str:
    """Return the names on the way to a place: ``spikes.lanes``."""
    return ".".join(str(step) for step in pointer if isinstance(step, str))


@lru_cache(maxsize=64)
def commented(code: Code) -> Code:
    """Return the code with room for a comment behind its message."""
    return replace(code, message=f"{code.message}{{comment}}", usual=(*code.usual, ("comment", "")))


def with_comment(cause: Words, comment: str, names: Iterable[str] = ()) -> Words:
    """Return a cause that ends with what the schema's authors say about the rule, as far as that is short."""
    at, code, context = cause
    said = told(comment, {dotted(at), *names})
    return (at, commented(code), {**context, "comment": f" {said}"}) if said else cause


def told(comment: str, names: Iterable[str]) -> str:
    """Return the sentence of a comment that speaks most of these columns and values; of several at least one has to.

    Nothing is returned where only sentences are left that nobody would read to their end.
    """
    sentences = [_as_sentence(text) for text in _SENTENCE.split(" ".join(comment.split())) if text]
    short = [text for text in sentences if len(text.split()) <= LONGEST_SENTENCE]
    scored = [sum(name.rpartition(".")[2] in text for name in names) for text in short]
    return short[scored.index(max(scored))] if any(scored) or len(sentences) == len(short) == 1 else ""


def _as_sentence(text: str) -> str:
    text = text[:1].upper() + text[1:] if text.partition(" ")[0].isalpha() else text
    return text if text.endswith((".", "!", "?")) else f"{text}."


def say(change: Change, comment: str, *, hidden: bool) -> Words | None:
    """Return where and in which words a person is told of a change; None for a value that breaks a rule all by itself."""
    others = [c for c in change.because if c.at != change.at[: len(c.at)] and change.at != c.at[: len(change.at)]]
    ranked = sorted(others, key=lambda condition: condition.value is None)[:2]
    if hidden and change.because:
        return with_comment(_out_of_reach(change), comment)
    if change.act is Act.ADD and not change.options:
        found = _needed(change, ranked)
    elif change.act is Act.CHANGE and not ranked and not (change.because and change.word in ("enum", "const")):
        return None
    else:
        statement, advice = _SAYERS["choice" if change.options else change.act](change, ranked)
        found = change.at, values.RUL01, {"reason": statement, "advice": advice, "value": _plain(change.value)}
    if ranked and found[1] is values.RUL01:
        found = found[0], found[1], {**found[2], "because": dotted(ranked[0].at)}
    return _reasoned(
        found, comment, [*(dotted(c.at) for c in ranked), *filter(None, (_plain(c.value) for c in ranked))]
    )


def _reasoned(found: Words, comment: str, names: Sequence[str]) -> Words:
    """A broken rule's reason takes the comment in; other codes have it behind their message."""
    at, code, context = found
    said = told(comment, {dotted(at), *names})
    if code is not values.RUL01:
        return with_comment(found, comment, names)
    return (at, code, {**context, "reason": f"{context['reason']}. {said.rstrip('.')}"}) if said else found


def _needed(change: Change, ranked: Sequence[Condition]) -> Words:
    if not ranked:
        return change.at, values.REQ01, {}
    first, *more = ranked
    because = dotted(first.at)
    if first.value is None and not more:
        return change.at, values.REQ03, {"because": because}
    state = " and ".join([_state(first), *(f"{dotted(c.at)} {_state(c)}" for c in more)])
    instead = "clear" if first.value is None else "change"
    return change.at, GOES_WITH, {"because": because, "state": state, "instead": instead}


def _state(condition: Condition) -> str:
    return "is filled in" if condition.value is None else f"is {quoted(condition.value)}"


def quoted(value: Any) -> str:
    """Return a value as it is named in a sentence: ``“released”``; TRUE and FALSE as a workbook shows them."""
    text = _plain(value) or "…"
    return f"“{text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'}”"


def _plain(value: Any) -> str | None:
    if isinstance(value, list) and value and all(isinstance(v, str | int | float) for v in value):
        return ", ".join(filter(None, map(_plain, value)))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, str | int | float) else None


def _clause(ranked: Sequence[Condition]) -> str:
    return f" because {' and '.join(f'{dotted(c.at)} {_state(c)}' for c in ranked)}" if ranked else ""


def _instead(ranked: Sequence[Condition]) -> str:
    return f", or {'clear' if ranked[0].value is None else 'change'} {dotted(ranked[0].at)}" if ranked else ""


def _choice(change: Change, ranked: Sequence[Condition]) -> tuple[str, str]:
    prefix = change.at[:-1]
    options = " or ".join(" with ".join(dotted((*prefix, name)) for name in names) for names in change.options[:6])
    return f"one of these has to be filled in: {options}{_clause(ranked)}", "Fill in one of them."


def _clear(change: Change, ranked: Sequence[Condition]) -> tuple[str, str]:
    name = dotted(change.at)
    if len(ranked) == 1 and ranked[0].value is None:
        one, other = sorted((name, dotted(ranked[0].at)))
        return f"{one} and {other} can't be filled in together", "Clear one of them."
    return f"{name} can't be filled in{_clause(ranked) or ' here'}", f"Clear {name}{_instead(ranked)}."


def _changed(change: Change, ranked: Sequence[Condition]) -> tuple[str, str]:
    name, advice = dotted(change.at), f"Change {dotted(change.at)}{_instead(ranked)}."
    inside = isinstance(change.at[-1], int) if change.at else False
    wanted = list(change.wanted) if change.word == "enum" else [change.wanted] if change.word == "const" else []
    shown = " or ".join(map(quoted, dict.fromkeys(map(_plain, wanted))))
    if wanted and len(wanted) <= _MOST_VALUES:
        return f"{name} {'can only hold' if inside else 'has to be'} {shown}{_clause(ranked) or ' here'}", advice
    if change.word in ("minItems", "maxItems"):
        least = "at least" if change.word == "minItems" else "at most"
        return f"{name} takes {least} {count(change.wanted, 'value')}{_clause(ranked)}", advice
    beside = (
        " and ".join(dotted(c.at) + ("" if c.value is None else f" {quoted(c.value)}") for c in ranked) or "the rest"
    )
    given = f" {quoted(change.value)}" if _plain(change.value) else ""
    return f"{name}{given} doesn't go with {beside}", advice


def _avoided(change: Change, ranked: Sequence[Condition]) -> tuple[str, str]:
    name = dotted(change.at)
    given = quoted(change.value) if _plain(change.value) else "what it is"
    return f"{name} can't be {given}{_clause(ranked) or ' here'}", f"Change {name}{_instead(ranked)}."


def _out_of_reach(change: Change) -> Words:
    """What is missing is filled in by the portal's own people: the cell that asks for it is the one to clear."""
    asking = change.because[0]
    name = dotted(asking.at)
    state = "can't be filled in" if asking.value is None else f"can't be {quoted(asking.value)}"
    reason = f"{name} {state} without {dotted(change.at)}, which only the portal's staff may fill in"
    return asking.at, values.RUL01, {"reason": reason, "advice": f"Clear {name}."}


_SAYERS: dict[Any, Any] = {
    "choice": _choice,
    Act.CLEAR: _clear,
    Act.CHANGE: _changed,
    Act.AVOID: _avoided,
}
