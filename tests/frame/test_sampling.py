"""Samples are the same rows on every engine."""

from __future__ import annotations

import hashlib

import pytest
from frame.frames import ENGINES, load, on_every_engine, opened, two_groups, values, writing

from objectiv_local.errors import InvalidType, InvalidValue


def test_samples_are_the_same_on_every_engine():
    data = {"v": list(range(200)), "s": [f"row {i % 7}" for i in range(200)], "x": [i / 8 for i in range(200)]}
    found = {}
    for engine in ENGINES:
        df = load(engine, data).sort_index()
        drawn = df.sample(10).to_pandas()
        assert drawn.index.tolist() == sorted(drawn.index), "rows keep the order of the frame"
        share = df.sample(frac=0.103)
        found[engine] = (
            drawn.index.tolist(),
            share.to_pandas().index.tolist(),
            df.sample(10, random_state=5).to_pandas().v.tolist(),
        )
        assert (
            len(drawn),
            len(share),
            len(df.sample(frac=0)),
            len(df.sample(frac=1)),
            len(df.sample(900)),
            len(df.sample(0)),
        ) == (10, 21, 0, 200, 200, 0)
        assert len(df.sample()) == 1
    assert len({str(each) for each in found.values()}) == 1
    ten, twenty_one, others = found["duckdb"]
    assert set(ten) <= set(twenty_one)
    assert ten != others
    # Rows with one label are drawn one by one.
    together = load("duckdb", data, index=[1] * 200)
    assert len(together.sample(10)) == 10
    assert together.sample(10).to_pandas().v.tolist() != list(range(10))


NAN = float("nan")


def test_sample_refuses_what_it_cannot_do():
    df = load("duckdb", {"v": [1, 2]})
    for options, error in (
        ({"n": 1, "frac": 0.5}, InvalidValue),
        ({"frac": 1.5}, InvalidValue),
        ({"n": -1}, InvalidValue),
        ({"n": 1.5}, InvalidType),
        ({"random_state": "a"}, InvalidType),
        ({"replace": True}, InvalidType),
        ({"frac": NAN}, InvalidValue),
    ):
        with pytest.raises(error):
            df.sample(**options)
    with pytest.raises(InvalidValue, match="sample needs rows"):
        df.groupby("v").sample(1)


def test_samples_are_the_same_everywhere():
    wanted = [k for k in range(400) if int(hashlib.md5(f"7|{k}".encode()).hexdigest()[:15], 16) < 0.2 * 2**60]
    assert 50 < len(wanted) < 110
    for engine in ENGINES:
        df = two_groups(opened(engine) if engine == "duckdb" else writing(engine), 400)
        sample = df.get_sample(sample_percentage=20, seed=7)
        assert sorted(sample.to_pandas().index) == wanted
        totals = sample.groupby("g").v.count()
        assert sum(totals.to_pandas()) == len(wanted)
        assert totals.to_frame().get_unsampled().to_pandas().v.tolist() == [200, 200]


@on_every_engine
def test_samples_by_condition_and_in_tables(engine):
    connection = writing(engine)
    df = two_groups(connection)
    some = df.get_sample("some_rows", filter=df.v < 2, overwrite=True)
    some["square"] = some.v * some.v
    assert sorted(values(some.square)) == [0, 1]
    assert sorted(values(some.get_unsampled().square)) == [0, 1, 4, 9]
    with pytest.raises(InvalidValue, match="not made from a sample"):
        df.get_unsampled()
    with pytest.raises(InvalidValue, match="above 0 and at most 100"):
        df.get_sample(sample_percentage=0)
