"""Exact moments have the same bits on every engine, in memory, and in exact arithmetic."""

from __future__ import annotations

import statistics
from fractions import Fraction

import duckdb
import numpy as np
import pandas as pd
import pytest
from frame.frames import ENGINES, on_every_engine, opened

from objectiv_local import DataFrame, connect
from objectiv_local.errors import InvalidValue
from objectiv_local.ml.statistics.exact import exact_moments

ROWS = 3000


def hard():
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "offset": rng.normal(1e6, 1, ROWS),
            "skewed": rng.exponential(size=ROWS) ** 4,
            "cents": rng.integers(0, 10**6, ROWS) / 100,
            "centered": np.repeat([-1.0, 0.0, 1.0], ROWS // 3),
            "small": rng.normal(0, 1e-300, ROWS),
            "large": rng.normal(0, 1e200, ROWS),
            "wide": np.where(np.arange(ROWS) % 2, 1e-280, -1e280) * rng.random(ROWS),
            "tiny_mean": np.tile([1.0, -1.0, 1e-200], ROWS // 3),
            "constant": np.full(ROWS, 0.1),
        }
    )


def loaded(engine, data):
    return DataFrame.from_pandas(engine if not isinstance(engine, str) else opened(engine), data, materialization="temp_table")


def bits(found):
    return found.rows, found.columns, dict(found.products)


@on_every_engine
@pytest.mark.parametrize("products", ["squares", "all"])
def test_same_bits_as_in_memory(engine, products):
    data = hard()
    frame = loaded(engine, data)
    found = exact_moments(frame, list(data), products)
    assert bits(found) == bits(exact_moments(frame, list(data), products))
    assert bits(found) == bits(exact_moments(data.to_numpy(), list(data), products))


@pytest.mark.parametrize("threads", [1, 2])
def test_same_bits_with_any_threads(threads):
    data = hard()
    big = pd.concat([data] * 50, ignore_index=True)
    connection = connect(duckdb.connect(config={"threads": threads}))
    assert bits(exact_moments(loaded(connection, big), list(data), "all")) == bits(
        exact_moments(big.to_numpy(), list(data), "all")
    )


def test_moments_are_those_of_fractions():
    data = hard()
    found = exact_moments(data.to_numpy(), list(data))
    for position, name in enumerate(data):
        values = [Fraction(value) for value in data[name]]
        mean, variance = statistics.mean(values), statistics.pvariance(values)
        largest = max(abs(value) for value in values)
        assert abs(found.columns[position].mean - mean) <= largest * Fraction(2) ** -61
        assert abs(found.variance(position) - variance) <= variance * Fraction(1, 10**13)


def test_products_are_those_of_fractions():
    data = hard()[["offset", "skewed", "cents"]]
    found = exact_moments(data.to_numpy(), list(data), "all")
    columns = [[Fraction(value) for value in data[name]] for name in data]
    means = [statistics.mean(column) for column in columns]
    for (i, j), product in found.products.items():
        right = sum((a - means[i]) * (b - means[j]) for a, b in zip(columns[i], columns[j], strict=True))
        spread = (found.products[i, i] * found.products[j, j]) ** 0.5
        assert abs(float(product - right)) <= 1e-13 * float(spread)


@on_every_engine
def test_missing_values_do_not_count(engine):
    data = pd.DataFrame({"x": [1.0, None, 4.0], "none": [None, None, None], "flag": [True, False, True]})
    data["none"] = data["none"].astype("Float64")
    found = exact_moments(loaded(engine, data), ["x", "none", "flag"])
    assert [column.count for column in found.columns] == [2, 0, 3]
    assert [column.mean for column in found.columns[:2]] == [Fraction(5, 2), 0]
    assert found.products[0, 0] == Fraction(9, 2)
    assert float(found.columns[2].mean) == 2 / 3
    with pytest.raises(InvalidValue, match="contains NaN: column 'x' is missing in 1 rows"):
        exact_moments(loaded(engine, data), ["x", "flag"], "all")


@pytest.mark.parametrize(("value", "message"), [(float("inf"), "contains infinity"), (-1e305, "beyond")])
@pytest.mark.parametrize("engine", ENGINES)
def test_values_without_moments(engine, value, message):
    with pytest.raises(InvalidValue, match=message):
        exact_moments(loaded(engine, pd.DataFrame({"x": [1.0, value]})), ["x"])


@on_every_engine
def test_whole_numbers_that_are_no_floats(engine):
    with pytest.raises(InvalidValue, match=r"2\*\*53 or more"):
        exact_moments(loaded(engine, pd.DataFrame({"x": [1, 2**53 + 1]})), ["x"])
