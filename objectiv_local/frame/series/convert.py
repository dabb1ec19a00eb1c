"""Type conversions: casts that return a missing value for strings that cannot be converted, and timestamps."""

from __future__ import annotations

from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Expr, call, case, cast, literal
from objectiv_local.types import FLOAT64, INT64, INT64_MAX, INT64_MIN, JSON, STRING, TIMESTAMP, Type, decimal_type

_BLANK = r"[ \t\n\r]*"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_DAY = (
    "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|[0-9]{4}-(0[13-9]|1[0-2])-(29|30)|"
    "[0-9]{4}-(0[13578]|1[02])-31|[0-9]{4}-02-29"
)
#: Patterns of strings that can be converted to each type, apart from numbers that are too large and February 29.
_FORMS = {
    "int64": r"[+-]?[0-9]{1,37}",
    "float64": r"[+-]?(([0-9]{1,15}([.][0-9]*)?|[.][0-9]+)([eE][+-]?([0-9]{1,2}|[12][0-9]{2}))?|[nN][aA][nN]|"
    r"[iI][nN][fF]([iI][nN][iI][tT][yY])?)",
    "decimal": r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)",
    "bool": r"([tT]([rR][uU][eE])?|[yY]([eE][sS])?|1|[fF]([aA][lL][sS][eE])?|[nN][oO]?|0)",
    "date": f"({_DAY})",
    "time": _TIME,
    "timestamp": f"({_DAY})([ T]{_TIME}(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?)?",
    "uuid": "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
}


def converted(expr: Expr, type_: Type) -> Expr:
    """Return ``expr`` as ``type_``; strings of timestamps may have a UTC offset."""
    return call("parse_timestamp", expr) if (expr.type, type_) == (STRING, TIMESTAMP) else cast(expr, type_)


def coerced(expr: Expr, type_: Type) -> Expr:
    """Return ``expr`` as ``type_``, with NULL for values that cannot be converted."""
    if expr.type == FLOAT64 and type_ == INT64:
        fits = call("lt", call("abs", expr), literal(float(2**63)))
        return case([(fits, cast(expr, type_))])
    if expr.type.plain == JSON and type_ == INT64:
        return call("json_integer", expr)
    if expr.type != STRING or type_ == STRING:
        return cast(expr, type_)
    if type_.name not in _FORMS:
        raise NotSupported(
            f"strings cannot be cast to {type_} with errors='coerce'", hint="use errors='raise', or clean the strings first"
        )
    accepted = call("re_contains", expr, literal(f"^{_BLANK}{_FORMS[type_.name]}{_BLANK}$"))
    value = converted(expr, type_)
    if type_ == INT64:
        wide = cast(expr, decimal_type(0))
        fits = call("and", call("ge", wide, literal(INT64_MIN)), call("le", wide, literal(INT64_MAX)))
        value = case([(fits, value)])
    elif type_.name == "decimal":
        digits = 38 - type_.scale - 1
        small = call("re_contains", expr, literal(f"^{_BLANK}[+-]?0*[0-9]{{0,{digits}}}([.]|{_BLANK}$)"))
        value = case([(small, value)])
    elif type_.name in ("date", "timestamp"):
        # DuckDB cannot cast strings that end in a line feed or a tab, and offsets may lead out of the years 1 to 9999.
        value = converted(call("strip", expr, literal(" \t\n\r")), type_)
        beyond = call("re_contains", expr, literal(rf"^{_BLANK}(0001-01-01[ T].*[+]|9999-12-31[ T].*-)"))
        value = case([(call("and", _is_a_day(expr), call("not", beyond)), value)])
    return case([(accepted, value)])


def _is_a_day(expr: Expr) -> Expr:
    """Return whether a string in date format is a valid date: not in year 0, and not February 29 of a non-leap year."""
    text = call("strip", expr, literal(" \t\n\r"))
    year = cast(call("slice", text, literal(0), literal(4)), INT64)

    def divisible(by: int) -> Expr:
        return call("eq", call("mod", year, literal(by)), literal(0))

    leap = call("or", call("and", divisible(4), call("not", divisible(100))), divisible(400))
    ordinary = call("ne", call("slice", text, literal(5), literal(10)), literal("02-29"))
    return call("and", call("gt", year, literal(0)), call("or", ordinary, leap))
