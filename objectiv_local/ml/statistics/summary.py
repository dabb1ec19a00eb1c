"""Statistics of the columns of a frame, for fitting: one query with one row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import InvalidValue, QueryFailed
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Expr, aggregation, call, literal
from objectiv_local.ml.expressions import number
from objectiv_local.ml.fetching import one_row

if TYPE_CHECKING:
    import numpy

#: Absolute values above which sums of numbers or of their squares may overflow, where engines differ.
LARGEST_BY_OPERATION = {"mean": 2.0**960, "var": 1e150}


class Statistics:
    """Statistics of features, each an array with a value per feature; NaN for a feature without values.

    NULL and NaN are missing values and are skipped. ``rows`` is the number of rows, ``counts`` the numbers of values.
    """

    def __init__(self, frame: DataFrame, names: list[str], wanted: Mapping[str, tuple[object, ...]], who: str) -> None:
        """Compute the ``wanted`` operations of the catalog, by name, with their constant arguments."""
        import numpy as np

        columns = {name: number(frame, name) for name in names}
        aggregates: dict[str, Expr] = {"rows": aggregation("size")}
        for position, column in enumerate(columns.values()):
            aggregates[f"counts_{position}"] = aggregation("count", column)
            aggregates[f"sizes_{position}"] = aggregation("max", call("abs", column))
            for name, (op, *arguments) in wanted.items():
                aggregates[f"{name}_{position}"] = aggregation(str(op), column, *map(literal, arguments))
        found = finite_row(frame, aggregates, columns, who)
        self.rows = int(found["rows"])
        if self.rows == 0:
            raise no_rows(len(names), who)
        self._found, self._size = found, len(names)
        self.counts = self["counts"].astype("int64")
        check_sizes(dict(zip(names, self["sizes"], strict=True)), who)
        limit = min((LARGEST_BY_OPERATION.get(str(op), math.inf) for op, *_ in wanted.values()), default=math.inf)
        lost = self["sizes"] > limit
        for name in wanted:
            lost |= (self.counts > 0) & ~np.isfinite(self[name])
        if lost.any():
            raise too_large([name for name, flag in zip(names, lost, strict=True) if flag], who)

    def __getitem__(self, name: str) -> numpy.ndarray[Any, Any]:
        import numpy as np

        values = [self._found[f"{name}_{position}"] for position in range(self._size)]
        return np.array([np.nan if value is None else value for value in values], dtype="float64")


def no_rows(size: int, who: str) -> InvalidValue:
    """Return scikit-learn's error for a frame without rows."""
    return InvalidValue(
        f"Found array with 0 sample(s) (shape=(0, {size})) while a minimum of 1 is required by {who}.",
        hint="the frame has no rows",
    )


def too_large(names: Sequence[str], who: str) -> InvalidValue:
    """Return the error for features whose statistics overflow."""
    return InvalidValue(
        f"the values of {', '.join(names)} are so large that their sums or squares overflow: {who} cannot be fitted to them",
        hint="divide such a column by a constant",
    )


def finite_row(frame: DataFrame, aggregates: Mapping[str, Expr], features: Mapping[str, Expr], who: str) -> dict[str, Any]:
    """Return :func:`one_row` for statistics of features. Raises InvalidValue if it fails because of too large values."""
    try:
        return one_row(frame, aggregates)
    except QueryFailed:
        # An engine may raise an error for the variance of infinities, and for sums that overflow.
        found = one_row(
            frame,
            {f"size_{position}": aggregation("max", call("abs", column)) for position, column in enumerate(features.values())},
        )
        sizes = dict(zip(features, found.values(), strict=True))
        check_sizes(sizes, who)
        large = [name for name, size in sizes.items() if size is not None and size > LARGEST_BY_OPERATION["var"]]
        if large:
            raise too_large(large, who) from None
        raise


def check_sizes(sizes: Mapping[str, float | None], who: str) -> None:
    """Raise InvalidValue if a feature has an infinite value; ``sizes`` are the maximum absolute values, None without values."""
    infinite = [name for name, size in sizes.items() if size is not None and math.isinf(size)]
    if infinite:
        raise InvalidValue(
            f"Input X contains infinity or a value too large for dtype('float64'), in {', '.join(infinite)}: "
            f"{who} needs finite numbers",
            hint="replace it: df[name].mask(df[name].abs() == float('inf'))",
        )
