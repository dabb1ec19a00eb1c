"""Statistics of the columns of a frame, for fitting: one query, one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import InvalidValue, QueryFailed
from objectiv_local.frame import DataFrame
from objectiv_local.ml.expressions import number
from objectiv_local.ml.fetching import one_row
from objectiv_local.plan.expr import Expr, aggregation, call, case, literal

if TYPE_CHECKING:
    import numpy

#: A number with a size above this is infinite.
_LARGEST = literal(1.7976931348623157e308)


class Statistics:
    """Statistics of features, each an array with a value per feature; NaN where a feature has no value at all.

    NULL and NaN are missing values and take no part. ``rows`` is the number of rows, ``counts`` the numbers of values.
    """

    def __init__(self, frame: DataFrame, names: list[str], wanted: Mapping[str, tuple[object, ...]], who: str) -> None:
        """Compute what is ``wanted``: operations of the catalogue by name, with their constant arguments."""
        columns = [number(frame, name) for name in names]
        aggregates: dict[str, Expr] = {"rows": aggregation("size")}
        for position, column in enumerate(columns):
            aggregates[f"counts_{position}"] = aggregation("count", column)
            for name, (op, *arguments) in wanted.items():
                aggregates[f"{name}_{position}"] = aggregation(str(op), column, *map(literal, arguments))
        try:
            found = one_row(frame, aggregates)
        except QueryFailed:
            # An engine may refuse the variance of infinities.
            refuse_infinite(frame, names, who)
            raise
        self.rows = int(found["rows"])
        if self.rows == 0:
            raise no_rows(len(names), who)
        self._found, self._size = found, len(names)
        self.counts = self["counts"].astype("int64")
        if not all(abs(value) != float("inf") for name in wanted for value in self[name]):
            refuse_infinite(frame, names, who)

    def __getitem__(self, name: str) -> numpy.ndarray[Any, Any]:
        import numpy as np

        values = [self._found[f"{name}_{position}"] for position in range(self._size)]
        return np.array([np.nan if value is None else value for value in values], dtype="float64")


def no_rows(size: int, who: str) -> InvalidValue:
    """Return scikit-learn's error for a frame without rows."""
    return InvalidValue(f"Found array with 0 sample(s) (shape=(0, {size})) while a minimum of 1 is required by {who}.",
                        hint="the frame has no rows")


def refuse_infinite(frame: DataFrame, names: list[str], who: str) -> None:
    """Raise InvalidValue if a feature has an infinite value. One query."""
    tests = [call("gt", call("abs", number(frame, name)), _LARGEST) for name in names]
    found = one_row(frame, {f"infinite_{position}": aggregation("sum", case([(test, literal(1))], literal(0)))
                            for position, test in enumerate(tests)})
    infinite = [name for name, count in zip(names, found.values(), strict=True) if count]
    if infinite:
        raise InvalidValue(f"Input X contains infinity or a value too large for dtype('float64'), in {', '.join(infinite)}: "
                           f"{who} takes finite numbers", hint="replace it: df[name].mask(df[name].abs() == float('inf'))")
