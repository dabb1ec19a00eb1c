"""Long and wide programs give the right answer on every engine, at sizes where statements, engines or Python gave up."""

from __future__ import annotations

import datetime
import decimal
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import load, on_every_engine, opened, plain, values

from objectiv_local import DataFrame, dialects
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, ObjectivError

pytestmark = pytest.mark.usefixtures("unparsed")

X = [3, 1, 2]


def frame(engine):
    return load(engine, {"x": X, "g": ["a", "b", "a"]})


@on_every_engine
def test_filters(engine):
    df = frame(engine)
    for i in range(2_000):
        df = df[df.x > 1 - i]
    assert values(df.x) == [3, 2]


def left_behind(engine):
    """Return the temporary tables of steps that a connection still has."""
    return [name for name in opened(engine).temporary if name.startswith(dialects.STORED_ROWS)]


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
    a, b, c = (
        load(engine, {"k": keys, name: [1, 2, 3]}).reset_index(drop=True)
        for name, keys in (("a", ["u", "v", None]), ("b", ["v", "w", None]), ("c", ["u", "v", "w"]))
    )
    inner = a.merge(b, on="k").merge(c, on="k", how="left").merge(a.rename(columns={"a": "d"}), on="k", how="outer")
    assert sorted(map(str, inner[["k", "a", "b", "c", "d"]].to_arrow().to_pylist())) == sorted(
        map(
            str,
            [
                {"k": "v", "a": 2, "b": 1, "c": 2, "d": 2},
                {"k": "u", "a": None, "b": None, "c": None, "d": 1},
                {"k": None, "a": None, "b": None, "c": None, "d": 3},
            ],
        )
    )
    left = a.merge(b, on="k", how="left").merge(b.rename(columns={"b": "e"}), on="k", how="left").merge(c, on="k", how="right")
    assert sorted(map(str, left[["k", "a", "b", "e", "c"]].to_arrow().to_pylist())) == sorted(
        map(
            str,
            [
                {"k": "u", "a": 1, "b": None, "e": None, "c": 1},
                {"k": "v", "a": 2, "b": 1, "e": 1, "c": 2},
                {"k": "w", "a": None, "b": None, "e": None, "c": 3},
            ],
        )
    )


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
    df = load(engine, {"x": ["3", "no"]})
    df["n"] = 1
    for _ in range(300):
        df["n"] = df.n + 1
        df = df.materialize()
    with pytest.raises(ObjectivError):
        df.assign(y=df.x.astype("int64")).to_pandas()
    assert left_behind(engine) == []


@on_every_engine
def test_isin_of_many_values(engine):
    df = load(
        engine,
        {
            "n": [0, 1, 99_999, 100_000, None],
            "s": ["0", "it's 1", '"2"', "100001", None],
            "f": [0.5, 1.5, 99_999.5, 1e300, None],
        },
    )
    assert values(df.n.isin(range(100_000))) == [True, True, True, False, False]
    assert values(df.n.isin([*range(50_000), None])) == [True, True, False, False, True]
    assert values(df.s.isin([*map(str, range(50_000)), "it's 1", '"2"'])) == [True, True, True, False, False]
    assert values(df.f.isin([i + 0.5 for i in range(1_000)])) == [True, True, False, False, False]
    assert values(df.f.isin(range(1_000))) == [False] * 5
    with pytest.raises(InvalidType, match="isin cannot look up"):
        df.n.isin([str(i) for i in range(100)])


@on_every_engine
def test_many_rows_of_constants_keep_every_value(engine):
    count = 450
    data = {
        "i": [(-1) ** k * k * 10**16 for k in range(count)],
        "f": [[0.1, math.inf, -0.0, 1e-300, -math.inf, 1 / 3, 5e-324][k % 7] for k in range(count)],
        "s": [
            ["it's", '"q"', "back\\slash", "é\n\t☃", "", "null", "{a}", "NULL", "\u2028", "[1, 2]"][k % 10]
            for k in range(count)
        ],
        "b": [k % 2 == 0 for k in range(count)],
        "d": [datetime.date(1, 1, 1) + datetime.timedelta(days=k * 7_000) for k in range(count)],
        "t": [datetime.datetime(1970, 1, 1, 1, 2, 3, k) for k in range(count)],
        "l": [datetime.timedelta(days=k, microseconds=k) for k in range(count)],
        "e": [decimal.Decimal(k) / 4 for k in range(count)],
    }
    for several in (data, {name: column for name, column in data.items() if name != "e"}):
        table = pa.table(
            {name: [None if k == 7 else value for k, value in enumerate(column)] for name, column in several.items()}
        )
        found = DataFrame.from_arrow(opened(engine), table, materialization="cte").sort_values("d").to_arrow()
        rows = sorted(zip(*table.to_pydict().values(), strict=True), key=lambda row: (row[4] is None, row[4]))
        assert list(map(repr, zip(*found.to_pydict().values(), strict=True))) == list(map(repr, rows))


@on_every_engine
@pytest.mark.parametrize("q", [12, 13, 150, 1_000])
def test_qcut_of_many_intervals(engine, q):
    given = [0.5 * (k * 37 % 101) for k in range(300)] + [None]
    df = load(engine, {"v": given})
    ends = np.quantile(given[:-1], [i / q for i in range(q + 1)])
    found = df.v.qcut(q).sort_index().to_pandas()
    for value, interval in zip(given, found, strict=True):
        if value is None:
            assert interval is None or interval is pd.NA or interval != interval  # noqa: PLR0124
            continue
        # Bins are wider than the last digit, in which quantiles may differ.
        place = next(i for i in range(1, q + 1) if value <= ends[i] or math.isclose(value, ends[i], rel_tol=1e-12))
        assert value in interval
        assert math.isclose(interval.right, ends[place], rel_tol=1e-9, abs_tol=1e-9)
        assert interval.closed == ("both" if place == 1 else "right")


def test_qcut_of_too_many_intervals():
    df = load("duckdb", {"v": [1.0, 2.0]})
    with pytest.raises(InvalidValue, match="at most 1,000 intervals, not 1,001"):
        df.v.qcut(1_001)


@on_every_engine
def test_cut_into_many_intervals(engine):
    df = load(engine, {"v": [0.0, 2.5, 10_000.0]})
    assert values(df.v.cut(10_000).upper) == pytest.approx([1, 3, 10_000])
    counted = df.v.value_counts(bins=1_000, sort=False).to_pandas()
    assert (len(counted), counted.sum()) == (1_000, 3)


@on_every_engine
def test_a_column_less_many_totals(engine):
    df = load(engine, {"x": X})
    df = df.assign(**{f"c{i}": df.x * i for i in range(60)})
    means = df.mean()
    scaled = df.assign(**{f"c{i}": df[f"c{i}"] - means[f"c{i}_mean"] for i in range(60)})
    found = scaled.sort_index().to_pandas()
    assert all(found[f"c{i}"].tolist() == pytest.approx([i, -i, 0]) for i in range(60))


@on_every_engine
def test_chains_of_operations(engine):
    df = load(engine, {"x": X, "s": ["a", "b", None]})
    total, text, chosen, found = df.x, df.s, df.x, df.x == 100
    for i in range(500):
        total = total + i
        text = text + df.s
        chosen = chosen.where(df.x != i, i * 10)
        found = found | (df.x == i + 2)
    assert values(total) == [x + sum(range(500)) for x in X]
    assert values(text) == ["a" * 501, "b" * 501, None]
    assert values(chosen) == [30, 10, 20]
    assert values(df[found].x) == [3, 2]
    # Two of them together, and a frame that has one, are still of the same rows.
    df["total"] = total
    df["both"] = total - chosen
    assert values(df.both) == [a - b for a, b in zip(values(total), values(chosen), strict=True)]
    assert df.data_columns == ["x", "s", "total", "both"]
    assert values(df.groupby("s").total.sum().sort_index()) == [3 + sum(range(500)), 1 + sum(range(500)), 2 + sum(range(500))]


@on_every_engine
def test_a_long_chain_of_a_grouped_column(engine):
    groups = load(engine, {"x": X, "g": ["a", "b", "a"]}).groupby("g")
    total = groups.x
    for i in range(500):
        total = total + i
    assert values(total.sum()) == [5 + 2 * sum(range(500)), 1 + sum(range(500))]
    groups["total"] = total
    assert values(groups[total > 1 + sum(range(500))].total.max()) == [3 + sum(range(500))]
    assert values((total - groups.x).min()) == [sum(range(500)), sum(range(500))]


@on_every_engine
def test_statistics_of_many_columns(engine):
    rng = np.random.default_rng(1)
    data = {f"c{i}": [*rng.normal(size=6).round(3).tolist(), None] for i in range(120)}
    df = load(engine, data | {"g": ["a", "a", "a", "b", "b", "b", "a"]})
    names = list(data)
    found = df[names].describe().to_pandas()
    wanted = pd.DataFrame(data).describe().rename(index={"25%": "0.25", "50%": "0.5", "75%": "0.75"})
    assert list(found.index) == ["count", "mean", "std", "min", "max", "nunique", "mode", "0.25", "0.5", "0.75"]
    assert list(found.columns) == names
    for stat in wanted.index:
        assert found.loc[stat].tolist() == pytest.approx(wanted.loc[stat].tolist())
    grouped = df.groupby("g")[names].quantile([0.5, 1.0]).to_pandas()
    by_hand = pd.DataFrame(data | {"g": ["a", "a", "a", "b", "b", "b", "a"]}).groupby("g").quantile([0.5, 1.0])
    assert grouped.index.tolist() == by_hand.index.tolist()
    assert grouped.to_numpy().astype(float) == pytest.approx(by_hand.to_numpy())


@on_every_engine
def test_a_stack_of_many_columns(engine):
    df = load(engine, {"x": X}).assign(**{f"c{i}": i for i in range(300)})
    stacked = df.stack()
    assert stacked.sum().value == 6 + 3 * sum(range(300))
    found = stacked.to_frame().reset_index().to_pandas()
    assert sorted(found[found["__stacked_index"] == "c299"]["__stacked"].tolist()) == [299, 299, 299]
    assert len(found) == 3 * 301


@on_every_engine
def test_more_columns_than_an_engine_takes(engine):
    df = load(engine, {"x": X})
    df = df.assign(**{f"c{i}": df.x + i for i in range(1_700)})
    if engine == "duckdb":
        assert plain(df.sort_index().to_pandas()["c1699"]) == [1702, 1700, 1701]
        return
    with pytest.raises(
        NotSupported, match="at most 1,664 columns at once, but this program has a step that selects or sorts by 1,702"
    ):
        df.to_pandas()
    with pytest.raises(NotSupported, match="sorts by 1,70"):
        df.c0.sort_index().to_pandas()
    assert sorted(df[["c1699"]].c1699.to_pandas()) == [1700, 1701, 1702]
    assert sorted((df.c1698 + df.c1).to_pandas()) == [1701, 1703, 1705]


@on_every_engine
def test_many_columns_in_one_assignment(engine):
    df = load(engine, {"x": X, "y": [1, 1, 2]})
    before = df.x * 10
    many = {f"c{i}": df.x + i for i in range(30)}
    found = df.assign(**many, x=df.y, y=df.x).sort_index().to_pandas()
    assert list(found.columns) == ["x", "y", *many]
    assert (plain(found.x), plain(found.y), plain(found.c29)) == ([1, 1, 2], X, [32, 30, 31])
    ordered = df.sort_values("x").assign(**many, x=df.y)
    assert plain(ordered.to_pandas().c0) == [1, 2, 3], "in the order of the column that is gone"
    assert values(df.assign(**many).x + before) == [33, 11, 22]
    with pytest.raises(InvalidValue, match="index level"):
        df.assign(**many, row=df.x) if "row" in df.index_columns else df.assign(**many, **{df.index_columns[0]: df.x})


@on_every_engine
def test_steps_with_the_name_of_stored_rows(engine):
    df = load(engine, {"x": X})
    for _ in range(250):
        df["x"] = df.x + 1
        df = df.materialize(dialects.STORED_ROWS)
    assert values(df.x) == [253, 251, 252]
