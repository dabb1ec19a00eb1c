"""Conversions before and after users start to use a feature, compared with users who never do."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Join,
    JoinSide,
    Limit,
    Node,
    Ordering,
    Select,
    aggregation,
    call,
    case,
    literal,
    over,
)
from objectiv_local.hub.analyses.base.joins import crossed, looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT
from objectiv_local.hub.analyses.impacts.observed import FEATURE, Observed

_FIRST, _DAY, _PLACE, _ADOPTERS, _NUMBER = "first_moment", "day_0", "place", "adopters", "number"
ADOPTED: Final = "adopted"
_COUNTS: Final = ("units", "pre", "post", "change", "squares")


@dataclass(frozen=True, slots=True)
class Adoption:
    """The first uses of the ``top`` most adopted features, with the ``days`` before and after each.

    Compares units that were first seen before these days, and whose days are within the data.
    """

    observed: Observed
    days: int
    top: int

    @property
    def _span(self) -> Expr:
        return literal(datetime.timedelta(days=self.days))

    def _first_uses(self) -> Node:
        """Return one row per unit and feature with the moment of its first use, and whether that use is compared."""
        scope = self.observed.scope
        rows = scope.rows({FEATURE: self.observed.feature}, ranged=False)
        units = Aggregate(
            rows,
            tuple((name, rows.column(name)) for name in scope.unit),
            ((_FIRST, aggregation("min", rows.column(MOMENT))),),
            "units",
        )
        rows = Filter(rows, call("not_null", rows.column(FEATURE)), "uses")
        keys = (*scope.unit, FEATURE)
        uses: Node = Aggregate(
            rows,
            tuple((name, rows.column(name)) for name in keys),
            ((_DAY, aggregation("min", rows.column(MOMENT))),),
            "first_uses",
        )
        uses = looked_up(uses, units, scope.unit, "first_uses", how="inner", key=keys)
        day = uses.column(_DAY)
        tests = [
            call("ge", call("sub", day, uses.column(_FIRST)), self._span),
            call("ge", call("sub", scope.last_moment(), day), self._span),
        ]
        tests += [call("ge", day, literal(scope.start))] if scope.start is not None else []
        tests += [call("lt", day, literal(scope.end))] if scope.end is not None else []
        compared = tests[0]
        for test in tests[1:]:
            compared = call("and", compared, test)
        return Extend(uses, ((ADOPTED, compared),), "first_uses")

    def _features(self, uses: Node) -> Node:
        """Return the features that the most units adopted, with the number of adopters."""
        adopted = Filter(uses, uses.column(ADOPTED), "adopted")
        counted = Aggregate(adopted, ((FEATURE, adopted.column(FEATURE)),), ((_ADOPTERS, aggregation("size")),), "features")
        order = (Ordering(counted.column(_ADOPTERS), ascending=False), Ordering(counted.column(FEATURE)))
        return Limit(counted, order, self.top)

    def compared(self) -> Node:
        """Return one row per compared unit and feature, with ``day_0`` and ``adopted``.

        Units that never use a feature are assigned adoption days: in the order of their first events, they cycle through the
        days on which others adopted it.
        """
        scope = self.observed.scope
        uses = self._first_uses()
        features = self._features(uses)
        rows = scope.rows(ranged=False)
        units: Node = Aggregate(
            rows,
            tuple((name, rows.column(name)) for name in scope.unit),
            ((_FIRST, aggregation("min", rows.column(MOMENT))),),
            "units",
        )
        order = [Ordering(units.column(_FIRST)), *(Ordering(each) for each in scope.units(units))]
        units = Extend(units, ((_NUMBER, over(aggregation("row_number"), (), order)),), "units")
        keys = (*scope.unit, FEATURE)
        own = Select(uses, tuple((name, uses.column(name)) for name in (*keys, _DAY, ADOPTED)), "first_uses")
        grid: Node = looked_up(crossed(units, features, "units_by_features"), own, keys, "units_by_features", key=keys)
        never = call("is_null", grid.column(_DAY))
        place = call("add", call("mod", grid.column(_NUMBER), grid.column(_ADOPTERS)), literal(1))
        grid = Extend(grid, ((_PLACE, case([(never, place)])),), "units_by_features")
        days = self._days(uses)
        grid = looked_up(grid, days, [FEATURE, _PLACE], "matched", key=keys)
        matched = grid.column("day_of_adopter")
        is_seen = call("ge", call("sub", matched, grid.column(_FIRST)), self._span)
        kept = call("coalesce", grid.column(ADOPTED), call("coalesce", is_seen, literal(False)))
        plan = Filter(grid, kept, "compared")
        return Select(
            plan,
            (
                *((name, plan.column(name)) for name in keys),
                (_DAY, call("coalesce", plan.column(_DAY), plan.column("day_of_adopter"))),
                (ADOPTED, call("is_null", plan.column(_PLACE))),
            ),
            "compared",
        )

    def _days(self, uses: Node) -> Node:
        """Return the days on which units adopted a feature, numbered per feature."""
        adopted: Node = Filter(uses, uses.column(ADOPTED), "adopted")
        order = [Ordering(adopted.column(_DAY)), *(Ordering(each) for each in self.observed.scope.units(adopted))]
        adopted = Extend(adopted, ((_PLACE, over(aggregation("row_number"), [adopted.column(FEATURE)], order)),), "adopted")
        # Each place has one unit; grouping by place declares it as the key of the plan.
        return Aggregate(
            adopted,
            tuple((name, adopted.column(name)) for name in (FEATURE, _PLACE)),
            (("day_of_adopter", aggregation("min", adopted.column(_DAY))),),
            "days_of_adopters",
        )

    def counted(self, compared: Node) -> Node:
        """Return counts by feature and ``adopted``: units, their conversions before and after, and squares of the change."""
        scope = self.observed.scope
        keys, groups = (*scope.unit, FEATURE), (FEATURE, ADOPTED)
        units = Aggregate(
            compared,
            tuple((name, compared.column(name)) for name in groups),
            (("units", aggregation("size")),),
            "compared_units",
        )
        rows = scope.rows({"is_conversion": self.observed.converts}, self.observed.converts, ranged=False)
        pairs = self._around(rows, compared)
        moment, day = pairs.column(MOMENT), pairs.column(_DAY)
        since = call("sub", moment, day)
        zero = literal(datetime.timedelta(0))
        before = call("and", call("lt", since, zero), call("ge", call("add", since, self._span), zero))
        after = call("and", call("gt", since, zero), call("le", since, self._span))
        each = Aggregate(
            pairs,
            tuple((name, pairs.column(name)) for name in (*keys, ADOPTED)),
            (("pre", aggregation("size", where=before)), ("post", aggregation("size", where=after))),
            "conversions",
        )
        change = call("sub", each.column("post"), each.column("pre"))
        sums = Aggregate(
            each,
            tuple((name, each.column(name)) for name in groups),
            (
                ("pre", aggregation("sum", each.column("pre"))),
                ("post", aggregation("sum", each.column("post"))),
                ("change", aggregation("sum", change)),
                ("squares", aggregation("sum", call("mul", change, change))),
            ),
            "changes",
        )
        plan = looked_up(units, sums, groups, "counted", key=groups)
        return Select(
            plan,
            (
                *((name, plan.column(name)) for name in groups),
                ("units", plan.column("units")),
                *((name, call("coalesce", plan.column(name), literal(0))) for name in _COUNTS[1:]),
            ),
            "counted",
        )

    def _around(self, rows: Node, compared: Node) -> Node:
        """Return each conversion once for every feature that its unit is compared for."""
        scope = self.observed.scope
        sides: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in (*scope.unit, MOMENT)]
        sides += [(name, "right", (name, name)) for name in (FEATURE, _DAY, ADOPTED)]
        return Join(rows, compared, "inner", tuple((name, name) for name in scope.unit), tuple(sides), step="around")


@dataclass(frozen=True, slots=True)
class Changes:
    """Conversions of a group of units before and after a day, per unit and day, with the variance of the change."""

    units: int
    before: float
    after: float
    change: float
    variance: float | None


def changes_of(row: Mapping[str, Any], days: int) -> Changes:
    """Return the changes in a row of counts. Sums are whole numbers, so that the variance keeps its precision."""
    units, change = row["units"], row["change"]
    variance = None
    if units > 1:
        variance = (units * row["squares"] - change**2) / (units * (units - 1)) / days**2
    return Changes(units, row["pre"] / units / days, row["post"] / units / days, change / units / days, variance)


def difference_in_differences(
    adopters: Changes, others: Changes, quantile: float
) -> tuple[float, float | None, float | None, float | None]:
    """Return how much more one group changes than another, with its interval and the number of standard errors."""
    score = adopters.change - others.change
    if adopters.variance is None or others.variance is None:
        return score, None, None, None
    error = math.sqrt(adopters.variance / adopters.units + others.variance / others.units)
    if error == 0:
        return score, None, None, None
    return score, score - quantile * error, score + quantile * error, score / error
