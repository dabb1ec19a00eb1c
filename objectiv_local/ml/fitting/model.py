"""The base classes of models: the target of a frame, and predictions as columns."""

from __future__ import annotations

from typing import Any, Self
from typing import Literal as OneOf

from objectiv_local.errors import InvalidValue, NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import call, state_of, unused_name
from objectiv_local.ml.estimator import OverFrames, is_frame
from objectiv_local.ml.expressions import column_of, with_columns
from objectiv_local.ml.metrics import accuracy_score, r2_score
from objectiv_local.ml.targets import required_target, with_target


class Model(OverFrames):
    """An estimator whose predictions over a frame are columns of it."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Return the estimator, fitted to rows in memory or to a frame; see the class."""
        return self._fit_to(X, y, sample_weight=sample_weight)

    def _with_target(self, X: DataFrame, y: object) -> tuple[DataFrame, list[str], str]:
        """Return the frame with the target, the names of the features, which are stored, and the name of the target."""
        frame, names, target = required_target(X, y, type(self).__name__)
        return frame, self._names(X[names], fitting=True), target

    def _unsupported(self, parameter: str, supported: object) -> NotSupported:
        """Return the error for a parameter value that is only supported for rows in memory."""
        value = getattr(self, parameter)
        return NotSupported(
            f"{type(self).__name__}({parameter}={value!r}) cannot be fitted to a frame",
            hint=f"use {parameter}={supported!r}, or fetch rows with ml.xy and fit scikit-learn's model",
        )

    def _columns(self, X: DataFrame, method: OneOf["predict", "predict_proba", "decision_function"]) -> DataFrame:
        """Return the predictions of a method as a lazy frame with only these columns."""
        # Imports scikit-learn's trees and ensembles, which fitting does not need and which are slow to load.
        from objectiv_local.ml.scoring import score

        self._names(X)
        # A feature may have the name of a prediction, so predictions first get other names.
        base = {"predict": "prediction", "predict_proba": "probability", "decision_function": "score"}[method]
        output = base
        while any(name.startswith(output) for name in state_of(X).plan.types):
            output += "_"
        found: DataFrame = score(self, X, method=method, output=output)
        made = [name for name in found.data_columns if name not in X.data_columns]
        if method == "predict":
            predicted: DataFrame = found[made]
            return predicted
        answers = {base + name.removeprefix(output): state_of(found).column(name) for name in made}
        taken = [name for name in answers if name in X.index_columns]
        if taken:
            raise InvalidValue(
                f"the index has a level {taken[0]!r}, which is the name of a prediction",
                hint="set an index with another name: df.rename(columns={...}).set_index(...)",
            )
        return with_columns(found, answers, only=True)

    def predict(self, X: Any) -> Any:
        """Return predictions: scikit-learn's for rows in memory; for a frame, the lazy series ``prediction``."""
        if not is_frame(X):
            return super().predict(X)  # type: ignore[misc]
        found = self._columns(X, "predict")
        return column_of(found, state_of(found).column(found.data_columns[0]), "prediction")


class Classifier(Model):
    """A classifier whose probabilities over a frame are columns of it."""

    def predict_proba(self, X: Any) -> Any:
        """Return probabilities: for a frame, the lazy columns ``probability_<class>`` in the order of ``classes_``."""
        return self._columns(X, "predict_proba") if is_frame(X) else super().predict_proba(X)  # type: ignore[misc]

    def decision_function(self, X: Any) -> Any:
        """Return scores: for a frame, the lazy series ``score``, or the columns ``score_<class>`` of several classes."""
        if not is_frame(X):
            return super().decision_function(X)  # type: ignore[misc]
        found = self._columns(X, "decision_function")
        return found["score"] if found.data_columns == ["score"] else found

    def predict_log_proba(self, X: Any) -> Any:
        """Return log probabilities: for a frame, lazy columns named as by ``predict_proba``."""
        if not is_frame(X):
            return super().predict_log_proba(X)  # type: ignore[misc]
        found = self.predict_proba(X)
        logs = {name: call("log", state_of(found).column(name)) for name in found.data_columns}
        return with_columns(found, logs, only=True)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy; for a frame, ``y`` is a column of it or a series over its rows. Runs a query."""
        if not is_frame(X):
            return float(super().score(X, y, sample_weight))  # type: ignore[misc]
        return _measured(self, accuracy_score, X, y, sample_weight)


class Regressor(Model):
    """A regressor whose predictions over a frame are a column of it."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R squared; for a frame, ``y`` is a column of it or a series over its rows. Runs queries."""
        if not is_frame(X):
            return float(super().score(X, y, sample_weight))  # type: ignore[misc]
        return _measured(self, r2_score, X, y, sample_weight)


def _measured(model: Model, metric: Any, X: DataFrame, y: object, sample_weight: object) -> float:
    """Return a metric of the predictions over a frame."""
    model._refuse("sample_weight", sample_weight, "use the metric of ml.metrics with the predictions")
    frame, target = with_target(X, y)  # type: ignore[arg-type]
    features = X[[name for name in X.data_columns if name != target]]
    name = unused_name("prediction", state_of(frame).plan.types)
    predicted = frame.assign(**{name: model.predict(features)})
    return float(metric(predicted, target, name))
