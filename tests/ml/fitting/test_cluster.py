"""K-means over frames: the same sample on every engine, and then scikit-learn's Lloyd steps over all rows."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import pandas as pd
import pytest
import sklearn.cluster
from frame.frames import ENGINES, load, on_every_engine, opened
from sklearn.exceptions import ConvergenceWarning

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidValue, NotSupported
from objectiv_local.ml.fitting import stream
from objectiv_local.ml.fitting.cluster import KMeans
from objectiv_local.ml.fitting.lloyd import _Step
from objectiv_local.ml.fitting.sample import sampled

ROWS = 3000
NAMES = ["a", "b", "c", "kind"]


@cache
def data():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(ROWS, 3)) + [1e5, 0, 0], columns=["a", "b", "c"])
    rows.loc[::3, "b"] += 4
    rows["kind"] = rng.integers(0, 3, ROWS)
    rows.index.name = "row"
    return rows


@cache
def stored(engine):
    return DataFrame.from_pandas(opened(engine), data(), materialization="temp_table")


@on_every_engine
@pytest.mark.parametrize(
    "parameters",
    [{}, {"n_clusters": 3, "tol": 0.0}, {"n_clusters": 4, "init": "random", "n_init": 3, "random_state": 7}, {"max_iter": 2}],
    ids=str,
)
def test_steps_over_all_rows_are_those_of_scikit_learn(engine, parameters):
    start = KMeans(sample_rows=300, method="sample", **parameters).fit(stored(engine))
    found = KMeans(sample_rows=300, **parameters).fit(stored(engine))
    right = sklearn.cluster.KMeans(**parameters | {"init": start.cluster_centers_, "n_init": 1}).fit(data())
    np.testing.assert_allclose(found.cluster_centers_, right.cluster_centers_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.inertia_, right.inertia_, rtol=1e-10)
    assert found.n_iter_ == right.n_iter_
    assert found.cluster_centers_.shape == right.cluster_centers_.shape
    assert list(found.feature_names_in_) == NAMES
    assert not hasattr(found, "labels_")


def test_the_sample_is_the_same_on_every_engine():
    for frame_of in (stored, lambda engine: stored(engine).reset_index(drop=True)):
        samples = [sampled(frame_of(engine), NAMES, 50, 3) for engine in ENGINES]
        for sample in samples:
            assert sample.tobytes() == samples[0].tobytes()
        assert len({tuple(row) for row in samples[0]} & {tuple(row) for row in data().to_numpy()}) == 50


@on_every_engine
def test_the_sample_has_the_least_hashes_of_the_index(engine):
    def place(row):
        key = f"3:{len(str(row))}:{row}"
        return int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()[:15], 16)

    right = data().loc[sorted(data().index, key=place)[:20], NAMES].to_numpy()
    assert sampled(stored(engine), NAMES, 20, 3).tolist() == right.tolist()


@on_every_engine
def test_equal_rows_without_an_index_are_sampled_one_by_one(engine):
    frame = load(engine, {"x": [1.0] * 60 + [2.0] * 60}).reset_index(drop=True)
    found = sampled(frame, ["x"], 40, 0)
    assert 5 < (found == 1.0).sum() < 35


def test_engines_agree():
    models = [KMeans(sample_rows=300).fit(stored(engine)) for engine in ENGINES]
    for model in models[1:]:
        np.testing.assert_allclose(model.cluster_centers_, models[0].cluster_centers_, rtol=1e-10, atol=1e-9)
        assert model.n_iter_ == models[0].n_iter_


@on_every_engine
def test_a_sample_of_all_rows_is_scikit_learn(engine):
    found = KMeans(random_state=5).fit(stored(engine))
    rows = sampled(stored(engine), NAMES, ROWS, 5)
    right = sklearn.cluster.KMeans(random_state=5).fit(rows)
    assert sorted(map(tuple, rows)) == sorted(map(tuple, data().to_numpy()))
    assert (found.cluster_centers_ == right.cluster_centers_).all()
    assert (found.inertia_, found.n_iter_) == (right.inertia_, right.n_iter_)
    assert (
        KMeans(random_state=np.random.RandomState(1)).fit(stored(engine)).cluster_centers_
        == KMeans(random_state=np.random.RandomState(1)).fit(stored(engine)).cluster_centers_
    ).all()


@on_every_engine
def test_rows_that_are_not_kept(engine, monkeypatch):
    kept = KMeans(3, sample_rows=300).fit(stored(engine))
    monkeypatch.setattr(stream, "KEPT_BYTES", 0)
    streamed = KMeans(3, sample_rows=300).fit(stored(engine))
    np.testing.assert_allclose(streamed.cluster_centers_, kept.cluster_centers_, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("batches", [1, 3])
def test_a_cluster_without_rows_takes_the_farthest(batches):
    rows = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [30.0]])
    centers = np.array([[0.5], [11.0], [100.0], [200.0]])
    step = _Step(centers)
    for part in np.array_split(rows, batches):
        step.add(part)
    right = sklearn.cluster.KMeans(4, init=centers, n_init=1, max_iter=1).fit(rows)
    np.testing.assert_allclose(step.means(), right.cluster_centers_)


@on_every_engine
def test_fewer_different_rows_than_clusters(engine):
    frame = load(engine, {"x": [1.0] * 30 + [2.0] * 30})
    with pytest.warns(ConvergenceWarning, match="distinct clusters"):
        found = KMeans(3, sample_rows=20).fit(frame)
    assert set(found.cluster_centers_.ravel()) == {1.0, 2.0}
    assert found.inertia_ == 0


@on_every_engine
def test_transform_and_score(engine):
    model = KMeans(3, sample_rows=300).fit(stored(engine))
    found = model.transform(stored(engine))
    assert found.data_columns == ["kmeans0", "kmeans1", "kmeans2"]
    right = np.sqrt(((data().to_numpy()[:, None, :] - model.cluster_centers_) ** 2).sum(axis=2))
    np.testing.assert_allclose(found.sort_index().to_pandas(), right, rtol=1e-12)
    np.testing.assert_allclose(model.score(stored(engine)), -(right.min(axis=1) ** 2).sum(), rtol=1e-12)
    np.testing.assert_allclose(model.fit_transform(stored(engine)).sort_index().to_pandas(), right, rtol=1e-12)
    assert model.transform(
        load(engine, {"a": [None, 1.0], "b": [1.0, 1.0], "c": [1.0, 1.0], "kind": [1, 1]})
    ).sort_index().to_pandas().isna().to_numpy().tolist() == [[True] * 3, [False] * 3]
    labels = model.predict(data())
    assert (labels == right.argmin(axis=1)).all()


def test_set_output_is_for_rows_in_memory():
    model = KMeans(2).set_output(transform="pandas").fit(stored("duckdb"))
    assert isinstance(model.transform(data()), pd.DataFrame)
    assert isinstance(model.transform(stored("duckdb")), DataFrame)


@on_every_engine
def test_rows_that_cannot_be_fitted(engine):
    frame = load(engine, {"x": [1.0, 2.0]})
    with pytest.raises(InvalidValue, match="n_samples=2 should be >= n_clusters=3"):
        KMeans(3).fit(frame)
    with pytest.raises(InvalidValue, match="sample_rows=1 should be >= n_clusters=2"):
        KMeans(2, sample_rows=1).fit(frame)
    with pytest.raises(InvalidValue, match="Input X contains NaN: column 'x'"):
        KMeans(1).fit(load(engine, {"x": [1.0, None]}))
    with pytest.raises(InvalidValue, match="Input X contains infinity"):
        KMeans(1).fit(load(engine, {"x": [1.0, float("-inf")]}))
    with pytest.raises(InvalidValue, match="Input X contains NaN"):
        KMeans(1).fit(frame).score(load(engine, {"x": [1.0, None]}))
    with pytest.raises(InvalidValue, match="feature names should match"):
        KMeans(1).fit(frame).transform(load(engine, {"z": [1.0]}))


def test_arguments():
    frame = load("duckdb", {"x": [1.0, 2.0]})
    with pytest.raises(NotSupported, match="does not support sample_weight for a frame"):
        KMeans(1).fit(frame, sample_weight=[1, 2])
    with pytest.raises(ValueError, match="'method' parameter of KMeans must be"):
        KMeans(1, method="sql").fit(frame)
    with pytest.raises(ValueError, match="'sample_rows' parameter of KMeans must be"):
        KMeans(1, sample_rows=0).fit(frame)
