"""Long and wide programs give the right answer on every engine, at sizes where statements, engines or Python gave up."""

from __future__ import annotations

import pytest
from frame.frames import load, on_every_engine, opened, plain, values

from objectiv_local import dialects
from objectiv_local.dialects.select import lower

X = [3, 1, 2]


@pytest.fixture(autouse=True)
def unparsed(monkeypatch):
    """Have sqlglot not parse these statements, which are thousands of lines long."""
    monkeypatch.setattr(dialects, "lower", lower)


def frame(engine):
    return load(engine, {"x": X, "g": ["a", "b", "a"]})


def left_behind(engine):
    """Return the temporary tables of steps that a connection still has."""
    return [name for name in opened(engine).temporary if name.startswith("step")]


@on_every_engine
def test_filters(engine):
    df = frame(engine)
    for i in range(2_000):
        df = df[df.x > 1 - i]
    assert values(df.x) == [3, 2]


@on_every_engine
def test_assignments_and_filters(engine):
    df = frame(engine)
    for i in range(1_000):
        df["x"] = df.x + 1
        df = df[df.x > i + 2]
    assert values(df.x) == [1003, 1002]
    assert left_behind(engine) == []


@on_every_engine
def test_materialized_steps(engine):
    df = frame(engine)
    for _ in range(1_000):
        df["x"] = df.x + 1
        df = df.materialize()
    assert values(df.x) == [1003, 1001, 1002]
    assert left_behind(engine) == []


@on_every_engine
def test_windows_over_windows(engine):
    df = frame(engine)
    for _ in range(300):
        df["x"] = df.x.max(df.groupby("g").window(end_boundary="following")) + 1
    assert values(df.x) == [303, 301, 303]


@on_every_engine
def test_groups_of_groups(engine):
    df = frame(engine).reset_index()
    for _ in range(300):
        df = df.groupby(["_index_row", "g"]).agg(x=("x", "sum")).reset_index()
    assert values(df.set_index("_index_row").x) == X


@on_every_engine
def test_merges(engine):
    df = frame(engine)
    left = df
    for i in range(200):
        left = left.merge(df[["x"]].rename(columns={"x": f"x{i}"}), left_index=True, right_index=True)
    found = left.sort_index().to_pandas()
    assert list(found.columns) == ["x", "g", *(f"x{i}" for i in range(200))]
    assert all(plain(found[name]) == X for name in found.columns if name != "g")
    assert left_behind(engine) == []


@on_every_engine
def test_merges_of_every_kind_after_each_other(engine):
    a, b, c = (load(engine, {"k": keys, name: [1, 2, 3]}).reset_index(drop=True)
               for name, keys in (("a", ["u", "v", None]), ("b", ["v", "w", None]), ("c", ["u", "v", "w"])))
    inner = a.merge(b, on="k").merge(c, on="k", how="left").merge(a.rename(columns={"a": "d"}), on="k", how="outer")
    assert sorted(map(str, inner[["k", "a", "b", "c", "d"]].to_arrow().to_pylist())) == sorted(map(str, [
        {"k": "v", "a": 2, "b": 1, "c": 2, "d": 2}, {"k": "u", "a": None, "b": None, "c": None, "d": 1},
        {"k": None, "a": None, "b": None, "c": None, "d": 3}]))
    left = a.merge(b, on="k", how="left").merge(b.rename(columns={"b": "e"}), on="k", how="left").merge(c, on="k", how="right")
    assert sorted(map(str, left[["k", "a", "b", "e", "c"]].to_arrow().to_pylist())) == sorted(map(str, [
        {"k": "u", "a": 1, "b": None, "e": None, "c": 1}, {"k": "v", "a": 2, "b": 1, "e": 1, "c": 2},
        {"k": "w", "a": None, "b": None, "e": None, "c": 3}]))


@on_every_engine
def test_appends(engine):
    df = frame(engine)
    out = df
    for i in range(1, 1_000):
        out = out.append(df.assign(x=df.x + i))
    assert out.x.sum().value == 1_000 * 6 + 3 * sum(range(1_000))
    assert len(out) == 3_000


@on_every_engine
def test_frames_in_one_append(engine):
    df = frame(engine)
    out = df.append([df.assign(x=df.x + i) for i in range(1, 1_500)])
    assert out.x.sum().value == 1_500 * 6 + 3 * sum(range(1_500))


@on_every_engine
def test_a_stack_of_a_stack(engine):
    df = load(engine, {"x": X, "y": [1.5, None, 2.5]})
    stacked = df.stack().to_frame().stack().to_frame().stack()
    assert sorted(plain(stacked.to_pandas())) == [1, 1.5, 2, 2.5, 3]


@on_every_engine
def test_the_rows_of_a_long_program_in_batches(engine):
    df = frame(engine)
    for _ in range(300):
        df["x"] = df.x + 1
        df = df.materialize()
    batches = df.sort_index().to_batches(2)
    assert next(batches).column("x").to_pylist() == [303, 301]
    assert frame(engine).x.sum().value == 6, "other statements run in between"
    assert [row for batch in batches for row in batch.column("x").to_pylist()] == [302]
    assert left_behind(engine) == []
    dropped = df.to_batches(1)
    next(dropped)
    del dropped
    assert left_behind(engine) == []


@on_every_engine
def test_a_long_program_reads_what_is_stored_when_it_runs(engine):
    source = frame(engine)
    source["x"] = source.x + 1
    df = source.copy()
    for _ in range(300):
        df["x"] = df.x + 1
        df = df.materialize()
    kept = df.materialize(materialization="temp_table")
    assert values(kept.x) == values(df.x) == [304, 302, 303]
    assert values(df.x - source.x) == [300, 300, 300]


@on_every_engine
def test_a_long_program_that_fails_leaves_no_tables(engine):
    from objectiv_local.errors import ObjectivError

    df = load(engine, {"x": ["3", "no"]})
    df["n"] = 1
    for _ in range(300):
        df["n"] = df.n + 1
        df = df.materialize()
    with pytest.raises(ObjectivError):
        df.assign(y=df.x.astype("int64")).to_pandas()
    assert left_behind(engine) == []
