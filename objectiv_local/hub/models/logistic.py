"""Logistic regression of a conversion or another binary target: fitted by scikit-learn, predicted in the database."""

from __future__ import annotations

from typing import Any

from objectiv_local.arguments import checked
from objectiv_local.errors import AttributeNotFound, InvalidType, InvalidValue, NotSupported
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Expr, call, case, cast, literal, series_of, state_of, unused_name
from objectiv_local.types import FLOAT64

_TARGET = "target"


@checked
class BinaryLogisticRegression:
    """scikit-learn's LogisticRegression for a binary target, over frames: fit fetches the data, predict adds columns.

    Parameters and fitted attributes (``coef_``, ``intercept_``, ``classes_`` ...) are those of scikit-learn. In the original
    Objectiv, the class is named LogisticRegression. Here, that name belongs to the estimator in ``objectiv_local.ml``, which
    supports any number of classes, streams rows, and predicts one column of probabilities per class.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            from sklearn.linear_model import LogisticRegression as Model
        except ImportError:
            raise NotSupported("scikit-learn is not installed", hint="pip install 'objectiv-local[ml]'") from None
        self._model = Model(*args, **kwargs)

    def __repr__(self) -> str:
        return f"Binary{self._model!r}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not (name.endswith("_") or name in self.get_params()):
            raise AttributeNotFound(f"BinaryLogisticRegression has no attribute {name!r}")
        if not hasattr(self._model, name):
            raise AttributeNotFound(f"{name} is not available before fitting", hint="call fit(X, y) first")
        return getattr(self._model, name)

    def fit(self, X: DataFrame, y: Series) -> BinaryLogisticRegression:  # noqa: N803 - scikit-learn's name
        """Fit the model to the numeric or bool columns of ``X`` and the bool series ``y`` of the same rows. Fetches both.

        Raises InvalidValue for missing values, for no rows, and if ``y`` has only one distinct value.
        """
        _checked(X)
        _checked_target(y)
        target = unused_name(_TARGET, X.data_columns)
        table = X.assign(**{target: y}).to_pandas()
        missing = ["y" if name == target else name for name in table.columns if table[name].isna().any()]
        if missing:
            raise InvalidValue(
                f"X or y has missing values in {', '.join(missing)}", hint="fill them with fillna, or drop the rows with dropna"
            )
        if table[target].nunique() < 2:
            raise InvalidValue(f"y has {'only one distinct value' if len(table) else 'no rows'}, so there is nothing to fit")
        try:
            self._model.fit(table[X.data_columns].astype("float64"), table[target].astype("bool"))
        except (TypeError, ValueError) as error:
            raise InvalidValue(f"scikit-learn cannot fit this model: {error}") from error
        return self

    def decision_function(self, X: DataFrame) -> Series:  # noqa: N803
        """Return the linear score of each row: the intercept plus the sum of columns times coefficients; 0 is the boundary."""
        return series_of(state_of(X), self._score(X), "decision_function")

    def predict_proba(self, X: DataFrame) -> Series:  # noqa: N803
        """Return the probability that each row is true, as a series ``probability``; missing if a column is missing."""
        score = self._score(X)
        # In each branch the exponential is at most 1, so large scores cannot overflow.
        below = call("exp", score)
        above = call("exp", call("neg", score))
        probability = case(
            [(call("ge", score, literal(0.0)), call("truediv", literal(1.0), call("add", literal(1.0), above)))],
            call("truediv", below, call("add", literal(1.0), below)),
        )
        return series_of(state_of(X), probability, "probability")

    def predict(self, X: DataFrame) -> Series:  # noqa: N803
        """Return whether the probability of each row exceeds 0.5, as a bool series ``labels``."""
        return series_of(state_of(X), call("gt", self._score(X), literal(0.0)), "labels")

    def score(self, X: DataFrame, y: Series) -> float:  # noqa: N803
        """Return the accuracy: the share of rows whose label is predicted correctly. Runs one query."""
        _checked_target(y)
        names = [unused_name(name, X.data_columns) for name in ("predicted", "actual")]
        both = X.assign(**{names[0]: self.predict(X), names[1]: y})
        right = (both[names[0]] == both[names[1]]).astype("int64")
        found = right.mean().value
        if found is None:
            raise InvalidValue("there are no rows to score")
        return float(found)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return scikit-learn's parameters of the model."""
        params: dict[str, Any] = self._model.get_params(deep=deep)
        return params

    def set_params(self, **params: Any) -> BinaryLogisticRegression:
        """Set scikit-learn's parameters of the model. Raises InvalidValue for an unknown parameter."""
        try:
            self._model.set_params(**params)
        except ValueError as error:
            raise InvalidValue(str(error)) from None
        return self

    def _score(self, frame: DataFrame) -> Expr:
        _checked(frame)
        names = [str(name) for name in self.feature_names_in_]
        missing = [name for name in names if name not in frame.data_columns]
        if missing or len(frame.data_columns) != len(names):
            more = [name for name in frame.data_columns if name not in names]
            raise InvalidValue(
                f"the model was fitted to the columns {names}; missing: {missing or 'none'}, unexpected: {more or 'none'}",
                hint=f"pass df[{names}]",
            )
        state = state_of(frame)
        score: Expr = literal(float(self._model.intercept_[0]))
        for name, weight in zip(names, self._model.coef_[0], strict=True):
            score = call("add", score, call("mul", cast(state.column(name), FLOAT64), literal(float(weight))))
        return score


def _checked_target(y: Series) -> None:
    if y.dtype != "bool":
        raise InvalidType(f"y has to be a bool series, not {y.dtype}", hint="compare it: y = df.conversions > 0")


def _checked(frame: DataFrame) -> None:
    wrong = {name: dtype for name, dtype in frame.dtypes.items() if dtype not in ("bool", "int64", "float64")}
    if wrong or not frame.data_columns:
        raise InvalidType(
            f"columns of X have to be numeric or bool; there {'are ' + str(wrong) if wrong else 'are none'}",
            hint="select other columns, or encode strings with get_dummies",
        )
