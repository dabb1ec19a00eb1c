"""The attempts of units at a funnel: one for each event that starts it, with the first moment at which each step is reached.

With every ``order``, ``moment_k`` of an attempt is the earliest moment at which some sequence of events that starts with the
attempt reaches step k. A later attempt never reaches a step earlier, so running minimums over the events in *descending* order,
one level for each step, find these moments without a join. Ascending window frames that look ahead (``1 FOLLOWING ..``) would
take quadratic time in Postgres.

Rows have a unit, a moment, and a bool column for each step (``step_1``, ...) and for each exclusion (``excluded_1``, ...).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from objectiv_local.frame.authoring import (
    Aggregate,
    Aggregation,
    Expr,
    Extend,
    Filter,
    Join,
    JoinSide,
    NamedExprs,
    Node,
    Ordering,
    Select,
    WindowFrame,
    aggregation,
    call,
    case,
    literal,
    over,
)
from objectiv_local.hub.analyses.base.scope import MOMENT
from objectiv_local.hub.analyses.funnels.overlaps import Overlaps

ENTERED = "entered"
_FIRST_THERE, _AT = "first_step_there", "at_moment"
#: Maximum number of steps for nested windows, whose number is quadratic in the steps. Longer funnels use joins.
MOST_LEVELS = 8
#: The rows before the current one, and all rows up to the current moment.
_BEFORE, _UP_TO = WindowFrame("ROWS", None, -1), WindowFrame("RANGE", None, 0)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Events that may not lie between two steps: the name of their bool column, and the numbers of the steps."""

    flag: str
    from_step: int
    to_step: int


@dataclass(frozen=True, slots=True)
class Steps:
    """The rule for how events fill steps.

    ``unit`` are the columns that identify a unit. Attempts start before ``end``.
    """

    unit: tuple[str, ...]
    count: int
    order: str
    ties: str
    overlaps: Overlaps
    exclusions: tuple[Exclusion, ...]
    end: datetime.datetime | None

    @property
    def is_inclusive(self) -> bool:
        """Whether the next step of an attempt can be at the same moment, regardless of the steps before it."""
        return self.ties == "permissive" and self.overlaps.are_apart

    def starting(self, plan: Node, *tests: Expr) -> Node:
        """Return the rows that start attempts: those before the end that pass the tests."""
        if self.end is not None:
            plan = Filter(plan, call("lt", plan.column(MOMENT), literal(self.end)), "attempts")
        for each in tests:
            plan = Filter(plan, each, "attempts")
        return plan


def flag(step: int) -> str:
    """Return the column with the condition of a step."""
    return f"step_{step}"


def moment_of(step: int) -> str:
    """Return the column with the moment at which an attempt reaches a step."""
    return ENTERED if step == 1 else f"moment_{step}"


def hit_of(exclusion: int, step: int) -> str:
    """Return the column with the moment of the first excluded event after an attempt reaches a step."""
    return f"excluded_{exclusion}_after_{step}"


def attempts(rows: Node, steps: Steps) -> Node:
    """Return the attempts: the unit, ``entered``, the moments of later steps, and the moments of excluded events after a step.

    An attempt may occur several times, if several events at the same moment start it.
    """
    if steps.order == "any":
        return _in_any_order(rows, steps)
    if steps.order == "strict":
        return _one_after_another(_by_moment(rows, steps), steps)
    rows = _relevant(rows, steps)
    if steps.count > MOST_LEVELS:
        return _hopped(_by_moment(rows, steps), steps)
    if steps.is_inclusive and not steps.exclusions:
        return _chained(rows, _Chain(steps, _UP_TO))
    return _chained(_by_moment(rows, steps), _Chain(steps, _UP_TO if steps.is_inclusive else _BEFORE))


def _relevant(rows: Node, steps: Steps) -> Node:
    """Return the rows that match a step or an exclusion."""
    flags: list[Expr] = [rows.column(name) for name in _flags(steps)]
    return Filter(rows, reduce(lambda a, b: call("or", a, b), flags), "steps")


def _flags(steps: Steps) -> list[str]:
    return [*map(flag, range(1, steps.count + 1)), *dict.fromkeys(each.flag for each in steps.exclusions)]


def _by_moment(rows: Node, steps: Steps) -> Node:
    """Return one row per unit and moment: its number of events, and the counts that the overlaps of steps need."""
    counts: list[tuple[str, Aggregation]] = steps.overlaps.counts([rows.column(flag(k)) for k in range(1, steps.count + 1)])
    counts += [(each, aggregation("any", rows.column(each))) for each in dict.fromkeys(one.flag for one in steps.exclusions)]
    if steps.order == "strict":
        counts.append(("events", aggregation("size")))
    keys = tuple((name, rows.column(name)) for name in (*steps.unit, MOMENT))
    return Aggregate(rows, keys, tuple(counts), "moments")


# ---- ordered: other events may lie between steps


@dataclass(frozen=True, slots=True)
class _Chain:
    """Windows that find the next moment of a step and, from there, the moments of the steps after it.

    ``frame`` covers the later rows of a unit, with or without those at the same moment.
    """

    steps: Steps
    frame: WindowFrame

    @property
    def is_inclusive(self) -> bool:
        return self.frame is _UP_TO

    def after(self, plan: Node, step: int, value: Expr) -> Expr:
        """Return the minimum of a value over later rows of a step."""
        unit = [plan.column(name) for name in self.steps.unit]
        order = [Ordering(plan.column(MOMENT), ascending=False)]
        return over(aggregation("min", value, where=self.holds(plan, step)), unit, order, self.frame)

    def holds(self, plan: Node, step: int) -> Expr:
        """Return whether an event at the moment of a row matches a step."""
        if flag(step) in plan.types:
            return plan.column(flag(step))
        return self.steps.overlaps.step(plan, step)

    def reached(self, plan: Node, step: int, target: int, value: Expr, label: Callable[[int, int], str]) -> Expr:
        """Return a value at the moment at which a target is reached from a row of a step.

        ``label`` returns the name of a window column, for a next step and the target.
        """
        if self.is_inclusive or self.steps.ties == "strict":
            return value if step == target else plan.column(label(step + 1, target))
        whens = [(self.steps.overlaps.fit(plan, step, target), value)]
        whens += [
            (self.steps.overlaps.fit(plan, step, last), plan.column(label(last + 1, target)))
            for last in range(target - 1, step - 1, -1)
        ]
        return _first_of(whens)


def _first_of(whens: list[tuple[Expr, Expr]]) -> Expr:
    """Return the value of the first condition that holds. The last condition is assumed to hold for all relevant rows."""
    *tested, (_, last) = whens
    return case(tested, last) if tested else last


def _chained(base: Node, chain: _Chain) -> Node:
    """Return the attempts by nested windows over rows, one level for each distance between steps."""
    steps = chain.steps
    count = steps.count
    plan = base
    ends: dict[str, tuple[int, Expr]] = {}  # values to carry to the attempt: a step, and its value there
    links = [(number, step) for number, each in enumerate(steps.exclusions, 1) for step in range(each.from_step, each.to_step)]
    if links:
        unit = [plan.column(name) for name in steps.unit]
        order = [Ordering(plan.column(MOMENT), ascending=False)]
        plan = Extend(
            plan,
            tuple(
                (f"next_{name}", over(aggregation("min", plan.column(MOMENT), where=plan.column(name)), unit, order, _BEFORE))
                for name in dict.fromkeys(each.flag for each in steps.exclusions)
            ),
            "exclusions",
        )
    for step in range(2, count + 1):
        ends[moment_of(step)] = (step, plan.column(MOMENT))
    for number, step in links:
        ends[hit_of(number, step)] = (step, plan.column(f"next_{steps.exclusions[number - 1].flag}"))

    def label(name: str) -> Callable[[int, int], str]:
        # The window from step 2 has the values of the attempts.
        return lambda step, _: name if step == 2 else f"{name}_from_{step}"

    for distance in range(count - 1):
        columns = [
            (label(name)(step, target), chain.after(plan, step, chain.reached(plan, step, target, value, label(name))))
            for name, (target, value) in ends.items()
            for step in [target - distance]
            if step >= 2
        ]
        plan = Extend(plan, tuple(columns), "next_steps") if columns else plan
    plan = steps.starting(plan, chain.holds(plan, 1))
    found = [
        (name, chain.reached(plan, 1, target, plan.column(MOMENT) if name == moment_of(target) else value, label(name)))
        for name, (target, value) in ends.items()
    ]
    return _attempts(plan, steps, found)


def _attempts(plan: Node, steps: Steps, columns: Iterable[tuple[str, Expr]]) -> Node:
    named: NamedExprs = (*((name, plan.column(name)) for name in steps.unit), (ENTERED, plan.column(MOMENT)), *columns)
    return Select(plan, named, "attempts")


def _hopped(base: Node, steps: Steps) -> Node:
    """Return the attempts by joins, from the moment of each step to the known moment of the next one.

    Attempts that have ended are joined by the moment of their start, whose columns are not used: hash joins of Postgres use too
    much memory if many keys are NULL.
    """
    base = _with_next(base, steps)
    plan = steps.starting(base, steps.overlaps.step(base, 1))
    moment = plan.column(MOMENT)
    columns = {ENTERED: moment, **_hits(plan, steps, 1), **_hop(plan, steps, 1, moment)}
    plan = Select(plan, (*((name, plan.column(name)) for name in steps.unit), *columns.items()), "attempts")
    for step in range(2, steps.count):
        reached = plan.column(moment_of(step))
        plan = Extend(plan, ((_AT, call("coalesce", reached, plan.column(ENTERED))),), "attempts")
        there = Filter(base, steps.overlaps.step(base, step), "reached_moments")
        own = [name for name in there.types if name == f"next_{step + 1}" or name.startswith(("is_", "next_excluded_"))]
        side = Select(there, tuple((name, there.column(name)) for name in (*steps.unit, MOMENT, *own)), "reached_moments")
        pairs: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in plan.types]
        pairs += [(name, "right", (name, name)) for name in own]
        on = (*((name, name) for name in steps.unit), (_AT, MOMENT))
        joined = Join(plan, side, "left", on, tuple(pairs), step="hops", single="right")
        found = {**_hits(joined, steps, step), **_hop(joined, steps, step, reached)}
        is_there = call("not_null", reached)
        columns = {name: case([(is_there, value)]) for name, value in found.items()}
        # Each step reads the previous one several times, so inlined expressions would grow exponentially.
        made = Extend(joined, tuple(columns.items()), "hops", once=True)
        names = dict.fromkeys((*plan.types, *columns))
        plan = Select(made, tuple((name, made.column(name)) for name in names if name != _AT), "hops")
    return plan


def _with_next(base: Node, steps: Steps) -> Node:
    """Return moments with the next moment of each step and each excluded event."""
    unit = [base.column(name) for name in steps.unit]
    order = [Ordering(base.column(MOMENT), ascending=False)]
    frame = _UP_TO if steps.is_inclusive else _BEFORE
    moment = base.column(MOMENT)
    columns = [
        (f"next_{step}", over(aggregation("min", moment, where=steps.overlaps.step(base, step)), unit, order, frame))
        for step in range(2, steps.count + 1)
    ]
    columns += [
        (f"next_{name}", over(aggregation("min", moment, where=base.column(name)), unit, order, _BEFORE))
        for name in dict.fromkeys(each.flag for each in steps.exclusions)
    ]
    return Extend(base, tuple(columns), "next_steps")


def _hits(plan: Node, steps: Steps, step: int) -> dict[str, Expr]:
    """Return the first moments of excluded events after a step, for the exclusions between it and the next step."""
    return {
        hit_of(number, step): plan.column(f"next_{each.flag}")
        for number, each in enumerate(steps.exclusions, 1)
        if each.from_step <= step < each.to_step
    }


def _hop(plan: Node, steps: Steps, step: int, moment: Expr) -> dict[str, Expr]:
    """Return the moment of the next step, and of the following steps that are filled at that moment."""
    following = plan.column(f"next_{step + 1}")
    if steps.is_inclusive or steps.ties == "strict":
        return {moment_of(step + 1): following}
    first: Expr = literal(1) if step == 1 else plan.column(_FIRST_THERE)
    stays = steps.overlaps.fits_too(plan, step + 1, first)
    return {moment_of(step + 1): case([(stays, moment)], following), _FIRST_THERE: case([(stays, first)], literal(step + 1))}


# ---- strict: no other event of the unit lies between steps


def _one_after_another(base: Node, steps: Steps) -> Node:
    """Return the attempts that no other event interrupts.

    Of several events at the same moment, those that fill no step may come before the first step or after the last one. At a
    moment in between, all events have to fill steps.
    """
    plan = base
    count = steps.count
    fits = _strict_fits(steps)

    def label(step: int, target: int) -> str:
        return f"{moment_of(target)}_from_{step}"

    def going_on(plan: Node, step: int, target: int) -> Expr:
        # Starts at the beginning of a moment, at which ``step`` has to come first.
        whens = [(fit, plan.column(MOMENT)) for fit in fits(plan, step, target)]
        for last in range(step, target):
            whole = call("eq", plan.column("events"), literal(last - step + 1))
            whens += [(call("and", whole, fit), plan.column(label(last + 1, target))) for fit in fits(plan, step, last)]
        return case(whens) if whens else literal(None, plan.types[MOMENT])

    for distance in range(count - 1):
        order = [Ordering(plan.column(MOMENT))]
        columns = []
        for target in range(2, count + 1):
            step = target - distance
            if step >= 2:
                value = going_on(plan, step, target)
                columns.append((label(step, target), value))
        plan = Extend(plan, tuple((f"{name}_here", value) for name, value in columns), "filled")
        unit = [plan.column(name) for name in steps.unit]
        nothing = literal(None, plan.types[MOMENT])
        plan = Extend(
            plan,
            tuple(
                (name, over(aggregation("lead", plan.column(f"{name}_here"), literal(1), nothing), unit, order))
                for name, _ in columns
            ),
            "next_moments",
        )
    plan = steps.starting(plan, steps.overlaps.step(plan, 1))
    found = []
    for target in range(2, count + 1):
        whens = [(fit, plan.column(MOMENT)) for fit in fits(plan, 1, target)]
        # An attempt that fills more steps at its first moment always stays ahead of one that fills fewer.
        for last in range(target - 1, 0, -1):
            later = plan.column(label(last + 1, target))
            whens += [(call("and", fit, call("not_null", later)), later) for fit in fits(plan, 1, last)]
        found.append((moment_of(target), case(whens)))
    return _attempts(plan, steps, found)


def _strict_fits(steps: Steps) -> Callable[[Node, int, int], list[Expr]]:
    """Return a function for the condition under which steps can be filled at one moment; an empty list if they never can."""

    def fits(plan: Node, first: int, last: int) -> list[Expr]:
        if steps.ties == "strict":
            return [steps.overlaps.step(plan, first)] if first == last else []
        return [steps.overlaps.fit(plan, first, last)]

    return fits


# ---- any: steps in any order, within the window


def _in_any_order(rows: Node, steps: Steps) -> Node:
    """Return the attempts at steps in any order: step k is reached with the k-th step that events can fill.

    Each set of steps that the same event may match fills one step after another, by the largest shortage of any subset; see
    :mod:`objectiv_local.hub.analyses.funnels.overlaps`.
    """
    overlaps = steps.overlaps
    rows = _relevant(rows, steps)
    plan = rows if overlaps.are_apart else _by_moment(rows, steps)
    unit = [plan.column(name) for name in steps.unit]
    order = [Ordering(plan.column(MOMENT), ascending=False)]
    if overlaps.are_apart:
        nexts = [f"next_{step}" for step in range(1, steps.count + 1)]
        plan = Extend(
            plan,
            tuple(
                (name, over(aggregation("min", plan.column(MOMENT), where=plan.column(flag(step))), unit, order, _UP_TO))
                for step, name in enumerate(nexts, 1)
            ),
            "next_steps",
        )
    else:
        plan, nexts = _filled(plan, steps, unit, order)
    plan = steps.starting(plan)
    return _ranked(plan, steps, nexts)


def _ranked(plan: Node, steps: Steps, nexts: Sequence[str]) -> Node:
    """Return attempts with the moments of ``nexts`` in ascending order."""
    columns = [plan.column(name) for name in nexts]

    def rank(place: int) -> Expr:
        own = columns[place]
        before = [call("le" if other < place else "lt", column, own) for other, column in enumerate(columns) if other != place]
        parts = [case([(test, literal(1))], literal(0)) for test in before]
        one: Expr = literal(1)
        return case([(call("not_null", own), reduce(lambda a, b: call("add", a, b), parts, one))])

    plan = Extend(plan, tuple((f"{name}_rank", rank(place)) for place, name in enumerate(nexts)), "ranked", once=True)
    return _attempts(
        plan,
        steps,
        [
            (
                moment_of(step),
                case([(call("eq", plan.column(f"{name}_rank"), literal(step)), plan.column(name)) for name in nexts]),
            )
            for step in range(2, steps.count + 1)
        ],
    )


def _filled(plan: Node, steps: Steps, unit: Sequence[Expr], order: Sequence[Ordering]) -> tuple[Node, list[str]]:
    """Return rows with the moments at which steps are filled from that row on, and the names of these columns."""
    overlaps = steps.overlaps
    most = {each: sum(kind in each for kind in overlaps.kinds) for each in overlaps.sets}
    names = {each: "_or_".join(str(kind + 1) for kind in sorted(each)) for each in overlaps.sets}

    def label(each: frozenset[int], number: int) -> str:
        return f"event_{number}_of_{names[each]}"

    for number in range(1, max(most.values()) + 1):
        # The moment of the n-th event of a set, counted from each row with an event of the set, then from any row.
        here = []
        for each in overlaps.sets:
            if number > most[each]:
                continue
            whens = [(overlaps.enough(plan, each, number), plan.column(MOMENT))]
            whens += [
                (overlaps.enough(plan, each, own), plan.column(f"{label(each, number - own)}_later"))
                for own in range(number - 1, 0, -1)
            ]
            here.append((each, case(whens)))
        plan = Extend(plan, tuple((f"{label(each, number)}_here", value) for each, value in here), "events_here")
        plan = Extend(
            plan,
            tuple(
                (name + suffix, over(aggregation("min", plan.column(f"{name}_here")), unit, order, frame))
                for name in [label(each, number) for each, _ in here]
                for suffix, frame in (("", _UP_TO), ("_later", _BEFORE))
            ),
            "next_events",
        )
    columns = []
    for part in overlaps.parts:
        size = most[part]
        for number in range(1, size + 1):
            shortages = [
                plan.column(label(each, most[each] - size + number))
                for each in overlaps.sets
                if each <= part and most[each] > size - number
            ]
            columns.append((f"filled_{min(part) + 1}_{number}", _greatest(shortages)))
    return Extend(plan, tuple(columns), "filled"), [name for name, _ in columns]


def _greatest(values: Sequence[Expr]) -> Expr:
    """Return the maximum of several values, NULL if any of them is NULL."""
    if len(values) == 1:
        return values[0]
    whens = []
    for place, value in enumerate(values):
        # If a value is NULL, not all of its comparisons are true.
        whens.append((_all([call("ge", value, other) for number, other in enumerate(values) if number != place]), value))
    return case(whens)


def _all(tests: Sequence[Expr]) -> Expr:
    return reduce(lambda a, b: call("and", a, b), tests)
