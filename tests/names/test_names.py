"""Every public name of frames and series: its example gives the same answer on every engine."""

from __future__ import annotations

import contextlib
import datetime  # noqa: F401 - for the examples
import io
import tempfile  # noqa: F401 - for the examples
from functools import cache

import duckdb
import pandas as pd
import polars as pl  # noqa: F401 - for the examples
import psycopg
import pyarrow as pa  # noqa: F401 - for the examples
import pytest
from frame.frames import ENGINES

# What the examples use.
from objectiv_local import DataFrame, concat, connect, display_sql_as_markdown, from_model, from_pandas, from_table, to_datetime  # noqa: F401
from objectiv_local.errors import ObjectivError
from objectiv_local.frame.series import Series
from tools.docs.examples import EXAMPLES, NAMES, differences

ROWS = (
    (
        "(1, 'a', 1, 0.5, 'x-1', '2022-01-01 10:30', '2022-01-01', '00000000-0000-0000-0000-000000000001', "
        '\'{"a": 1, "b": ["x"]}\')'
    ),
    "(2, 'b', 2, NULL, 'y', '2022-01-02 09:00:01.5', '2022-01-01', NULL, '{\"b\": [\"y\", \"x\"]}')",
    "(3, 'a', 3, 2.25, 'Z-2', NULL, NULL, '00000000-0000-0000-0000-000000000002', NULL)",
)


@cache
def engine(name):
    """Return a connection for writing to an engine with the table of the examples."""
    types = "k int, g varchar, v bigint, x float8, s varchar, t timestamp, d date, u uuid, raw json"
    statements = [
        "DROP TABLE IF EXISTS bach_names",
        f"CREATE TABLE bach_names ({types})",
        f"INSERT INTO bach_names VALUES {', '.join(ROWS)}",
    ]
    if name == "duckdb":
        connection = duckdb.connect()
        for statement in statements:
            connection.execute(statement)
        return connect(connection, read_only=False)
    import postgres_server

    url = postgres_server.session_url(int(name.removeprefix("postgres")))
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
    return connect(url, read_only=False)


def frame(name):
    df = DataFrame.from_table(engine(name), "bach_names", index="k")
    df["j"] = df.raw
    return df[["g", "v", "x", "s", "t", "d", "u", "j"]].sort_index()


def without(df, column):
    df = df.copy()
    del df[column]
    return df


def with_loc(df, rows, column, value):
    df = df.copy()
    df.loc[rows, column] = value
    return df


def saved(df):
    df = DataFrame.from_table(df.engine, "bach_names", index="k")[["v"]]
    df.set_savepoint("some", "table")
    return df.savepoints


def written(df):
    points = saved(df)
    points.write_to_db(overwrite=True)
    return points


@cache
def answer(name, example):
    """Return the answer of an example on an engine, as plain text with types."""
    scope = globals() | {"df": frame(name), "engine": engine(name)}
    with contextlib.redirect_stdout(io.StringIO()):
        found = eval(example, scope)
    if hasattr(found, "to_pandas"):
        found = found.to_pandas()
    if isinstance(found, pd.Series):
        found = found.to_frame()
    if isinstance(found, pd.DataFrame):
        index = [list(level) if isinstance(level, tuple) else [level] for level in found.index.tolist()]
        cells = [[shown(value) for value in row] for row in found.values.tolist()]
        labels = [[shown(value) for value in row] for row in index]
        return list(found.columns), found.dtypes.astype(str).tolist(), labels, cells
    return shown(found) if isinstance(found, float) else found


def shown(value):
    return f"{value:.9g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("name", ENGINES[1:])
@pytest.mark.parametrize(("which", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_example_has_one_answer(which, example, name):
    assert answer(name, example) == answer("duckdb", example)


SHOWN = [line for line in differences() if len(line) > 1 and line[3] != "-"]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("line", SHOWN, ids=[line[0] for line in SHOWN])
def test_a_difference_is_as_the_page_says(line, name):
    *_, example, wanted = line
    found = eval(example, globals() | {"df": frame(name), "engine": engine(name)})
    assert repr(found.to_arrow().to_pylist() if isinstance(found, Series) else found) == wanted


def error(function):
    """Return the class of the error that a function raises, with the builtin class that it also is."""
    with pytest.raises(ObjectivError) as caught:
        function()
    class_ = caught.type
    return f"{class_.__name__} ({class_.__bases__[1].__name__})"


def test_no_name_is_there_twice():
    every = [name for name, _ in NAMES]
    assert sorted(every) == sorted(set(every))


def test_names_of_older_releases_warn_or_say_what_to_use():
    df = DataFrame.from_schema({"k": "int64", "x": "float64", "u": "uuid"}, index=["k"]).sort_index()
    with pytest.warns(DeprecationWarning, match="use Series.from_value"):
        assert type(df.x).from_const(df, 1, "one").dtype == "float64"
    with pytest.warns(DeprecationWarning, match=r"Series\.order_by"):
        assert df.x.index_sorting == [True]
    with pytest.warns(DeprecationWarning, match=r"Series\.order_by"):
        assert df.x.sorted_ascending is True
    for series in (df.x, df.u):
        with pytest.raises(NotImplementedError, match="get_sample"):
            type(series).random(df)
