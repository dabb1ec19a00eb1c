"""Units of an experiment: the variant that each was exposed to first, and totals of its events before and after."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from objectiv_local.frame import Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Join,
    JoinSide,
    Node,
    Select,
    aggregation,
    call,
    case,
    literal,
)
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope
from objectiv_local.hub.analyses.experiments.inference import Group

VARIANT: Final = "variant"
_EXPOSED, _FIRST_ID, _SEVERAL, _OPEN = "exposed_at", "exposure", "in_several", "is_open"


@dataclass(frozen=True, slots=True)
class Exposures:
    """The first exposure of each unit, and the events before and after it.

    ``holds`` matches the events that expose, and ``variant`` is the variant shown; events without a variant do not expose.
    ``window`` is how long events count after the exposure, and ``before`` how long before it events count for covariates.
    """

    scope: Scope
    holds: Series
    variant: Series
    window: datetime.timedelta | None
    before: datetime.timedelta

    def first(self) -> Node:
        """Return each unit with its first variant and exposure, whether it saw several variants, and whether it is open, that
        is, whether later events may still count.
        """
        scope = self.scope
        rows = scope.rows({VARIANT: self.variant, "is_exposure": self.holds})
        shown = Filter(rows, call("and", rows.column("is_exposure"), call("not_null", rows.column(VARIANT))), "exposures")
        variant, moment = shown.column(VARIANT), shown.column(MOMENT)
        order = scope.order(shown)
        first = Aggregate(
            shown,
            tuple((name, shown.column(name)) for name in scope.unit),
            (
                (VARIANT, aggregation("first", variant, order=order)),
                (_EXPOSED, aggregation("min", moment)),
                *((f"{_FIRST_ID}_{name}", aggregation("first", shown.column(name), order=order)) for name in scope.event_key),
                ("lowest", aggregation("min", variant)),
                ("highest", aggregation("max", variant)),
            ),
            "first_exposures",
        )
        is_open: Expr = literal(False)
        if self.window is not None:
            is_open = call("gt", call("add", first.column(_EXPOSED), literal(self.window)), scope.last_moment())
        return Extend(
            first,
            ((_SEVERAL, call("ne", first.column("lowest"), first.column("highest"))), (_OPEN, is_open)),
            "first_exposures",
        )

    def counted(self) -> Node:
        """Return the number of units by variant, by whether they saw several variants, and by whether they are open."""
        first = self.first()
        return Aggregate(
            first,
            tuple((name, first.column(name)) for name in (VARIANT, _SEVERAL, _OPEN)),
            (("units", aggregation("size")),),
            "counted",
        )

    def kept(self, *, several: bool, include_open: bool) -> Node:
        """Return the first exposures of the units that count."""
        plan = self.first()
        if not several:
            plan = Filter(plan, call("not", plan.column(_SEVERAL)), "exposed")
        if self.window is not None and not include_open:
            plan = Filter(plan, call("not", plan.column(_OPEN)), "exposed")
        return plan

    def totals(self, kept: Node, after: Mapping[str, Series], before: Mapping[str, Series]) -> Node:
        """Return the sums of values per unit, over the events after the exposure and over those before it."""
        scope = self.scope
        # A covariate that is the metric itself reads the same column as the metric.
        same = {name: next((own for own, value in after.items() if value is series), name) for name, series in before.items()}
        given = {**after, **{name: series for name, series in before.items() if same[name] == name}}
        rows = scope.rows(given, ranged=False)
        sides: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in rows.types]
        added = [VARIANT, _EXPOSED, *(f"{_FIRST_ID}_{name}" for name in scope.event_key)]
        sides += [(name, "right", (name, name)) for name in added]
        plan: Node = Join(
            rows,
            kept,
            "inner",
            tuple((name, name) for name in scope.unit),
            tuple(sides),
            step="around_exposure",
            single="right",
        )
        moment, exposed = plan.column(MOMENT), plan.column(_EXPOSED)
        is_after, is_before = self._is_later(plan), self._is_later(plan, swapped=True)
        if self.window is not None:
            is_after = call("and", is_after, call("le", call("sub", moment, exposed), literal(self.window)))
        is_before = call("and", is_before, call("le", call("sub", exposed, moment), literal(self.before)))
        plan = Extend(plan, (("is_after", is_after), ("is_before", is_before)), "around_exposure", once=True)
        return Aggregate(
            plan,
            (*((name, plan.column(name)) for name in scope.unit), (VARIANT, plan.column(VARIANT))),
            (
                *((name, aggregation("sum", plan.column(name), where=plan.column("is_after"))) for name in after),
                *((name, aggregation("sum", plan.column(same[name]), where=plan.column("is_before"))) for name in before),
            ),
            "units",
        )

    def _is_later(self, plan: Node, *, swapped: bool = False) -> Expr:
        """Return whether an event is after the exposure (or before it, if ``swapped``), by moment and event id."""
        pairs = [
            (plan.column(MOMENT), plan.column(_EXPOSED)),
            *((plan.column(name), plan.column(f"{_FIRST_ID}_{name}")) for name in self.scope.event_key),
        ]
        op = "lt" if swapped else "gt"
        found = call(op, *pairs[-1])
        for own, other in reversed(pairs[:-1]):
            found = call("or", call(op, own, other), call("and", call("eq", own, other), found))
        return found


@dataclass(frozen=True, slots=True)
class Moments:
    """The size, means, variances and covariances of columns over the units of one variant."""

    users: int
    means: Mapping[str, float]
    variances: Mapping[str, float]
    covariances: Mapping[tuple[str, str], float]

    def group(self, name: str) -> Group:
        """Return the statistics of a column as a group."""
        return Group(self.users, self.means.get(name), self.variances.get(name))


def with_flags(plan: Node, names: Sequence[str]) -> Node:
    """Return units with some sums replaced by 1 if they are positive, else 0."""
    if not names:
        return plan
    flags = {name: case([(call("gt", plan.column(name), literal(0.0)), literal(1.0))], literal(0.0)) for name in names}
    return Select(plan, tuple((name, flags.get(name, plan.column(name))) for name in plan.types), "units")


def moments_of(units: Node, columns: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Node:
    """Return the statistics per variant that :func:`read_moments` reads, without sums of squares, which lose precision.

    The covariance of a pair is half of the variance of the sum minus the variances of its parts.
    """

    def sample(expr: Expr) -> Expr:
        return aggregation("var", expr, literal(1))

    values = chain.from_iterable(
        ((f"mean_{name}", aggregation("mean", units.column(name))), (f"variance_{name}", sample(units.column(name))))
        for name in columns
    )
    sums = (
        (f"both_{number}", sample(call("add", units.column(one), units.column(other))))
        for number, (one, other) in enumerate(pairs)
    )
    return Aggregate(units, ((VARIANT, units.column(VARIANT)),), (("users", aggregation("size")), *values, *sums), "by_variant")


def read_moments(row: Mapping[str, object], columns: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Moments:
    """Return the statistics in a row of :func:`moments_of`. Missing values, such as variances of a single unit, are omitted."""

    def known(prefix: str) -> dict[str, float]:
        found = {name: row[f"{prefix}_{name}"] for name in columns}
        return {name: float(value) for name, value in found.items() if isinstance(value, float)}

    variances = known("variance")
    covariances = {}
    for number, (one, other) in enumerate(pairs):
        both = row[f"both_{number}"]
        if isinstance(both, float):
            covariances[one, other] = (both - variances[one] - variances[other]) / 2
    users = row["users"]
    assert isinstance(users, int)
    return Moments(users, known("mean"), variances, covariances)
