"""Metrics of rankings by score. Rows with equal scores are one step of the curve, so their order does not matter."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidValue, caller_level
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Aggregation,
    Expr,
    Extend,
    Join,
    JoinSide,
    Node,
    Ordering,
    WindowFrame,
    aggregation,
    call,
    case,
    cast,
    literal,
    over,
)
from objectiv_local.ml.metrics.measured import ClassLabel, Measured, is_label, measured, positive_label, whole_labels
from objectiv_local.types import BOOL, FLOAT64

_ENDS = (("least", "min"), ("greatest", "max"))
_RUNNING = WindowFrame("ROWS", None, 0)


@checked
def roc_auc_score(frame: DataFrame, y: str | Series, p: str | Series, *, sample_weight: str | Series | None = None) -> float:
    """Return the area under the ROC curve: the probability that a row of the greater class has a higher score than another.

    Equal scores count half. ``y`` has two classes; with one, the area is NaN, with a warning. ``p`` is any score that increases
    with the probability. Without weights, the area is computed in integers, so it is exactly the same on every engine. One
    query.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [0, 1, 0, 1], "p": [0.1, 0.3, 0.3, 0.9]}))
    >>> roc_auc_score(df, "y", "p")
    0.875
    """
    rows = _with_ends(measured(frame, y, p, sample_weight, classes="y"))
    steps = _steps(rows, rows.y if rows.y.type == BOOL else call("eq", rows.y, rows.plan.column("greatest")))
    negative = steps.column("negative")
    below = over(aggregation("sum", negative), order=[Ordering(steps.column("score"))], frame=_RUNNING)
    curve = Extend(steps, (("up_to_here", below),), "curve")
    # Twice the area of a step, so that ties, which count half, are integers.
    pairs = call("sub", call("mul", cast(literal(2), negative.type), curve.column("up_to_here")), negative)
    found = _total(rows, curve, call("mul", curve.column("positive"), pairs))
    whole_labels(found["labels"], rows.titles["y"])
    if not found["positive"] or not found["negative"]:
        _warn("Only one class is present in y_true. ROC AUC score is not defined in that case.")
        return math.nan
    return float(found["area"] / (2 * found["positive"] * found["negative"]))


@checked
def average_precision_score(
    frame: DataFrame, y: str | Series, p: str | Series, *, pos_label: ClassLabel = 1, sample_weight: str | Series | None = None
) -> float:
    """Return the mean of the precision at each step of recall, from the highest score down. One query.

    ``y`` has two classes, of which ``pos_label`` is the positive one. Without positive rows, the result is 0, with a warning.
    Rows with equal scores are one step.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [0, 1, 0, 1], "p": [0.1, 0.3, 0.3, 0.9]}))
    >>> round(average_precision_score(df, "y", "p"), 4)
    0.8333
    """
    rows = _with_ends(measured(frame, y, p, sample_weight, classes="y"))
    steps = _steps(rows, is_label(rows.y, pos_label))
    order = [Ordering(steps.column("score"), ascending=False)]
    above = [
        (name, over(aggregation("sum", steps.column(column)), order=order, frame=_RUNNING))
        for name, column in (("hits", "positive"), ("all", "both"))
    ]
    curve = Extend(steps, tuple(above), "curve")
    positive, zero = cast(curve.column("positive"), FLOAT64), literal(0.0)
    share = call("truediv", curve.column("hits"), curve.column("all"))
    found = _total(rows, curve, case([(call("gt", positive, zero), call("mul", positive, share))], zero))
    positive_label(found["labels"], pos_label, rows.titles["y"])
    if not found["positive"]:
        _warn("No positive class found in y_true, recall is set to one for all thresholds.")
        return 0.0
    return float(found["area"] / found["positive"])


def _with_ends(rows: Measured) -> Measured:
    """Return the rows with the minimum and maximum label as additional columns, computed once."""
    truth = rows.y
    ends = Aggregate(rows.plan, (), tuple((name, aggregation(how, truth)) for name, how in _ENDS), "ends")
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in rows.titles]
    columns += [(name, "right", (name, name)) for name, _ in _ENDS]
    return replace(rows, state=rows.state.with_rows(Join(rows.plan, ends, "inner", (), tuple(columns), step="with_ends"), ()))


def _steps(rows: Measured, positive: Expr) -> Node:
    """Return one row for each score: the weight of its positive and negative rows, and columns to determine the labels."""
    least, greatest = (rows.plan.column(name) for name, _ in _ENDS)
    between = call("and", call("ne", rows.y, least), call("ne", rows.y, greatest))

    def weight(where: Expr | None = None) -> Aggregation:
        if rows.weight is None:
            return aggregation("size", where=where)
        # Integer weights are floats here: the products of their sums may not fit in 64 bits.
        return aggregation("sum", cast(rows.weight, FLOAT64), where=where)

    return Aggregate(
        rows.plan,
        (("score", rows.predictions[0]),),
        (
            ("positive", weight(positive)),
            ("negative", weight(call("not", positive))),
            ("both", weight()),
            ("least", aggregation("max", least)),
            ("greatest", aggregation("max", greatest)),
            ("between", aggregation("size", where=between)),
            *rows.checks(),
        ),
        "scores",
    )


def _total(rows: Measured, curve: Node, area: Expr) -> dict[str, Any]:
    """Return the sums over the steps of a curve, and the labels as ``labels``."""
    names = ("positive", "negative", "between", *(name for name, _ in rows.checks()))
    found = rows.fetch(
        Aggregate(
            curve,
            (),
            (
                ("area", aggregation("sum", area)),
                *((name, aggregation("sum", curve.column(name))) for name in names),
                *((name, aggregation("max", curve.column(name))) for name, _ in _ENDS),
            ),
        )
    )[0]
    rows.check(found)
    if found["between"]:
        raise InvalidValue(
            f"{rows.titles['y']} has more than two classes", hint="compare it with one class first: df.assign(y=df.y == 'this')"
        )
    found["labels"] = sorted({found["least"], found["greatest"]})
    return found


def _warn(message: str) -> None:
    from sklearn.exceptions import UndefinedMetricWarning

    warnings.warn(message, UndefinedMetricWarning, stacklevel=caller_level())
