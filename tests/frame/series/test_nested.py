"""Text, dates, times, durations, JSON, lists, structs, decimals and intervals through frames, on every engine."""

from __future__ import annotations

import datetime
import decimal
import uuid

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local import DataFrame, connect
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, ObjectivError

TEXTS = ["  Ab c ", "x-1-y", "", None, "007", "-5", "é@b.nl"]


@on_every_engine
@pytest.mark.parametrize("name", ["strip", "lstrip", "rstrip", "upper", "lower", "capitalize", "len"])
def test_text_is_that_of_pandas(engine, name):
    df, pandas = load(engine, {"s": TEXTS}), pd.Series(TEXTS, dtype=object)
    wanted = [None if pd.isna(value) else value for value in getattr(pandas.str, name)()]
    assert values(getattr(df.s.str, name)()) == wanted


@on_every_engine
def test_text_with_arguments(engine):
    df, pandas = load(engine, {"s": TEXTS}), pd.Series(TEXTS, dtype=object)

    def check(ours, theirs):
        assert values(ours) == [None if pd.isna(value) else value for value in theirs]

    check(df.s.str.zfill(5), pandas.str.zfill(5))
    check(df.s.str.ljust(5, "*"), pandas.str.ljust(5, "*"))
    check(df.s.str.rjust(5), pandas.str.rjust(5))
    check(df.s.str.pad(5, "right", "."), pandas.str.pad(5, "right", "."))
    check(df.s.str.find("-"), pandas.str.find("-"))
    check(df.s.str.count("-"), pandas.str.count("-"))
    check(df.s.str.count("[0-9]", regex=True), pandas.str.count("[0-9]"))
    check(df.s.str.repeat(2), pandas.str.repeat(2))
    check(df.s.str.contains("B", case=False), pandas.str.contains("B", case=False))
    check(df.s.str.contains(r"^\s|\d$", regex=True), pandas.str.contains(r"^\s|\d$"))
    check(df.s.str.match("[0-9x]"), pandas.str.match("[0-9x]"))
    check(df.s.str.fullmatch("-?[0-9]+"), pandas.str.fullmatch("-?[0-9]+"))
    check(df.s.str.extract("([0-9]+)"), pandas.str.extract("([0-9]+)", expand=False))
    check(df.s.str.replace("-", "_"), pandas.str.replace("-", "_", regex=False))
    check(df.s.str.replace("([a-z])-", r"\1+", regex=True), pandas.str.replace("([a-z])-", r"\1+", regex=True))
    check(df.s.str.replace({"x": "y", "y": "z"}), pandas.str.replace("x", "y", regex=False).str.replace("y", "z", regex=False))
    check(df.s.str.get(1), pandas.str.get(1))
    check(df.s.str.slice(1, -1), pandas.str.slice(1, -1))
    check(df.s.str.cat("!", sep="-"), pandas + "-!")
    check(df.s.str.isdigit(), [False, False, False, None, True, False, False])
    parts = df.s.str.split("-")
    assert parts.dtype == "list[string]"
    assert values(parts) == [None if value is None else value.split("-") for value in TEXTS]
    check(parts.elements[0], pandas.str.split("-").str[0])
    check(parts.elements[-1], pandas.str.split("-").str[-1])
    check(parts.elements.len(), pandas.str.split("-").str.len())
    assert values(parts.elements[1:]) == [[] if value is None else value.split("-")[1:] for value in TEXTS]
    assert values(parts.elements.contains("1")) == [False, True, False, None, False, False, False]
    with pytest.raises(NotSupported, match="more than one way"):
        df.s.str.extract(".*([0-9])").to_pandas()
    with pytest.raises(InvalidValue, match="no group 2"):
        df.s.str.extract("([0-9])", group=2)
    with pytest.raises(InvalidValue, match="not a regular expression"):
        df.s.str.contains("(", regex=True)


@on_every_engine
def test_moments(engine):
    moments = pd.to_datetime(["2021-01-03 04:05:06.789012", "1969-12-31 23:59:59.999999", None, "2024-02-29"], format="ISO8601")
    df, pandas = load(engine, {"t": moments}), pd.Series(moments)
    for part in ("year", "quarter", "month", "day", "day_of_year", "day_of_week", "hour", "minute", "second", "microsecond"):
        assert values(getattr(df.t.dt, part)) == [None if pd.isna(value) else int(value) for value in getattr(pandas.dt, part)]
    assert values(df.t.dt.week) == [None if pd.isna(value) else int(value) for value in pandas.dt.isocalendar().week]
    assert values(df.t.dt.day_name()) == [None if pd.isna(value) else value for value in pandas.dt.day_name()]
    assert values(df.t.dt.date) == [None if pd.isna(value) else value for value in pandas.dt.date]
    assert values(df.t.dt.time) == [None if pd.isna(value) else value for value in pandas.dt.time]
    assert df.t.dt.time.dtype == "time"
    assert values(df.t.dt.time.dt.hour) == [4, 23, None, 0]
    assert values(df.t.astype("time").astype("string")) == ["04:05:06.789012", "23:59:59.999999", None, "00:00:00.000000"]
    assert values(df.t.dt.time > "12:00") == [False, True, None, False]
    assert values(df.t.dt.normalize()) == [None if pd.isna(value) else value for value in pandas.dt.normalize()]
    assert df.t.median().value == pandas.median().round("us").to_pydatetime()
    with pytest.raises(InvalidType, match="a time has no year"):
        _ = df.t.dt.time.dt.year


@on_every_engine
def test_durations(engine):
    spans = pd.to_timedelta(["1 days 02:03:04.005006", "-1 days +23:59:59", None, "0"])
    df, pandas = load(engine, {"d": spans}), pd.Series(spans)
    assert values(df.d.dt.days) == [1, -1, None, 0]
    assert values(df.d.dt.seconds) == [7384, 86399, None, 0]
    assert values(df.d.dt.microseconds) == [5006, 0, None, 0]
    components = df.d.dt.components.sort_index().to_pandas().astype("float").fillna(-1)
    wanted = pandas.dt.components[components.columns].astype("float").fillna(-1)
    assert components.values.tolist() == wanted.values.tolist()
    second = datetime.timedelta(seconds=1)
    assert values(df.d * 2.5)[1] == pd.Timedelta(seconds=-2.5)
    assert values(df.d / 2)[1] == pd.Timedelta(seconds=-0.5)
    assert values(df.d / second) == [93784.005006, -1.0, None, 0.0]
    assert values(df.d // second) == [93784, -1, None, 0]
    assert values(2 * df.d)[1] == pd.Timedelta(seconds=-2)
    assert df.d.median().value == datetime.timedelta(0)
    assert type(df.d).from_total_seconds(df.d.dt.total_seconds).sort_index().to_pandas().tolist()[0] == spans[0]
    from objectiv_local.frame.series import SeriesTimestamp

    epoch = SeriesTimestamp.from_total_seconds(load(engine, {"s": [1.5]}).s)
    assert values(epoch) == [datetime.datetime(1970, 1, 1, 0, 0, 1, 500000)]


@on_every_engine
def test_json(engine):
    df = load(engine, {"j": [[{"a": 1}, "x", 2], [], None, {"a": 1}]})
    assert values(df.j.json.get_dtypes()) == ["array", "array", None, "object"]
    items, offsets = df.j.json.flatten_array()
    assert items.to_pandas().tolist() == [{"a": 1}, "x", 2]
    assert offsets.to_pandas().tolist() == [0, 1, 2]
    assert items.to_pandas().index.tolist() == [0, 0, 0]
    assert values(df.j.json["x":]) == [["x", 2], [], [], []]
    assert values(df.j.json[:"x"]) == [[{"a": 1}, "x"], [], [], []]


def _stored(engine, create, name):
    """Return a connection to an engine in which a table was made."""
    if engine == "duckdb":
        connection = duckdb.connect()
        connection.execute(create)
        return connect(connection)
    import postgres_server

    url = postgres_server.session_url(int(engine.removeprefix("postgres")))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {name}")
        connection.execute(create)
    return connect(url)


@on_every_engine
def test_stored_decimals_lists_and_times(engine):
    lists = ["[1, NULL, 3]", "['a', 'b']", "[]::int[]"]
    if engine != "duckdb":
        lists = ["ARRAY[1, NULL, 3]", "ARRAY['a', 'b']", "'{}'::int[]"]
    create = (
        'CREATE TABLE stored_types (k int, price numeric(10, 2), numbers int[], words varchar[], "at" time); '
        f"INSERT INTO stored_types VALUES (1, 12.5, {lists[0]}, {lists[1]}, '10:30'), (2, NULL, {lists[2]}, NULL, NULL)"
    )
    df = DataFrame.from_table(_stored(engine, create, "stored_types"), "stored_types", index="k").sort_index()
    assert df.dtypes == {"price": "decimal(38,2)", "numbers": "list[int64]", "words": "list[string]", "at": "time"}
    assert values(df.numbers.elements[0]) == [1, None]
    assert df.numbers.elements[0].dtype == "int64"
    assert values(df.numbers.elements[1]) == [None, None]
    assert values(df.words.elements[-1]) == ["b", None]
    assert values(df.numbers.elements.len()) == [3, 0]
    assert values(df.price + 1) == [decimal.Decimal("13.50"), None]
    assert values(df["at"]) == [datetime.time(10, 30), None]
    assert df.price.sum().to_pandas().tolist() == [decimal.Decimal("12.50")]


def test_stored_structs():
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT {'a': 1, 'b c': ['x'], 'd': DATE '2022-01-02', 'e': {'f': 0.5::double}} AS s")
    df = DataFrame.from_table(connect(connection), "t", index=[])
    assert df.s.dtype == 'dict["a": int64, "b c": list[string], "d": date, "e": dict["f": float64]]'
    assert values(df.s.elements["a"]) == [1]
    assert values(df.s.elements["b c"].elements[0]) == ["x"]
    assert values(df.s.elements["d"]) == [datetime.date(2022, 1, 2)]
    assert values(df.s.elements["e"].elements["f"]) == [0.5]
    assert values(df.s) == [{"a": 1, "b c": ["x"], "d": "2022-01-02", "e": {"f": 0.5}}]
    with pytest.raises(KeyError, match="no member 'z'"):
        df.s.elements["z"]


@on_every_engine
def test_columns_of_other_types_are_declared(engine):
    create = "CREATE TABLE odd_types AS SELECT 1 AS k, 'x' AS \"Name\", 2 AS n"
    connection = _stored(engine, create, "odd_types")
    df = DataFrame.from_table(connection, "odd_types", ["k"], {"n": "float64", "name": "string"}, {"name": "Name"})
    assert df.dtypes == {"n": "float64", "name": "string"}
    assert df.to_pandas().values.tolist() == [[2.0, "x"]]
    keyed = DataFrame.from_table(connection, "odd_types", ["k"], key="n").sort_values("Name")
    assert "k" not in keyed.view_sql().partition("ORDER BY")[2].replace(" ", "").split(",")
    with pytest.raises(KeyError, match="no column 'm' for the key"):
        DataFrame.from_table(connection, "odd_types", ["k"], key="m")
    query = DataFrame.from_model(connection, "SELECT k, n * 2 AS double FROM odd_types -- all\n", index="k")
    assert query.double.to_pandas().tolist() == [4]
    assert query[query.double > 3].groupby(None).size().value == 1
    if engine != "duckdb":
        with pytest.raises(InvalidType, match="dtypes"):
            DataFrame.from_model(connection, "SELECT 1.5::numeric AS x", index=[])
        free = DataFrame.from_model(connection, "SELECT 1.5::numeric AS x", index=[], all_dtypes={"x": "decimal(38, 3)"})
        assert values(free.x) == [decimal.Decimal("1.500")]


DIRTY = {
    "int64": (
        ["1", " -7 ", "x", "1.5", "", "9223372036854775807", "9223372036854775808", "1" * 60, None],
        [1, -7, None, None, None, 9223372036854775807, None, None, None],
    ),
    "float64": (["1.5", "1e3", "x", "-inf", "", "1.5.5", None], [1.5, 1000.0, None, -np.inf, None, None, None]),
    "bool": (["true", "F", "yes", "2", "", None], [True, False, True, None, None, None]),
    "date": (
        ["2022-01-02", "2022-02-30", "2024-02-29", "2023-02-29", "1900-02-29", "02/01/2022", None],
        [datetime.date(2022, 1, 2), None, datetime.date(2024, 2, 29), None, None, None, None],
    ),
    "timestamp": (
        ["2022-01-02 03:04", "2022-01-02T25:00:00", "2022-01-02", "now", None],
        [datetime.datetime(2022, 1, 2, 3, 4), None, datetime.datetime(2022, 1, 2), None, None],
    ),
    "time": (["10:30", "24:00", "10:60", None], [datetime.time(10, 30), None, None, None]),
    "uuid": (["00000000-0000-0000-0000-000000000001", "1", None], [str(uuid.UUID(int=1)), None, None]),
    "decimal(38, 2)": (["1.5", "x", "9" * 40, None], [decimal.Decimal("1.50"), None, None, None]),
}


@on_every_engine
def test_whole_numbers_in_json(engine):
    texts = ['{"a": 1e2}', '{"a": 9007199254740993}', '{"a": -3.0}', '{"a": 1.5}', '{"a": "7"}', '{"a": null}', "{}", None]
    df = load(engine, {"s": texts})
    wanted = [100, 9007199254740993, -3, None, None, None, None, None]
    assert values(df.s.astype("json").json["a"].astype("int64", errors="coerce")) == wanted
    stored = df.s.astype("json").to_frame().materialize(materialization="temp_table")
    numbers = stored.s.json["a"].astype("int64", errors="coerce")
    assert numbers.dtype == "int64"
    assert sorted(value for value in values(numbers) if value is not None) == [-3, 100, 9007199254740993]
    assert numbers.sum().value == 9007199254741090


@on_every_engine
@pytest.mark.parametrize("dtype", DIRTY)
def test_dirty_text_is_missing_if_asked(engine, dtype):
    texts, wanted = DIRTY[dtype]
    df = load(engine, {"s": texts})
    assert values(df.s.astype(dtype, errors="coerce")) == wanted
    with pytest.raises(ObjectivError):
        df.s.astype(dtype).to_pandas()


@on_every_engine
def test_json_array_of_text_and_other_aggregates(engine):
    df = load(engine, {"g": [1, 1, 2], "s": ["b", "a", None]})
    assert df.groupby("g").s.to_json_array().to_pandas().tolist() == [["a", "b"], [None]]
    assert df.sort_values("s", ascending=False).groupby("g").s.to_json_array().to_pandas().tolist()[0] == ["b", "a"]


@on_every_engine
@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (np.int64, "int64"),
        (np.int32, "int64"),
        (np.float64, "float64"),
        (np.bool_, "bool"),
        (np.str_, "string"),
        (int, "int64"),
        (np.dtype("int64"), "int64"),
        (np.dtype("float32"), "float64"),
        (np.dtype("bool"), "bool"),
        (np.dtype("U3"), "string"),
        (pd.Int64Dtype(), "int64"),
        (pd.BooleanDtype(), "bool"),
        (pd.StringDtype(), "string"),
        (str, "string"),
    ],
)
def test_types_of_numpy_and_pandas_are_dtypes(engine, dtype, name):
    df = load(engine, {"v": [1, 0]})
    assert df.v.astype(dtype).dtype == name
    assert df.astype(dtype).dtypes == df.astype({"v": dtype}).dtypes == {"v": name}
    assert values(df.v.astype(dtype)) == {"string": ["1", "0"], "bool": [True, False]}.get(name, [1, 0])


@on_every_engine
def test_other_types_of_numpy_are_said_to_be_unknown(engine):
    df = load(engine, {"v": [1], "t": pd.to_datetime(["2022-01-02 03:04:05"])})
    for dtype in (np.complex128, np.dtype("O"), object, pd.CategoricalDtype()):
        with pytest.raises(InvalidValue, match="is not known"):
            df.v.astype(dtype)
    assert values(df.t.astype(datetime.date)) == [datetime.date(2022, 1, 2)]
    assert df.t.astype(np.dtype("datetime64[ns]")).dtype == df.t.astype(datetime.datetime).dtype == "timestamp"


@on_every_engine
def test_none_makes_a_column_of_missing_texts(engine):
    df = load(engine, {"v": [1, 2]})
    df["x"] = None
    assert df.dtypes == {"v": "int64", "x": "string"}
    assert values(df.x) == [None, None]
    assert values(df.x.fillna("none") + "!") == ["none!", "none!"]
    df[["y", "z"]] = None
    assert df.assign(v=None).dtypes == {"v": "string", "x": "string", "y": "string", "z": "string"}


@on_every_engine
def test_json_equals_dicts_and_lists(engine):
    df = load(engine, {"text": ['["a",null,1]', '["b"]', None, '{"a":1}', '{"b":[1], "a": 1.0}', "null"]})
    df["j"] = df.text.astype("json")
    assert values(df.j == {"a": 1}) == [False, False, None, True, False, False]
    assert values(df.j == {"a": 1, "b": [1]}) == [False, False, None, False, True, False]
    assert values(df.j != {"a": 1}) == [True, True, None, False, True, True]
    assert values(df.j == ["b"]) == [False, True, None, False, False, False]
    assert values(df[df.j == ["b"]].text) == ['["b"]']
    assert values(df.j.json[0] == {"a": 1}) == [False, False, None, None, None, None]
    assert values(df.j.json.array_contains(None)) == [True, False, None, False, False, False]
    assert values(df.j.json.array_contains("a")) == [True, False, None, False, False, False]
    assert values(df.j.json[0] == "a") == [True, False, None, None, None, None]
    assert values(df.j == "x") == [False, False, None, False, False, False]
    for wrong in (1, None, df.text):
        with pytest.raises(InvalidType):
            df.j == wrong  # noqa: B015
    with pytest.raises(InvalidType):
        df.j < {"a": 1}  # noqa: B015
    with pytest.raises(InvalidType, match="compare an element"):
        df.j.json.array_contains({"a": 1})
