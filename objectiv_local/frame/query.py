"""Conditions written as strings: ``df.query("amount > 10 and city == 'Snits'")``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import ColumnNotFound, InvalidValue, near
from objectiv_local.frame.series.base import Series

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def condition(frame: DataFrame, text: str) -> Series:
    """Return an expression as a bool series. Raises InvalidValue for unsupported syntax."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        hint = "compare columns by name, as in \"amount > 10 and city == 'Snits'\""
        if "@" in text:
            hint = "Python variables cannot be used here: write df[df.n > value]"
        raise InvalidValue(f"{text!r} is not a valid expression: {error.msg}", hint=hint) from None
    found = _value(frame, tree)
    if not isinstance(found, Series):
        raise InvalidValue(f"{text!r} does not use a column")
    return found


def _value(frame: DataFrame, node: ast.expr) -> Any:
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            columns = frame.all_series
            if name not in columns:
                raise ColumnNotFound(f"there is no column {name!r}", hint=near(name, columns))
            return columns[name]
        case ast.List(items) | ast.Tuple(items) | ast.Set(items):
            return [_value(frame, item) for item in items]
        case ast.UnaryOp(ast.Not(), operand):
            return ~_value(frame, operand)
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(frame, operand)
        case ast.BoolOp(op, values):
            parts = [_value(frame, value) for value in values]
            out = parts[0]
            for part in parts[1:]:
                out = out & part if isinstance(op, ast.And) else out | part
            return out
        case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](_value(frame, left), _value(frame, right))
        case ast.Compare(left, ops, rights):
            sides = [_value(frame, left), *(_value(frame, right) for right in rights)]
            tests = [_compared(op, a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
            out = tests[0]
            for test in tests[1:]:
                out = out & test
            return out
    raise InvalidValue(
        f"{ast.unparse(node)!r} is not supported in a query",
        hint="a query can have names, constants, comparisons, and, or, not, in, and arithmetic",
    )


def _compared(op: ast.cmpop, left: Any, right: Any) -> Any:
    if isinstance(op, ast.In):
        return left.isin(right)
    if isinstance(op, ast.NotIn):
        return ~left.isin(right)
    if type(op) not in _COMPARISONS:
        raise InvalidValue("comparisons in a query are ==, !=, <, <=, >, >= and in", hint="use isnull() outside of the query")
    return _COMPARISONS[type(op)](left, right)
