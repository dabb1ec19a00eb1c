"""The aggregate operations: one Python function each, from the values of the rows (NULL left out) to one value."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from objectiv_local.types import Type
from reference.values import MICROSECOND, checked, comparable


def zero(type_: Type) -> object:
    return {"int64": 0, "float64": 0.0, "timedelta": datetime.timedelta()}[type_.name]


def total(values: Sequence[object], type_: Type) -> object:
    if type_.name == "float64":
        # Not fsum, which refuses infinities of both signs.
        return sum(values, 0.0)
    return checked(sum((int(value) if isinstance(value, bool) else value for value in values), zero(type_)))


def mean(values: Sequence[object], type_: Type) -> object:
    if not values:
        return None
    if type_.name == "timedelta":
        microseconds = sum(value // MICROSECOND for value in values)
        below, rest = divmod(microseconds, len(values))
        up = 2 * rest > len(values) or (2 * rest == len(values) and below % 2 == 1)
        return (below + up) * MICROSECOND
    return sum(values) / len(values)


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
    "last": lambda values, _: values[-1] if values else None,
}


def aggregate(op: str, rows: Sequence[tuple[object, ...]], type_: Type) -> object:
    """Return the value of the aggregate ``op``, of type ``type_``. ``rows`` hold its arguments, in order."""
    if op == "size":
        return len(rows)
    return AGGREGATES[op]([value for (value,) in rows if value is not None], type_)
