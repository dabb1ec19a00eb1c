"""Logistic regression: fitted by scikit-learn, predicted by the engines."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from frame.frames import ENGINES, load, plain
from sklearn.linear_model import LogisticRegression

from objectiv_local import ModelHub
from objectiv_local.errors import AttributeNotFound, InvalidType, InvalidValue

DATA = pd.DataFrame(
    {
        "hits": [1, 2, 3, 4, 5, 6, 7, 8, 20, 40],
        "seconds": [0.5, 1.0, 9.0, 3.0, 8.0, 2.0, 7.5, 6.0, 100.0, -3.0],
        "mobile": [True, False] * 5,
        "bought": [False, False, True, False, True, False, True, True, True, False],
    }
)
FEATURES = ["hits", "seconds", "mobile"]


@pytest.fixture(params=ENGINES)
def df(request):
    return load(request.param, DATA)


def test_fits_and_predicts_like_scikit_learn(df):
    model = ModelHub().get_logistic_regression(C=0.5, fit_intercept=True)
    # The target can have the name of a feature.
    assert model.fit(df[FEATURES], df.bought.rename("hits")) is model
    theirs = LogisticRegression(C=0.5).fit(DATA[FEATURES].astype("float64"), DATA.bought)
    assert np.allclose(model.coef_, theirs.coef_, rtol=1e-9)
    assert model.intercept_ == pytest.approx(theirs.intercept_)
    assert list(model.classes_) == [False, True]
    assert model.C == 0.5
    assert model.get_params()["C"] == 0.5
    assert "C=0.5" in repr(model)

    wanted = theirs.predict_proba(DATA[FEATURES].astype("float64"))[:, 1]
    found = model.predict_proba(df[FEATURES])
    assert (found.name, found.dtype) == ("probability", "float64")
    assert found.to_pandas().sort_index().tolist() == pytest.approx(wanted.tolist(), rel=1e-9)
    labels = model.predict(df[FEATURES])
    assert (labels.name, labels.dtype) == ("labels", "bool")
    assert plain(labels.to_pandas().sort_index()) == theirs.predict(DATA[FEATURES].astype("float64")).tolist()
    scores = model.decision_function(df[FEATURES]).to_pandas().sort_index()
    assert scores.tolist() == pytest.approx(theirs.decision_function(DATA[FEATURES].astype("float64")).tolist(), rel=1e-9)
    assert model.score(df[FEATURES], df.bought) == theirs.score(DATA[FEATURES].astype("float64"), DATA.bought)

    # Columns are matched by name, in any order, and results are ordinary columns.
    assert plain(model.predict(df[FEATURES[::-1]]).to_pandas().sort_index()) == plain(labels.to_pandas().sort_index())
    df["likely"] = model.predict_proba(df[FEATURES])
    assert len(df[df.likely > 0.5]) == sum(wanted > 0.5)


def test_large_scores(df):
    model = ModelHub().get_logistic_regression().fit(df[["hits"]], df.bought)
    model._model.coef_, model._model.intercept_ = np.array([[1000.0]]), np.array([0.0])
    far = df.assign(hits=(df.hits - 5) * 1000)
    assert plain(model.predict_proba(far[["hits"]]).to_pandas().sort_index()) == [0, 0, 0, 0, 0.5, 1, 1, 1, 1, 1]
    missing = df.assign(hits=df.hits.where(df.hits > 1))
    found = model.predict_proba(missing[["hits"]]).to_pandas().sort_index()
    assert math.isnan(found[0])
    assert plain(model.predict(missing[["hits"]]).to_pandas().sort_index())[0] is None


def test_bad_input(df):
    model = ModelHub().get_logistic_regression()
    with pytest.raises(AttributeNotFound, match=r"coef_ is not available before fitting"):
        model.coef_  # noqa: B018
    with pytest.raises(AttributeNotFound, match="no attribute 'summary'"):
        model.summary  # noqa: B018
    with pytest.raises(AttributeNotFound, match="not available before fitting"):
        model.predict(df[FEATURES])
    with pytest.raises(InvalidType, match="y has to be a bool series, not int64"):
        model.fit(df[FEATURES], df.hits)
    with pytest.raises(InvalidType, match=r"y of BinaryLogisticRegression.fit has to be a Series, not"):
        model.fit(df[FEATURES], [True])
    with pytest.raises(InvalidType, match=r"X of BinaryLogisticRegression.fit has to be a DataFrame, not a SeriesInt64"):
        model.fit(df.hits, df.bought)
    with pytest.raises(InvalidType, match=r"there are \{'name': 'string'\}"):
        model.fit(df.assign(name="x")[["name", "hits"]], df.bought)
    with pytest.raises(InvalidValue, match="y has only one distinct value"):
        model.fit(df[df.bought][FEATURES], df[df.bought].bought)
    with pytest.raises(InvalidValue, match="y has no rows"):
        model.fit(df[df.hits < 0][FEATURES], df[df.hits < 0].bought)
    with pytest.raises(InvalidValue, match="missing values in seconds"):
        model.fit(df.assign(seconds=df.seconds.where(df.seconds > 0))[FEATURES], df.bought)
    model.fit(df[FEATURES], df.bought)
    for wrong in (["hits"], [*FEATURES, "bought"], ["hits", "seconds", "bought"]):
        with pytest.raises(InvalidValue, match="fitted to the columns"):
            model.predict(df[wrong])
    with pytest.raises(InvalidValue, match="no rows to score"):
        model.score(df[df.hits < 0][FEATURES], df[df.hits < 0].bought)
    with pytest.raises(InvalidValue, match="Invalid parameter"):
        model.set_params(c=1)
    assert model.set_params(C=2.0).C == 2.0
