"""DuckDB 2: the differences from the standard table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from objectiv_local.dialects.dialect import Builder, Dialect
from objectiv_local.dialects.duckdb.json import JSON as JSON_SCALAR
from objectiv_local.dialects.duckdb.json import is_unparsed, some_elements
from objectiv_local.dialects.duckdb.rows import many_rows
from objectiv_local.dialects.duckdb.stored import STORED_TYPES, TYPES, stored
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Func, Number, Raw, Sql, Template, binary, case, func, number, text
from objectiv_local.dialects.standard import regex
from objectiv_local.dialects.standard.builders import (
    as_floats,
    constant,
    float_function,
    floordiv,
    interval,
    modulo,
    of_constant,
    round_,
)
from objectiv_local.dialects.standard.durations import compared, difference, interval_literal
from objectiv_local.dialects.standard.quantiles import middle
from objectiv_local.dialects.standard.table import STANDARD_AGGREGATE, STANDARD_SCALAR
from objectiv_local.dialects.standard.text_casts import guarded, parse_timestamp
from objectiv_local.plan import strftime
from objectiv_local.plan.expr import Aggregation, Call, Expr
from objectiv_local.plan.relation import Relation
from objectiv_local.types import DATE, FLOAT64, INT64, STRING, TIMEDELTA, TIMESTAMP, Type


def file_names(relation: Relation) -> str:
    """Return the files of a relation as an argument of read_parquet."""
    names = [DIALECT.text(part) for part in relation.parts]
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def files(relation: Relation) -> str:
    """Return the SQL of a set of Parquet files in FROM."""
    options = ", union_by_name = true" * relation.by_name + ", hive_partitioning = false" * (not relation.folders)
    return f"read_parquet({file_names(relation)}{options})"


# ---- time


def _strftime(args: Sequence[Sql], expr: Expr) -> Sql:
    parts: list[Sql] = []
    native = ""
    for kind, piece in strftime.pieces(str(constant(expr, 1))):
        if kind == "code" and piece in "Ceg":
            if native:
                parts.append(func("strftime", args[0], text(native)))
                native = ""
            parts.append(_special_code(piece, args[0]))
        else:
            native += piece.replace("%", "%%") if kind == "text" else "%" + piece
    if not native and not parts:
        return case((tree.Postfix(args[0], " IS NOT NULL", tree.IS), text("")))
    if native:
        parts.append(func("strftime", args[0], text(native)))
    joined = parts[0]
    for part in parts[1:]:
        joined = binary("||", joined, part)
    return joined


def _special_code(code: str, moment: Sql) -> Sql:
    if code == "e":
        return func("lpad", tree.cast(func("day", moment), STRING), number(2), text(" "))
    if code == "g":
        # DuckDB's own %g is milliseconds.
        return func("right", func("strftime", moment, text("%G")), number(2))
    return func("left", func("strftime", moment, text("%Y")), number(2))


def _date_trunc(args: Sequence[Sql], expr: Expr) -> Sql:
    # For a date, the engine returns a date.
    assert isinstance(expr, Call)
    return func("date_trunc", args[0], tree.cast(args[1], TIMESTAMP) if expr.args[1].type == DATE else args[1])


def _add(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    moment, duration = args
    left, right = (arg.type for arg in expr.args)
    if expr.type != TIMESTAMP:
        return STANDARD_SCALAR["add"](args, expr)
    if left == TIMEDELTA:
        moment, duration, left = duration, moment, right
    return binary("+", _as_timestamp(moment, left), _duration(duration))


def _duration(microseconds: Sql) -> Sql:
    if isinstance(microseconds, Number):
        return interval_literal(microseconds.value)
    return func("to_microseconds", microseconds)


def _sub(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    left, right = (arg.type for arg in expr.args)
    if expr.type == TIMESTAMP:
        return binary("-", _as_timestamp(args[0], left), _duration(args[1]))
    if expr.type == TIMEDELTA and left != TIMEDELTA:
        return difference("epoch_us({})", _as_timestamp(args[0], left), _as_timestamp(args[1], right))
    return STANDARD_SCALAR["sub"](args, expr)


_PARTS = {"isoyear": "isoyear", "dayofweek": "isodow", "dayofyear": "doy"}


def _date_part(args: Sequence[Sql], expr: Expr) -> Sql:
    part = str(constant(expr, 0))
    found = func("date_part", text(_PARTS.get(part, part)), args[1])
    if part == "microsecond":
        return binary("%", found, number(1_000_000))
    return binary("-", found, number(1)) if part == "dayofweek" else found


def _as_timestamp(value: Sql, type_: Type) -> Sql:
    return tree.cast(value, TIMESTAMP) if type_ == DATE else value


# ---- text


def _split_text(args: Sequence[Sql], expr: Expr) -> Sql:
    return func("to_json", func("string_split", *args))


def _re_contains(args: Sequence[Sql], expr: Expr) -> Sql:
    return func("regexp_matches", args[0], text(regex.pattern(str(constant(expr, 1)), regex.RE2)))


def _re_extract(args: Sequence[Sql], expr: Expr) -> Sql:
    group = constant(expr, 2)
    assert isinstance(group, int)
    found = text(regex.deterministic(str(constant(expr, 1)), regex.RE2, group=group))
    # Without a match, the engine extracts the empty string.
    return case((func("regexp_matches", args[0], found), func("regexp_extract", args[0], found, number(group))))


def _re_replace(args: Sequence[Sql], expr: Expr) -> Sql:
    pattern = str(constant(expr, 1))
    found = text(regex.deterministic(pattern, regex.RE2, empty=False))
    new = text(regex.replacement(str(constant(expr, 2)), regex.groups(pattern)))
    return func("regexp_replace", args[0], found, new, text("g"))


def _re_count(args: Sequence[Sql], expr: Expr) -> Sql:
    found = text(regex.deterministic(str(constant(expr, 1)), regex.RE2, empty=False))
    return func("len", func("regexp_extract_all", args[0], found))


def _hash(args: Sequence[Sql], expr: Expr) -> Sql:
    return tree.cast(tree.operand(binary("||", text("0x"), func("left", func("md5", args[0]), number(15)))), INT64)


# ---- intervals


# ---- the rest


def _divisor(b: Sql) -> Sql:
    """Return the divisor of a remainder. By -1 it is 0, as by 1, but the engine's own overflows for the least integer."""
    if isinstance(b, Number):
        return number(1) if b.value == -1 else func("nullif", b, number(0))
    return case((binary("=", b, number(-1)), number(1)), default=func("nullif", b, number(0)))


def _truediv(args: Sequence[Sql], expr: Expr) -> Sql:
    return binary("/", *as_floats(args, expr))


def _first(args: Sequence[Sql], expr: Expr) -> Sql:
    return Func("first", tuple(args), where=tree.Postfix(args[0], " IS NOT NULL", tree.IS))


def _to_json_array(args: Sequence[Sql], expr: Expr) -> Sql:
    return Template("coalesce(to_json({}), '[]'::json)", (Func("list", tuple(args)),))


def _quantile(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Aggregation)
    if expr.type == FLOAT64:
        return STANDARD_AGGREGATE["quantile"](args, expr)
    if constant(expr, 1) == 0.5:
        found = middle(args[0], "epoch_us({})" if expr.type == TIMESTAMP else "{}", "//")
        return Template("make_timestamp({})", (found,)) if expr.type == TIMESTAMP else found
    value = func("epoch_us", args[0]) if expr.type == TIMESTAMP else args[0]
    found = STANDARD_AGGREGATE["quantile"]((value, args[1]), expr)
    whole = tree.cast(Template("trunc({})", (found,)), INT64)
    return Template("make_timestamp({})", (whole,)) if expr.type == TIMESTAMP else whole


def _together(columns: dict[str, Sql]) -> dict[str, Sql]:
    """Return the columns with several quantiles of one value as a list, for which the values are sorted only once."""
    shares: dict[Sql, list[Sql]] = {}
    for sql in columns.values():
        if _is_quantile(sql):
            shares.setdefault(sql.order[0].expr, []).append(sql.args[0])
    lists = {value: list(dict.fromkeys(each)) for value, each in shares.items() if len(set(each)) > 1}

    def told(sql: Sql) -> Sql:
        if not _is_quantile(sql) or sql.order[0].expr not in lists:
            return sql
        value = sql.order[0].expr
        found = func("quantile_disc", value, Template("[" + ", ".join(["{}"] * len(lists[value])) + "]", tuple(lists[value])))
        return func("list_extract", found, Number(lists[value].index(sql.args[0]) + 1, bare=True))

    return {name: told(sql) for name, sql in columns.items()}


def _is_quantile(sql: Sql) -> TypeGuard[Func]:
    return isinstance(sql, Func) and sql.name == "percentile_disc" and sql.where is None


def _float_to_decimal(args: Sequence[Sql], expr: Expr) -> Sql:
    # Via the shortest decimal representation of the float, which is closer to the intended value than its binary value.
    return tree.cast(tree.cast(args[0], STRING), expr.type)


def _failing(kind: str) -> Builder:
    return lambda args, expr: func("error", binary("||", text(f"not {kind}: "), args[0]))


SCALAR: dict[str, Builder] = (
    STANDARD_SCALAR
    | compared()
    | JSON_SCALAR
    | {
        "floordiv": floordiv("//"),
        "mod": modulo(_divisor),
        "truediv": _truediv,
        "add": _add,
        "sub": _sub,
        "round": round_("round_even({}, 0)"),
        "sqrt": float_function("sqrt"),
        "exp": float_function("exp"),
        "log": float_function("ln"),
        "log10": float_function("log10"),
        "power": float_function("power"),
        "split": _split_text,
        "json_range": lambda args, expr: func("to_json", func("range", args[0])),
        "re_contains": _re_contains,
        "re_extract": _re_extract,
        "re_replace": _re_replace,
        "re_count": _re_count,
        "hash": _hash,
        "date_part": _date_part,
        "interval": interval("[{}, {}, {}]::double[]"),
        "strftime": _strftime,
        "parse_timestamp": parse_timestamp("regexp_matches({}, {})", _failing),
        "date_trunc": _date_trunc,
        # The call of error has no type of its own.
        "failing": lambda args, expr: tree.cast(func("error", binary("||", tree.cast(args[0], STRING), args[1])), TIMESTAMP),
    }
)

AGGREGATE: dict[str, Builder] = STANDARD_AGGREGATE | {
    "first": _first,
    "last": _first,
    "quantile": of_constant(_quantile),
    "to_json_array": _to_json_array,
}

CASTS: dict[tuple[str, str], Builder] = {
    ("int64", "bool"): lambda args, expr: binary("<>", args[0], number(0)),
    ("float64", "int64"): lambda args, expr: tree.cast(func("trunc", args[0]), INT64),
    ("float64", "decimal"): _float_to_decimal,
    ("decimal", "int64"): lambda args, expr: tree.cast(func("trunc", args[0]), INT64),
    ("time", "string"): lambda args, expr: func(
        "strftime", binary("+", Raw("DATE '2000-01-01'"), args[0]), text("%H:%M:%S.%f")
    ),
    ("timestamp", "string"): lambda args, expr: func("strftime", args[0], text("%Y-%m-%d %H:%M:%S.%f")),
    **guarded("regexp_matches({}, {})", _failing),
}

DIALECT = Dialect(
    name="duckdb",
    scalar=SCALAR,
    aggregate=AGGREGATE,
    casts=CASTS,
    types=TYPES,
    stored_types=STORED_TYPES,
    stored=stored,
    files=files,
    has_dbt_models=True,
    together=_together,
    elements=lambda array: func("unnest", some_elements(array)),
    is_free=is_unparsed,
    reads_again="NOT MATERIALIZED",
    most_subselects=12,
    many_rows=many_rows,
    refuses_queries=frozenset({"mode"}),
    # DuckDB overestimates the rows of grouping sets, and ignores a LIMIT that is not below its estimate
    # (tests/engines/test_faults.py).
    limit_of_sets="(SELECT {})",
    # One process sorts all partitions, so more of them only add a key.
    skips=frozenset({"divide other rows"}),
    repeats=frozenset(
        {"floordiv", "mod", "round", "json_slice", "json_length", "json_type", "interval", "re_extract", "parse_timestamp"}
    ),
)
