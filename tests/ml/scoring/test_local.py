"""Predictions computed outside the database: which rows and models, and how results come back; pipelines; and errors."""

from __future__ import annotations

import datetime as dt
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import load, on_every_engine, opened
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from objectiv_local import DataFrame
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported
from objectiv_local.ml.estimator import OverFrames
from objectiv_local.ml.expressions import number, real, with_columns
from objectiv_local.ml.scoring import score
from objectiv_local.plan.expr import call

RNG = np.random.default_rng(5)
ROWS = pd.DataFrame({"a": RNG.normal(size=120), "b": RNG.integers(0, 6, 120), "c": RNG.normal(size=120) * 50})
TARGET = np.where(ROWS["a"] + ROWS["b"] / 4 > 0.6, "late", "early")
KEYS = [f"user {number:03}" for number in range(120)][::-1]


def rows_on(engine, extra=None):
    frame = ROWS.assign(**(extra or {}))
    frame.index = pd.Index(KEYS, name="row")
    return DataFrame.from_pandas(opened(engine), frame)


@on_every_engine
def test_local_answers_are_those_of_sql_in_the_same_order_under_the_same_index(engine):
    frame = rows_on(engine).sort_values("a", ascending=False)
    for model in (
        LogisticRegression().fit(ROWS, TARGET),
        DecisionTreeClassifier(max_depth=4).fit(ROWS, TARGET),
        LinearRegression().fit(ROWS, np.column_stack([ROWS["a"], ROWS["b"] * 2.0])),
    ):
        for method in ("predict", "predict_proba", "decision_function"):
            if not hasattr(model, method):
                continue
            here = score(model, frame, method=method, where="local")
            there = score(model, frame, method=method, where="sql")
            assert here.columns == there.columns
            assert here.dtypes == there.dtypes
            pd.testing.assert_frame_equal(here.to_pandas(), there.to_pandas(), rtol=1e-12)
            assert here.to_pandas()["a"].is_monotonic_decreasing


@on_every_engine
def test_a_model_without_sql_is_scored_here_and_the_answer_is_lazy(engine):
    frame = rows_on(engine)
    model = KNeighborsClassifier(3).fit(ROWS, TARGET)
    scored = score(model, frame)
    late = scored[scored.prediction == "late"].groupby("b").a.count().sort_index().to_pandas()
    assert late.to_dict() == ROWS[model.predict(ROWS) == "late"].groupby("b")["a"].count().to_dict()
    chances = score(model, scored, method="predict_proba").to_pandas().loc[KEYS]
    np.testing.assert_array_equal(chances[["probability_early", "probability_late"]], model.predict_proba(ROWS))
    assert chances["prediction"].tolist() == model.predict(ROWS).tolist()


class Own:
    """A model that is not a scikit-learn class and identifies features by position."""

    def __init__(self, answers):
        self.answers = answers

    def predict(self, X):
        return self.answers(X)


@on_every_engine
def test_anything_with_predict_is_a_model(engine):
    frame = rows_on(engine)
    texts = Own(lambda X: np.array([f"{value:.0f}!" for value in X[:, 1]], dtype=object))
    assert score(texts, frame, features=["c", "b"]).sort_index().to_pandas()["prediction"].tolist() == [
        f"{value}!" for value in ROWS["b"][::-1]
    ]
    tables = Own(lambda X: (X * 2).astype("float32"))
    found = score(tables, frame, features=["b", "a"], output="twice").sort_index().to_pandas()
    assert found["twice_0"].tolist() == (ROWS["b"][::-1] * 2.0).tolist()
    moments = Own(lambda X: np.datetime64("2024-01-01T00:00", "us") + X[:, 0].astype("timedelta64[D]"))
    days = score(moments, frame, features=["b"]).sort_index().to_pandas()["prediction"]
    assert days.tolist() == [pd.Timestamp(2024, 1, 1) + pd.Timedelta(days=int(value)) for value in ROWS["b"][::-1]]
    flags = Own(lambda X: X[:, 0] > 2)
    assert score(flags, frame, features=["b"]).dtypes["prediction"] == "bool"
    with pytest.raises(InvalidValue, match="one prediction per row"):
        score(Own(lambda X: X[:-1, 0]), frame, features=["b"])
    with pytest.raises(InvalidValue, match="no luck"):
        score(Own(lambda X: int("no luck")), frame, features=["b"])


@on_every_engine
def test_indexes_of_several_levels_and_of_any_type(engine):
    count = 6
    table = pa.table(
        {
            "id": pa.array([str(uuid.UUID(int=each)) for each in range(count)], pa.string()).cast(pa.string()),
            "day": pa.array([dt.date(2024, 1, 1 + each % 2) for each in range(count)]),
            "at": pa.array([dt.datetime(2024, 1, 1, each) for each in range(count)], pa.timestamp("us")),
            "gap": pa.array([dt.timedelta(seconds=each // 2) for each in range(count)], pa.duration("us")),
            "flag": pa.array([each % 2 == 0 for each in range(count)]),
            "number": pa.array([each / 4 for each in range(count)]),
            "x": pa.array([1.0, 2.0, None, 4.0, 5.0, 6.0]),
        }
    )
    model = LinearRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0.0, 10.0])
    plain = DataFrame.from_arrow(opened(engine), table)
    with_id = plain.assign(id=plain["id"].astype("uuid"))
    for index in (["id"], ["day", "gap", "flag"], ["at"], ["gap", "flag"], ["number"], ["at", "id"]):
        frame = with_id.set_index(index)
        found = score(model, frame, where="local")
        assert found.index_dtypes == frame.index_dtypes
        assert found.sort_values("x").to_pandas()["prediction"].dropna().tolist() == pytest.approx([10, 20, 40, 50, 60])
        assert len(found) == count


@on_every_engine
def test_an_index_that_does_not_tell_rows_apart_is_refused(engine):
    model = LinearRegression().fit(ROWS, ROWS["a"])
    frame = rows_on(engine)
    with pytest.raises(InvalidValue, match=r"k=\d occurs in \d+ rows"):
        score(model, frame.assign(k=frame.b).set_index("k"), where="local")
    with pytest.raises(InvalidValue, match="the frame has none"):
        score(model, frame.reset_index(), where="local")
    holes = load(engine, {"a": [1.0, 2.0], "b": [1, 2], "c": [0.0, 1.0], "k": ["x", None]}).set_index("k")
    with pytest.raises(InvalidValue, match="contains a missing value"):
        score(model, holes, where="local")
    with pytest.raises(InvalidValue, match="KNeighborsClassifier has no SQL, so rows are scored here"):
        score(KNeighborsClassifier().fit(ROWS, TARGET), frame.reset_index())


@on_every_engine
def test_models_that_fill_missing_values_answer_rows_that_have_some(engine):
    rows = pd.DataFrame({"a": [1.0, np.nan, 3.0, np.nan, 5.0, 2.0], "b": [0.0, 1.0, np.nan, np.nan, 2.0, np.inf]})
    complete = pd.DataFrame({"a": [1.0, 2.0, 3.0, 5.0], "b": [0.0, 1.0, 4.0, 2.0]})
    frame = load(engine, rows)
    both = make_pipeline(SimpleImputer(), Ridge()).fit(complete, [1.0, 2.0, 2.5, 4.0])
    first = make_pipeline(ColumnTransformer([("fill", SimpleImputer(), ["a"]), ("same", "passthrough", ["b"])]), Ridge())
    first = first.fit(complete, [1.0, 2.0, 2.5, 4.0])
    found = score(both, frame, where="local").sort_index().to_pandas()["prediction"]
    np.testing.assert_allclose(found[:5], both.predict(rows[:5]))
    assert found.isna().tolist() == [False] * 5 + [True]
    found = score(first, frame, where="local").sort_index().to_pandas()["prediction"]
    np.testing.assert_allclose(found[[0, 1, 4]], first.predict(rows.loc[[0, 1, 4]]))
    assert found.isna().tolist() == [False, False, True, True, False, True]


@on_every_engine
def test_text_goes_through_a_pipeline_here(engine):
    rows = ROWS.assign(city=np.where(ROWS["b"] > 3, "Snits", "Drylts"))
    model = make_pipeline(
        ColumnTransformer([("city", OneHotEncoder(), ["city"])], remainder="passthrough"), DecisionTreeClassifier(max_depth=3)
    ).fit(rows, TARGET)
    frame = rows_on(engine, {"city": rows["city"].to_numpy()})
    found = score(model, frame, where="local").to_pandas().loc[KEYS]["prediction"]
    assert found.tolist() == model.predict(rows).tolist()
    none = score(model, frame[frame.a > 1e9], where="local")
    assert none.dtypes["prediction"] == "string"
    assert len(none.to_pandas()) == 0


ENCODER = OneHotEncoder(handle_unknown="ignore")


@on_every_engine
@pytest.mark.parametrize("missing", [None, np.nan])
@pytest.mark.parametrize(
    "encoder",
    [
        ENCODER,
        ColumnTransformer([("t", ENCODER, [0])]),
        make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), ENCODER),
    ],
)
def test_missing_text_is_what_the_model_was_fitted_to(engine, missing, encoder):
    encoder, wanted = clone(encoder), [1.0, 5.0, 2.0, 5.0, 1.0]
    if hasattr(encoder, "steps"):
        encoder.set_params(simpleimputer__missing_values=missing)
    table = pd.DataFrame({"t": pd.Series(["x", missing, "y", missing, "x"], dtype=object)})
    frame = DataFrame.from_pandas(opened(engine), table.rename_axis("k"))
    for data, named in ((table, {}), (table.to_numpy(), {"features": ["t"]})):
        model = make_pipeline(clone(encoder), LinearRegression()).fit(data, wanted)
        found = score(model, frame, where="local", **named).sort_index().to_pandas()["prediction"]
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_rows_of_many_batches_get_their_own_answers():
    count = 70_000
    rows = pd.DataFrame(
        {"a": RNG.normal(size=count), "b": RNG.integers(0, 5, count)}, index=pd.Index(RNG.permutation(count), name="row")
    )
    rows.loc[rows.index < 100, "a"] = np.nan
    model = LinearRegression().fit(pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1, 0, 1]}), [0.5, 2.0, 1.5])
    frame = DataFrame.from_pandas(opened("duckdb"), rows)
    found = score(model, frame, where="local").to_pandas().loc[rows.index]["prediction"]
    assert found.isna().tolist() == (rows.index < 100).tolist()
    np.testing.assert_allclose(found.dropna(), model.predict(rows.dropna()), atol=1e-12)
    with pytest.raises(InvalidValue, match="already has a column 'b'"):
        score(model, frame, output="b", where="local")


# ---- pipelines in SQL


class Centered(OverFrames, StandardScaler):
    """A stand-in for a transformer over frames: subtracts the mean from each column, and keeps the names."""

    def transform(self, X, copy=None):
        if not isinstance(X, DataFrame):
            return super().transform(X, copy)
        names = self._names(X)
        return with_columns(
            X,
            {
                name: call("truediv", call("sub", number(X, name), real(mean)), real(scale))
                for name, mean, scale in zip(names, self.mean_, self.scale_, strict=True)
            },
            "scaled",
            only=True,
        )


@on_every_engine
def test_a_pipeline_leaves_the_columns_that_it_transforms_as_they_were(engine):
    frame = rows_on(engine, {"other": 7}).sort_values("c")
    model = make_pipeline(Centered(), Centered(), LogisticRegression()).fit(ROWS, TARGET)
    scored = score(model, frame, where="sql", method="predict_proba")
    assert scored.columns == ["a", "b", "c", "other", "probability_early", "probability_late"]
    found = scored.to_pandas()
    wanted = ROWS.set_index(pd.Index(KEYS, name="_index_row", dtype=pd.StringDtype(na_value=np.nan))).sort_values("c")
    pd.testing.assert_frame_equal(found[["a", "b", "c"]], wanted, check_dtype=False)
    np.testing.assert_allclose(found["probability_late"], model.predict_proba(wanted)[:, 1], atol=1e-12)
    search = GridSearchCV(make_pipeline(Centered(), Ridge()), {"ridge__alpha": [1.0, 2.0]}, cv=2).fit(ROWS, ROWS["a"])
    found = score(search, frame, where="sql").to_pandas()["prediction"]
    np.testing.assert_allclose(found, search.predict(wanted), atol=1e-12)


# ---- where predictions run, and rejected input


def test_auto_is_sql_until_the_text_is_too_long():
    frame = rows_on("duckdb")
    model = DecisionTreeClassifier(max_depth=3).fit(ROWS, TARGET)
    text = score(model, frame, where="sql")[["prediction"]].view_sql()
    assert score(model, frame, max_sql=len(text)).view_sql() == score(model, frame, where="sql").view_sql()
    assert "answers" in score(model, frame, max_sql=len(text) - 1).view_sql()
    deep = RandomForestClassifier(60).fit(ROWS, TARGET)
    assert "answers" in score(deep, frame).view_sql()


def test_a_deep_tree_is_a_list_of_conditions():
    rows = pd.DataFrame({"x": np.arange(400.0)})
    tree = DecisionTreeRegressor().fit(rows, 2.0 ** np.arange(400.0))
    assert tree.get_depth() > 150
    frame = DataFrame.from_pandas(opened("duckdb"), rows.rename_axis("row"))
    found = score(tree, frame, where="sql").sort_index().to_pandas()["prediction"]
    assert found.tolist() == tree.predict(rows).tolist()


class Doubled(LinearRegression):
    def predict(self, X):
        return super().predict(X) * 2


@pytest.mark.parametrize(
    ("model", "method", "words"),
    [
        (KNeighborsClassifier().fit(ROWS, TARGET), "predict", "KNeighborsClassifier has no SQL"),
        (Doubled().fit(ROWS, ROWS["a"]), "predict", "its own predict"),
        (SGDClassifier(loss="modified_huber").fit(ROWS, TARGET), "predict_proba", "SGDClassifier"),
        (
            GradientBoostingRegressor(init=LinearRegression(), n_estimators=2).fit(ROWS, ROWS["a"]),
            "predict",
            "its init is a model",
        ),
        (
            HistGradientBoostingRegressor(categorical_features=["b"], max_iter=2).fit(ROWS, ROWS["a"]),
            "predict",
            "splits by categories",
        ),
        (DecisionTreeRegressor().fit(ROWS, ROWS[["a", "b"]]), "predict", "several targets"),
    ],
)
def test_what_has_no_sql_says_so_and_is_scored_here(model, method, words):
    frame = rows_on("duckdb")
    with pytest.raises(NotSupported, match=words) as error:
        score(model, frame, method=method, where="sql")
    assert 'where="local"' in str(error.value)
    found = score(model, frame, method=method).to_pandas().loc[KEYS].iloc[:, 3:]
    wanted = getattr(model, method)(ROWS)
    assert found.to_numpy().tolist() == wanted.reshape(len(ROWS), -1).tolist()


def test_errors():
    frame = rows_on("duckdb")
    model = LinearRegression().fit(ROWS, ROWS["a"])
    with pytest.raises(NotFittedError):
        score(LinearRegression(), frame)
    with pytest.raises(InvalidType, match="has to be a DataFrame"):
        score(model, ROWS)
    with pytest.raises(InvalidType, match="a fitted estimator"):
        score(LinearRegression, frame)
    with pytest.raises(ColumnNotFound, match="no data column 'b', 'c', which this LinearRegression needs"):
        score(model, frame[["a"]])
    with pytest.raises(ColumnNotFound, match="reset_index"):
        score(model, frame.set_index("b"))
    with pytest.raises(InvalidValue, match="has no predict_proba") as error:
        score(model, frame, method="predict_proba")
    assert "it has predict" in str(error.value)
    with pytest.raises(InvalidValue, match="already has a column 'a'"):
        score(model, frame, output="a")
    with pytest.raises(InvalidValue, match="already has a column 'prediction'"):
        score(model, score(model, frame))
    with pytest.raises(InvalidValue, match="was fitted to the columns"):
        score(model, frame, features=["c", "b", "a"])
    with pytest.raises(InvalidValue, match="method is 'transform'"):
        score(model, frame, method="transform")
    with pytest.raises(InvalidValue, match="where has to be"):
        score(model, frame, where="here")
    with pytest.raises(InvalidType, match="column 'b' is string"):
        score(model, frame.assign(b="x"), where="sql")
    nameless = LinearRegression().fit(ROWS.to_numpy(), ROWS["a"])
    with pytest.raises(InvalidValue, match="fitted without column names"):
        score(nameless, frame)
    with pytest.raises(InvalidValue, match="3 features, but features has 2 names"):
        score(nameless, frame, features=["a", "b"])
    for where in ("sql", "local"):
        found = score(nameless, frame, features=["a", "b", "c"], where=where).to_pandas().loc[KEYS]
        np.testing.assert_allclose(found["prediction"], nameless.predict(ROWS.to_numpy()), atol=1e-12)
