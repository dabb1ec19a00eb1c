"""The standard table of operations, which dialects inherit.

What stands here gives the same answer on every engine; what differs stands with the engine.
"""

from __future__ import annotations

from objectiv_local.dialects.dialect import Builder, float_literal
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Raw, binary, func, number
from objectiv_local.dialects.standard.builders import (
    at_zone,
    bool_,
    constant,
    contains,
    decimal_result,
    distinct_count,
    element,
    endswith,
    extreme,
    from_zone,
    function,
    interval_bounds,
    mean,
    mod,
    negate,
    of_constant,
    offset,
    operator,
    quantile,
    replace,
    slice_,
    spread,
    standardized,
    sum_,
    sum_or_null,
)
from objectiv_local.dialects.standard.quantiles import within_group
from objectiv_local.types import INT32, INT64

STANDARD_SCALAR: dict[str, Builder] = {
    "add": decimal_result("+"),
    "sub": decimal_result("-"),
    "mul": decimal_result("*"),
    "floor": function("floor"),
    "ceil": function("ceil"),
    "mod": mod,
    "neg": negate,
    "abs": function("abs"),
    "eq": operator("="),
    "ne": operator("<>"),
    "lt": operator("<"),
    "le": operator("<="),
    "gt": operator(">"),
    "ge": operator(">="),
    "and": operator("AND"),
    "or": operator("OR"),
    "xor": operator("<>"),
    "not": lambda args, expr: tree.negated(args[0]),
    "is_null": lambda args, expr: tree.is_null(args[0]),
    "not_null": lambda args, expr: tree.Postfix(args[0], " IS NOT NULL", tree.IS),
    "coalesce": function("coalesce"),
    "lower": function("lower"),
    "upper": function("upper"),
    "length": function("length"),
    "slice": slice_,
    "contains": contains,
    "startswith": function("starts_with"),
    "endswith": endswith,
    "replace": replace,
    "concat": operator("||"),
    "strip": function("trim"),
    "lstrip": function("ltrim"),
    "rstrip": function("rtrim"),
    "repeat": lambda args, expr: func("repeat", args[0], tree.cast(tree.bare(args[1]), INT32)),
    "find": lambda args, expr: tree.cast(tree.operand(binary("-", func("strpos", *args), number(1))), INT64),
    "interval_lower": element(1),
    "interval_upper": element(2),
    "interval_bounds": interval_bounds,
    "at_zone": at_zone,
    "from_zone": from_zone,
    "microseconds": lambda args, expr: args[0],
    "from_microseconds": lambda args, expr: args[0],
    "json_index_text": lambda args, expr: binary("->>", args[0], tree.bare(args[1])),
    "total_seconds": lambda args, expr: binary("/", args[0], float_literal(1e6)),
}

STANDARD_AGGREGATE: dict[str, Builder] = {
    "size": lambda args, expr: func("count", Raw("*")),
    "count": function("count"),
    "nunique": distinct_count,
    "sum": sum_,
    "sum_or_null": sum_or_null,
    "mean": mean,
    "min": extreme("min", "bool_and"),
    "max": extreme("max", "bool_or"),
    "any": bool_("bool_or", "FALSE"),
    "all": bool_("bool_and", "TRUE"),
    "var": spread("var"),
    "std": spread("stddev"),
    "skew": standardized(
        "sqrt(count(z) * (count(z) - 1)::float8) / (count(z) - 2) * (avg(z * z * z) - 3 * avg(z) * avg(z * z) "
        "+ 2 * avg(z) * avg(z) * avg(z)) / power(avg(z * z) - avg(z) * avg(z), 1.5)", least=3),
    "quantile": quantile,
    "quantile_disc": of_constant(
        lambda args, expr: within_group("percentile_disc", args[0], Raw(repr(constant(expr, 1))))),
    "mode": of_constant(lambda args, expr: within_group("mode", args[0])),
    "row_number": function("row_number"),
    "rank": function("rank"),
    "dense_rank": function("dense_rank"),
    "percent_rank": function("percent_rank"),
    "cume_dist": function("cume_dist"),
    "ntile": lambda args, expr: tree.cast(func("ntile", tree.cast(tree.bare(args[0]), INT32)), INT64),
    "nth_value": lambda args, expr: func("nth_value", args[0], tree.cast(tree.bare(args[1]), INT32)),
    "lag": offset("lag"),
    "lead": offset("lead"),
    "first_value": function("first_value"),
    "last_value": function("last_value"),
}
