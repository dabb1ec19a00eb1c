"""Statistics of columns: ``quantile`` and ``describe``. One query reads the rows once per 50 columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.functions import INTERPOLATED, NUMERIC, Named, Reduction, as_float, reduction
from objectiv_local.frame.groupby import aggregated, partition_of
from objectiv_local.frame.handles import make_frame
from objectiv_local.plan.expr import Expr, Ordering, call, cast, literal
from objectiv_local.plan.naming import new_name, unused_name
from objectiv_local.plan.nodes import Join, JoinSide, Node, Select, Union
from objectiv_local.plan.ops import castable
from objectiv_local.types import STRING, type_from_dtype

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.state import State

#: The statistics of ``describe`` before the quantiles: of numeric columns, and of other columns.
STATISTICS = ("count", "mean", "std", "min", "max", "nunique", "mode")
OF_VALUES = ("count", "min", "max", "nunique", "mode")
#: Ids have no meaningful order, so they have no min and max.
OF_IDS = ("count", "nunique", "mode")
#: Number of columns whose statistics are computed in one step; engines limit the columns of a step.
WIDE = 50
QUARTILES = (0.25, 0.5, 0.75)


def quantile(self: DataFrame, q: float | Sequence[float] = 0.5, *, numeric_only: bool = False) -> DataFrame:
    """Return the ``q`` quantile of each column, or several quantiles, interpolated linearly.

    The columns are named ``<name>_quantile`` and indexed by ``quantile``, the value of ``q``; for a grouped frame, by the keys
    and ``quantile``. Quantiles of integers are floats. Columns other than numbers, bools, durations and timestamps are
    omitted.
    """
    shares = [q] if isinstance(q, int | float) else list(q)
    if not shares:
        raise InvalidValue("q is empty", hint="give a number from 0 to 1, as in quantile(0.5), or a list of them")
    state = self._state
    kinds = NUMERIC if numeric_only else INTERPOLATED
    names = [name for name in self._columns if state.type_of(name).name in kinds]
    if not names:
        raise InvalidValue(
            "the frame has no column for which quantiles are defined",
            hint="quantiles are defined for numbers, bools, durations and timestamps; for strings use median()",
        )
    columns = [(name, [reduction("quantile", state.value(name), q=share) for share in shares]) for name in names]
    return _below(
        state,
        [float(share) for share in shares],
        "quantile",
        [(f"{name}_quantile", made, lambda expr: expr) for name, made in columns],
    )


def _described(state: State, names: Sequence[str], percentiles: float | Sequence[float] | None) -> DataFrame:
    """Return statistics of columns, indexed by the group keys and ``__stat``, the name of the statistic."""
    given = [percentiles] if isinstance(percentiles, int | float) else [] if percentiles is None else list(percentiles)
    shares = sorted(set(given or QUARTILES))
    columns: dict[str, tuple[dict[str, Reduction], Callable[[Expr], Expr]]] = {}
    for name in names:
        column = state.value(name)
        kind = column.type.name
        if kind == "numeric_interval":
            continue
        if kind == "json":
            raise InvalidType(
                f"{name!r}, which is {column.type}, cannot be described",
                hint="drop the column, describe a member of it, or convert it with astype('string')",
            )
        if kind in ("int64", "float64", "decimal", "timedelta"):
            value = call("total_seconds", column) if kind == "timedelta" else as_float(column)
            made = {stat: reduction(stat, value) for stat in STATISTICS}
            made |= {str(share): reduction("quantile", value, q=share) for share in shares}
            columns[name] = (made, as_float)
        else:
            stats = OF_IDS if kind == "uuid" else OF_VALUES
            columns[name] = ({stat: reduction(stat, column) for stat in stats}, _text)
    if not columns:
        raise InvalidValue("there is no column to describe", hint="choose columns of numbers, strings, dates or similar types")
    rows = [row for row in (*STATISTICS, *map(str, shares)) if any(row in made for made, _ in columns.values())]
    return _below(
        state, rows, "__stat", [(name, [made.get(row) for row in rows], convert) for name, (made, convert) in columns.items()]
    )


def _text(expr: Expr) -> Expr:
    if not castable(expr.type, STRING):
        raise InvalidType(f"{expr.type} cannot be described")
    return cast(expr, STRING)


def _below(
    state: State,
    rows: Sequence[object],
    level: str,
    columns: Sequence[tuple[str, Sequence[Reduction | None], Callable[[Expr], Expr]]],
) -> DataFrame:
    """Return a frame with a row for each of ``rows``, in which each column has its own aggregate."""
    partition_of(state, "a description")
    names = [name for name, _, _ in columns]
    keys = state.keys
    if level in keys:
        raise InvalidValue(f"a key is named {level!r}, like the index level of the result", hint="rename the key")
    order = unused_name("position", {*keys, *names, level})
    labels = (*keys, level, order)
    plan, *others = [
        _some_below(state, rows, level, order, columns[start : start + WIDE]) for start in range(0, len(columns), WIDE)
    ]
    for other in others:
        # All have the same rows: one per group and statistic.
        sides: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in plan.types]
        sides += [(name, "right", (name, name)) for name in other.types if name not in labels]
        plan = Join(
            plan, other, "inner", tuple((name, name) for name in labels), tuple(sides), nulls_match=True, step="statistics"
        )
    ordering = (*(Ordering(plan.column(key)) for key in keys), Ordering(plan.column(order)))
    return make_frame(state.ungrouped().with_rows(plan, (*keys, level), ordering), names)


def _some_below(
    state: State,
    rows: Sequence[object],
    level: str,
    order: str,
    columns: Sequence[tuple[str, Sequence[Reduction | None], Callable[[Expr], Expr]]],
) -> Node:
    """Return the same as a plan, for some of the columns, with the position of each row as ``order``."""
    keys = state.keys
    taken = {*keys, *(name for name, _, _ in columns), level, order}
    labels = [[new_name(f"{name}_{row}", taken) for row in rows] for name, _, _ in columns]
    totals = aggregated(
        state,
        Named(
            tuple(
                (label, made)
                for own, (_, each, _) in zip(labels, columns, strict=True)
                for label, made in zip(own, each, strict=True)
                if made is not None
            )
        ),
        "statistics",
    )
    plan = totals.plan
    parts = []
    for position, row in enumerate(rows):
        values: list[tuple[str, Expr]] = [(key, plan.column(key)) for key in keys]
        values += [(level, literal(row)), (order, literal(position))]
        for own, (name, each, convert) in zip(labels, columns, strict=True):
            type_ = convert(plan.column(own[_known(each)])).type
            values.append((name, literal(None, type_) if each[position] is None else convert(plan.column(own[position]))))
        parts.append(Select(plan, tuple(values)))
    return Union(tuple(parts), tuple(parts[0].types), "statistics") if len(parts) > 1 else parts[0]


def _known(each: Sequence[Reduction | None]) -> int:
    return next(position for position, made in enumerate(each) if made is not None)


def describe(
    self: DataFrame,
    percentiles: float | Sequence[float] | None = None,
    include: str | Sequence[str] | None = None,
    exclude: str | Sequence[str] | None = None,
    datetime_is_numeric: bool = False,
) -> DataFrame:
    """Return one row per statistic, indexed by ``__stat``; for a grouped frame, by the keys and ``__stat``.

    Numbers, and durations in seconds, have count, mean, std (sample standard deviation), min, max, nunique, mode and the
    quantiles ``percentiles`` in ascending order, by default 0.25, 0.5 and 0.75, all as floats. Strings, bools, dates, times and
    timestamps have count, min, max, nunique and mode, and UUIDs have count, nunique and mode, all as strings. The result has a
    row for each statistic of any column. Interval columns are omitted. Values are not rounded.

    By default, numeric columns are described, or all columns if none is numeric or the frame is grouped. ``include`` is
    ``'all'`` or a list of dtypes, and ``exclude`` is a list of dtypes. Raises InvalidType for JSON.
    """
    if datetime_is_numeric:
        raise NotSupported(
            "describe with datetime_is_numeric is not supported",
            hint="timestamps are described as strings; use quantile() or median() for their quantiles",
        )
    chosen = [name for name, dtype in self.dtypes.items() if dtype.partition("(")[0] in ("int64", "float64", "decimal")]
    if include == "all" or (include is None and (not chosen or self.group_by is not None)):
        chosen = self.data_columns
    elif include is not None:
        chosen = [name for name, dtype in self.dtypes.items() if _is_among(dtype, include)]
    chosen = [name for name in chosen if not _is_among(self.dtypes[name], () if exclude is None else exclude)]
    if not chosen:
        raise InvalidValue("there is no column to describe", hint="include='all' describes columns of every dtype")
    return _described(self._state, chosen, percentiles)


#: Dtypes with parameters, such as decimal(38, 2); the base name selects all of them.
_KINDS = ("decimal", "list", "dict")


def _is_among(dtype: str, wanted: str | Sequence[str]) -> bool:
    """Return whether ``dtype`` is among the given names. Raises InvalidValue for an unknown name."""
    names = [wanted] if isinstance(wanted, str) else wanted
    known = {name if name in _KINDS else type_from_dtype(name).dtype for name in names}
    return dtype in known or re.split(r"[(\[]", dtype)[0] in known
