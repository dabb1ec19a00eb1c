"""DuckDB: JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from objectiv_local.dialects.dialect import Builder
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import (
    Binary,
    Cast,
    Func,
    Raw,
    Sql,
    Template,
    Text,
    binary,
    case,
    func,
    number,
    subscript,
    text,
)
from objectiv_local.dialects.standard.builders import constant
from objectiv_local.dialects.standard.json_paths import title
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Call, Column, Expr, Literal
from objectiv_local.plan.expr import Cast as CastExpr
from objectiv_local.types import FLOAT64, INT64, STRING
from objectiv_local.types import JSON as JSON_TYPE


def key_path(key: str) -> str:
    """Return the JSON path of a member; `$."*"` is still a wildcard and `$.""` an error, so those two are pointers."""
    if key in ("", "*"):
        return "/" + key
    return '$."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def member(document: Sql, key: str, *, as_text: bool) -> Sql:
    """Return the member of an object."""
    return _step(document, _path(key), as_text=as_text)


def _path(key: str) -> str:
    """Return the JSON path of a member. A plain word can be used instead."""
    return key if key.isidentifier() and key.isascii() else key_path(key)


def _step(document: Sql, path: str, *, as_text: bool) -> Sql:
    """Return the element at a path; two steps into one document are one path, so that it is parsed once."""
    operator = "->>" if as_text else "->"
    document = unparsed(document)
    inner = _path_of(document)
    outer = _rooted(path)
    if isinstance(document, Binary) and inner is not None and outer is not None:
        return binary(operator, document.left, text(inner + outer.removeprefix("$")))
    return binary(operator, document, text(path))


def unparsed(document: Sql) -> Sql:
    """Return a document without the cast that would parse all of it before an element is read."""
    return document.arg if isinstance(document, Cast) and document.type == JSON_TYPE else document


def is_unparsed(expr: Expr) -> bool:
    """Return whether an expression is a string cast to JSON, whose elements can be read without the cast."""
    return isinstance(expr, CastExpr) and expr.type.plain == JSON_TYPE and isinstance(expr.arg, Column)


def _path_of(document: Sql) -> str | None:
    """Return the path of a step into another document, from its root, if it is one."""
    if isinstance(document, Binary) and document.operator == "->" and isinstance(document.right, Text):
        return _rooted(document.right.value)
    return None


def _rooted(path: str) -> str | None:
    """Return a path from the root; None for a pointer."""
    if path.startswith("/"):
        return None
    return path if path.startswith("$") else "$." + path


def _json_get(args: Sequence[Sql], expr: Expr) -> Sql:
    return member(args[0], str(constant(expr, 1)), as_text=False)


def _json_get_text(args: Sequence[Sql], expr: Expr) -> Sql:
    return member(args[0], str(constant(expr, 1)), as_text=True)


def _json_index(args: Sequence[Sql], expr: Expr) -> Sql:
    position = constant(expr, 1)
    assert isinstance(position, int)
    document = unparsed(args[0])
    listed = _list_of(document)
    if listed is not None:
        return subscript(listed, position + 1 if position >= 0 else position)
    if _path_of(document) is None:
        return binary("->", document, number(position))
    return _step(document, f"$[{position}]" if position >= 0 else f"$[#{position}]", as_text=False)


def _list_of(array: Sql) -> Sql | None:
    """Return the list from which an array is constructed, if it is constructed here."""
    match array:
        case Func("coalesce", (Func("to_json", (listed,)), _)):
            return listed
    return None


def elements(array: Sql) -> Sql:
    """Return the elements of an array as a list: empty for a value that is not an array, NULL for NULL."""
    return func("json_extract", unparsed(array), text("$[*]"))


def some_elements(array: Sql) -> Sql:
    """Return the elements of an array as a list, empty for NULL if the array is a member of a document."""
    array = unparsed(array)
    path = _path_of(array)
    if isinstance(array, Binary) and path is not None:
        return func("json_extract", array.left, text(path + "[*]"))
    return elements(array)


def _condition(element: Sql, wanted: object) -> list[Sql]:
    """Return the conditions under which a JSON value contains another: it is equal, or has all of its members."""
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
        return [_is_number(kind, plain, value)]
    same = binary("=", plain, text(str(value)))
    # The text of a number, an object and so on can equal the string; only then is the type tested.
    return [binary("=", kind, text("VARCHAR")), same] if _reads_as_json(str(value)) else [same]


def _is_number(kind: Sql, plain: Sql, value: float) -> Sql:
    """Return the condition that a JSON value, given its type and text, is the number."""
    # The cast is in a CASE, because it could be applied to text that is not a number.
    as_float = binary("=", tree.cast(plain, FLOAT64), Raw(f"'{value!r}'::float8"))
    if abs(value) < 2**53 or math.isinf(value):
        return case((Template("{} IN ('UBIGINT', 'BIGINT', 'DOUBLE')", (kind,), tree.LIKE), as_float), default=Raw("FALSE"))
    # Floats cannot distinguish integers of this size.
    exact = int(value)
    branches: list[tuple[Sql, Sql]] = []
    if -(2**63) <= exact < 2**64:
        is_whole = Template("{} IN ('UBIGINT', 'BIGINT')", (kind,), tree.LIKE)
        branches.append((is_whole, binary("=", tree.cast(plain, "hugeint"), Raw(f"'{exact}'::hugeint"))))
    if not branches or float(exact) == exact:
        branches.append((binary("=", kind, text("DOUBLE")), as_float))
    return case(*branches, default=Raw("FALSE"))


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
    return func("list_filter", some_elements(args[0]), _matching(_object(expr, 1)))


def _is_missing(expr: Expr) -> bool:
    """Return whether the array is the constant NULL, whose elements have no type in DuckDB."""
    assert isinstance(expr, Call)
    return isinstance(expr.args[0], Literal) and expr.args[0].value is None


def _json_filter(args: Sequence[Sql], expr: Expr) -> Sql:
    if _is_missing(expr):
        return Raw("'[]'::json")
    return func("coalesce", func("to_json", _filtered(args, expr)), Raw("'[]'::json"))


def _json_has(args: Sequence[Sql], expr: Expr) -> Sql:
    if _is_missing(expr):
        # Not FALSE alone, which cannot be a sort key.
        return func("coalesce", Raw("NULL::boolean"), Raw("FALSE"))
    return func("coalesce", binary(">", func("len", _filtered(args, expr)), number(0)), Raw("FALSE"))


def _equal(document: Sql, wanted: object) -> list[Sql]:
    """Return the conditions under which a JSON value equals another; each may be NULL if it is not satisfied."""
    kind = func("json_type", document)
    if isinstance(wanted, dict):
        keys = func("len", func("list_distinct", func("json_keys", document)))
        parts = [part for key, value in wanted.items() for part in _equal(member(document, key, as_text=False), value)]
        return [binary("=", kind, text("OBJECT")), binary("=", keys, number(len(wanted))), *parts]
    if isinstance(wanted, list):
        parts = [
            part
            for position, value in enumerate(wanted)
            for part in _equal(_step(document, f"$[{position}]", as_text=False), value)
        ]
        return [binary("=", kind, text("ARRAY")), binary("=", func("json_array_length", document), number(len(wanted))), *parts]
    return _scalar_condition(kind, binary("->>", document, text("$")), wanted)


def _json_equal(args: Sequence[Sql], expr: Expr) -> Sql:
    same, *others = _equal(unparsed(args[0]), json.loads(str(constant(expr, 1))))
    for condition in others:
        same = binary("AND", same, condition)
    return case((tree.Postfix(args[0], " IS NOT NULL", tree.IS), func("coalesce", same, Raw("FALSE"))))


def _json_contains(args: Sequence[Sql], expr: Expr) -> Sql:
    assert isinstance(expr, Call)
    if expr.args[1].type.name == "json":
        return binary(">", func("len", func("list_filter", elements(args[0]), _matching(_object(expr, 1)))), number(0))
    value = constant(expr, 1)
    if isinstance(value, str) and not _reads_as_json(value):
        # No number, object and so on has this text.
        return func("list_contains", func("json_extract_string", unparsed(args[0]), text("$[*]")), text(value))
    filtered = func("list_filter", elements(args[0]), _matching(constant(expr, 1)))
    return binary(">", func("len", filtered), number(0))


def _json_length(args: Sequence[Sql], expr: Expr) -> Sql:
    length = tree.cast(func("json_array_length", args[0]), INT64)
    return case((binary("=", func("json_type", args[0]), text("ARRAY")), length))


#: An integer as DuckDB writes it, with up to 15 digits if it was stored with a fraction or an exponent.
_WHOLE = "^-?([0-9]+|[0-9]{1,15}[.]0)$"


def _json_integer(args: Sequence[Sql], expr: Expr) -> Sql:
    # A step into the document formats numbers anew; a whole document keeps its text as stored.
    document = unparsed(args[0])
    number_there = args[0] if _path_of(document) is not None else binary("->", document, text("$"))
    whole = func("regexp_extract", tree.cast(number_there, STRING), text(_WHOLE))
    return Template("try_cast({} AS bigint)", (whole,))


def _json_slice(args: Sequence[Sql], expr: Expr) -> Sql:
    items = some_elements(args[0])
    found: list[Sql] = []

    def bound(index: int, *, is_stop: bool) -> Sql | None:
        assert isinstance(expr, Call)
        value = constant(expr, index)
        if value is None:
            return None
        if expr.args[index].type.name == "json":
            matches = func("list_transform", items, _matching(_object(expr, index)))
            found.append(func("list_position", matches, Raw("TRUE")))
            return found[-1]
        assert isinstance(value, int)
        # Positions start at 1 and the stop is inclusive; the position before the last is -2.
        if is_stop:
            return number(value if value >= 0 else value - 1)
        return number(value + 1 if value >= 0 else value)

    start, stop = bound(1, is_stop=False), bound(2, is_stop=True)
    slice_ = Template(
        f"{{}}[{'{}' if start else '1'}:{'{}' if stop else ''}]",
        tuple(part for part in (items, start, stop) if part is not None),
    )
    result: Sql = func("to_json", slice_)
    for position in found:
        result = case((tree.Postfix(position, " IS NOT NULL", tree.IS), result))
    return func("coalesce", result, Raw("'[]'::json"))


_JSON_TYPES = (("OBJECT", "object"), ("ARRAY", "array"), ("VARCHAR", "string"), ("BOOLEAN", "boolean"), ("NULL", "null"))


def _json_type(args: Sequence[Sql], expr: Expr) -> Sql:
    kinds = " ".join(f"WHEN '{kind}' THEN '{name}'" for kind, name in _JSON_TYPES)
    named = Template("CASE json_type({}) " + kinds + " ELSE 'number' END", (args[0],))
    return case((tree.Postfix(args[0], " IS NOT NULL", tree.IS), named))


def _json_path_name(args: Sequence[Sql], expr: Expr) -> Sql:
    kind, name = (_member_text(expr, index) for index in (1, 2))
    dropped, between, before, separator = args[3:]
    made = Template("lambda element: {}", (title(kind, name, dropped, between),))
    titles = func("list_transform", some_elements(args[0]), made)
    # The innermost title, followed by the titles of the outer objects. A list of one list, so that the titles are written
    # once and named.
    path = Template(
        "lambda titles: titles[-1] || coalesce({} || nullif(array_to_string(titles[:-2], {}), ''), '')", (before, separator)
    )
    return subscript(func("list_transform", func("list_value", titles), path), 1)


def _member_text(expr: Expr, index: int) -> Sql:
    """Return the member of an element, whose key is an argument, as a string."""
    return Template("(element ->> {})", (text(_path(str(constant(expr, index)))),))


def _json_pick(args: Sequence[Sql], expr: Expr) -> Sql:
    keys = list(dict.fromkeys(map(str, json.loads(str(constant(expr, 1))))))
    pairs = func("list_value", *(Template("({}, element -> {})", (text(key), text(_path(key)))) for key in keys))
    members = func("map_from_entries", func("list_filter", pairs, Raw("lambda member: json_type(member[2]) <> 'NULL'")))
    picked = func(
        "list_transform", some_elements(args[0]), Template("lambda element: {}", (members if keys else Raw("'{}'::json"),))
    )
    # Not a function call, which an index would search for its list: the elements of this one are not JSON yet.
    return Template("coalesce({}, '[]'::json)", (func("to_json", picked),))


def _json_data(args: Sequence[Sql], expr: Expr) -> Sql:
    wanted = Template("lambda element: contains({}, {})", (_member_text(expr, 2), tree.bare(args[3])))
    found = func("list_filter", some_elements(args[0]), wanted)
    value = Template("lambda element: element -> {}", (text(_path(str(constant(expr, 1)))),))
    return func("coalesce", func("to_json", func("list_transform", found, value)), Raw("'[]'::json"))


JSON: dict[str, Builder] = {
    "json_data": _json_data,
    "json_path_name": _json_path_name,
    "json_pick": _json_pick,
    "json_text": lambda args, expr: binary("->>", args[0], text("$")),
    "json_type": _json_type,
    "json_get": _json_get,
    "json_get_text": _json_get_text,
    "json_index": _json_index,
    "json_slice": _json_slice,
    "json_filter": _json_filter,
    "json_has": _json_has,
    "json_integer": _json_integer,
    "json_length": _json_length,
    "json_contains": _json_contains,
    "json_equal": _json_equal,
}
