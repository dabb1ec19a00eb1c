"""The sequences of events that paths consist of: their labels by place, transitions and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from objectiv_local.errors import NotSupported
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Aggregation,
    Expr,
    Extend,
    Filter,
    InQuery,
    NamedExprs,
    Node,
    Ordering,
    Select,
    Union,
    WindowFrame,
    aggregation,
    call,
    case,
    cast,
    frame_of,
    literal,
    over,
)
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition
from objectiv_local.hub.analyses.base.breakdown import OTHER
from objectiv_local.hub.analyses.base.joins import crossed
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope
from objectiv_local.hub.conditions import Condition
from objectiv_local.types import FLOAT64, STRING

ENTRY, EXIT = "(entry)", "(exit)"
STEP, SOURCE, TARGET = "step", "source", "target"
LABEL, PLACE, TIME, NEXT, LATER = "label", "place", "time", "next_label", "next_moment"
#: Names that columns of sequences cannot have.
TAKEN: Final = (
    STEP,
    SOURCE,
    TARGET,
    LABEL,
    PLACE,
    TIME,
    NEXT,
    LATER,
    "count",
    "users",
    "median_time",
    "is_start",
    "is_end",
    "is_last",
    "is_first",
    "starts",
    "ends",
    "ends_before",
    "label_before",
    "rank",
    "named",
)
_BEFORE, _UP_TO = WindowFrame("ROWS", None, -1), WindowFrame("ROWS", None, 0)


@dataclass(frozen=True, slots=True)
class Sequences:
    """The arguments of a paths analysis, and the plans that compute it."""

    scope: Scope
    label: Series
    title: str
    by: tuple[str, ...]
    steps: int
    tests: dict[str, Condition]
    collapse: bool
    top: int | None

    @property
    def is_reversed(self) -> bool:
        """Whether steps are counted from the end."""
        return "end" in self.tests and "start" not in self.tests

    @property
    def outside(self) -> str:
        """The label after the last event of a path, or before its first one."""
        return ENTRY if self.is_reversed else EXIT

    def events(self) -> Node:
        """Return the labeled events of the sequences, from start to end."""
        scope = self.scope
        columns: dict[str, Series] = {name: scope.data[name] for name in self.by if name not in scope.unit}
        columns[LABEL] = self.label
        columns |= {f"is_{name}": test.holds for name, test in self.tests.items() if name != "where"}
        plan = scope.rows(columns, self.tests["where"].holds if "where" in self.tests else None)
        for name in self.by:
            if name not in scope.unit:
                plan = Filter(plan, call("not_null", plan.column(name)), "events")
        if self.collapse:
            before = self._window(plan, aggregation("lag", plan.column(LABEL), literal(1), literal(None, STRING)))
            plan = Extend(plan, (("label_before", before),), "events")
            last = plan.column("label_before")
            is_new = call("or", call("is_null", last), call("ne", plan.column(LABEL), last))
            plan = Filter(plan, is_new, "collapsed")
        if "start" in self.tests:
            started = self._window(plan, aggregation("size", where=plan.column("is_start")), _UP_TO)
            plan = Extend(plan, (("starts", started),), "started")
            plan = Filter(plan, call("gt", plan.column("starts"), literal(0)), "started")
        if "end" in self.tests:
            plan = self._ended(plan)
        return plan

    def _ended(self, plan: Node) -> Node:
        """Return the events up to the first end event, for sequences that have one."""
        is_end: Expr = plan.column("is_end")
        if "start" in self.tests:
            # The end comes after the start, even if one event matches both.
            plan = Extend(plan, ((PLACE, self._window(plan, aggregation("row_number"))),), "places")
            is_end = call("and", is_end, call("gt", plan.column(PLACE), literal(1)))
        before = self._window(plan, aggregation("size", where=is_end), _BEFORE)
        every = over(aggregation("size", where=is_end), self._keys(plan))
        plan = Extend(plan, (("ends_before", before), ("ends", every)), "ended")
        until = call("eq", plan.column("ends_before"), literal(0))
        return Filter(plan, call("and", until, call("gt", plan.column("ends"), literal(0))), "ended")

    def places(self) -> Node:
        """Return the events with their place in the path, numbered from 1, and the label and moment of the next event."""
        plan = self.events()
        nothing = literal(None, plan.types[MOMENT])
        forward = not self.is_reversed
        label = aggregation("lead", plan.column(LABEL), literal(1), literal(None, STRING))
        later = aggregation("lead", plan.column(MOMENT), literal(1), nothing)
        return Extend(
            plan,
            tuple(
                (name, self._window(plan, function, ascending=forward))
                for name, function in ((PLACE, aggregation("row_number")), (NEXT, label), (LATER, later))
            ),
            "places",
        )

    def pairs(self) -> Node:
        """Return the transitions of paths: their step, source and target, and the time between the two events."""
        plan = self.places()
        plan = Filter(plan, call("lt", plan.column(PLACE), literal(self.steps)), "pairs")
        here, there = plan.column(LABEL), call("coalesce", plan.column(NEXT), literal(self.outside))
        moment, later = plan.column(MOMENT), plan.column(LATER)
        source, target = (there, here) if self.is_reversed else (here, there)
        time = call("sub", moment, later) if self.is_reversed else call("sub", later, moment)
        return Select(
            plan,
            (
                *((name, plan.column(name)) for name in (*self.scope.unit, MOMENT)),
                (STEP, plan.column(PLACE)),
                (SOURCE, source),
                (TARGET, target),
                (TIME, time),
            ),
            "pairs",
        )

    def labeled(self, pairs: Node) -> Node:
        """Return transitions in which all but the most frequent labels of each place are replaced by one label."""
        if self.top is None:
            return pairs
        largest = self._largest(self.places())
        sides = (TARGET, SOURCE) if self.is_reversed else (SOURCE, TARGET)
        kept: dict[str, Expr] = {}
        for side, further in zip(sides, (0, 1), strict=True):
            place = call("add", pairs.column(STEP), literal(further)) if further else pairs.column(STEP)
            kept[side] = self._kept(pairs.column(side), place, largest)
        return Select(pairs, tuple((name, kept.get(name, pairs.column(name))) for name in pairs.types), "labeled")

    def _kept(self, label: Expr, place: Expr, largest: Node) -> Expr:
        named = call("concat", call("concat", cast(place, STRING), literal(" ")), label)
        there = call("or", InQuery(named, largest, "named"), call("eq", label, literal(self.outside)))
        return case([(there, label)], literal(OTHER))

    def _largest(self, places: Node) -> Node:
        """Return the most frequent labels of each place, each as one string of place and label."""
        assert self.top is not None
        plan: Node = Filter(places, call("le", places.column(PLACE), literal(self.steps)), "labels")
        keys = tuple((name, plan.column(name)) for name in (PLACE, LABEL))
        plan = Aggregate(plan, keys, (("count", aggregation("size")),), "labels")
        order = (Ordering(plan.column("count"), ascending=False), Ordering(plan.column(LABEL)))
        plan = Extend(plan, (("rank", over(aggregation("row_number"), [plan.column(PLACE)], order)),), "labels")
        plan = Filter(plan, call("le", plan.column("rank"), literal(self.top)), "top_labels")
        named = call("concat", call("concat", cast(plan.column(PLACE), STRING), literal(" ")), plan.column(LABEL))
        return Select(plan, (("named", named),), "top_labels")

    def matrix(self, column: str) -> DataFrame:
        """Return the step matrix of a measure."""
        scope = self.scope
        places = self.places()
        plan: Node = Filter(places, call("le", places.column(PLACE), literal(self.steps)), "labels")
        label: Expr = plan.column(LABEL)
        if self.top is not None:
            label = self._kept(label, plan.column(PLACE), self._largest(places))
        plan = Select(
            plan,
            (
                *((name, plan.column(name)) for name in (*scope.unit, PLACE)),
                (LABEL, label),
                ("is_last", call("is_null", plan.column(NEXT))),
            ),
            "labels",
        )
        numbers = range(1, self.steps + 1)
        # A path that has ended counts as exit at all later places.
        ended: Node = Filter(plan, plan.column("is_last"), "ended")
        after = call("add", ended.column(PLACE), literal(1))
        ended = Extend(ended, ((LABEL, literal(self.outside)), (PLACE, after), ("is_last", literal(True))), "ended")
        plan = Extend(plan, (("is_last", literal(False)),), "labels")
        rows = Union((plan, ended), tuple(plan.types), "labels_and_ends")
        place, is_over = rows.column(PLACE), rows.column("is_last")

        def there(number: int) -> Expr:
            return call("or", call("eq", place, literal(number)), call("and", is_over, call("lt", place, literal(number))))

        if column == "users":
            if len(scope.unit) > 1:
                raise NotSupported(
                    "a step matrix of users needs a unit of one column", hint="combine the columns of the unit into one"
                )
            user = rows.column(scope.unit[0])
            cells: NamedExprs = tuple((str(number), aggregation("nunique", user, where=there(number))) for number in numbers)
        else:
            cells = tuple((str(number), aggregation("size", where=there(number))) for number in numbers)
        found: Node = Aggregate(rows, ((LABEL, rows.column(LABEL)),), cells, "step_matrix")
        if column == "share":
            first = call("and", call("eq", place, literal(1)), call("not", is_over))
            every = Aggregate(rows, (), (("paths", aggregation("size", where=first)),), "paths")
            found = crossed(found, every, "step_matrix")
            whole = cast(found.column("paths"), FLOAT64)
            found = Select(
                found,
                (
                    (LABEL, found.column(LABEL)),
                    *((name, call("truediv", cast(found.column(name), FLOAT64), whole)) for name, _ in cells),
                ),
                "step_matrix",
            )
        # Paths whose last label is at the last place have their exit after it, which the matrix does not show.
        shown = [call("gt", found.column(name), cast(literal(0), found.types[name])) for name, _ in cells]
        any_shown = shown[0]
        for each in shown[1:]:
            any_shown = call("or", any_shown, each)
        found = Filter(found, any_shown, "step_matrix")
        return frame_of(scope.state_over(found, [LABEL]), [name for name, _ in cells])

    def transitions(self, length: int) -> Analysis:
        """Return the transitions, or n-grams, of whole sequences."""
        scope = self.scope
        plan = self.events()
        leads = [aggregation("lead", plan.column(LABEL), literal(k), literal(None, STRING)) for k in range(1, length)]
        names = [SOURCE, TARGET] if length == 2 else [f"label_{k}" for k in range(1, length + 1)]
        columns = [(name, self._window(plan, lead)) for name, lead in zip(names[1:], leads, strict=True)]
        nothing = literal(None, plan.types[MOMENT])
        columns.append((LATER, self._window(plan, aggregation("lead", plan.column(MOMENT), literal(1), nothing))))
        plan = Extend(plan, tuple(columns), "next_labels")
        own: dict[str, Expr] = {names[0]: plan.column(LABEL)}
        if length == 2:
            own[TARGET] = call("coalesce", plan.column(TARGET), literal(EXIT))
        else:
            plan = Filter(plan, call("not_null", plan.column(names[-1])), "n_grams")
        time = call("sub", plan.column(LATER), plan.column(MOMENT))
        pairs = Select(
            plan,
            (
                *((name, plan.column(name)) for name in (*scope.unit, MOMENT)),
                *((name, own[name] if name in own else plan.column(name)) for name in names),
                (TIME, time),
            ),
            "next_labels",
        )
        found = counted(pairs, scope, names)
        shown = ["count", "users"]
        if length == 2:
            every = over(aggregation("sum", found.column("count")), [found.column(SOURCE)])
            share = call("truediv", cast(found.column("count"), FLOAT64), cast(every, FLOAT64))
            found = Extend(found, (("probability", share),), "probabilities")
            shown += ["probability", "median_time"]
        frame = frame_of(scope.state_over(found, names), shown)
        rule = (f"The number of times that {length} values of {self.title} follow each other.", *self.rule()[1:])
        types = tuple(name for test in self.tests.values() for name in test.types)
        return Analysis("transitions", frame, scope, Definition(rule, types), pairs)

    def rule(self) -> tuple[str, ...]:
        """Return the definition in words."""
        lines = [
            f"The {'last' if self.is_reversed else 'first'} {self.steps} values of {self.title} in each sequence.",
            f"A sequence consists of the events with the same {' and '.join(self.by)}.",
        ]
        if "start" in self.tests:
            lines.append(f"It begins with the first event of {self.tests['start'].name}; sequences without one are left out.")
        if "end" in self.tests:
            after = " after the start" if "start" in self.tests else ""
            ending = self.tests["end"].name + after
            lines.append(f"It ends with the first event of {ending}; sequences without one are left out.")
        if "where" in self.tests:
            lines.append(f"Only events that match {self.tests['where'].title} are counted.")
        if self.collapse:
            lines.append("Consecutive events with the same label count as one.")
        if self.top is not None:
            lines.append(f"{OTHER} combines all but the {self.top} most frequent labels of each place.")
        return tuple(lines)

    def _keys(self, plan: Node) -> list[Expr]:
        return [plan.column(name) for name in self.by]

    def _window(self, plan: Node, function: Aggregation, frame: WindowFrame | None = None, *, ascending: bool = True) -> Expr:
        """Return a window function over the events of a sequence in order."""
        return over(function, self._keys(plan), self.scope.order(plan, ascending=ascending), frame)


def counted(pairs: Node, scope: Scope, keys: Sequence[str]) -> Node:
    """Return the number of rows and of users, and the median time, for each value of ``keys``."""
    users = aggregation("nunique", pairs.column(scope.unit[0]))
    if len(scope.unit) > 1:
        # Users identified by several columns are counted by the first row of each.
        one = [*(pairs.column(name) for name in keys), *scope.units(pairs)]
        number = over(aggregation("row_number"), one, [Ordering(pairs.column(MOMENT))])
        pairs = Extend(pairs, (("is_first", call("eq", number, literal(1))),), "first_of_users")
        users = aggregation("size", where=pairs.column("is_first"))
    time = aggregation("quantile", pairs.column(TIME), literal(0.5))
    return Aggregate(
        pairs,
        tuple((name, pairs.column(name)) for name in keys),
        (("count", aggregation("size")), ("users", users), ("median_time", time)),
        "transitions",
    )
