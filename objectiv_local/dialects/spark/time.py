"""Spark: timestamps, which have no time zone here; functions that return one with a zone are cast back."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local.dialects.dialect import Builder
from objectiv_local.dialects.spark.numbers import template
from objectiv_local.dialects.spark.text import failing
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Prefix, Raw, Sql, Template, binary, func, text
from objectiv_local.dialects.standard.builders import constant
from objectiv_local.dialects.standard.table import STANDARD_SCALAR
from objectiv_local.dialects.standard.text_casts import parse_timestamp
from objectiv_local.plan import strftime
from objectiv_local.plan.expr import Call, Expr
from objectiv_local.types import DATE, INT64, TIMEDELTA, TIMESTAMP, Type

#: Codes of strftime and the letters of the engine's patterns.
_LETTERS = {
    "A": "EEEE",
    "B": "MMMM",
    "H": "HH",
    "I": "hh",
    "M": "mm",
    "S": "ss",
    "Y": "yyyy",
    "a": "EEE",
    "b": "MMM",
    "d": "dd",
    "f": "SSSSSS",
    "j": "DDD",
    "m": "MM",
    "p": "a",
    "y": "yy",
}
#: Codes without a letter in the engine's patterns.
_CODES = {
    "C": "left(date_format({0}, 'yyyy'), 2)",
    "G": "lpad(extract(YEAROFWEEK FROM {0})::string, 4, '0')",
    "U": "lpad(((dayofyear({0}) + 6 - (dayofweek({0}) - 1)) div 7)::string, 2, '0')",
    "V": "lpad(weekofyear({0})::string, 2, '0')",
    "W": "lpad(((dayofyear({0}) + 6 - weekday({0})) div 7)::string, 2, '0')",
    "e": "lpad(day({0})::string, 2, ' ')",
    "g": "right(lpad(extract(YEAROFWEEK FROM {0})::string, 4, '0'), 2)",
    "u": "(weekday({0}) + 1)::string",
    "w": "(dayofweek({0}) - 1)::string",
}


def _strftime(args: Sequence[Sql], expr: Expr) -> Sql:
    moment, parts, native = args[0], [], ""
    has_code = False

    def native_part() -> list[Sql]:
        return [func("date_format", moment, text(native))] if native else []

    for kind, piece in strftime.pieces(str(constant(expr, 1))):
        has_code = has_code or kind == "code"
        if kind == "code" and piece in _LETTERS:
            native += _LETTERS[piece]
            continue
        parts += [*native_part(), template(_CODES[piece], moment) if kind == "code" else text(piece)]
        native = ""
    parts += native_part()
    shown = parts[0] if len(parts) == 1 else func("concat", *parts) if parts else text("")
    return shown if has_code else tree.case((tree.Postfix(moment, " IS NOT NULL", tree.IS), shown))


def _moment(value: Sql, type_: Type) -> Sql:
    return tree.cast(value, TIMESTAMP) if type_ == DATE else value


def _date_trunc(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    return tree.cast(func("date_trunc", args[0], _moment(args[1], expr.args[1].type)), TIMESTAMP)


def _add(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    if expr.type != TIMESTAMP:
        return STANDARD_SCALAR["add"](args, expr)
    moment, duration = args
    left, right = (arg.type for arg in expr.args)
    if left == TIMEDELTA:
        moment, duration, left = duration, moment, right
    return Template("timestampadd(MICROSECOND, {}, {})", (duration, _moment(moment, left)))


def _sub(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    left, right = (arg.type for arg in expr.args)
    if expr.type == TIMESTAMP:
        back = Prefix("-", tree.operand(args[1]), tree.NEGATE)
        return Template("timestampadd(MICROSECOND, {}, {})", (back, _moment(args[0], left)))
    if expr.type == TIMEDELTA and left != TIMEDELTA:
        return Template("timestampdiff(MICROSECOND, {}, {})", (_moment(args[1], right), _moment(args[0], left)))
    return STANDARD_SCALAR["sub"](args, expr)


_PARTS = {
    "week": "weekofyear({})",
    "isoyear": "extract(YEAROFWEEK FROM {})",
    "dayofweek": "weekday({})",
    "microsecond": "(extract(SECOND FROM {}) * 1000000)::bigint % 1000000",
}


def _date_part(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    part = str(constant(expr, 0))
    value = args[1]
    if part in ("hour", "minute", "second", "microsecond"):
        value = _moment(value, expr.args[1].type)
    if part == "microsecond":
        return Template(_PARTS[part], (value,), tree.MULTIPLY)
    return tree.cast(Template(_PARTS.get(part, part + "({})"), (value,)), INT64)


def _at_zone(args: Sequence[Sql], expr: Expr) -> Sql:
    return func("convert_timezone", text("UTC"), args[1], args[0])


def _from_zone(args: Sequence[Sql], expr: Expr) -> Sql:
    # For a time that clocks show twice, the engine uses the first timestamp, but the plan needs the second one: the one with
    # the offset of three hours later, if it shows the same time.
    return template(
        "CASE WHEN convert_timezone('UTC', {1}, {2}) = {0} THEN {2} ELSE convert_timezone({1}, 'UTC', {0}) END",
        *args,
        template("timestampadd(HOUR, -3, convert_timezone({1}, 'UTC', timestampadd(HOUR, 3, {0})))", *args),
    )


def _parse(args: Sequence[Sql], expr: Expr) -> Sql:
    found = parse_timestamp("regexp_like({}, {})", failing, end="\\z")(args, expr)
    assert isinstance(found, tree.CaseWhen)
    (has_offset, _), has_none = found.whens
    # The engine requires seconds, and a colon in the offset. In a UTC session, a timestamp with a zone is in UTC.
    seconds = func("regexp_replace", args[0], text("([ T][0-9]{2}:[0-9]{2})(?=[Z+-])"), text("$1:00"))
    colons = func("regexp_replace", seconds, text("([+-][0-9]{2})([0-9]{2})(?=[ \\t\\n\\r]*\\z)"), text("$1:$2"))
    moment = tree.cast(tree.cast(colons, "timestamp_ltz"), TIMESTAMP)
    return tree.CaseWhen(((tree.is_null(args[0]), Raw("NULL")), (has_offset, moment), has_none), found.default)


SCALAR: dict[str, Builder] = {
    "add": _add,
    "sub": _sub,
    "date_part": _date_part,
    "date_trunc": _date_trunc,
    "strftime": _strftime,
    "parse_timestamp": _parse,
    "at_zone": _at_zone,
    "from_zone": _from_zone,
    # The engine also raises an error for NULL.
    "failing": lambda args, expr: tree.case(
        (
            tree.Postfix(args[0], " IS NOT NULL", tree.IS),
            tree.cast(func("raise_error", binary("||", tree.cast(args[0], "string"), args[1])), TIMESTAMP),
        )
    ),
}

CASTS: dict[tuple[str, str], Builder] = {
    ("time", "string"): lambda args, expr: func("date_format", args[0], text("HH:mm:ss.SSSSSS")),
    ("timestamp", "string"): lambda args, expr: func("date_format", args[0], text("yyyy-MM-dd HH:mm:ss.SSSSSS")),
}

REPEATS = frozenset({"parse_timestamp", "strftime", "from_zone"})
