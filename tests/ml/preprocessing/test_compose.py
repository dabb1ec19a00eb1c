"""Compose, chains and pipelines over frames: scikit-learn's columns, from any mix of transformers."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from frame.frames import on_every_engine
from ml.against import CATEGORIES, NUMBERS, close, dense, fetched, in_memory, over, quiet
from sklearn import impute, preprocessing
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline

from objectiv_local import ml
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported

COLUMNS = {
    **{name: NUMBERS[name].astype("float64") for name in ("offset", "holes", "price")},
    **{name: CATEGORIES[name] for name in ("city", "size")},
}


def parts(module_numbers, module_words, imputer):
    return [
        ("filled", make_pipeline(imputer, module_numbers.MinMaxScaler()), ["holes", "price"]),
        ("numbers", module_numbers.RobustScaler(), ["offset", "price"]),
        ("words", module_words.OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]),
        ("nothing", "drop", ["city"]),
    ]


@on_every_engine
@pytest.mark.parametrize("options", [{}, {"remainder": "passthrough"}, {"verbose_feature_names_out": False}])
def test_compose_is_a_column_transformer(engine, options):
    frame, table = over(engine, COLUMNS), in_memory(COLUMNS)
    theirs_parts = parts(preprocessing, preprocessing, impute.SimpleImputer())
    ours_parts = parts(ml, ml, ml.SimpleImputer())
    if options.get("verbose_feature_names_out") is False:
        theirs_parts, ours_parts = theirs_parts[:1] + theirs_parts[2:], ours_parts[:1] + ours_parts[2:]
    theirs = ColumnTransformer(theirs_parts, **options).fit(table)
    expected = dense(theirs.transform(table))
    for given in (ours_parts, theirs_parts):
        ours = ml.Compose(given, **options)
        found = ours.fit_transform(frame)
        assert found.data_columns == list(theirs.get_feature_names_out())
        close(fetched(found), expected, 1e-12, 0)
        assert ours.output_indices_ == theirs.output_indices_
        close(dense(ours.to_sklearn().transform(table)), expected, 1e-12, 0)
        assert type(ours.to_sklearn()) is ColumnTransformer
    close(fetched(ml.Compose.from_sklearn(theirs).transform(frame)), expected, 1e-12, 0)


@on_every_engine
@pytest.mark.parametrize(
    "columns", [slice(0, 2), slice("offset", "holes"), [True, True, False, False, False], np.array([0, -4])]
)
def test_columns_of_a_fitted_column_transformer_are_found_however_they_are_given(engine, columns):
    table = in_memory(COLUMNS)
    theirs = ColumnTransformer([("some", preprocessing.MinMaxScaler(), columns)]).fit(table)
    found = ml.Compose.from_sklearn(theirs).transform(over(engine, COLUMNS))
    close(fetched(found), dense(theirs.transform(table)), 1e-15, 0)


@on_every_engine
def test_data_in_memory_is_composed_as_by_scikit_learn(engine):
    table = in_memory(COLUMNS)
    ours = ml.Compose(parts(ml, ml, ml.SimpleImputer()))
    theirs = ColumnTransformer(parts(preprocessing, preprocessing, impute.SimpleImputer()))
    close(dense(ours.fit_transform(table)), dense(theirs.fit_transform(table)), 0, 0)
    # Fitted in memory, applied in the database.
    close(fetched(ours.transform(over(engine, COLUMNS))), dense(theirs.transform(table)), 1e-12, 0)


@on_every_engine
def test_columns_are_chosen_by_name_position_and_function(engine):
    frame = over(engine, {"a": np.array([1.0, 3.0]), "b": np.array([5.0, 9.0]), "c": np.array([0.0, 1.0])})
    composed = ml.Compose(
        [
            ("one", ml.MinMaxScaler(), "a"),
            ("two", ml.MaxAbsScaler(), [1]),
            ("three", "passthrough", lambda df: [name for name in df.data_columns if name == "c"]),
        ]
    )
    assert fetched(composed.fit_transform(frame)).to_dict("list") == {
        "one__a": [0, 1],
        "two__b": [5 / 9, 1],
        "three__c": [0, 1],
    }


@on_every_engine
def test_more_columns_and_another_order_do_no_harm_to_a_fitted_compose(engine):
    frame = over(engine, {"a": np.array([1.0, 3.0]), "b": np.array([5.0, 9.0])})
    composed = ml.Compose([("one", ml.MinMaxScaler(), ["b"])]).fit(frame)
    other = over(engine, {"x": np.array([0.0]), "b": np.array([7.0])})
    assert fetched(composed.transform(other)).to_dict("list") == {"one__b": [0.5]}
    with pytest.raises(InvalidValue, match=r"columns are missing: \['b'\]"):
        composed.transform(other[["x"]])


@on_every_engine
def test_scikit_learns_own_pipeline_carries_frames_through_our_steps(engine):
    frame, table = over(engine, COLUMNS), in_memory(COLUMNS)
    steps = [("impute", ml.SimpleImputer()), ("scale", ml.RobustScaler()), ("bins", ml.KBinsDiscretizer(3, encode="ordinal"))]
    names = ["offset", "holes", "price"]
    with quiet():
        found = Pipeline(steps).fit_transform(frame[names])
        expected = Pipeline(
            [
                ("impute", impute.SimpleImputer()),
                ("scale", preprocessing.RobustScaler()),
                ("bins", preprocessing.KBinsDiscretizer(3, encode="ordinal")),
            ]
        ).fit_transform(table[names])
    close(fetched(found), expected, 0, 0)


@on_every_engine
def test_the_index_and_the_order_stay(engine):
    frame = over(engine, {"a": np.array([3.0, 1.0, 2.0])}).sort_values("a")
    found = ml.MinMaxScaler().fit_transform(frame).to_pandas()
    assert found.index.tolist() == [1, 2, 0]
    assert found["a"].tolist() == [0.0, 0.5, 1.0]


@on_every_engine
def test_fitted_transformers_can_be_cloned_and_pickled(engine):
    frame = over(engine, COLUMNS)
    composed = ml.Compose(parts(ml, ml, ml.SimpleImputer())).fit(frame)
    again = pickle.loads(pickle.dumps(composed))
    close(fetched(again.transform(frame)), fetched(composed.transform(frame)), 0, 0)
    assert not hasattr(clone(composed), "transformers_")


def test_no_query_runs_while_a_frame_is_transformed(monkeypatch):
    frame = over("duckdb", COLUMNS)
    composed = ml.Compose(parts(ml, ml, ml.SimpleImputer())).fit(frame)
    monkeypatch.setattr(type(frame.engine), "arrow", lambda *args: pytest.fail("a query ran"))
    assert composed.transform(frame).view_sql().count("SELECT") == 1


def test_wrong_input_is_told():
    frame = over("duckdb", {"a": np.array([1.0, 3.0]), "b": np.array([5.0, 9.0])})
    with pytest.raises(ColumnNotFound, match="no data column 'c', given for 'one'"):
        ml.Compose([("one", ml.MinMaxScaler(), ["c"])]).fit(frame)
    with pytest.raises(InvalidType, match="names or positions"):
        ml.Compose([("one", ml.MinMaxScaler(), 1.5)]).fit(frame)
    with pytest.raises(NotSupported, match="PowerTransformer has no counterpart"):
        ml.Compose([("one", preprocessing.PowerTransformer(), ["a"])]).fit(frame)
    scaler = ml.MinMaxScaler().fit(frame)
    for wrong in (frame[["a"]], frame[["b", "a"]], frame.assign(c=1.0)):
        with pytest.raises(InvalidValue, match="feature names should match"):
            scaler.transform(wrong)
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        ml.MinMaxScaler().transform(frame)
    with pytest.raises(NotFittedError):
        ml.Compose([("one", ml.MinMaxScaler(), ["a"])]).transform(frame)
    with pytest.raises(InvalidType, match="RobustScaler"):
        ml.MinMaxScaler.from_sklearn(preprocessing.RobustScaler())


@on_every_engine
@pytest.mark.parametrize("weights", [{"numbers": 2.0, "remainder": -0.5}, {"words": 3, "nothing": 1.0}])
def test_weights_of_parts_count(engine, weights):
    columns = {name: values for name, values in CATEGORIES.items() if name in ("city", "size", "member")}
    ours, theirs = (
        kind(
            [("numbers", scaler, ["size"]), ("words", encoder, ["city"])], remainder="passthrough", transformer_weights=weights
        )
        for kind, scaler, encoder in (
            (ml.Compose, ml.MinMaxScaler(), ml.OneHotEncoder(sparse_output=False)),
            (ColumnTransformer, preprocessing.MinMaxScaler(), preprocessing.OneHotEncoder(sparse_output=False)),
        )
    )
    frame, table = over(engine, columns), in_memory(columns)
    wanted = theirs.fit_transform(table).astype("float64")
    np.testing.assert_allclose(fetched(ours.fit_transform(frame)).astype("float64"), wanted, rtol=1e-15)
    np.testing.assert_allclose(fetched(ours.transform(frame)).astype("float64"), wanted, rtol=1e-15)
    np.testing.assert_allclose(fetched(ml.Compose.from_sklearn(theirs).transform(frame)).astype("float64"), wanted, rtol=1e-15)


@on_every_engine
def test_the_name_of_a_target_is_refused(engine):
    composed = ml.Compose([("words", ml.TargetEncoder(), ["city"])])
    for method in (composed.fit, composed.fit_transform):
        with pytest.raises(InvalidType, match="y is the name 'member'"):
            method(over(engine, CATEGORIES), "member")
