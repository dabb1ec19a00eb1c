"""The base class of transformers over frames: fitted by queries, then expressions over the columns of any frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sklearn.utils.validation import check_is_fitted

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Column, Expr, frame_of, state_of
from objectiv_local.ml.estimator import OverFrames, is_frame, parameters_checked
from objectiv_local.ml.expressions import not_nan
from objectiv_local.types import FLOAT64

if TYPE_CHECKING:
    from objectiv_local.frame.authoring import State

#: The features of a frame as expressions over a state, by name. None of them is NaN: missing values are NULL.
FeatureExprs = dict[str, Expr]


class FrameTransformer(OverFrames):
    """A scikit-learn transformer that also accepts frames, and returns a lazy frame for them.

    The resulting frame has the index and order of the input, and the columns of ``get_feature_names_out``. NULL and NaN are
    both missing values. ``set_output`` is for data in memory.
    """

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        """Set the fitted attributes from the columns ``names``, all data columns of the frame."""
        raise NotImplementedError

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        """Return the transformed features over a state, which may have more columns than ``state``."""
        raise NotImplementedError

    def _inverse(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        raise NotSupported(f"{type(self).__name__} has no inverse for a frame", hint="keep the original columns too")

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit to a frame by queries, or to data in memory as scikit-learn does."""
        return self._fit_to(X, y)

    def _fit_frame(self, frame: DataFrame, y: Any) -> None:
        self._learn(frame, self._names_to_fit(frame, y), y)
        self._check_names_out()

    def _names_to_fit(self, frame: DataFrame, y: Any) -> list[str]:
        """Return the features of a frame, and set their names. Raises InvalidType for a target that is one of them."""
        if isinstance(y, str):
            raise InvalidType(
                f"y is the name {y!r}, but that column would also be a feature",
                hint=f"pass the features, and y as a series: fit(df[features], df[{y!r}])",
            )
        return self._names(frame, fitting=True)

    def _learn_from_table(self, table: Any) -> None:
        """Copy the attributes of scikit-learn's own class, fitted to a small table that represents the frame."""
        with parameters_checked():
            fitted = self._unfitted().fit(table)
        self._learn_from(fitted)

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit to ``X`` and transform it."""
        if not is_frame(X):
            return super().fit_transform(X, y, **fit_params)  # type: ignore[misc]
        for what, given in fit_params.items():
            self._refuse(what, given)
        state, out = self._fit_expressions(X, y, state_of(X), feature_exprs(X))
        return frame_of_features(state, out, type(self).__name__)

    def _fit_expressions(self, frame: DataFrame, y: Any, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        """Fit to a frame, and return its columns transformed, over a state in which they are ``features``."""
        self._fit_to(frame, y)
        return self._expressions(state, features)

    def transform(self, X: Any) -> Any:
        """Return a frame transformed as a lazy frame, or data in memory transformed as by scikit-learn."""
        if not is_frame(X):
            return super().transform(X)  # type: ignore[misc]
        self._names(X)
        self._check_names_out()
        self._check(X)
        return self._transformed(X)

    def _check_names_out(self) -> None:
        """Raise InvalidValue if two output columns have the same name, which a frame does not allow."""
        names = [str(name) for name in self.get_feature_names_out()]  # type: ignore[attr-defined]
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise InvalidValue(
                f"{type(self).__name__} returns two columns named {twice[0]!r}",
                hint="rename a column first: df.rename(columns={...})",
            )

    def _scored(self, X: DataFrame) -> DataFrame:
        """Return a frame transformed for a model that treats NaN like NULL."""
        self._names(X)
        self._check(X)
        return self._transformed(X, {name: state_of(X).column(name) for name in X.data_columns} if self._keeps_nan else None)

    @property
    def _keeps_nan(self) -> bool:
        """Whether NaN in the input remains NaN in the output."""
        return False

    def _transformed(self, X: DataFrame, features: FeatureExprs | None = None) -> DataFrame:
        state, out = self._expressions(state_of(X), feature_exprs(X) if features is None else features)
        return frame_of_features(state, out, type(self).__name__)

    def _check(self, frame: DataFrame) -> None:
        """Raise an error if the rows of a frame cannot be transformed; the column names have been checked."""

    def _back(self, X: DataFrame) -> DataFrame:
        """Return the frame from which :meth:`transform` returns ``X``."""
        check_is_fitted(self)
        names = [str(name) for name in self.get_feature_names_out()]  # type: ignore[attr-defined]
        if names != X.data_columns:
            raise InvalidValue(f"the inverse of {type(self).__name__} needs the columns {names}, not {X.data_columns}")
        state, out = self._inverse(state_of(X), feature_exprs(X))
        return frame_of_features(state, out, type(self).__name__)


class Invertible(FrameTransformer):
    """A transformer that also has an inverse for frames."""

    def inverse_transform(self, X: Any) -> Any:
        """Return the original values: a lazy frame for a frame, or scikit-learn's result for data in memory."""
        return self._back(X) if is_frame(X) else super().inverse_transform(X)  # type: ignore[misc]


def feature_exprs(frame: DataFrame) -> FeatureExprs:
    """Return the data columns of a frame as features."""
    state = state_of(frame)
    columns = {name: state.column(name) for name in frame.data_columns}
    return {name: not_nan(column) if column.type == FLOAT64 else column for name, column in columns.items()}


def frame_of_features(state: State, features: FeatureExprs, step: str) -> DataFrame:
    """Return a frame with expressions over a state as its only data columns."""
    changed = [(name, expr) for name, expr in features.items() if expr != Column(name, expr.type)]
    return frame_of(state.extended(changed, _words(step)) if changed else state, list(features))


def _words(name: str) -> str:
    """Return the name of a class as the name of a step: standard_scaler."""
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")
