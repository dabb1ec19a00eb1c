"""Pipelines with transformers in SQL: the results of scikit-learn, fitted in memory or over frames."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import on_every_engine
from ml.against import CATEGORIES, NUMBERS, fetched, in_memory, over, quiet
from sklearn import compose, impute, linear_model, preprocessing
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from objectiv_local import ml
from objectiv_local.errors import InvalidValue, NotSupported

COLUMNS = {
    **{name: NUMBERS[name].astype("float64") for name in ("offset", "holes", "price")},
    **{name: CATEGORIES[name] for name in ("city", "size")},
}
Y = NUMBERS["price"] + np.nan_to_num(NUMBERS["holes"]) > 1


def inputs(module, imputer, composed):
    return composed(
        [
            ("numbers", make_pipeline(imputer, module.StandardScaler()), ["offset", "holes", "price"]),
            ("words", module.OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("codes", module.OrdinalEncoder(), ["size"]),
        ]
    )


PLAIN = inputs(preprocessing, impute.SimpleImputer(), compose.ColumnTransformer)


@on_every_engine
@pytest.mark.parametrize(
    "model", [linear_model.LogisticRegression(), linear_model.Ridge(), RandomForestClassifier(5, max_depth=3, random_state=0)]
)
def test_a_pipeline_of_scikit_learn_answers_in_sql(engine, model):
    table, frame = in_memory(COLUMNS), over(engine, COLUMNS)
    pipeline = Pipeline([("inputs", PLAIN), ("model", model)]).fit(table, Y)
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    expected = np.asarray(getattr(pipeline, method)(table), dtype=float).reshape(len(table), -1)
    for where in ("sql", "local"):
        scored = ml.score(pipeline, frame, method=method, where=where)
        names = scored.data_columns[len(COLUMNS) :]
        np.testing.assert_allclose(fetched(scored[names]).to_numpy(), expected, rtol=1e-9, atol=1e-9)
        # The input columns are unchanged.
        kept = fetched(scored[list(COLUMNS)])
        pd.testing.assert_frame_equal(kept, fetched(frame), check_dtype=False)


@on_every_engine
def test_a_pipeline_of_ours_is_fitted_and_asked_over_frames(engine):
    table, frame = in_memory(COLUMNS), over(engine, {**COLUMNS, "y": Y})
    features = frame[list(COLUMNS)]
    ours = Pipeline([("inputs", inputs(ml, ml.SimpleImputer(), ml.Compose)), ("model", ml.LogisticRegression(tol=1e-10))])
    ours.fit(features, frame.y)
    with quiet():
        theirs = Pipeline([("inputs", PLAIN), ("model", linear_model.LogisticRegression(tol=1e-10, solver="newton-cholesky"))])
        expected = theirs.fit(table, Y).predict_proba(table)
    np.testing.assert_allclose(fetched(ours.predict_proba(features)).to_numpy(), expected, rtol=1e-6, atol=1e-8)
    assert ours.score(features, frame.y) == pytest.approx(theirs.score(table, Y))
    scored = ml.score(ours, frame, method="predict_proba", where="sql")
    np.testing.assert_allclose(fetched(scored[["probability_True"]]).to_numpy().ravel(), expected[:, 1], rtol=1e-6, atol=1e-8)


@on_every_engine
def test_later_steps_by_position_and_searches(engine):
    table, frame = in_memory(COLUMNS), over(engine, COLUMNS)
    names = ["offset", "holes", "price"]
    later = compose.ColumnTransformer([("first", preprocessing.MinMaxScaler(), [0, 1])], remainder="passthrough")
    steps = [("fill", impute.SimpleImputer()), ("later", later), ("model", linear_model.Ridge())]
    search = GridSearchCV(Pipeline(steps), {"model__alpha": [0.1, 10.0]}, cv=3).fit(table[names], Y.astype(float))
    scored = ml.score(search, frame, where="sql")
    np.testing.assert_allclose(fetched(scored[["prediction"]]).to_numpy().ravel(), search.predict(table[names]), rtol=1e-8)


@on_every_engine
def test_unknown_categories_are_told_before_rows_are_scored(engine):
    table = in_memory(COLUMNS)
    strict = compose.ColumnTransformer([("words", preprocessing.OneHotEncoder(), ["city"])])
    pipeline = Pipeline([("inputs", strict), ("model", linear_model.Ridge())]).fit(table, Y.astype(float))
    new = over(engine, {**COLUMNS, "city": np.array(["Berltsum"] * len(Y), dtype=object)})
    with pytest.raises(InvalidValue, match=r"unknown categories \['Berltsum'\] in column 'city'"):
        ml.score(pipeline, new, where="sql")


def test_a_step_without_a_counterpart_goes_local():
    table, frame = in_memory(COLUMNS), over("duckdb", COLUMNS)
    names = ["price", "size"]
    with quiet():
        pipeline = make_pipeline(preprocessing.PowerTransformer(), linear_model.Ridge()).fit(table[names], Y.astype(float))
    with pytest.raises(NotSupported, match="PowerTransformer has no counterpart over frames"):
        ml.score(pipeline, frame, where="sql")
    scored = ml.score(pipeline, frame)
    np.testing.assert_allclose(fetched(scored[["prediction"]]).to_numpy().ravel(), pipeline.predict(table[names]), rtol=1e-9)


@on_every_engine
@pytest.mark.parametrize("scaler", [preprocessing.MinMaxScaler(clip=True), preprocessing.StandardScaler()])
def test_nan_is_missing_behind_a_scaler_too(engine, scaler):
    table = pd.DataFrame({"x": [0.0, 1.0, 2.0, 4.0]})
    pipeline = make_pipeline(scaler, linear_model.LinearRegression()).fit(table, [1.0, 2.0, 3.0, 5.0])
    scored = ml.score(pipeline, over(engine, {"x": np.array([2.0, np.nan, 9.0, np.inf])}), where="sql")
    found = fetched(scored)["prediction"].tolist()
    assert found[0] == pytest.approx(3.0)
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(pipeline.predict(pd.DataFrame({"x": [9.0]}))[0])
