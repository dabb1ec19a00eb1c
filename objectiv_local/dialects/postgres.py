"""Postgres 15 to 18: what differs from the standard table."""

from __future__ import annotations

import json
from collections.abc import Sequence

from objectiv_local.dialects import strftime, tree
from objectiv_local.dialects.base import (
    STANDARD_AGGREGATE,
    STANDARD_SCALAR,
    Builder,
    Dialect,
    Reader,
    as_floats,
    compared,
    constant,
    difference,
    float_literal,
    floordiv,
    guarded,
    quoted,
)
from objectiv_local.dialects.tree import Func, Number, Raw, Sql, Template, binary, case, func, number, text
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Call, Cast, Expr, Literal
from objectiv_local.plan.relation import Relation
from objectiv_local.types import (
    BOOL,
    DATE,
    FLOAT64,
    INT64,
    JSON,
    STRING,
    TIMEDELTA,
    TIMESTAMP,
    UUID,
    Type,
)

TYPES = {
    "bool": "boolean",
    "int64": "bigint",
    "float64": "float8",
    "string": "text",
    "date": "date",
    "timestamp": "timestamp",
    "timedelta": "bigint",
    "uuid": "uuid",
    "json": "jsonb",
}

#: Text compares by code point with this collation, whatever the database's own is.
C = ' COLLATE "C"'

_MICROSECONDS = "(extract(epoch FROM {}) * 1000000)::bigint"


def _reader(type_name: str) -> Reader:
    return lambda column: tree.cast(column, type_name)


_STORED: dict[str, tuple[Type, Reader | None]] = {
    "int8": (INT64, None),
    "int4": (INT64, _reader("bigint")),
    "int2": (INT64, _reader("bigint")),
    "float8": (FLOAT64, None),
    "float4": (FLOAT64, _reader("float8")),
    "bool": (BOOL, None),
    "text": (STRING, None),
    **{name: (STRING, _reader("text")) for name in ("varchar", "bpchar", "name")},
    "date": (DATE, None),
    "timestamp": (TIMESTAMP, None),
    "timestamptz": (TIMESTAMP, lambda column: tree.Postfix(column, " AT TIME ZONE 'UTC'", tree.CAST)),
    "interval": (TIMEDELTA, lambda column: Template(_MICROSECONDS, (column,), tree.CAST)),
    "uuid": (UUID, None),
    "jsonb": (JSON, None),
    "json": (JSON, _reader("jsonb")),
}


def stored(type_name: str) -> tuple[Type, Reader | None] | None:
    """Return how a column of the stored type is read, or None if it is not."""
    return _STORED.get(type_name)


def relation(relation: Relation) -> str:
    """Return the relation as it stands behind FROM."""
    if relation.kind == "parquet":
        raise NotSupported("Postgres cannot read Parquet files",
                           hint="open the file with objectiv_local.connect(path), or load it into a table")
    return ".".join(map(quoted, relation.parts))


def literal(expr: Literal) -> Sql:
    """Return a constant of a type that the engines write differently."""
    if expr.type == DATE:
        return Raw(f"DATE '{expr.value}'")
    if expr.type == TIMESTAMP:
        return Raw(f"TIMESTAMP '{expr.value}'")
    return tree.cast(text(str(expr.value)), TYPES[expr.type.name])


# ---- numbers


def _truediv(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    a, b = as_floats(args, expr)
    divisor = expr.args[1]
    if isinstance(divisor, Literal) and divisor.value:
        return binary("/", a, b)
    # The engine raises on division by zero where IEEE 754 has an answer.
    dividend, zero = _whole(expr.args[0], a)
    whens = [] if zero != number(0) else [(binary("=", dividend, zero), float_literal(float("nan")))]
    if not whens:
        is_nan = binary("=", dividend, float_literal(float("nan")))
        whens = [(binary("OR", binary("=", dividend, zero), is_nan), float_literal(float("nan")))]
    whens += [(binary(">", dividend, zero), float_literal(float("inf"))),
              (binary("<", dividend, zero), float_literal(float("-inf")))]
    tested, zero = _whole(divisor, b)
    return case((binary("=", tested, zero), case(*whens)), default=binary("/", a, b))


def _whole(expr: Expr, value: Sql) -> tuple[Sql, Sql]:
    """Return what to compare with zero, and the zero: the integer itself where a float was made of one."""
    if isinstance(expr, Cast) and expr.arg.type == INT64 and isinstance(value, tree.Postfix):
        return value.arg, number(0)
    return value, float_literal(0.0)


def _collated(symbol: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        left, right = args
        if expr.args[0].type == STRING:
            right = tree.Postfix(right, C, tree.CAST)
        return binary(symbol, left, right)

    return build


def _extreme(name: str, of_bool: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        if expr.type == BOOL:
            return func(of_bool, args[0])
        if expr.type == STRING:
            return func(name, tree.Postfix(args[0], C, tree.CAST))
        if expr.type == UUID:
            # min(uuid) exists from 18 on only.
            return tree.cast(func(name, tree.Postfix(tree.cast(args[0], "text"), C, tree.CAST)), "uuid")
        return func(name, args[0])

    return build


def _first(args: Sequence[Sql], expr: Expr) -> Sql:
    values = Func("array_agg", tuple(args), where=tree.Postfix(args[0], " IS NOT NULL", tree.IS))
    return Template("({})[1]", (values,))


# ---- time

_TO_CHAR = {
    "A": "FMDay", "B": "FMMonth", "G": "IYYY", "H": "HH24", "I": "HH12", "M": "MI", "S": "SS", "V": "IW", "Y": "YYYY",
    "a": "FMDy", "b": "FMMon", "d": "DD", "f": "US", "g": "IY", "j": "DDD", "m": "MM", "p": "AM", "u": "ID", "y": "YY",
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
    # Letters would be read as a pattern unless quoted; between digits and signs quotes only disturb.
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
    # Weeks of the year that start on Sunday (%U) or Monday (%W), counted from 0.
    weekday = "extract(dow FROM {})" if code == "U" else "(extract(isodow FROM {}) - 1)"
    week = Template(f"((extract(doy FROM {{}}) + 6 - {weekday})::int / 7)::text", (moment, moment))
    return func("lpad", week, number(2), text("0"))


def to_text(part: str, moment: Sql) -> Sql:
    """Return a part of a moment as text."""
    return Template(f"extract({part} FROM {{}})::text", (moment,), tree.CAST)


def _date_trunc(args: Sequence[Sql], expr: Expr) -> Sql:
    # Of a date, the engine makes a moment with the time zone of the session.
    assert isinstance(expr, Call)
    return func("date_trunc", args[0], tree.cast(args[1], "timestamp") if expr.args[1].type == DATE else args[1])


def _interval(duration: Sql) -> Sql:
    if isinstance(duration, Number):
        return Raw(f"INTERVAL '{duration.value} microseconds'")
    return binary("*", duration, Raw("INTERVAL '1 microsecond'"))


def _add(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    moment, duration = args
    left, right = (arg.type for arg in expr.args)
    if expr.type != TIMESTAMP:
        return binary("+", moment, duration)
    if left == TIMEDELTA:
        moment, duration, left = duration, moment, right
    return binary("+", _as_timestamp(moment, left), _interval(duration))


def _sub(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    left, right = (arg.type for arg in expr.args)
    if expr.type == TIMESTAMP:
        return binary("-", _as_timestamp(args[0], left), _interval(args[1]))
    if expr.type == TIMEDELTA and left != TIMEDELTA:
        return difference(_MICROSECONDS, _as_timestamp(args[0], left), _as_timestamp(args[1], right))
    return binary("-", args[0], args[1])


def _as_timestamp(value: Sql, type_: Type) -> Sql:
    return tree.cast(value, "timestamp") if type_ == DATE else value


# ---- JSON


_ARRAYS = ("json_filter", "json_slice")


def _json_index(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    array = expr.args[0]
    while isinstance(array, Cast):
        array = array.arg
    element = binary("->", args[0], tree.bare(args[1]))
    if isinstance(array, Call) and array.op in _ARRAYS:
        return element
    # The engine takes a number or a text for an array of one element.
    return case((_is_array(args[0]), element))


def _json_text(value: object) -> Sql:
    return tree.cast(text(json.dumps(value, ensure_ascii=False)), "jsonb")


def _object(expr: Expr, index: int) -> object:
    value = json.loads(str(constant(expr, index)))
    _refuse_arrays(value)
    return value


def _refuse_arrays(value: object) -> None:
    if isinstance(value, list):
        raise NotSupported("an array inside the object to look for is not supported", hint="leave the member out")
    if isinstance(value, dict):
        for member in value.values():
            _refuse_arrays(member)


def _is_array(array: Sql) -> Sql:
    return binary("=", func("jsonb_typeof", array), text("array"))


def _json_has(args: Sequence[Sql], expr: Expr) -> Sql:
    return func("coalesce", binary("@>", args[0], _json_text([_object(expr, 1)])), Raw("FALSE"))


def _json_contains(args: Sequence[Sql], expr: Expr) -> Sql:
    return binary("@>", args[0], _json_text([constant(expr, 1)]))


def _elements(array: Sql) -> Sql:
    elements = case((_is_array(array), array))
    return func("jsonb_array_elements", elements)


def _json_filter(args: Sequence[Sql], expr: Expr) -> Sql:
    wanted = _object(expr, 1)
    pattern = ("(SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb) "
               "FROM {} WITH ORDINALITY AS elements (element, position) WHERE element @> {})")
    return Template(pattern, (_elements(args[0]), _json_text(wanted)))


def _json_length(args: Sequence[Sql], expr: Expr) -> Sql:
    return case((_is_array(args[0]), tree.cast(func("jsonb_array_length", args[0]), "bigint")))


def _json_slice(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    start, stop = constant(expr, 1), constant(expr, 2)
    by_object = [expr.args[index].type.name == "json" and constant(expr, index) is not None for index in (1, 2)]
    conditions: list[Sql] = []
    for index, value, is_object, compare in ((1, start, by_object[0], ">="), (2, stop, by_object[1], "<=")):
        if value is None:
            continue
        if is_object:
            first = ("(SELECT min(position) FROM {} WITH ORDINALITY AS elements (element, position) "
                     "WHERE element @> {})")
            bound: Sql = Template(first, (_elements(args[0]), _json_text(_object(expr, index))))
        else:
            assert isinstance(value, int)
            # Positions count from 1; a start is included, so is a stop as it is written here.
            shift = value + (1 if index == 1 else 0)
            bound = number(shift) if value >= 0 else binary(
                "+", func("jsonb_array_length", args[0]), number(shift))
        conditions.append(binary(compare, Raw("position"), bound))
    if not conditions:
        return case((_is_array(args[0]), args[0]), default=Raw("'[]'::jsonb"))
    where = conditions[0] if len(conditions) == 1 else binary("AND", *conditions)
    pattern = ("(SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb) "
               "FROM {} WITH ORDINALITY AS elements (element, position) WHERE {})")
    return Template(pattern, (_elements(args[0]), where))


# ---- casts


def _float_to_text(args: Sequence[Sql], expr: Expr) -> Sql:
    x = args[0]
    shown = tree.cast(x, "text")
    whole = binary("AND", binary("<", func("abs", x), Raw("1e16::float8")), binary("=", x, func("trunc", x)))
    return case(
        (binary("=", x, float_literal(float("nan"))), text("nan")),
        (binary("=", x, float_literal(float("inf"))), text("inf")),
        (binary("=", x, float_literal(float("-inf"))), text("-inf")),
        (binary("=", shown, text("-0")), text("-0.0")),
        (whole, binary("||", tree.cast(tree.cast(x, "bigint"), "text"), text(".0"))),
        default=shown,
    )


def _failing(kind: str) -> Builder:
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        # There is no function that raises; a cast of text that can never be one does.
        return tree.cast(binary("||", text(f"not {kind}: "), args[0]), TYPES[expr.type.name])

    return build


SCALAR: dict[str, Builder] = STANDARD_SCALAR | {
    name: _collated(symbol) for name, symbol in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="))
}
SCALAR |= compared(dict(SCALAR)) | {
    "floordiv": floordiv("/"),
    "truediv": _truediv,
    "add": _add,
    "sub": _sub,
    "strftime": _strftime,
    "date_trunc": _date_trunc,
    "json_get": lambda args, expr: binary("->", *args),
    "json_get_text": lambda args, expr: binary("->>", *args),
    "json_index": _json_index,
    "json_slice": _json_slice,
    "json_filter": _json_filter,
    "json_has": _json_has,
    "json_length": _json_length,
    "json_contains": _json_contains,
}

AGGREGATE: dict[str, Builder] = STANDARD_AGGREGATE | {
    "min": _extreme("min", "bool_and"),
    "max": _extreme("max", "bool_or"),
    "first": _first,
    "last": _first,
}

CASTS: dict[tuple[str, str], Builder] = {
    ("bool", "int64"): lambda args, expr: tree.cast(tree.cast(args[0], "int"), "bigint"),
    ("bool", "float64"): lambda args, expr: tree.cast(tree.cast(args[0], "int"), "float8"),
    ("int64", "bool"): lambda args, expr: binary("<>", args[0], number(0)),
    ("float64", "int64"): lambda args, expr: tree.cast(func("trunc", args[0]), "bigint"),
    ("float64", "string"): _float_to_text,
    ("timestamp", "string"): lambda args, expr: func("to_char", args[0], text("YYYY-MM-DD HH24:MI:SS.US")),
    **guarded("{} ~ {}", TYPES, _failing),
}

POSTGRES = Dialect(
    name="postgres",
    scalar=SCALAR,
    aggregate=AGGREGATE,
    casts=CASTS,
    types=TYPES,
    stored=stored,
    relation=relation,
    literal=literal,
    text_order=C,
    repeats=frozenset({"floordiv", "mod", "truediv", "json_slice", "json_filter", "json_length", "json_index"}),
)
