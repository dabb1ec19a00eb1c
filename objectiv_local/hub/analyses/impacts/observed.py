"""Users who convert and users who do not, observed for comparable times, and the features that they used in that time."""

from __future__ import annotations

from dataclasses import dataclass

from objectiv_local.frame import Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    ScalarQuery,
    aggregation,
    call,
    case,
    literal,
    over,
)
from objectiv_local.hub.analyses.base.joins import looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope

CONVERTED, FEATURE, USER = "converted", "feature", "user_number"
_FIRST, _AT, _ID, _UNTIL, _PLACE = "first_moment", "converted_at", "conversion", "observed_until", "place"


@dataclass(frozen=True, slots=True)
class Observed:
    """The events of units: whether they convert, and the feature that they use, a string that may be missing."""

    scope: Scope
    converts: Series
    feature: Series

    def rows(self) -> Node:
        """Return the events."""
        return self.scope.rows({"is_conversion": self.converts, FEATURE: self.feature})

    def users(self) -> Node:
        """Return the units, with their number, whether and when they first converted, and until when they are observed.

        Units that convert are observed until then. The others are assigned conversion times: in the order of their first
        events, they cycle through the times of units that converted. If no unit converted, all events count.
        """
        scope, rows = self.scope, self.rows()
        moment, converts = rows.column(MOMENT), rows.column("is_conversion")
        plan: Node = Aggregate(
            rows,
            tuple((name, rows.column(name)) for name in scope.unit),
            ((_FIRST, aggregation("min", moment)), (_AT, aggregation("min", moment, where=converts))),
            "users",
        )
        # Sorting only the conversions is enough to find the first one.
        conversions = Filter(rows, converts, "conversions")
        ids = tuple(
            (f"{_ID}_{name}", aggregation("first", conversions.column(name), order=scope.order(conversions)))
            for name in scope.event_key
        )
        firsts = Aggregate(
            conversions, tuple((name, conversions.column(name)) for name in scope.unit), ids, "first_conversions"
        )
        plan = looked_up(plan, firsts, scope.unit, "users")
        converted = call("not_null", plan.column(_AT))
        units = [Ordering(each) for each in scope.units(plan)]
        number = over(aggregation("row_number"), [converted], [Ordering(plan.column(_FIRST)), *units])
        plan = Extend(
            plan, ((CONVERTED, converted), ("number", number), (USER, over(aggregation("row_number"), (), units))), "users"
        )
        times = self._times(plan)
        count = Aggregate(times, (), (("converters", aggregation("size")),), "converters")
        place = call("add", call("mod", plan.column("number"), ScalarQuery(count, "converters")), literal(1))
        plan = Extend(plan, ((_PLACE, case([(call("not", plan.column(CONVERTED)), place)])),), "users")
        plan = looked_up(plan, times, [_PLACE], "observed")
        until = call("add", plan.column(_FIRST), plan.column("taken"))
        return Extend(plan, ((_UNTIL, case([(plan.column(CONVERTED), plan.column(_AT))], until)),), "observed")

    def _times(self, users: Node) -> Node:
        """Return the conversion times of units that converted, shortest first, numbered from 1."""
        plan: Node = Filter(users, users.column(CONVERTED), "converters")
        taken = call("sub", plan.column(_AT), plan.column(_FIRST))
        order = [Ordering(taken), *(Ordering(each) for each in self.scope.units(plan))]
        plan = Extend(plan, ((_PLACE, over(aggregation("row_number"), (), order)), ("taken", taken)), "converters")
        # Each place has one unit; grouping by place declares it as the key of the plan.
        return Aggregate(
            plan, ((_PLACE, plan.column(_PLACE)),), (("taken", aggregation("min", plan.column("taken"))),), "times"
        )

    def used(self, users: Node) -> Node:
        """Return one row per unit and feature that it used while observed, with the moment of the first use."""
        scope = self.scope
        rows = self.rows()
        rows = Filter(rows, call("not_null", rows.column(FEATURE)), "uses")
        plan: Node = looked_up(rows, users, scope.unit, "uses", how="inner")
        moment, until = plan.column(MOMENT), plan.column(_UNTIL)
        is_before = case(
            [(plan.column(CONVERTED), self._is_before_conversion(plan)), (call("is_null", until), literal(True))],
            call("lt", moment, until),
        )
        plan = Filter(plan, is_before, "uses")
        keys = (*scope.unit, FEATURE, CONVERTED)
        return Aggregate(
            plan,
            tuple((name, plan.column(name)) for name in keys),
            tuple((name, aggregation("min", plan.column(name))) for name in (USER, MOMENT)),
            "used",
        )

    def _is_before_conversion(self, plan: Node) -> Expr:
        pairs = [
            (plan.column(MOMENT), plan.column(_AT)),
            *((plan.column(name), plan.column(f"{_ID}_{name}")) for name in self.scope.event_key),
        ]
        found = call("lt", *pairs[-1])
        for own, other in reversed(pairs[:-1]):
            found = call("or", call("lt", own, other), call("and", call("eq", own, other), found))
        return found
