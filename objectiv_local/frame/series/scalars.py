"""A series of one value as that value: what Python's ``int``, ``float``, ``bool`` and format strings make of it."""

from __future__ import annotations

import decimal
from typing import Any

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Expr
from objectiv_local.plan.nodes import is_single_row

#: Types that are numbers in Python.
_NUMBERS = ("bool", "int64", "float64", "decimal")


@checked
class OneValue:
    """What runs the query of a series that has a single row, such as an aggregate, and returns its value."""

    __slots__ = ()
    _state: State
    _expr: Expr
    _name: str

    def __int__(self) -> int:
        """Return the value of a number, cut towards zero. Runs the query."""
        value = self._number("int()")
        try:
            return int(value)
        except (ValueError, OverflowError):
            raise InvalidValue(
                f"the value of series {self._name!r} is {value}, which is no whole number", hint="float(series) takes it"
            ) from None

    def __float__(self) -> float:
        """Return the value of a number, nan if it is missing. Runs the query."""
        return float(self._number("float()", missing=float("nan")))

    def __bool__(self) -> bool:
        """Return the value of a bool or a number as a truth value. Runs the query."""
        if not self._is_one:
            raise InvalidType(
                f"the truth of series {self._name!r} is not one value",
                hint="combine conditions with & | ~ (in parentheses) in place of and, or, not; of many values, take "
                "series.any() or series.all()",
            )
        return bool(self._number("bool()"))

    def __format__(self, spec: str) -> str:
        """Return the value, formatted: ``f"{df.amount.sum():,}"``. Runs the query.

        Without a format, a series of several rows is shown as ``repr`` shows it.
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
                    f"the value of series {self._name!r} is missing, and cannot be formatted by {spec!r}",
                    hint="series.value is None then",
                ) from None
            raise InvalidValue(
                f"series {self._name!r}, which is {self._expr.type}, cannot be formatted by {spec!r}: {error}",
                hint="give a format of Python for that type",
            ) from None

    def item(self) -> Any:
        """Return the value of a series with a single row. Runs the query. See ``value``."""
        return self.value

    def __len__(self) -> int:
        """Return the number of rows. Runs a query that counts them."""
        return len(self._frame())

    def __contains__(self, item: object) -> bool:
        raise InvalidType(
            f"series {self._name!r} is lazy, so 'in' cannot look into it",
            hint="use series.isin([...]) for each row, or bool((series == value).any())",
        )

    @property
    def _is_one(self) -> bool:
        return self._state.groups is None and is_single_row(self._state.plan)

    def _single(self, what: str) -> Any:
        if not self._is_one:
            raise InvalidType(
                f"{what} takes one value, and series {self._name!r} may have more",
                hint="aggregate it first, as in series.sum(), or take a row, as in series[label]; "
                "series.astype(...) converts every value",
            )
        return self.value

    def _number(self, what: str, missing: float | None = None) -> int | float | decimal.Decimal:
        if self._expr.type.name not in _NUMBERS:
            raise InvalidType(
                f"{what} takes a number, not {self._name!r}, which is {self._expr.type}",
                hint="series.value is the value itself",
            )
        value: int | float | decimal.Decimal | None = self._single(what)
        if value is None:
            if missing is None:
                raise InvalidValue(
                    f"the value of series {self._name!r} is missing, so {what} has none", hint="series.value is None then"
                )
            return missing
        return value

    @property
    def value(self) -> Any:
        """The value of a series with a single row."""
        raise NotImplementedError

    def _frame(self) -> Any:
        """Return the series as a frame."""
        raise NotImplementedError
