"""Encoders over frames: scikit-learn's attributes and results, on every engine."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import on_every_engine
from ml.against import CATEGORIES, equal_to, fetched, over, quiet
from sklearn import preprocessing

from objectiv_local import ml
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, TooLarge

ONE_HOT = [
    {},
    {"drop": "first"},
    {"drop": "if_binary"},
    {"handle_unknown": "ignore"},
    {"min_frequency": 12, "handle_unknown": "infrequent_if_exist"},
    {"max_categories": 2, "handle_unknown": "infrequent_if_exist"},
    {"max_categories": 3, "drop": "first"},
    {"min_frequency": 0.3},
    {"min_frequency": 1000},
    {
        "dtype": np.int64,
        "categories": [
            ["Drylts", "Hylpen", "Snits", "É", "Ålst", np.nan],
            [-2, -1, 0, 1, 2, 3],
            [0.0, 0.5, 1.0, np.nan],
            [False, True],
        ],
    },
]
ORDINAL = [
    {},
    {"encoded_missing_value": -5},
    {"handle_unknown": "use_encoded_value", "unknown_value": -1},
    {"handle_unknown": "use_encoded_value", "unknown_value": np.nan, "max_categories": 3},
    {"min_frequency": 12, "encoded_missing_value": 99},
]


@on_every_engine
@pytest.mark.parametrize("options", ONE_HOT)
def test_one_hot_columns_are_scikit_learns(engine, options):
    with quiet():
        equal_to(
            engine,
            ml.OneHotEncoder(sparse_output=False, **options),
            preprocessing.OneHotEncoder(sparse_output=False, **options),
            CATEGORIES,
        )


@on_every_engine
@pytest.mark.parametrize("options", ORDINAL)
def test_ordinal_numbers_are_scikit_learns(engine, options):
    equal_to(engine, ml.OrdinalEncoder(**options), preprocessing.OrdinalEncoder(**options), CATEGORIES)


@on_every_engine
@pytest.mark.parametrize("options", [{}, {"max_categories": 3}, {"min_frequency": 1000}])
def test_ties_in_frequency_are_grouped_as_by_scikit_learn(engine, options):
    columns = {"x": np.array(["c", "b", "a", "c", "b", "a", "d", "e"], dtype=object)}
    equal_to(engine, ml.OrdinalEncoder(**options), preprocessing.OrdinalEncoder(**options), columns)


@on_every_engine
@pytest.mark.parametrize("encoder", [ml.OneHotEncoder(), ml.OneHotEncoder(drop="first"), ml.OrdinalEncoder()])
def test_the_inverse_names_the_categories(engine, encoder):
    frame = over(engine, {"city": np.array(["Snits", None, "Drylts"], dtype=object), "size": np.array([3, 1, 3])})
    back = encoder.inverse_transform(encoder.fit_transform(frame)).sort_index().to_pandas()
    assert back["city"].fillna("none").tolist() == ["Snits", "none", "Drylts"]
    assert back["size"].tolist() == [3, 1, 3]


@on_every_engine
def test_the_inverse_of_grouped_categories_is_their_group(engine):
    frame = over(engine, {"x": np.array(["a", "a", "b", "c"], dtype=object)})
    encoder = ml.OneHotEncoder(min_frequency=2)
    assert encoder.inverse_transform(encoder.fit_transform(frame)).sort_index().to_pandas()["x"].tolist() == [
        "a",
        "a",
        "infrequent_sklearn",
        "infrequent_sklearn",
    ]


@on_every_engine
def test_many_categories_are_joined(engine):
    words = np.array([f"word {number % 300:03d}" for number in range(900)], dtype=object)
    numbers = np.arange(900) % 300
    found = equal_to(engine, ml.OrdinalEncoder(), preprocessing.OrdinalEncoder(), {"words": words, "numbers": numbers})
    assert "JOIN" in found.view_sql()
    test = over(engine, {"words": np.array(["word 299", "new", None], dtype=object), "numbers": np.array([7, 1000, 299])})
    encoder = ml.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encoded = encoder.fit(over(engine, {"words": words, "numbers": numbers})).transform(test)
    assert fetched(encoded).values.tolist() == [[299, 7], [-1, -1], [-1, 299]]


@on_every_engine
def test_more_categories_than_a_statement_holds_are_loaded(engine):
    numbers = np.arange(1500)
    equal_to(engine, ml.OrdinalEncoder(), preprocessing.OrdinalEncoder(), {"x": numbers})


@on_every_engine
def test_unknown_categories_are_named(engine):
    encoder = ml.OneHotEncoder().fit(over(engine, {"x": np.array(["a", "b"], dtype=object)}))
    new = over(engine, {"x": np.array(["a", "z", None, "y"], dtype=object)})
    with pytest.raises(InvalidValue, match=r"unknown categories \[nan, 'y', 'z'\] in column 'x' during transform"):
        encoder.transform(new)
    encoder.set_params(handle_unknown="warn")
    with pytest.warns(UserWarning, match="unknown categories"):
        encoder.transform(new)
    encoder.set_params(handle_unknown="ignore")
    assert fetched(encoder.transform(new)).values.tolist() == [[1, 0], [0, 0], [0, 0], [0, 0]]


@on_every_engine
def test_given_categories_have_to_cover_what_is_fitted(engine):
    with pytest.raises(ValueError, match="Found unknown categories"):
        ml.OrdinalEncoder(categories=[["a"]]).fit(over(engine, {"x": np.array(["a", "b"], dtype=object)}))


def test_wrong_input_is_told():
    frame = over("duckdb", {"text": np.array(["a", "b"], dtype=object)})
    with pytest.raises(NotSupported, match="as numbers"):
        ml.OneHotEncoder(dtype=str).fit_transform(frame)
    moments = over("duckdb", {"at": np.array([1, 2]).astype("datetime64[us]")})
    with pytest.raises(InvalidType, match="'at' is timestamp"):
        ml.OneHotEncoder().fit(moments)
    with pytest.raises(InvalidValue, match="0 sample"):
        ml.OneHotEncoder().fit(frame[:0])


def test_an_id_is_no_category(monkeypatch):
    monkeypatch.setattr("objectiv_local.ml.preprocessing.categories.MOST_CATEGORIES", 50)
    with pytest.raises(TooLarge, match="more than 50 categories"):
        ml.OneHotEncoder().fit(over("duckdb", {"id": np.arange(51)}))


@on_every_engine
def test_types_that_changed_since_fitting_are_told(engine):
    encoder = ml.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encoder.fit(over(engine, {"x": np.array(["a", "b"], dtype=object)}))
    with pytest.raises(InvalidType, match="'x' is int64, but its fitted category is 'a'"):
        encoder.transform(over(engine, {"x": np.array([1, 2])}))


@on_every_engine
def test_decimals_are_categories_by_their_value(engine):
    frame = over(engine, {"x": np.array([1.5, 2.25, 1.5])}).astype("decimal(38, 2)")
    found = ml.OneHotEncoder().fit_transform(frame)
    assert found.data_columns == ["x_1.5", "x_2.25"]
    assert fetched(found).values.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert isinstance(found.to_pandas(), pd.DataFrame)


@on_every_engine
def test_two_columns_of_one_name_are_refused(engine):
    # "a_b" with the category "c", and "a" with "b_c".
    frame = over(engine, {"a": np.array(["b_c", "x"], dtype=object), "a_b": np.array(["c", "y"], dtype=object)})
    with pytest.raises(InvalidValue, match="two columns named 'a_b_c'"):
        ml.OneHotEncoder().fit_transform(frame)
    plain = preprocessing.OneHotEncoder().fit(pd.DataFrame({"a": ["b_c", "x"], "a_b": ["c", "y"]}))
    with pytest.raises(InvalidValue, match="two columns named 'a_b_c'"):
        ml.OneHotEncoder.from_sklearn(plain).transform(frame)


@on_every_engine
@pytest.mark.parametrize("zeros", [[0.0, -0.0], [-0.0, 0.0]])
def test_the_category_zero_has_one_name_whichever_row_is_first(engine, zeros):
    encoder = ml.OneHotEncoder().fit(over(engine, {"rate": np.array([*zeros, 1.0])}))
    assert list(encoder.get_feature_names_out()) == ["rate_0.0", "rate_1.0"]


@on_every_engine
@pytest.mark.parametrize("encoder", [ml.OneHotEncoder(), ml.OrdinalEncoder()])
def test_infinite_categories_are_refused(engine, encoder):
    frame = over(engine, {"fine": np.array([1.0, 2.0]), "wide": np.array([1.0, np.inf])})
    with pytest.raises(InvalidValue, match=r"contains infinity or a value too large.*, in wide:"):
        encoder.fit(frame)
