"""Postgres: JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from objectiv_local.dialects import tree
from objectiv_local.dialects.base import Builder, constant, function
from objectiv_local.dialects.tree import Raw, Sql, Template, binary, case, func, number, text
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Call, Cast, Expr

_ARRAYS = ("json_filter", "json_slice")


def _json_index(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    array = expr.args[0]
    while isinstance(array, Cast):
        array = array.arg
    element = binary("->" if expr.op == "json_index" else "->>", args[0], tree.bare(args[1]))
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


def elements(array: Sql) -> Sql:
    """Return the elements of an array as rows; none for what is not an array."""
    return func("jsonb_array_elements", case((_is_array(array), array)))


def _json_filter(args: Sequence[Sql], expr: Expr) -> Sql:
    wanted = _object(expr, 1)
    pattern = ("(SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb) "
               "FROM {} WITH ORDINALITY AS elements (element, position) WHERE element @> {})")
    return Template(pattern, (elements(args[0]), _json_text(wanted)))


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
            wanted = _object(expr, index)
            # A text is contained by an array that has it, which is not meant.
            contains = "@>" if isinstance(wanted, dict) else "="
            first = ("(SELECT min(position) FROM {} WITH ORDINALITY AS elements (element, position) "
                     f"WHERE element {contains} {{}})")
            bound: Sql = Template(first, (elements(args[0]), _json_text(wanted)))
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
    return Template(pattern, (elements(args[0]), where))

#: Words of a type: a capital starts one, and the word Context is left out.
_TITLE = ("btrim(replace(regexp_replace(coalesce(element ->> '_type', ''), '([a-z])([A-Z])', '\\1 \\2', 'g'), 'Context', ''), "
          "' ') || ': ' || coalesce(element ->> 'id', '')")


def _json_path_name(args: Sequence[Sql], expr: Expr) -> Sql:
    array = case((_is_array(args[0]), args[0]))
    last = "(array_agg(" + _TITLE + " ORDER BY position DESC))[1]"
    others = ("string_agg(" + _TITLE + ", ' => ' ORDER BY position) FILTER (WHERE position < jsonb_array_length({}))")
    pattern = (f"(SELECT {last} || coalesce(' located at ' || {others}, '') "
               "FROM {} WITH ORDINALITY AS elements (element, position))")
    return Template(pattern, (array, elements(args[0])))


def _json_path_features(args: Sequence[Sql], expr: Expr) -> Sql:
    pattern = ("(SELECT coalesce(jsonb_agg(jsonb_build_object('_type', element -> '_type', 'id', element -> 'id') "
               "ORDER BY position), '[]'::jsonb) FROM {} WITH ORDINALITY AS elements (element, position))")
    return Template(pattern, (elements(args[0]),))


def _json_data(args: Sequence[Sql], expr: Expr) -> Sql:
    pattern = ("(SELECT coalesce(jsonb_agg((element -> 'data') ORDER BY position), '[]'::jsonb) "
               "FROM {} WITH ORDINALITY AS elements (element, position) WHERE strpos(element ->> 'schema', {}) > 0)")
    return Template(pattern, (elements(args[0]), tree.bare(args[1])))


JSON: dict[str, Builder] = {
    "json_data": _json_data,
    "json_path_name": _json_path_name,
    "json_path_features": _json_path_features,
    "json_type": function("jsonb_typeof"),
    "json_index_text": _json_index,
    "json_get": lambda args, expr: binary("->", *args),
    "json_get_text": lambda args, expr: binary("->>", *args),
    "json_index": _json_index,
    "json_slice": _json_slice,
    "json_filter": _json_filter,
    "json_has": _json_has,
    "json_length": _json_length,
    "json_contains": _json_contains,
}
