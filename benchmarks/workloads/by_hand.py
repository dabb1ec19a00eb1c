"""SQL by hand, on each layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import engines
from benchmarks.worker import Session
from benchmarks.workloads import sql


def statements(data: dict[str, Any], layout: str) -> dict[str, str]:
    """Return the SQL of each workload over a layout."""
    table = {"postgres": "data", "spark": f"parquet.`{Path(data['raw']).parent}`"}
    return sql.statements(layout, table.get(layout, f"read_parquet('{data.get(layout)}')"), data["roots"], data["months"])


def _session(data: dict[str, Any], layout: str) -> Session:
    run = {"postgres": engines.on_postgres, "spark": engines.on_spark}.get(layout, engines.on_duckdb)
    session = run(data, statements(data, layout))
    session.actions["W8"] = engines.to_pandas(session.actions["W8"])
    return session


def raw(data: dict[str, Any]) -> Session:
    """Return SQL over the raw file."""
    return _session(data, "raw")


def typed(data: dict[str, Any]) -> Session:
    """Return SQL over typed columns."""
    return _session(data, "typed")


def postgres(data: dict[str, Any]) -> Session:
    """Return SQL on the raw table of Postgres."""
    return _session(data, "postgres")


def spark(data: dict[str, Any]) -> Session:
    """Return SQL on Spark, over the raw file."""
    return _session(data, "spark")
