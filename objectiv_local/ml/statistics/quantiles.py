"""Quantiles of columns exactly as computed by numpy: between values that the database finds by position.

Engines differ in the rounding of interpolated values. The value at a position is the same on every engine, and the
interpolation is computed here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal as OneOf

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import aggregation, literal
from objectiv_local.ml.expressions import number
from objectiv_local.ml.fetching import one_row

#: How a quantile is computed from two values: names are numpy's, and ``median`` is its function of that name.
Method = OneOf["linear", "averaged_inverted_cdf", "median"]


def quantiles(
    frame: DataFrame, counts: Mapping[str, int], wanted: Mapping[str, Sequence[tuple[Method, float]]]
) -> dict[tuple[str, Method, float], float]:
    """Return quantiles by column, method and fraction. ``counts`` are the numbers of values of the columns. One query.

    NULL and NaN are skipped. A column without values has the quantile NaN.
    """
    places = {
        (name, method, share): _places(method, share, counts[name])
        for name, each in wanted.items()
        for method, share in each
        if counts[name]
    }
    # Minus half a position, so that rounding cannot select another value.
    at = {
        (name, place): aggregation("quantile_disc", number(frame, name), literal((place - 0.5) / counts[name]))
        for (name, _, _), found in places.items()
        for place in found
    }
    row = one_row(frame, {f"quantile_{position}": expr for position, expr in enumerate(at.values())})
    values = dict(zip(at, row.values(), strict=True))
    out: dict[tuple[str, Method, float], float] = {}
    for name, each in wanted.items():
        for method, share in each:
            found = [values[name, place] for place in places.get((name, method, share), ())]
            out[name, method, share] = _between(method, share, counts[name], found)
    return out


def _places(method: Method, share: float, count: int) -> list[int]:
    """Return the positions, from 1, of the one or two values from which a quantile is computed."""
    if method == "averaged_inverted_cdf":
        place = count * share
        found = [place, place + 1] if place == math.floor(place) else [math.floor(place) + 1]
    else:
        below = math.floor((count - 1) * share)
        found = [below + 1] if (count - 1) * share == below else [below + 1, below + 2]
    return list(dict.fromkeys(min(max(int(each), 1), count) for each in found))


def _between(method: Method, share: float, count: int, values: list[float]) -> float:
    if not values:
        return math.nan
    if len(values) == 1:
        return float(values[0])
    low, high = values
    if method == "median":
        return (low + high) / 2
    rest = 0.5 if method == "averaged_inverted_cdf" else (count - 1) * share - math.floor((count - 1) * share)
    # From the nearer end, as in numpy.
    return high - (high - low) * (1 - rest) if rest >= 0.5 else low + (high - low) * rest
