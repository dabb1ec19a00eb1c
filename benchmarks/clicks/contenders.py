"""This library and SQL by hand, on the clicks."""

from __future__ import annotations

from typing import Any

from benchmarks import engines
from benchmarks.clicks import analyses, models
from benchmarks.worker import Session

OPENING = "daily users of a CSV file"


def _programs(data: dict[str, Any], on: str) -> dict[str, Any]:
    source = (data["postgres"], {"table_name": "clicks"}) if on == "postgres" else (data["parquet"], {})
    return {**dict(models.programs(source[0], **source[1])), **dict(analyses.programs(source[0], **source[1]))}


def parquet(data: dict[str, Any]) -> Session:
    """Return the statements of this library over the file; and whole calls for what is not beside SQL by hand."""
    calls = {OPENING: lambda: _opened(data), **analyses.calls(data["parquet"])}
    if data["question"] in calls:
        return Session(calls)
    return engines.compiled(data, _programs(data, "duckdb"), on="duckdb")


def postgres(data: dict[str, Any]) -> Session:
    """Return the statements of this library on Postgres."""
    return engines.compiled(data, _programs(data, "postgres"), on="postgres")


def parquet_by_hand(data: dict[str, Any]) -> Session:
    """Return SQL over the file."""
    opening = (
        f"SELECT strftime(ts, '%Y-%m-%d') AS day, count(DISTINCT uid) FROM read_csv('{data['csv']}') GROUP BY 1 ORDER BY 1"
    )
    return engines.on_duckdb(data, {OPENING: opening, **_by_hand(data, "duckdb", f"read_parquet('{data['parquet']}')")})


def postgres_by_hand(data: dict[str, Any]) -> Session:
    """Return SQL on Postgres."""
    return engines.on_postgres(data, _by_hand(data, "postgres", "clicks"))


def _by_hand(data: dict[str, Any], dialect: str, table: str) -> dict[str, str]:
    return {**models.by_hand(dialect, table, data["weeks"]), **analyses.by_hand(dialect, table)}


def _opened(data: dict[str, Any]) -> Any:
    import objectiv_local as ol

    events = ol.ModelHub(time_aggregation="%Y-%m-%d").events(data["csv"])
    return ol.ModelHub(time_aggregation="%Y-%m-%d").agg.unique_users(events).to_frame().to_arrow()
