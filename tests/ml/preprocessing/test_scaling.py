"""Scalers over frames: scikit-learn's attributes and results, on every engine."""

from __future__ import annotations

import numpy as np
import pytest
from frame.frames import on_every_engine
from ml.against import NUMBERS, close, equal_to, fetched, in_memory, known, over, same
from sklearn import preprocessing

from objectiv_local import ml
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported

EXACT = [
    (ml.MinMaxScaler, preprocessing.MinMaxScaler, {}),
    (ml.MinMaxScaler, preprocessing.MinMaxScaler, {"feature_range": (-2, 5), "clip": True}),
    (ml.MaxAbsScaler, preprocessing.MaxAbsScaler, {}),
    (ml.MaxAbsScaler, preprocessing.MaxAbsScaler, {"clip": True}),
    (ml.RobustScaler, preprocessing.RobustScaler, {}),
    (ml.RobustScaler, preprocessing.RobustScaler, {"with_centering": False, "unit_variance": True, "quantile_range": (10, 80)}),
    (ml.RobustScaler, preprocessing.RobustScaler, {"with_scaling": False}),
]
EXACT = [each for each in EXACT if known(*each[1:])]


@on_every_engine
@pytest.mark.parametrize(("ours", "theirs", "options"), EXACT)
def test_attributes_and_results_are_scikit_learns(engine, ours, theirs, options):
    equal_to(engine, ours(**options), theirs(**options), NUMBERS)


@on_every_engine
@pytest.mark.parametrize("options", [{}, {"with_mean": False}, {"with_std": False}, {"with_mean": False, "with_std": False}])
def test_the_standard_scaler_is_scikit_learns_to_the_engines_arithmetic(engine, options):
    # The variance of the column at 1e6 has lost six digits because of its offset.
    equal_to(engine, ml.StandardScaler(**options), preprocessing.StandardScaler(**options), NUMBERS, rtol=1e-9, atol=1e-9)


@on_every_engine
@pytest.mark.parametrize("scaler", [ml.StandardScaler(), ml.MinMaxScaler(), ml.MaxAbsScaler(), ml.RobustScaler()])
def test_the_inverse_brings_the_numbers_back(engine, scaler):
    numbers = {name: values for name, values in NUMBERS.items() if name != "member"}
    frame = over(engine, numbers)
    back = scaler.inverse_transform(scaler.fit_transform(frame))
    assert back.data_columns == frame.data_columns
    close(fetched(back), in_memory(numbers), 1e-9, 1e-9)


@on_every_engine
def test_values_outside_what_was_fitted_are_clipped(engine):
    scaler = ml.MinMaxScaler(clip=True).fit(over(engine, {"x": np.array([1.0, 3.0])}))
    assert fetched(scaler.transform(over(engine, {"x": np.array([0.0, 2.0, 9.0, np.nan])})))["x"].fillna(-1).tolist() == [
        0.0,
        0.5,
        1.0,
        -1,
    ]


@on_every_engine
def test_one_row_is_a_constant_in_every_column(engine):
    columns = {"a": np.array([2.0]), "b": np.array([7])}
    equal_to(engine, ml.StandardScaler(), preprocessing.StandardScaler(), columns)
    equal_to(engine, ml.RobustScaler(), preprocessing.RobustScaler(), columns)


@on_every_engine
def test_a_column_without_values_stays_without(engine):
    frame = over(engine, {"a": np.array([1.0, 2.0]), "empty": np.array([np.nan, np.nan])})
    scaler = ml.StandardScaler().fit(frame)
    assert scaler.mean_[0] == 1.5
    assert np.isnan(scaler.mean_[1])
    assert scaler.n_samples_seen_.tolist() == [2, 0]
    assert fetched(scaler.transform(frame))["empty"].isna().all()


@on_every_engine
@pytest.mark.parametrize("scaler", [ml.StandardScaler(), ml.MinMaxScaler(), ml.MaxAbsScaler(), ml.RobustScaler()])
def test_rows_without_end_and_infinite_values_are_told(engine, scaler):
    with pytest.raises(InvalidValue, match="0 sample"):
        scaler.fit(over(engine, {"x": np.array([1.0])})[:0])
    frame = over(engine, {"x": np.array([1.0, np.inf, 2.0]), "y": np.array([1.0, 2.0, 3.0])})
    with pytest.raises(InvalidValue, match=r"infinity.* in x:"):
        ml.MinMaxScaler().fit(frame)
    with pytest.raises(InvalidValue, match=r"infinity.* in x:"):
        ml.StandardScaler().fit(frame)


@on_every_engine
def test_exact_statistics_are_the_same_to_the_last_bit(engine):
    scaler = ml.StandardScaler(exact=True).fit(over(engine, NUMBERS))
    shuffled = {name: values[::-1].copy() for name, values in NUMBERS.items()}
    again = ml.StandardScaler(exact=True).fit(over(engine, shuffled))
    memory = ml.StandardScaler(exact=True).fit(in_memory(NUMBERS).astype("float64"))
    for name in ("mean_", "var_", "scale_", "n_samples_seen_"):
        assert np.array_equal(getattr(scaler, name), getattr(again, name))
        assert np.array_equal(getattr(scaler, name), getattr(memory, name))
    same(scaler.var_, np.nanvar(in_memory(NUMBERS).astype("float64"), axis=0), 1e-12)


def test_exact_is_a_parameter_that_scikit_learn_does_not_get():
    scaler = ml.StandardScaler(exact=True, with_mean=False)
    assert scaler.to_sklearn().get_params() == {"copy": True, "with_mean": False, "with_std": True}
    with pytest.raises(ValueError, match="'exact' parameter"):
        ml.StandardScaler(exact="yes").fit(over("duckdb", {"x": np.array([1.0])}))


def test_wrong_input_is_told():
    frame = over("duckdb", {"x": np.array([1.0, 2.0]), "text": np.array(["a", "b"], dtype=object)})
    with pytest.raises(InvalidType, match="'text' is string"):
        ml.StandardScaler().fit(frame)
    with pytest.raises(InvalidType, match="not a series"):
        ml.StandardScaler().fit(frame.x)
    with pytest.raises(NotSupported, match="sample_weight"):
        ml.StandardScaler().fit(frame[["x"]], sample_weight=[1, 2])
    with pytest.raises(InvalidValue, match="quantile range"):
        ml.RobustScaler(quantile_range=(80, 20)).fit(frame[["x"]])
    with pytest.raises(InvalidType, match="is lazy"):
        ml.StandardScaler().partial_fit(frame[["x"]])


@on_every_engine
@pytest.mark.parametrize(
    "scaler",
    [ml.RobustScaler(), ml.StandardScaler(), ml.SimpleImputer(strategy="median"), ml.SimpleImputer(strategy="most_frequent")],
)
def test_infinite_values_are_refused_where_no_statistic_shows_them(engine, scaler):
    # The quartiles of the first column are finite, and a quartile between -inf and 1.0 may be NaN.
    for values in ([*map(float, range(20)), np.inf], [1.0, -np.inf, np.nan]):
        frame = over(engine, {"wide": np.array(values), "fine": np.arange(len(values))})
        with pytest.raises(InvalidValue, match=r"contains infinity or a value too large.*, in wide:"):
            scaler.fit(frame)


@on_every_engine
@pytest.mark.parametrize("scaler", [ml.StandardScaler(), ml.SimpleImputer()])
def test_sums_beyond_the_floats_are_told_on_every_engine(engine, scaler):
    frame = over(engine, {"wide": np.array([1e308, -1e308, 0.5]), "fine": np.array([1, 2, 3])})
    with pytest.raises(InvalidValue, match="the values of wide are so large"):
        scaler.fit(frame)


@on_every_engine
def test_grouped_frames_are_refused(engine):
    frame = over(engine, {"a": np.array([1.0, 2.0]), "b": np.array([1, 2])})
    with pytest.raises(InvalidType, match="grouped"):
        ml.StandardScaler().fit(frame.groupby("b"))
