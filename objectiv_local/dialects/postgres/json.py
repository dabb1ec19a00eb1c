"""Postgres: JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from objectiv_local.dialects.dialect import Builder
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import (
    Cast,
    Func,
    Ordered,
    Raw,
    Sql,
    Subselect,
    Template,
    binary,
    case,
    func,
    number,
    text,
)
from objectiv_local.dialects.standard.builders import constant, function
from objectiv_local.dialects.standard.json_paths import title
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Call, Expr, Literal
from objectiv_local.plan.expr import Cast as CastExpr
from objectiv_local.types import FLOAT64, INT64, INT64_MAX, INT64_MIN
from objectiv_local.types import JSON as JSON_TYPE

_ARRAYS = ("json_filter", "json_slice")


def _json_index(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    array = expr.args[0]
    while isinstance(array, CastExpr):
        array = array.arg
    element = binary("->" if expr.op == "json_index" else "->>", args[0], tree.bare(args[1]))
    if isinstance(array, Call) and array.op in _ARRAYS:
        return element
    # The engine treats a number or a string as an array with one element.
    return case((_is_array(args[0]), element))


def _unparsed(document: Sql, expr: Expr) -> Sql:
    """Return a document parsed as json for this expression: reading a member does not require converting it to jsonb."""
    assert isinstance(expr, Call)
    if isinstance(document, Cast) and document.type == JSON_TYPE:
        is_stored_so = getattr(expr.args[0], "stored", "") == "json"
        return document.arg if is_stored_so else tree.cast(document.arg, "json")
    return document


def _json_get(args: Sequence[Sql], expr: Expr) -> Sql:
    document = _unparsed(args[0], expr)
    found = binary("->", document, args[1])
    return found if document is args[0] else tree.cast(found, JSON_TYPE)


def _json_text(value: object) -> Sql:
    return tree.cast(text(json.dumps(value, ensure_ascii=False)), JSON_TYPE)


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
    assert isinstance(expr, Call)
    value = _object(expr, 1) if expr.args[1].type.name == "json" else constant(expr, 1)
    return binary("@>", args[0], _json_text([value]))


def _json_equal(args: Sequence[Sql], expr: Expr) -> Sql:
    return binary("=", args[0], _json_text(json.loads(str(constant(expr, 1)))))


def elements(array: Sql) -> Sql:
    """Return the elements of an array as rows; none for a value that is not an array."""
    return func("jsonb_array_elements", case((_is_array(array), array)))


def _numbered(array: Sql) -> Sql:
    """Return the elements of an array as rows, with their positions from 1."""
    return Template("{} WITH ORDINALITY AS elements (element, position)", (elements(array),))


def _in_order(aggregate: str, value: Sql) -> Sql:
    return Func(aggregate, (value,), order=(Ordered(Raw("position"), ""),))


def _array_of(value: Sql) -> Sql:
    """Return the array of the values of all elements; an empty one if there are none."""
    return func("coalesce", _in_order("jsonb_agg", value), Raw("'[]'::jsonb"))


def _json_filter(args: Sequence[Sql], expr: Expr) -> Sql:
    wanted = _object(expr, 1)
    return Subselect(_array_of(Raw("element")), _numbered(args[0]), binary("@>", Raw("element"), _json_text(wanted)))


def _json_length(args: Sequence[Sql], expr: Expr) -> Sql:
    return case((_is_array(args[0]), tree.cast(func("jsonb_array_length", args[0]), INT64)))


def _json_integer(args: Sequence[Sql], expr: Expr) -> Sql:
    value = tree.cast(args[0], "numeric")
    size, rounded = func("abs", value), func("round", value)
    fits = Template("{} BETWEEN {} AND {}", (value, number(INT64_MIN), number(INT64_MAX)), tree.LIKE)
    # The other engines read such a number as a float. Postgres cannot cast a very small one to a float.
    same = binary("=", tree.cast(args[0], FLOAT64), tree.cast(rounded, FLOAT64))
    short = binary("<", func("abs", rounded), Raw("1e15"))
    found = case(
        (binary("=", func("scale", value), number(0)), case((fits, tree.cast(args[0], INT64)))),
        (binary("=", value, number(0)), number(0)),
        (
            Template("{} BETWEEN 0.5 AND 1e15", (size,), tree.LIKE),
            case((binary("AND", same, short), tree.cast(rounded, INT64))),
        ),
    )
    return case((binary("=", func("jsonb_typeof", args[0]), text("number")), found))


def _json_slice(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    if isinstance(expr.args[0], Literal) and not str(expr.args[0].value).startswith("["):
        # The engine computes the length of a constant before its type.
        return Raw("'[]'::jsonb")
    start, stop = constant(expr, 1), constant(expr, 2)
    by_object = [expr.args[index].type.name == "json" and constant(expr, index) is not None for index in (1, 2)]
    conditions: list[Sql] = []
    for index, value, is_object, compare in ((1, start, by_object[0], ">="), (2, stop, by_object[1], "<=")):
        if value is None:
            continue
        if is_object:
            wanted = _object(expr, index)
            # A string is contained in an array that has it, which is not intended here.
            contains = "@>" if isinstance(wanted, dict) else "="
            matches = binary(contains, Raw("element"), _json_text(wanted))
            bound: Sql = Subselect(func("min", Raw("position")), _numbered(args[0]), matches)
        else:
            assert isinstance(value, int)
            # Positions start at 1; the start is inclusive, and so is the stop in this syntax.
            shift = value + (1 if index == 1 else 0)
            bound = number(shift) if value >= 0 else binary("+", func("jsonb_array_length", args[0]), number(shift))
        conditions.append(binary(compare, Raw("position"), bound))
    if not conditions:
        return case((_is_array(args[0]), args[0]), default=Raw("'[]'::jsonb"))
    where = conditions[0] if len(conditions) == 1 else binary("AND", *conditions)
    return Subselect(_array_of(Raw("element")), _numbered(args[0]), where)


def _json_path_name(args: Sequence[Sql], expr: Expr) -> Sql:
    kind, name = Template("element ->> {}", (args[1],)), Template("(element ->> {})", (args[2],))
    dropped, between, before, separator = args[3:]
    titles = Template("{} AS titles, count(*) AS n", (_in_order("array_agg", title(kind, name, dropped, between)),))
    # The innermost title, followed by the titles of the outer objects.
    path = Template("titles[n] || coalesce({} || nullif(array_to_string(titles[:n - 1], {}), ''), '')", (before, separator))
    return Subselect(path, Template("{} AS path", (Subselect(titles, _numbered(args[0])),)))


def _json_pick(args: Sequence[Sql], expr: Expr) -> Sql:
    keys = list(dict.fromkeys(map(str, json.loads(str(constant(expr, 1))))))
    wanted = Template(f"key IN ({', '.join('{}' for _ in keys) or 'NULL'}) AND value <> 'null'::jsonb", tuple(map(text, keys)))
    members = func("jsonb_each", case((binary("=", func("jsonb_typeof", Raw("element")), text("object")), Raw("element"))))
    picked = func("coalesce", func("jsonb_object_agg", Raw("key"), Raw("value")), Raw("'{}'::jsonb"))
    return Subselect(_array_of(Subselect(picked, members, wanted)), _numbered(args[0]))


def _json_data(args: Sequence[Sql], expr: Expr) -> Sql:
    _, key, where_key, part = args
    wanted = binary(">", func("strpos", Template("element ->> {}", (where_key,)), part), number(0))
    return Subselect(_array_of(Template("(element -> {})", (key,))), _numbered(args[0]), wanted)


JSON: dict[str, Builder] = {
    "json_data": _json_data,
    "json_path_name": _json_path_name,
    "json_pick": _json_pick,
    "json_text": lambda args, expr: binary("#>>", args[0], Raw("'{}'")),
    "json_type": function("jsonb_typeof"),
    "json_index_text": _json_index,
    "json_get": _json_get,
    "json_get_text": lambda args, expr: binary("->>", _unparsed(args[0], expr), args[1]),
    "json_index": _json_index,
    "json_slice": _json_slice,
    "json_filter": _json_filter,
    "json_has": _json_has,
    "json_integer": _json_integer,
    "json_length": _json_length,
    "json_contains": _json_contains,
    "json_equal": _json_equal,
}
