"""Each way, for each kind of frame."""

from __future__ import annotations

from typing import Any

from benchmarks import engines
from benchmarks.worker import Session

_TEXTS = "* REPLACE (event_id::varchar AS event_id, user_id::varchar AS user_id)"


def ours(data: dict[str, Any]) -> Session:
    """Return the methods of a frame of this library."""
    from objectiv_local import DataFrame, connect

    connection = engines.duckdb_connection(data)
    connection.execute(f"CREATE VIEW data AS SELECT * FROM read_parquet('{data['rows']}')")
    df = DataFrame.from_table(connect(connection), "data", index="event_id", key="event_id")
    return Session(
        {"to pandas": lambda: df.to_pandas(), "to Polars": lambda: df.to_polars(), "to Arrow": lambda: df.to_arrow()}
    )


def cast(data: dict[str, Any]) -> Session:
    """Return DuckDB's statements with ids cast to text, through Arrow."""
    import polars as pl

    connection = engines.duckdb_connection(data)
    sql = f"SELECT {_TEXTS} FROM read_parquet('{data['rows']}')"
    return Session(
        {
            "to pandas": lambda: connection.sql(sql).to_arrow_table().to_pandas(),
            "to Polars": lambda: pl.from_arrow(connection.sql(sql).to_arrow_table()),
            "to Arrow": lambda: connection.sql(sql).to_arrow_table(),
        }
    )


def native(data: dict[str, Any]) -> Session:
    """Return DuckDB's own methods."""
    connection = engines.duckdb_connection(data)
    sql = f"SELECT * FROM read_parquet('{data['rows']}')"
    return Session(
        {
            "to pandas": lambda: connection.sql(sql).df(),
            "to Polars": lambda: connection.sql(sql).pl(),
            "to Arrow": lambda: connection.sql(sql).to_arrow_table(),
        }
    )


def reader(data: dict[str, Any]) -> Session:
    """Return the functions that read the file without a query."""
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(data["threads"])
    return Session(
        {
            "to pandas": lambda: pd.read_parquet(data["rows"]),
            "to Polars": lambda: pl.read_parquet(data["rows"]),
            "to Arrow": lambda: pq.read_table(data["rows"]),
        }
    )
