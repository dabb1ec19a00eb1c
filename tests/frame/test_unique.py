"""Labels that repeat: values of other frames are aligned by them, and they never multiply rows."""

from __future__ import annotations

import pandas as pd
import pytest
from frame.frames import REPEATED, load, on_every_engine, opened, plain, repeated, rows_of, values

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidValue


def another(engine, index, name="y"):
    return load(engine, {name: [10 * (number + 1) for number in range(len(index))]}, index=index)


def stored(engine, frame):
    return frame.materialize(materialization="temp_table")


#: Everything that puts a series of another frame beside the rows of a frame.
BESIDE = {
    "assignment": lambda f, g: f.assign(z=g.y),
    "filter": lambda f, g: f[g.y > 5],
    "where": lambda f, g: f.x.where(g.y > 5),
    "where, other": lambda f, g: f.x.where(f.x > 1, g.y),
    "mask": lambda f, g: f.x.mask(g.y > 5),
    "groups": lambda f, g: f.groupby(g.y).x.sum(),
    "aggregate of groups": lambda f, g: g.y.sum(f.groupby("g")),
    "order": lambda f, g: f.x.sort_by_series(g.y),
    "temporary table": lambda f, g: f.assign(z=g.y).materialize(materialization="temp_table"),
    "sample": lambda f, g: f.assign(z=g.y).get_sample(sample_percentage=50),
    "single value": lambda f, g: f.assign(z=g.y).z.sum(),
}


def fetched(made):
    return made.to_pandas() if hasattr(made, "to_pandas") else made


@pytest.mark.parametrize("what", BESIDE)
@on_every_engine
def test_rows_that_would_meet_several_are_an_error(engine, what):
    f, g = repeated(engine), another(engine, REPEATED)
    for right in (g, stored(engine, g), g.append(another(engine, [7, 8]))):
        with pytest.raises(InvalidValue, match=r"cannot be aligned on the index .*: labels repeat(.|\n)*left\.merge"):
            fetched(BESIDE[what](f, right))


#: What combines two series, of whose rows none is left out.
COMBINED = {"sum": lambda f, g: f.x + g.y, "comparison": lambda f, g: f.x < g.y, "fillna": lambda f, g: f.x.fillna(g.y)}


@pytest.mark.parametrize("what", COMBINED)
@on_every_engine
def test_labels_that_repeat_on_both_sides_are_an_error(engine, what):
    f, g = repeated(engine), another(engine, REPEATED)
    with pytest.raises(InvalidValue, match=r"cannot be combined on the index .*: labels repeat .* on the other side too"):
        fetched(COMBINED[what](f, g))


@on_every_engine
def test_the_error_for_a_comparison_with_an_aggregate_shows_the_way(engine):
    f = repeated(engine)
    mean = f.groupby(list(f.index.values())).x.mean()
    with pytest.raises(
        InvalidValue, match=r"^a condition cannot be aligned .*\nhint: set an aggregate .*df\['x'\] = aggregate"
    ):
        f[f.x > mean].to_pandas()
    f["mean"] = mean
    assert rows_of(f[f.x > f["mean"]], "x") == [(2,)]
    assert rows_of(f[f.x > f.groupby(list(f.index.values())).x.transform("mean")], "x") == [(2,)]


@pytest.mark.parametrize("what", BESIDE)
@on_every_engine
def test_rows_that_meet_one_are_kept_as_they_are(engine, what):
    # Pandas answers the same: each of the rows with label 0 meets the one with that label.
    f, g = repeated(engine), another(engine, [0, 1, 2])
    found = fetched(BESIDE[what](f, g))
    expected = {
        "assignment": 3,
        "filter": 3,
        "where": 3,
        "where, other": 3,
        "mask": 3,
        "groups": 2,
        "aggregate of groups": 2,
        "order": 3,
        "temporary table": 3,
    }
    if what in expected:
        assert len(found) == expected[what]
    if what == "single value":
        assert found.iloc[0] == 10 + 10 + 20


@on_every_engine
def test_values_beside_repeated_labels_are_those_of_pandas(engine):
    f, g = repeated(engine), another(engine, [0, 2])
    left, right = f.to_pandas(), g.to_pandas()
    f["y"], left["y"] = g.y, right.y
    assert rows_of(f, "x", "y") == sorted(zip(left.x, plain(left.y), strict=True)) == [(1, 10), (2, 10), (3, None)]
    for found, expected in ((f.x + g.y, left.x + right.y), (g.y + f.x, right.y + left.x)):
        assert sorted(map(str, plain(found.to_pandas()))) == sorted(map(str, plain(expected)))
        assert sorted(plain(found.to_pandas().index)) == sorted(expected.index) == [0, 0, 1, 2]


@on_every_engine
def test_missing_labels_repeat_too(engine):
    frame = DataFrame.from_pandas(opened(engine), pd.DataFrame({"k": ["a", None, None], "y": [1, 2, 3]}))
    f = frame.set_index("k")
    with pytest.raises(InvalidValue, match="labels repeat"):
        f.materialize(materialization="temp_table")["y"].to_frame().assign(
            z=frame.materialize(materialization="temp_table").set_index("k").y
        ).to_pandas()


@on_every_engine
def test_labels_of_several_levels_repeat_together_only(engine):
    def levels(pairs, name):
        table = pd.DataFrame({"a": [a for a, _ in pairs], "b": [b for _, b in pairs], name: range(len(pairs))})
        return DataFrame.from_pandas(opened(engine), table.set_index(["a", "b"]))

    f = levels([(1, "x"), (1, "y"), (1, "y")], "v")
    f["w"] = levels([(1, "x"), (1, "y"), (2, "y")], "u").u
    assert rows_of(f, "v", "w") == [(0, 0), (1, 1), (2, 1)]
    f["again"] = levels([(1, "x"), (1, "x")], "u").u
    with pytest.raises(InvalidValue, match=r"\(_index_a, _index_b\): labels repeat"):
        f.to_pandas()


def counted(monkeypatch, frame):
    asked = []
    engine = type(frame.engine)
    method = engine.arrow
    monkeypatch.setattr(engine, "arrow", lambda self, sql, *args: asked.append(sql) or method(self, sql, *args))
    return asked


@on_every_engine
def test_nothing_is_asked_while_a_frame_is_built_and_once_when_it_is_fetched(engine, monkeypatch):
    f, g = repeated(engine), another(engine, [0, 1, 2])
    asked = counted(monkeypatch, f)
    f["y"] = g.y
    total = f.x + g.y
    f.view_sql()
    f.explain()
    assert asked == []
    f.to_pandas()
    assert len(asked) == 2
    assert "HAVING count(*) > 1" in asked[0]
    asked.clear()
    # It is the same question for both alignments, and no question about the left side: the right one is enough.
    total.to_pandas()
    assert len(asked) == 2


@on_every_engine
def test_a_known_key_is_not_asked_for(engine, monkeypatch):
    f = repeated(engine).set_index("g")
    sums = f.groupby("g").x.sum()
    f["sum"] = sums
    f["share"] = f.x / f["sum"]
    asked = counted(monkeypatch, f)
    assert rows_of(f, "x", "sum") == [(1, 1), (2, 5), (3, 5)]
    assert len(asked) == 1
    # The key of one side is enough.
    assert sorted(plain((f.x + sums).to_pandas())) == sorted(plain((sums + f.x).to_pandas())) == [2, 7, 8]
    assert len(asked) == 3


@on_every_engine
def test_rows_that_repeat_in_all_but_not_in_the_sample(engine):
    f = load(engine, {"x": [1, 2, 3]}, index=[0, 1, 2])
    g = another(engine, [0, 0, 1])
    part = g.get_sample(filter=g.y > 10)
    f["y"] = part.y
    assert rows_of(f, "x", "y") == [(1, 20), (2, 30), (3, None)]
    with pytest.raises(InvalidValue, match="labels repeat"):
        f.get_unsampled().to_pandas()


@on_every_engine
def test_batches_are_checked(engine):
    f = repeated(engine).assign(y=another(engine, REPEATED).y)
    with pytest.raises(InvalidValue, match="labels repeat"):
        list(f.to_batches())


@on_every_engine
def test_merge_says_what_is_meant_and_multiplies(engine):
    f, g = repeated(engine), another(engine, REPEATED)
    merged = f.merge(g, left_index=True, right_index=True)
    assert len(merged.to_pandas()) == len(f.to_pandas().merge(g.to_pandas(), left_index=True, right_index=True)) == 5
    assert plain(f.x.isin(g.y).to_pandas()) == [False] * 3
    assert values(f.append(f).x) == [1, 1, 2, 2, 3, 3] or sorted(plain(f.append(f).x.to_pandas())) == [1, 1, 2, 2, 3, 3]
