"""Step 8, of links to nothing: which of both sides is mistyped, and which other mistake has led to them.

One mistake is told once. Rows that agree on a name nobody has, while nobody names a row that is called nearly so, are right,
and that row is mistyped. A link that was dragged down counts up. A row that was copied has another one's name, and its own is
missed. All other links to nothing are mistyped themselves, or lead to records of the portal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import NamedTuple

from workbook_compiler.model.codes import links
from workbook_compiler.model.diagnostics import Diagnostic, Location
from workbook_compiler.model.records import Pointer, Record, value_at
from workbook_compiler.nearest import Identifiers, cost

Places = Sequence[tuple[Record, Pointer]]
Index = Mapping[str, Sequence[tuple[int, Pointer]]]
"""Every identifier with the records it names, and where in the record it stands."""

_PARTS = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
_COUNTED = re.compile(r"(.*?)(\d+)", re.DOTALL)
_KNOWN_WORD = 3
"""A word that so many names have isn't mistyped."""
_AGREED = 3
"""A name that is used so many times as often as another one, which is nearly the same, is the right one."""


class Stranger(NamedTuple):
    """A link value that names no row, and every cell that holds it."""

    value: str
    key: str
    """The identifier in it."""
    places: Places
    targets: tuple[str, ...]


@dataclass
class Names:
    """What rows are called, and how often they are named by others."""

    records: Sequence[Record]
    index: Index
    named: Mapping[int, int]
    """For each record how many links name it."""
    is_among: Callable[[int, Sequence[str]], bool]
    numbers: bool = True
    """Whether another number may be a slip."""
    _by_targets: dict[tuple[str, ...], Identifiers] = field(default_factory=dict)

    def of(self, targets: tuple[str, ...]) -> Identifiers:
        """Return the identifiers of the rows that a link may lead to, to be asked for near ones."""
        if targets not in self._by_targets:
            used = {
                name: sum(self.named.get(number, 0) for number, _ in owners)
                for name, owners in self.index.items()
                if any(self.is_among(number, targets) for number, _ in owners)
            }
            self._by_targets[targets] = Identifiers(used, _liked(used))
        return self._by_targets[targets]

    def near(self, stranger: Stranger, limit: int) -> list[str]:
        """Return the names that a link may have been meant to be."""
        return self.of(stranger.targets).close(stranger.key, numbers=self.numbers, limit=limit)

    def is_of(self, name: str, targets: Sequence[str]) -> bool:
        """Tell whether a row of this name may be linked to there."""
        return any(self.is_among(number, targets) for number, _ in self.index[name])

    @cached_property
    def words(self) -> Counter[str]:
        """How many names have each word; numbers don't count."""
        return Counter(word for name in self.index for word in _words(name))

    @cached_property
    def misnamed(self) -> Mapping[str, Record]:
        """What stands where an identifier should be and isn't one, with its row."""
        return {text: record for record in self.records if record.misnamed for text in record.misnamed}

    @cached_property
    def unfit(self) -> Identifiers:
        """The same, to be asked for near ones."""
        return Identifiers(list(self.misnamed))

    @cached_property
    def by_row(self) -> Mapping[tuple[str, str | None, int | None], Record]:
        """The record of each row."""
        return {record.location[:3]: record for record in self.records}

    @cached_property
    def lonely(self) -> Identifiers:
        """Names that no link has and that hold a word of their own, to be asked for near ones."""
        return Identifiers([n for n in self.index if not self.uses(n) and any(self.words[w] == 1 for w in _words(n))])

    def uses(self, name: str) -> int:
        """Return how many links name a row by any of its names."""
        return sum(self.named.get(number, 0) for number, _ in self.index[name])

    def are_all_named(self, targets: tuple[str, ...]) -> bool:
        """Tell whether nearly every row that such links may lead to is named by one."""
        owners = {n for found in self.index.values() for n, _ in found if self.is_among(n, targets)}
        return 10 * sum(1 for number in owners if self.named.get(number)) >= 8 * len(owners)

    def is_odd(self, name: str, other: str) -> bool:
        """Tell whether a name has a word that nearly no name has, where the other one has a common one."""
        own, others = _words(name), _words(other)
        rarest = min((self.words[word] for word in own - others), default=_KNOWN_WORD)
        return rarest < _KNOWN_WORD <= min((self.words[word] for word in others - own), default=0)

    def cell(self, name: str) -> Location:
        """Return where a row is called so."""
        number, pointer = self.index[name][0]
        return self.records[number].origin.locations()[pointer]


def _words(name: str) -> set[str]:
    return {_DIGITS.sub("0", part) for part in _PARTS.findall(name)}


def _liked(used: Mapping[str, int]) -> dict[str, float]:
    """Where all are named about as often, one that is named less is likely meant; else one that is named more."""
    counts = [count for count in used.values() if count]
    usual = median(counts) if counts else 0
    even = bool(counts) and max(counts) <= 2 * usual
    return {name: float(-count if even else count) for name, count in used.items()}


class Told(NamedTuple):
    """What is to be told, and the strangers that are still to be explained."""

    said: list[Diagnostic]
    left: list[Stranger]


def explained(strangers: Iterable[Stranger], names: Names) -> Told:
    """Return what other mistakes have led to links to nothing, and the links that are left."""
    said: list[Diagnostic] = []
    left = list(strangers)
    for step in (_dragged, _copied, _misnamed, _misspelt):
        found, left = step(left, names) if left else Told([], left)
        said += found
    return Told(said, left)


def cells(places: Places) -> list[Location]:
    """Return the cells of some places, each once."""
    return list(dict.fromkeys(record.origin.locations()[pointer] for record, pointer in places))


def _dragged(strangers: Sequence[Stranger], names: Names) -> Told:
    """Links that count up from the row above, each in one cell: dragged down."""
    alone = {}
    for stranger in strangers:
        match = _COUNTED.fullmatch(stranger.value)
        if match and len(stranger.places) == 1:
            record, pointer = stranger.places[0]
            alone[record.location[:3], pointer] = stranger, match[1], int(match[2])
    said, gone = list[Diagnostic](), set[str]()
    for (row, pointer), (stranger, stem, number) in alone.items():
        if stranger.value in gone:
            continue
        above = names.by_row.get((row[0], row[1], (row[2] or 0) - 1))
        first = value_at(above.values, pointer) if above is not None else None
        if not isinstance(first, str) or first not in names.index or not _is_next(first, stem, number):
            continue
        run, below = [stranger], (row[0], row[1], (row[2] or 0) + 1)
        while (follower := alone.get((below, pointer))) and follower[1:] == (stem, number + len(run)):
            run.append(follower[0])
            below = (*below[:2], below[2] + 1)
        if len(run) > 1:
            at, *more = cells([place for one in run for place in one.places])
            column = ".".join(str(step) for step in pointer if isinstance(step, str))
            said.append(Diagnostic(links.REF11, at, column, stranger.value, {"first": first}, (first,), tuple(more)))
            gone |= {one.value for one in run}
    return Told(said, [one for one in strangers if one.value not in gone])


def _is_next(text: str, stem: str, number: int) -> bool:
    match = _COUNTED.fullmatch(text)
    return match is not None and (match[1], int(match[2]) + 1) == (stem, number)


def _copied(strangers: Sequence[Stranger], names: Names) -> Told:
    """A row that has another one's name, between rows whose numbers leave out the one that is missed."""
    said, gone = list[Diagnostic](), set[str]()
    twice = [(name, owners) for name, owners in names.index.items() if len({number for number, _ in owners}) > 1]
    missed: dict[int, list[Stranger]] = {}
    for stranger in strangers if twice else ():
        for last in _numbers(stranger.key)[-1:]:
            missed.setdefault(last, []).append(stranger)
    for name, owners in twice:
        for number, pointer in owners:
            around = _around(names.records, number, pointer)
            near = {s.value: s for text, step in around for last in _numbers(text)[-1:]
                    for way in (0, step, -step) for s in missed.get(last + way, ())}  # fmt: skip
            open_ = [s for s in near.values() if s.value not in gone and names.is_among(number, s.targets)]
            fitting = _fitting(open_, around, name)
            if len(fitting) == 1 and _words(name) & _words(fitting[0].key):
                places = [names.records[n].origin.locations()[p] for n, p in owners]
                said.append(_called(fitting[0], places[1], str(pointer[0]), name))
                gone.add(fitting[0].value)
    return Told(said, [one for one in strangers if one.value not in gone])


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, _DIGITS.findall(text)))


def _around(records: Sequence[Record], number: int, pointer: Pointer) -> list[tuple[str, int]]:
    """The names of the rows before and after one, with the step from them to it."""
    found = []
    for step in (-1, 1):
        if 0 <= number + step < len(records) and records[number + step].location[:2] == records[number].location[:2]:
            text = value_at(records[number + step].values, pointer)
            found += [(text, -step)] if isinstance(text, str) else []
    return found


def _fitting(strangers: Sequence[Stranger], around: Sequence[tuple[str, int]], name: str) -> list[Stranger]:
    """The names that fit best between those of the rows around: that go on counting, or whose numbers lie between.

    The row that has the same name may have it wrongly, and nothing counts on from it alone.
    """
    counted = {
        s.value: [_numbers(other)[-1:] == (_numbers(s.key)[-1] - step,) for other, step in around if other != name]
        for s in strangers
    }
    on_both = {s.value for s in strangers if all(_numbers(o)[-1:] == (_numbers(s.key)[-1] - n,) for o, n in around)}
    ways: tuple[Callable[[Stranger], bool], ...] = (
        lambda s: bool(around) and s.value in on_both,
        lambda s: _lies_between(_numbers(s.key), around),
        lambda s: any(counted[s.value]),
    )
    return next((found for way in ways if (found := [s for s in strangers if way(s)])), [])


def _lies_between(own: tuple[int, ...], around: Sequence[tuple[str, int]]) -> bool:
    others = [(_numbers(other), step) for other, step in around]
    are_sorted = all((numbers < own) if step > 0 else (own < numbers) for numbers, step in others)
    return len(others) == 2 and are_sorted and {len(own)} == {len(numbers) for numbers, _ in others}


def _misnamed(strangers: Sequence[Stranger], names: Names) -> Told:
    """Links to a row whose own name isn't one: that has been told, and this is what it was to be."""
    said, left = list[Diagnostic](), list[Stranger]()
    for stranger in strangers:
        near = names.unfit.close(stranger.key, numbers=names.numbers, limit=1) if names.misnamed else []
        other = names.near(stranger, 1) if near else []
        # with the same number it is the row that is meant, whatever else is like a row of another number
        same = bool(near and other) and _numbers(near[0]) == _numbers(stranger.key) != _numbers(other[0])
        more = 1 if same else 0
        is_it = near and not (other and cost(stranger.key, other[0]) + more < cost(stranger.key, near[0]))
        at = _identifier_cell(names.misnamed[near[0]]) if is_it else None
        if at is None:
            left.append(stranger)
        else:
            said.append(_called(stranger, at, "", near[0]))
    return Told(said, left)


def _identifier_cell(record: Record) -> Location | None:
    for name in ("aliases", "submitter_id", "alias", "name"):
        at = record.origin.place((name,))
        if at is not None:
            return at
    return None


def _misspelt(strangers: Sequence[Stranger], names: Names) -> Told:
    """Rows agree on a name that nobody has, and nobody names a row called nearly so: that one is mistyped."""
    said, gone, claimed = list[Diagnostic](), set[str](), set[str]()
    for stranger in sorted(strangers, key=lambda one: -len(one.places)):
        near = names.near(stranger, 10) if stranger.key == stranger.value else []
        odd = names.lonely.close(stranger.key, numbers=names.numbers) if stranger.key == stranger.value else []
        unused = [
            name for name in dict.fromkeys((*near, *odd))
            if name not in claimed and not names.uses(name) and names.is_of(name, stranger.targets)
        ]  # fmt: skip
        unused.sort(key=lambda name: cost(stranger.key, name))
        if unused and _is_mistyped(unused, stranger, near, names):
            claimed.add(unused[0])
            gone.add(stranger.value)
            said.append(_called(stranger, names.cell(unused[0]), str(names.index[unused[0]][0][1][0]), unused[0]))
    return Told(said, [one for one in strangers if one.value not in gone])


def _is_mistyped(unused: Sequence[str], stranger: Stranger, near: Sequence[str], names: Names) -> bool:
    """Whether the first of these names that no link has is the one that is wrong, not the link."""
    name = unused[0]
    if len(names.index[name]) > 1 or names.is_odd(stranger.key, name):
        return False
    if names.is_odd(name, stranger.key):
        return True
    several = len({record.number for record, _ in stranger.places}) > 1
    return several and (name in near[:1] or (len(unused) == 1 and names.are_all_named(stranger.targets)))


def _called(stranger: Stranger, at: Location, column: str, name: str) -> Diagnostic:
    related = cells(stranger.places)
    context = {"rows": len(related), "refer": "refers" if len(related) == 1 else "refer", "meant": stranger.value}
    return Diagnostic(links.IDN03, at, column or None, name, context, (stranger.value,), tuple(related))


def outward(strangers: Sequence[Stranger]) -> Iterator[tuple[Stranger, str]]:
    """Yield what leads out of the workbook and is mistyped: another name, nearly the same, is used far more often."""
    often = {s.value: len(s.places) for s in strangers if len(s.places) >= _AGREED}
    known = Identifiers(often, {name: float(count) for name, count in often.items()})
    for stranger in strangers if often else ():
        for name in known.close(stranger.value, numbers=False):
            if name != stranger.value and often[name] >= _AGREED * len(stranger.places):
                yield stranger, name
                break
