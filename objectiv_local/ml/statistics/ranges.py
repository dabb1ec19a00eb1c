"""The ranges of columns: counts, minimum and maximum from one query, and errors for columns out of the supported range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Expr, aggregation, call, case, state_of
from objectiv_local.ml.expressions import number, real
from objectiv_local.ml.fetching import one_row
from objectiv_local.types import FLOAT64

#: Larger values are rejected: the difference of two could overflow.
LARGEST_VALUE = 2.0**960


def check_range(name: str, low: float, high: float, *, is_target: bool = False) -> None:
    """Raise InvalidValue, with scikit-learn's messages, for a column with infinite or too large values."""
    if math.isinf(low) or math.isinf(high):
        raise InvalidValue(
            f"Input {'y' if is_target else 'X'} contains infinity or a value too large for dtype('float64'): column {name!r}",
            hint="drop such rows, or clip the column",
        )
    if max(abs(low), abs(high)) > LARGEST_VALUE:
        raise InvalidValue(
            f"column {name!r} has values beyond {LARGEST_VALUE:.0e}, whose sums may overflow",
            hint="divide the column by a constant",
        )


def check_complete(name: str, missing: int, *, is_target: bool = False) -> None:
    """Raise InvalidValue, with scikit-learn's message, for a column with missing values."""
    if missing:
        hint = f"drop such rows first, with df.dropna(subset=[{name!r}])"
        raise InvalidValue(
            f"Input {'y' if is_target else 'X'} contains NaN: column {name!r} is missing in {missing} rows",
            hint=hint if is_target else f"{hint}, or fill them with SimpleImputer",
        )


def ranges(frame: DataFrame, names: Sequence[str], *more: str) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of rows, and the count, min, max and other aggregates of each column. Runs one query.

    The other aggregates ignore values beyond 2**960, because some engines raise an error for a sum that overflows. Raises
    InvalidValue for integers from 2**53.
    """
    ops = ("count", "min", "max", *more)
    aggregates: dict[str, Expr] = {"rows": aggregation("size")}
    for position, name in enumerate(names):
        value = number(frame, name)
        aggregates |= {f"{op}_{position}": aggregation(op, value) for op in ops[:3]}
        if state_of(frame).plan.types[name] == FLOAT64:
            value = state_of(frame).column(name)
            value = case([(call("le", call("abs", value), real(LARGEST_VALUE)), value)])
        aggregates |= {f"{op}_{position}": aggregation(op, value) for op in more}
    found = one_row(frame, aggregates)
    columns = [{op: found[f"{op}_{position}"] or 0 for op in ops} for position in range(len(names))]
    for name, each in zip(names, columns, strict=True):
        if state_of(frame).plan.types[name] != FLOAT64 and max(-each["min"], each["max"]) >= 2**53:
            raise InvalidValue(
                f"column {name!r} has numbers of 2**53 or more, which are not exact as floats",
                hint=f"to accept the nearest float: df[{name!r}].astype('float64')",
            )
    return int(found["rows"]), columns
