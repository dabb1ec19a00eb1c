"""Scalers: standardizing numbers, or scaling them to a range, by the maximum absolute value, or by quartiles."""

from __future__ import annotations

from functools import cache
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from scipy.stats import norm
from sklearn import preprocessing
from sklearn.utils import check_array

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Expr, call, case, literal
from objectiv_local.ml.estimator import InvalidParameter
from objectiv_local.ml.expressions import as_float, real
from objectiv_local.ml.preprocessing.transformer import FeatureExprs, Invertible
from objectiv_local.ml.statistics.exact import ExactMoments, exact_moments
from objectiv_local.ml.statistics.quantiles import Method, quantiles
from objectiv_local.ml.statistics.summary import Statistics, no_rows
from objectiv_local.types import FLOAT64

if TYPE_CHECKING:
    from objectiv_local.frame.authoring import State

_EPS = np.finfo("float64").eps


class Scaler(Invertible):
    """A transformer that subtracts and divides."""

    @property
    def _keeps_nan(self) -> bool:
        return not getattr(self, "clip", False)  # NaN, which sorts as the maximum, is clipped


class StandardScaler(Scaler, preprocessing.StandardScaler):
    """Subtract the mean and divide by the population standard deviation.

    Parameters and attributes (``mean_``, ``var_``, ``scale_``, ``n_samples_seen_``) are scikit-learn's, and so is the rule that
    detects constant columns. Fitting a frame takes one query; mean and variance are computed by the engine and agree between
    engines to about 1e-12. With ``exact``, they are computed in integers instead, in three queries, and are exactly the same on
    every engine, in any order of the rows, and for data in memory that is neither sparse nor weighted.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"visits": [1.0, 3.0, None]}))
    >>> scaler = StandardScaler().fit(df)
    >>> float(scaler.mean_[0]), float(scaler.scale_[0])
    (2.0, 1.0)
    >>> scaler.transform(df).to_pandas()["visits"].tolist()
    [-1.0, 1.0, nan]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **preprocessing.StandardScaler._parameter_constraints,
        "exact": ["boolean"],
    }

    def __init__(self, *, copy: bool = True, with_mean: bool = True, with_std: bool = True, exact: bool = False) -> None:
        super().__init__(copy=copy, with_mean=with_mean, with_std=with_std)
        self.exact = exact

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit to a frame by queries, or to data in memory as scikit-learn does."""
        return self._fit_to(X, y, sample_weight=sample_weight)

    def _fit_in_memory(self, X: Any, y: Any, **given: Any) -> None:
        super()._fit_in_memory(X, y, **given)
        if self.exact and given["sample_weight"] is None and not issparse(X):
            values = check_array(X, dtype="float64", ensure_all_finite="allow-nan")
            self._set_moments(exact_moments(values, [f"x{position}" for position in range(values.shape[1])]))

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        if self.exact:
            self._set_moments(exact_moments(frame, names))
            return
        found = Statistics(frame, names, {"mean": ("mean",), "var": ("var", 0)}, type(self).__name__)
        self._set(found.rows, found.counts, found["mean"], found["var"])

    def _set_moments(self, found: ExactMoments) -> None:
        if not found.rows:
            raise no_rows(len(found.columns), type(self).__name__)
        counts = np.array([column.count for column in found.columns])
        mean = np.array([float(column.mean) if column.count else np.nan for column in found.columns])
        var = np.array([float(found.variance(place)) if column.count else np.nan for place, column in enumerate(found.columns)])
        self._set(found.rows, counts, mean, var)

    def _set(self, rows: int, counts: Any, mean: Any, var: Any) -> None:
        each = counts.astype(_type_of_counts()) if self.with_mean or self.with_std else counts
        self.n_samples_seen_ = np.int64(rows) if (counts == rows).all() else each
        self.mean_ = mean if self.with_mean or self.with_std else None
        self.var_, self.scale_ = None, None
        if self.with_std:
            self.var_ = var
            # Scikit-learn's bound on the variance of a constant column due to rounding.
            constant = var <= counts * _EPS * var + (counts * mean * _EPS) ** 2
            self.scale_ = np.where(constant, 1.0, np.sqrt(var))

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        return state, _scaled(features, self.mean_ if self.with_mean else None, self.scale_ if self.with_std else None)

    def _inverse(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        return state, _unscaled(features, self.mean_ if self.with_mean else None, self.scale_ if self.with_std else None)


@cache
def _type_of_counts() -> Any:
    """Return scikit-learn's type for numbers of values, which differs between releases."""
    return preprocessing.StandardScaler().fit([[0.0, 0.0], [0.0, np.nan]]).n_samples_seen_.dtype


class _ByEnds(Scaler):
    """A scaler that only needs the minimum and the maximum of a feature."""

    n_samples_seen_: int

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        found = Statistics(frame, names, {"min": ("min",), "max": ("max",)}, type(self).__name__)
        # Two rows with the same minimum and maximum result in the same attributes, apart from the number of rows.
        self._learn_from_table(pd.DataFrame([found["min"], found["max"]], columns=names))
        self.n_samples_seen_ = found.rows


class MinMaxScaler(_ByEnds, preprocessing.MinMaxScaler):
    """Scale numbers linearly so that their minimum and maximum are those of ``feature_range``.

    Parameters and attributes are scikit-learn's, with exactly equal values. Fitting a frame takes one query.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"visits": [1, 3, 2]}))
    >>> MinMaxScaler().fit_transform(df).to_pandas()["visits"].tolist()
    [0.0, 1.0, 0.5]
    """

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        _two(self.feature_range, "feature_range", "MinMaxScaler")
        super()._learn(frame, names, y)

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        out = {
            name: call("add", call("mul", as_float(expr, name), real(scale)), real(start))
            for (name, expr), scale, start in zip(features.items(), self.scale_, self.min_, strict=True)
        }
        return state, _clipped(out, *self.feature_range) if self.clip else out

    def _inverse(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        return state, {
            name: call("truediv", call("sub", as_float(expr, name), real(start)), real(scale))
            for (name, expr), scale, start in zip(features.items(), self.scale_, self.min_, strict=True)
        }


class MaxAbsScaler(_ByEnds, preprocessing.MaxAbsScaler):
    """Divide numbers by their maximum absolute value, so that they are between -1 and 1.

    Parameters and attributes are scikit-learn's, with exactly equal values. Fitting a frame takes one query.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"change": [1, -4, 2]}))
    >>> MaxAbsScaler().fit_transform(df).to_pandas()["change"].tolist()
    [0.25, -1.0, 0.5]
    """

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        out = _scaled(features, None, self.scale_)
        # scikit-learn before 1.9 does not clip.
        return state, _clipped(out, -1.0, 1.0) if getattr(self, "clip", False) else out

    def _inverse(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        return state, _unscaled(features, None, self.scale_)


class RobustScaler(Scaler, preprocessing.RobustScaler):
    """Subtract the median and divide by the distance between two quantiles, which outliers do not affect.

    Parameters and attributes are scikit-learn's. Quantiles are exactly equal to numpy's. Fitting a frame takes two queries.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"paid": [1, 2, 3, 4, 1000]}))
    >>> RobustScaler().fit_transform(df).to_pandas()["paid"].tolist()
    [-1.0, -0.5, 0.0, 0.5, 498.5]
    """

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        low, high = (float(end) for end in _two(self.quantile_range, "quantile_range", "RobustScaler"))
        if not 0 <= low <= high <= 100:
            raise InvalidValue(f"Invalid quantile range: {self.quantile_range}", hint="for example (25.0, 75.0)")
        ends = Statistics(frame, names, {"min": ("min",), "max": ("max",)}, type(self).__name__)
        counts = dict(zip(names, map(int, ends.counts), strict=True))
        wanted: list[tuple[Method, float]] = [("median", 0.5)] * self.with_centering
        wanted += [("linear", low / 100), ("linear", high / 100)] * self.with_scaling
        found = quantiles(frame, counts, dict.fromkeys(names, wanted))
        self.center_ = np.array([found[name, "median", 0.5] for name in names]) if self.with_centering else None
        self.scale_ = None
        if self.with_scaling:
            width = np.array([found[name, "linear", high / 100] - found[name, "linear", low / 100] for name in names])
            self.scale_ = np.where(width < 10 * _EPS, 1.0, width)
            if self.unit_variance:
                self.scale_ = self.scale_ / (norm.ppf(high / 100) - norm.ppf(low / 100))

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        return state, _scaled(features, self.center_, self.scale_)

    def _inverse(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        return state, _unscaled(features, self.center_, self.scale_)


def _two(given: Any, parameter: str, who: str) -> Any:
    """Return a pair of numbers. Raises InvalidParameter for anything else."""
    if len(given) != 2 or not all(isinstance(end, Real) for end in given):
        raise InvalidParameter(f"the {parameter!r} parameter of {who} has to be two numbers, not {given!r}")
    return given


def _scaled(features: FeatureExprs, center: Any, scale: Any) -> FeatureExprs:
    """Return the features minus a center, divided by a scale, each of which may be None."""
    out: FeatureExprs = {}
    for position, (name, expr) in enumerate(features.items()):
        value = as_float(expr, name)
        if np.isnan(center[position] if center is not None else scale[position] if scale is not None else 0.0):
            out[name] = literal(None, FLOAT64)  # a feature without values in the fitted data
            continue
        if center is not None:
            value = call("sub", value, real(center[position]))
        out[name] = value if scale is None else call("truediv", value, real(scale[position]))
    return out


def _unscaled(features: FeatureExprs, center: Any, scale: Any) -> FeatureExprs:
    out: FeatureExprs = {}
    for position, (name, expr) in enumerate(features.items()):
        value = as_float(expr, name)
        if scale is not None:
            value = call("mul", value, real(scale[position]))
        out[name] = value if center is None else call("add", value, real(center[position]))
    return out


def _clipped(features: FeatureExprs, low: float, high: float) -> FeatureExprs:
    def within(value: Expr) -> Expr:
        return case([(call("lt", value, real(low)), real(low)), (call("gt", value, real(high)), real(high))], value)

    return {name: within(value) for name, value in features.items()}
