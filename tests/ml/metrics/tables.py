"""Rows to measure: truths and predictions of each type, scores with heavy ties, and weights."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import opened

from objectiv_local import DataFrame

COUNT = 700
NAMES = np.array(["Éa", "a", "b", "ab", "日"])
WEIGHTS = (None, "n", "w0")


def data(seed=0, count=COUNT):
    """Truths of each type, predictions of them, scores with heavy ties, and weights."""
    random = np.random.default_rng(seed)
    y = random.random(count) < 0.3
    classes = random.integers(0, 5, count)
    guess = np.where(random.random(count) < 0.6, classes, random.integers(0, 5, count))
    p = np.round(np.clip(0.3 * y + 0.7 * random.random(count), 0, 1), 2)
    three = random.dirichlet([1, 2, 3], count)
    number = 1e6 + random.normal(size=count)
    return pd.DataFrame(
        {
            "yes": y,
            "one": y.astype("int64"),
            "sign": np.where(y, 1, -1),
            "far": np.where(y, 7, 3),
            "word": np.where(y, "yes", "No"),
            "flag": y.astype("float64"),
            "yes_p": p > 0.5,
            "one_p": (p > 0.5).astype("int64"),
            "word_p": np.where(p > 0.4, "yes", "No"),
            "p": p,
            "smooth": np.clip(p + random.random(count) / 1_000, 0, 1),
            "votes": random.integers(-3, 4, count),
            "class": classes,
            "class_p": guess,
            "name": NAMES[classes],
            "name_p": NAMES[guess],
            "third": classes % 3,
            "p_0": three[:, 0],
            "p_1": three[:, 1],
            "p_2": three[:, 2],
            "number": number,
            "number_p": number + np.round(random.normal(size=count), 1),
            "whole": random.integers(-9, 9, count),
            "w": random.random(count) * 3,
            "n": random.integers(0, 4, count),
            "w0": np.where(random.random(count) < 0.3, 0.0, random.random(count) * 3),
        }
    )


TABLE = data()
_FRAMES: dict[str, DataFrame] = {}


def stored(engine):
    """Return the rows of TABLE as a frame of a table of the engine."""
    if engine not in _FRAMES:
        _FRAMES[engine] = DataFrame.from_arrow(
            opened(engine), pa.Table.from_pandas(TABLE, preserve_index=False), materialization="temp_table"
        )
    return _FRAMES[engine]


def small(engine, **columns):
    return DataFrame.from_arrow(opened(engine), pa.table(columns))


def weights(name):
    return {} if name is None else {"sample_weight": TABLE[name].to_numpy()}


def quietly(metric, *args, **options):
    """Return the result of a metric and the categories of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return metric(*args, **options), {each.category for each in caught}


def same(found, expected, rel=1e-12):
    assert type(found) is float
    assert found == pytest.approx(expected, rel=rel, abs=1e-15, nan_ok=True)
