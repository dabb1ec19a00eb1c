"""Predictions of models in SQL and outside of it, compared with scikit-learn's on the same rows."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import ENGINES, load, on_every_engine, opened
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    MultiTaskLasso,
    Perceptron,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from objectiv_local import DataFrame
from objectiv_local.ml.scoring import score
from objectiv_local.ml.scoring.thresholds import for_doubles

ROWS = 200
NAMES = ["small", "offset", "cents", "visits", "constant", "flag"]


@cache
def data():
    """Return rows with an offset of a million, numbers of two decimals, counts, a constant and a bool."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "small": rng.normal(size=ROWS),
            "offset": 1e6 + rng.normal(size=ROWS),
            "cents": rng.integers(0, 300, ROWS) / 100,
            "visits": rng.integers(0, 9, ROWS),
            "constant": np.full(ROWS, 2.5),
            "flag": rng.integers(0, 2, ROWS).astype(bool),
        }
    )


@cache
def number():
    rows = data()
    return (rows["small"] + rows["offset"] - 1e6 + rows["cents"] ** 2 - rows["visits"] / 3 + rows["flag"]).to_numpy()


@cache
def classes(count):
    """Return two string classes, or three whole numbers."""
    if count == 2:
        return np.where(number() > np.median(number()), "yes", "no")
    return np.digitize(number(), np.quantile(number(), [0.4, 0.7])) * 10


def fitted(model, target, rows=None):
    rows = (data() if rows is None else rows).astype("float64")
    with warnings.catch_warnings():
        # Scoring does not need the best fit.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(rows, target)


MODELS = {
    "linear": lambda: fitted(LinearRegression(), number()),
    "no_intercept": lambda: fitted(LinearRegression(fit_intercept=False), number()),
    "ridge": lambda: fitted(Ridge(3.0), number()),
    "lasso": lambda: fitted(Lasso(0.05), number()),
    "net": lambda: fitted(ElasticNet(0.05), number()),
    "bayesian_ridge": lambda: fitted(BayesianRidge(), number()),
    "two_targets": lambda: fitted(LinearRegression(), np.column_stack([number(), -number()])),
    "tasks": lambda: fitted(MultiTaskLasso(0.05), np.column_stack([number(), number() ** 2])),
    "poisson": lambda: fitted(PoissonRegressor(), number() ** 2, centered()),
    "tweedie": lambda: fitted(TweedieRegressor(power=0, link="identity"), number(), centered()),
    "logistic": lambda: fitted(LogisticRegression(max_iter=20), classes(2), centered()),
    "liblinear": lambda: fitted(LogisticRegression(solver="liblinear"), classes(2), centered()),
    "multinomial": lambda: fitted(LogisticRegression(max_iter=30), classes(3), centered()),
    "svc": lambda: fitted(LinearSVC(max_iter=300), classes(2), centered()),
    "svc_several": lambda: fitted(LinearSVC(max_iter=300), classes(3), centered()),
    "ridge_classifier": lambda: fitted(RidgeClassifier(), classes(2)),
    "ridge_several": lambda: fitted(RidgeClassifier(), classes(3)),
    "perceptron": lambda: fitted(Perceptron(), classes(3), centered()),
    "sgd": lambda: fitted(SGDClassifier(random_state=0), classes(2), centered()),
    "sgd_log": lambda: fitted(SGDClassifier(loss="log_loss", random_state=0, alpha=1.0), classes(2), centered()),
    "sgd_several": lambda: fitted(SGDClassifier(loss="log_loss", random_state=0, alpha=1.0), classes(3), centered()),
    "sgd_regressor": lambda: fitted(SGDRegressor(random_state=0, eta0=0.001), number(), centered()),
    "discriminant": lambda: fitted(LinearDiscriminantAnalysis(), classes(2), varied()),
    "discriminant_several": lambda: fitted(LinearDiscriminantAnalysis(), classes(3), varied()),
    "gaussian": lambda: fitted(GaussianNB(var_smoothing=1e-3), classes(3), centered()),
    "bernoulli": lambda: fitted(BernoulliNB(binarize=0.5), classes(2)),
    "bernoulli_as_is": lambda: fitted(BernoulliNB(binarize=None), classes(3), counted() > 1),
    "counts": lambda: fitted(MultinomialNB(), classes(3), counted()),
    "complement": lambda: fitted(ComplementNB(), classes(3), counted()),
    "kmeans": lambda: fitted(KMeans(4, n_init=1, random_state=0), None, centered()),
    "mini_kmeans": lambda: fitted(MiniBatchKMeans(3, n_init=1, random_state=0), None, centered()),
    "tree": lambda: fitted(DecisionTreeClassifier(max_depth=5, random_state=0), classes(2)),
    "tree_several": lambda: fitted(DecisionTreeClassifier(random_state=0), classes(3)),
    "tree_regressor": lambda: fitted(DecisionTreeRegressor(max_depth=6, random_state=0), number()),
    "stump": lambda: fitted(DecisionTreeClassifier(max_depth=1), np.full(ROWS, True)),
    "extra_tree": lambda: fitted(ExtraTreeClassifier(max_depth=5, random_state=0), classes(3)),
    "forest": lambda: fitted(RandomForestClassifier(4, max_depth=3, random_state=0), classes(3)),
    "forest_regressor": lambda: fitted(RandomForestRegressor(18, max_depth=2, random_state=0), number()),
    "extra": lambda: fitted(ExtraTreesClassifier(4, max_depth=3, random_state=0), classes(2)),
    "extra_regressor": lambda: fitted(ExtraTreesRegressor(5, max_depth=4, random_state=0), number()),
    "boosting": lambda: fitted(GradientBoostingClassifier(n_estimators=8, max_depth=2, random_state=0), classes(2)),
    "boosting_exponential": lambda: fitted(
        GradientBoostingClassifier(loss="exponential", n_estimators=8, random_state=0), classes(2)
    ),
    "boosting_several": lambda: fitted(GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0), classes(3)),
    "boosting_zero": lambda: fitted(GradientBoostingRegressor(n_estimators=8, init="zero", random_state=0), number()),
    "boosting_huber": lambda: fitted(GradientBoostingRegressor(loss="huber", n_estimators=8, random_state=0), number()),
    "histogram": lambda: fitted(HistGradientBoostingClassifier(max_iter=8, max_depth=3, random_state=0), classes(2)),
    "histogram_several": lambda: fitted(HistGradientBoostingClassifier(max_iter=3, max_depth=3, random_state=0), classes(3)),
    "histogram_regressor": lambda: fitted(HistGradientBoostingRegressor(max_iter=5, max_depth=3, random_state=0), number()),
    "histogram_poisson": lambda: fitted(HistGradientBoostingRegressor(loss="poisson", max_iter=5, max_depth=3), number() ** 2),
}
METHODS = ("predict", "predict_proba", "decision_function")
CENTERED = {
    "poisson",
    "tweedie",
    "logistic",
    "liblinear",
    "multinomial",
    "svc",
    "svc_several",
    "perceptron",
    "sgd",
    "sgd_log",
    "sgd_several",
    "sgd_regressor",
    "gaussian",
    "kmeans",
    "mini_kmeans",
}


def centered():
    return data().assign(offset=data()["offset"] - 1e6)


def varied():
    return centered().assign(constant=np.random.default_rng(1).normal(size=ROWS))


def counted():
    rows = data()
    return pd.DataFrame({"visits": rows["visits"], "flag": rows["flag"].astype("int64"), "cents": rows["cents"]})


@cache
def rows_of(name):
    """Return the rows that a model was fitted to."""
    if name in ("bernoulli_as_is", "counts", "complement"):
        return (counted() > 1) if name == "bernoulli_as_is" else counted()
    return varied() if name.startswith("discriminant") else centered() if name in CENTERED else data()


@cache
def model_of(name):
    return MODELS[name]()


@cache
def loaded(engine, kind):
    rows = {"counts": counted, "marks": lambda: counted() > 1, "varied": varied, "centered": centered, "data": data}[
        kind
    ]().assign(other=1)
    rows.index = pd.Index(range(len(rows)), name="row")
    return DataFrame.from_pandas(opened(engine), rows, materialization="temp_table")


def frame_of(engine, name):
    kind = (
        "marks"
        if name == "bernoulli_as_is"
        else "counts"
        if name in ("counts", "complement")
        else "varied"
        if name.startswith("discriminant")
        else "centered"
        if name in CENTERED
        else "data"
    )
    return loaded(engine, kind)


def expected(model, method, rows):
    found = getattr(model, method)(rows.astype("float64"))
    return found if found.ndim == 2 else found.reshape(-1, 1)


def answers(frame, before):
    """Return the predictions in the order of the index as a table of values."""
    return frame[[name for name in frame.columns if name not in before]].sort_index().to_pandas()


def assert_close(found, wanted, largest):
    if wanted.dtype.kind == "f":
        # A product of a coefficient and an offset of a million is rounded, also by scikit-learn.
        np.testing.assert_allclose(found.to_numpy(dtype="float64"), wanted, rtol=1e-12, atol=max(1e-12, 1e-15 * largest))
    else:
        assert found.to_numpy().tolist() == wanted.tolist()


@on_every_engine
@pytest.mark.parametrize("name", MODELS)
def test_answers_are_those_of_scikit_learn(engine, name):
    model, rows = model_of(name), rows_of(name)
    frame = frame_of(engine, name)
    methods = [each for each in METHODS if hasattr(model, each)]
    scored = frame
    for method in methods:
        scored = score(model, scored, method=method, where="sql")
    found_all, start = answers(scored, frame.columns), 0
    assert scored.columns[: len(frame.columns)] == frame.columns
    assert scored.index_columns == frame.index_columns
    for method in methods:
        wanted = expected(model, method, rows)
        found = found_all.iloc[:, start : start + wanted.shape[1]]
        start += wanted.shape[1]
        assert found.shape == wanted.shape
        assert_close(
            found, wanted, np.abs(np.ravel(getattr(model, "coef_", 0.0)) * np.abs(rows.to_numpy(dtype="float64")).max()).max()
        )
    assert start == found_all.shape[1]


def test_names_of_answers():
    frame = loaded("duckdb", "data")
    model = model_of("tree_several")
    new = len(frame.columns)
    assert score(model, frame).columns[new:] == ["prediction"]
    assert score(model, frame, method="predict_proba").columns[new:] == ["probability_0", "probability_10", "probability_20"]
    assert score(model, frame, method="predict_proba", output="p").columns[new:] == ["p_0", "p_10", "p_20"]
    assert score(model_of("two_targets"), frame).columns[new:] == ["prediction_0", "prediction_1"]
    assert score(model_of("histogram"), frame, method="decision_function").columns[new:] == ["score"]
    assert score(model_of("histogram"), frame, method="decision_function", output="s").columns[new:] == ["s"]
    assert score(model_of("histogram_several"), frame, method="decision_function").columns[new:] == [
        "score_0",
        "score_10",
        "score_20",
    ]
    assert score(model_of("stump"), frame, method="predict_proba").columns[new:] == ["probability_True"]
    assert score(model_of("stump"), frame, where="sql").dtypes["prediction"] == "bool"
    assert score(model, frame, where="sql").dtypes["prediction"] == "int64"


@on_every_engine
def test_columns_are_matched_by_name_and_others_are_left_alone(engine):
    frame = frame_of(engine, "ridge")
    turned = frame[["other", *reversed(NAMES)]].sort_values("small")
    scored = score(model_of("ridge"), turned, where="sql", output="expected")
    assert scored.columns == ["other", *reversed(NAMES), "expected"]
    found = scored.to_pandas()
    assert found["small"].is_monotonic_increasing
    np.testing.assert_allclose(
        found["expected"], model_of("ridge").predict(data().sort_values("small").astype("float64")), atol=1e-9
    )


@on_every_engine
def test_an_answer_may_take_the_name_of_a_column_that_the_order_reads(engine):
    frame = load(engine, {"a": [3.0, 1.0, 2.0], "prediction": [10.0, 30.0, 20.0]})
    frame = frame.sort_values("prediction")[["a"]]
    model = LinearRegression().fit(pd.DataFrame({"a": [0.0, 1.0]}), [0.0, 2.0])
    for where in ("sql", "local"):
        assert score(model, frame, where=where).to_pandas()["prediction"].tolist() == pytest.approx([6.0, 4.0, 2.0])


# ---- missing, infinite and extreme numbers

ODD = [
    1.0,
    None,
    float("nan"),
    float("inf"),
    float("-inf"),
    1e39,
    -1e39,
    1e101,
    1e300,
    1e-300,
    -1e-320,
    0.0,
    -0.0,
    3.4028235677973364e38,
]


@on_every_engine
@pytest.mark.parametrize("where", ["sql", "local"])
@pytest.mark.parametrize(
    "name", ["linear", "logistic", "multinomial", "gaussian", "bernoulli", "kmeans", "tree", "forest", "boosting", "histogram"]
)
def test_rows_that_scikit_learn_refuses_have_no_answer(engine, where, name):
    model = model_of(name)
    rows = rows_of(name).head(len(ODD)).astype("float64").assign(small=pd.array(ODD, dtype="float64"))
    table = pa.table(
        {
            **{each: pa.array(rows[each].to_numpy()) for each in NAMES if each != "small"},
            "small": pa.array(ODD, pa.float64()),
            "row": pa.array(range(len(ODD))),
        }
    )
    frame = DataFrame.from_arrow(opened(engine), table, "row")
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    found = answers(score(model, frame, method=method, where=where), frame.columns)
    for position, value in enumerate(ODD):
        row = rows.iloc[[position]]
        # Beyond 1e100, a number counts as infinite, except in models that are a single sum.
        too_large = value is not None and abs(value) > 1e100 and name not in ("linear", "logistic")
        row = row.assign(small=np.copysign(np.inf, value)) if too_large else row
        try:
            with np.errstate(all="ignore"):
                wanted = getattr(model, method)(row)
        except ValueError:
            assert found.iloc[position].isna().all(), value
            continue
        got = found.iloc[position].to_numpy()
        if wanted.dtype.kind == "f":
            np.testing.assert_allclose(got.astype("float64"), np.ravel(wanted), rtol=1e-9, atol=1e-12, err_msg=str(value))
        else:
            assert got.tolist() == np.ravel(wanted).tolist(), value


@on_every_engine
def test_missing_values_go_where_the_tree_learned_them_to(engine):
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"a": rng.normal(size=300), "b": rng.integers(0, 5, 300).astype("float64")})
    rows.loc[rng.random(300) < 0.3, "a"] = np.nan
    rows.loc[rng.random(300) < 0.2, "b"] = np.nan
    target = rows["a"].isna() * 2 + (rows["b"].fillna(9) > 2)
    frame = load(engine, rows)
    for model in (
        DecisionTreeRegressor(max_depth=4),
        RandomForestRegressor(3, max_depth=3, random_state=0),
        ExtraTreesRegressor(5, max_depth=4, random_state=0),
        HistGradientBoostingRegressor(max_iter=3),
    ):
        wanted = model.fit(rows, target).predict(rows)
        assert len(set(wanted)) > 3
        for where in ("sql", "local"):
            found = answers(score(model, frame, where=where), frame.columns)
            np.testing.assert_allclose(found["prediction"], wanted, rtol=1e-12)


def test_sums_far_from_zero_are_classes_and_probabilities_without_error():
    rows = pd.DataFrame({"a": [-1e90, -5000.0, -800.0, -1.0, 0.0, 1.0, 800.0, 5000.0, 1e90]})
    two = LogisticRegression().fit(rows / 1e90, rows["a"] > 0)
    two.coef_, two.intercept_ = np.array([[1.0]]), np.array([0.0])
    three = LogisticRegression().fit(pd.DataFrame({"a": [-1.0, 0.0, 1.0]}), [0, 1, 2])
    three.coef_, three.intercept_ = np.array([[-1.0], [0.0], [1.0]]), np.array([0.0, 0.5, 0.0])
    for engine in ENGINES:
        frame = load(engine, rows)
        for model in (two, three):
            found = answers(score(model, frame, method="predict_proba", where="sql"), frame.columns)
            np.testing.assert_allclose(found.to_numpy(), model.predict_proba(rows), atol=1e-15)
            assert (
                answers(score(model, frame, where="sql"), frame.columns)["prediction"].tolist() == model.predict(rows).tolist()
            )


# ---- thresholds and ties


def test_thresholds_for_doubles_ask_the_question_of_32_bit_floats():
    rng = np.random.default_rng(0)
    singles = (
        np.concatenate(
            [
                rng.normal(size=300),
                rng.normal(size=300) * 10.0 ** rng.integers(-44, 38, 300),
                [0.0, 1.0, -1.0, 1e-45, 3.4028234663852886e38],
            ]
        )
        .astype(np.float32)
        .astype(float)
    )
    thresholds = np.concatenate(
        [singles, (singles[:-1] + singles[1:]) / 2, np.nextafter(singles, np.inf), rng.normal(size=300)]
    )
    for found, threshold in zip(for_doubles(thresholds), thresholds, strict=True):
        numbers = np.array([found, np.nextafter(found, np.inf), np.nextafter(found, -np.inf), threshold])
        with np.errstate(over="ignore"):
            asked = numbers.astype(np.float32).astype(float) <= threshold
        assert (asked == (numbers <= found)).all(), threshold
        assert asked[:2].tolist() == [True, False]
    assert for_doubles([np.inf, -np.inf]).tolist() == [np.inf, -np.inf]


@on_every_engine
def test_numbers_next_to_thresholds_fall_into_the_leaf_of_scikit_learn(engine):
    rng = np.random.default_rng(11)
    rows = pd.DataFrame({"a": np.round(rng.uniform(0, 3, 300), 2), "b": np.round(rng.uniform(-1, 1, 300), 2)})
    target = np.sin(rows["a"] * 20) + rows["b"]
    models = [
        DecisionTreeRegressor(max_depth=6, random_state=0).fit(rows, target),
        HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=30, min_samples_leaf=2).fit(rows, target),
    ]
    tree = models[0].tree_
    cuts = tree.threshold[tree.children_left >= 0]
    near = np.unique(
        np.concatenate(
            [
                cuts,
                np.nextafter(cuts, np.inf),
                np.nextafter(cuts, -np.inf),
                cuts.astype(np.float32).astype(float),
                np.nextafter(cuts.astype(np.float32), np.float32(np.inf)).astype(float),
                np.nextafter(cuts.astype(np.float32), np.float32(-np.inf)).astype(float),
                cuts + 2e-8,
                cuts - 2e-8,
                cuts + 6e-8,
                cuts - 6e-8,
            ]
        )
    )
    adverse = pd.concat([rows, pd.DataFrame({"a": near, "b": np.resize(near, len(near))[::-1]})], ignore_index=True)
    frame = load(engine, adverse)
    for model in models:
        found = answers(score(model, frame, where="sql", max_sql=10**7), frame.columns)
        np.testing.assert_allclose(found["prediction"], model.predict(adverse), rtol=1e-12)
    # Without the thresholds for doubles, the comparison would have another result.
    naive = adverse["a"].to_numpy()[:, None] <= cuts
    assert (naive != (adverse["a"].to_numpy().astype(np.float32)[:, None] <= cuts)).any()


@on_every_engine
def test_of_equal_scores_the_first_class_is_the_answer(engine):
    rows = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
    frame = load(engine, rows)
    centers = KMeans(3, n_init=1).fit(rows)
    centers.cluster_centers_ = np.array([[2.0], [0.0], [0.0]])
    assert (
        answers(score(centers, frame, where="sql"), frame.columns)["prediction"].tolist()
        == centers.predict(rows).tolist()
        == [1, 0, 0]
    )
    line = LogisticRegression().fit(rows, ["a", "b", "b"])
    line.coef_, line.intercept_ = np.array([[1.0]]), np.array([-1.0])
    assert (
        answers(score(line, frame, where="sql"), frame.columns)["prediction"].tolist()
        == line.predict(rows).tolist()
        == ["a", "a", "b"]
    )
    boosted = GradientBoostingClassifier(n_estimators=1, init="zero").fit(rows, ["a", "b", "b"])
    for each in boosted.estimators_.ravel():
        each.tree_.value[:] = 0.0
    assert (
        answers(score(boosted, frame, where="sql"), frame.columns)["prediction"].tolist()
        == boosted.predict(rows).tolist()
        == ["b", "b", "b"]
    )


@on_every_engine
def test_no_rows_and_one_row(engine):
    whole = frame_of(engine, "tree")
    for where in ("sql", "local"):
        for name in ("tree", "tree_several", "forest_regressor", "kmeans"):
            frame = whole[whole.small > 1e9]
            found = score(model_of(name), frame, where=where).to_pandas()
            assert len(found) == 0
            types = {"tree": "string", "tree_several": "int64", "forest_regressor": "float64", "kmeans": "int64"}
            assert score(model_of(name), frame, where=where).dtypes["prediction"] == types[name]
            one = score(model_of(name), whole[whole.index["row"] == 3] if "row" in whole.index else whole[:1], where=where)
            assert len(one.to_pandas()) == 1


@on_every_engine
def test_scores_go_on_as_columns(engine):
    frame = frame_of(engine, "multinomial")
    model = model_of("multinomial")
    scored = score(model, frame, where="sql")
    scored = score(model, scored, method="predict_proba", where="sql")
    wanted = pd.Series(model.predict(centered().astype("float64")))
    counts = scored.groupby("prediction").visits.nunique().sort_index().to_pandas()
    assert counts.to_dict() == data()["visits"].groupby(wanted.to_numpy()).nunique().to_dict()
    sure = scored[scored.probability_10 > 0.5].prediction.value_counts().to_pandas()
    chances = model.predict_proba(centered().astype("float64"))
    assert sure.to_dict() == wanted[chances[:, 1] > 0.5].value_counts().to_dict()
    frame = frame.copy()
    frame["p"] = scored["probability_0"]
    np.testing.assert_allclose(frame.sort_index().to_pandas()["p"], chances[:, 0], atol=1e-12)


def test_each_stage_is_computed_once_where_an_engine_would_copy_it():
    kinds = {
        "row": "int64",
        "small": "float64",
        "offset": "float64",
        "cents": "float64",
        "visits": "int64",
        "constant": "float64",
        "flag": "bool",
    }
    texts = {}
    for dialect in ("duckdb", "postgres"):
        frame = DataFrame.from_schema(kinds, "row", dialect, "visits")
        texts[dialect] = score(model_of("multinomial"), frame, method="predict_proba").view_sql()
    coefficients = [repr(float(each)) for each in np.ravel(model_of("multinomial").coef_) if each]
    for text in texts.values():
        assert [text.count(each) for each in coefficients] == [1] * len(coefficients)
    assert "OFFSET 0" not in texts["duckdb"]
    assert texts["postgres"].count("OFFSET 0") >= 4
    counted_by_class = score(model_of("multinomial"), frame).groupby("prediction").visits.nunique().view_sql()
    assert [counted_by_class.count(each) for each in coefficients] == [1] * len(coefficients)
