"""Statistics of columns: ``quantile`` with several shares, and ``describe``. One query reads the rows once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.functions import NUMERIC, Named, Reduction, as_float, reduction
from objectiv_local.plan.expr import Expr, Ordering, call, cast, literal
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Select, Union
from objectiv_local.plan.ops import castable
from objectiv_local.types import STRING, type_from_dtype

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.groupby import GroupBy

#: What ``describe`` tells of each column, before the quantiles.
STATISTICS = ("count", "mean", "std", "min", "max", "nunique", "mode")


def quantiles(groups: GroupBy, q: float | Sequence[float], *, numeric_only: bool) -> DataFrame:
    """Return quantiles of the columns: columns ``<name>_quantile``, indexed by the keys and the share ``quantile``."""
    shares = [q] if isinstance(q, int | float) else list(q)
    if not shares:
        raise InvalidValue("q is empty", hint="give a share, as in quantile(0.5), or a list of them")
    names = [name for name in groups._columns if not numeric_only or groups._state.plan.types[name].name in NUMERIC]
    columns = [(name, [reduction("quantile", groups._state.column(name), q=share) for share in shares]) for name in names]
    return _below(groups, [float(share) for share in shares], "quantile",
                  [(f"{name}_quantile", made, lambda expr: expr) for name, made in columns])


def described(groups: GroupBy, percentiles: Sequence[float] | None) -> DataFrame:
    """Return statistics of the columns, indexed by the keys and the name of the statistic ``__stat``."""
    shares = [0.25, 0.5, 0.75] if percentiles is None else list(percentiles)
    rows = [*STATISTICS, *(str(share) for share in shares)]
    columns: list[tuple[str, list[Reduction | None], Callable[[Expr], Expr]]] = []
    for name in groups._columns:
        column = groups._state.column(name)
        kind = column.type.name
        if kind in ("json", "numeric_interval"):
            continue
        is_number = kind in NUMERIC
        value = as_float(column) if is_number else call("total_seconds", column) if kind == "timedelta" else column
        is_number = is_number or kind == "timedelta"
        made: list[Reduction | None] = [
            None if stat in ("mean", "std") and not is_number else reduction(stat, value) for stat in STATISTICS]
        made += [reduction("quantile", value, q=share) if is_number or kind == "timestamp" else None for share in shares]
        columns.append((name, made, as_float if is_number else _text))
    if not columns:
        raise InvalidValue("there is no column to describe", hint="numbers, text, dates and the like have statistics")
    return _below(groups, rows, "__stat", columns)


def _text(expr: Expr) -> Expr:
    if not castable(expr.type, STRING):
        raise InvalidType(f"{expr.type} cannot be described")
    return cast(expr, STRING)


def _below(groups: GroupBy, rows: Sequence[object], level: str,
           columns: Sequence[tuple[str, Sequence[Reduction | None], Callable[[Expr], Expr]]]) -> DataFrame:
    """Return aggregates one below the other: a row for each of ``rows``, in which a column has its own aggregate."""
    from objectiv_local.frame.frame import DataFrame

    groups._refuse_sets("a description")
    flat: list[tuple[str, Reduction]] = [
        (f"{name}_{rows[position]}", made) for name, each, _ in columns for position, made in enumerate(each)
        if made is not None]
    names = [name for name, _, _ in columns]
    keys = [name for name, _ in groups._keys]
    if level in keys:
        raise InvalidValue(f"a key is named {level!r}, as the level of the result is", hint="rename the key")
    aggregated = groups._result(Named(tuple(flat)), "statistics")
    plan = aggregated.plan
    order = unused_name("position", [*keys, *names, level])
    parts = []
    for position, row in enumerate(rows):
        values: list[tuple[str, Expr]] = [(key, plan.column(key)) for key in keys]
        values += [(level, literal(row)), (order, literal(position))]
        for name, each, convert in columns:
            made = each[position] is not None
            type_ = convert(plan.column(f"{name}_{rows[_known(each)]}")).type
            values.append((name, convert(plan.column(f"{name}_{row}")) if made else literal(None, type_)))
        parts.append(Select(plan, tuple(values)))
    union = Union(tuple(parts), tuple(parts[0].types), "statistics") if len(parts) > 1 else parts[0]
    index = (*keys, level)
    ordering = (*(Ordering(union.column(key)) for key in keys), Ordering(union.column(order)))
    state = aggregated.onto(union, index, ordering)
    return DataFrame(state, names)


def _known(each: Sequence[Reduction | None]) -> int:
    return next(position for position, made in enumerate(each) if made is not None)


def describe(self: DataFrame, percentiles: Sequence[float] | None = None, include: str | Sequence[str] | None = None,
             exclude: str | Sequence[str] | None = None, datetime_is_numeric: bool = False) -> DataFrame:
    """Return statistics of the columns, one row each, indexed by ``__stat``.

    The rows are count, mean, std (of a sample), min, max, nunique, mode and the quantiles ``percentiles``, by default 0.25,
    0.5 and 0.75. Numbers, bools and durations (in seconds) have floats; other columns have text, without mean and std.
    By default numeric columns are described, or all if there are none; ``include`` is ``'all'`` or a list of dtypes,
    ``exclude`` a list of dtypes. Values are not rounded, where Bach rounded to two digits.
    """
    if datetime_is_numeric:
        raise NotSupported("describe with datetime_is_numeric is not supported",
                           hint="timestamps are described as text, with their quantiles")
    chosen = [name for name, dtype in self.dtypes.items() if dtype.partition("(")[0] in ("int64", "float64", "decimal")]
    if include == "all" or (include is None and not chosen):
        chosen = self.data_columns
    elif include is not None:
        chosen = [name for name, dtype in self.dtypes.items() if _is_among(dtype, include)]
    chosen = [name for name in chosen if not _is_among(self.dtypes[name], exclude or ())]
    if not chosen:
        raise InvalidValue("there is no column to describe", hint="include='all' describes columns of every dtype")
    return described(self[chosen].groupby(None), percentiles)


#: Dtypes that come with something in brackets; without it, they stand for all of their kind.
_KINDS = ("decimal", "list", "dict")


def _is_among(dtype: str, wanted: str | Sequence[str]) -> bool:
    """Return whether ``dtype`` is one of those named. Raises InvalidValue for a name that is not known."""
    names = [wanted] if isinstance(wanted, str) else wanted
    known = {name if name in _KINDS else type_from_dtype(name).dtype for name in names}
    return dtype in known or re.split(r"[(\[]", dtype)[0] in known


def quantile(self: DataFrame, q: float | Sequence[float] = 0.5, *, numeric_only: bool = False) -> DataFrame:
    """Return the value of each column below which a share ``q`` of the values lies, or several, interpolated linearly.

    The columns are ``<name>_quantile``, the index is ``quantile``: the share. Of integers it is a float.
    """
    return quantiles(self.groupby(None), q, numeric_only=numeric_only)


