"""Builders of operations that several dialects share.

A builder is called with the operands as SQL and their expression (for its types and constants) and returns SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from objectiv_local.dialects.dialect import BOUNDS, Builder, float_literal
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Fixed, Func, Number, Prefix, Raw, Sql, Template, binary, case, func, number
from objectiv_local.dialects.standard.quantiles import within_group
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Aggregation, Call, Expr, Literal
from objectiv_local.types import BOOL, FLOAT64, INT32, INT64, TIMEDELTA

#: Maximum length of a string on any engine.
LONGEST_TEXT = 2**30


def constant(expr: Expr, index: int) -> object:
    """Return the value of a constant argument."""
    assert isinstance(expr, (Call, Aggregation))
    argument = expr.args[index]
    assert isinstance(argument, Literal)
    return argument.value


def interval(array: str, strength: int = tree.CAST) -> Builder:
    """Return the builder of an interval: its ends and the number of its bounds in an array, or NULL if an end is NULL."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        made = Template(array, (*args[:2], number(BOUNDS.index(str(constant(expr, 2))))), strength)
        ends = zip(args[:2], expr.args, strict=False)
        nullable = [arg for arg, end in ends if not isinstance(end, Literal) or end.value is None]
        if not nullable:
            return made
        known = [tree.Postfix(arg, " IS NOT NULL", tree.IS) for arg in nullable]
        return case((known[0] if len(known) == 1 else binary("AND", *known), made))

    return build


def operator(symbol: str) -> Builder:
    """Return the builder of a binary operator."""
    return lambda args, expr: binary(symbol, args[0], args[1])


def function(name: str) -> Builder:
    """Return the builder of a plain function."""
    return lambda args, expr: func(name, *args)


def at_zone(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return the local time in a zone of a timestamp in UTC."""
    moment = args[0]
    # A timestamp that was converted to UTC has a time zone without the conversion.
    return tree.by_clocks(moment.arg if tree.is_at_utc(moment) else tree.at_utc(moment), args[1])


def from_zone(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return the timestamp in UTC of a local time in a zone."""
    return tree.at_utc(tree.by_clocks(args[0], args[1]))


def floordiv(symbol: str) -> Builder:
    """Return the builder of floor division; ``symbol`` is the engine's integer division, which truncates toward zero."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        a, b = args
        if expr.type == FLOAT64:
            return func("floor", binary("/", a, func("nullif", b, float_literal(0.0))))
        if isinstance(b, Number) and b.value > 0:
            return binary("-", binary(symbol, a, b), tree.cast(binary("<", binary("%", a, b), number(0)), INT32))
        divisor = _unless_zero(b)
        return binary("-", binary(symbol, a, divisor), case((_wrong_sign(a, divisor, b), number(1)), default=number(0)))

    return build


def _unless_zero(b: Sql) -> Sql:
    return func("nullif", b, number(0))


def modulo(divisor_of: Callable[[Sql], Sql] = _unless_zero) -> Builder:
    """Return the builder of the remainder that has the sign of the divisor, as in Python.

    ``divisor_of`` returns an integer divisor as the engine's own operator takes it, with NULL in place of zero.
    """

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        a, b = args
        if expr.type == FLOAT64:
            return binary("-", a, binary("*", b, func("floor", binary("/", a, func("nullif", b, float_literal(0.0))))))
        if isinstance(b, Number) and b.value > 0:
            remainder = binary("%", a, b)
            return binary("+", remainder, case((binary("<", remainder, number(0)), b), default=number(0)))
        divisor = divisor_of(b) if expr.type == INT64 else _unless_zero(b)
        return binary("+", binary("%", a, divisor), case((_wrong_sign(a, divisor, b), b), default=number(0)))

    return build


mod = modulo()


def _wrong_sign(a: Sql, divisor: Sql, b: Sql) -> Sql:
    signs = binary("<>", binary("<", a, number(0)), binary("<", b, number(0)))
    return binary("AND", binary("<>", binary("%", a, divisor), number(0)), signs)


def slice_(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return a substring, by positions as in Python."""
    value, start, stop = args[0], _position(expr, 1), _position(expr, 2)
    start = start or 0
    if start >= 0 and (stop is None or stop >= 0):
        length = () if stop is None else (number(max(stop - start, 0)),)
        return func("substring", value, number(start + 1), *length)
    if start < 0 and stop is None:
        return func("right", value, number(-start))
    if start == 0 and stop is not None:
        return func("left", value, func("greatest", binary("+", func("length", value), number(stop)), number(0)))
    # Positions are converted to counts from the start, because the engines differ for negative ones.
    length_ = func("length", value)
    first = func("greatest", binary("+", length_, number(start)), number(0)) if start < 0 else number(start)
    last = number(stop) if stop is not None and stop >= 0 else binary("+", length_, number(stop or 0))
    count = func("greatest", binary("-", last, first), number(0))
    return func("substring", value, tree.cast(binary("+", first, number(1)), INT32), tree.cast(count, INT32))


def _position(expr: Expr, index: int) -> int | None:
    """Return a bound of a slice, limited to the largest position: engines reject positions beyond 32 bits."""
    value = constant(expr, index)
    assert isinstance(value, int | None)
    return None if value is None else max(-LONGEST_TEXT, min(value, LONGEST_TEXT))


def as_floats(args: Sequence[Sql], expr: Expr) -> list[Sql]:
    """Return operands as floats; durations are converted via microseconds."""
    assert isinstance(expr, Call)
    return [
        arg if child.type == FLOAT64 else tree.cast(tree.bare(arg), FLOAT64) for arg, child in zip(args, expr.args, strict=True)
    ]


def contains(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return whether a string contains another."""
    return binary(">", func("strpos", *args), number(0))


def endswith(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return whether a string ends with another."""
    return binary("=", func("right", args[0], tree.cast(func("length", args[1]), INT32)), args[1])


def replace(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return a string with parts replaced."""
    if constant(expr, 1) == "":
        raise NotSupported("replacing the empty string is not supported", hint="pass a non-empty string to replace")
    return func("replace", *args)


def sum_(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return a sum, which is 0 without values."""
    assert isinstance(expr, Aggregation)
    if expr.args[0].type == BOOL:
        return Func("count", (Raw("*"),), where=args[0])
    zero = float_literal(0) if expr.type == FLOAT64 else number(0)
    return Template("coalesce({}, {})", (sum_or_null(args, expr), zero))


def sum_or_null(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return a sum, which is NULL without values."""
    assert isinstance(expr, Aggregation)
    value = tree.cast(args[0], INT32) if expr.args[0].type == BOOL else args[0]
    total = func("sum", value)
    if expr.type.name == "decimal":
        return tree.cast(total, expr.type)
    # The sum of 64-bit integers is wider; the cast raises an error for a sum that does not fit.
    return total if expr.type == FLOAT64 else tree.cast(total, INT64)


def mean(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return a mean."""
    assert isinstance(expr, Aggregation)
    value = tree.cast(args[0], INT32) if expr.args[0].type == BOOL else args[0]
    average = func("avg", value if expr.args[0].type == FLOAT64 else tree.cast(value, FLOAT64))
    # A cast to an integer rounds half to even.
    return tree.cast(average, INT64) if expr.type == TIMEDELTA else average


def extreme(name: str, of_bool: str) -> Builder:
    """Return the builder of a minimum or maximum; ``of_bool`` is the function for bools."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        return func(of_bool if expr.type == BOOL else name, args[0])

    return build


def bool_(name: str, empty: str) -> Builder:
    """Return the builder of an aggregate of bools, which is ``empty`` without values."""
    return lambda args, expr: Template("coalesce({}, " + empty + ")", (func(name, args[0]),))


def offset(name: str) -> Builder:
    """Return the builder of a value some rows before or after."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        value, offset, default = args
        tail = () if constant(expr, 2) is None else (default,)
        return func(name, value, *(() if constant(expr, 1) == 1 and not tail else (tree.bare(offset),)), *tail)

    return build


def distinct_count(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return the number of distinct values."""
    return Func("count", tuple(args), distinct=True)


def negate(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return a negated number."""
    return Prefix("-", args[0], tree.NEGATE)


# ---- numbers


def round_(whole: str) -> Builder:
    """Return the builder of round; ``whole`` is the pattern that rounds a float to an integer, half to even."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        value, digits = args[0], constant(expr, 1)
        assert isinstance(digits, int)
        if expr.type.name == "decimal":
            return tree.cast(func("round", value, number(digits)), expr.type)
        if expr.type == INT64 and digits >= 0:
            return value
        floats = value if expr.type == FLOAT64 else tree.cast(value, FLOAT64)
        scale = tree.cast(Raw(f"1e{abs(digits)}"), FLOAT64)
        if digits == 0:
            rounded: Sql = Template(whole, (floats,))
        elif digits > 0:
            rounded = binary("/", Template(whole, (binary("*", floats, scale),)), scale)
        else:
            rounded = binary("*", Template(whole, (binary("/", floats, scale),)), scale)
        if expr.type == INT64:
            return tree.cast(tree.operand(rounded), INT64)
        # Scaling a float that already is an integer could only lose digits, or overflow.
        return (
            case((binary("<", func("abs", floats), tree.cast(Raw("4503599627370496"), FLOAT64)), rounded), default=floats)
            if digits > 0
            else rounded
        )

    return build


def float_function(name: str) -> Builder:
    """Return the builder of a function of floats."""
    return lambda args, expr: func(name, *as_floats(args, expr))


def decimal_result(symbol: str) -> Builder:
    """Return the builder of an operator whose decimal result is checked for its number of digits."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        result = binary(symbol, *args)
        if expr.type.name == "decimal":
            return tree.cast(result, expr.type)
        return result

    return build


# ---- intervals, which are arrays of the lower end, the upper end and the number of the bounds


def element(position: int) -> Builder:
    """Return the builder of an element of an interval."""
    return lambda args, expr: tree.subscript(args[0], position)


def interval_bounds(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return the bounds of an interval."""
    cases = " ".join(f"WHEN {position} THEN '{bounds}'" for position, bounds in enumerate(BOUNDS))
    return Template("CASE {} " + cases + " END", (tree.subscript(args[0], 3),))


# ---- statistics


def spread(name: str) -> Builder:
    """Return the builder of the variance or the standard deviation."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Aggregation)
        value = args[0] if expr.args[0].type == FLOAT64 else tree.cast(args[0], FLOAT64)
        ddof = constant(expr, 1)
        if ddof in (0, 1):
            return func(f"{name}_{'samp' if ddof else 'pop'}", value)
        raise NotSupported(f"a variance with ddof={ddof} is not supported", hint="use ddof 0 or 1")

    return build


#: A statistic of ``z``, the distances of values from their mean as fractions of their range. Its powers neither overflow nor
#: underflow, because distances far below the range count as 0. It is NULL if all values are equal: their statistic is 0.
_STANDARDIZED = (
    "(SELECT coalesce({statistic}, 0) FROM (SELECT (v - m + r - r) / nullif(r, 0) AS z FROM (SELECT v, "
    "sum(v) OVER () / count(v) OVER () AS m, max(v) OVER () - min(v) OVER () AS r FROM unnest({{}}) AS u(v)) AS u) AS u)"
)


def standardized(statistic: str, least: int) -> Builder:
    """Return the builder of a statistic that engines lack, or compute from raw moments with cancellation.

    It is SQL over the column ``z`` of scaled distances from the mean, and NULL for fewer than ``least`` values.
    """

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Aggregation)
        found: Sql = Template(_STANDARDIZED.format(statistic=statistic), (func("array_agg", args[0]),))
        if not expr.args[0].columns:
            # An aggregate of a constant would belong to the innermost SELECT. x - x is 0 for numbers, and NaN for NaN.
            found = Fixed(binary("-", args[0], args[0]))
        return case((binary(">=", func("count", args[0]), number(least)), found))

    return build


def of_constant(builder: Builder) -> Builder:
    """Return the builder of an aggregate that an engine cannot compute for a constant, which is its own result."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Aggregation)
        if expr.args[0].columns:
            return builder(args, expr)
        value = tree.cast(args[0], FLOAT64) if expr.type == FLOAT64 else args[0]
        return case((binary(">", func("count", Raw("*")), number(0)), Fixed(value)))

    return build


def quantile(args: Sequence[Sql], expr: Expr) -> Sql:
    """Return an interpolated quantile."""
    assert isinstance(expr, Aggregation)
    value = args[0] if expr.args[0].type == FLOAT64 else tree.cast(args[0], FLOAT64)
    return within_group("percentile_cont", value, Raw(repr(constant(expr, 1))))
