"""Target encoding over frames: scikit-learn's encodings, and folds by the index for cross-fitting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import on_every_engine
from ml.against import CATEGORIES, N, attributes, close, dense, fetched, in_memory, over, same
from sklearn import preprocessing
from sklearn.pipeline import Pipeline

from objectiv_local import ml
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported

rng = np.random.default_rng(3)
TARGETS = {
    "bool": rng.random(N) < 0.4,
    "words": np.array(["no", "yes"], dtype=object)[rng.integers(0, 2, N)],
    "several": np.array(["a", "b", "c"], dtype=object)[rng.integers(0, 3, N)],
    "numbers": rng.integers(0, 4, N),
    "amount": rng.normal(size=N) + 100,
}


def cross_fitted(table, y, folds):
    """Return each row as scikit-learn encodes it when fitted to the rows of the other folds, by the number of the row."""
    parts = []
    for train, test in folds.split(table, groups=np.arange(len(table))):
        found = preprocessing.TargetEncoder().fit(table.iloc[train], y[train]).transform(table.iloc[test])
        parts.append(pd.DataFrame(found, index=test))
    return pd.concat(parts).sort_index().to_numpy()


@on_every_engine
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("smooth", ["auto", 0.0, 12.5])
def test_encodings_are_scikit_learns(engine, target, smooth):
    table, y = in_memory(CATEGORIES), TARGETS[target]
    frame = over(engine, {**CATEGORIES, "y": y})
    theirs = preprocessing.TargetEncoder(smooth=smooth).fit(table, y)
    ours = ml.TargetEncoder(smooth=smooth).fit(frame, "y")
    same(attributes(ours), attributes(theirs), 1e-10)
    test = over(
        engine,
        {
            name: np.append(values[:5], {"city": "new", "size": 77, "rate": 8.5, "member": True}[name])
            for name, values in CATEGORIES.items()
        },
    )
    found = ours.transform(test)
    assert found.data_columns == list(theirs.get_feature_names_out())
    close(
        fetched(found),
        theirs.transform(
            in_memory(
                {
                    name: np.append(values[:5], {"city": "new", "size": 77, "rate": 8.5, "member": True}[name])
                    for name, values in CATEGORIES.items()
                }
            )
        ),
        1e-10,
        0,
    )
    close(dense(ours.to_sklearn().transform(table)), theirs.transform(table), 1e-10, 0)


@on_every_engine
@pytest.mark.parametrize("target", TARGETS)
def test_cross_fitting_goes_by_the_folds_of_the_index(engine, target):
    table, y = in_memory(CATEGORIES), TARGETS[target]
    frame = over(engine, {**CATEGORIES, "y": y})
    folds = ml.HashKFold(3, seed=1)
    ours = ml.TargetEncoder(cv=folds)
    found = ours.fit_transform(frame, "y")
    close(fetched(found), cross_fitted(table, y, folds), 1e-10, 0)
    same(attributes(ours), attributes(preprocessing.TargetEncoder().fit(table, y)), 1e-10)
    # The target of a row is not part of its own encoding: the encodings over all rows differ.
    assert not np.allclose(fetched(found).to_numpy(), fetched(ours.transform(frame[list(CATEGORIES)])).to_numpy())


@on_every_engine
def test_many_categories_are_cross_fitted_by_a_join(engine):
    words = np.array([f"word {number % 80}" for number in range(400)], dtype=object)
    frame = over(engine, {"words": words, "y": np.arange(400) % 7 * 1.5})
    found = ml.TargetEncoder(cv=4).fit_transform(frame, frame.y)
    assert found.view_sql().count("JOIN") == 1
    close(fetched(found), cross_fitted(in_memory({"words": words}), np.arange(400) % 7 * 1.5, ml.HashKFold(4)), 1e-10, 0)


@on_every_engine
def test_compose_and_pipelines_cross_fit_too(engine):
    y = TARGETS["bool"]
    frame = over(engine, {**CATEGORIES, "y": y})
    alone = ml.TargetEncoder().fit_transform(frame[["city"]], frame.y)
    composed = ml.Compose([("means", ml.TargetEncoder(), ["city"]), ("rest", ml.OrdinalEncoder(), ["size"])])
    found = fetched(composed.fit_transform(frame, frame.y))
    close(found["means__city"], fetched(alone)["city"], 0, 0)
    scaled = Pipeline([("means", ml.TargetEncoder()), ("scale", ml.MaxAbsScaler())])
    most = np.abs(fetched(alone)["city"]).max()
    close(
        fetched(ml.Compose([("all", scaled, ["city"])]).fit_transform(frame, frame.y))["all__city"],
        fetched(alone)["city"] / most,
        1e-15,
        0,
    )


def test_wrong_targets_are_told():
    frame = over(
        "duckdb",
        {
            "x": np.array(["a", "b", "a"], dtype=object),
            "one": np.array([1, 1, 1]),
            "holes": np.array([1.0, np.nan, 2.0]),
            "words": np.array(["u", "v", "w"], dtype=object),
        },
    )
    encoder = ml.TargetEncoder()
    with pytest.raises(InvalidValue, match="has 1 classes"):
        encoder.fit(frame[["x", "one"]], "one")
    with pytest.raises(InvalidValue, match="missing in 1 rows"):
        encoder.fit(frame[["x", "holes"]], "holes")
    with pytest.raises(InvalidValue, match="requires y"):
        encoder.fit(frame[["x"]], None)
    with pytest.raises(InvalidType, match="is a string, not a number"):
        ml.TargetEncoder(target_type="continuous").fit(frame[["x", "words"]], "words")
    with pytest.raises(NotSupported, match="cannot split a frame"):
        ml.TargetEncoder(cv=object()).fit_transform(frame[["x", "words"]], "words")
    with pytest.raises(InvalidValue, match="has none"):
        ml.TargetEncoder().fit_transform(frame[["x", "words"]].reset_index(drop=True), "words")


@on_every_engine
@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e200])
def test_targets_whose_squares_are_no_floats_are_refused(engine, value):
    frame = over(engine, {"city": np.array(["a", "b", "a"], dtype=object), "y": np.array([0.5, 2.0, value])})
    with pytest.raises(InvalidValue, match="Input y contains infinity or a value too large"):
        ml.TargetEncoder().fit(frame[["city"]], frame.y)
