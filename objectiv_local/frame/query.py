"""Conditions written as text: ``df.query("amount > 10 and city == 'Snits'")``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import in_words
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
    """Return the bool series that an expression stands for. Raises InvalidValue for what it cannot hold."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (ValueError, RecursionError, MemoryError) as error:
        reason = str(error) or "it nests too deeply"
        raise InvalidValue(f"{in_words(text)} is no expression: {reason}") from None
    except SyntaxError as error:
        hint = "compare columns by name, as in \"amount > 10 and city == 'Snits'\""
        if "@" in text:
            hint = "variables of Python have no names here: write df[df.n > value]"
        raise InvalidValue(f"{text!r} is no expression: {error.msg}", hint=hint) from None
    try:
        found = _value(frame, tree)
    except RecursionError:
        raise InvalidValue(f"{in_words(text)} is no expression: it nests too deeply") from None
    if not isinstance(found, Series):
        raise InvalidValue(f"{text!r} reads no column")
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
            return ~_series(frame, operand, node)
        case ast.UnaryOp(ast.USub(), operand):
            return _number(_value(frame, operand), node, operator.neg)
        case ast.BoolOp(op, values):
            parts = [_series(frame, value, node) for value in values]
            out = parts[0]
            for part in parts[1:]:
                out = out & part if isinstance(op, ast.And) else out | part
            return out
        case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
            return _number(_value(frame, left), node, _ARITHMETIC[type(op)], _value(frame, right))
        case ast.Compare(left, ops, rights):
            sides = [_value(frame, left), *(_value(frame, right) for right in rights)]
            tests = [_compared(node, op, a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
            out = tests[0]
            for test in tests[1:]:
                out = out & test
            return out
    raise InvalidValue(
        f"{ast.unparse(node)!r} cannot stand in a query",
        hint="it takes names, constants, comparisons, and, or, not, in, and arithmetic",
    )


def _series(frame: DataFrame, part: ast.expr, node: ast.expr) -> Series:
    """Return a part that has to be a condition on columns."""
    found = _value(frame, part)
    if not isinstance(found, Series):
        raise InvalidValue(f"{ast.unparse(part)!r} in {ast.unparse(node)!r} reads no column", hint="compare a column with it")
    return found


def _number(left: Any, node: ast.expr, compute: Callable[..., Any], *right: Any) -> Any:
    """Return what an operator makes of its operands, which are series, or small numbers."""
    operands = (left, *right)
    if any(isinstance(each, Series) for each in operands):
        return compute(*operands)
    if all(isinstance(each, int | float) for each in operands) and compute is not operator.pow:
        with suppress(ArithmeticError):
            return compute(*operands)
    raise InvalidValue(f"{ast.unparse(node)!r} cannot be computed without a column", hint="write its value")


def _compared(node: ast.expr, op: ast.cmpop, left: Any, right: Any) -> Any:
    if not isinstance(left, Series) and (isinstance(op, ast.In | ast.NotIn) or not isinstance(right, Series)):
        raise InvalidValue(f"{ast.unparse(node)!r} reads no column", hint="write the name of a column without quotes")
    if isinstance(op, ast.In):
        return left.isin(right)
    if isinstance(op, ast.NotIn):
        return ~left.isin(right)
    if type(op) not in _COMPARISONS:
        raise InvalidValue("a query compares with ==, !=, <, <=, >, >= and in", hint="use isnull() outside of the query")
    return _COMPARISONS[type(op)](left, right)
