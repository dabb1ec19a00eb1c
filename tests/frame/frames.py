"""One frame on every engine, and the comparison of what comes back."""

from __future__ import annotations

from functools import cache

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest
import servers

from objectiv_local import DataFrame, connect
from objectiv_local.types import is_nan

ENGINES = servers.NEAR
on_every_engine = pytest.mark.parametrize("engine", ENGINES)


@cache
def opened(name):
    """Return the connection to an engine."""
    return connect(servers.target(name))


def load(engine, columns, index=None):
    """Return a frame of the given columns, indexed by ``index`` or by the number of the row as ``row``."""
    frame = pd.DataFrame(columns)
    frame.index = pd.Index(range(len(frame)) if index is None else index, name="row")
    return DataFrame.from_pandas(opened(engine), frame)


def values(series):
    """Return the values of a series in the order of its index, None for missing ones."""
    return plain(series.sort_index().to_pandas() if series._state.index else series.to_pandas())


def plain(found):
    """Return fetched values with None for missing ones."""
    return [None if value is None or value is pd.NA or value is pd.NaT or is_nan(value) else value for value in found]


CITIES = {
    "city": ["Ljouwert", "Snits", "Drylts", "Starum", None, "Snits"],
    "people": [93, 33, 1, 1, 5, 7],
    "founded": [1285, 1456, 1268, 1061, 1300, 1100],
}
GROUPED = {
    "g": ["a", "a", "b", "b", "b", None],
    "h": [1, 2, 1, 1, 2, 2],
    "v": [1.0, 4.0, 2.0, np.nan, 10.0, 3.0],
    "n": [3, 1, 4, 1, 5, 9],
}


def events(seed=1, rows=60):
    """Return random events of three users with missing values."""
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
    frame.loc[rng.random(rows) < 0.2, "x"] = float("nan")
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


REPEATED = [0, 0, 1]


def repeated(engine):
    """Return a frame whose index says 0 twice."""
    return load(engine, {"x": [1, 2, 3], "g": ["a", "b", "b"]}, index=REPEATED)


def rows_of(frame, *columns):
    """Return the rows in the order of all their values."""
    found = frame.to_pandas()
    return sorted(zip(*(plain(found[name]) for name in columns), strict=True))


def stored_rows(connection, name):
    """Return the values of column a of a table, sorted."""
    return sorted(DataFrame.from_table(connection, name).to_pandas().a.tolist())


def rows(frame, order=None):
    """Return the rows as tuples: sorted by their text, or as they are with an order."""
    found = frame.reset_index(drop=True).to_pandas()
    out = [tuple(plain(row)) for row in found.itertuples(index=False)]
    return sorted(out, key=lambda row: tuple((value is None, str(value)) for value in row)) if order is None else out


def writing(engine):
    """Return a connection that may write, to a place of its own."""
    if engine == "duckdb":
        return connect(duckdb.connect(), read_only=False)
    import postgres_server

    return connect(postgres_server.session_url(int(engine.removeprefix("postgres"))), read_only=False)


def two_groups(connection, n=4):
    """Return a frame of two groups g with a number v, indexed by k."""
    rows = pd.DataFrame({"g": [f"g{i % 2}" for i in range(n)], "v": range(n)}, index=pd.Index(range(n), name="k"))
    return DataFrame.from_pandas(connection, rows)


def with_table(engine, create, name):
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
