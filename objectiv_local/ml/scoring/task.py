"""A scoring task: the method of the model, the columns that it reads, and the names of its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame
from objectiv_local.types import python_value

METHODS = ("predict", "predict_proba", "decision_function")


@dataclass(frozen=True)
class Task:
    """A fitted model, the frame to score, and the data columns that are the features, in the order of the fit.

    ``named`` is whether the model knows its features by name.
    """

    model: Any
    frame: DataFrame
    method: str
    features: list[str]
    named: bool
    output: str | None

    @staticmethod
    def of(model: Any, frame: DataFrame, method: str, features: Sequence[str] | None, output: str | None) -> Task:
        """Return the checked task."""
        _check_model(model)
        if method not in ("auto", *METHODS):
            raise InvalidValue(f"method is {method!r}, which is unknown", hint=f"use 'auto', {', '.join(map(repr, METHODS))}")
        method = "predict" if method == "auto" else method
        if not hasattr(model, method):
            offered = [each for each in METHODS if hasattr(model, each)]
            hint = f"it has {' and '.join(offered)}" if offered else "score needs a model, not a transformer"
            raise InvalidValue(f"this {type(model).__name__} has no {method}", hint=hint)
        if output is not None and (not isinstance(output, str) or not output):
            raise InvalidType(f"output has to be a name, not {output!r}")
        names, named = _features(model, frame, features)
        return Task(model, frame, method, names, named, output)

    @property
    def classes(self) -> list[object] | None:
        """The classes of the model as Python values; None without classes, or for several classification targets."""
        found = getattr(self.model, "classes_", None)
        if found is None or isinstance(found, list) or getattr(found, "ndim", 1) != 1:
            return None
        return [python_value(each) for each in found]

    def names(self, width: int | None) -> list[str]:
        """Return the names of ``width`` columns of predictions; None means one prediction per row instead of a list of one."""
        if self.method == "predict":
            base, labels = "prediction", list(map(str, range(width or 1)))
        else:
            base = "probability" if self.method == "predict_proba" else "score"
            classes = self.classes
            labels = list(map(str, classes if classes is not None and len(classes) == width else range(width or 1)))
        if width is None or (width == 1 and (self.output is not None or self.method == "predict")):
            return self.checked([self.output or base])
        return self.checked([f"{self.output or base}_{label}" for label in labels])

    def checked(self, names: list[str]) -> list[str]:
        """Return names of predictions. Raises InvalidValue for names of existing columns."""
        if len(set(names)) != len(names):
            raise InvalidValue("two classes of the model have the same name", hint="fit it to classes of one type")
        clash = [name for name in names if name in (*self.frame.index_columns, *self.frame.data_columns)]
        if clash:
            several = "a prefix for the names" if len(names) > 1 else "another name"
            raise InvalidValue(f"the frame already has a column {clash[0]!r}", hint=f"pass output=, {several}")
        return names


def _check_model(model: Any) -> None:
    if isinstance(model, type) or not any(hasattr(model, each) for each in ("fit", *METHODS)):
        raise InvalidType(
            f"the model has to be a fitted estimator, not {model if isinstance(model, type) else type(model).__name__}"
        )
    if isinstance(model, BaseEstimator):
        check_is_fitted(model)


def _features(model: Any, frame: DataFrame, given: Sequence[str] | None) -> tuple[list[str], bool]:
    """Return the features and whether the model knows their names."""
    known = getattr(model, "feature_names_in_", None)
    count = getattr(model, "n_features_in_", None)
    name = type(model).__name__
    if isinstance(given, str):
        raise InvalidType("features has to be a list of columns, not a single name", hint=f"write features=[{given!r}]")
    if known is not None:
        names = [str(each) for each in known]
        if given is not None and list(given) != names:
            raise InvalidValue(
                f"this {name} was fitted to the columns {names}, not to {list(given)}",
                hint="omit features; rename columns of the frame that have other names",
            )
    elif given is None:
        raise InvalidValue(
            f"this {name} was fitted without column names", hint="pass features=[...], the columns in the order of the fit"
        )
    else:
        names = list(given)
        if count is not None and len(names) != count:
            raise InvalidValue(f"this {name} was fitted to {count} features, but features has {len(names)} names")
        if len(set(names)) != len(names):
            raise InvalidValue("a feature is given twice")
    missing = [each for each in names if each not in frame.data_columns]
    if missing:
        level = next((each for each in missing if each in frame.index_columns), None)
        listed = ", ".join(repr(each) for each in missing)
        raise ColumnNotFound(
            f"the frame has no data column {listed}, which this {name} needs",
            hint=f"{level!r} is an index level: use reset_index"
            if level is not None
            else near(str(missing[0]), frame.data_columns),
        )
    return names, known is not None
