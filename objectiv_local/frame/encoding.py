"""Expressions as JSON and back: operations of the catalog on columns and constants."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

from objectiv_local.errors import ColumnNotFound, InvalidValue, NotSupported, ObjectivError, near
from objectiv_local.plan.expr import Call, Case, Cast, Column, Expr, Literal, Variable, call, case, cast, literal, walk
from objectiv_local.plan.nodes import Node
from objectiv_local.plan.ops import OPS
from objectiv_local.types import FLOAT64, Interval, Type, type_from_dtype


def encoded(expr: Expr, what: str) -> dict[str, Any]:
    """Return an expression over a frame as JSON. Raises NotSupported for one that reads other rows than its own.

    A variable is written as its current value.
    """
    match expr:
        case Column(name, type_):
            return {"column": name, "type": type_.dtype}
        case Literal(value, type_) | Variable(_, value, type_):
            return {"literal": value_to_json(value), "type": type_.dtype}
        case Call(op, args):
            return {"op": op, "args": [encoded(arg, what) for arg in args]}
        case Cast(arg, type_):
            return {"cast": encoded(arg, what), "type": type_.dtype}
        case Case(whens, default):
            return {
                "case": [[encoded(test, what), encoded(value, what)] for test, value in whens],
                "default": encoded(default, what),
            }
    raise NotSupported(
        f"{what} reads other rows than the event itself, so it cannot be part of a spec",
        hint="assign it to a column of the events, and use that column",
    )


def decoded(given: Any, plan: Node, what: str) -> Expr:
    """Return the expression over a plan that JSON describes. Raises InvalidValue and ColumnNotFound."""
    try:
        return _decoded(given, plan, what)
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        if isinstance(error, ObjectivError):
            raise
        raise InvalidValue(f"{what} in the spec is not an expression: {given!r}"[:500]) from None


def columns_read(expr: Expr) -> dict[str, str]:
    """Return the columns that an expression reads, with their dtypes."""
    return {part.name: part.type.dtype for part in walk(expr) if isinstance(part, Column)}


def _decoded(given: Any, plan: Node, what: str) -> Expr:
    if not isinstance(given, dict):
        raise InvalidValue(f"{what} in the spec is not an expression: {given!r}"[:500])
    if "column" in given:
        return _column(given, plan, what)
    if "literal" in given:
        type_ = type_from_dtype(given["type"])
        return literal(value_from_json(given["literal"], type_), type_)
    if "op" in given:
        op = OPS.get(given["op"])
        if op is None or op.kind != "scalar":
            raise InvalidValue(
                f"{what} in the spec has the operation {given['op']!r}, which is unknown",
                hint=near(str(given["op"]), [name for name, each in OPS.items() if each.kind == "scalar"]),
            )
        return call(op.name, *(_decoded(arg, plan, what) for arg in given["args"]))
    if "cast" in given:
        return cast(_decoded(given["cast"], plan, what), type_from_dtype(given["type"]))
    if "case" in given:
        whens = [(_decoded(test, plan, what), _decoded(value, plan, what)) for test, value in given["case"]]
        return case(whens, _decoded(given["default"], plan, what))
    raise InvalidValue(f"{what} in the spec is not an expression: {given!r}"[:500])


def _column(given: dict[str, Any], plan: Node, what: str) -> Expr:
    name = given["column"]
    if name not in plan.types:
        raise ColumnNotFound(f"the events have no column {name!r}, which {what} reads", hint=near(str(name), plan.types))
    found = plan.types[name]
    if found.dtype != given["type"]:
        raise InvalidValue(
            f"column {name!r} of the events is {found}, and {what} was made for {given['type']}",
            hint=f"cast it: df[{name!r}] = df[{name!r}].astype({given['type']!r})",
        )
    return plan.column(name)


def value_to_json(value: object) -> Any:
    """Return the value of a constant as JSON; its type determines how to read it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, datetime.timedelta):
        return value // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Interval):
        return [value.lower.hex(), value.upper.hex(), value.bounds]
    return str(value)


def value_from_json(given: object, type_: Type) -> object:
    """Return the value of a constant of a type from JSON. Raises InvalidValue for a value of another type."""
    if given is None:
        return None
    wanted: dict[str, type] = {"bool": bool, "int64": int, "timedelta": int, "numeric_interval": list}
    if type(given) is not wanted.get(type_.name, str):
        raise InvalidValue(f"a constant of the spec is {given!r}, which is not {type_}")
    value: Any = given
    if type_ == FLOAT64:
        return float.fromhex(value)
    match type_.name:
        case "timedelta":
            return datetime.timedelta(microseconds=value)
        case "timestamp":
            return datetime.datetime.fromisoformat(value)
        case "date":
            return datetime.date.fromisoformat(value)
        case "time":
            return datetime.time.fromisoformat(value)
        case "decimal":
            return decimal.Decimal(value)
        case "uuid":
            return uuid.UUID(value)
        case "numeric_interval":
            return Interval(float.fromhex(value[0]), float.fromhex(value[1]), value[2])
    return value
