"""DuckDB 2: what differs from the standard table."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from objectiv_local.dialects import regex, strftime, tree
from objectiv_local.dialects.base import (
    BOUNDS,
    STANDARD_AGGREGATE,
    STANDARD_SCALAR,
    Builder,
    Dialect,
    Reader,
    as_floats,
    compared,
    constant,
    decimal_name,
    difference,
    float_function,
    floordiv,
    guarded,
    quoted,
    round_,
)
from objectiv_local.dialects.tree import Func, Raw, Sql, Template, binary, case, func, number, text
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Aggregation, Call, Expr, Literal
from objectiv_local.plan.relation import Relation
from objectiv_local.types import (
    BOOL,
    DATE,
    DECIMAL_DIGITS,
    FLOAT64,
    INT64,
    JSON,
    STRING,
    TIME,
    TIMEDELTA,
    TIMESTAMP,
    UUID,
    Type,
    decimal_type,
    dict_type,
    list_type,
)

TYPES = {
    "bool": "boolean",
    "int64": "bigint",
    "float64": "float8",
    "string": "varchar",
    "date": "date",
    "timestamp": "timestamp",
    "timedelta": "bigint",
    "uuid": "uuid",
    "json": "json",
    "time": "time",
    "numeric_interval": "double[]",
}


def _reader(type_name: str) -> Reader:
    return lambda column: tree.cast(column, type_name)


_STORED: dict[str, tuple[Type, Reader | None]] = {
    "BIGINT": (INT64, None),
    **{name: (INT64, _reader("bigint"))
       for name in ("INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT")},
    "DOUBLE": (FLOAT64, None),
    "FLOAT": (FLOAT64, _reader("float8")),
    "BOOLEAN": (BOOL, None),
    "VARCHAR": (STRING, None),
    "DATE": (DATE, None),
    "TIMESTAMP": (TIMESTAMP, None),
    **{name: (TIMESTAMP, _reader("timestamp")) for name in ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")},
    "TIMESTAMP WITH TIME ZONE": (TIMESTAMP, lambda column: tree.Postfix(column, " AT TIME ZONE 'UTC'", tree.CAST)),
    "INTERVAL": (TIMEDELTA, lambda column: func("epoch_us", column)),
    "UUID": (UUID, None),
    "JSON": (JSON, None),
    "TIME": (TIME, None),
}
_STRUCT = re.compile(r"STRUCT\((.*)\)", re.DOTALL)
_FIELD = re.compile(r'\s*("(?:[^"]|"")*"|[^\s"]+)\s+')


def stored(type_name: str) -> tuple[Type, Reader | None] | None:
    """Return how a column of the stored type is read, or None if it is not."""
    if type_name.startswith("ENUM("):
        return STRING, _reader("varchar")
    if (decimal := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", type_name)) is not None:
        found = decimal_type(int(decimal[2]))
        return found, None if int(decimal[1]) == DECIMAL_DIGITS else _reader(decimal_name(found))
    nested = _nested(type_name)
    return (nested, lambda column: func("to_json", column)) if nested is not None else _STORED.get(type_name)


def _nested(type_name: str) -> Type | None:
    """Return a stored list or struct as a type, or None for another type, or one with parts that are not supported."""
    if type_name.endswith("[]"):
        inner = _part(type_name[:-2])
        return None if inner is None else list_type(inner)
    if (struct := _STRUCT.fullmatch(type_name)) is None:
        return None
    fields: dict[str, Type] = {}
    for each in _split(struct[1]):
        name = _FIELD.match(each)
        inner = None if name is None else _part(each[name.end():])
        if name is None or inner is None:
            return None
        fields[name[1].strip('"').replace('""', '"')] = inner
    return dict_type(fields)


def _part(type_name: str) -> Type | None:
    """Return the type of a part of a list or struct as it is read from JSON."""
    found = stored(type_name)
    return None if found is None or found[0].name in ("timedelta", "numeric_interval") else found[0]


def _split(text: str) -> list[str]:
    """Return the parts of a list of fields; commas in brackets and quotes do not count."""
    parts, depth, quote, start = [], 0, False, 0
    for position, letter in enumerate(text):
        if letter == '"':
            quote = not quote
        elif not quote:
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if letter == "," and depth == 0:
                parts.append(text[start:position])
                start = position + 1
    return [*parts, text[start:]]


def relation(relation: Relation) -> str:
    """Return the relation as it stands behind FROM."""
    if relation.kind == "parquet":
        files = [tree.text(part).text for part in relation.parts]
        return f"read_parquet({files[0]})" if len(files) == 1 else f"read_parquet([{', '.join(files)}])"
    return ".".join(map(quoted, relation.parts))


def literal(expr: Literal) -> Sql:
    """Return a constant of a type that the engines write differently."""
    if expr.type == DATE:
        return Raw(f"DATE '{expr.value}'")
    if expr.type == TIMESTAMP:
        return Raw(f"TIMESTAMP '{expr.value}'")
    return tree.cast(text(str(expr.value)), TYPES[expr.type.name])


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
        return func("lpad", tree.cast(func("day", moment), "varchar"), number(2), text(" "))
    if code == "g":
        # DuckDB's own %g is milliseconds.
        return func("right", func("strftime", moment, text("%G")), number(2))
    return func("left", func("strftime", moment, text("%Y")), number(2))


def _date_trunc(args: Sequence[Sql], expr: Expr) -> Sql:
    # Of a date, the engine truncates to a date.
    assert isinstance(expr, Call)
    return func("date_trunc", args[0], tree.cast(args[1], "timestamp") if expr.args[1].type == DATE else args[1])


def _add(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    moment, duration = args
    left, right = (arg.type for arg in expr.args)
    if expr.type != TIMESTAMP:
        return STANDARD_SCALAR["add"](args, expr)
    if left == TIMEDELTA:
        moment, duration, left = duration, moment, right
    return binary("+", _as_timestamp(moment, left), func("to_microseconds", duration))


def _sub(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    left, right = (arg.type for arg in expr.args)
    if expr.type == TIMESTAMP:
        return binary("-", _as_timestamp(args[0], left), func("to_microseconds", args[1]))
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
    return tree.cast(value, "timestamp") if type_ == DATE else value


# ---- JSON


def key_path(key: str) -> str:
    """Return the JSON path of a member; `$."*"` is still a wildcard and `$.""` an error, so those two are pointers."""
    if key in ("", "*"):
        return "/" + key
    return '$."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def member(document: Sql, key: str, *, as_text: bool) -> Sql:
    """Return the member of an object. A plain word may stand for its path."""
    path = key if key.isidentifier() and key.isascii() else key_path(key)
    return binary("->>" if as_text else "->", document, text(path))


def _json_get(args: Sequence[Sql], expr: Expr) -> Sql:
    return member(args[0], str(constant(expr, 1)), as_text=False)


def _json_get_text(args: Sequence[Sql], expr: Expr) -> Sql:
    return member(args[0], str(constant(expr, 1)), as_text=True)


def _elements(array: Sql) -> Sql:
    """Return the elements of an array as a list: empty for what is not an array, NULL for NULL."""
    return func("json_extract", array, text("$[*]"))


def _condition(element: Sql, wanted: object) -> list[Sql]:
    """Return the conditions under which a JSON value contains another: equal, or with all of its members."""
    if isinstance(wanted, dict):
        if not wanted:
            return [binary("=", func("json_type", element), text("OBJECT"))]
        return [part for key, value in wanted.items() for part in _member_condition(element, key, value)]
    if isinstance(wanted, list):
        raise NotSupported("an array inside the object to look for is not supported", hint="leave the member out")
    kind = func("json_type", element)
    plain = binary("->>", element, text("$"))
    return _scalar_condition(kind, plain, wanted)


def _member_condition(element: Sql, key: str, value: object) -> list[Sql]:
    if isinstance(value, dict | list):
        return _condition(member(element, key, as_text=False), value)
    kind = func("json_type", member(element, key, as_text=False))
    return _scalar_condition(kind, member(element, key, as_text=True), value)


def _scalar_condition(kind: Sql, plain: Sql, value: object) -> list[Sql]:
    if value is None:
        return [binary("=", kind, text("NULL"))]
    if isinstance(value, bool):
        return [binary("=", kind, text("BOOLEAN")), binary("=", plain, text("true" if value else "false"))]
    if isinstance(value, int | float):
        is_number = Template("{} IN ('UBIGINT', 'BIGINT', 'DOUBLE')", (kind,), tree.LIKE)
        # Without the CASE the cast could run on text that is not a number.
        return [case((is_number, binary("=", tree.cast(plain, "float8"), Raw(f"'{value!r}'::float8"))),
                     default=Raw("FALSE"))]
    same = binary("=", plain, text(str(value)))
    # The text of a number, an object and so on can equal the text looked for; only then the type has to be asked.
    return [binary("=", kind, text("VARCHAR")), same] if _reads_as_json(str(value)) else [same]


def _reads_as_json(value: str) -> bool:
    if value[:1] in ("{", "["):
        return True
    try:
        return not isinstance(json.loads(value), str)
    except ValueError:
        return False


def _matching(value: object) -> Sql:
    conditions = _condition(Raw("element"), value)
    joined = conditions[0]
    for condition in conditions[1:]:
        joined = binary("AND", joined, condition)
    return Template("lambda element: {}", (joined,))


def _object(expr: Expr, index: int) -> object:
    return json.loads(str(constant(expr, index)))


def _filtered(args: Sequence[Sql], expr: Expr) -> Func:
    return func("list_filter", _elements(args[0]), _matching(_object(expr, 1)))


def _json_filter(args: Sequence[Sql], expr: Expr) -> Sql:
    return func("coalesce", func("to_json", _filtered(args, expr)), Raw("'[]'::json"))


def _json_has(args: Sequence[Sql], expr: Expr) -> Sql:
    return func("coalesce", binary(">", func("len", _filtered(args, expr)), number(0)), Raw("FALSE"))


def _json_contains(args: Sequence[Sql], expr: Expr) -> Sql:
    filtered = func("list_filter", _elements(args[0]), _matching(constant(expr, 1)))
    return binary(">", func("len", filtered), number(0))


def _json_length(args: Sequence[Sql], expr: Expr) -> Sql:
    length = tree.cast(func("json_array_length", args[0]), "bigint")
    return case((binary("=", func("json_type", args[0]), text("ARRAY")), length))


def _json_slice(args: Sequence[Sql], expr: Expr) -> Sql:
    elements = _elements(args[0])
    found: list[Sql] = []

    def bound(index: int, *, is_stop: bool) -> Sql | None:
        assert isinstance(expr, Call)
        value = constant(expr, index)
        if value is None:
            return None
        if expr.args[index].type.name == "json":
            matches = func("list_transform", elements, _matching(_object(expr, index)))
            found.append(func("list_position", matches, Raw("TRUE")))
            return found[-1]
        assert isinstance(value, int)
        # Positions count from 1 and the stop is included; the position before the last is -2.
        if is_stop:
            return number(value if value >= 0 else value - 1)
        return number(value + 1 if value >= 0 else value)

    start, stop = bound(1, is_stop=False), bound(2, is_stop=True)
    slice_ = Template(f"{{}}[{'{}' if start else '1'}:{'{}' if stop else ''}]",
                      tuple(part for part in (elements, start, stop) if part is not None))
    result: Sql = func("to_json", slice_)
    for position in found:
        result = case((tree.Postfix(position, " IS NOT NULL", tree.IS), result))
    return func("coalesce", result, Raw("'[]'::json"))


_JSON_TYPES = (("OBJECT", "object"), ("ARRAY", "array"), ("VARCHAR", "string"), ("BOOLEAN", "boolean"), ("NULL", "null"))


def _json_type(args: Sequence[Sql], expr: Expr) -> Sql:
    kinds = " ".join(f"WHEN '{kind}' THEN '{name}'" for kind, name in _JSON_TYPES)
    named = Template("CASE json_type({}) " + kinds + " ELSE 'number' END", (args[0],))
    return case((tree.Postfix(args[0], " IS NOT NULL", tree.IS), named))


# ---- text


def _split_text(args: Sequence[Sql], expr: Expr) -> Sql:
    return func("to_json", func("string_split", *args))


def _re_contains(args: Sequence[Sql], expr: Expr) -> Sql:
    return func("regexp_matches", args[0], text(regex.pattern(str(constant(expr, 1)), regex.RE2)))


def _re_extract(args: Sequence[Sql], expr: Expr) -> Sql:
    group = constant(expr, 2)
    assert isinstance(group, int)
    found = text(regex.deterministic(str(constant(expr, 1)), regex.RE2, group=group))
    # Of what does not match, the engine extracts the empty text.
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
    return tree.cast(tree.operand(binary("||", text("0x"), func("left", func("md5", args[0]), number(15)))), "bigint")


# ---- intervals


def _interval(args: Sequence[Sql], expr: Expr) -> Sql:
    known = binary("AND", *(tree.Postfix(arg, " IS NOT NULL", tree.IS) for arg in args[:2]))
    ends = (*args[:2], number(BOUNDS.index(str(constant(expr, 2)))))
    return case((known, Template("[{}, {}, {}]::double[]", ends, tree.CAST)))


# ---- the rest


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
    value = func("epoch_us", args[0]) if expr.type == TIMESTAMP else args[0]
    found = STANDARD_AGGREGATE["quantile"]((value, args[1]), expr)
    whole = tree.cast(Template("trunc({})", (found,)), "bigint")
    return Template("make_timestamp({})", (whole,)) if expr.type == TIMESTAMP else whole


def _float_to_decimal(args: Sequence[Sql], expr: Expr) -> Sql:
    # By the shortest text of the float, which says what was meant better than its binary value.
    return tree.cast(tree.cast(args[0], "varchar"), decimal_name(expr.type))


def _failing(kind: str) -> Builder:
    return lambda args, expr: func("error", binary("||", text(f"not {kind}: "), args[0]))


SCALAR: dict[str, Builder] = STANDARD_SCALAR | compared() | {
    "floordiv": floordiv("//"),
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
    "re_contains": _re_contains,
    "re_extract": _re_extract,
    "re_replace": _re_replace,
    "re_count": _re_count,
    "hash": _hash,
    "date_part": _date_part,
    "json_type": _json_type,
    "interval": _interval,
    "strftime": _strftime,
    "date_trunc": _date_trunc,
    "json_get": _json_get,
    "json_get_text": _json_get_text,
    "json_index": lambda args, expr: binary("->", args[0], tree.bare(args[1])),
    "json_slice": _json_slice,
    "json_filter": _json_filter,
    "json_has": _json_has,
    "json_length": _json_length,
    "json_contains": _json_contains,
}

AGGREGATE: dict[str, Builder] = STANDARD_AGGREGATE | {
    "first": _first,
    "last": _first,
    "quantile": _quantile,
    "to_json_array": _to_json_array,
}

CASTS: dict[tuple[str, str], Builder] = {
    ("int64", "bool"): lambda args, expr: binary("<>", args[0], number(0)),
    ("float64", "int64"): lambda args, expr: tree.cast(func("trunc", args[0]), "bigint"),
    ("float64", "decimal"): _float_to_decimal,
    ("decimal", "int64"): lambda args, expr: tree.cast(func("trunc", args[0]), "bigint"),
    ("time", "string"): lambda args, expr: func("strftime", binary("+", Raw("DATE '2000-01-01'"), args[0]),
                                                text("%H:%M:%S.%f")),
    ("timestamp", "string"): lambda args, expr: func("strftime", args[0], text("%Y-%m-%d %H:%M:%S.%f")),
    **guarded("regexp_matches({}, {})", TYPES, _failing),
}

DUCKDB = Dialect(
    name="duckdb",
    scalar=SCALAR,
    aggregate=AGGREGATE,
    casts=CASTS,
    types=TYPES,
    stored=stored,
    relation=relation,
    literal=literal,
    unnest=lambda array: func("unnest", _elements(array)),
    repeats=frozenset({"floordiv", "mod", "round", "json_slice", "json_length", "json_type", "interval", "re_extract"}),
)
