"""Binning numbers into intervals of equal width or between quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from objectiv_local.arguments import in_words
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.functions import as_float, reduction
from objectiv_local.frame.handles import make_frame, make_series
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Expr, Ordering, ScalarQuery, aggregation, call, case, cast, literal
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Aggregate, Extend, Join, Node, Select, Values
from objectiv_local.types import FLOAT64, INT64

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series

#: Maximum number of quantiles of ``qcut``; Postgres cannot have more columns in a step.
MOST_SHARES = 1_001
#: Maximum number of conditions that are tested one by one.
MOST_WHENS = 12
#: Maximum number of intervals that are written into a statement one by one.
MOST_BINS = 100_000

#: The fraction of the range by which pandas widens it, so that the minimum (or maximum) is inside.
_WIDER = 0.001


def cut(series: Series, bins: int | Sequence[float], right: bool = True, method: str = "pandas") -> Series:
    """Return the interval of each value, as a series named ``range`` that keeps the rows and their index.

    ``bins`` is a number of intervals of equal width from the minimum to the maximum, or a list of edges in ascending order, as
    in ``[0, 10, 100, float('inf')]``. Intervals are open on the left, ``(a, b]``, or with ``right=False`` on the right.

    Of intervals of equal width, the first (or last) is widened by a thousandth of the range so that it includes the minimum (or
    maximum). If all values are equal, the range extends a thousandth of that value, or 0.001 around 0, on both sides. With
    ``method='bach'``, the interval at the open end is closed there instead. Infinity has no interval.

    Values outside a list of edges have no interval, and neither have NULL and NaN. As in pandas, the lowest edge itself is
    outside, or with ``right=False`` the highest.
    """
    checked_method(method)
    if not isinstance(bins, int):
        _checked(series, 1)
        return _cut_at(series, _edges_of(bins, method), right=right)
    _checked(series, bins)
    state, value, scale, place = _placed(series, bins, right=right)
    lower, upper = _edges(scale, cast(place, FLOAT64), bins, right=right, method=method)
    interval = call("interval", lower, upper, literal("(]" if right else "[)"))
    if method == "bach":
        end = call("eq", place, literal(0 if right else bins - 1))
        interval = case([(end, call("interval", lower, upper, literal("[]")))], interval)
    finite = call("lt", call("abs", value), literal(float("inf")))
    return make_series(state, case([(finite, interval)]), "range")


@dataclass(frozen=True)
class _Scale:
    """The lower end of a range, the width of a bin, and by how much the outer bin is wider."""

    low: Expr
    width: Expr
    wider: Expr


def _checked(series: Series, bins: object) -> None:
    series._state.rows("cutting into intervals")
    if series.dtype.partition("(")[0] not in ("int64", "float64", "decimal"):
        raise InvalidType(f"values of type {series.dtype} cannot be cut into intervals", hint="cast it to a number with astype")
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise InvalidValue(f"bins has to be a positive whole number, not {bins!r}")


def checked_method(method: str) -> None:
    """Raise InvalidValue for an unknown method of widening the lowest interval."""
    if method not in ("pandas", "bach"):
        raise InvalidValue(f"method has to be 'pandas' or 'bach', not {method!r}")


def _edges_of(bins: object, method: str) -> Sequence[float]:
    """Return a list of edges. Raises an error unless they are numbers in ascending order."""
    # Arrays of numpy and series of pandas are no sequences, and sets have no order.
    edges: Sequence[float] | None = bins if isinstance(bins, Sequence) else bins.tolist() if hasattr(bins, "tolist") else None
    if edges is None:
        raise InvalidType(f"bins has to be a number of intervals or a list of edges, not {in_words(bins)}")
    if len(edges) < 2 or not all(low < high for low, high in pairwise(edges)):
        raise InvalidValue(f"the edges in bins have to be two or more numbers in ascending order, not {in_words(bins)}")
    if len(edges) > MOST_SHARES:
        raise InvalidValue(f"a list of edges makes at most {MOST_SHARES - 1:,} intervals, not {len(edges) - 1:,}")
    if method != "pandas":
        raise InvalidValue(f"method={method!r} is for a number of intervals, not for a list of edges")
    return edges


def _cut_at(series: Series, edges: Sequence[float], *, right: bool) -> Series:
    """Return the interval of each value between edges."""
    # Not as floats: integers and decimals are compared exactly.
    value = series._expr
    ends: list[Expr] = [literal(edge) for edge in edges]
    above, below, bounds = ("gt", "le", "(]") if right else ("ge", "lt", "[)")
    whens = [
        (
            call("and", call(above, value, low), call(below, value, high)),
            call("interval", as_float(low), as_float(high), literal(bounds)),
        )
        for low, high in pairwise(ends)
    ]
    return series._with(_first_true(value, whens, ends[1:], below), "range")


def _scale(series: Series, bins: int) -> _Scale:
    """Return the scale of the bins over all rows, as expressions of each row."""
    value = as_float(series._expr)
    finite = case([(call("lt", call("abs", value), literal(float("inf"))), value)])
    ends: Node = Aggregate(
        series._state.plan, (), (("least", aggregation("min", finite)), ("most", aggregation("max", finite))), "ends"
    )
    least, most = ends.column("least"), ends.column("most")
    equal = call("eq", least, most)
    around = call("mul", literal(_WIDER), case([(call("eq", least, literal(0.0)), literal(1.0))], call("abs", least)))
    ends = Extend(
        ends,
        (
            ("low", case([(equal, call("sub", least, around))], least)),
            ("high", case([(equal, call("add", most, around))], most)),
            ("is_constant", equal),
        ),
        "ends",
    )
    span = call("sub", ends.column("high"), ends.column("low"))
    ends = Extend(
        ends,
        (
            ("width", call("truediv", span, literal(float(bins)))),
            ("wider", case([(ends.column("is_constant"), literal(0.0))], call("mul", span, literal(_WIDER)))),
        ),
        "ends",
    )
    return _Scale(ScalarQuery(ends, "low"), ScalarQuery(ends, "width"), ScalarQuery(ends, "wider"))


def _placed(series: Series, bins: int, *, right: bool, of: Series | None = None) -> tuple[State, Expr, _Scale, Expr]:
    """Return the rows with the bin number of each value, from 0: their state, the value, the scale and the number."""
    scale = _scale(series if of is None else of, bins)
    value = as_float(series._expr)
    steps = call("truediv", call("sub", value, scale.low), scale.width)
    number = call("sub", call("ceil", steps), literal(1.0)) if right else call("floor", steps)
    taken = list(series._state.plan.types)
    names = [unused_name(name, taken) for name in ("bin_exact", "bin")]
    state = series._state.extended([(names[0], number)])
    exact, last = state.column(names[0]), literal(bins - 1.0)
    inside = case([(call("lt", exact, literal(0.0)), literal(0.0)), (call("gt", exact, last), last)], exact)
    finite = call("lt", call("abs", value), literal(float("inf")))
    state = state.extended([(names[1], cast(case([(finite, inside)]), INT64))])
    return state, value, scale, state.column(names[1])


def _edges(scale: _Scale, place: Expr, bins: int, *, right: bool, method: str) -> tuple[Expr, Expr]:
    lower = call("add", scale.low, call("mul", scale.width, place))
    upper = call("add", scale.low, call("mul", scale.width, call("add", place, literal(1.0))))
    if method == "bach":
        return lower, upper
    if right:
        return case([(call("eq", place, literal(0.0)), call("sub", lower, scale.wider))], lower), upper
    return lower, case([(call("eq", place, literal(bins - 1.0)), call("add", upper, scale.wider))], upper)


def qcut(series: Series, q: int | Sequence[float]) -> Series:
    """Return the interval between two quantiles that contains each value, as a series named ``q_range``.

    ``q`` is a number of intervals with equally many values, or a list of quantiles, as in ``[0, 0.25, 0.5, 1]``. The
    intervals are open on the left, and the first is closed. Duplicate quantiles are merged. NULL and values outside the
    quantiles have no interval.
    """
    _checked(series, 1)
    if isinstance(q, int) and not 1 <= q <= MOST_BINS:
        raise InvalidValue(f"q is a number of intervals from 1 to {MOST_BINS:,} or a list of shares, not {q!r}")
    shares = [i / q for i in range(q + 1)] if isinstance(q, int) else [float(share) for share in q]
    if len(shares) < 2 or shares != sorted(shares) or shares[0] < 0 or shares[-1] > 1:
        raise InvalidValue(f"the quantiles in q have to be in ascending order from 0 to 1, not {shares!r}")
    if len(shares) > MOST_SHARES:
        raise InvalidValue(
            f"qcut makes at most {MOST_SHARES - 1:,} intervals, not {len(shares) - 1:,}",
            hint="rank(pct=True) returns the percentile rank of each value",
        )
    value = as_float(series._expr)
    total: Node = Aggregate(
        series._state.plan,
        (),
        tuple(
            (f"quantile_{number}", reduction("quantile", series._expr, q=share).parts[0]) for number, share in enumerate(shares)
        ),
        "quantiles",
    )
    ends: list[Expr] = [ScalarQuery(total, name) for name in total.types]
    first = (
        call("and", call("ge", value, ends[0]), call("le", value, ends[1])),
        call("interval", ends[0], ends[1], literal("[]")),
    )
    rest = [
        (call("and", call("gt", value, low), call("le", value, high)), call("interval", low, high, literal("(]")))
        for low, high in pairwise(ends[1:])
    ]
    return series._with(_first_true(value, [first, *rest], ends[1:]), "q_range")


def _first_true(value: Expr, whens: list[tuple[Expr, Expr]], highs: list[Expr], below: str = "le") -> Expr:
    """Return the value of the first condition that is true, as ``case`` does.

    A condition holds only for values ``below`` its end in ``highs``, and the ends ascend, so one comparison rules out half of
    the conditions.
    """
    if len(whens) <= MOST_WHENS:
        return case(whens)
    middle = len(whens) // 2
    return case(
        [(call(below, value, highs[middle - 1]), _first_true(value, whens[:middle], highs[:middle], below))],
        _first_true(value, whens[middle:], highs[middle:], below),
    )


def counted_bins(series: Series, bins: int, method: str, *, normalize: bool, sort: bool, ascending: bool) -> Series:
    """Return the number of values in each of ``bins`` intervals of equal width, empty ones included."""
    frame = histogram(series, bins, method).set_index("range")
    counted: Series = frame["value_counts"]
    if normalize:
        counted = counted / counted.sum()
    return counted.sort_values(ascending=ascending) if sort else counted


def histogram(series: Series, bins: int, method: str = "pandas", of: Series | None = None) -> DataFrame:
    """Return a frame of the intervals ``range`` in order with the number of values in each, ``value_counts``.

    The intervals span the values of ``of``, by default the series itself.
    """
    _checked(series, bins)
    if bins > MOST_BINS:
        raise InvalidValue(
            f"cannot list {bins} bins: the maximum is {MOST_BINS:,}",
            hint="group by the interval of each row: df.groupby(df.x.cut(bins)).size()",
        )
    state, _, scale, place = _placed(series, bins, right=True, of=of)
    counted = Aggregate(state.plan, (("place", place),), (("rows", aggregation("size")),), "counted")
    numbers = Values((("number", INT64),), tuple((literal(number),) for number in range(bins)), ("number",), "bins")
    joined = Join(
        numbers,
        counted,
        "left",
        (("number", "place"),),
        (("number", "left", ("number", "number")), ("rows", "right", ("rows", "rows"))),
        step="histogram",
    )
    number = cast(joined.column("number"), FLOAT64)
    lower, upper = _edges(scale, number, bins, right=True, method=method)
    interval = call("interval", lower, upper, literal("(]"))
    if method == "bach":
        interval = case([(call("eq", number, literal(0.0)), call("interval", lower, upper, literal("[]")))], interval)
    plan = Select(
        joined,
        (
            ("number", joined.column("number")),
            ("range", interval),
            ("value_counts", call("coalesce", joined.column("rows"), literal(0))),
        ),
    )
    state = series._state.with_rows(plan, (), (Ordering(plan.column("number")),))
    return make_frame(state, ["range", "value_counts"])
