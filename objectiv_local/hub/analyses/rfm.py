"""Recency, frequency and monetary value of users, and the value of their cohorts over time."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Node,
    Ordering,
    Select,
    Values,
    aggregation,
    call,
    case,
    cast,
    frame_of,
    literal,
    over,
)
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.calendar import checked_period, next_start, period_of
from objectiv_local.hub.analyses.base.cells import between, period_in
from objectiv_local.hub.analyses.base.event_values import column_of, number_of
from objectiv_local.hub.analyses.base.joins import crossed, looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.conditions import Condition, condition
from objectiv_local.hub.settings import Settings
from objectiv_local.types import DATE, INT64, TIMESTAMP

_DAY: Final = datetime.timedelta(days=1)
_MEASURES: Final = ("recency", "frequency", "monetary", "age")
SCORES: Final = ("recency_score", "frequency_score", "monetary_score")
_MOST_SCORES: Final = 100
_WORTH: Final = "worth"
_VALUE: Final = "for instance value='amount'"


@analysis
def rfm(
    settings: Settings,
    events: DataFrame,
    value: object,
    *,
    where: object = None,
    scores: int = 5,
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Rfm:
    """Return how recently, how often and for how much each user bought: index the unit.

    ==========================================================  ======================================================
    column                                                      content
    ==========================================================  ======================================================
    ``recency``                                                 days from the last order to ``as_of``
    ``frequency``                                               number of orders
    ``monetary``                                                mean order value
    ``age``                                                     days from the first order to ``as_of``
    ``recency_score``, ``frequency_score``, ``monetary_score``  1 to ``scores``; higher is better
    ==========================================================  ======================================================

    ``value`` is a numeric column, series or function of the frame. By default, orders are the events that have a value. With
    ``where``, orders are the events that match a condition, and a missing value counts as 0. NaN counts as 0 too. Users without
    an order have no row. Days are calendar days of the hub, so an order on the day of ``as_of`` is 0 days ago. ``as_of`` is by
    default the last moment of the data. ``start`` and ``end`` limit the orders.

    A score ranks all users and divides them into ``scores`` equal parts. Users with equal values get the same score, that of
    the worst rank among them, so parts may differ in size. For instance, all users with the lowest value score 1.

    To get the inputs of BG/NBD models as the package lifetimes defines them: its frequency is ``frequency - 1`` (repeat
    purchases), its recency is ``age - recency``, and its T is ``age``.

    ``ltv()`` returns the lifetime value of cohorts of these users. ``users(recency_score=5, ...)`` returns the users with these
    scores, with the moment of their first order.

    Raises InvalidValue for fewer than 2 or more than 100 scores; InvalidType and ColumnNotFound for invalid columns.

    Definitions: Hughes (1994) for quintiles; the summary of the package lifetimes for recency, frequency and age.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> events = hub.events()
    >>> hub.rfm(events, value=lambda events: events.session_hit_number, where="PressEvent").columns[:4]
    ['recency', 'frequency', 'monetary', 'age']
    """
    scope = scope_of(settings, events, "rfm", unit=unit, start=start, end=end, as_of=as_of)
    taken = sorted({*_MEASURES, *SCORES, _WORTH} & set(scope.unit))
    if taken:
        raise InvalidValue(
            f"unit of rfm has a column {taken[0]!r}, which is also the name of a column of the result", hint="rename it"
        )
    if isinstance(scores, bool) or not 2 <= scores <= _MOST_SCORES:
        raise InvalidValue(
            f"scores of rfm has to be a whole number from 2 to {_MOST_SCORES}, not {scores!r}", hint="for instance scores=5"
        )
    test = None if where is None else condition(where, scope.data, "where of rfm", scope.unit)
    given = column_of(value, scope.data, "value of rfm", _VALUE)
    orders = Orders(scope, given, number_of(given, scope.data, "value of rfm", _VALUE), test)
    plan = _scored(orders.by_unit(), scores)
    frame = frame_of(scope.state_over(plan, scope.unit), [*_MEASURES, *SCORES])
    cells = dict.fromkeys(SCORES, "int64") | frame.index_dtypes
    rule = (
        "recency and age are the days since the last and the first order, frequency is the number of orders, and monetary is "
        f"their mean {given.name}; scores from 1 to {scores} are by rank."
    )
    definition = Definition((orders.rule, rule), () if test is None else test.types)
    return Rfm("rfm", frame, scope, definition, plan, cells, orders, scores)


@checked
class Rfm(Analysis):
    """Recency, frequency and monetary value of each user, with their scores."""

    def __init__(
        self,
        name: str,
        frame: DataFrame,
        scope: Scope,
        definition: Definition,
        members: Node,
        cells: Mapping[str, str],
        orders: Orders,
        scores: int,
    ) -> None:
        super().__init__(name, frame, scope, definition, members, cells, dict.fromkeys(SCORES, between(1, scores)))
        self._orders = orders

    def ltv(self, by: str = "month", days: Sequence[int] = (1, 7, 30, 90, 180, 365)) -> Analysis:
        """Return the value of users within so many days of their first order: index ``cohort`` and ``days``.

        A cohort is the period (day, week, month, quarter or year) of the first order. Columns: ``cohort_users``; ``total``,
        the value of all their orders within ``days``; ``ltv``, the total divided by ``cohort_users``; and ``complete``, true
        once the period has ended and ``days`` have passed for all its users. A day is 24 hours from the first order, which
        counts itself.

        ``users(cohort=...)`` returns the users of a cohort.

        Raises InvalidValue for an unknown period, and for days that are not ascending whole numbers from 1.
        """
        checked_period(by)
        if by == "hour":
            raise InvalidValue("ltv has no cohorts by hour", hint="for instance by='month'")
        days = list(days)
        if not days or any(isinstance(each, bool) or not isinstance(each, int) for each in days):
            raise InvalidType(f"days of ltv have to be whole numbers, not {days!r}", hint="for instance days=[7, 30, 90]")
        if days[0] < 1 or any(later <= earlier for earlier, later in pairwise(days)):
            raise InvalidValue(
                f"days of ltv have to be ascending numbers from 1, not {list(days)!r}", hint="for instance days=[7, 30, 90]"
            )
        scope = self._scope
        rows = self._orders.by_cohort(by)
        plan = _curves(self._orders, rows, by, days)
        frame = frame_of(scope.state_over(plan, ["cohort", "days"]), ["cohort_users", "total", "ltv", "complete"])
        rule = (
            f"A cohort is the {' and '.join(scope.unit)} values whose first order is in the same {by}; ltv is the value of "
            "their orders within so many days of the first one, divided by their number."
        )
        members = Select(
            rows,
            (
                *((name, rows.column(name)) for name in scope.unit),
                (MOMENT, rows.column("first_moment")),
                ("cohort", rows.column("cohort")),
            ),
            "members",
        )
        definition = Definition((self._orders.rule, rule), self._definition.types)
        return Analysis("ltv", frame, scope, definition, members, {"cohort": "date"}, {"cohort": period_in(self._scope, by)})


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of units: events with a value, or events that match a condition."""

    scope: Scope
    given: Series
    worth: Series
    test: Condition | None

    @property
    def rule(self) -> str:
        """The definition of an order in words."""
        if self.test is None:
            return f"Orders are events with a value of {self.given.name}."
        return f"Orders are events that match {self.test.title}."

    def rows(self) -> Node:
        """Return the orders with their value in ``worth``."""
        holds = self.given.notnull() if self.test is None else self.test.holds
        return self.scope.rows({_WORTH: self.worth}, holds)

    def known_until(self) -> Expr:
        """Return the moment until which orders are known."""
        last, end = self.scope.last_moment(), self.scope.end
        return last if end is None else case([(call("lt", last, literal(end)), last)], literal(end))

    def by_unit(self) -> Node:
        """Return recency, frequency, monetary value and age of each unit."""
        scope, rows = self.scope, self.rows()
        moment = rows.column(MOMENT)
        plan = Aggregate(
            rows,
            tuple((name, rows.column(name)) for name in scope.unit),
            (
                ("last_order", aggregation("max", moment)),
                ("frequency", aggregation("size")),
                ("monetary", aggregation("mean", rows.column(_WORTH))),
                ("first_order", aggregation("min", moment)),
            ),
            "orders",
        )
        today = cast(scope.local(plan, self.known_until()), DATE)

        def days_since(name: str) -> Expr:
            day = cast(scope.local(plan, plan.column(name)), DATE)
            return call("floordiv", call("sub", today, day), literal(_DAY))

        return Select(
            plan,
            (
                *((name, plan.column(name)) for name in scope.unit),
                (MOMENT, plan.column("first_order")),
                ("recency", days_since("last_order")),
                ("frequency", plan.column("frequency")),
                ("monetary", plan.column("monetary")),
                ("age", days_since("first_order")),
            ),
            "measured",
        )

    def by_cohort(self, by: str) -> Node:
        """Return the orders with the first moment of their unit, and its period."""
        rows = self.rows()
        plan: Node = Extend(
            rows, (("first_moment", over(aggregation("min", rows.column(MOMENT)), self.scope.units(rows))),), "orders"
        )
        return Extend(plan, (("cohort", period_of(self.scope, plan, plan.column("first_moment"), by)),), "orders")


def _scored(plan: Node, scores: int) -> Node:
    """Return units with the score of each measure: their rank among all units, divided into equal parts."""
    # Means of equal values that are added in another order may differ in their last digits.
    mean = call("round", plan.column("monetary"), literal(9))
    # Fewer days since the last order are better.
    orders = (Ordering(plan.column("recency"), ascending=False), Ordering(plan.column("frequency")), Ordering(mean))
    ranks = ((f"{name}_rank", over(aggregation("rank"), (), [order])) for name, order in zip(SCORES, orders, strict=True))
    ranked = Extend(plan, (*ranks, ("units", over(aggregation("size")))), "ranked")
    others = call("sub", ranked.column("units"), literal(1))

    def score(rank: Expr) -> Expr:
        worse = call("mul", call("sub", rank, literal(1)), literal(scores))
        parts = [
            (call("ge", worse, call("mul", literal(part), others)), literal(part + 1)) for part in range(scores - 1, 0, -1)
        ]
        return case([(call("eq", rank, literal(1)), literal(1)), *parts], literal(1))

    return Extend(ranked, tuple((name, score(ranked.column(f"{name}_rank"))) for name in SCORES), "scored")


def _curves(orders: Orders, rows: Node, by: str, days: Sequence[int]) -> Node:
    """Return the total value of each cohort after each number of days."""
    scope, cohort = orders.scope, rows.column("cohort")
    units = Aggregate(
        rows,
        (("cohort", cohort), *((name, rows.column(name)) for name in scope.unit)),
        (("first_moment", aggregation("min", rows.column("first_moment"))),),
        "cohort_units",
    )
    sizes = Aggregate(
        units,
        (("cohort", units.column("cohort")),),
        (("cohort_users", aggregation("size")), ("last_first", aggregation("max", units.column("first_moment")))),
        "cohorts",
    )
    numbers = Values((("days", INT64),), tuple((literal(each),) for each in days), ("days",), "days")
    since = call("sub", rows.column(MOMENT), rows.column("first_moment"))
    within = case([(call("lt", since, literal(each * _DAY)), literal(each)) for each in days])
    sums = Aggregate(
        rows, (("cohort", cohort), ("days", within)), ((_WORTH, aggregation("sum", rows.column(_WORTH))),), "by_days"
    )
    on = ["cohort", "days"]
    grid = looked_up(crossed(sizes, numbers, "cohorts_by_days"), sums, on, "ltv", key=on)
    total = over(
        aggregation("sum", call("coalesce", grid.column(_WORTH), literal(0.0))),
        [grid.column("cohort")],
        [Ordering(grid.column("days"))],
    )
    known, size = orders.known_until(), grid.column("cohort_users")
    all_seen = call("ge", call("sub", known, grid.column("last_first")), call("mul", literal(_DAY), grid.column("days")))
    is_over = call("le", cast(next_start(scope, grid, grid.column("cohort"), by), TIMESTAMP), scope.local(grid, known))
    return Select(
        grid,
        (
            ("cohort", grid.column("cohort")),
            ("days", grid.column("days")),
            ("cohort_users", size),
            ("total", total),
            ("ltv", call("truediv", total, size)),
            ("complete", call("and", all_seen, is_over)),
        ),
        "ltv",
    )
