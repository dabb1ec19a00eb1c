"""numpy functions of series: those that are operators or methods of series are computed lazily."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import InvalidType
from objectiv_local.frame.handles import is_series
from objectiv_local.frame.values import is_value
from objectiv_local.types import python_value

if TYPE_CHECKING:
    from objectiv_local.frame.series.base import Series

#: numpy functions of two arguments; ``np.float64(2) * series`` also calls them.
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "true_divide": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "power": operator.pow,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "logical_and": operator.and_,
    "logical_or": operator.or_,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
}
#: numpy functions of one argument that are Python operators.
_OF_ONE: dict[str, Callable[[Any], Any]] = {
    "negative": operator.neg,
    "absolute": operator.abs,
    "logical_not": operator.invert,
    "invert": operator.invert,
}
#: numpy functions of one argument that are methods of numeric series.
_METHODS = ("exp", "log", "log10", "sqrt", "floor", "ceil")


def computed(series: Series, function: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Return the result of a numpy function of series and single values. Raises InvalidType for unsupported functions."""
    name = function.__name__
    # numpy converts a scalar that it compares to a zero-dimensional array.
    inputs = tuple(each[()] if getattr(each, "shape", None) == () else each for each in inputs)
    if method == "__call__" and not options and all(is_series(each) or is_value(each) for each in inputs):
        if name in _OPERATORS and len(inputs) == 2:
            left, right = (each if is_series(each) else python_value(each) for each in inputs)
            return _OPERATORS[name](left, right)
        if name in _OF_ONE:
            return _OF_ONE[name](series)
        if name in _METHODS and hasattr(series, name):
            return getattr(series, name)()
    raise InvalidType(
        f"numpy.{name} cannot be computed from series {series.name!r}, which is {series.dtype} and lazy",
        hint="use operators and methods of the series, or fetch it with .to_numpy()",
    )
