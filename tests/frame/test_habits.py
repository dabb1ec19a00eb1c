"""Names that a user of pandas tries first, compared with pandas."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import ENGINES, load, on_every_engine, opened, plain, values

from objectiv_local import DataFrame
from objectiv_local.errors import AttributeNotFound, InvalidType, InvalidValue, NotSupported

NAN = float("nan")


def events(seed=1, rows=60):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "user": rng.choice(["a", "b", "c"], rows),
            "moment": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(rows), "h"),
            "n": pd.array(rng.integers(0, 5, rows), "Int64"),
            "x": rng.normal(size=rows).round(3),
        }
    )
    frame.loc[rng.random(rows) < 0.2, "n"] = pd.NA
    frame.loc[rng.random(rows) < 0.2, "x"] = NAN
    return frame


def same(ours, theirs):
    """Check that a fetched frame or series is that of pandas: values, order and index."""
    ours, theirs = (each.to_frame() if isinstance(each, pd.Series) else each for each in (ours, theirs))
    assert list(ours.columns) == list(theirs.columns)
    assert ours.index.tolist() == theirs.index.tolist()
    for name in ours.columns:
        left, right = plain(ours[name].tolist()), plain(theirs[name].tolist())
        assert [None if each is None else rounded(each) for each in left] == [
            None if each is None else rounded(each) for each in right
        ]


def rounded(value):
    """Return a value, of floats the first twelve digits."""
    return float(f"{value:.12g}") if isinstance(value, float) else value


# ---- values of other rows


WINDOWED = {
    "shift": lambda of: of.shift(),
    "shift back": lambda of: of.shift(-2),
    "diff": lambda of: of.diff(),
    "diff over 3": lambda of: of.diff(3),
    "cumsum": lambda of: of.cumsum(),
    "cummax": lambda of: of.cummax(),
    "cummin": lambda of: of.cummin(),
    "rank": lambda of: of.rank(),
    "rank first": lambda of: of.rank(method="first"),
    "rank dense down": lambda of: of.rank(method="dense", ascending=False),
    "rank share": lambda of: of.rank(pct=True),
}


@on_every_engine
@pytest.mark.parametrize("which", WINDOWED)
def test_values_of_other_rows_are_those_of_pandas(engine, which):
    theirs = events()
    theirs.index.name = "row"
    df = load(engine, theirs).sort_values("moment")
    theirs = theirs.sort_values("moment")
    function = WINDOWED[which]
    for columns in (["n", "x"], ["x"]):
        same(function(df[columns]).to_pandas(), function(theirs[columns]))
        same(function(df[["user", *columns]].groupby("user")).to_pandas(), function(theirs.groupby("user")[columns]))
    for column in ("n", "x"):
        same(function(df[column]).to_pandas(), function(theirs[column]))
        same(function(df.groupby("user")[column]).to_pandas(), function(theirs.groupby("user")[column]))


@on_every_engine
def test_grouped_windows_are_aligned_with_the_rows(engine):
    theirs = events()
    theirs.index.name = "row"
    df = load(engine, theirs).sort_values("moment")
    theirs = theirs.sort_values("moment")
    for each in (df, theirs):
        each["prev"] = each.groupby("user").moment.shift()
        each["gap"] = each.groupby("user").moment.diff()
        each["so_far"] = each.groupby("user").n.cumsum()
        each["number"] = each.groupby("user").cumcount()
        each["place"] = each.groupby("user").x.rank()
        each["share"] = each.groupby("user").n.transform("sum")
    same(df.to_pandas(), theirs)
    assert df.dtypes["gap"] == "timedelta"
    # Read in another order, each row keeps its values.
    same(df.sort_index().to_pandas(), theirs.sort_index())


@on_every_engine
def test_ties_of_the_order_are_broken_by_the_key(engine):
    df = load(engine, {"g": ["a"] * 4, "t": [2, 1, 1, 1], "v": [1, 2, 4, 8]}).sort_values("t")
    assert values(df.groupby("g").v.cumsum()) == [15, 2, 6, 14]
    assert values(df.groupby("g").cumcount()) == [3, 0, 1, 2]
    assert df.groupby("g")[["v"]].shift().to_pandas().v.tolist()[1:] == [2, 4, 8]


@on_every_engine
def test_windows_of_a_frame_are_computed_in_one_step(engine):
    df = load(engine, {"a": [3, 1, 2], "b": [1, 2, 4]}).sort_values("a")
    # The order is that of the frame, although the column that orders it is replaced.
    shifted = df.shift()
    assert shifted.to_pandas().values.tolist()[1:] == [[1, 2], [2, 4]]
    assert df.shift(fill_value=0).sort_index().to_pandas().b.tolist() == [4, 0, 2]
    assert "lag(a)" in shifted.view_sql()


@pytest.mark.parametrize(
    "which", [name for name in WINDOWED if name.split()[0] in ("shift", "diff", "cumsum", "cummax", "cummin")]
)
def test_rows_without_an_order_have_no_neighbors(which):
    df = load("duckdb", {"g": ["a", "b"], "v": [1, 2]})
    for thing in (df[["v"]], df.v, df.groupby("g")[["v"]], df.groupby("g").v):
        with pytest.raises(InvalidValue, match=rf"{which.split()[0]} needs sorted rows.*\nhint: sort the frame first"):
            WINDOWED[which](thing)
    with pytest.raises(InvalidValue, match=r"df.sort_values\('moment'\).groupby\(...\).v.diff\(\)"):
        df.groupby("g").v.diff()
    assert values(df.groupby("g").v.rank()) == [1.0, 1.0], "a rank is by the values"


def test_a_window_names_the_column_that_it_cannot_be_computed_of():
    df = load("duckdb", {"s": ["a", "b"], "v": [1, 2]}).sort_values("v")
    with pytest.raises(InvalidType, match="column 's': sum cannot be computed"):
        df.cumsum()
    assert df.cumsum(numeric_only=True).to_pandas().v.tolist() == [1, 3]
    with pytest.raises(InvalidValue, match="no numeric column"):
        df[["s"]].cumsum(numeric_only=True)


@on_every_engine
def test_rolling_and_expanding_of_a_series(engine):
    theirs = events()
    theirs.index.name = "row"
    df = load(engine, theirs).sort_values("moment")
    theirs = theirs.sort_values("moment")
    same(df.x.rolling(3, min_periods=1).mean().to_pandas(), theirs.x.rolling(3, min_periods=1).mean())
    same(df.x.expanding().max().to_pandas(), theirs.x.expanding().max())
    ours = df.groupby("user").x.rolling(2, min_periods=1).sum()
    wanted = theirs.groupby("user").x.rolling(2, min_periods=1).sum().droplevel(0)
    same(ours.sort_index().to_pandas(), wanted.sort_index())


# ---- missing values


@on_every_engine
def test_missing_values_of_a_frame(engine):
    theirs = pd.DataFrame({"n": pd.array([1, None, 3], "Int64"), "s": ["a", None, None], "x": [NAN, 1.0, 2.0]})
    theirs.index.name = "row"
    df = load(engine, theirs)
    for name in ("isna", "isnull", "notna", "notnull"):
        same(getattr(df, name)().sort_index().to_pandas(), getattr(theirs, name)())
        assert set(getattr(df, name)().dtypes.values()) == {"bool"}
    assert df.isna().sum().to_arrow().to_pylist() == [{"n_sum": 1, "s_sum": 2, "x_sum": 1}]
    with pytest.raises(InvalidValue, match="isnull needs rows"):
        df.groupby("s").isna()


# ---- a row for each element


def lists(engine):
    """Return a frame of lists and JSON: with elements, missing, empty, with a missing element, and no array."""
    created = {
        "duckdb": "VALUES (1, ['b', 'a'], '[1, \"x\", null, {\"a\": 1}, [2]]'::JSON, [DATE '2024-01-01']), (2, NULL, NULL, NULL), "
        "(3, [], '[]', []), (4, ['c', NULL], '{\"a\": 1}', [NULL]), (5, ['d'], '\"x\"', NULL)",
        "postgres": "VALUES (1, ARRAY['b', 'a'], '[1, \"x\", null, {\"a\": 1}, [2]]'::jsonb, ARRAY[DATE '2024-01-01']), "
        "(2, NULL, NULL, NULL), (3, '{}', '[]', '{}'), (4, ARRAY['c', NULL], '{\"a\": 1}', ARRAY[NULL]::date[]), "
        "(5, ARRAY['d'], '\"x\"', NULL)",
    }
    rows = created["duckdb" if engine == "duckdb" else "postgres"]
    return DataFrame.from_model(opened(engine), f"SELECT * FROM ({rows}) AS v (k, s, j, d)", index="k").sort_index(
        ascending=False
    )


@on_every_engine
def test_explode_makes_a_row_of_each_element(engine):
    df = lists(engine)
    exploded = df[["s"]].explode("s")
    assert exploded.dtypes == {"s": "string"}
    assert exploded.to_arrow().to_pydict() == {"k": [5, 4, 4, 3, 2, 1, 1], "s": ["d", "c", None, None, None, "b", "a"]}
    # pandas says the same of the fetched lists
    same(exploded.to_pandas(), df[["s"]].to_pandas().explode("s"))
    assert df.explode("d").dtypes["d"] == "date"
    assert df[["d"]].explode("d").to_pandas().d.isna().tolist() == [True, True, True, True, False]
    documents = df[["j"]].explode("j")
    assert documents.dtypes == {"j": "json"}
    assert documents.to_pandas().j.tolist() == ["x", {"a": 1}, None, None, 1, "x", None, {"a": 1}, [2]]
    assert documents.j.isnull().to_pandas().tolist() == [False, False, True, True, False, False, True, False, False]
    assert df.s.explode().to_pandas().tolist()[:2] == ["d", "c"]
    assert df.explode("s").columns == ["s", "j", "d"]
    assert df.explode("s", ignore_index=True).index_columns == []
    # Rows that tie in the order of the frame do not mix.
    tied = df.assign(tie=1).sort_values("tie")[["s"]].explode("s")
    assert tied.to_arrow().to_pydict() == {"k": [1, 1, 2, 3, 4, 4, 5], "s": ["b", "a", None, None, "c", None, "d"]}


def test_explode_refuses_what_has_no_elements():
    df = load("duckdb", {"s": ["a,b"], "n": [1]})
    with pytest.raises(InvalidType, match=r"column 's', which is string, has no elements\n.*str.split"):
        df.explode("s")
    df["parts"] = df.s.str.split(",")
    assert df[["parts"]].explode("parts").to_pandas().parts.tolist() == ["a", "b"]
    with pytest.raises(AttributeNotFound, match="only list and JSON series have it"):
        _ = df.n.explode
    with pytest.raises(InvalidType, match="has to be a string"):
        df.explode(["parts"])
    struct = DataFrame.from_model(opened("duckdb"), "SELECT {'a': 1} AS d")
    with pytest.raises(InvalidType, match="is a struct"):
        struct.explode("d")


# ---- pivot tables


@on_every_engine
@pytest.mark.parametrize("func", ["mean", "sum", "count", "min", "std", "nunique"])
def test_pivot_tables_are_those_of_pandas(engine, func):
    rng = np.random.default_rng(3)
    theirs = pd.DataFrame(
        {
            "city": rng.choice(["a", "b", "c", None], 60),
            "day": rng.choice(pd.to_datetime(["2024-01-01", "2024-01-02"]), 60),
            "kind": rng.choice(["x", "y", "z"], 60),
            "v": rng.integers(0, 9, 60),
            "x": rng.normal(size=60),
        }
    )
    theirs.loc[(theirs.city == "a") | (theirs.kind == "z"), "x"] = NAN
    df = load(engine, theirs)
    for index, columns, chosen, dropna, fill in itertools.product(
        ("city", ["city", "day"]), (None, "kind"), ("x", ["v", "x"]), (True, False), (None, 0)
    ):
        ours = df.pivot_table(chosen, index, columns, func, fill, dropna).to_pandas()
        wanted = theirs.pivot_table(chosen, index, columns, func, fill_value=fill, dropna=dropna)
        if columns is not None and chosen != "x":
            wanted.columns = [f"{value}__{column}" for column, value in wanted.columns]
        wanted = wanted[sorted(wanted.columns)]
        assert list(ours.columns) == list(wanted.columns)
        pd.testing.assert_frame_equal(ours.astype(float), wanted.astype(float), check_names=False, check_index_type=False)
    assert df.pivot_table("v", "city", "kind", "sum", 0).dtypes == dict.fromkeys("xyz", "int64")


def test_pivot_table_of_one_aggregate_for_each_column():
    df = load("duckdb", {"g": ["a", "a", "b"], "h": ["x", "y", "x"], "v": [1, 2, 3], "w": [1.0, 2.0, 5.0], "func": [1, 1, 1]})
    table = df.pivot_table(index="g", columns="h", aggfunc={"v": "sum", "w": "max"})
    assert table.to_arrow().to_pylist() == [
        {"g": "a", "x__v": 1, "x__w": 1.0, "y__v": 2, "y__w": 2.0},
        {"g": "b", "x__v": 3, "x__w": 5.0, "y__v": None, "y__w": None},
    ]
    assert df.pivot_table(index="g", values="func", aggfunc=sum).to_pandas().func.tolist() == [2, 1]
    assert df.set_index("g").pivot_table("v", "g", aggfunc="sum").to_pandas().v.tolist() == [3, 3]


def test_pivot_table_refuses_what_it_cannot_do():
    df = load("duckdb", {"g": ["a", None], "h": ["x", "y"], "v": [1, 2]})
    for call, error, message in (
        (lambda: df.pivot_table("v"), InvalidValue, "needs index, the columns for its rows"),
        (lambda: df.pivot_table("v", "g", ["h"]), InvalidType, "columns of DataFrame.pivot_table has to be"),
        (lambda: df.pivot_table("v", "g", "g"), InvalidValue, "used twice"),
        (lambda: df.pivot_table("v", "g", "h", "nope"), InvalidValue, "'nope' is not an aggregate"),
        (lambda: df.pivot_table(index="g"), InvalidType, "aggregates every column.*\n.*values="),
        (lambda: df.pivot_table("v", "g", "h", fill_value=[1]), InvalidType, "single value"),
        (lambda: df.pivot_table("v", "h", "g", dropna=False), InvalidValue, "missing values, which cannot name a column"),
        (lambda: df.pivot_table("v", "g", aggfunc={"h": "max"}), InvalidValue, "not in values"),
        (lambda: df.pivot_table("v", "g", aggfunc={}), InvalidValue, "aggfunc is empty"),
        (lambda: df.pivot_table("w", "g"), KeyError, "there is no data column 'w'"),
        (lambda: df.pivot_table("v", "g", margins=True), InvalidType, "rollup"),
    ):
        with pytest.raises(error, match=message):
            call()


def test_an_empty_pivot_table_of_several_values():
    table = pa.table(
        {
            "k": pa.array([], pa.string()),
            "c": pa.array([], pa.string()),
            "a": pa.array([], pa.int64()),
            "b": pa.array([], pa.int64()),
        }
    )
    found = DataFrame.from_arrow(opened("duckdb"), table).pivot_table(["a", "b"], index="k", columns="c")
    assert found.to_pandas().empty


# ---- correlation


@on_every_engine
@pytest.mark.parametrize("method", ["pearson", "spearman"])
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 80])
def test_correlations_are_those_of_pandas(engine, method, rows):
    rng = np.random.default_rng(rows)
    base = rng.normal(size=rows)
    theirs = pd.DataFrame(
        {
            "a": base * 1e6,
            "b": base + rng.normal(size=rows),
            "c": rng.integers(0, 3, rows).astype(float),
            "same": np.full(rows, 0.1),
        }
    )
    theirs = theirs.mask(rng.random(theirs.shape) < 0.2)
    theirs["n"], theirs["flag"] = rng.integers(0, 5, rows), rng.random(rows) < 0.5
    theirs.index.name = "__column"
    df = load(engine, theirs)
    for periods in (1, 3):
        ours = df.corr(method, periods).to_pandas()
        wanted = theirs.corr(method, periods).astype(float).rename_axis("__column")
        pd.testing.assert_frame_equal(ours, wanted, rtol=1e-9, atol=1e-12, check_index_type=False)
    found = df.a.corr(df.b, method)
    assert found.dtype == "float64"
    assert float(found) == pytest.approx(theirs.a.corr(theirs.b, method), rel=1e-9, nan_ok=True)


@on_every_engine
def test_correlations_keep_their_digits(engine):
    # 1, 2, 1 and 1, 3, 5 are not correlated, however far from 0 they are; engines' own functions say otherwise.
    for scale, far in ((1.0, 2.0**50), (1e100, 0.0), (1e-200, 0.0)):
        df = load(engine, {"a": [far + 1 * scale, far + 2 * scale, far + 1 * scale], "b": [1.0, 3.0, 5.0]})
        assert float(df.a.corr(df.b)) == pytest.approx(0.0, abs=1e-12)
        assert float(df.a.corr(df.a)) == 1.0
        assert float((-df.a).corr(df.a)) == -1.0
    constant = load(engine, {"a": [0.1] * 7, "b": list(range(7))})
    assert constant.a.corr(constant.b).value is None
    odd = load(engine, {"a": [1.0, 2.0, 4.0], "zero": [0.0, 0.0, 1.0]})
    assert np.isnan((odd.a / odd.zero).corr(odd.a).value), "infinity has no distance from a mean"
    # aligned on the index
    assert float(odd.a.corr(load(engine, {"a": [3.0, 2.0, 0.0]}).a)) == pytest.approx(-1.0)


def test_correlation_refuses_what_it_cannot_do():
    df = load("duckdb", {"s": ["a", "b"], "v": [1, 2]})
    with pytest.raises(InvalidType, match=r"column 's', which is string.*\n.*numeric_only=True"):
        df.corr()
    assert df.corr(numeric_only=True).columns == ["v"]
    for call, error in (
        (lambda: df.v.corr(df.s), InvalidType),
        (lambda: df.v.corr(1), InvalidType),
        (lambda: df[["v"]].corr("kendall"), NotSupported),
        (lambda: df[["v"]].corr(min_periods=-1), InvalidValue),
        (lambda: df[["s"]].corr(numeric_only=True), InvalidValue),
        (lambda: df.groupby("s").corr(), InvalidValue),
        (lambda: df.assign(**{f"c{i}": i for i in range(12)}).corr(numeric_only=True), InvalidValue),
    ):
        with pytest.raises(error):
            call()


# ---- a series of one value


@on_every_engine
def test_a_series_of_one_value_is_a_number(engine):
    df = load(engine, {"n": [1, 2, 4], "x": [0.5, 1.5, 2.5], "s": ["a", "b", "c"], "flag": [True, False, True]})
    assert (int(df.n.sum()), float(df.x.mean()), int(df.x.max())) == (7, 1.5, 2)
    assert [type(each) for each in (int(df.n.sum()), float(df.n.sum()))] == [int, float]
    assert int(df.n.astype("decimal(38, 2)").max()) == 4
    assert (bool(df.flag.any()), bool(df.flag.all()), bool(df.n.sum() > 7)) == (True, False, False)
    assert [f"{df.n.sum()}", f"{df.n.sum():,.2f}", f"{df.x.mean():.1%}", f"{df.s.max()}", f"{df.s.max():>3}"] == [
        "7",
        "7.00",
        "150.0%",
        "c",
        "  c",
    ]
    assert list(range(df.n.count())) == [0, 1, 2]
    assert "%d of %.1f" % (df.n.sum(), df.x.sum()) == "7 of 4.5"  # noqa: UP031 - it asks for a number in its own way
    assert (df.n.sum().item(), df.n[0].item(), len(df.n), len(df[df.n > 1].n)) == (7, 1, 3, 2)
    assert ("many" if df.n.sum() > 5 else "few") == "many"


def test_a_missing_value_is_no_number():
    df = load("duckdb", {"x": [1.0], "n": [1], "s": ["a"]})
    none = df[df.n > 5]
    assert np.isnan(float(none.x.mean()))
    assert [f"{none.x.mean():.2f}", f"{none.n.max():.1f}", f"{none.s.max()}", f"{none.s.max():>4}"] == [
        "nan",
        "nan",
        "<NA>",
        "<NA>",
    ]
    for call in (int, bool):
        with pytest.raises(InvalidValue, match=r"is missing.*\n.*check series.value"):
            call(none.n.max())


def test_a_series_of_several_values_is_none():
    df = load("duckdb", {"n": [1, 2], "s": ["a", "b"]})
    for call in (int, float, "{:.2f}".format, range):
        with pytest.raises(InvalidType, match=r"needs a single value, and series 'n' may have more\n.*aggregate it first"):
            call(df.n)
    for call in (bool, lambda each: each and True, lambda each: not each):
        with pytest.raises(InvalidType, match="truth value of series 'n' is ambiguous"):
            call(df.n)
    with pytest.raises(InvalidType, match="needs a number, not series 's', which is string"):
        int(df.s.max())
    with pytest.raises(InvalidValue, match=r"cannot be formatted with '.2f'"):
        f"{df.s.max():.2f}"
    for grouped in (df.groupby("s").n, df.sort_values("n")[:1].groupby("s").n):
        with pytest.raises(InvalidType, match="needs a single value"):
            int(grouped)
    with pytest.raises(InvalidType, match="isin"):
        _ = 1 in df.n
    assert f"{df.n}" == repr(df.n)
    unconnected = DataFrame.from_schema({"a": "int64"})
    assert "not connected" in f"{unconnected.a.sum()}"


@on_every_engine
def test_functions_of_numpy(engine):
    df = load(engine, {"x": [1.0, 4.0, 9.0], "n": [1, -2, 3], "t": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])})
    for ours, wanted in (
        (np.float64(2) * df.x, [2, 8, 18]),
        (np.int64(10) - df.n, [9, 12, 7]),
        (np.float64(4) > df.x, [True, False, False]),
        (np.sqrt(df.x), [1, 2, 3]),
        (np.abs(df.n), [1, 2, 3]),
        (-df.n, [-1, 2, -3]),
        (np.add(df.x, df.n), [2, 2, 12]),
        (np.power(df.x, 2), [1, 16, 81]),
        (np.float64(18) / df.x, [18, 4.5, 2]),
        (np.int64(7) // df.n, [7, -4, 2]),
        (np.int64(1) == df.n, [True, False, False]),
        (np.float64(2) * df.x.max(), [18]),
        (np.datetime64("2024-01-02") <= df.t, [False, True, True]),
    ):
        assert values(ours) == wanted
    for call in (
        lambda: np.sin(df.x),
        lambda: np.array([1, 2]) * df.x,
        lambda: np.maximum(df.x, 1),
        lambda: np.add.reduce(df.x),
        lambda: np.sqrt(df.t),
        lambda: np.add(df.x, 1, out=np.zeros(3)),
    ):
        with pytest.raises(InvalidType, match=r"numpy\.\w+ cannot be computed from series.*\n.*to_numpy"):
            call()


@pytest.mark.parametrize("value", [NAN, float("inf")])
def test_what_is_no_whole_number_is_no_int(value):
    with pytest.raises(InvalidValue, match="cannot be converted to an integer"):
        int(DataFrame.from_arrow(opened("duckdb"), pa.table({"x": [value]})).x.max())


def test_a_missing_value_has_no_format():
    with pytest.raises(InvalidValue, match="is missing"):
        f"{load('duckdb', {'i': pd.array([None], 'Int64')}).i.max():d}"


# ---- names of columns, info, sample


@on_every_engine
def test_columns_are_renamed_in_place(engine):
    df = load(engine, {"a": [1, 2], "b": ["x", "y"]})
    other = df.copy()
    df.columns = ["b", "c"]
    assert df.columns == ["b", "c"]
    assert df.sort_index().to_arrow().to_pylist() == [{"_index_row": 0, "b": 1, "c": "x"}, {"_index_row": 1, "b": 2, "c": "y"}]
    assert other.columns == ["a", "b"]
    df.columns = [name.upper() for name in df.columns]
    assert df.columns == ["B", "C"]
    ordered = other.sort_values("a", ascending=False)
    ordered.columns = pd.Index(["b", "a"])
    assert ordered.to_pandas().b.tolist() == [2, 1]
    for given, error, message in (
        (["x"], InvalidValue, "there are 1 names for 2 columns"),
        ("ab", InvalidType, "list of names"),
        (["x", "x"], InvalidValue, "same name"),
        ([1, 2], InvalidType, "name"),
        (5, InvalidType, "list"),
        (["_index_row", "x"], InvalidValue, "same name"),
    ):
        with pytest.raises(error, match=message):
            df.columns = given
    assert df.columns == ["B", "C"]
    with pytest.raises(AttributeNotFound, match="set_index"):
        df.index = [1, 2]
    with pytest.raises(AttributeNotFound, match=r"df\['new'\] = "):
        df.new = 1
    with pytest.raises(AttributeNotFound, match="rename"):
        df.B.name = "x"


def test_columns_are_not_set_to_what_has_no_order():
    df = load("duckdb", {"a": [1], "b": [2]})
    for names in ({"p", "q"}, {"a": "b", "b": "a"}, frozenset("pq")):
        with pytest.raises(InvalidType, match="list of names"):
            df.columns = names
    assert df.columns == ["a", "b"]


@on_every_engine
def test_info_prints_the_columns(engine, capsys):
    df = load(engine, {"n": pd.array([1, None], "Int64"), "long name": ["a", "b"]})
    assert df.info() is None
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("<DataFrame, 2 columns, not sorted; ")
    assert lines[1:] == [
        "Index: _index_row (int64)",
        " #  Column     Dtype",
        "--  ------     -----",
        " 0  n          int64",
        " 1  long name  string",
    ]
    target = io.StringIO()
    df.info(target, show_counts=True)
    assert target.getvalue().splitlines()[1:] == [
        "Index: _index_row (int64)",
        "Rows: 2",
        " #  Column     Non-Null Count  Dtype",
        "--  ------     --------------  -----",
        " 0  n          1               int64",
        " 1  long name  2               string",
    ]
    DataFrame.from_schema({"a": "int64"}).info()
    assert "not connected" in capsys.readouterr().out


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
