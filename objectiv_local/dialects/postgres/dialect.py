"""Postgres 15 to 18: the differences from the standard table."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local import zones
from objectiv_local.dialects.dialect import Builder, Dialect, float_literal
from objectiv_local.dialects.postgres.json import JSON as JSON_SCALAR
from objectiv_local.dialects.postgres.json import elements
from objectiv_local.dialects.postgres.stored import MICROSECONDS, STORED_TYPES, TYPES, stored
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Cast, Func, Number, Raw, Sql, Template, binary, case, func, number, text
from objectiv_local.dialects.standard import regex
from objectiv_local.dialects.standard.builders import (
    as_floats,
    at_zone,
    constant,
    floordiv,
    from_zone,
    function,
    interval,
    of_constant,
    round_,
)
from objectiv_local.dialects.standard.durations import compared, difference, interval_literal
from objectiv_local.dialects.standard.quantiles import beside_infinity, is_finite, middle, within_group
from objectiv_local.dialects.standard.table import STANDARD_AGGREGATE, STANDARD_SCALAR
from objectiv_local.dialects.standard.text_casts import guarded, parse_timestamp
from objectiv_local.plan import strftime
from objectiv_local.plan.expr import Aggregation, Call, Expr, Literal
from objectiv_local.plan.expr import Cast as CastExpr
from objectiv_local.types import BOOL, DATE, FLOAT64, INT32, INT64, INTERVAL, STRING, TIMEDELTA, TIMESTAMP, UUID, Type

#: With this collation, strings are compared by code point, whatever the collation of the database.
C = ' COLLATE "C"'

# ---- numbers


def _truediv(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    a, b = as_floats(args, expr)
    divisor = expr.args[1]
    if isinstance(divisor, Literal) and divisor.value:
        return binary("/", a, b)
    # The engine raises an error for division by zero. Infinity times the dividend is what IEEE 754 defines.
    tested, zero = _whole(divisor, b)
    infinity = INF
    if zero == ZERO:
        # Only its text shows the sign of a zero.
        infinity = case((binary("=", tree.cast(b, STRING), text("-0")), float_literal(float("-inf"))), default=INF)
    return case((binary("=", tested, zero), binary("*", a, infinity)), default=binary("/", a, b))


NAN, INF = float_literal(float("nan")), float_literal(float("inf"))
ZERO = float_literal(0.0)


def _sqrt(args: Sequence[Sql], expr: Expr) -> Sql:
    x = as_floats(args, expr)[0]
    return case((binary("<", x, ZERO), NAN), default=func("sqrt", x))


def _log(name: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        x = as_floats(args, expr)[0]
        return case((binary("=", x, ZERO), float_literal(float("-inf"))), (binary("<", x, ZERO), NAN), default=func(name, x))

    return build


#: The largest exponent for which the exponential is finite, and the smallest for which it is not 0.
_LARGEST, _LEAST = float_literal(709.782712893384), float_literal(-745.1332191019411)


def _exp(args: Sequence[Sql], expr: Expr) -> Sql:
    x = as_floats(args, expr)[0]
    # The engine raises an error if the result is infinite or 0. NaN is greater than every number here.
    finite = binary("<", x, INF)
    return case((binary("AND", binary(">", x, _LARGEST), finite), INF), (binary("<", x, _LEAST), ZERO), default=func("exp", x))


def _power(args: Sequence[Sql], expr: Expr) -> Sql:
    x, y = (tree.operand(arg) for arg in as_floats(args, expr))
    # The engine raises an error where IEEE 754 defines a result: a root of a negative number, a negative power of 0, overflow.
    negative = "{x} < 0 AND mod({y}::numeric, 2) <> 0"
    pattern = (
        "CASE WHEN {x} = 0 AND {y} < 0 THEN 'Infinity'::float8 "
        "WHEN {x} = 0 OR {y} = 0 OR abs({x}) >= 'Infinity' OR abs({y}) >= 'Infinity' THEN power({x}, {y}) "
        "WHEN {x} < 0 AND {y} <> floor({y}) THEN 'NaN'::float8 "
        "WHEN {y} * ln(abs({x})) > 709.7827 THEN CASE WHEN " + negative + " THEN '-Infinity' ELSE 'Infinity' END::float8 "
        "WHEN {y} * ln(abs({x})) < -745.1332 THEN 0 ELSE power({x}, {y}) END"
    )
    return Template(pattern.replace("{x}", "{0}").replace("{y}", "{1}"), (x, y))


def _whole(expr: Expr, value: Sql) -> tuple[Sql, Sql]:
    """Return the value to compare with zero, and the zero: the integer itself if a float was cast from one."""
    if isinstance(expr, CastExpr) and expr.arg.type == INT64 and isinstance(value, Cast):
        return value.arg, number(0)
    return value, float_literal(0.0)


def _collated(symbol: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        left, right = args
        if expr.args[0].type == STRING:
            right = tree.collated(right, C)
        return binary(symbol, left, right)

    return build


def _extreme(name: str, of_bool: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        if expr.type == BOOL:
            return func(of_bool, args[0])
        if expr.type == STRING:
            return func(name, tree.collated(args[0], C))
        if expr.type == UUID:
            # min(uuid) exists only from version 18 on.
            return tree.cast(func(name, tree.collated(tree.cast(args[0], STRING), C)), UUID)
        return func(name, args[0])

    return build


def _first(args: Sequence[Sql], expr: Expr) -> Sql:
    # array_agg would combine arrays to a two-dimensional array.
    is_array = expr.type == INTERVAL
    value = tree.cast(args[0], STRING) if is_array else args[0]
    values = Func("array_agg", (value,), where=tree.Postfix(args[0], " IS NOT NULL", tree.IS))
    return Template("({})[1]" + ("::float8[]" if is_array else ""), (values,))


# ---- time

_TO_CHAR = {
    "A": "FMDay",
    "B": "FMMonth",
    "G": "IYYY",
    "H": "HH24",
    "I": "HH12",
    "M": "MI",
    "S": "SS",
    "V": "IW",
    "Y": "YYYY",
    "a": "FMDy",
    "b": "FMMon",
    "d": "DD",
    "f": "US",
    "g": "IY",
    "j": "DDD",
    "m": "MM",
    "p": "AM",
    "u": "ID",
    "y": "YY",
}


def _strftime(args: Sequence[Sql], expr: Expr) -> Sql:
    parts: list[Sql] = []
    native = ""
    for kind, piece in strftime.pieces(str(constant(expr, 1))):
        if kind == "code" and piece not in _TO_CHAR:
            if native:
                parts.append(func("to_char", args[0], text(native)))
                native = ""
            parts.append(_special_code(piece, args[0]))
        elif kind == "code":
            native += _TO_CHAR[piece]
        else:
            native += _quoted_text(piece)
    if not native and not parts:
        return case((tree.Postfix(args[0], " IS NOT NULL", tree.IS), text("")))
    if native:
        parts.append(func("to_char", args[0], text(native)))
    joined = parts[0]
    for part in parts[1:]:
        joined = binary("||", joined, part)
    return joined


def _quoted_text(piece: str) -> str:
    # Letters would be interpreted as a pattern unless quoted; digits and punctuation need no quotes.
    if not any(letter.isalpha() or letter in '"\\' for letter in piece):
        return piece
    return '"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _special_code(code: str, moment: Sql) -> Sql:
    if code == "e":
        return func("lpad", to_text("day", moment), number(2), text(" "))
    if code == "w":
        return to_text("dow", moment)
    if code == "C":
        return func("left", func("to_char", moment, text("YYYY")), number(2))
    # Weeks of the year that start on Sunday (%U) or Monday (%W), numbered from 0.
    weekday = "extract(dow FROM {})" if code == "U" else "(extract(isodow FROM {}) - 1)"
    week = Template(f"((extract(doy FROM {{}}) + 6 - {weekday})::int / 7)::text", (moment, moment))
    return func("lpad", week, number(2), text("0"))


def to_text(part: str, moment: Sql) -> Sql:
    """Return a part of a timestamp as a string."""
    return Template(f"extract({part} FROM {{}})::text", (moment,), tree.CAST)


def _date_trunc(args: Sequence[Sql], expr: Expr) -> Sql:
    # For a date, the engine returns a timestamp with the time zone of the session.
    assert isinstance(expr, Call)
    return func("date_trunc", args[0], tree.cast(args[1], TIMESTAMP) if expr.args[1].type == DATE else args[1])


def _of_a_place(clocks: Builder) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        # CET, EST and similar names are interpreted as abbreviations with a fixed offset.
        zone = str(constant(expr, 1))
        return clocks((args[0], args[1] if "/" in zone else text(zones.target(zone))), expr)

    return build


def _interval(duration: Sql) -> Sql:
    if isinstance(duration, Number):
        return interval_literal(duration.value)
    return binary("*", duration, Raw("INTERVAL '1 microsecond'"))


def _add(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    moment, duration = args
    left, right = (arg.type for arg in expr.args)
    if expr.type != TIMESTAMP:
        return STANDARD_SCALAR["add"](args, expr)
    if left == TIMEDELTA:
        moment, duration, left = duration, moment, right
    return binary("+", _as_timestamp(moment, left), _interval(duration))


def _sub(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    left, right = (arg.type for arg in expr.args)
    if expr.type == TIMESTAMP:
        return binary("-", _as_timestamp(args[0], left), _interval(args[1]))
    if expr.type == TIMEDELTA and left != TIMEDELTA:
        days = [_day(arg, value) for arg, value in zip(expr.args, args, strict=True)]
        if days[0] is not None and days[1] is not None:
            # The difference of two dates is an integer, which is cheaper than the numeric seconds of an interval.
            return Template("({})::bigint * 86400000000", (binary("-", days[0], days[1]),), tree.MULTIPLY)
        return difference(MICROSECONDS, _as_timestamp(args[0], left), _as_timestamp(args[1], right))
    return STANDARD_SCALAR["sub"](args, expr)


def _day(expr: Expr, value: Sql) -> Sql | None:
    """Return the date whose midnight an expression is, or None for other timestamps."""
    if expr.type == DATE:
        return value
    if isinstance(expr, CastExpr) and expr.arg.type == DATE and isinstance(value, tree.Cast):
        return value.arg
    return None


_PARTS = {"dayofweek": "isodow", "dayofyear": "doy", "microsecond": "microseconds"}


def _date_part(args: Sequence[Sql], expr: Expr) -> Sql:
    part = str(constant(expr, 0))
    assert isinstance(expr, Call)
    is_day = expr.args[1].type == DATE and part in ("hour", "minute", "second", "microsecond")
    moment = tree.cast(args[1], TIMESTAMP) if is_day else args[1]
    found: Sql = Template(f"extract({_PARTS.get(part, part)} FROM {{}})", (moment,))
    if part == "second":
        found = func("floor", found)
    whole = tree.cast(found, INT64)
    if part == "microsecond":
        return binary("%", whole, number(1_000_000))
    return binary("-", whole, number(1)) if part == "dayofweek" else whole


def _as_timestamp(value: Sql, type_: Type) -> Sql:
    return tree.cast(value, TIMESTAMP) if type_ == DATE else value


# ---- text


def _split_text(args: Sequence[Sql], expr: Expr) -> Sql:
    parts = func("to_jsonb", func("string_to_array", *args))
    return case((binary("=", args[0], text("")), Raw("'[\"\"]'::jsonb")), default=parts)


def _json_range(args: Sequence[Sql], expr: Expr) -> Sql:
    array = Template("to_jsonb(ARRAY(SELECT generate_series(0, {} - 1)))", (tree.operand(args[0]),))
    # The array is empty instead of NULL without rows.
    return case((tree.Postfix(args[0], " IS NOT NULL", tree.IS), array))


def _re_contains(args: Sequence[Sql], expr: Expr) -> Sql:
    return Template("{} ~ {}", (tree.operand(args[0]), text(regex.pattern(str(constant(expr, 1)), regex.POSIX))), tree.LIKE)


def _re_extract(args: Sequence[Sql], expr: Expr) -> Sql:
    group = constant(expr, 2)
    assert isinstance(group, int)
    found = text(regex.deterministic(str(constant(expr, 1)), regex.POSIX, group=group))
    return func("regexp_substr", args[0], found, number(1), number(1), text(""), number(group))


def _re_replace(args: Sequence[Sql], expr: Expr) -> Sql:
    pattern = str(constant(expr, 1))
    found = text(regex.deterministic(pattern, regex.POSIX, empty=False))
    new = text(regex.replacement(str(constant(expr, 2)), regex.groups(pattern)))
    return func("regexp_replace", args[0], found, new, text("g"))


def _re_count(args: Sequence[Sql], expr: Expr) -> Sql:
    found = text(regex.deterministic(str(constant(expr, 1)), regex.POSIX, empty=False))
    return tree.cast(func("regexp_count", args[0], found), INT64)


def _hash(args: Sequence[Sql], expr: Expr) -> Sql:
    digits = tree.operand(binary("||", text("x"), func("left", func("md5", args[0]), number(15))))
    return tree.cast(tree.cast(digits, "bit(60)"), INT64)


# ---- intervals


# ---- aggregates of text and time


def _to_json_array(args: Sequence[Sql], expr: Expr) -> Sql:
    return Template("coalesce({}, '[]'::jsonb)", (Func("jsonb_agg", tuple(args)),))


def _quantile(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    share = constant(expr, 1)
    assert isinstance(share, float)
    if expr.type == FLOAT64:
        found = STANDARD_AGGREGATE["quantile"](args, expr)
        return found if share in (0, 1) or is_finite(expr.args[0]) else beside_infinity(found, args[0], share)
    if share == 0.5:
        found = middle(args[0], MICROSECONDS if expr.type == TIMESTAMP else "{}", "/")
        # Built as a string, because multiplying an interval by a number is computed in floats.
        return (
            Template("TIMESTAMP 'epoch' + ({} || ' microseconds')::interval", (tree.operand(found),), tree.ADD)
            if expr.type == TIMESTAMP
            else found
        )
    value = Template(MICROSECONDS, (args[0],), tree.CAST) if expr.type == TIMESTAMP else args[0]
    found = STANDARD_AGGREGATE["quantile"]((value, args[1]), expr)
    whole = tree.cast(Template("trunc({})", (found,)), INT64)
    if expr.type == TIMESTAMP:
        return Template("TIMESTAMP 'epoch' + {} * INTERVAL '1 microsecond'", (whole,), tree.ADD)
    return whole


def _mode(args: Sequence[Sql], expr: Expr) -> Sql:
    return within_group("mode", args[0], suffix=C if expr.type == STRING else "")


# ---- casts


def _float_to_decimal(args: Sequence[Sql], expr: Expr) -> Sql:
    # Via the shortest decimal representation of the float; a direct cast would keep 15 digits.
    plain = tree.cast(tree.cast(args[0], STRING), expr.type)
    return case((binary("=", args[0], NAN), _failing("a decimal")(args, expr)), default=plain)


def _float_to_text(args: Sequence[Sql], expr: Expr) -> Sql:
    x = args[0]
    shown = tree.cast(x, STRING)
    whole = binary("AND", binary("<", func("abs", x), Raw("1e16::float8")), binary("=", x, func("trunc", x)))
    return case(
        (binary("=", x, float_literal(float("nan"))), text("nan")),
        (binary("=", x, float_literal(float("inf"))), text("inf")),
        (binary("=", x, float_literal(float("-inf"))), text("-inf")),
        (binary("=", shown, text("-0")), text("-0.0")),
        (whole, binary("||", tree.cast(tree.cast(x, INT64), STRING), text(".0"))),
        # The engine changes to an exponent at 1e15 instead of 1e16.
        (Template("abs({0}) >= 1e15 AND abs({0}) < 1e16", (x,), tree.AND), tree.cast(tree.cast(shown, "numeric"), STRING)),
        default=shown,
    )


def _failing(kind: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        # No function raises an error; a cast of a string that is always invalid does.
        return tree.cast(binary("||", text(f"not {kind}: "), args[0]), expr.type)

    return build


SCALAR: dict[str, Builder] = STANDARD_SCALAR | {
    name: _collated(symbol) for name, symbol in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="))
}
SCALAR |= (
    compared(dict(SCALAR))
    | JSON_SCALAR
    | {
        "floordiv": floordiv("/"),
        "truediv": _truediv,
        "add": _add,
        "sub": _sub,
        "round": round_("round({})"),
        "sqrt": _sqrt,
        "exp": _exp,
        "log": _log("ln"),
        "log10": _log("log"),
        "power": _power,
        "strip": function("btrim"),
        "split": _split_text,
        "json_range": _json_range,
        "re_contains": _re_contains,
        "re_extract": _re_extract,
        "re_replace": _re_replace,
        "re_count": _re_count,
        "hash": _hash,
        "date_part": _date_part,
        "interval": interval("ARRAY[{}, {}, {}]::float8[]"),
        "strftime": _strftime,
        "parse_timestamp": parse_timestamp("{} ~ {}", _failing),
        "date_trunc": _date_trunc,
        "failing": lambda args, expr: tree.cast(binary("||", tree.cast(args[0], STRING), args[1]), TIMESTAMP),
        "at_zone": _of_a_place(at_zone),
        "from_zone": _of_a_place(from_zone),
    }
)

AGGREGATE: dict[str, Builder] = STANDARD_AGGREGATE | {
    "min": _extreme("min", "bool_and"),
    "max": _extreme("max", "bool_or"),
    "first": _first,
    "last": _first,
    "mode": of_constant(_mode),
    "quantile": of_constant(_quantile),
    "quantile_disc": of_constant(
        lambda args, expr: within_group(
            "percentile_disc", args[0], Raw(repr(constant(expr, 1))), suffix=C if expr.type == STRING else ""
        )
    ),
    "to_json_array": _to_json_array,
}

CASTS: dict[tuple[str, str], Builder] = {
    ("bool", "int64"): lambda args, expr: tree.cast(tree.cast(args[0], INT32), INT64),
    ("bool", "float64"): lambda args, expr: tree.cast(tree.cast(args[0], INT32), FLOAT64),
    ("int64", "bool"): lambda args, expr: binary("<>", args[0], number(0)),
    ("float64", "int64"): lambda args, expr: tree.cast(func("trunc", args[0]), INT64),
    ("float64", "string"): _float_to_text,
    ("float64", "decimal"): _float_to_decimal,
    ("decimal", "int64"): lambda args, expr: tree.cast(func("trunc", args[0]), INT64),
    ("time", "string"): lambda args, expr: func(
        "to_char", binary("+", Raw("DATE '2000-01-01'"), args[0]), text("HH24:MI:SS.US")
    ),
    ("timestamp", "string"): lambda args, expr: func("to_char", args[0], text("YYYY-MM-DD HH24:MI:SS.US")),
    **guarded("{} ~ {}", _failing),
}

DIALECT = Dialect(
    name="postgres",
    scalar=SCALAR,
    aggregate=AGGREGATE,
    casts=CASTS,
    types=TYPES,
    stored_types=STORED_TYPES,
    stored=stored,
    temporary_schema="pg_temp",
    elements=elements,
    text_order=C,
    # A step with LIMIT or OFFSET is not inlined.
    fence="OFFSET 0",
    # A nested loop, which is chosen if one row is estimated, computes groups on its inner side again for each outer row. One
    # row is the estimate after a filter or two on a window, for which there are no statistics.
    keeps="MATERIALIZED",
    reads_again="NOT MATERIALIZED",
    sorts=frozenset({"nunique", "quantile", "quantile_disc", "mode", "first", "last", "to_json_array"}),
    most_columns=1_664,
    most_subselects=12,
    has_dbt_models=True,
    most_steps=60,
    join_steps=2,
    array="{{{}}}",
    # One process sorts all partitions, so more of them only add a key.
    skips=frozenset({"divide other rows"}),
    repeats=frozenset(
        {
            "floordiv",
            "mod",
            "truediv",
            "round",
            "sqrt",
            "exp",
            "log",
            "log10",
            "power",
            "split",
            "interval",
            "json_range",
            "json_slice",
            "json_filter",
            "json_path_name",
            "json_pick",
            "json_data",
            "json_length",
            "json_integer",
            "json_index",
            "json_index_text",
            "parse_timestamp",
        }
    ),
)
