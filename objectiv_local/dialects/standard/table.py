"""The standard table of operations and what a dialect is: that table plus its differences.

A builder takes the operands as SQL and the expression they come from (for its types and constants) and returns SQL.
What stands here gives the same answer on every engine; what differs stands in the engine's own file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast as typed

from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.names import RESERVED
from objectiv_local.dialects.sql.printer import flat
from objectiv_local.dialects.sql.tree import Func, Number, Ordered, Prefix, Raw, Sql, Template, binary, case, func, number
from objectiv_local.dialects.standard.quantiles import within_group
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Aggregation, Call, Cast, Expr, Literal, Ordering
from objectiv_local.plan.relation import Relation, Schema
from objectiv_local.types import BOOL, DECIMAL_DIGITS, FLOAT64, INT64, INTERVAL, STRING, TIME, TIMEDELTA, Interval, Type

Builder = Callable[[Sequence[Sql], Expr], Sql]
#: How a stored value becomes one of the plan: the text around the column, or None to read it as it is.
Reader = Callable[[Sql], Sql]


@dataclass(frozen=True)
class Dialect:
    """A way to write SQL.

    ``scalar`` and ``aggregate`` map operations to builders, ``casts`` pairs of type names to builders; ``types`` are
    the names of the types; ``stored`` says how the engine's own types are read; ``unsupported`` gives a reason for
    each operation that is left out.
    """

    name: str
    scalar: Mapping[str, Builder]
    aggregate: Mapping[str, Builder]
    casts: Mapping[tuple[str, str], Builder]
    types: Mapping[str, str]
    stored: Callable[[str], tuple[Type, Reader | None] | None]
    relation: Callable[[Relation], str]
    literal: Callable[[Literal], Sql]
    #: The rows of a JSON array, as they stand behind FROM.
    unnest: Callable[[Sql], Sql]
    text_order: str = ""
    #: The schema that holds temporary tables.
    temporary_schema: str = "temp"
    #: How an array is written as text.
    array: str = "[{}]"
    #: How many steps that read each other the engine plans within a second.
    most_steps: int = 200
    #: As many other steps take as long to plan as a join.
    join_steps: int = 8
    #: Whether the engine pulls steps together before it plans them.
    pulls_up: bool = False
    #: Whether an expression costs nothing where it is read, as a cast that every use of it leaves out.
    is_free: Callable[[Expr], bool] = lambda expr: False
    #: How many columns a SELECT may have.
    most_columns: int | None = None
    #: The query of many rows of constants, where the engine reads them faster than VALUES; None where it does not.
    many_rows: Callable[[Schema, Sequence[tuple[Expr, ...]]], str | None] = lambda columns, rows: None
    #: How many sub-selects of one total the engine plans well in one SELECT; where there are more, the total is joined.
    most_subselects: int | None = None
    #: Aggregates of which the engine refuses an operand with a sub-select.
    refuses_queries: frozenset[str] = frozenset()
    #: Operations that are written with an operand more than once.
    repeats: frozenset[str] = frozenset()
    #: How the number of a LIMIT is written in a statement with grouping sets.
    limit_of_sets: str = "{}"
    unsupported: Mapping[str, str] = field(default_factory=dict)

    def type_name(self, type_: Type) -> str:
        """Return the engine's name of a type."""
        return decimal_name(type_) if type_.name == "decimal" else self.types[type_.name]

    #: The columns of one SELECT, where an engine computes some of them faster as one.
    together: Callable[[dict[str, Sql]], dict[str, Sql]] = dict

    def identifier(self, name: str) -> str:
        """Return ``name`` as an identifier, quoted if it has to be."""
        return identifier(name)

    def call(self, expr: Call | Aggregation, args: Sequence[Sql]) -> Sql:
        """Return the SQL of an operation."""
        table = self.scalar if isinstance(expr, Call) else self.aggregate
        if expr.op in self.unsupported:
            raise NotSupported(f"{expr.op} is not supported on {self.name}: {self.unsupported[expr.op]}")
        return table[expr.op](args, expr)

    def cast(self, expr: Cast, arg: Sql) -> Sql:
        """Return the SQL of a cast."""
        if expr.arg.type.plain == expr.type.plain:
            return arg
        builder = self.casts.get((expr.arg.type.name, expr.type.name))
        return builder((arg,), expr) if builder is not None else tree.cast(arg, self.type_name(expr.type))

    def ordered(self, key: Ordering, arg: Sql) -> Ordered:
        """Return a key of an ORDER BY with its direction and the place of NULL."""
        # Ascending with NULL last is what both engines do unasked; everything else is written out.
        direction = "" if key.ascending else " DESC"
        nulls = "" if key.ascending and key.nulls_last else " NULLS LAST" if key.nulls_last else " NULLS FIRST"
        collation = self.collation(key.expr)
        # Behind an operator, the words would belong to its right side alone.
        return Ordered(tree.collated(arg, collation) if collation else arg, direction + nulls)

    def collation(self, expr: Expr) -> str:
        """Return what makes text compare by code point."""
        return self.text_order if expr.type == STRING else ""

    def typed_literal(self, expr: Literal) -> Sql:
        """Return a constant whose type shows."""
        if expr.value is None:
            return tree.cast(Raw("NULL"), self.type_name(expr.type))
        if expr.type == STRING:
            return tree.text(str(expr.value))
        if expr.type == BOOL:
            return Raw("TRUE" if expr.value else "FALSE")
        if expr.type in (INT64, TIMEDELTA):
            return Number(microseconds(expr.value) if expr.type == TIMEDELTA else typed("int", expr.value))
        if expr.type == FLOAT64:
            return float_literal(typed("float", expr.value))
        if expr.type.name == "decimal":
            return tree.cast(tree.text(f"{expr.value:f}"), self.type_name(expr.type))
        if expr.type == TIME:
            return Raw(f"TIME '{expr.value}'")
        if expr.type == INTERVAL:
            value = typed("Interval", expr.value)
            ends = f"{_float_text(value.lower)}, {_float_text(value.upper)}, {BOUNDS.index(value.bounds)}"
            return tree.cast(tree.text(self.array.format(ends)), self.type_name(expr.type))
        return self.literal(expr)


def decimal_name(type_: Type) -> str:
    """Return the name of a decimal type."""
    return f"decimal({DECIMAL_DIGITS}, {type_.scale})"


#: Before the name of a type: the stored column is cast to it, because its own type has no reading.
CAST = "cast to "


#: How the ends of an interval are kept beside it, as a number.
BOUNDS = ("(]", "[)", "[]", "()")


def _float_text(value: float) -> str:
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))


#: Neither engine holds a longer text.
LONGEST_TEXT = 2**30

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")


def identifier(name: str) -> str:
    """Return ``name`` as an identifier: as it is where every engine reads it so, else in double quotes.

    >>> print(identifier("moment"), identifier("user"), identifier("Visits 2024"))
    moment "user" "Visits 2024"
    """
    if _PLAIN_NAME.match(name) and name not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def microseconds(value: object) -> int:
    """Return a datetime.timedelta as whole microseconds, exactly."""
    import datetime

    assert isinstance(value, datetime.timedelta)
    return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds


def float_literal(value: float) -> Sql:
    """Return a float constant. A bare 1.5 would be a decimal in both engines; long text is read to the same double."""
    shown = repr(float(value))
    if shown in ("inf", "-inf", "nan"):
        shown = f"'{_float_text(float(value))}'"
    elif "e" in shown or len(shown) > 16 or shown.startswith("-"):
        shown = f"'{shown}'"
    return tree.cast(Raw(shown), "float8")


# ---- shared builders


def constant(expr: Expr, index: int) -> object:
    """Return the value of a constant argument."""
    assert isinstance(expr, (Call, Aggregation))
    argument = expr.args[index]
    assert isinstance(argument, Literal)
    return argument.value


def operator(symbol: str) -> Builder:
    """Return the builder of a binary operator."""
    return lambda args, expr: binary(symbol, args[0], args[1])


def function(name: str) -> Builder:
    """Return the builder of a plain function."""
    return lambda args, expr: func(name, *args)


def floordiv(symbol: str) -> Builder:
    """Return the builder of the floor division; ``symbol`` is the engine's integer division, which cuts towards zero."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        a, b = args
        if expr.type == FLOAT64:
            return func("floor", binary("/", a, func("nullif", b, float_literal(0.0))))
        if isinstance(b, Number) and b.value > 0:
            return binary("-", binary(symbol, a, b), tree.cast(binary("<", binary("%", a, b), number(0)), "int"))
        divisor = func("nullif", b, number(0))
        return binary("-", binary(symbol, a, divisor), case((_wrong_sign(a, divisor, b), number(1)), default=number(0)))

    return build


def _mod(args: Sequence[Sql], expr: Expr) -> Sql:
    a, b = args
    if expr.type == FLOAT64:
        return binary("-", a, binary("*", b, func("floor", binary("/", a, func("nullif", b, float_literal(0.0))))))
    if isinstance(b, Number) and b.value > 0:
        remainder = binary("%", a, b)
        return binary("+", remainder, case((binary("<", remainder, number(0)), b), default=number(0)))
    divisor = func("nullif", b, number(0))
    return binary("+", binary("%", a, divisor), case((_wrong_sign(a, divisor, b), b), default=number(0)))


def _wrong_sign(a: Sql, divisor: Sql, b: Sql) -> Sql:
    signs = binary("<>", binary("<", a, number(0)), binary("<", b, number(0)))
    return binary("AND", binary("<>", binary("%", a, divisor), number(0)), signs)


def _slice(args: Sequence[Sql], expr: Expr) -> Sql:
    value, start, stop = args[0], _position(expr, 1), _position(expr, 2)
    start = start or 0
    if start >= 0 and (stop is None or stop >= 0):
        length = () if stop is None else (number(max(stop - start, 0)),)
        return func("substring", value, number(start + 1), *length)
    if start < 0 and stop is None:
        return func("right", value, number(-start))
    if start == 0 and stop is not None:
        return func("left", value, func("greatest", binary("+", func("length", value), number(stop)), number(0)))
    # Positions are turned into counts from the front, because the engines differ on negative ones.
    length_ = func("length", value)
    first = func("greatest", binary("+", length_, number(start)), number(0)) if start < 0 else number(start)
    last = number(stop) if stop is not None and stop >= 0 else binary("+", length_, number(stop or 0))
    count = func("greatest", binary("-", last, first), number(0))
    return func("substring", value, tree.cast(binary("+", first, number(1)), "int"), tree.cast(count, "int"))


def _position(expr: Expr, index: int) -> int | None:
    """Return a bound of a slice; no text is as long as the largest position, which engines refuse beyond 32 bits."""
    value = constant(expr, index)
    assert isinstance(value, int | None)
    return None if value is None else max(-LONGEST_TEXT, min(value, LONGEST_TEXT))


def as_floats(args: Sequence[Sql], expr: Expr) -> list[Sql]:
    """Return operands as floats; durations are counts of microseconds until then."""
    assert isinstance(expr, Call)
    return [arg if child.type == FLOAT64 else tree.cast(tree.bare(arg), "float8")
            for arg, child in zip(args, expr.args, strict=True)]


def _contains(args: Sequence[Sql], expr: Expr) -> Sql:
    return binary(">", func("strpos", *args), number(0))


def _endswith(args: Sequence[Sql], expr: Expr) -> Sql:
    return binary("=", func("right", args[0], tree.cast(func("length", args[1]), "int")), args[1])


def _replace(args: Sequence[Sql], expr: Expr) -> Sql:
    if constant(expr, 1) == "":
        raise NotSupported("replacing the empty text is not supported", hint="give the text to replace")
    return func("replace", *args)


def _sum(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    if expr.args[0].type == BOOL:
        return Func("count", (Raw("*"),), where=args[0])
    zero = float_literal(0) if expr.type == FLOAT64 else number(0)
    return Template("coalesce({}, {})", (_sum_or_null(args, expr), zero))


def _sum_or_null(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    value = tree.cast(args[0], "int") if expr.args[0].type == BOOL else args[0]
    total = func("sum", value)
    if expr.type.name == "decimal":
        return tree.cast(total, decimal_name(expr.type))
    # The sum of 64-bit integers is wider on both engines; the cast makes a sum that does not fit an error.
    return total if expr.type == FLOAT64 else tree.cast(total, "bigint")


def _mean(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    value = tree.cast(args[0], "int") if expr.args[0].type == BOOL else args[0]
    average = func("avg", value if expr.args[0].type == FLOAT64 else tree.cast(value, "float8"))
    # A cast to an integer rounds a half to the even one on both engines.
    return tree.cast(average, "bigint") if expr.type == TIMEDELTA else average


def _extreme(name: str, of_bool: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        return func(of_bool if expr.type == BOOL else name, args[0])

    return build


def _bool(name: str, empty: str) -> Builder:
    return lambda args, expr: Template("coalesce({}, " + empty + ")", (func(name, args[0]),))


def _offset(name: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        value, offset, default = args
        tail = () if constant(expr, 2) is None else (default,)
        return func(name, value, *(() if constant(expr, 1) == 1 and not tail else (tree.bare(offset),)), *tail)

    return build


def _distinct_count(args: Sequence[Sql], expr: Expr) -> Sql:
    return Func("count", tuple(args), distinct=True)


def _negate(args: Sequence[Sql], expr: Expr) -> Sql:
    return Prefix("-", args[0], tree.NEGATE)


# ---- numbers

def round_(whole: str) -> Builder:
    """Return the builder of round; ``whole`` is the pattern that rounds a float to a whole number, a half to even."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        value, digits = args[0], constant(expr, 1)
        assert isinstance(digits, int)
        if expr.type.name == "decimal":
            return tree.cast(func("round", value, number(digits)), decimal_name(expr.type))
        if expr.type == INT64 and digits >= 0:
            return value
        floats = value if expr.type == FLOAT64 else tree.cast(value, "float8")
        scale = Raw(f"1e{abs(digits)}::float8")
        if digits == 0:
            rounded: Sql = Template(whole, (floats,))
        elif digits > 0:
            rounded = binary("/", Template(whole, (binary("*", floats, scale),)), scale)
        else:
            rounded = binary("*", Template(whole, (binary("/", floats, scale),)), scale)
        if expr.type == INT64:
            return tree.cast(tree.operand(rounded), "bigint")
        # Scaling a float that is whole already could only lose digits, or overflow.
        return case((binary("<", func("abs", floats), Raw("4503599627370496::float8")), rounded), default=floats) \
            if digits > 0 else rounded

    return build


def float_function(name: str) -> Builder:
    """Return the builder of a function of floats."""
    return lambda args, expr: func(name, *as_floats(args, expr))


def _decimal_result(symbol: str) -> Builder:
    """Return the builder of an operator whose decimal result is checked for its digits."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        result = binary(symbol, *args)
        if expr.type.name == "decimal":
            return tree.cast(result, decimal_name(expr.type))
        return result

    return build


# ---- intervals, which are arrays of the lower end, the upper end and the number of the bounds


def _element(position: int) -> Builder:
    return lambda args, expr: tree.subscript(args[0], position)


def _interval_bounds(args: Sequence[Sql], expr: Expr) -> Sql:
    cases = " ".join(f"WHEN {position} THEN '{bounds}'" for position, bounds in enumerate(BOUNDS))
    return Template("CASE {} " + cases + " END", (tree.subscript(args[0], 3),))


# ---- statistics


def _spread(name: str) -> Builder:
    """Return the builder of the variance or the standard deviation."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Aggregation)
        value = args[0] if expr.args[0].type == FLOAT64 else tree.cast(args[0], "float8")
        ddof = constant(expr, 1)
        if ddof in (0, 1):
            return func(f"{name}_{'samp' if ddof else 'pop'}", value)
        raise NotSupported(f"a variance with ddof={ddof} is not supported", hint="use ddof 0 or 1")

    return build


def of_constant(builder: Builder) -> Builder:
    """Return the builder of an aggregate that an engine refuses to compute of a constant, which is its own answer."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Aggregation)
        if expr.args[0].columns:
            return builder(args, expr)
        value = tree.cast(args[0], "float8") if expr.type == FLOAT64 else args[0]
        return case((binary(">", func("count", Raw("*")), number(0)), Raw(flat(value))))

    return build


def _quantile(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    value = args[0] if expr.args[0].type == FLOAT64 else tree.cast(args[0], "float8")
    return within_group("percentile_cont", value, Raw(repr(constant(expr, 1))))


STANDARD_SCALAR: dict[str, Builder] = {
    "add": _decimal_result("+"),
    "sub": _decimal_result("-"),
    "mul": _decimal_result("*"),
    "floor": function("floor"),
    "ceil": function("ceil"),
    "mod": _mod,
    "neg": _negate,
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
    "slice": _slice,
    "contains": _contains,
    "startswith": function("starts_with"),
    "endswith": _endswith,
    "replace": _replace,
    "concat": operator("||"),
    "strip": function("trim"),
    "lstrip": function("ltrim"),
    "rstrip": function("rtrim"),
    "repeat": lambda args, expr: func("repeat", args[0], tree.cast(tree.bare(args[1]), "int")),
    "find": lambda args, expr: tree.cast(tree.operand(binary("-", func("strpos", *args), number(1))), "bigint"),
    "interval_lower": _element(1),
    "interval_upper": _element(2),
    "interval_bounds": _interval_bounds,
    "microseconds": lambda args, expr: args[0],
    "from_microseconds": lambda args, expr: args[0],
    "json_index_text": lambda args, expr: binary("->>", args[0], tree.bare(args[1])),
    "total_seconds": lambda args, expr: binary("/", args[0], float_literal(1e6)),
}

STANDARD_AGGREGATE: dict[str, Builder] = {
    "size": lambda args, expr: func("count", Raw("*")),
    "count": function("count"),
    "nunique": _distinct_count,
    "sum": _sum,
    "sum_or_null": _sum_or_null,
    "mean": _mean,
    "min": _extreme("min", "bool_and"),
    "max": _extreme("max", "bool_or"),
    "any": _bool("bool_or", "FALSE"),
    "all": _bool("bool_and", "TRUE"),
    "var": _spread("var"),
    "std": _spread("stddev"),
    "quantile": _quantile,
    "quantile_disc": of_constant(
        lambda args, expr: within_group("percentile_disc", args[0], Raw(repr(constant(expr, 1))))),
    "mode": of_constant(lambda args, expr: within_group("mode", args[0])),
    "row_number": function("row_number"),
    "rank": function("rank"),
    "dense_rank": function("dense_rank"),
    "percent_rank": function("percent_rank"),
    "cume_dist": function("cume_dist"),
    "ntile": lambda args, expr: tree.cast(func("ntile", tree.cast(tree.bare(args[0]), "int")), "bigint"),
    "nth_value": lambda args, expr: func("nth_value", args[0], tree.cast(tree.bare(args[1]), "int")),
    "lag": _offset("lag"),
    "lead": _offset("lead"),
    "first_value": function("first_value"),
    "last_value": function("last_value"),
}


def on_function(sql: Sql, change: Callable[[Func], Sql]) -> Sql:
    """Return ``sql`` with its aggregates changed, for a FILTER or a window; other functions around them are templates."""
    match sql:
        case Func():
            return change(sql)
        case Raw() | Number() | tree.Postfix(Raw()):
            return sql
        case tree.Binary(symbol, left, right, strength, associative):
            return tree.Binary(symbol, on_function(left, change), on_function(right, change), strength, associative)
        case tree.CaseWhen(whens, default):
            pairs = tuple((on_function(condition, change), on_function(value, change)) for condition, value in whens)
            return tree.CaseWhen(pairs, None if default is None else on_function(default, change))
        case tree.Postfix(arg, text, strength):
            return tree.Postfix(on_function(arg, change), text, strength)
        case Template(pattern, args, strength):
            return Template(pattern, tuple(on_function(arg, change) for arg in args), strength)
    raise AssertionError(sql)


# ---- durations between moments


def difference(pattern: str, left: Sql, right: Sql) -> Sql:
    """Return the microseconds between two moments; ``pattern`` turns the engine's interval into them."""
    return Template(pattern, (binary("-", left, right),), tree.CAST)


def compared(standard: Mapping[str, Builder] = STANDARD_SCALAR) -> dict[str, Builder]:
    """Return the comparisons, with a duration between two moments compared as the engine's own interval.

    ``moment - previous <= INTERVAL '1800 seconds'`` reads better than a count of microseconds, and costs less.
    """

    def build(name: str) -> Builder:
        def compare(args: Sequence[Sql], expr: Expr) -> Sql:
            assert isinstance(expr, Call)
            left, right = args
            if expr.args[0].type == TIMEDELTA and isinstance(left, Template) and isinstance(right, Number):
                interval = left.args[0]
                if isinstance(interval, tree.Binary) and interval.operator == "-":
                    left, right = interval, interval_literal(right.value)
            return standard[name]((left, right), expr)

        return compare

    return {name: build(name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}


def interval_literal(microseconds: int) -> Raw:
    """Return a duration as the engine's own interval, in days or seconds: a day has 24 hours where no zones are."""
    if microseconds and microseconds % 86_400_000_000 == 0:
        return Raw(f"INTERVAL '{microseconds // 86_400_000_000} days'")
    return Raw(f"INTERVAL '{_seconds(microseconds)} seconds'")


def _seconds(value: int) -> str:
    whole, rest = divmod(abs(value), 1_000_000)
    return ("-" if value < 0 else "") + str(whole) + (f".{rest:06d}" if rest else "")
