"""Fitting estimators batch by batch to frames."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from sklearn.base import is_classifier, is_regressor

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.ml.extract import BATCH_ROWS, batches
from objectiv_local.ml.fetching import one_snapshot
from objectiv_local.ml.fitting.classes import classes_of
from objectiv_local.ml.targets import with_target

Estimator = TypeVar("Estimator")

#: scikit-learn's estimators with ``partial_fit``.
LEARNERS = (
    "SGDClassifier",
    "SGDRegressor",
    "SGDOneClassSVM",
    "Perceptron",
    "MLPClassifier",
    "MLPRegressor",
    "GaussianNB",
    "MultinomialNB",
    "ComplementNB",
    "BernoulliNB",
    "CategoricalNB",
    "MiniBatchKMeans",
    "Birch",
    "IncrementalPCA",
    "MiniBatchNMF",
    "MiniBatchDictionaryLearning",
    "LatentDirichletAllocation",
    "BernoulliRBM",
    "StandardScaler",
    "MinMaxScaler",
    "MaxAbsScaler",
)


@checked
def fit_batches(
    estimator: Estimator,
    frame: DataFrame,
    target: str | Series | None = None,
    *,
    features: Sequence[str] | None = None,
    epochs: int = 1,
    classes: Sequence[object] | None = None,
    batch_rows: int = BATCH_ROWS,
    on_batch: Callable[[int, int], object] | None = None,
) -> Estimator:
    """Return the estimator after ``partial_fit`` with each batch of rows of a frame, in bounded memory.

    ``target``, ``features``, ``batch_rows`` and ``on_batch`` are those of ``ml.batches``; all ``epochs`` read the same rows.
    Rows are in the order of the frame, or in storage order; sort the frame for reproducible results. The ``classes`` of a
    classifier that has not been fitted are found by a query unless given. Feature names are those of the columns. An
    estimator that is already fitted is trained further.

    Raises InvalidType for an estimator without ``partial_fit``, and InvalidValue for no rows and for a missing target. The
    estimator's own errors, such as for missing features, are not changed; it has then learned from the batches before.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> from sklearn.naive_bayes import GaussianNB
    >>> visits = pandas.DataFrame({"pages": [1, 2, 9, 10], "bought": [False, False, True, True]})
    >>> model = fit_batches(GaussianNB(), DataFrame.from_pandas(duckdb.connect(), visits), "bought", batch_rows=2)
    >>> model.theta_.tolist(), model.feature_names_in_.tolist()
    ([[1.5], [9.5]], ['pages'])
    """
    learner = _learner(estimator)
    if not isinstance(frame, DataFrame):
        raise InvalidType(
            f"rows are fetched from a frame, not from {type(frame).__name__}",
            hint="for rows in memory, call partial_fit itself",
        )
    who = type(estimator).__name__
    if target is None and (is_classifier(estimator) or is_regressor(estimator)):
        raise InvalidValue(f"{who} requires y to be passed, but the target y is None", hint="pass the name of a column")
    if classes is not None and not (is_classifier(estimator) and _takes_classes(learner)):
        raise InvalidValue(f"{who} does not use classes", hint="omit classes")
    frame, name = with_target(frame, target)
    if features is None:
        features = [each for each in frame.data_columns if each != name]
    done = 0
    with one_snapshot(frame):
        options: dict[str, Any] = {}
        if name is not None and is_classifier(estimator) and _takes_classes(learner):
            if classes is not None:
                options["classes"] = np.unique(np.asarray(list(classes)))
            elif not hasattr(estimator, "classes_"):
                options["classes"] = classes_of(frame, name, who)[0]
        for X, y in batches(
            frame,
            name,
            features=features,
            index=[],
            container="pandas",
            epochs=epochs,
            batch_rows=batch_rows,
            on_batch=on_batch,
        ):
            if name is None:
                learner(X)
            else:
                learner(X, y, **options)
            done += len(X)
    if not done:
        raise InvalidValue(
            f"Found array with 0 sample(s) (shape=(0, {len(features)})) while a minimum of 1 is required by {who}."
        )
    return estimator


def _learner(estimator: object) -> Callable[..., object]:
    learner: Callable[..., object] | None = getattr(estimator, "partial_fit", None)
    if isinstance(estimator, type):
        raise InvalidType(
            f"the estimator has to be an instance, not the class {estimator.__name__}", hint=f"write {estimator.__name__}()"
        )
    if learner is None:
        raise InvalidType(
            f"{type(estimator).__name__} has no partial_fit, so it cannot learn batch by batch",
            hint=f"scikit-learn's estimators with partial_fit are {', '.join(LEARNERS)}; for others, fetch rows with ml.xy",
        )
    return learner


def _takes_classes(learner: Callable[..., object]) -> bool:
    return "classes" in inspect.signature(learner).parameters
