"""Compares estimators over frames with scikit-learn's own over the same rows in memory."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import sklearn
from frame.frames import opened
from scipy import sparse
from sklearn.utils.estimator_checks import parametrize_with_checks

from objectiv_local import DataFrame

#: The release of scikit-learn: tests run on the lowest and on the latest supported one.
RELEASE = tuple(int(part) for part in sklearn.__version__.split(".")[:2])

rng = np.random.default_rng(7)
N = 60

#: Difficult numbers of every kind: a large offset, missing values, a constant, counts, two decimal places.
NUMBERS = {
    "offset": rng.normal(size=N) + 1e6,
    "holes": np.where(rng.random(N) < 0.2, np.nan, rng.exponential(size=N)),
    "same": np.full(N, 3.5),
    "visits": rng.integers(0, 6, N),
    "price": np.round(rng.normal(size=N) * 10, 2),
    "member": rng.random(N) < 0.4,
}

#: Categories: strings with a missing value and non-ASCII characters, whole numbers, floats with a missing value, bools.
CATEGORIES = {
    "city": np.array([["Snits", "Drylts", "Hylpen", "É", None][i] for i in rng.integers(0, 5, N)], dtype=object),
    "size": rng.integers(-2, 3, N),
    "rate": np.where(rng.random(N) < 0.2, np.nan, rng.integers(0, 3, N) / 2),
    "member": rng.random(N) < 0.4,
}


def in_memory(columns):
    """Return the columns as scikit-learn takes them: missing strings are NaN, bools among numbers are 0 and 1."""
    return pd.DataFrame(
        {
            name: np.where(pd.isna(values), np.nan, values) if values.dtype == object else values
            for name, values in columns.items()
        }
    )


def over(engine, columns):
    """Return the columns as a frame, indexed by the number of the row."""
    table = pd.DataFrame(
        {
            name: np.where(pd.isna(values), None, values) if values.dtype == object else values
            for name, values in columns.items()
        }
    )
    table.index.name = "row"
    return DataFrame.from_pandas(opened(engine), table, materialization="temp_table" if len(table) > 1000 else None)


def fetched(frame):
    """Return a frame's rows in the order of its index, as pandas, with NaN for missing values."""
    table = frame.sort_index().to_pandas()
    return pd.DataFrame(
        {
            name: table[name].to_numpy(dtype=object if table[name].dtype.kind in "OT" else None, na_value=np.nan)
            if table[name].dtype.kind in "OT" or not hasattr(table[name].dtype, "numpy_dtype")
            else table[name].to_numpy(dtype="float64", na_value=np.nan)
            for name in table.columns
        }
    )


def dense(found):
    """Return what scikit-learn returned as an array."""
    return found.toarray() if sparse.issparse(found) else np.asarray(found)


def same(left, right, rtol=0.0, atol=0.0, path=""):
    """Assert that fitted values are equal: arrays, lists and dicts of them, numbers within a tolerance, NaN equal to NaN."""
    if isinstance(right, dict):
        assert list(left) == list(right), path
        for key in right:
            same(left[key], right[key], rtol, atol, f"{path}[{key!r}]")
    elif isinstance(right, list | tuple) or (isinstance(right, np.ndarray) and right.dtype == object):
        assert len(left) == len(right), path
        for position, (one, other) in enumerate(zip(left, right, strict=True)):
            same(one, other, rtol, atol, f"{path}[{position}]")
    elif isinstance(right, np.ndarray):
        assert isinstance(left, np.ndarray), path
        assert left.shape == right.shape, (path, left, right)
        assert left.dtype.kind == right.dtype.kind, (path, left.dtype, right.dtype)
        if right.dtype.kind in "US":
            assert left.tolist() == right.tolist(), path
        else:
            np.testing.assert_allclose(left, right, rtol=rtol, atol=atol, err_msg=path)
    elif isinstance(right, float | np.floating):
        np.testing.assert_allclose(left, right, rtol=rtol, atol=atol, err_msg=path)
    elif hasattr(right, "get_params"):
        same(attributes(left), attributes(right), rtol, atol, path)
    else:
        assert left == right, (path, left, right)


def attributes(estimator):
    """Return the fitted state of an estimator."""
    return {name: value for name, value in sorted(vars(estimator).items()) if name.endswith("_") and not name.startswith("_")}


@contextmanager
def quiet():
    """Suppress scikit-learn's warnings about difficult data during the comparison."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def equal_to(engine, ours, theirs, columns, rtol=0.0, atol=0.0, y=None):
    """Assert that an estimator fitted to a frame equals scikit-learn's on the same rows; return its output."""
    frame, table = over(engine, columns), in_memory(columns)
    with quiet():
        theirs.fit(table, y)
        expected = dense(theirs.transform(table))
        ours.fit(frame)
        found = ours.transform(frame)
    same(attributes(ours), attributes(theirs), rtol, atol)
    assert found.data_columns == list(theirs.get_feature_names_out())
    close(fetched(found), expected, rtol, atol)
    # The same state works for data in memory, in either class, and can come from scikit-learn.
    with quiet():
        close(dense(ours.transform(table)), expected, rtol, atol)
        plain = ours.to_sklearn()
        assert type(plain) is type(theirs)
        close(dense(plain.transform(table)), expected, rtol, atol)
        close(fetched(type(ours).from_sklearn(theirs).transform(frame)), expected, max(rtol, 1e-15), atol)
    return found


def close(found, expected, rtol, atol):
    """Assert that tables are equal; strings exactly, numbers within a tolerance."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    if expected.dtype == object:
        for one, other in zip(found.ravel(), expected.ravel(), strict=True):
            assert one == other or (pd.isna(one) and pd.isna(other)), (one, other)
        return
    # A tolerance of one ulp is for the engines' own arithmetic per row.
    np.testing.assert_allclose(found.astype("float64"), expected.astype("float64"), rtol=max(rtol, 5e-16), atol=atol)


def each_check(estimators, **options):
    """Return scikit-learn's own checks of estimators as test parameters; older releases return a generator of them."""
    mark = parametrize_with_checks(estimators, **options)
    names, values = mark.args
    return pytest.mark.parametrize(names, list(values), **mark.kwargs)


def known(estimator, options):
    """Return whether the installed scikit-learn knows these parameters of a class of its own."""
    return set(options) <= set(estimator().get_params())
