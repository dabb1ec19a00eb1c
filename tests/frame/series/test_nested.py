"""Lists and structs, and decimals and times that are stored, on every engine."""

from __future__ import annotations

import datetime
import decimal

import duckdb
import pytest
from frame.frames import on_every_engine, values, with_table

from objectiv_local import DataFrame, connect


@on_every_engine
def test_stored_decimals_lists_and_times(engine):
    lists = ["[1, NULL, 3]", "['a', 'b']", "[]::int[]"]
    if engine != "duckdb":
        lists = ["ARRAY[1, NULL, 3]", "ARRAY['a', 'b']", "'{}'::int[]"]
    create = (
        'CREATE TABLE stored_types (k int, price numeric(10, 2), numbers int[], words varchar[], "at" time); '
        f"INSERT INTO stored_types VALUES (1, 12.5, {lists[0]}, {lists[1]}, '10:30'), (2, NULL, {lists[2]}, NULL, NULL)"
    )
    df = DataFrame.from_table(with_table(engine, create, "stored_types"), "stored_types", index="k").sort_index()
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
