"""The everyday programs as frames of this library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq

from benchmarks import engines
from benchmarks.worker import Session
from objectiv_local import DataFrame, connect, snapshot


def programs(df: DataFrame, cities: DataFrame) -> dict[str, Callable[[], Any]]:
    """Return the programs as frames."""

    def top() -> Any:
        ranked = df.copy()
        ranked["r"] = ranked.amount.window_row_number(
            ranked.sort_values(["amount", "id"], [False, True]).groupby("city").window()
        )
        return ranked[ranked.r <= 3][["id", "city"]]

    def gaps() -> Any:
        since = df.copy()
        window = since.sort_values(["moment", "id"]).groupby("user_id").window()
        since["gap"] = since.moment - since.moment.window_lag(window=window)
        return since.groupby("user_id").gap.sum(min_count=1)

    return {
        "filter and count": lambda: df[(df.amount > 500) & (df.n < 200)].groupby(None).size().to_frame(),
        "sum and mean by city": lambda: df.groupby("city")[["amount"]].agg(["sum", "mean"]),
        "sum by day": lambda: df.groupby("day").n.sum(),
        "top three of each city": top,
        "merge and group": lambda: df.merge(cities, on="city").groupby("country").amount.sum(),
        "ratio of groups": lambda: df[df.n > 500].groupby("city").n.count() / df.groupby("city").n.count(),
        "users by city": lambda: df.groupby("city").user_id.nunique(),
        "time since the last": gaps,
        "text that contains": lambda: df[df.note.str.contains("urgent")].groupby("day").note.count(),
        "median and spread by city": lambda: df.groupby("city")[["amount"]].agg(["median", "std"]),
    }


VIEWS = {"data": "rows", "cities": "cities"}


def _programs(data: dict[str, Any], layout: str) -> dict[str, Callable[[], Any]]:
    if layout == "postgres":
        engine = connect(data["postgres"])
        df = DataFrame.from_table(engine, "data", key="id")
    elif layout == "snapshot":
        df = snapshot.open(data["snapshot"])
        engine = df.engine
        engine.execute(f"SET threads = {data['threads']}")
        # The connection of a snapshot reads its files only.
        return programs(df, DataFrame.from_arrow(engine, pq.read_table(data["cities"]), name="cities", materialization="cte"))
    else:
        connection = engines.duckdb_connection(data)
        for name, path in VIEWS.items():
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{data[path]}')")
        engine = connect(connection)
        df = DataFrame.from_table(engine, "data", key="id")
    return programs(df, DataFrame.from_table(engine, "cities"))


def parquet(data: dict[str, Any]) -> Session:
    """Return whole calls on the file: building, compiling, and running."""
    return engines.called(data, _programs(data, "duckdb"), on="duckdb")


def stored(data: dict[str, Any]) -> Session:
    """Return whole calls on a snapshot of the rows."""
    return engines.called(data, _programs(data, "snapshot"), on="duckdb")


def postgres(data: dict[str, Any]) -> Session:
    """Return whole calls on Postgres."""
    return engines.called(data, _programs(data, "postgres"), on="postgres")


def parquet_sql(data: dict[str, Any]) -> Session:
    """Return the statements alone, on the file."""
    views = {name: data[path] for name, path in VIEWS.items()}
    return engines.compiled(data, _programs(data, "duckdb"), on="duckdb", views=views)


def postgres_sql(data: dict[str, Any]) -> Session:
    """Return the statements alone, on Postgres."""
    return engines.compiled(data, _programs(data, "postgres"), on="postgres")
