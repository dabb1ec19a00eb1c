"""Correlation of columns, computed from scaled distances from the mean.

The engines' own ``corr`` loses precision where values are far from 0 or close to each other, and one engine returns a number
for a constant column. Here means and ranges are computed first, and products of the scaled distances second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.align import aligned
from objectiv_local.frame.functions import NUMERIC, as_float
from objectiv_local.frame.handles import make_frame, make_series
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Aggregation, Expr, Ordering, ScalarQuery, aggregation, call, case, cast, literal
from objectiv_local.plan.nodes import Aggregate, Extend, Node, Select, Union
from objectiv_local.types import FLOAT64, INT64_MAX

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series

#: Maximum number of columns of a matrix: each pair is computed from its own rows.
MOST_COLUMNS = 12
_METHODS = ("pearson", "spearman")


def corr(self: DataFrame, method: str = "pearson", min_periods: int = 1, numeric_only: bool = False) -> DataFrame:
    """Return the correlation of each pair of columns, as a frame indexed by the column name, ``__column``.

    Each pair is computed from the rows in which both values are present. The result is missing if there are fewer than
    ``min_periods`` or two such rows, or if one of the columns is constant in them, and NaN if they include NaN or infinity.
    ``method`` is ``pearson``, or ``spearman`` for rank correlation. Raises InvalidType for a column that is neither numeric nor
    bool, unless ``numeric_only``, and InvalidValue for more than 12 columns.

    Differs from pandas: stored NaN is a value, not a missing one; ``kendall`` and functions are not supported.
    """
    state = self._state.rows("corr")
    names = [name for name in self._columns if not numeric_only or state.type_of(name).name in NUMERIC]
    if not names:
        raise InvalidValue("the frame has no numeric column to correlate", hint="choose columns, as in df[['a', 'b']].corr()")
    if len(names) > MOST_COLUMNS:
        raise InvalidValue(
            f"cannot correlate {len(names)} columns at once: the maximum is {MOST_COLUMNS}",
            hint="choose columns, as in df[['a', 'b']].corr()",
        )
    _check(method, min_periods)
    columns = [_number(state.column(name), name) for name in names]
    pairs = [(i, j) for i in range(len(names)) for j in range(i, len(names))]
    plan = _correlated(state, [(columns[i], columns[j]) for i, j in pairs], method, min_periods)
    place = {pair: _result(position) for position, pair in enumerate(pairs)}
    parts: list[Node] = []
    for i, name in enumerate(names):
        cells = [(other, plan.column(place[min(i, j), max(i, j)])) for j, other in enumerate(names)]
        parts.append(Select(plan, (("__column", literal(name)), *cells, ("__position", literal(i)))))
    made = Union(tuple(parts), tuple(parts[0].types), "correlations") if len(parts) > 1 else parts[0]
    return make_frame(state.with_rows(made, ("__column",), (Ordering(made.column("__position")),)), names)


def corr_of_two(series: Series, other: Series, method: str, min_periods: int) -> Series:
    """Return the correlation of two series as a one-row series."""
    _check(method, min_periods)
    state, (left,), right = aligned(
        series._state.rows("corr"), [series._expr], other._state.rows("corr"), other._expr, "left", other.name
    )
    plan = _correlated(state, [(_number(left, series.name), _number(right, other.name))], method, min_periods)
    return make_series(state.with_rows(plan, ()), plan.column(_result(0)), series.name)


def _check(method: str, min_periods: int) -> None:
    if method not in _METHODS:
        raise NotSupported(f"corr with method={method!r} is not supported", hint="method is 'pearson' or 'spearman'")
    if not 0 <= min_periods <= INT64_MAX:
        raise InvalidValue(f"min_periods has to be a non-negative whole number, not {min_periods!r}")


def _number(expr: Expr, name: str) -> Expr:
    if expr.type.name not in NUMERIC:
        raise InvalidType(
            f"column {name!r}, which is {expr.type}, cannot be correlated",
            hint="pass numeric_only=True, or choose columns: df[['a', 'b']].corr()",
        )
    return as_float(expr)


def _result(position: int) -> str:
    return f"corr_{position}"


def _correlated(state: State, pairs: Sequence[tuple[Expr, Expr]], method: str, min_periods: int) -> Node:
    """Return a one-row plan with the correlation of each pair."""
    sides: dict[Expr, str] = {}
    names: list[tuple[str, str]] = []
    for left, right in pairs:
        both = call("and", call("not_null", left), call("not_null", right))
        own = [left] * 2 if left is right else [case([(both, left)]), case([(both, right)])]
        found = [sides.setdefault(expr, f"side_{len(sides)}") for expr in own]
        names.append((found[0], found[1]))
    rows: Node = Select(state.plan, tuple((name, expr) for expr, name in sides.items()), "pairs")
    if method == "spearman":
        plain = replace(state, plan=rows, index=(), order=())
        ranks = tuple((name, make_series(plain, rows.column(name), name).rank()._expr) for name in sides.values())
        rows = Select(rows, ranks, "ranked_pairs")
    totals = Aggregate(
        rows,
        (),
        tuple((f"{op}_{name}", aggregation(op, rows.column(name))) for name in sides.values() for op in ("mean", "min", "max")),
        "totals",
    )

    def total(op: str, name: str) -> Expr:
        return ScalarQuery(totals, f"{op}_{name}")

    away = Select(
        rows,
        tuple(
            (
                name,
                call(
                    "truediv",
                    call("sub", rows.column(name), total("mean", name)),
                    call("sub", total("max", name), total("min", name)),
                ),
            )
            for name in sides.values()
        ),
        "distances",
    )
    sums: dict[Expr, tuple[str, Aggregation]] = {}

    def summed(op: str, name: str, expr: Expr) -> str:
        return sums.setdefault(aggregation(op, expr), (name, aggregation(op, expr)))[0]

    plans: list[tuple[str, ...]] = []
    for position, (first, second) in enumerate(names):
        left, right = away.column(first), away.column(second)
        plans.append(
            (
                summed("count", f"rows_{position}", left),
                summed("sum", f"x_{position}", left),
                summed("sum", f"y_{position}", right),
                summed("sum", f"xx_{position}", call("mul", left, left)),
                summed("sum", f"yy_{position}", call("mul", right, right)),
                summed("sum", f"xy_{position}", call("mul", left, right)),
            )
        )
    products = Aggregate(away, (), tuple(sums.values()), "products")
    ratios = tuple(
        (f"ratio_{position}", _ratio(*(products.column(name) for name in each))) for position, each in enumerate(plans)
    )
    made = Extend(products, ratios, "ratios", once=True)
    results = []
    for position, (each, pair) in enumerate(zip(plans, names, strict=True)):
        varied = call("ge", made.column(each[0]), literal(max(2, min_periods)))
        for name in dict.fromkeys(pair):
            varied = call("and", varied, call("lt", total("min", name), total("max", name)))
        results.append((_result(position), case([(varied, _bounded(made.column(f"ratio_{position}")))])))
    return Extend(made, tuple(results), "correlations")


def _ratio(n: Expr, x: Expr, y: Expr, xx: Expr, yy: Expr, xy: Expr) -> Expr:
    """Return the correlation from sums of distances from the mean and of their products."""
    count = cast(n, FLOAT64)

    def centered(product: Expr, left: Expr, right: Expr) -> Expr:
        # Correct for the rounding error of the mean.
        return call("sub", product, call("truediv", call("mul", left, right), count))

    return call("truediv", centered(xy, x, y), call("mul", call("sqrt", centered(xx, x, x)), call("sqrt", centered(yy, y, y))))


def _bounded(ratio: Expr) -> Expr:
    """Return a ratio clipped to -1 and 1, which rounding errors can exceed; NaN, which sorts as the maximum, is kept."""
    above = call("and", call("gt", ratio, literal(1.0)), call("lt", ratio, literal(float("inf"))))
    return case([(above, literal(1.0)), (call("lt", ratio, literal(-1.0)), literal(-1.0))], ratio)
