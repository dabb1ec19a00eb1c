"""Binning: replacing numbers with bin numbers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn import preprocessing

from objectiv_local.errors import InvalidValue, NotSupported, caller_level
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Expr, call, case, cast, joined, literal
from objectiv_local.ml.expressions import as_float, real
from objectiv_local.ml.preprocessing.encoding import OneHotEncoder
from objectiv_local.ml.preprocessing.transformer import FeatureExprs, Invertible
from objectiv_local.ml.statistics.quantiles import Method, quantiles
from objectiv_local.ml.statistics.summary import Statistics
from objectiv_local.types import FLOAT64

if TYPE_CHECKING:
    from objectiv_local.frame.authoring import State

#: Narrower bins are merged with their neighbor, as in scikit-learn.
_NARROWEST = 1e-8


class KBinsDiscretizer(Invertible, preprocessing.KBinsDiscretizer):
    """Replace values with their bin number, for bins of equal width or with equally many values.

    Parameters and attributes (``bin_edges_``, ``n_bins_``) are scikit-learn's. A bin includes its lower edge. For frames, the
    strategies are ``uniform`` and ``quantile``, and the quantile methods are ``averaged_inverted_cdf`` and ``linear``; frames
    are never subsampled, because the edges of a random sample are not reproducible. Missing values are an error in ``fit``,
    and stay missing in ``transform``. Fitting a frame takes two queries for quantiles, otherwise one.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"age": [20, 30, 40, 60]}))
    >>> KBinsDiscretizer(2, encode="ordinal", strategy="uniform").fit_transform(df).to_pandas()["age"].tolist()
    [0.0, 0.0, 1.0, 1.0]
    """

    bin_edges_: Any
    n_bins_: Any
    _encoder: Any

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn the edges of the bins from a frame by queries, or from data in memory as scikit-learn does."""
        return self._fit_to(X, y, sample_weight=sample_weight)

    def _fit_in_memory(self, X: Any, y: Any, **given: Any) -> None:
        super()._fit_in_memory(X, y, **given)
        self._own_encoder()

    def _own_encoder(self) -> None:
        """Replace scikit-learn's encoder with one of this package, so that the entire state belongs to this package."""
        if "onehot" in self.encode:
            self._encoder = OneHotEncoder.from_sklearn(self._encoder)

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own estimator with the same parameters and, if this one is fitted, the same attributes."""
        found = super().to_sklearn()
        if hasattr(found, "_encoder"):
            found._encoder = found._encoder.to_sklearn()
        return found

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Self:
        """Return an estimator for frames with the parameters and attributes of a scikit-learn estimator."""
        found = super().from_sklearn(estimator)
        if hasattr(found, "_encoder"):
            found._own_encoder()
        return found

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        if self.strategy == "kmeans":
            raise NotSupported(
                "KBinsDiscretizer(strategy='kmeans') does not support frames",
                hint="use strategy='quantile' or 'uniform', or fit it to a sample in memory",
            )
        if self.strategy == "quantile" and self._method() not in ("linear", "averaged_inverted_cdf"):
            raise NotSupported(
                f"quantile_method={self._method()!r} does not support frames", hint="use 'averaged_inverted_cdf' or 'linear'"
            )
        found = Statistics(frame, names, {"min": ("min",), "max": ("max",)}, type(self).__name__)
        missing = [name for name, count in zip(names, found.counts, strict=True) if count < found.rows]
        if missing:
            raise InvalidValue(
                f"Input X contains NaN: values are missing in {', '.join(missing)}",
                hint="impute them first with SimpleImputer, or drop the rows with df.dropna()",
            )
        import pandas as pd

        # For bins of equal width, scikit-learn needs only the minimum and maximum of each feature.
        table = pd.DataFrame([found["min"], found["max"]], columns=names)
        if self.strategy == "quantile":
            # The edges are computed later, so only which features vary matters here.
            table = (table > table.min()).astype("float64")
        with warnings.catch_warnings():
            # Two rows have narrower quantiles than the frame; the warnings for the frame are below.
            if self.strategy == "quantile":
                warnings.simplefilter("ignore")
            self._learn_from_table(table)
        self._own_encoder()
        if self.strategy == "quantile":
            self._set_quantiles(frame, names, found.rows)

    def _method(self) -> Method:
        """Return the quantile method: linear if scikit-learn does not have the parameter yet, or warns about its default."""
        given: Method = getattr(self, "quantile_method", "linear")
        return "linear" if given == "warn" else given  # type: ignore[comparison-overlap]

    def _set_quantiles(self, frame: DataFrame, names: list[str], rows: int) -> None:
        sizes = [int(size) for size in np.broadcast_to(self.n_bins, len(names))]
        varied = [position for position in range(len(names)) if np.isfinite(self.bin_edges_[position][0])]
        method = self._method()
        shares = {position: [float(share) for share in np.linspace(0, 100, sizes[position] + 1) / 100] for position in varied}
        found = quantiles(
            frame,
            dict.fromkeys(names, rows),
            {names[position]: [(method, share) for share in shares[position]] for position in varied},
        )
        edges, bins = self.bin_edges_.copy(), self.n_bins_.copy()
        for position in varied:
            values = np.array([found[names[position], method, share] for share in shares[position]])
            kept = values[np.ediff1d(values, to_begin=np.inf) > _NARROWEST]
            if len(kept) < len(values):
                warnings.warn(
                    f"Bins whose width are too small (i.e., <= 1e-8) in feature {position} are removed. "
                    "Consider decreasing the number of bins.",
                    UserWarning,
                    stacklevel=caller_level(),
                )
            edges[position], bins[position] = kept, len(kept) - 1
        self.bin_edges_, self.n_bins_ = edges, bins
        if "onehot" in self.encode and not bins.all():
            raise InvalidValue(
                f"the bins of {names[int(bins.argmin())]!r} are all narrower than {_NARROWEST}",
                hint="multiply the column by a constant, or use encode='ordinal'",
            )
        if "onehot" in self.encode:
            dtype = self._encoder.dtype
            self._encoder = preprocessing.OneHotEncoder(
                categories=[np.arange(size) for size in bins], sparse_output=self.encode == "onehot", dtype=dtype
            )
            self._encoder.fit(np.zeros((1, len(bins))))
            self._own_encoder()

    def _bin(self, expr: Expr, name: str, position: int) -> Expr:
        """Return the bin number of a feature; values below the first edge are in the first bin."""
        value = as_float(expr, name)
        inner = self.bin_edges_[position][1:-1]
        # The first bin is for non-missing values below the first inner edge.
        whens = [(call("lt", value, real(edge)), real(place)) for place, edge in enumerate(inner)]
        known = (call("not_null", value), real(len(inner)))
        return case([*whens, known])

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        out: FeatureExprs = {}
        for position, (name, expr) in enumerate(features.items()):
            found = self._bin(expr, name, position)
            if self.encode == "ordinal":
                out[name] = found
                continue
            for place in range(int(self.n_bins_[position])):
                test = self._within(as_float(expr, name), position, place)
                out[f"{name}_{float(place)}"] = case(
                    [(call("is_null", as_float(expr, name)), literal(None, FLOAT64)), (test, real(1))], real(0)
                )
        return state, out

    def _within(self, value: Expr, position: int, place: int) -> Expr:
        inner = self.bin_edges_[position][1:-1]
        tests = []
        if place > 0:
            tests.append(call("ge", value, real(inner[place - 1])))
        if place < len(inner):
            tests.append(call("lt", value, real(inner[place])))
        return joined("and", tests) if tests else literal(True)

    def _inverse(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        columns = iter(features.items())
        out: FeatureExprs = {}
        for position, name in enumerate(self.feature_names_in_):
            edges = self.bin_edges_[position]
            centers = [real(center) for center in (edges[1:] + edges[:-1]) * 0.5]
            if self.encode == "ordinal":
                expr = next(columns)[1]
                whens = [(call("eq", cast(expr, FLOAT64), real(place)), center) for place, center in enumerate(centers)]
            else:
                whens = [(call("eq", cast(next(columns)[1], FLOAT64), real(1)), center) for center in centers]
            out[str(name)] = case(whens)
        return state, out
