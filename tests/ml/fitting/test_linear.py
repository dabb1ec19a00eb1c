"""Linear and ridge regression over frames: scikit-learn's numbers, on every engine."""

from __future__ import annotations

from functools import cache

import duckdb
import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model
from frame.frames import ENGINES, load, on_every_engine, opened
from ml.against import known

from objectiv_local import DataFrame, connect
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported
from objectiv_local.ml.fitting.linear import LinearRegression, Ridge
from objectiv_local.ml.statistics import exact as exact_module
from objectiv_local.ml.statistics import moments as moments_module
from objectiv_local.ml.statistics.moments import moments

ROWS = 2000
FEATURES = ["offset", "counts", "skewed", "flag", "constant"]

#: Older releases of scikit-learn have no tolerance; rows of a frame are always fitted with one.
HAS_TOLERANCE = known(sklearn.linear_model.LinearRegression, ["tol"])


@cache
def data():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "offset": rng.normal(1e6, 1, ROWS),
            "counts": rng.poisson(3, ROWS),
            "skewed": rng.exponential(size=ROWS),
            "flag": rng.random(ROWS) > 0.3,
            "constant": np.full(ROWS, 7.5),
        }
    )
    rows["y"] = 2 * rows.offset + 0.5 * rows["counts"] - rows.skewed + 3 * rows.flag + rng.normal(size=ROWS)
    return rows


@cache
def stored(engine):
    return DataFrame.from_pandas(opened(engine), data(), materialization="temp_table")


def same_model(found, right, names):
    """The reference values for columns with an offset are themselves only accurate to about 10 digits."""
    np.testing.assert_allclose(found.coef_, right.coef_, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.intercept_, right.intercept_, rtol=1e-8)
    assert found.coef_.dtype == right.coef_.dtype
    assert found.coef_.shape == right.coef_.shape
    assert found.n_features_in_ == len(names)
    assert list(found.feature_names_in_) == names
    assert found.feature_names_in_.dtype == object


@on_every_engine
@pytest.mark.parametrize("exact", [False, True])
def test_linear_regression(engine, exact):
    found = LinearRegression(exact=exact).fit(stored(engine), "y")
    right = sklearn.linear_model.LinearRegression().fit(data()[FEATURES], data().y)
    same_model(found, right, FEATURES)
    assert found.coef_[4] == 0
    assert found.rank_ == right.rank_ == 4
    np.testing.assert_allclose(found.singular_, right.singular_, rtol=1e-9, atol=1e-6)


@on_every_engine
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 10.0, 1e5])
def test_ridge(engine, alpha):
    found = Ridge(alpha).fit(stored(engine), "y")
    right = sklearn.linear_model.Ridge(alpha, solver="svd").fit(data()[FEATURES], data().y)
    same_model(found, right, FEATURES)
    assert (found.n_iter_, found.solver_) == (None, "cholesky")


@on_every_engine
@pytest.mark.parametrize("exact", [False, True])
def test_without_an_intercept(engine, exact):
    features = ["offset", "counts", "skewed"]
    frame = stored(engine)[[*features, "y"]]
    found = LinearRegression(fit_intercept=False, tol=1e-12, exact=exact).fit(frame, "y")
    tolerance = {"tol": 1e-12} if HAS_TOLERANCE else {}
    right = sklearn.linear_model.LinearRegression(fit_intercept=False, **tolerance).fit(data()[features], data().y)
    np.testing.assert_allclose(found.coef_, right.coef_, rtol=1e-8)
    assert found.intercept_ == 0.0
    assert found.rank_ == right.rank_ == 3
    ridge = Ridge(2.0, fit_intercept=False).fit(frame, "y")
    right = sklearn.linear_model.Ridge(2.0, fit_intercept=False, solver="svd").fit(data()[features], data().y)
    np.testing.assert_allclose(ridge.coef_, right.coef_, rtol=1e-7)


@on_every_engine
def test_one_constant_column_is_an_intercept_without_one(engine):
    rows = {"x": [1.0, 2.0, 3.0, 5.0], "one": [2.0] * 4, "y": [1.0, 3.0, 5.0, 9.0]}
    found = LinearRegression(fit_intercept=False).fit(load(engine, rows), "y")
    np.testing.assert_allclose(found.coef_, [2.0, -0.5], rtol=1e-12)
    rows["two"] = [3.0] * 4
    with pytest.raises(InvalidValue, match=r"columns \['one', 'two'\] are linearly dependent"):
        LinearRegression(fit_intercept=False).fit(load(engine, rows), "y")


@on_every_engine
def test_a_direction_below_the_tolerance_counts_as_none(engine):
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"wide": rng.normal(0, 1e8, 50), "narrow": rng.normal(0, 1, 50)})
    rows["y"] = rows.wide + rows.narrow
    found = LinearRegression().fit(load(engine, rows), "y")
    assert found.rank_ == 1
    if HAS_TOLERANCE:
        right = sklearn.linear_model.LinearRegression().fit(rows[["wide", "narrow"]], rows.y)
        assert right.rank_ == 1
        np.testing.assert_allclose(found.coef_, right.coef_, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(LinearRegression(tol=0.0).fit(load(engine, rows), "y").coef_, [1.0, 1.0], rtol=1e-6)


def test_exact_coefficients_are_the_same_bits_everywhere():
    found = {}
    for engine in ENGINES:
        for again in range(2):
            model = LinearRegression(exact=True).fit(stored(engine), "y")
            found[engine, again] = (model.coef_.tobytes(), np.float64(model.intercept_).tobytes(), model.singular_.tobytes())
    for threads in (1, 2):
        frame = DataFrame.from_pandas(
            connect(duckdb.connect(config={"threads": threads})), data(), materialization="temp_table"
        )
        model = LinearRegression(exact=True).fit(frame, "y")
        found["threads", threads] = (model.coef_.tobytes(), np.float64(model.intercept_).tobytes(), model.singular_.tobytes())
    assert len(set(found.values())) == 1


def test_engines_agree():
    models = [Ridge(0.5).fit(stored(engine), "y") for engine in ENGINES]
    for model in models[1:]:
        np.testing.assert_allclose(model.coef_, models[0].coef_, rtol=1e-10)
        np.testing.assert_allclose(model.intercept_, models[0].intercept_, rtol=1e-10)


@on_every_engine
@pytest.mark.parametrize(("exact", "columns"), [(False, 63), (True, 15)])
def test_many_columns(engine, exact, columns, monkeypatch):
    monkeypatch.setattr(exact_module, "_PER_QUERY", 50)
    rng = np.random.default_rng(2)
    rows = pd.DataFrame(rng.normal(5, 1, (200, columns)), columns=[f"c{number}" for number in range(columns)])
    rows["c3"] = 1.0
    rows["y"] = rows.sum(axis=1) + rng.normal(size=200)
    found = LinearRegression(exact=exact).fit(DataFrame.from_pandas(opened(engine), rows, materialization="temp_table"), "y")
    right = sklearn.linear_model.LinearRegression().fit(rows.drop(columns="y"), rows.y)
    np.testing.assert_allclose(found.coef_, right.coef_, rtol=1e-8, atol=1e-12)


@on_every_engine
def test_streamed_moments_are_those_of_queries(engine):
    frame, names = stored(engine), [*FEATURES, "y"]
    by_query, by_batches = moments(frame, names, who="Ridge"), moments(frame, names, who="Ridge", wide=0)
    np.testing.assert_allclose(by_batches.means, by_query.means, rtol=1e-14)
    scale = np.sqrt(np.outer(np.diagonal(by_query.products), np.diagonal(by_query.products)))
    assert np.max(np.abs(by_batches.products - by_query.products) / np.where(scale, scale, 1)) < 1e-12
    right = np.cov(data()[names].to_numpy(dtype=float).T, ddof=0) * ROWS
    assert np.max(np.abs(by_query.products - right) / np.where(scale, scale, 1)) < 1e-9
    assert moments_module.WIDE == 60  # test_many_columns has more


@on_every_engine
@pytest.mark.parametrize("model", [LinearRegression(), Ridge(), LinearRegression(exact=True)])
def test_huge_and_tiny_values(engine, model):
    rng = np.random.default_rng(4)
    rows = pd.DataFrame(
        {"huge": rng.normal(0, 1e250, 30), "tiny": rng.normal(0, 1e-250, 30), "large": rng.normal(0, 1e100, 30)}
    )
    rows["y"] = rows.large / 1e100
    for name in ("huge", "tiny"):
        with pytest.raises(InvalidValue, match=f"column '{name}' spreads over about(.|\n)*multiply the column"):
            model.fit(load(engine, rows[[name, "y"]]), "y")
    found = LinearRegression(exact=model.get_params()["exact"]).fit(load(engine, rows[["large", "y"]]), "y")
    np.testing.assert_allclose(found.coef_ * 1e100, [1.0], rtol=1e-8)


@on_every_engine
def test_target_as_a_series(engine):
    frame = stored(engine)[["counts", "skewed"]]
    found = LinearRegression().fit(frame, stored(engine)["counts"] * 3)
    np.testing.assert_allclose(found.coef_, [3.0, 0.0], atol=1e-12)
    assert list(found.feature_names_in_) == ["counts", "skewed"]


@on_every_engine
def test_depending_columns(engine):
    rows = data()[["counts", "skewed", "y"]].assign(twice=lambda df: 2 * df["counts"] + 1)
    with pytest.raises(InvalidValue, match=r"columns \['counts', 'twice'\] are linearly dependent(.|\n)*use Ridge"):
        LinearRegression().fit(load(engine, rows.head(100)), "y")
    with pytest.raises(InvalidValue, match="too few rows"):
        LinearRegression().fit(load(engine, rows.head(2)[["counts", "skewed", "y"]]), "y")
    found = Ridge().fit(load(engine, rows.head(100)), "y")
    features = ["counts", "skewed", "twice"]
    right = sklearn.linear_model.Ridge().fit(rows.head(100)[features], rows.head(100).y)
    np.testing.assert_allclose(
        found.coef_, [dict(zip(features, right.coef_, strict=True))[name] for name in found.feature_names_in_], rtol=1e-8
    )


@on_every_engine
def test_one_row(engine):
    found = LinearRegression().fit(load(engine, {"x": [4.0], "y": [3.0]}), "y")
    assert (found.coef_.tolist(), found.intercept_, found.rank_) == ([0.0], 3.0, 0)


@on_every_engine
@pytest.mark.parametrize("exact", [False, True])
def test_rows_that_cannot_be_fitted(engine, exact):
    model = LinearRegression(exact=exact)
    with pytest.raises(InvalidValue, match=r"Input X contains NaN: column 'x' is missing in 1 rows(.|\n)*dropna"):
        model.fit(load(engine, {"x": [1.0, None], "y": [1.0, 2.0]}), "y")
    with pytest.raises(InvalidValue, match="Input y contains NaN"):
        model.fit(load(engine, {"x": [1.0, 2.0], "y": [1.0, None]}), "y")
    with pytest.raises(InvalidValue, match="Input X contains infinity"):
        model.fit(load(engine, {"x": [1.0, float("inf")], "y": [1.0, 2.0]}), "y")
    with pytest.raises(InvalidValue, match="column 'x' has values beyond"):
        model.fit(load(engine, {"x": [1.5e308, 1.5e308, -1.5e308], "y": [1.0, 2.0, 3.0]}), "y")
    frame = load(engine, {"x": [1.0, 2.0], "y": [1.0, 2.0]})
    with pytest.raises(
        InvalidValue, match=r"Found array with 0 sample\(s\) \(shape=\(0, 1\)\) while a minimum of 1 is required"
    ):
        model.fit(frame[frame.x > 5], "y")
    with pytest.raises(InvalidType, match="column 'x' is string"):
        model.fit(load(engine, {"x": ["a", "b"], "y": [1.0, 2.0]}), "y")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (LinearRegression(positive=True), r"LinearRegression\(positive=True\) cannot be fitted to a frame"),
        (Ridge(positive=True), r"Ridge\(positive=True\)"),
        (Ridge(solver="sag"), r"Ridge\(solver='sag'\)"),
        (Ridge(alpha=np.array([1.0])), r"Ridge\(alpha=array\(\[1.\]\)\)"),
    ],
)
def test_parameters_that_frames_do_not_have(model, message):
    with pytest.raises(NotSupported, match=message):
        model.fit(load("duckdb", {"x": [1.0, 2.0], "y": [1.0, 2.0]}), "y")


def test_arguments():
    frame = load("duckdb", {"x": [1.0, 2.0], "y": [1.0, 2.0]})
    with pytest.raises(NotSupported, match="does not support sample_weight for a frame"):
        Ridge().fit(frame, "y", sample_weight=[1, 2])
    with pytest.raises(InvalidValue, match="requires y to be passed, but the target y is None"):
        Ridge().fit(frame, None)
    with pytest.raises(ColumnNotFound, match="given as target"):
        Ridge().fit(frame, "z")
    with pytest.raises(InvalidType, match="name of a column or a series"):
        Ridge().fit(frame, [1.0, 2.0])
    with pytest.raises(InvalidType, match="y is in a database, but X is in memory"):
        Ridge().fit(np.ones((2, 1)), frame.y)
    with pytest.raises(ValueError, match="'alpha' parameter of Ridge must be"):
        Ridge(alpha=-1.0).fit(frame, "y")
    with pytest.raises(ValueError, match="'exact' parameter of LinearRegression must be"):
        LinearRegression(exact="yes").fit(frame, "y")
