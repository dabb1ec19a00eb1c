"""Metrics of predicted classes. The database counts the pairs of labels; scikit-learn computes the metric from these."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any
from typing import Literal as OneOf

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Aggregate, Limit, Node, Select, cast
from objectiv_local.ml.metrics.measured import ClassLabel, Measured, measured, whole_labels
from objectiv_local.types import FLOAT64, INT64

#: Maximum number of distinct pairs of labels that are fetched; with more, the labels are hardly classes.
MAX_PAIRS = 1_000_000

Average = OneOf["binary", "micro", "macro", "weighted"]


@checked
def confusion_matrix(
    frame: DataFrame,
    y: str | Series,
    p: str | Series,
    *,
    labels: Sequence[ClassLabel] | None = None,
    sample_weight: str | Series | None = None,
    normalize: OneOf["true", "pred", "all"] | None = None,
) -> Any:
    """Return the number of rows for each true class (rows) and predicted class (columns) as a numpy array. One query.

    Classes are in the order of ``labels``, otherwise sorted as by :func:`unique_labels`. With weights, the numbers are sums
    of weights. ``normalize`` divides them by the sums of rows (``true``) or columns (``pred``), or by the total (``all``).
    ``y`` and ``p`` are bools, integers or strings. Missing values and an empty frame raise InvalidValue.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": ["a", "b", "b"], "p": ["a", "a", "b"]}))
    >>> confusion_matrix(df, "y", "p").tolist()
    [[1, 0], [1, 1]]
    """
    from sklearn.metrics import confusion_matrix as metric

    return _of_pairs(metric, frame, y, p, sample_weight, labels=labels, normalize=normalize)


@checked
def unique_labels(frame: DataFrame, y: str | Series, p: str | Series | None = None) -> Any:
    """Return the classes of ``y``, and of ``p`` if given, as a sorted numpy array. One query. Strings sort by code point.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": ["b", "b"], "p": ["a", "b"]}))
    >>> unique_labels(df, "y", "p").tolist()
    ['a', 'b']
    """
    import numpy as np

    truth, predicted, _ = _pairs(frame, y, y if p is None else p, None)
    return np.unique(np.concatenate([truth, predicted]))


@checked
def accuracy_score(
    frame: DataFrame, y: str | Series, p: str | Series, *, normalize: bool = True, sample_weight: str | Series | None = None
) -> float:
    """Return the fraction of rows whose class is predicted correctly, or their number with ``normalize=False``. One query.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [True, False], "p": [True, True]}))
    >>> accuracy_score(df, "y", "p")
    0.5
    """
    from sklearn.metrics import accuracy_score as metric

    return float(_of_pairs(metric, frame, y, p, sample_weight, normalize=normalize))


@checked
def precision_score(
    frame: DataFrame,
    y: str | Series,
    p: str | Series,
    *,
    labels: Sequence[ClassLabel] | None = None,
    pos_label: ClassLabel = 1,
    average: Average | None = "binary",
    sample_weight: str | Series | None = None,
    zero_division: Any = "warn",
) -> Any:
    """Return the precision: the fraction of the rows predicted as a class that belong to it. One query.

    The class is ``pos_label`` for ``average="binary"``. The other averages are over the classes, or ``labels``: ``macro`` with
    equal weights, ``weighted`` by the number of their rows, ``micro`` over all rows; None returns an array with a number per
    class. If a class is never predicted, its precision is ``zero_division``, by default 0 with a warning.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [1, 0, 1], "p": [1, 1, 0]}))
    >>> precision_score(df, "y", "p")
    0.5
    """
    from sklearn.metrics import precision_score as metric

    return _plain(
        _of_pairs(
            metric, frame, y, p, sample_weight, labels=labels, pos_label=pos_label, average=average, zero_division=zero_division
        )
    )


@checked
def recall_score(
    frame: DataFrame,
    y: str | Series,
    p: str | Series,
    *,
    labels: Sequence[ClassLabel] | None = None,
    pos_label: ClassLabel = 1,
    average: Average | None = "binary",
    sample_weight: str | Series | None = None,
    zero_division: Any = "warn",
) -> Any:
    """Return the recall: the fraction of the rows of a class that are predicted as it. One query. See :func:`precision_score`.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [1, 0, 1], "p": [1, 1, 1]}))
    >>> recall_score(df, "y", "p")
    1.0
    """
    from sklearn.metrics import recall_score as metric

    return _plain(
        _of_pairs(
            metric, frame, y, p, sample_weight, labels=labels, pos_label=pos_label, average=average, zero_division=zero_division
        )
    )


@checked
def f1_score(
    frame: DataFrame,
    y: str | Series,
    p: str | Series,
    *,
    labels: Sequence[ClassLabel] | None = None,
    pos_label: ClassLabel = 1,
    average: Average | None = "binary",
    sample_weight: str | Series | None = None,
    zero_division: Any = "warn",
) -> Any:
    """Return the harmonic mean of precision and recall. One query. See :func:`precision_score`.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [1, 0, 1], "p": [1, 1, 0]}))
    >>> f1_score(df, "y", "p")
    0.5
    """
    from sklearn.metrics import f1_score as metric

    return _plain(
        _of_pairs(
            metric, frame, y, p, sample_weight, labels=labels, pos_label=pos_label, average=average, zero_division=zero_division
        )
    )


def _plain(found: Any) -> Any:
    return found if getattr(found, "ndim", 0) else float(found)


def _of_pairs(
    metric: Callable[..., Any],
    frame: DataFrame,
    y: str | Series,
    p: str | Series,
    sample_weight: str | Series | None,
    **options: Any,
) -> Any:
    """Return a metric of scikit-learn, computed from the sums of weights of rows with equal labels."""
    truth, predicted, weights = _pairs(frame, y, p, sample_weight)
    with warnings.catch_warnings():
        # There are only a few rows, so scikit-learn would assume that each is a class of its own.
        warnings.filterwarnings("ignore", message="The number of unique classes is greater than 50%")
        try:
            return metric(truth, predicted, sample_weight=weights, **options)
        except (ValueError, TypeError) as error:
            raise InvalidValue(str(error)) from None


def _pairs(frame: DataFrame, y: str | Series, p: str | Series, sample_weight: str | Series | None) -> tuple[Any, Any, Any]:
    """Return the distinct pairs of true and predicted labels, and the sum of the weights of each, as arrays."""
    import numpy as np

    rows = _comparable(measured(frame, y, p, sample_weight, classes="yp"))
    grouped = Aggregate(rows.plan, (("y", rows.y), ("p", rows.predictions[0])), rows.checks())
    found = rows.fetch(Limit(grouped, (), MAX_PAIRS + 1))
    if len(found) > MAX_PAIRS:
        raise InvalidValue(
            f"{rows.titles['y']} and {rows.titles['p']} have more than {MAX_PAIRS:,} distinct pairs",
            hint="for numbers instead of classes, use r2_score or mean_squared_error",
        )
    rows.check({name: sum(row[name] for row in found) for name, _ in rows.checks()})
    for name in ("y", "p"):
        whole_labels([row[name] for row in found], rows.titles[name])
    dtype = object if rows.y.type.name == "string" else None
    truth, predicted = (np.array([row[name] for row in found], dtype=dtype) for name in ("y", "p"))
    return truth, predicted, np.array([row["weight"] for row in found])


def _comparable(rows: Measured) -> Measured:
    """Return rows whose two labels have the same type. Raises InvalidType for strings compared with numbers."""
    types = [rows.y.type, rows.predictions[0].type]
    if types[0] == types[1]:
        return rows
    if "string" in (type_.name for type_ in types):
        raise InvalidType(
            f"{rows.titles['y']} is {types[0]}, and {rows.titles['p']} is {types[1]}",
            hint="the labels of both have to be strings, or numbers or bools",
        )
    common = FLOAT64 if FLOAT64 in types else INT64
    plan: Node = rows.plan
    named = tuple((name, cast(plan.column(name), common) if name in ("y", "p") else plan.column(name)) for name in rows.titles)
    return Measured(rows.state.with_rows(Select(plan, named, "measured"), ()), rows.titles)
