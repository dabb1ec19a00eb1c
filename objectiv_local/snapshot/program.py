"""Plans as JSON, and back: how the rows of a snapshot are computed, so that it can be refreshed by its path alone.

Each value of a plan is written once, after those that it consists of, and refers to these by their number. Passwords are in no
plan: it names relations, and the connection that it reads is given again when it is read back.
"""

from __future__ import annotations

import sys
from collections import ChainMap
from functools import cache
from typing import Any

from objectiv_local.arguments import Kind, in_words, kind_of
from objectiv_local.errors import DataInvalid, ObjectivError
from objectiv_local.frame.encoding import value_from_json, value_to_json
from objectiv_local.plan import expr, nodes
from objectiv_local.plan.expr import Aggregation, Call, Literal
from objectiv_local.plan.interned import Value
from objectiv_local.plan.nodes import Join, Node, Source
from objectiv_local.plan.ops import OPS, result_type
from objectiv_local.plan.relation import Relation
from objectiv_local.plan.variables import set_variables
from objectiv_local.types import Type, type_from_dtype

_CLASSES: dict[str, type[Value]] = {
    name: found
    for module in (expr, nodes)
    for name, found in vars(module).items()
    if isinstance(found, type) and issubclass(found, Value) and found.__match_args__
}

_RELATION = ("kind", "parts", "by_name", "folders", "temporary")


def to_json(plan: Node) -> list[Any]:
    """Return a plan as JSON: its values, the plan itself last. Variables are written as the values that they have."""
    plan = set_variables(plan)
    numbers: dict[Value, int] = {}
    written: list[Any] = []
    stack: list[Value] = [plan]
    while stack:
        value = stack[-1]
        if value in numbers:
            stack.pop()
            continue
        waiting = [part for part in _values(value.identity()) if part not in numbers]
        if waiting:
            stack += reversed(waiting)
            continue
        stack.pop()
        numbers[value] = len(written)
        written.append([type(value).__name__, *_fields(value, numbers)])
    return written


def from_json(written: list[Any], connection: int) -> Node:
    """Return the plan that JSON stands for, over the connection of this number. Raises DataInvalid for what is no plan."""
    try:
        values: list[Value] = []
        for name, *fields in written:
            class_ = _CLASSES[name]
            if class_ is Literal:
                constant, dtype = fields
                type_ = _read(dtype, values, connection)
                read = [value_from_json(constant, type_), type_]
            else:
                read = [_read(field, values, connection) for field in fields]
            if class_ is Source:
                read[class_.__match_args__.index("connection")] = connection
            _check(class_, read)
            value = class_(*read)
            _check_columns(value)
            values.append(value)
        plan = values[-1]
        if isinstance(plan, Node):
            return plan
        reason = f"{type(plan).__name__} is no step"
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, ObjectivError) as error:
        reason = f"{type(error).__name__}: {str(error)[:300]}"
    raise DataInvalid(
        f"the program of the snapshot cannot be read: {reason}",
        hint="it was written by another version of this package: make the frame again, and pass it to refresh",
    )


def _check(class_: type[Value], fields: list[Any]) -> None:
    """Raise an error for fields that are not of the types of the class, and for operations that the catalogue does not have."""
    given = dict(zip(class_.__match_args__, fields, strict=False))
    for name, kind in _kinds(class_).items():
        if name in given and not kind.accepts(given[name]):
            raise TypeError(f"{name} of {class_.__name__} has to be {kind.words}, not {in_words(given[name])}")
    if class_ in (Call, Aggregation):
        # Which raises for arguments that the operation does not take.
        result_type(OPS[given["op"]], "scalar" if class_ is Call else "aggregate", given["args"])


def _check_columns(value: Value) -> None:
    """Raise KeyError for a step that reads columns which its rows do not have."""
    if isinstance(value, Node) and not isinstance(value, Join) and value.inputs():
        for expr_ in value.exprs():
            unknown = expr_.columns - value.inputs()[0].types.keys()
            if unknown:
                raise KeyError(f"{type(value).__name__} reads {sorted(unknown)}")


@cache
def _kinds(class_: type[Value]) -> dict[str, Kind]:
    """Return what the fields of a class take, by their annotations."""
    names = vars(sys.modules[class_.__module__])
    annotations = dict(ChainMap(*(vars(base).get("__annotations__", {}) for base in class_.__mro__)))
    found = {name: kind_of(annotations[name], names) for name in class_.__match_args__ if name in annotations}
    return {name: kind for name, kind in found.items() if kind is not None}


def _values(fields: tuple[object, ...]) -> list[Value]:
    """Return the values in the fields of a value, those in tuples too."""
    found: list[Value] = []
    waiting = list(fields)
    while waiting:
        each = waiting.pop()
        if isinstance(each, Value):
            found.append(each)
        elif isinstance(each, tuple):
            waiting += each
    return found


def _fields(value: Value, numbers: dict[Value, int]) -> list[Any]:
    fields = [getattr(value, name) for name in value.__match_args__]
    if isinstance(value, Literal):
        return [value_to_json(value.value), _written(value.type, numbers)]
    if isinstance(value, Source):
        # The number of a connection means nothing to another process.
        fields[value.__match_args__.index("connection")] = None
    return [_written(field, numbers) for field in fields]


def _written(field: object, numbers: dict[Value, int]) -> Any:
    match field:
        case Value():
            return {"value": numbers[field]}
        case Type():
            return {"type": field.dtype}
        case Relation():
            return {
                "relation": [
                    list(each) if isinstance(each, tuple) else each for each in (getattr(field, name) for name in _RELATION)
                ]
            }
        case tuple():
            return [_written(each, numbers) for each in field]
        case None | bool() | int() | str():
            return field
    raise TypeError(f"a plan holds {field!r}")


def _read(field: Any, values: list[Value], connection: int) -> Any:
    if isinstance(field, list):
        return tuple(_read(each, values, connection) for each in field)
    if not isinstance(field, dict):
        return field
    ((kind, what),) = field.items()
    match kind:
        case "value":
            return values[what]
        case "type":
            return type_from_dtype(what)
        case "relation":
            kind, parts, *options = what
            return Relation(kind, tuple(parts), *options)
    raise KeyError(kind)
