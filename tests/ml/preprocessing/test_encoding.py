"""Encoders and imputers over frames: scikit-learn's attributes and results, on every engine."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import on_every_engine
from ml.against import CATEGORIES, NUMBERS, equal_to, fetched, over, quiet
from sklearn import impute, preprocessing

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
    {"dtype": np.int64, "categories": [["Drylts", "Hylpen", "Snits", "É", "Ålst", np.nan], [-2, -1, 0, 1, 2, 3],
                                       [0.0, 0.5, 1.0, np.nan], [False, True]]},
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
        equal_to(engine, ml.OneHotEncoder(sparse_output=False, **options),
                 preprocessing.OneHotEncoder(sparse_output=False, **options), CATEGORIES)


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
        "a", "a", "infrequent_sklearn", "infrequent_sklearn"]


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


@on_every_engine
@pytest.mark.parametrize("options", [
    {}, {"strategy": "median"}, {"strategy": "most_frequent"}, {"strategy": "constant", "fill_value": -1.5},
    {"add_indicator": True}, {"missing_values": 3.5, "strategy": "constant", "fill_value": 0.0},
])
def test_imputed_numbers_are_scikit_learns(engine, options):
    columns = {name: NUMBERS[name].astype("float64") for name in NUMBERS}
    if "missing_values" in options:
        del columns["holes"]
    rtol = 1e-12 if options.get("strategy", "mean") == "mean" else 0.0
    found = equal_to(engine, ml.SimpleImputer(**options), impute.SimpleImputer(**options), columns, rtol)
    assert not fetched(found).isna().any().any()


@on_every_engine
def test_ties_in_frequency_are_filled_with_the_least(engine):
    columns = {"x": np.array([2.0, 1.0, np.nan, 2.0, 1.0])}
    equal_to(engine, ml.SimpleImputer(strategy="most_frequent"), impute.SimpleImputer(strategy="most_frequent"), columns)


@on_every_engine
@pytest.mark.parametrize("options", [{"strategy": "most_frequent"}, {"strategy": "constant", "fill_value": "none"}])
def test_text_is_imputed(engine, options):
    columns = {"city": CATEGORIES["city"], "full": np.array(["x"] * len(CATEGORIES["city"]), dtype=object)}
    equal_to(engine, ml.SimpleImputer(add_indicator=True, **options), impute.SimpleImputer(add_indicator=True, **options), columns)


@on_every_engine
@pytest.mark.parametrize("keep", [False, True])
def test_a_feature_without_values_is_dropped_or_kept_as_scikit_learn_does(engine, keep):
    columns = {"empty": np.array([np.nan, np.nan, np.nan]), "x": np.array([1.0, np.nan, 3.0])}
    equal_to(engine, ml.SimpleImputer(keep_empty_features=keep), impute.SimpleImputer(keep_empty_features=keep), columns)


BINS = [{"encode": encode, "strategy": strategy, "n_bins": n}
        for encode in ("ordinal", "onehot-dense") for strategy in ("uniform", "quantile") for n in (2, 5)]


@on_every_engine
@pytest.mark.parametrize("options", BINS)
def test_bins_are_scikit_learns(engine, options):
    columns = {name: NUMBERS[name].astype("float64") for name in ("offset", "same", "visits", "price")}
    with quiet():
        equal_to(engine, ml.KBinsDiscretizer(**options), preprocessing.KBinsDiscretizer(**options), columns)


@on_every_engine
def test_linear_quantiles_are_bins_too(engine):
    columns = {name: NUMBERS[name].astype("float64") for name in ("offset", "visits", "price")}
    options = {"n_bins": [3, 2, 7], "encode": "ordinal", "quantile_method": "linear"}
    with quiet():
        equal_to(engine, ml.KBinsDiscretizer(**options), preprocessing.KBinsDiscretizer(**options), columns)


@on_every_engine
def test_values_on_an_edge_are_in_the_bin_above(engine):
    frame = over(engine, {"x": np.array([0.0, 1.0, 2.0, 4.0])})
    binner = ml.KBinsDiscretizer(2, encode="ordinal", strategy="uniform").fit(frame)
    test = over(engine, {"x": np.array([-9.0, 1.9999999999999998, 2.0, 99.0, np.nan])})
    assert fetched(binner.transform(test))["x"].fillna(-1).tolist() == [0, 0, 1, 1, -1]
    assert fetched(binner.inverse_transform(binner.transform(frame)))["x"].tolist() == [1, 1, 3, 3]


def test_wrong_input_is_told():
    frame = over("duckdb", {"x": np.array([1.0, np.nan]), "text": np.array(["a", "b"], dtype=object)})
    with pytest.raises(InvalidValue, match="values are missing in x"):
        ml.KBinsDiscretizer(2).fit(frame[["x"]])
    with pytest.raises(NotSupported, match="kmeans"):
        ml.KBinsDiscretizer(2, strategy="kmeans").fit(frame[["x"]])
    with pytest.raises(NotSupported, match="quantile_method"):
        ml.KBinsDiscretizer(2, quantile_method="hazen").fit(frame[["x"]])
    with pytest.raises(InvalidType, match="non-numeric data: column 'text' is text"):
        ml.SimpleImputer().fit(frame)
    with pytest.raises(NotSupported, match="no function"):
        ml.SimpleImputer(strategy=np.max).fit(frame[["x"]])
    with pytest.raises(NotSupported, match="makes numbers"):
        ml.OneHotEncoder(dtype=str).fit_transform(frame)
    moments = over("duckdb", {"at": np.array([1, 2]).astype("datetime64[us]")})
    with pytest.raises(InvalidType, match="'at' is timestamp"):
        ml.OneHotEncoder().fit(moments)
    with pytest.raises(InvalidValue, match="0 sample"):
        ml.OneHotEncoder().fit(frame[["text"]][:0])


def test_an_id_is_no_category(monkeypatch):
    monkeypatch.setattr("objectiv_local.ml.preprocessing.categories.MOST_CATEGORIES", 50)
    with pytest.raises(TooLarge, match="more than 50 categories"):
        ml.OneHotEncoder().fit(over("duckdb", {"id": np.arange(51)}))


@on_every_engine
def test_types_that_changed_since_fitting_are_told(engine):
    encoder = ml.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encoder.fit(over(engine, {"x": np.array(["a", "b"], dtype=object)}))
    with pytest.raises(InvalidType, match="'x' is int64, and the category 'a'"):
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
    with pytest.raises(InvalidValue, match="two columns of the name 'a_b_c'"):
        ml.OneHotEncoder().fit_transform(frame)
    plain = preprocessing.OneHotEncoder().fit(pd.DataFrame({"a": ["b_c", "x"], "a_b": ["c", "y"]}))
    with pytest.raises(InvalidValue, match="two columns of the name 'a_b_c'"):
        ml.OneHotEncoder.from_sklearn(plain).transform(frame)


@on_every_engine
@pytest.mark.parametrize("zeros", [[0.0, -0.0], [-0.0, 0.0]])
def test_the_category_zero_has_one_name_whichever_row_is_first(engine, zeros):
    encoder = ml.OneHotEncoder().fit(over(engine, {"rate": np.array([*zeros, 1.0])}))
    assert list(encoder.get_feature_names_out()) == ["rate_0.0", "rate_1.0"]


@on_every_engine
@pytest.mark.parametrize("encoder", [ml.OneHotEncoder(), ml.OrdinalEncoder(), ml.KBinsDiscretizer(2)])
def test_infinite_categories_are_refused(engine, encoder):
    frame = over(engine, {"fine": np.array([1.0, 2.0]), "wide": np.array([1.0, np.inf])})
    with pytest.raises(InvalidValue, match=r"contains infinity or a value too large.*, in wide:"):
        encoder.fit(frame)


@on_every_engine
@pytest.mark.parametrize("encode", ["ordinal", "onehot-dense"])
def test_quantile_bins_of_one_row_are_scikit_learns(engine, encode):
    ours, theirs = (kind(2, encode=encode, strategy="quantile", quantile_method="averaged_inverted_cdf")
                    for kind in (ml.KBinsDiscretizer, preprocessing.KBinsDiscretizer))
    equal_to(engine, ours, theirs, {"a": np.array([1.5]), "b": np.array([2])})


@on_every_engine
def test_bins_that_are_all_too_narrow_are_told(engine):
    frame = over(engine, {"fine": np.array([1.0, 2.0, 3.0]), "tiny": np.array([0.0, 1e-10, 2e-10])})
    with quiet(), pytest.raises(InvalidValue, match="the bins of 'tiny' are all narrower"):
        ml.KBinsDiscretizer(2, strategy="quantile", quantile_method="linear").fit(frame)


@on_every_engine
def test_grouped_frames_are_refused(engine):
    frame = over(engine, {"a": np.array([1.0, 2.0]), "b": np.array([1, 2])})
    with pytest.raises(InvalidType, match="grouped"):
        ml.StandardScaler().fit(frame.groupby("b"))
