"""Losses of predicted probabilities."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from typing import Literal as OneOf

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidValue, caller_level
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Aggregate, Expr, Limit, aggregation, call, case, joined
from objectiv_local.ml.expressions import real, squared, total
from objectiv_local.ml.metrics.measured import ClassLabel, Measured, measured, positive_label, whole_labels

Probabilities = str | Series | Sequence[str | Series]

#: Maximum number of classes that are fetched.
MAX_LOSS_CLASSES = 10_000

_EPS = 2.0**-52
_ONE = real(1)


@checked
def log_loss(
    frame: DataFrame,
    y: str | Series,
    p: Probabilities,
    *,
    normalize: bool = True,
    sample_weight: str | Series | None = None,
    labels: Sequence[ClassLabel] | None = None,
) -> float:
    """Return the mean negative log probability of the true class, or the sum without ``normalize``.

    ``p`` is the probability of the greater of two classes, or a list of the probabilities of all classes, sorted. ``labels``
    are the classes if not all occur in ``y``. Probabilities are clipped to the range from 2**-52 to 1 - 2**-52. One query.

    Raises InvalidValue for values that are not probabilities, for a single class without ``labels``, and if the numbers of
    classes and probabilities differ; warns if probabilities do not sum to one.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [True, False], "p": [0.5, 0.5]}))
    >>> round(log_loss(df, "y", "p"), 4)
    0.6931
    """
    rows, parts = _classes(frame, y, p, sample_weight)
    found = _by_class(rows, parts, {"loss": _minus_log})
    classes = _ordered_classes(rows, found, labels, len(parts))
    loss = math.fsum(row[f"loss_{classes.index(row['y'])}"] for row in found.rows)
    return float(loss / found.weight if normalize else loss)


@checked
def brier_score_loss(
    frame: DataFrame,
    y: str | Series,
    p: Probabilities,
    *,
    sample_weight: str | Series | None = None,
    pos_label: ClassLabel | None = None,
    labels: Sequence[ClassLabel] | None = None,
    scale_by_half: bool | OneOf["auto"] = "auto",
) -> float:
    """Return the mean squared difference between the probabilities and the truth, which is 1 for the true class, else 0.

    ``p`` is the probability of ``pos_label`` (by default 1, or the greater of two numbers), or a list of the probabilities of
    all classes, sorted; ``labels`` are the classes if not all occur in ``y``. The squares are summed over classes, and halved
    with ``scale_by_half``: by default if there are one or two. One query.

    Raises InvalidValue as :func:`log_loss` does, and for string classes without ``pos_label``.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [True, False], "p": [0.5, 0.5]}))
    >>> brier_score_loss(df, "y", "p")
    0.25
    """
    if scale_by_half not in (True, False, "auto"):
        raise InvalidValue(f"scale_by_half has to be True, False or 'auto', not {scale_by_half!r}")
    rows, parts = _classes(frame, y, p, sample_weight)
    found = _by_class(rows, parts, {"far": _square, "near": lambda part: _square(call("sub", _ONE, part))})
    places: dict[Any, int]
    if len(rows.predictions) == 1:
        occurring = [row["y"] for row in found.rows]
        positive = positive_label(occurring, pos_label, rows.titles["y"], else_greater=True)
        places = {label: int(label == positive) for label in occurring}
    else:
        classes = _ordered_classes(rows, found, labels, len(parts))
        places = {row["y"]: classes.index(row["y"]) for row in found.rows}
    terms = []
    for row in found.rows:
        place = places[row["y"]]
        terms += [row[f"near_{each}" if each == place else f"far_{each}"] for each in range(len(parts))]
    score = math.fsum(terms) / found.weight
    halved = len(parts) < 3 if scale_by_half == "auto" else scale_by_half
    return float(score * 0.5 if halved else score)


# ---- sums by class


@dataclass(frozen=True)
class _ByClass:
    """One row for each class that occurs, and the sum of all weights."""

    rows: list[dict[str, Any]]
    weight: float


def _classes(
    frame: DataFrame, y: str | Series, p: Probabilities, sample_weight: str | Series | None
) -> tuple[Measured, list[Expr]]:
    """Return the rows, and the probabilities of the classes in order."""
    if not isinstance(p, str | Series) and isinstance(p, Sequence) and not p:
        raise InvalidValue("p has no columns", hint="pass the probability of each class")
    rows = measured(frame, y, p, sample_weight, classes="y")
    # Invalid probabilities are reported after the query, which must not fail on them: their square may overflow.
    parts = [case([(call("and", call("ge", each, real(0)), call("le", each, _ONE)), each)]) for each in rows.predictions]
    return rows, parts if len(parts) > 1 else [call("sub", _ONE, parts[0]), parts[0]]


def _by_class(rows: Measured, parts: list[Expr], sums: dict[str, Callable[[Expr], Expr]]) -> _ByClass:
    """Return sums of the probabilities by class. Raises InvalidValue for invalid probabilities."""
    outside = [call("or", call("lt", each, real(0)), call("gt", each, _ONE)) for each in rows.predictions]
    off = call("gt", call("abs", call("sub", total(parts), _ONE)), real(math.sqrt(_EPS)))
    grouped = Aggregate(
        rows.plan,
        (("y", rows.y),),
        (
            *rows.checks(),
            ("outside", aggregation("size", where=joined("or", outside))),
            ("off", aggregation("size", where=off)),
            *((f"{name}_{place}", rows.sum(of(part))) for name, of in sums.items() for place, part in enumerate(parts)),
        ),
    )
    found = rows.fetch(Limit(grouped, (), MAX_LOSS_CLASSES + 1))
    if len(found) > MAX_LOSS_CLASSES:
        raise InvalidValue(
            f"{rows.titles['y']} has more than {MAX_LOSS_CLASSES:,} classes", hint="for numbers, use a metric of regression"
        )
    totals = {name: sum(row[name] for row in found) for name in ("outside", "off", *(name for name, _ in rows.checks()))}
    rows.check(totals)
    if totals["outside"]:
        raise InvalidValue(f"p is below 0 or above 1 in {totals['outside']} rows", hint="pass probabilities, not scores")
    if totals["off"]:
        warnings.warn(
            "The y_prob values do not sum to one. Make sure to pass probabilities.", UserWarning, stacklevel=caller_level()
        )
    whole_labels([row["y"] for row in found], rows.titles["y"])
    return _ByClass(sorted(found, key=lambda row: row["y"]), math.fsum(row["weight"] for row in found))


def _ordered_classes(rows: Measured, found: _ByClass, labels: Sequence[Any] | None, count: int) -> list[Any]:
    """Return the sorted classes. Raises InvalidValue if their number differs from that of the probabilities."""
    import numpy as np

    occurring = [row["y"] for row in found.rows]
    if labels is None:
        classes = occurring
        if len(classes) == 1:
            raise InvalidValue(f"{rows.titles['y']} has only one class, {classes[0]!r}", hint="pass all classes as labels")
    else:
        given = list(np.asarray(labels).tolist())
        classes = sorted(set(given))
        if classes != given:
            warnings.warn(
                f"Labels passed were {labels}. But this function assumes labels are ordered lexicographically. "
                f"Pass the ordered labels={classes} and ensure that the columns of p correspond to this ordering.",
                UserWarning,
                stacklevel=caller_level(),
            )
        strange = [label for label in occurring if label not in classes]
        if strange:
            raise InvalidValue(f"{rows.titles['y']} has the classes {strange[:5]}, which are not among the labels {classes}")
        if len(classes) < 2:
            raise InvalidValue(f"labels has {len(classes)} classes, but at least two are needed")
    if len(classes) != count:
        raise InvalidValue(
            f"there are {len(classes)} classes, {classes[:10]}, but {count} probabilities",
            hint="pass a probability for each class, in order; pass labels if not all occur in y",
        )
    return classes


def _minus_log(part: Expr) -> Expr:
    clipped = case([(call("lt", part, real(_EPS)), real(_EPS)), (call("gt", part, real(1 - _EPS)), real(1 - _EPS))], part)
    return call("neg", call("log", clipped))


def _square(part: Expr) -> Expr:
    return squared(part)
