"""Sorting rows by columns or by the index, and selecting the first rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.reshape import level_named
from objectiv_local.plan.expr import Ordering

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame


def sort_values(
    self: DataFrame, by: str | Sequence[str], ascending: bool | Sequence[bool] = True, na_position: str = "last"
) -> DataFrame:
    """Return the frame sorted by data columns or index levels, with missing values ``last`` or ``first``.

    Ties are broken by the key of the table, or by all columns if no key is known.
    """
    names = [by] if isinstance(by, str) else list(by)
    directions = [ascending] * len(names) if isinstance(ascending, bool) else list(ascending)
    if len(directions) != len(names):
        raise InvalidValue(f"by has {len(names)} columns, but ascending has {len(directions)} values")
    if na_position not in ("first", "last"):
        raise InvalidValue(f"na_position has to be 'first' or 'last', not {na_position!r}")
    order = []
    for name, up in zip(names, directions, strict=True):
        if name not in self._state.labels:
            self._column(name)
        column = self._state.value(name)
        if column.type.name == "json":
            raise InvalidType(f"cannot sort by {name!r}, which is {column.type}")
        order.append(Ordering(column, bool(up), na_position == "last"))
    return type(self)(self._state.with_plan(self._state.plan, tuple(order)), self._columns)


def sort_index(
    self: DataFrame, level: int | str | Sequence[int | str] | None = None, ascending: bool | Sequence[bool] = True
) -> DataFrame:
    """Return the frame sorted by its index, or by some levels of it."""
    if not self._state.labels:
        raise InvalidValue("the frame has no index to sort by", hint="use sort_values")
    given = self.index_columns if level is None else [level] if isinstance(level, int | str) else list(level)
    return self.sort_values([level_named(self, each) for each in given], ascending)


def nlargest(self: DataFrame, n: int, columns: str | Sequence[str]) -> DataFrame:
    """Return the ``n`` rows with the largest values of a column, or of several in order of priority, the largest first."""
    return _first(self, n, columns, ascending=False)


def nsmallest(self: DataFrame, n: int, columns: str | Sequence[str]) -> DataFrame:
    """Return the ``n`` rows with the smallest values of a column, or of several in order of priority, the smallest first."""
    return _first(self, n, columns, ascending=True)


def _first(frame: DataFrame, n: int, columns: str | Sequence[str], *, ascending: bool) -> DataFrame:
    if len(columns) == 0:
        raise InvalidValue("no columns are given to sort by", hint="as in df.nlargest(3, 'amount')")
    made: DataFrame = frame.sort_values(columns, ascending)[:n]
    return made
