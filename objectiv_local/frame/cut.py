"""Putting numbers into intervals: of equal width, or between quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.functions import as_float
from objectiv_local.plan.expr import Expr, aggregation, call, case, cast, literal
from objectiv_local.types import FLOAT64, INT64

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series

#: The share of the range by which pandas widens it, so that the least (or greatest) value is inside.
_WIDER = 0.001


def cut(series: Series, bins: int, right: bool = True, method: str = "pandas") -> Series:
    """Return the interval that each value is in, of ``bins`` intervals of equal width from the least to the greatest value.

    Intervals are open on the left, ``(a, b]``, or with ``right=False`` on the right; the first (or last) is widened by a
    thousandth of the range so that all values are inside, and where all values are equal, the range is a thousandth of it
    on both sides. With ``method='bach'``, the interval at the open end is closed there instead. A missing value, NaN and
    infinity are in none. The series is named ``range``, and keeps the rows and their index.
    """
    _checked(series, bins)
    if method not in ("pandas", "bach"):
        raise InvalidValue(f"method is pandas or bach, not {method!r}")
    value = as_float(series._expr)
    low, width, wider = _range(series, bins)
    place = _place(series, value, bins, right=right)
    lower, upper = _edges(low, width, wider, cast(place, FLOAT64), bins, right=right, method=method)
    bounds = "(]" if right else "[)"
    interval = call("interval", lower, upper, literal(bounds))
    if method == "bach":
        end = call("eq", place, literal(0 if right else bins - 1))
        interval = case([(end, call("interval", lower, upper, literal("[]")))], interval)
    finite = call("lt", call("abs", value), literal(float("inf")))
    return series._with(case([(finite, interval)]), "range")


def _checked(series: Series, bins: object) -> None:
    if series.dtype.partition("(")[0] not in ("int64", "float64", "decimal"):
        raise InvalidType(f"{series.dtype} cannot be cut", hint="cast it to a number with astype")
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise InvalidValue(f"bins has to be a whole number from 1, not {bins!r}")


def _total(series: Series, op: str) -> Expr:
    """Return the least or greatest value of all rows, as an expression of each row."""
    from objectiv_local.frame.align import scalar

    value = series.astype("float64") if series.dtype != "float64" else series
    finite = value.where(value.abs() < float("inf"))
    total: Series = finite.min() if op == "min" else finite.max()
    return scalar(total._state, total._expr)


def _range(series: Series, bins: int) -> tuple[Expr, Expr, Expr]:
    """Return the lower end of the range, the width of a bin, and by how much the outer bin is wider."""
    least, most = _total(series, "min"), _total(series, "max")
    equal = call("eq", least, most)
    around = call("mul", literal(_WIDER), case([(call("eq", least, literal(0.0)), literal(1.0))], call("abs", least)))
    low = case([(equal, call("sub", least, around))], least)
    high = case([(equal, call("add", most, around))], most)
    wider = case([(equal, literal(0.0))], call("mul", call("sub", high, low), literal(_WIDER)))
    return low, call("truediv", call("sub", high, low), literal(float(bins))), wider


def _place(series: Series, value: Expr, bins: int, *, right: bool) -> Expr:
    """Return the number of the bin of a value, from 0."""
    low, width, _ = _range(series, bins)
    steps = call("truediv", call("sub", value, low), width)
    number = call("sub", call("ceil", steps), literal(1.0)) if right else call("floor", steps)
    last = literal(bins - 1.0)
    number = case([(call("lt", number, literal(0.0)), literal(0.0)), (call("gt", number, last), last)], number)
    finite = call("lt", call("abs", value), literal(float("inf")))
    return cast(case([(finite, number)]), INT64)


def _edges(low: Expr, width: Expr, wider: Expr, place: Expr, bins: int, *, right: bool,
           method: str) -> tuple[Expr, Expr]:
    lower = call("add", low, call("mul", width, place))
    upper = call("add", low, call("mul", width, call("add", place, literal(1.0))))
    if method == "bach":
        return lower, upper
    if right:
        return case([(call("eq", place, literal(0.0)), call("sub", lower, wider))], lower), upper
    return lower, case([(call("eq", place, literal(bins - 1.0)), call("add", upper, wider))], upper)


def qcut(series: Series, q: int | Sequence[float]) -> Series:
    """Return the interval between two quantiles that each value is in, named ``q_range``.

    ``q`` is a number of intervals of equally many values, or the shares between them, as in ``[0, 0.25, 0.5, 1]``. The
    intervals are open on the left, and the first is closed. Equal quantiles make no interval of their own. A missing value,
    and one outside the shares, is in none.
    """
    _checked(series, 1)
    if isinstance(q, bool) or (isinstance(q, int) and q < 1):
        raise InvalidValue(f"q is a number of intervals from 1 or a list of shares, not {q!r}")
    shares = [i / q for i in range(q + 1)] if isinstance(q, int) else [float(share) for share in q]
    if len(shares) < 2 or shares != sorted(shares) or shares[0] < 0 or shares[-1] > 1:
        raise InvalidValue(f"shares have to be from 0 to 1 and rise, not {shares!r}")
    from objectiv_local.frame.align import scalar

    value = as_float(series._expr)
    ends = []
    for share in shares:
        total = series._reduce("quantile", q=share)
        ends.append(scalar(total._state, total._expr))
    whens = [(call("and", call("ge", value, ends[0]), call("le", value, ends[1])),
              call("interval", ends[0], ends[1], literal("[]")))]
    whens += [(call("and", call("gt", value, low), call("le", value, high)), call("interval", low, high, literal("(]")))
              for low, high in pairwise(ends[1:])]
    return series._with(case(whens), "q_range")


def counted_bins(series: Series, bins: int, method: str, *, normalize: bool, sort: bool, ascending: bool) -> Series:
    """Return the number of values in each of ``bins`` intervals of equal width, empty ones included."""
    frame = histogram(series, bins, method).set_index("range")
    counted: Series = frame["value_counts"]
    if normalize:
        counted = counted / counted.sum()
    return counted.sort_values(ascending=ascending) if sort else counted


def histogram(series: Series, bins: int, method: str = "pandas") -> DataFrame:
    """Return a frame of the intervals ``range`` in order with the number of values in each, ``value_counts``."""
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.plan.expr import Column, Ordering
    from objectiv_local.plan.nodes import Aggregate, Extend, Join, Select, Values

    _checked(series, bins)
    place = _place(series, as_float(series._expr), bins, right=True)
    rows = Extend(series._state.plan, (("place", place),))
    counted = Aggregate(rows, (("place", Column("place", INT64)),), (("rows", aggregation("size")),), "counted")
    numbers = Values((("number", INT64),), tuple((literal(number),) for number in range(bins)), ("number",), "bins")
    joined = Join(numbers, counted, "left", (("number", "place"),), (
        ("number", "left", ("number", "number")), ("rows", "right", ("rows", "rows"))), step="histogram")
    low, width, wider = _range(series, bins)
    number = cast(joined.column("number"), FLOAT64)
    lower, upper = _edges(low, width, wider, number, bins, right=True, method=method)
    interval = call("interval", lower, upper, literal("(]"))
    if method == "bach":
        interval = case([(call("eq", number, literal(0.0)), call("interval", lower, upper, literal("[]")))], interval)
    plan = Select(joined, (("number", joined.column("number")), ("range", interval),
                           ("value_counts", call("coalesce", joined.column("rows"), literal(0)))))
    state = series._state.onto(plan, (), (Ordering(plan.column("number")),))
    return DataFrame(state, ["range", "value_counts"])
