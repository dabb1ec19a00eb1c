"""The cells of a retention analysis: the users of a cohort, their returns, and the cells that these count for.

One pass over the events keeps one row per user and period. All other steps work on these rows: the first starts, their join
with the returns of the same user, and the counts of each cell.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    InQuery,
    Join,
    JoinSide,
    Literal,
    Node,
    Ordering,
    Select,
    Union,
    Unnest,
    Values,
    WindowFrame,
    aggregation,
    call,
    case,
    cast,
    frame_of,
    literal,
    over,
)
from objectiv_local.hub.analyses.base.breakdown import with_top
from objectiv_local.hub.analyses.base.calendar import PERIOD, PERIODS, moment_of, period_of, periods
from objectiv_local.hub.analyses.base.joins import crossed, looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope
from objectiv_local.hub.analyses.base.user_values import UserValues
from objectiv_local.hub.conditions import Condition
from objectiv_local.types import INT64

COHORT, SINCE = "cohort", "periods_since"
#: Length of a period of elapsed time.
ELAPSED: Final[dict[str, str]] = {
    "hour": "1 hour",
    "day": "24 hours",
    "week": "7 days",
    "month": "30 days",
    "quarter": "90 days",
    "year": "365 days",
}
_LENGTHS: Final = {
    "hour": datetime.timedelta(hours=1),
    "day": datetime.timedelta(days=1),
    "week": datetime.timedelta(days=7),
    "month": datetime.timedelta(days=30),
    "quarter": datetime.timedelta(days=90),
    "year": datetime.timedelta(days=365),
}
_START, _RETURN, _IS_FIRST, _ENTERED, _AMOUNT = "is_start", "is_return", "is_first", "entered", "amount_returned"
_USERS, _SIZE, _RATE, _COMPLETE, _VALUE, _PER_USER = ("users", "cohort_users", "rate", "complete", "value", "value_per_user")
_INTERVAL: Final = "usual_interval"
#: Maximum number of periods at which cohorts without users still get cells.
_MOST_FILLED: Final = 1_000
#: Names that a unit, index or breakdown cannot have.
NAMES: Final = (
    COHORT,
    SINCE,
    PERIOD,
    _START,
    _RETURN,
    _IS_FIRST,
    _ENTERED,
    _AMOUNT,
    _USERS,
    _SIZE,
    _RATE,
    _COMPLETE,
    _VALUE,
    _PER_USER,
    "cohorts",
    "next_period",
    "end_period",
    "slot",
    "last_since",
    "run",
    "distance",
    "amounts",
    _INTERVAL,
)


@dataclass(frozen=True, slots=True)
class Cells:
    """The arguments of a retention analysis, and the plans that compute it."""

    scope: Scope
    start: Condition | None
    returning: Condition | None
    by: str
    mode: str
    is_elapsed: bool
    criterion: str
    brackets: tuple[tuple[int, int], ...] | None
    measure: tuple[str, str] | None
    label: Series | UserValues | None
    top: int
    is_same: bool
    periods: int | None
    where: Condition | None

    @property
    def labels(self) -> list[str]:
        """The column of the breakdown, if there is one."""
        return [] if self.label is None else [str(self.label.name)]

    @property
    def groups(self) -> list[str]:
        """The columns that identify a cohort."""
        return [*self.labels, COHORT]

    @property
    def keys(self) -> list[str]:
        """The columns that identify a cell."""
        return [*self.groups, SINCE]

    def frame(self) -> DataFrame:
        """Return the cells with their counts."""
        rows = self._events()
        starts = self._starts(rows)
        back = self._pairs(starts, self._returns(rows))
        plan = self._grid(starts)
        plan = looked_up(plan, self._sizes(starts), self.groups, "cohort_sizes", key=self.keys)
        plan = looked_up(plan, self._counted(back), self.keys, "cells", key=self.keys)
        counts = [_USERS]
        if self.measure is not None:
            plan = looked_up(plan, self._amounts(starts, self._return_events(rows)), self.keys, "values", key=self.keys)
            counts += [_VALUE, "amounts"]
        zeros = {name: call("coalesce", plan.column(name), cast(literal(0), plan.types[name])) for name in (_SIZE, *counts)}
        plan = Extend(plan, tuple(zeros.items()), "counted")
        if self.criterion != "on":
            plan = Extend(plan, tuple((name, self._summed(plan, name)) for name in counts), "summed")
        columns: list[tuple[str, Expr]] = [(name, plan.column(name)) for name in (*self.keys, _SIZE, _USERS)]
        columns.append((_RATE, call("ratio", plan.column(_USERS), plan.column(_SIZE))))
        if self.measure is not None:
            columns += self._values(plan)
        columns.append((_COMPLETE, plan.column(_COMPLETE)))
        plan = Select(plan, tuple(columns), "retention")
        return frame_of(self.scope.state_over(plan, self.keys), [name for name, _ in columns[len(self.keys) :]])

    def members(self) -> Node:
        """Return the returns that each cell counts."""
        rows = self._events()
        starts = self._starts(rows)
        back = self._pairs(starts, self._return_events(rows))
        ends = "run" if self.criterion == "streak" else None
        if ends is not None:
            back = looked_up(back, self._streaks(self._slots(back)), [*self.groups, *self.scope.unit], "with_streaks")
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in back.types]
        grid = self._grid(starts)
        columns += [(name, "right", (name, name)) for name in (SINCE, "end_period")]
        since, end = grid.column(SINCE), grid.column("end_period")
        distance = back.column("distance")
        late, early = call("ge", distance, since), call("lt", distance, end)
        condition = {
            "on": call("and", late, early),
            "on_or_after": late,
            "on_or_before": early,
            "streak": call("and", late, early),
        }[self.criterion]
        if ends is not None:
            lasts = call("or", call("eq", since, literal(self._least)), call("ge", back.column(ends), since))
            condition = call("and", condition, lasts)
        return Join(
            back,
            grid,
            "inner",
            tuple((name, name) for name in self.groups),
            tuple(columns),
            step="members",
            condition=condition,
        )

    def usage_intervals(self) -> Node:
        """Return quantiles of the users' median number of days between the days on which they returned."""
        scope = self.scope
        rows = scope.rows({}, self._kept(None if self.returning is None else self.returning.holds), ranged=False)
        day = period_of(scope, rows, rows.column(MOMENT), "day")
        days: Node = Aggregate(rows, ((PERIOD, day), *_columns(rows, scope.unit)), (), "days")
        on = days.column(PERIOD)
        previous = over(aggregation("lag", on, literal(1), literal(None, on.type)), scope.units(days), [Ordering(on)])
        days = Extend(days, ((_INTERVAL, call("sub", on, previous)),), "intervals")
        usual = aggregation("quantile", days.column(_INTERVAL), literal(0.5))
        users: Node = Aggregate(days, _columns(days, scope.unit), ((_INTERVAL, usual),), "usual_intervals")
        users = Filter(users, call("not_null", users.column(_INTERVAL)), "users_with_intervals")
        return Aggregate(
            users,
            (),
            (
                (_USERS, aggregation("size")),
                *(
                    (f"p{percent}", aggregation("quantile", users.column(_INTERVAL), literal(percent / 100)))
                    for percent in (50, 80, 90)
                ),
            ),
            "usage_interval",
        )

    # ---- events, starts and returns

    def _events(self) -> Node:
        """Return the events that are starts or returns, with their period."""
        scope = self.scope
        columns: dict[str, Series | UserValues] = {}
        if self.label is not None:
            columns[self.labels[0]] = self.label
        if self.measure is not None:
            columns[_AMOUNT] = scope.data[self.measure[1]]
        where = None
        if self.start is not None and self.returning is not None:
            where = self.start.holds if self.is_same else self.start.holds | self.returning.holds
        if not self.is_same:
            flags = ((_START, self.start), (_RETURN, self.returning))
            columns |= {name: test.holds.fillna(False) for name, test in flags if test is not None}
        plan = scope.rows(columns, self._kept(where), ranged=False)
        plan = Extend(plan, ((PERIOD, period_of(scope, plan, plan.column(MOMENT), self.by)),), "events_by_period")
        if self.is_same:
            return plan
        # The first start of a period is the one event that is not a return of its own cohort.
        starts = self._is_start(plan)
        order = (Ordering(case([(starts, literal(0))], literal(1))), *scope.order(plan))
        number = over(aggregation("row_number"), [*scope.units(plan), plan.column(PERIOD)], order)
        return Extend(plan, ((_IS_FIRST, call("and", starts, call("eq", number, literal(1)))),), "first_starts")

    def _kept(self, test: Series | None) -> Series | None:
        """Return whether an event meets a condition and that of ``where``."""
        if test is None or self.where is None:
            return test if self.where is None else self.where.holds
        found: Series = test & self.where.holds
        return found

    def _is_start(self, rows: Node) -> Expr:
        """Return whether an event is a start: ever, or in the range."""
        found: Expr = rows.column(_START) if _START in rows.types else literal(True)
        if self.mode != "first_time":
            for op, bound in (("ge", self.scope.start), ("lt", self.scope.end)):
                if bound is not None:
                    found = call("and", found, call(op, rows.column(MOMENT), literal(bound)))
        return found

    def _reduced(self, rows: Node) -> Node:
        """Return one row per user and period: its first start, and its first and last return."""
        keys = [*_columns(rows, (*self.scope.unit, PERIOD))]
        if self.is_elapsed:
            since = call("sub", rows.column(MOMENT), literal(datetime.datetime(1970, 1, 1)))
            keys.append(("slot", call("floordiv", since, literal(_LENGTHS[self.by]))))
        keys += _columns(rows, [name for name in (_IS_FIRST,) if name in rows.types])
        moment = rows.column(MOMENT)
        starts, returns = _unless_true(self._is_start(rows)), _unless_true(self._is_return(rows))
        values = [(_ENTERED, aggregation("min", moment, where=starts)), (MOMENT, aggregation("max", moment, where=returns))]
        if self.is_elapsed:
            values.append(("first_return", aggregation("min", moment, where=returns)))
        order = self.scope.order(rows)
        values += [(name, aggregation("first", rows.column(name), order=order, where=starts)) for name in self.labels]
        return Aggregate(rows, tuple(keys), tuple(values), "active_periods")

    def _is_return(self, rows: Node) -> Expr:
        return rows.column(_RETURN) if _RETURN in rows.types else literal(True)

    def _starts(self, rows: Node) -> Node:
        """Return one row per user and cohort: ``entered`` is the moment of the start."""
        plan = self._reduced(rows)
        if _unless_true(self._is_start(rows)) is not None:
            plan = Filter(plan, call("not_null", plan.column(_ENTERED)), "periods_with_starts")
        entered = plan.column(_ENTERED)
        keys: tuple[tuple[str, Expr], ...] = _columns(plan, self.scope.unit)
        values: list[tuple[str, Expr]] = [(_ENTERED, aggregation("min", entered))]
        if self.mode == "recurring":
            keys = (*keys, (COHORT, plan.column(PERIOD)))
        else:
            values.append((COHORT, aggregation("min", plan.column(PERIOD))))
        order = [Ordering(entered)]
        if _IS_FIRST in plan.types:
            # Of two rows with starts at the same moment, the value is that of the row with the first start.
            order.append(Ordering(case([(plan.column(_IS_FIRST), literal(0))], literal(1))))
        values += [(name, aggregation("first", plan.column(name), order=tuple(order))) for name in self.labels]
        plan = Aggregate(plan, keys, tuple(values), "starts")
        if self.mode == "first_time":
            for op, bound in (("ge", self.scope.start), ("lt", self.scope.end)):
                if bound is not None:
                    plan = Filter(plan, call(op, plan.column(_ENTERED), literal(bound)), "starts_in_range")
        return plan if self.label is None else with_top(plan, self.labels[0], aggregation("size"), self.top)

    def _returns(self, rows: Node) -> Node:
        """Return the moments that determine how long after a start a user returned."""
        plan = self._reduced(rows)
        kept = [name for name in (*self.scope.unit, PERIOD, _IS_FIRST) if name in plan.types]
        if self.is_same and not self.is_elapsed:
            return Select(plan, _columns(plan, kept), "returns")
        plan = Filter(plan, call("not_null", plan.column(MOMENT)), "periods_with_returns")
        if not self.is_elapsed:
            return Select(plan, _columns(plan, (*kept, MOMENT)), "returns")
        # Within the length of one period, returns have at most two distances from a start: those of the first and the last.
        ends = [Select(plan, (*_columns(plan, kept), (MOMENT, plan.column(name))), name) for name in ("first_return", MOMENT)]
        return Union(tuple(ends), (*kept, MOMENT), "returns")

    def _return_events(self, rows: Node) -> Node:
        """Return the events that are returns."""
        kept = [name for name in (*self.scope.unit, PERIOD, _IS_FIRST, _AMOUNT, MOMENT) if name in rows.types]
        if _RETURN in rows.types:
            rows = Filter(rows, rows.column(_RETURN), "returns")
        return Select(rows, _columns(rows, kept), "returns")

    def _pairs(self, starts: Node, returns: Node) -> Node:
        """Return each start with the user's later returns, and ``distance``, the number of periods in between."""
        unit = self.scope.unit
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in starts.types]
        columns += [(name, "right", (name, name)) for name in returns.types if name not in unit]
        # If every start is a return, the period of the start has a return.
        condition = (
            call("ge", returns.column(MOMENT), starts.column(_ENTERED))
            if MOMENT in returns.types
            else call("ge", returns.column(PERIOD), starts.column(COHORT))
        )
        if _IS_FIRST in returns.types:
            own = call("and", returns.column(_IS_FIRST), call("eq", returns.column(PERIOD), starts.column(COHORT)))
            condition = call("and", condition, call("not", own))
        plan = Join(
            starts, returns, "inner", tuple((name, name) for name in unit), tuple(columns), step="returned", condition=condition
        )
        if self.is_elapsed:
            passed = call("sub", plan.column(MOMENT), plan.column(_ENTERED))
            distance = call("floordiv", passed, literal(_LENGTHS[self.by]))
        else:
            distance = self._distance(plan.column(COHORT), plan.column(PERIOD))
        return Extend(plan, (("distance", distance),), "returned")

    def _distance(self, first: Expr, last: Expr) -> Expr:
        """Return the number of periods from one period to another."""
        step = PERIODS[self.by]
        if step is not None:
            return call("floordiv", call("sub", last, first), literal(step))

        def place(of: Expr) -> Expr:
            year = call("date_part", literal("year"), of)
            if self.by == "year":
                return year
            parts = {"month": 12, "quarter": 4}[self.by]
            return call("add", call("mul", year, literal(parts)), call("date_part", literal(self.by), of))

        return call("sub", place(last), place(first))

    # ---- cells

    @property
    def _least(self) -> int:
        """The smallest value of ``periods_since``."""
        return 0 if self.brackets is None else self.brackets[0][0]

    def _sizes(self, starts: Node) -> Node:
        """Return the number of users of each cohort that has users."""
        return Aggregate(starts, _columns(starts, self.groups), ((_SIZE, aggregation("size")),), "cohort_sizes")

    def _grid(self, starts: Node) -> Node:
        """Return the cells up to ``as_of``: their key, their exclusive ``end_period``, and ``complete``."""
        scope = self.scope
        plan = periods(scope, self.by)
        as_of = scope.last_moment()
        period = plan.column(PERIOD)
        if self.is_elapsed:
            last = call("floordiv", call("sub", as_of, moment_of(scope, period, self.by)), literal(_LENGTHS[self.by]))
        else:
            last = self._distance(period, period_of(scope, plan, as_of, self.by))
        plan = Select(plan, ((COHORT, period), ("next_period", plan.column("next_period")), ("last_since", last)), "cohorts")
        # The number of cells grows with the square of the periods, and one event with a wrong clock can add many periods.
        plan = Extend(plan, (("cohorts", over(aggregation("size"))),), "cohorts")
        is_filled = call("le", plan.column("cohorts"), literal(_MOST_FILLED))
        has_users = InQuery(plan.column(COHORT), self._sizes(starts), COHORT)
        plan = Filter(plan, call("or", is_filled, has_users), "cohorts")
        if self.brackets is None:
            number = call("add", plan.column("last_since"), literal(1))
            if self.periods is not None:
                limit = literal(self.periods)
                number = case([(call("lt", number, limit), number)], limit)
            plan = Unnest(plan, call("json_range", number), "item", SINCE, "cells")
            end = call("add", plan.column(SINCE), literal(1))
            plan = Extend(plan, (("end_period", end),), "cells")
        else:
            pairs = tuple((literal(low), literal(high)) for low, high in self.brackets)
            plan = crossed(plan, Values(((SINCE, INT64), ("end_period", INT64)), pairs, (SINCE,), "brackets"), "cells")
            plan = Filter(plan, call("ge", plan.column("last_since"), plan.column(SINCE)), "cells")
        if self.is_elapsed:
            length = call("mul", plan.column("end_period"), literal(_LENGTHS[self.by]))
            complete = call("le", call("add", moment_of(scope, plan.column("next_period"), self.by), length), as_of)
        else:
            complete = call("ge", plan.column("last_since"), plan.column("end_period"))
        plan = Select(plan, (*_columns(plan, (COHORT, SINCE, "end_period")), (_COMPLETE, complete)), "cells")
        if self.label is not None:
            plan = crossed(Aggregate(starts, _columns(starts, self.labels), (), "groups"), plan, "groups_by_cell")
        return plan

    def _slot(self, distance: Expr, criterion: str) -> Expr:
        """Return the first cell (for ``on_or_after`` the last one) that a return counts for; NULL if there is none."""
        if self.brackets is None:
            if self.periods is None:
                return distance
            last = literal(self.periods - 1) if criterion == "on_or_after" else literal(None, INT64)
            return case([(call("lt", distance, literal(self.periods)), distance)], last)
        tests = []
        for low, high in reversed(self.brackets) if criterion == "on_or_after" else self.brackets:
            late, early = call("ge", distance, literal(low)), call("lt", distance, literal(high))
            test = {"on": call("and", late, early), "on_or_after": late, "on_or_before": early}[criterion]
            tests.append((test, literal(low)))
        return case(tests)

    def _counted(self, back: Node) -> Node:
        """Return the number of users by the first cell that they count for, or the last; cumulative sums follow."""
        who = [*self.groups, *self.scope.unit]
        if self.criterion == "streak":
            return self._counted_streaks(back)
        plan: Node
        if self.criterion == "on":
            plan = Select(back, (*_columns(back, who), (SINCE, self._slot(back.column("distance"), "on"))), "slots")
            if self.is_elapsed or self.brackets is not None or not self.is_same:
                plan = Aggregate(plan, _columns(plan, (*who, SINCE)), (), "user_slots")
        else:
            farthest = "max" if self.criterion == "on_or_after" else "min"
            distance = aggregation(farthest, back.column("distance"))
            plan = Aggregate(back, _columns(back, who), (("distance", distance),), "farthest")
            plan = Select(plan, (*_columns(plan, who), (SINCE, self._slot(plan.column("distance"), self.criterion))), "slots")
        return Aggregate(plan, _columns(plan, self.keys), ((_USERS, aggregation("size")),), "counted_returns")

    def _slots(self, back: Node) -> Node:
        """Return the distinct cells in which each user returned."""
        who = [*self.groups, *self.scope.unit]
        plan: Node = Select(back, (*_columns(back, who), (SINCE, self._slot(back.column("distance"), "on"))), "slots")
        plan = Filter(plan, call("not_null", plan.column(SINCE)), "slots")
        return Aggregate(plan, _columns(plan, (*who, SINCE)), (), "user_slots")

    def _streaks(self, slots: Node) -> Node:
        """Return ``run`` for each user: the last cell of an unbroken series of returns that begins in the second cell."""
        who = [*self.groups, *self.scope.unit]
        plan = Filter(slots, call("gt", slots.column(SINCE), literal(self._least)), "later_slots")
        place: Expr = plan.column(SINCE)
        if self.brackets is not None:
            place = case([(call("eq", place, literal(low)), literal(i)) for i, (low, _) in enumerate(self.brackets)])
        number = over(aggregation("row_number"), [plan.column(name) for name in who], (Ordering(plan.column(SINCE)),))
        plan = Filter(plan, call("eq", place, number), "unbroken")
        return Aggregate(plan, _columns(plan, who), (("run", aggregation("max", plan.column(SINCE))),), "streaks")

    def _counted_streaks(self, back: Node) -> Node:
        slots = self._slots(back)
        first = Filter(slots, call("eq", slots.column(SINCE), literal(self._least)), "first_slots")
        runs = self._streaks(slots)
        parts = (
            Select(first, _columns(first, self.keys), "first_slots"),
            Select(runs, (*_columns(runs, self.groups), (SINCE, runs.column("run"))), "streaks"),
        )
        plan = Union(parts, tuple(self.keys), "slots_and_streaks")
        return Aggregate(plan, _columns(plan, self.keys), ((_USERS, aggregation("size")),), "counted_returns")

    def _summed(self, plan: Node, name: str) -> Expr:
        """Return a count of users, or a sum, cumulated over the cells that a return counts for."""
        partition: list[Expr] = [plan.column(each) for each in self.groups]
        if self.criterion == "streak":
            partition.append(call("gt", plan.column(SINCE), literal(self._least)))
        order = (Ordering(plan.column(SINCE), self.criterion == "on_or_before"),)
        return over(aggregation("sum", plan.column(name)), partition, order, WindowFrame("ROWS", None, 0))

    def _amounts(self, starts: Node, returns: Node) -> Node:
        """Return the sum and the number of values by the first cell that their return counts for, or the last.

        Starts are joined only with the events of their own period, and with totals of later periods. Elapsed time is measured
        from the start, so there are no such totals.
        """
        amount = returns.column(_AMOUNT)
        values = ((_VALUE, aggregation("sum", amount)), ("amounts", aggregation("count", amount)))
        if self.is_elapsed:
            each = Extend(
                returns, ((_VALUE, amount), ("amounts", case([(call("not_null", amount), literal(1))], literal(0)))), "values"
            )
            return self._summed_amounts([self._pairs(starts, each)])
        unit = self.scope.unit
        kept = [name for name in (*unit, PERIOD, _IS_FIRST, MOMENT) if name in returns.types]
        own = Select(
            returns,
            (
                *_columns(returns, kept),
                (_VALUE, amount),
                ("amounts", case([(call("not_null", amount), literal(1))], literal(0))),
            ),
            "values",
        )
        test = [call("ge", own.column(MOMENT), starts.column(_ENTERED))]
        if _IS_FIRST in own.types:
            test.append(call("not", own.column(_IS_FIRST)))
        in_period = self._joined(starts, own, [*((name, name) for name in unit), (COHORT, PERIOD)], test)
        totals = Aggregate(returns, _columns(returns, (*unit, PERIOD)), values, "values_by_period")
        later = self._joined(
            starts, totals, [(name, name) for name in unit], [call("gt", totals.column(PERIOD), starts.column(COHORT))]
        )
        zero = Extend(in_period, (("distance", literal(0)),), "values_of_start")
        later = Extend(later, (("distance", self._distance(later.column(COHORT), later.column(PERIOD))),), "values_later")
        return self._summed_amounts([zero, later])

    def _joined(self, starts: Node, values: Node, on: Sequence[tuple[str, str]], tests: Sequence[Expr]) -> Node:
        """Return starts joined with values of the same unit."""
        kept = (*self.groups, _ENTERED)
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in kept]
        columns += [(name, "right", (name, name)) for name in values.types if name not in self.scope.unit]
        condition = tests[0]
        for each in tests[1:]:
            condition = call("and", condition, each)
        return Join(starts, values, "inner", tuple(on), tuple(columns), step="values", condition=condition)

    def _summed_amounts(self, parts: Sequence[Node]) -> Node:
        """Return the sum and the number of values by cell."""
        names = (*self.keys, _VALUE, "amounts")
        slots = [
            Select(
                each,
                (
                    *_columns(each, self.groups),
                    (SINCE, self._slot(each.column("distance"), self.criterion)),
                    *_columns(each, (_VALUE, "amounts")),
                ),
                "slots",
            )
            for each in parts
        ]
        plan: Node = slots[0] if len(slots) == 1 else Union(tuple(slots), names, "slots")
        return Aggregate(
            plan,
            _columns(plan, self.keys),
            tuple((name, aggregation("sum", plan.column(name))) for name in (_VALUE, "amounts")),
            "amounts",
        )

    def _values(self, plan: Node) -> list[tuple[str, Expr]]:
        assert self.measure is not None
        total = plan.column(_VALUE)
        if self.measure[0] == "mean":
            return [(_VALUE, _quotient(total, plan.column("amounts")))]
        return [(_VALUE, total), (_PER_USER, _quotient(total, plan.column(_SIZE)))]


def _quotient(total: Expr, number: Expr) -> Expr:
    return case([(call("gt", number, literal(0)), call("truediv", total, number))])


def _unless_true(test: Expr) -> Expr | None:
    return None if isinstance(test, Literal) else test


def _columns(plan: Node, names: Sequence[str]) -> tuple[tuple[str, Expr], ...]:
    return tuple((name, plan.column(name)) for name in names)
