"""Conversion of a one-row series to a Python value: by ``int``, ``float``, ``bool`` and format strings."""

from __future__ import annotations

import decimal
from typing import Any

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Expr
from objectiv_local.plan.nodes import is_single_row

#: Types whose values are numbers in Python.
_NUMBERS = ("bool", "int64", "float64", "decimal")


@checked
class OneValue:
    """Methods that run the query of a one-row series, such as an aggregate, and return its value."""

    __slots__ = ()
    _state: State
    _expr: Expr
    _name: str

    def __int__(self) -> int:
        """Return a numeric value, truncated toward zero. Runs the query."""
        value = self._number("int()")
        try:
            return int(value)
        except (ValueError, OverflowError):
            raise InvalidValue(
                f"the value of series {self._name!r} is {value}, which cannot be converted to an integer",
                hint="use float(series)",
            ) from None

    def __float__(self) -> float:
        """Return a numeric value, nan if it is missing. Runs the query."""
        return float(self._number("float()", missing=float("nan")))

    def __bool__(self) -> bool:
        """Return the truth value of a bool or a number. Runs the query."""
        if not self._is_one:
            raise InvalidType(
                f"the truth value of series {self._name!r} is ambiguous",
                hint="combine conditions with & | ~ (in parentheses) instead of and, or, not; for many values, use "
                "series.any() or series.all()",
            )
        return bool(self._number("bool()"))

    def __format__(self, spec: str) -> str:
        """Return the formatted value: ``f"{df.amount.sum():,}"``. Runs the query.

        Without a format, a series of several rows returns its ``repr``.
        """
        if not spec and (not self._is_one or self._state.engine is None):
            return repr(self)
        value = self._single("a format string")
        if value is None:
            if not spec or self._expr.type.name not in _NUMBERS:
                return "<NA>"
            value = float("nan")
        try:
            return format(value, spec)
        except ValueError as error:
            if self.value is None:
                raise InvalidValue(
                    f"the value of series {self._name!r} is missing, and cannot be formatted with {spec!r}",
                    hint="check series.value, which is None here",
                ) from None
            raise InvalidValue(
                f"series {self._name!r}, which is {self._expr.type}, cannot be formatted with {spec!r}: {error}",
                hint="use a Python format for that type",
            ) from None

    def item(self) -> Any:
        """Return the value of a one-row series. Runs the query. See ``value``."""
        return self.value

    def __len__(self) -> int:
        """Return the number of rows. Runs a query."""
        return len(self._frame())

    def __contains__(self, item: object) -> bool:
        raise InvalidType(
            f"series {self._name!r} is lazy, so 'in' cannot be used with it",
            hint="use series.isin([...]) for each row, or bool((series == value).any())",
        )

    @property
    def _is_one(self) -> bool:
        return self._state.groups is None and is_single_row(self._state.plan)

    def _single(self, what: str) -> Any:
        if not self._is_one:
            raise InvalidType(
                f"{what} needs a single value, and series {self._name!r} may have more",
                hint="aggregate it first, as in series.sum(), or select a row, as in series[label]; "
                "series.astype(...) converts every value",
            )
        return self.value

    def _number(self, what: str, missing: float | None = None) -> int | float | decimal.Decimal:
        if self._expr.type.name not in _NUMBERS:
            raise InvalidType(
                f"{what} needs a number, not series {self._name!r}, which is {self._expr.type}",
                hint="use series.value for the value itself",
            )
        value: int | float | decimal.Decimal | None = self._single(what)
        if value is None:
            if missing is None:
                raise InvalidValue(
                    f"the value of series {self._name!r} is missing, so {what} is undefined",
                    hint="check series.value, which is None here",
                )
            return missing
        return value

    @property
    def value(self) -> Any:
        """The value of a one-row series."""
        raise NotImplementedError

    def _frame(self) -> Any:
        """Return the series as a frame."""
        raise NotImplementedError
