"""Spark: numbers, with the results of IEEE 754 and Python where the engine raises, returns NULL or changes the type."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local.dialects.dialect import BOUNDS, Builder, float_literal
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Sql, Template, binary, case, func, number
from objectiv_local.dialects.standard.builders import as_floats, float_function, floordiv, interval, mod, negate, round_
from objectiv_local.plan.expr import Call, Expr, Literal
from objectiv_local.types import FLOAT64, INT64

_INF, _NINF, _NAN = (float_literal(value) for value in (float("inf"), float("-inf"), float("nan")))
_ZERO, _ONE = float_literal(0.0), float_literal(1.0)


def template(pattern: str, *args: Sql) -> Template:
    """Return SQL around operands, each in parentheses where necessary."""
    return Template(pattern, tuple(map(tree.operand, args)))


def _floor(x: Sql) -> Sql:
    # The engine's own floor returns a bigint, which cannot represent large floats or -0.0.
    return template("CASE WHEN rint({0}) > {0} THEN rint({0}) - 1 ELSE rint({0}) END", x)


def _ceil(x: Sql) -> Sql:
    # The result can be -0.0, which the sum of -1 and 1 is not.
    return template("CASE WHEN rint({0}) < {0} THEN -(-rint({0}) - 1) ELSE rint({0}) END", x)


def _quotient(a: Sql, b: Sql) -> Sql:
    return _floor(binary("/", a, func("nullif", b, _ZERO)))


def _floordiv(args: Sequence[Sql], expr: Expr) -> Sql:
    return _quotient(*args) if expr.type == FLOAT64 else floordiv("div")(args, expr)


def _mod(args: Sequence[Sql], expr: Expr) -> Sql:
    if expr.type == FLOAT64:
        return binary("-", args[0], binary("*", args[1], _quotient(*args)))
    return mod(args, expr)


def _truediv(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    a, b = as_floats(args, expr)
    divisor = expr.args[1]
    if isinstance(divisor, Literal) and divisor.value:
        return binary("/", a, b)
    # The engine raises an error for division by zero. A power of zero keeps its sign.
    return template("CASE WHEN {1} = 0 THEN {0} * power({1}, -1) ELSE {0} / {1} END", a, b)


def _neg(args: Sequence[Sql], expr: Expr) -> Sql:
    if expr.type.name == "decimal":
        # The engine's own minus keeps only 34 digits.
        return tree.cast(tree.operand(binary("-", number(0), args[0])), expr.type)
    return negate(args, expr)


def _abs(args: Sequence[Sql], expr: Expr) -> Sql:
    if expr.type.name == "decimal":
        return template("CASE WHEN {0} < 0 THEN {1} ELSE {0} END", args[0], _neg(args, expr))
    return func("abs", args[0])


def _log(name: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        x = as_floats(args, expr)[0]
        # The engine's own function returns NULL for zero and negative numbers.
        return case((binary("=", x, _ZERO), _NINF), (binary("<", x, _ZERO), _NAN), default=func(name, x))

    return build


def _power(args: Sequence[Sql], expr: Expr) -> Sql:
    # In Java, 1 to the power of NaN and -1 to the power of infinity are NaN.
    return template(
        "CASE WHEN {0} = 1 OR ({0} = -1 AND abs({1}) = 'Infinity'::double) "
        "THEN CASE WHEN {1} IS NOT NULL THEN 1::double END ELSE power({0}, {1}) END",
        *as_floats(args, expr),
    )


# ---- casts


#: The prefix of the error for a float that does not fit in an int64.
OUT_OF_RANGE = "out of range: "


def _float_to_int(args: Sequence[Sql], expr: Expr) -> Sql:
    # The engine silently converts 2^63 to the preceding number.
    return template(
        "CASE WHEN {0} >= 9223372036854775808::double THEN raise_error('" + OUT_OF_RANGE + "' || {0}) ELSE {0}::bigint END",
        args[0],
    )


def _float_to_text(args: Sequence[Sql], expr: Expr) -> Sql:
    return template(
        "CASE WHEN {0} = 'NaN'::double THEN 'nan' "
        "WHEN abs({0}) = 'Infinity'::double THEN CASE WHEN {0} > 0 THEN 'inf' ELSE '-inf' END "
        "WHEN {0} = 0 THEN {0}::string "
        "WHEN abs({0}) < 1e16::double AND abs({0}) >= 1 AND {0} = rint({0}) THEN ({0}::bigint)::string || '.0' "
        "WHEN abs({0}) >= 1e-4::double AND abs({0}) < 1e16::double "
        "THEN trim(TRAILING '0' FROM (({0}::string)::decimal(38, 21))::string) "
        "ELSE regexp_replace(regexp_replace(replace({0}::string, '.0E', 'E'), 'E(-?)([0-9])$', 'E$10$2'), "
        "'E(-?)', CASE WHEN abs({0}) < 1 THEN 'e-' ELSE 'e+' END) END",
        args[0],
    )


# ---- intervals, which are arrays of the lower end, the upper end and the number of the bounds


def _end(position: int) -> Builder:
    return lambda args, expr: func("element_at", args[0], number(position))


def _bounds(args: Sequence[Sql], expr: Expr) -> Sql:
    cases = " ".join(f"WHEN {position} THEN '{bounds}'" for position, bounds in enumerate(BOUNDS))
    return Template("CASE element_at({}, 3) " + cases + " END", (args[0],))


SCALAR: dict[str, Builder] = {
    "floordiv": _floordiv,
    "mod": _mod,
    "truediv": _truediv,
    "neg": _neg,
    "abs": _abs,
    "floor": lambda args, expr: _floor(args[0]),
    "ceil": lambda args, expr: _ceil(args[0]),
    "round": round_("rint({})"),
    "sqrt": float_function("sqrt"),
    "exp": float_function("exp"),
    "log": _log("ln"),
    "log10": _log("log10"),
    "power": _power,
    "ratio": lambda args, expr: binary("/", tree.cast(args[0], FLOAT64), func("nullif", args[1], number(0))),
    "interval": interval("array({}, {}, {}::double)", tree.ATOM),
    "interval_lower": _end(1),
    "interval_upper": _end(2),
    "interval_bounds": _bounds,
}

CASTS: dict[tuple[str, str], Builder] = {
    ("int64", "bool"): lambda args, expr: binary("<>", args[0], number(0)),
    ("float64", "int64"): _float_to_int,
    ("float64", "string"): _float_to_text,
    # Via the shortest decimal representation of the float, which is closer to the intended value than its binary value.
    ("float64", "decimal"): lambda args, expr: tree.cast(tree.cast(args[0], "string"), expr.type),
    ("decimal", "int64"): lambda args, expr: tree.cast(args[0], INT64),
}

#: Operations whose SQL repeats an operand.
REPEATS = frozenset({"floordiv", "mod", "truediv", "floor", "ceil", "abs", "round", "log", "log10", "power", "interval"})
