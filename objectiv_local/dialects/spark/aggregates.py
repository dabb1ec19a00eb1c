"""Spark: aggregates over groups, and functions over windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from objectiv_local.dialects.dialect import Builder, float_literal
from objectiv_local.dialects.spark.numbers import template
from objectiv_local.dialects.spark.text import whole
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Func, Ordered, Raw, Sql, Template, case, func, number
from objectiv_local.dialects.standard.builders import constant
from objectiv_local.dialects.standard.quantiles import beside_infinity, is_finite, within_group
from objectiv_local.plan.expr import Aggregation, Expr
from objectiv_local.types import BOOL, DECIMAL_DIGITS, FLOAT64, INT32, INT64, TIMEDELTA, TIMESTAMP

#: Aggregates whose SQL depends on their order.
FIRST, LISTED = "first_of", "list_of"


def _number(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    return tree.cast(args[0], INT32) if expr.args[0].type == BOOL else args[0]


def _sum_or_null(args: Sequence[Sql], expr: Expr) -> Sql:
    value = _number(args, expr)
    if expr.type == FLOAT64:
        return func("sum", value)
    if expr.type.name == "decimal":
        return tree.cast(func("sum", value), expr.type)
    # Whether a sum of bigint overflows depends on the order of the rows.
    return tree.cast(func("sum", tree.cast(value, f"decimal({DECIMAL_DIGITS}, 0)")), INT64)


def _sum(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    if expr.args[0].type == BOOL:
        return Func("count", (Raw("*"),), where=args[0])
    zero = (
        float_literal(0)
        if expr.type == FLOAT64
        else tree.cast(number(0), expr.type)
        if expr.type.name == "decimal"
        else number(0)
    )
    return Template("coalesce({}, {})", (_sum_or_null(args, expr), zero))


def _mean(args: Sequence[Sql], expr: Expr) -> Sql:
    mean = func("avg", tree.cast(_number(args, expr), FLOAT64))
    # A cast to an integer would truncate.
    return tree.cast(Template("rint({})", (mean,)), INT64) if expr.type == TIMEDELTA else mean


#: The skewness of the distances ``z`` from the mean as fractions of the range, whose powers neither overflow nor underflow.
_SKEW = (
    "CASE WHEN {n} >= 3 THEN coalesce(element_at(transform(array(named_struct("
    "'x', {x}, 'n', {n}, 'm', {mean}, 'r', {most} - {least})), s -> aggregate(s.x, named_struct("
    "'a', 0::double, 'b', 0::double, 'c', 0::double), (t, x) -> transform(array((x - s.m + s.r - s.r) / nullif(s.r, 0)), z -> "
    "named_struct('a', t.a + z / s.n, 'b', t.b + z * z / s.n, 'c', t.c + z * z * z / s.n))[0], "
    "t -> sqrt(s.n * (s.n - 1)::double) / (s.n - 2) * (t.c - 3 * t.a * t.b + 2 * t.a * t.a * t.a) "
    "/ power(t.b - t.a * t.a, 1.5))), 1), 0) END"
)


def _skew(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    x = tree.cast(args[0], FLOAT64)
    parts = {
        "x": func("array_agg", x),
        "n": func("count", x),
        "mean": func("avg", x),
        "most": func("max", x),
        "least": func("min", x),
    }
    pattern = _SKEW
    for place, name in enumerate(parts):
        pattern = pattern.replace("{" + name + "}", "{" + str(place) + "}")
    return Template(pattern, tuple(parts.values()))


def _sorted_values(value: Sql) -> Sql:
    # The filter of an aggregate applies to the function inside the template.
    return Template("array_sort({})", (func("array_agg", value),))


def _quantile(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    share = constant(expr, 1)
    if expr.type == FLOAT64:
        number_ = tree.cast(args[0], FLOAT64)
        plain = within_group("percentile_cont", number_, Raw(repr(share)))
        assert isinstance(share, float)
        return plain if share in (0, 1) or is_finite(expr.args[0]) else beside_infinity(plain, number_, share)
    value = func("unix_micros", tree.cast(args[0], "timestamp_ltz")) if expr.type == TIMESTAMP else args[0]
    # From the sorted values, because percentile_cont converts them to floats, which are not exact beyond 2^53.
    found = template(
        "element_at(transform(array({0}), v -> CASE WHEN size(v) > 0 THEN transform(array((size(v) - 1) * {1}::double), "
        "p -> (v[floor(p)::int] + (v[ceil(p)::int] - v[floor(p)::int]) * (p - floor(p))::decimal(17, 16))::bigint)[0] END), 1)",
        _sorted_values(value),
        Raw(repr(share)),
    )
    if expr.type == TIMESTAMP:
        return tree.cast(Template("timestamp_micros({})", (found,)), TIMESTAMP)
    return found


def _quantile_disc(args: Sequence[Sql], expr: Expr) -> Sql:
    share = repr(constant(expr, 1))
    if expr.type == FLOAT64:
        return within_group("percentile_disc", args[0], Raw(share))
    # The engine's own function supports only numbers.
    return template(
        f"element_at(transform(array({{}}), v -> CASE WHEN size(v) > 0 THEN "
        f"element_at(v, greatest(ceil(size(v) * {share}::double), 1)::int) END), 1)",
        _sorted_values(args[0]),
    )


def _first(args: Sequence[Sql], expr: Expr) -> Sql:
    return Func(FIRST, tuple(args), where=tree.Postfix(args[0], " IS NOT NULL", tree.IS))


# ---- aggregates whose order is known


def ordered(function: Func) -> Sql:
    """Return an aggregate with its order and filter; the engine does not support ORDER BY inside one."""
    if function.name == FIRST:
        return _first_in_order(function)
    if function.name == LISTED:
        value = function.args[0]
        listed = (
            _in_order(function)
            if function.order
            else replace(function, name="array_agg", args=(func("struct", Template("{} AS v", (value,))),))
        )
        return func("to_variant_object", Template("transform({}, e -> e.v)", (listed,)))
    return function


def _first_in_order(function: Func) -> Sql:
    descends = {key.suffix.startswith(" DESC") for key in function.order}
    if not function.order:
        return replace(function, name="first")
    if len(descends) > 1:
        return Template("try_element_at({}, 1).v", (_in_order(function),))
    least = descends == {False}
    keys = [part for key in function.order for part in (_place_of_null(key, least=least), key.expr)]
    return replace(function, name="min_by" if least else "max_by", args=(function.args[0], func("struct", *keys)), order=())


def _place_of_null(key: Ordered, *, least: bool) -> Sql:
    """Return the key that puts NULL in its position in the order: NULL sorts first in a struct."""
    return tree.Postfix(key.expr, " IS NULL" if key.suffix.endswith("LAST") == least else " IS NOT NULL", tree.IS)


def _in_order(function: Func) -> Sql:
    """Return an array of structs with the values as ``v``, sorted in an order of any directions."""
    columns = [
        Template("{} AS v", (function.args[0],)),
        *(Template(f"{{}} AS k{place}", (key.expr,)) for place, key in enumerate(function.order)),
    ]
    compared = "0"
    for place, key in reversed([*enumerate(function.order)]):
        name = f"k{place}"
        less, null = (1 if " DESC" in key.suffix else -1), (-1 if key.suffix.endswith("FIRST") else 1)
        compared = (
            f"CASE WHEN l.{name} IS NULL AND r.{name} IS NULL THEN {compared} WHEN l.{name} IS NULL THEN {null} "
            f"WHEN r.{name} IS NULL THEN {-null} WHEN l.{name} < r.{name} THEN {less} "
            f"WHEN l.{name} > r.{name} THEN {-less} ELSE {compared} END"
        )
    listed = replace(function, name="array_agg", args=(func("struct", *columns),), order=())
    return Template(f"array_sort({{}}, (l, r) -> {compared})", (listed,))


# ---- windows

#: Functions that the engine can compute only in an order.
_NUMBERED = frozenset({"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"})


def windowed(function: Func, partition: tuple[Sql, ...], order: tuple[Ordered, ...], frame: str) -> Sql:
    """Return a function over a window, without FILTER, which fails on the engine if it is false in every row."""
    if function.where is not None:
        first, *others = function.args
        value = number(1) if isinstance(first, Raw) and first.text == "*" else first
        function = replace(function, args=(case((function.where, value)), *others), where=None)
    if not order and function.name in _NUMBERED:
        order = (Ordered(Raw("NULL"), ""),)
    return tree.Windowed(function, partition, order, frame)


def _offset(name: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        value, offset, default = args
        if constant(expr, 2) is None:
            return func(name, value, *(() if constant(expr, 1) == 1 else (tree.bare(offset),)))
        # The engine would cast the constant to the type of the value, and truncate its fraction.
        return func(name, tree.cast(value, expr.type), tree.bare(offset), tree.cast(default, expr.type))

    return build


AGGREGATE: dict[str, Builder] = {
    "sum": _sum,
    "sum_or_null": _sum_or_null,
    "mean": _mean,
    "skew": _skew,
    "quantile": _quantile,
    "quantile_disc": _quantile_disc,
    "mode": lambda args, expr: within_group("mode", args[0]),
    "first": _first,
    "last": _first,
    "to_json_array": lambda args, expr: Template("coalesce({}, parse_json('[]'))", (Func(LISTED, tuple(args)),)),
    "row_number": whole("row_number"),
    "rank": whole("rank"),
    "dense_rank": whole("dense_rank"),
    "ntile": lambda args, expr: tree.cast(func("ntile", tree.bare(args[0])), INT64),
    "nth_value": lambda args, expr: func("nth_value", args[0], tree.bare(args[1])),
    "lag": _offset("lag"),
    "lead": _offset("lead"),
}
