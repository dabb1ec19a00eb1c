"""K-means: centers are found on a sample of rows, and refined on all rows."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import sklearn.cluster
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import call
from objectiv_local.ml.estimator import is_frame, parameters_checked
from objectiv_local.ml.expressions import number, real, total, with_columns
from objectiv_local.ml.fetching import one_snapshot
from objectiv_local.ml.fitting.lloyd import inertia, moved
from objectiv_local.ml.fitting.model import Model
from objectiv_local.ml.fitting.sample import sampled
from objectiv_local.ml.fitting.stream import RowStream
from objectiv_local.ml.statistics.moments import moments
from objectiv_local.ml.statistics.ranges import check_complete, check_range, ranges


class _Clusters(Model):
    """The methods of k-means that read rows. A separate class, so that ``set_output`` does not wrap frames."""

    cluster_centers_: Any
    labels_: Any

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit, and return the cluster of each row: for a frame, the lazy series ``prediction``."""
        fitted = self.fit(X, y, sample_weight)
        return self.predict(X) if is_frame(X) else fitted.labels_

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit, and return the distances of each row to the centers."""
        if not is_frame(X):
            return super().fit_transform(X, y, sample_weight)  # type: ignore[misc]
        return self.fit(X, y, sample_weight).transform(X)

    def transform(self, X: Any) -> Any:
        """Return the distances of each row to the centers: for a frame, lazy columns; NULL if a feature is missing."""
        if not is_frame(X):
            return super().transform(X)  # type: ignore[misc]
        values = [number(X, name) for name in self._names(X)]
        distances = {}
        for name, center in zip(self.get_feature_names_out(), self.cluster_centers_, strict=True):  # type: ignore[attr-defined]
            gaps = [call("sub", value, real(place)) for value, place in zip(values, center, strict=True)]
            distances[str(name)] = call("sqrt", total([call("mul", gap, gap) for gap in gaps]))
        return with_columns(X, distances, only=True)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the negative sum of squared distances to the nearest centers. Rows of a frame are streamed."""
        if not is_frame(X):
            return float(super().score(X, y, sample_weight))  # type: ignore[misc]
        self._refuse("sample_weight", sample_weight)
        names = self._names(X)
        with one_snapshot(X):
            rows, found = ranges(X, names)
            for name, each in zip(names, found, strict=True):
                check_range(name, each["min"], each["max"])
                check_complete(name, rows - each["count"])
            shift = self.cluster_centers_.mean(axis=0)
            return -inertia(RowStream(X, names, None, rows).read, self.cluster_centers_ - shift, shift)


class KMeans(_Clusters, sklearn.cluster.KMeans):
    """Return scikit-learn's ``KMeans``, which can also be fitted to a frame of this package.

    For a frame, scikit-learn's algorithm runs on a sample: the ``sample_rows`` rows with the lowest hashes of their index, or
    of their values without an index, which are the same rows on every engine. With ``method="batches"``, Lloyd's algorithm
    then refines these centers on all rows, which are read once per iteration (up to 256 MB are kept in memory), until ``tol``
    or ``max_iter``; ``n_iter_`` and ``inertia_`` are for all rows. With ``method="sample"``, or if the sample has all rows,
    centers, ``n_iter_`` and ``inertia_`` are those of the sample. ``random_state=None`` counts as 0 for a frame, so that fits
    are reproducible. A cluster that loses all its rows gets the row farthest from its center, as in scikit-learn.

    ``predict(frame)`` is a lazy series, and there is no ``labels_``; ``transform(frame)`` has a column for each distance.
    Sample weights need rows in memory. Raises InvalidValue for missing and infinite values, and for fewer rows than clusters.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> visits = pandas.DataFrame({"pages": [1, 2, 9, 10]})
    >>> model = KMeans(2).fit(DataFrame.from_pandas(duckdb.connect(), visits))
    >>> sorted(model.cluster_centers_.ravel().tolist()), model.inertia_
    ([1.5, 9.5], 1.0)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **sklearn.cluster.KMeans._parameter_constraints,
        "method": [StrOptions({"batches", "sample"})],
        "sample_rows": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
        method: str = "batches",
        sample_rows: int = 50_000,
    ) -> None:
        super().__init__(
            n_clusters=n_clusters,
            init=init,
            n_init=n_init,
            max_iter=max_iter,
            tol=tol,
            verbose=verbose,
            random_state=random_state,
            copy_x=copy_x,
            algorithm=algorithm,
        )
        self.method = method
        self.sample_rows = sample_rows

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Return the estimator, fitted to rows in memory or to a frame; see the class. ``y`` is ignored."""
        return super().fit(X, None, sample_weight)

    def _fit_frame(self, X: DataFrame, y: Any) -> None:
        names = self._names(X, fitting=True)
        with one_snapshot(X):
            found = moments(X, names, who=type(self).__name__, squares_only=True)
            for count, what in ((found.rows, "n_samples"), (self.sample_rows, "sample_rows")):
                if count < self.n_clusters:
                    raise InvalidValue(f"{what}={count} should be >= n_clusters={self.n_clusters}.")
            first = self._of_sample(X, names)
            self.cluster_centers_, self.inertia_, self.n_iter_ = first.cluster_centers_, first.inertia_, first.n_iter_
            if self.method == "batches" and self.sample_rows < found.rows:
                rows = RowStream(X, names, None, found.rows)
                variance = float(found.variances.mean())
                centers, self.inertia_, self.n_iter_ = moved(
                    rows.read, self.cluster_centers_ - found.means, found.means, variance, self.tol, self.max_iter
                )
                self.cluster_centers_ = centers + found.means
        # Attributes that scikit-learn's methods for rows in memory read.
        self._n_threads, self._n_features_out = first._n_threads, first._n_features_out
        if hasattr(self, "labels_"):
            del self.labels_

    def _of_sample(self, X: DataFrame, names: list[str]) -> sklearn.cluster.KMeans:
        state = self.random_state
        if state is None:
            state = 0
        elif not isinstance(state, Integral):
            state = check_random_state(state).randint(2**31 - 1)
        parameters = {name: getattr(self, name) for name in sklearn.cluster.KMeans().get_params()}
        model = sklearn.cluster.KMeans(**(parameters | {"random_state": int(state)}))
        rows = sampled(X, names, self.sample_rows, int(state))
        with parameters_checked():
            return model.fit(np.ascontiguousarray(rows))
