"""Calibration: how often predictions with a given probability are right."""

from __future__ import annotations

import math
from typing import Any
from typing import Literal as OneOf

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Ordering,
    Select,
    aggregation,
    call,
    case,
    cast,
    frame_of,
    literal,
    over,
)
from objectiv_local.ml.expressions import real
from objectiv_local.ml.metrics.measured import ClassLabel, Measured, is_label, measured, positive_label
from objectiv_local.types import FLOAT64

#: Maximum number of bins: each is a branch of an expression.
MAX_BINS = 1_000


@checked
def calibration_table(
    frame: DataFrame,
    y: str | Series,
    p: str | Series,
    *,
    sample_weight: str | Series | None = None,
    pos_label: ClassLabel | None = None,
    n_bins: int = 5,
    strategy: OneOf["uniform", "quantile"] = "uniform",
) -> DataFrame:
    """Return a frame of bins of the probability ``p``: the number of rows, their mean ``p``, and the fraction of positives.

    Its index is ``bin``, from 0; its columns are ``count``, ``mean_predicted`` and ``fraction_of_positives``, as returned by
    scikit-learn's ``calibration_curve``. Bins have equal width between 0 and 1 (``uniform``), or equal numbers of rows
    (``quantile``); a probability on an edge belongs to the bin below it. Bins without rows are omitted.

    ``y`` has two classes, of which ``pos_label`` is the positive one, 1 by default. With weights, the mean and the fraction are
    weighted (NaN if all weights are 0), whereas ``count`` and the bins are not.

    The frame is lazy; one query checks the data when it is created, and with ``quantile`` another finds the edges. Raises
    InvalidValue for values that are not probabilities, for more than two classes, and for string classes without ``pos_label``.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> scores = pandas.DataFrame({"y": [0, 0, 1, 1], "p": [0.25, 0.5, 0.75, 1.0]})
    >>> calibration_table(DataFrame.from_pandas(duckdb.connect(), scores), "y", "p", n_bins=2).to_pandas().reset_index()
       bin  count  mean_predicted  fraction_of_positives
    0    0      2           0.375                    0.0
    1    1      2           0.875                    1.0
    """
    if isinstance(n_bins, bool) or not isinstance(n_bins, int):
        raise InvalidType(f"n_bins has to be a whole number, not {n_bins!r}")
    if not 1 <= n_bins <= MAX_BINS:
        raise InvalidValue(f"n_bins has to be from 1 to {MAX_BINS}, not {n_bins}")
    if strategy not in ("uniform", "quantile"):
        raise InvalidValue(f"strategy has to be 'uniform' or 'quantile', not {strategy!r}")
    rows = measured(frame, y, p, sample_weight, classes="y")
    with rows.state.connected().snapshot():
        count, positive = _checked(rows, pos_label)
        edges = _uniform(n_bins) if strategy == "uniform" else _quantiles(rows, count, n_bins)
    probability = rows.predictions[0]
    # In ascending order, so that the first edge that is not below the probability is the upper edge of its bin.
    whens = [(call("le", probability, real(edge)), literal(number)) for number, edge in enumerate(edges)]
    bins: Expr = case(whens, literal(n_bins - 1)) if whens else literal(0)
    happened = case([(is_label(rows.y, positive), real(1))], real(0))
    wide = Extend(rows.plan, (("bin", bins), ("happened", happened)), "binned")
    sums = Aggregate(
        wide,
        (("bin", wide.column("bin")),),
        (
            ("count", aggregation("size")),
            ("weight", rows.total()),
            ("predicted", rows.sum(probability)),
            ("positives", rows.sum(wide.column("happened"))),
        ),
        "sums",
    )
    weight = cast(sums.column("weight"), FLOAT64)
    table = Extend(
        sums,
        (
            ("mean_predicted", call("truediv", sums.column("predicted"), weight)),
            ("fraction_of_positives", call("truediv", sums.column("positives"), weight)),
        ),
        "bins",
    )
    state = rows.state.with_rows(table, ("bin",), (Ordering(table.column("bin")),))
    return frame_of(state, ["count", "mean_predicted", "fraction_of_positives"])


def _checked(rows: Measured, pos_label: Any) -> tuple[int, Any]:
    """Return the number of rows and the positive label. Raises InvalidValue for invalid probabilities or classes."""
    probability = rows.predictions[0]
    outside = call("or", call("lt", probability, real(0)), call("gt", probability, real(1)))
    by_label = Aggregate(rows.plan, (("y", rows.y),), (*rows.checks(), ("outside", aggregation("size", where=outside))))
    names = ("outside", *(name for name, _ in rows.checks()))
    # There is no need to fetch more labels than a message shows; the sums include all.
    labels = Aggregate(
        by_label,
        (),
        (
            ("classes", aggregation("count", by_label.column("y"))),
            ("least", aggregation("min", by_label.column("y"))),
            ("greatest", aggregation("max", by_label.column("y"))),
            *((name, aggregation("sum", by_label.column(name))) for name in names),
        ),
    )
    found = rows.fetch(labels)[0]
    rows.check(found)
    if found["outside"]:
        raise InvalidValue(f"p is below 0 or above 1 in {found['outside']} rows", hint="pass probabilities, not scores")
    if found["classes"] > 2:
        raise InvalidValue(
            f"{rows.titles['y']} has {found['classes']} classes, but two are needed",
            hint="compare it with one class first: df.assign(y=df.y == 'this')",
        )
    occurring = sorted({found["least"], found["greatest"]})
    return found["rows"], positive_label(occurring, pos_label, rows.titles["y"])


def _uniform(n_bins: int) -> list[float]:
    """Return the inner edges of bins of equal width, exactly as numpy computes them."""
    import numpy as np

    edges: list[float] = np.linspace(0.0, 1.0, n_bins + 1)[1:-1].tolist()
    return edges


def _quantiles(rows: Measured, count: int, n_bins: int) -> list[float]:
    """Return the inner edges of bins with equal numbers of rows, exactly as ``numpy.percentile`` computes them."""
    import numpy as np

    # Converted to percent and back, as in scikit-learn, for the same rounding.
    shares = (np.linspace(0, 1, n_bins + 1) * 100 / 100)[1:-1].tolist()
    places = [(count - 1) * share for share in shares]
    wanted = sorted({end for place in places for end in (math.floor(place), min(math.floor(place) + 1, count - 1))})
    if not wanted:
        return []
    number = over(aggregation("row_number"), order=[Ordering(rows.predictions[0])])
    ranked = Extend(rows.plan, (("place", number),), "ranked")
    test = case([(call("eq", ranked.column("place"), literal(place + 1)), literal(True)) for place in wanted], literal(False))
    kept = Filter(ranked, test)
    found = rows.fetch(Select(kept, tuple((name, kept.column(name)) for name in ("place", "p"))))
    values = {row["place"] - 1: row["p"] for row in found}
    return [
        _between(values[math.floor(place)], values[min(math.floor(place) + 1, count - 1)], place - math.floor(place))
        for place in places
    ]


def _between(low: float, high: float, share: float) -> float:
    """Return a linear interpolation between two numbers, computed from the nearer one, as in numpy."""
    return high - (high - low) * (1 - share) if share >= 0.5 else low + (high - low) * share
