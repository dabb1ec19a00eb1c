"""The aggregate operations: one Python function each, from the values of the rows (without NULL) to one value."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from objectiv_local.types import TIMEDELTA, Type
from reference.values import MICROSECOND, Json, checked, comparable, fitted


def zero(type_: Type) -> object:
    return {"int64": 0, "float64": 0.0, "timedelta": datetime.timedelta()}[type_.name]


def total(values: Sequence[object], type_: Type) -> object:
    if type_.name == "float64":
        # Not fsum, which rejects infinities of both signs.
        return sum(values, 0.0)
    if type_.name == "decimal":
        with decimal.localcontext(prec=200):
            return fitted(sum(values, decimal.Decimal(0)), type_.scale)
    return checked(sum((int(value) if isinstance(value, bool) else value for value in values), zero(type_)))


def mean(values: Sequence[object], type_: Type) -> object:
    if not values:
        return None
    if type_.name == "timedelta":
        microseconds = sum(value // MICROSECOND for value in values)
        below, rest = divmod(microseconds, len(values))
        up = 2 * rest > len(values) or (2 * rest == len(values) and below % 2 == 1)
        return (below + up) * MICROSECOND
    return sum(map(float, values)) / len(values)


def quantile(values: Sequence[object], type_: Type, share: float) -> object:
    if not values:
        return None
    if type_.name == "timestamp":
        epoch = datetime.datetime(1970, 1, 1)
        return epoch + quantile([value - epoch for value in values], TIMEDELTA, share)
    ordered = sorted((value // MICROSECOND if type_.name == "timedelta" else float(value) for value in values), key=comparable)
    below = math.floor(share * (len(ordered) - 1))
    rest = share * (len(ordered) - 1) - below
    low, high = ordered[below], ordered[below + 1 if rest else below]
    if type_.name == "timedelta":
        return math.trunc(low + (high - low) * Fraction(rest)) * MICROSECOND
    if low == high or (low == -math.inf and high < math.inf):
        return low
    return low + (high - low) * rest


def discrete_quantile(values: Sequence[object], _: Type, share: float) -> object:
    ordered = sorted(values, key=comparable)
    return next((value for place, value in enumerate(ordered, 1) if place >= share * len(ordered)), None)


def variance(values: Sequence[object], ddof: int) -> object:
    if len(values) <= ddof:
        return None
    floats = [float(value) for value in values]
    if not all(map(math.isfinite, floats)):
        return math.nan
    middle = math.fsum(floats) / len(floats)
    return math.fsum((value - middle) ** 2 for value in floats) / (len(floats) - ddof)


def deviation(values: Sequence[object], ddof: int) -> object:
    found = variance(values, ddof)
    return None if found is None else math.sqrt(found)


def skewness(values: Sequence[object]) -> object:
    n = len(values)
    if n < 3:
        return None
    if not all(math.isfinite(value) for value in values):
        return math.nan
    exact = [Fraction(value) for value in values]
    middle = sum(exact) / n
    second, third = (sum((value - middle) ** power for value in exact) for power in (2, 3))
    if second == 0:
        return 0.0
    found = n * math.sqrt(n - 1) / (n - 2) * math.sqrt(third**2 / second**3)
    # A ratio without a unit: engines compute it to 15 decimal places.
    return 0.0 if found < 1e-15 else math.copysign(found, 1 if third > 0 else -1)


def mode(values: Sequence[object]) -> object:
    counts: dict[object, int] = {}
    for value in values:
        counts[comparable(value)] = counts.get(comparable(value), 0) + 1
    most = max(counts.values(), default=0)
    return min((value for value in values if counts[comparable(value)] == most), key=comparable, default=None)


def least(values: Sequence[object], type_: Type) -> object:
    return min(values, key=comparable, default=None)


def greatest(values: Sequence[object], type_: Type) -> object:
    return max(values, key=comparable, default=None)


AGGREGATES: dict[str, Callable[[Sequence[object], Type], object]] = {
    "count": lambda values, _: len(values),
    "nunique": lambda values, _: len({comparable(value) for value in values}),
    "sum": total,
    "sum_or_null": lambda values, type_: total(values, type_) if values else None,
    "mean": mean,
    "min": least,
    "max": greatest,
    "any": lambda values, _: any(values),
    "all": lambda values, _: all(values),
    "first": lambda values, _: values[0] if values else None,
    "mode": lambda values, _: mode(values),
    "skew": lambda values, _: skewness(values),
    "last": lambda values, _: values[-1] if values else None,
}


#: Aggregates with a constant: functions of the values and the constant.
WITH_CONSTANT: dict[str, Callable[..., object]] = {
    "var": lambda values, type_, ddof: variance(values, ddof),
    "std": lambda values, type_, ddof: deviation(values, ddof),
    "quantile": quantile,
    "quantile_disc": discrete_quantile,
}


def aggregate(op: str, rows: Sequence[tuple[object, ...]], type_: Type) -> object:
    """Return the value of the aggregate ``op``, of type ``type_``. ``rows`` hold its arguments, in order."""
    if op == "size":
        return len(rows)
    if op in WITH_CONSTANT:
        constant = rows[0][1] if rows else 0
        return WITH_CONSTANT[op]([row[0] for row in rows if row[0] is not None], type_, constant)
    if op == "to_json_array":
        return Json([value for (value,) in rows])
    return AGGREGATES[op]([value for (value,) in rows if value is not None], type_)
