"""Transformers for subsets of columns, and sequences of transformers."""

from __future__ import annotations

from collections import UserList
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import check_is_fitted

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Column, Expr, call, state_of, unused_name
from objectiv_local.ml.estimator import InvalidParameter, OverFrames, is_frame, parameters_checked
from objectiv_local.ml.expressions import as_float, real
from objectiv_local.ml.preprocessing.binning import KBinsDiscretizer
from objectiv_local.ml.preprocessing.encoding import OneHotEncoder, OrdinalEncoder
from objectiv_local.ml.preprocessing.imputing import SimpleImputer
from objectiv_local.ml.preprocessing.scaling import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from objectiv_local.ml.preprocessing.target import TargetEncoder
from objectiv_local.ml.preprocessing.transformer import FeatureExprs, FrameTransformer, feature_exprs, frame_of_features

if TYPE_CHECKING:
    from objectiv_local.frame.authoring import State


class _Columns(FrameTransformer):
    """The methods of Compose that read rows. A separate class, so that ``set_output`` does not wrap frames."""

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit to a frame by queries, or to data in memory as scikit-learn does."""
        return self._fit_to(X, y, **params)

    def _fit_in_memory(self, X: Any, y: Any, **given: Any) -> None:
        super()._fit_in_memory(_checked(X), y, **given)

    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit to ``X``, and return it transformed."""
        return super().fit_transform(X if is_frame(X) else _checked(X), y, **params)

    def transform(self, X: Any, **params: Any) -> Any:
        """Return a frame transformed as a lazy frame, or data in memory transformed as by scikit-learn."""
        if is_frame(X):
            for what, given in params.items():
                self._refuse(what, given)
            return super().transform(X)
        return super(FrameTransformer, self).transform(_checked(X), **params)  # type: ignore[misc]


class Compose(_Columns, ColumnTransformer):
    """A ColumnTransformer for frames: transformers for subsets of columns, with their results side by side.

    Parameters and attributes (``transformers_``, ``named_transformers_``, ``output_indices_``) are scikit-learn's.
    ``transformers`` is a list of (name, transformer, columns). A transformer is one of this package or its scikit-learn
    counterpart, a Pipeline of these, ``"passthrough"`` or ``"drop"``. Columns are a name, names, positions, or a function of
    the frame. ``remainder`` determines what happens to the other columns.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> from objectiv_local.ml import OneHotEncoder, StandardScaler
    >>> users = pandas.DataFrame({"visits": [1.0, 3.0], "city": ["Snits", "Drylts"]})
    >>> features = Compose([("numbers", StandardScaler(), ["visits"]), ("words", OneHotEncoder(), ["city"])])
    >>> features.fit_transform(DataFrame.from_pandas(duckdb.connect(), users)).data_columns
    ['numbers__visits', 'words__city_Drylts', 'words__city_Snits']
    """

    transformers: Any
    transformers_: Any
    transformer_weights: Any
    remainder: Any

    @classmethod
    def _plain(cls) -> Any:
        return ColumnTransformer

    def to_sklearn(self) -> ColumnTransformer:
        """Return a scikit-learn ColumnTransformer with scikit-learn's transformers, and their state if this is fitted."""
        found: ColumnTransformer = super().to_sklearn()
        found.transformers = [(name, to_sklearn(each), columns) for name, each, columns in self.transformers]
        if hasattr(self, "transformers_"):
            found.transformers_ = [(name, to_sklearn(each), columns) for name, each, columns in self.transformers_]
        return found

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Compose:
        """Return a transformer for frames with the parameters and state of a ColumnTransformer."""
        found = super().from_sklearn(estimator)
        found.transformers = [(name, over_frames(each), columns) for name, each, columns in estimator.transformers]
        if hasattr(estimator, "transformers_"):
            found.transformers_ = [(name, over_frames(each), columns) for name, each, columns in estimator.transformers_]
        return found

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        self._keep(
            names,
            [
                (name, part if _stays(part, columns) else _unfitted(part).fit(frame[columns], y), columns)
                for name, part, columns in self._chosen_parts(frame, names)
            ],
        )

    def _validate_params(self) -> None:
        super()._validate_params()
        for each in self.transformers:
            if not isinstance(each, tuple | list) or len(each) != 3 or not isinstance(each[0], str):
                raise InvalidParameter(
                    f"the 'transformers' of Compose have to be (name, transformer, columns), not {each!r}",
                    hint="for example ('numbers', ml.StandardScaler(), ['visits'])",
                )

    def _fit_expressions(self, frame: DataFrame, y: Any, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        self._validate_params()
        names = self._names_to_fit(frame, y)
        fitted: list[tuple[str, Any, list[str]]] = []
        out: list[Expr] = []
        for name, part, columns in self._chosen_parts(frame, names):
            found = {column: features[column] for column in columns}
            made = part if _stays(part, columns) else _unfitted(part)
            if made is not part:
                state, found = made._fit_expressions(frame[columns], y, state, found)
            fitted.append((name, made, columns))
            out += [] if part == "drop" else self._weighted(name, found)
        self._keep(names, fitted)
        return state, dict(zip(map(str, self.get_feature_names_out()), out, strict=True))

    def _chosen_parts(self, frame: DataFrame, names: list[str]) -> list[tuple[str, Any, list[str]]]:
        """Return the transformers with their names and those of their columns, with the remainder as the last one."""
        with parameters_checked():
            self._validate_transformers()
        chosen = [(name, part, _chosen(frame, columns, name)) for name, part, columns in self.transformers]
        used = {name for _, _, columns in chosen for name in columns}
        return [*chosen, ("remainder", self.remainder, [name for name in names if name not in used])]

    def _keep(self, names: list[str], fitted: list[tuple[str, Any, list[str]]]) -> None:
        """Set the attributes from the fitted transformers."""
        # scikit-learn keeps track of input and output columns, for a one-row table with their names.
        books = self._unfitted()
        stand_ins = [(name, part if _stays(part, columns) else _Fitted(part), columns) for name, part, columns in fitted]
        books.transformers, (_, books.remainder, _) = stand_ins[:-1], stand_ins[-1]
        books.n_jobs = None
        if "force_int_remainder_cols" in books.get_params(deep=False):
            # Store the remainder by name, as all releases of scikit-learn after 1.6 do.
            books.force_int_remainder_cols = False
        books.fit_transform(pd.DataFrame({name: [0.0] for name in names}))
        books.transformers_ = [
            (name, part.fitted if isinstance(part, _Fitted) else part, columns) for name, part, columns in books.transformers_
        ]
        self._learn_from(books)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        parts = [each for _, each, _ in self.transformers if not isinstance(each, str)]
        tags.input_tags.allow_nan = all(get_tags(each).input_tags.allow_nan for each in parts)
        return tags

    def _weighted(self, name: str, part: FeatureExprs) -> list[Expr]:
        """Return the result of a transformer, times its weight if it has one."""
        weight = (self.transformer_weights or {}).get(name)
        return [expr if weight is None else call("mul", as_float(expr, label), real(weight)) for label, expr in part.items()]

    def _parts(self, names: Sequence[str]) -> list[tuple[str, Any, list[str]]]:
        """Return the fitted transformers with their names and those of their columns; None means that columns pass through."""
        out: list[tuple[str, Any, list[str]]] = []
        for name, transformer, columns in self.transformers_:
            chosen = _fitted_names(columns, names)
            if transformer == "drop" or not chosen:
                continue
            if isinstance(transformer, str) or _passes(transformer):
                out.append((name, None, chosen))
            else:
                out.append((name, over_frames(transformer), chosen))
        return out

    def _names(self, frame: DataFrame, *, fitting: bool = False) -> list[str]:
        """Return the features of a frame; for transforming, additional columns and another order are accepted."""
        if fitting:
            return super()._names(frame, fitting=True)
        check_is_fitted(self)
        if not hasattr(self, "feature_names_in_"):
            return super()._names(frame)
        known = self._known(frame.data_columns)
        needed = {name for _, _, chosen in self._parts(known) for name in chosen}
        missing = sorted(needed - set(frame.data_columns))
        if missing:
            raise InvalidValue(f"columns are missing: {missing}", hint=near(missing[0], frame.data_columns))
        return known

    def _check(self, frame: DataFrame) -> None:
        for _, transformer, chosen in self._parts(self._known(frame.data_columns)):
            if transformer is not None:
                transformer._check(frame[chosen])

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        known = self._known(features)
        found: list[Any] = []
        for name, transformer, chosen in self._parts(known):
            part = {each: features[each] for each in chosen}
            if transformer is not None:
                state, part = transformer._expressions(state, part)
            found += self._weighted(name, part)
        labels = [str(name) for name in self.get_feature_names_out(known)]
        return state, dict(zip(labels, found, strict=True))

    def _known(self, given: Iterable[str]) -> list[str]:
        """Return the names of the fitted features; if fitted to an array, the given names."""
        return [str(name) for name in getattr(self, "feature_names_in_", given)]


class Chain(FrameTransformer, BaseEstimator):
    """A sequence of transformers over frames: the counterpart of a fitted Pipeline."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {}

    def __init__(self, steps: list[tuple[str, Any]]) -> None:
        self.steps = steps

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def _fit_frame(self, frame: DataFrame, y: Any) -> None:
        self._fit_expressions(frame, y, state_of(frame), feature_exprs(frame))

    def _fit_expressions(self, frame: DataFrame, y: Any, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        for name, step in self.steps:
            state, features = step._fit_expressions(frame, y, state, features)
            state, features = _held(state, features, name)
            frame = frame_of_features(state, features, name)
        first = self.steps[0][1]
        self.feature_names_in_, self.n_features_in_ = first.feature_names_in_, first.n_features_in_
        return state, features

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the output columns."""
        names = input_features
        for _, step in self.steps:
            names = step.get_feature_names_out(names)
        return names

    def to_sklearn(self) -> Pipeline:
        """Return a scikit-learn Pipeline with scikit-learn's transformers in the same state."""
        steps = [(name, to_sklearn(step)) for name, step in self.steps]
        for _, step in steps[1:]:
            # Within scikit-learn's Pipeline, steps pass on arrays, which have no names.
            vars(step).pop("feature_names_in_", None)
        return Pipeline(steps)

    def _check(self, frame: DataFrame) -> None:
        for _, step in self.steps:
            step._check(frame)
            frame = step._transformed(frame)

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        for name, step in self.steps:
            state, features = step._expressions(state, features)
            state, features = _held(state, features, name)
        return state, features


def _held(state: State, features: FeatureExprs, step: str) -> tuple[State, FeatureExprs]:
    """Return the features as columns of the state, under unused names: the next step may read them often."""
    taken = dict(state.plan.types)
    held = []
    for label, expr in features.items():
        if not isinstance(expr, Column):
            hidden = unused_name(label, taken)
            taken[hidden] = expr.type
            held.append((label, hidden, expr))
    state = state.extended([(hidden, expr) for _, hidden, expr in held], step) if held else state
    return state, features | {label: Column(hidden, expr.type) for label, hidden, expr in held}


class _Fitted(TransformerMixin, BaseEstimator):
    """Represents a fitted transformer while scikit-learn tracks columns: it returns columns with the right names."""

    def __init__(self, fitted: Any) -> None:
        self.fitted = fitted

    def __sklearn_clone__(self) -> _Fitted:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any = None) -> _Fitted:
        return self

    def transform(self, X: Any) -> Any:
        return pd.DataFrame({name: [0.0] for name in self.fitted.get_feature_names_out()})

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        return self.fitted.get_feature_names_out()


def _checked(X: Any) -> Any:
    """Return arrays in memory as validated by scikit-learn's other transformers; tables are unchanged."""
    if hasattr(X, "columns") or hasattr(X, "column_names"):
        return X
    return check_array(X, dtype=None, accept_sparse=("csr", "csc"), ensure_all_finite=False)


def _stays(part: Any, columns: Sequence[str]) -> bool:
    """Return whether there is nothing to fit."""
    return isinstance(part, str) or not columns


def _unfitted(part: Any) -> Any:
    """Return an unfitted copy of a transformer over frames."""
    return over_frames(clone(part))


def _fitted_names(columns: Any, names: Sequence[str]) -> list[str]:
    """Return the column names that a fitted ColumnTransformer stores as names or positions, as a slice, or as a mask."""
    if isinstance(columns, str | int):
        columns = [columns]
    if isinstance(columns, UserList):
        # scikit-learn 1.6 stores those of the remainder in a list that warns when it is read.
        columns = columns.data
    if isinstance(columns, slice):
        ends = [names.index(each) if isinstance(each, str) else each for each in (columns.start, columns.stop)]
        # A name at the end of a slice is included, as in pandas.
        stop = ends[1] + 1 if isinstance(columns.stop, str) else ends[1]
        return list(names[ends[0] : stop : columns.step])
    listed = columns.tolist() if hasattr(columns, "tolist") else list(columns)
    if listed and all(isinstance(each, bool) for each in listed):
        return [name for name, kept in zip(names, listed, strict=True) if kept]
    return [names[each] if isinstance(each, int) else str(each) for each in listed]


def _chosen(frame: DataFrame, columns: Any, name: str) -> list[str]:
    """Return the names of the columns of one transformer."""
    if callable(columns):
        columns = columns(frame)
    if isinstance(columns, str | int) and not isinstance(columns, bool):
        columns = [columns]
    if not isinstance(columns, Sequence):
        raise InvalidType(
            f"the columns of {name!r} have to be names or positions, not {type(columns).__name__}",
            hint="for example ['visits', 'minutes']",
        )
    known = frame.data_columns
    out = []
    for each in columns:
        if isinstance(each, int) and not isinstance(each, bool) and -len(known) <= each < len(known):
            out.append(known[each])
        elif isinstance(each, str) and each in known:
            out.append(each)
        else:
            raise ColumnNotFound(f"there is no data column {each!r}, given for {name!r}", hint=near(str(each), known))
    return out


def over_frames(estimator: Any) -> Any:
    """Return the counterpart over frames of a scikit-learn transformer, with the same parameters and state.

    Raises NotSupported for a transformer without a counterpart.
    """
    if isinstance(estimator, str | OverFrames) or _passes(estimator):
        return estimator
    if isinstance(estimator, Pipeline):
        steps = [(name, over_frames(step)) for name, step in estimator.steps if step not in (None, "passthrough")]
        chain = Chain(steps)
        if steps and hasattr(steps[0][1], "feature_names_in_"):
            chain.feature_names_in_, chain.n_features_in_ = steps[0][1].feature_names_in_, steps[0][1].n_features_in_
        return chain
    ours = {
        each._plain(): each
        for each in (
            Compose,
            StandardScaler,
            MinMaxScaler,
            MaxAbsScaler,
            RobustScaler,
            SimpleImputer,
            OneHotEncoder,
            OrdinalEncoder,
            KBinsDiscretizer,
            TargetEncoder,
        )
    }
    found = ours.get(type(estimator))
    if found is None:
        raise NotSupported(
            f"{type(estimator).__name__} has no counterpart over frames",
            hint="use one of objectiv_local.ml, or fit this one in memory, to ml.xy(frame)",
        )
    return found.from_sklearn(estimator)


def _passes(estimator: Any) -> bool:
    """Return whether columns pass through unchanged; scikit-learn uses such a transformer for "passthrough"."""
    return isinstance(estimator, FunctionTransformer) and estimator.func is None


def to_sklearn(estimator: Any) -> Any:
    """Return the scikit-learn estimator for one over frames, and any other estimator unchanged."""
    return estimator.to_sklearn() if isinstance(estimator, OverFrames) else estimator
