"""Spark: JSON, which is VARIANT inside a statement and text outside."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from objectiv_local.dialects.dialect import Builder
from objectiv_local.dialects.spark.numbers import template
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Func, Raw, Sql, Template, Text, binary, case, func, number, text
from objectiv_local.dialects.standard.builders import constant
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Call, Expr
from objectiv_local.types import DECIMAL_DIGITS, INT64, STRING

EMPTY = func("parse_json", text("[]"))


def parsed(value: Sql) -> Sql:
    """Return text as JSON; raises for other text.

    The engine reads one value and ignores what follows it. The text is therefore looked at as the first of two elements as
    well, of which the second is a digest of the text: nothing that ends the array before can hold it. That look builds no
    value, so it costs less than taking the value out of a parsed array.
    """
    return template(
        "CASE WHEN get_json_object('[' || {0} || ', \"' || md5({0}) || '\"]', '$[1]') = md5({0}) THEN parse_json({0}) "
        "WHEN {0} IS NOT NULL THEN raise_error('not JSON: ' || {0}) END",
        value,
    )


# ---- members and elements


def _path(key: str) -> str | None:
    """Return the path of a member, or None for a key that no path can hold."""
    if key.isidentifier() and key.isascii():
        return f".{key}"
    quote = "'" if "'" not in key else '"'
    return None if quote in key else f"[{quote}{key}{quote}]"


def member(document: Sql, key: str) -> Sql:
    """Return the member of an object."""
    path = _path(key)
    if path is None:
        return func("try_element_at", Template("try_cast({} AS map<string, variant>)", (document,)), text(key))
    match document:
        case Func("variant_get", (inner, Text(outer))):
            # Two steps into one document are one path.
            return func("variant_get", inner, text(outer + path))
    return func("variant_get", document, text("$" + path))


def as_text(document: Sql) -> Sql:
    """Return JSON as text: a string without quotes, NULL for null."""
    match document:
        case Func("variant_get", (inner, Text() as path)):
            return func("variant_get", inner, path, text("string"))
    return tree.cast(document, STRING)


def elements(array: Sql) -> Sql:
    """Return the elements of an array as an array of the engine; NULL for what is not an array."""
    match array:
        case Func("coalesce", (Func("to_variant_object", (listed,)), _)):
            return func("coalesce", listed, Raw("array()"))
    return Template("try_cast({} AS array<variant>)", (array,))


def _or_empty(array: Sql) -> Sql:
    return func("coalesce", func("to_variant_object", array), EMPTY)


def _kind(value: Sql) -> Sql:
    return func("schema_of_variant", value)


def _json_index(args: Sequence[Sql], expr: Expr) -> Sql:
    position = constant(expr, 1)
    assert isinstance(position, int)
    found = func("try_element_at", elements(args[0]), number(position + 1 if position >= 0 else position))
    assert isinstance(expr, Call)
    return as_text(found) if expr.op == "json_index_text" else found


# ---- conditions


def _is_number(kind: Sql, value: Sql, wanted: float) -> Sql:
    """Return the condition under which a JSON value is a number."""
    as_float = binary("=", tree.cast(value, "double"), tree.cast(text(repr(float(wanted))), "double"))
    if abs(wanted) < 2**53 or math.isinf(wanted):
        return case((Template("{} RLIKE '^(BIGINT|DOUBLE|DECIMAL.*)$'", (kind,), tree.LIKE), as_float), default=Raw("FALSE"))
    # Floats do not tell whole numbers of this size apart.
    exact = int(wanted)
    branches: list[tuple[Sql, Sql]] = []
    if abs(exact) < 10**DECIMAL_DIGITS:
        whole = f"decimal({DECIMAL_DIGITS}, 0)"
        same = binary("=", tree.cast(value, whole), tree.cast(text(str(exact)), whole))
        branches.append((Template("{} RLIKE '^(BIGINT|DECIMAL.*,0[)])$'", (kind,), tree.LIKE), same))
    if not branches or float(exact) == exact:
        branches.append((binary("=", kind, text("DOUBLE")), as_float))
    return case(*branches, default=Raw("FALSE"))


def _scalar(value: Sql, wanted: object) -> list[Sql]:
    """Return the conditions under which a JSON value equals one that has no parts."""
    if wanted is None:
        return [func("is_variant_null", value)]
    if isinstance(wanted, bool):
        return [binary("=", _kind(value), text("BOOLEAN")), binary("=", as_text(value), text(str(wanted).lower()))]
    if isinstance(wanted, int | float):
        return [_is_number(_kind(value), value, wanted)]
    same = binary("=", as_text(value), text(str(wanted)))
    # The text of a number, an object and so on can equal the text looked for; only then the type has to be asked.
    return [binary("=", _kind(value), text("STRING")), same] if _reads_as_json(str(wanted)) else [same]


def _reads_as_json(value: str) -> bool:
    if value[:1] in ("{", "["):
        return True
    try:
        return not isinstance(json.loads(value), str)
    except ValueError:
        return False


def _condition(value: Sql, wanted: object) -> list[Sql]:
    """Return the conditions under which a JSON value contains another: equal, or with all of its members."""
    if isinstance(wanted, dict):
        if not wanted:
            return [Template("{} LIKE 'OBJECT<%'", (_kind(value),), tree.LIKE)]
        return [part for key, each in wanted.items() for part in _condition(member(value, key), each)]
    if isinstance(wanted, list):
        raise NotSupported("an array inside the object to look for is not supported", hint="leave the member out")
    return _scalar(value, wanted)


def _equal(value: Sql, wanted: object) -> list[Sql]:
    """Return the conditions under which a JSON value equals another; each may be NULL if it does not hold."""
    if isinstance(wanted, dict):
        count = func("size", Template("try_cast({} AS map<string, variant>)", (value,)))
        parts = [part for key, each in wanted.items() for part in _equal(member(value, key), each)]
        return [binary("=", count, number(len(wanted))), *parts]
    if isinstance(wanted, list):
        parts = [
            part
            for position, each in enumerate(wanted)
            for part in _equal(func("try_element_at", elements(value), number(position + 1)), each)
        ]
        return [binary("=", func("size", elements(value)), number(len(wanted))), *parts]
    return _scalar(value, wanted)


def _all(conditions: Sequence[Sql]) -> Sql:
    joined = conditions[0]
    for condition in conditions[1:]:
        joined = binary("AND", joined, condition)
    return joined


def _matching(wanted: object) -> Sql:
    return Template("element -> {}", (_all(_condition(Raw("element"), wanted)),))


def _object(expr: Expr, index: int) -> object:
    return json.loads(str(constant(expr, index)))


def _exists(array: Sql, wanted: object) -> Sql:
    return func("coalesce", func("exists", elements(array), _matching(wanted)), Raw("FALSE"))


def _unless_null(document: Sql, answer: Sql) -> Sql:
    return case((tree.Postfix(document, " IS NOT NULL", tree.IS), answer))


def _json_contains(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    wanted = _object(expr, 1) if expr.args[1].type.name == "json" else constant(expr, 1)
    return _unless_null(args[0], _exists(args[0], wanted))


def _json_equal(args: Sequence[Sql], expr: Expr) -> Sql:
    same = _all(_equal(args[0], json.loads(str(constant(expr, 1)))))
    return _unless_null(args[0], func("coalesce", same, Raw("FALSE")))


# ---- arrays


def _json_filter(args: Sequence[Sql], expr: Expr) -> Sql:
    return _or_empty(func("filter", elements(args[0]), _matching(_object(expr, 1))))


def _json_slice(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    items = elements(args[0])
    conditions: list[Sql] = []
    for index, symbol in ((1, ">="), (2, "<")):
        value = constant(expr, index)
        if value is None:
            continue
        if expr.args[index].type.name == "json":
            # Positions there count from 1, and 0 is none; a stop that is an object is included.
            found = func("array_position", func("transform", items, _matching(_object(expr, index))), Raw("TRUE"))
            place: Sql = func("nullif", found, number(0))
            bound = binary("-", place, number(1)) if index == 1 else place
        else:
            assert isinstance(value, int)
            bound = number(value) if value >= 0 else binary("+", func("size", items), number(value))
        conditions.append(binary(symbol, Raw("position"), bound))
    if not conditions:
        return _or_empty(items)
    return _or_empty(func("filter", items, Template("(element, position) -> {}", (_all(conditions),))))


def _json_length(args: Sequence[Sql], expr: Expr) -> Sql:
    return tree.cast(func("size", Template("try_cast({} AS array<variant>)", (args[0],))), INT64)


_KINDS = "WHEN 'STRING' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'VOID' THEN 'null'"


def _json_type(args: Sequence[Sql], expr: Expr) -> Sql:
    return template(
        "CASE WHEN {0} LIKE 'OBJECT<%' THEN 'object' WHEN {0} LIKE 'ARRAY<%' THEN 'array' "
        "WHEN {0} IS NOT NULL THEN CASE {0} " + _KINDS + " ELSE 'number' END END",
        _kind(args[0]),
    )


def _json_integer(args: Sequence[Sql], expr: Expr) -> Sql:
    return template(
        "CASE WHEN {0} = 'BIGINT' THEN {1}::bigint WHEN {0} RLIKE '^(DOUBLE|DECIMAL.*)$' THEN "
        "CASE WHEN abs({1}::double) < 1e15::double AND {1}::double = rint({1}::double) THEN {1}::double::bigint END END",
        _kind(args[0]),
        args[0],
    )


def _numbers(count: Sql) -> Sql:
    """Return the numbers from 0 up to a count, as an array of the engine."""
    return template("CASE WHEN {0} > 0 THEN sequence(0, {0} - 1) WHEN {0} IS NOT NULL THEN array() END", count)


def exploded_numbers(count: Sql) -> Sql:
    """Return the numbers from 0 up to a count, as rows with their positions."""
    return func("posexplode", _numbers(count))


def _json_path_name(args: Sequence[Sql], expr: Expr) -> Sql:
    kind, name = (as_text(member(Raw("element"), str(constant(expr, index)))) for index in (1, 2))
    dropped, between, before, separator = args[3:]
    words = func("replace", func("regexp_replace", kind, text("([a-z])([A-Z])"), text("$1 $2")), dropped, text(""))
    title = binary("||", binary("||", words, between), name)
    titles = func("transform", elements(args[0]), Template("element -> {}", (title,)))
    # The last title, and those around it. An array of one array, to write the titles once and name them.
    path = Template(
        "titles -> CASE WHEN size(titles) > 0 THEN element_at(titles, -1) || coalesce("
        "{} || nullif(array_join(slice(titles, 1, size(titles) - 1), {}), ''), '') END",
        (before, separator),
    )
    return func("element_at", func("transform", func("array", titles), path), number(1))


def _json_pick(args: Sequence[Sql], expr: Expr) -> Sql:
    keys = list(dict.fromkeys(map(str, json.loads(str(constant(expr, 1))))))
    if not keys:
        return _or_empty(func("transform", elements(args[0]), Raw("element -> parse_json('{}')")))
    members = [
        part
        for key in keys
        for found in [member(Raw("element"), key)]
        for part in (text(key), case((tree.negated(func("is_variant_null", found)), found)))
    ]
    # The text of a struct leaves out members without a value.
    picked = func("transform", elements(args[0]), Template("element -> {}", (func("named_struct", *members),)))
    return func("coalesce", func("parse_json", func("to_json", picked)), EMPTY)


def _json_data(args: Sequence[Sql], expr: Expr) -> Sql:
    where, key = (str(constant(expr, index)) for index in (2, 1))
    wanted = func("contains", as_text(member(Raw("element"), where)), args[3])
    found = func("filter", elements(args[0]), Template("element -> {}", (wanted,)))
    return _or_empty(func("transform", found, Template("element -> {}", (member(Raw("element"), key),))))


SCALAR: dict[str, Builder] = {
    "json_get": lambda args, expr: member(args[0], str(constant(expr, 1))),
    "json_get_text": lambda args, expr: as_text(member(args[0], str(constant(expr, 1)))),
    "json_index": _json_index,
    "json_index_text": _json_index,
    "json_text": lambda args, expr: as_text(args[0]),
    "json_type": _json_type,
    "json_slice": _json_slice,
    "json_filter": _json_filter,
    "json_has": lambda args, expr: _exists(args[0], _object(expr, 1)),
    "json_contains": _json_contains,
    "json_equal": _json_equal,
    "json_length": _json_length,
    "json_integer": _json_integer,
    "json_range": lambda args, expr: func("to_variant_object", _numbers(args[0])),
    "json_path_name": _json_path_name,
    "json_pick": _json_pick,
    "json_data": _json_data,
}

CASTS: dict[tuple[str, str], Builder] = {
    ("string", "json"): lambda args, expr: parsed(args[0]),
    ("json", "string"): lambda args, expr: func("to_json", args[0]),
}

REPEATS = frozenset({"json_slice", "json_type", "json_contains", "json_equal", "json_integer", "json_pick", "json_range"})
