"""Estimators fitted on one engine equal those fitted on every other, to the last bit where that is promised."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from frame.frames import ENGINES
from ml.against import CATEGORIES, NUMBERS, fetched, over
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from objectiv_local import ml

WITHOUT_HOLES = {name: values.astype("float64") for name, values in NUMBERS.items() if name != "holes"}

#: Estimators whose state is equal to the last bit on every engine, with the rows that they are fitted to.
EXACT = [
    (ml.MinMaxScaler(), NUMBERS),
    (ml.MaxAbsScaler(), NUMBERS),
    (ml.RobustScaler(), NUMBERS),
    (ml.StandardScaler(exact=True), NUMBERS),
    (ml.SimpleImputer(strategy="median"), NUMBERS),
    (ml.SimpleImputer(strategy="most_frequent"), CATEGORIES),
    (ml.OneHotEncoder(max_categories=3), CATEGORIES),
    (ml.OrdinalEncoder(), CATEGORIES),
    (ml.KBinsDiscretizer(4), WITHOUT_HOLES),
]
#: Estimators whose sums are the engine's own.
CLOSE = [(ml.StandardScaler(), NUMBERS), (ml.SimpleImputer(), NUMBERS)]


@pytest.mark.filterwarnings("ignore:Bins whose width|Feature . is constant")
@pytest.mark.parametrize("engine", ENGINES[1:])
@pytest.mark.parametrize(("estimator", "columns"), EXACT)
def test_state_is_the_same_to_the_last_bit(estimator, columns, engine):
    columns = {name: columns[name] for name in columns if name != "member"}
    fitted = [ml.spec(type(estimator)(**estimator.get_params()).fit(over(each, columns))) for each in ("duckdb", engine)]
    assert fitted[0] == fitted[1]


@pytest.mark.parametrize("engine", ENGINES[1:])
@pytest.mark.parametrize(("estimator", "columns"), CLOSE)
def test_state_and_rows_are_close(estimator, columns, engine):
    found = []
    for each in ("duckdb", engine):
        made = type(estimator)(**estimator.get_params())
        found.append(fetched(made.fit_transform(over(each, columns))).to_numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_exact_coefficients_are_the_same_to_the_last_bit(engine):
    fitted = []
    for each in ("duckdb", engine):
        frame = over(each, {name: WITHOUT_HOLES[name] for name in ("offset", "visits", "price", "member")})
        fitted.append(ml.LinearRegression(exact=True).fit(frame, "price"))
    assert fitted[0].coef_.tobytes() == fitted[1].coef_.tobytes()
    assert fitted[0].intercept_ == fitted[1].intercept_


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame])
def test_our_transformers_serve_in_scikit_learns_pipelines_and_column_transformers(container):
    table = container({"x": [1.0, 2.0, 3.0, 4.0], "gap": [None, 1.0, 2.0, 5.0], "city": ["a", "b", "a", "c"]})
    inputs = ColumnTransformer(
        [
            ("x", ml.StandardScaler(), ["x"]),
            ("gap", make_pipeline(ml.SimpleImputer(), ml.MinMaxScaler()), ["gap"]),
            ("city", ml.OneHotEncoder(sparse_output=False), ["city"]),
            ("bins", ml.KBinsDiscretizer(2, encode="ordinal"), ["x"]),
        ]
    )
    inputs.set_output(transform="pandas" if container is pd.DataFrame else "polars")
    found = inputs.fit_transform(table)
    assert isinstance(found, container)
    assert list(found.columns) == ["x__x", "gap__gap", "city__city_a", "city__city_b", "city__city_c", "bins__x"]
    assert np.asarray(found)[:, 5].tolist() == [0, 0, 1, 1]
    model = make_pipeline(inputs, LogisticRegression()).fit(table, [0, 0, 1, 1])
    assert model.predict(table).tolist() == [0, 0, 1, 1]
