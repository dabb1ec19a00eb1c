"""The steps that events at the same moment can fill together, if each event fills one step.

Steps that no event can match together need one event each. For the others, Hall's theorem applies: events can fill a set of
steps, one step each, if for every subset of the steps, at least as many events match one of them as there are steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import reduce
from typing import Literal as OneOf

from objectiv_local.errors import NotSupported
from objectiv_local.frame import Series
from objectiv_local.frame.authoring import (
    Aggregation,
    Call,
    Expr,
    Literal,
    Node,
    aggregation,
    call,
    case,
    expr_of,
    literal,
    state_of,
)

Needed = OneOf["single", "connected", "all"]
#: Maximum number of sets of distinct conditions that the same event may match, and that have to be counted.
MOST_SETS = 127


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The steps of a funnel by condition: steps with the same number in ``kinds`` have the same condition.

    Two kinds are connected if the same event may match both. ``parts`` are the largest connected sets of kinds. ``sets`` are
    the sets whose events have to be counted.
    """

    kinds: tuple[int, ...]
    parts: tuple[frozenset[int], ...]
    sets: tuple[frozenset[int], ...]

    @property
    def are_apart(self) -> bool:
        """Whether no event can match two steps."""
        return len(self.kinds) == len(self.parts)

    def counts(self, flags: Sequence[Expr]) -> list[tuple[str, Aggregation]]:
        """Return the aggregates of the events at one moment that :meth:`fit` reads. ``flags`` are the conditions of steps."""
        found = []
        for each in self.sets:
            held = reduce(_either, [flags[self.kinds.index(kind)] for kind in sorted(each)])
            made = aggregation("any", held) if self._most(each) == 1 else aggregation("size", where=held)
            found.append((_name(each), made))
        return found

    def step(self, plan: Node, step: int) -> Expr:
        """Return whether an event at the moment matches a step, counted from 1."""
        return self.enough(plan, frozenset({self.kinds[step - 1]}), 1)

    def fit(self, plan: Node, first: int, last: int) -> Expr:
        """Return whether events at the moment can fill all steps from ``first`` to ``last``, counted from 1."""
        wanted = self.kinds[first - 1 : last]
        tests = [
            self.enough(plan, each, needed)
            for each in self.sets
            if each <= set(wanted)
            for needed in [sum(kind in each for kind in wanted)]
        ]
        return reduce(lambda a, b: call("and", a, b), tests)

    def fits_too(self, plan: Node, step: int, first: Expr) -> Expr:
        """Return whether events at the moment can also fill ``step``, if they can fill the steps from ``first`` up to it."""
        tests = []
        for each in self.sets:
            if self.kinds[step - 1] in each:
                places = [place for place, kind in enumerate(self.kinds[:step], 1) if kind in each]
                needed = [self.enough(plan, each, len(places) - number) for number in range(len(places))]
                whens = [(call("le", first, literal(place)), test) for place, test in zip(places, needed, strict=True)]
                tests.append(case(whens[:-1], needed[-1]) if len(whens) > 1 else needed[0])
        return reduce(lambda a, b: call("and", a, b), tests)

    def _most(self, kinds: frozenset[int]) -> int:
        return sum(kind in kinds for kind in self.kinds)

    def enough(self, plan: Node, kinds: frozenset[int], needed: int) -> Expr:
        """Return whether at least ``needed`` events at the moment match a set of conditions."""
        column = plan.column(_name(kinds))
        return column if column.type.name == "bool" else call("ge", column, literal(needed))


def overlaps(conditions: Sequence[Series], rows: Node, needed: Needed = "connected") -> Overlaps:
    """Return how the conditions of steps overlap, as far as their expressions over ``rows`` show.

    ``connected`` sets decide whether events can fill all of several steps. To count how many of the steps they can fill,
    ``all`` sets of kinds that are connected directly or indirectly are needed. If a moment fills only one step, ``single``
    kinds suffice.

    Raises NotSupported if too many conditions may hold for the same event.
    """
    distinct: list[Series] = []
    kinds = []
    for each in conditions:
        known = next((number for number, other in enumerate(distinct) if _are_same(each, other)), None)
        if known is None:
            known = len(distinct)
            distinct.append(each)
        kinds.append(known)
    allowed = [_allowed(each, rows) for each in distinct]
    near = {
        number: {other for other, their in enumerate(allowed) if other != number and not _exclude(own, their)}
        for number, own in enumerate(allowed)
    }
    parts: list[frozenset[int]] = []
    for number in near:
        if not any(number in part for part in parts):
            parts.append(_part(number, near))
    none: AbstractSet[int] = frozenset()
    together = {
        number: part - {number} if needed == "all" else near[number] if needed == "connected" else none
        for part in parts
        for number in part
    }
    return Overlaps(tuple(kinds), tuple(parts), _connected(together))


def _part(number: int, near: Mapping[int, AbstractSet[int]]) -> frozenset[int]:
    """Return the kinds that are connected with one kind, directly or indirectly."""
    found, added = frozenset[int](), frozenset({number})
    while added:
        found |= added
        added = frozenset(other for each in added for other in near[each]) - found
    return found


def _connected(near: Mapping[int, AbstractSet[int]]) -> tuple[frozenset[int], ...]:
    """Return the connected sets of kinds, smallest first."""
    found = level = [frozenset({number}) for number in near]
    while level:
        larger = {each | {other} for each in level for number in each for other in near[number] if other not in each}
        level = sorted(larger, key=sorted)
        found = [*found, *level]
        if len(found) > MOST_SETS + len(near):
            raise NotSupported(
                "too many steps of the funnel may match the same event, which makes ties at one moment too complex",
                hint="define steps by event types or by values of one column, which exclude each other, or use "
                "ties='strict' with an ordered funnel",
            )
    return tuple(found)


def _are_same(one: Series, other: Series) -> bool:
    return expr_of(one) == expr_of(other) and state_of(one).plan == state_of(other).plan


#: Types whose constants are equal in the engines exactly if they are equal in Python.
_EXACT = ("bool", "int64", "string", "date")
#: For each expression, the values that it can have if a condition holds.
_Allowed = dict[Expr, frozenset[object]]


def _allowed(condition: Series, rows: Node) -> _Allowed:
    # A column of other rows with the same name may be a different column.
    return _values(expr_of(condition)) if state_of(condition).plan == rows else {}


def _values(expr: Expr) -> _Allowed:
    match expr:
        case Call("and", (left, right)):
            one, other = _values(left), _values(right)
            return {
                key: one.get(key, other.get(key, frozenset())) & other.get(key, one.get(key, frozenset()))
                for key in {**one, **other}
            }
        case Call("or", (left, right)):
            one, other = _values(left), _values(right)
            return {key: one[key] | other[key] for key in one if key in other}
        case Call("coalesce", (inner, Literal(value=False))):
            return _values(inner)
        case Call("eq", (key, Literal() as value)) | Call("eq", (Literal() as value, key)) if value.type.name in _EXACT:
            return {key: frozenset({value.value})}
    return {}


def _exclude(one: _Allowed, other: _Allowed) -> bool:
    return any(key in other and one[key].isdisjoint(other[key]) for key in one)


def _either(one: Expr, other: Expr) -> Expr:
    return call("or", one, other)


def _name(kinds: frozenset[int]) -> str:
    return "is_" + "_or_".join(str(kind + 1) for kind in sorted(kinds))
