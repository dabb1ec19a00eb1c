"""Operations of series, on every engine, against values worked out by hand or by pandas."""

from __future__ import annotations

import datetime
import decimal
import uuid

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local.errors import InvalidType

NAN = float("nan")
INF = float("inf")


@on_every_engine
def test_arithmetic(engine):
    df = load(engine, {"a": [7, -7, 7, -7, 0], "b": [2, 2, -2, -2, 0], "x": [7.5, -7.5, 1.0, -1.0, 0.0]})
    assert values(df.a + df.b) == [9, -5, 5, -9, 0]
    assert values(df.a - 1) == [6, -8, 6, -8, -1]
    assert values(10 - df.a) == [3, 17, 3, 17, 10]
    assert values(df.a * df.b) == [14, -14, -14, 14, 0]
    assert values(df.a / df.b)[:4] == [3.5, -3.5, -3.5, 3.5]
    assert values(df.a // df.b) == [3, -4, -4, 3, None]
    assert values(df.a % df.b) == [1, 1, -1, -1, None]
    assert values(df.a // 2) == [3, -4, 3, -4, 0]
    assert values(df.a % 2) == [1, 1, 1, 1, 0]
    assert values(df.x // 2) == [3.0, -4.0, 0.0, -1.0, 0.0]
    assert values(df.x % 2) == [1.5, 0.5, 1.0, 1.0, 0.0]
    assert values(-df.a) == [-7, 7, -7, 7, 0]
    assert values(abs(df.x)) == [7.5, 7.5, 1.0, 1.0, 0.0]
    assert values(2 / df.x)[2:4] == [2.0, -2.0]
    assert [(df.a / df.b).dtype, (df.a // df.b).dtype, (df.a + 1.5).dtype] == ["float64", "int64", "float64"]


@on_every_engine
def test_division_by_zero_is_that_of_floats(engine):
    df = load(engine, {"a": [1, -1, 0], "zero": [0, 0, 0], "x": [2.5, -2.5, 0.0]})
    assert values(df.a / df.zero) == [INF, -INF, None]  # the last is NaN, which pandas shows as missing
    assert (df.a / df.zero).isnull().to_pandas().tolist() == [False, False, False]
    assert values(df.x / df.zero) == [INF, -INF, None]


@on_every_engine
def test_comparison_and_logic(engine):
    df = load(engine, {"a": pd.array([1, 2, None], "Int64"), "s": ["a", "B", None], "t": [True, False, True]})
    assert values(df.a > 1) == [False, True, None]
    assert values(df.a != 1) == [False, True, None]
    assert values(df.s < "a") == [False, True, None]  # by code point: B is before a
    assert values((df.a == 1) | df.t) == [True, False, True]
    assert values((df.a == 1) & df.t) == [True, False, None]
    assert values(~df.t) == [False, True, False]
    assert values(df.t ^ True) == [False, True, False]
    assert values(False | df.t) == [True, False, True]
    assert values(df.a.between(2, 3)) == [False, True, None]
    assert values(df.a.isin([1, 5])) == [True, False, False]
    assert values(df.a.isin([1, None])) == [True, False, True]
    assert values(df.s.isin([])) == [False, False, False]


@on_every_engine
def test_missing_values(engine):
    df = load(engine, {"a": pd.array([1, None], "Int64"), "x": [NAN, 2.0], "s": ["a", None]})
    assert values(df.a.isnull()) == [False, True]
    assert values(df.x.notna()) == [False, True]  # NaN of pandas is loaded as missing
    assert values(df.a.fillna(0)) == [1, 0]
    assert values(df.a.fillna(df.x)) == [1.0, 2.0]
    assert values(df.s.fillna("none")) == ["a", "none"]
    assert values(df.a.where(df.x.isnull())) == [1, None]
    assert values(df.a.where(df.a > 5, -1)) == [-1, -1]
    assert values(df.a.mask(df.a > 0, 9)) == [9, None]


@on_every_engine
def test_literals(engine):
    key = uuid.UUID(int=5)
    moment = datetime.datetime(2022, 2, 1, 10, 30)
    df = load(engine, {"day": [datetime.date(2022, 2, 1)], "t": [moment], "u": [key], "n": [3]})
    assert values(df.day >= "2022-02-01") == [True]
    assert values(df.t > "2022-02-01 10:00:00") == [True]
    assert values(df.t == np.datetime64(moment)) == [True]
    assert values(df.t == pd.Timestamp(moment, tz="UTC")) == [True]
    assert values(df.u == str(key)) == [True]
    assert values(df.u == key) == [True]
    assert values(df.n == np.int64(3)) == [True]
    assert values(df.t - datetime.datetime(2022, 2, 1)) == [pd.Timedelta("10:30:00")]
    assert values(df.t + datetime.timedelta(minutes=30)) == [pd.Timestamp("2022-02-01 11:00")]
    assert values(df.day < datetime.datetime(2022, 2, 1, 1)) == [True]


@on_every_engine
def test_text(engine):
    texts = ["Héllo", "", "a_c%'\\", None]
    df = load(engine, {"s": texts})
    text = pd.Series(texts, dtype="str").str
    for ours, theirs in [
        (df.s.str.lower(), text.lower()),
        (df.s.str.upper(), text.upper()),
        (df.s.str.len(), text.len()),
        (df.s.str[1:3], text[1:3]),
        (df.s.str[-2:], text[-2:]),
        (df.s.str[:-1], text[:-1]),
        (df.s.str[-3:-1], text[-3:-1]),
        (df.s.str.slice(1), text.slice(1)),
        (df.s.str.replace("l", "'L'"), text.replace("l", "'L'", regex=False)),
    ]:
        assert values(ours)[:3] == theirs.tolist()[:3]
        assert values(ours)[3] is None
    assert values(df.s.str.contains("_c%")) == [False, False, True, None]
    assert values(df.s.str.contains("\\")) == [False, False, True, None]
    assert values(df.s.str.startswith("H")) == [True, False, False, None]
    assert values(df.s.str.endswith(df.s)) == [True, True, True, None]
    assert values(df.s + "!") == ["Héllo!", "!", "a_c%'\\!", None]
    assert values("<" + df.s)[0] == "<Héllo"


@on_every_engine
def test_time(engine):
    moments = [datetime.datetime(2022, 1, 2, 3, 4, 5, 67), datetime.datetime(2020, 12, 31, 23, 59, 59, 999_999)]
    df = load(engine, {"t": moments, "d": [moment.date() for moment in moments]})
    for format_ in (
        "%Y-%m-%d",
        "%a %A %b %B %d %H %I %j %m %M %p %S %y %f",
        "%G-W%V-%u",
        "%U %W %w %%",
        "%c|%x|%X|%D|%F|%T|%R",
        "day-of-month \"%d\" 'x'",
        "%e|%C|%h|%g",
    ):
        assert values(df.t.dt.strftime(format_)) == [moment.strftime(format_) for moment in moments], format_
    assert values(df.d.dt.strftime("%d.%m.%Y")) == ["02.01.2022", "31.12.2020"]
    assert values(df.t.dt.date_trunc("week")) == [pd.Timestamp("2021-12-27"), pd.Timestamp("2020-12-28")]
    assert values(df.d.dt.date_trunc("quarter")) == [pd.Timestamp("2022-01-01"), pd.Timestamp("2020-10-01")]
    difference = df.t - df.d
    assert difference.dtype == "timedelta"
    assert values(difference.dt.total_seconds) == [11045.000067, 86399.999999]


@on_every_engine
def test_json(engine):
    stack = [{"_type": "Root", "id": "home"}, {"_type": "Nav", "id": "nav"}, {"_type": "Link", "id": "a", "n": 5}]
    df = load(engine, {"j": [stack, [], None, ["x", 5, True, None]]})
    assert values(df.j.json[0].json.get_value("id", as_str=True)) == ["home", None, None, None]
    assert values(df.j.json[-1].json["id"]) == ["a", None, None, None]
    assert values(df.j.json.get_array_length()) == [3, 0, None, 4]
    assert values(df.j.json[1:]) == [stack[1:], [], [], [5, True, None]]
    assert values(df.j.json[-2:]) == [stack[1:], [], [], [True, None]]
    assert values(df.j.json[:-1]) == [stack[:-1], [], [], ["x", 5, True]]
    assert values(df.j.json[{"id": "nav"} :]) == [stack[1:], [], [], []]
    assert values(df.j.json[: {"id": "nav"}]) == [stack[:2], [], [], []]
    assert values(df.j.json[{"_type": "Root"} : {"_type": "Link", "n": 5}]) == [stack, [], [], []]
    assert values(df.j.json[{"id": "5"} :]) == [[], [], [], []]
    assert values(df.j.json.array_contains("x")) == [False, False, None, True]
    assert values(df.j.json.array_contains(5)) == [False, False, None, True]
    assert values(df.j.json.array_contains("5")) == [False, False, None, False]
    assert values(df.j.json[{"id": "nav"} :].json.get_array_length() > 0) == [True, False, False, False]


@on_every_engine
def test_astype(engine):
    df = load(engine, {"s": ["1", " -2 "], "x": [2.5, -2.5], "b": [True, False], "t": ["2022-02-01 10:00:00", "2022-02-01"]})
    assert values(df.s.astype("int64")) == [1, -2]
    assert values(df.x.astype(int)) == [2, -2]
    assert values(df.x.astype("string")) == ["2.5", "-2.5"]
    assert values(df.b.astype(float)) == [1.0, 0.0]
    assert values(df.b.astype(str)) == ["true", "false"]
    assert values(df.t.astype("timestamp").astype("date")) == [datetime.date(2022, 2, 1)] * 2
    with pytest.raises(ValueError, match="dtype 'int7' is not known"):
        df.s.astype("int7")
    with pytest.raises(TypeError, match="json"):
        df.s.astype("json").astype("int64")


@on_every_engine
def test_text_that_does_not_read_as_the_type_is_an_error(engine):
    from objectiv_local.errors import ObjectivError

    df = load(engine, {"s": ["1.5", "0x10"]})
    for dtype in ("int64", "date", "timestamp", "bool", "uuid"):
        with pytest.raises(ObjectivError):
            df.s.astype(dtype).to_pandas()


@on_every_engine
def test_overflow_is_an_error(engine):
    from objectiv_local.errors import QueryFailed

    df = load(engine, {"a": [2**63 - 1, 1]})
    for series in (df.a + 1, df.a * 2, df.a.sum()):
        with pytest.raises(QueryFailed):
            series.to_pandas()


@on_every_engine
def test_aggregates(engine):
    df = load(
        engine,
        {
            "a": pd.array([1, 2, None, 4], "Int64"),
            "x": [1.5, NAN, 2.5, 3.0],
            "b": [True, True, False, True],
            "s": ["b", "B", "é", None],
            "k": [3, 1, 2, 0],
        },
    )
    assert [df.a.sum().value, df.a.count().value, df.a.mean().value] == [7, 3, 7 / 3]
    assert [df.a.min().value, df.a.max().value, df.a.nunique().value] == [1, 4, 3]
    assert [df.b.sum().value, df.b.mean().value, df.b.any().value, df.b.all().value] == [3, 0.75, True, False]
    assert [df.s.min().value, df.s.max().value] == ["B", "é"]
    by_k = df.sort_values("k")
    assert [by_k.a.first().value, by_k.a.last().value] == [4, 1]
    nothing = df[df.a > 100]
    assert [nothing.a.sum().value, nothing.a.sum(min_count=1).value, nothing.a.mean().value] == [0, None, None]
    assert [nothing.b.any().value, nothing.b.all().value, nothing.a.count().value] == [False, True, 0]
    assert df.a.nunique().name == "a_nunique"


@on_every_engine
def test_operations_that_types_do_not_allow(engine):
    df = load(engine, {"a": [1], "s": ["x"], "j": [{"a": 1}]})
    for wrong in (
        lambda: df.a + df.s,
        lambda: df.a > "x",
        lambda: df.j == df.j,
        lambda: df.s.str.len() & True,
        lambda: df.a == None,  # noqa: E711
        lambda: df.a + [1],
        lambda: ~df.a,
        lambda: df.s * 2,
    ):
        with pytest.raises(TypeError) as caught:
            wrong()
        assert "hint: " in str(caught.value)


@on_every_engine
def test_values_are_looked_up_in_series_of_another_type(engine):
    df = load(
        engine,
        {
            "n": [1, 2, 3],
            "x": [1.5, 2.0, None],
            "p": [1.5, 2.0, 3.25],
            "d": pd.to_datetime(["2020-01-01"] * 3),
            "t": pd.to_datetime(["2020-01-01 00:00", "2020-01-02 12:00", "2020-01-02 13:00"]),
        },
    )
    df["p"], df["d"] = df.p.astype("decimal(38, 2)"), df.d.astype("date")
    df["q"] = df.p.astype("decimal(38, 1)")
    # A value that is cut to an integer, a digit or a day is another one.
    assert values(df.n.isin(df.p)) == values(df.n.isin(df.x)) == [False, True, False]
    assert values(df.q.isin(df.p)) == [True, True, False]
    assert values(df.p.isin(df.n)) == [False, True, False]
    assert values(df.d.isin(df.t)) == [True, True, True]
    assert values(df.d.isin(df[df.n > 1].t)) == [False, False, False]
    assert values(df.n.isin([value + 0.5 for value in range(300)])) == [False, False, False]
    assert values(df.n.isin([decimal.Decimal(value) for value in range(2, 300)])) == [False, True, True]


@on_every_engine
def test_several_columns_are_set(engine):
    df = load(engine, {"a": [1, 2, 3], "b": [4, 5, 6]})
    pandas = df.sort_index().to_pandas()
    for frame in (df, pandas):
        frame[["p", "q"]] = [1, 2.5]
        frame[["r", "s"]] = "x"
        frame[["u"]] = (True,)
        frame[["v", "w"]] = frame[["b", "a"]]
        frame[["a", "b"]] = frame[["b", "a"]]
        frame.loc[frame.a > 4, ["a", "p"]] = [7, 8]
        frame.loc[frame.a > 4, ["v", "w"]] = frame[["w", "v"]]
        frame.loc[:, ["r", "u"]] = ["y", False]
    found = df.sort_index().to_pandas()
    assert list(found.columns) == list(pandas.columns)
    for name in found.columns:
        assert list(found[name]) == list(pandas[name]), name
    before = df.dtypes
    with pytest.raises(InvalidType):
        df[["new", "newer"]] = [1, object()]
    assert df.dtypes == before, "nothing is set where one of the values is wrong"


@on_every_engine
def test_columns_of_a_dtype_are_described(engine):
    df = load(engine, {"n": [1, 2], "x": [1.5, 2.5], "s": ["a", "b"]})
    df["p"] = df.x.astype("decimal(38, 2)")
    df["q"] = df.x.astype("decimal(38, 3)")

    def described(**chosen):
        return df.describe(**chosen).data_columns

    assert described(include="decimal") == ["p", "q"]
    assert described(include=["decimal(38, 2)", "int"]) == ["n", "p"]
    assert described(exclude=["decimal(38,3)", "float"]) == ["n", "p"]
    assert described(include="all", exclude="string") == ["n", "x", "p", "q"]


@on_every_engine
def test_members_of_json_as_values(engine):
    documents = [
        '{"plan": "pro", "n": 1}',
        '{"plan": "\\u0070ro", "ok": true}',
        '{"plan": null}',
        "{}",
        None,
        '{"plan": ["pro"]}',
    ]
    df = load(engine, {"j": documents})
    df["j"] = df.j.astype("json")
    plan = df.j["plan"]
    assert values(plan == "pro") == [True, True, False, None, None, False]
    assert values(plan != "pro") == [False, False, True, None, None, True]
    assert values(df.j["ok"] == True) == [None, True, None, None, None, None]  # noqa: E712 - of a series
    assert [str(each).replace(" ", "") if each is not None else None for each in values(plan.astype("string"))] == [
        "pro",
        "pro",
        None,
        None,
        None,
        '["pro"]',
    ]
    assert values(df.j["n"].astype("string").astype("int64")) == [1, None, None, None, None, None]
    with pytest.raises(InvalidType, match="astype"):
        df.groupby(plan)
    with pytest.raises(InvalidType, match="a string or a bool"):
        plan > "pro"  # noqa: B015 - it raises
